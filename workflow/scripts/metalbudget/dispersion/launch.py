"""A source in one hour's air: what is the same for every receptor. Compiled."""

from collections import namedtuple

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.air import Mean, along_piece, at, below
from metalbudget.dispersion.rise import (
    LEAST_WIND_M_S,
    brunt_vaisala,
    buoyancy_flux,
    equilibrium_rise,
    halfway,
    mechanical_limit,
    momentum_flux,
    stable_distance,
    stable_limit,
    stable_rise,
    stack_tip_height,
    unstable_distance,
    unstable_rise,
)

DRY_LAPSE_K_M = 9.80616 / 1004.0  # g/c_p of dry air
GRADUAL_ROUNDS = (5, 10)  # least and most for the rise on its way (found by experiment)
YEAR_ROUNDS = 1  # least where a year's sum counts: the rise then changes by less than a hundredth
AMBIENT_EXCESS_K = 1.0e-5  # of gas let off at the air's temperature (found by experiment)
LEAST_BUOYANCY_M4_S3 = 1.0e-10  # of a plume colder than the air, whose rise so ends at once (found by experiment)
RISE_TOLERANCE, RISE_ROUNDS = 0.01, 5  # of the rise in stable air; then the mean of the last two (found by experiment)
URBAN_LAPSE_ABOVE_K_M = 0.005  # stable air above the urban layer (EPA-454/R-03-004, section 4.1.3)
LEAST_EXIT_M_S = 1.0e-5  # a stack without flow breathes this much (found by experiment)
MIXED_SHARE = 0.8  # the plume's final rise lies this far on its way to the mixed state at most

Launch = namedtuple(
    "Launch",
    "release height stable buoyancy momentum wind frequency final_rise final_distance "
    "penetrated penetrated_height mixed_height mixed_distance centroid_distance centroid_rise "
    "initial_lateral initial_vertical here",
)
Launch.__doc__ = """A source in one hour's air.

`release` height and `height` after stack-tip downwash [m]; `stable`: Gaussian in the vertical, by night or with the
stack above the mixed layer; fluxes of `buoyancy` [m⁴ s⁻³] and `momentum` [m⁴ s⁻²]; `wind` at release [m s⁻¹];
`final_rise` [m] and the distance at which it ends [m]; `penetrated` share above the mixed layer [1] and its height [m];
height and distance of the well mixed state, and the distance and rise from which the centroid turns to it [m]; `here`:
the air at release.
"""


@njit_borrowing()
def stable_final(air, buoyancy, momentum, height_m, diameter_m, exit_velocity_m_s, wind_m_s, frequency):
    """Final rise in stable air; through the top of the urban night layer if it gets there. [m]

    A plume whose rise takes it above the urban layer finds its equilibrium in the stable air there as a plume does
    that penetrates the mixed layer by day, but stays one. Found by experiment with EPA's AERMOD.
    """
    rise = stable_limit(buoyancy, momentum, height_m, diameter_m, exit_velocity_m_s, wind_m_s, frequency, air.friction)
    gap = air.mixing_height - height_m
    if air.urban and buoyancy > 0.0 and 0.0 < gap < rise:
        equilibrium = equilibrium_rise(buoyancy, wind_m_s, gap, URBAN_LAPSE_ABOVE_K_M, air.top_temperature)
        return risen_through(gap, equilibrium, min(max(1.5 - gap / equilibrium, 0.0), 1.0))
    return rise


@njit_borrowing()
def risen_through(gap_m, equilibrium_m, share):
    """Rise of a penetrating share: Δh_eq of a whole plume, gap/2 + ¾ Δh_eq of a part (Weil et al. 1997). [m]"""
    return equilibrium_m if share == 1.0 else 0.5 * gap_m + 0.75 * equilibrium_m


@njit_borrowing()
def launch(
    air,
    height_m,
    diameter_m,
    exit_velocity_m_s,
    exit_temperature_k,
    elevation_m,
    downwash,
    lateral_m,
    vertical_m,
    nominal_m=-1.0,
):
    """Plume rise and penetration of one source in one hour's air.

    Parameters
    ----------
    air : Air
    height_m, diameter_m, exit_velocity_m_s, exit_temperature_k : float
        [m], [m], [m s⁻¹], [K]; no rise without a diameter.
    elevation_m : float
        Of the base of the measured profiles (PROFBASE), which potential temperature counts from. [m]
    downwash : float
        Part of the diameter in whose lee the plume is drawn down: one, or zero without stack-tip downwash; a cap's own
        diameter over that of its flow. [1]
    lateral_m, vertical_m : float
        Initial spread. [m]
    nominal_m : float
        The height along whose piece of the profiles the air at release is found, where an hourly file changes the
        release (`case.Source`); below zero the release's own. [m]

    Returns
    -------
    Launch
    """
    here = at(air, height_m) if nominal_m < 0.0 else along_piece(air, below(air.levels, nominal_m), height_m)
    here = Mean(max(here.wind, LEAST_WIND_M_S), here.lateral, here.vertical, here.gradient, here.temperature)
    temperature = here.temperature - DRY_LAPSE_K_M * (height_m + elevation_m)
    stable = (not air.convective) or height_m >= air.mixing_height
    height, buoyancy, momentum = height_m, 0.0, 0.0
    final, distance, frequency, wind = 0.0, 0.0, 0.0, here.wind
    if diameter_m > 0.0:
        exit_velocity_m_s = max(exit_velocity_m_s, LEAST_EXIT_M_S)
        if exit_temperature_k == 0.0:
            exit_k = temperature + AMBIENT_EXCESS_K
        elif exit_temperature_k < 0.0:
            exit_k = temperature - exit_temperature_k
        else:
            exit_k = exit_temperature_k
        exit_k = max(exit_k, temperature)  # a plume colder than the air does not sink
        buoyancy = max(buoyancy_flux(diameter_m, exit_velocity_m_s, exit_k, temperature), LEAST_BUOYANCY_M4_S3)
        momentum = momentum_flux(diameter_m, exit_velocity_m_s, exit_k, temperature)
        if downwash > 0.0:
            height = stack_tip_height(height_m, downwash * diameter_m, exit_velocity_m_s, here.wind)
        if stable:
            frequency = brunt_vaisala(here.gradient, here.temperature)
            final = stable_final(air, buoyancy, momentum, height, diameter_m, exit_velocity_m_s, wind, frequency)
            before, rounds = 2.0 * final, 0
            while abs(final - before) >= RISE_TOLERANCE * final and rounds < RISE_ROUNDS:
                wind, frequency = halfway(air, here, height, final)
                before, rounds = final, rounds + 1
                final = stable_final(air, buoyancy, momentum, height, diameter_m, exit_velocity_m_s, wind, frequency)
            if abs(final - before) >= RISE_TOLERANCE * final:
                final = 0.5 * (final + before)
            distance = stable_distance(buoyancy, momentum, wind, frequency)
        else:
            distance = unstable_distance(buoyancy, momentum, diameter_m, exit_velocity_m_s, wind)
            final = unstable_rise(distance, buoyancy, momentum, wind)

    penetrated, penetrated_height = 0.0, 0.0
    if not stable and buoyancy > 0.0:
        gap = air.mixing_height - height
        equilibrium = equilibrium_rise(buoyancy, here.wind, gap, air.lapse_above, air.top_temperature)
        penetrated = min(max(1.5 - gap / equilibrium, 0.0), 1.0)
        if penetrated > 0.0:
            penetrated_height = height + risen_through(gap, equilibrium, penetrated)
    mixed_distance = air.mixing_height * air.mixing_wind / air.mixing_vertical
    centroid_distance = min(distance, MIXED_SHARE * mixed_distance) if not stable else distance
    centroid_rise = unstable_rise(centroid_distance, buoyancy, momentum, here.wind) if not stable else final
    return Launch(
        height_m, height, stable, buoyancy, momentum, here.wind, frequency, final, distance, penetrated,
        penetrated_height, 0.5 * air.mixing_height, mixed_distance, centroid_distance, centroid_rise,
        lateral_m, vertical_m, here,
    )  # fmt: skip


@njit_borrowing()
def steering_height(source):
    """Height whose wind direction the plume follows: halfway up its final rise above the release. [m]

    In neutral and unstable air too, however low the mixed layer's top; found by experiment with EPA's AERMOD.
    """
    return source.release + 0.5 * source.final_rise


@njit_borrowing()
def rise_at(air, source, distance_m, least_rounds=GRADUAL_ROUNDS[0]):
    """Rise of the plume at a distance; of a plume in stable air never above its final rise. [m]

    `least_rounds` of the search for the wind and stratification halfway up.
    """
    if source.final_rise <= 0.0:
        return 0.0
    if not source.stable:
        return unstable_rise(min(distance_m, source.final_distance), source.buoyancy, source.momentum, source.wind)
    if distance_m >= source.final_distance:
        return source.final_rise
    neutral = unstable_rise(distance_m, source.buoyancy, source.momentum, source.wind)
    frequency = brunt_vaisala(source.here.gradient, source.here.temperature)
    rise = stable_rise(distance_m, source.buoyancy, source.momentum, source.wind, frequency)
    highest = min(neutral, source.final_rise)
    # where the oscillation has swung back to the release, the search begins at the height after its end
    rise, before, rounds = min(rise, highest) if rise > 0.0 else highest, 0.0, 0
    while rounds < least_rounds or (rounds < GRADUAL_ROUNDS[1] and abs(rise - before) >= RISE_TOLERANCE * rise):
        wind, frequency = halfway(air, source.here, source.height, rise)
        limit = mechanical_limit(source.buoyancy, source.height, wind, air.friction)
        before, rounds = rise, rounds + 1
        rise = min(stable_rise(distance_m, source.buoyancy, source.momentum, wind, frequency), highest, limit)
    if abs(rise - before) >= RISE_TOLERANCE * rise:
        rise = 0.5 * (rise + before)
    return rise


@njit_borrowing()
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
