"""Numbers that figures, claims and the page take from a finished study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.airborne import Operator
from metalbudget.outcome.files import Outcome, Table, pick

Vector = NDArray[np.float64]

# Overload status of a cell, by code.
STATUS = ("within", "later", "soon", "throughout", "recovers", "no_limit")
MASS_BIN_KM = 0.1
NORMAL_QUANTILE_95 = 1.6448536269514722


def emissions_by_sector(table: Mapping[str, NDArray], years: Sequence[int]) -> dict[str, list[float]]:
    """Emission of each sector by year. [kg yr⁻¹]

    Parameters
    ----------
    table : mapping of column to array
        ``sector``, ``year``, ``kg``.
    years : sequence of int
    """
    return {
        sector: [float(table["kg"][(table["sector"] == sector) & (table["year"] == year)].sum()) for year in years]
        for sector in sorted(set(table["sector"]))
    }


def distance_to_sources_km(x: NDArray, y: NDArray, source_x: NDArray, source_y: NDArray) -> Vector:
    """Distance of points to the nearest of the sources, infinite without a source. [km]"""
    nearest = np.full(np.shape(x), np.inf)
    for east, north in zip(source_x, source_y, strict=True):
        nearest = np.minimum(nearest, np.hypot(x - east, y - north))
    return nearest / 1e3


@dataclass(frozen=True, eq=False)
class MassByDistance:
    """Where a year's deposited mass lies, by distance from the source that emitted it.

    Parameters
    ----------
    edges_km : ndarray, shape (bins + 1,)
    kg : mapping of metal to ndarray, shape (bins,)
        Deposited on the grid, land and sea, by point sources. [kg yr⁻¹]
    even_kg : mapping of metal to ndarray, shape (bins,)
        The same mass of each source spread evenly over the grid, to compare with. [kg yr⁻¹]
    """

    edges_km: Vector
    kg: Mapping[str, Vector]
    even_kg: Mapping[str, Vector]

    def cumulative(self, metal: str, even: bool = False) -> Vector:
        """Share of the mass within each edge, shape (bins + 1,). [1] NaN where nothing is deposited."""
        mass = (self.even_kg if even else self.kg)[metal]
        total = float(mass.sum())
        share = np.concatenate([[0.0], np.cumsum(mass)])
        return share / total if total > 0.0 else np.full(share.shape, np.nan)

    def holding_km(self, metal: str, percents: Sequence[int] = (50, 80, 95)) -> dict[int, float]:
        """Distance that holds each percentage of the mass. [km]"""
        share = self.cumulative(metal)
        if not np.isfinite(share).all():
            return {percent: float("nan") for percent in percents}
        return {percent: float(np.interp(percent / 100.0, share, self.edges_km)) for percent in percents}


def mass_by_distance(
    operator: Operator,
    amounts: Mapping[str, NDArray[np.float64]],
    x: Vector,
    y: Vector,
    cell_area_m2: float,
    places: Mapping[str, tuple[float, float]],
) -> MassByDistance:
    """Sum the deposition of each point source by distance from that source.

    Parameters
    ----------
    operator : Operator
        On the whole grid; total of shape (sources, classes, height, width).
    amounts : mapping of metal to ndarray, shape (sources, classes + 1)
        As `airborne.emission_matrix` gives them. [kg yr⁻¹]
    x, y : ndarray, shape (width,), (height,)
        Cell centres. [m]
    cell_area_m2 : float
        [m²]
    places : mapping of source to (easting, northing)
        Point sources. [m]

    Returns
    -------
    MassByDistance
    """
    farthest = max((_farthest_km(x, y, place) for place in places.values()), default=MASS_BIN_KM)
    edges = np.arange(0.0, farthest + 2.0 * MASS_BIN_KM, MASS_BIN_KM)
    kg = {metal: np.zeros(edges.size - 1) for metal in amounts}
    even = {metal: np.zeros(edges.size - 1) for metal in amounts}
    classes = len(operator.classes)
    for row, source in enumerate(operator.sources):
        if source not in places:
            continue
        emitted = np.stack([matrix[row, :classes] for matrix in amounts.values()])
        if not emitted.any():
            continue
        east, north = places[source]
        distance = np.hypot(x[None, :] - east, y[:, None] - north).ravel() / 1e3
        number = np.minimum((distance / MASS_BIN_KM).astype(np.int64), edges.size - 2)
        fallen = emitted @ operator.total[row].reshape(classes, -1) * cell_area_m2
        cells = np.bincount(number, minlength=edges.size - 1)
        for metal, mass in zip(amounts, fallen, strict=True):
            kg[metal] += np.bincount(number, weights=mass, minlength=edges.size - 1)
            even[metal] += mass.sum() * cells / number.size
    return MassByDistance(edges, kg, even)


def _farthest_km(x: Vector, y: Vector, place: tuple[float, float]) -> float:
    east, north = place
    return float(np.hypot(np.abs(x - east).max(), np.abs(y - north).max())) / 1e3


def history_terms(ledger: Mapping[str, NDArray], metal: str) -> dict[str, float]:
    """Yearly mean of each ledger term over the history. [kg yr⁻¹]"""
    rows = pick(ledger, metal=metal, scenario="history")
    years = max(len(set(rows["year"])), 1)
    return {term: float(rows["kg"][rows["term"] == term].sum()) / years for term in sorted(set(rows["term"]))}


def overload_status(
    start: tuple[Vector, Vector], end: tuple[Vector, Vector], overload_year: NDArray, soon: float
) -> Vector:
    """Status of each cell by the limit of its dominant class.

    Parameters
    ----------
    start, end : pair of ndarray
        Concentration and limit at the start and the end of the forecast. [mg kg⁻¹], NaN without a limit
    overload_year : ndarray of int
        First year above the limit.
    soon : float
        Calendar year up to which a new overload comes soon.

    Returns
    -------
    ndarray of float
        Index into `STATUS`: within capacity at the end (whether or not above it in between), overloaded at the end
        since after or before ``soon``, at the start and the end, at the start only, or no limit at one of the two.
    """
    before, after = start[0] > start[1], end[0] > end[1]
    new = np.where(overload_year <= soon, STATUS.index("soon"), STATUS.index("later"))
    status = np.where(after, np.where(before, STATUS.index("throughout"), new), STATUS.index("within"))
    status = np.where(before & ~after, STATUS.index("recovers"), status)
    limited = np.isfinite(start[1]) & np.isfinite(end[1])
    return np.where(limited, status, STATUS.index("no_limit")).astype(float)


def worst_class(codes: Sequence[NDArray], table: Mapping[str, float | str]) -> NDArray[np.uint8]:
    """Class of the metal with the least capacity left in each cell.

    Parameters
    ----------
    codes : sequence of ndarray of uint8
        Capacity class of each metal; 255 at sea.
    table : mapping
        ``capacity_classes.csv``, keyed ``class_name/code`` and ``class_name/lower_bound``.

    Returns
    -------
    ndarray of uint8
        Overload first, then the classes in the order of their bounds. A geogenic exceedance or a missing limit counts
        only where no metal has a class; 255 at sea.
    """
    order = class_order(table)
    rank_of = np.full(256, -1)
    rank_of[order] = np.arange(len(order))
    rank = np.max([rank_of[code] for code in codes], axis=0)
    return np.where(rank >= 0, np.array(order)[np.maximum(rank, 0)], 255).astype(np.uint8)


def class_order(table: Mapping[str, float | str]) -> list[int]:
    """Codes of the capacity classes, from the least to the most worrying; geogenic and no limit before all of them."""
    bounds = {key.removesuffix("/lower_bound"): float(v) for key, v in table.items() if key.endswith("/lower_bound")}
    names = ["no_limit", "geogenic", *sorted(bounds, key=lambda name: -bounds[name]), "overload"]
    return [int(table[f"{name}/code"]) for name in names]


def overload_shares(
    summary: Table, measure: str, correction: str = "with", landuse_class: str = "all"
) -> tuple[list[int], list[float]]:
    """Years of the snapshots and the overloaded share of open soil. [1]"""
    rows = pick(summary, measure=measure, correction=correction, landuse_class=landuse_class)
    order = np.argsort(rows["year"], kind="stable")
    return [int(year) for year in rows["year"][order]], [float(share) for share in rows["overload_share"][order]]


def index_by_landuse(summary: Table, correction: str = "with") -> dict[str, tuple[float, float, float]]:
    """Mean capacity index at the first and the last snapshot and open soil at the first [km²], by land use."""
    rows = pick(summary, measure="map_mean", correction=correction)
    first, last = rows["year"].min(), rows["year"].max()
    result = {}
    for name in dict.fromkeys(rows["landuse_class"]):
        own = pick(rows, landuse_class=name)
        start, end = pick(own, year=first), pick(own, year=last)
        result[str(name)] = (
            float(start["mean_capacity_index"][0]),
            float(end["mean_capacity_index"][0]),
            float(start["area_km2"][0]),
        )
    return result


def map_against_truth(mean: Vector, log_standard_error: Vector, truth: Vector) -> dict[str, float]:
    """A map held against the truth of a generated region, over its cells.

    Parameters
    ----------
    mean, log_standard_error : ndarray, shape (n,)
        Arithmetic mean [mg kg⁻¹] and standard deviation of the logarithm [1].
    truth : ndarray, shape (n,)
        [mg kg⁻¹], > 0

    Returns
    -------
    dict
        ``mean truth rmse bias`` [mg kg⁻¹], ``correlation`` of the logarithms, ``coverage_90`` [1]: share of cells
        whose truth lies inside the log-normal 90 % interval exp(ln m − σ²/2 ± 1.645 σ).
    """
    error = mean - truth
    centre = np.log(mean) - 0.5 * np.square(log_standard_error)
    inside = np.abs(np.log(truth) - centre) <= NORMAL_QUANTILE_95 * log_standard_error
    return {
        "mean": float(mean.mean()),
        "truth": float(truth.mean()),
        "rmse": float(np.sqrt(np.mean(np.square(error)))),
        "bias": float(error.mean()),
        "correlation": float(np.corrcoef(np.log(mean), np.log(truth))[0, 1]) if mean.size > 1 else float("nan"),
        "coverage_90": float(np.mean(inside)),
    }


def monitor_year(outcome: Outcome, year: float) -> int:
    """Modelled year nearest to a monitor's year, the earlier of two."""
    return min(outcome.years, key=lambda modelled: abs(modelled - year))
