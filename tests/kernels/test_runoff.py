"""Curve-number runoff. Expected values: NEH tables, hand calculations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import runoff
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.settings import coefficients

NUMBERS = st.floats(30.0, 100.0)
RAIN = st.floats(0.0, 400.0)
RATIO = st.sampled_from([0.2, 0.05])


def test_fixture():
    """P 100 mm, CN 75, lambda 0.2: 41.14 mm."""
    assert float(runoff.daily_runoff(100.0, 75.0)) == pytest.approx(41.14, abs=0.005)


def test_recent_ratio_by_hand():
    """CN 75: S20 = 3.3333 in, S05 = 1.33 * 3.3333^1.15 = 5.3108 in = 134.89 mm; Ia 6.745 mm."""
    assert float(runoff.retention(75.0, 0.05)) == pytest.approx(25.4 * 1.33 * (10 / 3) ** 1.15, rel=1e-12)
    expected = (100 - 6.7447) ** 2 / (100 + 0.95 * 134.894)
    assert float(runoff.daily_runoff(100.0, 75.0, 0.05)) == pytest.approx(expected, rel=1e-4)


@given(rain=RAIN, more=st.floats(0.0, 100.0), number=NUMBERS, ratio=RATIO)
@settings(max_examples=30, deadline=None)
def test_runoff_rises_with_rain_and_stays_below_it(rain, more, number, ratio):
    less, much = runoff.daily_runoff([rain, rain + more], number, ratio)
    assert 0.0 <= less <= rain
    assert much >= less - 1e-12
    assert much - less <= more + 1e-9


@given(rain=RAIN, low=NUMBERS, high=NUMBERS, ratio=RATIO)
@settings(max_examples=30, deadline=None)
def test_runoff_rises_with_curve_number(rain, low, high, ratio):
    first, second = runoff.daily_runoff(rain, np.sort([low, high]), ratio)
    assert second >= first - 1e-12


def test_bounds():
    assert runoff.daily_runoff(0.0, 98.0) == 0.0
    assert runoff.daily_runoff(37.0, 100.0) == 37.0
    with pytest.raises(ValueError):
        runoff.daily_runoff(-1.0, 75.0)
    with pytest.raises(ValueError):
        runoff.daily_runoff(np.nan, 75.0)
    with pytest.raises(ValueError):
        runoff.daily_runoff(10.0, 101.0)
    with pytest.raises(ValueError, match=r"0\.2 or 0\.05"):
        runoff.daily_runoff(10.0, 75.0, 0.1)


def test_antecedent_moisture():
    """NEH part 630 chapter 10 table 10-1: CN2 75 has CN1 57 and CN3 88 (Hawkins' fits: within 1)."""
    assert float(runoff.dry_curve_number(75.0)) == pytest.approx(57, abs=1)
    assert float(runoff.wet_curve_number(75.0)) == pytest.approx(88, abs=1)
    assert float(runoff.wet_curve_number(100.0)) == 100.0


def test_slope_adjustment():
    """Nothing at 5 % (1 - 2 exp(-0.693) = 0); the published formula at 30 % by hand."""
    assert float(runoff.slope_adjusted(75.0, np.log(2) / 13.86)) == pytest.approx(75.0)
    wet = 75 / (0.427 + 0.00573 * 75)
    assert float(runoff.slope_adjusted(75.0, 0.3)) == pytest.approx(75 + (wet - 75) / 3 * (1 - 2 * np.exp(-4.158)))
    assert float(runoff.slope_adjusted(75.0, 0.0)) < 75.0


@given(share=st.floats(0.0, 1.0), number=st.floats(35.0, 90.0), seed=st.integers(0, 50))
@settings(max_examples=30, deadline=None)
def test_two_surfaces_shed_more_than_a_composite(share, number, seed):
    rain = np.random.default_rng(seed).gamma(0.6, 12.0, 120)
    apart = runoff.two_surfaces(rain, [share], 98.0, [number])[0]
    composite = runoff.annual_runoff(rain, share * 98.0 + (1 - share) * number)
    assert apart >= composite - 1e-9
    assert runoff.two_surfaces(rain, [0.0], 98.0, [number])[0] == pytest.approx(runoff.annual_runoff(rain, number))


def test_two_surfaces_about_double_a_composite():
    """1255 mm of light rain, 65 % sealed: the published example has 378 against 184 mm, twice as much.

    Its daily series is not published; any series of small rains (here one of 8.4 mm on 150 days) shows the effect.
    """
    rain = np.random.default_rng(3).gamma(1.0, 1.0, 150)
    rain *= 1255.0 / rain.sum()
    apart = runoff.two_surfaces(rain, [0.65], 98.0, [61.0])[0]
    composite = runoff.annual_runoff(rain, 0.65 * 98 + 0.35 * 61)
    assert apart / composite > 1.8


def test_curve_number_table_covers_every_class():
    table = coefficients("curve_number")
    numbers = runoff.curve_numbers(SOIL_CLASSES, [0, 1, 2, 3], table)
    assert numbers.shape == (9, 4)
    assert np.all(np.diff(numbers, axis=1) >= 0)
    assert numbers[SOIL_CLASSES.index("residential")].tolist() == [39, 61, 74, 80]
    assert table["sealed/a"] == 98


def test_response_table():
    rain = np.array([0.0, 60.0, 5.0, 120.0])
    table = runoff.runoff_response(rain, [0.9, 1.0], [60.0, 98.0], [1.0, 1.2])
    assert table.shape == (2, 2, 2)
    assert table[1, 1, 1] == pytest.approx(sum(float(runoff.daily_runoff(1.2 * p, 98.0)) for p in rain))


def test_sealed_ground_is_looked_up_at_its_curve_number_zone_and_rain():
    numbers = np.array([70.0, 98.0, 100.0])
    table = np.zeros((2, 3, 2))
    table[:, 1] = [[900.0, 1000.0], [1100.0, 1300.0]]  # only the row of paved ground, CN 98, may count
    response = {"runoff": table, "curve_number": numbers, "rain_factor": [0.9, 1.1]}
    zone = np.array([1, 0, 1])
    # Hand: halfway between both rungs.
    assert runoff.sealed_runoff(response, zone) == pytest.approx([1150.0, 1000.0, 1150.0])
    assert runoff.sealed_runoff(response, zone, 1.3) == pytest.approx([1300.0, 1100.0, 1300.0])
