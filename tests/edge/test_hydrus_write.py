"""Columns as HYDRUS-1D's input files: the numbers of the reference cases' own files, and what HYDRUS-1D cannot take."""

import json
from pathlib import Path

import numpy as np
import pytest
from metalbudget.column import column_case, simulate
from metalbudget.column.columns import Weather
from metalbudget.column.hydrus import write

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases" / "column"
NAMES = sorted(path.name for path in CASES.glob("*") if path.is_dir()) if CASES.is_dir() else ["none"]


def numbers(text: str) -> list[list[float | str]]:
    """Lines of values, comments left out: numbers, and logical flags as they stand."""
    result: list[list[float | str]] = []
    for line in text.splitlines():
        words = line.split()
        try:
            values = [word if word in ("t", "f") else float(word) for word in words]
        except ValueError:
            # PROFILE.DAT's counts stand before titles; that of solutes is for HYDRUS' menus, and 0 in the cases
            values = [float(words[place]) for place in (0, 2, 3)] if words[4:5] == ["x"] else []
        if values:
            result.append(values)
    return result


def run_of(folder: Path) -> write.Run:
    """A case as it is written, with the steps that its case.json names."""
    case = column_case.read(folder)
    about = json.loads((folder / "case.json").read_text())
    steps = about["numerics"]
    numerics = write.Numerics(
        steps["tolth"], steps["tolh"], steps["dt0"], steps["dtmin"], steps["dtmax"], steps["maxit"]
    )
    times = about["time"]["t_end_d"]
    # ten years are printed monthly
    months = np.cumsum(np.tile([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], 10)).astype(float)
    days = case.output_days if times <= 365 else months
    if times <= 2:
        days = np.arange(1, days.size + 1) * times / days.size  # expected/ rounds them
    every = 1.0 if times > 2 else times / days.size
    weather, place = case.weather, 0
    if case.has_rain:
        table = np.genfromtxt(folder / "met.csv", delimiter=",", names=True)
        transpiration = table["pot_transp_cm_d"] if "pot_transp_cm_d" in table.dtype.names else 0.0 * table["rain_cm_d"]
        weather = Weather(
            np.diff(table["t_end_d"], prepend=0.0), table["rain_cm_d"][None], table["pot_evap_cm_d"][None],
            transpiration[None],
        )  # fmt: skip
    load = case.load
    if load is not None and case.has_rain:
        rain = table["c_rain_mg_L"] if "c_rain_mg_L" in table.dtype.names else 0.0 * table["rain_cm_d"]
        load = simulate.Load(
            load.metals, load.density_g_cm3, load.dispersivity_cm, load.concentration_mg_l, rain[None, None]
        )
    return write.Run(
        about["title"], case.columns, 0, case.head_cm, weather, place, days, load, numerics, every, about["obs_depths"]
    )


@pytest.mark.parametrize("name", NAMES)
def test_reference_cases_hold_the_same_numbers(cases, name):
    folder = cases / "column" / name
    written = write.files(run_of(folder))
    for file in ("SELECTOR.IN", "PROFILE.DAT", "ATMOSPH.IN"):
        assert (file in written) == (folder / "hydrus_in" / file).is_file()
        if file not in written:
            continue
        found, expected = numbers(written[file]), numbers((folder / "hydrus_in" / file).read_text())
        assert len(found) == len(expected)
        for ours, theirs in zip(found, expected, strict=True):
            assert [type(value) for value in ours] == [type(value) for value in theirs], (ours, theirs)
            for one, other in zip(ours, theirs, strict=True):
                assert one == (other if isinstance(other, str) else pytest.approx(other, rel=1e-7, abs=1e-9)), theirs
