"""Levels and hills that tables in terrain are made for, and where among them every receptor lies.

A receptor's answer is interpolated between four levels by Lagrange's polynomial and, at each of them, between two hills
by a straight line. Where hills follow from the receptors' height, as round a single summit, a level needs only one.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Levels are 3 m apart at the source's base and grow with the distance from it. In stable air plumes are thinner: levels
# are 2 m apart, a fifteenth of their height farther up, and 6 m or a fiftieth of it at the most.
LEVEL_SCALE_M, LEVEL_STEP = 20.0, 0.15
FINEST_M, STABLE_SHARE, STABLE_STEP_M, STABLE_STEP = 2.0, 1.0 / 15.0, 6.0, 0.02
# Around the release height, where a plume that does not rise is a metre deep, they are 1 m apart.
RELEASE_STEP_M, RELEASE_SHARE = 1.0, 0.25
TAPS = 4
LEAST_RANGE_M = 1.0e-3  # heights that lie nearer together are one
# Hills above the lowest one; a plume feels no hill that is higher above the receptor than itself.
HILL_SCALE_M, HILL_STEP, MOST_HILLS = 10.0, 0.6, 10
HILL_TOLERANCE_M = 2.0  # hills that lie so near to a line over the receptors' height need no interpolation of their own


@dataclass(frozen=True, eq=False)
class Layout:
    """Where receptors lie among levels and hills; a pair of a level and one of its hills is a station.

    Parameters
    ----------
    levels_m : ndarray, shape (levels,)
        Above the source's base, rising. [m]
    first : ndarray of int, shape (levels + 1,)
        First station of each level.
    hills_m : ndarray, shape (stations,)
        Heights of hills above the source's base. [m]
    level : ndarray of int, shape (receptors,)
        First of a receptor's four levels.
    inner : ndarray of int, shape (receptors,)
        Which of the four lies just below the receptor.
    part : ndarray, shape (receptors,)
        Of the way from there to the next. [1]
    weights : ndarray, shape (receptors, 4)
        Of the levels. [1]
    station : ndarray of int, shape (receptors, 4)
        At each level that of the next lower hill.
    between : ndarray, shape (receptors, 4)
        Part of the way to the next hill's. [1]
    """

    levels_m: NDArray[np.float64]
    first: NDArray[np.int64]
    hills_m: NDArray[np.float64]
    level: NDArray[np.int64]
    inner: NDArray[np.int64]
    part: NDArray[np.float64]
    weights: NDArray[np.float64]
    station: NDArray[np.int64]
    between: NDArray[np.float64]


def levels_for(height_m: NDArray[np.float64], stable: bool, release_m: float) -> NDArray[np.float64]:
    """Levels around all heights, the source's base among them if they enclose it; one if all are alike. [m]"""
    low, high = float(height_m.min()), float(height_m.max())
    if high - low < LEAST_RANGE_M:
        return height_m[:1].astype(float)

    def side(reach_m: float, upward: bool) -> list[float]:
        found = [0.0]
        while found[-1] < reach_m:
            z = found[-1]
            if stable:
                step = min(max(FINEST_M, STABLE_SHARE * z), max(STABLE_STEP_M, STABLE_STEP * z))
                if upward:
                    step = min(step, max(RELEASE_STEP_M, RELEASE_SHARE * abs(z - release_m)))
            else:
                step = LEVEL_STEP * math.hypot(LEVEL_SCALE_M, z)
            found.append(z + step)
        return found[1:]

    levels = np.array([*[-level for level in side(-low, False)][::-1], 0.0, *side(high, True)])
    first = max(int(np.searchsorted(levels, low, side="right")) - 1, 0)
    last = max(int(np.searchsorted(levels, high)), first + TAPS - 1)
    while last >= levels.size:
        levels = np.append(levels, 2.0 * levels[-1] - levels[-2])
    return levels[first : last + 1]


def hills_for(height_m: NDArray[np.float64], hill_m: NDArray[np.float64], level_m: float) -> NDArray[np.float64]:
    """Hills for a level from those of the receptors around it, rising. [m]"""
    if height_m.size == 0:
        return np.zeros(1)
    low, high = float(hill_m.min()), float(hill_m.max())
    offset = height_m - level_m
    apart = offset - offset.mean()
    slope = (apart * hill_m).sum() / (apart**2).sum() if np.ptp(height_m) > LEAST_RANGE_M else 0.0
    there = hill_m.mean() - slope * offset.mean()
    residual = hill_m - (there + slope * offset)
    if np.abs(residual).max() <= HILL_TOLERANCE_M:
        return np.array([min(max(there, low), high)])
    most = np.arcsinh((high - low) / HILL_SCALE_M)
    count = min(max(int(np.ceil(most / HILL_STEP)) + 1, 2), MOST_HILLS)
    return low + HILL_SCALE_M * np.sinh(most * np.arange(count) / (count - 1))


def layout(height_m: NDArray[np.float64], hill_m: NDArray[np.float64], stable: bool, release_m: float) -> Layout:
    """Levels, hills and the receptors among them.

    Parameters
    ----------
    height_m, hill_m : ndarray, shape (receptors,)
        Ground at the receptors, and the hills that steer the flow there, above the source's base. [m]
    stable : bool
        Whether for hours of stable air; only in these do hills matter.
    release_m : float
        Release height above the source's base. [m]

    Returns
    -------
    Layout
    """
    if not stable:
        hill_m = np.zeros_like(height_m)
    levels = levels_for(height_m, stable, release_m)
    count = height_m.size
    if levels.size == 1:
        level, bracket, part = np.zeros(count, dtype=int), np.zeros(count, dtype=int), np.zeros(count)
        weights = np.tile([1.0, 0.0, 0.0, 0.0], (count, 1))
        tapped = np.zeros((count, TAPS), dtype=int)
    else:
        bracket = np.clip(np.searchsorted(levels, height_m, side="right") - 1, 0, levels.size - 2)
        part = (height_m - levels[bracket]) / (levels[bracket + 1] - levels[bracket])
        level = np.clip(bracket - 1, 0, levels.size - TAPS)
        tapped = level[:, None] + np.arange(TAPS)
        at = levels[tapped]
        weights = np.ones((count, TAPS))
        for i in range(TAPS):
            for j in range(TAPS):
                if i != j:
                    weights[:, i] *= (height_m - at[:, j]) / (at[:, i] - at[:, j])
    hills, first = [], [0]
    for number, level_m in enumerate(levels):
        near = (bracket == number) | (bracket + 1 == number) if levels.size > 1 else np.ones(count, dtype=bool)
        hills.append(hills_for(height_m[near], hill_m[near], float(level_m)))
        first.append(first[-1] + hills[-1].size)
    station, between = np.zeros((count, TAPS), dtype=int), np.zeros((count, TAPS))
    for number, its in enumerate(hills):
        position = np.interp(hill_m, its, np.arange(its.size)) if its.size > 1 else np.zeros(count)
        whole = np.minimum(position.astype(int), max(its.size - 2, 0))
        for tap in range(TAPS):
            here = tapped[:, tap] == number
            station[here, tap] = first[number] + whole[here]
            between[here, tap] = (position - whole)[here]
    return Layout(
        levels, np.array(first), np.concatenate(hills), level, bracket - level, part, weights, station, between
    )
