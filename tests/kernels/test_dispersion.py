"""Plumes one by one: hand calculations, published values, laws, and AERMOD where its cases are at hand."""

import math

import numpy as np
import pytest
from dispersion_cases import even_air
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget.dispersion import gaussian, meander, rise, verification
from metalbudget.dispersion.air import mean
from metalbudget.dispersion.gaussian import Place
from metalbudget.dispersion.launch import centroid_at, launch, rise_at

FLAT = Place(0.0, 0.0, 0.0, 0.0)
GRAVITY = 9.80616  # as EPA-454/R-03-004 has it, to the printed digits


def launched(air, height_m=50.0, diameter_m=2.0, velocity_m_s=10.0, temperature_k=400.0, downwash=True):
    return launch(air, height_m, diameter_m, velocity_m_s, temperature_k, 0.0, downwash, 0.0, 0.0)


# --- rise ---------------------------------------------------------------------------------------------


def test_fluxes_by_hand():
    # 9.806*12*1*(400 - 300)/400 = 29.42; 144*300/400 = 108
    assert rise.buoyancy_flux(2.0, 12.0, 400.0, 300.0) == pytest.approx(29.42, abs=0.01)
    assert rise.buoyancy_flux(2.0, 12.0, 280.0, 300.0) == 0.0
    assert rise.momentum_flux(2.0, 12.0, 400.0, 300.0) == pytest.approx(108.0)


@pytest.mark.parametrize(("flux", "expected"), [(50.0, 21.425 * 50.0**0.75 / 5.0), (100.0, 38.71 * 100.0**0.6 / 5.0)])
def test_final_rise_in_neutral_air(flux, expected):
    # Briggs: 21.425 F^(3/4)/u below 55 m4/s3, 38.71 F^(3/5)/u above (as in ISC3, EPA-454/B-95-003b)
    distance = rise.unstable_distance(flux, 0.0, 2.0, 12.0, 5.0)
    assert rise.unstable_rise(distance, flux, 0.0, 5.0) == pytest.approx(expected, rel=0.01)


def test_rise_in_stable_air_by_hand():
    # 2.66*(100/(5*0.0004))^(1/3) = 2.66*36.84 = 98.0; little wind: 4*100^0.25*0.02^-0.75 = 237.8
    assert rise.stable_limit(100.0, 0.0, 50.0, 2.0, 10.0, 5.0, 0.02, 0.01) == pytest.approx(98.0, abs=0.1)
    assert rise.stable_limit(100.0, 0.0, 50.0, 2.0, 10.0, 0.1, 0.02, 0.001) == pytest.approx(237.8, abs=0.2)
    # a cold jet: 1.5*(100/(5*0.02))^(1/3) = 15
    assert rise.stable_limit(0.0, 100.0, 50.0, 3.0, 10.0, 5.0, 0.02, 0.3) == pytest.approx(15.0)


def test_half_an_oscillation_is_the_final_rise():
    """(1 − cos π) = 2 at the distance π u/N': 2.66 (2 F/(u N²))^(1/3)."""
    distance = rise.stable_distance(50.0, 0.0, 5.0, 0.02)
    assert distance == pytest.approx(math.pi * 5.0 / 0.014)
    found = rise.stable_rise(distance, 50.0, 0.0, 5.0, 0.02)
    assert found == pytest.approx(2.66 * (2.0 * 50.0 / (5.0 * 0.02**2)) ** (1.0 / 3.0))


def test_stack_tip_downwash_by_hand():
    # 40 + 2*2*(6/6 - 1.5)
    assert rise.stack_tip_height(40.0, 2.0, 6.0, 6.0) == pytest.approx(38.0)
    assert rise.stack_tip_height(40.0, 2.0, 12.0, 6.0) == 40.0


def test_penetration_by_hand():
    """Weil et al. (1997): with a gap far above the rise two thirds of it; without a gap 2.6 (F/(u N²))^(1/3)."""
    assert rise.equilibrium_rise(1e-9, 5.0, 900.0, 0.005, 300.0) == pytest.approx(600.0)
    frequency = math.sqrt(GRAVITY / 300.0 * 0.005)
    expected = 2.6 * (100.0 / (5.0 * frequency**2)) ** (1.0 / 3.0)
    assert rise.equilibrium_rise(100.0, 5.0, 0.0, 0.005, 300.0) == pytest.approx(expected, rel=1e-5)


@given(mixing=st.floats(60.0, 3000.0), temperature=st.floats(300.0, 700.0), wind=st.floats(0.5, 15.0))
@examples(max_examples=30, deadline=None)
def test_a_plume_rises_monotonically_and_penetrates_by_a_share(mixing, temperature, wind):
    for convective in (True, False):
        air = even_air(convective, wind, mixing_m=mixing, gradient=0.0 if convective else 0.02, w=1.5)
        source = launched(air, temperature_k=temperature)
        assert 0.0 <= source.penetrated <= 1.0
        assert source.stable or source.penetrated == 0.0 or source.penetrated_height > source.height
        steps = [rise_at(air, source, x) for x in (10.0, 100.0, 300.0, 1000.0, 1.0e5)]
        assert np.all(np.diff(steps) >= -0.02 * steps[-1])  # the wind it rises through is solved to 1 %
        assert steps[-1] == pytest.approx(source.final_rise, rel=1e-9)


def test_far_away_a_plume_in_the_mixed_layer_is_in_its_middle():
    air = even_air(True, mixing_m=1000.0, w=1.5)
    source = launched(air)
    assert centroid_at(air, source, 1.0e6, source.final_rise) == pytest.approx(500.0)
    assert centroid_at(air, source, 1.0e-3, 0.0) == pytest.approx(source.height)


# --- spread -------------------------------------------------------------------------------------------


def test_spreads_by_hand():
    # sigma_y: 0.5*1000/5 = 100; 78*0.46/50*100/1000 = 0.07176; 100/1.07176^0.3 = 97.94
    assert gaussian.lateral_spread(1000.0, 0.5, 5.0, 50.0, 1000.0) == pytest.approx(97.94, abs=0.01)
    # stable, at the ground: sqrt(2/pi)*0.3*200*(1 + 0.7*1000/50)^(-1/3) = 47.87*0.4055 = 19.41
    air = even_air(gradient=0.012, mixing_m=200.0)
    effective = gaussian.at_least(mean(air, 10.0, 20.0))
    low = launched(air, height_m=1.0, diameter_m=0.0)
    found = gaussian.stable_spread(air, low, 1000.0, effective, 0.012, 293.15, 0.0)
    assert found == pytest.approx(19.41, abs=0.01)
    # stable, above the layer: N = 0.02 s-1; 60/sqrt(1 + 60*(1/(0.72*300) + 0.02/(0.54*0.3))) = 60/sqrt(8.685) = 20.36
    gradient = 0.02**2 * 293.15 / GRAVITY
    found = gaussian.stable_spread(air, low, 1000.0, effective, gradient, 293.15, 300.0)
    assert found == pytest.approx(20.36, abs=0.01)


def test_convective_spreads_by_hand():
    # h/zi = 0.5: 0.8*1000/5 = 160; at the ground 0.6 of it and 0.5*(0.3/5*1000)^2/100 = 18
    air = even_air(True, mixing_m=1000.0, obukhov_m=100.0)
    assert gaussian.convective_spread(1000.0, 0.8, 5.0, 500.0, air) == pytest.approx((160.0, 0.0))
    assert gaussian.convective_spread(1000.0, 0.8, 5.0, 0.0, air) == pytest.approx((96.0, 18.0))


@given(turbulence=st.floats(0.1, 2.0), velocity=st.floats(0.0, 3.0), height=st.floats(1.0, 1000.0))
@examples(max_examples=30, deadline=None)
def test_draughts_have_the_moments_of_the_turbulence(turbulence, velocity, height):
    """Mean zero, variance σ_w², third moment S σ_w³ of two Gaussians of spread 2|w| (Weil et al. 1997)."""
    up, down, share = gaussian.draughts(turbulence, velocity, height, 1000.0)
    weights, means = np.array([share, 1.0 - share]), np.array([up, down])
    spreads = 2.0 * np.abs(means)
    third = 0.125 * min(height / 100.0, 1.0) * velocity**3
    scale = turbulence + velocity
    assert weights @ means == pytest.approx(0.0, abs=1e-9 * scale)
    assert weights @ (means**2 + spreads**2) == pytest.approx(turbulence**2, rel=1e-9)
    assert weights @ (means**3 + 3.0 * means * spreads**2) == pytest.approx(third, rel=1e-6, abs=1e-9 * scale**3)
    assert 0.0 < share < 1.0


def test_meander_goes_from_little_to_all():
    # 2*0.2^2/10^2; after a day 0.0008 + 0.9992*(1 - 1/e)
    assert meander.random_share(0.2, 10.0, 0.0) == pytest.approx(0.0008)
    assert meander.random_share(0.2, 10.0, 864000.0) == pytest.approx(0.0008 + 0.9992 * (1.0 - math.exp(-1.0)))
    assert meander.random_share(1.0, 1.0, 100.0) == 1.0


# --- plumes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("convective", [True, False])
def test_a_plume_across_the_wind_keeps_its_mass(convective):
    """The integral across the wind is the share over the wind, whatever the spread."""
    air = even_air(convective, mixing_m=1200.0, w=1.5, gradient=0.0 if convective else 0.01)
    plume = gaussian.main_plume(air, launched(air), 3000.0, FLAT, False)
    offset = np.linspace(-8.0, 8.0, 1601) * plume.spread_y
    total = sum(meander.across(plume, y) for y in offset) * (offset[1] - offset[0])
    assert total == pytest.approx(plume.share / plume.wind, rel=1e-6)


def test_a_low_source_in_stable_air_by_hand():
    """Gaussian plume from the ground: 2/(2 pi sigma_y sigma_z u) on the axis, the coherent share of it."""
    air = even_air(mixing_m=1000.0)
    source = launched(air, height_m=0.0, diameter_m=0.0)
    # sigma_y: 0.5*1000/5 = 100, alpha 78 at the ground: 100/(1 + 78*0.1)^0.3 = 52.07; sigma_z as in the test of spreads
    plume = gaussian.main_plume(air, source, 1000.0, FLAT, False)
    assert plume.spread_y == pytest.approx(100.0 / 8.8**0.3, rel=1e-6)
    assert plume.up_spread == pytest.approx(19.41, abs=0.01)
    coherent = 1.0 / (math.pi * plume.spread_y * plume.up_spread * 5.0)
    random = (2.0 * 0.25 + 24.5 * (1.0 - math.exp(-200.0 / 86400.0))) / 25.0
    round_about = 2.0 / (math.sqrt(2.0 * math.pi) * plume.up_spread * 5.0 * 2.0 * math.pi * 1000.0)
    found = meander.concentration(air, source, 1000.0, 1000.0, 0.0, FLAT)
    assert found == pytest.approx((1.0 - random) * coherent + random * round_about, rel=1e-6)
    upwind = meander.concentration(air, source, 1000.0, -1000.0, 0.0, FLAT)
    assert upwind == pytest.approx(random * round_about, rel=1e-6)


@given(fall=st.floats(0.0, 500.0))
@examples(max_examples=20, deadline=None)
def test_settling_lowers_a_plume_not_below_the_ground(fall):
    air = even_air(mixing_m=300.0, gradient=0.01)
    source = launched(air)
    plume = gaussian.main_plume(air, source, 2000.0, FLAT, False)
    fallen = gaussian.settled(plume, air, source, 2000.0, FLAT, fall)
    assert fallen.up_height == pytest.approx(max(plume.up_height - fall, 0.0))
    assert fallen.spread_y == plume.spread_y


# --- AERMOD, where its reference cases are at hand ----------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize("case", ["h03_pt80_dev", "h09_volume_dev", "h11_m1_dev", "h07_terrain_dev"])
def test_hours_are_aermods(cases, case):
    found = verification.verify(cases / "dispersion" / case)
    for row in found.agreements:
        assert row.passed, f"{row.quantity}: {row.within:.4f} within one per cent, largest {row.largest:.3f}"
