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
    """Room for four neighbouring directions: sums (4, levels, nodes, widths · classes), widths in use (4, nodes, 2)."""
    used = np.empty((4, nodes, 2), dtype=np.int64)
    used[:, :, 0], used[:, :, 1] = WIDTHS, -1
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
            used[slot, i, 0] = min(used[slot, i, 0], width - 1)
            used[slot, i, 1] = max(used[slot, i, 1], width + 1)


@njit_borrowing(error_model="numpy")
def _crosswind(turn, step, across):
    """What arrives at a turn from the plume's axis, by width, into `across` (widths,), and where along the plume.

    Returns the narrowest width that arrives, and by how many nodes nearer the plume's distance is: whole steps and the
    four weights of the rest.
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
    return (
        narrowest, offset, -t * (t - 1.0) * (t - 2.0) / 6.0, 0.5 * (t + 1.0) * (t - 1.0) * (t - 2.0),
        -0.5 * (t + 1.0) * t * (t - 2.0), (t + 1.0) * t * (t - 1.0) / 6.0,
    )  # fmt: skip


@njit_borrowing(error_model="numpy")
def _add_scaled(factor, values, out):
    """Add one row times a factor to another of the same length."""
    for i in range(out.size):
        out[i] += factor * values[i]


@njit_borrowing(error_model="numpy")
def _add_four(a, b, c, d, first, second, third, fourth, out):
    """Add four rows times their factors."""
    for i in range(out.size):
        out[i] += a * first[i] + b * second[i] + c * third[i] + d * fourth[i]


@njit(cache=True, error_model="numpy")
def lay_across(slots, used, direction, direction_step, distances, inner, by_width, directed):
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
    directed : ndarray, shape (bearings, levels, distances · classes)
        Added to.
    """
    slot, widths = slots[direction & 3], used[direction & 3]
    levels, nodes, classes = slot.shape[0], slot.shape[1], slot.shape[2] // WIDTHS
    bearings, kept = directed.shape[0], directed.shape[2] // classes
    step, turn_step = math.log(distances[1] / distances[0]), 2.0 * math.pi / bearings
    least, most = WIDTHS, -1
    for i in range(nodes):
        least, most = min(least, widths[i, 0]), max(most, widths[i, 1])
    if most < 0:
        return
    angle = direction * direction_step
    reach = min(EDGE * NARROWEST * math.exp(WIDTH_STEP * most), math.sqrt(1.0 / SIDEWAYS**2 - 1.0))
    half = int(math.atan(reach) / turn_step) + 1
    middle = math.floor(angle / turn_step + 0.5)
    across, laid = np.empty(WIDTHS), by_width[WIDTHS]
    for level in range(levels):
        for s in range(least, most + 1):
            by_width[s] = 0.0
        for i in range(nodes):
            for s in range(max(widths[i, 0], 0), widths[i, 1] + 1):
                for k in range(classes):
                    by_width[s, i * classes + k] = slot[level, i, s * classes + k] / distances[i]
                    slot[level, i, s * classes + k] = 0.0
        for number in range(middle - half, middle + half + 1):
            turn = number * turn_step - angle
            if math.cos(turn) <= SIDEWAYS:
                continue
            narrowest, offset, a, b, c, d = _crosswind(turn, step, across)
            laid[:] = 0.0
            for s in range(max(narrowest, least), most + 1):
                _add_scaled(across[s], by_width[s], laid)
            # at a bearing every node lies the same number of steps nearer along the plume
            start = max(1 - inner - offset, 0)
            count = (kept - start) * classes
            n = (start + inner + offset) * classes
            _add_four(
                a, b, c, d, laid[n - classes : n - classes + count], laid[n : n + count],
                laid[n + classes : n + classes + count], laid[n + 2 * classes : n + 2 * classes + count],
                directed[number % bearings, level, start * classes :],
            )  # fmt: skip
    for i in range(nodes):
        widths[i, 0], widths[i, 1] = WIDTHS, -1


@njit(cache=True)
def turn_to(first_direction, open_direction, step, distances, inner, by_width, dry_slots, dry_used, wet_slots, wet_used,
            directed):  # fmt: skip
    """Lay out the directions that hours from `first_direction` on cannot reach any more, dry and wet.

    Parameters
    ----------
    first_direction : int
        Of `heading_of`, not less than before.
    open_direction : int
        The first that is not yet laid out.
    step : float
        Between directions. [rad]
    distances, inner, by_width
        As of `lay_across`.
    dry_slots, dry_used, wet_slots, wet_used : ndarray
        Of `new_slots`.
    directed : ndarray, shape (2, bearings, levels, distances · classes)
        Added to.
    """
    for direction in range(open_direction, min(first_direction, open_direction + 4)):
        lay_across(dry_slots, dry_used, direction, step, distances, inner, by_width, directed[0])
        lay_across(wet_slots, wet_used, direction, step, distances, inner, by_width, directed[1])
