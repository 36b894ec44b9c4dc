"""The area of applicability: where training blocks speak for a cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Applicability:
    """Where the training blocks speak for a cell: scaled, importance-weighted feature distance.

    Parameters
    ----------
    centre, scale : ndarray, shape (p,)
        Cells' features are centred and scaled with these; scale holds the importance.
    training : ndarray, shape (b, p)
        Scaled training features.
    mean_distance : float
        Mean distance between training blocks.
    threshold : float
        Largest dissimilarity that counts as inside.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    training: NDArray[np.float64]
    mean_distance: float
    threshold: float

    def dissimilarity(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance to the nearest training block over the mean distance, shape (n,). [1]"""
        return _nearest((features - self.centre) * self.scale, self.training) / self.mean_distance

    def inside(self, features: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the training blocks speak for these features, shape (n,)."""
        return self.dissimilarity(features) <= self.threshold


def _nearest(targets: NDArray[np.float64], training: NDArray[np.float64]) -> NDArray[np.float64]:
    nearest = np.empty(len(targets))
    own = np.einsum("bp,bp->b", training, training)
    for start in range(0, len(targets), 4096):
        part = targets[start : start + 4096]
        squared = np.einsum("np,np->n", part, part)[:, None] + own - 2.0 * part @ training.T
        nearest[start : start + 4096] = np.sqrt(np.maximum(squared.min(axis=1), 0.0))
    return nearest


def applicability(
    features: NDArray[np.float64],
    importance: NDArray[np.float64],
    fold: NDArray[np.int64],
    whisker: float,
) -> Applicability:
    """Set up the area of applicability from the training blocks.

    The threshold is the outlier-removed maximum (Q3 + whisker IQR) of the training blocks' own
    dissimilarity to blocks of other folds.

    Parameters
    ----------
    features : ndarray, shape (b, p)
    importance : ndarray, shape (p,)
        Weight of each feature, ≥ 0; if all are zero they count alike.
    fold : ndarray of int, shape (b,)
    whisker : float

    Returns
    -------
    Applicability

    Notes
    -----
    Meyer and Pebesma 2021, doi:10.1111/2041-210X.13650.
    """
    centre, spread = features.mean(axis=0), features.std(axis=0)
    share = importance / importance.sum() if importance.sum() > 0.0 else np.full(features.shape[1], 1.0)
    scale = np.divide(share, spread, out=np.zeros_like(spread), where=spread > 1.0e-12)
    scaled = (features - centre) * scale
    gap = np.sqrt(np.maximum(((scaled[:, None] - scaled) ** 2).sum(axis=2), 0.0))
    count = len(scaled)
    mean_distance = float(gap.sum() / max(count * (count - 1), 1)) or 1.0
    own = np.where(fold[:, None] != fold, gap, np.inf).min(axis=1) / mean_distance
    own = own[np.isfinite(own)]
    low, high = np.quantile(own, [0.25, 0.75]) if own.size else (0.0, 0.0)
    allowed = own[own <= high + whisker * (high - low)]
    return Applicability(centre, scale, scaled, mean_distance, float(allowed.max()) if allowed.size else 0.0)
