"""The edge to the disk: round trips, refusals, atomic writes, equal bytes."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import io
from metalbudget.errors import InputError
from metalbudget.grid import Grid


def content(grid, value=0.2):
    return grid.expand(np.full(grid.n, value))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_raster_round_trip_keeps_values_units_and_missing_cells(small_grid, tmp_path):
    values = small_grid.expand(np.linspace(0.1, 5.0, small_grid.n))
    io.write_raster(tmp_path / "a.tif", values, "concentration", small_grid, metal="cd")
    read = io.read_raster(tmp_path / "a.tif", small_grid)
    np.testing.assert_allclose(read, values, rtol=1e-7)
    import rasterio

    with rasterio.open(tmp_path / "a.tif") as source:
        assert source.tags(1)["units"] == "mg kg-1"
        assert source.tags()["metal"] == "cd"


@pytest.mark.parametrize(
    ("value", "message"), [(-1.0, "leave the range"), (2.0e6, "leave the range"), (np.inf, "infinite")]
)
def test_values_outside_the_registry_are_refused_and_nothing_is_left(small_grid, tmp_path, value, message):
    with pytest.raises(ValueError, match=message):
        io.write_raster(tmp_path / "a.tif", content(small_grid, value), "concentration", small_grid)
    assert list(tmp_path.iterdir()) == []


def test_a_raster_on_another_grid_is_refused(small_grid, tmp_path):
    io.write_raster(tmp_path / "a.tif", content(small_grid), "concentration", small_grid)
    moved = Grid(
        "EPSG:32651",
        small_grid.x_min + 500,
        small_grid.y_max,
        500.0,
        small_grid.height,
        small_grid.width,
        small_grid.land,
    )
    with pytest.raises(InputError, match="not on the study grid"):
        io.read_raster(tmp_path / "a.tif", moved)


def test_bands_are_read_by_name(small_grid, tmp_path):
    bands = {"mean_mg_kg": content(small_grid, 0.3), "log_standard_error": content(small_grid, 0.4)}
    kinds = {"mean_mg_kg": "concentration", "log_standard_error": "log_standard_error"}
    io.write_bands(tmp_path / "b.tif", bands, kinds, small_grid)
    read = io.read_bands(tmp_path / "b.tif", small_grid)
    assert list(read) == list(bands)
    np.testing.assert_allclose(small_grid.compress(read["log_standard_error"]), 0.4, rtol=1e-6)


def test_same_values_give_the_same_bytes(small_grid, tmp_path):
    for name in ("one", "two"):
        io.write_raster(tmp_path / f"{name}.tif", content(small_grid), "concentration", small_grid)
        io.write_netcdf(
            tmp_path / f"{name}.nc",
            {"c": (("year", "y", "x"), content(small_grid)[None], "concentration")},
            {"year": np.array([2020])},
            small_grid,
        )
    assert digest(tmp_path / "one.tif") == digest(tmp_path / "two.tif")
    assert digest(tmp_path / "one.nc") == digest(tmp_path / "two.nc")


def test_netcdf_round_trip_with_text_coordinates(tmp_path):
    values = np.arange(6.0).reshape(2, 3)
    io.write_netcdf(
        tmp_path / "a.nc",
        {"rain": (("soil", "climate"), values, "water")},
        {"soil": ["loam", "clay"], "climate": np.array([0.9, 1.0, 1.1])},
    )
    read = io.read_netcdf(tmp_path / "a.nc")
    assert read["soil"] == ["loam", "clay"]
    np.testing.assert_array_equal(read["rain"], values)


def test_mean_responses_is_the_mean_of_numbers(tmp_path):
    for year, value in ((2009, 1.0), (2018, 4.0)):
        io.write_netcdf(
            tmp_path / f"{year}.nc",
            {"rain": (("soil",), np.full(2, value), "water")},
            {"soil": ["loam", "clay"]},
        )
    mean = io.mean_responses([tmp_path / "2009.nc", tmp_path / "2018.nc"])
    np.testing.assert_array_equal(mean["rain"], [2.5, 2.5])
    assert mean["soil"] == ["loam", "clay"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(allow_infinity=False), min_size=1, max_size=8))
def test_tables_keep_every_digit(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("table") / "t.csv"
    io.write_table(path, {"point_id": [f"{i:03d}" for i in range(len(values))], "value": values})
    read = io.read_table(path)
    assert read["point_id"][0] == "000"
    np.testing.assert_array_equal(read["value"].astype(float), np.array(values, dtype=float))


def test_a_ragged_table_names_its_row(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        io.read_table(tmp_path / "t.csv")
    assert caught.value.where == "row 3"


def test_a_failing_writer_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")

    def killed():
        with io.replacing(target) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        killed()
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_landuse_between_dates_is_linear_and_refused_outside(small_grid, tmp_path):
    from metalbudget.landuse import CLASSES

    def state(forest):
        bands = {name: content(small_grid, 0.0) for name in (*CLASSES, "impervious")}
        bands["forest"] = content(small_grid, forest)
        bands["paddy"] = content(small_grid, 1.0 - forest)
        return bands

    for date, forest in ((2000, 1.0), (2010, 0.5)):
        io.write_bands(tmp_path / f"{date}.tif", state(forest), "fraction", small_grid)
    files = {2000: tmp_path / "2000.tif", 2010: tmp_path / "2010.tif"}
    middle = io.read_landuse(files, 2004, small_grid)
    np.testing.assert_allclose(middle.shares[CLASSES.index("forest")], 0.8, atol=1e-6)
    with pytest.raises(InputError, match="no land use for 2011"):
        io.read_landuse(files, 2011, small_grid)


def test_a_cube_written_piece_by_piece_is_the_one_written_at_once(small_grid, tmp_path):
    values = np.stack([content(small_grid), 2.0 * content(small_grid)])
    years = {"year": np.array([2020, 2021])}
    dimensions = ("year", "y", "x")
    io.write_netcdf(tmp_path / "once.nc", {"c": (dimensions, values, "concentration")}, years, small_grid)
    with io.writing_netcdf(tmp_path / "pieces.nc", years, small_grid) as cube:
        cube.create("c", dimensions, np.float64, "concentration")
        for position in range(2):
            cube.put("c", values[position], position)
    assert digest(tmp_path / "once.nc") == digest(tmp_path / "pieces.nc")


def test_a_cube_that_fails_half_way_leaves_nothing(small_grid, tmp_path):
    def half_way():
        with io.writing_netcdf(tmp_path / "a.nc", {"year": np.array([2020, 2021])}, small_grid) as cube:
            cube.create("c", ("year", "y", "x"), np.float64, "concentration")
            cube.put("c", content(small_grid), 0)
            cube.put("c", -content(small_grid), 1)

    with pytest.raises(ValueError, match="leave the range"):
        half_way()
    assert list(tmp_path.iterdir()) == []
