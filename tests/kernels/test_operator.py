"""Annual tables and the operator: mass, geometry, and the full calculation."""

import functools
import math
from dataclasses import replace

import numpy as np
import pytest
from dispersion_cases import TABLES, weather
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget.dispersion import model, operator, polar
from metalbudget.dispersion.answers import air_of, depletion_of
from metalbudget.dispersion.case import Options, Receptors, Source
from metalbudget.dispersion.depletion import plume_depth
from metalbudget.dispersion.gaussian import Place
from metalbudget.dispersion.launch import launch
from metalbudget.dispersion.network import node_distances
from metalbudget.dispersion.profiles import grid as profile_grid
from metalbudget.dispersion.reading import gas_surface
from metalbudget.dispersion.release import Release, Weather, fields, substances
from metalbudget.grid import Grid

CLASSES = ["p0.5", "p7", "p15", "hg2"]
SUBSTANCES = substances(CLASSES, TABLES["particle_class"], TABLES["gas_deposition"])
SURFACE = gas_surface(TABLES["dispersion"])
OPTIONS = Options(deposition=True, gas_surface=SURFACE)
HIGH = Release("high", 80.0, 2.0, 400.0, 10.0)
LOW = Release("low", 20.0, 1.0, 400.0, 10.0)
GROUND = Release("ground", 2.0, weights=np.zeros((1, 1)))
RELEASES = {"high": HIGH, "low": LOW, "ground": GROUND}
REACH_M = 30000.0
DAYS = 10


@functools.cache
def through(days=DAYS, bearings=180, turned_deg=0.0, raining=0.15, reach_m=REACH_M):
    settings = {"max_distance_m": reach_m, "bearings": bearings, "hours": "all"}
    hours, observations = weather(days, turned_deg=turned_deg, raining=raining)
    return Weather(hours, observations, CLASSES, settings, TABLES, SURFACE)


@functools.cache
def table_of(name, **which):
    return through(**which).table(RELEASES[name])


def grid_of(side=100, cell_m=500.0):
    """Its middle is the origin."""
    half = 0.5 * side * cell_m
    return Grid("EPSG:32651", -half, half, cell_m, side, side, np.ones((side, side), dtype=bool))


def source_of(release):
    return Source(
        release.name,
        "point" if release.diameter_m > 0.0 else "volume",
        1.0,
        0.0,
        0.0,
        release.height_m,
        exit_temperature_k=release.exit_temperature_k,
        exit_velocity_m_s=release.exit_velocity_m_s,
        diameter_m=release.diameter_m,
        initial_vertical_m=release.height_m / 2.15 if release.weights is not None else 0.0,
    )


def made_up(inverse_square=3.0e-2, first_m=50.0, last_m=20000.0, bearings=36, northward=0.0):
    """A table whose dry density is k (1 + a cos bearing)/r², its wet one half of it; one class."""
    distance = node_distances(first_m, last_m, 6.0)
    bearing = 2.0 * np.pi * np.arange(bearings) / bearings
    dry = inverse_square * (1.0 + northward * np.cos(bearing))[:, None] / distance**2
    return polar.Polar(distance, np.stack([dry, 0.5 * dry], axis=-1)[:, :, None, :])


# --- the table ----------------------------------------------------------------------------------------


def test_distances_are_even_in_their_logarithm_and_reach_both_ends():
    distance = node_distances(50.0, 50000.0, 6.0)
    assert (distance[0], distance[-1]) == pytest.approx((50.0, 50000.0))
    step = np.diff(np.log(distance))
    assert step == pytest.approx(np.full(step.size, step[0]))
    assert 1.0 / 7.0 < step[0] <= 1.0 / 6.0


def test_mass_of_an_inverse_square_by_hand():
    """The ring from a to b holds 2 pi k ln(b/a), the disc within a pi k."""
    table = made_up(0.03, 100.0, 10000.0)
    ring = 2.0 * math.pi * 0.03 * math.log(100.0) + math.pi * 0.03
    assert table.mass() == pytest.approx(np.array([[ring, 0.5 * ring]]))


@functools.cache
def still_aloft(name):
    """Share of each class that a plume carries on at the last distance: mean over the hours, hour by hour."""
    hours, observations = weather(DAYS)
    air = model.atmosphere(hours, profile_grid(hours, observations))
    rows = model.arrays_of(source_of(RELEASES[name]), air, OPTIONS, SUBSTANCES)
    scalars, levels, values, sums, _, _, stack, flags, fraction, dry, settling, scavenging, washout, limit = rows[:14]
    reference = rows[15]
    kept = np.zeros(len(CLASSES))
    valid = np.flatnonzero(hours.valid)
    for hour in valid:
        here = air_of(hour, scalars, levels, values, sums)
        source = launch(here, stack[0], stack[1], stack[2], stack[3], stack[4], flags[0], stack[5], stack[6])
        depth = plume_depth(here, source)
        for k in range(fraction.size):
            wet = scavenging[hour, k] + min(washout[hour, k] / depth, limit[hour, k])
            kept[k] += depletion_of(
                here, source, REACH_M, Place(0.0, 0.0, 0.0, 0.0), reference[hour], dry[hour, k], settling[hour, k],
                wet, True, True, True,
            )  # fmt: skip
    return kept / valid.size


@pytest.mark.parametrize("name", ["high", "low"])
def test_what_is_emitted_deposits_or_stays_aloft(name):
    """Within 2 % of the emission: an integral of two points depletes the plume, and rings sum up its deposit."""
    total = table_of(name).mass().sum(axis=1) + still_aloft(name)
    assert total == pytest.approx(np.ones(len(CLASSES)), abs=0.02)


def test_rain_alone_closes_to_half_a_per_cent():
    """In air of one wind wet depletion is exact, exp(−Λ x/u): table and plume close but for the integration by rings.

    Where the wind grows with height they do not quite: a plume is depleted by the wind at the release, as the published
    formulation has it, but passes a place with the wind between its centre and the ground.
    """
    hours, observations = weather(DAYS, raining=0.5)
    air = model.atmosphere(hours, profile_grid(hours, observations))
    air.values[:, 0], air.sums[:, 0] = 5.0, 5.0 * model.profiles.LEVELS_M
    air.scalars[:, 7] = 5.0
    arrays = list(model.arrays_of(source_of(HIGH), air, OPTIONS, SUBSTANCES))
    arrays[9] = np.zeros_like(arrays[9])  # dry velocity
    rows = np.flatnonzero(hours.valid)
    table = polar.annual(tuple(arrays), rows, rows.size, 50.0, REACH_M, 6.0, 180)
    rate = arrays[11][rows, :3]  # of particles; the gas is washed out by depth
    kept = np.exp(-rate * REACH_M / 5.0).mean(axis=0)
    assert table.mass()[:3].sum(axis=1) + kept == pytest.approx(np.ones(3), abs=0.005)
    assert table.mass()[:, 0].max() == 0.0


def test_without_rain_nothing_is_washed_out():
    table = table_of("high", raining=0.0)
    assert table.density[..., 1].max() == 0.0
    assert table.density[..., 0].min() >= 0.0
    assert np.all(table.mass()[:, 0] > 0.0)


@pytest.mark.parametrize("name", RELEASES)
def test_wind_and_table_turn_together(name):
    straight, turned = table_of(name), table_of(name, turned_deg=90.0)
    expected = np.roll(straight.density, 45, axis=0)
    assert turned.density == pytest.approx(expected, rel=1e-6, abs=1e-12 * float(expected.max()))


def test_bigger_particles_deposit_more_and_higher_stacks_less():
    high, low = table_of("high").mass().sum(axis=1), table_of("low").mass().sum(axis=1)
    assert np.all(np.diff(low[:3]) > 0.0)
    assert np.all(high < low)
    assert low.max() < 1.0


# --- cells --------------------------------------------------------------------------------------------


def test_cells_of_an_inverse_square_by_quadrature():
    """Expected: the mean of k/r² over each cell by 40 x 40 midpoints."""
    east, north, cell = np.array([1000.0, 3000.0, -8000.0]), np.array([2000.0, 0.0]), 1000.0
    found = operator.cell_means(made_up(), east, north, cell)[0]
    offset = ((np.arange(40) + 0.5) / 40 - 0.5) * cell
    for row, y in enumerate(north):
        for column, x in enumerate(east):
            square = (x + offset)[None, :] ** 2 + (y + offset)[:, None] ** 2
            assert found[0, row, column] == pytest.approx(np.mean(0.03 / square), rel=0.005)
    assert found[1] == pytest.approx(0.5 * found[0])


def test_cells_hold_what_the_table_deposits():
    grid, table = grid_of(100, 500.0), made_up(last_m=20000.0)
    values = operator.point_deposition(table, 137.0, -61.0, grid)
    assert values.sum(axis=(-1, -2)) * grid.cell_area_m2 == pytest.approx(table.mass(), rel=0.005)


def test_cells_lie_where_the_bearing_says():
    """By hand: at equal distance twice as much north as south where the density goes as 1 + cos(bearing)/3."""
    grid = grid_of(41, 500.0)
    values = operator.point_deposition(made_up(northward=1.0 / 3.0), 0.0, 0.0, grid)[0, 0]
    middle = 20
    assert values[middle - 10, middle] == pytest.approx(2.0 * values[middle + 10, middle], rel=1e-3)
    assert values[middle, middle - 10] == pytest.approx(values[middle, middle + 10], rel=1e-9)
    assert values[middle, middle + 10] == pytest.approx(0.75 * values[middle - 10, middle], rel=1e-3)


def test_nothing_lies_beyond_the_table():
    grid, table = grid_of(), made_up(last_m=5000.0)
    values = operator.point_deposition(table, 0.0, 0.0, grid)[0, 0]
    distance = np.hypot(*np.meshgrid(grid.x, grid.y))
    assert values[distance > 5000.0 + 0.75 * grid.cell_m].max() == 0.0
    assert values[distance < 5000.0 - 0.75 * grid.cell_m].min() > 0.0


def test_a_stack_outside_the_grid_reaches_into_it():
    grid, table = grid_of(), table_of("high")
    values = operator.point_deposition(table, -28000.0, 0.0, grid)
    wide = operator.point_deposition(table, 0.0, 0.0, grid_of(200, 500.0))
    # the same lattice 56 cells further: a column of the grid lies 106 from that of a grid twice as wide round the stack
    assert values[..., :94] == pytest.approx(wide[..., 50:150, 106:200], rel=1e-9)
    inside = values.sum(axis=(-1, -2)) * grid.cell_area_m2
    assert np.all(inside[:, 0] > 0.0)
    assert np.all(inside < table.mass())
    assert operator.point_deposition(table, -60000.0, 0.0, grid).max() == 0.0


@given(column=st.integers(-20, 20), row=st.integers(-20, 20), x=st.floats(-250.0, 250.0), y=st.floats(-250.0, 250.0))
@examples(max_examples=5, deadline=None)
def test_a_stack_a_cell_further_is_the_same_field_a_cell_further(column, row, x, y):
    grid = grid_of(60)
    here = operator.point_deposition(table_of("low"), x, y, grid)
    there = operator.point_deposition(table_of("low"), x + 500.0 * column, y - 500.0 * row, grid)
    rows = slice(max(row, 0), 60 + min(row, 0)), slice(max(-row, 0), 60 + min(-row, 0))
    columns = slice(max(column, 0), 60 + min(column, 0)), slice(max(-column, 0), 60 + min(-column, 0))
    assert there[..., rows[0], columns[0]] == pytest.approx(here[..., rows[1], columns[1]], rel=1e-5, abs=1e-18)


@pytest.mark.parametrize("name", ["high", "low"])
def test_finer_cells_average_to_coarser_ones(name):
    coarse = operator.point_deposition(table_of(name), 30.0, 40.0, grid_of(30, 1000.0))
    fine = operator.point_deposition(table_of(name), 30.0, 40.0, grid_of(60, 500.0))
    mean = fine.reshape(4, 2, 30, 2, 30, 2).mean(axis=(3, 5))
    error = np.sqrt(((mean - coarse) ** 2).mean(axis=(-1, -2)) / (coarse**2).mean(axis=(-1, -2)))
    assert error.max() < 0.01
    assert mean.sum(axis=(-1, -2)) == pytest.approx(coarse.sum(axis=(-1, -2)), rel=0.003)


# --- against the full calculation ---------------------------------------------------------------------


def full_cells(release, east, north, cell_m, samples):
    """Mean of the full calculation at samples x samples points of each cell, per unit emitted, (classes, 2, cells)."""
    hours, observations = weather(DAYS)
    offset = ((np.arange(samples) + 0.5) / samples - 0.5) * cell_m
    x = (east[:, None, None] + offset[None, None, :] + 0.0 * offset[None, :, None]).ravel()
    y = (north[:, None, None] + offset[None, :, None] + 0.0 * offset[None, None, :]).ravel()
    places = Receptors(x, y, *np.zeros((3, x.size)))
    found = np.empty((len(CLASSES), 2, east.size))
    for k, substance in enumerate(SUBSTANCES):
        source = replace(source_of(release), substance=substance)
        answer = model.run([source], places, hours, observations, OPTIONS, exact=True)
        for kind, values in enumerate((answer.dry_g_m2, answer.wet_g_m2)):
            found[k, kind] = values.reshape(east.size, -1).mean(axis=1) / (3600.0 * answer.valid.sum())
    return found


@pytest.mark.parametrize(("name", "cell_m"), [("high", 1000.0), ("low", 500.0)])
def test_the_operator_is_the_full_calculation_averaged_over_cells(name, cell_m):
    """Total of each class in cells of every distance: 2 % rms relative to the cell, 0.3 % in the sum by distance².

    Expected: means of the full calculation over 10 x 10 points in cells next to the stack, 3 x 3 further away. The sum
    is weighted so that every distance counts alike, as in the mass that a ring holds.
    """
    grid = grid_of(100, cell_m)
    x, y = 0.3 * cell_m, -0.2 * cell_m
    field = operator.point_deposition(table_of(name), x, y, grid).sum(axis=1)
    east, north = np.meshgrid(grid.x - x, grid.y - y)
    distance = np.hypot(east, north)
    random = np.random.default_rng(4)
    ratios, weights = [], []
    for low, high, count, samples in ((1.0, 2.5, 2, 10), (2.5, 6.5, 8, 4), (6.5, 0.95 * REACH_M / cell_m, 25, 3)):
        cells = np.flatnonzero((distance >= low * cell_m) & (distance < high * cell_m))
        cells = random.choice(cells, count, replace=False)
        expected = full_cells(RELEASES[name], east.ravel()[cells], north.ravel()[cells], cell_m, samples).sum(axis=1)
        ratios.append(field.reshape(len(CLASSES), -1)[:, cells] / expected)
        weights.append(expected * distance.ravel()[cells] ** 2)
    ratio, weight = np.concatenate(ratios, axis=1), np.concatenate(weights, axis=1)
    rms = np.sqrt(np.mean((ratio - 1.0) ** 2, axis=1))
    total = (ratio * weight).sum(axis=1) / weight.sum(axis=1)
    assert rms.max() <= 0.02, dict(zip(CLASSES, rms.round(4), strict=True))
    assert total == pytest.approx(np.ones(len(CLASSES)), abs=0.003)


@pytest.mark.parametrize("name", ["high", "low"])
def test_more_bearings_and_samples_change_little(name):
    """What is interpolated has converged: 1 % rms relative to the cell, 0.3 % in the sum."""
    grid = grid_of(100, 500.0)
    coarse = operator.point_deposition(table_of(name), 100.0, 50.0, grid).sum(axis=1)
    finer = table_of(name, bearings=360)
    fine = operator.cell_means(finer, grid.x - 100.0, grid.y - 50.0, 500.0, samples=(64, 24, 8, 4)).sum(axis=1)
    within = np.hypot(*np.meshgrid(grid.x - 100.0, grid.y - 50.0)) < REACH_M - 1000.0
    relative = coarse[:, within] / fine[:, within] - 1.0
    assert np.sqrt((relative**2).mean(axis=1)).max() < 0.01
    assert coarse[:, within].sum(axis=1) == pytest.approx(fine[:, within].sum(axis=1), rel=0.003)


# --- gridded sources ----------------------------------------------------------------------------------


def test_a_gridded_source_is_the_sum_of_its_cells():
    grid, table = grid_of(40, 1000.0), table_of("ground", reach_m=15000.0)
    random = np.random.default_rng(2)
    weights = np.full((40, 40), np.nan)
    cells = [(3, 5), (20, 20), (20, 21), (39, 0)]
    for cell in cells:
        weights[cell] = random.uniform(0.1, 1.0)
    found = operator.area_deposition(table, weights, grid)
    expected = np.zeros_like(found)
    for row, column in cells:
        kernel = operator.cell_means(
            table, grid.x - grid.x[column], grid.y - grid.y[row], grid.cell_m, spread_source=True
        )
        expected += weights[row, column] * kernel
    scale = expected.max(axis=(-1, -2), keepdims=True)
    assert np.abs(found - expected).max() <= 1e-12 * scale.max()
    assert np.all(found[expected == 0.0] <= 1e-15 * scale.max())
    assert found.min() >= 0.0


def test_a_source_spread_over_its_cell_is_many_points():
    """Expected: the mean over 12 x 12 stacks in the cell, each on cells of its own."""
    grid, table = grid_of(11, 1000.0), made_up(first_m=50.0)
    weights = np.zeros((11, 11))
    weights[5, 5] = 1.0
    found = operator.area_deposition(table, weights, grid)[0, 0]
    offset = ((np.arange(12) + 0.5) / 12 - 0.5) * grid.cell_m
    expected = np.mean([operator.point_deposition(table, x, y, grid)[0, 0] for x in offset for y in offset], axis=0)
    assert found == pytest.approx(expected, rel=0.02)
    assert np.unravel_index(np.argmax(found), found.shape) == (5, 5)


def test_a_gridded_source_keeps_its_mass():
    grid, table = grid_of(61, 1000.0), made_up(last_m=15000.0)
    weights = np.zeros((61, 61))
    weights[28:33, 28:33] = 1.0 / 25.0
    found = operator.area_deposition(table, weights, grid)
    assert found.sum(axis=(-1, -2)) * grid.cell_area_m2 == pytest.approx(table.mass(), rel=0.01)


# --- all sources --------------------------------------------------------------------------------------


def test_fields_come_in_the_order_of_their_sources_whatever_the_threads():
    grid = grid_of(12, 2000.0)
    even = np.full((12, 12), 1.0 / 144.0)
    corner = np.zeros((12, 12))
    corner[0, 0] = 1.0
    releases = [
        replace(LOW, x_m=3000.0),
        Release("even", 2.0, weights=even),
        replace(HIGH, y_m=-2500.0),
        Release("corner", 2.0, weights=corner),
        Release("higher", 30.0, weights=even),
    ]
    one, three = (list(fields(releases, through(2), grid, 14, threads)) for threads in (1, 3))
    for first, second in zip(one, three, strict=True):
        assert first.values.tobytes() == second.values.tobytes()
        assert first.within.tobytes() == second.within.tobytes()
    alone = [next(iter(fields([release], through(2), grid, 14))) for release in releases]
    for together, single in zip(one, alone, strict=True):
        assert together.values.tobytes() == single.values.tobytes()
    assert one[1].within.tolist() == one[3].within.tolist()  # one height, one table
    assert np.all(one[4].within < one[1].within)
    assert one[0].values.dtype == np.float32
    assert one[0].values.shape == (2, len(CLASSES), 12, 12)
    assert all(field.within.max() < 1.02 for field in one)


@given(bits=st.integers(1, 23))
@examples(max_examples=10, deadline=None)
def test_rounding_keeps_the_asked_precision(bits):
    values = np.random.default_rng(1).uniform(1e-12, 1e-6, 1000).astype(np.float32)
    assert operator.round_mantissa(values, bits) == pytest.approx(values, rel=2.0 ** -(bits + 1) * (1.0 + 1e-6))
    assert operator.round_mantissa(np.zeros(3, dtype=np.float32), bits).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("bits", [0, 24])
def test_no_such_number_of_bits(bits):
    with pytest.raises(ValueError, match="bits"):
        operator.round_mantissa(np.zeros(3, dtype=np.float32), bits)
