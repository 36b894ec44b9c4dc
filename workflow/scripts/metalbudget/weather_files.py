"""Hourly weather from a user's files: the study's own CSV, or EPW with a separate rain series."""

import contextlib
import datetime
from collections.abc import Mapping, Sequence
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
NEVER_ALL_MISSING = ("temperature_c", "wind_speed_m_s", "wind_direction_deg")
ONE_OF = ("cloud_cover_tenths", "global_radiation_w_m2")
# A year whose largest value stays below this is in another unit: what it then most often is.
SMALLEST_GREATEST = {
    "relative_humidity_pct": (1.0, "multiply a fraction by 100"),
    "global_radiation_w_m2": (100.0, "multiply MJ per m² and hour by 277.8, kilowatts by 1000"),
    "rain_mm": (0.1, "multiply metres by 1000; gauges count tenths of a millimetre"),
    "wind_direction_deg": (6.3, "multiply radians by 57.3"),
}
LARGEST_CLOCK_ERROR_H = 2.0  # of the radiation's middle against the sun's noon: cloudy mornings shift it by less
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
EPW_HEADER_ROWS = 8
SHORT_YEAR = 8760
LEAP_DAY = slice(59 * 24, 60 * 24)  # hours of 29 February
STATION = ("longitude_deg", "latitude_deg", "elevation_m", "anemometer_height_m", "utc_offset_h")


def read(files: Sequence[str | Path], year: int, station: Mapping[str, float] | None = None) -> dict[str, NDArray]:
    """Hourly weather of a year in order.

    Parameters
    ----------
    files : sequence of path
        ``{year}.csv``, or ``{year}.epw`` and ``{year}_rain.csv`` in any order.
    year : int
    station : mapping, optional
        Of `read_station`: the sun of the radiation series must stand where its clock says.

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
    result = {
        "year": np.full(hours.size, year),
        "day_of_year": hours // 24 + 1,
        "month": np.repeat([date.month for date in dates], 24),
        "day": np.repeat([date.day for date in dates], 24),
        "hour": hours % 24 + 1,
        **{name: np.asarray(columns[name], dtype=float) for name in COLUMNS},
    }
    if station is not None:
        _check_clock(result, place, station)
    return result


def read_station(path: str | Path) -> dict[str, float]:
    """The weather station's position and anemometer height from a table of one row."""
    table = io.read_table(path)
    absent = [name for name in STATION if name not in table]
    if absent:
        raise InputError("columns are missing", file=path, found=list(table), expected=", ".join(STATION))
    if len(table[STATION[0]]) != 1:
        raise InputError("the table must hold one station", file=path, found=len(table[STATION[0]]), expected=1)
    wrong = [name for name in STATION if table[name].dtype == object or not np.isfinite(table[name][0])]
    if wrong:
        raise InputError(
            "a value of the station is not a number", file=path, where=f"{wrong[0]}, row 2", found=table[wrong[0]][0]
        )
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
    start = datetime.datetime(year, 1, 1)
    before = None
    for number, (hour, text) in enumerate(zip(hours.tolist(), columns["time"], strict=False)):
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
        if time.tzinfo is not None:
            raise InputError(
                "a time has a zone",
                file=path,
                where=f"row {number + 2}",
                found=text,
                expected=f"{time.replace(tzinfo=None).isoformat()}, in the local standard time of the station",
                mend="turn the hours into local standard time, and leave the zone out",
            )
        wanted = start + datetime.timedelta(hours=hour + 1)
        if time != wanted:
            later = time > wanted and time.minute == wanted.minute and time.second == 0
            raise InputError(
                "an hour stands twice"
                if time == before
                else f"{(time - wanted) // datetime.timedelta(hours=1)} hour(s) are missing"
                if later and columns["time"].size < hours.size
                else "the hours are not in order",
                file=path,
                where=f"row {number + 2}",
                found=f"{text}, in a table of {columns['time'].size} rows",
                expected=f"{wanted.isoformat()} (hour ending, local standard time), in {hours.size} rows",
                mend="write every hour once and in order, with blank fields where an observation is missing",
            )
        before = time
    if columns["time"].size != hours.size:
        raise InputError(
            "the year does not have all its hours",
            file=path,
            where=f"row {columns['time'].size + 1}, the last",
            found=f"{columns['time'].size} rows",
            expected=f"{hours.size} rows, one an hour; blank fields where an observation is missing",
        )


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
        bad = np.flatnonzero(~np.isnan(values) & ((values < low) | (values > high)))
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
        elif (slip := _small_unit(name, values)) is not None:
            problems.append(
                InputError(
                    "a year's largest value is too small for the column's unit",
                    file=path,
                    where=name,
                    found=f"at most {np.nanmax(values):g}",
                    expected=f"{low:g}..{high:g}",
                    mend=slip,
                )
            )
        elif name in NEVER_ALL_MISSING and np.isnan(values).all():
            problems.append(InputError("a column is missing in every hour", file=path, where=name, expected="numbers"))
        if name in NEVER_MISSING and np.isnan(values).any():
            row = int(np.flatnonzero(np.isnan(values))[0]) + 2
            problems.append(
                InputError("rain is missing", file=path, where=f"row {row}", expected="a number, 0 without rain")
            )
    if all(name in columns and columns[name].dtype != object and np.isnan(columns[name]).all() for name in ONE_OF):
        problems.append(
            InputError(
                "neither clouds nor radiation are known in any hour",
                file=path,
                where=", ".join(ONE_OF),
                expected="one of the two: they say how strongly the sun stirs the air",
            )
        )
    if problems:
        raise problems[0] if len(problems) == 1 else InputErrors(problems)


def _small_unit(name: str, values: NDArray) -> str | None:
    """How to mend a column whose values are too small for its unit; None where they are not."""
    if np.isnan(values).all():
        return None
    greatest = float(np.nanmax(values))
    if name == "cloud_cover_tenths":
        known = values[np.isfinite(values)]
        return "multiply a fraction by 10" if greatest <= 1.0 and np.any(known != np.round(known)) else None
    least, mend = SMALLEST_GREATEST.get(name, (0.0, ""))
    return mend if 0.0 < greatest < least or (name == "relative_humidity_pct" and greatest == least) else None


def _check_clock(columns: dict[str, NDArray], path: Path, station: Mapping[str, float]) -> None:
    """Refuse a radiation series whose middle of the day is not the sun's noon: its clock is another zone's."""
    shine = np.nan_to_num(columns["global_radiation_w_m2"])
    if shine.sum() <= 0.0:
        return
    angle = 2.0 * np.pi * (columns["hour"] - 0.5) / 24.0
    middle = np.arctan2(np.sum(shine * np.sin(angle)), np.sum(shine * np.cos(angle))) * 24.0 / (2.0 * np.pi)
    noon = 12.0 - station["longitude_deg"] / 15.0 + station["utc_offset_h"]
    error = (middle - noon + 12.0) % 24.0 - 12.0
    if abs(error) > LARGEST_CLOCK_ERROR_H:
        raise InputError(
            "the sun of the radiation series does not stand where its clock says",
            file=path,
            where="global_radiation_w_m2",
            found=f"the middle of the days is at {middle % 24.0:.1f} h",
            expected=f"about {noon % 24.0:.1f} h, the sun's noon at {station['longitude_deg']:g}° and UTC"
            f"{station['utc_offset_h']:+g} h",
            mend="write local standard time, and its offset in the table of the station",
        )


def _read_epw(path: Path, rain: Path | None, year: int) -> dict[str, NDArray]:
    from pvlib.iotools import read_epw

    if rain is None:
        raise InputError("an EPW file needs a rain series beside it", file=path, expected=f"{path.stem}_rain.csv")
    if not path.exists():
        raise InputError("the file does not exist", file=path, expected="an EPW file")
    try:
        data, _ = read_epw(str(path), coerce_year=year)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, StopIteration) as error:
        raise InputError(
            "the file cannot be read as EPW",
            file=path,
            found=str(error).splitlines()[0][:120] if str(error) else type(error).__name__,
            expected="eight lines of header and 35 fields for each hour",
        ) from error
    _check_epw_hours(data, path)
    columns = {}
    for name, (field, divisor, missing_from) in EPW_FIELDS.items():
        values = _epw_numbers(data[field].to_numpy(), field, path) / divisor
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


def _check_epw_hours(data, path: Path) -> None:
    """Every row an hour later than the one before; from the end of February of a typical year to March a day more."""
    step = np.diff(data.index.to_numpy()) // np.timedelta64(1, "h")
    leap = (data.index.month[1:] == 3) & (data.index.month[:-1] == 2)
    wrong = np.flatnonzero((step != 1) & ~(leap & (step == 25)))
    if wrong.size and len(data) == SHORT_YEAR:
        row = int(wrong[0]) + 1
        raise InputError(
            "the hours are not in order",
            file=path,
            where=f"row {row + 1 + EPW_HEADER_ROWS}",
            found=f"{data.index[row]:%m-%d %H:%M} behind {data.index[row - 1]:%m-%d %H:%M}",
            expected="every hour of the year once and in order",
        )


def _epw_numbers(values: NDArray, field: str, path: Path) -> NDArray[np.float64]:
    """A field of every hour; EPW has codes for what is missing, and leaves nothing blank."""
    numbers = np.full(values.size, np.nan)
    for row, value in enumerate(values.tolist()):
        with contextlib.suppress(TypeError, ValueError):
            numbers[row] = float(value)
        if not np.isfinite(numbers[row]):
            raise InputError(
                "a field of an EPW row is not a number",
                file=path,
                where=f"{field}, row {row + 1 + EPW_HEADER_ROWS}",
                found=value,
                expected="a number, or EPW's code for a missing one such as 99.9 or 9999",
            )
    return numbers


def _to_calendar(values: NDArray, year: int, fill: float | None = None) -> NDArray:
    """Typical years have 365 days: 29 February of a leap year repeats the 28th, or holds `fill`."""
    if values.size != SHORT_YEAR or hours_of(year) == SHORT_YEAR:
        return values
    start, length = LEAP_DAY.start, LEAP_DAY.stop - LEAP_DAY.start
    day = values[start - length : start] if fill is None else np.full(length, fill)
    return np.concatenate([values[:start], day, values[start:]])
