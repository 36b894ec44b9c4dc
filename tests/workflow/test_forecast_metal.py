"""The forecast script on a small made-up study: what it writes, that it closes, and that its switches act."""

import numpy as np
import pytest
from metalbudget import io
from metalbudget.grid import Grid
from metalbudget.landuse import CLASSES, SOIL_CLASSES
from metalbudget.settings import coefficients

METAL_TABLES = (
    "kd",
    "crop_uptake",
    "hg_evasion",
    "budget",
    "agri_content",
    "agri_content_trend",
    "emc",
    "limits_gb15618",
    "limits_gb36600",
    "limits_ecological",
)
COMMON_TABLES = ("enrichment", "rusle_cp", "erosivity", "capacity_classes")
SCENARIO = {"emissions": {}, "agriculture": {}, "background": {}, "rain": {}, "ph_change_per_yr": 0.0, "landuse": {}}
SECTORS = (("coal_power", "point"), ("steel", "point"), ("traffic", "area"))
OUTPUTS = {
    "cube": "forecast.nc",
    "ledger": "ledger.csv",
    "zones": "zones.tif",
    "now": "now.tif",
    "end": "end.tif",
    "overload_year": "overload_year.tif",
    "summary": "summary.csv",
    "change": "change.csv",
    "sensitivity": "sensitivity.csv",
}


def write_fractions(path, grid, built, draw):
    """Mixed land use; `built` is the share of residential ground, half of it sealed."""
    shape = (grid.height, grid.width)
    weights = draw.dirichlet(np.full(len(CLASSES), 0.3), size=shape).transpose(2, 0, 1) * (1.0 - built)
    weights[CLASSES.index("residential")] += built
    bands = dict(zip(CLASSES, weights, strict=True)) | {"impervious": np.full(shape, 0.5 * built)}
    io.write_bands(
        path, {name: np.where(grid.land, values, np.nan) for name, values in bands.items()}, "fraction", grid
    )


def write_study(folder, *, height=8, width=10, metal="cd", correction=0.0, sources=3):
    """Files of a small study; returns the script's keyword arguments."""
    draw = np.random.default_rng(7)
    land = np.ones((height, width), dtype=bool)
    land[:, -2:] = False
    grid = Grid("EPSG:32651", 300_000.0, 3_200_000.0, 500.0, height, width, land)
    shape = (height, width)

    def on_land(values):
        return np.where(land, values, np.nan)

    io.write_raster(folder / "mask.tif", land.astype(np.uint8), "class", grid)
    soil = {
        "ph_water": ("ph", draw.uniform(4.5, 7.8, shape)),
        "organic_carbon_pct": ("percentage", draw.uniform(0.8, 3.0, shape)),
        "clay_pct": ("percentage", draw.uniform(10.0, 40.0, shape)),
        "sand_pct": ("percentage", np.full(shape, 30.0)),
        "silt_pct": ("percentage", np.full(shape, 40.0)),
        "bulk_density_kg_m3": ("bulk_density", draw.uniform(1150.0, 1400.0, shape)),
    }
    bands = {name: on_land(values) for name, (_, values) in soil.items()}
    io.write_bands(folder / "soil.tif", bands, {name: kind for name, (kind, _) in soil.items()}, grid)
    io.write_raster(folder / "rain_factor.tif", on_land(draw.uniform(0.9, 1.1, shape)), "ratio", grid)
    zones = {
        name: np.where(land, draw.integers(0, 2, shape), 255).astype(np.uint8)
        for name in ("soil_class", "climate_zone", "water_table")
    }
    io.write_bands(folder / "zones.tif", zones, "class", grid)
    district = np.where(land, 1 + (np.arange(width) > width // 2), -1).astype(np.int32) * np.ones(shape, np.int32)
    io.write_raster(folder / "district.tif", district, "identifier", grid)
    io.write_table(folder / "districts.csv", {"index": [1, 2], "district_id": ["d1", "d2"], "name": ["a", "b"]})
    (folder / "2000").mkdir()
    for date, built in ((2020, 0.1), (2045, 0.5)):
        write_fractions(folder / f"{date}.tif", grid, built, np.random.default_rng(date if built < 0.2 else 2020))
    write_farming(folder, metal)

    names = [f"f{number}" for number in range(sources)]
    classes = ["p0.5", "p1.5", "p3.5", "p7", "p15", "hg2"]
    fields = draw.uniform(0.0, 1.0, (sources, len(classes), *shape))
    fields *= 0.2 / (fields.sum(axis=(2, 3), keepdims=True) * grid.cell_area_m2)
    axes = ("source", "class")
    io.write_netcdf(
        folder / "operator.nc",
        {
            "dry": ((*axes, "y", "x"), 0.6 * fields, "operator"),
            "wet": ((*axes, "y", "x"), 0.4 * fields, "operator"),
            "inside": (axes, np.float32(fields).astype(float).sum(axis=(2, 3)) * grid.cell_area_m2, "share"),
        },
        {"source": names, "class": classes},
        grid,
    )
    emissions = [
        (name, sector, kind, size, 4.0)
        for (name, sector, kind) in zip(
            names, ("coal_power", "steel", "traffic"), ("point", "point", "area"), strict=False
        )
        for size in ("p0.5", "p3.5")
    ]
    columns = list(zip(*emissions, strict=True))
    io.write_table(
        folder / "emissions.csv",
        {
            **dict(zip(("source_id", "sector", "kind"), columns, strict=False)),
            "year": [2020] * len(emissions),
            "class": columns[3],
            "kg": columns[4],
            "gsd": [2.0] * len(emissions),
        },
    )
    io.write_json(folder / "air.json", {"background_total": 0.3 * grid.n * grid.cell_area_m2 / 1e6})
    write_responses(folder)
    io.write_raster(folder / "rkls.tif", on_land(draw.uniform(50.0, 500.0, shape)), "soil_loss", grid)
    background = on_land(draw.uniform(0.08, 0.16, shape))
    io.write_bands(
        folder / "concentration.tif",
        {"mean_mg_kg": on_land(draw.uniform(0.1, 0.35, shape)), "log_standard_error": on_land(np.full(shape, 0.3))},
        {"mean_mg_kg": "concentration", "log_standard_error": "log_standard_error"},
        grid,
    )
    io.write_bands(
        folder / "background.tif",
        {
            "mean_mg_kg": background,
            "log_standard_deviation": on_land(np.full(shape, 0.3)),
            "p90_mg_kg": 1.4 * background,
        },
        {
            "mean_mg_kg": "concentration",
            "log_standard_deviation": "log_standard_error",
            "p90_mg_kg": "concentration",
        },
        grid,
    )
    io.write_raster(folder / "correction.tif", on_land(np.full(shape, correction)), "correction", grid)
    return arguments(folder, metal)


def write_farming(folder, metal):
    rows = [(name, kind) for name in ("d1", "d2") for kind in ("paddy", "dryland", "orchard")]
    crop = {"paddy": "rice", "dryland": "vegetables", "orchard": "tea_citrus"}
    amounts = {
        "urea_kg_ha": 300.0,
        "phosphate_kg_ha": 400.0,
        "potash_kg_ha": 100.0,
        "compound_kg_ha": 300.0,
        "organic_fertiliser_kg_ha": 500.0,
        "manure_t_ha": 2.0,
        "irrigation_m3_ha": 5000.0,
        "copper_fungicide_kg_ha": 0.5,
        "mancozeb_kg_ha": 0.5,
        "yield_t_ha": 7.0,
        "straw_t_ha": 7.0,
        "straw_return_fraction": 0.5,
    }
    io.write_table(
        folder / "agriculture.csv",
        {
            "district_id": [name for name, _ in rows],
            "year": [2020] * len(rows),
            "landuse_class": [kind for _, kind in rows],
            "crop": [crop[kind] for _, kind in rows],
            **{name: [value] * len(rows) for name, value in amounts.items()},
        },
    )
    io.write_table(
        folder / "irrigation_water.csv",
        {"district_id": ["d1", "d2"], "year": [2020] * 2, "metal": [metal] * 2, "concentration_ug_l": [0.1, 0.2]},
    )


def write_responses(folder):
    """A ladder k = q/(d (theta + rho Kd)) with drainage that rises with rain; runoff by curve number."""
    rain, rungs, density = np.array([0.9, 1.0, 1.1]), np.logspace(0.0, 6.0, 25), np.array([1250.0, 1350.0])
    drainage = 600.0 * rain[:, None, None, None, None] * np.ones((3, len(SOIL_CLASSES), 2, 2, 2))
    rate = drainage[..., None] / 1000.0 / (0.2 * (0.35 + density[:, None, None, None] / 1000.0 * rungs))
    axes = ("rain_factor", "landuse", "soil", "climate", "water_table")
    io.write_netcdf(
        folder / "column.nc",
        {
            "runoff": (axes, 0.3 * drainage, "water"),
            "leaching_rate": ((*axes, "ladder"), rate, "rate"),
            "bulk_density": (("soil",), density, "bulk_density"),
        },
        {
            "rain_factor": rain,
            "landuse": list(SOIL_CLASSES),
            "soil": [0, 1],
            "climate": [0.95, 1.05],
            "water_table": [0, 1],
            "ladder": rungs,
        },
    )
    numbers = np.arange(30.0, 101.0)
    io.write_netcdf(
        folder / "runoff.nc",
        {
            "runoff": (
                ("rain_factor", "curve_number", "climate"),
                rain[:, None, None] * 10.0 * numbers[:, None] * np.ones((1, 1, 2)),
                "water",
            )
        },
        {"rain_factor": rain, "curve_number": numbers, "climate": [0.95, 1.05]},
    )


def arguments(folder, metal):
    files = {
        name: folder / f"{name}.tif"
        for name in ("mask", "soil", "rain_factor", "zones", "district", "concentration", "background", "correction")
    }
    files |= {name: folder / f"{name}.csv" for name in ("agriculture", "irrigation_water", "districts", "emissions")}
    files["air"] = folder / "air.json"
    return {
        "files": files,
        "series": {
            "operators": [folder / "operator.nc"],
            "column_responses": [folder / "column.nc"],
            "runoff_responses": [folder / "runoff.nc"],
            "rkls": [folder / "rkls.tif"],
            "landuse": [folder / "2020.tif"],
            "scenario_landuse": [],
        },
        "outputs": {name: folder / "out" / file for name, file in OUTPUTS.items()},
        "metal": metal,
        "scenario_name": "baseline",
        "scenario": dict(SCENARIO),
        "study": {
            "input_year": 2020,
            "start_year": 2020,
            "years": 50,
            "snapshots_yr": [0, 25, 50],
            "landuse_dates": [2020],
            "layer": {"mixing_depth_m": dict.fromkeys(SOIL_CLASSES, 0.2), "legal_depth_m": 0.2},
            "soil_loss_maximum_t_ha": 100.0,
            "sediment_delivery_ratio": 0.25,
            "wash_off": True,
            "weathering_closure": True,
            "erosion_mode": "subsoil_replacement",
            "closure_tolerance": 1e-9,
            "correction": {"roll_forward": "decay", "decay_half_life_yr": 10},
        },
        "chemistry": {
            "metal": metal,
            "kd": "sauve_2000",
            "enrichment": "fine",
            "kd_minimum_l_kg": 20.0,
            "kd_maximum_l_kg": 1e5,
            "ph_offsets": {"cacl2": -0.5, "kcl": -0.8},
            "flooded_kd_factor": 1.0,
            "porewater_mixing_factor": 0.3,
        },
        "tables": {name: coefficients(name, metal) for name in METAL_TABLES}
        | {name: coefficients(name) for name in COMMON_TABLES},
        "rules": {"value": "screening", "ecological": "added_risk"},
        "claims": {"scenario": "baseline", "mixing_depths_m": [0.05, 0.2], "near_source_km": 10},
    }


@pytest.fixture
def script():
    import forecast_metal

    return forecast_metal


def table(given, name, text=("metal", "scenario", "landuse_class", "measure", "correction", "term")):
    return io.read_table(given["outputs"][name], text=text)


def chosen(rows, column, **where):
    keep = np.ones(len(rows[column]), dtype=bool)
    for name, value in where.items():
        keep &= np.asarray(rows[name]) == value
    return rows[column][keep]


def test_writes_everything_and_the_ledger_closes(script, tmp_path):
    given = write_study(tmp_path)
    script.main(**given)
    assert all(path.exists() for path in given["outputs"].values())
    rows = table(given, "ledger")
    assert set(rows["scenario"]) == {"baseline"}  # no correction, no second run
    terms = {name: chosen(rows, "kg", term=name, year=2040)[0] for name in set(rows["term"])}
    gains = ("deposition", "background", "fertiliser", "manure", "irrigation", "pesticide", "weathering", "subsoil")
    losses = ("leaching", "runoff", "erosion", "harvest", "evasion")
    signed = ("sealing", "layer_exchange", "correction", "clipping")
    change = sum(terms[name] for name in gains + signed) - sum(terms[name] for name in losses)
    assert terms["stock_change"] == pytest.approx(change, rel=1e-6)
    spent = sum(terms[name] for name in ("deposition", "background", "wash_off", "street_dust", "sea", "outside_air"))
    emitted = terms["emission"] + 0.3 * 8 * 8 * 0.25  # background of 0.3 mg/m2 on 64 land cells of 0.25 km2
    assert spent == pytest.approx(emitted, rel=1e-6)


def test_cube_starts_with_the_survey_and_overload_years_agree_with_it(script, tmp_path):
    given = write_study(tmp_path)
    script.main(**given)
    cube = io.read_netcdf(given["outputs"]["cube"])
    assert cube["year"].tolist() == [2020, 2045, 2070]
    start = io.read_bands(given["files"]["concentration"])["mean_mg_kg"]
    np.testing.assert_allclose(cube["concentration"][0], start, rtol=1e-6)
    np.testing.assert_array_equal(cube["concentration"], cube["concentration_without_correction"])
    now, end = (io.read_bands(given["outputs"][name]) for name in ("now", "end"))
    year = io.read_bands(given["outputs"]["overload_year"])["with_correction"]
    above_now = now["concentration_mg_kg"] > now["limit_mg_kg"]
    assert np.all(year[above_now] == 2020)
    assert np.all(year[end["concentration_mg_kg"] > end["limit_mg_kg"]] <= 2070)
    zones = io.read_bands(given["outputs"]["zones"])
    over = (zones["class_now"] == 5) | (zones["class_now"] == 6)
    assert np.all(over[above_now])


def test_summary_has_every_class_measure_and_correction(script, tmp_path):
    given = write_study(tmp_path, correction=0.5)
    script.main(**given)
    rows = table(given, "summary")
    assert len(rows["year"]) == 3 * 10 * 2 * 2
    where = {"year": 2070, "measure": "map_mean"}
    parts = [chosen(rows, "overload_km2", landuse_class=name, correction="with", **where)[0] for name in SOIL_CLASSES]
    assert chosen(rows, "overload_km2", landuse_class="all", correction="with", **where)[0] == pytest.approx(sum(parts))
    content = [
        chosen(rows, "mean_concentration_mg_kg", landuse_class="all", correction=name, **where)[0]
        for name in ("with", "without")
    ]
    assert content[0] > content[1]  # a positive correction is an input
    labels = set(table(given, "ledger")["scenario"])
    assert labels == {"baseline", "baseline_without_correction"}
    change = table(given, "change")
    np.testing.assert_allclose(
        change["by_concentration_points"] + change["by_limit_points"], change["change_points"], atol=1e-9
    )


def test_less_emission_means_less_metal(script, tmp_path):
    given = write_study(tmp_path)
    script.main(**given)
    high = io.read_netcdf(given["outputs"]["cube"])["concentration"][-1]
    given["scenario"] = SCENARIO | {
        "emissions": {"steel": {2020: 1.0, 2030: 0.0}},
        "background": {2020: 1.0, 2030: 0.1},
    }
    script.main(**given)
    low = io.read_netcdf(given["outputs"]["cube"])["concentration"][-1]
    open_soil = np.isfinite(high) & (high != low)
    assert open_soil.sum() > 50
    assert np.all(low[open_soil] < high[open_soil])


def test_scenario_land_use_seals_soil_and_moves_limits(script, tmp_path):
    given = write_study(tmp_path)
    given["series"]["scenario_landuse"] = [tmp_path / "2045.tif"]
    given["scenario"] = SCENARIO | {"landuse": {2045: f"{tmp_path.name}/2045.tif"}, "ph_change_per_yr": -0.01}
    given["scenario_name"] = "urban"
    script.main(**given)
    rows = table(given, "summary")
    where = {"measure": "map_mean", "correction": "without"}
    area = [chosen(rows, "area_km2", year=year, landuse_class="paddy", **where)[0] for year in (2020, 2045, 2070)]
    assert area[0] > area[1]
    assert area[1] == area[2]
    sealing = chosen(table(given, "ledger"), "kg", term="sealing")
    assert np.any(sealing[:26] != 0.0)
    assert np.all(sealing[26:] == 0.0)
    sensitivity = io.read_table(given["outputs"]["sensitivity"], text=("weathering_closure", "own_limits"))
    assert set(sensitivity["assumptions"]) == {"study"}  # only the scenario behind the claims varies them


def test_sensitivity_covers_the_assumptions_and_contains_the_study(script, tmp_path):
    given = write_study(tmp_path)
    script.main(**given)
    rows = io.read_table(given["outputs"]["sensitivity"], text=("weathering_closure", "own_limits"))
    assert len(rows["measure"]) == (1 + 2 * 2 * 2) * 2 * 3 * 2 * 2
    same = {
        "erosion_mode": "subsoil_replacement",
        "weathering_closure": "true",
        "own_limits": "true",
        "judged_depth": "legal",
        "measure": "probability",
        "landuse_class": "all",
    }
    study = chosen(rows, "end_share_pct", assumptions="study", **same)
    varied = chosen(rows, "end_share_pct", assumptions="varied", untilled_mixing_depth_m=0.2, **same)
    np.testing.assert_allclose(study, varied, rtol=1e-12)


def test_same_bytes_twice(script, tmp_path):
    given = write_study(tmp_path)
    script.main(**given)
    first = {name: path.read_bytes() for name, path in given["outputs"].items()}
    script.main(**given)
    assert first == {name: path.read_bytes() for name, path in given["outputs"].items()}
