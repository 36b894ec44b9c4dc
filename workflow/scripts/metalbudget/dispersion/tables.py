"""Many receptors in flat terrain: the plume is calculated at some distances, receptors take it from there. Compiled.

In flat terrain everything about a plume but its lateral Gaussian depends on one distance: downwind for its coherent
part, from the source for the part that meanders. An hour costs one table of nodes, evenly spaced in the logarithm of
distance, and one cubic interpolation a receptor.
"""

import math

import numpy as np
from numba import njit

from metalbudget.dispersion.answers import NEAREST_M, air_of, wet_rates
from metalbudget.dispersion.depletion import FIRST_METRE, GAUSS_NODE, plume_depth, without_spread
from metalbudget.dispersion.gaussian import (
    LAYER_SPREADS,
    Place,
    at_receptor,
    at_reference,
    main_plume,
    penetrated_plume,
    settled,
)
from metalbudget.dispersion.launch import launch
from metalbudget.dispersion.meander import random_share

NODES_PER_E_FOLD = 10.0  # relative error of annual sums below 1e-3 (tests/kernels/test_dispersion_tables.py)
FAINT = -300.0  # logarithm that stands for nothing
ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
FINER = 8
UNSETTLED = 0.003  # of a spread: particles that have fallen less are where the air is
NEAREST_SHARE = 0.05  # of the nearest receptor's distance: where the table begins
WIDEST = 5.0  # spreads beyond which a plume's edge adds nothing (exp(−12.5) = 4e-6)


@njit(cache=True)
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
def _logarithm(value):
    return math.log(value) if value > 1.0e-130 else FAINT


@njit(cache=True)
def _bare_density(air, source, distance_m, place, reference_m, settling_m_s):
    """Density at the reference height over wind of all plumes, without the source's own spread. [s m⁻²]"""
    bare = without_spread(source)
    fall = settling_m_s * distance_m / source.wind
    total = 0.0
    plume = main_plume(air, source, distance_m, place, True)
    if plume.share > 0.0:
        fallen = settled(plume, air, bare, distance_m, place, fall)
        total += plume.share * at_reference(fallen, place, reference_m) / plume.wind
    if source.penetrated > 0.0:
        plume = penetrated_plume(air, source, distance_m, place, True)
        fallen = settled(plume, air, bare, distance_m, place, fall)
        total += plume.share * at_reference(fallen, place, reference_m) / plume.wind
    return total


@njit(cache=True)
def gauss_positions(distances):
    """Where among the nodes the two points of each node's depletion integral lie, shape (nodes, 2)."""
    step, start = math.log(distances[1] / distances[0]), math.log(distances[0])
    found = np.zeros((distances.size, 2))
    for i in range(distances.size):
        length = max(distances[i] - FIRST_METRE, 0.0)
        for side, sign in ((0, -1.0), (1, 1.0)):
            at = FIRST_METRE + (0.5 + sign * GAUSS_NODE) * length
            found[i, side] = max((math.log(at) - start) / step, 0.0)
    return found


@njit(cache=True)
def fill_nodes(
    air, source, distances, place, dry_m_s, settling_m_s, wet_s, reference_m, dry_depletion, wet_depletion,
    with_ground, gauss, ground, flux, path, column, kept, spread, random,
):  # fmt: skip
    """Tables of one source-hour, plume by plume and class by class.

    Parameters
    ----------
    air : Air
    source : Launch
    distances : ndarray, shape (nodes,)
        Evenly spaced in their logarithm. [m]
    place : Place
    dry_m_s, settling_m_s, wet_s : ndarray, shape (classes,)
    reference_m : float
    dry_depletion, wet_depletion : bool
    with_ground : bool
        Whether the density at the receptor is wanted, for concentration.
    gauss : ndarray, shape (nodes, 2)
        Of `gauss_positions`.
    ground, flux : ndarray, shape (2, classes, nodes)
        Result: density at the receptor and at the reference height over wind, of both plumes, nothing taken
        out. [s m⁻²]
    path : ndarray, shape (classes, nodes)
        Scratch: logarithm of what the depletion integral runs over.
    column : ndarray, shape (2, nodes)
        Result: share over wind. [s m⁻¹]
    kept : ndarray, shape (classes, nodes)
        Result: what deposition has left. [1]
    spread : ndarray, shape (2, nodes)
        Result: lateral spread of both plumes. [m]
    random : ndarray, shape (nodes,)
        Result: meandering share. [1]
    """
    nodes, classes = distances.size, dry_m_s.size
    penetrated = source.penetrated > 0.0
    bare = source.initial_vertical > 0.0
    for i in range(nodes):
        x = distances[i]
        main = main_plume(air, source, x, place, False)
        random[i] = main.share * random_share(main.lateral_turbulence, main.wind, x)
        above = main
        if penetrated:
            above = penetrated_plume(air, source, x, place, False)
            random[i] += above.share * random_share(above.lateral_turbulence, above.wind, x)
        for component in range(2):
            plume = main if component == 0 else above
            spread[component, i] = plume.spread_y
            present = (component == 1 and penetrated) or (component == 0 and main.share > 0.0)
            part = plume.share / plume.wind if present else 0.0
            column[component, i] = part
            negligible = UNSETTLED * min(plume.up_spread, plume.down_spread)
            like = -1  # the first class that has not settled to speak of; the others have its density
            for k in range(classes):
                ground[component, k, i] = 0.0
                flux[component, k, i] = 0.0
                if not present:
                    continue
                fall = settling_m_s[k] * x / source.wind
                if fall < negligible and like >= 0:
                    ground[component, k, i] = ground[component, like, i]
                    flux[component, k, i] = flux[component, like, i]
                    continue
                fallen = settled(plume, air, source, x, place, fall)
                if with_ground:
                    ground[component, k, i] = part * at_receptor(fallen, place, 0.0)
                if dry_m_s[k] > 0.0:
                    flux[component, k, i] = part * at_reference(fallen, place, reference_m)
                if fall < negligible:
                    like = k
    for k in range(classes):
        depositing = dry_depletion and dry_m_s[k] > 0.0
        if depositing:
            for i in range(nodes):
                total = flux[0, k, i] + flux[1, k, i]
                if bare:
                    total = _bare_density(air, source, distances[i], place, reference_m, settling_m_s[k])
                path[k, i] = _logarithm(total)
        for i in range(nodes):
            x = distances[i]
            length = x - FIRST_METRE
            exponent = 0.0
            if depositing and length > 0.0:
                integral = 0.0
                for side in range(2):
                    first, a, b, c, d = cubic(gauss[i, side], nodes)
                    row = path[k]
                    integral += math.exp(a * row[first] + b * row[first + 1] + c * row[first + 2] + d * row[first + 3])
                exponent = 0.5 * dry_m_s[k] * length * integral
            if wet_depletion:
                exponent += wet_s[1, k] * x / source.wind
            kept[k, i] = math.exp(-exponent) if exponent > 0.0 else 1.0


@njit(cache=True)
def _all_classes(distances, fraction, dry_m_s, wet_s, ground, flux, column, kept, random, sums, coherent, pancake):
    """Concentration, dry and wet flux of all classes: logarithms in `coherent` (2, 3, nodes); `pancake` (nodes, 4)."""
    for i in range(distances.size):
        sums[:] = 0.0
        for k in range(fraction.size):
            amount = fraction[k] * kept[k, i]
            for component in range(2):
                sums[component, 0] += amount * ground[component, k, i]
                sums[component, 1] += amount * dry_m_s[k] * flux[component, k, i]
                sums[component, 2] += amount * wet_s[0, k] * column[component, i]
        round_m = 2.0 * math.pi * distances[i]
        pancake[i, 3] = random[i]
        for quantity in range(3):
            pancake[i, quantity] = random[i] * (sums[0, quantity] + sums[1, quantity]) / round_m
            for component in range(2):
                coherent[component, quantity, i] = _logarithm(sums[component, quantity])


@njit(cache=True)
def _refine(nodes, spread, coherent, pancake, penetrated, columns, fine, fine_pancake):
    """Cubic interpolation of an hour's tables to `FINER` times as many nodes, between which a straight line will do.

    `fine` (2, finer nodes, 4) holds spread and the logarithms, `fine_pancake` (finer nodes, 4).
    """
    for i in range(fine_pancake.shape[0]):
        first, a, b, c, d = cubic(i / FINER, nodes)
        for column in range(4):
            if columns <= column < 3:
                continue
            value = (
                a * pancake[first, column] + b * pancake[first + 1, column] + c * pancake[first + 2, column]
                + d * pancake[first + 3, column]
            )  # fmt: skip
            fine_pancake[i, column] = max(value, 0.0)
        for component in range(2 if penetrated else 1):
            row = spread[component]
            fine[component, i, 0] = a * row[first] + b * row[first + 1] + c * row[first + 2] + d * row[first + 3]
            for column in range(columns):
                row = coherent[component, column]
                fine[component, i, column + 1] = (
                    a * row[first] + b * row[first + 1] + c * row[first + 2] + d * row[first + 3]
                )


@njit(cache=True)
def _add_coherent(i, part, crosswind, fine, columns, weight, target):
    """Add one plume's coherent part at a receptor."""
    sigma = fine[i, 0] + part * (fine[i + 1, 0] - fine[i, 0])
    ratio = crosswind / sigma
    exponent = 0.5 * ratio * ratio
    if exponent > 0.5 * WIDEST * WIDEST:
        return
    base = weight / (ROOT_TWO_PI * sigma)
    for column in range(1, columns + 1):
        value = fine[i, column] + part * (fine[i + 1, column] - fine[i, column])
        target[column - 1] += base * math.exp(value - exponent)


@njit(nogil=True, cache=True)
def add_tabled_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, x, y, place, out,
):  # fmt: skip
    """Add some hours of one source to `out` (receptors, 3); every receptor has the first one's flagpole height."""
    count, classes = x.size, fraction.size
    distance = np.sqrt(x * x + y * y)
    nearest, farthest = max(distance.min(), 1.0), max(distance.max(), 10.0)
    low = max(NEAREST_SHARE * min(nearest, 0.01 * farthest), 1.0)
    nodes = max(int(math.log(farthest / low) * NODES_PER_E_FOLD) + 4, 8)
    step = math.log(farthest * 1.001 / low) / (nodes - 1)
    start = math.log(low)
    distances = np.exp(start + step * np.arange(nodes))
    fine_nodes = (nodes - 1) * FINER + 1
    fine_step = step / FINER
    first, later = np.empty(count, dtype=np.int32), np.empty(count)
    for j in range(count):
        position = max((math.log(max(distance[j], low)) - start) / fine_step, 0.0)
        first[j] = min(int(position), fine_nodes - 2)
        later[j] = position - first[j]
    fine, fine_pancake = np.empty((2, fine_nodes, 4)), np.empty((fine_nodes, 4))
    gauss = gauss_positions(distances)
    ground, flux = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    path, kept = np.empty((classes, nodes)), np.empty((classes, nodes))
    column, spread, random_at = np.empty((2, nodes)), np.empty((2, nodes)), np.empty(nodes)
    sums_of, coherent, pancake = np.empty((2, 3)), np.empty((2, 3, nodes)), np.empty((nodes, 4))
    wet = np.empty((2, classes))
    here = Place(place[0, 1], place[0, 1], 0.0, 0.0)
    for index in range(rows.size):
        hour = rows[index]
        weight = factor[hour]
        if weight == 0.0:
            continue
        air = air_of(hour, scalars, levels, values, sums)
        source = launch(air, stack[0], stack[1], stack[2], stack[3], stack[4], flags[0], stack[5], stack[6])
        depth = plume_depth(air, source)
        raining = False
        drying = False
        wet_rates(scavenging[hour], washout[hour], limit[hour], flux_limit[hour], depth, wet)
        for k in range(classes):
            raining = raining or wet[0, k] > 0.0
            drying = drying or dry[hour, k] > 0.0
        fill_nodes(
            air, source, distances, here, dry[hour], settling[hour], wet, reference[hour], flags[2], flags[3],
            True, gauss, ground, flux, path, column, kept, spread, random_at,
        )  # fmt: skip
        _all_classes(
            distances, fraction, dry[hour], wet, ground, flux, column, kept, random_at, sums_of, coherent, pancake
        )
        columns = 3 if raining else (2 if drying else 1)
        penetrated = source.penetrated > 0.0
        remaining = source.penetrated < 1.0
        _refine(nodes, spread, coherent, pancake, penetrated, columns, fine, fine_pancake)
        widest = 0.0
        for i in range(nodes):
            widest = max(widest, spread[0, i] / distances[i], spread[1, i] / distances[i])
        widest = (WIDEST * widest) ** 2
        s, c = sine[hour], cosine[hour]
        for j in range(count):
            if distance[j] < NEAREST_M + LAYER_SPREADS * stack[5]:
                continue
            i, part = first[j], later[j]
            target = out[j]
            for quantity in range(columns):
                low_value = fine_pancake[i, quantity]
                target[quantity] += weight * (low_value + part * (fine_pancake[i + 1, quantity] - low_value))
            downwind = -(x[j] * s + y[j] * c)
            if downwind < NEAREST_M:
                continue
            crosswind = x[j] * c - y[j] * s
            if crosswind * crosswind > widest * downwind * downwind:
                continue
            random = fine_pancake[i, 3] + part * (fine_pancake[i + 1, 3] - fine_pancake[i, 3])
            if random >= 1.0:
                continue
            position = max((math.log(downwind) - start) / fine_step, 0.0)
            i = min(int(position), fine_nodes - 2)
            part = position - i
            steady = weight * (1.0 - random)
            if remaining:
                _add_coherent(i, part, crosswind, fine[0], columns, steady, target)
            if penetrated:
                _add_coherent(i, part, crosswind, fine[1], columns, steady, target)
