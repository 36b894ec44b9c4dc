"""Averages and sums of a run over hours, blocks of hours, months, years and the whole period."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion.runstream import Deck, Weather, emitting
from metalbudget.errors import InputError

COLUMNS = {"conc": "conc_ugm3", "ddep": "ddep_gm2", "wdep": "wdep_gm2", "total": "total_gm2"}
# Of an average over a few hours, AERMOD wants this share to be valid (Guideline on Air Quality Models, 8.4.6.2).
_VALID_SHARE = 0.75
# Hourly answers are held in memory as a whole.
_MOST_BYTES = 8.0e9

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Table:
    """A run's answer over intervals of one length.

    Parameters
    ----------
    interval : str
        "1" to "24" hours, "MONTH", "PERIOD" or "ANNUAL".
    groups : tuple of str
    labels : tuple of str
        Of each interval: YYMMDDHH of its last hour, number of the month, or empty.
    values : dict of str to ndarray, shape (groups, intervals, receptors)
        "conc" [µg m⁻³] is a mean over valid hours, "ddep", "wdep", "total" [g m⁻²] are sums; NaN without a valid hour.
    hours, calm_hours, missing_hours : int
        Of the hours that were used.
    """

    interval: str
    groups: tuple[str, ...]
    labels: tuple[str, ...]
    values: dict[str, NDArray[np.float64]]
    hours: int
    calm_hours: int
    missing_hours: int


def compute(deck: Deck, through: Weather, interval: str, threads: int = 1, progress: Progress | None = None) -> Table:
    """Run a deck and average.

    Parameters
    ----------
    deck : Deck
    through : Weather
        Of `runstream.weather`.
    interval : str
        See `Table`.
    threads : int
    progress : callable, optional
        Called with steps done and steps in all.

    Returns
    -------
    Table
    """
    sources, groups = emitting(deck, through)

    def run(used: NDArray[np.bool_], hourly: bool, told: Progress | None) -> dict[str, NDArray[np.float64]]:
        from metalbudget.dispersion.model import run as run_model

        answer = run_model(
            sources,
            deck.receptors,
            through.hours,
            through.observations,
            deck.options,
            groups=list(groups.values()),
            hourly=hourly,
            hours_used=used,
            threads=threads,
            progress=told,
        )
        values = {"conc": answer.concentration_ug_m3, "ddep": answer.dry_g_m2, "wdep": answer.wet_g_m2}
        return {name: np.asarray(values[name], dtype=np.float64) for name in ("conc", "ddep", "wdep")}

    used = through.used
    valid = used & through.hours.valid
    if interval in ("MONTH", "ANNUAL"):
        labels, values = _by_calendar(through, used, valid, interval, run, progress)
    elif interval == "PERIOD":
        labels, values = ("",), _whole(run(used, False, progress), bool(valid.any()))
    else:
        need = len(groups) * used.size * deck.receptors.x_m.size * 8.0 * 3
        if need > _MOST_BYTES:
            raise InputError(
                "the answer by hours is too large",
                file=deck.path,
                found=f"{need / 1e9:.0f} GB",
                expected=f"at most {_MOST_BYTES / 1e9:.0f} GB",
                mend="ask for AVERTIME PERIOD or MONTH, or split the receptors over several decks",
            )
        labels, values = _by_blocks(through, used, valid, int(interval), run(used, True, progress))
    values["total"] = values["ddep"] + values["wdep"]
    return Table(
        interval,
        tuple(groups),
        labels,
        {name: values[name] for name in deck.outputs},
        int(used.sum()),
        int((used & through.hours.calm).sum()),
        int((used & through.hours.missing).sum()),
    )


def of_months(months: Table, through: Weather) -> Table:
    """The whole period from its months: the mean weighted by valid hours, the sums added."""
    valid = through.used & through.hours.valid
    weights = np.array([float(valid[rows].sum()) for rows in _calendar(through, months.interval).values()])
    values = {}
    for name, table in months.values.items():
        known = np.where(weights[:, None] > 0, table, 0.0)
        if name == "conc":
            total = weights.sum()
            period = (known * weights[:, None]).sum(axis=1, keepdims=True) / (total if total > 0 else math.nan)
        else:
            period = known.sum(axis=1, keepdims=True)
        values[name] = period
    return Table("PERIOD", months.groups, ("",), values, months.hours, months.calm_hours, months.missing_hours)


def _whole(values: dict[str, NDArray[np.float64]], any_valid: bool) -> dict[str, NDArray[np.float64]]:
    """One interval; a mean over no hours is unknown."""
    result = {name: table[:, None, :] for name, table in values.items()}
    if not any_valid:
        result["conc"] = np.full_like(result["conc"], np.nan)
    return result


def _calendar(through: Weather, interval: str) -> dict[tuple[int, int], NDArray[np.bool_]]:
    """The used hours of each month, or each year; the month of a year is 0."""
    month = through.hours.month if interval == "MONTH" else np.zeros_like(through.hours.month)
    key = through.hours.year * 100 + month
    return {
        (int(value) // 100, int(value) % 100): through.used & (key == value) for value in np.unique(key[through.used])
    }


def _by_calendar(
    through: Weather,
    used: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    interval: str,
    run: Callable[[NDArray[np.bool_], bool, Progress | None], dict[str, NDArray[np.float64]]],
    progress: Progress | None,
) -> tuple[tuple[str, ...], dict[str, NDArray[np.float64]]]:
    """Months, or the mean of years."""
    parts: list[dict[str, NDArray[np.float64]]] = []
    spans = _calendar(through, interval)
    for number, rows in enumerate(spans.values()):
        parts.append(_whole(run(rows, False, None), bool((valid & rows).any())))
        if progress is not None:
            progress(number + 1, len(spans))
    joined = {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}
    if interval == "ANNUAL":
        return ("",), {name: table.mean(axis=1, keepdims=True) for name, table in joined.items()}
    several = len({year for year, _ in spans}) > 1
    return tuple(f"{year}{month:02d}" if several else str(month) for year, month in spans), joined


def _by_blocks(
    through: Weather,
    used: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    length: int,
    hourly: dict[str, NDArray[np.float64]],
) -> tuple[tuple[str, ...], dict[str, NDArray[np.float64]]]:
    """Blocks of hours of the day; one hour is a block of its own.

    A mean divides by the valid hours, but by no fewer than three quarters of the block, rounded up.
    """
    rows = np.flatnonzero(used)
    hours = through.hours
    label = [
        f"{hours.year[row] % 100:02d}{hours.month[row]:02d}{hours.day[row]:02d}{hours.hour[row]:02d}" for row in rows
    ]
    if length == 1:
        known = valid[rows]
        return tuple(label), {name: np.where(known[:, None], table[:, rows], np.nan) for name, table in hourly.items()}
    block = ((hours.year * 100 + hours.month) * 100 + hours.day)[rows] * 100 + (hours.hour[rows] - 1) // length
    starts = np.flatnonzero(np.r_[True, block[1:] != block[:-1]])
    last = np.r_[starts[1:], rows.size] - 1
    counts = np.add.reduceat(valid[rows].astype(float), starts)
    complete = hours.hour[rows[last]] % length == 0
    # STARTEND may begin inside a block: AERMOD then counts its hours only
    present = np.add.reduceat(np.ones(rows.size), starts)
    least = np.ceil(_VALID_SHARE * present)
    result = {}
    for name, table in hourly.items():
        summed = np.add.reduceat(np.where(valid[rows][:, None], table[:, rows], 0.0), starts, axis=1)
        divisor = np.maximum(counts, least)[:, None] if name == "conc" else 1.0
        result[name] = np.where((counts > 0)[:, None], summed / divisor, np.nan)[:, complete]
    return tuple(label[last[i]] for i in np.flatnonzero(complete)), result


def lines(table: Table, only: Sequence[str] | None = None):
    """The table as lines of CSV, in the columns of the reference cases.

    Parameters
    ----------
    table : Table
    only : sequence of str, optional
        Groups to write; then no column names them.

    Yields
    ------
    str
        Without line ends.
    """
    chosen = [name for name in table.groups if only is None or name in only]
    grouped = only is None and len(table.groups) > 1
    first = {"PERIOD": [], "ANNUAL": [], "MONTH": ["month"]}.get(table.interval, ["date"])
    yield ",".join([*(["group"] if grouped else []), *first, "rec", *(COLUMNS[name] for name in table.values)])
    for name in chosen:
        group = table.groups.index(name)
        for position, label in enumerate(table.labels):
            start = (f"{name}," if grouped else "") + (f"{label}," if first else "")
            columns = [values[group, position].tolist() for values in table.values.values()]
            for receptor, numbers in enumerate(zip(*columns, strict=True), 1):
                yield f"{start}{receptor}," + ",".join(map(_printed, numbers))


def _printed(value: float) -> str:
    """Seven digits; a zero alone, and nan where nothing is known."""
    if value == 0.0:
        return "0"
    return "nan" if math.isnan(value) else f"{value:.6E}"
