"""What deposition takes out of a plume on its way, and how deep the plume is that rain falls through. Compiled.

Source depletion as in the AERMOD deposition science document (US EPA 2004) and Wesely et al. (2002).
"""

import math

from numba import njit

from metalbudget.dispersion.air import GRAVITY_M_S2
from metalbudget.dispersion.gaussian import (
    LAYER_SPREADS,
    SKEW_RATIO,
    Place,
    at_least,
    at_receptor,
    convective_spread,
    draughts,
    main_plume,
    penetrated_plume,
    settled,
    stable_spread,
)
from metalbudget.dispersion.launch import rise_at

WASHOUT_DISTANCE_M = 20000.0  # where the depth of METHOD_2's washout is taken
SHALLOWEST_WASHOUT_M, DEEPEST_WASHOUT_M = 500.0, 10000.0
FIRST_METRE = 1.0  # nothing is counted within a metre of the source
GAUSS_NODE = 0.5 / math.sqrt(3.0)  # two-point Gauss-Legendre


@njit(cache=True)
def plume_depth(air, source):
    """Depth z_p that METHOD_2 and gases are washed out of. [m]

    Height of the plume and 2.15 spreads, 20 km from the source, with the air at the release; at least the mixed layer.
    """
    rise = rise_at(air, source, WASHOUT_DISTANCE_M)
    here = at_least(source.here)
    own = source.initial_vertical**2
    height = source.height + rise
    if source.stable:
        ambient = stable_spread(air, source, WASHOUT_DISTANCE_M, here, here.gradient, here.temperature, height)
        depth = height + LAYER_SPREADS * math.sqrt(ambient * ambient + own)
    else:
        level = source.release
        up, down, _ = draughts(here.vertical, air.convective_velocity, level, air.mixing_height)
        e1, s1 = convective_spread(WASHOUT_DISTANCE_M, SKEW_RATIO * up, here.wind, level, air)
        e2, s2 = convective_spread(WASHOUT_DISTANCE_M, -SKEW_RATIO * down, here.wind, level, air)
        spread = 0.5 * (math.sqrt(e1 * e1 + s1 * s1 + own) + math.sqrt(e2 * e2 + s2 * s2 + own))
        depth = height + LAYER_SPREADS * spread
        if source.penetrated > 0.0:
            travelled = here.vertical * WASHOUT_DISTANCE_M / here.wind
            spread = travelled / math.sqrt(1.0 + travelled / (0.72 * source.penetrated_height))
            above = source.penetrated_height + LAYER_SPREADS * spread
            depth = (1.0 - source.penetrated) * depth + source.penetrated * above
    return min(max(depth, air.mixing_height, SHALLOWEST_WASHOUT_M), DEEPEST_WASHOUT_M)


@njit(cache=True)
def density_over_wind(air, source, distance_m, place, above_m, settling_m_s):
    """Vertical density at a height above the receptor over wind, of all plumes. [s m⁻²]"""
    total = 0.0
    fall = settling_m_s * distance_m / source.wind
    plume = main_plume(air, source, distance_m, place, True)
    if plume.share > 0.0:
        total += plume.share * at_receptor(settled(plume, air, source, distance_m, place, fall), place, above_m) / plume.wind
    if source.penetrated > 0.0:
        plume = penetrated_plume(air, source, distance_m, place, True)
        total += plume.share * at_receptor(settled(plume, air, source, distance_m, place, fall), place, above_m) / plume.wind
    return total


@njit(cache=True)
def gauss_integral(air, source, distance_m, place, above_m, settling_m_s):
    """∫ F_z/u dx from one metre to a distance by two Gauss points. [s m⁻¹]"""
    length = distance_m - FIRST_METRE
    if length <= 0.0:
        return 0.0
    near = FIRST_METRE + (0.5 - GAUSS_NODE) * length
    far = FIRST_METRE + (0.5 + GAUSS_NODE) * length
    return 0.5 * length * (
        density_over_wind(air, source, near, place, above_m, settling_m_s)
        + density_over_wind(air, source, far, place, above_m, settling_m_s)
    )


@njit(cache=True)
def romberg_integral(air, source, distance_m, place, above_m, settling_m_s):
    """Placeholder until the KERNEL room's own stands."""
    return gauss_integral(air, source, distance_m, place, above_m, settling_m_s)
