"""What no flow in a column can exceed, whoever computes it."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.column.columns import Columns, Weather


def most_runoff(columns: Columns, weather: Weather, index: int, place: int, head_cm: ArrayLike) -> NDArray[np.float64]:
    """Most water that can run off a column in each record by Darcy's law; infinite where it sets no bound. [cm]

    Rain less potential evaporation less Ks of the first node, where that is positive.

    Parameters
    ----------
    columns : Columns
    weather : Weather
    index, place : int
        Of the column, and of its weather.
    head_cm : array_like, shape (nodes,)
        At the start. [cm]

    Returns
    -------
    ndarray, shape (records,)

    Notes
    -----
    If no node starts under pressure, the soil further down is nowhere less permeable than that above it, and no
    pressure is put upon the lower end, then no head within the soil exceeds that at its surface: soil under one head
    throughout carries Ks by gravity alone, and passes on at least what it gets. So the head does not rise downwards
    from a wet surface, the gradient there is at least one, and the soil takes at least Ks. Water that the surface
    holds changes nothing: what runs off does so while the surface is under its full depth. Roots only dry the soil.
    """
    conductivity = columns.of_layers(columns.ks_cm_d)[index]
    pressed = columns.bottom == "zero_flux" or (columns.bottom == "head" and columns.bottom_head_cm > 0.0)
    if pressed or np.any(np.asarray(head_cm) > 0.0) or np.any(np.diff(conductivity) < 0.0):
        return np.full(weather.days.size, np.inf)
    surplus = weather.rain_cm_d[place] - weather.evaporation_cm_d[place] - conductivity[0]
    return np.maximum(surplus, 0.0) * weather.days
