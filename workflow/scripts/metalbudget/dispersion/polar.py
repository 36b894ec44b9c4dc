"""A year of one source's deposition by direction and distance, class by class: what the operator is sampled from.

In terrain the receptors' level above the source's base matters, and in stable air the hill round which the flow
divides. What they change is summed at some levels and hills, on a coarser network than that of flat ground.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion.fan import DIRECTIONS
from metalbudget.dispersion.levels import Levels, by_wind, write_mean
from metalbudget.dispersion.network import Network, network_distances
from metalbudget.dispersion.polar_hours import add_polar_hours
from metalbudget.dispersion.relief import Relief

# Choices: the network of what terrain changes.
COARSER, COARSER_BEARINGS = 4.0 / 3.0, 1.5
COARSE_DIRECTIONS = 240  # in which plumes are gathered there


@dataclass(frozen=True, eq=False)
class Terrain:
    """Deposition around a source at some levels and by some hills, on a network coarser than that of `Polar`.

    Parameters
    ----------
    relief : Relief
    distances_m : ndarray, shape (distances,)
        [m]
    hill_steps_m : ndarray, shape (hills,)
        Of `relief.hill_steps`. [m]
    density : ndarray, shape (bearings, distances, levels + stable levels · hills, classes, 2)
        Of the hours with convective air at each of their levels, and of the others at each of theirs by each hill (see
        `relief.blend`). [m⁻²]
    by_day, by_night : ndarray, shape (bearings, distances, classes, 2)
        Of the hours with convective air and of the others at the base's level, on the network of `Polar`. [m⁻²]
    """

    relief: Relief
    distances_m: NDArray[np.float64]
    hill_steps_m: NDArray[np.float64]
    density: NDArray[np.float64]
    by_day: NDArray[np.float64]
    by_night: NDArray[np.float64]


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


def _at_base(job_arrays, rows, valid_hours, network: Network, brought):
    """Mean of hours at the level of the base, shape (bearings, distances, classes, 2).

    What each brings is added to `brought` (2, hours, distances, classes).
    """
    distances, inner = network.nodes()
    bearings, kept, classes = network.bearings, network.kept_m.size, job_arrays[8].size
    sums = np.zeros((2, bearings, kept * classes)), np.zeros((2, distances.size, classes))
    everywhere = np.zeros(bearings, dtype=np.int64)
    add_polar_hours(
        by_wind(job_arrays, rows), *job_arrays, distances, inner, network.beside(), everywhere, *sums, brought
    )  # type: ignore[call-arg]
    mean = np.empty((bearings, kept, 1, classes, 2))
    for kind in range(2):
        write_mean(sums[0][kind, None], sums[1][kind, None], valid_hours, inner, mean[..., kind])
    return mean[:, :, 0]


class Every(NamedTuple):
    """How thoroughly terrain is followed: of so many hours with convective air, and of others, one is calculated."""

    convective: int = 1
    stable: int = 1


THOROUGH = Every()


def annual(
    job_arrays,
    rows: NDArray[np.int_],
    valid_hours: int,
    first_m: float,
    last_m: float,
    per_e_fold: float,
    bearings: int,
    relief: Relief | None = None,
    every: Every = THOROUGH,
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
    every : Every
        How thoroughly terrain is followed.

    Returns
    -------
    Polar
    """
    distances = network_distances(first_m, last_m, per_e_fold)
    fine = Network(distances, bearings, DIRECTIONS)
    brought = np.zeros((2, job_arrays[0].shape[0], distances.size, job_arrays[8].size), dtype=np.float32)
    if relief is None:
        return Polar(distances, _at_base(job_arrays, rows, valid_hours, fine, brought))
    convective = job_arrays[0][rows, 0] > 0.0
    by_day, by_night = rows[convective], rows[~convective]
    day, night = (_at_base(job_arrays, hours, valid_hours, fine, brought) for hours in (by_day, by_night))
    coarse_m = network_distances(first_m, last_m, per_e_fold / COARSER)
    coarse = Network(coarse_m, round(bearings / COARSER_BEARINGS), COARSE_DIRECTIONS)
    levels = Levels(job_arrays, valid_hours, coarse, relief, distances, brought)
    density = levels.density(by_day, by_night, every.convective, every.stable, day + night)
    return Polar(distances, day + night, Terrain(relief, coarse_m, levels.steps_m, density, day, night))
