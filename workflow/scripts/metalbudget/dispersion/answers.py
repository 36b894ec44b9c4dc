"""Concentration, dry and wet deposition of one point or volume source, receptor by receptor. Compiled.

The full calculation: every plume at every receptor's own distance and height. `tables` does the same for many
receptors in flat terrain.
"""

import math

from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.air import Air
from metalbudget.dispersion.depletion import gauss_integral, romberg_integral
from metalbudget.dispersion.gaussian import (
    LAYER_SPREADS,
    at_receptor,
    at_reference,
    main_plume,
    penetrated_plume,
    settled,
)
from metalbudget.dispersion.meander import across, random_share

NEAREST_M = 1.0  # no answer within a metre of the source, no coherent plume within a metre downwind (by experiment)


@njit(cache=True)
def air_of(hour, scalars, levels, shapes, sums):
    """One hour's air from the arrays of a year.

    Parameters
    ----------
    hour : int
    scalars : ndarray, shape (hours, 13)
        See `model.Atmosphere`.
    levels : ndarray, shape (levels,)
    shapes, sums : ndarray, shape (hours, 5, levels)
        Wind, lateral and vertical turbulence, temperature gradient, potential temperature; their running integrals.

    Returns
    -------
    Air
    """
    s = scalars[hour]
    p, q = shapes[hour], sums[hour]
    return Air(
        s[0] > 0.0, s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], levels,
        p[0], p[1], p[2], p[3], p[4], q[0], q[1], q[2], q[3], q[4], s[10], s[11] > 0.0, s[12],
    )  # fmt: skip


@njit_borrowing()
def wet_rates(scavenging_s, washout_m_s, loss_limit_s, flux_limit_s, depth_m, wet_s):
    """Scavenging rates of an hour into `wet_s` (2, classes): of the flux to the ground, and of the plume's loss. [s⁻¹]

    AERMOD holds METHOD_2's washout to what drops can catch in the loss only; a gas is held to its transfer in both.
    """
    for k in range(scavenging_s.size):
        washed = washout_m_s[k] / depth_m
        wet_s[0, k] = scavenging_s[k] + min(washed, flux_limit_s[k])
        wet_s[1, k] = scavenging_s[k] + min(washed, loss_limit_s[k])


@njit(cache=True)  # Romberg makes an array
def depletion_of(air, source, distance_m, place, reference_m, dry_m_s, settling_m_s, wet_s, dry, wet, romberg):
    """Share of a size class that is still in the plume at a distance. [1]"""
    kept = 1.0
    if dry and dry_m_s > 0.0:
        if romberg:
            integral = romberg_integral(air, source, distance_m, place, reference_m, settling_m_s)
        else:
            integral = gauss_integral(air, source, distance_m, place, reference_m, settling_m_s)
        kept = math.exp(-dry_m_s * integral)
    if wet and wet_s > 0.0:
        kept *= math.exp(-wet_s * distance_m / source.wind)
    return kept


@njit_borrowing()
def _add_plume(air, source, plume, distance_m, place, spread, amounts, dry_m_s, settling_m_s, wet_s, reference_m, out):
    """Add one plume's answer; `amounts` (classes,) is what is still airborne, `spread` its share across the wind."""
    if plume.share <= 0.0 or spread <= 0.0:
        return
    for k in range(amounts.size):
        fallen = settled(plume, air, source, distance_m, place, settling_m_s[k] * distance_m / source.wind)
        amount = spread * amounts[k]
        out[0] += amount * at_receptor(fallen, place, 0.0)
        if dry_m_s[k] > 0.0:
            out[1] += amount * dry_m_s[k] * at_reference(fallen, place, reference_m)
        out[2] += amount * wet_s[0, k]


@njit(cache=True)  # Romberg makes an array
def add_answer(
    air, source, distance_m, downwind_m, crosswind_m, place, fraction, dry_m_s, settling_m_s, wet_s, reference_m,
    dry_depletion, wet_depletion, romberg, amounts, out,
):  # fmt: skip
    """Add one receptor's concentration [s m⁻³], dry and wet flux [m⁻² s⁻¹ s] per unit emitted to `out` (3,).

    Parameters
    ----------
    air : Air
    source : Launch
    distance_m, downwind_m, crosswind_m : float
        Of the receptor. [m]
    place : Place
    fraction, dry_m_s, settling_m_s : ndarray, shape (classes,)
        Of the hour. [1], [m s⁻¹], [m s⁻¹]
    wet_s : ndarray, shape (2, classes)
        Scavenging rate of the flux to the ground, and of the plume's loss (`wet_rates`). [s⁻¹]
    reference_m : float
        Height of the dry deposition velocity. [m]
    dry_depletion, wet_depletion, romberg : bool
    amounts : ndarray, shape (classes,)
        Scratch.
    out : ndarray, shape (3,)
    """
    # nor does a volume source have one within its own width (found by experiment)
    if distance_m < NEAREST_M + LAYER_SPREADS * source.initial_lateral:
        return
    penetrated = source.penetrated > 0.0
    main = main_plume(air, source, distance_m, place, False)
    random = main.share * random_share(main.lateral_turbulence, main.wind, distance_m)
    for k in range(fraction.size):
        amounts[k] = fraction[k] * depletion_of(
            air, source, distance_m, place, reference_m, dry_m_s[k], settling_m_s[k], wet_s[1, k], dry_depletion,
            wet_depletion, romberg,
        )  # fmt: skip
    round_m = 2.0 * math.pi * distance_m
    if penetrated:
        above = penetrated_plume(air, source, distance_m, place, False)
        random += above.share * random_share(above.lateral_turbulence, above.wind, distance_m)
        _add_plume(
            air, source, above, distance_m, place, random * above.share / (above.wind * round_m), amounts, dry_m_s,
            settling_m_s, wet_s, reference_m, out,
        )  # fmt: skip
    _add_plume(
        air, source, main, distance_m, place, random * main.share / (main.wind * round_m), amounts, dry_m_s,
        settling_m_s, wet_s, reference_m, out,
    )  # fmt: skip
    if downwind_m < NEAREST_M or random >= 1.0:
        return
    main = main_plume(air, source, downwind_m, place, False)
    share = (1.0 - random) * across(main, crosswind_m)
    share_above = 0.0
    if penetrated:
        above = penetrated_plume(air, source, downwind_m, place, False)
        share_above = (1.0 - random) * across(above, crosswind_m)
    if share + share_above <= 0.0:
        return
    for k in range(fraction.size):
        amounts[k] = fraction[k] * depletion_of(
            air, source, downwind_m, place, reference_m, dry_m_s[k], settling_m_s[k], wet_s[1, k], dry_depletion,
            wet_depletion, romberg,
        )  # fmt: skip
    _add_plume(air, source, main, downwind_m, place, share, amounts, dry_m_s, settling_m_s, wet_s, reference_m, out)
    if penetrated:
        _add_plume(
            air, source, above, downwind_m, place, share_above, amounts, dry_m_s, settling_m_s, wet_s, reference_m, out
        )
