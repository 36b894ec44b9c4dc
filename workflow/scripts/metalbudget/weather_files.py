"""Hourly weather from a user's files: the study's own CSV, or EPW with a separate rain series."""

import datetime
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget import io
from metalbudget.errors import InputError, InputErrors

COLUMNS = {
    "temperature_c": (-60.0, 60.0),
    "relative_humidity_pct": (0.0, 110.0),
    "pressure_hpa": (500.0, 1100.0),
    "wind_speed_m_s": (0.0, 90.0),
    "wind_direction_deg": (0.0, 360.0),
    "cloud_cover_tenths": (0.0, 10.0),
    "global_radiation_w_m2": (0.0, 1600.0),
    "rain_mm": (0.0, 300.0),
}
NEVER_MISSING = ("rain_mm",)
GREATEST_MEAN_WIND_M_S = 15.0  # above it no weather station's year lies; in km/h or knots years do
# What a value outside its range most often is.
MENDS = {
    "temperature_c": "the column holds degrees Celsius: take 273.15 from kelvin",
    "pressure_hpa": "the column holds hPa: divide pascal by 100, multiply kilopascal by 10",
    "wind_speed_m_s": "the column holds m/s: multiply knots by 0.5144, divide km/h by 3.6",
    "wind_direction_deg": "leave the field blank where the direction is missing or variable",
    "cloud_cover_tenths": "the column holds tenths of the sky: divide percent by 10, multiply oktas by 1.25",
}
# Fields of an EPW file under pvlib's names, what divides them into our unit, and the value that means missing.
EPW_FIELDS = {
    "temperature_c": ("temp_air", 1.0, 99.8),
    "relative_humidity_pct": ("relative_humidity", 1.0, 998.0),
    "pressure_hpa": ("atmospheric_pressure", 100.0, 9999.0),
    "wind_speed_m_s": ("wind_speed", 1.0, 998.0),
    "wind_direction_deg": ("wind_direction", 1.0, 998.0),
    "cloud_cover_tenths": ("total_sky_cover", 1.0, 98.0),
    "global_radiation_w_m2": ("ghi", 1.0, 9998.0),
}
SHORT_YEAR = 8760
LEAP_DAY = slice(59 * 24, 60 * 24)  # hours of 29 February
STATION = ("longitude_deg", "latitude_deg", "elevation_m", "anemometer_height_m", "utc_offset_h")


def read(files: Sequence[str | Path], year: int) -> dict[str, NDArray]:
    """Hourly weather of a year in order.

    Parameters
    ----------
    files : sequence of path
        ``{year}.csv``, or ``{year}.epw`` and ``{year}_rain.csv`` in any order.
    year : int

    Returns
    -------
    dict of str to ndarray, shape (hours,)
        year, month, day, day_of_year, hour (1..24, hour ending, local standard time) and the columns of the CSV; NaN
        is missing.

    Raises
    ------
    InputError
        If hours are missing, out of order or out of range, or a column is absent; all problems of a file together.
    """
    by_suffix = {Path(file).suffix.lower(): Path(file) for file in files}
    if ".epw" in by_suffix:
        columns = _read_epw(by_suffix[".epw"], by_suffix.get(".csv"), year)
        place = by_suffix[".epw"]
    else:
        place = by_suffix[".csv"]
        columns = io.read_table(place, text=("time",))
        _check_times(columns, place, year)
    _check_columns(columns, place)
    start = datetime.datetime(year, 1, 1)
    hours = np.arange(columns["rain_mm"].size)
    dates = [start + datetime.timedelta(days=day) for day in range(hours.size // 24)]
    return {
        "year": np.full(hours.size, year),
        "day_of_year": hours // 24 + 1,
        "month": np.repeat([date.month for date in dates], 24),
        "day": np.repeat([date.day for date in dates], 24),
        "hour": hours % 24 + 1,
        **{name: np.asarray(columns[name], dtype=float) for name in COLUMNS},
    }


def read_station(path: str | Path) -> dict[str, float]:
    """The weather station's position and anemometer height from a table of one row."""
    table = io.read_table(path)
    absent = [name for name in STATION if name not in table]
    if absent:
        raise InputError("columns are missing", file=path, found=list(table), expected=", ".join(STATION))
    if len(table["station_id"]) != 1:
        raise InputError("the table must hold one station", file=path, found=len(table["station_id"]), expected=1)
    return {name: float(table[name][0]) for name in STATION}


def hours_of(year: int) -> int:
    """Hours of a calendar year."""
    return (datetime.date(year + 1, 1, 1) - datetime.date(year, 1, 1)).days * 24


def _check_times(columns: dict[str, NDArray], path: Path, year: int, short: bool = False) -> None:
    """Refuse hours that are missing or out of order; a `short` series may lack 29 February."""
    if "time" not in columns:
        raise InputError("a column is missing", file=path, found=list(columns), expected="time")
    hours = np.arange(hours_of(year))
    if short and columns["time"].size == SHORT_YEAR < hours.size:
        hours = np.delete(hours, LEAP_DAY)
    if columns["time"].size != hours.size:
        raise InputError(
            "the year does not have all its hours",
            file=path,
            found=f"{columns['time'].size} rows",
            expected=f"{hours.size} rows, one an hour; blank fields where an observation is missing",
        )
    start = datetime.datetime(year, 1, 1)
    before = None
    for number, (hour, text) in enumerate(zip(hours.tolist(), columns["time"], strict=True)):
        try:
            time = datetime.datetime.fromisoformat(str(text))
        except ValueError as error:
            raise InputError(
                "not a time",
                file=path,
                where=f"row {number + 2}",
                found=text,
                expected="such as 2018-01-01T01:00",
            ) from error
        wanted = start + datetime.timedelta(hours=hour + 1)
        if time.replace(tzinfo=None) != wanted:
            raise InputError(
                "an hour stands twice" if time == before else "the hours are not in order",
                file=path,
                where=f"row {number + 2}",
                found=text,
                expected=f"{wanted.isoformat()} (hour ending, local standard time)",
            )
        before = time


def _check_columns(columns: dict[str, NDArray], path: Path) -> None:
    problems: list[InputError] = []
    for name, (low, high) in COLUMNS.items():
        if name not in columns:
            problems.append(InputError("a column is missing", file=path, where=name, expected=name))
            continue
        values = columns[name]
        if values.dtype == object:
            problems.append(InputError("a column is not numeric", file=path, where=name, expected="numbers"))
            continue
        bad = np.flatnonzero(np.isfinite(values) & ((values < low) | (values > high)))
        if bad.size:
            problems.append(
                InputError(
                    "a value is out of range",
                    file=path,
                    where=f"{name}, row {bad[0] + 2}",
                    found=values[bad[0]],
                    expected=f"{low:g}..{high:g}",
                    mend=MENDS.get(name),
                )
            )
        elif name == "wind_speed_m_s" and np.isfinite(values).any() and np.nanmean(values) > GREATEST_MEAN_WIND_M_S:
            problems.append(
                InputError(
                    "the mean wind speed is too high for metres per second",
                    file=path,
                    where=name,
                    found=f"{np.nanmean(values):.1f}",
                    expected=f"at most {GREATEST_MEAN_WIND_M_S:g}",
                    mend=MENDS[name],
                )
            )
        if name in NEVER_MISSING and np.isnan(values).any():
            row = int(np.flatnonzero(np.isnan(values))[0]) + 2
            problems.append(
                InputError("rain is missing", file=path, where=f"row {row}", expected="a number, 0 without rain")
            )
    if problems:
        raise problems[0] if len(problems) == 1 else InputErrors(problems)


def _read_epw(path: Path, rain: Path | None, year: int) -> dict[str, NDArray]:
    from pvlib.iotools import read_epw

    if rain is None:
        raise InputError("an EPW file needs a rain series beside it", file=path, expected=f"{path.stem}_rain.csv")
    if not path.exists():
        raise InputError("the file does not exist", file=path, expected="an EPW file")
    data, _ = read_epw(str(path), coerce_year=year)
    columns = {}
    for name, (field, divisor, missing_from) in EPW_FIELDS.items():
        values = data[field].to_numpy(dtype=float) / divisor
        # EPW writes 99.9, 999 or 9999 where nothing was observed
        columns[name] = _to_calendar(np.where(values >= missing_from, np.nan, values), year)
    wet = io.read_table(rain, text=("time",))
    _check_times(wet, rain, year, short=len(data) == SHORT_YEAR)
    if "rain_mm" not in wet:
        raise InputError("a column is missing", file=rain, found=list(wet), expected="rain_mm")
    columns["rain_mm"] = _to_calendar(wet["rain_mm"], year, fill=0.0)
    if columns["temperature_c"].size != hours_of(year):
        raise InputError(
            "the year does not have all its hours",
            file=path,
            found=f"{columns['temperature_c'].size} rows",
            expected=f"{hours_of(year)} rows",
        )
    return columns


def _to_calendar(values: NDArray, year: int, fill: float | None = None) -> NDArray:
    """Typical years have 365 days: 29 February of a leap year repeats the 28th, or holds `fill`."""
    if values.size != SHORT_YEAR or hours_of(year) == SHORT_YEAR:
        return values
    start, length = LEAP_DAY.start, LEAP_DAY.stop - LEAP_DAY.start
    day = values[start - length : start] if fill is None else np.full(length, fill)
    return np.concatenate([values[:start], day, values[start:]])
