"""The engine against EPA AERMOD: decks of the project's own making, and the reference cases where they are at hand."""

from pathlib import Path

import pytest
from metalbudget.dispersion import verification

OWN = Path(__file__).resolve().parents[1] / "cases"
pytestmark = pytest.mark.study


def misses(verified):
    return [row for row in verified.agreements if not row.passed]


@pytest.mark.parametrize("name", ["stack_method_1", "volume_method_2", "hill_two_stacks"])
def test_own_cases_meet_their_marks(name):
    verified = verification.verify(OWN / "dispersion" / name)
    assert verified.agreements
    assert misses(verified) == []


def test_an_area_source_is_within_one_percent_nearly_everywhere():
    """AERMOD's own integral over an area is good to a percent or two only."""
    (row,) = verification.verify(OWN / "dispersion_area" / "town_area").agreements
    assert row.within >= 0.99
    assert row.largest <= 0.05


def hourly_cases():
    names = [
        "pt10",
        "pt35",
        "pt80",
        "pt150",
        "pt210",
        "nonbuoy",
        "terrain",
        "area",
        "volume",
        "urban",
        "m1",
        "m2",
        "gasHg0",
        "gasHgII",
        "multi",
        "profile",
        "terr_m1",
        "volm2",
    ]
    return [f"h{number:02d}_{name}_dev" for number, name in enumerate([*names, "romberg"], start=1)]


@pytest.mark.parametrize("name", hourly_cases())
def test_hourly_reference_cases_meet_their_marks(cases, name):
    verified = verification.verify(cases / "dispersion" / name)
    assert verified.agreements
    assert misses(verified) == []


@pytest.mark.parametrize("name", ["y02_m1_35_dev", "y05_area_m2_dev"])
def test_annual_reference_cases_meet_their_marks(cases, name):
    assert misses(verification.verify(cases / "dispersion" / name)) == []
