"""Daily water balance of many soil columns at once: a plough layer, a subsoil, and ponded water."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget import hydraulics, runoff
from metalbudget.hydraulics import VanGenuchten

MM_PER_M = 1000.0
MM_PER_CM = 10.0
CM_PER_M = 100.0


@dataclass(frozen=True)
class Profile:
    """Depths and suctions that all columns share.

    Parameters
    ----------
    plough_depth_m, column_depth_m : float
        Lower edges of the plough layer and of the subsoil. [m]
    field_capacity_suction_cm, wilting_suction_cm : float
        Limits of the water that roots take up. [cm]
    drained_suction_cm : float
        Water held at less suction leaves at the saturated conductivity. [cm]
    """

    plough_depth_m: float
    column_depth_m: float
    field_capacity_suction_cm: float
    wilting_suction_cm: float
    drained_suction_cm: float


def profile_of(table: Mapping[str, float]) -> Profile:
    """From the rows of ``soil_column.csv``."""
    names = (
        "plough_depth_m",
        "column_depth_m",
        "field_capacity_suction_cm",
        "wilting_suction_cm",
        "drained_suction_cm",
    )
    return Profile(**{name: table[name] for name in names})


@dataclass(frozen=True, eq=False)
class Columns:
    """Distinct columns.

    Parameters
    ----------
    soil : VanGenuchten
        One entry a column, shape (c,).
    landuse : ndarray of int, shape (c,)
        Column of the class tables in `Forcing` and `Cover`.
    curve_number : ndarray, shape (c,)
        [1]
    rain_factor : ndarray, shape (c,)
        Rain of the column relative to the station. [1]
    water_table_m : ndarray, shape (c,)
        Depth of the water table, below the column's lower edge; infinite where it drains freely. [m]
    """

    soil: VanGenuchten
    landuse: NDArray[np.int64]
    curve_number: NDArray[np.float64]
    rain_factor: NDArray[np.float64]
    water_table_m: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Forcing:
    """Daily weather and what each land-use class makes of it.

    Parameters
    ----------
    rain, evapotranspiration : ndarray, shape (d,)
        Rain and reference evapotranspiration. [mm d⁻¹]
    crop_coefficient : ndarray, shape (d, k)
        Potential over reference evapotranspiration, interception inside. [1]
    irrigation : ndarray, shape (d, k)
        [mm d⁻¹]
    bund_height : ndarray, shape (d, k)
        Ponded water that is held back; where it is above zero the curve number is not used. [mm]
    percolation_limit : ndarray, shape (d, k)
        Most that passes the lower edge of the plough layer; infinite without a plough pan. [mm d⁻¹]
    """

    rain: NDArray[np.float64]
    evapotranspiration: NDArray[np.float64]
    crop_coefficient: NDArray[np.float64]
    irrigation: NDArray[np.float64]
    bund_height: NDArray[np.float64]
    percolation_limit: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cover:
    """Canopy and roots of each land-use class.

    Parameters
    ----------
    interception_capacity : ndarray, shape (k,)
        Most rain that leaves evaporate in a day. [mm d⁻¹]
    plough_share : ndarray, shape (k,)
        Share of the remaining demand that falls on the plough layer (evaporation of the soil and the roots there);
        the rest falls on the subsoil. [1]
    depletion_fraction : ndarray, shape (k,)
        Share of the available water that roots take without stress, below 1. [1]
    """

    interception_capacity: NDArray[np.float64]
    plough_share: NDArray[np.float64]
    depletion_fraction: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class State:
    """Water in the plough layer, in the subsoil and on the surface, shape (c,) each. [mm]"""

    plough: NDArray[np.float64]
    subsoil: NDArray[np.float64]
    pond: NDArray[np.float64]

    @property
    def total(self) -> NDArray[np.float64]:
        """All water of the column. [mm]"""
        return self.plough + self.subsoil + self.pond


@dataclass(frozen=True, eq=False)
class _Layer:
    """Stores and drainage of one layer of every column, shape (c,). [mm], [mm d⁻¹]"""

    residual: NDArray[np.float64]
    saturated: NDArray[np.float64]
    wilting: NDArray[np.float64]
    capacity: NDArray[np.float64]
    drained: NDArray[np.float64]
    equilibrium: NDArray[np.float64]
    exponent: NDArray[np.float64]
    speed: NDArray[np.float64]
    ks: NDArray[np.float64]


def _layer(columns: Columns, profile: Profile, top_m: float, bottom_m: float) -> _Layer:
    soil = columns.soil
    thickness = (bottom_m - top_m) * MM_PER_M
    drained = hydraulics.water_content(profile.drained_suction_cm, soil)
    capacity = hydraulics.water_content(profile.field_capacity_suction_cm, soil)
    # K(S) as a power of S between the two suctions, so that a day of gravity drainage has a closed form.
    high, low = hydraulics.conductivity(drained, soil), hydraulics.conductivity(capacity, soil)
    wet, dry = hydraulics.effective_saturation(drained, soil), hydraulics.effective_saturation(capacity, soil)
    exponent = np.maximum(np.log(high / low) / np.log(wet / dry), 1.5)
    speed = high * MM_PER_CM / wet**exponent / ((soil.theta_s - soil.theta_r) * thickness)
    above_water_table = (columns.water_table_m - 0.5 * (top_m + bottom_m)) * CM_PER_M
    equilibrium = np.where(
        np.isfinite(above_water_table),
        hydraulics.water_content(np.where(np.isfinite(above_water_table), above_water_table, 0.0), soil),
        0.0,
    )
    return _Layer(
        residual=soil.theta_r * thickness,
        saturated=soil.theta_s * thickness,
        wilting=hydraulics.water_content(profile.wilting_suction_cm, soil) * thickness,
        capacity=capacity * thickness,
        drained=drained * thickness,
        equilibrium=equilibrium * thickness,
        exponent=exponent,
        speed=speed,
        ks=soil.ks * MM_PER_CM,
    )


def _gravity_drainage(store: NDArray, layer: _Layer) -> NDArray[np.float64]:
    """Water that leaves a layer under a unit gradient in one day. [mm]"""
    fast = np.minimum(np.maximum(store - layer.drained, 0.0), layer.ks)
    pores = layer.saturated - layer.residual
    before = np.maximum((store - fast - layer.residual) / pores, 1.0e-6)
    order = 1.0 - layer.exponent
    after = (before**order - order * layer.speed) ** (1.0 / order)
    return np.minimum(fast + np.maximum(before - after, 0.0) * pores, layer.ks)


def _uptake(demand: NDArray, store: NDArray, layer: _Layer, depletion: NDArray) -> NDArray[np.float64]:
    """Evapotranspiration out of a layer, reduced linearly below the readily available water. [mm]"""
    available = np.maximum(store - layer.wilting, 0.0)
    stress = np.minimum(available / ((1.0 - depletion) * (layer.capacity - layer.wilting)), 1.0)
    return np.minimum(demand * stress, available)


def initial_state(columns: Columns, profile: Profile) -> State:
    """Both layers at field capacity, no ponded water."""
    theta = hydraulics.water_content(profile.field_capacity_suction_cm, columns.soil)
    thickness = profile.column_depth_m - profile.plough_depth_m
    return State(
        plough=theta * profile.plough_depth_m * MM_PER_M,
        subsoil=theta * thickness * MM_PER_M,
        pond=np.zeros_like(theta),
    )


def run(
    columns: Columns,
    forcing: Forcing,
    cover: Cover,
    profile: Profile,
    start: State,
    initial_abstraction_ratio: float = runoff.CLASSIC_RATIO,
) -> tuple[dict[str, NDArray[np.float64]], State]:
    """Step all columns through the days of `forcing`.

    Parameters
    ----------
    columns : Columns
        c columns.
    forcing : Forcing
        d days, k land-use classes.
    cover : Cover
    profile : Profile
    start : State
        Water before the first day.
    initial_abstraction_ratio : float
        0.2 or 0.05. [1]

    Returns
    -------
    terms : dict of ndarray, shape (c,)
        Sums over the days [mm]: ``rain irrigation runoff infiltration evapotranspiration drainage_20cm
        drainage_100cm storage_change``; and ``theta``, the mean water content of the plough layer [m³ m⁻³].
        rain + irrigation = runoff + infiltration, and
        infiltration = evapotranspiration + drainage_100cm + storage_change; interception and ponded water are in it.
    end : State

    Notes
    -----
    A day runs: curve-number runoff of the rain (nowhere where bunds stand); interception; infiltration up to the
    free pore space and what can pass below in the day; evaporation of ponded water; overflow above the bunds
    (Q = max(0, P + Irr - ET - percolation - (Hmax - H))); root uptake with the FAO-56 stress function
    (Allen et al. 1998, equation 84); gravity drainage at K(θ) of van Genuchten–Mualem under a unit gradient,
    integrated exactly over the day for a power law between two suctions (Sisson et al. 1980, Soil Sci. Soc. Am. J.
    44:1147–1152). A column with a water table drains no further than hydrostatic equilibrium with it and is
    refilled from below by Darcy's law.

    ``drainage_20cm`` is the downward flux alone; ``drainage_100cm`` is net of capillary rise and can be negative.

    ASSUME one soil over the whole depth, no snow, and no lateral exchange; irrigation falls on dry days.
    """
    k = columns.landuse
    plough_layer = _layer(columns, profile, 0.0, profile.plough_depth_m)
    subsoil_layer = _layer(columns, profile, profile.plough_depth_m, profile.column_depth_m)
    shallow = np.isfinite(columns.water_table_m)
    middle_m = 0.5 * (profile.plough_depth_m + profile.column_depth_m)
    rise_cm = np.where(shallow, (np.where(shallow, columns.water_table_m, 2.0) - middle_m) * CM_PER_M, 1.0)
    subsoil_mm = (profile.column_depth_m - profile.plough_depth_m) * MM_PER_M
    share = cover.plough_share[k]
    canopy = cover.interception_capacity[k]
    depletion = cover.depletion_fraction[k]
    ks = plough_layer.ks

    plough, subsoil, pond = start.plough.copy(), start.subsoil.copy(), start.pond.copy()
    names = (
        "rain",
        "irrigation",
        "runoff",
        "infiltration",
        "evapotranspiration",
        "drainage_20cm",
        "drainage_100cm",
    )
    sums = {name: np.zeros_like(plough) for name in (*names, "theta")}
    for day in range(forcing.rain.size):
        rain = forcing.rain[day] * columns.rain_factor
        irrigation = forcing.irrigation[day][k]
        bund = forcing.bund_height[day][k]
        demand = forcing.evapotranspiration[day] * forcing.crop_coefficient[day][k]
        pan = np.minimum(forcing.percolation_limit[day][k], ks)

        shed = np.where(bund > 0.0, 0.0, runoff.daily_runoff(rain, columns.curve_number, initial_abstraction_ratio))
        intercepted = np.minimum(np.minimum(canopy, rain - shed), demand)
        demand = demand - intercepted
        on_surface = pond + rain - shed - intercepted + irrigation
        passable = np.minimum(pan, subsoil_layer.saturated - subsoil + ks)
        entering = np.minimum(on_surface, plough_layer.saturated - plough + passable)
        plough += entering
        down = np.maximum(plough - plough_layer.saturated, 0.0)
        plough -= down
        subsoil += down
        out = np.maximum(subsoil - subsoil_layer.saturated, 0.0)
        subsoil -= out

        standing = on_surface - entering
        from_pond = np.where(bund > 0.0, np.minimum(standing, demand), 0.0)
        standing -= from_pond
        overflow = np.maximum(standing - bund, 0.0)
        pond = standing - overflow
        demand = demand - from_pond
        from_plough = _uptake(demand * share, plough, plough_layer, depletion)
        from_subsoil = _uptake(demand * (1.0 - share), subsoil, subsoil_layer, depletion)
        plough -= from_plough
        subsoil -= from_subsoil

        leaving = np.minimum(_gravity_drainage(subsoil, subsoil_layer), np.maximum(ks - out, 0.0))
        leaving = np.where(shallow, np.minimum(leaving, np.maximum(subsoil - subsoil_layer.equilibrium, 0.0)), leaving)
        subsoil -= leaving
        passing = np.minimum(_gravity_drainage(plough, plough_layer), np.maximum(pan - down, 0.0))
        passing = np.where(shallow, np.minimum(passing, np.maximum(plough - plough_layer.equilibrium, 0.0)), passing)
        passing = np.minimum(passing, subsoil_layer.saturated - subsoil)
        plough -= passing
        subsoil += passing
        rise = _capillary_rise(subsoil, subsoil_mm, subsoil_layer, columns.soil, rise_cm, shallow)
        subsoil += rise

        sums["rain"] += rain
        sums["irrigation"] += irrigation
        sums["runoff"] += shed + overflow
        sums["infiltration"] += rain - shed + irrigation - overflow
        sums["evapotranspiration"] += intercepted + from_pond + from_plough + from_subsoil
        sums["drainage_20cm"] += down + passing
        sums["drainage_100cm"] += out + leaving - rise
        sums["theta"] += plough
    end = State(plough=plough, subsoil=subsoil, pond=pond)
    sums["theta"] /= forcing.rain.size * profile.plough_depth_m * MM_PER_M
    sums["storage_change"] = end.total - start.total
    return sums, end


def _capillary_rise(
    subsoil: NDArray,
    thickness_mm: float,
    layer: _Layer,
    soil: VanGenuchten,
    rise_cm: NDArray,
    shallow: NDArray,
) -> NDArray[np.float64]:
    """Flux from the water table to the middle of the subsoil, up to hydrostatic equilibrium. [mm]"""
    lacking = np.where(shallow, np.maximum(layer.equilibrium - subsoil, 0.0), 0.0)
    if not lacking.any():
        return lacking
    theta = subsoil / thickness_mm
    gradient = np.maximum(hydraulics.suction_of(theta, soil) / rise_cm - 1.0, 0.0)
    return np.minimum(lacking, hydraulics.conductivity(theta, soil) * MM_PER_CM * gradient)


def run_to_cycle(
    columns: Columns,
    forcing: Forcing,
    cover: Cover,
    profile: Profile,
    *,
    initial_abstraction_ratio: float = runoff.CLASSIC_RATIO,
    tolerance_mm: float,
    cycles: int,
) -> dict[str, NDArray[np.float64]]:
    """Repeat the days of `forcing` until the stored water comes back, and return the last pass.

    Parameters
    ----------
    columns, forcing, cover, profile, initial_abstraction_ratio
        As in `run`.
    tolerance_mm : float
        Largest storage change of the pass that is returned. [mm]
    cycles : int
        Most passes, at least 2.

    Returns
    -------
    dict of ndarray, shape (c,)
        As in `run`; the remaining storage change is one of its terms, so the balance closes in any case.
    """
    state = initial_state(columns, profile)
    terms, state = run(columns, forcing, cover, profile, state, initial_abstraction_ratio)
    for _ in range(max(cycles - 1, 1)):
        terms, state = run(columns, forcing, cover, profile, state, initial_abstraction_ratio)
        if np.all(np.abs(terms["storage_change"]) < tolerance_mm):
            break
    return terms
