"""Many receptors in flat terrain: the plume is calculated at some distances, receptors take it from there. Compiled.

In flat terrain everything about a plume but its lateral Gaussian depends on one distance: downwind for its coherent
part, from the source for the part that meanders. An hour costs one table of nodes, evenly spaced in the logarithm of
distance, and one interpolation for every receptor in the coherent plume's reach. What meanders does not depend on the
wind's direction: it is summed over all hours at the nodes, and receptors take it once. `terrain_tables` is for terrain.
"""

import math

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.answers import NEAREST_M
from metalbudget.dispersion.gaussian import LAYER_SPREADS
from metalbudget.dispersion.nodes import cubic, fill_classes, gauss_taps, path_integrals, remains, start_hour
from metalbudget.dispersion.rows import (
    BARE_LID,
    BLOCK,
    CORE_ROWS,
    LID,
    PLUME_ROWS,
    RANDOM,
    ROOT_TWO_PI,
    SPREAD_Y,
    WIND,
    level_rows,
    logarithms,
)
from metalbudget.dispersion.source_hour import source_hour
from metalbudget.dispersion.vector import exponential, logarithm

NODES_PER_E_FOLD = 10.0  # relative error of annual sums below 1e-3 (tests/kernels/test_dispersion_tables.py)
FINER = 8
NOTHING = math.log(1.0e-120)  # logarithm below which there is nothing (`rows.LEAST_SHARE`)
NEAREST_SHARE = 0.05  # of the nearest receptor's distance: where the table begins
WIDEST = 5.0  # spreads beyond which a plume's edge adds nothing (exp(−12.5) = 4e-6)


@njit(cache=True)
def table_distances(distance, per_e_fold):
    """Distances of a table for receptors at some distances, shape (nodes,); whole blocks of nodes. [m]"""
    nearest, farthest = max(distance.min(), NEAREST_M), max(distance.max(), 10.0)
    low = max(NEAREST_SHARE * min(nearest, 0.01 * farthest), 1.0)
    nodes = -(-(int(math.log(farthest / low) * per_e_fold) + 4) // BLOCK) * BLOCK
    step = math.log(farthest * 1.001 / low) / (nodes - 1)
    return np.exp(math.log(low) + step * np.arange(nodes))


@njit(cache=True)  # rows are copied whole
def flat_hour(
    air, source, distances, pole_m, settling_m_s, reference_m, with_ground, with_flux, with_path, first, weights,
    for_year, marks, core, plume, means, lids, starts, work, ground, flux, lifted, integrals,
):  # fmt: skip
    """Densities of one source-hour in flat terrain, plume by plume and class by class.

    Parameters
    ----------
    air : Air
    source : Launch
    distances : ndarray, shape (nodes,)
        Evenly spaced in their logarithm. [m]
    pole_m : ndarray, shape (1,)
        Height of the receptors above the ground. [m]
    settling_m_s : ndarray, shape (classes,)
    reference_m : float
        Height of the dry deposition velocity. [m]
    with_ground, with_flux, with_path : bool
        Which of the results are wanted.
    first, weights : ndarray
        Of `nodes.gauss_taps`.
    for_year : bool
        As of `nodes.start_hour`.
    marks, core, means, lids, starts, work
        Scratch of `nodes.start_hour` and `nodes.fill_classes`.
    plume : ndarray, shape (2, PLUME_ROWS, nodes)
        Result; a plume that there is not has a wind of one and no meander.
    ground, flux : ndarray, shape (2, classes, nodes)
        Result: density at the receptor, and at the reference height above the ground. [m⁻¹]
    lifted : ndarray, shape (2, classes, nodes)
        Scratch: what the depletion integral runs over.
    integrals : ndarray, shape (classes, nodes)
        Result: ∫ F_z/u dx to each node. [s m⁻¹]
    """
    nodes = distances.size
    start_hour(air, source, distances, pole_m, settling_m_s, for_year, marks, core, plume, means, lids, starts)
    bare = source.initial_vertical > 0.0
    pole = pole_m[0]
    met = lifted if (bare or pole > 0.0) else flux
    winds = work[:2]
    for component in range(2):
        above = component == 1
        if (above and source.penetrated <= 0.0) or (not above and source.penetrated >= 1.0):
            ground[component], flux[component], lifted[component] = 0.0, 0.0, 0.0
            plume[component, WIND], plume[component, RANDOM], plume[component, SPREAD_Y] = 1.0, 0.0, 1.0
            continue
        stable = above or source.stable
        its = (
            core[component], core[component, LID], plume[component], lids[0, component], starts[component],
            settling_m_s,
        )  # fmt: skip
        if with_ground:
            fill_classes(source, stable, *its, pole, 0.0, distances, work, ground[component])
        if with_flux:
            fill_classes(source, stable, *its, reference_m, 0.0, distances, work, flux[component])
    if not with_path:
        return
    if bare or pole > 0.0:
        path_hour(
            air, source, distances, pole_m, settling_m_s, reference_m, bare, marks, core, means, lids, starts, work,
            plume, flux, lifted,
        )  # fmt: skip
    near = winds[0]
    known = -1
    for k in range(settling_m_s.size):
        unsettled = starts[0, k] >= nodes and starts[1, k] >= nodes
        if unsettled and known >= 0:
            integrals[k] = integrals[known]
            continue
        _met(source.penetrated, plume[0, WIND], plume[1, WIND], met[0, k], met[1, k], near)
        path_integrals(near, near, distances, first, weights, work[2:], integrals[k])
        if unsettled:
            known = k


@njit(cache=True)
def path_hour(
    air, source, distances, pole_m, settling_m_s, reference_m, bare, marks, core, means, lids, starts, work, plume,
    flux, lifted,
):  # fmt: skip
    """What deposits on the way, where it differs from what deposits at a receptor: parameters as of `flat_hour`.

    The source's own spread is left out (`depletion`), and a pole lifts the state that keeps its level.
    """
    path_plume = np.empty((PLUME_ROWS, distances.size)) if bare else plume[0]
    kept = np.empty(lifted.shape[1:])
    pole = pole_m[0]
    for component in range(2):
        above = component == 1
        if (above and source.penetrated <= 0.0) or (not above and source.penetrated >= 1.0):
            continue
        stable = above or source.stable
        if bare:
            level_rows(air, source, above, distances, core[component], pole_m, 0, marks, True, means, path_plume)
        else:
            path_plume = plume[component]
        lid = core[component, BARE_LID] if bare else core[component, LID]
        its = (core[component], lid, path_plume, lids[1 if bare else 0, component], starts[component], settling_m_s)
        if bare:
            fill_classes(source, stable, *its, reference_m, 0.0, distances, work, lifted[component])
        else:
            lifted[component] = flux[component]
        if pole > 0.0:
            fill_classes(source, stable, *its, pole + reference_m, 0.0, distances, work, kept)
            lifted[component] = 0.5 * (lifted[component] + kept)


@njit_borrowing(error_model="numpy")
def _met(penetrated, wind, wind_above, main, above, out):
    """Logarithm of the density over wind that a class meets on its way, both plumes together; rows of (nodes,)."""
    for i in range(out.size):
        out[i] = (1.0 - penetrated) / wind[i] * main[i] + penetrated / wind_above[i] * above[i]
    logarithms(out, out)


@njit_borrowing(error_model="numpy")
def _add_class(part, dry_m_s, wet_s, wind, kept, ground, flux, conc, dry, wet):
    """Add what one class of one plume brings, over all directions; rows of shape (nodes,)."""
    for i in range(kept.size):
        amount = part / wind[i] * kept[i]
        conc[i] += amount * ground[i]
        dry[i] += amount * dry_m_s * flux[i]
        wet[i] += amount * wet_s


@njit_borrowing(error_model="numpy")
def meandering(penetrated, random, random_above, out):
    """Share of the energy in meander of both plumes together; rows of shape (nodes,). [1]"""
    for i in range(out.size):
        out[i] = min((1.0 - penetrated) * random[i] + penetrated * random_above[i], 1.0)


@njit_borrowing(error_model="numpy")
def _add_round(weight, random, distances, main, above, out):
    """Add what meanders, per metre of the circle it is spread over; rows of shape (nodes,)."""
    for i in range(out.size):
        out[i] += weight * random[i] / (2.0 * math.pi * distances[i]) * (main[i] + above[i])


@njit_borrowing(error_model="numpy")
def _refine(row, fine, column):
    """Cubic interpolation of a row to `FINER` times as many nodes, into a column of `fine` (finer nodes, columns)."""
    for i in range(fine.shape[0]):
        first, a, b, c, d = cubic(i / FINER, row.size)
        fine[i, column] = a * row[first] + b * row[first + 1] + c * row[first + 2] + d * row[first + 3]


@njit_borrowing(error_model="numpy")
def _add_coherent(i, part, crosswind, fine, columns, weight, target):
    """Add one plume's coherent part at a receptor."""
    sigma = fine[i, 0] + part * (fine[i + 1, 0] - fine[i, 0])
    ratio = crosswind / sigma
    exponent = 0.5 * ratio * ratio
    if exponent > 0.5 * WIDEST * WIDEST:
        return
    base = weight / (ROOT_TWO_PI * sigma)
    value = fine[i, 1] + part * (fine[i + 1, 1] - fine[i, 1])
    target[0] += base * exponential(value - exponent)
    if columns > 1:
        value = fine[i, 2] + part * (fine[i + 1, 2] - fine[i, 2])
        target[1] += base * exponential(value - exponent)
    if columns > 2:
        value = fine[i, 3] + part * (fine[i + 1, 3] - fine[i, 3])
        target[2] += base * exponential(value - exponent)


@njit(nogil=True, cache=True, error_model="numpy")
def add_tabled_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, x, y, place, out,
):  # fmt: skip
    """Add some hours of one source to `out` (receptors, 3); every receptor has the first one's flagpole height."""
    count, classes = x.size, fraction.size
    distance = np.sqrt(x * x + y * y)
    nearest_m = NEAREST_M + LAYER_SPREADS * stack[5]  # nothing within the width of a volume source (`answers`)
    distances = table_distances(distance, NODES_PER_E_FOLD)
    nodes = distances.size
    step, start = math.log(distances[1] / distances[0]), math.log(distances[0])
    fine_nodes = (nodes - 1) * FINER + 1
    fine_step = step / FINER
    firsts, later = np.empty(count, dtype=np.int32), np.empty(count)
    for j in range(count):
        position = max((math.log(max(distance[j], distances[0])) - start) / fine_step, 0.0)
        firsts[j] = min(int(position), fine_nodes - 2)
        later[j] = position - firsts[j]
    first, weights = gauss_taps(distances)
    pole = np.full(1, place[0, 1])
    core, plume = np.zeros((2, CORE_ROWS, nodes)), np.zeros((2, PLUME_ROWS, nodes))
    means, work, marks = np.empty((4, nodes)), np.empty((4, nodes)), np.empty((4, 4))
    lids, starts = np.empty((2, 2, classes, nodes)), np.empty((2, classes), dtype=np.int64)
    ground, flux, lifted = (np.zeros((2, classes, nodes)), np.zeros((2, classes, nodes)), np.zeros((2, classes, nodes)))
    integrals, kept, random = np.zeros((classes, nodes)), np.empty(nodes), np.empty(nodes)
    sums_of, round_about = np.zeros((2, 3, nodes)), np.zeros((3, nodes))
    logs = np.empty(nodes)
    fine, fine_random = np.zeros((2, fine_nodes, 4)), np.zeros((fine_nodes, 1))
    wet = np.empty((2, classes))
    for index in range(rows.size):
        hour = rows[index]
        weight = factor[hour]
        if weight == 0.0:
            continue
        air, source, raining = source_hour(
            hour, scalars, levels, values, sums, stack, flags, scavenging, washout, limit, flux_limit, wet
        )
        drying = False
        for k in range(classes):
            drying = drying or dry[hour, k] > 0.0
        flat_hour(
            air, source, distances, pole, settling[hour], reference[hour], True, drying, drying and flags[2], first,
            weights, False, marks, core, plume, means, lids, starts, work, ground, flux, lifted, integrals,
        )  # fmt: skip
        columns = 3 if raining else (2 if drying else 1)
        penetrated = source.penetrated
        sums_of[:] = 0.0
        for k in range(classes):
            taken = dry[hour, k] if flags[2] else 0.0
            remains(taken, integrals[k], wet[1, k] if flags[3] else 0.0, distances, source.wind, kept)
            for component in range(2):
                part = fraction[k] * (penetrated if component == 1 else 1.0 - penetrated)
                if part > 0.0:
                    _add_class(
                        part, dry[hour, k], wet[0, k], plume[component, WIND], kept, ground[component, k],
                        flux[component, k], sums_of[component, 0], sums_of[component, 1], sums_of[component, 2],
                    )  # fmt: skip
        meandering(penetrated, plume[0, RANDOM], plume[1, RANDOM], random)
        for quantity in range(columns):
            _add_round(weight, random, distances, sums_of[0, quantity], sums_of[1, quantity], round_about[quantity])
        widest = 0.0
        for component in range(2):
            if (penetrated if component == 1 else 1.0 - penetrated) > 0.0:
                _refine(plume[component, SPREAD_Y], fine[component], 0)
                for quantity in range(columns):
                    logarithms(sums_of[component, quantity], logs)
                    _refine(logs, fine[component], quantity + 1)
                for i in range(nodes):
                    widest = max(widest, plume[component, SPREAD_Y, i] / distances[i])
        _refine(random, fine_random, 0)
        widest = (WIDEST * widest) ** 2
        s, c = sine[hour], cosine[hour]
        for j in range(count):
            downwind = -(x[j] * s + y[j] * c)
            if downwind < NEAREST_M:
                continue
            crosswind = x[j] * c - y[j] * s
            if crosswind * crosswind > widest * downwind * downwind or distance[j] < nearest_m:
                continue
            i, part = firsts[j], later[j]
            steady = fine_random[i, 0] + part * (fine_random[i + 1, 0] - fine_random[i, 0])
            steady = weight * (1.0 - steady)
            if steady <= 0.0:
                continue
            position = max((logarithm(downwind) - start) / fine_step, 0.0)
            i = min(int(position), fine_nodes - 2)
            part = position - i
            if penetrated < 1.0:
                _add_coherent(i, part, crosswind, fine[0], columns, steady, out[j])
            if penetrated > 0.0:
                _add_coherent(i, part, crosswind, fine[1], columns, steady, out[j])
    for quantity in range(3):
        logarithms(round_about[quantity], logs)
        for j in range(count):
            if distance[j] >= nearest_m:
                i, a, b, c, d = cubic(max((math.log(max(distance[j], distances[0])) - start) / step, 0.0), nodes)
                value = a * logs[i] + b * logs[i + 1] + c * logs[i + 2] + d * logs[i + 3]
                if value > NOTHING:
                    out[j, quantity] += math.exp(value)
