"""Sun, radiation and the heat flux by day.

Equations of Holtslag & van Ulden (1983) as AERMET documents them (US EPA 2004, EPA-454/R-03-004, section 3).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.meteorology.constants import STEFAN_BOLTZMANN


def sine_solar_elevation(
    day_of_year: ArrayLike,
    hour_ending: ArrayLike,
    latitude_deg: float,
    longitude_deg: float,
    utc_offset_h: float,
) -> NDArray[np.float64]:
    """Sine of the sun's elevation in the middle of the hour.

    Parameters
    ----------
    day_of_year, hour_ending : array_like
        1..366; 1..24 in local standard time.
    latitude_deg, longitude_deg, utc_offset_h : float
        North and east positive. [degree], [degree], [h]

    Returns
    -------
    ndarray
        Sine of the elevation, negative at night. [1]

    Notes
    -----
    Spencer (1971) series for declination and equation of time; good to 0.1 degree.
    """
    day = np.asarray(day_of_year, float)
    hour = np.asarray(hour_ending, float) - 0.5
    angle = 2.0 * np.pi * (day - 1.0) / 365.0
    declination = (
        0.006918
        - 0.399912 * np.cos(angle)
        + 0.070257 * np.sin(angle)
        - 0.006758 * np.cos(2 * angle)
        + 0.000907 * np.sin(2 * angle)
        - 0.002697 * np.cos(3 * angle)
        + 0.00148 * np.sin(3 * angle)
    )
    equation_of_time_min = 229.18 * (
        0.000075
        + 0.001868 * np.cos(angle)
        - 0.032077 * np.sin(angle)
        - 0.014615 * np.cos(2 * angle)
        - 0.040849 * np.sin(2 * angle)
    )
    solar_hour = hour + longitude_deg / 15.0 - utc_offset_h + equation_of_time_min / 60.0
    hour_angle = np.radians(15.0 * (solar_hour - 12.0))
    latitude = np.radians(latitude_deg)
    return np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)


def global_radiation_from_clouds(sine_elevation: ArrayLike, cloud_fraction: ArrayLike) -> NDArray[np.float64]:
    """Global radiation where none was measured, (990 sin φ − 30)(1 − 0.75 n^3.4). [W m⁻²]

    Parameters
    ----------
    sine_elevation, cloud_fraction : array_like
        Sine of the sun's elevation; cloud cover 0..1. [1]

    Notes
    -----
    Kasten & Czeplak (1980), doi:10.1016/0038-092X(80)90391-6; coefficients for mid latitudes as in AERMET.
    """
    sine, cloud = np.asarray(sine_elevation, float), np.asarray(cloud_fraction, float)
    return np.maximum(990.0 * sine - 30.0, 0.0) * (1.0 - 0.75 * cloud**3.4)


def net_radiation(
    global_radiation_w_m2: ArrayLike, temperature_k: ArrayLike, cloud_fraction: ArrayLike, albedo: ArrayLike
) -> NDArray[np.float64]:
    """Net radiation by day from global radiation, temperature and cloud. [W m⁻²]

    Parameters
    ----------
    global_radiation_w_m2, temperature_k, cloud_fraction, albedo : array_like
        [W m⁻²], [K], [0..1], [0..1]

    Notes
    -----
    Holtslag & van Ulden (1983), doi:10.1175/1520-0450(1983)022<0517:ASSFDE>2.0.CO;2, with their
    c1 = 5.31e-13 W m⁻² K⁻⁶, c2 = 60 W m⁻², c3 = 0.12.
    """
    radiation, temperature = np.asarray(global_radiation_w_m2, float), np.asarray(temperature_k, float)
    longwave = 5.31e-13 * temperature**6 - STEFAN_BOLTZMANN * temperature**4
    cloud = 60.0 * np.asarray(cloud_fraction, float)
    return ((1.0 - np.asarray(albedo, float)) * radiation + longwave + cloud) / 1.12


def sensible_heat_by_day(
    net_radiation_w_m2: ArrayLike, bowen_ratio: ArrayLike, ground_share: float
) -> NDArray[np.float64]:
    """Sensible heat flux from net radiation: H = (1 − c_g) R_n / (1 + 1/B). [W m⁻²]

    Parameters
    ----------
    net_radiation_w_m2, bowen_ratio : array_like
        [W m⁻²], [1]
    ground_share : float
        Share of net radiation that goes into the ground, c_g = 0.1. [1]

    Notes
    -----
    Oke (1978); Holtslag & van Ulden (1983); EPA-454/R-03-004, eq. 1.
    """
    return (1.0 - ground_share) * np.asarray(net_radiation_w_m2, float) / (1.0 + 1.0 / np.asarray(bowen_ratio))


def albedo_at(elevation_deg: ArrayLike, noon_albedo: ArrayLike) -> NDArray[np.float64]:
    """Albedo under a sun of this elevation; one below the horizon. [1]

    Parameters
    ----------
    elevation_deg, noon_albedo : array_like
        Elevation of the sun [degree]; albedo under a high sun [0..1].

    Notes
    -----
    r = r' + (1 - r') exp(-0.1 φ - 0.5 (1 - r')²), Paine (1987) in EPA-454/R-03-004, eq. 2.
    """
    elevation, noon = np.asarray(elevation_deg, float), np.asarray(noon_albedo, float)
    risen = noon + (1.0 - noon) * np.exp(-0.1 * np.maximum(elevation, 0.0) - 0.5 * (1.0 - noon) ** 2)
    return np.where(elevation > 0.0, np.minimum(risen, 1.0), 1.0)


def equivalent_cloud(global_radiation_w_m2: ArrayLike, sine_elevation: ArrayLike) -> NDArray[np.float64]:
    """Cloud cover that explains a measured radiation, NaN where the sun is too low to tell. [0..1]

    Parameters
    ----------
    global_radiation_w_m2, sine_elevation : array_like
        [W m⁻²], [1]

    Notes
    -----
    The relation of `global_radiation_from_clouds` solved for the cover, EPA-454/R-03-004, eq. 5.
    """
    clear = global_radiation_from_clouds(sine_elevation, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        dimmed = np.clip(1.0 - np.asarray(global_radiation_w_m2, float) / clear, 0.0, 0.75)
        return np.where(clear > 0.0, (dimmed / 0.75) ** (1.0 / 3.4), np.nan)


def critical_sine(temperature_k: ArrayLike, cloud_fraction: ArrayLike, albedo: ArrayLike) -> NDArray[np.float64]:
    """Sine of the sun's elevation at which net radiation, and so the heat flux, changes its sign.

    Parameters
    ----------
    temperature_k, cloud_fraction, albedo : array_like
        [K], [0..1], [0..1]

    Returns
    -------
    ndarray
        May exceed one, when the sun never warms the air; infinite for an albedo of one. [1]

    Notes
    -----
    `net_radiation` with the radiation of `global_radiation_from_clouds`, set to zero: EPA-454/R-03-004, eq. 4.
    """
    cloud = np.asarray(cloud_fraction, float)
    temperature = np.asarray(temperature_k, float)
    longwave = STEFAN_BOLTZMANN * temperature**4 - 5.31e-13 * temperature**6 - 60.0 * cloud
    taken_up = (1.0 - np.asarray(albedo, float)) * (1.0 - 0.75 * cloud**3.4)
    with np.errstate(divide="ignore"):
        return (longwave / taken_up + 30.0) / 990.0
