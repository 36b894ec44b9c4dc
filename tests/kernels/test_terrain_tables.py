"""Tables by level and distance in terrain: against the full calculation, and laws of their own."""

from dataclasses import fields, replace

import numpy as np
import pytest
from dispersion_cases import STACK, VENT, receptors, weather
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget.dispersion import model
from metalbudget.dispersion.case import FineFraction, Options, Receptors
from metalbudget.dispersion.receptor_levels import TAPS, hills_for, layout, levels_for

QUANTITIES = ("concentration_ug_m3", "dry_g_m2", "wet_g_m2")
TERRAIN = Options(terrain=True, deposition=True)
HOURS = weather(3, seed=7)
TALL = replace(STACK, height_m=150.0, diameter_m=5.0, exit_velocity_m_s=20.0)
LOW = replace(STACK, height_m=15.0, diameter_m=0.5, exit_temperature_k=0.0)


def hilly(count=150, seed=5, base_m=0.0, nearest_m=200.0, spare_m=(0.0, 40.0, 150.0)):
    """Receptors on a ridge and in a valley, hills of several heights beside them."""
    flat = receptors(count, seed, nearest_m)
    wave = np.sin(flat.x_m / 1900.0) * np.cos(flat.y_m / 1500.0 + 0.4)
    elevation = np.round(base_m + 110.0 * wave + 40.0 * np.sin(flat.x_m / 600.0), 1)
    hill = elevation + np.random.default_rng(seed).choice(spare_m, count)
    return Receptors(flat.x_m, flat.y_m, elevation, hill, np.zeros(count))


def answer(source, places, through=HOURS, options=TERRAIN, exact=False, **more):
    """All three quantities, shape (quantities, receptors), or with hours before the receptors."""
    found = model.run([source], places, *through, options, exact=exact, **more)
    return np.stack([getattr(found, name)[0] for name in QUANTITIES])


def chosen(places, rows):
    """Some receptors."""
    return Receptors(*(getattr(places, field.name)[rows] for field in fields(places)))


# --- against the full calculation ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "rms", "largest"),
    [
        (STACK, 0.004, 0.02),
        (TALL, 0.004, 0.02),
        (VENT, 0.006, 0.03),
        (LOW, 0.01, 0.06),
        (replace(STACK, substance=FineFraction(0.7, 0.6)), 0.004, 0.02),
        (replace(STACK, urban=True), 0.004, 0.02),
        (replace(STACK, base_elevation_m=300.0), 0.004, 0.02),
    ],
    ids=["stack", "tall", "vent", "low", "method2", "urban", "raised"],
)
def test_tables_answer_as_the_full_calculation(source, rms, largest):
    """Of twelve days; a year's sums are closer (docs/verification-dispersion.md). All together 0.3 %."""
    through = weather(12, seed=11)
    places = hilly(base_m=source.base_elevation_m)
    options = replace(TERRAIN, urban_population=500000.0) if source.urban else TERRAIN
    full, tabled = (answer(source, places, through, options, exact) for exact in (True, False))
    for found, expected in zip(tabled, full, strict=True):
        counts = expected >= 0.01 * expected.max()
        relative = found[counts] / expected[counts] - 1.0
        assert np.sqrt(np.mean(relative**2)) <= rms
        assert np.abs(relative).max() <= largest
        assert found.sum() == pytest.approx(expected.sum(), rel=0.003)


def test_a_single_summit_needs_one_hill_a_level():
    """Hills that are the ground itself: as exact, at a station for every level."""
    places = hilly(spare_m=(0.0,))
    found = layout(places.elevation_m, places.hill_height_m, True, 50.0)
    assert found.hills_m.size == found.levels_m.size
    full, tabled = (answer(STACK, places, weather(12, seed=2), exact=exact) for exact in (True, False))
    for one, other in zip(tabled, full, strict=True):
        counts = other >= 0.01 * other.max()
        np.testing.assert_allclose(one[counts], other[counts], rtol=0.02)


@pytest.mark.parametrize("height_m", [-15.0, 3.0, 90.0])
def test_a_plateau_is_one_level(height_m):
    """All receptors at one height: along the distance alone is interpolated, of three days to 0.3 % rms."""
    places = receptors(60, elevation_m=height_m, nearest_m=300.0)
    assert layout(places.elevation_m, places.hill_height_m, True, 50.0).levels_m.tolist() == [height_m]
    full, tabled = (answer(STACK, places, exact=exact) for exact in (True, False))
    for one, other in zip(tabled, full, strict=True):
        counts = other >= 0.01 * other.max()
        relative = one[counts] / other[counts] - 1.0
        assert np.sqrt(np.mean(relative**2)) <= 0.003
        assert np.abs(relative).max() <= 0.02


@pytest.mark.parametrize("source", [STACK, VENT], ids=["stack", "vent"])
def test_terrain_at_the_height_of_the_base_is_flat(source):
    """The flat tables, which are other code, find the same."""
    places = receptors(60, elevation_m=250.0)
    raised = replace(source, base_elevation_m=250.0)
    level = answer(raised, places, options=Options(deposition=True))
    np.testing.assert_allclose(answer(raised, places), level, rtol=3e-3, atol=1e-4 * level.max())


def test_only_heights_above_the_base_count_unless_depletion_meets_a_hill():
    """Concentration does not know elevations above the sea."""
    options = Options(terrain=True)
    source = replace(STACK, substance=None)
    low = answer(source, hilly(60), options=options)
    high = answer(replace(source, base_elevation_m=700.0), hilly(60, base_m=700.0), options=options)
    np.testing.assert_allclose(high, low, rtol=1e-6)


# --- laws ---------------------------------------------------------------------------------------------


@given(seed=st.integers(0, 10000))
@examples(max_examples=5, deadline=None)
def test_the_order_of_receptors_does_not_matter(seed):
    places = hilly(40)
    order = np.random.default_rng(seed).permutation(40)
    np.testing.assert_allclose(answer(STACK, chosen(places, order)), answer(STACK, places)[:, order], rtol=1e-9)


@given(emission=st.floats(1e-6, 1e6))
@examples(max_examples=5, deadline=None)
def test_linear_in_emission(emission):
    places = hilly(40)
    more = answer(replace(STACK, emission=STACK.emission * emission), places)
    assert more == pytest.approx(answer(STACK, places) * emission, rel=1e-9)


def test_days_add_up():
    """Sums of deposition over hours used are those of their parts."""
    places, used = hilly(40), np.arange(HOURS[0].size) < 30
    early, late = (answer(STACK, places, hours_used=part)[1:] for part in (used, ~used))
    np.testing.assert_allclose(early + late, answer(STACK, places)[1:], rtol=2e-3, atol=1e-15)


def test_threads_do_not_change_a_byte():
    one, two = (answer(STACK, hilly(40), threads=threads) for threads in (1, 2))
    assert one.tobytes() == two.tobytes()


def test_an_answer_is_finite_and_nowhere_negative():
    for source in (STACK, VENT, LOW, TALL, replace(STACK, height_m=0.0)):
        places = hilly(80, nearest_m=1.0)
        places.x_m[0] = places.y_m[0] = 0.0
        found = answer(source, places)
        assert np.isfinite(found).all()
        assert found.min() >= 0.0
        assert np.all(found[:, 0] == 0.0)


# --- what tables leave to the full calculation --------------------------------------------------------


def test_hours_are_kept_by_the_full_calculation_only():
    places, through = hilly(20), weather(1)
    tabled, full = (answer(STACK, places, through, exact=exact, hourly=True) for exact in (False, True))
    assert tabled.tobytes() == full.tobytes()


@pytest.mark.parametrize("change", [{"flagpole_m": 3.0}, {"romberg": True}], ids=["poles", "romberg"])
def test_poles_and_romberg_s_integral_are_calculated_in_full(change):
    places, through = hilly(20), weather(1)
    options = TERRAIN
    if "romberg" in change:
        options = replace(TERRAIN, romberg=True)
    else:
        places = replace(places, flagpole_m=np.full(20, 3.0))
    tabled, full = (answer(STACK, places, through, options, exact) for exact in (False, True))
    assert tabled.tobytes() == full.tobytes()


def test_many_receptors_in_terrain_take_tables():
    places, through = hilly(model.ENOUGH_FOR_TABLES), weather(1)
    assert answer(STACK, places, through, exact=None).tobytes() == answer(STACK, places, through).tobytes()


# --- levels and hills ---------------------------------------------------------------------------------

HEIGHTS = st.lists(st.floats(-300.0, 1500.0), min_size=2, max_size=30, unique=True)


@given(heights=HEIGHTS, stable=st.booleans(), release=st.floats(0.0, 300.0))
@examples(max_examples=50, deadline=None)
def test_levels_rise_around_all_heights(heights, stable, release):
    height = np.array(heights)
    levels = levels_for(height, stable, release)
    assert np.all(np.diff(levels) > 0.0) or levels.size == 1
    if levels.size > 1:
        assert levels.size >= TAPS
        assert levels[0] <= height.min()
        assert levels[-1] >= height.max()
        if height.min() < 0.0 < height.max():
            assert 0.0 in levels


@given(
    heights=HEIGHTS,
    above=st.lists(st.floats(0.0, 800.0), min_size=30, max_size=30),
    stable=st.booleans(),
    release=st.floats(0.0, 300.0),
)
@examples(max_examples=50, deadline=None)
def test_receptors_lie_among_their_levels_and_hills(heights, above, stable, release):
    """Lagrange's weights repeat a cubic, those between hills a line, and indices stay within the tables."""
    height = np.array(heights)
    hill = np.maximum(height, 0.0) + np.array(above[: height.size])
    found = layout(height, hill, stable, release)
    if found.levels_m.size == 1:
        return
    at = found.levels_m[found.level[:, None] + np.arange(TAPS)]
    scaled, own = at / 1500.0, height / 1500.0
    assert (found.weights * scaled**3).sum(axis=1) == pytest.approx(own**3, abs=1e-9)
    rows = np.arange(height.size)
    low, high = at[rows, found.inner], at[rows, found.inner + 1]
    assert low + found.part * (high - low) == pytest.approx(height, abs=1e-6)
    assert np.all((found.part >= 0.0) & (found.part <= 1.0))
    assert np.all((found.between >= 0.0) & (found.between <= 1.0))
    upper = found.station + (found.between > 0.0)
    level = found.level[:, None] + np.arange(TAPS)
    assert np.all(found.station >= found.first[level])
    assert np.all(upper < found.first[level + 1])


def test_hills_of_a_level_by_hand():
    """On a line over the height one; else from the lowest to the highest, closer at the low end."""
    height = np.array([96.0, 100.0, 104.0])
    assert hills_for(height, 20.0 + 2.0 * height, 100.0) == pytest.approx([220.0])
    several = hills_for(height, np.array([100.0, 300.0, 100.0]), 100.0)
    assert several[0] == 100.0
    assert several[-1] == pytest.approx(300.0)
    assert np.all(np.diff(several, 2) > 0.0)
    assert hills_for(np.zeros(0), np.zeros(0), 100.0).tolist() == [0.0]
