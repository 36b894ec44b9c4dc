"""Soil hydraulics: texture class, van Genuchten parameters, conductivity, hydrologic soil group."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

TEXTURES = (
    "sand",
    "loamy_sand",
    "sandy_loam",
    "loam",
    "silt",
    "silt_loam",
    "sandy_clay_loam",
    "clay_loam",
    "silty_clay_loam",
    "sandy_clay",
    "silty_clay",
    "clay",
)
GROUPS = ("a", "b", "c", "d")
HOURS_PER_DAY = 24.0
MM_PER_CM = 10.0


@dataclass(frozen=True, eq=False)
class VanGenuchten:
    """Parameters of the van Genuchten–Mualem functions, one entry a soil.

    Parameters
    ----------
    theta_r, theta_s : ndarray, shape (s,)
        Residual and saturated water content. [m³ m⁻³]
    alpha : ndarray, shape (s,)
        Inverse of the air-entry suction. [cm⁻¹]
    n : ndarray, shape (s,)
        Pore-size exponent, above 1. [1]
    ks : ndarray, shape (s,)
        Saturated conductivity. [cm d⁻¹]
    """

    theta_r: NDArray[np.float64]
    theta_s: NDArray[np.float64]
    alpha: NDArray[np.float64]
    n: NDArray[np.float64]
    ks: NDArray[np.float64]

    def __post_init__(self) -> None:
        if np.any(self.theta_r < 0) or np.any(self.theta_r >= self.theta_s) or np.any(self.theta_s > 1):
            raise ValueError("water contents must satisfy 0 <= theta_r < theta_s <= 1")
        if np.any(self.alpha <= 0) or np.any(self.n <= 1) or np.any(self.ks <= 0):
            raise ValueError("alpha and Ks must be positive and n above 1")


def texture_class(sand: ArrayLike, silt: ArrayLike, clay: ArrayLike) -> NDArray[np.int64]:
    """Class of the USDA texture triangle.

    Parameters
    ----------
    sand, silt, clay : array_like, shape (n,)
        Mass shares of the fine earth; each soil is scaled to a sum of 100 first. [%]

    Returns
    -------
    ndarray of int, shape (n,)
        Index into `TEXTURES`.

    Raises
    ------
    ValueError
        If a share is negative or missing, or the shares of a soil sum to zero.

    Notes
    -----
    Boundaries: USDA Soil Survey Manual (2017), chapter 3, table of texture classes.
    """
    shares = np.stack(np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (sand, silt, clay))))
    total = shares.sum(axis=0)
    if not np.all(total > 0) or np.any(shares < 0):
        raise ValueError("sand, silt and clay must be at least zero with a positive sum")
    sand_pct, silt_pct, clay_pct = 100.0 * shares / total
    coarse = silt_pct + 1.5 * clay_pct < 15.0
    loamy = silt_pct + 2.0 * clay_pct < 30.0
    # The order decides ties on shared boundaries; the last class takes what is left of the triangle.
    rules = {
        "sand": coarse,
        "loamy_sand": loamy,
        "silt": (silt_pct >= 80.0) & (clay_pct < 12.0),
        "silt_loam": (silt_pct >= 50.0) & (clay_pct < 27.0),
        "sandy_loam": (clay_pct < 20.0) & ((sand_pct > 52.0) | (clay_pct < 7.0)),
        "sandy_clay_loam": (clay_pct < 35.0) & (silt_pct < 28.0) & (sand_pct > 45.0),
        "loam": clay_pct < 27.0,
        "silty_clay_loam": (clay_pct < 40.0) & (sand_pct <= 20.0),
        "clay_loam": (clay_pct < 40.0) & (sand_pct <= 45.0),
        "sandy_clay": sand_pct > 45.0,
        "silty_clay": silt_pct >= 40.0,
    }
    return np.select(list(rules.values()), [TEXTURES.index(name) for name in rules], default=TEXTURES.index("clay"))


def class_parameters(classes: ArrayLike, coefficients: Mapping[str, float]) -> VanGenuchten:
    """Van Genuchten parameters of texture classes from the class table.

    Parameters
    ----------
    classes : array_like of int, shape (s,)
        Index into `TEXTURES`.
    coefficients : mapping
        Rows ``texture/parameter`` of ``vg_classes.csv``.

    Returns
    -------
    VanGenuchten

    Notes
    -----
    Carsel & Parrish (1988), doi:10.1029/WR024i005p00755. Class means of mineral soils without structure: the
    conductivity of micro-aggregated red clays is 10–100 times higher.
    """
    names = [TEXTURES[index] for index in np.asarray(classes, dtype=int)]
    values = {
        key: np.array([float(coefficients[f"{name}/{key}"]) for name in names])
        for key in ("theta_r", "theta_s", "alpha", "n", "ks")
    }
    return VanGenuchten(**values)


def rosetta_parameters(sand: ArrayLike, silt: ArrayLike, clay: ArrayLike, bulk_density: ArrayLike) -> VanGenuchten:
    """Van Genuchten parameters from texture and bulk density with the Rosetta 3 networks.

    Parameters
    ----------
    sand, silt, clay : array_like, shape (s,)
        Mass shares of the fine earth; each soil is scaled to a sum of 100 first. [%]
    bulk_density : array_like, shape (s,)
        Dry bulk density, 500..2000. [kg m⁻³]

    Returns
    -------
    VanGenuchten
        Geometric means over the bootstrap ensemble of `alpha`, `n` and `ks`.

    Raises
    ------
    ValueError
        If a soil is outside what the networks accept.

    Notes
    -----
    Zhang & Schaap (2017), doi:10.1016/j.jhydrol.2017.01.004, model 3 (texture and bulk density), from the
    library rosetta-soil. Geometric means, because the library's default arithmetic mean of the conductivity is
    drawn upwards by the ensemble's tail.
    """
    from rosetta import SoilData, rosetta

    fine_earth = np.column_stack([np.asarray(a, dtype=float) for a in (sand, silt, clay)])
    shares = 100.0 * fine_earth / fine_earth.sum(axis=1, keepdims=True)
    records = np.column_stack([shares, np.asarray(bulk_density, dtype=float) / 1000.0])
    mean, _, codes = rosetta(3, SoilData.from_iter(records.tolist()), estimate_type="geo")
    if np.any(codes < 3):
        bad = records[np.asarray(codes) < 3][0]
        raise ValueError(f"Rosetta takes no soil of sand, silt, clay [%] and density [g cm⁻³] {bad.tolist()}")
    return VanGenuchten(theta_r=mean[:, 0], theta_s=mean[:, 1], alpha=mean[:, 2], n=mean[:, 3], ks=mean[:, 4])


def water_content(suction: ArrayLike, soil: VanGenuchten) -> NDArray[np.float64]:
    """Water content at a suction.

    Parameters
    ----------
    suction : array_like, shape broadcastable to (s,)
        Positive when drier than saturation; at or below 0 the soil is saturated. [cm]
    soil : VanGenuchten

    Returns
    -------
    ndarray, shape (s,)
        [m³ m⁻³]

    Notes
    -----
    van Genuchten (1980), doi:10.2136/sssaj1980.03615995004400050002x, equation 3.
    """
    positive = np.maximum(np.asarray(suction, dtype=float), 0.0)
    saturation = (1.0 + (soil.alpha * positive) ** soil.n) ** -(1.0 - 1.0 / soil.n)
    return soil.theta_r + (soil.theta_s - soil.theta_r) * saturation


def suction_of(theta: ArrayLike, soil: VanGenuchten) -> NDArray[np.float64]:
    """Suction at a water content, the inverse of `water_content`.

    Parameters
    ----------
    theta : array_like, shape broadcastable to (s,)
        Limited to the open interval between residual and saturated. [m³ m⁻³]
    soil : VanGenuchten

    Returns
    -------
    ndarray, shape (s,)
        [cm]
    """
    saturation = effective_saturation(theta, soil)
    m = 1.0 - 1.0 / soil.n
    return (saturation ** (-1.0 / m) - 1.0) ** (1.0 / soil.n) / soil.alpha


def effective_saturation(theta: ArrayLike, soil: VanGenuchten) -> NDArray[np.float64]:
    """Share of the mobile pore space that holds water, limited to 1e-6..1. [1]"""
    share = (np.asarray(theta, dtype=float) - soil.theta_r) / (soil.theta_s - soil.theta_r)
    return np.clip(share, 1.0e-6, 1.0)


def conductivity(theta: ArrayLike, soil: VanGenuchten) -> NDArray[np.float64]:
    """Unsaturated conductivity.

    Parameters
    ----------
    theta : array_like, shape broadcastable to (s,)
        Water content. [m³ m⁻³]
    soil : VanGenuchten

    Returns
    -------
    ndarray, shape (s,)
        [cm d⁻¹]

    Notes
    -----
    Mualem (1976) with pore connectivity 0.5, as in van Genuchten (1980) equation 8.
    """
    saturation = effective_saturation(theta, soil)
    m = 1.0 - 1.0 / soil.n
    return soil.ks * np.sqrt(saturation) * (1.0 - (1.0 - saturation ** (1.0 / m)) ** m) ** 2


def hydrologic_group(ks: ArrayLike, limits: Mapping[str, float]) -> NDArray[np.int64]:
    """Hydrologic soil group from the saturated conductivity.

    Parameters
    ----------
    ks : array_like, shape (s,)
        Saturated conductivity, positive. [cm d⁻¹]
    limits : mapping
        Lowest conductivity of groups ``a``, ``b`` and ``c``, falling (``hydrologic_group.csv``). [mm h⁻¹]

    Returns
    -------
    ndarray of int, shape (s,)
        0, 1, 2, 3 for A, B, C, D.

    Notes
    -----
    USDA NEH part 630, chapter 7 (2009), by conductivity alone: depth to rock and to groundwater are not looked at.
    """
    per_hour = np.asarray(ks, dtype=float) * MM_PER_CM / HOURS_PER_DAY
    if not np.all(per_hour > 0):
        raise ValueError("the saturated conductivity must be positive")
    below = [per_hour < float(limits[group]) for group in GROUPS[:-1]]
    if not limits["a"] > limits["b"] > limits["c"]:
        raise ValueError("the limits of the hydrologic groups must fall from a to c")
    return np.sum(below, axis=0, dtype=np.int64)
