"""What rain takes out of a plume: scavenging of particles by size, by washout ratio, and of gases.

US EPA (2004), *AERMOD Deposition Algorithms, Science Document (Revised Draft)*; collection efficiency after Slinn
(1984) as in Seinfeld & Pandis (1998), ch. 20. Every kind of precipitation counts as rain of its water rate: AERMOD
heeds neither its code nor frost.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.dispersion.particles import GRAVITY, brownian_diffusivity, kinematic_viscosity

WATER_TO_AIR_VISCOSITY = 0.01 / 1.81e-4  # of dynamic viscosities, g cm⁻¹ s⁻¹ each (EPA 2004)
GAS_CONSTANT = 8.3145  # J mol⁻¹ K⁻¹
M_S_PER_MM_H = 1.0 / 3.6e6
WASHOUT_FINE_PER_UM = 1.0e5  # washout ratio of fine particles per µm of mean diameter (EPA 2004)
WASHOUT_COARSE = 6.0e5  # washout ratio of coarse particles (EPA 2004)


def raindrop(rain_mm_h: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Radius and fall speed of the representative raindrop. [m], [m s⁻¹]

    Parameters
    ----------
    rain_mm_h : array_like
        Above zero. [mm h⁻¹]

    Notes
    -----
    r = P^0.232/18.11 cm, V = 3.75 P^0.111 m s⁻¹ (EPA 2004).
    """
    rain = np.asarray(rain_mm_h, float)
    return rain**0.232 / 18.11 * 0.01, 3.75 * rain**0.111


def collection_efficiency(
    rain_mm_h: ArrayLike,
    diameter_um: ArrayLike,
    density_g_cm3: ArrayLike,
    settling_m_s: ArrayLike,
    temperature_k: ArrayLike,
    pressure_pa: ArrayLike,
) -> NDArray[np.float64]:
    """Share of the particles in its way that a raindrop collects: diffusion, interception, impaction. [1]

    Parameters
    ----------
    rain_mm_h, diameter_um, density_g_cm3, settling_m_s, temperature_k, pressure_pa : array_like
        Broadcast together; rain above zero. [mm h⁻¹], [µm], [g cm⁻³], [m s⁻¹], [K], [Pa]

    Notes
    -----
    E = 4/(Re Sc) (1 + 0.4 √Re Sc^⅓ + 0.16 √(Re Sc)) + 4 φ (1/ω + φ (1 + 2 √Re))
    + ((St − S*)/(St − S* + ⅔))^1.5 √(ρ_w/ρ), with Re = r V/ν, φ = d/(2 r), ω the ratio of viscosities,
    St = 2 τ (V − V_g)/(2 r), S* = (1.2 + ln(1 + Re)/12)/(1 + ln(1 + Re)); at most 1 (EPA 2004;
    Seinfeld & Pandis 1998, ch. 20). Between 0.1 and 2 µm neither diffusion nor impaction works.
    """
    radius, fall = raindrop(rain_mm_h)
    viscosity = kinematic_viscosity(temperature_k, pressure_pa)
    settling, diameter = np.asarray(settling_m_s, float), np.asarray(diameter_um, float)
    reynolds = radius * fall / viscosity
    schmidt = viscosity / brownian_diffusivity(diameter, temperature_k)
    ratio = 1.0e-6 * diameter / (2.0 * radius)
    diffusion = (
        4.0
        / (reynolds * schmidt)
        * (1.0 + 0.4 * np.sqrt(reynolds) * np.cbrt(schmidt) + 0.16 * np.sqrt(reynolds * schmidt))
    )
    interception = 4.0 * ratio * (1.0 / WATER_TO_AIR_VISCOSITY + ratio * (1.0 + 2.0 * np.sqrt(reynolds)))
    stokes = settling / GRAVITY * (fall - settling) / radius  # τ = V_g/g
    critical = (1.2 + np.log1p(reynolds) / 12.0) / (1.0 + np.log1p(reynolds))
    above = np.maximum(stokes - critical, 0.0)
    # water of 1 g cm⁻³
    impaction = (above / (above + 2.0 / 3.0)) ** 1.5 / np.sqrt(np.asarray(density_g_cm3, float))
    return np.minimum(diffusion + interception + impaction, 1.0)


def scavenging_rate(rain_mm_h: ArrayLike, efficiency: ArrayLike) -> NDArray[np.float64]:
    """Scavenging rate of particles, Λ = 3/2 E P/(2 r). [s⁻¹]

    Parameters
    ----------
    rain_mm_h, efficiency : array_like
        Broadcast together; no rain gives zero. [mm h⁻¹], [1]

    Notes
    -----
    Seinfeld & Pandis (1998), ch. 20, with one size of drops (EPA 2004).
    """
    rain = np.asarray(rain_mm_h, float)
    wet = np.where(rain > 0.0, rain, 1.0)
    radius, _ = raindrop(wet)
    return np.where(rain > 0.0, 1.5 * np.asarray(efficiency, float) * wet * M_S_PER_MM_H / (2.0 * radius), 0.0)


def washout_ratio(fine_fraction: ArrayLike, mean_diameter_um: ArrayLike) -> NDArray[np.float64]:
    """Concentration in rain over that in air, METHOD_2. [1]

    Parameters
    ----------
    fine_fraction, mean_diameter_um : array_like
        [1], [µm]

    Notes
    -----
    W = 1e5 d f + 6e5 (1 − f) (EPA 2004).
    """
    fine = np.asarray(fine_fraction, float)
    return WASHOUT_FINE_PER_UM * np.asarray(mean_diameter_um, float) * fine + WASHOUT_COARSE * (1.0 - fine)


def particle_washout(rain_mm_h: ArrayLike, ratio: ArrayLike) -> NDArray[np.float64]:
    """Washout velocity of particles known by their washout ratio; over the plume's depth it is Λ. [m s⁻¹]

    Parameters
    ----------
    rain_mm_h, ratio : array_like
        Broadcast. [mm h⁻¹], [1]

    Notes
    -----
    Λ = 1e-3 W P/(3600 z_p) (EPA 2004): the ratio holds for air and rain of equal volume at the ground, hence the
    factor of a thousand. The rate is at most that of drops that catch all in their way (`scavenging_rate` with E = 1).
    """
    rain = np.asarray(rain_mm_h, float)
    return np.asarray(ratio, float) * np.where(rain > 0.0, rain, 0.0) * M_S_PER_MM_H


def liquid_water(rain_mm_h: ArrayLike) -> NDArray[np.float64]:
    """Volume of falling rain per volume of air. [1]

    Parameters
    ----------
    rain_mm_h : array_like
        [mm h⁻¹]

    Notes
    -----
    L = 7.53e-8 P^0.889, about P/V of the representative drop (established against the reference program, to 1e-10).
    """
    return 6.25e-8 / 0.83 * np.asarray(rain_mm_h, float) ** 0.889


def gas_washout(rain_mm_h: ArrayLike, temperature_k: ArrayLike, henry_pa_m3_mol: float) -> NDArray[np.float64]:
    """Washout velocity of a gas in equilibrium between air and falling rain; over the plume's depth it is Λ. [m s⁻¹]

    Parameters
    ----------
    rain_mm_h, temperature_k : array_like
        [mm h⁻¹], [K]
    henry_pa_m3_mol : float
        [Pa m³ mol⁻¹]

    Notes
    -----
    (R T/H) P/(1 + L R T/H) (EPA 2004): rain takes up what it can hold of the gas shared between air and drops.
    """
    rain = np.maximum(np.nan_to_num(np.asarray(rain_mm_h, float)), 0.0)
    partition = GAS_CONSTANT * np.asarray(temperature_k, float) / henry_pa_m3_mol
    return partition * rain * M_S_PER_MM_H / (1.0 + liquid_water(rain) * partition)


def gas_transfer_rate(
    rain_mm_h: ArrayLike,
    temperature_k: ArrayLike,
    diffusivity_air_cm2_s: float,
    diffusivity_water_cm2_s: float,
    henry_pa_m3_mol: float,
) -> NDArray[np.float64]:
    """Scavenging rate of a gas as transfer into the drops limits it. [s⁻¹]

    Parameters
    ----------
    rain_mm_h, temperature_k : array_like
        [mm h⁻¹], [K]
    diffusivity_air_cm2_s, diffusivity_water_cm2_s, henry_pa_m3_mol : float
        [cm² s⁻¹], [cm² s⁻¹], [Pa m³ mol⁻¹]

    Notes
    -----
    Λ = 3 P K/(r V), 1/K = 0.008 + 1/(D_a (1/r + 80)) + 0.0085 r H/(R T D_w m) with K in cm s⁻¹ and r in cm: resistance
    of the interface, of the air around the drop and of its inside, where m is 1 for drops from 0.05 cm, which stir
    themselves, and 0.13 for smaller ones (EPA 2004; coefficients established against the
    reference program, to 1e-10).
    """
    rain = np.asarray(rain_mm_h, float)
    wet = np.where(rain > 0.0, rain, 1.0)
    radius, fall = raindrop(wet)
    radius_cm = 100.0 * radius
    partition = henry_pa_m3_mol / (GAS_CONSTANT * np.asarray(temperature_k, float))
    resistance = (
        0.008
        + 1.0 / (diffusivity_air_cm2_s * (1.0 / radius_cm + 80.0))
        + 0.0085 * radius_cm * partition / diffusivity_water_cm2_s / np.where(radius_cm < 0.05, 0.13, 1.0)
    )
    return np.where(rain > 0.0, 3.0 * wet * M_S_PER_MM_H * 0.01 / (resistance * radius * fall), 0.0)
