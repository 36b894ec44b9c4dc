"""Ground and hills around the sources of a study, and the levels at which terrain is accounted for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion.hill_height import hill_heights
from metalbudget.grid import Grid

LEAST_RELIEF_M = 5.0  # choice: ground that lies closer to a source's base than this everywhere counts as flat
# Steps between levels and by how much each is longer than the one before it: densities change with height over a
# plume's depth, which by day is the mixed layer. With them the operator keeps to the full calculation as
# docs/verification-dispersion.md shows.
CONVECTIVE_STEP_M, CONVECTIVE_GROWTH = 25.0, 2.0
STABLE_STEP_M, STABLE_GROWTH = 8.0, 1.15
# Choices: hills that all hours are summed by, above the receptor in heights of the plume, as a hill divides the flow
# up to the plume's own height and no further (`nodes.critical_heights`); and where half of what it does has been done.
HILL_STEPS, HILL_BEND = (0.0, 0.9, 3.5), 0.6
LEAST_PLUME_M = 30.0  # choice: of a plume that lower hills would divide already
BESIDE = 7.0  # cells from the source within which cells are sampled in several places (`operator`)
TAPS = 4  # levels that a height is interpolated from


@dataclass(frozen=True, eq=False)
class Ground:
    """Terrain of a study's grid.

    Parameters
    ----------
    elevation_m, hill_m : ndarray, shape (height, width)
        Mean elevation of each cell, and its hill height by AERMAP's definition; sea has zero. [m]
    """

    elevation_m: NDArray[np.float64]
    hill_m: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Relief:
    """Levels of receptors around a source, and the hills that steer the flow there.

    Parameters
    ----------
    base_m : float
        Elevation of the source's base. [m]
    convective_m : ndarray, shape (levels,)
        Levels for hours with convective air, above the source's base, rising; one of them zero. [m]
    stable_m : ndarray, shape (stable levels,)
        Levels for the other hours, likewise. [m]
    nearest_m, height_m : ndarray, shape (cells,)
        Of the cells around: distance of their nearest part from the source, and height above its base. [m]
    bearing : ndarray, shape (cells,)
        Of their centres, clockwise from north; NaN of cells so near that they lie at many. [rad]
    """

    base_m: float
    convective_m: NDArray[np.float64]
    stable_m: NDArray[np.float64]
    nearest_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    bearing: NDArray[np.float64]


def ground_of(elevation_m: NDArray[np.floating], grid: Grid) -> Ground:
    """Terrain from the elevation of a study's cells.

    Parameters
    ----------
    elevation_m : ndarray, shape (height, width)
        NaN where there is none, which is taken as sea. [m]
    grid : Grid

    Notes
    -----
    Hills are those of the grid: what stands beyond its edge is not seen.
    """
    level = np.nan_to_num(np.asarray(elevation_m, dtype=np.float64), nan=0.0)
    east, north = np.meshgrid(grid.x, grid.y)
    _, hill = hill_heights(level, grid.x_min, grid.y_max, grid.cell_m, east.ravel(), north.ravel())
    return Ground(level, np.maximum(hill.reshape(level.shape), level))


def levels_m(lowest_m: float, highest_m: float, step_m: float, growth: float) -> NDArray[np.float64]:
    """Levels up and down from zero, in growing steps, until they enclose a range. [m]"""
    sides = []
    for limit in (-min(lowest_m, 0.0), max(highest_m, 0.0)):
        side, step = [0.0], step_m
        while side[-1] < limit:
            side.append(side[-1] + step)
            step *= growth
        sides.append(side)
    return np.array([-value for value in sides[0][:0:-1]] + sides[1])


def relief_around(ground: Ground, grid: Grid, x_m: float, y_m: float, within_m: float) -> Relief | None:
    """Levels for a source, from the cells within a distance.

    Parameters
    ----------
    ground : Ground
    grid : Grid
    x_m, y_m : float
        Of the source. [m]
    within_m : float
        [m]

    Returns
    -------
    Relief or None
        None where the ground counts as flat, and for a source beyond the grid, whose base is not known.
    """
    column, row = int(np.floor((x_m - grid.x_min) / grid.cell_m)), int(np.floor((grid.y_max - y_m) / grid.cell_m))
    if not (0 <= column < grid.width and 0 <= row < grid.height):
        return None
    base = float(ground.elevation_m[row, column])
    east, north = np.meshgrid(grid.x - x_m, grid.y - y_m)
    distance = np.hypot(east, north)
    near = distance < within_m + grid.cell_m
    level, hill = ground.elevation_m[near] - base, ground.hill_m[near] - base
    lowest, highest = float(level.min()), float(level.max())
    if max(-lowest, float(hill.max())) < LEAST_RELIEF_M:
        return None
    distance = distance[near]
    beside = distance < BESIDE * grid.cell_m
    return Relief(
        base,
        levels_m(lowest, highest, CONVECTIVE_STEP_M, CONVECTIVE_GROWTH),
        levels_m(lowest, highest, STABLE_STEP_M, STABLE_GROWTH),
        np.where(beside, np.maximum(distance - grid.cell_m, 0.0), distance),
        level,
        np.where(beside, np.nan, np.mod(np.arctan2(east[near], north[near]), 2.0 * np.pi)),
    )


def level_weights(
    levels: NDArray[np.float64], height_m: NDArray[np.float64]
) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """Positions and Lagrange weights of the levels around heights, both of shape (heights, taps)."""
    taps = min(TAPS, levels.size)
    first = np.clip(np.searchsorted(levels, height_m) - taps // 2, 0, levels.size - taps)
    index = first[:, None] + np.arange(taps)
    nodes, weight = levels[index], np.ones(index.shape)
    for a in range(taps):
        for b in range(taps):
            if a != b:
                weight[:, a] *= (height_m - nodes[:, b]) / (nodes[:, a] - nodes[:, b])
    return index, weight


def hill_steps(plume_m: float) -> NDArray[np.float64]:
    """Heights of hills above receptors at which stable hours are added up, from a typical height of the plume. [m]"""
    return np.array(HILL_STEPS) * max(plume_m, LEAST_PLUME_M)


def hills_m(levels_m: NDArray[np.float64], steps_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Heights of hills at some levels, shape (levels, hills), above the source's base; none is lower than that. [m]"""
    return np.maximum(levels_m, 0.0)[:, None] + steps_m


def blend(
    relief: Relief, steps_m: NDArray[np.float64], elevation_m: NDArray[np.float64], hill_m: NDArray[np.float64]
) -> tuple[NDArray[np.int_], NDArray[np.float64], int]:
    """How cells mix the levels and hills of a source, in logarithms.

    Parameters
    ----------
    relief : Relief
    steps_m : ndarray, shape (hills,)
        Of `hill_steps`. [m]
    elevation_m, hill_m : ndarray, shape (cells,)
        [m]

    Returns
    -------
    ndarray of int, shape (cells, taps)
        Among the convective levels, followed by every hill of every stable level.
    ndarray, shape (cells, taps)
        Weights of logarithms; those of the convective levels first, which have a sum of their own.
    int
        Number of the convective levels' taps.

    Notes
    -----
    Cubic in the height; in the hill linear in h/(h + b), h how much higher it is than the receptor, which is how what
    it does approaches its end.
    """
    height = elevation_m - relief.base_m
    higher = hill_m - relief.base_m - np.maximum(height, 0.0)
    by_day, day_weight = level_weights(relief.convective_m, height)
    by_night, night_weight = level_weights(relief.stable_m, height)
    bend = HILL_BEND / HILL_STEPS[-1] * steps_m[-1]
    nodes = steps_m / (steps_m + bend)
    higher = np.clip(higher, 0.0, steps_m[-1])[:, None]
    part = higher / (higher + bend)
    lower = np.clip(np.searchsorted(nodes, part, side="right") - 1, 0, nodes.size - 2)
    upper_weight = (part - nodes[lower]) / (nodes[lower + 1] - nodes[lower])
    first = relief.convective_m.size + by_night * nodes.size + lower
    return (
        np.concatenate([by_day, first, first + 1], axis=1),
        np.concatenate([day_weight, night_weight * (1.0 - upper_weight), night_weight * upper_weight], axis=1),
        by_day.shape[1],
    )
