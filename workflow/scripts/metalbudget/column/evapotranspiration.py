"""Daily weather from hourly observations, and reference evapotranspiration from daily weather."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

HOURS = 24
MJ_PER_W_DAY = 0.0864  # exact: 1 W m⁻² over a day
KPA_PER_HPA = 0.1


def saturation_vapour_pressure(temperature: ArrayLike) -> NDArray[np.float64]:
    """Saturation vapour pressure over water from air temperature [°C]. [kPa]

    Notes
    -----
    Allen et al. (1998), FAO-56, equation 11.
    """
    temperature = np.asarray(temperature, dtype=float)
    return 0.6108 * np.exp(17.27 * temperature / (temperature + 237.3))


def wind_at_two_metres(speed: ArrayLike, height_m: float) -> NDArray[np.float64]:
    """Wind speed above short grass, from the anemometer's height to 2 m.

    Parameters
    ----------
    speed : array_like
        [m s⁻¹]
    height_m : float
        Height of the anemometer, above 0.5. [m]

    Returns
    -------
    ndarray
        [m s⁻¹]

    Notes
    -----
    Allen et al. (1998), FAO-56, equation 47.
    """
    if height_m <= 0.5:
        raise ValueError(f"the anemometer must stand above 0.5 m, got {height_m}")
    return np.asarray(speed, dtype=float) * 4.87 / np.log(67.8 * height_m - 5.42)


def daily_weather(hourly: Mapping[str, ArrayLike], anemometer_height_m: float) -> dict[str, NDArray[np.float64]]:
    """Daily sums and means of hourly weather.

    Parameters
    ----------
    hourly : mapping of name to array_like, shape (24 d,)
        ``temperature_c``, ``relative_humidity_pct``, ``pressure_hpa``, ``wind_speed_m_s``,
        ``global_radiation_w_m2``, ``rain_mm``; the first hour ends at 01:00 local standard time.
    anemometer_height_m : float
        [m]

    Returns
    -------
    dict of ndarray, shape (d,)
        ``rain`` [mm], ``tmin tmax tmean`` [°C], ``wind`` at 2 m [m s⁻¹], ``rh`` [%], ``radiation`` [MJ m⁻² d⁻¹],
        ``pressure`` [kPa], ``vapour_pressure`` [kPa].

    Raises
    ------
    ValueError
        If a series is not a whole number of days or has a gap.

    Notes
    -----
    The vapour pressure is the mean of the hourly ones, which FAO-56 prefers to one from daily mean humidity.
    """
    days: dict[str, NDArray[np.float64]] = {}
    for name in (
        "temperature_c",
        "relative_humidity_pct",
        "pressure_hpa",
        "wind_speed_m_s",
        "global_radiation_w_m2",
        "rain_mm",
    ):
        series = np.asarray(hourly[name], dtype=float)
        if series.size == 0 or series.size % HOURS:
            raise ValueError(f"{name} must cover whole days, got {series.size} hours")
        if not np.all(np.isfinite(series)):
            raise ValueError(f"{name} has a gap at hour {int(np.flatnonzero(~np.isfinite(series))[0]) + 1}")
        days[name] = series.reshape(-1, HOURS)
    humidity = np.clip(days["relative_humidity_pct"], 0.0, 100.0)
    temperature = days["temperature_c"]
    return {
        "rain": days["rain_mm"].sum(axis=1),
        "tmin": temperature.min(axis=1),
        "tmax": temperature.max(axis=1),
        "tmean": temperature.mean(axis=1),
        "wind": wind_at_two_metres(days["wind_speed_m_s"].mean(axis=1), anemometer_height_m),
        "rh": humidity.mean(axis=1),
        "radiation": np.maximum(days["global_radiation_w_m2"], 0.0).mean(axis=1) * MJ_PER_W_DAY,
        "pressure": days["pressure_hpa"].mean(axis=1) * KPA_PER_HPA,
        "vapour_pressure": (saturation_vapour_pressure(temperature) * humidity / 100.0).mean(axis=1),
    }


def calendar(year: int, days: int) -> tuple[NDArray[np.int64], list[str]]:
    """Months (1..12) and ISO dates of the days of a year.

    Parameters
    ----------
    year : int
    days : int
        365 or 366; in a leap year of 365 days (typical years have none) 29 February is left out.

    Returns
    -------
    months : ndarray of int, shape (days,)
    dates : list of str

    Raises
    ------
    ValueError
        If the year has no such number of days.
    """
    dates = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
    if days == 365 and dates.size == 366:
        dates = np.delete(dates, 59)
    if dates.size != days:
        raise ValueError(f"{year} has {dates.size} days, got {days}")
    return dates.astype("datetime64[M]").astype(int) % 12 + 1, [str(date) for date in dates]


def reference_evapotranspiration(
    daily: Mapping[str, ArrayLike], dates: Sequence[str], *, latitude_deg: float, elevation_m: float
) -> NDArray[np.float64]:
    """Reference evapotranspiration of short grass.

    Parameters
    ----------
    daily : mapping of name to array_like, shape (d,)
        ``tmin tmax tmean`` [°C], ``wind`` at 2 m [m s⁻¹], ``radiation`` [MJ m⁻² d⁻¹], ``vapour_pressure`` [kPa],
        and ``pressure`` [kPa] if it was measured.
    dates : sequence of str, length d
        ISO dates.
    latitude_deg : float
        [°]
    elevation_m : float
        [m]

    Returns
    -------
    ndarray, shape (d,)
        At least 0. [mm d⁻¹]

    Notes
    -----
    Penman–Monteith, Allen et al. (1998), FAO-56, equation 6, from the library pyet (Vremec et al. 2024,
    doi:10.5194/gmd-17-7083-2024). Soil heat flux is zero over a day; albedo 0.23.
    """
    import pandas as pd
    import pyet

    index = pd.DatetimeIndex(list(dates))
    series = {
        name: pd.Series(np.asarray(daily[name], dtype=float), index=index)
        for name in ("tmin", "tmax", "tmean", "wind", "radiation", "vapour_pressure", "pressure")
        if name in daily
    }
    result = pyet.pm_fao56(
        series["tmean"],
        series["wind"],
        rs=series["radiation"],
        tmax=series["tmax"],
        tmin=series["tmin"],
        ea=series["vapour_pressure"],
        pressure=series.get("pressure"),
        elevation=elevation_m,
        lat=np.deg2rad(latitude_deg),
    )
    return np.maximum(result.to_numpy(dtype=float), 0.0)
