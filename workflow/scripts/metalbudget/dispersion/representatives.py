"""Which hours of a year are alike: some stand for all, and every hour knows the one that stands for it."""

import heapq

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion.gaussian import LEAST_WIND_M_S

# Choices, tried on four stacks among hills of a generated year.
EVEN_PART = 0.5  # of an hour's worth; the rest is what it brings
LENGTH_COUNTS, GRADIENT_COUNTS = 0.3, 0.5  # how much the logarithms of the Obukhov length and of dθ/dz count
LONGEST_M, LEAST_GRADIENT_K_M, LEAST_TURBULENCE_M_S, LEAST_DRAUGHT_M_S = 3000.0, 1.0e-5, 0.02, 0.1
LIGHT_RAIN_S = 1.0e-4  # scavenging, all classes together, that makes an hour unlike a dry one [s⁻¹]
ROUNDING = 1.0e-24  # of squares: hours that differ less are the same


def _common(air, scalars, scavenging_s):
    """Traits of any hour: the plume's height, the wind there, friction velocity, rain."""
    return [
        np.log(air[:, 0]),
        np.log(np.maximum(air[:, 1], LEAST_WIND_M_S)),
        np.log(scalars[:, 4]),
        np.log1p(scavenging_s.sum(axis=1) / LIGHT_RAIN_S),
    ]


def traits_by_day(
    air: NDArray[np.float64], scalars: NDArray[np.float64], scavenging_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """By what hours with convective air are alike, shape (hours, traits).

    Parameters
    ----------
    air : ndarray, shape (hours, 4)
        Of `source_hour.final_air`.
    scalars : ndarray, shape (hours, 13)
        Of `model.Atmosphere`.
    scavenging_s : ndarray, shape (hours, classes)
        [s⁻¹]
    """
    draught = np.log(np.maximum(scalars[:, 5], LEAST_DRAUGHT_M_S))
    return np.stack([*_common(air, scalars, scavenging_s), np.log(scalars[:, 1]), draught], axis=1)


def traits_by_night(
    air: NDArray[np.float64], scalars: NDArray[np.float64], scavenging_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same of hours with stable air; parameters as of `traits_by_day`."""
    turbulence = np.log(np.maximum(air[:, 2], LEAST_TURBULENCE_M_S))
    length = LENGTH_COUNTS * np.log(np.clip(np.abs(scalars[:, 6]), 1.0, LONGEST_M))
    gradient = GRADIENT_COUNTS * np.log(np.maximum(air[:, 3], LEAST_GRADIENT_K_M))
    return np.stack([*_common(air, scalars, scavenging_s), turbulence, length, gradient], axis=1)


def alike(traits: NDArray[np.float64], share: NDArray[np.float64], count: int) -> NDArray[np.int_]:
    """For every hour, the position of the one that stands for it.

    Parameters
    ----------
    traits : ndarray, shape (hours, traits)
        By which hours are alike if they are close, in scales that count alike.
    share : ndarray, shape (hours,)
        Of each hour in what all bring, at least zero.
    count : int
        How many hours stand for all.

    Returns
    -------
    ndarray of int, shape (hours,)
        A position that stands for itself, or another's.

    Notes
    -----
    Hours are divided in two again and again, always the group whose hours differ most in all, weighted by their worth,
    at the mean of the trait in which they differ most. The hour nearest to a group's mean stands for it. Nothing is
    random.
    """
    size = traits.shape[0]
    if size == 0:
        return np.zeros(0, dtype=np.int64)
    worth = EVEN_PART / size + (1.0 - EVEN_PART) * share / max(share.sum(), np.finfo(float).tiny)

    def group(members):
        its, weight = traits[members], worth[members][:, None]
        total = weight.sum()
        mean = (weight * its).sum(axis=0) / total  # not as a matrix product, whose last digit hangs on the threads
        its -= mean
        spread = (weight * its * its).sum(axis=0)
        all_same = members.size == 1 or spread.sum() <= ROUNDING * total * (1.0 + (mean * mean).sum())
        differ = 0.0 if all_same else float(np.sqrt(spread.sum() * total))
        return -differ, int(members[0]), members, int(spread.argmax()), mean

    groups = [group(np.arange(size))]
    while len(groups) < count and groups[0][0] < 0.0:
        _, _, members, trait, mean = heapq.heappop(groups)
        its = traits[members, trait]
        below = its <= mean[trait]
        if below.all() or not below.any():  # differences lost in rounding
            below = np.arange(members.size) == 0
        heapq.heappush(groups, group(members[below]))
        heapq.heappush(groups, group(members[~below]))
    label, centre = np.empty(size, dtype=np.int64), np.empty((len(groups), traits.shape[1]))
    for number, (_, _, members, _, mean) in enumerate(groups):
        label[members], centre[number] = number, mean
    off = ((traits - centre[label]) ** 2).sum(axis=1)
    order = np.lexsort((np.arange(size), off, label))
    nearest = np.empty(len(groups), dtype=np.int64)
    nearest[label[order[::-1]]] = order[::-1]  # the first of each group is written last
    return nearest[label]
