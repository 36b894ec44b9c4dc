"""From emissions to what falls: the operator's product, the regional background, and where the metal lands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.landuse import LandUse
from metalbudget.quantities import MG_PER_KG

NOT_DEPOSITED = "hg0"  # elemental mercury has no class in the operator: it leaves the region
M_PER_KM = 1.0e3
MG_M2_PER_MM_UG_L = 1.0e-3  # 1 mm is 1 L m⁻²


@dataclass(frozen=True, eq=False)
class Operator:
    """Deposition per unit emitted, dry and wet together.

    Parameters
    ----------
    sources, classes : tuple of str
    total : ndarray, shape (sources, classes, ...)
        Any arrangement of cells in the last axes. [m⁻²]
    inside : ndarray, shape (sources, classes)
        Share deposited on the whole grid, sea included. [1]
    """

    sources: tuple[str, ...]
    classes: tuple[str, ...]
    total: NDArray
    inside: NDArray[np.float64]


def operator_from(files: Sequence[Mapping], cells: NDArray[np.bool_] | None = None) -> Operator:
    """Mean operator of several weather years.

    Parameters
    ----------
    files : sequence of mapping
        Content of operator files: source, class, dry, wet, inside.
    cells : ndarray of bool, shape (height, width), optional
        Keep these cells only, as one axis.

    Returns
    -------
    Operator

    Raises
    ------
    ValueError
        If there is no file, or sources or classes differ between them.
    """
    if not files:
        raise ValueError("no operator given")
    first = files[0]
    fields = []
    for content in files:
        if list(content["source"]) != list(first["source"]) or list(content["class"]) != list(first["class"]):
            raise ValueError("operators of different sources or classes cannot be averaged")
        field = content["dry"] + content["wet"]
        fields.append(field if cells is None else field[..., cells])
    total = fields[0] if len(fields) == 1 else sum(fields[1:], start=fields[0]) / np.float32(len(fields))
    inside = sum(np.asarray(content["inside"], dtype=np.float64) for content in files) / len(files)
    return Operator(tuple(first["source"]), tuple(first["class"]), total, np.asarray(inside))


def emission_matrix(
    emissions: Mapping[str, NDArray],
    year: int,
    operator: Operator,
    sectors: Sequence[str] | None = None,
) -> NDArray[np.float64]:
    """Emission of a year by source and class, the operator's classes and elemental mercury behind them.

    Parameters
    ----------
    emissions : mapping of column to array, shape (rows,)
        source_id, sector, year, class, kg.
    year : int
    operator : Operator
    sectors : sequence of str, optional
        Only these.

    Returns
    -------
    ndarray, shape (sources, classes + 1)
        [kg yr⁻¹]

    Raises
    ------
    ValueError
        If a row names a source or class that the operator does not know.
    """
    source_of = {name: number for number, name in enumerate(operator.sources)}
    class_of = {name: number for number, name in enumerate((*operator.classes, NOT_DEPOSITED))}
    result = np.zeros((len(source_of), len(class_of)))
    wanted = np.asarray(emissions["year"], dtype=float) == float(year)
    if sectors is not None:
        wanted &= np.isin(np.asarray(emissions["sector"], dtype=str), list(sectors))
    for row in np.flatnonzero(wanted):
        name, kind = str(emissions["source_id"][row]), str(emissions["class"][row])
        if name not in source_of or kind not in class_of:
            raise ValueError(f"the operator has no source {name!r} with class {kind!r}")
        result[source_of[name], class_of[kind]] += float(emissions["kg"][row])
    return result


def deposited_by_ring(
    files: Sequence[Mapping], metal: str, emission_kg: NDArray[np.float64]
) -> dict[str, list[float] | dict[str, list[float]]]:
    """What a metal's emission leaves between rings around its sources, by METHOD_1 and by METHOD_2.

    Parameters
    ----------
    files : sequence of mapping
        Content of operator files, whose mean counts: class, metal, gas, ring, kind, ring_class, ring_method_2.
    metal : str
    emission_kg : ndarray, shape (sources, classes + 1)
        From `emission_matrix`. [kg yr⁻¹]

    Returns
    -------
    dict
        ``outer_edge_km`` of the rings; ``method_1`` and ``method_2``, each with ``dry`` and ``wet`` by ring
        [kg yr⁻¹]. Empty where METHOD_2 has no pair for the metal.

    Notes
    -----
    METHOD_2 gives all particles of a metal one fine share and one mean diameter, whatever their class. Gases have no
    METHOD_2: they count the same in both. Rings lie around each source, on the grid and off it.
    """
    first = files[0]
    if metal not in first.get("metal", []):
        return {}
    emission = np.asarray(emission_kg, dtype=float)[:, :-1]
    is_gas = np.asarray(first["gas"], dtype=bool)
    here = list(first["metal"]).index(metal)
    by_class = np.mean([content["ring_class"] for content in files], axis=0)
    by_pair = np.mean([content["ring_method_2"][:, here] for content in files], axis=0)
    gas = np.einsum("sc,sckr->kr", emission[:, is_gas], by_class[:, is_gas])
    found = {
        "method_1": gas + np.einsum("sc,sckr->kr", emission[:, ~is_gas], by_class[:, ~is_gas]),
        "method_2": gas + np.einsum("s,skr->kr", emission[:, ~is_gas].sum(axis=1), by_pair),
    }
    kinds = list(first["kind"])
    return {"outer_edge_km": [float(edge) / M_PER_KM for edge in first["ring"]]} | {
        method: {kind: values[row].tolist() for row, kind in enumerate(kinds)} for method, values in found.items()
    }


def plume_deposition(operator: Operator, emission_kg: ArrayLike) -> NDArray[np.float64]:
    """Deposition of the region's own sources. [mg m⁻² yr⁻¹]

    Parameters
    ----------
    operator : Operator
        Over cells of any arrangement.
    emission_kg : array_like, shape (sources, classes) or (sources, classes + 1)
        A last column of elemental mercury does not deposit. [kg yr⁻¹]

    Returns
    -------
    ndarray, shape of the operator's cells
        On every square metre of a cell, whatever covers it.
    """
    emission = np.asarray(emission_kg, dtype=float)[:, : len(operator.classes)] * MG_PER_KG
    result = np.zeros(operator.total.shape[2:])
    for source, kind in zip(*np.nonzero(emission), strict=True):
        result += emission[source, kind] * operator.total[source, kind]
    return result


def sector_deposition(
    operator: Operator, emissions: Mapping[str, NDArray], year: int, sectors: Sequence[str]
) -> NDArray[np.float64]:
    """Deposition of each sector, so that a scenario can scale sectors. [mg m⁻² yr⁻¹]

    Parameters
    ----------
    operator : Operator
    emissions : mapping
        See `emission_matrix`.
    year : int
    sectors : sequence of str

    Returns
    -------
    ndarray, shape (sectors, ...)
        The last axes are the operator's cells.
    """
    return np.stack(
        [plume_deposition(operator, emission_matrix(emissions, year, operator, [name])) for name in sectors]
    )


def background_deposition(
    monitored_mg_m2: ArrayLike,
    plume_at_monitor_mg_m2: ArrayLike,
    crustal_share: float,
    trend_at_monitor: ArrayLike = 1.0,
) -> float:
    """Regional background: what monitors catch less resuspended soil and less our own plumes. [mg m⁻² yr⁻¹]

    Parameters
    ----------
    monitored_mg_m2, plume_at_monitor_mg_m2 : array_like, shape (monitors,)
        Bulk deposition, and the modelled plumes there in the monitor's year. [mg m⁻² yr⁻¹]
    crustal_share : float
        Share of monitored deposition that is local soil. [1]
    trend_at_monitor : array_like, shape (monitors,)
        Trend factor of the monitor's own year, so that monitors of different years are comparable. [1], > 0

    Returns
    -------
    float
        max(0, mean of the differences at trend factor 1); 0 without a monitor.

    Notes
    -----
    ASSUME the background is the same over the whole region: a handful of stations does not carry a map.
    """
    if not 0.0 <= crustal_share <= 1.0:
        raise ValueError(f"crustal share must lie in 0..1, got {crustal_share}")
    monitored = np.asarray(monitored_mg_m2, dtype=float)
    if monitored.size == 0:
        return 0.0
    regional = monitored * (1.0 - crustal_share) - np.asarray(plume_at_monitor_mg_m2, dtype=float)
    return max(0.0, float(np.mean(regional / np.asarray(trend_at_monitor, dtype=float))))


def plume_at(
    operator: Operator,
    emissions: Mapping[str, NDArray],
    years: ArrayLike,
    row: NDArray[np.integer],
    column: NDArray[np.integer],
) -> NDArray[np.float64]:
    """Plume deposition at single cells, each in the modelled year closest to its own. [mg m⁻² yr⁻¹]

    Parameters
    ----------
    operator : Operator
        Over the whole grid, (height, width).
    emissions : mapping
        See `emission_matrix`.
    years : array_like, shape (s,)
    row, column : ndarray of int, shape (s,)
        -1 where the place is off the grid.

    Returns
    -------
    ndarray, shape (s,)
        0 off the grid.
    """
    modelled = sorted({int(value) for value in emissions["year"]})
    result = np.zeros(np.shape(row))
    for place, year in enumerate(np.asarray(years, dtype=float)):
        if row[place] >= 0:
            amounts = emission_matrix(emissions, nearest_year(modelled, year), operator)[:, :-1]
            unit = operator.total[:, :, row[place], column[place]]
            result[place] = float((amounts * unit).sum()) * MG_PER_KG
    return result


def trend_factor(years: ArrayLike, factors: ArrayLike, year: float) -> float:
    """Trend factor of a year; linear between rows, constant outside; 1 without rows."""
    years, factors = np.asarray(years, dtype=float), np.asarray(factors, dtype=float)
    if years.size == 0:
        return 1.0
    order = np.argsort(years)
    return float(np.interp(year, years[order], factors[order]))


def nearest_year(years: Sequence[int], year: float) -> int:
    """The modelled year closest to a monitor's year, the earlier of two."""
    return min(sorted(int(value) for value in years), key=lambda value: abs(value - year))


def split(
    plume_mg_m2: NDArray[np.float64],
    background_mg_m2: float,
    land: NDArray[np.bool_],
    landuse: LandUse,
    runoff_mm: NDArray[np.float64],
    event_concentration_ug_l: float,
    cell_area_m2: float,
    wash_off: bool = True,
) -> tuple[dict[str, NDArray[np.float64]], dict[str, float]]:
    """Where deposition lands: open soil, sealed ground, water and sea.

    Parameters
    ----------
    plume_mg_m2 : ndarray, shape (height, width)
        On every square metre, land and sea. [mg m⁻² yr⁻¹]
    background_mg_m2 : float
        On every square metre of land cells. [mg m⁻² yr⁻¹]
    land : ndarray of bool, shape (height, width)
    landuse : LandUse
        Of the land cells.
    runoff_mm : ndarray, shape (n,)
        Annual runoff from sealed ground of the land cells. [mm yr⁻¹]
    event_concentration_ug_l : float
        Mean concentration in urban runoff. [µg L⁻¹]
    cell_area_m2 : float
        [m²]
    wash_off : bool
        False leaves all of it on the street.

    Returns
    -------
    cells : dict of ndarray, shape (n,)
        deposition, background (onto open soil), wash_off, street_dust; per m² of cell. [mg m⁻² yr⁻¹]
    totals : dict of float
        deposition, background, wash_off, street_dust, sea, background_total, plume_total. [kg yr⁻¹]

    Notes
    -----
    Wash-off is min(deposition on sealed ground, runoff times mean concentration), per m² of sealed ground. `sea`
    holds sea cells (plumes only) and inland water (both).
    """
    plume = plume_mg_m2[land]
    sealed = np.maximum(landuse.sealed, 0.0)  # as the rest of one it may be -1e-17
    both = plume + background_mg_m2
    washable = runoff_mm * event_concentration_ug_l * MG_M2_PER_MM_UG_L if wash_off else np.zeros_like(plume)
    washed = np.minimum(both, washable) * sealed
    cells = {
        "deposition": plume * landuse.open_share,
        "background": background_mg_m2 * landuse.open_share,
        "wash_off": washed,
        "street_dust": both * sealed - washed,
    }
    to_kg = cell_area_m2 / MG_PER_KG
    totals = {name: float(values.sum()) * to_kg for name, values in cells.items()}
    totals["sea"] = (float(plume_mg_m2[~land].sum()) + float((both * landuse.water).sum())) * to_kg
    totals["background_total"] = background_mg_m2 * plume.size * to_kg
    totals["plume_total"] = float(plume_mg_m2.sum()) * to_kg
    return cells, totals


def air_budget(
    emission_kg: NDArray[np.float64],
    operator: Operator,
    totals: Mapping[str, float],
    tolerance: float = np.inf,
) -> dict[str, float]:
    """Ledger of the air: what was emitted and what became of it. [kg yr⁻¹]

    Parameters
    ----------
    emission_kg : ndarray, shape (sources, classes + 1)
        From `emission_matrix`. [kg yr⁻¹]
    operator : Operator
    totals : mapping
        From `split`. [kg yr⁻¹]
    tolerance : float
        Largest residual as a share of what enters the air. [1]

    Returns
    -------
    dict
        emission, background_total; deposition, background, wash_off, street_dust, sea, outside_air; `residual`, their
        difference, is rounding only.

    Raises
    ------
    ValueError
        If the budget does not close.
    """
    emission = float(emission_kg.sum())
    outside = float((emission_kg[:, :-1] * (1.0 - operator.inside)).sum() + emission_kg[:, -1].sum())
    result = {"emission": emission, "background_total": totals["background_total"], "outside_air": outside}
    for name in ("deposition", "background", "wash_off", "street_dust", "sea"):
        result[name] = totals[name]
    gained = result["emission"] + result["background_total"]
    spent = sum(result[name] for name in ("deposition", "background", "wash_off", "street_dust", "sea"))
    result["residual"] = gained - spent - outside
    if abs(result["residual"]) > tolerance * max(gained, 1.0e-30):
        raise ValueError(f"the air budget does not close: {result['residual']:g} kg of {gained:g} kg")
    return result
