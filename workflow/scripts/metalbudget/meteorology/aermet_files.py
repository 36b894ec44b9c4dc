"""Read and write the hourly files that AERMET makes and AERMOD reads: surface (.SFC) and profile (.PFL).

Layout, units and missing codes: US EPA, User's Guide for the AERMOD Meteorological Preprocessor (AERMET), appendix on
output files. Pressure is in millibar and profile temperature in degrees Celsius in the files, Pa and K here.
"""

import datetime
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError
from metalbudget.meteorology.aermet_checks import (
    MENDS,
    PROFILE_MENDS,
    broken_codes,
    level_problems,
    needed_problems,
    refuse,
    unit_problems,
)
from metalbudget.meteorology.aermet_checks import clean as checked
from metalbudget.meteorology.constants import KELVIN
from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours

PASCAL_PER_MILLIBAR = 100.0
CENTURY_SPLIT = 50  # two-digit years from 50 are of the 1900s, the others of the 2000s (AERMOD user's guide)
# Columns of a surface file after year, month, day, day of year and hour: what factor turns them into our unit,
# the codes that mean missing, and the physical range. Codes: AERMET user's guide, table of the surface file.
COLUMNS: dict[str, tuple[float, tuple[float, ...], float, float]] = {
    "heat_flux_w_m2": (1.0, (-999.0, -99999.0), -500.0, 1500.0),
    "friction_velocity_m_s": (1.0, (-9.0, -99.0, -999.0), 0.0, 5.0),
    "convective_velocity_m_s": (1.0, (-9.0, -99.0, -999.0), 0.0, 10.0),
    "lapse_above_k_m": (1.0, (-9.0, -99.0, -999.0), -0.1, 1.0),
    "convective_height_m": (1.0, (-9.0, -999.0), 0.0, 6000.0),
    "mechanical_height_m": (1.0, (-9.0, -999.0), 0.0, 10000.0),
    "obukhov_length_m": (1.0, (-99999.0,), -99998.0, 99998.0),
    "roughness_m": (1.0, (-9.0,), 0.0, 4.0),
    "bowen_ratio": (1.0, (-9.0,), -20.0, 100.0),
    "albedo": (1.0, (-9.0,), 0.0, 1.0),
    "wind_speed_m_s": (1.0, (99.0, 999.0, 9999.0, -9.0, -99.0, -999.0), 0.0, 50.0),
    "wind_direction_deg": (1.0, (999.0, 9999.0, -9.0, -99.0, -999.0), 0.0, 360.0),
    "anemometer_height_m": (1.0, (-9.0, -99.0, -999.0), 0.5, 1000.0),
    "temperature_k": (1.0, (999.0, 9999.0, 99999.0, -9.0, -99.0, -999.0), 180.0, 340.0),
    "temperature_height_m": (1.0, (-9.0, -99.0, -999.0), 0.1, 300.0),
    "precipitation_code": (1.0, (), -9999.0, 99999.0),
    "precipitation_mm_h": (1.0, (-9.0, -99.0, -999.0, 999.0), 0.0, 500.0),
    "relative_humidity_pct": (1.0, (999.0, -9.0, -99.0, -999.0), 0.0, 110.0),
    "pressure_pa": (PASCAL_PER_MILLIBAR, (99999.0, -9.0, -999.0), 400.0, 1100.0),
    "cloud_tenths": (1.0, (99.0, 999.0, -9.0, -99.0), 0.0, 10.0),
}
TIMES = ("year", "month", "day", "day_of_year", "hour")
# AERMOD takes these where a code below zero stands for a missing value; the columns' own codes act as they are written
# (found by experiment).
BELOW_ZERO = {"pressure_pa": 1000.0, "relative_humidity_pct": 0.0, "cloud_tenths": 0.0}
FEWEST_COLUMNS = len(TIMES) + 15  # files before the deposition quantities end with the height of the temperature
PRECIPITATION_CODE_MISSING = 99
# Columns of a profile file after the time: codes that mean missing, and the physical range.
LEVEL_COLUMNS: dict[str, tuple[tuple[float, ...], float, float]] = {
    "height_m": ((), 0.0, 5000.0),
    "top": ((), 0.0, 1.0),
    "wind_direction_deg": ((999.0, 9999.0, -9.0, -99.0, -999.0), 0.0, 360.0),
    "wind_speed_m_s": ((99.0, 999.0, 9999.0, -9.0, -99.0, -999.0), 0.0, 80.0),
    "temperature_k": ((99.0, 999.0, 9999.0, -99.0, -999.0, -9999.0), -90.0, 60.0),
    "sigma_theta_deg": ((99.0, 999.0, 9999.0, -9.0, -99.0, -999.0), 0.0, 180.0),
    "sigma_w_m_s": ((99.0, 999.0, 9999.0, -9.0, -99.0, -999.0), 0.0, 10.0),
}
# Without one of these an hour is missing.
NEEDED_COLUMNS = (
    "wind_speed_m_s",
    "wind_direction_deg",
    "temperature_k",
    "friction_velocity_m_s",
    "obukhov_length_m",
    "mechanical_height_m",
)


def read_surface(
    path: str | Path, *, year: int | None = None, deposition: bool = False, wet_deposition: bool = False
) -> SurfaceHours:
    """Hours of a surface file.

    Parameters
    ----------
    path : path
        A .SFC file as AERMET writes it.
    year : int, optional
        The file must hold every hour of this year and no other.
    deposition : bool
        Refuse a file without the columns behind the temperature's height, which deposition and depletion need.
    wet_deposition : bool
        Refuse a file whose precipitation is missing in every hour.

    Returns
    -------
    SurfaceHours

    Raises
    ------
    InputError
        If a row cannot be read, hours are repeated, out of order or absent, a value lies outside its physical range
        or stands in another unit; all problems of the values together.

    Notes
    -----
    Calm and missing hours are those AERMOD leaves out, see `calm_and_missing`.
    """
    lines = _lines(path)
    header = lines[0] if lines else ""
    latitude, longitude = _position(header, path)
    rows = _rows(lines, 2)
    if not rows:
        raise InputError("the file holds no hours", file=path, expected="a header line and one line an hour")
    count = min(len(TIMES) + len(COLUMNS), min(len(fields) for _, fields in rows))
    _check_lengths(rows, count, path)
    if count < FEWEST_COLUMNS:
        short = next(number for number, fields in rows if len(fields) < FEWEST_COLUMNS)
        raise InputError(
            "columns are missing",
            file=path,
            where=f"row {short}",
            found=f"{count} values",
            expected=f"{', '.join([*TIMES, *COLUMNS])}",
            mend="a surface file of AERMET has 25 numbers a row; the last five may be absent without deposition",
        )
    numbers = [number for number, _ in rows]
    # A row may end in text flags (NAD-SFC, NoSubs), which start after the numeric columns.
    while count > FEWEST_COLUMNS and not _is_number(rows[0][1][count - 1]):
        count -= 1
    if deposition and count < len(TIMES) + len(COLUMNS):
        raise InputError(
            "columns are missing that deposition and depletion need",
            file=path,
            where=f"row {rows[0][0]}",
            found=f"{count} numbers",
            expected=f"{len(TIMES) + len(COLUMNS)} numbers, to end with "
            + ", ".join(list(COLUMNS)[count - len(TIMES) :]),
            mend="run AERMET with precipitation, or take particles and gases out of the deck",
        )
    values = _numeric(rows, count, path)
    times = _times(values[:, [0, 1, 2, 4]], numbers, path)
    if np.any(values[:, 3] != [_day_of_year(*time[:3]) for time in times.tolist()]):
        wrong = int(np.argmax(values[:, 3] != [_day_of_year(*time[:3]) for time in times.tolist()]))
        raise InputError(
            "the day of the year does not belong to the date",
            file=path,
            where=f"row {numbers[wrong]}",
            found=f"{values[wrong, 3]:g}",
            expected=_day_of_year(*times[wrong, :3].tolist()),
        )
    _check_sequence(times, numbers, path, year)

    columns: dict[str, NDArray] = {}
    for position, name in enumerate(COLUMNS, len(TIMES)):
        columns[name] = values[:, position] if position < count else np.full(len(rows), np.nan)
    codes = columns.pop("precipitation_code")
    problems = broken_codes({"precipitation_code": codes, "cloud_tenths": columns["cloud_tenths"]}, numbers, path)
    for name, value in BELOW_ZERO.items():
        columns[name] = np.where(columns[name] < 0.0, value, columns[name])
    clean, out_of_range = checked(columns, numbers, path, COLUMNS, MENDS)
    problems.extend(out_of_range)
    problems.extend(unit_problems(clean, path))
    if wet_deposition and np.isnan(clean["precipitation_mm_h"]).all():
        problems.append(
            InputError(
                "wet deposition is asked for, but precipitation is missing in every hour",
                file=path,
                found="-9 in the column of precipitation",
                expected="mm in the hour, 0 without rain",
                mend="run AERMET with precipitation, or leave wet deposition out",
            )
        )
    calm, missing = calm_and_missing(clean)
    problems.extend(needed_problems(clean, ~(calm | missing), numbers, path))
    refuse(problems)
    code = np.where(np.isfinite(codes), codes, PRECIPITATION_CODE_MISSING).astype(np.int64)
    clean["pressure_pa"] = clean["pressure_pa"] * PASCAL_PER_MILLIBAR
    return SurfaceHours(
        year=times[:, 0],
        month=times[:, 1],
        day=times[:, 2],
        hour=times[:, 3],
        precipitation_code=code,
        calm=calm,
        missing=missing,
        adjusted_friction_velocity="ADJ_U*" in header,  # AERMOD minds the capitals
        latitude_deg=latitude,
        longitude_deg=longitude,
        **clean,
    )


def calm_and_missing(columns: dict[str, NDArray]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Hours that AERMOD leaves out.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (hours,)
        Columns of `SurfaceHours`, NaN where missing.

    Returns
    -------
    calm, missing : ndarray of bool

    Notes
    -----
    Calm: the wind speed is zero. Missing: wind speed or direction, temperature, u*, L or the height of the
    mechanical layer is missing, or in convective hours w* or the height of the convective layer (AERMOD user's guide,
    section on calm and missing data). A calm hour is not counted as missing.
    """
    calm = columns["wind_speed_m_s"] == 0.0
    absent = np.zeros(calm.shape, dtype=bool)
    for name in NEEDED_COLUMNS:
        absent |= np.isnan(columns[name])
    convective = columns["obukhov_length_m"] < 0.0
    for name in ("convective_velocity_m_s", "convective_height_m"):
        absent |= convective & np.isnan(columns[name])
    return calm, absent & ~calm


def read_profile(path: str | Path, hours: SurfaceHours) -> ProfileObservations:
    """Observations by height for the hours of a surface file.

    Parameters
    ----------
    path : path
        A .PFL file as AERMET writes it.
    hours : SurfaceHours
        Hours of the surface file that belongs to it; both must hold the same hours.

    Returns
    -------
    ProfileObservations

    Raises
    ------
    InputError
        If a row cannot be read, the hours differ from the surface file's, heights do not ascend, or a value lies
        outside its physical range.
    """
    rows = _rows(_lines(path), 1)
    if not rows:
        raise InputError("the file holds no hours", file=path, expected="at least one line an hour")
    expected = 4 + len(LEVEL_COLUMNS)
    for number, fields in rows:
        if len(fields) < expected:
            raise InputError(
                "columns are missing",
                file=path,
                where=f"row {number}",
                found=f"{len(fields)} values",
                expected=f"year, month, day, hour, {', '.join(LEVEL_COLUMNS)}",
            )
    values = _numeric(rows, expected, path)
    numbers = [number for number, _ in rows]
    times = _times(values[:, :4], numbers, path)
    starts = np.flatnonzero(np.r_[True, np.any(np.diff(times, axis=0) != 0, axis=1)])
    wanted = np.column_stack([hours.year, hours.month, hours.day, hours.hour])
    shared = min(starts.size, hours.size)
    differ = np.flatnonzero(np.any(times[starts[:shared]] != wanted[:shared], axis=1))
    if differ.size or starts.size != hours.size:
        hour = int(differ[0]) if differ.size else shared
        raise InputError(
            "the hours differ from those of the surface file",
            file=path,
            where=f"row {numbers[starts[hour]]}" if hour < starts.size else "end of the file",
            found=_text(times[starts[hour]]) if hour < starts.size else f"{starts.size} hours",
            expected=_text(wanted[hour]) if hour < hours.size else f"{hours.size} hours, as in the surface file",
            mend="take both files from the same run of AERMET",
        )
    columns = dict(zip(LEVEL_COLUMNS, values[:, 4:].T, strict=True))
    clean, problems = checked(columns, numbers, path, LEVEL_COLUMNS, PROFILE_MENDS)
    problems.extend(level_problems(clean, starts, numbers, path))
    refuse(problems)
    hour_of = np.repeat(np.arange(hours.size), np.diff(np.r_[starts, len(rows)]))
    level_of = np.arange(len(rows)) - starts[hour_of]
    descend = (level_of > 0) & np.r_[False, np.diff(clean["height_m"]) <= 0.0]
    if descend.any():
        row = int(np.argmax(descend))
        raise InputError(
            "the heights of an hour do not ascend",
            file=path,
            where=f"row {numbers[row]}",
            found=clean["height_m"][row],
            expected=f"above {clean['height_m'][row - 1]:g}",
        )
    clean["temperature_k"] = clean["temperature_k"] + KELVIN
    del clean["top"]
    shape = (hours.size, int(level_of.max()) + 1)

    def spread(column: NDArray) -> NDArray[np.float64]:
        table = np.full(shape, np.nan)
        table[hour_of, level_of] = column
        return table

    return ProfileObservations(**{name: spread(column) for name, column in clean.items()})


def write_surface(
    path: str | Path, hours: SurfaceHours, *, station: str = "99999", flags: str = "NAD-SFC NoSubs"
) -> None:
    """Write hours as a surface file.

    Parameters
    ----------
    path : path
    hours : SurfaceHours
    station : str
        Identifier in the header. [up to 8 characters]
    flags : str
        The two words AERMET ends a row with: origin of the wind and of substituted values.
    """
    adjusted = " ADJ_U*" if hours.adjusted_friction_velocity else ""
    latitude = f"{abs(hours.latitude_deg):9.3f}{'N' if hours.latitude_deg >= 0.0 else 'S'}"
    longitude = f"{abs(hours.longitude_deg):9.3f}{'E' if hours.longitude_deg >= 0.0 else 'W'}"
    header = (
        f"{latitude}{longitude}          UA_ID: {station:<8s}  SF_ID: {station:<8s}  OS_ID: {'':<8s}"
        f"     VERSION: {FORMAT_VERSION:<11s}{adjusted}"
    )
    _write(path, [header.rstrip(), *_surface_rows(hours, flags)])


def write_profile(path: str | Path, hours: SurfaceHours, observations: ProfileObservations) -> None:
    """Write observations by height as a profile file.

    Parameters
    ----------
    path : path
    hours : SurfaceHours
    observations : ProfileObservations
        Of the same hours; an hour without any level is written as one at anemometer height, all missing.
    """
    _write(path, list(_profile_rows(hours, observations)))


# The release of AERMET whose layout is written; AERMOD refuses files without one.
FORMAT_VERSION = "24142"
# Printed form of the columns of a surface file and what stands there when missing (AERMET user's guide).
SURFACE_FORMATS = {
    "heat_flux_w_m2": ("{:6.1f}", -999.0),
    "friction_velocity_m_s": ("{:6.3f}", -9.0),
    "convective_velocity_m_s": ("{:6.3f}", -9.0),
    "lapse_above_k_m": ("{:6.3f}", -9.0),
    "convective_height_m": ("{:4.0f}.", -999.0),
    "mechanical_height_m": ("{:4.0f}.", -999.0),
    "obukhov_length_m": ("{:8.1f}", -99999.0),
    "roughness_m": ("{:7.4f}", -9.0),
    "bowen_ratio": ("{:6.2f}", -9.0),
    "albedo": ("{:6.2f}", -9.0),
    "wind_speed_m_s": ("{:7.2f}", 999.0),
    "wind_direction_deg": ("{:6.1f}", 999.0),
    "anemometer_height_m": ("{:6.1f}", -9.0),
    "temperature_k": ("{:6.1f}", 999.0),
    "temperature_height_m": ("{:6.1f}", -9.0),
    "precipitation_code": ("{:5.0f}", 99.0),
    "precipitation_mm_h": ("{:6.2f}", -9.0),
    "relative_humidity_pct": ("{:5.0f}.", 999.0),
    "pressure_pa": ("{:5.0f}.", 99999.0),
    "cloud_tenths": ("{:5.0f}", 99.0),
}
PROFILE_MISSING = {
    "wind_direction_deg": ("{:7.1f}", 999.0),
    "wind_speed_m_s": ("{:8.2f}", 99.0),
    "temperature_k": ("{:8.2f}", 99.0),
    "sigma_theta_deg": ("{:8.2f}", 99.0),
    "sigma_w_m_s": ("{:8.2f}", 99.0),
}


def _surface_rows(hours: SurfaceHours, flags: str) -> Iterator[str]:
    printed = []
    for name, (form, missing) in SURFACE_FORMATS.items():
        values = np.asarray(getattr(hours, name), dtype=float)
        if name == "pressure_pa":
            values = values / PASCAL_PER_MILLIBAR
        printed.append([form.format(missing if np.isnan(value) else value) for value in values.tolist()])
    dates = zip(hours.year.tolist(), hours.month.tolist(), hours.day.tolist(), hours.hour.tolist(), strict=True)
    for (year, month, day, hour), *values in zip(dates, *printed, strict=True):
        number = _day_of_year(year, month, day)
        yield f"{year % 100:02d} {month:2d} {day:2d} {number:3d} {hour:2d} {' '.join(values)} {flags}"


def _profile_rows(hours: SurfaceHours, observations: ProfileObservations) -> Iterator[str]:
    for position in range(hours.size):
        levels = np.flatnonzero(np.isfinite(observations.height_m[position])).tolist()
        date = f"{hours.year[position] % 100:02d} {hours.month[position]:2d} {hours.day[position]:2d}"
        start = f"{date} {hours.hour[position]:2d}"
        if not levels:
            absent = " ".join(form.format(missing) for form, missing in PROFILE_MISSING.values())
            height = hours.anemometer_height_m[position]
            yield f"{start} {10.0 if np.isnan(height) else height:7.1f} 1 {absent}"
        for level in levels:
            values = []
            for name, (form, missing) in PROFILE_MISSING.items():
                value = getattr(observations, name)[position, level]
                if name == "temperature_k":
                    value = value - KELVIN
                values.append(form.format(missing if np.isnan(value) else value))
            top = int(level == levels[-1])
            yield f"{start} {observations.height_m[position, level]:7.1f} {top} {' '.join(values)}"


def _write(path: str | Path, lines: list[str]) -> None:
    """Write lines beside the target and rename, so that a killed run leaves nothing that looks finished."""
    target = Path(path)
    part = target.with_name(f".{target.name}.part")
    part.write_text("\n".join(lines) + "\n", encoding="ascii")
    part.replace(target)


def _lines(path: str | Path) -> list[str]:
    try:
        return Path(path).read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise InputError("the file cannot be read", file=path, found=error.strerror or error) from error


def _position(header: str, path: str | Path) -> tuple[float, float]:
    """Latitude and longitude of a header such as ``41.300N   74.000W``."""
    found = []
    for field, signs in zip(header.split()[:2], ({"N": 1.0, "S": -1.0}, {"E": 1.0, "W": -1.0}), strict=False):
        sign = signs.get(field[-1:].upper())
        if sign is not None and _is_number(field[:-1]):
            found.append(sign * float(field[:-1]))
    if len(found) != 2 or "VERSION:" not in header.upper():
        raise InputError(
            "the first line is not the header of a surface file",
            file=path,
            where="row 1",
            found=header[:80].strip() or "an empty line",
            expected="latitude, longitude and VERSION, such as 41.300N 74.000W … VERSION: 24142",
        )
    return found[0], found[1]


def _rows(lines: list[str], first: int) -> list[tuple[int, list[str]]]:
    """Numbers of the lines that say something, and their values; a file of DOS may end in its sign for the end."""
    rows = [(number, line.replace(",", " ").split()) for number, line in enumerate(lines[first - 1 :], first)]
    return [(number, fields) for number, fields in rows if fields and fields != ["\x1a"]]


def _check_lengths(rows: list[tuple[int, list[str]]], count: int, path: str | Path) -> None:
    """A row that is shorter than the others is cut short; AERMOD would read its columns as missing, or stop."""
    usual = min(max(len(fields) for _, fields in rows), len(TIMES) + len(COLUMNS))
    short = next((number for number, fields in rows if len(fields) < usual), None)
    if count < usual and count >= FEWEST_COLUMNS and short is not None and _is_number(rows[0][1][usual - 1]):
        raise InputError(
            "a row has fewer values than the others",
            file=path,
            where=f"row {short}",
            found=f"{len(dict(rows)[short])} values",
            expected=f"at least {usual}, as in the other rows",
            mend="the file may be cut short: write it anew",
        )


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _numeric(rows: list[tuple[int, list[str]]], count: int, path: str | Path) -> NDArray[np.float64]:
    try:
        values = np.array([fields[:count] for _, fields in rows], dtype=float)
    except ValueError:
        values = np.full((1, 1), np.nan)
    if np.isfinite(values).all():
        return values
    number, fields = next(row for row in rows if not all(map(_is_number, row[1][:count])))
    wrong = next(position for position in range(count) if not _is_number(fields[position]))
    raise InputError(
        "not a number",
        file=path,
        where=f"row {number}, value {wrong + 1}",
        found=fields[wrong],
        expected=f"{count} numbers in each row",
    )


def _times(values: NDArray, numbers: list[int], path: str | Path) -> NDArray[np.int64]:
    """Year with its century, month, day, hour; refuses dates that do not exist."""
    times = np.clip(values, -1.0e6, 1.0e6).astype(np.int64)
    two_digits = times[:, 0] < 100
    times[two_digits, 0] += np.where(times[two_digits, 0] < CENTURY_SPLIT, 2000, 1900)
    valid: dict[tuple[int, ...], bool] = {}
    for row, (year, month, day, hour) in enumerate(times.tolist()):
        date = (year, month, day)
        if date not in valid:
            valid[date] = _exists(*date)
        if not valid[date] or not 1 <= hour <= 24 or np.any(values[row] % 1.0) or values[row, 0] > 9999.0:
            raise InputError(
                "not a date and hour",
                file=path,
                where=f"row {numbers[row]}",
                found=" ".join(f"{value:g}" for value in values[row]),
                expected="year month day hour, hours from 1 to 24",
            )
    return times


def _exists(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return True


def _day_of_year(year: int, month: int, day: int) -> int:
    return datetime.date(year, month, day).timetuple().tm_yday


def _serial(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Running number of the hour."""
    return np.array([datetime.date(*row[:3]).toordinal() * 24 + row[3] - 1 for row in times.tolist()], dtype=np.int64)


def _text(time: NDArray[np.int64]) -> str:
    return f"{time[0]}-{time[1]:02d}-{time[2]:02d} hour {time[3]}"


def _check_sequence(times: NDArray[np.int64], numbers: list[int], path: str | Path, year: int | None) -> None:
    """Refuse repeated, unordered and absent hours."""
    serial = _serial(times)
    step = np.diff(serial)
    if np.any(step != 1):
        row = int(np.argmax(step != 1)) + 1
        if step[row - 1] == 0:
            problem = "an hour stands twice"
        elif step[row - 1] < 0 or np.any(serial[row:] == serial[row - 1] + 1):
            problem = "the hours are not in order"
        else:
            problem = f"{step[row - 1] - 1} hour(s) are missing"
        following = datetime.date.fromordinal(int(serial[row - 1] + 1) // 24)
        raise InputError(
            problem,
            file=path,
            where=f"row {numbers[row]}",
            found=_text(times[row]),
            expected=f"{following.isoformat()} hour {int(serial[row - 1] + 1) % 24 + 1}",
            mend="write every hour once and in order; an hour without observations has its missing codes",
        )
    if year is not None:
        first = datetime.date(year, 1, 1).toordinal() * 24
        last = datetime.date(year + 1, 1, 1).toordinal() * 24 - 1
        if serial[0] != first or serial[-1] != last:
            at_start = serial[0] != first
            raise InputError(
                f"the file does not hold the whole year {year}",
                file=path,
                where=f"row {numbers[0 if at_start else -1]}",
                found=f"{_text(times[0])} to {_text(times[-1])}, {serial.size} hours",
                expected=f"{year}-01-01 hour 1 to {year}-12-31 hour 24, {last - first + 1} hours",
            )
