"""Map figures: study area, deposition, concentration, capacity and overload zones."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from metalbudget.figures.style import (
    INK,
    LANDUSE_COLOUR,
    SERIES,
    colour_bar,
    draw_map,
    extent,
    label,
    landuse_map,
    legend_below,
    linear_norm,
    log_norm,
    map_panels,
    plain,
    scientific,
    symmetric_norm,
    to_km,
)
from metalbudget.grid import Grid
from metalbudget.landuse import CLASSES

Raster = NDArray[np.float64]
Points = tuple[NDArray, NDArray]

# Colours of the overload status, in the order of `numbers.STATUS`, and of the capacity classes from most to least.
ZONE_COLOUR = ("#e8ecd6", "#efb366", "#dd6b30", "#7d1f17", "#7f9fb5", "#bdbdbd")
CLASS_COLOUR = ("#2a5c9a", "#7fb2d5", "#f2e6b1", "#e59a4c", "#8c2d1f")
MARKERS = "^sDov<>Ph*X8p"
NORMS: dict[str, Callable[[Raster], Normalize]] = {"log": log_norm, "linear": linear_norm, "symmetric": symmetric_norm}
SUN_AZIMUTH_DEG, SUN_HEIGHT_DEG = 315.0, 45.0


def study_area(
    grid: Grid,
    landuse: Mapping[str, Raster],
    elevation: Raster,
    sources: Mapping[str, NDArray],
    survey: Points | None,
) -> Figure:
    """Dominant land use with relief shading, point sources by sector and survey points.

    Parameters
    ----------
    grid : Grid
    landuse : mapping of class to ndarray, shape (height, width)
        Class fractions.
    elevation : ndarray, shape (height, width)
        [m]
    sources : mapping
        ``sector``, ``x_m``, ``y_m``.
    survey : tuple of ndarray or None
        Eastings and northings of survey points. [m]
    """
    width = 7.2
    figure = Figure(figsize=(width + 2.1, width * grid.height / grid.width + 0.2), layout="constrained")
    axis = figure.add_subplot()
    dominant = np.argmax(np.stack([np.nan_to_num(landuse[name]) for name in CLASSES]), axis=0).astype(float)
    colours, norm = landuse_map()
    draw_map(axis, grid, dominant, colours, norm)
    west, east, south, north = extent(grid)
    shade = np.where(grid.land, relief(np.where(grid.land, np.nan_to_num(elevation), 0.0), grid.cell_m), np.nan)
    axis.imshow(shade, cmap="gray", alpha=0.28, extent=(west, east, south, north), vmin=0, vmax=1)
    present = set(dominant[grid.land].astype(int))
    handles: list = [Patch(color=LANDUSE_COLOUR[name], label=name) for i, name in enumerate(CLASSES) if i in present]
    if survey is not None:
        x, y = to_km(grid, *survey)
        axis.plot(x, y, ".", color="#222222", markersize=3.2, alpha=0.6, zorder=3, markeredgewidth=0)
        handles.append(Line2D([], [], marker=".", linestyle="", color="#222222", label="survey point"))
    for number, sector in enumerate(sorted(set(sources["sector"]))):
        chosen = sources["sector"] == sector
        x, y = to_km(grid, sources["x_m"][chosen], sources["y_m"][chosen])
        style = {
            "marker": MARKERS[number % len(MARKERS)],
            "linestyle": "",
            "color": SERIES[number % len(SERIES)],
            "markeredgecolor": "white",
            "markersize": 8,
            "markeredgewidth": 0.8,
        }
        axis.plot(x, y, zorder=4, **style)
        handles.append(Line2D([], [], label=plain(str(sector)), **style))
    axis.set_xlim(west, east)
    axis.set_ylim(south, north)
    figure.legend(handles=handles, loc="outside right center", fontsize=8, labelspacing=0.6)
    return figure


def relief(height: Raster, cell_m: float, exaggeration: float = 3.0) -> Raster:
    """Shaded relief lit from the north-west, 0 dark to 1 light.

    Parameters
    ----------
    height : ndarray, shape (height, width)
        [m]
    cell_m : float
        [m]
    exaggeration : float
        Of heights, for the eye.

    Notes
    -----
    Lambert's cosine law on the slopes of the surface.
    """
    south, east = np.gradient(exaggeration * height, cell_m)
    azimuth, rise = np.radians(SUN_AZIMUTH_DEG), np.radians(SUN_HEIGHT_DEG)
    facing = np.cos(rise) * (-east * np.sin(azimuth) + south * np.cos(azimuth)) + np.sin(rise)
    return np.clip(facing / np.sqrt(1.0 + east**2 + south**2), 0.0, 1.0)


def metal_maps(
    grid: Grid,
    rasters: Mapping[str, Raster],
    unit: str,
    colour_map: str,
    scale: str = "log",
    points: Mapping[str, Points] | None = None,
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
    scale : str
        ``log``, ``linear`` or ``symmetric``.
    points : mapping of metal to (eastings, northings), optional
        Marked on each map. [m]
    """
    norm_of = NORMS[scale]
    figure, axes = map_panels(grid, len(rasters))
    for number, (axis, (metal, values)) in enumerate(zip(axes, rasters.items(), strict=True)):
        image = draw_map(axis, grid, values, scientific(colour_map), norm_of(values[grid.land]), scale=number == 0)
        if points is not None:
            x, y = to_km(grid, *points[metal])
            axis.plot(x, y, "^", color="white", markeredgecolor=INK, markersize=3.8, markeredgewidth=0.6)
            axis.set_xlim(extent(grid)[:2])
            axis.set_ylim(extent(grid)[2:])
        axis.set_title(label(metal))
        colour_bar(figure, axis, image, unit)
    return figure


def capacity_maps(grid: Grid, codes: Sequence[NDArray], names: Mapping[int, str], years: Sequence[int]) -> Figure:
    """Class of the metal with the least capacity left, at the start and the end of the forecast.

    Parameters
    ----------
    grid : Grid
    codes : sequence of ndarray, shape (height, width)
        Class codes, one raster a year.
    names : mapping of code to str
        Classes in the order of the legend, from most to least capacity; then those without a class.
    years : sequence of int
    """
    figure, axes = map_panels(grid, len(codes), bar=0.0)
    graded = [code for code, name in names.items() if name not in ("no limit", "geogenic")]
    tones = CLASS_COLOUR if len(graded) == len(CLASS_COLOUR) else scientific("roma_r")(np.linspace(0, 1, len(graded)))
    colour = dict(zip(graded, tones, strict=True))
    colour |= {
        code: "#bdbdbd" if name == "no limit" else "#8f7aa6" for code, name in names.items() if code not in colour
    }
    order = list(names)
    place = np.full(256, np.nan)
    place[order] = np.arange(len(order))
    for number, (axis, values, year) in enumerate(zip(axes, codes, years, strict=True)):
        shown = ListedColormap([colour[code] for code in order])
        draw_map(axis, grid, place[values], shown, Normalize(-0.5, len(order) - 0.5), scale=number == 0)
        axis.set_title(str(year))
    present = set(np.unique(np.concatenate([values[grid.land] for values in codes])))
    legend_below(figure, [Patch(color=colour[code], label=name) for code, name in names.items() if code in present])
    return figure


def probability_maps(grid: Grid, rasters: Mapping[str, Raster]) -> Figure:
    """Probability of overload of each metal, all on one scale.

    Parameters
    ----------
    grid : Grid
    rasters : mapping of metal to ndarray, shape (height, width)
        [1], NaN without a limit.
    """
    figure, axes = map_panels(grid, len(rasters), bar=0.0)
    norm = Normalize(0.0, 100.0)
    for number, (axis, (metal, values)) in enumerate(zip(axes, rasters.items(), strict=True)):
        image = draw_map(axis, grid, 100.0 * values, scientific("lajolla_r"), norm, scale=number == 0)
        axis.set_title(label(metal))
    figure.set_figheight(figure.get_figheight() + 0.5)
    bar = figure.colorbar(image, ax=axes, location="bottom", shrink=0.4, aspect=40, pad=0.02)
    bar.set_label("probability of overload, %", fontsize=8)
    bar.ax.tick_params(labelsize=7, length=2)
    bar.outline.set_linewidth(0.4)
    return figure


def overload_maps(grid: Grid, status: Mapping[str, Raster], names: Sequence[str]) -> Figure:
    """Overload zones of each metal: when they begin, whether they end.

    Parameters
    ----------
    grid : Grid
    status : mapping of metal to ndarray, shape (height, width)
        Code of each cell as `numbers.overload_status` gives it, NaN at sea.
    names : sequence of str
        What the codes mean.
    """
    figure, axes = map_panels(grid, len(status), bar=0.0)
    norm = Normalize(-0.5, len(names) - 0.5)
    for number, (axis, (metal, values)) in enumerate(zip(axes, status.items(), strict=True)):
        draw_map(axis, grid, values, ListedColormap(ZONE_COLOUR), norm, scale=number == 0)
        land = values[np.isfinite(values)]
        before, after = 100 * np.mean(np.isin(land, (3, 4))), 100 * np.mean(np.isin(land, (1, 2, 3)))
        axis.set_title(f"{label(metal)}: {before:.1f} → {after:.1f} % of cells")
    present = {int(code) for values in status.values() for code in np.unique(values[np.isfinite(values)])}
    handles = [Patch(color=ZONE_COLOUR[code], label=name) for code, name in enumerate(names) if code in present]
    legend_below(figure, handles)
    return figure
