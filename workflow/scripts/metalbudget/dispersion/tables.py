"""Many receptors in flat terrain: the plume is calculated at some distances, and receptors take it from there. Compiled.

In flat terrain everything about a plume but its lateral Gaussian depends on one distance: downwind for its coherent
part, from the source for the part that meanders. An hour costs one table of nodes, evenly spaced in the logarithm of
distance, and one cubic interpolation a receptor.
"""

import math

import numpy as np
from numba import njit

from metalbudget.dispersion.answers import air_of
from metalbudget.dispersion.depletion import FIRST_METRE, GAUSS_NODE, plume_depth
from metalbudget.dispersion.gaussian import Place, at_receptor, main_plume, penetrated_plume, settled
from metalbudget.dispersion.launch import launch
from metalbudget.dispersion.meander import random_share

NODES_PER_E_FOLD = 16.0  # relative error of annual sums below 1e-3 (tests/kernels/test_dispersion_tables.py)
FAINT = -300.0  # logarithm that stands for nothing
WIDEST = 5.0  # spreads beyond which a plume's edge adds nothing (exp(−12.5) = 4e-6)


@njit(cache=True)
def _cubic(position, count):
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
def fill_nodes(
    air, source, distances, place, fraction, dry_m_s, settling_m_s, wet_s, reference_m, dry_depletion, wet_depletion,
    flux, spread, coherent, pancake,
):  # fmt: skip
    """Tables of one source-hour.

    Parameters
    ----------
    air : Air
    source : Launch
    distances : ndarray, shape (nodes,)
        Evenly spaced in their logarithm. [m]
    place : Place
    fraction, dry_m_s, settling_m_s, wet_s : ndarray, shape (classes,)
    reference_m : float
    dry_depletion, wet_depletion : bool
    flux : ndarray, shape (classes, nodes)
        Scratch: logarithm of the density at the reference height over wind.
    spread : ndarray, shape (2, nodes)
        Result: lateral spread of both plumes. [m]
    coherent : ndarray, shape (2, 3, nodes)
        Result: logarithm of concentration, dry and wet flux of both plumes, integrated across the wind.
    pancake : ndarray, shape (nodes, 4)
        Result: the same of both together, spread over the circle, and the meandering share.
    """
    nodes, classes = distances.size, fraction.size
    step = math.log(distances[1] / distances[0])
    start = math.log(distances[0])
    penetrated = source.penetrated > 0.0
    bare = source.initial_vertical > 0.0
    removing = False
    for k in range(classes):
        removing = removing or (dry_depletion and dry_m_s[k] > 0.0)
    if removing:
        for i in range(nodes):
            x = distances[i]
            main = main_plume(air, source, x, place, True)
            above = main
            if penetrated:
                above = penetrated_plume(air, source, x, place, True)
            for k in range(classes):
                fall = settling_m_s[k] * x / source.wind
                total = 0.0
                if main.share > 0.0:
                    total = main.share / main.wind * at_receptor(settled(main, air, source, x, place, fall), place, reference_m)
                if penetrated:
                    fallen = settled(above, air, source, x, place, fall)
                    total += above.share / above.wind * at_receptor(fallen, place, reference_m)
                flux[k, i] = _logarithm(total)
    for i in range(nodes):
        x = distances[i]
        main = main_plume(air, source, x, place, False)
        random = main.share * random_share(main.lateral_turbulence, main.wind, x)
        above = main
        if penetrated:
            above = penetrated_plume(air, source, x, place, False)
            random += above.share * random_share(above.lateral_turbulence, above.wind, x)
        spread[0, i], spread[1, i] = main.spread_y, above.spread_y
        length = x - FIRST_METRE
        for column in range(4):
            pancake[i, column] = 0.0
        sums = np.zeros((2, 3))
        for k in range(classes):
            amount = fraction[k]
            if dry_depletion and dry_m_s[k] > 0.0 and length > 0.0:
                integral = 0.0
                for sign in (-1.0, 1.0):
                    at = FIRST_METRE + (0.5 + sign * GAUSS_NODE) * length
                    first, a, b, c, d = _cubic(max((math.log(at) - start) / step, 0.0), nodes)
                    row = flux[k]
                    integral += math.exp(a * row[first] + b * row[first + 1] + c * row[first + 2] + d * row[first + 3])
                amount *= math.exp(-0.5 * dry_m_s[k] * length * integral)
            if wet_depletion and wet_s[k] > 0.0:
                amount *= math.exp(-wet_s[k] * x / source.wind)
            fall = settling_m_s[k] * x / source.wind
            for component in range(2):
                if component == 1 and not penetrated:
                    continue
                plume = main if component == 0 else above
                if plume.share <= 0.0:
                    continue
                part = amount * plume.share / plume.wind
                fallen = settled(plume, air, source, x, place, fall)
                sums[component, 0] += part * at_receptor(fallen, place, 0.0)
                if dry_m_s[k] > 0.0:
                    if bare or not removing or component == 1 or penetrated:
                        sums[component, 1] += part * dry_m_s[k] * at_receptor(fallen, place, reference_m)
                    else:  # the same density stands in the depletion's table
                        sums[component, 1] += amount * dry_m_s[k] * math.exp(flux[k, i])
                sums[component, 2] += part * wet_s[k]
        round_m = 2.0 * math.pi * x
        for column in range(3):
            pancake[i, column] = random * (sums[0, column] + sums[1, column]) / round_m
            for component in range(2):
                coherent[component, column, i] = _logarithm(sums[component, column])
        pancake[i, 3] = random


@njit(cache=True)
def _add_coherent(position, nodes, crosswind, spread, table, columns, weight, target):
    """Add one plume's coherent part at a receptor."""
    first, a, b, c, d = _cubic(position, nodes)
    sigma = a * spread[first] + b * spread[first + 1] + c * spread[first + 2] + d * spread[first + 3]
    ratio = crosswind / sigma
    if ratio * ratio > WIDEST * WIDEST:
        return
    base = weight * math.exp(-0.5 * ratio * ratio) / (2.5066282746310002 * sigma)  # √(2π)
    for column in range(columns):
        row = table[column]
        value = a * row[first] + b * row[first + 1] + c * row[first + 2] + d * row[first + 3]
        if value > -250.0:
            target[column] += base * math.exp(value)


@njit(nogil=True, cache=True)
def add_tabled_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, reference, factor, x, y, place, out,
):  # fmt: skip
    """Add some hours of one source to `out` (receptors, 3); every receptor has the first one's flagpole height."""
    count, classes = x.size, fraction.size
    distance = np.sqrt(x * x + y * y)
    nearest, farthest = max(distance.min(), 1.0), max(distance.max(), 10.0)
    low = max(0.2 * min(nearest, 0.01 * farthest), 1.0)
    nodes = max(int(math.log(farthest / low) * NODES_PER_E_FOLD) + 4, 8)
    step = math.log(farthest * 1.001 / low) / (nodes - 1)
    start = math.log(low)
    distances = np.exp(start + step * np.arange(nodes))
    first, weights = np.empty(count, dtype=np.int32), np.empty((count, 4))
    for j in range(count):
        position = max((math.log(max(distance[j], low)) - start) / step, 0.0)
        first[j], weights[j, 0], weights[j, 1], weights[j, 2], weights[j, 3] = _cubic(position, nodes)
    flux, spread = np.empty((classes, nodes)), np.empty((2, nodes))
    coherent, pancake = np.empty((2, 3, nodes)), np.empty((nodes, 4))
    wet = np.empty(classes)
    here = Place(place[0, 1], place[0, 1], 0.0)
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
        for k in range(classes):
            wet[k] = scavenging[hour, k] + min(washout[hour, k] / depth, limit[hour, k])
            raining = raining or wet[k] > 0.0
            drying = drying or dry[hour, k] > 0.0
        fill_nodes(
            air, source, distances, here, fraction, dry[hour], settling[hour], wet, reference[hour], flags[2],
            flags[3], flux, spread, coherent, pancake,
        )  # fmt: skip
        columns = 3 if raining else (2 if drying else 1)
        widest = 0.0
        for i in range(nodes):
            widest = max(widest, spread[0, i] / distances[i], spread[1, i] / distances[i])
        widest = (WIDEST * widest) ** 2
        s, c = sine[hour], cosine[hour]
        penetrated = source.penetrated > 0.0
        remaining = source.penetrated < 1.0
        for j in range(count):
            if distance[j] < 1.0:
                continue
            i = first[j]
            w0, w1, w2, w3 = weights[j, 0], weights[j, 1], weights[j, 2], weights[j, 3]
            target = out[j]
            for column in range(columns):
                value = (
                    w0 * pancake[i, column] + w1 * pancake[i + 1, column] + w2 * pancake[i + 2, column]
                    + w3 * pancake[i + 3, column]
                )  # fmt: skip
                if value > 0.0:
                    target[column] += weight * value
            downwind = -(x[j] * s + y[j] * c)
            if downwind <= low:
                continue
            crosswind = x[j] * c - y[j] * s
            if crosswind * crosswind > widest * downwind * downwind:
                continue
            random = (
                w0 * pancake[i, 3] + w1 * pancake[i + 1, 3] + w2 * pancake[i + 2, 3] + w3 * pancake[i + 3, 3]
            )
            if random >= 1.0:
                continue
            position = (math.log(downwind) - start) / step
            part = weight * (1.0 - random)
            if remaining:
                _add_coherent(position, nodes, crosswind, spread[0], coherent[0], columns, part, target)
            if penetrated:
                _add_coherent(position, nodes, crosswind, spread[1], coherent[1], columns, part, target)
