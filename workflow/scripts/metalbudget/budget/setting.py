"""What land use, soil, water and relief mean for a cell's budget, before any metal enters.

A `Setting` holds only quantities that are linear in the shares of land-use classes, per square metre of cell. Between
two dates with linear class shares the setting is therefore their exact weighted mean, and a scenario year costs a few
array sums instead of another look at the response tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.landuse import SOIL_CLASSES, LandUse
from metalbudget.lookup import bracket, of_class, zone_index
from metalbudget.quantities import KG_M2_PER_T_HA

Vector = NDArray[np.float64]
Cropping = list[tuple[str, Vector, Vector]]

RESPONSE_DEPTH_M = 0.20  # layer for which the response tables hold the leaching rate
FLOODED = "paddy"  # the class whose topsoil is reduced for part of the year
COLUMN_AXES = ("landuse", "soil", "climate", "water_table")


@dataclass(frozen=True, eq=False)
class Ladder:
    """Leached soil mass as a function of the sorption coefficient: a weighted sum of tables on one ladder.

    Parameters
    ----------
    parts : tuple of (float, ndarray of shape (n, rungs))
        Weights and tables; leaching rate times layer mass. [kg m⁻² yr⁻¹]
    start : float
        Decimal logarithm of the first rung. [log10 L kg⁻¹]
    spacing : float
        Distance of rungs in decimal logarithms. [1]
    """

    parts: tuple[tuple[float, Vector], ...]
    start: float
    spacing: float

    def at(self, kd: Vector) -> Vector:
        """Value of every cell at its own sorption coefficient, linear between rungs on logarithmic scales.

        Parameters
        ----------
        kd : ndarray, shape (n,)
            [L kg⁻¹], > 0. Beyond either end the last two rungs are continued: there the rate is proportional to 1/Kd.

        Returns
        -------
        ndarray, shape (n,)
            [kg m⁻² yr⁻¹]
        """
        cells, rungs = self.parts[0][1].shape
        position = (np.log10(kd) - self.start) / self.spacing
        rung = np.clip(position.astype(np.intp), 0, rungs - 2)
        place = np.arange(cells) * rungs + rung
        below = above = 0.0
        for weight, table in self.parts:
            flat = table.reshape(-1)
            below = below + weight * flat.take(place)
            above = above + weight * flat.take(place + 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(below > 0.0, above / below, 1.0)
        return below * ratio ** (position - rung)

    def plus(self, other: "Ladder") -> "Ladder":
        """Sum of two functions on the same rungs."""
        if len(self.parts) == len(other.parts) == 1 and self.parts[0][0] == other.parts[0][0]:
            weight, table = self.parts[0]
            return replace(self, parts=((weight, table + other.parts[0][1]),))
        return replace(self, parts=self.parts + other.parts)

    @staticmethod
    def between(first: "Ladder", second: "Ladder", weight: float) -> "Ladder":
        """Weighted mean of two functions on the same rungs; tables they share are kept once."""
        if (first.start, first.spacing) != (second.start, second.spacing):
            raise ValueError("the ladders have different rungs")
        merged: dict[int, tuple[float, Vector]] = {}
        for share, ladder in ((1.0 - weight, first), (weight, second)):
            for part_weight, table in ladder.parts:
                known = merged.get(id(table), (0.0, table))[0]
                merged[id(table)] = (known + share * part_weight, table)
        kept = tuple(part for part in merged.values() if part[0] != 0.0)
        return replace(first, parts=kept or first.parts)


@dataclass(frozen=True, eq=False)
class Setting:
    """Land use, water and soil loss of every cell; arrays of shape (n,) per square metre of cell unless said otherwise.

    Parameters
    ----------
    shares : ndarray, shape (9, n)
        Open soil by class, in the order of `SOIL_CLASSES`. [m² m⁻²]
    layer_mass : ndarray
        Soil of the modelled layer of open soil. [kg m⁻²]
    column_mass : ndarray
        Soil down to the deepest of all mixing depths and the legal depth, per square metre of GROUND. [kg m⁻²]
    legal_mass : ndarray
        Open soil down to the legal depth. [kg m⁻²]
    soil_loss : ndarray
        Eroded soil. [kg m⁻² yr⁻¹]
    runoff_water, runoff_water_flooded : ndarray
        Surface runoff from open soil, outside and inside paddies. [mm yr⁻¹ times share]
    leaching, leaching_flooded : Ladder
        Leached soil mass outside and inside paddies.
    density_ratio : ndarray
        Bulk density of the cell over that of its soil class in the response tables. [1]
    cropping : list of (crop, grain, straw)
        Harvest per square metre of cell, as `crops.cropping_on_cells` gives it; arrays linear in shares.
    """

    shares: Vector
    layer_mass: Vector
    column_mass: Vector
    legal_mass: Vector
    soil_loss: Vector
    runoff_water: Vector
    runoff_water_flooded: Vector
    leaching: Ladder
    leaching_flooded: Ladder
    density_ratio: Vector
    cropping: Cropping

    @cached_property
    def open_share(self) -> Vector:
        """Open soil of all classes, shape (n,). [m² m⁻²]"""
        return self.shares.sum(axis=0)

    @cached_property
    def safe_layer_mass(self) -> Vector:
        """``layer_mass``, with 1 where no soil is open: a divisor. [kg m⁻²]"""
        return np.where(self.open_share > 0.0, self.layer_mass, 1.0)

    @cached_property
    def leaching_everywhere(self) -> Ladder:
        """Leached soil mass in and outside paddies, for metals that flooding does not mobilise."""
        return self.leaching.plus(self.leaching_flooded)

    def with_depth(self, scale: float) -> "Setting":
        """The same setting with every mixing depth multiplied by `scale`.

        What is leached, washed off or eroded at a given concentration does not depend on the depth of the layer, only
        the mass it is taken from does.
        """
        if scale <= 0.0:
            raise ValueError(f"the scale of the mixing depth must be positive, got {scale:g}")
        if scale == 1.0:
            return self
        return self._with(layer_mass=self.layer_mass * scale, column_mass=self.column_mass * max(scale, 1.0))

    def _with(self, **changes: Any) -> "Setting":
        """A copy that keeps the summed ladder, which none of `changes` touches."""
        result = replace(self, **changes)
        object.__setattr__(result, "leaching_everywhere", self.leaching_everywhere)
        return result


def interpolate(first: Setting, second: Setting, weight: float) -> Setting:
    """Setting between two dates whose class shares change linearly.

    Parameters
    ----------
    first, second : Setting
    weight : float
        0 gives the first, 1 the second (the objects themselves). [1]

    Returns
    -------
    Setting
        Exactly that of the interpolated land use, because every array is linear in class shares.
    """
    if not 0.0 <= weight <= 1.0:
        raise ValueError(f"weight must lie in 0..1, got {weight}")
    if weight == 0.0 or first is second:
        return first
    if weight == 1.0:
        return second
    names = [field.name for field in fields(Setting)]
    result = Setting(**{name: _between(getattr(first, name), getattr(second, name), weight) for name in names})
    # The sum over paddies and other land is a table of its own at the dates; between them it is their mean.
    everywhere = Ladder.between(first.leaching_everywhere, second.leaching_everywhere, weight)
    object.__setattr__(result, "leaching_everywhere", everywhere)
    return result


def _between(first: Any, second: Any, weight: float) -> Any:
    if first is second:
        return first
    if isinstance(first, Ladder):
        return Ladder.between(first, second, weight)
    if isinstance(first, list):
        return _cropping_between(first, second, weight)
    return (1.0 - weight) * first + weight * second


def _cropping_between(first: Cropping, second: Cropping, weight: float) -> Cropping:
    """Harvests between two dates; a crop that one of them lacks fades in or out."""
    parts = [{crop: (grain, straw) for crop, grain, straw in cropping} for cropping in (first, second)]
    nothing = np.zeros_like((first or second)[0][1]) if first or second else np.zeros(0)
    result: Cropping = []
    for crop in sorted(parts[0] | parts[1]):
        early, late = (known.get(crop, (nothing, nothing)) for known in parts)
        grain, straw = ((1.0 - weight) * before + weight * after for before, after in zip(early, late, strict=True))
        result.append((crop, grain, straw))
    return result


def collapse(
    landuse: LandUse,
    zones: Mapping[str, NDArray[np.integer]],
    responses: Mapping[str, Any],
    *,
    rain_factor: Vector,
    rkls: Vector,
    bulk_density: Vector,
    cover_practice: Mapping[str, float],
    soil_loss_maximum: float,
    cropping: Cropping,
    mixing_depth: Mapping[str, float],
    legal_depth: float,
) -> Setting:
    """Collapse response tables over the classes of every cell.

    Parameters
    ----------
    landuse : LandUse
        Shares of the cell area, n cells.
    zones : mapping of str to ndarray of int, shape (n,)
        ``soil_class``, ``climate_zone``, ``water_table``: indices into the tables.
    responses : mapping
        Column responses (mean of the weather years): ``runoff`` (rain_factor, landuse, soil, climate, water_table)
        [mm yr⁻¹], ``leaching_rate`` (the same, ladder) [yr⁻¹] of a 0.20 m layer, coordinates ``rain_factor`` [1],
        ``landuse`` (names), ``ladder`` [L kg⁻¹] and ``bulk_density`` (soil) [kg m⁻³].
    rain_factor : ndarray, shape (n,)
        Annual rain relative to that of the cell's climate zone, times the scenario's; held at the ends of the tables'
        rain ladder. [1]
    rkls : ndarray, shape (n,)
        RUSLE without cover and practice. [t ha⁻¹ yr⁻¹]
    bulk_density : ndarray, shape (n,)
        [kg m⁻³]
    cover_practice : mapping of class to float
        RUSLE C times P. [1]
    soil_loss_maximum : float
        Cap of the soil loss of a class. [t ha⁻¹ yr⁻¹]
    cropping : list of (crop, grain, straw)
        As `crops.cropping_on_cells` gives it for the shares of `landuse`.
    mixing_depth : mapping of class to float
        Depth of the modelled layer. [m]
    legal_depth : float
        Depth that surveys sample and limits refer to. [m]

    Returns
    -------
    Setting

    Raises
    ------
    ValueError
        If a zone index lies outside the tables, a class is missing from them or the ladder is not log-uniform.

    Notes
    -----
    The leaching rate k of a layer d is linear in 1/d, so a class leaches ``k d ρ`` kg of soil's worth whatever its
    mixing depth. The tables hold k = q/(d(θ + ρ Kd)) at the density of the soil class; a cell of another density
    is looked up at Kd·ρ_cell/ρ_class, which is exact where θ is negligible against ρ Kd.
    Surface runoff is that of the column's own water balance, so no millimetre is counted twice.
    """
    names = list(responses["landuse"])
    missing = [name for name in SOIL_CLASSES if name not in names]
    if missing:
        raise ValueError(f"the column responses lack the classes {missing}; they have {names}")
    start, spacing = _log_uniform(np.asarray(responses["ladder"], dtype=float))
    index = zone_index(zones, np.shape(responses["runoff"])[1:], names)
    lower, weight = bracket(np.asarray(responses["rain_factor"], dtype=float), rain_factor)
    reference_density = np.asarray(responses["bulk_density"], dtype=float)[zones["soil_class"]]

    n = landuse.shares.shape[1]
    rungs = len(responses["ladder"])
    leaching = {flooded: np.zeros((n, rungs)) for flooded in (False, True)}
    runoff_water = {flooded: np.zeros(n) for flooded in (False, True)}
    layer_mass = np.zeros(n)
    soil_loss = np.zeros(n)
    for row, name in enumerate(SOIL_CLASSES):
        cells = np.flatnonzero(landuse.shares[row] > 0.0)
        share = landuse.shares[row, cells]
        flooded = name == FLOODED
        position = names.index(name)
        here = (lower[cells], weight[cells], index[cells])
        rate = of_class(responses["leaching_rate"], position, *here)
        leaching[flooded][cells] += (share * bulk_density[cells] * RESPONSE_DEPTH_M)[:, None] * rate
        runoff_water[flooded][cells] += share * of_class(responses["runoff"], position, *here)
        layer_mass[cells] += share * bulk_density[cells] * mixing_depth[name]
        eroded = np.minimum(rkls[cells] * cover_practice[name], soil_loss_maximum)
        soil_loss[cells] += share * eroded * KG_M2_PER_T_HA
    deepest = max(legal_depth, *(mixing_depth[name] for name in SOIL_CLASSES))
    return Setting(
        shares=landuse.shares,
        layer_mass=layer_mass,
        column_mass=bulk_density * deepest,
        legal_mass=landuse.open_share * bulk_density * legal_depth,
        soil_loss=soil_loss,
        runoff_water=runoff_water[False],
        runoff_water_flooded=runoff_water[True],
        leaching=Ladder(((1.0, leaching[False]),), start, spacing),
        leaching_flooded=Ladder(((1.0, leaching[True]),), start, spacing),
        density_ratio=bulk_density / reference_density,
        cropping=cropping,
    )


def _log_uniform(ladder: Vector) -> tuple[float, float]:
    steps = np.diff(np.log10(ladder))
    if ladder.size < 2 or np.any(steps <= 0.0) or np.ptp(steps) > 1.0e-6 * steps[0]:
        raise ValueError("the rungs of the sorption ladder must rise evenly on a logarithmic scale")
    return float(np.log10(ladder[0])), float(steps.mean())
