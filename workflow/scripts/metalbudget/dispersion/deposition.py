"""What takes metal out of a plume: settling, dry deposition velocity, scavenging by rain; particles and gas.

AERMOD's METHOD_1 for particles (US EPA 2004, AERMOD deposition algorithms, science document; Wesely et al. 2002,
ANL/ER/TR-01/003), resistances for a reactive gas. Wind- and rain-dependent quantities have an hour axis.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.meteorology.constants import GAS_CONSTANT_DRY_AIR, GRAVITY, VON_KARMAN

BOLTZMANN = 1.380649e-23  # J K⁻¹, exact
GAS_CONSTANT = 8.314462618  # J mol⁻¹ K⁻¹
MOLAR_MASS_AIR = 0.0289647  # kg mol⁻¹
WATER_DENSITY = 1000.0  # kg m⁻³
WATER_TO_AIR_VISCOSITY = 60.0  # ratio of dynamic viscosities near 20 °C (Seinfeld & Pandis 1998, ch. 20)
PRANDTL_AIR = 0.72


def air_viscosity(temperature_k: ArrayLike) -> NDArray[np.float64]:
    """Dynamic viscosity of air, Sutherland's law. [Pa s]; 200..400 K."""
    temperature = np.asarray(temperature_k, float)
    return 1.458e-6 * temperature**1.5 / (temperature + 110.4)


def mean_free_path(temperature_k: ArrayLike, pressure_pa: ArrayLike) -> NDArray[np.float64]:
    """Mean free path of air molecules (Seinfeld & Pandis 1998, eq. 8.6). [m]"""
    temperature = np.asarray(temperature_k, float)
    speed = np.sqrt(8.0 * MOLAR_MASS_AIR / (np.pi * GAS_CONSTANT * temperature))
    return 2.0 * air_viscosity(temperature) / (np.asarray(pressure_pa, float) * speed)


def slip_correction(diameter_m: ArrayLike, temperature_k: ArrayLike, pressure_pa: ArrayLike) -> NDArray[np.float64]:
    """Cunningham's slip correction (Seinfeld & Pandis 1998, eq. 8.34). [1]"""
    ratio = 2.0 * mean_free_path(temperature_k, pressure_pa) / np.asarray(diameter_m, float)
    return 1.0 + ratio * (1.257 + 0.4 * np.exp(-1.1 / ratio))


def settling_velocity(
    diameter_m: ArrayLike, density_kg_m3: ArrayLike, temperature_k: ArrayLike, pressure_pa: ArrayLike
) -> NDArray[np.float64]:
    """Terminal settling velocity, Stokes with slip. [m s⁻¹]

    Parameters
    ----------
    diameter_m, density_kg_m3, temperature_k, pressure_pa : array_like
        Broadcast together. [m], [kg m⁻³], [K], [Pa]

    Notes
    -----
    V_g = (ρ_p − ρ_a) g d² C / (18 μ), valid for d below 50 µm where the Reynolds number is small.
    """
    temperature, pressure = np.asarray(temperature_k, float), np.asarray(pressure_pa, float)
    air = pressure / (GAS_CONSTANT_DRY_AIR * temperature)
    slip = slip_correction(diameter_m, temperature, pressure)
    excess = np.asarray(density_kg_m3, float) - air
    return excess * GRAVITY * np.asarray(diameter_m, float) ** 2 * slip / (18.0 * air_viscosity(temperature))


def aerodynamic_resistance(
    friction_velocity_m_s: ArrayLike, obukhov_length_m: ArrayLike, roughness_m: ArrayLike
) -> NDArray[np.float64]:
    """Resistance of the air between the roughness length and one metre above it. [s m⁻¹]

    Parameters
    ----------
    friction_velocity_m_s, obukhov_length_m, roughness_m : array_like
        [m s⁻¹], [m], [m]

    Notes
    -----
    Similarity profile of heat with φ_h of Businger and Dyer: ln(z/z0) + 5 z/L stable (EPA 2004; Wesely et al. 2002).
    """
    velocity, length = np.asarray(friction_velocity_m_s, float), np.asarray(obukhov_length_m, float)
    roughness = np.asarray(roughness_m, float)
    height = roughness + 1.0
    stable = np.log(height / roughness) + 5.0 * height / np.maximum(length, 1.0e-6)
    upper = np.sqrt(1.0 + 16.0 * height / np.abs(length))
    lower = np.sqrt(1.0 + 16.0 * roughness / np.abs(length))
    unstable = np.log((upper - 1.0) * (lower + 1.0) / ((upper + 1.0) * (lower - 1.0)))
    return np.where(length > 0.0, stable, unstable) / (VON_KARMAN * velocity)


def particle_velocity(
    settling_m_s: ArrayLike,
    diameter_m: ArrayLike,
    aerodynamic_s_m: ArrayLike,
    friction_velocity_m_s: ArrayLike,
    convective_velocity_m_s: ArrayLike,
    temperature_k: ArrayLike,
    pressure_pa: ArrayLike,
    phoretic_m_s: float,
) -> NDArray[np.float64]:
    """Dry deposition velocity of particles, METHOD_1. [m s⁻¹]

    Parameters
    ----------
    settling_m_s, diameter_m : array_like
        Settling velocity and diameter. [m s⁻¹], [m]
    aerodynamic_s_m, friction_velocity_m_s, convective_velocity_m_s, temperature_k, pressure_pa : array_like
        Broadcast with the former. [s m⁻¹], [m s⁻¹], [m s⁻¹], [K], [Pa]
    phoretic_m_s : float
        Thermophoresis and diffusiophoresis, 1e-4 m s⁻¹. [m s⁻¹]

    Returns
    -------
    ndarray
        V_d = 1/(R_a + R_d + R_a R_d V_g) + V_g + phoretic, with R_d = 1/(G u* (Sc^(−2/3) + 10^(−3/St))) and the
        gust factor G = 1 + 0.24 (w*/u*)² in unstable air.

    Notes
    -----
    EPA (2004), AERMOD deposition algorithms; Pleim et al. (1984). Valid 0.05-50 µm.
    """
    settling, velocity = np.asarray(settling_m_s, float), np.asarray(friction_velocity_m_s, float)
    temperature, pressure = np.asarray(temperature_k, float), np.asarray(pressure_pa, float)
    viscosity = air_viscosity(temperature)
    kinematic = viscosity * GAS_CONSTANT_DRY_AIR * temperature / pressure
    slip = slip_correction(diameter_m, temperature, pressure)
    diffusivity = BOLTZMANN * temperature * slip / (3.0 * np.pi * viscosity * np.asarray(diameter_m, float))
    schmidt = kinematic / diffusivity
    stokes = settling * velocity**2 / (GRAVITY * kinematic)
    impaction = 10.0 ** (-3.0 / np.maximum(stokes, 1.0e-3))
    gust = 1.0 + 0.24 * (np.asarray(convective_velocity_m_s, float) / velocity) ** 2
    layer = 1.0 / (gust * velocity * (schmidt ** (-2.0 / 3.0) + impaction))
    air = np.asarray(aerodynamic_s_m, float)
    return 1.0 / (air + layer + air * layer * settling) + settling + phoretic_m_s


def gas_velocity(
    aerodynamic_s_m: ArrayLike,
    friction_velocity_m_s: ArrayLike,
    temperature_k: ArrayLike,
    pressure_pa: ArrayLike,
    diffusivity_m2_s: float,
    surface_resistance_s_m: float,
) -> NDArray[np.float64]:
    """Dry deposition velocity of a gas, 1/(R_a + R_b + R_c). [m s⁻¹]

    Parameters
    ----------
    aerodynamic_s_m, friction_velocity_m_s, temperature_k, pressure_pa : array_like
        [s m⁻¹], [m s⁻¹], [K], [Pa]
    diffusivity_m2_s, surface_resistance_s_m : float
        In air; of the surface. [m² s⁻¹], [s m⁻¹]

    Notes
    -----
    R_b = 2/(k u*) (Sc/Pr)^(2/3), Hicks et al. (1987), doi:10.1007/BF00229675. ASSUME oxidised mercury meets a small
    surface resistance everywhere, like nitric acid.
    """
    temperature = np.asarray(temperature_k, float)
    kinematic = air_viscosity(temperature) * GAS_CONSTANT_DRY_AIR * temperature / np.asarray(pressure_pa, float)
    velocity = np.asarray(friction_velocity_m_s, float)
    layer = 2.0 / (VON_KARMAN * velocity) * (kinematic / diffusivity_m2_s / PRANDTL_AIR) ** (2.0 / 3.0)
    return 1.0 / (np.asarray(aerodynamic_s_m, float) + layer + surface_resistance_s_m)


def raindrop(rain_mm_h: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Radius and fall speed of the representative raindrop. [m], [m s⁻¹]

    Parameters
    ----------
    rain_mm_h : array_like
        Above zero. [mm h⁻¹]

    Notes
    -----
    r = P^0.232/18.11 cm, V = 3.75 P^0.111 m s⁻¹ (EPA 2004, AERMOD deposition algorithms).
    """
    rain = np.asarray(rain_mm_h, float)
    return rain**0.232 / 18.11 * 0.01, 3.75 * rain**0.111


def collection_efficiency(
    rain_mm_h: ArrayLike,
    diameter_m: ArrayLike,
    settling_m_s: ArrayLike,
    temperature_k: ArrayLike,
    pressure_pa: ArrayLike,
    density_kg_m3: ArrayLike,
) -> NDArray[np.float64]:
    """Share of the particles in its way that a raindrop collects: diffusion, interception, impaction. [1]

    Parameters
    ----------
    rain_mm_h, diameter_m, settling_m_s, temperature_k, pressure_pa, density_kg_m3 : array_like
        Broadcast together; rain above zero. [mm h⁻¹], [m], [m s⁻¹], [K], [Pa], [kg m⁻³]

    Notes
    -----
    Slinn (1984) as in Seinfeld & Pandis (1998), eq. 20.56; at most 1. It has a gap between 0.1 and 2 µm, where
    neither diffusion nor impaction works.
    """
    radius, fall = raindrop(rain_mm_h)
    temperature, pressure = np.asarray(temperature_k, float), np.asarray(pressure_pa, float)
    viscosity = air_viscosity(temperature)
    kinematic = viscosity * GAS_CONSTANT_DRY_AIR * temperature / pressure
    diameter, settling = np.asarray(diameter_m, float), np.asarray(settling_m_s, float)
    slip = slip_correction(diameter, temperature, pressure)
    diffusivity = BOLTZMANN * temperature * slip / (3.0 * np.pi * viscosity * diameter)
    reynolds = radius * fall / kinematic
    schmidt = kinematic / diffusivity
    size_ratio = diameter / (2.0 * radius)
    diffusion = (
        4.0
        / (reynolds * schmidt)
        * (1.0 + 0.4 * np.sqrt(reynolds) * np.cbrt(schmidt) + 0.16 * np.sqrt(reynolds * schmidt))
    )
    interception = 4.0 * size_ratio * (1.0 / WATER_TO_AIR_VISCOSITY + (1.0 + 2.0 * np.sqrt(reynolds)) * size_ratio)
    relaxation = settling / GRAVITY
    stokes = relaxation * np.maximum(fall - settling, 0.0) / radius  # 2 τ (V − v)/(2 r)
    critical = (1.2 + np.log1p(reynolds) / 12.0) / (1.0 + np.log1p(reynolds))
    above = np.maximum(stokes - critical, 0.0)
    impaction = (above / (above + 2.0 / 3.0)) ** 1.5 * np.sqrt(WATER_DENSITY / np.asarray(density_kg_m3, float))
    return np.minimum(diffusion + interception + impaction, 1.0)


def particle_scavenging(rain_mm_h: ArrayLike, efficiency: ArrayLike) -> NDArray[np.float64]:
    """Scavenging rate of particles, Λ = 3/2 E P/(2 r). [s⁻¹]

    Parameters
    ----------
    rain_mm_h, efficiency : array_like
        Broadcast together; no rain gives zero. [mm h⁻¹], [1]

    Notes
    -----
    Seinfeld & Pandis (1998), eq. 20.53, with one drop size (EPA 2004).
    """
    rain = np.asarray(rain_mm_h, float)
    radius, _ = raindrop(np.maximum(rain, 1.0e-6))
    return np.where(rain > 0.0, 1.5 * np.asarray(efficiency) * rain / 3.6e6 / (2.0 * radius), 0.0)


def gas_scavenging(
    rain_mm_h: ArrayLike, temperature_k: ArrayLike, pressure_pa: ArrayLike, diffusivity_m2_s: float
) -> NDArray[np.float64]:
    """Scavenging rate of a gas so soluble that the transfer to the drop limits it. [s⁻¹]

    Parameters
    ----------
    rain_mm_h, temperature_k, pressure_pa : array_like
        [mm h⁻¹], [K], [Pa]
    diffusivity_m2_s : float
        In air. [m² s⁻¹]

    Notes
    -----
    Λ = 6 K P/(D V), K = (D_g/D)(2 + 0.6 Re^½ Sc^⅓) with drop diameter D and fall speed V: irreversible scavenging,
    Seinfeld & Pandis (1998), eqs. 20.20-20.25. Oxidised mercury (Henry constant of 6e-6 Pa m³ mol⁻¹) qualifies.
    """
    rain = np.asarray(rain_mm_h, float)
    radius, fall = raindrop(np.maximum(rain, 1.0e-6))
    temperature = np.asarray(temperature_k, float)
    kinematic = air_viscosity(temperature) * GAS_CONSTANT_DRY_AIR * temperature / np.asarray(pressure_pa, float)
    diameter = 2.0 * radius
    sherwood = 2.0 + 0.6 * np.sqrt(diameter * fall / kinematic) * np.cbrt(kinematic / diffusivity_m2_s)
    transfer = diffusivity_m2_s / diameter * sherwood
    return np.where(rain > 0.0, 6.0 * transfer * rain / 3.6e6 / (diameter * fall), 0.0)
