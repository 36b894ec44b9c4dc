"""The package's edge to a user's raw layers: nested rasters, vectors and tables brought onto the study grid."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget import harmonise, io
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.landuse import CLASSES
from metalbudget.quantities import quantity
from metalbudget.runlog import logger
from metalbudget.vectors import read_vector

FilePath = str | Path
Raster = NDArray[np.float64]
MISSING = -1  # codes are at least 0


def with_gaps(path: FilePath) -> Raster:
    """Values with NaN for nodata, whichever type the raster is stored in."""
    import rasterio

    values = np.asarray(io.read_raster(path), dtype=np.float64)
    with rasterio.open(path) as source:
        missing = source.nodata
    return values if missing is None else np.where(values == missing, np.nan, values)


def continuous(path: FilePath, grid: Grid) -> Raster:
    """Mean of a nested raster in each land cell, NaN at sea."""
    mean = harmonise.block_mean(with_gaps(path), (grid.height, grid.width))
    return np.where(grid.land, mean, np.nan)


def people(path: FilePath, grid: Grid) -> Raster:
    """Persons in each land cell, NaN at sea."""
    persons = harmonise.block_sum(with_gaps(path), (grid.height, grid.width))
    return np.where(grid.land, np.nan_to_num(persons, nan=0.0), np.nan)


def fine_land(rows: int, grid: Grid) -> NDArray[np.bool_]:
    """Land of a nested raster with so many rows."""
    k = rows // grid.height
    return np.repeat(np.repeat(grid.land, k, axis=0), k, axis=1)


def codes(path: FilePath, grid: Grid) -> NDArray[np.int64]:
    """Codes of a nested raster on land, `MISSING` where there is none; shape of the raster."""
    values = with_gaps(path)
    land = fine_land(values.shape[0], grid)
    return np.where(land & np.isfinite(values), np.nan_to_num(values, nan=MISSING), MISSING).astype(np.int64)


def parent_material(path: FilePath, grid: Grid) -> NDArray[np.uint8]:
    """Most frequent code in each land cell, nodata at sea."""
    most = harmonise.majority(codes(path, grid), (grid.height, grid.width), MISSING)
    return np.where(grid.land, most, quantity("class").nodata).astype(np.uint8)


def legend(path: FilePath) -> dict[int, int]:
    """Index of the model's class for each land-use code."""
    table = io.read_table(path, text=("name", "model_class"))
    return {int(code): CLASSES.index(name) for code, name in zip(table["code"], table["model_class"], strict=True)}


def landuse(path: FilePath, impervious: FilePath, class_of_code: Mapping[int, int], grid: Grid) -> dict[str, Raster]:
    """Class fractions and the sealed share of each land cell, by band."""
    shape = (grid.height, grid.width)
    fractions = harmonise.class_fractions(codes(path, grid), shape, dict(class_of_code), len(CLASSES), MISSING)
    bands = {name: np.where(grid.land, fractions[number], np.nan) for number, name in enumerate(CLASSES)}
    bands["impervious"] = np.clip(continuous(impervious, grid), 0.0, 1.0)
    return bands


def surrogates(
    area_sources: FilePath, roads: FilePath, legacy_areas: FilePath, persons: Raster, grid: Grid
) -> dict[str, Raster]:
    """Weights of each area source over the land cells, by source_id.

    Parameters
    ----------
    area_sources, roads, legacy_areas : path
    persons : ndarray, shape (height, width)
        From `people`.
    grid : Grid

    Returns
    -------
    dict of name to ndarray, shape (height, width)
        Each sums to one.

    Raises
    ------
    InputError
        If a source has nothing on land to be spread by.
    """
    sources = io.read_table(area_sources, text=("sector", "surrogate"))
    amounts: dict[str, Raster] = {}
    for surrogate in dict.fromkeys(sources["surrogate"]):
        if surrogate == "population":
            amounts[surrogate] = persons
        elif surrogate == "roads":
            amounts[surrogate] = traffic(roads, grid)
        else:
            amounts[surrogate] = covered(legacy_areas, surrogate.removeprefix("legacy:"), grid)
    weights = {}
    for source, surrogate in zip(sources["source_id"], sources["surrogate"], strict=True):
        try:
            weights[source] = harmonise.to_weights(amounts[surrogate], grid.land)
        except ValueError as error:
            raise InputError(
                "an area source cannot be spread over the land",
                file=area_sources,
                where=f"source_id {source}",
                found=f"{surrogate}: {error}",
                expected="roads with traffic, people, or an area, on land",
            ) from error
    return weights


def traffic(path: FilePath, grid: Grid) -> Raster:
    """Vehicle-kilometres per day of each cell."""
    roads = read_vector(path)
    starts, ends, owner = harmonise.segments_of(roads.geometry)
    vehicles = np.nan_to_num(roads.columns["vehicles_per_day"].astype(float), nan=0.0)
    metres = harmonise.line_lengths(
        starts, ends, vehicles[owner], grid.x_min, grid.y_max, grid.cell_m, (grid.height, grid.width)
    )
    logger.info("%d roads, %.4g vehicle-km a day on the grid", roads.n, metres.sum() / 1000.0)
    return metres / 1000.0


def covered(path: FilePath, area_id: str, grid: Grid) -> Raster:
    """Share of each cell that the polygons of one area cover."""
    areas = read_vector(path)
    share = np.zeros((grid.height, grid.width))
    for name, polygon in zip(areas.columns["area_id"], areas.geometry, strict=True):
        if str(name) == area_id:
            share += harmonise.covered_share(polygon, grid.x_min, grid.y_max, grid.cell_m, (grid.height, grid.width))
    return share
