"""The quick study end to end, as a user runs it; its laws, its reruns, its bytes."""

import csv
import hashlib
import json
import os
import re
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import rasterio
from workflow_helpers import REPOSITORY, planned, snakemake

pytestmark = pytest.mark.study
CORES = str(min(2, os.cpu_count() or 1))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A copy of what ships, so that tests may edit equations and coefficients."""
    target = tmp_path_factory.mktemp("checkout")
    for name in ("workflow", "config", "profiles"):
        shutil.copytree(REPOSITORY / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "resources" / "parameters", target / "resources" / "parameters")
    shutil.copy(REPOSITORY / "Snakefile", target)
    return target


@pytest.fixture(scope="module")
def study(checkout, tmp_path_factory) -> Path:
    """The finished quick study."""
    folder = tmp_path_factory.mktemp("quick")
    result = run(checkout, folder, "--cores", CORES)
    assert result.returncode == 0, result.stderr[-4000:]
    return folder


def run(checkout, folder, *arguments):
    quick = REPOSITORY / "config" / "quick.yaml"
    return snakemake(folder, *arguments, config=quick, checkout=checkout)


def dry(checkout, folder, *arguments) -> dict[str, int]:
    result = run(checkout, folder, "-n", *arguments)
    assert result.returncode == 0, result.stderr[-4000:]
    return planned(result)


def ledger(study):
    with open(study / "results" / "ledger.csv", newline="", encoding="utf-8") as source:
        return list(csv.DictReader(source))


# --- what comes out ---------------------------------------------------------------------------------------


def test_the_study_ends_at_the_report(study):
    page = (study / "results" / "report" / "index.html").read_text("utf-8")
    assert page.count("data:image/png;base64") >= 9
    assert not re.search(r"(src|href)=[\"']?https?:", page)
    for name in ("ledger.csv", "claims.csv", "checks.json", "run_config.yaml"):
        assert (study / "results" / name).exists()


def test_no_check_fails(study):
    checks = json.loads((study / "results" / "checks.json").read_text("utf-8"))
    assert checks["counts"]["fail"] == 0, [one for one in checks["checks"] if one["state"] == "fail"]


def test_the_ledger_closes_when_added_up_by_hand(study):
    """Gains less losses are the change of stock: added up here, from the table alone."""
    gains = {"deposition", "background", "fertiliser", "manure", "irrigation", "pesticide", "weathering", "subsoil"}
    signed = {"correction", "sealing", "layer_exchange", "clipping"}
    losses = {"leaching", "runoff", "erosion", "harvest", "evasion"}
    years = defaultdict(dict)
    for row in ledger(study):
        years[row["metal"], row["scenario"], row["year"]][row["term"]] = float(row["kg"])
    assert len({key[1] for key in years}) >= 3
    for key, terms in years.items():
        total = sum(terms.get(name, 0.0) for name in gains | signed) - sum(terms.get(name, 0.0) for name in losses)
        gross = sum(abs(terms.get(name, 0.0)) for name in gains | signed | losses)
        assert abs(total - terms["stock_change"]) <= 1e-9 * gross, key


def test_what_is_emitted_is_found_again(study):
    for path in (study / "results" / "fluxes").glob("*/air/*.json"):
        air = json.loads(path.read_text("utf-8"))
        landed = sum(air[name] for name in ("deposition", "background", "wash_off", "street_dust", "sea"))
        given = air["emission"] + air["background_total"]
        assert landed + air["outside_air"] == pytest.approx(given, rel=1e-9), path


def test_rasters_carry_units_and_their_sum_is_the_net(study):
    gains = ("deposition", "background", "fertiliser", "manure", "irrigation", "pesticide", "weathering", "subsoil")
    losses = ("leaching", "runoff", "erosion", "harvest", "evasion")
    total = 0.0
    for sign, names in ((1, gains), (-1, losses)):
        for name in names:
            with rasterio.open(study / f"results/fluxes/cd/{name}/2020.tif") as source:
                assert source.tags(1)["units"] == "mg m-2 yr-1"
                values = source.read(1).astype(float)
                assert np.nanmin(values) >= 0.0
                total = total + sign * values
    with rasterio.open(study / "results/net/cd/2020.tif") as source:
        net = source.read(1).astype(float)
    np.testing.assert_allclose(net, total, atol=1e-5 * np.nanmax(np.abs(total)))


def test_stricter_controls_never_leave_more_metal(study):
    def last(scenario):
        rows = [row for row in ledger(study) if row["scenario"] == scenario and row["term"] == "stock"]
        end = max(row["year"] for row in rows)
        return {row["metal"]: float(row["kg"]) for row in rows if row["year"] == end}

    baseline, stricter = last("baseline"), last("stricter_controls")
    assert set(baseline) == {"cd", "pb"}
    assert all(stricter[metal] < baseline[metal] for metal in baseline)


# --- reruns -----------------------------------------------------------------------------------------------


def test_a_second_run_does_nothing(study, checkout):
    assert dry(checkout, study) == {}


def test_touched_scripts_and_comments_rerun_nothing(study, checkout):
    kernel = checkout / "workflow/scripts/metalbudget/erosion.py"
    before = kernel.read_text("utf-8")
    kernel.write_text(before + "\n# a remark\n", encoding="utf-8")
    try:
        assert dry(checkout, study) == {}
    finally:
        kernel.write_text(before, encoding="utf-8")


def test_one_cadmium_coefficient_reruns_cadmium_alone(study, checkout):
    table = checkout / "resources/parameters/crop_uptake.csv"
    before = table.read_text("utf-8")
    row = next(line for line in before.splitlines() if re.search(r"(^|,)cd,", line))
    number = re.search(r",(-?\d+\.?\d*),", row)
    changed = row.replace(number.group(0), f",{float(number.group(1)) * 1.01:.6g},", 1)
    table.write_text(before.replace(row, changed), encoding="utf-8")
    try:
        jobs = dry(checkout, study)
    finally:
        table.write_text(before, encoding="utf-8")
    assert jobs["compute_losses"] == 2  # cadmium's two years
    assert jobs["calibrate_history"] == 1
    assert jobs["forecast_metal"] == 2  # cadmium's two scenarios
    for untouched in ("compute_deposition", "compute_agriculture", "compute_emissions", "map_concentration"):
        assert untouched not in jobs
    assert "compute_water" not in jobs


def test_one_equation_reruns_exactly_its_dependants(study, checkout):
    kernel = checkout / "workflow/scripts/metalbudget/agriculture.py"
    before = kernel.read_text("utf-8")
    kernel.write_text(before + "\nCHANGED = 1\n", encoding="utf-8")
    try:
        jobs = dry(checkout, study)
    finally:
        kernel.write_text(before, encoding="utf-8")
    assert jobs["compute_agriculture"] == 4
    assert jobs["compute_losses"] == 4
    assert jobs["forecast_metal"] == 4
    for untouched in ("compute_deposition", "compute_emissions", "compute_operator", "compute_water", "compute_rkls"):
        assert untouched not in jobs


def test_one_target_builds_one_metal_and_one_year(checkout, tmp_path):
    jobs = dry(checkout, tmp_path, "results/net/cd/2000.tif")
    for rule in ("compute_losses", "compute_deposition", "compute_agriculture", "compute_emissions"):
        assert jobs[rule] == 1
    assert jobs["map_concentration"] == 1
    assert not {"forecast_metal", "calibrate_history", "draw_figures"} & set(jobs)


def test_the_default_study_keeps_within_its_jobs(checkout, tmp_path):
    result = snakemake(tmp_path, "-n", checkout=checkout)
    assert result.returncode == 0, result.stderr[-4000:]
    jobs = planned(result)
    assert sum(jobs.values()) <= 180
    assert jobs["forecast_metal"] == 24


def test_bytes_repeat_on_one_core(study, checkout):
    patterns = (
        "concentration/cd/*",
        "calibrated/cd/*",
        "forecast/*/cd.*",
        "capacity/baseline/cd/*",
        "figures/*",
        "*.csv",
    )
    watched = sorted(path for pattern in patterns for path in (study / "results").glob(pattern))
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in watched}
    assert len(before) > 20
    result = run(checkout, study, "--cores", "1", "--forcerun", "map_concentration", "compute_emissions")
    assert result.returncode == 0, result.stderr[-4000:]
    after = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in watched}
    assert [str(path) for path in watched if before[path] != after[path]] == []


# --- wrong input ------------------------------------------------------------------------------------------


def test_a_wrong_key_is_one_message_and_exit_code_two(checkout, tmp_path):
    (tmp_path / "wrong.yaml").write_text("erosion: {mod: naive}\n", encoding="utf-8")
    result = snakemake(tmp_path, "--cores", "1", config=tmp_path / "wrong.yaml", checkout=checkout)
    assert result.returncode == 2
    assert "did you mean" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "results").exists()


def test_a_configuration_that_is_not_used_stops_the_run(checkout, tmp_path):
    (tmp_path / "config.yaml").write_text("study: {title: mine}\n", encoding="utf-8")
    result = snakemake(tmp_path, "-n", checkout=checkout)
    assert result.returncode == 2
    assert "--configfile" in result.stderr
    assert snakemake(tmp_path, "-n", config=tmp_path / "config.yaml", checkout=checkout).returncode == 0


def test_a_year_or_scenario_outside_the_study_is_no_target(checkout, tmp_path):
    for target in ("results/net/cd/1999.tif", "results/capacity/urban_growth/cd/summary.csv"):
        result = run(checkout, tmp_path, "-n", target)
        said = result.stdout + result.stderr
        assert result.returncode != 0
        assert "Traceback" not in said
        assert "1999 is no modelled year" in said or "MissingRuleException" in said, said[-2000:]


def test_files_of_somebody_else_are_never_overwritten(checkout, tmp_path):
    mine = tmp_path / "resources/raw/generated/dem.tif"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    result = run(checkout, tmp_path, "--cores", "1")
    assert result.returncode == 2
    assert "would overwrite" in result.stderr
    assert mine.read_bytes() == b"mine"
