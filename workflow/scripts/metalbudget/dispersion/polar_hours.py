"""Hours of one source added up by direction, distance and level. Compiled; `polar` makes tables of it.

Here the flow passes over all ground alike: level ground, and terrain in convective air. `hill_hours` is for stable air.
"""

import math

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.fan import WIDTHS, directions_for, gather, heading_of, new_slots, turn_to
from metalbudget.dispersion.nodes import UNSETTLED_YEAR, fill_level, gauss_taps, path_integrals, remains, start_hour
from metalbudget.dispersion.reach import first_ahead, relative_widths
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


@njit_borrowing(error_model="numpy")
def meander(plume, penetrated, weight, distances, first, ahead, beside, amounts, round_about):
    """Add what meanders to all directions; what goes with the wind stays in `amounts`, times the hour's weight.

    Parameters
    ----------
    plume : ndarray, shape (2, PLUME_ROWS, nodes)
    penetrated, weight : float
        Share of the plume above the mixed layer, and how many hours this one stands for. [1]
    distances : ndarray, shape (nodes,)
        [m]
    first : int
        Node from which on there is something.
    ahead : int
        Node before which what meanders counts `beside` times as much: it may be drawn from fewer hours.
    beside : float
        [1]
    amounts : ndarray, shape (nodes, classes)
        Changed in place.
    round_about : ndarray, shape (nodes, classes)
        Added to.
    """
    for i in range(first, distances.size):
        random = (1.0 - penetrated) * plume[0, RANDOM, i] + penetrated * plume[1, RANDOM, i]
        lost, steady = weight * random / (2.0 * math.pi * distances[i]), weight * (1.0 - random)
        lost *= 1.0 if i >= ahead else beside
        for k in range(amounts.shape[1]):
            round_about[i, k] += lost * amounts[i, k]
            amounts[i, k] *= steady


@njit_borrowing(error_model="numpy")
def add_brought(distances, inner, amounts, hour, brought):
    """Add an hour's deposition from the first node that is kept on: a sum over ln r of r times that per metre."""
    step = math.log(distances[1] / distances[0])
    for i in range(inner, distances.size):
        for k in range(brought.shape[1]):
            brought[hour, k] += step * distances[i] * amounts[i, k]


@njit(nogil=True, cache=True)
def add_polar_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, distances, inner, levels_m, looked_at, ahead, least_directions,
    directed, round_about, brought,
):  # fmt: skip
    """Add some hours of one source, sorted by the direction in which the wind blows.

    Parameters as `tables.add_tabled_hours`, and

    distances : ndarray, shape (nodes,)
        With `inner` nodes before the first that is kept and two behind the last.
    levels_m : ndarray, shape (levels,)
        Heights of receptors above the source's base. [m]
    looked_at : ndarray of int, shape (bearings, levels)
        Of the distances that are kept, the first that is wanted.
    ahead : ndarray of int
        Of `reach.ahead_of`.
    least_directions : int
        In which plumes are gathered.
    directed : ndarray, shape (2, bearings, levels, distances · classes)
        Added to: dry and wet flux of every class at a bearing per unit emission. [m⁻²]
    round_about : ndarray, shape (2, levels, nodes, classes)
        Added to: what lost its direction.
    brought : ndarray, shape (hours, classes)
        Result: deposition of each hour within the last distance, at the first level where it is looked at. [1]
    """
    nodes, classes, count = distances.size, fraction.size, levels_m.size
    kept_distances = directed.shape[3] // classes
    direction_step = 2.0 * math.pi / directions_for(directed.shape[1], least_directions)
    taps, tap_weights = gauss_taps(distances)
    core, plume = np.zeros((2, CORE_ROWS, nodes)), np.zeros((2, PLUME_ROWS, nodes))
    bare_plume = np.zeros((2, PLUME_ROWS, nodes))
    means, work, marks = np.empty((4, nodes)), np.empty((4, nodes)), np.empty((4, count + 3))
    lids, starts = np.empty((2, 2, classes, nodes)), np.empty((2, classes), dtype=np.int64)
    follow, keep = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    bare_follow, bare_keep = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    met, kept, integrals = np.empty(nodes), np.empty(nodes), np.zeros((2, nodes))
    amounts = np.zeros((2, 2, nodes, classes))  # dry and wet, of both plumes
    wet, heading_weights, spread_out = np.empty((2, classes)), np.empty(4), np.empty(3 * classes)
    dry_slots, dry_used = new_slots(count, nodes, classes)
    wet_slots, wet_used = new_slots(count, nodes, classes)
    by_width, across = np.empty((WIDTHS + 1, nodes * classes)), np.empty(nodes)
    volume = stack[6] > 0.0
    open_direction = -10  # the first that later hours can still reach
    for index in range(rows.size):
        hour = rows[index]
        weight = factor[hour]
        if weight == 0.0:
            continue
        first_direction = heading_of(sine[hour], cosine[hour], direction_step, heading_weights)
        turn_to(
            first_direction, open_direction, direction_step, distances, inner, by_width, dry_slots, dry_used,
            wet_slots, wet_used, looked_at, directed,
        )  # fmt: skip
        open_direction = first_direction
        air, source, raining = source_hour(
            hour, scalars, levels, values, sums, stack, flags, scavenging, washout, limit, flux_limit, wet
        )
        start_hour(
            air, source, distances, levels_m, settling[hour], UNSETTLED_YEAR, marks, core, plume, means, lids, starts
        )
        pole = reference[hour]
        relative_widths(plume, distances, across)
        heading = (first_direction + 1.5) * direction_step
        for level in range(count):
            anyone = looked_at[:, level].min()
            if anyone >= kept_distances:
                continue
            beside = inner + anyone
            first = max(min(inner + first_ahead(ahead, heading, across[beside], level), beside), 0) // BLOCK * BLOCK
            since = taps[0, first] // BLOCK * BLOCK
            its = (air, source, distances, levels_m, level, marks, core, means, lids, starts, settling[hour])
            heights = (pole, levels_m[level] + pole, work)
            fill_level(*its, False, *heights, plume, follow, keep, since)
            if volume:
                fill_level(*its, True, *heights, bare_plume, bare_follow, bare_keep, since)
            path = (bare_plume, bare_follow, bare_keep) if volume else (plume, follow, keep)
            known = False
            for k in range(classes):
                unsettled = starts[0, k] >= nodes and starts[1, k] >= nodes
                integral = integrals[0 if unsettled else 1]  # classes that do not settle share what they meet
                if flags[2] and not (unsettled and known):
                    _path_logarithms(path[0], source.penetrated, path[1][:, k], path[2][:, k], since, met)
                    path_integrals(met, met, distances, taps, tap_weights, work, integral, first)
                    known = known or unsettled
                taken = dry[hour, k] if flags[2] else 0.0
                remains(taken, integral, wet[1, k] if flags[3] else 0.0, distances, source.wind, kept, first)
                for component in range(2):
                    part = source.penetrated if component == 1 else 1.0 - source.penetrated
                    if part > 0.0:
                        found = amounts[component]
                        _dry(
                            plume[component], part, kept, dry[hour, k], follow[component, k], keep[component, k],
                            first, k, found[0],
                        )  # fmt: skip
                        if raining:
                            _wet(plume[component, WIND], part, kept, wet[0, k], first, k, found[1])
            for component in range(2):
                if (source.penetrated if component == 1 else 1.0 - source.penetrated) <= 0.0:
                    continue
                for kind in range(2 if raining else 1):
                    found = amounts[component, kind]
                    if level == 0:
                        add_brought(distances, max(inner, first), found, hour, brought)
                    meander(plume, source.penetrated, weight, distances, first, 0, 1.0, found, round_about[kind, level])
                    gather(
                        plume[component], distances, found, first, first_direction, heading_weights, level,
                        dry_slots if kind == 0 else wet_slots, dry_used if kind == 0 else wet_used, spread_out,
                    )  # fmt: skip
    turn_to(
        open_direction + 4, open_direction, direction_step, distances, inner, by_width, dry_slots, dry_used, wet_slots,
        wet_used, looked_at, directed,
    )  # fmt: skip
