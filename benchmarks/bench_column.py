"""Soil columns against HYDRUS-1D: CPU time of a column-year, and their ratios (under two minutes).

The times of HYDRUS-1D 4.08 are those measured for this project: gfortran -O2, one core, user time, the default
tolerances of its graphical interface, with tables; a year of daily weather with 1,600 mm of rain, roots, free drainage.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from metalbudget import kernel_cache

kernel_cache.use()

import numpy as np  # noqa: E402
from metalbudget import hydraulics  # noqa: E402
from metalbudget.column import simulate, sorption  # noqa: E402
from metalbudget.column.columns import Columns, Weather  # noqa: E402
from metalbudget.settings import coefficients  # noqa: E402

DAYS, SEED, METALS = 365, 1, 8
RAIN_CM, EVAPORATION_CM = 160.0, 90.0
MANY = 5000
KD = np.geomspace(10.0, 10000.0, METALS)


@dataclass(frozen=True)
class Case:
    """A soil on a grid; seconds a column-year of HYDRUS-1D with water alone, and with one and eight solutes."""

    soil: str
    nodes: int
    water: float
    eight: float


CASES = (
    Case("loam", 41, 0.080, 1.18),
    Case("sandy_loam", 41, 0.076, 1.01),
    Case("clay_loam", 41, 0.217, 2.38),
    Case("loam", 101, 0.210, 2.74),
    Case("sandy_loam", 101, 0.253, 3.53),
    Case("clay_loam", 101, 0.483, 7.33),
)


def weather() -> Weather:
    """A year: rain on a third of the days, a summer of high demand."""
    rng = np.random.default_rng(SEED)
    rain = np.where(rng.random(DAYS) < 0.38, rng.gamma(0.8, 1.0, DAYS), 0.0)
    demand = 1.0 + 0.6 * np.sin(2.0 * np.pi * (np.arange(DAYS) - 100) / 365.0)
    demand *= np.where(rain > 0.0, 0.4, 1.0)
    rain, demand = rain * RAIN_CM / rain.sum(), demand * EVAPORATION_CM / demand.sum()
    return Weather(np.ones(DAYS), rain[None], 0.4 * demand[None], 0.6 * demand[None])


def columns(soils: list[str], nodes: int) -> Columns:
    """A metre of one soil each, with roots to half a metre."""
    names = [hydraulics.TEXTURES.index(soil) for soil in soils]
    of = hydraulics.class_parameters(names, coefficients("vg_classes"))
    depth = np.linspace(0.0, 100.0, nodes)
    return Columns(
        depth,
        np.zeros((len(soils), nodes), dtype=np.int64),
        *(values[:, None] for values in (of.theta_r, of.theta_s, of.alpha, of.n, of.ks)),
        root_density=np.tile(np.maximum(1.0 - depth / 50.0, 0.0), (len(soils), 1)),
    )


def load(many: Columns) -> simulate.Load:
    """Eight metals in the uppermost 20 cm."""
    shape = many.layer.shape
    start = np.where(many.depth_cm <= 20.0, 1.0, 0.0) / KD[:, None, None]
    metals = sorption.metals(np.tile(KD[:, None], (1, shape[1])), diffusion_cm2_d=0.75)
    return simulate.Load(metals, np.full(shape, 1.35), np.full(shape, 5.0), np.broadcast_to(start, (METALS, *shape)))


def quickest(job: Callable[[], object], repeats: int = 3) -> float:
    """CPU time of a job that uses one thread, the least of some. [s]"""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Compile, measure and print."""
    year, days, months = weather(), np.arange(DAYS), np.minimum(np.arange(DAYS) // 30, 11)
    print("seconds a column-year of one core; HYDRUS-1D as measured before")
    print(f"{'':26}{'metalbudget':>12}{'HYDRUS-1D':>11}{'ratio':>8}")
    for case in CASES:
        few = columns([case.soil] * 8, case.nodes)
        state, metals = simulate.initial_state(few, -100.0), load(few)
        simulate.run(few, year, state, months)  # compiles
        for title, theirs, of, interval in (
            ("water", case.water, None, months),
            ("water, 8 metals, days", case.eight, metals, days),
            ("water, 8 metals, months", case.eight, metals, months),
        ):
            ours = quickest(lambda o=of, i=interval, f=few, s=state: simulate.run(f, year, s, i, load=o)) / few.count
            name = f"{case.soil} {case.nodes}, {title}"
            print(f"{name:38}{ours:9.4f}{theirs:9.3f}{theirs / ours:8.1f}", flush=True)
    soils = [("loam", "sandy_loam", "clay_loam", "silt_loam")[index % 4] for index in range(MANY)]
    many = columns(soils, 41)
    state, metals = simulate.initial_state(many, -100.0), load(many)
    seconds = []
    for threads in (1, 2):
        start = time.perf_counter()
        simulate.run(many, year, state, days, load=metals, threads=threads)
        seconds.append(time.perf_counter() - start)
    print(f"{MANY} columns, a year, 8 metals by days: {seconds[0]:.0f} s on one core, {seconds[1]:.0f} s on two")
    print(f"two threads against one: {seconds[0] / seconds[1]:.2f} times as fast")


if __name__ == "__main__":
    main()
