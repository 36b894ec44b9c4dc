"""How high a plume rises: stack-tip downwash, final and gradual rise, penetration of the mixed layer's top.

Compiled. Briggs (1975, 1984) as used in EPA-454/R-03-004 section 5.6; penetration after Weil et al. (1997,
doi:10.1175/1520-0450(1997)036<0982:ARPFTD>2.0.CO;2).
"""

import math

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.air import GRAVITY_M_S2, at
from metalbudget.dispersion.vector import power

ENTRAINMENT = 0.6  # β of a bent-over plume (Briggs 1975)
LEAST_WIND_M_S = 0.2 * math.sqrt(2.0)  # √2 times the least σ_v (EPA-454/R-03-004)
PENETRATION = 2.6  # of equilibrium rise into a stable layer (Berkowicz et al. 1986)


@njit_borrowing()
def buoyancy_flux(diameter_m, exit_velocity_m_s, exit_temperature_k, air_temperature_k):
    """Flux g v (d/2)² (Ts − Ta)/Ts of buoyancy, zero when colder than the air. [m⁴ s⁻³]"""
    if exit_temperature_k <= air_temperature_k:
        return 0.0
    excess = (exit_temperature_k - air_temperature_k) / exit_temperature_k
    return GRAVITY_M_S2 * exit_velocity_m_s * (0.5 * diameter_m) ** 2 * excess


@njit_borrowing()
def momentum_flux(diameter_m, exit_velocity_m_s, exit_temperature_k, air_temperature_k):
    """Flux v² (d/2)² Ta/Ts of momentum. [m⁴ s⁻²]"""
    warm = max(exit_temperature_k, air_temperature_k)
    return (exit_velocity_m_s * 0.5 * diameter_m) ** 2 * air_temperature_k / warm


@njit_borrowing()
def stack_tip_height(height_m, diameter_m, exit_velocity_m_s, wind_m_s):
    """Release height, lowered in the lee of the stack where v < 1.5 u (Briggs 1974). [m]"""
    if exit_velocity_m_s < 1.5 * wind_m_s:
        return max(height_m + 2.0 * diameter_m * (exit_velocity_m_s / wind_m_s - 1.5), 0.0)
    return height_m


@njit_borrowing()
def unstable_distance(buoyancy, momentum, diameter_m, exit_velocity_m_s, wind_m_s):
    """Distance to final rise in neutral and unstable air: 49 F^(5/8), 119 F^(2/5) from F = 55 m⁴ s⁻³. [m]

    Without buoyancy 4 d (v + 3 u)²/(v u) (Briggs 1975).
    """
    if buoyancy >= 55.0:
        return 119.0 * buoyancy**0.4
    if buoyancy > 0.0:
        return 49.0 * buoyancy**0.625
    if exit_velocity_m_s > 0.0:
        return 4.0 * diameter_m * (exit_velocity_m_s + 3.0 * wind_m_s) ** 2 / (exit_velocity_m_s * wind_m_s)
    return 0.0


@njit_borrowing()
def unstable_rise(distance_m, buoyancy, momentum, wind_m_s):
    """Gradual rise [3 F_m x/(β² u²) + 3 F_b x²/(2 β² u³)]^(1/3) in neutral and unstable air. [m]"""
    squared = ENTRAINMENT * ENTRAINMENT
    jet = 3.0 * momentum * distance_m / (squared * wind_m_s**2)
    buoyant = 1.5 * buoyancy * distance_m**2 / (squared * wind_m_s**3)
    return power(jet + buoyant, 1.0 / 3.0)


@njit_borrowing()
def stable_distance(buoyancy, momentum, wind_m_s, frequency):
    """Distance u/N' (π − arctan(F_m N'/F_b)) to the top of the first oscillation, N' = 0.7 N. [m]"""
    damped = 0.7 * frequency
    return wind_m_s / damped * math.atan2(momentum * damped, -buoyancy)


@njit_borrowing()
def stable_rise(distance_m, buoyancy, momentum, wind_m_s, frequency):
    """Gradual rise 2.66 [F_b/(u N²)]^(1/3) [F_m N'/F_b sin(N'x/u) + 1 − cos(N'x/u)]^(1/3) in stable air. [m]"""
    damped = 0.7 * frequency
    phase = damped * distance_m / wind_m_s
    swing = momentum * damped * math.sin(phase) + buoyancy * (1.0 - math.cos(phase))
    return 2.66 * power(swing / (frequency**2 * wind_m_s), 1.0 / 3.0)


@njit_borrowing()
def mechanical_limit(buoyancy, height_m, wind_m_s, friction_m_s):
    """Rise that mechanical turbulence ends, 1.2 L^(3/5) (h + 1.2 L)^(2/5), L = F/(u u*²) (Briggs 1975). [m]"""
    length = buoyancy / (wind_m_s * friction_m_s**2)
    return 1.2 * power(length, 0.6) * power(height_m + 1.2 * length, 0.4)


@njit_borrowing()
def stable_limit(buoyancy, momentum, height_m, diameter_m, exit_velocity_m_s, wind_m_s, frequency, friction_m_s):
    """Final rise in stable air, the least that any theory allows. [m]

    2.66 (F/(u N²))^(1/3) of a bent-over plume; 1.2 L^(3/5) (h + 1.2 L)^(2/5), L = F/(u u*²), where mechanical
    turbulence ends the rise; 4 F^(1/4) N^(−3/4) in calm air; the neutral rise. Without buoyancy 1.5 (F_m/(u N))^(1/3).
    """
    distance = unstable_distance(buoyancy, momentum, diameter_m, exit_velocity_m_s, wind_m_s)
    neutral = unstable_rise(distance, buoyancy, momentum, wind_m_s)
    if buoyancy <= 0.0:
        return min(neutral, 1.5 * (momentum / (wind_m_s * frequency)) ** (1.0 / 3.0))
    bent = 2.66 * (buoyancy / (wind_m_s * frequency**2)) ** (1.0 / 3.0)
    mechanical = mechanical_limit(buoyancy, height_m, wind_m_s, friction_m_s)
    calm = 4.0 * buoyancy**0.25 * frequency**-0.75
    return min(bent, mechanical, calm, neutral)


@njit_borrowing()
def brunt_vaisala(gradient_k_m, temperature_k):
    """Frequency (g/T dθ/dz)^½ of buoyancy oscillations. [s⁻¹]"""
    return math.sqrt(GRAVITY_M_S2 * max(gradient_k_m, 1.0e-10) / temperature_k)


@njit_borrowing()
def equilibrium_rise(buoyancy, wind_m_s, gap_m, gradient_above_k_m, temperature_k):
    """Equilibrium rise into the stable air above a mixed layer. [m]

    Δh_eq = [(2/3)³ Δh_h³ + 2.6³ F_b/(u N²)]^(1/3), Δh_h the gap between the release and the layer's top, N that of the
    air above it; a share P = 1.5 − Δh_h/Δh_eq of the plume penetrates (Weil et al. 1997, eqs. 15-16).
    """
    frequency = brunt_vaisala(gradient_above_k_m, temperature_k)
    return ((2.0 / 3.0 * gap_m) ** 3 + PENETRATION**3 * buoyancy / (wind_m_s * frequency**2)) ** (1.0 / 3.0)


@njit_borrowing()
def halfway(air, here, height_m, rise_m):
    """Wind and stratification a rising plume feels: mean of those at release and half its rise up. [m s⁻¹], [s⁻¹]"""
    there = at(air, height_m + 0.5 * rise_m)
    wind = 0.5 * (here.wind + max(there.wind, LEAST_WIND_M_S))
    return wind, brunt_vaisala(0.5 * (here.gradient + there.gradient), 0.5 * (here.temperature + there.temperature))
