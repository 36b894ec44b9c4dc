"""Configuration and coefficients: read, merged and checked; plain Python values only."""

import copy
import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metalbudget.errors import InputError, nearest

WORKFLOW = Path(__file__).resolve().parents[2]
REPOSITORY = WORKFLOW.parent
PARAMETERS = REPOSITORY / "resources" / "parameters"
PERCENT_FROM = 10.0  # a series of factors that never falls below it is percent
EVIDENCE = ("value", "unit", "low", "high", "source", "verified")


def load(*paths: str | Path) -> dict[str, Any]:
    """Read YAML files and merge them: later ones win, mappings merge, lists replace."""
    import yaml

    merged: dict[str, Any] = {}
    for path in paths:
        if not Path(path).is_file():
            raise InputError(
                "the configuration file does not exist",
                file=path,
                found="a folder" if Path(path).is_dir() else "nothing",
                expected="a YAML file",
                mend="correct the path; it is relative to where you type",
            )
        with open(path, encoding="utf-8") as source:
            try:
                content = yaml.load(source, _strict_loader(path)) or {}
            except (yaml.YAMLError, UnicodeDecodeError) as error:
                place = getattr(error, "problem_mark", None)
                raise InputError(
                    "the file is not valid YAML",
                    file=path,
                    where=f"line {place.line + 1}" if place else None,
                    found=getattr(error, "problem", None) or error,
                    expected="mappings of `key: value`, indented by blanks",
                    mend="close brackets and quotes, indent with blanks and not with tabs",
                ) from error
        if not isinstance(content, dict):
            raise InputError(
                "the file holds no mapping",
                file=path,
                found=type(content).__name__,
                expected="keys and their values, such as `study: {title: ...}`",
                mend="begin each line with a key and a colon",
            )
        _refuse_what_is_no_number(content, path)
        merged = merge(merged, content)
    return merged


def _refuse_what_is_no_number(value: Any, path: str | Path, where: str = "") -> None:
    """Refuse .nan and .inf, which no comparison with a limit would notice."""
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError("a setting is not a number", file=path, where=where, found=value, expected="a finite number")
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        _refuse_what_is_no_number(part, path, f"{where}.{key}".lstrip("."))


def _strict_loader(path: str | Path) -> Any:
    """A safe YAML loader that refuses a key that stands twice in one mapping."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def mapping(loader: Any, node: Any) -> dict[Any, Any]:
        keys = [loader.construct_object(key) for key, _ in node.value]
        for key, (place, _) in zip(keys, node.value, strict=True):
            if keys.count(key) > 1:
                raise InputError(
                    f"the key {key!r} stands twice in one mapping",
                    file=path,
                    where=f"line {place.start_mark.line + 1}",
                    expected="each key once",
                    mend="put both parts under one key",
                )
        return loader.construct_mapping(node, deep=True)

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    return Loader


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Overlay one mapping on another; nested mappings merge, everything else is replaced."""
    result = dict(copy.deepcopy(base))
    for key, value in overlay.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merge(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def coefficients(
    table: str, metal: str | None = None, field: str = "value", folder: str | Path = PARAMETERS, **filters: str
) -> dict[str, Any]:
    """Rows of a parameter table as a mapping, in plain floats and text.

    Parameters
    ----------
    table : str
        Name of a table in ``resources/parameters``, without ``.csv``.
    metal : str, optional
        Keep the rows of this metal and those for ``all`` metals.
    field : str
        Which column to return: value, unit, low, high, source or verified.
    **filters
        Keep rows whose index column has this value.

    Returns
    -------
    dict
        Key: the remaining index values joined by ``/``.
    """
    path = Path(folder) / f"{table}.csv"
    if not path.exists():
        raise InputError("there is no such parameter table", file=path)
    wanted = dict(filters)
    if metal is not None:
        wanted["metal"] = metal
    result: dict[str, Any] = {}
    with open(path, newline="", encoding="utf-8-sig") as source:
        reader = csv.DictReader(source)
        header = reader.fieldnames or []
        missing = [name for name in EVIDENCE if name not in header]
        if missing:
            raise InputError("the parameter table lacks columns", file=path, expected=", ".join(missing))
        index = [name for name in header if name not in EVIDENCE]
        absent = [name for name in wanted if name not in index]
        if absent:
            raise ValueError(f"{path.name} has no index column {absent}; it has {index}")
        for row in reader:
            if all(row[name] in (value, "all", "") for name, value in wanted.items()):
                key = "/".join(row[name] for name in index if name not in wanted)
                specific = all(row[name] == value for name, value in wanted.items())
                if key not in result or specific:
                    result[key] = _plain(row[field])
    return result


def table_problems(folder: str | Path = PARAMETERS) -> list[InputError]:
    """What cannot be in the parameter tables, row by row.

    Parameters
    ----------
    folder : path

    Returns
    -------
    list of InputError
        A value that is no number or outside its own row's range, a row that stands twice or has too few fields, a
        column that is missing, a file that is no text.
    """
    problems: list[InputError] = []
    for path in sorted(Path(folder).glob("*.csv")):
        try:
            with open(path, newline="", encoding="utf-8-sig") as source:
                rows = list(csv.reader(source))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            problems.append(InputError("the parameter table cannot be read", file=path, found=error))
            continue
        header = rows[0] if rows else []
        missing = [name for name in EVIDENCE if name not in header]
        if missing:
            problems.append(
                InputError("the parameter table lacks columns", file=path, found=header, expected=", ".join(missing))
            )
            continue
        known: dict[tuple[str, ...], int] = {}
        index = [place for place, name in enumerate(header) if name not in EVIDENCE]
        for number, row in enumerate(rows[1:], 2):
            if not row:
                continue
            where = f"row {number}"
            if len(row) != len(header):
                problems.append(
                    InputError(
                        "a row has another number of fields than the header",
                        file=path,
                        where=where,
                        found=len(row),
                        expected=len(header),
                    )
                )
                continue
            key = tuple(row[place] for place in index)
            if key in known:
                found = "/".join(key)
                problems.append(
                    InputError(f"the row stands in row {known[key]} already", file=path, where=where, found=found)
                )
            known[key] = number
            problems += _row_problems(dict(zip(header, row, strict=True)), path, f"{where}, {'/'.join(key)}")
    return problems


def _row_problems(row: Mapping[str, str], path: Path, where: str) -> list[InputError]:
    """A value that is no number, or outside the range that its row gives."""
    if row["unit"] == "text":
        return []
    numbers = {name: _plain(row[name]) for name in ("value", "low", "high") if row[name] or name == "value"}
    for name, value in numbers.items():
        if isinstance(value, str) or not math.isfinite(value):
            return [
                InputError("not a number", file=path, where=f"{where}, {name}", found=row[name] or "nothing",
                           expected=f"a number [{row['unit']}]")
            ]  # fmt: skip
    low, high = numbers.get("low", -math.inf), numbers.get("high", math.inf)
    if not low <= numbers["value"] <= high:  # type: ignore[operator]
        return [
            InputError(
                "a coefficient lies outside its own range", file=path, where=where, found=row["value"],
                expected=f"{row['low'] or 'anything'} to {row['high'] or 'anything'}",
                mend="correct the value, or give low and high of the source it has now",
            )
        ]  # fmt: skip
    return []


def _plain(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def scenarios_path(config: Mapping[str, Any], study: str | Path) -> Path:
    """The scenarios file: in the study folder if it is there, else beside the workflow.

    Raises
    ------
    InputError
        If it is in neither.
    """
    name = str(config["scenarios_file"])
    for path in (Path(study) / name, REPOSITORY / name):
        if path.is_file():
            return path
    raise InputError(
        "the scenarios file does not exist",
        file="configuration",
        where="scenarios_file",
        found=f"no {name} in {Path(study).resolve()}, nor beside the workflow",
        expected="a YAML file, relative to the study folder",
        mend="correct the name, or leave the key out: then config/scenarios.yaml is taken",
    )


def raw_folder(config: Mapping[str, Any]) -> str:
    """Where the raw inputs stand, relative to the study folder or absolute."""
    return str(config["region"]["folder"]).rstrip("/")


def scenario_landuse(scenarios: Mapping[str, Any], selected: list[str]) -> dict[str, dict[int, str]]:
    """Dated land-use rasters of each selected scenario, as ``set/date`` names."""
    result: dict[str, dict[int, str]] = {}
    for name in selected:
        dated = scenarios[name]["landuse"]
        result[name] = {
            int(date): "/".join(Path(file).with_suffix("").parts[-2:]) for date, file in sorted(dated.items())
        }
    return result


def _executable(section: str, chosen: Mapping[str, Any], engine: str, maker: str, program: str, study) -> Path:
    """A program of the user's, as a section of the configuration names it."""
    path = Path(study) / str(chosen["executable"])
    if not chosen["executable"] or not path.is_file():
        raise InputError(
            f"the engine {engine} needs {maker} program, which is not there",
            file="configuration",
            where=f"{section}.executable",
            found=chosen["executable"] or "an empty value",
            expected=f"the path of {program} executable, absolute or from the study folder",
            mend=f"give the path, or set {section}.engine to metalbudget",
        )
    return path


def aermod_executable(dispersion: Mapping[str, Any], study: str | Path = ".") -> Path:
    """The user's AERMOD, for the engine aermod; jobs run in the study folder.

    Raises
    ------
    InputError
        If there is no such file.
    """
    return _executable("dispersion", dispersion, "aermod", "EPA's", "an AERMOD", study)


def hydrus_executable(leaching: Mapping[str, Any], study: str | Path = ".") -> Path:
    """The user's HYDRUS-1D, for the engine hydrus1d; jobs run in the study folder.

    Raises
    ------
    InputError
        If there is no such file.
    """
    return _executable("leaching", leaching, "hydrus1d", "HYDRUS-1D's", "a HYDRUS-1D", study)


def check(config: Mapping[str, Any], scenarios: Mapping[str, Any], study: str | Path = ".") -> list[InputError]:
    """Problems that a schema cannot see: keys that must agree with each other, and the program that is named."""
    problems: list[InputError] = []
    if config["dispersion"]["engine"] == "aermod":
        try:
            aermod_executable(config["dispersion"], study)
        except InputError as error:
            problems.append(error)
        if config["dispersion"]["terrain"] != "flat":
            problems.append(
                InputError(
                    "the engine aermod computes a study's operator on flat ground",
                    file="configuration",
                    where="dispersion.terrain",
                    found=config["dispersion"]["terrain"],
                    expected="flat",
                    mend="set dispersion.terrain to flat, or dispersion.engine to metalbudget",
                )
            )

    if config["leaching"]["engine"] == "hydrus1d":
        try:
            hydrus_executable(config["leaching"], study)
        except InputError as error:
            problems.append(error)
        if config["leaching"]["outflow"] != "plough_layer":
            problems.append(
                InputError(
                    "the engine hydrus1d leaches a plough layer by itself",
                    file="configuration",
                    where="leaching.outflow",
                    found=config["leaching"]["outflow"],
                    expected="plough_layer",
                    mend="set leaching.outflow to plough_layer, or leaching.engine to metalbudget",
                )
            )

    def report(key: str, message: str, found: object, expected: object, mend: str | None = None) -> None:
        problems.append(InputError(message, file="configuration", where=key, found=found, expected=expected, mend=mend))

    known = list(config["metals"])
    for metal in config["run"]["metals"]:
        if metal not in known:
            report("run.metals", f"unknown metal {metal!r}", metal, ", ".join(known), nearest(metal, known))
    for key in ("kd_minimum_l_kg", "kd_maximum_l_kg"):
        for metal in config["run"]["metals"]:
            if metal in known and metal not in config["leaching"][key]:
                report(f"leaching.{key}", "a metal is missing", "no value", metal)
        for metal in config["leaching"][key]:
            if metal not in known:
                report(f"leaching.{key}", f"unknown metal {metal!r}", metal, ", ".join(known), nearest(metal, known))
    for metal, low in config["leaching"]["kd_minimum_l_kg"].items():
        high = config["leaching"]["kd_maximum_l_kg"].get(metal, low)
        if low > high:
            report(f"leaching.kd_minimum_l_kg.{metal}", "the minimum is above the maximum", low, f"at most {high}")
    of_year = {int(year): list(years) for year, years in config["weather"]["of_year"].items() if years}
    for year in config["run"]["years"]:
        if year not in of_year:
            report("weather.of_year", f"no weather for modelled year {year}", sorted(of_year), year)
    for year, weather_years in of_year.items():
        for weather_year in weather_years:
            if weather_year not in config["weather"]["years"]:
                report(f"weather.of_year.{year}", "not a weather year", weather_year, config["weather"]["years"])
    for year in config["forecast"]["reference_years"]:
        if year not in config["weather"]["years"]:
            report("forecast.reference_years", "not a weather year", year, config["weather"]["years"])
    years = sorted(config["run"]["years"])
    dates = sorted(config["landuse"]["dates"])
    if years and dates and (years[0] < dates[0] or years[-1] > dates[-1]):
        report("run.years", "a modelled year lies outside the land-use dates", years, f"{dates[0]}..{dates[-1]}")
    surveys = [entry["year"] for entry in config["surveys"]]
    if surveys != sorted(set(surveys)):
        report("surveys", "the surveys are not in order, or two share a year", surveys, "ascending years")
    if surveys and years and (surveys[0] < years[0] or surveys[-1] > years[-1]):
        report(
            "run.years",
            "a survey lies outside the modelled years",
            f"surveys {surveys}, modelled years {years}",
            "modelled years on both sides of every survey",
        )
    start = config["forecast"]["start_year"]
    if years and start != (surveys[-1] if surveys else years[-1]):
        report(
            "forecast.start_year",
            "the forecast must start at the last survey, or at the last modelled year without a survey",
            start,
            surveys[-1] if surveys else years[-1],
        )
    snapshots = config["forecast"]["snapshots_yr"]
    if snapshots != sorted(set(snapshots)) or snapshots[0] != 0 or snapshots[-1] != config["forecast"]["years"]:
        report(
            "forecast.snapshots_yr",
            "snapshots must rise from 0 to forecast.years",
            snapshots,
            f"rising years from 0 to {config['forecast']['years']}",
        )
    if 1.0 not in config["water"]["rain_factors"] or config["water"]["rain_factors"] != sorted(
        set(config["water"]["rain_factors"])
    ):
        report(
            "water.rain_factors",
            "must rise and hold 1.0",
            config["water"]["rain_factors"],
            "rising factors with 1.0 among them, for instance [0.8, 1.0, 1.2]",
        )
    unknown = [name for name in config["run"]["scenarios"] if name not in scenarios]
    for name in config["run"]["scenarios"]:
        if name in unknown:
            report("run.scenarios", f"unknown scenario {name!r}", name, ", ".join(scenarios), nearest(name, scenarios))
            continue
        for date in scenarios[name]["landuse"]:
            if int(date) <= start:
                problems.append(
                    InputError(
                        "a scenario's land use must be dated after the forecast's start",
                        file="scenarios",
                        where=f"{name}.landuse",
                        found=date,
                        expected=f"after {start}",
                    )
                )
        span = config["water"]["rain_factors"]
        for year, factor in scenarios[name]["rain"].items():
            if not span[0] <= factor <= span[-1]:
                problems.append(
                    InputError(
                        "a rain factor lies outside the ladder water.rain_factors",
                        file="scenarios",
                        where=f"{name}.rain.{year}",
                        found=factor,
                        expected=f"{span[0]}..{span[-1]}",
                        mend="extend water.rain_factors in the configuration",
                    )
                )
    for name in config["run"]["scenarios"]:
        problems.extend(_percent(name, scenarios.get(name, {})))
    if config["claims"]["scenario"] not in config["run"]["scenarios"] and not unknown:
        report("claims.scenario", "not among run.scenarios", config["claims"]["scenario"], config["run"]["scenarios"])
    return problems


def _percent(name: str, scenario: Mapping[str, Any]) -> list[InputError]:
    """Series of factors that never come near one: percent of the start year."""
    series = {f"emissions.{sector}": factors for sector, factors in scenario.get("emissions", {}).items()}
    series |= {f"agriculture.{kind}": factors for kind, factors in scenario.get("agriculture", {}).items()}
    series["background"] = scenario.get("background", {})
    return [
        InputError(
            "the factors of a scenario are out of range",
            file="scenarios",
            where=f"{name}.{key}",
            found=", ".join(f"{factor:g} in {year}" for year, factor in factors.items()),
            expected="factors relative to the start year, which is 1",
            mend="the values look like percent; divide them by 100",
        )
        for key, factors in series.items()
        if factors and min(factors.values()) >= PERCENT_FROM
    ]
