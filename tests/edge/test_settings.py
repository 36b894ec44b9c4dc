"""Configuration: merging, cross-checks and coefficients."""

import copy
from pathlib import Path

import pytest
from metalbudget import settings
from metalbudget.errors import InputError

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT = settings.load(REPOSITORY / "config" / "config.yaml")
SCENARIOS = settings.load(REPOSITORY / "config" / "scenarios.yaml")


def changed(path, value):
    config = copy.deepcopy(DEFAULT)
    *parents, last = path.split(".")
    place = config
    for key in parents:
        place = place[key]
    place[last] = value
    return config


def test_shipped_configurations_pass():
    assert settings.check(DEFAULT, SCENARIOS) == []
    quick = settings.load(REPOSITORY / "config" / "config.yaml", REPOSITORY / "config" / "quick.yaml")
    assert settings.check(quick, SCENARIOS) == []
    assert quick["run"]["metals"] == ["cd", "pb"]
    assert quick["metals"] == DEFAULT["metals"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("run.metals", ["cd", "xx"], "unknown metal 'xx'"),
        ("run.years", [2000, 2007, 2020], "no weather for modelled year 2007"),
        ("run.years", [2000, 2015], "a survey lies outside"),
        ("landuse.dates", [2000, 2010], "outside the land-use dates"),
        ("forecast.start_year", 2015, "must start at the last survey"),
        ("forecast.snapshots_yr", [0, 10], "snapshots must rise"),
        ("forecast.reference_years", [1999], "not a weather year"),
        ("water.rain_factors", [0.9, 1.1], "must rise and hold 1.0"),
        ("run.scenarios", ["baselin"], "unknown scenario 'baselin'"),
        ("claims.scenario", "nothing", "not among run.scenarios"),
        ("leaching.kd_minimum_l_kg", {"cd": 1e9}, "the minimum is above the maximum"),
        ("leaching.kd_maximum_l_kg", dict.fromkeys([*DEFAULT["metals"], "nl"], 1e5), "unknown metal 'nl'"),
    ],
)
def test_contradictions_are_named(path, value, message):
    problems = settings.check(changed(path, value), SCENARIOS)
    assert any(message in problem.message for problem in problems), [str(p) for p in problems]


def test_a_scenario_outside_the_rain_ladder_is_named():
    scenarios = copy.deepcopy(SCENARIOS)
    scenarios["baseline"]["rain"] = {2070: 1.5}
    assert any("outside the ladder" in problem.message for problem in settings.check(DEFAULT, scenarios))


def test_coefficients_filter_by_metal_and_prefer_the_specific_row(tmp_path):
    (tmp_path / "t.csv").write_text(
        "product,metal,value,unit,low,high,source,verified\n"
        "steel,all,1,g t-1,,,here,true\nsteel,cd,2,g t-1,,,here,true\nsteel,pb,3,g t-1,,,here,true\n"
        "glass,all,4,g t-1,,,here,true\n",
        encoding="utf-8",
    )
    assert settings.coefficients("t", "cd", folder=tmp_path) == {"steel": 2.0, "glass": 4.0}
    assert settings.coefficients("t", "cd", folder=tmp_path, product="glass") == {"": 4.0}
    with pytest.raises(InputError):
        settings.coefficients("absent", folder=tmp_path)


def test_an_error_says_what_where_and_how_to_mend():
    error = InputError("bad", file="a.csv", where="row 3", found="x", expected="y", mend="write y")
    assert str(error).splitlines() == [
        "a.csv, row 3: bad",
        "    found: x",
        "    expected: y",
        "    how to mend: write y",
    ]


def test_a_key_that_stands_twice_is_named(tmp_path):
    (tmp_path / "c.yaml").write_text("capacity: {value: screening}\nrun: {}\ncapacity: {value: x}\n", encoding="utf-8")
    with pytest.raises(InputError, match="'capacity' stands twice") as caught:
        settings.load(tmp_path / "c.yaml")
    assert caught.value.where == "line 1"


@pytest.mark.parametrize("number", [".nan", ".inf", "-.inf"])
def test_a_setting_that_is_no_number_is_named(tmp_path, number):
    """No comparison with a limit notices NaN."""
    (tmp_path / "own.yaml").write_text(f"water:\n  rain_factors: [0.9, {number}]\n", encoding="utf-8")
    with pytest.raises(InputError, match="not a number") as caught:
        settings.load(tmp_path / "own.yaml")
    assert caught.value.where == "water.rain_factors.1"


def test_a_configuration_that_is_no_text_is_named(tmp_path):
    (tmp_path / "own.yaml").write_bytes("water: {}".encode("utf-16"))
    with pytest.raises(InputError, match="not valid YAML"):
        settings.load(tmp_path / "own.yaml")


def test_shipped_tables_pass():
    assert settings.table_problems() == []


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("sand,n,2.68", "sand,n,", "row 2, sand/n, value", "not a number"),
        ("sand,n,2.68", "sand,n,steep", "row 2, sand/n, value", "not a number"),
        ("sand,n,2.68", "sand,n,nan", "row 2, sand/n, value", "not a number"),
        ("sand,n,2.68", "sand,n,12", "row 2, sand/n", "outside its own range"),
        ("sand,ks", "sand,n", "row 3", "stands in row 2 already"),
        (",true\nsand,ks", "\nsand,ks", "row 2", "another number of fields"),
        ("verified", "seen", None, "lacks columns"),
        ("texture", "\xff", None, "cannot be read"),
    ],
)
def test_a_wrong_parameter_table_is_named_with_its_row(tmp_path, old, new, place, said):
    text = (
        "texture,parameter,value,unit,low,high,source,verified\n"
        "sand,n,2.68,1,1,10,a book,true\nsand,ks,712.8,cm d-1,,,a book,true\n"
    )
    (tmp_path / "soil.csv").write_bytes(text.replace(old, new).encode("latin-1"))
    problem = settings.table_problems(tmp_path)[0]
    assert said in problem.message
    assert place is None or problem.where == place
    (tmp_path / "soil.csv").write_text("\ufeff" + text, encoding="utf-8")
    assert settings.table_problems(tmp_path) == []
    assert settings.coefficients("soil", folder=tmp_path) == {"sand/n": 2.68, "sand/ks": 712.8}
