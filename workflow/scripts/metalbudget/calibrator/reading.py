"""The calibrator's edge: samples, history, rasters and responses become the target and the cells' features."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget import erosion, io, terrain
from metalbudget.budget.reading import FilePath, Ground, mean_raster
from metalbudget.calibrator import features as kernels
from metalbudget.calibrator.target import Target, enrichment, paired
from metalbudget.landuse import LandUse
from metalbudget.quantities import HUMAN_INPUTS

Vector = NDArray[np.float64]


def read_target(
    files: Mapping[str, FilePath],
    ground: Ground,
    survey_years: Sequence[int],
    states: Mapping[int, LandUse],
    net: Mapping[int, Vector],
    soil_mass: Vector,
    parameters: Mapping[str, float],
) -> Target:
    """Target of two surveys and more, or of a single one.

    Parameters
    ----------
    files : mapping of str to path
        ``points history background``
    ground : Ground
    survey_years : sequence of int
        At least one.
    states, net : mapping of modelled year to LandUse and to ndarray, shape (n,)
        Net flux per square metre of cell. [mg m⁻² yr⁻¹]
    soil_mass : ndarray, shape (n,)
        Of the legal depth. [kg m⁻²]
    parameters : mapping
        Rows of ``calibrator.csv``.

    Returns
    -------
    Target
    """
    grid = ground.grid
    points = io.read_table(files["points"], text=("pair_id",))
    cell = grid.nearest_land(points["x_m"], points["y_m"])
    if len(survey_years) > 1:
        history = io.read_netcdf(files["history"], ("concentration", "year"))
        return paired(
            points,
            cell,
            survey_years,
            np.asarray(history["year"], dtype=float),
            grid.compress(np.asarray(history["concentration"], dtype=float)),
            soil_mass,
            parameters["between_survey_log_sd"],
        )
    layers = io.read_bands(files["background"], grid)
    return enrichment(
        points,
        cell,
        grid.compress(layers["mean_mg_kg"]),
        grid.compress(layers["log_standard_deviation"]),
        kernels.per_open_soil(list(net.values()), [states[year] for year in net]),
        (min(states), max(states)),
        soil_mass,
        parameters,
    )


def read_features(
    files: Mapping[str, FilePath],
    ground: Ground,
    states: Mapping[int, LandUse],
    *,
    fluxes: Mapping[str, Mapping[int, FilePath]],
    rkls: Sequence[FilePath],
    column_response: Sequence[FilePath],
    cover_practice: Mapping[str, float],
) -> dict[str, Vector]:
    """Rates and inputs of the land cells, without anything that holds a measured content.

    Parameters
    ----------
    files : mapping of str to path
        ``elevation parent_material population sources``
    ground : Ground
    states : mapping of year to LandUse
        The years that features are means over.
    fluxes : mapping of process to {year: path}
        Every process of `HUMAN_INPUTS`, at least those years.
    rkls, column_response : sequence of path
        Of the weather years.
    cover_practice : mapping
        Rows of ``rusle_cp.csv``.

    Returns
    -------
    dict of name to ndarray, shape (n,)
    """
    grid, window = ground.grid, list(states.values())
    features = {
        process: kernels.per_open_soil(
            [grid.compress(io.read_raster(fluxes[process][year], grid)) for year in states], window
        )
        for process in HUMAN_INPUTS
    }
    features |= kernels.of_landuse(window)
    shares = kernels.mean_shares(window)
    features["soil_loss"] = kernels.soil_loss(mean_raster(rkls, grid), erosion.cover_practice(cover_practice), shares)
    response: dict[str, Any] = io.mean_responses(column_response, ("drainage_20cm", "rain_factor", "climate"))
    features["drainage"] = kernels.column_water(
        response["drainage_20cm"], response["rain_factor"], ground.rain_within_zone(response), ground.zones, shares
    )

    elevation = io.read_raster(files["elevation"], grid)
    features["elevation"] = np.nan_to_num(grid.compress(elevation), nan=0.0)
    features["slope"] = grid.compress(terrain.slope_to_sea(elevation, grid.cell_m))
    features["ph"] = ground.soil["ph_water"]
    features["organic_carbon"] = ground.soil["organic_carbon_pct"]
    features["clay"] = ground.soil["clay_pct"]
    features["population"] = np.log1p(grid.compress(io.read_raster(files["population"], grid)))
    strata = grid.compress(io.read_raster(files["parent_material"], grid))
    features |= {f"parent_material_{code}": (strata == code).astype(float) for code in np.unique(strata)}
    sources = io.read_table(files["sources"], text=("sector",))
    features |= kernels.source_distances(
        grid.land_x,
        grid.land_y,
        sources["sector"],
        np.column_stack([sources["x_m"], sources["y_m"]]),
        0.5 * grid.cell_m,
    )
    return kernels.without_gaps(features)
