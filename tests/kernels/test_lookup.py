"""Response tables: linear between rungs, held at the ends, each cell in its own zone."""

import numpy as np
import pytest
from metalbudget import lookup

RUNGS = np.array([0.8, 1.0, 1.2])


def test_rungs_around_values_by_hand():
    lower, weight = lookup.bracket(RUNGS, [0.5, 0.8, 0.9, 1.0, 1.15, 1.2, 2.0])
    assert lower.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert weight == pytest.approx([0.0, 0.0, 0.5, 0.0, 0.75, 1.0, 1.0])


def test_a_single_rung_serves_every_value():
    lower, weight = lookup.bracket(np.array([1.0]), [0.5, 3.0])
    assert lower.tolist() == [0, 0]
    assert weight.tolist() == [0.0, 0.0]
    assert lookup.between_rungs(np.array([1.0]), np.array([[7.0]]), 3.0).tolist() == [7.0]


@pytest.mark.parametrize(("value", "expected"), [(0.1, 10.0), (0.8, 10.0), (0.9, 15.0), (1.0, 20.0), (9.0, 50.0)])
def test_row_between_rungs_by_hand(value, expected):
    table = np.array([[10.0], [20.0], [50.0]])
    assert lookup.between_rungs(RUNGS, table, value) == pytest.approx([expected])


def test_cells_find_their_class_zone_and_rain():
    # table[rain, land use, soil, climate, water table] spells its own index
    table = np.fromfunction(lambda r, k, s, z, w: 1e4 * r + 1e3 * k + 100 * s + 10 * z + w, (3, 2, 2, 3, 2))
    zones = {"soil_class": np.array([0, 1]), "climate_zone": np.array([2, 1]), "water_table": np.array([1, 0])}
    index = lookup.zone_index(zones, table.shape[1:], ["paddy", "dryland"])
    lower, weight = lookup.bracket(RUNGS, [1.0, 1.1])
    # Hand: cell 0 on rung 1: 10000 + 1000 + 0 + 20 + 1; cell 1 halfway to rung 2: 15000 + 1000 + 100 + 10 + 0.
    assert lookup.of_class(table, 1, lower, weight, index) == pytest.approx([11021.0, 16110.0])


def test_a_zone_outside_the_tables_is_refused():
    zones = {"soil_class": np.array([0]), "climate_zone": np.array([3]), "water_table": np.array([0])}
    with pytest.raises(ValueError, match="climate_zone holds 3"):
        lookup.zone_index(zones, (2, 2, 3, 2), ["paddy", "dryland"])
    with pytest.raises(ValueError, match="2 classes but name 1"):
        lookup.zone_index(zones, (2, 2, 3, 2), ["paddy"])
