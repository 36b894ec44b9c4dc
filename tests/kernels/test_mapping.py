"""Surveys harmonised and mapped: hand calculations, and fields whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from metalbudget.mapping import background, geostatistics, survey, validation
from metalbudget.mapping.folds import spatial_folds, square_of
from metalbudget.settings import coefficients
from threadpoolctl import threadpool_limits

SETTINGS = coefficients("mapping")
RECOVERY = {
    "total/recovery": 1.0,
    "total/recovery_log_sd": 0.03,
    "aqua_regia/recovery": 0.5,
    "aqua_regia/recovery_log_sd": 0.17,
}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Small matrices are slower on two threads than on one."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def harmonise(**changes):
    rows = {
        "point_id": ["a"],
        "date": np.array([2000.5]),
        "depth_top_m": np.array([0.0]),
        "depth_bottom_m": np.array([0.2]),
        "method": ["total"],
        "value_mg_kg": np.array([10.0]),
        "censored": np.array([False]),
        "uncertainty_pct": np.array([15.0]),
    }
    rows.update(changes)
    return survey.harmonise(**rows, recovery=RECOVERY, legal_depth_m=0.2, settings=SETTINGS)


# --- survey -------------------------------------------------------------------------------------------


def test_dates_become_year_fractions():
    # Hand: 2 July is day 183 of 365 (index 182), so (182 + 0.5) / 365 = 0.5.
    assert survey.year_fraction("2019-07-02") == pytest.approx(2019.5)
    assert survey.year_fraction("2019") == 2019.5
    with pytest.raises(ValueError):
        survey.year_fraction("2019-13-01")


def test_aqua_regia_is_raised_to_total():
    surface, _ = harmonise(method=["aqua_regia"])
    assert np.exp(surface.log_value[0]) == pytest.approx(20.0)  # hand: 10 / 0.5
    assert surface.systematic_log_sd[0] == 0.17
    assert surface.log_sd[0] == pytest.approx(np.sqrt(np.log(1.0 + 0.15**2)))


def test_layers_are_weighted_by_the_length_they_share_with_the_legal_depth():
    surface, deep = harmonise(
        point_id=["a", "a", "a"],
        date=np.full(3, 2000.5),
        depth_top_m=np.array([0.0, 0.05, 1.5]),
        depth_bottom_m=np.array([0.05, 0.30, 2.0]),
        method=["total"] * 3,
        value_mg_kg=np.array([20.0, 10.0, 4.0]),
        censored=np.zeros(3, bool),
        uncertainty_pct=np.full(3, 10.0),
    )
    # Hand: 0-5 cm and 5-20 cm of the second sample: (5*20 + 15*10) / 20 = 12.5.
    assert np.exp(surface.log_value) == pytest.approx([12.5])
    assert np.exp(deep.log_value) == pytest.approx([4.0])


def test_replicates_are_averaged_and_a_short_core_is_less_certain():
    twice, _ = harmonise(
        point_id=["a", "a"],
        date=np.full(2, 2000.5),
        depth_top_m=np.zeros(2),
        depth_bottom_m=np.full(2, 0.2),
        method=["total"] * 2,
        value_mg_kg=np.array([10.0, 10.0]),
        censored=np.zeros(2, bool),
        uncertainty_pct=np.full(2, 15.0),
    )
    single, _ = harmonise()
    short, _ = harmonise(depth_bottom_m=np.array([0.1]))
    assert twice.log_value.size == 1
    # Hand: the relative error of a mean of two is 15 % / sqrt(2).
    assert twice.log_sd[0] == pytest.approx(np.sqrt(np.log(1.0 + 0.15**2 / 2.0)))
    assert short.log_sd[0] == pytest.approx(np.hypot(single.log_sd[0], 0.2 * 0.5))


def test_a_point_is_censored_only_if_all_its_samples_are():
    two = {
        "point_id": ["a", "a"],
        "date": np.full(2, 2000.5),
        "depth_top_m": np.zeros(2),
        "depth_bottom_m": np.full(2, 0.2),
        "method": ["total"] * 2,
        "uncertainty_pct": np.full(2, 15.0),
        "value_mg_kg": np.array([4.0, 2.0]),
    }
    mixed, _ = harmonise(**two, censored=np.array([False, True]))
    both, _ = harmonise(**two, censored=np.array([True, True]))
    assert not mixed.censored[0]
    assert np.exp(mixed.log_value[0]) == pytest.approx(2.5)
    assert both.censored[0]
    assert np.exp(both.log_value[0]) == pytest.approx(3.0)


def test_bad_samples_are_refused():
    with pytest.raises(ValueError, match="positive"):
        harmonise(value_mg_kg=np.array([0.0]))
    with pytest.raises(ValueError, match="depth"):
        harmonise(depth_bottom_m=np.array([0.0]))


def test_pairs_by_name_then_by_place():
    first = np.array([[0.0, 0.0], [1000.0, 0.0], [5000.0, 0.0]])
    second = np.array([[1030.0, 0.0], [0.0, 40.0], [9000.0, 0.0]])
    pairs = survey.pair_points(["a", "b", "c"], first, ["x", "a", "c"], second, 100.0)
    assert pairs.tolist() == [[0, 1], [1, 0]]  # c moved 4 km: no pair


# --- folds --------------------------------------------------------------------------------------------


@hypothesis_settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.floats(2000.0, 30000.0))
def test_folds_keep_squares_together(seed, folds, size):
    generator = np.random.default_rng(seed)
    x, y = generator.uniform(0.0, 60000.0, (2, 150))
    fold = spatial_folds(x, y, size, folds, seed)
    square = square_of(x, y, size)
    assert all(len(set(fold[square == number])) == 1 for number in range(square.max() + 1))
    assert set(fold) == set(range(min(folds, square.max() + 1)))
    assert np.array_equal(fold, spatial_folds(x, y, size, folds, seed))


# --- geostatistics --------------------------------------------------------------------------------------


def field(seed, *, points=350, size=60000.0, sill=0.15, length=6000.0, noise_sd=0.15, slope=0.3):
    """A lognormal field of known trend and covariance, exact at points (Cholesky), and noisy samples."""
    generator = np.random.default_rng(seed)
    x, y = generator.uniform(0.0, size, (2, points))
    covariate = np.sin(x / 9000.0) + np.cos(y / 13000.0)
    covariate = (covariate - covariate.mean()) / covariate.std()
    distance = np.hypot(x[:, None] - x, y[:, None] - y)
    matrix = sill * np.exp(-distance / length) + 1.0e-9 * np.eye(points)
    truth = np.log(0.15) + slope * covariate + np.linalg.cholesky(matrix) @ generator.normal(size=points)
    observed = truth + noise_sd * generator.normal(size=points)
    design = np.column_stack([np.ones(points), covariate])
    return x, y, truth, observed, design


PRIOR = np.array([1.5**2, 0.5**2])


def fitted(x, y, observed, design, noise_sd=0.15, censored=None):
    n = observed.size
    return geostatistics.fit(
        x_m=x,
        y_m=y,
        log_value=observed,
        log_sd=np.full(n, noise_sd),
        censored=np.zeros(n, bool) if censored is None else censored,
        design=design,
        offset=np.full(n, np.log(0.12)),
        prior_variance=PRIOR,
        settings=SETTINGS,
    )


def test_trend_and_covariance_are_recovered():
    slopes, totals = [], []
    for seed in range(4):
        x, y, _, observed, design = field(seed)
        model = fitted(x, y, observed, design)
        slopes.append(model.coefficients[1])
        totals.append(model.covariance.sill + model.covariance.micro)
    # Planted: slope 0.3 and variance 0.15 beside the samples' error; sampling error of four fields.
    assert np.mean(slopes) == pytest.approx(0.3, abs=0.08)
    assert np.mean(totals) == pytest.approx(0.15, rel=0.3)


def test_held_out_points_are_unbiased_and_covered():
    bias, coverage, better = [], [], []
    for seed in range(4):
        x, y, _, observed, design = field(seed)
        n = observed.size
        fold, mean, variance = validation.cross_validate(
            x_m=x,
            y_m=y,
            log_value=observed,
            log_sd=np.full(n, 0.15),
            censored=np.zeros(n, bool),
            design=design,
            offset=np.full(n, np.log(0.12)),
            prior_variance=PRIOR,
            settings=SETTINGS,
            maximum_points=40,
            fold_size_m=6000.0,
            folds=5,
            seed=1,
        )
        result = validation.scores(observed, np.zeros(n, bool), mean, variance)
        bias.append(result["bias_log"])
        coverage.append(result["coverage_90"])
        better.append(result["r2_log"])
        assert fold.max() == 4
        assert result["points"] == n
    assert abs(np.mean(bias)) < 0.04
    assert np.mean(coverage) == pytest.approx(0.90, abs=0.05)
    assert min(better) > 0.3


def test_the_map_predicts_the_truth_and_not_the_noisy_sample():
    x, y, truth, observed, design = field(3, noise_sd=0.4)
    model = fitted(x, y, observed, design, noise_sd=0.4)
    at = geostatistics.predict(model, x, y, design, np.full(x.size, np.log(0.12)), 60)
    error = at.mean - truth
    assert np.sqrt(np.mean(error**2)) < 0.7 * np.sqrt(np.mean((observed - truth) ** 2))
    inside = np.abs(error) < 1.645 * np.sqrt(at.variance + at.micro)
    assert inside.mean() == pytest.approx(0.9, abs=0.08)


def test_unsampled_places_are_covered_at_the_stated_level():
    """Truth without noise at places without a sample: what the standard error of a map is about."""
    coverage, ratio = [], []
    for seed in range(3):
        x, y, truth, observed, design = field(seed, points=700)
        known = np.arange(700) < 450
        model = fitted(x[known], y[known], observed[known], design[known])
        at = geostatistics.predict(model, x[~known], y[~known], design[~known], np.full(250, np.log(0.12)), 60)
        mean, error = geostatistics.to_cells(at, model.covariance, 1.0, 0.0, SETTINGS)
        # A cell of 1 m is a point; half of the unresolved variance is expected to average out in it.
        coverage.append(np.mean(np.abs(at.mean - truth[~known]) < 1.645 * error))
        ratio.append(np.mean(mean) / np.mean(np.exp(truth[~known])))
    assert np.mean(coverage) == pytest.approx(0.90, abs=0.05)
    assert np.mean(ratio) == pytest.approx(1.0, abs=0.06)


def test_kriging_agrees_with_the_matrix_formula():
    """Independent: simple kriging weights by numpy, c' K⁻¹ r and sill - c' K⁻¹ c (Cressie 1993, eq. 3.2.12)."""
    x, y, _, observed, design = field(5, points=30)
    model = fitted(x, y, observed, design)
    target_x, target_y = np.array([20000.0, 33000.0]), np.array([20000.0, 10000.0])
    covariance = geostatistics.Covariance(0.2, 7000.0, 0.03)
    model = geostatistics.replace(model, covariance=covariance)
    value, error, _ = geostatistics.krige(model, target_x, target_y, 60)
    matrix = covariance.at(np.hypot(x[:, None] - x, y[:, None] - y))
    matrix += np.diag(covariance.micro + model.noise)
    towards = covariance.at(np.hypot(x[:, None] - target_x, y[:, None] - target_y))
    weights = np.linalg.solve(matrix, towards)
    assert value == pytest.approx(weights.T @ (model.observed - model.trend), rel=1e-6)
    assert error == pytest.approx(0.2 - np.sum(weights * towards, axis=0), rel=1e-6)


def test_prediction_is_that_of_a_gaussian_process():
    """Independent: one joint normal of trend, residual and error, conditioned by the matrix formula."""
    x, y, _, observed, design = field(6, points=40)
    model = fitted(x, y, observed, design)
    target = np.array([[20000.0, 21000.0], [59000.0, 1000.0]])
    rows = np.array([[1.0, 0.4], [1.0, -1.2]])
    offset = np.full(2, np.log(0.12))
    prediction = geostatistics.predict(model, target[:, 0], target[:, 1], rows, offset, 60)

    def covariance(a, b, rows_a, rows_b):
        return rows_a @ np.diag(PRIOR) @ rows_b.T + model.covariance.at(np.hypot(*(a[:, None] - b).transpose(2, 0, 1)))

    points = np.column_stack([x, y])
    matrix = covariance(points, points, design, design)
    matrix += np.diag(model.covariance.micro + model.noise + 1.0e-8)
    towards = covariance(points, target, design, rows)
    weights = np.linalg.solve(matrix, towards)
    assert prediction.mean == pytest.approx(np.log(0.12) + weights.T @ (observed - np.log(0.12)), rel=1e-5)
    expected = np.diag(covariance(target, target, rows, rows)) - np.sum(weights * towards, axis=0)
    assert prediction.variance == pytest.approx(expected, rel=1e-4)


def test_neighbourhoods_leave_no_seams():
    x, y, _, observed, design = field(7, points=400)
    model = fitted(x, y, observed, design)
    line = np.arange(5000.0, 55000.0, 50.0)
    value, variance, _ = geostatistics.krige(model, line, np.full(line.size, 31000.0), 40)
    whole, _, _ = geostatistics.krige(model, line, np.full(line.size, 31000.0), 400)
    assert np.abs(np.diff(value)).max() < 0.06
    assert np.abs(value - whole).max() < 0.05
    assert np.all(variance > 0.0)


def test_censored_values_are_better_used_than_dropped():
    used, dropped = [], []
    for seed in range(4):
        x, y, truth, observed, design = field(seed, slope=0.1)
        limit = np.quantile(observed, 0.3)
        censored = observed < limit
        value = np.where(censored, limit, observed)
        model = fitted(x, y, value, design, censored=censored)
        offset = np.full(x.size, np.log(0.12))
        everything = geostatistics.predict(model, x, y, design, offset, 60).mean
        kept = ~censored
        without = geostatistics.fit(
            x_m=x[kept],
            y_m=y[kept],
            log_value=observed[kept],
            log_sd=np.full(int(kept.sum()), 0.15),
            censored=np.zeros(int(kept.sum()), bool),
            design=design[kept],
            offset=offset[kept],
            prior_variance=PRIOR,
            settings=SETTINGS,
        )
        alone = geostatistics.predict(without, x, y, design, offset, 60).mean
        used.append((np.mean(everything - truth), np.sqrt(np.mean((everything - truth) ** 2))))
        dropped.append((np.mean(alone - truth), np.sqrt(np.mean((alone - truth) ** 2))))
    used, dropped = np.mean(used, axis=0), np.mean(dropped, axis=0)
    assert abs(used[0]) < 0.05
    assert abs(dropped[0]) > 0.1
    assert used[1] < 0.8 * dropped[1]


def test_a_censored_site_matches_the_cut_normal():
    """Independent: moments by numerical integration of the normal times the probit."""
    mean, variance, limit, noise = 0.3, 0.5, -0.2, 0.1
    observed, observed_variance, estimate, estimate_variance = (
        float(values[0])
        for values in geostatistics.censored_site(*(np.array([v]) for v in (mean, variance, limit, noise)))
    )
    from scipy.special import ndtr

    z = np.linspace(mean - 8.0, mean + 8.0, 200_001)
    density = np.exp(-0.5 * (z - mean) ** 2 / variance) * ndtr((limit - z) / np.sqrt(noise))
    density /= density.sum()
    first = float(density @ z)
    assert estimate == pytest.approx(first, abs=1e-6)
    assert estimate_variance == pytest.approx(float(density @ (z - first) ** 2), abs=1e-6)
    # The equivalent observation combined with the cavity gives the same moments back.
    joined = 1.0 / (1.0 / variance + 1.0 / observed_variance)
    assert joined == pytest.approx(estimate_variance)
    assert joined * (mean / variance + observed / observed_variance) == pytest.approx(estimate)


def test_cells_average_what_varies_inside_them():
    prediction = geostatistics.Prediction(np.array([0.0]), np.array([0.04]), 0.10)
    covariance = geostatistics.Covariance(0.0, 1000.0, 0.10)
    settings = {"within_cell_share": 0.6, "minimum_log_standard_error": 0.03}
    mean, error = geostatistics.to_cells(prediction, covariance, 500.0, 0.0, settings)
    # Hand: 0.04 + 0.4 * 0.10 stays uncertain; mean = exp((0.08 + 0.06) / 2).
    assert error[0] == pytest.approx(np.sqrt(0.08))
    assert mean[0] == pytest.approx(np.exp(0.07))


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 40), st.booleans())
def test_few_or_constant_samples_still_make_a_map(seed, points, constant):
    generator = np.random.default_rng(seed)
    x, y = generator.uniform(0.0, 20000.0, (2, points))
    value = np.zeros(points) if constant else generator.normal(size=points)
    model = geostatistics.fit(
        x_m=x,
        y_m=y,
        log_value=value,
        log_sd=np.full(points, 0.15),
        censored=generator.uniform(size=points) < 0.3,
        design=np.ones((points, 1)),
        offset=np.zeros(points),
        prior_variance=np.array([2.0]),
        settings=SETTINGS,
    )
    target = np.linspace(0.0, 20000.0, 7)
    prediction = geostatistics.predict(model, target, target, np.ones((7, 1)), np.zeros(7), 10)
    mean, error = geostatistics.to_cells(prediction, model.covariance, 500.0, 0.03, SETTINGS)
    assert np.all(np.isfinite(mean))
    assert np.all(mean > 0.0)
    assert np.all(error >= 0.03)


def test_constant_covariates_are_left_out():
    design, variances, names = geostatistics.design_matrix(
        np.array([1, 1, 2]),
        np.array([1, 2, 3]),
        {"slope": np.array([1.0, 2.0, 3.0]), "ph": np.full(3, 6.0)},
        SETTINGS,
    )
    assert names == ["intercept", "stratum 1", "stratum 2", "stratum 3", "slope"]
    assert design.shape == (3, 5)
    assert variances.shape == (5,)
    assert design[:, 4].mean() == pytest.approx(0.0)
    assert design[:, 4].std() == pytest.approx(1.0)


# --- background -----------------------------------------------------------------------------------------


def test_surroundings_average_land_only():
    land = np.array([[True, True, False], [True, True, True]])
    values = np.array([[1.0, 0.0, 9.0], [0.0, 0.0, 0.5]])
    mean = background.surroundings(values, land, 1)
    assert mean[0, 0] == pytest.approx(0.25)  # hand: (1 + 0 + 0 + 0) / 4
    assert mean[1, 2] == pytest.approx(0.5 / 3.0)  # hand: three land cells around


def test_background_without_remote_samples_is_the_table():
    result = background.by_stratum(
        code=np.array([1, 2]),
        tabled_mg_kg=np.array([0.1, 0.2]),
        geometric_sd=np.array([1.5, 1.4]),
        stratum=np.array([1, 1, 2]),
        log_value=np.log([9.0, 9.0, 9.0]),
        log_sd=np.full(3, 0.1),
        remote=np.zeros(3, bool),
        settings=SETTINGS,
    )
    mean, spread, p90, error = background.to_cells(result, np.array([2, 1]))
    assert mean == pytest.approx([0.2 * np.exp(0.5 * np.log(1.4) ** 2), 0.1 * np.exp(0.5 * np.log(1.5) ** 2)])
    assert spread == pytest.approx(np.log([1.4, 1.5]))
    assert np.all(p90 > mean)
    assert np.all(error > spread)
    with pytest.raises(ValueError, match="parent material"):
        background.to_cells(result, np.array([7]))


def test_remote_samples_move_the_background_and_hot_spots_do_not():
    generator = np.random.default_rng(4)
    clean = np.log(0.2) + 0.3 * generator.normal(size=200)
    hot = np.full(20, np.log(5.0))
    result = background.by_stratum(
        code=np.array([1]),
        tabled_mg_kg=np.array([0.1]),
        geometric_sd=np.array([1.5]),
        stratum=np.ones(220, dtype=int),
        log_value=np.concatenate([clean, hot]),
        log_sd=np.full(220, 0.1),
        remote=np.ones(220, bool),
        settings=SETTINGS,
    )
    # Planted: median 0.2, spread 0.3; a tenth of polluted sites shifts a median by about 0.13 sd.
    assert np.exp(result.log_median[0]) == pytest.approx(0.2, rel=0.08)
    assert result.log_sd[0] == pytest.approx(0.31, abs=0.06)
