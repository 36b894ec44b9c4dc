"""Shares between rings: hand calculations, the table by bearing, and the laws of depletion."""

import math
from dataclasses import replace

import numpy as np
import pytest
from dispersion_cases import TABLES, weather
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget.dispersion import model, nodes, polar, rings
from metalbudget.dispersion.air import running_integral
from metalbudget.dispersion.case import FineFraction, Options
from metalbudget.dispersion.profiles import LEVELS_M
from metalbudget.dispersion.profiles import grid as profile_grid
from metalbudget.dispersion.reading import gas_surface, method_2_pairs
from metalbudget.dispersion.release import Release, Weather, source_of, substances
from metalbudget.errors import InputError
from metalbudget.settings import coefficients

CLASSES = ["p0.5", "p3.5", "p15", "hg2"]
SUBSTANCES = substances(CLASSES, TABLES["particle_class"], TABLES["gas_deposition"])
SURFACE = gas_surface(TABLES["dispersion"])
OPTIONS = Options(deposition=True, gas_surface=SURFACE)
RELEASES = {
    "high": Release("high", 120.0, 4.0, 400.0, 15.0),
    "low": Release("low", 20.0, 1.0, 400.0, 10.0),
    "ground": Release("ground", 2.0, weights=np.zeros((1, 1))),
}
PAIRS = [FineFraction(0.75, 0.5), FineFraction(0.4, 2.0), FineFraction(1.0, 0.5)]
FIRST_M, LAST_M = 50.0, 30000.0
HOURS, OBSERVATIONS = weather(12)
AIR = model.atmosphere(HOURS, profile_grid(HOURS, OBSERVATIONS))
VALID = np.flatnonzero(HOURS.valid)


def arrays_of(release, followed=SUBSTANCES, options=OPTIONS):
    return model.arrays_of(source_of(release, 0.465), AIR, options, followed)


def line_of(arrays, settling_count, rows=VALID, per_e_fold=5.0):
    distances, inner = rings.node_distances(FIRST_M, LAST_M, per_e_fold)
    return distances, inner, rings.annual_line(arrays, settling_count, rows, len(rows), distances)


def shares_of(arrays, settling_count, rows=VALID, edges=(1000.0, 10000.0, LAST_M)):
    distances, inner, line = line_of(arrays, settling_count, rows)
    return rings.ring_shares(distances, line, edges, inner)


# --- from a line to rings -----------------------------------------------------------------------------


def test_rings_of_a_line_that_falls_with_distance_by_hand():
    """k/r holds k ln(b/a) from a to b, and the disc within the first node k/2."""
    distances, inner = rings.node_distances(100.0, 10000.0, 4.0)
    found = rings.ring_shares(distances, 0.03 / distances, (1000.0, 10000.0), inner)
    ring = 0.03 * math.log(10.0)
    assert found == pytest.approx([0.015 + ring, ring])


def test_rings_of_an_even_line_by_hand():
    """c holds c (b − a) from a to b, and the disc within the first node, of the density at it, c a/2."""
    distances, inner = rings.node_distances(100.0, 20000.0, 6.0)
    line = np.full((distances.size, 2, 2), 1.0e-5)
    found = rings.ring_shares(distances, line, (1500.0, 20000.0), inner)
    assert found.shape == (2, 2, 2)
    assert found[1, 0] == pytest.approx([1.0e-5 * (1400.0 + 50.0), 1.0e-5 * 18500.0], rel=1e-4)


def test_nodes_hold_the_first_and_the_last_distance_and_look_inwards():
    distances, inner = rings.node_distances(50.0, 30000.0, 2.0)
    assert (distances[inner], distances[-1]) == pytest.approx((50.0, 30000.0))
    assert distances[0] < 50.0 / nodes.EXTENSION
    assert np.diff(np.log(distances)) == pytest.approx(np.full(distances.size - 1, np.log(distances[1] / distances[0])))


@pytest.mark.parametrize("edges", [(1000.0, 900.0), (10.0, 1000.0), (1000.0, 40000.0)])
def test_edges_must_rise_within_the_distances(edges):
    distances, inner = rings.node_distances(50.0, 30000.0, 2.0)
    with pytest.raises(ValueError, match=r"ring edges must rise within 50\.\.30000 m"):
        rings.ring_shares(distances, 1.0 / distances, edges, inner)


@pytest.mark.parametrize(
    ("last_m", "expected"),
    [(50000.0, (1000.0, 10000.0, 50000.0)), (10000.0, (1000.0, 10000.0)), (800.0, (800.0,))],
)
def test_rings_end_where_the_operator_ends(last_m, expected):
    assert rings.edges_m(last_m) == expected


# --- hand-calculable plumes ---------------------------------------------------------------------------


def even_wind(arrays, wind_m_s=5.0):
    """The same hours with one wind at all heights."""
    scalars, levels, values, sums = (np.array(array) for array in arrays[:4])
    scalars[:, 7] = wind_m_s
    values[:, 0] = wind_m_s
    sums[:, 0] = running_integral(LEVELS_M, np.full(LEVELS_M.size, wind_m_s))
    return (scalars, levels, values, sums, *arrays[4:])


def with_rates(arrays, **changed):
    """Replace loss rates: dry 9, settling 10, scavenging 11, washout 12, its limits 13 and 14."""
    places = {"dry": 9, "settling": 10, "scavenging": 11, "washout": 12, "limit": 13, "flux_limit": 14}
    made = list(arrays)
    for name, value in changed.items():
        made[places[name]] = np.full_like(arrays[places[name]], value)
    return tuple(made)


def test_rain_alone_takes_what_an_exponential_takes_by_hand():
    """A plume in a wind of 5 m/s that rain of rate Λ washes out leaves 1 − exp(−Λ x/u) within x, all of it wet."""
    still = with_rates(even_wind(arrays_of(RELEASES["high"])), dry=0.0, settling=0.0, washout=0.0, scavenging=2.0e-4)
    found = shares_of(still, len(SUBSTANCES))
    expected = np.diff([1.0 - math.exp(-2.0e-4 * x / 5.0) for x in (0.0, 1000.0, 10000.0, LAST_M)])
    for k in range(len(SUBSTANCES)):
        assert found[k, 0] == pytest.approx(np.zeros(3))
        # the disc within 50 m has the density at 50 m: half of what falls there, 0.001 of the emission
        assert found[k, 1] == pytest.approx(expected, abs=1.2e-3)


def test_without_losses_nothing_falls():
    clean = with_rates(arrays_of(RELEASES["low"], [*SUBSTANCES, *PAIRS]), dry=0.0, washout=0.0, scavenging=0.0)
    assert np.all(shares_of(clean, len(SUBSTANCES)) == 0.0)


def test_slow_dry_deposition_is_proportional_to_its_velocity():
    """Where next to nothing is lost on the way, twice the velocity leaves twice as much."""
    arrays = arrays_of(RELEASES["low"], PAIRS)
    slow, twice = (shares_of(with_rates(arrays, dry=v, washout=0.0), 0) for v in (1.0e-7, 2.0e-7))
    assert twice[:, 0] == pytest.approx(2.0 * slow[:, 0], rel=1e-4)
    assert slow[0, 0].sum() > 0.0


# --- against the table by bearing ---------------------------------------------------------------------


@pytest.mark.parametrize("name", list(RELEASES))
def test_mass_is_that_of_the_table_by_bearing(name):
    arrays = arrays_of(RELEASES[name])
    table = polar.annual(arrays, VALID, VALID.size, FIRST_M, LAST_M, 5.0, 180)
    found = shares_of(arrays, len(SUBSTANCES), edges=(LAST_M,))[..., 0]
    assert found == pytest.approx(table.mass(), rel=0.012)


@pytest.mark.parametrize("name", list(RELEASES))
def test_rings_are_those_of_the_table_by_bearing(name):
    """A ring of the table lies a little farther out, where a plume is wide: 2 % of the whole at most."""
    arrays = arrays_of(RELEASES[name])
    table = polar.annual(arrays, VALID, VALID.size, FIRST_M, LAST_M, 5.0, 180)
    line = table.density.mean(axis=0) * (2.0 * np.pi * table.distances_m)[:, None, None]
    expected = rings.ring_shares(table.distances_m, line, (1000.0, 10000.0, LAST_M))
    found = shares_of(arrays, len(SUBSTANCES))
    whole = expected.sum(axis=(1, 2))
    assert np.all(np.abs(found - expected).max(axis=(1, 2)) < 0.02 * whole)


def test_few_nodes_are_enough():
    for release in RELEASES.values():
        arrays = arrays_of(release, [*SUBSTANCES, *PAIRS])
        made = []
        for per_e_fold in (rings.NODES_PER_E_FOLD, 20.0):
            distances, inner, line = line_of(arrays, len(SUBSTANCES), per_e_fold=per_e_fold)
            made.append(rings.ring_shares(distances, line, (1000.0, 10000.0, LAST_M), inner))
        few, many = made
        whole = many.sum(axis=(1, 2))
        assert np.all(np.abs(few - many).max(axis=(1, 2)) < 0.005 * whole)


# --- laws ---------------------------------------------------------------------------------------------


@examples(max_examples=15, deadline=None)
@given(
    height_m=st.floats(2.0, 200.0),
    fine=st.floats(0.0, 1.0),
    diameter_um=st.floats(0.1, 5.0),
    seed=st.integers(0, 1000),
)
def test_never_more_falls_than_is_emitted(height_m, fine, diameter_um, seed):
    """To 3 %: two points integrate the depletion, as everywhere in this engine."""
    rows = np.sort(np.random.default_rng(seed).choice(VALID, 12, replace=False))
    arrays = arrays_of(Release("any", height_m, 2.0, 380.0, 8.0), [*SUBSTANCES, FineFraction(fine, diameter_um)])
    found = shares_of(arrays, len(SUBSTANCES), rows)
    assert np.all(found >= 0.0)
    # METHOD_2's flux in rain is not held to what its loss is held to (methods.md): there mass is not kept
    assert np.all(found[:-1].sum(axis=(1, 2)) < 1.03)
    assert found[-1, 0].sum() < 1.03


def test_hours_and_emission_add_up():
    arrays = arrays_of(RELEASES["low"], [*SUBSTANCES, *PAIRS])
    early, late = VALID[:100], VALID[100:]
    lines = [line_of(arrays, len(SUBSTANCES), rows)[2] * rows.size for rows in (early, late, VALID)]
    np.testing.assert_allclose(lines[0] + lines[1], lines[2], rtol=1e-10, atol=1e-20)
    doubled = (*arrays[:-1], 2.0 * arrays[-1])
    np.testing.assert_allclose(line_of(doubled, len(SUBSTANCES))[2] * VALID.size, 2.0 * lines[2], rtol=1e-12)


def test_substances_do_not_touch_each_other():
    together = shares_of(arrays_of(RELEASES["low"], [*SUBSTANCES, *PAIRS]), len(SUBSTANCES))
    apart = shares_of(arrays_of(RELEASES["low"]), len(SUBSTANCES))
    np.testing.assert_allclose(together[: len(SUBSTANCES)], apart, rtol=1e-9)
    for k, pair in enumerate(PAIRS):
        alone = shares_of(arrays_of(RELEASES["low"], [pair]), 0)
        # beside others it takes the density of the finest class, which has fallen by less than 0.003 spreads
        np.testing.assert_allclose(together[len(SUBSTANCES) + k], alone[0], rtol=1e-3)


@pytest.mark.parametrize(("pair", "bound"), [(PAIRS[0], 0.001), (PAIRS[1], 0.01), (FineFraction(0.385, 5.0), 0.04)])
def test_settling_of_method_2_hardly_matters(pair, bound):
    """AERMOD lets METHOD_2's plume sink at the velocity of the mean diameter; shared nodes leave that out."""
    for release in RELEASES.values():
        arrays = arrays_of(release, [pair])
        sinking, floating = (shares_of(arrays, count) for count in (1, 0))
        assert np.abs(floating - sinking).max() < bound * sinking.sum()


def test_method_2_washout_is_divided_by_the_depth_of_the_plume():
    """By hand for Cd at 1 mm/h: W = 1e5·0.6·0.7 + 6e5·0.3 = 2.22e5, Λ = 1e-3 W/3600/z_p is 1.2e-4 s⁻¹ over 500 m.

    Close to the source, in a wind of 5 m/s, what falls a metre is Λ/5.
    """
    washed = 2.22e5 * 1.0e-3 / 3600.0
    assert washed / 500.0 == pytest.approx(1.2e-4, rel=0.03)
    assert washed / 5500.0 == pytest.approx(1.1e-5, rel=0.03)
    arrays = with_rates(even_wind(arrays_of(RELEASES["low"], PAIRS[:1])), washout=washed, dry=0.0)
    rate = 5.0 * np.array([line_of(arrays, 0, np.array([hour]))[2][0, 0, 1] for hour in VALID])
    depth = washed / rate
    stable = HOURS.obukhov_length_m[VALID] > 0.0
    assert depth.min() * 1.01 > 500.0
    assert depth.max() < 10000.0 * 1.01
    assert np.all(depth * 1.01 >= AIR.scalars[VALID, 1])
    assert np.median(depth[~stable]) > 3.0 * np.median(depth[stable])


# --- few hours ----------------------------------------------------------------------------------------


def test_all_hours_of_rain_and_one_dry_hour_in_six():
    rows, weight = rings.few_hours(HOURS)
    raining = HOURS.valid & (HOURS.precipitation_mm_h > 0.0)
    assert np.all(weight[raining] == 1.0)
    assert weight.sum() == pytest.approx(HOURS.valid.sum())
    assert np.all(weight[~HOURS.valid] == 0.0)
    dry = VALID.size - raining.sum()
    assert abs(rows.size - raining.sum() - dry / 6.0) < 1.0
    assert np.all(np.diff(rows) > 0)
    stable = HOURS.obukhov_length_m > 0.0
    assert weight[stable].sum() == pytest.approx((HOURS.valid & stable).sum(), rel=0.05)


@pytest.mark.parametrize("dry_hours", [0, 1, 3])
def test_hardly_a_dry_hour(dry_hours):
    rain = np.ones(HOURS.size)
    rain[VALID[:dry_hours]] = 0.0
    rows, weight = rings.few_hours(replace(HOURS, precipitation_mm_h=rain))
    assert weight.sum() == pytest.approx(VALID.size)
    assert rows.size == VALID.size - dry_hours + min(dry_hours, 1)


def test_few_hours_stand_for_all():
    """Two months: within 5 % of all hours for every substance's own total (1 % rms over a year)."""
    hours, observations = weather(60, seed=5)
    made = Weather(
        hours, observations, CLASSES, {"max_distance_m": LAST_M, "bearings": 36, "hours": "all"}, TABLES, SURFACE
    )
    air = model.atmosphere(hours, profile_grid(hours, observations))
    rows = np.flatnonzero(hours.valid)
    for name, release in RELEASES.items():
        few = made.rings(release, PAIRS)
        arrays = model.arrays_of(source_of(release, 0.465), air, OPTIONS, [*SUBSTANCES, *PAIRS])
        every = shares_of(arrays, len(SUBSTANCES), rows)
        assert few.sum(axis=(1, 2)) == pytest.approx(every.sum(axis=(1, 2)), rel=0.05), name


# --- a study's sources --------------------------------------------------------------------------------


def test_alike_sources_are_calculated_once():
    asked = []

    def of(release):
        asked.append(release.name)
        return np.full((2, 2, 3), release.height_m)

    twin = replace(RELEASES["low"], name="twin", x_m=500.0)
    spread = replace(RELEASES["ground"], name="spread", weights=np.ones((2, 2)))
    found = rings.of_releases(of, [*RELEASES.values(), twin, spread], threads=2)
    assert found.shape == (5, 2, 2, 3)
    assert found[:, 0, 0, 0].tolist() == [120.0, 20.0, 2.0, 20.0, 2.0]
    assert len(asked) == 3


def test_pairs_of_the_table():
    pairs = method_2_pairs({"cd": coefficients("method_2", "cd"), "xx": coefficients("method_2", "xx")})
    assert pairs == {"cd": FineFraction(0.7, 0.6)}


def test_half_a_pair_is_an_input_error():
    wrong = {
        "cd": {"fine_fraction": 0.7},
        "pb": {"fine_fraction": 1.2, "mean_diameter_um": 0.5},
        "zn": {"fine_fraction": 0.5, "mean_diameter_um": 0.0},
        "ni": {"fine_fraction": 0.5, "mean_diameter_um": 1.0},
    }
    with pytest.raises(InputError) as raised:
        method_2_pairs(wrong)
    said = str(raised.value)
    assert [f"metal {metal}" in said for metal in wrong] == [True, True, True, False]
    assert "method_2.csv" in said
