"""One column of a study over a year, in seasons, with the state that our own engine comes to: what is exported."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from metalbudget.column import rainfall, regional, richards, simulate
from metalbudget.column.columns import Columns, Weather
from metalbudget.column.regional import KG_M3_PER_G_CM3, MM_PER_CM, Distinct, Members, Options
from metalbudget.column.simulate import Load, State
from metalbudget.column.sorption import metals
from metalbudget.errors import InputError

TERMS = ("runoff", "evaporation", "transpiration", "drainage", "net inflow")
_PLACES = (richards.RUNOFF, richards.EVAPORATION, richards.TRANSPIRATION, richards.DRAINAGE, richards.TOP_INFLOW)


@dataclass(frozen=True, eq=False)
class Season:
    """Months in which bund and plough pan stay as they are.

    Parameters
    ----------
    first_month, last_month : int
        1..12.
    columns : Columns
        One column.
    weather : Weather
        From day 0 of the season.
    head_cm : ndarray, shape (k,)
        At its start. [cm]
    load : Load or None
        Metals at its start.
    terms_cm : dict of str to float
        Our own engine's sums: ``rain`` (with irrigation, less interception and what the curve number sheds), `TERMS`,
        and ``drainage_20cm``. [cm]
    """

    first_month: int
    last_month: int
    columns: Columns
    weather: Weather
    head_cm: NDArray[np.float64]
    load: Load | None
    terms_cm: dict[str, float]


def single(distinct: Distinct, landuse: int, soil: int, climate: int, water_table: int, rain_factor: float):
    """A distinct column by itself, at the rain of its own zone: `Distinct` and `Members` of one.

    Raises
    ------
    InputError
        If no cell of the study has this soil and water table.
    """
    if distinct.pair_cells[soil, water_table] == 0:
        raise InputError("no cell of the study has this soil over this water table", where="--soil, --water-table")
    factor = np.array([rain_factor * distinct.climate_factors[climate]])
    alone = replace(distinct, rain_factors=factor, climate_factors=np.ones(1))
    return alone, Members.of([(landuse, soil, water_table, float(factor[0]))])


def seasons(
    distinct: Distinct,
    members: Members,
    options: Options,
    hourly_rain: NDArray[np.float64],
    evapotranspiration: NDArray[np.float64],
    month: NDArray[np.int64],
    kd_l_kg: Sequence[float] = (),
    name: str = "",
) -> list[Season]:
    """The seasons of a year after passes of the same year until the water comes back.

    Parameters
    ----------
    distinct, members
        As `single` gives them.
    options : Options
    hourly_rain : ndarray, shape (24 d,)
        [mm]
    evapotranspiration : ndarray, shape (d,)
        Reference evapotranspiration. [mm d⁻¹]
    month : ndarray of int, shape (d,)
        1..12.
    kd_l_kg : sequence of float
        Substances in the plough layer at the start of the year, 1 mg kg⁻¹ each, by their sorption. [L kg⁻¹]
    name : str
        Of the column.

    Returns
    -------
    list of Season

    Raises
    ------
    InputErrors
        If our own engine finds no solution.
    """
    driven = regional.drive(distinct, members, options, rainfall.records_of(hourly_rain, month), evapotranspiration)
    columns = regional.columns_in(distinct, members, options, 1, (name,))
    head = np.full(columns.depth_cm.size, options.initial_head_cm)
    if columns.bottom == "head":
        head = np.maximum(head, columns.bottom_head_cm - (options.column_depth_cm - columns.depth_cm))
    state = simulate.initial_state(columns, head)
    for _ in range(options.cycles):
        before = state.water_cm.sum()
        _, state = _year(distinct, members, options, driven, state, (), name)
        if abs(state.water_cm.sum() - before) * MM_PER_CM <= options.tolerance_mm:
            break
    return _year(distinct, members, options, driven, state, kd_l_kg, name)[0]


def _year(
    distinct: Distinct,
    members: Members,
    options: Options,
    driven: regional.Driven,
    state: State,
    kd_l_kg: Sequence[float],
    name: str,
) -> tuple[list[Season], State]:
    """Season after season; bunds that are opened let their water go."""
    result: list[Season] = []
    load: Load | None = None
    pond_before = np.inf
    for first, last in regional.seasons_of(distinct.tables, int(members.landuse[0])):
        columns = regional.columns_in(distinct, members, options, first, (name,))
        pond = float(np.max(columns.pond_cm))
        if pond < pond_before:
            excess = max(max(float(state.head_cm[0, 0]), 0.0) - pond, 0.0)
            water, head = state.water_cm.copy(), state.head_cm.copy()
            water[0, 0] -= excess
            head[0, 0] -= excess
            state = State(water, head)
        pond_before = pond
        if load is None and len(kd_l_kg):
            load = _load(distinct, members, options, columns, state, kd_l_kg)
        days = np.flatnonzero((driven.records.month >= first) & (driven.records.month <= last))
        weather, interval = driven.weather(int(days[0]), int(days[-1]) + 1)
        flow, moved = simulate.run(
            columns, weather, state, interval, load=load, leaching_depth_cm=options.plough_depth_cm,
            depths_cm=[options.plough_depth_cm],
        )  # fmt: skip
        terms = {"rain": float(flow.rain_cm[0, 0])}
        terms |= {term: float(flow.sums_cm[0, 0, place]) for term, place in zip(TERMS, _PLACES, strict=True)}
        terms["drainage_20cm"] = float(flow.passed_cm[0, 0, 0])
        result.append(Season(first, last, columns, weather, state.head_cm[0], load, terms))
        state = flow.end
        if load is not None and moved is not None:
            load = replace(load, concentration_mg_l=moved.concentration_mg_l)
    return result, state


def _load(
    distinct: Distinct,
    members: Members,
    options: Options,
    columns: Columns,
    state: State,
    kd_l_kg: Sequence[float],
) -> Load:
    """One milligram a kilogram of each substance in the plough layer, which ends in a smooth edge."""
    kd = np.asarray(kd_l_kg, dtype=float)[:, None]
    shape = (1, columns.depth_cm.size)
    density = np.full(shape, distinct.bulk_density[members.soil[0]] / KG_M3_PER_G_CM3)
    content = 0.5 * (1.0 - np.tanh((columns.depth_cm - options.plough_depth_cm) / options.edge_width_cm))
    theta = state.water_cm / columns.thickness_cm
    return Load(
        metals=metals(np.repeat(kd, columns.depth_cm.size, axis=1), diffusion_cm2_d=options.diffusion_cm2_d),
        density_g_cm3=density,
        dispersivity_cm=np.full(shape, options.dispersivity_cm),
        concentration_mg_l=density * content / (theta + density * kd[:, :, None]),
    )
