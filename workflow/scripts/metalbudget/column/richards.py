"""Water in one soil column: the mixed form of Richards' equation with control of the truncation error. Compiled.

Mass-lumped linear elements: the water of a node is that of the soil half-way to its neighbours, the conductivity of a
face is the mean of its two nodes. Backward Euler. The unknown of a node is its effective saturation while unsaturated
and its head while saturated (primary variable switching; Diersch & Perrochet 1999, doi:10.1016/S0309-1708(98)00057-8).
Water moves by the linearised fluxes of Newton's last round, so that what leaves a node enters its neighbour and the
balance closes whatever the tolerance (Celia et al. 1990, doi:10.1029/WR026i007p01483, on why it must). One round is
enough where the change is small; steps follow the truncation error (Kavetski et al. 2001,
doi:10.1016/S0309-1708(01)00015-4; without iteration: 2002, doi:10.1029/2001WR000720).
"""

from collections import namedtuple

import numpy as np
from numba import njit

from metalbudget.column.retention import DRIEST_CM, LEAST_SATURATION, SMOOTH_CM, look_up, saturation_of
from metalbudget.column.roots import limiting_head, stress

# How the surface and the lower end are treated.
TOP_ATMOSPHERE, TOP_FLUX, TOP_HEAD = 0, 1, 2
BOTTOM_FREE, BOTTOM_HEAD, BOTTOM_SEEPAGE, BOTTOM_CLOSED = 0, 1, 2, 3
# Outcome of a run.
DONE, NOT_CONVERGED, TOO_MANY_STEPS = 0, 1, 2
# Columns of a soil's row: θr, θs − θr [1], α [cm⁻¹], n [1], Ks [cm d⁻¹], Mualem's pore connectivity [1].
RESIDUAL, RANGE, ALPHA, EXPONENT, KS, CONNECTIVITY = range(6)
SOIL = 6
# Entries of the results of an interval. [cm], and counts
INFILTRATION, RUNOFF, EVAPORATION, TRANSPIRATION, DRAINAGE, TOP_INFLOW, PONDED, STEPS, ROUNDS = range(9)
RESULTS = 9
# What a step is held to, found by experiment; the tolerance of the truncation error is the caller's.
MAX_ROUNDS = 16
MANY_ROUNDS, PATIENT_ROUNDS = 3, 5  # before the way that always ends
LARGEST_CHANGE = 0.30  # of a node's saturation in one step
LINEAR_CHANGE = 0.08  # of a round, in saturation: beyond it the fluxes are linearised anew
LINEAR_HEAD = 0.5  # the same relative to the head
SMALLEST_STEP_D = 1.0e-9
FIRST_STEP_D = 1.0e-6  # under a head that is put upon the surface
MOST_STEPS_PER_DAY = 100000.0
LINEAR_EMPTY = 0.3  # the same relative to (1 − S)^m
NEAR_FULL = 0.9
LINEAR_DRY = 1.0e-9  # the same of a surface that falls to the driest head
OPENING_CM = 1.0  # suction of a node that opens, before the next round
SPECIFIC_STORAGE = 1.0e-7  # of saturated soil, so that a column full to the top has one answer [cm⁻¹]
DRYING = 0.1  # of what a node holds is left where a round would take more than that
NOTHING = 1.0e-11  # saturation of dry soil, whose change changes nothing
WET_CM = 5.0  # suction from which a surface may dry
STEEP = 3.0  # n of soils whose dry nodes fill in saturation, because their heads leap
AT_TURN = 1.0e-3  # of the head at the turning point of S(h)
HIGHEST_CM = 1.0e9
DRIER_CM = 1.0e-12  # of water, that a node may begin with below its driest state
ABOVE_LEAST = 4.0  # least saturations, where a surface dries no further
LEAST_TAKEN = 2.0**-40  # saturation; of drier soil, which holds nothing, roots take in proportion to it
LINEAR_HEAD_CM = 0.02  # and of a node all but saturated
SPILL = 1.0e-6  # saturation above one that may wait for the next step, which then moves it on
MOST_SWITCHES = 6  # of the kind of surface or lower end in one step
ACCEPTED = 2.0  # tolerances that a step may miss by before it is done again
UNJUDGED_STEP_D = 1.0e-6  # steps that short are taken whatever their error
GROWTH, SHRINK, SAFETY = 2.0, 0.25, 0.9  # of a step (Kavetski et al. 2001 use 4, 0.1, 0.9)
# Surface within a step: its flux is given; its head, because it is dry; its head, because it is wet.
_FLUX, _DRY, _WET = 0, 1, 2
# A node is full, and known by its head, from the saturation that it has at this suction; in a fine soil from a share of
# 2^-30 empty pores, in a steep one, whose head would else have no digits, of 2^-36. One that opens begins with four
# times as many.
FULL_CM = 2.0e-3
MOST_EMPTY, LEAST_EMPTY = 2.0**-30, 2.0**-36
OPENING_EMPTY, OPENING_STEEP = 4.0, 1.001

Column = namedtuple(
    "Column",
    "thickness spacing layer soils tables root_share feddes "
    "top top_value driest_head pond_limit bottom bottom_head tolerance",
)
Column.__doc__ = """One column of k nodes.

`thickness` of the soil of each node and `spacing` between nodes [cm], shapes (k,) and (k − 1,); `layer` of each node,
an index into `soils`, shape (s, SOIL), and `tables`, shape (s, ROWS, COLUMNS); `root_share` of each node [1] and
`feddes`; kind of `top` with its head [cm] as `top_value`, the head below which the surface dries no further and the
depth of water that it holds [cm]; kind of `bottom` with its head [cm]; `tolerance` of the truncation error in water
content [1].
"""
Weather = namedtuple("Weather", "days rain evaporation transpiration interval")
Weather.__doc__ = (
    """Records of weather: length [d]; rain, potential evaporation and transpiration [cm d⁻¹]; interval."""
)
Nodes = namedtuple(
    "Nodes",
    "capacity residual driest wettest lowest opening saturation head full conductivity slope_head slope_conductivity "
    "sink sink_slope flux slope_above slope_below eliminated change moved rate",
)
Nodes.__doc__ = """What the kernel knows of the nodes while it works.

Water that they can hold above the residual, and residually [cm]; saturation that is the driest in the tables, from
which a node is full (with the head at it, `lowest` [cm]) and at which it opens; the state (`saturation`, `head` [cm],
`full`), functions and their slopes against the unknown; uptake [cm d⁻¹]; `flux` through the faces and its slopes
against the unknowns above and below, shape (k + 1,); of the equations; `moved`: fluxes as linearised in the last
round, that of the surface first (k + 1,) [cm d⁻¹]; `rate` of the last step [cm d⁻¹].
"""
Answer = namedtuple("Answer", "results flux absolute_flux water head uptake")
Answer.__doc__ = """What is added up over each of m intervals, and the state at their ends.

`results` (m, RESULTS); `flux` and `absolute_flux` through the faces, downwards positive, the surface first (m, k + 1);
`water` of the nodes (m, k) [cm]; `head` (m, k) [cm]; `uptake` by roots (m, k) [cm].
"""


@njit(cache=True, error_model="numpy")
def _moved(saturation, change, head, slope_head, alpha, n, opening, rounds):
    """A node's saturation after a round, and whether the functions are near enough to straight on the way.

    Where they are not, the change is read in a variable in which they are: the head in dry soil, where fluxes are
    linear in it; and z = (1 − S)^m near saturation, where K falls in proportion to z. Where that does not end within
    a few rounds, the head alone is used and stops at the turning point of S(h): beyond it Newton's method cannot leave
    the side that it has come to (Casulli & Zanolli 2010, doi:10.1137/100786320).
    """
    tried = saturation + change
    step = slope_head * change
    nothing = saturation < 0.5 and abs(change) <= NOTHING
    if head > -SMOOTH_CM:
        if abs(step) <= LINEAR_HEAD_CM:
            return tried, tried <= 1.0 + SPILL
        if head + step >= 0.0:
            return 1.0, tried <= 1.0 + SPILL
        new = min(saturation_of(head + step, alpha, n), opening)
        return new, new == saturation
    if rounds > PATIENT_ROUNDS and abs(step) > -LINEAR_HEAD * head:
        turn = -((1.0 - 1.0 / n) ** (1.0 / n)) / alpha
        there = head + step
        if head < turn <= there and n > STEEP:
            return min(tried, opening), nothing
        # a node that stands at the turning point may go on
        if abs(head - turn) > AT_TURN * -turn and (head < turn) != (there < turn):
            there = turn
        return min(saturation_of(there, alpha, n), opening), nothing
    if saturation > NEAR_FULL and n < 2.0:
        empty, m = 1.0 - saturation, 1.0 - 1.0 / n
        share = 1.0 - m * change / empty
        if abs(share - 1.0) <= LINEAR_EMPTY and abs(step) <= -LINEAR_HEAD * head:
            return tried, abs(change) <= LINEAR_CHANGE
        if share <= 0.0:
            return 1.0, False
        if change > 0.0 or share < 2.0:
            return min(1.0 - empty * share ** (1.0 / m), opening), False
    if abs(step) > -LINEAR_HEAD * head:
        if head + step < 0.0:
            return min(saturation_of(head + step, alpha, n), opening), nothing
        return min(tried, 1.0), nothing
    return tried, abs(change) <= LINEAR_CHANGE


@njit(cache=True, error_model="numpy")
def _nodes(column, water, head):
    """Nodes at their start; `water` is counted without the residual from here on, else dry sand loses its digits."""
    k = water.size
    capacity, residual, driest = np.empty(k), np.empty(k), np.empty(k)
    wettest, lowest, opening = np.empty(k), np.empty(k), np.empty(k)
    saturation, full = np.empty(k), np.zeros(k, dtype=np.bool_)
    for i in range(k):
        soil = column.soils[column.layer[i]]
        capacity[i] = soil[RANGE] * column.thickness[i]
        residual[i] = soil[RESIDUAL] * column.thickness[i]
        driest[i] = max(saturation_of(DRIEST_CM, soil[ALPHA], soil[EXPONENT]), LEAST_SATURATION)
        empty = 1.0 - saturation_of(-FULL_CM, soil[ALPHA], soil[EXPONENT])
        empty = min(max(empty, LEAST_EMPTY), MOST_EMPTY)
        # in a steep soil the heads of these are a centimetre apart
        more = OPENING_STEEP if soil[EXPONENT] > STEEP else OPENING_EMPTY
        wettest[i], opening[i] = 1.0 - empty, 1.0 - more * empty
        # of so few empty pores (α|h|)^n = empty/m
        lowest[i] = -((empty / (1.0 - 1.0 / soil[EXPONENT])) ** (1.0 / soil[EXPONENT])) / soil[ALPHA]
        water[i] -= residual[i]
        saturation[i] = max(water[i] / capacity[i], driest[i])
        full[i] = saturation[i] >= wettest[i]
    faces = [np.zeros(k + 1) for _ in range(4)]
    of = [np.zeros(k) for _ in range(8)]
    return Nodes(
        capacity, residual, driest, wettest, lowest, opening, saturation, head, full, of[0], of[1], of[2], of[3], of[4],
        faces[0], faces[1], faces[2], of[5], of[6], faces[3], of[7],
    )  # fmt: skip


@njit(cache=True, error_model="numpy", inline="always")
def _impose(column, nodes, node, head):
    """Put a head upon a node."""
    soil = column.soils[column.layer[node]]
    nodes.full[node] = head >= nodes.lowest[node]
    nodes.head[node] = head
    if head < nodes.lowest[node]:
        nodes.saturation[node] = max(saturation_of(head, soil[ALPHA], soil[EXPONENT]), nodes.driest[node])


@njit(cache=True, error_model="numpy", inline="always")
def _held(column, nodes, node):
    """Water of a node in its present state, without the residual and what is ponded. [cm]"""
    if nodes.full[node]:
        return nodes.capacity[node] + _storage(column, nodes, node) * nodes.head[node]
    return nodes.capacity[node] * nodes.saturation[node]


@njit(cache=True, error_model="numpy", inline="always")
def _storage(column, nodes, node):
    """What a full node gains with its head: compressed above zero; below it the last empty pores fill evenly. [1]"""
    if nodes.head[node] < 0.0:
        return nodes.capacity[node] * (1.0 - nodes.wettest[node]) / -nodes.lowest[node]
    return SPECIFIC_STORAGE * column.thickness[node]


@njit(cache=True, error_model="numpy", inline="always")
def _linearise(column, nodes, demand, limit):
    """Functions, uptake and fluxes of the present state, and their slopes."""
    head, conductivity, saturation, full = nodes.head, nodes.conductivity, nodes.saturation, nodes.full
    slope_head, slope_conductivity = nodes.slope_head, nodes.slope_conductivity
    sink, sink_slope, flux = nodes.sink, nodes.sink_slope, nodes.flux
    slope_above, slope_below = nodes.slope_above, nodes.slope_below
    layer, tables, root_share, feddes, spacing = (
        column.layer, column.tables, column.root_share, column.feddes, column.spacing,
    )  # fmt: skip
    k = head.size
    for i in range(k):
        if full[i]:
            conductivity[i] = column.soils[layer[i], KS]
            slope_head[i], slope_conductivity[i] = 1.0, 0.0
        else:
            head[i], slope_head[i], conductivity[i], slope_conductivity[i] = look_up(tables[layer[i]], saturation[i])
        sink[i], sink_slope[i] = 0.0, 0.0
        if demand > 0.0 and root_share[i] > 0.0:
            share, slope = stress(head[i], feddes, limit)
            sink[i] = demand * root_share[i] * share
            sink_slope[i] = demand * root_share[i] * slope * slope_head[i]
            if saturation[i] < LEAST_TAKEN:
                sink_slope[i] = (sink_slope[i] * saturation[i] + sink[i]) / LEAST_TAKEN
                sink[i] *= saturation[i] / LEAST_TAKEN
    for i in range(k - 1):
        inverse = 1.0 / spacing[i]
        gradient = (head[i] - head[i + 1]) * inverse + 1.0
        mean = 0.5 * (conductivity[i] + conductivity[i + 1])
        flux[i + 1] = mean * gradient
        slope_above[i + 1] = 0.5 * slope_conductivity[i] * gradient + mean * slope_head[i] * inverse
        slope_below[i + 1] = 0.5 * slope_conductivity[i + 1] * gradient - mean * slope_head[i + 1] * inverse
    flux[k], slope_above[k] = 0.0, 0.0
    if column.bottom == BOTTOM_FREE:
        flux[k], slope_above[k] = conductivity[k - 1], slope_conductivity[k - 1]


@njit(cache=True, error_model="numpy", inline="always")
def _solve(column, nodes, water, dt, potential, mode, driest, held_below):
    """Changes of the unknowns, and the fluxes that move the water, for a kind of surface and lower end."""
    k = water.size
    change, eliminated, moved = nodes.change, nodes.eliminated, nodes.moved
    capacity, saturation, full = nodes.capacity, nodes.saturation, nodes.full
    head, sink, sink_slope = nodes.head, nodes.sink, nodes.sink_slope
    flux, slope_above, slope_below = nodes.flux, nodes.slope_above, nodes.slope_below
    for i in range(k):
        diagonal, inside = capacity[i], capacity[i] * saturation[i]
        if full[i]:
            diagonal = _storage(column, nodes, i)
            inside = capacity[i] + diagonal * head[i]
        if i == 0 and full[0] and head[0] >= 0.0 and column.top == TOP_ATMOSPHERE and column.pond_limit > 0.0:
            inside += head[0]
            diagonal += 1.0
        above = potential if i == 0 else flux[i]
        right = water[i] - inside + dt * (above - flux[i + 1] - sink[i])
        diagonal += dt * (slope_above[i + 1] + sink_slope[i])
        lower, upper = 0.0, 0.0
        if i > 0:
            lower = -dt * slope_above[i]
            diagonal -= dt * slope_below[i]
        if i < k - 1:
            upper = dt * slope_below[i + 1]
        if i == 0 and mode != _FLUX:
            diagonal, upper, right = 1.0, 0.0, 0.0
            if mode == _DRY:
                right = driest - saturation[0]
        elif i == k - 1 and held_below:
            lower, diagonal, right = 0.0, 1.0, 0.0
        if i > 0:
            diagonal -= lower * eliminated[i - 1]
            right -= lower * change[i - 1]
        eliminated[i] = upper / diagonal
        change[i] = right / diagonal
    for i in range(k - 2, -1, -1):
        change[i] -= eliminated[i] * change[i + 1]
    for i in range(1, k):
        moved[i] = flux[i] + slope_above[i] * change[i - 1] + slope_below[i] * change[i]
    moved[0], moved[k] = potential, flux[k] + slope_above[k] * change[k - 1]
    # a node whose head is given takes or gives what its balance asks for
    if mode != _FLUX:
        target = capacity[0] * driest
        if mode == _WET:
            target = _held(column, nodes, 0)
            if column.top == TOP_ATMOSPHERE:
                target += column.pond_limit
        moved[0] = (target - water[0]) / dt + moved[1] + sink[0] + sink_slope[0] * change[0]
    if held_below:
        gained = (_held(column, nodes, k - 1) - water[k - 1]) / dt
        moved[k] = moved[k - 1] - sink[k - 1] - sink_slope[k - 1] * change[k - 1] - gained


@njit(cache=True, error_model="numpy", inline="always")
def _surface(column, nodes, potential, mode, driest_head):
    """The kind of surface that the answer asks for.

    A given flux holds as long as the head stays between the driest head and the depth of water that the surface
    holds; a given head, as long as the soil takes no more, or gives no more, than there is.
    """
    if column.top != TOP_ATMOSPHERE:
        return mode
    if mode == _WET:
        return _FLUX if nodes.moved[0] > potential else _WET
    if mode == _DRY:
        return _FLUX if nodes.moved[0] < potential else _DRY
    there = nodes.head[0] + nodes.slope_head[0] * nodes.change[0]
    if nodes.full[0]:
        return _WET if there > column.pond_limit else _FLUX
    if column.pond_limit <= 0.0 and nodes.head[0] > -SMOOTH_CM and there > 0.0:
        return _WET
    # not at one leap from wet soil, whose head says nothing yet
    if potential < 0.0 and nodes.change[0] < 0.0 and there <= driest_head and nodes.head[0] < -WET_CM:
        return _DRY
    return _FLUX


@njit(cache=True, error_model="numpy", inline="always")
def _seeps(column, nodes, held_below):
    """Whether the lower end is held at its head: always if given, at a seepage face while water comes out."""
    if column.bottom != BOTTOM_SEEPAGE:
        return held_below
    k = nodes.capacity.size
    if held_below:
        return nodes.moved[k] >= 0.0
    if nodes.full[k - 1]:
        return nodes.head[k - 1] + nodes.change[k - 1] > 0.0
    return nodes.saturation[k - 1] + nodes.change[k - 1] > 1.0


@njit(cache=True, error_model="numpy", inline="always")
def _advance(column, nodes, mode, driest, held_below, rounds):
    """Take a round's changes; whether all were near enough to straight, and whether the state is possible."""
    head, saturation, full, changes = nodes.head, nodes.saturation, nodes.full, nodes.change
    slope_head, driest_of, soils, layer = nodes.slope_head, nodes.driest, column.soils, column.layer
    opening, wettest, lowest = nodes.opening, nodes.wettest, nodes.lowest
    k, straight_all = head.size, True
    for i in range(k):
        change = changes[i]
        if i == 0 and mode != _FLUX:
            if mode == _DRY:
                straight_all = straight_all and abs(change) <= LINEAR_DRY
                saturation[0] = driest
            continue
        if i == k - 1 and held_below:
            continue
        soil = soils[layer[i]]
        if full[i]:
            head[i] += change
            if not abs(head[i]) < HIGHEST_CM:
                return False, False
            if head[i] < lowest[i]:
                full[i] = False
                opened = max(head[i], lowest[i] - OPENING_CM)
                saturation[i] = min(saturation_of(opened, soil[ALPHA], soil[EXPONENT]), opening[i])
                straight_all = straight_all and head[i] > lowest[i] - LINEAR_HEAD_CM
            continue
        tried, straight = _moved(
            saturation[i], change, head[i], slope_head[i], soil[ALPHA], soil[EXPONENT], opening[i], rounds
        )
        straight_all = straight_all and straight
        if tried >= wettest[i]:
            full[i], head[i] = True, lowest[i]
        elif tried > driest_of[i]:
            saturation[i] = tried
        else:
            # no node gives more than it has
            straight_all = straight_all and saturation[i] - tried <= NOTHING
            saturation[i] = max(DRYING * saturation[i], driest_of[i])
    return straight_all, True


@njit(cache=True, error_model="numpy", inline="always")
def _newton(column, nodes, water, dt, potential, demand, limit, mode, driest, driest_head, held_below):
    """Newton's rounds of one step: whether they ended, how many, and the kind of surface and lower end found."""
    k, switches = water.size, 0
    for rounds in range(1, MAX_ROUNDS + 1):
        if mode == _WET:
            _impose(column, nodes, 0, column.top_value if column.top == TOP_HEAD else column.pond_limit)
        if held_below:
            _impose(column, nodes, k - 1, column.bottom_head if column.bottom == BOTTOM_HEAD else 0.0)
        _linearise(column, nodes, demand, limit)
        settled = False
        while not settled:
            _solve(column, nodes, water, dt, potential, mode, driest, held_below)
            asked = _surface(column, nodes, potential, mode, driest_head)
            holds = _seeps(column, nodes, held_below)
            settled = asked == mode and holds == held_below
            mode, held_below = asked, holds
            if not settled:
                switches += 1
                if switches > MOST_SWITCHES:
                    return False, rounds, mode, held_below
                if mode == _WET or (held_below and column.bottom == BOTTOM_SEEPAGE):
                    break  # the state jumps to the head that is put upon it: linearise anew
        if not settled:
            continue
        straight, possible = _advance(column, nodes, mode, driest, held_below, rounds)
        if not possible:
            return False, rounds, mode, held_below
        if straight:
            return True, rounds, mode, held_below
    return False, MAX_ROUNDS, mode, held_below


@njit(cache=True, error_model="numpy", inline="always")
def _error(column, nodes, dt, mode, fresh):
    """Truncation error of a step in water content, the largest of any node; NaN where a flux is not a number. [1]

    ½ Δt |∂θ/∂t − that of the step before|. A change of saturation beyond LARGEST_CHANGE counts as an error, too.
    """
    moved, sink, sink_slope, change = nodes.moved, nodes.sink, nodes.sink_slope, nodes.change
    capacity, before, thickness = nodes.capacity, nodes.rate, column.thickness
    worst = 0.0 * (moved[0] + moved[capacity.size])
    for i in range(capacity.size):
        rate = moved[i] - moved[i + 1] - sink[i] - sink_slope[i] * change[i]
        if not fresh:
            worst = max(worst, 0.5 * dt * abs(rate - before[i]) / thickness[i])
        changed = dt * abs(rate) / capacity[i]
        if changed > LARGEST_CHANGE and not (i == 0 and mode != _FLUX):
            worst = max(worst, 1.3 * column.tolerance * (changed / LARGEST_CHANGE) ** 2)
    return worst


@njit(cache=True, error_model="numpy", inline="always")
def _book(column, nodes, water, dt, mode, rain, evaporation, sums, flux, absolute, uptake):
    """Move the water of a step and add it to the sums of its interval."""
    k = water.size
    moved, sink, sink_slope, change = nodes.moved, nodes.sink, nodes.sink_slope, nodes.change
    rates, full, saturation = nodes.rate, nodes.full, nodes.saturation
    capacity, driest, wettest = nodes.capacity, nodes.driest, nodes.wettest
    for i in range(k):
        loss = sink[i] + sink_slope[i] * change[i]
        rates[i] = moved[i] - moved[i + 1] - loss
        water[i] += dt * rates[i]
        uptake[i] += dt * loss
        sums[TRANSPIRATION] += dt * loss
        if not full[i]:
            held = water[i] / capacity[i]
            if held < wettest[i]:
                saturation[i] = max(held, driest[i])
    for i in range(k + 1):
        flux[i] += dt * moved[i]
        absolute[i] += dt * abs(moved[i])
    nodes.flux[0] = nodes.moved[0]
    sums[STEPS] += 1
    sums[DRAINAGE] += dt * nodes.moved[k]
    sums[TOP_INFLOW] += dt * nodes.moved[0]
    if column.top == TOP_ATMOSPHERE:
        if mode == _WET:
            sums[RUNOFF] += dt * (rain - evaporation - nodes.moved[0])
        sums[EVAPORATION] += dt * (rain - nodes.moved[0] if mode == _DRY else evaporation)


@njit(cache=True, error_model="numpy", nogil=True)
def flow(column, weather, water, head, answer):
    """Let water flow through one column under a series of weather records.

    Parameters
    ----------
    column : Column
    weather : Weather
    water : ndarray, shape (k,)
        Of each node at the start, ponded water in the first; at the end on return. [cm]
    head : ndarray, shape (k,)
        Likewise; used where a node is saturated. [cm]
    answer : Answer
        Sums are added to what stands there.

    Returns
    -------
    int
        DONE, or why the run ended before its time.
    """
    k = water.size
    nodes = _nodes(column, water, head)
    for i in range(k):
        if not (water[i] > -DRIER_CM and nodes.saturation[i] >= nodes.driest[i]):
            return NOT_CONVERGED
    head_before, saturation_before, full_before = np.empty(k), np.empty(k), np.zeros(k, dtype=np.bool_)
    first_soil = column.soils[column.layer[0]]
    driest, driest_head = saturation_of(column.driest_head, first_soil[ALPHA], first_soil[EXPONENT]), column.driest_head
    if driest < ABOVE_LEAST * LEAST_SATURATION:  # in steep soils the tables end before that head
        driest = ABOVE_LEAST * LEAST_SATURATION
        driest_head = look_up(column.tables[column.layer[0]], driest)[0]
    mode = _WET if column.top == TOP_HEAD else _FLUX
    held_below = column.bottom == BOTTOM_HEAD
    step, potential_before, demand_before = 0.0, 0.0, 0.0
    for record in range(weather.days.size):
        length, interval = weather.days[record], weather.interval[record]
        rain, evaporation, demand = weather.rain[record], weather.evaporation[record], weather.transpiration[record]
        sums, uptake = answer.results[interval], answer.uptake[interval]
        flux, absolute = answer.flux[interval], answer.absolute_flux[interval]
        potential = rain - evaporation
        limit = limiting_head(column.feddes, demand)
        # rates under other weather say nothing about the first step
        fresh = record == 0 or potential != potential_before or demand != demand_before
        potential_before, demand_before = potential, demand
        if fresh:
            step = _first_step(column, nodes, potential, length)
        elapsed, steps = 0.0, 0
        while elapsed < length:
            steps += 1
            if steps > MOST_STEPS_PER_DAY * max(length, 1.0):
                return TOO_MANY_STEPS
            left = length - elapsed
            dt = left if step >= left else min(step, 0.5 * left)
            for i in range(k):
                saturation_before[i], head_before[i] = nodes.saturation[i], head[i]
                full_before[i] = nodes.full[i]
            ended, rounds, mode_found, held_found = _newton(
                column, nodes, water, dt, potential, demand, limit, mode, driest, driest_head, held_below
            )
            sums[ROUNDS] += rounds
            error = _error(column, nodes, dt, mode_found, fresh) if ended else np.inf
            if not (error < ACCEPTED * column.tolerance or (dt <= UNJUDGED_STEP_D and error < np.inf)):
                if dt <= SMALLEST_STEP_D:
                    return NOT_CONVERGED
                factor = 0.3
                if error < np.inf:
                    factor = max(SHRINK, min(0.7, SAFETY * np.sqrt(column.tolerance / error)))
                step = dt * factor
                for i in range(k):
                    nodes.saturation[i], head[i] = saturation_before[i], head_before[i]
                    nodes.full[i] = full_before[i]
                held_below = column.bottom == BOTTOM_HEAD
                continue
            mode, held_below = mode_found, held_found
            _book(column, nodes, water, dt, mode, rain, evaporation, sums, flux, absolute, uptake)
            elapsed = length if dt == left else elapsed + dt
            factor = GROWTH
            if not fresh and error > 0.0:
                factor = min(GROWTH, max(SHRINK, SAFETY * np.sqrt(column.tolerance / error)))
            if rounds > MANY_ROUNDS:
                factor = min(factor, 0.7 if rounds > PATIENT_ROUNDS else 1.0)
            if dt >= step or factor < 1.0:
                step = dt * factor
            fresh = False
        if record == weather.days.size - 1 or weather.interval[record + 1] != interval:
            for i in range(k):
                if not nodes.full[i]:
                    head[i] = look_up(column.tables[column.layer[i]], nodes.saturation[i])[0]
                answer.water[interval, i], answer.head[interval, i] = water[i] + nodes.residual[i], head[i]
            if column.top == TOP_ATMOSPHERE and nodes.full[0]:
                answer.results[interval, PONDED] = max(head[0], 0.0)
    for i in range(k):
        water[i] += nodes.residual[i]
    return DONE


@njit(cache=True, error_model="numpy", inline="always")
def _first_step(column, nodes, potential, length):
    """First step under new weather: what half fills the largest change of the first node's soil. [d]"""
    if column.top == TOP_HEAD:
        return FIRST_STEP_D
    filling = abs(potential - nodes.flux[0])
    return min(0.5 * LARGEST_CHANGE * nodes.capacity[0] / filling, length) if filling > 0.0 else length
