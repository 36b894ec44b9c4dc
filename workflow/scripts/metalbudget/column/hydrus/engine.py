"""Many columns by the user's HYDRUS-1D: the same water as `simulate.run` gives, from another program."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.column import columns as described
from metalbudget.column import richards
from metalbudget.column.bounds import most_runoff
from metalbudget.column.columns import Columns, Weather
from metalbudget.column.hydrus import executable, write
from metalbudget.column.simulate import Flow, Load, State, edge_of
from metalbudget.errors import InputError, InputErrors

# Tried one after the other until a balance closes; those of the double-precision reference cases.
LADDER = (
    write.Numerics(),
    write.Numerics(1.0e-3, 1.0, 1.0e-3, 1.0e-6, 0.2),
    write.Numerics(3.0e-4, 0.3, 2.0e-4, 1.0e-7, 0.1),
    write.Numerics(1.0e-3, 1.0, 1.0e-5, 1.0e-10, 0.1),
    write.Numerics(1.0e-3, 0.1, 1.0e-4, 1.0e-9, 0.05, 50),
)
# Runoff beyond what Darcy's law lets run off, from steps accepted without a solution (docs/verification-column.md): in
# cm, and as a share of the rain.
MOST_EXCESS_CM, MOST_EXCESS_SHARE = 0.3, 0.02
LONGEST_PRINT_D = 1.0  # all nodes are read so often, whatever the intervals


def run(
    columns: Columns,
    weather: Weather,
    state: State,
    interval: ArrayLike,
    *,
    program: str | Path,
    period: ArrayLike | None = None,
    weather_of: ArrayLike | None = None,
    depths_cm: ArrayLike = (),
    threads: int = 1,
    timeout_s: float = executable.TIMEOUT_S,
    return_failed: bool = False,
) -> Flow:
    """Let water flow in HYDRUS-1D.

    Parameters
    ----------
    columns, weather, state, interval, period, weather_of, depths_cm
        As of `simulate.run`; of `state` the heads count.
    program : path
        The executable.
    threads : int
        Columns at a time.
    timeout_s : float
        For each run of a column. [s]
    return_failed : bool
        Mark columns whose runs are refused in `Flow.failed` and go on; a program that does not run is refused all the
        same.

    Returns
    -------
    Flow
        Kept with its intervals, so that `leaching.plough_layer` goes on from it; counts of steps and rounds are 0.

    Raises
    ------
    InputErrors
        If the description is not possible or a column does not close its balance, with its name.

    Notes
    -----
    HYDRUS-1D prints no sums by node. Water of the nodes is its printed water content (four digits); what enters and
    leaves the column are its printed sums. Uptake of a column is what closes the balance between them (HYDRUS' own
    transpiration lags by up to 0.85 cm a year) and is shared among nodes as the printed uptake. Fluxes between nodes
    follow, so every balance closes; their absolute values are those of daily sums, which loses one or two per cent of
    dispersion.
    """
    count = columns.count
    place = np.zeros(count, dtype=np.int64) if weather_of is None else np.asarray(weather_of, dtype=np.int64)
    described.check(columns, weather, place)
    interval = np.ascontiguousarray(interval, dtype=np.int64)
    n = int(interval[-1]) + 1
    by_interval = np.zeros(n, dtype=np.int64) if period is None else np.ascontiguousarray(period, dtype=np.int64)
    ends = np.cumsum(weather.days)
    interval_ends = ends[np.append(np.flatnonzero(np.diff(interval)), ends.size - 1)]
    prints = print_days(ends, interval_ends)

    def one(index: int) -> _Kept | InputError:
        try:
            return _column(columns, weather, state, index, int(place[index]), prints, interval_ends, program, timeout_s)
        except InputErrors:
            raise
        except InputError as error:
            return error

    with ThreadPoolExecutor(max_workers=max(threads, 1)) as pool:
        found = list(pool.map(one, range(count)))
    problems = [answer for answer in found if isinstance(answer, InputError)]
    broken = [problem for problem in problems if problem.where is None]
    if problems and (broken or not return_failed):
        chosen = broken[:1] or problems
        raise chosen[0] if len(chosen) == 1 else InputErrors(chosen)
    empty = _Kept.empty(n, columns.depth_cm.size)
    kept = [empty if isinstance(answer, InputError) else answer for answer in found]
    flow = _flow(columns, weather, place, interval, by_interval, kept, depths_cm)
    failed = np.array([isinstance(answer, InputError) for answer in found])
    return replace(flow, failed=failed) if return_failed else flow


class Runner:
    """Stands for `simulate.run` where a region's columns are solved, with the program of a user.

    Parameters
    ----------
    program : path
    """

    def __init__(self, program: str | Path) -> None:
        self._program = program

    def __call__(
        self,
        columns: Columns,
        weather: Weather,
        state: State,
        interval: ArrayLike,
        *,
        weather_of: ArrayLike | None = None,
        load: Load | None = None,
        return_failed: bool = False,
        **_: object,
    ) -> tuple[Flow, None]:
        """Water of columns; metals go through the plough layer by themselves."""
        if load is not None:
            raise ValueError("the engine hydrus1d takes leaching.outflow: plough_layer")
        flow = run(
            columns, weather, state, interval, program=self._program, weather_of=weather_of, return_failed=return_failed
        )
        return flow, None


def print_days(ends: NDArray[np.float64], interval_ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ends of intervals, and of records between them so that no more than a day lies between. [d]"""
    chosen, last = [], 0.0
    wanted = {float(end) for end in interval_ends}
    for position, end in enumerate(ends.tolist()):
        far = position + 1 < ends.size and ends[position + 1] - last > LONGEST_PRINT_D + 1.0e-6
        if end in wanted or far:
            chosen.append(end)
            last = end
    return np.array(chosen)


class _Kept:
    """A column's answer by interval: terms (n, RESULTS), and nodes (n, k) or faces (n, k + 1)."""

    def __init__(
        self,
        before: NDArray[np.float64],
        sums: NDArray[np.float64],
        flux: NDArray[np.float64],
        absolute: NDArray[np.float64],
        water: NDArray[np.float64],
        head: NDArray[np.float64],
        uptake: NDArray[np.float64],
    ) -> None:
        self.before, self.sums, self.flux, self.absolute = before, sums, flux, absolute
        self.water, self.head, self.uptake = water, head, uptake

    @classmethod
    def empty(cls, n: int, k: int) -> "_Kept":
        """Of a column that was refused: zeros."""
        faces, nodes = np.zeros((n, k + 1)), np.zeros((n, k))
        return cls(np.zeros(k), np.zeros((n, richards.RESULTS)), faces, faces, nodes, nodes, nodes)


def _column(
    columns: Columns,
    weather: Weather,
    state: State,
    index: int,
    place: int,
    prints: NDArray[np.float64],
    interval_ends: NDArray[np.float64],
    program: str | Path,
    timeout_s: float,
) -> _Kept:
    """Run a column, with other steps if its balance stays open."""
    name = columns.name(index)
    atmospheric = columns.top == "atmospheric"
    rain = float(weather.rain_cm_d[place] @ weather.days) if atmospheric else None
    ponded = max(float(state.head_cm[index, 0]), 0.0) if atmospheric else 0.0
    for attempt, numerics in enumerate(LADDER):
        files = write.files(
            write.Run(name, columns, index, state.head_cm[index], weather, place, prints, None, numerics)
        )
        try:
            answer = executable.run_hydrus(
                program, files, columns.depth_cm, float(prints[-1]), rain, ponded_cm=ponded, name=name,
                timeout_s=timeout_s,
            )  # fmt: skip
            if rain is not None:
                most = most_runoff(columns, weather, index, place, state.head_cm[index]).sum()
                _check_runoff(answer, float(most), rain, program, name)
            break
        except InputError as error:
            if attempt + 1 == len(LADDER) or error.where is None:
                raise
    step = np.searchsorted(interval_ends, prints - 1.0e-9)
    return _kept(columns, index, answer, prints, step, ponded)


def _check_runoff(answer: executable.Answer, most_cm: float, rain_cm: float, program: str | Path, name: str) -> None:
    """Refuse more runoff than there can be."""
    runoff = float(answer.sums["sum(RunOff)"][-1])
    allowed = most_cm + max(MOST_EXCESS_CM, MOST_EXCESS_SHARE * rain_cm)
    if runoff > allowed:
        raise InputError(
            "HYDRUS-1D lets water run off that the soil would take by Darcy's law", file=program, where=name,
            found=f"{runoff:.3g} cm of {rain_cm:.3g} cm of rain", expected=f"no more than {most_cm:.3g} cm",
            mend="other soil, or leaving these columns out (leaching.mask_unsolved)",
        )  # fmt: skip


def _kept(
    columns: Columns,
    index: int,
    answer: executable.Answer,
    prints: NDArray[np.float64],
    step: NDArray[np.int64],
    ponded_cm: float,
) -> _Kept:
    """Sums and nodes at print times as terms and fluxes of intervals."""
    sums, nodes = answer.sums, answer.nodes
    row = np.searchsorted(sums["Time"], prints - _slack(prints))
    node_row = np.searchsorted(nodes.days, np.append(0.0, prints) - _slack(np.append(0.0, prints)))
    n, k = int(step[-1]) + 1, columns.depth_cm.size

    def since_start(title: str) -> NDArray[np.float64]:
        values = sums[title][row]
        finer = sums.get(f"a:{title}")
        return values if finer is None else np.where(np.isnan(finer[row]), values, finer[row])

    ponded = np.maximum(sums["hTop"][row], 0.0) if columns.top == "atmospheric" else np.zeros(row.size)
    into, out = -since_start("sum(vTop)"), -since_start("sum(vBot)")
    soil = nodes.water[node_row] * columns.thickness_cm
    gained = soil.sum(axis=1)[1:] - soil[0].sum()
    share = columns.root_share()[index]
    # what closes the balance; uptake never falls, and what that leaves over passes the lower end
    taken = np.maximum.accumulate(np.maximum(into - out - gained, 0.0)) if share.any() else np.zeros(row.size)
    printed = nodes.uptake_1_d[node_row] * columns.thickness_cm
    weight = np.maximum(printed[1:] + printed[:-1], 0.0)
    none = weight.sum(axis=1) <= 0.0
    weight[none] = share if share.any() else 1.0
    uptake = np.diff(taken, prepend=0.0)[:, None] * weight / weight.sum(axis=1, keepdims=True)
    held = soil.copy()
    held[:, 0] += np.append(ponded_cm, ponded)
    flux = np.empty((row.size, k + 1))
    flux[:, 0] = np.diff(into + ponded, prepend=ponded_cm)
    flux[:, 1:] = flux[:, :1] - np.cumsum(np.diff(held, axis=0) + uptake, axis=1)
    last = np.searchsorted(step, np.arange(n), side="right") - 1

    def by_interval(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.add.reduceat(values, np.flatnonzero(np.diff(step, prepend=-1)), axis=0)

    terms = np.zeros((row.size, richards.RESULTS))
    for place, title in (
        (richards.RUNOFF, "sum(RunOff)"),
        (richards.EVAPORATION, "sum(Evap)"),
        (richards.INFILTRATION, "sum(Infil)"),
    ):
        terms[:, place] = np.diff(since_start(title), prepend=0.0)
    terms[:, richards.TRANSPIRATION] = uptake.sum(axis=1)
    terms[:, richards.DRAINAGE], terms[:, richards.TOP_INFLOW] = flux[:, -1], flux[:, 0]
    result = by_interval(terms)
    result[:, richards.PONDED] = ponded[last]
    heads = nodes.head_cm[node_row][1:][last]
    return _Kept(
        held[0], result, by_interval(flux), by_interval(np.abs(flux)), held[1:][last], heads, by_interval(uptake)
    )


def _slack(days: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half of the last digit of a printed time."""
    return np.maximum(6.0e-5, 1.0e-7 * days)


def _flow(
    columns: Columns,
    weather: Weather,
    place: NDArray[np.int64],
    interval: NDArray[np.int64],
    period: NDArray[np.int64],
    kept: list[_Kept],
    depths_cm: ArrayLike,
) -> Flow:
    """Columns together, by period."""
    c, p, n = columns.count, int(period[-1]) + 1, period.size
    sums, flux, absolute, water, head, uptake = (
        np.stack([getattr(one, key) for one in kept]) for key in ("sums", "flux", "absolute", "water", "head", "uptake")
    )
    before = np.stack([one.before for one in kept])
    starts = np.flatnonzero(np.diff(period, prepend=-1))
    of_period = np.add.reduceat(sums, starts, axis=1)
    last = np.searchsorted(period, np.arange(p), side="right") - 1
    of_period[..., richards.PONDED] = sums[:, last, richards.PONDED]
    storage = water.sum(axis=2)[:, last] - of_period[..., richards.PONDED]
    rain = np.zeros((weather.rain_cm_d.shape[0], p))
    for number, row in enumerate(weather.rain_cm_d):
        rain[number] = np.bincount(period[interval], row * weather.days, p)
    edges = [edge_of(columns.depth_cm, level) for level in np.atleast_1d(np.asarray(depths_cm, dtype=float))]
    passed = np.zeros((c, p, len(edges)))
    gained = np.diff(np.concatenate([before[:, None], water], axis=1), axis=1)
    for d, (node, share) in enumerate(edges):
        through = flux[:, :, node + 1] + share * (gained[:, :, node] + uptake[:, :, node])
        passed[..., d] = np.add.reduceat(through, starts, axis=1)
    days = np.bincount(interval, weather.days, n).astype(float)
    return Flow(
        of_period, rain[place], storage, passed, State(water[:, -1], head[:, -1]), before, days, flux, absolute, water,
        head, uptake, sums,
    )  # fmt: skip
