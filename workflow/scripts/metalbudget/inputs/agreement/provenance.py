"""Whether provenance.csv tells the origin of every raw file, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from metalbudget.errors import InputError
from metalbudget.inputs.tables import shown_values

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination


def check_provenance(result: Examination, config: Mapping[str, Any]) -> None:
    """Report layers nobody knows, and layers whose origin nobody tells."""
    table = result.table("provenance")
    if table is None or not table.has("layer"):
        return
    files = sorted(
        path.relative_to(result.folder).as_posix()
        for path in result.folder.rglob("*")
        if path.is_file() and path.name != "provenance.csv" and not path.name.startswith(".")
    )
    known: dict[str, None] = {}
    for file in files:
        known.update(dict.fromkeys(layer_names(file)))
    told = set(table.text["layer"].tolist())
    untold = [file for file in files if not told & set(layer_names(file)) and file.count(".") and _is_input(file)]
    gone = np.setdiff1d(table.text["layer"], np.array(["", *known], dtype=np.str_))
    absent = {problem.file for problem in result.problems if problem.message.endswith("is missing")}
    for name in gone:
        if name in absent:  # the file itself is asked for already; its row is right
            continue
        result.problems.append(
            InputError(
                f"unknown layer {str(name)!r}",
                file=table.file,
                where=f"{table.rows(table.text['layer'] == name)}, column layer",
                found="no such file or folder in the raw folder",
                expected="the name of a raw file or of its folder",
                mend="rename or remove the row"
                + (f"; raw files without a row: {shown_values(untold)}" if untold else "; every raw file has its row"),
            )
        )
    if untold:
        result.problems.append(
            InputError(
                "the origin of an input is not told",
                file=table.file,
                where="column layer",
                found=f"no row for {shown_values(untold)}",
                expected="a row for each file, or for its folder",
                mend="add the rows with their status: measured, derived, assumed or generated",
            )
        )


def layer_names(file: str) -> list[str]:
    """Names under which provenance.csv may speak of a file: soil/ph_water.tif, soil/ph_water, ph_water or soil."""
    stem = file.rsplit(".", 1)[0]
    folders = [file[:position] for position, letter in enumerate(file) if letter == "/"]
    return [file, stem, stem.rsplit("/", 1)[-1], *folders]


def _is_input(file: str) -> bool:
    return file.endswith((".tif", ".csv", ".gpkg", ".epw"))
