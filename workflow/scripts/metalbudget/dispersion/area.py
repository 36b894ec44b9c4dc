"""Area sources: the plume of a point integrated over the part of an area that lies upwind of a receptor. Compiled.

US EPA (1995), EPA-454/B-95-003b, section 1.2.3: across the wind a Gaussian's integral between the polygon's edges is
known, along the wind it is numerical. Area sources neither rise nor meander.

There are two integrals. The exact one takes strips across the wind and converges: plumes are calculated at a few
distances that suit their own smoothness and interpolated where the polygon's shape asks for more, and whatever depends
on the distance alone (`columns`: concentration, dry and wet flux) is integrated in one pass. The other, which answers
decks, goes round the polygon as AERMOD does (`outline`).
"""

import math

import numpy as np
from numba import njit

from metalbudget.dispersion.answers import depletion_of
from metalbudget.dispersion.area_plumes import arriving, with_turbulence
from metalbudget.dispersion.gaussian import at_least, convective_air, main_plume
from metalbudget.dispersion.launch import centroid_at
from metalbudget.dispersion.outline import FIRST_METRE, below_offset, outline

NODES = 7  # plumes per panel of distance
WIDEST_PANEL = math.log(2.0)  # in the logarithm of the distance
FEW_NODES = 3  # suffice for a panel that is short beside its distance
SHORT_PANEL = math.log(1.15)
SHAPE_STEP = math.log(1.3)  # widest step of the exact integral, by its own comparison with steps eight times shorter
GAUSS_POINTS, GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(6)
NODE_PARTS = np.array(
    [[0.5 - 0.5 * math.cos(math.pi * (i + 0.5) / n) for i in range(NODES)] for n in (FEW_NODES, NODES)]
)
NODE_WEIGHTS = np.array(  # barycentric, of Chebyshev's nodes (Berrut & Trefethen 2004, doi:10.1137/S0036144502417715)
    [[(-1.0) ** i * math.sin(math.pi * (i + 0.5) / n) for i in range(NODES)] for n in (FEW_NODES, NODES)]
)


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
def strips(upwind, across, spreads, columns):
    """The exact integral over a polygon of what a plume brings from each distance.

    By strips across the wind between the distances at which the outline turns.

    Parameters
    ----------
    upwind, across : ndarray, shape (vertices,)
        As `seen_from`. [m]
    spreads : ndarray, shape (panels, nodes)
        Crosswind spread at `distances`. [m]
    columns : ndarray, shape (panels, nodes, columns)
        What a source of unit strength per metre along the wind, endless across it, gives the receptor from there, ≥ 0.

    Returns
    -------
    ndarray, shape (columns,)
        [unit of the columns × m]
    """
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
    columns, left = np.zeros((where.shape[0], where.shape[1], 3)), np.ones(fraction.size)
    for panel in range(where.shape[0]):
        for node in range(where.shape[1]):
            distance = where[panel, node]
            plume = main_plume(air, on_its_way(air, source, distance, place), distance, place, False)
            spreads[panel, node] = plume.spread_y
            for k in range(left.size):
                left[k] = depletion_of(
                    air, source, distance, place, reference_m, dry_m_s[k], settling_m_s[k], wet_s[1, k], dry_depletion,
                    wet_depletion, romberg,
                )  # fmt: skip
            arriving(air, source, plume, distance, place, load, left, columns[panel, node])
    out += strips(upwind, across, spreads, columns)
