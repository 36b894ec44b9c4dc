"""Soil columns against the analytic set of Vanderborght et al. (2005), each answer computed from theory here."""

from dataclasses import replace

import numpy as np
import pytest
from column_cases import column, constant, linear_load, run
from column_theory import (
    exact_sorptivity,
    head_of_flux,
    layered_transport,
    travelling_wave,
    van_genuchten,
)
from metalbudget.column import richards
from metalbudget.column.columns import Columns, node_thickness
from scipy.special import erfc

# Soils of the set (its table 1, after Carsel & Parrish 1988 but for Ks of the clay and connectivity 0.5).
SAND, LOAM, CLAY = (0.045, 0.43, 0.15, 3.0, 1000.0), (0.08, 0.43, 0.04, 1.6, 50.0), (0.1, 0.4, 0.01, 1.1, 10.0)


def two_layers(upper, lower, edge, depth, **other):
    table = np.array([upper, lower])
    layer = (depth > edge).astype(np.int64)[None]
    return Columns(depth, layer, *(table[None, :, i] for i in range(5)), **other)


# --- the theory itself, where a closed form is known


@pytest.mark.parametrize(("surface", "initial"), [(-1000.0, -10.0), (-10.0, -1000.0)])
def test_sorptivity_of_a_constant_diffusivity(surface, initial):
    """Crank (1975), equation 3.13 for D = 2 · 10⁴ cm² d⁻¹: S = 2 Δθ √(D/π)."""
    found = exact_sorptivity(lambda h: (0.4 + 1.0e-4 * h, np.full(h.shape, 2.0)), surface, initial)
    assert found == pytest.approx(2.0 * 0.099 * np.sqrt(2.0e4 / np.pi), rel=1.0e-5)


def test_transport_without_layers_is_the_third_type_solution():
    """Van Genuchten & Alves (1982), A2, in closed form; two layers of one soil are one; slow sites that are none."""
    depth, v, d, t = np.linspace(0.0, 60.0, 31), 2.5, 6.0, 10.0
    root = 2.0 * np.sqrt(d * t)
    closed = (
        0.5 * erfc((depth - v * t) / root)
        + np.sqrt(v * v * t / (np.pi * d)) * np.exp(-((depth - v * t) ** 2) / (4.0 * d * t))
        - 0.5 * (1.0 + v * depth / d + v * v * t / d) * np.exp(v * depth / d) * erfc((depth + v * t) / root)
    )
    soil = {"theta": 0.4, "dispersion": d}
    assert layered_transport(depth, t, 1.0, [soil]) == pytest.approx(closed, abs=1.0e-8)
    assert layered_transport(depth, t, 1.0, [soil, soil], 20.0) == pytest.approx(closed, abs=1.0e-8)
    sites = {"density": 1.4, "kd": 1.0, "fraction": 1.0, "rate": 0.2}
    bound = layered_transport(depth, t, 1.0, [soil | {"density": 1.4, "kd": 1.0}])
    assert layered_transport(depth, t, 1.0, [soil | sites]) == pytest.approx(bound, abs=1.0e-8)


# --- flow


@pytest.mark.parametrize(("soil", "dry", "flux"), [(LOAM, -400.0, 10.0), (SAND, -400.0, 100.0), (CLAY, -400.0, 5.0)])
def test_infiltration_becomes_a_travelling_wave(soil, dry, flux):
    """Their second case: the shape of the front, head by head, and its speed."""
    wet = head_of_flux(soil, flux)
    theta = [van_genuchten(soil, head)[0] for head in (dry, wet)]
    between = theta[0] + (theta[1] - theta[0]) * np.array([0.5, 0.2, 0.35, 0.65, 0.8, 0.9])
    scan = np.linspace(np.log(-wet), np.log(-dry), 20001)
    heads = -np.exp(np.interp(-between, -van_genuchten(soil, -np.exp(scan))[0], scan))
    expected, speed = travelling_wave(soil, dry, flux, heads)
    nodes, deep = 2001, 200.0
    days = 0.7 * deep / speed
    own = column(soil, depth_cm=deep, nodes=nodes, top="flux")
    flow, _ = run(own, constant(days, 10, rain=flux), dry, tolerance=1.0e-4)
    depth = own.depth_cm
    found = np.interp(-between, -(flow.water_cm[0, -1] / node_thickness(depth)), depth)
    # nodes are 0.1 cm apart; the clay's front is 90 cm long between these heads, the sand's 1 cm
    assert found - found[0] == pytest.approx(expected, abs=0.05 + 0.01 * np.ptp(expected))
    middle = [np.interp(-between[0], -row / node_thickness(depth), depth) for row in flow.water_cm[0, -3:]]
    assert np.diff(middle) / (days / 10) == pytest.approx(speed, rel=0.01)


@pytest.mark.parametrize(
    ("upper", "lower"), [(LOAM, SAND), (SAND, LOAM), (CLAY, SAND), (SAND, CLAY)], ids=["ls", "sl", "cs", "sc"]
)
def test_steady_infiltration_through_layers(upper, lower):
    """Their first case: 0.5 cm a day through 50 cm on 150 cm; dz = K dh / (K − q) upwards from the edge, integrated."""
    from scipy.integrate import solve_ivp

    flux, edge = 0.5, 50.0
    depth = np.concatenate(
        [np.linspace(0.0, 40.0, 41)[:-1], np.linspace(40.0, 60.0, 201), np.linspace(60.0, 200.0, 71)[1:]]
    )
    flow, _ = run(two_layers(upper, lower, edge, depth, top="flux"), constant(3000.0, 2, rain=flux), -20.0)
    head, bottom = flow.end.head_cm[0], head_of_flux(lower, flux)
    assert flow.interval_sums_cm[0, -1, richards.DRAINAGE] == pytest.approx(1500.0 * flux, rel=1.0e-3)
    assert head[depth > 60.0] == pytest.approx(bottom, rel=1.0e-5)
    # u = ln(−h) and the height above the edge; the last node of the upper soil lies half a spacing above it
    above = solve_ivp(
        lambda _, u: (1.0 - flux / van_genuchten(upper, -np.exp(u))[1]) * np.exp(-u),
        (0.0, edge), [np.log(-bottom)], rtol=1.0e-9, atol=1.0e-12, dense_output=True,
    )  # fmt: skip
    checked = (depth <= edge - 0.5) & (depth >= 1.0)
    expected = -np.exp(above.sol(edge - depth[checked])[0])
    assert head[checked] == pytest.approx(expected, rel=0.02)


DESORPTION = [("sand", SAND, -30.0, 0.02), ("loam", LOAM, -200.0, 0.05), ("clay", CLAY, -200.0, 0.05)]


@pytest.mark.parametrize(
    ("soil", "initial", "days"), [row[1:] for row in DESORPTION], ids=[row[0] for row in DESORPTION]
)
def test_evaporation_from_a_dry_surface_is_the_exact_desorption(soil, initial, days):
    """Their third case, second stage: S √t, with the exact desorptivity (Philip & Knight 1974) instead of an estimate.

    The surface is dried to −10⁴ cm at once. What gravity takes grows with t (Philip 1957) and is told apart by that.
    """
    dry = -1.0e4
    expected = exact_sorptivity(lambda h: van_genuchten(soil, h), dry, initial)
    depth = np.concatenate([[0.0], np.cumsum(np.geomspace(2.0e-4, 0.5, 300))])
    own = replace(column(soil, nodes=depth.size, bottom="zero_flux", driest_head_cm=dry), depth_cm=depth)
    flow, _ = run(own, constant(days, 20, evaporation=1.0e4), initial, tolerance=1.0e-5)
    lost = np.cumsum(flow.interval_sums_cm[0, :, richards.EVAPORATION])
    times = np.cumsum(flow.days)
    root, linear = np.linalg.lstsq(np.stack([np.sqrt(times), times], axis=1)[2:], lost[2:], rcond=None)[0]
    assert root == pytest.approx(expected, rel=0.005)
    assert -0.03 * lost[-1] < linear * days < 0.0


# --- transport


@pytest.mark.parametrize("sorbing", [False, True])
def test_transport_through_two_layers(sorbing):
    """Their second case of transport: water, dispersion and sorption change at 30 cm, flux and concentration do not.

    The lower soil's Ks is such that it carries the flux at the head of the upper one: so each has one water content.
    """
    flux, edge, days = 1.0, 30.0, 30.0
    head = head_of_flux(LOAM, flux)
    lower = (*SAND[:4], SAND[4] * flux / float(van_genuchten(SAND, head)[1]))
    depth = np.linspace(0.0, 120.0, 481)
    own = two_layers(LOAM, lower, edge, depth, top="flux")
    kd, lengths = (0.3, 0.1) if sorbing else (0.0, 0.0), (2.0, 5.0)
    load = linear_load(own, 0.0, 0.0, density=1.4, dispersivity=4.0, rain_mg_l=1.0)
    load = replace(
        load,
        metals=replace(load.metals, coefficient=np.where(own.layer == 0, *kd)),
        dispersivity_cm=np.where(own.layer == 0, *lengths),
    )
    _, moved = run(own, constant(days, int(days * 8), rain=flux), head, load=load, tolerance=1.0e-4)
    layers = []
    for soil, length, bound in zip((LOAM, lower), lengths, kd, strict=True):
        theta = float(van_genuchten(soil, head)[0])
        layers.append({"theta": theta, "dispersion": length * flux / theta, "density": 1.4, "kd": bound})
    expected = layered_transport(depth, days, flux, layers, edge)
    assert layers[0]["theta"] > 1.5 * layers[1]["theta"]
    # the lower end lets water out without a gradient, which the theory has not: its reach is left out
    upper = depth < 100.0
    assert moved.concentration_mg_l[0, 0][upper] == pytest.approx(expected[upper], abs=5.0e-3)


@pytest.mark.parametrize("rate", [0.05, 0.5])
def test_two_site_sorption_under_a_steady_flux(rate):
    """Their third case of transport: sites that are not at equilibrium (van Genuchten & Wagenet 1989)."""
    soil, flux, days = LOAM, 1.0, 40.0
    head = head_of_flux(soil, flux)
    theta = float(van_genuchten(soil, head)[0])
    own = column(soil, depth_cm=120.0, nodes=481, top="flux")
    load = linear_load(own, 0.5, 0.0, density=1.4, dispersivity=4.0, rain_mg_l=1.0, fraction=0.4, rate_1_d=rate)
    _, moved = run(own, constant(days, int(days * 8), rain=flux), head, load=load, tolerance=1.0e-4)
    expected = layered_transport(
        own.depth_cm, days, flux,
        [{"theta": theta, "dispersion": 4.0 * flux / theta, "density": 1.4, "kd": 0.5, "fraction": 0.4, "rate": rate}],
    )  # fmt: skip
    assert moved.concentration_mg_l[0, 0] == pytest.approx(expected, abs=5.0e-3)
    assert np.ptp(expected) > 0.9
