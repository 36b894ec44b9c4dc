"""Compile every kernel once, so that no job waits for it: ``python -m metalbudget.compile``.

The jobs' own functions run on a day of weather and a handful of cells, so the kernels meet the very types they meet in
a job. Compiled code is kept where every other process finds it (`kernel_cache`).
"""

import os
import time
from pathlib import Path

from metalbudget import kernel_cache

kernel_cache.use()

import numpy as np  # noqa: E402

from metalbudget import erosion  # noqa: E402
from metalbudget.column import columns as soil_columns  # noqa: E402
from metalbudget.column import leaching, simulate, sorption  # noqa: E402
from metalbudget.dispersion import hill_height, model, polar  # noqa: E402
from metalbudget.dispersion.case import FineFraction, Options, Receptors, SizeClasses, Source  # noqa: E402
from metalbudget.dispersion.reading import gas_surface  # noqa: E402
from metalbudget.dispersion.release import Release, Weather, fields  # noqa: E402
from metalbudget.dispersion.relief import ground_of  # noqa: E402
from metalbudget.grid import Grid  # noqa: E402
from metalbudget.meteorology.station import study_hours  # noqa: E402
from metalbudget.settings import coefficients  # noqa: E402

HOURS = 24


def compile_kernels() -> None:
    """Run the operator, the full calculation of every kind of source, hill heights and flow routing on little."""
    tables = {name: coefficients(name) for name in ("boundary_layer", "dispersion", "particle_class", "gas_deposition")}
    station = {
        "latitude_deg": 28.0,
        "longitude_deg": 121.0,
        "utc_offset_h": 8.0,
        "elevation_m": 5.0,
        "anemometer_height_m": 10.0,
    }
    hours, observations = study_hours(_day(), station, 2019, 0.1, tables["boundary_layer"])
    settings = {"max_distance_m": 2000.0, "bearings": 36, "hours": "all"}
    weather = Weather(hours, observations, ["p1.5", "hg2"], settings, tables, gas_surface(tables["dispersion"]))
    shape = (3, 3)
    grid = Grid("EPSG:32651", 0.0, 1500.0, 500.0, *shape, np.ones(shape, dtype=bool))
    releases = [
        Release("stack", 80.0, 2.0, 400.0, 10.0, 750.0, 750.0),
        Release("gridded", 2.0, weights=np.full(shape, 1.0 / 9.0)),
    ]
    ground = ground_of(np.add.outer(np.arange(3.0), np.arange(3.0)) * 20.0, grid)
    for _ in fields(releases, weather, grid, int(tables["dispersion"]["mantissa_bits"]), 1, ground, 2000.0):
        pass
    weather.rings(releases[0], [FineFraction(0.7, 0.6)])
    dust = SizeClasses((1.0, 20.0), (0.5, 0.5), (2.0, 2.0))
    corners = np.array([[0.0, 0.0], [0.0, 50.0], [80.0, 50.0], [80.0, 0.0]])
    sources = [
        Source("p", "point", 1.0, 0.0, 0.0, 50.0, 0.0, 400.0, 10.0, 2.0, substance=dust),
        Source("a", "area", 1.0, 0.0, 0.0, 2.0, vertices_m=corners, substance=dust),
    ]
    place = np.array([500.0, 900.0])
    receptors = Receptors(place, place, np.zeros(2), np.zeros(2), np.zeros(2))
    used = np.arange(hours.size) % 8 == 0
    for terrain in (False, True):
        for exact in (True, False):
            options = Options(deposition=True, terrain=terrain)
            model.run(sources, receptors, hours, observations, options, hours_used=used, exact=exact)
    _columns()
    relief = np.add.outer(np.arange(6.0), np.arange(6.0))
    hill_height.hill_heights(relief, 0.0, 600.0, 100.0, np.array([250.0]), np.array([250.0]))
    erosion.topographic_factor(
        relief, 100.0, longest_m=300.0, reference_cell_m=30.0, coefficients=coefficients("topography")
    )


def _columns() -> None:
    """Water, metals and the ladder of leaching on one column of three nodes."""
    depth, one = np.array([0.0, 10.0, 20.0]), np.ones((1, 3))
    theta_r, theta_s, alpha, n, ks = (np.array([[value]]) for value in (0.078, 0.43, 0.036, 1.56, 24.96))
    columns = soil_columns.Columns(depth, np.zeros((1, 3), dtype=np.int64), theta_r, theta_s, alpha, n, ks)
    weather = soil_columns.Weather(np.ones(2), *(np.array([[rate, 0.0]]) for rate in (1.0, 0.2, 0.0)))
    metals = sorption.metals(np.full((2, 3), 50.0), exponent=[1.0, 0.8])
    load = simulate.Load(metals, one, one, np.zeros((2, 1, 3)))
    state = simulate.initial_state(columns, -100.0)
    flow, _ = simulate.run(columns, weather, state, [0, 1], load=load, keep=True)
    leaching.plough_layer(columns, flow, [50.0], one, one)


def _day() -> dict[str, np.ndarray]:
    """A day with sun, rain and hours of every stability."""
    hours = np.arange(HOURS)
    sun = np.maximum(np.sin((hours - 6.0) / 12.0 * np.pi), 0.0)
    return {
        "day_of_year": np.full(HOURS, 180),
        "month": np.full(HOURS, 6),
        "hour": hours + 1,
        "temperature_c": 20.0 + 8.0 * sun,
        "relative_humidity_pct": np.full(HOURS, 70.0),
        "pressure_hpa": np.full(HOURS, 1010.0),
        "wind_speed_m_s": 2.0 + 3.0 * sun,
        "wind_direction_deg": 15.0 * hours,
        "cloud_cover_tenths": np.full(HOURS, 3.0),
        "global_radiation_w_m2": 800.0 * sun,
        "rain_mm": np.where(hours == 20, 2.0, 0.0),
    }


def main() -> None:
    """Compile and say how long it took and where the code is kept."""
    start = time.perf_counter()
    compile_kernels()
    new = sum(polar.add_polar_hours.stats.cache_misses.values())
    state = "compiled" if new else "were compiled before"
    kept = os.environ.get("NUMBA_CACHE_DIR", "__pycache__")
    _forget_older(Path(kept))
    print(f"Kernels {state} ({time.perf_counter() - start:.0f} s), kept in {kept}")


def _forget_older(kept: Path) -> None:
    """Remove what older states of the sources compiled."""
    import shutil

    if kept.parent == kernel_cache.ROOT:
        for folder in kernel_cache.ROOT.iterdir():
            if folder != kept:
                shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
