"""A year of one source's deposition by direction and distance, class by class: what the operator is sampled from.

In flat terrain an hour's deposition depends on the bearing from the source only through the lateral Gaussian; a year's
sum over some 180 bearings and 60 distances therefore holds all that any grid of cells needs.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metalbudget.dispersion.answers import air_of, wet_rates
from metalbudget.dispersion.depletion import plume_depth
from metalbudget.dispersion.gaussian import Place
from metalbudget.dispersion.launch import launch
from metalbudget.dispersion.tables import ROOT_TWO_PI, WIDEST, fill_nodes, gauss_positions

EXTENSION = 5.0  # the depletion integral looks at a fifth of a distance


@dataclass(frozen=True, eq=False)
class Polar:
    """Annual deposition around a source per unit emitted, constant over the valid hours.

    Parameters
    ----------
    distances_m : ndarray, shape (distances,)
        Evenly spaced in their logarithm. [m]
    density : ndarray, shape (bearings, distances, classes, 2)
        Dry and wet; bearings clockwise from north, evenly spaced. [m⁻²]
    """

    distances_m: NDArray[np.float64]
    density: NDArray[np.float64]

    def mass(self) -> NDArray[np.float64]:
        """Share deposited within the last distance, shape (classes, 2). [1]

        Trapezoid in the logarithm of distance; the disc within the first distance has its density.
        """
        r = self.distances_m
        ring = self.density.mean(axis=0) * (2.0 * np.pi * r**2)[:, None, None]
        step = np.log(r[1] / r[0])
        return step * (ring.sum(axis=0) - 0.5 * (ring[0] + ring[-1])) + 0.5 * ring[0]


def node_distances(first_m: float, last_m: float, per_e_fold: float) -> NDArray[np.float64]:
    """Distances evenly spaced in their logarithm, both ends included. [m]"""
    count = int(np.ceil(np.log(last_m / first_m) * per_e_fold)) + 1
    return first_m * (last_m / first_m) ** (np.arange(count) / (count - 1))


@njit(nogil=True, cache=True)
def add_polar_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, distances, inner, directed, round_about,
):  # fmt: skip
    """Add some hours of one source.

    Parameters as `tables.add_tabled_hours`, and

    distances : ndarray, shape (inner + distances,)
        With `inner` nodes before the first that is kept.
    directed : ndarray, shape (bearings, distances, 2 classes)
        Added to: dry, then wet flux of every class at a bearing per unit emission. [m⁻²]
    round_about : ndarray, shape (distances, 2 classes)
        Added to: what lost its direction.
    """
    nodes, classes = distances.size, fraction.size
    bearings, fields = directed.shape[0], 2 * classes
    start_step = math.log(distances[1] / distances[0])
    gauss = gauss_positions(distances)
    ground, flux = np.empty((2, classes, nodes)), np.empty((2, classes, nodes))
    path, kept = np.empty((classes, nodes)), np.empty((classes, nodes))
    column, spread, random = np.empty((2, nodes)), np.empty((2, nodes)), np.empty(nodes)
    amount = np.empty((2, nodes, fields))
    wet = np.empty((2, classes))
    here = Place(0.0, 0.0, 0.0, 0.0)
    for index in range(rows.size):
        hour = rows[index]
        weight = factor[hour]
        if weight == 0.0:
            continue
        air = air_of(hour, scalars, levels, values, sums)
        source = launch(air, stack[0], stack[1], stack[2], stack[3], stack[4], flags[0], stack[5], stack[6])
        depth = plume_depth(air, source)
        raining = False
        wet_rates(scavenging[hour], washout[hour], limit[hour], flux_limit[hour], depth, wet)
        for k in range(classes):
            raining = raining or wet[0, k] > 0.0
        fill_nodes(
            air, source, distances, here, dry[hour], settling[hour], wet, reference[hour], flags[2], flags[3],
            False, gauss, ground, flux, path, column, kept, spread, random,
        )  # fmt: skip
        used = fields if raining else classes  # without rain the second half stays zero
        components = 2 if source.penetrated > 0.0 else 1
        widest = 0.0
        for i in range(nodes):
            for component in range(components):
                widest = max(widest, spread[component, i] / distances[i])
                for k in range(classes):
                    part = weight * kept[k, i]
                    amount[component, i, k] = part * dry[hour, k] * flux[component, k, i]
                    amount[component, i, classes + k] = part * wet[0, k] * column[component, i]
            if i >= inner:
                lost = random[i] / (2.0 * math.pi * distances[i])
                for component in range(components):
                    for f in range(used):
                        round_about[i - inner, f] += lost * amount[component, i, f]
        heading = math.atan2(-sine[hour], -cosine[hour])
        for bearing in range(bearings):
            turn = bearing * 2.0 * math.pi / bearings - heading
            ahead, aside = math.cos(turn), math.sin(turn)
            if ahead <= 0.05 or abs(aside) > WIDEST * widest * ahead:
                continue
            # at a bearing every node lies the same number of steps nearer along the plume
            shift = math.log(ahead) / start_step
            offset = math.floor(shift)
            t = shift - offset
            a = -t * (t - 1.0) * (t - 2.0) / 6.0
            b = 0.5 * (t + 1.0) * (t - 1.0) * (t - 2.0)
            c = -0.5 * (t + 1.0) * t * (t - 2.0)
            d = (t + 1.0) * t * (t - 1.0) / 6.0
            for i in range(inner, nodes):
                n = i + offset
                if n < 1:
                    continue
                n = min(n, nodes - 3)
                steady = 1.0 - random[i]
                if steady <= 0.0:
                    continue
                for component in range(components):
                    s = spread[component]
                    sigma = a * s[n - 1] + b * s[n] + c * s[n + 1] + d * s[n + 2]
                    ratio = distances[i] * aside / sigma
                    exponent = 0.5 * ratio * ratio
                    if exponent > 0.5 * WIDEST * WIDEST:
                        continue
                    across = steady * math.exp(-exponent) / (ROOT_TWO_PI * sigma)
                    m = amount[component]
                    target = directed[bearing, i - inner]
                    for f in range(used):
                        value = a * m[n - 1, f] + b * m[n, f] + c * m[n + 1, f] + d * m[n + 2, f]
                        if value > 0.0:
                            target[f] += across * value


def annual(
    job_arrays, rows, valid_hours: int, first_m: float, last_m: float, per_e_fold: float, bearings: int
) -> Polar:
    """Annual table of one source.

    Parameters
    ----------
    job_arrays : tuple
        Weather, stack, flags and losses of `model.arrays_of`.
    rows : ndarray of int
        Hours to sum.
    valid_hours : int
        By which the sum is divided.
    first_m, last_m, per_e_fold : float
        Distances of the table. [m]
    bearings : int

    Returns
    -------
    Polar
    """
    kept = node_distances(first_m, last_m, per_e_fold)
    ratio = kept[1] / kept[0]
    inner = int(np.ceil(np.log(min(EXTENSION, first_m)) / np.log(ratio))) + 2
    distances = np.concatenate(
        [kept[0] * ratio ** np.arange(-inner, 0.0), kept, kept[-1] * ratio ** np.arange(1.0, 3.0)]
    )
    classes = job_arrays[8].size
    directed = np.zeros((bearings, kept.size + 2, 2 * classes))
    round_about = np.zeros((kept.size + 2, 2 * classes))
    add_polar_hours(rows, *job_arrays, distances, inner, directed, round_about)  # type: ignore[call-arg]
    total = (directed + round_about[None])[:, : kept.size] / valid_hours
    return Polar(kept, np.ascontiguousarray(np.moveaxis(total.reshape(bearings, kept.size, 2, classes), 2, 3)))
