"""Facilities with their activity and flue-gas cleaning: places, years, shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError, nearest
from metalbudget.inputs import tables
from metalbudget.inputs.agreement.places import kilometres, report_far
from metalbudget.inputs.agreement.years import report_pauses
from metalbudget.inputs.tables import Table, pairs, shown_values

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination

SHARE_TOLERANCE = 1.0e-3
PLANT_DAYS = 500.0


def check_facilities(result: Examination, config: Mapping[str, Any]) -> None:
    """Report facilities beyond reach, and those that closed before they opened."""
    table = result.table("facilities")
    if table is None or not table.n:
        return
    reach = float(config["dispersion"]["max_distance_m"])
    if table.has("facility_id"):
        report_far(
            result,
            table,
            np.ones(table.n, dtype=bool),
            reach,
            "facility_id",
            "a facility is too far from the region to count",
            f"at most dispersion.max_distance_m = {kilometres(reach)} from its edge",
            "remove the facility with its activity and controls, or raise dispersion.max_distance_m",
        )
    if "opened_year" in table.number and "closed_year" in table.number:
        bad = table.number["closed_year"] < table.number["opened_year"]
        tables.report_rows(
            table,
            bad,
            "a facility closed before it opened",
            result.problems,
            found=(f"opened {first}, closed {last}" for first, last in pairs(table, "opened_year", "closed_year", bad)),
            expected="closed_year not before opened_year, or blank while open",
        )


def _spans(result: Examination) -> dict[str, tuple[float, float]]:
    """First and last year of each facility; NaN and infinity where they cannot be told."""
    table = result.table("facilities")
    if table is None or not table.has("facility_id", "opened_year", "closed_year"):
        return {}
    closed = np.where(table.text["closed_year"] == "", np.inf, table.number["closed_year"])
    return {
        str(name): (opened, last)
        for name, opened, last in zip(
            table.text["facility_id"], table.number["opened_year"].tolist(), closed.tolist(), strict=True
        )
        if opened <= last
    }


def check_activity(result: Examination, years: list[int]) -> None:
    """Report activity while a facility was closed, and modelled years without a row."""
    table = result.table("activity")
    if table is None or not table.has("facility_id", "year", "product", "amount"):
        return
    spans = _spans(result)
    year = table.number["year"]
    opened = np.array([spans.get(str(name), (-np.inf, np.inf))[0] for name in table.text["facility_id"]])
    closed = np.array([spans.get(str(name), (-np.inf, np.inf))[1] for name in table.text["facility_id"]])
    for bad, message, expected in (
        (year < opened, "activity before the facility opened", "no row before opened_year"),
        (year > closed, "activity after the facility closed", "no row after closed_year"),
    ):
        bad = bad & (table.number["amount"] > 0.0)
        tables.report_rows(
            table,
            bad,
            message,
            result.problems,
            found=(f"{name} in {text}" for name, text in pairs(table, "facility_id", "year", bad)),
            expected=expected,
            mend="correct the year here, or opened_year and closed_year in facilities.csv",
        )
    needed = [
        (name, number)
        for name, (first, last) in spans.items()
        for number in years
        if first <= number and (number < last or last == np.inf)
    ]
    tables.report_gaps(
        table,
        ("facility_id", "year"),
        needed,
        result.problems,
        message="year gap: a facility has no activity in a modelled year",
        mend="add the rows; amount 0 for a year of standstill",
    )
    report_pauses(table, ("facility_id", "product"), years, set(needed), result.problems)
    _check_amounts(table, result.problems)


def _check_amounts(table: Table, problems: list[InputError]) -> None:
    """Report plants whose largest year no plant of the kind reaches, or none is so small: another unit."""
    amount, unit_of = table.number["amount"], table.schema["unit_of"]
    for product, (smallest, largest) in table.schema["amounts_of"].items():
        here = (table.text["product"] == product) & (amount > 0.0)
        for name in np.unique(table.text["facility_id"][here]):
            own = here & (table.text["facility_id"] == name)
            most, unit = float(amount[own].max()), unit_of[product]
            if smallest <= most <= largest:
                _check_jumps(table, own, most, unit, problems)
                continue
            problems.append(
                InputError(
                    f"the amounts of {product} are out of range for one plant",
                    file=table.file,
                    where=f"{table.rows(own & (amount == most))}, facility_id {name}, column amount",
                    found=f"{most:g} {unit} in its largest year",
                    expected=f"{smallest:g} to {largest:g} {unit} a year",
                    mend=_amount_hint(most > largest, unit),
                )
            )


def _check_jumps(table: Table, own: NDArray[np.bool_], most: float, unit: str, problems: list[InputError]) -> None:
    """Report years in which a plant would have run for less than a day: another unit than in its other years."""
    low = own & (table.number["amount"] < most / PLANT_DAYS)
    if low.any():
        problems.append(
            InputError(
                "the amounts of a plant are not in one unit",
                file=table.file,
                where=f"{table.rows(low)}, facility_id {table.text['facility_id'][low][0]}, column amount",
                found=f"{shown_values(table.text['amount'][low])}, and {most:g} {unit} in its largest year",
                expected=f"0, or more than a {PLANT_DAYS:g}th of the largest year: about a day's work",
                mend=_amount_hint(False, unit) + "; or write 0",
            )
        )


def _amount_hint(too_large: bool, unit: str) -> str:
    smaller, larger = {"t": ("kg", "10^4 t or kt"), "kWh": ("Wh", "10^4 kWh or MWh"), "GJ": ("MJ", "TJ")}[unit]
    return f"the values look like {smaller if too_large else larger}; convert them to {unit}"


def check_controls(result: Examination, years: list[int]) -> None:
    """Report unknown devices, shares that do not sum to 1, and cleaning that starts too late."""
    table = result.table("controls")
    if table is None or not table.n:
        return
    problems = result.problems
    if table.has("configuration"):
        devices = table.schema["devices"]
        for text in np.unique(table.text["configuration"]):
            parts = str(text).split("+") if text else []
            unknown = [part for part in parts if part not in devices]
            rows = table.rows(table.text["configuration"] == text)
            if unknown:
                problems.append(
                    InputError(
                        f"unknown device {unknown[0]!r}",
                        file=table.file,
                        where=f"{rows}, column configuration",
                        found=text,
                        expected=f"devices joined by +, from: {', '.join(devices)}",
                        mend=nearest(unknown[0], devices),
                    )
                )
            elif len(set(parts)) < len(parts) or ("none" in parts and len(parts) > 1):
                problems.append(
                    InputError(
                        "a configuration contradicts itself",
                        file=table.file,
                        where=f"{rows}, column configuration",
                        found=text,
                        expected="each device once, and none only alone",
                    )
                )
    if not table.has("facility_id", "year_from", "share"):
        return
    sums: dict[tuple[str, float], float] = {}
    first: dict[str, float] = {}
    for name, year, share in zip(
        table.text["facility_id"].tolist(),
        table.number["year_from"].tolist(),
        table.number["share"].tolist(),
        strict=True,
    ):
        sums[name, year] = sums.get((name, year), 0.0) + share
        first[name] = min(first.get(name, np.inf), year)
    wrong = {key: total for key, total in sums.items() if abs(total - 1.0) > SHARE_TOLERANCE}
    if wrong:
        problems.append(
            InputError(
                "the shares of a facility and year do not sum to 1",
                file=table.file,
                where="column share",
                found=shown_values(f"{name} from {year:g}: {total:.4g}" for (name, year), total in wrong.items()),
                expected="1, over all rows of the same facility_id and year_from",
                mend="repeat the configurations that go on unchanged in every year_from",
            )
        )
    spans = _spans(result)
    for name, year in first.items():
        opened, closed = spans.get(name, (np.nan, np.nan))
        running = [number for number in years if opened <= number <= closed]
        if running and year > running[0]:
            problems.append(
                InputError(
                    "year gap: a facility has no configuration in its first modelled year",
                    file=table.file,
                    where=f"facility_id {name}",
                    found=f"first year_from {year:g}",
                    expected=f"{running[0]} or earlier",
                    mend="add the earlier configuration (none, if there was none), or leave the facility's rows out",
                )
            )
