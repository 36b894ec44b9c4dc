"""Write the water responses of every soil column, the runoff responses, and daily weather."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from metalbudget import hydraulics, io, runoff
from metalbudget.column import classes, evapotranspiration, response
from metalbudget.column.water_balance import Profile
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.quantities import quantity
from metalbudget.runlog import logger, logging_to
from metalbudget.terrain import slope_gradient

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

CURVE_NUMBERS = np.arange(30.0, 101.0)
COLUMN = ("rain_factor", "landuse", "soil", "climate", "water_table")
WEATHER_COLUMNS = ("rain", "tmin", "tmax", "tmean", "wind", "rh", "radiation", "et0")


def main(
    *,
    region: Mapping[str, str],
    weather: Sequence[str],
    zones: str,
    column_response: Sequence[str],
    runoff_response: Sequence[str],
    weather_daily: Sequence[str],
    years: Sequence[int],
    water: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, float]],
) -> None:
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
    bands = {name: grid.compress(band) for name, band in io.read_bands(region["soil"], grid).items()}
    elevation = io.read_raster(region["elevation"], grid)
    factor = grid.compress(io.read_raster(region["rain_factor"], grid))

    soils = classes.soil_classes(
        bands["sand_pct"],
        bands["silt_pct"],
        bands["clay_pct"],
        bands["bulk_density_kg_m3"],
        settings["smallest_soil_share"],
    )
    climate, climate_factors = classes.climate_zones(factor, int(water["climate_zones"]))
    water_table = classes.water_table_classes(grid.compress(elevation), water["water_table_elevation_m"])
    _write_zones(zones, grid, soil_class=soils.index, climate_zone=climate, water_table=water_table)

    soil = hydraulics.rosetta_parameters(soils.sand, soils.silt, soils.clay, soils.bulk_density)
    groups = hydraulics.hydrologic_group(soil.ks, tables["hydrologic_group"])
    shape = (len(soils.names), climate_factors.size, len(classes.WATER_TABLES))
    numbers = runoff.curve_numbers(SOIL_CLASSES, groups, tables["curve_number"])[:, :, None, None]
    if water["slope_adjusted_curve_number"]:
        slope = grid.compress(np.hypot(*slope_gradient(np.where(grid.land, elevation, np.nan), grid.cell_m)))
        numbers = runoff.slope_adjusted(numbers, classes.mean_by_zone(slope, soils.index, climate, water_table, shape))
    numbers = np.broadcast_to(numbers, (len(SOIL_CLASSES), *shape))
    for name, ks, group in zip(soils.names, soil.ks, groups, strict=True):
        logger.info("soil %s: Ks %.1f cm/d, hydrologic group %s", name, ks, hydraulics.GROUPS[group].upper())

    landuse = response.landuse_tables(SOIL_CLASSES, tables["crop_coefficient"], profile)
    irrigation = _irrigation(region, grid)
    ladder = response.sorption_ladder(
        settings["sorption_lowest_l_kg"], settings["sorption_highest_l_kg"], int(settings["sorption_rungs"])
    )
    coords = {
        "rain_factor": list(water["rain_factors"]),
        "landuse": list(SOIL_CLASSES),
        "soil": list(soils.names),
        "climate": climate_factors,
        "water_table": list(classes.WATER_TABLES),
        "ladder": ladder,
    }
    station = _station(region["station"])
    for position, year in enumerate(years):
        daily, month, dates = _weather(_files_of(year, weather), year, station)
        io.write_table(weather_daily[position], {"date": dates, **{name: daily[name] for name in WEATHER_COLUMNS}})
        terms = response.column_response(
            rain=daily["rain"],
            evapotranspiration=daily["et0"],
            month=month,
            rain_factors=water["rain_factors"],
            climate_factors=climate_factors,
            soil=soil,
            curve_number=numbers,
            water_table_m=[np.inf, settings["water_table_depth_m"]],
            irrigation=irrigation,
            tables=landuse,
            profile=profile,
            initial_abstraction_ratio=water["initial_abstraction_ratio"],
            dry_day_rain=settings["dry_day_rain_mm"],
            tolerance_mm=settings["spin_up_tolerance_mm"],
            cycles=int(settings["spin_up_cycles"]),
        )
        density = soils.bulk_density[:, None, None, None]
        rate = response.leaching_rate(
            terms["drainage_20cm"][..., None], terms["theta"][..., None], density, ladder, profile.plough_depth_m
        )
        variables = {name: (COLUMN, terms[name], "water") for name in response.WATER_TERMS}
        variables["rain"] = (("rain_factor", "climate"), terms["rain"], "water")
        variables["irrigation"] = (("landuse",), terms["irrigation"], "water")
        variables["theta"] = (COLUMN, terms["theta"], "fraction")
        variables["leaching_rate"] = ((*COLUMN, "ladder"), rate, "rate")
        variables["bulk_density"] = (("soil",), soils.bulk_density, "bulk_density")
        io.write_netcdf(column_response[position], variables, coords, weather_year=year)

        shed = runoff.runoff_response(
            daily["rain"],
            water["rain_factors"],
            CURVE_NUMBERS,
            climate_factors,
            water["initial_abstraction_ratio"],
        )
        io.write_netcdf(
            runoff_response[position],
            {"runoff": (("rain_factor", "curve_number", "climate"), shed, "water")},
            {"rain_factor": coords["rain_factor"], "curve_number": CURVE_NUMBERS, "climate": climate_factors},
            weather_year=year,
        )
        _report(year, daily, terms)


def _write_zones(path: str, grid: Grid, **indices: np.ndarray) -> None:
    """Write the class of every land cell in each dimension of the response."""
    nodata = quantity("class").nodata
    bands = {name: grid.expand(index.astype(np.uint8), fill=nodata) for name, index in indices.items()}
    io.write_bands(path, bands, "class", grid)
    for name, index in indices.items():
        logger.info("%s: cells by class %s", name, np.bincount(index).tolist())


def _irrigation(region: Mapping[str, str], grid: Grid) -> np.ndarray:
    """Irrigation depth by class, weighted with the land area of the districts."""
    statistics = io.read_table(region["agriculture"], text=("landuse_class", "crop"))
    districts = io.read_table(region["districts"], text=("name",))
    number = grid.compress(io.read_raster(region["district"], grid))
    area = {
        name: float(np.count_nonzero(number == index))
        for name, index in zip(districts["district_id"], districts["index"], strict=True)
    }
    depth = response.mean_irrigation(
        SOIL_CLASSES,
        statistics["landuse_class"],
        statistics["irrigation_m3_ha"],
        [area.get(name, 0.0) for name in statistics["district_id"]],
    )
    logger.info("irrigation [mm/yr]: %s", dict(zip(SOIL_CLASSES, depth.round(1).tolist(), strict=True)))
    return depth


def _station(path: str) -> dict[str, float]:
    table = io.read_table(path)
    return {name: float(values[0]) for name, values in table.items() if name != "station_id"}


def _files_of(year: int, weather: Sequence[str]) -> list[str]:
    """The year's own table, or its EPW file and rain series."""
    return [path for path in weather if Path(path).stem in (str(year), f"{year}_rain")]


def _weather(
    files: Sequence[str], year: int, station: Mapping[str, float]
) -> tuple[dict[str, np.ndarray], np.ndarray, list[str]]:
    """Daily weather of one year with its reference evapotranspiration, months and dates."""
    hourly = io.read_table(files[0], text=("time",)) if len(files) == 1 else _read_epw(files)
    try:
        daily = evapotranspiration.daily_weather(hourly, station["anemometer_height_m"])
        month, dates = evapotranspiration.calendar(year, daily["rain"].size)
    except ValueError as error:
        raise InputError(str(error), file=files[0], expected="hourly rows of a whole year without gaps") from error
    daily["et0"] = evapotranspiration.reference_evapotranspiration(
        daily, dates, latitude_deg=station["latitude_deg"], elevation_m=station["elevation_m"]
    )
    return daily, month, dates


def _read_epw(files: Sequence[str]) -> dict[str, np.ndarray]:
    """Hourly weather of an EPW file and of the rain series beside it."""
    from metalbudget.inputs.weather import EPW_COLUMNS
    from pvlib.iotools import read_epw

    epw, rain = sorted(files, key=lambda path: not path.endswith(".epw"))
    data, _ = read_epw(epw)
    hourly = {name: data[theirs].to_numpy(dtype=float) * factor for name, (theirs, factor) in EPW_COLUMNS.items()}
    hourly["rain_mm"] = io.read_table(rain, text=("time",))["rain_mm"]
    return hourly


def _report(year: int, daily: Mapping[str, np.ndarray], terms: Mapping[str, np.ndarray]) -> None:
    """Log the year's water by land-use class, at the station's rain, over soils, zones and water tables."""
    logger.info("%d: rain %.0f mm, reference ET %.0f mm", year, daily["rain"].sum(), daily["et0"].sum())
    middle = terms["runoff"].shape[0] // 2
    for position, name in enumerate(SOIL_CLASSES):
        means = ", ".join(f"{term} {terms[term][middle, position].mean():.0f}" for term in response.WATER_TERMS)
        logger.info("%d %s [mm/yr]: %s", year, name, means)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            region={name: path for name, path in snakemake.input.items() if isinstance(path, str)},
            weather=snakemake.input.weather,
            zones=snakemake.output.zones,
            column_response=snakemake.output.column_response,
            runoff_response=snakemake.output.runoff_response,
            weather_daily=snakemake.output.weather_daily,
            years=snakemake.params.years,
            water=snakemake.params.water,
            tables=snakemake.params.tables,
        )
