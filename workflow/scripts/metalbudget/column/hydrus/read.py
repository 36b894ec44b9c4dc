"""What HYDRUS-1D answers: sums at print times, and all nodes.

Formats: tables 13.1 to 13.6 of the manual (Šimůnek et al. 2009, The HYDRUS-1D Software Package, version 4.08). There,
fluxes are upwards positive.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError

SUMS, BOUNDARY, NODES, SOLUTE = "T_LEVEL.OUT", "A_LEVEL.OUT", "NOD_INF.OUT", "SOLUTE{}.OUT"
_LONG_EXPONENT = re.compile(r"^([-+]?\d*\.\d*)([-+]\d{3})$")
_JOINED = re.compile(r"(?<=\d)-(?=\d+\.)")  # a head of -100000.000 fills its column
_TIME = re.compile(r"^\s*Time:\s+(\S+)\s*$")
_NODE_TITLES = ("Depth", "Head", "Moisture", "Flux", "Sink")


@dataclass(frozen=True, eq=False)
class Nodes:
    """All k nodes at p times, the start first.

    Parameters
    ----------
    days : ndarray, shape (p,)
        [d]
    head_cm, water, flux_cm_d, uptake_1_d : ndarray, shape (p, k)
        Head [cm], water content [1], flux, upwards positive [cm d⁻¹], uptake by roots [d⁻¹].
    concentration_mg_l : ndarray, shape (p, m or 2 m, k)
        Of the m metals [mg L⁻¹], and then what HYDRUS-1D prints as sorbed.
    """

    days: NDArray[np.float64]
    head_cm: NDArray[np.float64]
    water: NDArray[np.float64]
    flux_cm_d: NDArray[np.float64]
    uptake_1_d: NDArray[np.float64]
    concentration_mg_l: NDArray[np.float64]


def table(file: Path) -> dict[str, NDArray[np.float64]]:
    """Columns of T_LEVEL.OUT, A_LEVEL.OUT or SOLUTE1.OUT by title.

    Parameters
    ----------
    file : Path

    Returns
    -------
    dict of str to ndarray, shape (rows,)
        Units as HYDRUS-1D has them: cm, d, µg cm⁻², mg L⁻¹.

    Raises
    ------
    InputError
        If it is not there, has no rows, was not finished, or holds what is no number.
    """
    lines = _lines(file)
    start = next((i for i, line in enumerate(lines) if line.split()[:1] == ["Time"]), None)
    if start is None:
        raise InputError("HYDRUS-1D's table has no titles", file=file, expected="a line that begins with Time")
    titles = [title.replace("A-level", "ALevel") for title in lines[start].split()]
    if not any(line.strip() == "end" for line in lines[start:]):
        raise InputError("HYDRUS-1D did not finish this table", file=file, expected="a last line: end")
    rows = []
    for number, line in enumerate(lines[start + 1 :], start + 2):
        words = _JOINED.sub(" -", line).split()
        if words[:1] == ["end"]:
            break
        if not words or words[0].startswith("["):
            continue
        # what stands right of the titles is left out, and a title without a value is refused
        if len(words) < len(titles):
            raise InputError(
                "HYDRUS-1D's row is too short", file=file, where=f"line {number}", found=f"{len(words)} values",
                expected=f"{len(titles)}",
            )  # fmt: skip
        rows.append([_number(word, file, number) for word in words[: len(titles)]])
    if not rows:
        raise InputError("HYDRUS-1D's table has no rows", file=file, mend="look at the messages of the run")
    values = np.array(rows)
    return {title: values[:, place] for place, title in enumerate(titles)}


def nodes(file: Path) -> Nodes:
    """All nodes at the print times.

    Raises
    ------
    InputError
        As `table`.
    """
    times, blocks = [], []
    titles: list[str] = []
    block: list[list[float]] = []
    for number, line in enumerate(_lines(file), 1):
        words = line.split()
        time = _TIME.match(line)
        if time:
            times.append(_number(time[1], file, number))
            block = []
            blocks.append(block)
        elif words[:1] == ["Node"]:
            titles = words
        elif blocks and words and words[0].isdigit():
            block.append([_number(word, file, number) for word in _JOINED.sub(" -", line).split()])
    sizes = {len(row) for block in blocks for row in block}
    if not blocks or len({len(block) for block in blocks}) != 1 or len(sizes) != 1:
        raise InputError(
            "HYDRUS-1D's nodes are not complete", file=file, found=f"{len(blocks)} times",
            mend="look at the messages of the run",
        )  # fmt: skip
    missing = [title for title in _NODE_TITLES if title not in titles]
    if missing:
        raise InputError(
            "HYDRUS-1D's nodes lack columns", file=file, found=" ".join(titles), expected=", ".join(missing)
        )
    values = np.array(blocks)
    place = {title: titles.index(title) for title in _NODE_TITLES}
    first = titles.index("Temp") + 1 if "Temp" in titles else values.shape[2]
    return Nodes(
        np.array(times),
        values[..., place["Head"]],
        values[..., place["Moisture"]],
        values[..., place["Flux"]],
        values[..., place["Sink"]],
        np.moveaxis(values[..., first:], 2, 1),
    )


def found(folder: Path, name: str) -> Path:
    """A file by its name, in whatever case a build writes it."""
    return next((file for file in folder.iterdir() if file.name.upper() == name.upper()), folder / name)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise InputError("HYDRUS-1D wrote no such file", file=file, found=error.strerror or error) from error


def _number(word: str, file: Path, line: int) -> float:
    """A number of Fortran's, which leaves out the E before an exponent of three digits."""
    try:
        value = float(_LONG_EXPONENT.sub(r"\1E\2", word))
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError("HYDRUS-1D wrote what is no number", file=file, where=f"line {line}", found=word)
    return value
