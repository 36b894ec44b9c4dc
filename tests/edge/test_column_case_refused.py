"""Wrong column cases, one for each kind found by changing every key, cell and byte of a small case.

No number is expected here: each is one message that names the place, and the command leaves nothing.
"""

import json

import pytest
from metalbudget import cli
from test_column_case import LOAM, SOLUTE, write_case

FEDDES = {"P0": -10, "Popt": -25, "P2H": -300, "P2L": -1000, "P3": -8000, "r2H": 0.5, "r2L": 0.1}


def refused(case, tmp_path, capsys):
    """What the command says; it returns 2 and writes nothing."""
    assert cli.main(["column", str(case), "--out", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()
    told = capsys.readouterr()
    assert not told.out
    return told.err


@pytest.mark.parametrize(
    ("about", "place", "said"),
    [
        ({"top": {"type": "head"}}, "top, h_cm", "a number is missing"),
        ({"top": {"type": "flux", "flux_cm_d": "1"}}, "top, flux_cm_d", "a number is missing"),
        ({"top": "atmospheric"}, "top", "not a mapping"),
        ({"bottom": {"type": "head"}}, "bottom, h_cm", "a number is missing"),
        ({"bottom": {"type": ["head"]}}, "bottom, type", "unknown kind of bottom"),
        ({"bottom": {"type": "water_table", "depth_cm": -50}}, "bottom, depth_cm", "out of range"),
        # 50 cm of soil cannot hang on groundwater at 100 m
        ({"bottom": {"type": "water_table", "depth_cm": 10000}}, "bottom, depth_cm", "where it is deeper"),
        ({"time": {"t_end_d": 0}}, "time, t_end_d", "out of range"),
        ({"time": {"t_end_d": 1e300}}, "time, t_end_d", "out of range"),
        ({"time": {}}, "time", "time is missing"),
        ({"surface_limits": {"h_crit_max_cm": -1}}, "surface_limits, h_crit_max_cm", "out of range"),
        ({"surface_limits": {"h_crit_min_cm": 100}}, "surface_limits, h_crit_min_cm", "out of range"),
        ({"surface_limits": {"h_crit_mx_cm": 5}}, "h_crit_mx_cm", "unknown key"),
        ({"surface_limit": {"h_crit_max_cm": 5}}, "surface_limit", "unknown key"),
        ({"units": {"length": "mm"}}, "units, length", "another unit"),
        ({"units": {"time": "h"}}, "units, time", "another unit"),
        ({"layers": "all"}, "layers", "not a list of edges"),
        ({"layers": [[20, "1"], [50, 1]]}, "layers", "not a list of edges"),
        ({"layers": [[50, 2]]}, "layers", "materials 1 to 1"),
        ({"layers": [[60, 1]]}, "layers", "reach below the lower end"),
        ({"materials": [LOAM, LOAM], "layers": [[20, 1], [50, 2]]}, "layers, depth 25 cm", "not that of its layer"),
        ({"materials": {}}, "materials", "materials is missing"),
        ({"materials": [3]}, "materials", "not a list of mappings"),
        ({"materials": [LOAM | {"theta_s": 43.0}]}, "material 1, theta_r, theta_s", "theta_s at most 1"),
        ({"materials": [LOAM | {"theta_r": -0.1}]}, "material 1, theta_r, theta_s", "at least 0"),
        ({"materials": [LOAM | {"n": 0.9}]}, "material 1, n", "above 1"),
        ({"materials": [LOAM | {"n": 100.0}]}, "material 1, n", "that of no soil"),
        ({"materials": [LOAM | {"Ks_cm_d": -1.0}]}, "material 1, Ks_cm_d", "must be positive"),
        ({"materials": [LOAM | {"Ks_cm_d": 1e9}]}, "material 1, Ks_cm_d", "cm per day"),
        ({"materials": [LOAM | {"alpha_1_cm": 36.0}]}, "material 1, alpha_1_cm", "that of no soil"),
        ({"materials": [LOAM | {"alpha_1_cm": None}]}, "material 1, alpha_1_cm", "a number is missing"),
        ({"materials": [LOAM | {"n": True}]}, "material 1, n", "a number is missing"),
        ({"materials": [LOAM | {"model": "Brooks-Corey"}]}, "material 1, model", "unknown model of the soil"),
        ({"feddes": FEDDES | {"P3": "dry"}}, "feddes, P3", "a number is missing"),
        ({"feddes": FEDDES | {"Popt": -1}}, "feddes", "must fall from the wet to the dry end"),
        ({"feddes": FEDDES | {"r2L": 0.6}}, "feddes, r2L", "above the high one"),
        ({"root_depth_cm": 10}, "root_depth_cm", "roots below the depth of roots"),
        ({"root_depth_cm": "deep"}, "root_depth_cm", "a number is missing"),
        ({"root_depth": 60}, "root_depth", "unknown key"),
        ({"hysteresis": True}, "hysteresis", "not modelled"),
        ({"solutes": [SOLUTE | {"kd": "high"}]}, "solute 1, kd", "kd must be"),
        ({"solutes": [SOLUTE | {"kd": [1.0, 2.0]}]}, "solute 1, kd", "1 materials"),
        ({"solutes": [{"name": "cd"}]}, "solute 1, kd", "0 for a tracer"),
        ({"solutes": [SOLUTE | {"beta": 1e-30}]}, "solute 1, beta", "no exponent"),
        ({"solutes": [SOLUTE | {"model": "linear", "beta": 0.5}]}, "solute 1, model", "another model than linear"),
        ({"solutes": [SOLUTE | {"model": "linear", "eta": 0.5}]}, "solute 1, model", "another model than linear"),
        ({"solutes": [SOLUTE | {"model": "langmuir"}]}, "solute 1, eta", "eta is missing"),
        ({"solutes": [SOLUTE | {"equilibrium_fraction": 0.5}]}, "solute 1, rate_1_d", "rate_1_d is missing"),
        ({"solutes": [SOLUTE | {"equilibrium_fraction": 1.5}]}, "solute 1, equilibrium_fraction", "within 0 and 1"),
        ({"solutes": [SOLUTE | {"decay_1_d": 0.1}]}, "solute 1, decay_1_d", "not modelled"),
        ({"solutes": [SOLUTE | {"difusion_cm2_d": 0.1}]}, "solute 1, difusion_cm2_d", "a number is missing"),
        ({"bulk_density_g_cm3": 1350}, "bulk_density_g_cm3", "out of range"),
        ({"bulk_density_g_cm3": [1.3, 1.4]}, "bulk_density_g_cm3", "another number of values"),
        ({"dispersivity_cm": -1}, "dispersivity_cm", "out of range"),
    ],
)  # fmt: skip
def test_a_wrong_value_of_the_description(tmp_path, capsys, about, place, said):
    if "difusion_cm2_d" in str(about):
        about = {"solutes": [{key: value for key, value in about["solutes"][0].items() if key != "diffusion_cm2_d"}]}
        said = "unknown key"
    told = refused(write_case(tmp_path / "case", about), tmp_path, capsys)
    assert "case.json" in told
    assert place in told
    assert said in told


def test_two_metals_of_one_name(tmp_path, capsys):
    case = write_case(tmp_path / "case", {"solutes": [SOLUTE, SOLUTE]})
    replace(case / PROFILE, lambda text: text.replace("c1", "c1,c2").replace("\n", ",0\n").replace("c2,0", "c2"))
    assert "two solutes have one name" in refused(case, tmp_path, capsys)


def replace(file, change):
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")


def lines(change):
    """A change of the list of lines of a text."""

    def changed(text):
        rows = text.splitlines()
        change(rows)
        return "\n".join(rows) + "\n"

    return changed


def cell(row, column, value):
    """A change of one cell; rows as the file counts them, from 1."""

    def change(rows):
        cells = rows[row - 1].split(",")
        cells[column] = value
        rows[row - 1] = ",".join(cells)

    return lines(change)


PROFILE, MET = "profile_initial.csv", "met.csv"


@pytest.mark.parametrize(
    ("file", "change", "place", "said"),
    [
        (PROFILE, cell(2, 0, "1"), "row 2, depth", "begin at the surface"),
        (PROFILE, cell(5, 0, "-15"), "row 5, depth", "increase downwards"),
        (PROFILE, cell(5, 0, "10"), "row 5, depth", "increase downwards"),
        (PROFILE, cell(5, 0, ""), "row 5, depth", "a value is missing"),
        (PROFILE, cell(5, 1, "nan"), "row 5, h", "not a number"),
        (PROFILE, cell(5, 1, "-inf"), "row 5, h", "not a number"),
        (PROFILE, cell(5, 1, "-1_0"), "row 5, h", "not a number"),
        (PROFILE, cell(5, 1, "-1e30"), "row 5, h", "out of range"),
        (PROFILE, lambda text: text.replace(",-100,", ",100,"), "row 2, h", "more water stands on the surface"),
        (PROFILE, cell(5, 2, "1.5"), "row 5, mat", "a material that is not in case.json"),
        (PROFILE, cell(5, 2, "2"), "row 5, mat", "a material that is not in case.json"),
        (PROFILE, cell(3, 4, "-0.1"), "row 3, beta", "must not be negative"),
        (PROFILE, lambda text: text.replace("beta", "Beta"), "row 1", "unknown title"),
        (PROFILE, lambda text: text.replace("beta", "roots"), "met.csv, pot_transp_cm_d", "no roots"),
        (PROFILE, cell(3, 5, "-0.1"), "row 3, c1", "out of range"),
        (PROFILE, lambda text: text.replace("c1", "C1"), "row 1", "lacks columns"),
        (PROFILE, lambda text: text.replace("lay", "c2"), "row 1", "without a substance"),
        (PROFILE, lambda text: text.replace("lay", "h"), "row 1", "stands twice"),
        (PROFILE, lines(lambda rows: rows.__delitem__(slice(3, None))), PROFILE, "too few"),
        (PROFILE, lambda text: text.replace(",", ";"), PROFILE, "not separated by commas"),
        (PROFILE, lambda text: text.replace(",", "\t"), PROFILE, "not separated by commas"),
        (PROFILE, lambda text: "# mine\n" + text, "row 1", "lacks columns"),
        (PROFILE, lambda text: text.splitlines()[0], PROFILE, "no rows"),
        (PROFILE, lambda text: "", PROFILE, "is empty"),
        (PROFILE, lambda text: text.replace("20.0", "20,0"), "row 6", "more values than there are titles"),
        (PROFILE, lambda text: text.replace("20.0", "20\0"), PROFILE, "not text"),
        (MET, cell(4, 0, "2"), "row 4, t_end_d", "missing or out of order"),
        (MET, lines(lambda rows: rows.insert(3, rows[3])), "row 5, t_end_d", "missing or out of order"),
        (MET, lines(lambda rows: rows.reverse() or rows.insert(0, rows.pop())), "row 2", "missing or out of order"),
        (MET, lines(lambda rows: rows.pop()), "row 10", "weather ends before the run does"),
        (MET, cell(4, 0, "2009-01-03"), "row 4, t_end_d", "not a number"),
        (MET, cell(4, 1, "-0.5"), "row 4, rain_cm_d", "out of range"),
        (MET, cell(4, 1, "NA"), "row 4, rain_cm_d", "not a number"),
        (MET, cell(4, 2, "-0.1"), "row 4, pot_evap_cm_d", "out of range"),
        (MET, lambda text: text.replace("rain_cm_d", "rain_mm_d"), "row 1", "lacks columns"),
        (MET, lambda text: text.replace("pot_transp_cm_d", "pot_transp_mm_d"), "row 1", "unknown title"),
        (MET, lambda text: text.replace("pot_transp_cm_d", "c_rain_ni_mg_L"), "row 1", "unknown title"),
        (MET, lambda text: text.replace("pot_transp_cm_d", "c_rain_x"), "row 1", "not in case.json"),
        (MET, lambda text: text.replace("pot_transp_cm_d", "other"), "row 1", "no potential transpiration"),
        # 300 cm in a day, and in an hour of a day; the most ever measured is 182.5 cm
        (MET, cell(4, 1, "300"), "row 4, rain_cm_d", "a day's rain"),
        # times in hours
        (MET, lambda text: hours(text), "row 11, t_end_d", "t_end_d in days"),
    ],
)  # fmt: skip
def test_a_wrong_row_or_title(tmp_path, capsys, file, change, place, said):
    case = write_case(tmp_path / "case")
    replace(case / file, change)
    told = refused(case, tmp_path, capsys)
    assert place in told
    assert said in told


def hours(text):
    rows = text.splitlines()
    later = [f"{24 * int(row.split(',')[0])},{row.partition(',')[2]}" for row in rows[1:]]
    return "\n".join([rows[0], *later]) + "\n"


def test_evaporation_in_another_unit(tmp_path, capsys):
    """20 mm a day for a year, read as cm, is three times what any open water loses."""
    case = write_case(tmp_path / "case", days=365)
    replace(case / "met.csv", lambda text: text.replace(",0.1,0.1", ",2,0.1"))
    assert "potential evaporation is not that of any place" in refused(case, tmp_path, capsys)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (lambda t: t[: len(t) // 2], "the file ends too early"),
        (lambda t: t[:-1] + ",}", "not JSON"),
        (lambda t: "// mine\n" + t, "not JSON"),
        (lambda t: t[:-1] + ', "top": {"type": "flux"}}', "stands twice"),
        (lambda t: t.replace("0.43", "NaN"), "NaN is no number"),
        (lambda t: "[" * 100_000, "not JSON"),
        (lambda t: "[1, 2]", "not a mapping"),
        (lambda t: "null", "not a mapping"),
        (lambda t: " ", "is empty"),
    ],
)
def test_a_description_that_is_not_json(tmp_path, capsys, text, said):
    case = write_case(tmp_path / "case")
    replace(case / "case.json", text)
    told = refused(case, tmp_path, capsys)
    assert "case.json" in told
    assert said in told


@pytest.mark.parametrize("name", ["case.json", PROFILE, MET])
def test_bytes_that_are_no_text_and_folders_that_are_no_file(tmp_path, capsys, name):
    case = write_case(tmp_path / "case")
    whole = (case / name).read_bytes()
    (case / name).write_bytes(whole.decode().encode("utf-16"))
    assert "not UTF-8" in refused(case, tmp_path, capsys)
    (case / name).unlink()
    assert "No such file" in refused(case, tmp_path, capsys)
    (case / name).mkdir()
    assert name in refused(case, tmp_path, capsys)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw + b"\n\n,,,\n",
        lambda raw: raw.replace(b",", b" , "),
    ],
)
@pytest.mark.parametrize("name", [PROFILE, MET])
def test_what_spreadsheets_write_is_read_as_it_is_meant(tmp_path, name, change):
    """A mark of the byte order, lines that end as in Windows, empty rows and blanks change no byte of the answer."""
    case = write_case(tmp_path / "case")
    assert cli.main(["column", str(case), "--out", str(tmp_path / "plain")]) == 0
    (case / name).write_bytes(change((case / name).read_bytes()))
    assert cli.main(["column", str(case), "--out", str(tmp_path / "out")]) == 0
    for table in ("daily_cumulative.csv", "profile_end.csv", "summary_end.csv"):
        assert (tmp_path / "out" / table).read_bytes() == (tmp_path / "plain" / table).read_bytes()


def test_many_problems_come_together_and_no_more_than_can_be_read(tmp_path, capsys):
    case = write_case(tmp_path / "case", {"bottom": {"type": "lava"}, "top": {"type": "sky"}}, days=60, n=0.5)
    told = refused(case, tmp_path, capsys)
    assert all(said in told for said in ("unknown kind of top", "unknown kind of bottom", "n must be above 1"))
    case = write_case(tmp_path / "case", days=60, rain="wet")
    told = refused(case, tmp_path, capsys)
    assert "40 more problems" in told


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("summary_end.csv", "quantity,dp_ref\n", "lack a quantity"),
        ("summary_end.csv", "quantity,dp_ref\nbottom_drainage_cum_cm,much\n", "cannot be read"),
        ("summary_end.csv", "a,b\n1,2\n", "cannot be read"),
        ("profile_end.csv", "depth_cm,c1_mg_L\n", "cannot be read"),
        ("profile_end.csv", "depth_cm\n1\n", "cannot be read"),
        ("daily_cumulative.csv", "t_d,runoff_cum_cm\nsoon,1\n", "not a number"),
    ],
)
def test_a_reference_that_cannot_be_read(tmp_path, capsys, file, text, said):
    from test_column_case import expected_from

    case = write_case(tmp_path / "case")
    assert cli.main(["column", str(case), "--out", str(tmp_path / "first")]) == 0
    expected_from(tmp_path / "first", case)
    capsys.readouterr()
    (case / "expected" / file).write_text(text, encoding="utf-8")
    assert cli.main(["verify", "column", str(case)]) == 2
    told = capsys.readouterr().err
    assert file in told
    assert said in told


def test_an_old_answer_stays_where_the_new_one_is_refused(tmp_path, capsys):
    """Nothing half-written, nothing overwritten."""
    case = write_case(tmp_path / "case")
    assert cli.main(["column", str(case), "--out", str(tmp_path / "old")]) == 0
    before = {file.name: file.read_bytes() for file in (tmp_path / "old").iterdir()}
    about = json.loads((case / "case.json").read_text(encoding="utf-8"))
    (case / "case.json").write_text(json.dumps(about | {"bottom": {"type": "lava"}}), encoding="utf-8")
    assert cli.main(["column", str(case), "--out", str(tmp_path / "old")]) == 2
    assert {file.name: file.read_bytes() for file in (tmp_path / "old").iterdir()} == before
    (tmp_path / "file").write_text("", encoding="utf-8")
    case = write_case(tmp_path / "case")
    assert cli.main(["column", str(case), "--out", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
