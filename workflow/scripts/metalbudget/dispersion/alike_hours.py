"""Hours of one source by what hours like them bring: a plume is calculated once, in everybody's direction.

What a plume brings by distance and level does not know its direction. So it is calculated for some hours (`carried`),
and every hour of the year takes that of the hour most like it, by its own direction and times what its own amount at
the level of the base, which is known for every hour, says. Compiled.
"""

import math

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.fan import SLOTS, WIDTHS, gather, heading_of, narrowed, turn_to, unused

DRY, WET = 0, 1
MOST_SCALE = 10.0  # by which an hour may bring more than the one like it, or less
LEAST_BROUGHT = 1.0e-25  # of what is emitted: less tells nothing of other hours


@njit_borrowing(error_model="numpy")
def dry_scale(strength, like_strength, at_base, like_at_base, like_brought):
    """By how much an hour's dry deposition at a level exceeds that of the hour like it. [1]

    Parameters
    ----------
    strength, like_strength : float
        Deposition velocity over the wind at the plume, of both hours. [1]
    at_base, like_at_base : float
        What each brings at the level of the base. [1]
    like_brought : float
        What the hour like it brings at the level, likewise. [1]

    Notes
    -----
    Where a level has less than the base, it changes in proportion to the base; where it has more, since the plume
    comes nearer, by the difference at the base. Beside the ratio of strengths no more than `MOST_SCALE` either way;
    nothing where the hour that stands for it brings nothing to speak of.
    """
    if strength <= 0.0 or like_strength <= 0.0 or like_brought < LEAST_BROUGHT:
        return 0.0
    scale = strength / like_strength
    expected, there = scale * like_at_base, scale * like_brought
    other = at_base / expected if there <= expected else 1.0 + (at_base - expected) / there
    return scale * min(max(other, 1.0 / MOST_SCALE), MOST_SCALE)


@njit_borrowing(error_model="numpy")
def wet_scale(at_base, like_at_base):
    """The same of wet deposition, which hardly depends on the level. [1]"""
    if at_base <= 0.0 or like_at_base < LEAST_BROUGHT:
        return 0.0
    return min(max(at_base / like_at_base, 1.0 / MOST_SCALE), MOST_SCALE)


@njit_borrowing(error_model="numpy")
def _add_round_about(amounts, steady, by, first, distances, round_about):
    """Add what lost its direction, of all hours that are like one: `by` (classes,) is the sum of their factors."""
    classes = by.size
    for i in range(first, distances.size):
        lost = (1.0 - steady[i]) / (2.0 * math.pi * distances[i])
        for f in range(amounts.shape[1]):
            round_about[i, f] += lost * by[f % classes] * amounts[i, f]


@njit(cache=True)
def _scales(kind, hours, like, chosen, weight, strength, at_base, nearest, carried):
    """By how much every hour's deposition exceeds that of the hour like it, shape (hours, levels, classes). [1]"""
    levels, nodes = carried.since.shape[1], nearest.size
    classes = strength.shape[1]
    found = np.zeros((hours.size, levels, classes), dtype=np.float32)
    for index in range(hours.size):
        hour, row = hours[index], like[index]
        other = chosen[row]
        for level in range(levels):
            first = carried.since[row, level]
            if first >= nodes:
                continue
            at = nearest[first]
            for k in range(classes):
                if other == hour:
                    scale = 1.0
                elif kind == DRY:
                    scale = dry_scale(
                        strength[hour, k], strength[other, k], at_base[DRY, hour, at, k], at_base[DRY, other, at, k],
                        carried.brought[DRY, row, level, k],
                    )  # fmt: skip
                else:
                    scale = wet_scale(at_base[WET, hour, at, k], at_base[WET, other, at, k])
                found[index, level, k] = scale * weight[hour]
    return found


@njit(nogil=True, cache=True)
def add_alike_hours(
    kind, hours, like, chosen, place, weight, sine, cosine, strength, at_base, nearest, carried, distances, inner,
    beside, looked_at, directed, round_about,
):  # fmt: skip
    """Add dry or wet deposition of hours, sorted by direction, by what hours like them bring.

    Parameters
    ----------
    kind : int
        `DRY` or `WET`.
    hours : ndarray of int, shape (some hours,)
    like : ndarray of int, shape (some hours,)
        Which of the chosen each is like.
    chosen : ndarray of int, shape (rows,)
        Hours that were calculated.
    place : ndarray of int, shape (rows,)
        Where a chosen hour's deposition has been put; below zero if it has none.
    weight : ndarray, shape (hours,)
        How many hours each stands for. [1]
    sine, cosine : ndarray, shape (hours,)
        Of the direction that the wind comes from. [1]
    strength : ndarray, shape (hours, classes)
        Deposition velocity over the wind at the plume. [1]
    at_base : ndarray, shape (2, hours, base distances, classes)
        Dry and wet deposition of every hour at the level of the base, from each distance to the last. [1]
    nearest : ndarray of int, shape (nodes,)
        Of those distances, the one at each node.
    carried : Carried
    distances : ndarray, shape (nodes,)
        [m]
    inner : int
        Nodes before the first distance that is kept.
    beside : fan.Crosswind
        In single precision.
    looked_at : ndarray of int, shape (levels, bearings)
        Of the distances that are kept, the first that is wanted.
    directed : ndarray, shape (levels, bearings, distances · fields)
        Added to. [m⁻²]
    round_about : ndarray, shape (levels, nodes, fields)
        Added to.
    """
    amounts = carried.dry if kind == DRY else carried.wet
    parts, _, levels, nodes, fields = amounts.shape
    rows, classes = chosen.size, strength.shape[1]
    kept = directed.shape[2] // fields
    inverse = (1.0 / distances).astype(np.float32)
    direction_step = 2.0 * math.pi / (directed.shape[1] * beside.share.shape[0])
    slots, used = np.zeros((SLOTS, nodes, WIDTHS * fields), dtype=np.float32), unused(nodes)
    by_width = np.empty((WIDTHS + 1, nodes * fields), dtype=np.float32)
    own, spread_out = np.empty(fields + 5, dtype=np.float32), np.empty(3 * fields, dtype=np.float32)
    by, positions = np.empty(fields, dtype=np.float32), np.empty(nodes)
    scales = _scales(kind, hours, like, chosen, weight, strength, at_base, nearest, carried)
    total = np.empty((rows, classes))
    for level in range(levels):
        if looked_at[level].min() >= kept:
            continue
        total[:] = 0.0
        open_direction = -SLOTS  # the first that later hours can still reach
        for index in range(hours.size):
            row, scale = like[index], scales[index, level]
            first = carried.since[row, level]
            if first >= nodes or place[row] < 0 or scale.max() == 0.0:
                continue
            for f in range(fields):
                by[f] = scale[f % classes]
            for k in range(classes):
                total[row, k] += scale[k]
            direction, turned = heading_of(sine[hours[index]], cosine[hours[index]], direction_step)
            turn_to(
                direction, open_direction, beside, inverse, inner, by_width, slots, used, looked_at[level],
                directed[level],
            )  # fmt: skip
            open_direction = direction
            for part in range(parts):
                if carried.there[part, row]:
                    narrowed(carried.positions[part, row, level], first, direction_step, turned, positions)
                    gather(
                        positions, amounts[part, place[row], level], carried.steady[part, row, level], by, first,
                        direction, turned, slots, used, own, spread_out,
                    )  # fmt: skip
        turn_to(
            open_direction + SLOTS, open_direction, beside, inverse, inner, by_width, slots, used, looked_at[level],
            directed[level],
        )  # fmt: skip
        for row in range(rows):
            first = carried.since[row, level]
            for part in range(parts):
                if first < nodes and place[row] >= 0 and carried.there[part, row]:
                    _add_round_about(
                        amounts[part, place[row], level], carried.steady[part, row, level], total[row], first,
                        distances, round_about[level],
                    )  # fmt: skip
