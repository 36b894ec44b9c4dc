"""Charts: emissions and inputs through time, decay with distance, pathways, balance, fit, scenarios."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from metalbudget.figures.style import INK, SERIES, label, panels

Series = Mapping[str, Sequence[float]]


def stacked(years: Sequence[int], by_metal: Mapping[str, Series], unit: str) -> Figure:
    """Stacked areas through time, one panel a metal.

    Parameters
    ----------
    years : sequence of int
    by_metal : mapping of metal to mapping of name to values a year
    unit : str
    """
    names = sorted({name for series in by_metal.values() for name in series})
    colours = {name: SERIES[number % len(SERIES)] for number, name in enumerate(names)}
    figure, axes = panels(len(by_metal), height=2.3)
    for axis, (metal, series) in zip(axes, by_metal.items(), strict=True):
        shown = [name for name in names if name in series and max(series[name]) > 0]
        if shown:
            axis.stackplot(
                years, [series[name] for name in shown], colors=[colours[name] for name in shown], linewidth=0
            )
        axis.set_title(label(metal))
        axis.set_ylabel(unit)
        axis.set_xlim(years[0], years[-1])
        axis.set_xticks(list(years))
        axis.tick_params(axis="x", rotation=45, labelsize=7)
        axis.margins(y=0.02)
    handles = [Patch(color=colours[name], label=name.replace("_", " ")) for name in names]
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(names), 8), fontsize=7.5)
    return figure


def decay(
    distance_km: NDArray, deposition: Mapping[str, NDArray], background: Mapping[str, float], near_km: float
) -> Figure:
    """Deposition of own sources against distance to the nearest point source; background as a dashed line.

    Parameters
    ----------
    distance_km : ndarray, shape (n,)
    deposition : mapping of metal to ndarray, shape (n,)
        [mg m⁻² yr⁻¹]
    background : mapping of metal to float
        [mg m⁻² yr⁻¹]
    near_km : float
    """
    figure, axes = panels(len(deposition), height=2.4)
    edges = np.concatenate([[0.0], np.geomspace(0.5, max(float(distance_km.max()), 1.0), 18)])
    centre = 0.5 * (edges[:-1] + edges[1:])
    place = np.digitize(distance_km, edges) - 1
    for axis, (metal, values) in zip(axes, deposition.items(), strict=True):
        bins = [values[place == number] for number in range(len(centre))]
        kept = [number for number, inside in enumerate(bins) if inside.size >= 5]
        low, middle, high = (np.array([np.quantile(bins[n], q) for n in kept]) for q in (0.05, 0.5, 0.95))
        axis.fill_between(centre[kept], low, high, color=SERIES[0], alpha=0.2, linewidth=0)
        axis.plot(centre[kept], middle, color=SERIES[0], marker="o", markersize=2.5, linewidth=1.2)
        axis.axhline(background[metal], color=SERIES[5], linestyle="--", linewidth=1)
        axis.axvline(near_km, color="#999999", linewidth=0.7)
        axis.set_yscale("log")
        axis.set_title(label(metal))
        axis.set_xlabel("km from the nearest point source")
        axis.set_ylabel("mg m$^{-2}$ yr$^{-1}$")
        axis.yaxis.minorticks_off() if hasattr(axis.yaxis, "minorticks_off") else None
    handles = [
        Line2D([], [], color=SERIES[0], marker="o", markersize=3, label="own sources: median and 5-95 % of cells"),
        Line2D([], [], color=SERIES[5], linestyle="--", label="regional background"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def pathways(outputs: Mapping[str, Mapping[str, float]]) -> Figure:
    """Share of each loss in the losses of soil metal, one bar a metal."""
    names = ("leaching", "erosion", "harvest", "runoff", "evasion")
    figure = Figure(figsize=(7.6, 0.45 * len(outputs) + 1.2), layout="constrained")
    axis = figure.add_subplot()
    for position, series in enumerate(outputs.values()):
        total = sum(series.values()) or 1.0
        left = 0.0
        for number, name in enumerate(names):
            share = 100.0 * series.get(name, 0.0) / total
            axis.barh(position, share, left=left, color=SERIES[number], height=0.7)
            if share > 7:
                axis.text(
                    left + share / 2, position, f"{share:.0f}", ha="center", va="center", fontsize=7, color="white"
                )
            left += share
    axis.set_yticks(range(len(outputs)), [label(metal) for metal in outputs])
    axis.invert_yaxis()
    axis.set_xlim(0, 100)
    axis.set_xlabel("percent of losses")
    handles = [Patch(color=SERIES[number], label=name) for number, name in enumerate(names)]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(names))
    return figure


def runoff_against_sealed(
    sealed_share: Sequence[float], years: Sequence[int], runoff: Mapping[str, Sequence[float]]
) -> Figure:
    """Metal in runoff (open soil and wash-off), relative to the first year, against sealed ground."""
    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    axis = figure.add_subplot()
    sealed = 100.0 * np.asarray(sealed_share)
    for number, (metal, values) in enumerate(runoff.items()):
        relative = np.asarray(values) / values[0] if values[0] > 0 else np.full(len(values), np.nan)
        axis.plot(sealed, relative, marker="o", markersize=4, color=SERIES[number], label=label(metal))
    for x, year in zip(sealed, years, strict=True):
        axis.annotate(
            str(year),
            (x, 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=7,
        )
    axis.axhline(1.0, color="#999999", linewidth=0.6)
    axis.set_xlabel("sealed share of land (%)")
    axis.set_ylabel(f"metal in runoff, {years[0]} = 1")
    axis.legend(ncols=2, fontsize=7.5)
    return figure


def balance(terms: Mapping[str, Mapping[str, float]], losses: Sequence[str]) -> Figure:
    """Yearly mean of each ledger term in the soil: gains to the right, losses to the left, net as a diamond.

    Parameters
    ----------
    terms : mapping of metal to mapping of term to kg yr⁻¹
    losses : sequence of str
        Terms that count as losses.
    """
    names = sorted({name for series in terms.values() for name in series})
    colours = {name: SERIES[number % len(SERIES)] for number, name in enumerate(names)}
    figure, axes = panels(len(terms), height=1.5, width=3.1)
    for axis, series in zip(axes, terms.items(), strict=True):
        metal, values = series
        right = left = 0.0
        for name in names:
            amount = values.get(name, 0.0)
            signed = -amount if name in losses else amount
            start = left if signed < 0 else right
            axis.barh(0, signed, left=start, color=colours[name], height=0.6)
            left, right = (left + signed, right) if signed < 0 else (left, right + signed)
        axis.plot([left + right], [0], marker="D", color=INK, markersize=5, zorder=5)
        axis.axvline(0, color=INK, linewidth=0.8)
        axis.set_yticks([])
        axis.set_title(label(metal))
        axis.set_xlabel("kg yr$^{-1}$", fontsize=7.5)
        axis.ticklabel_format(axis="x", style="sci", scilimits=(-2, 4))
    handles = [Patch(color=colours[name], label=name) for name in names]
    handles.append(Line2D([], [], marker="D", linestyle="", color=INK, label="net"))
    figure.legend(handles=handles, loc="outside lower center", ncols=7, fontsize=7.5)
    return figure


def fit(points: Mapping[str, Mapping[str, NDArray]]) -> Figure:
    """Observed against modelled net flux of blocks: process alone, and corrected out of fold.

    Parameters
    ----------
    points : mapping of metal to mapping
        ``observed``, ``process``, ``corrected``. [g ha⁻¹ yr⁻¹]
    """
    figure, axes = panels(len(points), height=2.7)
    for axis, (metal, values) in zip(axes, points.items(), strict=True):
        axis.set_title(label(metal))
        observed = np.asarray(values["observed"], float)
        if observed.size == 0:
            axis.text(0.5, 0.5, "no paired survey", ha="center", va="center", transform=axis.transAxes)
            continue
        axis.plot(values["process"], observed, "o", color=SERIES[0], markersize=3, alpha=0.55, label="process model")
        axis.plot(
            values["corrected"], observed, "o", color=SERIES[5], markersize=2.4, alpha=0.55, label="with correction"
        )
        both = np.concatenate([observed, values["process"]])
        low, high = np.quantile(both, [0.01, 0.99])
        margin = 0.05 * (high - low or 1.0)
        axis.plot([low - margin, high + margin], [low - margin, high + margin], color=INK, linewidth=0.7)
        axis.set_xlim(low - margin, high + margin)
        axis.set_ylim(low - margin, high + margin)
        axis.set_xlabel("modelled, g ha$^{-1}$ yr$^{-1}$", fontsize=7.5)
        axis.set_ylabel("observed", fontsize=7.5)
    axes[0].legend(fontsize=6.5, loc="upper left")
    return figure


def overload_through_time(years: Sequence[int], shares: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Overloaded share of land by scenario, one panel a metal; solid by probability, dotted by the mean map.

    Parameters
    ----------
    years : sequence of int
    shares : mapping of metal to mapping of ``scenario|measure`` to shares [1]
    """
    figure, axes = panels(len(shares), height=2.3)
    scenarios = sorted({key.split("|")[0] for series in shares.values() for key in series})
    for axis, (metal, series) in zip(axes, shares.items(), strict=True):
        for key, values in series.items():
            scenario, measure = key.split("|")
            line = "-" if measure == "probability" else ":"
            axis.plot(years, 100 * np.asarray(values), line, color=SERIES[scenarios.index(scenario)], linewidth=1.4)
        axis.set_title(label(metal))
        axis.set_ylabel("% of land")
        axis.set_ylim(bottom=0)
        axis.tick_params(axis="x", rotation=45, labelsize=7)
    handles = [Line2D([], [], color=SERIES[n], label=name.replace("_", " ")) for n, name in enumerate(scenarios)]
    handles += [
        Line2D([], [], color=INK, linestyle=line, label=text)
        for line, text in (("-", "sum of probabilities"), (":", "mean map"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=7.5)
    return figure
