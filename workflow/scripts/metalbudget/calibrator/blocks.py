"""Sites averaged in square blocks, weighted by the inverse variance of their noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.mapping.folds import square_of


@dataclass(frozen=True, eq=False)
class Blocks:
    """Block means; arrays have shape (b,).

    Parameters
    ----------
    x_m, y_m : ndarray
        Mean position. [m]
    observed, process : ndarray
        Net flux observed and simulated. [mg m⁻² yr⁻¹]
    noise : ndarray
        Standard error of `observed` from the samples. [mg m⁻² yr⁻¹]
    shift : ndarray
        Change of `observed` per unit of a common logarithmic shift between the surveys. [mg m⁻² yr⁻¹]
    features : ndarray, shape (b, p)
    points : ndarray of int
        Sites in the block.
    """

    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    observed: NDArray[np.float64]
    process: NDArray[np.float64]
    noise: NDArray[np.float64]
    shift: NDArray[np.float64]
    features: NDArray[np.float64]
    points: NDArray[np.int64]

    @property
    def residual(self) -> NDArray[np.float64]:
        """Observed minus simulated. [mg m⁻² yr⁻¹]"""
        return self.observed - self.process


def aggregate(
    *,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    observed: NDArray[np.float64],
    process: NDArray[np.float64],
    noise: NDArray[np.float64],
    shift: NDArray[np.float64],
    features: NDArray[np.float64],
    block_m: float,
) -> Blocks:
    """Average sites in squares, weighted by the inverse variance of their noise.

    Parameters
    ----------
    x_m, y_m, observed, process, noise, shift : ndarray, shape (n,)
        As in `Blocks`, per site; `noise` > 0.
    features : ndarray, shape (n, p)
    block_m : float
        Side of a block. [m]

    Returns
    -------
    Blocks
        Noise of a block: 1 / sqrt(sum of 1/noise²).
    """
    if np.any(noise <= 0.0):
        raise ValueError("the noise of a site must be positive")
    block = square_of(x_m, y_m, block_m)
    weight = 1.0 / noise**2
    total = np.bincount(block, weights=weight)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(block, weights=weight * values) / total

    return Blocks(
        x_m=mean(x_m),
        y_m=mean(y_m),
        observed=mean(observed),
        process=mean(process),
        noise=1.0 / np.sqrt(total),
        shift=mean(shift),
        features=np.column_stack([mean(column) for column in features.T]),
        points=np.bincount(block),
    )


def block_weights(residual: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse variance of a block, 1 / (noise² + t²), scaled to mean 1.

    t² is what the residuals vary beyond their noise, by moments; without it a few blocks with many
    samples would decide alone.

    Parameters
    ----------
    residual, noise : ndarray, shape (b,)
        [mg m⁻² yr⁻¹]

    Notes
    -----
    DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2.
    """
    inverse = 1.0 / noise**2
    centre = float(inverse @ residual / inverse.sum())
    scatter = float(inverse @ (residual - centre) ** 2)
    spare = float(inverse.sum() - (inverse @ inverse) / inverse.sum())
    between = max(0.0, (scatter - (residual.size - 1)) / spare) if spare > 0.0 else 0.0
    weight = 1.0 / (noise**2 + between)
    return np.asarray(weight / weight.mean(), dtype=np.float64)
