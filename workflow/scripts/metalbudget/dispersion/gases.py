"""How the ground takes up a gas: wetness, sunshine, soil water and the resistances of leaves and ground.

The scheme of Wesely, Doskey & Shannon (2002), ANL/ER/TR-01/003, as US EPA (2004), *AERMOD Deposition Algorithms,
Science Document (Revised Draft)*, adopts it. Tables by land use and season come in as mappings (`gas_surface` in
resources/parameters). What the documents leave open was established by asking the reference program, one input at a
time.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.dispersion.particles import kinematic_viscosity
from metalbudget.meteorology.constants import VON_KARMAN

WATER_VAPOUR_DIFFUSIVITY_CM2_S = 0.219  # in air, EPA 2004
LARGEST_RESISTANCE_S_M = 1.0e7  # s m⁻¹, of a path that is closed
LEAST_CUTICLE_RESISTANCE_S_M = 100.0  # s m⁻¹, of a leaf's lipids however permeable
WET_RESISTANCE_S_M = 50.0  # s m⁻¹, of wet leaves and ground to sulphur dioxide
DEW_AERODYNAMIC_RESISTANCE_S_M = 1000.0  # s m⁻¹, where dew forms
FIRST_DEW_HOUR, LAST_DEW_HOUR = 20, 7  # of the clock, hour-ending
HOURS_WET_AFTER_RAIN = 2
FIELD_CAPACITY_MM = 200.0  # water a root zone holds without stress
FIRST_SOIL_WATER_MM = 180.0  # at the start of a calculation
EVAPORATION_MM_H_KPA = 0.157878  # of a root zone at capacity, per kPa of saturation pressure; by asking, over a year
MISSING_TEMPERATURE_K = 999.0  # the surface file's code, which AERMOD's soil takes at its word
PARAMETERS = (
    "leaf_area",
    "stomata",
    "cuticle_sulphur",
    "cuticle_ozone",
    "canopy_air",
    "ground_sulphur",
    "ground_ozone",
)
FORESTS = (4, 6)  # forest and suburban forest: shading of 30 W m⁻² halves stomata's opening, 100 elsewhere
LEAST_OPENING = 0.01  # of stomata in the dark (Wesely et al. 2002)
SHADE_FOREST_W_M2, SHADE_ELSEWHERE_W_M2 = 30.0, 100.0  # Wesely et al. 2002
AUTUMN, SNOW_SEASON, SPRING = 2, 4, 5  # AERMOD's numbers of seasons; of 2 and 5 the user scales the leaf area
LAST_LIQUID_CODE = 18  # of precipitation; found by asking


def saturation_pressure(temperature_k: ArrayLike) -> NDArray[np.float64]:
    """Saturation vapour pressure over water, exponential of the inverse temperature. [kPa]

    Parameters
    ----------
    temperature_k : array_like
        [K], 250..320

    Notes
    -----
    e_s = 0.6112 exp(19.83 − 5417.4/T): Clausius-Clapeyron with constant latent heat.
    """
    return 0.6112 * np.exp(19.83 - 5417.4 / np.asarray(temperature_k, float))


def insolation(
    heat_flux_w_m2: ArrayLike,
    bowen_ratio: ArrayLike,
    albedo: ArrayLike,
    temperature_k: ArrayLike,
    cloud_tenths: ArrayLike,
    obukhov_length_m: ArrayLike,
) -> NDArray[np.float64]:
    """Global radiation behind an hour's sensible heat flux; zero in stable hours. [W m⁻²]

    Parameters
    ----------
    heat_flux_w_m2, bowen_ratio, albedo, temperature_k, cloud_tenths, obukhov_length_m : array_like
        As in a surface file; the temperature is that of the station. [W m⁻²], [1], [1], [K], [tenths], [m]

    Notes
    -----
    G = [(1 + c₃) H (1 + 1/B)/0.9 − c₁ T⁶ + σ T⁴ − c₂ n]/(1 − albedo): the energy balance of Holtslag & van Ulden
    (1983), c₁ = 5.31e-13 W m⁻² K⁻⁶, c₂ = 60 W m⁻², turned round. ASSUME c₃ = 1.12, as AERMOD has it; the balance's own
    is 0.12, so the radiation is nearly twice the true one and stomata open wider at a given flux. Below zero where the
    sky's radiation alone exceeds what the flux tells; `surface_resistance` bounds what light does.
    """
    heat, bowen = np.asarray(heat_flux_w_m2, float), np.asarray(bowen_ratio, float)
    temperature, albedo = np.asarray(temperature_k, float), np.asarray(albedo, float)
    net = heat * (1.0 + 1.0 / bowen) / 0.9
    cloud = np.asarray(cloud_tenths, float) / 10.0
    longwave = 5.67e-8 * temperature**4 - 5.31e-13 * temperature**6 - 60.0 * cloud
    sunny = (np.asarray(obukhov_length_m, float) < 0.0) & (albedo < 1.0)
    shine = (2.12 * net + longwave) / np.where(sunny, 1.0 - albedo, 1.0)
    return np.where(sunny, shine, 0.0)


def dew(
    hour: ArrayLike,
    friction_velocity_m_s: ArrayLike,
    temperature_k: ArrayLike,
    relative_humidity_pct: ArrayLike,
    pressure_pa: ArrayLike,
    cloud_tenths: ArrayLike,
) -> NDArray[np.bool_]:
    """Whether dew forms: humid air, weak turbulence, open sky.

    Parameters
    ----------
    hour : array_like of int
        Hour-ending, 1..24.
    friction_velocity_m_s, temperature_k, relative_humidity_pct, pressure_pa, cloud_tenths : array_like
        [m s⁻¹], [K], [%], [Pa], [tenths]

    Notes
    -----
    u* < 1.5e-3 c/(q_s − q), q = 0.622 e/(p − 0.378 e), c = 0.3 with up to 2 tenths of cloud, 0.2 up to 7, 0.1 above
    (Wesely et al. 2002). AERMOD's night is from the 20th to the 7th hour of the clock, whatever season and latitude.
    """
    pressure, cloud = np.asarray(pressure_pa, float) / 1000.0, np.asarray(cloud_tenths, float)
    saturated = saturation_pressure(temperature_k)
    vapour = saturated * np.asarray(relative_humidity_pct, float) / 100.0
    deficit = 0.622 * (saturated / (pressure - 0.378 * saturated) - vapour / (pressure - 0.378 * vapour))
    sky = np.select([cloud <= 2.0, cloud <= 7.0], [0.3, 0.2], 0.1)
    night = (np.asarray(hour) <= LAST_DEW_HOUR) | (np.asarray(hour) >= FIRST_DEW_HOUR)
    return night & (np.asarray(friction_velocity_m_s, float) * deficit < 1.5e-3 * sky)


def snowing(precipitation_code: ArrayLike, air_temperature_k: ArrayLike, season: ArrayLike) -> NDArray[np.bool_]:
    """Whether snow falls on snow, which neither wets leaves and ground nor lets dew form.

    The code decides, whatever the amount (found by asking).

    Parameters
    ----------
    precipitation_code : array_like of int
        Above 18 frozen.
    air_temperature_k : array_like
        At stack height. [K]
    season : array_like of int
        4 is winter with snow.
    """
    frozen = (np.asarray(precipitation_code) > LAST_LIQUID_CODE) & (np.asarray(air_temperature_k, float) < 273.16)
    return frozen & (np.asarray(season) == SNOW_SEASON)


def leaf_share(
    land_use: ArrayLike, season: ArrayLike, autumn_factor: float, spring_factor: float
) -> NDArray[np.float64]:
    """Leaves' uptake relative to midsummer. [1]

    Parameters
    ----------
    land_use, season : array_like of int
        Broadcast.
    autumn_factor, spring_factor : float
        Leaf area in seasons 2 and 5 relative to midsummer. [1]

    Notes
    -----
    The factor itself in forests (land use 4 and 6), its square root elsewhere; one in the other seasons.
    """
    season = np.asarray(season)
    factor = np.select([season == AUTUMN, season == SPRING], [autumn_factor, spring_factor], 1.0)
    return np.where(np.isin(land_use, FORESTS), factor, np.sqrt(factor))


def humid_temperature(temperature_k: ArrayLike, precipitation_mm_h: ArrayLike) -> NDArray[np.float64]:
    """Temperature whose saturation pressure dew and stomata feel, shape (hours,). [K]

    Parameters
    ----------
    temperature_k, precipitation_mm_h : array_like, shape (hours,)
        Every hour in sequence; NaN where missing. [K], [mm h⁻¹]

    Notes
    -----
    That of the hour; without precipitation observed that of the last hour with it, as in AERMOD (found by experiment).
    """
    known = np.asarray(temperature_k, float).copy()
    observed = np.isfinite(np.asarray(precipitation_mm_h, float))
    last = np.maximum.accumulate(np.where(observed, np.arange(known.size), -1))
    return np.where(last >= 0, known[np.maximum(last, 0)], known)


def recently_wet(precipitation_mm_h: ArrayLike) -> NDArray[np.bool_]:
    """Whether it rains or has rained in one of the two hours before, shape (hours,).

    Parameters
    ----------
    precipitation_mm_h : array_like, shape (hours,)
        Every hour in sequence. [mm h⁻¹]
    """
    raining = np.asarray(precipitation_mm_h, float) > 0.0
    wet = raining.copy()
    for lag in range(1, HOURS_WET_AFTER_RAIN + 1):
        wet[lag:] |= raining[:-lag]
    return wet


def soil_water(temperature_k: ArrayLike, precipitation_mm_h: ArrayLike) -> NDArray[np.float64]:
    """Water in the root zone, hour after hour. [mm]

    Parameters
    ----------
    temperature_k, precipitation_mm_h : array_like, shape (hours,)
        Every hour in sequence, calm ones too, NaN where missing. [K], [mm h⁻¹]

    Returns
    -------
    ndarray, shape (hours,)
        Below zero after an hour without temperature.

    Notes
    -----
    W(t) = W(t − 1) + P(t − 1) − min(W/200 mm, 1) E with E = 0.158 mm h⁻¹ kPa⁻¹ e_s(T), from 180 mm: rain counts from
    the hour after it fell, frozen or not, and is never lost, so that W may exceed the capacity (after Wesely et al.
    2002). As in AERMOD (found by experiment) an hour without precipitation observed leaves the soil as it was, and the
    rain of the hour before is lost; the missing temperature 999 acts as one, so that the soil is dry for months.
    """
    known = np.where(np.isfinite(temperature_k), temperature_k, MISSING_TEMPERATURE_K)
    evaporation = EVAPORATION_MM_H_KPA * saturation_pressure(known)
    rain = np.asarray(precipitation_mm_h, float)
    water = np.empty(evaporation.shape)
    state, fallen = FIRST_SOIL_WATER_MM, 0.0
    for hour in range(evaporation.size):
        if np.isfinite(rain[hour]):
            state += fallen - min(max(state / FIELD_CAPACITY_MM, 0.0), 1.0) * evaporation[hour]
            fallen = rain[hour]
        else:
            fallen = 0.0
        water[hour] = state
    return water


def boundary_resistance(
    friction_velocity_m_s: ArrayLike, temperature_k: ArrayLike, pressure_pa: ArrayLike, diffusivity_air_cm2_s: float
) -> NDArray[np.float64]:
    """Resistance of the quasi-laminar layer to a gas. [s m⁻¹]

    Parameters
    ----------
    friction_velocity_m_s, temperature_k, pressure_pa : array_like
        [m s⁻¹], [K], [Pa]
    diffusivity_air_cm2_s : float
        Taken as given, whatever the hour's temperature. [cm² s⁻¹]

    Notes
    -----
    R_b = 2.2 (ν/D_a)^(2/3)/(k u*) (EPA 2004).
    """
    viscosity = kinematic_viscosity(temperature_k, pressure_pa)
    schmidt = viscosity / (1.0e-4 * diffusivity_air_cm2_s)
    return 2.2 * schmidt ** (2.0 / 3.0) / (VON_KARMAN * np.asarray(friction_velocity_m_s, float))


def surface_resistance(
    surface: Mapping[str, NDArray[np.float64]],
    leaf_share: ArrayLike,
    shade_w_m2: ArrayLike,
    insolation_w_m2: ArrayLike,
    soil_water_mm: ArrayLike,
    station_temperature_k: ArrayLike,
    air_temperature_k: ArrayLike,
    relative_humidity_pct: ArrayLike,
    friction_velocity_m_s: ArrayLike,
    wet: ArrayLike,
    diffusivity_air_cm2_s: float,
    cuticular_resistance_s_cm: float,
    henry_pa_m3_mol: float,
    reactivity: float,
) -> NDArray[np.float64]:
    """Resistance of leaves and ground to a gas, R_c. [s m⁻¹]

    Parameters
    ----------
    surface : mapping of str to ndarray, shape (hours,)
        `PARAMETERS` of the hour's land use and season: leaf area index of full leaf [1] and resistances [s m⁻¹].
    leaf_share : array_like, shape (hours,)
        Leaves' uptake relative to midsummer (`leaf_share`). [1]
    shade_w_m2 : array_like, shape (hours,)
        Radiation at which stomata are half open. [W m⁻²]
    insolation_w_m2, soil_water_mm : array_like, shape (hours,)
        [W m⁻²], [mm]
    station_temperature_k, air_temperature_k : array_like, shape (hours,)
        Of the surface file, for humidity; at stack height, for all else. [K]
    relative_humidity_pct, friction_velocity_m_s : array_like, shape (hours,)
        [%], [m s⁻¹]
    wet : array_like of bool, shape (hours,)
        By rain of this hour or the two before or by dew, unless snow falls on snow.
    diffusivity_air_cm2_s, cuticular_resistance_s_cm, henry_pa_m3_mol, reactivity : float
        [cm² s⁻¹], [s cm⁻¹], [Pa m³ mol⁻¹], [1]

    Returns
    -------
    ndarray, shape (hours,)

    Notes
    -----
    1/R_c = F [1/(R_s + R_m) + 1/R_cut + 1/R_lip] + 1/(R_ac + R_g) with the leaf share F, and for Henry's constant H and
    reactivity f

    - stomata R_s = r_s (D_v/D_a)/(f₁ f₂ f₃ f₄): light f₁ = (G/G_r + 0.01)/(G/G_r + 1), within 0.01..1 also where G is
      negative (found by experiment), water f₂ = W/200 mm within 0.01..1, vapour pressure deficit
      f₃ = 1/(1 + 0.1 kPa⁻¹ (e_s − e)), heat f₄ = 1 − 0.0016 (298.2 K − T)², at least 0.01;
    - mesophyll R_m = 1/(0.034/H + 100 f);
    - cuticle 1/R_cut = 1e-3/(H R_S) + (f + f²/H)/R_O, lipids R_lip = r_cl/(LAI F), with the cold at
      least 100 s m⁻¹;
    - ground 1/R_g = 1e-3/(H R_gS) + (f + 0.1 f²)/R_gO below the canopy's air, R_ac = r_ac 0.3 m s⁻¹/u*.

    Wet surfaces have R_S = R_gS = 50 s m⁻¹ and three quarters of R_O; cold adds 1000 exp(−(T − 273.2 K) − 4) s m⁻¹ to
    each resistance of leaves' outside and of the ground (Wesely 1989, doi:10.1016/0004-6981(89)90153-4).
    """
    wet = np.asarray(wet, bool)
    air, station = np.asarray(air_temperature_k, float), np.asarray(station_temperature_k, float)
    leafy = np.asarray(leaf_share, float)
    cold = 1000.0 * np.exp(-(air - 273.2) - 4.0)

    light = np.asarray(insolation_w_m2, float) / np.asarray(shade_w_m2, float)
    dryness = np.clip(np.asarray(soil_water_mm, float) / FIELD_CAPACITY_MM, 0.01, 1.0)
    humidity = np.clip(np.asarray(relative_humidity_pct, float) / 100.0, 0.05, 1.0)
    with np.errstate(divide="ignore"):
        lit = np.clip((light + LEAST_OPENING) / (light + 1.0), LEAST_OPENING, 1.0)
    opening = (
        lit
        * dryness
        / (1.0 + 0.1 * saturation_pressure(station) * (1.0 - humidity))
        * np.maximum(1.0 - 0.0016 * (298.2 - air) ** 2, 0.01)
    )
    stomata = surface["stomata"] * WATER_VAPOUR_DIFFUSIVITY_CM2_S / diffusivity_air_cm2_s / opening
    stomata = np.minimum(stomata, LARGEST_RESISTANCE_S_M)
    mesophyll = min(1.0 / (0.034 / henry_pa_m3_mol + 100.0 * reactivity), LARGEST_RESISTANCE_S_M)

    cuticle_sulphur = np.where(wet, WET_RESISTANCE_S_M, surface["cuticle_sulphur"]) + cold
    cuticle_ozone = np.where(wet, 0.75, 1.0) * surface["cuticle_ozone"] + cold
    ground_sulphur = np.where(wet, WET_RESISTANCE_S_M, surface["ground_sulphur"]) + cold
    ground_ozone = surface["ground_ozone"] + cold
    solubility = 1.0e-3 / henry_pa_m3_mol
    cuticle = solubility / cuticle_sulphur + (reactivity + reactivity**2 / henry_pa_m3_mol) / cuticle_ozone
    lipid = 100.0 * cuticular_resistance_s_cm / (surface["leaf_area"] * leafy) + cold
    lipid = np.maximum(lipid, LEAST_CUTICLE_RESISTANCE_S_M)
    canopy_air = surface["canopy_air"] * 0.3 / np.asarray(friction_velocity_m_s, float)
    with np.errstate(divide="ignore"):  # open water takes up all that comes: a resistance of nought, wanted
        ground = 1.0 / (solubility / ground_sulphur + (reactivity + 0.1 * reactivity**2) / ground_ozone)
        ground = np.minimum(ground, LARGEST_RESISTANCE_S_M)
        leaves = leafy * (1.0 / (stomata + mesophyll) + cuticle + 1.0 / lipid)
        return 1.0 / (leaves + 1.0 / (canopy_air + ground))
