"""What terrain changes around a source: its levels and hills, from hours that stand for those like them."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion.alike_hours import DRY, LEAST_BROUGHT, MOST_SCALE, WET, add_alike_hours
from metalbudget.dispersion.carried import room_for
from metalbudget.dispersion.gaussian import LEAST_WIND_M_S
from metalbudget.dispersion.hill_hours import carry_hill_hours
from metalbudget.dispersion.network import Network
from metalbudget.dispersion.polar_hours import carry_polar_hours
from metalbudget.dispersion.reach import looked_at
from metalbudget.dispersion.relief import Relief, hill_steps, hills_m
from metalbudget.dispersion.representatives import alike, traits_by_day, traits_by_night
from metalbudget.dispersion.source_hour import final_air

ROWS_AT_ONCE = 1000  # hours whose plumes are kept in memory
WASHED_LAYER_M = 1000.0  # that stands for any when hours with rain are compared
FAINT_HOUR = 0.3  # of an hour's mean deposition on flat ground: less is left out where terrain is accounted for


def _headings(job_arrays, rows: NDArray[np.int_]) -> NDArray[np.float64]:
    """Direction in which the wind blows in some hours, clockwise from north. [rad]"""
    sine, cosine = job_arrays[4], job_arrays[5]
    return np.mod(np.arctan2(-sine[rows], -cosine[rows]), 2.0 * np.pi)


def by_wind(job_arrays, rows: NDArray[np.int_]) -> NDArray[np.int_]:
    """Hours in the order of the direction in which the wind blows."""
    return rows[np.argsort(_headings(job_arrays, rows), kind="stable")]


def write_mean(directed, round_about, valid_hours, inner, out) -> None:
    """Write sums of hours as their mean, nowhere below zero.

    Parameters
    ----------
    directed : ndarray, shape (levels, bearings, distances · hills · classes)
        Changed.
    round_about : ndarray, shape (levels, nodes, hills · classes)
        Of which the first that is kept is the node `inner`.
    valid_hours, inner : int
    out : ndarray, shape (bearings, distances, levels · n · hills, classes)
        Result; what is known of one hill is that of `n` hills.
    """
    fields, classes = round_about.shape[2], out.shape[3]
    total = directed.reshape(*directed.shape[:2], -1, fields)
    total += round_about[:, None, inner : inner + total.shape[2]]
    total /= valid_hours
    hills, wanted = fields // classes, out.shape[2] // directed.shape[0]
    shaped = total.reshape(*total.shape[:3], hills, classes).transpose(1, 2, 0, 3, 4)
    for hill in range(wanted):
        np.maximum(shaped[:, :, :, min(hill, hills - 1)], 0.0, out=out[:, :, hill::wanted])


class Levels:
    """The levels of one source and weather year.

    Parameters
    ----------
    job_arrays : tuple
        Of `model.arrays_of`.
    valid_hours : int
        By which sums are divided.
    network : Network
    relief : Relief
    base_distances_m : ndarray, shape (base distances,)
        Of the table of the base's level. [m]
    at_base : ndarray, shape (2, hours, base distances, classes)
        Dry and wet deposition of every hour from each of them on, at that level. [1]
    """

    def __init__(
        self, job_arrays, valid_hours: int, network: Network, relief: Relief, base_distances_m: NDArray[np.float64],
        at_base: NDArray[np.floating],
    ) -> None:  # fmt: skip
        self._arrays, self._valid, self._network, self._relief = job_arrays, valid_hours, network, relief
        self._base_m = base_distances_m
        self._distances, self._inner = network.nodes()
        self._at_base = at_base
        step = math.log(base_distances_m[1] / base_distances_m[0])
        nearest = np.rint(np.log(self._distances / base_distances_m[0]) / step).astype(np.int64)
        self._nearest = np.clip(nearest, 0, base_distances_m.size - 1)
        self.steps_m = hill_steps(0.0)

    def density(
        self, by_day: NDArray[np.int_], by_night: NDArray[np.int_], convective_every: int, stable_every: int,
        flat: NDArray[np.float64],
    ) -> NDArray[np.float64]:  # fmt: skip
        """Mean of all hours, as `polar.Terrain` has it. [m⁻²]

        Parameters
        ----------
        by_day, by_night : ndarray of int
            Hours with convective air, and others.
        convective_every, stable_every : int
            Of so many one is calculated.
        flat : ndarray, shape (bearings, base distances, classes, 2)
            The whole year at the level of the base. [m⁻²]
        """
        day, network = self._relief.convective_m.size, self._network
        blends = day + self._relief.stable_m.size * self.steps_m.size
        found = np.empty((network.bearings, network.kept_m.size, blends, self._arrays[8].size, 2))
        self.write_day(by_day, convective_every, found[:, :, :day])
        self.write_night(by_night, stable_every, flat, found[:, :, day:])
        return found

    def write_day(self, hours: NDArray[np.int_], every: int, out: NDArray[np.float64]) -> None:
        """Write the mean of hours that flow over all ground, shape (bearings, distances, levels, classes, 2)."""
        levels, air = self._relief.convective_m, self._air_of(hours)
        traits = traits_by_day(air, self._arrays[0][hours], self._scavenged(hours))

        def carry(rows, most_brought, wet_place, lowest, carried):
            its = (self._distances, self._inner, self._network.kept_m.size, levels, lowest, wet_place, carried)
            carry_polar_hours(rows, *self._arrays, *its)  # type: ignore[call-arg]

        self._write(hours, every, traits, air, levels, 2, 1, carry, out)

    def write_night(self, hours: NDArray[np.int_], every: int, flat, out: NDArray[np.float64]) -> None:
        """Write the mean of stable hours, shape (bearings, distances, levels · hills, classes, 2).

        Hills are `steps_m` above the receptors.
        """
        levels, air = self._relief.stable_m, self._air_of(hours)
        traits = traits_by_night(air, self._arrays[0][hours], self._scavenged(hours))
        self.steps_m = hill_steps(float(np.median(air[:, 0])) if hours.size else 0.0)
        hills, faint = hills_m(levels, self.steps_m), _faint(flat, self._base_m, self._network)

        def carry(rows, most_brought, wet_place, lowest, carried):
            its = (self._distances, self._inner, self._network.kept_m.size, levels, hills, lowest, faint)
            carry_hill_hours(rows, *self._arrays, *its, most_brought, wet_place, carried)  # type: ignore[call-arg]

        self._write(hours, every, traits, air, levels, 1, self.steps_m.size, carry, out)

    def _air_of(self, hours) -> NDArray[np.float64]:
        found = np.zeros((hours.size, 4))
        final_air(hours, *self._arrays[:4], *self._arrays[6:8], found)  # type: ignore[call-arg]
        return found

    def _write(
        self, hours, every: int, traits, air, levels_m, parts: int, hills: int, carry: Callable, out
    ) -> None:  # fmt: skip
        """Write the mean of hours, of which some are calculated."""
        network, classes = self._network, self._arrays[8].size
        bearings, kept, nodes = network.bearings, network.kept_m.size, self._distances.size
        where = np.ascontiguousarray(looked_at(self._relief, levels_m, network.kept_m, bearings).T)
        sums = [
            (np.zeros((levels_m.size, bearings, kept * fields)), np.zeros((levels_m.size, nodes, fields)))
            for fields in (hills * classes, classes)
        ]
        strength = np.zeros((self._at_base.shape[1], classes))
        strength[hours] = self._arrays[9][hours] / np.maximum(air[:, 1:2], LEAST_WIND_M_S)
        like = self._like(hours, every, traits)
        chosen = np.unique(like)
        for start in range(0, chosen.size, ROWS_AT_ONCE):
            rows = chosen[start : start + ROWS_AT_ONCE]
            its = np.flatnonzero((like >= rows[0]) & (like <= rows[-1]))
            ordered = its[np.argsort(_headings(self._arrays, hours[its]), kind="stable")]
            rains = self._rains(hours[rows])
            places = np.arange(rows.size), np.where(rains, np.cumsum(rains) - 1, -1)
            carried = room_for(parts, rows.size, int(rains.sum()), levels_m.size, nodes, hills, classes)
            most = self._most_brought(hours[its], hours[like[its]], hours[rows])
            carry(hours[rows], most, places[WET], where.min(axis=1), carried)
            for kind in (DRY, WET):
                add_alike_hours(
                    kind,
                    hours[ordered],
                    np.searchsorted(rows, like[ordered]),
                    hours[rows],
                    places[kind],
                    self._arrays[-1],
                    self._arrays[4],
                    self._arrays[5],
                    strength,
                    self._at_base,
                    self._nearest,
                    carried,
                    self._distances,
                    self._inner,
                    network.beside(np.float32),
                    where,
                    *sums[kind],
                )
            del carried  # before there is room for the next
        for kind in (DRY, WET):
            write_mean(*sums[kind], self._valid, self._inner, out[..., kind])

    def _scavenged(self, hours) -> NDArray[np.float64]:
        """Rate at which rain takes each class, of gases from a layer of a kilometre, shape (hours, classes). [s⁻¹]"""
        return self._arrays[11][hours] + self._arrays[12][hours] / WASHED_LAYER_M

    def _most_brought(self, hours, others, rows) -> NDArray[np.float64]:
        """How many times as much dry deposition as each of the rows the hours like it bring at the most, ≥ 1."""
        own, like = self._at_base[DRY, hours, 0], self._at_base[DRY, others, 0]
        ratio = np.minimum(own / np.maximum(like, LEAST_BROUGHT), MOST_SCALE).max(axis=1)
        most = np.ones(self._at_base.shape[1])
        np.maximum.at(most, others, ratio)
        return most[rows]

    def _rains(self, hours) -> NDArray[np.bool_]:
        """Whether rain brings any class down in some hours."""
        return self._at_base[1, hours, 0].any(axis=1)

    def _like(self, hours, every: int, traits) -> NDArray[np.int_]:
        """For every hour the position of the one that stands for it; hours with rain stand for such alone."""
        if every == 1:
            return np.arange(hours.size)
        brought = self._at_base[:, hours, 0].sum(axis=0)
        share = (brought / np.maximum(brought.sum(axis=0), np.finfo(float).tiny)).mean(axis=1)
        like = np.zeros(hours.size, dtype=np.int64)
        rains = self._rains(hours)
        for some in (np.flatnonzero(rains), np.flatnonzero(~rains)):
            like[some] = some[alike(traits[some], share[some], -(-some.size // every))]
        return like


def _faint(flat: NDArray[np.float64], fine_m, network: Network) -> NDArray[np.float64]:
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
