"""Where a source's table of levels is looked at: a level counts only at the bearings and distances of ground that high.

Most of what lies around a stack has few of the levels that the highest mountain asks for, so much of a table would be
calculated for nobody.
"""

import math

import numpy as np
from numpy.typing import NDArray

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.fan import SIDEWAYS
from metalbudget.dispersion.relief import Relief, level_weights
from metalbudget.dispersion.rows import BLOCK, SPREAD_Y

CUBIC = 4  # nodes that a place is interpolated from
SPREADS = 3.0  # beyond which a plume's edge asks for no level of its own (exp(−4.5) = 0.01)


def looked_at(
    relief: Relief,
    levels_m: NDArray[np.float64],
    distances_m: NDArray[np.float64],
    bearings: int,
) -> NDArray[np.int_]:
    """First distance at which the cells at a bearing look at a level; the number of distances where none does.

    Parameters
    ----------
    relief : Relief
    levels_m : ndarray, shape (levels,)
        The relief's convective or stable levels, above the source's base. [m]
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
    base = np.full((index.shape[0], 1), np.flatnonzero(levels_m == 0.0)[0])  # what every cell is compared with
    index = np.concatenate([index, base], axis=1)
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


@njit_borrowing()
def first_along(plume, distances, inner, lowest, kept_distances, first):
    """First node along an hour's plumes that is wanted of each level, whatever the direction.

    A place beside the axis asks for the plume nearer than its own distance.

    Parameters
    ----------
    plume : ndarray, shape (2, PLUME_ROWS, nodes)
    distances : ndarray, shape (nodes,)
        Evenly spaced in their logarithm. [m]
    inner, kept_distances : int
        Nodes before the first distance that is kept, and number of those.
    lowest : ndarray of int, shape (levels,)
        Of the distances that are kept, the first at which a level is wanted; their number where it is not.
    first : ndarray of int, shape (levels,)
        Result, in whole blocks of nodes; the number of nodes where a level is not wanted.
    """
    nodes = distances.size
    step = math.log(distances[1] / distances[0])
    widest = 0.0  # from the node on, of both plumes
    for level in range(lowest.size):
        first[level] = nodes
    for node in range(nodes - 1, -1, -1):
        widest = max(widest, max(plume[0, SPREAD_Y, node], plume[1, SPREAD_Y, node]) / distances[node])
        ahead = max(1.0 / math.sqrt(1.0 + (SPREADS * widest) ** 2), SIDEWAYS)  # cosine of the turn that it reaches
        for level in range(lowest.size):
            if lowest[level] < kept_distances and inner + lowest[level] == node:
                nearer = math.ceil(-math.log(ahead) / step) + 1
                first[level] = max(node - nearer, inner) // BLOCK * BLOCK
