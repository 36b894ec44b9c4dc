"""Write one source and year of a study as a folder that AERMOD runs as it stands."""

import argparse
from pathlib import Path
from typing import Any

from metalbudget.errors import InputError

# An area source becomes so many squares at most; more would take AERMOD days.
_MOST_SQUARES = 400


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `metalbudget export-aermod`."""
    parser.add_argument("study", metavar="STUDY", help="the folder of a study that has been run")
    parser.add_argument("--source", required=True, metavar="NAME", help="a source_id of the study")
    parser.add_argument("--year", required=True, type=int, help="a modelled year")
    parser.add_argument("--weather-year", type=int, help="weather year (default: the first that the year sees)")
    parser.add_argument("--metal", help="emit this metal as the study does (default: 1 g/s of each class)")
    parser.add_argument("--out", required=True, metavar="DIR", help="a folder that is new or empty")
    parser.add_argument(
        "--receptors", choices=("polar", "cells"), default="polar", help="rings, or the study's cells (default: polar)"
    )
    parser.add_argument("--within-m", type=float, default=50000.0, help="farthest receptor (default: 50000)")
    parser.add_argument("--terrain", action="store_true", help="with the study's elevations (default: flat)")
    parser.add_argument("--hourly", action="store_true", help="a value for each hour, not only for the year")


def run(arguments: argparse.Namespace) -> int:
    """Gather, write, and say what was written."""
    from metalbudget.dispersion import export
    from metalbudget.dispersion.case import Options
    from metalbudget.dispersion.reading import gas_surface
    from metalbudget.meteorology import aermet_files
    from metalbudget.settings import coefficients

    study, out = Path(arguments.study), Path(arguments.out)
    _check_folders(study, out)
    config = _config(study)
    weather_year = arguments.weather_year or _weather_year(config, arguments.year)
    hours, observations, height = _weather(study, config, weather_year)
    base, place = _base(study, config, arguments.source)
    sources, groups, emitted = _emitting(study, config, arguments, base, hours.size)
    receptors, sources = _receptors(study, arguments, place, sources)
    options = Options(
        terrain=arguments.terrain,
        deposition=True,
        base_elevation_m=height if arguments.terrain else 0.0,
        gas_surface=gas_surface(coefficients("dispersion")),
    )
    name = arguments.source if arguments.source.replace("_", "").replace("-", "").isalnum() else "source"
    lines = export.runstream(
        sources,
        receptors,
        options,
        title=f"{arguments.source} {arguments.year}, {arguments.metal or 'unit emission'}, weather of {weather_year}",
        surface_file=f"{name}.sfc",
        profile_file=f"{name}.pfl",
        surface_year=weather_year,
        averaging=("1", "PERIOD") if arguments.hourly else ("MONTH", "PERIOD"),
        groups=groups,
    )
    deck = list(lines)
    out.mkdir(parents=True, exist_ok=True)
    aermet_files.write_surface(out / f"{name}.sfc", hours)
    aermet_files.write_profile(out / f"{name}.pfl", hours, observations)
    from metalbudget.commands.disperse import write

    write(out / f"{name}.inp", deck)
    write(out / "README.txt", _readme(arguments, name, weather_year, emitted))
    print(
        f"{out}: {len(sources)} source(s), {receptors.x_m.size} receptors, {hours.size} hours of {weather_year} "
        f"({int(hours.calm.sum())} calm, {int(hours.missing.sum())} missing)"
    )
    return 0


def _check_folders(study: Path, out: Path) -> None:
    needed = study / "resources" / "harmonised" / "sources.csv"
    if not needed.is_file():
        raise InputError(
            "this is no study that has been run",
            file=needed,
            found="nothing",
            mend="run the study first, or correct STUDY",
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("the folder is not empty", file=out, where="--out", mend="name a new or empty folder")


def _config(study: Path) -> dict[str, Any]:
    """The settings a study was run with."""
    from metalbudget import settings

    ran = study / "results" / "run_config.yaml"
    if ran.is_file():
        return settings.load(ran)
    own = study / "config.yaml"
    return settings.load(settings.REPOSITORY / "config" / "config.yaml", *([own] if own.is_file() else []))


def _weather_year(config: dict[str, Any], year: int) -> int:
    of_year = {int(key): seen for key, seen in config["weather"]["of_year"].items()}
    seen = of_year.get(year) or ([year] if year in config["weather"]["years"] else [])
    if not seen:
        raise InputError(
            f"the study has no weather for {year}",
            where="--year",
            expected=", ".join(str(key) for key, value in sorted(of_year.items()) if value),
        )
    return int(seen[0])


def _weather(study: Path, config: dict[str, Any], year: int):
    """Hours and observations of a weather year, and the station's elevation."""
    from metalbudget import weather_files
    from metalbudget.meteorology.station import study_hours
    from metalbudget.settings import coefficients, raw_folder

    folder = study / raw_folder(config) / "weather"
    table = folder / f"{year}.csv"
    epw = folder / f"{year}.epw"
    files = [epw, folder / f"{year}_rain.csv"] if epw.exists() and not table.exists() else [table]
    station = weather_files.read_station(folder / "station.csv")
    hours, observations = study_hours(
        weather_files.read(files, year, station),
        station,
        year,
        config["dispersion"]["rural_surface_roughness_m"],
        coefficients("boundary_layer"),
    )
    return hours, observations, station["elevation_m"]


def _base(study: Path, config: dict[str, Any], name: str):
    """The source with an emission of one, and where it lies."""
    import numpy as np

    from metalbudget import io
    from metalbudget.dispersion import study_source
    from metalbudget.settings import coefficients, raw_folder

    harmonised = study / "resources" / "harmonised"
    stacks = io.read_table(harmonised / "sources.csv", text=("source_id",))
    names = [str(value) for value in stacks["source_id"]]
    if name in names:
        source = study_source.stack("S1", stacks, names.index(name))
        return [source], (source.x_m, source.y_m)
    areas = io.read_table(study / raw_folder(config) / "area_sources.csv", text=("source_id",))
    spread = [str(value) for value in areas["source_id"]]
    if name not in spread:
        raise InputError(
            "the study has no such source", where="--source", found=name, expected=", ".join(names + spread)
        )
    grid = io.read_grid(harmonised / "mask.tif")
    weights = io.read_bands(harmonised / "surrogates.tif", grid)[name]
    height = float(areas["release_height_m"][spread.index(name)])
    spread_m = coefficients("dispersion")["area_spread_per_height"] * height
    cells = study_source.cells(weights, grid, height, spread_m, _MOST_SQUARES)
    share = np.array([cell.emission for cell in cells])
    centre = (
        float(np.average([cell.x_m for cell in cells], weights=share)),
        float(np.average([cell.y_m for cell in cells], weights=share)),
    )
    return cells, centre


def _emitting(study: Path, config: dict[str, Any], arguments: argparse.Namespace, base, hours: int):
    """AERMOD's sources, their groups, and a line that says what they emit."""
    from metalbudget import io
    from metalbudget.dispersion import study_source
    from metalbudget.settings import coefficients

    particle_class, gas_deposition = coefficients("particle_class"), coefficients("gas_deposition")
    classes = list(dict.fromkeys(key.split("/")[0] for key in particle_class))
    if arguments.metal is None:
        particles = [name for name in classes if particle_class[f"{name}/kind"] == "particle"]
        deposits = study_source.substances(particles, particle_class, gas_deposition)
        sources = study_source.unit_emissions(base, deposits)
        groups = {
            name.upper().replace(".", "_"): [index for index in range(len(sources)) if index // len(base) == number]
            for number, name in enumerate(deposits)
        }
        return sources, groups, f"1 g/s of each size class by itself; groups: {', '.join(groups)}"
    file = study / "results" / "emissions" / f"{arguments.metal}.csv"
    if not file.is_file():
        raise InputError("the study has no emissions of this metal", file=file, where="--metal", found=arguments.metal)
    table = io.read_table(file, text=("source_id", "class"))
    chosen = [
        row
        for row, (name, year) in enumerate(zip(table["source_id"], table["year"], strict=True))
        if str(name) == arguments.source and int(year) == arguments.year
    ]
    if not chosen:
        years = sorted({int(year) for year in table["year"]})
        raise InputError(
            f"{arguments.source} emits nothing in {arguments.year}", file=file, expected=", ".join(map(str, years))
        )
    kg = {str(table["class"][row]): float(table["kg"][row]) for row in chosen}
    emitting = [name for name, value in kg.items() if value > 0.0]
    deposits = study_source.substances(emitting, particle_class, gas_deposition)
    left = sum(value for name, value in kg.items() if name not in deposits)
    rates = {name: study_source.rate_g_s(kg[name], hours) for name in deposits}
    sources = study_source.by_class(base, rates, deposits)
    if not sources:
        raise InputError(f"nothing that {arguments.source} emits deposits", file=file, where=f"year {arguments.year}")
    emitted = f"{sum(kg[name] for name in deposits):.6g} kg of {arguments.metal} in the year, spread evenly over it"
    return sources, {}, emitted + (f"; {left:.6g} kg more do not deposit and are left out" if left > 0.0 else "")


def _receptors(study: Path, arguments: argparse.Namespace, place: tuple[float, float], sources):
    """Receptors, and the sources with their base elevation."""
    from dataclasses import replace

    import numpy as np

    from metalbudget import io
    from metalbudget.dispersion import study_source
    from metalbudget.dispersion.case import Receptors

    if not arguments.within_m > 1.0:
        raise InputError("the farthest receptor is too near", where="--within-m", found=arguments.within_m)
    harmonised = study / "resources" / "harmonised"
    grid = io.read_grid(harmonised / "mask.tif")
    if arguments.receptors == "polar":
        x, y = study_source.polar_receptors(*place, arguments.within_m)
    else:
        x, y = study_source.cell_receptors(grid, *place, arguments.within_m)
    if not arguments.terrain:
        return study_source.flat_receptors(x, y), sources
    from metalbudget.dispersion.hill_height import hill_heights

    west, south, east, north = grid.bounds
    inside = (x > west) & (x < east) & (y > south) & (y < north)
    if not inside.any():
        raise InputError("no receptor lies on the study's terrain", where="--within-m", found=arguments.within_m)
    x, y = x[inside], y[inside]
    elevation = np.nan_to_num(io.read_raster(harmonised / "elevation.tif", grid))
    ground, hill = hill_heights(elevation, grid.x_min, grid.y_max, grid.cell_m, x, y, sea_level_m=0.0)
    ground, hill = np.round(ground, 2), np.round(hill, 2)
    positions = [(source.x_m, source.y_m) for source in sources]
    columns = np.clip(((np.array(positions)[:, 0] - west) / grid.cell_m).astype(int), 0, grid.width - 1)
    rows = np.clip(((north - np.array(positions)[:, 1]) / grid.cell_m).astype(int), 0, grid.height - 1)
    based = [
        replace(source, base_elevation_m=float(elevation[row, column]))
        for source, row, column in zip(sources, rows, columns, strict=True)
    ]
    return Receptors(x, y, ground, np.maximum(hill, ground), np.zeros(x.size)), based


def _readme(arguments: argparse.Namespace, name: str, weather_year: int, emitted: str) -> list[str]:
    """What the folder holds and how it is run."""
    return [
        f"Source {arguments.source} of the study {Path(arguments.study).resolve().name}, year {arguments.year}, "
        f"weather of {weather_year}.",
        f"Emission: {emitted}.",
        "",
        f"{name}.inp   the runstream",
        f"{name}.sfc   hourly surface data, {name}.pfl hourly profile data, as AERMET writes them",
        "",
        "With EPA's program, in this folder:",
        f"    aermod {name}.inp {name}.out",
        "With metalbudget:",
        f"    metalbudget disperse {name}.inp --out {name}.csv",
        "",
        "PERIOD values: concentration is the mean over valid hours [ug/m3], depositions are sums [g/m2].",
    ]
