"""Every source of a study through one year's weather: annual tables, and the fields they leave on the grid."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion import model, operator, polar, profiles, relief, rings, selection
from metalbudget.dispersion.case import FineFraction, Gas, GasSurface, Options, SizeClasses, Source
from metalbudget.grid import Grid
from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours


@dataclass(frozen=True, eq=False)
class Release:
    """A stack, or with `weights` a source spread over the grid.

    Parameters
    ----------
    name : str
    height_m : float
        Release height. [m]
    diameter_m, exit_temperature_k, exit_velocity_m_s : float
        Zero without plume rise. [m], [K], [m s⁻¹]
    x_m, y_m : float
        Of a stack, in the grid's CRS. [m]
    weights : ndarray, shape (height, width), optional
        Share of the emission in each cell. [1]
    """

    name: str
    height_m: float
    diameter_m: float = 0.0
    exit_temperature_k: float = 0.0
    exit_velocity_m_s: float = 0.0
    x_m: float = 0.0
    y_m: float = 0.0
    weights: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class Field:
    """What one source leaves on the grid.

    Parameters
    ----------
    values : ndarray of float32, shape (2, classes, height, width)
        Dry and wet deposition per unit emitted. [m⁻²]
    within : ndarray, shape (classes,)
        Share deposited within the last distance of the table, on the grid or not. [1]
    """

    values: NDArray[np.float32]
    within: NDArray[np.float64]


def substances(
    classes: Sequence[str], particles: Mapping[str, float | str], gases: Mapping[str, float]
) -> list[SizeClasses | Gas]:
    """Each class as AERMOD's METHOD_1 particle of one size, or as a gas.

    Parameters
    ----------
    classes : sequence of str
    particles, gases : mapping
        Rows of particle_class.csv and gas_deposition.csv, ``class/parameter``.
    """
    found: list[SizeClasses | Gas] = []
    for name in classes:
        if particles[f"{name}/kind"] == "gas":
            found.append(
                Gas(
                    float(gases[f"{name}/diffusivity_m2_s"]) * 1.0e4,
                    float(gases[f"{name}/diffusivity_water_m2_s"]) * 1.0e4,
                    float(gases[f"{name}/cuticular_resistance_s_m"]) * 0.01,
                    float(gases[f"{name}/henry_pa_m3_mol"]),
                    float(gases[f"{name}/reactivity"]),
                )
            )
        else:
            density = float(particles[f"{name}/density_kg_m3"]) / 1000.0
            found.append(SizeClasses((float(particles[f"{name}/diameter_um"]),), (1.0,), (density,)))
    return found


def source_of(release: Release, spread_per_height: float, base_m: float = 0.0) -> Source:
    """A release as a source at the origin that emits one; with weights, one place of it.

    Parameters
    ----------
    release : Release
    spread_per_height : float
        Initial vertical spread of a gridded source relative to its height. [1]
    base_m : float
        Elevation of its base. [m]
    """
    return Source(
        release.name,
        "point" if release.diameter_m > 0.0 else "volume",
        1.0,
        0.0,
        0.0,
        release.height_m,
        exit_temperature_k=release.exit_temperature_k,
        exit_velocity_m_s=release.exit_velocity_m_s,
        diameter_m=release.diameter_m,
        initial_vertical_m=spread_per_height * release.height_m if release.weights is not None else 0.0,
        base_elevation_m=base_m,
    )


class Tables(Protocol):
    """Whatever knows a source's annual table: `Weather`, or `engine.Aermod`."""

    def table(self, release: Release, around: relief.Relief | None = None, /) -> polar.Polar:
        """Annual deposition around a source, every class as if it were all that is emitted."""


class Weather:
    """A year's hours as plumes need them, with what removes each class from the air.

    Parameters
    ----------
    hours : SurfaceHours
    observations : ProfileObservations
    classes : sequence of str
    dispersion : mapping
        ``max_distance_m``, ``bearings`` and ``hours`` of the configuration.
    coefficients : mapping of table to rows
        ``dispersion particle_class gas_deposition``
    gas_surface : GasSurface
    """

    def __init__(
        self,
        hours: SurfaceHours,
        observations: ProfileObservations,
        classes: Sequence[str],
        dispersion: Mapping[str, Any],
        coefficients: Mapping[str, Mapping],
        gas_surface: GasSurface,
    ) -> None:
        self._numbers = coefficients["dispersion"]
        self._air = model.atmosphere(hours, profiles.grid(hours, observations))
        self._substances = substances(classes, coefficients["particle_class"], coefficients["gas_deposition"])
        self._options = Options(deposition=True, gas_surface=gas_surface)
        self._valid = int(hours.valid.sum())
        self._rows, self._weight = np.flatnonzero(hours.valid), np.ones(hours.size)
        if dispersion["hours"] == "selected":
            every = [int(self._numbers[f"selected_{state}_every"]) for state in ("convective", "stable")]
            self._rows, self._weight = selection.selected_hours(hours, self._air.shape.direction_deg[:, 0], *every)
        self.last_m = float(dispersion["max_distance_m"])
        self._bearings = int(dispersion["bearings"])

    def table(self, release: Release, around: relief.Relief | None = None) -> polar.Polar:
        """Annual deposition around a source, each class as if it were all that is emitted; in terrain at its levels."""
        base = around.base_m if around is not None else 0.0
        source = source_of(release, self._numbers["area_spread_per_height"], base)
        arrays = model.arrays_of(source, self._air, self._options, self._substances)
        return polar.annual(
            (*arrays[:-1], arrays[-1] * self._weight),
            self._rows,
            self._valid,
            self._numbers["first_radius_m"],
            self.last_m,
            self._numbers["nodes_per_e_fold"],
            self._bearings,
            around,
            polar.Every(*(int(self._numbers[f"terrain_{what}_every"]) for what in polar.Every._fields)),
        )

    def rings(self, release: Release, pairs: Sequence[FineFraction] = ()) -> NDArray[np.float64]:
        """Shares of a source's emission between rings, METHOD_2's `pairs` behind the classes; see `rings.shares`."""
        source = source_of(release, self._numbers["area_spread_per_height"])
        arrays = model.arrays_of(source, self._air, self._options, [*self._substances, *pairs])
        first_m = self._numbers["first_radius_m"]
        return rings.shares(arrays, len(self._substances), self._air.hours, first_m, self.last_m)


def fields(
    releases: Sequence[Release],
    weather: Tables,
    grid: Grid,
    mantissa_bits: int,
    threads: int = 1,
    ground: relief.Ground | None = None,
    within_m: float = np.inf,
) -> Iterator[Field]:
    """Field of every source in turn; gridded sources of one height share their table.

    Parameters
    ----------
    releases : sequence of Release
    weather : Tables
    grid : Grid
    mantissa_bits : int
        See `operator.round_mantissa`.
    threads : int
        Sources calculated at once; the answer does not depend on it.
    ground : Ground, optional
        Terrain that stacks within the grid follow; flat without it. Gridded sources, whose kernel is the same
        everywhere, lie on flat ground.
    within_m : float
        Farthest distance of the tables. [m]

    Yields
    ------
    Field
    """
    shared = {release.height_m: release for release in releases if release.weights is not None}

    def left_by(release: Release) -> Field:
        if release.weights is not None:
            table = tables[release.height_m]
            return _field(operator.area_deposition(table, release.weights, grid), table, mantissa_bits)
        around = None
        if ground is not None:
            around = relief.relief_around(ground, grid, release.x_m, release.y_m, within_m)
        table = weather.table(release, around)
        found = operator.point_deposition(table, release.x_m, release.y_m, grid, ground)
        return _field(found, table, mantissa_bits)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        tables = dict(zip(shared, pool.map(weather.table, shared.values()), strict=True))
        yield from pool.map(left_by, releases)


def _field(values: NDArray[np.float64], table: polar.Polar, bits: int) -> Field:
    single = np.moveaxis(values, 1, 0).astype(np.float32)
    return Field(operator.round_mantissa(single, bits), table.mass().sum(axis=1))
