"""How far points lie from the region, and what a wrong place looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.harmonise import project
from metalbudget.inputs.tables import Table, shown_values

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination


def distance_to_region(x: NDArray[np.float64], y: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Distance of points to the study grid's outer edge, 0 inside. [m]"""
    west, south, east, north = grid.bounds
    dx = np.maximum(np.maximum(west - x, x - east), 0.0)
    dy = np.maximum(np.maximum(south - y, y - north), 0.0)
    return np.hypot(dx, dy)


def _distances(table: Table, grid: Grid) -> NDArray[np.float64] | None:
    if "longitude_deg" not in table.number or "latitude_deg" not in table.number or not table.n:
        return None
    x, y = project(table.number["longitude_deg"], table.number["latitude_deg"], grid.crs)
    return distance_to_region(np.asarray(x), np.asarray(y), grid)


def _place_hint(table: Table, bad: NDArray[np.bool_], grid: Grid, reach: float) -> str | None:
    """Name swapped coordinates if they would put the points within reach."""
    longitude, latitude = table.number["longitude_deg"][bad], table.number["latitude_deg"][bad]
    usable = np.abs(longitude) <= 90.0
    if usable.all():
        x, y = project(latitude, longitude, grid.crs)
        if (distance_to_region(np.asarray(x), np.asarray(y), grid) <= reach).all():
            return "longitude and latitude look swapped"
    x, y = project(-longitude, latitude, grid.crs)
    if (distance_to_region(np.asarray(x), np.asarray(y), grid) <= reach).all():
        return "the longitude has the wrong sign: east is positive"
    return None


def report_far(
    result: Examination,
    table: Table,
    considered: NDArray[np.bool_],
    reach: float,
    key: str,
    message: str,
    expected: str,
    mend: str | None = None,
) -> None:
    """Report the considered points of a table that lie farther than `reach` from the region. [m]"""
    grid = result.grid
    if grid is None:
        return
    distance = _distances(table, grid)
    if distance is None:
        return
    bad = considered & (distance > reach)
    if not bad.any():
        return
    named = dict(zip(table.text[key][bad].tolist(), distance[bad].tolist(), strict=True))
    result.problems.append(
        InputError(
            message,
            file=table.file,
            where=table.rows(bad),
            found=shown_values(
                f"{name} {kilometres(far)} from the region"
                if np.isfinite(far)
                else f"{name} nowhere in the study's CRS"
                for name, far in named.items()
            ),
            expected=expected,
            mend=_place_hint(table, bad, grid, reach) or mend,
        )
    )


def kilometres(distance_m: float) -> str:
    """A distance in words."""
    return f"{distance_m / 1000.0:.1f} km"
