"""What the trend of a concentration map may follow: relief, soil, people and land use of the land cells."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from metalbudget.landuse import BUILT, SOIL_CLASSES, LandUse

SHARES = ("paddy", "dryland", "orchard", "forest")


def smooth(
    *,
    elevation: NDArray[np.float64],
    slope: NDArray[np.float64],
    soil: Mapping[str, NDArray[np.float64]],
    population: NDArray[np.float64],
    landuse: LandUse,
) -> dict[str, NDArray[np.float64]]:
    """Covariates, transformed so that a few extreme cells do not carry the trend.

    Parameters
    ----------
    elevation, slope, population : ndarray, shape (n,)
        [m], [m m⁻¹], [persons per cell]
    soil : mapping of band to ndarray, shape (n,)
        ``clay_pct organic_carbon_pct ph_water``
    landuse : LandUse
        Of the survey's year.

    Returns
    -------
    dict of name to ndarray, shape (n,)
        The mean stands where a cell has no value.
    """
    covariates = {
        "elevation": np.sqrt(np.maximum(elevation, 0.0)),
        "slope": np.sqrt(slope),
        "clay": soil["clay_pct"],
        "organic_carbon": np.log1p(soil["organic_carbon_pct"]),
        "ph": soil["ph_water"],
        "sealed": np.sqrt(landuse.sealed),
        "population": np.log1p(population),
    }
    covariates |= {name: landuse.shares[SOIL_CLASSES.index(name)] for name in SHARES}
    covariates["built"] = landuse.shares[list(BUILT)].sum(axis=0)
    return {name: np.nan_to_num(values, nan=float(np.nanmean(values))) for name, values in covariates.items()}
