"""The columns' edge: a year's daily weather and the districts' irrigation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget import io, weather_files
from metalbudget.column import evapotranspiration, rainfall, response
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.landuse import SOIL_CLASSES

FilePath = str | Path


@dataclass(frozen=True, eq=False)
class Daily:
    """Daily weather of one year.

    Parameters
    ----------
    values : dict of str to ndarray, shape (d,)
        As `evapotranspiration.daily_weather` gives it, and ``et0``, the reference evapotranspiration [mm d⁻¹].
    month : ndarray of int, shape (d,)
        1..12.
    dates : list of str, length d
        ISO dates.
    hourly_rain : ndarray, shape (24 d,)
        [mm]
    """

    values: dict[str, NDArray[np.float64]]
    month: NDArray[np.int64]
    dates: list[str]
    hourly_rain: NDArray[np.float64]


def files_of(year: int, weather: Sequence[FilePath]) -> list[FilePath]:
    """Of several years' weather files those of one: its own table, or its EPW file and rain series."""
    return [path for path in weather if Path(path).stem in (str(year), f"{year}_rain")]


def read_daily(
    files: Sequence[FilePath],
    year: int,
    station: Mapping[str, float],
    rain_within_day: str = "hourly",
    tables: Mapping[str, Mapping[str, float]] | None = None,
) -> Daily:
    """Daily weather of one year with its reference evapotranspiration; refuses gaps.

    Rain falls in the hours of the file (``hourly``), or as a storm of ``storm_duration.csv`` around noon (``storms``).
    """
    hourly = weather_files.read(files, year)
    try:
        daily = evapotranspiration.daily_weather(hourly, station["anemometer_height_m"])
        month, dates = evapotranspiration.calendar(year, daily["rain"].size)
    except ValueError as error:
        raise InputError(str(error), file=files[0], expected="hourly rows of a whole year without gaps") from error
    daily["et0"] = evapotranspiration.reference_evapotranspiration(
        daily, dates, latitude_deg=station["latitude_deg"], elevation_m=station["elevation_m"]
    )
    rain = np.asarray(hourly["rain_mm"], dtype=float)
    if rain_within_day == "storms":
        rain = rainfall.storm_hours(daily["rain"], month, (tables or {})["storm_duration"])
    return Daily(daily, month, dates, rain)


def read_irrigation(agriculture: FilePath, districts: FilePath, district: FilePath, grid: Grid) -> NDArray[np.float64]:
    """Irrigation depth by class, weighted with the land area of the districts, shape (9,). [mm yr⁻¹]"""
    statistics = io.read_table(agriculture, text=("landuse_class", "crop"))
    known = io.read_table(districts, text=("name",))
    number = grid.compress(io.read_raster(district, grid))
    area = {
        name: float(np.count_nonzero(number == index))
        for name, index in zip(known["district_id"], known["index"], strict=True)
    }
    return response.mean_irrigation(
        SOIL_CLASSES,
        list(statistics["landuse_class"]),
        statistics["irrigation_m3_ha"],
        [area.get(name, 0.0) for name in statistics["district_id"]],
    )
