"""Years between modelled years, and plausibility of regional fluxes."""

import numpy as np
import pytest
from budget_cases import setting
from metalbudget import plausibility
from metalbudget.budget.history import InputSeries, between_years, needed_years, period, setting_series
from metalbudget.landuse import SOIL_CLASSES

ONE = np.ones(1)


@pytest.mark.parametrize(
    ("surveys", "expected"), [([2002, 2014], (2002, 2014)), ([2002], (2002, 2020)), ([], (2000, 2020))]
)
def test_history_runs_from_the_first_survey_to_the_last(surveys, expected):
    assert period(surveys, [2000, 2010, 2020]) == expected


def test_only_the_modelled_years_around_the_period_are_needed():
    assert needed_years([1990, 2000, 2010, 2020], 2002, 2009) == [2000, 2010]
    assert needed_years([1990, 2000, 2010, 2020], 2000, 2010) == [2000, 2010]
    assert needed_years([2000], 2000, 2000) == [2000]


def test_inputs_follow_the_soil_that_is_open():
    # By hand: 2 and 4 mg/m2 of open soil, half-way 3; on 0.1 open soil that is 0.3 per m2 of cell,
    # although the mean of the two cell totals would be (2*0.9 + 4*0.1)/2 = 1.1.
    fluxes = {2000: {"deposition": ONE * 1.8}, 2010: {"deposition": ONE * 0.4}}
    series = InputSeries(fluxes, {2000: ONE * 0.9, 2010: ONE * 0.1})
    assert series.at(2005, ONE * 0.1)["deposition"][0] == pytest.approx(0.3)
    assert series.at(2000, ONE * 0.9)["deposition"][0] == pytest.approx(1.8)


def test_inputs_of_soil_that_one_year_lacks_are_those_of_the_other():
    fluxes = {2000: {"manure": np.array([0.0, 1.0, 0.0])}, 2010: {"manure": np.array([2.0, 0.0, 0.0])}}
    shares = {2000: np.array([0.0, 0.5, 0.0]), 2010: np.array([1.0, 0.0, 0.0])}
    found = InputSeries(fluxes, shares).at(2005, np.array([0.5, 0.25, 0.0]))["manure"]
    assert found == pytest.approx([1.0, 0.5, 0.0])


def test_settings_use_every_date_and_mix_the_weather_around_it():
    seen = []

    def build(landuse_year, modelled_year):
        seen.append((landuse_year, modelled_year))
        share = {2000: 0.2, 2010: 0.8, 2020: 0.4}[landuse_year]
        return setting({"dryland": ONE * share}, soil_loss=float(modelled_year))

    setting_at = setting_series([2000, 2010, 2020], [2000, 2020], build)
    assert setting_at(2000) is setting_at(2000)
    assert setting_at(2005).open_share[0] == pytest.approx(0.5)
    assert setting_at(2010).soil_loss[0] == pytest.approx(0.8 * 2010.0)
    assert seen == [(2000, 2000), (2010, 2000), (2010, 2020)]


def test_air_between_modelled_years_is_linear():
    known = {2000: {"emission": 10.0}, 2010: {"emission": 20.0}}
    assert between_years(known, 2003)["emission"] == pytest.approx(13.0)
    assert between_years(known, 2010)["emission"] == 20.0


def test_spread_is_per_hectare_of_the_land_in_question():
    # By hand: 1 mg/m2 of cell on half a cell of fields is 2 mg/m2, 20 g/ha; the cell with 1 % is left out.
    shares = np.zeros((9, 3))
    shares[SOIL_CLASSES.index("paddy")] = [0.5, 0.5, 0.01]
    shares[SOIL_CLASSES.index("forest")] = [0.5, 0.0, 0.0]
    fields = plausibility.reference_share("manure", shares)
    assert fields.tolist() == [0.5, 0.5, 0.01]
    assert plausibility.reference_share("leaching", shares).tolist() == [1.0, 0.5, 0.01]
    found = plausibility.spread(np.array([1.0, 3.0, 9.0]), fields)
    assert found.mean == pytest.approx(40.0)
    assert found.low == pytest.approx(22.0)
    assert found.high == pytest.approx(58.0)
    assert plausibility.spread(np.ones(3), np.zeros(3)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("found", "state"),
    [
        ((5.0, 2.0, 9.0), "pass"),
        ((5.0, 0.01, 9.0), "warn"),
        ((5.0, 2.0, 50.0), "warn"),
        ((5.0, 2.0, 101.0), "fail"),
        ((0.05, 0.01, 5.0), "fail"),
    ],
)
def test_bars_warn_outside_and_fail_beyond_ten_times(found, state):
    mean, low, high = found
    assert plausibility.judge({"mean": mean, "low": low, "high": high}, 1.0, 10.0) == state


@pytest.mark.parametrize(("mean", "state"), [(0.0, "pass"), (-50.0, "warn"), (-1000.0, "fail")])
def test_signed_bars_are_judged_from_their_middle(mean, state):
    assert plausibility.judge({"mean": mean, "low": mean, "high": mean}, -20.0, 40.0) == state
