"""Mistakes in raw files: what is changed in the factory's folder, and what the message must hold."""

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
import raw_factory

Rows = list[dict]


def rows_of(file: str, change: Callable[[Rows], Rows | None]) -> Callable[[Path], None]:
    """Change a table's rows in place, or return other ones."""

    def apply(folder: Path) -> None:
        rows = raw_factory.read_table(folder / file)
        raw_factory.write_table(folder / file, change(rows) or rows)

    return apply


def setting(file: str, column: str, value: object, row: int | None = 0) -> Callable[[Path], None]:
    """Write a value into one row of a column, or into all rows."""

    def change(rows: Rows) -> None:
        for entry in rows if row is None else [rows[row]]:
            entry[column] = value(entry[column]) if callable(value) else value

    return rows_of(file, change)


def renamed(file: str, old: str, new: str) -> Callable[[Path], None]:
    return rows_of(file, lambda rows: [{new if key == old else key: row[key] for key in row} for row in rows])


def dropped(file: str, row: int = 0, count: int = 1) -> Callable[[Path], None]:
    return rows_of(file, lambda rows: rows[:row] + rows[row + count :])


def repeated(file: str, row: int = 0) -> Callable[[Path], None]:
    return rows_of(file, lambda rows: [*rows, dict(rows[row])])


def raster(file: str, change: Callable[[np.ndarray], np.ndarray], **options) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        raw_factory.write_raster(folder / file, change(raw_factory.read_raster(folder / file)), **options)

    return apply


def cell(value: float) -> Callable[[np.ndarray], np.ndarray]:
    """Set the cell in row 2, column 3."""

    def change(values: np.ndarray) -> np.ndarray:
        values[2, 3] = value
        return values

    return change


def deleted(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def recoded(file: str, encoding: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8").replace("North", "北")
        (folder / file).write_bytes(text.encode(encoding))

    return apply


def replaced(file: str, old: str, new: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")

    return apply


def layer(file: str, change: Callable, crs: str = raw_factory.CRS, kind: str = "Unknown") -> Callable[[Path], None]:
    """Rewrite a vector layer; `change` gets geometry and columns and returns them."""

    def apply(folder: Path) -> None:
        from metalbudget.vectors import read_vector, write_vector

        before = read_vector(folder / file)
        (folder / file).unlink()
        geometry, columns = change(before.geometry, dict(before.columns))
        write_vector(folder / file, geometry, columns, crs, kind)

    return apply


def each(file: str, **changes: Callable[[str], object]) -> Callable[[Path], None]:
    """Change columns of all rows by functions of the old text."""

    def change(rows: Rows) -> None:
        for row in rows:
            row.update({name: function(row[name]) for name, function in changes.items()})

    return rows_of(file, change)


def times(factor: float) -> Callable[[str], float]:
    return lambda text: factor * float(text)


def rewritten(file: str, **options) -> Callable[[Path], None]:
    """Rewrite a raster with other rasterio options; `values` changes the array, which gets a band axis."""
    values = options.pop("values", lambda array: array)

    def apply(folder: Path) -> None:
        import rasterio

        with rasterio.open(folder / file) as source:
            array, profile = source.read(), source.profile
        array = values(array)
        profile.update(count=len(array), **options)
        with rasterio.open(folder / file, "w", **profile) as target:
            target.write(array)

    return apply


def south_up(folder: Path) -> None:
    from rasterio.transform import Affine

    south = raw_factory.Y_MAX - raw_factory.HEIGHT * raw_factory.CELL_M
    upwards = Affine(250.0, 0.0, raw_factory.X_MIN, 0.0, 250.0, south)
    rewritten("dem.tif", values=lambda array: array[:, ::-1], transform=upwards)(folder)


def cut_short(file: str) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        content = (folder / file).read_bytes()
        (folder / file).write_bytes(content[: len(content) // 2])

    return apply


def eight_hours_early(rows: Rows) -> Rows:
    """The same weather on a clock of UTC: the values of 08:00 stand at 00:00."""
    times_of_day = [row["time"] for row in rows]
    return [{**row, "time": time} for row, time in zip(rows[8:] + rows[:8], times_of_day, strict=True)]


def moved(dx: float, dy: float) -> Callable:
    def change(geometry, columns):
        import shapely

        return shapely.transform(geometry, lambda points: points + np.array([dx, dy])), columns

    return change


FAR = raw_factory.point(-90.0, 5.0)  # 90 km west of the region
STACKS = "facilities.csv"
SURVEY = "surveys/survey_2000.csv"
WEATHER = "weather/2018.csv"

MUTATIONS = {
    # --- any table
    "missing column": (
        rows_of(STACKS, lambda rows: [row.pop("stack_height_m") for row in rows] and None),
        ["facilities.csv", "column 'stack_height_m' is missing", "[m]"],
    ),
    "misspelt column": (
        renamed(STACKS, "exit_temperature_k", "exit_temprature_k"),
        ["unknown column 'exit_temprature_k'", "did you mean 'exit_temperature_k'?"],
    ),
    "wrong type": (setting("activity.csv", "amount", "a lot"), ["activity.csv, row 2, column amount", "not a number"]),
    "decimal comma": (setting("activity.csv", "amount", "1200,5"), ["not a number", "a point as decimal sign"]),
    "placeholder": (setting("activity.csv", "amount", "NA"), ["not a number", "no placeholder"]),
    "year with a fraction": (setting("activity.csv", "year", "2000.5"), ["not a whole number", "2000.5"]),
    "blank": (setting("agriculture.csv", "manure_t_ha", ""), ["a value is blank", "row 2, column manure_t_ha"]),
    "encoding": (recoded(STACKS, "gb18030"), ["facilities.csv, row 2", "UTF-8", "iconv"]),
    "semicolons": (replaced(STACKS, ",", ";"), ["not separated by commas"]),
    "ragged row": (replaced("crustal_share.csv", "cd,", "cd,,"), ["another number of fields", "4 fields", "3 fields"]),
    "missing file": (deleted("crustal_share.csv"), ["crustal_share.csv: the file is missing", "metal, share, source"]),
    "renamed file": (
        lambda folder: (folder / "controls.csv").rename(folder / "control.csv"),
        ["controls.csv: the file is missing", "did you mean 'control.csv'?"],
    ),
    "header only": (
        lambda folder: (folder / "crustal_share.csv").write_text("metal,share,source\n"),
        ["crustal_share.csv: the table has no rows"],
    ),
    "path as id": (setting("area_sources.csv", "source_id", "a/b"), ["source_id has the wrong form"]),
    "blank row of a spreadsheet": (
        lambda folder: (folder / STACKS).open("a").write(10 * "," + "\n"),
        ["facilities.csv, row 5: a row is blank", "remove the row"],
    ),
    "blank line": (
        lambda folder: (folder / STACKS).open("a").write("\n\n"),
        ["facilities.csv, rows 5, 6: a row is blank"],
    ),
    "marks between thousands": (setting("activity.csv", "amount", "1,200,000"), ["not a number", "without marks"]),
    "apostrophes in a number": (setting("activity.csv", "amount", "1'200'000"), ["without marks between"]),
    "underscores in a number": (setting("activity.csv", "amount", "1_200_000"), ["not a number", "without marks"]),
    "number with its unit": (
        setting("activity.csv", "amount", "1200000 t"),
        ["not a number", "write the number alone"],
    ),
    "less than a limit": (setting(SURVEY, "value_mg_kg", "<0.02"), ["not a number", "1 in the column censored"]),
    "letters of the header": (renamed(STACKS, "facility_id", "Facility_ID"), ["unknown column", "did you mean"]),
    # --- names
    "unknown class": (
        setting("agriculture.csv", "landuse_class", "padddy"),
        ["unknown landuse_class 'padddy'", "did you mean 'paddy'?"],
    ),
    "unknown model class": (
        setting("landuse_classes.csv", "model_class", "forrest", row=3),
        ["did you mean 'forest'?"],
    ),
    "unknown metal": (setting("irrigation_water.csv", "metal", "xx"), ["unknown metal 'xx'", "cd"]),
    "upper-case metal": (
        setting("crustal_share.csv", "metal", "Pb", row=1),
        ["unknown metal 'Pb'", "did you mean 'pb'?"],
    ),
    "unknown sector": (setting(STACKS, "sector", "coal_pwer"), ["unknown sector", "did you mean 'coal_power'?"]),
    "unknown product": (setting("activity.csv", "product", "coal_pulverized"), ["did you mean 'coal_pulverised'?"]),
    "unknown device": (
        setting("controls.csv", "configuration", "esp+wgfd", row=2),
        ["unknown device 'wgfd'", "did you mean 'wfgd'?"],
    ),
    "unknown facility": (
        setting("activity.csv", "facility_id", "power_1"),
        ["unknown facility_id 'power_1'", "did you mean 'power_01'?"],
    ),
    "unknown district": (setting("agriculture.csv", "district_id", "d1"), ["unknown district_id 'd1'"]),
    "unknown area": (
        setting("area_sources.csv", "surrogate", "legacy:recycling_1", row=2),
        ["unknown legacy area 'recycling_1'", "did you mean 'recycling_01'?"],
    ),
    "unknown layer": (
        setting("provenance.csv", "layer", "demm.tif", row=9),
        ["unknown layer 'demm.tif'", "rename or remove the row"],
    ),
    "source like a facility": (setting("area_sources.csv", "source_id", "power_01"), ["also a facility_id"]),
    # --- values
    "negative activity": (setting("activity.csv", "amount", "-5"), ["activity.csv, row 2", "negative", "-5"]),
    "wrong unit": (setting("activity.csv", "unit", "kWh"), ["wrong unit for 'coal_pulverised'", "expected: t"]),
    "coal in kg": (
        each("activity.csv", amount=times(1000.0)),
        ["coal_pulverised are out of range for one plant", "power_01", "2.4e+09 t", "look like kg"],
    ),
    "coal in 10^4 t": (
        each("activity.csv", amount=times(1e-4)),
        ["coal_pulverised are out of range for one plant", "240 t", "look like 10^4 t"],
    ),
    "one year in kt": (
        setting("activity.csv", "amount", "1200"),
        ["activity.csv, row 2", "not in one unit", "1200, and 2.4e+06 t in its largest year"],
    ),
    "traffic in m": (
        each("area_activity.csv", amount=times(1000.0)),
        ["vehicle kilometres do not fit the roads", "1.2e+11 km in 2000", "look like m;"],
    ),
    "traffic in 10^4 km": (
        each("area_activity.csv", amount=times(1e-4)),
        ["vehicle kilometres do not fit the roads", "look like 10^4 km"],
    ),
    "domestic coal in kg": (
        each("area_activity.csv", amount=times(1000.0)),
        ["more coal is burned at home than people can burn", "rows 4, 9", "look like kg"],
    ),
    "background in ug": (
        each("deposition_monitors.csv", deposition_mg_m2_yr=times(1000.0)),
        ["background deposition of cd is out of range", "a median of 250 mg/m2", "look like ug/m2"],
    ),
    "background factors in percent": (
        setting("background_trend.csv", "factor", "80", row=None),
        ["background factors of cd are out of range", "look like percent"],
    ),
    "height in km": (setting(STACKS, "stack_height_m", "0.18"), ["out of range", "look like km"]),
    "temperature in degC": (setting(STACKS, "exit_temperature_k", "57"), ["out of range", "degrees Celsius"]),
    "diameter in mm": (setting(STACKS, "stack_diameter_m", "6000"), ["out of range", "look like mm"]),
    "return in percent": (
        setting("agriculture.csv", "straw_return_fraction", "35", row=None),
        ["out of range", "look like percent"],
    ),
    "yield in kg": (setting("agriculture.csv", "yield_t_ha", "8600", row=None), ["out of range", "look like kg/ha"]),
    "shares": (setting("controls.csv", "share", "0.5"), ["do not sum to 1", "power_01 from 1998: 0.8"]),
    "contradicting devices": (setting("controls.csv", "configuration", "none+esp"), ["contradicts itself"]),
    "closed early": (setting(STACKS, "closed_year", "1980", row=1), ["closed before it opened", "opened 1990"]),
    "activity after closing": (setting("activity.csv", "year", "2020", row=2), ["activity after the facility closed"]),
    "metal of traffic": (setting("area_activity.csv", "metal", "cd"), ["not legacy_metal"]),
    "legacy without metal": (setting("area_activity.csv", "metal", "", row=3), ["names no metal"]),
    "material of two names": (setting("parent_materials.csv", "name", "granit"), ["two names", "granit, granite"]),
    # --- completeness
    "duplicate id": (repeated(STACKS), ["duplicate facility_id", "power_01"]),
    "duplicate row": (repeated("agriculture.csv"), ["duplicate row for the same district_id, year, landuse_class"]),
    "activity gap": (dropped("activity.csv", 1), ["year gap", "power_01/2020"]),
    "farming gap": (dropped("agriculture.csv", 3, 3), ["year gap", "d01/2020/paddy"]),
    "water gap": (dropped("irrigation_water.csv", 7), ["year gap", "d02/2020/pb"]),
    "trend gap": (dropped("background_trend.csv", 1), ["year gap", "cd/2020"]),
    "area gap": (dropped("area_activity.csv", 7), ["year gap", "households/2020"]),
    "controls too late": (
        setting("controls.csv", "year_from", "2005", row=None),
        ["first modelled year", "2000 or earlier"],
    ),
    "no background": (
        setting("deposition_monitors.csv", "role", "validation", row=0),
        ["no background deposition of cd"],
    ),
    "untold origin": (dropped("provenance.csv", 0), ["origin of an input is not told"]),
    "missing background": (dropped("parent_materials.csv", 1), ["no background for a metal of the run", "1/pb"]),
    # --- places
    "far facility": (
        rows_of(STACKS, lambda rows: rows[0].update(FAR)),
        ["too far from the region", "power_01 90.0 km", "50.0 km"],
    ),
    "swapped degrees": (
        rows_of(
            SURVEY,
            lambda rows: (
                [r.update(longitude_deg=r["latitude_deg"], latitude_deg=r["longitude_deg"]) for r in rows] and None
            ),
        ),
        ["column latitude_deg", "out of range", "swapped?"],
    ),
    "sign of longitude": (setting(STACKS, "longitude_deg", lambda text: f"-{text}"), ["wrong sign"]),
    "point at sea": (
        rows_of(SURVEY, lambda rows: [r.update(raw_factory.point(11.5, 9.5)) for r in rows[:2]] and None),
        ["a sampling point lies at sea", "p000"],
    ),
    "point of two places": (
        setting(SURVEY, "longitude_deg", raw_factory.point(5.5, 0.5)["longitude_deg"]),
        ["duplicate point_id at another place", "p000"],
    ),
    "station far away": (setting("weather/station.csv", "latitude_deg", "45"), ["weather station is too far"]),
    # --- surveys
    "date": (setting(SURVEY, "date", "14/10/2000"), ["wrong date", "14/10/2000"]),
    "date of another year": (setting(SURVEY, "date", "2011-10-14"), ["far from the survey's year"]),
    "depth in cm": (setting(SURVEY, "depth_bottom_m", "20", row=None), ["out of range", "look like cm"]),
    "depth upside down": (setting(SURVEY, "depth_top_m", "0.3"), ["top is not above its bottom"]),
    "below limit unmarked": (setting(SURVEY, "value_mg_kg", "0.001", row=2), ["not marked as censored"]),
    "censored above limit": (setting(SURVEY, "value_mg_kg", "0.3"), ["censored value is not its detection limit"]),
    "limit of zero": (
        rows_of(SURVEY, lambda rows: rows[0].update(value_mg_kg="0", detection_limit_mg_kg="0")),
        ["row 2: a detection limit is zero"],
    ),
    "no uncertainty": (setting(SURVEY, "uncertainty_pct", "0", row=None), ["uncertainties are out of range", "of 0"]),
    "deep samples alone": (
        each(SURVEY, depth_top_m=lambda _: 1.2, depth_bottom_m=lambda _: 1.5),
        ["too few samples of cd", "0 points above landuse.legal_depth_m = 0.2 m"],
    ),
    "projected survey": (
        each(SURVEY, longitude_deg=lambda _: 334000.0),
        ["column longitude_deg: a value is out of range", "write degrees, not projected metres"],
    ),
    "survey elsewhere": (
        each(SURVEY, longitude_deg=lambda text: float(text) + 1.0),
        ["a sampling point lies off the region", "and 25 more", "remove the points, or extend the region"],
    ),
    "content in ug": (
        rows_of(
            SURVEY,
            lambda rows: (
                [
                    r.update(
                        value_mg_kg=1000 * float(r["value_mg_kg"]),
                        detection_limit_mg_kg=1000 * float(r["detection_limit_mg_kg"]),
                    )
                    for r in rows
                    if r["metal"] == "cd"
                ]
                and None
            ),
        ),
        ["contents of cd are out of range", "look like ug/kg"],
    ),
    "missing survey": (deleted("surveys/survey_2020.csv"), ["surveys/survey_2020.csv: the file is missing"]),
    "metal not surveyed": (
        rows_of(SURVEY, lambda rows: [r for r in rows if r["metal"] == "cd"]),
        ["too few samples of pb"],
    ),
    # --- weather
    "hour missing": (dropped(WEATHER, 100), ["weather/2018.csv", "1 hour is missing", "2018-01-05T05:00"]),
    "hour twice": (repeated(WEATHER, 3), ["duplicate row for the same time", "2018-01-01T04:00"]),
    "hours unordered": (
        rows_of(WEATHER, lambda rows: [*rows[1:], rows[0]]),
        ["not in order", "sort the table by time"],
    ),
    "hour beginning": (
        rows_of(
            WEATHER,
            lambda rows: (
                [
                    r.update(
                        time=(datetime.datetime.fromisoformat(r["time"]) - datetime.timedelta(hours=1)).isoformat()
                    )
                    for r in rows
                ]
                and None
            ),
        ),
        ["not a full hour of the year", "counts hour beginnings"],
    ),
    "kelvin": (
        setting(WEATHER, "temperature_c", lambda text: float(text) + 273.15, row=None),
        ["out of range", "look like K"],
    ),
    "pascal": (
        setting(WEATHER, "pressure_hpa", lambda text: 100 * float(text), row=None),
        ["out of range", "look like Pa"],
    ),
    "humidity as a share": (
        setting(WEATHER, "relative_humidity_pct", lambda text: float(text) / 100, row=None),
        ["the whole year is out of range", "look like shares"],
    ),
    "rain in m": (
        setting(WEATHER, "rain_mm", lambda text: float(text) / 1000, row=None),
        ["rain of the year is out of range", "look like m;"],
    ),
    "wind in km/h": (
        each(WEATHER, wind_speed_m_s=times(3.6)),
        ["wind of the year is out of range", "a mean of 10.8 m/s", "at most 10 m/s at 10 m", "km/h"],
    ),
    "radiation in MJ": (
        each(WEATHER, global_radiation_w_m2=times(0.0036)),
        ["radiation of the year is out of range", "look like MJ/m2 per hour"],
    ),
    "radiation in J/cm2": (
        each(WEATHER, global_radiation_w_m2=times(0.36)),
        ["radiation of the year is out of range", "look like J/cm2 per hour"],
    ),
    "pressure in mmHg": (
        each(WEATHER, pressure_hpa=times(0.750062)),
        ["not that of the station's elevation", "about 1013 hPa", "look like mmHg"],
    ),
    "pressure at sea level": (  # 845.56 hPa at 1500 m in the table of the ICAO standard atmosphere (Doc 7488)
        setting("weather/station.csv", "elevation_m", "1500"),
        ["not that of the station's elevation", "about 845.6 hPa", "look like pressures reduced to sea level"],
    ),
    "weather in UTC": (
        rows_of(WEATHER, eight_hours_early),
        ["not those of the station's clock", "radiation around 04:00", "around 11:55", "7.9 h behind"],
    ),
    "sign of the clock's offset": (
        setting("weather/station.csv", "utc_offset_h", "-8"),
        ["not those of the station's clock", "east of Greenwich is positive"],
    ),
    "low anemometer": (
        setting("weather/station.csv", "anemometer_height_m", "1"),
        ["anemometer stands too low", "row 2, column anemometer_height_m", "above 7 roughness lengths", "0.15 m"],
    ),
    "no weather": (deleted(WEATHER), ["no weather for 2018"]),
    # --- rasters
    "missing raster": (deleted("dem.tif"), ["dem.tif: the raster is missing", "[m]"]),
    "raster of a missing date": (
        deleted("landuse/2020.tif"),
        ["landuse/2020.tif: the raster is missing", "supply the file"],
    ),
    "missing mask": (deleted("mask.tif"), ["mask.tif: the raster is missing", "supply the file"]),
    "scenario raster": (
        deleted("landuse_scenarios/urban_growth/imperviousness_2045.tif"),
        ["landuse_scenarios/urban_growth/imperviousness_2045.tif: the raster is missing"],
    ),
    "other CRS": (
        raster("dem.tif", lambda v: v, crs="EPSG:32650"),
        ["dem.tif: the raster has another CRS", "EPSG:32650", "-r average", "dem.tif dem_new.tif"],
    ),
    "other CRS of codes": (
        raster("landuse/2000.tif", lambda v: v, crs="EPSG:32650"),
        ["another CRS", "-r near", "landuse/2000.tif landuse/2000_new.tif"],
    ),
    "other grid": (raster("population.tif", lambda v: v, cell_m=900.0), ["nor nested", "-r sum", "-tr 1000 1000 "]),
    "finer grid": (
        raster("population.tif", lambda v: v, cell_m=250.0),
        ["neither on the study grid nor nested", "-r sum", "-tr 250 250 population.tif population_new.tif"],
    ),
    "shifted": (raster("population.tif", lambda v: v, x_min=raw_factory.X_MIN + 500.0), ["neither on the study grid"]),
    "elsewhere": (raster("dem.tif", lambda v: v, x_min=700000.0), ["does not overlap the region"]),
    "unknown code": (raster("landuse/2000.tif", cell(99)), ["unknown class code 99", "landuse_classes.csv"]),
    "unknown material": (raster("soil/parent_material.tif", cell(9)), ["unknown class code 9", "parent_materials.csv"]),
    "hole": (raster("soil/ph_water.tif", cell(np.nan)), ["values are missing on land", "(2, 3)"]),
    "texture": (raster("soil/sand_pct.tif", cell(50.0)), ["do not sum to 100", "120"]),
    "sealed in percent": (raster("imperviousness/2020.tif", lambda v: v * 100), ["out of range", "look like percent"]),
    "density in g/cm3": (
        raster("soil/bulk_density_kg_m3.tif", lambda v: v / 1000, nodata=np.nan),
        ["out of range", "look like g/cm3"],
    ),
    "pH times ten": (raster("soil/ph_water.tif", lambda v: v * 10, nodata=np.nan), ["out of range", "pH times 10"]),
    "undeclared nodata": (raster("dem.tif", cell(-9999.0)), ["out of range", "-9999"]),
    "negative people": (raster("population.tif", cell(-3.0)), ["population.tif", "negative"]),
    "raster cut short": (cut_short("dem.tif"), ["dem.tif: the raster cannot be read to its end", "again"]),
    "several bands": (
        rewritten("dem.tif", values=lambda array: np.repeat(array, 3, axis=0)),
        ["dem.tif: the raster has several bands", "3 bands", "gdal_translate -b 1 dem.tif dem_new.tif"],
    ),
    "south up": (south_up, ["dem.tif: the raster does not lie north up", "gdalwarp dem.tif dem_new.tif"]),
    "raster without CRS": (
        raster("dem.tif", lambda v: v, crs=None),
        ["another CRS", "no CRS", "-s_srs THE_CRS_OF_THE_FILE"],
    ),
    "gap in codes": (
        rewritten("landuse/2000.tif", nodata=1),
        ["landuse/2000.tif", "values are missing on land", "codes cannot be interpolated"],
    ),
    "nothing but water": (
        raster("landuse/2000.tif", lambda v: np.full_like(v, 7)),
        ["landuse/2000.tif: the land-use raster holds nothing but water", "code 7"],
    ),
    "impossible pH": (raster("soil/ph_water.tif", cell(14.0), nodata=np.nan), ["(2, 3)", "out of range", "2.5 to 11"]),
    "carbon in g/kg": (
        raster("soil/organic_carbon_pct.tif", lambda v: v * 10, nodata=np.nan),
        ["organic carbon does not fit the bulk density", "18 %", "1250 kg m-3", "look like g/kg"],
    ),
    "mask of bytes": (raster("mask.tif", lambda v: v * 255), ["other values than 0 and 1", "255", "gdal_calc.py"]),
    "mask without CRS": (raster("mask.tif", lambda v: v, crs=None), ["no projected CRS", "gdal_edit.py -a_srs"]),
    "mask cut short": (cut_short("mask.tif"), ["mask.tif: the raster cannot be read to its end", "again"]),
    "not a raster": (lambda folder: (folder / "dem.tif").write_text("hello"), ["cannot be read as a raster"]),
    "mask of codes": (raster("mask.tif", cell(7)), ["mask.tif", "other values than 0 and 1"]),
    "mask in degrees": (
        raster("mask.tif", lambda v: v, crs="EPSG:4326", x_min=121.0, y_max=29.0, cell_m=0.01),
        ["mask.tif", "no projected CRS"],
    ),
    # --- vectors
    "layer's CRS": (layer("districts.gpkg", lambda g, c: (g, c), crs="EPSG:32650"), ["another CRS", "ogr2ogr"]),
    "lines for polygons": (
        layer("districts.gpkg", lambda g, c: ([shape.boundary for shape in g], c)),
        ["wrong geometry type", "LineString", "Polygon"],
    ),
    "duplicate district": (
        layer("districts.gpkg", lambda g, c: (g, {**c, "district_id": ["d01", "d01"]})),
        ["duplicate district_id"],
    ),
    "uncovered land": (
        layer("districts.gpkg", lambda g, c: (g[:1], {k: v[:1] for k, v in c.items()})),
        ["do not cover the land", "45.0 %"],
    ),
    "overlapping districts": (
        layer("districts.gpkg", lambda g, c: ([g[0].buffer(3000), g[1]], c)),
        ["districts overlap"],
    ),
    "roads without traffic": (
        layer("roads.gpkg", lambda g, c: (g, {"road_id": c["road_id"]})),
        ["column 'vehicles_per_day' is missing"],
    ),
    "negative traffic": (layer("roads.gpkg", lambda g, c: (g, {**c, "vehicles_per_day": [-1.0, 5.0]})), ["negative"]),
    "roads elsewhere": (layer("roads.gpkg", moved(500000.0, 0.0)), ["does not overlap the region"]),
    "bow tie": (layer("legacy_areas.gpkg", lambda g, c: ([_bow_tie()], c)), ["a geometry is not valid"]),
    "missing layer": (deleted("roads.gpkg"), ["roads.gpkg: the layer is missing"]),
}


def _bow_tie():
    import shapely

    x, y = raw_factory.X_MIN + 3000.0, raw_factory.Y_MAX - 3000.0
    return shapely.Polygon([(x, y), (x + 500, y - 500), (x + 500, y), (x, y - 500)])
