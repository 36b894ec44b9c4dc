"""Scenarios and the roll-forward. Expected values: the analytic solution of dC/dt = F/M - kC and hand calculations."""

from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import capacity
from metalbudget.budget.rates import Chemistry
from metalbudget.budget.setting import Ladder, Setting, interpolate
from metalbudget.budget.simulate import Options, simulate
from metalbudget.forecast import roll, scenario, zones
from metalbudget.landuse import SOIL_CLASSES

ROW = {name: number for number, name in enumerate(SOIL_CLASSES)}
DENSITY = 1300.0
N = 3
OPEN = np.array([1.0, 0.5, 0.8])
KD = 500.0
BACKGROUND = np.array([0.12, 0.10, 0.20])
START = np.array([0.18, 0.15, 0.16])


def setting(shares=None, depth=0.2, leached_at_one=300.0, soil_loss=0.1):
    """Forest of the given open share; leached soil mass inversely proportional to Kd."""
    if shares is None:
        shares = np.zeros((9, N))
        shares[ROW["forest"]] = OPEN
    rungs = np.geomspace(1.0, 1e6, 25)
    share = shares.sum(axis=0)
    table = share[:, None] * leached_at_one / rungs[None, :]
    zeros = np.zeros(N)
    return Setting(
        shares=shares,
        layer_mass=share * DENSITY * depth,
        column_mass=np.full(N, DENSITY * 0.2),
        legal_mass=share * DENSITY * 0.2,
        soil_loss=share * soil_loss,
        runoff_water=share * 100.0,
        runoff_water_flooded=zeros,
        leaching=Ladder(((1.0, table),), 0.0, 0.25),
        leaching_flooded=Ladder(((1.0, np.zeros_like(table)),), 0.0, 0.25),
        density_ratio=np.ones(N),
        cropping=[],
    )


def chemistry(natural_deposition=0.0):
    return Chemistry(
        metal="cd",
        kd=lambda content, soil: (np.full(content.shape, KD), 0),
        harvest=lambda content, soil, cropping: np.zeros(content.shape),
        flooded_kd_factor=1.0,
        porewater_mixing_factor=0.3,
        enrichment_ratio=1.5,
        evasion_rate=0.0,
        reemitted_share=dict.fromkeys(SOIL_CLASSES, 0.0),
        natural_deposition=natural_deposition,
        inert_pool=False,
    )


RATE = (300.0 / KD + 0.3 * 100.0 / KD + 0.1 * 1.5) / (DENSITY * 0.2)


def outcome(deposition, *, closure=False, mode="naive", snapshots=(0, 20, 50), limit=None, correction=None, land=None):
    land = land or setting()
    deposited = np.asarray(deposition) * land.open_share
    soil = {"ph_water": np.full(N, 6.0)}
    steps = simulate(
        START,
        range(2020, 2070),
        lambda year: land,
        lambda year: {"deposition": deposited},
        lambda year: soil,
        chemistry=chemistry(),
        background=BACKGROUND,
        options=Options(weathering_closure=closure, erosion_mode=mode, closure_tolerance=1e-9),
        cell_area_m2=250_000.0,
        correction_at=None if correction is None else (lambda year: correction),
    )
    limit_at = None if limit is None else (lambda year: np.full(N, limit))
    return roll.run(steps, START, 2020, snapshots, lambda year: land, limit_at)


# --- scenarios ----------------------------------------------------------------------------------------


def test_factors_are_linear_between_years_and_constant_outside():
    points = {2020: 1.0, "2035": 0.4}
    assert [scenario.factor_at(points, year) for year in (2000, 2020, 2030, 2035, 2070)] == pytest.approx(
        [1.0, 1.0, 0.6, 0.4, 0.4]
    )
    assert scenario.factor_at({}, 2050) == 1.0
    assert scenario.factor_at({2050: 0.3}, 2020) == 0.3


def test_scenario_from_its_file_form():
    given_scenario = scenario.Scenario.of(
        {
            "description": "x",
            "emissions": {"traffic": {"2020": 1.0, "2070": 1.5}},
            "agriculture": {"manure": {2020: 1.0, 2040: 0.5}},
            "background": {},
            "rain": {},
            "ph_change_per_yr": -0.01,
            "landuse": {2070: "b", 2045: "a"},
        }
    )
    assert given_scenario.emission_factor("traffic", 2045) == pytest.approx(1.25)
    assert given_scenario.emission_factor("steel", 2045) == 1.0
    assert given_scenario.agriculture_factor("manure", 2030) == pytest.approx(0.75)
    assert given_scenario.ph_shift(50) == pytest.approx(-0.5)
    assert given_scenario.nodes(2020, 2070) == (2020, 2045, 2070)


def test_changing_rain_gets_nodes_of_its_own():
    base = {"emissions": {}, "agriculture": {}, "background": {}, "ph_change_per_yr": 0.0, "landuse": {}}
    flat = scenario.Scenario.of(base | {"rain": {2020: 1.0}})
    wetter = scenario.Scenario.of(base | {"rain": {2020: 1.0, 2047: 1.1}})
    assert flat.nodes(2020, 2070) == (2020,)
    assert {2020, 2025, 2047, 2070} <= set(wetter.nodes(2020, 2070))


def test_timeline_returns_the_same_object_while_nothing_changes():
    built = []

    def build(year):
        built.append(year)
        return setting(leached_at_one=float(year))

    timeline = scenario.Timeline((2020, 2045), build, interpolate)
    assert timeline(2010) is timeline(2020)
    assert timeline(2045) is timeline(2070)
    middle = timeline(2030)
    np.testing.assert_allclose(middle.leaching.at(np.full(N, KD)), OPEN * (0.6 * 2020 + 0.4 * 2045) / KD, rtol=1e-12)
    assert built == [2020, 2045]


def test_correction_decays_by_half_in_its_half_life():
    """The mean over a decade of years 0..9 plus the mean over 10..19 halves; the integral of 2^(-t/10) is h/ln2."""
    values = np.array([scenario.correction_factor("decay", year, 10.0) for year in range(1000)])
    np.testing.assert_allclose(values[10:20], 0.5 * values[:10], rtol=1e-12)
    assert values.sum() == pytest.approx(10.0 / np.log(2.0), rel=1e-9)
    assert scenario.correction_factor("hold", 40, 10.0) == 1.0
    with pytest.raises(ValueError, match="roll_forward"):
        scenario.correction_factor("grow", 1, 10.0)


def test_correction_follows_the_inputs_and_vanishes_without_any():
    learned = np.array([2.0, -3.0])
    np.testing.assert_allclose(scenario.correction_of_year(learned, 0.5, 0.6), [0.6, -1.5])
    np.testing.assert_array_equal(scenario.correction_of_year(learned, 0.5, 0.0), [0.0, 0.0])


# --- roll-forward -------------------------------------------------------------------------------------


def test_constant_inputs_give_the_analytic_solution():
    deposition = np.array([0.5, 0.2, 1.0])
    result = outcome(deposition)
    steady = deposition / (DENSITY * 0.2 * RATE)
    for snapshot in result.snapshots:
        time = snapshot.year - 2020
        np.testing.assert_allclose(snapshot.layer, steady + (START - steady) * exp(-RATE * time), rtol=1e-12)
        np.testing.assert_allclose(snapshot.kept, exp(-RATE * time), rtol=1e-12)
    assert [snapshot.year for snapshot in result.snapshots] == [2020, 2040, 2070]
    assert result.closure <= 1e-9


def test_tracers_add_up_to_the_concentration():
    last = outcome(np.array([0.5, 0.2, 1.0])).snapshots[-1]
    np.testing.assert_allclose(START * last.kept + last.counted, last.layer, rtol=1e-12)


def test_zero_inputs_keep_the_background():
    """With closure and nothing else the anchor min(C_bg, C_0) stays, to 1e-9, in either erosion mode."""
    for mode in ("naive", "subsoil_replacement"):
        land = setting()
        steps = simulate(
            BACKGROUND,
            range(2020, 2070),
            lambda year: land,  # noqa: B023
            lambda year: {},
            lambda year: {},
            chemistry=chemistry(),
            background=BACKGROUND,
            options=Options(weathering_closure=True, erosion_mode=mode, closure_tolerance=1e-9),
            cell_area_m2=250_000.0,
        )
        last = roll.run(steps, BACKGROUND, 2020, (50,), lambda year: land).snapshots[-1]  # noqa: B023
        if mode == "subsoil_replacement":
            np.testing.assert_allclose(last.layer, BACKGROUND, rtol=1e-9)
        else:  # naive mode takes soil away without putting any back: only erosion acts
            np.testing.assert_allclose(last.layer, BACKGROUND * last.layer[0] / BACKGROUND[0], rtol=1e-9)
            assert np.all(last.layer < BACKGROUND)


def test_process_capacity_ends_at_the_limit():
    """The capacity of a run, put in as its deposition, brings the run to its limit."""
    last = outcome(np.array([0.5, 0.2, 1.0]), closure=True, mode="subsoil_replacement").snapshots[-1]
    allowed = capacity.process_capacity(last.layer, last.counted, last.response, 0.3) * 0.1
    again = outcome(allowed, closure=True, mode="subsoil_replacement").snapshots[-1]
    np.testing.assert_allclose(again.layer, 0.3, rtol=1e-9)


def test_overload_year_is_where_the_analytic_solution_crosses():
    deposition = np.array([2.0, 0.0, 3.0])
    result = outcome(deposition, limit=0.3)
    steady = deposition / (DENSITY * 0.2 * RATE)
    for cell in range(N):
        crossing = [
            year
            for year in range(2020, 2071)
            if steady[cell] + (START[cell] - steady[cell]) * exp(-RATE * (year - 2020)) > 0.3
        ]
        assert result.overload_year[cell] == (crossing[0] if crossing else capacity.NEVER)
    assert result.overload_year[1] == capacity.NEVER


def test_correction_has_its_own_tracer_and_ledger_line():
    learned = np.array([0.4, -0.3, 0.0])
    result = outcome(np.zeros(N), correction=learned)
    last = result.snapshots[-1]
    gained = (1 - exp(-50 * RATE)) / RATE / (DENSITY * 0.2)
    np.testing.assert_allclose(last.corrected, [0.4 * gained, 0.0, 0.0], rtol=1e-9)
    assert result.ledger[2020]["correction"] == pytest.approx(
        0.25 * (0.4 * OPEN[0] - 0.3 * OPEN[1]), rel=0.01
    )  # kg on 0.25 km2 cells; the loss falls a little within the year
    assert last.layer[1] > 0.0


# --- zones --------------------------------------------------------------------------------------------


def receptors(limit_forest=0.3, limit_paddy=0.2):
    shares = np.zeros((9, N))
    shares[ROW["forest"]] = [0.5, 0.5, 0.0]
    shares[ROW["paddy"]] = [0.5, 0.0, 0.5]
    limits = np.full((9, N), np.nan)
    limits[ROW["forest"]], limits[ROW["paddy"]] = limit_forest, limit_paddy
    return zones.Receptors(shares, limits)


def test_summary_by_class_inside_mixed_cells():
    """Cells of 0.25 km2; content 0.25, 0.35, 0.1 against forest 0.3 and paddy 0.2, by hand."""
    state = zones.State(np.array([0.25, 0.35, 0.1]), np.full(N, 0.3))
    rows = zones.summary_rows(state, receptors(), np.full(N, 0.1), 250_000.0, "map_mean")
    assert rows["paddy"].overload == pytest.approx(0.125)
    assert rows["forest"].overload == pytest.approx(0.125)
    assert rows["all"].area == pytest.approx(0.5)
    assert rows["all"].overload_share == pytest.approx(0.5)
    assert np.isnan(rows["bare"].overload_share)
    expected = rows["forest"].overload
    probable = zones.summary_rows(state, receptors(), np.full(N, 0.1), 250_000.0, "probability")
    by_hand = 0.125 * (capacity.overload_probability(0.25, 0.3, 0.3) + capacity.overload_probability(0.35, 0.3, 0.3))
    assert probable["forest"].overload == pytest.approx(by_hand)
    assert probable["forest"].overload != expected


def test_changes_are_split_between_concentration_and_limit():
    start = zones.State(np.array([0.15, 0.15, 0.15]), np.zeros(N))
    end = zones.State(np.array([0.25, 0.25, 0.25]), np.zeros(N))
    same = receptors()
    change = zones.overload_changes((start, same), (end, same), "map_mean")["all"]
    assert (change.start, change.end, change.by_limit) == (0.0, 0.5, 0.0)
    assert change.by_concentration == pytest.approx(0.5)
    stricter = receptors(limit_forest=0.1)
    change = zones.overload_changes((start, same), (start, stricter), "map_mean")["forest"]
    assert (change.end, change.by_concentration, change.by_limit) == (1.0, 0.0, 1.0)


def test_unknown_measure_is_refused():
    with pytest.raises(ValueError, match="measure"):
        zones.State(START, START).overload(receptors(), "median")


def test_mixing_depth_changes_the_mass_alone():
    depths = dict.fromkeys(SOIL_CLASSES, 0.05)
    shallow = scenario.with_mixing_depth(setting(), np.full(N, DENSITY), depths, 0.2)
    np.testing.assert_allclose(shallow.layer_mass, setting().layer_mass / 4)
    np.testing.assert_allclose(shallow.column_mass, setting().column_mass)
    np.testing.assert_array_equal(shallow.soil_loss, setting().soil_loss)


@settings(max_examples=20, deadline=None)
@given(low=st.floats(0.0, 2.0), more=st.floats(0.01, 2.0), limit=st.floats(0.1, 1.0))
def test_more_input_never_delays_overload(low, more, limit):
    def first_year(deposition):
        year = outcome(np.full(N, deposition), limit=limit, snapshots=()).overload_year
        return np.where(year == capacity.NEVER, 9999, year)

    assert np.all(first_year(low + more) <= first_year(low))
