"""A year of one source's deposition by distance alone: shares of the emission between rings.

Integrated across the wind the lateral Gaussian is one, and what lost its direction is spread over the whole circle: a
ring's mass needs neither bearings nor spreads. Several substances are followed for little more than the price of one,
which is how METHOD_2 is run beside METHOD_1.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from metalbudget.dispersion.nodes import EXTENSION, gauss_taps, remains
from metalbudget.dispersion.rows import BLOCK, CORE_ROWS, PLUME_ROWS, WIND
from metalbudget.dispersion.source_hour import source_hour
from metalbudget.dispersion.tables import flat_hour
from metalbudget.meteorology.hours import SurfaceHours

if TYPE_CHECKING:
    from metalbudget.dispersion.release import Release

NODES_PER_E_FOLD = 2.0  # against 20 an e-fold 0.4 % of what a source deposits at most, METHOD_2 0.1 %
EVERY_DRY_HOUR = 6  # of the hours without rain one in so many is followed: about 1 % rms in a year's deposition
STABILITY_GROUPS = 20
INNER_EDGES_M = (1000.0, 10000.0)  # the last ring ends where the operator ends
KINDS = ("dry", "wet")


@njit(nogil=True, cache=True)
def add_line_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, distances, settling_count, line,
):  # fmt: skip
    """Add some hours of one source.

    Parameters as `tables.add_tabled_hours`, and

    distances : ndarray, shape (nodes,)
        Evenly spaced in their logarithm. [m]
    settling_count : int
        How many substances, the first ones, settle each at its own velocity. Those behind, METHOD_2's, share the
        density of particles that stay where the air is.
    line : ndarray, shape (nodes, 2 substances)
        Added to: dry, then wet deposition per metre of distance and unit emission, over all bearings. [m⁻¹]
    """
    nodes, substances = distances.size, fraction.size
    own = min(settling_count + 1, substances)  # substances with a density of their own
    last = own - 1
    first, weights = gauss_taps(distances)
    level = np.zeros(1)
    core, plume = np.zeros((2, CORE_ROWS, nodes)), np.zeros((2, PLUME_ROWS, nodes))
    means, work, marks = np.empty((4, nodes)), np.empty((4, nodes)), np.empty((4, 4))
    lids, starts = np.empty((2, 2, own, nodes)), np.empty((2, own), dtype=np.int64)
    ground, flux, lifted = np.empty((2, own, nodes)), np.zeros((2, own, nodes)), np.zeros((2, own, nodes))
    integrals, kept = np.zeros((own, nodes)), np.empty(nodes)
    wet, fall = np.empty((2, substances)), np.zeros(own)
    for index in range(rows.size):
        hour = rows[index]
        weight = factor[hour]
        if weight == 0.0:
            continue
        air, source, _ = source_hour(
            hour, scalars, levels, values, sums, stack, flags, scavenging, washout, limit, flux_limit, wet
        )
        for k in range(min(settling_count, own)):
            fall[k] = settling[hour, k]
        flat_hour(
            air, source, distances, level, fall, reference[hour], False, True, flags[2], first, weights,
            True, marks, core, plume, means, lids, starts, work, ground, flux, lifted, integrals,
        )  # fmt: skip
        for k in range(substances):
            like = min(k, last)
            taken = dry[hour, k] if flags[2] else 0.0
            remains(taken, integrals[like], wet[1, k] if flags[3] else 0.0, distances, source.wind, kept)
            for i in range(nodes):
                main = (1.0 - source.penetrated) / plume[0, WIND, i]
                above = source.penetrated / plume[1, WIND, i]
                left = weight * kept[i]
                line[i, k] += left * dry[hour, k] * (main * flux[0, like, i] + above * flux[1, like, i])
                line[i, substances + k] += left * wet[0, k] * (main + above)


def node_distances(first_m: float, last_m: float, per_e_fold: float) -> tuple[NDArray[np.float64], int]:
    """Distances from `first_m` to `last_m` with those before and behind that integrals look at, and how many before."""
    count = max(int(np.ceil(np.log(last_m / first_m) * per_e_fold)), 4)
    step = np.log(last_m / first_m) / count
    # before the first metre there is nothing to integrate
    inner = int(np.ceil(np.log(min(EXTENSION, first_m)) / step)) + 2
    inner += -(inner + count + 1) % BLOCK  # whole blocks of nodes
    return first_m * np.exp(step * np.arange(-inner, count + 1)), inner


def few_hours(hours: SurfaceHours, every: int = EVERY_DRY_HOUR) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """All hours of rain and some of the others, with how many hours each stands for.

    Parameters
    ----------
    hours : SurfaceHours
    every : int
        One hour in so many of those without rain, in the order of their stability and, among alike ones, of u*.

    Returns
    -------
    rows : ndarray of int
        Rising.
    weight : ndarray, shape (hours,)
        One for rain, zero for what is left out; they sum to the number of valid hours.

    Notes
    -----
    One hour in a hundred brings most of a year's wet deposition, so none with rain is left out.
    """
    valid = np.asarray(hours.valid)
    raining = valid & (hours.precipitation_mm_h > 0.0)
    rest = np.flatnonzero(valid & ~raining)
    rest = rest[np.argsort(1.0 / hours.obukhov_length_m[rest], kind="stable")]
    groups = []
    for number, group in enumerate(np.array_split(rest, min(STABILITY_GROUPS, max(rest.size // every, 1)))):
        rising = group[np.argsort(hours.friction_velocity_m_s[group], kind="stable")]
        groups.append(rising if number % 2 == 0 else rising[::-1])  # to and fro, so that neighbours stay alike
    ordered = np.concatenate(groups)
    chosen = ordered[min(every // 2, max(rest.size - 1, 0)) :: every]
    weight = raining.astype(float)
    weight[chosen] = rest.size / max(chosen.size, 1)
    return np.flatnonzero(weight > 0.0), weight


def annual_line(
    job_arrays: tuple, settling_count: int, rows: NDArray[np.int_], valid_hours: int, distances_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Deposition per metre of distance of a year, over all bearings, per unit emitted.

    Parameters
    ----------
    job_arrays : tuple
        Weather, stack, flags and losses of `model.arrays_of`; its last array weights the hours.
    settling_count : int
        See `add_line_hours`.
    rows : ndarray of int
        Hours to sum.
    valid_hours : int
        By which the sum is divided.
    distances_m : ndarray, shape (nodes,)
        Of `node_distances`. [m]

    Returns
    -------
    ndarray, shape (nodes, substances, 2)
        Dry and wet. [m⁻¹]
    """
    count = job_arrays[8].size
    line = np.zeros((distances_m.size, 2 * count))
    add_line_hours(rows, *job_arrays, distances_m, settling_count, line)  # type: ignore[call-arg]
    return np.moveaxis(line.reshape(-1, 2, count), 1, 2) / valid_hours


def edges_m(last_m: float) -> tuple[float, ...]:
    """Outer edges of the rings: 1 km, 10 km and the operator's last distance, or what of them lies within it. [m]"""
    return (*(edge for edge in INNER_EDGES_M if edge < last_m), float(last_m))


def ring_shares(
    distances_m: ArrayLike, line: ArrayLike, edges_m: Sequence[float], inner: int = 0
) -> NDArray[np.float64]:
    """Share of the emission deposited in each ring. [1]

    Parameters
    ----------
    distances_m : array_like, shape (nodes,)
        Evenly spaced in their logarithm. [m]
    line : array_like, shape (nodes, ...)
        Deposition per metre of distance. [m⁻¹]
    edges_m : sequence of float
        Outer edges, rising, within the distances; the first ring begins at the source. [m]
    inner : int
        Nodes to pass over. The disc within the first that is kept has its density, as in `polar.Polar.mass`.

    Returns
    -------
    ndarray, shape (..., rings)

    Raises
    ------
    ValueError
        If the edges do not rise or lie outside the distances.

    Notes
    -----
    A cubic spline through r times `line` over ln r is integrated.
    """
    from scipy.interpolate import CubicSpline

    r, values = np.asarray(distances_m, float)[inner:], np.asarray(line, float)[inner:]
    edges = np.asarray(edges_m, float)
    if np.any(np.diff(edges) <= 0.0) or edges[0] < r[0] or edges[-1] > r[-1] * (1.0 + 1.0e-9):
        raise ValueError(f"ring edges must rise within {r[0]:g}..{r[-1]:g} m, got {list(edges_m)}")
    mass = np.moveaxis(r * np.moveaxis(values, 0, -1), -1, 0)
    sums = CubicSpline(np.log(r), mass).antiderivative()
    within = sums(np.log(np.minimum(edges, r[-1]))) + 0.5 * mass[0]
    # where hardly anything falls a spline may dip below zero
    return np.moveaxis(np.maximum(np.diff(within, axis=0, prepend=0.0), 0.0), 0, -1)


def shares(
    job_arrays: tuple, settling_count: int, hours: SurfaceHours, first_m: float, last_m: float
) -> NDArray[np.float64]:
    """Shares of one source's emission between `edges_m`, over `few_hours` of a year. [1]

    Parameters
    ----------
    job_arrays, settling_count
        See `annual_line`.
    hours : SurfaceHours
    first_m, last_m : float
        Within the first, density is that at it; the last is where the operator ends. [m]

    Returns
    -------
    ndarray, shape (substances, 2, rings)
        Dry and wet.
    """
    rows, weight = few_hours(hours)
    weighted = (*job_arrays[:-1], job_arrays[-1] * weight)
    distances, inner = node_distances(first_m, last_m, NODES_PER_E_FOLD)
    line = annual_line(weighted, settling_count, rows, int(hours.valid.sum()), distances)
    return ring_shares(distances, line, edges_m(last_m), inner)


def of_releases(
    of: Callable[["Release"], NDArray[np.float64]], releases: Sequence["Release"], threads: int = 1
) -> NDArray[np.float64]:
    """Shares of every source; sources of one height, stack and kind are calculated once.

    Parameters
    ----------
    of : callable
        `shares` of a release.
    releases : sequence of Release
    threads : int
        Sources calculated at once; the answer does not depend on it.

    Returns
    -------
    ndarray, shape (releases, substances, 2, rings)
    """

    def kind(one: "Release") -> tuple[float, ...]:
        gridded = float(one.weights is not None)
        return (one.height_m, one.diameter_m, one.exit_temperature_k, one.exit_velocity_m_s, gridded)

    different = {kind(one): one for one in releases}
    with ThreadPoolExecutor(max_workers=threads) as pool:
        found = dict(zip(different, pool.map(of, different.values()), strict=True))
    return np.stack([found[kind(one)] for one in releases])
