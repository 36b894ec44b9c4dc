"""Dissolved metals in one soil column, carried by stored water fluxes. Compiled.

d(θc + ρS)/dt = d/dz(θD dc/dz − qc) − uptake, on the nodes of the water kernel. Over an interval only the sums of q and
|q| through each face and the water at both ends are known: advection follows the mean of q, dispersion that of |q|
(D of a face = λ|q| + θD₀τ, τ = θ^(7/3)/θs², Millington & Quirk 1961). Backward Euler with the dispersion that it adds
by itself, q²Δt/(2(θ + ρ dS/dc)), taken off (Lantz 1971, doi:10.2118/2811-PA); steps are short enough that it is a part
of D only. A node's mass is what entered less what left, so that the balance closes by construction.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from metalbudget.column.sorption import equilibrium, of_unknown, sorbed

# Entries of the results of an interval. [µg cm⁻²]
INFLOW, OUTFLOW, UPTAKE, MASS = range(4)
RESULTS = 4
# Outcome of a run.
DONE, NOT_CONVERGED = 0, 1
CORRECTED_SHARE = 0.05  # of D, that backward Euler may add and the correction take off in one step
MOST_STEPS = 20000  # in one interval
MAX_ROUNDS = 60
ROUND_TOLERANCE = 1.0e-12
TORTUOSITY_EXPONENT = 7.0 / 3.0

Ground = namedtuple("Ground", "thickness spacing density dispersivity saturated")
Ground.__doc__ = """`thickness` [cm] and bulk `density` [g cm⁻³] of the nodes (k,), `spacing` between them [cm], shape
(k − 1,), `dispersivity` [cm] and `saturated` water content [1] of the nodes (k,)."""
Stored = namedtuple("Stored", "days water_before water flux absolute_flux uptake")
Stored.__doc__ = """Water of m intervals: length [d] (m,); of the nodes at the start (k,) and at the intervals' ends
(m, k) [cm]; through the faces (m, k + 1), its absolute sum, and taken up by roots (m, k) [cm]."""
Substance = namedtuple("Substance", "coefficient exponent saturation diffusion fraction rate uptake_limit")
Substance.__doc__ = """One metal: as in `sorption.Metals`, `coefficient` (k,)."""


@njit(cache=True, error_model="numpy", nogil=True)
def transport(ground, stored, substance, inflow, below_mg_l, mixed, mass, kinetic, concentration, results, below, edge):
    """Move one substance through one column.

    Parameters
    ----------
    ground : Ground
    stored : Stored
    substance : Substance
    inflow : ndarray, shape (m,)
        With rain and dust through the surface. [µg cm⁻²]
    below_mg_l : float
        Concentration of water that rises into the column from below; NaN: as that of the lowest node, so that there
        is no gradient at the lower end whichever way water goes. [mg L⁻¹]
    mixed : ndarray of int, shape (m,)
        How many nodes are ploughed together at the end of the interval; 0: none.
    mass, kinetic : ndarray, shape (k,)
        Of each node at the start, all of it [µg cm⁻²] and on the sites out of equilibrium [mg kg⁻¹]; at the end on
        return.
    concentration : ndarray, shape (k,)
        At the end, on return. [mg L⁻¹]
    results : ndarray, shape (m, RESULTS)
        Filled.
    below : ndarray, shape (m,)
        Passed downwards through the depth given by `edge`. Filled. [µg cm⁻²]
    edge : tuple of int and float
        The node in which the depth lies, and the share of the node below it.

    Returns
    -------
    int
        DONE, or NOT_CONVERGED.
    """
    k = mass.size
    thickness, spacing = ground.thickness, ground.spacing
    root = min(substance.exponent, 1.0)
    straight = substance.exponent == 1.0 and substance.saturation == 0.0
    soil = np.empty(k)
    for i in range(k):
        soil[i] = ground.density[i] * thickness[i]
    advection, dispersion, exchange = np.zeros(k), np.zeros(k), np.zeros(k)
    water0, water1 = np.empty(k), np.empty(k)
    unknown, slope, store = np.empty(k), np.empty(k), np.empty(k)
    eliminated, rhs, old, flux = np.empty(k), np.empty(k), np.empty(k), np.empty(k + 1)
    edge_node, edge_share = edge
    two_site = substance.fraction < 1.0
    for i in range(k):
        water0[i] = stored.water_before[i]
        free = mass[i] - ((1.0 - substance.fraction) * soil[i] * kinetic[i] if two_site else 0.0)
        concentration[i] = equilibrium(
            free, water0[i], substance.fraction * soil[i], substance.coefficient[i], substance.exponent,
            substance.saturation,
        )  # fmt: skip
    for m in range(stored.days.size):
        days = stored.days[m]
        lower_before = edge_share * mass[edge_node]
        for i in range(edge_node + 1, k):
            lower_before += mass[i]
        taken_below = 0.0
        # dispersion of the faces as a mean over the interval, and how many steps the correction allows
        steps = 1.0
        for i in range(k - 1):
            mean0 = 0.5 * (stored.water[m, i] + water0[i]) / thickness[i]
            mean1 = 0.5 * (stored.water[m, i + 1] + water0[i + 1]) / thickness[i + 1]
            q = stored.flux[m, i + 1] / days
            diffusion = 0.0
            if substance.diffusion > 0.0:
                diffusion = (
                    0.5
                    * substance.diffusion
                    * (
                        mean0 ** (1.0 + TORTUOSITY_EXPONENT) / ground.saturated[i] ** 2
                        + mean1 ** (1.0 + TORTUOSITY_EXPONENT) / ground.saturated[i + 1] ** 2
                    )
                )
            spread = (
                0.5 * (ground.dispersivity[i] + ground.dispersivity[i + 1]) * stored.absolute_flux[m, i + 1] / days
                + diffusion
            )
            hold0 = mean0 + ground.density[i] * _ratio(concentration[i], i, substance)
            hold1 = mean1 + ground.density[i + 1] * _ratio(concentration[i + 1], i + 1, substance)
            added = 0.5 * q * q * days / (0.5 * (hold0 + hold1))
            advection[i], dispersion[i], exchange[i] = q, spread, added
            limit = max(spread, 0.5 * abs(q) * spacing[i])
            if added > CORRECTED_SHARE * steps * limit:
                steps = added / (CORRECTED_SHARE * limit)
        count = int(np.ceil(steps))
        if count > MOST_STEPS:
            return NOT_CONVERGED
        dt = days / count
        for i in range(k - 1):
            half = 0.5 * advection[i]
            conductance = max(dispersion[i] - exchange[i] / count, 0.0) / spacing[i]
            # not below half |q|: else concentrations would swing (upstream weighting in the limit)
            conductance = max(conductance, abs(half))
            advection[i] = half + conductance  # what the node above gives
            exchange[i] = half - conductance  # what the node below gives
        q_bottom = stored.flux[m, k] / days
        into = inflow[m] / days
        relaxed = 1.0
        if two_site:
            relaxed = substance.rate * dt / (1.0 + substance.rate * dt)
        for step in range(count):
            part = (step + 1.0) / count
            for i in range(k):
                water1[i] = water0[i] + part * (stored.water[m, i] - water0[i])
                old[i] = mass[i]
                store[i] = substance.fraction * soil[i]
                if two_site:
                    store[i] += (1.0 - substance.fraction) * soil[i] * relaxed
                    old[i] -= (1.0 - substance.fraction) * soil[i] * kinetic[i] * (1.0 - relaxed)
            old[0] += dt * into
            rising_mg_l = concentration[k - 1] if np.isnan(below_mg_l) else below_mg_l
            if q_bottom < 0.0:
                old[k - 1] -= dt * q_bottom * rising_mg_l
            if straight and substance.uptake_limit == 0.0:
                _solve_straight(
                    substance.coefficient, water1, store, old, advection, exchange, q_bottom, dt, eliminated,
                    concentration,
                )  # fmt: skip
            elif not _solve_curved(
                substance, root, water1, store, old, advection, exchange, q_bottom, stored.uptake[m], days, dt,
                eliminated, rhs, slope, unknown, concentration,
            ):  # fmt: skip
                return NOT_CONVERGED
            # move the mass
            flux[0] = dt * into
            for i in range(k - 1):
                flux[i + 1] = dt * (advection[i] * concentration[i] + exchange[i] * concentration[i + 1])
            flux[k] = dt * (q_bottom * concentration[k - 1] if q_bottom > 0.0 else q_bottom * rising_mg_l)
            for i in range(k):
                taken = 0.0
                if substance.uptake_limit > 0.0 and stored.uptake[m, i] > 0.0:
                    taken = dt * stored.uptake[m, i] / days * min(concentration[i], substance.uptake_limit)
                    results[m, UPTAKE] += taken
                    if i > edge_node:
                        taken_below += taken
                    elif i == edge_node:
                        taken_below += edge_share * taken
                mass[i] += flux[i] - flux[i + 1] - taken
                if two_site:
                    s = sorbed(concentration[i], substance.coefficient[i], substance.exponent, substance.saturation)
                    kinetic[i] += relaxed * (s - kinetic[i])
            results[m, INFLOW] += flux[0]
            results[m, OUTFLOW] += flux[k]
        for i in range(k):
            water0[i] = stored.water[m, i]
        lower_after = edge_share * mass[edge_node]
        for i in range(edge_node + 1, k):
            lower_after += mass[i]
        below[m] = lower_after - lower_before + results[m, OUTFLOW] + taken_below
        if mixed[m] > 0:
            plough(mixed[m], soil, water0, substance, mass, kinetic, concentration)
        for i in range(k):
            results[m, MASS] += mass[i]
    return DONE


@njit(cache=True, error_model="numpy")
def _solve_straight(coefficient, water, store, old, down, up, q_bottom, dt, eliminated, concentration):
    """Concentrations after a step where sorption is linear: one tridiagonal solve."""
    k = old.size
    upper = 0.0
    for i in range(k):
        diagonal = water[i] + store[i] * coefficient[i]
        right = old[i]
        if i > 0:
            diagonal -= dt * up[i - 1]
            lower = -dt * down[i - 1]
            diagonal -= lower * eliminated[i - 1]
            right -= lower * concentration[i - 1]
        if i < k - 1:
            diagonal += dt * down[i]
            upper = dt * up[i]
        else:
            diagonal += dt * max(q_bottom, 0.0)
            upper = 0.0
        inverse = 1.0 / diagonal
        eliminated[i] = upper * inverse
        concentration[i] = right * inverse
    for i in range(k - 2, -1, -1):
        concentration[i] -= eliminated[i] * concentration[i + 1]


@njit(cache=True, error_model="numpy")
def _solve_curved(
    substance, root, water, store, old, down, up, q_bottom, uptake, days, dt, eliminated, rhs, slope, unknown,
    concentration,
):  # fmt: skip
    """Concentrations after a step by Newton's method in u = c^root (`sorption.equilibrium` says why); False if lost."""
    k = old.size
    straight = substance.exponent == 1.0 and substance.saturation == 0.0
    limit = substance.uptake_limit
    for i in range(k):
        unknown[i] = concentration[i] if root == 1.0 else concentration[i] ** root
    for _ in range(MAX_ROUNDS):
        for i in range(k):
            c, slope_c, s, slope_s = of_unknown(
                unknown[i], root, substance.coefficient[i], substance.exponent, substance.saturation
            )
            concentration[i], slope[i] = c, slope_c
            eliminated[i] = water[i] * slope_c + store[i] * slope_s  # the diagonal, for now
            rhs[i] = old[i] - water[i] * c - store[i] * s
            if limit > 0.0 and uptake[i] > 0.0:
                rhs[i] -= dt * uptake[i] / days * min(c, limit)
                if c < limit:
                    eliminated[i] += dt * uptake[i] / days * slope_c
        for i in range(k - 1):
            moved = dt * (down[i] * concentration[i] + up[i] * concentration[i + 1])
            rhs[i] -= moved
            rhs[i + 1] += moved
        rhs[k - 1] -= dt * max(q_bottom, 0.0) * concentration[k - 1]
        for i in range(k):
            diagonal, upper = eliminated[i], 0.0
            if i < k - 1:
                diagonal += dt * down[i] * slope[i]
                upper = dt * up[i] * slope[i + 1]
            else:
                diagonal += dt * max(q_bottom, 0.0) * slope[i]
            if i > 0:
                diagonal -= dt * up[i - 1] * slope[i]
                lower = -dt * down[i - 1] * slope[i - 1]
                diagonal -= lower * eliminated[i - 1]
                rhs[i] -= lower * rhs[i - 1]
            eliminated[i] = upper / diagonal
            rhs[i] /= diagonal
        largest, highest = 0.0, 0.0
        for i in range(k - 1, -1, -1):
            if i < k - 1:
                rhs[i] -= eliminated[i] * rhs[i + 1]
            new = unknown[i] + rhs[i]
            if not straight and new < 0.1 * unknown[i]:
                new = 0.1 * unknown[i] if unknown[i] > 1.0e-200 else 0.0
            largest = max(largest, abs(new - unknown[i]))
            unknown[i] = new
            highest = max(highest, abs(new))
        if not highest < np.inf:
            return False
        if largest <= ROUND_TOLERANCE * highest:
            for i in range(k):
                concentration[i] = unknown[i] if root == 1.0 else unknown[i] ** (1.0 / root)
            return True
    return False


@njit(cache=True, error_model="numpy")
def _ratio(concentration, node, substance):
    """S/c of a node; of clean soil with curved sorption 0, which asks for the shortest steps. [L kg⁻¹]"""
    if substance.exponent == 1.0 and substance.saturation == 0.0:
        return substance.coefficient[node] * substance.fraction
    if concentration <= 0.0:
        return substance.coefficient[node] * substance.fraction if substance.exponent == 1.0 else 0.0
    return (
        substance.fraction
        * sorbed(concentration, substance.coefficient[node], substance.exponent, substance.saturation)
        / concentration
    )


@njit(cache=True, error_model="numpy")
def plough(nodes, soil, water, substance, mass, kinetic, concentration):
    """Mix the uppermost nodes to one content per soil [mg kg⁻¹] and let each come to its equilibrium."""
    total, ground, bound = 0.0, 0.0, 0.0
    for i in range(nodes):
        total += mass[i]
        ground += soil[i]
        bound += kinetic[i] * soil[i]
    for i in range(nodes):
        mass[i] = total * soil[i] / ground
        kinetic[i] = bound / ground
        free = mass[i] - (1.0 - substance.fraction) * soil[i] * kinetic[i]
        concentration[i] = equilibrium(
            free, water[i], substance.fraction * soil[i], substance.coefficient[i], substance.exponent,
            substance.saturation,
        )  # fmt: skip
