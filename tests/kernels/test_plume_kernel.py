"""The plume kernel: what it must conserve, and figures that can be had by hand."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
from dispersion_cases import even_air
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from metalbudget.dispersion import air as layers
from metalbudget.dispersion import depletion, gaussian, hill, meander, rise
from metalbudget.dispersion.gaussian import Place
from metalbudget.dispersion.launch import launch, rise_at, steering_height
from metalbudget.dispersion.profiles import LEVELS_M

LEVEL = Place(0.0, 0.0, 0.0, 0.0)
FEW = settings(max_examples=30, deadline=None)
DISTANCE = st.floats(50.0, 40000.0)


@dataclass(frozen=True)
class Weather:
    """One kind of hour."""

    convective: bool
    gradient: float
    mixing_m: float
    w: float

    def air(self):
        return even_air(self.convective, 4.0, 0.6, 0.5, self.gradient, self.mixing_m, 40.0, self.w)


NIGHT, DAY = Weather(False, 0.01, 200.0, 0.0), Weather(True, 0.0, 800.0, 1.5)
SHALLOW = Weather(True, 0.0, 150.0, 1.0)


def stack(air, height=40.0, temperature=420.0, velocity=12.0, diameter=2.0, downwash=True):
    return launch(air, height, diameter, velocity, temperature, 0.0, downwash, 0.0, 0.0)


def vent(air, height=10.0):
    return launch(air, height, 0.0, 0.0, 0.0, 0.0, True, 5.0, 5.0)


def column(plume):
    """Integral of a plume's density from the ground to its lid, by the trapezoidal rule."""
    height = np.linspace(0.0, plume.lid, 8001)
    return np.trapezoid([gaussian.density(plume, z, 0.0) for z in height], height)


# --- the vertical


@FEW
@given(DISTANCE, st.sampled_from([NIGHT, DAY, SHALLOW]))
def test_all_of_a_plume_is_below_its_lid(distance, weather):
    air = weather.air()
    plume = gaussian.main_plume(air, vent(air), distance, LEVEL, False)
    assert math.isclose(column(plume), 1.0, rel_tol=1e-3)


@FEW
@given(DISTANCE)
def test_all_of_a_buoyant_plume_at_night_is_below_its_lid(distance):
    air = NIGHT.air()
    assert math.isclose(column(gaussian.main_plume(air, stack(air), distance, LEVEL, False)), 1.0, rel_tol=1e-3)


@FEW
@given(DISTANCE, st.sampled_from([DAY, SHALLOW]))
def test_what_lofts_at_the_top_of_the_mixed_layer_comes_back_late(distance, weather):
    """Buoyant material at the top is missing until it mixes down (Weil et al. 1997): never more than all is there."""
    air = weather.air()
    assert 0.5 < column(gaussian.main_plume(air, stack(air), distance, LEVEL, False)) < 1.001


@FEW
@given(DISTANCE)
def test_all_of_a_penetrated_plume_is_below_its_lid(distance):
    air = SHALLOW.air()
    source = stack(air, 60.0, 500.0, 20.0, 4.0)
    assert 0.0 < source.penetrated <= 1.0
    plume = gaussian.penetrated_plume(air, source, distance, LEVEL, False)
    assert plume.penetrated
    assert math.isclose(column(plume), 1.0, rel_tol=1e-3)


@FEW
@given(st.floats(0.0, 100.0), st.floats(2.0, 80.0))
def test_the_share_below_a_height_is_the_integral_of_the_density(centre, spread):
    """`share_below` in closed form against the trapezoidal rule over `image_sum`."""
    air = even_air(False, 1.0, 0.5, 0.1, 0.05)
    lid = centre + 2.15 * spread
    place = Place(40.0, 0.0, 90.0, 0.0)
    critical = hill.dividing_height(air, min(place.hill, place.height + centre))
    assume(0.0 < critical < lid)
    height = np.linspace(0.0, critical, 4001)
    expected = np.trapezoid([gaussian.image_sum(z, centre, spread, lid, 0.0) for z in height], height)
    assert math.isclose(gaussian.share_below(air, place, centre, spread, lid), expected, abs_tol=2e-3)


def test_a_dividing_height_above_the_lid_leaves_nothing_to_go_over():
    air = even_air(False, 0.2, 0.5, 0.1, 0.1)
    assert gaussian.share_below(air, Place(90.0, 0.0, 90.0, 0.0), 5.0, 4.0, 20.0) == 1.0


@FEW
@given(DISTANCE, st.floats(-3000.0, 3000.0), st.floats(-40.0, 300.0), st.sampled_from([NIGHT, DAY, SHALLOW]))
def test_concentration_is_never_negative(distance, crosswind, height, weather):
    air = weather.air()
    place = Place(height, 0.0, max(height, 0.0) + 50.0, 100.0)
    radius = math.hypot(distance, crosswind)
    value = meander.concentration(air, stack(air), radius, distance, crosswind, place)
    assert np.isfinite(value)
    assert value >= 0.0


@FEW
@given(DISTANCE, st.floats(0.0, 3000.0), st.sampled_from([NIGHT, DAY, SHALLOW]))
def test_both_sides_of_the_wind_are_alike(distance, crosswind, weather):
    air = weather.air()
    source, radius = stack(air), math.hypot(distance, crosswind)
    left, right = (
        meander.concentration(air, source, radius, distance, side * crosswind, LEVEL) for side in (-1.0, 1.0)
    )
    assert left == right


@FEW
@given(DISTANCE, st.floats(0.0, 1000.0), st.sampled_from([NIGHT, DAY]))
def test_ground_at_the_height_of_the_base_is_flat(distance, base, weather):
    air = weather.air()
    source = stack(air)
    raised = meander.concentration(air, source, distance, distance, 0.0, Place(0.0, 0.0, 0.0, base))
    assert raised == meander.concentration(air, source, distance, distance, 0.0, LEVEL)


# --- rise


def test_fluxes_by_hand():
    """9.80616 · 12 · 1² · 130/420 and (12 · 1)² · 290/420."""
    assert math.isclose(rise.buoyancy_flux(2.0, 12.0, 420.0, 290.0), 36.4229, rel_tol=1e-5)
    assert math.isclose(rise.momentum_flux(2.0, 12.0, 420.0, 290.0), 99.4286, rel_tol=1e-5)
    assert rise.buoyancy_flux(2.0, 12.0, 280.0, 290.0) == 0.0


def test_neutral_rise_by_hand():
    """Briggs: 49 F^(5/8) and 119 F^(2/5); [3·100·500/(0.36·16) + 1.5·36·500²/(0.36·64)]^(1/3)."""
    assert math.isclose(rise.unstable_distance(16.0, 0.0, 2.0, 12.0, 4.0), 49.0 * 16.0**0.625)
    assert math.isclose(rise.unstable_distance(100.0, 0.0, 2.0, 12.0, 4.0), 119.0 * 100.0**0.4)
    assert math.isclose(rise.unstable_distance(0.0, 9.0, 2.0, 12.0, 4.0), 4.0 * 2.0 * 24.0**2 / 48.0)
    by_hand = (26041.666667 + 585937.5) ** (1.0 / 3.0)
    assert math.isclose(rise.unstable_rise(500.0, 36.0, 100.0, 4.0), by_hand, rel_tol=1e-8)


def test_stable_rise_by_hand():
    """2.66 (36/(4·0.02²))^(1/3) = 75.1 m for a bent-over plume at first equilibrium; jet 1.5 (100/(4·0.02))^(1/3)."""
    assert math.isclose(
        rise.stable_limit(36.0, 0.0, 40.0, 2.0, 12.0, 4.0, 0.02, 0.05), 2.66 * 22500.0 ** (1.0 / 3.0), rel_tol=1e-12
    )
    jet = rise.stable_limit(0.0, 100.0, 40.0, 2.0, 12.0, 4.0, 0.02, 0.05)
    assert math.isclose(jet, min(1.5 * 1250.0 ** (1.0 / 3.0), rise.unstable_rise(96.0, 0.0, 100.0, 4.0)))
    assert math.isclose(rise.stable_distance(36.0, 0.0, 4.0, 0.02), math.pi * 4.0 / 0.014)


def test_stack_tip_downwash_by_hand():
    """40 + 2·2 (3/6 − 1.5) = 36 m; none from v = 1.5 u up."""
    assert rise.stack_tip_height(40.0, 2.0, 3.0, 6.0) == 36.0
    assert rise.stack_tip_height(40.0, 2.0, 9.0, 6.0) == 40.0


def test_a_plume_colder_than_the_air_does_not_sink():
    """Nor does its final rise in stable air come to a millimetre; how cold it is does not matter."""
    air = NIGHT.air()
    cold, colder = stack(air, temperature=280.0), stack(air, temperature=200.0)
    assert cold.height == 40.0
    assert 0.0 <= cold.final_rise < 1e-3
    assert rise_at(air, cold, 5000.0) == rise_at(air, colder, 5000.0)


@FEW
@given(st.floats(1.0, 20000.0), st.sampled_from([NIGHT, DAY]))
def test_a_rise_never_passes_its_end(distance, weather):
    air = weather.air()
    source = stack(air)
    assert 0.0 <= rise_at(air, source, distance) <= source.final_rise * (1.0 + 1e-12)


def test_the_plume_is_steered_halfway_up_its_rise():
    air = NIGHT.air()
    source = stack(air)
    assert steering_height(source) == 40.0 + 0.5 * source.final_rise
    assert steering_height(vent(air)) == 10.0


def test_a_plume_that_leaves_the_urban_layer_by_hand():
    """Δh_eq = [(2/3 Δh)³ + 2.6³ F/(u N²)]^(1/3), N² = g/T 0.005 K/m; the whole plume above, so it rises by Δh_eq."""
    air = even_air(False, 4.0, 0.6, 0.5, 1e-5, 100.0)._replace(urban=True, top_temperature=295.0)
    source = stack(air, 60.0, 500.0, 20.0, 4.0)
    squared = 9.80616 * 0.005 / 295.0
    expected = ((2.0 / 3.0 * 40.0) ** 3 + 2.6**3 * source.buoyancy / (4.0 * squared)) ** (1.0 / 3.0)
    assert expected > 2.0 * 40.0
    assert math.isclose(source.final_rise, expected, rel_tol=1e-9)


# --- draughts


@FEW
@given(st.floats(0.2, 2.0), st.floats(0.0, 2.0), st.floats(1.0, 900.0))
def test_draughts_have_the_moments_they_stand_for(turbulence, w, height):
    """Two Gaussians of standard deviation R |w|: mean 0, variance σ_w², third moment 0.125 w*³ (Weil et al. 1997)."""
    up, down, share = gaussian.draughts(turbulence, w, height, 1000.0)
    shares, means = np.array([share, 1.0 - share]), np.array([up, down])
    spreads = 2.0 * np.abs(means)
    third = 0.125 * min(height / 100.0, 1.0) * w**3
    assert math.isclose(shares @ means, 0.0, abs_tol=1e-9)
    assert math.isclose(shares @ (means**2 + spreads**2), turbulence**2, rel_tol=1e-9)
    assert math.isclose(shares @ (means**3 + 3.0 * means * spreads**2), third, rel_tol=1e-6, abs_tol=1e-9)


# --- terrain


@FEW
@given(st.floats(20.0, 400.0), st.floats(0.5, 4.0), st.floats(0.003, 0.05))
def test_dividing_height_in_even_stratification(height, wind, gradient):
    """Constant wind and stratification: ½ u² = ½ N² (h − H)², so H = h − u/N."""
    air = even_air(False, wind, 0.5, 0.1, gradient)
    frequency = math.sqrt(9.80616 * gradient / 293.15)
    expected = max(height - wind / frequency, 0.0)
    assert math.isclose(hill.dividing_height(air, height), expected, abs_tol=1e-6 * height)


def test_a_receptor_below_the_base_sees_the_ground_below_it_mirrored():
    """By hand: at level 0 with the ground 10 m lower, images at 30 and −50 m of a plume at 30 m without a lid."""
    spread = 20.0
    expected = (math.exp(-0.5 * 1.5**2) + math.exp(-0.5 * 2.5**2)) / (math.sqrt(2.0 * math.pi) * spread)
    assert math.isclose(gaussian.image_sum(0.0, 30.0, spread, 1.0e9, 10.0), expected, rel_tol=1e-12)


def test_settled_particles_keep_their_level_by_their_own_height():
    """A plume over the hill at release height, and its particles fallen below what the flow can lift."""
    air = even_air(False, 1.0, 0.5, 0.1, 0.02)
    source = vent(air, 150.0)
    place = Place(60.0, 0.0, 120.0, 0.0)
    plume = gaussian.main_plume(air, source, 2000.0, place, False)
    fallen = gaussian.settled(plume, air, source, 2000.0, place, 130.0)
    assert fallen.up_height == 20.0
    assert fallen.level_share > plume.level_share
    assert gaussian.settled(plume, air, source, 2000.0, place, 0.0) == plume


# --- meander


@FEW
@given(st.floats(0.2, 2.0), st.floats(0.3, 10.0), st.floats(1.0, 1.0e6))
def test_meander_takes_a_share_that_grows_with_distance(lateral, wind, distance):
    share = meander.random_share(lateral, wind, distance)
    assert 0.0 <= share <= 1.0
    assert share <= meander.random_share(lateral, wind, 2.0 * distance)


def test_meander_limits_by_hand():
    """Near: 2·0.25/16; far: all."""
    assert math.isclose(meander.random_share(0.5, 4.0, 0.0), 0.5 / 16.0)
    assert math.isclose(meander.random_share(0.5, 4.0, 1.0e9), 1.0)


# --- depletion


@pytest.mark.parametrize("weather", [NIGHT, DAY])
def test_both_integrals_agree_with_the_trapezoidal_rule(weather):
    air = weather.air()
    source = vent(air, 60.0)
    place, distance = LEVEL, 3000.0
    x = 1.0 + (distance - 1.0) * np.linspace(0.0, 1.0, 4001)
    dense = [depletion.density_over_wind(air, source, d, distance, place, 1.1, 0.0) for d in x]
    expected = np.trapezoid(dense, x)
    romberg = depletion.romberg_integral(air, source, distance, place, 1.1, 0.0)
    assert math.isclose(romberg, expected, rel_tol=0.05)  # its own tolerance
    near, far = (1.0 + (0.5 + side * 0.5 / math.sqrt(3.0)) * (distance - 1.0) for side in (-1.0, 1.0))
    two = [depletion.density_over_wind(air, source, d, distance, place, 1.1, 0.0) for d in (near, far)]
    gauss = depletion.gauss_integral(air, source, distance, place, 1.1, 0.0)
    assert math.isclose(gauss, 0.5 * (distance - 1.0) * sum(two), rel_tol=1e-12)


def test_no_depletion_within_a_metre():
    air = NIGHT.air()
    for integral in (depletion.gauss_integral, depletion.romberg_integral):
        assert integral(air, vent(air), 0.5, LEVEL, 1.1, 0.0) == 0.0


def test_terrain_on_the_way_by_hand():
    """Halfway to a receptor 40 m up, hill 90 m up, base at 100 m, release 30 m: ½(190 + 30) − 100 = 10 m."""
    air = NIGHT.air()
    there = depletion.terrain_on_the_way(vent(air, 30.0), Place(40.0, 0.0, 90.0, 100.0), 0.5)
    assert (there.height, there.hill) == (20.0, 10.0)


@FEW
@given(st.sampled_from([NIGHT, DAY, SHALLOW]), st.floats(2.0, 250.0))
def test_the_depth_of_washout_keeps_its_bounds(weather, height):
    air = weather.air()
    depth = depletion.plume_depth(air, stack(air, height))
    assert max(500.0, air.mixing_height) <= depth <= 10000.0


# --- layers


@FEW
@given(st.floats(0.0, 4900.0), st.floats(0.0, 4900.0), st.integers(0, 10**6))
def test_means_over_a_layer_are_those_of_the_linear_profile(a, b, seed):
    low, high = min(a, b), max(a, b)
    assume(high - low > 0.1)
    random = np.random.default_rng(seed).uniform(0.5, 9.0, LEVELS_M.size)
    air = even_air()._replace(wind=random, wind_sum=layers.running_integral(LEVELS_M, random))
    inside = LEVELS_M[(low < LEVELS_M) & (high > LEVELS_M)]
    height = np.concatenate([[low], inside, [high]])
    expected = np.trapezoid(np.interp(height, LEVELS_M, random), height) / (high - low)
    assert math.isclose(layers.mean(air, low, high).wind, expected, rel_tol=1e-7)
