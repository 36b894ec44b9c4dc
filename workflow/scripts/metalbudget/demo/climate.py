"""Hourly weather of a station on the Zhejiang coast, and how rain varies over the region.

Monthly normals of temperature, humidity, pressure and wind are those of the typical year of Hongjia (WMO
58665, 28.62 N 121.42 E); monthly rain is the ITU-R P.837-7 climatology there (1,530 mm). Plum rain in
May-June and typhoon rain in August-September follow from them. Everything between the hours is drawn.
"""

import numpy as np
from numpy.typing import NDArray

from metalbudget.demo.fields import stream
from metalbudget.demo.landscape import Landscape

_TEMPERATURE_C = (7.4, 8.3, 11.7, 16.8, 20.9, 24.6, 28.0, 27.6, 24.4, 19.9, 15.3, 9.3)
_HUMIDITY_PCT = (75.0, 76.0, 78.0, 82.0, 83.0, 86.0, 84.0, 84.0, 81.0, 77.0, 77.0, 74.0)
_PRESSURE_HPA = (1024.6, 1022.7, 1018.7, 1014.7, 1011.0, 1006.8, 1006.3, 1006.9, 1012.4, 1018.0, 1021.5, 1024.8)
MONTHLY_RAIN_MM = (58.0, 73.0, 126.0, 134.0, 171.0, 220.0, 139.0, 223.0, 194.0, 84.0, 74.0, 45.0)
_WET_DAYS = (0.33, 0.40, 0.52, 0.52, 0.52, 0.57, 0.40, 0.45, 0.42, 0.28, 0.29, 0.26)
_CLOUD_TENTHS = (6.0, 6.8, 7.2, 7.2, 7.3, 7.8, 6.0, 5.9, 6.1, 5.2, 5.5, 5.2)
# Monsoon wind: eastward and northward component of the seasonal mean. [m/s]
_WIND_EAST = (0.9, 0.7, 0.4, 0.0, -0.1, 0.0, -0.3, -0.4, 0.1, 0.6, 0.8, 1.0)
_WIND_NORTH = (-2.0, -1.8, -1.1, -0.3, 0.4, 0.8, 1.5, 0.5, -1.3, -1.8, -1.8, -2.0)
# Potential evapotranspiration of a month. [mm]
MONTHLY_EVAPORATION_MM = (34.0, 38.0, 58.0, 82.0, 104.0, 110.0, 148.0, 140.0, 104.0, 84.0, 55.0, 38.0)
UTC_OFFSET_H = 8.0


def hourly_weather(year: int, longitude: float, latitude: float, elevation_m: float, seed: int) -> dict[str, NDArray]:
    """Draw one calendar year of hourly weather.

    Parameters
    ----------
    year : int
        Calendar year.
    longitude, latitude : float
        Station. [degree]
    elevation_m : float
        Elevation of the station. [m]
    seed : int

    Returns
    -------
    dict of str to ndarray, shape (8760 or 8784,)
        ``time`` (ISO text, end of the hour, local standard time), ``temperature_c``,
        ``relative_humidity_pct``, ``pressure_hpa``, ``wind_speed_m_s``, ``wind_direction_deg``,
        ``cloud_cover_tenths``, ``global_radiation_w_m2``, ``rain_mm``.
    """
    rng = stream(seed, f"weather {year}")
    start = np.datetime64(f"{year}-01-01T00:00")
    hours = int((np.datetime64(f"{year + 1}-01-01T00:00") - start) / np.timedelta64(1, "h"))
    end_of_hour = start + (np.arange(hours) + 1) * np.timedelta64(1, "h")
    days = hours // 24
    day_of_year = np.arange(days)
    month_of_day = (start.astype("datetime64[D]") + day_of_year).astype("datetime64[M]").astype(int) % 12
    hour = (np.arange(hours) % 24) + 0.5
    np.repeat(month_of_day, 24)

    def season(values) -> NDArray[np.float64]:
        """Monthly normals, smooth over the hours of the year."""
        middles = (np.arange(-1, 13) + 0.5) * hours / 12.0
        return np.interp(np.arange(hours), middles, np.concatenate([values[-1:], values, values[:1]]))

    cos_zenith = _cos_zenith(np.repeat(day_of_year, 24), hour, longitude, latitude)
    storm = _typhoons(rng, hours)
    rain = _rain(rng, month_of_day, hour, days, storm)
    wet = rain > 0.05

    cloudiness = _autoregression(rng, hours, 0.93)
    cloud = np.clip(season(_CLOUD_TENTHS) - 0.8 + 4.2 * cloudiness, 0.0, 10.0)
    cloud = np.where(wet, np.maximum(cloud, 9.0), cloud)
    cloud = np.where(storm["strength"] > 0.2, np.maximum(cloud, 8.0), cloud)
    cloud = np.round(cloud)
    # Clear-sky radiation of Haurwitz (1945) and the cloud factor of Kasten and Czeplak (1980).
    clear = np.where(cos_zenith > 0.0, 1098.0 * cos_zenith * np.exp(-0.057 / np.maximum(cos_zenith, 0.02)), 0.0)
    haze = np.clip(0.87 + 0.05 * np.repeat(_autoregression(rng, days, 0.6), 24), 0.7, 1.0)
    radiation = clear * haze * (1.0 - 0.75 * (cloud / 10.0) ** 3.4) * np.where(wet, 0.75, 1.0)

    swing = (2.1 + 2.6 * np.cos(np.pi * cloud / 20.0) ** 2) * np.where(wet, 0.5, 1.0)
    diurnal = np.cos(2.0 * np.pi * (hour - 14.5) / 24.0)
    spread = 1.2 + 2.2 * (season(_TEMPERATURE_C) < 16.0)
    synoptic = _autoregression(rng, hours, 0.985)
    temperature = season(_TEMPERATURE_C) + swing * diurnal + _smooth(spread) * synoptic - 0.8 * wet
    humidity = season(_HUMIDITY_PCT) - 1.35 * (swing * diurnal) * 2.0 + 6.0 * _autoregression(rng, hours, 0.97)
    humidity = np.clip(np.where(wet, np.maximum(humidity, 90.0), humidity), 22.0, 100.0)
    pressure = season(_PRESSURE_HPA) - 0.12 * elevation_m - 3.4 * synoptic - 26.0 * storm["strength"]
    pressure += 1.0 * np.cos(4.0 * np.pi * (hour - 10.0) / 24.0)

    east, north = season(_WIND_EAST), season(_WIND_NORTH)
    east = east + 1.15 * _autoregression(rng, hours, 0.955)
    north = north + 1.75 * _autoregression(rng, hours, 0.965) - 0.5 * synoptic
    warm = np.clip((season(_TEMPERATURE_C) - 9.0) / 18.0, 0.0, 1.0)
    night = np.clip(0.62 + 0.55 * np.clip(diurnal, -0.45, 1.0), 0.3, 1.2)
    mixing = 1.15 - (1.15 - night) * (0.45 + 0.55 * warm)  # nights are calmer, most of all in summer
    breeze = np.cos(2.0 * np.pi * (hour - 15.5) / 24.0)
    heating = np.clip(1.0 - (cloud / 10.0) ** 2, 0.15, 1.0)
    onshore = warm * heating * np.where(breeze > 0.0, 3.1 * breeze, 1.3 * breeze)
    # The sea lies in the east-south-east; a breeze from there blows to the west-north-west.
    east = east * mixing - 0.88 * onshore + storm["east"]
    north = north * mixing + 0.47 * onshore + storm["north"]
    speed = np.hypot(east, north) * np.exp(0.22 * rng.standard_normal(hours))
    direction = np.degrees(np.arctan2(-east, -north)) + 9.0 * rng.standard_normal(hours)
    speed = np.round(speed, 1)
    calm = speed < 0.5
    direction = np.mod(np.round(direction), 360.0)
    direction[direction == 0.0] = 360.0
    speed[calm] = 0.0
    direction[calm] = 0.0
    return {
        "time": np.datetime_as_string(end_of_hour, unit="m").astype(object),
        "temperature_c": np.round(temperature, 1),
        "relative_humidity_pct": np.round(humidity),
        "pressure_hpa": np.round(pressure, 1),
        "wind_speed_m_s": speed,
        "wind_direction_deg": direction,
        "cloud_cover_tenths": cloud,
        "global_radiation_w_m2": np.round(np.maximum(radiation, 0.0)),
        "rain_mm": rain,
    }


def _smooth(values, width: int = 240):
    from scipy import ndimage

    return ndimage.uniform_filter1d(values.astype(float), width, mode="wrap")


def _autoregression(rng, count: int, memory: float) -> NDArray[np.float64]:
    """Unit-variance first-order autoregression."""
    from scipy.signal import lfilter

    shocks = rng.standard_normal(count) * np.sqrt(1.0 - memory**2)
    shocks[0] /= np.sqrt(1.0 - memory**2)
    return lfilter([1.0], [1.0, -memory], shocks)


def _cos_zenith(day, hour, longitude: float, latitude: float) -> NDArray[np.float64]:
    """Cosine of the solar zenith angle at the middle of the hour (Spencer 1971 series)."""
    angle = 2.0 * np.pi * day / 365.0
    declination = (
        0.006918 - 0.399912 * np.cos(angle) + 0.070257 * np.sin(angle)
        - 0.006758 * np.cos(2 * angle) + 0.000907 * np.sin(2 * angle)
    )  # fmt: skip
    equation_h = (
        229.18 / 60.0
        * (0.000075 + 0.001868 * np.cos(angle) - 0.032077 * np.sin(angle)
           - 0.014615 * np.cos(2 * angle) - 0.040849 * np.sin(2 * angle))
    )  # fmt: skip
    solar = hour + (longitude - 15.0 * UTC_OFFSET_H) / 15.0 + equation_h
    hour_angle = np.radians(15.0 * (solar - 12.0))
    phi = np.radians(latitude)
    return np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour_angle)


def _typhoons(rng, hours: int) -> dict[str, NDArray[np.float64]]:
    """Two or three passages between mid July and late September: rain, a turning gale, low pressure."""
    strength = np.zeros(hours)
    east = np.zeros(hours)
    north = np.zeros(hours)
    depth = np.zeros(hours)
    clock = np.arange(hours)
    for _ in range(int(rng.integers(2, 4))):
        centre = int(rng.integers(197, 268)) * 24 + int(rng.integers(0, 24))
        half = rng.uniform(11.0, 17.0)
        peak = rng.uniform(8.5, 15.0)
        total = rng.uniform(70.0, 150.0)
        shape = np.exp(-0.5 * ((clock - centre) / half) ** 2)
        strength = np.maximum(strength, shape * peak / 15.0)
        # North-east before the eye, turning over east to south-east and south.
        heading = np.radians(282.5 + 57.5 * np.tanh((clock - centre) / 10.0))
        east += peak * shape * np.sin(heading)
        north += peak * shape * np.cos(heading)
        gusts = shape**1.6 * rng.gamma(2.0, 0.5, hours) * (rng.random(hours) < 0.85)
        gusts[shape < 0.12] = 0.0
        depth += gusts / gusts.sum() * total
    return {"strength": strength, "east": east, "north": north, "rain": depth}


def _rain(rng, month_of_day, hour, days: int, storm) -> NDArray[np.float64]:
    """Hourly rain: wet days in spells, gamma amounts, long frontal and short convective events. [mm]"""
    normal = np.array(MONTHLY_RAIN_MM)
    annual = rng.uniform(1340.0, 1440.0)  # the hills lift the region to about 1,460 mm; climatology 1,510
    monthly = normal * rng.lognormal(0.0, 0.22, 12)
    monthly *= annual / monthly.sum()
    wet = np.zeros(days, dtype=bool)
    chance = np.array(_WET_DAYS)[month_of_day]
    draws = rng.random(days)
    for day in range(1, days):
        stay = 0.22 * (1.0 if wet[day - 1] else -1.0)
        wet[day] = draws[day] < chance[day] + stay * (1.0 - abs(2.0 * chance[day] - 1.0))
    amount = np.where(wet, rng.gamma(0.85, 1.0, days), 0.0)
    result = np.zeros(days * 24)
    for day in map(int, np.flatnonzero(amount)):
        summer = month_of_day[day] in (6, 7) and rng.random() < 0.6
        length = int(rng.integers(2, 5)) if summer else int(rng.integers(4, 17))
        begin = int(rng.integers(12, 20)) if summer else int(rng.integers(0, 24))
        first = day * 24 + begin
        last = min(first + length, result.size)
        pattern = rng.gamma(0.9, 1.0, last - first)
        result[first:last] += amount[day] * pattern / pattern.sum()
    month = np.repeat(month_of_day, 24)
    for index in range(12):
        inside = month == index
        other = max(monthly[index] - storm["rain"][inside].sum(), 0.35 * monthly[index])
        drawn = result[inside].sum()
        if drawn > 0.0:
            result[inside] *= other / drawn
    result += storm["rain"]
    result *= annual / result.sum()
    return np.minimum(np.round(result, 1), 75.0)


def rain_factor(land: Landscape, station: tuple[int, int]) -> NDArray[np.float64]:
    """Annual rain relative to the station: more on windward hills, less on outer islands.

    Parameters
    ----------
    land : Landscape
    station : tuple of int
        Row and column of the weather station.

    Returns
    -------
    ndarray, shape (h, w)
        0.8-1.4; NaN at sea. [1]
    """
    from scipy import ndimage

    _height, _width = land.land.shape
    wide = max(1.0, 3000.0 / land.cell_m)
    lifted = ndimage.gaussian_filter(land.elevation, wide)
    windward = ndimage.sobel(lifted, axis=1) / (8.0 * land.cell_m)  # rises towards the west
    islands = ndimage.gaussian_filter(land.land.astype(float), 2.0 * wide)
    factor = 0.86 + 0.13 * islands + 0.36 * lifted / (lifted + 450.0) - 1.2 * windward
    factor = ndimage.gaussian_filter(factor, 0.5 * wide)
    return np.where(land.land, np.clip(factor / factor[station], 0.8, 1.4), np.nan)
