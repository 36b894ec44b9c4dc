"""Raw rasters: grid, nesting, coverage, codes and ranges."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.inputs.schema import SUPPLY, nearest_file
from metalbudget.inputs.tables import shown_values


@dataclass(frozen=True)
class RasterKind:
    """What a raw raster holds.

    Parameters
    ----------
    description, unit : str
    low, high : float
        Range of valid values on land; for codes the table decides.
    classes : bool
        True for rasters of codes.
    slips : tuple of (unit, factor)
        Units that are mistaken for ours, and the factor that converts them.
    """

    description: str
    unit: str
    low: float
    high: float
    classes: bool = False
    slips: tuple[tuple[str, float], ...] = ()


MASK = RasterKind("Land mask; defines the study grid: 1 land, 0 sea, no other value.", "1", 0, 1, classes=True)
LANDUSE = RasterKind("Land use, in the codes of landuse_classes.csv.", "code", 0, 65535, classes=True)
IMPERVIOUS = RasterKind(
    "Sealed share of the cell.", "1", 0.0, 1.0, slips=(("percent", 0.01), ("a 0..255 byte scale", 1 / 255))
)
FIXED: dict[str, RasterKind] = {
    "dem.tif": RasterKind("Elevation above sea level.", "m", -500.0, 9000.0, slips=(("cm", 0.01), ("mm", 0.001))),
    "population.tif": RasterKind("Persons in the cell.", "persons", 0.0, 1.0e7),
    "rain_factor.tif": RasterKind(
        "Annual rain relative to the weather station.", "1", 0.1, 10.0, slips=(("percent", 0.01), ("mm per year", 5e-4))
    ),
    "soil/sand_pct.tif": RasterKind("Sand, 0.05 to 2 mm.", "%", 0.0, 100.0, slips=(("g/kg", 0.1),)),
    "soil/silt_pct.tif": RasterKind("Silt, 0.002 to 0.05 mm.", "%", 0.0, 100.0, slips=(("g/kg", 0.1),)),
    "soil/clay_pct.tif": RasterKind("Clay, below 0.002 mm.", "%", 0.0, 100.0, slips=(("g/kg", 0.1),)),
    "soil/bulk_density_kg_m3.tif": RasterKind(
        "Bulk density of dry soil.", "kg m-3", 150.0, 2300.0, slips=(("g/cm3", 1000.0), ("cg/cm3", 10.0))
    ),
    "soil/organic_carbon_pct.tif": RasterKind(
        "Organic carbon.", "%", 0.01, 60.0, slips=(("g/kg", 0.1), ("dg/kg", 0.01))
    ),
    "soil/ph_water.tif": RasterKind("pH in water.", "1", 2.5, 11.0, slips=(("pH times 10", 0.1),)),
    "soil/parent_material.tif": RasterKind(
        "Parent material, in the codes of parent_materials.csv.", "code", 0, 254, classes=True
    ),
}
TEXTURE = ("soil/sand_pct.tif", "soil/silt_pct.tif", "soil/clay_pct.tif")
TEXTURE_TOLERANCE_PCT = 2.0
ORGANIC_SOIL_PCT = 12.0
ORGANIC_SOIL_KG_M3 = 900.0
MEND_MASK = (
    "in the raw folder: gdalwarp -r near -t_srs EPSG:THE_UTM_ZONE -tr 500 500 mask.tif mask_new.tif, "
    "then rename mask_new.tif to mask.tif; the other layers follow its CRS"
)


def dated_rasters(dates: list[int], scenario_sets: list[tuple[str, int]]) -> dict[str, RasterKind]:
    """Rasters that the configuration's dates and scenarios call for."""
    wanted = {}
    for date in dates:
        wanted[f"landuse/{date}.tif"] = LANDUSE
        wanted[f"imperviousness/{date}.tif"] = IMPERVIOUS
    for name, date in scenario_sets:
        wanted[f"landuse_scenarios/{name}/{date}.tif"] = LANDUSE
        wanted[f"landuse_scenarios/{name}/imperviousness_{date}.tif"] = IMPERVIOUS
    return wanted


def read_mask(folder: Path, problems: list[InputError]) -> Grid | None:
    """The study grid, or None with the problems that hide it."""
    from metalbudget.io import read_grid

    file = "mask.tif"
    if not (folder / file).is_file():
        problems.append(_missing(folder, file, MASK))
        return None
    try:
        grid = read_grid(folder / file)
    except InputError as error:
        problems.append(
            InputError(
                error.message, file=file, found=error.found, expected=error.expected, mend=error.mend or MEND_MASK
            )
        )
        return None
    unit = _metres_per_unit(grid.crs)
    if unit != 1.0:
        problems.append(
            InputError(
                "the land mask's CRS is not in metres",
                file=file,
                found=f"{grid.crs}, {unit:g} m a unit",
                expected="a projected CRS in metres",
                mend=MEND_MASK,
            )
        )
        return None
    if not grid.n:
        problems.append(InputError("there is no land", file=file, found="no cell is 1", expected="1 on land"))
        return None
    return grid


def _metres_per_unit(crs: str) -> float:
    from rasterio.crs import CRS

    return float(CRS.from_user_input(crs).linear_units_factor[1])


def _missing(folder: Path, file: str, kind: RasterKind) -> InputError:
    parent = (folder / file).parent
    there = sorted(path.name for path in parent.iterdir()) if parent.is_dir() else []
    taken = ["mask.tif", *(Path(name).name for name in FIXED)]
    return InputError(
        "the raster is missing",
        file=file,
        found=f"in its folder: {shown_values(there)}" if there else f"no files in {parent.name}/",
        expected=f"{kind.description} [{kind.unit}]",
        mend=nearest_file(Path(file).name, there, taken) or SUPPLY,
    )


def read(folder: Path, file: str, kind: RasterKind, grid: Grid, problems: list[InputError]) -> NDArray[Any] | None:
    """Read one raster and check it against the grid; values of codes are checked by `check_codes`.

    Returns
    -------
    ndarray, shape (height * k, width * k), or None
        float64 with NaN where missing; None if the raster is missing or elsewhere.
    """
    import rasterio

    from metalbudget.io import CUT_SHORT, MEND_CUT_SHORT

    if not (folder / file).is_file():
        problems.append(_missing(folder, file, kind))
        return None
    try:
        source = rasterio.open(folder / file)
    except rasterio.errors.RasterioIOError as error:
        problems.append(InputError("the file cannot be read as a raster", file=file, found=error, expected="a GeoTIFF"))
        return None
    with source:
        placed = _shape_problem(source, file) or _place_problem(source, file, kind, grid)
        if placed is not None:
            problems.append(placed)
            return None
        try:
            raw = source.read(1)
        except rasterio.errors.RasterioIOError as error:
            problems.append(InputError(CUT_SHORT, file=file, found=error.__cause__ or error, **MEND_CUT_SHORT))
            return None
        nodata = source.nodata
    values = raw.astype(np.float64)
    if nodata is not None and not np.isnan(nodata):
        values[raw == nodata] = np.nan
    values[np.isinf(values)] = np.nan
    _check_values(values, file, kind, grid, problems)
    return values


def _shape_problem(source: Any, file: str) -> InputError | None:
    """Why a file holds no single layer with north up; None if it does."""
    path = Path(file)
    new = (path.parent / f"{path.stem}_new{path.suffix}").as_posix()
    if source.count != 1:
        return InputError(
            "the raster has several bands",
            file=file,
            found=f"{source.count} bands",
            expected="one band",
            mend=f"in the raw folder: gdal_translate -b 1 {file} {new} (or the band that is meant), "
            f"then rename {new} to {file}",
        )
    transform = source.transform
    if transform.a <= 0.0 or transform.e >= 0.0 or transform.b or transform.d:
        return InputError(
            "the raster does not lie north up",
            file=file,
            found=f"steps of {transform.a:g}, {transform.b:g} a column and {transform.d:g}, {transform.e:g} a row",
            expected="columns that run east and rows that run south",
            mend=f"in the raw folder: gdalwarp {file} {new}, then rename {new} to {file}",
        )
    return None


def _place_problem(source: Any, file: str, kind: RasterKind, grid: Grid) -> InputError | None:
    """Why a raster does not fit the study grid; None if it does."""
    from rasterio.crs import CRS

    if source.crs is None or source.crs != CRS.from_user_input(grid.crs):
        return InputError(
            "the raster has another CRS than the land mask",
            file=file,
            found=source.crs.to_string() if source.crs else "no CRS",
            expected=grid.crs,
            mend=_warp(source, file, kind, grid),
        )
    west, south, east, north = grid.bounds
    bounds = source.bounds
    if bounds.right <= west or bounds.left >= east or bounds.top <= south or bounds.bottom >= north:
        return InputError(
            "the raster does not overlap the region",
            file=file,
            found=f"west, south, east, north {_edges(bounds)}",
            expected=_edges(grid.bounds),
            mend="look for swapped coordinates, a false zone, or the raster of another region",
        )
    transform = source.transform
    factor = grid.cell_m / transform.a if transform.a > 0 else 0.0
    whole = round(factor)
    tolerance = grid.cell_m * 1.0e-6
    on_grid = (
        whole >= 1
        and abs(factor - whole) < 1.0e-6 * whole
        and abs(transform.a + transform.e) < tolerance
        and transform.b == 0.0
        and transform.d == 0.0
        and abs(transform.c - grid.x_min) < tolerance
        and abs(transform.f - grid.y_max) < tolerance
        and (source.height, source.width) == (grid.height * whole, grid.width * whole)
    )
    if on_grid:
        return None
    return InputError(
        "the raster is neither on the study grid nor nested in it",
        file=file,
        found=_cells(source.width, source.height, transform.a, transform.c, transform.f),
        expected=_cells(grid.width, grid.height, grid.cell_m, grid.x_min, grid.y_max)
        + ", or each of them divided into k x k",
        mend=_warp(source, file, kind, grid),
    )


def _warp(source: Any, file: str, kind: RasterKind, grid: Grid) -> str:
    """The command that brings a raster onto the study grid without changing what its values mean."""
    if kind.classes:
        method = "-r near"
    elif kind.unit == "persons":
        method = "-r sum -ot Float32"  # counts: only a sum keeps the total
    else:
        method = "-r average -ot Float32"
    zone = "-s_srs THE_CRS_OF_THE_FILE " if source.crs is None else ""
    own = _own_cell_m(source)
    factor = round(grid.cell_m / own) if own else 0
    nested = own is not None and factor >= 1 and abs(grid.cell_m / own - factor) < 1.0e-6 * factor
    cell = f"{own if nested else grid.cell_m:.10g}"
    edges = " ".join(f"{edge:.10g}" for edge in grid.bounds)
    path = Path(file)
    new = (path.parent / f"{path.stem}_new{path.suffix}").as_posix()
    command = f"gdalwarp {method} {zone}-t_srs {grid.crs} -te {edges} -tr {cell} {cell} {file} {new}"
    finer = not nested and (own is None or own < grid.cell_m)
    note = f" (a smaller -tr that divides {grid.cell_m:g} keeps more of a fine raster)" if finer else ""
    return f"in the raw folder: {command}{note}, then rename {new} to {file}"


def _own_cell_m(source: Any) -> float | None:
    """Cell size of a raster in metres, None if it has no square cells in metres. [m]"""
    transform = source.transform
    if source.crs is None or not source.crs.is_projected or abs(transform.a + transform.e) > 1.0e-6 * abs(transform.a):
        return None
    size = float(transform.a) * float(source.crs.linear_units_factor[1])
    return size if size > 0.0 else None


def _cells(columns: int, rows: int, cell_m: float, x_min: float, y_max: float) -> str:
    return f"{columns} x {rows} cells of {cell_m:g} m from ({x_min:.10g}, {y_max:.10g})"


def _edges(bounds: Any) -> str:
    return ", ".join(f"{edge:.10g}" for edge in bounds)


def _blocks(values: NDArray[Any], grid: Grid) -> NDArray[Any]:
    """View with each study cell's fine cells: shape (height, width, k, k)."""
    k = values.shape[0] // grid.height
    return values.reshape(grid.height, k, grid.width, k).swapaxes(1, 2)


def _cell_names(bad: NDArray[np.bool_]) -> str:
    rows, columns = np.nonzero(bad)
    shown = ", ".join(f"({row}, {column})" for row, column in zip(rows[:3], columns[:3], strict=True))
    more = f" and {rows.size - 3} more" if rows.size > 3 else ""
    return f"land cell{'s' if rows.size > 1 else ''} (row, column) {shown}{more}"


def _check_values(
    values: NDArray[np.float64], file: str, kind: RasterKind, grid: Grid, problems: list[InputError]
) -> None:
    blocks = _blocks(values, grid)
    empty = grid.land & np.isnan(blocks).all(axis=(2, 3))
    if empty.any():
        problems.append(
            InputError(
                "values are missing on land",
                file=file,
                where=_cell_names(empty),
                found=f"no value in {empty.sum()} of {grid.n} land cells",
                expected=f"{kind.description} [{kind.unit}] in every land cell",
                mend="give each of them a code (the nearest cell's; codes cannot be interpolated), "
                "or mark the cells as sea in mask.tif"
                if kind.classes
                else "fill the gaps (gdal_fillnodata), or mark the cells as sea in mask.tif",
            )
        )
    if kind.classes:
        return
    with np.errstate(invalid="ignore"):
        outside = ((values < kind.low) | (values > kind.high)) & fine_land(grid, values)
    if outside.any():
        refused = values[outside]
        unit = "" if kind.unit == "1" else f" {kind.unit}"
        cells = np.asarray(_blocks(outside, grid).any(axis=(2, 3)))
        problems.append(
            InputError(
                "a value is negative" if kind.low == 0 and (refused < 0).all() else "values are out of range",
                file=file,
                where=_cell_names(cells),
                found=f"{refused.min():g} to {refused.max():g} in {cells.sum()} of {grid.n} land cells",
                expected=f"{kind.low:g} to {kind.high:g}{unit}: {kind.description}",
                mend=_slip_hint(values[fine_land(grid, values)], kind),
            )
        )


def fine_land(grid: Grid, values: NDArray[Any]) -> NDArray[np.bool_]:
    """The land mask on a raster's own cells, which are nested in the grid's; shape of `values`."""
    k = values.shape[0] // grid.height
    return grid.land if k == 1 else np.repeat(np.repeat(grid.land, k, axis=0), k, axis=1)


def _slip_hint(values: NDArray[np.float64], kind: RasterKind) -> str | None:
    finite = values[np.isfinite(values)]
    for unit, factor in kind.slips:
        converted = finite * factor
        if converted.min() >= kind.low and converted.max() <= kind.high:
            return f"the values look like {unit}; convert them to {kind.unit if kind.unit != '1' else 'our scale'}"
    if np.min(finite, initial=0.0) < -9000.0:
        return "a missing value such as -9999 is not declared as nodata (gdal_edit -a_nodata)"
    return None


def check_codes(
    values: NDArray[np.float64], file: str, known: list[int], table: str, grid: Grid, problems: list[InputError]
) -> None:
    """Report codes on land that the class table does not name."""
    on_land = values[fine_land(grid, values)]
    present = np.unique(on_land[np.isfinite(on_land)])
    unknown = present[~np.isin(present, known)]
    if unknown.size:
        cells = _blocks(np.isin(values, unknown), grid).any(axis=(2, 3)) & grid.land
        problems.append(
            InputError(
                f"unknown class code {shown_values(f'{code:g}' for code in unknown)}",
                file=file,
                where=_cell_names(cells),
                found=shown_values(f"{code:g}" for code in unknown),
                expected=f"the codes of {table}: {', '.join(str(code) for code in known)}",
                mend=f"add the code to {table}, or declare it as nodata if it means 'no value'",
            )
        )


def check_carbon(
    carbon: NDArray[Any] | None, density: NDArray[Any] | None, grid: Grid, problems: list[InputError]
) -> None:
    """Report a region of peat that is as heavy as mineral soil: organic carbon in g/kg.

    Soils above 12 % organic carbon are organic and weigh a few hundred kg m-3 (IUSS Working Group WRB 2022).
    """
    if carbon is None or density is None:
        return
    carbon, density = carbon[fine_land(grid, carbon)], density[fine_land(grid, density)]
    if not (np.isfinite(carbon).any() and np.isfinite(density).any()):
        return
    found, weight = float(np.nanmedian(carbon)), float(np.nanmedian(density))
    if found <= ORGANIC_SOIL_PCT or weight <= ORGANIC_SOIL_KG_M3:
        return
    problems.append(
        InputError(
            "the organic carbon does not fit the bulk density",
            file="soil/organic_carbon_pct.tif",
            found=f"a median of {found:.3g} % on land, at {weight:.4g} kg m-3",
            expected=f"at most {ORGANIC_SOIL_PCT:g} % in soils above {ORGANIC_SOIL_KG_M3:g} kg m-3",
            mend="the values look like g/kg; divide them by 10",
        )
    )


def check_texture(parts: Mapping[str, NDArray[np.float64]], grid: Grid, problems: list[InputError]) -> None:
    """Report land cells whose sand, silt and clay do not sum to 100 %."""
    if set(parts) != set(TEXTURE):
        return
    total = np.zeros((grid.height, grid.width))
    for values in parts.values():
        blocks = _blocks(values, grid)
        valid = np.isfinite(blocks)
        count = valid.sum(axis=(2, 3))
        total += np.where(valid, blocks, 0.0).sum(axis=(2, 3)) / np.where(count, count, np.nan)
    with np.errstate(invalid="ignore"):
        bad = grid.land & (np.abs(total - 100.0) > TEXTURE_TOLERANCE_PCT)
    if bad.any():
        shares = np.allclose(total[bad], 1.0, atol=0.05)
        problems.append(
            InputError(
                "sand, silt and clay do not sum to 100 %",
                file="soil/sand_pct.tif, silt_pct.tif, clay_pct.tif",
                where=_cell_names(bad),
                found=f"sums from {total[bad].min():.4g} to {total[bad].max():.4g}",
                expected=f"100 +- {TEXTURE_TOLERANCE_PCT:g} %",
                mend="the values look like shares between 0 and 1; multiply them by 100"
                if shares
                else "rescale the three so that they sum to 100",
            )
        )
