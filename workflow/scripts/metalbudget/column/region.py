"""The columns of a region: which soils, climate zones and water tables there are, and what runs off them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget import hydraulics, runoff
from metalbudget.column import classes, regional, response
from metalbudget.column.water_balance import profile_of
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.terrain import slope_gradient


@dataclass(frozen=True, eq=False)
class RegionColumns:
    """Distinct columns of n land cells: s soils, z climate zones, w water-table classes.

    Parameters
    ----------
    soils : SoilClasses
    climate, water_table : ndarray of int, shape (n,)
        Class of each cell.
    climate_factors : ndarray, shape (z,)
        Mean rain of each zone relative to the station. [1]
    hydraulics : VanGenuchten
        Of the s soils.
    groups : ndarray of int, shape (s,)
        Hydrologic soil group.
    curve_number : ndarray, shape (9, s, z, w)
        Of the land-use classes' open soil. [1]
    cells : ndarray of int, shape (s, z, w)
        Land cells of each combination.
    """

    soils: classes.SoilClasses
    climate: NDArray[np.int64]
    water_table: NDArray[np.int64]
    climate_factors: NDArray[np.float64]
    hydraulics: hydraulics.VanGenuchten
    groups: NDArray[np.int64]
    curve_number: NDArray[np.float64]
    cells: NDArray[np.int64]

    def distinct(
        self,
        irrigation: NDArray[np.float64],
        rain_factors: Sequence[float],
        tables: Mapping[str, Mapping[str, float]],
        options: regional.Options,
    ) -> regional.Distinct:
        """The columns as the engines take them.

        Parameters
        ----------
        irrigation : ndarray, shape (9,)
            [mm yr⁻¹]
        rain_factors : sequence of float
            Of the scenarios. [1]
        tables : mapping of table to rows
            ``soil_column crop_coefficient``
        options : Options

        Returns
        -------
        Distinct
        """
        settings = tables["soil_column"]
        landuse = response.landuse_tables(SOIL_CLASSES, tables["crop_coefficient"], profile_of(settings))
        return regional.Distinct(
            soil=self.hydraulics,
            soil_names=self.soils.names,
            bulk_density=self.soils.bulk_density,
            curve_number=self.curve_number,
            water_table_cm=np.array([np.inf, regional.CM_PER_M * settings["water_table_depth_m"]]),
            cells=self.cells,
            irrigation=irrigation,
            tables=landuse,
            rain_factors=np.asarray(rain_factors, dtype=float),
            climate_factors=self.climate_factors,
            pans=regional.pans_of(self.hydraulics, landuse, options),
        )


def columns_of(
    soil: Mapping[str, NDArray[np.float64]],
    elevation: NDArray[np.float64],
    rain_factor: NDArray[np.float64],
    land: NDArray[np.bool_],
    cell_m: float,
    water: Mapping[str, Any],
    tables: Mapping[str, Mapping[str, float]],
) -> RegionColumns:
    """Group cells into columns.

    Parameters
    ----------
    soil : mapping of band to ndarray, shape (n,)
        ``sand_pct silt_pct clay_pct bulk_density_kg_m3``
    elevation : ndarray, shape (height, width)
        [m]
    rain_factor : ndarray, shape (n,)
        Annual rain relative to the station. [1]
    land : ndarray of bool, shape (height, width)
        n land cells.
    cell_m : float
        [m]
    water : mapping
        ``climate_zones water_table_elevation_m smallest_soil_share smallest_column_share
        slope_adjusted_curve_number`` of the configuration.
    tables : mapping of table to rows
        ``hydrologic_group curve_number``

    Returns
    -------
    RegionColumns
    """
    soils = classes.soil_classes(
        soil["sand_pct"],
        soil["silt_pct"],
        soil["clay_pct"],
        soil["bulk_density_kg_m3"],
        float(water["smallest_soil_share"]),
    )
    climate, climate_factors = classes.climate_zones(rain_factor, int(water["climate_zones"]))
    water_table = classes.water_table_classes(elevation[land], water["water_table_elevation_m"])
    soils = classes.join_rare_pairs(soils, water_table, float(water["smallest_column_share"]))
    properties = hydraulics.rosetta_parameters(soils.sand, soils.silt, soils.clay, soils.bulk_density)
    groups = hydraulics.hydrologic_group(properties.ks, tables["hydrologic_group"])
    shape = (len(soils.names), climate_factors.size, len(classes.WATER_TABLES))
    numbers = runoff.curve_numbers(SOIL_CLASSES, groups, tables["curve_number"])[:, :, None, None]
    if water["slope_adjusted_curve_number"]:
        slope = np.hypot(*slope_gradient(np.where(land, elevation, np.nan), cell_m))[land]
        numbers = runoff.slope_adjusted(numbers, classes.mean_by_zone(slope, soils.index, climate, water_table, shape))
    return RegionColumns(
        soils=soils,
        climate=climate,
        water_table=water_table,
        climate_factors=climate_factors,
        hydraulics=properties,
        groups=groups,
        curve_number=np.broadcast_to(numbers, (len(SOIL_CLASSES), *shape)),
        cells=np.bincount(
            np.ravel_multi_index((soils.index, climate, water_table), shape), minlength=int(np.prod(shape))
        ).reshape(shape),
    )
