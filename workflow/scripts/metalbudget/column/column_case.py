"""A soil column as a folder: case.json, profile_initial.csv and met.csv; run, and what is written."""

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.column import columns as described
from metalbudget.column import richards, simulate, solute, sorption
from metalbudget.column.columns import Columns, Weather
from metalbudget.column.retention import conductivity_of
from metalbudget.errors import InputError, InputErrors

FEDDES_KEYS = ("P0", "Popt", "P2H", "P2L", "P3", "r2H", "r2L")
BOTTOM_NAMES = {
    "free_drainage": "free_drainage",
    "head": "head",
    "water_table": "head",
    "seepage": "seepage_face",
    "seepage_face": "seepage_face",
    "zero_flux": "zero_flux",
}
LEACHING_DEPTH_CM = 20.0
# Stored sums carry the metals; so long at most, so that a tracer follows the hours of a storm; with sites that follow
# at their own rate shorter, so that what evaporation brings to the surface is right there within 1 %, unless a run
# would have more of them than fit into memory.
LONGEST_INTERVAL_D, LONGEST_KINETIC_D = 0.25, 0.05
MOST_INTERVALS = 20000
_GAP = 1.5  # a record longer than the usual one by this factor hides a missing one


@dataclass(frozen=True, eq=False)
class Case:
    """A column case.

    Parameters
    ----------
    folder : Path
    columns : Columns
        One column.
    weather : Weather
        Of one place; records end at output times.
    head_cm : ndarray, shape (k,)
        At the start. [cm]
    interval, output : ndarray of int, shapes (records,), (n,)
        Storage interval of each record, and output time of each interval.
    output_days : ndarray, shape (p,)
        [d]
    names : tuple of str
        Of the metals.
    load : simulate.Load or None
    has_rain : bool
        Whether there is weather at all.
    """

    folder: Path
    columns: Columns
    weather: Weather
    head_cm: NDArray[np.float64]
    interval: NDArray[np.int64]
    output: NDArray[np.int64]
    output_days: NDArray[np.float64]
    names: tuple[str, ...]
    load: simulate.Load | None
    has_rain: bool


def read(folder: Path) -> Case:
    """Read and check a case.

    Raises
    ------
    InputErrors
        Every problem that was found, with file and row or key.
    """
    about = _json(folder / "case.json")
    profile = _table(folder / "profile_initial.csv", ("depth", "h", "mat"))
    file = folder / "case.json"
    name = str(about.get("case", folder.name))
    depth, head = profile["depth"], profile["h"]
    materials = _part(about, "materials", file)
    layer = profile["mat"].astype(np.int64) - 1
    if np.any(layer < 0) or np.any(layer >= len(materials)):
        raise InputError(
            "a node names a material that is not in case.json", file=folder / "profile_initial.csv",
            where=f"column {name}, row {int(np.argmax((layer < 0) | (layer >= len(materials)))) + 2}, mat",
            expected=f"1 to {len(materials)}",
        )  # fmt: skip
    _check_layers(about, depth, layer, name, file)
    soil = {
        key: np.array([[_number(m, own, file, f"column {name}, material {i}", default)]
                       for i, m in enumerate(materials, 1)]).T
        for key, own, default in (
            ("theta_r", "theta_r", None), ("theta_s", "theta_s", None), ("alpha_1_cm", "alpha_1_cm", None),
            ("n", "n", None), ("ks_cm_d", "Ks_cm_d", None), ("connectivity", "l", 0.5),
        )
    }  # fmt: skip
    top, bottom = _part(about, "top", file), _part(about, "bottom", file)
    limits = about.get("surface_limits", {})
    feddes = about.get("feddes")
    if "beta" in profile and np.any(profile["beta"] > 0.0) and feddes is None:
        feddes = dict(zip(FEDDES_KEYS, described.PASTURE, strict=True))
    kind = bottom.get("type")
    columns = Columns(
        depth_cm=depth,
        layer=layer[None, :],
        **soil,
        root_density=profile["beta"][None, :] if "beta" in profile else None,
        feddes=described.PASTURE if feddes is None else tuple(
            _number(feddes, key, file, f"column {name}, feddes") for key in FEDDES_KEYS
        ),
        top=str(top.get("type")),
        bottom=BOTTOM_NAMES.get(str(kind), str(kind)),
        top_head_cm=float(top.get("h_cm", 0.0)),
        bottom_head_cm=_bottom_head(bottom, depth, file, name),
        driest_head_cm=float(limits.get("h_crit_min_cm", described.DRIEST_CM)),
        pond_cm=float(limits.get("h_crit_max_cm", 0.0)),
        names=(name,),
    )  # fmt: skip
    if "root_depth_cm" in about:
        described.check_root_depth(float(about["root_depth_cm"]), depth, f"column {name}", file)
    end = _number(_part(about, "time", file), "t_end_d", file, "time")
    met, records = _weather(folder, top, end, name)
    output_days = _output_days(folder, end)
    load_solutes = about.get("solutes", [])
    longest = LONGEST_INTERVAL_D if load_solutes else math.inf
    if any(float(one.get("equilibrium_fraction", 1.0)) < 1.0 for one in load_solutes):
        longest = min(longest, max(LONGEST_KINETIC_D, end / MOST_INTERVALS))
    edges, source = _edges(records, output_days, longest, end)
    weather = Weather(np.diff(edges), *(met[key][source][None, :] for key in ("rain", "evaporation", "transpiration")))
    output = np.searchsorted(output_days, edges[1:] - 1.0e-9 * end)
    described.check(columns, weather, np.zeros(1, dtype=np.int64), file)
    load = _load(about, columns, profile, met, source, folder, name) if load_solutes else None
    return Case(
        folder, columns, weather, head, np.arange(output.size), output, output_days,
        tuple(str(s.get("name", f"solute {i}")) for i, s in enumerate(load_solutes, 1)), load, "met" in met,
    )  # fmt: skip


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError("the case cannot be read", file=file, found=error.strerror or error) from error
    except ValueError as error:
        raise InputError("the case is not JSON", file=file, found=error) from error
    if not isinstance(content, dict):
        raise InputError("the case is not a mapping", file=file, found=type(content).__name__)
    return content


def _table(file: Path, needed: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Columns of a table of numbers; every problem together."""
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.reader(stream))
    except OSError as error:
        raise InputError("the table cannot be read", file=file, found=error.strerror or error) from error
    header = [cell.strip() for cell in rows[0]] if rows else []
    missing = [name for name in needed if name not in header]
    if missing or len(rows) < 2:
        raise InputError(
            "the table lacks columns or rows", file=file, found=", ".join(header), expected=", ".join(needed)
        )
    problems, values = [], np.full((len(rows) - 1, len(header)), np.nan)
    for number, row in enumerate(rows[1:]):
        for place, title in enumerate(header):
            try:
                values[number, place] = float(row[place])
            except (ValueError, IndexError):
                found = row[place] if place < len(row) else "nothing"
                problems.append(InputError("not a number", file=file, where=f"row {number + 2}, {title}", found=found))
    if problems:
        raise problems[0] if len(problems) == 1 else InputErrors(problems)
    bad = np.argwhere(~np.isfinite(values))
    if bad.size:
        row, place = bad[0]
        raise InputError("a value is missing", file=file, where=f"row {row + 2}, {header[place]}")
    return {title: values[:, place].copy() for place, title in enumerate(header)}


def _part(about: Mapping[str, Any], key: str, file: Path) -> Any:
    if not about.get(key):
        raise InputError(f"{key} is missing", file=file, where=key)
    return about[key]


def _number(part: Mapping[str, Any], key: str, file: Path, where: str, default: float | None = None) -> float:
    value = part.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError("a number is missing", file=file, where=f"{where}, {key}", found=value)
    return float(value)


def _check_layers(
    about: Mapping[str, Any], depth: NDArray[np.float64], layer: NDArray[np.int64], name: str, file: Path
) -> None:
    """Layers of the description, [lower edge, material] each, against the nodes."""
    if "layers" not in about:
        return
    edges = [0.0]
    for row in about["layers"]:
        lower = float(row[-2])
        upper = float(row[0]) if len(row) == 3 else edges[-1]
        if abs(upper - edges[-1]) > 1.0e-6 or lower <= upper:
            raise InputError(
                "layers overlap or leave a gap", file=file, where=f"column {name}, layers", found=about["layers"],
                expected="[lower edge, material] or [upper edge, lower edge, material], from the surface downwards",
            )  # fmt: skip
        edges.append(lower)
    if edges[-1] < depth[-1] - 1.0e-6:
        raise InputError(
            "layers do not reach the lower end of the profile", file=file, where=f"column {name}, layers",
            found=f"{edges[-1]:g} cm", expected=f"{depth[-1]:g} cm",
        )  # fmt: skip
    material = np.array([int(row[-1]) - 1 for row in about["layers"]])
    wanted = material[described.layer_index(depth, edges[1:])]
    if np.any(wanted != layer):
        row = int(np.argmax(wanted != layer))
        raise InputError(
            "a node's material is not that of its layer", file=file, where=f"column {name}, depth {depth[row]:g} cm",
            found=int(layer[row]) + 1, expected=int(wanted[row]) + 1,
        )  # fmt: skip


def _bottom_head(bottom: Mapping[str, Any], depth: NDArray[np.float64], file: Path, name: str) -> float:
    if bottom.get("type") == "water_table":
        table = _number(bottom, "depth_cm", file, f"column {name}, bottom")
        return float(depth[-1]) - table
    return float(bottom.get("h_cm", 0.0))


def _weather(
    folder: Path, top: Mapping[str, Any], end: float, name: str
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Rates by record, and the records' ends."""
    file = folder / "met.csv"
    if top.get("type") != "atmospheric":
        flux = float(top.get("flux_cm_d", 0.0))
        if top.get("type") == "flux":
            flux = _number(top, "flux_cm_d", folder / "case.json", f"column {name}, top")
        constant = {"rain": np.array([flux]), "evaporation": np.zeros(1), "transpiration": np.zeros(1)}
        return constant, np.array([end])
    table = _table(file, ("t_end_d", "rain_cm_d", "pot_evap_cm_d"))
    ends = table["t_end_d"]
    length = np.diff(ends, prepend=0.0)
    usual = float(np.median(length))
    late = np.flatnonzero((length <= 0.0) | (length > _GAP * usual + 1.0e-9))
    if late.size:
        raise InputError(
            "a record of weather is missing or out of order", file=file,
            where=f"column {name}, row {late[0] + 2}, t_end_d",
            found=f"{ends[late[0]]:g} d after {ends[late[0] - 1] if late[0] else 0.0:g} d",
            expected=f"{usual:g} d later",
        )  # fmt: skip
    if ends[-1] < end - 1.0e-6:
        raise InputError(
            "weather ends before the run does", file=file, where=f"column {name}, row {ends.size + 1}",
            found=f"{ends[-1]:g} d", expected=f"{end:g} d",
        )  # fmt: skip
    met = {
        "rain": table["rain_cm_d"],
        "evaporation": table["pot_evap_cm_d"],
        "transpiration": table.get("pot_transp_cm_d", np.zeros(ends.size)),
        "met": ends,
    }
    met.update({key: values for key, values in table.items() if key.startswith("c_rain")})
    return met, ends


def _output_days(folder: Path, end: float) -> NDArray[np.float64]:
    """Times of output: those of the expected results if there are any, else days (hours in runs up to two days)."""
    file = folder / "expected" / "daily_cumulative.csv"
    if file.is_file():
        with file.open(encoding="utf-8", newline="") as stream:
            days = np.array([float(row["t_d"]) for row in csv.DictReader(stream)])
        days = days[(days > 0.0) & (days < end * (1.0 - 1.0e-9))]
        return np.concatenate([np.unique(days), [end]])
    step = 1.0 if end > 2.0 else 1.0 / 24.0
    days = np.arange(step, end * (1.0 - 1.0e-9), step)
    return np.concatenate([days, [end]])


def _edges(
    records: NDArray[np.float64], outputs: NDArray[np.float64], longest: float, end: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Edges of the kernel's records [d], none longer than `longest`, and the weather record of each."""
    fine = np.concatenate([[0.0], records[records < end], outputs])
    fine = np.unique(np.round(fine, 9))
    # times that the printed digits of an output time and a record's end tell apart are one
    keep = np.concatenate([[True], np.diff(fine) > 1.0e-6])
    fine = fine[keep]
    fine[-1] = end
    parts = [np.array([0.0])]
    for start, stop in pairwise(fine.tolist()):
        count = max(math.ceil((stop - start) / longest - 1.0e-9), 1) if math.isfinite(longest) else 1
        parts.append(start + (stop - start) * np.arange(1, count + 1) / count)
    edges = np.concatenate(parts)
    middle = 0.5 * (edges[1:] + edges[:-1])
    return edges, np.minimum(np.searchsorted(records, middle), records.size - 1)


def _load(
    about: Mapping[str, Any],
    columns: Columns,
    profile: Mapping[str, NDArray[np.float64]],
    met: Mapping[str, NDArray[np.float64]],
    source: NDArray[np.int64],
    folder: Path,
    name: str,
) -> simulate.Load:
    """Metals of a case: `solutes` with kd (one or one a material), beta, eta, diffusion; c1, c2, … of the profile."""
    file, k, solutes = folder / "case.json", columns.depth_cm.size, about["solutes"]
    layers = columns.theta_s.shape[1]
    kd = np.empty((len(solutes), layers))
    single = np.empty((6, len(solutes)))
    start, rain = np.zeros((len(solutes), 1, k)), np.zeros((len(solutes), 1, source.size))
    for i, one in enumerate(solutes):
        where = f"column {name}, solute {one.get('name', i + 1)}"
        model = one.get("model", "linear" if one.get("beta", 1) == 1 else "freundlich")
        if model not in sorption.MODELS:
            raise InputError(
                "unknown sorption model", file=file, where=where, found=model, expected=" or ".join(sorption.MODELS)
            )
        values = np.atleast_1d(np.asarray(one.get("kd", 0.0), dtype=float))
        if values.size not in (1, layers) or not np.all(values >= 0.0):
            raise InputError(
                "kd must be a number of at least 0, or one for each material", file=file, where=where,
                found=one.get("kd"),
            )  # fmt: skip
        kd[i] = values
        defaults = {"beta": 1.0, "eta": 0.0, "diffusion_cm2_d": 0.0, "equilibrium_fraction": 1.0, "rate_1_d": 0.0,
                    "root_uptake_limit_mg_l": 0.0}  # fmt: skip
        single[:, i] = [_number(one, key, file, where, default) for key, default in defaults.items()]
        if single[0, i] <= 0.0 or np.any(single[1:, i] < 0.0):
            raise InputError("sorption coefficients must be positive", file=file, where=where, found=dict(one))
        start[i, 0] = profile.get(f"c{i + 1}", np.zeros(k))
        own = f"c_rain_{one.get('name')}_mg_L"
        key = own if own in met else "c_rain_mg_L"
        if key in met:
            rain[i, 0] = met[key][source]
        elif "c_top" in one or "c_top_mg_l" in about["top"]:
            rain[i, 0] = float(one.get("c_top", about["top"].get("c_top_mg_l", 0.0)))
    of = [columns.of_layers(np.broadcast_to(row, (1, layers)))[0] for row in kd]
    metals = sorption.metals(np.stack(of), *single)
    density = columns.of_layers(np.atleast_2d(_per_material(about, "bulk_density_g_cm3", layers, file)))
    dispersivity = columns.of_layers(np.atleast_2d(_per_material(about, "dispersivity_cm", layers, file)))
    return simulate.Load(metals, density, dispersivity, start, rain)


def _per_material(about: Mapping[str, Any], key: str, layers: int, file: Path) -> NDArray[np.float64]:
    values = np.atleast_1d(np.asarray(_part(about, key, file), dtype=float))
    if values.size not in (1, layers) or not np.all(values >= 0.0):
        raise InputError(
            f"{key} must be at least 0, one number or one for each material", file=file, where=key, found=about[key]
        )
    return np.broadcast_to(values, (layers,))


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
