"""What all figures share: colours, sizes, map furniture, equal bytes on every run."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

from metalbudget import io
from metalbudget.grid import Grid
from metalbudget.landuse import CLASSES

SYMBOL = {"as": "As", "cd": "Cd", "cr": "Cr", "cu": "Cu", "hg": "Hg", "ni": "Ni", "pb": "Pb", "zn": "Zn"}
PER_HECTARE = "g ha$^{-1}$ yr$^{-1}$"

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
SOFT = "#8a8f94"
# Below this ratio of its ends a logarithmic scale is labelled like a linear one.
SHORT_SCALE = 6.0

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
PROCESS_COLOUR = {
    "deposition": "#0072B2",
    "background": "#8ec9ea",
    "fertiliser": "#E69F00",
    "manure": "#a0522d",
    "irrigation": "#20b2aa",
    "pesticide": "#CC79A7",
    "weathering": "#b9b9b9",
    "subsoil": "#8b7b6b",
    "leaching": "#3b6fb6",
    "erosion": "#8b5a2b",
    "harvest": "#8fae3f",
    "runoff": "#56B4E9",
    "evasion": "#b39ddb",
    "sealing": "#555555",
    "layer_exchange": "#d9d9d9",
    "correction": "#F0E442",
    "clipping": "#ff0000",
}

mpl.rcParams.update(
    {
        "font.family": "DejaVu Sans",
        "font.size": 8.5,
        "axes.titlesize": 9.5,
        "axes.titleweight": "bold",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#777777",
        "axes.labelcolor": INK,
        "axes.axisbelow": True,
        "xtick.color": "#555555",
        "ytick.color": "#555555",
        "legend.frameon": False,
        "figure.dpi": 110,
        "savefig.dpi": 125,
        "svg.hashsalt": "metalbudget",
    }
)


def label(metal: str) -> str:
    """Chemical symbol of a metal."""
    return SYMBOL.get(metal, metal.capitalize())


def plain(name: str) -> str:
    """A key of the study as words."""
    return name.replace("_", " ")


def scientific(name: str) -> Colormap:
    """A perceptually uniform colour map (Crameri 2018, doi:10.5281/zenodo.1243862)."""
    from cmcrameri import cm

    return getattr(cm, name)


def panels(count: int, height: float = 2.5, columns: int = 4) -> tuple[Figure, list[Axes]]:
    """A figure with `count` axes in rows of `columns`; few panels are wider."""
    columns = min(columns, count)
    width = 12.0 / columns if columns > 2 else 4.4
    rows = -(-count // columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = [figure.add_subplot(rows, columns, number + 1) for number in range(count)]
    return figure, axes


def map_panels(grid: Grid, count: int, columns: int = 4, bar: float = 0.65) -> tuple[Figure, list[Axes]]:
    """A figure of `count` maps, as high as the grid's shape asks for; `bar` is the room of a colour bar. [inch]"""
    columns = min(columns, count)
    width = 12.0 / columns if columns > 2 else 4.6
    map_width = width - bar - 0.1
    figure, axes = panels(count, height=map_width * grid.height / grid.width + 0.4, columns=columns)
    figure.set_figwidth(width * columns)
    return figure, axes


def legend_below(figure: Figure, handles: Sequence, size: float = 8.0) -> None:
    """A legend under all panels: as many columns as fit, and the room it takes added to the figure."""
    if not handles:
        return
    longest = max(len(str(handle.get_label())) for handle in handles)
    room = 0.075 * size / 8.0 * longest + 0.55
    columns = max(1, min(len(handles), int(figure.get_figwidth() / room)))
    rows = -(-len(handles) // columns)
    figure.set_figheight(figure.get_figheight() + 0.19 * rows + 0.12)
    figure.legend(handles=list(handles), loc="outside lower center", ncols=columns, fontsize=size)


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
    return (np.asarray(x, dtype=float) - west) / 1e3, (np.asarray(y, dtype=float) - south) / 1e3


def draw_map(
    axis: Axes,
    grid: Grid,
    values: NDArray,
    colour_map: Colormap,
    norm: Normalize | None = None,
    scale: bool = True,
):
    """Draw a raster over the sea with its coast and, if asked for, a scale bar; return the image."""
    axis.set_facecolor(SEA)
    land = np.where(grid.land, 1.0, np.nan)
    axis.imshow(land, cmap=ListedColormap(["#f2f1ee"]), extent=extent(grid), interpolation="nearest", aspect="equal")
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
    """Outline of the land along the edges of its cells."""
    from matplotlib.collections import LineCollection

    west, _, _, north = extent(grid)
    size = grid.cell_m / 1e3
    row, column = np.nonzero(grid.land[:, 1:] != grid.land[:, :-1])
    x, y = west + (column + 1) * size, north - row * size
    upright = np.stack([np.column_stack([x, y]), np.column_stack([x, y - size])], axis=1)
    row, column = np.nonzero(grid.land[1:] != grid.land[:-1])
    x, y = west + column * size, north - (row + 1) * size
    level = np.stack([np.column_stack([x, y]), np.column_stack([x + size, y])], axis=1)
    lines = LineCollection(np.concatenate([upright, level]), colors="#5b6b78", linewidths=0.4, capstyle="projecting")
    axis.add_collection(lines, autolim=False)


def scale_bar(axis: Axes, grid: Grid) -> None:
    """A bar of a round length and the direction of north, on a light ground."""
    _, east, _, north = extent(grid)
    lengths = [value for value in (1, 2, 5, 10, 20, 50, 100, 200) if value <= max(east / 4, 1)]
    length, x, y = lengths[-1], 0.04 * east, 0.035 * north
    ground = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.2}
    axis.text(x + length / 2, y + 0.02 * north, f"{length} km", ha="center", va="bottom", fontsize=7, bbox=ground)
    axis.plot([x, x + length], [y, y], color=INK, linewidth=2, solid_capstyle="butt", zorder=6)
    axis.annotate(
        "N",
        xy=(0.955 * east, 0.985 * north),
        xytext=(0.955 * east, 0.88 * north),
        ha="center",
        fontsize=7,
        color=INK,
        bbox=ground,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0},
    )


def log_norm(values: NDArray, low_quantile: float = 0.04, high_quantile: float = 0.995) -> Normalize:
    """Logarithmic scale over the bulk of positive values."""
    positive = values[np.isfinite(values) & (values > 0)]
    if positive.size == 0:
        return Normalize(0.0, 1.0)
    low, high = np.quantile(positive, [low_quantile, high_quantile])
    if high <= low:
        return Normalize(0.0, float(high) or 1.0)
    return LogNorm(float(max(low, high / 1e4)), float(high), clip=True)


def linear_norm(values: NDArray, low_quantile: float = 0.01, high_quantile: float = 0.99) -> Normalize:
    """Linear scale over the bulk of the values."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return Normalize(0.0, 1.0)
    low, high = np.quantile(finite, [low_quantile, high_quantile])
    return Normalize(float(low), float(high) if high > low else float(low) + 1.0)


def symmetric_norm(values: NDArray, quantile: float = 0.99) -> Normalize:
    """Scale around zero over the bulk of the values."""
    finite = np.abs(values[np.isfinite(values)])
    bound = float(np.quantile(finite, quantile)) if finite.size else 0.0
    return Normalize(-(bound or 1.0), bound or 1.0)


def colour_bar(figure: Figure, axis: Axes, image, text: str) -> None:
    """A slim colour bar with plain round numbers."""
    bar = figure.colorbar(image, ax=axis, shrink=0.82, pad=0.02, aspect=22)
    bar.set_label(text, fontsize=7)
    bar.ax.tick_params(labelsize=6.5, length=2)
    bar.outline.set_linewidth(0.4)
    if isinstance(image.norm, LogNorm):
        bar.ax.yaxis.set_major_locator(FixedLocator(round_ticks(float(image.norm.vmin), float(image.norm.vmax))))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(_short))
        bar.ax.yaxis.set_minor_locator(NullLocator())


def _short(value: float, _position: int | None = None) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def round_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers for a logarithmic scale: 1, 2 and 5 of a decade, fewer where crowded, even steps on a short one."""
    if high / low < SHORT_SCALE:
        return [float(tick) for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    for steps in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        ticks = [
            float(f"{step}e{power}")
            for power in range(first, last + 1)
            for step in steps
            if low <= float(f"{step}e{power}") <= high
        ]
        if len(ticks) <= most:
            break
    return ticks or [float(f"{low:.1g}")]


def mass_unit(kg: float) -> tuple[float, str]:
    """Factor and unit in which a yearly mass of this size reads well."""
    return (1.0e-3, "t yr$^{-1}$") if kg >= 2000.0 else (1.0, "kg yr$^{-1}$")


def short_number(value: float) -> str:
    """Three significant figures without an exponent."""
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.3g}"


def time_axis(axis: Axes, years: Sequence[int]) -> None:
    """Whole years, labelled without crowding."""
    axis.set_xlim(years[0], years[-1])
    step = -(-len(years) // 6)
    axis.set_xticks(list(years)[::step])
    axis.tick_params(axis="x", labelsize=7)


def note(axis: Axes, text: str) -> None:
    """Say in an empty panel why it is empty."""
    axis.text(0.5, 0.5, text, ha="center", va="center", transform=axis.transAxes, color=SOFT)
    axis.set_xticks([])
    axis.set_yticks([])


def landuse_map() -> tuple[ListedColormap, Normalize]:
    """Colour map of the land-use classes in the order of `CLASSES`."""
    return ListedColormap([LANDUSE_COLOUR[name] for name in CLASSES]), Normalize(-0.5, len(CLASSES) - 0.5)
