"""Spatial folds: whole squares are held out, so that a test point has no neighbour in training."""

import numpy as np
from numpy.typing import NDArray


def square_of(x_m: NDArray[np.float64], y_m: NDArray[np.float64], size_m: float) -> NDArray[np.int64]:
    """Number the squares of side `size_m` that points lie in, 0..k-1 in order of row and column.

    Parameters
    ----------
    x_m, y_m : ndarray, shape (n,)
        Positions. [m]
    size_m : float
        Side of a square. [m], > 0
    """
    if size_m <= 0.0:
        raise ValueError(f"size_m must be positive, got {size_m}")
    column = np.floor(np.asarray(x_m) / size_m).astype(np.int64)
    row = np.floor(np.asarray(y_m) / size_m).astype(np.int64)
    if column.size == 0:
        return np.zeros(0, dtype=np.int64)
    key = (row - row.min()) * (column.max() - column.min() + 1) + (column - column.min())
    return np.unique(key, return_inverse=True)[1].astype(np.int64)


def spatial_folds(
    x_m: NDArray[np.float64], y_m: NDArray[np.float64], size_m: float, folds: int, seed: int
) -> NDArray[np.int64]:
    """Assign points to folds by whole squares, so that folds hold about equally many points.

    Squares in random order go to the fold that has fewest points so far.

    Parameters
    ----------
    x_m, y_m : ndarray, shape (n,)
        Positions. [m]
    size_m : float
        Side of a square; at least the range of the residuals. [m]
    folds : int
        Number of folds, at least 2; fewer are used if there are fewer squares.
    seed : int

    Returns
    -------
    ndarray of int, shape (n,)
        Fold of each point, from 0.

    Notes
    -----
    Block cross-validation: Roberts et al. 2017, doi:10.1111/ecog.02881.
    """
    if folds < 2:
        raise ValueError(f"at least 2 folds are needed, got {folds}")
    square = square_of(x_m, y_m, size_m)
    counts = np.bincount(square)
    load = np.zeros(min(folds, max(counts.size, 1)), dtype=np.int64)
    fold_of = np.zeros(counts.size, dtype=np.int64)
    for number in np.random.default_rng(seed).permutation(counts.size):
        fold = int(load.argmin())
        fold_of[number] = fold
        load[fold] += counts[number]
    return fold_of[square]
