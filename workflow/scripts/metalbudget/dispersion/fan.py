"""Plumes of many hours across the bearings around their source: gathered first, laid out once. Compiled.

A plume's crosswind distribution is a Gaussian of its relative width σ_y/x. Hours are added to directions and widths
around their own by cubic and quadratic weights, which keep the plumes' spread; the sum of a direction is then laid
across the bearings width by width. That costs a few additions an hour instead of a Gaussian at every bearing.
"""

import math

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.rows import SPREAD_Y

ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
DIRECTIONS = 360  # in which plumes are gathered, at least
NARROWEST, WIDTH_STEP, WIDTHS = 0.008, 0.2, 32  # relative widths, evenly spaced in their logarithm, to 4
EDGE = 5.0  # spreads beyond which a plume's edge adds nothing (exp(−12.5) = 4e-6)
SIDEWAYS = 0.05  # cosine of the turn from a plume's axis beyond which only what meanders arrives


@njit(cache=True)
def new_slots(levels, nodes, classes):
    """Room for four neighbouring directions: sums (4, levels, nodes, widths · classes), and which widths are in use,
    from and to (4, levels, nodes, 2)."""
    used = np.empty((4, levels, nodes, 2), dtype=np.int64)
    used[..., 0], used[..., 1] = WIDTHS, -1
    return np.zeros((4, levels, nodes, WIDTHS * classes)), used


@njit_borrowing()
def directions_for(bearings, least):
    """Number of directions to gather in: a multiple of the bearings, `least` or more."""
    return bearings * max(1, -(-least // bearings))


@njit_borrowing()
def heading_of(sine, cosine, step, weights):
    """First of four directions around the one in which a wind blows, and their weights into `weights` (4,)."""
    heading = math.atan2(-sine, -cosine)
    position = (heading if heading >= 0.0 else heading + 2.0 * math.pi) / step
    whole = int(position)
    t = position - whole
    weights[0] = -t * (t - 1.0) * (t - 2.0) / 6.0
    weights[1] = 0.5 * (t + 1.0) * (t - 1.0) * (t - 2.0)
    weights[2] = -0.5 * (t + 1.0) * t * (t - 2.0)
    weights[3] = (t + 1.0) * t * (t - 1.0) / 6.0
    return whole - 1


@njit_borrowing(error_model="numpy")
def gather(plume, distances, amounts, first, first_direction, weights, level, slots, used, spread_out):
    """Add an hour's plume at one level.

    Parameters
    ----------
    plume : ndarray, shape (PLUME_ROWS, nodes)
    distances : ndarray, shape (nodes,)
        [m]
    amounts : ndarray, shape (nodes, classes)
        Of all that does not meander.
    first : int
        Node from which on there is something to add.
    first_direction : int
    weights : ndarray, shape (4,)
        Of `heading_of`.
    level : int
    slots, used : ndarray
        Of `new_slots`; added to.
    spread_out : ndarray, shape (3 · classes,)
        Scratch.
    """
    classes = amounts.shape[1]
    for i in range(first, distances.size):
        position = math.log(plume[SPREAD_Y, i] / distances[i] / NARROWEST) / WIDTH_STEP
        position = min(max(position, 1.0), WIDTHS - 2.0)
        width = int(position + 0.5)
        t = position - width
        before, at, after = 0.5 * t * (t - 1.0), 1.0 - t * t, 0.5 * t * (t + 1.0)
        for k in range(classes):
            value = amounts[i, k]
            spread_out[k] = before * value
            spread_out[classes + k] = at * value
            spread_out[2 * classes + k] = after * value
        start = np.uint64((width - 1) * classes)  # unsigned: an index that may count from the end is not vectorised
        for tap in range(4):
            slot = (first_direction + tap) & 3
            part = weights[tap]
            for j in range(spread_out.size):  # a slice here would cost more than the sum
                slots[slot, level, i, start + np.uint64(j)] += part * spread_out[j]
            used[slot, level, i, 0] = min(used[slot, level, i, 0], width - 1)
            used[slot, level, i, 1] = max(used[slot, level, i, 1], width + 1)


@njit_borrowing()
def _sideways(width):
    """Tangent of the turn from its axis as far as a plume of a width reaches. [1]"""
    return min(EDGE * NARROWEST * math.exp(WIDTH_STEP * width), math.sqrt(1.0 / SIDEWAYS**2 - 1.0))


@njit_borrowing(error_model="numpy")
def _crosswind(turn, step, across, shifts):
    """What arrives at a turn from the plume's axis, by width, and where along the plume.

    Parameters
    ----------
    turn : float
        [rad]
    step : float
        Between the logarithms of distances. [1]
    across : ndarray, shape (widths,)
        Result: share of a plume per part of its distance. [1]
    shifts : ndarray, shape (4,)
        Result: weights of four neighbouring nodes.

    Returns
    -------
    int
        The narrowest width that arrives.
    int
        By how many whole steps nearer the plume's distance is.
    """
    ahead = math.cos(turn)
    slope, narrowest = abs(math.sin(turn)) / ahead, WIDTHS
    for s in range(WIDTHS):
        width = NARROWEST * math.exp(WIDTH_STEP * s)
        across[s] = 0.0
        if slope < EDGE * width:
            across[s] = math.exp(-0.5 * (slope / width) ** 2) / (ROOT_TWO_PI * width)
            narrowest = min(narrowest, s)
    shift = math.log(ahead) / step
    offset = math.floor(shift)
    t = shift - offset
    shifts[0], shifts[1] = -t * (t - 1.0) * (t - 2.0) / 6.0, 0.5 * (t + 1.0) * (t - 1.0) * (t - 2.0)
    shifts[2], shifts[3] = -0.5 * (t + 1.0) * t * (t - 2.0), (t + 1.0) * t * (t - 1.0) / 6.0
    return narrowest, offset


@njit_borrowing(error_model="numpy")
def _add_scaled(factor, values, out):
    """Add one row times a factor to another of the same length."""
    for i in range(out.size):
        out[i] += factor * values[i]


@njit_borrowing(error_model="numpy")
def _add_four(factors, first, second, third, fourth, out):
    """Add four rows times their factors (4,)."""
    a, b, c, d = factors[0], factors[1], factors[2], factors[3]
    for i in range(out.size):
        out[i] += a * first[i] + b * second[i] + c * third[i] + d * fourth[i]


@njit(cache=True, error_model="numpy")
def lay_across(slots, used, direction, direction_step, distances, inner, by_width, looked_at, directed):
    """Lay one direction's plumes across the bearings and empty its slot.

    Parameters
    ----------
    slots, used : ndarray
        Of `new_slots`.
    direction : int
    direction_step : float
        [rad]
    distances : ndarray, shape (nodes,)
        Evenly spaced in their logarithm, `inner` before the first of `directed` and at least two behind its last. [m]
    inner : int
    by_width : ndarray, shape (widths + 1, nodes · classes)
        Scratch.
    looked_at : ndarray of int, shape (bearings, levels)
        First distance that is wanted.
    directed : ndarray, shape (bearings, levels, distances · classes)
        Added to.
    """
    slot, widths = slots[direction & 3], used[direction & 3]
    levels, nodes, classes = slot.shape[0], slot.shape[1], slot.shape[2] // WIDTHS
    bearings, kept = directed.shape[0], directed.shape[2] // classes
    step, turn_step = math.log(distances[1] / distances[0]), 2.0 * math.pi / bearings
    angle = direction * direction_step
    middle = math.floor(angle / turn_step + 0.5)
    most = -1
    for level in range(levels):
        for i in range(nodes):
            most = max(most, widths[level, i, 1])
    if most < 0:
        return
    half = int(math.atan(_sideways(most)) / turn_step) + 1
    across, shifts = np.empty((2 * half + 1, WIDTHS)), np.empty((2 * half + 1, 4))
    narrowest, offsets = np.empty(2 * half + 1, dtype=np.int64), np.empty(2 * half + 1, dtype=np.int64)
    for j in range(2 * half + 1):
        turn = (middle - half + j) * turn_step - angle
        narrowest[j] = WIDTHS
        if math.cos(turn) > SIDEWAYS:
            narrowest[j], offsets[j] = _crosswind(turn, step, across[j], shifts[j])
    laid = by_width[WIDTHS]
    for level in range(levels):
        least, most, some = WIDTHS, -1, nodes
        for i in range(nodes):
            if widths[level, i, 1] >= 0:
                some = min(some, i)
            least, most = min(least, widths[level, i, 0]), max(most, widths[level, i, 1])
        if most < 0:
            continue
        edge = some * classes
        for s in range(least, most + 1):
            by_width[s, edge:] = 0.0
        for i in range(some, nodes):
            for s in range(max(widths[level, i, 0], 0), widths[level, i, 1] + 1):
                for k in range(classes):
                    by_width[s, i * classes + k] = slot[level, i, s * classes + k] / distances[i]
                    slot[level, i, s * classes + k] = 0.0
            widths[level, i, 0], widths[level, i, 1] = WIDTHS, -1
        for j in range(2 * half + 1):
            if narrowest[j] > most:
                continue
            bearing, offset = (middle - half + j) % bearings, offsets[j]
            # at a bearing every node lies the same number of steps nearer along the plume
            start = max(1 - inner - offset, some - 2 - inner - offset, looked_at[bearing, level])
            if start >= kept:
                continue
            n, count = (start + inner + offset) * classes, (kept - start) * classes
            first, last = n - classes, n + 2 * classes + count
            laid[first:last] = 0.0
            first = max(first, edge)
            for s in range(max(narrowest[j], least), most + 1):
                _add_scaled(across[j, s], by_width[s, first:last], laid[first:last])
            _add_four(
                shifts[j], laid[n - classes : n - classes + count], laid[n : n + count],
                laid[n + classes : n + classes + count], laid[n + 2 * classes : n + 2 * classes + count],
                directed[bearing, level, start * classes :],
            )  # fmt: skip


@njit(cache=True)
def turn_to(first_direction, open_direction, step, distances, inner, by_width, dry_slots, dry_used, wet_slots, wet_used,
            looked_at, directed):  # fmt: skip
    """Lay out the directions that hours from `first_direction` on cannot reach any more, dry and wet.

    Parameters
    ----------
    first_direction : int
        Of `heading_of`, not less than before.
    open_direction : int
        The first that is not yet laid out.
    step : float
        Between directions. [rad]
    distances, inner, by_width, looked_at
        As of `lay_across`.
    dry_slots, dry_used, wet_slots, wet_used : ndarray
        Of `new_slots`.
    directed : ndarray, shape (2, bearings, levels, distances · classes)
        Added to.
    """
    for direction in range(open_direction, min(first_direction, open_direction + 4)):
        lay_across(dry_slots, dry_used, direction, step, distances, inner, by_width, looked_at, directed[0])
        lay_across(wet_slots, wet_used, direction, step, distances, inner, by_width, looked_at, directed[1])
