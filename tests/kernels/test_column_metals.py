"""Metals in soil columns: answers known from theory, sorption, ploughing, balances."""

import numpy as np
import pytest
from column_cases import SOILS, changing, column, constant, linear_load, run, total
from metalbudget.column import leaching, richards, simulate, solute, sorption
from metalbudget.column.columns import node_thickness
from scipy.special import erfc

FLUX = 1.0


def steady_head(soil):
    """Head at which K is FLUX: then water content and flux are the same everywhere."""
    from test_column_water import head_at

    return head_at(SOILS[soil], FLUX)


def third_type(depth, time, velocity, dispersion, retardation=1.0):
    """Van Genuchten & Alves (1982), solution A2: relative resident concentration under a flux at the surface."""
    v, d = velocity / retardation, dispersion / retardation
    root = 2.0 * np.sqrt(d * time)
    return (
        0.5 * erfc((depth - v * time) / root)
        + np.sqrt(v * v * time / (np.pi * d)) * np.exp(-((depth - v * time) ** 2) / (4.0 * d * time))
        - 0.5 * (1.0 + v * depth / d + v * v * time / d) * np.exp(v * depth / d) * erfc((depth + v * time) / root)
    )


def steady(soil="loam", nodes=201, days=20, depth_cm=100.0, per_day=4, **load):
    """A column under a steady flux of FLUX, with metals; its flow, metals and water content."""
    own = column(soil, nodes=nodes, top="flux", depth_cm=depth_cm)
    head = steady_head(soil)
    metals = linear_load(own, **load)
    flow, moved = run(own, constant(float(days), days * per_day, rain=FLUX), head, load=metals, tolerance=1.0e-4)
    return own, flow, moved, flow.water_cm[0, -1, 5] / node_thickness(own.depth_cm)[5]


def test_a_tracer_follows_the_third_type_solution():
    """Van Genuchten & Alves (1982), A2; within 0.5 % of the inflow's concentration."""
    own, _, moved, theta = steady(kd=0.0, start=0.0, dispersivity=2.0, rain_mg_l=1.0)
    expected = third_type(own.depth_cm, 20.0, FLUX / theta, 2.0 * FLUX / theta)
    upper = own.depth_cm < 85.0
    assert moved.concentration_mg_l[0, 0][upper] == pytest.approx(expected[upper], abs=5.0e-3)


def test_a_retarded_pulse_follows_the_third_type_solution():
    """The same with R = 1 + ρKd/θ; a pulse is the difference of two steps."""
    own = column("loam", nodes=201, top="flux")
    rain = np.zeros((1, 1, 160))
    rain[:, :, :40] = 1.0
    metals = linear_load(own, 0.5, 0.0, density=1.4, dispersivity=4.0, rain_mg_l=rain)
    flow, moved = run(own, constant(40.0, 160, rain=FLUX), steady_head("loam"), load=metals, tolerance=1.0e-4)
    theta = flow.water_cm[0, -1, 5] / node_thickness(own.depth_cm)[5]
    retardation = 1.0 + 1.4 * 0.5 / theta
    step = [third_type(own.depth_cm, t, FLUX / theta, 4.0 * FLUX / theta, retardation) for t in (40.0, 30.0)]
    assert moved.concentration_mg_l[0, 0] == pytest.approx(step[0] - step[1], abs=3.0e-3)
    assert moved.sums_ug_cm2[0, 0, 0, solute.INFLOW] == pytest.approx(10.0 * FLUX)


def test_a_freundlich_front_travels_at_its_speed():
    """Hand calculation: a front that sharpens itself (β < 1) moves at q / (θ + ρ S(c₀)/c₀)."""
    own = column("loam", nodes=201, top="flux")
    metals = linear_load(own, 2.0, 0.0, density=1.4, dispersivity=0.5, exponent=0.6, rain_mg_l=0.5)
    flow, moved = run(own, constant(60.0, 120, rain=FLUX), steady_head("loam"), load=metals)
    theta = flow.water_cm[0, -1, 5] / node_thickness(own.depth_cm)[5]
    speed = FLUX / (theta + 1.4 * 2.0 * 0.5**0.6 / 0.5)
    c = moved.concentration_mg_l[0, 0]
    place = np.interp(-0.25, -c, own.depth_cm)
    assert place == pytest.approx(speed * 60.0, rel=0.03)
    assert c[0] == pytest.approx(0.5, rel=1.0e-3)


def test_fifty_years_of_a_ploughed_layer_are_first_order():
    """Loss k = q / (d (θ + ρKd)) of a layer that is mixed every year; 20 cm, Kd 50.

    Between ploughings the depleted front does not reach the lower edge, so that each year loses k of what it began
    with: (1 − k)^n, a little more than exp(−k n).
    """
    own = column("loam", nodes=21, depth_cm=20.0, top="flux")
    years, q = 50, 60.0 / 365.0
    metals = linear_load(own, 50.0, 0.02, density=1.3, dispersivity=2.0, mixed_nodes=np.full(years, 21))
    flow, moved = run(
        own, constant(365.0 * years, years, rain=q), -60.0, load=metals, period=np.arange(years), leaching_depth_cm=20.0
    )
    theta = flow.storage_cm[0, -1] / 20.0
    rate = 60.0 / (20.0 * (theta + 1.3 * 50.0))
    mass = moved.sums_ug_cm2[0, 0, :, solute.MASS]
    assert mass[-1] / mass[0] == pytest.approx((1.0 - rate) ** (years - 1), rel=0.01)
    assert mass[-1] / mass[0] == pytest.approx(np.exp(-rate * (years - 1)), rel=0.06)


def test_a_gradient_free_layer_leaches_what_it_holds_in_its_water():
    """Hand calculation: of strongly bound metal about q / (d (θ + ρKd)) leaves the layer in the first year."""
    own = column("loam", nodes=51)
    weather = changing(days=360, rain_cm=140.0)
    months = np.arange(360) // 30
    flow, _ = run(own, weather, interval=months, depths_cm=[20.0])
    share = leaching.plough_layer(own, flow, [200.0, 1000.0], 1.35, 5.0)
    theta = flow.water_cm[0, :, :10].sum(axis=1).mean() / 19.0
    expected = flow.passed_cm[0, 0, 0] / (20.0 * (theta + 1.35 * np.array([200.0, 1000.0])))
    assert share[:, 0, 0] == pytest.approx(expected, rel=0.03)


def test_the_layer_by_itself_is_the_profile_with_its_lower_end_there():
    """20 cm of soil as a column of its own, against the same as the upper part of a metre: the same definition."""
    own = column("loam", nodes=21, depth_cm=20.0)
    weather = changing(days=120, rain_cm=60.0)
    metals = linear_load(own, 200.0, 0.005, dispersivity=5.0)
    flow, moved = run(own, weather, load=metals, interval=np.arange(120) // 30, leaching_depth_cm=20.0)
    share = leaching.plough_layer(own, flow, 200.0, 1.35, 5.0)
    held = moved.sums_ug_cm2[0, 0, -1, solute.MASS] + moved.sums_ug_cm2[0, 0, :, solute.OUTFLOW].sum()
    assert share[0, 0, 0] == pytest.approx(moved.sums_ug_cm2[0, 0, :, solute.OUTFLOW].sum() / held, rel=1.0e-9)
    assert moved.leached_ug_cm2[0, 0, 0] == pytest.approx(moved.sums_ug_cm2[0, 0, 0, solute.OUTFLOW], rel=1.0e-9)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"exponent": 0.7},
        {"exponent": 1.3},
        {"saturation": 3.0},
        {"fraction": 0.4, "rate_1_d": 0.05},
        {"uptake_limit_mg_l": 0.01},
    ],
)
def test_the_balance_closes_for_every_kind_of_sorption(options):
    own = column("loam", root_density=np.tile(np.maximum(1.0 - np.linspace(0.0, 100.0, 41) / 60.0, 0.0), (1, 1)))
    start = np.where(own.depth_cm <= 20.0, 0.05, 0.0)
    metals = linear_load(own, 10.0, start, diffusion_cm2_d=0.75, rain_mg_l=0.01, **options)
    _, moved = run(own, changing(), load=metals)
    of = moved.sums_ug_cm2[0, 0, 0]
    first = moved.interval_sums_ug_cm2[0, 0, 0]
    before = first[solute.MASS] - first[solute.INFLOW] + first[solute.OUTFLOW] + first[solute.UPTAKE]
    left = of[solute.MASS] - before - of[solute.INFLOW] + of[solute.OUTFLOW] + of[solute.UPTAKE]
    assert abs(left) <= 1.0e-11 * before
    assert np.all(moved.concentration_mg_l >= 0.0)
    assert (of[solute.UPTAKE] > 0.0) == ("uptake_limit_mg_l" in options)


def test_langmuir_of_low_concentration_is_linear():
    own, _, curved, _ = steady(kd=5.0, start=1.0e-6, saturation=1.0, days=5)
    _, _, straight, _ = steady(kd=5.0, start=1.0e-6, days=5)
    assert curved.concentration_mg_l[0] == pytest.approx(straight.concentration_mg_l[0], rel=1.0e-4)
    assert own.count == 1


def test_two_sites_lie_between_their_limits():
    """Fast exchange is one site; no exchange holds the other half back."""
    slow, one, fast = (
        steady(kd=4.0, start=0.0, rain_mg_l=1.0, days=30, **options)[2].concentration_mg_l[0, 0]
        for options in ({"fraction": 0.5, "rate_1_d": 0.02}, {}, {"fraction": 0.5, "rate_1_d": 1.0e4})
    )
    assert fast == pytest.approx(one, abs=2.0e-3)
    assert slow.sum() > 1.02 * one.sum()


@pytest.mark.parametrize(("exponent", "saturation"), [(1.0, 0.0), (0.6, 0.0), (1.4, 0.0), (1.0, 2.0), (0.8, 0.5)])
def test_equilibrium_divides_the_mass(exponent, saturation):
    """Hand calculation: what water and soil hold at the concentration is the mass."""
    for mass in (1.0e-6, 0.3, 40.0):
        c = sorption.equilibrium(mass, 0.3, 1.4, 20.0, exponent, saturation)
        s = 20.0 * c**exponent / (1.0 + saturation * c**exponent)
        assert 0.3 * c + 1.4 * s == pytest.approx(mass, rel=1.0e-12)


def test_ploughing_evens_out_and_keeps_the_mass():
    own = column("loam", nodes=21, depth_cm=20.0, top="flux")
    start = np.where(own.depth_cm < 5.0, 0.1, 0.0)
    metals = linear_load(own, 500.0, start, mixed_nodes=np.array([0, 11]))
    _, moved = run(own, constant(2.0, 2, rain=0.01), load=metals, leaching_depth_cm=20.0)
    content = moved.mass_ug_cm2[0, 0] / node_thickness(own.depth_cm)
    assert content[:11] == pytest.approx(content[0])
    assert content[12] < 0.5 * content[0]
    both = moved.interval_sums_ug_cm2[0, 0, :, solute.MASS]
    assert both[1] == pytest.approx(both[0], rel=1.0e-6)


def test_rain_that_runs_off_takes_its_metal_along():
    """Hand calculation: of rain beyond what infiltrates, the metal leaves with the runoff."""
    own = column("clay_loam")
    metals = linear_load(own, 10.0, 0.0, rain_mg_l=0.02)
    flow, moved = run(own, constant(3.0, 3, rain=20.0), load=metals)
    infiltrated = total(flow, richards.TOP_INFLOW)[0]
    assert total(flow, richards.RUNOFF)[0] > 10.0
    assert moved.sums_ug_cm2[0, 0, 0, solute.INFLOW] == pytest.approx(0.02 * infiltrated, rel=1.0e-9)


def test_days_and_months_of_stored_water_agree_for_bound_metals():
    """Brief of the engine: 30-day sums with Σ|q| lose two per cent at most for a Kd of 200."""
    own = column("loam", nodes=51)
    start = 0.5 * (1.0 - np.tanh((own.depth_cm - 20.0) / 2.5)) / 200.0
    leached = []
    for interval in (np.arange(120), np.arange(120) // 30):
        metals = linear_load(own, 200.0, start)
        _, moved = run(own, changing(days=120, rain_cm=60.0), load=metals, interval=interval)
        leached.append(moved.leached_ug_cm2[0, 0].sum())
    assert leached[1] == pytest.approx(leached[0], rel=0.03)


def test_many_metals_are_each_as_alone():
    own = column("loam")
    start = np.where(own.depth_cm <= 20.0, 0.01, 0.0)
    _, both = run(own, changing(), load=linear_load(own, [20.0, 300.0], start))
    for i, kd in enumerate((20.0, 300.0)):
        _, one = run(own, changing(), load=linear_load(own, kd, start))
        assert np.array_equal(one.concentration_mg_l[0], both.concentration_mg_l[i])


def test_coefficients_out_of_range_are_refused():
    with pytest.raises(ValueError, match="negative or missing"):
        sorption.metals([[-1.0]])
    with pytest.raises(ValueError, match="exponent"):
        sorption.metals([[1.0]], exponent=0.0)
    with pytest.raises(ValueError, match="not within the profile"):
        simulate.edge_of([0.0, 10.0, 20.0], 30.0)
