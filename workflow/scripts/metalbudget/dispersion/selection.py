"""Which hours of a year stand for all of them, and how many each stands for."""

import numpy as np
from numpy.typing import NDArray

from metalbudget.meteorology.hours import SurfaceHours

# Choices: of 6 and 16 hours, and of a quarter, half and three quarters, what lay nearest to all hours among hills.
SECTOR = 6  # hours taken from a sector
EVEN_PART = 0.5  # of an hour's chance


def selected_hours(
    hours: SurfaceHours, direction_deg: NDArray[np.float64], convective_every: int, stable_every: int
) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """All hours with rain, and some of the dry ones by stability, evenly through the wind's directions.

    Parameters
    ----------
    hours : SurfaceHours
    direction_deg : ndarray, shape (hours,)
        That the wind comes from. [°]
    convective_every, stable_every : int
        One dry hour in so many is taken.

    Returns
    -------
    ndarray of int
        Positions of the hours taken, rising.
    ndarray, shape (hours,)
        How many hours each stands for; zero for the others. Its sum is the number of valid hours.

    Notes
    -----
    A hundredth of the hours carries most of a year's wet deposition, so no hour with rain is left out; dry deposition
    and concentration allow one in some.
    """
    rain = hours.valid & (np.nan_to_num(hours.precipitation_mm_h) > 0.0)
    weight = rain.astype(float)
    dry = hours.valid & ~rain
    convective = hours.obukhov_length_m < 0.0
    for stratum, every in ((dry & convective, convective_every), (dry & ~convective, stable_every)):
        members = np.flatnonzero(stratum)
        by_wind = members[np.argsort(np.nan_to_num(direction_deg[members]), kind="stable")]
        taken = by_wind[min(every // 2, max(members.size - 1, 0)) :: every]
        if taken.size:
            weight[taken] = members.size / taken.size
    return np.flatnonzero(weight > 0.0), weight


def sample(
    rows: NDArray[np.int_],
    heading: NDArray[np.float64],
    likeness: NDArray[np.float64],
    share: NDArray[np.float64],
    every: int,
) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """Some hours for all of them, those that bring much rather than those that bring little.

    Parameters
    ----------
    rows : ndarray of int
        Hours.
    heading : ndarray, shape (rows,)
        Direction in which the wind blows. [rad]
    likeness : ndarray, shape (rows,)
        By which hours of a sector are sorted, up and down in turn, so that neighbours are alike.
    share : ndarray, shape (rows,)
        Of each hour in what all bring, at least zero.
    every : int
        One hour in so many is taken.

    Returns
    -------
    ndarray of int
        Hours taken.
    ndarray of float
        How many hours each stands for: one over its chance.

    Notes
    -----
    Systematic sampling with chances in proportion to half an even part and half the hour's share (Horvitz & Thompson
    1952, doi:10.1080/01621459.1952.10483446); hours whose chance would exceed one are all taken.
    """
    if every == 1 or rows.size == 0:
        return rows, np.ones(rows.size)
    wanted = rows.size / every
    worth = EVEN_PART / rows.size + (1.0 - EVEN_PART) * share / max(share.sum(), np.finfo(float).tiny)
    chance = np.minimum(worth * wanted, 1.0)
    for _ in range(20):  # what the certain ones leave over goes to the others
        free = chance < 1.0
        chance[free] *= max(wanted - np.count_nonzero(~free), 0.0) / max(chance[free].sum(), np.finfo(float).tiny)
        if chance.max() <= 1.0:
            break
        chance = np.minimum(chance, 1.0)
    turned = np.argsort(heading, kind="stable")
    sector = SECTOR * every
    ordered = []
    for number, start in enumerate(range(0, turned.size, sector)):
        hours = turned[start : start + sector]
        rising = hours[np.argsort(likeness[hours], kind="stable")]
        ordered.append(rising if number % 2 == 0 else rising[::-1])
    order = np.concatenate(ordered)
    passed = np.floor(np.cumsum(chance[order]) + 0.5)
    # the sum's rounding must not pass over an hour that is certain
    taken = order[(np.diff(passed, prepend=0.0) > 0.0) | (chance[order] >= 1.0)]
    return rows[taken], 1.0 / chance[taken]
