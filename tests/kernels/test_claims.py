"""Findings as claims: each rule on numbers small enough to judge by eye."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import claims

POSITIVE = st.floats(1e-6, 1e6)


def verdicts(rows):
    return [row["holds"] for row in rows]


@pytest.mark.parametrize(
    ("first", "last", "way"),
    [(100.0, 102.0, "rises"), (100.0, 100.5, "flat"), (100.0, 90.0, "falls"), (0.0, 0.0, "flat"), (0.0, 1.0, "rises")],
)
def test_direction(first, last, way):
    assert claims.direction(first, last) == way


@settings(max_examples=30, deadline=None)
@given(POSITIVE, POSITIVE)
def test_direction_turns_round_with_time(first, last):
    opposite = {"rises": "falls", "falls": "rises", "flat": "flat"}
    assert claims.direction(first, last) == opposite[claims.direction(last, first)]


def test_both_decades_are_judged_with_and_without_background():
    rows = claims.deposition_trend("cd", [2000, 2005, 2010, 2015, 2020], [1, 2, 3, 2, 1], [11, 13, 15, 15, 15])
    assert [row["measure"] for row in rows] == [
        "own sources, 2000-2010: rises",
        "own sources, 2010-2020: falls",
        "with background, 2000-2010: rises",
        "with background, 2010-2020: flat",
    ]
    assert verdicts(rows) == ["yes", "no", "yes", "no"]
    assert rows[0]["study"] == pytest.approx(200.0)


def test_two_modelled_years_are_one_span():
    rows = claims.deposition_trend("cd", [2000, 2020], [1.0, 2.0], [2.0, 2.0])
    assert [row["measure"] for row in rows] == ["own sources, 2000-2020: rises", "with background, 2000-2020: flat"]


def test_inputs_that_shrink_with_the_fields_are_told_apart():
    # 10 t on 5 ha, then 8 t on 4 ha: the region's sum falls by a fifth, the hectare gets the same.
    total, intensity = claims.agricultural_trend("zn", [2000, 2020], [10.0, 8.0], [5.0, 4.0])
    assert (total["holds"], intensity["holds"]) == ("yes", "not judged")
    assert total["study"] == pytest.approx(-20.0)
    assert intensity["study"] == pytest.approx(0.0)


def test_thirty_random_sources_reach_78_percent_of_6250_km2():
    # science document 6.7
    assert claims.random_reach(30, 10.0, 6250.0) == pytest.approx(0.78, abs=0.005)


def near(deposition, distance, near_km=10.0):
    return claims.near_sources("pb", deposition, distance, near_km, 3, 1000.0, {50: 4.0})


def test_high_deposition_at_the_source_is_concentrated():
    distance = np.linspace(0.0, 40.0, 101)
    rows = near(np.exp(-distance), distance)
    assert rows[0]["holds"] == "yes"
    assert rows[0]["study"] == pytest.approx(100.0)
    # 26 of 101 cells, 0 to 10 km at steps of 0.4 km
    assert rows[1]["study"] == pytest.approx(100.0 * 26 / 101)
    assert near(np.exp(distance), distance)[0]["holds"] == "no"


def test_nothing_is_near_or_far_where_all_land_is_near():
    distance = np.linspace(0.0, 9.0, 50)
    assert near(np.exp(-distance), distance)[0]["holds"] == "not judged"


def test_no_source_is_not_judged():
    rows = claims.near_sources("pb", np.zeros(3), np.full(3, np.inf), 10.0, 0, 1000.0, {})
    assert verdicts(rows) == ["not judged"]


def test_ranking_of_losses():
    row = claims.output_ranking("cr", {"leaching": 3.0, "erosion": 5.0, "harvest": 1.0, "runoff": 1.0, "evasion": 0.0})
    assert row["holds"] == "yes"
    assert row["study"] == pytest.approx(80.0)
    assert row["measure"].startswith("erosion 50 %, leaching 30 %")
    assert claims.output_ranking("hg", {"leaching": 1.0, "erosion": 2.0, "evasion": 3.0})["holds"] == "no"


def test_runoff_counts_what_is_washed_off_and_needs_more_sealed_ground():
    grows = claims.runoff_trend("cu", [2000, 2020], [4.0, 3.0], [1.0, 4.0], [0.02, 0.05])
    assert grows[0]["holds"] == "yes"
    assert [row["study"] for row in grows] == pytest.approx([40.0, -25.0, 300.0])
    assert claims.runoff_trend("cu", [2000, 2020], [4.0, 3.0], [1.0, 4.0], [0.05, 0.05])[0]["holds"] == "not judged"
    assert claims.runoff_trend("cu", [2000, 2020], [4.0, 3.0], [1.0, 1.0], [0.02, 0.05])[0]["holds"] == "no"


def test_capacity_without_a_limit_is_not_judged():
    assert claims.capacity_decline("zn", "with", float("nan"), float("nan"))["holds"] == "not judged"
    assert claims.capacity_decline("zn", "with", 0.9, 0.8)["holds"] == "yes"
    assert claims.capacity_decline("zn", "with", 0.9, 0.89)["holds"] == "no"


def test_overload_is_read_both_ways():
    # From 10 to 38 % of open soil: 28 points of area, 280 percent of the start. The paper prints 30.82 for As.
    rows = claims.overload_expansion("as", "mean map", 0.10, 0.38)
    assert verdicts(rows) == ["yes", "yes", "no"]
    assert [row["study"] for row in rows] == pytest.approx([28.0, 28.0, 280.0])
    # From 50 to 66 %: 16 points, 32 percent.
    assert verdicts(claims.overload_expansion("as", "mean map", 0.50, 0.66)) == ["yes", "no", "yes"]


def test_overload_of_a_metal_without_a_printed_figure_is_judged_by_its_direction_only():
    assert verdicts(claims.overload_expansion("zn", "mean map", 0.2, 0.1)) == ["no", "not judged", "not judged"]


def test_overload_from_nothing_has_no_relative_growth():
    rows = claims.overload_expansion("hg", "mean map", 0.0, 0.3266)
    assert verdicts(rows) == ["yes", "yes", "no"]
    assert math.isnan(rows[2]["study"])


def test_range_over_variants():
    assert claims.overload_range("pb", "mean map", [-1.0, 40.0, float("nan")])["holds"] == "yes"
    assert claims.overload_range("pb", "mean map", [-1.0, 4.0])["holds"] == "no"
    assert claims.overload_range("pb", "mean map", [])["holds"] == "not judged"


def test_forest_risk():
    shares = {"as": 0.3, "cu": 0.2, "cd": 0.1}
    assert claims.forest_risk("mean map", shares)["holds"] == "yes"
    assert claims.forest_risk("mean map", shares | {"hg": 0.25})["holds"] == "no"
    assert claims.forest_risk("mean map", dict.fromkeys(shares, 0.0))["holds"] == "no"
    assert claims.forest_risk("mean map", {"as": 0.3, "cu": 0.2})["holds"] == "not judged"
    assert claims.forest_risk("mean map", {"cd": 0.3, "pb": 0.2, "zn": 0.1})["holds"] == "not judged"


def test_capacity_by_landuse():
    change = {"paddy": -0.2, "dryland": -0.4, "residential": -0.15, "forest": -0.1, "bare": float("nan")}
    assert claims.capacity_by_landuse("cd", change)["holds"] == "yes"
    assert claims.capacity_by_landuse("cd", change | {"residential": -0.05})["holds"] == "no"
    assert claims.capacity_by_landuse("cr", change | {"residential": float("nan")})["holds"] == "not judged"


def test_rows_have_the_columns_of_the_table():
    for row in claims.overload_split("cd", "mean map", 3.0, -1.0):
        assert tuple(row) == claims.COLUMNS
