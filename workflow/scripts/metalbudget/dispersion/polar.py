"""A year of one source's deposition by direction and distance, class by class: what the operator is sampled from.

In terrain the receptors' level above the source's base matters, and in stable air the hill round which the flow
divides. What they change is summed at some levels and hills, on a network half as fine as that of flat ground.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion.nodes import EXTENSION
from metalbudget.dispersion.polar_hours import add_polar_hours
from metalbudget.dispersion.relief import Relief
from metalbudget.dispersion.rows import BLOCK

COARSER = 2  # the network of what terrain changes


@dataclass(frozen=True, eq=False)
class Terrain:
    """Deposition around a source at some levels and by some hills, on a network coarser than that of `Polar`.

    Parameters
    ----------
    relief : Relief
    distances_m : ndarray, shape (distances,)
        [m]
    density : ndarray, shape (bearings, distances, levels + stable levels · hills, classes, 2)
        Of the hours with convective air at each of their levels, and of the others at each of theirs by each hill (see
        `relief.blend`). [m⁻²]
    reference : ndarray, shape (bearings, distances, classes, 2)
        Of all hours at level zero without a hill. [m⁻²]
    """

    relief: Relief
    distances_m: NDArray[np.float64]
    density: NDArray[np.float64]
    reference: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Polar:
    """Annual deposition around a source per unit emitted, constant over the valid hours.

    Parameters
    ----------
    distances_m : ndarray, shape (distances,)
        Evenly spaced in their logarithm. [m]
    density : ndarray, shape (bearings, distances, classes, 2)
        On flat ground, dry and wet; bearings clockwise from north, evenly spaced. [m⁻²]
    terrain : Terrain, optional
    """

    distances_m: NDArray[np.float64]
    density: NDArray[np.float64]
    terrain: Terrain | None = None

    def mass(self) -> NDArray[np.float64]:
        """Share deposited within the last distance on flat ground, shape (classes, 2). [1]

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


def _by_wind(job_arrays, rows: NDArray[np.int_]) -> NDArray[np.int_]:
    """Hours in the order of the direction in which the wind blows."""
    sine, cosine = job_arrays[4], job_arrays[5]
    heading = np.mod(np.arctan2(-sine[rows], -cosine[rows]), 2.0 * np.pi)
    return rows[np.argsort(heading, kind="stable")]


def _summed(job_arrays, rows, valid_hours, kept, bearings, levels_m, hills_m):
    """Mean of some hours, shape (bearings, distances, levels, hills, classes, 2)."""
    ratio = kept[1] / kept[0]
    inner = int(np.ceil(np.log(min(EXTENSION, kept[0])) / np.log(ratio))) + 2
    inner += -(inner + kept.size + 2) % BLOCK  # whole blocks of nodes
    distances = np.concatenate(
        [kept[0] * ratio ** np.arange(-inner, 0.0), kept, kept[-1] * ratio ** np.arange(1.0, 3.0)]
    )
    classes = job_arrays[8].size
    levels, hills = hills_m.shape
    directed = np.zeros((2, bearings, levels, kept.size * hills * classes))
    round_about = np.zeros((2, levels, distances.size, hills * classes))
    ordered = _by_wind(job_arrays, rows)
    add_polar_hours(ordered, *job_arrays, distances, inner, levels_m, hills_m, directed, round_about)  # type: ignore[call-arg]
    directed = directed.reshape(2, bearings, levels, kept.size, hills * classes)
    total = (directed + round_about[:, None, :, inner : inner + kept.size]) / valid_hours
    shaped = total.reshape(2, bearings, levels, kept.size, hills, classes)
    return np.ascontiguousarray(shaped.transpose(1, 3, 2, 4, 5, 0))


def annual(
    job_arrays,
    rows: NDArray[np.int_],
    valid_hours: int,
    first_m: float,
    last_m: float,
    per_e_fold: float,
    bearings: int,
    relief: Relief | None = None,
    terrain_every: int = 1,
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
    relief : Relief, optional
        By default flat terrain.
    terrain_every : int
        What terrain changes is found from every so-manyeth hour, in the order of the wind's direction.

    Returns
    -------
    Polar
    """
    distances = node_distances(first_m, last_m, per_e_fold)
    flat = _summed(job_arrays, rows, valid_hours, distances, bearings, np.zeros(1), np.zeros((1, 1)))
    density = np.maximum(flat[:, :, 0, 0], 0.0)
    if relief is None:
        return Polar(distances, density)
    coarse = node_distances(first_m, last_m, per_e_fold / COARSER)
    convective = job_arrays[0][rows, 0] > 0.0
    common = (coarse, bearings // COARSER)

    def mean(hours, levels, hills):
        few = _by_wind(job_arrays, hours)[terrain_every // 2 :: terrain_every]
        standing_for = hours.size / max(few.size, 1)
        return _summed(job_arrays, few, valid_hours / standing_for, *common, levels, hills)

    by_day = mean(rows[convective], relief.convective_m, np.zeros((relief.convective_m.size, 1)))[:, :, :, 0]
    by_night = mean(rows[~convective], relief.stable_m, relief.hills_m)
    here, there = (int(np.flatnonzero(level == 0.0)[0]) for level in (relief.convective_m, relief.stable_m))
    blends = np.concatenate([by_day, by_night.reshape(*by_night.shape[:2], -1, *by_night.shape[4:])], axis=2)
    reference = by_day[:, :, here] + by_night[:, :, there, 0]
    return Polar(distances, density, Terrain(relief, coarse, np.maximum(blends, 0.0), np.maximum(reference, 0.0)))
