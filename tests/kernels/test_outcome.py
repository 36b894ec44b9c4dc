"""Numbers taken from a finished study, on cases done by hand."""

import numpy as np
import pytest
from metalbudget import capacity
from metalbudget.airborne import Operator
from metalbudget.outcome import evidence, numbers
from metalbudget.outcome.files import only, pick

CLASSES = {
    "no_limit/code": 0,
    "high/code": 1,
    "high/lower_bound": 1.0,
    "medium/code": 2,
    "medium/lower_bound": 0.7,
    "alert/code": 4,
    "alert/lower_bound": 0.0,
    "overload/code": 5,
    "geogenic/code": 6,
}


def test_rows_are_picked_by_value():
    table = {"metal": np.array(["cd", "pb", "cd"], object), "year": np.array([1.0, 1.0, 2.0]), "kg": np.arange(3.0)}
    assert pick(table, metal="cd")["kg"].tolist() == [0.0, 2.0]
    assert only(table, "kg", metal="cd", year=2) == 2.0
    assert np.isnan(only(table, "kg", metal="zn"))
    with pytest.raises(ValueError, match="2 rows"):
        only(table, "kg", metal="cd")


def test_distance_to_the_nearest_source():
    distance = numbers.distance_to_sources_km(np.array([0.0, 3000.0]), np.array([0.0, 4000.0]), [0.0], [0.0])
    assert distance.tolist() == [0.0, 5.0]
    assert np.isinf(numbers.distance_to_sources_km(np.zeros(2), np.zeros(2), [], [])).all()


def test_mass_lies_where_the_operator_puts_it():
    # One row of four 1 km cells; the source stands in the first and puts 1, 2, 4 and 3 units into them.
    x, y = np.array([0.0, 1000.0, 2000.0, 3000.0]), np.array([0.0])
    total = np.array([1.0, 2.0, 4.0, 3.0]).reshape(1, 1, 1, 4)
    operator = Operator(("F1",), ("p1",), total, np.ones((1, 1)))
    amounts = {"cd": np.array([[5.0, 99.0]]), "hg": np.zeros((1, 2))}  # the last column does not deposit
    mass = numbers.mass_by_distance(operator, amounts, x, y, 1.0, {"F1": (0.0, 0.0)})
    assert mass.kg["cd"].sum() == pytest.approx(50.0)
    inside = np.interp([1.05, 2.05, 3.1], mass.edges_km, mass.cumulative("cd"))
    assert inside == pytest.approx([0.2, 0.5, 1.0], abs=0.11)
    assert mass.even_kg["cd"].sum() == pytest.approx(50.0)
    assert mass.holding_km("cd")[95] <= 3.1
    assert mass.holding_km("cd")[50] == pytest.approx(2.1 - 0.1 * (0.7 - 0.5) / 0.4)
    assert np.isnan(mass.holding_km("hg")[50])


def test_status_of_cells():
    start = np.array([1.0, 3.0, 3.0, 1.0, 1.0, 1.0])
    end = np.array([1.0, 3.0, 1.0, 3.0, 3.0, 9.0])
    limit = np.array([2.0, 2.0, 2.0, 2.0, 2.0, np.nan])
    year = np.array([capacity.NEVER, 2020, 2020, 2030, 2060, capacity.NEVER])
    status = numbers.overload_status((start, limit), (end, limit), year, 2045)
    expected = ["within", "throughout", "recovers", "soon", "later", "no_limit"]
    assert [numbers.STATUS[int(code)] for code in status] == expected


def test_the_worst_class_counts_geogenic_and_unlimited_metals_last():
    codes = [np.array([1, 0, 6, 5, 255], np.uint8), np.array([2, 0, 0, 6, 255], np.uint8)]
    assert numbers.worst_class(codes, CLASSES).tolist() == [2, 0, 6, 5, 255]


def test_a_map_that_is_the_truth_has_no_error():
    truth = np.array([1.0, 2.0, 4.0])
    sigma = np.full(3, 0.5)
    found = numbers.map_against_truth(truth * np.exp(0.5 * sigma**2), sigma, truth)
    assert found["coverage_90"] == 1.0
    assert found["correlation"] == pytest.approx(1.0)
    # Two standard deviations off lies outside the 90 % interval, one and a half inside.
    median = truth * np.exp(0.5 * np.array([2.0, 1.5, -2.0]))
    assert numbers.map_against_truth(median * np.exp(0.125), sigma, truth)["coverage_90"] == pytest.approx(1 / 3)


def test_history_is_a_yearly_mean():
    ledger = {
        "metal": np.array(["cd"] * 4, object),
        "scenario": np.array(["history", "history", "history", "baseline"], object),
        "year": np.array([2000.0, 2001.0, 2000.0, 2030.0]),
        "term": np.array(["leaching", "leaching", "erosion", "leaching"], object),
        "kg": np.array([1.0, 3.0, 4.0, 100.0]),
    }
    assert numbers.history_terms(ledger, "cd") == {"leaching": 2.0, "erosion": 2.0}


def test_evidence_counts_rows_of_the_metals_that_run(tmp_path):
    (tmp_path / "kd.csv").write_text(
        "metal,value,unit,low,high,source,verified\ncd,1,1,,,a,true\nzn,1,1,,,a,false\nall,1,1,,,a,false\n"
    )
    assert evidence.verified_counts(["cd"], tmp_path) == {"kd": [2, 1]}
