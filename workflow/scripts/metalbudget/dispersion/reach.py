"""Where a source's table of levels is looked at: a level counts only at the bearings and distances of ground that high.

Most of what lies around a stack has few of the levels that the highest mountain asks for, so most of a table would be
calculated for nobody.
"""

import math

import numpy as np
from numpy.typing import NDArray

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.fan import SIDEWAYS
from metalbudget.dispersion.relief import Relief, between, level_weights
from metalbudget.dispersion.rows import SPREAD_Y

HALVES = (1, 2, 3, 4, 6, 8, 12, 16, 24)  # bearings to either side that a plume may reach; the last but all of them
CUBIC = 4  # nodes that a place is interpolated from
NOBODY = np.iinfo(np.int32).max
SPREADS = 3.0  # beyond which a plume's edge asks for no level of its own (exp(−4.5) = 0.01)


def looked_at(
    relief: Relief,
    levels_m: NDArray[np.float64],
    references: NDArray[np.int_],
    distances_m: NDArray[np.float64],
    bearings: int,
) -> NDArray[np.int_]:
    """First distance at which the cells at a bearing look at a level; the number of distances where none does.

    Parameters
    ----------
    relief : Relief
    levels_m : ndarray, shape (levels,)
        The relief's convective or stable levels, above the source's base. [m]
    references : ndarray of int, shape (references,)
        Those of the levels that cells are compared with.
    distances_m : ndarray, shape (distances,)
        Evenly spaced in their logarithm. [m]
    bearings : int
        Clockwise from north, evenly spaced.

    Returns
    -------
    ndarray of int, shape (bearings, levels)
    """
    count = distances_m.size
    index, _ = level_weights(levels_m, relief.height_m)
    index = np.concatenate([index, references[between(levels_m[references], relief.height_m)[0]]], axis=1)
    step = math.log(distances_m[1] / distances_m[0])
    position = np.log(np.maximum(relief.nearest_m, distances_m[0]) / distances_m[0]) / step
    first = np.clip(position.astype(np.int64) - 1, 0, count - CUBIC)[:, None]
    found = np.full((bearings, levels_m.size), count)
    around = ~np.isfinite(relief.bearing)
    lowest = np.full(levels_m.size, count)
    np.minimum.at(lowest, index[around], first[around])
    turn = np.floor(relief.bearing[~around] / (2.0 * np.pi) * bearings).astype(np.int64)[:, None]
    for tap in range(-1, CUBIC - 1):
        np.minimum.at(found, ((turn + tap) % bearings, index[~around]), first[~around])
    return np.minimum(found, lowest)


def ahead_of(first: NDArray[np.int_], count: int, step: float) -> NDArray[np.int_]:
    """First distance along a plume that `looked_at` asks for, by how far to either side it reaches.

    Parameters
    ----------
    first : ndarray of int, shape (bearings, levels)
        Of `looked_at`.
    count : int
        Number of distances.
    step : float
        Between the logarithms of distances. [1]

    Returns
    -------
    ndarray of int, shape (len(HALVES) + 1, bearings, levels)
        By the bearing of its axis. A place beside the axis asks for the plume nearer than its own distance, so it may
        lie before the first distance. The last reaches all bearings that a plume reaches. `NOBODY` where none asks.
    """
    bearings = first.shape[0]
    turn = 2.0 * np.pi / bearings
    widest = min(int(math.acos(SIDEWAYS) / turn), bearings // 2)
    asked = np.where(first < count, first, NOBODY)
    found, lowest = np.empty((len(HALVES) + 1, *first.shape), dtype=np.int64), asked - 1
    reached = 0
    for number, half in enumerate((*HALVES, widest)):
        for j in range(reached + 1, min(half, widest) + 1):
            nearer = math.ceil(-math.log(math.cos(j * turn)) / step) + 1
            for side in (-j, j):
                lowest = np.minimum(lowest, np.roll(asked, side, axis=0) - nearer)
        reached = max(reached, min(half, widest))
        found[number] = np.where(lowest < count, lowest, NOBODY)
    return found


def everywhere(bearings: int, levels: int) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Results of `looked_at` and `ahead_of` where every distance of every level is wanted."""
    first = np.zeros((bearings, levels), dtype=np.int64)
    return first, np.full((len(HALVES) + 1, bearings, levels), np.iinfo(np.int32).min, dtype=np.int64)


@njit_borrowing()
def relative_widths(plume, distances, across):
    """Greatest spread across the wind over the distance, of both plumes from each node on, into `across` (nodes,)."""
    widest = 0.0
    for i in range(distances.size - 1, -1, -1):
        widest = max(widest, max(plume[0, SPREAD_Y, i], plume[1, SPREAD_Y, i]) / distances[i])
        across[i] = widest


@njit_borrowing()
def first_ahead(ahead, heading, width, level):
    """First distance along a plume that is wanted of a level.

    Parameters
    ----------
    ahead : ndarray of int
        Of `ahead_of`.
    heading : float
        Direction in which the wind blows, clockwise from north. [rad]
    width : float
        Of `relative_widths`. [1]
    level : int
    """
    bearings = ahead.shape[1]
    turn = 2.0 * math.pi / bearings
    half = int(math.atan(SPREADS * width) / turn) + 2  # one more since hours are gathered in directions around
    number = 0
    while number < ahead.shape[0] - 1 and HALVES[number] < half:
        number += 1
    return ahead[number, math.floor(heading / turn + 0.5) % bearings, level]
