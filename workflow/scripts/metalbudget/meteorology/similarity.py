"""Friction velocity and Obukhov length from wind at one height, by day and by night.

Equations of EPA-454/R-03-004, sections 3.2 and 3.3 (Cimorelli et al. 2005, doi:10.1175/JAM2227.1, section 2).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.meteorology.constants import GRAVITY, HEAT_CAPACITY_AIR, VON_KARMAN


def stability_function_momentum(height_m: ArrayLike, obukhov_length_m: ArrayLike) -> NDArray[np.float64]:
    """Integrated similarity function ψ_m(z/L). [1]

    Notes
    -----
    Unstable: Panofsky & Dutton (1984); stable: −17 (1 − exp(−0.29 z/L)), van Ulden & Holtslag (1985).
    """
    height, length = np.asarray(height_m, float), np.asarray(obukhov_length_m, float)
    ratio = height / length
    root = (1.0 - 16.0 * np.minimum(ratio, 0.0)) ** 0.25
    unstable = 2.0 * np.log((1.0 + root) / 2.0) + np.log((1.0 + root**2) / 2.0) - 2.0 * np.arctan(root) + np.pi / 2.0
    stable = -17.0 * (1.0 - np.exp(-0.29 * np.maximum(ratio, 0.0)))
    return np.where(ratio < 0.0, unstable, stable)


def convective_scales(
    wind_speed_m_s: ArrayLike,
    sensible_heat_w_m2: ArrayLike,
    temperature_k: ArrayLike,
    air_density_kg_m3: ArrayLike,
    roughness_m: float,
    anemometer_height_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Friction velocity and Obukhov length of convective hours, solved together.

    Parameters
    ----------
    wind_speed_m_s, sensible_heat_w_m2, temperature_k, air_density_kg_m3 : array_like
        Heat flux above zero. [m s⁻¹], [W m⁻²], [K], [kg m⁻³]
    roughness_m, anemometer_height_m : float
        [m]

    Returns
    -------
    friction_velocity, obukhov_length : ndarray
        [m s⁻¹], [m] (negative)

    Notes
    -----
    EPA-454/R-03-004, eqs. 6 and 8, fixed-point iteration damped by averaging; it converges because a larger
    u* makes |L| larger and ψ_m smaller.
    """
    wind, heat = np.asarray(wind_speed_m_s, float), np.asarray(sensible_heat_w_m2, float)
    scale = (
        np.asarray(air_density_kg_m3) * HEAT_CAPACITY_AIR * np.asarray(temperature_k) / (VON_KARMAN * GRAVITY * heat)
    )
    neutral = np.log(anemometer_height_m / roughness_m)
    velocity = VON_KARMAN * wind / neutral
    for _ in range(60):
        length = -scale * velocity**3
        correction = stability_function_momentum(roughness_m, length) - stability_function_momentum(
            anemometer_height_m, length
        )
        velocity = 0.5 * (velocity + VON_KARMAN * wind / np.maximum(neutral + correction, 0.1 * neutral))
    return velocity, -scale * velocity**3


def stable_scales(
    wind_speed_m_s: ArrayLike,
    cloud_fraction: ArrayLike,
    temperature_k: ArrayLike,
    roughness_m: float,
    anemometer_height_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Friction velocity, Obukhov length and temperature scale of stable hours from cloud cover.

    Parameters
    ----------
    wind_speed_m_s, cloud_fraction, temperature_k : array_like
        [m s⁻¹], [0..1], [K]
    roughness_m, anemometer_height_m : float
        [m]

    Returns
    -------
    friction_velocity, obukhov_length, temperature_scale : ndarray
        [m s⁻¹], [m] (positive), [K] (positive: downward heat flux)

    Notes
    -----
    θ* = 0.09 (1 − 0.5 n²) K (van Ulden & Holtslag 1985, doi:10.1175/1520-0450(1985)024<1196:EOABLP>2.0.CO;2);
    u* = C_D u/2 (1 + √(1 − (2 u0/(√C_D u))²)) (Venkatram 1980; EPA-454/R-03-004, eqs. 14-16). Below the critical
    wind both scales fall in proportion to the wind.
    """
    wind, temperature = np.asarray(wind_speed_m_s, float), np.asarray(temperature_k, float)
    drag = VON_KARMAN / np.log(anemometer_height_m / roughness_m)
    scale = 0.09 * (1.0 - 0.5 * np.asarray(cloud_fraction, float) ** 2)
    buoyancy = 5.0 * anemometer_height_m * GRAVITY * scale / temperature  # u0²
    critical = 2.0 * np.sqrt(buoyancy / drag)
    effective = np.maximum(wind, critical)
    velocity = 0.5 * drag * effective * (1.0 + np.sqrt(np.maximum(1.0 - (critical / effective) ** 2, 0.0)))
    reduction = np.minimum(wind / critical, 1.0)
    velocity, scale = velocity * reduction, scale * reduction
    length = temperature * velocity**2 / (VON_KARMAN * GRAVITY * scale)
    return velocity, length, scale


def downward_heat_scales(
    wind_speed_m_s: ArrayLike,
    temperature_scale_k: ArrayLike,
    temperature_k: ArrayLike,
    air_density_kg_m3: ArrayLike,
    roughness_m: ArrayLike,
    anemometer_height_m: ArrayLike,
    limit_w_m2: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Friction velocity and temperature scale of stable hours, with the downward heat flux limited.

    Parameters
    ----------
    wind_speed_m_s, temperature_scale_k, temperature_k, air_density_kg_m3 : array_like
        The temperature scale θ* is that of a moderate wind, positive.  [m s⁻¹], [K], [K], [kg m⁻³]
    roughness_m, anemometer_height_m : array_like
        [m]
    limit_w_m2 : float
        Largest downward heat flux, 64. [W m⁻²]

    Returns
    -------
    friction_velocity, temperature_scale : ndarray
        [m s⁻¹], [K] (positive: downward heat flux)

    Notes
    -----
    u*² − C_D u u* + C_D u0² = 0 with u0² = 5 z g θ*/T (Venkatram 1980; EPA-454/R-03-004, eqs. 14-16; Hanna & Chang
    1993). Below the critical wind, the smallest with a real solution, both scales fall in proportion to the wind. In
    strong winds ρ c_p u* θ* would grow without bound; at the limit θ* = limit/(ρ c_p u*) turns the quadratic into
    u*³ − C_D u u*² + C_D 5 z g limit/(ρ c_p T) = 0, whose largest root Newton's method finds from above.
    """
    wind, temperature = np.asarray(wind_speed_m_s, float), np.asarray(temperature_k, float)
    scale = np.asarray(temperature_scale_k, float)
    height = np.asarray(anemometer_height_m, float)
    drag = VON_KARMAN / np.log(height / np.asarray(roughness_m, float))
    buoyancy = 5.0 * height * GRAVITY / temperature  # u0²/θ*
    critical = 2.0 * np.sqrt(buoyancy * scale / drag)
    effective = np.maximum(wind, critical)
    velocity = 0.5 * drag * effective * (1.0 + np.sqrt(np.maximum(1.0 - (critical / effective) ** 2, 0.0)))
    reduction = np.minimum(wind / critical, 1.0)
    velocity, scale = velocity * reduction, scale * reduction

    kinematic = limit_w_m2 / (np.asarray(air_density_kg_m3, float) * HEAT_CAPACITY_AIR)
    limited = velocity * scale > kinematic
    neutral = drag * wind
    root = neutral
    for _ in range(30):
        slope = 3.0 * root**2 - 2.0 * neutral * root
        step = (root**3 - neutral * root**2 + drag * buoyancy * kinematic) / np.where(slope > 0.0, slope, np.inf)
        root = np.maximum(root - step, 2.0 / 3.0 * neutral)  # the cubic's minimum
    velocity = np.where(limited, root, velocity)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(limited, kinematic / velocity, scale)
    return velocity, scale
