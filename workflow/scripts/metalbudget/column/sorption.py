"""Sorption: what the soil holds at a concentration in its water. Compiled where the solute kernel needs it.

S = k c^β / (1 + η c^β): linear (β = 1, η = 0), Freundlich (η = 0) and Langmuir (β = 1) in one.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

MODELS = ("linear", "freundlich", "langmuir")


@njit(cache=True, error_model="numpy")
def sorbed(concentration, coefficient, exponent, saturation):
    """Sorbed at equilibrium. [mg kg⁻¹]

    Parameters
    ----------
    concentration : float
        [mg L⁻¹]
    coefficient, exponent, saturation : float
        k [(mg kg⁻¹)(L mg⁻¹)^β], β [1] and η [(L mg⁻¹)^β].
    """
    if concentration <= 0.0:
        return 0.0
    power = concentration if exponent == 1.0 else concentration**exponent
    return coefficient * power / (1.0 + saturation * power)


@njit(cache=True, error_model="numpy")
def equilibrium(mass, water, soil, coefficient, exponent, saturation):
    """Concentration at which water and soil hold a mass between them. [mg L⁻¹]

    Parameters
    ----------
    mass : float
        [µg cm⁻²]
    water, soil : float
        [cm], [g cm⁻²]
    coefficient, exponent, saturation : float
        As in `sorbed`.

    Notes
    -----
    Newton's method in u = c^β for β < 1, else in c: there the total is convex or concave throughout, the slope nowhere
    infinite, and the search cannot leave the side that it has come to.
    """
    if mass <= 0.0:
        return 0.0
    if exponent == 1.0 and saturation == 0.0:
        return mass / (water + soil * coefficient)
    root = min(exponent, 1.0)
    u = (mass / (water + soil * coefficient)) ** root
    for _ in range(100):
        c, slope_c, s, slope_s = of_unknown(u, root, coefficient, exponent, saturation)
        change = (mass - water * c - soil * s) / (water * slope_c + soil * slope_s)
        u = max(u + change, 0.1 * u)
        if abs(change) <= 1.0e-14 * u:
            break
    return u ** (1.0 / root)


@njit(cache=True, error_model="numpy")
def of_unknown(u, root, coefficient, exponent, saturation):
    """Concentration, sorbed and their slopes against u = c^root, where root is the lesser of β and 1."""
    if root == 1.0:
        c, slope_c = u, 1.0
        power = u if exponent == 1.0 else u**exponent
        slope_power = 1.0 if exponent == 1.0 else exponent * u ** (exponent - 1.0)
    else:
        c = u ** (1.0 / root)
        slope_c = c / (root * u) if u > 0.0 else 0.0
        power, slope_power = u, 1.0
    below = 1.0 + saturation * power
    return c, slope_c, coefficient * power / below, coefficient * slope_power / (below * below)


@dataclass(frozen=True, eq=False)
class Metals:
    """Dissolved substances that move in the same water.

    Parameters
    ----------
    coefficient : ndarray, shape (p, k) or (p, c, k)
        k of each substance at each node, as in `sorbed`: Kd [L kg⁻¹] if linear.
    exponent, saturation : ndarray, shape (p,)
        β [1] and η [(L mg⁻¹)^β].
    diffusion_cm2_d : ndarray, shape (p,)
        In free water. [cm² d⁻¹]
    fraction, rate_1_d : ndarray, shape (p,)
        Two-site sorption: share of the sites at equilibrium [1] and rate of the others [d⁻¹]; 1 and 0 for none.
    uptake_limit_mg_l : ndarray, shape (p,)
        Roots take up water with so much of the substance at most; 0 (the default of HYDRUS): none. [mg L⁻¹]
    """

    coefficient: NDArray[np.float64]
    exponent: NDArray[np.float64]
    saturation: NDArray[np.float64]
    diffusion_cm2_d: NDArray[np.float64]
    fraction: NDArray[np.float64]
    rate_1_d: NDArray[np.float64]
    uptake_limit_mg_l: NDArray[np.float64]

    @property
    def count(self) -> int:
        """How many."""
        return self.exponent.size


def metals(
    coefficient: ArrayLike,
    exponent: ArrayLike = 1.0,
    saturation: ArrayLike = 0.0,
    diffusion_cm2_d: ArrayLike = 0.0,
    fraction: ArrayLike = 1.0,
    rate_1_d: ArrayLike = 0.0,
    uptake_limit_mg_l: ArrayLike = 0.0,
) -> Metals:
    """`Metals` from numbers or arrays, checked.

    Raises
    ------
    ValueError
        If a coefficient is out of its range.
    """
    k = np.asarray(coefficient, dtype=float)
    if k.ndim not in (2, 3):
        raise ValueError("the sorption coefficient has the shape (substances, nodes) or (substances, columns, nodes)")
    single = [
        np.ascontiguousarray(np.broadcast_to(np.asarray(values, dtype=float), (k.shape[0],)))
        for values in (exponent, saturation, diffusion_cm2_d, fraction, rate_1_d, uptake_limit_mg_l)
    ]
    if not (np.all(np.isfinite(k)) and np.all(k >= 0.0)):
        raise ValueError("the sorption coefficient must not be negative or missing")
    if not np.all(single[0] > 0.0):
        raise ValueError("the sorption exponent must be positive")
    if any(not np.all(values >= 0.0) for values in single[1:]) or np.any(single[3] > 1.0):
        raise ValueError("diffusion, rates and limits must not be negative, the share of sites within 0 and 1")
    return Metals(k, *single)
