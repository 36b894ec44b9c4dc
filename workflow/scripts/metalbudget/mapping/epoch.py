"""One survey mapped: fitted, validated out of fold, predicted on the cells; and what several surveys say together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.grid import Grid
from metalbudget.landuse import BUILT, LandUse
from metalbudget.mapping import background, geostatistics, survey, validation

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


@dataclass(frozen=True, eq=False)
class Strata:
    """Tabled background of the parent materials, shape (k,), and the cells' material, shape (n,).

    Parameters
    ----------
    code : ndarray of int
        Ascending.
    tabled_mg_kg, geometric_sd : ndarray
        [mg kg⁻¹], [1]
    of_cell : ndarray of int, shape (n,)
        Code of each land cell; all are in the table.
    """

    code: NDArray[np.int64]
    tabled_mg_kg: NDArray[np.float64]
    geometric_sd: NDArray[np.float64]
    of_cell: NDArray[np.int64]

    @property
    def offset(self) -> NDArray[np.float64]:
        """Logarithm of the cells' tabled background, shape (n,). [ln mg kg⁻¹]"""
        return np.log(self.tabled_mg_kg)[np.searchsorted(self.code, self.of_cell)]


@dataclass(frozen=True, eq=False)
class Samples:
    """One survey's samples of one metal on the study grid.

    Parameters
    ----------
    topsoil, deep : Survey
        n points of the legal depth, and k samples from below the soil.
    cell, deep_cell : ndarray of int, shapes (n,) and (k,)
        Land cells.
    xy : ndarray, shape (n, 2)
        [m]
    """

    topsoil: survey.Survey
    cell: NDArray[np.int64]
    xy: NDArray[np.float64]
    deep: survey.Survey
    deep_cell: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Epoch:
    """A mapped survey.

    Parameters
    ----------
    year : int
    samples : Samples
    landuse : LandUse
        Of the survey's year.
    model : MapModel
    names : list of str
        Columns of the trend.
    fold : ndarray of int, shape (points,)
    mean, variance : ndarray, shape (points,)
        Out-of-fold prediction of the samples' logarithms. [1]
    content, error : ndarray, shape (n,)
        Mean of each land cell [mg kg⁻¹] and its standard error on the log scale [1].
    """

    year: int
    samples: Samples
    landuse: LandUse
    model: geostatistics.MapModel
    names: list[str]
    fold: NDArray[np.int64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    content: NDArray[np.float64]
    error: NDArray[np.float64]


def map_survey(
    year: int,
    samples: Samples,
    strata: Strata,
    covariates: Mapping[str, NDArray[np.float64]],
    landuse: LandUse,
    grid: Grid,
    *,
    parameters: Mapping[str, float],
    maximum_points: int,
    fold_size_m: float,
    folds: int,
    seed: int,
) -> Epoch:
    """Fit one survey, hold its points out in spatial blocks, and predict every land cell.

    Parameters
    ----------
    year : int
    samples : Samples
    strata : Strata
    covariates : mapping of name to ndarray, shape (n,)
        From `covariates.smooth`.
    landuse : LandUse
    grid : Grid
    parameters : mapping
        Rows of ``mapping.csv``.
    maximum_points : int
        Samples in a neighbourhood.
    fold_size_m, folds, seed
        As in `validation.cross_validate`.

    Returns
    -------
    Epoch
    """
    topsoil, offset = samples.topsoil, strata.offset
    design, prior_variance, names = geostatistics.design_matrix(strata.of_cell, strata.code, covariates, parameters)
    data: dict[str, Any] = {
        "x_m": samples.xy[:, 0],
        "y_m": samples.xy[:, 1],
        "log_value": topsoil.log_value,
        "log_sd": topsoil.log_sd,
        "censored": topsoil.censored,
        "design": design[samples.cell],
        "offset": offset[samples.cell],
        "prior_variance": prior_variance,
        "settings": parameters,
    }
    model = geostatistics.fit(**data)
    fold, mean, variance = validation.cross_validate(
        **data, maximum_points=maximum_points, fold_size_m=fold_size_m, folds=folds, seed=seed
    )
    predicted = geostatistics.predict(model, grid.land_x, grid.land_y, design, offset, maximum_points)
    content, error = geostatistics.to_cells(
        predicted, model.covariance, grid.cell_m, float(topsoil.systematic_log_sd.mean()), parameters
    )
    return Epoch(year, samples, landuse, model, names, fold, mean, variance, content, error)


def natural_background(
    strata: Strata, first: Epoch | None, grid: Grid, parameters: Mapping[str, float]
) -> background.Background:
    """Background by stratum from the table and the first survey's remote and deep samples.

    Parameters
    ----------
    strata : Strata
    first : Epoch, optional
        A later survey never enters: it holds what people have added since.
    grid : Grid
    parameters : mapping
        Rows of ``mapping.csv``.

    Returns
    -------
    Background
    """
    stratum, value = np.zeros(0, np.int64), np.zeros(0)
    error, remote = np.zeros(0), np.zeros(0, bool)
    if first is not None:
        samples = first.samples
        built = first.landuse.sealed + first.landuse.shares[list(BUILT)].sum(axis=0)
        radius = max(1, round(parameters["remote_radius_m"] / grid.cell_m))
        around = grid.compress(background.surroundings(grid.expand(built), grid.land, radius))
        far = around[samples.cell] <= parameters["remote_built_share"]
        stratum = np.concatenate([strata.of_cell[samples.cell], strata.of_cell[samples.deep_cell]])
        value = np.concatenate([first.model.estimate, samples.deep.log_value])
        error = np.concatenate([samples.topsoil.log_sd, samples.deep.log_sd])
        remote = np.concatenate([far, ~samples.deep.censored])
    return background.by_stratum(
        code=strata.code,
        tabled_mg_kg=strata.tabled_mg_kg,
        geometric_sd=strata.geometric_sd,
        stratum=stratum,
        log_value=value,
        log_sd=error,
        remote=remote,
        settings=parameters,
    )


def validation_table(epochs: Sequence[Epoch]) -> dict[str, list]:
    """Scores out of fold: one row a survey and fold, and one (``total``) for all folds of a survey."""
    columns: dict[str, list] = {name: [] for name in ("survey", "fold", *SCORES)}
    for epoch in epochs:
        topsoil, fold = epoch.samples.topsoil, epoch.fold
        groups = [(str(number), fold == number) for number in np.unique(fold)]
        for name, group in [*groups, ("total", np.ones(fold.size, bool))]:
            result = validation.scores(
                topsoil.log_value[group], topsoil.censored[group], epoch.mean[group], epoch.variance[group]
            )
            for column, entry in {"survey": epoch.year, "fold": name, **result}.items():
                columns[column].append(entry)
    return columns


def points_table(epochs: Sequence[Epoch], distance_m: float) -> dict[str, list]:
    """Harmonised values of all surveys; those of a site that the first and the last visited share a ``pair_id``.

    Parameters
    ----------
    epochs : sequence of Epoch
    distance_m : float
        See `survey.pair_points`. [m]
    """
    partner = [np.full(epoch.fold.size, "", dtype=object) for epoch in epochs]
    if len(epochs) > 1:
        first, last = epochs[0].samples, epochs[-1].samples
        pairs = survey.pair_points(
            list(first.topsoil.point_id), first.xy, list(last.topsoil.point_id), last.xy, distance_m
        )
        for number, (one, other) in enumerate(pairs):
            partner[0][one] = partner[-1][other] = f"s{number:06d}"
    columns: dict[str, list] = {
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
    for names, epoch in zip(partner, epochs, strict=True):
        topsoil, xy = epoch.samples.topsoil, epoch.samples.xy
        # A censored sample's value is its conditional median below the limit, with the error of that.
        error = np.where(topsoil.censored, np.sqrt(epoch.model.estimate_variance), topsoil.log_sd)
        rows: tuple[Any, ...] = (
            topsoil.point_id,
            names,
            np.round(xy[:, 0], 3),
            np.round(xy[:, 1], 3),
            [epoch.year] * len(names),
            topsoil.date,
            np.exp(epoch.model.estimate),
            error,
            topsoil.systematic_log_sd,
            [int(value) for value in topsoil.censored],
            [int(bool(name)) for name in names],
        )
        for column, values in zip(columns.values(), rows, strict=True):
            column.extend(values)
    return columns
