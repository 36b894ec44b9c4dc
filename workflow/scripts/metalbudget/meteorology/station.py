"""From a study's hourly weather to AERMET's surface hours: the choices between its tables and the scheme."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from metalbudget.meteorology.aermet import surface_hours
from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours
from metalbudget.meteorology.surface import SurfaceCharacteristics, season_of


def study_hours(
    hourly: Mapping[str, NDArray],
    station: Mapping[str, float],
    year: int,
    roughness_m: float,
    parameters: Mapping[str, float],
) -> tuple[SurfaceHours, ProfileObservations]:
    """Boundary layer of a weather year over ground of one roughness, albedo and Bowen ratio by season.

    Parameters
    ----------
    hourly : mapping
        Of `weather_files.read`.
    station : mapping
        Of `weather_files.read_station`.
    year : int
        Where the table has none.
    roughness_m : float
        [m]
    parameters : mapping
        Rows of boundary_layer.csv.
    """
    hourly = dict(hourly)
    if "year" not in hourly or "day" not in hourly:
        dates = np.datetime64(f"{year}-01-01") + (hourly["day_of_year"] - 1).astype("timedelta64[D]")
        hourly["year"] = np.full(dates.size, year)
        hourly["day"] = (dates - dates.astype("datetime64[M]")).astype(int) + 1
    seasons = [season_of(month, southern=station["latitude_deg"] < 0.0) for month in range(1, 13)]
    around = SurfaceCharacteristics.monthly(
        [parameters[f"albedo_{season}"] for season in seasons],
        [parameters[f"bowen_ratio_{season}"] for season in seasons],
        roughness_m,
    )
    return surface_hours(hourly, station, around, parameters)


def hourly_table(hours: SurfaceHours) -> dict[str, NDArray]:
    """Columns of the boundary layer hour by hour, for the record; blank where a value is missing."""
    valid = hours.valid
    return {
        "month": hours.month,
        "day": hours.day,
        "hour": hours.hour,
        "friction_velocity_m_s": np.round(np.where(valid, hours.friction_velocity_m_s, np.nan), 4),
        "obukhov_length_m": np.round(np.where(valid, hours.obukhov_length_m, np.nan), 2),
        "convective_height_m": np.round(np.where(hours.convective, hours.convective_height_m, np.nan), 1),
        "mechanical_height_m": np.round(np.where(valid, hours.mechanical_height_m, np.nan), 1),
        "convective_velocity_m_s": np.round(np.where(hours.convective, hours.convective_velocity_m_s, np.nan), 4),
        "sensible_heat_w_m2": np.round(np.where(valid, hours.heat_flux_w_m2, np.nan), 2),
        "wind_speed_m_s": hours.wind_speed_m_s,
        "wind_direction_deg": np.round(hours.wind_direction_deg, 2),
        "rain_mm": hours.precipitation_mm_h,
        "used": valid.astype(int),
    }
