"""Plough pans: the conductivity of a dense layer that lets a known percolation through."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget import hydraulics
from metalbudget.hydraulics import VanGenuchten

DRIEST_CM = 1.0e5
ROUNDS = 60  # of bisection: to the last digits


def suction_at(flux_cm_d: ArrayLike, soil: VanGenuchten) -> NDArray[np.float64]:
    """Suction at which soils conduct a flux under gravity alone; 0 where they never conduct more. [cm]"""
    flux = np.asarray(flux_cm_d, dtype=float)
    low, high = np.full(soil.ks.size, -2.0), np.full(soil.ks.size, np.log10(DRIEST_CM))
    for _ in range(ROUNDS):
        middle = 0.5 * (low + high)
        more = _conductivity(-(10.0**middle), soil) > flux
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.where(flux < soil.ks, 10.0**low, 0.0)


def pan_conductivity(
    percolation_cm_d: ArrayLike,
    pond_cm: ArrayLike,
    depth_cm: ArrayLike,
    pan: ArrayLike,
    soil: VanGenuchten,
) -> NDArray[np.float64]:
    """Saturated conductivity of a pan that passes a given percolation under ponded water.

    Parameters
    ----------
    percolation_cm_d : array_like, shape (c,)
        Above 0. [cm d⁻¹]
    pond_cm : array_like, shape (c,)
        Water on the surface meanwhile. [cm]
    depth_cm : array_like, shape (k,)
        Of the nodes. [cm]
    pan : array_like of bool, shape (k,)
        Nodes of the pan, one after the other, neither the first nor the last of all.
    soil : VanGenuchten
        Of the c columns; the pan has the same retention.

    Returns
    -------
    ndarray, shape (c,)
        At most that of the soil. [cm d⁻¹]

    Notes
    -----
    Steady flow on the column's own nodes: the soil above the pan is full; below it, the soil hangs at the suction at
    which it conducts the percolation under gravity. Between nodes the flux is the mean conductivity times the
    gradient, as in `richards`; heads follow from node to node, and the pan's conductivity is sought by bisection.
    """
    depth, pan = np.asarray(depth_cm, dtype=float), np.asarray(pan, dtype=bool)
    flux = np.asarray(percolation_cm_d, dtype=float)
    if not np.all(flux > 0.0):
        raise ValueError("a pan lets water through: the percolation must be positive")
    first, last = np.flatnonzero(pan)[[0, -1]]
    wanted = -suction_at(flux, soil)
    above = np.asarray(pond_cm, dtype=float) + depth[first - 1] * (1.0 - flux / soil.ks)
    low, high = np.log(1.0e-6 * soil.ks), np.log(soil.ks)
    for _ in range(ROUNDS):
        middle = 0.5 * (low + high)
        dense = VanGenuchten(soil.theta_r, soil.theta_s, soil.alpha, soil.n, np.exp(middle))
        head = above
        for node in range(first, last + 2):
            upper = dense if node - 1 >= first else soil
            lower = dense if node <= last else soil
            head = _next_head(head, flux, depth[node] - depth[node - 1], upper, lower)
        wetter = head > wanted
        low, high = np.where(wetter, low, middle), np.where(wetter, middle, high)
    return np.exp(low)


def _conductivity(head_cm: NDArray[np.float64], soil: VanGenuchten) -> NDArray[np.float64]:
    theta = hydraulics.water_content(np.maximum(-head_cm, 0.0), soil)
    return np.where(head_cm >= 0.0, soil.ks, hydraulics.conductivity(theta, soil))


def _next_head(
    head_cm: NDArray[np.float64], flux: NDArray[np.float64], spacing_cm: float, upper: VanGenuchten, lower: VanGenuchten
) -> NDArray[np.float64]:
    """Head one node below that lets a steady flux through. [cm]"""
    conducts = _conductivity(head_cm, upper)
    dry, wet = np.full_like(head_cm, -DRIEST_CM), head_cm + spacing_cm
    for _ in range(ROUNDS):
        middle = 0.5 * (dry + wet)
        mean = 0.5 * (conducts + _conductivity(middle, lower))
        more = mean * ((head_cm - middle) / spacing_cm + 1.0) > flux
        dry, wet = np.where(more, middle, dry), np.where(more, wet, middle)
    return dry
