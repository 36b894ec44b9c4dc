"""The study grid: one projected CRS, square cells, a land mask."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Grid:
    """Square cells in a projected CRS, row 0 in the north, and which of them are land.

    Parameters
    ----------
    crs : str
        Coordinate reference system, such as ``EPSG:32651``; projected, in metres.
    x_min, y_max : float
        Outer corner in the north-west. [m]
    cell_m : float
        Side of a cell. [m]
    height, width : int
        Rows and columns.
    land : ndarray of bool, shape (height, width)
        True on land.
    """

    crs: str
    x_min: float
    y_max: float
    cell_m: float
    height: int
    width: int
    land: NDArray[np.bool_]

    @cached_property
    def n(self) -> int:
        """Number of land cells."""
        return int(self.land.sum())

    @property
    def cell_area_m2(self) -> float:
        """Area of a cell. [m²]"""
        return self.cell_m**2

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Outer west, south, east and north. [m]"""
        return (
            self.x_min,
            self.y_max - self.height * self.cell_m,
            self.x_min + self.width * self.cell_m,
            self.y_max,
        )

    @property
    def transform(self):
        """Affine transform from column and row to x and y."""
        from affine import Affine

        return Affine(self.cell_m, 0.0, self.x_min, 0.0, -self.cell_m, self.y_max)

    @cached_property
    def x(self) -> NDArray[np.float64]:
        """Cell-centre eastings, shape (width,). [m]"""
        return np.asarray(self.x_min + (np.arange(self.width) + 0.5) * self.cell_m, dtype=np.float64)

    @cached_property
    def y(self) -> NDArray[np.float64]:
        """Cell-centre northings, shape (height,), from north to south. [m]"""
        return np.asarray(self.y_max - (np.arange(self.height) + 0.5) * self.cell_m, dtype=np.float64)

    @cached_property
    def land_x(self) -> NDArray[np.float64]:
        """Eastings of the land cells, shape (n,). [m]"""
        return np.asarray(np.broadcast_to(self.x, self.land.shape)[self.land], dtype=np.float64)

    @cached_property
    def land_y(self) -> NDArray[np.float64]:
        """Northings of the land cells, shape (n,). [m]"""
        return np.asarray(np.broadcast_to(self.y[:, None], self.land.shape)[self.land], dtype=np.float64)

    def compress(self, raster: NDArray) -> NDArray:
        """Land cells of a raster: (..., height, width) becomes (..., n)."""
        return raster[..., self.land]

    def expand(self, values: NDArray, fill: float = np.nan) -> NDArray:
        """Raster of land-cell values: (..., n) becomes (..., height, width), `fill` at sea."""
        values = np.asarray(values)
        raster = np.full((*values.shape[:-1], self.height, self.width), fill, dtype=values.dtype)
        raster[..., self.land] = values
        return raster

    def index_of(self, x, y) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Row and column of points; outside the grid they lie outside the index range."""
        column = np.floor((np.asarray(x, float) - self.x_min) / self.cell_m).astype(np.int64)
        row = np.floor((self.y_max - np.asarray(y, float)) / self.cell_m).astype(np.int64)
        return row, column

    def contains(self, x, y) -> NDArray[np.bool_]:
        """Whether points lie on the grid."""
        row, column = self.index_of(x, y)
        return (row >= 0) & (row < self.height) & (column >= 0) & (column < self.width)

    def cell_of(self, x, y) -> NDArray[np.int64]:
        """Index among the land cells of points, -1 where the point is at sea or off the grid."""
        row, column = self.index_of(x, y)
        inside = (row >= 0) & (row < self.height) & (column >= 0) & (column < self.width)
        number = self.expand(np.arange(self.n), fill=-1)
        result = np.full(np.shape(row), -1, dtype=np.int64)
        result[inside] = number[row[inside], column[inside]]
        return result

    def nearest_land(self, x, y, reach_cells: float = 1.5) -> NDArray[np.int64]:
        """Like `cell_of`, but a point at sea so near to land belongs to the nearest land cell.

        Coasts of rasters are rough: a sample from the shore may lie in a cell that counts as sea.
        """
        x, y = np.asarray(x, float), np.asarray(y, float)
        cell = self.cell_of(x, y)
        for position in np.flatnonzero(cell < 0):
            gap = np.hypot(self.land_x - x[position], self.land_y - y[position])
            nearest = int(gap.argmin())
            if gap[nearest] <= reach_cells * self.cell_m:
                cell[position] = nearest
        return cell
