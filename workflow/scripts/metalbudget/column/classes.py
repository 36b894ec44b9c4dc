"""Distinct soil columns of a region: soil classes, climate zones and water-table classes of its cells."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.hydraulics import TEXTURES, texture_class

WATER_TABLES = ("deep", "shallow")


@dataclass(frozen=True, eq=False)
class SoilClasses:
    """Soils that stand for the cells of a region.

    Parameters
    ----------
    names : tuple of str, length s
        Texture classes, in the order of `hydraulics.TEXTURES`.
    index : ndarray of int, shape (n,)
        Class of each cell.
    sand, silt, clay : ndarray, shape (s,)
        Means over the cells of the class. [%]
    bulk_density : ndarray, shape (s,)
        Mean over the cells of the class. [kg m⁻³]
    """

    names: tuple[str, ...]
    index: NDArray[np.int64]
    sand: NDArray[np.float64]
    silt: NDArray[np.float64]
    clay: NDArray[np.float64]
    bulk_density: NDArray[np.float64]


def soil_classes(
    sand: ArrayLike, silt: ArrayLike, clay: ArrayLike, bulk_density: ArrayLike, smallest_share: float
) -> SoilClasses:
    """Group cells by texture class; rare classes join the nearest common one.

    Parameters
    ----------
    sand, silt, clay : array_like, shape (n,)
        [%]
    bulk_density : array_like, shape (n,)
        [kg m⁻³]
    smallest_share : float
        Smallest share of the cells that keeps a class of its own, 0..1. [1]

    Returns
    -------
    SoilClasses
        At least one class; distance is Euclidean in sand and clay between class means.
    """
    sand, silt, clay, density = (np.asarray(a, dtype=float) for a in (sand, silt, clay, bulk_density))
    texture = texture_class(sand, silt, clay)
    count = np.bincount(texture, minlength=len(TEXTURES))
    found = np.flatnonzero(count)
    common = found[count[found] >= smallest_share * texture.size]
    if common.size == 0:
        common = found[[np.argmax(count[found])]]
    target = np.zeros(len(TEXTURES), dtype=np.int64)
    for label in found:
        own = texture == label
        distance = [
            np.hypot(
                sand[own].mean() - sand[texture == other].mean(),
                clay[own].mean() - clay[texture == other].mean(),
            )
            for other in common
        ]
        target[label] = int(np.argmin(distance))
    index = target[texture]
    members = np.bincount(index, minlength=common.size)
    means = [np.bincount(index, values, minlength=common.size) / members for values in (sand, silt, clay, density)]
    return SoilClasses(tuple(TEXTURES[label] for label in common), index, *means)


def join_rare_pairs(soils: SoilClasses, water_table: ArrayLike, smallest_share: float) -> SoilClasses:
    """Give cells whose soil is rare over their water table the nearest soil that is common there.

    Parameters
    ----------
    soils : SoilClasses
    water_table : array_like of int, shape (n,)
        Class of each cell.
    smallest_share : float
        Smallest share of the cells that keeps a soil over a water table a column of its own, 0..1. [1]

    Returns
    -------
    SoilClasses
        With another index; a water table over which every soil is rare keeps its own. Distance is Euclidean in sand
        and clay between class means.
    """
    water_table = np.asarray(water_table)
    index = soils.index.copy()
    for table in np.unique(water_table):
        here = water_table == table
        count = np.bincount(soils.index[here], minlength=len(soils.names))
        common = np.flatnonzero(count >= smallest_share * index.size)
        if common.size == 0:
            continue
        for rare in np.flatnonzero((count > 0) & (count < smallest_share * index.size)):
            distance = np.hypot(soils.sand[common] - soils.sand[rare], soils.clay[common] - soils.clay[rare])
            index[here & (soils.index == rare)] = common[int(np.argmin(distance))]
    return dataclasses.replace(soils, index=index)


def climate_zones(rain_factor: ArrayLike, zones: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Group cells by rain into zones of about equal area.

    Parameters
    ----------
    rain_factor : array_like, shape (n,)
        Annual rain relative to the weather station. [1]
    zones : int
        Number of zones wanted, at least 1; fewer are made where rain takes fewer values.

    Returns
    -------
    index : ndarray of int, shape (n,)
        Zone of each cell, drier zones first.
    factor : ndarray, shape (z,)
        Mean rain factor of each zone. [1]
    """
    rain_factor = np.asarray(rain_factor, dtype=float)
    if zones < 1:
        raise ValueError(f"at least one climate zone is needed, got {zones}")
    edges = np.unique(np.quantile(rain_factor, np.arange(1, zones) / zones))
    _, index = np.unique(np.searchsorted(edges, rain_factor, side="right"), return_inverse=True)
    return index, np.bincount(index, rain_factor) / np.bincount(index)


def water_table_classes(elevation: ArrayLike, shallow_below_m: float) -> NDArray[np.int64]:
    """Water-table class of cells by elevation.

    Parameters
    ----------
    elevation : array_like, shape (n,)
        Above sea level. [m]
    shallow_below_m : float
        Land below it has shallow groundwater. [m]

    Returns
    -------
    ndarray of int, shape (n,)
        Index into `WATER_TABLES`.
    """
    return (np.asarray(elevation, dtype=float) < shallow_below_m).astype(np.int64)


def mean_by_zone(
    values: ArrayLike,
    soil: ArrayLike,
    climate: ArrayLike,
    water_table: ArrayLike,
    shape: tuple[int, int, int],
) -> NDArray[np.float64]:
    """Mean of a cell property over the cells of each soil, climate zone and water-table class.

    Parameters
    ----------
    values : array_like, shape (n,)
    soil, climate, water_table : array_like of int, shape (n,)
    shape : tuple of int
        Numbers of soils, zones and water-table classes.

    Returns
    -------
    ndarray, shape `shape`
        The mean over all cells where a combination has no cell.
    """
    values = np.asarray(values, dtype=float)
    flat = np.ravel_multi_index((np.asarray(soil), np.asarray(climate), np.asarray(water_table)), shape)
    size = int(np.prod(shape))
    count = np.bincount(flat, minlength=size)
    total = np.bincount(flat, values, minlength=size)
    return np.where(count > 0, total / np.maximum(count, 1), values.mean()).reshape(shape)
