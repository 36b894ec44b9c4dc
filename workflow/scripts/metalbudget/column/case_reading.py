"""A column case read and checked: case.json, profile_initial.csv and met.csv as columns, weather and metals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.column import columns as described
from metalbudget.column import simulate, sorption
from metalbudget.column.case_files import LARGEST, Problems, Section, Table, read_mapping, read_table, within
from metalbudget.column.case_weather import read_weather
from metalbudget.column.columns import Columns, Weather
from metalbudget.errors import InputError

Vector = NDArray[np.float64]

FEDDES_KEYS = ("P0", "Popt", "P2H", "P2L", "P3", "r2H", "r2L")
BOTTOM_NAMES = {
    "free_drainage": "free_drainage",
    "head": "head",
    "water_table": "head",
    "seepage": "seepage_face",
    "seepage_face": "seepage_face",
    "zero_flux": "zero_flux",
}
MATERIAL_KEYS = {"theta_r": "theta_r", "theta_s": "theta_s", "alpha_1_cm": "alpha_1_cm", "n": "n", "ks_cm_d": "Ks_cm_d"}
CASE_KEYS = (
    "case", "materials", "layers", "top", "bottom", "time", "surface_limits", "feddes", "solutes", "bulk_density_g_cm3",
    "dispersivity_cm", "root_depth_cm", "units",
)  # fmt: skip
SOLUTE_DEFAULTS = {
    "beta": 1.0, "eta": 0.0, "diffusion_cm2_d": 0.0, "equilibrium_fraction": 1.0, "rate_1_d": 0.0,
    "root_uptake_limit_mg_l": 0.0,
}  # fmt: skip
SOLUTE_KEYS = ("name", "kd", "model", "c_top", *SOLUTE_DEFAULTS)
# Words of processes that some programs have and this one has not: a key that holds one is refused, not passed over.
NOT_MODELLED = ("decay", "half_life", "mu_", "gamma", "henry", "production", "hysteresis", "theta_im", "snow", "vapo")
UNITS = {"length": ("cm",), "time": ("d", "day", "days"), "mass": ("ug", "µg", "μg")}
LEACHING_DEPTH_CM = 20.0
# Stored sums carry the metals; so long at most, so that a tracer follows the hours of a storm; where sorption is not
# linear or sites follow at their own rate shorter, so that what evaporation brings to the surface is right there within
# 1 %; and longer in runs that would have more intervals than fit into memory.
LONGEST_INTERVAL_D, LONGEST_CURVED_D = 0.25, 0.05
MOST_INTERVALS = 20000

# Beyond these a number is in another unit, or no soil's. Heads: a clod in dry air has -1e7 cm (pF 7).
HEADS_CM = (-1.0e7, 1.0e4)
ALPHA_1_CM, KS_CM_D, EXPONENT = (1.0e-5, 10.0), (1.0e-6, 1.0e6), 30.0
DENSITY_G_CM3 = (0.01, 2.75)  # peat to quartz
MOST_DEPTH_CM, MOST_DAYS, MOST_NODES = 1.0e5, 73100.0, 5000
MOST_FLUX_CM_D = 1.0e5
TABLE_BELOW = 2.0  # depths of the profile: groundwater further down no longer holds its lower end at rest
EXPONENTS = (0.05, 5.0)  # of Freundlich's isotherm


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
    head_cm: Vector
    interval: NDArray[np.int64]
    output: NDArray[np.int64]
    output_days: Vector
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
    file = folder / "case.json"
    problems = Problems()
    content = read_mapping(file)
    name = str(content.get("case") or folder.name)
    about = Section(content, file, f"column {name}", problems)
    _check_keys(about)
    solutes = about.sections("solutes", "solute", required=False)
    concentrations = [f"c{i}" for i in range(1, len(solutes) + 1)]
    profile = read_table(
        folder / "profile_initial.csv", ("depth", "h", "mat", *concentrations), ("beta",),
        [f"c{i}" for i in range(1, 10)],
    )  # fmt: skip
    depth, head = profile.columns["depth"], profile.columns["h"]
    roots = profile.columns.get("beta", np.zeros(depth.size))
    materials = about.sections("materials", "material")
    layer = _profile(about, profile, len(materials), len(solutes))
    _check_layers(about, depth, layer, len(materials))
    soil = _soil(materials)
    top, bottom = about.section("top"), about.section("bottom")
    kinds = str(top.values.get("type")), str(bottom.values.get("type"))
    for part, kind, known in ((top, kinds[0], described.TOPS), (bottom, kinds[1], BOTTOM_NAMES)):
        if part.values and kind not in known:
            label = part.where.rsplit(", ", 1)[-1]
            part.complain(f"unknown kind of {label}", "type", found=kind, expected=" or ".join(known))
    bottom_head = _bottom_head(bottom, depth)
    _check_roots(about, depth, roots)
    top_head = top.number("h_cm", least=HEADS_CM[0], most=HEADS_CM[1]) if kinds[0] == "head" else 0.0
    flux = top.number("flux_cm_d", least=-MOST_FLUX_CM_D, most=MOST_FLUX_CM_D) if kinds[0] == "flux" else 0.0
    driest, pond = _surface_limits(about)
    if kinds[0] == "atmospheric" and head[0] > max(pond, 0.0):
        problems.add(
            "more water stands on the surface than it holds", file=profile.file,
            where=f"{about.where}, row {profile.rows[0]}, h", found=f"{head[0]:g}",
            expected=f"at most {pond:g} (h_crit_max_cm)", mend="heads in cm, negative where unsaturated",
        )  # fmt: skip
    feddes = _feddes(about)
    end = about.section("time").number("t_end_d", least=1.0e-6, most=MOST_DAYS, mend="the length of the run in days")
    loaded = _solutes(about, solutes, len(materials), top)
    problems.finish()

    if kinds[0] == "atmospheric":
        met, records, rain_of = read_weather(folder, end, loaded, bool(np.any(roots > 0.0)), name)
    else:
        met = {"rain": np.array([flux]), "evaporation": np.zeros(1), "transpiration": np.zeros(1)}
        records, rain_of = np.array([end]), [np.array([one["c_top"] or 0.0]) for one in loaded]
    output_days = _output_days(folder, end)
    longest = math.inf
    if loaded:
        straight = all(
            one["beta"] == 1.0 and one["eta"] == 0.0 and one["equilibrium_fraction"] == 1.0 for one in loaded
        )
        longest = max(LONGEST_INTERVAL_D if straight else LONGEST_CURVED_D, min(1.0, end / MOST_INTERVALS))
    edges, source = _edges(records, output_days, longest, end)
    columns = Columns(
        depth_cm=depth, layer=layer[None, :], **soil, root_density=roots[None, :], feddes=feddes, top=kinds[0],
        bottom=BOTTOM_NAMES[kinds[1]], top_head_cm=top_head, bottom_head_cm=bottom_head, driest_head_cm=driest,
        pond_cm=pond, names=(name,),
    )  # fmt: skip
    weather = Weather(np.diff(edges), *(met[key][source][None, :] for key in ("rain", "evaporation", "transpiration")))
    described.check(columns, weather, np.zeros(1, dtype=np.int64), file)
    load = _load(columns, loaded, profile, rain_of, source) if loaded else None
    output = np.searchsorted(output_days, edges[1:] - 1.0e-9 * end)
    return Case(
        folder, columns, weather, head, np.arange(output.size), output, output_days,
        tuple(str(one["name"]) for one in loaded), load, kinds[0] == "atmospheric",
    )  # fmt: skip


def _check_keys(about: Section) -> None:
    """Keys that are misspelt, name what is not modelled, or give another unit."""
    about.refuse_misspelt(CASE_KEYS)
    _refuse_processes(about)
    units = about.section("units", required=False)
    for key, allowed in UNITS.items():
        found = units.values.get(key)
        if isinstance(found, str) and found.strip().lower() not in allowed:
            units.complain("the case is in another unit", key, found=found, expected=allowed[0])


def _refuse_processes(part: Section) -> None:
    for key, value in part.values.items():
        if value not in (None, False, 0, 0.0, "") and any(word in key.lower() for word in NOT_MODELLED):
            part.complain("this is not modelled", key, found=value, mend="leave the key out if it may be neglected")


def _profile(about: Section, profile: Table, materials: int, solutes: int) -> NDArray[np.int64]:
    """Checks of the nodes; the layer of each."""
    of, problems = profile.columns, about.problems

    def complain(message: str, bad: NDArray[np.bool_], title: str, expected: str, mend: str | None = None) -> None:
        if np.any(bad):
            i = int(np.argmax(bad))
            problems.add(
                message, file=profile.file, where=f"{about.where}, row {profile.rows[i]}, {title}",
                found=f"{of[title][i]:g}", expected=expected, mend=mend,
            )  # fmt: skip

    depth = of["depth"]
    if depth.size < 3 or depth.size > MOST_NODES:
        problems.add(
            "the profile has too few or too many nodes", file=profile.file, where=about.where, found=depth.size,
            expected=f"3 to {MOST_NODES}",
        )  # fmt: skip
    begins = np.zeros(depth.size, dtype=bool)
    begins[0] = depth[0] != 0.0
    complain("depths must begin at the surface", begins, "depth", "0")
    falls = np.r_[False, np.diff(depth) <= 0.0]
    complain(
        "depths of nodes must increase downwards", falls, "depth", "more than in the row before",
        "positive depths in cm, from the surface down",
    )  # fmt: skip
    complain("the node is too deep", depth > MOST_DEPTH_CM, "depth", f"at most {MOST_DEPTH_CM:g} cm", "depths in cm")
    outside = (of["h"] < HEADS_CM[0]) | (of["h"] > HEADS_CM[1])
    complain("the head is out of range", outside, "h", within(*HEADS_CM), "heads in cm, negative where unsaturated")
    mat = of["mat"]
    if materials:
        strange = (mat != np.round(mat)) | (mat < 1) | (mat > materials)
        complain("a node names a material that is not in case.json", strange, "mat", f"1 to {materials}")
    if "beta" in of:
        complain(
            "root density must not be negative", of["beta"] < 0.0, "beta", "at least 0, 0 where there are no roots"
        )
    for title in of:
        if title.startswith("c") and title[1:].isdigit():
            if 0 < solutes < int(title[1:]):  # without metals the water runs by itself
                problems.add(
                    "a concentration without a substance", file=profile.file, where="row 1", found=title,
                    expected=f"{solutes} solutes in case.json",
                )  # fmt: skip
            outside = (of[title] < 0.0) | (of[title] > LARGEST)
            complain("the concentration is out of range", outside, title, within(0.0, LARGEST))
    return np.clip(np.where(np.abs(mat) < LARGEST, mat, 0.0).astype(np.int64) - 1, 0, max(materials - 1, 0))


def _check_layers(about: Section, depth: Vector, layer: NDArray[np.int64], materials: int) -> None:
    """Layers of the description, [lower edge, material] each, against the nodes."""
    if not about.has("layers"):
        return
    listed = about.values["layers"]
    form = "[lower edge, material] or [upper edge, lower edge, material], from the surface downwards"
    if not materials:
        return
    if not isinstance(listed, list) or not listed or not all(_is_layer(row, materials) for row in listed):
        about.complain(
            "layers is not a list of edges and materials", "layers", found=listed,
            expected=f"{form}; materials 1 to {materials}",
        )  # fmt: skip
        return
    edges = [0.0]
    for row in listed:
        lower, upper = float(row[-2]), float(row[0]) if len(row) == 3 else edges[-1]
        if abs(upper - edges[-1]) > 1.0e-6 or lower <= upper:
            about.complain("layers overlap or leave a gap", "layers", found=listed, expected=form)
            return
        edges.append(lower)
    if abs(edges[-1] - depth[-1]) > 1.0e-6:
        short = "do not reach" if edges[-1] < depth[-1] else "reach below"
        about.complain(
            f"layers {short} the lower end of the profile", "layers", found=f"{edges[-1]:g} cm",
            expected=f"{depth[-1]:g} cm, the deepest node of profile_initial.csv",
        )  # fmt: skip
        return
    if np.any(np.diff(depth) <= 0.0):
        return
    wanted = np.array([int(row[-1]) - 1 for row in listed])[described.layer_index(depth, edges[1:])]
    if np.any(wanted != layer):
        row = int(np.argmax(wanted != layer))
        about.complain(
            "a node's material is not that of its layer", f"layers, depth {depth[row]:g} cm", found=int(layer[row]) + 1,
            expected=f"mat {int(wanted[row]) + 1} in profile_initial.csv",
        )  # fmt: skip


def _is_layer(row: Any, materials: int) -> bool:
    return (
        isinstance(row, list)
        and len(row) in (2, 3)
        and all(isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < LARGEST for one in row)
        and row[-1] == int(row[-1])
        and 1 <= row[-1] <= max(materials, 1)
    )


def _soil(materials: Sequence[Section]) -> dict[str, Vector]:
    """Parameters of the materials, shape (1, l)."""
    rows = []
    for one in materials:
        one.refuse_misspelt((*MATERIAL_KEYS.values(), "l", "name", "model"))
        model = one.values.get("model")
        if isinstance(model, str) and model.strip().lower() != "vg" and not model.lower().startswith("van genuchten"):
            one.complain("unknown model of the soil", "model", found=model, expected="van Genuchten-Mualem")
        row = {own: one.number(key) for own, key in MATERIAL_KEYS.items()}
        if row["theta_r"] < 0.0 or row["theta_r"] >= row["theta_s"] or row["theta_s"] > 1.0:
            one.complain(
                "theta_r must be at least 0 and below theta_s, theta_s at most 1", "theta_r, theta_s",
                found=f"{row['theta_r']:g}, {row['theta_s']:g}",
            )  # fmt: skip
        _positive(one, "alpha", "alpha_1_cm", row["alpha_1_cm"], *ALPHA_1_CM, "cm⁻¹")
        _positive(one, "Ks", "Ks_cm_d", row["ks_cm_d"], *KS_CM_D, "cm per day")
        if not row["n"] > 1.0 and not math.isnan(row["n"]):
            one.complain("n must be above 1", "n", found=f"{row['n']:g}")
        elif row["n"] > EXPONENT:
            one.complain("n is that of no soil", "n", found=f"{row['n']:g}", expected=f"above 1, at most {EXPONENT:g}")
        row["connectivity"] = one.number("l", 0.5, least=-10.0, most=10.0)
        rows.append(row)
    return {key: np.array([[row[key] for row in rows]]) for key in (rows[0] if rows else ())}


def _positive(one: Section, label: str, key: str, value: float, least: float, most: float, unit: str) -> None:
    if math.isnan(value):
        return
    if value <= 0.0:
        one.complain(f"{label} must be positive", key, found=f"{value:g}")
    elif not least <= value <= most:
        one.complain(f"{label} is that of no soil", key, found=f"{value:g}", expected=within(least, most),
                     mend=f"give it in {unit}")  # fmt: skip


def _bottom_head(bottom: Section, depth: Vector) -> float:
    if bottom.values.get("type") == "water_table":
        below = bottom.number(
            "depth_cm", least=0.0, most=TABLE_BELOW * max(float(depth[-1]), 0.0),
            mend="the depth of the water table below the surface in cm; free_drainage where it is deeper",
        )  # fmt: skip
        return float(depth[-1]) - below
    if bottom.values.get("type") == "head":
        return bottom.number("h_cm", least=HEADS_CM[0], most=HEADS_CM[1], mend="the head at the lower end in cm")
    return 0.0


def _surface_limits(about: Section) -> tuple[float, float]:
    limits = about.section("surface_limits", required=False)
    limits.refuse_misspelt(("h_crit_min_cm", "h_crit_max_cm", "ponding"))
    driest = limits.number(
        "h_crit_min_cm", described.DRIEST_CM, least=HEADS_CM[0], most=-1.0, mend="a negative head in cm"
    )
    return driest, limits.number("h_crit_max_cm", 0.0, least=0.0, most=1000.0, mend="a depth of water in cm")


def _feddes(about: Section) -> tuple[float, ...]:
    if not about.has("feddes"):
        return described.PASTURE
    part = about.section("feddes")
    if not part.values:
        return described.PASTURE
    values = [part.number(key, least=HEADS_CM[0], most=HEADS_CM[1]) for key in FEDDES_KEYS[:5]]
    values += [part.number(key, least=0.0, most=10.0, mend="a rate in cm per day") for key in FEDDES_KEYS[5:]]
    if values[6] > values[5]:
        part.complain("the low demand is above the high one", "r2L", found=f"{values[6]:g}", expected=f"{values[5]:g}")
    return tuple(values)


def _check_roots(about: Section, depth: Vector, roots: Vector) -> None:
    if about.has("feddes") and not np.any(roots > 0.0):
        about.complain(
            "no node has roots", "feddes", found="no beta above 0 in profile_initial.csv",
            mend="beta above 0 where roots are, or no feddes",
        )  # fmt: skip
    deepest = about.number("root_depth_cm", least=0.0, most=MOST_DEPTH_CM) if about.has("root_depth_cm") else math.nan
    if math.isnan(deepest):
        return
    try:
        described.check_root_depth(deepest, depth, about.where, about.file)
    except InputError as error:
        about.problems.found.append(error)
        return
    if deepest > 0.0 and not np.any(roots > 0.0):
        about.complain(
            "no node has roots", "root_depth_cm", found=f"{deepest:g}", mend="beta in profile_initial.csv above 0 there"
        )
    below = depth > deepest + float(np.max(np.diff(depth), initial=0.0))
    if np.any((roots > 0.0) & below):
        about.complain(
            "a node has roots below the depth of roots", "root_depth_cm", found=f"{deepest:g}",
            expected=f"{depth[roots > 0.0][-1]:g}, as in profile_initial.csv",
        )  # fmt: skip


def _solutes(about: Section, solutes: Sequence[Section], layers: int, top: Section) -> list[dict[str, Any]]:
    """Coefficients of each substance; density and dispersivity stand in the first."""
    result: list[dict[str, Any]] = []
    for number, one in enumerate(solutes, 1):
        one.refuse_misspelt(SOLUTE_KEYS)
        _refuse_processes(one)
        row: dict[str, Any] = {
            key: one.number(key, default, least=0.0, most=LARGEST) for key, default in SOLUTE_DEFAULTS.items()
        }
        row["name"] = one.values.get("name", f"solute {number}")
        row["kd"] = _kd(one, layers)
        _check_model(one, row)
        if not math.isnan(row["beta"]) and not EXPONENTS[0] <= row["beta"] <= EXPONENTS[1]:
            one.complain(
                "beta is no exponent of sorption", "beta", found=f"{row['beta']:g}", expected=within(*EXPONENTS)
            )
        if row["equilibrium_fraction"] > 1.0:
            one.complain("a share lies within 0 and 1", "equilibrium_fraction", found=row["equilibrium_fraction"])
        elif row["equilibrium_fraction"] < 1.0 and not one.has("rate_1_d"):
            one.complain("rate_1_d is missing", "rate_1_d", mend="the rate of the sites that follow, per day")
        row["c_top"] = one.number("c_top", least=0.0, most=LARGEST) if one.has("c_top") else None
        if row["c_top"] is None and top.has("c_top_mg_l"):
            row["c_top"] = top.number("c_top_mg_l", least=0.0, most=LARGEST)
        result.append(row)
    names = [str(row["name"]) for row in result]
    for name in sorted({name for name in names if names.count(name) > 1}):
        about.complain("two solutes have one name", "solutes", found=name)
    if result:
        for key, least, most, unit in (
            ("bulk_density_g_cm3", *DENSITY_G_CM3, "g cm⁻³"), ("dispersivity_cm", 0.0, 1.0e4, "cm"),
        ):  # fmt: skip
            if not about.has(key):
                about.complain(f"{key} is missing", key)
                continue
            values = about.numbers(key, (layers,), least=least, most=most, mend=f"one number or one a material, {unit}")
            result[0][key] = np.broadcast_to(values if values.size == layers else values[:1], (layers,))
    return result


def _check_model(one: Section, row: Mapping[str, Any]) -> None:
    """A named model against its coefficients; without a name the coefficients say what it is."""
    model = one.values.get("model")
    freundlich, langmuir = row["beta"] != 1.0, row["eta"] != 0.0
    if model is None:
        return
    if model not in sorption.MODELS:
        one.complain("unknown sorption model", "model", found=model, expected=" or ".join(sorption.MODELS))
    elif (freundlich and model != "freundlich") or (langmuir and model != "langmuir"):
        one.complain(
            f"coefficients of another model than {model}", "model", found=f"beta {row['beta']:g}, eta {row['eta']:g}",
            expected="beta 1 unless it is freundlich, eta 0 unless it is langmuir",
        )  # fmt: skip
    elif model == "langmuir" and not one.has("eta"):
        one.complain("eta is missing", "eta", mend="S = kd c / (1 + eta c)")


def _kd(one: Section, layers: int) -> Vector:
    """One a material."""
    value = one.values.get("kd")
    listed = value if isinstance(value, list) else [value]
    fine = all(isinstance(k, int | float) and not isinstance(k, bool) and 0.0 <= k <= LARGEST for k in listed)
    if layers and (len(listed) not in (1, layers) or not fine):
        one.complain(
            "kd must be a number of at least 0, or one for each material", "kd", found=value,
            expected=f"{within(0.0, LARGEST)}; {layers} materials", mend="in L/kg; 0 for a tracer",
        )  # fmt: skip
    if len(listed) not in (1, layers) or not fine:
        return np.zeros(layers)
    return np.broadcast_to(np.array(listed, dtype=float), (layers,))


def _output_days(folder: Path, end: float) -> Vector:
    """Times of output: those of the expected results if there are any, else days (hours in runs up to two days)."""
    file = folder / "expected" / "daily_cumulative.csv"
    if file.is_file():
        days = read_table(file, ("t_d",)).columns["t_d"]
        days = days[(days > 0.0) & (days < end * (1.0 - 1.0e-9))]
        return np.concatenate([np.unique(days), [end]])
    step = 1.0 if end > 2.0 else 1.0 / 24.0
    days = np.arange(step, end * (1.0 - 1.0e-9), step)
    return np.concatenate([days, [end]])


def _edges(records: Vector, outputs: Vector, longest: float, end: float) -> tuple[Vector, NDArray[np.int64]]:
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
    columns: Columns, solutes: Sequence[Mapping[str, Any]], profile: Table, rain_of: Sequence[Vector],
    source: NDArray[np.int64],
) -> simulate.Load:  # fmt: skip
    """Metals of a case: coefficients at the nodes, c1, c2, … of the profile, and what rain brings."""
    nothing = np.zeros(columns.depth_cm.size)
    of = [columns.of_layers(np.atleast_2d(one["kd"]))[0] for one in solutes]
    metals = sorption.metals(np.stack(of), *([one[key] for one in solutes] for key in SOLUTE_DEFAULTS))
    density = columns.of_layers(np.atleast_2d(solutes[0]["bulk_density_g_cm3"]))
    dispersivity = columns.of_layers(np.atleast_2d(solutes[0]["dispersivity_cm"]))
    start = np.stack([profile.columns.get(f"c{i}", nothing)[None] for i in range(1, len(solutes) + 1)])
    rain = np.stack([carried[source][None] for carried in rain_of])
    # no gradient at the lower end: water that rises there has the concentration of the lowest node
    rising = np.full(len(solutes), np.nan)
    return simulate.Load(metals, density, dispersivity, start, rain, below_mg_l=rising)
