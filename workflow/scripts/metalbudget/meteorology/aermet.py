"""AERMET's scheme: ordinary hourly weather to the boundary layer AERMOD is given.

US EPA 2004, EPA-454/R-03-004, chapter 3; Cimorelli et al. 2005, doi:10.1175/JAM2227.1, section 2; AERMET user's guide.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.meteorology.constants import (
    GAS_CONSTANT_DRY_AIR,
    GRAVITY,
    HEAT_CAPACITY_AIR,
    KELVIN,
    SECONDS_PER_HOUR,
    VON_KARMAN,
)
from metalbudget.meteorology.directions import spread_directions
from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours
from metalbudget.meteorology.mixing_height import growth_into_sounding, smoothed_mechanical_height
from metalbudget.meteorology.radiation import (
    albedo_at,
    critical_sine,
    equivalent_cloud,
    global_radiation_from_clouds,
    net_radiation,
    sensible_heat_by_day,
    sine_solar_elevation,
)
from metalbudget.meteorology.similarity import convective_scales, downward_heat_scales
from metalbudget.meteorology.surface import SurfaceCharacteristics

TEMPERATURE_HEIGHT_M = 2.0  # of a weather screen (WMO-No. 8), where the station's table names no other
LIQUID, FROZEN, DRY, UNKNOWN = 11, 22, 0, 99  # AERMET's codes of precipitation
SHORT_GAP_H = 2  # gaps of cloud and temperature up to two hours are interpolated (AERMET user's guide, SUB_CC, SUB_TT)
LAYER_ABOVE_M = 500.0  # over which the gradient above the mixed layer is taken (EPA-454/R-03-004, section 4.1.3)


@dataclass(frozen=True, eq=False)
class Sounding:
    """Potential temperature before sunrise.

    Parameters
    ----------
    height_m, potential_temperature_k : ndarray, shape (levels,)
        Above ground, ascending, the first level at the ground. [m], [K]
    """

    height_m: NDArray[np.float64]
    potential_temperature_k: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scales:
    """Surface-layer scales of each hour, NaN where they cannot be computed; arrays (hours,).

    Parameters
    ----------
    convective : ndarray of bool
        Upward heat flux.
    heat_flux_w_m2, friction_velocity_m_s, obukhov_length_m : ndarray
        [W m⁻²], [m s⁻¹], [m]
    """

    convective: NDArray[np.bool_]
    heat_flux_w_m2: NDArray[np.float64]
    friction_velocity_m_s: NDArray[np.float64]
    obukhov_length_m: NDArray[np.float64]


def surface_hours(
    weather: Mapping[str, NDArray],
    station: Mapping[str, float],
    surface_characteristics: SurfaceCharacteristics,
    parameters: Mapping[str, float],
    soundings: Mapping[int, Sounding] | None = None,
) -> tuple[SurfaceHours, ProfileObservations]:
    """Boundary layer of each hour, and the observations it was made from as a profile of one level.

    Parameters
    ----------
    weather : mapping of str to ndarray, shape (hours,)
        As `weather_files.read` returns it: year, month, day, day_of_year, hour (1..24, hour ending), temperature_c,
        relative_humidity_pct, pressure_hpa, wind_speed_m_s, wind_direction_deg, cloud_cover_tenths,
        global_radiation_w_m2 (NaN: from clouds), rain_mm. NaN marks a missing value.
    station : mapping
        latitude_deg, longitude_deg, utc_offset_h, elevation_m, anemometer_height_m and, if it is not 2 m,
        temperature_height_m.
    surface_characteristics : SurfaceCharacteristics
    parameters : mapping
        Rows of boundary_layer.csv.
    soundings : mapping of int to Sounding, optional
        Morning profile by day of the year. Days without one have the gradient `morning_lapse_k_m`.

    Returns
    -------
    SurfaceHours, ProfileObservations

    Raises
    ------
    ValueError
        If the anemometer does not stand above seven roughness lengths, the lowest height of the wind profile.

    Notes
    -----
    Calm hours (below `calm_wind_m_s`) have no friction velocity, as AERMET leaves them. Heat still grows the
    convective layer in hours without a wind. Temperature and cloud gaps of up to two hours are interpolated; missing
    pressure is the series' mean, or the standard atmosphere's at the station's elevation.
    """
    height = float(station["anemometer_height_m"])
    wind = np.asarray(weather["wind_speed_m_s"], float)
    direction = spread_directions(weather["wind_direction_deg"])
    noon_albedo, bowen, roughness = surface_characteristics.at(weather["month"], direction)
    if height <= 7.0 * float(surface_characteristics.roughness_m.max()):
        raise ValueError(
            f"the anemometer at {height} m stands within 7 roughness lengths of "
            f"{surface_characteristics.roughness_m.max():g} m"
        )
    temperature = fill_short_gaps(np.asarray(weather["temperature_c"], float) + KELVIN)
    pressure = _pressure(np.asarray(weather["pressure_hpa"], float) * 100.0, float(station.get("elevation_m", 0.0)))
    radiation = np.asarray(weather["global_radiation_w_m2"], float)
    sine = sine_solar_elevation(
        weather["day_of_year"],
        weather["hour"],
        station["latitude_deg"],
        station["longitude_deg"],
        station["utc_offset_h"],
    )
    cloud = np.clip(fill_short_gaps(np.asarray(weather["cloud_cover_tenths"], float)) / 10.0, 0.0, 1.0)
    by_radiation = np.where(np.isfinite(radiation), equivalent_cloud(radiation, sine), np.nan)
    cloud = np.where(np.isfinite(cloud), cloud, by_radiation)
    albedo = albedo_at(np.degrees(np.arcsin(sine)), noon_albedo)

    calm = wind < parameters["calm_wind_m_s"]
    usable = np.where(calm | ~np.isfinite(direction), np.nan, wind)
    scales = surface_scales(
        usable,
        temperature,
        cloud,
        pressure,
        sine,
        albedo,
        bowen,
        roughness,
        height,
        parameters,
        radiation_w_m2=radiation,
    )
    density = pressure / (GAS_CONSTANT_DRY_AIR * temperature)
    convective_height, lapse = convective_growth(
        np.where(scales.convective, scales.heat_flux_w_m2, np.nan),
        density,
        np.asarray(weather["day_of_year"], int),
        parameters,
        soundings,
    )
    velocity = scales.friction_velocity_m_s
    mechanical = smoothed_mechanical_height(
        velocity,
        parameters["mechanical_height_coefficient"],
        parameters["mechanical_height_memory"],
        parameters["maximum_mixing_height_m"],
    )
    convection = convective_velocity(scales.heat_flux_w_m2, convective_height, density, temperature)
    missing = ~calm & (np.isnan(velocity) | np.isnan(temperature))
    rain = np.asarray(weather["rain_mm"], float)
    code = np.where(rain > 0.0, np.where(temperature > KELVIN, LIQUID, FROZEN), np.where(np.isnan(rain), UNKNOWN, DRY))
    hours = SurfaceHours(
        year=np.asarray(weather["year"], np.int64),
        month=np.asarray(weather["month"], np.int64),
        day=np.asarray(weather["day"], np.int64),
        hour=np.asarray(weather["hour"], np.int64),
        heat_flux_w_m2=scales.heat_flux_w_m2,
        friction_velocity_m_s=velocity,
        convective_velocity_m_s=np.where(np.isnan(velocity), np.nan, convection),
        lapse_above_k_m=lapse,
        convective_height_m=convective_height,
        mechanical_height_m=mechanical,
        obukhov_length_m=scales.obukhov_length_m,
        roughness_m=roughness,
        bowen_ratio=bowen,
        albedo=albedo,
        wind_speed_m_s=np.where(calm, 0.0, wind),
        wind_direction_deg=np.where(calm, 0.0, direction),
        anemometer_height_m=np.full(wind.shape, height),
        temperature_k=temperature,
        temperature_height_m=np.full(wind.shape, float(station.get("temperature_height_m", TEMPERATURE_HEIGHT_M))),
        precipitation_code=code.astype(np.int64),
        precipitation_mm_h=rain,
        relative_humidity_pct=np.asarray(weather["relative_humidity_pct"], float),
        pressure_pa=pressure,
        cloud_tenths=10.0 * cloud,
        calm=calm,
        missing=missing,
        latitude_deg=float(station["latitude_deg"]),
        longitude_deg=float(station["longitude_deg"]),
    )
    absent = np.full((wind.size, 1), np.nan)
    observations = ProfileObservations(
        height_m=np.full((wind.size, 1), height),
        wind_direction_deg=hours.wind_direction_deg[:, None],
        wind_speed_m_s=hours.wind_speed_m_s[:, None],
        temperature_k=temperature[:, None],
        sigma_theta_deg=absent,
        sigma_w_m_s=absent.copy(),
    )
    return hours, observations


def surface_scales(
    wind_speed_m_s: ArrayLike,
    temperature_k: ArrayLike,
    cloud_fraction: ArrayLike,
    pressure_pa: ArrayLike,
    sine_elevation: ArrayLike,
    albedo: ArrayLike,
    bowen_ratio: ArrayLike,
    roughness_m: ArrayLike,
    anemometer_height_m: ArrayLike,
    parameters: Mapping[str, float],
    *,
    radiation_w_m2: ArrayLike = np.nan,
) -> Scales:
    """Heat flux, friction velocity and Obukhov length of each hour.

    Parameters
    ----------
    wind_speed_m_s, temperature_k, cloud_fraction, pressure_pa, sine_elevation, albedo, bowen_ratio : array_like
        Shape (hours,); the albedo is the hour's own, one at night. NaN where missing.
        [m s⁻¹], [K], [0..1], [Pa], [1], [1], [1]
    roughness_m, anemometer_height_m : array_like
        [m]
    parameters : mapping
        ground_heat_share, largest_downward_heat_w_m2, smallest_obukhov_length_m, largest_obukhov_length_m,
        low_sun_exponent of boundary_layer.csv.
    radiation_w_m2 : array_like
        Measured global radiation, NaN where there is none. [W m⁻²]

    Returns
    -------
    Scales

    Notes
    -----
    Day is when the sun stands above the elevation at which net radiation vanishes. Below it, θ* = 0.09 (1 − 0.5 n²) K
    (van Ulden & Holtslag 1985), and while the sun is up it falls to zero at that elevation with 1 − (φ/φ_crit)^1.5
    after Holtslag (1984), Boundary-Layer Meteorol. 29, 225-250. The exponent is the one AERMET's answers follow.
    """
    wind, temperature = np.asarray(wind_speed_m_s, float), np.asarray(temperature_k, float)
    cloud, sine = np.asarray(cloud_fraction, float), np.asarray(sine_elevation, float)
    albedo, pressure = np.asarray(albedo, float), np.asarray(pressure_pa, float)
    roughness = np.broadcast_to(np.asarray(roughness_m, float), wind.shape)
    height = np.broadcast_to(np.asarray(anemometer_height_m, float), wind.shape)
    measured = np.broadcast_to(np.asarray(radiation_w_m2, float), wind.shape)
    density = pressure / (GAS_CONSTANT_DRY_AIR * temperature)

    radiation = np.where(np.isfinite(measured), measured, global_radiation_from_clouds(sine, cloud))
    # With measured radiation the cover that explains it decides between day and night (EPA-454/R-03-004, eq. 5).
    apparent = np.where(np.isfinite(measured), equivalent_cloud(measured, sine), np.nan)
    critical = critical_sine(temperature, np.where(np.isfinite(apparent), apparent, cloud), albedo)
    net = net_radiation(radiation, temperature, cloud, albedo)
    by_day = sensible_heat_by_day(net, np.asarray(bowen_ratio, float), parameters["ground_heat_share"])
    convective = (sine > 0.0) & (sine > critical) & (by_day > 0.0)

    heat, velocity, length = (np.full(wind.shape, np.nan) for _ in range(3))
    heat[convective] = by_day[convective]
    day = convective & np.isfinite(wind)
    velocity[day], length[day] = convective_scales(
        wind[day], by_day[day], temperature[day], density[day], roughness[day], height[day]
    )
    night = ~convective & np.isfinite(wind + temperature + cloud)
    elevation = np.arcsin(np.clip(sine, 0.0, 1.0))
    vanishing = np.arcsin(np.clip(critical, 0.0, 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = 1.0 - np.where(sine > 0.0, elevation / vanishing, 0.0) ** parameters["low_sun_exponent"]
    scale = 0.09 * (1.0 - 0.5 * cloud**2) * np.clip(np.nan_to_num(share), LEAST_SHARE, 1.0)
    velocity[night], scale[night] = downward_heat_scales(
        wind[night],
        scale[night],
        temperature[night],
        density[night],
        roughness[night],
        height[night],
        parameters["largest_downward_heat_w_m2"],
    )
    heat[night] = -density[night] * HEAT_CAPACITY_AIR * velocity[night] * scale[night]
    length[night] = temperature[night] * velocity[night] ** 2 / (VON_KARMAN * GRAVITY * scale[night])
    size = np.clip(np.abs(length), parameters["smallest_obukhov_length_m"], parameters["largest_obukhov_length_m"])
    return Scales(convective, heat, velocity, np.copysign(size, length))


# Keeps θ* above zero when the sun stands at the critical elevation; the Obukhov length is limited anyway.
LEAST_SHARE = 1.0e-6


def convective_velocity(
    heat_flux_w_m2: ArrayLike, convective_height_m: ArrayLike, air_density_kg_m3: ArrayLike, temperature_k: ArrayLike
) -> NDArray[np.float64]:
    """w* = (g H z_ic/(ρ c_p T))^(1/3), NaN without upward heat flux. [m s⁻¹]

    Notes
    -----
    Deardorff (1970); EPA-454/R-03-004, section 3.2.5.
    """
    heat = np.asarray(heat_flux_w_m2, float)
    rising = np.where(heat > 0.0, heat, np.nan)
    flux = rising / (np.asarray(air_density_kg_m3, float) * HEAT_CAPACITY_AIR)
    return np.cbrt(GRAVITY * flux * np.asarray(convective_height_m, float) / np.asarray(temperature_k, float))


def convective_growth(
    upward_heat_w_m2: ArrayLike,
    air_density_kg_m3: ArrayLike,
    day: ArrayLike,
    parameters: Mapping[str, float],
    soundings: Mapping[int, Sounding] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Height of the convective layer and the gradient of potential temperature above it.

    Parameters
    ----------
    upward_heat_w_m2 : array_like, shape (hours,)
        NaN in stable hours. [W m⁻²]
    air_density_kg_m3, day : array_like, shape (hours,)
        [kg m⁻³]; running number of the day, at which growth starts anew.
    parameters : mapping
        entrainment_ratio, morning_lapse_k_m, maximum_mixing_height_m of boundary_layer.csv.
    soundings : mapping of int to Sounding, optional

    Returns
    -------
    height_m, lapse_k_m : ndarray, shape (hours,)
        NaN in stable hours. [m], [K m⁻¹]

    Notes
    -----
    See `growth_into_sounding`. The gradient above is that of the sounding over 500 m, at least `morning_lapse_k_m`'s
    0.005 K m⁻¹, below which AERMOD does not go.
    """
    heat = np.asarray(upward_heat_w_m2, float)
    density = np.asarray(air_density_kg_m3, float)
    supply = np.where(np.isfinite(heat / density), heat * SECONDS_PER_HOUR / (density * HEAT_CAPACITY_AIR), 0.0)
    height, lapse = np.full(heat.shape, np.nan), np.full(heat.shape, np.nan)
    number = np.asarray(day)
    least = parameters["morning_lapse_k_m"]
    straight = Sounding(np.array([0.0]), np.array([0.0]))
    for start in np.flatnonzero(np.r_[True, np.diff(number) != 0]) if number.size else ():
        hours = start + np.flatnonzero(number[start : start + 24] == number[start])
        morning = (soundings or {}).get(int(number[start]), straight)
        heated = (1.0 + 2.0 * parameters["entrainment_ratio"]) * np.cumsum(supply[hours])
        grown = growth_into_sounding(heated, morning.height_m, morning.potential_temperature_k, least)
        height[hours] = np.minimum(grown, parameters["maximum_mixing_height_m"])
        lapse[hours] = np.maximum(_gradient_above(morning, height[hours], least), least)
    stable = ~np.isfinite(heat)
    height[stable] = np.nan
    lapse[stable] = np.nan
    return height, lapse


def _gradient_above(morning: Sounding, height_m: NDArray, lapse_aloft_k_m: float) -> NDArray[np.float64]:
    """Mean gradient of the sounding over the layer above a height."""
    if morning.height_m.size < 2:
        return np.full(height_m.shape, lapse_aloft_k_m)
    top = morning.height_m[-1]
    far = top + 10.0 * LAYER_ABOVE_M
    heights = np.append(morning.height_m, far)
    theta = np.append(
        morning.potential_temperature_k, morning.potential_temperature_k[-1] + lapse_aloft_k_m * (far - top)
    )
    return (np.interp(height_m + LAYER_ABOVE_M, heights, theta) - np.interp(height_m, heights, theta)) / LAYER_ABOVE_M


def fill_short_gaps(values: ArrayLike, longest_h: int = SHORT_GAP_H) -> NDArray[np.float64]:
    """Interpolate gaps of at most `longest_h` hours between two observations, shape (hours,); longer ones stay NaN."""
    series = np.asarray(values, float)
    known = np.flatnonzero(np.isfinite(series))
    if known.size < 2 or known.size == series.size:
        return series.copy()
    position = np.arange(series.size)
    after = known[np.minimum(np.searchsorted(known, position), known.size - 1)]
    before = known[np.maximum(np.searchsorted(known, position, side="right") - 1, 0)]
    short = (after - before - 1 <= longest_h) & (after >= position) & (before <= position)
    return np.where(short, np.interp(position, known, series[known]), series)


def _pressure(pressure_pa: NDArray, elevation_m: float) -> NDArray[np.float64]:
    """Missing pressure is the mean of the others, or the standard atmosphere's (ICAO 1993) at this elevation."""
    known = np.isfinite(pressure_pa)
    usual = pressure_pa[known].mean() if known.any() else 101325.0 * (1.0 - 2.25577e-5 * elevation_m) ** 5.25588
    return np.where(known, pressure_pa, usual)
