"""How particles fall and how the ground takes them: settling, resistances and dry deposition velocities.

METHOD_1 (known size classes) and METHOD_2 (fine share and mean diameter) of US EPA (2004), *AERMOD Deposition
Algorithms, Science Document (Revised Draft)*, after Wesely, Doskey & Shannon (2002), ANL/ER/TR-01/003. Arrays
broadcast; hours come first and classes last.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.meteorology.constants import VON_KARMAN

GRAVITY = 9.80616  # m s⁻², at 45° latitude, as the science document rounds it (eq. 6)
AIR_DENSITY = 1.2  # kg m⁻³, EPA 2004: standard air, whatever the hour
AIR_VISCOSITY = 1.81e-5  # Pa s, EPA 2004: standard air, whatever the hour
REFERENCE_ABOVE_ROUGHNESS_M = 1.0  # m, EPA 2004, eq. 1: deposition is counted at z0 + 1 m
SMALLEST_OBUKHOV_M = 1.0  # m, least |L| that AERMOD lets in; found by asking
PHORETIC_M_S = 1.0e-4  # m s⁻¹, thermo- and diffusiophoresis, EPA 2004
COARSE_SETTLING_M_S = 0.002  # m s⁻¹, of the coarse share in METHOD_2, EPA 2004


def kinematic_viscosity(temperature_k: ArrayLike, pressure_pa: ArrayLike) -> NDArray[np.float64]:
    """Kinematic viscosity of air as AERMOD's deposition takes it. [m² s⁻¹]

    Parameters
    ----------
    temperature_k, pressure_pa : array_like
        [K], 240..325; [Pa], 6e4..1.1e5

    Notes
    -----
    ν = 0.1505 (T/273.16)^1.772 (p/1013)(1 + 0.00132 (p − 1013)) cm² s⁻¹, p in hPa (EPA 2004 names T and p as its
    variables; the coefficients were established against the reference program, to 1e-15). ASSUME its pressure term: it
    grows with pressure while a gas's viscosity falls with it, so it misleads away from sea level.
    """
    temperature, pressure = np.asarray(temperature_k, float), np.asarray(pressure_pa, float) / 100.0
    return 0.1505e-4 * (temperature / 273.16) ** 1.772 * (pressure / 1013.0) * (1.0 + 0.00132 * (pressure - 1013.0))


def slip_correction(diameter_um: ArrayLike) -> NDArray[np.float64]:
    """Cunningham's slip correction in standard air. [1]

    Parameters
    ----------
    diameter_um : array_like
        [µm], 0.01..100

    Notes
    -----
    S = 1 + 2 x₂ (a₁ + a₂ exp(−a₃ d/x₂))/d with x₂ = 0.065 µm, a₁ = 1.257, a₂ = 0.4, a₃ = 0.55 (EPA 2004).
    """
    diameter = np.asarray(diameter_um, float)
    return 1.0 + 2.0 * 0.065 * (1.257 + 0.4 * np.exp(-0.55 * diameter / 0.065)) / diameter


def settling_velocity(diameter_um: ArrayLike, density_g_cm3: ArrayLike) -> NDArray[np.float64]:
    """Stokes settling velocity with slip in standard air, the same in every hour. [m s⁻¹]

    Parameters
    ----------
    diameter_um, density_g_cm3 : array_like
        [µm], 0.01..50; [g cm⁻³]

    Notes
    -----
    V_g = (ρ − ρ_air) g d² S/(18 μ), EPA 2004; too fast above 50 µm, where drag is no longer Stokes'.
    """
    diameter, density = np.asarray(diameter_um, float), np.asarray(density_g_cm3, float)
    excess = 1000.0 * density - AIR_DENSITY  # g cm⁻³ to kg m⁻³
    return excess * GRAVITY * (1.0e-6 * diameter) ** 2 * slip_correction(diameter) / (18.0 * AIR_VISCOSITY)


def brownian_diffusivity(diameter_um: ArrayLike, temperature_k: ArrayLike) -> NDArray[np.float64]:
    """Brownian diffusivity of particles. [m² s⁻¹]

    Parameters
    ----------
    diameter_um, temperature_k : array_like
        Broadcast. [µm], [K]

    Notes
    -----
    D = 8.09e-10 T S/d cm² s⁻¹, d in µm (EPA 2004): Stokes-Einstein in air of 1.81e-5 Pa s.
    """
    diameter = np.asarray(diameter_um, float)
    return 8.09e-14 * np.asarray(temperature_k, float) * slip_correction(diameter) / diameter


def aerodynamic_resistance(
    friction_velocity_m_s: ArrayLike, obukhov_length_m: ArrayLike, roughness_m: ArrayLike
) -> NDArray[np.float64]:
    """Resistance of the air between the roughness length and one metre above it. [s m⁻¹]

    Parameters
    ----------
    friction_velocity_m_s, obukhov_length_m, roughness_m : array_like
        Broadcast. [m s⁻¹], above 0; [m], taken as ±1 m where nearer to zero; [m]

    Notes
    -----
    With z = z0 + 1 m: (ln(z/z0) + 5 z/L)/(k u*) in stable air,
    ln[(√(1 + 16 z/|L|) − 1)(√(1 + 16 z0/|L|) + 1)/((√(1 + 16 z/|L|) + 1)(√(1 + 16 z0/|L|) − 1))]/(k u*) in unstable
    air (EPA 2004).
    """
    velocity, length = np.asarray(friction_velocity_m_s, float), np.asarray(obukhov_length_m, float)
    roughness = np.asarray(roughness_m, float)
    height = roughness + REFERENCE_ABOVE_ROUGHNESS_M
    size = np.maximum(np.abs(length), SMALLEST_OBUKHOV_M)
    stable = np.log(height / roughness) + 5.0 * height / size
    upper, lower = np.sqrt(1.0 + 16.0 * height / size), np.sqrt(1.0 + 16.0 * roughness / size)
    unstable = np.log((upper - 1.0) * (lower + 1.0) / ((upper + 1.0) * (lower - 1.0)))
    return np.where(length > 0.0, stable, unstable) / (VON_KARMAN * velocity)


def layer_resistance(
    diameter_um: ArrayLike,
    settling_m_s: ArrayLike,
    friction_velocity_m_s: ArrayLike,
    convective_velocity_m_s: ArrayLike,
    temperature_k: ArrayLike,
    pressure_pa: ArrayLike,
) -> NDArray[np.float64]:
    """Resistance of the layer at the surface to particles of one size, METHOD_1. [s m⁻¹]

    Parameters
    ----------
    diameter_um, settling_m_s : array_like
        [µm], [m s⁻¹]
    friction_velocity_m_s, convective_velocity_m_s : array_like
        The latter zero or NaN in stable air. [m s⁻¹]
    temperature_k, pressure_pa : array_like
        [K], [Pa]

    Notes
    -----
    R_d = 1/[(1 + 0.24 (w*/u*)²) u* (Sc^(−2/3) + 10^(−3/St))], Sc = ν/D, St = V_g u*²/(g ν) (EPA 2004).
    """
    velocity, settling = np.asarray(friction_velocity_m_s, float), np.asarray(settling_m_s, float)
    convective = np.nan_to_num(np.maximum(np.asarray(convective_velocity_m_s, float), 0.0))
    viscosity = kinematic_viscosity(temperature_k, pressure_pa)
    schmidt = viscosity / brownian_diffusivity(diameter_um, temperature_k)
    stokes = settling * velocity**2 / (GRAVITY * viscosity)
    # below 0.01 the impaction term is 10^-300: nothing, and no overflow on the way there
    impaction = 10.0 ** (-3.0 / np.maximum(stokes, 0.01))
    gust = 1.0 + 0.24 * (convective / velocity) ** 2
    return 1.0 / (gust * velocity * (schmidt ** (-2.0 / 3.0) + impaction))


def size_class_velocity(
    aerodynamic_s_m: ArrayLike, layer_s_m: ArrayLike, settling_m_s: ArrayLike
) -> NDArray[np.float64]:
    """Dry deposition velocity of particles of one size, METHOD_1. [m s⁻¹]

    Parameters
    ----------
    aerodynamic_s_m, layer_s_m, settling_m_s : array_like
        R_a, R_d [s m⁻¹], V_g [m s⁻¹]

    Notes
    -----
    V_d = 1/(R_a + R_d + R_a R_d V_g) + V_g + 1e-4 m s⁻¹ (EPA 2004).
    """
    air, layer = np.asarray(aerodynamic_s_m, float), np.asarray(layer_s_m, float)
    settling = np.asarray(settling_m_s, float)
    return 1.0 / (air + layer + air * layer * settling) + settling + PHORETIC_M_S


def fine_layer_resistance(friction_velocity_m_s: ArrayLike, obukhov_length_m: ArrayLike) -> NDArray[np.float64]:
    """Resistance of the layer at the surface to fine particles, METHOD_2. [s m⁻¹]

    Parameters
    ----------
    friction_velocity_m_s, obukhov_length_m : array_like
        [m s⁻¹]; [m], taken as ±1 m where nearer to zero

    Notes
    -----
    R_p = 500/u* in stable air, 500/(u* (1 − 300/L)) in unstable air (EPA 2004, after Wesely et al. 1985 on
    sulphate over grass).
    """
    velocity, length = np.asarray(friction_velocity_m_s, float), np.asarray(obukhov_length_m, float)
    gust = np.where(length > 0.0, 1.0, 1.0 + 300.0 / np.maximum(np.abs(length), SMALLEST_OBUKHOV_M))
    return 500.0 / (velocity * gust)


def fine_fraction_velocity(
    aerodynamic_s_m: ArrayLike, layer_s_m: ArrayLike, fine_fraction: ArrayLike
) -> NDArray[np.float64]:
    """Dry deposition velocity of particles known by their fine share, METHOD_2. [m s⁻¹]

    Parameters
    ----------
    aerodynamic_s_m, layer_s_m, fine_fraction : array_like
        R_a, R_p [s m⁻¹]; share of mass below 2.5 µm [1]

    Notes
    -----
    V_d = f/(R_a + R_p) + (1 − f) [1/(R_a + R_p + 0.002 R_a R_p) + 0.002 m s⁻¹] (EPA 2004): the coarse
    share settles at 0.2 cm s⁻¹, whatever its size.
    """
    air, layer = np.asarray(aerodynamic_s_m, float), np.asarray(layer_s_m, float)
    fine = np.asarray(fine_fraction, float)
    coarse = 1.0 / (air + layer + COARSE_SETTLING_M_S * air * layer) + COARSE_SETTLING_M_S
    return fine / (air + layer) + (1.0 - fine) * coarse
