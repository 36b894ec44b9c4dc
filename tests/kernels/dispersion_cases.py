"""Small weather, receptors and sources for tests of the dispersion engine."""

import math

import numpy as np
from metalbudget.dispersion.air import Air, running_integral
from metalbudget.dispersion.case import Receptors, SizeClasses, Source
from metalbudget.dispersion.profiles import LEVELS_M
from metalbudget.meteorology.station import study_hours
from metalbudget.settings import coefficients

TABLES = {name: coefficients(name) for name in ("boundary_layer", "dispersion", "particle_class", "gas_deposition")}
STATION = {
    "latitude_deg": 28.0,
    "longitude_deg": 121.0,
    "utc_offset_h": 8.0,
    "elevation_m": 5.0,
    "anemometer_height_m": 10.0,
}
DUST = SizeClasses((1.0, 7.0, 20.0), (0.3, 0.4, 0.3), (2.0, 2.0, 2.0))
STACK = Source("stack", "point", 1.0, 0.0, 0.0, 50.0, 0.0, 400.0, 10.0, 2.0, substance=DUST)
VENT = Source("vent", "volume", 1.0, 0.0, 0.0, 10.0, initial_lateral_m=5.0, initial_vertical_m=5.0, substance=DUST)
YARD = Source(
    "yard",
    "area",
    1.0e-3,
    0.0,
    0.0,
    2.0,
    vertices_m=np.array([[0.0, 0.0], [0.0, 50.0], [80.0, 50.0], [80.0, 0.0]]),
    substance=DUST,
)


def weather(days=2, seed=3, turned_deg=0.0, raining=0.15, **columns):
    """Surface hours and observations of summer days with random wind, cloud and rain.

    `turned_deg` turns the wind clockwise; `columns` replace those of the hourly table.
    """
    random = np.random.default_rng(seed)
    hour = np.arange(24 * days)
    sun = np.maximum(np.sin((hour % 24 - 6.0) / 12.0 * np.pi), 0.0)
    amount = random.uniform(0.1, 5.0, hour.size)
    table = {
        "day_of_year": hour // 24 + 180,
        "month": np.full(hour.size, 7),
        "hour": hour % 24 + 1,
        "temperature_c": 18.0 + 8.0 * sun + random.normal(0.0, 1.0, hour.size),
        "relative_humidity_pct": np.full(hour.size, 70.0),
        "pressure_hpa": np.full(hour.size, 1010.0),
        "wind_speed_m_s": random.uniform(1.0, 8.0, hour.size),
        "wind_direction_deg": (random.uniform(0.0, 360.0, hour.size) + turned_deg) % 360.0,
        "cloud_cover_tenths": random.uniform(0.0, 10.0, hour.size),
        "global_radiation_w_m2": 800.0 * sun,
        "rain_mm": np.where(random.random(hour.size) < raining, amount, 0.0),
    } | columns
    return study_hours(table, STATION, 2019, 0.15, TABLES["boundary_layer"])


def receptors(count=20, seed=1, nearest_m=100.0, farthest_m=20000.0, elevation_m=0.0, flagpole_m=0.0):
    """Receptors in every direction, evenly spread in the logarithm of distance."""
    random = np.random.default_rng(seed)
    distance = np.exp(random.uniform(math.log(nearest_m), math.log(farthest_m), count))
    bearing = random.uniform(0.0, 2.0 * math.pi, count)
    level = np.full(count, elevation_m)
    return Receptors(distance * np.sin(bearing), distance * np.cos(bearing), level, level, np.full(count, flagpole_m))


def turned(place, degrees):
    """Receptors turned clockwise about the origin."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return Receptors(
        place.x_m * c + place.y_m * s,
        place.y_m * c - place.x_m * s,
        place.elevation_m,
        place.hill_height_m,
        place.flagpole_m,
    )


def even_air(
    convective=False, wind=5.0, lateral=0.5, vertical=0.3, gradient=0.0, mixing_m=200.0, obukhov_m=50.0, w=0.0
):
    """Air whose profiles do not change with height; 293.15 K, friction velocity 0.3 m/s."""
    shapes = [np.full(LEVELS_M.size, value) for value in (wind, lateral, vertical, gradient, 293.15)]
    values = {
        "convective": convective,
        "mixing_height": mixing_m,
        "convective_height": mixing_m if convective else 0.0,
        "mechanical_height": mixing_m,
        "friction": 0.3,
        "convective_velocity": w,
        "obukhov": -obukhov_m if convective else obukhov_m,
        "mixing_wind": wind,
        "mixing_vertical": vertical,
        "lapse_above": 0.005,
        "levels": LEVELS_M,
        "rural_height": mixing_m,
        "urban": False,
        "top_temperature": 293.15,
    }
    for name, shape in zip(("wind", "lateral", "vertical", "gradient", "temperature"), shapes, strict=True):
        values[name] = shape
        values[f"{name}_sum"] = running_integral(LEVELS_M, shape)
    return Air(**{name: values[name] for name in Air._fields})
