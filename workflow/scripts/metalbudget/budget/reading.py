"""The budget's edge: rasters, response tables and farm statistics become settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget import crops, erosion, io
from metalbudget.budget.setting import Cropping, Setting, Vector, collapse
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.landuse import LandUse
from metalbudget.lookup import ZONES
from metalbudget.quantities import quantity

FilePath = str | Path
# What every run of the budget reads, whatever its years.
FILES = (
    "mask",
    "soil",
    "zones",
    "rain_factor",
    "agriculture",
    "districts",
    "district",
    "concentration",
    "background",
)


@dataclass(frozen=True, eq=False)
class Ground:
    """What land use does not change; arrays of shape (n,).

    Parameters
    ----------
    grid : Grid
    soil : dict of str to ndarray
        The bands of ``soil.tif``.
    zones : dict of str to ndarray of int
        Indices into the response tables.
    rain_factor : ndarray
        Annual rain relative to the weather station. [1]
    unsolved : int
        Land cells left out of the grid because their soil column has no solution (`leaching.mask_unsolved`).
    """

    grid: Grid
    soil: dict[str, Vector]
    zones: dict[str, NDArray[np.integer]]
    rain_factor: Vector
    unsolved: int = 0

    def rain_within_zone(self, responses: Mapping[str, Any]) -> Vector:
        """Annual rain relative to that of the cell's climate zone, shape (n,). [1]

        The responses' coordinate ``climate`` holds the annual rain of each zone relative to the station, so this is
        what a cell has to be looked up with, and maps do not step from zone to zone.
        """
        return self.rain_factor / np.asarray(responses["climate"], dtype=float)[self.zones["climate_zone"]]


def land_values(path: FilePath, grid: Grid, band: str | None = None) -> Vector:
    """Values of a continuous raster on the land cells; refuses missing ones.

    Parameters
    ----------
    path : path
    grid : Grid
    band : str, optional
        Name of the band; the first one when left out.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    InputError
        If the band is absent, or a land cell has no value.
    """
    if band is None:
        values = grid.compress(io.read_raster(path, grid))
    else:
        bands = io.read_bands(path, grid)
        if band not in bands:
            raise InputError("the raster lacks a band", file=path, found=", ".join(bands), expected=band)
        values = grid.compress(bands[band])
    missing = int(np.count_nonzero(~np.isfinite(values)))
    if missing:
        raise InputError(
            "land cells have no value",
            file=path,
            where=band,
            found=f"{missing} of {grid.n} land cells",
            expected="a number on every land cell",
        )
    return values


def read_ground(mask: FilePath, soil: FilePath, zones: FilePath, rain_factor: FilePath) -> Ground:
    """Grid, soil, zones and rain of the land cells whose soil column has a solution."""
    grid = io.read_grid(mask)
    bands = io.read_bands(zones, grid)
    unsolved = grid.land & (bands["soil_class"] == quantity("class").nodata)
    if unsolved.any():
        grid = replace(grid, land=grid.land & ~unsolved)
    return Ground(
        unsolved=int(unsolved.sum()),
        grid=grid,
        soil={name: grid.compress(values) for name, values in io.read_bands(soil, grid).items()},
        zones={name: grid.compress(bands[name]).astype(np.intp) for name in ZONES},
        rain_factor=land_values(rain_factor, grid),
    )


def mean_raster(paths: Sequence[FilePath], grid: Grid) -> Vector:
    """Mean over several rasters (weather years) on the land cells, shape (n,)."""
    total = np.zeros(grid.n)
    for path in paths:
        total += land_values(path, grid)
    return total / len(paths)


@dataclass(frozen=True, eq=False)
class Farming:
    """Farm statistics and where their districts lie.

    Parameters
    ----------
    table : mapping of columns
        ``agriculture.csv``.
    district : ndarray of int, shape (n,)
        1..k; below 1 where a cell belongs to no district.
    names : list of str, length k
        ``district_id`` in the order of the raster.
    """

    table: Mapping[str, Any]
    district: NDArray[np.integer]
    names: list[str]

    def cropping(self, year: int, landuse: LandUse) -> Cropping:
        """Harvest per square metre of cell in a year of the statistics, on the shares of `landuse`."""
        return crops.cropping_on_cells(self.table, year, self.district, landuse.shares, self.names)


def read_farming(agriculture: FilePath, districts: FilePath, district: FilePath, grid: Grid) -> Farming:
    """Farm statistics with the district of every land cell."""
    order = io.read_table(districts, text=("name",))
    pairs = sorted(zip(order["index"], order["district_id"], strict=True))
    return Farming(
        table=io.read_table(agriculture, text=("landuse_class", "crop")),
        district=grid.compress(io.read_raster(district, grid)),
        names=[str(name) for _, name in pairs],
    )


def build_setting(
    ground: Ground,
    landuse: LandUse,
    responses: Mapping[str, Any],
    rkls: Vector,
    cropping: Cropping,
    settings: Mapping[str, Any],
    rain_multiplier: float = 1.0,
) -> Setting:
    """Setting of the land cells.

    Parameters
    ----------
    ground : Ground
    landuse : LandUse
    responses : mapping
        Mean column responses of the weather years (`io.mean_responses`); see `Ground.rain_within_zone`.
    rkls : ndarray, shape (n,)
        Mean R K LS of the weather years, already scaled to the scenario's rain. [t ha⁻¹ yr⁻¹]
    cropping : list
    settings : mapping
        ``mixing_depth_m`` by class, ``legal_depth_m``, ``soil_loss_maximum_t_ha`` and the rows of ``rusle_cp``.
    rain_multiplier : float
        The scenario's rain relative to the weather years. [1]

    Returns
    -------
    Setting
    """
    return collapse(
        landuse,
        ground.zones,
        responses,
        rain_factor=ground.rain_within_zone(responses) * rain_multiplier,
        rkls=rkls,
        bulk_density=ground.soil["bulk_density_kg_m3"],
        cover_practice=erosion.cover_practice(settings["rusle_cp"]),
        soil_loss_maximum=float(settings["soil_loss_maximum_t_ha"]),
        cropping=cropping,
        mixing_depth={name: float(depth) for name, depth in settings["mixing_depth_m"].items()},
        legal_depth=float(settings["legal_depth_m"]),
    )
