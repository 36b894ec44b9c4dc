"""Hours that stand for others, what they bring at a level, and plumes laid across the bearings."""

import math
from dataclasses import replace

import numpy as np
import pytest
from dispersion_cases import TABLES, weather
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget.dispersion import (
    alike_hours,
    carried,
    fan,
    hill_hours,
    levels,
    model,
    operator,
    polar,
    polar_hours,
    relief,
    representatives,
    selection,
)
from metalbudget.dispersion.case import Options
from metalbudget.dispersion.network import Network, node_distances
from metalbudget.dispersion.release import Weather, source_of
from metalbudget.dispersion.rows import PLUME_ROWS, SPREAD_UP, SPREAD_Y, UP, density_rows
from terrain_cases import CLASSES, DAYS, REACH_M, STACK, SUBSTANCES, SURFACE, around, grid_of, hills, relief_of, through

# --- hours that stand for others ------------------------------------------------------------------------


@given(st.integers(1, 12), st.integers(1, 30), st.integers(1, 6))
@examples(deadline=None, max_examples=20)
def test_selected_hours_stand_for_all(convective, stable, seed):
    hours, _ = weather(6, seed=seed)
    direction = np.random.default_rng(seed).uniform(0.0, 360.0, hours.size)
    rows, weight = selection.selected_hours(hours, direction, convective, stable)
    rain = hours.valid & (hours.precipitation_mm_h > 0.0)
    assert weight.sum() == pytest.approx(hours.valid.sum())
    assert np.all(weight[rain] == 1.0)
    assert np.all(weight[~hours.valid] == 0.0)
    assert rows.tolist() == np.flatnonzero(weight).tolist()
    if convective == stable == 1:
        assert rows.tolist() == np.flatnonzero(hours.valid).tolist()


def test_selected_hours_change_the_operator_little():
    """20 days: 10 % in the total of each class, wet deposition exactly what it is."""
    table, few = (through(hours=which).table(STACK).mass() for which in ("all", "selected"))
    assert few.sum(axis=1) == pytest.approx(table.sum(axis=1), rel=0.1)
    assert few[:, 1] == pytest.approx(table[:, 1], rel=0.002)  # dry hours deplete nothing by rain


@given(st.integers(1, 200), st.integers(1, 60), st.integers(0, 9))
@examples(deadline=None, max_examples=60)
def test_hours_stand_for_hours_like_them(size, count, seed):
    """As many as asked, each for itself; of hours in tight bunches as many as there are bunches tell all."""
    random = np.random.default_rng(seed)
    bunch = random.integers(0, 7, size)
    traits = 10.0 * random.normal(size=(7, 3))[bunch] + 1.0e-5 * random.uniform(size=(size, 3))
    share = random.pareto(1.2, size)
    like = representatives.alike(traits, share, count)
    chosen = np.unique(like)
    assert chosen.size == min(count, size)
    assert np.array_equal(like[chosen], chosen)
    if count >= np.unique(bunch).size:
        assert np.array_equal(bunch[like], bunch)
    assert np.array_equal(like, representatives.alike(traits, share, count))


@pytest.mark.parametrize("value", [1.0, 3.3, 1.0e5 / 3.0])
def test_hours_alike_to_the_last_digit_stand_for_one_another(value):
    like = representatives.alike(np.full((500, 7), value), np.random.default_rng(1).uniform(size=500), 5)
    assert np.unique(like).size == 1
    assert representatives.alike(np.zeros((0, 2)), np.zeros(0), 3).size == 0


AMOUNT = st.one_of(st.just(0.0), st.floats(-110.0, 0.0).map(lambda power: 10.0**power))


@given(st.floats(0.1, 5.0), st.floats(0.1, 5.0), AMOUNT, AMOUNT, AMOUNT)
@examples(deadline=None, max_examples=300)
def test_an_hour_brings_in_proportion_where_a_level_has_less_and_by_the_difference_where_it_has_more(
    strength, like_strength, at_base, like_at_base, like_brought
):
    """And, but for the ratio of strengths, at most ten times as much or a tenth, however little either brings."""
    scale = alike_hours.dry_scale(strength, like_strength, at_base, like_at_base, like_brought)
    ratio = strength / like_strength
    found, expected, there = scale * like_brought, ratio * like_at_base, ratio * like_brought
    if like_brought < alike_hours.LEAST_BROUGHT:
        assert scale == 0.0
        return
    assert 0.0999 <= scale / ratio <= 10.001
    if 0.1001 < scale / ratio < 9.999:
        brings = there * at_base / expected if there <= expected else there + at_base - expected
        assert found == pytest.approx(brings, rel=1e-9, abs=1e-12 * there)
    assert alike_hours.dry_scale(strength, strength, at_base, at_base, like_brought) == pytest.approx(1.0)


def test_an_hour_without_velocity_brings_nothing():
    assert alike_hours.dry_scale(0.0, 1.0, 0.1, 0.1, 0.1) == 0.0
    assert alike_hours.dry_scale(1.0, 0.0, 0.1, 0.1, 0.1) == 0.0
    assert alike_hours.wet_scale(0.0, 0.1) == 0.0
    assert alike_hours.wet_scale(0.1, 0.0) == 0.0


def year_of(release=STACK):
    weather_of = through()
    arrays = model.arrays_of(
        source_of(release, 0.465), weather_of._air, Options(deposition=True, gas_surface=SURFACE), SUBSTANCES
    )
    valid = weather_of._air.hours.valid
    return arrays, np.flatnonzero(valid & (arrays[0][:, 0] > 0.0)), np.flatnonzero(valid & (arrays[0][:, 0] == 0.0))


def base_of(arrays, hours, network):
    brought = np.zeros((2, arrays[0].shape[0], network.kept_m.size, len(CLASSES)), dtype=np.float32)
    return polar._at_base(arrays, hours, 1, network, brought), brought


def levels_of(its, made, day, hours, every, flat):
    """Mean of some hours at the levels of either part of the day, without any that count as too little."""
    blends = made.convective_m.size if day else made.stable_m.size * its.steps_m.size
    found = np.empty((*flat.shape[:2], blends, *flat.shape[2:]))
    if day:
        its.write_day(hours, every, found)
    else:
        its.write_night(hours, every, 0.0 * flat, found)
    return found


@pytest.mark.parametrize("day", [True, False])
def test_hours_that_stand_for_themselves_are_the_sum_of_all(day):
    """At the base's level, by no hill: every plume laid out at once, and put away in single precision first.

    Within 200 m what is put away lacks what lies beside the axis, nearer than the first distance.
    """
    arrays, by_day, by_night = year_of()
    hours = by_day if day else by_night
    network = Network(node_distances(50.0, REACH_M, 3.0), 90, 180)
    expected, brought = base_of(arrays, hours, network)
    made = relief_of([-8.0, 60.0], [60.0, 60.0], [np.nan, np.nan])
    its = levels.Levels(arrays, 1, network, made, network.kept_m, brought)
    at = made.convective_m if day else made.stable_m
    found = levels_of(its, made, day, hours, 1, expected)
    hills = 1 if day else relief.hill_steps(60.0).size
    at_base = found[:, :, int(np.flatnonzero(at == 0.0)[0]) * hills]
    far = slice(5, None)
    scale = expected.max(axis=(0, 1), keepdims=True)
    assert np.all(np.abs(at_base - expected)[:, far] < 1.0e-5 * expected[:, far] + 1.0e-5 * scale)


@pytest.mark.parametrize("day", [True, False])
def test_one_hour_stands_for_all_that_differ_in_direction_alone(day):
    """The same hour forty times over, with the wind from anywhere: one calculation is as good as forty."""
    arrays, by_day, by_night = year_of()
    hours = by_day if day else by_night
    hour = hours[np.argmax(arrays[11][hours].sum(axis=1))]  # rain falls
    per_hour = [isinstance(array, np.ndarray) and array.shape[0] == arrays[0].shape[0] for array in arrays]
    same = [array[np.full(40, hour)] if per else array for array, per in zip(arrays, per_hour, strict=True)]
    turn = np.random.default_rng(2).uniform(0.0, 2.0 * np.pi, 40)
    same[4], same[5] = np.sin(turn), np.cos(turn)
    network = Network(node_distances(50.0, REACH_M, 3.0), 90, 180)
    expected, brought = base_of(tuple(same), np.arange(40), network)
    made = relief_of([-8.0, 200.0], [60.0, 60.0], [np.nan, np.nan])
    its = levels.Levels(tuple(same), 1, network, made, network.kept_m, brought)
    both = [levels_of(its, made, day, np.arange(40), every, expected) for every in (1, 40)]
    assert both[0].max() > 0.0
    np.testing.assert_allclose(both[1], both[0], rtol=2e-5, atol=1e-6 * both[0].max())


def test_hours_that_stand_for_others_keep_what_all_bring():
    """One in eight of 480 hours: what each class leaves on the grid to 4 %."""
    grid = grid_of()
    ground = relief.ground_of(hills(grid), grid)
    found = []
    for every in (1, 8):
        table = through(every).table(STACK, around(ground, grid))
        found.append(operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, ground))
    total = [one.sum(axis=(2, 3)) for one in found]
    assert total[1] == pytest.approx(total[0], rel=0.04)
    assert not np.array_equal(*found)


def test_hours_calculated_in_batches_are_those_calculated_at_once():
    """Seven at a time: the same table, but for the order of sums in single precision."""
    grid = grid_of(40)
    made = around(relief.ground_of(hills(grid), grid), grid)
    both = [through(3).table(STACK, made).terrain.density]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(levels, "ROWS_AT_ONCE", 7)
        both.append(through(3).table(STACK, made).terrain.density)
    np.testing.assert_allclose(both[1], both[0], rtol=1e-4, atol=1e-6 * both[0].max())


@pytest.mark.parametrize("stack", [replace(STACK, height_m=450.0, exit_velocity_m_s=1.0), STACK])
def test_tables_near_a_tall_stack_are_numbers(stack):
    """Within 2 km of a stack whose plume hardly comes down: hours that bring nothing tell nothing of others."""
    grid = grid_of(40)
    ground = relief.ground_of(hills(grid), grid)
    made = relief.relief_around(ground, grid, stack.x_m, stack.y_m, 2000.0)
    tables = TABLES | {"dispersion": TABLES["dispersion"] | {"terrain_convective_every": 8, "terrain_stable_every": 8}}
    settings = {"max_distance_m": 2000.0, "bearings": 36, "hours": "selected"}
    table = Weather(*weather(DAYS, seed=8), CLASSES, settings, tables, SURFACE).table(stack, made)
    assert np.all(np.isfinite(table.terrain.density))
    found = operator.point_deposition(table, stack.x_m, stack.y_m, grid, ground)
    assert np.all(np.isfinite(found))
    assert found.min() >= 0.0


@pytest.mark.parametrize("part", ["day", "night", "dry", "wet", "one"])
def test_years_that_lack_a_part_are_summed_as_any(part):
    """Only day, only night, no rain, nothing but rain, a single hour: finite, and each with all it has."""
    arrays, by_day, by_night = year_of()
    rains = (arrays[11].sum(axis=1) + arrays[12].sum(axis=1)) > 0.0
    hours = np.sort(np.concatenate([by_day, by_night]))
    hours = {
        "day": by_day, "night": by_night, "dry": hours[~rains[hours]], "wet": hours[rains[hours]], "one": by_night[:1],
    }[part]  # fmt: skip
    made = relief_of([-8.0, 200.0], [60.0, 60.0], [np.nan, np.nan])
    its = (arrays, hours, max(hours.size, 1), 50.0, REACH_M, 4.0, 180, made)
    table, every = (polar.annual(*its, polar.Every(*often)) for often in ((4, 4), (1, 1)))
    assert np.all(np.isfinite(table.terrain.density))
    assert table.terrain.density.any(axis=(0, 1, 2, 3)).tolist() == [True, part != "dry" and rains[hours].any()]
    np.testing.assert_array_equal(table.density, every.density)
    assert table.terrain.density.sum() == pytest.approx(every.terrain.density.sum(), rel=0.2)


# --- what an hour brings at a level -------------------------------------------------------------------------


def carried_by(hills_m, faint=0.0):
    """Some stable hours at some levels, by both kernels: what they bring whatever the direction."""
    arrays, _, by_night = year_of()
    rows = by_night[::5]
    network = Network(node_distances(50.0, REACH_M, 4.0), 90, 180)
    distances, inner = network.nodes()
    at, classes, kept = np.array([-8.0, 0.0, 40.0, 130.0]), len(CLASSES), network.kept_m.size
    lowest, places = np.zeros(4, dtype=np.int64), np.arange(rows.size)
    flat = carried.room_for(2, rows.size, rows.size, 4, distances.size, 1, classes)
    hilly = carried.room_for(1, rows.size, rows.size, 4, distances.size, hills_m.shape[1], classes)
    for room in (flat, hilly):
        room.dry[:], room.wet[:] = 0.0, 0.0
    its = (rows, *arrays, distances, inner, kept, at)
    polar_hours.carry_polar_hours(*its, lowest, places, flat)
    least = np.full((classes, distances.size), faint)
    hill_hours.carry_hill_hours(*its, hills_m, lowest, least, np.ones(rows.size), places, hilly)
    shape = (rows.size, 4, distances.size, hills_m.shape[1], classes)
    return flat, hilly, hilly.dry[0].reshape(shape), hilly.wet[0]


def test_without_a_hill_stable_air_flows_as_any_air():
    """Half of a plume follows the ground and half keeps its level: the kernel of hills is that of level flow."""
    flat, hilly, dry, wet = carried_by(np.zeros((4, 2)))
    assert flat.dry.max() > 0.0
    first = hilly.since.max()
    for found, expected in ((dry[..., 0, :], flat.dry[0]), (dry[..., 1, :], flat.dry[0]), (wet, flat.wet[0])):
        scale = expected[:, :, first:].max(axis=(0, 1, 2))
        off = np.abs(found[:, :, first:] - expected[:, :, first:])
        assert np.all(off <= 2.0e-3 * scale)  # paths are interpolated state by state
    np.testing.assert_allclose(hilly.positions[0, :, :, first:], flat.positions[0, :, :, first:], rtol=1e-6)
    np.testing.assert_allclose(hilly.steady[0, :, :, first:], flat.steady[0, :, :, first:], rtol=1e-6)
    np.testing.assert_allclose(hilly.brought, flat.brought, rtol=2e-3, atol=1e-9)


def test_a_hill_changes_nothing_where_both_states_are_one():
    """At the level of the base the plume that keeps its level is the one that follows the ground."""
    _, _, dry, _ = carried_by(np.array([[0.0, 300.0]] * 4))
    assert dry[:, 1, :, 1] == pytest.approx(dry[:, 1, :, 0], rel=1e-6)
    assert not np.allclose(dry[:, 3, :, 1], dry[:, 3, :, 0], rtol=0.01, atol=0.0)


def test_what_is_too_little_to_count_is_left_out():
    """With a threshold that nothing reaches only hours with rain are left, which bring what they brought."""
    steps = np.array([[0.0, 300.0]] * 4)
    _, everything, _, _ = carried_by(steps)
    _, nothing, _, _ = carried_by(steps, faint=np.inf)
    _, most, _, _ = carried_by(steps, faint=1.0e-12)
    assert nothing.brought[1] == pytest.approx(everything.brought[1], rel=1e-12)
    assert nothing.brought[0].sum() < 0.5 * everything.brought[0].sum()
    assert most.brought[0].sum() == pytest.approx(everything.brought[0].sum(), rel=1e-3)
    rains = everything.brought[1].any(axis=(1, 2))
    assert np.all(nothing.since[~rains] == most.dry.shape[3])


@given(st.floats(0.02, 1.0), st.integers(0, 3))
@examples(deadline=None, max_examples=20)
def test_images_that_a_year_leaves_out_add_less_than_they_may(spread_share, case):
    """Every image against those that a year's sum keeps: 2e-4 of the density, 1e-12 where that is hardly any."""
    distances = 10.0 * np.exp(0.2 * np.arange(48))
    plume = np.ones((PLUME_ROWS, 48))
    height, sunk = ((1.0, 0.0), (60.0, 0.0), (219.0, 0.0), (0.0, 30.0))[case]
    plume[UP], plume[SPREAD_UP] = 120.0, 300.0 * spread_share * (distances / distances[-1]) ** 0.5
    lids = np.full(48, 220.0)
    both = np.empty((2, 48))
    for row in range(2):
        density_rows(True, plume, lids, plume, height, sunk, 1.0e-3, distances, 0, plume, both[row], row == 1)
    np.testing.assert_allclose(both[1], both[0], rtol=2e-4, atol=1e-12)


# --- plumes laid across the bearings --------------------------------------------------------------------


@given(st.floats(0.03, 0.6), st.floats(0.0, 359.9), st.integers(1, 3))
@examples(deadline=None, max_examples=25)
def test_a_plume_laid_across_the_bearings_is_its_gaussian(width, heading_deg, classes):
    """Expected: A(x) exp(−½ (y/σ)²)/(√(2π) σ) with σ = width · x and A = 1/x, at every bearing and distance."""
    step = 0.2
    distances = 10.0 * np.exp(step * np.arange(48))
    inner, kept, bearings = 12, 32, 180
    plume = np.ones((PLUME_ROWS, distances.size))
    plume[SPREAD_Y] = width * distances
    amounts = np.repeat(1.0 / distances[:, None], classes, axis=1)
    heading, beside = math.radians(heading_deg), fan.crosswind(360, bearings, step)
    slots, used = np.zeros((fan.SLOTS, distances.size, fan.WIDTHS * classes)), fan.unused(distances.size)
    direction_step, positions = 2.0 * math.pi / 360, np.empty(distances.size)
    direction, part = fan.heading_of(-math.sin(heading), -math.cos(heading), direction_step)
    fan.width_positions(plume, distances, 0, positions)
    fan.narrowed(positions, 0, direction_step, part, positions)
    fan.gather(
        positions, amounts, np.ones(distances.size), 1.0 + np.arange(classes), 0, direction, part, slots, used,
        np.empty(classes + 5), np.empty(3 * classes),
    )  # fmt: skip
    directed = np.zeros((bearings, kept * classes))
    scratch = np.empty((fan.WIDTHS + 1, distances.size * classes))
    everywhere = np.zeros(bearings, dtype=np.int64)
    for one in range(direction, direction + fan.SLOTS):
        fan.lay_across(slots, used, one, beside, 1.0 / distances, inner, scratch, everywhere, directed)
    assert not slots.any()  # emptied for the next directions
    found = directed.reshape(bearings, kept, classes)
    turn = 2.0 * np.pi * np.arange(bearings) / bearings - heading
    r = distances[inner : inner + kept]
    x, y = np.cos(turn)[:, None] * r, np.sin(turn)[:, None] * r
    ahead = x > 0.1 * r
    x = np.where(ahead, x, 1.0)
    expected = np.where(ahead, np.exp(-0.5 * (y / (width * x)) ** 2) / (math.sqrt(2 * np.pi) * width * x * x), 0.0)
    for k in range(classes):
        scale = (1.0 + k) * expected.max(axis=0)
        assert np.abs(found[:, :, k] - (1.0 + k) * expected).max(axis=0) == pytest.approx(0.0, abs=0.01 * scale.max())
        assert np.all(np.abs(found[:, :, k] - (1.0 + k) * expected).max(axis=0) < 0.01 * scale)
