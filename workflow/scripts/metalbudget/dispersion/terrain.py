"""The edge to terrain models: a raster of elevations, and what it says of receptors."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.dispersion.case import Receptors
from metalbudget.dispersion.hill_height import hill_heights
from metalbudget.errors import InputError, InputErrors


@dataclass(frozen=True, eq=False)
class Terrain:
    """Elevations in square cells of a projected coordinate system in metres, row 0 in the north.

    Parameters
    ----------
    crs : str
    x_min_m, y_max_m : float
        Outer corner in the north-west. [m]
    cell_m : float
        Side of a cell. [m]
    elevation_m : ndarray, shape (h, w)
        At the cell centres; NaN where unknown or sea. [m]
    """

    crs: str
    x_min_m: float
    y_max_m: float
    cell_m: float
    elevation_m: NDArray[np.floating]


def read_terrain(path: str | Path) -> Terrain:
    """Read a terrain model, the first band of a raster in any format that GDAL knows.

    Raises
    ------
    InputErrors
        The raster is not in metres, not north up or has oblong cells; everything wrong at once.
    """
    import rasterio
    from rasterio.errors import RasterioIOError

    if not Path(path).exists():
        raise InputError("the file does not exist", file=path, expected="a raster of elevations")
    try:
        with rasterio.open(path) as raster:
            crs, transform = raster.crs, raster.transform
            kind = np.float32 if raster.dtypes[0] in ("float32", "int16", "uint16", "uint8", "int8") else np.float64
            elevation = raster.read(1, masked=True).astype(kind).filled(np.nan)
    except RasterioIOError as error:
        raise InputError("the file cannot be read as a raster", file=path, found=error) from error

    problems = []
    mend = "project the terrain model to the study's coordinate system, for example with gdalwarp"
    if crs is None:
        problems.append(InputError("the terrain model states no coordinate system", file=path, mend=mend))
    elif not crs.is_projected or crs.linear_units_factor[1] != 1.0:
        unit = crs.linear_units if crs.is_projected else "degree"
        problems.append(
            InputError("the terrain model is not in metres", file=path, found=unit, expected="metre", mend=mend)
        )
    if transform.b != 0.0 or transform.d != 0.0 or transform.a <= 0.0 or transform.e >= 0.0:
        found = f"affine {tuple(transform)[:6]}"
        problems.append(InputError("the terrain model is not north up", file=path, found=found, mend=mend))
    elif not np.isclose(transform.a, -transform.e, rtol=1e-9):  # rounding of a written cell size
        found = f"{transform.a:g} by {-transform.e:g} m"
        problems.append(InputError("the cells of the terrain model are not square", file=path, found=found, mend=mend))
    if problems:
        raise InputErrors(problems)
    return Terrain(crs.to_string(), transform.c, transform.f, transform.a, elevation)


def receptors_on(
    terrain: Terrain,
    x_m: ArrayLike,
    y_m: ArrayLike,
    *,
    flagpole_m: float = 0.0,
    sea_level_m: float | None = None,
    domain_m: tuple[float, float, float, float] | None = None,
) -> Receptors:
    """Receptors with the elevation and hill height the terrain gives them.

    Parameters
    ----------
    terrain : Terrain
    x_m, y_m : array_like, shape (receptors,)
        In the terrain's coordinate system. [m]
    flagpole_m : float
        Height above the ground. [m]
    sea_level_m, domain_m
        As in `hill_height.hill_heights`.
    """
    x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
    elevation, hill = hill_heights(
        terrain.elevation_m,
        terrain.x_min_m,
        terrain.y_max_m,
        terrain.cell_m,
        x,
        y,
        sea_level_m=sea_level_m,
        domain_m=domain_m,
    )
    return Receptors(x, y, elevation, hill, np.full(x.shape, float(flagpole_m)))
