"""From target and features to the correction of every cell, with the reason where it stands aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.calibrator.blocks import Blocks, aggregate
from metalbudget.calibrator.learning import Calibration, calibrate
from metalbudget.calibrator.target import Target
from metalbudget.quantities import MG_PER_KG

SUPPORT = "per square metre of open soil, of the legal depth"
BLOCK_COLUMNS = ("block_id", "x_m", "y_m", "points", "observed", "process", "predicted", "fold", "weight", "noise")


@dataclass(frozen=True, eq=False)
class Correction:
    """A correction with its evidence.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Per square metre of open soil, signed. [mg m⁻² yr⁻¹]
    record : dict
        What it was learned from, how good it is out of fold, why it stands aside.
    blocks : dict
        Columns of the blocks' table.
    """

    values: NDArray[np.float64]
    record: dict[str, Any]
    blocks: dict[str, Any]


def none(cells: int, reason: str) -> Correction:
    """No correction: zero everywhere, for the reason given."""
    return Correction(
        np.zeros(cells),
        {"target": "none", "shrinkage": 0.0, "reason": reason},
        {name: [] for name in BLOCK_COLUMNS},
    )


def learn(
    target: Target,
    features: Mapping[str, NDArray[np.float64]],
    open_share: NDArray[np.float64],
    *,
    settings: Mapping[str, Any],
    parameters: Mapping[str, float],
    seed: int,
) -> Correction:
    """Learn what the process model misses, as far as there are blocks to learn from and skill out of fold.

    Parameters
    ----------
    target : Target
    features : mapping of name to ndarray, shape (n,)
        Of all land cells.
    open_share : ndarray, shape (n,)
        Open soil of the target's years; where there is none nothing is corrected. [1]
    settings : mapping
        ``block_m fold_size_m folds`` and the booster's; see `learning.calibrate`.
    parameters : mapping
        Rows of ``calibrator.csv``.
    seed : int

    Returns
    -------
    Correction
    """
    base = {"target": target.kind, "shrinkage": 0.0, **target.notes}
    matrix = np.column_stack(list(features.values()))
    blocks = _blocks(target, matrix, settings["block_m"]) if target.cell.size else None
    count = 0 if blocks is None else int(blocks.points.size)
    if blocks is None or count < parameters["minimum_blocks"]:
        needed = f"at least {parameters['minimum_blocks']:g} blocks are needed"
        nothing = none(open_share.size, f"{target.cell.size} sites in {count} blocks; {needed}")
        record = nothing.record | base | {"points": int(target.cell.size), "blocks": count}
        return Correction(nothing.values, record, nothing.blocks)
    result = calibrate(
        blocks,
        matrix,
        list(features),
        options={**settings, **parameters},
        fold_size_m=settings["fold_size_m"],
        folds=settings["folds"],
        shift_sd=target.shift_sd,
        most_weight=target.most_weight,
        seed=seed,
    )
    reason = "the correction has skill out of fold and is applied"
    if result.metrics["shrinkage"] == 0.0:
        interval = result.metrics["skill_over_process_model"]
        reason = (
            f"no skill out of fold: {interval['value']:.3f}, "
            f"{100 * interval['level']:.0f} % interval {interval['low']:.3f} to {interval['high']:.3f}"
        )
    values = np.where(open_share > 1.0e-6, result.correction, 0.0)
    return Correction(values, base | result.metrics | {"reason": reason}, _block_columns(blocks, result))


def summary(
    values: NDArray[np.float64], open_share: NDArray[np.float64], cell_area_m2: float
) -> dict[str, bool | dict[str, float]]:
    """Whether anything is corrected, and the correction's spread and regional sum.

    Parameters
    ----------
    values : ndarray, shape (n,)
        [mg m⁻² yr⁻¹ of open soil]
    open_share : ndarray, shape (n,)
        Of the last year. [1]
    cell_area_m2 : float
        [m²]
    """
    return {
        "stands_aside": bool(not np.any(values)),
        "correction": {
            "mean": float(np.average(values, weights=np.maximum(open_share, 1.0e-12))),
            "p05": float(np.quantile(values, 0.05)),
            "p95": float(np.quantile(values, 0.95)),
            "regional_kg_yr": float((values * open_share).sum() * cell_area_m2 / MG_PER_KG),
        },
    }


def _blocks(target: Target, matrix: NDArray[np.float64], block_m: float) -> Blocks:
    return aggregate(
        x_m=target.x_m,
        y_m=target.y_m,
        observed=target.observed,
        process=target.process,
        noise=target.noise,
        shift=target.shift,
        features=matrix[target.cell],
        block_m=block_m,
    )


def _block_columns(blocks: Blocks, result: Calibration) -> dict[str, Any]:
    """What was observed, simulated and predicted out of fold."""
    columns = (
        [f"b{number:05d}" for number in range(blocks.points.size)],
        blocks.x_m,
        blocks.y_m,
        blocks.points,
        blocks.observed,
        blocks.process,
        blocks.process + result.metrics["shrinkage"] * result.predicted,
        result.fold,
        result.weight,
        blocks.noise,
    )
    return dict(zip(BLOCK_COLUMNS, columns, strict=True))
