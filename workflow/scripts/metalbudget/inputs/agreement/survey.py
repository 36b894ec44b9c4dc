"""Soil surveys: dates, depths, detection limits, places, and contents against the natural background."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError
from metalbudget.harmonise import project
from metalbudget.inputs import tables
from metalbudget.inputs.agreement.places import distance_to_region, report_far
from metalbudget.inputs.tables import Table, pairs

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination

SURVEY_YEARS = 3  # a survey's samples may be taken this many years around its year
WRONG_UNIT_FACTOR = 100.0  # a regional median this far from the natural background is a wrong unit


def check_survey(result: Examination, table: Table, year: int, config: Mapping[str, Any]) -> None:
    """Report all that is wrong with one survey's samples."""
    problems = result.problems
    if not table.n:
        return
    if table.has("date"):
        _check_dates(table, year, problems)
    if table.has("depth_top_m", "depth_bottom_m"):
        bad = table.number["depth_top_m"] >= table.number["depth_bottom_m"]
        depths = pairs(table, "depth_top_m", "depth_bottom_m", bad)
        tables.report_rows(
            table,
            bad,
            "a sample's top is not above its bottom",
            problems,
            found=(f"{top} to {bottom} m" for top, bottom in depths),
            expected="depth_top_m below depth_bottom_m in number, both downwards from the surface",
        )
    if table.has("value_mg_kg", "detection_limit_mg_kg", "censored"):
        _check_censoring(table, problems)
    _check_points(result, table)
    if table.has("metal"):
        _check_metals(result, table, config)
    uncertainty = table.number.get("uncertainty_pct")
    if uncertainty is not None and np.isfinite(uncertainty).any() and np.nanmax(uncertainty) <= 1.0:
        problems.append(
            InputError(
                "the uncertainties are out of range",
                file=table.file,
                where="column uncertainty_pct",
                found=f"a maximum of {np.nanmax(uncertainty):g}",
                expected="percent",
                mend="the values look like shares between 0 and 1; multiply them by 100"
                if np.nanmax(uncertainty) > 0.0
                else "write what sampling and laboratory leave open; 15 is a common value",
            )
        )


def _check_dates(table: Table, year: int, problems: list[InputError]) -> None:
    text = table.text["date"]
    days: dict[str, np.datetime64] = {}
    for value in np.unique(text):
        try:
            days[str(value)] = np.datetime64(str(value), "D") if len(value) == 10 else np.datetime64("NaT")
        except ValueError:
            days[str(value)] = np.datetime64("NaT")
    dates = np.array([days[str(value)] for value in text], dtype="datetime64[D]")
    bad = np.isnat(dates) & (text != "")
    tables.report_rows(
        table, bad, "wrong date: not an ISO day", problems, column="date", expected=f"a day like {year}-10-14"
    )
    taken = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    far = ~np.isnat(dates) & (np.abs(taken - year) > SURVEY_YEARS)
    tables.report_rows(
        table,
        far,
        "a sample's date is far from the survey's year",
        problems,
        column="date",
        expected=f"within {SURVEY_YEARS} years of {year}, the year in the configuration's surveys",
        mend="correct the date or the survey's year, or make it a survey of its own",
    )


def _check_censoring(table: Table, problems: list[InputError]) -> None:
    value, limit = table.number["value_mg_kg"], table.number["detection_limit_mg_kg"]
    censored = table.number["censored"] == 1.0
    for bad, message, expected in (
        (
            censored & (np.abs(value - limit) > 1.0e-6 * np.maximum(limit, 1.0e-6)),
            "a censored value is not its detection limit",
            "value_mg_kg equal to detection_limit_mg_kg where censored is 1",
        ),
        (
            (table.number["censored"] == 0.0) & (value < limit),
            "a value is below its detection limit and not marked as censored",
            "censored 1 and the limit as value",
        ),
        (
            censored & (limit <= 0.0),
            "a detection limit is zero",
            "the laboratory's limit, a positive content, where censored is 1",
        ),
        (
            (table.number["censored"] == 0.0) & (value <= 0.0),
            "a content is zero",
            "a positive content; censored 1 with the detection limit where nothing was found",
        ),
    ):
        values = pairs(table, "value_mg_kg", "detection_limit_mg_kg", bad)
        found = (f"value {one}, limit {other}" for one, other in values)
        tables.report_rows(table, bad, message, problems, found=found, expected=expected)


def _check_points(result: Examination, table: Table) -> None:
    """Report points off the region or at sea, and points that have two places."""
    if not table.has("point_id", "longitude_deg", "latitude_deg"):
        return
    report_far(
        result,
        table,
        np.ones(table.n, dtype=bool),
        0.0,
        "point_id",
        "a sampling point lies off the region",
        "points on the study grid",
        "remove the points, or extend the region",
    )
    longitude, latitude = table.number["longitude_deg"], table.number["latitude_deg"]
    points = ~tables.duplicates([table.text["point_id"], longitude, latitude])
    moved = points & tables.duplicates([np.where(points, table.text["point_id"], table.row.astype(str))])
    tables.report_rows(
        table,
        moved,
        "duplicate point_id at another place",
        result.problems,
        column="point_id",
        expected="one place for each point_id",
    )
    grid = result.grid
    if grid is None:
        return
    x, y = project(longitude, latitude, grid.crs)
    x, y = np.asarray(x), np.asarray(y)
    on_grid = distance_to_region(x, y, grid) == 0.0
    row, column = grid.index_of(np.where(on_grid, x, grid.x_min), np.where(on_grid, y, grid.y_max))
    near = _dilated(grid.land)
    row, column = np.clip(row, 0, grid.height - 1), np.clip(column, 0, grid.width - 1)
    at_sea = on_grid & ~near[row, column]
    tables.report_rows(
        table,
        at_sea,
        "a sampling point lies at sea",
        result.problems,
        column="point_id",
        expected="points on land, or within one cell of it",
    )


def _dilated(land: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Land and the cells that touch it."""
    padded = np.pad(land, 1)
    rows, columns = land.shape
    return np.any([padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=0)


def _check_metals(result: Examination, table: Table, config: Mapping[str, Any]) -> None:
    points = int(config["mapping"]["folds"])
    legal = float(config["landuse"]["legal_depth_m"])
    materials = result.table("parent_materials")
    top = table.number.get("depth_top_m", np.zeros(table.n))
    shallow = ~(top >= legal)  # deeper samples serve the background alone
    if not np.isin(table.text["metal"], list(config["metals"])).all():
        return  # misspelt metals are reported with their rows; what follows from them is not
    for metal in config["run"]["metals"]:
        own = table.text["metal"] == metal
        counted = own & shallow
        count = np.unique(table.text["point_id"][counted]).size if table.has("point_id") else int(counted.sum())
        if count < points:
            result.problems.append(
                InputError(
                    f"too few samples of {metal}",
                    file=table.file,
                    where="column metal",
                    found=f"{count} points"
                    + (f" above landuse.legal_depth_m = {legal:g} m" if (own & ~shallow).any() else ""),
                    expected=f"at least {points} points for each metal of the run (mapping.folds)",
                    mend="take the metal out of run.metals, or the survey out of surveys",
                )
            )
            continue
        if materials is None or not materials.has("metal") or "value_mg_kg" not in table.number:
            continue
        natural = materials.number.get("background_mg_kg")
        if natural is None:
            continue
        natural = natural[(materials.text["metal"] == metal) & np.isfinite(natural)]
        measured = table.number["value_mg_kg"][own]
        if not natural.size or not np.isfinite(measured).any():
            continue
        median = float(np.nanmedian(measured))
        if median > natural.max() * WRONG_UNIT_FACTOR or median * WRONG_UNIT_FACTOR < natural.min():
            result.problems.append(
                InputError(
                    f"the contents of {metal} are out of range",
                    file=table.file,
                    where="column value_mg_kg",
                    found=f"a median of {median:.4g}",
                    expected=f"within a factor of {WRONG_UNIT_FACTOR:g} of the natural background, "
                    f"{natural.min():g} to {natural.max():g} mg/kg",
                    mend="the values look like ug/kg; divide them by 1000"
                    if natural.min() / 30.0 < median / 1000.0 < natural.max() * 30.0
                    else "look at the unit here and in parent_materials.csv",
                )
            )
