"""`metalbudget disperse` and `verify`: tables, averages, marks and refusals, with an engine that answers by rule."""

import csv
import json
import sys
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pytest
from deck_factory import deck_text, write_weather
from metalbudget import cli
from metalbudget.commands import verify as verify_command
from metalbudget.dispersion import verification


@dataclass
class Answer:
    """The engine's answer."""

    concentration_ug_m3: np.ndarray
    dry_g_m2: np.ndarray
    wet_g_m2: np.ndarray
    valid: np.ndarray
    calm_hours: int = 0
    missing_hours: int = 0


def engine(sources, receptors, hours, observations, options, groups=None, hourly=False, hours_used=None, **_):
    """Concentration (row + 1) * (receptor + 1) * emission; dry a hundredth, wet a thousandth of it in every hour."""
    row = np.arange(1, hours.size + 1)[:, None] * np.arange(1, receptors.x_m.size + 1)
    used = hours_used & hours.valid
    single = []
    for members in groups:
        strength = sum(
            sources[i].emission
            * (np.ones(hours.size) if sources[i].emission_factor is None else sources[i].emission_factor)
            for i in members
        )
        single.append(np.where(used[:, None], row * strength[:, None], 0.0))
    conc = np.array(single)
    if hourly:
        return Answer(conc, conc / 100.0, conc / 1000.0, used)
    summed = conc.sum(axis=1)
    return Answer(summed / max(used.sum(), 1), summed / 100.0, summed / 1000.0, used)


@pytest.fixture
def deck(tmp_path, monkeypatch):
    """Write a deck with METHOD_2 and two receptors; the fourth hour is calm, the sixth missing."""
    fake = ModuleType("metalbudget.dispersion.model")
    fake.run = engine
    monkeypatch.setitem(sys.modules, "metalbudget.dispersion.model", fake)
    import metalbudget.dispersion

    monkeypatch.setattr(metalbudget.dispersion, "model", fake, raising=False)
    folder = tmp_path / "case"
    folder.mkdir()
    write_weather(folder, winds={3: "0.00", 5: "999.0"})

    def _deck(**parts):
        given = {
            "options": "CONC DDEP WDEP FLAT ALPHA",
            "source": "   LOCATION S1 POINT 0 0\n   SRCPARAM S1 2 35 432 11.7 2.4\n   METHOD_2 S1 0.7 0.6",
            "receptors": "   DISCCART 500 0\n   DISCCART 900 0",
        } | parts
        path = folder / "deck.inp"
        path.write_text(deck_text(**given))
        return path

    return _deck


def table_of(path):
    """Rows of a table."""
    with path.open() as stream:
        return list(csv.DictReader(stream))


def test_hourly_table(deck, tmp_path, capsys):
    out = tmp_path / "out.csv"
    assert cli.main(["disperse", str(deck()), "--out", str(out)]) == 0
    rows = table_of(out)
    assert list(rows[0]) == ["date", "rec", "conc_ugm3", "ddep_gm2", "wdep_gm2", "total_gm2"]
    assert len(rows) == 48 * 2
    assert (rows[0]["date"], rows[-1]["date"]) == ("23010101", "23010224")
    assert rows[3] == {
        "date": "23010102",
        "rec": "2",
        "conc_ugm3": "8.000000E+00",
        "ddep_gm2": "8.000000E-02",
        "wdep_gm2": "8.000000E-03",
        "total_gm2": "8.800000E-02",
    }
    assert rows[6]["conc_ugm3"] == rows[10]["conc_ugm3"] == "nan"
    printed = capsys.readouterr().out
    assert "48 hours, of which 1 calm and 1 missing" in printed
    assert "POSTFILE" in printed


def test_period_months_and_groups(deck, tmp_path):
    source = "   LOCATION S1 POINT 0 0\n   LOCATION S2 POINT 1 9\n   SRCPARAM S1 2 35 432 11.7 2.4\n"
    source += "   SRCPARAM S2 1 35 432 11.7 2.4\n   METHOD_2 S1-S2 0.7 0.6"
    path = deck(average="MONTH PERIOD", source=source, groups="   SRCGROUP ALL\n   SRCGROUP B S2")
    out = tmp_path / "out.csv"
    assert cli.main(["disperse", str(path.parent), "--out", str(out), "--monthly"]) == 0
    rows = table_of(out)
    assert list(rows[0])[:3] == ["group", "rec", "conc_ugm3"]
    assert [row["group"] for row in rows] == ["ALL", "ALL", "B", "B"]
    total = sum(range(1, 49)) - 4 - 6  # rows 4 and 6 are left out
    assert float(rows[0]["ddep_gm2"]) == pytest.approx(3 * total / 100)
    assert float(rows[3]["conc_ugm3"]) == pytest.approx(2 * total / 46, rel=1e-6)
    months = table_of(tmp_path / "out_monthly.csv")
    assert list(months[0]) == ["month", "rec", "conc_ugm3", "ddep_gm2", "wdep_gm2", "total_gm2"]
    assert [row["month"] for row in months] == ["1", "1"]
    assert float(months[0]["conc_ugm3"]) == pytest.approx(3 * total / 46, rel=1e-6)
    assert cli.main(["disperse", str(path), "--out", str(out), "--hourly"]) == 0
    assert list(table_of(out)[0])[:3] == ["group", "date", "rec"]


@pytest.mark.parametrize(("length", "least"), [(2, 2), (3, 3), (4, 3), (6, 5), (8, 6), (12, 9), (24, 18)])
def test_short_averages_divide_by_three_quarters_at_least(deck, tmp_path, length, least):
    # as AERMOD's POSTFILEs of a year with calm hours: the mean divides by max(valid, 0.75 n rounded up)
    out = tmp_path / "out.csv"
    assert cli.main(["disperse", str(deck(average=str(length))), "--out", str(out)]) == 0
    rows = table_of(out)
    assert len(rows) == 48 // length * 2
    block = [row for row in range(1, length + 1) if row not in (4, 6)]
    assert rows[0]["date"] == f"230101{length:02d}"
    assert float(rows[0]["conc_ugm3"]) == pytest.approx(2 * sum(block) / max(len(block), least), rel=1e-6)
    assert float(rows[0]["ddep_gm2"]) == pytest.approx(2 * sum(block) / 100, rel=1e-6)


def test_inputs_are_not_overwritten(deck, tmp_path, capsys):
    path = deck()
    before = path.read_text()
    for target in ("deck.inp", "a.sfc", "a.pfl"):
        assert cli.main(["disperse", str(path), "--out", str(path.with_name(target))]) == 2
        assert "would replace an input file" in capsys.readouterr().err
    assert path.read_text() == before
    assert cli.main(["disperse", str(path), "--out", str(tmp_path / "none" / "out.csv")]) == 2
    assert cli.main(["disperse", str(tmp_path / "absent.inp"), "--out", str(tmp_path / "out.csv")]) == 2
    assert cli.main(["disperse", str(path), "--out", str(tmp_path / "out.csv"), "--threads", "0"]) == 2


def expected_table(deck, path, change=lambda rows: None):
    """What `disperse` writes, changed, as the expected table of a case."""
    target = path.parent / "expected.csv"
    assert cli.main(["disperse", str(path), "--out", str(target)]) == 0
    rows = table_of(target)
    for row in rows:
        for name, value in row.items():
            if value == "nan":
                row[name] = "0"
    change(rows)
    with target.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("average", ["1", "MONTH PERIOD"])
def test_verification_passes_on_the_same_numbers(deck, tmp_path, capsys, average):
    path = deck(average=average)
    expected_table(deck, path)
    report = tmp_path / "report.md"
    assert cli.main(["verify", "dispersion", str(tmp_path), "--only", "ca*", "--markdown", str(report)]) == 0
    printed = capsys.readouterr().out
    assert "4 of 4 quantities of 1 cases meet their marks" in printed
    assert "1 calm and 1 missing of 48 hours left out" in printed
    assert report.read_text().startswith("| case | quantity | rows |")


@pytest.mark.parametrize("average", ["1", "MONTH PERIOD"])
def test_verification_misses_a_wrong_number(deck, tmp_path, capsys, average):
    path = deck(average=average)

    def change(rows):
        rows[1]["conc_ugm3"] = f"{1.06 * float(rows[1]['conc_ugm3']):.6E}"

    expected_table(deck, path, change)
    assert cli.main(["verify", "dispersion", str(path.parent)]) == 1
    printed = capsys.readouterr().out
    assert "MISS" in printed
    assert "3 of 4 quantities" in printed


def test_marks_of_hours_and_years():
    expected = np.ones((1, 10, 100))
    expected[0, :, 99] = 9.0e-5  # below a ten-thousandth of the hour's maximum: not compared
    found = expected.copy()
    found[0, :, 99] *= 3.0
    found[0, 0, :4] = 1.049
    row = verification.hourly_agreement("c", "conc", expected, found)
    assert (row.rows, row.passed) == (990, True)
    assert row.largest == pytest.approx(0.049)
    found[0, 0, :6] = 1.02  # six of 990 is more than half a per cent
    assert not verification.hourly_agreement("c", "conc", expected, found).passed
    found = expected.copy()
    found[0, 3, 3] = 0.94
    assert not verification.hourly_agreement("c", "conc", expected, found).passed
    found[0, 3, 3] = np.nan
    assert verification.hourly_agreement("c", "conc", expected, found).largest == np.inf

    expected = np.ones((1, 1, 100))
    assert verification.annual_agreement("c", "conc", expected, expected * 1.0029).passed
    assert not verification.annual_agreement("c", "conc", expected, expected * 1.0031).passed
    found = expected.copy()
    found[0, 0, 0] = 1.011
    assert not verification.annual_agreement("c", "conc", expected, found).passed


def test_a_plume_where_the_reference_has_none_is_a_miss():
    expected = np.zeros((1, 2, 3))
    expected[0, 0] = 1.0
    found = expected.copy()
    found[0, 1, 1] = 0.5
    row = verification.hourly_agreement("c", "conc", expected, found)
    assert row.largest == np.inf
    assert not row.passed


def test_field_cases_have_no_mark(deck, tmp_path, capsys):
    path = deck(options="CONC FLAT", source="   LOCATION S1 POINT 0 0\n   SRCPARAM S1 1 35 432 11.7 2.4")
    folder = path.parent
    about = {"kind": "field", "deck": "deck.inp", "runs": "runs.csv", "observations": "seen.csv"}
    (folder / "case.json").write_text(json.dumps(about))
    (folder / "runs.csv").write_text("run\n7\n8\n9\n")
    # the engine gives hour times receptor: 1 at 500 m and 2 at 900 m in the first hour, 3 and 6 in the third
    (folder / "seen.csv").write_text("run,arc_m,maximum_us_m3\n7,500,2.0\n7,900,\n9,500,1.0\n9,900,6.0\n")
    assert cli.main(["verify", "dispersion", str(folder)]) == 0
    score = verification.verify(folder).scores[0]
    assert (score.pairs, score.quantity) == (3, "maximum")
    assert score.fac2 == pytest.approx(2 / 3)
    assert score.geometric_mean_ratio == pytest.approx((0.5 * 3.0 * 1.0) ** (1 / 3))
    assert "within a factor of 2" in capsys.readouterr().out


def test_a_case_that_cannot_be_run_does_not_hide_the_others(deck, tmp_path, capsys):
    path = deck()
    expected_table(deck, path)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "deck.inp").write_text(deck_text(options="CONC FLAT OLM"))
    (broken / "expected.csv").write_text("date,rec,conc_ugm3\n")
    assert cli.main(["verify", "dispersion", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert "4 of 4 quantities" in captured.out
    assert "the option OLM is not supported" in captured.err


def test_what_cannot_be_verified(tmp_path, capsys):
    assert cli.main(["verify", "columns", str(tmp_path)]) == 2
    assert "nothing of this kind can be verified" in capsys.readouterr().err
    assert cli.main(["verify", "dispersion", str(tmp_path)]) == 2
    assert "no case was found" in capsys.readouterr().err
    assert cli.main(["verify", "dispersion", str(tmp_path / "none")]) == 2


def test_plain_tables_line_up():
    lines = verify_command.plain(("case", "b", "n"), [("a", "bb", "1"), ("long name", "c", "1000")])
    assert lines == ["case       b      n", "a          bb     1", "long name  c   1000"]
