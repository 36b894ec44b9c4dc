"""`metalbudget check` and the check while the Snakefile is parsed: whatever is wrong, one list and exit code 2."""

import pytest
import raw_factory
from metalbudget import preflight, settings
from metalbudget.cli import main as command
from raw_mistakes import MUTATIONS


@pytest.fixture
def raw(tmp_path):
    return raw_factory.make_raw(tmp_path / "raw")


@pytest.fixture
def study(raw):
    import yaml

    config, scenarios = raw_factory.study_config(raw)
    config["region"]["folder"] = "raw"
    config["scenarios_file"] = "scenarios.yaml"
    config["weather"]["of_year"].update({2005: [], 2010: [], 2015: []})  # mappings merge: drop the default years
    (raw.parent / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (raw.parent / "scenarios.yaml").write_text(yaml.safe_dump(scenarios), encoding="utf-8")
    return raw.parent


def test_check_returns_0_and_writes_a_self_contained_atlas(study, capsys):
    atlas = study / "atlas.html"
    assert command(["check", "--directory", str(study), "--atlas", str(atlas)]) == 0
    assert "no problems" in capsys.readouterr().out
    page = atlas.read_text(encoding="utf-8")
    assert "http" not in page.replace("http-equiv", "")
    for part in ("soil/ph_water.tif", "roads.gpkg", "facilities.csv", "generated", "data:image/png;base64"):
        assert part in page
    for part in ("1 paddy field, paddy: 1", "2 marine clay: ", "places of facilities.csv", "places of surveys/survey"):
        assert part in page


def test_check_returns_2_and_lists_every_problem(study, capsys):
    MUTATIONS["height in km"][0](study / "raw")
    MUTATIONS["unknown code"][0](study / "raw")
    assert command(["check", "--directory", str(study)]) == 2
    shown = capsys.readouterr().out
    assert "2 problems in the input" in shown
    assert "look like km" in shown
    assert "unknown class code 99" in shown
    assert "Traceback" not in shown


def test_check_names_an_unknown_key(study, capsys):
    (study / "more.yaml").write_text("dispersion: {max_distance: 1}\n", encoding="utf-8")
    files = [str(study / name) for name in ("config.yaml", "more.yaml")]
    assert command(["check", "--directory", str(study), "--configfile", *files]) == 2
    assert "did you mean 'max_distance_m'?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("study: hello", ["configuration, study: wrong type", "'hello' (text)"]),
        ("region: hello", ["configuration, region: wrong type"]),
        ("- a list", ["more.yaml: the file holds no mapping", "begin each line with a key"]),
        ("a: [unclosed", ["more.yaml, line 2: the file is not valid YAML", "close brackets"]),
        ("study:\n\ttitle: tab", ["more.yaml, line 2: the file is not valid YAML", "not with tabs"]),
        ("study: {seed: 1}\nstudy: {seed: 2}", ["more.yaml, line 1: the key 'study' stands twice"]),
    ],
)
def test_check_survives_any_configuration(study, capsys, text, expected):
    (study / "more.yaml").write_text(text + "\n", encoding="utf-8")
    files = [str(study / name) for name in ("config.yaml", "more.yaml")]
    assert command(["check", "--directory", str(study), "--configfile", *files]) == 2
    shown = capsys.readouterr()
    assert all(part in shown.out + shown.err for part in [*expected, "how to mend"]), shown.out + shown.err


@pytest.mark.parametrize("section", ["study", "region", "dispersion", "weather", "run"])
def test_a_section_that_is_no_mapping_ends_the_parsing_with_exit_code_2(study, capsys, section):

    overlay = {section: "hello"}
    config = settings.merge(settings.load(raw_factory.REPOSITORY / "config" / "config.yaml"), overlay)
    with pytest.raises(SystemExit) as stopped:
        preflight.run(config, study, used=[study / "config.yaml"])
    assert stopped.value.code == 2
    assert f"configuration, {section}: wrong type" in capsys.readouterr().err
    assert not (study / "results").exists()


def test_check_names_a_configuration_file_that_is_not_there(study, capsys):
    assert command(["check", "--directory", str(study), "--configfile", str(study / "none.yaml")]) == 2
    assert "how to mend: correct the path" in capsys.readouterr().err


def test_check_refuses_a_study_folder_that_is_not_there(tmp_path, capsys):
    assert command(["check", "--directory", str(tmp_path / "nowhere")]) == 2
    assert "the study folder does not exist" in capsys.readouterr().err


def test_check_says_that_it_checks_the_default_study_and_that_no_atlas_was_written(tmp_path, capsys):
    atlas = tmp_path / "atlas.html"
    assert command(["check", "--directory", str(tmp_path), "--atlas", str(atlas)]) == 0
    shown = capsys.readouterr().out
    assert "this checks the default study" in shown
    assert "atlas: not written: the generated region has no files yet" in shown
    assert not atlas.exists()


def test_files_of_a_user_are_not_generated_over_even_after_a_check_that_passed(tmp_path, capsys):

    config = settings.load(raw_factory.REPOSITORY / "config" / "config.yaml")
    preflight.run(config, tmp_path)
    own = tmp_path / "resources/raw/generated/facilities.csv"
    own.parent.mkdir(parents=True)
    own.write_text("mine\n", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        preflight.run(config, tmp_path)
    assert stopped.value.code == 2
    assert "would overwrite files it did not write" in capsys.readouterr().err
    assert own.read_text(encoding="utf-8") == "mine\n"
