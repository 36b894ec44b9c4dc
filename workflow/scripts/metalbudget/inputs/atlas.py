"""The input atlas: one self-contained page with a map of each layer and the ranges of each table."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.figures.style import LANDUSE_COLOUR, SERIES
from metalbudget.grid import Grid
from metalbudget.harmonise import project
from metalbudget.inputs import pictures, rasters
from metalbudget.inputs.agreement.provenance import layer_names
from metalbudget.inputs.layers import LAYERS
from metalbudget.inputs.region import Examination
from metalbudget.inputs.tables import Table
from metalbudget.io import write_text

STYLE = """
:root { color-scheme: light dark; --line: #9995; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; }
.card { border: 1px solid var(--line); border-radius: 8px; padding: .8rem; background: var(--soft); }
.card img { width: 100%; height: auto; background: #fff; border-radius: 4px; }
.card h3 { font-size: 1rem; margin: 0 0 .3rem; overflow-wrap: anywhere; }
.card dl { display: grid; grid-template-columns: auto 1fr; gap: 0 .7rem; margin: .4rem 0 0; font-size: .85rem; }
.card dd { margin: 0; } .status { font-size: .75rem; border: 1px solid; border-radius: 1rem; padding: 0 .5rem; }
.measured { color: #1a7f4e; } .derived { color: #2a6ebb; } .assumed { color: #b25b00; }
.generated { color: #8250b0; } .unknown { color: #b3261e; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; } th, td { text-align: left; padding: .15rem .5rem;
border-bottom: 1px solid var(--line); }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.swatch { display: inline-block; width: .9em; height: .9em; margin-right: .4em; vertical-align: -.1em; }
.legend { list-style: none; padding: 0; margin: .4rem 0; font-size: .85rem; }
img.points { width: 17rem; max-width: 100%; }
.scroll { overflow-x: auto; } .problems li { margin-bottom: .5rem; white-space: pre-wrap; }
"""


def write(path: str | Path, examination: Examination, config: Mapping[str, Any]) -> None:
    """Write the atlas of an examined region.

    Parameters
    ----------
    path : path
        Target, an HTML page without any outside reference.
    examination : Examination
    config : mapping
        For the study's title and the assumptions.
    """
    write_text(path, page(examination, config))


def page(examination: Examination, config: Mapping[str, Any]) -> str:
    """The atlas as HTML."""
    status = _statuses(examination)
    title = html.escape(str(config["study"]["title"]))
    parts = [
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>Input atlas: {title}</title>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<style>{STYLE}</style><h1>Input atlas</h1><p>{title}. {_grid_line(examination)}</p>",
        _problems(examination),
    ]
    if examination.grid is not None:
        cards = [_mask_card(examination, status)]
        cards += [
            _raster_card(file, values, _kind_of(file), examination, status)
            for file, values in examination.rasters.items()
        ]
        cards += [_layer_card(file, examination, status) for file in LAYERS if file in examination.layers]
        parts.append(f"<h2>Maps</h2><div class='grid'>{''.join(cards)}</div>")
    parts.append("<h2>Tables</h2>")
    parts += [_table_section(table, status, examination.grid) for table in examination.tables.values()]
    parts.append(_assumptions(config))
    return "\n".join(parts) + "\n"


def _kind_of(file: str) -> rasters.RasterKind:
    if file in rasters.FIXED:
        return rasters.FIXED[file]
    return rasters.IMPERVIOUS if "imperviousness" in file else rasters.LANDUSE


def _grid_line(examination: Examination) -> str:
    grid = examination.grid
    if grid is None:
        return "The study grid could not be read."
    west, south, east, north = grid.bounds
    return (
        f"{grid.width} &times; {grid.height} cells of {grid.cell_m:g} m, {grid.n} on land; {html.escape(grid.crs)}, "
        f"west {west:.10g}, south {south:.10g}, east {east:.10g}, north {north:.10g}."
    )


def _problems(examination: Examination) -> str:
    if not examination.problems:
        return "<p>No problems were found.</p>"
    listed = "".join(f"<li>{html.escape(str(problem))}</li>" for problem in examination.problems)
    return f"<h2>{len(examination.problems)} problems</h2><ol class='problems'>{listed}</ol>"


def _statuses(examination: Examination) -> dict[str, str]:
    """Provenance of each layer name."""
    table = examination.table("provenance")
    if table is None or not table.has("layer", "status"):
        return {}
    return dict(zip(table.text["layer"].tolist(), table.text["status"].tolist(), strict=True))


def _badge(file: str, status: Mapping[str, str]) -> str:
    told = next((status[name] for name in layer_names(file) if name in status), "unknown")
    known = told if told in ("measured", "derived", "assumed", "generated") else "unknown"
    return f"<span class='status {known}'>{html.escape(told)}</span>"


def _card(
    file: str, picture: str, facts: Mapping[str, str], about: str, status: Mapping[str, str], legend: str = ""
) -> str:
    rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in facts.items())
    return (
        f"<div class='card'><h3>{html.escape(file)} {_badge(file, status)}</h3>"
        f"<img alt='map of {html.escape(file, quote=True)}' src='data:image/png;base64,{picture}'>"
        f"<p>{html.escape(about)}</p>{legend}<dl>{rows}</dl></div>"
    )


def _mask_card(examination: Examination, status: Mapping[str, str]) -> str:
    grid = examination.grid
    assert grid is not None
    facts = {"land cells": str(grid.n), "sea cells": str(grid.land.size - grid.n)}
    return _card("mask.tif", pictures.land(grid), facts, rasters.MASK.description, status)


def _raster_card(
    file: str,
    values: NDArray[np.float64],
    kind: rasters.RasterKind,
    examination: Examination,
    status: Mapping[str, str],
) -> str:
    grid = examination.grid
    assert grid is not None
    k = values.shape[0] // grid.height
    land = np.repeat(np.repeat(grid.land, k, axis=0), k, axis=1)
    shown = np.where(land, values, np.nan)
    on_land = values[land]
    finite = on_land[np.isfinite(on_land)]
    facts = {"cell": f"{grid.cell_m / k:g} m ({values.shape[1]} x {values.shape[0]})", "unit": kind.unit}
    facts["missing on land"] = f"{on_land.size - finite.size} cells"
    if kind.classes:
        named = _class_names(file, examination)
        legend = _legend(finite, named)
        picture = pictures.classes(shown, {code: colour for code, (_, colour) in named.items()}, grid)
        return _card(file, picture, facts, kind.description, status, legend)
    if finite.size:
        facts["min / mean / max"] = f"{finite.min():.4g} / {finite.mean():.4g} / {finite.max():.4g}"
    return _card(file, pictures.continuous(shown, grid), facts, kind.description, status)


def _class_names(file: str, examination: Examination) -> dict[int, tuple[str, str]]:
    """Name and colour of each code that the raster's table knows; classes of land use as in the report's maps."""
    landuse = file != "soil/parent_material.tif"
    table = examination.table("landuse_classes" if landuse else "parent_materials")
    if table is None or not table.has("name") or "code" not in table.number:
        return {}
    codes = table.number["code"]
    names = table.text["name"]
    if landuse and table.has("model_class"):
        kinds = table.text["model_class"]
        return {
            int(code): (f"{name}, {kind}" if name != kind else str(name), LANDUSE_COLOUR.get(str(kind), "#000000"))
            for code, name, kind in zip(codes, names, kinds, strict=True)
            if np.isfinite(code)
        }
    found = {int(code): str(name) for code, name in zip(codes, names, strict=True) if np.isfinite(code)}
    return {code: (name, SERIES[index % len(SERIES)]) for index, (code, name) in enumerate(sorted(found.items()))}


def _legend(on_land: NDArray[np.float64], named: Mapping[int, tuple[str, str]]) -> str:
    """Each code on land with its colour, name and share."""
    rows = ""
    for code, count in zip(*np.unique(on_land, return_counts=True), strict=True):
        name, colour = named.get(int(code), ("unknown code", "transparent"))
        rows += (
            f"<li><span class='swatch' style='background:{colour}'></span>"
            f"{code:g} {html.escape(name)}: {100 * count / on_land.size:.1f} %</li>"
        )
    return f"<ul class='legend'>{rows}</ul>"


def _layer_card(file: str, examination: Examination, status: Mapping[str, str]) -> str:
    layer = examination.layers[file]
    facts = {"features": str(layer.n), "columns": ", ".join(layer.columns)}
    assert examination.grid is not None
    picture = pictures.layer(layer.geometry, examination.grid)
    return _card(file, picture, facts, LAYERS[file].description, status)


def _table_section(table: Table, status: Mapping[str, str], grid: Grid | None) -> str:
    properties = table.schema["properties"]
    rows = "".join(_column_row(table, name, properties[name]) for name in table.text)
    return (
        f"<h3>{html.escape(table.file)} {_badge(table.file, status)}</h3>"
        f"<p>{html.escape(table.schema['description'])} {table.n} rows.</p>{_points(table, grid)}"
        "<div class='scroll'><table>"
        "<tr><th>column</th><th>unit</th><th>filled</th><th>min</th><th>mean</th><th>max</th><th>values</th></tr>"
        f"{rows}</table></div>"
    )


def _points(table: Table, grid: Grid | None) -> str:
    """A map of a table's places, if it has any."""
    if grid is None or not {"longitude_deg", "latitude_deg"} <= set(table.number):
        return ""
    degrees = np.unique(np.stack([table.number["longitude_deg"], table.number["latitude_deg"]]), axis=1)
    longitude, latitude = degrees[:, np.isfinite(degrees).all(axis=0)]
    x, y = project(longitude, latitude, grid.crs)
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return ""
    picture = pictures.points(np.asarray(x)[known], np.asarray(y)[known], grid)
    return (
        f"<img class='points' alt='places of {html.escape(table.file, quote=True)}' "
        f"src='data:image/png;base64,{picture}'>"
    )


def _column_row(table: Table, name: str, column: Mapping[str, Any]) -> str:
    filled = int((table.text[name] != "").sum())
    low = mean = high = values = ""
    numbers = table.number.get(name)
    if numbers is not None and np.isfinite(numbers).any():
        low, mean, high = (f"{f(numbers):.6g}" for f in (np.nanmin, np.nanmean, np.nanmax))
    elif numbers is None:
        distinct = np.unique(table.text[name])
        few = ", ".join(str(value) for value in distinct[:12] if value)
        values = few if distinct.size <= 12 else f"{distinct.size} different"
    return (
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(str(column.get('unit', '')))}</td>"
        f"<td class='n'>{filled} of {table.n}</td><td class='n'>{low}</td><td class='n'>{mean}</td>"
        f"<td class='n'>{high}</td><td>{html.escape(values)}</td></tr>"
    )


def _assumptions(config: Mapping[str, Any]) -> str:
    assumed = config["region"]["assumptions"]
    if not assumed:
        return ""
    rows = "".join(
        "<tr>" + "".join(f"<td>{html.escape(str(entry[key]))}</td>" for key in ("layer", "value", "unit", "reason"))
        for entry in assumed
    )
    heading = "<tr><th>layer</th><th>value</th><th>unit</th><th>reason</th></tr>"
    return f"<h2>Assumptions</h2><table>{heading}{rows}</table>"
