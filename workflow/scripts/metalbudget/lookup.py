"""Looking up response tables: linear along the ladder of rain, by class, soil and zone of a cell."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

ZONES = ("soil_class", "climate_zone", "water_table")


def bracket(rungs: NDArray[np.float64], values: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Lower rung and weight of the next one; values beyond the ends are held there.

    Parameters
    ----------
    rungs : ndarray, shape (r,)
        Ascending.
    values : array_like, shape (...)

    Returns
    -------
    lower : ndarray of int, shape (...)
    weight : ndarray, shape (...)
        0..1. [1]
    """
    values = np.asarray(values, dtype=float)
    if rungs.size == 1:
        return np.zeros(values.shape, dtype=np.intp), np.zeros(values.shape)
    held = np.clip(values, rungs[0], rungs[-1])
    lower = np.clip(np.searchsorted(rungs, held, side="right") - 1, 0, rungs.size - 2)
    return lower, (held - rungs[lower]) / (rungs[lower + 1] - rungs[lower])


def between_rungs(rungs: NDArray[np.float64], table: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    """Row of a table at a value between its rungs, linear and held at the ends.

    Parameters
    ----------
    rungs : ndarray, shape (r,)
        Ascending.
    table : ndarray, shape (r, ...)
    value : float

    Returns
    -------
    ndarray, shape (...)
    """
    lower, weight = bracket(rungs, value)
    upper = min(int(lower) + 1, rungs.size - 1)
    return np.asarray((1.0 - weight) * table[int(lower)] + weight * table[upper], dtype=np.float64)


def zone_index(
    zones: Mapping[str, NDArray[np.integer]], shape: Sequence[int], names: Sequence[str]
) -> NDArray[np.intp]:
    """Flat index of cells over soil, climate zone and water table.

    Parameters
    ----------
    zones : mapping of str to ndarray of int, shape (n,)
        The three of `ZONES`.
    shape : sequence of int
        Sizes of the tables' axes land use, soil, climate, water table.
    names : sequence of str
        Land-use classes of the tables.

    Raises
    ------
    ValueError
        If the tables name another number of classes than they hold, or a zone lies outside them.
    """
    if shape[0] != len(names):
        raise ValueError(f"the column responses hold {shape[0]} classes but name {len(names)}")
    index = np.zeros(np.shape(zones[ZONES[0]]), dtype=np.intp)
    for zone, size in zip(ZONES, shape[1:], strict=True):
        values = np.asarray(zones[zone], dtype=np.intp)
        if values.size and (values.min() < 0 or values.max() >= size):
            raise ValueError(f"{zone} holds {values.max()}, the column responses have {size}")
        index = index * size + values
    return index


def of_class(
    table: NDArray, position: int, lower: NDArray[np.intp], weight: NDArray[np.float64], index: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Rows of a response table for cells of one land-use class, linear in rain.

    Parameters
    ----------
    table : ndarray, shape (rain factor, land use, soil, climate, water table, ...)
    position : int
        Of the class on the axis of land use.
    lower, weight : ndarray, shape (n,)
        From `bracket`.
    index : ndarray of int, shape (n,)
        From `zone_index`.

    Returns
    -------
    ndarray, shape (n, ...)
    """
    table = np.asarray(table)
    rows = table[:, position].reshape(table.shape[0], -1, *table.shape[5:]).astype(float)
    upper = np.minimum(lower + 1, table.shape[0] - 1)
    shaped = weight.reshape(-1, *(1,) * (rows.ndim - 2))
    return (1.0 - shaped) * rows[lower, index] + shaped * rows[upper, index]
