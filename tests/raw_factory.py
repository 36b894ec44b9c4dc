"""A tiny but complete raw folder, written from code: 12 x 10 cells of 1 km, two metals, two modelled years.

`make_raw(folder)` writes it, `study_config(folder)` gives a configuration and scenarios that fit it. Every
value is plain and chosen by hand, so that tests can state what they expect.
"""

import atexit
import csv
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
CRS = "EPSG:32651"
X_MIN, Y_MAX, CELL_M = 330000.0, 3160000.0, 1000.0
HEIGHT, WIDTH = 10, 12
METALS = ("cd", "pb")
YEARS = (2000, 2020)
WEATHER_YEAR = 2018
DISTRICTS = ("d01", "d02")
CODES = {
    1: ("paddy field", "paddy"),
    2: ("dry field", "dryland"),
    3: ("orchard", "orchard"),
    4: ("forest", "forest"),
    5: ("town", "residential"),
    6: ("works", "industrial"),
    7: ("lake", "water"),
}


def land() -> np.ndarray:
    """Land mask: all land but a corner in the south-east."""
    mask = np.ones((HEIGHT, WIDTH), dtype=np.uint8)
    mask[7:, 9:] = 0
    return mask


def make_raw(folder: Path) -> Path:
    """Write a valid raw folder and return it."""
    shutil.copytree(_template(), folder)
    return folder


def study_config(folder: Path) -> tuple[dict, dict]:
    """Configuration and scenarios of a study of the raw folder."""
    with open(REPOSITORY / "config" / "config.yaml", encoding="utf-8") as source:
        config = yaml.safe_load(source)
    with open(REPOSITORY / "config" / "scenarios.yaml", encoding="utf-8") as source:
        scenarios = yaml.safe_load(source)
    config["region"].update(source="folder", folder=str(folder))
    config["run"].update(metals=list(METALS), years=list(YEARS), scenarios=["baseline", "urban_growth"])
    config["weather"] = {"years": [WEATHER_YEAR], "of_year": {year: [WEATHER_YEAR] for year in YEARS}}
    config["forecast"]["reference_years"] = [WEATHER_YEAR]
    config["landuse"]["dates"] = list(YEARS)
    return config, scenarios


def write_table(path: Path, rows: list[dict]) -> None:
    """Write rows as CSV; None becomes blank."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_table(path: Path) -> list[dict]:
    """Read a CSV as rows of text."""
    with open(path, newline="", encoding="utf-8") as source:
        return list(csv.DictReader(source))


def write_raster(path: Path, values: np.ndarray, nodata=None, crs=CRS, x_min=X_MIN, y_max=Y_MAX, cell_m=None) -> None:
    """Write a raster over the region; finer cells follow from the shape unless `cell_m` is given."""
    import rasterio
    from rasterio.transform import from_origin

    path.parent.mkdir(parents=True, exist_ok=True)
    cell_m = cell_m or CELL_M * HEIGHT / values.shape[0]
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype=values.dtype.name,
        crs=crs,
        transform=from_origin(x_min, y_max, cell_m, cell_m),
        nodata=nodata,
    ) as target:
        target.write(values, 1)


def read_raster(path: Path) -> np.ndarray:
    """First band of a raster."""
    import rasterio

    with rasterio.open(path) as source:
        return source.read(1)


def point(column: float, row: float) -> dict[str, float]:
    """Longitude and latitude of a place in columns and rows of the grid."""
    from pyproj import Transformer

    to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(X_MIN + column * CELL_M, Y_MAX - row * CELL_M)
    return {"longitude_deg": round(longitude, 7), "latitude_deg": round(latitude, 7)}


@cache
def _template() -> Path:
    """The folder that copies are made of: written once a process, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="raw_template_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _write_rasters(folder)
    _write_vectors(folder)
    _write_sources(folder)
    _write_farming(folder)
    _write_weather(folder)
    _write_surveys(folder)
    _write_background(folder)
    _write_provenance(folder)
    return folder


def landuse_codes(date: int) -> np.ndarray:
    """Land use on a grid twice as fine: stripes from west to east, a town that grows."""
    codes = np.full((2 * HEIGHT, 2 * WIDTH), 4, dtype=np.uint8)
    codes[:, 4:8] = 1
    codes[:, 8:12] = 2
    codes[:, 12:14] = 3
    codes[:, 14:16] = 5 if date >= 2020 else 2
    codes[:, 16:18] = 5
    codes[0:2, 16:18] = 6
    codes[10:12, 4:6] = 7
    return codes


def _write_rasters(folder: Path) -> None:
    mask = land()
    write_raster(folder / "mask.tif", mask)
    rows, columns = np.mgrid[0 : 4 * HEIGHT, 0 : 4 * WIDTH]
    write_raster(folder / "dem.tif", (2.0 + 0.5 * rows + 3.0 * np.abs(columns - 24)).astype(np.float32))
    for date in YEARS:
        write_raster(folder / f"landuse/{date}.tif", landuse_codes(date))
        write_raster(folder / f"imperviousness/{date}.tif", _sealed(date))
    for date in (2045, 2070):
        write_raster(folder / f"landuse_scenarios/urban_growth/{date}.tif", landuse_codes(date))
        write_raster(folder / f"landuse_scenarios/urban_growth/imperviousness_{date}.tif", _sealed(date))
    people = np.full((HEIGHT, WIDTH), 50.0, dtype=np.float32)
    people[:, 8] = 2000.0
    people[mask == 0] = 0.0
    write_raster(folder / "population.tif", people)
    write_raster(folder / "rain_factor.tif", np.full((HEIGHT, WIDTH), 1.05, dtype=np.float32))
    for name, value in {
        "sand_pct": 30.0,
        "silt_pct": 45.0,
        "clay_pct": 25.0,
        "bulk_density_kg_m3": 1250.0,
        "organic_carbon_pct": 1.8,
        "ph_water": 5.8,
    }.items():
        values = np.full((HEIGHT, WIDTH), value, dtype=np.float32)
        values[mask == 0] = np.nan
        write_raster(folder / f"soil/{name}.tif", values, nodata=np.nan)
    material = np.ones((HEIGHT, WIDTH), dtype=np.uint8)
    material[:, 6:] = 2
    write_raster(folder / "soil/parent_material.tif", material, nodata=255)


def _sealed(date: int) -> np.ndarray:
    sealed = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    sealed[:, 8] = 0.6
    if date >= 2020:
        sealed[:, 7] = 0.4
    return sealed


def _write_vectors(folder: Path) -> None:
    import shapely
    from metalbudget.vectors import write_vector

    south, middle, east = Y_MAX - HEIGHT * CELL_M, X_MIN + 5 * CELL_M, X_MIN + WIDTH * CELL_M
    write_vector(
        folder / "districts.gpkg",
        [shapely.box(X_MIN, south, middle, Y_MAX), shapely.box(middle, south, east, Y_MAX)],
        {"district_id": list(DISTRICTS), "name": ["West", "East"]},
        CRS,
        "Polygon",
    )
    row = Y_MAX - 2.5 * CELL_M
    column = X_MIN + 8.5 * CELL_M
    write_vector(
        folder / "roads.gpkg",
        [
            shapely.LineString([(X_MIN + 500.0, row), (east - 500.0, row)]),
            shapely.LineString([(column, Y_MAX - 500.0), (column, south + 500.0)]),
        ],
        {"road_id": ["r1", "r2"], "vehicles_per_day": [10000.0, 30000.0]},
        CRS,
        "LineString",
    )
    corner = (X_MIN + 3.5 * CELL_M, Y_MAX - 6.0 * CELL_M)
    write_vector(
        folder / "legacy_areas.gpkg",
        [shapely.box(corner[0], corner[1] - 1000.0, corner[0] + 1000.0, corner[1])],
        {"area_id": ["recycling_01"], "name": ["Old recycling"]},
        CRS,
        "Polygon",
    )


def _write_sources(folder: Path) -> None:
    write_table(
        folder / "landuse_classes.csv", [{"code": c, "name": n, "model_class": m} for c, (n, m) in CODES.items()]
    )
    stacks = [
        ("power_01", "North power station", "coal_power", point(3.5, 1.5), 180.0, 6.0, 330.0, 18.0, 1998, None),
        ("copper_01", "Copper works", "smelter_copper", point(8.5, 0.5), 60.0, 2.0, 353.0, 11.0, 1990, 2010),
        # 5 km west of the region: outside, and within dispersion.max_distance_m
        ("cement_01", "Cement kiln", "cement", point(-5.0, 5.0), 70.0, 3.0, 390.0, 12.0, 2010, None),
    ]
    names = ("stack_height_m", "stack_diameter_m", "exit_temperature_k", "exit_velocity_m_s")
    write_table(
        folder / "facilities.csv",
        [
            {
                "facility_id": key,
                "name": name,
                "sector": sector,
                **place,
                **dict(zip(names, stack, strict=True)),
                "opened_year": opened,
                "closed_year": closed,
            }
            for key, name, sector, place, *stack, opened, closed in stacks
        ],
    )
    activity = [
        ("power_01", 2000, "coal_pulverised", 1.2e6),
        ("power_01", 2020, "coal_pulverised", 2.4e6),
        ("copper_01", 2000, "copper", 40000.0),
        ("cement_01", 2020, "cement_clinker", 1.5e6),
    ]
    write_table(
        folder / "activity.csv",
        [{"facility_id": f, "year": y, "product": p, "amount": a, "unit": "t"} for f, y, p, a in activity],
    )
    controls = [
        ("power_01", 1998, "esp", 0.7),
        ("power_01", 1998, "fabric_filter", 0.3),
        ("power_01", 2008, "scr+esp+wfgd", 1.0),
    ]
    write_table(
        folder / "controls.csv",
        [{"facility_id": f, "year_from": y, "configuration": c, "share": s} for f, y, c, s in controls],
    )
    write_table(
        folder / "area_sources.csv",
        [
            {"source_id": s, "sector": k, "surrogate": g, "release_height_m": h}
            for s, k, g, h in [
                ("traffic", "traffic", "roads", 1.0),
                ("households", "residential", "population", 8.0),
                ("old_recycling", "legacy", "legacy:recycling_01", 3.0),
            ]
        ],
    )
    rows = []
    for year in YEARS:
        rows += [
            ("traffic", year, "vehicle_km_car", None, 1.0e8, "km"),
            ("traffic", year, "vehicle_km_heavy", None, 2.0e7, "km"),
            ("households", year, "coal_residential", None, 9000.0, "t"),
            ("old_recycling", year, "legacy_metal", "cd", 1.0, "kg"),
            ("old_recycling", year, "legacy_metal", "pb", 60.0, "kg"),
        ]
    names = ("source_id", "year", "product", "metal", "amount", "unit")
    write_table(folder / "area_activity.csv", [dict(zip(names, row, strict=True)) for row in rows])


def _write_farming(folder: Path) -> None:
    per_class = {
        "paddy": ("rice", 380, 300, 90, 220, 150, 1.1, 7500, 0.1, 0.2, 8.6, 8.2, 0.35),
        "dryland": ("vegetables", 420, 350, 120, 480, 900, 2.4, 1800, 0.4, 1.5, 4.5, 3.1, 0.5),
        "orchard": ("tea_citrus", 300, 250, 150, 520, 700, 1.8, 900, 1.2, 2.0, 3.0, 0.0, 1.0),
    }
    names = (
        "crop",
        "urea_kg_ha",
        "phosphate_kg_ha",
        "potash_kg_ha",
        "compound_kg_ha",
        "organic_fertiliser_kg_ha",
        "manure_t_ha",
        "irrigation_m3_ha",
        "copper_fungicide_kg_ha",
        "mancozeb_kg_ha",
        "yield_t_ha",
        "straw_t_ha",
        "straw_return_fraction",
    )
    keys = [(district, year) for district in DISTRICTS for year in YEARS]
    write_table(
        folder / "agriculture.csv",
        [
            {"district_id": d, "year": y, "landuse_class": kind, **dict(zip(names, values, strict=True))}
            for d, y in keys
            for kind, values in per_class.items()
        ],
    )
    water = {"cd": 0.1, "pb": 1.5}
    write_table(
        folder / "irrigation_water.csv",
        [
            {"district_id": d, "year": y, "metal": metal, "concentration_ug_l": water[metal]}
            for d, y in keys
            for metal in METALS
        ],
    )
    backgrounds = {(1, "cd"): 0.14, (1, "pb"): 28.0, (2, "cd"): 0.17, (2, "pb"): 33.0}
    write_table(
        folder / "parent_materials.csv",
        [
            {
                "code": code,
                "name": {1: "granite", 2: "marine clay"}[code],
                "metal": metal,
                "background_mg_kg": value,
                "geometric_standard_deviation": 1.5,
                "source": "made up for a test",
            }
            for (code, metal), value in backgrounds.items()
        ],
    )


@cache
def weather_rows() -> list[dict]:
    """A year of hours: warm summers, a daily cycle, rain every 50th hour (1576 mm in the year)."""
    start = np.datetime64(f"{WEATHER_YEAR}-01-01T01:00", "m")
    hour = np.arange(8760)
    times = np.datetime_as_string(start + hour * np.timedelta64(60, "m"))
    season = np.cos(2.0 * np.pi * (hour / 8760.0 - 0.54))
    daily = np.cos(2.0 * np.pi * (hour + 1 - 14) / 24.0)
    temperature = np.round(17.0 + 11.0 * season + 4.0 * daily, 1)
    sun = np.cos(2.0 * np.pi * (hour + 0.5 - 12) / 24.0)  # at the middle of the hour; noon is at 11:55
    radiation = np.round(np.maximum(0.0, sun) * (450.0 + 250.0 * season))
    rain = np.where(hour % 50 == 7, 9.0, 0.0)
    return [
        {
            "time": times[i],
            "temperature_c": temperature[i],
            "relative_humidity_pct": 78.0 - 12.0 * round(daily[i], 2),
            "pressure_hpa": round(1015.0 - 8.0 * season[i], 1),
            "wind_speed_m_s": round(3.0 + 1.2 * daily[i], 1),
            "wind_direction_deg": 340.0 if season[i] < 0 else 160.0,
            "cloud_cover_tenths": 6.0 if i % 3 else 8.0,
            "global_radiation_w_m2": radiation[i],
            "rain_mm": rain[i],
        }
        for i in range(8760)
    ]


def _write_weather(folder: Path) -> None:
    write_table(folder / f"weather/{WEATHER_YEAR}.csv", weather_rows())
    write_table(
        folder / "weather/station.csv",
        [
            {
                "station_id": "s1",
                **point(6.0, 5.0),
                "elevation_m": 5.0,
                "anemometer_height_m": 10.0,
                "utc_offset_h": 8.0,
            }
        ],
    )


def _write_surveys(folder: Path) -> None:
    for year, factor in zip(YEARS, (1.0, 1.15), strict=True):
        rows = []
        for number in range(30):
            place = point(0.5 + number % 6 * 1.5, 0.6 + number // 6 * 1.4)
            for metal, natural, limit in (("cd", 0.15, 0.02), ("pb", 30.0, 2.0)):
                value = round(natural * factor * (1.0 + 0.02 * number), 4)
                censored = metal == "cd" and number == 0
                rows.append(
                    {
                        "point_id": f"p{number:03d}",
                        **place,
                        "date": f"{year}-10-{1 + number % 28:02d}",
                        "depth_top_m": 0.0,
                        "depth_bottom_m": 0.2,
                        "method": "total",
                        "metal": metal,
                        "value_mg_kg": limit if censored else value,
                        "detection_limit_mg_kg": limit,
                        "censored": int(censored),
                        "uncertainty_pct": 15.0,
                    }
                )
        write_table(folder / f"surveys/survey_{year}.csv", rows)


def _write_background(folder: Path) -> None:
    bulk = {"cd": 0.25, "pb": 8.0}
    write_table(
        folder / "deposition_monitors.csv",
        [
            {
                "station_id": station,
                **point(*place),
                "metal": metal,
                "year": 2010,
                "deposition_mg_m2_yr": value,
                "role": role,
                "source": "made up for a test",
            }
            for station, place, role in (("b1", (-30.0, 5.0), "background"), ("m1", (6.5, 3.5), "validation"))
            for metal, value in bulk.items()
        ],
    )
    write_table(
        folder / "crustal_share.csv",
        [{"metal": metal, "share": 0.1, "source": "made up for a test"} for metal in METALS],
    )
    write_table(
        folder / "background_trend.csv",
        [
            {"metal": metal, "year": year, "factor": 0.9 if year < 2010 else 1.1, "source": "made up for a test"}
            for metal in METALS
            for year in YEARS
        ],
    )


def _write_provenance(folder: Path) -> None:
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    write_table(
        folder / "provenance.csv",
        [{"layer": file, "status": "generated", "source": "tests/raw_factory.py", "note": None} for file in files],
    )
