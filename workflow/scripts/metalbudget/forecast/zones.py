"""Zones: the land that a concentration is judged on, where it is overloaded, and what changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metalbudget import capacity, limits
from metalbudget.forecast.roll import Outcome, Snapshot
from metalbudget.landuse import SOIL_CLASSES

if TYPE_CHECKING:
    from metalbudget.forecast.reading import Case

Vector = NDArray[np.float64]

M2_PER_KM2 = 1.0e6
MEASURES = ("map_mean", "probability")
NO_OPEN_SOIL = 254
# Bands of the maps of one time, and their quantities in the registry.
BANDS = {
    "limit_mg_kg": "limit",
    "concentration_mg_kg": "concentration",
    "capacity_index": "capacity_index",
    "remaining_capacity_g_ha": "capacity",
    "dynamic_capacity_g_ha_yr": "annual_capacity",
    "overload_probability": "probability",
    "layer_concentration_mg_kg": "concentration",
}
CLASS_BANDS = ("class_now", "class_end", "landuse_now", "landuse_end")


@dataclass(frozen=True, eq=False)
class Receptors:
    """Land and its limits at one time.

    Parameters
    ----------
    shares : ndarray, shape (9, n)
        Open soil by class. [m² m⁻² of cell]
    limits : ndarray, shape (9, n)
        [mg kg⁻¹], NaN without a limit.
    """

    shares: Vector
    limits: Vector

    @property
    def dominant_limit(self) -> Vector:
        """Limit of the class that covers most of the cell's open soil, shape (n,). [mg kg⁻¹]"""
        return limits.of_dominant_class(self.limits, self.shares)[0]


@dataclass(frozen=True, eq=False)
class State:
    """Concentration at one time.

    Parameters
    ----------
    mean : ndarray, shape (n,)
        [mg kg⁻¹]
    log_standard_error : ndarray, shape (n,)
        [1]
    """

    mean: Vector
    log_standard_error: Vector
    _areas: dict[tuple[int, str], tuple["Receptors", Vector, Vector]] = field(default_factory=dict, repr=False)

    def overloaded_areas(self, receptors: Receptors, measure: str) -> tuple[Vector, Vector]:
        """Overloaded and whole open soil of every class over all cells, each of shape (9,). [cells]

        Kept, because one start is compared with many ends.
        """
        key = (id(receptors), measure)
        if key not in self._areas:
            over = receptors.shares * self.overload(receptors, measure)
            self._areas[key] = (receptors, over.sum(axis=1), receptors.shares.sum(axis=1))
        return self._areas[key][1:]

    def overload(self, receptors: Receptors, measure: str) -> Vector:
        """Overload of each class in each cell, shape (9, n): 0 or 1 by the mean map, or its probability. [1]

        0 where the class has no limit or no soil.
        """
        judged = (receptors.shares > 0.0) & np.isfinite(receptors.limits)
        if measure == "map_mean":
            return ((self.mean > receptors.limits) & judged).astype(float)
        if measure == "probability":
            _, cell = np.nonzero(judged)
            result = np.zeros(judged.shape)
            result[judged] = capacity.overload_probability(
                self.mean[cell], self.log_standard_error[cell], receptors.limits[judged]
            )
            return result
        raise ValueError(f"measure must be 'map_mean' or 'probability', got {measure!r}")


def state_of(
    snapshot: Snapshot,
    initial: Vector,
    log_standard_error: Vector,
    anchor: Vector | float = 0.0,
    depth: str = "legal",
) -> State:
    """State of a snapshot with the starting map's error carried along.

    Parameters
    ----------
    snapshot : Snapshot
    initial, log_standard_error : ndarray, shape (n,)
        The starting map. [mg kg⁻¹], [1]
    anchor : ndarray, shape (n,), or float
        What the weathering closure keeps in balance; 0 without it. [mg kg⁻¹]
    depth : str
        ``legal`` or ``layer``.

    Returns
    -------
    State
    """
    legal = depth == "legal"
    mean, kept = (snapshot.legal, snapshot.legal_kept) if legal else (snapshot.layer, snapshot.kept)
    return State(mean, capacity.forecast_log_error(log_standard_error, initial, mean, kept, anchor))


def summary_rows(
    state: State, receptors: Receptors, background: Vector, cell_area_m2: float, measure: str
) -> dict[str, capacity.ZoneSummary]:
    """Summary by land-use class and for all open soil (key ``all``).

    Parameters
    ----------
    state : State
    receptors : Receptors
    background : ndarray, shape (n,)
        [mg kg⁻¹]
    cell_area_m2 : float
        [m²]
    measure : str
        ``map_mean`` or ``probability``.

    Returns
    -------
    dict of str to ZoneSummary
        Areas in km².
    """
    weights = receptors.shares * (cell_area_m2 / M2_PER_KM2)
    sums = capacity.zone_sums(weights, state.overload(receptors, measure), state.mean, receptors.limits, background)
    result = {"all": capacity.zone_summary(sums)}
    return result | {name: capacity.zone_summary(sums, row) for row, name in enumerate(SOIL_CLASSES)}


def overload_changes(
    start: tuple[State, Receptors], end: tuple[State, Receptors], measure: str
) -> dict[str, capacity.Split]:
    """Change of the overloaded share between two times, split into concentration and limit.

    Parameters
    ----------
    start, end : pair of State and Receptors
    measure : str
        ``map_mean`` or ``probability``.

    Returns
    -------
    dict of str to Split
        By class and ``all``; shares of the class's open soil. The limit's part holds pH and land use: whose limit
        counts where. NaN for a class without open soil at either time.
    """

    def share(row: int | None) -> Callable[[State, Receptors], float]:
        def measure_of(state: State, receptors: Receptors) -> float:
            over, area = state.overloaded_areas(receptors, measure)
            total = area.sum() if row is None else area[row]
            return float((over.sum() if row is None else over[row]) / total) if total > 0.0 else float("nan")

        return measure_of

    (c0, l0), (c1, l1) = start, end
    result = {"all": capacity.split_change(share(None), (c0, c1), (l0, l1))}
    for row, name in enumerate(SOIL_CLASSES):
        result[name] = capacity.split_change(share(row), (c0, c1), (l0, l1))
    return result


def zone_bands(
    state: State,
    layer: Vector,
    receptors: Receptors,
    background: Vector,
    soil_mass: Vector,
    dynamic: Vector,
) -> tuple[dict[str, Vector], int]:
    """Maps of one time, by the limit of each cell's dominant class.

    Parameters
    ----------
    state : State
        Down to the legal depth.
    layer, background : ndarray, shape (n,)
        Concentration of the modelled layer, and natural. [mg kg⁻¹]
    receptors : Receptors
    soil_mass : ndarray, shape (n,)
        Down to the legal depth, per square metre of open soil. [kg m⁻²]
    dynamic : ndarray, shape (n,)
        Dynamic annual capacity. [g ha⁻¹ yr⁻¹]

    Returns
    -------
    bands : dict of ndarray, shape (n,)
    bounded : int
        Cells whose index was moved to ± `capacity.INDEX_BOUND`.
    """
    limit = receptors.dominant_limit
    index = capacity.capacity_index(state.mean, limit, background)
    bounded = int(np.count_nonzero(np.abs(index) > capacity.INDEX_BOUND))
    bands = {
        "limit_mg_kg": limit,
        "concentration_mg_kg": state.mean,
        "capacity_index": np.clip(index, -capacity.INDEX_BOUND, capacity.INDEX_BOUND),
        "remaining_capacity_g_ha": capacity.remaining_capacity(state.mean, limit, soil_mass),
        "dynamic_capacity_g_ha_yr": np.where(np.isfinite(limit), dynamic, np.nan),
        "overload_probability": capacity.overload_probability(state.mean, state.log_standard_error, limit),
        "layer_concentration_mg_kg": layer,
    }
    return bands, bounded


def zone_maps(
    case: "Case", run: Outcome, regime: tuple[str, str]
) -> tuple[dict[str, tuple[dict[str, Vector], int]], dict[str, NDArray[np.uint8]]]:
    """Maps of the start and the end of a run, each cell judged by the limit of its dominant class.

    Parameters
    ----------
    case : Case
        The metal and scenario; only its arrays and functions of the year are used.
    run : Outcome
        With snapshots of the start and the end.
    regime : (level, ecological rule)

    Returns
    -------
    maps : dict of ``now`` and ``end`` to (bands, bounded cells)
        See `zone_bands`. The dynamic capacity of ``now`` is what the forecast's years can take until the limit is met
        at their end, from the run's own yearly rates; that of ``end`` is for as many years again with the same losses
        and geogenic inputs.
    codes : dict of ndarray of uint8, shape (n,)
        Capacity class (``capacity_classes.csv``) and dominant land use (row of `SOIL_CLASSES`) at both times.
    """
    first, last = run.snapshots[0], run.snapshots[-1]
    at_start, at_end = (case.receptors_at(snapshot.year, *regime) for snapshot in (first, last))
    # Geogenic input alone would leave this after as many years again with the same losses.
    geogenic = last.layer - last.counted - last.kept * first.layer
    unforced = last.kept * last.layer + geogenic
    with np.errstate(divide="ignore", invalid="ignore"):
        coming = capacity.process_capacity(last.layer, last.counted, last.response, at_end.dominant_limit)
        after = capacity.process_capacity(unforced, np.zeros_like(unforced), last.response, at_end.dominant_limit)
    mass = case.bulk_density * case.layer["legal_depth_m"]
    maps, codes = {}, {}
    for name, snapshot, receptors, dynamic in (("now", first, at_start, coming), ("end", last, at_end, after)):
        state = state_of(snapshot, case.initial, case.log_error, case.anchor)
        known = np.where(np.isfinite(dynamic), dynamic, np.nan)
        maps[name] = zone_bands(state, snapshot.layer, receptors, case.background, mass, known)
        codes[f"class_{name}"] = capacity.classes(
            state.mean, receptors.dominant_limit, case.background, case.tables["capacity_classes"]
        )
        open_soil = receptors.shares.max(axis=0) > 0.0
        codes[f"landuse_{name}"] = np.where(open_soil, receptors.shares.argmax(axis=0), NO_OPEN_SOIL).astype(np.uint8)
    return maps, codes


def landuse_legend() -> str:
    """Codes of the dominant land use as text."""
    named = ",".join(f"{row}={name}" for row, name in enumerate(SOIL_CLASSES))
    return f"{named},{NO_OPEN_SOIL}=no open soil"
