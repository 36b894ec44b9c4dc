"""Hours of one source by direction, distance and level. Compiled; `polar` makes tables of it.

Here the flow passes over all ground alike: level ground, and terrain in convective air. `hill_hours` is for stable air.
"""

import math

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.carried import put
from metalbudget.dispersion.fan import SLOTS, WIDTHS, gather, heading_of, narrowed, turn_to, unused, width_positions
from metalbudget.dispersion.nodes import fill_level, gauss_taps, path_integrals, remains, start_hour
from metalbudget.dispersion.reach import first_along
from metalbudget.dispersion.rows import BLOCK, CORE_ROWS, PLUME_ROWS, RANDOM, WIND, logarithms
from metalbudget.dispersion.source_hour import source_hour


@njit_borrowing(error_model="numpy")
def _path_logarithms(plume, penetrated, follow, keep, since, out):
    """Logarithm of the density over wind that a class meets at every node from one on, both plumes together.

    Half of a plume follows the ground and half keeps its level (Cimorelli et al. 2005, eq. 20, without a dividing
    streamline). `plume` has shape (2, PLUME_ROWS, nodes), `follow` and `keep` (2, nodes), `out` (nodes,).
    """
    for i in range(since, out.size):
        main = (1.0 - penetrated) / plume[0, WIND, i] * (follow[0, i] + keep[0, i])
        out[i] = 0.5 * (main + penetrated / plume[1, WIND, i] * (follow[1, i] + keep[1, i]))
    logarithms(out, out, since)


@njit_borrowing(error_model="numpy")
def _dry(plume, part, kept, dry_m_s, follow, keep, first, k, amounts):
    """Dry deposition of one class of one plume at every node, all directions together, into its column."""
    for i in range(first, kept.size):
        amounts[i, k] = 0.5 * part * dry_m_s / plume[WIND, i] * kept[i] * (follow[i] + keep[i])


@njit_borrowing(error_model="numpy")
def _wet(wind, part, kept, falling_s, first, k, amounts):
    """Wet deposition of one class of one plume at every node, into its column."""
    for i in range(first, kept.size):
        amounts[i, k] = part * falling_s / wind[i] * kept[i]


@njit(cache=True)  # rows are copied whole
def _level_amounts(
    air, source, distances, levels_m, level, marks, core, means, lids, starts, dry_m_s, settling_m_s, wet_s, pole_m,
    volume, dry_depletes, wet_depletes, raining, taps, tap_weights, first, work, plume, bare_plume, follow, keep,
    bare_follow, bare_keep, met, integrals, kept, amounts,
):  # fmt: skip
    """Deposition of an hour at a level by distance, all directions together.

    Parameters
    ----------
    air, source, distances, levels_m, level, marks, core, means, lids, starts
        As of `nodes.fill_level`.
    dry_m_s, settling_m_s : ndarray, shape (classes,)
    wet_s : ndarray, shape (2, classes)
        Of `answers.wet_rates`.
    pole_m : float
        Height of the dry deposition velocity. [m]
    volume, dry_depletes, wet_depletes, raining : bool
    taps, tap_weights : ndarray
        Of `nodes.gauss_taps`.
    first : int
        Node from which on the answer is wanted; a multiple of `BLOCK`.
    work, plume, bare_plume, follow, keep, bare_follow, bare_keep, met, integrals, kept : ndarray
        Scratch; `plume` (2, PLUME_ROWS, nodes) holds both plumes in the end.
    amounts : ndarray, shape (2 plumes, 2 kinds, nodes, classes)
        Result: dry and wet deposition per metre of distance; what is nothing is left as it was. [m⁻¹]
    """
    since = taps[0, first] // BLOCK * BLOCK
    its = (air, source, distances, levels_m, level, marks, core, means, lids, starts, settling_m_s)
    heights = (pole_m, levels_m[level] + pole_m, work)
    fill_level(*its, False, *heights, plume, follow, keep, since)
    if volume:
        fill_level(*its, True, *heights, bare_plume, bare_follow, bare_keep, since)
    path = (bare_plume, bare_follow, bare_keep) if volume else (plume, follow, keep)
    known = False
    for k in range(dry_m_s.size):
        unsettled = starts[0, k] >= distances.size and starts[1, k] >= distances.size
        integral = integrals[0 if unsettled else 1]  # classes that do not settle share what they meet
        if dry_depletes and not (unsettled and known):
            _path_logarithms(path[0], source.penetrated, path[1][:, k], path[2][:, k], since, met)
            path_integrals(met, met, distances, taps, tap_weights, work, integral, first)
            known = known or unsettled
        taken = dry_m_s[k] if dry_depletes else 0.0
        remains(taken, integral, wet_s[1, k] if wet_depletes else 0.0, distances, source.wind, kept, first)
        for component in range(2):
            part = source.penetrated if component == 1 else 1.0 - source.penetrated
            if part > 0.0:
                found = amounts[component]
                _dry(
                    plume[component], part, kept, dry_m_s[k], follow[component, k], keep[component, k], first, k,
                    found[0],
                )  # fmt: skip
                if raining:
                    _wet(plume[component, WIND], part, kept, wet_s[0, k], first, k, found[1])


@njit_borrowing(error_model="numpy")
def _add_meandering(random, distances, weight, amounts, round_about):
    """Add what meanders to all directions: `random` (nodes,), the share that has lost its direction, of `amounts`
    (nodes, classes), times the hour's weight."""
    for i in range(distances.size):
        lost = weight * random[i] / (2.0 * math.pi * distances[i])
        for k in range(amounts.shape[1]):
            round_about[i, k] += lost * amounts[i, k]


@njit_borrowing(error_model="numpy")
def add_brought(distances, inner, amounts, brought):
    """Add an hour's deposition from each node that is kept on: r times that per metre of distance, over ln r.

    `brought` (nodes kept, classes) begins at the node `inner`. [1]
    """
    step = math.log(distances[1] / distances[0])
    for k in range(brought.shape[1]):
        total = 0.0
        for n in range(brought.shape[0] - 1, -1, -1):
            here = step * distances[inner + n] * amounts[inner + n, k]
            brought[n, k] += total + 0.5 * here
            total += here


@njit(nogil=True, cache=True)
def add_polar_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, distances, inner, beside, looked_at, directed, round_about, brought,
):  # fmt: skip
    """Add some hours of one source at the level of its base, sorted by the direction in which the wind blows.

    Parameters as `tables.add_tabled_hours`, and

    distances : ndarray, shape (nodes,)
        With `inner` nodes before the first that is kept and two behind the last. [m]
    beside : fan.Crosswind
    looked_at : ndarray of int, shape (bearings,)
        Of the distances that are kept, the first that is wanted.
    directed : ndarray, shape (2, bearings, distances · classes)
        Added to: dry and wet flux of every class at a bearing per unit emission. [m⁻²]
    round_about : ndarray, shape (2, nodes, classes)
        Added to: what lost its direction.
    brought : ndarray, shape (2, hours, distances, classes)
        Added to: deposition of each hour from each distance to the last, dry and wet. [1]
    """
    nodes, classes = distances.size, fraction.size
    base = np.zeros(1)
    direction_step = 2.0 * math.pi / (directed.shape[1] * beside.share.shape[0])
    taps, tap_weights = gauss_taps(distances)
    core, plume = np.zeros((2, CORE_ROWS, nodes)), np.zeros((2, PLUME_ROWS, nodes))
    bare_plume = np.zeros((2, PLUME_ROWS, nodes))
    means, work, marks = np.empty((4, nodes)), np.empty((4, nodes)), np.empty((4, 4))
    lids, starts = np.empty((2, 2, classes, nodes)), np.empty((2, classes), dtype=np.int64)
    follow, keep = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    bare_follow, bare_keep = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    met, kept, integrals = np.empty(nodes), np.empty(nodes), np.zeros((2, nodes))
    amounts = np.zeros((2, 2, nodes, classes))
    wet, own, spread_out = np.empty((2, classes)), np.empty(classes + 5), np.empty(3 * classes)
    positions, steady, inverse, whole = np.empty(nodes), np.empty(nodes), 1.0 / distances, np.ones(classes)
    slots, used = np.zeros((2, SLOTS, nodes, WIDTHS * classes)), (unused(nodes), unused(nodes))
    by_width = np.empty((WIDTHS + 1, nodes * classes))
    volume = stack[6] > 0.0
    open_direction = -SLOTS  # the first that later hours can still reach
    for index in range(rows.size):
        hour = rows[index]
        weight = factor[hour]
        if weight == 0.0:
            continue
        direction, part = heading_of(sine[hour], cosine[hour], direction_step)
        for kind in range(2):
            turn_to(
                direction, open_direction, beside, inverse, inner, by_width, slots[kind], used[kind], looked_at,
                directed[kind],
            )  # fmt: skip
        open_direction = direction
        air, source, raining = source_hour(
            hour, scalars, levels, values, sums, stack, flags, scavenging, washout, limit, flux_limit, wet
        )
        start_hour(air, source, distances, base, settling[hour], True, marks, core, plume, means, lids, starts)
        _level_amounts(
            air, source, distances, base, 0, marks, core, means, lids, starts, dry[hour], settling[hour], wet,
            reference[hour], volume, flags[2], flags[3], raining, taps, tap_weights, 0, work, plume, bare_plume,
            follow, keep, bare_follow, bare_keep, met, integrals, kept, amounts,
        )  # fmt: skip
        for component in range(2):
            if (source.penetrated if component == 1 else 1.0 - source.penetrated) <= 0.0:
                continue
            width_positions(plume[component], distances, 0, positions)
            narrowed(positions, 0, direction_step, part, positions)
            for i in range(nodes):
                steady[i] = weight * (1.0 - plume[component, RANDOM, i])
            for kind in range(2 if raining else 1):
                found = amounts[component, kind]
                add_brought(distances, inner, found, brought[kind, hour])
                _add_meandering(plume[component, RANDOM], distances, weight, found, round_about[kind])
                gather(
                    positions, found, steady, whole, 0, direction, part, slots[kind], used[kind], own, spread_out
                )  # fmt: skip
    for kind in range(2):
        turn_to(
            open_direction + SLOTS, open_direction, beside, inverse, inner, by_width, slots[kind], used[kind],
            looked_at, directed[kind],
        )  # fmt: skip


@njit(nogil=True, cache=True)
def carry_polar_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, distances, inner, kept_distances, levels_m, lowest, wet_place, carried,
):  # fmt: skip
    """What some hours of one source bring to receptors at some levels, whatever the direction.

    Parameters as `tables.add_tabled_hours`, and

    distances, inner
        As of `add_polar_hours`.
    kept_distances : int
    levels_m : ndarray, shape (levels,)
        Heights of receptors above the source's base. [m]
    lowest : ndarray of int, shape (levels,)
        Of the distances that are kept, the first at which a level is wanted at any bearing.
    wet_place : ndarray of int, shape (rows,)
        Where an hour's wet deposition goes; below zero if nowhere.
    carried : Carried
        Result.
    """
    nodes, classes, count = distances.size, fraction.size, levels_m.size
    taps, tap_weights = gauss_taps(distances)
    core, plume = np.zeros((2, CORE_ROWS, nodes)), np.zeros((2, PLUME_ROWS, nodes))
    bare_plume = np.zeros((2, PLUME_ROWS, nodes))
    means, work, marks = np.empty((4, nodes)), np.empty((4, nodes)), np.empty((4, count + 3))
    lids, starts = np.empty((2, 2, classes, nodes)), np.empty((2, classes), dtype=np.int64)
    follow, keep = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    bare_follow, bare_keep = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    met, kept, integrals = np.empty(nodes), np.empty(nodes), np.zeros((2, nodes))
    amounts, wet, positions = np.zeros((2, 2, nodes, classes)), np.empty((2, classes)), np.empty(nodes)
    first_of = np.empty(count, dtype=np.int64)
    volume = stack[6] > 0.0
    for index in range(rows.size):
        hour = rows[index]
        air, source, raining = source_hour(
            hour, scalars, levels, values, sums, stack, flags, scavenging, washout, limit, flux_limit, wet
        )
        start_hour(air, source, distances, levels_m, settling[hour], True, marks, core, plume, means, lids, starts)
        first_along(plume, distances, inner, lowest, kept_distances, first_of)
        for level in range(count):
            first = first_of[level]
            carried.since[index, level] = first
            if first >= nodes:
                continue
            _level_amounts(
                air, source, distances, levels_m, level, marks, core, means, lids, starts, dry[hour], settling[hour],
                wet, reference[hour], volume, flags[2], flags[3], raining, taps, tap_weights, first, work, plume,
                bare_plume, follow, keep, bare_follow, bare_keep, met, integrals, kept, amounts,
            )  # fmt: skip
            for component in range(2):
                there = (source.penetrated if component == 1 else 1.0 - source.penetrated) > 0.0
                carried.there[component, index] = there
                if there:
                    width_positions(plume[component], distances, first, positions)
                    put(
                        index, component, level, first, inner, kept_distances, distances, positions,
                        plume[component, RANDOM], amounts[component, 0], amounts[component, 1],
                        wet_place[index] if raining else -1, carried,
                    )  # fmt: skip
