"""Map figures: study area, deposition, concentration, capacity and overload zones."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from metalbudget.figures.style import (
    LANDUSE_COLOUR,
    SERIES,
    draw_map,
    label,
    landuse_map,
    log_norm,
    panels,
    scientific,
    to_km,
)
from metalbudget.grid import Grid
from metalbudget.landuse import CLASSES

Raster = NDArray[np.float64]

# Overload status of a cell in the zone maps.
ZONES = ("within capacity", "overloaded within the forecast", "overloaded at the start", "no limit")
ZONE_COLOUR = ("#e8ecd6", "#e08e45", "#8c2d1f", "#bdbdbd")


def study_area(
    grid: Grid,
    landuse: Mapping[str, Raster],
    elevation: Raster,
    sources: Mapping[str, NDArray],
    survey: tuple[NDArray, NDArray] | None,
) -> Figure:
    """Dominant land use with relief shading, point sources by sector and survey points.

    Parameters
    ----------
    grid : Grid
    landuse : mapping of class to ndarray, shape (height, width)
        Fractions. [1]
    elevation : ndarray, shape (height, width)
        [m]
    sources : mapping
        ``sector``, ``x_m``, ``y_m``.
    survey : tuple of ndarray or None
        Eastings and northings of survey points. [m]
    """
    figure = Figure(figsize=(8.6, 7.0), layout="constrained")
    axis = figure.add_subplot()
    dominant = np.argmax(np.stack([np.nan_to_num(landuse[name]) for name in CLASSES]), axis=0).astype(float)
    colours, norm = landuse_map()
    draw_map(axis, grid, dominant, colours, norm)
    west, east, south, north = 0.0, grid.width * grid.cell_m / 1e3, 0.0, grid.height * grid.cell_m / 1e3
    height = np.where(grid.land, np.nan_to_num(elevation), 0.0)
    south_slope, east_slope = np.gradient(height, grid.cell_m)
    shade = np.where(grid.land, np.clip(0.5 - 4.0 * (east_slope - south_slope), 0.0, 1.0), np.nan)
    axis.imshow(shade, cmap="gray", alpha=0.25, extent=(west, east, south, north), vmin=0, vmax=1)
    handles: list = [
        Patch(color=LANDUSE_COLOUR[name], label=name) for name in CLASSES if np.any(dominant == CLASSES.index(name))
    ]
    if survey is not None:
        x, y = to_km(grid, *survey)
        axis.plot(x, y, ".", color="#333333", markersize=1.6, alpha=0.6, zorder=3)
        handles.append(Line2D([], [], marker=".", linestyle="", color="#333333", label="survey point"))
    for number, sector in enumerate(sorted(set(sources["sector"]))):
        chosen = sources["sector"] == sector
        x, y = to_km(grid, sources["x_m"][chosen].astype(float), sources["y_m"][chosen].astype(float))
        colour = SERIES[number % len(SERIES)]
        axis.plot(x, y, "^", color=colour, markeredgecolor="white", markersize=7, markeredgewidth=0.7, zorder=4)
        handles.append(Line2D([], [], marker="^", linestyle="", color=colour, label=sector.replace("_", " ")))
    axis.set_xlim(west, east)
    axis.set_ylim(south, north)
    axis.legend(handles=handles, loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=7.5)
    return figure


def metal_maps(
    grid: Grid, rasters: Mapping[str, Raster], unit: str, colour_map: str, logarithmic: bool = True
) -> Figure:
    """One map a metal, each on its own scale.

    Parameters
    ----------
    grid : Grid
    rasters : mapping of metal to ndarray, shape (height, width)
    unit : str
        Label of the colour bars.
    colour_map : str
        Name of a scientific colour map.
    logarithmic : bool
    """
    figure, axes = panels(len(rasters))
    for axis, (metal, values) in zip(axes, rasters.items(), strict=True):
        finite = values[np.isfinite(values)]
        norm = log_norm(values) if logarithmic else Normalize(*np.quantile(finite, [0.01, 0.99]))
        image = draw_map(axis, grid, values, scientific(colour_map), norm)
        axis.set_title(label(metal))
        bar = figure.colorbar(image, ax=axis, shrink=0.75, pad=0.02)
        bar.set_label(unit, fontsize=7)
        bar.ax.tick_params(labelsize=6.5)
        bar.ax.minorticks_off()
    return figure


def capacity_maps(
    grid: Grid, start: Raster, end: Raster, edges: Sequence[float], names: Sequence[str], years: tuple[int, int]
) -> Figure:
    """Lowest capacity index over the metals at the start and the end of the forecast, in classes.

    Parameters
    ----------
    grid : Grid
    start, end : ndarray, shape (height, width)
        Capacity index. [1]
    edges : sequence of float
        Inner edges of the classes, ascending. [1]
    names : sequence of str
        One more than the edges, from overload upward.
    years : tuple of int
    """
    figure, axes = panels(2, width=4.4, height=4.6)
    colours = scientific("roma")(np.linspace(0.04, 0.92, len(names)))
    for axis, values, year in zip(axes, (start, end), years, strict=True):
        classes = np.where(np.isfinite(values), np.digitize(np.nan_to_num(values), edges, right=True), np.nan)
        draw_map(axis, grid, classes, ListedColormap(colours), Normalize(-0.5, len(names) - 0.5))
        axis.set_title(str(year))
    handles = [Patch(color=colour, label=name) for colour, name in zip(colours, names, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(names), fontsize=8)
    return figure


def overload_maps(grid: Grid, status: Mapping[str, Raster]) -> Figure:
    """Overload zones of each metal: at the start, within the forecast, never.

    Parameters
    ----------
    grid : Grid
    status : mapping of metal to ndarray, shape (height, width)
        Index into `ZONES`, NaN at sea.
    """
    figure, axes = panels(len(status))
    for axis, (metal, values) in zip(axes, status.items(), strict=True):
        draw_map(axis, grid, values, ListedColormap(ZONE_COLOUR), Normalize(-0.5, len(ZONES) - 0.5))
        land = values[np.isfinite(values)]
        before, after = 100 * np.mean(land == 2), 100 * np.mean((land == 1) | (land == 2))
        axis.set_title(f"{label(metal)}: {before:.1f} to {after:.1f} % of land")
    handles = [Patch(color=colour, label=name) for colour, name in zip(ZONE_COLOUR, ZONES, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8)
    return figure
