"""A few values of rain that stand for many: where columns are solved, and how others are found between them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def rain_ladder(rain_factors: ArrayLike, climate_factors: ArrayLike, rungs: int) -> NDArray[np.float64]:
    """Rain at which columns are solved, relative to the station.

    Parameters
    ----------
    rain_factors : array_like, shape (r,)
        Multipliers of a scenario. [1]
    climate_factors : array_like, shape (z,)
        Multipliers of a climate zone. [1]
    rungs : int
        Most values, at least 2.

    Returns
    -------
    ndarray, shape (n,)
        Rising. The products themselves where there are no more of them than rungs; else Chebyshev's extrema over
        their range, between which a polynomial strays least. [1]
    """
    product = np.unique(np.multiply.outer(np.asarray(rain_factors, dtype=float), np.asarray(climate_factors)))
    if product.size <= rungs:
        return product
    if rungs < 2:
        raise ValueError(f"at least two values of rain are needed, got {rungs}")
    unit = 0.5 - 0.5 * np.cos(np.pi * np.arange(rungs) / (rungs - 1))
    return product[0] + (product[-1] - product[0]) * unit


# A ladder that is refined: the ends and the middle of Chebyshev's nine extrema first, then these, in this order.
EXTREMA = 8
FIRST = (0, 4, 8)
STAGES = ((2,), (3, 6), (5,), (1,), (7,))
MOST_RUNGS = EXTREMA + 1
FIRST_SHARE = 0.5  # of the tolerance, while one rung alone has been tried
LEAST_SHARE = 1.0e-3  # of the largest value on the ladder; errors of smaller ones are measured from it


def refined_ladder(lowest: float, highest: float, stage: int) -> NDArray[np.float64]:
    """Rain on a ladder after so many stages of refinement, rising; shape (3,) at stage 0. [1]"""
    return lowest + (highest - lowest) * (0.5 - 0.5 * np.cos(np.pi * _places(stage) / EXTREMA))


def _places(stage: int) -> NDArray[np.int64]:
    """Which of the extrema there are, rising."""
    return np.array(sorted([*FIRST, *(place for added in STAGES[:stage] for place in added)]), dtype=np.int64)


def next_rungs(ladder: ArrayLike, values: ArrayLike, most: int, tolerance: float) -> NDArray[np.float64]:
    """Where a ladder needs another rung: where the last ones lie off the polynomial through the others.

    Parameters
    ----------
    ladder : array_like, shape (n,)
        As `refined_ladder`, rising. [1]
    values : array_like, shape (n, q)
        Quantities on the ladder, in any units.
    most : int
        Rungs at most.
    tolerance : float
        Relative error of a quantity that may stand. [1]

    Returns
    -------
    ndarray, shape (m,)
        Empty where the ladder is fine enough, values are missing, or there are rungs enough. [1]
    """
    ladder, values = np.asarray(ladder, dtype=float), np.asarray(values, dtype=float)
    counts = np.cumsum([len(FIRST), *(len(added) for added in STAGES)]).tolist()
    stage = counts.index(ladder.size)
    none = np.empty(0)
    if stage == len(STAGES) or counts[stage + 1] > most or not np.all(np.isfinite(values)):
        return none
    lowest, highest = float(ladder[0]), float(ladder[-1])
    if stage > 0:
        before = np.isin(_places(stage), _places(stage - 1))
        between = polynomial_weights(ladder[before], ladder[~before]) @ values[before]
        scale = np.maximum(np.abs(values[~before]), LEAST_SHARE * np.abs(values).max(axis=0))
        error = np.divide(np.abs(between - values[~before]), scale, out=np.zeros_like(between), where=scale > 0.0)
        if error.max() <= (FIRST_SHARE if stage == 1 else 1.0) * tolerance:
            return none
    new = ~np.isin(_places(stage + 1), _places(stage))
    return refined_ladder(lowest, highest, stage + 1)[new]


def polynomial_weights(ladder: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """Weights of the values on a ladder in the polynomial through them.

    Parameters
    ----------
    ladder : array_like, shape (n,)
        Distinct.
    at : array_like, shape (...)

    Returns
    -------
    ndarray, shape (..., n)
        They sum to one, so whatever is linear in the values (a water balance) holds between them, too.
    """
    ladder, at = np.asarray(ladder, dtype=float), np.asarray(at, dtype=float)
    result = np.ones((*at.shape, ladder.size))
    for i, own in enumerate(ladder):
        for j, other in enumerate(ladder):
            if i != j:
                result[..., i] *= (at - other) / (own - other)
    return result
