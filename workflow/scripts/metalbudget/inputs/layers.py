"""Raw vector layers: CRS, geometry, columns, ids and coverage."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from metalbudget.errors import InputError, nearest
from metalbudget.grid import Grid
from metalbudget.inputs.schema import SUPPLY, nearest_file
from metalbudget.inputs.tables import shown_values
from metalbudget.vectors import Layer, read_vector

COVERED_SHARE = 0.95  # of the land cells' centres; the rest are coastal slivers filled from the nearest district
OVERLAP_SHARE = 0.01


@dataclass(frozen=True)
class LayerKind:
    """What a vector layer holds: its columns with their meaning, and the geometry types it may have."""

    description: str
    columns: dict[str, str]
    geometry: tuple[str, ...]
    key: str


POLYGONS = ("Polygon", "MultiPolygon")
LINES = ("LineString", "MultiLineString")
LAYERS: dict[str, LayerKind] = {
    "districts.gpkg": LayerKind(
        "Districts of the agricultural statistics; together they cover the land.",
        {"district_id": "Name of the district, unique; used in the tables.", "name": "Name to show on maps."},
        POLYGONS,
        "district_id",
    ),
    "roads.gpkg": LayerKind(
        "Roads; traffic is spread by length times vehicles.",
        {"road_id": "Name of the road, unique.", "vehicles_per_day": "Annual mean daily traffic. [vehicles/day]"},
        LINES,
        "road_id",
    ),
    "legacy_areas.gpkg": LayerKind(
        "Areas with a source of the past, such as informal recycling; may have no features.",
        {"area_id": "Name of the area, unique; used as legacy:<area_id>.", "name": "Name to show on maps."},
        POLYGONS,
        "area_id",
    ),
}
VEHICLES_PER_DAY = (0.0, 500000.0)


def read(folder: Path, file: str, grid: Grid | None, problems: list[InputError]) -> Layer | None:
    """Read one layer and check it; None if it cannot be read or lies in another CRS."""
    import shapely

    kind = LAYERS[file]
    if not (folder / file).is_file():
        there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        problems.append(
            InputError(
                "the layer is missing",
                file=file,
                found="nothing",
                expected=f"{kind.description} Columns: {', '.join(kind.columns)}",
                mend=nearest_file(file, there, LAYERS) or SUPPLY,
            )
        )
        return None
    try:
        layer = read_vector(folder / file)
    except InputError as error:
        problems.append(InputError(error.message, file=file, found=error.found, expected="a GeoPackage with one layer"))
        return None
    for name in kind.columns:
        if name not in layer.columns:
            problems.append(
                InputError(
                    f"the column {name!r} is missing",
                    file=file,
                    found=", ".join(layer.columns) or "no columns",
                    expected=f"{name}: {kind.columns[name]}",
                    mend=nearest(name, layer.columns),
                )
            )
    if kind.key in layer.columns:
        _check_ids(layer, file, kind.key, problems)
    types = np.array([shape.geom_type if shape is not None else "nothing" for shape in layer.geometry], dtype=str)
    wrong = ~np.isin(types, kind.geometry)
    if wrong.any():
        problems.append(
            InputError(
                "wrong geometry type",
                file=file,
                where=_features(layer, kind.key, wrong),
                found=shown_values(types[wrong]),
                expected=" or ".join(kind.geometry),
            )
        )
        return None
    broken = ~shapely.is_valid(layer.geometry) | shapely.is_empty(layer.geometry)
    if layer.n and broken.any():
        problems.append(
            InputError(
                "a geometry is not valid",
                file=file,
                where=_features(layer, kind.key, broken),
                found=shapely.is_valid_reason(layer.geometry[broken][0]),
                expected="valid geometries",
                mend="repair the layer, for instance with ogr2ogr -makevalid",
            )
        )
        return None
    if "vehicles_per_day" in kind.columns and "vehicles_per_day" in layer.columns:
        _check_traffic(layer, file, problems)
    if grid is None:
        return layer
    return layer if _check_place(layer, file, grid, problems) else None


def _features(layer: Layer, key: str, bad: Any) -> str:
    names = layer.columns[key][bad] if key in layer.columns else np.flatnonzero(bad) + 1
    return f"feature {shown_values(names)}"


def _check_ids(layer: Layer, file: str, key: str, problems: list[InputError]) -> None:
    names = np.array(["" if value is None else str(value).strip() for value in layer.columns[key]], dtype=str)
    if (names == "").any():
        problems.append(
            InputError(
                "a value is blank",
                file=file,
                where=f"feature {shown_values(np.flatnonzero(names == '') + 1)}, column {key}",
                found="nothing",
                expected=LAYERS[file].columns[key],
            )
        )
    values, counts = np.unique(names, return_counts=True)
    twice = values[(counts > 1) & (values != "")]
    if twice.size:
        problems.append(
            InputError(
                f"duplicate {key}",
                file=file,
                where=f"column {key}",
                found=shown_values(twice),
                expected=f"each {key} once",
                mend=f"merge the features with the same {key} into one multi-geometry",
            )
        )


def _check_traffic(layer: Layer, file: str, problems: list[InputError]) -> None:
    try:
        vehicles = layer.columns["vehicles_per_day"].astype(float)
    except (ValueError, TypeError):
        problems.append(
            InputError(
                "wrong type: not a number",
                file=file,
                where="column vehicles_per_day",
                found=shown_values(layer.columns["vehicles_per_day"]),
                expected=LAYERS[file].columns["vehicles_per_day"],
            )
        )
        return
    low, high = VEHICLES_PER_DAY
    bad = ~((vehicles >= low) & (vehicles <= high))
    if bad.any():
        problems.append(
            InputError(
                "a value is negative" if (vehicles[bad] < 0).all() else "a value is out of range",
                file=file,
                where=f"{_features(layer, 'road_id', bad)}, column vehicles_per_day",
                found=shown_values(f"{value:g}" for value in vehicles[bad]),
                expected=f"{low:g} to {high:g} vehicles/day",
                mend="the values look like vehicles per year; divide by 365"
                if (vehicles[bad] > high).all() and (vehicles[bad] / 365.0 <= high).all()
                else None,
            )
        )


def _check_place(layer: Layer, file: str, grid: Grid, problems: list[InputError]) -> bool:
    import shapely
    from rasterio.crs import CRS

    crs = CRS.from_user_input(layer.crs) if layer.crs else None
    if crs is None or crs != CRS.from_user_input(grid.crs):
        problems.append(
            InputError(
                "the layer has another CRS than the land mask",
                file=file,
                found=layer.crs or "no CRS",
                expected=grid.crs,
                mend=f"ogr2ogr -t_srs {grid.crs} {Path(file).stem}_new.gpkg {file}",
            )
        )
        return False
    if not layer.n:
        if file == "districts.gpkg":
            problems.append(InputError("the layer has no features", file=file, expected=LAYERS[file].description))
            return False
        return True
    region = shapely.box(*grid.bounds)
    outside = ~shapely.intersects(layer.geometry, region)
    if outside.all():
        west, south, east, north = shapely.total_bounds(layer.geometry)
        problems.append(
            InputError(
                "the layer does not overlap the region",
                file=file,
                found=f"west, south, east, north {west:.10g}, {south:.10g}, {east:.10g}, {north:.10g}",
                expected=", ".join(f"{edge:.10g}" for edge in grid.bounds),
                mend="look for swapped coordinates or the layer of another region",
            )
        )
        return False
    if file == "legacy_areas.gpkg" and outside.any():
        problems.append(
            InputError(
                "an area lies outside the region",
                file=file,
                where=_features(layer, "area_id", outside),
                found="no overlap with the study grid",
                expected="areas inside the region",
            )
        )
    if file == "districts.gpkg":
        _check_coverage(layer, file, grid, problems)
    return True


def _check_coverage(layer: Layer, file: str, grid: Grid, problems: list[InputError]) -> None:
    """Report land that belongs to no district, or to two."""
    from rasterio.enums import MergeAlg
    from rasterio.features import rasterize

    count = rasterize(
        [(shape, 1) for shape in layer.geometry],
        out_shape=(grid.height, grid.width),
        transform=grid.transform,
        merge_alg=MergeAlg.add,
        dtype="int32",
    )[grid.land]
    covered = float((count > 0).mean())
    if covered < COVERED_SHARE:
        problems.append(
            InputError(
                "the districts do not cover the land",
                file=file,
                found=f"{100 * covered:.1f} % of the land cells lie in a district",
                expected=f"at least {100 * COVERED_SHARE:g} % (coastal slivers are filled from the nearest district)",
                mend="add the missing districts, or mark the land outside them as sea in mask.tif",
            )
        )
    shared = float((count > 1).mean())
    if shared > OVERLAP_SHARE:
        problems.append(
            InputError(
                "districts overlap",
                file=file,
                found=f"{100 * shared:.1f} % of the land cells lie in two districts",
                expected=f"at most {100 * OVERLAP_SHARE:g} %",
                mend="cut the polygons so that they share borders only",
            )
        )
