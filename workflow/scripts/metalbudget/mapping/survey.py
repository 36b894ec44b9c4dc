"""Survey samples brought to one digestion, the legal depth and one value a point."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as calendar_date

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Survey:
    """One value a point on the log scale; all arrays have shape (n,).

    Parameters
    ----------
    point_id : ndarray of str
    row : ndarray of int
        A row of the raw arrays that belongs to the point (for its position).
    date : ndarray
        Sampling date as a year with its fraction. [yr]
    log_value : ndarray
        Natural logarithm of the total content; of the limit where censored. [ln mg kg⁻¹]
    log_sd : ndarray
        Random error of `log_value` (sampling, laboratory, depth). [1]
    systematic_log_sd : ndarray
        Error shared by all samples of the method: its recovery is not known exactly. [1]
    censored : ndarray of bool
        The content is below `log_value`.
    """

    point_id: NDArray
    row: NDArray[np.int64]
    date: NDArray[np.float64]
    log_value: NDArray[np.float64]
    log_sd: NDArray[np.float64]
    systematic_log_sd: NDArray[np.float64]
    censored: NDArray[np.bool_]

    def take(self, selected: NDArray) -> "Survey":
        """The points of a mask or index."""
        return Survey(**{name: values[selected] for name, values in vars(self).items()})


def year_fraction(text: str) -> float:
    """Year with its fraction of an ISO date (``2000``, ``2000-07`` or ``2000-07-02``); noon of the day.

    Raises
    ------
    ValueError
        If the text is no date.
    """
    parts = [int(part) for part in str(text).strip()[:10].split("-")]
    if len(parts) == 1:
        return parts[0] + 0.5
    if len(parts) == 2:
        parts.append(15)
    day = calendar_date(*parts)
    start = calendar_date(day.year, 1, 1)
    length = (calendar_date(day.year + 1, 1, 1) - start).days
    return day.year + ((day - start).days + 0.5) / length


def log_sd_of(uncertainty_pct: NDArray[np.float64]) -> NDArray[np.float64]:
    """Standard deviation on the log scale of a relative standard uncertainty: sqrt(ln(1 + u²)).

    Parameters
    ----------
    uncertainty_pct : ndarray
        Relative standard uncertainty, 0..200. [%]

    Notes
    -----
    Moments of the lognormal distribution; Aitchison and Brown 1957.
    """
    return np.sqrt(np.log1p((np.asarray(uncertainty_pct, dtype=float) / 100.0) ** 2))


def harmonise(
    *,
    point_id: Sequence[str],
    date: NDArray[np.float64],
    depth_top_m: NDArray[np.float64],
    depth_bottom_m: NDArray[np.float64],
    method: Sequence[str],
    value_mg_kg: NDArray[np.float64],
    censored: NDArray[np.bool_],
    uncertainty_pct: NDArray[np.float64],
    recovery: Mapping[str, float],
    legal_depth_m: float,
    settings: Mapping[str, float],
) -> tuple[Survey, Survey]:
    """Bring one survey's samples of one metal to total content over the legal depth, one value a point.

    A sample is divided by its method's recovery. Replicates and layers of a point are averaged with the
    length they share with the legal depth; what the layers leave uncovered widens the error. A point
    whose samples are all below their limits stays censored at the mean limit. Where a point mixes
    detected and censored samples, a censored one enters as uniform below its limit (mean L/2, standard
    deviation L/sqrt(12)).

    Parameters
    ----------
    point_id, date, depth_top_m, depth_bottom_m, method, value_mg_kg, censored, uncertainty_pct
        Raw columns, shape (rows,); `value_mg_kg` holds the limit where censored. `uncertainty_pct` may
        be NaN: the default of `settings` is taken.
    recovery : mapping
        ``method/recovery`` and ``method/recovery_log_sd``. [1]
    legal_depth_m : float
        Depth that limits refer to. [m]
    settings : mapping
        Rows of ``mapping.csv``.

    Returns
    -------
    topsoil, deep : Survey
        Points of the legal depth, and samples that start below ``deep_sample_top_m``.

    Raises
    ------
    ValueError
        If a value is not positive, a depth is empty or a method unknown.
    """
    value = np.asarray(value_mg_kg, dtype=float)
    top = np.asarray(depth_top_m, dtype=float)
    bottom = np.asarray(depth_bottom_m, dtype=float)
    below = np.asarray(censored, dtype=bool)
    if not np.all(value > 0.0):
        raise ValueError("contents and limits must be positive")
    if not np.all(bottom > top):
        raise ValueError("a sample's lower depth must be below its upper depth")
    factor = np.array([recovery[f"{name}/recovery"] for name in method], dtype=float)
    systematic = np.array([recovery[f"{name}/recovery_log_sd"] for name in method], dtype=float)
    total = value / factor
    relative = np.where(np.isnan(uncertainty_pct), settings["default_uncertainty_pct"], uncertainty_pct) / 100.0

    shared = np.clip(np.minimum(bottom, legal_depth_m) - np.maximum(top, 0.0), 0.0, None)
    deep = top >= settings["deep_sample_top_m"]
    names = np.asarray(point_id, dtype=object)
    surface = _by_point(
        names,
        shared > 0.0,
        shared,
        top,
        bottom,
        total,
        below,
        relative,
        systematic,
        date,
        legal_depth_m,
        settings,
    )
    underneath = _by_point(
        names, deep, bottom - top, top, bottom, total, below, relative, systematic, date, None, settings
    )
    return surface, underneath


def _by_point(
    names, selected, length, top, bottom, total, below, relative, systematic, date, legal_depth_m, settings
) -> Survey:
    rows_of: dict[str, list[int]] = {}
    for row in np.flatnonzero(selected):
        rows_of.setdefault(names[row], []).append(int(row))
    columns: dict[str, list] = {name: [] for name in Survey.__dataclass_fields__}
    for name, rows in rows_of.items():
        weight = length[rows] / length[rows].sum()
        all_below = below[rows].all()
        content, spread = total[rows].copy(), total[rows] * relative[rows]
        if below[rows].any() and not all_below:
            half = below[rows]
            content[half] = total[rows][half] / 2.0
            spread[half] = total[rows][half] / np.sqrt(12.0)
        mean = float(weight @ content)
        error = float(log_sd_of(100.0 * np.sqrt(weight**2 @ spread**2) / mean))
        if legal_depth_m is not None:
            # Replicates of one layer cover it once.
            layers = {(top[row], min(bottom[row], legal_depth_m)) for row in rows}
            covered = min(sum(low - max(high, 0.0) for high, low in layers) / legal_depth_m, 1.0)
            error = float(np.hypot(error, settings["depth_shortfall_log_sd"] * (1.0 - covered)))
        columns["point_id"].append(name)
        columns["row"].append(rows[0])
        columns["date"].append(float(weight @ date[rows]))
        columns["log_value"].append(np.log(mean))
        columns["log_sd"].append(max(error, 1.0e-3))
        columns["systematic_log_sd"].append(float(weight @ systematic[rows]))
        columns["censored"].append(all_below)
    kinds = {"point_id": object, "row": np.int64, "censored": bool}
    return Survey(**{name: np.array(values, dtype=kinds.get(name, float)) for name, values in columns.items()})


def pair_points(
    first_id: Sequence[str],
    first_xy: NDArray[np.float64],
    second_id: Sequence[str],
    second_xy: NDArray[np.float64],
    distance_m: float,
) -> NDArray[np.int64]:
    """Find the revisited sites of two surveys.

    Two points are a pair if they have the same name and lie within `distance_m`; points without a
    namesake there are paired with their mutually nearest point within that distance.

    Parameters
    ----------
    first_id, second_id : sequence of str, lengths n and k
    first_xy, second_xy : ndarray, shapes (n, 2) and (k, 2)
        Positions. [m]
    distance_m : float
        Largest distance of a pair. [m]

    Returns
    -------
    ndarray of int, shape (pairs, 2)
        Positions in the first and the second survey, in order of the first.
    """
    second_of = {name: position for position, name in enumerate(second_id)}
    pairs: list[tuple[int, int]] = []
    for position, name in enumerate(first_id):
        other = second_of.get(name)
        if other is not None and np.hypot(*(first_xy[position] - second_xy[other])) <= distance_m:
            pairs.append((position, other))
    taken_first = {a for a, _ in pairs}
    taken_second = {b for _, b in pairs}
    free_first = np.array([i for i in range(len(first_id)) if i not in taken_first], dtype=np.int64)
    free_second = np.array([i for i in range(len(second_id)) if i not in taken_second], dtype=np.int64)
    if free_first.size and free_second.size:
        gap = np.hypot(
            first_xy[free_first, 0][:, None] - second_xy[free_second, 0],
            first_xy[free_first, 1][:, None] - second_xy[free_second, 1],
        )
        nearest, back = gap.argmin(axis=1), gap.argmin(axis=0)
        for row, column in enumerate(nearest):
            if back[column] == row and gap[row, column] <= distance_m:
                pairs.append((int(free_first[row]), int(free_second[column])))
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
