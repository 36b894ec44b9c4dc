"""Limits and carrying capacity. Expected values: the standards GB 15618-2018 and GB 36600-2018,
and hand calculations."""

from math import erf, exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import capacity, limits
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.settings import coefficients

MASS = 260.0  # kg/m2: 2600 t/ha
ROW = {name: number for number, name in enumerate(SOIL_CLASSES)}


def tables(metal):
    return limits.LimitTables(
        coefficients("limits_gb15618", metal),
        coefficients("limits_gb36600", metal),
        coefficients("limits_ecological", metal),
    )


def limit_of(metal, landuse_class, ph=6.0, background=1.0, p90=2.0, carbon=2.0, **choices):
    values = limits.by_class(
        tables(metal), np.array([ph]), np.array([carbon]), np.array([background]), np.array([p90]), **choices
    )
    return values[ROW[landuse_class], 0]


@pytest.mark.parametrize(
    ("metal", "landuse_class", "ph", "expected"),
    [
        ("cd", "paddy", 5.0, 0.3),
        ("cd", "paddy", 6.0, 0.4),
        ("cd", "paddy", 7.0, 0.6),
        ("cd", "paddy", 8.0, 0.8),
        ("cd", "dryland", 7.0, 0.3),
        ("cd", "orchard", 8.0, 0.6),
        ("hg", "paddy", 7.0, 0.6),
        ("hg", "dryland", 8.0, 3.4),
        ("as", "paddy", 7.0, 25.0),
        ("as", "dryland", 5.0, 40.0),
        ("pb", "paddy", 8.0, 240.0),
        ("pb", "orchard", 6.0, 90.0),
        ("cr", "paddy", 7.0, 300.0),
        ("cr", "dryland", 7.0, 200.0),
        ("cr", "dryland", 8.0, 250.0),
        ("cu", "orchard", 6.0, 150.0),
        ("cu", "paddy", 6.0, 50.0),
        ("cu", "dryland", 7.0, 100.0),
        ("ni", "paddy", 8.0, 190.0),
        ("zn", "orchard", 7.0, 250.0),
        ("cd", "residential", 6.0, 20.0),
        ("cd", "industrial", 6.0, 65.0),
        ("as", "residential", 6.0, 20.0),
        ("as", "industrial", 6.0, 60.0),
        ("pb", "residential", 6.0, 400.0),
        ("pb", "industrial", 6.0, 800.0),
        ("hg", "industrial", 6.0, 38.0),
        ("ni", "residential", 6.0, 150.0),
        ("cu", "industrial", 6.0, 18000.0),
    ],
)
def test_screening_values(metal, landuse_class, ph, expected):
    assert limit_of(metal, landuse_class, ph) == expected


@pytest.mark.parametrize(
    ("metal", "landuse_class", "ph", "expected"),
    [
        ("cd", "paddy", 5.5, 1.5),
        ("cd", "dryland", 6.0, 2.0),
        ("as", "orchard", 8.0, 100.0),
        ("cr", "paddy", 6.0, 850.0),
        ("pb", "dryland", 7.0, 700.0),
        ("hg", "paddy", 8.0, 6.0),
        ("cd", "residential", 6.0, 47.0),
        ("pb", "industrial", 6.0, 2500.0),
        ("cu", "residential", 6.0, 8000.0),
    ],
)
def test_intervention_values(metal, landuse_class, ph, expected):
    assert limit_of(metal, landuse_class, ph, level="intervention") == expected


def test_no_limit_where_the_standards_have_none():
    """Zinc has none in GB 36600, Cu, Ni and Zn no control value in GB 15618, and Cr(VI) is not total chromium."""
    for landuse_class in ("residential", "industrial"):
        assert np.isnan(limit_of("zn", landuse_class))
        assert np.isnan(limit_of("cr", landuse_class))
    for metal in ("cu", "ni", "zn"):
        assert np.isnan(limit_of(metal, "paddy", level="intervention"))


def test_circulating_errors_are_not_in_the_tables():
    """Cr(VI) class 2 is 5.7 (a public table has 5.0), dryland Cr above pH 7.5 250 (a paper has 200)."""
    built = coefficients("limits_gb36600", "cr")
    assert built["screening/second/hexavalent"] == 5.7
    assert built["screening/first/hexavalent"] == 3.0
    assert not [key for key in built if key.endswith("/total")]
    assert coefficients("limits_gb15618", "cr")["screening/other/inf"] == 250.0
    assert coefficients("limits_gb36600", "pb")["screening/first/total"] == 400.0


def test_ph_bins_are_closed_on_the_right():
    """Paddy cadmium 0.3 at pH 5.50, 0.4 at 5.51; 0.6 at 7.50, 0.8 at 7.51."""
    assert [limit_of("cd", "paddy", ph) for ph in (5.5, 5.51, 6.5, 6.51, 7.5, 7.51)] == [0.3, 0.4, 0.4, 0.6, 0.6, 0.8]


def test_ecological_limits():
    """Added risk: background + ageing factor x PNEC_add (copper 2 x 10.9 at pH 4.5); totals: max(PNEC, P90)."""
    assert limit_of("cu", "forest", ph=4.5, background=21.0) == pytest.approx(21.0 + 2.0 * 10.9)
    assert limit_of("cu", "forest", ph=6.25, background=21.0) == pytest.approx(21.0 + 2.0 * sqrt(10.9 * 38.9))
    assert limit_of("cd", "forest", ph=4.7, carbon=2.5, background=0.12) == pytest.approx(
        0.12 + 10 ** (0.147 * 4.7 + 0.067 * 2.5 - 1.616)
    )
    assert limit_of("as", "forest", background=6.4, p90=13.1) == 13.1
    assert limit_of("pb", "grass", background=35.0, p90=60.6) == 212.0
    assert limit_of("as", "forest", background=6.4, p90=13.1, ecological="total_pnec") == 2.9
    assert limit_of("hg", "bare", ecological="total_pnec") == 0.022
    assert limit_of("cd", "wetland") == limit_of("cd", "forest")


def test_dominant_class_sets_the_shown_limit():
    values = np.full((9, 3), np.nan)
    values[ROW["paddy"]], values[ROW["forest"]] = 0.4, 0.7
    shares = np.zeros((9, 3))
    shares[ROW["paddy"]] = [0.6, 0.2, 0.0]
    shares[ROW["forest"]] = [0.4, 0.5, 0.0]
    limit, dominant = limits.of_dominant_class(values, shares)
    np.testing.assert_array_equal(limit, [0.4, 0.7, np.nan])
    assert dominant.tolist() == [ROW["paddy"], ROW["forest"], -1]


def test_unknown_switches_are_refused():
    with pytest.raises(ValueError, match="level"):
        limit_of("cd", "paddy", level="alarm")
    with pytest.raises(ValueError, match="ecological"):
        limit_of("cd", "paddy", ecological="none")


# --- capacity -----------------------------------------------------------------------------------------


def test_dynamic_capacity_fixture():
    """Section 10: C0 0.18, limit 0.30, K 0.99, n 50, M 2600: 12.706 discrete, 12.642 continuous, static 6.24."""
    discrete = capacity.dynamic_capacity_discrete(0.18, 0.30, 0.99, MASS, 50)
    continuous = capacity.dynamic_capacity_continuous(0.18, 0.30, -log(0.99), MASS, 50)
    assert discrete == pytest.approx(12.706, abs=0.0005)
    assert continuous == pytest.approx(12.642, abs=0.0005)
    assert capacity.annual_static_capacity(0.18, 0.30, MASS, 50) == pytest.approx(6.24)
    assert capacity.static_capacity(0.30, 0.12, MASS) == pytest.approx(2600 * 0.18)
    assert capacity.remaining_capacity(0.18, 0.30, MASS) == pytest.approx(2600 * 0.12)


def test_discrete_recursion_ends_at_the_limit():
    q = capacity.dynamic_capacity_discrete(0.18, 0.30, 0.99, MASS, 50)
    value = 0.18
    for _ in range(50):
        value = 0.99 * (value + q / 2600.0)
    assert value == pytest.approx(0.30, rel=1e-12)


def test_continuous_capacity_around_an_anchor():
    """Closure keeps C_a in balance: dX/dt = q/M - kX, integrated here in 50 exact years."""
    q = capacity.dynamic_capacity_continuous(0.18, 0.30, 0.02, MASS, 50, anchor=0.12) / 2600.0
    excess = 0.06
    for _ in range(50):
        excess = excess * exp(-0.02) + q * (1 - exp(-0.02)) / 0.02
    assert excess + 0.12 == pytest.approx(0.30, rel=1e-12)


def test_no_loss_gives_the_static_value():
    static = capacity.annual_static_capacity(0.18, 0.30, MASS, 50)
    assert capacity.dynamic_capacity_discrete(0.18, 0.30, 1.0, MASS, 50) == pytest.approx(static, rel=1e-12)
    assert capacity.dynamic_capacity_continuous(0.18, 0.30, 0.0, MASS, 50) == pytest.approx(static, rel=1e-12)
    assert capacity.dynamic_capacity_continuous(0.18, 0.30, 1e-9, MASS, 50) == pytest.approx(static, rel=1e-6)


def test_process_capacity_is_the_root_of_the_balance():
    """A forecast with changing rates, run by hand: the capacity, put in as the input, ends at the limit."""
    rates = np.linspace(0.001, 0.03, 50)

    def final(q, start=0.2, geogenic=0.1):
        value, counted, response = start, 0.0, 0.0
        for k in rates:
            gained = (1 - exp(-k)) / k
            value = value * exp(-k) + (q + geogenic) / MASS * gained
            counted = counted * exp(-k) + q / MASS * gained
            response = response * exp(-k) + gained / MASS
        return value, counted, response

    value, counted, response = final(0.7)
    q = capacity.process_capacity(value, counted, response, 0.3) * 0.1
    assert final(q)[0] == pytest.approx(0.3, rel=1e-12)
    found = capacity.required_input(lambda x: np.vectorize(lambda y: final(y)[0])(x), np.array([0.3]), [0.0], [1.0])
    assert found[0] == pytest.approx(q, rel=1e-9)


def test_required_input_of_a_model_that_is_not_linear():
    """C_n = 0.1 + sqrt(q): the root for a limit of 0.6 is 0.25."""
    found = capacity.required_input(lambda q: 0.1 + np.sqrt(np.abs(q)), np.array([0.6, 0.6]), [0.1, 0.2], [0.3, 0.4])
    np.testing.assert_allclose(found, 0.25, rtol=1e-8)


def test_index_is_one_at_the_background_and_zero_at_the_limit():
    assert capacity.capacity_index(0.12, 0.3, 0.12) == 1.0
    assert capacity.capacity_index(0.3, 0.3, 0.12) == 0.0
    assert capacity.capacity_index(0.39, 0.3, 0.12) == pytest.approx(-0.5)
    assert np.isnan(capacity.capacity_index(0.3, 0.3, 0.31))
    assert np.isnan(capacity.static_capacity(0.3, 0.31, MASS))
    assert capacity.load_index(0.39, 0.3) == pytest.approx(1.3)


def test_classes_and_geogenic_exceedance():
    """PI > 1 high, 0.7-1 medium, 0.3-0.7 low, 0-0.3 alert, <= 0 overload; codes of capacity_classes.csv."""
    table = coefficients("capacity_classes")
    limit, background = np.full(9, 0.5), np.array([0.25] * 6 + [0.5, 0.25, 0.75])
    index = np.array([1.25, 1.0, 0.5, 0.25, 0.0, -1.0, 0.0, 0.0, 0.0])
    content = limit - index * 0.25
    limit[7] = np.nan
    result = capacity.classes(content, limit, background, table)
    code = {key.split("/")[0]: value for key, value in table.items() if key.endswith("/code")}
    expected = ["high", "medium", "low", "alert", "overload", "overload", "geogenic", "no_limit", "geogenic"]
    assert result.tolist() == [code[name] for name in expected]
    assert result.dtype == np.uint8


def test_nemerow_by_hand():
    indices = np.array([[1.0, 0.5], [0.5, -0.5]])
    np.testing.assert_allclose(capacity.nemerow_index(indices), [sqrt(0.40625), -sqrt(0.125)])


def test_normal_distribution_against_erf():
    score = np.linspace(-8, 8, 401)
    reference = np.array([0.5 * (1 + erf(value / sqrt(2))) for value in score])
    np.testing.assert_allclose(capacity.normal_distribution(score), reference, atol=8e-8)
    assert np.isnan(capacity.normal_distribution(np.array([np.nan]))[0])
    np.testing.assert_array_equal(capacity.normal_distribution(np.array([-np.inf, np.inf])), [0.0, 1.0])


def test_overload_probability():
    """Half at the median; a step for an exact map; a log-normal draw (100,000, seeded) agrees to its sampling error."""
    sigma = 0.4
    assert capacity.overload_probability(0.3 * exp(0.08), sigma, 0.3) == pytest.approx(0.5, abs=1e-7)
    np.testing.assert_array_equal(
        capacity.overload_probability(np.array([0.29, 0.3, 0.31, 0.3]), np.zeros(4), np.array([0.3, 0.3, 0.3, np.nan])),
        [0.0, 0.0, 1.0, np.nan],
    )
    draws = np.exp(np.random.default_rng(1).normal(log(0.2) - 0.5 * sigma**2, sigma, 100_000))
    assert capacity.overload_probability(0.2, sigma, 0.3) == pytest.approx((draws > 0.3).mean(), abs=0.005)


def test_error_is_carried_by_what_is_left_of_the_starting_stock():
    """CV0 0.3 on 1.0; 0.8 of it left, 0.2 came on top: CV 0.24; nothing lost or gained: unchanged."""
    start = sqrt(log(1 + 0.3**2))
    assert capacity.forecast_log_error(start, 1.0, 1.0, 0.8) == pytest.approx(sqrt(log(1 + 0.24**2)), rel=1e-12)
    assert capacity.forecast_log_error(start, 1.0, 1.0, 1.0) == pytest.approx(start, rel=1e-12)
    assert capacity.forecast_log_error(start, 1.0, 0.0, 0.5) == 0.0
    # With a geogenic anchor of 0.6 the inherited part is 0.6 + 0.4 * 0.5 = 0.8, by hand: CV 0.24 of a mean of 1.
    assert capacity.forecast_log_error(start, 1.0, 1.0, 0.5, 0.6) == pytest.approx(sqrt(log(1 + 0.24**2)), rel=1e-12)
    # A soil at its background, in balance, stays exactly as uncertain as it is.
    assert capacity.forecast_log_error(start, 1.0, 1.0, 0.1, 1.0) == pytest.approx(start, rel=1e-12)


def test_overload_year_is_the_first_one():
    year = np.full(3, capacity.NEVER)
    for calendar, content in ((2021, [0.2, 0.31, 0.2]), (2022, [0.31, 0.2, 0.2]), (2023, [0.4, 0.4, 0.3])):
        year = capacity.overload_year(year, np.array(content), np.full(3, 0.3), calendar)
    assert year.tolist() == [2022, 2021, capacity.NEVER]


def test_zone_sums_judge_each_class_by_its_own_limit():
    """Two cells of 1 km2, half paddy (limit 0.4), half forest (0.7 and none): by hand."""
    weights = np.full((2, 2), 0.5)
    values = np.array([[0.4, 0.4], [0.7, np.nan]])
    content = np.array([0.5, 0.3])
    sums = capacity.zone_sums(
        weights, (content > values).astype(float), content, values, background=np.array([0.1, 0.1])
    )
    paddy, forest = (capacity.zone_summary(sums, row) for row in (0, 1))
    both = capacity.zone_summary(sums)
    assert (paddy.area, forest.area, both.area) == (1.0, 1.0, 2.0)
    assert (paddy.limited, forest.limited, both.limited) == (1.0, 0.5, 1.5)
    assert (paddy.overload, forest.overload, both.overload) == (0.5, 0.0, 0.5)
    assert both.overload_share == pytest.approx(0.25)
    assert both.geogenic == 0.0
    assert both.capacity_index == pytest.approx((-1 / 3 + 1 / 3 + 1 / 3) / 3)
    assert both.capacity_left == pytest.approx((-0.1 + 0.1 + 0.2) / (0.3 + 0.3 + 0.6))
    assert both.concentration == pytest.approx(0.4)


def test_mean_index_is_held_where_there_is_almost_no_capacity():
    """A limit 1e-6 above the background gives an index of -1e5; half the area of index 0.5 must still count."""
    sums = capacity.zone_sums(
        np.ones((1, 2)), np.zeros((1, 2)), np.array([0.4, 0.2]), np.array([[0.300001, 0.3]]), np.array([0.3, 0.1])
    )
    assert capacity.zone_summary(sums).capacity_index == pytest.approx((-10.0 + 0.5) / 2)


def test_split_of_a_change_adds_up():
    """f = C - L: 3 - 1 = 2 becomes 5 - 2 = 3; concentration alone +2, limit alone -1, in either order."""
    split = capacity.split_change(lambda content, limit: content - limit, (3.0, 5.0), (1.0, 2.0))
    assert (split.start, split.end, split.by_concentration, split.by_limit) == (2.0, 3.0, 2.0, -1.0)
    product = capacity.split_change(lambda content, limit: content * limit, (3.0, 5.0), (1.0, 2.0))
    assert product.by_concentration + product.by_limit == pytest.approx(product.end - product.start)


positive = st.floats(0.01, 5.0)


@settings(max_examples=30, deadline=None)
@given(
    content=positive,
    limit=positive,
    more=st.floats(0.01, 2.0),
    rate=st.floats(0.0, 0.2),
    sigma=st.floats(0.05, 1.0),
)
def test_everything_is_monotone_in_the_limit(content, limit, more, rate, sigma):
    higher = limit + more
    assert capacity.remaining_capacity(content, higher, MASS) > capacity.remaining_capacity(content, limit, MASS)
    for function, loss in (
        (capacity.dynamic_capacity_continuous, rate),
        (capacity.dynamic_capacity_discrete, exp(-rate)),
    ):
        assert function(content, higher, loss, MASS, 50) > function(content, limit, loss, MASS, 50)
    assert capacity.overload_probability(content, sigma, higher) <= capacity.overload_probability(content, sigma, limit)
    background = 0.5 * min(content, limit)
    assert (
        capacity.capacity_index(content, higher, background) >= capacity.capacity_index(content, limit, background)
        or content < background
    )
