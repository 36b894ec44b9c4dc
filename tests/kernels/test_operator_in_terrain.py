"""Levels and hills around a stack: where they are looked at, and what cells make of them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from dispersion_cases import weather
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget.dispersion import (
    fan,
    levels,
    model,
    operator,
    reach,
    relief,
)
from metalbudget.dispersion.case import Options, Receptors, Source
from metalbudget.dispersion.network import Network, node_distances
from metalbudget.dispersion.release import Release, fields
from metalbudget.dispersion.rows import BLOCK, PLUME_ROWS, SPREAD_Y
from terrain_cases import CLASSES, DAYS, REACH_M, STACK, SUBSTANCES, SURFACE, around, grid_of, hills, relief_of, through

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
    stable air may differ a little: dry deposition by a hundredth at the most, both together by a fiftieth. Wet alone,
    which is that of one hill, by three hundredths, in five places of 22,000 by more than a fiftieth.
    """
    grid = grid_of()
    both = []
    for lifted in (0.0, 200.0):
        ground = relief.ground_of(hills(grid) + lifted, grid)
        table = through().table(STACK, around(ground, grid))
        both.append(operator.point_deposition(table, STACK.x_m, STACK.y_m, grid, ground))
    total = [one.sum(axis=1, keepdims=True) for one in both]
    for before, after, rel in (
        (both[0][:, :1], both[1][:, :1], 0.01),
        (both[0][:, 1:], both[1][:, 1:], 0.03),
        (*total, 0.02),
    ):
        some = before > 1.0e-3 * before.max(axis=(2, 3), keepdims=True)
        assert after[some] == pytest.approx(before[some], rel=rel)


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
