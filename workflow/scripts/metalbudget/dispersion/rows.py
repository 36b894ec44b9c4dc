"""Plumes at all distances of a table at once, for a receptor level: the formulation of `gaussian` in rows. Compiled.

What depends on the distance alone (rise, centre of the plume, first estimate of its spread, the air along its centre)
is found node by node with `gaussian`'s and `launch`'s functions; what the level of the receptor adds (effective air,
spreads, densities) are loops without branches that run at the width of the processor's registers. Exponentials are
those of `vector`, so rows agree with `gaussian` to some 1e-6.
"""

import math

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.air import GRAVITY_M_S2, at, below
from metalbudget.dispersion.gaussian import (
    HIGHEST_SHEAR_M,
    LAYER_SPREADS,
    LEAST_LATERAL_M_S,
    LEAST_LATERAL_SHARE,
    LEAST_VERTICAL_M_S,
    LEAST_WIND_M_S,
    LOFT_DEPTH,
    LOFT_ENTRAINMENT,
    LOFT_GROWTH,
    LOWEST_M,
    NO_LID_M,
    ROOT_TWO_PI,
    SHALLOWEST_M,
    SKEW_FIRST,
    SKEW_RATIO,
    SKEW_SECOND,
)
from metalbudget.dispersion.launch import GRADUAL_ROUNDS, YEAR_ROUNDS, centroid_at, rise_at
from metalbudget.dispersion.meander import LEAST_MEAN_WIND_M_S, MEANDER_TIME_S
from metalbudget.dispersion.rise import ENTRAINMENT
from metalbudget.dispersion.vector import error_complement, exponential, logarithm

# Rows of `core`: what a plume is along its way whatever the receptor. The last twenty-two are the air: running
# integrals of wind, lateral and vertical turbulence and gradient up to the centre, to the lower and to the upper end
# of the layer that can count; their values at the centre; and both ends' heights.
(
    CENTRE, OWN, TEMPERATURE, LID, BARE_LID, GROWTH, ALOFT, EDDY, ALPHA, SURFACE, THIRD, HEIGHT, LOFTING, LOW, HIGH,
    TO_CENTRE,
) = range(16)  # fmt: skip
TO_LOW, TO_HIGH, HERE = TO_CENTRE + 4, TO_CENTRE + 8, TO_CENTRE + 12
CORE_ROWS = HERE + 4
# Rows of `plume`: at a receptor's level.
WIND, LATERAL, SPREAD_Y, UP, DOWN, SPREAD_UP, SPREAD_DOWN, SHARE_UP, RANDOM = range(9)
PLUME_ROWS = 9
LAYER_POINT_M = 1.0e-6  # a layer thinner than this is a point
BLOCK = 8  # nodes that a register holds at the most; tables have a multiple of it
DENSE = 1.2  # period over spread below which a half sum is taken as an integral with its corrections
FEW = 2.5  # period over spread above which five images are enough
FIRST_TERM = -5.0
LEAST_SHARE = 1.0e-130  # of logarithms
FAR_LID = 4.6  # heights up to the lid times heights under it, over σ_z²: its images add less than e^(−9.2) = 1e-4


@njit_borrowing()
def _sums_to(air, height_m, row, column, target):
    """Running integrals of wind, turbulence and gradient from the ground into four rows of `target` at a column."""
    levels = air.levels
    height_m = min(height_m, levels[levels.size - 1])
    i = below(levels, height_m)
    step = levels[i + 1] - levels[i]
    part = (height_m - levels[i]) / step
    half = 0.5 * part * part * step
    whole = part * step - half
    target[row, column] = air.wind_sum[i] + whole * air.wind[i] + half * air.wind[i + 1]
    target[row + 1, column] = air.lateral_sum[i] + whole * air.lateral[i] + half * air.lateral[i + 1]
    target[row + 2, column] = air.vertical_sum[i] + whole * air.vertical[i] + half * air.vertical[i + 1]
    target[row + 3, column] = air.gradient_sum[i] + whole * air.gradient[i] + half * air.gradient[i + 1]


@njit_borrowing()
def level_sums(air, levels_m, marks):
    """Air up to every receptor level, shape (4, levels + 3) with 0.5 m, 5 m and the mixing height behind. [m² s⁻¹]"""
    for level in range(levels_m.size):
        _sums_to(air, max(levels_m[level], 0.0), 0, level, marks)
    _sums_to(air, LOWEST_M, 0, levels_m.size, marks)
    _sums_to(air, min(SHALLOWEST_M, air.mixing_height), 0, levels_m.size + 1, marks)
    top = at(air, air.mixing_height)
    marks[0, levels_m.size + 2], marks[1, levels_m.size + 2] = top.wind, top.lateral
    marks[2, levels_m.size + 2], marks[3, levels_m.size + 2] = top.vertical, top.gradient


@njit_borrowing()
def core_rows(air, source, above, distances, core, for_year=False):
    """What a plume is at each distance whatever the receptor.

    Parameters
    ----------
    air : Air
    source : Launch
    above : bool
        Whether the plume that has penetrated the mixed layer's top is meant.
    distances : ndarray, shape (nodes,)
        [m]
    core : ndarray, shape (CORE_ROWS, nodes)
        Result.
    for_year : bool
        Whether a year's sum counts, not the hour itself.
    """
    if above or source.stable:
        limit = NO_LID_M
        for i in range(distances.size):
            rise = source.penetrated * (source.penetrated_height - source.height)
            centre = source.penetrated_height
            if not above:
                rise = rise_at(air, source, distances[i], YEAR_ROUNDS if for_year else GRADUAL_ROUNDS[0])
                centre = source.height + rise
            core[CENTRE, i] = centre
            core[OWN, i] = (0.4 * rise) ** 2 / 2.0
        _air_along(air, core)
        _stratified(air, source, above, distances, core)
    else:
        limit = air.mixing_height
        _risen(source, distances, core)
        for i in range(distances.size):
            core[CENTRE, i] = centroid_at(air, source, distances[i], core[HEIGHT, i] - source.height)
        _air_along(air, core)
        _mixed(air, source, distances, core)
    for i in range(distances.size):
        centre = core[CENTRE, i]
        reach = core[LOW, i]
        core[LOW, i] = max(centre - reach, LOWEST_M)
        core[HIGH, i] = max(min(centre + reach, limit), centre)
        _sums_to(air, core[LOW, i], TO_LOW, i, core)
        _sums_to(air, core[HIGH, i], TO_HIGH, i, core)


@njit_borrowing()
def _air_along(air, core):
    """The air at a plume's centre and up to it, once as long as the centre keeps its height."""
    for i in range(core.shape[1]):
        centre = core[CENTRE, i]
        if i > 0 and centre == core[CENTRE, i - 1]:
            core[TEMPERATURE, i] = core[TEMPERATURE, i - 1]
            for k in range(4):
                core[HERE + k, i] = core[HERE + k, i - 1]
                core[TO_CENTRE + k, i] = core[TO_CENTRE + k, i - 1]
            continue
        here = at(air, centre)
        core[HERE, i], core[HERE + 1, i], core[HERE + 2, i] = here.wind, here.lateral, here.vertical
        core[HERE + 3, i], core[TEMPERATURE, i] = here.gradient, here.temperature
        _sums_to(air, centre, TO_CENTRE, i, core)


@njit_borrowing(error_model="numpy")
def _stratified(air, source, above, distances, core):
    """First estimate of the spread of a plume in stable air (`gaussian.stable_spread`), with its lids; into the row of
    the lower end how far its layer reaches."""
    vertical, top = source.initial_vertical**2, air.mixing_height
    held = 0.0 if (above or air.urban) else 1.0
    ground = 0.0 if air.convective else math.sqrt(2.0 / math.pi) * air.friction
    inverse_length = 0.0 if air.convective else 0.7 / air.obukhov
    for i in range(distances.size):
        x, centre = distances[i], core[CENTRE, i]
        wind, turbulence = max(core[HERE, i], LEAST_WIND_M_S), max(core[HERE + 2, i], LEAST_VERTICAL_M_S)
        squared = GRAVITY_M_S2 * max(core[HERE + 3, i], 0.0) / core[TEMPERATURE, i]
        growth = ground * x * exponential(-logarithm(1.0 + inverse_length * x) / 3.0)
        aloft = min(centre / top, 1.0)
        eddy = 1.0 / (0.72 * max(centre, source.release, 1.0e-3))
        travelled = turbulence * x / wind
        damping = math.sqrt(squared) / (0.54 * turbulence)
        elevated = travelled / math.sqrt(1.0 + travelled * (eddy + held * damping))
        first = (1.0 - aloft) * growth / wind + aloft * elevated
        own = core[OWN, i]
        estimate = math.sqrt(first * first + own + vertical)
        # above the mixed layer the stratified air holds the lid even where it does not hold the plume
        elevated = travelled / math.sqrt(1.0 + travelled * (eddy + damping))
        lid = (1.0 - aloft) * growth / wind + aloft * elevated
        core[LID, i] = max(top, centre + LAYER_SPREADS * math.sqrt(lid * lid + own + vertical))
        core[BARE_LID, i] = max(top, centre + LAYER_SPREADS * math.sqrt(lid * lid + own))
        core[GROWTH, i], core[ALOFT, i], core[EDDY, i] = growth, aloft, eddy
        core[LOW, i] = LAYER_SPREADS * estimate


@njit_borrowing(error_model="numpy")
def _risen(source, distances, core):
    """Height to which a plume in the mixed layer rises gradually (`rise.unstable_rise`)."""
    jet = 3.0 * source.momentum / (ENTRAINMENT * source.wind) ** 2
    buoyant = 1.5 * source.buoyancy / (ENTRAINMENT**2 * source.wind**3)
    rises = jet + buoyant > 0.0
    for i in range(distances.size):
        x = distances[i]
        cube = max(jet * x + buoyant * x * x, LEAST_SHARE)
        gradual = exponential(logarithm(cube) / 3.0) if rises else 0.0
        core[HEIGHT, i] = source.height + gradual
        core[OWN, i] = (0.4 * gradual) ** 2 / 2.0


@njit_borrowing(error_model="numpy")
def _mixed(air, source, distances, core):
    """First estimate of the spread of a plume in the mixed layer, mean of both draughts' (`gaussian.draughts`,
    `gaussian.convective_spread`); into the row of the lower end how far its layer reaches."""
    vertical, top, speed = source.initial_vertical**2, air.mixing_height, air.convective_velocity
    turbulence = max(source.here.vertical, LEAST_VERTICAL_M_S)
    skewed = SKEW_FIRST * (speed / turbulence) ** 3
    depth = (LOFT_DEPTH * (top - source.height)) ** 2
    surfaced = 0.5 * air.friction**2 / abs(air.obukhov)
    for i in range(distances.size):
        x, relative = distances[i], core[CENTRE, i] / top
        wind = max(core[HERE, i], LEAST_WIND_M_S)
        third = 0.125 * min(relative / 0.1, 1.0)
        skewness = skewed * third
        root = 0.5 * math.sqrt(skewness * skewness + 4.0 / SKEW_SECOND)
        alpha = min(0.6 + 4.0 * relative, 1.0)
        surface = surfaced * max(1.0 - 10.0 * relative, 0.0) * x * x
        travelled = alpha * SKEW_RATIO * turbulence * x / wind
        first, second = travelled * (root + 0.5 * skewness), travelled * (root - 0.5 * skewness)
        near = surface / (wind * wind)
        fixed = near * near + core[OWN, i] + vertical
        reached = x / source.wind
        grown = LOFT_GROWTH * (speed * reached) ** 2
        lofted = math.sqrt(2.0 * max(source.buoyancy, 0.0) * top / (LOFT_ENTRAINMENT * source.wind * (depth + grown)))
        core[LOFTING, i] = lofted * reached
        core[LID, i], core[BARE_LID, i] = top, top
        core[ALPHA, i], core[SURFACE, i], core[THIRD, i] = alpha, surface, third
        estimate = 0.5 * (math.sqrt(first * first + fixed) + math.sqrt(second * second + fixed))
        core[LOW, i] = LAYER_SPREADS * estimate


@njit_borrowing(error_model="numpy")
def _effective(core, z, level, marks, highest, shallowest, special, since, means):
    """Means of the air between the plume and the receptor's level, four rows; `gaussian.layer` in rows."""
    nodes = core.shape[1]
    last = marks.shape[1] - 3
    for k in range(4):
        to_level, lowest, shallow, at_top = marks[k, level], marks[k, last], marks[k, last + 1], marks[k, last + 2]
        for i in range(since, nodes):
            centre = core[CENTRE, i]
            beneath = z < centre
            kept_low, kept_high = z > core[LOW, i], z < core[HIGH, i]
            low = max(z, core[LOW, i]) if beneath else centre
            low_sum = (to_level if kept_low else core[TO_LOW + k, i]) if beneath else core[TO_CENTRE + k, i]
            high = centre if beneath else max(min(z, core[HIGH, i]), centre)
            high_sum = core[TO_CENTRE + k, i] if beneath else (to_level if kept_high else core[TO_HIGH + k, i])
            near = max(z, centre) <= SHALLOWEST_M
            high_sum = shallow if near else high_sum
            high = shallowest if near else high
            down = near or low < LOWEST_M
            low_sum = lowest if down else low_sum
            low = LOWEST_M if down else low
            depth = min(high, highest) - min(low, highest)
            point = depth < LAYER_POINT_M
            value = core[HERE + k, i] if point else (high_sum - low_sum) / (1.0 if point else depth)
            means[k, i] = at_top if special and z == centre else value


@njit_borrowing(error_model="numpy")
def level_rows(air, source, above, distances, core, levels_m, level, marks, bare, means, plume, since=0):
    """A plume at each distance as it reaches receptors of one level.

    Parameters
    ----------
    air, source, above, distances, core
        As of `core_rows`.
    levels_m : ndarray, shape (levels,)
        Heights of receptors above the source's base. [m]
    level : int
    marks : ndarray, shape (4, levels + 3)
        Of `level_sums`.
    bare : bool
        Whether the spread leaves out the source's own.
    means : ndarray, shape (4, nodes)
        Scratch.
    plume : ndarray, shape (PLUME_ROWS, nodes)
        Result: wind, lateral turbulence, lateral spread, heights and spreads of both draughts, share of the first,
        share of the energy in meander. A plume in stable air has one part.
    since : int
        Node from which on the answer is wanted; nodes before it are left as they are.
    """
    nodes = distances.size
    stable = above or source.stable
    vertical = 0.0 if bare else source.initial_vertical**2
    sideways = source.initial_lateral**2
    highest = air.levels[air.levels.size - 1]
    shallowest = min(SHALLOWEST_M, air.mixing_height)
    _effective(core, max(levels_m[level], 0.0), level, marks, highest, shallowest, not stable, since, means)
    if stable:
        held = 0.0 if (above or air.urban) else 1.0
        depth = air.rural_height if air.urban else air.mechanical_height
        for i in range(since, nodes):
            x, centre = distances[i], core[CENTRE, i]
            wind = max(means[0, i], LEAST_WIND_M_S)
            lateral = max(means[1, i], LEAST_LATERAL_M_S, LEAST_LATERAL_SHARE * means[0, i])
            turbulence = max(means[2, i], LEAST_VERTICAL_M_S)
            gradient = held * max(means[3, i], 0.0)
            travelled = turbulence * x / wind
            frequency = math.sqrt(GRAVITY_M_S2 * gradient / core[TEMPERATURE, i])
            elevated = travelled / math.sqrt(1.0 + travelled * (core[EDDY, i] + frequency / (0.54 * turbulence)))
            aloft = core[ALOFT, i]
            ambient = (1.0 - aloft) * core[GROWTH, i] / wind + aloft * elevated
            spread = math.sqrt(ambient * ambient + core[OWN, i] + vertical)
            linear = lateral * x / wind
            scaled = 78.0 * 0.46 / max(centre, 0.46) * linear / depth
            across = linear * exponential(-0.3 * logarithm(1.0 + scaled))
            plume[WIND, i], plume[LATERAL, i] = wind, lateral
            plume[SPREAD_Y, i] = math.sqrt(across * across + core[OWN, i] + sideways)
            plume[UP, i], plume[DOWN, i] = centre, centre
            plume[SPREAD_UP, i], plume[SPREAD_DOWN, i] = spread, spread
            plume[SHARE_UP, i] = 1.0
    else:
        top = air.mixing_height
        shear = 78.0 * 0.46 / max(min(source.release, HIGHEST_SHEAR_M), 0.46) / top
        speed = air.convective_velocity
        for i in range(since, nodes):
            x = distances[i]
            wind = max(means[0, i], LEAST_WIND_M_S)
            lateral = max(means[1, i], LEAST_LATERAL_M_S, LEAST_LATERAL_SHARE * means[0, i])
            turbulence = max(means[2, i], LEAST_VERTICAL_M_S)
            ratio = speed / turbulence
            skewness = SKEW_FIRST * core[THIRD, i] * ratio * ratio * ratio
            root = 0.5 * math.sqrt(skewness * skewness + 4.0 / SKEW_SECOND)
            up, down = turbulence * (0.5 * skewness + root), turbulence * (0.5 * skewness - root)
            time = x / wind
            wide = core[ALPHA, i] * SKEW_RATIO * time
            near = core[SURFACE, i] / (wind * wind)
            first, second = wide * up, wide * down
            fixed = near * near + core[OWN, i] + vertical
            linear = lateral * time
            across = linear * exponential(-0.3 * logarithm(1.0 + shear * linear))
            plume[WIND, i], plume[LATERAL, i] = wind, lateral
            plume[SPREAD_Y, i] = math.sqrt(across * across + core[OWN, i] + sideways)
            plume[UP, i], plume[DOWN, i] = core[HEIGHT, i] + up * time, core[HEIGHT, i] + down * time
            plume[SPREAD_UP, i] = math.sqrt(first * first + fixed)
            plume[SPREAD_DOWN, i] = math.sqrt(second * second + fixed)
            plume[SHARE_UP, i] = -down / (up - down)
    for i in range(since, nodes):
        wind, lateral = plume[WIND, i], plume[LATERAL, i]
        turbulent, total = 2.0 * lateral * lateral, wind * wind
        steady = max(total - turbulent, LEAST_MEAN_WIND_M_S * LEAST_MEAN_WIND_M_S)
        turned = 1.0 - exponential(-distances[i] / (wind * MEANDER_TIME_S))
        plume[RANDOM, i] = min((turbulent + steady * turned) / total, 1.0)


@njit(inline="always")
def _dense(t, step):
    """`images.half_sum` of first and period over spread where terms lie densely."""
    square = t * t
    edge = 0.5 + step * t * (
        1.0 / 12.0
        + step * step * ((3.0 - square) / 720.0 + step * step * (15.0 - 10.0 * square + square * square) / 30240.0)
    )
    return math.sqrt(0.5 * math.pi) / step * error_complement(t * math.sqrt(0.5)) + exponential(-0.5 * square) * edge


@njit(inline="always")
def _loose(t, step):
    """`images.half_sum` of first and period over spread where a few terms are all there is to it."""
    first = t + max(math.ceil((FIRST_TERM - t) / step), 0.0) * step
    term = exponential(-0.5 * first * first)
    grown = exponential(-step * (first + 0.5 * step))
    squared = exponential(-step * step)
    # eight ratios of neighbouring terms, each r² times the one before; a loop would not stay in the registers
    g1 = grown
    g2 = g1 * squared
    g3 = g2 * squared
    g4 = g3 * squared
    g5 = g4 * squared
    g6 = g5 * squared
    g7 = g6 * squared
    g8 = g7 * squared
    return term * (1.0 + g1 * (1.0 + g2 * (1.0 + g3 * (1.0 + g4 * (1.0 + g5 * (1.0 + g6 * (1.0 + g7 * (1.0 + g8))))))))


@njit_borrowing(error_model="numpy")
def _loose_rows(centres, spreads, lofting, distances, fall, period, height_m, mirror_m, out):
    """Density of a draught's direct and indirect plume whose images lie apart; all of shape (nodes,). [m⁻¹]"""
    for i in range(out.size):
        inverse = 1.0 / spreads[i]
        centre = centres[i] - fall * distances[i]
        lofted = period - centre + lofting[i]
        step = period * inverse
        total = _loose((centre + mirror_m) * inverse, step) + _loose((lofted - mirror_m) * inverse, step)
        total += _loose((centre - height_m) * inverse, step) + _loose((lofted + height_m) * inverse, step)
        out[i] = inverse / ROOT_TWO_PI * total


@njit_borrowing(error_model="numpy")
def _dense_rows(centres, spreads, lofting, distances, fall, period, height_m, mirror_m, out):
    """As `_loose_rows` where the images lie densely."""
    for i in range(out.size):
        inverse = 1.0 / spreads[i]
        centre = centres[i] - fall * distances[i]
        lofted = period - centre + lofting[i]
        step = period * inverse
        total = _dense((centre + mirror_m) * inverse, step) + _dense((lofted - mirror_m) * inverse, step)
        total += _dense((centre - height_m) * inverse, step) + _dense((lofted + height_m) * inverse, step)
        out[i] = inverse / ROOT_TWO_PI * total


@njit_borrowing(error_model="numpy")
def _convective(core, plume, height_m, sunk_m, fall, distances, first, work, out):
    """Density of both draughts' plumes, direct and indirect (`gaussian.density`)."""
    top, nodes = core[LID, 0], distances.size
    if height_m > top:
        out[first:] = 0.0
        return
    period, mirror = 2.0 * (top + sunk_m), height_m + 2.0 * sunk_m
    for side in range(2):
        spreads = plume[SPREAD_UP + side]
        start, stop = nodes, first  # of the nodes from the first dense to the last loose one, in whole blocks
        for i in range(first, nodes):
            if DENSE * spreads[i] > period:
                start = min(start, i)
            else:
                stop = i + 1
        start = max(start // BLOCK * BLOCK, first)
        stop = min(-(-stop // BLOCK) * BLOCK, nodes)
        apart, dense = work[2 * side], work[2 * side + 1]
        run = slice(first, max(stop, first))
        _loose_rows(
            plume[UP + side, run], spreads[run], core[LOFTING, run], distances[run], fall, period, height_m, mirror,
            apart[run],
        )  # fmt: skip
        run = slice(start, nodes)
        _dense_rows(
            plume[UP + side, run], spreads[run], core[LOFTING, run], distances[run], fall, period, height_m, mirror,
            dense[run],
        )  # fmt: skip
        for i in range(start, stop):
            apart[i] = dense[i] if DENSE * spreads[i] > period else apart[i]
        for i in range(max(stop, first), nodes):
            apart[i] = dense[i]
    for i in range(first, nodes):
        share = plume[SHARE_UP, i]
        out[i] = share * work[0, i] + (1.0 - share) * work[2, i]


@njit_borrowing(error_model="numpy")
def _stable(lids, plume, height_m, sunk_m, fall, distances, first, out):
    """Density of a Gaussian plume with ground and lid images (`gaussian.image_sum`)."""
    below_ground = height_m + 2.0 * sunk_m
    for i in range(first, distances.size):
        spread = plume[SPREAD_UP, i]
        inverse = 1.0 / spread
        fallen = fall * distances[i]
        centre = max(plume[UP, i] - fallen, 0.0)
        lid = lids[i]
        period = 2.0 * (lid + sunk_m) * inverse
        direct, mirror = (height_m - centre) * inverse, (below_ground + centre) * inverse
        total = exponential(-0.5 * direct * direct) + exponential(-0.5 * mirror * mirror)
        a, b = direct + period, direct - period
        c, d = mirror - period, mirror + period
        images = exponential(-0.5 * a * a) + exponential(-0.5 * b * b) + exponential(-0.5 * c * c)
        images += exponential(-0.5 * d * d)
        a, b, c = a + period, b - period, c - period
        images += exponential(-0.5 * a * a) + exponential(-0.5 * b * b) + exponential(-0.5 * c * c)
        total += images if height_m <= lid else 0.0
        out[i] = total * inverse / ROOT_TWO_PI
    for i in range(first, distances.size):  # few plumes are so wide under their lid: in waves instead of images
        spread = plume[SPREAD_UP, i]
        centre = max(plume[UP, i] - fall * distances[i], 0.0)
        lid = lids[i]
        period = 2.0 * (lid + sunk_m)
        if period < FEW * spread and height_m <= lid:
            wave = 2.0 * math.pi / period
            total = 2.0
            for n in range(1, 3):
                weight = 2.0 * math.exp(-0.5 * (n * wave * spread) ** 2)
                total += weight * (
                    math.cos(n * wave * (height_m - centre)) + math.cos(n * wave * (below_ground + centre))
                )
            out[i] = total / period


@njit_borrowing(error_model="numpy")
def _stable_for_year(lids, plume, height_m, sunk_m, fall, distances, first, out):
    """As `_stable`, but as far as they add less than 1e-4 without the images of the lid, or without all but two."""
    nodes, below_ground = distances.size, height_m + 2.0 * sunk_m
    stop, clear = nodes, nodes  # nodes from which on all images count, and two
    for i in range(first, nodes):
        lid, limit = lids[i] + sunk_m, FAR_LID * plume[SPREAD_UP, i] ** 2
        above = lids[i] - max(plume[UP, i] - fall * distances[i], 0.0)
        if (lids[i] - height_m) * above < limit:
            clear = min(clear, i)
        if lid * above < limit:
            stop = min(stop, i)
    stop = max(stop // BLOCK * BLOCK, first)
    clear = min(max(clear // BLOCK * BLOCK, first), stop)
    for i in range(first, stop):
        inverse = 1.0 / plume[SPREAD_UP, i]
        centre = max(plume[UP, i] - fall * distances[i], 0.0)
        direct, mirror = (height_m - centre) * inverse, (below_ground + centre) * inverse
        out[i] = (exponential(-0.5 * direct * direct) + exponential(-0.5 * mirror * mirror)) * inverse / ROOT_TWO_PI
    for i in range(clear, stop):
        inverse = 1.0 / plume[SPREAD_UP, i]
        centre = max(plume[UP, i] - fall * distances[i], 0.0)
        period = 2.0 * (lids[i] + sunk_m)
        a, b = (height_m - centre - period) * inverse, (below_ground + centre - period) * inverse
        images = (exponential(-0.5 * a * a) + exponential(-0.5 * b * b)) * inverse / ROOT_TWO_PI
        out[i] += images if height_m <= lids[i] else 0.0
    if stop < nodes:
        _stable(lids, plume, height_m, sunk_m, fall, distances, stop, out)


@njit_borrowing(error_model="numpy")
def settled_lids(air, source, bare, core, fall, distances, first, fallen, out):
    """Lid over particles that have fallen in stable air, under the air of their new height (`gaussian.settled`). [m]

    Parameters as of `level_rows` and `density_rows`; up to the node `first` the plume's own lid. `fallen` (4, nodes) is
    scratch.
    """
    nodes, top = distances.size, air.mixing_height
    vertical = 0.0 if bare else source.initial_vertical**2
    for i in range(first):
        out[i] = core[BARE_LID, i] if bare else core[LID, i]
    for i in range(first, nodes):
        here = at(air, max(core[CENTRE, i] - fall * distances[i], 0.0))
        fallen[0, i], fallen[1, i] = max(here.wind, LEAST_WIND_M_S), max(here.vertical, LEAST_VERTICAL_M_S)
        fallen[2, i], fallen[3, i] = here.gradient, here.temperature
    for i in range(first, nodes):
        wind, turbulence = fallen[0, i], fallen[1, i]
        height = max(core[CENTRE, i] - fall * distances[i], 0.0)
        frequency = math.sqrt(GRAVITY_M_S2 * max(fallen[2, i], 0.0) / fallen[3, i])
        eddy = 1.0 / (0.72 * max(height, source.release, 1.0e-3)) + frequency / (0.54 * turbulence)
        travelled = turbulence * distances[i] / wind
        elevated = travelled / math.sqrt(1.0 + travelled * eddy)
        aloft = min(height / top, 1.0)
        held = (1.0 - aloft) * core[GROWTH, i] / wind + aloft * elevated
        out[i] = max(top, height + LAYER_SPREADS * math.sqrt(held * held + core[OWN, i] + vertical))


@njit_borrowing()
def density_rows(
    stable, core, lids, plume, height_m, sunk_m, fall, distances, first, work, out, for_year=False
):  # fmt: skip
    """Share of a plume per metre of height at each distance. [m⁻¹]

    Parameters
    ----------
    stable : bool
        Whether the plume has one Gaussian part.
    core, plume : ndarray
        Of `core_rows` and `level_rows`.
    lids : ndarray, shape (nodes,)
        Of `settled_lids`, or the core's own. [m]
    height_m, sunk_m : float
        Height in question, and how far the ground lies below the plume's base. [m]
    fall : float
        Settling velocity over the wind at release: how far particles have fallen per metre of distance. [1]
    distances : ndarray, shape (nodes,)
    first : int
        Node from which on the answer is wanted; a multiple of `BLOCK`.
    work : ndarray, shape (4, nodes)
        Scratch.
    out : ndarray, shape (nodes,)
        Result.
    for_year : bool
        Whether a year's sum counts, not the hour itself.
    """
    if stable and for_year:
        _stable_for_year(lids, plume, height_m, sunk_m, fall, distances, first, out)
    elif stable:
        _stable(lids, plume, height_m, sunk_m, fall, distances, first, out)
    else:
        _convective(core, plume, height_m, sunk_m, fall, distances, first, work, out)


@njit_borrowing(error_model="numpy")
def below_rows(lids, plume, fall, distances, critical, out):
    """Share of a plume in stable air below the height that divides the flow (`gaussian.share_below`). [1]

    `critical` and `out` have shape (nodes,).

    Notes
    -----
    The lid lies 2.15 spreads above the centre or higher, so images beyond the nearest add less than 3e-5.
    """
    for i in range(distances.size):
        scale = math.sqrt(0.5) / plume[SPREAD_UP, i]
        centre = max(plume[UP, i] - fall * distances[i], 0.0)
        lid = lids[i]
        c = critical[i]
        lower, upper = (c - centre) * scale, (c + centre) * scale
        total = 2.0 - error_complement(lower) - error_complement(upper)
        image = 2.0 * lid - c  # of the images' edges the two that lie nearest; the lid is 2.15 spreads up at least
        total += error_complement((image - centre) * scale) + error_complement((image + centre) * scale)
        share = min(0.5 * total, 1.0)
        share = 1.0 if c >= lid else share
        out[i] = share if c > 0.0 else 0.0


@njit_borrowing(error_model="numpy")
def logarithms(values, out, since=0):
    """Logarithms of a row from a node on, of nothing as of 1e-130; both shape (nodes,)."""
    for i in range(since, values.size):
        out[i] = logarithm(max(values[i], LEAST_SHARE))


@njit(cache=True)
def scratch(nodes):
    """Rows that the functions above fill: core (2, CORE_ROWS, nodes), plume (2, PLUME_ROWS, nodes), means."""
    return np.zeros((2, CORE_ROWS, nodes)), np.zeros((2, PLUME_ROWS, nodes)), np.empty((4, nodes))
