"""What deposition takes out of a plume on its way, and how deep the plume is that rain falls through. Compiled.

Source depletion as in the AERMOD deposition science document (US EPA 2004) and Wesely et al. (2002).
"""

import math

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
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
    share_below,
    stable_spread,
    with_level_share,
)
from metalbudget.dispersion.launch import Launch, rise_at

WASHOUT_DISTANCE_M = 20000.0  # where the depth of METHOD_2's washout is taken
SHALLOWEST_WASHOUT_M, DEEPEST_WASHOUT_M = 500.0, 10000.0
FIRST_METRE = 1.0  # nothing is counted within a metre of the source
ROMBERG_TOLERANCE = 0.05  # relative change of the diagonal that ends it, as in the reference program (by experiment)
ROMBERG_LEAST = 2  # halvings before the answer is believed (by experiment)
ROMBERG_HALVINGS = 10
GAUSS_NODE = 0.5 / math.sqrt(3.0)  # two-point Gauss-Legendre


@njit_borrowing()
def plume_depth(air, source):
    """Depth z_p that METHOD_2 and gases are washed out of. [m]

    Height of the plume and 2.15 spreads, 20 km from the source, with the air at the release; at least the mixed layer.
    """
    # in convective air the rise where the plume turns to the well mixed state (found by experiment)
    rise = rise_at(air, source, WASHOUT_DISTANCE_M) if source.stable else source.centroid_rise
    here = at_least(source.here)
    own = source.initial_vertical**2
    height = source.height + rise
    if source.stable:
        gradient = 0.0 if air.urban else here.gradient
        ambient = stable_spread(air, source, WASHOUT_DISTANCE_M, here, gradient, here.temperature, height)
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


@njit_borrowing()
def terrain_on_the_way(source, place, part):
    """Ground and hill that divide the flow at a part of the way to a receptor.

    The ground rises evenly from the source's base to the receptor's. The hill, as in the reference program, rises from
    the release height, taken as an elevation, to the hill of the receptor. Found by experiment with EPA's AERMOD.

    Returns
    -------
    Place
        Its `height` and `hill` above the source's base. [m]
    """
    hill = source.release + part * (place.hill + place.base - source.release) - place.base
    return Place(part * (place.height - place.ground), 0.0, hill, place.base)


@njit_borrowing()
def without_spread(source):
    """The source as if it had no vertical spread of its own."""
    return Launch(
        source.release, source.height, source.stable, source.buoyancy, source.momentum, source.wind, source.frequency,
        source.final_rise, source.final_distance, source.penetrated, source.penetrated_height, source.mixed_height,
        source.mixed_distance, source.centroid_distance, source.centroid_rise, source.initial_lateral, 0.0,
        source.here,
    )  # fmt: skip


@njit_borrowing()
def density_over_wind(air, source, distance_m, receptor_m, place, above_m, settling_m_s):
    """Vertical density at a height above the receptor over wind, of all plumes on their way to it.

    Parameters
    ----------
    air : Air
    source : Launch
    distance_m, receptor_m : float
        From the source to the place in question and to the receptor. [m]
    place : Place
        The receptor's: heights and effective air are those of the receptor, only the flow's division is not.
    above_m : float
        Above the receptor. [m]
    settling_m_s : float
        [m s⁻¹]

    Returns
    -------
    float
        [s m⁻²]
    """
    total = 0.0
    bare = without_spread(source) if source.initial_vertical > 0.0 else source
    fall = settling_m_s * distance_m / source.wind
    level = Place(place.height, 0.0, 0.0, place.base)  # a pole lifts the one state and not the other (by experiment)
    plume = main_plume(air, source, distance_m, level, True)
    if plume.share > 0.0:
        plume = settled(plume, air, bare, distance_m, level, fall)
        if place.hill > 0.0 and not air.convective:
            there = terrain_on_the_way(source, place, distance_m / receptor_m)
            below = share_below(air, there, plume.up_height, plume.up_spread, plume.lid)
            plume = with_level_share(plume, 0.5 * (1.0 + below))
        total += plume.share * at_receptor(plume, level, above_m) / plume.wind
    if source.penetrated > 0.0:
        plume = penetrated_plume(air, source, distance_m, level, True)
        plume = settled(plume, air, bare, distance_m, level, fall)
        total += plume.share * at_receptor(plume, level, above_m) / plume.wind
    return total


@njit_borrowing()
def gauss_integral(air, source, distance_m, place, above_m, settling_m_s):
    """∫ F_z/u dx from one metre to a distance by two Gauss points. [s m⁻¹]"""
    length = distance_m - FIRST_METRE
    if length <= 0.0:
        return 0.0
    near = FIRST_METRE + (0.5 - GAUSS_NODE) * length
    far = FIRST_METRE + (0.5 + GAUSS_NODE) * length
    return (
        0.5
        * length
        * (
            density_over_wind(air, source, near, distance_m, place, above_m, settling_m_s)
            + density_over_wind(air, source, far, distance_m, place, above_m, settling_m_s)
        )
    )


@njit(cache=True)
def romberg_integral(air, source, distance_m, place, above_m, settling_m_s):
    """∫ F_z/u dx from one metre to a distance by Romberg's method; as `gauss_integral`. [s m⁻¹]"""
    length = distance_m - FIRST_METRE
    if length <= 0.0:
        return 0.0
    table = np.zeros(ROMBERG_HALVINGS + 1)
    total = (
        0.5
        * length
        * (
            density_over_wind(air, source, FIRST_METRE, distance_m, place, above_m, settling_m_s)
            + density_over_wind(air, source, distance_m, distance_m, place, above_m, settling_m_s)
        )
    )
    if total == 0.0:  # nothing at both ends: nothing between them, as in the reference program
        return 0.0
    table[0] = total
    before = total
    points = 1
    for level in range(1, ROMBERG_HALVINGS + 1):
        step = length / points
        middle = 0.0
        for point in range(points):
            there = FIRST_METRE + (point + 0.5) * step
            middle += density_over_wind(air, source, there, distance_m, place, above_m, settling_m_s)
        total = 0.5 * (total + step * middle)
        points *= 2
        held, power = table[0], 1.0
        table[0] = total
        for column in range(1, level + 1):
            power *= 4.0
            refined = table[column - 1] + (table[column - 1] - held) / (power - 1.0)
            held, table[column] = table[column], refined
        if level >= ROMBERG_LEAST and abs(table[level] - before) <= ROMBERG_TOLERANCE * abs(table[level]):
            return table[level]
        before = table[level]
    return before
