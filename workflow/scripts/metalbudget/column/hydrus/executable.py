"""Run the HYDRUS-1D that a user has, and refuse what it should not have accepted."""

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget.column.columns import node_thickness
from metalbudget.column.hydrus import read
from metalbudget.errors import InputError

# HYDRUS-1D goes on after steps that did not converge, and returns 0: fine soils with runoff come out wrong by up to
# 30 cm a year.
# Its transpiration lags its uptake, by 0.3 to 0.85 cm a year where there are roots; that is not refused.
BALANCE_CM, BALANCE_SHARE = 0.1, 0.015  # of what came in
TIMEOUT_S = 600.0
_FOLDER_FILE = "LEVEL_01.DIR"  # names the folder of a run (manual, chapter 12)
_SAID = 300


@dataclass(frozen=True, eq=False)
class Answer:
    """What a run wrote.

    Parameters
    ----------
    sums : dict of str to ndarray, shape (p,)
        T_LEVEL.OUT at its print times, and what A_LEVEL.OUT has with more digits as ``a:title``.
    nodes : read.Nodes
    solutes : list of dict
        SOLUTE1.OUT and so on.
    soil_error_cm, surface_error_cm : float
        Of the balances at the end.
    """

    sums: dict[str, NDArray[np.float64]]
    nodes: read.Nodes
    solutes: list[dict[str, NDArray[np.float64]]]
    soil_error_cm: float
    surface_error_cm: float


def run_hydrus(
    executable: str | Path,
    files: Mapping[str, str],
    depth_cm: NDArray[np.float64],
    end_d: float,
    rain_cm: float | None,
    *,
    ponded_cm: float = 0.0,
    solutes: int = 0,
    name: str = "column",
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Run input files in a folder of their own.

    Parameters
    ----------
    executable : path
    files : mapping of name to text
        As `write.files`.
    depth_cm : ndarray, shape (k,)
        Of the nodes. [cm]
    end_d : float
        When the run shall end. [d]
    rain_cm : float or None
        All rain, for the balance of the surface; None where the surface is not atmospheric. [cm]
    ponded_cm : float
        Water that stands on the soil at the start. [cm]
    solutes : int
    name : str
        Of the column, for messages.
    timeout_s : float
        The run is ended after so long. [s]

    Returns
    -------
    Answer

    Raises
    ------
    InputError
        If the executable cannot be run, takes too long, does not reach the end, writes no numbers, or its balance of
        soil or surface is open by more than `BALANCE_CM` and `BALANCE_SHARE` of what came in.
    """
    program = Path(executable)
    if not program.is_file():
        raise InputError(
            "the HYDRUS-1D executable does not exist", file=program, mend="give the path of the executable you have"
        )
    with tempfile.TemporaryDirectory(prefix="hydrus1d_") as folder:
        place = Path(folder)
        for file, text in files.items():
            (place / file).write_text(text, encoding="ascii", errors="replace")
        # some builds take the folder as an argument, others read it from this file
        (place / _FOLDER_FILE).write_text(f"{place}\n", encoding="utf-8")
        said = _run(program.resolve(), place, name, timeout_s)
        try:
            sums = read.table(read.found(place, read.SUMS))
            nodes = read.nodes(read.found(place, read.NODES))
            moved = [read.table(read.found(place, read.SOLUTE.format(i + 1))) for i in range(solutes)]
        except InputError as error:
            raise InputError(
                f"{error.message}, {Path(error.file).name if error.file else ''}", file=program, where=name,
                found=error.found if error.found else said, expected=error.expected,
            ) from error  # fmt: skip
        boundary = read.found(place, read.BOUNDARY)
        if boundary.is_file():
            sums |= _finer(sums["Time"], read.table(boundary))
    _check_end(sums, nodes, depth_cm, end_d, program, name, said)
    soil, surface = _errors(sums, nodes, depth_cm, rain_cm, ponded_cm)
    came_in = max(abs(float(sums["sum(vTop)"][-1])), abs(float(sums["sum(vBot)"][-1])), rain_cm or 0.0)
    allowed = BALANCE_CM + BALANCE_SHARE * came_in
    for label, open_cm in (("soil", soil), ("surface", surface)):
        if not abs(open_cm) <= allowed:
            raise InputError(
                f"HYDRUS-1D's water balance of the {label} does not close", file=program, where=name,
                found=f"{open_cm:.3g} cm of {came_in:.4g} cm", expected=f"at most {allowed:.2g} cm",
                mend="smaller steps and tolerances, or leaching.engine: metalbudget",
            )  # fmt: skip
    return Answer(sums, nodes, moved, soil, surface)


def _run(program: Path, place: Path, name: str, timeout_s: float) -> str:
    """Run; the end of what was printed."""
    try:
        done = subprocess.run(
            [str(program), str(place)], cwd=place, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=timeout_s,
        )  # fmt: skip
    except OSError as error:
        raise InputError(
            "the HYDRUS-1D executable cannot be run",
            file=program,
            found=error.strerror or error,
            mend="give a program built for this machine, with the right to run it",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise InputError(
            "HYDRUS-1D did not finish in time", file=program, where=name, expected=f"at most {timeout_s:g} s"
        ) from error
    said = (done.stdout + done.stderr).strip()
    return said[-_SAID:] or f"nothing printed, return code {done.returncode}"


def _finer(
    days: NDArray[np.float64], boundary: dict[str, NDArray[np.float64]]
) -> dict[str, NDArray[np.float64]]:  # fmt: skip
    """Sums that A_LEVEL.OUT has with six digits instead of five, at the days of T_LEVEL.OUT that it has, too."""
    where = np.clip(np.searchsorted(boundary["Time"], days - 1.0e-4), 0, boundary["Time"].size - 1)
    known = np.abs(boundary["Time"][where] - days) < 1.0e-4
    return {
        f"a:{title}": np.where(known, boundary[title][where], np.nan)
        for title in ("sum(vTop)", "sum(vRoot)", "sum(vBot)")
    }


def _check_end(
    sums: dict[str, NDArray[np.float64]],
    nodes: read.Nodes,
    depth_cm: NDArray[np.float64],
    end_d: float,
    program: Path,
    name: str,
    said: str,
) -> None:
    if nodes.head_cm.shape[1] != depth_cm.size:
        raise InputError(
            "HYDRUS-1D answers for other nodes", file=program, where=name, found=nodes.head_cm.shape[1],
            expected=depth_cm.size,
        )  # fmt: skip
    reached = min(float(sums["Time"][-1]), float(nodes.days[-1]))
    if not reached >= end_d - 1.0e-3 * max(1.0, 1.0e-3 * end_d):
        raise InputError(
            "HYDRUS-1D stopped before the end", file=program, where=name, found=f"day {reached:g}; {said}",
            expected=f"day {end_d:g}", mend="smaller steps, or leaching.engine: metalbudget",
        )  # fmt: skip


def _errors(
    sums: dict[str, NDArray[np.float64]],
    nodes: read.Nodes,
    depth_cm: NDArray[np.float64],
    rain_cm: float | None,
    ponded_cm: float,
) -> tuple[float, float]:
    """Errors of soil and surface at the end. [cm]"""
    last = {title: float(values[-1]) for title, values in sums.items()}
    stored = nodes.water @ node_thickness(depth_cm)
    into = -last["sum(vTop)"]
    soil = into + last["sum(vBot)"] - last["sum(vRoot)"] - float(stored[-1] - stored[0])
    if rain_cm is None:
        return soil, 0.0
    still = max(last["hTop"], 0.0) - ponded_cm
    return soil, rain_cm - last["sum(RunOff)"] - last["sum(Evap)"] - still - into
