"""The weather station, and the monitors that set the background of deposition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from metalbudget import settings
from metalbudget.errors import InputError
from metalbudget.inputs import tables
from metalbudget.inputs.agreement.places import kilometres, report_far
from metalbudget.inputs.tables import Table

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination

STATION_DISTANCE_M = 300000.0
ROUGHNESS_LENGTHS = 7.0  # lowest height of the wind profile (Cimorelli et al. 2005, eqs. 7-9)
WRONG_UNIT_FACTOR = 100.0  # a median this far from every published deposition is a wrong unit
G_HA_PER_MG_M2 = 10.0
MONITOR_REACHES = 10.0  # background monitors may lie this many times dispersion.max_distance_m away


def check_station(result: Examination, config: Mapping[str, Any]) -> None:
    """Report a station that is not the only one, too far away, or too low for the region's roughness."""
    table = result.table("weather_station")
    if table is None or not table.has("station_id"):
        return
    if table.n > 1:
        result.problems.append(
            InputError("more than one weather station", file=table.file, found=f"{table.n} rows", expected="one row")
        )
    report_far(
        result,
        table,
        np.ones(table.n, dtype=bool),
        STATION_DISTANCE_M,
        "station_id",
        "the weather station is too far from the region",
        f"at most {kilometres(STATION_DISTANCE_M)}",
    )
    heights = table.number.get("anemometer_height_m", np.zeros(0))
    for row, height in zip(table.row, heights, strict=False):
        where = f"row {row}, column anemometer_height_m"
        low = anemometer_problem(float(height), config["dispersion"], table.file, where)
        result.problems.extend([low] if low else [])


def anemometer_problem(
    height_m: float, dispersion: Mapping[str, Any], file: str, where: str | None = None
) -> InputError | None:
    """Why an anemometer of a height cannot serve a region of the configured roughness; None if it can. [m]"""
    roughness_m = float(dispersion["rural_surface_roughness_m"])
    if not height_m <= ROUGHNESS_LENGTHS * roughness_m:
        return None
    return InputError(
        "the anemometer stands too low for the region's roughness",
        file=file,
        where=where,
        found=f"{height_m:g} m above ground",
        expected=f"above {ROUGHNESS_LENGTHS:g} roughness lengths of "
        f"dispersion.rural_surface_roughness_m = {roughness_m:g} m",
        mend="lower dispersion.rural_surface_roughness_m in the configuration, or correct the height",
    )


def check_background(result: Examination, config: Mapping[str, Any], years: list[int], metals: list[str]) -> None:
    """Report metals without background, crustal share or trend, and monitors too far away."""
    problems = result.problems
    monitors = result.table("deposition_monitors")
    if monitors is not None and monitors.has("role", "metal", "station_id"):
        background = monitors.text["role"] == "background"
        for metal in metals:
            if not (background & (monitors.text["metal"] == metal)).any():
                problems.append(
                    InputError(
                        f"no background deposition of {metal}",
                        file=monitors.file,
                        where="column role",
                        found="no row with role background",
                        expected=f"at least one background row of {metal}",
                        mend="add a regional value from the literature and say so in provenance.csv",
                    )
                )
        if "deposition_mg_m2_yr" in monitors.number:
            _check_magnitudes(monitors, background, metals, problems)
        report_far(
            result,
            monitors,
            monitors.text["role"] == "validation",
            0.0,
            "station_id",
            "a validation station lies off the region",
            "stations on the study grid",
        )
        reach = MONITOR_REACHES * float(config["dispersion"]["max_distance_m"])
        report_far(
            result,
            monitors,
            background,
            reach,
            "station_id",
            "a background station is too far from the region",
            f"at most {kilometres(reach)}",
        )
    share = result.table("crustal_share")
    if share is not None:
        tables.report_gaps(
            share, ("metal",), [(metal,) for metal in metals], problems, message="a metal has no crustal share"
        )
    trend = result.table("background_trend")
    if trend is not None and config["background"]["trend"] == "table":
        tables.report_gaps(
            trend,
            ("metal", "year"),
            [(metal, year) for metal in metals for year in years],
            problems,
            message="year gap: a metal and modelled year has no background factor",
            mend="add the rows, or set background.trend: flat",
        )
        _check_factors(trend, problems)


def _check_magnitudes(
    monitors: Table, background: NDArray[np.bool_], metals: list[str], problems: list[InputError]
) -> None:
    """Report metals whose background deposition lies far outside all that is published: another unit."""
    low, high = (settings.coefficients("plausibility", field=end, process="deposition") for end in ("low", "high"))
    for metal in metals:
        own = background & (monitors.text["metal"] == metal)
        values = monitors.number["deposition_mg_m2_yr"][own]
        values = values[np.isfinite(values) & (values > 0.0)]
        if not values.size or metal not in low or metal not in high:
            continue
        median = float(np.median(values))
        lowest, highest = low[metal] / G_HA_PER_MG_M2, high[metal] / G_HA_PER_MG_M2
        if lowest / WRONG_UNIT_FACTOR <= median <= highest * WRONG_UNIT_FACTOR:
            continue
        problems.append(
            InputError(
                f"the background deposition of {metal} is out of range",
                file=monitors.file,
                where=f"{monitors.rows(own)}, column deposition_mg_m2_yr",
                found=f"a median of {median:.4g} mg/m2 a year",
                expected=f"within a factor of {WRONG_UNIT_FACTOR:g} of published deposition, "
                f"{lowest:g} to {highest:g} mg/m2 a year",
                mend="the values look like ug/m2; divide them by 1000"
                if median > highest
                else "the values look like g/m2; multiply them by 1000",
            )
        )


def _check_factors(trend: Table, problems: list[InputError]) -> None:
    """Report metals whose factors are all far above one: percent."""
    factors = trend.number.get("factor")
    if factors is None or not trend.has("metal"):
        return
    for metal in np.unique(trend.text["metal"]):
        own = trend.text["metal"] == metal
        if np.isfinite(factors[own]).any() and np.nanmin(factors[own]) >= settings.PERCENT_FROM:
            problems.append(
                InputError(
                    f"the background factors of {metal} are out of range",
                    file=trend.file,
                    where=f"{trend.rows(own)}, column factor",
                    found=f"{np.nanmin(factors[own]):g} to {np.nanmax(factors[own]):g}",
                    expected="1 in the year of the monitors",
                    mend="the values look like percent; divide them by 100",
                )
            )
