"""All raw inputs of a region: each on its own, against each other, and against the configuration."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.inputs import agreement, layers, rasters, tables, weather, with_mend
from metalbudget.inputs.tables import Table
from metalbudget.vectors import Layer

TABLES = {
    "landuse_classes": "landuse_classes.csv",
    "facilities": "facilities.csv",
    "activity": "activity.csv",
    "controls": "controls.csv",
    "area_sources": "area_sources.csv",
    "area_activity": "area_activity.csv",
    "agriculture": "agriculture.csv",
    "irrigation_water": "irrigation_water.csv",
    "parent_materials": "parent_materials.csv",
    "weather_station": "weather/station.csv",
    "deposition_monitors": "deposition_monitors.csv",
    "crustal_share": "crustal_share.csv",
    "background_trend": "background_trend.csv",
    "provenance": "provenance.csv",
}


@dataclass(eq=False)
class Examination:
    """What a check read and what it found.

    Parameters
    ----------
    folder : Path
    problems : list of InputError
    grid : Grid or None
    tables : dict of str to Table
        By file.
    rasters : dict of str to ndarray
        By file; land and sea as in the file, NaN where missing.
    layers : dict of str to Layer
        By file.
    """

    folder: Path
    problems: list[InputError] = field(default_factory=list)
    grid: Grid | None = None
    tables: dict[str, Table] = field(default_factory=dict)
    rasters: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)

    def table(self, name: str) -> Table | None:
        """One of the region's tables by its schema's name."""
        return self.tables.get(TABLES[name])


def scenario_sets(config: Mapping[str, Any], scenarios: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Set and date of every land-use raster that the run's scenarios name."""
    return sorted({(Path(file).parent.name, int(Path(file).stem)) for file in _scenario_files(config, scenarios)})


def _scenario_files(config: Mapping[str, Any], scenarios: Mapping[str, Any]) -> Iterable[str]:
    for name in config["run"]["scenarios"]:
        yield from ((scenarios.get(name) or {}).get("landuse") or {}).values()


def raster_kinds(config: Mapping[str, Any], scenarios: Mapping[str, Any]) -> dict[str, rasters.RasterKind]:
    """Every raster of the study beside the mask."""
    dates = sorted(int(date) for date in config["landuse"]["dates"])
    return {**rasters.FIXED, **rasters.dated_rasters(dates, scenario_sets(config, scenarios))}


def examine(folder: str | Path, config: Mapping[str, Any], scenarios: Mapping[str, Any]) -> Examination:
    """Read and check everything; problems are collected, never raised."""
    folder = Path(folder)
    result = Examination(folder)
    if not folder.is_dir():
        result.problems.append(
            InputError(
                "the raw folder does not exist",
                file=folder,
                found="nothing",
                expected="the folder that region.folder names",
                mend="set region.folder, or let the default region be generated (region.source: generated)",
            )
        )
        return result
    problems = result.problems
    result.grid = rasters.read_mask(folder, problems)
    for name, file in TABLES.items():
        table = tables.read(folder, file, name, problems)
        if table is not None:
            result.tables[file] = table
    _check_weather(result, config)
    _check_surveys(result, config)
    _check_scenario_names(config, scenarios, problems)
    for file in layers.LAYERS:
        layer = layers.read(folder, file, result.grid, problems)
        if layer is not None:
            result.layers[file] = layer
    if result.grid is not None:
        _check_rasters(result, config, scenarios)
    agreement.check(result, config)
    result.problems[:] = with_mend(problems)
    return result


def _check_weather(result: Examination, config: Mapping[str, Any]) -> None:
    for year in sorted({int(year) for year in config["weather"]["years"]}):
        table = weather.check_year(result.folder, year, result.problems, result.table("weather_station"))
        if table is not None:
            result.tables[table.file] = table


def _check_surveys(result: Examination, config: Mapping[str, Any]) -> None:
    for survey in config["surveys"]:
        table = tables.read(result.folder, survey["file"], "survey", result.problems)
        if table is not None:
            result.tables[survey["file"]] = table


def _check_scenario_names(config: Mapping[str, Any], scenarios: Mapping[str, Any], problems: list[InputError]) -> None:
    """Report land-use files whose names the workflow could not follow."""
    for name in config["run"]["scenarios"]:
        for date, file in ((scenarios.get(name) or {}).get("landuse") or {}).items():
            path = Path(file)
            if path.parts[0] != "landuse_scenarios" or len(path.parts) != 3 or path.name != f"{date}.tif":
                problems.append(
                    InputError(
                        "a scenario's land-use file has the wrong name",
                        file="scenarios",
                        where=f"{name}.landuse.{date}",
                        found=file,
                        expected=f"landuse_scenarios/<set>/{date}.tif, inside the raw folder",
                    )
                )


def _check_rasters(result: Examination, config: Mapping[str, Any], scenarios: Mapping[str, Any]) -> None:
    grid = result.grid
    assert grid is not None
    texture = {}
    for file, kind in raster_kinds(config, scenarios).items():
        values = rasters.read(result.folder, file, kind, grid, result.problems)
        if values is None:
            continue
        result.rasters[file] = values
        if file in rasters.TEXTURE:
            texture[file] = values
        if kind.classes:
            name = "parent_materials" if file == "soil/parent_material.tif" else "landuse_classes"
            table = result.table(name)
            if table is not None and "code" in table.number:
                codes = np.unique(table.number["code"])
                known = [int(code) for code in codes[np.isfinite(codes)]]
                rasters.check_codes(values, file, known, table.file, grid, result.problems)
    rasters.check_texture(texture, grid, result.problems)
    carbon, density = (result.rasters.get(f"soil/{name}.tif") for name in ("organic_carbon_pct", "bulk_density_kg_m3"))
    rasters.check_carbon(carbon, density, grid, result.problems)
