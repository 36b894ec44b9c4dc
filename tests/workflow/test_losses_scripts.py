"""compute_losses, the history and write_ledger on a small made-up region."""

import csv
import json

import compute_losses
import numpy as np
import pytest
import write_ledger
from metalbudget import io, ledger, settings
from metalbudget.budget import rolling
from metalbudget.budget.chemistry import TABLES, settings_of
from metalbudget.landuse import CLASSES, SOIL_CLASSES
from metalbudget.ledger import LedgerError
from metalbudget.quantities import GEOGENIC_INPUTS, HUMAN_INPUTS, PROCESSES_IN, PROCESSES_OUT

YEARS = [2000, 2010, 2020]
DATES = [2000, 2020]
LADDER = np.logspace(0.0, 6.0, 25)
BUDGET = {
    "weathering_closure": True,
    "closure_tolerance": 1.0e-9,
    "erosion_mode": "subsoil_replacement",
    "soil_loss_maximum_t_ha": 100.0,
    "sediment_delivery_ratio": 0.25,
}
LAYER = {"mixing_depth_m": dict.fromkeys(SOIL_CLASSES, 0.2) | {"forest": 0.05}, "legal_depth_m": 0.2}


def tables_of(metal):
    tables = {name: settings.coefficients(name, metal) for name in TABLES}
    return tables | {name: settings.coefficients(name) for name in ("enrichment", "rusle_cp")}


@pytest.fixture
def region(tmp_path, small_grid):
    """Files of a region whose towns grow over dry land."""
    grid, rng = small_grid, np.random.default_rng(7)

    def raster(name, values, quantity):
        io.write_raster(tmp_path / name, grid.expand(np.broadcast_to(values, grid.n).astype(float)), quantity, grid)
        return tmp_path / name

    import rasterio

    with rasterio.open(
        tmp_path / "mask.tif",
        "w",
        driver="GTiff",
        height=grid.height,
        width=grid.width,
        count=1,
        dtype="uint8",
        crs=grid.crs,
        transform=grid.transform,
    ) as target:
        target.write(grid.land.astype("uint8"), 1)
    bands = {
        "sand_pct": (30.0, "percentage"),
        "silt_pct": (45.0, "percentage"),
        "clay_pct": (25.0, "percentage"),
        "bulk_density_kg_m3": (1300.0, "bulk_density"),
        "organic_carbon_pct": (1.8, "percentage"),
        "ph_water": (6.0, "ph"),
    }
    full = {name: grid.expand(np.full(grid.n, value)) for name, (value, _) in bands.items()}
    io.write_bands(tmp_path / "soil.tif", full, {name: kind for name, (_, kind) in bands.items()}, grid)
    zero = np.full((grid.height, grid.width), 255, dtype=np.uint8)
    zero[grid.land] = 0
    io.write_bands(
        tmp_path / "zones.tif", dict.fromkeys(("soil_class", "climate_zone", "water_table"), zero), "class", grid
    )
    for date, town in zip(DATES, (0.1, 0.4), strict=True):
        shares = dict.fromkeys(CLASSES, 0.0) | {"paddy": 0.2, "forest": 0.2, "water": 0.1}
        shares |= {"residential": town, "dryland": 0.5 - town}
        layers = {name: grid.expand(np.full(grid.n, share)) for name, share in shares.items()}
        io.write_bands(
            tmp_path / f"landuse_{date}.tif",
            layers | {"impervious": grid.expand(np.full(grid.n, 0.6 * town))},
            "fraction",
            grid,
        )
    district = np.full((grid.height, grid.width), -1, dtype=np.int32)
    district[grid.land] = 1
    io.write_raster(tmp_path / "district.tif", district, "identifier", grid)
    io.write_table(tmp_path / "districts.csv", {"index": [1], "district_id": ["d1"], "name": ["one"]})
    rows = [(year, kind, crop) for year in YEARS for kind, crop in (("paddy", "rice"), ("dryland", "vegetables"))]
    io.write_table(
        tmp_path / "agriculture.csv",
        {
            "district_id": ["d1"] * len(rows),
            "year": [row[0] for row in rows],
            "landuse_class": [row[1] for row in rows],
            "crop": [row[2] for row in rows],
            "yield_t_ha": [7.0] * len(rows),
            "straw_t_ha": [7.0] * len(rows),
            "straw_return_fraction": [0.5] * len(rows),
        },
    )
    shape = (3, len(SOIL_CLASSES), 1, 1, 1)
    drained = np.full(shape, 0.6)
    dims = ("rain_factor", "landuse", "soil", "climate", "water_table")
    io.write_netcdf(
        tmp_path / "column.nc",
        {
            "runoff": (dims, np.full(shape, 300.0), "water"),
            "leaching_rate": ((*dims, "ladder"), drained[..., None] / (0.2 * (0.35 + 1.3 * LADDER)), "rate"),
            "bulk_density": (("soil",), np.array([1300.0]), "bulk_density"),
        },
        {
            "rain_factor": np.array([0.9, 1.0, 1.1]),
            "landuse": list(SOIL_CLASSES),
            "soil": np.arange(1),
            "climate": np.ones(1),
            "water_table": np.arange(1),
            "ladder": LADDER,
        },
    )
    mean = rng.uniform(0.1, 0.4, grid.n)
    for name, values in {"concentration": mean, "background": np.full(grid.n, 0.15)}.items():
        io.write_bands(tmp_path / f"{name}.tif", {"mean_mg_kg": grid.expand(values)}, "concentration", grid)
    names = ("mask", "soil", "zones", "district", "concentration", "background")
    files = {name: tmp_path / f"{name}.tif" for name in names}
    files |= {name: tmp_path / f"{name}.csv" for name in ("agriculture", "districts")}
    files["rain_factor"] = raster("rain_factor.tif", 1.0, "ratio")
    landuse = {date: tmp_path / f"landuse_{date}.tif" for date in DATES}
    on_soil = {year: (0.05 + 0.001 * (year - 2000)) * io.read_landuse(landuse, year, grid).open_share for year in YEARS}
    fluxes = {
        name: {year: raster(f"{name}_{year}.tif", values, name) for year, values in on_soil.items()}
        for name in HUMAN_INPUTS
    }
    air = {}
    for year in YEARS:
        air[year] = tmp_path / f"air_{year}.json"
        amounts = {"emission": 10.0, "background_total": 3.0, "deposition": 2.0, "background": 2.0}
        io.write_json(
            air[year], amounts | {"wash_off": 0.5, "street_dust": 0.5, "sea": 1.0, "outside_air": 7.0, "residual": 0.0}
        )
    return {
        "folder": tmp_path,
        "grid": grid,
        "files": files,
        "landuse": landuse,
        "fluxes": fluxes,
        "air": air,
        "column": tmp_path / "column.nc",
        "rkls": raster("rkls.tif", 50.0, "soil_loss"),
    }


def losses(region, year=2010, metal="cd", **changes):
    config = settings.load(settings.REPOSITORY / "config" / "config.yaml")
    folder = region["folder"]
    names = (*GEOGENIC_INPUTS, *PROCESSES_OUT, "rates", "net")
    outputs = {name: folder / "out" / f"{name}_{year}.tif" for name in names} | {"summary": folder / f"sum_{year}.json"}
    values = {
        "files": region["files"],
        "fluxes": {name: paths[year] for name, paths in region["fluxes"].items()},
        "landuse": region["landuse"],
        "responses": [region["column"]],
        "rkls": [region["rkls"]],
        "outputs": outputs,
        "metal": metal,
        "year": year,
        "layer": LAYER,
        "budget": BUDGET,
        "chemistry": settings_of(config, metal),
        "tables": tables_of(metal),
    }
    compute_losses.main(**(values | changes))
    return outputs


def history(region, **changes):
    config = settings.load(settings.REPOSITORY / "config" / "config.yaml")
    outputs = {"cube": region["folder"] / "cd.nc", "ledger": region["folder"] / "cd.csv"}
    values = {
        "files": region["files"],
        "fluxes": region["fluxes"],
        "air": region["air"],
        "landuse": region["landuse"],
        "responses": {2009: region["column"]},
        "rkls": {2009: region["rkls"]},
        "outputs": outputs,
        "metal": "cd",
        "period": {"surveys": [2000, 2015], "years": YEARS},
        "weather_of_year": {year: [2009] for year in YEARS},
        "layer": LAYER,
        "budget": BUDGET,
        "chemistry": settings_of(config, "cd"),
        "tables": tables_of("cd"),
    }
    rolling.roll_history(**(values | changes))
    return outputs


@pytest.mark.parametrize("metal", ["as", "cd", "hg", "zn"])
def test_net_is_the_sum_of_the_terms_that_were_written(region, metal):
    outputs, grid = losses(region, metal=metal), region["grid"]
    terms = {name: grid.compress(io.read_raster(outputs[name], grid)) for name in PROCESSES_OUT}
    gains = {name: grid.compress(io.read_raster(outputs[name], grid)) for name in GEOGENIC_INPUTS}
    given = sum(grid.compress(io.read_raster(region["fluxes"][name][2010], grid)) for name in HUMAN_INPUTS)
    net = grid.compress(io.read_raster(outputs["net"], grid))
    gross = given + sum(gains.values()) + sum(terms.values())
    assert np.all(np.abs(given + sum(gains.values()) - sum(terms.values()) - net) <= 1e-6 * gross)
    assert all(np.all(values >= 0.0) for values in terms.values())
    assert (terms["evasion"].max() > 0.0) == (metal == "hg")
    assert (gains["weathering"].max() > 0.0) == (metal != "zn")  # zinc's relation has an inert pool
    rates = io.read_bands(outputs["rates"], grid)
    assert tuple(rates) == PROCESSES_OUT
    record = json.loads(outputs["summary"].read_text())
    assert record["closure"] <= 1e-9
    assert record["fluxes_g_ha"]["leaching"]["mean"] > 0.0


def test_history_starts_at_the_first_survey_and_ends_at_the_last(region):
    outputs, grid = history(region), region["grid"]
    cube = io.read_netcdf(outputs["cube"])
    assert cube["year"].tolist() == list(range(2000, 2016))
    assert cube["concentration"].shape == (16, grid.height, grid.width)
    first = grid.compress(io.read_bands(region["files"]["concentration"], grid)["mean_mg_kg"])
    assert grid.compress(cube["concentration"][0]) == pytest.approx(first, rel=1e-6)
    rows = list(csv.DictReader(outputs["ledger"].open()))
    assert {row["year"] for row in rows} == {str(year) for year in range(2000, 2015)}
    assert {row["term"] for row in rows} == set(ledger.TERMS)
    assert {row["scenario"] for row in rows} == {"history"}
    by_term = {row["term"]: float(row["kg"]) for row in rows if row["year"] == "2005"}
    assert by_term["sealing"] < 0.0  # towns grow
    assert by_term["layer_exchange"] != 0.0  # the share of shallow forest in the open soil grows
    gains = sum(by_term[name] for name in PROCESSES_IN)
    lost = sum(by_term[name] for name in PROCESSES_OUT)
    signed = sum(by_term[name] for name in ledger.SIGNED)
    assert by_term["stock_change"] == pytest.approx(gains - lost + signed, rel=1e-9)
    assert by_term["emission"] == 10.0


def test_the_first_year_of_history_has_the_fluxes_of_the_map(region):
    """compute_losses and the roll-forward are one kernel: in the first survey's year they agree."""
    outputs, grid = losses(region, year=2000), region["grid"]
    rows = list(csv.DictReader(history(region)["ledger"].open()))
    first = {row["term"]: float(row["kg"]) for row in rows if row["year"] == "2000"}
    for process in (*PROCESSES_OUT, *GEOGENIC_INPUTS):
        total = grid.compress(io.read_raster(outputs[process], grid)).sum() * grid.cell_area_m2 / 1e6
        assert total == pytest.approx(first[process], rel=1e-5, abs=1e-12), process


def ledger_of(region, histories, summaries, tolerance=1e-9):
    outputs = {"ledger": region["folder"] / "ledger.csv", "checks": region["folder"] / "checks.json"}
    write_ledger.main(
        ledgers=histories,
        summaries=summaries,
        air=list(region["air"].values()),
        outputs=outputs,
        tolerance=tolerance,
        bars={bound: settings.coefficients("plausibility", field=bound) for bound in ("low", "high")},
    )
    return outputs


def test_the_ledger_is_gathered_and_checked(region):
    made, summary = history(region), losses(region)["summary"]
    outputs = ledger_of(region, [made["ledger"]], [summary])
    assert outputs["ledger"].read_text().splitlines()[0] == "metal,year,scenario,term,kg"
    checks = json.loads(outputs["checks"].read_text())
    stopping = [one for one in checks["checks"] if one["stops"]]
    assert len(stopping) == 2
    assert all(one["state"] == "pass" for one in stopping)
    assert sum(checks["counts"].values()) == len(checks["checks"])
    assert any(one["name"].startswith("leaching of cd") for one in checks["checks"])


def test_a_lost_kilogram_stops_the_study(region):
    made = history(region)
    text = made["ledger"].read_text().splitlines()
    row = next(number for number, line in enumerate(text) if ",leaching," in line)
    *rest, kg = text[row].split(",")
    text[row] = ",".join([*rest, repr(float(kg) + 1.0)])
    made["ledger"].write_text("\n".join(text) + "\n")
    with pytest.raises(LedgerError, match="cd in 2000, the region"):
        ledger_of(region, [made["ledger"]], [losses(region)["summary"]])
    assert (region["folder"] / "checks.json").exists()
