"""Rows of the forecast's tables: summary by class and year, change and its split, sensitivity to assumptions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from metalbudget import capacity
from metalbudget.budget.setting import Setting
from metalbudget.budget.simulate import ErosionMode
from metalbudget.forecast.reading import Case
from metalbudget.forecast.roll import Outcome
from metalbudget.forecast.scenario import UNTILLED, Memory, with_mixing_depth
from metalbudget.forecast.zones import MEASURES, overload_changes, state_of, summary_rows

Rows = list[dict[str, Any]]
Regime = tuple[str, str]

EROSION_MODES: tuple[ErosionMode, ...] = ("naive", "subsoil_replacement")
CORRECTIONS = ("with", "without")
# Limit regimes that the sensitivity table compares: level of the standards, rule for natural land.
REGIMES: tuple[Regime, ...] = (
    ("screening", "added_risk"),
    ("screening", "total_pnec"),
    ("intervention", "added_risk"),
)
SHOWN_CLASSES = ("all", "forest")  # groups of land in the sensitivity table


def summary(case: Case, runs: Mapping[str, Outcome], regime: Regime) -> Rows:
    """Area, overload, capacity and concentration by year, class, measure and correction.

    Parameters
    ----------
    case : Case
    runs : mapping of correction to Outcome
        ``with`` and ``without`` the learned correction.
    regime : (level, ecological rule)

    Returns
    -------
    list of dict
        Areas of open soil in km²; the overloaded share is of the class's whole open soil.
    """
    rows: Rows = []
    for correction, measure in product(CORRECTIONS, MEASURES):
        for snapshot in runs[correction].snapshots:
            state = state_of(snapshot, case.initial, case.log_error, case.anchor)
            receptors = case.receptors_at(snapshot.year, *regime)
            found = summary_rows(state, receptors, case.background, case.grid.cell_area_m2, measure)
            for name, group in found.items():
                rows.append(
                    {
                        "year": snapshot.year,
                        "landuse_class": name,
                        "measure": measure,
                        "correction": correction,
                        "area_km2": group.area,
                        "limited_km2": group.limited,
                        "overload_km2": group.overload,
                        "overload_share": group.overload_share,
                        "geogenic_km2": group.geogenic,
                        "mean_capacity_index": group.capacity_index,
                        "capacity_left": group.capacity_left,
                        "mean_concentration_mg_kg": group.concentration,
                    }
                )
    return rows


def change(case: Case, runs: Mapping[str, Outcome], regime: Regime) -> Rows:
    """Change of the overloaded share from the start to the end, split into concentration and limit."""
    rows: Rows = []
    for correction, measure in product(CORRECTIONS, MEASURES):
        first, last = runs[correction].snapshots[0], runs[correction].snapshots[-1]
        start, end = (
            (state_of(snapshot, case.initial, case.log_error, case.anchor), case.receptors_at(snapshot.year, *regime))
            for snapshot in (first, last)
        )
        for name, split in overload_changes(start, end, measure).items():
            rows.append({"landuse_class": name, "measure": measure, "correction": correction} | change_columns(split))
    return rows


def change_columns(split: capacity.Split) -> dict[str, float]:
    """Shares in percent of area; changes in percentage points, and relative to the start in percent."""
    return {
        "start_share_pct": 100.0 * split.start,
        "end_share_pct": 100.0 * split.end,
        "change_points": 100.0 * (split.end - split.start),
        "change_relative_pct": 100.0 * (split.end / split.start - 1.0) if split.start > 0.0 else float("nan"),
        "by_concentration_points": 100.0 * split.by_concentration,
        "by_limit_points": 100.0 * split.by_limit,
    }


def sensitivity(case: Case, study_run: Outcome, regime: Regime, depths_m: Sequence[float]) -> Rows:
    """Overload under other mixing depths of untilled soil, erosion modes, closure and limits, without correction.

    Parameters
    ----------
    case : Case
    study_run : Outcome
        Under the study's own assumptions, without the correction.
    regime : (level, ecological rule)
        The study's own limits.
    depths_m : sequence of float
        Mixing depths of untilled classes; with none, only the study's own assumptions stand in the table. [m]

    Returns
    -------
    list of dict
        ``judged_depth`` says which concentration is compared with the limit: that down to the legal depth, or that of
        the modelled layer, which is what a study with a shallow layer and no observation operator reports.
    """
    years = (case.start, case.start + case.years)
    land = {rule: [case.receptors_at(year, *rule) for year in years] for rule in REGIMES}
    start = case.start_state
    rows: Rows = []
    for about, run in _runs(case, study_run, depths_m):
        last = run.snapshots[-1]
        anchor = case.anchor_under(about["weathering_closure"])
        ends = {"legal": state_of(last, case.initial, case.log_error, anchor)}
        alike = np.allclose(last.layer, last.legal, rtol=1.0e-12, atol=0.0)
        ends["layer"] = ends["legal"] if alike else state_of(last, case.initial, case.log_error, anchor, "layer")
        for (judged, end), rule, measure in product(ends.items(), REGIMES, MEASURES):
            splits = overload_changes((start, land[rule][0]), (end, land[rule][1]), measure)
            for name in SHOWN_CLASSES:
                limits = {"level": rule[0], "ecological": rule[1], "own_limits": rule == regime}
                group = {"judged_depth": judged, "measure": measure, "landuse_class": name}
                rows.append(about | limits | group | change_columns(splits[name]))
    return rows


def _runs(case: Case, study_run: Outcome, depths_m: Sequence[float]) -> Iterator[tuple[dict[str, Any], Outcome]]:
    """The study's own run, then one for each combination of assumptions."""
    own = case.options
    yield _about("study", np.nan, own.erosion_mode, own.weathering_closure, case), study_run
    for depth in depths_m:
        setting_at = _with_depth(case, depth)
        for mode, closure in product(EROSION_MODES, (True, False)):
            if closure and case.chemistry.inert_pool:
                continue  # the closure never acts beside an inert pool: it would be the same run twice
            options = replace(own, erosion_mode=mode, weathering_closure=closure)
            run = case.run(options, (case.years,), setting_at=setting_at)
            yield _about("varied", depth, mode, closure, case), run


def _with_depth(case: Case, depth_m: float) -> Callable[[int], Setting]:
    """The case's settings with another mixing depth of untilled classes."""
    depths = {**case.layer["mixing_depth_m"], **dict.fromkeys(UNTILLED, depth_m)}
    deepened = Memory(
        lambda setting: with_mixing_depth(setting, case.bulk_density, depths, case.layer["legal_depth_m"])
    )
    return lambda year: deepened(case.setting_at(year))


def _about(assumptions: str, depth: float, mode: str, closure: bool, case: Case) -> dict[str, Any]:
    return {
        "assumptions": assumptions,
        "untilled_mixing_depth_m": depth,
        "erosion_mode": mode,
        "weathering_closure": bool(closure) and not case.chemistry.inert_pool,
    }


def columns(rows: Rows, **first: str) -> dict[str, list]:
    """Rows as columns of a table, behind columns of one value."""
    return {name: [value] * len(rows) for name, value in first.items()} | {
        name: [row[name] for row in rows] for name in rows[0]
    }
