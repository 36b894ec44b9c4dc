"""The year's deposition around a source: from hourly plumes to a table by azimuth and distance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion import deposition, plume
from metalbudget.meteorology.boundary_layer import BoundaryLayer, Profiles, profiles


@dataclass(frozen=True, eq=False)
class Removal:
    """How fast each class leaves a plume, hour by hour; shapes (hours, classes).

    Parameters
    ----------
    dry_velocity, settling, scavenging : ndarray
        [m s⁻¹], [m s⁻¹], [s⁻¹]
    """

    dry_velocity: NDArray[np.float64]
    settling: NDArray[np.float64]
    scavenging: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Polar:
    """Annual deposition around a source per unit emitted, by azimuth and ring.

    Parameters
    ----------
    edges_m : ndarray, shape (rings + 1,)
        Ring edges, the first zero. [m]
    mass : ndarray, shape (azimuths, rings, classes, 2)
        Share of the emission deposited (dry, wet) in each sector of a ring; azimuth 0 is north, clockwise. [1]
    aloft : ndarray, shape (classes,)
        Share still airborne behind the last ring; with `mass` it sums to one. [1]
    """

    edges_m: NDArray[np.float64]
    mass: NDArray[np.float64]
    aloft: NDArray[np.float64]


def ring_edges(first_m: float, maximum_m: float, rings: int) -> NDArray[np.float64]:
    """Edges of a disc and log-spaced rings around it, shape (rings + 1,). [m]"""
    return np.concatenate([[0.0], np.geomspace(first_m, maximum_m, rings)])


def removal(
    layer: BoundaryLayer,
    classes: Sequence[str],
    particles: Mapping[str, float | str],
    gases: Mapping[str, float],
    phoretic_m_s: float,
) -> Removal:
    """Deposition velocities and scavenging rates of every hour and class.

    Parameters
    ----------
    layer : BoundaryLayer
    classes : sequence of str
    particles : mapping
        Rows of particle_class.csv, ``class/parameter``: kind (particle or gas), diameter_um, density_kg_m3.
    gases : mapping
        Rows of gas_deposition.csv, ``class/parameter``: diffusivity_m2_s, surface_resistance_s_m.
    phoretic_m_s : float
        [m s⁻¹]

    Returns
    -------
    Removal
        NaN in hours that are not valid.

    Notes
    -----
    ASSUME rain falls as rain (snow is rare on this coast) and temperature of the plume's air is that of the station.
    """
    shape = (layer.valid.size, len(classes))
    dry, settling, washed = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    temperature, pressure, rain = layer.temperature_k, layer.pressure_pa, layer.rain_mm
    air = deposition.aerodynamic_resistance(layer.friction_velocity_m_s, layer.obukhov_length_m, layer.roughness_m)
    for position, name in enumerate(classes):
        if particles[f"{name}/kind"] == "gas":
            diffusivity = float(gases[f"{name}/diffusivity_m2_s"])
            dry[:, position] = deposition.gas_velocity(
                air,
                layer.friction_velocity_m_s,
                temperature,
                pressure,
                diffusivity,
                float(gases[f"{name}/surface_resistance_s_m"]),
            )
            washed[:, position] = deposition.gas_scavenging(rain, temperature, pressure, diffusivity)
            continue
        diameter = float(particles[f"{name}/diameter_um"]) * 1.0e-6
        density = float(particles[f"{name}/density_kg_m3"])
        fall = deposition.settling_velocity(diameter, density, temperature, pressure)
        settling[:, position] = fall
        dry[:, position] = deposition.particle_velocity(
            fall,
            diameter,
            air,
            layer.friction_velocity_m_s,
            layer.convective_velocity_m_s,
            temperature,
            pressure,
            phoretic_m_s,
        )
        efficiency = deposition.collection_efficiency(
            np.maximum(rain, 1.0e-3), diameter, fall, temperature, pressure, density
        )
        washed[:, position] = deposition.particle_scavenging(rain, efficiency)
    return Removal(dry, settling, washed)


def annual_table(
    source: Mapping[str, float],
    layer: BoundaryLayer,
    shape: Profiles,
    loss: Removal,
    edges_m: NDArray[np.float64],
    azimuths: int,
    parameters: Mapping[str, float],
) -> Polar:
    """Mean deposition over the valid hours around one source.

    Parameters
    ----------
    source : mapping
        height_m, diameter_m, exit_temperature_k, exit_velocity_m_s, initial_spread_m; the diameter is zero for a source
        without plume rise. [m], [m], [K], [m s⁻¹], [m]
    layer : BoundaryLayer
    shape : Profiles
    loss : Removal
    edges_m : ndarray, shape (rings + 1,)
        [m]
    azimuths : int
        Directions of the table.
    parameters : mapping
        Rows of dispersion.csv: direction_spread_deg, angular_spread_low_rad, angular_spread_high_rad,
        angular_spread_steps, lapse_above_k_m.

    Returns
    -------
    Polar

    Raises
    ------
    ValueError
        If no hour is valid, or the release height is negative.

    Notes
    -----
    A year stands for its valid hours: the emission of calm and missing hours is taken to deposit like the mean of
    the others. Reported wind directions are rounded, so each is spread by `direction_spread_deg`.
    """
    hours = np.flatnonzero(layer.valid)
    if hours.size == 0:
        raise ValueError("no hour with wind, temperature and cloud")
    if source["height_m"] < 0.0:
        raise ValueError(f"release height must not be negative, got {source['height_m']}")
    spreads = np.geomspace(
        parameters["angular_spread_low_rad"],
        parameters["angular_spread_high_rad"],
        int(parameters["angular_spread_steps"]),
    )
    n_class = loss.settling.shape[1]
    rings = edges_m.size - 1
    directed = np.zeros((azimuths, spreads.size, rings, n_class, 2))
    undirected = np.zeros((rings, n_class, 2))
    aloft = np.zeros(n_class)
    azimuth = np.nan_to_num((layer.wind_direction_deg + 180.0) % 360.0) * azimuths / 360.0
    plume.accumulate(
        np.array(
            [
                source["height_m"],
                source["diameter_m"],
                source["exit_temperature_k"],
                source["exit_velocity_m_s"],
                source["initial_spread_m"],
            ],
            dtype=float,
        ),
        hours,
        azimuth,
        layer.temperature_k,
        layer.friction_velocity_m_s,
        layer.obukhov_length_m,
        layer.mixing_height_m,
        shape.levels_m,
        shape.wind,
        shape.lateral,
        shape.vertical,
        loss.dry_velocity,
        loss.settling,
        loss.scavenging,
        edges_m,
        spreads,
        layer.roughness_m + 1.0,
        float(parameters["lapse_above_k_m"]),
        directed,
        undirected,
        aloft,
    )
    mass = _spread(directed, spreads, np.radians(parameters["direction_spread_deg"]))
    mass += undirected[None] / azimuths
    return Polar(edges_m, mass / hours.size, aloft / hours.size)


def levels(parameters: Mapping[str, float]) -> NDArray[np.float64]:
    """Heights of the profile table from dispersion.csv, shape (levels,). [m]"""
    return np.concatenate(
        [
            [0.0],
            np.geomspace(
                parameters["profile_first_level_m"],
                parameters["profile_last_level_m"],
                int(parameters["profile_levels"]),
            ),
        ]
    )


def plume_profiles(layer: BoundaryLayer, parameters: Mapping[str, float]) -> Profiles:
    """Integrated profiles on the table's heights."""
    return profiles(layer, levels(parameters))


def _spread(directed: NDArray[np.float64], spreads: NDArray[np.float64], extra_rad: float) -> NDArray[np.float64]:
    """Convolve each spread class with its wrapped Gaussian around the circle; (azimuths, rings, classes, 2).

    A wrapped Gaussian multiplies harmonic k by exp(−k² σ²/2) exactly, so the mass of every ring is kept.
    """
    azimuths = directed.shape[0]
    harmonic = np.arange(azimuths // 2 + 1)
    spectrum = np.zeros((harmonic.size, *directed.shape[2:]), dtype=complex)
    for number, sigma in enumerate(spreads):
        damping = np.exp(-0.5 * harmonic**2 * (sigma**2 + extra_rad**2))
        spectrum += np.fft.rfft(directed[:, number], axis=0) * damping[:, None, None, None]
    mass = np.fft.irfft(spectrum, n=azimuths, axis=0)
    total = mass.sum(axis=0)
    mass = np.maximum(mass, 0.0)  # rounding leaves values of -1e-20
    kept = mass.sum(axis=0)
    return mass * np.divide(np.maximum(total, 0.0), kept, out=np.zeros_like(kept), where=kept > 0.0)
