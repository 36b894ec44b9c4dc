"""Dispersion against EPA's AERMOD: source-receptor-hours a CPU second, and their ratios (under three minutes).

METALBUDGET_AERMOD names an AERMOD executable, which then runs the same on fewer hours. Without it the rates stand that
were measured for this project: AERMOD 23132 built with gfortran -O2, one core, a year.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from metalbudget import kernel_cache

kernel_cache.use()

import numpy as np  # noqa: E402
from metalbudget import weather_files  # noqa: E402
from metalbudget.demo.climate import hourly_weather  # noqa: E402
from metalbudget.dispersion import export, model, relief  # noqa: E402
from metalbudget.dispersion.case import FineFraction, Options, Receptors, SizeClasses, Source  # noqa: E402
from metalbudget.dispersion.reading import gas_surface  # noqa: E402
from metalbudget.dispersion.release import Release, Weather  # noqa: E402
from metalbudget.grid import Grid  # noqa: E402
from metalbudget.meteorology import aermet_files  # noqa: E402
from metalbudget.meteorology.hours import ProfileObservations  # noqa: E402
from metalbudget.meteorology.station import study_hours  # noqa: E402
from metalbudget.settings import coefficients  # noqa: E402

YEAR, SEED = 2019, 1
STATION = {
    "longitude_deg": 121.4,
    "latitude_deg": 28.6,
    "elevation_m": 5.0,
    "anemometer_height_m": 10.0,
    "utc_offset_h": 8.0,
}
ROUGHNESS_M = 0.15
STACKS = 30
DAYS = np.arange(24 * 120, 24 * 124)  # what AERMOD runs of the year
MEAN_DIAMETER = FineFraction(0.6, 5.0)
FIVE_SIZES = SizeClasses((0.5, 1.5, 3.5, 7.0, 15.0), (0.2,) * 5, (1.0,) * 5)
STACK = Source("S1", "point", 1.0, 0.0, 0.0, 60.0, 0.0, 400.0, 10.0, 2.0)


@dataclass(frozen=True)
class Case:
    """A calculation for both programs.

    Parameters
    ----------
    name : str
    substance : FineFraction, SizeClasses or None
    terrain : bool
    side : int
        Receptors stand in a square of so many a side.
    every : int
        Our engine takes every so-manyeth hour of the year.
    rate : float
        AERMOD's, measured for this project. [million source-receptor-hours a CPU second]
    """

    name: str
    substance: FineFraction | SizeClasses | None
    terrain: bool
    side: int
    every: int
    rate: float


CASES = (
    Case("METHOD_2, flat", MEAN_DIAMETER, False, 100, 1, 0.19),
    Case("METHOD_1 of five sizes, flat", FIVE_SIZES, False, 100, 1, 0.048),
    Case("concentration only, flat", None, False, 100, 1, 0.65),
    Case("METHOD_2, elevated", MEAN_DIAMETER, True, 100, 1, 0.14),
    Case("METHOD_1 of five sizes, elevated", FIVE_SIZES, True, 100, 1, 0.032),
    Case("concentration only, elevated", None, True, 100, 1, 0.4),
)


def weather():
    """A generated year."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = hourly_weather(YEAR, STATION["longitude_deg"], STATION["latitude_deg"], STATION["elevation_m"], SEED)
        file = Path(folder) / f"{YEAR}.csv"
        rows = [",".join(drawn), *(",".join(map(str, row)) for row in zip(*drawn.values(), strict=True))]
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
        hourly = weather_files.read([file], YEAR)
    return study_hours(hourly, STATION, YEAR, ROUGHNESS_M, coefficients("boundary_layer"))


def receptors(side: int, terrain: bool) -> Receptors:
    """A square of 20 km around the source, with hills to the north-east if there is terrain."""
    axis = (np.arange(side) + 0.5) * 20000.0 / side - 10000.0
    east, north = (line.ravel() for line in np.meshgrid(axis, axis))
    zero = np.zeros(east.size)
    if not terrain:
        return Receptors(east, north, zero, zero, zero)
    height = 200.0 * np.exp(-((east - 4000.0) ** 2 + (north - 4000.0) ** 2) / (2.0 * 3000.0**2))
    height = np.round(height, 1)
    return Receptors(east, north, height, np.maximum(height, 100.0), zero)


def options_of(case: Case) -> Options:
    """With deposition wherever something deposits."""
    return Options(terrain=case.terrain, deposition=case.substance is not None)


def quickest(job: Callable[[], object], repeats: int = 2) -> float:
    """CPU time of a job that uses one thread, the least of some. [s]"""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return min(times)


def our_rate(case: Case, hours, observations) -> float:
    """[million source-receptor-hours a CPU second]"""
    places = receptors(case.side, case.terrain)
    used = np.arange(hours.size) % case.every == 0
    source = replace(STACK, substance=case.substance)
    seconds = quickest(
        lambda: model.run([source], places, hours, observations, options_of(case), hours_used=used, threads=1)
    )
    return 1.0e-6 * places.x_m.size * used.sum() / seconds


def their_rate(program: Path, case: Case, hours, observations) -> float:
    """Of the program itself, on the same receptors and `DAYS` of the year. [as `our_rate`]"""
    places = receptors(case.side, case.terrain)
    few = hours.take(DAYS)
    seen = ProfileObservations(*(getattr(observations, field.name)[DAYS] for field in fields(observations)))
    source = replace(STACK, substance=case.substance)
    lines = list(
        export.runstream(
            [source],
            places,
            options_of(case),
            title=case.name,
            surface_file="a.sfc",
            profile_file="a.pfl",
            surface_year=YEAR,
            outputs=("conc", "ddep", "wdep") if case.substance is not None else ("conc",),
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        aermet_files.write_surface(place / "a.sfc", few)
        aermet_files.write_profile(place / "a.pfl", few, seen)
        (place / "deck.inp").write_text("\n".join(lines) + "\n", encoding="utf-8")
        before = os.times()
        subprocess.run([str(program), "deck.inp", "deck.out"], cwd=place, check=True, capture_output=True)
        after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    return 1.0e-6 * places.x_m.size * few.size / seconds


def stacks() -> list[Release]:
    """Stacks of many heights."""
    rng = np.random.default_rng(SEED)
    heights, diameters = rng.uniform(20.0, 200.0, STACKS), rng.uniform(0.8, 5.0, STACKS)
    return [
        Release(f"F{number}", float(height), float(diameter), 400.0, 12.0)
        for number, (height, diameter) in enumerate(zip(heights, diameters, strict=True))
    ]


def tables_of(hours, observations) -> Weather:
    """The operator's tables for all classes, as a study makes them."""
    rows = {name: coefficients(name) for name in ("dispersion", "particle_class", "gas_deposition")}
    classes = list(dict.fromkeys(key.split("/")[0] for key in rows["particle_class"]))
    dispersion = {"max_distance_m": 50000.0, "bearings": 180, "hours": "all"}
    return Weather(hours, observations, classes, dispersion, rows, gas_surface(rows["dispersion"]))


def country() -> relief.Relief:
    """Levels and hills of a stack on a plain with ridges of 600 m around it."""
    side, cell_m = 200, 500.0
    half = 0.5 * side * cell_m
    grid = Grid("EPSG:32651", -half, half, cell_m, side, side, np.ones((side, side), dtype=bool))
    east, north = np.meshgrid(grid.x, grid.y)
    height = 600.0 * (1.0 - np.exp(-((np.hypot(east, north) / 15000.0) ** 2))) * np.sin(east / 4000.0) ** 2
    around = relief.relief_around(relief.ground_of(np.round(height, 1), grid), grid, 0.0, 0.0, 50000.0)
    assert around is not None
    return around


def main() -> None:
    """Compile, measure and print."""
    hours, observations = weather()
    program = Path(os.environ["METALBUDGET_AERMOD"]) if "METALBUDGET_AERMOD" in os.environ else None
    for case in CASES:  # compiles
        our_rate(replace(case, every=4000), hours, observations)
    print(f"million source-receptor-hours a CPU second; AERMOD {'as run now' if program else 'as measured before'}")
    print(f"{'':34}{'metalbudget':>12}{'AERMOD':>9}{'ratio':>9}")
    for case in CASES:
        ours = our_rate(case, hours, observations)
        theirs = their_rate(program, case, hours, observations) if program else case.rate
        print(f"{case.name:34}{ours:12.3f}{theirs:9.3f}{ours / theirs:9.1f}", flush=True)
    source = replace(STACK, substance=FIVE_SIZES)
    for terrain in (False, True):
        places, options = receptors(100, terrain), Options(terrain=terrain, deposition=True)
        seconds = []
        for threads in (1, 2):
            start = time.perf_counter()
            model.run([source], places, hours, observations, options, threads=threads)
            seconds.append(time.perf_counter() - start)
        ratio = seconds[0] / seconds[1]
        print(f"two threads against one, METHOD_1 {'elevated' if terrain else 'flat'}: {ratio:.2f} times as fast")
    through = tables_of(hours, observations)
    for around in (None, country()):
        through.table(stacks()[0], around)
        start = time.process_time()
        for release in stacks():
            through.table(release, around)
        seconds = time.process_time() - start
        where = "among hills" if around is not None else "level ground"
        print(f"tables of a year, {STACKS} stacks of six classes, {where}: {seconds:.1f} s of one core")


if __name__ == "__main__":
    main()
