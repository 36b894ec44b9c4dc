"""The package's edge to what is known of the regional background: deposition monitors, crustal share and trend."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget import io
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.harmonise import project
from metalbudget.runlog import logger

FilePath = str | Path


@dataclass(frozen=True, eq=False)
class Monitors:
    """Deposition monitors of one metal; arrays have shape (s,).

    Parameters
    ----------
    station_id, role : ndarray of str
        The role is ``background`` or ``validation``.
    year : ndarray
    monitored : ndarray
        Bulk deposition. [mg m⁻² yr⁻¹]
    row, column : ndarray of int
        Cell on the grid; -1 outside it, where no plume is known.
    """

    station_id: NDArray
    role: NDArray
    year: NDArray[np.float64]
    monitored: NDArray[np.float64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]

    @property
    def regional(self) -> NDArray[np.bool_]:
        """Those that the background is taken from, shape (s,)."""
        return np.asarray(self.role == "background", dtype=bool)


def read_monitors(path: FilePath, metal: str, grid: Grid) -> Monitors:
    """Monitors of a metal with their cells."""
    table = io.read_table(path, text=("metal", "role", "source"))
    own = table["metal"] == metal
    x, y = project(table["longitude_deg"][own], table["latitude_deg"][own], grid.crs)
    row, column = grid.index_of(x, y)
    known = grid.contains(x, y)
    for name in table["station_id"][own][~known]:
        logger.warning("monitor %s stands outside the grid: no plume is subtracted there", name)
    return Monitors(
        station_id=table["station_id"][own],
        role=table["role"][own],
        year=table["year"][own],
        monitored=table["deposition_mg_m2_yr"][own],
        row=np.where(known, row, -1),
        column=np.where(known, column, -1),
    )


def read_crustal_share(path: FilePath, metal: str) -> float:
    """Share of monitored bulk deposition that is resuspended local soil. [1]"""
    table = io.read_table(path, text=("metal", "source"))
    rows = np.flatnonzero(table["metal"] == metal)
    if rows.size != 1:
        raise InputError("one row a metal is needed", file=path, where=metal, found=rows.size, expected=1)
    return float(table["share"][rows[0]])


def read_trend(path: FilePath, metal: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Years and factors of a metal's background, relative to the monitors' year. [1]"""
    table = io.read_table(path)
    own = table["metal"] == metal
    return table["year"][own], table["factor"][own]
