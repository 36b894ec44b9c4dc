"""Natural content by parent material: tabled values joined with remote or deep samples."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NORMAL_QUANTILE_90 = 1.2815515655446004
MAD_TO_SD = 1.4826022185056018
# Variance of a sample median relative to that of the mean for a normal variable.
MEDIAN_VARIANCE = np.pi / 2.0


@dataclass(frozen=True, eq=False)
class Background:
    """Background of each stratum, shape (k,).

    Parameters
    ----------
    code : ndarray of int
        Parent material.
    log_median : ndarray
        Logarithm of the median. [ln mg kg⁻¹]
    log_sd : ndarray
        Spread of sites within the stratum. [1]
    log_median_sd : ndarray
        Error of `log_median`. [1]
    samples : ndarray of int
        Samples used beside the tabled value.
    """

    code: NDArray[np.int64]
    log_median: NDArray[np.float64]
    log_sd: NDArray[np.float64]
    log_median_sd: NDArray[np.float64]
    samples: NDArray[np.int64]


def surroundings(values: NDArray[np.float64], land: NDArray[np.bool_], radius_cells: int) -> NDArray[np.float64]:
    """Mean over the land of a square window around each cell.

    Parameters
    ----------
    values : ndarray, shape (height, width)
        Anything on land; ignored at sea.
    land : ndarray of bool, shape (height, width)
    radius_cells : int
        Half side of the window. [cells], ≥ 0

    Returns
    -------
    ndarray, shape (height, width)
        NaN where the window holds no land.
    """

    def window_sum(raster: NDArray[np.float64]) -> NDArray[np.float64]:
        padded = np.pad(raster, radius_cells).cumsum(axis=0).cumsum(axis=1)
        padded = np.pad(padded, ((1, 0), (1, 0)))
        side = 2 * radius_cells + 1
        return padded[side:, side:] - padded[:-side, side:] - padded[side:, :-side] + padded[:-side, :-side]

    total = window_sum(np.where(land, values, 0.0))
    count = np.rint(window_sum(land.astype(float)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def by_stratum(
    *,
    code: NDArray[np.int64],
    tabled_mg_kg: NDArray[np.float64],
    geometric_sd: NDArray[np.float64],
    stratum: NDArray[np.int64],
    log_value: NDArray[np.float64],
    log_sd: NDArray[np.float64],
    remote: NDArray[np.bool_],
    settings: Mapping[str, float],
) -> Background:
    """Join each stratum's tabled background with the survey's remote samples, weighted by precision.

    The samples' centre is their median and their spread the median absolute deviation, less the samples'
    own error, so that a few polluted sites do not raise the background. The tabled value weighs as much
    as ``background_prior_points`` samples.

    Parameters
    ----------
    code, tabled_mg_kg, geometric_sd : ndarray, shape (k,)
        Table of strata: code, median [mg kg⁻¹], geometric standard deviation (> 1) [1].
    stratum, log_value, log_sd, remote : ndarray, shape (n,)
        Samples: stratum, logarithm of the content, its error, and whether the sample is far from built
        land or from below the soil.
    settings : mapping
        ``background_prior_points``, ``minimum_remote_points``.

    Returns
    -------
    Background
    """
    spread = np.log(np.asarray(geometric_sd, dtype=float))
    if np.any(spread <= 0.0):
        raise ValueError("a geometric standard deviation must be above 1")
    median = np.log(np.asarray(tabled_mg_kg, dtype=float))
    error = spread / np.sqrt(settings["background_prior_points"])
    samples = np.zeros(len(code), dtype=np.int64)
    for position, number in enumerate(code):
        chosen = remote & (stratum == number)
        count = int(chosen.sum())
        if count < settings["minimum_remote_points"]:
            continue
        centre = float(np.median(log_value[chosen]))
        deviation = MAD_TO_SD * float(np.median(np.abs(log_value[chosen] - centre)))
        site_variance = max(deviation**2 - float(np.mean(log_sd[chosen] ** 2)), 0.05**2)
        sample_variance = MEDIAN_VARIANCE * max(deviation**2, 0.05**2) / count
        weight = error[position] ** 2 / (error[position] ** 2 + sample_variance)
        median[position] = (1.0 - weight) * median[position] + weight * centre
        prior = settings["background_prior_points"]
        spread[position] = np.sqrt((prior * spread[position] ** 2 + count * site_variance) / (prior + count))
        error[position] = np.sqrt(weight * sample_variance)
        samples[position] = count
    return Background(np.asarray(code, dtype=np.int64), median, spread, error, samples)


def to_cells(
    background: Background, stratum: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Background of cells by their stratum.

    Parameters
    ----------
    background : Background
    stratum : ndarray of int, shape (n,)

    Returns
    -------
    mean_mg_kg : ndarray, shape (n,)
        Arithmetic mean over the stratum's sites. [mg kg⁻¹]
    log_sd : ndarray, shape (n,)
        Spread of sites. [1]
    p90_mg_kg : ndarray, shape (n,)
        90th percentile of sites. [mg kg⁻¹]
    log_standard_error : ndarray, shape (n,)
        Spread of sites and error of the median: what a cell without a sample is worth. [1]

    Raises
    ------
    ValueError
        If a stratum is not in the table.
    """
    order = np.argsort(background.code)
    position = np.searchsorted(background.code[order], stratum)
    position = order[np.minimum(position, order.size - 1)]
    unknown = np.unique(stratum[background.code[position] != stratum])
    if unknown.size:
        raise ValueError(f"no background for parent material {unknown.tolist()}")
    median, spread = background.log_median[position], background.log_sd[position]
    mean = np.exp(median + 0.5 * spread**2)
    p90 = np.exp(median + NORMAL_QUANTILE_90 * spread)
    return mean, spread, p90, np.hypot(spread, background.log_median_sd[position])
