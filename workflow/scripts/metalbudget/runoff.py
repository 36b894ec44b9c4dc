"""Surface runoff with the curve number method: daily rain, sealed and open ground apart."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.lookup import between_rungs

MM_PER_INCH = 25.4
CLASSIC_RATIO = 0.2  # initial abstraction for which published curve numbers hold
RECENT_RATIO = 0.05
SEALED_CURVE_NUMBER = 98.0  # paved ground (USDA TR-55 1986 table 2-2a)


def retention(curve_number: ArrayLike, initial_abstraction_ratio: float = CLASSIC_RATIO) -> NDArray[np.float64]:
    """Potential retention after runoff begins.

    Parameters
    ----------
    curve_number : array_like
        Curve number for a ratio of 0.2, above 0 and at most 100. [1]
    initial_abstraction_ratio : float
        0.2 (classic) or 0.05, for which the retention is converted. [1]

    Returns
    -------
    ndarray
        [mm]

    Raises
    ------
    ValueError
        If a curve number or the ratio is outside its range.

    Notes
    -----
    USDA NEH part 630, chapter 10: S = 25400/CN - 254 mm. For 0.05, Woodward et al. (2003) and ASCE (2009):
    S05 = 1.33 S20^1.15 with S in inches.
    """
    curve_number = np.asarray(curve_number, dtype=float)
    if not np.all((curve_number > 0.0) & (curve_number <= 100.0)):
        raise ValueError("curve numbers must lie in 0..100, above 0")
    classic = 25400.0 / curve_number - 254.0
    if initial_abstraction_ratio == CLASSIC_RATIO:
        return classic
    if initial_abstraction_ratio == RECENT_RATIO:
        return MM_PER_INCH * 1.33 * (classic / MM_PER_INCH) ** 1.15
    raise ValueError(f"the initial abstraction ratio must be 0.2 or 0.05, got {initial_abstraction_ratio}")


def daily_runoff(
    rain: ArrayLike, curve_number: ArrayLike, initial_abstraction_ratio: float = CLASSIC_RATIO
) -> NDArray[np.float64]:
    """Runoff of single days.

    Parameters
    ----------
    rain : array_like
        Rain of the day, at least 0; annual or monthly sums are not valid input. [mm]
    curve_number : array_like, broadcastable to `rain`
        Curve number for a ratio of 0.2. [1]
    initial_abstraction_ratio : float
        0.2 or 0.05. [1]

    Returns
    -------
    ndarray
        At least 0, at most the rain. [mm]

    Raises
    ------
    ValueError
        If rain is negative or missing.

    Notes
    -----
    USDA NEH part 630, chapter 10: Q = (P - λS)²/(P - λS + S) for P > λS, else 0. Storms of 24 h on slopes of
    about 5 %.
    """
    rain = np.asarray(rain, dtype=float)
    if not np.all(rain >= 0.0):
        raise ValueError("daily rain must be at least zero")
    storage = retention(curve_number, initial_abstraction_ratio)
    effective = np.maximum(rain - initial_abstraction_ratio * storage, 0.0)
    with np.errstate(invalid="ignore"):
        runoff = np.where(effective > 0.0, effective**2 / (effective + storage), 0.0)
    return np.minimum(runoff, rain)


def annual_runoff(
    rain: ArrayLike, curve_number: ArrayLike, initial_abstraction_ratio: float = CLASSIC_RATIO
) -> NDArray[np.float64]:
    """Sum of the daily runoff.

    Parameters
    ----------
    rain : array_like, shape (days, ...)
        Daily rain. [mm]
    curve_number : array_like, shape (...)
        [1]
    initial_abstraction_ratio : float
        0.2 or 0.05. [1]

    Returns
    -------
    ndarray, shape (...)
        [mm yr⁻¹]
    """
    return daily_runoff(rain, curve_number, initial_abstraction_ratio).sum(axis=0)


def dry_curve_number(curve_number: ArrayLike) -> NDArray[np.float64]:
    """Curve number of dry antecedent moisture (AMC I). [1]

    Notes
    -----
    Hawkins et al. (1985): CN1 = CN2/(2.281 - 0.01281 CN2).
    """
    curve_number = np.asarray(curve_number, dtype=float)
    return curve_number / (2.281 - 0.01281 * curve_number)


def wet_curve_number(curve_number: ArrayLike) -> NDArray[np.float64]:
    """Curve number of wet antecedent moisture (AMC III), at most 100. [1]

    Notes
    -----
    Hawkins et al. (1985): CN3 = CN2/(0.427 + 0.00573 CN2).
    """
    curve_number = np.asarray(curve_number, dtype=float)
    return np.minimum(curve_number / (0.427 + 0.00573 * curve_number), 100.0)


def slope_adjusted(curve_number: ArrayLike, slope: ArrayLike) -> NDArray[np.float64]:
    """Curve number of average moisture on a slope.

    Parameters
    ----------
    curve_number : array_like
        For a slope of 5 %. [1]
    slope : array_like, broadcastable to `curve_number`
        At least 0. [m m⁻¹]

    Returns
    -------
    ndarray
        Equal to `curve_number` at a slope of 5 %, lower below, higher above. [1]

    Notes
    -----
    Williams (1995), EPIC, also SWAT theory 2:1.1.8: CN2s = (CN3 - CN2)/3 (1 - 2 exp(-13.86 slope)) + CN2.
    """
    curve_number = np.asarray(curve_number, dtype=float)
    rise = 1.0 - 2.0 * np.exp(-13.86 * np.asarray(slope, dtype=float))
    return curve_number + (wet_curve_number(curve_number) - curve_number) / 3.0 * rise


def two_surfaces(
    rain: ArrayLike,
    impervious: ArrayLike,
    curve_number_sealed: float,
    curve_number_open: ArrayLike,
    initial_abstraction_ratio: float = CLASSIC_RATIO,
) -> NDArray[np.float64]:
    """Annual runoff of ground that is partly sealed, the two surfaces apart.

    Parameters
    ----------
    rain : array_like, shape (days,)
        Daily rain. [mm]
    impervious : array_like, shape (n,)
        Sealed share, 0..1. [1]
    curve_number_sealed : float
        [1]
    curve_number_open : array_like, shape (n,)
        Of the open ground alone. [1]
    initial_abstraction_ratio : float
        0.2 or 0.05. [1]

    Returns
    -------
    ndarray, shape (n,)
        Area-weighted mean. [mm yr⁻¹]

    Notes
    -----
    Runoff is convex in the curve number, so the runoff of a composite curve number is never above this.
    """
    impervious = np.asarray(impervious, dtype=float)
    rain = np.asarray(rain, dtype=float)[:, None]
    sealed = annual_runoff(rain, np.atleast_1d(curve_number_sealed), initial_abstraction_ratio)
    open_ground = annual_runoff(rain, np.atleast_1d(curve_number_open), initial_abstraction_ratio)
    return impervious * sealed + (1.0 - impervious) * open_ground


def curve_numbers(classes: Sequence[str], groups: ArrayLike, coefficients: Mapping[str, float]) -> NDArray[np.float64]:
    """Curve numbers of land-use classes on soils.

    Parameters
    ----------
    classes : sequence of str, length c
        Land-use classes; built classes stand for their unsealed part alone.
    groups : array_like of int, shape (s,)
        Hydrologic soil group, 0..3 for A..D.
    coefficients : mapping
        Rows ``class/group`` of ``curve_number.csv``.

    Returns
    -------
    ndarray, shape (c, s)
        Average antecedent moisture, slope 5 %. [1]
    """
    letters = ["abcd"[group] for group in np.asarray(groups, dtype=int)]
    return np.array([[float(coefficients[f"{name}/{letter}"]) for letter in letters] for name in classes])


def runoff_response(
    rain: ArrayLike,
    rain_factors: ArrayLike,
    curve_number: ArrayLike,
    climate_factors: ArrayLike,
    initial_abstraction_ratio: float = CLASSIC_RATIO,
) -> NDArray[np.float64]:
    """Annual runoff by rain factor, curve number and climate zone.

    Parameters
    ----------
    rain : array_like, shape (days,)
        Daily rain of the station. [mm]
    rain_factors : array_like, shape (r,)
        Multipliers of a scenario. [1]
    curve_number : array_like, shape (c,)
        [1]
    climate_factors : array_like, shape (z,)
        Multipliers of a climate zone. [1]
    initial_abstraction_ratio : float
        0.2 or 0.05. [1]

    Returns
    -------
    ndarray, shape (r, c, z)
        [mm yr⁻¹]
    """
    rain, rain_factors, climate_factors = (np.asarray(a, dtype=float) for a in (rain, rain_factors, climate_factors))
    numbers = np.asarray(curve_number, dtype=float)[:, None]
    response = np.empty((rain_factors.size, numbers.size, climate_factors.size))
    for position, factor in enumerate(rain_factors):
        scaled = rain[:, None, None] * (factor * climate_factors)
        response[position] = annual_runoff(scaled, numbers, initial_abstraction_ratio)
    return response


def sealed_runoff(
    response: Mapping[str, Any], climate_zone: NDArray[np.integer], rain_factor: float = 1.0
) -> NDArray[np.float64]:
    """Annual runoff from sealed ground of cells.

    Parameters
    ----------
    response : mapping
        ``runoff`` (r, c, z) as `runoff_response` gives it [mm yr⁻¹], with its coordinates ``rain_factor`` (r,) and
        ``curve_number`` (c,).
    climate_zone : ndarray of int, shape (n,)
    rain_factor : float
        Rain of a scenario relative to the station's series; held at the ends of the ladder. [1]

    Returns
    -------
    ndarray, shape (n,)
        [mm yr⁻¹]
    """
    numbers = np.asarray(response["curve_number"], dtype=float)
    sealed = np.asarray(response["runoff"])[:, int(np.argmin(np.abs(numbers - SEALED_CURVE_NUMBER)))]
    return between_rungs(np.asarray(response["rain_factor"], dtype=float), sealed, rain_factor)[climate_zone]
