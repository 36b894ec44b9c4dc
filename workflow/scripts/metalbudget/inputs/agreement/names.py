"""Names that one table takes from another, and the units that belong to a product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from metalbudget.errors import InputError
from metalbudget.inputs import tables
from metalbudget.inputs.tables import Table

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination


def _known_names(result: Examination, reference: str, config: Mapping[str, Any]) -> list[str] | None:
    """Names a column may hold; None if their owner could not be read."""
    owner, column = reference.split(".")
    if owner == "configuration":
        return [str(name) for name in config[column]]
    if owner == "districts":
        layer = result.layers.get("districts.gpkg")
        if layer is None or column not in layer.columns:
            return None
        return [str(name) for name in layer.columns[column] if name is not None]
    table = result.table(owner)
    return table.text[column].tolist() if table is not None and table.has(column) else None


def check_references(result: Examination, config: Mapping[str, Any]) -> None:
    """Report names that their owner does not know, and amounts in another unit than their product's."""
    for table in result.tables.values():
        for name, column in table.schema["properties"].items():
            if "references" in column and table.has(name):
                known = _known_names(result, column["references"], config)
                if known is not None:
                    tables.report_unknown(table, name, list(dict.fromkeys(known)), result.problems)
        if "unit_of" in table.schema and table.has("product", "unit"):
            _check_units(table, result.problems)


def _check_units(table: Table, problems: list[InputError]) -> None:
    unit_of = table.schema["unit_of"]
    for product in np.unique(table.text["product"]):
        if str(product) not in unit_of:
            continue
        unit = unit_of[str(product)]
        units = table.text["unit"]
        known = np.isin(units, table.schema["properties"]["unit"]["enum"])  # others are reported as unknown
        wrong = (table.text["product"] == product) & (units != unit) & known
        tables.report_rows(
            table,
            wrong,
            f"wrong unit for {str(product)!r}",
            problems,
            column="unit",
            expected=unit,
            mend=f"convert the amounts to {unit}",
        )
