"""Which hours of a year stand for all of them, and how many each stands for."""

import numpy as np
from numpy.typing import NDArray

from metalbudget.meteorology.hours import SurfaceHours


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
