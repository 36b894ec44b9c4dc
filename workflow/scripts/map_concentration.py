"""Map one metal's concentration at each survey, its standard error and the natural background."""

from typing import TYPE_CHECKING

import numpy as np
from metalbudget import io
from metalbudget.mapping import background, epoch
from metalbudget.mapping.reading import read_covariates, read_strata, read_survey
from metalbudget.runlog import logger, logging_to
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

FILES = ("mask", "elevation", "soil", "parent_material", "population", "parent_materials")


# One thread of linear algebra: sums keep their order, so maps do not depend on the cores of a machine.
@threadpool_limits.wrap(limits=1, user_api="blas")
def main(
    *,
    files,
    landuse,
    surveys,
    maps,
    background_map,
    validation_table,
    points_table,
    metal,
    recovery,
    parameters,
    mapping,
    legal_depth_m,
    seed,
):
    """Read the surveys, fit and validate each, and write its map; without a survey map the prior."""
    grid = io.read_grid(files["mask"])
    strata = read_strata(files["parent_material"], files["parent_materials"], metal, grid)
    epochs = []
    for year, path in surveys.items():
        samples = read_survey(path, metal, grid, recovery, legal_depth_m, parameters)
        state = io.read_landuse(landuse, float(np.clip(year, min(landuse), max(landuse))), grid)
        covariates = read_covariates(files["elevation"], files["soil"], files["population"], state, grid)
        epochs.append(
            epoch.map_survey(
                year,
                samples,
                strata,
                covariates,
                state,
                grid,
                parameters=parameters,
                maximum_points=mapping["maximum_points_per_kriging"],
                fold_size_m=mapping["fold_size_m"],
                folds=mapping["folds"],
                seed=seed,
            )
        )
        report_fit(metal, epochs[-1])

    natural = epoch.natural_background(strata, epochs[0] if epochs else None, grid, parameters)
    report_background(strata, natural)
    content, spread, p90, prior_error = background.to_cells(natural, strata.of_cell)
    bands = {"mean_mg_kg": content, "log_standard_deviation": spread, "p90_mg_kg": p90}
    write_map(background_map, bands, grid, metal)
    mapped = [(entry.content, entry.error) for entry in epochs] or [(content, prior_error)]
    for path, (mean, error) in zip(maps, mapped, strict=True):
        write_map(path, {"mean_mg_kg": mean, "log_standard_error": error}, grid, metal)
        logger.info(
            "%s: %.4g..%.4g mg/kg, mean %.4g, mean log error %.3f",
            path,
            mean.min(),
            mean.max(),
            mean.mean(),
            error.mean(),
        )
    io.write_table(validation_table, epoch.validation_table(epochs))
    points = epoch.points_table(epochs, parameters["pair_distance_m"])
    io.write_table(points_table, points)
    logger.info("%d revisited sites", sum(points["paired"]) // 2)


def write_map(path, bands, grid, metal):
    """Write bands of land cells, contents in mg/kg and errors on the log scale."""
    quantities = {name: "concentration" if name.endswith("mg_kg") else "log_standard_error" for name in bands}
    io.write_bands(path, {name: grid.expand(values) for name, values in bands.items()}, quantities, grid, metal=metal)


def report_fit(metal, entry):
    """Log a survey's model and how well it predicts samples it has not seen."""
    topsoil, model = entry.samples.topsoil, entry.model
    trend = ", ".join(f"{name} {value:+.3f}" for name, value in zip(entry.names, model.coefficients, strict=True))
    logger.info(
        "%s %s: %d points, %d censored; sill %.4f, length %.0f m, unresolved %.4f; %s",
        metal,
        entry.year,
        topsoil.log_value.size,
        topsoil.censored.sum(),
        model.covariance.sill,
        model.covariance.length_m,
        model.covariance.micro,
        trend,
    )
    table = epoch.validation_table([entry])
    logger.info("survey %s out of fold: %s", entry.year, {name: table[name][-1] for name in epoch.SCORES})


def report_background(strata, natural):
    """Log the background of each parent material beside the tabled one."""
    rows = (strata.code, strata.tabled_mg_kg, np.exp(natural.log_median), np.exp(natural.log_sd), natural.samples)
    for row in zip(*rows, strict=True):
        logger.info("parent material %d: table %.4g, background %.4g mg/kg, spread x%.2f, %d samples", *row)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        study = snakemake.params.study
        main(
            files={name: snakemake.input[name] for name in FILES},
            landuse=dict(zip(study["landuse_dates"], snakemake.input.landuse, strict=True)),
            surveys=dict(zip(study["survey_years"], snakemake.input.surveys, strict=True)),
            maps=list(snakemake.output.maps),
            background_map=snakemake.output.background,
            validation_table=snakemake.output.validation,
            points_table=snakemake.output.points,
            metal=snakemake.wildcards.metal,
            recovery=snakemake.params.coefficients["survey_method"],
            parameters=snakemake.params.parameters,
            mapping=snakemake.params.mapping,
            legal_depth_m=study["legal_depth_m"],
            seed=study["seed"],
        )
