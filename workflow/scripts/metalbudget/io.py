"""The package's edge to the disk: rasters, cubes and tables, with units, grid and range checked.

Writers write beside the target and rename, so a killed job leaves nothing that looks finished; they
write the same bytes for the same values. Readers refuse a raster on another grid.
"""

import contextlib
import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.landuse import CLASSES, LandUse, bracket, open_shares
from metalbudget.quantities import Quantity, quantity

# Formats that would write the time of day take it from here, so that bytes repeat.
FIXED_DATE = "2000-01-01T00:00:00Z"


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if all went well, else remove it."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


# --- rasters ------------------------------------------------------------------------------------------


CUT_SHORT = "the raster cannot be read to its end"
MEND_CUT_SHORT = {"expected": "a complete GeoTIFF", "mend": "copy or download the file again"}


def read_grid(path: str | Path) -> Grid:
    """Read the study grid from a land mask (1 land, 0 sea)."""
    import rasterio

    with _opened(rasterio, path) as source:
        mask = source.read(1)
        transform = source.transform
        if source.crs is None or not source.crs.is_projected:
            raise InputError(
                "the land mask has no projected CRS",
                file=path,
                found=source.crs,
                expected="a projected CRS in metres",
                mend="gdal_edit.py -a_srs EPSG:THE_CODE mask.tif, if its coordinates are metres of a projected CRS"
                if source.crs is None
                else "reproject the mask, for instance with gdalwarp -t_srs EPSG:32651",
            )
        if abs(transform.a + transform.e) > 1.0e-6 or transform.b or transform.d:
            raise InputError(
                "cells are not square and north-up",
                file=path,
                found=f"{transform.a} x {transform.e}",
                expected="square cells, north up",
                mend="resample the mask to square cells with gdalwarp -tr",
            )
        unknown = np.setdiff1d(np.unique(mask), [0, 1])
        if unknown.size:
            raise InputError(
                "the land mask holds other values than 0 and 1",
                file=path,
                found=", ".join(f"{value:g}" for value in unknown[:5]),
                expected="1 on land, 0 at sea",
                mend='write 1 where there is land and 0 elsewhere, for instance gdal_calc.py -A mask.tif --calc="A>0" '
                "--type=Byte --outfile=mask_new.tif",
            )
        return Grid(
            crs=source.crs.to_string(),
            x_min=float(transform.c),
            y_max=float(transform.f),
            cell_m=float(transform.a),
            height=source.height,
            width=source.width,
            land=mask == 1,
        )


@contextlib.contextmanager
def _opened(rasterio, path: str | Path):
    if not Path(path).exists():
        raise InputError("the file does not exist", file=path, expected="a GeoTIFF")
    try:
        source = rasterio.open(path)
    except rasterio.errors.RasterioIOError as error:
        raise InputError("the file cannot be read as a raster", file=path, found=error) from error
    with source:
        try:
            yield source
        except rasterio.errors.RasterioIOError as error:
            raise InputError(CUT_SHORT, file=path, found=error.__cause__ or error, **MEND_CUT_SHORT) from error


def _check_grid(source, grid: Grid, path: str | Path) -> None:
    same = (
        source.height == grid.height
        and source.width == grid.width
        and np.allclose(list(source.transform)[:6], list(grid.transform)[:6], rtol=0, atol=grid.cell_m * 1e-6)
    )
    if not same:
        raise InputError(
            "the raster is not on the study grid",
            file=path,
            found=f"{source.width} x {source.height} cells from ({source.transform.c}, {source.transform.f})",
            expected=f"{grid.width} x {grid.height} cells from ({grid.x_min}, {grid.y_max})",
        )
    if source.crs is not None and source.crs.to_string() != grid.crs:
        raise InputError("the raster has another CRS", file=path, found=source.crs, expected=grid.crs)


def read_raster(path: str | Path, grid: Grid | None = None, band: int = 1) -> NDArray:
    """Read one band: floats as float64 with NaN, class rasters as integers with their nodata value."""
    import rasterio

    with _opened(rasterio, path) as source:
        if grid is not None:
            _check_grid(source, grid, path)
        return _values(source, band)


def _values(source, band: int) -> NDArray:
    values = source.read(band)
    if np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float64)
        if source.nodata is not None and not np.isnan(source.nodata):
            values[values == source.nodata] = np.nan
    return values


def read_bands(path: str | Path, grid: Grid | None = None) -> dict[str, NDArray]:
    """Read every band under its description."""
    import rasterio

    with _opened(rasterio, path) as source:
        if grid is not None:
            _check_grid(source, grid, path)
        if not all(source.descriptions):
            raise InputError("the bands have no names", file=path, expected="a description for each band")
        return {name: _values(source, number) for number, name in enumerate(source.descriptions, 1)}


def write_raster(path: str | Path, values: NDArray, name: str, grid: Grid, **tags: object) -> None:
    """Write one band of the registry's quantity `name`."""
    write_bands(path, {name: values}, name, grid, **tags)


def write_bands(
    path: str | Path,
    bands: Mapping[str, NDArray],
    names: str | Mapping[str, str],
    grid: Grid,
    **tags: object,
) -> None:
    """Write named bands as a tiled, deflated GeoTIFF with units.

    Parameters
    ----------
    path : path
    bands : mapping of name to ndarray, shape (height, width)
    names : str or mapping of band name to str
        Quantity in the registry; all bands are continuous or all are classes.
    grid : Grid
    **tags
        Further metadata of the file.

    Raises
    ------
    ValueError
        If a value is outside the registry's range or a band is off the grid.
    """
    import rasterio

    kinds = {band: quantity(names if isinstance(names, str) else names[band]) for band in bands}
    if len({kind.kind for kind in kinds.values()}) != 1:
        raise ValueError(f"{path}: one file holds either continuous bands or classes")
    first = next(iter(kinds.values()))
    arrays = {band: _checked(values, kinds[band], grid, f"{path}: {band}") for band, values in bands.items()}
    dtype = np.result_type(*arrays.values())
    profile = {
        "driver": "GTiff",
        "height": grid.height,
        "width": grid.width,
        "count": len(arrays),
        "dtype": dtype.name,
        "crs": grid.crs,
        "transform": grid.transform,
        "nodata": float("nan") if first.kind == "continuous" else first.nodata,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
        "compress": "deflate",
        "predictor": 3 if first.kind == "continuous" else 2,
        "interleave": "band",
    }
    with replacing(path) as temporary, rasterio.open(temporary, "w", **profile) as target:
        for number, (band, values) in enumerate(arrays.items(), 1):
            target.write(values.astype(dtype), number)
            target.set_band_description(number, band)
            target.update_tags(number, units=kinds[band].unit, long_name=kinds[band].long_name)
        target.update_tags(**{key: str(value) for key, value in sorted(tags.items())})


def _checked(values: NDArray, kind: Quantity, grid: Grid, place: str) -> NDArray:
    values = np.asarray(values)
    if values.shape != (grid.height, grid.width):
        raise ValueError(f"{place}: shape {values.shape} is not the grid's {(grid.height, grid.width)}")
    if kind.kind == "continuous":
        finite = values[np.isfinite(values)]
        if np.isinf(values).any():
            raise ValueError(f"{place}: holds infinite values")
        _check_range(finite, kind, place)
        return values.astype(np.float32)
    if np.issubdtype(values.dtype, np.floating):
        raise ValueError(f"{place}: a class raster must be integer")
    _check_range(values[values != kind.nodata], kind, place)
    return values


def _check_range(values: NDArray, kind: Quantity, place: str) -> None:
    if values.size and (values.min() < kind.low or values.max() > kind.high):
        raise ValueError(
            f"{place}: values {values.min():g}..{values.max():g} {kind.unit} leave the range "
            f"{kind.low:g}..{kind.high:g} of {kind.long_name}"
        )


def read_landuse(files: Mapping[int, str | Path], year: float, grid: Grid) -> LandUse:
    """Land use of a year, linear in class shares between the two dated rasters around it."""
    try:
        first, second, weight = bracket([int(date) for date in files], year)
    except ValueError as error:
        raise InputError(
            f"no land use for {year}",
            found=f"land-use dates {sorted(files)}",
            expected="dates on both sides of every modelled year",
            mend="add dated land-use rasters and list them in landuse.dates",
        ) from error
    by_date = {int(date): path for date, path in files.items()}
    state = read_landuse_state(by_date[first], grid)
    if second == first or weight == 0.0:
        return state
    return LandUse.between(state, read_landuse_state(by_date[second], grid), weight)


def read_landuse_state(path: str | Path, grid: Grid) -> LandUse:
    """Land use of one dated raster of class fractions."""
    bands = read_bands(path, grid)
    fractions = np.stack([grid.compress(bands[name]) for name in CLASSES])
    return open_shares(fractions, np.clip(grid.compress(bands["impervious"]), 0.0, 1.0))


# --- cubes --------------------------------------------------------------------------------------------


class Cube:
    """A NetCDF-4 file that is being written; see `writing_netcdf`.

    Parameters
    ----------
    target : netCDF4.Dataset
    grid : Grid or None
    path : path
        Named in errors.
    """

    def __init__(self, target: Any, grid: Grid | None, path: str | Path) -> None:
        self._target, self._grid, self._path = target, grid, path
        self._kinds: dict[str, Quantity] = {}

    def create(self, name: str, dimensions: Sequence[str], dtype: Any, kind_name: str) -> None:
        """Make a variable, to be filled by `put`; floats on the grid are stored in single precision."""
        kind = self._kinds[name] = quantity(kind_name)
        shape = tuple(len(self._target.dimensions[dimension]) for dimension in dimensions)
        gridded = self._grid is not None and tuple(dimensions[-2:]) == ("y", "x")
        if gridded and np.issubdtype(dtype, np.floating):
            dtype = np.float32
        chunks = (1,) * (len(dimensions) - 2) + shape[-2:] if gridded else None
        variable = self._target.createVariable(
            name, dtype, tuple(dimensions), zlib=True, complevel=1, shuffle=True, chunksizes=chunks
        )
        variable.units = kind.unit
        variable.long_name = kind.long_name
        if gridded:
            variable.grid_mapping = "crs"

    def put(self, name: str, values: NDArray, position: int | None = None) -> None:
        """Write a variable, or its part at a position of the first dimension."""
        variable, kind = self._target[name], self._kinds[name]
        values = np.asarray(values)
        if np.issubdtype(values.dtype, np.floating):
            values = values.astype(variable.dtype)
            _check_range(values[np.isfinite(values)], kind, f"{self._path}: {name}")
        variable[... if position is None else position] = values

    def write(self, name: str, dimensions: Sequence[str], values: NDArray, kind_name: str) -> None:
        """Make and fill a variable."""
        values = np.asarray(values)
        self.create(name, dimensions, values.dtype, kind_name)
        self.put(name, values)


@contextlib.contextmanager
def writing_netcdf(
    path: str | Path, coords: Mapping[str, Any], grid: Grid | None = None, **attributes: object
) -> Iterator[Cube]:
    """Write a NetCDF-4 cube with CF metadata, variable by variable or piece by piece.

    Parameters
    ----------
    path : path
        In place when all is written.
    coords : mapping of dimension to values
        Numbers or text; 'y' and 'x' come from `grid`.
    grid : Grid, optional
    **attributes
        Global attributes.
    """
    import netCDF4

    coords = dict(coords)
    if grid is not None:
        coords.setdefault("y", grid.y)
        coords.setdefault("x", grid.x)
    with replacing(path) as temporary, netCDF4.Dataset(temporary, "w", format="NETCDF4") as target:
        target.Conventions = "CF-1.11"
        for key, value in sorted(attributes.items()):
            target.setncattr(key, value if isinstance(value, int | float) else str(value))
        for dimension, values in coords.items():
            _write_coordinate(target, dimension, values, grid)
        if grid is not None:
            _write_crs(target, grid)
        yield Cube(target, grid, path)


def write_netcdf(
    path: str | Path,
    variables: Mapping[str, tuple[Sequence[str], NDArray, str]],
    coords: Mapping[str, Any],
    grid: Grid | None = None,
    **attributes: object,
) -> None:
    """Write a NetCDF-4 cube with CF metadata.

    Parameters
    ----------
    path : path
    variables : mapping of name to (dimensions, array, quantity name)
        Floats are stored as given, except on grid dimensions where float32 is used.
    coords, grid, **attributes
        As of `writing_netcdf`.
    """
    with writing_netcdf(path, coords, grid, **attributes) as cube:
        for name, (dimensions, values, kind_name) in variables.items():
            cube.write(name, dimensions, values, kind_name)


def _write_coordinate(target, dimension: str, values: Any, grid: Grid | None) -> None:
    target.createDimension(dimension, len(values))
    if len(values) and isinstance(values[0], str):
        variable = target.createVariable(dimension, str, (dimension,))
        for position, text in enumerate(values):
            variable[position] = text
        return
    values = np.asarray(values)
    variable = target.createVariable(dimension, values.dtype, (dimension,))
    variable[:] = values
    if grid is not None and dimension in ("x", "y"):
        variable.units = "m"
        variable.standard_name = f"projection_{dimension}_coordinate"


def _write_crs(target, grid: Grid) -> None:
    from rasterio.crs import CRS

    variable = target.createVariable("crs", "i4")
    variable.crs_wkt = CRS.from_string(grid.crs).to_wkt()
    transform = grid.transform
    variable.GeoTransform = f"{transform.c} {transform.a} {transform.b} {transform.f} {transform.d} {transform.e}"


def read_netcdf(path: str | Path, names: Iterable[str] | None = None) -> dict[str, Any]:
    """Read variables and coordinates as arrays (text coordinates as lists of str)."""
    import netCDF4

    if not Path(path).exists():
        raise InputError("the file does not exist", file=path, expected="a NetCDF file")
    with netCDF4.Dataset(path) as source:
        source.set_auto_mask(False)
        wanted = [name for name in source.variables if name != "crs"] if names is None else list(names)
        result: dict[str, Any] = {}
        for name in wanted:
            values = source.variables[name][...]
            result[name] = [str(text) for text in values] if values.dtype.kind in "OU" else np.asarray(values)
        return result


def mean_responses(paths: Sequence[str | Path], names: Iterable[str] | None = None) -> dict[str, Any]:
    """Mean of every floating variable (or of those named) over the response files of several weather years."""
    if not paths:
        raise ValueError("no response file given")
    names = None if names is None else list(names)
    first = read_netcdf(paths[0], names)
    for path in paths[1:]:
        other = read_netcdf(path, names)
        for name, values in first.items():
            if isinstance(values, np.ndarray) and np.issubdtype(values.dtype, np.floating):
                first[name] = values + other[name]
    if len(paths) > 1:
        for name, values in first.items():
            if isinstance(values, np.ndarray) and np.issubdtype(values.dtype, np.floating):
                first[name] = values / len(paths)
    return first


# --- tables and records -------------------------------------------------------------------------------


def read_table(path: str | Path, text: Sequence[str] = ()) -> dict[str, NDArray]:
    """Read a CSV as columns.

    A column is text if its name ends in ``_id``, is listed in `text`, or holds a value that is not a
    number; else float64 with NaN for blank.
    """
    if not Path(path).exists():
        raise InputError("the file does not exist", file=path, expected="a CSV table")
    try:
        with open(path, newline="", encoding="utf-8-sig") as source:
            rows = list(csv.reader(source))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            "the table cannot be read", file=path, found=error, expected="CSV as UTF-8 text", mend="save it as UTF-8"
        ) from error
    if not rows:
        raise InputError("the table is empty", file=path, expected="a header row")
    header, body = rows[0], rows[1:]
    for number, row in enumerate(body, 2):
        if len(row) != len(header):
            raise InputError(
                "a row has another number of fields than the header",
                file=path,
                where=f"row {number}",
                found=len(row),
                expected=len(header),
            )
    columns: dict[str, NDArray] = {}
    for position, name in enumerate(header):
        values = [row[position].strip() for row in body]
        columns[name] = _column(values, as_text=name.endswith("_id") or name in text)
    return columns


def _column(values: list[str], as_text: bool) -> NDArray:
    if not as_text:
        try:
            return np.array([float(value) if value else np.nan for value in values], dtype=np.float64)
        except ValueError:
            pass
    return np.array(values, dtype=object)


def write_table(path: str | Path, columns: Mapping[str, Any]) -> None:
    """Write columns as CSV; floats in full precision, NaN as blank."""
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{path}: columns differ in length: {lengths}")
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(value) for value in row] for row in zip(*columns.values(), strict=True))


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        if np.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < 1.0e15 else repr(number)
    return str(value)


def read_json(path: str | Path) -> Any:
    """Read a JSON file."""
    if not Path(path).exists():
        raise InputError("the file does not exist", file=path, expected="a JSON file")
    with open(path, encoding="utf-8") as source:
        return json.load(source)


def write_json(path: str | Path, content: Any) -> None:
    """Write a JSON file with sorted keys."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as target:
        json.dump(content, target, indent=1, sort_keys=True, default=_plain, allow_nan=False)
        target.write("\n")


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def write_text(path: str | Path, content: str) -> None:
    """Write a text file."""
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8")
