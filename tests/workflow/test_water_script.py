"""compute_water on the tiny raw folder's weather and a small made-up region."""

import logging
from dataclasses import replace

import compute_water
import numpy as np
import pytest
import rasterio
import raw_factory
from hydrus_stand_in import stand_in
from metalbudget import io
from metalbudget.budget.reading import read_ground
from metalbudget.column import passes, simulate
from metalbudget.errors import InputErrors
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.settings import coefficients

TABLES = {
    name: coefficients(name)
    for name in ("soil_column", "crop_coefficient", "curve_number", "hydrologic_group", "storm_duration")
}
# A coarse ladder and grid: the script is tested, not the numbers.
TABLES["soil_column"] = TABLES["soil_column"] | {"sorption_rungs": 4, "nodes": 21, "first_spacing_m": 0.01}
WATER = {
    "rain_factors": [0.9, 1.0, 1.1],
    "climate_zones": 1,
    "rain_rungs": 2,
    "rain_rungs_bunded": 2,
    "rain_tolerance": 0.005,
    "smallest_soil_share": 0.05,
    "smallest_column_share": 0.005,
    "water_table_elevation_m": 6.0,
    "runoff": "curve_number",
    "rain_within_day": "hourly",
    "initial_abstraction_ratio": 0.2,
    "slope_adjusted_curve_number": False,
}
LEACHING = {"engine": "metalbudget", "outflow": "plough_layer", "mask_unsolved": False}
YEAR = raw_factory.WEATHER_YEAR


@pytest.fixture
def region(tmp_path, small_grid):
    """Loam in the west and silty clay in the east; the east lies low."""
    grid = small_grid
    raw = raw_factory.make_raw(tmp_path / "raw")
    with rasterio.open(
        tmp_path / "mask.tif", "w", driver="GTiff", height=grid.height, width=grid.width, count=1, dtype="uint8",
        crs=grid.crs, transform=grid.transform,
    ) as target:  # fmt: skip
        target.write(grid.land.astype("uint8"), 1)
    east = grid.land_x > grid.land_x.mean()
    bands = {
        "sand_pct": (np.where(east, 8.0, 40.0), "percentage"),
        "silt_pct": (np.where(east, 47.0, 40.0), "percentage"),
        "clay_pct": (np.where(east, 45.0, 20.0), "percentage"),
        "bulk_density_kg_m3": (np.full(grid.n, 1300.0), "bulk_density"),
    }
    full = {name: grid.expand(values) for name, (values, _) in bands.items()}
    io.write_bands(tmp_path / "soil.tif", full, {name: kind for name, (_, kind) in bands.items()}, grid)
    io.write_raster(tmp_path / "elevation.tif", grid.expand(np.where(east, 3.0, 30.0)), "elevation", grid)
    io.write_raster(tmp_path / "rain_factor.tif", grid.expand(np.ones(grid.n)), "ratio", grid)
    district = np.full((grid.height, grid.width), -1, dtype=np.int32)
    district[grid.land] = 1
    io.write_raster(tmp_path / "district.tif", district, "identifier", grid)
    name = io.read_table(raw / "agriculture.csv", text=("landuse_class", "crop"))["district_id"][0]
    io.write_table(tmp_path / "districts.csv", {"index": [1], "district_id": [name], "name": ["one"]})
    return tmp_path, raw


def run(region, out, leaching=None, water=None, threads=1):
    folder, raw = region
    out.mkdir(exist_ok=True)
    outputs = {
        "zones": out / "zones.tif",
        "column_response": {YEAR: out / "column.nc"},
        "runoff_response": {YEAR: out / "runoff.nc"},
        "weather_daily": {YEAR: out / "daily.csv"},
    }
    names = ("mask.tif", "soil.tif", "elevation.tif", "rain_factor.tif", "district.tif", "districts.csv")
    compute_water.main(
        region={name.partition(".")[0]: folder / name for name in names}
        | {"agriculture": raw / "agriculture.csv", "station": raw / "weather" / "station.csv"},
        weather=[raw / "weather" / f"{YEAR}.csv"],
        water=WATER | (water or {}),
        leaching=LEACHING | (leaching or {}),
        tables=TABLES,
        threads=threads,
        **outputs,
    )
    return outputs


def test_response_of_richards_columns(region, tmp_path, small_grid):
    """Every land-use class stands in the file; its water closes; the pairs without cells are missing."""
    outputs = run(region, tmp_path / "first")
    found = io.read_netcdf(outputs["column_response"][YEAR])
    assert list(found["landuse"]) == list(SOIL_CLASSES)
    assert list(found["soil"]) == ["loam", "silty_clay"]
    assert found["leaching_rate"].shape == (3, 9, 2, 1, 2, 4)
    there = np.array([[True, False], [False, True]])
    np.testing.assert_array_equal(np.isfinite(found["runoff"]).all(axis=(0, 1, 3)), there)
    supply = found["rain"][:, None, None, :, None] + found["irrigation"][:, None, None, None]
    spent = found["runoff"] + found["evapotranspiration"] + found["drainage_100cm"] + found["storage_change"]
    residual = (spent - supply)[np.isfinite(spent)]
    np.testing.assert_allclose(residual, 0.0, atol=1e-8)
    assert np.isfinite(found["runoff_check"]).sum() == 18
    zones = io.read_bands(outputs["zones"], small_grid)
    assert set(np.unique(zones["soil_class"][small_grid.land])) == {0, 1}
    np.testing.assert_array_equal(zones["soil_class"], zones["water_table"])
    again = run(region, tmp_path / "second", threads=2)
    for name in ("column_response", "runoff_response", "weather_daily"):
        assert outputs[name][YEAR].read_bytes() == again[name][YEAR].read_bytes()


def test_first_order_still_runs(region, tmp_path):
    """The old engine fills every combination."""
    outputs = run(region, tmp_path / "old", leaching={"engine": "first_order"}, water={"rain_within_day": "storms"})
    found = io.read_netcdf(outputs["column_response"][YEAR])
    assert np.isfinite(found["leaching_rate"]).all()
    assert "absolute_flux_20cm" not in found


def test_cells_without_a_solution(region, tmp_path, small_grid, monkeypatch, caplog):
    """The study stops and names the column; or leaves its cells out and says so."""
    simulated = simulate.run

    def failing(columns, *arguments, **keywords):
        flow, transport = simulated(columns, *arguments, **keywords)
        return replace(flow, failed=np.full(columns.count, columns.bottom == "head")), transport

    monkeypatch.setattr(passes.simulate, "run", failing)
    with pytest.raises(InputErrors, match="silty_clay"):
        run(region, tmp_path / "stops")
    assert list((tmp_path / "stops").iterdir()) == []
    with caplog.at_level(logging.WARNING):
        outputs = run(region, tmp_path / "masked", leaching={"mask_unsolved": True})
    assert "cells are left out of the study" in caplog.text
    assert "soil silty_clay, land use paddy, water table shallow" in caplog.text
    folder, _ = region
    io.write_bands(
        folder / "soil_all.tif", {"ph_water": small_grid.expand(np.full(small_grid.n, 6.0))}, "ph", small_grid
    )
    ground = read_ground(folder / "mask.tif", folder / "soil_all.tif", outputs["zones"], folder / "rain_factor.tif")
    east = small_grid.land_x > small_grid.land_x.mean()
    assert (ground.unsolved, ground.grid.n) == (east.sum(), (~east).sum())
    raster = ground.grid.expand(np.ones(ground.grid.n))
    np.testing.assert_array_equal(np.isnan(raster[small_grid.land]), east)


def test_the_engine_hydrus1d_writes_the_same_file(region, tmp_path):
    """The stand-in lets everything through that reaches the soil, at a water content of 0.30."""
    chosen = {"engine": "hydrus1d", "executable": str(stand_in(tmp_path))}
    theirs = io.read_netcdf(run(region, tmp_path / "hydrus", chosen, threads=2)["column_response"][YEAR])
    ours = io.read_netcdf(run(region, tmp_path / "own")["column_response"][YEAR])
    assert {name: np.shape(values) for name, values in theirs.items()} == {
        name: np.shape(values) for name, values in ours.items()
    }
    there = np.isfinite(ours["runoff"])
    np.testing.assert_array_equal(np.isfinite(theirs["runoff"]), there)
    left = (theirs["infiltration"] - theirs["interception"])[there]
    np.testing.assert_allclose(theirs["interception"][there], ours["interception"][there], atol=1e-9)
    for name in ("drainage_20cm", "drainage_100cm"):
        np.testing.assert_allclose(theirs[name][there], left, atol=0.5)  # printed sums have five digits
    np.testing.assert_allclose(theirs["storage_change"][there], 0.0, atol=0.1)
    np.testing.assert_allclose(theirs["theta"][there], 0.30, atol=1e-6)
