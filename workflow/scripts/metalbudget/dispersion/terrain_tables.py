"""Many receptors in terrain: tables of plumes by level and distance, from which receptors take their answer. Compiled.

A plume has two states (Cimorelli et al. 2005, section 3e): the one that keeps its level varies with the receptor's
height like a Gaussian, so its logarithm is interpolated by a cubic, which is exact for a single one; the one that
follows the ground changes little. Both are summed over size classes, each with its share that passes the hill. In
stable air that share depends on the hill; tables then have a place for some hills at every level (`receptor_levels`).
What meanders is summed over all hours first and interpolated once.
"""

import math

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.answers import NEAREST_M
from metalbudget.dispersion.depletion import GAUSS_NODE
from metalbudget.dispersion.gaussian import LAYER_SPREADS, NO_LID_M, image_sum, share_under
from metalbudget.dispersion.nodes import (
    cubic,
    dividing_heights,
    fill_classes,
    gauss_taps,
    level_shares,
    path_integrals,
    remains,
    start_hour,
)
from metalbudget.dispersion.rows import (
    BARE_LID,
    CENTRE,
    CORE_ROWS,
    LEAST_SHARE,
    LID,
    PLUME_ROWS,
    RANDOM,
    ROOT_TWO_PI,
    SPREAD_UP,
    SPREAD_Y,
    WIND,
    level_rows,
    logarithms,
)
from metalbudget.dispersion.source_hour import source_hour
from metalbudget.dispersion.tables import NOTHING, WIDEST, meandering, table_distances
from metalbudget.dispersion.vector import exponential, logarithm

NODES_PER_E_FOLD = 10.0
HILL_STEPS = 96  # of the table of dividing heights
FLOOR = math.log(LEAST_SHARE) + 5.0  # a logarithm below it may stand for nothing
# Some of a plume always counts as following the ground, so that its logarithm can be interpolated.
MOST_PASSING, MOST_PASSING_ON_THE_WAY = 1.0 - 1.0e-4, 1.0 - 1.0e-3
# Columns of the table: logarithms of what keeps its level and of what follows the ground, for concentration and dry
# deposition, and of wet deposition.
KEEP, FOLLOW, KEEP_DRY, FOLLOW_DRY, WET = range(5)
# Densities of a class: following the ground and keeping the level, at the receptor, at the reference height above it,
# and there on the way, without the source's own spread.
AT_GROUND, AT_LEVEL, OVER_GROUND, OVER_LEVEL, PATH_GROUND, PATH_LEVEL = range(6)


@njit(cache=True)  # rows are copied whole
def _level_densities(
    air, source, distances, levels_m, level, marks, core, means, lids, starts, settling_m_s, reference_m, drying,
    bare, work, plume, bare_plume, dense,
):  # fmt: skip
    """Plumes and densities at one level.

    Parameters
    ----------
    air, source, distances, levels_m, marks, core, means, lids, starts, settling_m_s
        As of `nodes.start_hour`.
    level : int
    reference_m : float
        Height of the dry deposition velocity. [m]
    drying, bare : bool
        Whether something deposits dry, and whether the source has a spread of its own that its path leaves out.
    work : ndarray, shape (4, nodes)
        Scratch.
    plume, bare_plume : ndarray, shape (2, PLUME_ROWS, nodes)
        Result.
    dense : ndarray, shape (6, 2, classes, nodes)
        Result, see `AT_GROUND`. In the mixed layer's plume what keeps its level above the layer's top is that at the
        top, so that it can be interpolated; receptors above leave it out. [m⁻¹]
    """
    z = levels_m[level]
    for component in range(2):
        above = component == 1
        if (above and source.penetrated <= 0.0) or (not above and source.penetrated >= 1.0):
            continue
        stable = above or source.stable
        level_rows(
            air, source, above, distances, core[component], levels_m, level, marks, False, means, plume[component]
        )
        if bare:
            level_rows(
                air, source, above, distances, core[component], levels_m, level, marks, True, means,
                bare_plume[component],
            )  # fmt: skip
        else:
            bare_plume[component] = plume[component]
        for pair in range(3 if (bare and drying) else (2 if drying else 1)):
            pole = 0.0 if pair == 0 else reference_m
            through = bare_plume[component] if pair == 2 else plume[component]
            lid = core[component, BARE_LID] if pair == 2 else core[component, LID]
            its = (lid, through, lids[1 if pair == 2 else 0, component], starts[component], settling_m_s)
            fill_classes(source, stable, core[component], *its, pole, 0.0, distances, work, dense[2 * pair, component])
            height = z + pole
            if not stable:
                height = min(height, air.mixing_height)
            target = dense[2 * pair + 1, component]
            if z == 0.0:
                target[:] = dense[2 * pair, component]
            else:
                fill_classes(
                    source, stable, core[component], *its, max(height, 0.0), max(-height, 0.0), distances, work,
                    target,
                )  # fmt: skip
        if drying and not bare:
            dense[PATH_GROUND, component] = dense[OVER_GROUND, component]
            dense[PATH_LEVEL, component] = dense[OVER_LEVEL, component]


@njit_borrowing(error_model="numpy")
def _hold(row, most):
    """Hold a row (nodes,) to a most."""
    for i in range(row.size):
        row[i] = min(row[i], most)


@njit_borrowing(error_model="numpy")
def _met(part, wind, shares, present, follow, keep, out):
    """Add density over wind that a class meets on its way; rows (nodes,); `present` is 0 above the mixed layer."""
    for i in range(out.size):
        out[i] += part / wind[i] * (follow[i] + shares[i] * (present * keep[i] - follow[i]))


@njit_borrowing(error_model="numpy")
def _add_states(part, wind, kept, shares, follow, keep, to_keep, to_follow):
    """Add what one class of one plume brings in both states; rows of shape (nodes,)."""
    for i in range(kept.size):
        amount = part / wind[i] * kept[i]
        level = amount * shares[i]
        to_keep[i] += level * keep[i]
        to_follow[i] += (amount - level) * follow[i]


@njit_borrowing(error_model="numpy")
def _add_wet(part, wind, kept, to_wet):
    """Add what rain brings down of one class; rows of shape (nodes,)."""
    for i in range(kept.size):
        to_wet[i] += part / wind[i] * kept[i]


@njit_borrowing(error_model="numpy")
def _add_round(weight, random, distances, first, second, out):
    """Add what meanders, per metre of the circle it is spread over; rows of shape (nodes,)."""
    for i in range(out.size):
        out[i] += weight * random[i] / (2.0 * math.pi * distances[i]) * (first[i] + second[i])


@njit_borrowing(error_model="numpy")
def _add_passing(part, wind, kept, follow, airborne, grounded):
    """Add what of a class is airborne, and that times the density that follows the ground; rows of shape (nodes,)."""
    for i in range(kept.size):
        amount = part / wind[i] * kept[i]
        airborne[i] += amount
        grounded[i] += amount * follow[i]


@njit_borrowing()
def _groups(starts, nodes, groups):
    """Number the classes (classes,) that lie alike: all that have not settled, and each of the others. Their count."""
    count, common = 0, -1
    for k in range(groups.size):
        if starts[k] >= nodes and common >= 0:
            groups[k] = common
            continue
        groups[k] = count
        if starts[k] >= nodes:
            common = count
        count += 1
    return count


@njit_borrowing()
def _fill_station(
    source, distances, hill, settling_m_s, dry_m_s, wet_s, fraction, flags, raining, drying, beyond, lids, core,
    starts, plume, bare_plume, dense, first, weights, scratch, work, groups, states, passing,
):  # fmt: skip
    """What all classes bring at one level, at one hill.

    Parameters
    ----------
    hill : tuple
        Whether the flow divides; ground, hill and the base's elevation; dividing heights and their step.
    beyond : float
        0 if the level lies above the mixed layer's plume, else 1.
    scratch : ndarray, shape (8, nodes)
    states : ndarray, shape (2, 5, nodes)
        Result: columns of the table, not yet as logarithms.
    passing : ndarray, shape (4 classes, nodes)
        Result for every group of classes (`_groups`) of the main plume: what is airborne over wind, and that times the
        density that follows the ground; then both of what deposits.
    """
    nodes = distances.size
    divided, ground_m, hill_m, base_m, heights, step_m = hill
    share, near_share, far_share, halves = scratch[0], scratch[1], scratch[2], scratch[3]
    near, integral, kept, critical = scratch[4], scratch[5], scratch[6], scratch[7]
    far = work[3]
    halves[:] = 0.5
    share[:] = 0.5
    states[:] = 0.0
    passing[:] = 0.0
    known = False
    depleting = flags[2] and drying
    for k in range(fraction.size):
        unsettled = starts[0, k] >= nodes and starts[1, k] >= nodes
        if not (unsettled and known):
            way = (ground_m, hill_m, base_m, heights, step_m, critical)
            own = core[0, LID] if starts[0, k] >= nodes else lids[0, 0, k]
            path_own = own
            if source.initial_vertical > 0.0:
                path_own = core[0, BARE_LID] if starts[0, k] >= nodes else lids[1, 0, k]
            fall = 0.0 if starts[0, k] >= nodes else settling_m_s[k] / source.wind
            if divided:
                level_shares(source, distances, plume[0], own, fall, 1.0, *way, share)
                _hold(share, MOST_PASSING)
            if depleting:
                near_share[:] = 0.5
                far_share[:] = 0.5
                if divided:
                    level_shares(source, distances, bare_plume[0], path_own, fall, 0.5 - GAUSS_NODE, *way, near_share)
                    level_shares(source, distances, bare_plume[0], path_own, fall, 0.5 + GAUSS_NODE, *way, far_share)
                    _hold(near_share, MOST_PASSING_ON_THE_WAY)
                    _hold(far_share, MOST_PASSING_ON_THE_WAY)
                for side in range(2):
                    row = near if side == 0 else far
                    row[:] = 0.0
                    for component in range(2):
                        part = source.penetrated if component == 1 else 1.0 - source.penetrated
                        if part > 0.0:
                            shares = halves if component == 1 else (near_share if side == 0 else far_share)
                            _met(
                                part, bare_plume[component, WIND], shares, beyond if component == 0 else 1.0,
                                dense[PATH_GROUND, component, k], dense[PATH_LEVEL, component, k], row,
                            )  # fmt: skip
                    logarithms(row, row)
                path_integrals(near, far, distances, first, weights, work, integral)
            else:
                integral[:] = 0.0
            known = known or unsettled
        taken = dry_m_s[k] if depleting else 0.0
        remains(taken, integral, wet_s[1, k] if flags[3] else 0.0, distances, source.wind, kept)
        for component in range(2):
            part = fraction[k] * (source.penetrated if component == 1 else 1.0 - source.penetrated)
            if part <= 0.0:
                continue
            shares = share if component == 0 else halves
            wind, target = plume[component, WIND], states[component]
            _add_states(
                part, wind, kept, shares, dense[AT_GROUND, component, k], dense[AT_LEVEL, component, k], target[KEEP],
                target[FOLLOW],
            )  # fmt: skip
            if dry_m_s[k] > 0.0:
                _add_states(
                    part * dry_m_s[k], wind, kept, shares, dense[OVER_GROUND, component, k],
                    dense[OVER_LEVEL, component, k], target[KEEP_DRY], target[FOLLOW_DRY],
                )  # fmt: skip
            if raining:
                _add_wet(part * wet_s[0, k], wind, kept, target[WET])
            if component == 0:
                its = passing[4 * groups[k] : 4 * groups[k] + 4]
                _add_passing(part, wind, kept, dense[AT_GROUND, 0, k], its[0], its[1])
                if dry_m_s[k] > 0.0:
                    _add_passing(part * dry_m_s[k], wind, kept, dense[OVER_GROUND, 0, k], its[2], its[3])


@njit(inline="always")
def _along(table, n, a, b, c, d, column):
    """Cubic interpolation along the distance in a station's table (nodes, columns).

    Not above the four nodes where one of them may hold nothing at all.
    """
    v0, v1, v2, v3 = table[n, column], table[n + 1, column], table[n + 2, column], table[n + 3, column]
    value = a * v0 + b * v1 + c * v2 + d * v3
    if min(min(v0, v1), min(v2, v3)) < FLOOR:
        value = min(value, max(v1, v2))
    return value


@njit(inline="always")
def _at_hill(tables, station, between, n, a, b, c, d, column):
    """The same between two hills of a level."""
    value = _along(tables[station], n, a, b, c, d, column)
    if between > 0.0:
        value += between * (_along(tables[station + 1], n, a, b, c, d, column) - value)
    return value


@njit(inline="always")
def _at_height(tables, station, between, weights, inner, part, n, a, b, c, d, column):
    """The same between four levels: cubic, or straight where a level may have nothing at all."""
    v0 = _at_hill(tables, station[0], between[0], n, a, b, c, d, column)
    v1 = _at_hill(tables, station[1], between[1], n, a, b, c, d, column)
    v2 = _at_hill(tables, station[2], between[2], n, a, b, c, d, column)
    v3 = _at_hill(tables, station[3], between[3], n, a, b, c, d, column)
    if min(min(v0, v1), min(v2, v3)) > FLOOR:
        return weights[0] * v0 + weights[1] * v1 + weights[2] * v2 + weights[3] * v3
    low = v0 if inner == 0 else (v1 if inner == 1 else v2)
    high = v1 if inner == 0 else (v2 if inner == 1 else v3)
    return low + part * (high - low)


@njit(inline="always")
def _straight(tables, station, between, inner, part, n, a, b, c, d, column):
    """The same between the two levels next to a receptor."""
    low = _at_hill(tables, station[inner], between[inner], n, a, b, c, d, column)
    if part == 0.0:
        return low
    high = _at_hill(tables, station[inner + 1], between[inner + 1], n, a, b, c, d, column)
    return low + part * (high - low)


@njit(nogil=True, cache=True, error_model="numpy")
def add_terrain_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, x, y, height, hill_m, levels_m, first_station, hills_m, level, inner, part,
    weights, station, between, out,
):  # fmt: skip
    """Add some hours of one source to `out` (receptors, 3); receptors stand on the ground.

    Parameters as of `model._hours`, and

    height, hill_m : ndarray, shape (receptors,)
        Ground and hill above the source's base. [m]
    levels_m, first_station, hills_m, level, inner, part, weights, station, between : ndarray
        Of `receptor_levels.Layout`.
    """
    count, classes = x.size, fraction.size
    distance = np.sqrt(x * x + y * y)
    distances = table_distances(distance, NODES_PER_E_FOLD)
    nearest_m = NEAREST_M + LAYER_SPREADS * stack[5]  # nothing within the width of a volume source (`answers`)
    nodes = distances.size
    step, start = math.log(distances[1] / distances[0]), math.log(distances[0])
    placed, later = np.empty(count, dtype=np.int64), np.empty(count)
    for j in range(count):
        position = max((math.log(max(distance[j], distances[0])) - start) / step, 0.0)
        placed[j] = min(int(position), nodes - 2)
        later[j] = position - placed[j]
    first, gauss_weights = gauss_taps(distances)
    core, plume = np.zeros((2, CORE_ROWS, nodes)), np.zeros((2, PLUME_ROWS, nodes))
    bare_plume = np.zeros((2, PLUME_ROWS, nodes))
    means, work, marks = np.empty((4, nodes)), np.empty((4, nodes)), np.empty((4, levels_m.size + 3))
    lids, starts = np.empty((2, 2, classes, nodes)), np.empty((2, classes), dtype=np.int64)
    dense, scratch, states = np.zeros((6, 2, classes, nodes)), np.empty((8, nodes)), np.zeros((2, 5, nodes))
    tables = np.zeros((2, hills_m.size, nodes, 5))
    spreads, random, wide = np.ones((2, levels_m.size, nodes)), np.zeros((levels_m.size, nodes)), np.empty(nodes)
    round_about, logs = np.zeros((hills_m.size, 3, nodes)), np.empty(nodes)
    groups, group_lids, falls = np.zeros(classes, dtype=np.int64), np.zeros((classes, nodes)), np.zeros(classes)
    passing, through = np.zeros((4 * classes, nodes)), np.zeros((hills_m.size, nodes, 4 * classes))
    depths, centres = np.ones((levels_m.size, nodes)), np.zeros(nodes)
    wet, nothing = np.empty((2, classes)), np.zeros(nodes)
    hill_step, highest, tallest = 1.0, levels_m.max(), hills_m.max()
    heights = np.zeros(HILL_STEPS + 1)
    bare = stack[6] > 0.0
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
        start_hour(air, source, distances, levels_m, settling[hour], False, marks, core, plume, means, lids, starts)
        divided = False
        if not air.convective:
            # no plume meets a hill higher than its own height above the highest receptor
            hill_step = max(min(tallest, highest + core[0, CENTRE].max()), 1.0) * 1.001 / HILL_STEPS
            dividing_heights(air, hill_step, heights)
            divided = heights.max() > 0.0
        steady = not air.convective
        group_count = _groups(starts[0], nodes, groups)
        if steady:
            centres[:] = core[0, CENTRE]
            for k in range(classes):
                settled = starts[0, k] < nodes
                falls[groups[k]] = settling[hour, k] / source.wind if settled else 0.0
                group_lids[groups[k]] = lids[0, 0, k] if settled else core[0, LID]
        penetrated = source.penetrated
        from_component = 1 if penetrated >= 1.0 else 0
        to_component = 2 if penetrated > 0.0 else 1
        top = NO_LID_M if source.stable else air.mixing_height
        for number in range(levels_m.size):
            z = levels_m[number]
            _level_densities(
                air, source, distances, levels_m, number, marks, core, means, lids, starts, settling[hour],
                reference[hour], drying, bare, work, plume, bare_plume, dense,
            )  # fmt: skip
            meandering(penetrated, plume[0, RANDOM], plume[1, RANDOM], random[number])
            for component in range(from_component, to_component):
                spreads[component, number] = plume[component, SPREAD_Y]
            depths[number] = plume[0, SPREAD_UP]
            for its in range(first_station[number], first_station[number + 1]):
                if divided or its == first_station[number]:
                    _fill_station(
                        source, distances, (divided, z, hills_m[its], stack[7], heights, hill_step), settling[hour],
                        dry[hour], wet, fraction, flags, raining, drying, 0.0 if z + reference[hour] > top else 1.0,
                        lids, core, starts, plume, bare_plume, dense, first, gauss_weights, scratch, work, groups,
                        states, passing,
                    )  # fmt: skip
                if steady:
                    if divided or its == first_station[number]:
                        for group in range(group_count):
                            for column in range(4 * group, 4 * group + (4 if drying else 2), 2):
                                through[its, :, column] = passing[column]
                                logarithms(passing[column + 1], logs)
                                through[its, :, column + 1] = logs
                    else:
                        through[its] = through[its - 1]
                for component in range(from_component, to_component):
                    seen, target = states[component], round_about[its]
                    limit_m = top if component == 0 else NO_LID_M
                    beside = seen[KEEP] if z <= limit_m else nothing
                    _add_round(weight, random[number], distances, seen[FOLLOW], beside, target[0])
                    if drying:
                        beside = seen[KEEP_DRY] if z + reference[hour] <= limit_m else nothing
                        _add_round(weight, random[number], distances, seen[FOLLOW_DRY], beside, target[1])
                    if raining:
                        _add_round(weight, random[number], distances, seen[WET], nothing, target[2])
                    if not divided and its > first_station[number]:
                        tables[component, its] = tables[component, its - 1]
                        continue
                    for column in range(5 if raining else (4 if drying else 2)):
                        logarithms(states[component, column], logs)
                        tables[component, its, :, column] = logs
        for i in range(nodes):
            wide[i] = 0.0
            for component in range(from_component, to_component):
                for number in range(levels_m.size):
                    wide[i] = max(wide[i], spreads[component, number, i])
        widest = 0.0
        for i in range(nodes):
            widest = max(widest, wide[i] / distances[i])
        widest = (WIDEST * widest) ** 2
        s, c = sine[hour], cosine[hour]
        for j in range(count):
            downwind = -(x[j] * s + y[j] * c)
            if downwind < NEAREST_M:
                continue
            crosswind = x[j] * c - y[j] * s
            if crosswind * crosswind > widest * downwind * downwind or distance[j] < nearest_m:
                continue
            position = max((logarithm(downwind) - start) / step, 0.0)
            n = min(int(position), nodes - 2)
            if abs(crosswind) > WIDEST * max(wide[n], wide[n + 1]):
                continue
            i, low, at = placed[j], level[j] + inner[j], part[j]
            directed = random[low, i] + later[j] * (random[low, i + 1] - random[low, i])
            if at > 0.0:
                upper = random[low + 1, i] + later[j] * (random[low + 1, i + 1] - random[low + 1, i])
                directed += at * (upper - directed)
            directed = weight * (1.0 - directed)
            if directed <= 0.0:
                continue
            n, a0, a1, a2, a3 = cubic(position, nodes)
            for component in range(from_component, to_component):
                row = spreads[component, low]
                sigma = a0 * row[n] + a1 * row[n + 1] + a2 * row[n + 2] + a3 * row[n + 3]
                if at > 0.0:
                    row = spreads[component, low + 1]
                    sigma += at * (a0 * row[n] + a1 * row[n + 1] + a2 * row[n + 2] + a3 * row[n + 3] - sigma)
                ratio = crosswind / sigma
                exponent = 0.5 * ratio * ratio
                if exponent > 0.5 * WIDEST * WIDEST:
                    continue
                base = directed / (ROOT_TWO_PI * sigma)
                table, its, hill = tables[component], station[j], between[j]
                limit_m = top if component == 0 else NO_LID_M
                conc, deposited = 0.0, 0.0
                if steady:
                    row = depths[low]
                    depth = a0 * row[n] + a1 * row[n + 1] + a2 * row[n + 2] + a3 * row[n + 3]
                    if at > 0.0:
                        row = depths[low + 1]
                        depth += at * (a0 * row[n] + a1 * row[n + 1] + a2 * row[n + 2] + a3 * row[n + 3] - depth)
                    middle = a0 * centres[n] + a1 * centres[n + 1] + a2 * centres[n + 2] + a3 * centres[n + 3]
                    lateral = exponential(-exponent)
                    z = height[j]
                    for group in range(group_count):
                        row = group_lids[group]
                        lid = a0 * row[n] + a1 * row[n + 1] + a2 * row[n + 2] + a3 * row[n + 3]
                        centre = max(middle - falls[group] * downwind, 0.0)
                        share = 0.5
                        if divided and hill_m[j] > 0.0:
                            place = min(max(min(hill_m[j], z + centre) / hill_step, 0.0), HILL_STEPS - 1.0e-9)
                            lower = int(place)
                            critical = heights[lower] + (place - lower) * (heights[lower + 1] - heights[lower])
                            share = 0.5 * (1.0 + share_under(critical, centre, depth, lid))
                        for column in range(4 * group, 4 * group + (4 if drying else 2), 2):
                            airborne = _straight(through, its, hill, inner[j], at, n, a0, a1, a2, a3, column)
                            follow = _straight(through, its, hill, inner[j], at, n, a0, a1, a2, a3, column + 1)
                            level_m = z if column == 4 * group else z + reference[hour]
                            keep = airborne * image_sum(max(level_m, 0.0), centre, depth, lid, max(-level_m, 0.0))
                            found = lateral * (share * keep + (1.0 - share) * exponential(follow))
                            if column == 4 * group:
                                conc += found
                            else:
                                deposited += found
                else:
                    value = _straight(table, its, hill, inner[j], at, n, a0, a1, a2, a3, FOLLOW)
                    conc = exponential(value - exponent)
                    if drying:
                        value = _straight(table, its, hill, inner[j], at, n, a0, a1, a2, a3, FOLLOW_DRY)
                        deposited = exponential(value - exponent)
                    if height[j] <= limit_m:
                        value = _at_height(table, its, hill, weights[j], inner[j], at, n, a0, a1, a2, a3, KEEP)
                        conc += exponential(value - exponent)
                    if drying and height[j] + reference[hour] <= limit_m:
                        value = _at_height(table, its, hill, weights[j], inner[j], at, n, a0, a1, a2, a3, KEEP_DRY)
                        deposited += exponential(value - exponent)
                out[j, 0] += base * conc
                out[j, 1] += base * deposited
                if raining:
                    value = _straight(table, its, hill, inner[j], at, n, a0, a1, a2, a3, WET)
                    out[j, 2] += base * exponential(value - exponent)
    totals = np.empty((hills_m.size, nodes, 3))
    for its in range(hills_m.size):
        for quantity in range(3):
            logarithms(round_about[its, quantity], logs)
            totals[its, :, quantity] = logs
    for j in range(count):
        if distance[j] >= nearest_m:
            n, a0, a1, a2, a3 = cubic(placed[j] + later[j], nodes)
            for quantity in range(3):
                value = _at_height(
                    totals, station[j], between[j], weights[j], inner[j], part[j], n, a0, a1, a2, a3, quantity
                )
                if value > NOTHING:
                    out[j, quantity] += math.exp(value)
