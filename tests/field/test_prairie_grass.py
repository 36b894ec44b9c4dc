"""The Prairie Grass case is whole: its weather follows from its figures, its observations from its samples."""

import csv
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

CASE = Path(__file__).parent / "prairie_grass"


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("prairie_grass_build", CASE / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(name):
    with open(CASE / name, newline="") as table:
        return list(csv.DictReader(table))


def test_deck_and_weather_are_those_built_from_the_figures(build):
    for name, content in build.files().items():
        assert (CASE / name).read_text() == content, f"{name}: run build.py"


def test_the_case_names_files_that_exist():
    case = json.loads((CASE / "case.json").read_text())
    assert case["kind"] == "field"
    for key in ("deck", "runs", "observations"):
        assert (CASE / case[key]).exists()


def test_friction_velocity_follows_the_published_one(build):
    """The published values hold for a Karman constant of 0.35: 0.40/0.35 = 1.14; rounding to 0.01 m/s scatters them."""
    ratio = np.array(
        [
            build.friction_velocity(float(run["wind_speed_2m_m_s"]), float(run["obukhov_length_m"]))
            / float(run["friction_velocity_k035_m_s"])
            for run in rows("runs.csv")
        ]
    )
    assert np.median(ratio) == pytest.approx(0.40 / 0.35, rel=0.02)
    assert ((ratio > 1.07) & (ratio < 1.19)).sum() == 48


def test_observations_follow_from_samples_and_releases():
    release = {run["run"]: float(run["release_g_s"]) for run in rows("runs.csv")}
    observations = rows("observations.csv")
    assert len(observations) == 5 * len(release) == 265
    for row in observations:
        if row["maximum_us_m3"]:
            expected = 1000.0 * float(row["measured_maximum_mg_m3"]) * float(row["correction"]) / release[row["run"]]
            assert float(row["maximum_us_m3"]) == pytest.approx(expected, rel=1e-4)  # five digits are printed
        if row["crosswind_integral_us_m2"] and row["maximum_us_m3"]:
            width = float(row["crosswind_integral_us_m2"]) / float(row["maximum_us_m3"])
            assert (
                0.035 < width / float(row["arc_m"]) < 1.6
            )  # two samplers 1° apart; a Gaussian of 0.6 rad, √(2π) · 0.6


def test_run_22_by_hand():
    """Barad 1958: 48.4 g/s, 224 mg/m3 at 50 m, correction 0.99: 224 · 0.99 / 48.4 = 4.582 ms/m3."""
    row = next(row for row in rows("observations.csv") if (row["run"], row["arc_m"]) == ("22", "50"))
    assert float(row["maximum_us_m3"]) == pytest.approx(4582.0, rel=1e-3)
