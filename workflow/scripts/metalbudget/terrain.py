"""Shape of the land surface."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def slope_gradient(elevation: ArrayLike, cell_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slope towards east and south by central differences.

    Parameters
    ----------
    elevation : array_like, shape (h, w)
        NaN where there is no land. [m]
    cell_m : float
        [m]

    Returns
    -------
    east, south : ndarray, shape (h, w)
        One-sided beside missing cells and at the edge, 0 for a lone cell, NaN where `elevation` is. [m m⁻¹]

    Notes
    -----
    Zevenbergen & Thorne (1987), doi:10.1002/esp.3290120107.
    """
    elevation = np.asarray(elevation, dtype=float)

    def along(axis: int) -> NDArray[np.float64]:
        padded = np.pad(elevation, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], constant_values=np.nan)
        size = elevation.shape[axis]
        before = np.take(padded, np.arange(size), axis=axis)
        after = np.take(padded, np.arange(2, size + 2), axis=axis)
        steps = np.isfinite(before).astype(float) + np.isfinite(after)
        rise = np.where(np.isfinite(after), after, elevation) - np.where(np.isfinite(before), before, elevation)
        return rise / np.maximum(steps * cell_m, cell_m)

    return along(1), along(0)


def slope_to_sea(elevation: ArrayLike, cell_m: float) -> NDArray[np.float64]:
    """Slope of a coarse grid whose missing cells are sea at 0 m, by central differences.

    Parameters
    ----------
    elevation : array_like, shape (h, w)
        NaN at sea. [m]
    cell_m : float
        [m]

    Returns
    -------
    ndarray, shape (h, w)
        [m m⁻¹]
    """
    return np.asarray(np.hypot(*np.gradient(np.nan_to_num(elevation, nan=0.0), cell_m)), dtype=np.float64)
