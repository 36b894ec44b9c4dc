"""Raw inputs against each other and against the configuration: names, years, places, shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.harmonise import project
from metalbudget.inputs import tables
from metalbudget.inputs.schema import nearest
from metalbudget.inputs.tables import Table, shown_values

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination

SHARE_TOLERANCE = 1.0e-3
SURVEY_YEARS = 3  # a survey's samples may be taken this many years around its year
WRONG_UNIT_FACTOR = 100.0  # a regional median this far from the natural background is a wrong unit
STATION_DISTANCE_M = 300000.0
MONITOR_REACHES = 10.0  # background monitors may lie this many times dispersion.max_distance_m away


def check(result: Examination, config: Mapping[str, Any]) -> None:
    """Append every disagreement to the examination's problems."""
    years = modelled_years(config)
    metals = list(config["run"]["metals"])
    _check_references(result, config)
    _check_facilities(result, config)
    _check_activity(result, years)
    _check_controls(result, years)
    _check_area_sources(result, years)
    _check_agriculture(result, years, metals)
    _check_parent_materials(result, metals)
    _check_station(result)
    for survey in config["surveys"]:
        table = result.tables.get(survey["file"])
        if table is not None:
            _check_survey(result, table, int(survey["year"]), config)
    _check_background(result, config, years, metals)
    _check_provenance(result, config)


def modelled_years(config: Mapping[str, Any]) -> list[int]:
    """Years that need their own rows in the tables: all with weather (an empty list drops a default year)."""
    return sorted(int(year) for year, weather_years in config["weather"]["of_year"].items() if weather_years)


# --- names ----------------------------------------------------------------------------------------------


def _known_names(result: Examination, reference: str, config: Mapping[str, Any]) -> list[str] | None:
    """Names a column may hold; None if their owner could not be read."""
    owner, column = reference.split(".")
    if owner == "configuration":
        return [str(name) for name in config[column]]
    if owner == "districts":
        layer = result.layers.get("districts.gpkg")
        return None if layer is None or column not in layer.columns else [str(name) for name in layer.columns[column]]
    table = result.table(owner)
    return table.text[column].tolist() if table is not None and table.has(column) else None


def _check_references(result: Examination, config: Mapping[str, Any]) -> None:
    for table in result.tables.values():
        for name, column in table.schema["properties"].items():
            if "references" in column and table.has(name):
                known = _known_names(result, column["references"], config)
                if known is not None:
                    tables.report_unknown(table, name, list(dict.fromkeys(known)), result.problems)
        if "unit_of" in table.schema and table.has("product", "unit"):
            _check_units(table, result.problems)


def _check_units(table: Table, problems: list[InputError]) -> None:
    unit_of = table.schema["unit_of"]
    for product in np.unique(table.text["product"]):
        if str(product) not in unit_of:
            continue
        unit = unit_of[str(product)]
        wrong = (table.text["product"] == product) & (table.text["unit"] != unit) & (table.text["unit"] != "")
        if wrong.any():
            problems.append(
                InputError(
                    f"wrong unit for {str(product)!r}",
                    file=table.file,
                    where=f"{table.rows(wrong)}, column unit",
                    found=shown_values(table.text["unit"][wrong]),
                    expected=unit,
                    mend=f"convert the amounts to {unit}",
                )
            )


# --- places ---------------------------------------------------------------------------------------------


def distance_to_region(x: NDArray[np.float64], y: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Distance of points to the study grid's outer edge, 0 inside. [m]"""
    west, south, east, north = grid.bounds
    dx = np.maximum(np.maximum(west - x, x - east), 0.0)
    dy = np.maximum(np.maximum(south - y, y - north), 0.0)
    return np.hypot(dx, dy)


def _distances(table: Table, grid: Grid) -> NDArray[np.float64] | None:
    if "longitude_deg" not in table.number or "latitude_deg" not in table.number or not table.n:
        return None
    x, y = project(table.number["longitude_deg"], table.number["latitude_deg"], grid.crs)
    return distance_to_region(np.asarray(x), np.asarray(y), grid)


def _place_hint(table: Table, bad: NDArray[np.bool_], grid: Grid, reach: float) -> str | None:
    """Name swapped coordinates if they would put the points within reach."""
    longitude, latitude = table.number["longitude_deg"][bad], table.number["latitude_deg"][bad]
    usable = np.abs(longitude) <= 90.0
    if usable.all():
        x, y = project(latitude, longitude, grid.crs)
        if (distance_to_region(np.asarray(x), np.asarray(y), grid) <= reach).all():
            return "longitude and latitude look swapped"
    x, y = project(-longitude, latitude, grid.crs)
    if (distance_to_region(np.asarray(x), np.asarray(y), grid) <= reach).all():
        return "the longitude has the wrong sign: east is positive"
    return None


def _report_far(
    result: Examination,
    table: Table,
    considered: NDArray[np.bool_],
    reach: float,
    key: str,
    message: str,
    expected: str,
    mend: str | None = None,
) -> None:
    grid = result.grid
    if grid is None:
        return
    distance = _distances(table, grid)
    if distance is None:
        return
    bad = considered & (distance > reach)
    if not bad.any():
        return
    named = dict(zip(table.text[key][bad].tolist(), distance[bad].tolist(), strict=True))
    result.problems.append(
        InputError(
            message,
            file=table.file,
            where=table.rows(bad),
            found=shown_values(
                f"{name} {_kilometres(far)} from the region"
                if np.isfinite(far)
                else f"{name} nowhere in the study's CRS"
                for name, far in named.items()
            ),
            expected=expected,
            mend=_place_hint(table, bad, grid, reach) or mend,
        )
    )


def _kilometres(distance_m: float) -> str:
    return f"{distance_m / 1000.0:.1f} km"


# --- facilities -----------------------------------------------------------------------------------------


def _check_facilities(result: Examination, config: Mapping[str, Any]) -> None:
    table = result.table("facilities")
    if table is None or not table.n:
        return
    reach = float(config["dispersion"]["max_distance_m"])
    if table.has("facility_id"):
        _report_far(
            result,
            table,
            np.ones(table.n, dtype=bool),
            reach,
            "facility_id",
            "a facility is too far from the region to count",
            f"at most dispersion.max_distance_m = {_kilometres(reach)} from its edge",
            "remove the facility with its activity and controls, or raise dispersion.max_distance_m",
        )
    if "opened_year" in table.number and "closed_year" in table.number:
        bad = table.number["closed_year"] < table.number["opened_year"]
        if bad.any():
            result.problems.append(
                InputError(
                    "a facility closed before it opened",
                    file=table.file,
                    where=table.rows(bad),
                    found=shown_values(
                        f"opened {opened}, closed {closed}"
                        for opened, closed in zip(
                            table.text["opened_year"][bad], table.text["closed_year"][bad], strict=True
                        )
                    ),
                    expected="closed_year not before opened_year, or blank while open",
                )
            )


def _spans(result: Examination) -> dict[str, tuple[float, float]]:
    """First and last year of each facility; NaN and infinity where they cannot be told."""
    table = result.table("facilities")
    if table is None or not table.has("facility_id", "opened_year", "closed_year"):
        return {}
    closed = np.where(table.text["closed_year"] == "", np.inf, table.number["closed_year"])
    return {
        str(name): (opened, last)
        for name, opened, last in zip(
            table.text["facility_id"], table.number["opened_year"].tolist(), closed.tolist(), strict=True
        )
        if opened <= last
    }


def _check_activity(result: Examination, years: list[int]) -> None:
    table = result.table("activity")
    if table is None or not table.has("facility_id", "year", "product", "amount"):
        return
    spans = _spans(result)
    year = table.number["year"]
    opened = np.array([spans.get(str(name), (-np.inf, np.inf))[0] for name in table.text["facility_id"]])
    closed = np.array([spans.get(str(name), (-np.inf, np.inf))[1] for name in table.text["facility_id"]])
    for bad, message, expected in (
        (year < opened, "activity before the facility opened", "no row before opened_year"),
        (year > closed, "activity after the facility closed", "no row after closed_year"),
    ):
        bad = bad & (table.number["amount"] > 0.0)
        if bad.any():
            result.problems.append(
                InputError(
                    message,
                    file=table.file,
                    where=table.rows(bad),
                    found=shown_values(
                        f"{name} in {text}"
                        for name, text in zip(table.text["facility_id"][bad], table.text["year"][bad], strict=True)
                    ),
                    expected=expected,
                    mend="correct the year here, or opened_year and closed_year in facilities.csv",
                )
            )
    needed = [
        (name, number)
        for name, (first, last) in spans.items()
        for number in years
        if first <= number and (number < last or last == np.inf)
    ]
    tables.report_gaps(
        table,
        ("facility_id", "year"),
        needed,
        result.problems,
        message="year gap: a facility has no activity in a modelled year",
        mend="add the rows; amount 0 for a year of standstill",
    )
    _report_pauses(table, ("facility_id", "product"), years, set(needed), result.problems)


def _report_pauses(
    table: Table,
    names: tuple[str, ...],
    years: list[int],
    needed: set[tuple[str, int]],
    problems: list[InputError],
) -> None:
    """Report series that stop and go on again while their source has other rows in between."""
    present: dict[tuple[str, ...], set[int]] = {}
    covered: set[tuple[str, int]] = set()
    columns = [table.text[name].tolist() for name in names]
    for *parts, year in zip(*columns, table.number["year"].tolist(), strict=True):
        if np.isfinite(year):
            present.setdefault(tuple(parts), set()).add(int(year))
            covered.add((parts[0], int(year)))
    for key, seen in sorted(present.items()):
        gap = [
            year
            for year in years
            if min(seen) < year < max(seen)
            and year not in seen
            and (key[0], year) in covered  # years without any row are reported as a whole
            and (key[0], year) in needed
        ]
        if gap:
            problems.append(
                InputError(
                    "year gap: a product pauses",
                    file=table.file,
                    where=" ".join(part for part in key if part),
                    found=f"rows in {', '.join(str(year) for year in sorted(seen))}, none in {shown_values(gap)}",
                    expected="a row for every modelled year in between",
                    mend="add the rows; amount 0 for a year of standstill",
                )
            )


def _check_controls(result: Examination, years: list[int]) -> None:
    table = result.table("controls")
    if table is None or not table.n:
        return
    problems = result.problems
    if table.has("configuration"):
        devices = table.schema["devices"]
        for text in np.unique(table.text["configuration"]):
            parts = str(text).split("+") if text else []
            unknown = [part for part in parts if part not in devices]
            rows = table.rows(table.text["configuration"] == text)
            if unknown:
                problems.append(
                    InputError(
                        f"unknown device {unknown[0]!r}",
                        file=table.file,
                        where=f"{rows}, column configuration",
                        found=text,
                        expected=f"devices joined by +, from: {', '.join(devices)}",
                        mend=nearest(unknown[0], devices),
                    )
                )
            elif len(set(parts)) < len(parts) or ("none" in parts and len(parts) > 1):
                problems.append(
                    InputError(
                        "a configuration contradicts itself",
                        file=table.file,
                        where=f"{rows}, column configuration",
                        found=text,
                        expected="each device once, and none only alone",
                    )
                )
    if not table.has("facility_id", "year_from", "share"):
        return
    sums: dict[tuple[str, float], float] = {}
    first: dict[str, float] = {}
    for name, year, share in zip(
        table.text["facility_id"].tolist(),
        table.number["year_from"].tolist(),
        table.number["share"].tolist(),
        strict=True,
    ):
        sums[name, year] = sums.get((name, year), 0.0) + share
        first[name] = min(first.get(name, np.inf), year)
    wrong = {key: total for key, total in sums.items() if abs(total - 1.0) > SHARE_TOLERANCE}
    if wrong:
        problems.append(
            InputError(
                "the shares of a facility and year do not sum to 1",
                file=table.file,
                where="column share",
                found=shown_values(f"{name} from {year:g}: {total:.4g}" for (name, year), total in wrong.items()),
                expected="1, over all rows of the same facility_id and year_from",
                mend="repeat the configurations that go on unchanged in every year_from",
            )
        )
    spans = _spans(result)
    for name, year in first.items():
        opened, closed = spans.get(name, (np.nan, np.nan))
        running = [number for number in years if opened <= number <= closed]
        if running and year > running[0]:
            problems.append(
                InputError(
                    "year gap: a facility has no configuration in its first modelled year",
                    file=table.file,
                    where=f"facility_id {name}",
                    found=f"first year_from {year:g}",
                    expected=f"{running[0]} or earlier",
                    mend="add the earlier configuration (none, if there was none), or leave the facility's rows out",
                )
            )


# --- area sources ---------------------------------------------------------------------------------------


def _check_area_sources(result: Examination, years: list[int]) -> None:
    problems = result.problems
    sources = result.table("area_sources")
    if sources is not None and sources.has("source_id", "surrogate"):
        _check_surrogates(result, sources)
        facilities = result.table("facilities")
        if facilities is not None and facilities.has("facility_id"):
            shared = np.isin(sources.text["source_id"], facilities.text["facility_id"]) & (
                sources.text["source_id"] != ""
            )
            if shared.any():
                problems.append(
                    InputError(
                        "a source_id is also a facility_id",
                        file=sources.file,
                        where=sources.rows(shared),
                        found=shown_values(sources.text["source_id"][shared]),
                        expected="names that differ from every facility_id",
                    )
                )
    activity = result.table("area_activity")
    if activity is None or not activity.has("source_id", "year", "product", "metal"):
        return
    legacy = activity.text["product"] == "legacy_metal"
    for bad, message, expected in (
        (legacy & (activity.text["metal"] == ""), "a legacy_metal row names no metal", "the metal's symbol"),
        (
            ~legacy & (activity.text["metal"] != ""),
            "a metal is named for a product that is not legacy_metal",
            "a blank metal; emission factors give the metals",
        ),
    ):
        if bad.any():
            problems.append(
                InputError(
                    message,
                    file=activity.file,
                    where=f"{activity.rows(bad)}, column metal",
                    found=shown_values(repr(str(value)) for value in activity.text["metal"][bad]),
                    expected=expected,
                )
            )
    if sources is None or not sources.has("source_id"):
        return
    needed = [(str(name), year) for name in dict.fromkeys(sources.text["source_id"].tolist()) for year in years]
    tables.report_gaps(
        activity,
        ("source_id", "year"),
        needed,
        problems,
        message="year gap: an area source has no activity in a modelled year",
        mend="add the rows; amount 0 where there was none",
    )
    _report_pauses(activity, ("source_id", "product", "metal"), years, set(needed), problems)


def _check_surrogates(result: Examination, sources: Table) -> None:
    surrogate = sources.text["surrogate"]
    areas = result.layers.get("legacy_areas.gpkg")
    known = [str(name) for name in areas.columns["area_id"]] if areas and "area_id" in areas.columns else None
    for text in np.unique(surrogate[np.char.startswith(surrogate, "legacy:")]):
        area = str(text).removeprefix("legacy:")
        if known is not None and area not in known:
            result.problems.append(
                InputError(
                    f"unknown legacy area {area!r}",
                    file=sources.file,
                    where=f"{sources.rows(surrogate == text)}, column surrogate",
                    found=text,
                    expected=f"legacy: with an area_id of legacy_areas.gpkg: {tables.shown_many(known) or 'none'}",
                    mend=nearest(area, known),
                )
            )
    roads = result.layers.get("roads.gpkg")
    if roads is not None and (surrogate == "roads").any() and "vehicles_per_day" in roads.columns:
        try:
            driven = float(np.nansum(roads.columns["vehicles_per_day"].astype(float)))
        except (ValueError, TypeError):
            return
        if roads.n == 0 or driven <= 0.0:
            result.problems.append(
                InputError(
                    "a source is spread by roads, and there is no traffic",
                    file="roads.gpkg",
                    found=f"{roads.n} roads with {driven:g} vehicles",
                    expected="at least one road with vehicles_per_day above 0",
                )
            )
    people = result.rasters.get("population.tif")
    if people is not None and (surrogate == "population").any() and not np.nansum(people) > 0.0:
        result.problems.append(
            InputError(
                "a source is spread by population, and nobody lives in the region",
                file="population.tif",
                found="a sum of 0",
                expected="persons per cell",
            )
        )


# --- farming and soils ----------------------------------------------------------------------------------


def _districts(result: Examination) -> list[str]:
    layer = result.layers.get("districts.gpkg")
    if layer is None or "district_id" not in layer.columns:
        return []
    return list(dict.fromkeys(str(name) for name in layer.columns["district_id"]))


def _check_agriculture(result: Examination, years: list[int], metals: list[str]) -> None:
    districts = _districts(result)
    table = result.table("agriculture")
    if table is not None:
        classes = table.schema["properties"]["landuse_class"]["enum"]
        tables.report_gaps(
            table,
            ("district_id", "year", "landuse_class"),
            [(name, year, kind) for name in districts for year in years for kind in classes],
            result.problems,
            message="year gap: a district, modelled year and class has no row",
            mend="add the rows; zeros for a class that the district does not farm",
        )
    table = result.table("irrigation_water")
    if table is not None:
        tables.report_gaps(
            table,
            ("district_id", "year", "metal"),
            [(name, year, metal) for name in districts for year in years for metal in metals],
            result.problems,
            message="year gap: a district, modelled year and metal has no irrigation water",
        )


def _check_parent_materials(result: Examination, metals: list[str]) -> None:
    table = result.table("parent_materials")
    if table is None or not table.has("code", "metal"):
        return
    raster = result.rasters.get("soil/parent_material.tif")
    codes = table.number["code"]
    if raster is not None and result.grid is not None:
        present = np.unique(raster[np.isfinite(raster)])
        wanted = [int(code) for code in present if (codes == code).any()]
    else:
        wanted = sorted({int(code) for code in codes[np.isfinite(codes)]})
    tables.report_gaps(
        table,
        ("code", "metal"),
        [(code, metal) for code in wanted for metal in metals],
        result.problems,
        message="a parent material has no background for a metal of the run",
    )
    if table.has("name"):
        pairs = {(code, name) for code, name in zip(table.text["code"], table.text["name"], strict=True)}
        named: dict[str, list[str]] = {}
        for code, name in sorted(pairs):
            named.setdefault(str(code), []).append(str(name))
        for code, names in named.items():
            if len(names) > 1:
                result.problems.append(
                    InputError(
                        "a parent material has two names",
                        file=table.file,
                        where=f"code {code}",
                        found=", ".join(names),
                        expected="one name for each code",
                    )
                )


def _check_station(result: Examination) -> None:
    table = result.table("weather_station")
    if table is None or not table.has("station_id"):
        return
    if table.n > 1:
        result.problems.append(
            InputError("more than one weather station", file=table.file, found=f"{table.n} rows", expected="one row")
        )
    _report_far(
        result,
        table,
        np.ones(table.n, dtype=bool),
        STATION_DISTANCE_M,
        "station_id",
        "the weather station is too far from the region",
        f"at most {_kilometres(STATION_DISTANCE_M)}",
    )


# --- surveys and monitors -------------------------------------------------------------------------------


def _check_survey(result: Examination, table: Table, year: int, config: Mapping[str, Any]) -> None:
    problems = result.problems
    if not table.n:
        return
    if table.has("date"):
        _check_dates(table, year, problems)
    if table.has("depth_top_m", "depth_bottom_m"):
        bad = table.number["depth_top_m"] >= table.number["depth_bottom_m"]
        if bad.any():
            problems.append(
                InputError(
                    "a sample's top is not above its bottom",
                    file=table.file,
                    where=table.rows(bad),
                    found=shown_values(
                        f"{top} to {bottom} m"
                        for top, bottom in zip(
                            table.text["depth_top_m"][bad], table.text["depth_bottom_m"][bad], strict=True
                        )
                    ),
                    expected="depth_top_m below depth_bottom_m in number, both downwards from the surface",
                )
            )
    if table.has("value_mg_kg", "detection_limit_mg_kg", "censored"):
        _check_censoring(table, problems)
    _check_points(result, table)
    if table.has("metal"):
        _check_metals(result, table, config)
    uncertainty = table.number.get("uncertainty_pct")
    if uncertainty is not None and np.isfinite(uncertainty).any() and 0.0 < np.nanmax(uncertainty) <= 1.0:
        problems.append(
            InputError(
                "the uncertainties are out of range",
                file=table.file,
                where="column uncertainty_pct",
                found=f"a maximum of {np.nanmax(uncertainty):g}",
                expected="percent",
                mend="the values look like shares between 0 and 1; multiply them by 100",
            )
        )


def _check_dates(table: Table, year: int, problems: list[InputError]) -> None:
    text = table.text["date"]
    days: dict[str, np.datetime64] = {}
    for value in np.unique(text):
        try:
            days[str(value)] = np.datetime64(str(value), "D") if len(value) == 10 else np.datetime64("NaT")
        except ValueError:
            days[str(value)] = np.datetime64("NaT")
    dates = np.array([days[str(value)] for value in text], dtype="datetime64[D]")
    bad = np.isnat(dates) & (text != "")
    if bad.any():
        problems.append(
            InputError(
                "wrong date: not an ISO day",
                file=table.file,
                where=f"{table.rows(bad)}, column date",
                found=shown_values(text[bad]),
                expected=f"a day like {year}-10-14",
            )
        )
    taken = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    far = ~np.isnat(dates) & (np.abs(taken - year) > SURVEY_YEARS)
    if far.any():
        problems.append(
            InputError(
                "a sample's date is far from the survey's year",
                file=table.file,
                where=f"{table.rows(far)}, column date",
                found=shown_values(text[far]),
                expected=f"within {SURVEY_YEARS} years of {year}, the year in the configuration's surveys",
                mend="correct the date or the survey's year, or make it a survey of its own",
            )
        )


def _check_censoring(table: Table, problems: list[InputError]) -> None:
    value, limit = table.number["value_mg_kg"], table.number["detection_limit_mg_kg"]
    censored = table.number["censored"] == 1.0
    for bad, message, expected in (
        (
            censored & (np.abs(value - limit) > 1.0e-6 * np.maximum(limit, 1.0e-6)),
            "a censored value is not its detection limit",
            "value_mg_kg equal to detection_limit_mg_kg where censored is 1",
        ),
        (
            (table.number["censored"] == 0.0) & (value < limit),
            "a value is below its detection limit and not marked as censored",
            "censored 1 and the limit as value",
        ),
        (
            (table.number["censored"] == 0.0) & (value <= 0.0),
            "a content is zero",
            "a positive content; censored 1 with the detection limit where nothing was found",
        ),
    ):
        if bad.any():
            problems.append(
                InputError(
                    message,
                    file=table.file,
                    where=table.rows(bad),
                    found=shown_values(
                        f"value {one}, limit {other}"
                        for one, other in zip(
                            table.text["value_mg_kg"][bad], table.text["detection_limit_mg_kg"][bad], strict=True
                        )
                    ),
                    expected=expected,
                )
            )


def _check_points(result: Examination, table: Table) -> None:
    """Report points off the region or at sea, and points that have two places."""
    if not table.has("point_id", "longitude_deg", "latitude_deg"):
        return
    _report_far(
        result,
        table,
        np.ones(table.n, dtype=bool),
        0.0,
        "point_id",
        "a sampling point lies off the region",
        "points on the study grid",
        "remove the points, or extend the region",
    )
    longitude, latitude = table.number["longitude_deg"], table.number["latitude_deg"]
    points = ~tables.duplicates([table.text["point_id"], longitude, latitude])
    moved = points & tables.duplicates([np.where(points, table.text["point_id"], table.row.astype(str))])
    if moved.any():
        result.problems.append(
            InputError(
                "duplicate point_id at another place",
                file=table.file,
                where=table.rows(moved),
                found=shown_values(table.text["point_id"][moved]),
                expected="one place for each point_id",
            )
        )
    grid = result.grid
    if grid is None:
        return
    x, y = project(longitude, latitude, grid.crs)
    x, y = np.asarray(x), np.asarray(y)
    on_grid = distance_to_region(x, y, grid) == 0.0
    row, column = grid.index_of(np.where(on_grid, x, grid.x_min), np.where(on_grid, y, grid.y_max))
    near = _dilated(grid.land)
    row, column = np.clip(row, 0, grid.height - 1), np.clip(column, 0, grid.width - 1)
    at_sea = on_grid & ~near[row, column]
    if at_sea.any():
        result.problems.append(
            InputError(
                "a sampling point lies at sea",
                file=table.file,
                where=table.rows(at_sea),
                found=shown_values(table.text["point_id"][at_sea]),
                expected="points on land, or within one cell of it",
            )
        )


def _dilated(land: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Land and the cells that touch it."""
    padded = np.pad(land, 1)
    rows, columns = land.shape
    return np.any([padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=0)


def _check_metals(result: Examination, table: Table, config: Mapping[str, Any]) -> None:
    points = int(config["mapping"]["folds"])
    materials = result.table("parent_materials")
    for metal in config["run"]["metals"]:
        own = table.text["metal"] == metal
        count = np.unique(table.text["point_id"][own]).size if table.has("point_id") else int(own.sum())
        if count < points:
            result.problems.append(
                InputError(
                    f"too few samples of {metal}",
                    file=table.file,
                    where="column metal",
                    found=f"{count} points",
                    expected=f"at least {points} points for each metal of the run (mapping.folds)",
                    mend="take the metal out of run.metals, or the survey out of surveys",
                )
            )
            continue
        if materials is None or not materials.has("metal") or "value_mg_kg" not in table.number:
            continue
        natural = materials.number.get("background_mg_kg")
        if natural is None:
            continue
        natural = natural[(materials.text["metal"] == metal) & np.isfinite(natural)]
        measured = table.number["value_mg_kg"][own]
        if not natural.size or not np.isfinite(measured).any():
            continue
        median = float(np.nanmedian(measured))
        if median > natural.max() * WRONG_UNIT_FACTOR or median * WRONG_UNIT_FACTOR < natural.min():
            result.problems.append(
                InputError(
                    f"the contents of {metal} are out of range",
                    file=table.file,
                    where="column value_mg_kg",
                    found=f"a median of {median:.4g}",
                    expected=f"within a factor of {WRONG_UNIT_FACTOR:g} of the natural background, "
                    f"{natural.min():g} to {natural.max():g} mg/kg",
                    mend="the values look like ug/kg; divide them by 1000"
                    if natural.min() / 30.0 < median / 1000.0 < natural.max() * 30.0
                    else "look at the unit here and in parent_materials.csv",
                )
            )


def _check_background(result: Examination, config: Mapping[str, Any], years: list[int], metals: list[str]) -> None:
    problems = result.problems
    monitors = result.table("deposition_monitors")
    if monitors is not None and monitors.has("role", "metal", "station_id"):
        background = monitors.text["role"] == "background"
        for metal in metals:
            if not (background & (monitors.text["metal"] == metal)).any():
                problems.append(
                    InputError(
                        f"no background deposition of {metal}",
                        file=monitors.file,
                        where="column role",
                        found="no row with role background",
                        expected=f"at least one background row of {metal}",
                        mend="add a regional value from the literature and say so in provenance.csv",
                    )
                )
        _report_far(
            result,
            monitors,
            monitors.text["role"] == "validation",
            0.0,
            "station_id",
            "a validation station lies off the region",
            "stations on the study grid",
        )
        reach = MONITOR_REACHES * float(config["dispersion"]["max_distance_m"])
        _report_far(
            result,
            monitors,
            background,
            reach,
            "station_id",
            "a background station is too far from the region",
            f"at most {_kilometres(reach)}",
        )
    share = result.table("crustal_share")
    if share is not None:
        tables.report_gaps(
            share, ("metal",), [(metal,) for metal in metals], problems, message="a metal has no crustal share"
        )
    trend = result.table("background_trend")
    if trend is not None and config["background"]["trend"] == "table":
        tables.report_gaps(
            trend,
            ("metal", "year"),
            [(metal, year) for metal in metals for year in years],
            problems,
            message="year gap: a metal and modelled year has no background factor",
            mend="add the rows, or set background.trend: flat",
        )


# --- provenance -----------------------------------------------------------------------------------------


def _check_provenance(result: Examination, config: Mapping[str, Any]) -> None:
    """Report layers nobody knows, and layers whose origin nobody tells."""
    table = result.table("provenance")
    if table is None or not table.has("layer"):
        return
    files = sorted(
        path.relative_to(result.folder).as_posix()
        for path in result.folder.rglob("*")
        if path.is_file() and path.name != "provenance.csv" and not path.name.startswith(".")
    )
    known: dict[str, None] = {}
    for file in files:
        known.update(dict.fromkeys(layer_names(file)))
    told = set(table.text["layer"].tolist())
    untold = [file for file in files if not told & set(layer_names(file)) and file.count(".") and _is_input(file)]
    gone = np.setdiff1d(table.text["layer"], np.array(["", *known], dtype=np.str_))
    absent = {problem.file for problem in result.problems if problem.message.endswith("is missing")}
    for name in gone:
        if name in absent:  # the file itself is asked for already; its row is right
            continue
        result.problems.append(
            InputError(
                f"unknown layer {str(name)!r}",
                file=table.file,
                where=f"{table.rows(table.text['layer'] == name)}, column layer",
                found="no such file or folder in the raw folder",
                expected="the name of a raw file or of its folder",
                mend="rename or remove the row"
                + (f"; raw files without a row: {shown_values(untold)}" if untold else "; every raw file has its row"),
            )
        )
    if untold:
        result.problems.append(
            InputError(
                "the origin of an input is not told",
                file=table.file,
                where="column layer",
                found=f"no row for {shown_values(untold)}",
                expected="a row for each file, or for its folder",
                mend="add the rows with their status: measured, derived, assumed or generated",
            )
        )


def layer_names(file: str) -> list[str]:
    """Names under which provenance.csv may speak of a file: soil/ph_water.tif, soil/ph_water, ph_water or soil."""
    stem = file.rsplit(".", 1)[0]
    folders = [file[:position] for position, letter in enumerate(file) if letter == "/"]
    return [file, stem, stem.rsplit("/", 1)[-1], *folders]


def _is_input(file: str) -> bool:
    return file.endswith((".tif", ".csv", ".gpkg", ".epw"))
