"""Run an AERMOD runstream: concentration and deposition at its receptors as a table."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from metalbudget.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `metalbudget disperse`."""
    parser.add_argument("deck", metavar="DECK.inp", help="an AERMOD runstream, or a folder with one")
    parser.add_argument("--out", required=True, metavar="TABLE.csv", help="where the table is written")
    parser.add_argument("--hourly", action="store_true", help="a row for each hour, whatever AVERTIME says")
    parser.add_argument(
        "--monthly", action="store_true", help="write the months of group ALL too, as TABLE_monthly.csv"
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads to use (default: 1)")


def run(arguments: argparse.Namespace) -> int:
    """Read, calculate, write; 0 if all went well."""
    from metalbudget.dispersion import averaging, runstream

    if arguments.threads < 1:
        raise InputError(
            "the number of threads is not positive", where="--threads", found=arguments.threads, mend="give 1 or more"
        )
    deck = runstream.read(deck_in(arguments.deck))
    out = Path(arguments.out)
    monthly = out.with_name(f"{out.stem}_monthly{out.suffix}") if arguments.monthly else None
    for target in [out] + ([monthly] if monthly else []):
        _check_target(target, deck)
    through = runstream.weather(deck)
    interval = "1" if arguments.hourly else main_interval(deck)
    print(f"{deck.title or deck.path.name}: {len(deck.sources)} source(s), {deck.receptors.x_m.size} receptors")
    if deck.notes:
        print(f"accepted, without effect on the numbers: {', '.join(dict.fromkeys(deck.notes))}")
    for note in through.notes:
        print(note)
    months = None
    with Told() as told:
        if monthly:
            months = averaging.compute(deck, through, "MONTH", arguments.threads, told)
        if months is not None and interval == "PERIOD":
            table = averaging.of_months(months, through)
        else:
            table = averaging.compute(deck, through, interval, arguments.threads, told)
    print(
        f"{table.hours} hours, of which {table.calm_hours} calm and {table.missing_hours} missing are left out of "
        "every mean and sum"
    )
    write(out, averaging.lines(table))
    print(f"wrote {out}")
    if months is not None and monthly is not None:
        write(monthly, averaging.lines(months, ["ALL"] if "ALL" in months.groups else months.groups[:1]))
        print(f"wrote {monthly}")
    return 0


def deck_in(name: str | Path) -> Path:
    """A deck: the file itself, or the only .inp of a folder."""
    path = Path(name)
    if path.is_dir():
        found = sorted(path.glob("*.inp"))
        if len(found) != 1:
            raise InputError(
                "a folder must hold one runstream",
                file=path,
                found=", ".join(file.name for file in found) or "no .inp file",
                mend="name the deck itself",
            )
        return found[0]
    if not path.is_file():
        raise InputError(
            "the deck does not exist",
            file=path,
            expected="an AERMOD runstream",
            mend="correct the path; it is relative to where you type",
        )
    return path


def main_interval(deck) -> str:
    """What the table holds: the whole period if it is asked for, else the first average."""
    for interval in ("PERIOD", "ANNUAL"):
        if interval in deck.averaging:
            return interval
    return deck.averaging[0]


def _check_target(target: Path, deck) -> None:
    """Refuse to write over what is read, or into a folder that is not there."""
    inputs = {deck.surface_file.resolve(), deck.profile_file.resolve(), *deck.files}
    inputs |= {path.resolve() for path in deck.hourly_files.values()}
    if target.resolve() in inputs:
        raise InputError("the table would replace an input file", file=target, mend="give --out another name")
    if target.is_dir() or not target.resolve().parent.is_dir():
        raise InputError(
            "the table cannot be written there",
            file=target,
            found="a folder" if target.is_dir() else "its folder does not exist",
            expected="a file in a folder that exists",
        )


def write(target: Path, lines: Iterable[str]) -> None:
    """Write lines; a killed run leaves nothing that looks finished."""
    from metalbudget import io

    try:
        with io.replacing(target) as part, part.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in lines)
    except OSError as error:
        raise InputError("the file cannot be written", file=target, found=error.strerror or error) from error


class Told:
    """Progress on a terminal; silent elsewhere."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last = -1

    def __enter__(self) -> "Told":
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown and self._last >= 0:
            print(file=sys.stderr)

    def __call__(self, done: int, total: int) -> None:
        percent = 100 * done // max(total, 1)
        if self._shown and percent != self._last:
            print(f"\r{percent:3d} %", end="", file=sys.stderr, flush=True)
        self._last = percent
