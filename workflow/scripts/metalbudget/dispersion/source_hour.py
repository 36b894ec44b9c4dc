"""One source in one hour of a year, from the arrays of a run. Compiled."""

from numba import njit

from metalbudget.dispersion.air import at
from metalbudget.dispersion.answers import air_of, wet_rates
from metalbudget.dispersion.depletion import plume_depth
from metalbudget.dispersion.launch import launch


@njit(cache=True)
def source_hour(
    hour, scalars, levels, values, sums, stack, flags, scavenging, washout, limit, flux_limit, wet
):  # fmt: skip
    """Air, plume rise and what rain takes.

    Parameters
    ----------
    hour : int
    scalars, levels, values, sums, stack, flags, scavenging, washout, limit, flux_limit
        As of `model.arrays_of`.
    wet : ndarray, shape (2, classes)
        Result: scavenging rates of `answers.wet_rates`. [s⁻¹]

    Returns
    -------
    Air
    Launch
    bool
        Whether rain takes any class.
    """
    air = air_of(hour, scalars, levels, values, sums)
    source = launch(air, stack[0], stack[1], stack[2], stack[3], stack[4], flags[0], stack[5], stack[6], stack[8])
    wet_rates(scavenging[hour], washout[hour], limit[hour], flux_limit[hour], plume_depth(air, source), wet)
    raining = False
    for k in range(wet.shape[1]):
        raining = raining or wet[0, k] > 0.0
    return air, source, raining


@njit(nogil=True, cache=True)
def final_air(rows, scalars, levels, values, sums, stack, flags, found):
    """Height at which a plume's rise ends, and the air there.

    Parameters
    ----------
    rows : ndarray of int, shape (hours,)
    scalars, levels, values, sums, stack, flags
        As of `model.arrays_of`.
    found : ndarray, shape (hours, 4)
        Result: height above the source's base, wind, vertical turbulence, temperature gradient.
        [m], [m s⁻¹], [m s⁻¹], [K m⁻¹]
    """
    for index in range(rows.size):
        air = air_of(rows[index], scalars, levels, values, sums)
        source = launch(air, stack[0], stack[1], stack[2], stack[3], stack[4], flags[0], stack[5], stack[6], stack[8])
        height = source.height + source.final_rise
        there = at(air, height)
        found[index, 0], found[index, 1], found[index, 2] = height, there.wind, there.vertical
        found[index, 3] = there.gradient
