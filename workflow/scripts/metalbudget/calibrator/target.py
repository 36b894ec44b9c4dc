"""What is to be learned: the net flux that surveys show and that the process model simulated at the same sites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Target:
    """Observed and simulated net flux at sites; arrays have shape (n,).

    Parameters
    ----------
    kind : str
        ``paired_surveys`` or ``enrichment_over_background``.
    cell : ndarray of int
        Land cell of each site.
    x_m, y_m : ndarray
        [m]
    observed, process : ndarray
        Mean net flux per open soil. [mg m⁻² yr⁻¹]
    noise : ndarray
        Standard error of `observed` from the samples. [mg m⁻² yr⁻¹]
    shift : ndarray
        Change of `observed` per unit of a common logarithmic shift. [mg m⁻² yr⁻¹]
    shift_sd : float
        Standard deviation of that shift. [1]
    most_weight : float
        Upper bound of the correction's weight, 0..1.
    first, last : int
        Years that the fluxes are means over.
    notes : dict
        For the record: ``window_yr``, ``pairs`` and, where there is reason, ``caution``.
    """

    kind: str
    cell: NDArray[np.int64]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    observed: NDArray[np.float64]
    process: NDArray[np.float64]
    noise: NDArray[np.float64]
    shift: NDArray[np.float64]
    shift_sd: float
    most_weight: float
    first: int
    last: int
    notes: dict[str, Any]


def mean_flux(
    first_mg_kg: NDArray[np.float64],
    second_mg_kg: NDArray[np.float64],
    soil_mass_kg_m2: NDArray[np.float64],
    years: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Mean net flux that changes a concentration: F = M (C2 - C1) / dt.

    Parameters
    ----------
    first_mg_kg, second_mg_kg : ndarray, shape (n,)
        Concentrations at the start and the end. [mg kg⁻¹]
    soil_mass_kg_m2 : ndarray, shape (n,)
        Soil of the sampled layer per square metre of open soil. [kg m⁻²]
    years : ndarray, shape (n,)
        Time between them. [yr], > 0

    Returns
    -------
    ndarray, shape (n,)
        [mg m⁻² yr⁻¹], positive = gain.
    """
    years = np.asarray(years, dtype=float)
    if np.any(years <= 0.0):
        raise ValueError("the second date must be after the first")
    return soil_mass_kg_m2 * (second_mg_kg - first_mg_kg) / years


def flux_noise(
    concentration_mg_kg: NDArray[np.float64],
    first_log_sd: NDArray[np.float64],
    second_log_sd: NDArray[np.float64],
    soil_mass_kg_m2: NDArray[np.float64],
    years: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Standard error of an observed net flux from the samples' errors: M C sqrt(s1² + s2²) / dt.

    Parameters
    ----------
    concentration_mg_kg : ndarray, shape (n,)
        Expected concentration (of the simulation, not the sample: weights that follow the sample's own
        noise would bias the mean). [mg kg⁻¹]
    first_log_sd, second_log_sd : ndarray, shape (n,)
        Errors of the two samples' logarithms. [1]
    soil_mass_kg_m2 : ndarray, shape (n,)
        [kg m⁻²]
    years : ndarray, shape (n,)
        [yr]

    Returns
    -------
    ndarray, shape (n,)
        [mg m⁻² yr⁻¹]
    """
    return soil_mass_kg_m2 * concentration_mg_kg * np.hypot(first_log_sd, second_log_sd) / years


def at_dates(cube: NDArray[np.float64], years: NDArray[np.float64], date: NDArray[np.float64]) -> NDArray[np.float64]:
    """Yearly values at points, linear between years, held beyond the ends.

    Parameters
    ----------
    cube : ndarray, shape (t, n)
        Values at the start of each year.
    years : ndarray, shape (t,)
        Ascending. [yr]
    date : ndarray, shape (n,)
        [yr]

    Returns
    -------
    ndarray, shape (n,)
    """
    years = np.asarray(years, dtype=float)
    if years.size == 1:
        return cube[0].copy()
    clipped = np.clip(date, years[0], years[-1])
    right = np.clip(np.searchsorted(years, clipped, side="left"), 1, years.size - 1)
    weight = (clipped - years[right - 1]) / (years[right] - years[right - 1])
    point = np.arange(cube.shape[1])
    return (1.0 - weight) * cube[right - 1, point] + weight * cube[right, point]


def paired(
    points: Mapping[str, NDArray],
    cell: NDArray[np.int64],
    survey_years: Sequence[int],
    years: NDArray[np.float64],
    concentration: NDArray[np.float64],
    soil_mass_kg_m2: NDArray[np.float64],
    between_survey_log_sd: float,
) -> Target:
    """Observed and simulated mean net flux at the sites that the first and the last survey visited.

    Parameters
    ----------
    points : mapping of column to ndarray, shape (rows,)
        ``pair_id survey paired date x_m y_m value_mg_kg log_sd systematic_log_sd censored``
    cell : ndarray of int, shape (rows,)
        Land cell of each point, -1 off the land.
    survey_years : sequence of int
        At least two.
    years : ndarray, shape (t,)
        Of the simulation. [yr]
    concentration : ndarray, shape (t, n)
        Simulated, of the land cells at the start of each year. [mg kg⁻¹]
    soil_mass_kg_m2 : ndarray, shape (n,)
        Of the legal depth. [kg m⁻²]
    between_survey_log_sd : float
        What two surveys of one method may differ by. [1]

    Returns
    -------
    Target
        Without pairs of two censored samples, which say nothing about a change.
    """
    first, last = _pairs(points, survey_years[0], survey_years[-1])
    cell = cell[first]
    known = (cell >= 0) & ~((points["censored"][first] == 1) & (points["censored"][last] == 1))
    first, last, cell = first[known], last[known], cell[known]
    start, end = points["date"][first], points["date"][last]
    cube = concentration[:, cell]
    seen_start, seen_end = np.clip(start, years[0], years[-1]), np.clip(end, years[0], years[-1])
    before, after = at_dates(cube, years, seen_start), at_dates(cube, years, seen_end)
    mass = soil_mass_kg_m2[cell]
    kept = np.isfinite(before) & np.isfinite(after) & (end > start) & (seen_end > seen_start)
    expected = 0.5 * (before + after)
    # With one method its unknown recovery is the same in both surveys and leaves the change alone.
    methods = np.hypot(points["systematic_log_sd"][first], points["systematic_log_sd"][last])
    same = np.isclose(points["systematic_log_sd"][first], points["systematic_log_sd"][last])
    of_methods = float(np.where(same, 0.0, methods)[kept].mean()) if kept.any() else 0.0

    first, last, cell, mass, expected = (values[kept] for values in (first, last, cell, mass, expected))
    before, after, seen = (values[kept] for values in (before, after, seen_end - seen_start))
    span = (end - start)[kept]
    return Target(
        kind="paired_surveys",
        cell=cell,
        x_m=points["x_m"][first],
        y_m=points["y_m"][first],
        observed=mean_flux(points["value_mg_kg"][first], points["value_mg_kg"][last], mass, span),
        process=mean_flux(before, after, mass, seen),
        noise=flux_noise(expected, points["log_sd"][first], points["log_sd"][last], mass, span),
        shift=mass * expected / span,
        shift_sd=float(np.hypot(between_survey_log_sd, of_methods)),
        most_weight=1.0,
        first=survey_years[0],
        last=survey_years[-1],
        notes={"window_yr": float(span.mean()) if span.size else 0.0, "pairs": int(cell.size)},
    )


def _pairs(
    points: Mapping[str, NDArray], first_year: int, last_year: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the sites that both surveys visited, in order of the first."""
    first_rows, last_rows = (
        {points["pair_id"][row]: row for row in np.flatnonzero((points["survey"] == year) & (points["paired"] == 1))}
        for year in (first_year, last_year)
    )
    shared = [name for name in first_rows if name in last_rows]
    first = np.array([first_rows[name] for name in shared], dtype=np.int64)
    return first, np.array([last_rows[name] for name in shared], dtype=np.int64)


def enrichment(
    points: Mapping[str, NDArray],
    cell: NDArray[np.int64],
    natural_mg_kg: NDArray[np.float64],
    natural_log_sd: NDArray[np.float64],
    simulated: NDArray[np.float64],
    years: tuple[int, int],
    soil_mass_kg_m2: NDArray[np.float64],
    parameters: Mapping[str, float],
) -> Target:
    """One survey: its excess over the background, spread over the years of exposure.

    Parameters
    ----------
    points, cell
        As in `paired`.
    natural_mg_kg, natural_log_sd : ndarray, shape (n,)
        Background of the land cells and the spread of sites around it. [mg kg⁻¹], [1]
    simulated : ndarray, shape (n,)
        Mean simulated net flux per open soil. [mg m⁻² yr⁻¹]
    years : (int, int)
        First and last modelled year.
    soil_mass_kg_m2 : ndarray, shape (n,)
        Of the legal depth. [kg m⁻²]
    parameters : mapping
        ``exposure_yr between_survey_log_sd enrichment_weight``

    Returns
    -------
    Target
    """
    rows = np.flatnonzero(cell >= 0)
    cell = cell[rows]
    natural, spread, mass = natural_mg_kg[cell], natural_log_sd[cell], soil_mass_kg_m2[cell]
    span = np.full(cell.size, parameters["exposure_yr"])
    of_method = float(points["systematic_log_sd"][rows].mean()) if rows.size else 0.0
    return Target(
        kind="enrichment_over_background",
        cell=cell,
        x_m=points["x_m"][rows],
        y_m=points["y_m"][rows],
        observed=mean_flux(natural, points["value_mg_kg"][rows], mass, span),
        process=simulated[cell],
        # The natural content of a site is known no better than its stratum's spread.
        noise=flux_noise(natural, spread, points["log_sd"][rows], mass, span),
        shift=mass * natural / span,
        shift_sd=float(np.hypot(parameters["between_survey_log_sd"], of_method)) if rows.size else 0.0,
        most_weight=parameters["enrichment_weight"],
        first=years[0],
        last=years[1],
        notes={
            "window_yr": float(parameters["exposure_yr"]),
            "pairs": 0,
            "caution": "one survey: the background and the years of exposure are assumed, so the weight is bounded",
        },
    )
