"""How well the column engine agrees with reference cases.

A reference case is a folder as `metalbudget column` takes it, with ``expected/``: the same tables by HYDRUS-1D on its
own nodes (``dp_ref``) and on twice as many (``dp_fine``). What the reference differs from itself is no error of ours: a
quantity is measured from the interval that both span.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget.column import column_case
from metalbudget.column.bounds import most_runoff
from metalbudget.errors import InputError

# The marks: relative to the nearer end of the interval, or absolute [cm], whichever is wider.
DRAINAGE = (0.02, 1.0)
EVAPORATION = (0.02, 0.3)
INFILTRATION = (0.01, 0.0)
RUNOFF = (0.20, 0.3)
STEADY = (0.005, 0.0)
LEACHED = (0.03, 0.0)
PROFILE = 0.02  # of the profile's range
ANALYTIC = 0.005
WATER_BALANCE_CM = 1.0e-6
METAL_BALANCE = 1.0e-9  # of the mass that was there or came
END_REACH = 3.0  # dispersivities that the reference's lower end reaches upwards
# What leaches less than this part of the metal is not compared.
_LEAST_LEACHED = 1.0e-6


@dataclass(frozen=True)
class Agreement:
    """One quantity of one case.

    Parameters
    ----------
    case, quantity : str
    low, high : float
        What the reference spans.
    found : float
    error : float
        Distance from the interval, relative to its nearer end (of a profile: to its range; of a balance: the error
        itself).
    mark : str
    passed : bool
    """

    case: str
    quantity: str
    low: float
    high: float
    found: float
    error: float
    mark: str
    passed: bool


@dataclass(frozen=True)
class Verified:
    """What verifying one case gave."""

    case: str
    agreements: tuple[Agreement, ...]

    @property
    def passed(self) -> bool:
        """Whether every mark is met."""
        return all(row.passed for row in self.agreements)


def find_cases(folder: Path, only: str | None = None) -> list[Path]:
    """Folders of cases: the folder itself, or those in it that match a pattern such as ``w*``."""
    if not folder.is_dir():
        raise InputError(
            "the folder of cases does not exist", file=folder, mend="correct the path; it is relative to where you type"
        )
    if _is_case(folder):
        return [folder]
    found = sorted(child for child in folder.glob(only or "*") if child.is_dir() and _is_case(child))
    if not found:
        raise InputError(
            "no case was found", file=folder, where=f"pattern {only}" if only else None,
            expected="folders with case.json and expected/summary_end.csv",
            mend="name the folder that holds the cases, or another pattern",
        )  # fmt: skip
    return found


def _is_case(folder: Path) -> bool:
    return (folder / "case.json").is_file() and (folder / "expected" / "summary_end.csv").is_file()


def judge(case: str, quantity: str, ends: Sequence[float], found: float, mark: tuple[float, float]) -> Agreement:
    """Distance of a number from the interval that the reference's numbers span."""
    low, high = min(ends), max(ends)
    distance = max(low - found, found - high, 0.0)
    near = abs(low if found < low else high)
    relative, absolute = mark
    allowed = max(relative * near, absolute)
    error = distance / near if near > 0.0 else (0.0 if distance == 0.0 else float("inf"))
    told = f"{100.0 * relative:g} %" + (f" or {absolute:g} cm" if absolute else "")
    return Agreement(case, quantity, low, high, found, error, told, bool(distance <= allowed))


def verify(folder: Path) -> Verified:
    """Run one case and compare.

    Raises
    ------
    InputError
        If the case cannot be run.
    """
    case = column_case.read(folder)
    result = column_case.run(case)
    file = folder / "expected" / "summary_end.csv"
    reference = _summary(file)
    try:
        rows = _water_rows(folder.name, case, result, reference)
        for i in range(len(case.names)):
            rows += _metal_rows(folder, case, result, reference, i)
    except KeyError as error:
        raise InputError(
            "the expected sums lack a quantity", file=file, where="quantity", expected=error.args[0],
            mend="add its row with a number in dp_ref",
        ) from error  # fmt: skip
    return Verified(folder.name, tuple(rows))


def _summary(file: Path) -> dict[str, dict[str, float]]:
    """Values of every quantity by column of the reference; blanks left out."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        values = {
            row["quantity"]: {key: float(row[key]) for key in ("dp_ref", "dp_fine") if row.get(key)} for row in rows
        }
    except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
        raise InputError(
            "the expected sums cannot be read", file=file, found=error, expected="quantity,dp_ref,dp_fine"
        ) from error
    return {quantity: ends for quantity, ends in values.items() if ends}


def _water_rows(
    name: str, case: column_case.Case, result: column_case.Result, reference: dict[str, dict[str, float]]
) -> list[Agreement]:
    found = result.summary
    kind = case.columns.top
    marks: list[tuple[str, str, tuple[float, float]]]
    if kind == "atmospheric":
        marks = [
            ("drainage", "bottom_drainage_cum_cm", DRAINAGE),
            ("evaporation", "evap_act_cum_cm", EVAPORATION),
            ("infiltration", "infil_cum_cm", INFILTRATION),
            ("runoff", "runoff_cum_cm", RUNOFF),
        ]
    elif kind == "flux":
        marks = [("drainage", "bottom_drainage_cum_cm", STEADY), ("storage", "storage_cm", STEADY)]
    else:
        marks = [("infiltration", "net_top_flux_cum_cm", INFILTRATION), ("storage", "storage_cm", INFILTRATION)]
    rows, excess = [], excess_runoff(case, reference["runoff_cum_cm"]) if kind == "atmospheric" else {}
    for label, key, mark in marks:
        ends = list(reference[key].values())
        if key == "bottom_drainage_cum_cm":
            # and would have drained at most, had it entered
            ends += [reference[key][column] + more for column, more in excess.items()]
            # what its roots are said to transpire and do not take from the soil drains
            ends += [reference[key][column] - more for column, more in untaken(reference).items()]
        if key == "runoff_cum_cm":
            # what the reference lets run off beyond what can, where its rounds do not end, is no answer
            ends += [reference[key][column] - more for column, more in excess.items()]
        if key == "infil_cum_cm":
            # where it runs off, the reference takes evaporation from its infiltration, and counts it again
            ends += [
                reference["net_top_flux_cum_cm"][column] + reference["evap_act_cum_cm"][column]
                for column in reference[key]
            ]
            # nor is what that leaves for the soil
            ends += [
                reference["rain_cum_cm"][column] - reference["runoff_cum_cm"][column] + more
                for column, more in excess.items()
            ]
        rows.append(judge(name, label, ends, found[key], mark))
    if kind == "atmospheric" and found["transp_act_cum_cm"] > 0.0:
        # the reference counts more transpiration than its roots take from the soil: its balance tells what they take
        ends = list(reference["transp_act_cum_cm"].values())
        ends += [reference["transp_act_cum_cm"][column] - more for column, more in untaken(reference).items()]
        rows.append(judge(name, "transpiration", ends, found["transp_act_cum_cm"], EVAPORATION))
    error = abs(found["water_balance_error_cm"])
    rows.append(
        Agreement(name, "water balance", 0.0, 0.0, error, error, f"{WATER_BALANCE_CM:g} cm", error <= WATER_BALANCE_CM)
    )
    return rows


def untaken(reference: dict[str, dict[str, float]]) -> dict[str, float]:
    """What the reference counts as transpired and its roots do not take, by column: its balance is open by that. [cm]

    Its roots take what the heads of the step before let them; with shorter steps the two meet, near what is counted,
    and the drainage falls by the difference (docs/verification-column.md).
    """
    transpired, errors = reference["transp_act_cum_cm"], reference["water_balance_error_cm"]
    return {column: errors.get(column, 0.0) if more > 0.0 else 0.0 for column, more in transpired.items()}


def excess_runoff(case: column_case.Case, shed_cm: dict[str, float]) -> dict[str, float]:
    """What a reference lets run off beyond what can (`bounds.most_runoff`), by column of the reference. [cm]

    Day by day where ``expected/daily_cumulative.csv`` has its runoff, the same share for the finer grid; else of the
    whole run.
    """
    most = most_runoff(case.columns, case.weather, 0, 0, case.head_cm)
    if not np.all(np.isfinite(most)):
        return dict.fromkeys(shed_cm, 0.0)
    excess = {column: max(shed - float(most.sum()), 0.0) for column, shed in shed_cm.items()}
    file = case.folder / "expected" / "daily_cumulative.csv"
    if not file.is_file():
        return excess
    days = np.concatenate([[0.0], case.output_days])
    claimed = np.diff(_column(file, "runoff_cum_cm", days, "t_d"))
    allowed = np.bincount(case.output[case.interval], most, case.output_days.size)
    share = float(np.maximum(claimed - allowed, 0.0).sum()) / max(float(claimed.sum()), 1.0e-300)
    return {column: max(excess[column], share * shed) for column, shed in shed_cm.items()}


def _metal_rows(
    folder: Path, case: column_case.Case, result: column_case.Result, reference: dict[str, dict[str, float]], i: int
) -> list[Agreement]:
    label, name, found = f"solute{i + 1}", folder.name, result.summary
    suffix = "" if len(case.names) == 1 else f" {case.names[i]}"
    rows = []
    all_of_it = handled(result, i)
    error_of = reference.get(f"{label}_massbalance_ug_cm2", {})
    for quantity in ("leached_cum_at_20cm", "out_bottom_cum"):
        key = f"{label}_{quantity}_ug_cm2"
        if key not in reference or max(reference[key].values()) <= _LEAST_LEACHED * all_of_it:
            continue
        ends = list(reference[key].values())
        # the reference's last half cell is not balanced: its outflow less its own error of the balance counts, too
        ends += [value - abs(error_of.get(column, 0.0)) for column, value in reference[key].items()]
        title = "leached at 20 cm" if quantity.startswith("leached") else "outflow"
        rows.append(judge(name, title + suffix, tuple(ends), found[key], LEACHED))
    rows.append(_profile_row(folder, case, result, i, suffix))
    error = abs(found[f"{label}_massbalance_ug_cm2"]) / max(all_of_it, 1.0e-300)
    rows.append(
        Agreement(name, "metal balance" + suffix, 0.0, 0.0, error, error, f"{METAL_BALANCE:g}", error <= METAL_BALANCE)
    )
    return rows


def _profile_row(folder: Path, case: column_case.Case, result: column_case.Result, i: int, suffix: str) -> Agreement:
    """Concentration at the end, node by node; the analytic solution, where there is one, is part of the interval.

    The reference sets the concentration of its last node to that of the node above and so makes metal from nothing
    (0.3 % when a front passes). Dispersion carries that upwards, so nodes within three dispersivities (a quarter of
    the depth at most) of the lower end are left out where metal leaves there.
    """
    assert case.load is not None
    column = f"c{i + 1}_mg_L"
    depth, found = result.profile["depth_cm"], result.profile[column]
    outflow = result.summary[f"solute{i + 1}_out_bottom_cum_ug_cm2"]
    reach = 0.0
    if outflow > _LEAST_LEACHED * handled(result, i):
        reach = min(END_REACH * float(case.load.dispersivity_cm[0, -1]), 0.25 * float(depth[-1]))
    inner = depth <= depth[-1] - reach
    depth, found = depth[inner], found[inner]
    expected = [_column(folder / "expected" / "profile_end.csv", column, depth)]
    fine = folder / "expected" / "profile_end_fine.csv"
    if fine.is_file():
        expected.append(_column(fine, column, depth))
    analytic = folder / "expected" / "analytic.csv"
    mark = PROFILE
    if analytic.is_file():
        mark = ANALYTIC
        expected.append(_column(analytic, "c_analytic_third_type", depth))
    low, high = np.min(expected, axis=0), np.max(expected, axis=0)
    extent = float(np.ptp(expected))
    distance = np.maximum(np.maximum(low - found, found - high), 0.0)
    worst = int(np.argmax(distance))
    error = float(distance[worst]) / extent if extent > 0.0 else float(distance[worst])
    return Agreement(
        folder.name, f"profile{suffix} ({depth[worst]:g} cm)", float(low[worst]), float(high[worst]),
        float(found[worst]), error, f"{100.0 * mark:g} % of range", error <= mark,
    )  # fmt: skip


def handled(result: column_case.Result, i: int) -> float:
    """All of a metal that is in the profile or has left it. [µg cm⁻²]"""
    label = f"solute{i + 1}"
    return result.summary[f"{label}_mass_profile_ug_cm2"] + result.summary[f"{label}_out_bottom_cum_ug_cm2"]


def _column(file: Path, title: str, at: NDArray[np.float64], against: str = "depth_cm") -> NDArray[np.float64]:
    """A column of a table at depths of nodes, or at times; before the first of them 0."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        known = np.array([[float(row[against]), float(row[title])] for row in rows])
        if not known.size or not np.all(np.isfinite(known)):
            raise ValueError("no rows of numbers")
    except (OSError, KeyError, ValueError, TypeError, csv.Error) as error:
        raise InputError("the expected table cannot be read", file=file, where=title, found=error) from error
    return np.interp(at, known[:, 0], known[:, 1], left=known[0, 1] if against == "depth_cm" else 0.0)
