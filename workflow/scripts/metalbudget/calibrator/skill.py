"""How good predictions out of fold are, and how much of a correction is worth applying."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


def scores(
    observed: NDArray[np.float64], predicted: NDArray[np.float64], weight: NDArray[np.float64]
) -> dict[str, float]:
    """Weighted scores: rmse, mae, bias (predicted minus observed), r2 (1 - SSE/SST) and Lin's ccc.

    Parameters
    ----------
    observed, predicted, weight : ndarray, shape (b,)

    Notes
    -----
    Concordance correlation: Lin 1989, doi:10.2307/2532051.
    """
    share = weight / weight.sum()
    error = predicted - observed
    centre, predicted_centre = float(share @ observed), float(share @ predicted)
    scatter = float(share @ (observed - centre) ** 2)
    predicted_scatter = float(share @ (predicted - predicted_centre) ** 2)
    joint = float(share @ ((observed - centre) * (predicted - predicted_centre)))
    squared = float(share @ error**2)
    spread = scatter + predicted_scatter + (centre - predicted_centre) ** 2
    return {
        "rmse": float(np.sqrt(squared)),
        "mae": float(share @ np.abs(error)),
        "bias": float(share @ error),
        "r2": 1.0 - squared / scatter if scatter > 0.0 else 0.0,
        "ccc": 2.0 * joint / spread if spread > 0.0 else 0.0,
    }


def skill(
    target: NDArray[np.float64],
    predicted: NDArray[np.float64],
    baseline: NDArray[np.float64],
    weight: NDArray[np.float64],
    square: NDArray[np.int64],
    *,
    shift: NDArray[np.float64] | None = None,
    shift_sd: float = 0.0,
    replicates: int = 1000,
    level: float = 0.9,
    seed: int = 0,
) -> dict[str, float]:
    """Skill 1 - SSE(predicted)/SSE(baseline) with an interval by bootstrap over whole squares.

    A replicate draws squares with replacement, so that correlated neighbours stay together, and one
    shift common to all blocks: a laboratory that changed between the surveys looks like a flux, and a
    correction that lives on it has no skill.

    Parameters
    ----------
    target, predicted, baseline, weight : ndarray, shape (b,)
    square : ndarray of int, shape (b,)
        Resampling unit of each block.
    shift : ndarray, shape (b,), optional
        Change of the target per unit of the common shift.
    shift_sd : float
        Standard deviation of the common shift. [1]
    replicates : int
    level : float
        Two-sided level of the interval.
    seed : int

    Returns
    -------
    dict
        value, low, high, level.
    """
    error, base = target - predicted, target - baseline
    moved = np.zeros_like(target) if shift is None else shift

    def sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(square, weights=weight * values), dtype=np.float64)

    parts = np.column_stack([sums(error**2), sums(error * moved), sums(base**2), sums(base * moved), sums(moved**2)])
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(len(parts), np.full(len(parts), 1.0 / len(parts)), size=replicates)
    common = shift_sd * generator.standard_normal(replicates)
    model_error, model_cross, base_error, base_cross, own = (draws @ parts).T
    model_error = model_error - 2.0 * common * model_cross + common**2 * own
    base_error = base_error - 2.0 * common * base_cross + common**2 * own
    values = 1.0 - np.divide(model_error, base_error, out=np.ones(replicates), where=base_error > 0.0)
    total = float(weight @ base**2)
    low, high = np.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return {
        "value": 1.0 - float(weight @ error**2) / total if total > 0.0 else 0.0,
        "low": float(low),
        "high": float(high),
        "level": float(level),
    }


def shrinkage(
    target: NDArray[np.float64],
    predicted: NDArray[np.float64],
    weight: NDArray[np.float64],
    interval: Mapping[str, float],
) -> float:
    """Weight of a correction: zero if its skill's interval reaches zero, else the slope out of fold, 0..1.

    The slope of the target on the out-of-fold prediction is the multiple of the prediction that is
    best there; below one the model promises too much.

    Parameters
    ----------
    target, predicted, weight : ndarray, shape (b,)
    interval : mapping
        Result of `skill`.

    Notes
    -----
    Copas 1983, doi:10.1111/j.2517-6161.1983.tb01258.x: shrinkage by the calibration slope.
    """
    if interval["low"] <= 0.0 or interval["value"] <= 0.0:
        return 0.0
    power = float(weight @ predicted**2)
    slope = float(weight @ (target * predicted)) / power if power > 0.0 else 0.0
    return min(max(slope, 0.0), 1.0)
