"""Carrying capacity: what a soil can still take, when it is overloaded, and how sure that is.

Concentrations are mg kg⁻¹ and soil mass M is kg m⁻², so stocks are mg m⁻²; capacities leave this module in the
literature's g ha⁻¹.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from metalbudget.quantities import MG_M2_PER_G_HA

Vector = NDArray[np.float64]

INDEX_BOUND = 10.0  # the index has no bound where the background nearly reaches the limit; means and maps need one
NEVER = 9999  # stands for the calendar year of a cell that stays below its limit


def static_capacity(limit: Vector, background: Vector, soil_mass: Vector) -> Vector:
    """Total capacity M (C_lim − C_bg).

    Parameters
    ----------
    limit, background : ndarray
        [mg kg⁻¹]
    soil_mass : ndarray
        Mass of the layer. [kg m⁻²]

    Returns
    -------
    ndarray
        [g ha⁻¹]; NaN where the background reaches the limit (geogenic exceedance, not a negative capacity).
    """
    return np.where(background < limit, soil_mass * (limit - background) / MG_M2_PER_G_HA, np.nan)


def remaining_capacity(concentration: Vector, limit: Vector, soil_mass: Vector) -> Vector:
    """Remaining capacity M (C_lim − C), negative where overloaded. [g ha⁻¹]

    Parameters
    ----------
    concentration, limit : ndarray
        [mg kg⁻¹]
    soil_mass : ndarray
        [kg m⁻²]
    """
    return soil_mass * (limit - concentration) / MG_M2_PER_G_HA


def annual_static_capacity(concentration: Vector, limit: Vector, soil_mass: Vector, years: float) -> Vector:
    """Remaining capacity spread over a number of years, without losses. [g ha⁻¹ yr⁻¹]"""
    return remaining_capacity(concentration, limit, soil_mass) / years


def dynamic_capacity_discrete(
    concentration: Vector, limit: Vector, kept: Vector, soil_mass: Vector, years: int
) -> Vector:
    """Annual input that brings the soil to its limit in n years under C(t+1) = K (C(t) + q/M).

    Parameters
    ----------
    concentration, limit : ndarray
        [mg kg⁻¹]
    kept : ndarray
        Residual share K of a year, 0 < K ≤ 1. [1]
    soil_mass : ndarray
        [kg m⁻²]
    years : int
        [yr], ≥ 1

    Returns
    -------
    ndarray
        [g ha⁻¹ yr⁻¹]

    Notes
    -----
    q = M (C_lim − C₀ Kⁿ)(1 − K) / (K (1 − Kⁿ)); the static value in the limit K → 1. The literature's rule: the
    year's input suffers the whole year's loss, so it lies above the continuous one.
    """
    kept = np.asarray(kept, dtype=float)
    lost = 1.0 - kept
    log_kept = np.log1p(-lost)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_unit = np.where(lost > 0.0, -np.expm1(years * log_kept) * kept / np.where(lost > 0, lost, 1.0), years)
    return soil_mass * (limit - concentration * np.exp(years * log_kept)) / per_unit / MG_M2_PER_G_HA


def dynamic_capacity_continuous(
    concentration: Vector,
    limit: Vector,
    rate: Vector,
    soil_mass: Vector,
    years: float,
    anchor: Vector | float = 0.0,
) -> Vector:
    """Steady input that brings the soil to its limit in n years under dX/dt = q/M − k X.

    Parameters
    ----------
    concentration, limit : ndarray
        [mg kg⁻¹]
    rate : ndarray
        Sum of first-order losses k, ≥ 0. [yr⁻¹]
    soil_mass : ndarray
        [kg m⁻²]
    years : float
        [yr], > 0
    anchor : ndarray or float
        Concentration C_a that geogenic input keeps in balance; X = C − C_a. [mg kg⁻¹]

    Returns
    -------
    ndarray
        [g ha⁻¹ yr⁻¹]

    Notes
    -----
    q = M k (X_lim − X₀ e^(−kn)) / (1 − e^(−kn)); the static value in the limit k → 0. Agrees with the exact yearly
    update of the budget.
    """
    rate = np.asarray(rate, dtype=float)
    safe = np.where(rate > 0.0, rate, 1.0)
    gained = np.where(rate > 0.0, -np.expm1(-rate * years) / safe, years)
    room = (limit - anchor) - (concentration - anchor) * np.exp(-rate * years)
    return soil_mass * room / gained / MG_M2_PER_G_HA


def process_capacity(final: Vector, counted: Vector, response: Vector, limit: Vector) -> Vector:
    """Steady input that brings the full balance to its limit at the end of a forecast whose rates are kept.

    Parameters
    ----------
    final : ndarray
        Concentration at the end of the forecast. [mg kg⁻¹]
    counted : ndarray
        Part of ``final`` that comes from the inputs which the capacity is to hold (all but the geogenic ones).
        [mg kg⁻¹]
    response : ndarray
        Rise of the final concentration per unit of steady input over the forecast, > 0. [mg kg⁻¹ per mg m⁻² yr⁻¹]
    limit : ndarray
        [mg kg⁻¹]

    Returns
    -------
    ndarray
        [g ha⁻¹ yr⁻¹], negative where even no input misses the limit.

    Notes
    -----
    With each year's loss rates as they came out of the forecast the final concentration is linear in the input, so the
    root of C_n(q) = C_lim is (C_lim − (C_n − counted)) / response. Sorption makes rates depend weakly on
    concentration; ``required_input`` finds the root of the full model where that matters.
    """
    return (limit - (final - counted)) / response / MG_M2_PER_G_HA


def required_input(
    final_of: Callable[[Vector], Vector],
    limit: Vector,
    first: Vector,
    second: Vector,
    *,
    relative_tolerance: float = 1.0e-9,
    iterations: int = 30,
) -> Vector:
    """Root q of C_n(q) = C_lim of a forecast by secants, every cell at once.

    Parameters
    ----------
    final_of : callable
        Final concentration for a steady input (n,) [any unit], increasing in it.
    limit : ndarray, shape (n,)
        [mg kg⁻¹]
    first, second : ndarray, shape (n,)
        Two different starting inputs.
    relative_tolerance : float
        Largest miss of the limit, relative to it.
    iterations : int
        At most so many calls after the first two.

    Returns
    -------
    ndarray, shape (n,)
        Input in the unit of ``first``; NaN where the root was not found. A linear model needs one step.
    """
    a, b = np.array(first, dtype=float), np.array(second, dtype=float)
    miss_a, miss_b = final_of(a) - limit, final_of(b) - limit
    for _ in range(iterations):
        done = ~(np.abs(miss_b) > relative_tolerance * np.abs(limit))
        if done.all():
            break
        slope = miss_b - miss_a
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.where(done | (slope == 0.0), 0.0, miss_b * (b - a) / slope)
        a, miss_a = b, miss_b
        b = b - step
        miss_b = final_of(b) - limit
    return np.where(np.abs(miss_b) <= relative_tolerance * np.abs(limit), b, np.nan)


def capacity_index(concentration: Vector, limit: Vector, background: Vector) -> Vector:
    """Share of the capacity that is left, PI = (C_lim − C)/(C_lim − C_bg).

    Parameters
    ----------
    concentration, limit, background : ndarray
        [mg kg⁻¹]

    Returns
    -------
    ndarray
        [1] 1 at the background, 0 at the limit, negative above it; NaN without a limit or where the background reaches
        it (geogenic).
    """
    room = limit - background
    return np.where(room > 0.0, (limit - concentration) / np.where(room > 0.0, room, 1.0), np.nan)


def load_index(concentration: Vector, limit: Vector) -> Vector:
    """Load P = C/C_lim. [1]"""
    return concentration / limit


def nemerow_index(indices: Vector) -> Vector:
    """Nemerow combination sqrt((mean² + min²)/2) of capacity indices over the first axis (metals). [1]

    Squares lose the sign; it is negative where the smallest index is.
    """
    lowest = np.nanmin(indices, axis=0)
    value = np.sqrt((np.nanmean(indices, axis=0) ** 2 + lowest**2) / 2.0)
    return np.where(lowest < 0.0, -value, value)


def classes(
    concentration: Vector, limit: Vector, background: Vector, table: Mapping[str, float | str]
) -> NDArray[np.uint8]:
    """Capacity class of each cell.

    Parameters
    ----------
    concentration, limit, background : ndarray
        [mg kg⁻¹]
    table : mapping
        ``capacity_classes.csv``, keyed ``class_name/code`` and ``class_name/lower_bound``.

    Returns
    -------
    ndarray of uint8
        Codes of the table. A class holds indices above its lower bound; at or below zero is overload. Where the
        background reaches the limit the class is geogenic, without a limit (or a concentration) no_limit.
    """
    index = capacity_index(concentration, limit, background)
    code = {key.removesuffix("/code"): int(value) for key, value in table.items() if key.endswith("/code")}
    bounds = sorted(
        (float(value), key.removesuffix("/lower_bound")) for key, value in table.items() if key.endswith("/lower_bound")
    )
    result = np.full(np.shape(index), code["overload"], dtype=np.uint8)
    for bound, name in bounds:
        result[index > bound] = code[name]
    result[np.broadcast_to(background >= limit, result.shape)] = code["geogenic"]
    result[np.isnan(limit) | np.isnan(concentration)] = code["no_limit"]
    return result


def overload_year(
    year: NDArray[np.int64], concentration: Vector, limit: Vector, calendar_year: int
) -> NDArray[np.int64]:
    """Overload year after one more year of a forecast.

    Parameters
    ----------
    year : ndarray of int, shape (n,)
        Overload year so far, ``NEVER`` where none yet.
    concentration, limit : ndarray, shape (n,)
        At ``calendar_year``. [mg kg⁻¹]
    calendar_year : int

    Returns
    -------
    ndarray of int, shape (n,)
        First year with C > C_lim.
    """
    return np.where((year == NEVER) & (concentration > limit), calendar_year, year)


def forecast_log_error(
    log_standard_error: Vector, start: Vector, concentration: Vector, kept: Vector, anchor: Vector | float = 0.0
) -> Vector:
    """Standard error of ln C after a forecast, from the error of the map it started from.

    Parameters
    ----------
    log_standard_error : ndarray
        Of the starting map. [1], ≥ 0
    start, concentration : ndarray
        Mean at the start and now. [mg kg⁻¹]
    kept : ndarray
        exp(−Σk) over the forecast: what is left of the starting stock. [1]
    anchor : ndarray or float
        C_a of the weathering closure, at most ``start``; 0 without the closure. [mg kg⁻¹]

    Returns
    -------
    ndarray
        [1]

    Notes
    -----
    The concentration is C_a + kept × (C₀ − C_a) + what came since. A starting map that is too high or too low by a
    factor is so in the anchor too, which is the cell's own, so the standard deviation is that of C₀ on the part
    inherited from it; log-normal at both ends, σ² = ln(1 + CV²). Without the closure it is kept × that of C₀.
    ASSUME inputs and rates carry no error of their own: this is the map's error alone.
    """
    variation = np.sqrt(np.expm1(np.square(log_standard_error)))
    inherited = anchor + (start - anchor) * kept
    with np.errstate(divide="ignore", invalid="ignore"):
        now = np.where(concentration > 0.0, variation * inherited / concentration, 0.0)
    return np.sqrt(np.log1p(np.square(now)))


def overload_probability(mean: Vector, log_standard_error: Vector, limit: Vector) -> Vector:
    """Probability that a log-normal concentration lies above its limit.

    Parameters
    ----------
    mean : ndarray
        Arithmetic mean. [mg kg⁻¹], ≥ 0
    log_standard_error : ndarray
        Standard deviation σ of ln C. [1], ≥ 0
    limit : ndarray
        [mg kg⁻¹]

    Returns
    -------
    ndarray
        [1] Φ((ln m − σ²/2 − ln C_lim)/σ); a step at the limit for σ = 0; NaN without a limit.
    """
    sigma = np.asarray(log_standard_error, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.log(mean) - 0.5 * np.square(sigma) - np.log(limit)
        score = np.where(sigma > 0.0, distance / np.where(sigma > 0.0, sigma, 1.0), np.inf * np.sign(distance))
        score = np.where((sigma == 0.0) & (distance == 0.0), -np.inf, score)
    return normal_distribution(score)


def normal_distribution(score: Vector) -> Vector:
    """Standard normal distribution function Φ.

    Parameters
    ----------
    score : ndarray

    Returns
    -------
    ndarray
        [1]

    Notes
    -----
    Abramowitz and Stegun (1964) 26.2.17, absolute error below 7.5e-8: SciPy would cost each job a second of import.
    """
    score = np.asarray(score, dtype=float)
    size = np.minimum(np.abs(score), 40.0)
    t = 1.0 / (1.0 + 0.2316419 * size)
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-0.5 * np.square(size)) / np.sqrt(2.0 * np.pi) * series
    return np.where(np.isnan(score), np.nan, np.where(score > 0.0, 1.0 - tail, tail))


class ZoneSums(NamedTuple):
    """Sums over cells by class, each of shape (classes,); areas in the unit of the weights given (km²)."""

    area: Vector
    known: Vector
    limited: Vector
    overload: Vector
    capable: Vector
    weighted_index: Vector
    room: Vector
    left: Vector
    content: Vector


class ZoneSummary(NamedTuple):
    """One group of land. Areas [km²], mean index and share of capacity left [1], mean concentration [mg kg⁻¹]."""

    area: float
    limited: float
    overload: float
    geogenic: float
    capacity_index: float
    capacity_left: float
    concentration: float

    @property
    def overload_share(self) -> float:
        """Overloaded part of the group's whole open soil, that without a limit included. [1]"""
        return self.overload / self.area if self.area > 0.0 else float("nan")


def zone_sums(weights: Vector, overload: Vector, concentration: Vector, limits: Vector, background: Vector) -> ZoneSums:
    """Overloaded area, capacity and concentration by class, each class judged by its own limit inside mixed cells.

    Parameters
    ----------
    weights : ndarray, shape (classes, n)
        Open-soil area of each class in each cell. [km²]
    overload : ndarray, shape (classes, n)
        1 where the mean lies above the limit, or the probability that it does. [1]
    concentration, background : ndarray, shape (n,)
        [mg kg⁻¹]
    limits : ndarray, shape (classes, n)
        [mg kg⁻¹], NaN without a limit.

    Returns
    -------
    ZoneSums
    """
    is_known = np.isfinite(concentration)
    known = np.where(is_known, weights, 0.0)
    has_limit = np.isfinite(limits)
    limited = np.where(has_limit, known, 0.0)
    room = np.where(has_limit, limits - background, 0.0)
    capable = np.where(room > 0.0, limited, 0.0)
    content = np.where(is_known, concentration, 0.0)
    left = np.where(has_limit, limits - content, 0.0)
    index = np.divide(left, room, out=np.zeros_like(room), where=capable > 0.0)
    return ZoneSums(
        area=weights.sum(axis=1),
        known=known.sum(axis=1),
        limited=limited.sum(axis=1),
        overload=(limited * np.where(limited > 0.0, overload, 0.0)).sum(axis=1),
        capable=capable.sum(axis=1),
        weighted_index=(capable * np.clip(index, -INDEX_BOUND, INDEX_BOUND)).sum(axis=1),
        room=(capable * room).sum(axis=1),
        left=(capable * left).sum(axis=1),
        content=known @ content,
    )


def zone_summary(sums: ZoneSums, row: int | None = None) -> ZoneSummary:
    """Summary of one class, or of all classes together.

    Parameters
    ----------
    sums : ZoneSums
    row : int, optional
        Row of the class; all when left out.

    Returns
    -------
    ZoneSummary
        Over land whose background lies below the limit: ``capacity_index`` is the area-weighted mean of the index, held
        within ± `INDEX_BOUND` so that soil of almost no capacity cannot dominate it; ``capacity_left`` is
        Σ w (C_lim − C) / Σ w (C_lim − C_bg), in which land with high limits weighs most.
    """
    total = {name: float(values.sum() if row is None else values[row]) for name, values in sums._asdict().items()}
    return ZoneSummary(
        area=total["area"],
        limited=total["limited"],
        overload=total["overload"],
        geogenic=total["limited"] - total["capable"],
        capacity_index=total["weighted_index"] / total["capable"] if total["capable"] > 0.0 else float("nan"),
        capacity_left=total["left"] / total["room"] if total["room"] > 0.0 else float("nan"),
        concentration=total["content"] / total["known"] if total["known"] > 0.0 else float("nan"),
    )


class Split(NamedTuple):
    """A change and its two parts, which add up to it."""

    start: float
    end: float
    by_concentration: float
    by_limit: float


def split_change(measure: Callable[[Any, Any], float], concentration: tuple[Any, Any], limit: tuple[Any, Any]) -> Split:
    """Split the change of a measure into that of the concentration and that of the limit.

    Parameters
    ----------
    measure : callable
        ``measure(concentration, limit)``, such as the overloaded share.
    concentration, limit : pair
        State at the start and at the end; the limit's state holds land use as well, which decides whose limit counts.

    Returns
    -------
    Split

    Notes
    -----
    Each part is the mean of its two orders (first it, then the other, and the reverse), so the parts add up exactly
    and neither is given the interaction. With an unchanged limit its part is 0.
    """
    (c0, c1), (l0, l1) = concentration, limit
    start, end, only_concentration, only_limit = measure(c0, l0), measure(c1, l1), measure(c1, l0), measure(c0, l1)
    return Split(
        start=start,
        end=end,
        by_concentration=0.5 * ((only_concentration - start) + (end - only_limit)),
        by_limit=0.5 * ((only_limit - start) + (end - only_concentration)),
    )
