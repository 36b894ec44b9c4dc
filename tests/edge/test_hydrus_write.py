"""Columns as HYDRUS-1D's input files: the numbers of the reference cases' own files, and what HYDRUS-1D cannot take."""

import json
from pathlib import Path

import numpy as np
import pytest
from metalbudget.column import column_case, simulate, sorption
from metalbudget.column.columns import Columns, Weather
from metalbudget.column.hydrus import write
from metalbudget.errors import InputError

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
            # PROFILE.DAT's counts stand before titles; that of temperature is for HYDRUS' menus, and 0 in the cases
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


def column(nodes: int = 11, **more) -> Columns:
    """Loam (Carsel & Parrish 1988)."""
    values = {"theta_r": 0.078, "theta_s": 0.43, "alpha_1_cm": 0.036, "n": 1.56, "ks_cm_d": 24.96}
    return Columns(
        np.linspace(0.0, 100.0, nodes), np.zeros((1, nodes), dtype=np.int64),
        **{key: np.full((1, 1), value) for key, value in values.items()}, names=("field 7",), **more,
    )  # fmt: skip


def load(
    nodes: int = 11, count: int = 1, kd: float | np.ndarray = 10.0, fraction: float = 1.0, **more
) -> simulate.Load:
    metals = sorption.metals(np.broadcast_to(kd, (count, nodes)), fraction=fraction, rate_1_d=0.1)
    return simulate.Load(metals, np.full((1, nodes), 1.3), np.full((1, nodes), 5.0), np.ones((count, 1, nodes)), **more)


def written(one: Columns, metals: simulate.Load | None = None, rain=((1.0, 0.0),)) -> dict[str, str]:
    rain = np.array(rain)
    weather = Weather(np.ones(2), rain, 0.0 * rain, 0.0 * rain)
    return write.files(write.Run("x", one, 0, np.full(one.depth_cm.size, -50.0), weather, 0, np.array([2.0]), metals))


@pytest.mark.parametrize(
    ("one", "metals", "message"),
    [
        (column(1002), None, "fewer nodes"),
        (column(), load(count=11), "fewer metals"),
        (column(30), load(30, kd=np.arange(30.0)), "fewer materials"),
        (column(), load(dust_ug_cm2=np.ones((1, 1, 2))), "no such metal"),
        (column(), load(below_mg_l=np.ones(1)), "no such metal"),
        (column(), load(mixed_nodes=np.array([0, 3])), "no such metal"),
        (column(), load(count=2, fraction=0.5), "for one metal"),
        (column(top="flux"), None, "one value for the whole run"),
    ],
)
def test_what_hydrus_cannot_take_is_refused_by_the_name_of_the_column(one, metals, message):
    with pytest.raises(InputError, match=message) as refused:
        written(one, metals)
    assert refused.value.where == "column field 7"


def test_sorption_that_changes_within_a_layer_makes_materials():
    kd = np.where(np.arange(11) < 3, 80.0, 20.0)
    files = written(column(), load(kd=kd))
    lines = files["SELECTOR.IN"].splitlines()
    assert lines[lines.index("NMat NLay CosAlfa") + 1] == "2 1 1"
    first = lines.index("Ks Nu Beta Henry SnkL1 SnkS1 SnkG1 SnkL1p SnkS1p SnkG1p SnkL0 SnkS0 SnkG0 Alfa") + 1
    by_material = [float(line.split()[0]) for line in lines[first : first + 2]]
    materials = [int(line.split()[3]) for line in files["PROFILE.DAT"].splitlines()[3:14]]
    assert [by_material[number - 1] for number in materials] == kd.tolist()


def test_kinetic_sites_start_in_equilibrium():
    files = written(column(), load(fraction=0.4))
    lines = files["SELECTOR.IN"].splitlines()
    assert lines[lines.index("iNonEqul lWatDep lDualNEq lInitM lInitEq lTort x x x x lCFTr") + 1].split()[0] == "2"
    node = files["PROFILE.DAT"].splitlines()[3].split()
    # c = 1 mg/L, Kd 10: 10 mg/kg, six tenths of it on the slow sites
    assert [float(word) for word in node[10:]] == [1.0, pytest.approx(6.0)]


def test_metals_in_rain_stand_in_pairs_with_the_lower_end():
    rain_mg_l = np.array([[[0.1, 0.2]], [[0.3, 0.4]]])
    files = written(column(), load(count=2, rain_mg_l=rain_mg_l))
    rows = [line.split()[11:] for line in files["ATMOSPH.IN"].splitlines()[9:11]]
    assert rows == [["0.1", "0", "0.3", "0"], ["0.2", "0", "0.4", "0"]]


@pytest.mark.parametrize(("count", "fraction", "said"), [(1, 1.0, "1 1 1"), (3, 1.0, "1 3 1"), (1, 0.4, "1 1 0")])
def test_counts_of_the_profile_stand_in_the_order_that_is_read(count, fraction, said):
    """Temperature, metals, equilibrium, as version 4.08 takes them; with 1 for three it started two from nothing."""
    files = written(column(), load(count=count, fraction=fraction))
    assert files["PROFILE.DAT"].splitlines()[2].startswith(f"11 {said} x h")
