"""The region's Richards columns. Expected values: hand calculations, steady flow, balances and direct solutions."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import hydraulics, runoff
from metalbudget.column import (
    classes,
    engines,
    evapotranspiration,
    leaching,
    passes,
    rainfall,
    regional,
    response,
    richards,
    simulate,
)
from metalbudget.column.columns import Columns, Weather, graded_depths, layer_index
from metalbudget.column.ladder import next_rungs, polynomial_weights, rain_ladder, refined_ladder
from metalbudget.column.pan import pan_conductivity, suction_at
from metalbudget.column.water_balance import Profile
from metalbudget.errors import InputError
from metalbudget.hydraulics import VanGenuchten
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.settings import coefficients

TABLE = coefficients("soil_column")
PROFILE = Profile(0.2, 1.0, 330.0, 15000.0, 30.0)
WATER = {
    "runoff": "curve_number",
    "rain_rungs": 3,
    "rain_rungs_bunded": 9,
    "rain_tolerance": 0.005,
    "initial_abstraction_ratio": 0.2,
}
TABLES = response.landuse_tables(SOIL_CLASSES, coefficients("crop_coefficient"), PROFILE)
MONTH, _ = evapotranspiration.calendar(2009, 365)
# Rosetta's loam and clay loam of the default region, at 1300 and 1250 kg/m3
SOIL = VanGenuchten(
    theta_r=np.array([0.0895, 0.108]),
    theta_s=np.array([0.458, 0.485]),
    alpha=np.array([0.00605, 0.00623]),
    n=np.array([1.447, 1.388]),
    ks=np.array([44.8, 32.4]),
)
LADDER = response.sorption_ladder(1.0, 1.0e6, 25)
PADDY, DRYLAND, FOREST, WETLAND, BARE = (
    SOIL_CLASSES.index(name) for name in ("paddy", "dryland", "forest", "wetland", "bare")
)


def options_of(outflow="plough_layer", **water):
    return regional.Options.of(WATER | water, outflow, TABLE)


OPTIONS = options_of()


def tables_of(*chosen):
    """Only some land-use classes."""
    rows = list(chosen)
    values = {
        field.name: getattr(TABLES, field.name)[rows]
        for field in dataclasses.fields(TABLES)
        if field.name not in ("classes", "cover", "uptake_rates_cm_d")
    }
    cover = dataclasses.replace(
        TABLES.cover,
        **{field.name: getattr(TABLES.cover, field.name)[rows] for field in dataclasses.fields(TABLES.cover)},
    )
    return dataclasses.replace(TABLES, classes=tuple(TABLES.classes[row] for row in rows), cover=cover, **values)


def distinct_of(*chosen, soil=SOIL, rain=(1.0,), climate=(1.0,), irrigation=None, cells=None, options=OPTIONS):
    tables = tables_of(*chosen)
    groups = hydraulics.hydrologic_group(soil.ks, coefficients("hydrologic_group"))
    numbers = runoff.curve_numbers(tables.classes, groups, coefficients("curve_number"))
    count, zones = soil.ks.size, len(climate)
    water = np.zeros(len(chosen)) if irrigation is None else np.asarray(irrigation, dtype=float)
    return regional.Distinct(
        soil=soil,
        soil_names=("loam", "clay_loam")[:count],
        bulk_density=np.array([1300.0, 1250.0])[:count],
        curve_number=np.broadcast_to(numbers[:, :, None, None], (len(chosen), count, zones, 2)),
        water_table_cm=np.array([np.inf, 120.0]),
        cells=np.ones((count, zones, 2), dtype=int) if cells is None else cells,
        irrigation=water,
        tables=tables,
        rain_factors=np.asarray(rain, dtype=float),
        climate_factors=np.asarray(climate, dtype=float),
        pans=regional.pans_of(soil, tables, options),
    )


def hours_of_a_year(seed=0, annual=1500.0):
    """A coast with plum rains in June and typhoons in August: storms by month, as hours. [mm], [mm/d]"""
    rng = np.random.default_rng(seed)
    normal = np.array([75, 90, 150, 130, 145, 220, 140, 190, 160, 85, 75, 60])
    rain = np.where(rng.random(365) < 0.38, rng.gamma(0.7, 1.0, 365), 0.0)
    for month in range(1, 13):
        rain[month == MONTH] *= normal[month - 1] / max(rain[month == MONTH].sum(), 1e-9)
    rain *= annual / rain.sum()
    reference = np.interp(
        np.arange(365), np.arange(12) * 30.4 + 15, [1.1, 1.5, 2.0, 2.9, 3.6, 3.8, 4.9, 4.5, 3.4, 2.5, 1.7, 1.2]
    )
    return rainfall.storm_hours(rain, MONTH, coefficients("storm_duration")), reference


HOURLY, REFERENCE = hours_of_a_year()
YEAR = engines.Year(2009, HOURLY, REFERENCE, MONTH)


def solved(distinct, options=OPTIONS, kd=LADDER, threads=1):
    return engines.responses("metalbudget", distinct, [YEAR], kd, options, TABLE, threads)


@pytest.fixture(scope="module")
def answer():
    """Two soils, four classes with and without bunds, both water tables, three values of rain."""
    distinct = distinct_of(PADDY, DRYLAND, FOREST, BARE, rain=(0.9, 1.0, 1.1), irrigation=(600, 100, 0, 0))
    return distinct, solved(distinct).years[2009]


# --- rain within the day


def test_records_of_two_days():
    """Dry to 8, 2 + 3 mm, dry, 1 mm in the last hour; then a dry day: 5 + 1 records by hand."""
    hourly = np.zeros(48)
    hourly[[8, 9, 23]] = 2.0, 3.0, 1.0
    records = rainfall.records_of(hourly, [6, 6])
    np.testing.assert_allclose(records.days * 24.0, [8, 1, 1, 13, 1, 24])
    np.testing.assert_allclose(records.rain, [0, 2, 3, 0, 1, 0])
    assert records.day.tolist() == [0, 0, 0, 0, 0, 1]
    np.testing.assert_allclose(records.daily_rain, [6.0, 0.0])
    with pytest.raises(ValueError, match="48 hours"):
        rainfall.records_of(hourly[:47], [6, 6])


def test_storms_last_as_long_as_the_table_says():
    """12 mm on a day of July are moderate rain, 6 hours of 2 mm around noon; 60 mm are a storm of 12 hours."""
    hourly = rainfall.storm_hours([12.0, 60.0, 0.0], [7, 7, 7], coefficients("storm_duration")).reshape(3, 24)
    np.testing.assert_allclose(hourly[0], np.r_[np.zeros(9), np.full(6, 2.0), np.zeros(9)])
    np.testing.assert_allclose(hourly[1], np.r_[np.zeros(6), np.full(12, 5.0), np.zeros(6)])
    np.testing.assert_allclose(hourly.sum(axis=1), [12.0, 60.0, 0.0])


@given(
    seed=st.integers(0, 1000),
    number=st.floats(30.0, 100.0),
    canopy=st.floats(0.0, 5.0),
    factor=st.floats(0.3, 3.0),
)
@settings(max_examples=40, deadline=None)
def test_rain_is_shed_held_or_reaches_the_soil(seed, number, canopy, factor):
    """The three add up in every hour; a day sheds what the curve number method gives for its sum; none is negative."""
    rng = np.random.default_rng(seed)
    hourly = np.where(rng.random(240) < 0.3, rng.gamma(0.5, 12.0, 240), 0.0)
    records = rainfall.records_of(hourly, np.full(10, 7))
    demand = rng.uniform(0.0, 6.0, (1, 10))
    bunded = np.zeros((1, 10), dtype=bool)
    bunded[0, :3] = True
    reaching = rainfall.reaching_soil(records, [factor], [canopy], demand, [number], bunded)
    np.testing.assert_allclose(
        reaching.rain + reaching.shed + reaching.intercepted, factor * records.rain[None, :], rtol=0, atol=1e-10
    )
    for part in (reaching.rain, reaching.shed, reaching.intercepted):
        assert np.all(part >= -1e-12)
    shed = np.bincount(records.day, reaching.shed[0], 10)
    expected = runoff.daily_runoff(factor * records.daily_rain, number)
    np.testing.assert_allclose(shed, np.where(bunded[0], 0.0, expected), rtol=1e-9, atol=1e-9)
    held = np.bincount(records.day, reaching.intercepted[0], 10)
    most = np.minimum(np.minimum(canopy, demand[0]), factor * records.daily_rain - shed)
    np.testing.assert_allclose(held, most, rtol=1e-9, atol=1e-9)


# --- grouping


@given(degree=st.integers(0, 3), seed=st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_polynomials_of_the_ladder_are_exact(degree, seed):
    """Four rungs carry a cubic; the weights sum to one."""
    power = np.polynomial.Polynomial(np.random.default_rng(seed).normal(size=degree + 1))
    ladder = rain_ladder([0.8, 0.9, 1.0, 1.1, 1.2], [0.97, 1.2], 4)
    at = np.linspace(0.7, 1.5, 9)
    weights = polynomial_weights(ladder, at)
    np.testing.assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(weights @ power(ladder), power(at), rtol=1e-9, atol=1e-9)


def test_few_values_of_rain_are_solved_themselves():
    np.testing.assert_allclose(rain_ladder([0.9, 1.0], [1.0], 4), [0.9, 1.0])
    ladder = rain_ladder([0.8, 1.0, 1.2], [1.0, 1.25], 4)
    assert (ladder.size, ladder[0], ladder[-1]) == (4, 0.8, 1.5)
    with pytest.raises(ValueError, match="at least two"):
        rain_ladder([0.8, 1.0], [1.0], 1)


def refined(response, most=9, tolerance=0.01):
    """A ladder from 0.8 to 1.4 as it ends for a response to rain."""
    ladder = refined_ladder(0.8, 1.4, 0)
    for _ in range(10):
        added = next_rungs(ladder, np.column_stack([response(ladder), 1.0 + 0.0 * ladder]), most, tolerance)
        if added.size == 0:
            return ladder
        ladder = np.sort(np.r_[ladder, added])
    raise AssertionError("a ladder must end")


def test_a_ladder_is_refined_where_a_response_bends():
    """A parabola needs the first rung that is tried and no more; a bund that overflows beyond 1.1 needs all nine.
    Nine of Chebyshev's extrema, by hand: 1.1 - 0.3 cos(pi j / 8)."""
    assert refined(lambda x: x**2).size == 4
    bend = refined(lambda x: 1.0 + 3.0 * np.maximum(x - 1.1, 0.0))
    np.testing.assert_allclose(bend, 1.1 - 0.3 * np.cos(np.pi * np.arange(9) / 8.0))
    assert refined(lambda x: 1.0 + 3.0 * np.maximum(x - 1.1, 0.0), most=7).size == 7
    # a bend of 1 % is left where 3 % may stand
    assert refined(lambda x: 1.0 + 0.2 * np.maximum(x - 1.1, 0.0), tolerance=0.03).size == 4
    assert refined(lambda x: np.full(x.size, np.nan)).size == 3


def test_rare_pairs_join_the_nearest_soil_of_their_water_table():
    """Three soils; the sandy one has one cell of 100 over shallow groundwater, where only the clayey one is common."""
    soils = classes.SoilClasses(
        ("sandy_loam", "loam", "clay"),
        np.r_[np.zeros(30, int), np.ones(40, int), np.full(29, 2), 0],
        *(np.array(values, dtype=float) for values in ([60, 40, 20], [30, 40, 30], [10, 20, 50], [1400, 1300, 1200])),
    )
    water_table = np.r_[np.zeros(70, int), np.ones(30, int)]
    joined = classes.join_rare_pairs(soils, water_table, 0.02)
    assert joined.index[-1] == 2
    np.testing.assert_array_equal(joined.index[:-1], soils.index[:-1])
    np.testing.assert_array_equal(classes.join_rare_pairs(soils, water_table, 0.5).index, soils.index)


def test_seasons_follow_bunds_and_pans():
    assert regional.seasons_of(TABLES, PADDY) == [(1, 4), (5, 9), (10, 12)]
    assert regional.seasons_of(TABLES, FOREST) == [(1, 12)]


# --- plough pans


def test_a_pan_lets_its_percolation_through():
    """4 mm/d under 4 cm of water: Richards' equation with the pan's conductivity, run to steady flow; within 5 %,
    because the water kernel's conductivity rises straight to Ks over the last 0.2 cm."""
    depth = graded_depths(100.0, 41, 0.5)
    layer = layer_index(depth, [20.0, 28.0, 100.0])
    dense = pan_conductivity(np.full(2, 0.4), np.full(2, 4.0), depth, layer == 1, SOIL)
    assert np.all((dense > 0.01) & (dense < 0.2))  # published: some hundredths to tenths of a centimetre a day
    three = {name: np.repeat(getattr(SOIL, name)[:, None], 3, axis=1) for name in ("theta_r", "theta_s", "n")}
    ks = np.repeat(SOIL.ks[:, None], 3, axis=1)
    ks[:, 1] = dense
    columns = Columns(
        depth_cm=depth,
        layer=np.stack([layer, layer]),
        alpha_1_cm=np.repeat(SOIL.alpha[:, None], 3, axis=1),
        ks_cm_d=ks,
        top="head",
        top_head_cm=4.0,
        **three,
    )
    still = Weather(np.ones(200), np.zeros((1, 200)), np.zeros((1, 200)), np.zeros((1, 200)))
    flow, _ = simulate.run(
        columns, still, simulate.initial_state(columns, -30.0), np.arange(200), period=np.r_[np.zeros(199, int), 1]
    )
    np.testing.assert_allclose(flow.sums_cm[:, 1, richards.DRAINAGE], 0.4, rtol=0.05)


def test_suction_of_a_flux():
    """K at the suction is the flux; a flux beyond Ks has none."""
    suction = suction_at(np.array([0.4, 0.4]), SOIL)
    conductivity = hydraulics.conductivity(hydraulics.water_content(suction, SOIL), SOIL)
    np.testing.assert_allclose(conductivity, 0.4, rtol=1e-6)
    np.testing.assert_array_equal(suction_at(np.array([100.0, 100.0]), SOIL), 0.0)


# --- the engine


def test_no_millimetre_twice(answer):
    """rain + irrigation = runoff + infiltration = runoff + ET + drainage + storage change, between rungs, too."""
    distinct, terms = answer
    shape = terms["runoff"].shape
    supply = np.broadcast_to(terms["rain"][:, None, None, :, None], shape) + terms["irrigation"][:, None, None, None]
    np.testing.assert_allclose(supply, terms["runoff"] + terms["infiltration"], rtol=0, atol=1e-9)
    parts = terms["interception"] + terms["evaporation"] + terms["transpiration"]
    np.testing.assert_allclose(terms["evapotranspiration"], parts, rtol=0, atol=1e-9)
    spent = terms["evapotranspiration"] + terms["drainage_100cm"] + terms["storage_change"]
    np.testing.assert_allclose(terms["infiltration"], spent, rtol=0, atol=1e-9)
    assert np.abs(terms["storage_change"]).max() <= TABLE["spin_up_tolerance_mm"]
    np.testing.assert_allclose(terms["rain"][:, 0], HOURLY.sum() * distinct.rain_factors)


def test_open_land_sheds_by_curve_number(answer):
    """Where the curve number decides, unbunded land sheds exactly what it gives for the days (here at rungs)."""
    distinct, terms = answer
    rain = HOURLY.reshape(-1, 24).sum(axis=1)
    for row in (1, 2, 3):
        for soil in range(2):
            expected = runoff.annual_runoff(rain, distinct.curve_number[row, soil, 0, 0])
            np.testing.assert_allclose(terms["runoff"][1, row, soil, 0, 0], expected, rtol=1e-9, atol=1e-9)


def test_plausible_water(answer):
    """Bars for 1500 mm of rain [mm/yr]: paddies lose 600-1200 below the plough pan, ET of paddies and forests 700-1000,
    forests drain 450-800 out of their root zone; no column sheds or leaches less than nothing."""
    _, terms = answer
    at = {name: values[1, :, :, 0] for name, values in terms.items() if np.ndim(values) == 5}
    assert np.all((at["drainage_20cm"][0] > 600) & (at["drainage_20cm"][0] < 1200))
    assert np.all((at["evapotranspiration"][[0, 2]] > 700) & (at["evapotranspiration"][[0, 2]] < 1000))
    assert np.all((at["drainage_100cm"][2] > 450) & (at["drainage_100cm"][2] < 800))
    for name in ("runoff", "drainage_20cm", "absolute_flux_20cm", "leaching_rate"):
        assert np.all(terms[name] >= 0.0), name
    assert np.all(terms["absolute_flux_20cm"] >= terms["drainage_20cm"] - 1e-9)
    assert np.all(np.diff(terms["leaching_rate"], axis=-1) < 0.0)


def test_strong_sorption_leaches_as_the_reference_program_has_it(answer):
    """k d (θ + ρ Kd)/q20 of a rooted loam: HYDRUS-1D has 1.019 at Kd 1000 and 10 000 for free drainage (measured on a
    column of 20 cm); here 0.98 to 1.05."""
    _, terms = answer
    net = terms["drainage_20cm"]
    for kd in (1000.0, 10000.0):
        rung = int(np.argmin(np.abs(LADDER - kd)))
        rate = terms["leaching_rate"][1, 1, 0, 0, 0, rung]
        theta, q = terms["theta"][1, 1, 0, 0, 0], net[1, 1, 0, 0, 0]
        ratio = rate * 0.2 * (theta + 1.3 * LADDER[rung]) / (q / 1000.0)
        assert 0.98 < ratio < 1.05


def test_between_rungs_of_rain():
    """Rates between rungs of rain against direct solutions: within 1 %, where a wetland begins to overflow, too."""
    rain = np.array([0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2])
    chosen = (PADDY, FOREST, WETLAND, BARE)
    one = VanGenuchten(*(getattr(SOIL, name)[:1] for name in VanGenuchten.__annotations__))
    arguments = {"soil": one, "irrigation": (600, 0, 0, 0), "cells": np.array([[[1, 1], [1, 1]]])}
    distinct = distinct_of(*chosen, rain=rain, climate=(1.0, 1.01), **arguments)
    answer = solved(distinct)
    # 18 values of rain on two water tables: 3 rungs of open land, 4 to 9 with bunds
    assert 2 * (2 * 3 + 2 * 4) <= answer.columns <= 2 * (2 * 3 + 2 * 9)
    found = answer.years[2009]["leaching_rate"][..., :1, :, :]
    alone = arguments | {"cells": np.array([[[1, 1]]])}
    direct = solved(distinct_of(*chosen, rain=rain[[1, 5]], **alone)).years[2009]
    np.testing.assert_allclose(found[[1, 5]], direct["leaching_rate"], rtol=0.01)
    # downstream, linear between rungs of the file
    middle = solved(distinct_of(*chosen, rain=[0.875], **alone)).years[2009]
    linear = 0.5 * (found[1] + found[2])
    strays = np.abs(linear / middle["leaching_rate"][0] - 1.0).max(axis=(1, 2, 3, 4))
    assert np.all(strays[[0, 1, 3]] < 0.01)
    assert strays[2] < 0.015


def test_between_rungs_of_sorption():
    """Power laws between four rungs a decade against direct solutions half-way, from 1 to 10⁶ L/kg: within 1 %."""
    distinct = distinct_of(DRYLAND, FOREST)
    halves = np.sqrt(LADDER[1:] * LADDER[:-1])
    both = np.sort(np.r_[LADDER, halves])
    rate = solved(distinct, kd=both).years[2009]["leaching_rate"]
    between = np.sqrt(rate[..., :-2:2] * rate[..., 2::2])
    np.testing.assert_allclose(between, rate[..., 1::2], rtol=0.01)


def test_threads_change_no_byte(answer):
    distinct, terms = answer
    again = solved(distinct, threads=3).years[2009]
    for name, values in terms.items():
        assert values.tobytes() == again[name].tobytes(), name


def test_columns_that_have_no_cells_are_not_solved():
    cells = np.array([[[5, 0]], [[0, 7]]])
    distinct = distinct_of(BARE, cells=cells)
    found = solved(distinct, kd=np.array([100.0]))
    assert found.columns == 2
    there = np.isfinite(found.years[2009]["runoff"][0, 0, :, 0])
    np.testing.assert_array_equal(there, [[True, False], [False, True]])


def test_columns_can_decide_what_runs_off():
    """Storms on a tight soil: Richards' equation sheds them, and the curve number is the check."""
    tight = dataclasses.replace(SOIL, ks=np.array([2.0, 0.5]))
    options = options_of(runoff="columns")
    distinct = distinct_of(DRYLAND, soil=tight, options=options)
    found = solved(distinct, options, kd=np.array([100.0])).years[2009]
    shed = found["runoff"][0, 0, :, 0, 0]
    assert np.all(np.diff(shed) > 0.0)
    assert np.all(shed > 50.0)
    rain = HOURLY.reshape(-1, 24).sum(axis=1)
    for soil in range(2):
        expected = runoff.annual_runoff(rain, distinct.curve_number[0, soil, 0, 0])
        np.testing.assert_allclose(found["runoff_check"][0, soil, 0], expected, rtol=1e-9)
    spent = found["runoff"] + found["evapotranspiration"] + found["drainage_100cm"] + found["storage_change"]
    np.testing.assert_allclose(spent, HOURLY.sum(), rtol=0, atol=1e-9)


def test_rising_water_brings_back_what_it_carried():
    """0.1 cm/d upwards for ten days through an even layer at Kd 100: the layer gains q t c0 (by hand), the mirror image
    of what leaves at 0.1 cm/d downwards from a layer that rain without metal has not yet reached."""
    depth = graded_depths(100.0, 41, 0.5)
    count, theta, density, kd = depth.size, 0.3, 1.3, 100.0
    three = {"theta_r": 0.05, "theta_s": 0.45, "alpha_1_cm": 0.01, "n": 1.5, "ks_cm_d": 10.0}
    columns = Columns(
        depth_cm=depth,
        layer=np.zeros((1, count), dtype=int),
        **{name: np.array([[value]]) for name, value in three.items()},
    )
    held = np.broadcast_to(theta * columns.thickness_cm, (1, 10, count)).copy()
    days = np.ones(10)
    found = {}
    for q in (-0.1, 0.1):
        flux = np.full((1, 10, count + 1), q)
        flow = simulate.Flow(
            np.zeros((1, 1, 9)), np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1, 0)),
            simulate.State(held[:, -1], held[:, -1]), held[:, 0], days, flux, np.abs(flux), held, None,
            np.zeros_like(held), None,
        )  # fmt: skip
        found[q] = float(leaching.plough_layer(columns, flow, kd, density, 0.0)[0, 0, 0])
    expected = 0.1 * 10.0 / (20.0 * (theta + density * kd))
    assert found[-0.1] == pytest.approx(-expected, rel=1e-6)
    assert found[0.1] == pytest.approx(expected, rel=1e-6)


def test_an_edge_within_the_column_leaches_more():
    """Dispersion over the edge adds to the outflow of the layer by itself (HYDRUS-1D: 1.27 to 1.58 times in loam)."""
    distinct = distinct_of(DRYLAND, cells=np.array([[[1, 0]], [[0, 0]]]))
    kd = np.array([100.0, 1000.0])
    layer = solved(distinct, kd=kd).years[2009]["leaching_rate"][0, 0, 0, 0, 0]
    edge = solved(distinct, options_of("interior_edge"), kd=kd).years[2009]["leaching_rate"][0, 0, 0, 0, 0]
    assert np.all((edge / layer > 1.05) & (edge / layer < 2.5))


def test_the_old_engine_is_as_it_was():
    """`first_order` gives the daily balance's own numbers."""
    distinct = distinct_of(DRYLAND, FOREST, rain=(0.9, 1.1), irrigation=(100, 0))
    found = engines.responses("first_order", distinct, [YEAR], LADDER, OPTIONS, TABLE).years[2009]
    expected = response.column_response(
        rain=HOURLY.reshape(-1, 24).sum(axis=1), evapotranspiration=REFERENCE, month=MONTH,
        rain_factors=distinct.rain_factors, climate_factors=distinct.climate_factors, soil=SOIL,
        curve_number=distinct.curve_number, water_table_m=[np.inf, 1.2], irrigation=distinct.irrigation,
        tables=distinct.tables, profile=PROFILE, initial_abstraction_ratio=0.2, dry_day_rain=1.0, tolerance_mm=1.0,
        cycles=12,
    )  # fmt: skip
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
    rung = 12
    k = expected["drainage_20cm"][0, 0, 1, 0, 0] / 1000 / (
        0.2 * (expected["theta"][0, 0, 1, 0, 0] + 1.25 * LADDER[rung])
    )  # fmt: skip
    assert found["leaching_rate"][0, 0, 1, 0, 0, rung] == pytest.approx(k)
    with pytest.raises(ValueError, match="unknown engine"):
        engines.responses("other", distinct, [YEAR], LADDER, OPTIONS, TABLE)


# --- columns without a solution


def test_a_column_without_a_solution_is_named(monkeypatch):
    """The water of clay loam over shallow groundwater fails: the answer names it and its cells, the rest stands."""
    run = simulate.run

    def failing(columns, *arguments, **keywords):
        flow, transport = run(columns, *arguments, **keywords)
        broken = (columns.ks_cm_d[:, 0] == SOIL.ks[1]) & (columns.bottom == "head")
        return dataclasses.replace(flow, failed=broken), transport

    monkeypatch.setattr(passes.simulate, "run", failing)
    distinct = distinct_of(BARE, cells=np.array([[[5, 2]], [[3, 7]]]))
    found = solved(distinct, kd=np.array([100.0]))
    np.testing.assert_array_equal(found.masked, [[False, False], [False, True]])
    assert found.unsolved == [
        "2009: soil clay_loam, land use bare, water table shallow, rain 1 of the station's "
        "(7 cells of this soil and water table)"
    ]
    assert np.isnan(found.years[2009]["leaching_rate"][0, 0, 1, 0, 1]).all()
    assert np.isfinite(found.years[2009]["leaching_rate"][0, 0, 0, 0, 0]).all()
    with pytest.raises(InputError, match="no solution") as caught:
        engines.refuse_unsolved(found.unsolved)
    assert "clay_loam" in str(caught.value)
    assert "mask_unsolved" in str(caught.value)
    engines.refuse_unsolved([])
