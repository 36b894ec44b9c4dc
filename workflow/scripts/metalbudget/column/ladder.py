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
