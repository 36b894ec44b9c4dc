"""What some hours of a source bring at some levels whatever their direction: kept for the hours that are like them.

Compiled. Single precision, since it is a year's sum and what it is compared with that count.
"""

import math
from typing import NamedTuple

import numpy as np

from metalbudget.borrowing import njit_borrowing


class Carried(NamedTuple):
    """Deposition of some hours by distance and level, in parts of a plume that spread differently.

    Parameters
    ----------
    dry : ndarray of float32, shape (parts, rows, levels, nodes, fields)
        Per metre of distance, all directions together; fields are hills by classes, classes last. [m⁻¹]
    wet : ndarray of float32, shape (parts, wet rows, levels, nodes, classes)
        Likewise, of hours with rain alone, and by one hill: a hill changes no more of it than what dry deposition
        leaves.
    positions, steady : ndarray of float32, shape (parts, rows, levels, nodes)
        Of `fan.width_positions`, and the share that goes with the wind.
    there : ndarray of bool, shape (parts, rows)
        Whether an hour has a part.
    since : ndarray of int, shape (rows, levels)
        Node from which on there is something; nodes before it hold anything.
    brought : ndarray, shape (2, rows, levels, classes)
        Dry and wet deposition from that node to the last distance that is kept, the dry by the mean of the hills. [1]
    """

    dry: np.ndarray
    wet: np.ndarray
    positions: np.ndarray
    steady: np.ndarray
    there: np.ndarray
    since: np.ndarray
    brought: np.ndarray


def room_for(parts: int, rows: int, wet_rows: int, levels: int, nodes: int, hills: int, classes: int) -> Carried:
    """Room for what some hours bring."""
    return Carried(
        np.empty((parts, rows, levels, nodes, hills * classes), dtype=np.float32),
        np.empty((parts, wet_rows, levels, nodes, classes), dtype=np.float32),
        np.empty((parts, rows, levels, nodes), dtype=np.float32),
        np.empty((parts, rows, levels, nodes), dtype=np.float32),
        np.zeros((parts, rows), dtype=np.bool_),
        np.full((rows, levels), nodes, dtype=np.int64),
        np.zeros((2, rows, levels, classes)),
    )


@njit_borrowing(error_model="numpy")
def put(row, part, level, first, inner, kept, distances, positions, random, dry, wet, place, carried):
    """Put away what an hour brings at a level.

    Parameters
    ----------
    row, part, level : int
    first : int
        Node from which on there is something.
    inner, kept : int
        Nodes before the first distance that is kept, and number of those.
    distances, positions, random : ndarray, shape (nodes,)
        [m]; of `fan.width_positions`; share that has lost its direction.
    dry, wet : ndarray, shapes (nodes, fields) and (nodes, classes)
        [m⁻¹]
    place : int
        Among the hours with rain; below zero if there is none.
    carried : Carried
        Changed.
    """
    nodes, fields = dry.shape
    classes = wet.shape[1]
    step = math.log(distances[1] / distances[0])
    for i in range(first, nodes):
        carried.positions[part, row, level, i] = positions[i]
        carried.steady[part, row, level, i] = 1.0 - random[i]
        for f in range(fields):
            carried.dry[part, row, level, i, f] = dry[i, f]
        if place >= 0:
            for k in range(classes):
                carried.wet[part, place, level, i, k] = wet[i, k]
    begin = max(first, inner)
    for i in range(begin, inner + kept):
        width = step * distances[i] * (0.5 if i == begin else 1.0)
        for f in range(fields):
            carried.brought[0, row, level, f % classes] += width * classes / fields * dry[i, f]
        if place >= 0:
            for k in range(classes):
                carried.brought[1, row, level, k] += width * wet[i, k]
