"""Laws every mass budget must obey, whatever the numbers."""

from itertools import pairwise

import numpy as np
import pytest
from budget_cases import chemistry, options, setting
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from metalbudget.budget.rates import rates
from metalbudget.budget.setting import interpolate
from metalbudget.budget.simulate import simulate
from metalbudget.budget.step import Stores, advance, rearrange
from metalbudget.landuse import SOIL_CLASSES

N = 6
AREA = 250_000.0


def vector(low, high, size=N):
    """Amounts; below 1e-30 they mean nothing and their products underflow, so they become zero."""
    amounts = st.floats(low, high, allow_nan=False, width=64).map(lambda value: value if abs(value) > 1e-30 else 0.0)
    return arrays(float, size, elements=amounts)


def rate_vector():
    """Rates over all orders of magnitude, zero included."""
    return arrays(float, N, elements=st.one_of(st.just(0.0), st.floats(-12.0, 2.5).map(lambda power: 10.0**power)))


def share_vector():
    """Open shares from a rounding error to the whole cell, zero included."""
    return arrays(float, N, elements=st.one_of(st.just(0.0), st.floats(-15.0, 0.0).map(lambda power: 10.0**power)))


def halves():
    """Shares of two classes that together never exceed the cell."""
    return share_vector().map(lambda shares: 0.5 * shares)


def soil_like(n=N):
    return {"ph_water": np.full(n, 6.0)}


def run(setting_at, start, years, inputs_at, **changes):
    values = {
        "chemistry": chemistry(),
        "background": np.full(len(start), 0.15),
        "options": options(),
        "cell_area_m2": AREA,
    }
    soil = soil_like(len(start))
    start = np.asarray(start, float)
    return list(simulate(start, years, setting_at, inputs_at, lambda year: soil, **(values | changes)))


@examples(max_examples=30, deadline=None)
@given(vector(0.0, 100.0), vector(1.0, 500.0), vector(0.0, 1e4), rate_vector(), rate_vector())
def test_the_exact_year_closes(concentration, mass, gain, first, second):
    step = advance(concentration, mass, {"deposition": gain}, {"leaching": first, "erosion": second})
    lost = step.losses["leaching"] + step.losses["erosion"]
    change = mass * (step.concentration - concentration)
    gross = gain + lost + 1e-6 * mass * (step.concentration + concentration)
    assert np.all(np.abs(change - (gain - lost)) <= 1e-9 * gross)
    assert np.all(step.concentration >= 0.0)
    assert all(np.all(values >= 0.0) for values in step.losses.values())


@examples(max_examples=30, deadline=None)
@given(vector(0.0, 10.0), rate_vector())
def test_doubling_the_content_doubles_linear_losses(concentration, rate):
    mass = np.full(N, 260.0)
    once = advance(concentration, mass, {}, {"leaching": rate})
    twice = advance(2.0 * concentration, mass, {}, {"leaching": rate})
    assert twice.losses["leaching"] == pytest.approx(2.0 * once.losses["leaching"], rel=1e-12, abs=1e-300)
    here = setting({"dryland": np.ones(N)}, soil_loss=0.1, runoff=100.0, yields=0.5)
    low, high = (rates(here, factor * np.full(N, 0.2), soil_like(), chemistry())[0] for factor in (1.0, 2.0))
    for process in low:  # linear sorption and uptake: the rate does not depend on the content
        assert high[process] == pytest.approx(low[process], rel=1e-12)


@examples(max_examples=30, deadline=None)
@given(vector(0.0, 5.0), vector(0.0, 50.0), rate_vector(), st.integers(1, 29))
def test_fifty_years_are_a_few_and_then_the_others(start, gain, rate, first):
    """With constant rates the yearly update is a semigroup, and one step of many years.

    Tolerance: a start that has all but vanished keeps the rounding of what it was.
    """
    mass = np.full(N, 260.0)

    def after(years, concentration):
        for _ in range(years):
            concentration = advance(concentration, mass, {"in": gain}, {"out": rate}).concentration
        return concentration

    direct = after(30, start)
    assert after(30 - first, after(first, start)) == pytest.approx(direct, rel=1e-12, abs=1e-15)
    whole = advance(start, mass, {"in": 30.0 * gain}, {"out": 30.0 * rate}).concentration
    assert whole == pytest.approx(direct, rel=1e-12, abs=1e-14)


@examples(max_examples=30, deadline=None)
@given(vector(0.0, 5.0), vector(0.0, 50.0))
def test_vanishing_rates_tend_to_the_straight_line(start, gain):
    mass = np.full(N, 260.0)
    line = start + gain / mass
    for rate in (0.0, 1e-15, 1e-10):
        found = advance(start, mass, {"in": gain}, {"out": np.full(N, rate)})
        assert found.concentration == pytest.approx(line, rel=2e-10, abs=1e-300)


@examples(max_examples=30, deadline=None)
@given(vector(0.01, 5.0), share_vector(), st.floats(10.0, 1e5), st.floats(0.0, 1.0))
def test_without_human_input_the_background_stays(start, open_share, kd, loss):
    """Closure holds every cell at its own anchor to 1e-9 over fifty years; here the cell starts at it."""
    here = setting({"forest": open_share}, soil_loss=loss, runoff=200.0, yields=0.3)
    background = start * 1.0
    steps = run(
        lambda year: here,
        start,
        range(50),
        lambda year: {},
        chemistry=chemistry(kd_value=kd),
        background=background,
    )
    assert steps[-1].layer_end == pytest.approx(start, rel=1e-9)
    assert max(step.closure for step in steps) <= 1e-9


@examples(max_examples=30, deadline=None)
@given(vector(0.01, 5.0), st.floats(0.0, 5.0))
def test_erosion_is_neutral_without_enrichment_over_equal_subsoil(start, loss):
    here = setting({"forest": np.ones(N)}, soil_loss=loss, drainage=0.0)
    steps = run(
        lambda year: here,
        start,
        range(20),
        lambda year: {},
        chemistry=chemistry(enrichment_ratio=1.0),
        background=start,
        options=options(weathering_closure=False),
    )
    assert steps[-1].layer_end == pytest.approx(start, rel=1e-12)
    naive = run(
        lambda year: here,
        start,
        range(20),
        lambda year: {},
        chemistry=chemistry(enrichment_ratio=1.0),
        background=start,
        options=options(weathering_closure=False, erosion_mode="naive"),
    )
    assert naive[-1].layer_end == pytest.approx(start * np.exp(-20 * loss / 260.0), rel=1e-11)


@examples(max_examples=30, deadline=None)
@given(vector(0.0, 1.0), vector(0.0, 1.0), vector(0.0, 5.0), vector(0.0, 5.0), vector(0.0, 5.0), st.data())
def test_moving_soil_between_stores_keeps_soil_and_metal(before, after, layer, subsoil, frozen, data):
    depths = [data.draw(vector(0.02, 0.20)) for _ in range(2)]
    column = np.full(N, 260.0)
    masses = [share * 1300.0 * depth for share, depth in zip((before, after), depths, strict=True)]
    moved = rearrange(Stores(layer, subsoil, frozen), (before, after), tuple(masses), column)

    def metal(stores, share, mass):
        return mass * stores.layer + (share * column - mass) * stores.subsoil + (1.0 - share) * column * stores.frozen

    total = metal(Stores(layer, subsoil, frozen), before, masses[0])
    assert metal(moved.stores, after, masses[1]) == pytest.approx(total, rel=1e-9, abs=1e-9)
    change = masses[1] * moved.stores.layer - masses[0] * layer
    assert change == pytest.approx(moved.sealing + moved.layer_exchange, rel=1e-9, abs=1e-9)
    highest = np.maximum(np.maximum(layer, subsoil), frozen)
    assert all(np.all((one >= 0.0) & (one <= highest * (1 + 1e-12) + 1e-300)) for one in moved.stores)


@examples(max_examples=20, deadline=None)
@given(halves(), halves(), halves(), halves(), vector(0.01, 2.0), vector(0.0, 5.0))
def test_mass_closes_while_ground_is_sealed_and_ploughed_deeper(forest, field, forest_later, field_later, start, gain):
    depth = dict.fromkeys(SOIL_CLASSES, 0.20) | {"forest": 0.05}
    first, last = (
        setting({"forest": one, "dryland": other}, soil_loss=0.3, runoff=200.0, yields=0.5, depth=depth)
        for one, other in ((forest, field), (forest_later, field_later))
    )

    def setting_at(year):
        return interpolate(first, last, year / 10.0)

    def inputs_at(year):
        return {"deposition": gain * setting_at(year).open_share}

    steps = run(setting_at, start, range(11), inputs_at, correction_at=lambda year: np.where(gain > 2.0, -0.5, 0.5))
    for one, other in pairwise(steps):
        assert np.array_equal(one.layer_end, other.layer_start)
        assert other.stock_start == pytest.approx(one.stock_end, rel=1e-14)
    assert max(step.closure for step in steps) <= 1e-9
    assert all(np.all(step.clipping == 0.0) for step in steps)
    for step in steps:
        gains = sum(step.ledger[name] for name in step.inputs)
        losses = sum(step.ledger[name] for name in step.losses)
        moved = sum(step.ledger[name] for name in ("sealing", "layer_exchange", "correction", "clipping"))
        assert step.ledger["stock_change"] == pytest.approx(gains - losses + moved, rel=1e-9, abs=1e-9)


@examples(max_examples=20, deadline=None)
@given(vector(0.05, 1.0, 8), vector(0.01, 2.0, 8), vector(0.0, 5.0, 8))
def test_tiles_computed_apart_are_the_whole(open_share, start, gain):
    def ends(cells):
        here = setting({"dryland": open_share[cells]}, soil_loss=0.3, runoff=200.0)
        inputs = {"deposition": gain[cells] * open_share[cells]}
        return run(lambda year: here, start[cells], range(5), lambda year: inputs)[-1]

    whole = ends(np.arange(8))
    parts = [ends(np.arange(0, 3)), ends(np.arange(3, 8))]
    assert np.array_equal(whole.layer_end, np.concatenate([part.layer_end for part in parts]))
    for term, kg in whole.ledger.items():
        assert sum(part.ledger[term] for part in parts) == pytest.approx(kg, rel=1e-9, abs=1e-9), term


@examples(max_examples=20, deadline=None)
@given(vector(0.1, 2.0), vector(0.0, 5.0), st.floats(0.0, 5.0))
def test_more_input_never_means_less_metal(start, gain, extra):
    here = setting({"dryland": np.ones(N)}, soil_loss=0.3, runoff=200.0)
    low, high = (
        run(lambda year: here, start, range(10), lambda year, more=more: {"deposition": gain + more})[-1].layer_end
        for more in (0.0, extra)
    )
    assert np.all(high >= low - 1e-12)


def test_tracers_of_a_cell_add_to_the_whole():
    """Sources share the cell's rates, so their parts add exactly (linear in inputs and start)."""
    rng = np.random.default_rng(1)
    mass, rate = np.full(N, 260.0), rng.uniform(0.0, 0.3, N)
    start, gains = rng.uniform(0.0, 1.0, (3, N)), rng.uniform(0.0, 9.0, (3, N))
    parts = sum(advance(s, mass, {"in": g}, {"out": rate}).concentration for s, g in zip(start, gains, strict=True))
    whole = advance(start.sum(0), mass, {"in": gains.sum(0)}, {"out": rate}).concentration
    assert parts == pytest.approx(whole, rel=1e-13)
