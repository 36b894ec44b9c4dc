"""A soil column as a folder: run, and what is written. `case_reading` reads it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.column import columns as described
from metalbudget.column import richards, simulate, solute
from metalbudget.column.case_reading import LEACHING_DEPTH_CM, Case, read
from metalbudget.column.retention import conductivity_of

__all__ = ["Case", "Result", "read", "run", "tables", "write"]


@dataclass(frozen=True, eq=False)
class Result:
    """Tables of a case: titles and columns in order, and the summary."""

    daily: dict[str, NDArray[np.float64]]
    profile: dict[str, NDArray[np.float64]]
    summary: dict[str, float]


def run(case: Case, tolerance: float = described.TOLERANCE) -> Result:
    """Run a case; its tables in the columns of the reference."""
    state = simulate.initial_state(case.columns, case.head_cm[None, :])
    start = state.water_cm.sum()
    flow, moved = simulate.run(
        case.columns, case.weather, state, case.interval, period=case.output, load=case.load,
        leaching_depth_cm=min(LEACHING_DEPTH_CM, float(case.columns.depth_cm[-1])),
        depths_cm=[min(LEACHING_DEPTH_CM, float(case.columns.depth_cm[-1]))], keep=True, tolerance=tolerance,
    )  # fmt: skip
    return tables(case, flow, moved, start)


def tables(case: Case, flow: simulate.Flow, moved: simulate.Transport | None, start_cm: float) -> Result:
    """Tables of a case from what the kernels gave."""
    assert flow.flux_cm is not None
    assert flow.head_cm is not None
    sums = np.cumsum(flow.sums_cm[0], axis=0)
    rain = np.cumsum(flow.rain_cm[0])
    last = np.searchsorted(case.output, np.arange(case.output_days.size), side="right") - 1
    net, runoff, ponded = sums[:, richards.TOP_INFLOW], sums[:, richards.RUNOFF], flow.sums_cm[0, :, richards.PONDED]
    weather = case.columns.top == "atmospheric"
    daily = {
        "t_d": case.output_days,
        "rain_cum_cm": rain if weather else np.full(rain.size, np.nan),
        "infil_cum_cm": rain - runoff - ponded if weather else (
            net if case.columns.top == "head" else np.zeros(net.size)
        ),
        "evap_act_cum_cm": sums[:, richards.EVAPORATION],
        "transp_act_cum_cm": sums[:, richards.TRANSPIRATION],
        "runoff_cum_cm": runoff,
        "bottom_drainage_cum_cm": sums[:, richards.DRAINAGE],
        "net_top_flux_cum_cm": net - ponded,
        "storage_cm": flow.storage_cm[0],
        "h_top_cm": flow.head_cm[0, last, 0],
        "h_bot_cm": flow.head_cm[0, last, -1],
        "water_flux_cum_at_20cm_cm": np.cumsum(flow.passed_cm[0, :, 0]),
        "storage_theta_trapz_cm": flow.storage_cm[0],
    }  # fmt: skip
    columns = case.columns
    thickness = columns.thickness_cm
    head = flow.head_cm[0, -1]
    soils = columns.soils()[0][columns.layer[0]]
    water = flow.end.water_cm[0].copy()
    water[0] -= ponded[-1]
    profile = {
        "depth_cm": columns.depth_cm,
        "h_cm": head,
        "theta": water / thickness,
        "K_cm_d": np.array(
            [conductivity_of(h, *soil[[richards.ALPHA, richards.EXPONENT, richards.KS, richards.CONNECTIVITY]])
             for h, soil in zip(head, soils, strict=True)]
        ),
        "flux_cm_d": _node_flux(flow.flux_cm[0, -1]) / flow.days[-1],
    }  # fmt: skip
    summary = {key: float(values[-1]) for key, values in daily.items()}
    balance = float(
        flow.storage_cm[0, -1] + ponded[-1] - start_cm - net[-1] + sums[-1, richards.DRAINAGE]
        + sums[-1, richards.TRANSPIRATION]
    )  # fmt: skip
    if moved is not None and case.load is not None:
        _add_metals(case, moved, daily, profile, summary)
    summary["water_balance_error_cm"] = balance
    summary["time_steps"], summary["iterations"] = float(sums[-1, richards.STEPS]), float(sums[-1, richards.ROUNDS])
    return Result(daily, profile, summary)


def _node_flux(faces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Flux at nodes: that of the surface and the lower end, else the mean of the faces on both sides."""
    result = 0.5 * (faces[:-1] + faces[1:])
    result[0], result[-1] = faces[0], faces[-1]
    return result


def _add_metals(
    case: Case,
    moved: simulate.Transport,
    daily: dict[str, NDArray[np.float64]],
    profile: dict[str, NDArray[np.float64]],
    summary: dict[str, float],
) -> None:
    assert case.load is not None
    metals = case.load.metals
    errors = {}
    for i in range(metals.count):
        label = f"solute{i + 1}"
        of = np.cumsum(moved.sums_ug_cm2[i, 0], axis=0)
        mass = moved.sums_ug_cm2[i, 0, :, solute.MASS]
        entered, left, taken = of[:, solute.INFLOW], of[:, solute.OUTFLOW], of[:, solute.UPTAKE]
        first = moved.interval_sums_ug_cm2
        assert first is not None
        start = first[i, 0, 0, solute.MASS] - (
            first[i, 0, 0, solute.INFLOW] - first[i, 0, 0, solute.OUTFLOW] - first[i, 0, 0, solute.UPTAKE]
        )
        added = {
            "in_top_cum": entered,
            "out_bottom_cum": left,
            "mass_profile": mass,
            "leached_cum_at_20cm": np.cumsum(moved.leached_ug_cm2[i, 0]),
            "massbalance": entered - left - taken - (mass - start),
        }
        if np.any(taken > 0.0):
            added["root_uptake_cum"] = taken
        daily.update({f"{label}_{key}_ug_cm2": values for key, values in added.items()})
        summary.update({f"{label}_{key}_ug_cm2": float(values[-1]) for key, values in added.items()})
        errors[f"{label}_balance_error_ug_cm2"] = float(added["massbalance"][-1])
        concentration = moved.concentration_mg_l[i, 0]
        profile[f"c{i + 1}_mg_L"] = concentration
        soil = case.load.density_g_cm3[0] * case.columns.thickness_cm
        profile[f"S{i + 1}_mg_kg"] = np.maximum(
            (moved.mass_ug_cm2[i, 0] - profile["theta"] * case.columns.thickness_cm * concentration) / soil, 0.0
        )
    summary.update(errors)


def write(result: Result, folder: Path, replacing: Callable[[Path], Any]) -> list[Path]:
    """Write the three tables; a killed run leaves nothing that looks finished.

    Parameters
    ----------
    result : Result
    folder : Path
        Made if it is not there.
    replacing : callable
        As `metalbudget.io.replacing`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    summary = {"quantity": list(result.summary), "value": [_text(value) for value in result.summary.values()]}
    tables: dict[str, Mapping[str, Sequence[str]]] = {
        "daily_cumulative.csv": {key: [_text(v) for v in values] for key, values in result.daily.items()},
        "profile_end.csv": {key: [_text(v) for v in values] for key, values in result.profile.items()},
        "summary_end.csv": summary,
    }
    for name, content in tables.items():
        target = folder / name
        with replacing(target) as part, Path(part).open("w", encoding="utf-8") as stream:
            stream.write(",".join(content) + "\n")
            stream.writelines(",".join(row) + "\n" for row in zip(*content.values(), strict=True))
        written.append(target)
    return written


def _text(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.12g}"
