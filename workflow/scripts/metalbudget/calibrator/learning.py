"""Boosted trees on the residual of blocks: predicted out of fold, shrunk by their skill, applied where blocks speak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from metalbudget.calibrator.applicability import applicability
from metalbudget.calibrator.blocks import Blocks, block_weights
from metalbudget.calibrator.skill import scores, shrinkage, skill
from metalbudget.mapping.folds import spatial_folds, square_of


def booster(
    features: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    options: Mapping[str, float],
    seed: int,
):
    """Fit a small LightGBM regression, the same on every run and for any thread count.

    Parameters
    ----------
    features : ndarray, shape (b, p)
    target, weight : ndarray, shape (b,)
    options : mapping
        ``learning_rate num_leaves min_data_in_leaf rounds threads feature_fraction bagging_fraction
        lambda_l2``.
    seed : int

    Returns
    -------
    lightgbm.Booster
        Trained on the target in units of its standard deviation; see `predict`.
    """
    import lightgbm

    parameters = {
        "objective": "regression",
        "learning_rate": options["learning_rate"],
        "num_leaves": int(options["num_leaves"]),
        "min_data_in_leaf": int(options["min_data_in_leaf"]),
        "feature_fraction": options["feature_fraction"],
        "bagging_fraction": options["bagging_fraction"],
        "bagging_freq": 1,
        "lambda_l2": options["lambda_l2"],
        "num_threads": int(options["threads"]),
        "seed": seed % (2**31 - 1),
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(features, target, weight=weight, free_raw_data=True, params={"verbosity": -1})
    return lightgbm.train(parameters, data, num_boost_round=int(options["rounds"]))


def out_of_fold(
    features: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    fold: NDArray[np.int64],
    options: Mapping[str, float],
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Predict every block by a model, and by a mean, that never saw its fold.

    Parameters
    ----------
    features : ndarray, shape (b, p)
    target, weight : ndarray, shape (b,)
    fold : ndarray of int, shape (b,)
    options, seed
        As in `booster`.

    Returns
    -------
    learned, mean : ndarray, shape (b,)
    """
    learned, mean = np.zeros(target.size), np.zeros(target.size)
    for number in np.unique(fold):
        test, train = fold == number, fold != number
        centre = float(np.average(target[train], weights=weight[train]))
        mean[test] = centre
        scale = float(np.sqrt(np.average((target[train] - centre) ** 2, weights=weight[train]))) or 1.0
        model = booster(features[train], (target[train] - centre) / scale, weight[train], options, seed)
        learned[test] = centre + scale * model.predict(features[test], num_threads=int(options["threads"]))
    return learned, mean


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was learned.

    Parameters
    ----------
    correction : ndarray, shape (n,)
        Per open soil of each cell, signed; zero outside the applicability or without skill.
        [mg m⁻² yr⁻¹]
    predicted : ndarray, shape (b,)
        Learned residual of the blocks out of fold, before shrinkage. [mg m⁻² yr⁻¹]
    fold : ndarray of int, shape (b,)
    weight : ndarray, shape (b,)
        Weight of a block in the fit, mean 1.
    metrics : dict
        Scores, skill, noise ceiling, shrinkage, applicability, importance.
    """

    correction: NDArray[np.float64]
    predicted: NDArray[np.float64]
    fold: NDArray[np.int64]
    weight: NDArray[np.float64]
    metrics: dict


def calibrate(
    blocks: Blocks,
    cells: NDArray[np.float64],
    names: Sequence[str],
    *,
    options: Mapping[str, float],
    fold_size_m: float,
    folds: int,
    shift_sd: float,
    most_weight: float,
    seed: int,
) -> Calibration:
    """Learn the residual, judge it out of fold, and predict cells as far as it has skill.

    Parameters
    ----------
    blocks : Blocks
    cells : ndarray, shape (n, p)
        Features of the cells.
    names : sequence of str, length p
        Features; none may hold a measured content.
    options : mapping
        As in `booster`, and ``skill_level bootstrap_replicates applicability_whisker placebo_repeats``.
    fold_size_m : float
        Side of the squares that are held out, and resampled, together. [m]
    folds : int
    shift_sd : float
        Possible common shift between the surveys, on the log scale. [1]
    most_weight : float
        Upper bound of the correction's weight, 0..1.
    seed : int

    Returns
    -------
    Calibration
    """
    target = blocks.residual
    weight = block_weights(target, blocks.noise)
    fold = spatial_folds(blocks.x_m, blocks.y_m, fold_size_m, folds, seed)
    square = square_of(blocks.x_m, blocks.y_m, fold_size_m)
    skill_of = partial(
        skill,
        square=square,
        shift=blocks.shift,
        replicates=int(options["bootstrap_replicates"]),
        level=options["skill_level"],
        seed=seed,
    )
    predicted, mean = out_of_fold(blocks.features, target, weight, fold, options, seed)
    zero = np.zeros_like(target)
    over_process = skill_of(target, predicted, zero, weight, shift_sd=shift_sd)
    over_mean = skill_of(target, predicted, mean, weight)
    share = most_weight * shrinkage(target, predicted, weight, over_process)

    # What the same chain finds when the residuals are dealt out at random.
    generator = np.random.default_rng(seed + 1)
    placebo = []
    for _ in range(int(options["placebo_repeats"])):
        order = generator.permutation(target.size)
        dealt, dealt_weight = target[order], weight[order]
        noise_prediction, noise_mean = out_of_fold(blocks.features, dealt, dealt_weight, fold, options, seed)
        # Dealing keeps the mean, so the placebo is held against it.
        placebo.append(skill_of(dealt, noise_prediction, noise_mean, dealt_weight))
    shuffled = np.random.default_rng(seed + 2).permutation(target.size) % 10
    random_prediction, _ = out_of_fold(blocks.features, target, weight, shuffled, options, seed)

    centre = float(np.average(target, weights=weight))
    scale = float(np.sqrt(np.average((target - centre) ** 2, weights=weight))) or 1.0
    model = booster(blocks.features, (target - centre) / scale, weight, options, seed)
    importance = np.asarray(model.feature_importance(importance_type="gain"), dtype=float)
    area = applicability(blocks.features, importance, fold, options["applicability_whisker"])
    inside = area.inside(cells)
    correction = np.zeros(len(cells))
    if share > 0.0:
        learned = centre + scale * model.predict(cells, num_threads=int(options["threads"]))
        correction = np.where(inside, share * learned, 0.0)

    noise_variance = float(np.average(blocks.noise**2, weights=weight))
    observed_variance = float(
        np.average((blocks.observed - np.average(blocks.observed, weights=weight)) ** 2, weights=weight)
    )
    total = importance.sum() or 1.0
    metrics = {
        "points": int(blocks.points.sum()),
        "blocks": int(target.size),
        "folds": int(fold.max()) + 1,
        "squares": int(square.max()) + 1,
        "out_of_fold": {
            "calibrated": scores(blocks.observed, blocks.process + share * predicted, weight),
            "learned_without_shrinkage": scores(blocks.observed, blocks.process + predicted, weight),
            "process_model": scores(blocks.observed, blocks.process, weight),
            "process_model_plus_mean_residual": scores(blocks.observed, blocks.process + mean, weight),
        },
        "random_folds_for_leakage_only": scores(blocks.observed, blocks.process + random_prediction, weight),
        "skill_over_process_model": over_process,
        "skill_over_mean_residual": over_mean,
        "common_shift_log_sd": float(shift_sd),
        "noise_mg_m2_yr": float(np.sqrt(noise_variance)),
        "noise_ceiling_r2": max(0.0, 1.0 - noise_variance / observed_variance) if observed_variance > 0.0 else 0.0,
        "shrinkage": float(share),
        "placebo": {
            "repeats": len(placebo),
            "passed": sum(1 for entry in placebo if entry["low"] > 0.0),
            "mean_skill": float(np.mean([entry["value"] for entry in placebo])) if placebo else None,
        },
        "applicability": {"threshold": area.threshold, "share_inside": float(inside.mean())},
        "importance": {name: float(value / total) for name, value in zip(names, importance, strict=True)},
    }
    return Calibration(correction, predicted, fold, weight, metrics)
