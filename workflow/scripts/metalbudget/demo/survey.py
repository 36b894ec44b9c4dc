"""Two soil surveys and deposition monitors of the generated region, with the errors real ones have."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.demo.fields import stream
from metalbudget.demo.landscape import Landscape

# Arsenic and mercury after aqua regia in a water bath, the others after total digestion: Chinese practice.
AQUA_REGIA = ("as", "hg")
REVISITED_SHARE = 0.85
CLOSE_RANGE_SPREAD = 0.11  # log spread between a point and the mean of its cell


@dataclass(frozen=True)
class Points:
    """Where samples are taken.

    Parameters
    ----------
    point_id : list of str
    cell : ndarray of int, shape (p,)
        Index among the land cells.
    offset_x, offset_y : ndarray, shape (p,)
        Place inside the cell, as a share of its side from the centre. [1]
    local : ndarray, shape (m, p)
        Logarithm of the point's content over its cell's mean. [1]
    """

    point_id: list[str]
    cell: NDArray[np.int64]
    offset_x: NDArray[np.float64]
    offset_y: NDArray[np.float64]
    local: NDArray[np.float64]


def place_points(
    land: Landscape, open_share: NDArray[np.float64], count: int, metals: list[str], seed: int
) -> tuple[Points, Points]:
    """Choose the points of the first and of the last survey.

    Parameters
    ----------
    land : Landscape
    open_share : ndarray, shape (n,)
        Share of open soil of each land cell at the last survey. [1]
    count : int
        Points of each survey.
    metals : list of str
    seed : int

    Returns
    -------
    first, last : Points
        About 85 % of the last survey's points are the first one's.
    """
    rng = stream(seed, "points")
    upland = land.upland[land.land]
    weight = np.where(open_share > 0.15, 0.35 + 1.0 * np.exp(-upland / 0.08), 0.0)
    if not weight.any():
        weight = np.ones(upland.size)
    size = min(count, int((weight > 0).sum()))
    revisited = round(REVISITED_SHARE * size)
    fresh = min(size - revisited, int((weight > 0).sum()) - size)
    chosen = rng.choice(upland.size, size=size + fresh, replace=False, p=weight / weight.sum())
    ids = [f"P{number:04d}" for number in range(1, size + fresh + 1)]
    offsets = rng.uniform(-0.42, 0.42, (2, chosen.size))
    local = CLOSE_RANGE_SPREAD * rng.standard_normal((len(metals), chosen.size))
    first = np.arange(size)
    last = np.concatenate([np.sort(rng.choice(size, size=revisited, replace=False)), np.arange(size, size + fresh)])

    def subset(index: NDArray[np.int64]) -> Points:
        return Points(
            [ids[position] for position in index],
            chosen[index],
            offsets[0, index],
            offsets[1, index],
            local[:, index],
        )

    return subset(first), subset(last)


def sample(
    points: Points,
    truth: NDArray[np.float64],
    metals: list[str],
    year: int,
    properties: Mapping[str, float],
    laboratory: str,
    seed: int,
) -> dict[str, list]:
    """Take and analyse the samples of one survey, in long format.

    Parameters
    ----------
    points : Points
    truth : ndarray, shape (m, n)
        True concentration of the land cells. [mg kg-1]
    metals : list of str
    year : int
    properties : mapping
        ``property/metal`` of demo_metal.csv.
    laboratory : str
        ``first`` or ``last``: which detection limits hold.
    seed : int

    Returns
    -------
    dict of str to list
        Columns of a survey without coordinates; ``position`` is the index of the point.
    """
    rng = stream(seed, f"survey {year}")
    start = np.datetime64(f"{year}-10-20")
    days = np.sort(rng.integers(0, 75, len(points.point_id)))
    rng.shuffle(days)
    columns: dict[str, list] = {
        name: []
        for name in (
            "position",
            "point_id",
            "date",
            "depth_top_m",
            "depth_bottom_m",
            "method",
            "metal",
            "value_mg_kg",
            "detection_limit_mg_kg",
            "censored",
            "uncertainty_pct",
        )
    }
    measured = {}
    for index, metal in enumerate(metals):
        spread = np.sqrt(np.log1p(properties[f"survey_error/{metal}"] ** 2))
        error = np.exp(spread * rng.standard_normal(len(points.point_id)) - 0.5 * spread**2)
        recovery = properties[f"aqua_regia_recovery/{metal}"] if metal in AQUA_REGIA else 1.0
        level = truth[index, points.cell] * np.exp(points.local[index] - 0.5 * CLOSE_RANGE_SPREAD**2)
        measured[metal] = level * error * recovery
    for position, point_id in enumerate(points.point_id):
        for metal in metals:
            limit = properties[f"detection_limit_{laboratory}/{metal}"]
            value = measured[metal][position]
            columns["position"].append(position)
            columns["point_id"].append(point_id)
            columns["date"].append(str(start + days[position]))
            columns["depth_top_m"].append(0.0)
            columns["depth_bottom_m"].append(0.2)
            columns["method"].append("aqua_regia" if metal in AQUA_REGIA else "total")
            columns["metal"].append(metal)
            columns["value_mg_kg"].append(float(f"{max(value, limit):.4g}"))
            columns["detection_limit_mg_kg"].append(limit)
            columns["censored"].append(int(value < limit))
            columns["uncertainty_pct"].append(round(100.0 * properties[f"survey_error/{metal}"], 1))
    return columns


def place_monitors(
    land: Landscape, persons: NDArray[np.float64], nearest_plant_m: NDArray[np.float64], seed: int
) -> list[tuple[int, int, str]]:
    """Choose cells for deposition monitors: (row, column, role).

    Parameters
    ----------
    land : Landscape
    persons : ndarray, shape (h, w)
        Inhabitants of each cell.
    nearest_plant_m : ndarray, shape (h, w)
        Distance to the nearest plant. [m]
    seed : int

    Returns
    -------
    list of tuple
        Four background stations far from people and plants, and eight for validation.
    """
    rng = stream(seed, "monitors")
    quiet = np.where(land.land, np.log1p(np.nan_to_num(persons)) - 0.35 * nearest_plant_m / 1000.0, np.inf)
    margin = max(1, min(land.land.shape) // 25)  # collectors stand inside the region, not on its frame
    frame = np.ones(land.land.shape, dtype=bool)
    frame[margin:-margin, margin:-margin] = False
    quiet[frame] = np.inf
    result: list[tuple[int, int, str]] = []
    row_of, column_of = np.indices(land.land.shape)
    gap = 0.18 * land.land.shape[1]
    for _ in range(4):
        row, column = np.unravel_index(int(np.argmin(quiet)), quiet.shape)
        result.append((int(row), int(column), "background"))
        quiet[np.hypot(row_of - row, column_of - column) < gap] = np.inf
        if not np.isfinite(quiet).any():
            break
    farm = land.land & (land.upland < 0.3) & ~frame
    for low, high, count in ((0.0, 2500.0, 3), (2500.0, 8000.0, 3), (8000.0, 30000.0, 2)):
        here = np.flatnonzero(farm & (nearest_plant_m >= low) & (nearest_plant_m < high))
        for cell in rng.choice(here, size=min(count, here.size), replace=False):
            row, column = divmod(int(cell), land.land.shape[1])
            if (row, column) not in {place[:2] for place in result}:
                result.append((row, column, "validation"))
    return result
