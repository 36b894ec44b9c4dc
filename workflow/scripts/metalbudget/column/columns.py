"""Soil columns, their weather and what they start from: described, checked and laid out for the kernels."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.column import richards, roots
from metalbudget.errors import InputError, InputErrors

TOPS = {"atmospheric": richards.TOP_ATMOSPHERE, "flux": richards.TOP_FLUX, "head": richards.TOP_HEAD}
BOTTOMS = {
    "free_drainage": richards.BOTTOM_FREE,
    "head": richards.BOTTOM_HEAD,
    "seepage_face": richards.BOTTOM_SEEPAGE,
    "zero_flux": richards.BOTTOM_CLOSED,
}
# Feddes' parameters of a crop without stress of its own, as the reference cases have them: pasture in HYDRUS-1D's
# table (Wesseling 1991); heads [cm], rates [cm d⁻¹].
PASTURE = (-10.0, -25.0, -300.0, -1000.0, -8000.0, 0.5, 0.1)
DRIEST_CM = -1.0e5  # head at which the air dries a surface no further (HYDRUS' hCritA in the reference cases)
TOLERANCE = 1.0e-3  # of the truncation error of a step, in water content
RAIN_CM_YR = (5.0, 1000.0)  # a year's rain outside of this is in another unit
DAYS_PER_YEAR = 365.25
LEAST_DAYS = 300.0  # of a series whose rain is judged
_EDGE = 1.0e-6


def node_thickness(depth_cm: ArrayLike) -> NDArray[np.float64]:
    """Soil that belongs to each node: half-way to its neighbours. [cm]"""
    spacing = np.diff(np.asarray(depth_cm, dtype=float))
    result = np.zeros(spacing.size + 1)
    result[:-1] += 0.5 * spacing
    result[1:] += 0.5 * spacing
    return result


def graded_depths(depth_cm: float = 100.0, nodes: int = 41, first_cm: float = 0.5) -> NDArray[np.float64]:
    """Depths of nodes whose spacing grows by a constant factor from `first_cm` at the surface. [cm]"""
    count = nodes - 1
    if count * first_cm >= depth_cm:
        return np.linspace(0.0, depth_cm, nodes)
    low, high = 1.0, 4.0
    for _ in range(200):
        ratio = 0.5 * (low + high)
        low, high = (ratio, high) if first_cm * np.sum(ratio ** np.arange(count)) < depth_cm else (low, ratio)
    result = np.concatenate([[0.0], np.cumsum(first_cm * ratio ** np.arange(count))])
    return result * (depth_cm / result[-1])


def layer_index(depth_cm: ArrayLike, lower_cm: Sequence[float]) -> NDArray[np.int64]:
    """Layer of each node from the layers' lower edges; a node on an edge belongs to the layer above."""
    return np.searchsorted(np.asarray(lower_cm, dtype=float) + _EDGE, np.asarray(depth_cm, dtype=float), side="left")


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns on the same nodes.

    Parameters
    ----------
    depth_cm : ndarray, shape (k,)
        Of the nodes, from 0 at the surface downwards. [cm]
    layer : ndarray of int, shape (c, k)
        Layer of each node.
    theta_r, theta_s, alpha_1_cm, n, ks_cm_d : ndarray, shape (c, l)
        Van Genuchten parameters of each layer. [1], [1], [cm⁻¹], [1], [cm d⁻¹]
    connectivity : ndarray, shape (c, l) or float
        Mualem's pore connectivity. [1]
    root_density : ndarray, shape (c, k), optional
        Relative; zero where there are no roots. [1]
    feddes : sequence of 7 floats
        Heads at which uptake begins, is highest, falls under a high and a low demand, and ends [cm], and those demands
        [cm d⁻¹].
    top, bottom : str
        Keys of `TOPS` and `BOTTOMS`.
    top_head_cm, bottom_head_cm : float
        Where the kind is ``head``; below a water table the depth of the lower end under it. [cm]
    driest_head_cm : float
        [cm]
    pond_cm : ndarray, shape (c,) or float
        Water that the surface (a bund) holds before it runs off. [cm]
    names : sequence of str
        For messages; numbers from 1 unless given.
    """

    depth_cm: NDArray[np.float64]
    layer: NDArray[np.int64]
    theta_r: NDArray[np.float64]
    theta_s: NDArray[np.float64]
    alpha_1_cm: NDArray[np.float64]
    n: NDArray[np.float64]
    ks_cm_d: NDArray[np.float64]
    connectivity: ArrayLike = 0.5
    root_density: NDArray[np.float64] | None = None
    feddes: Sequence[float] = PASTURE
    top: str = "atmospheric"
    bottom: str = "free_drainage"
    top_head_cm: float = 0.0
    bottom_head_cm: float = 0.0
    driest_head_cm: float = DRIEST_CM
    pond_cm: ArrayLike = 0.0
    names: Sequence[str] = field(default_factory=tuple)

    @property
    def count(self) -> int:
        """How many."""
        return self.layer.shape[0]

    @property
    def thickness_cm(self) -> NDArray[np.float64]:
        """As `node_thickness`."""
        return node_thickness(self.depth_cm)

    def name(self, index: SupportsIndex) -> str:
        """Of a column, for messages."""
        return f"column {self.names[int(index)] if len(self.names) else int(index) + 1}"

    def soils(self) -> NDArray[np.float64]:
        """Parameters as the kernel takes them, shape (c, l, SOIL)."""
        parts = (self.theta_r, self.theta_s - self.theta_r, self.alpha_1_cm, self.n, self.ks_cm_d, self.connectivity)
        return np.ascontiguousarray(np.stack(np.broadcast_arrays(*parts), axis=-1), dtype=float)

    def root_share(self) -> NDArray[np.float64]:
        """As `roots.shares`, shape (c, k)."""
        if self.root_density is None:
            return np.zeros(self.layer.shape)
        return np.ascontiguousarray(roots.shares(self.root_density, self.thickness_cm))

    def of_layers(self, values: ArrayLike) -> NDArray[np.float64]:
        """A property of layers, shape (c, l) or (l,), at the nodes, shape (c, k)."""
        of = np.broadcast_to(np.asarray(values, dtype=float), self.theta_s.shape)
        return np.ascontiguousarray(np.take_along_axis(of, self.layer, axis=1))


@dataclass(frozen=True, eq=False)
class Weather:
    """Weather of w places over the same m records.

    Parameters
    ----------
    days : ndarray, shape (m,)
        Length of each record. [d]
    rain_cm_d, evaporation_cm_d, transpiration_cm_d : ndarray, shape (w, m)
        Rain, potential evaporation of the ground and potential transpiration. Under a prescribed flux `rain_cm_d`
        is that flux. [cm d⁻¹]
    """

    days: NDArray[np.float64]
    rain_cm_d: NDArray[np.float64]
    evaporation_cm_d: NDArray[np.float64]
    transpiration_cm_d: NDArray[np.float64]


def check(columns: Columns, weather: Weather, weather_of: NDArray[np.int64], file: object = None) -> None:
    """Refuse what no column can be.

    Raises
    ------
    InputErrors
        Every problem, with the name of its column.
    """
    problems = [
        *_grid_problems(columns, file),
        *_soil_problems(columns, file),
        *_weather_problems(columns, weather, file),
    ]
    if not problems and weather_of.size and (weather_of.min() < 0 or weather_of.max() >= weather.rain_cm_d.shape[0]):
        problems.append(InputError("a column's weather does not exist", file=file, found=int(weather_of.max())))
    if problems:
        raise problems[0] if len(problems) == 1 else InputErrors(problems)


def _grid_problems(columns: Columns, file: object) -> list[InputError]:
    problems = []
    depth = np.asarray(columns.depth_cm, dtype=float)
    if depth.size < 3 or not np.all(np.isfinite(depth)) or depth[0] != 0.0 or np.any(np.diff(depth) <= 0.0):
        problems.append(
            InputError(
                "depths of nodes must begin at 0 and increase downwards", file=file, where="depth", expected="3 or more"
            )
        )
    for kind, known, value in (("top", TOPS, columns.top), ("bottom", BOTTOMS, columns.bottom)):
        if value not in known:
            problems.append(
                InputError(f"unknown kind of {kind}", file=file, where=kind, found=value, expected=" or ".join(known))
            )
    heads = np.asarray(columns.feddes, dtype=float)
    if (
        heads.size != roots.FEDDES
        or np.any(np.diff(heads[[0, 1, 2, 4]]) > 0.0)
        or heads[3] > heads[2]
        or (heads[3] < heads[4])
    ):
        problems.append(
            InputError(
                "heads of root uptake must fall from the wet to the dry end",
                file=file,
                where="feddes",
                found=", ".join(f"{value:g}" for value in heads),
                expected="P0 >= Popt >= P2H >= P2L >= P3, then r2H, r2L",
            )
        )
    return problems


def _soil_problems(columns: Columns, file: object) -> list[InputError]:
    checks = (
        ("theta_r must be at least 0 and below theta_s, theta_s at most 1", "theta_r, theta_s",
         (columns.theta_r < 0.0) | ~(columns.theta_r < columns.theta_s) | ~(columns.theta_s <= 1.0)),
        ("alpha must be positive", "alpha_1_cm", ~(columns.alpha_1_cm > 0.0)),
        ("n must be above 1", "n", ~(columns.n > 1.0)),
        ("Ks must be positive", "ks_cm_d", ~(columns.ks_cm_d > 0.0)),
    )  # fmt: skip
    values = {
        "theta_r, theta_s": (columns.theta_r, columns.theta_s),
        "alpha_1_cm": (columns.alpha_1_cm,),
        "n": (columns.n,),
        "ks_cm_d": (columns.ks_cm_d,),
    }
    problems = []
    for message, key, bad in checks:
        for column, layer in np.argwhere(bad):
            found = ", ".join(f"{array[column, layer]:g}" for array in values[key])
            where = f"{columns.name(column)}, layer {layer + 1}, {key}"
            problems.append(InputError(message, file=file, where=where, found=found))
    if columns.layer.size and (columns.layer.min() < 0 or columns.layer.max() >= columns.theta_r.shape[1]):
        column = int(np.argwhere((columns.layer < 0) | (columns.layer >= columns.theta_r.shape[1]))[0, 0])
        problems.append(
            InputError(
                "a node lies in no layer",
                file=file,
                where=columns.name(column),
                expected="layers without gaps from the surface to the deepest node",
            )
        )
    density = columns.root_density
    if density is not None:
        for column in np.flatnonzero(~np.all(np.asarray(density) >= 0.0, axis=1)):
            problems.append(
                InputError("root density must not be negative or missing", file=file, where=columns.name(column))
            )
    return problems


def _weather_problems(columns: Columns, weather: Weather, file: object) -> list[InputError]:
    problems = []
    if not np.all(weather.days > 0.0):
        record = int(np.argmin(np.where(np.isnan(weather.days), -np.inf, weather.days)))
        problems.append(
            InputError("records of weather must follow each other in time", file=file, where=f"record {record + 1}")
        )
    for label, values in (
        ("rain", weather.rain_cm_d),
        ("potential evaporation", weather.evaporation_cm_d),
        ("potential transpiration", weather.transpiration_cm_d),
    ):
        bad = ~np.isfinite(values) | ((values < 0.0) & (columns.top == "atmospheric"))
        if np.any(bad):
            place, record = np.argwhere(bad)[0]
            problems.append(
                InputError(
                    f"{label} is missing or negative",
                    file=file,
                    where=f"weather {place + 1}, record {record + 1}",
                    found=values[place, record],
                )
            )
    span = float(weather.days.sum())
    if not problems and columns.top == "atmospheric" and span >= LEAST_DAYS:
        yearly = weather.rain_cm_d @ weather.days * DAYS_PER_YEAR / span
        for place in np.flatnonzero((yearly > 0.0) & ((yearly < RAIN_CM_YR[0]) | (yearly > RAIN_CM_YR[1]))):
            problems.append(
                InputError(
                    "a year's rain is not what falls anywhere",
                    file=file,
                    where=f"weather {place + 1}",
                    found=f"{10.0 * yearly[place]:g} mm a year",
                    expected="50 to 10000 mm a year",
                    mend="give rain in cm per day",
                )
            )
    return problems


def layers_to_nodes(
    depth_cm: ArrayLike,
    upper_cm: Sequence[float],
    lower_cm: Sequence[float],
    name: str = "column 1",
    file: object = None,
) -> NDArray[np.int64]:
    """Layer of each node from the edges of the layers, which must follow each other.

    Raises
    ------
    InputError
        If layers overlap, leave a gap, or do not reach from the surface to the deepest node.
    """
    depth = np.asarray(depth_cm, dtype=float)
    upper, lower = np.asarray(upper_cm, dtype=float), np.asarray(lower_cm, dtype=float)
    found = ", ".join(f"{a:g}-{b:g}" for a, b in zip(upper, lower, strict=True))
    if np.any(lower - upper <= 0.0) or abs(upper[0]) > _EDGE or lower[-1] < depth[-1] - _EDGE:
        raise InputError(
            "layers must reach from the surface to the lower end of the profile",
            file=file, where=name, found=found, expected=f"0 to {depth[-1]:g} cm",
        )  # fmt: skip
    gap = upper[1:] - lower[:-1]
    if np.any(np.abs(gap) > _EDGE):
        kind = "overlap" if gap[np.argmax(np.abs(gap))] < 0.0 else "leave a gap"
        raise InputError(f"layers {kind}", file=file, where=name, found=found)
    return layer_index(depth, lower.tolist())


def check_root_depth(root_depth_cm: float, depth_cm: ArrayLike, name: str = "column 1", file: object = None) -> None:
    """Refuse roots that reach below the profile."""
    deepest = float(np.asarray(depth_cm, dtype=float)[-1])
    if root_depth_cm > deepest + _EDGE:
        raise InputError(
            "roots reach below the profile", file=file, where=name, found=f"{root_depth_cm:g} cm",
            expected=f"at most {deepest:g} cm",
        )  # fmt: skip
