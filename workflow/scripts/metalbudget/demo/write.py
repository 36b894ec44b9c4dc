"""Writes the generated region as the raw folder a user would supply, and its truth beside it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from metalbudget import io
from metalbudget.demo import ANEMOMETER_HEIGHT_M, economy, towns
from metalbudget.demo.landscape import PARENT_MATERIALS
from metalbudget.demo.region import CRS, Region, centre, lon_lat
from metalbudget.demo.survey import Points
from metalbudget.demo.truth import INPUTS, PROCESSES
from metalbudget.errors import InputError
from metalbudget.grid import Grid

MARKER = "GENERATED.json"
VERSION = 1
PROVENANCE = "generated region (metalbudget demo): nothing in it was measured"


def refuse_foreign_files(folder: str | Path) -> None:
    """Raise unless a folder is absent, empty or written by this generator.

    Parameters
    ----------
    folder : path

    Raises
    ------
    InputError
        If it holds files but not the generator's marker: they are somebody's data.
    """
    folder = Path(folder)
    if not folder.exists() or (folder / MARKER).exists():
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            raise InputError(
                "the generated region would overwrite files it did not write",
                file=folder,
                found=path.relative_to(folder).as_posix(),
                expected=f"an empty folder, or one with {MARKER}",
                mend="set region.source to folder to use these files, or let region.folder name another folder",
            )


def write_region(
    region: Region,
    folder: str | Path,
    truth_folder: str | Path,
    *,
    seed: int,
    metals: list[str],
    modelled_years: list[int],
    landuse_dates: list[int],
    scenario_landuse: list[str],
    survey_files: Mapping[int, str],
    tables: Mapping[str, Mapping[str, float]],
) -> None:
    """Write every raw file and the truth.

    Parameters
    ----------
    region : Region
    folder, truth_folder : path
        Raw folder, and the folder beside it for the truth.
    seed : int
    metals : list of str
    modelled_years, landuse_dates : list of int
    scenario_landuse : list of str
        ``set/date`` names of the scenario maps.
    survey_files : mapping of year to path
        Relative to `folder`.
    tables : mapping
        The demo tables, as for `make_region`.

    Raises
    ------
    InputError
        If a folder holds files that this generator did not write.
    """
    folder, truth_folder = Path(folder), Path(truth_folder)
    height, width = region.land.land.shape
    marker = {
        "generator": "metalbudget demo",
        "version": VERSION,
        "seed": seed,
        "rows": height,
        "columns": width,
        "cell_m": region.cell_m,
    }
    for target in (folder, truth_folder):
        refuse_foreign_files(target)
    # The marker comes first, so that a killed job can be repeated.
    for target in (folder, truth_folder):
        io.write_json(target / MARKER, marker)
    grid = Grid(CRS, region.x_min, region.y_max, region.cell_m, height, width, region.land.land)
    _write_rasters(region, folder, grid, landuse_dates, scenario_landuse)
    _write_vectors(region, folder)
    _write_sources(region, folder, metals, modelled_years)
    _write_farming(region, folder, metals, modelled_years, tables, seed)
    _write_references(region, folder, metals, modelled_years, tables)
    _write_weather(region, folder)
    for year, name in survey_files.items():
        _write_survey(region, folder / name, *region.surveys[year])
    _write_provenance(folder, landuse_dates, scenario_landuse, sorted(region.weather), survey_files)
    _write_truth(region, truth_folder, grid, metals, marker)


def _write_rasters(region: Region, folder: Path, grid: Grid, dates: list[int], scenario_landuse: list[str]) -> None:
    land = region.land
    factor = land.factor
    inside = np.kron(land.land, np.ones((factor, factor), dtype=bool))
    fine = Grid(CRS, grid.x_min, grid.y_max, grid.cell_m / factor, grid.height * factor, grid.width * factor, inside)
    io.write_raster(folder / "mask.tif", land.land.astype(np.uint8), "class", grid)
    elevation = np.where(inside, np.round(land.fine_elevation, 2), np.nan)
    io.write_raster(folder / "dem.tif", elevation, "elevation", fine)
    io.write_raster(folder / "population.tif", region.persons, "persons", grid)
    io.write_raster(folder / "rain_factor.tif", np.round(region.rain_factor, 3), "ratio", grid)
    for name, values in region.soils.items():
        kind = {"bulk_density_kg_m3": "bulk_density", "ph_water": "ph"}.get(name, "percentage")
        digits = 0 if name == "bulk_density_kg_m3" else 2
        io.write_raster(folder / "soil" / f"{name}.tif", np.round(values, digits), kind, grid)
    material = np.where(land.land, land.parent_material, 255).astype(np.uint8)
    io.write_raster(folder / "soil" / "parent_material.tif", material, "class", grid)
    places = [(folder / "landuse" / f"{date}.tif", folder / "imperviousness" / f"{date}.tif", date) for date in dates]
    for name in scenario_landuse:
        scenario, date = name.split("/")
        base = folder / "landuse_scenarios" / scenario
        places.append((base / f"{date}.tif", base / f"imperviousness_{date}.tif", int(date)))
    for cover_path, sealed_path, dated in places:
        cover = np.where(inside, region.landuse[dated], 255).astype(np.uint8)
        io.write_raster(cover_path, cover, "class", fine)
        io.write_raster(sealed_path, np.round(region.impervious[dated], 4), "fraction", grid)


def _write_vectors(region: Region, folder: Path) -> None:
    import geopandas
    import shapely
    from affine import Affine
    from rasterio import features

    transform = Affine(region.cell_m, 0.0, region.x_min, 0.0, -region.cell_m, region.y_max)

    def polygons(codes: np.ndarray) -> dict[int, shapely.Geometry]:
        parts: dict[int, list] = {}
        for shape, value in features.shapes(codes.astype(np.int32), mask=codes > 0, transform=transform):
            parts.setdefault(int(value), []).append(shapely.geometry.shape(shape))
        return {code: shapely.multipolygons(parts[code]) for code in sorted(parts)}

    districts = polygons(region.settlement.districts)
    names = {code: f"{_town(code - 1)} district" for code in districts}
    _write_layer(
        geopandas.GeoDataFrame(
            {"district_id": [_district(code) for code in districts], "name": list(names.values())},
            geometry=list(districts.values()),
            crs=CRS,
        ),
        folder / "districts.gpkg",
    )
    lines = []
    for rows, columns, _ in region.settlement.roads:
        x, y = centre(region.x_min, region.y_max, region.cell_m, rows, columns)
        lines.append(shapely.simplify(shapely.linestrings(np.column_stack([x, y])), 0.3 * region.cell_m))
    _write_layer(
        geopandas.GeoDataFrame(
            {
                "road_id": [f"R{number:04d}" for number in range(1, len(lines) + 1)],
                "vehicles_per_day": [float(volume) for _, _, volume in region.settlement.roads],
            },
            geometry=lines,
            crs=CRS,
        ),
        folder / "roads.gpkg",
    )
    areas = polygons(region.legacy_cells.astype(np.int32))
    _write_layer(
        geopandas.GeoDataFrame(
            {"area_id": ["ewaste"], "name": ["Former open dismantling of electric waste"]},
            geometry=list(areas.values()),
            crs=CRS,
        ),
        folder / "legacy_areas.gpkg",
    )


def _write_layer(frame, path: Path) -> None:
    import pyogrio

    # GeoPackage writes the time of day unless it is told one.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": io.FIXED_DATE})
    with io.replacing(path) as temporary:
        pyogrio.write_dataframe(frame, temporary, driver="GPKG", layer=path.stem)


def _town(index: int) -> str:
    return towns.TOWN_NAMES[index] if index < len(towns.TOWN_NAMES) else f"Town {index + 1}"


def _district(code: int) -> str:
    return f"D{code:02d}"


def _write_sources(region: Region, folder: Path, metals: list[str], years: list[int]) -> None:
    plants = region.plants
    x, y = centre(region.x_min, region.y_max, region.cell_m, [p.row for p in plants], [p.column for p in plants])
    longitude, latitude = lon_lat(x, y)
    io.write_table(
        folder / "facilities.csv",
        {
            "facility_id": [p.facility_id for p in plants],
            "name": [p.name for p in plants],
            "sector": [p.sector for p in plants],
            "longitude_deg": longitude,
            "latitude_deg": latitude,
            "stack_height_m": [p.stack[0] for p in plants],
            "stack_diameter_m": [p.stack[1] for p in plants],
            "exit_temperature_k": [p.stack[2] for p in plants],
            "exit_velocity_m_s": [p.stack[3] for p in plants],
            "opened_year": [p.opened for p in plants],
            "closed_year": [p.closed or None for p in plants],
        },
    )
    rows = [
        (p.facility_id, year, p.product, p.activity(year), p.unit) for p in plants for year in years if p.active(year)
    ]
    _write_rows(folder / "activity.csv", ("facility_id", "year", "product", "amount", "unit"), rows)
    _write_rows(
        folder / "controls.csv", ("facility_id", "year_from", "configuration", "share"), economy.controls(plants)
    )
    sources = [(name, *values) for name, values in economy.AREA_SOURCES.items()]
    _write_rows(folder / "area_sources.csv", ("source_id", "sector", "surrogate", "release_height_m"), sources)
    area = [
        (source, year, product, metal, amount, unit)
        for year in years
        for source, product, metal, amount, unit in economy.area_activity(region.inhabitants, year, metals)
    ]
    _write_rows(folder / "area_activity.csv", ("source_id", "year", "product", "metal", "amount", "unit"), area)


def _write_rows(path: Path, header: tuple[str, ...], rows: list[tuple]) -> None:
    io.write_table(path, {name: [row[index] for row in rows] for index, name in enumerate(header)})


def _write_farming(region: Region, folder: Path, metals, years, tables, seed: int) -> None:
    farming = []
    water = []
    for number in range(1, region.hilly.size + 1):
        for year in years:
            for name in ("paddy", "dryland", "orchard"):
                crop, values = economy.farming(number, float(region.hilly[number - 1]), name, year, seed)
                farming.append((_district(number), year, name, crop, *values.values()))
            for metal in metals:
                typical = tables["metal"][f"irrigation_water/{metal}"]
                dissolved = economy.irrigation_water(typical, number, metal, year, seed)
                water.append((_district(number), year, metal, dissolved))
    header = ("district_id", "year", "landuse_class", "crop", *economy.FARM_COLUMNS, "straw_return_fraction")
    _write_rows(folder / "agriculture.csv", header, farming)
    _write_rows(folder / "irrigation_water.csv", ("district_id", "year", "metal", "concentration_ug_l"), water)


def _write_references(region: Region, folder: Path, metals, years, tables) -> None:
    _write_rows(
        folder / "landuse_classes.csv",
        ("code", "name", "model_class"),
        [(code, *names) for code, names in towns.LANDUSE_CLASSES.items()],
    )
    source = "generated; set to follow the Wenzhou trend from hills to coastal plain and CNEMC 1990 Zhejiang"
    strata = tables["parent_material"]
    _write_rows(
        folder / "parent_materials.csv",
        ("code", "name", "metal", "background_mg_kg", "geometric_standard_deviation", "source"),
        [
            (
                code,
                name,
                metal,
                strata[f"{name}/background/{metal}"],
                strata[f"{name}/geometric_standard_deviation/{metal}"],
                source,
            )
            for code, name in PARENT_MATERIALS.items()
            for metal in metals
        ],
    )
    readings = []
    for number, (row, column, role, values) in enumerate(region.monitors, 1):
        longitude, latitude = lon_lat(*centre(region.x_min, region.y_max, region.cell_m, row, column))
        station = f"{role[0].upper()}{number:02d}"
        readings += [
            (station, float(longitude), float(latitude), metal, region.monitor_year, values[metal], role, PROVENANCE)
            for metal in metals
        ]
    _write_rows(
        folder / "deposition_monitors.csv",
        ("station_id", "longitude_deg", "latitude_deg", "metal", "year", "deposition_mg_m2_yr", "role", "source"),
        readings,
    )
    shares = [
        (
            metal,
            tables["metal"][f"crustal_share/{metal}"],
            "dust of 1 t per ha and year against mean deposition in China (Chen Q.Y. et al. 2022)",
        )
        for metal in metals
    ]
    _write_rows(folder / "crustal_share.csv", ("metal", "share", "source"), shares)
    trend = []
    for metal in metals:
        anchors = {int(k.split("/")[1]): v for k, v in tables["trend"].items() if k.split("/")[0] == metal}
        base = float(np.interp(region.monitor_year, sorted(anchors), [anchors[year] for year in sorted(anchors)]))
        for year in sorted({*years, region.monitor_year}):
            factor = float(np.interp(year, sorted(anchors), [anchors[key] for key in sorted(anchors)])) / base
            trend.append(
                (
                    metal,
                    year,
                    round(factor, 4),
                    "assumed: national totals to 2012 (Tian et al. 2015), -33.8 % in 2012-2017, traffic metals flat",
                )
            )
    _write_rows(folder / "background_trend.csv", ("metal", "year", "factor", "source"), trend)


def _write_weather(region: Region, folder: Path) -> None:
    row, column = region.station
    longitude, latitude = lon_lat(*centre(region.x_min, region.y_max, region.cell_m, row, column))
    io.write_table(
        folder / "weather" / "station.csv",
        {
            "station_id": ["S01"],
            "longitude_deg": [float(longitude)],
            "latitude_deg": [float(latitude)],
            "elevation_m": [round(float(region.land.elevation[row, column]), 1)],
            "anemometer_height_m": [ANEMOMETER_HEIGHT_M],
            "utc_offset_h": [8.0],
        },
    )
    for year, series in region.weather.items():
        io.write_table(folder / "weather" / f"{year}.csv", series)


def _write_survey(region: Region, path: Path, points: Points, columns: dict[str, list]) -> None:
    rows, cells = np.nonzero(region.land.land)
    x, y = centre(region.x_min, region.y_max, region.cell_m, rows[points.cell], cells[points.cell])
    longitude, latitude = lon_lat(x + points.offset_x * region.cell_m, y + points.offset_y * region.cell_m)
    position = columns["position"]
    table = {
        "point_id": columns["point_id"],
        "longitude_deg": [float(longitude[index]) for index in position],
        "latitude_deg": [float(latitude[index]) for index in position],
    }
    table |= {name: values for name, values in columns.items() if name not in ("position", "point_id")}
    io.write_table(path, table)


def _write_provenance(folder: Path, dates, scenario_landuse, weather_years, survey_files) -> None:
    layers = [
        "mask.tif",
        "dem.tif",
        "population.tif",
        "rain_factor.tif",
        *(f"soil/{name}.tif" for name in ("sand_pct", "silt_pct", "clay_pct", "bulk_density_kg_m3")),
        *(f"soil/{name}.tif" for name in ("organic_carbon_pct", "ph_water", "parent_material")),
        *(f"{kind}/{date}.tif" for kind in ("landuse", "imperviousness") for date in dates),
        *(f"landuse_scenarios/{name}.tif" for name in scenario_landuse),
        *(f"landuse_scenarios/{name.replace('/', '/imperviousness_')}.tif" for name in scenario_landuse),
        *(f"{name}.gpkg" for name in ("districts", "roads", "legacy_areas")),
        *(f"{name}.csv" for name in TABLES),
        "weather/station.csv",
        *(f"weather/{year}.csv" for year in weather_years),
        *survey_files.values(),
    ]
    _write_rows(
        folder / "provenance.csv",
        ("layer", "status", "source", "note"),
        [(layer, "generated", PROVENANCE, _NOTES.get(layer.split("/")[0], "")) for layer in layers],
    )


TABLES = (
    "landuse_classes",
    "facilities",
    "activity",
    "controls",
    "area_sources",
    "area_activity",
    "agriculture",
    "irrigation_water",
    "parent_materials",
    "deposition_monitors",
    "crustal_share",
    "background_trend",
)
_NOTES = {
    "weather": "hours drawn around the monthly normals of Hongjia (WMO 58665)",
    "soil": "levels by parent material and land use after published figures for coastal Zhejiang",
    "surveys": "true concentrations with detection limits and 10-15 % error of sampling and laboratory",
    "deposition_monitors.csv": "true deposition with resuspended soil and 12 % error",
    "landuse_scenarios": "towns go on growing, more slowly",
}


def _write_truth(region: Region, folder: Path, grid: Grid, metals: list[str], marker: dict) -> None:
    truth = region.truth
    for index, metal in enumerate(metals):
        bands = {
            "background": grid.expand(truth.background[index]),
            str(truth.first_year): grid.expand(truth.first[index]),
            str(truth.last_year): grid.expand(truth.last[index]),
        }
        io.write_bands(folder / "concentration" / f"{metal}.tif", bands, "concentration", grid)
        fluxes = {name: grid.expand(np.maximum(truth.fluxes[name][index], 0.0)) for name in PROCESSES}
        io.write_bands(folder / "fluxes" / f"{metal}.tif", fluxes, {name: name for name in PROCESSES}, grid)
    area_m2 = grid.cell_area_m2
    totals = {
        metal: {
            name: round(float((1 if name in INPUTS else -1) * truth.fluxes[name][index].sum() * area_m2 * 1.0e-6), 4)
            for name in PROCESSES
        }
        for index, metal in enumerate(metals)
    }
    io.write_json(
        folder / "truth.json",
        {
            **marker,
            "first_year": truth.first_year,
            "last_year": truth.last_year,
            "mean_flux_kg_yr": totals,
            "emission_kg_yr": truth.emissions,
            "parameters": truth.parameters,
            "note": "Fluxes are means over the years, per square metre of cell; losses are negative in the totals.",
        },
    )
