"""How well the engine agrees with reference cases, and how it compares with field experiments.

A reference case is a folder with one runstream and `expected.csv` in the columns of `metalbudget disperse`. A field
experiment is a folder whose `case.json` says `"kind": "field"`, with `runs.csv` and `observations.csv` by run and arc.
"""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion import averaging, runstream
from metalbudget.errors import InputError

# The marks: share of receptor-hours within one per cent, the largest error of any, and of a year's receptors and sum.
WITHIN = 0.01
HOURLY_SHARE = 0.995
HOURLY_LARGEST = 0.05
ANNUAL_LARGEST = 0.01
ANNUAL_SUM = 0.003
# Receptor-hours below this share of the hour's maximum are not compared.
LOWEST_SHARE = 1.0e-4
# A receptor on an arc lies this close to its distance.
_ON_ARC = 0.01


@dataclass(frozen=True)
class Agreement:
    """One quantity of one case.

    Parameters
    ----------
    case, quantity : str
    kind : str
        "hourly" or "annual".
    rows : int
        Values compared.
    within, median, p99, largest : float
        Share of them within one per cent; relative errors.
    sum_error : float
        Relative error of the sum over all receptors (and hours), the largest of any group; signed.
    passed : bool
    """

    case: str
    quantity: str
    kind: str
    rows: int
    within: float
    median: float
    p99: float
    largest: float
    sum_error: float
    passed: bool


@dataclass(frozen=True)
class FieldScore:
    """Predicted over observed in a field experiment; no mark is set.

    Parameters
    ----------
    case, quantity : str
    pairs : int
    fac2 : float
        Share of pairs within a factor of two.
    geometric_mean_ratio : float
        Predicted over observed.
    highest_ratio : float
        Highest predicted over highest observed.
    """

    case: str
    quantity: str
    pairs: int
    fac2: float
    geometric_mean_ratio: float
    highest_ratio: float


@dataclass(frozen=True)
class Verified:
    """What verifying one case gave."""

    case: str
    agreements: tuple[Agreement, ...] = ()
    scores: tuple[FieldScore, ...] = ()
    hours: int = 0
    calm_hours: int = 0
    missing_hours: int = 0

    @property
    def passed(self) -> bool:
        """Whether every mark is met; a field experiment has none."""
        return all(row.passed for row in self.agreements)


def relative_errors(
    expected: NDArray[np.float64], found: NDArray[np.float64], lowest: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Relative errors of all values that count.

    Parameters
    ----------
    expected, found : ndarray
        Of one shape.
    lowest : ndarray or float
        Expected values up to this are left out, unless ten times as much was found there.

    Returns
    -------
    ndarray, shape (values,)
        Infinite where something was found and nothing expected, or the other way about nothing is known (NaN).
    """
    lowest = np.broadcast_to(lowest, expected.shape)
    known = np.nan_to_num(found)
    counts = (expected > lowest) | (known > 10.0 * np.maximum(lowest, 0.0)) & (known > 0.0)
    e, f = expected[counts], found[counts]
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(e > 0.0, np.abs(f - e) / e, np.inf)
    return np.where(np.isnan(error), np.inf, error)


def hourly_agreement(case: str, quantity: str, expected: NDArray, found: NDArray) -> Agreement:
    """Agreement of arrays of shape (groups, hours, receptors)."""
    lowest = LOWEST_SHARE * np.max(expected, axis=2, keepdims=True)
    errors = relative_errors(expected, found, lowest)
    within = float(np.mean(errors <= WITHIN)) if errors.size else 1.0
    largest = float(errors.max()) if errors.size else 0.0
    passed = within >= HOURLY_SHARE and largest <= HOURLY_LARGEST
    return _agreement(case, quantity, "hourly", errors, within, _sum_error(expected, found), passed)


def annual_agreement(case: str, quantity: str, expected: NDArray, found: NDArray) -> Agreement:
    """Agreement of arrays of shape (groups, 1, receptors)."""
    floor = np.where(expected > 0.0, 0.0, LOWEST_SHARE * np.max(expected, axis=2, keepdims=True))
    errors = relative_errors(expected, found, floor)
    within = float(np.mean(errors <= WITHIN)) if errors.size else 1.0
    sum_error = _sum_error(expected, found)
    passed = within == 1.0 and abs(sum_error) <= ANNUAL_SUM
    return _agreement(case, quantity, "annual", errors, within, sum_error, passed)


def _agreement(
    case: str, quantity: str, kind: str, errors: NDArray, within: float, sum_error: float, passed: bool
) -> Agreement:
    if not errors.size:
        return Agreement(case, quantity, kind, 0, within, 0.0, 0.0, 0.0, sum_error, passed)
    # "higher" keeps infinite errors from being averaged into NaN
    median, p99 = (float(np.quantile(errors, q, method="higher")) for q in (0.5, 0.99))
    return Agreement(case, quantity, kind, errors.size, within, median, p99, float(errors.max()), sum_error, passed)


def _sum_error(expected: NDArray, found: NDArray) -> float:
    """Relative error of the sum, of the group where it is largest."""
    worst = 0.0
    for e, f in zip(expected, found, strict=True):
        total = float(e.sum())
        difference = float(np.nansum(f)) - total
        error = difference / total if total > 0.0 else (math.inf if difference > 0.0 else 0.0)
        worst = error if abs(error) > abs(worst) else worst
    return worst


def find_cases(folder: Path, only: str | None = None) -> list[Path]:
    """Folders of cases: the folder itself, or those in it.

    Parameters
    ----------
    folder : Path
    only : str, optional
        A pattern such as ``h1*``.
    """
    if not folder.is_dir():
        raise InputError(
            "the folder of cases does not exist", file=folder, mend="correct the path; it is relative to where you type"
        )
    if _is_case(folder):
        return [folder]
    found = sorted(child for child in folder.glob(only or "*") if child.is_dir() and _is_case(child))
    if not found:
        raise InputError(
            "no case was found",
            file=folder,
            where=f"pattern {only}" if only else None,
            expected="folders with one .inp and expected.csv, or with a case.json of kind field",
            mend="name the folder that holds the cases, or another pattern",
        )
    return found


def _is_case(folder: Path) -> bool:
    return (folder / "expected.csv").is_file() or (folder / "case.json").is_file()


def verify(folder: Path, threads: int = 1, progress: averaging.Progress | None = None) -> Verified:
    """Run one case and compare.

    Parameters
    ----------
    folder : Path
    threads : int
    progress : callable, optional

    Returns
    -------
    Verified
    """
    description = folder / "case.json"
    about = json.loads(description.read_text(encoding="utf-8")) if description.is_file() else {"kind": "reference"}
    if about.get("kind") == "field":
        return _verify_field(folder, about, threads, progress)
    if about.get("kind") != "reference":
        raise InputError("unknown kind of case", file=description, found=about.get("kind"), expected="field, reference")
    decks = sorted(folder.glob("*.inp"))
    if len(decks) != 1:
        raise InputError("a case holds one runstream", file=folder, found=f"{len(decks)} .inp files")
    deck = runstream.read(decks[0])
    through = runstream.weather(deck)
    header, rows = read_csv(folder / "expected.csv")
    hourly = "date" in header
    table = averaging.compute(deck, through, "1" if hourly else "PERIOD", threads, progress)
    judge = hourly_agreement if hourly else annual_agreement
    agreements = []
    for name, column in averaging.COLUMNS.items():
        if column in header:
            if name not in table.values:
                raise InputError(f"the deck does not ask for {column}", file=decks[0], expected="DDEP and WDEP")
            expected = _arranged(folder / "expected.csv", rows, column, table)
            agreements.append(judge(folder.name, name, expected, table.values[name]))
    return Verified(
        folder.name,
        agreements=tuple(agreements),
        hours=table.hours,
        calm_hours=table.calm_hours,
        missing_hours=table.missing_hours,
    )


def _arranged(
    file: Path, rows: Sequence[Mapping[str, str]], column: str, table: averaging.Table
) -> NDArray[np.float64]:
    """A column of the expected table as (groups, intervals, receptors); what is not in it counts as zero."""
    shape = next(iter(table.values.values())).shape
    result = np.zeros(shape)
    group_of = {name: index for index, name in enumerate(table.groups)}
    label_of = {label: index for index, label in enumerate(table.labels)}
    for number, row in enumerate(rows, 2):
        try:
            group = group_of[row["group"]] if "group" in row else 0
            interval = label_of[row["date"]] if "date" in row else 0
            result[group, interval, int(row["rec"]) - 1] = float(row[column])
        except (KeyError, ValueError, IndexError) as error:
            raise InputError(
                "a row of the expected table does not belong to the deck",
                file=file,
                where=f"row {number}",
                found=dict(row),
                expected="a group, an hour and a receptor of the deck",
            ) from error
    return result


def read_csv(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Header and rows of a table."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            return list(reader.fieldnames or []), list(reader)
    except OSError as error:
        raise InputError("the table cannot be read", file=path, found=error.strerror or error) from error


def _verify_field(
    folder: Path, about: Mapping[str, str], threads: int, progress: averaging.Progress | None
) -> Verified:
    """Arc maxima and crosswind integrals of a field experiment: run n of `runs.csv` is hour n of the weather files."""
    deck = runstream.read(folder / about["deck"])
    through = runstream.weather(deck)
    table = averaging.compute(deck, through, "1", threads, progress)
    _, runs = read_csv(folder / about["runs"])
    _, observed = read_csv(folder / about["observations"])
    hour_of = {row["run"]: index for index, row in enumerate(runs)}
    source = deck.sources[0]
    east, north = deck.receptors.x_m - source.x_m, deck.receptors.y_m - source.y_m
    distance, bearing = np.hypot(east, north), np.degrees(np.arctan2(east, north)) % 360.0
    pairs: dict[str, list[tuple[float, float]]] = {"maximum": [], "crosswind integral": []}
    for row in observed:
        arc = float(row["arc_m"])
        on_arc = np.abs(distance - arc) <= _ON_ARC * arc
        concentration = np.nan_to_num(table.values["conc"][0, hour_of[row["run"]]][on_arc])
        if row["maximum_us_m3"]:
            pairs["maximum"].append((float(row["maximum_us_m3"]), float(concentration.max())))
        if row.get("crosswind_integral_us_m2"):
            spacing_m = math.radians(float(np.diff(np.sort(bearing[on_arc])).min())) * arc
            integral = float(concentration.sum()) * spacing_m
            pairs["crosswind integral"].append((float(row["crosswind_integral_us_m2"]), integral))
    return Verified(
        folder.name,
        scores=tuple(score(folder.name, name, np.array(values)) for name, values in pairs.items() if values),
        hours=table.hours,
        calm_hours=table.calm_hours,
        missing_hours=table.missing_hours,
    )


def score(case: str, quantity: str, pairs: NDArray[np.float64]) -> FieldScore:
    """Scores of pairs (observed, predicted) of positive observations, shape (pairs, 2)."""
    observed, predicted = pairs.T
    ratio = predicted / observed
    positive = ratio[ratio > 0.0]
    mean_ratio = float(np.exp(np.mean(np.log(positive)))) if positive.size else 0.0
    return FieldScore(
        case,
        quantity,
        len(pairs),
        float(np.mean((ratio >= 0.5) & (ratio <= 2.0))),
        mean_ratio,
        float(predicted.max() / observed.max()),
    )
