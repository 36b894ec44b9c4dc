"""`metalbudget column` and `verify column` on cases of the tests' own: tables, marks, and what is refused."""

import csv
import json

import numpy as np
import pytest
from metalbudget import cli
from metalbudget.column import bounds, column_case, columns, verification
from metalbudget.errors import InputError, InputErrors

LOAM = {"name": "loam", "theta_r": 0.078, "theta_s": 0.43, "alpha_1_cm": 0.036, "n": 1.56, "Ks_cm_d": 24.96, "l": 0.5}
SOLUTE = {"name": "cd", "kd": 10.0, "beta": 1, "diffusion_cm2_d": 0.5}


def write_case(folder, about=None, days=10, nodes=11, rain="0.5", **material):
    """A small case of weather, roots and one metal."""
    folder.mkdir(exist_ok=True)
    content = {
        "case": "small",
        "materials": [LOAM | material],
        "top": {"type": "atmospheric"},
        "bottom": {"type": "free_drainage"},
        "time": {"t_end_d": days},
        "solutes": [SOLUTE],
        "bulk_density_g_cm3": [1.35],
        "dispersivity_cm": [5.0],
    } | (about or {})
    (folder / "case.json").write_text(json.dumps({k: v for k, v in content.items() if v is not None}), encoding="utf-8")
    depth = np.linspace(0.0, 50.0, nodes)
    rows = ["depth,h,mat,lay,beta,c1", *(f"{z},-100,1,1,{max(1 - z / 30, 0)},{0.1 if z <= 20 else 0}" for z in depth)]
    (folder / "profile_initial.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    met = ["t_end_d,rain_cm_d,pot_evap_cm_d,pot_transp_cm_d", *(f"{day},{rain},0.1,0.1" for day in range(1, days + 1))]
    (folder / "met.csv").write_text("\n".join(met) + "\n", encoding="utf-8")
    return folder


def table(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_three_tables_are_written_and_close(tmp_path, capsys):
    case = write_case(tmp_path / "case")
    assert cli.main(["column", str(case), "--out", str(tmp_path / "out")]) == 0
    assert "drainage" in capsys.readouterr().out
    summary = {row["quantity"]: float(row["value"]) for row in table(tmp_path / "out" / "summary_end.csv")}
    assert summary["rain_cum_cm"] == pytest.approx(5.0)
    assert abs(summary["water_balance_error_cm"]) < 1.0e-6
    assert abs(summary["solute1_balance_error_ug_cm2"]) < 1.0e-9 * summary["solute1_mass_profile_ug_cm2"]
    daily = table(tmp_path / "out" / "daily_cumulative.csv")
    assert [float(row["t_d"]) for row in daily] == list(range(1, 11))
    # the identity of a water balance, by hand
    left = summary["infil_cum_cm"] - summary["evap_act_cum_cm"] - summary["net_top_flux_cum_cm"]
    assert left == pytest.approx(0.0, abs=1.0e-9)
    profile = table(tmp_path / "out" / "profile_end.csv")
    assert list(profile[0]) == ["depth_cm", "h_cm", "theta", "K_cm_d", "flux_cm_d", "c1_mg_L", "S1_mg_kg"]
    for row in profile:
        assert float(row["S1_mg_kg"]) == pytest.approx(10.0 * float(row["c1_mg_L"]), rel=1.0e-6, abs=1.0e-12)


def test_the_same_case_gives_the_same_bytes(tmp_path):
    case = write_case(tmp_path / "case")
    for name in ("a", "b"):
        assert cli.main(["column", str(case), "--out", str(tmp_path / name)]) == 0
    for file in ("daily_cumulative.csv", "profile_end.csv", "summary_end.csv"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def expected_from(out, folder, factor=1.0):
    """A reference made of a run's own tables, its drainage changed by a factor."""
    (folder / "expected").mkdir()
    rows = table(out / "summary_end.csv")
    lines = ["quantity,dp_ref,sp_gui,dp_fine"]
    for row in rows:
        value = float(row["value"]) * (factor if row["quantity"] == "bottom_drainage_cum_cm" else 1.0)
        lines.append(f"{row['quantity']},{value},,{value}")
    (folder / "expected" / "summary_end.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in ("profile_end.csv", "daily_cumulative.csv"):
        (folder / "expected" / name).write_bytes((out / name).read_bytes())


@pytest.mark.parametrize(("factor", "code"), [(1.0, 0), (40.0, 1)])
def test_verify_returns_one_where_a_mark_is_missed(tmp_path, capsys, factor, code):
    case = write_case(tmp_path / "case")
    assert cli.main(["column", str(case), "--out", str(tmp_path / "out")]) == 0
    expected_from(tmp_path / "out", case, factor)
    assert cli.main(["verify", "column", str(tmp_path), "--only", "case", "--markdown", str(tmp_path / "t.md")]) == code
    told = capsys.readouterr().out
    assert ("MISS" in told) == (code == 1)
    assert "| case | drainage |" in (tmp_path / "t.md").read_text(encoding="utf-8")


def test_marks_are_measured_from_the_interval():
    """Hand calculation: 2 % of the nearer end, or one centimetre if that is wider."""
    judge = verification.judge
    assert judge("a", "q", (10.0, 11.0), 10.5, (0.02, 0.0)).error == 0.0
    assert judge("a", "q", (10.0, 11.0), 9.9, (0.02, 0.0)).passed
    assert not judge("a", "q", (10.0, 11.0), 9.7, (0.02, 0.0)).passed
    assert judge("a", "q", (10.0, 11.0), 9.1, (0.02, 1.0)).passed
    assert judge("a", "q", (10.0, 11.0), 11.22, (0.02, 0.0)).error == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        # ten days of 27 cm on Ks = 24.96 under 0.1 cm of evaporation, by hand: 10 (27 - 0.1 - 24.96)
        ({}, 19.4),
        ({"bottom": {"type": "seepage_face"}}, 19.4),
        ({"bottom": {"type": "head", "h_cm": -20.0}}, 19.4),
        ({"surface_limits": {"h_crit_max_cm": 3.0}}, 19.4),
        # soil that lets more through below changes nothing, soil that lets less through takes the bound away
        ({"layers": [[20, 1], [50, 2]], "materials": [LOAM, LOAM | {"Ks_cm_d": 100.0}]}, 19.4),
        ({"layers": [[20, 1], [50, 2]], "materials": [LOAM, LOAM | {"Ks_cm_d": 1.0}]}, np.inf),
        ({"bottom": {"type": "zero_flux"}}, np.inf),
        ({"bottom": {"type": "water_table", "depth_cm": 40.0}}, np.inf),
    ],
)
def test_no_more_runs_off_than_rain_beyond_ks(tmp_path, about, expected):
    folder = write_case(tmp_path / "case", {"solutes": []} | about, rain="27", nodes=51)
    if "layers" in about:
        rows = (folder / "profile_initial.csv").read_text(encoding="utf-8").splitlines()
        lower = [row.replace(",-100,1,1,", ",-100,2,1,") if float(row.split(",")[0]) > 20 else row for row in rows[1:]]
        (folder / "profile_initial.csv").write_text("\n".join([rows[0], *lower]) + "\n", encoding="utf-8")
    case = column_case.read(folder)
    most = bounds.most_runoff(case.columns, case.weather, 0, 0, case.head_cm)
    assert most.sum() == pytest.approx(expected)
    runoff = column_case.run(case).summary["runoff_cum_cm"]
    # a mean over a centimetre under wet soil lies below Ks where the soil below keeps it unsaturated: 1 % here
    assert 0.0 < runoff <= 1.01 * expected


def test_what_roots_are_said_to_take_and_do_not_take_drains():
    """By hand: 50 cm transpired, a balance open by 0.7 cm; nothing of that without roots."""
    reference = {
        "transp_act_cum_cm": {"dp_ref": 50.0, "dp_fine": 0.0},
        "water_balance_error_cm": {"dp_ref": 0.7, "dp_fine": 0.3},
    }
    assert verification.untaken(reference) == {"dp_ref": 0.7, "dp_fine": 0.0}


def test_water_that_rises_brings_the_concentration_it_finds(tmp_path):
    """Without a gradient at the lower end a tracer of one concentration keeps it, whichever way the water goes.

    Evaporation raises water through soil of 1 mg/L; what came in is 1 mg/L times that water, by hand.
    """
    about = {
        "bottom": {"type": "water_table", "depth_cm": 40.0},
        "solutes": [SOLUTE | {"kd": 0.0, "diffusion_cm2_d": 0.0}],
    }
    folder = write_case(tmp_path / "case", about, days=5, nodes=101, rain="0")
    depth = np.linspace(0.0, 50.0, 101)
    rows = ["depth,h,mat,beta,c1", *(f"{z},{z - 40.0},1,0,1" for z in depth)]
    (folder / "profile_initial.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    met = ["t_end_d,rain_cm_d,pot_evap_cm_d", *(f"{day},0,0.3" for day in range(1, 6))]
    (folder / "met.csv").write_text("\n".join(met) + "\n", encoding="utf-8")
    summary = column_case.run(column_case.read(folder)).summary
    risen = -summary["bottom_drainage_cum_cm"]
    assert risen > 0.5
    assert -summary["solute1_out_bottom_cum_ug_cm2"] == pytest.approx(risen, rel=1.0e-6)


@pytest.mark.parametrize(("rain", "low"), [("20", 0.0), ("27", 19.4)])
def test_a_reference_that_sheds_rain_below_ks_does_not_judge(tmp_path, rain, low):
    """The reference claims 60 cm of runoff. Ten days of 20 cm cannot shed any on Ks = 24.96; of 27 cm, 19.4 by hand."""
    folder = write_case(tmp_path / "case", {"solutes": []}, rain=rain)
    assert cli.main(["column", str(folder), "--out", str(tmp_path / "out")]) == 0
    expected_from(tmp_path / "out", folder)
    file = folder / "expected" / "summary_end.csv"
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("runoff")]
    file.write_text("\n".join([*lines, "runoff_cum_cm,60,,60"]) + "\n", encoding="utf-8")
    rows = {row.quantity: row for row in verification.verify(folder).agreements}
    row, drained = rows["runoff"], rows["drainage"]
    # what ran off beyond the bound would have drained at most
    assert drained.high - drained.low == pytest.approx(60.0 - low)
    assert (row.low, row.high) == (pytest.approx(low, abs=1.0e-9), 60.0)
    # what our own column sheds of the heavier rain is less than that, as it first fills
    assert row.passed
    assert not verification.judge("a", "runoff", (row.low, row.high), row.high + 13.0, verification.RUNOFF).passed


@pytest.mark.parametrize(
    ("about", "material", "said"),
    [
        ({}, {"theta_r": 0.5}, "theta_r must be"),
        ({}, {"n": 1.0}, "n must be above 1"),
        ({}, {"Ks_cm_d": 0.0}, "Ks must be positive"),
        ({"layers": [[20, 1], [10, 1], [50, 1]]}, {}, "layers overlap or leave a gap"),
        ({"layers": [[0, 20, 1], [25, 50, 1]]}, {}, "layers overlap or leave a gap"),
        ({"layers": [[20, 1]]}, {}, "do not reach the lower end"),
        ({"root_depth_cm": 80.0}, {}, "roots reach below the profile"),
        ({"solutes": [SOLUTE | {"model": "toth"}]}, {}, "unknown sorption model"),
        ({"solutes": [SOLUTE | {"kd": -1.0}]}, {}, "kd must be"),
        ({"bottom": {"type": "lava"}}, {}, "unknown kind of bottom"),
        ({"top": {"type": "sky"}}, {}, "unknown kind of top"),
        ({"bulk_density_g_cm3": None}, {}, "bulk_density_g_cm3 is missing"),
        ({"time": {"t_end_d": 12}}, {}, "weather ends before"),
    ],
)
def test_what_cannot_be_is_refused_once_and_by_name(tmp_path, capsys, about, material, said):
    case = write_case(tmp_path / "case", about, **material)
    assert cli.main(["column", str(case), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("case.json") + told.count("met.csv") == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_day_is_named(tmp_path, capsys):
    case = write_case(tmp_path / "case")
    lines = (case / "met.csv").read_text(encoding="utf-8").splitlines()
    (case / "met.csv").write_text("\n".join(lines[:4] + lines[5:]) + "\n", encoding="utf-8")
    assert cli.main(["column", str(case), "--out", str(tmp_path / "out")]) == 2
    told = capsys.readouterr().err
    assert "missing or out of order" in told
    assert "column small, row 5" in told


@pytest.mark.parametrize("rain", ["0.005", "5.0"])
def test_rain_in_another_unit_is_refused(tmp_path, capsys, rain):
    """0.5 cm a day as metres, and as millimetres."""
    case = write_case(tmp_path / "case", days=365, rain=rain)
    assert cli.main(["column", str(case), "--out", str(tmp_path / "out")]) == 2
    assert "a year's rain" in capsys.readouterr().err


def test_all_problems_of_a_table_come_together(tmp_path):
    case = write_case(tmp_path / "case")
    text = (case / "met.csv").read_text(encoding="utf-8").replace("2,0.5,", "2,wet,").replace("7,0.5,", "7,dry,")
    (case / "met.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputErrors) as caught:
        column_case.read(case)
    assert [problem.found for problem in caught.value.problems] == ["wet", "dry"]


def test_files_and_folders_that_are_not_there_are_named(tmp_path, capsys):
    assert cli.main(["column", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 2
    assert "does not exist" in capsys.readouterr().err
    case = write_case(tmp_path / "case")
    assert cli.main(["column", str(case), "--out", str(case)]) == 2
    assert cli.main(["column", str(case), "--out", str(tmp_path / "o"), "--tolerance", "3"]) == 2
    (case / "profile_initial.csv").unlink()
    assert cli.main(["column", str(case), "--out", str(tmp_path / "out")]) == 2
    assert "profile_initial.csv" in capsys.readouterr().err


def test_layers_of_the_python_interface_are_checked_by_name():
    with pytest.raises(InputError, match="overlap") as caught:
        columns.layers_to_nodes([0.0, 50.0, 100.0], [0.0, 20.0], [30.0, 100.0], "column plain")
    assert "column plain" in str(caught.value)
    with pytest.raises(InputError, match="gap"):
        columns.layers_to_nodes([0.0, 50.0, 100.0], [0.0, 40.0], [30.0, 100.0])
    with pytest.raises(InputError, match="surface to the lower end"):
        columns.layers_to_nodes([0.0, 50.0, 100.0], [0.0], [80.0])
    assert columns.layers_to_nodes([0.0, 20.0, 21.0, 100.0], [0.0, 20.0], [20.0, 100.0]).tolist() == [0, 0, 1, 1]
    with pytest.raises(InputError, match="below the profile"):
        columns.check_root_depth(120.0, [0.0, 50.0, 100.0])
