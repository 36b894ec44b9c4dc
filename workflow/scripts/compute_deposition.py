"""Write one metal's deposition of one year: plumes and background on open soil, sealed ground, water and sea."""

from typing import TYPE_CHECKING

import numpy as np
from metalbudget import airborne, io, runoff
from metalbudget.monitors import read_crustal_share, read_monitors, read_trend
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

FILES = ("mask", "emissions", "zones", "monitors", "crustal_share", "background_trend")
CELLS = ("deposition", "background", "wash_off", "street_dust")


def main(*, files, operators, landuse, runoff_responses, outputs, metal, year, settings, event_concentration_ug_l):
    """Operator times emissions, background from monitors, and the split by ground."""
    grid = io.read_grid(files["mask"])
    contents = [io.read_netcdf(path) for path in operators]
    operator = airborne.operator_from(contents)
    emitted = io.read_table(files["emissions"], text=("sector", "kind", "class"))
    amounts = airborne.emission_matrix(emitted, year, operator)
    plume = airborne.plume_deposition(operator, amounts)

    monitors = read_monitors(files["monitors"], metal, grid)
    share = read_crustal_share(files["crustal_share"], metal)
    at_monitor = airborne.plume_at(operator, emitted, monitors.year, monitors.row, monitors.column)
    if not monitors.regional.any():
        logger.warning("%s has no background monitor: its background deposition is taken as zero", metal)
    trend = read_trend(files["background_trend"], metal) if settings["trend"] == "table" else ((), ())
    regional = monitors.regional
    level = airborne.background_deposition(
        monitors.monitored[regional],
        at_monitor[regional],
        share,
        np.array([airborne.trend_factor(*trend, when) for when in monitors.year[regional]]),
    )
    level *= airborne.trend_factor(*trend, year)

    climate_zone = grid.compress(io.read_bands(files["zones"], grid)["climate_zone"]).astype(int)
    cells, totals = airborne.split(
        plume,
        level,
        grid.land,
        io.read_landuse(landuse, year, grid),
        runoff.sealed_runoff(io.mean_responses(runoff_responses), climate_zone),
        event_concentration_ug_l,
        grid.cell_area_m2,
        settings["wash_off"],
    )
    budget = airborne.air_budget(amounts, operator, totals, settings["closure_tolerance"])
    rings = airborne.deposited_by_ring(contents, metal, amounts)
    if rings:
        budget["rings"] = rings
    for name in CELLS:
        io.write_raster(outputs[name], grid.expand(cells[name]), name, grid, metal=metal, year=year)
    io.write_json(outputs["air"], budget)
    here = np.where(monitors.row >= 0, plume[monitors.row, monitors.column], 0.0)
    io.write_table(
        outputs["monitor_table"],
        {
            "station_id": monitors.station_id,
            "role": monitors.role,
            "monitor_year": monitors.year,
            "monitored": monitors.monitored,
            "monitored_without_soil": monitors.monitored * (1.0 - share),
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


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            files={name: snakemake.input[name] for name in FILES},
            operators=list(snakemake.input.operators),
            landuse=dict(zip(snakemake.params.landuse_dates, snakemake.input.landuse, strict=True)),
            runoff_responses=list(snakemake.input.runoff_responses),
            outputs={name: snakemake.output[name] for name in (*CELLS, "air", "monitor_table")},
            metal=snakemake.wildcards.metal,
            year=int(snakemake.wildcards.year),
            settings=snakemake.params.settings,
            event_concentration_ug_l=snakemake.params.tables["emc"][""],
        )
