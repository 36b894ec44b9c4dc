"""From plumes to concentration: crosswind distribution, meander, terrain. Compiled."""

import math

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.gaussian import at_receptor, main_plume, penetrated_plume

MEANDER_TIME_S = 86400.0  # memory of the wind's direction, 24 h (Cimorelli et al. 2005)
LEAST_MEAN_WIND_M_S = 0.1


@njit_borrowing()
def random_share(lateral_m_s, wind_m_s, distance_m):
    """Share of a plume's energy in meander. [1]

    f = [2 σ_v² + ū² (1 − exp(−t/T))]/u², ū² = u² − 2 σ_v² (Cimorelli et al. 2005, eq. 22).
    """
    turbulent = 2.0 * lateral_m_s**2
    total = wind_m_s**2
    steady = max(total - turbulent, LEAST_MEAN_WIND_M_S**2)
    return min((turbulent + steady * -math.expm1(-distance_m / wind_m_s / MEANDER_TIME_S)) / total, 1.0)


@njit_borrowing()
def concentration(air, source, distance_m, downwind_m, crosswind_m, place):
    """Concentration per unit emission: (1 − f) coherent + f meandering. [s m⁻³]"""
    coherent = 0.0
    if downwind_m > 0.0:
        plume = main_plume(air, source, downwind_m, place, False)
        if plume.share > 0.0:
            coherent += across(plume, crosswind_m) * at_receptor(plume, place, 0.0)
        if source.penetrated > 0.0:
            plume = penetrated_plume(air, source, downwind_m, place, False)
            coherent += across(plume, crosswind_m) * at_receptor(plume, place, 0.0)
    pancake, random = 0.0, 0.0
    plume = main_plume(air, source, distance_m, place, False)
    if plume.share > 0.0:
        pancake += plume.share / plume.wind * at_receptor(plume, place, 0.0)
        random += plume.share * random_share(plume.lateral_turbulence, plume.wind, distance_m)
    if source.penetrated > 0.0:
        plume = penetrated_plume(air, source, distance_m, place, False)
        pancake += plume.share / plume.wind * at_receptor(plume, place, 0.0)
        random += plume.share * random_share(plume.lateral_turbulence, plume.wind, distance_m)
    pancake /= 2.0 * math.pi * distance_m
    return random * pancake + (1.0 - random) * coherent


@njit_borrowing()
def across(plume, crosswind_m):
    """Share of a plume per metre across the wind, over its wind speed. [s m⁻²]"""
    exponent = 0.5 * (crosswind_m / plume.spread_y) ** 2
    if exponent > 50.0:
        return 0.0
    return plume.share * math.exp(-exponent) / (math.sqrt(2.0 * math.pi) * plume.spread_y * plume.wind)
