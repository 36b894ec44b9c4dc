"""Plumes of an area's parts on AERMOD's way round its outline, and what they lose before they arrive. Compiled.

In the mixed layer a plume depends on the one calculated before it, so what is calculated, and in which order, is part
of the answer: read from what AERMOD prints of its steps (DEBUGOPT MODEL, AREA).
"""

import math

import numpy as np
from numba import njit

from metalbudget.dispersion.air import Mean
from metalbudget.dispersion.answers import depletion_of
from metalbudget.dispersion.depletion import (
    FIRST_METRE,
    GAUSS_NODE,
    ROMBERG_HALVINGS,
    ROMBERG_LEAST,
    ROMBERG_TOLERANCE,
)
from metalbudget.dispersion.gaussian import (
    SKEW_RATIO,
    Place,
    Plume,
    at_least,
    at_receptor,
    at_reference,
    convective_air,
    convective_lateral,
    convective_spread,
    draughts,
    main_plume,
    settled,
)
from metalbudget.dispersion.launch import Launch, centroid_at


@njit(cache=True)
def with_turbulence(source, turbulence_m_s):
    """The source with another vertical turbulence at its release. [m s⁻¹]"""
    here = source.here
    return Launch(
        source.release, source.height, source.stable, source.buoyancy, source.momentum, source.wind, source.frequency,
        source.final_rise, source.final_distance, source.penetrated, source.penetrated_height, source.mixed_height,
        source.mixed_distance, source.centroid_distance, source.centroid_rise, source.initial_lateral,
        source.initial_vertical, Mean(here.wind, here.lateral, turbulence_m_s, here.gradient, here.temperature),
    )  # fmt: skip


@njit(cache=True)
def plume_from(air, source, distance_m, place, last, again, bare=False):
    """Plume of an area at a distance.

    In the mixed layer AERMOD begins the first estimate of the spread with the effective vertical turbulence of the
    plume that it calculated before, whatever its distance. Where a side bounds the plume it calculates it twice, first
    for its width; heights and draughts stay those of the first time, spreads and wind become those of the second. (Seen
    in what it prints of its steps, to four digits.)

    Parameters
    ----------
    air : Air
    source : Launch
        Of a release without diameter.
    distance_m : float
        [m]
    place : Place
    last : ndarray, shape (2,)
        Effective wind and vertical turbulence of the plume before, replaced by this one's. [m s⁻¹]
    again : bool
        Whether that one was of the same distance, and this is its second calculation.
    bare : bool
        Whether the spread leaves out the source's own, as the depletion integral does.

    Returns
    -------
    Plume
    """
    if source.stable:
        return main_plume(air, source, distance_m, place, bare)
    own = source.initial_vertical**2
    top = air.mixing_height
    centre = centroid_at(air, source, distance_m, 0.0)
    effective = convective_air(air, source, distance_m, place, centre, own, last[1])
    wind, vertical = (last[0], last[1]) if again else (effective.wind, effective.vertical)
    up, down, share_up = draughts(vertical, air.convective_velocity, centre, top)
    time = distance_m / wind
    e1, s1 = convective_spread(distance_m, SKEW_RATIO * up, effective.wind, centre, air)
    e2, s2 = convective_spread(distance_m, -SKEW_RATIO * down, effective.wind, centre, air)
    lateral = convective_lateral(distance_m, effective.lateral, effective.wind, source.release, top)
    last[0], last[1] = effective.wind, effective.vertical
    final = 0.0 if bare else own
    return Plume(
        1.0, effective.wind, effective.lateral, lateral, centre, True, source.height + up * time,
        math.sqrt(e1 * e1 + s1 * s1 + final), source.height + down * time, math.sqrt(e2 * e2 + s2 * s2 + final),
        share_up, 0.0, top, 0.5, False,
    )  # fmt: skip


@njit(cache=True)
def arriving(air, source, plume, distance_m, place, load, left, found):
    """What a source of unit strength per metre along the wind, endless across it, gives from a distance, into `found`.

    Parameters
    ----------
    air : Air
    source : Launch
    plume : Plume
        Of the distance.
    distance_m : float
        [m]
    place : Place
    load : tuple
        Fraction, dry velocity, settling and wet rates of the classes, reference height, and whether dry and wet
        depletion act and by Romberg's method; as of `add_area_answer`.
    left : ndarray, shape (classes,)
        What is still in the plume (`kept`). [1]
    found : ndarray, shape (3,)
        Concentration, dry and wet flux.
    """
    fraction, dry_m_s, settling_m_s, wet_s, reference_m, _, _, _ = load
    found[:] = 0.0
    for k in range(fraction.size):
        amount = fraction[k] / plume.wind * left[k]
        fallen = settled(plume, air, source, distance_m, place, settling_m_s[k] * distance_m / source.wind)
        found[0] += amount * at_receptor(fallen, place, 0.0)
        if dry_m_s[k] > 0.0:
            found[1] += amount * dry_m_s[k] * at_reference(fallen, place, reference_m)
        found[2] += amount * wet_s[0, k]


@njit(cache=True)
def _density_from(air, source, distance_m, place, above_m, settling_m_s, last):
    """As `depletion.density_over_wind` by day; its air goes into `last`. [s m⁻²]"""
    level = Place(place.height, 0.0, 0.0, place.base)
    last[1] = at_least(source.here).vertical  # begun afresh, unlike the plume that arrives
    plume = plume_from(air, source, distance_m, level, last, False, True)
    fallen = settled(plume, air, source, distance_m, level, settling_m_s * distance_m / source.wind)
    return at_receptor(fallen, level, above_m) / plume.wind


@njit(cache=True)
def _romberg_from(air, source, distance_m, place, above_m, settling_m_s, last):
    """As `depletion.romberg_integral` by day; the air of the point calculated last goes into `last`. [s m⁻¹]"""
    length = distance_m - FIRST_METRE
    table = np.zeros(ROMBERG_HALVINGS + 1)
    near = _density_from(air, source, FIRST_METRE, place, above_m, settling_m_s, last)
    total = 0.5 * length * (near + _density_from(air, source, distance_m, place, above_m, settling_m_s, last))
    if total == 0.0:
        return 0.0
    table[0] = total
    before = total
    for level in range(1, ROMBERG_HALVINGS + 1):
        points = 2 ** (level - 1)
        middle = 0.0
        for point in range(points):
            there = FIRST_METRE + (point + 0.5) * length / points
            middle += _density_from(air, source, there, place, above_m, settling_m_s, last)
        total = 0.5 * (total + length / points * middle)
        held, table[0] = table[0], total
        for column in range(1, level + 1):
            refined = table[column - 1] + (table[column - 1] - held) / (4.0**column - 1.0)
            held, table[column] = table[column], refined
        if level >= ROMBERG_LEAST and abs(table[level] - before) <= ROMBERG_TOLERANCE * abs(table[level]):
            return table[level]
        before = table[level]
    return before


@njit(cache=True)
def kept(air, source, distance_m, place, load, last, left):
    """Share of each class that is still in the plume at a distance, into `left`.

    By day AERMOD calculates the plumes on the way before the plume itself, class by class, the far point first, and
    that one begins with the air of the last of them.

    Parameters
    ----------
    air, source, distance_m, place, load
        As `arriving`.
    last : ndarray, shape (2,)
        As `plume_from`.
    left : ndarray, shape (classes,)
        Result. [1]
    """
    _, dry_m_s, settling_m_s, wet_s, reference_m, dry, wet, romberg = load
    length = distance_m - FIRST_METRE
    for k in range(left.size):
        falls = dry and dry_m_s[k] > 0.0 and length > 0.0
        left[k] = depletion_of(
            air, source, distance_m, place, reference_m, dry_m_s[k], settling_m_s[k], wet_s[1, k],
            falls and source.stable, wet, romberg,
        )  # fmt: skip
        if source.stable or not falls:
            continue
        if romberg:
            integral = _romberg_from(air, source, distance_m, place, reference_m, settling_m_s[k], last)
        else:
            integral = 0.0
            for node in (0.5 + GAUSS_NODE, 0.5 - GAUSS_NODE):
                there = FIRST_METRE + node * length
                integral += 0.5 * length * _density_from(
                    air, source, there, place, reference_m, settling_m_s[k], last
                )  # fmt: skip
        left[k] *= math.exp(-dry_m_s[k] * integral)
