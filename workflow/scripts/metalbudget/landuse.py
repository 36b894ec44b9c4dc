"""Land use as shares of a cell: open soil by class, sealed ground and water."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLASSES = (
    "paddy",
    "dryland",
    "orchard",
    "forest",
    "grass",
    "residential",
    "industrial",
    "wetland",
    "bare",
    "water",
)
SOIL_CLASSES = CLASSES[:-1]
BUILT = tuple(CLASSES.index(name) for name in ("residential", "industrial"))


@dataclass(frozen=True, eq=False)
class LandUse:
    """Shares of the cell area; `shares.sum(0) + sealed + water` is one.

    Parameters
    ----------
    shares : ndarray, shape (9, n)
        Open soil by class, in the order of `SOIL_CLASSES`. [1]
    sealed : ndarray, shape (n,)
        Sealed ground. [1]
    water : ndarray, shape (n,)
        Inland water. [1]
    """

    shares: NDArray[np.float64]
    sealed: NDArray[np.float64]
    water: NDArray[np.float64]

    @property
    def open_share(self) -> NDArray[np.float64]:
        """Open soil of all classes, shape (n,). [1]"""
        return self.shares.sum(axis=0)

    @staticmethod
    def between(first: "LandUse", second: "LandUse", weight: float) -> "LandUse":
        """State between two dates, linear in shares; `weight` 0 is the first, 1 the second."""
        if not 0.0 <= weight <= 1.0:
            raise ValueError(f"weight must lie in 0..1, got {weight}")
        return LandUse(
            shares=(1.0 - weight) * first.shares + weight * second.shares,
            sealed=(1.0 - weight) * first.sealed + weight * second.sealed,
            water=(1.0 - weight) * first.water + weight * second.water,
        )


def open_shares(fractions: NDArray[np.float64], impervious: NDArray[np.float64]) -> LandUse:
    """Split class fractions into open soil, sealed ground and water.

    Sealed ground is taken from the built classes first, then (roads, farm yards) from the other
    land classes in proportion to their area; never from water.

    Parameters
    ----------
    fractions : ndarray, shape (10, n)
        Fraction of the cell by class, in the order of `CLASSES`; each cell sums to one. [1]
    impervious : ndarray, shape (n,)
        Sealed fraction of the cell, 0..1. [1]

    Returns
    -------
    LandUse

    Raises
    ------
    ValueError
        If fractions do not sum to one or lie outside 0..1.
    """
    fractions = np.asarray(fractions, dtype=float)
    impervious = np.asarray(impervious, dtype=float)
    if fractions.shape[0] != len(CLASSES):
        raise ValueError(f"expected {len(CLASSES)} classes, got {fractions.shape[0]}")
    total = fractions.sum(axis=0)
    if not np.all(np.abs(total - 1.0) < 1.0e-5):
        raise ValueError("class fractions of a cell must sum to one")
    if np.any(impervious < 0.0) or np.any(impervious > 1.0):
        raise ValueError("the impervious share must lie in 0..1")
    fractions = fractions / total
    water = fractions[-1]
    sealed = np.minimum(impervious, 1.0 - water)
    shares = fractions[:-1].copy()
    built = shares[list(BUILT)].sum(axis=0)
    from_built = np.minimum(sealed, built)
    with np.errstate(divide="ignore", invalid="ignore"):
        keep_built = np.where(built > 0.0, 1.0 - from_built / built, 1.0)
        others = 1.0 - water - built
        keep_other = np.where(others > 0.0, 1.0 - (sealed - from_built) / others, 1.0)
    is_built = np.zeros(len(SOIL_CLASSES), dtype=bool)
    is_built[list(BUILT)] = True
    shares[is_built] *= keep_built
    shares[~is_built] *= np.clip(keep_other, 0.0, 1.0)
    # What rounding leaves below zero is zero: sealed ground is a magnitude.
    return LandUse(shares=shares, sealed=np.maximum(1.0 - water - shares.sum(axis=0), 0.0), water=water)


def bracket(dates: list[int], year: float) -> tuple[int, int, float]:
    """Dates around a year and the weight of the later one; a ValueError outside the dates."""
    ordered = sorted(dates)
    if not ordered or year < ordered[0] or year > ordered[-1]:
        raise ValueError(f"no land use for {year}: the dates are {ordered}")
    for first, second in itertools.pairwise(ordered):
        if first <= year <= second:
            return first, second, (year - first) / (second - first)
    return ordered[0], ordered[0], 0.0
