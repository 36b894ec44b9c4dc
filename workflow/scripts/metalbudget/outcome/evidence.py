"""How well the coefficients are evidenced: rows of each parameter table, and how many were read in their source."""

import csv
from collections.abc import Sequence
from pathlib import Path

from metalbudget.settings import PARAMETERS


def verified_counts(metals: Sequence[str], folder: str | Path = PARAMETERS) -> dict[str, list[int]]:
    """Rows of each parameter table that concern a study, and how many of them are verified.

    Parameters
    ----------
    metals : sequence of str
        Rows of other metals are left out.
    folder : path

    Returns
    -------
    dict of table to [rows, verified]
    """
    result = {}
    for path in sorted(Path(folder).glob("*.csv")):
        with open(path, newline="", encoding="utf-8") as source:
            rows = [row for row in csv.DictReader(source) if row.get("metal", "all") in (*metals, "all", "")]
        if rows:
            result[path.stem] = [len(rows), sum(row["verified"].strip().lower() == "true" for row in rows)]
    return result
