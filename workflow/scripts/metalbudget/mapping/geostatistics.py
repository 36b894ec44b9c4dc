"""Trend plus spatially correlated residual on the log scale, with censored values; prediction of cells.

    ln y_i = o_i + X_i b + S(x_i) + e_i + m_i

o is the tabled background of the stratum, X b a trend with Gaussian priors on b, S a residual with an
exponential covariance, e the short-range variance that the survey's spacing does not resolve, m the
known error of the sample. A cell's value holds o + X b + S and a part of e, never m.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

# Mean distance between two random points of a unit square (Ghosh 1951).
MEAN_DISTANCE_IN_SQUARE = 0.5214054


@dataclass(frozen=True)
class Covariance:
    """Exponential covariance on the log scale: `sill` exp(-h / `length_m`), and unresolved `micro`.

    Parameters
    ----------
    sill : float
        Variance of the spatially correlated residual. [1], ≥ 0
    length_m : float
        Correlation length. [m], > 0
    micro : float
        Variance at distances that the survey does not resolve, without the samples' error. [1], ≥ 0
    """

    sill: float
    length_m: float
    micro: float

    def at(self, distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Covariance of S at a distance. [1]"""
        return self.sill * np.exp(-np.asarray(distance_m) / self.length_m)


@dataclass(frozen=True, eq=False)
class MapModel:
    """A fitted survey; arrays have shape (n,) unless said otherwise.

    Parameters
    ----------
    x_m, y_m : ndarray
        Positions. [m]
    observed : ndarray
        Logarithm as observed; the equivalent Gaussian observation where censored.
    noise : ndarray
        Variance of `observed` around the point's true logarithm. [1]
    estimate, estimate_variance : ndarray
        Point's logarithm for further use: observed, or its conditional mean and variance where censored.
    trend : ndarray
        Offset plus trend at the points.
    design : ndarray, shape (n, p)
        Columns of the trend at the points.
    coefficients : ndarray, shape (p,)
    coefficient_covariance : ndarray, shape (p, p)
    covariance : Covariance
    """

    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    observed: NDArray[np.float64]
    noise: NDArray[np.float64]
    estimate: NDArray[np.float64]
    estimate_variance: NDArray[np.float64]
    trend: NDArray[np.float64]
    design: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    coefficient_covariance: NDArray[np.float64]
    covariance: Covariance


def design_matrix(
    strata: NDArray[np.int64],
    codes: NDArray[np.int64],
    covariates: Mapping[str, NDArray[np.float64]],
    settings: Mapping[str, float],
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Columns of the trend over the land cells and the prior variance of their coefficients.

    Parameters
    ----------
    strata : ndarray of int, shape (n,)
        Parent material of each cell.
    codes : ndarray of int, shape (k,)
        All parent materials.
    covariates : mapping of name to ndarray, shape (n,)
        Continuous covariates; each is scaled to mean 0 and standard deviation 1 over the cells.
        Constant ones are left out.
    settings : mapping
        ``intercept_prior_sd``, ``stratum_prior_sd``, ``covariate_prior_sd``. [1]

    Returns
    -------
    design : ndarray, shape (n, p)
    prior_variance : ndarray, shape (p,)
    names : list of str
    """
    columns = [np.ones(strata.size)]
    variances = [settings["intercept_prior_sd"] ** 2]
    names = ["intercept"]
    for code in codes:
        columns.append((strata == code).astype(float))
        variances.append(settings["stratum_prior_sd"] ** 2)
        names.append(f"stratum {code}")
    for name, values in covariates.items():
        spread = float(np.std(values))
        if spread > 1.0e-9 * max(1.0, float(np.abs(values).max())):
            columns.append((values - values.mean()) / spread)
            variances.append(settings["covariate_prior_sd"] ** 2)
            names.append(name)
    return np.column_stack(columns), np.array(variances), names


def least_squares(
    target: NDArray[np.float64],
    design: NDArray[np.float64],
    precision: NDArray[np.float64],
    prior_variance: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients by generalised least squares with independent Gaussian priors around zero.

    Parameters
    ----------
    target : ndarray, shape (n,)
    design : ndarray, shape (n, p)
    precision : ndarray, shape (n,) or (n, n)
        Inverse variances or inverse covariance matrix of the residuals.
    prior_variance : ndarray, shape (p,)

    Returns
    -------
    coefficients : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)

    Notes
    -----
    Posterior of the linear model: b = (X'WX + L⁻¹)⁻¹ X'Wy; Bishop 2006, equations 3.50-3.51.
    """
    weighted = precision[:, None] * design if precision.ndim == 1 else precision @ design
    covariance = np.asarray(np.linalg.inv(weighted.T @ design + np.diag(1.0 / prior_variance)), dtype=np.float64)
    return covariance @ (weighted.T @ target), covariance


def fit_covariance(
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    residual: NDArray[np.float64],
    noise: float,
    settings: Mapping[str, float],
) -> Covariance:
    """Fit an exponential covariance to the residuals' empirical variogram.

    The samples' own error is taken out first: gamma(h) - noise = micro + sill (1 - exp(-h/length)), by
    non-negative least squares with weights pairs/h² over a ladder of lengths, which cannot diverge.

    Parameters
    ----------
    x_m, y_m, residual : ndarray, shape (n,)
        Positions [m] and residuals of the logarithm [1].
    noise : float
        Mean error variance of the samples. [1]
    settings : mapping
        Rows of ``mapping.csv``.

    Notes
    -----
    Weights after Cressie 1985 as used by default in gstat (N/h²). Below ``minimum_variogram_points``
    points the default length and spatial share stand in.
    """
    from scipy.optimize import nnls

    total = max(float(np.mean(residual**2)) - noise, 0.0)
    share = settings["default_spatial_share"]
    fallback = Covariance(share * total, settings["default_length_m"], (1.0 - share) * total)
    if residual.size < settings["minimum_variogram_points"]:
        return fallback
    from gstools import vario_estimate

    diagonal = float(np.hypot(np.ptp(x_m), np.ptp(y_m)))
    edges = np.linspace(0.0, settings["maximum_lag_share"] * diagonal, int(settings["lag_bins"]) + 1)
    many = residual.size > settings["dense_points"]
    lag, gamma, pairs = vario_estimate(
        (x_m, y_m),
        residual,
        edges,
        return_counts=True,
        sampling_size=int(settings["dense_points"]) if many else None,
        sampling_seed=0,
    )
    used = (pairs >= 10) & (lag > 0.0)
    if used.sum() < 4:
        return fallback
    lag, gamma, weight = lag[used], gamma[used] - noise, np.sqrt(pairs[used]) / lag[used]
    best = (np.inf, fallback)
    for length in np.geomspace(lag[0] / 3.0, edges[-1] / 2.0, 24):
        columns = np.column_stack([np.ones(lag.size), -np.expm1(-lag / length)])
        (micro, sill), misfit = nnls(columns * weight[:, None], gamma * weight)
        if misfit < best[0] * (1.0 - 1.0e-9):
            best = (misfit, Covariance(float(sill), float(length), float(micro)))
    return best[1]


def censored_site(
    mean: NDArray[np.float64],
    variance: NDArray[np.float64],
    limit: NDArray[np.float64],
    noise: NDArray[np.float64],
) -> tuple[NDArray[np.float64], ...]:
    """Replace "the sample is below its limit" by a Gaussian observation with the same first two moments.

    With z ~ N(mean, variance) from everything else that is known and a measured value z + N(0, noise)
    below the limit, the conditional mean and variance of z are those of a normal cut from above.

    Parameters
    ----------
    mean, variance : ndarray, shape (n,)
        What the rest of the model says about the point (the cavity).
    limit : ndarray, shape (n,)
        Logarithm of the detection limit.
    noise : ndarray, shape (n,)
        Error variance of a sample.

    Returns
    -------
    observed, observed_variance : ndarray, shape (n,)
        Equivalent Gaussian observation.
    estimate, estimate_variance : ndarray, shape (n,)
        Conditional mean and variance of z.

    Notes
    -----
    Moments of a probit factor: Rasmussen and Williams 2006, equations 3.82-3.85 (expectation
    propagation); the censored likelihood is that of Tobin 1958, doi:10.2307/1907382.
    """
    from scipy.special import log_ndtr

    spread = np.sqrt(variance + noise)
    score = (limit - mean) / spread
    hazard = np.exp(-0.5 * score**2 - 0.5 * np.log(2.0 * np.pi) - log_ndtr(score))
    estimate = mean - variance / spread * hazard
    shrink = np.clip(hazard * (score + hazard), 1.0e-6, 1.0 - 1.0e-9)
    estimate_variance = variance - variance**2 / (variance + noise) * shrink
    precision = 1.0 / estimate_variance - 1.0 / variance
    observed = (estimate / estimate_variance - mean / variance) / precision
    return observed, 1.0 / precision, estimate, estimate_variance


def fit(
    *,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    log_value: NDArray[np.float64],
    log_sd: NDArray[np.float64],
    censored: NDArray[np.bool_],
    design: NDArray[np.float64],
    offset: NDArray[np.float64],
    prior_variance: NDArray[np.float64],
    settings: Mapping[str, float],
    cycles: int = 3,
) -> MapModel:
    """Fit trend, variogram and censored values of one survey.

    First the trend with independent residuals (a Bayesian Tobit regression), then `cycles` rounds of
    variogram, generalised least squares and censored values given their neighbours.

    Parameters
    ----------
    x_m, y_m : ndarray, shape (n,)
        Positions. [m]
    log_value, log_sd, censored : ndarray, shape (n,)
        As in `survey.Survey`.
    design : ndarray, shape (n, p)
        Trend at the points.
    offset : ndarray, shape (n,)
        Logarithm of the tabled background at the points.
    prior_variance : ndarray, shape (p,)
    settings : mapping
        Rows of ``mapping.csv``.
    cycles : int
        Rounds with correlated residuals; one less is done when nothing is censored.

    Returns
    -------
    MapModel

    Raises
    ------
    ValueError
        If there is no point.
    """
    if log_value.size == 0:
        raise ValueError("a survey without points cannot be mapped")
    noise = log_sd**2
    target = log_value - offset
    state = _independent(target, noise, censored, design, prior_variance)
    observed, variance, estimate, estimate_variance, coefficients, coefficient_covariance = state
    subset = _subset(target.size, int(settings["dense_points"]))
    covariance = Covariance(0.0, settings["default_length_m"], 0.0)
    distance = np.hypot(x_m[subset, None] - x_m[subset], y_m[subset, None] - y_m[subset])
    for _ in range(cycles if censored.any() else max(cycles - 1, 1)):
        residual = estimate - design @ coefficients
        covariance = fit_covariance(
            x_m, y_m, residual, float(noise[~censored].mean() if (~censored).any() else 0.0), settings
        )
        if censored.any():
            # Conditional means spread less than the values they stand for: scale back to the total variance.
            total = np.mean(residual**2 + np.where(censored, estimate_variance, -noise))
            held = covariance.sill + covariance.micro
            if held > 0.0 and total > 0.0:
                covariance = replace(
                    covariance, sill=covariance.sill * total / held, micro=covariance.micro * total / held
                )
        matrix = covariance.at(distance)
        matrix[np.diag_indices_from(matrix)] += covariance.micro + variance[subset] + 1.0e-8
        precision = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
        coefficients, coefficient_covariance = least_squares(
            observed[subset], design[subset], precision, prior_variance
        )
        if censored.any():
            trend = design @ coefficients
            mean, spread = trend.copy(), np.full(target.size, covariance.sill + covariance.micro)
            # Leave-one-out prediction from the inverse covariance (Dubrule 1983, doi:10.1007/BF01033232).
            own = np.diag(precision)
            left = (observed - trend)[subset]
            mean[subset] = observed[subset] - (precision @ left) / own
            spread[subset] = np.maximum(1.0 / own - variance[subset], 1.0e-8)
            site = censored_site(mean[censored], spread[censored], target[censored], noise[censored])
            observed[censored], variance[censored], estimate[censored], estimate_variance[censored] = site
    return MapModel(
        x_m=x_m,
        y_m=y_m,
        observed=observed + offset,
        noise=variance,
        estimate=estimate + offset,
        estimate_variance=estimate_variance,
        trend=offset + design @ coefficients,
        design=design,
        coefficients=coefficients,
        coefficient_covariance=coefficient_covariance,
        covariance=covariance,
    )


def _independent(target, noise, censored, design, prior_variance):
    """Trend with independent residuals; the censored values by moments, to convergence."""
    observed, variance = target.copy(), noise.copy()
    estimate, estimate_variance = target.copy(), noise.copy()
    total = max(float(np.var(target)) - float(noise.mean()), 0.01)
    for _ in range(25 if censored.any() else 3):
        coefficients, covariance = least_squares(observed, design, 1.0 / (total + variance), prior_variance)
        trend = design @ coefficients
        if censored.any():
            site = censored_site(
                trend[censored], np.full(int(censored.sum()), total), target[censored], noise[censored]
            )
            observed[censored], variance[censored], estimate[censored], estimate_variance[censored] = site
        spread = (estimate - trend) ** 2 + np.where(censored, estimate_variance, -noise)
        previous, total = total, max(float(spread.mean()), 0.01 * float(np.var(target)) + 1.0e-6)
        if abs(total - previous) < 1.0e-3 * total:
            break
    return observed, variance, estimate, estimate_variance, coefficients, covariance


def _subset(size: int, most: int) -> NDArray[np.int64]:
    return np.arange(size) if size <= most else np.unique(np.linspace(0, size - 1, most).astype(np.int64))


def krige(
    model: MapModel, x_m: NDArray[np.float64], y_m: NDArray[np.float64], maximum_points: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Simple kriging of the residual S with the nearest points, without seams.

    Neighbourhoods of the `maximum_points` nearest samples belong to the nodes of a coarse lattice; a
    target's prediction blends those of its four nodes bilinearly, so the map has no edges where
    neighbourhoods change. Samples' errors and the unresolved variance stand on the diagonal only:
    the prediction is of S, not of the noisy sample.

    Parameters
    ----------
    model : MapModel
    x_m, y_m : ndarray, shape (t,)
        Targets. [m]
    maximum_points : int
        Samples in a neighbourhood.

    Returns
    -------
    residual : ndarray, shape (t,)
        Predicted S. [1]
    variance : ndarray, shape (t,)
        Its kriging variance. [1]
    design : ndarray, shape (t, p)
        The samples' trend columns interpolated with the same weights: what of the trend's error the
        residual makes good.
    """
    covariance = model.covariance
    residual, variance = np.zeros(x_m.size), np.zeros(x_m.size)
    design = np.zeros((x_m.size, model.design.shape[1]))
    if covariance.sill <= 1.0e-10:
        return residual, variance + covariance.sill, design
    nodes, weights = _lattice(model, x_m, y_m, maximum_points)
    from gstools import Exponential
    from gstools.krige import Krige

    shape = Exponential(dim=2, var=covariance.sill, len_scale=covariance.length_m, nugget=0.0)
    left = model.observed - model.trend
    diagonal = covariance.micro + model.noise + 1.0e-8
    for (node_x, node_y), (targets, weight) in zip(nodes, weights, strict=True):
        gap = (model.x_m - node_x) ** 2 + (model.y_m - node_y) ** 2
        # A stable order keeps the choice the same on every machine when distances tie.
        near = np.sort(np.argsort(gap, kind="stable")[:maximum_points])
        estimator = Krige(
            shape,
            (model.x_m[near], model.y_m[near]),
            left[near],
            mean=0.0,
            unbiased=False,
            exact=False,
            cond_err=diagonal[near],
            # numpy's inverse: the matrix is regular, and small systems must not start the threads of scipy's BLAS.
            pseudo_inv=True,
            pseudo_inv_type=np.linalg.inv,
        )
        value, error = estimator((x_m[targets], y_m[targets]), return_var=True, store=False)
        residual[targets] += weight * value
        variance[targets] += weight * error
        matrix = covariance.at(_gaps(model.x_m[near], model.y_m[near], model.x_m[near], model.y_m[near]))
        matrix[np.diag_indices_from(matrix)] += diagonal[near]
        towards = covariance.at(_gaps(x_m[targets], y_m[targets], model.x_m[near], model.y_m[near]))
        design[targets] += weight[:, None] * (towards @ np.linalg.solve(matrix, model.design[near]))
    return residual, variance, design


def _gaps(x, y, other_x, other_y):
    return np.hypot(x[:, None] - other_x, y[:, None] - other_y)


def _lattice(model: MapModel, x_m, y_m, maximum_points: int):
    """Nodes that have targets, and for each its targets with their bilinear weights."""
    if model.x_m.size <= maximum_points:
        return [(0.0, 0.0)], [(np.arange(x_m.size), np.ones(x_m.size))]
    area = max(float(np.ptp(model.x_m) * np.ptp(model.y_m)), 1.0)
    # Nodes so close that a target with weight lies well inside its neighbourhoods (their radius is 0.56 of the root).
    spacing = 0.45 * float(np.sqrt(area * maximum_points / model.x_m.size))
    column, row = x_m / spacing, y_m / spacing
    left, low = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
    right_weight, high_weight = column - left, row - low
    corners = [
        (left, low, (1.0 - right_weight) * (1.0 - high_weight)),
        (left + 1, low, right_weight * (1.0 - high_weight)),
        (left, low + 1, (1.0 - right_weight) * high_weight),
        (left + 1, low + 1, right_weight * high_weight),
    ]
    targets = np.tile(np.arange(x_m.size), 4)
    keys = np.stack([np.concatenate([c[0] for c in corners]), np.concatenate([c[1] for c in corners])])
    weight = np.concatenate([c[2] for c in corners])
    used = weight > 0.0
    targets, keys, weight = targets[used], keys[:, used], weight[used]
    places, member = np.unique(keys, axis=1, return_inverse=True)
    order = np.argsort(member.ravel(), kind="stable")
    bounds = np.cumsum(np.bincount(member.ravel()))[:-1]
    groups = np.split(order, bounds)
    nodes = [(float(places[0, k]) * spacing, float(places[1, k]) * spacing) for k in range(places.shape[1])]
    return nodes, [(targets[group], weight[group]) for group in groups]


@dataclass(frozen=True, eq=False)
class Prediction:
    """Logarithm at targets, shape (t,): trend plus residual, its variance, and the unresolved variance."""

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    micro: float


def predict(
    model: MapModel,
    x_m: NDArray[np.float64],
    y_m: NDArray[np.float64],
    design: NDArray[np.float64],
    offset: NDArray[np.float64],
    maximum_points: int,
) -> Prediction:
    """Predict the logarithm at points: mean, variance of trend and residual, and unresolved variance.

    The variance is that of universal kriging: the simple kriging variance plus the trend's error where
    the residual does not make it good, (x - X'w)' Cov(b) (x - X'w).

    Parameters
    ----------
    model : MapModel
    x_m, y_m, offset : ndarray, shape (t,)
        Targets [m] and logarithm of the tabled background there.
    design : ndarray, shape (t, p)
    maximum_points : int
        Samples in a neighbourhood.

    Notes
    -----
    Universal kriging with a Bayesian trend: Omre 1987, doi:10.1007/BF00893982; Rasmussen and Williams
    2006, equation 2.42.
    """
    residual, variance, replaced = krige(model, x_m, y_m, maximum_points)
    left = design - replaced
    trend_variance = np.einsum("tp,tp->t", left @ model.coefficient_covariance, left)
    return Prediction(
        mean=offset + design @ model.coefficients + residual,
        variance=variance + trend_variance,
        micro=model.covariance.micro,
    )


def to_cells(
    prediction: Prediction,
    covariance: Covariance,
    cell_m: float,
    systematic_log_sd: float,
    settings: Mapping[str, float],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of a cell's soil and its standard error: the change of support from points to cells.

    Inside a cell the lognormal values average arithmetically. The variance of S within a cell and a
    share of the unresolved variance average out there: they raise the mean by half their variance and
    leave the standard error. The rest of the unresolved variance stays in the standard error.

    Parameters
    ----------
    prediction : Prediction, shape (t,)
    covariance : Covariance
    cell_m : float
        Side of a cell. [m]
    systematic_log_sd : float
        Error that all samples share. [1]
    settings : mapping
        ``within_cell_share`` and ``minimum_log_standard_error``. [1]

    Returns
    -------
    mean_mg_kg : ndarray, shape (t,)
        Expected mean concentration of the cell, on the arithmetic scale. [mg kg⁻¹]
    log_standard_error : ndarray, shape (t,)
        Standard deviation of the logarithm of the cell's mean around it; > 0. [1]

    Notes
    -----
    Permanence of lognormality and within-block variance: Journel and Huijbregts 1978; the variance of S
    in a cell is taken at the mean distance of two points of a square, 0.5214 of its side.
    """
    inside = covariance.sill - float(covariance.at(np.array(MEAN_DISTANCE_IN_SQUARE * cell_m)))
    averaged = settings["within_cell_share"] * prediction.micro
    variance = np.maximum(prediction.variance - inside, 0.0) + prediction.micro - averaged
    variance = np.maximum(variance + systematic_log_sd**2, settings["minimum_log_standard_error"] ** 2)
    mean = np.exp(prediction.mean + 0.5 * (variance + inside + averaged))
    return mean, np.sqrt(variance)
