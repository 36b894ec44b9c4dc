"""Write one metal's deposition of one year: plumes and background on open soil, sealed ground, water and sea."""

import logging
from typing import TYPE_CHECKING

import numpy as np
from metalbudget import airborne, io
from metalbudget.errors import InputError
from metalbudget.runlog import logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

logger = logging.getLogger("metalbudget.compute_deposition")
SEALED_CURVE_NUMBER = 98.0


def main(
    *,
    mask,
    operators,
    emissions,
    landuse,
    zones,
    runoff_responses,
    monitors,
    crustal_share,
    background_trend,
    deposition,
    background,
    wash_off,
    street_dust,
    air,
    monitor_table,
    metal,
    year,
    settings,
    event_concentration_ug_l,
):
    """Operator times emissions, background from monitors, and the split by ground."""
    year = int(year)
    grid = io.read_grid(mask)
    operator = airborne.operator_from([io.read_netcdf(path) for path in operators])
    emitted = io.read_table(emissions, text=("sector", "kind", "class"))
    amounts = airborne.emission_matrix(emitted, year, operator)
    plume = airborne.plume_deposition(operator, amounts)

    stations = _stations(monitors, metal, grid)
    share = _crustal_share(crustal_share, metal)
    modelled_years = sorted({int(value) for value in emitted["year"]})
    own_year = [airborne.nearest_year(modelled_years, value) for value in stations["year"]]
    at_monitor = np.array(
        [
            _at(operator, emitted, when, row, column)
            for when, row, column in zip(own_year, stations["row"], stations["column"], strict=True)
        ]
    )
    regional = np.array([role == "background" for role in stations["role"]], dtype=bool)
    level = airborne.background_deposition(stations["monitored"][regional], at_monitor[regional], share)
    if not regional.any():
        logger.warning("%s has no background monitor: its background deposition is taken as zero", metal)
    factor = 1.0
    if settings["trend"] == "table":
        trend = io.read_table(background_trend)
        rows = trend["metal"] == metal
        factor = airborne.trend_factor(trend["year"][rows], trend["factor"][rows], year)
    level *= factor

    cells, totals = airborne.split(
        plume,
        level,
        grid.land,
        io.read_landuse(landuse, year, grid),
        _sealed_runoff(runoff_responses, zones, grid),
        event_concentration_ug_l,
        grid.cell_area_m2,
        settings["wash_off"],
    )
    budget = airborne.air_budget(amounts, operator, totals)
    gross = max(budget["emission"] + budget["background_total"], 1.0e-30)
    if abs(budget["residual"]) > settings["closure_tolerance"] * gross:
        raise ValueError(f"the air budget of {metal} in {year} does not close: {budget['residual']:g} kg")

    for name, path in {
        "deposition": deposition,
        "background": background,
        "wash_off": wash_off,
        "street_dust": street_dust,
    }.items():
        io.write_raster(path, grid.expand(cells[name]), name, grid, metal=metal, year=year)
    io.write_json(air, budget)
    here = np.array(
        [
            plume[row, column] if row >= 0 else 0.0
            for row, column in zip(stations["row"], stations["column"], strict=True)
        ]
    )
    io.write_table(
        monitor_table,
        {
            "station_id": stations["station_id"],
            "role": stations["role"],
            "monitor_year": stations["year"],
            "monitored": stations["monitored"],
            "monitored_without_soil": stations["monitored"] * (1.0 - share),
            "plume_in_monitor_year": at_monitor,
            "plume": here,
            "background": np.full(here.shape, level),
            "modelled": here + level,
        },
    )
    logger.info(
        "%s %d: emitted %.4g kg, on open soil %.4g, sealed %.4g, water %.4g, outside %.4g; background %.4g mg/m2",
        metal,
        year,
        budget["emission"],
        budget["deposition"],
        budget["wash_off"] + budget["street_dust"],
        budget["sea"],
        budget["outside_air"],
        level,
    )


def _stations(path, metal, grid):
    """Monitors of the metal, with their cell (-1 outside the grid, where no plume is known)."""
    from rasterio.warp import transform

    table = io.read_table(path, text=("metal", "role", "source"))
    rows = table["metal"] == metal
    x, y = transform("EPSG:4326", grid.crs, table["longitude_deg"][rows].tolist(), table["latitude_deg"][rows].tolist())
    row, column = grid.index_of(x, y)
    known = grid.contains(x, y)
    for name in table["station_id"][rows][~known]:
        logger.warning("monitor %s stands outside the grid: no plume is subtracted there", name)
    return {
        "station_id": table["station_id"][rows],
        "role": table["role"][rows],
        "year": table["year"][rows],
        "monitored": table["deposition_mg_m2_yr"][rows],
        "row": np.where(known, row, -1),
        "column": np.where(known, column, -1),
    }


def _at(operator, emitted, year, row, column):
    """Plume deposition of a year in one cell."""
    if row < 0:
        return 0.0
    amounts = airborne.emission_matrix(emitted, year, operator)[:, :-1]
    return float((amounts * operator.total[:, :, row, column]).sum()) * airborne.MG_PER_KG


def _crustal_share(path, metal):
    table = io.read_table(path, text=("metal", "source"))
    rows = np.flatnonzero(table["metal"] == metal)
    if rows.size != 1:
        raise InputError("one row a metal is needed", file=path, where=metal, found=rows.size, expected=1)
    return float(table["share"][rows[0]])


def _sealed_runoff(paths, zones, grid):
    """Annual runoff from sealed ground of each land cell at the station's rain. [mm]"""
    response = io.mean_responses(paths)
    rain = int(np.argmin(np.abs(np.asarray(response["rain_factor"], float) - 1.0)))
    number = int(np.argmin(np.abs(np.asarray(response["curve_number"], float) - SEALED_CURVE_NUMBER)))
    climate = grid.compress(io.read_bands(zones, grid)["climate_zone"]).astype(int)
    return np.asarray(response["runoff"])[rain, number][climate]


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            **{
                name: snakemake.input[name]
                for name in (
                    "mask",
                    "emissions",
                    "zones",
                    "monitors",
                    "crustal_share",
                    "background_trend",
                )
            },
            operators=list(snakemake.input.operators),
            landuse=dict(zip(snakemake.params.landuse_dates, snakemake.input.landuse, strict=True)),
            runoff_responses=list(snakemake.input.runoff_responses),
            **{
                name: snakemake.output[name]
                for name in ("deposition", "background", "wash_off", "street_dust", "air", "monitor_table")
            },
            metal=snakemake.wildcards.metal,
            year=snakemake.wildcards.year,
            settings=snakemake.params.settings,
            event_concentration_ug_l=snakemake.params.tables["emc"][""],
        )
