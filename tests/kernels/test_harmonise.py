"""Harmonising keeps totals: block means, class shares, line lengths, covered areas, weights."""

from itertools import pairwise

import numpy as np
import pytest
import raw_factory
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import harmonise
from numpy.testing import assert_allclose, assert_array_equal

SHAPE = (3, 4)


def test_block_mean_by_hand():
    values = np.array([[1.0, 3.0, np.nan, 8.0], [5.0, 7.0, np.nan, np.nan]])
    assert_array_equal(harmonise.block_mean(values, (1, 2)), [[4.0, 8.0]])


def test_block_mean_of_nothing_is_nothing():
    assert np.isnan(harmonise.block_mean(np.full((2, 2), np.nan), (1, 1))).all()


def test_block_sum_by_hand():
    values = np.array([[1.0, 3.0, np.nan, np.nan], [5.0, np.nan, np.nan, np.nan]])
    assert_array_equal(harmonise.block_sum(values, (1, 2)), [[9.0, np.nan]])


@pytest.mark.parametrize("shape", [(7, 8), (6, 4), (2, 4)])
def test_a_raster_that_does_not_nest_is_refused(shape):
    with pytest.raises(ValueError, match="nest"):
        harmonise.block_mean(np.zeros(shape), SHAPE)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_block_means_keep_the_total(k, seed):
    values = np.random.default_rng(seed).normal(size=(SHAPE[0] * k, SHAPE[1] * k))
    assert_allclose(harmonise.block_mean(values, SHAPE).sum() * k**2, values.sum(), rtol=1e-12, atol=1e-10)
    assert_allclose(harmonise.block_sum(values, SHAPE).sum(), values.sum(), rtol=1e-12, atol=1e-10)


def test_class_fractions_by_hand():
    codes = np.array([[10, 10, 30, 99], [20, 10, 99, 99]])
    fractions = harmonise.class_fractions(codes, (1, 2), {10: 0, 20: 2, 30: 2}, 3, missing=99)
    assert_array_equal(fractions[:, 0, 0], [0.75, 0.0, 0.25])
    assert_array_equal(fractions[:, 0, 1], [0.0, 0.0, 1.0])


def test_a_code_without_a_class_is_refused():
    with pytest.raises(ValueError, match=r"\[7\]"):
        harmonise.class_fractions(np.array([[7]]), (1, 1), {1: 0}, 1)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_class_fractions_sum_to_one_and_keep_each_area(k, seed):
    codes = np.random.default_rng(seed).integers(0, 6, size=(SHAPE[0] * k, SHAPE[1] * k))
    fractions = harmonise.class_fractions(codes, SHAPE, {code: code // 2 for code in range(6)}, 3)
    assert_allclose(fractions.sum(axis=0), 1.0, rtol=1e-15)
    for kind in range(3):
        assert_allclose(fractions[kind].sum() * k**2, np.isin(codes, (2 * kind, 2 * kind + 1)).sum(), rtol=1e-12)


def test_majority_takes_the_lower_of_equals():
    codes = np.array([[4, 4, 9, 9, 255, 255], [2, 7, 3, 3, 255, 255]])
    assert_array_equal(harmonise.majority(codes, (1, 3), missing=255), [[4, 3, 255]])


def test_fill_nearest_by_hand():
    values = np.array([[1, 0, 0, 0, 2], [1, 0, 0, 0, 0]])
    filled = harmonise.fill_nearest(values, values == 0, np.ones((2, 5), dtype=bool))
    assert_array_equal(filled, [[1, 1, 1, 2, 2], [1, 1, 1, 2, 2]])


def test_fill_nearest_leaves_what_is_not_wanted():
    values = np.array([[1, 0, 0]])
    assert_array_equal(harmonise.fill_nearest(values, values == 0, np.array([[True, True, False]])), [[1, 1, 0]])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_fill_nearest_agrees_with_a_plain_search(seed):
    """Against the distance to every known cell, one by one; the values of equals may differ."""
    random = np.random.default_rng(seed)
    values = random.integers(1, 100, size=(6, 7))
    missing = random.random((6, 7)) < 0.7
    missing[random.integers(6), random.integers(7)] = False
    filled = harmonise.fill_nearest(values, missing, np.ones((6, 7), dtype=bool))
    known = np.argwhere(~missing)
    for row, column in np.argwhere(missing):
        distance = np.hypot(*(known - [row, column]).T)
        assert filled[row, column] in [values[tuple(cell)] for cell in known[distance == distance.min()]]


# --- lines ----------------------------------------------------------------------------------------------


def lengths(points, weights=None, shape=SHAPE):
    """Lengths of a line through points on a grid of unit cells from (0, 3)."""
    points = np.asarray(points, dtype=float)
    count = len(points) - 1
    return harmonise.line_lengths(points[:-1], points[1:], weights or np.ones(count), 0.0, 3.0, 1.0, shape)


def test_a_horizontal_road_by_hand():
    expected = np.zeros(SHAPE)
    expected[1] = [0.5, 1.0, 1.0, 0.25]
    assert_allclose(lengths([(0.5, 1.5), (3.25, 1.5)]), expected, rtol=1e-15)


def test_a_diagonal_road_by_hand():
    """From (0, 0) to (2, 1): half of its length sqrt(5) in each of the two cells of the southern row."""
    expected = np.zeros(SHAPE)
    expected[2, :2] = np.sqrt(5.0) / 2.0
    assert_allclose(lengths([(0.0, 0.0), (2.0, 1.0)]), expected, rtol=1e-14, atol=1e-15)


def test_weights_multiply_the_length_and_the_outside_is_left_out():
    total = lengths([(-2.0, 0.5), (1.5, 0.5), (1.5, 9.0)], weights=[2.0, 10.0])
    assert_allclose(total.sum(), 1.5 * 2.0 + 2.5 * 10.0, rtol=1e-14)


def test_segments_of_no_length_and_no_segments_have_none():
    assert lengths([(1.0, 1.0), (1.0, 1.0)]).sum() == 0.0
    assert harmonise.line_lengths(np.zeros((0, 2)), np.zeros((0, 2)), [], 0.0, 3.0, 1.0, SHAPE).sum() == 0.0


coordinate = st.floats(-2.0, 6.0, allow_nan=False)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6))
def test_road_lengths_agree_with_an_intersection_of_geometries(points):
    """Against GEOS (shapely), an independent program: the line's length in each cell's box."""
    line = shapely.LineString(points)
    expected = np.zeros(SHAPE)
    for row in range(3):
        for column in range(4):
            for first, last in pairwise(points):
                box = shapely.box(column, 2 - row, column + 1, 3 - row)
                expected[row, column] += shapely.LineString([first, last]).intersection(box).length
    found = lengths(points)
    shared = np.isclose(np.mod(points, 1.0), 0.0, atol=1e-9).any()  # GEOS counts a border in both cells
    if not shared:
        assert_allclose(found, expected, atol=1e-9)
    assert found.sum() <= line.length + 1e-9


def test_segments_of_multilines_keep_their_owner():
    lines = np.array(
        [shapely.LineString([(0, 0), (1, 0), (1, 1)]), shapely.MultiLineString([[(5, 5), (6, 5)], [(7, 7), (7, 8)]])],
        dtype=object,
    )
    starts, ends, owner = harmonise.segments_of(lines)
    assert_array_equal(owner, [0, 0, 1, 1])
    assert_array_equal(starts, [(0, 0), (1, 0), (5, 5), (7, 7)])
    assert_array_equal(ends, [(1, 0), (1, 1), (6, 5), (7, 8)])


# --- areas ----------------------------------------------------------------------------------------------


def test_covered_share_by_hand():
    share = harmonise.covered_share(shapely.box(0.5, 0.0, 2.0, 1.5), 0.0, 3.0, 1.0, SHAPE)
    expected = np.zeros(SHAPE)
    expected[1, :2] = [0.25, 0.5]
    expected[2, :2] = [0.5, 1.0]
    assert_allclose(share, expected, rtol=1e-14)


@settings(max_examples=30, deadline=None)
@given(st.floats(-1, 5), st.floats(-1, 4), st.floats(0.05, 3.0))
def test_covered_share_keeps_the_area_inside_the_grid(x, y, radius):
    circle = shapely.Point(x, y).buffer(radius)
    share = harmonise.covered_share(circle, 0.0, 3.0, 1.0, SHAPE)
    assert_allclose(share.sum(), circle.intersection(shapely.box(0, 0, 4, 3)).area, atol=1e-9)
    assert share.min() >= 0.0
    assert share.max() <= 1.0


def test_zones_take_cell_centres_and_fill_slivers():
    from affine import Affine

    land = np.ones((1, 5), dtype=bool)
    land[0, 4] = False
    polygons = [shapely.box(0.0, 0.0, 1.4, 1.0), shapely.box(1.4, 0.0, 3.0, 1.0)]
    zones = harmonise.zones(polygons, Affine(1.0, 0.0, 0.0, 0.0, -1.0, 1.0), land)
    assert_array_equal(zones, [[1, 2, 2, 2, -1]])  # the fourth cell lies in no polygon


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_weights_sum_to_one_on_land(seed):
    random = np.random.default_rng(seed)
    amount = random.exponential(size=SHAPE)
    amount[0, 0] = np.nan
    land = random.random(SHAPE) < 0.6
    land[1, 1] = True
    weights = harmonise.to_weights(amount, land)
    assert_allclose(weights.sum(), 1.0, rtol=1e-14)
    assert (weights[~land] == 0.0).all()
    assert_allclose(weights[1, 1] * np.nansum(np.where(land, amount, 0.0)), amount[1, 1], rtol=1e-12)


@pytest.mark.parametrize("amount", [np.zeros(SHAPE), -np.ones(SHAPE)])
def test_weights_of_nothing_are_refused(amount):
    with pytest.raises(ValueError, match=r"nothing|negative"):
        harmonise.to_weights(amount, np.ones(SHAPE, dtype=bool))


def test_projection_of_the_zones_meridian():
    """UTM zone 51: on its central meridian 123 E the easting is 500 km; the equator's northing is 0."""
    x, y = harmonise.project([123.0], [0.0], "EPSG:32651")
    assert_allclose([x[0], y[0]], [500000.0, 0.0], atol=1e-6)


# --- the script on the factory's region ----------------------------------------------------------------


@pytest.fixture(scope="module")
def harmonised(tmp_path_factory):
    from harmonise_region import main

    folder = tmp_path_factory.mktemp("study")
    raw = raw_factory.make_raw(folder / "raw")
    soil = ("sand_pct", "silt_pct", "clay_pct", "bulk_density_kg_m3", "organic_carbon_pct", "ph_water")
    singles = {name: f"{name}.tif" for name in ("mask", "dem", "rain_factor", "population")}
    singles |= {name: f"soil/{name}.tif" for name in (*soil, "parent_material")}
    singles |= {name: f"{name}.csv" for name in ("landuse_classes", "area_sources", "facilities")}
    singles |= {name: f"{name}.gpkg" for name in ("districts", "roads", "legacy_areas")}
    future = "landuse_scenarios/urban_growth"
    given_files = {name: str(raw / file) for name, file in singles.items()}
    given_files["landuse"] = [str(raw / f"landuse/{year}.tif") for year in raw_factory.YEARS]
    given_files["imperviousness"] = [str(raw / f"imperviousness/{year}.tif") for year in raw_factory.YEARS]
    given_files["scenario_landuse"] = [str(raw / f"{future}/2045.tif")]
    given_files["scenario_imperviousness"] = [str(raw / f"{future}/imperviousness_2045.tif")]
    out = folder / "harmonised"
    names = ("mask", "elevation", "rain_factor", "soil", "parent_material", "population", "district", "surrogates")
    written = {name: str(out / f"{name}.tif") for name in names}
    written |= {name: str(out / f"{name}.csv") for name in ("districts", "sources")}
    written["landuse"] = [str(out / f"landuse/{year}.tif") for year in raw_factory.YEARS]
    written["scenario_landuse"] = [str(out / f"{future}/2045.tif")]
    main(raw=given_files, out=written)
    return written


@pytest.fixture(scope="module")
def grid(harmonised):
    from metalbudget import io

    return io.read_grid(harmonised["mask"])


def test_land_use_fractions_sum_to_one(harmonised, grid):
    from metalbudget import io
    from metalbudget.landuse import CLASSES

    for path in [*harmonised["landuse"], *harmonised["scenario_landuse"]]:
        bands = io.read_bands(path, grid)
        assert list(bands) == [*CLASSES, "impervious"]
        assert_allclose(sum(bands[name] for name in CLASSES)[grid.land], 1.0, atol=1e-6)
        assert np.isnan(bands["forest"][~grid.land]).all()
        state = io.read_landuse_state(path, grid)
        assert_allclose(state.open_share + state.sealed + state.water, 1.0, atol=1e-9)


def test_the_town_grows_between_the_dates(harmonised, grid):
    """The factory turns column 7, ten cells of dry fields on land, into town."""
    from metalbudget import io

    before, after = (io.read_bands(path, grid)["residential"] for path in harmonised["landuse"])
    assert_allclose(np.nansum(after - before), 10.0)


def test_elevation_is_the_mean_of_the_fine_cells(harmonised, grid):
    """Row 0, column 0 holds fine rows 0..3 and columns 0..3: 2 + 0.5*1.5 + 3*(24 - 1.5) = 70.25 m."""
    from metalbudget import io

    assert_allclose(io.read_raster(harmonised["elevation"], grid)[0, 0], 70.25)


def test_surrogates_sum_to_one_and_follow_what_they_stand_for(harmonised, grid):
    """Road 1 has 11 km in row 2 at 10000 vehicles a day, road 2 has 9 km in column 8 at 30000; all on land."""
    from metalbudget import io

    bands = io.read_bands(harmonised["surrogates"], grid)
    assert list(bands) == ["traffic", "households", "old_recycling"]
    for name, weights in bands.items():
        assert_allclose(weights.sum(), 1.0, rtol=1e-6), name
    total = 11.0 * 10000.0 + 9.0 * 30000.0
    assert_allclose(bands["traffic"][2, 3], 10000.0 / total, rtol=1e-6)
    assert_allclose(bands["traffic"][2, 8], 40000.0 / total, rtol=1e-6)
    assert_allclose(bands["traffic"][0, 8], 15000.0 / total, rtol=1e-6)  # the road starts in the cell's middle
    assert_allclose(bands["old_recycling"][6, 3:5], [0.5, 0.5], rtol=1e-6)


def test_districts_and_sources(harmonised, grid):
    from metalbudget import io

    number = io.read_raster(harmonised["district"], grid)
    assert number.dtype == np.int32
    assert_array_equal(np.unique(number[grid.land]), [1, 2])
    assert (number[:, :5][grid.land[:, :5]] == 1).all()
    table = io.read_table(harmonised["districts"])
    assert table["district_id"].tolist() == ["d01", "d02"]
    sources = io.read_table(harmonised["sources"])
    assert sources["source_id"].tolist() == ["power_01", "copper_01", "cement_01"]
    assert_allclose(sources["x_m"], raw_factory.X_MIN + np.array([3500.0, 8500.0, -5000.0]), atol=0.05)
    assert_allclose(sources["y_m"], raw_factory.Y_MAX - np.array([1500.0, 500.0, 5000.0]), atol=0.05)


def test_the_same_region_gives_the_same_bytes(harmonised, tmp_path, grid):
    from harmonise_region import write_districts

    raw = raw_factory.make_raw(tmp_path / "raw")
    write_districts(str(raw / "districts.gpkg"), str(tmp_path / "d.tif"), str(tmp_path / "d.csv"), grid)
    with open(harmonised["district"], "rb") as first, open(tmp_path / "d.tif", "rb") as second:
        assert first.read() == second.read()
