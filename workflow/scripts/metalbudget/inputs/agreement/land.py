"""Farm statistics and irrigation water of the districts, background of the parent materials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from metalbudget.errors import InputError
from metalbudget.inputs import rasters, tables

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination


def _districts(result: Examination) -> list[str]:
    layer = result.layers.get("districts.gpkg")
    if layer is None or "district_id" not in layer.columns:
        return []
    return list(dict.fromkeys(str(name) for name in layer.columns["district_id"] if name is not None))


def check_open_land(result: Examination) -> None:
    """Report land-use rasters in which all land is water: there is no soil to follow."""
    table, grid = result.table("landuse_classes"), result.grid
    if table is None or grid is None or not table.has("model_class") or "code" not in table.number:
        return
    water = table.number["code"][table.text["model_class"] == "water"]
    for file, values in result.rasters.items():
        if not file.startswith("landuse/"):
            continue
        on_land = values[rasters.fine_land(grid, values)]
        on_land = on_land[np.isfinite(on_land)]
        if on_land.size and np.isin(on_land, water).all():
            result.problems.append(
                InputError(
                    "the land-use raster holds nothing but water",
                    file=file,
                    found=f"code {', '.join(f'{code:g}' for code in np.unique(on_land))} in every land cell",
                    expected="classes with soil on land",
                    mend="look at the codes in landuse_classes.csv, and at which cells mask.tif has as land",
                )
            )


def check_agriculture(result: Examination, years: list[int], metals: list[str]) -> None:
    """Report districts without farm statistics or irrigation water in a modelled year."""
    districts = _districts(result)
    table = result.table("agriculture")
    if table is not None:
        classes = table.schema["properties"]["landuse_class"]["enum"]
        tables.report_gaps(
            table,
            ("district_id", "year", "landuse_class"),
            [(name, year, kind) for name in districts for year in years for kind in classes],
            result.problems,
            message="year gap: a district, modelled year and class has no row",
            mend="add the rows; zeros for a class that the district does not farm",
        )
    table = result.table("irrigation_water")
    if table is not None:
        tables.report_gaps(
            table,
            ("district_id", "year", "metal"),
            [(name, year, metal) for name in districts for year in years for metal in metals],
            result.problems,
            message="year gap: a district, modelled year and metal has no irrigation water",
        )


def check_parent_materials(result: Examination, metals: list[str]) -> None:
    """Report parent materials without a background, or with two names."""
    table = result.table("parent_materials")
    if table is None or not table.has("code", "metal"):
        return
    raster = result.rasters.get("soil/parent_material.tif")
    codes = table.number["code"]
    if raster is not None and result.grid is not None:
        present = np.unique(raster[np.isfinite(raster)])
        wanted = [int(code) for code in present if (codes == code).any()]
    else:
        wanted = sorted({int(code) for code in codes[np.isfinite(codes)]})
    tables.report_gaps(
        table,
        ("code", "metal"),
        [(code, metal) for code in wanted for metal in metals],
        result.problems,
        message="a parent material has no background for a metal of the run",
    )
    if table.has("name"):
        pairs = {(code, name) for code, name in zip(table.text["code"], table.text["name"], strict=True)}
        named: dict[str, list[str]] = {}
        for code, name in sorted(pairs):
            named.setdefault(str(code), []).append(str(name))
        for code, names in named.items():
            if len(names) > 1:
                result.problems.append(
                    InputError(
                        "a parent material has two names",
                        file=table.file,
                        where=f"code {code}",
                        found=", ".join(names),
                        expected="one name for each code",
                    )
                )
