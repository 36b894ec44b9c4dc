"""Every way to get the raw inputs wrong gives its own message: file, place, what was found, how to mend it."""

import datetime
import shutil
from pathlib import Path

import pytest
import raw_factory
from metalbudget import inputs, preflight
from raw_mistakes import MUTATIONS, STACKS, SURVEY, WEATHER, deleted, dropped, replaced, setting


@pytest.fixture
def raw(tmp_path):
    return raw_factory.make_raw(tmp_path / "raw")


def messages(folder: Path) -> list[str]:
    config, scenarios = raw_factory.study_config(folder)
    return [str(problem) for problem in inputs.check(folder, config, scenarios)]


def test_the_factorys_folder_has_no_problem(raw):
    assert messages(raw) == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_mistake_has_its_message(raw, name):
    change, expected = MUTATIONS[name]
    change(raw)
    found = messages(raw)
    matching = [text for text in found if all(part in text for part in expected)]
    assert len(matching) == 1, "\n".join(found) or "no problem was reported"


@pytest.mark.parametrize(
    "name",
    [
        "misspelt column",
        "letters of the header",
        "blank row of a spreadsheet",
        "one year in kt",
        "coal in kg",
        "weather in UTC",
        "south up",
        "raster cut short",
        "low anemometer",
        "nothing but water",
    ],
)
def test_one_mistake_is_one_message(raw, name):
    if name == "coal in kg":
        setting("activity.csv", "amount", "1.2e9")(raw)
    else:
        MUTATIONS[name][0](raw)
    found = messages(raw)
    assert len(found) == 1, "\n".join(found)


def test_all_problems_of_all_files_are_reported_together(raw):
    for name in ("wrong type", "height in km", "unknown code", "duplicate district", "hour missing"):
        MUTATIONS[name][0](raw)
    text = "\n".join(messages(raw))
    for name in ("wrong type", "height in km", "unknown code", "duplicate district", "hour missing"):
        assert all(part in text for part in MUTATIONS[name][1]), name


def test_a_repeated_mistake_is_one_message(raw):
    setting(SURVEY, "depth_bottom_m", "20", row=None)(raw)
    found = [text for text in messages(raw) if "out of range" in text]
    assert len(found) == 1
    assert "and 55 more" in found[0]  # 60 rows, five of them named


def test_facilities_outside_the_region_within_reach_are_allowed(raw):
    """The factory's cement kiln stands 5 km west of the region; max_distance_m decides."""
    config, scenarios = raw_factory.study_config(raw)
    config["dispersion"]["max_distance_m"] = 4000
    problems = inputs.check(raw, config, scenarios)
    assert [problem.found for problem in problems] == ["cement_01 5.0 km from the region"]


def test_a_missing_folder_is_one_problem(tmp_path):
    config, scenarios = raw_factory.study_config(tmp_path / "nowhere")
    problems = inputs.check(tmp_path / "nowhere", config, scenarios)
    assert [problem.message for problem in problems] == ["the raw folder does not exist"]


def test_without_a_survey_no_survey_is_asked_for(raw):
    shutil.rmtree(raw / "surveys")
    for number in range(2):
        dropped("provenance.csv", _row_of(raw, f"surveys/survey_{(2000, 2020)[number]}.csv"))(raw)
    config, scenarios = raw_factory.study_config(raw)
    config["surveys"] = []
    assert inputs.check(raw, config, scenarios) == []


def _row_of(folder: Path, layer_name: str) -> int:
    return [row["layer"] for row in raw_factory.read_table(folder / "provenance.csv")].index(layer_name)


def test_epw_with_a_rain_series_stands_for_a_weather_table(raw):
    """An EPW file written from the factory's own hours, field by field as the format's dictionary has it."""
    rows = raw_factory.weather_rows()
    header = [
        "LOCATION,Test,-,CHN,made up,586650,28.6,121.4,8.0,5.0",
        "DESIGN CONDITIONS,0",
        "TYPICAL/EXTREME PERIODS,0",
        "GROUND TEMPERATURES,0",
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
        "COMMENTS 1,made up",
        "COMMENTS 2,made up",
        "DATA PERIODS,1,1,Data,Sunday,1/1,12/31",
    ]
    lines = []
    for row in rows:
        begin = datetime.datetime.fromisoformat(str(row["time"])) - datetime.timedelta(hours=1)
        values = [begin.year, begin.month, begin.day, begin.hour + 1, 0, "?9", row["temperature_c"], 10.0]
        values += [row["relative_humidity_pct"], 100 * row["pressure_hpa"], 0, 0, 300, row["global_radiation_w_m2"]]
        values += [0, 0, 0, 0, 0, 0, row["wind_direction_deg"], row["wind_speed_m_s"], row["cloud_cover_tenths"]]
        values += [0, 9999, 77777, 9, 999999999, 0, 0.1, 0, 88, 0, 0, 0]
        lines.append(",".join(str(value) for value in values))
    (raw / WEATHER).unlink()
    (raw / "weather/2018.epw").write_text("\n".join([*header, *lines]) + "\n", encoding="utf-8")
    rain = [{"time": row["time"], "rain_mm": row["rain_mm"]} for row in rows]
    raw_factory.write_table(raw / "weather/2018_rain.csv", rain)
    setting("provenance.csv", "layer", "weather", row=_row_of(raw, WEATHER))(raw)
    assert messages(raw) == []
    raw_factory.write_table(raw / "weather/2018_rain.csv", rain[:-24])
    assert any("24 hours are missing" in text for text in messages(raw))
    raw_factory.write_table(raw / "weather/2018_rain.csv", rain)
    replaced("weather/2018.epw", "28.6,121.4,8.0", "28.6,120.4,7.0")(raw)
    found = messages(raw)
    assert len(found) == 2
    assert "time zone is not the station's" in found[0]
    assert "longitude is not the station's" in found[1]


def test_every_problem_says_how_to_mend_it(raw):
    for name in ("closed early", "duplicate row", "blank", "depth upside down", "scenario raster"):
        MUTATIONS[name][0](raw)
    config, scenarios = raw_factory.study_config(raw)
    problems = inputs.check(raw, config, scenarios)
    assert len(problems) >= 5
    assert all(problem.mend for problem in problems)


def test_the_signature_sees_files_settings_and_programs(raw):
    config, scenarios = raw_factory.study_config(raw)
    study = raw.parent
    first = preflight.signature_of(config, scenarios, study)
    assert preflight.signature_of(config, scenarios, study) == first
    seen = {first}
    config["dispersion"]["max_distance_m"] = 40000
    seen.add(preflight.signature_of(config, scenarios, study))
    setting(STACKS, "name", "Other name")(raw)
    seen.add(preflight.signature_of(config, scenarios, study))
    for section in ("dispersion", "leaching"):
        config[section]["executable"] = f"{section}_program"
        without = preflight.signature_of(config, scenarios, study)
        (study / f"{section}_program").write_text("#!/bin/sh\n")
        seen |= {without, preflight.signature_of(config, scenarios, study)}
    assert len(seen) == 7


def test_importing_the_check_loads_no_library():
    import subprocess
    import sys

    code = "import sys; from metalbudget import inputs; print({'numpy', 'pandas', 'rasterio'} & set(sys.modules))"
    scripts = str(raw_factory.REPOSITORY / "workflow" / "scripts")
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": scripts}, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


def test_a_missing_raster_keeps_its_row_in_the_provenance(raw):
    deleted("landuse/2020.tif")(raw)
    (found,) = messages(raw)
    assert "did you mean" not in found
