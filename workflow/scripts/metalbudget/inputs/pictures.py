"""Small maps of the input atlas as base64 PNG: rasters, classes, vector layers and points over the land."""

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from metalbudget.figures.style import SEA
from metalbudget.grid import Grid

MAP_PIXELS = 400  # longer side of a map; finer rasters are thinned for display only
LAND = "#d9d9d9"
MARK = "#1f5fa8"
# The colours of a map end at these quantiles, so that a few high cells do not leave all others dark.
SHOWN_QUANTILES = (0.01, 0.99)


def land(grid: Grid) -> str:
    """Land and sea."""
    figure, axes = _map(grid)
    _land(axes, grid)
    return _encoded(figure)


def continuous(values: NDArray[np.float64], grid: Grid) -> str:
    """A raster of numbers with its colour bar; NaN is left out. Arrows on the bar stand for what lies beyond its ends.

    Parameters
    ----------
    values : ndarray, shape (height * k, width * k)
    grid : Grid
    """
    figure, axes = _map(grid)
    finite = values[np.isfinite(values)]
    low, high = np.quantile(finite, SHOWN_QUANTILES) if finite.size else (0.0, 1.0)
    if not low < high:
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    image = _image(axes, values, grid, cmap="viridis", vmin=low, vmax=high)
    below, above = finite.size and finite.min() < low, finite.size and finite.max() > high
    extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[int(below), int(above)]
    figure.colorbar(image, ax=axes, shrink=0.7, pad=0.02, extend=extend).ax.tick_params(labelsize=7)
    return _encoded(figure)


def classes(values: NDArray[np.float64], colour_of: Mapping[int, str], grid: Grid) -> str:
    """A raster of codes, each in its colour; codes without one are left out.

    Parameters
    ----------
    values : ndarray, shape (height * k, width * k)
        Codes; NaN is left out.
    colour_of : mapping of code to colour
    grid : Grid
    """
    figure, axes = _map(grid)
    codes = sorted(colour_of)
    place = np.full(values.shape, np.nan)
    for index, code in enumerate(codes):
        place[values == code] = index
    colours = ListedColormap([colour_of[code] for code in codes] or [LAND])
    _image(axes, place, grid, cmap=colours, vmin=-0.5, vmax=max(len(codes), 1) - 0.5)
    return _encoded(figure)


def layer(geometry: NDArray[Any], grid: Grid) -> str:
    """Outlines or lines of a vector layer over the land."""
    import shapely
    from matplotlib.collections import LineCollection

    figure, axes = _map(grid)
    _land(axes, grid)
    lines = shapely.get_parts(np.array([shape.boundary if shape.area else shape for shape in geometry], dtype=object))
    axes.add_collection(LineCollection([shapely.get_coordinates(line) for line in lines], linewidths=0.8, colors=MARK))
    return _encoded(figure)


def points(x: NDArray[np.float64], y: NDArray[np.float64], grid: Grid) -> str:
    """Points over the land; the map reaches as far as they do. [m]"""
    figure, axes = _map(grid)
    _land(axes, grid)
    west, south, east, north = grid.bounds
    margin = 0.03 * max(east - west, north - south)
    axes.plot(x, y, "o", color=MARK, markersize=2.5 if x.size > 50 else 4.0, markeredgewidth=0)
    axes.set_xlim(min(west, float(x.min()) - margin), max(east, float(x.max()) + margin))
    axes.set_ylim(min(south, float(y.min()) - margin), max(north, float(y.max()) + margin))
    return _encoded(figure)


def _map(grid: Grid) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    west, south, east, north = grid.bounds
    figure = Figure(figsize=(3.4, 3.4 * min(1.6, max(0.6, grid.height / grid.width))), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect("equal")
    return figure, axes


def _land(axes: Axes, grid: Grid) -> None:
    _image(axes, grid.land.astype(float), grid, cmap=ListedColormap([SEA, LAND]), vmin=0.0, vmax=1.0)


def _image(axes: Axes, values: NDArray[np.float64], grid: Grid, **options: Any) -> Any:
    step = max(1, max(values.shape) // MAP_PIXELS)
    west, south, east, north = grid.bounds
    shown = np.ma.masked_invalid(values[::step, ::step])
    image = axes.imshow(shown, extent=(west, east, south, north), interpolation="nearest", **options)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    return image


def _encoded(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return base64.b64encode(buffer.getvalue()).decode("ascii")
