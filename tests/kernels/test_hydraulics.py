"""Soil hydraulics. Expected values: corners of the USDA triangle, class tables and hand calculations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import hydraulics
from metalbudget.hydraulics import TEXTURES, VanGenuchten
from metalbudget.settings import coefficients

LOAM = VanGenuchten(*(np.array([value]) for value in (0.078, 0.43, 0.036, 1.56, 24.96)))


@pytest.mark.parametrize(
    ("sand", "silt", "clay", "name"),
    [
        # One interior point of each class, read off the triangle of the USDA Soil Survey Manual.
        (92, 5, 3, "sand"),
        (82, 12, 6, "loamy_sand"),
        (65, 25, 10, "sandy_loam"),
        (40, 40, 20, "loam"),
        (6, 88, 6, "silt"),
        (20, 65, 15, "silt_loam"),
        (60, 13, 27, "sandy_clay_loam"),
        (33, 33, 34, "clay_loam"),
        (10, 56, 34, "silty_clay_loam"),
        (52, 6, 42, "sandy_clay"),
        (7, 46, 47, "silty_clay"),
        (20, 20, 60, "clay"),
        (48, 49, 3, "sandy_loam"),
    ],
)
def test_texture_triangle(sand, silt, clay, name):
    assert TEXTURES[hydraulics.texture_class([sand], [silt], [clay])[0]] == name


@given(sand=st.floats(0, 100), share=st.floats(0, 1), scale=st.floats(0.1, 10))
@settings(max_examples=30, deadline=None)
def test_texture_depends_on_ratios_alone(sand, share, scale):
    silt = (100 - sand) * share
    clay = 100 - sand - silt
    one = hydraulics.texture_class([sand], [silt], [clay])
    assert 0 <= one[0] < len(TEXTURES)
    rounded = np.array([sand, silt, clay]).round(3) * scale
    assert hydraulics.texture_class(*rounded[:, None] / scale) == hydraulics.texture_class(*rounded[:, None])


def test_texture_refuses_nonsense():
    with pytest.raises(ValueError, match="positive sum"):
        hydraulics.texture_class([0], [0], [0])
    with pytest.raises(ValueError, match="at least zero"):
        hydraulics.texture_class([-1], [50], [51])
    with pytest.raises(ValueError, match="positive sum"):
        hydraulics.texture_class([np.nan], [50], [50])


def test_class_table_is_carsel_and_parrish():
    table = coefficients("vg_classes")
    assert len(table) == 5 * len(TEXTURES)
    soil = hydraulics.class_parameters([TEXTURES.index("loam"), TEXTURES.index("clay")], table)
    np.testing.assert_allclose(soil.ks, [24.96, 4.80])
    np.testing.assert_allclose(soil.n, [1.56, 1.09])


def test_retention_of_loam_by_hand():
    """h = 100 cm: (1 + 3.6^1.56)^-0.358974 = 0.5952; theta = 0.078 + 0.352 * 0.5952."""
    by_hand = (1 + 3.6**1.56) ** -(1 - 1 / 1.56)
    theta = hydraulics.water_content(100.0, LOAM)[0]
    assert theta == pytest.approx(0.078 + 0.352 * by_hand, rel=1e-12)
    assert hydraulics.water_content(0.0, LOAM)[0] == pytest.approx(0.43)
    assert hydraulics.conductivity(0.43, LOAM)[0] == pytest.approx(24.96)


@given(suction=st.floats(1.0, 15000.0))
@settings(max_examples=30, deadline=None)
def test_suction_inverts_retention(suction):
    theta = hydraulics.water_content(suction, LOAM)
    assert hydraulics.suction_of(theta, LOAM)[0] == pytest.approx(suction, rel=1e-6)


@given(low=st.floats(0.09, 0.42), step=st.floats(0.0, 0.05))
@settings(max_examples=30, deadline=None)
def test_conductivity_rises_with_water(low, step):
    assert hydraulics.conductivity(low + step, LOAM)[0] >= hydraulics.conductivity(low, LOAM)[0]


def test_rosetta_of_a_loam():
    """Class mean of loam (Schaap et al. 2001): theta_s 0.399, n 1.47, Ks 12.0 cm/d; Ks within a factor of 2."""
    soil = hydraulics.rosetta_parameters([40], [40], [20], [1400])
    assert soil.theta_s[0] == pytest.approx(0.40, abs=0.03)
    assert soil.n[0] == pytest.approx(1.47, abs=0.1)
    assert 6.0 < soil.ks[0] < 24.0
    with pytest.raises(ValueError, match="Rosetta takes no soil"):
        hydraulics.rosetta_parameters([40], [40], [20], [9000])


def test_hydrologic_groups():
    """Limits 25, 12.7 and 3.8 mm/h are 60, 30.48 and 9.12 cm/d."""
    limits = coefficients("hydrologic_group")
    groups = hydraulics.hydrologic_group([61, 59, 31, 30, 9.2, 9.0], limits)
    assert groups.tolist() == [0, 1, 1, 2, 2, 3]


def test_parameters_are_checked():
    good = [np.array([value]) for value in (0.078, 0.43, 0.036, 1.56, 24.96)]
    for position, value in ((0, 0.5), (2, 0.0), (3, 1.0), (4, -1.0)):
        bad = list(good)
        bad[position] = np.array([value])
        with pytest.raises(ValueError):
            VanGenuchten(*bad)
