"""A finished study in miniature: every output that figures, claims and page read, made up on a small grid."""

from pathlib import Path

import numpy as np
from metalbudget import io
from metalbudget.landuse import CLASSES, SOIL_CLASSES
from metalbudget.ledger import TERMS
from metalbudget.quantities import PROCESSES_IN, PROCESSES_OUT

OPERATOR_CLASSES = ["p0.5", "hg2"]
START, END = 2020, 2070


def study(metals=("as", "cu", "hg"), years=(2000, 2010, 2020), scenarios=("baseline", "clean"), surveys=(2000, 2020)):
    """Settings of the miniature, as rule files hand them to scripts."""
    return {
        "title": "A <small> study",
        "source": "generated",
        "assumptions": [{"layer": "ph", "value": 5.5, "unit": "1", "reason": "no <map>"}],
        "metals": list(metals),
        "years": list(years),
        "scenarios": list(scenarios),
        "landuse_dates": [min(years), max(years)],
        "epochs": [str(year) for year in surveys] or ["prior"],
        "claims": {"scenario": scenarios[0], "mixing_depths_m": [0.05, 0.2], "near_source_km": 1.0},
        "max_distance_m": 50000,
        "weather_of_last_year": [2018],
        "weather_years": [2018],
        "runoff_by": "curve_number",
    }


def write(root: Path, grid, settings, sources=True, evidence=True) -> None:
    """Write every file a report needs below `root`."""
    noise = np.random.default_rng(7)
    harmonised = root / "resources/harmonised"
    io.write_raster(harmonised / "mask.tif", grid.land.astype(np.uint8), "class", grid)
    io.write_raster(
        harmonised / "elevation.tif", np.where(grid.land, noise.random(grid.land.shape), np.nan), "elevation", grid
    )
    for number, date in enumerate(settings["landuse_dates"]):
        bands = {name: np.where(grid.land, 0.0, np.nan) for name in CLASSES}
        for name, share in (("paddy", 0.4), ("forest", 0.4), ("residential", 0.2)):
            bands[name] = np.where(grid.land, share, np.nan)
        bands["impervious"] = np.where(grid.land, 0.05 + 0.05 * number, np.nan)
        io.write_bands(harmonised / f"landuse/{date}.tif", bands, "fraction", grid)
    west, south, _, _ = grid.bounds
    names = ["F1", "F2"] if sources else []
    table = {"source_id": names, "sector": ["coal_power", "smelter_lead"][: len(names)]}
    table |= {
        "x_m": [west + 1250.0, west + 2250.0][: len(names)],
        "y_m": [south + 3250.0, south + 2250.0][: len(names)],
    }
    io.write_table(harmonised / "sources.csv", table)
    shape = (len(names) + 1, len(OPERATOR_CLASSES), grid.height, grid.width)
    fields = {name: (("source", "class", "y", "x"), 1e-9 * noise.random(shape), "operator") for name in ("dry", "wet")}
    fields["inside"] = (("source", "class"), np.full(shape[:2], 0.3), "share")
    coords = {"source": [*names, "traffic"], "class": OPERATOR_CLASSES}
    io.write_netcdf(root / "resources/forcing/operator/2018.nc", fields, coords, grid)
    _columns(root)
    _provenance(root)
    for metal in settings["metals"]:
        _history(root, grid, settings, metal, names, noise)
        _soil(root, grid, settings, metal, noise, evidence)
        for scenario in settings["scenarios"]:
            _forecast(root, grid, settings, metal, scenario, noise)
    _ledger(root, settings, noise)


def _columns(root):
    """Runoff of two classes on one soil: 100 and 200 mm in a zone with 0.9 of the station's rain, 40 mm more at 1.1."""
    runoff = np.array([100.0, 200.0])[:, None, None, None] + np.array([0.0, 40.0])[:, None]
    dimensions = ("rain_factor", "landuse", "soil", "climate", "water_table")
    variables = {
        "runoff": (dimensions, np.stack([0.5 * runoff, runoff]), "water"),
        "runoff_check": (("landuse", "soil", "water_table"), np.array([[[5.0]], [[7.5]]]), "water"),
    }
    coords = {"rain_factor": [0.8, 1.0], "landuse": ["forest", "bare"], "soil": ["loam"]}
    coords |= {"climate": [0.9, 1.1], "water_table": ["deep"]}
    io.write_netcdf(root / "resources/forcing/column_response/2018.nc", variables, coords)


def _provenance(root):
    columns = {"layer": ["mask.tif"], "status": ["generated"], "source": ["a program"], "note": ["<b>none</b>"]}
    io.write_table(root / "raw/provenance.csv", columns)
    check = {"name": "the ledger closes in every year", "state": "pass", "found": 1e-15, "expected": "at most 1e-09"}
    warned = {"name": "leaching of as is plausible", "state": "warn", "expected": [1.0, 2.0]}
    warned["found"] = {"mean": 3.0, "low": 1.0, "high": 4.0, "minimum": 0.0}
    io.write_json(
        root / "results/checks.json", {"checks": [check, warned], "counts": {"pass": 1, "warn": 1, "fail": 0}}
    )


def _land(grid, values):
    return grid.expand(np.asarray(values, dtype=float))


def _history(root, grid, settings, metal, names, noise):
    """Emissions and fluxes; deposition falls from year to year, farming too, losses stay."""
    emitted = [
        (name, sector, kind, year, part, 10.0 + row)
        for year in settings["years"]
        for row, (name, sector, kind) in enumerate(
            [
                *((name, ["coal_power", "smelter_lead"][i], "point") for i, name in enumerate(names)),
                ("traffic", "traffic", "area"),
            ]
        )
        for part in OPERATOR_CLASSES
    ]
    columns = ("source_id", "sector", "kind", "year", "class", "kg")
    io.write_table(root / f"results/emissions/{metal}.csv", dict(zip(columns, zip(*emitted, strict=True), strict=True)))
    check = {"year": settings["years"], "kg": [1.0] * len(settings["years"])}
    check |= {name: [float("nan")] * len(settings["years"]) for name in ("intensity_g_ha", "published_g_ha", "ratio")}
    io.write_table(
        root / f"results/emissions/{metal}_check.csv",
        check | {"region": [""] * len(check["year"]), "status": ["no_published_total"] * len(check["year"])},
    )
    folder = root / f"results/fluxes/{metal}"
    for number, year in enumerate(settings["years"]):
        for process in (*PROCESSES_IN, *PROCESSES_OUT, "wash_off"):
            level = {"deposition": 1.0 - 0.2 * number, "wash_off": 0.1 + 0.1 * number, "leaching": 3.0, "erosion": 2.0}
            level |= dict.fromkeys(("fertiliser", "manure", "irrigation", "pesticide"), 0.5 - 0.1 * number)
            io.write_raster(
                folder / f"{process}/{year}.tif",
                _land(grid, level.get(process, 0.2) * (0.5 + noise.random(grid.n))),
                process,
                grid,
            )
        air = {"emission": 66.0, "background_total": 2.0, "outside_air": 60.0}
        if metal != "zn":  # METHOD_2 has no pair for it
            first, second = ({"dry": [3.0, 1.0], "wet": [0.0, 1.0]}, {"dry": [6.0, 1.0], "wet": [1.0, 2.0]})
            air["rings"] = {"outer_edge_km": [1.0, 50.0], "method_1": first, "method_2": second}
        io.write_json(folder / f"air/{year}.json", air)
        spread = {"mean": 5.0, "low": 1.0, "high": 9.0, "minimum": 0.0}
        found = dict.fromkeys((*PROCESSES_IN, *PROCESSES_OUT, "net"), spread)
        rock = {"weathering_over_field_rate": 12.0, "weathering_warning_ratio": 10.0}
        io.write_json(folder / f"summary/{year}.json", {"fluxes_g_ha": found, **rock})
        monitors = {"station_id": ["B1", "V1"], "role": ["background", "validation"], "monitor_year": [2015, 2015]}
        monitors |= {
            name: [1.0, 2.0] for name in ("monitored", "monitored_without_soil", "plume", "background", "modelled")
        }
        io.write_table(folder / f"air/{year}_monitors.csv", monitors)


def _soil(root, grid, settings, metal, noise, evidence):
    folder = root / f"results/concentration/{metal}"
    kinds = {"mean_mg_kg": "concentration", "log_standard_error": "log_standard_error"}
    for epoch in settings["epochs"]:
        bands = {
            "mean_mg_kg": _land(grid, 5.0 + noise.random(grid.n)),
            "log_standard_error": _land(grid, np.full(grid.n, 0.2)),
        }
        io.write_bands(folder / f"{epoch}.tif", bands, kinds, grid)
        surveyed = settings["epochs"] != ["prior"]
    natural = {
        "mean_mg_kg": "concentration",
        "log_standard_deviation": "log_standard_error",
        "p90_mg_kg": "concentration",
    }
    io.write_bands(
        folder / "background.tif", {name: _land(grid, 4.0 + noise.random(grid.n)) for name in natural}, natural, grid
    )
    scores = (
        "points",
        "censored",
        "rmse_log",
        "bias_log",
        "r2_log",
        "coverage_90",
        "mean_log_sd",
        "rmse_mg_kg",
        "bias_mg_kg",
    )
    rows = settings["epochs"] if surveyed else []
    io.write_table(
        folder / "validation.csv",
        {"survey": rows, "fold": ["total"] * len(rows)} | {name: [0.5] * len(rows) for name in scores},
    )
    sites = 5 if surveyed else 0
    points = {
        "point_id": [f"p{n}" for n in range(sites)],
        "survey": [int(settings["epochs"][0])] * sites if surveyed else [],
    }
    points |= {"x_m": list(grid.land_x[:sites]), "y_m": list(grid.land_y[:sites])}
    io.write_table(folder / "points.csv", points)
    years = [2000, 2020]
    cube = grid.expand(5.0 + noise.random((2, grid.n)))
    io.write_netcdf(
        root / f"results/history/{metal}.nc",
        {"concentration": (("year", "y", "x"), cube, "concentration")},
        {"year": np.array(years)},
        grid,
    )
    record = {"target": "paired_surveys" if evidence else "none", "shrinkage": 0.0, "stands_aside": True}
    record |= {"reason": "no skill" if evidence else "there is no survey to learn from", "correction": {"mean": 0.0}}
    if evidence:
        score = {"r2": 0.1}
        record |= {"out_of_fold": dict.fromkeys(("process_model", "calibrated", "learned_without_shrinkage"), score)}
        record |= {
            "noise_ceiling_r2": 0.3,
            "blocks": 4,
            "skill_over_process_model": {"value": -0.1, "low": -0.2, "high": 0.1},
        }
    io.write_json(root / f"results/calibrated/{metal}/correction_metrics.json", record)
    blocks = {"block_id": [f"b{n}" for n in range(4 if evidence else 0)]}
    blocks |= {name: list(noise.normal(size=len(blocks["block_id"]))) for name in ("observed", "process", "predicted")}
    io.write_table(root / f"results/calibrated/{metal}/points.csv", blocks | {"noise": [1.0] * len(blocks["block_id"])})


def _forecast(root, grid, settings, metal, scenario, noise):
    """Overload by the mean map grows from 10 to 30 % of open soil, by probability from 20 to 30 %."""
    folder = root / f"results/capacity/{scenario}/{metal}"
    summary = []
    for measure, start in (("map_mean", 0.1), ("probability", 0.2)):
        for correction in ("with", "without"):
            for year, share in ((START, start), (2045, 0.25), (END, 0.3)):
                for name in ("all", *SOIL_CLASSES):
                    area = 10.0 if name in ("all", "paddy", "forest", "residential") else 0.0
                    known = area > 0.0
                    index = {"forest": 0.9, "paddy": 0.5, "residential": 0.4}.get(name, 0.6)
                    summary.append(
                        {
                            "metal": metal,
                            "scenario": scenario,
                            "year": year,
                            "landuse_class": name,
                            "measure": measure,
                            "correction": correction,
                            "area_km2": area,
                            "limited_km2": area,
                            "overload_km2": share * area,
                            "overload_share": share if known else float("nan"),
                            "geogenic_km2": 0.0,
                            "mean_capacity_index": index - (0.2 if year == END and name != "forest" else 0.0)
                            if known
                            else float("nan"),
                            "mean_concentration_mg_kg": 5.0 if known else float("nan"),
                        }
                    )
    io.write_table(folder / "summary.csv", {name: [row[name] for row in summary] for name in summary[0]})
    part = {"start_share_pct": 10.0, "end_share_pct": 30.0, "change_points": 20.0, "change_relative_pct": 200.0}
    part |= {"by_concentration_points": 15.0, "by_limit_points": 5.0}
    change = [
        {"landuse_class": name, "measure": measure, "correction": correction, **part}
        for name in ("all", "forest")
        for measure in ("map_mean", "probability")
        for correction in ("with", "without")
    ]
    about = {"metal": metal, "scenario": scenario}
    io.write_table(folder / "change.csv", {name: [(about | row)[name] for row in change] for name in about | change[0]})
    cases = [("study", float("nan"))]
    if scenario == settings["claims"]["scenario"]:
        cases += [("varied", depth) for depth in settings["claims"]["mixing_depths_m"]]
    rows = [
        {
            "assumptions": name,
            "untilled_mixing_depth_m": depth,
            "erosion_mode": "naive",
            "weathering_closure": True,
            "level": level,
            "ecological": rule,
            "own_limits": rule == "added_risk",
            "judged_depth": judged,
            "measure": measure,
            "landuse_class": landuse_class,
            **part,
        }
        for name, depth in cases
        for level, rule in (("screening", "added_risk"), ("screening", "total_pnec"), ("intervention", "added_risk"))
        for judged in ("legal", "layer")
        for measure in ("map_mean", "probability")
        for landuse_class in ("all", "forest")
    ]
    io.write_table(folder / "sensitivity.csv", {name: [row[name] for row in rows] for name in rows[0]})
    limit = np.where(np.arange(grid.n) % 5 == 0, np.nan, 5.5)
    kinds = {"limit_mg_kg": "limit", "concentration_mg_kg": "concentration", "overload_probability": "probability"}
    for when, rise in (("now", 0.0), ("end", 0.3)):
        bands = {
            "limit_mg_kg": _land(grid, limit),
            "concentration_mg_kg": _land(grid, 5.0 + rise + 0.5 * noise.random(grid.n)),
            "overload_probability": _land(grid, noise.random(grid.n)),
        }
        io.write_bands(folder / f"{when}.tif", bands, kinds, grid)
    codes = {
        f"{kind}_{when}": grid.expand((np.arange(grid.n) % 7).astype(np.uint8), fill=255)
        for kind in ("class", "landuse")
        for when in ("now", "end")
    }
    io.write_bands(folder / "zones.tif", codes, "class", grid)
    years = grid.expand(np.where(np.arange(grid.n) % 3 == 0, 2040, 9999).astype(np.int16), fill=-1)
    io.write_bands(
        folder / "overload_year.tif",
        {f"{name}_correction": years for name in ("with", "without")},
        "calendar_year",
        grid,
    )
    cube = grid.expand(5.0 + noise.random((3, grid.n)))
    names = ("concentration", "concentration_without_correction")
    variables = dict.fromkeys(names, (("year", "y", "x"), cube, "concentration"))
    io.write_netcdf(
        root / f"results/forecast/{scenario}/{metal}.nc", variables, {"year": np.array([START, 2045, END])}, grid
    )


def _ledger(root, settings, noise):
    rows = [
        (metal, year, scenario, term, 10.0 * (TERMS.index(term) + 1))
        for metal in settings["metals"]
        for year in (2000, 2001)
        for scenario in ("history", *settings["scenarios"])
        for term in TERMS
    ]
    columns = ("metal", "year", "scenario", "term", "kg")
    io.write_table(root / "results/ledger.csv", dict(zip(columns, zip(*rows, strict=True), strict=True)))


def write_truth(root: Path, grid, settings) -> dict:
    """Truth beside the raw folder: the first map of each metal, times 1.1."""
    files = {"record": root / "truth/truth.json", "maps": {}}
    fluxes = {name: 5.0 if name in PROCESSES_IN else -5.0 for name in (*PROCESSES_IN, *PROCESSES_OUT)}
    io.write_json(
        files["record"],
        {"first_year": 2000, "last_year": 2020, "mean_flux_kg_yr": dict.fromkeys(settings["metals"], fluxes)},
    )
    for metal in settings["metals"]:
        path = root / f"truth/{metal}.tif"
        first = io.read_bands(root / f"results/concentration/{metal}/{settings['epochs'][0]}.tif", grid)["mean_mg_kg"]
        io.write_bands(path, dict.fromkeys(("background", "2000", "2020"), 1.1 * first), "concentration", grid)
        files["maps"][metal] = path
    return files
