"""Area sources: the plume of a point integrated over the part of an area that lies upwind of a receptor. Compiled.

US EPA (1995), EPA-454/B-95-003b, section 1.2.3: across the wind the integral of a Gaussian between the polygon's edges is
known, along the wind it is numerical. A plume costs far more than its share between two edges, so plumes are calculated
at a few distances that suit their own smoothness, and interpolated where the polygon's shape asks for more. Anything
that depends on the distance alone (`columns`: concentration, dry and wet flux …) is integrated in the same pass:
`distances` says where it is wanted, `integrate` takes it from there. Area sources neither rise nor meander.
"""

import math

import numpy as np
from numba import njit

from metalbudget.dispersion.gaussian import at_receptor, main_plume

FIRST_METRE = 1.0  # a plume is taken to begin a metre from its source (EPA-454/B-95-003b, section 1.2.3.2)
NODES = 5  # plumes per panel of distance
WIDEST_PANEL = math.log(2.0)  # in the logarithm of the distance
FEW_NODES = 3  # suffice for a panel that is short beside its distance
SHORT_PANEL = math.log(1.15)
SHAPE_STEP = math.log(1.3)  # widest step of the quadrature across the polygon's shape
TABLE_STEPS = 3  # the table's kinks want more
GAUSS_POINTS, GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(6)
FARTHEST_SPREADS = 6.0  # beyond this the tail of a Gaussian is nothing
TABLE_STEP = 0.1  # of `normal_table`, in spreads


def normal_table():
    """Cumulative normal distribution in steps of a tenth of a spread, to four decimals as printed tables have it. [1]

    AERMOD reads the crosswind share from such a table, linear between entries, and so rounds plumes' edges by some
    per cent and cuts them at 3.9 spreads. Found by letting a narrow source's plume cross a row of receptors; two
    entries (0.4 and 2.0) are one in the last digit above the rounded integral.

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
    count = max(int(math.ceil(span / WIDEST_PANEL)), 1)
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
    for panel in range(count):
        for node in range(nodes):
            part = 0.5 - 0.5 * math.cos(math.pi * (node + 0.5) / nodes)
            found[panel, node] = math.exp(low + width * (panel + part))
    return found


@njit(cache=True)
def _weights(part, nodes, weights):
    """Weights of Chebyshev interpolation at a part 0..1 of a panel (Berrut & Trefethen 2004), into `weights`."""
    total = 0.0
    for node in range(nodes):
        angle = math.pi * (node + 0.5) / nodes
        gap = part - (0.5 - 0.5 * math.cos(angle))
        if abs(gap) < 1.0e-12:
            weights[:nodes] = 0.0
            weights[node] = 1.0
            return
        sign = 1.0 if node % 2 == 0 else -1.0
        weights[node] = sign * math.sin(angle) / gap
        total += weights[node]
    for node in range(nodes):
        weights[node] /= total


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
def integrate(upwind, across, spreads, columns, exact):
    """Integral over a polygon of what a plume brings from each distance.

    Parameters
    ----------
    upwind, across : ndarray, shape (vertices,)
        As `seen_from`. [m]
    spreads : ndarray, shape (panels, nodes)
        Crosswind spread at `distances`. [m]
    columns : ndarray, shape (panels, nodes, columns)
        What a source of unit strength per metre along the wind, infinitely wide, gives the receptor from there, ≥ 0.
    exact : bool
        As `below_offset`.

    Returns
    -------
    ndarray, shape (columns,)
        [unit of the columns × m]
    """
    total = np.zeros(columns.shape[2])
    low, width, count, nodes = panels(upwind)
    weights = np.empty(NODES)
    marks = np.empty(2 * upwind.size + 2)
    logs = np.empty((nodes, columns.shape[2]))
    positive = np.empty(columns.shape[2], np.bool_)
    for panel in range(count):
        start = low + width * panel
        for column in range(columns.shape[2]):
            positive[column] = True
            for node in range(nodes):
                value = columns[panel, node, column]
                if value > 0.0:
                    logs[node, column] = math.log(value)
                else:
                    positive[column] = False
        pieces = _breaks(upwind, across, start, start + width, marks) - 1
        for piece in range(pieces):
            length = marks[piece + 1] - marks[piece]
            steps = int(math.ceil(length / SHAPE_STEP))
            if not exact:
                steps = max(2 * steps, TABLE_STEPS)
            for step in range(steps):
                for point in range(GAUSS_POINTS.size):
                    log = marks[piece] + length * (step + 0.5 + 0.5 * GAUSS_POINTS[point]) / steps
                    distance = math.exp(log)
                    _weights((log - start) / width, nodes, weights)
                    spread = 0.0
                    for node in range(nodes):
                        spread += weights[node] * spreads[panel, node]
                    share = share_between(distance, upwind, across, spread, exact)
                    if share == 0.0:
                        continue
                    share *= 0.5 * GAUSS_WEIGHTS[point] * length / steps * distance
                    for column in range(columns.shape[2]):
                        value = 0.0
                        if positive[column]:
                            for node in range(nodes):
                                value += weights[node] * logs[node, column]
                            value = math.exp(value)
                        else:
                            for node in range(nodes):
                                value += weights[node] * columns[panel, node, column]
                            value = max(value, 0.0)
                        total[column] += share * value
    return total


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
        As `below_offset`.

    Returns
    -------
    float
        Zero upwind of the source. [s m⁻¹]
    """
    upwind, across = seen_from(xs, ys, receptor_x, receptor_y, sin_wd, cos_wd)
    where = distances(upwind)
    spreads = np.empty(where.shape)
    columns = np.empty((where.shape[0], where.shape[1], 1))
    for panel in range(where.shape[0]):
        for node in range(where.shape[1]):
            plume = main_plume(air, source, where[panel, node], place, False)
            spreads[panel, node] = plume.spread_y
            columns[panel, node, 0] = at_receptor(plume, place, 0.0) / plume.wind
    return integrate(upwind, across, spreads, columns, exact)[0]
