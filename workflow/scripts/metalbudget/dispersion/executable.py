"""Run the AERMOD executable that a user has, and read what it answers."""

import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion import averaging, runstream
from metalbudget.dispersion.export import output_file, outputs_of
from metalbudget.errors import InputError

_VERSION = re.compile(r"AERMOD\s*-\s*VERSION\s+(\d{5})", re.IGNORECASE)
_FATAL = re.compile(r"A Total of\s+(\d+)\s+Fatal Error Message")
_MESSAGE = re.compile(r"^\s*(?:CO|SO|RE|ME|OU|EV|MX)\s+E\d+\s")
_LONG_EXPONENT = re.compile(r"^([-+]?[0-9.]+)([-+][0-9]{3})$")
# Columns of a plot or post file: two coordinates of 14 characters, then values of 14.
_WIDTH = 14
# Lines that name files to be written, or debugging; they change no number.
_DROPPED = {"DEBUGOPT", "EVENTFIL", "ERRORFIL", "SAVEFILE"}
_NAMING = {"SURFFILE": 0, "PROFFILE": 0, "HOUREMIS": 0, "INCLUDED": 0}


def run_aermod(executable: str | Path, deck: str | Path, interval: str | None = None) -> tuple[averaging.Table, str]:
    """Run a deck with AERMOD in a folder of its own.

    Parameters
    ----------
    executable : path
    deck : path
        A runstream, or a folder with one.
    interval : str, optional
        Of the deck's averages; by default the whole period if it asks for it, else the first.

    Returns
    -------
    Table
        In the layout of `averaging.compute`; calm and missing hours are those of the weather files.
    str
        Version of the executable, such as 23132.

    Raises
    ------
    InputError
        If the executable cannot be run, is not AERMOD, reports a fatal error or leaves its output unwritten.
    """
    program = Path(executable)
    if not program.is_file():
        raise InputError(
            "the AERMOD executable does not exist", file=program, mend="give the path of the executable you have"
        )
    path = Path(deck)
    if path.is_dir():
        found = sorted(path.glob("*.inp"))
        if len(found) != 1:
            raise InputError("a folder must hold one runstream", file=path, found=f"{len(found)} .inp files")
        path = found[0]
    asked = runstream.read(path)
    through = runstream.weather(asked)
    interval = interval or next((name for name in ("PERIOD", "ANNUAL") if name in asked.averaging), asked.averaging[0])
    if interval not in asked.averaging:
        raise InputError("the deck does not ask for this average", file=path, found=interval, expected=asked.averaging)
    with tempfile.TemporaryDirectory(prefix="aermod_") as folder:
        place = Path(folder)
        (place / "deck.inp").write_text("\n".join(_own_deck(path, asked, interval)) + "\n", encoding="utf-8")
        log = _run(program.resolve(), place)
        version = _check(program, path, log)
        parts = [_read(place / output_file(interval, group), program, asked, interval) for group in asked.groups]
    labels = parts[0][0]
    values = {name: np.stack([part[1][name] for part in parts]) for name in asked.outputs}
    table = averaging.Table(
        interval,
        tuple(asked.groups),
        labels,
        values,
        int(through.used.sum()),
        int((through.used & through.hours.calm).sum()),
        int((through.used & through.hours.missing).sum()),
    )
    return table, version


def _own_deck(path: Path, asked: runstream.Deck, interval: str) -> list[str]:
    """The deck with absolute file names and our own outputs."""
    lines: list[str] = []
    for raw in path.read_bytes().decode("utf-8", errors="replace").splitlines():
        words = raw.split()
        pathway = words[0].upper() if words else ""
        if pathway == "OU" and len(words) > 1 and words[1].upper() == "STARTING":
            break
        inside = 1 if pathway in ("CO", "SO", "RE", "ME") and len(words) > 1 else 0
        keyword = words[inside].upper() if len(words) > inside else ""
        if keyword in _DROPPED:
            continue
        if keyword in _NAMING:
            name = _word(raw, inside + 1)
            target = Path(name) if Path(name).is_absolute() else path.parent / name
            rest = raw[raw.index(name) + len(name) :].lstrip('"')
            raw = f'   {keyword} "{target.resolve()}"{rest}'
        lines.append(raw)
    return [*lines, *outputs_of(asked.groups, [interval])]


def _word(line: str, position: int) -> str:
    """A word of a line, which may be quoted."""
    return re.findall(r'"[^"]*"|\S+', line)[position].strip('"')


def _run(program: Path, place: Path) -> str:
    """The main output, or what was printed."""
    try:
        done = subprocess.run(
            [str(program), "deck.inp", "deck.log"], cwd=place, capture_output=True, text=True, errors="replace"
        )
    except OSError as error:
        raise InputError(
            "the AERMOD executable cannot be run",
            file=program,
            found=error.strerror or error,
            mend="give a program built for this machine, with the right to run it",
        ) from error
    log = place / "deck.log"
    return log.read_text(encoding="latin-1") if log.is_file() else done.stdout + done.stderr


def _check(program: Path, deck: Path, log: str) -> str:
    """The version of a run without fatal errors."""
    version = _VERSION.search(log)
    if version is None:
        raise InputError(
            "the executable does not answer as AERMOD does",
            file=program,
            found=log.strip()[:200] or "no output",
            expected="a line with AERMOD - VERSION",
        )
    counts = [int(count) for count in _FATAL.findall(log)]
    messages = list(dict.fromkeys(line.strip() for line in log.splitlines() if _MESSAGE.match(line)))
    if not counts or max(counts) > 0 or messages:
        raise InputError(
            f"AERMOD {version[1]} stopped on {max(counts, default=0)} fatal error(s)",
            file=deck,
            found="; ".join(messages[:5]) or "no summary of messages",
        )
    return version[1]


def _read(
    file: Path, program: Path, asked: runstream.Deck, interval: str
) -> tuple[tuple[str, ...], dict[str, NDArray[np.float64]]]:
    """Labels and values (intervals, receptors) of one group."""
    if not file.is_file():
        raise InputError("AERMOD wrote no output", file=program, expected=file.name)
    # AERMOD's order of columns: concentration, total, dry, wet; each only if asked for
    printed = [name for name in ("conc", "total", "ddep", "wdep") if name in asked.outputs]
    if "total" in printed and not _prints_total(file):
        printed.remove("total")
    rows, labels = [], []
    for line in file.read_text(encoding="latin-1").splitlines():
        if line.startswith("*") or not line.strip():
            continue
        start = 2 * _WIDTH
        rows.append([_number(line[start + _WIDTH * i : start + _WIDTH * (i + 1)]) for i in range(len(printed))])
        labels.append(line[start + _WIDTH * len(printed) :].split()[5:6])
    receptors = asked.receptors.x_m.size
    if not rows or len(rows) % receptors:
        raise InputError(
            "AERMOD's output is not complete",
            file=program,
            found=f"{len(rows)} rows",
            expected=f"a multiple of {receptors} receptors",
        )
    table = np.array(rows).reshape(-1, receptors, len(printed))
    values: dict[str, NDArray[np.float64]] = {name: table[:, :, column] for column, name in enumerate(printed)}
    if "total" in asked.outputs and "total" not in values:
        values["total"] = values["ddep"] + values["wdep"]
    if interval in ("PERIOD", "ANNUAL"):
        return ("",), values
    dates = [label[0] if label else "" for label in labels[::receptors]]
    if interval == "MONTH":
        dates = [str(int(date[2:4])) for date in dates]
    return tuple(dates), values


def _number(text: str) -> float:
    """A number of Fortran's, which leaves out the E before an exponent of three digits."""
    return float(_LONG_EXPONENT.sub(r"\1E\2", text.strip()))


def _prints_total(file: Path) -> bool:
    with file.open(encoding="latin-1") as stream:
        return any("TOTAL DEPO" in line for line in stream if line.startswith("*"))
