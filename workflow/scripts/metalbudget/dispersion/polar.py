"""A year of one source's deposition by direction and distance, class by class: what the operator is sampled from.

In terrain the receptors' level above the source's base matters, and in stable air the hill round which the flow
divides. What they change is summed at some levels and hills, on a network half as fine as that of flat ground.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion import reach
from metalbudget.dispersion.fan import DIRECTIONS
from metalbudget.dispersion.hill_hours import add_hill_hours
from metalbudget.dispersion.nodes import EXTENSION
from metalbudget.dispersion.polar_hours import add_polar_hours
from metalbudget.dispersion.relief import Relief, hill_steps, hills_m, reference_levels
from metalbudget.dispersion.rows import BLOCK
from metalbudget.dispersion.selection import sample
from metalbudget.dispersion.source_hour import final_heights

COARSER = 2  # the network of what terrain changes
HEIGHT_HOURS = 200  # from which a typical height of a plume is found
COARSE_DIRECTIONS = 180  # in which plumes are gathered there
FAINT_HOUR = 0.3  # of an hour's mean deposition on flat ground: less is left out where terrain is accounted for


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
        `relief.blend`); hours that stand for others. [m⁻²]
    by_day : ndarray, shape (bearings, distances, classes, 2)
        Of all hours with convective air at the base's level, on the network of `Polar`. [m⁻²]
    references : ndarray of int, shape (references,)
        Of `relief.reference_levels`.
    by_night : ndarray, shape (bearings, distances, references, classes, 2)
        Of all other hours at the references by no hill higher than the receptor, on the network of `Polar`. [m⁻²]
    """

    relief: Relief
    distances_m: NDArray[np.float64]
    hill_steps_m: NDArray[np.float64]
    density: NDArray[np.float64]
    by_day: NDArray[np.float64]
    references: NDArray[np.int_]
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


@dataclass(frozen=True, eq=False)
class _Network:
    """Where deposition is wanted (`kept_m`, bearings), and the directions in which plumes are gathered on the way."""

    kept_m: NDArray[np.float64]
    bearings: int
    directions: int

    @property
    def step(self) -> float:
        """Between the logarithms of distances. [1]"""
        return math.log(self.kept_m[1] / self.kept_m[0])

    def nodes(self) -> tuple[NDArray[np.float64], int]:
        """Distances with those before and behind that integrals look at, and how many before. [m]"""
        kept, ratio = self.kept_m, self.kept_m[1] / self.kept_m[0]
        inner = int(np.ceil(np.log(min(EXTENSION, kept[0])) / np.log(ratio))) + 2
        inner += -(inner + kept.size + 2) % BLOCK  # whole blocks of nodes
        before, behind = kept[0] * ratio ** np.arange(-inner, 0.0), kept[-1] * ratio ** np.arange(1.0, 3.0)
        return np.concatenate([before, kept, behind]), inner


def _faint(flat: NDArray[np.float64], fine_m, network: _Network) -> NDArray[np.float64]:
    """What an hour's dry deposition per metre of distance must exceed to count, shape (classes, nodes). [m⁻¹]

    A part of what an hour of the year brings on average on flat ground, in all directions together.
    """
    distances_m, inner = network.nodes()
    mean = flat[..., 0].mean(axis=0) * (2.0 * np.pi * fine_m)[:, None]  # (distances, classes)
    logs = np.log(np.maximum(mean, np.finfo(float).tiny))
    faint = np.full((mean.shape[1], distances_m.size), np.inf)
    some = slice(inner, inner + network.kept_m.size + 2)
    for k in range(mean.shape[1]):
        faint[k, some] = FAINT_HOUR * np.exp(np.interp(np.log(distances_m[some]), np.log(fine_m), logs[:, k]))
    return faint


def _mean(sums, valid_hours, bearings, levels, hills, inner, kept):
    """Sums of hours as their mean, shape (bearings, distances, levels, hills, classes, 2)."""
    directed, round_about = (one.reshape(2, *one.shape[1:-1], -1) for one in sums)
    total = directed.reshape(2, bearings, levels, kept, -1) + round_about[:, None, :, inner : inner + kept]
    shaped = total.reshape(2, bearings, levels, kept, hills, -1) / valid_hours
    return np.ascontiguousarray(shaped.transpose(1, 3, 2, 4, 5, 0))


def _over_levels(job_arrays, rows, valid_hours, network: _Network, levels_m, where):
    """Mean of hours that flow over all ground, shape (bearings, distances, levels, classes, 2), and what each
    brought, shape (hours, classes); `where` of `reach`."""
    distances, inner = network.nodes()
    bearings, kept, classes, levels = network.bearings, network.kept_m.size, job_arrays[8].size, levels_m.size
    sums = np.zeros((2, bearings, levels, kept * classes)), np.zeros((2, levels, distances.size, classes))
    brought = np.zeros((job_arrays[0].shape[0], classes))
    its = (distances, inner, levels_m, *where, network.directions)
    add_polar_hours(_by_wind(job_arrays, rows), *job_arrays, *its, *sums, brought)  # type: ignore[call-arg]
    return _mean(sums, valid_hours, bearings, levels, 1, inner, kept)[:, :, :, 0], brought


def _by_hills(job_arrays, rows, valid_hours, network: _Network, levels_m, hills, where, faint=None):
    """Mean of stable hours, shape (bearings, distances, levels, hills, classes, 2), and what each brought at the base's
    level, shape (hours, classes)."""
    distances, inner = network.nodes()
    bearings, kept, classes, levels = network.bearings, network.kept_m.size, job_arrays[8].size, levels_m.size
    fields = hills.shape[1] * classes
    sums = np.zeros((2, bearings, levels, kept * fields)), np.zeros((2, levels, distances.size, fields))
    brought = np.zeros((job_arrays[0].shape[0], classes))
    least = np.zeros((classes, distances.size)) if faint is None else faint
    its = (distances, inner, levels_m, hills, *where, least, network.directions)
    add_hill_hours(_by_wind(job_arrays, rows), *job_arrays, *its, *sums, brought)  # type: ignore[call-arg]
    return _mean(sums, valid_hours, bearings, levels, hills.shape[1], inner, kept), brought


def _plume_height(job_arrays, rows) -> float:
    """Median over some hours of the height at which a source's plume ends its rise. [m]"""
    some = rows[:: max(rows.size // HEIGHT_HOURS, 1)]
    heights = np.zeros(some.size)
    final_heights(some, *job_arrays[:4], *job_arrays[6:8], heights)  # type: ignore[call-arg]
    return float(np.median(heights)) if some.size else 0.0


class Every(NamedTuple):
    """How thoroughly terrain is followed: one in so many.

    Parameters
    ----------
    convective, stable : int
        Hours with convective air, and others, from which the levels and hills are found (`selection.sample`).
    reference : int
        Stable levels from the base up that all hours are summed at.
    """

    convective: int = 1
    stable: int = 1
    reference: int = 4


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
    distances = node_distances(first_m, last_m, per_e_fold)
    fine, base = _Network(distances, bearings, DIRECTIONS), np.zeros(1)
    if relief is None:
        flat, _ = _over_levels(job_arrays, rows, valid_hours, fine, base, reach.everywhere(bearings, 1))
        return Polar(distances, np.maximum(flat[:, :, 0], 0.0))
    coarse = _Network(node_distances(first_m, last_m, per_e_fold / COARSER), bearings // COARSER, COARSE_DIRECTIONS)
    return _in_terrain(job_arrays, rows, valid_hours, fine, coarse, relief, every)


def _in_terrain(job_arrays, rows, valid_hours, fine: _Network, coarse: _Network, relief: Relief, every: Every) -> Polar:
    """As `annual`: levels of all hours on the fine network, and what they leave open from some hours on the coarse."""
    convective = job_arrays[0][rows, 0] > 0.0
    by_day, by_night = rows[convective], rows[~convective]
    steps = hill_steps(_plume_height(job_arrays, by_night))

    def where(levels_m, compared, network, everywhere=False):
        first = reach.looked_at(relief, levels_m, compared, network.kept_m, network.bearings)
        if everywhere:
            first[:, levels_m == 0.0] = 0
        return first, reach.ahead_of(first, network.kept_m.size, network.step)

    base, references = np.zeros(1), reference_levels(relief.stable_m, every.reference)
    all_over = reach.everywhere(fine.bearings, 1)
    day, brought_by_day = _over_levels(job_arrays, by_day, valid_hours, fine, base, all_over)
    if references.size == 1:  # at the base's level without a hill both states of a plume are one
        night, brought_by_night = _over_levels(job_arrays, by_night, valid_hours, fine, base, all_over)
    else:
        levels_m = relief.stable_m[references]
        its = (
            levels_m,
            hills_m(levels_m, np.zeros(1)),
            where(levels_m, np.arange(levels_m.size), fine, everywhere=True),
        )
        hilly, brought_by_night = _by_hills(job_arrays, by_night, valid_hours, fine, *its)
        night = hilly[:, :, :, 0]
    day, night = np.maximum(day[:, :, 0], 0.0), np.maximum(night, 0.0)
    density = day + night[:, :, 0]
    brought = brought_by_day + brought_by_night
    share = brought / np.maximum(brought.sum(axis=0), np.finfo(float).tiny)

    def few(hours, one_in):
        chosen, weight = sample(
            hours, _headings(job_arrays, hours), job_arrays[0][hours, 4], share[hours].mean(axis=1), one_in
        )
        factor = np.zeros(job_arrays[-1].size)
        factor[chosen] = weight
        return (*job_arrays[:-1], job_arrays[-1] * factor), chosen

    where_by_day = where(relief.convective_m, np.flatnonzero(relief.convective_m == 0.0), coarse)
    arrays, chosen = few(by_day, every.convective)
    levels, _ = _over_levels(arrays, chosen, valid_hours, coarse, relief.convective_m, where_by_day)
    its = (relief.stable_m, hills_m(relief.stable_m, steps), where(relief.stable_m, references, coarse))
    arrays, chosen = few(by_night, every.stable)
    hilly, _ = _by_hills(arrays, chosen, valid_hours, coarse, *its, _faint(density, fine.kept_m, coarse))
    blends = np.concatenate([levels, hilly.reshape(*hilly.shape[:2], -1, *hilly.shape[4:])], axis=2)
    terrain = Terrain(relief, coarse.kept_m, steps, np.maximum(blends, 0.0), day, references, night)
    return Polar(fine.kept_m, density, terrain)
