"""A stack beside a ridge, its weather and its levels, shared by tests of the operator in terrain."""

import functools

import numpy as np
from dispersion_cases import TABLES, weather
from metalbudget.dispersion import (
    relief,
)
from metalbudget.dispersion.reading import gas_surface
from metalbudget.dispersion.release import Release, Weather, substances
from metalbudget.grid import Grid

CLASSES = ["p0.5", "p7", "p15", "hg2"]
SUBSTANCES = substances(CLASSES, TABLES["particle_class"], TABLES["gas_deposition"])
SURFACE = gas_surface(TABLES["dispersion"])
REACH_M = 15000.0
STACK = Release("stack", 60.0, 2.0, 400.0, 10.0, x_m=-240.0, y_m=130.0)
DAYS = 20
SIDE = 60


@functools.cache
def through(every=1, hours="all"):
    thinned = {"terrain_convective_every": every, "terrain_stable_every": every}
    tables = TABLES | {"dispersion": TABLES["dispersion"] | thinned}
    settings = {"max_distance_m": REACH_M, "bearings": 180, "hours": hours}
    return Weather(*weather(DAYS, seed=8), CLASSES, settings, tables, SURFACE)


def grid_of(side=SIDE, cell_m=500.0):
    half = 0.5 * side * cell_m
    return Grid("EPSG:32651", -half, half, cell_m, side, side, np.ones((side, side), dtype=bool))


def hills(grid):
    """A plain in the west and a ridge of some 350 m in the east."""
    east, north = np.meshgrid(grid.x, grid.y)
    height = 350.0 * np.exp(-(((east - 6000.0) / 3000.0) ** 2)) * (1.0 + 0.3 * np.sin(north / 2500.0))
    return np.round(height + 4.0, 1)


def around(ground, grid, release=STACK):
    return relief.relief_around(ground, grid, release.x_m, release.y_m, REACH_M)


def relief_of(heights_m, nearest_m, bearing, base_m=100.0):
    low, high = min(heights_m), max(heights_m)
    return relief.Relief(
        base_m, relief.levels_m(low, high, 30.0, 2.0), relief.levels_m(low, high, 20.0, 1.4),
        *(np.array(values, dtype=float) for values in (nearest_m, heights_m, bearing)),
    )  # fmt: skip
