"""Tables of one source-hour by distance for a receptor level, class by class: densities and what depletion leaves.

Compiled. In between, a receptor's answer is interpolated: `tables` does so for receptors of a run, `polar` for a year's
sum around a source.
"""

import math

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.depletion import FIRST_METRE, GAUSS_NODE
from metalbudget.dispersion.hill import dividing_height
from metalbudget.dispersion.rows import (
    BARE_LID,
    BLOCK,
    LID,
    RANDOM,
    SPREAD_DOWN,
    SPREAD_UP,
    SPREAD_Y,
    UP,
    WIND,
    below_rows,
    core_rows,
    density_rows,
    level_rows,
    level_sums,
    settled_lids,
)
from metalbudget.dispersion.vector import exponential

# Of a spread: particles that have fallen less are where the air is; for receptors, and for a year's sum.
UNSETTLED, UNSETTLED_YEAR = 0.003, 0.01
EXTENSION = 5.0  # the depletion integral looks at a fifth of a distance


@njit_borrowing()
def cubic(position, count):
    """First of four nodes around a position, and their Lagrange weights."""
    first = int(position) - 1
    if first < 0:
        first = 0
    elif first > count - 4:
        first = count - 4
    t = position - first
    a, b, c, d = t, t - 1.0, t - 2.0, t - 3.0
    return first, -b * c * d / 6.0, 0.5 * a * c * d, -0.5 * a * b * d, a * b * c / 6.0


@njit(cache=True)
def gauss_taps(distances):
    """Where among the nodes the two points of each node's depletion integral lie.

    Parameters
    ----------
    distances : ndarray, shape (nodes,)
        Evenly spaced in their logarithm. [m]

    Returns
    -------
    ndarray of int, shape (2, nodes)
        First of four nodes.
    ndarray, shape (2, 4, nodes)
        Their weights.
    """
    nodes = distances.size
    step, start = math.log(distances[1] / distances[0]), math.log(distances[0])
    first, weights = np.zeros((2, nodes), dtype=np.int64), np.zeros((2, 4, nodes))
    for side, sign in ((0, -1.0), (1, 1.0)):
        # far away the points lie the same number of steps back for every node
        shift = max(math.ceil(-math.log(0.5 + sign * GAUSS_NODE) / step) + 1, 3)
        for i in range(nodes):
            at = FIRST_METRE + (0.5 + sign * GAUSS_NODE) * max(distances[i] - FIRST_METRE, 0.0)
            n = min(max(i - shift, 0), nodes - 4)
            t = max((math.log(at) - start) / step, 0.0) - n
            a, b, c, d = t, t - 1.0, t - 2.0, t - 3.0
            first[side, i] = n
            weights[side, 0, i], weights[side, 1, i] = -b * c * d / 6.0, 0.5 * a * c * d
            weights[side, 2, i], weights[side, 3, i] = -0.5 * a * b * d, a * b * c / 6.0
    return first, weights


@njit_borrowing(error_model="numpy")
def along_way(row, first, weights, since, out):
    """A row at one of the two points of each node's depletion integral, from a node on.

    Parameters
    ----------
    row : ndarray, shape (nodes,)
    first, weights : ndarray, shapes (nodes,) and (4, nodes)
        Of `gauss_taps`, of one side.
    since : int
    out : ndarray, shape (nodes,)
        Result.
    """
    nodes = out.size
    shift = nodes - 1 - first[nodes - 1]
    even = min(-(-shift // BLOCK) * BLOCK, nodes)  # from here on every node looks back equally far
    for i in range(since, even):
        n = first[i]
        out[i] = (
            weights[0, i] * row[n]
            + weights[1, i] * row[n + 1]
            + weights[2, i] * row[n + 2]
            + weights[3, i] * row[n + 3]
        )
    start = max(since, even)
    count = nodes - start
    back = start - shift
    # slices, as an index that may count from the end is not vectorised
    a, b, c, d = row[back:], row[back + 1 :], row[back + 2 :], row[back + 3 :]
    at_a, at_b, at_c, at_d = weights[0, start:], weights[1, start:], weights[2, start:], weights[3, start:]
    found = out[start:]
    for i in range(count):
        found[i] = at_a[i] * a[i] + at_b[i] * b[i] + at_c[i] * c[i] + at_d[i] * d[i]


@njit_borrowing(error_model="numpy")
def path_integrals(near, far, distances, first, weights, work, out, since=0):
    """∫ F_z/u dx to each node from one on, by two points, from logarithms of what lies at both. [s m⁻¹]

    All but `first` (2, nodes), `weights` (2, 4, nodes) and `work` (2, nodes) have shape (nodes,).
    """
    along_way(near, first[0], weights[0], since, work[0])
    along_way(far, first[1], weights[1], since, work[1])
    for i in range(since, distances.size):
        length = max(distances[i] - FIRST_METRE, 0.0)
        out[i] = 0.5 * length * (exponential(work[0, i]) + exponential(work[1, i]))


@njit_borrowing(error_model="numpy")
def remains(dry_m_s, integral, lost_s, distances, wind_m_s, out, since=0):
    """Share of a class that deposition has left at each node: dry velocity times the path's integral, and rain. [1]"""
    for i in range(since, distances.size):
        out[i] = exponential(-(dry_m_s * integral[i] + lost_s * distances[i] / wind_m_s))


@njit_borrowing()
def start_hour(air, source, distances, levels_m, settling_m_s, for_year, marks, core, plume, means, lids, starts):
    """What does not depend on the receptors' level.

    Parameters
    ----------
    air : Air
    source : Launch
    distances : ndarray, shape (nodes,)
        [m]
    levels_m : ndarray, shape (levels,)
        Heights of receptors above the source's base. [m]
    settling_m_s : ndarray, shape (classes,)
    for_year : bool
        Whether a year's sum counts, not the hour itself.
    marks : ndarray, shape (4, levels + 3)
        Result, of `rows.level_sums`.
    core : ndarray, shape (2, CORE_ROWS, nodes)
        Result, of `rows.core_rows`.
    plume, means : ndarray
        Scratch.
    lids : ndarray, shape (2, 2, classes, nodes)
        Result: lids over settled particles with the source's own spread, and without it. [m]
    starts : ndarray of int, shape (2, classes)
        Result: node from which on a class has settled to speak of.
    """
    nodes, unsettled = distances.size, UNSETTLED_YEAR if for_year else UNSETTLED
    level_sums(air, levels_m, marks)
    starts[:] = nodes
    for component in range(2):
        above = component == 1
        if (above and source.penetrated <= 0.0) or (not above and source.penetrated >= 1.0):
            plume[component, SPREAD_Y] = 0.0  # not that of an hour before
            continue
        core_rows(air, source, above, distances, core[component], for_year)
        level_rows(air, source, above, distances, core[component], levels_m, 0, marks, False, means, plume[component])
        spread = plume[component]
        for k in range(settling_m_s.size):
            first = nodes
            fall = settling_m_s[k] / source.wind
            while first > 0:
                i = first - 1
                if fall * distances[i] < unsettled * min(spread[SPREAD_UP, i], spread[SPREAD_DOWN, i]):
                    break
                first = i
            starts[component, k] = first // BLOCK * BLOCK
            if (above or source.stable) and first < nodes:
                start = starts[component, k]
                for bare in range(2 if source.initial_vertical > 0.0 else 1):
                    settled_lids(
                        air, source, bare == 1, core[component], fall, distances, start, means, lids[bare, component, k]
                    )


@njit_borrowing()
def fill_classes(
    source, stable, core, lid, plume, lids, starts, settling_m_s, height_m, sunk_m, distances, work, target, since=0,
    for_year=False,
):  # fmt: skip
    """Densities of one plume at one height, class by class.

    Parameters
    ----------
    source : Launch
    stable : bool
        Whether the plume has one Gaussian part.
    core, plume : ndarray
        Of `rows.core_rows` and `rows.level_rows`.
    lid : ndarray, shape (nodes,)
        Over the plume itself. [m]
    lids : ndarray, shape (classes, nodes)
        Over settled particles. [m]
    starts : ndarray of int, shape (classes,)
        Of `start_hour`. Classes that have not settled have the density of the first of them.
    settling_m_s : ndarray, shape (classes,)
    height_m, sunk_m : float
        As of `rows.density_rows`. [m]
    distances : ndarray, shape (nodes,)
        [m]
    work : ndarray, shape (4, nodes)
        Scratch.
    target : ndarray, shape (classes, nodes)
        Result. [m⁻¹]
    since : int
        Node from which on the answer is wanted; a multiple of `BLOCK`.
    for_year : bool
        As of `start_hour`.
    """
    base = -1
    for k in range(settling_m_s.size):
        first = max(starts[k], since)
        if base >= 0:
            for i in range(since, first):  # a slice of the same array would be copied twice
                target[k, i] = target[base, i]
            if first >= distances.size:
                continue
        fall = settling_m_s[k] / source.wind
        if first >= distances.size:
            fall = 0.0
        own = lid if first >= distances.size else lids[k]
        density_rows(
            stable,
            core,
            own,
            plume,
            height_m,
            sunk_m,
            fall,
            distances,
            first if base >= 0 else since,
            work,
            target[k],
            for_year,
        )
        if base < 0 and first >= distances.size:
            base = k


@njit(cache=True)  # rows are copied whole
def fill_level(
    air, source, distances, levels_m, level, marks, core, means, lids, starts, settling_m_s, bare, follow_m, keep_m,
    work, plume, follow, keep, since=0,
):  # fmt: skip
    """Densities of both plumes at one level, for a year's sum.

    Parameters
    ----------
    air, source, distances, levels_m, marks, core, means, lids, starts, settling_m_s
        As of `start_hour`.
    level : int
    bare : bool
        Whether the spread leaves out the source's own.
    follow_m, keep_m : float
        Heights at which the density is wanted: above the ground, of what follows it; and above the plume's base,
        negative below it, of what keeps its level. [m]
    work : ndarray, shape (4, nodes)
        Scratch.
    plume : ndarray, shape (2, PLUME_ROWS, nodes)
        Result.
    follow, keep : ndarray, shape (2, classes, nodes)
        Result. [m⁻¹]
    since : int
        Node from which on the answer is wanted; a multiple of `rows.BLOCK`.
    """
    for component in range(2):
        above = component == 1
        if (above and source.penetrated <= 0.0) or (not above and source.penetrated >= 1.0):
            follow[component] = 0.0
            keep[component] = 0.0
            plume[component, WIND], plume[component, RANDOM] = 1.0, 0.0
            plume[component, SPREAD_UP], plume[component, SPREAD_DOWN] = 1.0, 1.0
            continue
        stable = above or source.stable
        level_rows(
            air, source, above, distances, core[component], levels_m, level, marks, bare, means, plume[component], since
        )
        own = core[component, BARE_LID] if bare else core[component, LID]
        both = keep_m != follow_m
        for state in range(2 if both else 1):
            height, sunk = (follow_m, 0.0) if state == 0 else (max(keep_m, 0.0), max(-keep_m, 0.0))
            fill_classes(
                source, stable, core[component], own, plume[component], lids[1 if bare else 0, component],
                starts[component], settling_m_s, height, sunk, distances, work,
                follow[component] if state == 0 else keep[component], since, True,
            )  # fmt: skip
        if not both:
            keep[component] = follow[component]


@njit_borrowing()
def dividing_heights(air, step_m, out):
    """Heights that divide the flow round hills of 0, 1, 2 … steps, shape (hills,). [m]"""
    out[0] = 0.0
    for j in range(1, out.size):
        out[j] = dividing_height(air, j * step_m)


@njit_borrowing(error_model="numpy")
def critical_heights(source, distances, plume, fall, part, ground_m, hill_m, base_m, heights, step_m, first, out):
    """Height that divides the flow round the hill that a plume meets at each distance. [m]

    Parameters
    ----------
    source : Launch
    distances : ndarray, shape (nodes,)
        [m]
    plume : ndarray, shape (PLUME_ROWS, nodes)
    fall : float
        As of `rows.density_rows`.
    part : float
        Of the way to the receptor: one there; less on the way, where ground and hill are lower
        (`depletion.terrain_on_the_way`).
    ground_m, hill_m, base_m : float
        Of the receptor: ground and hill above the source's base, and that base's elevation. [m]
    heights : ndarray, shape (hills,)
        Of `dividing_heights`, in steps of `step_m`.
    first : int
        Node from which on the answer is wanted.
    out : ndarray, shape (nodes,)
        Result; nodes before `first` are left as they are.
    """
    hill, ground = hill_m, ground_m
    if part < 1.0:
        hill = source.release + part * (hill_m + base_m - source.release) - base_m
        ground = part * ground_m
    last = heights.size - 1
    for i in range(first, distances.size):
        top = min(hill, ground + max(plume[UP, i] - fall * distances[i], 0.0))
        position = min(max(top / step_m, 0.0), last - 1.0e-9)
        j = int(position)
        out[i] = heights[j] + (position - j) * (heights[j + 1] - heights[j])


@njit_borrowing(error_model="numpy")
def level_shares(source, distances, plume, lids, fall, part, ground_m, hill_m, base_m, heights, step_m, critical, out):
    """Share of a plume in stable air that passes a hill at its level: (1 + φ_p)/2 (Cimorelli et al. 2005, eq. 20). [1]

    Parameters as of `critical_heights`, and

    lids : ndarray, shape (nodes,)
        [m]
    critical : ndarray, shape (nodes,)
        Scratch.
    out : ndarray, shape (nodes,)
        Result.
    """
    if hill_m <= 0.0:
        out[:] = 0.5
        return
    critical_heights(source, distances, plume, fall, part, ground_m, hill_m, base_m, heights, step_m, 0, critical)
    below_rows(lids, plume, fall, distances, critical, out)
    for i in range(distances.size):
        out[i] = 0.5 * (1.0 + out[i])
