"""AERMOD's own integral over an area: round its outline, side by side. Compiled.

EPA-454/B-95-003b, section 1.2.3, and what AERMOD prints of its steps (DEBUGOPT MODEL, AREA), read point by point. What
its numbers owe to the way they are calculated is shared here: the crosswind share comes from a printed table, linear
between entries, so that a plume's profile is a staircase, off by some per cent in its flanks, and ends at 3.9 spreads;
each side, cut where it leaves the plume, is integrated by itself with Romberg's method, to one per cent or to points a
metre apart; and in the mixed layer a plume depends on the one calculated before it. Inside large areas and beside
narrow ones that is off by per cents from the converged integral (`area`).
"""

import math

import numpy as np
from numba import njit

from metalbudget.dispersion.area_plumes import arriving, kept, plume_from
from metalbudget.dispersion.gaussian import at_least, convective_lateral, lateral_spread

FIRST_METRE = 1.01  # where a plume of an area begins (EPA-454/B-95-003b: a metre; the hundredth by experiment)
TABLE_STEP = 0.1  # of `normal_table`, in spreads
EDGE_SPREADS = 3.9  # half width of a plume read from the table
FAR_ASIDE_SPREADS = 5.0  # of the air at release: areas wholly farther aside are left out
ROMBERG_LEAST, ROMBERG_MOST = 4, 11  # halvings of a side
ROMBERG_TOLERANCE = 0.01  # of the last extrapolation against that of the halving before
LEAST_MEAN = 1.0e-5  # what a side brings per metre of it, below which the first points suffice, whatever is integrated
FINEST_M = 1.0  # points no farther apart suffice
CROSSING_M, CROSSING_SHARE = 5.0e-4, 2.0e-3  # of a side with a plume's edge: in metres and of its distance
MOST_STEPS = 10  # then the last one counts


def normal_table():
    """Cumulative normal distribution in steps of a tenth of a spread, to four decimals as printed tables have it. [1]

    Two entries (0.4 and 2.0) are one in the last digit above the rounded integral, as in AERMOD's table.

    Returns
    -------
    ndarray, shape (41,)
        From the axis to 4 spreads, less one half.
    """
    table = np.array([round(0.5 * math.erf(0.1 * step / math.sqrt(2.0)), 4) for step in range(41)])
    table[[4, 20]] += 0.0001
    return table


NORMAL_TABLE = normal_table()


@njit(cache=True)
def below_offset(spreads, exact):
    """Share of a plume between its axis and an offset, negative to the other side.

    Parameters
    ----------
    spreads : float
        Offset across the wind in crosswind spreads. [1]
    exact : bool
        The normal distribution itself; else `normal_table`.

    Returns
    -------
    float
        -0.5..0.5. [1]
    """
    if exact:
        return 0.5 * math.erf(spreads / math.sqrt(2.0))
    place = abs(spreads) / TABLE_STEP
    last = NORMAL_TABLE.size - 1
    if place >= last:
        share = NORMAL_TABLE[last]
    else:
        step = int(place)
        share = NORMAL_TABLE[step] + (NORMAL_TABLE[step + 1] - NORMAL_TABLE[step]) * (place - step)
    return share if spreads >= 0.0 else -share


@njit(cache=True)
def crossing(air, source, place, side, edge, inside, outside, last):
    """Distance at which a side meets a plume's edge, by Brent's method. [m]

    Parameters
    ----------
    air : Air
    source : Launch
    place : Place
    side : tuple of 4 float
        Distance and offset of its two ends. [m]
    edge : float
        In spreads from the axis. [1]
    inside, outside : float
        Distance of the two ends less the offset there over the spread and the edge: distances of opposite sign. [m]
    last : ndarray, shape (2,)
        As `plume_from`.

    Notes
    -----
    Brent (1973), *Algorithms for Minimization without Derivatives*, ch. 4, to `CROSSING_M` and `CROSSING_SHARE`, at
    most `MOST_STEPS` plumes. An interpolated step p/q is taken if 2 |p| < |e − q| (Brent: |e q|), e the step before the
    last; q has no dimension, but this repeats AERMOD's crossings in 376 of 376 trials to eight digits, and where a
    plume is cut off tells in its flank.
    """
    s0, c0, s1, c1 = side
    a, b, fa, fb = s0, s1, inside, outside
    c, fc, step, before = a, fa, b - a, b - a
    for _ in range(MOST_STEPS):
        if (fb > 0.0) == (fc > 0.0):
            c, fc, step, before = a, fa, b - a, b - a
        if abs(fc) < abs(fb):
            a, b, c = b, c, b
            fa, fb, fc = fb, fc, fb
        half = 0.5 * (c - b)
        least = CROSSING_SHARE * abs(b) + CROSSING_M
        if abs(half) <= least or fb == 0.0:
            break
        if abs(before) >= least and abs(fa) > abs(fb):
            ratio = fb / fa
            if a == c:
                p, q = 2.0 * half * ratio, 1.0 - ratio
            else:
                q, r = fa / fc, fb / fc
                p = ratio * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0))
                q = (q - 1.0) * (r - 1.0) * (ratio - 1.0)
            if p > 0.0:
                q = -q
            p = abs(p)
            if 2.0 * p < min(3.0 * half * q - abs(least * q), abs(before - q)):
                before, step = step, p / q
            else:
                step = before = half
        else:
            step = before = half
        a, fa = b, fb
        b += step if abs(step) > least else math.copysign(least, half)
        offset = c0 + (c1 - c0) * (b - s0) / (s1 - s0)
        fb = offset / plume_from(air, source, b, place, last, False).spread_y - edge
    return b


@njit(cache=True)
def _upwind_outline(upwind, across):
    """Polygon at least `FIRST_METRE` upwind: the vertices there and the points where it is cut off.

    Returns
    -------
    ndarray, shape (vertices, 2)
        Distance and offset. [m]
    """
    corners = np.empty((2 * upwind.size, 2))
    used = 0
    for i in range(upwind.size):
        j = (i + 1) % upwind.size
        s0, c0, s1, c1 = upwind[i], across[i], upwind[j], across[j]
        if s0 >= FIRST_METRE:
            corners[used] = s0, c0
            used += 1
        if (s0 < FIRST_METRE) != (s1 < FIRST_METRE):
            corners[used] = FIRST_METRE, c0 + (c1 - c0) * (FIRST_METRE - s0) / (s1 - s0)
            used += 1
    return corners[:used]


@njit(cache=True)
def _far_aside(air, source, here, farthest_m, aside_m):
    """Whether an area is left out before any plume is calculated: by the spread of the air at release at its far end.

    Found by experiment, to five digits, by day and by night.
    """
    if source.stable:
        depth = air.rural_height if air.urban else air.mechanical_height
        spread = lateral_spread(farthest_m, here.lateral, here.wind, source.height, depth)
    else:
        spread = convective_lateral(farthest_m, here.lateral, here.wind, source.release, air.mixing_height)
    return aside_m > FAR_ASIDE_SPREADS * spread


@njit(cache=True)
def _side(air, source, place, load, side, bounded, last, total):
    """Add to `total` the integral along a side, by Romberg's method, of what arrives times the share of the plume to
    the side of it; `bounded`: that share, all of the plume otherwise. Each column stops for itself."""
    s0, c0, s1, c1 = side
    size = total.size
    table = np.empty((ROMBERG_MOST + 1, size))
    done = np.zeros(size, np.bool_)
    found, fresh, halved = np.zeros(size), np.zeros(size), np.zeros(size)
    left = np.ones(load[0].size)
    for level in range(ROMBERG_MOST + 1):
        points = 2 if level == 0 else 2 ** (level - 1)
        fresh[:] = 0.0
        for point in range(points):
            part = float(point) if level == 0 else (point + 0.5) / points
            distance = s0 + part * (s1 - s0)
            share = 1.0
            if not source.stable:  # whatever the share, as the next plume begins with the last one
                kept(air, source, distance, place, load, last, left)
            plume = plume_from(air, source, distance, place, last, False)
            if bounded:
                plume = plume_from(air, source, distance, place, last, True)
                share = 0.5 + below_offset((c0 + part * (c1 - c0)) / plume.spread_y, False)
            if share > 0.0:
                if source.stable:
                    kept(air, source, distance, place, load, last, left)
                arriving(air, source, plume, distance, place, load, left, found)
                fresh += share * found
        fine = abs(s1 - s0) <= FINEST_M * 2.0**level
        for column in range(size):
            if done[column]:
                continue
            if level == 0:
                halved[column] = 0.5 * (s1 - s0) * fresh[column]
                table[0, column] = halved[column]
                done[column] = halved[column] == 0.0  # nothing at both ends: nothing between them
                continue
            halved[column] = 0.5 * (halved[column] + (s1 - s0) / points * fresh[column])
            value, before, best = halved[column], table[0, column], table[level - 1, column]
            table[0, column] = value
            for order in range(1, level + 1):
                value += (value - before) / (4.0**order - 1.0)
                if order < level:
                    before = table[order, column]
                table[order, column] = value
            if level == ROMBERG_MOST or (
                level >= ROMBERG_LEAST
                and (
                    fine
                    or abs(value - best) <= ROMBERG_TOLERANCE * abs(value)
                    or abs(value) <= LEAST_MEAN * abs(s1 - s0)
                )
            ):
                done[column] = True
                total[column] += value
        if done.all():
            return


@njit(cache=True)
def _there_less_back(pieces):
    """Pieces of the way along a plume's edge, less what is gone there and back; neighbours as one.

    Parameters
    ----------
    pieces : ndarray, shape (pieces, 2)
        From where to where. [m]

    Returns
    -------
    ndarray, shape (at least number, 2)
        The same, free of overlap; a stretch gone twice the same way is there twice. [m]
    int
        Their number.
    """
    marks = np.sort(pieces.ravel())
    left = np.empty((marks.size * max(pieces.shape[0], 1), 2))
    number, before = 0, 0
    for i in range(marks.size - 1):
        low, high = marks[i], marks[i + 1]
        if low == high:
            continue
        way = 0
        for start, end in pieces:
            if min(start, end) <= low and high <= max(start, end):
                way += 1 if end > start else -1
        if way != 0 and way == before and abs(way) == 1:
            left[number - 1, 1 if way > 0 else 0] = high
        else:
            for _ in range(abs(way)):
                left[number] = (low, high) if way > 0 else (high, low)
                number += 1
        before = way
    return left, number


@njit(cache=True)
def outline(air, source, upwind, across, place, load):
    """AERMOD's integral: round the polygon as far as it lies in the plume, then back along the plume's edge.

    A side is cut where it leaves the plume if its ends tell; one whose ends lie both beyond the same edge is taken to
    lie there whole.

    Returns
    -------
    ndarray, shape (3,)
        As of `add_area_answer`.
    """
    total = np.zeros(3)
    corners = _upwind_outline(upwind, across)
    count = corners.shape[0]
    begun = at_least(source.here)
    if count < 3 or _far_aside(air, source, begun, upwind.max(), max(across.min(), -across.max())):
        return total
    last = np.array([begun.wind, begun.vertical])
    spreads = np.empty(count)
    for i in range(count):
        spreads[i] = corners[i, 1] / plume_from(air, source, corners[i, 0], place, last, False).spread_y
    if spreads.min() >= EDGE_SPREADS or spreads.max() <= -EDGE_SPREADS:
        return total
    beyond = np.empty((2 * count, 2))  # what lies beyond the edge to whose side the plume's share is counted
    used = 0
    for i in range(count):
        j = (i + 1) % count
        s0, c0, s1, c1 = corners[i, 0], corners[i, 1], corners[j, 0], corners[j, 1]
        v0, v1 = spreads[i], spreads[j]
        side = (s0, c0, s1, c1)
        begin, end = s0, s1  # of the part inside the plume
        if abs(v0) >= EDGE_SPREADS and abs(v1) >= EDGE_SPREADS and (v0 > 0.0) == (v1 > 0.0):
            if v0 > 0.0:
                beyond[used] = s0, s1
                used += 1
            continue
        if s0 != s1:
            if abs(v0) >= EDGE_SPREADS:
                edge = math.copysign(EDGE_SPREADS, v0)
                begin = crossing(air, source, place, side, edge, v0 - edge, v1 - edge, last)
            if abs(v1) >= EDGE_SPREADS:
                edge = math.copysign(EDGE_SPREADS, v1)
                end = crossing(air, source, place, side, edge, v0 - edge, v1 - edge, last)
        if v0 >= EDGE_SPREADS:
            beyond[used] = s0, begin
            used += 1
        if s0 != s1 and begin != end:
            slope = (c1 - c0) / (s1 - s0)
            inner = (begin, c0 + slope * (begin - s0), end, c0 + slope * (end - s0))
            _side(air, source, place, load, inner, True, last, total)
        if v1 >= EDGE_SPREADS:
            beyond[used] = end, s1
            used += 1
    runs, number = _there_less_back(beyond[:used])
    for run in range(number):
        _side(air, source, place, load, (runs[run, 0], 0.0, runs[run, 1], 0.0), False, last, total)
    return np.abs(total)
