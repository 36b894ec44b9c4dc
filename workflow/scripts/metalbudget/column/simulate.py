"""Many soil columns at once: water, and the metals that it carries."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from metalbudget.column import columns as described
from metalbudget.column import richards, solute
from metalbudget.column.columns import BOTTOMS, TOLERANCE, TOPS, Columns, Weather
from metalbudget.column.retention import COLUMNS, ROWS, fill_table
from metalbudget.column.sorption import Metals, sorbed
from metalbudget.errors import InputError, InputErrors

CHUNK = 16  # columns that a thread takes at a time; a column's answer does not depend on it
REASONS = {
    richards.NOT_CONVERGED: "the water of a column found no solution, however short the step",
    richards.TOO_MANY_STEPS: "the water of a column needs more steps a day than are allowed",
    1000 + solute.NOT_CONVERGED: "the metal of a column found no solution",
}


@dataclass(frozen=True, eq=False)
class State:
    """Water of columns at one time.

    Parameters
    ----------
    water_cm : ndarray, shape (c, k)
        Of each node, ponded water in the first. [cm]
    head_cm : ndarray, shape (c, k)
        [cm]
    """

    water_cm: NDArray[np.float64]
    head_cm: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flow:
    """Water of c columns over p periods of n intervals.

    Parameters
    ----------
    sums_cm : ndarray, shape (c, p, richards.RESULTS)
        Infiltration, runoff, evaporation, transpiration, drainage at the lower end, net inflow, ponded water, and
        counts of steps and rounds, in the order of `richards`. [cm]
    rain_cm : ndarray, shape (c, p)
        [cm]
    storage_cm : ndarray, shape (c, p)
        In the soil at the end of each period. [cm]
    passed_cm : ndarray, shape (c, p, d)
        Downwards through each of the depths asked for. [cm]
    end : State
    before_cm : ndarray, shape (c, k)
        Water of the nodes at the start. [cm]
    days : ndarray, shape (n,)
        Of the intervals. [d]
    flux_cm, absolute_flux_cm : ndarray, shape (c, n, k + 1), or None
        Sums of q and of its absolute value through the faces over each interval. [cm]
    water_cm, head_cm : ndarray, shape (c, n, k), or None
        At the intervals' ends. [cm]
    uptake_cm : ndarray, shape (c, n, k), or None
        By roots. [cm]
    interval_sums_cm : ndarray, shape (c, n, richards.RESULTS), or None
        As `sums_cm`, of the intervals.
    failed : ndarray of bool, shape (c,), or None
        Columns without a solution, whose numbers mean nothing; only if they were asked for.
    """

    sums_cm: NDArray[np.float64]
    rain_cm: NDArray[np.float64]
    storage_cm: NDArray[np.float64]
    passed_cm: NDArray[np.float64]
    end: State
    before_cm: NDArray[np.float64]
    days: NDArray[np.float64]
    flux_cm: NDArray[np.float64] | None
    absolute_flux_cm: NDArray[np.float64] | None
    water_cm: NDArray[np.float64] | None
    head_cm: NDArray[np.float64] | None
    uptake_cm: NDArray[np.float64] | None
    interval_sums_cm: NDArray[np.float64] | None
    failed: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Transport:
    """Metals of c columns over the periods of their water.

    Parameters
    ----------
    sums_ug_cm2 : ndarray, shape (m, c, p, solute.RESULTS)
        Inflow, outflow at the lower end, uptake, and the mass in the profile at the period's end. [µg cm⁻²]
    leached_ug_cm2 : ndarray, shape (m, c, p)
        Downwards through the leaching depth. [µg cm⁻²]
    mass_ug_cm2, concentration_mg_l, kinetic_mg_kg : ndarray, shape (m, c, k)
        At the end: all of a node's metal, that in its water, that on sites out of equilibrium.
    interval_sums_ug_cm2 : ndarray, shape (m, c, n, solute.RESULTS), or None
    interval_leached_ug_cm2 : ndarray, shape (m, c, n), or None
        As the first two, of the intervals; for `simulate` with ``keep``.
    """

    sums_ug_cm2: NDArray[np.float64]
    leached_ug_cm2: NDArray[np.float64]
    mass_ug_cm2: NDArray[np.float64]
    concentration_mg_l: NDArray[np.float64]
    kinetic_mg_kg: NDArray[np.float64]
    interval_sums_ug_cm2: NDArray[np.float64] | None = None
    interval_leached_ug_cm2: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Load:
    """What metals columns hold and receive.

    Parameters
    ----------
    metals : Metals
        Coefficients of shape (m, c, k), or (m, k) for all columns alike.
    density_g_cm3, dispersivity_cm : ndarray, shape (c, k)
        Of the nodes. [g cm⁻³], [cm]
    concentration_mg_l : ndarray, shape (m, c, k)
        In the soil water at the start, in equilibrium with all sites. [mg L⁻¹]
    rain_mg_l : ndarray, shape (m, w, records) or None
        In rain; it enters with what infiltrates, and not in records when the ground dries. [mg L⁻¹]
    dust_ug_cm2 : ndarray, shape (m, c, n) or None
        Other deposition, over each interval. [µg cm⁻²]
    below_mg_l : ndarray, shape (m,) or None
        In water that rises from below. [mg L⁻¹]
    mixed_nodes : ndarray of int, shape (n,) or None
        Nodes ploughed together at the end of each interval.
    """

    metals: Metals
    density_g_cm3: NDArray[np.float64]
    dispersivity_cm: NDArray[np.float64]
    concentration_mg_l: NDArray[np.float64]
    rain_mg_l: NDArray[np.float64] | None = None
    dust_ug_cm2: NDArray[np.float64] | None = None
    below_mg_l: NDArray[np.float64] | None = None
    mixed_nodes: NDArray[np.int64] | None = None


def edge_of(depth_cm: ArrayLike, level_cm: float) -> tuple[int, float]:
    """The node in whose soil a depth lies, and the share of that soil below it."""
    depth = np.asarray(depth_cm, dtype=float)
    thickness = described.node_thickness(depth)
    lower = np.cumsum(thickness)
    if not 0.0 < level_cm <= lower[-1] + 1.0e-9:
        raise ValueError(f"a depth of {level_cm:g} cm is not within the profile")
    node = min(int(np.searchsorted(lower, level_cm - 1.0e-9)), depth.size - 1)
    return node, float(np.clip((lower[node] - level_cm) / thickness[node], 0.0, 1.0))


def initial_state(columns: Columns, head_cm: ArrayLike) -> State:
    """Water at heads, shape (c, k) or broadcastable to it. [cm]"""
    head = np.ascontiguousarray(np.broadcast_to(np.asarray(head_cm, dtype=float), columns.layer.shape)).copy()
    r, s, a, n = (columns.of_layers(v) for v in (columns.theta_r, columns.theta_s, columns.alpha_1_cm, columns.n))
    saturation = (1.0 + (a * np.maximum(-head, 0.0)) ** n) ** (1.0 / n - 1.0)
    return State(columns.thickness_cm * (r + (s - r) * saturation), head)


def run(
    columns: Columns,
    weather: Weather,
    state: State,
    interval: ArrayLike,
    *,
    period: ArrayLike | None = None,
    weather_of: ArrayLike | None = None,
    load: Load | None = None,
    leaching_depth_cm: float = 20.0,
    depths_cm: ArrayLike = (),
    keep: bool = False,
    tolerance: float = TOLERANCE,
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
    return_failed: bool = False,
) -> tuple[Flow, Transport | None]:
    """Let water flow, and carry metals with it.

    Parameters
    ----------
    columns : Columns
    weather : Weather
    state : State
        At the start.
    interval : array_like of int, shape (records,)
        Storage interval of each record, from 0 without gaps. Metals are carried on the sums over intervals: days for
        a Kd below some 50 L kg⁻¹, months above.
    period : array_like of int, shape (n,), optional
        Period (a year) of each interval; all in one unless given.
    weather_of : array_like of int, shape (c,), optional
        Weather of each column; the first for all unless given.
    load : Load, optional
        Metals; none unless given.
    leaching_depth_cm : float
        [cm]
    depths_cm : array_like, shape (d,)
        Depths through which water is counted. [cm]
    keep : bool
        Return what was stored for the intervals, too; memory grows with columns × intervals × nodes.
    tolerance : float
        Of the truncation error of a step, in water content. [1]
    threads : int
        The answer has the same bytes for any number.
    progress : callable, optional
        Told how many columns are done, of how many.
    return_failed : bool
        Mark columns without a solution in `Flow.failed` and go on.

    Returns
    -------
    Flow, Transport or None

    Raises
    ------
    InputErrors
        If the description is not possible, or a column finds no solution: with its name.
    """
    count = columns.count
    place = np.zeros(count, dtype=np.int64) if weather_of is None else np.asarray(weather_of, dtype=np.int64)
    described.check(columns, weather, place)
    interval = np.ascontiguousarray(interval, dtype=np.int64)
    n = int(interval[-1]) + 1
    if interval[0] != 0 or np.any((np.diff(interval) != 0) & (np.diff(interval) != 1)):
        raise ValueError("intervals count from 0 without gaps")
    period = np.zeros(n, dtype=np.int64) if period is None else np.ascontiguousarray(period, dtype=np.int64)
    edges = [edge_of(columns.depth_cm, level) for level in np.atleast_1d(np.asarray(depths_cm, dtype=float))]
    job = _Job(columns, weather, state, interval, period, place, load, leaching_depth_cm, edges, keep, tolerance)
    starts = range(0, count, CHUNK)
    done = 0
    with ThreadPoolExecutor(max_workers=max(threads, 1)) as pool:
        for size in pool.map(job.chunk, starts):
            done += size
            if progress is not None:
                progress(done, count)
    if return_failed:
        return replace(job.flow(), failed=job.status != 0), job.transport()
    _refuse_failed(columns, job.status)
    return job.flow(), job.transport()


def _refuse_failed(columns: Columns, status: NDArray[np.int64]) -> None:
    problems = [
        InputError(
            REASONS[int(status[index])],
            where=columns.name(index),
            mend="look at the soil parameters and heads of this column, or ask for a smaller tolerance",
        )
        for index in np.flatnonzero(status)
    ]
    if problems:
        raise problems[0] if len(problems) == 1 else InputErrors(problems)


class _Job:
    """Arrays of a run, and how a chunk of columns is worked on."""

    def __init__(
        self,
        columns: Columns,
        weather: Weather,
        state: State,
        interval: NDArray[np.int64],
        period: NDArray[np.int64],
        place: NDArray[np.int64],
        load: Load | None,
        leaching_depth_cm: float,
        edges: list[tuple[int, float]],
        keep: bool,
        tolerance: float,
    ) -> None:
        c, k = columns.layer.shape
        n, p = int(interval[-1]) + 1, int(period[-1]) + 1
        self.columns, self.load, self.keep, self.place = columns, load, keep, place
        self.interval, self.period = interval, period
        rows = [
            np.ascontiguousarray(a, dtype=float)
            for a in (weather.days, weather.rain_cm_d, weather.evaporation_cm_d, weather.transpiration_cm_d)
        ]
        self.weather = rows
        self.days = np.bincount(interval, rows[0], n).astype(float)
        self.before = np.ascontiguousarray(state.water_cm, dtype=float).copy()
        self.water, self.head = self.before.copy(), np.ascontiguousarray(state.head_cm, dtype=float).copy()
        self.status = np.zeros(c, dtype=np.int64)
        self.sums = np.zeros((c, p, richards.RESULTS))
        self.storage = np.zeros((c, p))
        self.passed = np.zeros((c, p, len(edges)))
        self.edge_nodes = np.array([node for node, _ in edges], dtype=np.int64)
        self.edge_shares = np.array([share for _, share in edges])
        kept = (c, n) if keep else (0, n)
        self.kept = (
            np.zeros((*kept, richards.RESULTS)), np.zeros((*kept, k + 1)), np.zeros((*kept, k + 1)),
            np.zeros((*kept, k)), np.zeros((*kept, k)), np.zeros((*kept, k)),
        )  # fmt: skip
        self.spacing = np.diff(columns.depth_cm)
        self.thickness = columns.thickness_cm
        self.layer = np.ascontiguousarray(columns.layer, dtype=np.int64)
        self.soils, self.root_share = columns.soils(), columns.root_share()
        self.feddes = np.asarray(columns.feddes, dtype=float)
        self.pond = np.ascontiguousarray(np.broadcast_to(np.asarray(columns.pond_cm, dtype=float), (c,)))
        self.single = (
            TOPS[columns.top], float(columns.top_head_cm), float(columns.driest_head_cm), BOTTOMS[columns.bottom],
            float(columns.bottom_head_cm), float(tolerance),
        )  # fmt: skip
        self._lay_out_metals(c, k, n, p, leaching_depth_cm)

    def _lay_out_metals(self, c: int, k: int, n: int, p: int, leaching_depth_cm: float) -> None:
        load, m = self.load, 0 if self.load is None else self.load.metals.count
        records = self.weather[0].size
        self.edge = edge_of(self.columns.depth_cm, leaching_depth_cm) if load else (0, 0.0)
        self.metal_sums, self.leached = np.zeros((m, c, p, solute.RESULTS)), np.zeros((m, c, p))
        kept = (m, c, n) if self.keep else (m, 0, n)
        self.metal_kept = (np.zeros((*kept, solute.RESULTS)), np.zeros(kept))
        self.mass, self.concentration, self.kinetic = (np.zeros((m, c, k)) for _ in range(3))
        if load is None:
            self.coefficient = np.zeros((0, c, k))
            self.single_metal = np.zeros((0, 6))
            self.ground = [np.zeros((c, k)) for _ in range(3)]
            self.rain_mg_l, self.dust = np.zeros((0, 1, records)), np.zeros((0, c, n))
            self.below, self.mixed = np.zeros(0), np.zeros(n, dtype=np.int64)
            return
        metals = load.metals
        of = metals.coefficient if metals.coefficient.ndim == 3 else metals.coefficient[:, None, :]
        self.coefficient = np.ascontiguousarray(np.broadcast_to(of, (m, c, k)))
        self.single_metal = np.ascontiguousarray(
            np.stack(
                [
                    metals.exponent, metals.saturation, metals.diffusion_cm2_d, metals.fraction, metals.rate_1_d,
                    metals.uptake_limit_mg_l,
                ],
                axis=-1,
            )
        )  # fmt: skip
        full = self.columns.of_layers(self.columns.theta_s)
        self.ground = [
            np.ascontiguousarray(np.broadcast_to(np.asarray(a, dtype=float), (c, k)))
            for a in (load.density_g_cm3, load.dispersivity_cm, full)
        ]
        places = self.weather[1].shape[0]
        self.rain_mg_l = _given(load.rain_mg_l, (m, places, records))
        self.dust = _given(load.dust_ug_cm2, (m, c, n))
        self.below = _given(load.below_mg_l, (m,))
        mixed = load.mixed_nodes
        self.mixed = np.zeros(n, dtype=np.int64) if mixed is None else np.ascontiguousarray(mixed, dtype=np.int64)
        self.concentration[:] = np.broadcast_to(load.concentration_mg_l, (m, c, k))
        _fill_masses(self.before, self.thickness, self.ground[0], self.coefficient, self.single_metal,
                     self.concentration, self.mass, self.kinetic)  # fmt: skip

    def chunk(self, first: int) -> int:
        """Work on columns from `first`; how many."""
        last = min(first + CHUNK, self.columns.count)
        kernel: Any = _run_columns
        kernel(
            first, last, self.layer, self.soils, self.root_share, self.feddes, self.pond, self.single, self.thickness,
            self.spacing, *self.weather, self.interval, self.period, self.place, self.days, self.water, self.head,
            self.sums, self.storage, self.passed, self.edge_nodes, self.edge_shares, self.keep, *self.kept,
            self.coefficient, self.single_metal, *self.ground, self.rain_mg_l, self.dust, self.below, self.mixed,
            self.edge, self.before, self.mass, self.concentration, self.kinetic, self.metal_sums, self.leached,
            *self.metal_kept, self.status,
        )  # fmt: skip
        return last - first

    def flow(self) -> Flow:
        """Water as it is given back."""
        p = self.sums.shape[1]
        rain = np.zeros((self.weather[1].shape[0], p))
        for place, row in enumerate(self.weather[1]):
            rain[place] = np.bincount(self.period[self.interval], row * self.weather[0], p)
        stored: list[NDArray[np.float64] | None] = list(self.kept) if self.keep else [None] * 6
        sums, flux, absolute, water, head, uptake = stored
        return Flow(
            self.sums, rain[self.place], self.storage, self.passed, State(self.water, self.head), self.before,
            self.days, flux, absolute, water, head, uptake, sums,
        )  # fmt: skip

    def transport(self) -> Transport | None:
        """Metals as they are given back."""
        if self.load is None:
            return None
        kept = self.metal_kept if self.keep else (None, None)
        return Transport(self.metal_sums, self.leached, self.mass, self.concentration, self.kinetic, *kept)


def _given(values: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.float64]:
    if values is None:
        return np.zeros(shape)
    return np.ascontiguousarray(np.broadcast_to(np.asarray(values, dtype=float), shape))


@njit(cache=True, nogil=True)
def _fill_masses(water, thickness, density, coefficient, single, concentration, mass, kinetic):
    """Mass of each node in equilibrium with its concentration."""
    for m in range(mass.shape[0]):
        for c in range(mass.shape[1]):
            for i in range(mass.shape[2]):
                s = sorbed(concentration[m, c, i], coefficient[m, c, i], single[m, 0], single[m, 1])
                mass[m, c, i] = water[c, i] * concentration[m, c, i] + density[c, i] * thickness[i] * s
                kinetic[m, c, i] = s


@njit(cache=True, nogil=True, error_model="numpy")
def _run_columns(
    first, last, layer, soils, root_share, feddes, pond, single, thickness, spacing, days, rain, evaporation,
    transpiration, interval, period, place, interval_days, water, head, sums, storage, passed, edge_nodes, edge_shares,
    keep, kept_sums, kept_flux, kept_absolute, kept_water, kept_head, kept_uptake, coefficient, single_metal, density,
    dispersivity, saturated, rain_mg_l, dust, below_mg_l, mixed, edge, before, mass, concentration, kinetic,
    metal_sums, leached, kept_metal, kept_leached, status,
):  # fmt: skip
    """Columns `first` to `last` of a `_Job`, one after the other."""
    top, top_head, driest, bottom, bottom_head, tolerance = single
    wetting = np.zeros((rain.shape[0], interval_days.size))
    if mass.shape[0] > 0:
        for w in range(rain.shape[0]):
            for record in range(days.size):
                wetting[w, interval[record]] += max(rain[w, record] - evaporation[w, record], 0.0) * days[record]
    k, n, metals = thickness.size, interval_days.size, mass.shape[0]
    # copies of what threads share: numba counts references, and two cores counting on one array wait for each other
    own_thickness, own_spacing, own_feddes = thickness.copy(), spacing.copy(), feddes.copy()
    tables = np.empty((soils.shape[1], ROWS, COLUMNS))
    known = np.full((soils.shape[1], soils.shape[2]), np.nan)
    results, flux, absolute = np.empty((n, richards.RESULTS)), np.empty((n, k + 1)), np.empty((n, k + 1))
    stored, heads, uptake = np.empty((n, k)), np.empty((n, k)), np.empty((n, k))
    inflow, below, metal_results = np.empty(n), np.empty(n), np.empty((n, solute.RESULTS))
    for c in range(first, last):
        for j in range(soils.shape[1]):
            new = False
            for i in range(soils.shape[2]):
                new = new or known[j, i] != soils[c, j, i]
                known[j, i] = soils[c, j, i]
            if new:
                soil = soils[c, j]
                fill_table(
                    tables[j], soil[richards.ALPHA], soil[richards.EXPONENT], soil[richards.KS],
                    soil[richards.CONNECTIVITY],
                )  # fmt: skip
        results[:], flux[:], absolute[:], uptake[:] = 0.0, 0.0, 0.0, 0.0
        column = richards.Column(
            own_thickness, own_spacing, layer[c].copy(), soils[c].copy(), tables, root_share[c].copy(), own_feddes, top,
            top_head, driest, pond[c], bottom, bottom_head, tolerance,
        )  # fmt: skip
        w = place[c]
        weather = richards.Weather(
            days.copy(), rain[w].copy(), evaporation[w].copy(), transpiration[w].copy(), interval.copy()
        )
        answer = richards.Answer(results, flux, absolute, stored, heads, uptake)
        own_water, own_head = water[c].copy(), head[c].copy()
        status[c] = richards.flow(column, weather, own_water, own_head, answer)
        water[c], head[c] = own_water, own_head
        if status[c] != richards.DONE:
            continue
        for i in range(n):
            p = period[i]
            for r in range(richards.RESULTS):
                if r == richards.PONDED:
                    sums[c, p, r] = results[i, r]
                else:
                    sums[c, p, r] += results[i, r]
            held = -results[i, richards.PONDED]
            for j in range(k):
                held += stored[i, j]
            storage[c, p] = held
            for d in range(edge_nodes.size):
                node, share = edge_nodes[d], edge_shares[d]
                old = before[c, node] if i == 0 else stored[i - 1, node]
                passed[c, p, d] += flux[i, node + 1] + share * (stored[i, node] - old + uptake[i, node])
        if keep:
            kept_sums[c], kept_flux[c], kept_absolute[c] = results, flux, absolute
            kept_water[c], kept_head[c], kept_uptake[c] = stored, heads, uptake
        ground = solute.Ground(thickness, spacing, density[c], dispersivity[c], saturated[c])
        water_stored = solute.Stored(interval_days, before[c], stored, flux, absolute, uptake)
        for m in range(metals):
            inflow[:] = dust[m, c]
            for record in range(days.size):
                i = interval[record]
                if rain_mg_l[m, w, record] <= 0.0:
                    continue
                if top == richards.TOP_HEAD:
                    # a share of the interval's inflow as its length; it carries nothing where water comes out
                    share = days[record] / interval_days[i]
                    inflow[i] += rain_mg_l[m, w, record] * share * max(results[i, richards.TOP_INFLOW], 0.0)
                elif rain[w, record] > evaporation[w, record]:
                    # all that the rain brings, but for what runs off (with rain less evaporation)
                    share = min(max(1.0 - results[i, richards.RUNOFF] / wetting[w, i], 0.0), 1.0)
                    inflow[i] += rain_mg_l[m, w, record] * share * rain[w, record] * days[record]
            metal_results[:], below[:] = 0.0, 0.0
            substance = solute.Substance(
                coefficient[m, c], single_metal[m, 0], single_metal[m, 1], single_metal[m, 2], single_metal[m, 3],
                single_metal[m, 4], single_metal[m, 5],
            )  # fmt: skip
            outcome = solute.transport(
                ground, water_stored, substance, inflow, below_mg_l[m], mixed, mass[m, c], kinetic[m, c],
                concentration[m, c], metal_results, below, edge,
            )  # fmt: skip
            if outcome != solute.DONE:
                status[c] = 1000 + outcome
                break
            for i in range(n):
                p = period[i]
                leached[m, c, p] += below[i]
                for r in range(solute.RESULTS):
                    if r == solute.MASS:
                        metal_sums[m, c, p, r] = metal_results[i, r]
                    else:
                        metal_sums[m, c, p, r] += metal_results[i, r]
            if keep:
                kept_metal[m, c], kept_leached[m, c] = metal_results, below
