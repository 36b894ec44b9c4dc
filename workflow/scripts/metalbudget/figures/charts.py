"""Charts of what enters and leaves the soil: inputs through time, decay with distance, pathways, balance."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from metalbudget.figures.style import (
    INK,
    PER_HECTARE,
    PROCESS_COLOUR,
    SERIES,
    SOFT,
    label,
    legend_below,
    mass_unit,
    note,
    panels,
    plain,
    short_number,
    time_axis,
)

Series = Mapping[str, Sequence[float]]

LOSSES = ("leaching", "erosion", "harvest", "runoff", "evasion")
# Sectors that never reach this share of any metal are shown together.
SMALL_SHARE = 0.02
OTHER = "other"
FEWEST_CELLS = 5
HOLDING = (50, 80, 95)
# Ledger terms that move stock between open and sealed ground or between layers.
BESIDE = ("sealing", "layer_exchange")


def stacked(years: Sequence[int], by_metal: Mapping[str, Series], colours: Mapping[str, str] | None = None) -> Figure:
    """Stacked areas through time, one panel a metal, in kilogrammes or tonnes a year.

    Parameters
    ----------
    years : sequence of int
    by_metal : mapping of metal to mapping of name to values a year
        [kg yr⁻¹]
    colours : mapping of name to colour, optional
    """
    names = by_weight(by_metal)
    colour = {name: (colours or {}).get(name, SERIES[n % len(SERIES)]) for n, name in enumerate(names)}
    if OTHER in colour:
        colour[OTHER] = "#c8c8c8"
    figure, axes = panels(len(by_metal), height=2.3)
    for axis, (metal, series) in zip(axes, by_metal.items(), strict=True):
        total = np.sum([np.asarray(values, float) for values in series.values()], axis=0)
        factor, unit = mass_unit(float(np.max(total, initial=0.0)))
        shown = [name for name in names if name in series and max(series[name]) > 0]
        if shown:
            values = [factor * np.asarray(series[name]) for name in shown]
            axis.stackplot(years, values, colors=[colour[name] for name in shown], linewidth=0)
            axis.plot(years, factor * total, color=INK, linewidth=0.8)
        axis.set_title(label(metal))
        axis.set_ylabel(unit)
        time_axis(axis, years)
        axis.set_ylim(bottom=0)
    legend_below(figure, [Patch(color=colour[name], label=plain(name)) for name in names])
    return figure


def by_weight(by_metal: Mapping[str, Series]) -> list[str]:
    """Names in order of their largest share of any metal, `OTHER` last."""
    weight: dict[str, float] = {}
    for series in by_metal.values():
        total = sum(sum(values) for values in series.values()) or 1.0
        for name, values in series.items():
            weight[name] = max(weight.get(name, 0.0), sum(values) / total)
    return sorted(weight, key=lambda name: (name == OTHER, -weight[name], name))


def gathered(by_metal: Mapping[str, Series], least: float = SMALL_SHARE) -> dict[str, dict[str, list[float]]]:
    """The same series with names that stay below a share of every metal summed up as `OTHER`."""
    largest: dict[str, float] = {}
    for series in by_metal.values():
        total = np.sum([np.asarray(values, float) for values in series.values()], axis=0)
        for name, values in series.items():
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.nan_to_num(np.asarray(values, float) / total)
            largest[name] = max(largest.get(name, 0.0), float(share.max(initial=0.0)))
    kept = [name for name, share in largest.items() if share >= least]
    result = {}
    for metal, series in by_metal.items():
        result[metal] = {name: list(values) for name, values in series.items() if name in kept}
        rest = [np.asarray(values, float) for name, values in series.items() if name not in kept]
        if rest:
            result[metal][OTHER] = np.sum(rest, axis=0).tolist()
    return result


def deposition_trend(years: Sequence[int], own: Series, background: Mapping[str, Sequence[float]]) -> Figure:
    """Mean deposition on soil by year: the region's own sources on top of the regional background.

    Parameters
    ----------
    years : sequence of int
    own, background : mapping of metal to values a year
        [g ha⁻¹ yr⁻¹]
    """
    figure, axes = panels(len(own), height=2.3)
    for axis, metal in zip(axes, own, strict=True):
        values = [np.asarray(background[metal]), np.asarray(own[metal])]
        colours = [PROCESS_COLOUR["background"], PROCESS_COLOUR["deposition"]]
        axis.stackplot(years, values, colors=colours, linewidth=0)
        axis.set_title(label(metal))
        axis.set_ylabel(PER_HECTARE)
        time_axis(axis, years)
        axis.set_ylim(bottom=0)
    handles = [
        Patch(color=PROCESS_COLOUR["deposition"], label="own sources"),
        Patch(color=PROCESS_COLOUR["background"], label="regional background"),
    ]
    legend_below(figure, handles)
    return figure


def decay(
    distance_km: Mapping[str, NDArray],
    deposition: Mapping[str, NDArray],
    background: Mapping[str, float],
    near_km: float,
) -> Figure:
    """Deposition of own sources against distance to the nearest point source; background as a dashed line.

    Parameters
    ----------
    distance_km, deposition : mapping of metal to ndarray, shape (n,)
        [km], [g ha⁻¹ yr⁻¹]
    background : mapping of metal to float
        [g ha⁻¹ yr⁻¹]
    near_km : float
    """
    figure, axes = panels(len(deposition), height=2.5)
    for number, (axis, (metal, values)) in enumerate(zip(axes, deposition.items(), strict=True)):
        axis.set_title(label(metal))
        distance = distance_km[metal]
        known = np.isfinite(distance) & np.isfinite(values) & (values > 0)
        if not known.any():
            note(axis, "no point source")
            continue
        edges = np.concatenate([[0.0], np.geomspace(0.5, max(float(distance[known].max()), 1.0) + 0.01, 18)])
        place = np.digitize(distance[known], edges) - 1
        bins = [values[known][place == b] for b in range(len(edges) - 1)]
        centre = 0.5 * (edges[:-1] + edges[1:])
        kept = [b for b, inside in enumerate(bins) if inside.size >= FEWEST_CELLS]
        if kept:
            low, middle, high = (np.array([np.quantile(bins[b], q) for b in kept]) for q in (0.05, 0.5, 0.95))
            axis.fill_between(centre[kept], low, high, color=SERIES[0], alpha=0.2, linewidth=0)
            axis.plot(centre[kept], middle, color=SERIES[0], marker="o", markersize=2.5, linewidth=1.2)
        if background[metal] > 0:
            axis.axhline(background[metal], color=SERIES[5], linestyle="--", linewidth=1)
        axis.axvline(near_km, color=SOFT, linewidth=0.8, linestyle=":")
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_xlim(left=0)
        axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axis.minorticks_off()
        axis.set_xlabel("km from the nearest point source", fontsize=7.5)
        if number % 4 == 0:
            axis.set_ylabel(PER_HECTARE)
    handles = [
        Line2D([], [], color=SERIES[0], marker="o", markersize=3, label="own sources: median and 5-95 % of cells"),
        Line2D([], [], color=SERIES[5], linestyle="--", label="regional background"),
        Line2D([], [], color=SOFT, linestyle=":", label=f"{near_km:g} km"),
    ]
    legend_below(figure, handles)
    return figure


def reach(edges_km: NDArray, share: Mapping[str, NDArray], even: NDArray, near_km: float) -> Figure:
    """Share of the deposited mass of point sources within a distance of its source.

    Parameters
    ----------
    edges_km : ndarray, shape (bins + 1,)
    share : mapping of metal to ndarray, shape (bins + 1,)
        Cumulative. [1]
    even : ndarray, shape (bins + 1,)
        The same if every source spread its mass evenly over the grid. [1]
    near_km : float
    """
    figure = Figure(figsize=(7.4, 4.0), layout="constrained")
    axis = figure.add_subplot()
    if np.isfinite(even).all():
        axis.plot(edges_km, 100.0 * even, color=SOFT, linewidth=1.0, linestyle="--", label="spread evenly")
    axis.axvline(near_km, color=SOFT, linewidth=0.8, linestyle=":", label=f"{near_km:g} km")
    for percent in HOLDING:
        axis.axhline(percent, color="#dddddd", linewidth=0.7, zorder=0)
    for number, (metal, values) in enumerate(share.items()):
        if np.isfinite(values).all():
            axis.plot(edges_km, 100.0 * values, color=SERIES[number % len(SERIES)], linewidth=1.5, label=label(metal))
    axis.set_xlim(0, min(60.0, float(edges_km[-1])))
    axis.set_ylim(0, 101)
    axis.set_yticks([0, *HOLDING, 100])
    axis.set_xlabel("km from the source")
    axis.set_ylabel("% of the mass deposited on the grid")
    axis.legend(loc="lower right", ncols=2, fontsize=8)
    return figure


def pathways(outputs: Mapping[str, Mapping[str, float]]) -> Figure:
    """Share of each loss in the losses of soil metal, one bar a metal, the total beside it.

    Parameters
    ----------
    outputs : mapping of metal to mapping of loss to kg yr⁻¹
    """
    figure = Figure(figsize=(8.2, 0.42 * len(outputs) + 1.0), layout="constrained")
    axis = figure.add_subplot()
    for position, series in enumerate(outputs.values()):
        total = sum(series.values())
        left = 0.0
        for name in LOSSES:
            share = 100.0 * series.get(name, 0.0) / (total or 1.0)
            axis.barh(position, share, left=left, color=PROCESS_COLOUR[name], height=0.72)
            if share > 6:
                axis.text(left + share / 2, position, f"{share:.0f}", ha="center", va="center", fontsize=7.5, color="w")
            left += share
        factor, unit = mass_unit(total)
        axis.text(101.5, position, f"{short_number(factor * total)} {unit}", va="center", fontsize=7.5, color=INK)
    axis.set_yticks(range(len(outputs)), [label(metal) for metal in outputs])
    axis.tick_params(axis="y", length=0)
    axis.invert_yaxis()
    axis.set_xlim(0, 118)
    axis.set_xticks([0, 20, 40, 60, 80, 100])
    axis.set_xlabel("% of what leaves the soil")
    legend_below(figure, [Patch(color=PROCESS_COLOUR[name], label=name) for name in LOSSES])
    return figure


def runoff_against_sealed(
    sealed_share: Sequence[float], years: Sequence[int], runoff: Series, wash_off: Series
) -> Figure:
    """Metal in runoff, from open soil and washed off sealed ground, relative to the first year, against sealed ground.

    Parameters
    ----------
    sealed_share : sequence of float
        [1], a year each; the axis is time where it does not grow.
    years : sequence of int
    runoff, wash_off : mapping of metal to values a year
        [kg yr⁻¹]
    """
    figure, axes = panels(len(runoff), height=2.4)
    sealed = 100.0 * np.asarray(sealed_share)
    grows = bool(np.all(np.diff(sealed) > 0))
    along = sealed if grows else np.asarray(years, dtype=float)
    for number, (axis, metal) in enumerate(zip(axes, runoff, strict=True)):
        soil, washed = np.asarray(runoff[metal], float), np.asarray(wash_off[metal], float)
        first = soil[0] + washed[0]
        axis.set_title(label(metal))
        if first > 0:
            colours = [PROCESS_COLOUR["runoff"], "#44546a"]
            axis.stackplot(along, soil / first, washed / first, colors=colours, linewidth=0, alpha=0.9)
            axis.plot(along, (soil + washed) / first, color=INK, marker="o", markersize=3, linewidth=0.8, clip_on=False)
        axis.axhline(1.0, color=SOFT, linewidth=0.7, linestyle=":")
        axis.set_ylim(bottom=0)
        axis.set_xlim(along[0], along[-1])
        step = -(-len(years) // 5)
        marks = [f"{share:.1f}\n{year}" for share, year in zip(sealed, years, strict=True)]
        axis.set_xticks(along[::step], marks[::step])
        axis.tick_params(axis="x", labelsize=6.5)
        axis.set_xlabel("% of land sealed" if grows else "% of land sealed, by year", fontsize=7.5)
        if number % 4 == 0:
            axis.set_ylabel(f"metal in runoff, {years[0]} = 1")
    handles = [
        Patch(color="#44546a", label="washed off sealed ground"),
        Patch(color=PROCESS_COLOUR["runoff"], label="dissolved, from open soil"),
    ]
    legend_below(figure, handles)
    return figure


def balance(terms: Mapping[str, Mapping[str, float]], losses: Sequence[str]) -> Figure:
    """Mass balance of open soil: gains to the right, losses to the left, as shares of all gains, net as a diamond.

    Parameters
    ----------
    terms : mapping of metal to mapping of term to kg yr⁻¹
        Yearly means; terms in `losses` are magnitudes of losses, others are signed gains. What is sealed over takes its
        stock with it: it is written beside the bar.
    losses : sequence of str
    """
    present = {name for series in terms.values() for name, amount in series.items() if amount != 0.0}
    names = [name for name in PROCESS_COLOUR if name in present and name not in BESIDE]
    figure = Figure(figsize=(9.6, 0.46 * len(terms) + 0.9), layout="constrained")
    axis = figure.add_subplot()
    lowest = -20.0
    for position, values in enumerate(terms.values()):
        signed = {name: -values.get(name, 0.0) if name in losses else values.get(name, 0.0) for name in names}
        gross = sum(amount for amount in signed.values() if amount > 0)
        right = left = 0.0
        for name, amount in signed.items():
            share = 100.0 * amount / (gross or 1.0)
            axis.barh(position, share, left=left if share < 0 else right, color=PROCESS_COLOUR[name], height=0.66)
            left, right = (left + share, right) if share < 0 else (left, right + share)
        net = left + right
        axis.plot([net], [position], marker="D", color="white", markeredgecolor=INK, markersize=5.5, zorder=5)
        factor, unit = mass_unit(gross)
        beside = factor * sum(values.get(name, 0.0) for name in BESIDE)
        text = f"{short_number(factor * gross)} {unit} in, net {net:+.0f} %"
        text += f"; sealed over {short_number(-beside)} {unit}" if beside else ""
        axis.text(103, position, text, va="center", fontsize=7.5, color=INK)
        lowest = min(lowest, left)
    axis.axvline(0, color=INK, linewidth=0.9)
    axis.set_yticks(range(len(terms)), [label(metal) for metal in terms])
    axis.tick_params(axis="y", length=0)
    axis.invert_yaxis()
    axis.set_xlim(1.08 * lowest, 100 + 0.45 * (100 - lowest))
    step = 50 if lowest > -300 else 100
    axis.set_xticks(range(int(np.ceil(lowest / step)) * step, 101, step))
    axis.set_xlabel("% of all gains of the soil")
    handles: list = [Patch(color=PROCESS_COLOUR[name], label=plain(name)) for name in names]
    diamond = {"marker": "D", "linestyle": "", "color": "white", "markeredgecolor": INK}
    handles.append(Line2D([], [], label="net of fluxes", **diamond))
    legend_below(figure, handles)
    return figure
