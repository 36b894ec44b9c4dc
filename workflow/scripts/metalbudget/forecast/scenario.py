"""What changes after the start year: factors of inputs, land use between dates, pH, rain and the learned correction.

A scenario never touches a response table or an operator: it multiplies inputs, moves land use between dated states
and shifts pH and rain.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget import limits
from metalbudget.budget.setting import Setting
from metalbudget.landuse import SOIL_CLASSES

Vector = NDArray[np.float64]
Points = Mapping[int, float]

UNTILLED = tuple(name for name in SOIL_CLASSES if name not in limits.AGRICULTURAL_LAND)
RAIN_NODE_YR = 5  # while rain changes, the setting is rebuilt this often and linear between


def factor_at(points: Mapping[Any, float], year: float) -> float:
    """Factor of a year, linear between the years given and constant outside them.

    Parameters
    ----------
    points : mapping of year to float
        Years may be numbers or their text. No points mean no change.
    year : float

    Returns
    -------
    float
        [1]
    """
    if not points:
        return 1.0
    known = sorted((float(point), float(value)) for point, value in points.items())
    return float(np.interp(year, [point for point, _ in known], [value for _, value in known]))


@dataclass(frozen=True)
class Scenario:
    """What changes after the start year; see ``config/scenarios.yaml``.

    Parameters
    ----------
    emissions : mapping of sector to {year: factor}
    agriculture : mapping of process (fertiliser manure irrigation pesticide) to {year: factor}
    background, rain : mapping of year to factor
    ph_change_per_yr : float
        [yr⁻¹]
    landuse_dates : tuple of int
        Dates of the scenario's own land use, all after the start.
    """

    emissions: Mapping[str, Points]
    agriculture: Mapping[str, Points]
    background: Points
    rain: Points
    ph_change_per_yr: float
    landuse_dates: tuple[int, ...]

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Scenario":
        """Scenario from its mapping in the scenarios file."""
        return cls(
            emissions={str(name): _points(points) for name, points in settings["emissions"].items()},
            agriculture={str(name): _points(points) for name, points in settings["agriculture"].items()},
            background=_points(settings["background"]),
            rain=_points(settings["rain"]),
            ph_change_per_yr=float(settings["ph_change_per_yr"]),
            landuse_dates=tuple(sorted(int(date) for date in settings["landuse"])),
        )

    def emission_factor(self, sector: str, year: float) -> float:
        """Factor of a sector's emission. [1]"""
        return factor_at(self.emissions.get(sector, {}), year)

    def agriculture_factor(self, process: str, year: float) -> float:
        """Factor of an agricultural input. [1]"""
        return factor_at(self.agriculture.get(process, {}), year)

    def ph_shift(self, years: float) -> float:
        """Change of pH after so many years. [1]"""
        return self.ph_change_per_yr * years

    def nodes(self, start_year: int, end_year: int) -> tuple[int, ...]:
        """Years at which land use and water are built; everything is linear between them.

        Land use is linear in class shares between its dates, and so is all that a setting holds. Changing rain is not
        quite linear (it meets kinks of the rain ladder and multiplies shares), so it gets nodes every few years.
        """
        years = {start_year, *self.landuse_dates}
        if len(set(self.rain.values())) > 1 or any(value != 1.0 for value in self.rain.values()):
            years |= set(range(start_year, end_year, RAIN_NODE_YR)) | {end_year}
            years |= {year for year in self.rain if start_year < year < end_year}
        return tuple(sorted(years))


def _points(points: Mapping[Any, Any]) -> dict[int, float]:
    return {int(year): float(value) for year, value in points.items()}


class Timeline:
    """A state that is linear between nodes and constant outside them.

    The same object is returned while nothing changes, so that what depends on it alone is computed once.

    Parameters
    ----------
    nodes : sequence of int
        Years, ascending.
    build : callable
        ``build(year)`` makes the state of a node; called once a node, when it is first needed.
    between : callable
        ``between(first, second, weight)``
    """

    def __init__(
        self, nodes: Sequence[int], build: Callable[[int], Any], between: Callable[[Any, Any, float], Any]
    ) -> None:
        if not nodes or list(nodes) != sorted(set(nodes)):
            raise ValueError(f"nodes must be ascending years, got {list(nodes)}")
        self._nodes = list(nodes)
        self._build = build
        self._between = between
        self._built: dict[int, Any] = {}
        self._last: tuple[float, Any] | None = None

    def __call__(self, year: float) -> Any:
        held = min(max(float(year), self._nodes[0]), self._nodes[-1])
        if self._last is not None and self._last[0] == held:
            return self._last[1]
        later = int(np.searchsorted(self._nodes, held, side="left"))
        if self._nodes[later] == held:
            state = self._node(self._nodes[later])
        else:
            first, second = self._nodes[later - 1], self._nodes[later]
            state = self._between(self._node(first), self._node(second), (held - first) / (second - first))
        self._last = (held, state)
        return state

    def _node(self, year: int) -> Any:
        if year not in self._built:
            self._built[year] = self._build(year)
        return self._built[year]


class Memory:
    """Remembers a function's result for its last arguments; arrays and settings are compared by identity.

    Parameters
    ----------
    function : callable
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._arguments: tuple[Any, ...] | None = None
        self._result: Any = None

    def __call__(self, *arguments: Any) -> Any:
        known = self._arguments
        if known is None or not all(_same(one, other) for one, other in zip(known, arguments, strict=True)):
            self._result = self._function(*arguments)
            self._arguments = arguments
        return self._result


def _same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, int | float | str | tuple) and one == other)


def correction_factor(roll_forward: str, years: float, half_life_yr: float) -> float:
    """Mean of the learned correction over the year that begins so long after the start, as a share of what was learned.

    Parameters
    ----------
    roll_forward : str
        ``hold`` or ``decay``.
    years : float
        [yr], ≥ 0
    half_life_yr : float
        [yr], > 0

    Returns
    -------
    float
        1 for ``hold``; for ``decay`` the year's mean of 2^(−t/h). [1]
    """
    if roll_forward == "hold":
        return 1.0
    if roll_forward != "decay":
        raise ValueError(f"roll_forward must be 'hold' or 'decay', got {roll_forward!r}")
    rate = np.log(2.0) / half_life_yr
    return float(np.exp(-rate * years) * -np.expm1(-rate) / rate)


def correction_of_year(correction: Vector, factor: float, input_ratio: float) -> Vector:
    """Correction that acts in a year of a scenario.

    Parameters
    ----------
    correction : ndarray, shape (n,)
        As learned over the historical years, per square metre of open soil, signed. [mg m⁻² yr⁻¹]
    factor : float
        See `correction_factor`. [1]
    input_ratio : float
        The region's human inputs of the year over those of the start year. [1], ≥ 0

    Returns
    -------
    ndarray, shape (n,)
        [mg m⁻² yr⁻¹] The positive part stands for missed inputs and follows their trend; without any input there is no
        correction at all, of either sign.
    """
    if input_ratio <= 0.0:
        return np.zeros_like(correction)
    return factor * np.where(correction > 0.0, correction * input_ratio, correction)


class ScenarioInputs:
    """Inputs of a scenario year: those of the start year times the scenario's factors, on the year's open soil.

    Parameters
    ----------
    scenario : Scenario
    sectors : sequence of str
    plume : ndarray, shape (sectors, n)
        Deposition of each sector in the start year, on every square metre. [mg m⁻² yr⁻¹]
    background : float
        Regional background deposition of the start year, on every square metre. [mg m⁻² yr⁻¹]
    farming : callable
        ``farming(shares) -> {process: ndarray (n,)}``: inputs of the start year on open shares (9, n).
        [mg m⁻² yr⁻¹ of cell]
    setting_at : callable
        ``setting_at(year) -> Setting``
    start_year : int
    """

    def __init__(
        self,
        scenario: Scenario,
        sectors: Sequence[str],
        plume: Vector,
        background: float,
        farming: Callable[[Vector], dict[str, Vector]],
        setting_at: Callable[[int], Setting],
        start_year: int,
    ) -> None:
        self._scenario = scenario
        self._sectors = tuple(sectors)
        self._plume = plume
        self._background = background
        self._farming = farming
        self._setting_at = setting_at
        self._known: tuple[Any, dict[str, Vector]] | None = None
        self._farm: tuple[Setting, dict[str, Vector]] | None = None
        setting = setting_at(start_year)
        self._start = {sector: float(plume[row] @ setting.open_share) for row, sector in enumerate(self._sectors)}
        self._start_background = background * float(setting.open_share.sum())
        self._start_farm = {name: float(values.sum()) for name, values in self._on_farms(setting).items()}

    def emission_factors(self, year: int) -> Vector:
        """Factor of every sector, shape (sectors,). [1]"""
        return np.array([self._scenario.emission_factor(sector, year) for sector in self._sectors])

    def background_at(self, year: int) -> float:
        """Background deposition of a year on every square metre. [mg m⁻² yr⁻¹]"""
        return self._background * factor_at(self._scenario.background, year)

    def __call__(self, year: int) -> dict[str, Vector]:
        """Inputs of a year per square metre of cell; the same dict while nothing changes. [mg m⁻² yr⁻¹]"""
        setting = self._setting_at(year)
        factors = self.emission_factors(year)
        farm = self._on_farms(setting)
        farm_factors = {name: self._scenario.agriculture_factor(name, year) for name in farm}
        background = self.background_at(year)
        key = (id(setting), tuple(factors), background, tuple(farm_factors.values()))
        if self._known is None or self._known[0] != key:
            inputs = {
                "deposition": (factors @ self._plume) * setting.open_share,
                "background": background * setting.open_share,
            }
            inputs |= {name: factor * farm[name] for name, factor in farm_factors.items()}
            self._known = (key, inputs)
        return self._known[1]

    def ratio(self, year: int) -> float:
        """Human inputs of the region over those of the start year, on the start year's land. [1]"""
        start = sum(self._start.values()) + self._start_background + sum(self._start_farm.values())
        now = sum(self._scenario.emission_factor(sector, year) * value for sector, value in self._start.items())
        now += factor_at(self._scenario.background, year) * self._start_background
        now += sum(self._scenario.agriculture_factor(name, year) * value for name, value in self._start_farm.items())
        return now / start if start > 0.0 else 0.0

    def _on_farms(self, setting: Setting) -> dict[str, Vector]:
        if self._farm is None or self._farm[0] is not setting:
            self._farm = (setting, self._farming(setting.shares))
        return self._farm[1]


def with_mixing_depth(
    setting: Setting, bulk_density: Vector, depth_m: Mapping[str, float], legal_depth_m: float
) -> Setting:
    """The same setting with other mixing depths.

    Parameters
    ----------
    setting : Setting
    bulk_density : ndarray, shape (n,)
        [kg m⁻³]
    depth_m : mapping of class to float
        [m]
    legal_depth_m : float
        [m]

    Returns
    -------
    Setting
        What leaves a layer at a given concentration does not depend on its depth; only its mass does.
    """
    depths = np.array([depth_m[name] for name in SOIL_CLASSES])
    return replace(
        setting,
        layer_mass=(depths @ setting.shares) * bulk_density,
        column_mass=bulk_density * max(legal_depth_m, *depths),
    )
