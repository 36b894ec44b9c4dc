"""Map one metal's concentration at each survey, its standard error and the natural background."""

import logging
from typing import TYPE_CHECKING

import numpy as np
from metalbudget import io
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.landuse import BUILT, SOIL_CLASSES
from metalbudget.mapping import background, geostatistics, survey, validation
from metalbudget.runlog import logging_to
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

logger = logging.getLogger("metalbudget")

SCORES = (
    "points",
    "censored",
    "rmse_log",
    "bias_log",
    "r2_log",
    "coverage_90",
    "mean_log_sd",
    "rmse_mg_kg",
    "bias_mg_kg",
)
LOG_SHARES = ("paddy", "dryland", "orchard", "forest")


# One thread of linear algebra: sums keep their order, so maps do not depend on the cores of a machine.
@threadpool_limits.wrap(limits=1, user_api="blas")
def main(
    *,
    mask,
    elevation,
    soil,
    parent_material,
    population,
    landuse,
    parent_materials,
    surveys,
    maps,
    background_map,
    validation_table,
    points_table,
    metal,
    landuse_dates,
    survey_years,
    recovery,
    parameters,
    mapping,
    legal_depth_m,
    seed,
):
    """Read the surveys, fit and validate each, and write its map; without a survey map the prior."""
    grid = io.read_grid(mask)
    strata = grid.compress(io.read_raster(parent_material, grid)).astype(np.int64)
    code, tabled, geometric_sd = strata_table(parent_materials, metal, np.unique(strata))
    files = dict(zip(landuse_dates, landuse, strict=True))
    position = np.searchsorted(code, strata)
    offset = np.log(tabled)[position]

    fitted = []
    for path, year in zip(surveys, survey_years, strict=True):
        topsoil, cell, xy, deep = read_survey(path, metal, grid, recovery, legal_depth_m, parameters)
        state = io.read_landuse(files, float(np.clip(year, min(files), max(files))), grid)
        covariates = smooth_covariates(grid, elevation, soil, population, state)
        design, prior_variance, names = geostatistics.design_matrix(strata, code, covariates, parameters)
        samples = {
            "x_m": xy[:, 0],
            "y_m": xy[:, 1],
            "log_value": topsoil.log_value,
            "log_sd": topsoil.log_sd,
            "censored": topsoil.censored,
            "design": design[cell],
            "offset": offset[cell],
            "prior_variance": prior_variance,
            "settings": parameters,
        }
        model = geostatistics.fit(**samples)
        logger.info(
            "%s %s: %d points, %d censored; sill %.4f, length %.0f m, unresolved %.4f; %s",
            metal,
            year,
            topsoil.log_value.size,
            topsoil.censored.sum(),
            model.covariance.sill,
            model.covariance.length_m,
            model.covariance.micro,
            ", ".join(f"{name} {value:+.3f}" for name, value in zip(names, model.coefficients, strict=True)),
        )
        fold, mean, variance = validation.cross_validate(
            **samples,
            maximum_points=mapping["maximum_points_per_kriging"],
            fold_size_m=mapping["fold_size_m"],
            folds=mapping["folds"],
            seed=seed,
        )
        predicted = geostatistics.predict(
            model, grid.land_x, grid.land_y, design, offset, mapping["maximum_points_per_kriging"]
        )
        content, error = geostatistics.to_cells(
            predicted, model.covariance, grid.cell_m, float(topsoil.systematic_log_sd.mean()), parameters
        )
        fitted.append((year, topsoil, cell, xy, deep, state, model, fold, mean, variance, content, error))

    natural = natural_background(code, tabled, geometric_sd, strata, fitted, grid, parameters)
    content, spread, p90, prior_error = background.to_cells(natural, strata)
    io.write_bands(
        background_map,
        {
            "mean_mg_kg": grid.expand(content),
            "log_standard_deviation": grid.expand(spread),
            "p90_mg_kg": grid.expand(p90),
        },
        {
            "mean_mg_kg": "concentration",
            "log_standard_deviation": "log_standard_error",
            "p90_mg_kg": "concentration",
        },
        grid,
        metal=metal,
    )
    epochs = [(entry[-2], entry[-1]) for entry in fitted] or [(content, prior_error)]
    for path, (mean, error) in zip(maps, epochs, strict=True):
        io.write_bands(
            path,
            {"mean_mg_kg": grid.expand(mean), "log_standard_error": grid.expand(error)},
            {"mean_mg_kg": "concentration", "log_standard_error": "log_standard_error"},
            grid,
            metal=metal,
        )
        logger.info(
            "%s: %.4g..%.4g mg/kg, mean %.4g, mean log error %.3f",
            path,
            mean.min(),
            mean.max(),
            mean.mean(),
            error.mean(),
        )
    write_validation(validation_table, fitted)
    write_points(points_table, fitted, parameters["pair_distance_m"])


def strata_table(path, metal, present):
    """Tabled background of the strata that occur, in order of their code."""
    table = io.read_table(path, text=("metal", "name", "source"))
    rows = np.flatnonzero(table["metal"] == metal)
    rows = rows[np.argsort(table["code"][rows], kind="stable")]
    code = table["code"][rows].astype(np.int64)
    missing = np.setdiff1d(present, code)
    if missing.size:
        raise InputError(
            f"a parent material has no background for {metal}",
            file=path,
            found=f"no row for code {missing.tolist()}",
            expected="a row for every code of soil/parent_material.tif and every metal",
        )
    return code, table["background_mg_kg"][rows], table["geometric_standard_deviation"][rows]


def read_survey(path, metal, grid: Grid, recovery, legal_depth_m, parameters):
    """One survey's samples of one metal on the study grid: values, cells and positions; and deep samples."""
    from pyproj import Transformer

    table = io.read_table(path, text=("metal", "method", "date"))
    own = np.flatnonzero(table["metal"] == metal)
    if own.size == 0:
        raise InputError(f"the survey has no sample of {metal}", file=path, expected=f"rows with metal {metal}")
    table = {name: values[own] for name, values in table.items()}
    transformer = Transformer.from_crs("EPSG:4326", grid.crs, always_xy=True)
    xy = np.column_stack(transformer.transform(table["longitude_deg"], table["latitude_deg"]))
    topsoil, deep = survey.harmonise(
        point_id=table["point_id"],
        date=np.array([survey.year_fraction(text) for text in table["date"]]),
        depth_top_m=table["depth_top_m"],
        depth_bottom_m=table["depth_bottom_m"],
        method=table["method"],
        value_mg_kg=table["value_mg_kg"],
        censored=table["censored"] == 1,
        uncertainty_pct=table["uncertainty_pct"],
        recovery=recovery,
        legal_depth_m=legal_depth_m,
        settings=parameters,
    )
    cell, deep_cell = land_cell(grid, xy[topsoil.row]), land_cell(grid, xy[deep.row])
    if (cell >= 0).sum() == 0:
        raise InputError("no sample of the survey lies on the land of the study grid", file=path)
    if (cell < 0).any():
        logger.warning("%s: %d of %d points lie off the land and are left out", path, (cell < 0).sum(), cell.size)
    kept = cell >= 0
    return (
        topsoil.take(kept),
        cell[kept],
        xy[topsoil.row][kept],
        (deep.take(deep_cell >= 0), deep_cell[deep_cell >= 0]),
    )


def land_cell(grid: Grid, xy):
    """Land cell of points; a point at sea by less than a cell and a half belongs to the nearest land cell."""
    cell = grid.cell_of(xy[:, 0], xy[:, 1])
    for position in np.flatnonzero(cell < 0):
        gap = np.hypot(grid.land_x - xy[position, 0], grid.land_y - xy[position, 1])
        nearest = int(gap.argmin())
        if gap[nearest] <= 1.5 * grid.cell_m:
            cell[position] = nearest
    return cell


def smooth_covariates(grid: Grid, elevation, soil, population, state):
    """Covariates of the trend on the land cells."""
    height = io.read_raster(elevation, grid)
    filled = np.where(np.isfinite(height), height, 0.0)
    rise = np.hypot(*np.gradient(filled, grid.cell_m))
    layers = io.read_bands(soil, grid)
    covariates = {
        "elevation": np.sqrt(np.maximum(grid.compress(filled), 0.0)),
        "slope": np.sqrt(grid.compress(rise)),
        "clay": grid.compress(layers["clay_pct"]),
        "organic_carbon": np.log1p(grid.compress(layers["organic_carbon_pct"])),
        "ph": grid.compress(layers["ph_water"]),
        "sealed": np.sqrt(state.sealed),
        "population": np.log1p(grid.compress(io.read_raster(population, grid))),
    }
    for name in LOG_SHARES:
        covariates[name] = state.shares[SOIL_CLASSES.index(name)]
    covariates["built"] = state.shares[list(BUILT)].sum(axis=0)
    return {name: np.nan_to_num(values, nan=float(np.nanmean(values))) for name, values in covariates.items()}


def natural_background(code, tabled, geometric_sd, strata, fitted, grid: Grid, parameters):
    """Background by stratum from the table and the first survey; a later survey never enters."""
    stratum, value, error, remote = [np.zeros(0, np.int64)], [np.zeros(0)], [np.zeros(0)], [np.zeros(0, bool)]
    if fitted:
        _, topsoil, cell, _, (deep, deep_cell), state, model, *_ = fitted[0]
        built = state.sealed + state.shares[list(BUILT)].sum(axis=0)
        radius = max(1, round(parameters["remote_radius_m"] / grid.cell_m))
        around = grid.compress(background.surroundings(grid.expand(built), grid.land, radius))
        stratum = [strata[cell], strata[deep_cell]]
        value = [model.estimate, deep.log_value]
        error = [topsoil.log_sd, deep.log_sd]
        remote = [around[cell] <= parameters["remote_built_share"], ~deep.censored]
    natural = background.by_stratum(
        code=code,
        tabled_mg_kg=tabled,
        geometric_sd=geometric_sd,
        stratum=np.concatenate(stratum),
        log_value=np.concatenate(value),
        log_sd=np.concatenate(error),
        remote=np.concatenate(remote),
        settings=parameters,
    )
    for number, old, median, spread, count in zip(
        code, tabled, np.exp(natural.log_median), np.exp(natural.log_sd), natural.samples, strict=True
    ):
        logger.info(
            "parent material %d: table %.4g, background %.4g mg/kg, spread x%.2f, %d samples",
            number,
            old,
            median,
            spread,
            count,
        )
    return natural


def write_validation(path, fitted):
    """One row a survey and fold, and one for all folds of a survey."""
    columns = {name: [] for name in ("survey", "fold", *SCORES)}
    for year, topsoil, _, _, _, _, _, fold, mean, variance, *_ in fitted:
        groups = [(str(number), fold == number) for number in np.unique(fold)]
        for name, group in [*groups, ("total", np.ones(fold.size, bool))]:
            result = validation.scores(topsoil.log_value[group], topsoil.censored[group], mean[group], variance[group])
            columns["survey"].append(year)
            columns["fold"].append(name)
            for score in SCORES:
                columns[score].append(result[score])
            if name == "total":
                logger.info("survey %s out of fold: %s", year, result)
    io.write_table(path, columns)


def write_points(path, fitted, distance_m):
    """Harmonised values of all surveys; those of a revisited site share a pair_id."""
    columns = {
        name: []
        for name in (
            "point_id",
            "pair_id",
            "x_m",
            "y_m",
            "survey",
            "date",
            "value_mg_kg",
            "log_sd",
            "systematic_log_sd",
            "censored",
            "paired",
        )
    }
    partner = [np.full(entry[1].log_value.size, "", dtype=object) for entry in fitted]
    if len(fitted) > 1:
        first, last = fitted[0], fitted[-1]
        pairs = survey.pair_points(first[1].point_id, first[3], last[1].point_id, last[3], distance_m)
        for number, (one, other) in enumerate(pairs):
            partner[0][one] = partner[-1][other] = f"s{number:06d}"
        logger.info("%d revisited sites", len(pairs))
    for names, (year, topsoil, _, xy, _, _, model, *_) in zip(partner, fitted, strict=True):
        # A censored sample's value is its conditional median below the limit, with the error of that.
        error = np.where(topsoil.censored, np.sqrt(model.estimate_variance), topsoil.log_sd)
        columns["point_id"] += list(topsoil.point_id)
        columns["pair_id"] += list(names)
        columns["x_m"] += list(np.round(xy[:, 0], 3))
        columns["y_m"] += list(np.round(xy[:, 1], 3))
        columns["survey"] += [year] * len(names)
        columns["date"] += list(topsoil.date)
        columns["value_mg_kg"] += list(np.exp(model.estimate))
        columns["log_sd"] += list(error)
        columns["systematic_log_sd"] += list(topsoil.systematic_log_sd)
        columns["censored"] += [int(value) for value in topsoil.censored]
        columns["paired"] += [int(bool(name)) for name in names]
    io.write_table(path, columns)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            **{
                name: snakemake.input[name]
                for name in ("mask", "elevation", "soil", "parent_material", "population", "parent_materials")
            },
            landuse=list(snakemake.input.landuse),
            surveys=list(snakemake.input.surveys),
            maps=list(snakemake.output.maps),
            background_map=snakemake.output.background,
            validation_table=snakemake.output.validation,
            points_table=snakemake.output.points,
            metal=snakemake.wildcards.metal,
            **snakemake.params.study,
            recovery=snakemake.params.coefficients["survey_method"],
            parameters=snakemake.params.parameters,
            mapping=snakemake.params.mapping,
        )
