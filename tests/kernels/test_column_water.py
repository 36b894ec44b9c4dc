"""Water in soil columns: retention tables, and answers known from theory."""

from dataclasses import replace

import numpy as np
import pytest
from column_cases import SOILS, balance_cm, changing, column, constant, run, total
from metalbudget.column import retention, richards, simulate
from metalbudget.column.columns import Weather, graded_depths, node_thickness
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq


def exact(soil, head):
    """Water content and conductivity of van Genuchten (1980), equations 3 and 9."""
    theta_r, theta_s, alpha, n, ks = soil
    m = 1.0 - 1.0 / n
    s = (1.0 + (alpha * -head) ** n) ** -m
    return theta_r + (theta_s - theta_r) * s, ks * s**0.5 * (1.0 - (1.0 - s ** (1.0 / m)) ** m) ** 2


def head_at(soil, flux):
    """Head at which the conductivity is a flux."""
    return brentq(lambda h: exact(soil, h)[1] - flux, -1.0e5, -1.0e-9)


@pytest.mark.parametrize("name", SOILS)
def test_tables_follow_the_exact_functions(name):
    """Independent: the closed form, evaluated here; 0.1 % between knots, 1e-5 for a loam."""
    soil = SOILS[name]
    table = retention.tables(*soil[2:], 0.5)[0]
    worst = 0.0
    for head in -np.geomspace(0.25, 9.0e4, 400):
        theta, conductivity = exact(soil, head)
        s = (theta - soil[0]) / (soil[1] - soil[0])
        found = retention.look_up(table, s)
        worst = max(worst, abs(found[0] / head - 1.0), abs(found[2] / conductivity - 1.0))
    assert worst < (2.0e-5 if name == "loam" else 1.0e-3)


def test_conductivity_rises_in_a_straight_line_to_saturation():
    """Hand calculation: half-way through the last 0.2 cm, half-way between its ends."""
    soil = SOILS["clay_loam"]
    table = retention.tables(*soil[2:], 0.5)[0]
    head = -0.5 * retention.SMOOTH_CM
    s = retention.saturation_of(head, soil[2], soil[3])
    middle = 0.5 * (soil[4] + exact(soil, -retention.SMOOTH_CM)[1])
    assert retention.look_up(table, s)[2] == pytest.approx(middle, rel=2.0e-3)


def test_slopes_of_the_tables_are_those_of_their_values():
    table = retention.tables(*SOILS["loam"][2:], 0.5)[0]
    for s in (0.01, 0.3, 0.49, 0.7, 0.99):
        low, high = retention.look_up(table, s - 1.0e-7), retention.look_up(table, s + 1.0e-7)
        here = retention.look_up(table, s)
        assert here[1] == pytest.approx((high[0] - low[0]) / 2.0e-7, rel=1.0e-4)
        assert here[3] == pytest.approx((high[2] - low[2]) / 2.0e-7, rel=1.0e-4)


@pytest.mark.parametrize("name", ["sandy_loam", "loam", "clay_loam"])
def test_steady_infiltration_has_the_head_of_its_conductivity(name):
    """Theory: under a constant flux a freely draining soil takes the head at which K is the flux."""
    soil, flux = SOILS[name], 0.4
    flow, _ = run(column(name, top="flux"), constant(400.0, 4, rain=flux), -150.0)
    assert flow.end.head_cm[0] == pytest.approx(head_at(soil, flux), rel=2.0e-3)
    assert flow.flux_cm[0, -1, -1] / flow.days[-1] == pytest.approx(flux, rel=1.0e-3)


STEEP = (0.03, 0.38, 0.04, 8.0, 150.0)


def test_steep_sand_lets_a_steady_flux_through():
    """Theory, as above, for n = 8, from soil so dry that a part of 10⁻¹³ of its pores holds water."""
    flow, _ = run(column(STEEP, top="flux"), constant(40.0, 4, rain=5.0), -2.0e3)
    assert flow.end.head_cm[0] == pytest.approx(head_at(STEEP, 5.0), rel=2.0e-3)
    assert flow.flux_cm[0, -1, -1] / flow.days[-1] == pytest.approx(5.0, rel=1.0e-6)


@pytest.mark.parametrize("bottom", ["free_drainage", "seepage_face", "zero_flux", "head"])
@pytest.mark.parametrize("exponent", [4.5, 8.0])
def test_steep_sand_is_ponded_dried_and_closes(bottom, exponent):
    """Law: rain = runoff + evaporation + transpiration + drainage + storage + what stands, dried to −10⁵ cm and ponded.

    Before the residual water was counted apart, such columns read beyond their tables.
    """
    soil = (*STEEP[:3], exponent, 150.0)
    roots = np.where(np.arange(41) < 30, 1.0, 0.0)[None]
    dry = column(soil, bottom=bottom, root_density=roots, pond_cm=2.0, bottom_head_cm=-50.0)
    rain = np.zeros((1, 40))
    rain[0, [10, 11, 25]] = 8.0, 160.0, 12.0
    weather = Weather(np.ones(40), rain, np.full((1, 40), 0.3), np.full((1, 40), 0.3))
    before = simulate.initial_state(dry, -300.0)
    flow, _ = run(dry, weather, -300.0)
    stands = flow.sums_cm[0, -1, richards.PONDED]
    left = sum(
        total(flow, entry)[0]
        for entry in (richards.RUNOFF, richards.EVAPORATION, richards.TRANSPIRATION, richards.DRAINAGE)
    )
    gained = flow.end.water_cm.sum() - before.water_cm.sum()
    assert rain.sum() == pytest.approx(left + gained, abs=1.0e-9)
    assert 0.0 <= stands <= 2.0
    assert total(flow, richards.EVAPORATION)[0] <= 12.0 + 1.0e-9
    assert flow.head_cm.min() >= -1.0e7


def test_steady_flux_through_two_layers():
    """Vanderborght et al. (2005), doi:10.2136/vzj2004.0143, steady flow in layers: dh/dz = q/K − 1, integrated here."""
    upper, lower, flux = SOILS["loam"], SOILS["sand"], 0.5
    nodes, edge = 401, 50.0
    layered = column("loam", nodes=nodes, top="flux")
    table = np.array([upper, lower])
    from metalbudget.column.columns import Columns

    layer = (layered.depth_cm > edge).astype(np.int64)[None]
    both = Columns(layered.depth_cm, layer, *(table[None, :, i] for i in range(5)), top="flux")
    flow, _ = run(both, constant(300.0, 3, rain=flux), -40.0)
    bottom = head_at(lower, flux)
    assert flow.end.head_cm[0, -1] == pytest.approx(bottom, rel=5.0e-3)
    # upwards from the edge, where the head is that of the lower layer
    profile = solve_ivp(
        lambda _, h: -(1.0 - flux / exact(upper, min(h[0], -1.0e-6))[1]),
        (0.0, edge),
        [bottom],
        rtol=1.0e-9,
        max_step=0.05,
        dense_output=True,
    )
    depth = np.array([10.0, 30.0, 40.0, 46.0])
    found = np.interp(depth, both.depth_cm, flow.end.head_cm[0])
    assert found == pytest.approx(profile.sol(edge - depth)[0], rel=0.02)


def test_steady_rise_from_a_water_table():
    """Gardner (1958): z = ∫ dh / (1 + q/K) gives the head above a water table under a steady rise, integrated here."""
    soil, rise = SOILS["loam"], 0.1
    shallow = column("loam", depth_cm=60.0, nodes=241, bottom="head", bottom_head_cm=0.0)
    flow, _ = run(shallow, constant(200.0, 4, evaporation=rise), np.linspace(-60.0, 0.0, 241))
    assert flow.flux_cm[0, -1, 0] / flow.days[-1] == pytest.approx(-rise, rel=1.0e-6)
    for height in (20.0, 40.0):
        head = brentq(
            lambda h, z=height: quad(lambda x: 1.0 / (1.0 + rise / exact(soil, -x)[1]), 1.0e-9, -h)[0] - z,
            -5.0e3,
            -height,
        )
        assert np.interp(60.0 - height, shallow.depth_cm, flow.end.head_cm[0]) == pytest.approx(head, rel=0.01)


def sorptivity(soil, wet, dry):
    """Parlange (1975): S² = ∫ (θ₁ + θ − 2θ₀) D dθ, good to one per cent. [cm d^-1/2]"""
    first, last = exact(soil, wet)[0] if wet < 0.0 else soil[1], exact(soil, dry)[0]
    value = quad(
        lambda u: (first + exact(soil, -np.exp(u))[0] - 2.0 * last) * exact(soil, -np.exp(u))[1] * np.exp(u),
        np.log(max(-wet, 1.0e-6)), np.log(-dry), limit=200,
    )[0]  # fmt: skip
    return np.sqrt(value)


def test_infiltration_begins_with_the_sorptivity():
    """Philip (1957): I = S √t + A t with A between K/3 and 2K/3; S by Parlange's integral."""
    soil = SOILS["loam"]
    fine = column("loam", depth_cm=6.0, nodes=1201, top="head", top_head_cm=0.0)
    time = 0.001
    flow, _ = run(fine, constant(time, 1), -1000.0)
    taken = total(flow, richards.TOP_INFLOW)[0]
    expected = sorptivity(soil, 0.0, -1000.0) * np.sqrt(time) + 0.4 * soil[4] * time
    assert taken == pytest.approx(expected, rel=0.025)


def test_ponded_infiltration_never_falls_below_the_saturated_conductivity():
    """Philip (1957): the rate falls towards Ks and not below."""
    flow, _ = run(column("loam", nodes=101, top="head", top_head_cm=0.0), constant(1.0, 20), -1000.0)
    rate = flow.interval_sums_cm[0, :, richards.TOP_INFLOW] / flow.days
    assert np.all(rate[1:] >= SOILS["loam"][4] * (1.0 - 1.0e-6))
    assert np.all(np.diff(rate[2:]) < 0.05 * rate[2:-1])


@pytest.mark.parametrize("soil", [(0.05, 0.40, 0.05, 4.0, 20.0), SOILS["loam"]])
def test_infiltration_lies_between_its_two_limits(soil):
    """Green & Ampt (1911) above and Talsma & Parlange (1972) below, of one sorptivity and conductivity.

    S is good to one or two per cent. With T = 2K²t/S² and I* = 2KI/S²,
    T = I* − ln(1 + I*) of a sharp front and T = I* − 1 + exp(−I*) of a soft one.
    """
    time = 0.5
    scale = sorptivity(soil, 0.0, -100.0) ** 2 / (2.0 * soil[4])
    limits = [
        scale * brentq(lambda i, f=f: f(i) - soil[4] * time / scale, 1.0e-3, 1.0e3)
        for f in (lambda i: i - 1.0 + np.exp(-i), lambda i: i - np.log(1.0 + i))
    ]
    flow, _ = run(column(soil, nodes=401, top="head", top_head_cm=0.0), constant(time, 1), -100.0)
    assert 0.97 * limits[0] <= total(flow, richards.TOP_INFLOW)[0] <= 1.01 * limits[1]
    assert limits[1] < 1.25 * limits[0]


def test_a_wetting_front_travels_at_its_speed():
    """Vanderborght et al. (2005), infiltration: the front moves at (q − K₀)/(θ(q) − θ₀) without changing its shape."""
    soil = (0.08, 0.43, 0.04, 1.6, 50.0)
    dry, flux = -400.0, 10.0
    wet_theta, dry_theta = exact(soil, head_at(soil, flux))[0], exact(soil, dry)[0]
    speed = (flux - exact(soil, dry)[1]) / (wet_theta - dry_theta)
    flow, _ = run(column(soil, depth_cm=200.0, nodes=401, top="flux"), constant(4.0, 8, rain=flux), dry)
    depth = np.linspace(0.0, 200.0, 401)
    middle = 0.5 * (wet_theta + dry_theta)
    theta = flow.water_cm[0] / node_thickness(depth)
    place = [np.interp(-middle, -row, depth) for row in theta]
    assert np.diff(place)[2:] / 0.5 == pytest.approx(speed, rel=0.02)


def test_evaporation_falls_with_the_root_of_time():
    """Gardner (1959): once the surface is dry the rate falls as t^-1/2 (Vanderborght et al. 2005, evaporation)."""
    graded = replace(column("loam", nodes=201, bottom="zero_flux"), depth_cm=graded_depths(100.0, 201, 0.01))
    flow, _ = run(graded, constant(8.0, 64, evaporation=20.0), -200.0)
    lost = np.cumsum(flow.interval_sums_cm[0, :, richards.EVAPORATION])
    times = np.cumsum(flow.days)
    slope = np.polyfit(np.log(times[7:]), np.log(lost[7:]), 1)[0]
    assert slope == pytest.approx(0.5, abs=0.03)


def test_rain_beyond_the_capacity_runs_off_and_a_bund_holds_it():
    rain = constant(2.0, 8, rain=20.0)
    open_field, _ = run(column("clay_loam"), rain)
    bunded, _ = run(column("clay_loam", pond_cm=5.0), rain)
    assert total(open_field, richards.RUNOFF)[0] > 10.0
    assert bunded.sums_cm[0, -1, richards.PONDED] == pytest.approx(5.0)
    assert total(bunded, richards.RUNOFF)[0] < total(open_field, richards.RUNOFF)[0] - 4.0
    for flow in (open_field, bunded):
        assert abs(balance_cm(flow)[0]) < 1.0e-9


def test_a_saturated_column_drains_through_its_seepage_face():
    """Hand calculation: at rest above a seepage face the head is minus the height."""
    flow, _ = run(column("sand", depth_cm=50.0, nodes=51, bottom="seepage_face"), constant(400.0, 4), 0.0)
    assert flow.end.head_cm[0] == pytest.approx(-(50.0 - np.linspace(0.0, 50.0, 51)), abs=0.2)
    assert total(flow, richards.DRAINAGE)[0] > 1.0


def test_a_closed_column_at_rest_stays_at_rest():
    depth = np.linspace(0.0, 100.0, 41)
    flow, _ = run(column("loam", bottom="zero_flux"), constant(100.0, 2), -100.0 - (50.0 - depth) * 1.0 + 50.0)
    assert abs(flow.storage_cm[0, -1] - flow.before_cm.sum()) < 1.0e-9


def test_roots_take_their_demand_from_moist_soil_and_less_from_dry():
    """Feddes: the whole demand between the optimum and the limit, nothing below the wilting head."""
    density = np.tile(np.where(np.linspace(0.0, 100.0, 41) <= 50.0, 1.0, 0.0), (1, 1))
    weather = constant(5.0, 5, transpiration=0.4)
    moist, _ = run(column("loam", root_density=density), weather, -100.0)
    dry, _ = run(column("loam", root_density=density), weather, -8000.0)
    assert total(moist, richards.TRANSPIRATION)[0] == pytest.approx(2.0, rel=1.0e-6)
    assert total(dry, richards.TRANSPIRATION)[0] < 0.01
    assert moist.uptake_cm[0].sum() == pytest.approx(2.0, rel=1.0e-6)
    assert np.all(moist.uptake_cm[0, :, 21:] == 0.0)


def test_water_through_a_depth_is_that_of_its_balance():
    """Hand calculation: what passed 20 cm is what the soil below gained and lost."""
    weather = changing()
    flow, _ = run(column("loam", nodes=51), weather, depths_cm=[20.0, 33.0, 100.0])
    lower = np.array([0.0 for _ in range(2)])
    for place, level in enumerate((20.0, 33.0)):
        node, share = simulate.edge_of(np.linspace(0.0, 100.0, 51), level)
        of = np.zeros(51)
        of[node], of[node + 1 :] = share, 1.0
        lower[place] = (of * (flow.end.water_cm[0] - flow.before_cm[0])).sum() + total(flow, richards.DRAINAGE)[0]
    assert flow.passed_cm[0, 0, :2] == pytest.approx(lower, abs=1.0e-9)
    assert flow.passed_cm[0, 0, 2] == pytest.approx(total(flow, richards.DRAINAGE)[0], abs=1.0e-9)


def test_storms_on_fine_soil_finish_and_close():
    """Hourly storms on clays, where HYDRUS-1D loses its balance: the run ends and the balance closes."""
    rng = np.random.default_rng(5)
    hours = 24 * 60
    rain = np.where(rng.random(hours) < 0.03, rng.gamma(1.0, 20.0, hours), 0.0)
    sun = np.maximum(np.sin((np.arange(hours) % 24 - 6.0) / 12.0 * np.pi), 0.0)
    weather = Weather(np.full(hours, 1.0 / 24.0), rain[None], 0.5 * sun[None], 0.4 * sun[None])
    density = np.tile(np.maximum(1.0 - np.linspace(0.0, 100.0, 41) / 60.0, 0.0), (1, 1))
    for soil in ("silty_clay", "clay_loam"):
        flow, _ = run(column(soil, root_density=density), weather, interval=np.arange(hours) // 240)
        assert abs(balance_cm(flow)[0]) < 1.0e-6
        assert total(flow, richards.RUNOFF)[0] > 5.0


def test_graded_nodes_reach_the_depth():
    depth = graded_depths(100.0, 41, 0.5)
    assert depth[0] == 0.0
    assert depth[-1] == 100.0
    assert np.diff(depth)[0] == pytest.approx(0.5, rel=1.0e-6)
    assert np.all(np.diff(depth, 2) > 0.0)
    assert node_thickness(depth).sum() == pytest.approx(100.0)
