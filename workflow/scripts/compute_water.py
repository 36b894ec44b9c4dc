"""Write the water responses of every soil column, the runoff responses, and daily weather."""

from typing import TYPE_CHECKING

import numpy as np
from metalbudget import hydraulics, io, runoff, weather_files
from metalbudget.column import classes, reading, response
from metalbudget.column.region import columns_of
from metalbudget.column.water_balance import Profile
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.quantities import quantity
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

CURVE_NUMBERS = np.arange(30.0, 101.0)
COLUMN = ("rain_factor", "landuse", "soil", "climate", "water_table")
WEATHER_COLUMNS = ("rain", "tmin", "tmax", "tmean", "wind", "rh", "radiation", "et0")


def main(*, region, weather, zones, column_response, runoff_response, weather_daily, water, tables):
    """Read region and weather, solve every column for every weather year, write the responses."""
    settings = tables["soil_column"]
    profile = Profile(
        plough_depth_m=settings["plough_depth_m"],
        column_depth_m=settings["column_depth_m"],
        field_capacity_suction_cm=settings["field_capacity_suction_cm"],
        wilting_suction_cm=settings["wilting_suction_cm"],
        drained_suction_cm=settings["drained_suction_cm"],
    )
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
    soils = columns.soils
    write_zones(zones, grid, soil_class=soils.index, climate_zone=columns.climate, water_table=columns.water_table)
    for name, ks, group in zip(soils.names, columns.hydraulics.ks, columns.groups, strict=True):
        logger.info("soil %s: Ks %.1f cm/d, hydrologic group %s", name, ks, hydraulics.GROUPS[group].upper())

    landuse = response.landuse_tables(SOIL_CLASSES, tables["crop_coefficient"], profile)
    irrigation = reading.read_irrigation(region["agriculture"], region["districts"], region["district"], grid)
    logger.info("irrigation [mm/yr]: %s", dict(zip(SOIL_CLASSES, irrigation.round(1).tolist(), strict=True)))
    coords = {
        "rain_factor": list(water["rain_factors"]),
        "landuse": list(SOIL_CLASSES),
        "soil": list(soils.names),
        "climate": columns.climate_factors,
        "water_table": list(classes.WATER_TABLES),
        "ladder": response.sorption_ladder(
            settings["sorption_lowest_l_kg"], settings["sorption_highest_l_kg"], int(settings["sorption_rungs"])
        ),
    }
    station = weather_files.read_station(region["station"])
    for year, path in column_response.items():
        daily = reading.read_daily(reading.files_of(year, weather), year, station)
        io.write_table(
            weather_daily[year], {"date": daily.dates, **{name: daily.values[name] for name in WEATHER_COLUMNS}}
        )
        terms = response.column_response(
            rain=daily.values["rain"],
            evapotranspiration=daily.values["et0"],
            month=daily.month,
            rain_factors=water["rain_factors"],
            climate_factors=columns.climate_factors,
            soil=columns.hydraulics,
            curve_number=columns.curve_number,
            water_table_m=[np.inf, settings["water_table_depth_m"]],
            irrigation=irrigation,
            tables=landuse,
            profile=profile,
            initial_abstraction_ratio=water["initial_abstraction_ratio"],
            dry_day_rain=settings["dry_day_rain_mm"],
            tolerance_mm=settings["spin_up_tolerance_mm"],
            cycles=int(settings["spin_up_cycles"]),
        )
        rate = response.leaching_rate(
            terms["drainage_20cm"][..., None],
            terms["theta"][..., None],
            soils.bulk_density[:, None, None, None],
            coords["ladder"],
            profile.plough_depth_m,
        )
        variables = {name: (COLUMN, terms[name], "water") for name in response.WATER_TERMS}
        variables["rain"] = (("rain_factor", "climate"), terms["rain"], "water")
        variables["irrigation"] = (("landuse",), terms["irrigation"], "water")
        variables["theta"] = (COLUMN, terms["theta"], "fraction")
        variables["leaching_rate"] = ((*COLUMN, "ladder"), rate, "rate")
        variables["bulk_density"] = (("soil",), soils.bulk_density, "bulk_density")
        io.write_netcdf(path, variables, coords, weather_year=year)

        shed = runoff.runoff_response(
            daily.values["rain"],
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
        report(year, daily.values, terms)


def write_zones(path, grid, **indices):
    """Write the class of every land cell in each dimension of the response."""
    nodata = quantity("class").nodata
    bands = {name: grid.expand(index.astype(np.uint8), fill=nodata) for name, index in indices.items()}
    io.write_bands(path, bands, "class", grid)
    for name, index in indices.items():
        logger.info("%s: cells by class %s", name, np.bincount(index).tolist())


def report(year, daily, terms):
    """Log the year's water by land-use class, at the station's rain, over soils, zones and water tables."""
    logger.info("%d: rain %.0f mm, reference ET %.0f mm", year, daily["rain"].sum(), daily["et0"].sum())
    middle = terms["runoff"].shape[0] // 2
    for position, name in enumerate(SOIL_CLASSES):
        means = ", ".join(f"{term} {terms[term][middle, position].mean():.0f}" for term in response.WATER_TERMS)
        logger.info("%d %s [mm/yr]: %s", year, name, means)


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
            tables=snakemake.params.tables,
        )
