"""RUSLE. Expected values: the published equations by hand, tilted planes with closed forms, hand calculations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import erosion
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.settings import coefficients
from metalbudget.terrain import slope_gradient

TERRAIN = coefficients("topography")
RAIN = coefficients("erosivity")
COVER = coefficients("rusle_cp")
CELL = {"longest_m": 200.0, "reference_cell_m": 100.0, "coefficients": TERRAIN}


def plane(slope, cells, cell_m, rows=7):
    """A plane that falls to the east, with its divide at the western edge."""
    return np.tile(1000.0 - slope * cell_m * np.arange(cells), (rows, 1))


# --- R


def test_daily_erosivity_by_hand():
    """10 mm in June counts, 9.9 mm does not, 20 mm in December takes the cool coefficient."""
    rain, month = [10.0, 9.9, 20.0], [6, 6, 12]
    expected = 0.3937 * 10**1.7265 + 0.3101 * 20**1.7265
    assert erosion.daily_erosivity(rain, month, [1.0], RAIN)[0] == pytest.approx(expected, rel=1e-12)


@given(low=st.floats(0.5, 1.5), high=st.floats(0.5, 1.5))
@settings(max_examples=30, deadline=None)
def test_erosivity_rises_with_rain(low, high):
    rain = np.random.default_rng(0).gamma(0.6, 15.0, 200)
    month = np.repeat(np.arange(1, 11), 20)
    first, second = erosion.daily_erosivity(rain, month, np.sort([low, high]), RAIN)
    assert second >= first


def test_erosivity_on_cells_is_the_ladder():
    rain = np.random.default_rng(0).gamma(0.6, 15.0, 365)
    month = np.minimum(np.arange(365) // 30 + 1, 12)
    factor = np.linspace(0.7, 1.4, 50)
    exact = erosion.daily_erosivity(rain, month, factor, RAIN)
    np.testing.assert_allclose(erosion.erosivity_on_cells(rain, month, factor, RAIN), exact, rtol=0.01)
    same = erosion.erosivity_on_cells(rain, month, np.ones(3), RAIN)
    np.testing.assert_allclose(same, erosion.daily_erosivity(rain, month, [1.0], RAIN)[0])


def test_wischmeier_trap():
    """The two circulating intercepts differ by 10^0.73692 = 5.456; 157 against 855 in a Zhejiang-like year."""
    monthly = np.array([70, 85, 135, 125, 145, 215, 140, 165, 155, 85, 80, 70], dtype=float)
    right = erosion.monthly_erosivity(monthly, RAIN)
    wrong = erosion.monthly_erosivity(monthly, {**RAIN, "monthly/intercept": -0.08188})
    assert monthly.sum() == 1470
    assert wrong / right == pytest.approx(855 / 157, rel=0.005)
    assert right == pytest.approx(157, rel=0.15)
    assert 2000 < right * RAIN["monthly/to_si"] < 3500


def test_wischmeier_of_even_months():
    """Twelve months of 100 mm: 12 * 1.735 * 10^(1.5 log10(10000/1200) - 0.8188) = 76.0."""
    by_hand = 12 * 1.735 * 10 ** (1.5 * np.log10(10000 / 1200) - 0.8188)
    assert erosion.monthly_erosivity(np.full(12, 100.0), RAIN) == pytest.approx(by_hand, rel=1e-12)
    assert by_hand == pytest.approx(76.0, abs=0.1)


# --- K


def test_erodibility_fixture():
    """Sand 30, silt 45, clay 25, carbon 1.6 %: 0.27678 (US), 0.03645 (SI), 0.01698 corrected."""
    us = erosion.epic_erodibility(30.0, 45.0, 25.0, 1.6)
    assert float(us) == pytest.approx(0.27678, abs=5e-6)
    table = coefficients("erodibility")
    assert float(us) * table["to_si"] == pytest.approx(0.03645, abs=5e-6)
    assert float(erosion.erodibility(30.0, 45.0, 25.0, 1.6, table)) == pytest.approx(0.01698, abs=5e-6)


# --- LS


@pytest.mark.parametrize(
    ("angle", "length", "expected"), [(10, 50, 4.28), (5, 60, 1.44), (20, 40, 8.78), (30, 30, 11.6)]
)
def test_slope_length_fixtures(angle, length, expected):
    assert float(erosion.slope_length_factor(length, angle, TERRAIN)) == pytest.approx(expected, abs=0.04)


@given(slope=st.floats(0.0, 0.54), step=st.floats(0.0, 0.01))
@settings(max_examples=30, deadline=None)
def test_steepness_rises_with_slope(slope, step):
    """Up to the jump of 0.04 that the published branches leave at 5 degrees."""
    low, high = erosion.steepness_factor(np.rad2deg(np.arctan([slope, slope + step])))
    assert high >= low - 0.04


@given(low=st.floats(0.001, 0.5), high=st.floats(0.001, 0.5))
@settings(max_examples=15, deadline=None)
def test_soil_loss_rises_with_slope(low, high):
    low, high = sorted((low, high))
    flat, steep = (erosion.topographic_factor(plane(slope, 12, 30.0), 30.0, **CELL)[3].mean() for slope in (low, high))
    assert steep >= flat * 0.95 - 0.05


@pytest.mark.parametrize("slope", [0.005, 0.03, 0.07, 0.12, 0.3])
def test_tilted_plane(slope):
    """On a plane the cells of one slope have the factor of its whole length on the average (Foster & Wischmeier 1974).

    Seven cells of 20 m: 140 m, below the cap.
    """
    factor = erosion.topographic_factor(plane(slope, 7, 20.0), 20.0, **CELL)[3]
    angle = np.rad2deg(np.arctan(slope))
    assert factor.mean() == pytest.approx(float(erosion.slope_length_factor(140.0, angle, TERRAIN)), rel=1e-9)
    assert np.all(np.diff(factor) > 0)


def test_long_slopes_are_capped():
    """Beyond the cap the factor stays; a cell wider than the cap has the factor of a slope of that length."""
    factor = erosion.topographic_factor(plane(0.2, 40, 20.0), 20.0, **CELL)[3]
    np.testing.assert_allclose(factor[11:-1], factor[11], rtol=1e-9)
    coarse = erosion.topographic_factor(
        plane(0.1, 9, 500.0), 500.0, longest_m=200.0, reference_cell_m=500.0, coefficients=TERRAIN
    )[3]
    angle = np.rad2deg(np.arctan(0.1))
    np.testing.assert_allclose(coarse, float(erosion.slope_length_factor(200.0, angle, TERRAIN)), rtol=1e-9)


def test_desmet_and_govers_equation():
    """The published form: ((A + D^2)^(m+1) - A^(m+1)) / (D^(m+2) x^m 22.13^m), A 5000 m2, D 30 m, m 0.5, x 1.2."""
    area, side, m, x = 5000.0, 30.0, 0.5, 1.2
    published = ((area + side**2) ** (m + 1) - area ** (m + 1)) / (side ** (m + 2) * x**m * 22.13**m)
    ours = erosion.segment_length_factor(area, side, m, x, longest_m=1e9, unit_plot_m=22.13)
    assert float(ours) == pytest.approx(published, rel=1e-12)


def test_gradient_at_the_coast():
    elevation = plane(0.1, 6, 10.0)
    elevation[:, 4:] = np.nan
    east, south = slope_gradient(elevation, 10.0)
    np.testing.assert_allclose(east[:, :4], -0.1)
    np.testing.assert_allclose(south[:, :4], 0.0, atol=1e-12)
    assert np.isnan(east[:, 4:]).all()


def test_sea_and_flats():
    elevation = np.full((6, 6), 3.0)
    elevation[0, 0] = np.nan
    factor = erosion.topographic_factor(elevation, 30.0, **CELL)
    assert np.isnan(factor[0, 0])
    assert np.isfinite(factor).sum() == 35
    assert np.nanmax(factor) < 0.06


def test_all_land_drains():
    """The outlets receive all land: their upslope cells and they themselves are as many as there are cells."""
    rng = np.random.default_rng(2)
    elevation = rng.random((20, 30)).round(1)  # pits and flats
    elevation[4:9, 10:20] = 0.0
    elevation[0, 5] = np.nan
    directions = erosion.flow_directions(elevation)
    outlets = directions == 0
    assert (erosion.upslope_cells(elevation)[outlets] + 1).sum() == np.isfinite(elevation).sum()
    inland = np.zeros_like(outlets)
    inland[1:-1, 1:-1] = True
    inland[1, 4:7] = False
    assert not (outlets & inland).any()


def test_steepest_descent_minds_the_diagonal():
    """East falls 10 over 1, south-east 12 over 1.414 (8.5): water goes east although south-east is lower."""
    elevation = np.array([[50.0, 50.0, 50.0, 50.0], [50.0, 20.0, 10.0, 5.0], [50.0, 50.0, 8.0, 4.0]])
    assert erosion.flow_directions(elevation)[1, 1] == 1


@given(cell=st.floats(10.0, 1000.0))
@settings(max_examples=20, deadline=None)
def test_slopes_are_scaled_up_from_coarse_cells_alone(cell):
    scaled = float(erosion.scale_slope(0.1, cell, 100.0, TERRAIN))
    assert scaled == pytest.approx(0.1) if cell <= 100 else scaled > 0.1


# --- C, P and soil loss


def test_cover_factor():
    """Cai et al.: continuous with 0 at 78.3 %, 1 on bare ground, 0.6508 - 0.3436 log10(30) = 0.1433."""
    np.testing.assert_allclose(erosion.cover_factor([0.0, 30.0, 90.0]), [1.0, 0.14326, 0.0], atol=5e-5)
    assert erosion.cover_factor(78.3) == pytest.approx(0.0, abs=1e-3)


def test_soil_loss_by_hand():
    """RKLS 400, half orchard of C 0.12 and P 0.5, a quarter sealed: 24 t/ha of orchard, 12 of the cell."""
    shares = np.zeros((9, 1))
    shares[SOIL_CLASSES.index("orchard")] = 0.5
    loss = erosion.soil_loss([400.0], shares, COVER, 100.0)
    assert loss["cell"][0] == pytest.approx(1.2)
    assert loss["open_soil"][0] == pytest.approx(2.4)


@given(seed=st.integers(0, 100), weight=st.floats(0.0, 1.0))
@settings(max_examples=30, deadline=None)
def test_soil_loss_is_linear_in_shares(seed, weight):
    rng = np.random.default_rng(seed)
    rkls = rng.gamma(1.0, 600.0, 8)
    first, second = rng.dirichlet(np.ones(11), 8).T[:9], rng.dirichlet(np.ones(11), 8).T[:9]
    mixed = erosion.soil_loss(rkls, weight * first + (1 - weight) * second, COVER, 100.0)["cell"]
    parts = [erosion.soil_loss(rkls, shares, COVER, 100.0)["cell"] for shares in (first, second)]
    np.testing.assert_allclose(mixed, weight * parts[0] + (1 - weight) * parts[1], rtol=1e-12)
    assert np.all(mixed <= 10.0)


def test_no_open_soil_no_loss():
    loss = erosion.soil_loss([500.0], np.zeros((9, 1)), COVER, 100.0)
    assert loss["cell"][0] == 0.0
    assert loss["open_soil"][0] == 0.0


def test_metal_fixture():
    """A 2 t/ha, Zn 95 mg/kg, ER 1.5: 285 g/ha/yr = 28.5 mg/m2/yr."""
    ratio = erosion.enrichment_ratio("fine", coefficients("enrichment"))
    assert erosion.particulate_flux(0.2, 95.0, ratio) == pytest.approx(28.5)
    assert erosion.enrichment_ratio("matrix", coefficients("enrichment")) == 1.2
    with pytest.raises(ValueError, match="unknown kind"):
        erosion.enrichment_ratio("coarse", coefficients("enrichment"))


def test_menzel():
    """ln ER = 2 - 0.2 ln(1000) gives 1.86 for 1 t/ha, 1.17 for 10 t/ha."""
    ratios = erosion.menzel_enrichment([0.1, 1.0, 0.0], coefficients("enrichment"))
    np.testing.assert_allclose(ratios[:2], [np.exp(2) * 1000**-0.2, np.exp(2) * 10000**-0.2])
    assert np.isfinite(ratios).all()
