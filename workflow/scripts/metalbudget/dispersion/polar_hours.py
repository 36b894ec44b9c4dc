"""Hours of one source added up by direction, distance and level. Compiled; `polar` makes tables of it."""

import math

import numpy as np
from numba import njit

from metalbudget.dispersion.answers import air_of, wet_rates
from metalbudget.dispersion.depletion import GAUSS_NODE, plume_depth
from metalbudget.dispersion.fan import DIRECTIONS, WIDTHS, gather, heading_of, lay_across, new_slots
from metalbudget.dispersion.launch import launch
from metalbudget.dispersion.nodes import (
    dividing_heights,
    fill_level,
    gauss_taps,
    level_shares,
    path_integrals,
    remains,
    start_hour,
)
from metalbudget.dispersion.rows import BARE_LID, CORE_ROWS, LID, PLUME_ROWS, RANDOM, WIND, logarithms

HILL_STEPS = 48  # of the table of dividing heights
FAINT_DEPLETION = 0.02  # of a path's exponent: below it the share that keeps its level is taken from the path's end


@njit(cache=True, error_model="numpy")
def path_logarithms(plume, penetrated, follow, keep, shares, out):
    """Logarithm of the density over wind that a class meets at every node, both plumes together.

    Parameters
    ----------
    plume : ndarray, shape (2, PLUME_ROWS, nodes)
    penetrated : float
        Share of the plume above the mixed layer. [1]
    follow, keep : ndarray, shape (2, nodes)
        Densities of both plumes. [m⁻¹]
    shares : ndarray, shape (nodes,)
        Share of the main plume that keeps its level. [1]
    out : ndarray, shape (nodes,)
        Result.
    """
    for i in range(out.size):
        main = (1.0 - penetrated) / plume[0, WIND, i] * (follow[0, i] + shares[i] * (keep[0, i] - follow[0, i]))
        out[i] = main + penetrated / plume[1, WIND, i] * 0.5 * (follow[1, i] + keep[1, i])
    logarithms(out, out)


@njit(cache=True, error_model="numpy")
def _dry(plume, part, kept, dry_m_s, shares, follow, keep, k, amounts):
    """Dry deposition of one class of one plume at every node, all directions together, into its column."""
    for i in range(kept.size):
        density = follow[i] + shares[i] * (keep[i] - follow[i])
        amounts[i, k] = part * dry_m_s / plume[WIND, i] * kept[i] * density


@njit(cache=True, error_model="numpy")
def _wet(plume, part, kept, falling_s, k, amounts):
    """Wet deposition as `_dry`."""
    for i in range(kept.size):
        amounts[i, k] = part * falling_s / plume[WIND, i] * kept[i]


@njit(cache=True, error_model="numpy")
def _meander(plume, penetrated, weight, distances, amounts, round_about):
    """Add what meanders to all directions; what goes with the wind stays in `amounts`, times the hour's weight."""
    for i in range(distances.size):
        random = (1.0 - penetrated) * plume[0, RANDOM, i] + penetrated * plume[1, RANDOM, i]
        lost, steady = weight * random / (2.0 * math.pi * distances[i]), weight * (1.0 - random)
        for k in range(amounts.shape[1]):
            round_about[i, k] += lost * amounts[i, k]
            amounts[i, k] *= steady


@njit(nogil=True, cache=True)
def add_polar_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, distances, inner, levels_m, hills_m, directed, round_about,
):  # fmt: skip
    """Add some hours of one source, sorted by the direction in which the wind blows.

    Parameters as `tables.add_tabled_hours`, and

    distances : ndarray, shape (nodes,)
        With `inner` nodes before the first that is kept and two behind the last.
    levels_m : ndarray, shape (levels,)
        Heights of receptors above the source's base. [m]
    hills_m : ndarray, shape (levels, hills)
        Heights of hills above the source's base. [m]
    directed : ndarray, shape (2, bearings, levels, distances · hills · classes)
        Added to: dry and wet flux of every class by every hill at a bearing per unit emission. [m⁻²]
    round_about : ndarray, shape (2, levels, nodes, hills · classes)
        Added to: what lost its direction.
    """
    nodes, classes = distances.size, fraction.size
    count, hills = hills_m.shape
    fields = hills * classes
    bearings = directed.shape[1]
    directions = bearings * max(1, -(-DIRECTIONS // bearings))
    direction_step = 2.0 * math.pi / directions
    taps, tap_weights = gauss_taps(distances)
    core, plume = np.zeros((2, CORE_ROWS, nodes)), np.zeros((2, PLUME_ROWS, nodes))
    bare_plume = np.zeros((2, PLUME_ROWS, nodes))
    means, work, marks = np.empty((4, nodes)), np.empty((4, nodes)), np.empty((4, count + 3))
    lids, starts = np.empty((2, 2, classes, nodes)), np.empty((2, classes), dtype=np.int64)
    follow, keep = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    bare_follow, bare_keep = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    near, far, kept, integrals = np.empty(nodes), np.empty(nodes), np.empty(nodes), np.zeros((2, nodes))
    shares, halves, critical = np.empty((2, nodes)), np.full(nodes, 0.5), np.empty(nodes)
    on_way = np.empty(nodes)
    amounts = np.zeros((2, 2, nodes, fields))  # dry and wet, of both plumes
    wet, heading_weights, spread_out = np.empty((2, classes)), np.empty(4), np.empty(3 * fields)
    highest = hills_m.max()
    hill_step = max(highest, 1.0) * 1.001 / HILL_STEPS
    heights = np.zeros(HILL_STEPS + 1)
    dry_slots, dry_used = new_slots(count, nodes, fields)
    wet_slots, wet_used = new_slots(count, nodes, fields)
    by_width = np.empty((WIDTHS + 1, nodes * fields))
    volume = stack[6] > 0.0
    open_direction = -10  # the first that later hours can still reach
    for index in range(rows.size):
        hour = rows[index]
        weight = factor[hour]
        if weight == 0.0:
            continue
        first_direction = heading_of(sine[hour], cosine[hour], direction_step, heading_weights)
        while -10 < open_direction < first_direction:
            lay_across(dry_slots, dry_used, open_direction, direction_step, distances, inner, by_width, directed[0])
            lay_across(wet_slots, wet_used, open_direction, direction_step, distances, inner, by_width, directed[1])
            open_direction += 1
        open_direction = first_direction
        air = air_of(hour, scalars, levels, values, sums)
        source = launch(air, stack[0], stack[1], stack[2], stack[3], stack[4], flags[0], stack[5], stack[6])
        wet_rates(scavenging[hour], washout[hour], limit[hour], flux_limit[hour], plume_depth(air, source), wet)
        raining = False
        for k in range(classes):
            raining = raining or wet[0, k] > 0.0
        start_hour(air, source, distances, levels_m, settling[hour], marks, core, plume, means, lids, starts)
        steered = highest > 0.0 and not air.convective
        if steered:
            dividing_heights(air, hill_step, heights)
        pole = reference[hour]
        for level in range(count):
            z = levels_m[level]
            fill_level(
                air, source, distances, levels_m, level, marks, core, means, lids, starts, settling[hour], False,
                pole, z + pole, work, plume, follow, keep,
            )  # fmt: skip
            if volume:
                fill_level(
                    air, source, distances, levels_m, level, marks, core, means, lids, starts, settling[hour], True,
                    pole, z + pole, work, bare_plume, bare_follow, bare_keep,
                )  # fmt: skip
            path_plume = bare_plume if volume else plume
            path_follow, path_keep = (bare_follow, bare_keep) if volume else (follow, keep)
            for hill in range(hills):
                hill_m = hills_m[level, hill]
                divided = steered and hill_m > 0.0
                known = False
                for k in range(classes):
                    unsettled = starts[0, k] >= nodes and starts[1, k] >= nodes
                    which = 0 if unsettled else 1  # classes that do not settle share what they meet on their way
                    share, integral = shares[which], integrals[which]
                    own = core[0, LID] if starts[0, k] >= nodes else lids[0, 0, k]
                    path_own = own
                    if volume:
                        path_own = core[0, BARE_LID] if starts[0, k] >= nodes else lids[1, 0, k]
                    fall = 0.0 if starts[0, k] >= nodes else settling[hour, k] / source.wind
                    if not (unsettled and known):
                        share[:] = 0.5
                        if divided:
                            level_shares(
                                source, distances, plume[0], own, fall, 1.0, z, hill_m, stack[7], heights, hill_step,
                                critical, share,
                            )  # fmt: skip
                        if flags[2]:
                            path_logarithms(
                                path_plume, source.penetrated, path_follow[:, k], path_keep[:, k], share, near
                            )
                            path_integrals(near, near, distances, taps, tap_weights, work, integral)
                            if divided and dry[hour, k] * integral.max() > FAINT_DEPLETION:
                                for side in range(2):
                                    part = 0.5 + (GAUSS_NODE if side == 1 else -GAUSS_NODE)
                                    level_shares(
                                        source, distances, path_plume[0], path_own, fall, part, z, hill_m, stack[7],
                                        heights, hill_step, critical, on_way,
                                    )  # fmt: skip
                                    path_logarithms(
                                        path_plume, source.penetrated, path_follow[:, k], path_keep[:, k], on_way,
                                        near if side == 0 else far,
                                    )  # fmt: skip
                                path_integrals(near, far, distances, taps, tap_weights, work, integral)
                        known = known or unsettled
                    taken = dry[hour, k] if flags[2] else 0.0
                    lost = wet[1, k] if flags[3] else 0.0
                    remains(taken, integral, lost, distances, source.wind, kept)
                    for component in range(2):
                        part = source.penetrated if component == 1 else 1.0 - source.penetrated
                        if part <= 0.0:
                            continue
                        _dry(
                            plume[component], part, kept, dry[hour, k], share if component == 0 else halves,
                            follow[component, k], keep[component, k], hill * classes + k, amounts[component, 0],
                        )  # fmt: skip
                        if raining:
                            _wet(plume[component], part, kept, wet[0, k], hill * classes + k, amounts[component, 1])
            for component in range(2):
                part = source.penetrated if component == 1 else 1.0 - source.penetrated
                if part <= 0.0:
                    continue
                found = amounts[component]
                _meander(plume, source.penetrated, weight, distances, found[0], round_about[0, level])
                gather(
                    plume[component], distances, found[0], first_direction, heading_weights, level, dry_slots,
                    dry_used, spread_out,
                )  # fmt: skip
                if raining:
                    _meander(plume, source.penetrated, weight, distances, found[1], round_about[1, level])
                    gather(
                        plume[component], distances, found[1], first_direction, heading_weights, level, wet_slots,
                        wet_used, spread_out,
                    )  # fmt: skip
    if open_direction > -10:
        for direction in range(open_direction, open_direction + 4):
            lay_across(dry_slots, dry_used, direction, direction_step, distances, inner, by_width, directed[0])
            lay_across(wet_slots, wet_used, direction, direction_step, distances, inner, by_width, directed[1])
