"""Water uptake by roots: Feddes' reduction and root profiles. Compiled where the water kernel needs it.

Feddes et al. (1978), Simulation of Field Water Use and Crop Yield, Pudoc, Wageningen; the head at which uptake falls
moves between a high and a low demand as in HYDRUS-1D 4 (Šimůnek et al. 2013, section 2.2).
"""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

# Entries of Feddes' parameters: heads [cm] and rates of demand [cm d⁻¹].
ANAEROBIC, OPTIMUM, LIMIT_HIGH, LIMIT_LOW, WILTING, DEMAND_HIGH, DEMAND_LOW = range(7)
FEDDES = 7


@njit(cache=True, error_model="numpy")
def limiting_head(feddes, demand_cm_d):
    """Head below which uptake falls under a demand. [cm]"""
    high, low = feddes[DEMAND_HIGH], feddes[DEMAND_LOW]
    if demand_cm_d <= low or high <= low:
        return feddes[LIMIT_LOW]
    if demand_cm_d >= high:
        return feddes[LIMIT_HIGH]
    return feddes[LIMIT_HIGH] + (feddes[LIMIT_LOW] - feddes[LIMIT_HIGH]) * (high - demand_cm_d) / (high - low)


@njit(cache=True, error_model="numpy")
def stress(head_cm, feddes, limit_cm):
    """Share of the demand that is taken up at a head, and its slope against the head. [1], [cm⁻¹]"""
    if head_cm >= feddes[ANAEROBIC] or head_cm <= feddes[WILTING]:
        return 0.0, 0.0
    if head_cm > feddes[OPTIMUM]:
        span = feddes[OPTIMUM] - feddes[ANAEROBIC]
        return (head_cm - feddes[ANAEROBIC]) / span, 1.0 / span
    if head_cm >= limit_cm:
        return 1.0, 0.0
    span = limit_cm - feddes[WILTING]
    return (head_cm - feddes[WILTING]) / span, 1.0 / span


def shares(density: ArrayLike, thickness_cm: ArrayLike) -> NDArray[np.float64]:
    """Share of the demand that falls on each node.

    Parameters
    ----------
    density : array_like, shape (..., k)
        Relative root density at the nodes, at least zero. [1]
    thickness_cm : array_like, shape (k,) or (..., k)
        Of the soil that belongs to each node. [cm]

    Returns
    -------
    ndarray, shape (..., k)
        Sums to one; zero throughout where there are no roots. [1]
    """
    weight = np.asarray(density, dtype=float) * np.asarray(thickness_cm, dtype=float)
    if np.any(weight < 0.0):
        raise ValueError("root density must not be negative")
    total = weight.sum(axis=-1, keepdims=True)
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0.0)


def exponential_profile(depth_cm: ArrayLike, root_depth_cm: float, scale_cm: float) -> NDArray[np.float64]:
    """Root density that falls by e over `scale_cm` and ends at `root_depth_cm`, at depths of nodes. [1]"""
    depth = np.asarray(depth_cm, dtype=float)
    return np.where(depth < root_depth_cm, np.exp(-depth / scale_cm), 0.0)
