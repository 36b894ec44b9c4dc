"""Regional fluxes held against published ones: mean and spread per hectare, and what to think of them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metalbudget.landuse import SOIL_CLASSES
from metalbudget.quantities import MG_M2_PER_G_HA

Vector = NDArray[np.float64]

FARMED = ("paddy", "dryland", "orchard")
ON_FARMED_LAND = ("fertiliser", "manure", "irrigation", "pesticide", "harvest")
SMALLEST_SHARE = 0.05  # cells with less of the land in question say little about it
FAIL_FACTOR = 10.0
STATES = ("pass", "warn", "fail")


class Spread(NamedTuple):
    """A flux per area of the land it happens on: mean over the region and 5-95 % range of the map. [g ha⁻¹ yr⁻¹]"""

    mean: float
    low: float
    high: float


def reference_share(process: str, shares: Vector) -> Vector:
    """Share of the cell that a process refers to: farmed land for what farming does, else all open soil.

    Parameters
    ----------
    process : str
    shares : ndarray, shape (9, n)
        Open soil by class. [1]

    Returns
    -------
    ndarray, shape (n,)
        [1]
    """
    if process in ON_FARMED_LAND:
        return shares[[SOIL_CLASSES.index(name) for name in FARMED]].sum(axis=0)
    return shares.sum(axis=0)


def spread(flux: Vector, share: Vector) -> Spread:
    """Mean and 5-95 % range of a flux per hectare of the land it refers to.

    Parameters
    ----------
    flux : ndarray, shape (n,)
        Per square metre of cell. [mg m⁻² yr⁻¹]
    share : ndarray, shape (n,)
        Land it refers to. [1] Cells with less than 5 % of it are left out.

    Returns
    -------
    Spread
        The mean is weighted with area; zeros where no cell has such land.
    """
    counted = share >= SMALLEST_SHARE
    if not counted.any():
        return Spread(0.0, 0.0, 0.0)
    per_hectare = flux[counted] / share[counted] / MG_M2_PER_G_HA
    low, high = np.quantile(per_hectare, [0.05, 0.95])
    mean = flux[counted].sum() / share[counted].sum() / MG_M2_PER_G_HA
    return Spread(float(mean), float(low), float(high))


def judge(found: Mapping[str, float], low: float, high: float) -> str:
    """Hold a flux against its bar.

    Parameters
    ----------
    found : mapping
        ``mean``, ``low``, ``high`` as `spread` gives them. [g ha⁻¹ yr⁻¹]
    low, high : float
        The bar: 5-95 % range of regional maps. [g ha⁻¹ yr⁻¹]

    Returns
    -------
    str
        ``pass`` if mean, 5 % and 95 % lie inside the bar, ``warn`` if one lies outside, ``fail`` if the mean or the
        95 % value lies beyond the upper end, or the mean below the lower end, by a factor of ten. A low 5 % value
        alone never fails: flat land erodes next to nothing.

    Notes
    -----
    A signed bar (net flux) fails ten times its width away from its middle.
    """
    inside = all(low <= found[name] <= high for name in ("mean", "low", "high"))
    if inside:
        return "pass"
    if low < 0.0:
        middle, half = (low + high) / 2.0, (high - low) / 2.0
        outermost = max(abs(found[name] - middle) for name in ("mean", "low", "high"))
        return "fail" if outermost > FAIL_FACTOR * half else "warn"
    beyond = max(found["mean"], found["high"]) > FAIL_FACTOR * high or found["mean"] < low / FAIL_FACTOR
    return "fail" if beyond else "warn"
