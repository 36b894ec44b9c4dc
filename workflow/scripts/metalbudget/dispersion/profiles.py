"""Vertical profiles of wind, turbulence and temperature on fixed levels, from each hour's boundary layer.

Formulation: Cimorelli et al. 2005 (doi:10.1175/JAM2227.1) and US EPA 2004, EPA-454/R-03-004, section 4 ("meteorological
interface"), equation numbers of the latter. Similarity gives the shape of each profile; where there are observations
the shape is drawn through them. What the report leaves open (floors, limits, what happens where an anemometer stands
above the mixed layer) was settled by asking EPA's program AERMOD 23132; such places say "found by experiment".

All compiled functions stand in this one file, because numba's cache notices a change only in the file of the caller.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours

GRAVITY_M_S2 = 9.80616  # found by experiment: the printed gradients agree to six digits with this value only
VON_KARMAN = 0.4  # EPA-454/R-03-004, eq. 8
ADIABATIC_K_M = 0.00977  # g/c_p; found by experiment, to ten digits, from the temperature at stack height

CANOPY_ROUGHNESSES = 7.0  # below 7 z0 the wind falls linearly to the ground (eq. 28)
LEAST_ROUGHNESS_M = 1.0e-4  # found by experiment
LEAST_WIND_M_S = 0.01  # of the profile; found by experiment
HIGHEST_MIXING_M = 4000.0  # EPA-454/R-03-004, section 7.4
LEAST_OBUKHOV_M = 1.0  # smallest |L|; found by experiment
RESIDUAL_SIGMA_V_2 = 0.25  # m² s⁻², variance of the lateral wind left above the mixed layer (section 4.1.6)
RESIDUAL_SIGMA_W_SHARE = 0.02  # of the wind at the top of the mixed layer (section 4.1.5)
LEAST_MEASURED_SIGMA_V_M_S = 0.2  # section 7.9, table of limits on measurements
LEAST_MEASURED_SIGMA_W_M_S = 0.02
LEAST_GRADIENT_K_M = 0.002  # stable air (section 4.1.3)
LEAST_LAPSE_ABOVE_K_M = 0.005  # inversion over the convective layer, and the gradient above it (section 4.1.3)
INVERSION_DEPTH_M = 500.0  # section 4.1.3
ADJUSTED_TEMPERATURE_SCALE_K = 0.08  # θ* of hours with `ADJ_U*` (Luhar and Rayner 2009, doi:10.1007/s10546-009-9404-2)
SURFACE_LAYER_TOP_M = 100.0  # the gradient's 1/z form holds between 2 m and here (eq. 30)
SURFACE_LAYER_BOTTOM_M = 2.0


def _levels() -> NDArray[np.float64]:
    return np.concatenate(
        [
            [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 14.0],
            np.arange(20.0, 100.0, 10.0),
            np.arange(100.0, 200.0, 20.0),
            np.arange(200.0, 2000.0, 50.0),
            np.arange(2000.0, 5050.0, 100.0),
        ]
    )


LEVELS_M = _levels()
"""Heights above ground of the profile levels, shape (87,): closer together near the ground, 5000 m at the top. [m]"""
LEVELS_M.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Profiles:
    """Profiles of every hour on `LEVELS_M`; arrays (hours, 87), C-contiguous, NaN in calm and missing hours.

    Wind and turbulence come without the lower limits that plumes put on their effective values.

    Parameters
    ----------
    wind_m_s : ndarray
        Wind speed. [m s⁻¹]
    direction_deg : ndarray
        Where the wind comes from, 0 < d ≤ 360. [degree]
    sigma_v_m_s, sigma_w_m_s : ndarray
        Standard deviation of the lateral and the vertical wind. [m s⁻¹]
    potential_temperature_k : ndarray
        Referred to mean sea level. [K]
    gradient_k_m : ndarray
        Vertical gradient of potential temperature. [K m⁻¹]
    """

    wind_m_s: NDArray[np.float64]
    direction_deg: NDArray[np.float64]
    sigma_v_m_s: NDArray[np.float64]
    sigma_w_m_s: NDArray[np.float64]
    potential_temperature_k: NDArray[np.float64]
    gradient_k_m: NDArray[np.float64]


def grid(hours: "SurfaceHours", observations: "ProfileObservations", base_elevation_m: float = 0.0) -> Profiles:
    """Profiles of all hours.

    Parameters
    ----------
    hours : SurfaceHours
        (hours,); calm and missing hours give NaN.
    observations : ProfileObservations
        (hours, levels); where an hour has no valid wind speed or direction the one of `hours` is taken.
    base_elevation_m : float
        Elevation above sea level of the foot of the observed profile. [m]

    Returns
    -------
    Profiles
        (hours, 87)

    Notes
    -----
    EPA-454/R-03-004, section 4. Convective hours are those with L < 0. σ_θ, σ_w and the wind are used at every height
    they were measured at, measured temperatures in stable hours only.
    """
    # a level with neither speed nor direction was calm and says nothing
    calm = (observations.wind_speed_m_s == 0.0) & (observations.wind_direction_deg == 0.0)
    shape = (hours.friction_velocity_m_s.size, LEVELS_M.size)
    wind, direction, sigma_v, sigma_w, theta, gradient = (np.empty(shape) for _ in range(6))
    _fill(
        LEVELS_M,
        np.asarray(hours.calm | hours.missing),
        bool(hours.adjusted_friction_velocity),
        float(base_elevation_m),
        hours.friction_velocity_m_s,
        hours.convective_velocity_m_s,
        hours.convective_height_m,
        hours.mechanical_height_m,
        hours.obukhov_length_m,
        hours.roughness_m,
        hours.lapse_above_k_m,
        hours.temperature_k,
        hours.temperature_height_m,
        hours.anemometer_height_m,
        hours.wind_speed_m_s,
        hours.wind_direction_deg,
        observations.height_m,
        np.where(calm, np.nan, observations.wind_direction_deg),
        np.where(calm, np.nan, observations.wind_speed_m_s),
        observations.temperature_k,
        observations.sigma_theta_deg,
        observations.sigma_w_m_s,
        wind,
        direction,
        sigma_v,
        sigma_w,
        theta,
        gradient,
    )
    return Profiles(wind, direction, sigma_v, sigma_w, theta, gradient)


def at_height(values: NDArray[np.float64], height_m: float, nominal_m: float | None = None) -> NDArray[np.float64]:
    """A profile's value at one height, linear between levels and constant beyond the last, shape (hours,).

    With a nominal height along the profile's piece there, however far it has to be drawn out (`case.Source`).
    """
    nominal = height_m if nominal_m is None else nominal_m
    upper = int(
        np.clip(np.searchsorted(LEVELS_M, nominal, side="left" if nominal_m is None else "right"), 1, LEVELS_M.size - 1)
    )
    part = (height_m - LEVELS_M[upper - 1]) / (LEVELS_M[upper] - LEVELS_M[upper - 1])
    part = min(max(part, 0.0), 1.0) if nominal_m is None else part
    return values[:, upper - 1] + part * (values[:, upper] - values[:, upper - 1])


def air_temperature_k(
    profiles: Profiles, height_m: float, base_elevation_m: float = 0.0, nominal_m: float | None = None
) -> NDArray[np.float64]:
    """Air temperature at a height above ground, shape (hours,). [K]

    T = θ − Γ (z + base), the inverse of eq. 32: the elevation of the source plays no part (found by experiment).
    """
    theta = at_height(profiles.potential_temperature_k, height_m, nominal_m)
    return theta - ADIABATIC_K_M * (height_m + base_elevation_m)


def from_sea_level(
    gradient_k_m: NDArray[np.float64],
    temperature_k: NDArray[np.float64],
    height_m: NDArray[np.float64],
    base_elevation_m: float,
) -> NDArray[np.float64]:
    """Potential temperature on the levels from its gradient and a thermometer (eqs. 32 and 33). [K]

    Parameters
    ----------
    gradient_k_m : ndarray
        (hours, 87) [K m⁻¹]
    temperature_k, height_m : ndarray
        Air temperature and where it was measured above ground, (hours,). [K], [m]
    base_elevation_m : float
        [m]

    Returns
    -------
    ndarray
        (hours, 87)
    """
    theta = np.empty_like(gradient_k_m)
    _integrate_all(LEVELS_M, gradient_k_m, temperature_k, height_m, float(base_elevation_m), theta)
    return theta


@njit(cache=True)
def stability_correction(height_m, obukhov_length_m):
    """ψ_m of the wind profile: eq. 7 in convective air, eq. 29 (van Ulden and Holtslag 1985) in stable air. [1]"""
    if obukhov_length_m > 0.0:
        return -17.0 * (1.0 - math.exp(-0.29 * height_m / obukhov_length_m))
    x = (1.0 - 16.0 * height_m / obukhov_length_m) ** 0.25
    return 2.0 * math.log(0.5 * (1.0 + x)) + math.log(0.5 * (1.0 + x * x)) - 2.0 * math.atan(x) + 0.5 * math.pi


@njit(cache=True)
def similarity_wind(height_m, friction_velocity_m_s, obukhov_length_m, roughness_m, depth_m):
    """Wind of the surface layer, u*/k (ln z/z0 − ψ(z/L) + ψ(z0/L)), constant above the mixed layer (eq. 28). [m s⁻¹]"""
    z = min(height_m, depth_m)
    shape = (
        math.log(z / roughness_m)
        - stability_correction(z, obukhov_length_m)
        + stability_correction(roughness_m, obukhov_length_m)
    )
    return friction_velocity_m_s / VON_KARMAN * shape


@njit(cache=True)
def expected_wind(
    height_m, anemometer_height_m, anemometer_wind_m_s, friction_velocity_m_s, obukhov_length_m, roughness_m, depth_m
):
    """Wind expected at a height before observations are drawn in. [m s⁻¹]

    Similarity above 7 z0, linear to the ground below (eq. 28). Two cases found by experiment: an anemometer within
    7 z0 fixes the linear part itself; an anemometer above the mixed layer gives the wind above it, and the linear part
    becomes constant.
    """
    canopy = CANOPY_ROUGHNESSES * roughness_m
    if anemometer_height_m > depth_m:
        if height_m <= canopy:
            return similarity_wind(canopy, friction_velocity_m_s, obukhov_length_m, roughness_m, canopy)
        if height_m > depth_m:
            return anemometer_wind_m_s
    elif height_m <= canopy:
        if anemometer_height_m <= canopy:
            return anemometer_wind_m_s * height_m / anemometer_height_m
        top = similarity_wind(canopy, friction_velocity_m_s, obukhov_length_m, roughness_m, depth_m)
        return top * height_m / canopy
    return similarity_wind(height_m, friction_velocity_m_s, obukhov_length_m, roughness_m, depth_m)


@njit(cache=True)
def convective_sigma_v_2(height_m, convective_velocity_m_s, convective_height_m):
    """Convective part of the lateral variance (eq. 41). [m² s⁻²]

    0.35 w*² up to z_ic, linear to at most 0.25 m² s⁻² at 1.2 z_ic, constant above.
    """
    inside = 0.35 * convective_velocity_m_s**2
    part = (height_m - convective_height_m) / (0.2 * convective_height_m)
    return inside + (min(inside, RESIDUAL_SIGMA_V_2) - inside) * min(max(part, 0.0), 1.0)


@njit(cache=True)
def convective_sigma_w_2(height_m, convective_velocity_m_s, convective_height_m):
    """Convective part of the vertical variance (eq. 35). [m² s⁻²]

    1.6 (z/z_ic)^(2/3) w*² up to 0.1 z_ic, 0.35 w*² up to z_ic, 0.35 w*² exp(−6 (z − z_ic)/z_ic) above.
    """
    relative = height_m / convective_height_m
    squared = convective_velocity_m_s**2
    if relative <= 0.1:
        return 1.6 * relative ** (2.0 / 3.0) * squared
    if relative <= 1.0:
        return 0.35 * squared
    return 0.35 * squared * math.exp(-6.0 * (relative - 1.0))


@njit(cache=True)
def similarity_sigma_v(
    height_m, friction_velocity_m_s, convective_velocity_m_s, convective_height_m, mechanical_height_m
):
    """Lateral turbulence (eqs. 38 to 41); without convection give w* = 0. [m s⁻¹]

    The mechanical variance falls linearly from 3.6 u*² at the ground to at most 0.25 m² s⁻² at z_im.
    """
    surface = 3.6 * friction_velocity_m_s**2
    share = min(height_m / mechanical_height_m, 1.0)
    variance = surface + (min(surface, RESIDUAL_SIGMA_V_2) - surface) * share
    if convective_velocity_m_s > 0.0:
        variance += convective_sigma_v_2(height_m, convective_velocity_m_s, convective_height_m)
    return math.sqrt(variance)


@njit(cache=True)
def similarity_sigma_w(
    height_m, friction_velocity_m_s, convective_velocity_m_s, convective_height_m, depth_m, residual_m_s
):
    """Vertical turbulence (eqs. 34 to 37); without convection give w* = 0. [m s⁻¹]

    The mechanical part is 1.3 u* (1 − z/z_i)^(1/2) and a residual growing linearly to its value at z_i, with z_i the
    larger of both mixing heights.
    """
    share = min(height_m / depth_m, 1.0)
    variance = 1.69 * friction_velocity_m_s**2 * (1.0 - share) + (residual_m_s * share) ** 2
    if convective_velocity_m_s > 0.0:
        variance += convective_sigma_w_2(height_m, convective_velocity_m_s, convective_height_m)
    return math.sqrt(variance)


@njit(cache=True)
def temperature_scale(temperature_k, friction_velocity_m_s, obukhov_length_m):
    """θ* = T u*²/(k g L) of stable air (eq. 8). [K]"""
    return temperature_k * friction_velocity_m_s**2 / (VON_KARMAN * GRAVITY_M_S2 * obukhov_length_m)


@njit(cache=True)
def surface_layer_gradient(height_m, temperature_scale_k, obukhov_length_m, adjusted):
    """Gradient of potential temperature in the stable surface layer (eq. 30). [K m⁻¹]

    θ*/k (1/z + 5/L); with `ADJ_U*` θ*/k (0.74/z + 4.7/L), the form of Businger et al. 1971
    (doi:10.1175/1520-0469(1971)028<0181:FPRITA>2.0.CO;2).
    """
    if adjusted:
        return temperature_scale_k / VON_KARMAN * (0.74 / height_m + 4.7 / obukhov_length_m)
    return temperature_scale_k / VON_KARMAN * (1.0 / height_m + 5.0 / obukhov_length_m)


@njit(cache=True)
def gradient_decay(height_m, from_m, depth_m):
    """exp(−(z − z1)/(0.44 z_iθ)) with z_iθ = max(z_im, 100 m), the decay of the stable gradient aloft (eq. 31). [1]"""
    return math.exp(-(height_m - from_m) / (0.44 * max(depth_m, SURFACE_LAYER_TOP_M)))


@njit(cache=True)
def stable_gradient(height_m, temperature_scale_k, obukhov_length_m, depth_m, adjusted):
    """Gradient of potential temperature in stable air, before its lower limit (eqs. 30 and 31). [K m⁻¹]"""
    z = min(max(height_m, SURFACE_LAYER_BOTTOM_M), SURFACE_LAYER_TOP_M)
    value = surface_layer_gradient(z, temperature_scale_k, obukhov_length_m, adjusted)
    if height_m > SURFACE_LAYER_TOP_M:
        value *= gradient_decay(height_m, SURFACE_LAYER_TOP_M, depth_m)
    return value


@njit(cache=True)
def convective_gradient(height_m, depth_m, lapse_above_k_m):
    """Gradient over a mixed layer: zero inside, the sounding's to 500 m above, 0.005 K m⁻¹ higher up. [K m⁻¹]

    The sounding's is at least 0.005 K m⁻¹, and that where it is missing (NaN).
    """
    if height_m <= depth_m:
        return 0.0
    if height_m <= depth_m + INVERSION_DEPTH_M and lapse_above_k_m > LEAST_LAPSE_ABOVE_K_M:
        return lapse_above_k_m
    return LEAST_LAPSE_ABOVE_K_M


@njit(cache=True)
def vector_share(sigma_theta_rad):
    """Vector mean over scalar mean wind speed at a given σ_θ. [1]

    (1 − ε²)^(1/2) with ε = sin σ_θ (1 − 0.073864 σ_θ), the inverse of Yamartino's estimate (Turner 1986,
    doi:10.1175/1520-0450(1986)025<0703:COTMFC>2.0.CO;2); form and coefficient found by experiment to six digits.
    """
    unsteadiness = math.sin(sigma_theta_rad) * (1.0 - 0.073864 * sigma_theta_rad)
    return math.sqrt(1.0 - unsteadiness * unsteadiness)


@njit(cache=True)
def draw_through(levels_m, profile, heights_m, observed, expected):
    """Scale a profile in place so that it passes through observations (EPA-454/R-03-004, appendix on the interface).

    Below the lowest and above the highest observation the profile keeps its shape; between two, the observation
    interpolated linearly is multiplied by the profile over its own linear interpolation. Where the profile hardly
    changes between two observations (10⁻⁴, found by experiment) the linear interpolation stands alone.

    Parameters
    ----------
    levels_m, profile : ndarray
        (levels,)
    heights_m, observed, expected : ndarray
        Ascending heights, what was observed there, and the profile's value there, (observations,), at least one.
    """
    count = heights_m.size
    above = 0
    for i in range(levels_m.size):
        z = levels_m[i]
        while above < count and heights_m[above] < z:
            above += 1
        if above == 0:
            profile[i] *= observed[0] / expected[0]
        elif above == count:
            profile[i] *= observed[count - 1] / expected[count - 1]
        else:
            low = above - 1
            part = (z - heights_m[low]) / (heights_m[above] - heights_m[low])
            measured = observed[low] + part * (observed[above] - observed[low])
            change = expected[above] - expected[low]
            if abs(change) < 1.0e-4:
                profile[i] = measured
            else:
                profile[i] *= measured / (expected[low] + part * change)


@njit(cache=True)
def _present(heights_m, values):
    """Heights and values of the observations that are there."""
    count = 0
    kept_heights = np.empty(heights_m.size)
    kept_values = np.empty(heights_m.size)
    for k in range(heights_m.size):
        if not (math.isnan(values[k]) or math.isnan(heights_m[k])):
            kept_heights[count] = heights_m[k]
            kept_values[count] = values[k]
            count += 1
    return kept_heights[:count], kept_values[:count]


@njit(cache=True)
def _turn(levels_m, heights_m, directions_deg, out):
    """Direction on the levels: linear between observations the short way round, constant beyond (section 4.1.2)."""
    count = heights_m.size
    above = 0
    for i in range(levels_m.size):
        z = levels_m[i]
        while above < count and heights_m[above] < z:
            above += 1
        if above == 0:
            out[i] = directions_deg[0]
        elif above == count:
            out[i] = directions_deg[count - 1]
        else:
            low = above - 1
            turn = (directions_deg[above] - directions_deg[low] + 180.0) % 360.0 - 180.0
            out[i] = directions_deg[low] + turn * (z - heights_m[low]) / (heights_m[above] - heights_m[low])
            if out[i] <= 0.0:
                out[i] += 360.0
            elif out[i] > 360.0:
                out[i] -= 360.0


@njit(cache=True)
def _integrate(levels_m, gradient_k_m, temperature_k, height_m, base_elevation_m, out):
    """Potential temperature from its gradient, upward and downward from the thermometer (eqs. 32 and 33)."""
    out[0] = 0.0
    at_thermometer = 0.0
    for i in range(1, levels_m.size):
        low = levels_m[i - 1]
        slope = 0.5 * (gradient_k_m[i - 1] + gradient_k_m[i])
        if low <= height_m <= levels_m[i]:
            at_thermometer = out[i - 1] + slope * (height_m - low)
        out[i] = out[i - 1] + slope * (levels_m[i] - low)
    base = temperature_k + ADIABATIC_K_M * (height_m + base_elevation_m) - at_thermometer
    for i in range(levels_m.size):
        out[i] += base


@njit(cache=True)
def _integrate_all(levels_m, gradient_k_m, temperature_k, height_m, base_elevation_m, out):
    for h in range(out.shape[0]):
        _integrate(levels_m, gradient_k_m[h], temperature_k[h], height_m[h], base_elevation_m, out[h])


@njit(cache=True)
def add_convective(levels_m, convective_velocity_m_s, convective_height_m, sigma_v_m_s, sigma_w_m_s):
    """Add convective turbulence to profiles in place, as variances.

    Parameters
    ----------
    levels_m : ndarray
        (levels,)
    convective_velocity_m_s : ndarray
        (hours,); hours with zero or NaN are left alone.
    convective_height_m : float
    sigma_v_m_s, sigma_w_m_s : ndarray
        (hours, levels)
    """
    for h in range(convective_velocity_m_s.size):
        wstar = convective_velocity_m_s[h]
        if not wstar > 0.0:
            continue
        for i in range(levels_m.size):
            lateral = convective_sigma_v_2(levels_m[i], wstar, convective_height_m)
            vertical = convective_sigma_w_2(levels_m[i], wstar, convective_height_m)
            sigma_v_m_s[h, i] = math.sqrt(sigma_v_m_s[h, i] ** 2 + lateral)
            sigma_w_m_s[h, i] = math.sqrt(sigma_w_m_s[h, i] ** 2 + vertical)


@njit(cache=True)
def _stable_gradient_profile(
    levels_m, temperature_scale_k, obukhov_length_m, depth_m, adjusted, heights_m, temperatures_k, out
):
    """Gradient of stable air, drawn through those between measured temperatures.

    Found by experiment: the lowest measured gradient sets θ* if it lies at most at 100 m, by the plain form of eq. 30
    even where `ADJ_U*` changes the form of the profile; below it the surface layer's form holds; the lower limit acts
    on the profile and on its expected values; an observation above 100 m decays upward from where it is.
    """
    count = heights_m.size - 1
    scale = temperature_scale_k
    if count < 1:
        for i in range(levels_m.size):
            out[i] = max(stable_gradient(levels_m[i], scale, obukhov_length_m, depth_m, adjusted), LEAST_GRADIENT_K_M)
        return
    middle = 0.5 * (heights_m[1:] + heights_m[:-1])
    measured = np.empty(count)
    expected = np.empty(count)
    for k in range(count):
        lapse = (temperatures_k[k + 1] - temperatures_k[k]) / (heights_m[k + 1] - heights_m[k])
        measured[k] = max(lapse + ADIABATIC_K_M, LEAST_GRADIENT_K_M)
    if middle[0] <= SURFACE_LAYER_TOP_M:
        scale = measured[0] / surface_layer_gradient(middle[0], 1.0, obukhov_length_m, False)
    for k in range(count):
        expected[k] = max(stable_gradient(middle[k], scale, obukhov_length_m, depth_m, adjusted), LEAST_GRADIENT_K_M)
    for i in range(levels_m.size):
        out[i] = max(stable_gradient(levels_m[i], scale, obukhov_length_m, depth_m, adjusted), LEAST_GRADIENT_K_M)
    draw_through(levels_m, out, middle, measured, expected)
    for i in range(levels_m.size):
        z = levels_m[i]
        if z < middle[0]:
            out[i] = surface_layer_gradient(max(z, SURFACE_LAYER_BOTTOM_M), scale, obukhov_length_m, adjusted)
        elif z > middle[count - 1] and middle[count - 1] >= SURFACE_LAYER_TOP_M:
            out[i] = measured[count - 1] * gradient_decay(z, middle[count - 1], depth_m)
        out[i] = max(out[i], LEAST_GRADIENT_K_M)


@njit(cache=True)
def _fill(
    levels_m,
    skip,
    adjusted,
    base_elevation_m,
    friction_velocity_m_s,
    convective_velocity_m_s,
    convective_height_m,
    mechanical_height_m,
    obukhov_length_m,
    roughness_m,
    lapse_above_k_m,
    temperature_k,
    temperature_height_m,
    anemometer_height_m,
    wind_speed_m_s,
    wind_direction_deg,
    observed_height_m,
    observed_direction_deg,
    observed_speed_m_s,
    observed_temperature_k,
    observed_sigma_theta_deg,
    observed_sigma_w_m_s,
    wind,
    direction,
    sigma_v,
    sigma_w,
    theta,
    gradient,
):
    """All profiles of all hours, into the last six arrays (hours, levels)."""
    count = levels_m.size
    spread = np.empty(observed_height_m.shape[1])
    for h in range(skip.size):
        if skip[h]:
            for out in (wind, direction, sigma_v, sigma_w, theta, gradient):
                out[h, :] = math.nan
            continue
        ustar = friction_velocity_m_s[h]
        roughness = max(roughness_m[h], LEAST_ROUGHNESS_M)
        convective = obukhov_length_m[h] < 0.0
        mechanical_top = min(mechanical_height_m[h], HIGHEST_MIXING_M)
        if convective:
            obukhov = min(obukhov_length_m[h], -LEAST_OBUKHOV_M)
            wstar = convective_velocity_m_s[h]
            convective_top = min(convective_height_m[h], HIGHEST_MIXING_M)
            depth = max(convective_top, mechanical_top)
        else:
            obukhov = max(obukhov_length_m[h], LEAST_OBUKHOV_M)
            wstar = 0.0
            convective_top = 0.0
            depth = mechanical_top

        anemometer = anemometer_height_m[h]
        reference = wind_speed_m_s[h]
        heights, observed = _present(observed_height_m[h], observed_speed_m_s[h])
        if heights.size == 0:
            heights = np.array([anemometer])
            observed = np.array([reference])
        expected = np.empty(heights.size)
        for k in range(heights.size):
            expected[k] = expected_wind(heights[k], anemometer, reference, ustar, obukhov, roughness, depth)
        for i in range(count):
            wind[h, i] = expected_wind(levels_m[i], anemometer, reference, ustar, obukhov, roughness, depth)
        draw_through(levels_m, wind[h], heights, observed, expected)
        for i in range(count):
            wind[h, i] = max(wind[h, i], LEAST_WIND_M_S)

        heights, observed = _present(observed_height_m[h], observed_direction_deg[h])
        if heights.size == 0:
            heights = np.array([anemometer])
            observed = np.array([wind_direction_deg[h]])
        _turn(levels_m, heights, observed, direction[h])

        for i in range(count):
            sigma_v[h, i] = similarity_sigma_v(levels_m[i], ustar, wstar, convective_top, mechanical_top)
        for k in range(spread.size):
            # a level without wind says nothing of the lateral wind
            spread[k] = math.nan
            if observed_speed_m_s[h, k] > 0.0:
                angle = math.radians(observed_sigma_theta_deg[h, k])
                lateral = angle * observed_speed_m_s[h, k] * vector_share(angle)
                spread[k] = max(lateral, LEAST_MEASURED_SIGMA_V_M_S) if not math.isnan(lateral) else math.nan
        heights, observed = _present(observed_height_m[h], spread)
        if heights.size > 0:
            expected = np.empty(heights.size)
            for k in range(heights.size):
                expected[k] = similarity_sigma_v(heights[k], ustar, wstar, convective_top, mechanical_top)
            draw_through(levels_m, sigma_v[h], heights, observed, expected)

        # the residual is the mean of what was measured above the mixed layer, else a share of the wind there, which
        # AERMOD takes by linear interpolation between levels (found by experiment)
        heights, observed = _present(observed_height_m[h], observed_sigma_w_m_s[h])
        above = 0
        total = 0.0
        for k in range(heights.size):
            observed[k] = max(observed[k], LEAST_MEASURED_SIGMA_W_M_S)
            if heights[k] >= depth:
                above += 1
                total += observed[k]
        residual = total / above if above > 0 else RESIDUAL_SIGMA_W_SHARE * np.interp(depth, levels_m, wind[h])
        for i in range(count):
            sigma_w[h, i] = similarity_sigma_w(levels_m[i], ustar, wstar, convective_top, depth, residual)
        if heights.size > 0:
            expected = np.empty(heights.size)
            for k in range(heights.size):
                expected[k] = similarity_sigma_w(heights[k], ustar, wstar, convective_top, depth, residual)
            draw_through(levels_m, sigma_w[h], heights, observed, expected)

        if convective:
            for i in range(count):
                gradient[h, i] = convective_gradient(levels_m[i], depth, lapse_above_k_m[h])
        else:
            heights, observed = _present(observed_height_m[h], observed_temperature_k[h])
            if adjusted and heights.size < 2:
                scale = ADJUSTED_TEMPERATURE_SCALE_K
            else:
                scale = temperature_scale(temperature_k[h], ustar, obukhov)
            _stable_gradient_profile(levels_m, scale, obukhov, depth, adjusted, heights, observed, gradient[h])
        _integrate(levels_m, gradient[h], temperature_k[h], temperature_height_m[h], base_elevation_m, theta[h])
