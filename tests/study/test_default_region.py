"""The default region's regional fluxes, all metals, first and last year, held to the published bars."""

import csv
import json
import os

import pytest
from workflow_helpers import REPOSITORY, snakemake

pytestmark = pytest.mark.study
METALS = ("as", "cd", "cr", "cu", "hg", "ni", "pb", "zn")
YEARS = (2000, 2020)
PROCESSES = ("deposition", "fertiliser", "manure", "irrigation", "leaching", "runoff", "erosion", "harvest", "net")


@pytest.fixture(scope="module")
def summaries(tmp_path_factory):
    folder = tmp_path_factory.mktemp("default")
    targets = [f"results/fluxes/{metal}/summary/{year}.json" for metal in METALS for year in YEARS]
    result = snakemake(folder, "--cores", str(min(2, os.cpu_count() or 1)), *targets)
    assert result.returncode == 0, result.stderr[-4000:]
    return {
        (metal, year): json.loads((folder / f"results/fluxes/{metal}/summary/{year}.json").read_text("utf-8"))
        for metal in METALS
        for year in YEARS
    }


@pytest.fixture(scope="module")
def bars():
    with open(REPOSITORY / "resources" / "parameters" / "plausibility.csv", newline="", encoding="utf-8") as source:
        return {
            (row["process"], row["metal"]): (float(row["low"]), float(row["high"])) for row in csv.DictReader(source)
        }


@pytest.mark.parametrize("metal", METALS)
@pytest.mark.parametrize("process", PROCESSES)
def test_regional_mean_lies_inside_the_published_bar(summaries, bars, metal, process):
    """Bars: synthesis of published fluxes (sources in the table), 5-95 % of regional maps. [g/ha/yr]"""
    low, high = bars[process, metal]
    for year in YEARS:
        mean = summaries[metal, year]["fluxes_g_ha"][process]["mean"]
        assert low <= mean <= high, f"{year}: {mean:.4g} g/ha/yr"


@pytest.mark.parametrize("metal", METALS)
def test_every_cell_closes(summaries, metal):
    assert all(summaries[metal, year]["closure"] <= 1e-9 for year in YEARS)
