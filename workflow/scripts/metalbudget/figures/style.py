"""What all figures share: colours, sizes, map furniture, equal bytes on every run."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from metalbudget import io
from metalbudget.grid import Grid
from metalbudget.landuse import CLASSES

SYMBOL = {"as": "As", "cd": "Cd", "cr": "Cr", "cu": "Cu", "hg": "Hg", "ni": "Ni", "pb": "Pb", "zn": "Zn"}

LANDUSE_COLOUR = {
    "paddy": "#c7dd8b",
    "dryland": "#e9d98a",
    "orchard": "#b0b25a",
    "forest": "#4f8a5b",
    "grass": "#a8cfa0",
    "residential": "#d1654f",
    "industrial": "#7b4f8f",
    "wetland": "#79b8b2",
    "bare": "#cfc6b8",
    "water": "#8fb9dc",
}
SEA = "#dfeaf3"
INK = "#2b2b2b"

# Discrete colours chosen to stay apart in the common kinds of colour vision deficiency (Okabe and Ito 2008, and tints).
SERIES = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#7f7f7f",
    "#F0E442",
    "#44546a",
    "#a0522d",
    "#8fbc8f",
    "#b39ddb",
    "#556b2f",
    "#ffb6a3",
    "#20b2aa",
    "#c0c0c0",
)

mpl.rcParams.update(
    {
        "font.size": 8.5,
        "axes.titlesize": 9.5,
        "axes.titleweight": "bold",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#777777",
        "axes.labelcolor": INK,
        "legend.frameon": False,
        "figure.dpi": 110,
        "savefig.dpi": 110,
        "svg.hashsalt": "metalbudget",
    }
)


def label(metal: str) -> str:
    """Chemical symbol of a metal."""
    return SYMBOL.get(metal, metal.capitalize())


def scientific(name: str) -> Colormap:
    """A perceptually uniform colour map (Crameri 2018, doi:10.5281/zenodo.1243862)."""
    from cmcrameri import cm

    return getattr(cm, name)


def panels(count: int, columns: int = 4, width: float = 3.0, height: float = 2.9) -> tuple[Figure, list[Axes]]:
    """A figure with `count` axes in rows of `columns`."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = [figure.add_subplot(rows, columns, number + 1) for number in range(count)]
    return figure, axes


def save(figure: Figure, path: str | Path) -> None:
    """Write a PNG without the time of day in it."""
    with io.replacing(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


def extent(grid: Grid) -> tuple[float, float, float, float]:
    """West, east, south, north in kilometres from the south-west corner."""
    return (0.0, grid.width * grid.cell_m / 1e3, 0.0, grid.height * grid.cell_m / 1e3)


def to_km(grid: Grid, x: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
    """Map coordinates in kilometres from the south-west corner."""
    west, south, _, _ = grid.bounds
    return (np.asarray(x) - west) / 1e3, (np.asarray(y) - south) / 1e3


def draw_map(
    axis: Axes,
    grid: Grid,
    values: NDArray,
    colour_map: Colormap,
    norm: Normalize | None = None,
    scale: bool = True,
):
    """Draw a raster over the sea with its coast and a scale bar; return the image."""
    axis.set_facecolor(SEA)
    shown = np.ma.masked_invalid(np.where(grid.land, values, np.nan))
    image = axis.imshow(shown, cmap=colour_map, norm=norm, extent=extent(grid), interpolation="nearest", aspect="equal")
    coast(axis, grid)
    if scale:
        scale_bar(axis, grid)
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(True)
        spine.set_linewidth(0.5)
    return image


def coast(axis: Axes, grid: Grid) -> None:
    """Outline of the land."""
    if grid.land.all():
        return
    west, east, south, north = extent(grid)
    half = grid.cell_m / 2e3
    x = np.linspace(west + half, east - half, grid.width)
    y = np.linspace(north - half, south + half, grid.height)
    axis.contour(x, y, grid.land.astype(float), levels=[0.5], colors="#5b6b78", linewidths=0.35)


def scale_bar(axis: Axes, grid: Grid) -> None:
    """A bar of a round length and the direction of north."""
    _, east, _, north = extent(grid)
    length = max(value for value in (1, 2, 5, 10, 20, 50, 100) if value <= max(east / 4, 1))
    x, y = 0.05 * east, 0.05 * north
    axis.plot([x, x + length], [y, y], color=INK, linewidth=2, solid_capstyle="butt")
    axis.text(x + length / 2, y + 0.02 * north, f"{length} km", ha="center", va="bottom", fontsize=7, color=INK)
    axis.annotate(
        "N",
        xy=(0.95 * east, 0.97 * north),
        xytext=(0.95 * east, 0.87 * north),
        ha="center",
        fontsize=7,
        color=INK,
        arrowprops={"arrowstyle": "->", "color": INK, "linewidth": 0.8},
    )


def log_norm(values: NDArray, low_quantile: float = 0.02, high_quantile: float = 0.995) -> Normalize:
    """Logarithmic scale over the bulk of positive values."""
    positive = values[np.isfinite(values) & (values > 0)]
    if positive.size == 0:
        return Normalize(0.0, 1.0)
    low, high = np.quantile(positive, [low_quantile, high_quantile])
    if high <= low:
        return Normalize(0.0, float(high) or 1.0)
    return LogNorm(float(max(low, high / 1e4)), float(high), clip=True)


def landuse_map() -> tuple[ListedColormap, Normalize]:
    """Colour map of the land-use classes in the order of `CLASSES`."""
    return ListedColormap([LANDUSE_COLOUR[name] for name in CLASSES]), Normalize(-0.5, len(CLASSES) - 0.5)
