"""Roll one metal from the first survey to the last, and learn what the process model misses."""

from typing import TYPE_CHECKING

import numpy as np
from metalbudget import io
from metalbudget.budget.reading import FILES as HISTORY_FILES
from metalbudget.budget.reading import read_ground
from metalbudget.budget.rolling import roll_history
from metalbudget.calibrator import correction as learned
from metalbudget.calibrator.reading import read_features, read_target
from metalbudget.quantities import HUMAN_INPUTS
from metalbudget.runlog import logger, logging_to
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

FILES = (
    "mask",
    "elevation",
    "soil",
    "parent_material",
    "population",
    "rain_factor",
    "zones",
    "background",
    "sources",
    "points",
)


def main(*, past, files, landuse, fluxes, metal, **learning):
    """Roll the history, then learn from it."""
    roll_history(**past, fluxes=fluxes, landuse=landuse, metal=metal)
    calibrate(
        files={**files, "history": past["outputs"]["cube"]},
        rkls=list(past["rkls"].values()),
        column_response=list(past["responses"].values()),
        landuse=landuse,
        fluxes=fluxes,
        metal=metal,
        **learning,
    )


# One thread of linear algebra: sums keep their order, so maps do not depend on the cores of a machine.
@threadpool_limits.wrap(limits=1, user_api="blas")
def calibrate(
    *,
    files,
    landuse,
    rkls,
    column_response,
    fluxes,
    net,
    correction,
    metrics,
    blocks_table,
    calibrated,
    metal,
    survey_years,
    legal_depth_m,
    seed,
    calibration,
    parameters,
    cover_practice,
):
    """Build target and features, calibrate, and write the correction with its evidence."""
    ground = read_ground(files["mask"], files["soil"], files["zones"], files["rain_factor"])
    grid, years = ground.grid, list(net)
    states = {year: io.read_landuse(landuse, year, grid) for year in years}
    net_maps = {year: grid.compress(io.read_raster(path, grid)) for year, path in net.items()}
    if not calibration["enabled"]:
        result = learned.none(grid.n, "calibrator.enabled is false")
    elif not survey_years:
        result = learned.none(grid.n, "there is no survey to learn from")
    else:
        soil_mass = ground.soil["bulk_density_kg_m3"] * legal_depth_m
        target = read_target(files, ground, survey_years, states, net_maps, soil_mass, parameters)
        window = {year: state for year, state in states.items() if target.first <= year <= target.last} or states
        features = read_features(
            files,
            ground,
            window,
            fluxes=fluxes,
            rkls=rkls,
            column_response=column_response,
            cover_practice=cover_practice,
        )
        open_share = np.mean([state.open_share for state in window.values()], axis=0)
        result = learned.learn(target, features, open_share, settings=calibration, parameters=parameters, seed=seed)
    record = {"metal": metal, "unit": "mg m-2 yr-1", "support": learned.SUPPORT, **result.record}
    record |= learned.summary(result.values, states[years[-1]].open_share, grid.cell_area_m2)
    logger.info(
        "%s: %s; shrinkage %.3f; correction %s", metal, record["reason"], record["shrinkage"], record["correction"]
    )
    io.write_json(metrics, record)
    io.write_table(blocks_table, result.blocks)
    io.write_raster(correction, grid.expand(result.values), "correction", grid, metal=metal)
    for year, path in calibrated.items():
        total = net_maps[year] + result.values * states[year].open_share
        io.write_raster(path, grid.expand(total), "net", grid, metal=metal, year=year)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        study = snakemake.params.study
        flux_files = iter(snakemake.input.fluxes)  # by process, then year
        main(
            past={
                "files": {name: snakemake.input[name] for name in HISTORY_FILES},
                "air": dict(zip(study["years"], snakemake.input.air, strict=True)),
                "responses": dict(zip(study["weather_years"], snakemake.input.column_response, strict=True)),
                "rkls": dict(zip(study["weather_years"], snakemake.input.rkls, strict=True)),
                "outputs": {"cube": snakemake.output.history, "ledger": snakemake.output.ledger},
                "period": {"surveys": study["survey_years"], "years": study["years"]},
                "weather_of_year": {int(year): years for year, years in study["weather_of_year"].items()},
                "layer": snakemake.params.layer,
                "budget": snakemake.params.budget,
                "chemistry": snakemake.params.chemistry,
                "tables": snakemake.params.tables | snakemake.params.common,
            },
            files={name: snakemake.input[name] for name in FILES},
            landuse=dict(zip(study["landuse_dates"], snakemake.input.landuse, strict=True)),
            fluxes={process: {year: next(flux_files) for year in study["years"]} for process in HUMAN_INPUTS},
            net=dict(zip(study["years"], snakemake.input.net, strict=True)),
            correction=snakemake.output.correction,
            metrics=snakemake.output.metrics,
            blocks_table=snakemake.output.blocks,
            calibrated=dict(zip(study["years"], snakemake.output.calibrated, strict=True)),
            metal=snakemake.wildcards.metal,
            **{name: study[name] for name in ("survey_years", "legal_depth_m", "seed")},
            calibration=snakemake.params.calibration,
            parameters=snakemake.params.parameters,
            cover_practice=snakemake.params.common["rusle_cp"],
        )
