"""Charts of how good the study is and where it leads: fit, agreement with a truth, capacity, overload by scenario."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from metalbudget.figures.style import (
    INK,
    PER_HECTARE,
    SERIES,
    SOFT,
    label,
    legend_below,
    note,
    panels,
    plain,
    scientific,
    time_axis,
)


def fit(points: Mapping[str, Mapping[str, NDArray]], remarks: Mapping[str, str]) -> Figure:
    """Observed against modelled net flux of blocks: process alone, and corrected out of fold.

    Parameters
    ----------
    points : mapping of metal to mapping
        ``observed``, ``process``, ``predicted``, ``noise``. [g ha⁻¹ yr⁻¹]
    remarks : mapping of metal to str
        A line beside each title.
    """
    if all(np.size(values["observed"]) == 0 for values in points.values()):
        figure = Figure(figsize=(7.0, 1.0), layout="constrained")
        axis = figure.add_subplot()
        axis.axis("off")
        note(axis, "No survey to compare with: the calibrator stands aside for every metal.")
        return figure
    figure, axes = panels(len(points), height=3.1)
    learned = False
    for axis, (metal, values) in zip(axes, points.items(), strict=True):
        observed = np.asarray(values["observed"], float)
        if observed.size == 0:
            axis.set_title(label(metal), loc="left")
            note(axis, "no survey to compare with")
            continue
        noise = np.asarray(values["noise"], float)
        process, corrected = np.asarray(values["process"], float), np.asarray(values["predicted"], float)
        axis.errorbar(process, observed, yerr=noise, fmt="none", ecolor="#d5d9dc", elinewidth=0.5, zorder=1)
        axis.plot(process, observed, "o", color=SERIES[0], markersize=2.8, alpha=0.6, markeredgewidth=0)
        if np.any(corrected != process):
            learned = True
            axis.plot(corrected, observed, "o", color=SERIES[5], markersize=2.8, alpha=0.6, markeredgewidth=0)
        ends = np.concatenate([observed, process])
        low, high = np.quantile(ends, [0.01, 0.99])
        margin = 0.08 * (high - low) or 1.0
        limits = (float(low - margin), float(high + margin))
        axis.plot(limits, limits, color=INK, linewidth=0.7)
        axis.set_xlim(limits)
        axis.set_ylim(limits)
        axis.set_aspect("equal")
        axis.xaxis.set_major_locator(MaxNLocator(4))
        axis.yaxis.set_major_locator(MaxNLocator(4))
        axis.tick_params(labelsize=7)
        axis.set_xlabel(f"modelled, {PER_HECTARE}", fontsize=7.5)
        axis.set_ylabel(f"observed, {PER_HECTARE}", fontsize=7.5)
        remark = remarks.get(metal, "")
        axis.set_title(label(metal), loc="left")
        axis.text(1.0, 1.02, remark, transform=axis.transAxes, va="bottom", ha="right", fontsize=6.8, color=INK)
    handles = [Line2D([], [], marker="o", linestyle="", color=SERIES[0], label="process model")]
    if learned:
        handles.append(Line2D([], [], marker="o", linestyle="", color=SERIES[5], label="with correction, out of fold"))
    handles.append(Line2D([], [], color="#d5d9dc", label="noise of the surveys, one standard deviation"))
    legend_below(figure, handles)
    return figure


def capacity_by_landuse(
    indices: Mapping[str, Mapping[str, tuple[float, float, float]]], years: tuple[int, int]
) -> Figure:
    """Mean capacity index by land use at the start (open mark) and the end (filled), one panel a metal.

    Parameters
    ----------
    indices : mapping of metal to mapping of class to (start, end, area)
        [1], [1], [km²]; classes without a limit are NaN.
    years : tuple of int
    """
    classes = [
        name
        for name in next(iter(indices.values()))
        if name != "all" and any(np.isfinite(series[name][0]) and series[name][2] > 0 for series in indices.values())
    ]
    figure, axes = panels(len(indices), height=0.19 * len(classes) + 0.85)
    for number, (axis, (metal, series)) in enumerate(zip(axes, indices.items(), strict=True)):
        for row, name in enumerate(classes):
            start, end, _ = series[name]
            if not np.isfinite(start) or not np.isfinite(end):
                axis.text(0.5, row, "no limit", ha="center", va="center", fontsize=6.5, color=SOFT)
                continue
            colour = SERIES[5] if end < start else SERIES[2]
            axis.plot([start, end], [row, row], color=colour, linewidth=1.6, zorder=2)
            axis.plot([start], [row], "o", color="white", markeredgecolor=colour, markersize=4.5, zorder=3)
            axis.plot([end], [row], "o", color=colour, markersize=4.5, zorder=4)
        axis.axvline(0.0, color="#9c2f1f", linewidth=0.8)
        axis.axvline(1.0, color=SOFT, linewidth=0.6, linestyle=":")
        low, high = axis.get_xlim()
        axis.set_xlim(min(low, -0.05), max(high, 1.05))
        names = classes if number % 4 == 0 else [""] * len(classes)
        axis.set_yticks(range(len(classes)), names)
        axis.tick_params(axis="y", length=0)
        axis.tick_params(axis="x", labelsize=7)
        axis.set_ylim(len(classes) - 0.5, -0.5)
        axis.grid(axis="y", color="#eeeeee", linewidth=0.6)
        axis.set_title(label(metal))
        axis.set_xlabel("mean capacity index", fontsize=7.5)
    mark = {"marker": "o", "linestyle": "", "markeredgecolor": INK}
    handles = [
        Line2D([], [], color="white", label=str(years[0]), **mark),
        Line2D([], [], color=INK, label=str(years[1]), **mark),
        Line2D([], [], color=SERIES[5], linewidth=1.6, label="capacity falls"),
        Line2D([], [], color=SERIES[2], linewidth=1.6, label="capacity recovers"),
        Line2D([], [], color="#9c2f1f", label="limit reached"),
        Line2D([], [], color=SOFT, linestyle=":", label="natural background"),
    ]
    legend_below(figure, handles)
    return figure


def overload_through_time(
    years: Sequence[int], shares: Mapping[str, Mapping[tuple[str, str], Sequence[float]]]
) -> Figure:
    """Overloaded share of open soil by scenario, one panel a metal; solid by probability, dotted by the mean map.

    Parameters
    ----------
    years : sequence of int
    shares : mapping of metal to mapping of (scenario, measure) to shares
        [1]; measures ``probability`` and ``map_mean``.
    """
    figure, axes = panels(len(shares), height=2.4)
    scenarios = list(dict.fromkeys(scenario for series in shares.values() for scenario, _ in series))
    for number, (axis, (metal, series)) in enumerate(zip(axes, shares.items(), strict=True)):
        for (scenario, measure), values in series.items():
            line = "-" if measure == "probability" else ":"
            colour = SERIES[scenarios.index(scenario) % len(SERIES)]
            axis.plot(years, 100 * np.asarray(values), line, color=colour, linewidth=1.5)
        axis.set_title(label(metal))
        if number % 4 == 0:
            axis.set_ylabel("% of open soil")
        axis.set_ylim(bottom=0)
        if axis.get_ylim()[1] < 1.0:
            axis.set_ylim(top=1.0)
        time_axis(axis, years)
    handles = [Line2D([], [], color=SERIES[n % len(SERIES)], label=plain(name)) for n, name in enumerate(scenarios)]
    handles += [
        Line2D([], [], color=INK, linestyle=line, label=text)
        for line, text in (("-", "sum of probabilities"), (":", "mean map"))
    ]
    legend_below(figure, handles)
    return figure


def agreement(
    pairs: Mapping[str, Mapping[str, tuple[float, float]]], true_label: str = "truth", unit: str = PER_HECTARE
) -> Figure:
    """Regional fluxes of the study against those of a generated region's truth, a mark for each metal and process.

    Parameters
    ----------
    pairs : mapping of metal to mapping of process to (study, truth)
    true_label, unit : str
    """
    figure = Figure(figsize=(6.8, 5.4), layout="constrained")
    axis = figure.add_subplot()
    processes = list(dict.fromkeys(name for series in pairs.values() for name in series))
    tones = scientific("batlow")(np.linspace(0.0, 0.9, max(len(pairs), 1)))
    markers = "os^Dv<>Phd*X8"
    positive = [value for series in pairs.values() for pair in series.values() for value in pair if value > 0]
    low, high = (0.5 * min(positive), 2.0 * max(positive)) if positive else (0.1, 10.0)
    line = np.array([low, high])
    axis.fill_between(line, line / 3.0, line * 3.0, color="#eef1f3", zorder=0)
    axis.plot(line, line, color=INK, linewidth=0.7)
    for tone, series in zip(tones, pairs.values(), strict=False):
        for name, (study, true) in series.items():
            if study > 0 and true > 0:
                marker = markers[processes.index(name) % len(markers)]
                axis.plot(true, study, marker, color=tone, markersize=5.5, markeredgecolor="white", markeredgewidth=0.4)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlim(low, high)
    axis.set_ylim(low, high)
    axis.set_xlabel(f"{true_label}, {unit}")
    axis.set_ylabel(f"this study, {unit}")
    handles: list = [Patch(color=tone, label=label(metal)) for tone, metal in zip(tones, pairs, strict=False)]
    handles += [
        Line2D([], [], marker=markers[n % len(markers)], linestyle="", color=SOFT, label=name)
        for n, name in enumerate(processes)
    ]
    figure.legend(handles=handles, loc="outside right center", fontsize=8)
    return figure
