"""Stable hours of one source in terrain by distance, level and hill. Compiled; see `polar`.

A plume in stable air has two states (Cimorelli et al. 2005, section 3e): its share f keeps its level, the rest follows
the ground. Density and what is met on the way are straight lines in f, so that at a level both states are found once
and every hill costs little more than its f.
"""

import math

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.carried import put
from metalbudget.dispersion.depletion import FIRST_METRE, GAUSS_NODE
from metalbudget.dispersion.fan import width_positions
from metalbudget.dispersion.nodes import (
    along_way,
    critical_heights,
    dividing_heights,
    fill_classes,
    gauss_taps,
    start_hour,
)
from metalbudget.dispersion.reach import first_along
from metalbudget.dispersion.rows import (
    BARE_LID,
    BLOCK,
    CORE_ROWS,
    LID,
    PLUME_ROWS,
    RANDOM,
    SPREAD_UP,
    UP,
    WIND,
    level_rows,
    logarithms,
)
from metalbudget.dispersion.source_hour import source_hour
from metalbudget.dispersion.vector import error_complement, exponential

HILL_STEPS = 48  # of the table of dividing heights
FAINT_DEPLETION = 0.3  # of a path's exponent: below it the share that keeps its level is taken from the path's end
NEAR, FAR = 0, 1  # points of the depletion integral
FOLLOW, KEEP = 0, 1  # states


@njit_borrowing(error_model="numpy")
def first_that_counts(plume, dry_m_s, states, faint, most, since):
    """First node at which some class deposits more than too little, in whole blocks; beyond all where none does.

    Parameters
    ----------
    plume : ndarray, shape (PLUME_ROWS, nodes)
    dry_m_s : ndarray, shape (classes,)
        Deposition velocity.
    states : ndarray, shape (2, classes, nodes)
        Densities in both states. [m⁻¹]
    faint : ndarray, shape (classes, nodes)
        Deposition per metre of distance that counts as none. [m⁻¹]
    most : float
        Times as much as the hour itself may bring those it stands for.
    since : int
        Node from which on to look.
    """
    first = faint.shape[1]
    for k in range(dry_m_s.size):
        for i in range(since, first):
            if most * dry_m_s[k] * max(states[FOLLOW, k, i], states[KEEP, k, i]) > faint[k, i] * plume[WIND, i]:
                first = i
                break
    return first // BLOCK * BLOCK


@njit_borrowing(error_model="numpy")
def path_parts(plume, states, k, distances, taps, tap_weights, first, since, work, parts):
    """What both states of a class add to the depletion integral ∫ F_z/u dx at its two points, times half the path.

    Parameters
    ----------
    plume : ndarray, shape (PLUME_ROWS, nodes)
    states : ndarray, shape (2, classes, nodes)
        Densities. [m⁻¹]
    k : int
        The class.
    distances : ndarray, shape (nodes,)
        [m]
    taps, tap_weights : ndarray
        Of `nodes.gauss_taps`.
    first : int
        Node from which on the answer is wanted.
    since : int
        The first node that the answers look at.
    work : ndarray, shape (nodes,)
        Scratch.
    parts : ndarray, shape (classes, 2 states, 2 points, nodes)
        Result. [s m⁻¹]

    Returns
    -------
    float
        The greatest. [s m⁻¹]
    """
    most = 0.0
    for state in range(2):
        for i in range(since, work.size):
            work[i] = states[state, k, i] / plume[WIND, i]
        logarithms(work, work, since)
        for side in range(2):
            found = parts[k, state, side]
            along_way(work, taps[side], tap_weights[side], first, found)
            for i in range(first, work.size):
                found[i] = 0.5 * max(distances[i] - FIRST_METRE, 0.0) * exponential(found[i])
                most = max(most, found[i])
    return most


@njit_borrowing()
def alike(starts, nodes, dry_m_s, like, strongest):
    """Classes that share their densities: those that do not settle are like the first of them.

    Parameters
    ----------
    starts : ndarray of int, shape (classes,)
        Of `nodes.start_hour`.
    nodes : int
    dry_m_s : ndarray, shape (classes,)
        Deposition velocity.
    like : ndarray of int, shape (classes,)
        Result: the class that each is like, itself where it settles.
    strongest : ndarray, shape (classes,)
        Result: greatest deposition velocity of the classes like it. [m s⁻¹]

    Returns
    -------
    int
        The first that does not settle, or -1.
    """
    still = -1
    strongest[:] = 0.0
    for k in range(like.size):
        like[k] = k
        if starts[k] >= nodes:
            still = k if still < 0 else still
            like[k] = still
        strongest[like[k]] = max(strongest[like[k]], dry_m_s[k])
    return still


@njit_borrowing(error_model="numpy")
def _passing(distances, plume, lids, k, fall, critical, first, out, row):
    """Share f of a class that keeps its level from its dividing heights, into a row of `out` from a node on. [1]

    As `nodes.level_shares` but for the lid's images, which add 0.008 at the most, just under the lid.
    """
    for i in range(first, distances.size):
        scale = math.sqrt(0.5) / plume[SPREAD_UP, i]
        centre = max(plume[UP, i] - fall * distances[i], 0.0)
        c = critical[i]
        share = 1.0 - 0.25 * (error_complement((c - centre) * scale) + error_complement((c + centre) * scale))
        share = 1.0 if c >= lids[0, 0, k, i] else share
        out[row, i] = share if c > 0.0 else 0.5


@njit_borrowing(error_model="numpy")
def _depleted(parts, k, shares, on_way, depletes, taps, tap_weights, first, work, integrals):
    """Depletion integral of a class, which is a straight line in f at each of its two points. [s m⁻¹]

    Where it hardly `depletes`, f on the way is taken to be that at the receptor.
    """
    for i in range(first, integrals.shape[1]):
        integrals[k, i] = 0.0
    for side in range(2):
        if depletes:
            along_way(on_way[side], taps[side], tap_weights[side], first, work)
        for i in range(first, integrals.shape[1]):
            f = min(max(work[i], 0.5), 1.0) if depletes else shares[k, i]  # a cubic may overshoot
            follow = parts[k, FOLLOW, side, i]
            integrals[k, i] += follow + f * (parts[k, KEEP, side, i] - follow)


@njit_borrowing(error_model="numpy")
def _amounts(
    source, distances, plume, states, shares, integrals, like, dry_m_s, wet_s, dry_depletes, wet_depletes, raining,
    first, column, kept, dry, wet,
):  # fmt: skip
    """Deposition of all classes by one hill, all directions together: `dry` (nodes, fields) into columns from `column`
    on, `wet` (nodes, classes) if it is `raining`."""
    for k in range(like.size):
        g = like[k]
        taken = dry_m_s[k] if dry_depletes else 0.0
        lost = wet_s[1, k] / source.wind if wet_depletes else 0.0
        for i in range(first, distances.size):
            kept[i] = exponential(-(taken * integrals[g, i] + lost * distances[i])) / plume[WIND, i]
        for i in range(first, distances.size):
            follow = states[FOLLOW, k, i]
            density = follow + shares[g, i] * (states[KEEP, k, i] - follow)
            dry[i, column + k] = dry_m_s[k] * kept[i] * density
        if raining:
            for i in range(first, distances.size):
                wet[i, k] = wet_s[0, k] * kept[i]


@njit_borrowing()
def hill_amounts(
    source, distances, plume, lids, starts, like, still, strongest, parts, most, settling_m_s, ground_m, hill_m,
    base_m, heights, step_m, dry_depletes, taps, tap_weights, first, critical, on_way, shares, integrals,
):  # fmt: skip
    """Share f that keeps its level and depletion integral by one hill, of every class that is like itself.

    Parameters
    ----------
    source, distances, plume, ground_m, hill_m, base_m, heights, step_m
        As of `nodes.critical_heights`.
    lids, starts : ndarray
        Of `nodes.start_hour`.
    like, still, strongest
        Of `alike`.
    parts : ndarray
        Of `path_parts`.
    most : ndarray, shape (classes,)
        Greatest of the parts. [s m⁻¹]
    settling_m_s : ndarray, shape (classes,)
    dry_depletes : bool
    taps, tap_weights : ndarray
        Of `nodes.gauss_taps`.
    first : int
        Node from which on the answer is wanted.
    critical, on_way : ndarray, shapes (nodes,) and (2, nodes)
        Scratch.
    shares, integrals : ndarray, shape (classes, nodes)
        Result. [1], [s m⁻¹]
    """
    for k in range(like.size):
        if like[k] != k:
            continue
        settles = starts[0, k] < distances.size
        fall = settling_m_s[k] / source.wind if settles else 0.0
        depletes = False
        if hill_m <= 0.0:
            for i in range(first, distances.size):
                shares[k, i] = 0.5
        else:
            since = first
            if settles and 0 <= still < k:
                since = max(first, starts[0, k])
                for i in range(first, since):
                    shares[k, i] = shares[still, i]
            way = (ground_m, hill_m, base_m, heights, step_m)
            critical_heights(source, distances, plume, fall, 1.0, *way, since, critical)
            _passing(distances, plume, lids, k, fall, critical, since, shares, k)
            depletes = dry_depletes and 2.0 * strongest[k] * most[k] > FAINT_DEPLETION
            for side in range(2 if depletes else 0):
                part = 0.5 + (GAUSS_NODE if side == FAR else -GAUSS_NODE)
                looked_at = taps[side, first] // BLOCK * BLOCK  # the first node that the integrals wanted look at
                critical_heights(source, distances, plume, fall, part, *way, looked_at, critical)
                _passing(distances, plume, lids, k, fall, critical, looked_at, on_way, side)
        if dry_depletes:
            _depleted(parts, k, shares, on_way, depletes, taps, tap_weights, first, critical, integrals)


@njit_borrowing()
def fill_states(
    air, source, distances, levels_m, level, marks, core, means, lids, starts, settling_m_s, bare, pole_m, work, plume,
    states, since,
):  # fmt: skip
    """The plume and both states of its classes at a level; parameters as of `nodes.fill_level`.

    `plume` has shape (PLUME_ROWS, nodes), `states` (2, classes, nodes).
    """
    level_rows(air, source, False, distances, core[0], levels_m, level, marks, bare, means, plume, since)
    own, lid = (lids[1, 0], core[0, BARE_LID]) if bare else (lids[0, 0], core[0, LID])
    for state in range(2):
        height = pole_m if state == FOLLOW else levels_m[level] + pole_m
        fill_classes(
            source, True, core[0], lid, plume, own, starts[0], settling_m_s, max(height, 0.0), max(-height, 0.0),
            distances, work, states[state], since, True,
        )  # fmt: skip


@njit(nogil=True, cache=True)
def carry_hill_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, distances, inner, kept_distances, levels_m, hills_m, lowest, faint,
    most_brought, wet_place, carried,
):  # fmt: skip
    """What some stable hours of one source bring to receptors at some levels by some hills, whatever the direction.

    Parameters as `polar_hours.carry_polar_hours`, and

    hills_m : ndarray, shape (levels, hills)
        Heights of hills above the source's base. [m]
    faint : ndarray, shape (classes, nodes)
        Dry deposition of an hour per metre of distance and unit emission that counts as none. [m⁻¹]
    most_brought : ndarray, shape (rows,)
        Times as much as the hour itself may bring those it stands for. [1]
    """
    nodes, classes = distances.size, fraction.size
    count, hills = hills_m.shape
    taps, tap_weights = gauss_taps(distances)
    core, plume = np.zeros((2, CORE_ROWS, nodes)), np.zeros((2, PLUME_ROWS, nodes))
    main, bare_plume = plume[0], np.empty((PLUME_ROWS, nodes))
    means, work, marks = np.empty((4, nodes)), np.empty((4, nodes)), np.empty((4, count + 3))
    lids, starts = np.empty((2, 2, classes, nodes)), np.empty((2, classes), dtype=np.int64)
    like, strongest = np.empty(classes, dtype=np.int64), np.empty(classes)
    states, bare_states = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    parts, most = np.zeros((classes, 2, 2, nodes)), np.zeros(classes)
    shares, on_way, integrals = np.zeros((classes, nodes)), np.zeros((2, nodes)), np.zeros((classes, nodes))
    kept, critical, positions = np.empty(nodes), np.empty(nodes), np.empty(nodes)
    fallen, washed = np.zeros((nodes, hills * classes)), np.zeros((nodes, classes))  # dry and wet deposition
    wet, first_of = np.empty((2, classes)), np.empty(count, dtype=np.int64)
    hill_step = max(hills_m.max(), 1.0) * 1.001 / HILL_STEPS
    heights = np.zeros(HILL_STEPS + 1)
    bare = stack[6] > 0.0
    for index in range(rows.size):
        hour = rows[index]
        air, source, raining = source_hour(
            hour, scalars, levels, values, sums, stack, flags, scavenging, washout, limit, flux_limit, wet
        )
        start_hour(air, source, distances, levels_m, settling[hour], True, marks, core, plume, means, lids, starts)
        dividing_heights(air, hill_step, heights)
        still = alike(starts[0], nodes, dry[hour], like, strongest)
        if still >= 0:
            lids[:, 0, still] = core[0, LID : BARE_LID + 1]
        first_along(plume, distances, inner, lowest, kept_distances, first_of)
        carried.there[0, index] = True
        for level in range(count):
            first = first_of[level]
            if first >= nodes:
                continue
            since = taps[NEAR, first] // BLOCK * BLOCK
            its = (air, source, distances, levels_m, level, marks, core, means, lids, starts, settling[hour])
            fill_states(*its, False, reference[hour], work, main, states, since)
            if not raining:
                first = max(first, first_that_counts(main, dry[hour], states, faint, most_brought[index], first))
                if first >= nodes:
                    continue
            carried.since[index, level] = first
            if bare:
                fill_states(*its, True, reference[hour], work, bare_plume, bare_states, since)
            way, met = (bare_plume, bare_states) if bare else (main, states)
            if flags[2]:
                for k in range(classes):
                    if like[k] == k:
                        most[k] = path_parts(way, met, k, distances, taps, tap_weights, first, since, work[0], parts)
            for hill in range(hills):
                hill_amounts(
                    source, distances, main, lids, starts, like, still, strongest, parts, most, settling[hour],
                    levels_m[level], hills_m[level, hill], stack[7], heights, hill_step, flags[2], taps, tap_weights,
                    first, critical, on_way, shares, integrals,
                )  # fmt: skip
                _amounts(
                    source, distances, main, states, shares, integrals, like, dry[hour], wet, flags[2], flags[3],
                    raining and hill == hills // 2, first, hill * classes, kept, fallen, washed,
                )  # fmt: skip
            width_positions(main, distances, first, positions)
            put(
                index, 0, level, first, inner, kept_distances, distances, positions, main[RANDOM], fallen, washed,
                wet_place[index] if raining else -1, carried,
            )  # fmt: skip
