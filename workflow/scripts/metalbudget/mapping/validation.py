"""Points held out in spatial blocks: how good the map is where it has no sample."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from metalbudget.mapping import geostatistics
from metalbudget.mapping.folds import spatial_folds

NORMAL_QUANTILE_95 = 1.6448536269514722


def cross_validate(
    *,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    log_value: NDArray[np.float64],
    log_sd: NDArray[np.float64],
    censored: NDArray[np.bool_],
    design: NDArray[np.float64],
    offset: NDArray[np.float64],
    prior_variance: NDArray[np.float64],
    settings: Mapping[str, float],
    maximum_points: int,
    fold_size_m: float,
    folds: int,
    seed: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Predict every sample from a model fitted without its fold (trend, variogram and censored values).

    Parameters
    ----------
    x_m, y_m, log_value, log_sd, censored, design, offset, prior_variance, settings
        As in `geostatistics.fit`.
    maximum_points : int
        Samples in a neighbourhood.
    fold_size_m : float
        Side of the squares that are held out together. [m]
    folds, seed : int

    Returns
    -------
    fold : ndarray of int, shape (n,)
    mean, variance : ndarray, shape (n,)
        Out-of-fold prediction of the sample's logarithm and its variance, with the sample's own error.
    """
    fold = spatial_folds(x_m, y_m, fold_size_m, folds, seed)
    mean, variance = np.full(x_m.size, np.nan), np.full(x_m.size, np.nan)
    for number in range(int(fold.max()) + 1 if fold.size else 0):
        test, train = fold == number, fold != number
        if not train.any():
            continue
        model = geostatistics.fit(
            x_m=x_m[train],
            y_m=y_m[train],
            log_value=log_value[train],
            log_sd=log_sd[train],
            censored=censored[train],
            design=design[train],
            offset=offset[train],
            prior_variance=prior_variance,
            settings=settings,
            cycles=2,
        )
        predicted = geostatistics.predict(model, x_m[test], y_m[test], design[test], offset[test], maximum_points)
        mean[test] = predicted.mean
        variance[test] = predicted.variance + predicted.micro + log_sd[test] ** 2
    return fold, mean, variance


def scores(
    log_value: NDArray[np.float64],
    censored: NDArray[np.bool_],
    mean: NDArray[np.float64],
    variance: NDArray[np.float64],
) -> dict[str, float]:
    """Scores of out-of-fold predictions.

    Errors are of detected samples; a censored sample counts in the coverage: it is covered if the
    interval reaches below its limit.

    Parameters
    ----------
    log_value, censored, mean, variance : ndarray, shape (n,)

    Returns
    -------
    dict
        points, censored [count]; rmse_log, bias_log (predicted minus observed), r2_log,
        coverage_90 (share inside the 90 % interval), mean_log_sd [1]; rmse_mg_kg, bias_mg_kg of the
        predicted arithmetic mean [mg kg⁻¹].
    """
    known = np.isfinite(mean)
    log_value, censored = log_value[known], censored[known]
    mean, variance = mean[known], variance[known]
    detected = ~censored
    spread = np.sqrt(variance)
    low, high = mean - NORMAL_QUANTILE_95 * spread, mean + NORMAL_QUANTILE_95 * spread
    covered = np.where(censored, low < log_value, (low <= log_value) & (log_value <= high))
    error = (mean - log_value)[detected]
    content = np.exp(log_value[detected])
    content_error = np.exp(mean + 0.5 * variance)[detected] - content
    around = log_value[detected] - log_value[detected].mean() if detected.any() else np.zeros(0)
    scatter = float(around @ around)

    def average(values: NDArray) -> float:
        return float(np.mean(values)) if values.size else float("nan")

    return {
        "points": int(known.sum()),
        "censored": int(censored.sum()),
        "rmse_log": float(np.sqrt(average(error**2))),
        "bias_log": average(error),
        "r2_log": 1.0 - float(error @ error) / scatter if scatter > 0.0 else float("nan"),
        "coverage_90": average(covered.astype(float)),
        "mean_log_sd": average(spread),
        "rmse_mg_kg": float(np.sqrt(average(content_error**2))),
        "bias_mg_kg": average(content_error),
    }
