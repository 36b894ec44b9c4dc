"""Boundary layer of a study year from ordinary hourly weather, and the profiles plumes travel in.

The equations are those AERMET and AERMOD document (US EPA 2004, EPA-454/R-03-004; Cimorelli et al. 2005,
doi:10.1175/JAM2227.1). Numbers that belong to a published equation stand in the equation; numbers that are a choice
come in as `parameters` (resources/parameters/boundary_layer.csv).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.meteorology.constants import GAS_CONSTANT_DRY_AIR, GRAVITY, HEAT_CAPACITY_AIR, KELVIN
from metalbudget.meteorology.directions import spread_directions
from metalbudget.meteorology.mixing_height import convective_mixing_height, mechanical_mixing_height
from metalbudget.meteorology.radiation import (
    global_radiation_from_clouds,
    net_radiation,
    sensible_heat_by_day,
    sine_solar_elevation,
)
from metalbudget.meteorology.similarity import convective_scales, stability_function_momentum, stable_scales

STABILITY_CLASSES = ("A", "B", "C", "D", "E", "F")
SEASONS = ("winter", "spring", "summer", "autumn")  # December-February is 0, and so on


@dataclass(frozen=True, eq=False)
class BoundaryLayer:
    """State of the boundary layer, one value an hour; all arrays have shape (hours,).

    Parameters
    ----------
    valid : ndarray of bool
        Hours a plume can be computed for; calm and missing hours are not.
    calm, missing : ndarray of bool
        Why an hour is not valid.
    wind_speed_m_s, wind_direction_deg : ndarray
        At anemometer height; the direction the wind comes from. [m s⁻¹], [degree]
    temperature_k, pressure_pa, rain_mm : ndarray
        [K], [Pa], [mm h⁻¹]
    friction_velocity_m_s : ndarray
        [m s⁻¹]
    obukhov_length_m : ndarray
        Negative in convective hours. [m]
    sensible_heat_w_m2 : ndarray
        Positive upward. [W m⁻²]
    convective_velocity_m_s : ndarray
        Zero in stable hours. [m s⁻¹]
    convective_height_m : ndarray
        Zero in stable hours. [m]
    mechanical_height_m : ndarray
        [m]
    roughness_m : ndarray
        [m]
    anemometer_height_m : float
        [m]
    """

    valid: NDArray[np.bool_]
    calm: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    wind_speed_m_s: NDArray[np.float64]
    wind_direction_deg: NDArray[np.float64]
    temperature_k: NDArray[np.float64]
    pressure_pa: NDArray[np.float64]
    rain_mm: NDArray[np.float64]
    friction_velocity_m_s: NDArray[np.float64]
    obukhov_length_m: NDArray[np.float64]
    sensible_heat_w_m2: NDArray[np.float64]
    convective_velocity_m_s: NDArray[np.float64]
    convective_height_m: NDArray[np.float64]
    mechanical_height_m: NDArray[np.float64]
    roughness_m: NDArray[np.float64]
    anemometer_height_m: float

    @property
    def mixing_height_m(self) -> NDArray[np.float64]:
        """The larger of both heights in convective hours, the mechanical one else, shape (hours,). [m]"""
        convective = self.obukhov_length_m < 0.0
        return np.where(
            convective,
            np.maximum(self.convective_height_m, self.mechanical_height_m),
            self.mechanical_height_m,
        )


@dataclass(frozen=True, eq=False)
class Profiles:
    """Wind and turbulence by height, integrated upward so that any layer's mean is a difference.

    Parameters
    ----------
    levels_m : ndarray, shape (levels,)
        Heights, the first zero. [m]
    wind, lateral, vertical : ndarray, shape (hours, levels)
        Integrals from the ground of wind speed, sigma-v and sigma-w. [m² s⁻¹]
    """

    levels_m: NDArray[np.float64]
    wind: NDArray[np.float64]
    lateral: NDArray[np.float64]
    vertical: NDArray[np.float64]


def stability_class(
    obukhov_length_m: ArrayLike, roughness_m: float, lines: Mapping[str, tuple[float, float]]
) -> NDArray[np.int64]:
    """Pasquill class whose line 1/L = a + b log10(z0) is nearest; index into `STABILITY_CLASSES`.

    Parameters
    ----------
    obukhov_length_m : array_like
        [m]
    roughness_m : float
        [m]
    lines : mapping of class letter to (a, b)
        [m⁻¹]

    Notes
    -----
    Golder (1972), doi:10.1007/BF00769106; straight lines as in Seinfeld & Pandis (1998), chapter 16. Only for
    the reader of the weather table: plumes use the Obukhov length itself.
    """
    inverse = 1.0 / np.asarray(obukhov_length_m, float)
    centres = np.array([a + b * np.log10(roughness_m) for a, b in (lines[name] for name in STABILITY_CLASSES)])
    return np.argmin(np.abs(inverse[..., None] - centres), axis=-1)


def boundary_layer(
    weather: Mapping[str, NDArray],
    station: Mapping[str, float],
    roughness_m: float,
    parameters: Mapping[str, float],
) -> BoundaryLayer:
    """Boundary layer of every hour of a year.

    Parameters
    ----------
    weather : mapping of str to ndarray, shape (hours,)
        day_of_year [1..366], month [1..12], hour [1..24, hour ending], temperature_c [°C], pressure_hpa [hPa],
        wind_speed_m_s, wind_direction_deg, cloud_cover_tenths [0..10], global_radiation_w_m2 (NaN: from clouds),
        rain_mm. NaN marks a missing value.
    station : mapping
        latitude_deg, longitude_deg, utc_offset_h, anemometer_height_m.
    roughness_m : float
        Roughness of the surroundings. [m]
    parameters : mapping
        Rows of boundary_layer.csv.

    Returns
    -------
    BoundaryLayer

    Raises
    ------
    ValueError
        If the anemometer is not above the roughness elements.

    Notes
    -----
    An hour is missing without wind, direction, temperature or cloud, and calm below `calm_wind_m_s`; both are
    counted and left out by the plumes. Missing pressure takes the year's mean, missing rain is refused on input.
    """
    anemometer = float(station["anemometer_height_m"])
    if anemometer <= 7.0 * roughness_m:
        raise ValueError(f"the anemometer at {anemometer} m stands within 7 roughness lengths of {roughness_m} m")
    wind = np.asarray(weather["wind_speed_m_s"], float)
    direction = spread_directions(weather["wind_direction_deg"])
    temperature = np.asarray(weather["temperature_c"], float) + KELVIN
    cloud = np.clip(np.asarray(weather["cloud_cover_tenths"], float) / 10.0, 0.0, 1.0)
    pressure = np.asarray(weather["pressure_hpa"], float) * 100.0
    pressure = np.where(np.isfinite(pressure), pressure, np.nanmean(pressure))
    density = pressure / (GAS_CONSTANT_DRY_AIR * temperature)

    calm = wind < parameters["calm_wind_m_s"]
    missing = ~(np.isfinite(wind) & np.isfinite(temperature) & np.isfinite(cloud) & (calm | np.isfinite(direction)))
    valid = ~(calm | missing)

    season = np.asarray(weather["month"], int) % 12 // 3
    albedo_noon = np.array([parameters[f"albedo_{name}"] for name in SEASONS])[season]
    bowen = np.array([parameters[f"bowen_ratio_{name}"] for name in SEASONS])[season]
    sine = sine_solar_elevation(
        weather["day_of_year"],
        weather["hour"],
        station["latitude_deg"],
        station["longitude_deg"],
        station["utc_offset_h"],
    )
    radiation = np.asarray(weather["global_radiation_w_m2"], float)
    radiation = np.where(np.isfinite(radiation), radiation, global_radiation_from_clouds(sine, cloud))
    elevation_deg = np.degrees(np.arcsin(np.clip(sine, 0.0, 1.0)))
    # albedo rises towards a low sun (EPA-454/R-03-004, eq. 2)
    albedo = albedo_noon + (1.0 - albedo_noon) * np.exp(-0.1 * elevation_deg - 0.5 * (1.0 - albedo_noon) ** 2)
    net = net_radiation(radiation, temperature, cloud, albedo)
    heat_by_day = sensible_heat_by_day(net, bowen, parameters["ground_heat_share"])
    convective = (sine > 0.0) & (heat_by_day > parameters["minimum_heat_flux_w_m2"])

    usable = np.where(missing, np.nan, np.maximum(wind, parameters["calm_wind_m_s"]))
    velocity = np.full(wind.shape, np.nan)
    length = np.full(wind.shape, np.nan)
    heat = np.full(wind.shape, np.nan)
    day = convective & ~missing
    velocity[day], length[day] = convective_scales(
        usable[day], heat_by_day[day], temperature[day], density[day], roughness_m, anemometer
    )
    heat[day] = heat_by_day[day]
    night = ~convective & ~missing
    velocity[night], length[night], scale = stable_scales(
        usable[night], cloud[night], temperature[night], roughness_m, anemometer
    )
    heat[night] = -density[night] * HEAT_CAPACITY_AIR * velocity[night] * scale

    mechanical = mechanical_mixing_height(
        velocity, parameters["mechanical_height_coefficient"], parameters["mechanical_height_memory"]
    )
    grown = convective_mixing_height(
        heat,
        density,
        np.asarray(weather["day_of_year"], int),
        parameters["morning_lapse_k_m"],
        parameters["entrainment_ratio"],
        parameters["maximum_mixing_height_m"],
    )
    lowest, highest = parameters["minimum_mixing_height_m"], parameters["maximum_mixing_height_m"]
    mechanical = np.clip(mechanical, lowest, highest)
    convective_height = np.where(day, np.maximum(grown, lowest), 0.0)
    with np.errstate(invalid="ignore"):
        flux = np.where(day, GRAVITY * heat * convective_height / (density * HEAT_CAPACITY_AIR * temperature), 0.0)
    return BoundaryLayer(
        valid=valid,
        calm=calm & ~missing,
        missing=missing,
        wind_speed_m_s=wind,
        wind_direction_deg=direction % 360.0,
        temperature_k=temperature,
        pressure_pa=pressure,
        rain_mm=np.nan_to_num(np.asarray(weather["rain_mm"], float)),
        friction_velocity_m_s=velocity,
        obukhov_length_m=length,
        sensible_heat_w_m2=heat,
        convective_velocity_m_s=np.cbrt(flux),
        convective_height_m=convective_height,
        mechanical_height_m=mechanical,
        roughness_m=np.full(wind.shape, float(roughness_m)),
        anemometer_height_m=anemometer,
    )


def wind_profile(layer: BoundaryLayer, height_m: ArrayLike) -> NDArray[np.float64]:
    """Wind speed by height, shape (hours, levels). [m s⁻¹]

    Parameters
    ----------
    layer : BoundaryLayer
    height_m : array_like, shape (levels,)
        [m]

    Notes
    -----
    Similarity profile through the observation, constant above the mixing height, linear to zero below seven
    roughness lengths (Cimorelli et al. 2005, eqs. 7-9).
    """
    height = np.asarray(height_m, float)[None, :]
    roughness = layer.roughness_m[:, None]
    lowest = 7.0 * roughness
    length = layer.obukhov_length_m[:, None]
    top = np.maximum(layer.mixing_height_m[:, None], lowest)

    def shape(z):
        return (
            np.log(z / roughness)
            - stability_function_momentum(z, length)
            + stability_function_momentum(roughness, length)
        )

    reference = shape(np.minimum(layer.anemometer_height_m, top))
    speed = layer.wind_speed_m_s[:, None] * shape(np.minimum(np.maximum(height, lowest), top)) / reference
    return speed * np.minimum(height / lowest, 1.0)


def turbulence_profiles(
    layer: BoundaryLayer, height_m: ArrayLike, wind: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standard deviations of lateral and vertical velocity by height, shape (hours, levels). [m s⁻¹]

    Parameters
    ----------
    layer : BoundaryLayer
    height_m : array_like, shape (levels,)
        [m]
    wind : ndarray, shape (hours, levels)
        Wind speed at these heights. [m s⁻¹]

    Notes
    -----
    Cimorelli et al. (2005), eqs. 13-19: σ_v² = 3.6 u*² falling linearly to at most 0.25 m² s⁻² at z_im, plus
    0.35 w*² to z_ic; σ_w² = 1.69 u*² (1 − z/z_i) with a residual 0.02 u, plus 1.6 (z/z_ic)^(2/3) w*² below 0.1 z_ic and
    0.35 w*² above. Floors: σ_v ≥ max(0.2 m s⁻¹, 0.05 u), σ_w ≥ 0.02 m s⁻¹.
    """
    z = np.asarray(height_m, float)[None, :]
    friction = layer.friction_velocity_m_s[:, None]
    convection = layer.convective_velocity_m_s[:, None]
    mechanical = layer.mechanical_height_m[:, None]
    mixing = layer.mixing_height_m[:, None]
    convective = np.where(layer.convective_height_m > 0.0, layer.convective_height_m, 1.0)[:, None]

    lateral_ground = 3.6 * friction**2
    lateral_top = np.minimum(lateral_ground, 0.25)
    lateral = lateral_ground + (lateral_top - lateral_ground) * np.minimum(z / mechanical, 1.0)
    convective_lateral = 0.35 * convection**2
    above = np.minimum(convective_lateral, 0.25)
    fade = np.clip((z / convective - 1.0) / 0.2, 0.0, 1.0)
    lateral = lateral + convective_lateral + (above - convective_lateral) * fade
    sigma_v = np.maximum(np.sqrt(lateral), np.maximum(0.2, 0.05 * wind))

    shear = 1.3 * friction * np.sqrt(np.maximum(1.0 - z / mixing, 0.0))
    residual = 0.02 * wind * np.minimum(z / mixing, 1.0)
    relative = z / convective
    share = np.where(
        relative <= 0.1,
        1.6 * np.maximum(relative, 0.0) ** (2.0 / 3.0),
        0.35 * np.exp(-6.0 * np.maximum(relative - 1.0, 0.0)),
    )
    sigma_w = np.maximum(np.sqrt(shear**2 + residual**2 + share * convection**2), 0.02)
    return sigma_v, sigma_w


def profiles(layer: BoundaryLayer, levels_m: ArrayLike) -> Profiles:
    """Integrated profiles of wind and turbulence for the plumes.

    Parameters
    ----------
    layer : BoundaryLayer
    levels_m : array_like, shape (levels,)
        Ascending, the first zero. [m]

    Returns
    -------
    Profiles

    Notes
    -----
    Invalid hours hold NaN. The wind has a floor of 0.2828 m s⁻¹ (√2 · 0.2), as AERMOD's.
    """
    levels = np.asarray(levels_m, float)
    if levels[0] != 0.0 or np.any(np.diff(levels) <= 0.0):
        raise ValueError("levels must start at 0 and ascend")
    wind = np.maximum(wind_profile(layer, levels), 0.2828)
    lateral, vertical = turbulence_profiles(layer, levels, wind)

    def integral(values):
        steps = 0.5 * (values[:, 1:] + values[:, :-1]) * np.diff(levels)
        return np.concatenate([np.zeros((values.shape[0], 1)), np.cumsum(steps, axis=1)], axis=1)

    return Profiles(levels, integral(wind), integral(lateral), integral(vertical))


def hourly_table(
    hourly: Mapping[str, NDArray], layer: BoundaryLayer, parameters: Mapping[str, float]
) -> dict[str, NDArray | list]:
    """Columns of the boundary layer hour by hour, for the record.

    Parameters
    ----------
    hourly : mapping
        ``day_of_year`` and ``hour``, shape (hours,).
    layer : BoundaryLayer
    parameters : mapping
        ``golder_a_*`` and ``golder_b_*`` of boundary_layer.csv.

    Returns
    -------
    dict
        Rounded; blank where an observation is missing, as is the stability class.
    """
    lines = {name: (parameters[f"golder_a_{name}"], parameters[f"golder_b_{name}"]) for name in STABILITY_CLASSES}
    known = ~layer.missing
    number = stability_class(np.where(known, layer.obukhov_length_m, 1.0), layer.roughness_m[0], lines)
    return {
        "day_of_year": hourly["day_of_year"],
        "hour": hourly["hour"],
        "friction_velocity_m_s": np.round(layer.friction_velocity_m_s, 4),
        "obukhov_length_m": np.round(layer.obukhov_length_m, 2),
        "mixing_height_m": np.round(np.where(known, layer.mixing_height_m, np.nan), 1),
        "convective_velocity_m_s": np.round(np.where(known, layer.convective_velocity_m_s, np.nan), 4),
        "sensible_heat_w_m2": np.round(layer.sensible_heat_w_m2, 2),
        "stability_class": [
            STABILITY_CLASSES[value] if seen else "" for value, seen in zip(number, known, strict=True)
        ],
        "wind_speed_m_s": layer.wind_speed_m_s,
        "wind_direction_deg": layer.wind_direction_deg,
        "rain_mm": layer.rain_mm,
        "used": [int(value) for value in layer.valid],
    }
