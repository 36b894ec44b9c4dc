"""Weather of a column case: met.csv, its records, and amounts that no place has."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.column import columns as described
from metalbudget.column.case_files import LARGEST, Problems, Table, alike, read_table, within

Vector = NDArray[np.float64]

_GAP = 1.5  # a record longer than the usual one by this factor hides a missing one
# World records (World Meteorological Organization, Archive of Weather and Climate Extremes): 1825 mm in a day.
MOST_RAIN_CM_A_DAY = 200.0
MOST_DEMAND_CM_YR = 600.0  # no open water loses more in a year
MOST_DEMAND_CM_D, LEAST_DAYS_OF_DEMAND = 3.0, 30.0  # nor so much a day for a month


def read_weather(
    folder: Path, end: float, solutes: Sequence[Mapping[str, Any]], rooted: bool, name: str
) -> tuple[dict[str, Vector], Vector, list[Vector]]:
    """Weather of a case, checked.

    Parameters
    ----------
    folder : Path
        Of the case.
    end : float
        Of the run. [d]
    solutes : sequence of mapping
        With ``name`` and ``c_top``, the concentration of rain without a column of its own. [mg L⁻¹]
    rooted : bool
        Whether there are roots.
    name : str
        Of the column, for messages.

    Returns
    -------
    rates : dict of ndarray, shape (records,)
        ``rain``, ``evaporation``, ``transpiration``. [cm d⁻¹]
    ends : ndarray, shape (records,)
        [d]
    carried : list of ndarray, shape (records,)
        By rain, of each substance. [mg L⁻¹]

    Raises
    ------
    InputErrors
        Every problem, with its row.
    """
    carried_by = ["c_rain_mg_L", *(f"c_rain_{one['name']}_mg_L" for one in solutes)]
    table = read_table(
        folder / "met.csv", ("t_end_d", "rain_cm_d", "pot_evap_cm_d"), ("pot_transp_cm_d", *carried_by), ("c_rain",)
    )
    problems, of = Problems(), table.columns
    where = f"column {name}"
    ends = of["t_end_d"]
    length = np.diff(ends, prepend=0.0)
    usual = float(np.median(length))
    late = np.flatnonzero((length <= 0.0) | (length > _GAP * usual + 1.0e-9))
    if late.size:
        problems.add(
            "a record of weather is missing or out of order", file=table.file,
            where=f"{where}, row {table.rows[late[0]]}, t_end_d",
            found=f"{ends[late[0]]:g} d after {ends[late[0] - 1] if late[0] else 0.0:g} d",
            expected=f"{usual:g} d later" if usual > 0.0 else "times that increase, the first above 0",
        )  # fmt: skip
    elif usual > 1.0 + 1.0e-9 and ends[-1] > end + _GAP * usual:
        problems.add(
            "records are longer than days and go on after the run", file=table.file,
            where=f"{where}, row {table.rows[-1]}, t_end_d", found=f"{ends[-1]:g} d", expected=f"{end:g} d",
            mend="t_end_d in days",
        )  # fmt: skip
    elif ends[-1] < end - 1.0e-6:
        problems.add(
            "weather ends before the run does", file=table.file, where=f"{where}, row {table.rows[-1]}",
            found=f"{ends[-1]:g} d", expected=f"{end:g} d",
        )  # fmt: skip
    for title, values in of.items():
        if solutes and title.startswith("c_rain") and title not in carried_by:
            meant = alike(title, carried_by)
            problems.add("rain carries a substance that is not in case.json", file=table.file, where="row 1",
                         found=title, expected=meant or " or ".join(carried_by))  # fmt: skip
        bad = (values < 0.0) | (values > LARGEST)
        if title != "t_end_d" and np.any(bad):
            i = int(np.argmax(bad))
            problems.add("a value is out of range", file=table.file, where=f"{where}, row {table.rows[i]}, {title}",
                         found=f"{values[i]:g}", expected=within(0.0, LARGEST))  # fmt: skip
    if rooted and "pot_transp_cm_d" not in of:
        problems.add("there are roots and no potential transpiration", file=table.file, where="row 1",
                     expected="pot_transp_cm_d", mend="a column of zeros if the roots shall rest")  # fmt: skip
    if not rooted and np.any(of.get("pot_transp_cm_d", np.zeros(1)) > 0.0):
        problems.add(
            "there is potential transpiration and no roots", file=table.file, where="pot_transp_cm_d",
            found=f"{float((of['pot_transp_cm_d'] * length).sum()):g} cm", expected="zeros",
            mend="beta above 0 in profile_initial.csv where roots are",
        )  # fmt: skip
    if not problems.found:
        _check_amounts(problems, table, length, where)
    problems.finish()
    zeros = np.zeros(ends.size)
    met = {"rain": of["rain_cm_d"], "evaporation": of["pot_evap_cm_d"],
           "transpiration": of.get("pot_transp_cm_d", zeros)}  # fmt: skip
    carried = []
    for one in solutes:
        own = of.get(f"c_rain_{one['name']}_mg_L", of.get("c_rain_mg_L"))
        carried.append(own if own is not None else np.full(ends.size, one["c_top"] or 0.0))
    return met, ends, carried


def _check_amounts(problems: Problems, table: Table, length: Vector, where: str) -> None:
    """Sums that no place has: rain or demand in another unit."""
    rain, span = table.columns["rain_cm_d"] * length, float(length.sum())
    day = np.floor(table.columns["t_end_d"] - 0.5 * length)
    a_day = np.bincount(np.unique(day, return_inverse=True)[1], rain) / np.maximum(float(np.median(length)), 1.0)
    years = max(span / described.DAYS_PER_YEAR, 1.0)
    least = described.RAIN_CM_YR[0] * span / described.DAYS_PER_YEAR if span >= described.LEAST_DAYS else 0.0
    total = float(rain.sum())
    if total > 0.0 and not least <= total <= described.RAIN_CM_YR[1] * years:
        problems.add(
            "a year's rain is not what falls anywhere", file=table.file, where=f"{where}, rain_cm_d",
            found=f"{10.0 * total:g} mm in {span:g} days", expected="50 to 10000 mm a year",
            mend="give rain in cm per day",
        )  # fmt: skip
    elif a_day.max() > MOST_RAIN_CM_A_DAY:
        problems.add(
            "a day's rain is not what falls anywhere", file=table.file,
            where=f"{where}, row {table.rows[int(np.argmax(rain))]}, rain_cm_d",
            found=f"{10.0 * a_day.max():g} mm a day",
            expected=f"at most {10.0 * MOST_RAIN_CM_A_DAY:g} mm", mend="give rain in cm per day",
        )  # fmt: skip
    rates = table.columns["pot_evap_cm_d"] + table.columns.get("pot_transp_cm_d", np.zeros(length.size))
    demand = float((rates * length).sum())
    if (span >= described.LEAST_DAYS and demand > MOST_DEMAND_CM_YR * years) or (
        span >= LEAST_DAYS_OF_DEMAND and demand > MOST_DEMAND_CM_D * span
    ):
        problems.add(
            "potential evaporation is not that of any place", file=table.file,
            where=f"{where}, pot_evap_cm_d, pot_transp_cm_d", found=f"{10.0 * demand:g} mm in {span:g} days",
            expected=f"at most {10.0 * MOST_DEMAND_CM_YR:g} mm a year", mend="give it in cm per day",
        )  # fmt: skip
