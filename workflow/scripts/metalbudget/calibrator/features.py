"""What cells are told apart by: rates and inputs, never a measured content.

The first survey's value stands in the target with a minus, so a feature that holds it would "predict" its noise.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from metalbudget import lookup
from metalbudget.landuse import BUILT, SOIL_CLASSES, LandUse

SOURCE_KINDS = {
    "combustion": ("coal_power", "coal_boiler", "oil_power", "waste_incineration"),
    "metal_industry": ("smelter_copper", "smelter_lead", "smelter_zinc", "steel", "battery", "plating"),
    "minerals": ("cement", "glass"),
}
SHARES = ("paddy", "dryland", "orchard", "forest", "grass")
LEAST_OPEN_SHARE = 0.05  # a flux per open soil of a cell with less would rest on next to nothing


def per_open_soil(fluxes: Sequence[NDArray[np.float64]], states: Sequence[LandUse]) -> NDArray[np.float64]:
    """Mean over years of a flux per square metre of open soil.

    Parameters
    ----------
    fluxes : sequence of ndarray, shape (n,)
        Of each year, per square metre of cell. [mg m⁻² yr⁻¹]
    states : sequence of LandUse
        Of the same years.

    Returns
    -------
    ndarray, shape (n,)
        [mg m⁻² yr⁻¹]
    """
    yearly = [flux / np.maximum(state.open_share, LEAST_OPEN_SHARE) for flux, state in zip(fluxes, states, strict=True)]
    return np.asarray(np.mean(yearly, axis=0), dtype=np.float64)


def of_landuse(states: Sequence[LandUse]) -> dict[str, NDArray[np.float64]]:
    """Mean shares of the years, and the change of sealed ground between the first and the last; shapes (n,). [1]"""
    shares = mean_shares(states)
    features = {f"share_{name}": shares[SOIL_CLASSES.index(name)] for name in SHARES}
    features["share_built"] = shares[list(BUILT)].sum(axis=0)
    features["sealed"] = np.mean([state.sealed for state in states], axis=0)
    features["sealed_change"] = states[-1].sealed - states[0].sealed
    return features


def mean_shares(states: Sequence[LandUse]) -> NDArray[np.float64]:
    """Mean open-soil shares of the years, shape (9, n). [1]"""
    return np.asarray(np.mean([state.shares for state in states], axis=0), dtype=np.float64)


def soil_loss(
    rkls: NDArray[np.float64], cover_practice: Mapping[str, float], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logarithm of one plus the mean soil loss of the open soil.

    Parameters
    ----------
    rkls : ndarray, shape (n,)
        RUSLE without cover and practice. [t ha⁻¹ yr⁻¹]
    cover_practice : mapping of class to float
        RUSLE C times P. [1]
    shares : ndarray, shape (9, n)
        [1]

    Returns
    -------
    ndarray, shape (n,)
    """
    factor = np.array([cover_practice[name] for name in SOIL_CLASSES])
    return np.log1p(rkls * (factor @ shares) / np.maximum(shares.sum(axis=0), 1.0e-6))


def log_distance(
    x_m: NDArray[np.float64], y_m: NDArray[np.float64], sources_xy: NDArray[np.float64], floor_m: float
) -> NDArray[np.float64]:
    """Logarithm of the distance to the nearest source, not below half a cell.

    Parameters
    ----------
    x_m, y_m : ndarray, shape (n,)
        [m]
    sources_xy : ndarray, shape (s, 2), s ≥ 1
        [m]
    floor_m : float
        Smallest distance that is told apart. [m], > 0
    """
    nearest = np.full(np.shape(x_m), np.inf)
    for x, y in sources_xy:
        nearest = np.minimum(nearest, np.hypot(x_m - x, y_m - y))
    return np.log(np.maximum(nearest, floor_m))


def column_water(
    response: NDArray[np.float64],
    rain_factors: NDArray[np.float64],
    rain_factor: NDArray[np.float64],
    zones: Mapping[str, NDArray[np.integer]],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Water of a cell's open soil from the column responses of its classes.

    Parameters
    ----------
    response : ndarray, shape (rain factor, land use, soil, climate, water table)
        For instance drainage at 20 cm; land use in the order of `SOIL_CLASSES`. [mm]
    rain_factors : ndarray, shape (rain factor,)
        Ascending ladder. [1]
    rain_factor : ndarray, shape (n,)
        Annual rain of the cell relative to that of its climate zone. [1]
    zones : mapping of str to ndarray of int, shape (n,)
        `lookup.ZONES`.
    shares : ndarray, shape (land use, n)
        Open-soil shares. [1]

    Returns
    -------
    ndarray, shape (n,)
        Mean over the open soil; zero where there is none. [mm]
    """
    index = lookup.zone_index(zones, response.shape[1:], SOIL_CLASSES[: len(shares)])
    lower, weight = lookup.bracket(np.asarray(rain_factors, dtype=float), rain_factor)
    total = np.zeros(shares.shape[1])
    for number, share in enumerate(shares):
        total += share * lookup.of_class(response, number, lower, weight, index)
    open_share = shares.sum(axis=0)
    return np.divide(total, open_share, out=np.zeros_like(total), where=open_share > 1.0e-6)


def source_distances(
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    sector: NDArray,
    sources_xy: NDArray[np.float64],
    floor_m: float,
) -> dict[str, NDArray[np.float64]]:
    """`log_distance` to the nearest source of each kind there is.

    Parameters
    ----------
    x_m, y_m : ndarray, shape (n,)
        [m]
    sector : ndarray of str, shape (s,)
    sources_xy : ndarray, shape (s, 2)
        [m]
    floor_m : float
        [m]
    """
    chosen = {kind: np.isin(sector.astype(str), sectors) for kind, sectors in SOURCE_KINDS.items()}
    return {
        f"distance_{kind}": log_distance(x_m, y_m, sources_xy[own], floor_m)
        for kind, own in chosen.items()
        if own.any()
    }


def without_gaps(features: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Features with their median where a cell has no value (zero where no cell has one)."""
    return {
        name: np.nan_to_num(values, nan=float(np.nanmedian(values)) if np.isfinite(values).any() else 0.0)
        for name, values in features.items()
    }
