"""docs/inputs.md, written from the schemas: `python -m metalbudget.inputs.manual > docs/inputs.md`."""

from collections.abc import Mapping
from typing import Any

from metalbudget.inputs import layers, rasters
from metalbudget.inputs.region import TABLES
from metalbudget.inputs.schema import table_schema

INTRODUCTION = """\
# Raw inputs

What a region needs, file by file. The default study generates the same files; copy them, replace what you have, and
check your own with

    metalbudget check --directory STUDY --atlas atlas.html

which reports every problem of every file at once (exit code 2) and draws each layer. `snakemake` makes the same check
before any job starts.

All files stand in one folder, named by `region.folder` in the configuration. Points are given in longitude and
latitude (WGS84, degrees). Tables are CSV in UTF-8 with commas between the columns and points as decimal signs; a value
may be blank only where the column says so. Nothing may be missing: what you assume goes into the file, is labelled
`assumed` in `provenance.csv`, and is shown in the report.

This page is written from the schemas in `workflow/schemas/raw` (`python -m metalbudget.inputs.manual`).

- **Modelled years** are the keys of `weather.of_year` (an empty list there drops a year of the default configuration).
- **Metals of the run** are `run.metals`; more may stand in the tables.
"""

GRID = """\
## Rasters

`mask.tif` defines the study grid: square cells in a projected CRS in metres. Every other raster has the same CRS and
the same outer edges, and cells of the same size or an integer fraction of it (500 m cells may be fed by a 100 m or
50 m raster). Finer cells are averaged over those with a value, class codes are counted as shares, persons are summed.
Every land cell needs a value, or at least one finer cell with a value.

| file | holds | unit | range |
|---|---|---|---|
"""

NOTES = """
Each file holds one band, north up. The three texture rasters sum to 100 ± 2 % in each land cell; a median above 12 %
organic carbon goes with a bulk density below 900 kg m⁻³ (else it is g/kg). `{date}` stands for each year of
`landuse.dates`; a scenario in the scenarios file names its own dated land use, `landuse_scenarios/{set}/{date}.tif`,
which needs the imperviousness beside it.

## Vector layers

GeoPackages with one layer each, in the CRS of `mask.tif`.

"""


def manual() -> str:
    """The page's text."""
    parts = [INTRODUCTION, GRID.rstrip("\n"), _raster_rows(), "", NOTES.strip("\n"), ""]
    for file, kind in layers.LAYERS.items():
        columns = "\n".join(f"| `{name}` | {meaning} |" for name, meaning in kind.columns.items())
        parts += [f"### {file}\n\n{kind.description} Geometry: {' or '.join(kind.geometry)}.\n"]
        parts += [f"| column | meaning |\n|---|---|\n{columns}\n"]
    parts += [f"Districts hold at least {100 * layers.COVERED_SHARE:g} % of the land cells' centres; coastal slivers"]
    parts += ["take the nearest district. Roads are cut at the cell borders; parts at sea spread no traffic.\n"]
    parts += ["## Tables\n"]
    for name in [*TABLES, "weather", "weather_rain", "survey"]:
        parts += [_table(table_schema(name))]
    return "\n".join(parts).rstrip("\n") + "\n"


def _raster_rows() -> str:
    shown = {
        "mask.tif": rasters.MASK,
        "landuse/{date}.tif": rasters.LANDUSE,
        "imperviousness/{date}.tif": rasters.IMPERVIOUS,
        **rasters.FIXED,
        "landuse_scenarios/{set}/{date}.tif": rasters.LANDUSE,
        "landuse_scenarios/{set}/imperviousness_{date}.tif": rasters.IMPERVIOUS,
    }
    return "\n".join(
        f"| `{file}` | {kind.description} | {kind.unit} | {kind.low:g} to {kind.high:g} |"
        for file, kind in shown.items()
    )


def _table(schema: Mapping[str, Any]) -> str:
    lines = [f"### {schema['title']}", "", schema["description"]]
    if schema.get("may_be_empty"):
        lines[-1] += " May have no rows."
    lines += ["", "| column | unit | allowed | meaning |", "|---|---|---|---|"]
    for name, column in schema["properties"].items():
        lines.append(f"| `{name}` | {column.get('unit', '')} | {_allowed(column)} | {column['description']} |")
    lines += ["", f"Unique: {', '.join(schema['key'])}.", "", *(f"- {rule}" for rule in schema.get("rules", ()))]
    lines += ["", "```csv", ",".join(schema["properties"])]
    examples = [column["examples"] for column in schema["properties"].values()]
    lines += [",".join("" if value is None else str(value) for value in row) for row in zip(*examples, strict=True)]
    lines += ["```", ""]
    return "\n".join(lines)


def _allowed(column: Mapping[str, Any]) -> str:
    kinds = column["type"] if isinstance(column["type"], list) else [column["type"]]
    blank = ", or blank" if "null" in kinds else ""
    if "enum" in column:
        return ", ".join(f"`{choice}`" for choice in column["enum"]) + blank
    if "minimum" in column:
        whole = "whole, " if "integer" in kinds else ""
        return f"{whole}{column['minimum']:g} to {column['maximum']:g}{blank}"
    if "references" in column:
        return f"a name of `{column['references'].replace('configuration.', 'configuration: ')}`{blank}"
    if "format" in column:
        return {"date": "day, `2000-10-14`", "date-time": "time, `2018-01-01T01:00`"}[column["format"]]
    return f"text{blank}"


if __name__ == "__main__":
    print(manual(), end="")
