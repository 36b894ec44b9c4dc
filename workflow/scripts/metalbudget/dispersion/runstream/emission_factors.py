"""Emissions that change in time: tabled factors by season, month, hour, weekday or wind speed, and hourly files."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion.runstream.lines import Problems
from metalbudget.errors import InputError
from metalbudget.meteorology.hours import SurfaceHours

# Number of factors of each EMISFACT variation, AERMOD User's Guide, SO EMISFACT.
FACTORS = {
    "SEASON": 4,
    "MONTH": 12,
    "HROFDY": 24,
    "WSPEED": 6,
    "SEASHR": 4 * 24,
    "HRDOW": 3 * 24,
    "HRDOW7": 7 * 24,
    "SHRDOW": 3 * 4 * 24,
    "SHRDOW7": 7 * 4 * 24,
    "MHRDOW": 3 * 12 * 24,
    "MHRDOW7": 7 * 12 * 24,
}
# Values behind the name of a source: emission, and if they change exit temperature and velocity of a stack, or release
# height and initial spreads of others. AERMOD refuses other numbers of them.
_COUNTS = {"point": (0, 3), "volume": (0, 1, 4), "area": (0, 1, 3)}


@dataclass(frozen=True)
class Variation:
    """Factors on a source's emission.

    Parameters
    ----------
    kind : str
        A key of `FACTORS`.
    factors : tuple of float
        Hours vary fastest, then months or seasons, then days of the week.
    """

    kind: str
    factors: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class HourlyEmission:
    """One source's lines of a file of hourly emissions.

    Parameters
    ----------
    emission : ndarray, shape (hours,)
        [g s⁻¹, or the unit of the deck]
    state : ndarray, shape (hours, 2 or 3)
        Of a stack temperature [K] and velocity [m s⁻¹]; of others height and initial spreads [m]. NaN where not given.
    """

    emission: NDArray[np.float64]
    state: NDArray[np.float64]


def factor(variation: Variation, hours: SurfaceHours, wind_categories_m_s: Sequence[float]) -> NDArray[np.float64]:
    """What the emission of each hour is multiplied by.

    Parameters
    ----------
    variation : Variation
    hours : SurfaceHours
    wind_categories_m_s : sequence of 5 float
        Upper bounds of the wind speed categories, which belong to the lower one. [m s⁻¹]

    Returns
    -------
    ndarray, shape (hours,)
        [1]

    Notes
    -----
    Seasons are winter (December to February), spring, summer, autumn; of three kinds of day come working days,
    Saturday, Sunday; of seven Monday to Sunday. An hour without wind speed counts as the lowest category: it is
    missing, and adds nothing.
    """
    hour, month = np.asarray(hours.hour) - 1, np.asarray(hours.month) - 1
    season = ((month + 1) % 12) // 3
    kind = variation.kind
    if kind == "WSPEED":
        speed = np.nan_to_num(np.asarray(hours.wind_speed_m_s, dtype=float))
        index = np.searchsorted(np.asarray(wind_categories_m_s), speed, side="left")
    elif kind in ("SEASON", "MONTH", "HROFDY"):
        index = {"SEASON": season, "MONTH": month, "HROFDY": hour}[kind]
    elif kind == "SEASHR":
        index = season * 24 + hour
    else:
        weekday = _weekday(hours)
        day = weekday if kind.endswith("7") else np.maximum(weekday - 4, 0)
        none = np.zeros_like(hour)
        within, per_day = {"H": (none, 24), "S": (season * 24, 96), "M": (month * 24, 288)}[kind[0]]
        index = day * per_day + within + hour
    return np.asarray(variation.factors)[index]


def _weekday(hours: SurfaceHours) -> NDArray[np.int64]:
    """Day of the week of each hour, 0 for Monday."""
    days: dict[tuple[int, int, int], int] = {}
    result = np.empty(len(hours.hour), dtype=np.int64)
    for row, key in enumerate(zip(hours.year.tolist(), hours.month.tolist(), hours.day.tolist(), strict=True)):
        if key not in days:
            days[key] = datetime.date(_full(key[0]), key[1], key[2]).weekday()
        result[row] = days[key]
    return result


def _full(year: int) -> int:
    """A year of four digits; of two it lies in 1950 to 2049."""
    return year if year >= 100 else year + (1900 if year >= 50 else 2000)


def read_hourly(
    path: Path, kinds: Mapping[str, str], hours: SurfaceHours, used: NDArray[np.bool_], problems: Problems
) -> dict[str, HourlyEmission]:
    """Read a file of hourly emissions: `SO HOUREMIS year month day hour source emission ...`.

    Parameters
    ----------
    path : Path
    kinds : mapping of str to str
        The sources that take their emission from this file, and their kind.
    hours : SurfaceHours
    used : ndarray of bool, shape (hours,)
        Every one of these hours must be there.
    problems : Problems

    Returns
    -------
    dict of str to HourlyEmission
        A line without emission counts as none.
    """
    row_of = {
        (_full(int(year)), int(month), int(day), int(hour)): row
        for row, (year, month, day, hour) in enumerate(zip(hours.year, hours.month, hours.day, hours.hour, strict=True))
    }
    by_name = {name.upper(): name for name in kinds}
    last = dict.fromkeys(kinds, -1)
    refused: set[str] = set()
    emission = {name: np.full(len(hours.hour), np.nan) for name in kinds}
    state = {name: np.full((len(hours.hour), 2 if kinds[name] == "point" else 3), np.nan) for name in kinds}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        words = [word for word in line.split() if word.upper() not in ("SO", "HOUREMIS")]
        if not words or words[0].startswith("**"):
            continue
        where = f"line {number}"
        try:
            moment = tuple(int(word) for word in words[:4])
            name = by_name.get(words[4].upper())
            values = [float(word) for word in words[5:]]
        except (ValueError, IndexError):
            refused.update(kinds)
            problems.add(
                InputError(
                    "a line of hourly emissions cannot be read",
                    file=path,
                    where=where,
                    found=line.strip()[:80],
                    expected="SO HOUREMIS year month day hour source emission [temperature velocity]",
                )
            )
            continue
        if name is None:
            refused.update(kinds)
            problems.add(
                InputError(
                    "a line of hourly emissions is of another source",
                    file=path,
                    where=where,
                    found=words[4],
                    expected=", ".join(kinds),
                    mend="name every source of the file in SO HOUREMIS, or take its lines out",
                )
            )
            continue
        row = row_of.get((_full(moment[0]), *moment[1:]))  # type: ignore[arg-type]
        problem = _wrong(kinds[name], values) or _misplaced(row, last[name])
        if row is not None:
            last[name] = row
        if problem:
            refused.add(name)
            problems.add(InputError(problem, file=path, where=where, found=line.strip()[:80]))
            continue
        if row is None:
            continue  # an hour that the weather file does not have
        emission[name][row] = values[0] if values else 0.0
        state[name][row, : max(len(values) - 1, 0)] = values[1:]
    for name, series in emission.items():
        absent = np.flatnonzero(np.isnan(series) & used)
        if absent.size and name not in refused:
            first = absent[0]
            problems.add(
                InputError(
                    f"the hourly emission of source {name} lacks {absent.size} hour(s) of the run",
                    file=path,
                    found=f"nothing for {hours.year[first]}-{hours.month[first]}-{hours.day[first]} "
                    f"hour {hours.hour[first]}, to begin with",
                )
            )
    return {name: HourlyEmission(np.nan_to_num(emission[name]), state[name]) for name in kinds}


def _misplaced(row: int | None, last: int) -> str | None:
    """What is wrong with the place of a line among its source's."""
    if row is None or row > last:
        return None
    return "an hour of hourly emissions stands twice" if row == last else "hourly emissions are not in order"


def _wrong(kind: str, values: list[float]) -> str | None:
    """What is wrong with the values of a line."""
    if not all(np.isfinite(values)):
        return "an hourly emission is not a number"
    if values and values[0] < 0.0:
        return "an hourly emission is negative"
    if len(values) not in _COUNTS[kind]:
        return f"an hourly emission of a {kind} source has {len(values)} values"
    if len(values) > 1 and min(values[2:] if kind == "point" else values[1:]) < 0.0:
        return "an hourly exit velocity, release height or initial spread is negative"
    return None
