"""Turn the Zhejiang coast case into a raw folder: real layers as they are, the rest from labelled assumptions.

Usage: python prepare.py CASE_FOLDER STUDY_FOLDER

The values that stand in for missing data are read from ``region.assumptions`` of the config beside this file, so
the report shows exactly what was used. Real: terrain, land cover, coast, counties, coal units, the cement kiln,
hourly weather (without rain), monthly rain, bulk density. Derived: land-use classes, hourly rain. Assumed: the rest.
"""

import csv
import gzip
import shutil
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import rasterio
import yaml

HERE = Path(__file__).resolve().parent
METALS = ("as", "cd", "cr", "cu", "hg", "ni", "pb", "zn")
YEARS = (2015, 2019)
WEATHER_YEAR = 2005
STATION = "hongjia"
# The case's six classes and the model's: 1 plain cropland, 2 upland, 3 forest, 4 grass, 5 urban, 6 wetland.
MODEL_CLASS = {1: "paddy", 2: "orchard", 3: "forest", 4: "grass", 5: "residential", 6: "wetland"}
# Median and 10-90 % range of the Wenzhou coast [mg/kg]; the hills take the lower third, the plain the median.
WENZHOU = {
    "as": (6.4, 3.2, 13.1),
    "cd": (0.12, 0.02, 0.22),
    "cr": (50, 22, 86),
    "cu": (21, 6, 36),
    "hg": (0.075, 0.041, 0.21),
    "ni": (21, 6, 42),
    "pb": (35.4, 23.2, 60.6),
    "zn": (102, 49, 157),
}
# Middle of typical Yangtze delta river water [ug/L]; share of soil dust in bulk deposition at 1 t dust/ha/yr.
RIVER = {"as": 2.2, "cd": 0.1, "cr": 2, "cu": 4, "hg": 0.02, "ni": 3.5, "pb": 1.5, "zn": 18}
CRUST = {"as": 0.27, "cd": 0.04, "cr": 0.59, "cu": 0.22, "hg": 0.24, "ni": 0.38, "pb": 0.15, "zn": 0.10}


def main(case: Path, study: Path) -> Path:
    """Write the raw folder of the study and its config; return the study folder."""
    with open(HERE / "config.yaml", encoding="utf-8") as source:
        config = yaml.safe_load(source)
    assumed = {entry["layer"]: entry["value"] for entry in config["region"]["assumptions"]}
    raw = study / "raw"
    shutil.rmtree(raw, ignore_errors=True)
    (raw / "soil").mkdir(parents=True)
    shutil.copy(HERE / "config.yaml", study / "config.yaml")

    with rasterio.open(case / "grid/landmask.tif") as source:
        land, profile = source.read(1) == 1, source.profile
    rasters(case, raw, land, profile, assumed)
    districts(case, raw)
    facilities(case, raw, assumed)
    farms(raw)
    soils(raw)
    weather(case, raw, land, assumed)
    monitors(case, raw, land, profile)
    provenance(raw)
    return study


def write(path: Path, values: np.ndarray, profile: dict, nodata: float, dtype: str) -> None:
    """Write one band on the case's grid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {key: profile[key] for key in ("crs", "transform", "width", "height")}
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype=dtype, nodata=nodata, compress="deflate", tiled=True, **kept
    ) as target:
        target.write(values.astype(dtype), 1)


def table(path: Path, rows: list[dict]) -> None:
    """Write rows as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def rows_of(path: Path) -> list[dict]:
    """Read a CSV as rows."""
    with open(path, newline="", encoding="utf-8") as source:
        return list(csv.DictReader(source))


def band(path: Path) -> np.ndarray:
    """Read one band as floats."""
    with rasterio.open(path) as source:
        return source.read(1).astype(float)


def filled(values: np.ndarray, land: np.ndarray) -> np.ndarray:
    """Give land cells without a value the nearest land value (coastal cells of coarser products)."""
    from scipy.ndimage import distance_transform_edt

    missing = ~np.isfinite(values)
    nearest = distance_transform_edt(missing, return_distances=False, return_indices=True)
    return np.where(land, values[tuple(nearest)], np.nan)


def rasters(case: Path, raw: Path, land: np.ndarray, profile: dict, assumed: dict) -> None:
    """Mask, terrain, land use, imperviousness, population, soil and rain factor."""
    write(raw / "mask.tif", land, profile, 255, "uint8")
    elevation = filled(band(case / "grid/dem_m.tif"), land)
    write(raw / "dem.tif", np.where(land, elevation, 0.0), profile, np.nan, "float32")
    codes = band(case / "grid/landuse_study6_2019_derived.tif")
    codes = np.where(land, codes, 255)
    built = codes == 5
    for year in YEARS:
        write(raw / f"landuse/{year}.tif", codes, profile, 255, "uint8")
        sealed = np.where(built, assumed["imperviousness.residential"], assumed["imperviousness.other"])
        write(raw / f"imperviousness/{year}.tif", np.where(land, sealed, np.nan), profile, np.nan, "float32")
    people = np.where(built, assumed["population.residential"], assumed["population.other"])
    write(raw / "population.tif", np.where(land, people, np.nan), profile, np.nan, "float32")

    hills = elevation > 50.0
    density = filled(band(case / "soil/bulk_density_gsde_0-4.5cm.tif"), land) * 1000.0
    write(raw / "soil/bulk_density_kg_m3.tif", density, profile, np.nan, "float32")
    clay = np.where(hills, assumed["clay_pct.hills"], assumed["clay_pct.plain"])
    sand = np.where(hills, assumed["sand_pct.hills"], assumed["sand_pct.plain"])
    for name, values in (("clay", clay), ("sand", sand), ("silt", 100.0 - clay - sand)):
        write(raw / f"soil/{name}_pct.tif", np.where(land, values, np.nan), profile, np.nan, "float32")
    for layer in ("ph_water", "organic_carbon_pct"):
        values = np.full(land.shape, np.nan)
        for code, name in MODEL_CLASS.items():
            stand_in = assumed.get(f"{layer}.{name}", assumed[f"{layer}.forest"])
            values[land & (codes == code)] = stand_in
        write(raw / f"soil/{layer}.tif", values, profile, np.nan, "float32")
    write(raw / "soil/parent_material.tif", np.where(land, np.where(hills, 1, 2), 255), profile, 255, "uint8")
    with rasterio.open(case / "met/rain_monthly_mm.tif") as source:
        annual = filled(source.read().astype(float).sum(axis=0), land)
    row, column = station_cell(case, profile)
    write(raw / "rain_factor.tif", annual / annual[row, column], profile, np.nan, "float32")
    classes = [{"code": code, "name": name, "model_class": name} for code, name in MODEL_CLASS.items()]
    table(raw / "landuse_classes.csv", classes)


def station(case: Path) -> dict:
    """The weather station's row."""
    return next(row for row in rows_of(case / "met/stations.csv") if row["station"].lower() == STATION)


def station_cell(case: Path, profile: dict) -> tuple[int, int]:
    """Row and column of the weather station."""
    place = station(case)
    column, row = ~profile["transform"] * (float(place["x"]), float(place["y"]))
    return int(row), int(column)


def districts(case: Path, raw: Path) -> None:
    """County polygons."""
    import geopandas

    counties = geopandas.read_file(case / "admin/counties.gpkg")
    name = next(column for column in ("name", "name_en", "NAME", "adcode") if column in counties)
    out = geopandas.GeoDataFrame(
        {"district_id": counties["adcode"].astype(str), "name": counties[name].astype(str)},
        geometry=counties.geometry,
        crs=counties.crs,
    )
    out.to_file(raw / "districts.gpkg", driver="GPKG", layer="districts")
    # The case has no roads and no legacy areas; the traffic of this study follows people.
    for name, columns, kind in (
        ("roads", {"road_id": str, "vehicles_per_day": float}, "LineString"),
        ("legacy_areas", {"area_id": str, "name": str}, "Polygon"),
    ):
        empty = geopandas.GeoDataFrame(
            {column: np.array([], dtype=dtype) for column, dtype in columns.items()}, geometry=[], crs=counties.crs
        )
        empty.to_file(raw / f"{name}.gpkg", driver="GPKG", layer=name, geometry_type=kind)


def facilities(case: Path, raw: Path, assumed: dict) -> None:
    """Coal plants (units of one plant and control configuration together), the kiln, traffic and homes."""
    plants: dict[str, list[dict]] = defaultdict(list)
    for unit in rows_of(case / "facilities/coal_power_units_emissions.csv"):
        # The key "gppd" stands for the database, not for a plant.
        key = unit["plant_key"] if unit["plant_key"] != "gppd" else unit["plant"].lower().replace(" ", "-")
        plants[key].append(unit)
    places, activity, controls = [], [], []

    def place(identifier, name, sector, row, opened, stack):
        places.append(
            {
                "facility_id": identifier,
                "name": name,
                "sector": sector,
                "longitude_deg": row["lon"],
                "latitude_deg": row["lat"],
                "stack_height_m": stack[0],
                "stack_diameter_m": stack[1],
                "exit_temperature_k": stack[2],
                "exit_velocity_m_s": stack[3],
                "opened_year": opened,
                "closed_year": "",
            }
        )

    def use(identifier, product, amount, unit):
        for year in YEARS:
            activity.append(
                {"facility_id": identifier, "year": year, "product": product, "amount": amount, "unit": unit}
            )

    west, south, east, north = 249000 - 45000, 3091000 - 45000, 438000 + 45000, 3339000 + 45000
    for key, units in sorted(plants.items()):
        x, y = float(units[0]["x"]), float(units[0]["y"])
        if not (west < x < east and south < y < north):
            continue
        identifier = f"coal-{key}"
        opened = min(int(float(unit["start_year"] or 2005)) for unit in units)
        place(identifier, units[0]["plant"], "coal_power", units[0], opened, (180, 6, 333, 18))
        coal = sum(float(unit["raw_coal_t"]) for unit in units)
        use(identifier, "coal_pulverised", coal, "t")
        shares: dict[str, float] = defaultdict(float)
        for unit in units:
            devices = ["scr"] if unit["SCR"] == "True" else []
            devices += ["esp"] + (["wfgd"] if unit["FGD"] == "True" else [])
            shares["+".join(devices)] += float(unit["raw_coal_t"]) / coal
        rows = [
            {"facility_id": identifier, "year_from": opened, "configuration": name, "share": round(share, 9)}
            for name, share in sorted(shares.items())
        ]
        rows[-1]["share"] = round(1.0 - sum(row["share"] for row in rows[:-1]), 9)
        controls.extend(rows)
    for plant in rows_of(case / "facilities/cement_plants_sfi2021.csv"):
        # Grinding mills have no kiln; the factors are per tonne of clinker.
        if plant["plant_type"] == "Integrated" and plant["in_grid"] == "True":
            identifier = f"cement-{plant['uid'].lower()}"
            opened = int(float(plant["start_year"] or 2005))
            place(identifier, plant["owner_name"] or plant["uid"], "cement", plant, opened, (90, 3, 383, 14))
            clinker = float(plant["capacity_Mt_yr"]) * 1.0e6 * assumed["cement.clinker_per_capacity"]
            use(identifier, "cement_clinker", clinker, "t")
            # The factors are measured behind a fabric filter, so this names what they already contain.
            row = {"facility_id": identifier, "year_from": opened, "configuration": "fabric_filter", "share": 1}
            controls.append(row)
    table(raw / "facilities.csv", places)
    table(raw / "activity.csv", activity)
    table(raw / "controls.csv", controls)
    table(
        raw / "area_sources.csv",
        [
            {"source_id": "traffic", "sector": "traffic", "surrogate": "population", "release_height_m": 2},
            {"source_id": "homes", "sector": "residential", "surrogate": "population", "release_height_m": 8},
        ],
    )
    rows = []
    for year in YEARS:
        for kind in ("car", "light", "heavy"):
            product = f"vehicle_km_{kind}"
            rows.append(("traffic", year, product, "", assumed[f"traffic.{product}"], "km"))
        rows.append(("homes", year, "coal_residential", "", assumed["residential.coal"], "t"))
    names = ("source_id", "year", "product", "metal", "amount", "unit")
    table(raw / "area_activity.csv", [dict(zip(names, row, strict=True)) for row in rows])


def farms(raw: Path) -> None:
    """One rate per class for all counties (rates usual in south-east China)."""
    import geopandas

    rates = {
        "paddy": ("rice", 420, 450, 130, 120, 150, 2.5, 7500, 0.05, 0.4, 9.5, 9.5, 0.7),
        "dryland": ("vegetables", 350, 500, 150, 300, 600, 6.0, 3000, 0.3, 0.8, 4.0, 2.0, 0.5),
        "orchard": ("tea_citrus", 300, 400, 120, 300, 500, 4.0, 1000, 1.5, 0.8, 3.0, 0.5, 0.9),
    }
    names = ("crop", "urea_kg_ha", "phosphate_kg_ha", "potash_kg_ha", "compound_kg_ha", "organic_fertiliser_kg_ha")
    names += ("manure_t_ha", "irrigation_m3_ha", "copper_fungicide_kg_ha", "mancozeb_kg_ha")
    names += ("yield_t_ha", "straw_t_ha", "straw_return_fraction")
    rows, water = [], []
    for district in geopandas.read_file(raw / "districts.gpkg")["district_id"]:
        for year in YEARS:
            for name, values in rates.items():
                key = {"district_id": district, "year": year, "landuse_class": name}
                rows.append(key | dict(zip(names, values, strict=True)))
            for metal in METALS:
                water.append(
                    {"district_id": district, "year": year, "metal": metal, "concentration_ug_l": RIVER[metal]}
                )
    table(raw / "agriculture.csv", rows)
    table(raw / "irrigation_water.csv", water)


def soils(raw: Path) -> None:
    """Backgrounds of hills and plain."""
    rows = []
    for code, name in ((1, "hills"), (2, "plain")):
        for metal, (median, low, high) in WENZHOU.items():
            # 10-90 % of a lognormal spans 2 x 1.2816 standard deviations.
            spread = float(np.exp(np.log(high / low) / (2 * 1.2816)))
            value = median if name == "plain" else median / spread**0.5
            rows.append(
                {
                    "code": code,
                    "name": name,
                    "metal": metal,
                    "background_mg_kg": round(value, 5),
                    "geometric_standard_deviation": round(min(spread, 1.8), 4),
                    "source": "Wenzhou coast, median and 10-90 %; split hills/plain assumed",
                }
            )
    table(raw / "parent_materials.csv", rows)


def weather(case: Path, raw: Path, land: np.ndarray, assumed: dict) -> None:
    """The typical year as EPW, and an hourly rain series with the climatology's monthly totals."""
    place = station(case)
    folder = raw / "weather"
    folder.mkdir()
    table(
        folder / "station.csv",
        [
            {
                "station_id": place["wmo"],
                "longitude_deg": place["lon"],
                "latitude_deg": place["lat"],
                "elevation_m": place["elev_m"],
                "anemometer_height_m": 10,
                "utc_offset_h": place["utc_offset"],
            }
        ],
    )
    with gzip.open(case / "met/CHN_Zhejiang.Hongjia.586650_CSWD.epw.gz", "rb") as source:
        (folder / f"{WEATHER_YEAR}.epw").write_bytes(source.read())
    with rasterio.open(case / "met/rain_monthly_mm.tif") as source:
        row, column = station_cell(case, source.profile)
        monthly = source.read()[:, row, column].astype(float)
        if not np.isfinite(monthly).all():
            monthly = np.nanmean(np.where(land, source.read(), np.nan), axis=(1, 2))
    rng = np.random.default_rng(58665)
    times = np.arange(f"{WEATHER_YEAR}-01-01T01", f"{WEATHER_YEAR + 1}-01-01T01", dtype="datetime64[h]")
    month = (times - np.timedelta64(1, "h")).astype("datetime64[M]").astype(int) % 12
    rain = np.zeros(times.size)
    for number in range(12):
        hours = np.flatnonzero(month == number)
        days = hours.reshape(-1, 24)
        for day in rng.choice(len(days), min(int(assumed["wet_days_per_month"]), len(days)), replace=False):
            start = rng.integers(0, 24 - int(assumed["wet_hours_per_day"]))
            amount = rng.gamma(0.7)  # daily amounts are skewed; a shape of 0.7 is usual for wet days
            length = int(assumed["wet_hours_per_day"])
            rain[days[day][start : start + length]] += amount * rng.dirichlet(np.ones(length))
        rain[hours] *= monthly[number] / rain[hours].sum()
    rows = [{"time": f"{time}:00", "rain_mm": round(float(value), 4)} for time, value in zip(times, rain, strict=True)]
    table(folder / f"{WEATHER_YEAR}_rain.csv", rows)


def monitors(case: Path, raw: Path, land: np.ndarray, profile: dict) -> None:
    """Published deposition: a low and a high mean as background (they bracket the coast), the delta for validation."""
    from pyproj import Transformer

    rows, columns = np.nonzero(land)
    x, y = profile["transform"] * (float(np.median(columns)), float(np.median(rows)))
    longitude, latitude = Transformer.from_crs(profile["crs"], "EPSG:4326", always_xy=True).transform(x, y)
    roles = {
        "dry+wet_deposition": ("nanjing-farmland", "background", 0.1),
        "bulk_deposition": ("yangtze-delta", "validation", 1.0),
        "total_deposition": ("china-mean", "background", 1.0),
    }
    out = []
    for row in rows_of(case / "calib/literature_values.csv"):
        if row["kind"] in roles and row["metal"].lower() in METALS:
            name, role, to_mg = roles[row["kind"]]
            out.append(
                {
                    "station_id": name,
                    "longitude_deg": round(longitude, 5),
                    "latitude_deg": round(latitude, 5),
                    "metal": row["metal"].lower(),
                    "year": 2019,
                    "deposition_mg_m2_yr": float(row["value"]) * to_mg,
                    "role": role,
                    "source": row["source"] if row["source"] != "same" else out[-1]["source"],
                }
            )
    table(raw / "deposition_monitors.csv", out)
    share = [{"metal": m, "share": CRUST[m], "source": "1 t soil dust/ha/yr over published deposition"} for m in METALS]
    table(raw / "crustal_share.csv", share)
    trend = [{"metal": m, "year": year, "factor": 1, "source": "flat"} for m in METALS for year in YEARS]
    table(raw / "background_trend.csv", trend)


def provenance(raw: Path) -> None:
    """What is measured, derived and assumed, file by file; the assumed values stand in the config."""
    known = {
        "dem.tif": ("measured", "DTED level 0 (NGA 2014)", "coastal cells without a value take the nearest"),
        "mask.tif": ("measured", "county polygons and the GLOBE land mask", ""),
        "districts.gpkg": ("measured", "county polygons (AutoNavi/DataV)", ""),
        "landuse": ("derived", "MODIS MCD12C1 2019 and terrain rules", "2015 repeats 2019"),
        "landuse_classes.csv": ("derived", "the case's six classes", "upland counts as orchard"),
        "facilities.csv": ("measured", "CEC benchmark units 2012-2017, GEM, GPPD, SFI 2021", "stacks are assumed"),
        "activity.csv": ("measured", "CEC benchmark units 2012-2017, SFI 2021", "one value for both years"),
        "controls.csv": ("measured", "CEC benchmark units 2012-2017", "the kiln's factors stand behind its filter"),
        "weather": ("measured", "CSWD typical year 2005, Hongjia", "the hours of rain are generated"),
        "rain_factor.tif": ("measured", "ITU-R P.837-7 climatology", ""),
        "soil/bulk_density_kg_m3.tif": ("measured", "GSDE 0-4.5 cm (Shangguan et al. 2014)", ""),
        "parent_materials.csv": ("derived", "Wenzhou coast, median and 10-90 %", "split hills/plain assumed"),
        "deposition_monitors.csv": ("measured", "published means", "their place is assumed"),
        "crustal_share.csv": ("derived", "1 t soil dust/ha/yr over published deposition", ""),
    }
    present = {path.relative_to(raw).as_posix() for path in raw.rglob("*") if path.is_file()}
    rows = []
    for name in sorted({name.split("/")[0] if name.split("/")[0] in known else name for name in present}):
        status, source, note = known.get(name, ("assumed", "see region.assumptions in the config", ""))
        rows.append({"layer": name, "status": status, "source": source, "note": note})
    table(raw / "provenance.csv", rows)


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), Path(sys.argv[2])))
