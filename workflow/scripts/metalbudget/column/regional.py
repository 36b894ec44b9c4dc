"""The distinct columns of a region: how they are described, grouped and driven by a year's weather."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.column import classes, rainfall, response
from metalbudget.column.columns import Columns, Weather, graded_depths, layer_index
from metalbudget.column.ladder import FIRST, polynomial_weights, rain_ladder, refined_ladder
from metalbudget.column.pan import pan_conductivity
from metalbudget.hydraulics import VanGenuchten

CM_PER_M = 100.0
MM_PER_CM = 10.0
KG_M3_PER_G_CM3 = 1000.0
UNLIMITED_POND_CM = 1000.0  # where the curve number has taken what runs off, the rest waits until it can enter


@dataclass(frozen=True)
class Options:
    """What the configuration and ``soil_column.csv`` decide about columns.

    Parameters
    ----------
    runoff : {'curve_number', 'columns'}
        What decides how much water runs off.
    outflow : {'plough_layer', 'interior_edge'}
        How leaching out of the plough layer is defined.
    rain_rungs, rain_rungs_bunded : int
        Values of rain at which columns of open land are solved; most of them for land with bunds.
    rain_tolerance : float
        Relative error between them at which land with bunds gets another. [1]
    plough_depth_cm, column_depth_cm : float
        [cm]
    nodes : int
        Of a column.
    first_spacing_cm : float
        Between the two uppermost nodes. [cm]
    pan_thickness_cm : float
        Of a plough pan below the plough layer. [cm]
    surface_storage_cm : float
        Water that rough ground holds before it runs off, where there are no bunds and columns decide. [cm]
    dispersivity_cm, diffusion_cm2_d, edge_width_cm : float
        Of metals in soil water; the width over which the content falls below the plough layer. [cm], [cm² d⁻¹]
    initial_head_cm : float
        Head at which the first pass begins. [cm]
    initial_abstraction_ratio : float
        [1]
    dry_day_rain_mm : float
        [mm d⁻¹]
    tolerance_mm : float
        Largest storage change over the year. [mm]
    cycles : int
        Most passes of the year.
    """

    runoff: str
    outflow: str
    rain_rungs: int
    rain_rungs_bunded: int
    rain_tolerance: float
    plough_depth_cm: float
    column_depth_cm: float
    nodes: int
    first_spacing_cm: float
    pan_thickness_cm: float
    surface_storage_cm: float
    dispersivity_cm: float
    diffusion_cm2_d: float
    edge_width_cm: float
    initial_head_cm: float
    initial_abstraction_ratio: float
    dry_day_rain_mm: float
    tolerance_mm: float
    cycles: int

    @classmethod
    def of(cls, water: Mapping[str, Any], outflow: str, table: Mapping[str, float]) -> "Options":
        """From the configuration's ``water`` and the rows of ``soil_column.csv``."""
        return cls(
            runoff=str(water["runoff"]),
            outflow=outflow,
            rain_rungs=int(water["rain_rungs"]),
            rain_rungs_bunded=int(water["rain_rungs_bunded"]),
            rain_tolerance=float(water["rain_tolerance"]),
            plough_depth_cm=CM_PER_M * table["plough_depth_m"],
            column_depth_cm=CM_PER_M * table["column_depth_m"],
            nodes=int(table["nodes"]),
            first_spacing_cm=CM_PER_M * table["first_spacing_m"],
            pan_thickness_cm=CM_PER_M * table["pan_thickness_m"],
            surface_storage_cm=table["surface_storage_mm"] / MM_PER_CM,
            dispersivity_cm=CM_PER_M * table["dispersivity_m"],
            diffusion_cm2_d=table["diffusion_cm2_d"],
            edge_width_cm=CM_PER_M * table["edge_width_m"],
            initial_head_cm=table["initial_head_cm"],
            initial_abstraction_ratio=float(water["initial_abstraction_ratio"]),
            dry_day_rain_mm=table["dry_day_rain_mm"],
            tolerance_mm=table["spin_up_tolerance_mm"],
            cycles=int(table["spin_up_cycles"]),
        )


@dataclass(frozen=True, eq=False)
class Distinct:
    """Distinct columns: land use × soil × water table × rain.

    Parameters
    ----------
    soil : VanGenuchten
        Of the s soils.
    soil_names : tuple of str, length s
    bulk_density : ndarray, shape (s,)
        [kg m⁻³]
    curve_number : ndarray, shape (k, s, z, w)
        Of open ground. [1]
    water_table_cm : ndarray, shape (w,)
        Infinite where the column drains freely. [cm]
    cells : ndarray of int, shape (s, z, w)
        Land cells of each soil, climate zone and water table; a soil and water table without any are not solved.
    irrigation : ndarray, shape (k,)
        [mm yr⁻¹]
    tables : LandUseTables
        Of the k classes.
    rain_factors, climate_factors : ndarray, shape (r,), (z,)
        [1]
    pans : ndarray, shape (k, s, 12)
        Saturated conductivity below the plough layer by month (`pans_of`); infinite without a pan. [cm d⁻¹]
    """

    soil: VanGenuchten
    soil_names: tuple[str, ...]
    bulk_density: NDArray[np.float64]
    curve_number: NDArray[np.float64]
    water_table_cm: NDArray[np.float64]
    cells: NDArray[np.int64]
    irrigation: NDArray[np.float64]
    tables: response.LandUseTables
    rain_factors: NDArray[np.float64]
    climate_factors: NDArray[np.float64]
    pans: NDArray[np.float64]

    @property
    def pair_cells(self) -> NDArray[np.int64]:
        """Land cells of each soil and water table, shape (s, w)."""
        return self.cells.sum(axis=1)

    @property
    def mean_curve_number(self) -> NDArray[np.float64]:
        """Mean over the cells of all zones, shape (k, s, w). [1]"""
        weight = np.where(self.pair_cells[:, None, :] > 0, self.cells, 1).astype(float)
        return (self.curve_number * weight).sum(axis=2) / weight.sum(axis=1)

    def is_refined(self, landuse: int, options: Options) -> bool:
        """Whether the ladder of rain of a class is refined where its response bends.

        Bunds that overflow in wet years alone bend it, each in its own way.
        """
        products = np.unique(np.multiply.outer(self.rain_factors, self.climate_factors))
        bunded = bool(np.any(self.tables.bund_height[landuse] > 0.0))
        return bunded and len(FIRST) <= options.rain_rungs_bunded < products.size

    def ladder(self, landuse: int, options: Options) -> NDArray[np.float64]:
        """Rain at which columns of a class are solved (`rain_ladder`), at first if it is refined; shape (n,). [1]"""
        if self.is_refined(landuse, options):
            rain = np.multiply.outer(self.rain_factors, self.climate_factors)
            return refined_ladder(float(rain.min()), float(rain.max()), 0)
        bunded = bool(np.any(self.tables.bund_height[landuse] > 0.0))
        rungs = options.rain_rungs_bunded if bunded else options.rain_rungs
        return rain_ladder(self.rain_factors, self.climate_factors, rungs)

    def between(self, ladder: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values on a ladder of rain, shape (n, ...), at every rain factor and zone, shape (r, z, ...)."""
        at = np.multiply.outer(self.rain_factors, self.climate_factors)
        return np.tensordot(polynomial_weights(ladder, at), values, axes=1)

    def index(self, options: Options) -> "Members":
        """Every column to be solved, before ladders are refined."""
        pairs = np.argwhere(self.pair_cells > 0)
        ladders = [self.ladder(k, options) for k in range(len(self.tables.classes))]
        rows = [(k, s, w, rain) for k, ladder in enumerate(ladders) for s, w in pairs for rain in ladder]
        return Members.of(rows)


@dataclass(frozen=True, eq=False)
class Members:
    """Indices of columns in the dimensions of `Distinct`, and their rain relative to the station, shape (c,) each."""

    landuse: NDArray[np.int64]
    soil: NDArray[np.int64]
    water_table: NDArray[np.int64]
    rain: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Sequence[tuple[int, int, int, float]]) -> "Members":
        """From rows of land use, soil, water table and rain."""
        table = np.array(rows, dtype=float).reshape(-1, 4)
        landuse, soil, water_table = table[:, :3].astype(np.int64).T
        return cls(landuse, soil, water_table, table[:, 3])

    def take(self, chosen: NDArray[np.int64]) -> "Members":
        """Some of them."""
        return Members(self.landuse[chosen], self.soil[chosen], self.water_table[chosen], self.rain[chosen])

    @property
    def count(self) -> int:
        """How many."""
        return int(self.landuse.size)


def joined(parts: Sequence[Members]) -> Members:
    """Columns one after the other."""
    fields = ("landuse", "soil", "water_table", "rain")
    return Members(*(np.concatenate([getattr(part, field) for part in parts]) for field in fields))


def ladders_of(members: Members) -> list[tuple[int, int, int, NDArray[np.int64]]]:
    """Land use, soil and water table, and which columns make up its ladder of rain, in rising order."""
    order = np.lexsort((members.rain, members.water_table, members.soil, members.landuse))
    key = np.stack([members.landuse, members.soil, members.water_table], axis=1)[order]
    edges = np.flatnonzero(np.any(np.diff(key, axis=0) != 0, axis=1)) + 1
    parts = np.split(order, edges)
    return [
        (int(members.landuse[own[0]]), int(members.soil[own[0]]), int(members.water_table[own[0]]), own)
        for own in parts
    ]


def name_of(distinct: Distinct, members: Members, index: int) -> str:
    """Identity of a column and its cells, for messages."""
    soil, table = int(members.soil[index]), int(members.water_table[index])
    landuse = distinct.tables.classes[int(members.landuse[index])]
    rain = members.rain[index]
    return (
        f"soil {distinct.soil_names[soil]}, land use {landuse}, water table {classes.WATER_TABLES[table]}, "
        f"rain {rain:.3g} of the station's ({int(distinct.pair_cells[soil, table])} cells of this soil and water table)"
    )


def seasons_of(tables: response.LandUseTables, landuse: int) -> list[tuple[int, int]]:
    """First and last month of each run of months, within the year, in which bund and pan stay as they are."""
    bund, pan = tables.bund_height[landuse], tables.percolation_limit[landuse]
    starts = [0] + [m for m in range(1, 12) if bund[m] != bund[m - 1] or pan[m] != pan[m - 1]]
    return [(start + 1, end) for start, end in zip(starts, [*starts[1:], 12], strict=True)]


def pieces_of(distinct: Distinct, members: Members, most: int) -> list[NDArray[np.int64]]:
    """Columns that can be run together: the same seasons, heads of uptake and kind of lower end; at most `most`."""
    tables = distinct.tables
    groups: dict[Any, list[int]] = {}
    for index in range(members.count):
        k = int(members.landuse[index])
        key = (
            tuple(seasons_of(tables, k)),
            tuple(tables.bund_height[k]),
            tuple(np.isfinite(tables.percolation_limit[k])),
            tuple(tables.uptake_heads[k]),
            bool(np.isfinite(distinct.water_table_cm[members.water_table[index]])),
        )
        groups.setdefault(key, []).append(index)
    pieces = []
    for own in groups.values():
        # neighbours of one soil share its tables
        order = sorted(own, key=lambda i: (members.soil[i], members.landuse[i], members.rain[i]))
        count = -(-len(order) // most)
        pieces += [np.array(part, dtype=np.int64) for part in np.array_split(np.array(order), count)]
    return pieces


def _nodes(options: Options) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Depths of the nodes, and whether each lies in the plough layer, in what may be a pan, or below. [cm]"""
    depth = graded_depths(options.column_depth_cm, options.nodes, options.first_spacing_cm)
    pan_ends = options.plough_depth_cm + options.pan_thickness_cm
    return depth, layer_index(depth, [options.plough_depth_cm, pan_ends, options.column_depth_cm])


def pans_of(soil: VanGenuchten, tables: response.LandUseTables, options: Options) -> NDArray[np.float64]:
    """Conductivity of plough pans, shape (k, s, 12): lets the percolation limit through under half-full bunds.

    A pan is a layer of its own below the plough layer (`pan.pan_conductivity`). [cm d⁻¹]
    """
    depth, layer = _nodes(options)
    result = np.full((len(tables.classes), soil.ks.size, 12), np.inf)
    row, month = np.nonzero(np.isfinite(tables.percolation_limit))
    cases = [(tables.percolation_limit[k, m] / MM_PER_CM, tables.bund_height[k, m] / MM_PER_CM) for k, m in
             zip(row, month, strict=True)]  # fmt: skip
    for percolation, bund in sorted(set(cases)):
        count = soil.ks.size
        dense = pan_conductivity(np.full(count, percolation), np.full(count, 0.5 * bund), depth, layer == 1, soil)
        for k, m, case in zip(row, month, cases, strict=True):
            if case == (percolation, bund):
                result[k, :, m] = dense
    return result


def columns_in(
    distinct: Distinct, members: Members, options: Options, month: int, names: Sequence[str] = ()
) -> Columns:
    """The columns of one piece as they are in a month.

    Parameters
    ----------
    distinct : Distinct
    members : Members
        Of one piece.
    options : Options
    month : int
        1..12.
    names : sequence of str

    Returns
    -------
    Columns
    """
    depth, layer = _nodes(options)
    tables, k, s = distinct.tables, members.landuse, members.soil
    bund = tables.bund_height[k, month - 1] / MM_PER_CM
    own = VanGenuchten(*(getattr(distinct.soil, key)[s] for key in ("theta_r", "theta_s", "alpha", "n", "ks")))
    ks = np.repeat(own.ks[:, None], 3, axis=1)
    ks[:, 1] = np.minimum(ks[:, 1], distinct.pans[k, s, month - 1])
    roots = np.where(
        depth[None, :] < np.minimum(CM_PER_M * tables.root_depth_m[k], options.column_depth_cm)[:, None],
        tables.root_beta[k][:, None] ** depth[None, :],
        0.0,
    )
    storage = UNLIMITED_POND_CM if options.runoff == "curve_number" else options.surface_storage_cm
    shallow = bool(np.isfinite(distinct.water_table_cm[members.water_table[0]]))
    three = {key: np.repeat(getattr(own, key)[:, None], 3, axis=1) for key in ("theta_r", "theta_s", "alpha", "n")}
    return Columns(
        depth_cm=depth,
        layer=np.ascontiguousarray(np.broadcast_to(layer, (members.count, depth.size))),
        theta_r=three["theta_r"],
        theta_s=three["theta_s"],
        alpha_1_cm=three["alpha"],
        n=three["n"],
        ks_cm_d=ks,
        root_density=roots,
        feddes=(*tables.uptake_heads[k[0]], *tables.uptake_rates_cm_d),
        bottom="head" if shallow else "free_drainage",
        bottom_head_cm=options.column_depth_cm - float(distinct.water_table_cm[members.water_table[0]])
        if shallow
        else 0.0,
        pond_cm=np.where(bund > 0.0, bund, storage),
        names=tuple(names),
    )


@dataclass(frozen=True, eq=False)
class Driven:
    """A year's weather at the surface of c columns.

    Parameters
    ----------
    records : Records
        m records of d days.
    rain, evaporation, transpiration : ndarray, shape (c, m)
        What the soil gets with irrigation, and what the air asks from soil and plants. [cm d⁻¹]
    fallen, irrigation, shed, intercepted : ndarray, shape (c, d)
        [mm d⁻¹]
    """

    records: rainfall.Records
    rain: NDArray[np.float64]
    evaporation: NDArray[np.float64]
    transpiration: NDArray[np.float64]
    fallen: NDArray[np.float64]
    irrigation: NDArray[np.float64]
    shed: NDArray[np.float64]
    intercepted: NDArray[np.float64]

    def weather(self, first_day: int, last_day: int) -> tuple[Weather, NDArray[np.int64]]:
        """Of days `first_day` to before `last_day`, and the day of each record, from 0."""
        own = (self.records.day >= first_day) & (self.records.day < last_day)
        weather = Weather(
            self.records.days[own], self.rain[:, own], self.evaporation[:, own], self.transpiration[:, own]
        )
        return weather, self.records.day[own] - first_day


def drive(
    distinct: Distinct,
    members: Members,
    options: Options,
    records: rainfall.Records,
    evapotranspiration: NDArray[np.float64],
) -> Driven:
    """Bring a year's weather to the surface of columns.

    Parameters
    ----------
    distinct : Distinct
    members : Members
    options : Options
    records : Records
    evapotranspiration : ndarray, shape (d,)
        Reference evapotranspiration. [mm d⁻¹]

    Returns
    -------
    Driven

    Notes
    -----
    What the canopy does not take of the potential evapotranspiration falls on soil and plants by the class's share of
    evaporation, evenly over the day. ASSUME no snow.
    """
    tables, k = distinct.tables, members.landuse
    by_day = records.month - 1
    demand = tables.crop_coefficient[k][:, by_day] * evapotranspiration
    bunded = tables.bund_height[k][:, by_day] > 0.0
    factor = members.rain
    numbers = None
    if options.runoff == "curve_number":
        numbers = distinct.mean_curve_number[k, members.soil, members.water_table]
    reaching = rainfall.reaching_soil(
        records,
        factor,
        tables.cover.interception_capacity[k],
        demand,
        numbers,
        bunded,
        options.initial_abstraction_ratio,
    )
    irrigation = response.irrigation_schedule(
        distinct.irrigation, records.daily_rain, records.month, tables.irrigation_month, options.dry_day_rain_mm
    ).T[k]

    def daily(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.add.reduceat(values, np.flatnonzero(np.diff(records.day, prepend=-1)), axis=1)

    intercepted = daily(reaching.intercepted)
    left = np.maximum(demand - intercepted, 0.0)[:, records.day] / MM_PER_CM
    share = tables.evaporation_share[k][:, None]
    return Driven(
        records=records,
        rain=(reaching.rain / records.days + irrigation[:, records.day]) / MM_PER_CM,
        evaporation=left * share,
        transpiration=left * (1.0 - share),
        fallen=factor[:, None] * records.daily_rain,
        irrigation=irrigation,
        shed=daily(reaching.shed),
        intercepted=intercepted,
    )
