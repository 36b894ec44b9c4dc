"""A source in one hour's air: what is the same for every receptor. Compiled."""

import math
from collections import namedtuple

from numba import njit

from metalbudget.dispersion.air import Mean, at
from metalbudget.dispersion.rise import (
    brunt_vaisala,
    buoyancy_flux,
    halfway,
    momentum_flux,
    equilibrium_rise,
    stable_distance,
    stable_limit,
    stable_rise,
    stack_tip_height,
    unstable_distance,
    unstable_rise,
)

DRY_LAPSE_K_M = 9.80616 / 1004.0  # g/c_p of dry air
LEAST_WIND_M_S = 0.2 * math.sqrt(2.0)  # √2 times the least σ_v (EPA-454/R-03-004)
AMBIENT_EXCESS_K = 1.0e-5  # gas let off at the air's temperature ends its rise at once, having no momentum law to follow
RISE_TOLERANCE, RISE_ROUNDS = 0.01, 5  # of the rise in stable air; then the mean of the last two (found by experiment)
MIXED_SHARE = 0.8  # the plume's final rise lies this far on its way to the mixed state at most

Launch = namedtuple(
    "Launch",
    "release height stable buoyancy momentum wind frequency final_rise final_distance "
    "penetrated penetrated_height mixed_height mixed_distance centroid_distance centroid_rise "
    "initial_lateral initial_vertical here",
)
Launch.__doc__ = """A source in one hour's air.

`release` height and `height` after stack-tip downwash [m]; `stable`: Gaussian in the vertical, by night or with the
stack above the mixed layer; fluxes of `buoyancy` [m⁴ s⁻³] and `momentum` [m⁴ s⁻²]; `wind` at release [m s⁻¹]; `final_rise` [m] and
the distance at which it ends [m]; `penetrated` share above the mixed layer [1] and its height [m]; height and distance of the
well mixed state, and the distance and rise from which the centroid turns to it [m]; `here`: the air at release.
"""


@njit(cache=True)
def launch(air, height_m, diameter_m, exit_velocity_m_s, exit_temperature_k, elevation_m, downwash, lateral_m, vertical_m):
    """Plume rise and penetration of one source in one hour's air.

    Parameters
    ----------
    air : Air
    height_m, diameter_m, exit_velocity_m_s, exit_temperature_k : float
        [m], [m], [m s⁻¹], [K]; no rise without a diameter.
    elevation_m : float
        Of the source's base above the base of the profiles' temperature. [m]
    downwash : bool
    lateral_m, vertical_m : float
        Initial spread. [m]

    Returns
    -------
    Launch
    """
    here = at(air, height_m)
    here = Mean(max(here.wind, LEAST_WIND_M_S), here.lateral, here.vertical, here.gradient, here.temperature)
    temperature = here.temperature - DRY_LAPSE_K_M * (height_m + elevation_m)
    stable = (not air.convective) or height_m >= air.mixing_height
    height, buoyancy, momentum = height_m, 0.0, 0.0
    final, distance, frequency, wind = 0.0, 0.0, 0.0, here.wind
    if diameter_m > 0.0:
        if exit_temperature_k == 0.0:
            exit_k = temperature + AMBIENT_EXCESS_K
        elif exit_temperature_k < 0.0:
            exit_k = temperature - exit_temperature_k
        else:
            exit_k = exit_temperature_k
        buoyancy = buoyancy_flux(diameter_m, exit_velocity_m_s, exit_k, temperature)
        momentum = momentum_flux(diameter_m, exit_velocity_m_s, exit_k, temperature)
        if downwash:
            height = stack_tip_height(height_m, diameter_m, exit_velocity_m_s, here.wind)
        if stable:
            frequency = brunt_vaisala(here.gradient, here.temperature)
            final = stable_limit(buoyancy, momentum, height, diameter_m, exit_velocity_m_s, wind, frequency, air.friction)
            before, rounds = 2.0 * final, 0
            while abs(final - before) >= RISE_TOLERANCE * final and rounds < RISE_ROUNDS:
                wind, frequency = halfway(air, here, height, final)
                before, rounds = final, rounds + 1
                final = stable_limit(buoyancy, momentum, height, diameter_m, exit_velocity_m_s, wind, frequency, air.friction)
            if abs(final - before) >= RISE_TOLERANCE * final:
                final = 0.5 * (final + before)
            distance = stable_distance(buoyancy, momentum, wind, frequency)
        else:
            distance = unstable_distance(buoyancy, momentum, diameter_m, exit_velocity_m_s, wind)
            final = unstable_rise(distance, buoyancy, momentum, wind)

    penetrated, penetrated_height = 0.0, 0.0
    if not stable and buoyancy > 0.0:
        gap = air.mixing_height - height
        top = at(air, air.mixing_height)
        equilibrium = equilibrium_rise(buoyancy, here.wind, gap, air.lapse_above, top.temperature)
        penetrated = min(max(1.5 - gap / equilibrium, 0.0), 1.0)
        if penetrated == 1.0:
            penetrated_height = height + equilibrium
        elif penetrated > 0.0:
            penetrated_height = 0.5 * (height + air.mixing_height) + 0.75 * equilibrium
    mixed_distance = air.mixing_height * air.mixing_wind / air.mixing_vertical
    centroid_distance = min(distance, MIXED_SHARE * mixed_distance) if not stable else distance
    centroid_rise = unstable_rise(centroid_distance, buoyancy, momentum, here.wind) if not stable else final
    return Launch(
        height_m, height, stable, buoyancy, momentum, here.wind, frequency, final, distance, penetrated,
        penetrated_height, 0.5 * air.mixing_height, mixed_distance, centroid_distance, centroid_rise,
        lateral_m, vertical_m, here,
    )


@njit(cache=True)
def steering_height(source):
    """Height whose wind direction the plume follows: halfway up its final rise above the release. [m]

    In neutral and unstable air too, however low the mixed layer's top; found by experiment with EPA's AERMOD.
    """
    return source.release + 0.5 * source.final_rise


@njit(cache=True)
def rise_at(air, source, distance_m):
    """Rise of the plume at a distance; of a plume in stable air never above its final rise. [m]"""
    if source.final_rise <= 0.0:
        return 0.0
    if not source.stable:
        return unstable_rise(min(distance_m, source.final_distance), source.buoyancy, source.momentum, source.wind)
    if distance_m >= source.final_distance:
        return source.final_rise
    neutral = unstable_rise(distance_m, source.buoyancy, source.momentum, source.wind)
    frequency = brunt_vaisala(source.here.gradient, source.here.temperature)
    highest = min(neutral, source.final_rise)
    rise = min(stable_rise(distance_m, source.buoyancy, source.momentum, source.wind, frequency), highest)
    for _ in range(RISE_ROUNDS):
        wind, frequency = halfway(air, source.here, source.height, rise)
        rise = min(stable_rise(distance_m, source.buoyancy, source.momentum, wind, frequency), highest)
    return rise


@njit(cache=True)
def centroid_at(air, source, distance_m, rise_m):
    """Height of the centre of mass of a plume in the mixed layer: rising, then drifting to the layer's middle. [m]"""
    if source.stable:
        return source.height + rise_m
    if distance_m < source.centroid_distance:
        return min(source.height + rise_m, air.mixing_height)
    top = min(source.height + source.centroid_rise, air.mixing_height)
    if distance_m >= source.mixed_distance:
        return source.mixed_height
    part = (distance_m - source.centroid_distance) / (source.mixed_distance - source.centroid_distance)
    return top + part * (source.mixed_height - top)
