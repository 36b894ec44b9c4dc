"""The schemas are closed and described, the shipped configurations fit them, and mistakes are named."""

import copy
import difflib
import json

import numpy as np
import pytest
import raw_factory
from metalbudget import inputs, settings
from metalbudget.errors import InputError
from metalbudget.inputs import manual, tables
from metalbudget.inputs.schema import table_names, table_schema

SCHEMAS = raw_factory.REPOSITORY / "workflow" / "schemas"
CONFIG = raw_factory.REPOSITORY / "config"
DOCUMENTS = {name: json.loads((SCHEMAS / f"{name}.schema.json").read_text()) for name in ("config", "scenarios")}


def problems_of(config: dict) -> list[str]:
    return [str(problem) for problem in inputs.schema_problems(config, SCHEMAS / "config.schema.json")]


def default() -> dict:
    return settings.load(CONFIG / "config.yaml")


def nodes(schema: dict, path: str = ""):
    """Every subschema of a configuration schema with its path."""
    yield path, schema
    for key in ("properties", "patternProperties"):
        for name, entry in schema.get(key, {}).items():
            yield from nodes(entry, f"{path}/{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_configuration_schemas_are_closed_and_described(name):
    for path, node in nodes(DOCUMENTS[name]):
        assert node.get("description"), f"{path} has no description"
        if node.get("type") == "object":
            assert node.get("additionalProperties") is False, f"{path} is open"
        if node.get("type") in ("number", "integer"):
            assert {"minimum", "maximum"} <= set(node), f"{path} has no bounds"
        assert "default" not in node, f"{path}: values live in config.yaml only"


@pytest.mark.parametrize("name", table_names())
def test_table_schemas_are_closed_described_and_exemplified(name):
    schema = table_schema(name)
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) <= set(schema["properties"])
    assert set(schema.get("key", ())) <= set(schema["properties"])
    for column, entry in schema["properties"].items():
        assert entry.get("description"), column
        assert entry.get("examples"), column
        kinds = [entry["type"]] if isinstance(entry["type"], str) else entry["type"]
        if "string" not in kinds:
            assert entry["minimum"] < entry["maximum"], column
            assert entry.get("unit"), column


@pytest.mark.parametrize("name", table_names())
def test_the_examples_of_a_table_are_valid_rows(name, tmp_path):
    properties = table_schema(name)["properties"]
    rows = list(zip(*(entry["examples"] for entry in properties.values()), strict=True))
    raw_factory.write_table(tmp_path / "t.csv", [dict(zip(properties, row, strict=True)) for row in rows])
    problems = []
    table = tables.read(tmp_path, "t.csv", name, problems)
    assert [str(problem) for problem in problems] == []
    assert table.n == len(rows)


def test_the_tables_name_the_models_classes():
    from metalbudget.landuse import CLASSES

    assert tuple(table_schema("landuse_classes")["properties"]["model_class"]["enum"]) == CLASSES


def test_docs_are_written_from_the_schemas():
    shipped = (raw_factory.REPOSITORY / "docs" / "inputs.md").read_text(encoding="utf-8")
    difference = list(difflib.unified_diff(shipped.splitlines(), manual.manual().splitlines(), lineterm="", n=0))
    assert not difference, "run python -m metalbudget.inputs.manual > docs/inputs.md\n" + "\n".join(difference[:20])


@pytest.mark.parametrize("overlays", [[], ["quick.yaml"]], ids=["default", "quick"])
def test_shipped_configurations_fit(overlays):
    assert problems_of(settings.load(CONFIG / "config.yaml", *(CONFIG / name for name in overlays))) == []


def test_shipped_scenarios_fit():
    scenarios = settings.load(CONFIG / "scenarios.yaml")
    assert inputs.schema_problems(scenarios, SCHEMAS / "scenarios.schema.json") == []


def test_years_may_be_text_as_json_delivers_them():
    assert problems_of(json.loads(json.dumps(default()))) == []


DELETE = object()
MISTAKES = [
    ("dispersion.max_distance", 5, ["unknown key 'max_distance'", "did you mean 'max_distance_m'?"]),
    ("disperson", {}, ["unknown key 'disperson'", "did you mean 'dispersion'?"]),
    ("metals.CD", {"kd": "constant", "enrichment": "fine"}, ["unknown key 'CD'", "did you mean 'cd'?"]),
    ("metals.cd.kd", "sauve2000", ["metals.cd.kd", "not one of the choices", "did you mean 'sauve_2000'?"]),
    ("budget.weathering_closure", DELETE, ["'weathering_closure' is missing", "budget.weathering_closure"]),
    ("runoff.porewater_mixing_factor", 30, ["out of range", "found: 30", "0 to 1", "[1]"]),
    ("landuse.mixing_depth_m.paddy", 20, ["landuse.mixing_depth_m.paddy", "out of range", "[m]"]),
    ("landuse.mixing_depth_m.padi", 0.2, ["unknown key 'padi'", "did you mean 'paddy'?"]),
    ("run.years", "2000", ["wrong type", "'2000' (text)", "a list", "write [2000]"]),
    ("run.years", ["2000"], ["run.years.0", "a whole number", "--configfile"]),
    ("run.metals", ["Cd"], ["run.metals.0", "wrong form", "did you mean 'cd'?"]),
    ("run.metals", [], ["the list is too short", "expected: at least 1 entry", "how to mend"]),
    ("run.metals", ["cd", "cd"], ["a value twice", "no entry twice"]),
    ("study.seed", True, ["wrong type", "True (true/false)", "a whole number"]),
    ("study.seed", -1, ["out of range", "-1"]),
    ("water.initial_abstraction_ratio", 0.1, ["not one of the choices", "0.2, 0.05"]),
    ("water.slope_adjusted_curve_number", "no", ["wrong type", "true or false"]),
    ("erosion.mode", "naïve", ["not one of the choices", "did you mean 'naive'?"]),
    ("weather.of_year.20x0", [2018], ["unknown key '20x0'"]),
    ("surveys", [{"year": 2000}], ["surveys.0.file", "'file' is missing"]),
    ("calibrator.learning_rate", 0, ["calibrator.learning_rate", "out of range"]),
    ("dispersion.engine", "gral", ["not one of the choices", "metalbudget"]),
    ("region", None, ["wrong type", "nothing", "a mapping"]),
]


@pytest.mark.parametrize(("key", "value", "expected"), MISTAKES, ids=[f"{key}={value}" for key, value, _ in MISTAKES])
def test_each_mistake_in_a_configuration_is_named(key, value, expected):
    config = copy.deepcopy(default())
    *parents, last = key.split(".")
    node = config
    for parent in parents:
        node = node[parent]
    if value is DELETE:
        del node[last]
    else:
        node[last] = value
    found = problems_of(config)
    assert len(found) == 1, "\n".join(found)
    assert all(part in found[0] for part in expected), found[0]


AGREEMENT = {
    "metal nobody knows": ({"run": {"metals": ["xx"]}}, ["run.metals: unknown metal 'xx'"]),
    "scenario nobody knows": (
        {"run": {"scenarios": ["base"]}},
        ["unknown scenario 'base'", "did you mean 'baseline'?"],
    ),
    "relation without rows": (
        {"metals": {"as": {"kd": "sauve_2000"}}},
        ["metals.as.kd: no sorption relation 'sauve_2000'", "constant"],
    ),
    "snapshots": (
        {"forecast": {"snapshots_yr": [0, 10]}},
        ["forecast.snapshots_yr", "found: [0, 10]", "rising years from 0 to 50"],
    ),
    "rain ladder": ({"water": {"rain_factors": [0.5, 2.0]}}, ["water.rain_factors", "for instance [0.8, 1.0, 1.2]"]),
    "rough country": (
        {"dispersion": {"rural_surface_roughness_m": 2.0}},
        ["the anemometer stands too low for the region's roughness", "10 m above ground", "= 2 m"],
    ),
    "scenarios file": (
        {"scenarios_file": "my/scenarios.yaml"},
        [
            "scenarios_file: the scenarios file does not exist",
            "no my/scenarios.yaml in",
            "relative to the study folder",
        ],
    ),
    "engine without program": ({"leaching": {"engine": "hydrus1d"}}, ["leaching.executable", "which is not there"]),
}


@pytest.mark.parametrize("name", AGREEMENT)
def test_each_disagreement_of_settings_is_one_message(name, tmp_path):
    overlay, expected = AGREEMENT[name]
    config = settings.merge(default(), overlay)
    try:
        found = [str(problem) for problem in inputs.setting_problems(config, tmp_path)[0]]
    except InputError as error:  # a file that is not there is raised: nothing behind it can be looked at
        found = [str(error)]
    assert len(found) == 1, "\n".join(found)
    assert all(part in found[0] for part in [*expected, "how to mend"]), found[0]


def test_the_shipped_settings_agree(tmp_path):
    problems, scenarios = inputs.setting_problems(default(), tmp_path)
    assert problems == []
    assert set(scenarios) >= {"baseline", "stricter_controls", "urban_growth"}


def test_factors_of_a_scenario_in_percent_are_named():
    scenarios = settings.load(CONFIG / "scenarios.yaml")
    scenarios["stricter_controls"]["emissions"]["cement"] = {2020: 100.0, 2035: 50.0}
    scenarios["stricter_controls"]["background"] = {2020: 1.0, 2035: 0.0}
    (problem,) = settings.check(default(), scenarios)
    assert problem.where == "stricter_controls.emissions.cement"
    assert "100 in 2020, 50 in 2035" in str(problem)
    assert "look like percent" in str(problem)


def test_a_metal_without_rows_is_asked_for_table_by_table(tmp_path):
    """Antimony has no row in any table: neither in those a job needs nor in those that make the region."""
    overlay = {
        "metals": {"sb": {"kd": "constant", "enrichment": "matrix"}},
        "run": {"metals": ["sb"]},
        "leaching": {"kd_minimum_l_kg": {"sb": 30}, "kd_maximum_l_kg": {"sb": 10000}},
    }
    problems, _ = inputs.setting_problems(settings.merge(default(), overlay), tmp_path)
    assert problems[0].where == "metals.sb.kd"
    tables = {problem.file.rpartition("/")[2] for problem in problems[1:]}
    assert {"crop_uptake.csv", "budget.csv", "emc.csv", "limits_ecological.csv", "demo_metal.csv"} <= tables
    own = settings.merge(default(), {**overlay, "region": {"source": "folder"}})
    assert not any("demo" in problem.file for problem in inputs.setting_problems(own, tmp_path)[0])


def test_a_scenario_with_an_unknown_sector_is_named():
    scenarios = settings.load(CONFIG / "scenarios.yaml")
    scenarios["stricter_controls"]["emissions"]["cemnt"] = {2020: 1.0}
    (problem,) = inputs.schema_problems(scenarios, SCHEMAS / "scenarios.schema.json")
    assert problem.where == "stricter_controls.emissions.cemnt"
    assert problem.mend == "did you mean 'cement'?"


def test_scenario_problems_come_once_and_unknown_keys_first():
    scenarios = settings.load(CONFIG / "scenarios.yaml")
    scenarios["baseline"]["rain"][2030] = "a"
    scenarios["mine"] = {"description": "x", "emision": {}}
    problems = inputs.schema_problems(scenarios, SCHEMAS / "scenarios.schema.json")
    texts = [str(problem) for problem in problems]
    assert len(texts) == len(set(texts)) == 8  # one unknown key, one wrong type, six missing keys
    assert problems[0].message == "unknown key 'emision'"


def test_duplicates_are_rows_that_repeat_an_earlier_one():
    repeated = tables.duplicates([np.array(["a", "b", "a", "a"]), np.array([1, 1, 2, 1])])
    assert repeated.tolist() == [False, False, False, True]
