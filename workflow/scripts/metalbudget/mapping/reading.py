"""The maps' edge: parent materials, survey files and the covariates' rasters."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget import io, terrain
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.harmonise import project
from metalbudget.landuse import LandUse
from metalbudget.mapping import covariates, survey
from metalbudget.mapping.epoch import Samples, Strata
from metalbudget.runlog import logger

FilePath = str | Path


def read_strata(parent_material: FilePath, parent_materials: FilePath, metal: str, grid: Grid) -> Strata:
    """Parent material of the land cells with one metal's tabled background."""
    of_cell = grid.compress(io.read_raster(parent_material, grid)).astype(np.int64)
    table = io.read_table(parent_materials, text=("metal", "name", "source"))
    rows = np.flatnonzero(table["metal"] == metal)
    rows = rows[np.argsort(table["code"][rows], kind="stable")]
    code = table["code"][rows].astype(np.int64)
    missing = np.setdiff1d(np.unique(of_cell), code)
    if missing.size:
        raise InputError(
            f"a parent material has no background for {metal}",
            file=parent_materials,
            found=f"no row for code {missing.tolist()}",
            expected="a row for every code of soil/parent_material.tif and every metal",
        )
    return Strata(code, table["background_mg_kg"][rows], table["geometric_standard_deviation"][rows], of_cell)


def read_survey(
    path: FilePath,
    metal: str,
    grid: Grid,
    recovery: Mapping[str, float],
    legal_depth_m: float,
    parameters: Mapping[str, float],
) -> Samples:
    """One survey's samples of one metal, harmonised; those off the land are left out.

    Parameters
    ----------
    path : path
    metal : str
    grid : Grid
    recovery : mapping
        Rows of ``survey_method.csv``.
    legal_depth_m : float
        [m]
    parameters : mapping
        Rows of ``mapping.csv``.
    """
    table = io.read_table(path, text=("metal", "method", "date"))
    own = np.flatnonzero(table["metal"] == metal)
    if own.size == 0:
        raise InputError(f"the survey has no sample of {metal}", file=path, expected=f"rows with metal {metal}")
    table = {name: values[own] for name, values in table.items()}
    xy = np.column_stack(project(table["longitude_deg"], table["latitude_deg"], grid.crs))
    topsoil, deep = survey.harmonise(
        point_id=list(table["point_id"]),
        date=np.array([survey.year_fraction(text) for text in table["date"]]),
        depth_top_m=table["depth_top_m"],
        depth_bottom_m=table["depth_bottom_m"],
        method=list(table["method"]),
        value_mg_kg=table["value_mg_kg"],
        censored=table["censored"] == 1,
        uncertainty_pct=table["uncertainty_pct"],
        recovery=recovery,
        legal_depth_m=legal_depth_m,
        settings=parameters,
    )
    cell, deep_cell = (grid.nearest_land(*xy[points.row].T) for points in (topsoil, deep))
    kept, deep_kept = cell >= 0, deep_cell >= 0
    if not kept.any():
        raise InputError("no sample of the survey lies on the land of the study grid", file=path)
    if not kept.all():
        logger.warning("%s: %d of %d points lie off the land and are left out", path, (~kept).sum(), cell.size)
    return Samples(topsoil.take(kept), cell[kept], xy[topsoil.row][kept], deep.take(deep_kept), deep_cell[deep_kept])


def read_covariates(
    elevation: FilePath, soil: FilePath, population: FilePath, landuse: LandUse, grid: Grid
) -> dict[str, NDArray[np.float64]]:
    """Covariates of the trend on the land cells."""
    height = io.read_raster(elevation, grid)
    return covariates.smooth(
        elevation=np.nan_to_num(grid.compress(height), nan=0.0),
        slope=grid.compress(terrain.slope_to_sea(height, grid.cell_m)),
        soil={name: grid.compress(values) for name, values in io.read_bands(soil, grid).items()},
        population=grid.compress(io.read_raster(population, grid)),
        landuse=landuse,
    )
