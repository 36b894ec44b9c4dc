"""Hourly boundary-layer state and observations, in the quantities AERMET's files exchange."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, eq=False)
class SurfaceHours:
    """State of the surface and boundary layer, one value an hour; NaN where a file has its missing code.

    All arrays have shape (hours,).

    Parameters
    ----------
    year, month, day, hour : ndarray of int
        Hour-ending, 1..24, local standard time; the year with its century.
    heat_flux_w_m2 : ndarray
        Sensible heat flux, positive upward. [W m⁻²]
    friction_velocity_m_s, convective_velocity_m_s : ndarray
        u*, w* (NaN in stable hours). [m s⁻¹]
    lapse_above_k_m : ndarray
        Gradient of potential temperature in the 500 m above the convective layer, NaN in stable hours. [K m⁻¹]
    convective_height_m, mechanical_height_m : ndarray
        z_ic (NaN in stable hours), z_im. [m]
    obukhov_length_m : ndarray
        Negative in convective hours. [m]
    roughness_m, bowen_ratio, albedo : ndarray
        z0 [m], B [1], hourly albedo (one at night) [1]
    wind_speed_m_s, wind_direction_deg, anemometer_height_m : ndarray
        The wind the scaling parameters were computed from, where it comes from, and its height.
        [m s⁻¹], [degree], [m]
    temperature_k, temperature_height_m : ndarray
        [K], [m]
    precipitation_code : ndarray of int
        0 none, 11 liquid, 22 frozen, 99 missing; other codes as the file has them.
    precipitation_mm_h, relative_humidity_pct, pressure_pa, cloud_tenths : ndarray
        [mm h⁻¹], [%], [Pa], [tenths]
    calm, missing : ndarray of bool
        Hours without a plume: calm as the wind speed is zero; missing as a quantity is absent that a plume needs.
    adjusted_friction_velocity : bool
        The friction velocity of stable low winds was adjusted (`ADJ_U*` in a file's header).
    latitude_deg, longitude_deg : float
        North and east positive. [degree]
    """

    year: NDArray[np.int64]
    month: NDArray[np.int64]
    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    heat_flux_w_m2: NDArray[np.float64]
    friction_velocity_m_s: NDArray[np.float64]
    convective_velocity_m_s: NDArray[np.float64]
    lapse_above_k_m: NDArray[np.float64]
    convective_height_m: NDArray[np.float64]
    mechanical_height_m: NDArray[np.float64]
    obukhov_length_m: NDArray[np.float64]
    roughness_m: NDArray[np.float64]
    bowen_ratio: NDArray[np.float64]
    albedo: NDArray[np.float64]
    wind_speed_m_s: NDArray[np.float64]
    wind_direction_deg: NDArray[np.float64]
    anemometer_height_m: NDArray[np.float64]
    temperature_k: NDArray[np.float64]
    temperature_height_m: NDArray[np.float64]
    precipitation_code: NDArray[np.int64]
    precipitation_mm_h: NDArray[np.float64]
    relative_humidity_pct: NDArray[np.float64]
    pressure_pa: NDArray[np.float64]
    cloud_tenths: NDArray[np.float64]
    calm: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    adjusted_friction_velocity: bool = False
    latitude_deg: float = float("nan")
    longitude_deg: float = float("nan")

    @property
    def size(self) -> int:
        """Number of hours."""
        return self.hour.size

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Hours a plume can be computed for, shape (hours,)."""
        return ~(self.calm | self.missing)

    @property
    def convective(self) -> NDArray[np.bool_]:
        """Hours with upward heat flux (L < 0), shape (hours,)."""
        return self.obukhov_length_m < 0.0

    @property
    def mixing_height_m(self) -> NDArray[np.float64]:
        """The larger of both heights in convective hours, the mechanical one else, shape (hours,). [m]"""
        return np.where(
            self.convective, np.fmax(self.convective_height_m, self.mechanical_height_m), self.mechanical_height_m
        )

    def take(self, which: ArrayLike) -> Self:
        """The same for some hours only, chosen by a mask or by positions."""
        chosen = np.asarray(which)
        return replace(
            self,
            **{
                field.name: getattr(self, field.name)[chosen]
                for field in fields(self)
                if isinstance(getattr(self, field.name), np.ndarray)
            },
        )


@dataclass(frozen=True, eq=False)
class ProfileObservations:
    """Measurements at one or more heights; arrays (hours, levels), NaN where missing or no such level.

    Parameters
    ----------
    height_m : ndarray
        Ascending in each hour. [m]
    wind_direction_deg, wind_speed_m_s, temperature_k : ndarray
        [degree], [m s⁻¹], [K]
    sigma_theta_deg : ndarray
        Standard deviation of the wind direction. [degree]
    sigma_w_m_s : ndarray
        Standard deviation of the vertical wind. [m s⁻¹]
    """

    height_m: NDArray[np.float64]
    wind_direction_deg: NDArray[np.float64]
    wind_speed_m_s: NDArray[np.float64]
    temperature_k: NDArray[np.float64]
    sigma_theta_deg: NDArray[np.float64]
    sigma_w_m_s: NDArray[np.float64]

    def take(self, which: ArrayLike) -> Self:
        """The same for some hours only, chosen by a mask or by positions."""
        chosen = np.asarray(which)
        return replace(self, **{field.name: getattr(self, field.name)[chosen] for field in fields(self)})
