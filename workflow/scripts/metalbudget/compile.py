"""Compile every kernel once, so that no job waits for it: ``python -m metalbudget.compile``.

The jobs' own functions run on a day of weather and a handful of cells, so the kernels meet the very types they meet in
a job. Compiled code is kept where every other process finds it: in ``NUMBA_CACHE_DIR`` if that is set, else in
``__pycache__`` beside the sources.
"""

import time

import numpy as np

from metalbudget import erosion
from metalbudget.dispersion import operator, plume
from metalbudget.dispersion.release import Release, Weather, fields
from metalbudget.grid import Grid
from metalbudget.meteorology import boundary_layer
from metalbudget.settings import coefficients

HOURS = 24


def compile_kernels() -> None:
    """Run the dispersion of a stack and of a gridded source, and the routing of a small relief."""
    tables = {name: coefficients(name) for name in ("boundary_layer", "dispersion", "particle_class", "gas_deposition")}
    station = {"latitude_deg": 28.0, "longitude_deg": 121.0, "utc_offset_h": 8.0, "anemometer_height_m": 10.0}
    layer = boundary_layer.boundary_layer(_day(), station, 0.1, tables["boundary_layer"])
    weather = Weather(layer, ["p1.5", "hg2"], {"max_distance_m": 2000.0, "azimuths": 4}, tables)
    shape = (3, 3)
    grid = Grid("EPSG:32651", 0.0, 1500.0, 500.0, *shape, np.ones(shape, dtype=bool))
    releases = [
        Release("stack", 80.0, 2.0, 400.0, 10.0, 750.0, 750.0),
        Release("gridded", 2.0, weights=np.full(shape, 1.0 / 9.0)),
    ]
    for _ in fields(releases, weather, grid, int(tables["dispersion"]["mantissa_bits"])):
        pass
    relief = np.add.outer(np.arange(6.0), np.arange(6.0))
    erosion.topographic_factor(
        relief, 100.0, longest_m=300.0, reference_cell_m=30.0, coefficients=coefficients("topography")
    )


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
    kernels = (plume.accumulate, operator._sample)
    new = sum(sum(kernel.stats.cache_misses.values()) for kernel in kernels)
    state = "compiled" if new else "were compiled before"
    print(f"Kernels {state} ({time.perf_counter() - start:.0f} s), kept in {plume.accumulate.stats.cache_path}")


if __name__ == "__main__":
    main()
