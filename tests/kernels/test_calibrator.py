"""The calibrator: hand calculations, placebo, planted signal, applicability."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget.calibrator import blocks as averaged
from metalbudget.calibrator import features, learning, skill, target
from metalbudget.landuse import LandUse
from metalbudget.settings import coefficients

OPTIONS = {
    **coefficients("calibrator"),
    "learning_rate": 0.05,
    "num_leaves": 7,
    "min_data_in_leaf": 12,
    "rounds": 60,
    "threads": 1,
    "bootstrap_replicates": 400,
    "placebo_repeats": 0,
}
M = 260.0  # kg m⁻², 2600 t ha⁻¹


def test_flux_noise_of_cadmium():
    """By hand, sqrt(2) 0.15 0.18 2600 / 10: 9.93 g/ha/yr = 0.993 mg/m²/yr."""
    noise = target.flux_noise(*(np.array([v]) for v in (0.18, 0.15, 0.15, M, 10.0)))
    assert noise[0] == pytest.approx(0.993, rel=1e-3)


def test_mean_flux_is_mass_times_change():
    # Hand: 260 kg/m² * 0.02 mg/kg / 20 yr = 0.26 mg/m²/yr = 2.6 g/ha/yr.
    flux = target.mean_flux(np.array([0.18]), np.array([0.20]), np.array([M]), np.array([20.0]))
    assert flux[0] == pytest.approx(0.26)
    with pytest.raises(ValueError, match="after"):
        target.mean_flux(np.array([1.0]), np.array([1.0]), np.array([M]), np.array([0.0]))


def test_dates_are_interpolated_between_years():
    cube = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    years = np.array([2000.0, 2001.0, 2003.0])
    assert target.at_dates(cube, years, np.array([2000.5, 2002.0])) == pytest.approx([1.5, 30.0])
    assert target.at_dates(cube, years, np.array([1999.0, 2010.0])) == pytest.approx([1.0, 40.0])


def test_blocks_weigh_sites_by_their_noise():
    blocks = averaged.aggregate(
        x_m=np.array([100.0, 200.0, 6000.0]),
        y_m=np.array([100.0, 100.0, 100.0]),
        observed=np.array([1.0, 4.0, 7.0]),
        process=np.zeros(3),
        noise=np.array([1.0, 2.0, 1.0]),
        shift=np.ones(3),
        features=np.array([[1.0], [1.0], [2.0]]),
        block_m=5000.0,
    )
    # Hand: weights 1 and 1/4: (1 + 1) / 1.25 = 1.6; noise 1 / sqrt(1.25).
    assert blocks.observed == pytest.approx([1.6, 7.0])
    assert blocks.noise == pytest.approx([1.0 / np.sqrt(1.25), 1.0])
    assert blocks.points.tolist() == [2, 1]


def test_scores_by_hand():
    result = skill.scores(np.array([1.0, 3.0]), np.array([2.0, 3.0]), np.ones(2))
    # Hand: errors 1, 0; SST per block 1; joint 0.5, spreads 1 and 0.25, centres 2 and 2.5.
    assert result == pytest.approx(
        {"rmse": np.sqrt(0.5), "mae": 0.5, "bias": 0.5, "r2": 0.5, "ccc": 2 * 0.5 / (1.0 + 0.25 + 0.25)}
    )


def test_water_is_the_share_weighted_mean_linear_in_rain():
    response = np.zeros((2, 2, 1, 1, 1))
    response[:, 0] = np.array([100.0, 200.0])[:, None, None, None]
    response[:, 1] = np.array([300.0, 500.0])[:, None, None, None]
    zone = np.zeros(2, dtype=int)
    water = features.column_water(
        response,
        np.array([0.9, 1.1]),
        np.array([1.0, 1.3]),
        dict.fromkeys(("soil_class", "climate_zone", "water_table"), zone),
        np.array([[0.3, 0.0], [0.1, 0.0]]),
    )
    # Hand: (0.3 * 150 + 0.1 * 400) / 0.4 = 212.5; no open soil gives zero.
    assert water == pytest.approx([212.5, 0.0])


def test_fluxes_are_per_open_soil_and_not_divided_by_next_to_nothing():
    states = [
        LandUse(shares=np.full((9, 2), share) / 9.0, sealed=np.array([1.0, 1.0]) - share, water=np.zeros(2))
        for share in (np.array([0.5, 0.01]), np.array([0.25, 0.01]))
    ]
    # Hand: 1/0.5 and 1/0.25 are 3 in the mean; where the open share is 0.01 the divisor stays 0.05.
    fluxes = [np.array([1.0, 0.01]), np.array([1.0, 0.01])]
    assert features.per_open_soil(fluxes, states) == pytest.approx([3.0, 0.2])


def survey_points(systematic):
    """Four sites of two surveys: revisited, revisited but censored twice, revisited off the land, visited once."""
    return {
        "pair_id": np.array(["s0", "s1", "s2", "", "s0", "s1", "s2"], dtype=object),
        "survey": np.array([2000.0] * 4 + [2020.0] * 3),
        "paired": np.array([1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0]),
        "censored": np.array([0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]),
        "date": np.array([2000.5] * 4 + [2020.5] * 3),
        "x_m": np.arange(7.0),
        "y_m": np.arange(7.0),
        "value_mg_kg": np.array([0.18, 1.0, 1.0, 1.0, 0.20, 1.0, 1.0]),
        "log_sd": np.full(7, 0.15),
        "systematic_log_sd": np.array([0.03] * 4 + [systematic] * 3),
    }


@pytest.mark.parametrize(("systematic", "shift_sd"), [(0.03, 0.05), (0.04, np.hypot(0.05, 0.05))])
def test_pairs_that_say_something_about_a_change_make_the_target(systematic, shift_sd):
    cell = np.array([1, 0, -1, 0, 1, 0, -1])
    years = np.array([2000.0, 2021.0])
    simulated = np.array([[9.0, 0.10], [9.0, 0.31]])  # cell 1 gains 0.01 mg/kg each year
    result = target.paired(survey_points(systematic), cell, (2000, 2020), years, simulated, np.full(2, M), 0.05)
    assert result.cell.tolist() == [1]
    assert result.notes == {"window_yr": 20.0, "pairs": 1}
    # Hand: 260 * 0.02 / 20; 260 * 0.01; the expected content is that of mid-2010, 0.205.
    assert result.observed == pytest.approx([0.26])
    assert result.process == pytest.approx([2.6])
    assert result.noise == pytest.approx([M * 0.205 * np.hypot(0.15, 0.15) / 20.0])
    assert result.shift == pytest.approx([M * 0.205 / 20.0])
    # The methods' recoveries, 0.03 and 0.04, count where they differ: hypot(0.03, 0.04) = 0.05.
    assert result.shift_sd == pytest.approx(shift_sd)


def test_distance_is_to_the_nearest_source():
    distance = features.log_distance(np.array([0.0, 3000.0]), np.zeros(2), np.array([[0.0, 0.0], [9000.0, 0.0]]), 250.0)
    assert np.exp(distance) == pytest.approx([250.0, 3000.0])


# --- noise, signal ------------------------------------------------------------------------------------


def region(seed, *, signal, noise=1.0, count=160):
    """Blocks on a 5 km lattice; the planted residual follows two of six smooth features."""
    generator = np.random.default_rng(seed)
    side = int(np.sqrt(count)) + 1
    x, y = (axis.ravel()[:count] * 5000.0 + 2500.0 for axis in np.meshgrid(np.arange(side), np.arange(side)))
    phase = generator.uniform(0.0, 6.0, (6, 2))
    wave = [
        np.sin(x / (6000.0 + 2000.0 * k) + a) + np.cos(y / (7000.0 + 1500.0 * k) + b) for k, (a, b) in enumerate(phase)
    ]
    features = np.column_stack(wave)
    planted = signal * (np.where(features[:, 0] > 0.3, 1.0, -0.6) + 0.5 * features[:, 1])
    error = np.full(count, noise)
    blocks = averaged.Blocks(
        x_m=x,
        y_m=y,
        observed=5.0 + planted + error * generator.normal(size=count),
        process=np.full(count, 5.0),
        noise=error,
        shift=np.full(count, 5.0),
        features=features,
        points=np.full(count, 4),
    )
    return blocks, planted


def run(blocks, cells=None, **changes):
    arguments = {
        "options": OPTIONS,
        "fold_size_m": 15000.0,
        "folds": 5,
        "shift_sd": 0.0,
        "most_weight": 1.0,
        "seed": 3,
        **changes,
    }
    cells = blocks.features if cells is None else cells
    return learning.calibrate(blocks, cells, [f"f{k}" for k in range(cells.shape[1])], **arguments)


def test_a_planted_signal_is_recovered():
    for seed in range(3):
        blocks, planted = region(seed, signal=1.5)
        result = run(blocks)
        metrics = result.metrics
        assert metrics["shrinkage"] > 0.5
        assert metrics["skill_over_process_model"]["low"] > 0.0
        scores = metrics["out_of_fold"]
        assert scores["calibrated"]["rmse"] < scores["process_model"]["rmse"]
        assert np.corrcoef(result.correction, planted)[0, 1] > 0.7


def test_noise_alone_gives_exactly_nothing():
    """Placebo: without signal the interval reaches zero in nearly all seeds, and then the map is zero."""
    nothing = 0
    for seed in range(10):
        blocks, _ = region(seed, signal=0.0)
        result = run(blocks)
        nothing += int(result.metrics["shrinkage"] == 0.0)
        if result.metrics["shrinkage"] == 0.0:
            assert not result.correction.any()
    assert nothing >= 9  # one in twenty passes a two-sided 90 % interval by chance


def test_dealt_out_residuals_give_nothing():
    passed = sum(
        run(region(seed, signal=1.5)[0], options={**OPTIONS, "placebo_repeats": 4}).metrics["placebo"]["passed"]
        for seed in range(2)
    )
    assert passed <= 1


def test_a_common_shift_between_surveys_is_no_skill():
    """A laboratory that moved by 10 % looks like a flux everywhere; allowing for it, nothing is left."""
    blocks, _ = region(1, signal=0.0, noise=0.5)
    moved = averaged.Blocks(**{**vars(blocks), "observed": blocks.observed + 0.1 * 5.0})
    believed = run(moved)
    doubted = run(moved, shift_sd=0.1)
    assert believed.metrics["shrinkage"] > 0.0
    assert doubted.metrics["shrinkage"] == 0.0


def test_the_same_seed_gives_the_same_correction():
    blocks, _ = region(5, signal=1.5)
    first, second = run(blocks), run(blocks, options={**OPTIONS, "threads": 2})
    assert np.array_equal(first.correction, second.correction)


def test_cells_unlike_any_block_get_no_correction():
    blocks, _ = region(2, signal=1.5)
    far = blocks.features.copy()
    far[:40] += 25.0
    result = run(blocks, cells=far)
    assert result.metrics["shrinkage"] > 0.0
    assert not result.correction[:40].any()
    assert result.correction[40:].any()
    assert result.metrics["applicability"]["share_inside"] < 0.8


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 5.0))
def test_skill_of_a_perfect_and_of_no_prediction(seed, scale):
    generator = np.random.default_rng(seed)
    target = scale * generator.normal(size=60)
    square = np.arange(60) // 3
    zero, weight = np.zeros(60), np.ones(60)
    perfect = skill.skill(target, target, zero, weight, square, replicates=50)
    nothing = skill.skill(target, zero, zero, weight, square, replicates=50)
    assert perfect["value"] == 1.0
    assert perfect["low"] == 1.0
    assert nothing["value"] == 0.0
    assert nothing["high"] == 0.0
    assert skill.shrinkage(target, zero, weight, nothing) == 0.0
    assert skill.shrinkage(target, 2.0 * target, weight, perfect) == pytest.approx(0.5)  # hand: slope 1/2


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_block_weights_lie_between_equal_and_inverse_variance(seed):
    generator = np.random.default_rng(seed)
    noise = generator.uniform(0.5, 2.0, 40)
    calm = averaged.block_weights(np.zeros(40), noise)
    wild = averaged.block_weights(1.0e4 * generator.normal(size=40), noise)
    assert calm.mean() == pytest.approx(1.0)
    assert calm * noise**2 == pytest.approx(np.full(40, (calm * noise**2)[0]))  # no excess: 1/noise²
    assert wild == pytest.approx(np.ones(40), rel=1e-3)  # all excess: equal weights
