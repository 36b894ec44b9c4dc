"""Plumes of many hours across the bearings around their source: gathered first, laid out once. Compiled.

A plume's crosswind distribution is a Gaussian of its relative width σ_y/x. An hour is shared out among the two
directions around its own, so much narrower that its spread is kept, and among three widths by quadratic weights, which
keep it too; the sum of a direction is then laid across the bearings width by width. That costs a few additions an hour
instead of a Gaussian at every bearing.

Rows may be of single or double precision; what belongs together has one of them.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.rows import SPREAD_Y
from metalbudget.dispersion.vector import exponential, logarithm

ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
DIRECTIONS = 360  # in which plumes are gathered, at least
SLOTS = 2  # neighbouring directions that an hour is shared out among
NARROWED = 0.5  # most of a plume's variance that sharing out may stand for
NARROWEST, WIDTH_STEP, WIDTHS = 0.008, 0.25, 26  # relative widths, evenly spaced in their logarithm, to 4
EDGE = 5.0  # spreads beyond which a plume's edge adds nothing (exp(−12.5) = 4e-6)
SIDEWAYS = 0.05  # cosine of the turn from a plume's axis beyond which only what meanders arrives


class Crosswind(NamedTuple):
    """What arrives of a plume at the bearings to either side of the nearest to its direction.

    Directions are a multiple of the bearings, so a few patterns repeat; `side` numbers bearings from left to right.

    Parameters
    ----------
    share : ndarray, shape (patterns, sides, widths)
        Of a plume per part of its distance. [1]
    shifts : ndarray, shape (patterns, sides, 4)
        Weights of four neighbouring nodes: the plume's distance is less than the receptor's.
    offsets : ndarray of int, shape (patterns, sides)
        By how many whole steps it is less, below zero.
    narrowest : ndarray of int, shape (patterns, sides)
        The narrowest width that arrives; `WIDTHS` where none does.
    """

    share: np.ndarray
    shifts: np.ndarray
    offsets: np.ndarray
    narrowest: np.ndarray


def directions_for(bearings: int, least: int) -> int:
    """Number of directions to gather in: a multiple of the bearings, `least` or more."""
    return bearings * max(1, -(-least // bearings))


def crosswind(directions: int, bearings: int, step: float, dtype: type = np.float64) -> Crosswind:
    """What arrives at bearings beside a plume's direction.

    Parameters
    ----------
    directions, bearings : int
        Of `directions_for`.
    step : float
        Between the logarithms of distances. [1]
    dtype : type
        Of shares and shifts.
    """
    patterns, turn_step = directions // bearings, 2.0 * math.pi / bearings
    half = int(math.acos(SIDEWAYS) / turn_step) + 1
    middle = np.floor(np.arange(patterns) / patterns + 0.5)
    sides = np.arange(-half, half + 1)
    turn = (middle[:, None] + sides - np.arange(patterns)[:, None] / patterns) * turn_step
    ahead = np.maximum(np.cos(turn), SIDEWAYS)
    widths = NARROWEST * np.exp(WIDTH_STEP * np.arange(WIDTHS))
    slope = (np.abs(np.sin(turn)) / ahead)[:, :, None]
    arrives = (slope < EDGE * widths) & (np.cos(turn) > SIDEWAYS)[:, :, None]
    share = np.where(arrives, np.exp(-0.5 * (slope / widths) ** 2) / (ROOT_TWO_PI * widths), 0.0)
    shift = np.log(ahead) / step
    offsets = np.floor(shift)
    t = shift - offsets
    shifts = np.stack(
        [
            -t * (t - 1.0) * (t - 2.0) / 6.0,
            0.5 * (t + 1.0) * (t - 1.0) * (t - 2.0),
            -0.5 * (t + 1.0) * t * (t - 2.0),
            (t + 1.0) * t * (t - 1.0) / 6.0,
        ],
        axis=-1,
    )
    narrowest = np.where(arrives.any(axis=2), arrives.argmax(axis=2), WIDTHS)
    return Crosswind(share.astype(dtype), shifts.astype(dtype), offsets.astype(np.int64), narrowest.astype(np.int64))


@njit(cache=True)
def unused(nodes):
    """Widths in use in neighbouring directions, from and to (slots, nodes, 2): none."""
    used = np.empty((SLOTS, nodes, 2), dtype=np.int64)
    used[..., 0], used[..., 1] = WIDTHS, -1
    return used


@njit_borrowing()
def heading_of(sine, cosine, step):
    """The direction before the one in which a wind blows, and how far beyond it that is, in steps."""
    heading = math.atan2(-sine, -cosine)
    position = (heading if heading >= 0.0 else heading + 2.0 * math.pi) / step
    whole = int(position)
    return whole, position - whole


@njit_borrowing(error_model="numpy")
def width_positions(plume, distances, first, out):
    """Where among the widths a plume lies at each node from one on; plume (PLUME_ROWS, nodes), others (nodes,)."""
    for i in range(first, distances.size):
        position = logarithm(plume[SPREAD_Y, i] / (distances[i] * NARROWEST)) * (1.0 / WIDTH_STEP)
        out[i] = min(max(position, 1.0), WIDTHS - 2.0)


@njit_borrowing(error_model="numpy")
def narrowed(positions, first, step, part, out):
    """Widths of the plumes in both directions that share out one: s² less by t (1 − t) steps², both (nodes,).

    `step` between directions [rad], `part` t how far beyond the first the plume lies.
    """
    variance = part * (1.0 - part) * (step / NARROWEST) ** 2
    for i in range(first, positions.size):
        share = min(variance * exponential(-2.0 * WIDTH_STEP * positions[i]), NARROWED)
        position = positions[i] + 0.5 / WIDTH_STEP * logarithm(1.0 - share)
        out[i] = min(max(position, 1.0), WIDTHS - 2.0)


@njit_borrowing(error_model="numpy")
def gather(positions, amounts, steady, by, first, direction, part, slots, used, own, spread_out):
    """Add an hour's plume.

    Parameters
    ----------
    positions : ndarray, shape (nodes,)
        Of `narrowed`.
    amounts : ndarray, shape (nodes, classes)
    steady : ndarray, shape (nodes,)
        Share that goes with the wind. [1]
    by : ndarray, shape (classes,)
        Factor of each class. [1]
    first : int
        Node from which on there is something to add.
    direction, part
        Of `heading_of`.
    slots : ndarray, shape (SLOTS, nodes, widths · classes)
        Sums in neighbouring directions; added to.
    used : ndarray of int, shape (SLOTS, nodes, 2)
        Of `unused`; widened.
    own, spread_out : ndarray, shapes (classes + 5,) and (3 · classes,)
        Scratch.
    """
    nodes, classes = amounts.shape
    for i in range(first, nodes):
        position = positions[i]
        width = int(position + 0.5)
        t = position - width
        own[classes], own[classes + 1], own[classes + 2] = 0.5 * t * (t - 1.0), 1.0 - t * t, 0.5 * t * (t + 1.0)
        own[classes + 3], own[classes + 4] = 1.0 - part, part  # here, to have the precision of the row
        goes = steady[i]
        for k in range(classes):
            own[k] = goes * by[k] * amounts[i, k]
        for side in range(3):
            weight = own[classes + side]
            for k in range(classes):
                spread_out[side * classes + k] = weight * own[k]
        start = np.uint64((width - 1) * classes)  # unsigned: an index that may count from the end is not vectorised
        for tap in range(SLOTS):
            slot = (direction + tap) % SLOTS
            weight = own[classes + 3 + tap]
            for j in range(spread_out.size):  # a slice here would cost more than the sum
                slots[slot, i, start + np.uint64(j)] += weight * spread_out[j]
            used[slot, i, 0] = min(used[slot, i, 0], width - 1)
            used[slot, i, 1] = max(used[slot, i, 1], width + 1)


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
def lay_across(slots, used, direction, beside, inverse, inner, by_width, looked_at, directed):
    """Lay one direction's plumes across the bearings and empty its slot.

    Parameters
    ----------
    slots, used : ndarray
        Of `gather`.
    direction : int
    beside : Crosswind
    inverse : ndarray, shape (nodes,)
        One over the distances, which are evenly spaced in their logarithm, `inner` before the first of `directed` and
        at least two behind its last. [m⁻¹]
    inner : int
    by_width : ndarray, shape (widths + 1, nodes · classes)
        Scratch.
    looked_at : ndarray of int, shape (bearings,)
        First distance that is wanted.
    directed : ndarray, shape (bearings, distances · classes)
        Added to.
    """
    slot, widths = slots[direction % SLOTS], used[direction % SLOTS]
    nodes, classes = slot.shape[0], slot.shape[1] // WIDTHS
    bearings, kept = directed.shape[0], directed.shape[1] // classes
    least, most, some = WIDTHS, -1, nodes
    for i in range(nodes):
        if widths[i, 1] >= 0:
            some = min(some, i)
        least, most = min(least, widths[i, 0]), max(most, widths[i, 1])
    if most < 0:
        return
    edge = some * classes
    for s in range(least, most + 1):
        by_width[s, edge:] = 0.0
    for i in range(some, nodes):
        part = inverse[i]
        for s in range(max(widths[i, 0], 0), widths[i, 1] + 1):
            for k in range(classes):
                by_width[s, i * classes + k] = slot[i, s * classes + k] * part
                slot[i, s * classes + k] = 0.0
        widths[i, 0], widths[i, 1] = WIDTHS, -1
    patterns, sides, _ = beside.share.shape
    pattern = direction % patterns
    middle = math.floor(direction / patterns + 0.5)
    laid = by_width[WIDTHS]
    for side in range(sides):
        narrowest = beside.narrowest[pattern, side]
        if narrowest > most:
            continue
        bearing, offset = (middle - sides // 2 + side) % bearings, beside.offsets[pattern, side]
        # at a bearing every node lies the same number of steps nearer along the plume
        start = max(1 - inner - offset, some - 2 - inner - offset, looked_at[bearing])
        if start >= kept:
            continue
        n, count = (start + inner + offset) * classes, (kept - start) * classes
        first, last = n - classes, n + 2 * classes + count
        laid[first:last] = 0.0
        first = max(first, edge)
        for s in range(max(narrowest, least), most + 1):
            _add_scaled(beside.share[pattern, side, s], by_width[s, first:last], laid[first:last])
        _add_four(
            beside.shifts[pattern, side], laid[n - classes : n - classes + count], laid[n : n + count],
            laid[n + classes : n + classes + count], laid[n + 2 * classes : n + 2 * classes + count],
            directed[bearing, start * classes :],
        )  # fmt: skip


@njit(cache=True)
def turn_to(direction, open_direction, beside, inverse, inner, by_width, slots, used, looked_at, directed):
    """Lay out the directions that hours from `direction` on cannot reach any more.

    Parameters
    ----------
    direction : int
        Of `heading_of`, not less than before.
    open_direction : int
        The first that is not yet laid out; less than zero before any is.
    beside, inverse, inner, by_width, slots, used, looked_at, directed
        As of `lay_across`.
    """
    for done in range(max(open_direction, 0), min(direction, open_direction + SLOTS)):
        lay_across(slots, used, done, beside, inverse, inner, by_width, looked_at, directed)
