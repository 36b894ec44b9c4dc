"""Receptor elevation and hill height against hand calculations and a search through every node."""

import numpy as np
import pytest
import rasterio
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget.dispersion.hill_height import REACH, hill_heights
from metalbudget.dispersion.terrain import read_terrain, receptors_on
from metalbudget.errors import InputError, InputErrors
from rasterio.transform import Affine

LAW = settings(max_examples=30, deadline=None)


def centres(shape, cell, x_min=0.0, y_max=0.0):
    """Eastings and northings of all cell centres, flat."""
    x = x_min + (np.arange(shape[1]) + 0.5) * cell
    y = y_max - (np.arange(shape[0]) + 0.5) * cell
    east, north = np.meshgrid(x, y)
    return east.ravel(), north.ravel()


def every_node(dem, x_min, y_max, cell, x, y, elevation):
    """The definition, word by word: the highest node that rises at 10 % or more from the receptor.

    Distances are measured in cells from the first centre, so that both searches round alike.
    """
    row, column = np.indices(dem.shape).reshape(2, -1)
    nodes = dem.ravel()
    result = elevation.copy()
    for receptor in range(len(x)):
        down = (row - ((y_max - y[receptor]) / cell - 0.5)) * cell
        right = (column - ((x[receptor] - x_min) / cell - 0.5)) * cell
        rise = nodes - elevation[receptor]
        steep = (rise >= 0.0) & (down**2 + right**2 <= (REACH * rise) ** 2)
        if steep.any():
            result[receptor] = max(result[receptor], nodes[steep].max())
    return result


def test_elevation_between_four_nodes_by_hand():
    """1/4 along the row and 1/2 down the column: 0.375·10 + 0.125·20 + 0.375·30 + 0.125·60 = 25."""
    dem = np.array([[10.0, 20.0], [30.0, 60.0]])
    elevation, _ = hill_heights(dem, 0.0, 200.0, 100.0, [75.0], [100.0])
    assert elevation[0] == 25.0


def test_elevation_in_the_outer_half_cell_is_that_of_the_line_of_centres():
    dem = np.array([[10.0, 20.0], [30.0, 60.0]])
    elevation, _ = hill_heights(dem, 0.0, 200.0, 100.0, [0.0, 200.0, 100.0], [200.0, 0.0, 200.0])
    np.testing.assert_array_equal(elevation, [10.0, 60.0, 15.0])


def test_a_hill_counts_up_to_ten_times_its_rise():
    """A 100 m hill at column 0 reaches 1000 m over a plain at 0 m: ten cells of 100 m, the tenth included."""
    dem = np.zeros((1, 21))
    dem[0, 0] = 100.0
    x, y = centres(dem.shape, 100.0)
    elevation, hill = hill_heights(dem, 0.0, 0.0, 100.0, x, y)
    np.testing.assert_array_equal(elevation, dem[0])
    np.testing.assert_array_equal(hill, np.where(np.arange(21) <= 10, 100.0, 0.0))


def test_the_highest_steep_enough_node_wins_over_the_steepest():
    """From 0 m: 40 m at 100 m is steeper, 60 m at 500 m higher and steep enough, 70 m at 800 m too far."""
    dem = np.array([[0.0, 40.0, 0.0, 0.0, 0.0, 60.0, 0.0, 0.0, 70.0]])
    _, hill = hill_heights(dem, 0.0, 100.0, 100.0, [50.0], [50.0])
    assert hill[0] == 60.0


def test_a_slope_of_ten_percent_in_a_diagonal_is_measured_along_it():
    """3-4-5: a node 300 m east and 400 m north counts from a rise of 50 m on, not below."""
    for rise, expected in ((50.0, 50.0), (49.99, 0.0)):
        dem = np.zeros((5, 4))
        dem[0, 3] = rise
        _, hill = hill_heights(dem, 0.0, 500.0, 100.0, [50.0], [50.0])
        assert hill[0] == expected


@LAW
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 37),
    columns=st.integers(1, 37),
    cell=st.sampled_from([10.0, 30.0, 250.0, 33.7]),
    relief=st.sampled_from([0.5, 20.0, 300.0, 4000.0]),
    kind=st.sampled_from([np.float32, np.float64]),
    gaps=st.booleans(),
    whole=st.booleans(),
)
def test_same_as_the_search_through_every_node(seed, rows, columns, cell, relief, kind, gaps, whole):
    random = np.random.default_rng(seed)
    dem = np.cumsum(random.normal(size=(rows, columns)), axis=1) * relief / np.sqrt(columns)
    dem = (np.round(dem) if whole else dem).astype(kind)  # whole metres bring many equal heights and exact slopes
    if gaps:
        dem[random.random(dem.shape) < 0.1] = np.nan
    x_min, y_max = 300000.0, 3200000.0
    x = np.concatenate([random.uniform(0, columns * cell, 40), (random.integers(0, columns, 20) + 0.5) * cell])
    y = np.concatenate([random.uniform(0, rows * cell, 40), (random.integers(0, rows, 20) + 0.5) * cell])
    x, y = x_min + x, y_max - y
    sea = 0.0 if gaps else None
    elevation, hill = hill_heights(dem, x_min, y_max, cell, x, y, sea_level_m=sea)
    expected = every_node(np.nan_to_num(dem, nan=0.0).astype(float), x_min, y_max, cell, x, y, elevation)
    np.testing.assert_array_equal(hill, expected)
    assert (hill >= elevation).all()


@LAW
@given(seed=st.integers(0, 2**32 - 1))
def test_order_and_neighbours_of_receptors_do_not_matter(seed):
    random = np.random.default_rng(seed)
    dem = random.uniform(0, 500, (20, 30))
    x, y = random.uniform(0, 3000, 50), random.uniform(0, 2000, 50)
    _, together = hill_heights(dem, 0.0, 2000.0, 100.0, x, y)
    order = random.permutation(50)
    np.testing.assert_array_equal(hill_heights(dem, 0.0, 2000.0, 100.0, x[order], y[order])[1], together[order])
    np.testing.assert_array_equal(hill_heights(dem, 0.0, 2000.0, 100.0, x[7:8], y[7:8])[1], together[7:8])


@LAW
@given(seed=st.integers(0, 2**32 - 1), lift=st.integers(-3000, 3000))
def test_lifting_the_land_lifts_both_heights(seed, lift):
    random = np.random.default_rng(seed)
    dem = random.integers(0, 800, (15, 15)).astype(float)
    x, y = centres(dem.shape, 250.0)
    elevation, hill = hill_heights(dem, 0.0, 0.0, 250.0, x, y)
    lifted, hill_lifted = hill_heights(dem + lift, 0.0, 0.0, 250.0, x, y)
    np.testing.assert_array_equal(lifted, elevation + lift)
    np.testing.assert_array_equal(hill_lifted, hill + lift)


def test_level_land_has_no_hills():
    x, y = centres((9, 7), 30.0)
    elevation, hill = hill_heights(np.full((9, 7), 12.5), 0.0, 0.0, 30.0, x, y)
    np.testing.assert_array_equal(elevation, 12.5)
    np.testing.assert_array_equal(hill, 12.5)


def test_the_domain_limits_the_search_but_not_the_elevation():
    """The hill at column 8 stands outside a domain of eight columns; elevation at its edge still leans on it."""
    dem = np.zeros((1, 9))
    dem[0, 8] = 500.0
    elevation, hill = hill_heights(dem, 0.0, 100.0, 100.0, [50.0, 800.0], [50.0, 50.0], domain_m=(0, 0, 800, 100))
    np.testing.assert_array_equal(elevation, [0.0, 250.0])
    np.testing.assert_array_equal(hill, [0.0, 250.0])
    _, wide = hill_heights(dem, 0.0, 100.0, 100.0, [50.0, 800.0], [50.0, 50.0])
    np.testing.assert_array_equal(wide, [500.0, 500.0])


def test_every_receptor_outside_is_named_and_the_many_are_counted():
    with pytest.raises(InputErrors) as caught:
        hill_heights(np.zeros((2, 2)), 0.0, 200.0, 100.0, [50.0, 201.0, np.nan], [50.0, 50.0, 50.0])
    assert [problem.where for problem in caught.value.problems] == ["receptor 2", "receptor 3"]
    with pytest.raises(InputErrors) as caught:
        hill_heights(np.zeros((2, 2)), 0.0, 200.0, 100.0, np.full(1000, 0.05), np.full(1000, -1.0))
    assert "995 receptors more" in str(caught.value)
    with pytest.raises(InputErrors, match="domain"):
        hill_heights(np.zeros((2, 2)), 0.0, 200.0, 100.0, [150.0], [50.0], domain_m=(0.0, 0.0, 100.0, 200.0))


def test_missing_terrain_beside_a_receptor_is_refused_or_sea():
    dem = np.array([[np.nan, 10.0, 20.0]])
    with pytest.raises(InputErrors, match="no elevation") as caught:
        hill_heights(dem, 0.0, 100.0, 100.0, [100.0, 150.0], [50.0, 50.0])
    assert [problem.where for problem in caught.value.problems] == ["receptor 1"]
    elevation, hill = hill_heights(dem, 0.0, 100.0, 100.0, [100.0, 150.0], [50.0, 50.0], sea_level_m=0.0)
    np.testing.assert_array_equal(elevation, [5.0, 10.0])
    np.testing.assert_array_equal(hill, [20.0, 20.0])


@pytest.mark.parametrize(
    ("dem", "cell", "x", "message"),
    [
        (np.zeros(4), 100.0, [0.0], "not a raster"),
        (np.zeros((2, 0)), 100.0, [0.0], "not a raster"),
        (np.zeros((2, 2)), 0.0, [0.0], "not a length"),
        (np.full((2, 2), np.inf), 100.0, [0.0], "infinite"),
        (np.zeros((2, 2)), 100.0, [0.0, 1.0], "one length"),
    ],
)
def test_terrain_that_cannot_be_used_is_refused(dem, cell, x, message):
    with pytest.raises(InputError, match=message):
        hill_heights(dem, 0.0, 200.0, cell, x, [50.0])


def write(path, dem, crs, transform, **profile):
    with rasterio.open(
        path, "w", "GTiff", dem.shape[1], dem.shape[0], 1, crs, transform, dem.dtype, **profile
    ) as raster:
        raster.write(dem, 1)


def test_receptors_on_a_raster_of_whole_metres(tmp_path):
    dem = np.array([[0, 0, 300], [-32768, 0, 0]], dtype=np.int16)
    write(tmp_path / "dem.tif", dem, "EPSG:32651", Affine(90.0, 0, 300000.0, 0, -90.0, 3200000.0), nodata=-32768)
    terrain = read_terrain(tmp_path / "dem.tif")
    receptors = receptors_on(terrain, [300135.0], [3199955.0], flagpole_m=1.5)
    assert (terrain.cell_m, terrain.crs) == (90.0, "EPSG:32651")
    assert np.isnan(terrain.elevation_m[1, 0])
    assert (receptors.elevation_m[0], receptors.hill_height_m[0], receptors.flagpole_m[0]) == (0.0, 300.0, 1.5)
    with pytest.raises(InputErrors, match="no elevation"):
        receptors_on(terrain, [300080.0], [3199900.0])


@pytest.mark.parametrize(
    ("crs", "transform", "message"),
    [
        ("EPSG:4326", Affine(0.01, 0, 121.0, 0, -0.01, 30.0), "not in metres"),
        ("EPSG:2263", Affine(100.0, 0, 0.0, 0, -100.0, 0.0), "not in metres"),
        (None, Affine(100.0, 0, 0.0, 0, -100.0, 0.0), "no coordinate system"),
        ("EPSG:32651", Affine(100.0, 0, 0.0, 0, 100.0, 0.0), "not north up"),
        ("EPSG:32651", Affine(100.0, 5.0, 0.0, 5.0, -100.0, 0.0), "not north up"),
        ("EPSG:32651", Affine(100.0, 0, 0.0, 0, -90.0, 0.0), "not square"),
    ],
)
def test_rasters_out_of_place_are_refused(tmp_path, crs, transform, message):
    write(tmp_path / "dem.tif", np.zeros((2, 2), np.float32), crs, transform)
    with pytest.raises(InputErrors, match=message):
        read_terrain(tmp_path / "dem.tif")


def test_files_that_are_no_rasters_are_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_terrain(tmp_path / "none.tif")
    (tmp_path / "text.tif").write_text("elevation")
    with pytest.raises(InputError, match="cannot be read"):
        read_terrain(tmp_path / "text.tif")
