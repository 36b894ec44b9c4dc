"""The urban boundary layer of the night: a city's warmth keeps stable air turbulent up to an urban mixing height.

Formulation: Cimorelli et al. 2005 (doi:10.1175/JAM2227.1) and US EPA 2004, EPA-454/R-03-004, section 5.8. How the
pieces join, and that mornings count as nights until the convective layer outgrows the urban one, was found by
experiment with EPA's program AERMOD 23132.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion import profiles
from metalbudget.dispersion.profiles import CANOPY_ROUGHNESSES, GRAVITY_M_S2, LEVELS_M, VON_KARMAN, Profiles

if TYPE_CHECKING:
    from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours

REFERENCE_POPULATION = 2.0e6  # P0 of the largest contrast (section 5.8, after Oke 1973, 1982)
LARGEST_CONTRAST_K = 12.0  # ΔT of a city of P0 inhabitants
REFERENCE_MIXING_HEIGHT_M = 400.0  # z_iuo of a city of P0 inhabitants
HEAT_FLUX_SHARE = 0.03  # α of the heat flux α ρ c_p ΔT u*
MIXED_GRADIENT_K_M = 1.0e-5  # dθ/dz below the urban mixing height (eq. 107)


def contrast_k(population: float) -> float:
    """Urban less rural temperature, ΔT = 12 (0.1 ln(P/P0) + 1). [K]"""
    return LARGEST_CONTRAST_K * (0.1 * np.log(population / REFERENCE_POPULATION) + 1.0)


def mixing_height_m(population: float) -> float:
    """Mixing height of the urban night, z_iu = 400 (P/P0)^(1/4). [m]"""
    return REFERENCE_MIXING_HEIGHT_M * (population / REFERENCE_POPULATION) ** 0.25


def night(hours: "SurfaceHours", population: float) -> NDArray[np.bool_]:
    """Hours that have the urban night layer, shape (hours,).

    The stable ones, and the convective ones whose convective mixing height is still below z_iu, at any time of day.
    """
    below = hours.convective_height_m < mixing_height_m(population)
    return (hours.obukhov_length_m > 0.0) | ((hours.obukhov_length_m < 0.0) & below)


def convective_velocity_m_s(hours: "SurfaceHours", population: float) -> NDArray[np.float64]:
    """Convective velocity of the urban night, w*_u = (g/T · α ΔT u* · z_iu)^(1/3), shape (hours,). [m s⁻¹]"""
    flux = HEAT_FLUX_SHARE * contrast_k(population) * hours.friction_velocity_m_s
    return np.cbrt(GRAVITY_M_S2 / hours.temperature_k * flux * mixing_height_m(population))


def urban(
    hours: "SurfaceHours",
    observations: "ProfileObservations",
    population: float,
    roughness_m: float = 1.0,
    base_elevation_m: float = 0.0,
) -> tuple["SurfaceHours", Profiles]:
    """Hours and profiles over a city.

    Parameters
    ----------
    hours : SurfaceHours
        Of the country around, (hours,).
    observations : ProfileObservations
        (hours, levels)
    population : float
        Inhabitants of the city, more than 91, where the contrast vanishes.
    roughness_m : float
        Roughness of the city, below z_iu/7. [m]
    base_elevation_m : float
        As of `profiles.grid`. [m]

    Returns
    -------
    SurfaceHours
        Night hours with the city's friction velocity, Obukhov length and, as the mechanical mixing height, at least
        z_iu. Days, the wind, the roughness length, w* and the convective mixing height are unchanged.
    Profiles
        The country's, in night hours with the convective turbulence of the city added and dθ/dz = 10⁻⁵ K m⁻¹ up to
        z_iu.

    Notes
    -----
    EPA-454/R-03-004, section 5.8. The effective friction velocity, at least the country's, is the one whose mechanical
    σ_w at 7 z0 of the city, under the mixing height in force, equals the city's convective σ_w there. The city's heat
    flux and that friction velocity give an Obukhov length L_u; stable hours get max(L, L_u), convective ones max(L,
    −L_u) (found by experiment).
    """
    country = profiles.grid(hours, observations, base_elevation_m)
    is_night = night(hours, population)
    top = mixing_height_m(population)
    wstar = np.where(is_night, convective_velocity_m_s(hours, population), 0.0)

    canopy = CANOPY_ROUGHNESSES * np.fmax(hours.roughness_m, roughness_m)  # the rougher of both (found by experiment)
    convective = np.sqrt([profiles.convective_sigma_w_2(height, 1.0, top) for height in canopy.tolist()]) * wstar
    in_force = np.fmax(hours.mechanical_height_m, top)
    ustar = np.fmax(hours.friction_velocity_m_s, convective / (1.3 * np.sqrt(1.0 - canopy / in_force)))
    flux = HEAT_FLUX_SHARE * contrast_k(population) * hours.friction_velocity_m_s
    length = ustar**3 * hours.temperature_k / (VON_KARMAN * GRAVITY_M_S2 * flux)
    length = np.fmax(hours.obukhov_length_m, np.where(hours.obukhov_length_m > 0.0, length, -length))
    city = replace(
        hours,
        friction_velocity_m_s=ustar,
        obukhov_length_m=np.where(is_night, length, hours.obukhov_length_m),
        mechanical_height_m=np.where(is_night, in_force, hours.mechanical_height_m),
    )

    sigma_v, sigma_w, gradient = (
        array.copy() for array in (country.sigma_v_m_s, country.sigma_w_m_s, country.gradient_k_m)
    )
    profiles.add_convective(LEVELS_M, wstar, top, sigma_v, sigma_w)
    gradient[np.ix_(is_night & ~(hours.calm | hours.missing), top >= LEVELS_M)] = MIXED_GRADIENT_K_M
    theta = profiles.from_sea_level(gradient, hours.temperature_k, hours.temperature_height_m, base_elevation_m)
    return city, replace(
        country, sigma_v_m_s=sigma_v, sigma_w_m_s=sigma_w, gradient_k_m=gradient, potential_temperature_k=theta
    )
