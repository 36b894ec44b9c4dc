"""Write erosivity times erodibility times topography of every weather year."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from metalbudget import erosion, harmonise, io, raw_layers
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(
    *,
    mask: str,
    dem: str,
    soil: str,
    rain_factor: str,
    weather_daily: Sequence[str],
    rkls: Sequence[str],
    years: Sequence[int],
    terrain: Mapping[str, float],
    tables: Mapping[str, Mapping[str, float]],
) -> None:
    """Route the DEM once, then multiply with soil and each year's rain."""
    grid = io.read_grid(mask)
    bands = {name: grid.compress(band) for name, band in io.read_bands(soil, grid).items()}
    factor = grid.compress(io.read_raster(rain_factor, grid))
    topography = _topography(dem, grid, terrain, tables["topography"])
    erodibility = erosion.erodibility(
        bands["sand_pct"],
        bands["silt_pct"],
        bands["clay_pct"],
        bands["organic_carbon_pct"],
        tables["erodibility"],
    )
    logger.info("LS: mean %.2f, highest %.2f", topography.mean(), topography.max())
    logger.info("K: mean %.4f t ha h/(ha MJ mm)", erodibility.mean())
    for position, year in enumerate(years):
        daily = io.read_table(weather_daily[position], text=("date",))
        month = np.array([int(date[5:7]) for date in daily["date"]])
        erosivity = erosion.erosivity_on_cells(daily["rain"], month, factor, tables["erosivity"])
        product = erosivity * erodibility * topography
        io.write_raster(rkls[position], grid.expand(product), "soil_loss", grid, weather_year=year)
        logger.info("%d: R mean %.0f MJ mm/(ha h), RKLS mean %.1f t/ha", year, erosivity.mean(), product.mean())


def _topography(dem: str, grid: Grid, terrain: Mapping[str, float], coefficients: Mapping[str, float]) -> np.ndarray:
    """LS of every land cell, the mean over the cells of the DEM inside it."""
    elevation = np.asarray(io.read_raster(dem), dtype=float)
    land = raw_layers.fine_land(elevation.shape[0], grid)
    if land.shape != elevation.shape:
        raise InputError(
            "the elevation raster does not nest in the study grid",
            file=dem,
            found=f"{elevation.shape[1]} x {elevation.shape[0]} cells",
            expected=f"a whole multiple of {grid.width} x {grid.height}",
        )
    factor = erosion.topographic_factor(
        np.where(land, elevation, np.nan),
        grid.cell_m * grid.height / elevation.shape[0],
        longest_m=terrain["slope_length_maximum_m"],
        reference_cell_m=terrain["reference_dem_cell_m"],
        coefficients=coefficients,
    )
    mean = grid.compress(harmonise.block_mean(factor, (grid.height, grid.width)))
    if np.isnan(mean).any():
        raise InputError(
            "land cells have no elevation",
            file=dem,
            found=f"{int(np.isnan(mean).sum())} land cells without a value",
            expected="an elevation in every land cell",
            mend="fill the gaps of the elevation raster, or set these cells to sea in mask.tif",
        )
    return mean


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            mask=snakemake.input.mask,
            dem=snakemake.input.dem,
            soil=snakemake.input.soil,
            rain_factor=snakemake.input.rain_factor,
            weather_daily=snakemake.input.weather_daily,
            rkls=snakemake.output.rkls,
            years=snakemake.params.years,
            terrain=snakemake.params.terrain,
            tables=snakemake.params.tables,
        )
