"""A source of a study as AERMOD's sources: what it emits, of which sizes, from where."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion.case import Gas, Receptors, SizeClasses, Source
from metalbudget.errors import InputError
from metalbudget.grid import Grid

_G_PER_KG = 1000.0
_SECONDS_PER_HOUR = 3600.0
_CM2_PER_M2 = 1.0e4
_CM_PER_M = 100.0
_KG_M3_PER_G_CM3 = 1000.0
# What AERMOD must be told of a gas, as keys of gas_deposition.csv, and what divides or multiplies it into its unit.
_GAS_KEYS = ("diffusivity_m2_s", "diffusivity_water_m2_s", "cuticular_resistance_s_m", "henry_pa_m3_mol", "reactivity")

# Distances of the polar receptor network. [m]
RINGS_M = (200.0, 400.0, 800.0, 1500.0, 2500.0, 4000.0, 6000.0, 10000.0, 16000.0, 25000.0, 36000.0, 50000.0)
BEARINGS = 16


def substances(
    classes: Sequence[str], particle_class: Mapping[str, float | str], gas_deposition: Mapping[str, float | str]
) -> dict[str, SizeClasses | Gas]:
    """What AERMOD deposits for each class of the study.

    Parameters
    ----------
    classes : sequence of str
        A class that is neither in `particle_class` does not deposit and is left out.
    particle_class, gas_deposition : mapping
        ``class/parameter`` of the tables of these names.
    """
    result: dict[str, SizeClasses | Gas] = {}
    for name in classes:
        kind = particle_class.get(f"{name}/kind")
        if kind == "particle":
            result[name] = SizeClasses(
                (float(particle_class[f"{name}/diameter_um"]),),
                (1.0,),
                (float(particle_class[f"{name}/density_kg_m3"]) / _KG_M3_PER_G_CM3,),
            )
        elif kind == "gas":
            result[name] = _gas(name, gas_deposition)
    return result


def _gas(name: str, gas_deposition: Mapping[str, float | str]) -> Gas:
    absent = [key for key in _GAS_KEYS if f"{name}/{key}" not in gas_deposition]
    if absent:
        raise InputError(
            f"the gas {name} cannot be given to AERMOD",
            file="resources/parameters/gas_deposition.csv",
            expected=", ".join(f"{name} {key}" for key in absent),
            mend="add these rows",
        )
    air, water, cuticular, henry, reactivity = (float(gas_deposition[f"{name}/{key}"]) for key in _GAS_KEYS)
    return Gas(air * _CM2_PER_M2, water * _CM2_PER_M2, cuticular / _CM_PER_M, henry, reactivity)


def rate_g_s(kg: float, hours: int) -> float:
    """Mean emission of a year. [g s⁻¹]"""
    return kg * _G_PER_KG / (hours * _SECONDS_PER_HOUR)


def by_class(base: Sequence[Source], emission_g_s: Mapping[str, float], deposits: Mapping[str, SizeClasses | Gas]):
    """The source's emission: all particles as one source of several size classes, each gas as one of its own.

    Parameters
    ----------
    base : sequence of Source
        The source, or its cells, with shares of the emission that sum to one (per m² of an area source).
    emission_g_s : mapping of str to float
        By class. [g s⁻¹]
    deposits : mapping
        From `substances`; other classes do not deposit and are left out.

    Returns
    -------
    list of Source
    """
    result: list[Source] = []
    particles = {name: value for name, value in emission_g_s.items() if isinstance(deposits.get(name), SizeClasses)}
    total = math.fsum(particles.values())
    if total > 0.0:
        shares = [value / total for value in particles.values()]
        single = [deposits[name] for name in particles]
        mixed = SizeClasses(
            tuple(one.diameter_um[0] for one in single),  # type: ignore[union-attr]
            tuple(shares),
            tuple(one.density_g_cm3[0] for one in single),  # type: ignore[union-attr]
        )
        result += [replace(source, emission=source.emission * total, substance=mixed) for source in base]
    for number, (name, value) in enumerate(emission_g_s.items()):
        if isinstance(deposits.get(name), Gas) and value > 0.0:
            result += [
                replace(
                    source,
                    name=f"{source.name[:9]}_G{number}",
                    emission=source.emission * value,
                    substance=deposits[name],
                )
                for source in base
            ]
    return result


def unit_emissions(base: Sequence[Source], deposits: Mapping[str, SizeClasses | Gas]) -> list[Source]:
    """One source for each class, each of 1 g/s in all: `C1`, `C2`, … in the order of the classes.

    Notes
    -----
    A source of particles lists the sizes of all, with no mass in those of the others: in a run of several sources
    AERMOD 23132 corrects the slip of all by the sizes of the last; found by asking.
    """
    sizes = [one for one in deposits.values() if isinstance(one, SizeClasses)]
    return [
        replace(
            source, name=f"C{number}" if len(base) == 1 else f"C{number}_{cell}", substance=_among(substance, sizes)
        )
        for number, substance in enumerate(deposits.values(), 1)
        for cell, source in enumerate(base, 1)
    ]


def _among(substance: SizeClasses | Gas, sizes: Sequence[SizeClasses]) -> SizeClasses | Gas:
    """A size as one of several, with all the mass."""
    if isinstance(substance, Gas):
        return substance
    return SizeClasses(
        tuple(diameter for one in sizes for diameter in one.diameter_um),
        tuple(share if one is substance else 0.0 for one in sizes for share in one.mass_fraction),
        tuple(density for one in sizes for density in one.density_g_cm3),
    )


def stack(name: str, table: Mapping[str, NDArray], row: int) -> Source:
    """A stack of `sources.csv`, emitting one."""
    return Source(
        name=name,
        kind="point",
        emission=1.0,
        x_m=float(table["x_m"][row]),
        y_m=float(table["y_m"][row]),
        height_m=float(table["stack_height_m"][row]),
        exit_temperature_k=float(table["exit_temperature_k"][row]),
        exit_velocity_m_s=float(table["exit_velocity_m_s"][row]),
        diameter_m=float(table["stack_diameter_m"][row]),
    )


def cells(weights: NDArray[np.float64], grid: Grid, height_m: float, spread_m: float, most: int) -> list[Source]:
    """An area source as squares, emitting one in all.

    Parameters
    ----------
    weights : ndarray, shape (height, width)
        Share of the emission in each cell. [1]
    grid : Grid
    height_m : float
        Release height. [m]
    spread_m : float
        Initial vertical spread. [m]
    most : int
        Cells are joined to squares of 2 x 2, 3 x 3, … until there are no more than this.
    """
    filled = np.nan_to_num(weights)
    joined = next(
        number for number in range(1, max(filled.shape) + 1) if np.count_nonzero(_blocks(filled, number)) <= most
    )
    shares = _blocks(filled, joined)
    side = joined * grid.cell_m
    result = []
    for number, (row, column) in enumerate(zip(*np.nonzero(shares > 0.0), strict=True), 1):
        west, north = grid.x_min + column * side, grid.y_max - row * side
        east, south = west + side, north - side
        result.append(
            Source(
                name=f"A{number}",
                kind="area",
                emission=float(shares[row, column]) / side**2,
                x_m=west,
                y_m=south,
                height_m=height_m,
                initial_vertical_m=spread_m,
                vertices_m=np.array([[west, south], [west, north], [east, north], [east, south]]),
            )
        )
    return result


def _blocks(values: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Sums over squares of cells; the last row and column of squares may reach beyond the grid."""
    height, width = (-(-length // side) * side for length in values.shape)
    padded = np.zeros((height, width))
    padded[: values.shape[0], : values.shape[1]] = values
    return padded.reshape(height // side, side, width // side, side).sum(axis=(1, 3))


def polar_receptors(x_m: float, y_m: float, within_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rings of receptors about a place, as far as `within_m`. [m]"""
    rings = np.array([ring for ring in RINGS_M if ring <= within_m] or [within_m])
    angle = np.radians(np.arange(BEARINGS) * 360.0 / BEARINGS)
    x = x_m + rings[:, None] * np.sin(angle)
    y = y_m + rings[:, None] * np.cos(angle)
    return np.round(x.ravel(), 2), np.round(y.ravel(), 2)


def cell_receptors(
    grid: Grid, x_m: float, y_m: float, within_m: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres of the study's cells within a distance of a place, but for those on it. [m]"""
    x = grid.x_min + (np.arange(grid.width) + 0.5) * grid.cell_m
    y = grid.y_max - (np.arange(grid.height) + 0.5) * grid.cell_m
    east, north = (axis.ravel() for axis in np.meshgrid(x, y))
    distance = np.hypot(east - x_m, north - y_m)
    near = (distance <= within_m) & (distance > 1.0)
    return np.round(east[near], 2), np.round(north[near], 2)


def flat_receptors(x_m: NDArray[np.float64], y_m: NDArray[np.float64]) -> Receptors:
    """Receptors at the ground of flat terrain."""
    zero = np.zeros(x_m.size)
    return Receptors(x_m, y_m, zero, zero, zero)
