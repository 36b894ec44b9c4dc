"""What a dispersion calculation is asked: sources, receptors, options. Plain data, no calculation.

Positions are east and north in metres; every quantity is SI but emission, which is in grams as regulators count.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SizeClasses:
    """Particles of known size distribution (METHOD_1).

    Parameters
    ----------
    diameter_um, mass_fraction, density_g_cm3 : tuple of float
        One value a class; the fractions sum to one. [µm], [1], [g cm⁻³]
    """

    diameter_um: tuple[float, ...]
    mass_fraction: tuple[float, ...]
    density_g_cm3: tuple[float, ...]


@dataclass(frozen=True)
class FineFraction:
    """Particles known by their fine share and mean diameter only (METHOD_2).

    Parameters
    ----------
    fine_fraction : float
        Mass below 2.5 µm, 0..1. [1]
    mean_diameter_um : float
        Mass-mean aerodynamic diameter. [µm]
    """

    fine_fraction: float
    mean_diameter_um: float


@dataclass(frozen=True)
class Gas:
    """A gas that deposits.

    Parameters
    ----------
    diffusivity_air_cm2_s, diffusivity_water_cm2_s : float
        [cm² s⁻¹]
    cuticular_resistance_s_cm : float
        Of a leaf's cuticle to lipid uptake. [s cm⁻¹]
    henry_pa_m3_mol : float
        [Pa m³ mol⁻¹]
    reactivity : float
        0 inert .. 1 as ozone or nitric acid. [1]
    """

    diffusivity_air_cm2_s: float
    diffusivity_water_cm2_s: float
    cuticular_resistance_s_cm: float
    henry_pa_m3_mol: float
    reactivity: float = 0.0


Substance = SizeClasses | FineFraction | Gas


@dataclass(frozen=True, eq=False)
class Source:
    """One source of emission.

    Parameters
    ----------
    name : str
    kind : str
        ``point``, ``volume`` or ``area`` (rectangles, polygons and lines alike).
    emission : float
        [g s⁻¹]; of an area source [g s⁻¹ m⁻²].
    x_m, y_m, base_elevation_m : float
        Of an area source its first vertex.
    height_m : float
        Release height above the base.
    exit_temperature_k, exit_velocity_m_s, diameter_m : float
        Of a point source. A temperature of 0 means the air's; a negative one its excess over the air's.
    initial_lateral_m, initial_vertical_m : float
        Initial spread; lateral of a volume source, vertical of a volume or area source.
    vertices_m : ndarray, shape (vertices, 2), optional
        Of an area source, in either direction, not closed.
    substance : SizeClasses, FineFraction, Gas or None
        What deposits; None for concentration only.
    urban : bool
        Whether the urban boundary layer applies.
    emission_factor : ndarray, shape (hours,), optional
        Multiplies the emission hour by hour.
    mouth : str
        Of a stack: "open", "capped" or "horizontal". The last two let the gas out without speed upward, but with its
        buoyancy.
    nominal_height_m : float, optional
        The release height of the deck, where an hourly file gives another. AERMOD then finds the air at release along
        the profiles' pieces at the deck's height, however far they have to be drawn out (found by experiment).
    """

    name: str
    kind: str
    emission: float
    x_m: float
    y_m: float
    height_m: float
    base_elevation_m: float = 0.0
    exit_temperature_k: float = 0.0
    exit_velocity_m_s: float = 0.0
    diameter_m: float = 0.0
    initial_lateral_m: float = 0.0
    initial_vertical_m: float = 0.0
    vertices_m: NDArray[np.float64] | None = None
    substance: Substance | None = None
    urban: bool = False
    emission_factor: NDArray[np.float64] | None = None
    mouth: str = "open"
    nominal_height_m: float | None = None


@dataclass(frozen=True, eq=False)
class Receptors:
    """Where the answer is wanted; every array of shape (receptors,). [m]

    Parameters
    ----------
    x_m, y_m : ndarray
    elevation_m, hill_height_m : ndarray
        Of the ground, and of the terrain that steers the flow there (`terrain.hill_heights`). Unused in flat terrain.
    flagpole_m : ndarray
        Height above the ground.
    """

    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    elevation_m: NDArray[np.float64]
    hill_height_m: NDArray[np.float64]
    flagpole_m: NDArray[np.float64]


@dataclass(frozen=True)
class GasSurface:
    """What gas deposition needs to know of the ground.

    Parameters
    ----------
    season_of_month : tuple of 12 int
        1 midsummer with lush vegetation, 2 autumn with unharvested cropland, 3 late autumn after frost or harvest,
        4 winter with snow, 5 spring with partial green coverage.
    landuse_of_sector : tuple of 36 int
        Class 1..9 of the ground downwind by sectors of 10°, the first centred on 10°.
    reference_reactivity : float
        Reactivity of the reference gas the class tables are scaled by (F0 of GASDEPDF). [1]
    autumn_leaf_factor, spring_leaf_factor : float
        Leaf area relative to midsummer in seasons 2 and 5. [1]
    user_velocity_m_s : float, optional
        Deposition velocity given by the user instead of resistances. [m s⁻¹]
    """

    season_of_month: tuple[int, ...] = ()
    landuse_of_sector: tuple[int, ...] = ()
    reference_reactivity: float = 0.0
    autumn_leaf_factor: float = 0.5
    spring_leaf_factor: float = 0.25
    user_velocity_m_s: float | None = None


@dataclass(frozen=True)
class Options:
    """How to calculate.

    Parameters
    ----------
    terrain : bool
        Use the receptors' elevation and hill height; False for flat.
    deposition : bool
        Calculate dry and wet deposition.
    dry_depletion, wet_depletion : bool
        Take deposited mass out of the plume.
    romberg : bool
        Depletion integral by Romberg's method instead of two Gauss points.
    stack_tip_downwash : bool
    urban_population : float
        Zero without an urban area.
    urban_roughness_m : float
    base_elevation_m : float
        Of the profile measurements (PROFBASE). [m]
    gas_surface : GasSurface
    """

    terrain: bool = False
    deposition: bool = False
    dry_depletion: bool = True
    wet_depletion: bool = True
    romberg: bool = False
    stack_tip_downwash: bool = True
    urban_population: float = 0.0
    urban_roughness_m: float = 1.0
    base_elevation_m: float = 0.0
    gas_surface: GasSurface = field(default_factory=GasSurface)
