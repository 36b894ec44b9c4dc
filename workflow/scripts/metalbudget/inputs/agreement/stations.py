"""The weather station, and the monitors that set the background of deposition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from metalbudget.errors import InputError
from metalbudget.inputs import tables
from metalbudget.inputs.agreement.places import kilometres, report_far

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination

STATION_DISTANCE_M = 300000.0
MONITOR_REACHES = 10.0  # background monitors may lie this many times dispersion.max_distance_m away


def check_station(result: Examination) -> None:
    """Report a station that is not the only one, or too far away."""
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
