"""Levels and hills around a stack, hours chosen to stand for others, and plumes laid across the bearings."""

import functools
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
    reach,
    relief,
    representatives,
    selection,
)
from metalbudget.dispersion.case import Options, Receptors, Source
from metalbudget.dispersion.network import Network, node_distances
from metalbudget.dispersion.reading import gas_surface
from metalbudget.dispersion.release import Release, Weather, fields, source_of, substances
from metalbudget.dispersion.rows import BLOCK, PLUME_ROWS, SPREAD_UP, SPREAD_Y, UP, density_rows
from metalbudget.grid import Grid

CLASSES = ["p0.5", "p7", "p15", "hg2"]
SUBSTANCES = substances(CLASSES, TABLES["particle_class"], TABLES["gas_deposition"])
SURFACE = gas_surface(TABLES["dispersion"])
REACH_M = 15000.0
STACK = Release("stack", 60.0, 2.0, 400.0, 10.0, x_m=-240.0, y_m=130.0)
DAYS = 20
SIDE = 60


@functools.cache
def through(every=1, hours="all"):
    thinned = {"terrain_convective_every": every, "terrain_stable_every": every}
    tables = TABLES | {"dispersion": TABLES["dispersion"] | thinned}
    settings = {"max_distance_m": REACH_M, "bearings": 180, "hours": hours}
    return Weather(*weather(DAYS, seed=8), CLASSES, settings, tables, SURFACE)


def grid_of(side=SIDE, cell_m=500.0):
    half = 0.5 * side * cell_m
    return Grid("EPSG:32651", -half, half, cell_m, side, side, np.ones((side, side), dtype=bool))


def hills(grid):
    """A plain in the west and a ridge of some 350 m in the east."""
    east, north = np.meshgrid(grid.x, grid.y)
    height = 350.0 * np.exp(-(((east - 6000.0) / 3000.0) ** 2)) * (1.0 + 0.3 * np.sin(north / 2500.0))
    return np.round(height + 4.0, 1)


def around(ground, grid, release=STACK):
    return relief.relief_around(ground, grid, release.x_m, release.y_m, REACH_M)


# --- terrain ------------------------------------------------------------------------------------------


def test_ground_of_a_plain_with_a_tower():
    """By AERMAP's definition: 100 m high, seen from 1000 m; sea counts as zero."""
    grid = grid_of(11)
    elevation = np.zeros((11, 11))
    elevation[5, 5] = 100.0
    elevation[0, 0] = np.nan
    ground = relief.ground_of(elevation, grid)
    assert ground.elevation_m[0, 0] == 0.0
    assert ground.hill_m[5].tolist() == [0.0] * 3 + [100.0] * 5 + [0.0] * 3  # 500 m cells: two to each side
    assert ground.hill_m[0, 0] == 0.0


@given(st.floats(-2000.0, 50.0), st.floats(-50.0, 2000.0), st.floats(1.0, 100.0), st.floats(1.05, 3.0))
def test_levels_enclose_the_ground_and_know_the_base(low, high, step, growth):
    levels = relief.levels_m(low, high, step, growth)
    assert levels[0] <= min(low, 0.0)
    assert levels[-1] >= max(high, 0.0)
    assert np.count_nonzero(levels == 0.0) == 1
    assert np.all(np.diff(levels) > 0.0)


def test_flat_ground_and_stacks_beyond_the_grid_have_no_relief():
    grid = grid_of(20)
    level = relief.ground_of(np.full((20, 20), 312.0), grid)
    assert relief.relief_around(level, grid, 0.0, 0.0, REACH_M) is None
    rough = relief.ground_of(hills(grid), grid)
    assert relief.relief_around(rough, grid, 0.0, 0.0, REACH_M) is not None
    assert relief.relief_around(rough, grid, 20000.0, 0.0, REACH_M) is None


def relief_of(heights_m, nearest_m, bearing, base_m=100.0):
    low, high = min(heights_m), max(heights_m)
    return relief.Relief(
        base_m, relief.levels_m(low, high, 30.0, 2.0), relief.levels_m(low, high, 20.0, 1.4),
        *(np.array(values, dtype=float) for values in (nearest_m, heights_m, bearing)),
    )  # fmt: skip


@given(st.floats(-40.0, 300.0), st.floats(0.0, 1.0), st.floats(10.0, 200.0))
@examples(deadline=None, max_examples=60)
def test_a_blend_is_exact_for_what_is_cubic_in_height_and_approaches_its_end_with_the_hill(height, part, plume):
    """Whatever is a cubic of the receptor's height plus a straight line in h/(h + b), h the hill above it, b bent."""
    steps = relief.hill_steps(plume)
    made = relief_of([-60.0, 400.0], [1000.0, 1000.0], [0.0, 0.0])
    higher = part * steps[-1]
    summit = max(height, 0.0) + higher
    index, weights, by_day = relief.blend(made, steps, np.array([100.0 + height]), np.array([100.0 + summit]))
    cube = lambda z: 1.0 - 0.02 * z + 3.0e-4 * z**2 - 5.0e-7 * z**3  # noqa: E731
    bend = relief.HILL_BEND * max(plume, relief.LEAST_PLUME_M)
    by_hill = lambda h: 7.0 * h / (h + bend)  # noqa: E731
    night = cube(made.stable_m)[:, None] + by_hill(steps)
    mixed = weights * np.concatenate([cube(made.convective_m), night.ravel()])[index]
    assert mixed[0, :by_day].sum() == pytest.approx(cube(height), abs=1e-9)
    assert mixed[0, by_day:].sum() == pytest.approx(cube(height) + by_hill(higher), abs=1e-9)


def test_hills_beyond_the_plume_do_nothing_more():
    steps = relief.hill_steps(80.0)
    made = relief_of([-60.0, 400.0], [1000.0, 1000.0], [0.0, 0.0])
    found = [relief.blend(made, steps, np.array([150.0]), np.array([150.0 + h]))[1] for h in (280.0, 281.0, 900.0)]
    assert np.array_equal(found[1], found[2])
    assert np.array_equal(found[0], found[1])  # 3.5 · 80 m
    assert relief.hills_m(np.array([-20.0, 0.0, 50.0]), steps)[:, 0].tolist() == [0.0, 0.0, 50.0]


# --- where levels are looked at -------------------------------------------------------------------------

NETWORK = node_distances(50.0, REACH_M, 2.5)


def test_a_mountain_in_the_east_is_looked_at_there_alone():
    """One cell at 400 m, 8 km to the east, sea level elsewhere; 72 bearings of five degrees."""
    made = relief_of([400.0, 0.0], [8000.0, 60.0], [0.5 * np.pi + 0.01, np.nan], base_m=0.0)
    first = reach.looked_at(made, made.stable_m, NETWORK, 72)
    base, top = int(np.flatnonzero(made.stable_m == 0.0)[0]), made.stable_m.size - 1
    assert np.all(first[:, base] == 0)
    assert np.flatnonzero(first[:, top] < NETWORK.size).tolist() == [17, 18, 19, 20]  # around bearing 18, 90 degrees
    node = first[18, top]
    assert NETWORK[node + 1] <= 8000.0 < NETWORK[node + 2]  # the second of four nodes around it


@given(st.floats(0.005, 3.0), st.integers(0, 12))
@examples(deadline=None, max_examples=60)
def test_a_wide_plume_is_wanted_nearer_than_its_places(width, lowest):
    """What lies 3 spreads beside the axis at a distance r is r cos θ along the plume, tan θ = 3 σ_y/x."""
    network = Network(NETWORK, 90, 180)
    distances, inner = network.nodes()
    plume = np.zeros((2, PLUME_ROWS, distances.size))
    plume[0, SPREAD_Y], plume[1, SPREAD_Y] = width * distances, 0.5 * width * distances
    first = np.empty(2, dtype=np.int64)
    reach.first_along(plume, distances, inner, np.array([lowest, NETWORK.size]), NETWORK.size, first)
    assert first[1] == distances.size  # nobody wants the second level
    assert first[0] % BLOCK == 0
    nearest = NETWORK[lowest] * max(1.0 / math.hypot(1.0, 3.0 * width), fan.SIDEWAYS)
    assert first[0] <= max(np.searchsorted(distances, nearest), inner)


def test_leaving_out_what_nobody_looks_at_changes_nothing():
    """The operator with every level everywhere, and where the ground asks for it: each cell to 1 % and 1 % of the mean.

    A plume's edge beyond three spreads asks for no level.
    """
    grid = grid_of(40)
    ground = relief.ground_of(hills(grid), grid)
    made = around(ground, grid)
    found = []
    for looked_at in (
        reach.looked_at,
        lambda _, levels_m, distances, bearings: np.zeros((bearings, levels_m.size), dtype=np.int64),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(levels, "looked_at", looked_at)
            table = through().table(STACK, made)
            found.append(operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, ground))
    mean = found[1].mean(axis=(2, 3), keepdims=True)
    assert np.all(np.abs(found[0] - found[1]) < 0.01 * found[1] + 0.01 * mean)
    assert not np.array_equal(*found)


def test_ground_at_the_level_of_the_base_is_flat_ground():
    """Cells as high as the stack's base, by no hill: nothing changes, whatever the terrain elsewhere.

    But for a hundredth of the greatest deposition: interpolation between narrow plumes undershoots zero here and there,
    and is held up by day and by night apart.
    """
    grid = grid_of()
    height = hills(grid)
    ground = relief.ground_of(height, grid)
    made = around(ground, grid)
    level = relief.Ground(np.full(height.shape, made.base_m), np.full(height.shape, made.base_m))
    table = through().table(STACK, made)
    flat = operator.point_deposition(through().table(STACK), STACK.x_m, STACK.y_m, grid)
    found = operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, level)
    assert np.all(np.abs(found - flat).max(axis=(2, 3)) < 0.01 * flat.max(axis=(2, 3)))


def test_lifting_the_whole_country_changes_nothing_but_what_aermod_counts_from_sea_level():
    """Dry and wet deposition of a plain with a ridge, at 4 m and at 204 m above the sea.

    AERMOD takes the release height for an elevation where the ground on the way divides the flow, so depletion in
    stable air may differ a little: three hundredths here.
    """
    grid = grid_of()
    both = []
    for lifted in (0.0, 200.0):
        ground = relief.ground_of(hills(grid) + lifted, grid)
        table = through().table(STACK, around(ground, grid))
        both.append(operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, ground))
    some = both[0] > 1.0e-3 * both[0].max(axis=(2, 3), keepdims=True)
    assert both[1][some] == pytest.approx(both[0][some], rel=0.03)


def full_calculation(cells, grid, ground):
    """Receptors at cell centres, on their ground and by their hills, (classes, cells) per unit emitted."""
    hours, observations = weather(DAYS, seed=8)
    row, column = np.unravel_index(cells, ground.elevation_m.shape)
    base = around(ground, grid).base_m
    places = Receptors(
        grid.x[column], grid.y[row], ground.elevation_m.ravel()[cells], ground.hill_m.ravel()[cells],
        np.zeros(cells.size),
    )  # fmt: skip
    found = np.empty((len(CLASSES), cells.size))
    for k, substance in enumerate(SUBSTANCES):
        source = Source(
            "stack", "point", 1.0, STACK.x_m, STACK.y_m, 60.0, base, 400.0, 10.0, 2.0, substance=substance
        )  # fmt: skip
        options = Options(deposition=True, terrain=True, gas_surface=SURFACE)
        answer = model.run([source], places, hours, observations, options, exact=True)
        found[k] = (answer.dry_g_m2 + answer.wet_g_m2)[0] / (3600.0 * answer.valid.sum())
    return found


def test_the_operator_in_hills_is_the_full_calculation():
    """Expected: the engine's own full calculation at the centres of 60 cells more than 2 km away.

    Each class: within 5 % rms of the mean, 2 % in the sum, and closer by far than flat ground is. The weather has 480
    hours, whose plumes are narrow streaks; a year's sum is smoother (docs/verification-dispersion.md).
    """
    grid = grid_of()
    ground = relief.ground_of(hills(grid), grid)
    distance = np.hypot(*np.meshgrid(grid.x - STACK.x_m, grid.y - STACK.y_m)).ravel()
    near = np.flatnonzero((distance > 2000.0) & (distance < REACH_M - 1000.0) & (ground.elevation_m.ravel() > 20.0))
    cells = np.random.default_rng(5).choice(near, 60, replace=False)
    expected = full_calculation(cells, grid, ground)
    table = through().table(STACK, around(ground, grid))
    found, flat = (
        operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, where)
        .sum(axis=1)
        .reshape(len(CLASSES), -1)[:, cells]
        for where in (ground, None)
    )
    mean = expected.mean(axis=1, keepdims=True)
    rms = np.sqrt((((found - expected) / mean) ** 2).mean(axis=1))
    misses = np.sqrt((((flat - expected) / mean) ** 2).mean(axis=1))
    assert rms.max() < 0.05, rms
    assert np.all(rms < 0.5 * misses), (rms, misses)
    assert found.sum(axis=1) == pytest.approx(expected.sum(axis=1), rel=0.02)


def test_a_larger_grid_adds_nothing_within_reach():
    """The same country on 70 and on 90 cells a side: the same deposition where both are, none beyond the reach."""
    small, large = grid_of(70), grid_of(90)
    inside, whole = relief.ground_of(hills(large)[10:80, 10:80], small), relief.ground_of(hills(large), large)
    whole.hill_m[10:80, 10:80] = inside.hill_m  # hills beyond the smaller grid are not seen from it
    found = []
    for grid, ground in ((small, inside), (large, whole)):
        table = through(3).table(STACK, around(ground, grid))
        found.append(operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, ground))
    assert found[1][:, :, 10:80, 10:80] == pytest.approx(found[0], rel=1e-9, abs=0.0)
    distance = np.hypot(*np.meshgrid(large.x - STACK.x_m, large.y - STACK.y_m))
    assert not found[1][:, :, distance > REACH_M + 1000.0].any()


def test_cells_looked_up_in_blocks_get_what_all_together_get():
    grid = grid_of(40)
    ground = relief.ground_of(hills(grid), grid)
    table = through(3).table(STACK, around(ground, grid))
    whole = operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, ground)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operator, "CELLS_AT_ONCE", 130)
        blocks = operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, ground)
    assert np.array_equal(blocks, whole)


def test_fields_follow_hills_for_stacks_alone():
    grid = grid_of(24)
    ground = relief.ground_of(hills(grid), grid)
    weights = np.full((24, 24), 1.0 / 576.0)
    releases = [STACK, Release("ground", 2.0, weights=weights), replace(STACK, name="outside", x_m=-9000.0)]
    rough = [field.values for field in fields(releases, through(3), grid, 23, 2, ground, REACH_M)]
    flat = [field.values for field in fields(releases, through(3), grid, 23)]
    assert not np.array_equal(rough[0], flat[0])
    assert np.array_equal(rough[1], flat[1])
    assert np.array_equal(rough[2], flat[2])
    assert min(values.min() for values in rough) >= 0.0


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
    traits = 10.0 * random.normal(size=(7, 3))[bunch] + 1.0e-9 * random.uniform(size=(size, 3))
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
@examples(max_examples=300)
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


@given(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4), st.floats(-0.5, 1.5))
@examples(deadline=None, max_examples=100)
def test_a_blend_of_levels_lies_within_what_they_have(values, position):
    """Lagrange weights of four levels: never below a thousandth of the greatest, to the power they have, nor above."""
    t = 1.0 + position
    weights = np.array(
        [
            -(t - 1) * (t - 2) * (t - 3) / 6,
            t * (t - 2) * (t - 3) / 2,
            -t * (t - 1) * (t - 3) / 2,
            t * (t - 1) * (t - 2) / 6,
        ]
    )
    found = np.array(values)[:, None]
    most = max(values)
    mixed = operator._blended(found, 0, weights, 0, 4)
    assert 0.0 <= mixed <= max(operator.MOST_LEVEL * most, 1.01 * operator.FAINTEST)
    if min(values) > operator.LEAST_LEVEL * most and most > 0.0:
        exact = math.exp(float((weights * np.log(found[:, 0])).sum()))
        assert mixed == pytest.approx(min(exact, operator.MOST_LEVEL * most), rel=1e-9)


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
