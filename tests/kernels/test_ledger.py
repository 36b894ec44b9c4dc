"""The ledger: it closes, it says where it does not, and it adds up."""

import pickle

import numpy as np
import pytest
from metalbudget import ledger
from metalbudget.ledger import LedgerError, check_closure, regional_sums
from metalbudget.quantities import PROCESSES_IN, PROCESSES_OUT

START = np.array([100.0, 50.0])
GAIN = np.array([3.0, 2.0])
LOSS = np.array([1.0, 4.0])
SEALED = np.array([0.0, -5.0])


def check(end, **changes):
    values = {"tolerance": 1e-9, "metal": "cd", "year": 2015}
    terms = {"deposition": GAIN}, {"leaching": LOSS}, {"sealing": SEALED}
    return check_closure(START, end, *terms, **(values | changes))


def test_a_balance_that_closes_gives_its_largest_residual():
    # By hand: 100 + 3 - 1 = 102 and 50 + 2 - 4 - 5 = 43.
    assert check(np.array([102.0, 43.0])) == 0.0
    assert 0.0 < check(np.array([102.0, 43.0 + 5e-9])) <= 1e-9  # of a gross flux of 11


def test_a_gap_stops_with_metal_year_cell_and_sizes():
    with pytest.raises(LedgerError, match="cd in 2015, land cell 1") as caught:
        check(np.array([102.0, 43.5]))
    assert caught.value.residual == pytest.approx(0.5)
    assert caught.value.gross == pytest.approx(11.0)
    assert "how to mend" in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_number_that_is_none_does_not_pass():
    with pytest.raises(LedgerError):
        check(np.array([102.0, np.nan]))


def test_an_untouched_cell_closes():
    zero = np.zeros(1)
    assert check_closure(zero, zero, {}, {}, {}, 1e-9, "cd", 2000) == 0.0
    assert check_closure(np.zeros(0), np.zeros(0), {}, {}, {}, 1e-9, "cd", 2000) == 0.0


def test_regional_sums_are_kilograms():
    # By hand: 3 + 2 = 5 mg/m2 on cells of 250,000 m2 are 1.25 kg.
    end = np.array([102.0, 43.0])
    sums = regional_sums({"deposition": GAIN}, {"leaching": LOSS}, {"sealing": SEALED}, START, end, 250_000.0)
    assert sums["deposition"] == pytest.approx(1.25)
    assert sums["sealing"] == pytest.approx(-1.25)
    assert sums["stock"] == pytest.approx(145.0 * 0.25)
    assert sums["manure"] == 0.0
    assert set(PROCESSES_IN + PROCESSES_OUT) <= set(sums)
    assert ledger.imbalance(sums | {"layer_exchange": 0.0, "correction": 0.0, "clipping": 0.0}) < 1e-15


def test_rows_name_every_term_once_and_split_erosion():
    sums = dict.fromkeys(ledger.TERMS, 0.0) | {"erosion": 8.0, "stock": 5.0}
    air = {"emission": 10.0, "wash_off": 1.0, "street_dust": 2.0, "sea": 3.0, "outside_air": 4.0}
    entries = ledger.rows("pb", "baseline", 2030, sums, air, sediment_delivery_ratio=0.25)
    found = {term: kg for _, _, _, term, kg in entries}
    assert tuple(found) == ledger.TERMS
    assert found["outside_stream"] == 2.0
    assert found["redeposition"] == 6.0
    assert found["outside_air"] == 4.0
    columns = ledger.columns(entries)
    assert tuple(columns) == ("metal", "year", "scenario", "term", "kg")
    assert set(columns["year"]) == {2030}


def test_imbalance_of_a_region_sees_a_lost_kilogram():
    sums = dict.fromkeys(ledger.TERMS, 0.0) | {"deposition": 100.0, "leaching": 40.0, "stock_change": 60.0}
    assert ledger.imbalance(sums) == 0.0
    assert ledger.imbalance(sums | {"stock_change": 61.0}) == pytest.approx(1.0 / 140.0)
