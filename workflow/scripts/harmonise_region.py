"""Bring every raw layer onto the study grid."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from metalbudget import harmonise, io, raw_layers
from metalbudget.grid import Grid
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
DATED = ("landuse", "imperviousness", "scenario_landuse", "scenario_imperviousness")
STACK = ("stack_height_m", "stack_diameter_m", "exit_temperature_k", "exit_velocity_m_s")


def main(*, raw: Mapping[str, str | Sequence[str]], out: Mapping[str, str | Sequence[str]]) -> None:
    """Read the raw layers named in `raw` and write the harmonised ones named in `out`."""
    grid = io.read_grid(raw["mask"])
    logger.info("study grid: %d x %d cells of %g m, %d on land", grid.height, grid.width, grid.cell_m, grid.n)

    io.write_raster(out["mask"], grid.land.astype(np.uint8), "class", grid)
    io.write_raster(out["elevation"], raw_layers.continuous(raw["dem"], grid), "elevation", grid)
    io.write_raster(out["rain_factor"], raw_layers.continuous(raw["rain_factor"], grid), "ratio", grid)
    io.write_bands(out["soil"], {name: raw_layers.continuous(raw[name], grid) for name in SOIL}, SOIL, grid)
    io.write_raster(out["parent_material"], raw_layers.parent_material(raw["parent_material"], grid), "class", grid)
    persons = raw_layers.people(raw["population"], grid)
    io.write_raster(out["population"], persons, "persons", grid)

    legend = raw_layers.legend(raw["landuse_classes"])
    dated = zip(raw["landuse"], raw["imperviousness"], out["landuse"], strict=True)
    future = zip(raw["scenario_landuse"], raw["scenario_imperviousness"], out["scenario_landuse"], strict=True)
    for codes, sealed, target in [*dated, *future]:
        bands = raw_layers.landuse(codes, sealed, legend, grid)
        io.write_bands(target, bands, "fraction", grid)
        means = ", ".join(f"{name} {np.nanmean(values):.3f}" for name, values in bands.items())
        logger.info("%s: mean shares %s", target, means)

    write_districts(raw["districts"], out["district"], out["districts"], grid)
    weights = raw_layers.surrogates(raw["area_sources"], raw["roads"], raw["legacy_areas"], persons, grid)
    # A region without area sources still has the file, with one band that is zero.
    io.write_bands(out["surrogates"], weights or {"none": np.zeros(grid.land.shape)}, "weight", grid)
    logger.info("weights of %d area sources", len(weights))
    write_sources(raw["facilities"], out["sources"], grid)


def write_districts(path: str, raster: str, table: str, grid: Grid) -> None:
    """Write the district of every land cell, and what their numbers mean."""
    layer = read_vector(path)
    number = harmonise.zones(layer.geometry, grid.transform, grid.land)
    io.write_raster(raster, number, "identifier", grid)
    columns = {"index": np.arange(1, layer.n + 1), "district_id": layer.columns["district_id"]}
    io.write_table(table, {**columns, "name": layer.columns["name"]})
    logger.info("%d districts, %d of them with land cells", layer.n, np.unique(number[grid.land]).size)


def write_sources(path: str, target: str, grid: Grid) -> None:
    """Write the point sources in the study's coordinates."""
    facilities = io.read_table(path, text=("name", "sector"))
    x, y = harmonise.project(facilities["longitude_deg"], facilities["latitude_deg"], grid.crs)
    columns = {"source_id": facilities["facility_id"], "sector": facilities["sector"], "x_m": x, "y_m": y}
    io.write_table(target, {**columns, **{name: facilities[name] for name in STACK}})
    logger.info("%d facilities, %d on the grid", len(x), int(grid.contains(x, y).sum()))


def paths(named) -> dict[str, str | list[str]]:
    """Named files of a job: text for one file, a list where there may be several."""
    return {name: list(files) if name in DATED else str(files) for name, files in named.items()}


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(raw=paths(snakemake.input), out=paths(snakemake.output))
