"""`map_concentration` and `calibrate_history` on a small region whose fluxes are known."""

import sys
from pathlib import Path

import numpy as np
import pytest
from metalbudget import io
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.landuse import CLASSES
from metalbudget.settings import coefficients

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

import calibrate_history
import map_concentration
from metalbudget.budget.reading import Ground
from metalbudget.calibrator.reading import read_features
from metalbudget.mapping.reading import read_survey
from metalbudget.quantities import HUMAN_INPUTS

YEARS = (2000, 2020)
DATES = [2000, 2020]
SIDE = 60
SMELTERS = ((9, 12), (42, 9), (20, 33), (46, 45), (8, 52))
CALIBRATION = {
    "enabled": True,
    "block_m": 3000,
    "fold_size_m": 6000,
    "folds": 5,
    "learning_rate": 0.05,
    "num_leaves": 7,
    "min_data_in_leaf": 8,
    "rounds": 60,
    "threads": 1,
}
DENSITY, DEPTH = 1300.0, 0.2


def waves(seed):
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    total = np.zeros((SIDE, SIDE))
    for _ in range(4):
        u, v, phase = generator.normal(0.0, 0.12), generator.normal(0.0, 0.12), generator.uniform(0.0, 6.3)
        total += np.sin(u * x + v * y + phase)
    return total / total.std()


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    """A study folder; the truth gains 0.8 mg/m²/yr near smelters that the process model lacks."""
    import rasterio
    from pyproj import Transformer

    folder = tmp_path_factory.mktemp("region")
    land = np.ones((SIDE, SIDE), bool)
    land[:, -6:] = False
    grid = Grid("EPSG:32651", 250000.0, 3200000.0, 500.0, SIDE, SIDE, land)
    with rasterio.open(
        folder / "mask.tif",
        "w",
        driver="GTiff",
        height=SIDE,
        width=SIDE,
        count=1,
        dtype="uint8",
        crs=grid.crs,
        transform=grid.transform,
    ) as target:
        target.write(land.astype("uint8"), 1)

    def masked(values):
        return np.where(land, values, np.nan)

    io.write_raster(folder / "elevation.tif", masked(100.0 + 50.0 * waves(1)), "elevation", grid)
    soil = {
        "clay_pct": (20.0 + 4.0 * waves(2), "percentage"),
        "bulk_density_kg_m3": (np.full((SIDE, SIDE), DENSITY), "bulk_density"),
        "organic_carbon_pct": (1.6 + 0.2 * waves(3), "percentage"),
        "ph_water": (6.0 + 0.3 * waves(4), "ph"),
    }
    io.write_bands(
        folder / "soil.tif",
        {name: masked(values) for name, (values, _) in soil.items()},
        {name: quantity for name, (_, quantity) in soil.items()},
        grid,
    )
    strata = np.where(land, np.where(waves(5) > 0.0, 2, 1), 255).astype("uint8")
    io.write_raster(folder / "parent_material.tif", strata, "class", grid)
    io.write_raster(folder / "population.tif", masked(np.exp(waves(6))), "persons", grid)
    io.write_raster(folder / "rain_factor.tif", masked(np.ones((SIDE, SIDE))), "number", grid)
    shares = np.stack([np.exp(waves(10 + k)) for k in range(len(CLASSES))])
    shares[-1, :5] *= 1000.0  # a lake in the north: hardly any open soil
    shares /= shares.sum(axis=0)
    bands = {name: masked(share) for name, share in zip(CLASSES, shares, strict=True)}
    for date in DATES:
        io.write_bands(
            folder / f"landuse_{date}.tif", {**bands, "impervious": masked(0.4 * shares[5])}, "fraction", grid
        )
    (folder / "parent_materials.csv").write_text(
        "code,name,metal,background_mg_kg,geometric_standard_deviation,source\n"
        "1,granite,cd,0.12,1.5,made up\n2,alluvium,cd,0.18,1.5,made up\n"
    )
    (folder / "sources.csv").write_text(
        "source_id,sector,x_m,y_m,stack_height_m,stack_diameter_m,exit_temperature_k,exit_velocity_m_s\n"
        + "".join(
            f"f{column},smelter_zinc,{250000 + 500 * column},{3200000 - 500 * row},60,2,400,10\n"
            for column, row in SMELTERS
        )
    )
    (folder / "forcing").mkdir()
    zone = np.where(land, 0, 255).astype("uint8")
    io.write_bands(
        folder / "zones.tif",
        dict.fromkeys(("soil_class", "climate_zone", "water_table"), zone),
        "class",
        grid,
    )
    io.write_raster(folder / "rkls.tif", masked(50.0 + 10.0 * waves(7)), "soil_loss", grid)
    io.write_netcdf(
        folder / "column.nc",
        {
            "drainage_20cm": (
                ("rain_factor", "landuse", "soil", "climate", "water_table"),
                np.full((2, 9, 1, 1, 1), 500.0),
                "water",
            )
        },
        {
            "rain_factor": [0.9, 1.1],
            "landuse": list(CLASSES[:-1]),
            "soil": [0],
            "climate": [1.0],
            "water_table": [0],
        },
    )

    y, x = np.mgrid[:SIDE, :SIDE]
    nearest = np.min([np.hypot(x - column, y - row) for column, row in SMELTERS], axis=0)
    missing = 0.8 * np.exp(-nearest / 8.0)
    start = np.exp(np.log(np.where(strata == 2, 0.18, 0.12)) + 0.15 * waves(8))
    process = 0.05
    end = start + (process + missing) * 20.0 / (DENSITY * DEPTH)
    state = io.read_landuse({date: folder / f"landuse_{date}.tif" for date in DATES}, 2000, grid)
    open_share = grid.expand(state.open_share)
    for year in YEARS:
        io.write_raster(folder / f"net_{year}.tif", process * open_share, "net", grid)
        for number, name in enumerate(HUMAN_INPUTS):
            io.write_raster(folder / f"{name}_{year}.tif", masked((1.0 + 0.3 * waves(30 + number)) ** 2), name, grid)

    generator = np.random.default_rng(0)
    cell = generator.choice(grid.n, 500, replace=False)
    back = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True)
    longitude, latitude = back.transform(grid.land_x[cell], grid.land_y[cell])
    for year, truth in ((2000, start), (2020, end)):
        measured = grid.compress(truth)[cell] * np.exp(0.04 * generator.normal(size=cell.size))
        lines = [
            "point_id,longitude_deg,latitude_deg,date,depth_top_m,depth_bottom_m,method,metal,value_mg_kg,"
            "detection_limit_mg_kg,censored,uncertainty_pct"
        ]
        for number, value in enumerate(measured):
            below = int(value < 0.09)
            lines.append(
                f"p{number},{longitude[number]},{latitude[number]},{year}-01-01,0,0.2,total,cd,"
                f"{max(value, 0.09)},0.09,{below},4"
            )
        (folder / f"survey_{year}.csv").write_text("\n".join(lines) + "\n")
    return folder, grid, start, end, missing, open_share


def mapped(folder, out, years):
    maps = [out / f"{year}.tif" for year in years] or [out / "prior.tif"]
    map_concentration.main(
        files={name: folder / f"{name}.tif" for name in map_concentration.FILES}
        | {"parent_materials": folder / "parent_materials.csv"},
        landuse={date: folder / f"landuse_{date}.tif" for date in DATES},
        surveys={year: folder / f"survey_{year}.csv" for year in years},
        maps=maps,
        background_map=out / "background.tif",
        validation_table=out / "validation.csv",
        points_table=out / "points.csv",
        metal="cd",
        recovery=coefficients("survey_method", "cd"),
        parameters=coefficients("mapping"),
        mapping={"fold_size_m": 5000, "folds": 5, "maximum_points_per_kriging": 60},
        legal_depth_m=DEPTH,
        seed=1,
    )
    return maps


def trained(folder, grid, out, start_map, years, enabled=True):
    """The history of a process model that knows the steady input only."""
    content = io.read_bands(start_map, grid)["mean_mg_kg"]
    axis = np.arange(2000, 2021)
    cube = content + 0.05 / (DENSITY * DEPTH) * (axis - 2000)[:, None, None]
    io.write_netcdf(
        out / "history.nc",
        {"concentration": (("year", "y", "x"), cube, "concentration")},
        {"year": axis},
        grid,
    )
    results = {name: out / f"{name}.{end}" for name, end in (("correction", "tif"), ("metrics", "json"))}
    calibrated = {year: out / f"calibrated_{year}.tif" for year in YEARS}
    files = {name: folder / f"{name}.tif" for name in (*calibrate_history.FILES, "history")}
    files |= {"background": out / "background.tif", "sources": folder / "sources.csv"}
    files |= {"points": out / "points.csv", "history": out / "history.nc"}
    calibrate_history.calibrate(
        files=files,
        landuse={date: folder / f"landuse_{date}.tif" for date in DATES},
        rkls=[folder / "rkls.tif"],
        column_response=[folder / "column.nc"],
        fluxes={name: {year: folder / f"{name}_{year}.tif" for year in YEARS} for name in HUMAN_INPUTS},
        net={year: folder / f"net_{year}.tif" for year in YEARS},
        **results,
        blocks_table=out / "blocks.csv",
        calibrated=calibrated,
        metal="cd",
        survey_years=list(years),
        legal_depth_m=DEPTH,
        seed=1,
        calibration={**CALIBRATION, "enabled": enabled},
        parameters={**coefficients("calibrator"), "placebo_repeats": 0},
        cover_practice=coefficients("rusle_cp"),
    )
    correction = io.read_raster(results["correction"], grid)
    return correction, io.read_json(results["metrics"]), [io.read_raster(path, grid) for path in calibrated.values()]


def test_two_surveys_are_mapped_and_calibrated(region, tmp_path):
    folder, grid, start, end, missing, open_share = region
    maps = mapped(folder, tmp_path, YEARS)
    for path, truth in zip(maps, (start, end), strict=True):
        bands = io.read_bands(path, grid)
        error = np.log(grid.compress(bands["mean_mg_kg"] / truth))
        assert abs(error.mean()) < 0.04
        inside = np.abs(error) < 1.645 * grid.compress(bands["log_standard_error"])
        # At least: this truth is smoother than the exponential model and its laboratory has no bias, which
        # the map allows for. The coverage proper is tested in tests/kernels/test_mapping.py.
        assert inside.mean() > 0.82
        assert np.nanmin(bands["log_standard_error"]) > 0.0
    points = io.read_table(tmp_path / "points.csv", text=("pair_id",))
    assert points["paired"].sum() == 1000
    assert points["censored"].sum() > 0
    totals = io.read_table(tmp_path / "validation.csv", text=("fold",))
    assert list(totals["fold"]).count("total") == 2

    correction, metrics, calibrated = trained(folder, grid, tmp_path, maps[0], YEARS)
    assert metrics["target"] == "paired_surveys"
    assert not metrics["stands_aside"], metrics["reason"]
    assert metrics["skill_over_process_model"]["low"] > 0.0
    # Where the training blocks speak, the pattern lies where the smelters are; elsewhere nothing is added.
    lacking, learned = grid.compress(missing), grid.compress(correction)
    applied = learned != 0.0
    assert applied.mean() > 0.8
    assert np.corrcoef(learned[applied], lacking[applied])[0, 1] > 0.8
    net = io.read_raster(folder / "net_2020.tif", grid)
    difference = grid.compress(calibrated[1] - net - correction * open_share)
    assert np.abs(difference).max() < 1.0e-6  # float32 files
    assert np.isnan(correction[~grid.land]).all()
    assert np.isfinite(correction[grid.land]).all()


def test_one_survey_gives_a_bounded_correction(region, tmp_path):
    folder, grid, *_ = region
    maps = mapped(folder, tmp_path, YEARS[:1])
    _, metrics, _ = trained(folder, grid, tmp_path, maps[0], YEARS[:1])
    assert metrics["target"] == "enrichment_over_background"
    assert "caution" in metrics
    assert metrics["shrinkage"] <= coefficients("calibrator")["enrichment_weight"]


@pytest.mark.parametrize(("years", "enabled", "why"), [((), True, "no survey"), (YEARS, False, "enabled")])
def test_the_calibrator_stands_aside_and_says_why(region, tmp_path, years, enabled, why):
    folder, grid, *_ = region
    maps = mapped(folder, tmp_path, years if enabled else YEARS[:1])
    correction, metrics, calibrated = trained(folder, grid, tmp_path, maps[0], years, enabled)
    assert metrics["stands_aside"]
    assert why in metrics["reason"]
    assert not np.nan_to_num(correction).any()
    net = io.read_raster(folder / "net_2000.tif", grid)
    assert np.array_equal(calibrated[0], net, equal_nan=True)
    if not years:
        prior = io.read_bands(maps[0], grid)
        # Hand: arithmetic mean of a lognormal, 0.18 exp(0.5 ln(1.5)²), and its spread ln 1.5 at least.
        assert np.nanmax(prior["mean_mg_kg"]) == pytest.approx(0.18 * np.exp(0.5 * np.log(1.5) ** 2), rel=1e-5)
        assert np.nanmin(prior["log_standard_error"]) >= np.log(1.5)


def test_a_survey_without_the_metal_is_an_input_error(region, tmp_path):
    folder, grid, *_ = region
    text = (folder / "survey_2000.csv").read_text().replace(",cd,", ",pb,")
    (tmp_path / "other.csv").write_text(text)
    with pytest.raises(InputError, match="no sample of cd"):
        read_survey(
            tmp_path / "other.csv",
            "cd",
            grid,
            coefficients("survey_method", "cd"),
            DEPTH,
            coefficients("mapping"),
        )


def test_rain_is_not_counted_twice_in_a_cells_drainage(region, tmp_path):
    """A cell is looked up with its rain relative to its climate zone, whose own rain the tables already hold."""
    folder, grid, *_ = region
    factor = np.array([0.8, 1.2])
    zone = (np.arange(grid.n) % 2).astype(np.uint8)
    zeros = np.zeros(grid.n, dtype=np.intp)
    own = factor[zone] * 1.05
    ground = Ground(
        grid,
        {name: grid.compress(values) for name, values in io.read_bands(folder / "soil.tif", grid).items()},
        {"soil_class": zeros, "climate_zone": zone.astype(np.intp), "water_table": zeros},
        own,
    )
    rungs = np.array([0.8, 0.9, 1.0, 1.1, 1.2])
    drainage = 500.0 * rungs[:, None, None, None, None] * factor[:, None] * np.ones((1, 9, 1, 1, 1))
    io.write_netcdf(
        tmp_path / "column.nc",
        {"drainage_20cm": (("rain_factor", "landuse", "soil", "climate", "water_table"), drainage, "water")},
        {"rain_factor": rungs, "landuse": list(CLASSES[:-1]), "soil": [0], "climate": factor, "water_table": [0]},
    )
    states = {
        year: io.read_landuse({date: folder / f"landuse_{date}.tif" for date in DATES}, year, grid) for year in YEARS
    }
    features = read_features(
        {name: folder / f"{name}.tif" for name in ("elevation", "parent_material", "population")}
        | {"sources": folder / "sources.csv"},
        ground,
        states,
        fluxes={name: {year: folder / f"{name}_{year}.tif" for year in YEARS} for name in HUMAN_INPUTS},
        rkls=[folder / "rkls.tif"],
        column_response=[tmp_path / "column.nc"],
        cover_practice=coefficients("rusle_cp"),
    )
    # Hand: 500 mm times the cell's own rain; looked up with the raw factor it would be held at a rung's end.
    assert features["drainage"] == pytest.approx(500.0 * own, rel=1e-6)
    assert not {"concentration", "value_mg_kg"} & set(features)
