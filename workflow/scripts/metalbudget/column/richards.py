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

from metalbudget.column.retention import DRIEST_CM, FULL, LEAST_SATURATION, SMOOTH_CM, look_up, saturation_of
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
PATIENT_ROUNDS = 5  # before the way that always ends
LARGEST_CHANGE = 0.30  # of a node's saturation in one step
LINEAR_CHANGE = 0.08  # of a round, in saturation: beyond it the fluxes are linearised anew
LINEAR_HEAD = 0.5  # the same relative to the head
SMALLEST_STEP_D = 1.0e-9
FIRST_STEP_D = 1.0e-6  # under a head that is put upon the surface
MOST_STEPS_PER_DAY = 100000.0
LINEAR_EMPTY = 0.3  # the same relative to (1 − S)^m
NEAR_FULL = 0.9
OPENING_CM = 1.0  # suction of a node that opens, before the next round
SPECIFIC_STORAGE = 1.0e-7  # of saturated soil, so that a column full to the top has one answer [cm⁻¹]
HIGHEST_CM = 1.0e9
LINEAR_HEAD_CM = 0.02  # and of a node all but saturated
SPILL = 1.0e-6  # saturation above one that may wait for the next step, which then moves it on
GROWTH, SHRINK, SAFETY = 2.0, 0.25, 0.9  # of a step (Kavetski et al. 2001 use 4, 0.1, 0.9)
# Surface within a step: its flux is given; its head, because it is dry; its head, because it is wet.
_FLUX, _DRY, _WET = 0, 1, 2
_BELOW_FULL = 1.0 - 2.0**-42  # of a node that is about to open

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
Answer = namedtuple("Answer", "results flux absolute_flux water head uptake")
Answer.__doc__ = """What is added up over each of m intervals, and the state at their ends.

`results` (m, RESULTS); `flux` and `absolute_flux` through the faces, downwards positive, the surface first (m, k + 1);
`water` of the nodes (m, k) [cm]; `head` (m, k) [cm]; `uptake` by roots (m, k) [cm].
"""


@njit(cache=True, error_model="numpy")
def _moved(saturation, change, head, slope_head, alpha, n, rounds):
    """A node's saturation after a round, and whether the functions are near enough to straight on the way.

    Where they are not, the change is read in a variable in which they are: the head in dry soil, where fluxes are
    linear in it; and z = (1 − S)^m near saturation, where K falls in proportion to z. Where that does not end within
    a few rounds, the head alone is used and stops at the turning point of S(h): beyond it Newton's method cannot leave
    the side that it has come to (Casulli & Zanolli 2010, doi:10.1137/100786320).
    """
    tried = saturation + change
    step = slope_head * change
    if head > -SMOOTH_CM:
        if abs(step) <= LINEAR_HEAD_CM:
            return tried, tried <= 1.0 + SPILL
        if head + step >= 0.0:
            return 1.0, tried <= 1.0 + SPILL
        new = min(saturation_of(head + step, alpha, n), _BELOW_FULL)
        return new, new == saturation
    if rounds > PATIENT_ROUNDS and abs(step) > -LINEAR_HEAD * head:
        turn = -((1.0 - 1.0 / n) ** (1.0 / n)) / alpha
        there = head + step
        if (head < turn) != (there < turn):
            there = turn
        new = min(saturation_of(there, alpha, n), _BELOW_FULL)
        return new, new == saturation
    if saturation > NEAR_FULL and n < 2.0:
        empty, m = 1.0 - saturation, 1.0 - 1.0 / n
        share = 1.0 - m * change / empty
        if abs(share - 1.0) <= LINEAR_EMPTY and abs(step) <= -LINEAR_HEAD * head:
            return tried, abs(change) <= LINEAR_CHANGE
        if share <= 0.0:
            return 1.0, False
        if change > 0.0 or share < 2.0:
            return min(1.0 - empty * share ** (1.0 / m), _BELOW_FULL), False
    if abs(step) > -LINEAR_HEAD * head:
        if head + step < 0.0:
            new = min(saturation_of(head + step, alpha, n), _BELOW_FULL)
            return new, new == saturation
        return min(tried, 1.0), False
    return tried, abs(change) <= LINEAR_CHANGE


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
    thickness, spacing, layer, soils, tables = (
        column.thickness, column.spacing, column.layer, column.soils, column.tables,
    )  # fmt: skip
    capacity = np.full(k, np.nan)
    for i in range(k):
        capacity[i] = soils[layer[i], RANGE] * thickness[i]
    residual, driest_of = np.full(k, np.nan), np.full(k, np.nan)
    for i in range(k):
        soil = soils[layer[i]]
        residual[i] = soil[RESIDUAL] * thickness[i]
        driest_of[i] = max(saturation_of(DRIEST_CM, soil[ALPHA], soil[EXPONENT]), LEAST_SATURATION)
    saturation, conductivity = np.full(k, np.nan), np.full(k, np.nan)
    slope_head, slope_conductivity = np.full(k, np.nan), np.full(k, np.nan)
    full, full_before = np.zeros(k, dtype=np.bool_), np.zeros(k, dtype=np.bool_)
    head_before, saturation_before = np.full(k, np.nan), np.full(k, np.nan)
    q, dq_up, dq_down = np.zeros(k + 1), np.zeros(k + 1), np.zeros(k + 1)
    sink, sink_slope = np.zeros(k), np.zeros(k)
    eliminated, rhs, change = np.full(k, np.nan), np.full(k, np.nan), np.full(k, np.nan)
    water_new, rate, rate_new = np.full(k, np.nan), np.zeros(k), np.full(k, np.nan)
    for i in range(k):
        saturation[i] = (water[i] - residual[i]) / capacity[i]
        full[i] = saturation[i] >= FULL
        if not full[i] and not saturation[i] > driest_of[i]:
            return NOT_CONVERGED

    first_soil, last_soil = soils[layer[0]], soils[layer[k - 1]]
    driest = saturation_of(column.driest_head, first_soil[ALPHA], first_soil[EXPONENT])
    mode = _WET if column.top == TOP_HEAD else _FLUX
    held_below = column.bottom == BOTTOM_HEAD
    step, potential_before, demand_before = 0.0, 0.0, 0.0
    for record in range(weather.days.size):
        length = weather.days[record]
        potential = weather.rain[record] - weather.evaporation[record]
        demand = weather.transpiration[record]
        limit = limiting_head(column.feddes, demand)
        sums = answer.results[weather.interval[record]]
        total, absolute = answer.flux[weather.interval[record]], answer.absolute_flux[weather.interval[record]]
        taken = answer.uptake[weather.interval[record]]
        # rates under other weather say nothing about the first step
        fresh = record == 0 or potential != potential_before or demand != demand_before
        potential_before, demand_before = potential, demand
        if fresh:
            # what fills half of the largest change of the first node's soil
            filling = abs(potential - q[0]) if column.top != TOP_HEAD else 0.0
            start = 0.5 * LARGEST_CHANGE * capacity[0] / filling if filling > 0.0 else length
            step = min(start, length) if column.top != TOP_HEAD else FIRST_STEP_D
        elapsed, steps = 0.0, 0
        while elapsed < length:
            steps += 1
            if steps > MOST_STEPS_PER_DAY * max(length, 1.0):
                return TOO_MANY_STEPS
            left = length - elapsed
            dt = step
            if dt >= left:
                dt = left
            elif dt > 0.5 * left:
                dt = 0.5 * left
            for i in range(k):
                saturation_before[i] = saturation[i]
                head_before[i] = head[i]
                full_before[i] = full[i]
            mode_before = mode
            accepted, switches = False, 0
            rounds = 0
            while rounds < MAX_ROUNDS:
                rounds += 1
                # state of the nodes
                if mode == _WET and column.top != TOP_HEAD:
                    full[0] = True
                    head[0] = column.pond_limit
                elif mode == _WET:
                    full[0] = column.top_value >= 0.0
                    head[0] = column.top_value
                    if not full[0]:
                        saturation[0] = saturation_of(column.top_value, first_soil[ALPHA], first_soil[EXPONENT])
                if held_below:
                    full[k - 1] = column.bottom_head >= 0.0 or column.bottom == BOTTOM_SEEPAGE
                    head[k - 1] = column.bottom_head if column.bottom == BOTTOM_HEAD else 0.0
                    if not full[k - 1]:
                        saturation[k - 1] = saturation_of(column.bottom_head, last_soil[ALPHA], last_soil[EXPONENT])
                for i in range(k):
                    if full[i]:
                        conductivity[i] = soils[layer[i], KS]
                        slope_head[i], slope_conductivity[i] = 1.0, 0.0
                    else:
                        head[i], slope_head[i], conductivity[i], slope_conductivity[i] = look_up(
                            tables[layer[i]], saturation[i]
                        )
                    if demand > 0.0 and column.root_share[i] > 0.0:
                        share, slope = stress(head[i], column.feddes, limit)
                        sink[i] = demand * column.root_share[i] * share
                        sink_slope[i] = demand * column.root_share[i] * slope * slope_head[i]
                    else:
                        sink[i], sink_slope[i] = 0.0, 0.0
                # fluxes and their slopes against the unknowns above and below the face
                for i in range(k - 1):
                    gradient = (head[i] - head[i + 1]) / spacing[i] + 1.0
                    mean = 0.5 * (conductivity[i] + conductivity[i + 1])
                    q[i + 1] = mean * gradient
                    dq_up[i + 1] = 0.5 * slope_conductivity[i] * gradient + mean * slope_head[i] / spacing[i]
                    dq_down[i + 1] = 0.5 * slope_conductivity[i + 1] * gradient - mean * slope_head[i + 1] / spacing[i]
                q[k], dq_up[k] = 0.0, 0.0
                if column.bottom == BOTTOM_FREE:
                    q[k], dq_up[k] = conductivity[k - 1], slope_conductivity[k - 1]
                # linear equations; once more with the other kind of surface or lower end if the answer asks for it
                settled, linear = False, False
                while not settled:
                    settled = True
                    for i in range(k):
                        inside = residual[i] + capacity[i] * saturation[i]
                        diagonal = capacity[i]
                        if full[i]:
                            diagonal = SPECIFIC_STORAGE * thickness[i]
                            inside = residual[i] + capacity[i] + diagonal * head[i]
                        if i == 0 and full[0] and column.top == TOP_ATMOSPHERE and column.pond_limit > 0.0:
                            inside += max(head[0], 0.0)
                            diagonal += 1.0
                        above = q[i]
                        if i == 0:
                            above = potential
                        rhs[i] = water[i] - inside + dt * (above - q[i + 1] - sink[i])
                        lower = -dt * dq_up[i] if i > 0 else 0.0
                        diagonal += dt * (dq_up[i + 1] + sink_slope[i])
                        upper = dt * dq_down[i + 1] if i < k - 1 else 0.0
                        if i > 0:
                            diagonal -= dt * dq_down[i]
                        if i == 0 and mode != _FLUX:
                            lower, diagonal, upper, rhs[0] = 0.0, 1.0, 0.0, 0.0
                            if mode == _DRY:
                                rhs[0] = driest - saturation[0]
                        if i == k - 1 and held_below:
                            lower, diagonal, rhs[i] = 0.0, 1.0, 0.0
                        if i > 0:
                            diagonal -= lower * eliminated[i - 1]
                            rhs[i] -= lower * rhs[i - 1]
                        eliminated[i] = upper / diagonal
                        rhs[i] /= diagonal
                    change[k - 1] = rhs[k - 1]
                    for i in range(k - 2, -1, -1):
                        change[i] = rhs[i] - eliminated[i] * change[i + 1]
                    # water moved
                    for i in range(1, k):
                        rate_new[i] = q[i] + dq_up[i] * change[i - 1] + dq_down[i] * change[i]  # flux of the face
                    outflow = q[k] + dq_up[k] * change[k - 1]
                    inflow = potential
                    if mode != _FLUX:
                        target = residual[0] + capacity[0] * driest
                        if mode == _WET:
                            target = residual[0] + capacity[0] * saturation[0]
                            if full[0]:
                                target = residual[0] + capacity[0] + SPECIFIC_STORAGE * thickness[0] * head[0]
                            if column.top == TOP_ATMOSPHERE:
                                target += column.pond_limit
                        inflow = (target - water[0]) / dt + rate_new[1] + sink[0] + sink_slope[0] * change[0]
                    if held_below:
                        target = residual[k - 1] + capacity[k - 1] * saturation[k - 1]
                        if full[k - 1]:
                            target = (
                                residual[k - 1] + capacity[k - 1] + SPECIFIC_STORAGE * thickness[k - 1] * head[k - 1]
                            )
                        outflow = (
                            rate_new[k - 1] - sink[k - 1] - sink_slope[k - 1] * change[k - 1]
                            - (target - water[k - 1]) / dt
                        )  # fmt: skip
                    # does the kind of surface hold?
                    if column.top == TOP_ATMOSPHERE:
                        if mode == _FLUX:
                            if full[0]:
                                if head[0] + change[0] > column.pond_limit:
                                    mode, settled = _WET, False
                            else:
                                there = head[0] + slope_head[0] * change[0]
                                if column.pond_limit <= 0.0 and head[0] > -SMOOTH_CM and there > 0.0:
                                    mode, settled = _WET, False
                                elif potential < 0.0 and change[0] < 0.0 and there <= column.driest_head:
                                    mode, settled = _DRY, False
                        elif mode == _WET:
                            if inflow > potential:
                                mode, settled = _FLUX, False
                        elif inflow < potential:
                            mode, settled = _FLUX, False
                    if column.bottom == BOTTOM_SEEPAGE:
                        if held_below:
                            if outflow < 0.0:
                                held_below, settled = False, False
                        elif (
                            (head[k - 1] + change[k - 1] > 0.0)
                            if full[k - 1]
                            else (saturation[k - 1] + change[k - 1] > 1.0)
                        ):
                            held_below, settled = True, False
                    if not settled:
                        switches += 1
                        if switches > 6:
                            break
                        if (mode == _WET and column.top == TOP_ATMOSPHERE) or held_below:
                            # its state jumps: linearise anew
                            break
                if not settled:
                    if switches > 6:
                        break
                    continue
                # new state
                linear, failed = True, False
                for i in range(k):
                    v = change[i]
                    if (i == 0 and mode != _FLUX) or (i == k - 1 and held_below):
                        if i == 0 and mode == _DRY:
                            if abs(v) > 1.0e-9:
                                linear = False
                            saturation[0] = driest
                        continue
                    if full[i]:
                        head[i] += v
                        if not abs(head[i]) < HIGHEST_CM:
                            failed = True
                            break
                        if head[i] < 0.0:
                            full[i] = False
                            soil = soils[layer[i]]
                            start_head = max(head[i], -OPENING_CM)
                            saturation[i] = min(saturation_of(start_head, soil[ALPHA], soil[EXPONENT]), _BELOW_FULL)
                            linear = linear and head[i] > -LINEAR_HEAD_CM
                        continue
                    soil = soils[layer[i]]
                    tried, straight = _moved(
                        saturation[i], v, head[i], slope_head[i], soil[ALPHA], soil[EXPONENT], rounds
                    )
                    linear = linear and straight
                    if tried >= FULL:
                        full[i], head[i] = True, 0.0
                        continue
                    if not tried > driest_of[i]:
                        failed = True
                        break
                    saturation[i] = tried
                if failed:
                    break
                if linear:
                    accepted = True
                    break
            sums[ROUNDS] += rounds
            worst = 0.0
            if accepted:
                # balance of the nodes from the fluxes
                q_in = inflow
                for i in range(k):
                    out = rate_new[i + 1] if i < k - 1 else outflow
                    loss = sink[i] + sink_slope[i] * change[i]
                    q_here = q_in - out - loss
                    water_new[i] = water[i] + dt * q_here
                    q_in = out
                    if not fresh:
                        error = 0.5 * dt * abs(q_here - rate[i]) / thickness[i]
                        if error > worst:
                            worst = error
                    moved = abs(water_new[i] - water[i]) / capacity[i]
                    if moved > LARGEST_CHANGE and not (i == 0 and mode != _FLUX):
                        worst = max(worst, column.tolerance * (moved / LARGEST_CHANGE) ** 2 * 1.3)
                if not worst < 2.0 * column.tolerance and dt > 1.0e-6:
                    accepted = False
            if not accepted:
                if dt <= SMALLEST_STEP_D:
                    return NOT_CONVERGED
                factor = 0.3
                if worst > 0.0:
                    factor = max(SHRINK, min(0.7, SAFETY * np.sqrt(column.tolerance / worst)))
                step = dt * factor
                for i in range(k):
                    saturation[i] = saturation_before[i]
                    head[i] = head_before[i]
                    full[i] = full_before[i]
                mode = mode_before
                if column.bottom == BOTTOM_SEEPAGE:
                    held_below = False
                continue
            # take the step
            sums[STEPS] += 1
            elapsed = length if dt == left else elapsed + dt
            q_in = inflow
            for i in range(k):
                out = rate_new[i + 1] if i < k - 1 else outflow
                loss = dt * (sink[i] + sink_slope[i] * change[i])
                taken[i] += loss
                sums[TRANSPIRATION] += loss
                total[i] += dt * q_in
                absolute[i] += dt * abs(q_in)
                rate[i] = (water_new[i] - water[i]) / dt
                q_in = out
                water[i] = water_new[i]
                if not full[i]:
                    held = (water[i] - residual[i]) / capacity[i]
                    if held < FULL:
                        saturation[i] = held
                    elif saturation[i] >= FULL:
                        full[i], head[i] = True, 0.0
            total[k] += dt * outflow
            absolute[k] += dt * abs(outflow)
            q[0] = inflow
            sums[DRAINAGE] += dt * outflow
            sums[TOP_INFLOW] += dt * inflow
            if column.top == TOP_ATMOSPHERE:
                if mode == _WET:
                    sums[RUNOFF] += dt * (potential - inflow)
                    sums[EVAPORATION] += dt * weather.evaporation[record]
                elif mode == _DRY:
                    sums[EVAPORATION] += dt * (weather.rain[record] - inflow)
                else:
                    sums[EVAPORATION] += dt * weather.evaporation[record]
            if fresh or worst == 0.0:
                factor = GROWTH
            else:
                factor = min(GROWTH, max(SHRINK, SAFETY * np.sqrt(column.tolerance / worst)))
            if rounds > 5:
                factor = min(factor, 0.7)
            elif rounds > 3:
                factor = min(factor, 1.0)
            if dt >= step or factor < 1.0:
                step = dt * factor
            fresh = False
        last = record == weather.days.size - 1 or weather.interval[record + 1] != weather.interval[record]
        if last:
            ended = weather.interval[record]
            for i in range(k):
                answer.water[ended, i] = water[i]
                if not full[i]:
                    head[i] = look_up(tables[layer[i]], saturation[i])[0]
                answer.head[ended, i] = head[i]
            if column.top == TOP_ATMOSPHERE and full[0]:
                answer.results[ended, PONDED] = max(head[0], 0.0)
    return DONE
