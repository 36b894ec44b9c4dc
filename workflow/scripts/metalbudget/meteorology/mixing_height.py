"""Heights to which wind and heat mix the air."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.meteorology.constants import HEAT_CAPACITY_AIR, SECONDS_PER_HOUR


def mechanical_mixing_height(
    friction_velocity_m_s: ArrayLike, coefficient: float, memory: float
) -> NDArray[np.float64]:
    """Mechanical mixing height, coefficient · u*^1.5, smoothed in time. [m]

    Parameters
    ----------
    friction_velocity_m_s : array_like, shape (hours,)
        NaN in missing hours, which keep the height before them. [m s⁻¹]
    coefficient : float
        2300 to 2400 s^1.5 m^-0.5 (Venkatram 1980, doi:10.1007/BF00122351).
    memory : float
        β_τ = 2 in the time scale τ = z_im/(β_τ u*) (EPA-454/R-03-004, eqs. 24-26). [1]

    Returns
    -------
    ndarray, shape (hours,)
    """
    velocity = np.asarray(friction_velocity_m_s, float)
    equilibrium = coefficient * velocity**1.5
    height = np.empty_like(equilibrium)
    finite = np.flatnonzero(np.isfinite(equilibrium))
    state = float(equilibrium[finite[0]]) if finite.size else np.nan
    for hour in range(height.size):
        if np.isfinite(equilibrium[hour]):
            time_scale = max(state, 1.0) / (memory * velocity[hour])
            kept = np.exp(-SECONDS_PER_HOUR / time_scale)
            state = state * kept + equilibrium[hour] * (1.0 - kept)
        height[hour] = state
    return height


def convective_mixing_height(
    sensible_heat_w_m2: ArrayLike,
    air_density_kg_m3: ArrayLike,
    day: ArrayLike,
    lapse_k_m: float,
    entrainment: float,
    maximum_m: float,
) -> NDArray[np.float64]:
    """Height of the convective layer that grows into a linear morning profile. [m]

    Parameters
    ----------
    sensible_heat_w_m2, air_density_kg_m3 : array_like, shape (hours,)
        [W m⁻²], [kg m⁻³]
    day : array_like of int, shape (hours,)
        Running number of the day; growth starts anew each day.
    lapse_k_m : float
        Potential temperature gradient above the layer. [K m⁻¹]
    entrainment : float
        A = 0.2, heat flux at the top as a share of the surface flux. [1]
    maximum_m : float
        [m]

    Returns
    -------
    ndarray, shape (hours,)
        Zero before the day's first upward heat flux.

    Notes
    -----
    Carson (1973), doi:10.1002/qj.49709942105, with Weil & Brower (1983): γ z²/2 = (1 + 2A) ∫ H/(ρ c_p) dt for
    a constant gradient γ. ASSUME no sounding: γ is the same every morning.
    """
    heat = np.maximum(np.nan_to_num(np.asarray(sensible_heat_w_m2, float)), 0.0)
    supply = heat * SECONDS_PER_HOUR / (np.nan_to_num(np.asarray(air_density_kg_m3), nan=1.2) * HEAT_CAPACITY_AIR)
    total = np.cumsum(supply)
    day = np.asarray(day)
    first = np.searchsorted(day, day)  # days are ascending
    before = np.where(first > 0, total[np.maximum(first - 1, 0)], 0.0)
    return np.minimum(np.sqrt(2.0 * (1.0 + 2.0 * entrainment) * (total - before) / lapse_k_m), maximum_m)


def smoothed_mechanical_height(
    friction_velocity_m_s: ArrayLike, coefficient: float, memory: float, maximum_m: float
) -> NDArray[np.float64]:
    """Mechanical mixing height smoothed in time, with a fresh start after a gap. [m]

    Parameters
    ----------
    friction_velocity_m_s : array_like, shape (hours,)
        NaN in calm and missing hours. [m s⁻¹]
    coefficient : float
        Of z_ie = coefficient u*^1.5. [s^1.5 m^-0.5]
    memory : float
        β_τ = 2 in the time scale τ = z_im/(β_τ u*). [1]
    maximum_m : float
        [m]

    Returns
    -------
    ndarray, shape (hours,)
        NaN where the friction velocity is.

    Notes
    -----
    Venkatram (1980), doi:10.1007/BF00122351; EPA-454/R-03-004, eqs. 24-26 and section 7.5: the first hour, and the
    first one after a gap, is not smoothed.
    """
    velocity = np.asarray(friction_velocity_m_s, float)
    equilibrium = coefficient * velocity**1.5
    height = np.full(velocity.shape, np.nan)
    before = np.nan
    for hour in range(velocity.size):
        now = equilibrium[hour]
        if before > 0.0 and now > 0.0:
            kept = np.exp(-SECONDS_PER_HOUR * memory * velocity[hour] / before)
            now = before * kept + now * (1.0 - kept)
        before = height[hour] = min(now, maximum_m) if np.isfinite(now) else np.nan
    return height


def growth_into_sounding(
    supplied_k_m: ArrayLike, height_m: ArrayLike, potential_temperature_k: ArrayLike, lapse_aloft_k_m: float
) -> NDArray[np.float64]:
    """Height to which heat from the ground mixes a morning profile of potential temperature.

    Parameters
    ----------
    supplied_k_m : array_like
        (1 + 2 A) ∫ H/(ρ c_p) dt since sunrise. [K m]
    height_m, potential_temperature_k : array_like, shape (levels,)
        Morning sounding, ascending from the ground; where it falls with height it counts as constant. [m], [K]
    lapse_aloft_k_m : float
        Least gradient above the highest level. [K m⁻¹]

    Returns
    -------
    ndarray, shape of `supplied_k_m`
        [m]

    Notes
    -----
    z θ(z) − ∫₀ᶻ θ dz = ∫₀ᶻ z dθ = supplied heat (Carson 1973, doi:10.1002/qj.49709942105; Weil & Brower 1983;
    EPA-454/R-03-004, eq. 9). A constant gradient γ gives z = √(2 heat/γ).
    """
    supplied = np.maximum(np.asarray(supplied_k_m, float), 0.0)
    height = np.asarray(height_m, float)
    theta = np.maximum.accumulate(np.asarray(potential_temperature_k, float))
    gradient = np.diff(theta) / np.diff(height)
    gradient = np.append(gradient, max(lapse_aloft_k_m, gradient[-1] if gradient.size else 0.0))
    needed = np.concatenate([[0.0], np.cumsum(0.5 * gradient[:-1] * np.diff(height**2))])
    layer = np.clip(np.searchsorted(needed, supplied, side="right") - 1, 0, height.size - 1)
    safe = np.where(gradient[layer] > 0.0, gradient[layer], np.inf)
    return np.sqrt(height[layer] ** 2 + 2.0 * (supplied - needed[layer]) / safe)
