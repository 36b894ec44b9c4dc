"""A year through the columns of one piece, until the water comes back: terms of the balance and leaching."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from metalbudget.column import leaching, richards, simulate
from metalbudget.column.columns import Columns
from metalbudget.column.regional import (
    KG_M3_PER_G_CM3,
    MM_PER_CM,
    Distinct,
    Driven,
    Members,
    Options,
    columns_in,
    seasons_of,
)
from metalbudget.column.simulate import Flow, Load, State, Transport, edge_of
from metalbudget.column.sorption import metals

WATER_TERMS = (
    "rain", "irrigation", "runoff", "infiltration", "interception", "evaporation", "transpiration",
    "evapotranspiration", "drainage_20cm", "drainage_100cm", "absolute_flux_20cm", "storage", "storage_change",
)  # fmt: skip
LARGEST_SHARE = 1.0 - 1.0e-12  # of a stock that leaves in a year, so that its rate is finite


@dataclass(frozen=True, eq=False)
class Solved:
    """Answer of c columns.

    Parameters
    ----------
    terms : dict of ndarray, shape (c,)
        `WATER_TERMS` [mm yr⁻¹] (``storage``: mean over the year [mm]) and ``theta``, the mean water content of the
        plough layer [1].
    leaching_rate : ndarray, shape (c, r)
        [yr⁻¹]
    failed : ndarray of bool, shape (c,)
        Columns without a solution; their numbers are NaN.
    passes : ndarray of int, shape (c,)
        Of the year, the first included.
    """

    terms: dict[str, NDArray[np.float64]]
    leaching_rate: NDArray[np.float64]
    failed: NDArray[np.bool_]
    passes: NDArray[np.int64]


def joined(parts: Sequence[Solved]) -> Solved:
    """Answers one after the other."""
    return Solved(
        {name: np.concatenate([part.terms[name] for part in parts]) for name in parts[0].terms},
        np.concatenate([part.leaching_rate for part in parts]),
        np.concatenate([part.failed for part in parts]),
        np.concatenate([part.passes for part in parts]),
    )


@dataclass(frozen=True, eq=False)
class _Pass:
    """One pass of the year."""

    columns: Columns
    end: State
    failed: NDArray[np.bool_]
    flow: Flow | None = None
    released: NDArray[np.float64] | None = None
    leached: NDArray[np.float64] | None = None


Run = Callable[..., tuple[Flow, Transport | None]]  # with the arguments of `simulate.run`


def solve(
    distinct: Distinct,
    members: Members,
    options: Options,
    driven: Driven,
    kd_l_kg: NDArray[np.float64],
    run: Run | None = None,
) -> Solved:
    """Repeat a year until each column's water comes back.

    Parameters
    ----------
    distinct : Distinct
    members : Members
        Columns of one piece (`regional.pieces_of`).
    options : Options
    driven : Driven
        Of these columns.
    kd_l_kg : ndarray, shape (r,)
        [L kg⁻¹]
    run : callable, optional
        What lets water flow in every pass but the first; `simulate.run` unless given.

    Returns
    -------
    Solved
        What is left of the storage change after the last pass is one of the terms, so the balance closes in any case.
    """
    columns = columns_in(distinct, members, options, 1)
    shallow = columns.bottom == "head"
    # above a water table the water stands in equilibrium with it, unless that is wetter than the usual start
    head = np.full(columns.depth_cm.size, options.initial_head_cm)
    if shallow:
        head = np.maximum(head, columns.bottom_head_cm - (options.column_depth_cm - columns.depth_cm))
    start = _pass(distinct, members, options, driven, simulate.initial_state(columns, head), keep=False)
    terms = {name: np.full(members.count, np.nan) for name in (*WATER_TERMS, "theta")}
    rate = np.full((members.count, kd_l_kg.size), np.nan)
    failed, state = start.failed.copy(), start.end
    passes = np.ones(members.count, dtype=np.int64)
    todo = np.flatnonzero(~failed)
    for _ in range(max(options.cycles - 1, 1)):
        if todo.size == 0:
            break
        here, own = members.take(todo), _rows(driven, todo)
        done = _pass(distinct, here, options, own, _of(state, todo), keep=True, kd_l_kg=kd_l_kg, run=run)
        passes[todo] += 1
        failed[todo] |= done.failed
        found = _terms(done, own, options)
        for name, values in found.items():
            terms[name][todo] = values
        state = _with(state, todo, done.end)
        settled = np.abs(found["storage_change"]) <= options.tolerance_mm
        last = settled | done.failed if passes[todo[0]] < options.cycles else np.ones(todo.size, dtype=bool)
        rate[todo[last]] = _rates(done, here, distinct, options, kd_l_kg)[last]
        todo = todo[~last]
    for values in terms.values():
        values[failed] = np.nan
    rate[failed] = np.nan
    return Solved(terms, rate, failed, passes)


def _rows(driven: Driven, chosen: NDArray[np.int64]) -> Driven:
    names = ("rain", "evaporation", "transpiration", "fallen", "irrigation", "shed", "intercepted")
    return replace(driven, **{name: getattr(driven, name)[chosen] for name in names})


def _of(state: State, chosen: NDArray[np.int64]) -> State:
    return State(state.water_cm[chosen], state.head_cm[chosen])


def _with(state: State, chosen: NDArray[np.int64], new: State) -> State:
    water, head = state.water_cm.copy(), state.head_cm.copy()
    water[chosen], head[chosen] = new.water_cm, new.head_cm
    return State(water, head)


def _pass(
    distinct: Distinct,
    members: Members,
    options: Options,
    driven: Driven,
    state: State,
    *,
    keep: bool,
    kd_l_kg: NDArray[np.float64] | None = None,
    run: Run | None = None,
) -> _Pass:
    """Season after season; bunds that are opened let their water go."""
    tables = distinct.tables
    month = driven.records.month
    failed = np.zeros(members.count, dtype=bool)
    released = np.zeros((members.count, month.size))
    flows: list[Flow] = []
    leached = np.zeros(0)
    load: Load | None = None
    if keep and kd_l_kg is not None and options.outflow == "interior_edge":
        load, leached = _load(distinct, members, options, state, kd_l_kg), np.zeros((kd_l_kg.size, members.count))
    columns, bund_before = None, np.zeros(members.count)
    for first, last in seasons_of(tables, int(members.landuse[0])):
        columns = columns_in(distinct, members, options, first)
        bund = tables.bund_height[members.landuse, first - 1] / MM_PER_CM
        days = np.flatnonzero((month >= first) & (month <= last))
        opened = bund < bund_before
        if opened.any():
            limit = np.where(bund > 0.0, bund, options.surface_storage_cm)
            state, excess = _let_off(state, np.where(opened, limit, np.inf))
            released[:, days[0]] = excess
        weather, interval = driven.weather(int(days[0]), int(days[-1]) + 1)
        flow, transport = (run or simulate.run)(
            columns, weather, state, interval, weather_of=np.arange(members.count), load=load,
            leaching_depth_cm=options.plough_depth_cm, keep=keep, return_failed=True,
        )  # fmt: skip
        if flow.failed is not None:
            failed |= flow.failed
        state, bund_before = flow.end, bund
        flows.append(flow)
        if load is not None and transport is not None:
            leached = leached + transport.leached_ug_cm2[:, :, 0]
            load = replace(load, concentration_mg_l=transport.concentration_mg_l)
    if columns is None:
        raise ValueError("a year has no days")
    if not keep:
        return _Pass(columns, state, failed)
    return _Pass(columns, state, failed, _joined(flows, released), released, leached)


def _let_off(state: State, limit_cm: NDArray[np.float64]) -> tuple[State, NDArray[np.float64]]:
    """Ponded water above a limit leaves, shape (c,). [cm]"""
    excess = np.maximum(np.maximum(state.head_cm[:, 0], 0.0) - limit_cm, 0.0)
    water, head = state.water_cm.copy(), state.head_cm.copy()
    water[:, 0] -= excess
    head[:, 0] -= excess
    return State(water, head), excess


def _joined(flows: Sequence[Flow], released: NDArray[np.float64]) -> Flow:
    """Flow of a year from that of its seasons; water let off has left through the surface."""

    def joined(name: str) -> NDArray[np.float64]:
        return np.concatenate([getattr(flow, name) for flow in flows], axis=1)

    flux = joined("flux_cm")
    flux[:, :, 0] -= released
    return replace(
        flows[-1],
        before_cm=flows[0].before_cm,
        days=np.concatenate([flow.days for flow in flows]),
        flux_cm=flux,
        absolute_flux_cm=joined("absolute_flux_cm"),
        water_cm=joined("water_cm"),
        head_cm=None,
        uptake_cm=joined("uptake_cm"),
        interval_sums_cm=joined("interval_sums_cm"),
    )


def _kept(array: NDArray[np.float64] | None) -> NDArray[np.float64]:
    if array is None:
        raise ValueError("the water must be kept with its intervals")
    return array


def _terms(done: _Pass, driven: Driven, options: Options) -> dict[str, NDArray[np.float64]]:
    """Sums of a kept pass. [mm]"""
    flow, columns = done.flow, done.columns
    if flow is None or done.released is None:
        raise ValueError("the water must be kept with its intervals")
    daily = _kept(flow.interval_sums_cm)
    sums = MM_PER_CM * daily.sum(axis=1)
    water, flux, absolute = _kept(flow.water_cm), _kept(flow.flux_cm), _kept(flow.absolute_flux_cm)
    uptake = _kept(flow.uptake_cm)
    node, below = edge_of(columns.depth_cm, options.plough_depth_cm)
    gained = water[:, -1, node] - flow.before_cm[:, node] + uptake[:, :, node].sum(axis=1)
    net = MM_PER_CM * (flux[:, :, node + 1].sum(axis=1) + below * gained)
    both = absolute.sum(axis=1)
    # between two faces of a node the flux is taken to change evenly
    moved = MM_PER_CM * ((1.0 - below) * both[:, node + 1] + below * both[:, node])
    moved = np.maximum(moved, np.abs(net))
    ponded = daily[:, :, richards.PONDED]
    share = np.where(np.arange(columns.depth_cm.size) < node, 1.0, 0.0)
    share[node] = 1.0 - below
    fallen, irrigation = driven.fallen.sum(axis=1), driven.irrigation.sum(axis=1)
    interception = driven.intercepted.sum(axis=1)
    runoff = driven.shed.sum(axis=1) + sums[:, richards.RUNOFF] + MM_PER_CM * done.released.sum(axis=1)
    evaporation, transpiration = sums[:, richards.EVAPORATION], sums[:, richards.TRANSPIRATION]
    return {
        "rain": fallen,
        "irrigation": irrigation,
        "runoff": runoff,
        "infiltration": fallen + irrigation - runoff,
        "interception": interception,
        "evaporation": evaporation,
        "transpiration": transpiration,
        "evapotranspiration": interception + evaporation + transpiration,
        "drainage_20cm": net,
        "drainage_100cm": sums[:, richards.DRAINAGE],
        "absolute_flux_20cm": moved,
        "storage": MM_PER_CM * water.sum(axis=2).mean(axis=1),
        "storage_change": MM_PER_CM * (done.end.water_cm - flow.before_cm).sum(axis=1),
        "theta": ((water @ share).mean(axis=1) - ponded.mean(axis=1)) / options.plough_depth_cm,
    }


def _rates(
    done: _Pass, members: Members, distinct: Distinct, options: Options, kd_l_kg: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Leaching rates of a kept pass, shape (c, r). [yr⁻¹]

    A stock that loses the share s in a year at a constant rate k keeps exp(-k) of itself: k = -ln(1 - s).
    """
    density = (distinct.bulk_density[members.soil] / KG_M3_PER_G_CM3)[:, None]
    if options.outflow == "interior_edge":
        node, below = edge_of(done.columns.depth_cm, options.plough_depth_cm)
        thickness = done.columns.thickness_cm[: node + 1].copy()
        thickness[node] *= 1.0 - below
        content = _edge(done.columns.depth_cm, options)[: node + 1]
        held = density[:, 0] * (thickness @ content)
        share = (_kept(done.leached) / held).T
    else:
        flow = done.flow
        if flow is None:
            raise ValueError("the water must be kept with its intervals")
        share = leaching.plough_layer(
            done.columns, flow, kd_l_kg, density, options.dispersivity_cm, depth_cm=options.plough_depth_cm,
            diffusion_cm2_d=options.diffusion_cm2_d,
        )[:, :, 0].T  # fmt: skip
    return -np.log1p(-np.clip(share, 0.0, LARGEST_SHARE))


def _edge(depth_cm: NDArray[np.float64], options: Options) -> NDArray[np.float64]:
    """Content at nodes relative to that of the plough layer, which ends in a smooth edge. [1]"""
    return 0.5 * (1.0 - np.tanh((depth_cm - options.plough_depth_cm) / options.edge_width_cm))


def _load(distinct: Distinct, members: Members, options: Options, state: State, kd_l_kg: NDArray[np.float64]) -> Load:
    """One milligram a kilogram of each rung's substance in the plough layer."""
    columns = columns_in(distinct, members, options, 1)
    density = np.repeat((distinct.bulk_density[members.soil] / KG_M3_PER_G_CM3)[:, None], columns.depth_cm.size, axis=1)
    theta = state.water_cm / columns.thickness_cm
    content = density * _edge(columns.depth_cm, options)
    return Load(
        metals=metals(
            np.repeat(kd_l_kg[:, None], columns.depth_cm.size, axis=1), diffusion_cm2_d=options.diffusion_cm2_d
        ),
        density_g_cm3=density,
        dispersivity_cm=np.full_like(density, options.dispersivity_cm),
        concentration_mg_l=content / (theta + density * kd_l_kg[:, None, None]),
    )
