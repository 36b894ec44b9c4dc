"""What the process model misses: observed minus simulated net flux, learned where it has skill.

The target is r = F_obs - F_proc at revisited sites, averaged in blocks. Features hold rates and inputs,
never a measured content: the first survey's value stands in the target with a minus, so a feature that
holds it would "predict" the survey's noise. A correction without skill out of fold is exactly zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from metalbudget.mapping.folds import spatial_folds, square_of

SOURCE_KINDS = {
    "combustion": ("coal_power", "coal_boiler", "oil_power", "waste_incineration"),
    "metal_industry": ("smelter_copper", "smelter_lead", "smelter_zinc", "steel", "battery", "plating"),
    "minerals": ("cement", "glass"),
}
NORMAL_QUANTILE_95 = 1.6448536269514722


# --- target -------------------------------------------------------------------------------------------


def mean_flux(
    first_mg_kg: NDArray[np.float64],
    second_mg_kg: NDArray[np.float64],
    soil_mass_kg_m2: NDArray[np.float64],
    years: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Mean net flux that changes a concentration: F = M (C2 - C1) / dt.

    Parameters
    ----------
    first_mg_kg, second_mg_kg : ndarray, shape (n,)
        Concentrations at the start and the end. [mg kg⁻¹]
    soil_mass_kg_m2 : ndarray, shape (n,)
        Soil of the sampled layer per square metre of open soil. [kg m⁻²]
    years : ndarray, shape (n,)
        Time between them. [yr], > 0

    Returns
    -------
    ndarray, shape (n,)
        [mg m⁻² yr⁻¹], positive = gain.
    """
    years = np.asarray(years, dtype=float)
    if np.any(years <= 0.0):
        raise ValueError("the second date must be after the first")
    return soil_mass_kg_m2 * (second_mg_kg - first_mg_kg) / years


def flux_noise(
    concentration_mg_kg: NDArray[np.float64],
    first_log_sd: NDArray[np.float64],
    second_log_sd: NDArray[np.float64],
    soil_mass_kg_m2: NDArray[np.float64],
    years: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Standard error of an observed net flux from the samples' errors: M C sqrt(s1² + s2²) / dt.

    Parameters
    ----------
    concentration_mg_kg : ndarray, shape (n,)
        Expected concentration (of the simulation, not the sample: weights that follow the sample's own
        noise would bias the mean). [mg kg⁻¹]
    first_log_sd, second_log_sd : ndarray, shape (n,)
        Errors of the two samples' logarithms. [1]
    soil_mass_kg_m2 : ndarray, shape (n,)
        [kg m⁻²]
    years : ndarray, shape (n,)
        [yr]

    Returns
    -------
    ndarray, shape (n,)
        [mg m⁻² yr⁻¹]
    """
    return soil_mass_kg_m2 * concentration_mg_kg * np.hypot(first_log_sd, second_log_sd) / years


def at_dates(cube: NDArray[np.float64], years: NDArray[np.float64], date: NDArray[np.float64]) -> NDArray[np.float64]:
    """Yearly values at points, linear between years, held beyond the ends.

    Parameters
    ----------
    cube : ndarray, shape (t, n)
        Values at the start of each year.
    years : ndarray, shape (t,)
        Ascending. [yr]
    date : ndarray, shape (n,)
        [yr]

    Returns
    -------
    ndarray, shape (n,)
    """
    years = np.asarray(years, dtype=float)
    if years.size == 1:
        return cube[0].copy()
    clipped = np.clip(date, years[0], years[-1])
    right = np.clip(np.searchsorted(years, clipped, side="left"), 1, years.size - 1)
    weight = (clipped - years[right - 1]) / (years[right] - years[right - 1])
    point = np.arange(cube.shape[1])
    return (1.0 - weight) * cube[right - 1, point] + weight * cube[right, point]


# --- features -----------------------------------------------------------------------------------------


def log_distance(
    x_m: NDArray[np.float64], y_m: NDArray[np.float64], sources_xy: NDArray[np.float64], floor_m: float
) -> NDArray[np.float64]:
    """Logarithm of the distance to the nearest source, not below half a cell.

    Parameters
    ----------
    x_m, y_m : ndarray, shape (n,)
        [m]
    sources_xy : ndarray, shape (s, 2), s ≥ 1
        [m]
    floor_m : float
        Smallest distance that is told apart. [m], > 0
    """
    nearest = np.full(np.shape(x_m), np.inf)
    for x, y in sources_xy:
        nearest = np.minimum(nearest, np.hypot(x_m - x, y_m - y))
    return np.log(np.maximum(nearest, floor_m))


def column_water(
    response: NDArray[np.float64],
    rain_factors: NDArray[np.float64],
    rain_factor: NDArray[np.float64],
    soil: NDArray[np.int64],
    climate: NDArray[np.int64],
    water_table: NDArray[np.int64],
    shares: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Water of a cell's open soil from the column responses of its classes.

    Parameters
    ----------
    response : ndarray, shape (rain factor, land use, soil, climate, water table)
        For instance drainage at 20 cm. [mm]
    rain_factors : ndarray, shape (rain factor,)
        Ascending ladder. [1]
    rain_factor, soil, climate, water_table : ndarray, shape (n,)
        Rain of the cell relative to the station [1], and its zones.
    shares : ndarray, shape (land use, n)
        Open-soil shares. [1]

    Returns
    -------
    ndarray, shape (n,)
        Mean over the open soil; zero where there is none. [mm]
    """
    ladder = np.asarray(rain_factors, dtype=float)
    place = np.interp(rain_factor, ladder, np.arange(ladder.size))
    low = np.minimum(np.floor(place).astype(np.int64), ladder.size - 1)
    high = np.minimum(low + 1, ladder.size - 1)
    weight = place - low
    total = np.zeros(shares.shape[1])
    for number, share in enumerate(shares):
        below = response[low, number, soil, climate, water_table]
        above = response[high, number, soil, climate, water_table]
        total += share * ((1.0 - weight) * below + weight * above)
    open_share = shares.sum(axis=0)
    return np.divide(total, open_share, out=np.zeros_like(total), where=open_share > 1.0e-6)


# --- blocks -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Blocks:
    """Block means; arrays have shape (b,).

    Parameters
    ----------
    x_m, y_m : ndarray
        Mean position. [m]
    observed, process : ndarray
        Net flux observed and simulated. [mg m⁻² yr⁻¹]
    noise : ndarray
        Standard error of `observed` from the samples. [mg m⁻² yr⁻¹]
    shift : ndarray
        Change of `observed` per unit of a common logarithmic shift between the surveys. [mg m⁻² yr⁻¹]
    features : ndarray, shape (b, p)
    points : ndarray of int
        Sites in the block.
    """

    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    observed: NDArray[np.float64]
    process: NDArray[np.float64]
    noise: NDArray[np.float64]
    shift: NDArray[np.float64]
    features: NDArray[np.float64]
    points: NDArray[np.int64]

    @property
    def residual(self) -> NDArray[np.float64]:
        """Observed minus simulated. [mg m⁻² yr⁻¹]"""
        return self.observed - self.process


def aggregate(
    *,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    observed: NDArray[np.float64],
    process: NDArray[np.float64],
    noise: NDArray[np.float64],
    shift: NDArray[np.float64],
    features: NDArray[np.float64],
    block_m: float,
) -> Blocks:
    """Average sites in squares, weighted by the inverse variance of their noise.

    Parameters
    ----------
    x_m, y_m, observed, process, noise, shift : ndarray, shape (n,)
        As in `Blocks`, per site; `noise` > 0.
    features : ndarray, shape (n, p)
    block_m : float
        Side of a block. [m]

    Returns
    -------
    Blocks
        Noise of a block: 1 / sqrt(sum of 1/noise²).
    """
    if np.any(noise <= 0.0):
        raise ValueError("the noise of a site must be positive")
    block = square_of(x_m, y_m, block_m)
    weight = 1.0 / noise**2
    total = np.bincount(block, weights=weight)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(block, weights=weight * values) / total

    return Blocks(
        x_m=mean(x_m),
        y_m=mean(y_m),
        observed=mean(observed),
        process=mean(process),
        noise=1.0 / np.sqrt(total),
        shift=mean(shift),
        features=np.column_stack([mean(column) for column in features.T]),
        points=np.bincount(block),
    )


def block_weights(residual: NDArray[np.float64], noise: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse variance of a block, 1 / (noise² + t²), scaled to mean 1.

    t² is what the residuals vary beyond their noise, by moments; without it a few blocks with many
    samples would decide alone.

    Parameters
    ----------
    residual, noise : ndarray, shape (b,)
        [mg m⁻² yr⁻¹]

    Notes
    -----
    DerSimonian and Laird 1986, doi:10.1016/0197-2456(86)90046-2.
    """
    inverse = 1.0 / noise**2
    centre = float(inverse @ residual / inverse.sum())
    scatter = float(inverse @ (residual - centre) ** 2)
    spare = float(inverse.sum() - (inverse @ inverse) / inverse.sum())
    between = max(0.0, (scatter - (residual.size - 1)) / spare) if spare > 0.0 else 0.0
    weight = 1.0 / (noise**2 + between)
    return np.asarray(weight / weight.mean(), dtype=np.float64)


# --- learning -----------------------------------------------------------------------------------------


def booster(
    features: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    options: Mapping[str, float],
    seed: int,
):
    """Fit a small LightGBM regression, the same on every run and for any thread count.

    Parameters
    ----------
    features : ndarray, shape (b, p)
    target, weight : ndarray, shape (b,)
    options : mapping
        ``learning_rate num_leaves min_data_in_leaf rounds threads feature_fraction bagging_fraction
        lambda_l2``.
    seed : int

    Returns
    -------
    lightgbm.Booster
        Trained on the target in units of its standard deviation; see `predict`.
    """
    import lightgbm

    parameters = {
        "objective": "regression",
        "learning_rate": options["learning_rate"],
        "num_leaves": int(options["num_leaves"]),
        "min_data_in_leaf": int(options["min_data_in_leaf"]),
        "feature_fraction": options["feature_fraction"],
        "bagging_fraction": options["bagging_fraction"],
        "bagging_freq": 1,
        "lambda_l2": options["lambda_l2"],
        "num_threads": int(options["threads"]),
        "seed": seed % (2**31 - 1),
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(features, target, weight=weight, free_raw_data=True, params={"verbosity": -1})
    return lightgbm.train(parameters, data, num_boost_round=int(options["rounds"]))


def out_of_fold(
    features: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    fold: NDArray[np.int64],
    options: Mapping[str, float],
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Predict every block by a model, and by a mean, that never saw its fold.

    Parameters
    ----------
    features : ndarray, shape (b, p)
    target, weight : ndarray, shape (b,)
    fold : ndarray of int, shape (b,)
    options, seed
        As in `booster`.

    Returns
    -------
    learned, mean : ndarray, shape (b,)
    """
    learned, mean = np.zeros(target.size), np.zeros(target.size)
    for number in np.unique(fold):
        test, train = fold == number, fold != number
        centre = float(np.average(target[train], weights=weight[train]))
        mean[test] = centre
        scale = float(np.sqrt(np.average((target[train] - centre) ** 2, weights=weight[train]))) or 1.0
        model = booster(features[train], (target[train] - centre) / scale, weight[train], options, seed)
        learned[test] = centre + scale * model.predict(features[test], num_threads=int(options["threads"]))
    return learned, mean


def scores(
    observed: NDArray[np.float64], predicted: NDArray[np.float64], weight: NDArray[np.float64]
) -> dict[str, float]:
    """Weighted scores: rmse, mae, bias (predicted minus observed), r2 (1 - SSE/SST) and Lin's ccc.

    Parameters
    ----------
    observed, predicted, weight : ndarray, shape (b,)

    Notes
    -----
    Concordance correlation: Lin 1989, doi:10.2307/2532051.
    """
    share = weight / weight.sum()
    error = predicted - observed
    centre, predicted_centre = float(share @ observed), float(share @ predicted)
    scatter = float(share @ (observed - centre) ** 2)
    predicted_scatter = float(share @ (predicted - predicted_centre) ** 2)
    joint = float(share @ ((observed - centre) * (predicted - predicted_centre)))
    squared = float(share @ error**2)
    spread = scatter + predicted_scatter + (centre - predicted_centre) ** 2
    return {
        "rmse": float(np.sqrt(squared)),
        "mae": float(share @ np.abs(error)),
        "bias": float(share @ error),
        "r2": 1.0 - squared / scatter if scatter > 0.0 else 0.0,
        "ccc": 2.0 * joint / spread if spread > 0.0 else 0.0,
    }


def skill(
    target: NDArray[np.float64],
    predicted: NDArray[np.float64],
    baseline: NDArray[np.float64],
    weight: NDArray[np.float64],
    square: NDArray[np.int64],
    *,
    shift: NDArray[np.float64] | None = None,
    shift_sd: float = 0.0,
    replicates: int = 1000,
    level: float = 0.9,
    seed: int = 0,
) -> dict[str, float]:
    """Skill 1 - SSE(predicted)/SSE(baseline) with an interval by bootstrap over whole squares.

    A replicate draws squares with replacement, so that correlated neighbours stay together, and one
    shift common to all blocks: a laboratory that changed between the surveys looks like a flux, and a
    correction that lives on it has no skill.

    Parameters
    ----------
    target, predicted, baseline, weight : ndarray, shape (b,)
    square : ndarray of int, shape (b,)
        Resampling unit of each block.
    shift : ndarray, shape (b,), optional
        Change of the target per unit of the common shift.
    shift_sd : float
        Standard deviation of the common shift. [1]
    replicates : int
    level : float
        Two-sided level of the interval.
    seed : int

    Returns
    -------
    dict
        value, low, high, level.
    """
    error, base = target - predicted, target - baseline
    moved = np.zeros_like(target) if shift is None else shift

    def sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.bincount(square, weights=weight * values), dtype=np.float64)

    parts = np.column_stack([sums(error**2), sums(error * moved), sums(base**2), sums(base * moved), sums(moved**2)])
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(len(parts), np.full(len(parts), 1.0 / len(parts)), size=replicates)
    common = shift_sd * generator.standard_normal(replicates)
    model_error, model_cross, base_error, base_cross, own = (draws @ parts).T
    model_error = model_error - 2.0 * common * model_cross + common**2 * own
    base_error = base_error - 2.0 * common * base_cross + common**2 * own
    values = 1.0 - np.divide(model_error, base_error, out=np.ones(replicates), where=base_error > 0.0)
    total = float(weight @ base**2)
    low, high = np.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return {
        "value": 1.0 - float(weight @ error**2) / total if total > 0.0 else 0.0,
        "low": float(low),
        "high": float(high),
        "level": float(level),
    }


def shrinkage(
    target: NDArray[np.float64],
    predicted: NDArray[np.float64],
    weight: NDArray[np.float64],
    interval: Mapping[str, float],
) -> float:
    """Weight of a correction: zero if its skill's interval reaches zero, else the slope out of fold, 0..1.

    The slope of the target on the out-of-fold prediction is the multiple of the prediction that is
    best there; below one the model promises too much.

    Parameters
    ----------
    target, predicted, weight : ndarray, shape (b,)
    interval : mapping
        Result of `skill`.

    Notes
    -----
    Copas 1983, doi:10.1111/j.2517-6161.1983.tb01258.x: shrinkage by the calibration slope.
    """
    if interval["low"] <= 0.0 or interval["value"] <= 0.0:
        return 0.0
    power = float(weight @ predicted**2)
    slope = float(weight @ (target * predicted)) / power if power > 0.0 else 0.0
    return min(max(slope, 0.0), 1.0)


@dataclass(frozen=True, eq=False)
class Applicability:
    """Where the training blocks speak for a cell: scaled, importance-weighted feature distance.

    Parameters
    ----------
    centre, scale : ndarray, shape (p,)
        Cells' features are centred and scaled with these; scale holds the importance.
    training : ndarray, shape (b, p)
        Scaled training features.
    mean_distance : float
        Mean distance between training blocks.
    threshold : float
        Largest dissimilarity that counts as inside.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    training: NDArray[np.float64]
    mean_distance: float
    threshold: float

    def dissimilarity(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distance to the nearest training block over the mean distance, shape (n,). [1]"""
        return _nearest((features - self.centre) * self.scale, self.training) / self.mean_distance

    def inside(self, features: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether the training blocks speak for these features, shape (n,)."""
        return self.dissimilarity(features) <= self.threshold


def _nearest(targets: NDArray[np.float64], training: NDArray[np.float64]) -> NDArray[np.float64]:
    nearest = np.empty(len(targets))
    own = np.einsum("bp,bp->b", training, training)
    for start in range(0, len(targets), 4096):
        part = targets[start : start + 4096]
        squared = np.einsum("np,np->n", part, part)[:, None] + own - 2.0 * part @ training.T
        nearest[start : start + 4096] = np.sqrt(np.maximum(squared.min(axis=1), 0.0))
    return nearest


def applicability(
    features: NDArray[np.float64],
    importance: NDArray[np.float64],
    fold: NDArray[np.int64],
    whisker: float,
) -> Applicability:
    """Set up the area of applicability from the training blocks.

    The threshold is the outlier-removed maximum (Q3 + whisker IQR) of the training blocks' own
    dissimilarity to blocks of other folds.

    Parameters
    ----------
    features : ndarray, shape (b, p)
    importance : ndarray, shape (p,)
        Weight of each feature, ≥ 0; if all are zero they count alike.
    fold : ndarray of int, shape (b,)
    whisker : float

    Returns
    -------
    Applicability

    Notes
    -----
    Meyer and Pebesma 2021, doi:10.1111/2041-210X.13650.
    """
    centre, spread = features.mean(axis=0), features.std(axis=0)
    share = importance / importance.sum() if importance.sum() > 0.0 else np.full(features.shape[1], 1.0)
    scale = np.divide(share, spread, out=np.zeros_like(spread), where=spread > 1.0e-12)
    scaled = (features - centre) * scale
    gap = np.sqrt(np.maximum(((scaled[:, None] - scaled) ** 2).sum(axis=2), 0.0))
    count = len(scaled)
    mean_distance = float(gap.sum() / max(count * (count - 1), 1)) or 1.0
    own = np.where(fold[:, None] != fold, gap, np.inf).min(axis=1) / mean_distance
    own = own[np.isfinite(own)]
    low, high = np.quantile(own, [0.25, 0.75]) if own.size else (0.0, 0.0)
    allowed = own[own <= high + whisker * (high - low)]
    return Applicability(centre, scale, scaled, mean_distance, float(allowed.max()) if allowed.size else 0.0)


# --- the whole ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was learned.

    Parameters
    ----------
    correction : ndarray, shape (n,)
        Per open soil of each cell, signed; zero outside the applicability or without skill.
        [mg m⁻² yr⁻¹]
    predicted : ndarray, shape (b,)
        Learned residual of the blocks out of fold, before shrinkage. [mg m⁻² yr⁻¹]
    fold : ndarray of int, shape (b,)
    weight : ndarray, shape (b,)
        Weight of a block in the fit, mean 1.
    metrics : dict
        Scores, skill, noise ceiling, shrinkage, applicability, importance.
    """

    correction: NDArray[np.float64]
    predicted: NDArray[np.float64]
    fold: NDArray[np.int64]
    weight: NDArray[np.float64]
    metrics: dict


def calibrate(
    blocks: Blocks,
    cells: NDArray[np.float64],
    names: Sequence[str],
    *,
    options: Mapping[str, float],
    fold_size_m: float,
    folds: int,
    shift_sd: float,
    most_weight: float,
    seed: int,
) -> Calibration:
    """Learn the residual, judge it out of fold, and predict cells as far as it has skill.

    Parameters
    ----------
    blocks : Blocks
    cells : ndarray, shape (n, p)
        Features of the cells.
    names : sequence of str, length p
        Features; none may hold a measured content.
    options : mapping
        As in `booster`, and ``skill_level bootstrap_replicates applicability_whisker placebo_repeats``.
    fold_size_m : float
        Side of the squares that are held out, and resampled, together. [m]
    folds : int
    shift_sd : float
        Possible common shift between the surveys, on the log scale. [1]
    most_weight : float
        Upper bound of the correction's weight, 0..1.
    seed : int

    Returns
    -------
    Calibration
    """
    target = blocks.residual
    weight = block_weights(target, blocks.noise)
    fold = spatial_folds(blocks.x_m, blocks.y_m, fold_size_m, folds, seed)
    square = square_of(blocks.x_m, blocks.y_m, fold_size_m)
    skill_of = partial(
        skill,
        square=square,
        shift=blocks.shift,
        replicates=int(options["bootstrap_replicates"]),
        level=options["skill_level"],
        seed=seed,
    )
    predicted, mean = out_of_fold(blocks.features, target, weight, fold, options, seed)
    zero = np.zeros_like(target)
    over_process = skill_of(target, predicted, zero, weight, shift_sd=shift_sd)
    over_mean = skill_of(target, predicted, mean, weight)
    share = most_weight * shrinkage(target, predicted, weight, over_process)

    # What the same chain finds when the residuals are dealt out at random.
    generator = np.random.default_rng(seed + 1)
    placebo = []
    for _ in range(int(options["placebo_repeats"])):
        order = generator.permutation(target.size)
        dealt, dealt_weight = target[order], weight[order]
        noise_prediction, noise_mean = out_of_fold(blocks.features, dealt, dealt_weight, fold, options, seed)
        # Dealing keeps the mean, so the placebo is held against it.
        placebo.append(skill_of(dealt, noise_prediction, noise_mean, dealt_weight))
    shuffled = np.random.default_rng(seed + 2).permutation(target.size) % 10
    random_prediction, _ = out_of_fold(blocks.features, target, weight, shuffled, options, seed)

    centre = float(np.average(target, weights=weight))
    scale = float(np.sqrt(np.average((target - centre) ** 2, weights=weight))) or 1.0
    model = booster(blocks.features, (target - centre) / scale, weight, options, seed)
    importance = np.asarray(model.feature_importance(importance_type="gain"), dtype=float)
    area = applicability(blocks.features, importance, fold, options["applicability_whisker"])
    inside = area.inside(cells)
    correction = np.zeros(len(cells))
    if share > 0.0:
        learned = centre + scale * model.predict(cells, num_threads=int(options["threads"]))
        correction = np.where(inside, share * learned, 0.0)

    noise_variance = float(np.average(blocks.noise**2, weights=weight))
    observed_variance = float(
        np.average((blocks.observed - np.average(blocks.observed, weights=weight)) ** 2, weights=weight)
    )
    total = importance.sum() or 1.0
    metrics = {
        "points": int(blocks.points.sum()),
        "blocks": int(target.size),
        "folds": int(fold.max()) + 1,
        "squares": int(square.max()) + 1,
        "out_of_fold": {
            "calibrated": scores(blocks.observed, blocks.process + share * predicted, weight),
            "learned_without_shrinkage": scores(blocks.observed, blocks.process + predicted, weight),
            "process_model": scores(blocks.observed, blocks.process, weight),
            "process_model_plus_mean_residual": scores(blocks.observed, blocks.process + mean, weight),
        },
        "random_folds_for_leakage_only": scores(blocks.observed, blocks.process + random_prediction, weight),
        "skill_over_process_model": over_process,
        "skill_over_mean_residual": over_mean,
        "common_shift_log_sd": float(shift_sd),
        "noise_mg_m2_yr": float(np.sqrt(noise_variance)),
        "noise_ceiling_r2": max(0.0, 1.0 - noise_variance / observed_variance) if observed_variance > 0.0 else 0.0,
        "shrinkage": float(share),
        "placebo": {
            "repeats": len(placebo),
            "passed": sum(1 for entry in placebo if entry["low"] > 0.0),
            "mean_skill": float(np.mean([entry["value"] for entry in placebo])) if placebo else None,
        },
        "applicability": {"threshold": area.threshold, "share_inside": float(inside.mean())},
        "importance": {name: float(value / total) for name, value in zip(names, importance, strict=True)},
    }
    return Calibration(correction, predicted, fold, weight, metrics)
