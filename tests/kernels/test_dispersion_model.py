"""Laws of the whole calculation: hours, sources and receptors; tables against the full calculation."""

from dataclasses import replace

import numpy as np
import pytest
from dispersion_cases import DUST, STACK, VENT, YARD, receptors, turned, weather
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget.dispersion import model
from metalbudget.dispersion.case import FineFraction, Options, Receptors, Source

QUANTITIES = ("concentration_ug_m3", "dry_g_m2", "wet_g_m2")
HOURS = weather()
PLACES = receptors()
BOTH = Options(deposition=True)
SOURCES = {"stack": STACK, "vent": VENT, "yard": YARD}


def answer(sources, places=PLACES, through=HOURS, options=BOTH, exact=True, **more):
    """All three quantities, shape (quantities, groups, receptors) or (quantities, groups, hours, receptors)."""
    found = model.run(sources, places, *through, options, exact=exact, **more)
    return np.stack([getattr(found, name) for name in QUANTITIES])


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_an_answer_is_finite_and_nowhere_negative(source):
    found = answer([source])
    assert np.isfinite(found).all()
    assert found.min() >= 0.0
    assert np.all(found.max(axis=-1) > 0.0)


@given(
    height=st.floats(0.0, 250.0),
    diameter=st.floats(0.3, 8.0),
    velocity=st.floats(0.0, 30.0),
    temperature=st.floats(250.0, 600.0),
    flagpole=st.floats(0.0, 50.0),
)
@examples(max_examples=15, deadline=None)
def test_any_stack_has_a_finite_answer(height, diameter, velocity, temperature, flagpole):
    stack = replace(STACK, height_m=height, diameter_m=diameter, exit_velocity_m_s=velocity)
    stack = replace(stack, exit_temperature_k=temperature)
    found = answer([stack], receptors(8, flagpole_m=flagpole))
    assert np.isfinite(found).all()
    assert found.min() >= 0.0


@given(emission=st.floats(1e-6, 1e6), name=st.sampled_from(sorted(SOURCES)), exact=st.booleans())
@examples(max_examples=10, deadline=None)
def test_linear_in_emission(emission, name, exact):
    source = SOURCES[name]
    once = answer([source], exact=exact)
    more = answer([replace(source, emission=source.emission * emission)], exact=exact)
    assert more == pytest.approx(once * emission, rel=1e-12)


@pytest.mark.parametrize("exact", [True, False])
def test_sources_add_up_to_all(exact):
    groups = [[0], [1], [2], [0, 2], [0, 1, 2]]
    found = answer([STACK, VENT, YARD], exact=exact, groups=groups)
    assert found[:, 4] == pytest.approx(found[:, :3].sum(axis=1), rel=1e-12)
    assert found[:, 3] == pytest.approx(found[:, 0] + found[:, 2], rel=1e-12)
    assert found[:, 4] == pytest.approx(answer([STACK, VENT, YARD], exact=exact)[:, 0], rel=1e-12)


@given(east=st.floats(-5e4, 5e4), north=st.floats(-5e4, 5e4))
@examples(max_examples=5, deadline=None)
def test_only_the_way_from_source_to_receptor_counts(east, north):
    moved = replace(PLACES, x_m=PLACES.x_m + east, y_m=PLACES.y_m + north)
    found = answer([replace(STACK, x_m=east, y_m=north)], moved)
    assert found == pytest.approx(answer([STACK]), rel=1e-6, abs=1e-15)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("degrees", [90.0, 217.3])
def test_wind_and_receptors_turned_together_change_nothing(name, degrees, exact):
    source = SOURCES[name]
    around = source
    if source.vertices_m is not None:
        corners = source.vertices_m
        places = Receptors(corners[:, 0], corners[:, 1], *np.zeros((3, len(corners))))
        places = turned(places, degrees)
        around = replace(source, vertices_m=np.column_stack([places.x_m, places.y_m]))
    found = answer([around], turned(PLACES, degrees), weather(turned_deg=degrees), exact=exact)
    largest = found.max(axis=-1, keepdims=True)
    assert found == pytest.approx(answer([source], exact=exact), rel=1e-6, abs=1e-9 * float(largest.min()))


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("name", SOURCES)
def test_the_order_of_receptors_does_not_matter(name, exact):
    order = np.random.default_rng(7).permutation(PLACES.x_m.size)
    other = Receptors(*(getattr(PLACES, field)[order] for field in PLACES.__dataclass_fields__))
    found = answer([SOURCES[name]], other, exact=exact)
    assert found.tobytes() == answer([SOURCES[name]], exact=exact)[..., order].tobytes()


def test_both_sides_of_a_plume_are_alike():
    """Wind from the south, receptors mirrored at the meridian."""
    through = weather(wind_direction_deg=np.full(48, 180.0))
    mirrored = replace(PLACES, x_m=-PLACES.x_m)
    assert answer([STACK], mirrored, through) == pytest.approx(answer([STACK], through=through), rel=1e-9)


def test_a_plume_goes_where_the_wind_blows():
    through = weather(wind_direction_deg=np.full(48, 270.0))
    cross = Receptors(np.array([2e3, -2e3, 0.0, 0.0]), np.array([0.0, 0.0, 2e3, -2e3]), *np.zeros((3, 4)))
    east, *others = answer([STACK], cross, through)[0, 0]
    assert east > 5.0 * max(others)


# --- deposition ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("exact", [True, False])
def test_without_rain_nothing_is_washed_out(exact):
    found = answer([STACK, VENT], through=weather(raining=0.0), exact=exact)
    assert found[2].max() == 0.0
    assert found[1].min() > 0.0


@pytest.mark.parametrize("exact", [True, False])
def test_without_a_substance_nothing_deposits_and_nothing_is_lost(exact):
    through = weather(raining=0.5)
    bare = answer([replace(STACK, substance=None)], through=through, exact=exact)
    assert bare[1:].max() == 0.0
    unasked = answer([STACK], through=through, options=Options(deposition=False), exact=exact)
    assert unasked == pytest.approx(bare)


def test_concentration_without_depletion_is_that_of_what_does_not_settle():
    """By hand: particles of 0.1 um fall some 1e-6 m/s, which lowers no plume."""
    fine = replace(STACK, substance=replace(DUST, diameter_um=(0.1,), mass_fraction=(1.0,), density_g_cm3=(1.0,)))
    kept = Options(deposition=True, dry_depletion=False, wet_depletion=False)
    bare = answer([replace(STACK, substance=None)])
    assert answer([fine], options=kept)[0] == pytest.approx(bare[0], rel=1e-3)


@pytest.mark.parametrize("source", [STACK, VENT], ids=["stack", "vent"])
def test_depletion_only_takes_away(source):
    through = weather(raining=0.3)
    full = answer([source], through=through, options=replace(BOTH, dry_depletion=False, wet_depletion=False))
    less = answer([source], through=through)
    assert np.all(less <= full * (1.0 + 1e-12))
    assert less.sum() < 0.99 * full.sum()


def test_classes_add_up_to_their_mixture():
    parts = [
        replace(STACK, substance=replace(DUST, diameter_um=(d,), mass_fraction=(1.0,), density_g_cm3=(2.0,)))
        for d in DUST.diameter_um
    ]
    single = np.stack([answer([part]) for part in parts])
    assert answer([STACK]) == pytest.approx(np.tensordot(DUST.mass_fraction, single, 1), rel=1e-9)


def test_two_ways_to_say_depletion_agree_where_the_plume_is_smooth():
    """Romberg's integral to 5 % against two Gauss points: the share deposited is small, so both leave the same."""
    places = receptors(12, nearest_m=2000.0)
    source = replace(VENT, substance=FineFraction(0.9, 1.0))
    found, other = (answer([source], places, options=replace(BOTH, romberg=value)) for value in (False, True))
    assert found == pytest.approx(other, rel=0.1)


# --- terrain ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flagpole", [0.0, 20.0])
@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("elevation", [0.0, 730.0])
def test_a_plain_at_any_elevation_is_flat(name, elevation, flagpole):
    source = replace(SOURCES[name], base_elevation_m=elevation)
    places = receptors(elevation_m=elevation, flagpole_m=flagpole)
    rough = answer([source], places, options=replace(BOTH, terrain=True))
    flat = answer([SOURCES[name]], receptors(flagpole_m=flagpole))
    assert rough == pytest.approx(flat, rel=1e-9)


def test_a_receptor_on_a_hill_is_nearer_to_a_high_plume():
    places = receptors(30, nearest_m=500.0, farthest_m=5000.0)
    high = replace(places, elevation_m=np.full(30, 100.0), hill_height_m=np.full(30, 100.0))
    stack = replace(STACK, height_m=150.0)
    flat, hill = (answer([stack], where, options=Options(terrain=True))[0].sum() for where in (places, high))
    assert hill > flat


# --- hours --------------------------------------------------------------------------------------------


def broken_weather():
    """Three calm hours and two without a wind."""
    speed = np.random.default_rng(3).uniform(1.0, 8.0, 48)
    speed[[5, 6, 30]] = 0.0
    speed[[10, 40]] = np.nan
    return weather(wind_speed_m_s=speed)


@pytest.mark.parametrize("exact", [True, False])
def test_calm_and_missing_hours_are_counted_and_left_out(exact):
    hours, observations = broken_weather()
    found = model.run([STACK], PLACES, hours, observations, BOTH, exact=exact)
    assert (found.calm_hours, found.missing_hours) == (3, 2)
    assert np.flatnonzero(~found.valid).tolist() == [5, 6, 10, 30, 40]
    kept = hours.take(found.valid), observations.take(found.valid)
    assert answer([STACK], through=(hours, observations), exact=exact) == pytest.approx(
        answer([STACK], through=kept, exact=exact), rel=1e-12
    )


@pytest.mark.parametrize("name", SOURCES)
def test_hours_add_up_to_the_period(name):
    through = broken_weather()
    used = np.ones(48, dtype=bool)
    used[20:25] = False
    hourly = answer([SOURCES[name]], through=through, hourly=True, hours_used=used)
    period = answer([SOURCES[name]], through=through, hours_used=used)
    assert hourly.shape == (3, 1, 48, PLACES.x_m.size)
    assert hourly[1:].sum(axis=2) == pytest.approx(period[1:], rel=1e-12)
    assert hourly[0].sum(axis=1) / (48 - 5 - 5) == pytest.approx(period[0], rel=1e-12)
    assert hourly[:, :, ~used].max() == 0.0


def test_the_emission_factor_of_an_hour_multiplies_it():
    factor = np.random.default_rng(1).uniform(0.0, 2.0, 48)
    factor[3] = 0.0
    found = answer([replace(STACK, emission_factor=factor)], hourly=True)
    assert found == pytest.approx(answer([STACK], hourly=True) * factor[:, None], rel=1e-12)


@pytest.mark.parametrize("exact", [True, False])
def test_threads_do_not_change_a_byte(exact):
    sources = [STACK, VENT, YARD]
    one, three = (answer(sources, exact=exact, threads=threads) for threads in (1, 3))
    assert one.tobytes() == three.tobytes()


def test_progress_runs_to_its_end():
    steps = []
    model.run([STACK, VENT], PLACES, *HOURS, BOTH, progress=lambda done, all_of: steps.append((done, all_of)))
    assert [done for done, _ in steps] == list(range(1, steps[-1][1] + 1))


# --- tables -------------------------------------------------------------------------------------------


def differences(tabled, full):
    """Root mean square and largest relative difference above a thousandth of the maximum, by quantity."""
    for found, expected in zip(tabled[:, 0], full[:, 0], strict=True):
        counts = expected > 1e-3 * expected.max()
        relative = found[counts] / expected[counts] - 1.0
        yield float(np.sqrt(np.mean(relative**2))), float(np.abs(relative).max())


@pytest.mark.parametrize(
    "source",
    [
        STACK,
        replace(STACK, height_m=150.0, diameter_m=5.0, exit_velocity_m_s=20.0),
        replace(STACK, diameter_m=0.5, exit_temperature_k=0.0, height_m=15.0),
        VENT,
        replace(STACK, substance=FineFraction(0.7, 0.6)),
        Source("v", "volume", 1.0, 0.0, 0.0, 2.0, initial_lateral_m=0.5, initial_vertical_m=0.9, substance=DUST),
    ],
    ids=["stack", "tall", "cold", "vent", "method2", "low"],
)
def test_tables_answer_as_the_full_calculation(source):
    """0.3 % rms and 1 % at most of annual sums, here of five days."""
    through, places = weather(5, seed=11), receptors(150, seed=5, nearest_m=300.0)
    full = answer([source], places, through)
    for rms, largest in differences(answer([source], places, through, exact=False), full):
        assert rms <= 0.003
        assert largest <= 0.01


def test_tables_hold_beside_a_stack_too():
    """A plume that penetrates the mixed layer is wide from the start: rain from it falls beside the stack."""
    source = replace(STACK, height_m=150.0, diameter_m=5.0, exit_velocity_m_s=20.0)
    through, places = weather(5, seed=11), receptors(150, seed=5)
    full = answer([source], places, through)
    for rms, largest in differences(answer([source], places, through, exact=False), full):
        assert rms <= 0.003
        assert largest <= 0.01


def test_many_receptors_take_tables():
    places = receptors(model.ENOUGH_FOR_TABLES)
    fewer = Receptors(*(getattr(places, field)[:-1] for field in places.__dataclass_fields__))
    through = weather(1)
    assert (
        answer([STACK], places, through, exact=None).tobytes()
        == answer([STACK], places, through, exact=False).tobytes()
    )
    assert answer([STACK], fewer, through, exact=None).tobytes() == answer([STACK], fewer, through).tobytes()


def test_tables_see_every_receptor_at_its_own_height():
    places = replace(PLACES, flagpole_m=np.linspace(0.0, 60.0, PLACES.x_m.size))
    full = answer([STACK], places)
    for rms, largest in differences(answer([STACK], places, exact=False), full):
        assert rms <= 0.003
        assert largest <= 0.01
