"""Write one soil column and year of a study as a folder that HYDRUS-1D runs as it stands."""

import argparse
from pathlib import Path
from typing import Any

from metalbudget.errors import InputError, InputErrors

_TABLES = ("soil_column", "crop_coefficient", "curve_number", "hydrologic_group", "storm_duration")
MOST_KD_L_KG = 1.0e9
_NEEDED = ("mask.tif", "soil.tif", "elevation.tif", "rain_factor.tif", "district.tif", "districts.csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `metalbudget export-hydrus`."""
    parser.add_argument(
        "--directory", default=".", metavar="STUDY", help="the folder of a study whose inputs are ready"
    )
    parser.add_argument("--configfile", metavar="FILE", help="its configuration (default: what it was run with)")
    parser.add_argument("--list", action="store_true", help="print the study's soils, land uses, zones and years")
    parser.add_argument("--soil", metavar="NAME", help="a texture class of the study")
    parser.add_argument("--landuse", metavar="NAME", help="a land-use class")
    parser.add_argument("--climate", type=int, default=1, metavar="N", help="a climate zone, driest first (default: 1)")
    parser.add_argument(
        "--water-table", choices=("deep", "shallow"), help="groundwater (default: what more cells of the soil have)"
    )
    parser.add_argument("--year", type=int, help="a weather year, or a modelled year (its first weather year)")
    parser.add_argument("--rain-factor", type=float, default=1.0, metavar="X", help="of a scenario (default: 1)")
    parser.add_argument(
        "--kd", type=float, nargs="*", default=[], metavar="KD",
        help="with substances of these sorption strengths [L/kg] in the plough layer, 1 mg/kg each",
    )  # fmt: skip
    parser.add_argument("--out", metavar="DIR", help="a folder that is new or empty")


def run(arguments: argparse.Namespace) -> int:
    """Gather, write, and say what was written."""
    from metalbudget import settings
    from metalbudget.column.regional import Options

    study = Path(arguments.directory)
    missing = [study / "resources" / "harmonised" / name for name in _NEEDED]
    missing = [file for file in missing if not file.is_file()]
    if missing:
        raise InputError(
            "this is no study whose inputs are ready", file=missing[0], found="nothing",
            mend="run the study as far as `forcing`, or correct --directory",
        )  # fmt: skip
    config = _config(study, arguments.configfile)
    tables = {name: settings.coefficients(name) for name in _TABLES}
    options = Options.of(config["water"], "plough_layer", tables["soil_column"])
    distinct = _distinct(study, config, tables, options)
    if arguments.list:
        _list(distinct, config)
        return 0
    for name in ("soil", "landuse", "year", "out"):
        if getattr(arguments, name) is None:
            raise InputError("an argument is missing", where=f"--{name}", mend="--list prints what there is")
    return _export(arguments, study, config, tables, options, distinct)


def _export(
    arguments: argparse.Namespace,
    study: Path,
    config: dict[str, Any],
    tables: dict[str, Any],
    options: Any,
    distinct: Any,
) -> int:
    import numpy as np

    from metalbudget.column import reading
    from metalbudget.column.classes import WATER_TABLES
    from metalbudget.column.hydrus import study as of_study

    out = Path(arguments.out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("the folder is not empty", file=out, where="--out", mend="name a new or empty folder")
    soil = _chosen("--soil", arguments.soil, distinct.soil_names)
    landuse = _chosen("--landuse", arguments.landuse, distinct.tables.classes)
    zones = distinct.climate_factors.size
    if not 1 <= arguments.climate <= zones:
        raise InputError("no such climate zone", where="--climate", found=arguments.climate, expected=f"1 to {zones}")
    if not 0.1 <= arguments.rain_factor <= 10.0:
        raise InputError("a rain factor is out of range", where="--rain-factor", found=arguments.rain_factor,
                         expected="0.1 to 10")  # fmt: skip
    if not all(0.0 <= kd <= MOST_KD_L_KG for kd in arguments.kd):
        raise InputError("a sorption strength is out of range", where="--kd", found=arguments.kd,
                         expected=f"0 to {MOST_KD_L_KG:g} L/kg")  # fmt: skip
    table = int(np.argmax(distinct.pair_cells[soil]))
    if arguments.water_table:
        table = WATER_TABLES.index(arguments.water_table)
    year = _weather_year(config, arguments.year)
    files, station = _weather_files(study, config, year)
    daily = reading.read_daily(files, year, station, config["water"]["rain_within_day"], tables)
    ground = f"{arguments.landuse} on {arguments.soil}, {WATER_TABLES[table]} water table"
    name = f"{ground}, climate zone {arguments.climate}, {year}"
    alone, members = of_study.single(distinct, landuse, soil, arguments.climate - 1, table, arguments.rain_factor)
    seasons = of_study.seasons(
        alone, members, options, daily.hourly_rain, daily.values["et0"], daily.month, arguments.kd, name
    )
    try:
        folders = _write(seasons, name, out)
        lines = _readme(seasons, folders, name, study, distinct, members, options, arguments)
        _put(out / "README.txt", lines)
    except OSError as error:
        raise InputError(
            "the folder cannot be written", file=out, where="--out", found=error.strerror or error,
            mend="name a folder in a place that you may write to",
        ) from error  # fmt: skip
    for folder, season in zip(folders, seasons, strict=True):
        print(
            f"{folder}: {name}, months {season.first_month} to {season.last_month}, {season.weather.days.size} records"
        )
    return 0


def _chosen(argument: str, found: str, names: Any) -> int:
    if found not in names:
        raise InputError("the study has no such class", where=argument, found=found, expected=", ".join(names))
    return list(names).index(found)


def _config(study: Path, file: str | None) -> dict[str, Any]:
    """The settings a study was run with, or those of a file over the default ones."""
    from metalbudget import inputs, settings

    ran, own = study / "results" / "run_config.yaml", study / "config.yaml"
    if file is not None and not Path(file).is_file():
        raise InputError("the configuration is not there", file=file, where="--configfile")
    # a study that an older version ran may lack keys, which the defaults then have
    over = [Path(file)] if file is not None else [path for path in (ran, own) if path.is_file()][:1]
    config = settings.load(settings.REPOSITORY / "config" / "config.yaml", *over)
    problems = inputs.schema_problems(config, settings.WORKFLOW / "schemas" / "config.schema.json")
    if problems:
        raise problems[0] if len(problems) == 1 else InputErrors(problems)
    return config


def _distinct(study: Path, config: dict[str, Any], tables: dict[str, Any], options: Any) -> Any:
    """The study's columns as its engines take them."""
    from metalbudget import io
    from metalbudget.column import reading
    from metalbudget.column.region import columns_of
    from metalbudget.settings import raw_folder

    harmonised = study / "resources" / "harmonised"
    grid = io.read_grid(harmonised / "mask.tif")
    columns = columns_of(
        {name: grid.compress(band) for name, band in io.read_bands(harmonised / "soil.tif", grid).items()},
        io.read_raster(harmonised / "elevation.tif", grid),
        grid.compress(io.read_raster(harmonised / "rain_factor.tif", grid)),
        grid.land,
        grid.cell_m,
        config["water"],
        tables,
    )
    irrigation = reading.read_irrigation(
        study / raw_folder(config) / "agriculture.csv", harmonised / "districts.csv", harmonised / "district.tif", grid
    )
    return columns.distinct(irrigation, config["water"]["rain_factors"], tables, options)


def _weather_year(config: dict[str, Any], year: int) -> int:
    own = [int(known) for known in config["weather"]["years"]]
    seen = {int(key): years for key, years in config["weather"]["of_year"].items() if years}
    if year in own:
        return year
    if year not in seen:
        raise InputError(
            "the study has no weather for this year",
            where="--year",
            found=year,
            expected=", ".join(map(str, sorted({*own, *seen}))),
        )
    return int(seen[year][0])


def _weather_files(study: Path, config: dict[str, Any], year: int) -> tuple[list[Path], Any]:
    from metalbudget import weather_files
    from metalbudget.settings import raw_folder

    folder = study / raw_folder(config) / "weather"
    table, epw = folder / f"{year}.csv", folder / f"{year}.epw"
    files = [epw, folder / f"{year}_rain.csv"] if epw.exists() and not table.exists() else [table]
    return files, weather_files.read_station(folder / "station.csv")


def _list(distinct: Any, config: dict[str, Any]) -> None:
    from metalbudget.column.classes import WATER_TABLES

    print("soil                 cells by water table: " + ", ".join(WATER_TABLES))
    for name, cells in zip(distinct.soil_names, distinct.pair_cells, strict=True):
        print(f"  {name:<18} " + ", ".join(f"{count}" for count in cells))
    print("land use             " + ", ".join(distinct.tables.classes))
    zones = (
        f"{number} (rain {factor:.3f} of the station's)" for number, factor in enumerate(distinct.climate_factors, 1)
    )
    print("climate              " + ", ".join(zones))
    print("year                 " + ", ".join(str(year) for year in config["weather"]["years"]))


def _write(seasons: Any, name: str, out: Path) -> list[Path]:
    """Input files of each season in a folder of its own, or in `out` where there is one season."""
    import numpy as np

    from metalbudget.column.hydrus import write

    texts = []
    for season in seasons:
        days = np.arange(1.0, round(float(season.weather.days.sum())) + 1.0)
        texts.append(
            write.files(
                write.Run(name, season.columns, 0, season.head_cm, season.weather, 0, days, season.load, every_d=1.0)
            )
        )
    folders = []
    for season, files in zip(seasons, texts, strict=True):
        folder = out / f"months_{season.first_month:02d}_{season.last_month:02d}" if len(seasons) > 1 else out
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            _put(folder / file, text.splitlines())
        folders.append(folder)
    return folders


def _put(file: Path, lines: Any) -> None:
    from metalbudget import io

    with io.replacing(file) as part:
        Path(part).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _readme(
    seasons: Any, folders: Any, name: str, study: Path, distinct: Any, members: Any, options: Any, arguments: Any
) -> list[str]:
    """What the folder holds, how it is run, and what our own engine says."""
    soil = int(members.soil[0])
    factor = distinct.climate_factors[arguments.climate - 1] * arguments.rain_factor
    lines = [
        f"Soil column of the study {study.resolve().name}: {name}.",
        "",
        "SELECTOR.IN  soil, steps, print times (days), uptake by roots, and metals if there are any",
        "PROFILE.DAT  nodes: head at the start (from our own engine after years of the same weather), materials, roots",
        "ATMOSPH.IN   records from when rain begins to when it ends: what reaches the soil, potential evaporation and",
        "             transpiration",
        "",
        "Units: cm, days, ug cm-2; mg L-1 in water, mg kg-1 on soil, Kd in L kg-1. Depths are negative downwards.",
        f"Rain is that of the station times {factor:.4f}, with irrigation, less what the canopy holds"
        + (" and the curve number sheds." if options.runoff == "curve_number" else "."),
        f"Bulk density {distinct.bulk_density[soil] / 1000.0:.3f} g cm-3.",
    ]
    if arguments.kd:
        kd = ", ".join(f"{value:g}" for value in arguments.kd)
        lines.append(f"Substances in the plough layer, 1 mg kg-1 each at the start of the year: Kd {kd} L kg-1.")
    if len(folders) > 1:
        lines += [
            "Bunds and plough pan change in the year, which one run of HYDRUS-1D cannot: a folder for each season.",
        ]
    lines += [
        "",
        "With HYDRUS-1D 4 (its calculation module; folder as argument, or named in LEVEL_01.DIR where it is called):",
        "    hydrus FOLDER",
        "It writes T_LEVEL.OUT (sums), NOD_INF.OUT (nodes), BALANCE.OUT (look at WatBalT: it goes on after steps that",
        "did not converge) and others.",
        "",
        "metalbudget on the same numbers [cm]:",
    ]
    for season in seasons:
        terms = ", ".join(f"{term} {value:.3f}" for term, value in season.terms_cm.items())
        lines.append(f"  months {season.first_month} to {season.last_month}: {terms}")
    return lines
