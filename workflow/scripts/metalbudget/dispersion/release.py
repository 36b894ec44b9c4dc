"""Every source of a study through one year's weather: annual tables, and the fields they leave on the grid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion import operator, polar
from metalbudget.grid import Grid
from metalbudget.meteorology.boundary_layer import BoundaryLayer


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
    factors : ndarray, shape (classes, 2)
        What sampling was off by before it was scaled to the table's mass. [1]
    aloft : ndarray, shape (classes,)
        Share still airborne behind the last ring. [1]
    """

    values: NDArray[np.float32]
    factors: NDArray[np.float64]
    aloft: NDArray[np.float64]


class Weather:
    """A year's hours as plumes need them: boundary layer, profiles, removal and the table's geometry.

    Parameters
    ----------
    layer : BoundaryLayer
    classes : sequence of str
    dispersion : mapping
        ``max_distance_m`` and ``azimuths`` of the configuration.
    coefficients : mapping of table to rows
        ``dispersion particle_class gas_deposition``

    Attributes
    ----------
    edges_m : ndarray, shape (rings + 1,)
        [m]
    """

    def __init__(
        self,
        layer: BoundaryLayer,
        classes: Sequence[str],
        dispersion: Mapping[str, float],
        coefficients: Mapping[str, Mapping],
    ) -> None:
        numbers = coefficients["dispersion"]
        self._layer, self._numbers = layer, numbers
        self._removal = polar.removal(
            layer,
            classes,
            coefficients["particle_class"],
            coefficients["gas_deposition"],
            numbers["phoretic_velocity_m_s"],
        )
        self._profiles = polar.plume_profiles(layer, numbers)
        self.edges_m = polar.ring_edges(numbers["first_radius_m"], dispersion["max_distance_m"], int(numbers["rings"]))
        self._azimuths = int(dispersion["azimuths"] * numbers["azimuth_oversampling"])

    def table(self, release: Release) -> polar.Polar:
        """Annual deposition around a source."""
        spread = self._numbers["area_spread_per_height"] * release.height_m if release.weights is not None else 0.0
        source = {
            "height_m": release.height_m,
            "diameter_m": release.diameter_m,
            "exit_temperature_k": release.exit_temperature_k,
            "exit_velocity_m_s": release.exit_velocity_m_s,
            "initial_spread_m": spread,
        }
        return polar.annual_table(
            source, self._layer, self._profiles, self._removal, self.edges_m, self._azimuths, self._numbers
        )


def fields(releases: Sequence[Release], weather: Weather, grid: Grid, mantissa_bits: int) -> Iterator[Field]:
    """Field of every source in turn; gridded sources of one height share their table.

    Parameters
    ----------
    releases : sequence of Release
    weather : Weather
    grid : Grid
    mantissa_bits : int
        See `operator.round_mantissa`.

    Yields
    ------
    Field
    """
    tables: dict[float, polar.Polar] = {}
    for release in releases:
        if release.weights is None:
            table = weather.table(release)
            values, factors = operator.point_deposition(table, release.x_m, release.y_m, grid)
        else:
            if release.height_m not in tables:
                tables[release.height_m] = weather.table(release)
            table = tables[release.height_m]
            values, factors = operator.area_deposition(table, release.weights, grid)
        single = np.moveaxis(values, 1, 0).astype(np.float32)
        yield Field(operator.round_mantissa(single, mantissa_bits), factors, table.aloft)
