"""Images at ground and lid: against brute force, and no mass lost."""

import math

import numpy as np
import pytest
from dispersion_cases import even_air
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget.dispersion import gaussian
from metalbudget.dispersion.gaussian import Plume
from metalbudget.dispersion.images import MOST_IMAGES, endless_sum, half_sum


def brute_force(first, period, spread):
    """The series term by term, until 40 spreads beyond the centre."""
    terms = int((40.0 * spread + abs(first)) / period) + 2
    return float(np.exp(-0.5 * ((first + np.arange(terms) * period) / spread) ** 2).sum())


@given(
    first=st.floats(-50.0, 50.0),
    period=st.floats(0.02, 20.0),
    spread=st.sampled_from([0.3, 1.0, 70.0]),
)
@example(first=-3.0, period=0.9, spread=1.0)
@example(first=-3.0, period=0.8999, spread=1.0)
@example(first=4.0, period=0.8999, spread=1.0)
@example(first=-9.999, period=0.9, spread=1.0)
@example(first=-49.0, period=0.02, spread=1.0)
@example(first=0.0, period=0.02, spread=1.0)
@examples(max_examples=150, deadline=None)
def test_endless_sum_against_brute_force(first, period, spread):
    """Within 1e-4 of the sum; where only the wing is summed, to 1e-6 of the whole series."""
    expected = brute_force(first * spread, period * spread, spread)
    whole = math.sqrt(2.0 * math.pi) / period
    wing = 1e-6 * whole if first > 2.5 else 1e-10
    assert endless_sum(first * spread, period * spread, spread) == pytest.approx(expected, rel=1e-4, abs=wing)


def test_half_sum_by_hand():
    # 1 + exp(-1/2) + exp(-2) + exp(-9/2) + exp(-8) + exp(-25/2)
    expected = 1.0 + 0.60653066 + 0.13533528 + 0.01110900 + 0.00033546 + 0.00000373
    assert half_sum(0.0, 1.0, 1.0) == pytest.approx(expected, rel=1e-7)
    # dense terms from far below: the whole integral sqrt(2 pi)/step
    assert endless_sum(-300.0, 0.1, 1.0) == pytest.approx(math.sqrt(2.0 * math.pi) / 0.1, rel=1e-9)


@given(first=st.floats(0.0, 2.0), period=st.floats(1e-4, 20.0), spread=st.sampled_from([0.3, 70.0]))
@example(first=0.0, period=1e-3, spread=1.0)
@examples(max_examples=50, deadline=None)
def test_half_sum_ends_after_its_last_image(first, period, spread):
    """Brute force over 1001 terms; the tail left out is good to 1e-6 of the whole series."""
    terms = ((first + np.arange(MOST_IMAGES + 1) * period) * spread) / spread
    whole = math.sqrt(2.0 * math.pi) / period
    found = half_sum(first * spread, period * spread, spread)
    assert found == pytest.approx(float(np.exp(-0.5 * terms**2).sum()), rel=1e-4, abs=1e-6 * whole)


def integral(density, top_m, steps=4000):
    """Midpoint rule from the ground to a height."""
    height = (np.arange(steps) + 0.5) * top_m / steps
    return sum(density(z) for z in height) * top_m / steps


@given(centre=st.floats(0.0, 1.0), spread=st.floats(0.02, 5.0), lid=st.sampled_from([50.0, 400.0, 3000.0]))
@examples(max_examples=15, deadline=None)
def test_a_plume_under_a_lid_keeps_its_mass(centre, spread, lid):
    found = integral(lambda z: gaussian.image_sum(z, centre * lid, spread * lid, lid, 0.0), lid)
    assert found == pytest.approx(1.0, abs=2e-4)


def test_a_plume_without_a_lid_keeps_its_mass():
    found = integral(lambda z: gaussian.image_sum(z, 80.0, 60.0, gaussian.NO_LID_M, 0.0), 1000.0)
    assert found == pytest.approx(1.0, abs=1e-6)


def test_ground_level_density_by_hand():
    # Turner (1970): 2/(sqrt(2 pi) 30) exp(-(50/30)^2/2) = 0.0265962*0.2493522
    assert gaussian.image_sum(0.0, 50.0, 30.0, gaussian.NO_LID_M, 0.0) == pytest.approx(0.00663182, rel=1e-5)


def test_wide_plumes_are_well_mixed():
    for z in (0.0, 100.0, 399.0):
        assert gaussian.image_sum(z, 150.0, 4000.0, 400.0, 0.0) == pytest.approx(1.0 / 400.0, rel=1e-4)


def convective_plume(up_share, up, down, spread_up, spread_down, lofting, lid):
    """A plume in up- and downdraughts."""
    values = {
        "share": 1.0,
        "wind": 5.0,
        "lateral_turbulence": 0.5,
        "spread_y": 100.0,
        "centre": 0.5 * (up + down),
        "convective": True,
        "up_height": up,
        "up_spread": spread_up,
        "down_height": down,
        "down_spread": spread_down,
        "up_share": up_share,
        "lofting": lofting,
        "lid": lid,
        "level_share": 0.5,
        "penetrated": False,
    }
    return Plume(**{name: values[name] for name in Plume._fields})


@given(
    up_share=st.floats(0.2, 0.6),
    up=st.floats(0.0, 3.0),
    down=st.floats(-2.0, 1.0),
    spreads=st.tuples(st.floats(0.05, 3.0), st.floats(0.05, 3.0)),
)
@examples(max_examples=15, deadline=None)
def test_a_plume_in_up_and_downdraughts_keeps_its_mass(up_share, up, down, spreads):
    lid = 1000.0
    plume = convective_plume(up_share, up * lid, down * lid, spreads[0] * lid, spreads[1] * lid, 0.0, lid)
    assert integral(lambda z: gaussian.density(plume, z, 0.0), lid) == pytest.approx(1.0, abs=3e-4)
    assert gaussian.density(plume, lid + 1.0, 0.0) == 0.0


def test_what_lofts_is_missing_below_until_it_comes_down():
    """By hand: each draught's direct images hold 1 - Φ((h - z_i)/σ), its indirect ones Φ((h - Δ - z_i)/σ)."""
    lid, lofting = 1000.0, 300.0
    plume = convective_plume(0.4, 1100.0, 600.0, 250.0, 350.0, lofting, lid)

    def normal(x):
        return 0.5 * math.erfc(-x / math.sqrt(2.0))

    expected = sum(
        share * (1.0 - normal((height - lid) / spread) + normal((height - lofting - lid) / spread))
        for share, height, spread in ((0.4, 1100.0, 250.0), (0.6, 600.0, 350.0))
    )
    assert integral(lambda z: gaussian.density(plume, z, 0.0), lid) == pytest.approx(expected, abs=1e-5)


def test_a_mirror_that_lies_lower():
    """By hand: with the ground 30 m below the plume's base, image and plume are 2*30 m further apart."""
    inverse = 1.0 / (math.sqrt(2.0 * math.pi) * 40.0)
    expected = inverse * (math.exp(-0.5 * (60.0 / 40.0) ** 2) + math.exp(-0.5 * (120.0 / 40.0) ** 2))
    assert gaussian.image_sum(0.0, 60.0, 40.0, gaussian.NO_LID_M, 30.0) == pytest.approx(expected, rel=1e-9)


def test_the_air_of_these_tests_has_even_profiles():
    air = even_air(wind=4.0)
    found = gaussian.layer(air, 0.0, 100.0, 30.0, 1000.0)
    assert found.wind == pytest.approx(4.0)
    assert found.lateral == pytest.approx(0.5)
