"""The engines of the column responses, and the one place where one is chosen.

An engine takes the region's distinct columns and the weather years and gives, for each year, the arrays of the response
file; nothing downstream knows which ran.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget import runoff
from metalbudget.column import passes, rainfall, regional, response
from metalbudget.column.hydrus import engine as hydrus_engine
from metalbudget.column.ladder import next_rungs
from metalbudget.column.regional import Distinct, Members, Options
from metalbudget.column.water_balance import profile_of
from metalbudget.errors import InputError, InputErrors

ENGINES = ("metalbudget", "hydrus1d", "first_order")
JUDGED_KD_L_KG = 10.0  # rates of weaker sorption do not ask for more rungs of rain
LEAST_DRAINAGE_MM = 1.0
PIECE = 16  # columns a thread takes at a time: what is stored of them fits into the processor's memory
FEWEST_PIECES = 8
MOST_NAMED = 20  # unsolved columns that a message names


@dataclass(frozen=True, eq=False)
class Year:
    """Weather of one year.

    Parameters
    ----------
    year : int
    hourly_rain : ndarray, shape (24 d,)
        [mm]
    evapotranspiration : ndarray, shape (d,)
        Reference evapotranspiration. [mm d⁻¹]
    month : ndarray of int, shape (d,)
        1..12.
    """

    year: int
    hourly_rain: NDArray[np.float64]
    evapotranspiration: NDArray[np.float64]
    month: NDArray[np.int64]

    @property
    def daily_rain(self) -> NDArray[np.float64]:
        """Shape (d,). [mm d⁻¹]"""
        return self.hourly_rain.reshape(-1, rainfall.HOURS).sum(axis=1)


@dataclass(frozen=True, eq=False)
class Responses:
    """What an engine gives back.

    Parameters
    ----------
    years : dict of int to dict of ndarray
        By weather year: water terms and ``theta``, shape (r, k, s, z, w); ``leaching_rate``, with the ladder as the
        last axis; ``rain`` (r, z); ``irrigation`` (k,); and ``runoff_check`` (k, s, w), runoff at the station's rain
        as the way that does not decide has it. NaN where no cell has a soil and water table, and where there is no
        solution.
    unsolved : list of str
        Columns without a solution, by year and name.
    masked : ndarray of bool, shape (s, w)
        Soils and water tables of which some column has no solution.
    columns : int
        Columns solved, of all years together.
    most_passes : int
        Of a year, until the water came back.
    """

    years: dict[int, dict[str, NDArray[np.float64]]]
    unsolved: list[str]
    masked: NDArray[np.bool_]
    columns: int
    most_passes: int


def responses(
    engine: str,
    distinct: Distinct,
    years: Sequence[Year],
    kd_l_kg: NDArray[np.float64],
    options: Options,
    table: Mapping[str, float],
    threads: int = 1,
    program: str | Path | None = None,
) -> Responses:
    """Solve the distinct columns for all weather years with the engine of the configuration.

    Parameters
    ----------
    engine : str
        One of `ENGINES`.
    distinct : Distinct
    years : sequence of Year
    kd_l_kg : ndarray, shape (l,)
        Ladder of sorption strengths. [L kg⁻¹]
    options : Options
    table : mapping
        Rows of ``soil_column.csv``.
    threads : int
        The answer has the same bytes for any number.
    program : path, optional
        HYDRUS-1D, for the engine ``hydrus1d``.

    Returns
    -------
    Responses
    """
    if engine == "metalbudget":
        return richards_responses(distinct, years, kd_l_kg, options, threads)
    if engine == "hydrus1d":
        if program is None:
            raise ValueError("the engine hydrus1d needs a program")
        return richards_responses(distinct, years, kd_l_kg, options, threads, hydrus_engine.Runner(program))
    if engine == "first_order":
        return first_order_responses(distinct, years, kd_l_kg, options, table)
    raise ValueError(f"unknown engine {engine!r}, expected one of {ENGINES}")


def refuse_unsolved(unsolved: Sequence[str]) -> None:
    """Stop the study if columns have no solution.

    Raises
    ------
    InputErrors
        With the columns' identities.
    """
    problems = [
        InputError(
            "the water of a soil column found no solution",
            where=name,
            mend="look at the soil's texture and density, or mask such cells with leaching.mask_unsolved: true",
        )
        for name in unsolved[:MOST_NAMED]
    ]
    if problems:
        raise problems[0] if len(problems) == 1 else InputErrors(problems)


def richards_responses(
    distinct: Distinct,
    years: Sequence[Year],
    kd_l_kg: NDArray[np.float64],
    options: Options,
    threads: int,
    run: passes.Run | None = None,
) -> Responses:
    """Richards' equation on every distinct column, sorbed metals in its plough layer.

    The water flows by our own engine (``metalbudget``) or, after the first pass of a year, by what is given for it
    (``hydrus1d``).
    """
    result: dict[int, dict[str, NDArray[np.float64]]] = {}
    unsolved: list[str] = []
    masked = np.zeros(distinct.pair_cells.shape, dtype=bool)
    most, count = 0, 0
    with ThreadPoolExecutor(max_workers=max(threads, 1)) as pool:
        for year in years:
            found, members, answer = _richards_year(distinct, year, kd_l_kg, options, pool, run)
            found["runoff_check"] = _checked_runoff(distinct, year, options, pool)
            result[year.year] = found
            failed = answer.failed
            unsolved += [
                f"{year.year}: {regional.name_of(distinct, members, int(index))}" for index in np.flatnonzero(failed)
            ]
            masked[members.soil[failed], members.water_table[failed]] = True
            most, count = max(most, int(answer.passes.max())), count + members.count
    return Responses(result, unsolved, masked, count, most)


def _richards_year(
    distinct: Distinct,
    year: Year,
    kd_l_kg: NDArray[np.float64],
    options: Options,
    pool: ThreadPoolExecutor,
    run: passes.Run | None = None,
) -> tuple[dict[str, NDArray[np.float64]], Members, passes.Solved]:
    """Terms of one year at every rain factor and zone; the columns that were solved for it, and their answers."""
    records = rainfall.records_of(year.hourly_rain, year.month)

    def solve(own: Members) -> passes.Solved:
        driven = regional.drive(distinct, own, options, records, year.evapotranspiration)
        return passes.solve(distinct, own, options, driven, kd_l_kg, run)

    todo, members, answers = distinct.index(options), None, None
    while todo.count:
        # of few columns smaller pieces, so that no thread waits
        most = min(PIECE, max(todo.count // FEWEST_PIECES, 1))
        pieces = [todo.take(piece) for piece in regional.pieces_of(distinct, todo, most)]
        solved = list(pool.map(solve, pieces))
        members = regional.joined([*([] if members is None else [members]), *pieces])
        answers = passes.joined([*([] if answers is None else [answers]), *solved])
        todo = _bends(distinct, members, answers, kd_l_kg, options)
    if members is None or answers is None:
        raise ValueError("there is no column to be solved")
    result = _between(distinct, members, answers, kd_l_kg.size)
    for name in ("leaching_rate", "absolute_flux_20cm", "runoff"):
        # a polynomial may pass below zero where a term vanishes
        result[name] = np.where(np.isnan(result[name]), np.nan, np.maximum(result[name], 0.0))
    factors = np.multiply.outer(distinct.rain_factors, distinct.climate_factors)
    result["rain"] = factors * year.daily_rain.sum()
    result["irrigation"] = np.asarray(distinct.irrigation, dtype=float).copy()
    supply = result["rain"][:, None, None, :, None] + result["irrigation"][:, None, None, None]
    result["infiltration"] = supply - result["runoff"]
    # what runoff gained by that, the drainage has lost: no millimetre is counted twice
    result["drainage_100cm"] = result["infiltration"] - result["evapotranspiration"] - result["storage_change"]
    return result, members, answers


def _bends(
    distinct: Distinct, members: Members, solved: passes.Solved, kd_l_kg: NDArray[np.float64], options: Options
) -> Members:
    """Columns that are missing where responses to rain bend: judged by rates and by runoff in parts of the drainage."""
    drainage = np.maximum(np.abs(solved.terms["drainage_20cm"]), LEAST_DRAINAGE_MM)
    judged = np.column_stack(
        [solved.leaching_rate[:, kd_l_kg >= JUDGED_KD_L_KG], drainage, drainage + solved.terms["runoff"]]
    )
    rows = []
    for k, s, w, chosen in regional.ladders_of(members):
        if distinct.is_refined(k, options):
            added = next_rungs(members.rain[chosen], judged[chosen], options.rain_rungs_bunded, options.rain_tolerance)
            rows += [(k, s, w, float(rain)) for rain in added]
    return Members.of(rows)


def _between(distinct: Distinct, members: Members, solved: passes.Solved, rungs: int) -> dict[str, NDArray[np.float64]]:
    """Terms (r, k, s, z, w) and rates (r, k, s, z, w, l) from the ladders of rain."""
    rain, zones = distinct.rain_factors.size, distinct.climate_factors.size
    shape = (rain, len(distinct.tables.classes), len(distinct.soil_names), zones, distinct.water_table_cm.size)
    result = {name: np.full(shape, np.nan) for name in solved.terms}
    result["leaching_rate"] = np.full((*shape, rungs), np.nan)
    for k, s, w, chosen in regional.ladders_of(members):
        for name, values in (*solved.terms.items(), ("leaching_rate", solved.leaching_rate)):
            result[name][:, k, s, :, w] = distinct.between(members.rain[chosen], values[chosen])
    return result


def _checked_runoff(distinct: Distinct, year: Year, options: Options, pool: ThreadPoolExecutor) -> NDArray[np.float64]:
    """Runoff at the station's rain as the way that does not decide has it, shape (k, s, w). [mm yr⁻¹]"""
    if options.runoff == "columns":
        tables = distinct.tables
        open_days = tables.bund_height[:, year.month - 1] <= 0.0
        daily = runoff.daily_runoff(
            year.daily_rain[:, None, None, None], distinct.mean_curve_number, options.initial_abstraction_ratio
        )
        shed = np.einsum("dksw,kd->ksw", daily, open_days.astype(float))
        return np.where(distinct.pair_cells > 0, shed, np.nan)
    alone = replace(distinct, rain_factors=np.ones(1), climate_factors=np.ones(1))
    other = replace(options, runoff="columns", outflow="plough_layer")
    weak = np.array([1000.0])
    found, _, _ = _richards_year(alone_in_one_zone(alone), year, weak, other, pool)
    return found["runoff"][0, :, :, 0, :]


def alone_in_one_zone(distinct: Distinct) -> Distinct:
    """The same columns with all zones taken together."""
    return replace(
        distinct,
        cells=distinct.pair_cells[:, None, :],
        curve_number=distinct.mean_curve_number[:, :, None, :],
        climate_factors=np.ones(1),
    )


def first_order_responses(
    distinct: Distinct,
    years: Sequence[Year],
    kd_l_kg: NDArray[np.float64],
    options: Options,
    table: Mapping[str, float],
) -> Responses:
    """A daily balance of two layers and first-order leaching (engine ``first_order``)."""
    profile = profile_of(table)
    result: dict[int, dict[str, NDArray[np.float64]]] = {}
    for year in years:
        terms: dict[str, Any] = response.column_response(
            rain=year.daily_rain,
            evapotranspiration=year.evapotranspiration,
            month=year.month,
            rain_factors=distinct.rain_factors,
            climate_factors=distinct.climate_factors,
            soil=distinct.soil,
            curve_number=distinct.curve_number,
            water_table_m=distinct.water_table_cm / regional.CM_PER_M,
            irrigation=distinct.irrigation,
            tables=distinct.tables,
            profile=profile,
            initial_abstraction_ratio=options.initial_abstraction_ratio,
            dry_day_rain=options.dry_day_rain_mm,
            tolerance_mm=options.tolerance_mm,
            cycles=options.cycles,
        )
        terms["leaching_rate"] = response.leaching_rate(
            terms["drainage_20cm"][..., None],
            terms["theta"][..., None],
            distinct.bulk_density[:, None, None, None],
            kd_l_kg,
            profile.plough_depth_m,
        )
        result[year.year] = terms
    count = int(np.prod(result[years[0].year]["theta"].shape)) if years else 0
    nothing = np.zeros(distinct.pair_cells.shape, dtype=bool)
    return Responses(result, [], nothing, count * len(years), options.cycles)
