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
from metalbudget.dispersion import fan, hill_hours, model, operator, polar, polar_hours, reach, relief, selection
from metalbudget.dispersion.case import Options, Receptors, Source
from metalbudget.dispersion.reading import gas_surface
from metalbudget.dispersion.release import Release, Weather, fields, source_of, substances
from metalbudget.dispersion.rows import PLUME_ROWS, SPREAD_Y
from metalbudget.grid import Grid

CLASSES = ["p0.5", "p7", "p15", "hg2"]
SUBSTANCES = substances(CLASSES, TABLES["particle_class"], TABLES["gas_deposition"])
SURFACE = gas_surface(TABLES["dispersion"])
REACH_M = 15000.0
STACK = Release("stack", 60.0, 2.0, 400.0, 10.0, x_m=-240.0, y_m=130.0)
DAYS = 20
SIDE = 60


@functools.cache
def through(every=1, hours="all", reference=4):
    thinned = {"terrain_convective_every": every, "terrain_stable_every": every, "terrain_reference_every": reference}
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


@given(st.floats(-50.0, 900.0), st.integers(1, 30))
def test_a_height_lies_between_two_references(height, every):
    levels = relief.levels_m(-40.0, 800.0, 8.0, 1.2)
    which = relief.reference_levels(levels, every)
    assert levels[which[0]] == 0.0
    index, weights = relief.between(levels[which], np.array([height]))
    assert weights.sum() == pytest.approx(1.0)
    assert weights.min() >= 0.0
    held = min(max(height, 0.0), levels[which[-1]])
    assert (levels[which][index] * weights).sum() == pytest.approx(held, abs=1e-9)


# --- where levels are looked at -------------------------------------------------------------------------

NETWORK = polar.node_distances(50.0, REACH_M, 2.5)


def test_a_mountain_in_the_east_is_looked_at_there_alone():
    """One cell at 400 m, 8 km to the east, sea level elsewhere; 72 bearings of five degrees."""
    made = relief_of([400.0, 0.0], [8000.0, 60.0], [0.5 * np.pi + 0.01, np.nan], base_m=0.0)
    first = reach.looked_at(made, made.stable_m, np.flatnonzero(made.stable_m == 0.0), NETWORK, 72)
    base, top = int(np.flatnonzero(made.stable_m == 0.0)[0]), made.stable_m.size - 1
    assert np.all(first[:, base] == 0)
    assert np.flatnonzero(first[:, top] < NETWORK.size).tolist() == [17, 18, 19, 20]  # around bearing 18, 90 degrees
    node = first[18, top]
    assert NETWORK[node + 1] <= 8000.0 < NETWORK[node + 2]  # the second of four nodes around it
    ahead = reach.ahead_of(first, NETWORK.size, math.log(NETWORK[1] / NETWORK[0]))
    assert np.all(ahead[0, 18] <= first[18])
    assert ahead[0, 0, top] == reach.NOBODY  # a narrow plume to the north asks for nothing of the mountain
    assert ahead[-1, 0, top] < node  # a wide one for what arrives beside it, which is nearer along the plume


def test_narrow_plumes_ask_for_no_more_than_wide_ones():
    random = np.random.default_rng(4)
    made = relief_of(
        random.uniform(-30.0, 500.0, 200), random.uniform(100.0, REACH_M, 200), random.uniform(0, 6.28, 200)
    )
    references = relief.reference_levels(made.stable_m, 4)
    first = reach.looked_at(made, made.stable_m, references, NETWORK, 90)
    ahead = reach.ahead_of(first, NETWORK.size, 0.4)
    assert np.all(np.diff(ahead, axis=0) <= 0)
    for width in (0.01, 0.1, 0.5, 3.0):
        found = [reach.first_ahead(ahead, 1.0, width, level) for level in range(made.stable_m.size)]
        assert all(least <= value for least, value in zip(ahead[-1].min(axis=0), found, strict=True))


def test_leaving_out_what_nobody_looks_at_changes_nothing():
    """The operator with every level everywhere, and where the ground asks for it: each cell to 1 % and 2 % of the mean.

    What meanders by a level is drawn from one hour in so many, so they are not the same to the last digit.
    """
    grid = grid_of(40)
    ground = relief.ground_of(hills(grid), grid)
    made = around(ground, grid)
    found = []
    for looked_at in (
        reach.looked_at,
        lambda _, levels, references, distances, bearings: reach.everywhere(bearings, levels.size)[0],
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reach, "looked_at", looked_at)
            table = through().table(STACK, made)
            found.append(operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, ground))
    mean = found[1].mean(axis=(2, 3), keepdims=True)
    assert np.all(np.abs(found[0] - found[1]) < 0.01 * found[1] + 0.02 * mean)
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
    stable air may differ a little: a fiftieth here.
    """
    grid = grid_of()
    both = []
    for lifted in (0.0, 200.0):
        ground = relief.ground_of(hills(grid) + lifted, grid)
        table = through().table(STACK, around(ground, grid))
        both.append(operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, ground))
    some = both[0] > 1.0e-3 * both[0].max(axis=(2, 3), keepdims=True)
    assert both[1][some] == pytest.approx(both[0][some], rel=0.02)


def full_calculation(cells, grid, ground, used=None):
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
        table = through(3, reference=100).table(STACK, around(ground, grid))
        found.append(operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, ground))
    assert found[1][:, :, 10:80, 10:80] == pytest.approx(found[0], rel=1e-9, abs=0.0)
    distance = np.hypot(*np.meshgrid(large.x - STACK.x_m, large.y - STACK.y_m))
    assert not found[1][:, :, distance > REACH_M + 1000.0].any()


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


@given(st.integers(1, 6), st.integers(1, 400), st.integers(0, 9))
@examples(deadline=None, max_examples=40)
def test_hours_drawn_stand_for_all_and_those_that_bring_most_for_themselves(every, count, seed):
    """One in so many; each stands for one over its chance; sums over all are kept on average (Horvitz & Thompson)."""
    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(5000, count, replace=False))
    share = random.pareto(1.2, count)
    heading, likeness = random.uniform(0.0, 6.28, count), random.uniform(size=count)
    taken, weight = selection.sample(rows, heading, likeness, share, every)
    assert set(taken) <= set(rows)
    assert np.unique(taken).size == taken.size
    assert np.all(weight >= 1.0 - 1e-9)
    if every == 1:
        assert taken.tolist() == rows.tolist()
        return
    assert abs(taken.size - count / every) <= 1.0
    most = rows[np.argmax(share)]
    if share.max() / share.sum() * (1.0 - selection.EVEN_PART) * count / every > 1.0:
        assert weight[taken == most] == pytest.approx(1.0)


def test_hours_drawn_keep_sums():
    """2000 hours, one in three: what they bring to 2 %, a quantity that is like it to 3 %, their number to 5 %."""
    random = np.random.default_rng(3)
    share, likeness = random.pareto(1.5, 2000), random.uniform(size=2000)
    heading = random.uniform(0.0, 6.28, 2000)
    alike = share * random.uniform(0.5, 1.5, 2000)
    taken, weight = selection.sample(np.arange(2000), heading, likeness, share, 3)
    assert (weight * share[taken]).sum() == pytest.approx(share.sum(), rel=0.02)
    assert (weight * alike[taken]).sum() == pytest.approx(alike.sum(), rel=0.03)
    assert weight.sum() == pytest.approx(2000.0, rel=0.05)


# --- stable hours -------------------------------------------------------------------------------------------


def stable_sums(hills, faint=0.0):
    """A few stable hours at some levels: directed and meandering sums by both kernels, which share their weather."""
    weather_of = through()
    arrays = model.arrays_of(
        source_of(STACK, 0.465), weather_of._air, Options(deposition=True, gas_surface=SURFACE), SUBSTANCES
    )
    rows = np.flatnonzero(weather_of._air.hours.valid & (arrays[0][:, 0] == 0.0))[::5]
    ordered = polar._by_wind(arrays, rows)
    distances, inner = polar._Network(polar.node_distances(50.0, REACH_M, 2.5), 90, 180).nodes()
    levels, classes, kept = np.array([-8.0, 0.0, 40.0, 130.0]), len(CLASSES), distances.size - inner - 2
    tables = np.zeros((2, 90, 4, kept * classes)), np.zeros((2, 4, distances.size, classes))
    all_over = reach.everywhere(90, 4)
    brought = np.zeros((2, arrays[0].shape[0], classes))
    polar_hours.add_polar_hours(ordered, *arrays, distances, inner, levels, *all_over, 180, *tables, brought[0])
    by_hills = (
        np.zeros((2, 90, 4, kept * hills.shape[1] * classes)),
        np.zeros((2, 4, distances.size, hills.shape[1] * classes)),
    )
    least = np.full((classes, distances.size), faint)
    hill_hours.add_hill_hours(
        ordered, *arrays, distances, inner, levels, hills, *all_over, least, 180, *by_hills, brought[1]
    )
    shape = (2, 90, 4, kept, hills.shape[1], classes)
    return tables[0].reshape(2, 90, 4, kept, classes), by_hills[0].reshape(shape), tables[1], by_hills[1]


def test_without_a_hill_stable_air_flows_as_any_air():
    """Half of a plume follows the ground and half keeps its level: the kernel of hills is that of level flow."""
    flat, hilly, round_about, hilly_round = stable_sums(np.zeros((4, 2)))
    assert flat.max() > 0.0
    for hill in range(2):
        scale = flat.max(axis=(1, 2, 3), keepdims=True)
        assert np.all(np.abs(hilly[:, :, :, :, hill] - flat) <= 1.0e-3 * scale)  # paths are interpolated state by state
    inner = round_about.shape[2] - 2 - flat.shape[3]
    some = slice(inner, inner + flat.shape[3])
    np.testing.assert_allclose(hilly_round[:, :, some, : len(CLASSES)], round_about[:, :, some], rtol=2e-3, atol=1e-14)


def test_a_hill_changes_nothing_where_both_states_are_one():
    """At the level of the base the plume that keeps its level is the one that follows the ground."""
    _, hilly, _, _ = stable_sums(np.array([[0.0, 300.0]] * 4))
    assert hilly[:, :, 1, :, 1] == pytest.approx(hilly[:, :, 1, :, 0], rel=1e-9)
    assert not np.allclose(hilly[0, :, 3, :, 1], hilly[0, :, 3, :, 0], rtol=0.01, atol=0.0)


def test_what_is_too_little_to_count_is_left_out():
    """With a threshold that nothing reaches only what rain brings is left."""
    hills = np.array([[0.0, 300.0]] * 4)
    _, everything, _, _ = stable_sums(hills)
    _, nothing, _, _ = stable_sums(hills, faint=np.inf)
    _, most, _, _ = stable_sums(hills, faint=1.0e-12)
    assert nothing[1] == pytest.approx(everything[1], rel=1e-12)
    assert nothing[0].sum() < 0.5 * everything[0].sum()
    assert most[0].sum() == pytest.approx(everything[0].sum(), rel=1e-3)


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
    amounts = np.repeat(1.0 / distances[:, None], classes, axis=1) * (1.0 + np.arange(classes))
    heading = math.radians(heading_deg)
    weights = np.empty(4)
    slots, used = fan.new_slots(1, distances.size, classes)
    looked_at = reach.everywhere(bearings, 1)[0]
    direction_step = 2.0 * math.pi / 360
    first = fan.heading_of(-math.sin(heading), -math.cos(heading), direction_step, weights)
    fan.gather(plume, distances, amounts, 0, first, weights, 0, slots, used, np.empty(3 * classes))
    directed = np.zeros((bearings, 1, kept * classes))
    scratch = np.empty((fan.WIDTHS + 1, distances.size * classes))
    for direction in range(first, first + 4):
        fan.lay_across(slots, used, direction, direction_step, distances, inner, scratch, looked_at, directed)
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
