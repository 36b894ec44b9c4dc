"""Boundary-layer parameters from ordinary hourly weather.

Friction velocity, Obukhov length, heat flux, convective velocity and mixing heights hour by hour, and the
vertical profiles of wind and turbulence that plumes travel in. The equations are those AERMET and AERMOD
document (US EPA 2004, EPA-454/R-03-004; Cimorelli et al. 2005, doi:10.1175/JAM2227.1). Numbers that belong to
a published equation stand in the equation; numbers that are a choice come in as `parameters`
(resources/parameters/boundary_layer.csv).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

GRAVITY = 9.80665  # m s⁻², standard
VON_KARMAN = 0.4
STEFAN_BOLTZMANN = 5.670374e-8  # W m⁻² K⁻⁴, CODATA
GAS_CONSTANT_DRY_AIR = 287.05  # J kg⁻¹ K⁻¹
HEAT_CAPACITY_AIR = 1004.0  # J kg⁻¹ K⁻¹
KELVIN = 273.15
SECONDS_PER_HOUR = 3600.0
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


def stability_function_momentum(height_m: ArrayLike, obukhov_length_m: ArrayLike) -> NDArray[np.float64]:
    """Integrated similarity function ψ_m(z/L). [1]

    Notes
    -----
    Unstable: Panofsky & Dutton (1984); stable: −17 (1 − exp(−0.29 z/L)), van Ulden & Holtslag (1985).
    """
    height, length = np.asarray(height_m, float), np.asarray(obukhov_length_m, float)
    ratio = height / length
    root = (1.0 - 16.0 * np.minimum(ratio, 0.0)) ** 0.25
    unstable = 2.0 * np.log((1.0 + root) / 2.0) + np.log((1.0 + root**2) / 2.0) - 2.0 * np.arctan(root) + np.pi / 2.0
    stable = -17.0 * (1.0 - np.exp(-0.29 * np.maximum(ratio, 0.0)))
    return np.where(ratio < 0.0, unstable, stable)


def convective_scales(
    wind_speed_m_s: ArrayLike,
    sensible_heat_w_m2: ArrayLike,
    temperature_k: ArrayLike,
    air_density_kg_m3: ArrayLike,
    roughness_m: float,
    anemometer_height_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Friction velocity and Obukhov length of convective hours, solved together.

    Parameters
    ----------
    wind_speed_m_s, sensible_heat_w_m2, temperature_k, air_density_kg_m3 : array_like
        Heat flux above zero. [m s⁻¹], [W m⁻²], [K], [kg m⁻³]
    roughness_m, anemometer_height_m : float
        [m]

    Returns
    -------
    friction_velocity, obukhov_length : ndarray
        [m s⁻¹], [m] (negative)

    Notes
    -----
    EPA-454/R-03-004, eqs. 6 and 8, fixed-point iteration damped by averaging; it converges because a larger
    u* makes |L| larger and ψ_m smaller.
    """
    wind, heat = np.asarray(wind_speed_m_s, float), np.asarray(sensible_heat_w_m2, float)
    scale = (
        np.asarray(air_density_kg_m3) * HEAT_CAPACITY_AIR * np.asarray(temperature_k) / (VON_KARMAN * GRAVITY * heat)
    )
    neutral = np.log(anemometer_height_m / roughness_m)
    velocity = VON_KARMAN * wind / neutral
    for _ in range(60):
        length = -scale * velocity**3
        correction = stability_function_momentum(roughness_m, length) - stability_function_momentum(
            anemometer_height_m, length
        )
        velocity = 0.5 * (velocity + VON_KARMAN * wind / np.maximum(neutral + correction, 0.1 * neutral))
    return velocity, -scale * velocity**3


def stable_scales(
    wind_speed_m_s: ArrayLike,
    cloud_fraction: ArrayLike,
    temperature_k: ArrayLike,
    roughness_m: float,
    anemometer_height_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Friction velocity, Obukhov length and temperature scale of stable hours from cloud cover.

    Parameters
    ----------
    wind_speed_m_s, cloud_fraction, temperature_k : array_like
        [m s⁻¹], [0..1], [K]
    roughness_m, anemometer_height_m : float
        [m]

    Returns
    -------
    friction_velocity, obukhov_length, temperature_scale : ndarray
        [m s⁻¹], [m] (positive), [K] (positive: downward heat flux)

    Notes
    -----
    θ* = 0.09 (1 − 0.5 n²) K (van Ulden & Holtslag 1985, doi:10.1175/1520-0450(1985)024<1196:EOABLP>2.0.CO;2);
    u* = C_D u/2 (1 + √(1 − (2 u0/(√C_D u))²)) (Venkatram 1980; EPA-454/R-03-004, eqs. 14-16). Below the critical
    wind both scales fall in proportion to the wind.
    """
    wind, temperature = np.asarray(wind_speed_m_s, float), np.asarray(temperature_k, float)
    drag = VON_KARMAN / np.log(anemometer_height_m / roughness_m)
    scale = 0.09 * (1.0 - 0.5 * np.asarray(cloud_fraction, float) ** 2)
    buoyancy = 5.0 * anemometer_height_m * GRAVITY * scale / temperature  # u0²
    critical = 2.0 * np.sqrt(buoyancy / drag)
    effective = np.maximum(wind, critical)
    velocity = 0.5 * drag * effective * (1.0 + np.sqrt(np.maximum(1.0 - (critical / effective) ** 2, 0.0)))
    reduction = np.minimum(wind / critical, 1.0)
    velocity, scale = velocity * reduction, scale * reduction
    length = temperature * velocity**2 / (VON_KARMAN * GRAVITY * scale)
    return velocity, length, scale


def mechanical_mixing_height(
    friction_velocity_m_s: ArrayLike, coefficient: float, memory: float
) -> NDArray[np.float64]:
    """Mechanical mixing height, 2300 u*^1.5, smoothed in time. [m]

    Parameters
    ----------
    friction_velocity_m_s : array_like, shape (hours,)
        NaN in missing hours, which keep the height before them. [m s⁻¹]
    coefficient : float
        2300 s^1.5 m^-0.5 (Venkatram 1980, doi:10.1007/BF00122351).
    memory : float
        β_τ = 2 in the time scale τ = z_im/(β_τ u*) (EPA-454/R-03-004, eqs. 24-26). [1]

    Returns
    -------
    ndarray, shape (hours,)
    """
    velocity = np.asarray(friction_velocity_m_s, float)
    equilibrium = coefficient * velocity**1.5
    height = np.empty_like(equilibrium)
    finite = np.flatnonzero(np.isfinite(equilibrium))
    state = float(equilibrium[finite[0]]) if finite.size else np.nan
    for hour in range(height.size):
        if np.isfinite(equilibrium[hour]):
            time_scale = max(state, 1.0) / (memory * velocity[hour])
            kept = np.exp(-SECONDS_PER_HOUR / time_scale)
            state = state * kept + equilibrium[hour] * (1.0 - kept)
        height[hour] = state
    return height


def convective_mixing_height(
    sensible_heat_w_m2: ArrayLike,
    air_density_kg_m3: ArrayLike,
    day: ArrayLike,
    lapse_k_m: float,
    entrainment: float,
    maximum_m: float,
) -> NDArray[np.float64]:
    """Height of the convective layer that grows into a linear morning profile. [m]

    Parameters
    ----------
    sensible_heat_w_m2, air_density_kg_m3 : array_like, shape (hours,)
        [W m⁻²], [kg m⁻³]
    day : array_like of int, shape (hours,)
        Running number of the day; growth starts anew each day.
    lapse_k_m : float
        Potential temperature gradient above the layer. [K m⁻¹]
    entrainment : float
        A = 0.2, heat flux at the top as a share of the surface flux. [1]
    maximum_m : float
        [m]

    Returns
    -------
    ndarray, shape (hours,)
        Zero before the day's first upward heat flux.

    Notes
    -----
    Carson (1973), doi:10.1002/qj.49709942105, with Weil & Brower (1983): γ z²/2 = (1 + 2A) ∫ H/(ρ c_p) dt for
    a constant gradient γ. ASSUME no sounding: γ is the same every morning.
    """
    heat = np.maximum(np.nan_to_num(np.asarray(sensible_heat_w_m2, float)), 0.0)
    supply = heat * SECONDS_PER_HOUR / (np.nan_to_num(np.asarray(air_density_kg_m3), nan=1.2) * HEAT_CAPACITY_AIR)
    total = np.cumsum(supply)
    day = np.asarray(day)
    first = np.searchsorted(day, day)  # days are ascending
    before = np.where(first > 0, total[np.maximum(first - 1, 0)], 0.0)
    return np.minimum(np.sqrt(2.0 * (1.0 + 2.0 * entrainment) * (total - before) / lapse_k_m), maximum_m)


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


def spread_directions(direction_deg: ArrayLike) -> NDArray[np.float64]:
    """Spread wind directions that are reported by sector evenly over their sectors.

    A year of hours on 16 bearings draws 16 rays around every stack, which no wind does. The regulatory preprocessor
    spreads directions reported to ten degrees in the same way, with random numbers; here the hour's place in a
    golden-ratio sequence decides, so that results repeat.

    Parameters
    ----------
    direction_deg : array_like, shape (hours,)
        Direction the wind comes from, NaN where missing. [degrees]

    Returns
    -------
    ndarray, shape (hours,)
        Unchanged unless 99 % of the hours hold a bearing of 8, 16 or 36 sectors. [degrees, 0-360]

    Notes
    -----
    Source: US EPA, AERMET user's guide, randomisation of wind directions reported to the nearest ten degrees.
    """
    direction = np.asarray(direction_deg, dtype=float) % 360.0
    known = direction[np.isfinite(direction)]
    if np.unique(known).size < 8:
        return direction
    for sectors in (8, 16, 36):
        width = 360.0 / sectors
        # Bearings such as 22.5 are often written without their decimals, and single hours carry something else.
        off = np.abs((known + 0.5 * width) % width - 0.5 * width)
        if np.mean(off < 0.5 + 1.0e-9) >= 0.99:
            golden = 0.6180339887498949  # (sqrt(5) - 1) / 2: the most even sequence there is
            offset = (np.arange(direction.size) * golden) % 1.0 - 0.5
            return (np.round(direction / width) * width + offset * width) % 360.0
    return direction


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
