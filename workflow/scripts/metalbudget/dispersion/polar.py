"""A year of one source's deposition by direction and distance, class by class: what the operator is sampled from.

In terrain the receptors' level above the source's base matters, and in stable air the hill round which the flow
divides. What they change is summed at some levels and hills, on a network half as fine as that of flat ground.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion import reach
from metalbudget.dispersion.fan import DIRECTIONS
from metalbudget.dispersion.hill_hours import add_hill_hours
from metalbudget.dispersion.nodes import EXTENSION
from metalbudget.dispersion.polar_hours import add_polar_hours
from metalbudget.dispersion.relief import Relief
from metalbudget.dispersion.rows import BLOCK
from metalbudget.dispersion.selection import sample

COARSER = 2  # the network of what terrain changes
COARSE_DIRECTIONS = 180  # in which plumes are gathered there
FAINT_HOUR = 0.1  # of an hour's mean deposition on flat ground: less is left out where terrain is accounted for


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
    reference : ndarray, shape (bearings, distances, 2, classes, 2)
        At level zero without a hill, of the hours with convective air and of the others. [m⁻²]
    flat : ndarray, shape (bearings, distances of `Polar`, 2, classes, 2)
        Likewise, of all hours and on the network of `Polar`. [m⁻²]
    """

    relief: Relief
    distances_m: NDArray[np.float64]
    density: NDArray[np.float64]
    reference: NDArray[np.float64]
    flat: NDArray[np.float64]


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


def _headings(job_arrays, rows: NDArray[np.int_]) -> NDArray[np.float64]:
    """Direction in which the wind blows in some hours, clockwise from north. [rad]"""
    sine, cosine = job_arrays[4], job_arrays[5]
    return np.mod(np.arctan2(-sine[rows], -cosine[rows]), 2.0 * np.pi)


def _by_wind(job_arrays, rows: NDArray[np.int_]) -> NDArray[np.int_]:
    """Hours in the order of the direction in which the wind blows."""
    return rows[np.argsort(_headings(job_arrays, rows), kind="stable")]


def _nodes(kept: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Distances of a table with those before and behind that integrals look at, and how many before. [m]"""
    ratio = kept[1] / kept[0]
    inner = int(np.ceil(np.log(min(EXTENSION, kept[0])) / np.log(ratio))) + 2
    inner += -(inner + kept.size + 2) % BLOCK  # whole blocks of nodes
    before, behind = kept[0] * ratio ** np.arange(-inner, 0.0), kept[-1] * ratio ** np.arange(1.0, 3.0)
    return np.concatenate([before, kept, behind]), inner


def _faint(flat: NDArray[np.float64], fine_m, distances_m, inner: int, kept: int) -> NDArray[np.float64]:
    """What an hour's dry deposition per metre of distance must exceed to count, shape (classes, nodes). [m⁻¹]

    A part of what an hour of the year brings on average on flat ground, in all directions together.
    """
    mean = flat[..., 0].mean(axis=0) * (2.0 * np.pi * fine_m)[:, None]  # (distances, classes)
    logs = np.log(np.maximum(mean, np.finfo(float).tiny))
    faint = np.full((mean.shape[1], distances_m.size), np.inf)
    some = slice(inner, inner + kept + 2)
    for k in range(mean.shape[1]):
        faint[k, some] = FAINT_HOUR * np.exp(np.interp(np.log(distances_m[some]), np.log(fine_m), logs[:, k]))
    return faint


def _mean(sums, valid_hours, bearings, levels, hills, inner, kept):
    """Sums of hours as their mean, shape (bearings, distances, levels, hills, classes, 2)."""
    directed, round_about = (one.reshape(2, *one.shape[1:-1], -1) for one in sums)
    total = directed.reshape(2, bearings, levels, kept, -1) + round_about[:, None, :, inner : inner + kept]
    shaped = total.reshape(2, bearings, levels, kept, hills, -1) / valid_hours
    return np.ascontiguousarray(shaped.transpose(1, 3, 2, 4, 5, 0))


def _over_levels(job_arrays, rows, valid_hours, kept, bearings, directions, levels_m, looked_at, ahead):
    """Mean of hours that flow over all ground, shape (bearings, distances, levels, classes, 2), and what each
    brought, shape (hours, classes)."""
    distances, inner = _nodes(kept)
    classes, levels = job_arrays[8].size, levels_m.size
    sums = np.zeros((2, bearings, levels, kept.size * classes)), np.zeros((2, levels, distances.size, classes))
    ordered = _by_wind(job_arrays, rows)
    brought = np.zeros((job_arrays[0].shape[0], classes))
    add_polar_hours(ordered, *job_arrays, distances, inner, levels_m, looked_at, ahead, directions, *sums, brought)  # type: ignore[call-arg]
    return _mean(sums, valid_hours, bearings, levels, 1, inner, kept.size)[:, :, :, 0], brought


def _by_hills(
    job_arrays, rows, valid_hours, kept, bearings, directions, relief: Relief, looked_at, ahead, flat, fine_m
):
    """Mean of stable hours, shape (bearings, distances, levels, hills, classes, 2)."""
    distances, inner = _nodes(kept)
    faint = _faint(flat, fine_m, distances, inner, kept.size)
    (levels, hills), classes = relief.hills_m.shape, job_arrays[8].size
    sums = (
        np.zeros((2, bearings, levels, kept.size * hills * classes)),
        np.zeros((2, levels, distances.size, hills * classes)),
    )
    ordered = _by_wind(job_arrays, rows)
    where = (relief.stable_m, relief.hills_m, looked_at, ahead)
    add_hill_hours(ordered, *job_arrays, distances, inner, *where, faint, directions, *sums)  # type: ignore[call-arg]
    return _mean(sums, valid_hours, bearings, levels, hills, inner, kept.size)


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
        What terrain changes is found from one hour in so many (`selection.sample`).

    Returns
    -------
    Polar
    """
    distances = node_distances(first_m, last_m, per_e_fold)
    finely = (distances, bearings, DIRECTIONS, np.zeros(1), *reach.everywhere(bearings, 1))
    if relief is None:
        flat, _ = _over_levels(job_arrays, rows, valid_hours, *finely)
        return Polar(distances, np.maximum(flat[:, :, 0], 0.0))
    coarse = node_distances(first_m, last_m, per_e_fold / COARSER)
    convective = job_arrays[0][rows, 0] > 0.0
    common = (coarse, bearings // COARSER, COARSE_DIRECTIONS)

    states = [_over_levels(job_arrays, rows[state], valid_hours, *finely) for state in (convective, ~convective)]
    by_state = np.maximum(np.stack([flat[:, :, 0] for flat, _ in states], axis=2), 0.0)
    density = by_state.sum(axis=2)
    brought = states[0][1] + states[1][1]
    share = brought / np.maximum(brought.sum(axis=0), np.finfo(float).tiny)

    def few(hours):
        chosen, weight = sample(
            hours, _headings(job_arrays, hours), job_arrays[0][hours, 4], share[hours].mean(axis=1), terrain_every
        )
        factor = np.zeros(job_arrays[-1].size)
        factor[chosen] = weight
        return (*job_arrays[:-1], job_arrays[-1] * factor), chosen

    def wanted(levels_m):
        first = reach.looked_at(relief, levels_m, coarse, bearings // COARSER)
        return first, reach.ahead_of(first, math.log(coarse[1] / coarse[0]))

    arrays, chosen = few(rows[convective])
    by_day, _ = _over_levels(arrays, chosen, valid_hours, *common, relief.convective_m, *wanted(relief.convective_m))
    arrays, chosen = few(rows[~convective])
    by_night = _by_hills(arrays, chosen, valid_hours, *common, relief, *wanted(relief.stable_m), density, distances)
    here, there = (int(np.flatnonzero(level == 0.0)[0]) for level in (relief.convective_m, relief.stable_m))
    blends = np.concatenate([by_day, by_night.reshape(*by_night.shape[:2], -1, *by_night.shape[4:])], axis=2)
    reference = np.stack([by_day[:, :, here], by_night[:, :, there, 0]], axis=2)
    terrain = Terrain(relief, coarse, np.maximum(blends, 0.0), np.maximum(reference, 0.0), by_state)
    return Polar(distances, density, terrain)
