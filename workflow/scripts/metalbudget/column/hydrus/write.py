"""Soil columns as HYDRUS-1D reads them: SELECTOR.IN, PROFILE.DAT and ATMOSPH.IN.

Formats: tables 12.1 to 12.9 of the manual (Šimůnek et al. 2009, The HYDRUS-1D Software Package, version 4.08).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.column.columns import Columns, Weather
from metalbudget.column.simulate import Load
from metalbudget.column.sorption import sorbed
from metalbudget.errors import InputError

VERSION = "Pcp_File_Version=4"
SELECTOR, PROFILE, ATMOSPHERE = "SELECTOR.IN", "PROFILE.DAT", "ATMOSPH.IN"
# Array bounds that the manual (table 10.6) and HYDRUS-1D's own menus give.
MOST_NODES, MOST_MATERIALS, MOST_SOLUTES, MOST_OBSERVED = 1001, 20, 10, 10
OBSERVED_CM = (20.0, 50.0, 100.0)  # depths at which nodes are watched
_TITLE = 70
_TIMES_A_LINE = 8
_NEVER_D = 1.0e9  # no pulse of solute ends before
_REFERENCE_C = 20.0  # nothing depends on temperature here
_PARAMETERS = 16  # of each solute and material


@dataclass(frozen=True)
class Numerics:
    """How HYDRUS-1D steps; the defaults are those of the double-precision reference cases, without tables of K(h).

    Parameters
    ----------
    water_tolerance, head_tolerance_cm : float
        Between two rounds of a step. [1], [cm]
    first_step_d, least_step_d, longest_step_d : float
        [d]
    rounds : int
        Of a step, at most.
    """

    water_tolerance: float = 1.0e-4
    head_tolerance_cm: float = 0.05
    first_step_d: float = 5.0e-4
    least_step_d: float = 1.0e-8
    longest_step_d: float = 0.1
    rounds: int = 20


@dataclass(frozen=True, eq=False)
class Run:
    """One column and its weather, as HYDRUS-1D shall run it.

    Parameters
    ----------
    title : str
    columns : Columns
    index : int
        Of the column among `columns`.
    head_cm : ndarray, shape (k,)
        At the start; given heads at either end are put in its place. [cm]
    weather : Weather
    place : int
        Of the column's weather.
    print_days : ndarray, shape (p,)
        When all nodes are printed; the last is the end. [d]
    load : Load, optional
        Metals.
    numerics : Numerics
    every_d : float, optional
        Sums are printed so often, beside `print_days`. [d]
    observed_cm : sequence of float
        Depths whose nearest nodes are watched. [cm]
    """

    title: str
    columns: Columns
    index: int
    head_cm: NDArray[np.float64]
    weather: Weather
    place: int
    print_days: NDArray[np.float64]
    load: Load | None = None
    numerics: Numerics = Numerics()
    every_d: float | None = None
    observed_cm: Sequence[float] = OBSERVED_CM


def files(run: Run) -> dict[str, str]:
    """Text of each input file of a run, by its name.

    Raises
    ------
    InputError
        If HYDRUS-1D has no such column, with its name.
    """
    _refuse(run)
    material, properties = _materials(run)
    result = {SELECTOR: _selector(run, properties), PROFILE: _profile(run, material)}
    if run.columns.top == "atmospheric":
        result[ATMOSPHERE] = _atmosphere(run)
    return {name: "\n".join(lines) + "\n" for name, lines in result.items()}


def _refuse(run: Run) -> None:
    columns, weather = run.columns, run.weather
    name = columns.name(run.index)
    nodes = columns.depth_cm.size
    if nodes > MOST_NODES:
        raise InputError("HYDRUS-1D takes fewer nodes", where=name, found=nodes, expected=f"at most {MOST_NODES}")
    if columns.top != "atmospheric":
        given = [weather.rain_cm_d[run.place], *([] if run.load is None else [_rain_mg_l(run).T])]
        if any(np.ptp(values, axis=0).max() > 0.0 for values in given) or weather.evaporation_cm_d[run.place].any():
            raise InputError(
                "under a given flux or head HYDRUS-1D takes one value for the whole run", where=name,
                found="values that change in time",
            )  # fmt: skip
        if weather.transpiration_cm_d[run.place].any():
            raise InputError("roots are written under an atmospheric surface only", where=name)
    if run.load is None:
        return
    without = "HYDRUS-1D carries no such metal"
    if run.load.metals.count > MOST_SOLUTES:
        raise InputError(
            "HYDRUS-1D takes fewer metals", where=name, found=run.load.metals.count, expected=f"at most {MOST_SOLUTES}"
        )
    if _kinetic(run) and run.load.metals.count > 1:
        raise InputError(
            "sites out of equilibrium are written for one metal", where=name, found=f"{run.load.metals.count} metals",
            mend="write a folder for each metal",
        )  # fmt: skip
    for label, values in (
        ("dust", run.load.dust_ug_cm2),
        ("metal in water from below", run.load.below_mg_l),
        ("ploughing", run.load.mixed_nodes),
    ):
        if values is not None and np.any(np.asarray(values) > 0):
            raise InputError(without, where=name, found=label, mend="leave it out of the column that is written")


def _materials(run: Run) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Material of each node, from 0, and properties by material: those of the soil, ρ, λ, and k of each metal."""
    columns, of = run.columns, run.columns.layer[run.index]
    soil = [
        np.broadcast_to(np.asarray(values, dtype=float), columns.theta_s.shape)[run.index][of]
        for values in (
            columns.theta_r, columns.theta_s, columns.alpha_1_cm, columns.n, columns.ks_cm_d, columns.connectivity,
        )
    ]  # fmt: skip
    nodes = [of.astype(float), *soil]
    if run.load is not None:
        metals = run.load.metals
        coefficient = metals.coefficient[:, run.index] if metals.coefficient.ndim == 3 else metals.coefficient
        nodes += [_of_column(run, run.load.density_g_cm3), _of_column(run, run.load.dispersivity_cm), *coefficient]
    found, material = np.unique(np.stack(nodes, axis=1), axis=0, return_inverse=True)
    if found.shape[0] > MOST_MATERIALS:
        raise InputError(
            "HYDRUS-1D takes fewer materials", where=run.columns.name(run.index), found=found.shape[0],
            expected=f"at most {MOST_MATERIALS}", mend="give soil and sorption by layers",
        )  # fmt: skip
    return material.ravel(), found[:, 1:]


def _of_column(run: Run, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.broadcast_to(np.asarray(values, dtype=float), run.columns.layer.shape)[run.index]


def _rain_mg_l(run: Run) -> NDArray[np.float64]:
    """Of each metal in the weather's records, shape (m, records). [mg L⁻¹]"""
    assert run.load is not None
    shape = (run.load.metals.count, *run.weather.rain_cm_d.shape)
    if run.load.rain_mg_l is None:
        return np.zeros((shape[0], shape[2]))
    return np.broadcast_to(np.asarray(run.load.rain_mg_l, dtype=float), shape)[:, run.place]


def _has_roots(run: Run) -> bool:
    return run.columns.root_density is not None and bool(np.any(run.columns.root_density[run.index] > 0.0))


def _selector(run: Run, properties: NDArray[np.float64]) -> list[str]:
    columns, atmospheric, roots = run.columns, run.columns.top == "atmospheric", _has_roots(run)
    pond = float(np.broadcast_to(np.asarray(columns.pond_cm, dtype=float), (columns.count,))[run.index])
    given_bottom = columns.bottom == "head"
    lines = [
        VERSION,
        "*** BLOCK A: BASIC INFORMATION",
        "Heading",
        run.title[:_TITLE],
        "LUnit TUnit MUnit",
        "cm",
        "days",
        "ug",
        "lWat lChem lTemp lSink lRoot lShort lWDep lScreen AtmInf lEquil lInverse",
        f"{_flags(True, run.load is not None, False, roots)} f t f f {_flags(atmospheric, not _kinetic(run), False)}",
        "lSnow lHP1 lMeteo lVapor lActRSU lFlux lIrrig",
        _flags(False, False, False, False, False, run.load is not None, False),
        "NMat NLay CosAlfa",
        f"{properties.shape[0]} 1 1",
        "*** BLOCK B: WATER FLOW",
        "MaxIt TolTh TolH",
        _row(run.numerics.rounds, run.numerics.water_tolerance, run.numerics.head_tolerance_cm),
        "TopInf WLayer KodTop InitCond",
        f"{_flags(atmospheric, pond > 0.0)} {1 if columns.top == 'head' else -1} f",
        "BotInf qGWLF FreeD SeepF KodBot DrainF hSeep",
        f"{_flags(False, False, columns.bottom == 'free_drainage', columns.bottom == 'seepage_face')} "
        f"{1 if given_bottom else -1} f 0",
    ]  # fmt: skip
    if columns.top == "flux" or columns.bottom == "zero_flux":
        flux = run.weather.rain_cm_d[run.place, 0] if columns.top == "flux" else 0.0
        lines += ["rTop rBot rRoot", _row(-flux if flux else 0.0, 0.0, 0.0)]
    lines += [
        "hTab1 hTabN",
        "0 0",
        "Model Hysteresis",
        "0 0",
        "thr ths Alfa n Ks l",
        *(_row(*material[:6]) for material in properties),
        *_times(run),
    ]
    if run.load is not None:
        lines += _solutes(run, properties)
    if roots:
        lines += _uptake(run, properties.shape[0])
    return [*lines, "*** END OF INPUT FILE SELECTOR.IN"]


def _times(run: Run) -> list[str]:
    numerics = run.numerics
    every = "f 1000000 1" if run.every_d is None else f"t 1000000 {_number(run.every_d)}"
    times = [_number(day) for day in run.print_days]
    return [
        "*** BLOCK C: TIME",
        "dt dtMin dtMax DMul DMul2 ItMin ItMax MPL",
        f"{_row(numerics.first_step_d, numerics.least_step_d, numerics.longest_step_d)} 1.3 0.7 3 7 {len(times)}",
        "tInit tMax",
        f"0 {times[-1]}",
        "lPrintD nPrintSteps tPrintInterval lEnter",
        f"{every} f",
        "TPrint",
        *(" ".join(times[start : start + _TIMES_A_LINE]) for start in range(0, len(times), _TIMES_A_LINE)),
    ]


def _kinetic(run: Run) -> bool:
    return run.load is not None and bool(np.any(run.load.metals.fraction < 1.0))


def _solutes(run: Run, properties: NDArray[np.float64]) -> list[str]:
    assert run.load is not None
    metals = run.load.metals
    linear = bool(np.all(metals.exponent == 1.0) and np.all(metals.saturation == 0.0))
    tolerance = "0 1e-05 50" if linear else "1e-08 0.0001 100"
    lines = [
        "*** BLOCK F: SOLUTE TRANSPORT",
        "Epsi lUpW lArtD lTDep cTolA cTolR MaxItC PeCr NS lTort iBact lFiltr nChPar",
        f"0.5 f f f {tolerance} 2 {metals.count} t 0 f {_PARAMETERS}",
        "iNonEqul lWatDep lDualNEq lInitM lInitEq lTort x x x x lCFTr",
        f"{2 if _kinetic(run) else 0} {_flags(*[False] * 10)}",
        "Bulk.d DisperL Frac Mobile",
    ]
    lines += [f"{_row(material[6], material[7], metals.fraction[0])} 0" for material in properties]
    for i in range(metals.count):
        lines += [
            "DifW DifG",
            f"{_number(metals.diffusion_cm2_d[i])} 0",
            "Ks Nu Beta Henry SnkL1 SnkS1 SnkG1 SnkL1p SnkS1p SnkG1p SnkL0 SnkS0 SnkG0 Alfa",
        ]
        for material in properties:
            isotherm = _row(material[8 + i], metals.saturation[i], metals.exponent[i])
            lines.append(f"{isotherm} {_row(*[0] * 10)} {_number(metals.rate_1_d[i])}")
    top = np.zeros(metals.count) if run.columns.top == "atmospheric" else _rain_mg_l(run)[:, 0]
    return [
        *lines,
        "kTopSolute SolTop kBotSolute SolBot",
        f"-1 {_row(*top)} 0 {_row(*[0] * metals.count)}",
        "tPulse",
        _number(_NEVER_D),
    ]


def _uptake(run: Run, materials: int) -> list[str]:
    wet, optimum, high, low, dry, demand_high, demand_low = run.columns.feddes
    limits = [] if run.load is None else run.load.metals.uptake_limit_mg_l.tolist()
    lines = [
        "*** BLOCK G: ROOT WATER UPTAKE",
        "Model cRootMax OmegaC",
        _row(0, *limits, 1),
        "P0 P2H P2L P3 r2H r2L",
        _row(wet, high, low, dry, demand_high, demand_low),
        "POptm",
        _row(*[optimum] * materials),
    ]
    return lines if run.load is None else [*lines, "Solute reduction", "f"]


def _profile(run: Run, material: NDArray[np.int64]) -> list[str]:
    columns, load = run.columns, run.load
    head = np.array(run.head_cm, dtype=float)
    if columns.top == "head":
        head[0] = columns.top_head_cm
    if columns.bottom == "head":
        head[-1] = columns.bottom_head_cm
    count = 0 if load is None else load.metals.count
    roots = np.zeros(head.size) if columns.root_density is None else columns.root_density[run.index]
    more = np.zeros((head.size, 0)) if load is None else _start(run, load)
    # Temperature before the number of metals: the manual's table 12.8 has them the other way round, but version 4.08
    # then starts every metal after the first from nothing.
    kinds = f"{int(load is not None)} {count} {int(not _kinetic(run))}"
    lines = [VERSION, "0", f"{head.size} {kinds} x h Mat Lay Beta Axz Bxz Dxz Temp Conc"]
    for node in range(head.size):
        values = _row(node + 1, -columns.depth_cm[node], head[node], material[node] + 1, 1, roots[node], 1, 1, 1)
        lines.append(values if load is None else f"{values} {_row(_REFERENCE_C, *more[node])}")
    watched = observed_nodes(columns, run.observed_cm)
    return [*lines, str(len(watched)), " ".join(str(node + 1) for node in watched)]


def _start(run: Run, load: Load) -> NDArray[np.float64]:
    """Concentrations at the start and, with kinetic sites, what is sorbed on them; shape (k, m or 2 m)."""
    metals, shape = load.metals, run.columns.layer.shape
    dissolved = np.broadcast_to(load.concentration_mg_l, (metals.count, *shape))[:, run.index]
    if not _kinetic(run):
        return dissolved.T
    of = metals.coefficient[:, run.index] if metals.coefficient.ndim == 3 else metals.coefficient
    slow = np.empty_like(dissolved)
    for i in range(metals.count):
        slow[i] = [
            (1.0 - metals.fraction[i]) * sorbed(c, k, metals.exponent[i], metals.saturation[i])
            for c, k in zip(dissolved[i], np.broadcast_to(of[i], dissolved[i].shape), strict=True)
        ]
    return np.concatenate([dissolved, slow]).T


def observed_nodes(columns: Columns, depths_cm: Sequence[float]) -> list[int]:
    """Nodes that are nearest to depths, from 0, each once."""
    return sorted({int(np.argmin(np.abs(columns.depth_cm - depth))) for depth in depths_cm})


def _atmosphere(run: Run) -> list[str]:
    columns, weather, place = run.columns, run.weather, run.place
    pond = float(np.broadcast_to(np.asarray(columns.pond_cm, dtype=float), (columns.count,))[run.index])
    ends = np.cumsum(weather.days)
    # the last record ends when the run does, to the printed digit
    if abs(ends[-1] - run.print_days[-1]) < 1.0e-6 * run.print_days[-1]:
        ends[-1] = run.print_days[-1]
    rain = None if run.load is None else _rain_mg_l(run)
    lines = [
        VERSION,
        "*** BLOCK I: ATMOSPHERIC INFORMATION",
        "MaxAL",
        str(ends.size),
        "DailyVar SinusVar lLay lBCCycles lInterc",
        _flags(*[False] * 5),
        "hCritS",
        _number(pond),
        "tAtm Prec rSoil rRoot hCritA rB hB ht" + ("" if rain is None else " tTop tBot Ampl cTop cBot"),
    ]
    for record in range(ends.size):
        values = _row(
            ends[record], weather.rain_cm_d[place, record], weather.evaporation_cm_d[place, record],
            weather.transpiration_cm_d[place, record], abs(columns.driest_head_cm), 0, 0, 0,
        )  # fmt: skip
        if rain is not None:
            # one pair a metal (found by asking; the manual has all of the top first)
            values += " 0 0 0 " + " ".join(f"{_number(top)} 0" for top in rain[:, record])
        lines.append(values)
    return [*lines, "end*** END OF INPUT FILE ATMOSPH.IN"]


def _flags(*values: bool) -> str:
    return " ".join("t" if value else "f" for value in values)


def _number(value: float) -> str:
    return f"{value:.10g}"


def _row(*values: float) -> str:
    return " ".join(_number(value) for value in values)
