"""The years that need rows of their own, and series that pause in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from metalbudget.errors import InputError
from metalbudget.inputs.tables import Table, shown_values


def modelled_years(config: Mapping[str, Any]) -> list[int]:
    """Years that need their own rows in the tables: all with weather (an empty list drops a default year)."""
    return sorted(int(year) for year, weather_years in config["weather"]["of_year"].items() if weather_years)


def report_pauses(
    table: Table,
    names: tuple[str, ...],
    years: list[int],
    needed: set[tuple[str, int]],
    problems: list[InputError],
) -> None:
    """Report series that stop and go on again while their source has other rows in between."""
    present: dict[tuple[str, ...], set[int]] = {}
    covered: set[tuple[str, int]] = set()
    columns = [table.text[name].tolist() for name in names]
    for *parts, year in zip(*columns, table.number["year"].tolist(), strict=True):
        if np.isfinite(year):
            present.setdefault(tuple(parts), set()).add(int(year))
            covered.add((parts[0], int(year)))
    for key, seen in sorted(present.items()):
        gap = [
            year
            for year in years
            if min(seen) < year < max(seen)
            and year not in seen
            and (key[0], year) in covered  # years without any row are reported as a whole
            and (key[0], year) in needed
        ]
        if gap:
            problems.append(
                InputError(
                    "year gap: a product pauses",
                    file=table.file,
                    where=" ".join(part for part in key if part),
                    found=f"rows in {', '.join(str(year) for year in sorted(seen))}, none in {shown_values(gap)}",
                    expected="a row for every modelled year in between",
                    mend="add the rows; amount 0 for a year of standstill",
                )
            )
