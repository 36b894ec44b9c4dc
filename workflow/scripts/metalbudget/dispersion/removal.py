"""What takes metal out of a plume, hour by hour and class by class: dry deposition, settling, scavenging.

One entry, `removal`, for the three kinds of substance; the equations are in `particles`, `rain` and `gases`.
"""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.dispersion import gases, particles, rain
from metalbudget.dispersion.case import FineFraction, Gas, GasSurface, SizeClasses, Substance
from metalbudget.meteorology.hours import SurfaceHours
from metalbudget.settings import coefficients

STANDARD_TEMPERATURE_K, STANDARD_PRESSURE_PA = 293.0, 101325.0  # where a file has neither
MISSING_HUMIDITY_PCT, MISSING_CLOUD_TENTHS = 999.0, 99.0  # the surface file's codes
MISSING_HEAT_FLUX_W_M2, MISSING_BOWEN_RATIO, MISSING_ALBEDO = -999.0, -9.0, -9.0  # its codes as well
LEAST_BOWEN_RATIO = 1.0e-3  # of a ground whose whole flux is latent: smaller ones change nothing
SEASONS, LAND_USES, SECTORS = 5, 9, 36


@dataclass(frozen=True, eq=False)
class Removal:
    """Rates at which a plume loses mass.

    The plume loses Λ = scavenging_s + min(washout_m_s/z_p, washout_limit_s), z_p being its depth; the flux to the
    ground has flux_limit_s instead.

    Arrays have shape (hours, classes) unless said; calm and missing hours hold zeros.

    Parameters
    ----------
    fraction : ndarray, shape (classes,)
        Share of the emission. [1]
    dry_velocity_m_s : ndarray
        At the reference height. [m s⁻¹]
    settling_m_s : ndarray
        Of the plume's centre line; zero for gases. [m s⁻¹]
    scavenging_s : ndarray
        Where it does not depend on the plume (METHOD_1). [s⁻¹]
    washout_m_s : ndarray
        Where it does: divided by the depth z_p of the plume (METHOD_2 and gases). [m s⁻¹]
    washout_limit_s : ndarray
        What the quotient is held to: drops that catch all in their way, transfer into drops. [s⁻¹]
    flux_limit_s : ndarray
        The same for the flux to the ground: of gases alone, as in AERMOD. [s⁻¹]
    reference_height_m : ndarray, shape (hours,)
        Where the concentration is taken for dry deposition: z0 + 1 m, with a velocity of the user's the ground. [m]
    aerodynamic_s_m : ndarray, shape (hours,)
        R_a. [s m⁻¹]
    layer_s_m : ndarray
        R_d of METHOD_1, R_p of METHOD_2, R_b of gases. [s m⁻¹]
    surface_s_m : ndarray
        R_c of gases; zero for particles. [s m⁻¹]
    """

    fraction: NDArray[np.float64]
    dry_velocity_m_s: NDArray[np.float64]
    settling_m_s: NDArray[np.float64]
    scavenging_s: NDArray[np.float64]
    washout_m_s: NDArray[np.float64]
    washout_limit_s: NDArray[np.float64]
    flux_limit_s: NDArray[np.float64]
    reference_height_m: NDArray[np.float64]
    aerodynamic_s_m: NDArray[np.float64]
    layer_s_m: NDArray[np.float64]
    surface_s_m: NDArray[np.float64]


@functools.cache
def surface_tables() -> dict[str, NDArray[np.float64]]:
    """Surface parameters of gas deposition, each of shape (10, 6): land use 1..9 by season 1..5, from index 1."""
    rows = coefficients("gas_surface")
    tables = {name: np.full((LAND_USES + 1, SEASONS + 1), np.nan) for name in gases.PARAMETERS}
    for key, value in rows.items():
        land_use, season, name = key.split("/")
        tables[name][int(land_use), int(season)] = value
    return tables


def sector_of(flow_direction_deg: ArrayLike) -> NDArray[np.intp]:
    """Index 0..35 of the 10° sector the wind blows to, the first centred on 10°.

    Parameters
    ----------
    flow_direction_deg : array_like
        Clockwise from north, where the wind goes. [degree]
    """
    # an exact half belongs to the lower sector; rounded, since directions come in tenths and 180 is added to them
    tens = np.ceil(np.round(np.nan_to_num(np.asarray(flow_direction_deg, float)) / 10.0 - 0.5, 9)).astype(np.intp)
    return (tens - 1) % SECTORS


@functools.lru_cache(maxsize=4)
def _soil_water(hours: SurfaceHours) -> NDArray[np.float64]:
    """Water in the root zone, shape (hours,), once for all sources and gases of a year. [mm]"""
    water = gases.soil_water(hours.temperature_k, hours.precipitation_mm_h)
    water.setflags(write=False)
    return water


def removal(
    substance: Substance,
    hours: SurfaceHours,
    air_temperature_k: ArrayLike,
    gas_surface: GasSurface | None = None,
    flow_direction_deg: ArrayLike | None = None,
) -> Removal:
    """Removal rates of a substance in every hour.

    Parameters
    ----------
    substance : SizeClasses, FineFraction or Gas
    hours : SurfaceHours
        All hours in sequence: the soil of gas deposition remembers. In the urban boundary layer those with the night's
        layer put in, but with the surface file's roughness, as AERMOD has it.
    air_temperature_k : array_like, shape (hours,)
        At stack height. [K]
    gas_surface : GasSurface, optional
        Needed for a gas; its reference reactivity holds where the gas itself has none.
    flow_direction_deg : array_like, shape (hours,), optional
        Where the wind blows to at the source, for a gas over differing sectors; default the station's. [degree]

    Returns
    -------
    Removal

    Notes
    -----
    Temperature at stack height drives viscosity, diffusion and scavenging, as in AERMOD; precipitation of any kind
    counts where its rate is above zero.
    """
    valid = hours.valid
    station = np.where(np.isfinite(hours.temperature_k), hours.temperature_k, STANDARD_TEMPERATURE_K)
    temperature = np.asarray(air_temperature_k, float)
    temperature = np.where(valid & np.isfinite(temperature), temperature, station)
    pressure = np.where(np.isfinite(hours.pressure_pa), hours.pressure_pa, STANDARD_PRESSURE_PA)
    friction = np.where(valid, hours.friction_velocity_m_s, 1.0)
    length = np.where(valid, hours.obukhov_length_m, 1.0e5)
    convective = np.where(valid & (length < 0.0), hours.convective_velocity_m_s, 0.0)
    water = np.where(hours.precipitation_mm_h > 0.0, hours.precipitation_mm_h, 0.0)
    roughness = np.where(np.isfinite(hours.roughness_m), hours.roughness_m, 0.1)
    air = particles.aerodynamic_resistance(friction, length, roughness)
    column = (slice(None), np.newaxis)
    wet_hour = np.where(water > 0.0, water, 1.0)[column]
    reference = roughness + particles.REFERENCE_ABOVE_ROUGHNESS_M

    if isinstance(substance, SizeClasses):
        diameter = np.asarray(substance.diameter_um, float)
        density = np.asarray(substance.density_g_cm3, float)
        fraction = np.asarray(substance.mass_fraction, float)
        settling = particles.settling_velocity(diameter, density)
        layer = particles.layer_resistance(
            diameter, settling, friction[column], convective[column], temperature[column], pressure[column]
        )
        velocity = particles.size_class_velocity(air[column], layer, settling)
        efficiency = rain.collection_efficiency(
            wet_hour, diameter, density, settling, temperature[column], pressure[column]
        )
        scavenging = rain.scavenging_rate(water[column], efficiency)
        settling = np.broadcast_to(settling, velocity.shape)
        washout, limit = np.zeros_like(velocity), np.full_like(velocity, np.inf)
        surface = np.zeros_like(velocity)
    elif isinstance(substance, FineFraction):
        fraction = np.ones(1)
        layer = particles.fine_layer_resistance(friction, length)[column]
        velocity = particles.fine_fraction_velocity(air[column], layer, substance.fine_fraction)
        ratio = rain.washout_ratio(substance.fine_fraction, substance.mean_diameter_um)
        washout = rain.particle_washout(water, ratio)[column]
        limit = rain.scavenging_rate(water, 1.0)[column]
        # AERMOD lets the plume sink as if all were of the mean diameter and of water's density
        settling = np.full_like(velocity, particles.settling_velocity(substance.mean_diameter_um, 1.0))
        scavenging, surface = np.zeros_like(velocity), np.zeros_like(velocity)
    else:
        if gas_surface is None:
            raise ValueError("deposition of a gas needs gas_surface")
        fraction = np.ones(1)
        if gas_surface.user_velocity_m_s is None:
            air, layer, surface = _gas_resistances(
                substance, hours, gas_surface, flow_direction_deg, air, friction, length, temperature, pressure, water
            )
            velocity = 1.0 / (air + layer + surface)
            washout = rain.gas_washout(water, temperature, substance.henry_pa_m3_mol)[column]
            limit = rain.gas_transfer_rate(
                water,
                temperature,
                substance.diffusivity_air_cm2_s,
                substance.diffusivity_water_cm2_s,
                substance.henry_pa_m3_mol,
            )[column]
        else:
            # as in AERMOD, which refuses wet deposition beside a velocity of the user's
            # and has it act on the concentration at the ground (found by experiment)
            velocity = np.full(hours.size, gas_surface.user_velocity_m_s)
            reference = np.zeros(hours.size)
            layer, surface = np.zeros(hours.size), np.zeros(hours.size)
            washout, limit = np.zeros((hours.size, 1)), np.zeros((hours.size, 1))
        velocity, layer, surface = velocity[column], layer[column], surface[column]
        settling, scavenging = np.zeros_like(velocity), np.zeros_like(velocity)

    def held(values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Zero in the hours without a plume."""
        mask = valid if values.ndim == 1 else valid[column]
        return np.where(mask, values, 0.0)

    return Removal(
        fraction=fraction,
        dry_velocity_m_s=held(velocity),
        settling_m_s=held(settling),
        scavenging_s=held(scavenging),
        washout_m_s=held(washout),
        washout_limit_s=held(limit),
        flux_limit_s=held(limit if isinstance(substance, Gas) else np.full_like(limit, np.inf)),
        reference_height_m=reference,
        aerodynamic_s_m=held(air),
        layer_s_m=held(layer),
        surface_s_m=held(surface),
    )


def _gas_resistances(
    gas: Gas,
    hours: SurfaceHours,
    ground: GasSurface,
    flow_direction_deg: ArrayLike | None,
    air: NDArray[np.float64],
    friction: NDArray[np.float64],
    length: NDArray[np.float64],
    temperature: NDArray[np.float64],
    pressure: NDArray[np.float64],
    water: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """R_a, R_b and R_c of a gas, each of shape (hours,). [s m⁻¹]"""
    if flow_direction_deg is None:
        flow_direction_deg = hours.wind_direction_deg + 180.0
    season = np.asarray(ground.season_of_month, int)[hours.month - 1]
    land_use = np.asarray(ground.landuse_of_sector, int)[sector_of(flow_direction_deg)]
    surface = {name: table[land_use, season] for name, table in surface_tables().items()}
    forest = np.isin(land_use, gases.FORESTS)
    share = gases.leaf_share(land_use, season, ground.autumn_leaf_factor, ground.spring_leaf_factor)
    shade = np.where(forest, gases.SHADE_FOREST_W_M2, gases.SHADE_ELSEWHERE_W_M2)
    station = np.where(np.isfinite(hours.temperature_k), hours.temperature_k, STANDARD_TEMPERATURE_K)
    cloud = np.where(np.isfinite(hours.cloud_tenths), hours.cloud_tenths, MISSING_CLOUD_TENTHS)
    # what is missing acts with the surface file's code for it, as in AERMOD (found by experiment)
    humidity = np.where(np.isfinite(hours.relative_humidity_pct), hours.relative_humidity_pct, MISSING_HUMIDITY_PCT)
    humid = gases.humid_temperature(station, hours.precipitation_mm_h)
    snowing = gases.snowing(hours.precipitation_code, temperature, season)
    dewy = ~snowing & gases.dew(hours.hour, friction, humid, humidity, pressure, cloud)
    heat = np.where(np.isfinite(hours.heat_flux_w_m2), hours.heat_flux_w_m2, MISSING_HEAT_FLUX_W_M2)
    bowen = np.where(np.isfinite(hours.bowen_ratio), hours.bowen_ratio, MISSING_BOWEN_RATIO)
    bowen = np.where(bowen == 0.0, LEAST_BOWEN_RATIO, bowen)
    albedo = np.where(np.isfinite(hours.albedo), hours.albedo, MISSING_ALBEDO)
    shine = gases.insolation(heat, bowen, albedo, station, cloud, length)
    resistance = gases.surface_resistance(
        surface=surface,
        leaf_share=share,
        shade_w_m2=shade,
        insolation_w_m2=np.where(hours.valid, shine, 0.0),
        soil_water_mm=_soil_water(hours),
        station_temperature_k=humid,
        air_temperature_k=temperature,
        relative_humidity_pct=humidity,
        friction_velocity_m_s=friction,
        wet=~snowing & (dewy | gases.recently_wet(water)),
        diffusivity_air_cm2_s=gas.diffusivity_air_cm2_s,
        cuticular_resistance_s_cm=gas.cuticular_resistance_s_cm,
        henry_pa_m3_mol=gas.henry_pa_m3_mol,
        reactivity=gas.reactivity or ground.reference_reactivity,
    )
    layer = gases.boundary_resistance(friction, temperature, pressure, gas.diffusivity_air_cm2_s)
    air = np.where(dewy, np.maximum(air, gases.DEW_AERODYNAMIC_RESISTANCE_S_M), air)
    return air, layer, resistance
