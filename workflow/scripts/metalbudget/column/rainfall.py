"""Rain within the day, and what of it reaches the soil."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget import runoff

HOURS = 24
# Daily sums at which the rain of a day is called moderate, heavy and a storm (GB/T 28592-2012). [mm]
RAIN_CLASSES = {"light": 0.0, "moderate": 10.0, "heavy": 25.0, "storm": 50.0}


@dataclass(frozen=True, eq=False)
class Records:
    """A year cut where rain begins and ends: every wet hour by itself, the dry hours of a day between them together.

    Parameters
    ----------
    days : ndarray, shape (m,)
        Length of each record. [d]
    rain : ndarray, shape (m,)
        Of the station. [mm]
    day : ndarray of int, shape (m,)
        Day that a record belongs to, from 0.
    month : ndarray of int, shape (d,)
        Of the days, 1..12.
    """

    days: NDArray[np.float64]
    rain: NDArray[np.float64]
    day: NDArray[np.int64]
    month: NDArray[np.int64]

    @property
    def daily_rain(self) -> NDArray[np.float64]:
        """Shape (d,). [mm d⁻¹]"""
        return np.bincount(self.day, self.rain, self.month.size).astype(float)


def records_of(hourly_rain: ArrayLike, month: ArrayLike) -> Records:
    """Cut a year of hourly rain into records.

    Parameters
    ----------
    hourly_rain : array_like, shape (24 d,)
        [mm]
    month : array_like of int, shape (d,)
        1..12.

    Returns
    -------
    Records
    """
    hourly = np.asarray(hourly_rain, dtype=float)
    month = np.asarray(month, dtype=np.int64)
    if hourly.size != HOURS * month.size:
        raise ValueError(f"{month.size} days have {HOURS * month.size} hours, got {hourly.size}")
    wet = hourly > 0.0
    begins = np.ones(hourly.size, dtype=bool)
    begins[1:] = wet[1:] | wet[:-1]
    begins[::HOURS] = True
    first = np.flatnonzero(begins)
    return Records(
        days=np.diff(np.append(first, hourly.size)) / HOURS,
        rain=np.add.reduceat(hourly, first),
        day=first // HOURS,
        month=month,
    )


def storm_hours(daily_rain: ArrayLike, month: ArrayLike, duration_h: Mapping[str, float]) -> NDArray[np.float64]:
    """Spread daily rain evenly over the usual duration of the day's rain, around noon.

    Parameters
    ----------
    daily_rain : array_like, shape (d,)
        [mm d⁻¹]
    month : array_like of int, shape (d,)
        1..12.
    duration_h : mapping
        Rows ``month/class`` of ``storm_duration.csv``, with the classes of `RAIN_CLASSES`. [h]

    Returns
    -------
    ndarray, shape (24 d,)
        Its sum over a day is the daily rain. [mm]
    """
    rain = np.asarray(daily_rain, dtype=float)
    names = list(RAIN_CLASSES)
    limits = np.array([RAIN_CLASSES[name] for name in names])
    kind = np.searchsorted(limits, rain, side="right") - 1
    hours = np.array(
        [float(duration_h[f"{number}/{names[k]}"]) for number, k in zip(np.asarray(month), kind, strict=True)]
    )
    if np.any((hours < 1.0) | (hours > HOURS)):
        raise ValueError("storms last 1 to 24 hours")
    length = np.round(hours).astype(int)[:, None]
    start = (HOURS - length) // 2
    hour = np.arange(HOURS)[None, :]
    return np.where((hour >= start) & (hour < start + length), rain[:, None] / length, 0.0).ravel()


@dataclass(frozen=True, eq=False)
class Reaching:
    """Water at the surface of c columns over m records.

    Parameters
    ----------
    rain : ndarray, shape (c, m)
        What reaches the soil. [mm]
    shed, intercepted : ndarray, shape (c, m)
        Runoff by curve number, and water that the canopy holds and evaporates. [mm]
    """

    rain: NDArray[np.float64]
    shed: NDArray[np.float64]
    intercepted: NDArray[np.float64]


def reaching_soil(
    records: Records,
    factor: ArrayLike,
    interception: ArrayLike,
    demand: ArrayLike,
    curve_number: ArrayLike | None,
    bunded: ArrayLike,
    initial_abstraction_ratio: float = runoff.CLASSIC_RATIO,
) -> Reaching:
    """Take from the rain of each day what runs off by curve number and what the canopy holds.

    Parameters
    ----------
    records : Records
    factor : array_like, shape (c,)
        Rain relative to the station. [1]
    interception : array_like, shape (c,)
        Most that the canopy holds and evaporates in a day. [mm d⁻¹]
    demand : array_like, shape (c, d)
        Potential evapotranspiration, which interception does not exceed. [mm d⁻¹]
    curve_number : array_like, shape (c,), or None
        None where the column itself decides what runs off. [1]
    bunded : array_like of bool, shape (c, d)
        Days on which bunds hold the rain: the curve number is then not used.
    initial_abstraction_ratio : float
        0.2 or 0.05. [1]

    Returns
    -------
    Reaching
        The three add up to the rain of each record.

    Notes
    -----
    Within the day runoff follows the rain that has fallen so far, Q(t) = Q(P(t)) (USDA NEH part 630, chapter 10:
    excess of a storm from its mass curve), so its daily sum is `runoff.daily_runoff`. The canopy fills first of what
    is left.
    """
    factor = np.asarray(factor, dtype=float)[:, None]
    gross = factor * records.rain
    fallen = _within_day(gross, records.day)
    shed = np.zeros_like(gross)
    if curve_number is not None:
        numbers = np.asarray(curve_number, dtype=float)[:, None]
        total = runoff.daily_runoff(fallen, numbers, initial_abstraction_ratio)
        total = np.where(np.asarray(bunded)[:, records.day], 0.0, total)
        shed = np.minimum(_increments(total, records.day), gross)
    left = _within_day(gross - shed, records.day)
    held = np.minimum(np.asarray(interception, dtype=float)[:, None], np.asarray(demand, dtype=float))[:, records.day]
    intercepted = np.minimum(_increments(np.minimum(left, held), records.day), gross - shed)
    return Reaching(gross - shed - intercepted, shed, intercepted)


def _within_day(values: NDArray[np.float64], day: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums from the beginning of each day."""
    total = np.zeros_like(values)
    first = np.flatnonzero(np.diff(day, prepend=-1))
    last = np.append(first[1:], day.size)
    for start, end in zip(first, last, strict=True):
        np.cumsum(values[:, start:end], axis=1, out=total[:, start:end])
    return total


def _increments(total: NDArray[np.float64], day: NDArray[np.int64]) -> NDArray[np.float64]:
    """The reverse of `_within_day`, at least 0."""
    result = np.diff(total, axis=1, prepend=0.0)
    first = np.flatnonzero(np.diff(day, prepend=-1))
    result[:, first] = total[:, first]
    return np.maximum(result, 0.0)
