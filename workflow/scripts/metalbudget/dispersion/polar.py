"""A year of one source's deposition by direction, distance and level, class by class: what the operator is sampled from.

An hour's deposition depends on the bearing from the source only through the lateral Gaussian. So the hours are added by
the direction in which their plume goes and by its relative width; each of these widths is laid across the bearings
once, when all hours of a direction are in. In terrain the receptors' level above the source's base matters, and in
stable air the hill round which the flow divides: the sums are taken at some of them.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metalbudget.dispersion.answers import air_of, wet_rates
from metalbudget.dispersion.depletion import GAUSS_NODE, plume_depth
from metalbudget.dispersion.launch import launch
from metalbudget.dispersion.nodes import (
    EXTENSION,
    dividing_heights,
    fill_level,
    gauss_taps,
    level_shares,
    path_integrals,
    remains,
    start_hour,
)
from metalbudget.dispersion.rows import BLOCK, CORE_ROWS, LID, PLUME_ROWS, RANDOM, SPREAD_Y, WIND, logarithms
from metalbudget.dispersion.vector import exponential

ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
DIRECTIONS = 360  # in which plumes are gathered, at least; shared among four by cubic weights, which keeps their spread
NARROWEST, WIDTH_STEP, WIDTHS = 0.008, 0.2, 32  # relative widths σ_y/x, evenly spaced in their logarithm, to 4
EDGE = 5.0  # spreads beyond which a plume's edge adds nothing (exp(−12.5) = 4e-6)
SIDEWAYS = 0.05  # cosine of the turn from a plume's axis beyond which only what meanders arrives
HILL_STEPS = 48  # of the table of dividing heights


@dataclass(frozen=True, eq=False)
class Relief:
    """Levels of receptors around a source, and the hills that steer the flow there.

    Parameters
    ----------
    levels_m : ndarray, shape (levels,)
        Above the source's base; one of them zero. [m]
    hills_m : ndarray, shape (levels, hills)
        Heights of hills above the source's base, rising along the second axis. [m]
    base_m : float
        Elevation of the source's base. [m]
    """

    levels_m: NDArray[np.float64]
    hills_m: NDArray[np.float64]
    base_m: float = 0.0

    @property
    def flat(self) -> bool:
        """Whether there is but one level and no hill."""
        return self.levels_m.size == 1 and not self.hills_m.any()


def flat_relief() -> Relief:
    """Flat terrain."""
    return Relief(np.zeros(1), np.zeros((1, 1)))


@dataclass(frozen=True, eq=False)
class Polar:
    """Annual deposition around a source per unit emitted, constant over the valid hours.

    Parameters
    ----------
    distances_m : ndarray, shape (distances,)
        Evenly spaced in their logarithm. [m]
    density : ndarray, shape (bearings, distances, classes, 2)
        At the level of the source's base, dry and wet; bearings clockwise from north, evenly spaced. [m⁻²]
    relief : Relief, optional
        Of the next two; None if the terrain is taken as flat.
    rough : ndarray, shape (bearings, distances, levels, classes, 2), optional
        As `density`, at every level, of the hours with convective air. [m⁻²]
    steered : ndarray, shape (bearings, distances, levels, hills, classes, 2), optional
        As `rough` of the hours with stable air, for every hill. [m⁻²]
    """

    distances_m: NDArray[np.float64]
    density: NDArray[np.float64]
    relief: Relief | None = None
    rough: NDArray[np.float64] | None = None
    steered: NDArray[np.float64] | None = None

    def mass(self) -> NDArray[np.float64]:
        """Share deposited within the last distance on flat ground, shape (classes, 2). [1]

        Trapezoid in the logarithm of distance; the disc within the first distance has its density.
        """
        r = self.distances_m
        ring = self.density.mean(axis=0) * (2.0 * np.pi * r**2)[:, None, None]
        step = np.log(r[1] / r[0])
        return step * (ring.sum(axis=0) - 0.5 * (ring[0] + ring[-1])) + 0.5 * ring[0]


def node_distances(first_m: float, last_m: float, per_e_fold: float) -> NDArray[np.float64]:
    """Distances evenly spaced in their logarithm, both ends included. [m]"""
    count = int(np.ceil(np.log(last_m / first_m) * per_e_fold)) + 1
    return first_m * (last_m / first_m) ** (np.arange(count) / (count - 1))


@njit(cache=True)
def _lay_across(slot, angle, widest, distances, inner, directed, laid, shifted):
    """Lay one direction's plumes across the bearings, width by width; the slot is emptied.

    Parameters
    ----------
    slot : ndarray, shape (levels, nodes, widths, fields)
    angle : float
        Direction in which the plumes go. [rad]
    widest : ndarray of int, shape (nodes, 2)
        First and last width in use; set back to none.
    distances : ndarray, shape (nodes,)
        [m]
    inner : int
    directed : ndarray, shape (bearings, levels, distances, fields)
        Added to.
    laid : ndarray, shape (nodes, fields)
    shifted : ndarray, shape (distances, fields)
        Scratch.
    """
    levels, nodes, widths, fields = slot.shape
    bearings, kept = directed.shape[0], directed.shape[2]
    step = math.log(distances[1] / distances[0])
    turn_step = 2.0 * math.pi / bearings
    across = np.empty(widths)
    most = 0
    for i in range(nodes):
        most = max(most, widest[i, 1])
    reach = min(EDGE * NARROWEST * math.exp(WIDTH_STEP * most), math.sqrt(1.0 / SIDEWAYS**2 - 1.0))
    half = int(math.atan(reach) / turn_step) + 1
    middle = int(math.floor(angle / turn_step + 0.5))
    for number in range(middle - half, middle + half + 1):
        turn = number * turn_step - angle
        ahead, aside = math.cos(turn), abs(math.sin(turn))
        if ahead <= SIDEWAYS:
            continue
        slope = aside / ahead
        narrowest = widths
        for s in range(widths):
            width = NARROWEST * math.exp(WIDTH_STEP * s)
            ratio = slope / width
            across[s] = 0.0
            if ratio < EDGE:
                across[s] = math.exp(-0.5 * ratio * ratio) / (ROOT_TWO_PI * width)
                narrowest = min(narrowest, s)
        # at a bearing every node lies the same number of steps nearer along the plume
        shift = math.log(ahead) / step
        offset = int(math.floor(shift))
        t = shift - offset
        a = -t * (t - 1.0) * (t - 2.0) / 6.0
        b = 0.5 * (t + 1.0) * (t - 1.0) * (t - 2.0)
        c = -0.5 * (t + 1.0) * t * (t - 2.0)
        d = (t + 1.0) * t * (t - 1.0) / 6.0
        bearing = number % bearings
        for level in range(levels):
            for i in range(nodes):
                row = laid[i]
                row[:] = 0.0
                for s in range(max(narrowest, widest[i, 0]), widest[i, 1] + 1):
                    weight = across[s] / distances[i]
                    source = slot[level, i, s]
                    for f in range(fields):
                        row[f] += weight * source[f]
            target = directed[bearing, level]
            for i in range(kept):
                n = min(i + inner + offset, nodes - 3)
                if n < 1:
                    continue
                for f in range(fields):
                    target[i, f] += a * laid[n - 1, f] + b * laid[n, f] + c * laid[n + 1, f] + d * laid[n + 2, f]
    for level in range(levels):
        for i in range(nodes):
            for s in range(widest[i, 0], widest[i, 1] + 1):
                slot[level, i, s] = 0.0
    for i in range(nodes):
        widest[i, 0], widest[i, 1] = widths, -1


@njit(cache=True, error_model="numpy")
def _gather(weight, plume, distances, amounts, heading_weights, slots, widest, level, first_slot, used):
    """Add an hour's amounts of one plume at one level to the directions and widths around its own.

    Parameters
    ----------
    weight : float
        Of the hour.
    plume : ndarray, shape (PLUME_ROWS, nodes)
    distances : ndarray, shape (nodes,)
        [m]
    amounts : ndarray, shape (nodes, fields)
        Of all that does not meander.
    heading_weights : ndarray, shape (4,)
    slots : ndarray, shape (4, levels, nodes, widths, fields)
        Added to.
    widest : ndarray of int, shape (4, nodes, 2)
        First and last width in use of every slot and node; widened.
    level, first_slot, used : int
        Level; slot of the first of four directions; fields in use.
    """
    for i in range(distances.size):
        position = math.log(plume[SPREAD_Y, i] / distances[i] / NARROWEST) / WIDTH_STEP
        position = min(max(position, 1.0), WIDTHS - 2.0)
        s = int(position + 0.5)
        t = position - s
        before, at, after = 0.5 * t * (t - 1.0), 1.0 - t * t, 0.5 * t * (t + 1.0)
        row = amounts[i]
        for tap in range(4):
            slot = (first_slot + tap) & 3
            part = weight * heading_weights[tap]
            target = slots[slot, level, i]
            for f in range(used):
                value = part * row[f]
                target[s - 1, f] += before * value
                target[s, f] += at * value
                target[s + 1, f] += after * value
            widest[slot, i, 0] = min(widest[slot, i, 0], s - 1)
            widest[slot, i, 1] = max(widest[slot, i, 1], s + 1)


@njit(cache=True, error_model="numpy")
def _amounts(plume, part, kept, dry_m_s, falling_s, shares, follow, keep, k, amounts):
    """Dry and wet deposition of one class of one plume at every node, all directions together, into its columns."""
    classes = dry_m_s.size
    for i in range(kept.size):
        amount = part / plume[WIND, i] * kept[i]
        amounts[i, k] = amount * dry_m_s[k] * (follow[i] + shares[i] * (keep[i] - follow[i]))
        amounts[i, classes + k] = amount * falling_s


@njit(nogil=True, cache=True)
def add_polar_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, distances, inner, levels_m, hills_m, directed, round_about,
):  # fmt: skip
    """Add some hours of one source, sorted by the direction of the wind.

    Parameters as `tables.add_tabled_hours`, and

    distances : ndarray, shape (nodes,)
        With `inner` nodes before the first that is kept and two behind the last.
    levels_m : ndarray, shape (levels,)
        Heights of receptors above the source's base. [m]
    hills_m : ndarray, shape (levels, hills)
        Heights of hills above the source's base. [m]
    directed : ndarray, shape (bearings, levels · hills, distances, 2 classes)
        Added to: dry, then wet flux of every class at a bearing per unit emission. [m⁻²]
    round_about : ndarray, shape (levels · hills, nodes, 2 classes)
        Added to: what lost its direction.
    """
    nodes, classes = distances.size, fraction.size
    count, hills = hills_m.shape
    fields = 2 * classes
    bearings = directed.shape[0]
    directions = bearings * max(1, -(-DIRECTIONS // bearings))
    direction_step = 2.0 * math.pi / directions
    first, weights = gauss_taps(distances)
    core, plume = np.zeros((2, CORE_ROWS, nodes)), np.zeros((2, PLUME_ROWS, nodes))
    bare_plume = np.zeros((2, PLUME_ROWS, nodes))
    means, work, marks = np.empty((4, nodes)), np.empty((4, nodes)), np.empty((4, count + 3))
    lids, starts = np.empty((2, classes, nodes)), np.empty((2, classes), dtype=np.int64)
    follow, keep = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    bare_follow, bare_keep = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    near, far, kept, integrals = np.empty(nodes), np.empty(nodes), np.empty(nodes), np.zeros((2, nodes))
    shares, halves, critical = np.empty((2, nodes)), np.full(nodes, 0.5), np.empty(nodes)
    near_shares, far_shares = np.empty(nodes), np.empty(nodes)
    amounts = np.zeros((2, nodes, fields))
    wet, heading_weights = np.empty((2, classes)), np.empty(4)
    hill_step = max(hills_m.max(), 1.0) * 1.001 / HILL_STEPS
    heights = np.zeros(HILL_STEPS + 1)
    slots = np.zeros((4, count * hills, nodes, WIDTHS, fields))
    widest = np.empty((4, nodes, 2), dtype=np.int64)
    widest[:, :, 0], widest[:, :, 1] = WIDTHS, -1
    laid, shifted = np.empty((nodes, fields)), np.empty((directed.shape[2], fields))
    volume = stack[6] > 0.0
    current = -10
    for index in range(rows.size):
        hour = rows[index]
        weight = factor[hour]
        if weight == 0.0:
            continue
        heading = math.atan2(-sine[hour], -cosine[hour])
        position = (heading if heading >= 0.0 else heading + 2.0 * math.pi) / direction_step
        whole = int(position)
        while current < whole:  # directions are laid once no later hour can reach them
            if current >= -1:
                done = (current - 1) & 3
                _lay_across(
                    slots[done], (current - 1) * direction_step, widest[done], distances, inner, directed, laid, shifted
                )
                current += 1
            else:
                current = whole
        t = position - whole
        heading_weights[0] = -t * (t - 1.0) * (t - 2.0) / 6.0
        heading_weights[1] = 0.5 * (t + 1.0) * (t - 1.0) * (t - 2.0)
        heading_weights[2] = -0.5 * (t + 1.0) * t * (t - 2.0)
        heading_weights[3] = (t + 1.0) * t * (t - 1.0) / 6.0
        air = air_of(hour, scalars, levels, values, sums)
        source = launch(air, stack[0], stack[1], stack[2], stack[3], stack[4], flags[0], stack[5], stack[6])
        wet_rates(scavenging[hour], washout[hour], limit[hour], flux_limit[hour], plume_depth(air, source), wet)
        raining = False
        for k in range(classes):
            raining = raining or wet[0, k] > 0.0
        used = fields if raining else classes  # without rain the second half stays zero
        start_hour(air, source, distances, levels_m, settling[hour], marks, core, plume, means, lids, starts)
        steered = not air.convective and hill_step > 0.03
        if steered:
            dividing_heights(air, hill_step, heights)
        for level in range(count):
            z, pole = levels_m[level], reference[hour]
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
                known = False
                for k in range(classes):
                    unsettled = starts[0, k] >= nodes and starts[1, k] >= nodes
                    which = 0 if unsettled else 1  # classes that do not settle share what they meet on their way
                    share, integral = shares[which], integrals[which]
                    if not (unsettled and known):
                        own = core[0, LID] if starts[0, k] >= nodes else lids[0, k]
                        fall = 0.0 if starts[0, k] >= nodes else settling[hour, k] / source.wind
                        share[:], near_shares[:], far_shares[:] = 0.5, 0.5, 0.5
                        if steered and hill_m > 0.0 and source.penetrated < 1.0:
                            way = (z, hill_m, stack[7], heights, hill_step, critical)
                            level_shares(source, distances, plume[0], own, fall, 1.0, *way, share)
                            path = path_plume[0]
                            level_shares(source, distances, path, own, fall, 0.5 - GAUSS_NODE, *way, near_shares)
                            level_shares(source, distances, path, own, fall, 0.5 + GAUSS_NODE, *way, far_shares)
                        if flags[2]:
                            _path(path_plume, source.penetrated, path_follow, path_keep, k, near_shares, near)
                            _path(path_plume, source.penetrated, path_follow, path_keep, k, far_shares, far)
                            path_integrals(near, far, distances, first, weights, work, integral)
                        known = known or unsettled
                    taken = dry[hour, k] if flags[2] else 0.0
                    lost = wet[1, k] if flags[3] else 0.0
                    remains(taken, integral, lost, distances, source.wind, kept)
                    for component in range(2):
                        part = source.penetrated if component == 1 else 1.0 - source.penetrated
                        if part > 0.0:
                            _amounts(
                                plume[component], part, kept, dry[hour], wet[0, k], share if component == 0 else halves,
                                follow[component, k], keep[component, k], k, amounts[component],
                            )  # fmt: skip
                combo = level * hills + hill
                for component in range(2):
                    part = source.penetrated if component == 1 else 1.0 - source.penetrated
                    if part <= 0.0:
                        continue
                    _split(
                        plume, source.penetrated, weight, distances, amounts[component], used, round_about[combo]
                    )
                    _gather(
                        weight, plume[component], distances, amounts[component], heading_weights, slots, widest, combo,
                        (whole - 1) & 3, used,
                    )  # fmt: skip
    if current >= -1:
        for direction in range(current - 1, current + 3):
            slot = direction & 3
            _lay_across(
                slots[slot], direction * direction_step, widest[slot], distances, inner, directed, laid, shifted
            )


@njit(cache=True, error_model="numpy")
def _path(plume, penetrated, follow, keep, k, shares, out):
    """Logarithm of the density over wind that a class meets on its way, both plumes together."""
    for i in range(out.size):
        low = (1.0 - penetrated) / plume[0, WIND, i] * (
            follow[0, k, i] + shares[i] * (keep[0, k, i] - follow[0, k, i])
        )
        out[i] = low + penetrated / plume[1, WIND, i] * 0.5 * (follow[1, k, i] + keep[1, k, i])
    logarithms(out, out)


@njit(cache=True, error_model="numpy")
def _split(plume, penetrated, weight, distances, amounts, used, round_about):
    """Add what meanders to all directions; what is left stays in `amounts` (nodes, fields)."""
    for i in range(distances.size):
        random = (1.0 - penetrated) * plume[0, RANDOM, i] + penetrated * plume[1, RANDOM, i]
        lost = weight * random / (2.0 * math.pi * distances[i])
        for f in range(used):
            round_about[i, f] += lost * amounts[i, f]
            amounts[i, f] *= 1.0 - random


def annual(
    job_arrays,
    rows,
    valid_hours: int,
    first_m: float,
    last_m: float,
    per_e_fold: float,
    bearings: int,
    relief: Relief | None = None,
) -> Polar:
    """Annual table of one source.

    Parameters
    ----------
    job_arrays : tuple
        Weather, stack, flags and losses of `model.arrays_of`.
    rows : ndarray of int
        Hours to sum.
    valid_hours : int
        By which the sum is divided.
    first_m, last_m, per_e_fold : float
        Distances of the table. [m]
    bearings : int
    relief : Relief, optional
        By default flat terrain.

    Returns
    -------
    Polar
    """
    kept = node_distances(first_m, last_m, per_e_fold)
    ratio = kept[1] / kept[0]
    inner = int(np.ceil(np.log(min(EXTENSION, first_m)) / np.log(ratio))) + 2
    inner += -(inner + kept.size + 2) % BLOCK  # whole blocks of nodes
    distances = np.concatenate(
        [kept[0] * ratio ** np.arange(-inner, 0.0), kept, kept[-1] * ratio ** np.arange(1.0, 3.0)]
    )
    found = relief or flat_relief()
    classes, levels = job_arrays[8].size, found.levels_m.size
    sine, cosine, scalars = job_arrays[4], job_arrays[5], job_arrays[0]
    heading = np.mod(np.arctan2(-sine[rows], -cosine[rows]), 2.0 * np.pi)
    ordered = rows[np.argsort(heading, kind="stable")]
    convective = scalars[ordered, 0] > 0.0

    def summed(hours, hills):
        shape = (levels * hills.shape[1], kept.size, 2 * classes)
        directed = np.zeros((bearings, *shape))
        round_about = np.zeros((shape[0], distances.size, shape[2]))
        add_polar_hours(
            hours, *job_arrays, distances, inner, found.levels_m, np.ascontiguousarray(hills), directed, round_about
        )  # type: ignore[call-arg]
        total = (directed + round_about[None, :, inner : inner + kept.size]) / valid_hours
        total = np.maximum(total, 0.0).reshape(bearings, levels, hills.shape[1], kept.size, 2, classes)
        return np.ascontiguousarray(np.moveaxis(total, (3, 5), (1, 4)))

    if found.flat:
        return Polar(kept, summed(ordered, found.hills_m)[:, :, 0, 0])
    rough = summed(ordered[convective], found.hills_m[:, :1])[:, :, :, 0]
    steered = summed(ordered[~convective], found.hills_m)
    ground = int(np.argmin(np.abs(found.levels_m)))
    return Polar(kept, rough[:, :, ground] + steered[:, :, ground, 0], found, rough, steered)
