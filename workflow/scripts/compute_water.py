"""Write the water responses of every soil column, the runoff responses, and daily weather."""

from typing import TYPE_CHECKING

import numpy as np
from metalbudget import hydraulics, io, runoff, weather_files
from metalbudget.column import classes, engines, reading, response
from metalbudget.column.region import columns_of
from metalbudget.column.regional import Options
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.quantities import quantity
from metalbudget.runlog import logger, logging_to
from metalbudget.settings import hydrus_executable

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

CURVE_NUMBERS = np.arange(30.0, 101.0)
COLUMN = ("rain_factor", "landuse", "soil", "climate", "water_table")
# Dimensions and quantities of what is not an amount of water of every column.
DIMENSIONS = {
    "rain": ("rain_factor", "climate"),
    "irrigation": ("landuse",),
    "runoff_check": ("landuse", "soil", "water_table"),
    "leaching_rate": (*COLUMN, "ladder"),
}
KINDS = {"theta": "fraction", "leaching_rate": "rate", "storage": "water_depth"}
WEATHER_COLUMNS = ("rain", "tmin", "tmax", "tmean", "wind", "rh", "radiation", "et0")


def main(
    *, region, weather, zones, column_response, runoff_response, weather_daily, water, leaching, tables, threads=1
):
    """Read region and weather, solve every column for every weather year, write the responses."""
    settings = tables["soil_column"]
    options = Options.of(water, leaching["outflow"], settings)
    grid = io.read_grid(region["mask"])
    columns = columns_of(
        {name: grid.compress(band) for name, band in io.read_bands(region["soil"], grid).items()},
        io.read_raster(region["elevation"], grid),
        grid.compress(io.read_raster(region["rain_factor"], grid)),
        grid.land,
        grid.cell_m,
        water,
        tables,
    )
    irrigation = reading.read_irrigation(region["agriculture"], region["districts"], region["district"], grid)
    distinct = columns.distinct(irrigation, water["rain_factors"], tables, options)
    soils = columns.soils
    for name, ks, group in zip(soils.names, columns.hydraulics.ks, columns.groups, strict=True):
        logger.info("soil %s: Ks %.1f cm/d, hydrologic group %s", name, ks, hydraulics.GROUPS[group].upper())
    logger.info("irrigation [mm/yr]: %s", dict(zip(SOIL_CLASSES, irrigation.round(1).tolist(), strict=True)))

    station = weather_files.read_station(region["station"])
    daily = {
        year: reading.read_daily(reading.files_of(year, weather), year, station, water["rain_within_day"], tables)
        for year in column_response
    }
    ladder = response.sorption_ladder(
        settings["sorption_lowest_l_kg"], settings["sorption_highest_l_kg"], int(settings["sorption_rungs"])
    )
    answer = engines.responses(
        leaching["engine"],
        distinct,
        [engines.Year(year, own.hourly_rain, own.values["et0"], own.month) for year, own in daily.items()],
        ladder,
        options,
        settings,
        threads,
        hydrus_executable(leaching) if leaching["engine"] == "hydrus1d" else None,
    )
    logger.info(
        "%s: %d columns in %d years, at most %d passes of a year",
        leaching["engine"], answer.columns, len(daily), answer.most_passes,
    )  # fmt: skip
    for name in answer.unsolved:
        logger.warning("not solved: %s", name)
    if answer.unsolved and not leaching["mask_unsolved"]:
        engines.refuse_unsolved(answer.unsolved)

    masked = answer.masked[soils.index, columns.water_table]
    if masked.any():
        logger.warning("%d cells are left out of the study: their columns have no solution", masked.sum())
    soil_class = np.where(masked, quantity("class").nodata, soils.index)
    write_zones(zones, grid, soil_class=soil_class, climate_zone=columns.climate, water_table=columns.water_table)
    coords = {
        "rain_factor": list(water["rain_factors"]),
        "landuse": list(SOIL_CLASSES),
        "soil": list(soils.names),
        "climate": columns.climate_factors,
        "water_table": list(classes.WATER_TABLES),
        "ladder": ladder,
    }
    for year, path in column_response.items():
        terms = answer.years[year]
        variables = {
            name: (DIMENSIONS.get(name, COLUMN), values, KINDS.get(name, "water")) for name, values in terms.items()
        }
        variables["bulk_density"] = (("soil",), soils.bulk_density, "bulk_density")
        io.write_netcdf(
            path, variables, coords, weather_year=year, engine=leaching["engine"], runoff_by=water["runoff"],
            outflow=leaching["outflow"],
        )  # fmt: skip
        own = daily[year]
        io.write_table(weather_daily[year], {"date": own.dates, **{name: own.values[name] for name in WEATHER_COLUMNS}})
        shed = runoff.runoff_response(
            own.values["rain"],
            water["rain_factors"],
            CURVE_NUMBERS,
            columns.climate_factors,
            water["initial_abstraction_ratio"],
        )
        io.write_netcdf(
            runoff_response[year],
            {"runoff": (("rain_factor", "curve_number", "climate"), shed, "water")},
            {"rain_factor": coords["rain_factor"], "curve_number": CURVE_NUMBERS, "climate": coords["climate"]},
            weather_year=year,
        )
        report(year, own.values, terms, water["runoff"])


def write_zones(path, grid, **indices):
    """Write the class of every land cell in each dimension of the response."""
    nodata = quantity("class").nodata
    bands = {name: grid.expand(index.astype(np.uint8), fill=nodata) for name, index in indices.items()}
    io.write_bands(path, bands, "class", grid)
    for name, index in indices.items():
        logger.info("%s: cells by class %s", name, np.bincount(index).tolist())


def report(year, daily, terms, runoff_by):
    """Log the year's water by land-use class, at the middle rain factor, over soils, zones and water tables."""
    logger.info("%d: rain %.0f mm, reference ET %.0f mm", year, daily["rain"].sum(), daily["et0"].sum())
    middle = terms["runoff"].shape[0] // 2
    for position, name in enumerate(SOIL_CLASSES):
        means = ", ".join(f"{term} {np.nanmean(terms[term][middle, position]):.0f}" for term in response.WATER_TERMS)
        logger.info("%d %s [mm/yr]: %s", year, name, means)
    if "runoff_check" in terms:
        other = "columns" if runoff_by == "curve_number" else "curve_number"
        means = {name: round(float(np.nanmean(terms["runoff_check"][k])), 1) for k, name in enumerate(SOIL_CLASSES)}
        logger.info("%d runoff at the station's rain if %s decided [mm/yr]: %s", year, other, means)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        years = snakemake.params.years
        main(
            region={name: path for name, path in snakemake.input.items() if isinstance(path, str)},
            weather=snakemake.input.weather,
            zones=snakemake.output.zones,
            column_response=dict(zip(years, snakemake.output.column_response, strict=True)),
            runoff_response=dict(zip(years, snakemake.output.runoff_response, strict=True)),
            weather_daily=dict(zip(years, snakemake.output.weather_daily, strict=True)),
            water=snakemake.params.water,
            leaching=snakemake.params.leaching,
            tables=snakemake.params.tables,
            threads=snakemake.threads,
        )
