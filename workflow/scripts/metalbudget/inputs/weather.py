"""Hourly weather: one CSV a year, or an EPW file with a rain series beside it."""

import calendar
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError
from metalbudget.inputs import tables
from metalbudget.inputs.schema import table_schema
from metalbudget.inputs.tables import Table, named_rows
from metalbudget.weather_files import EPW_FIELDS

ANNUAL_RAIN_MM = (50.0, 10000.0)
# A year's mean wind at 10 m: the windiest stations outside Antarctica, on islands of the roaring forties, stay below.
ANNUAL_WIND_M_S = 10.0
# A year's highest hour of radiation: a clear noon in summer gives twice as much, to the polar circles.
BRIGHTEST_HOUR_W_M2 = 400.0
POLAR_CIRCLE_DEG = 66.5
# By how much the middle of the day's radiation may miss the sun's noon: haze and sea breeze shift it by less.
CLOCK_TOLERANCE_H = 1.25
# By how much a year's mean pressure may miss the standard atmosphere's at the station: real means stay within 3 %.
PRESSURE_TOLERANCE = 0.06
EPW_ZONE_TOLERANCE_H = 0.5
EPW_POSITION_TOLERANCE_DEG = 0.5


def check_year(folder: Path, year: int, problems: list[InputError], station: Table | None = None) -> Table | None:
    """Check the weather of one year, an EPW file also against the station; its table (for an EPW file, the rain's)."""
    own = f"weather/{year}.csv"
    epw = f"weather/{year}.epw"
    rain = f"weather/{year}_rain.csv"
    if not (folder / own).is_file() and (folder / epw).is_file():
        hours = _check_epw(folder / epw, epw, problems, station)
        table = tables.read(folder, rain, "weather_rain", problems)
        if table is not None:
            check_hours(table, year, problems, short_leap_year=hours == 8760)
            check_rain(table, problems)
        return table
    if not (folder / own).is_file():
        at_hand = sorted(path.name for path in (folder / "weather").glob("*") if path.name != "station.csv")
        problems.append(
            InputError(
                f"no weather for {year}",
                file=own,
                found=f"files in weather/: {', '.join(at_hand) or 'none'}",
                expected=f"{own}, or {epw} with {rain}",
                mend="add the file, or take the year out of weather.years and weather.of_year",
            )
        )
        return None
    table = tables.read(folder, own, "weather", problems)
    if table is not None:
        check_hours(table, year, problems)
        check_rain(table, problems)
        _check_shares(table, problems)
        if station is not None and station.n:
            check_against_station(table, station, problems)
    return table


def check_hours(table: Table, year: int, problems: list[InputError], short_leap_year: bool = False) -> None:
    """Report hours that are missing, repeated, out of order or of another year."""
    if not table.has("time") or not table.n:
        return
    text = table.text["time"]
    times, bad = parse_times(text)
    if bad.any():
        tables.report_rows(
            table,
            bad,
            "wrong date: not an ISO time without zone",
            problems,
            column="time",
            expected=f"a time like {year}-01-01T01:00, the end of the hour in local standard time",
        )
        return
    hours = 8784 if calendar.isleap(year) and not short_leap_year else 8760
    start = np.datetime64(f"{year}-01-01T01:00", "m")
    offset = times - start
    expected = start + np.arange(8784 if calendar.isleap(year) else 8760) * np.timedelta64(60, "m")
    if short_leap_year and calendar.isleap(year):  # typical years have no 29 February
        lasting = (expected <= np.datetime64(f"{year}-02-29T00:00", "m")) | (
            expected > np.datetime64(f"{year}-03-01T00:00", "m")
        )
        expected = expected[lasting]
    foreign = ~np.isin(times, expected)
    if foreign.any():
        minutes = offset[foreign].astype(np.int64)
        problems.append(
            InputError(
                "a time is not a full hour of the year",
                file=table.file,
                where=f"{table.rows(foreign)}, column time",
                found=tables.shown_values(text[foreign]),
                expected=f"hour ends from {expected[0]} to {expected[-1]}",
                mend="the file counts hour beginnings; write the end of each hour"
                if minutes.size == 1 and minutes[0] == -60
                else "local standard time all year, without summer time, on the full hour",
            )
        )
    repeated = tables.duplicates([times])
    if not repeated.any():  # the table's key reports equal texts; here equal times in another spelling count too
        steps = np.diff(times[~foreign])
        if (steps < np.timedelta64(0, "m")).any():
            first = np.flatnonzero(steps < np.timedelta64(0, "m"))
            problems.append(
                InputError(
                    "the hours are not in order",
                    file=table.file,
                    where=named_rows(table.row[~foreign][first + 1]),
                    found=f"{times[~foreign][first[0] + 1]} after {times[~foreign][first[0]]}",
                    expected="each row one hour after the row before",
                    mend="sort the table by time",
                )
            )
    missing = expected[~np.isin(expected, times)]
    if missing.size:
        problems.append(
            InputError(
                f"{missing.size} hour{'s are' if missing.size > 1 else ' is'} missing",
                file=table.file,
                where="column time",
                found=f"{table.n} rows; no row for {tables.shown_values(missing)}",
                expected=f"{hours} rows, one an hour",
                mend="fill the gaps, and say so in provenance.csv",
            )
        )


def parse_times(text: NDArray[np.str_]) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """ISO times in minutes and which could not be read, both shape (n,)."""
    compact = np.char.replace(text, " ", "T")
    times = np.full(text.shape, np.datetime64("NaT"), dtype="datetime64[m]")
    # Without a time of day, or with a zone, the text is not an hour's end in local standard time.
    plausible = (np.char.str_len(compact) >= 16) & ~np.char.endswith(compact, "Z") & (np.char.count(compact, "+") == 0)
    try:
        times[plausible] = compact[plausible].astype("datetime64[s]").astype("datetime64[m]")
    except ValueError:
        for position in np.flatnonzero(plausible):
            try:
                times[position] = np.datetime64(str(compact[position]), "s")
            except ValueError:
                continue
    return times, np.isnat(times)


def check_rain(table: Table, problems: list[InputError]) -> None:
    """Report a year's rain that no place on a coast like this has."""
    if "rain_mm" not in table.number or not table.n:
        return
    total = float(np.nansum(table.number["rain_mm"]))
    low, high = ANNUAL_RAIN_MM
    if low <= total <= high or not np.isfinite(table.number["rain_mm"]).any():
        return
    hints = {"m": 1000.0, "cm": 10.0, "tenths of a millimetre": 0.1}
    likely = [unit for unit, factor in hints.items() if 400.0 <= total * factor <= 4000.0]
    problems.append(
        InputError(
            "the rain of the year is out of range",
            file=table.file,
            where="column rain_mm",
            found=f"{total:.4g} mm in the year",
            expected=f"{low:g} to {high:g} mm",
            mend=f"the values look like {likely[0]}; convert them to mm" if likely else None,
        )
    )


def _check_shares(table: Table, problems: list[InputError]) -> None:
    """Report columns that are shares where percent or tenths are meant: no year is that dry or clear."""
    for name, unit in (("relative_humidity_pct", "percent"), ("cloud_cover_tenths", "tenths")):
        values = table.number.get(name)
        if values is None or not np.isfinite(values).any():
            continue
        highest = float(np.nanmax(values))
        if 0.0 < highest <= 1.0:
            problems.append(
                InputError(
                    "the whole year is out of range",
                    file=table.file,
                    where=f"column {name}",
                    found=f"a maximum of {highest:g}",
                    expected=f"{unit}: {table_schema('weather')['properties'][name]['description']}",
                    mend=f"the values look like shares between 0 and 1; convert them to {unit}",
                )
            )


def check_against_station(table: Table, station: Table, problems: list[InputError]) -> None:
    """Report a year of wind, radiation or pressure that no such station can have: another unit, or another clock.

    Each value of such a year may be possible, so that no bound of a column sees the mistake.
    """
    place = {name: float(values[0]) for name, values in station.number.items()}
    _check_wind(table, place.get("anemometer_height_m", np.nan), problems)
    latitude = place.get("latitude_deg", np.nan)
    if abs(latitude) < POLAR_CIRCLE_DEG and _check_brightness(table, problems):
        _check_clock(table, place.get("longitude_deg", np.nan), place.get("utc_offset_h", np.nan), problems)
    _check_pressure(table, place.get("elevation_m", np.nan), problems)


def _complete(table: Table, name: str) -> NDArray[np.float64] | None:
    """A numeric column, if nothing in it was refused or is blank."""
    values = table.number.get(name)
    return values if values is not None and values.size and bool(np.isfinite(values).all()) else None


def _check_wind(table: Table, height_m: float, problems: list[InputError]) -> None:
    wind = _complete(table, "wind_speed_m_s")
    if wind is None or not np.isfinite(height_m):
        return
    highest = ANNUAL_WIND_M_S * max(1.0, height_m / 10.0) ** (1.0 / 7.0)  # the power law over open land
    mean = float(wind.mean())
    if mean > highest:
        problems.append(
            InputError(
                "the wind of the year is out of range",
                file=table.file,
                where="column wind_speed_m_s",
                found=f"a mean of {mean:.3g} m/s",
                expected=f"at most {highest:.3g} m/s at {height_m:g} m above ground",
                mend="the values look like km/h or knots; convert them to m/s (a summit's wind stands for no region)",
            )
        )


def _check_brightness(table: Table, problems: list[InputError]) -> bool:
    """Report radiation that is too weak for a whole year; whether the column can be looked at further."""
    radiation = _complete(table, "global_radiation_w_m2")
    if radiation is None:
        return False
    brightest = float(radiation.max())
    if brightest >= BRIGHTEST_HOUR_W_M2:
        return True
    hints = {"MJ/m2 per hour": 1.0e6 / 3600.0, "J/cm2 per hour": 1.0e4 / 3600.0}
    likely = [unit for unit, factor in hints.items() if 600.0 <= brightest * factor <= 1400.0]
    problems.append(
        InputError(
            "the radiation of the year is out of range",
            file=table.file,
            where="column global_radiation_w_m2",
            found=f"a maximum of {brightest:.3g} W/m2",
            expected=f"hours above {BRIGHTEST_HOUR_W_M2:g} W/m2 in any year between the polar circles",
            mend=f"the values look like {likely[0]}; convert them to W/m2" if likely else None,
        )
    )
    return False


def _check_clock(table: Table, longitude_deg: float, offset_h: float, problems: list[InputError]) -> None:
    """Report a year whose days are not where the sun puts them: UTC, summer time, or a wrong sign of the offset.

    The radiation's mean hour on the circle of the day is held against the sun's mean noon, 12 h plus the offset less
    longitude / 15; the equation of time cancels over a year.
    """
    radiation = _complete(table, "global_radiation_w_m2")
    times, bad = parse_times(table.text["time"]) if table.has("time") else (np.zeros(0), np.ones(1, dtype=bool))
    if radiation is None or bad.any() or not np.isfinite([longitude_deg, offset_h]).all():
        return
    minutes = (times - times.astype("datetime64[D]")).astype(np.float64) - 30.0  # the middle of each hour
    mean = np.sum(radiation * np.exp(2j * np.pi * minutes / 1440.0))
    found = float(np.angle(mean) / (2.0 * np.pi) * 24.0) % 24.0
    noon = (12.0 + offset_h - longitude_deg / 15.0) % 24.0
    shift = (found - noon + 12.0) % 24.0 - 12.0
    if abs(shift) <= CLOCK_TOLERANCE_H:
        return
    problems.append(
        InputError(
            "the hours are not those of the station's clock",
            file=table.file,
            where="columns time and global_radiation_w_m2",
            found=f"radiation around {_clock(found)}",
            expected=f"around {_clock(noon)}, the sun's noon at {longitude_deg:g} degrees east "
            f"and utc_offset_h {offset_h:g} of weather/station.csv",
            mend=f"the hours look like those of a clock {abs(shift):.1f} h {'ahead' if shift > 0 else 'behind'}: "
            "write local standard time (not UTC), or correct utc_offset_h (east of Greenwich is positive)",
        )
    )


def _clock(hour: float) -> str:
    minutes = round(hour * 60.0) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _check_pressure(table: Table, elevation_m: float, problems: list[InputError]) -> None:
    """Report pressures that are reduced to sea level or in another unit.

    The reference is the ICAO standard atmosphere, p = 1013.25 hPa (1 - z / 44,331 m)^5.2559.
    """
    pressure = _complete(table, "pressure_hpa")
    if pressure is None or not np.isfinite(elevation_m):
        return
    standard = 1013.25 * (1.0 - elevation_m / 44331.0) ** 5.2559
    mean = float(pressure.mean())
    if abs(mean / standard - 1.0) <= PRESSURE_TOLERANCE:
        return
    hints = {"mmHg": 1.33322, "inches of mercury": 33.8639, "pressures reduced to sea level": standard / 1013.25}
    likely = [unit for unit, factor in hints.items() if abs(mean * factor / standard - 1.0) <= 0.03]
    problems.append(
        InputError(
            "the pressure of the year is not that of the station's elevation",
            file=table.file,
            where="column pressure_hpa",
            found=f"a mean of {mean:.4g} hPa",
            expected=f"about {standard:.4g} hPa, the standard atmosphere's at elevation_m {elevation_m:g}",
            mend=f"the values look like {likely[0]}; write the station's own pressure in hPa"
            if likely
            else "correct the column, or elevation_m in weather/station.csv",
        )
    )


def _check_epw(path: Path, file: str, problems: list[InputError], station: Table | None) -> int:
    """Check an EPW file and return its number of hours."""
    from pvlib.iotools import read_epw

    try:
        data, header = read_epw(path)
    except (ValueError, IndexError, KeyError, UnicodeDecodeError) as error:
        problems.append(
            InputError("the file cannot be read as EPW", file=file, found=error, expected="an EnergyPlus weather file")
        )
        return 0
    _check_epw_header(header, file, station, problems)
    if len(data) not in (8760, 8784):
        problems.append(
            InputError("the file is not a full year", file=file, found=f"{len(data)} hours", expected="8760 or 8784")
        )
    properties: dict[str, Any] = table_schema("weather")["properties"]
    for ours, (theirs, divisor, _) in EPW_FIELDS.items():
        values = data[theirs].to_numpy(dtype=float) / divisor
        column = properties[ours]
        with np.errstate(invalid="ignore"):
            outside = ~((values >= column["minimum"]) & (values <= column["maximum"]))
        if outside.any():
            problems.append(
                InputError(
                    "a value is missing or out of range",
                    file=file,
                    where=f"{named_rows(np.flatnonzero(outside) + 9)}, field {theirs}",
                    found=tables.shown_values(f"{value:g}" for value in values[outside]),
                    expected=f"{column['minimum']:g} to {column['maximum']:g} {column['unit']}: "
                    f"{column['description']}",
                    mend="fill the missing hours of the EPW file",
                )
            )
    return len(data)


def _check_epw_header(header: Mapping[str, Any], file: str, station: Table | None, problems: list[InputError]) -> None:
    """Report an EPW file whose clock or place is not the station's: its hours would be shifted against the sun."""
    if station is None or not station.n:
        return
    for column, key, name, tolerance, unit in (
        ("utc_offset_h", "TZ", "time zone", EPW_ZONE_TOLERANCE_H, "h"),
        ("longitude_deg", "longitude", "longitude", EPW_POSITION_TOLERANCE_DEG, "degree"),
        ("latitude_deg", "latitude", "latitude", EPW_POSITION_TOLERANCE_DEG, "degree"),
    ):
        if column not in station.number or not np.isfinite(station.number[column][0]):
            continue
        own, theirs = float(station.number[column][0]), float(header[key])
        difference = abs(theirs - own)
        if key == "longitude":
            difference = min(difference, 360.0 - difference)
        if not difference <= tolerance:
            problems.append(
                InputError(
                    f"the EPW file's {name} is not the station's",
                    file=file,
                    where="row 1 (LOCATION)",
                    found=f"{theirs:g} {unit}",
                    expected=f"{own:g} {unit}, as {column} in weather/station.csv, within {tolerance:g} {unit}",
                    mend=f"correct {column} in weather/station.csv if it is wrong, else take this station's EPW file",
                )
            )
