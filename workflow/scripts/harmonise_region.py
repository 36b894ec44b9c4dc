"""Bring every raw layer onto the study grid."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from metalbudget import harmonise, io
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.landuse import CLASSES
from metalbudget.quantities import quantity
from metalbudget.runlog import logger, logging_to
from metalbudget.vectors import read_vector

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

SOIL = {
    "sand_pct": "percentage",
    "silt_pct": "percentage",
    "clay_pct": "percentage",
    "bulk_density_kg_m3": "bulk_density",
    "organic_carbon_pct": "percentage",
    "ph_water": "ph",
}
MISSING = -1  # codes are at least 0
DATED = ("landuse", "imperviousness", "scenario_landuse", "scenario_imperviousness")
STACK = ("stack_height_m", "stack_diameter_m", "exit_temperature_k", "exit_velocity_m_s")


def main(*, raw: Mapping[str, str | Sequence[str]], out: Mapping[str, str | Sequence[str]]) -> None:
    """Read the raw layers named in `raw` and write the harmonised ones named in `out`."""
    grid = io.read_grid(raw["mask"])
    shape = (grid.height, grid.width)
    logger.info("study grid: %d x %d cells of %g m, %d on land", *shape, grid.cell_m, grid.n)

    io.write_raster(out["mask"], grid.land.astype(np.uint8), "class", grid)
    io.write_raster(out["elevation"], _continuous(raw["dem"], grid), "elevation", grid)
    io.write_raster(out["rain_factor"], _continuous(raw["rain_factor"], grid), "ratio", grid)
    soil = {name: _continuous(raw[name], grid) for name in SOIL}
    io.write_bands(out["soil"], soil, SOIL, grid)
    io.write_raster(out["parent_material"], _parent_material(raw["parent_material"], grid), "class", grid)

    people = harmonise.block_sum(_with_gaps(raw["population"]), shape)
    people = np.where(grid.land, np.nan_to_num(people, nan=0.0), np.nan)
    io.write_raster(out["population"], people, "persons", grid)

    legend = _legend(raw["landuse_classes"])
    dated = zip(raw["landuse"], raw["imperviousness"], out["landuse"], strict=True)
    future = zip(raw["scenario_landuse"], raw["scenario_imperviousness"], out["scenario_landuse"], strict=True)
    for codes, sealed, target in [*dated, *future]:
        _write_landuse(codes, sealed, target, legend, grid)

    _write_districts(raw["districts"], out["district"], out["districts"], grid)
    _write_surrogates(raw, out["surrogates"], people, grid)
    _write_sources(raw["facilities"], out["sources"], grid)


def _continuous(path: str, grid: Grid) -> np.ndarray:
    """Mean of a nested raster in each land cell, NaN at sea."""
    mean = harmonise.block_mean(_with_gaps(path), (grid.height, grid.width))
    return np.where(grid.land, mean, np.nan)


def _with_gaps(path: str) -> np.ndarray:
    """Values with NaN for nodata, whichever type the raster is stored in."""
    import rasterio

    values = np.asarray(io.read_raster(path), dtype=np.float64)
    with rasterio.open(path) as source:
        missing = source.nodata
    return values if missing is None else np.where(values == missing, np.nan, values)


def _parent_material(path: str, grid: Grid) -> np.ndarray:
    codes = harmonise.majority(_codes(path, grid), (grid.height, grid.width), MISSING)
    return np.where(grid.land, codes, quantity("class").nodata).astype(np.uint8)


def _codes(path: str, grid: Grid) -> np.ndarray:
    """Codes of a nested raster on land, `MISSING` where there is none."""
    values = _with_gaps(path)
    k = values.shape[0] // grid.height
    land = np.repeat(np.repeat(grid.land, k, axis=0), k, axis=1)
    return np.where(land & np.isfinite(values), np.nan_to_num(values, nan=MISSING), MISSING).astype(np.int64)


def _legend(path: str) -> dict[int, int]:
    """Index of the model's class for each code."""
    table = io.read_table(path, text=("name", "model_class"))
    return {int(code): CLASSES.index(name) for code, name in zip(table["code"], table["model_class"], strict=True)}


def _write_landuse(codes: str, sealed: str, target: str, legend: Mapping[int, int], grid: Grid) -> None:
    shape = (grid.height, grid.width)
    fractions = harmonise.class_fractions(_codes(codes, grid), shape, dict(legend), len(CLASSES), MISSING)
    bands = {name: np.where(grid.land, fractions[number], np.nan) for number, name in enumerate(CLASSES)}
    bands["impervious"] = np.clip(_continuous(sealed, grid), 0.0, 1.0)
    io.write_bands(target, bands, "fraction", grid)
    means = ", ".join(f"{name} {np.nanmean(values):.3f}" for name, values in bands.items())
    logger.info("%s: mean shares %s", target, means)


def _write_districts(path: str, raster: str, table: str, grid: Grid) -> None:
    layer = read_vector(path)
    number = harmonise.zones(layer.geometry, grid.transform, grid.land)
    io.write_raster(raster, number, "identifier", grid)
    columns = {"index": np.arange(1, layer.n + 1), "district_id": layer.columns["district_id"]}
    io.write_table(table, {**columns, "name": layer.columns["name"]})
    logger.info("%d districts, %d of them with land cells", layer.n, np.unique(number[grid.land]).size)


def _write_surrogates(raw: Mapping[str, str | Sequence[str]], target: str, people: np.ndarray, grid: Grid) -> None:
    """Write one band of weights for each area source."""
    sources = io.read_table(raw["area_sources"], text=("sector", "surrogate"))
    amounts: dict[str, np.ndarray] = {}
    for surrogate in dict.fromkeys(sources["surrogate"]):
        if surrogate == "population":
            amounts[surrogate] = people
        elif surrogate == "roads":
            amounts[surrogate] = _traffic(raw["roads"], grid)
        else:
            amounts[surrogate] = _legacy(raw["legacy_areas"], surrogate.removeprefix("legacy:"), grid)
    bands = {}
    for source, surrogate in zip(sources["source_id"], sources["surrogate"], strict=True):
        try:
            bands[source] = harmonise.to_weights(amounts[surrogate], grid.land)
        except ValueError as error:
            raise InputError(
                "an area source cannot be spread over the land",
                file=raw["area_sources"],
                where=f"source_id {source}",
                found=f"{surrogate}: {error}",
                expected="roads with traffic, people, or an area, on land",
            ) from error
    if not bands:  # a region without area sources still has the file, with one band that is zero
        bands = {"none": np.zeros((grid.height, grid.width))}
    io.write_bands(target, bands, "weight", grid)
    logger.info("weights of %d area sources", len(sources["source_id"]))


def _traffic(path: str, grid: Grid) -> np.ndarray:
    """Vehicle-kilometres per day of each cell."""
    roads = read_vector(path)
    starts, ends, owner = harmonise.segments_of(roads.geometry)
    vehicles = np.nan_to_num(roads.columns["vehicles_per_day"].astype(float), nan=0.0)
    metres = harmonise.line_lengths(
        starts, ends, vehicles[owner], grid.x_min, grid.y_max, grid.cell_m, (grid.height, grid.width)
    )
    logger.info("%d roads, %.4g vehicle-km a day on the grid", roads.n, metres.sum() / 1000.0)
    return metres / 1000.0


def _legacy(path: str, area_id: str, grid: Grid) -> np.ndarray:
    areas = read_vector(path)
    share = np.zeros((grid.height, grid.width))
    for name, polygon in zip(areas.columns["area_id"], areas.geometry, strict=True):
        if str(name) == area_id:
            share += harmonise.covered_share(polygon, grid.x_min, grid.y_max, grid.cell_m, (grid.height, grid.width))
    return share


def _write_sources(path: str, target: str, grid: Grid) -> None:
    facilities = io.read_table(path, text=("name", "sector"))
    x, y = harmonise.project(facilities["longitude_deg"], facilities["latitude_deg"], grid.crs)
    columns = {"source_id": facilities["facility_id"], "sector": facilities["sector"], "x_m": x, "y_m": y}
    io.write_table(target, {**columns, **{name: facilities[name] for name in STACK}})
    logger.info("%d facilities, %d on the grid", len(x), int(grid.contains(x, y).sum()))


def _paths(named) -> dict[str, str | list[str]]:
    """Named files of a job: text for one file, a list where there may be several."""
    return {name: list(files) if name in DATED else str(files) for name, files in named.items()}


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(raw=_paths(snakemake.input), out=_paths(snakemake.output))
