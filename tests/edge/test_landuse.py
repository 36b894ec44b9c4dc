"""Shares of a cell: what is sealed is taken from built land first, and everything adds to one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget.landuse import CLASSES, LandUse, bracket, open_shares

INDEX = {name: position for position, name in enumerate(CLASSES)}


def fractions(**parts):
    column = np.zeros((len(CLASSES), 1))
    for name, value in parts.items():
        column[INDEX[name]] = value
    return column


def test_sealed_ground_comes_from_built_classes_first():
    # By hand: 0.5 built and 0.3 sealed leave 0.2 open built land; the forest keeps its 0.5.
    state = open_shares(fractions(residential=0.5, forest=0.5), np.array([0.3]))
    assert state.shares[INDEX["residential"], 0] == pytest.approx(0.2)
    assert state.shares[INDEX["forest"], 0] == pytest.approx(0.5)
    assert state.sealed[0] == pytest.approx(0.3)


def test_sealed_ground_beyond_built_land_is_taken_from_the_rest_in_proportion():
    # By hand: 0.2 built is all sealed, the other 0.3 of 0.5 sealed come off 0.8: each class keeps 5/8.
    state = open_shares(fractions(industrial=0.2, paddy=0.4, forest=0.4), np.array([0.5]))
    assert state.shares[INDEX["paddy"], 0] == pytest.approx(0.25)
    assert state.shares[INDEX["industrial"], 0] == pytest.approx(0.0)


def test_water_is_never_sealed():
    state = open_shares(fractions(water=0.9, bare=0.1), np.array([0.5]))
    assert state.water[0] == pytest.approx(0.9)
    assert state.sealed[0] == pytest.approx(0.1)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0.0, 1.0), min_size=10, max_size=10).filter(lambda parts: sum(parts) > 0.01),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_shares_close_and_are_linear_between_dates(parts, sealed, weight):
    column = (np.array(parts) / sum(parts))[:, None]
    state = open_shares(column, np.array([sealed]))
    total = state.shares.sum(0) + state.sealed + state.water
    assert total[0] == pytest.approx(1.0, abs=1e-9)
    assert state.shares.min() >= 0.0
    other = open_shares(np.roll(column, 1, axis=0), np.array([sealed]))
    between = LandUse.between(state, other, weight)
    total = between.shares.sum(0) + between.sealed + between.water
    assert total[0] == pytest.approx(1.0, abs=1e-9)


def test_bracket_names_the_dates_around_a_year():
    assert bracket([2000, 2010, 2020], 2015) == (2010, 2020, 0.5)
    assert bracket([2000], 2000) == (2000, 2000, 0.0)
    with pytest.raises(ValueError, match="no land use for 1999"):
        bracket([2000, 2010], 1999)
