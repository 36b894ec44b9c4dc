"""Area sources: the plume of a point integrated over the part of an area that lies upwind of a receptor. Compiled.

US EPA (1995), EPA-454/B-95-003b, section 1.2.3: across the wind a Gaussian's integral between the polygon's edges is
known, along the wind it is numerical. Area sources neither rise nor meander. A plume costs far more than its share
between two edges, so plumes are calculated at a few distances that suit their own smoothness and interpolated where the
polygon's shape asks for more. Whatever depends on the distance alone (`columns`: concentration, dry and wet flux …) is
integrated in one pass: `distances` says where it is wanted, `integrate` takes it from there.

There are two integrals. The exact one takes strips across the wind and converges. The other goes round the polygon as
AERMOD does, and shares what its numbers owe to the way they are calculated (found by running it on rows of receptors):
the crosswind share comes from a printed table, linear between entries, so that a plume's profile is a staircase, off by
some per cent in its flanks, and ends at 3.9 spreads; each side of the polygon, clipped to the plume, is integrated by
itself with Romberg's method to one per cent. Inside large areas and beside narrow ones that is off by per cents.
"""

import math

import numpy as np
from numba import njit

from metalbudget.dispersion.air import Mean
from metalbudget.dispersion.answers import depletion_of
from metalbudget.dispersion.depletion import FIRST_METRE as WHOLE_METRE
from metalbudget.dispersion.depletion import GAUSS_NODE
from metalbudget.dispersion.gaussian import (
    SKEW_RATIO,
    Plume,
    at_least,
    at_receptor,
    at_reference,
    convective_air,
    convective_lateral,
    convective_spread,
    draughts,
    main_plume,
    settled,
)
from metalbudget.dispersion.launch import Launch, centroid_at

FIRST_METRE = 1.01  # where a plume of an area begins (EPA-454/B-95-003b: a metre; the hundredth by experiment)
NODES = 7  # plumes per panel of distance
WIDEST_PANEL = math.log(2.0)  # in the logarithm of the distance
FEW_NODES = 3  # suffice for a panel that is short beside its distance
SHORT_PANEL = math.log(1.15)
SHAPE_STEP = math.log(1.3)  # widest step of the exact integral, by its own comparison with steps eight times shorter
GAUSS_POINTS, GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(6)
TABLE_STEP = 0.1  # of `normal_table`, in spreads
EDGE_SPREADS = 3.9  # half width of a plume read from the table
ROMBERG_LEAST, ROMBERG_MOST = 4, 11  # halvings of a side
FINEST_M = 1.0  # points no farther apart suffice
ROMBERG_TOLERANCE = 0.01  # of the next but last extrapolation against that of the halving before
CROSSING_M = 1.0e-3  # of a side with a plume's edge
MOST_STEPS = 100
NODE_PARTS = np.array(
    [[0.5 - 0.5 * math.cos(math.pi * (i + 0.5) / n) for i in range(NODES)] for n in (FEW_NODES, NODES)]
)
NODE_WEIGHTS = np.array(  # barycentric, of Chebyshev's nodes (Berrut & Trefethen 2004, doi:10.1137/S0036144502417715)
    [[(-1.0) ** i * math.sin(math.pi * (i + 0.5) / n) for i in range(NODES)] for n in (FEW_NODES, NODES)]
)


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
def seen_from(xs, ys, receptor_x, receptor_y, sin_wd, cos_wd):
    """Vertices as the wind sees them from a receptor.

    Parameters
    ----------
    xs, ys : ndarray, shape (vertices,)
        East and north; either direction, not closed. [m]
    receptor_x, receptor_y : float
        [m]
    sin_wd, cos_wd : float
        Of the direction the wind blows from, clockwise from north. [1]

    Returns
    -------
    upwind, across : ndarray, shape (vertices,)
        How far each vertex lies upwind of the receptor and across the wind from it. [m]
    """
    upwind, across = np.empty(xs.size), np.empty(xs.size)
    for i in range(xs.size):
        east, north = receptor_x - xs[i], receptor_y - ys[i]
        upwind[i] = -(east * sin_wd + north * cos_wd)
        across[i] = east * cos_wd - north * sin_wd
    return upwind, across


@njit(cache=True)
def share_between(distance_m, upwind, across, spread_m, exact):
    """Share of a plume's width that a polygon takes up at a distance upwind, holes and notches left out. [1]

    Every edge that the line across the wind meets adds or takes away the share to its side.
    """
    total = 0.0
    before = upwind.size - 1
    for i in range(upwind.size):
        low, high = upwind[before], upwind[i]
        if (low <= distance_m) != (high <= distance_m):
            offset = across[before] + (across[i] - across[before]) * (distance_m - low) / (high - low)
            share = below_offset(offset / spread_m, exact)
            total += share if high > low else -share
        before = i
    return abs(total)


@njit(cache=True)
def panels(upwind):
    """How the upwind distance is cut up for interpolation, evenly in its logarithm.

    Parameters
    ----------
    upwind : ndarray, shape (vertices,)
        [m]

    Returns
    -------
    low, width : float
        Logarithm of the nearest distance, width of a panel in the logarithm.
    count, nodes : int
        Number of panels, none if nothing lies upwind; nodes in each.
    """
    nearest, farthest = max(upwind.min(), FIRST_METRE), upwind.max()
    if farthest <= nearest:
        return 0.0, 0.0, 0, 0
    low = math.log(nearest)
    span = math.log(farthest) - low
    count = max(math.ceil(span / WIDEST_PANEL), 1)
    return low, span / count, count, FEW_NODES if span < SHORT_PANEL else NODES


@njit(cache=True)
def distances(upwind):
    """Where plumes are wanted: Chebyshev nodes of each panel in the logarithm of the distance.

    Parameters
    ----------
    upwind : ndarray, shape (vertices,)
        [m]

    Returns
    -------
    ndarray, shape (panels, nodes)
        [m]
    """
    low, width, count, nodes = panels(upwind)
    found = np.empty((count, nodes))
    kind = 1 if nodes == NODES else 0
    for panel in range(count):
        for node in range(nodes):
            found[panel, node] = math.exp(low + width * (panel + NODE_PARTS[kind, node]))
    return found


@njit(cache=True)
def _logarithms(columns):
    """Columns ready for interpolation: per panel their logarithm where all of it is positive, and where that is."""
    ready = np.empty(columns.shape)
    positive = np.empty((columns.shape[0], columns.shape[2]), np.bool_)
    for panel in range(columns.shape[0]):
        for column in range(columns.shape[2]):
            positive[panel, column] = columns[panel, :, column].min() > 0.0
            for node in range(columns.shape[1]):
                value = columns[panel, node, column]
                ready[panel, node, column] = math.log(value) if positive[panel, column] else value
    return ready, positive


@njit(cache=True)
def _weights(log, low, width, count, nodes, weights):
    """Panel of the logarithm of a distance; the nodes' weights there go into `weights`."""
    panel = min(max(int((log - low) / width), 0), count - 1)
    part = (log - low) / width - panel
    kind = 1 if nodes == NODES else 0
    total = 0.0
    for node in range(nodes):
        gap = part - NODE_PARTS[kind, node]
        if abs(gap) < 1.0e-12:
            weights[:] = 0.0
            weights[node] = 1.0
            return panel
        weights[node] = NODE_WEIGHTS[kind, node] / gap
        total += weights[node]
    for node in range(nodes):
        weights[node] /= total
    return panel


@njit(cache=True)
def _spread(panel, weights, spreads):
    """Interpolated crosswind spread. [m]"""
    value = 0.0
    for node in range(spreads.shape[1]):
        value += weights[node] * spreads[panel, node]
    return value


@njit(cache=True)
def _add(panel, weights, ready, positive, factor, total):
    """Add the interpolated columns times a factor to `total`."""
    for column in range(total.size):
        value = 0.0
        for node in range(ready.shape[1]):
            value += weights[node] * ready[panel, node, column]
        total[column] += factor * (math.exp(value) if positive[panel, column] else max(value, 0.0))


@njit(cache=True)
def _breaks(upwind, across, low, high, found):
    """Logarithms of the distances inside a panel at which the polygon's outline turns or crosses the axis; their count.

    `found` takes them in order, the panel's ends among them.
    """
    found[0] = low
    count = 1
    before = upwind.size - 1
    for i in range(upwind.size):
        if upwind[i] > 0.0:
            log = math.log(upwind[i])
            if low < log < high:
                found[count] = log
                count += 1
        if across[before] * across[i] < 0.0:
            axis = upwind[before] - across[before] * (upwind[i] - upwind[before]) / (across[i] - across[before])
            if axis > 0.0:
                log = math.log(axis)
                if low < log < high:
                    found[count] = log
                    count += 1
        before = i
    found[count] = high
    count += 1
    found[:count].sort()
    return count


@njit(cache=True)
def _strips(upwind, across, spreads, columns):
    """The exact integral, by strips across the wind between the distances at which the outline turns."""
    total = np.zeros(columns.shape[2])
    low, width, count, nodes = panels(upwind)
    ready, positive = _logarithms(columns)
    weights = np.empty(NODES)
    marks = np.empty(2 * upwind.size + 2)
    for panel in range(count):
        start = low + width * panel
        pieces = _breaks(upwind, across, start, start + width, marks) - 1
        for piece in range(pieces):
            length = marks[piece + 1] - marks[piece]
            steps = math.ceil(length / SHAPE_STEP)
            for step in range(steps):
                for point in range(GAUSS_POINTS.size):
                    log = marks[piece] + length * (step + 0.5 + 0.5 * GAUSS_POINTS[point]) / steps
                    _weights(log, low, width, count, nodes, weights)
                    distance = math.exp(log)
                    share = share_between(distance, upwind, across, _spread(panel, weights, spreads), True)
                    if share > 0.0:
                        share *= 0.5 * GAUSS_WEIGHTS[point] * length / steps * distance
                        _add(panel, weights, ready, positive, share, total)
    return total


@njit(cache=True)
def with_turbulence(source, turbulence_m_s):
    """The source with another vertical turbulence at its release. [m s⁻¹]"""
    here = source.here
    return Launch(
        source.release, source.height, source.stable, source.buoyancy, source.momentum, source.wind, source.frequency,
        source.final_rise, source.final_distance, source.penetrated, source.penetrated_height, source.mixed_height,
        source.mixed_distance, source.centroid_distance, source.centroid_rise, source.initial_lateral,
        source.initial_vertical, Mean(here.wind, here.lateral, turbulence_m_s, here.gradient, here.temperature),
    )  # fmt: skip


@njit(cache=True)
def plume_from(air, source, distance_m, place, last, again):
    """Plume of an area at a distance.

    In the mixed layer AERMOD begins the first estimate of the spread with the effective vertical turbulence of the
    plume that it calculated before, whatever its distance. Where a side bounds the plume it calculates it twice, first
    for its width; heights and draughts stay those of the first time, spreads and wind become those of the second. (Seen
    in what it prints of its steps, to four digits.)

    Parameters
    ----------
    air : Air
    source : Launch
        Of a release without diameter.
    distance_m : float
        [m]
    place : Place
    last : ndarray, shape (2,)
        Effective wind and vertical turbulence of the plume before, replaced by this one's. [m s⁻¹]
    again : bool
        Whether that one was of the same distance, and this is its second calculation.

    Returns
    -------
    Plume
    """
    if source.stable:
        return main_plume(air, source, distance_m, place, False)
    own = source.initial_vertical**2
    top = air.mixing_height
    centre = centroid_at(air, source, distance_m, 0.0)
    effective = convective_air(air, source, distance_m, place, centre, own, last[1])
    wind, vertical = (last[0], last[1]) if again else (effective.wind, effective.vertical)
    up, down, share_up = draughts(vertical, air.convective_velocity, centre, top)
    time = distance_m / wind
    e1, s1 = convective_spread(distance_m, SKEW_RATIO * up, effective.wind, centre, air)
    e2, s2 = convective_spread(distance_m, -SKEW_RATIO * down, effective.wind, centre, air)
    lateral = convective_lateral(distance_m, effective.lateral, effective.wind, source.release, top)
    last[0], last[1] = effective.wind, effective.vertical
    return Plume(
        1.0, effective.wind, effective.lateral, lateral, centre, True, source.height + up * time,
        math.sqrt(e1 * e1 + s1 * s1 + own), source.height + down * time, math.sqrt(e2 * e2 + s2 * s2 + own), share_up,
        0.0, top, 0.5, False,
    )  # fmt: skip


@njit(cache=True)
def arriving(air, source, plume, distance_m, place, load, found):
    """What a source of unit strength per metre along the wind, endless across it, gives from a distance, into `found`.

    Parameters
    ----------
    air : Air
    source : Launch
    plume : Plume
        Of the distance.
    distance_m : float
        [m]
    place : Place
    load : tuple
        Fraction, dry velocity, settling and wet rates of the classes, reference height, and whether dry and wet
        depletion act and by Romberg's method; as of `add_area_answer`.
    found : ndarray, shape (3,)
        Concentration, dry and wet flux.
    """
    fraction, dry_m_s, settling_m_s, wet_s, reference_m, dry_depletion, wet_depletion, romberg = load
    found[:] = 0.0
    for k in range(fraction.size):
        amount = fraction[k] / plume.wind * depletion_of(
            air, source, distance_m, place, reference_m, dry_m_s[k], settling_m_s[k], wet_s[1, k], dry_depletion,
            wet_depletion, romberg,
        )  # fmt: skip
        fallen = settled(plume, air, source, distance_m, place, settling_m_s[k] * distance_m / source.wind)
        found[0] += amount * at_receptor(fallen, place, 0.0)
        if dry_m_s[k] > 0.0:
            found[1] += amount * dry_m_s[k] * at_reference(fallen, place, reference_m)
        found[2] += amount * wet_s[0, k]


@njit(cache=True)
def on_the_way(air, source, distance_m, place, load, last):
    """What depletion by two points leaves in `last`: AERMOD calculates it before the plume itself, far point first."""
    _, dry_m_s, _, _, _, dry_depletion, _, romberg = load
    if source.stable or not dry_depletion or romberg or dry_m_s.max() <= 0.0:
        return
    for node in (0.5 + GAUSS_NODE, 0.5 - GAUSS_NODE):
        there = WHOLE_METRE + node * (distance_m - WHOLE_METRE)
        plume_from(air, source, there, place, last, False)


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
    Brent (1973), *Algorithms for Minimization without Derivatives*, ch. 4, to `CROSSING_M`.
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
        if abs(half) <= CROSSING_M or fb == 0.0:
            break
        if abs(before) >= CROSSING_M and abs(fa) > abs(fb):
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
            if 2.0 * p < min(3.0 * half * q - abs(CROSSING_M * q), abs(before * q)):
                before, step = step, p / q
            else:
                step = before = half
        else:
            step = before = half
        a, fa = b, fb
        b += step if abs(step) > CROSSING_M else math.copysign(CROSSING_M, half)
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
def _side(air, source, place, load, side, bounded, last, total):
    """Add to `total` the integral along a side, by Romberg's method, of what arrives times the share of the plume to
    the side of it; `bounded`: that share, all of the plume otherwise. Each column stops for itself."""
    s0, c0, s1, c1 = side
    size = total.size
    table = np.empty((ROMBERG_MOST + 1, size))
    done = np.zeros(size, np.bool_)
    found, fresh, halved = np.zeros(size), np.zeros(size), np.zeros(size)
    for level in range(ROMBERG_MOST + 1):
        points = 2 if level == 0 else 2 ** (level - 1)
        fresh[:] = 0.0
        for point in range(points):
            part = float(point) if level == 0 else (point + 0.5) / points
            distance = s0 + part * (s1 - s0)
            share = 1.0
            on_the_way(air, source, distance, place, load, last)
            plume = plume_from(air, source, distance, place, last, False)
            if bounded:
                plume = plume_from(air, source, distance, place, last, True)
                share = 0.5 + below_offset((c0 + part * (c1 - c0)) / plume.spread_y, False)
            if share > 0.0:
                arriving(air, source, plume, distance, place, load, found)
                fresh += share * found
        fine = abs(s1 - s0) <= FINEST_M * 2.0**level
        for column in range(size):
            if done[column]:
                continue
            if level == 0:
                halved[column] = 0.5 * (s1 - s0) * fresh[column]
                table[0, column] = halved[column]
                continue
            halved[column] = 0.5 * (halved[column] + (s1 - s0) / points * fresh[column])
            value, before, best = halved[column], table[0, column], table[level - 1, column]
            table[0, column] = value
            change, against = 0.0, 0.0
            for order in range(1, level + 1):
                if order == level:
                    change, against = value - best, value
                value += (value - before) / (4.0**order - 1.0)
                if order < level:
                    before = table[order, column]
                table[order, column] = value
            if level == ROMBERG_MOST or (
                level >= ROMBERG_LEAST and (fine or abs(change) <= ROMBERG_TOLERANCE * abs(against))
            ):
                done[column] = True
                total[column] += value
        if done.all():
            return


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
    if count < 3:
        return total
    begun = at_least(source.here)
    last = np.array([begun.wind, begun.vertical])
    spreads = np.empty(count)
    for i in range(count):
        spreads[i] = corners[i, 1] / plume_from(air, source, corners[i, 0], place, last, False).spread_y
    if spreads.min() >= EDGE_SPREADS or spreads.max() <= -EDGE_SPREADS:
        return total
    runs = np.empty((count + 1, 2))  # of what lies beyond the edge to whose side the plume's share is counted
    used, running = 0, False
    for i in range(count):
        j = (i + 1) % count
        s0, c0, s1, c1 = corners[i, 0], corners[i, 1], corners[j, 0], corners[j, 1]
        v0, v1 = spreads[i], spreads[j]
        side = (s0, c0, s1, c1)
        begin, end = s0, s1  # of the part inside the plume
        if abs(v0) >= EDGE_SPREADS and abs(v1) >= EDGE_SPREADS and (v0 > 0.0) == (v1 > 0.0):
            if v0 > 0.0:
                if not running:
                    runs[used, 0], running = s0, True
                runs[used, 1] = s1
            continue
        if s0 != s1:
            if abs(v0) >= EDGE_SPREADS:
                edge = math.copysign(EDGE_SPREADS, v0)
                begin = crossing(air, source, place, side, edge, v0 - edge, v1 - edge, last)
            if abs(v1) >= EDGE_SPREADS:
                edge = math.copysign(EDGE_SPREADS, v1)
                end = crossing(air, source, place, side, edge, v0 - edge, v1 - edge, last)
        if v0 >= EDGE_SPREADS:
            if not running:
                runs[used, 0] = s0
            runs[used, 1] = begin
            used, running = used + 1, False
        if s0 != s1 and begin != end:
            slope = (c1 - c0) / (s1 - s0)
            inner = (begin, c0 + slope * (begin - s0), end, c0 + slope * (end - s0))
            _side(air, source, place, load, inner, True, last, total)
        if v1 >= EDGE_SPREADS:
            runs[used, 0], runs[used, 1], running = end, s1, True
    if running:
        if used > 0 and spreads[0] >= EDGE_SPREADS:  # it began before the first corner
            runs[0, 0] = runs[used, 0]
        else:
            used += 1
    for run in range(used):
        if runs[run, 0] != runs[run, 1]:
            _side(air, source, place, load, (runs[run, 0], 0.0, runs[run, 1], 0.0), False, last, total)
    turn = 0.0  # whichever way the corners go round; what the table leaves of the wrong sign is nothing
    for i in range(count):
        j = (i + 1) % count
        turn += corners[i, 0] * corners[j, 1] - corners[j, 0] * corners[i, 1]
    return np.maximum(-total if turn > 0.0 else total, 0.0)


@njit(cache=True)
def on_its_way(air, source, distance_m, place):
    """The source with the turbulence from which an area's plume begins to estimate its spread in the mixed layer.

    Of a point that is the turbulence at the release. Going along an area AERMOD keeps the effective one of its last
    step instead (found by experiment), which the effective one here stands for.
    """
    if source.stable:
        return source
    turbulence = at_least(source.here).vertical
    centre = centroid_at(air, source, distance_m, 0.0)
    for _ in range(2):
        effective = convective_air(air, source, distance_m, place, centre, source.initial_vertical**2, turbulence)
        turbulence = effective.vertical
    return with_turbulence(source, turbulence)


@njit(cache=True)
def area_concentration(air, source, xs, ys, receptor_x, receptor_y, sin_wd, cos_wd, place, exact=False):
    """Concentration from an area source per unit of emission density.

    Parameters
    ----------
    air : Air
    source : Launch
        Of a release without diameter; its initial vertical spread counts.
    xs, ys : ndarray, shape (vertices,)
        Polygon, convex or not, in either direction, not closed. [m]
    receptor_x, receptor_y : float
        Anywhere, inside the polygon as well. [m]
    sin_wd, cos_wd : float
        Of the direction the wind blows from. [1]
    place : Place
        The receptor's heights.
    exact : bool
        As `integrate`.

    Returns
    -------
    float
        Zero upwind of the source. [s m⁻¹]
    """
    none = np.zeros(1)
    found = np.zeros(3)
    add_area_answer(
        air, source, xs, ys, receptor_x, receptor_y, sin_wd, cos_wd, place, np.ones(1), none, none, np.zeros((2, 1)),
        1.0, False, False, False, exact, found,
    )  # fmt: skip
    return found[0]


@njit(cache=True)
def add_area_answer(
    air, source, xs, ys, receptor_x, receptor_y, sin_wd, cos_wd, place, fraction, dry_m_s, settling_m_s, wet_s,
    reference_m, dry_depletion, wet_depletion, romberg, exact, out,
):  # fmt: skip
    """Add one receptor's concentration, dry and wet flux per unit of emission density to `out`.

    Every strip of the area loses on its own way to the receptor.

    Parameters
    ----------
    air, source, xs, ys, receptor_x, receptor_y, sin_wd, cos_wd, place, exact
        As `area_concentration`.
    fraction, dry_m_s, settling_m_s : ndarray, shape (classes,)
        Of the hour. [1], [m s⁻¹], [m s⁻¹], [s⁻¹]
    reference_m : float
        Height of the dry deposition velocity. [m]
    dry_depletion, wet_depletion, romberg : bool
        Of the depletion integral, not of the area's.
    out : ndarray, shape (3,)
        [s m⁻¹], [1], [1]
    """
    upwind, across = seen_from(xs, ys, receptor_x, receptor_y, sin_wd, cos_wd)
    load = (fraction, dry_m_s, settling_m_s, wet_s, reference_m, dry_depletion, wet_depletion, romberg)
    if not exact:
        out += outline(air, source, upwind, across, place, load)
        return
    where = distances(upwind)
    if where.size == 0:
        return
    spreads = np.empty(where.shape)
    columns = np.zeros((where.shape[0], where.shape[1], 3))
    for panel in range(where.shape[0]):
        for node in range(where.shape[1]):
            distance = where[panel, node]
            plume = main_plume(air, on_its_way(air, source, distance, place), distance, place, False)
            spreads[panel, node] = plume.spread_y
            arriving(air, source, plume, distance, place, load, columns[panel, node])
    out += _strips(upwind, across, spreads, columns)
