"""From operator and emissions to open soil, street, water and sea: closure, additivity, and the two scripts."""

import csv
import datetime

import compute_deposition
import compute_operator
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget import airborne, io, settings, weather_files
from metalbudget.errors import InputError
from metalbudget.grid import Grid
from metalbudget.landuse import CLASSES, LandUse

SHAPE = (12, 10)
CELL_M = 2000.0
SOURCES = ("stack", "road")
KINDS = ("p1.5", "p15")


def land():
    mask = np.ones(SHAPE, dtype=bool)
    mask[:3, :4] = False
    return mask


def operator_of(seed=1):
    rng = np.random.default_rng(seed)
    total = rng.uniform(0.0, 1.0, (2, 2, *SHAPE)).astype(np.float32)
    total *= np.float32(0.4 / (total.sum(axis=(-1, -2)).max() * CELL_M**2))
    return airborne.Operator(SOURCES, KINDS, total, total.sum(axis=(-1, -2), dtype=float) * CELL_M**2)


def emissions_of(**kg):
    rows = [
        ("stack", "smelter", "p1.5"),
        ("stack", "smelter", "p15"),
        ("stack", "smelter", "hg0"),
        ("road", "traffic", "p15"),
    ]
    amounts = [kg.get(f"{source}_{kind}", 10.0) for source, _, kind in rows]
    return {
        "source_id": np.array([row[0] for row in rows], dtype=object),
        "sector": np.array([row[1] for row in rows], dtype=object),
        "class": np.array([row[2] for row in rows], dtype=object),
        "year": np.full(len(rows), 2010.0),
        "kg": np.array(amounts),
    }


def landuse_of(seed=2):
    rng = np.random.default_rng(seed)
    n = int(land().sum())
    parts = rng.dirichlet(np.ones(11), n).T
    return LandUse(shares=parts[:9], sealed=parts[9], water=parts[10])


# --- kernels ------------------------------------------------------------------------------------------


@given(first=st.floats(0.0, 1e4), second=st.floats(0.0, 1e4))
@examples(max_examples=30, deadline=None)
def test_deposition_is_linear_in_emission(first, second):
    operator = operator_of()
    a = airborne.plume_deposition(operator, np.array([[first, 0.0], [0.0, 0.0]]))
    b = airborne.plume_deposition(operator, np.array([[0.0, 0.0], [0.0, second]]))
    both = airborne.plume_deposition(operator, np.array([[first, 0.0], [0.0, second]]))
    assert both == pytest.approx(a + b, rel=1e-12)
    assert both.min() >= 0.0


def test_unit_emission_by_hand():
    # 2 kg times 3e-9 per m2 is 6e-9 kg = 6e-3 mg per m2
    operator = airborne.Operator(("s",), ("p15",), np.full((1, 1, 1), 3e-9, np.float32), np.array([[0.1]]))
    assert airborne.plume_deposition(operator, [[2.0]]) == pytest.approx([6e-3], rel=1e-6)


def test_sectors_add_up_to_all_sources():
    operator, emissions = operator_of(), emissions_of()
    sectors = airborne.sector_deposition(operator, emissions, 2010, ["smelter", "traffic"])
    total = airborne.plume_deposition(operator, airborne.emission_matrix(emissions, 2010, operator))
    assert sectors.shape == (2, *SHAPE)
    assert sectors.sum(axis=0) == pytest.approx(total, rel=1e-12)


def test_elemental_mercury_does_not_deposit():
    emissions = emissions_of(**{"stack_p1.5": 0.0, "stack_p15": 0.0, "road_p15": 0.0})
    amounts = airborne.emission_matrix(emissions, 2010, operator_of())
    assert amounts.sum() == 10.0
    assert airborne.plume_deposition(operator_of(), amounts).max() == 0.0


def test_unknown_source_is_refused():
    emissions = emissions_of()
    emissions["source_id"][0] = "nobody"
    with pytest.raises(ValueError, match="nobody"):
        airborne.emission_matrix(emissions, 2010, operator_of())


def test_background_by_hand():
    # (20*0.8 - 1 + 30*0.8 - 3)/2 = 18
    assert airborne.background_deposition([20.0, 30.0], [1.0, 3.0], 0.2) == pytest.approx(18.0)
    assert airborne.background_deposition([1.0], [5.0], 0.0) == 0.0
    assert airborne.background_deposition([], [], 0.3) == 0.0


def test_trend_is_linear_between_its_years():
    assert airborne.trend_factor([2010, 2000], [1.0, 2.0], 2005) == pytest.approx(1.5)
    assert airborne.trend_factor([2010, 2000], [1.0, 2.0], 1990) == 2.0
    assert airborne.trend_factor([], [], 1990) == 1.0
    assert airborne.nearest_year([2000, 2005, 2010], 2008) == 2010


@given(background=st.floats(0.0, 50.0), rain=st.floats(0.0, 2000.0), concentration=st.floats(0.0, 200.0))
@examples(max_examples=30, deadline=None)
def test_no_kilogram_is_lost_between_air_and_ground(background, rain, concentration):
    operator = operator_of()
    amounts = airborne.emission_matrix(emissions_of(), 2010, operator)
    plume = airborne.plume_deposition(operator, amounts)
    runoff = np.full(int(land().sum()), rain)
    cells, totals = airborne.split(plume, background, land(), landuse_of(), runoff, concentration, CELL_M**2)
    budget = airborne.air_budget(amounts, operator, totals)
    assert abs(budget["residual"]) <= 1e-9 * (budget["emission"] + budget["background_total"])
    assert all(values.min() >= 0.0 for values in cells.values())


def test_wash_off_by_hand():
    # deposition 2 mg/m2 on 0.5 sealed; runoff 500 mm * 2 ug/L = 1 mg/m2 of sealed ground: half of it stays
    uniform = LandUse(shares=np.full((9, 1), 0.5 / 9), sealed=np.array([0.5]), water=np.array([0.0]))
    cells, _ = airborne.split(np.full((1, 1), 2.0), 0.0, np.ones((1, 1), bool), uniform, np.array([500.0]), 2.0, 1.0)
    assert cells["wash_off"] == pytest.approx([0.5])
    assert cells["street_dust"] == pytest.approx([0.5])
    assert cells["deposition"] == pytest.approx([1.0])
    cells, _ = airborne.split(
        np.full((1, 1), 2.0), 0.0, np.ones((1, 1), bool), uniform, np.array([500.0]), 2.0, 1.0, wash_off=False
    )
    assert cells["wash_off"] == pytest.approx([0.0])


def test_operators_are_averaged():
    content = [
        {
            "source": list(SOURCES),
            "class": list(KINDS),
            "dry": np.full((2, 2, *SHAPE), value, np.float32),
            "wet": np.zeros((2, 2, *SHAPE), np.float32),
            "inside": np.full((2, 2), value),
        }
        for value in (0.25, 0.75)
    ]
    mean = airborne.operator_from(content, land())
    assert mean.total.shape == (2, 2, int(land().sum()))
    assert mean.total == pytest.approx(np.full(mean.total.shape, 0.5))
    assert mean.inside == pytest.approx(np.full((2, 2), 0.5))


# --- weather files ------------------------------------------------------------------------------------


def write_weather(path, year=2018, skip=None, **changes):
    rng = np.random.default_rng(4)
    columns = ["time", *weather_files.COLUMNS]
    start = datetime.datetime(year, 1, 1)
    with open(path, "w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(columns)
        for hour in range(weather_files.hours_of(year)):
            if hour == skip:
                continue
            row = {
                "time": (start + datetime.timedelta(hours=hour + 1)).isoformat(timespec="minutes"),
                "temperature_c": 15 + 8 * np.sin(hour / 24 * 2 * np.pi),
                "relative_humidity_pct": 70,
                "pressure_hpa": 1013,
                "wind_speed_m_s": round(rng.uniform(0.0, 8.0), 1),
                "wind_direction_deg": 10 * int(rng.integers(0, 36)),
                "cloud_cover_tenths": int(rng.integers(0, 11)),
                "global_radiation_w_m2": "",
                "rain_mm": 1.5 if rng.random() < 0.08 else 0,
            } | changes
            writer.writerow([row[name] for name in columns])


def test_weather_is_read_in_order(tmp_path):
    write_weather(tmp_path / "2018.csv")
    weather = weather_files.read([tmp_path / "2018.csv"], 2018)
    assert weather["hour"][:3].tolist() == [1, 2, 3]
    assert weather["day_of_year"][-1] == 365
    assert weather["month"][-1] == 12
    assert np.isnan(weather["global_radiation_w_m2"]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"wind_speed_m_s": 300}, "out of range"),
        ({"rain_mm": ""}, "rain is missing"),
        ({"pressure_hpa": "x"}, "numeric"),
    ],
)
def test_bad_weather_is_named(tmp_path, changes, message):
    write_weather(tmp_path / "2018.csv", **changes)
    with pytest.raises(InputError, match=message):
        weather_files.read([tmp_path / "2018.csv"], 2018)


def test_a_missing_hour_is_named(tmp_path):
    write_weather(tmp_path / "2018.csv", skip=100)
    with pytest.raises(InputError, match="hour\\(s\\) are missing"):
        weather_files.read([tmp_path / "2018.csv"], 2018)


def write_epw(path, year, hours):
    """An EPW file of a typical year: `hours` of the same weather, its temperature the hour's number."""
    head = ["LOCATION,Test,-,CHN,made up,586650,28.6,121.4,8.0,5.0", *["-,0"] * 6, "DATA PERIODS,1,1,Data,,1/1,12/31"]
    start = datetime.datetime(2019, 1, 1)
    rows = []
    for hour in range(hours):
        at = start + datetime.timedelta(hours=hour)
        front = [year, at.month, at.day, at.hour + 1, 0, "?9", hour % 50, 10.0, 70, 101300, 0, 0, 300, 200]
        rows.append(",".join(map(str, [*front, *[0] * 6, 90, 3.0, 5, *[0] * 12])))
    path.write_text("\n".join([*head, *rows]) + "\n")


def test_a_typical_year_of_365_days_fills_a_leap_year(tmp_path):
    """29 February repeats the 28th; its rain is nothing, so that the year's sum is the file's."""
    write_epw(tmp_path / "2020.epw", 2020, 8760)
    start = datetime.datetime(2020, 1, 1)
    every = [start + datetime.timedelta(hours=hour + 1) for hour in range(8784)]
    kept = [time for hour, time in enumerate(every) if not 59 * 24 <= hour < 60 * 24]
    io.write_table(
        tmp_path / "2020_rain.csv",
        {"time": [time.isoformat(timespec="minutes") for time in kept], "rain_mm": [0.25] * 8760},
    )
    weather = weather_files.read([tmp_path / "2020.epw", tmp_path / "2020_rain.csv"], 2020)
    assert weather["rain_mm"].size == 8784
    assert weather["rain_mm"].sum() == pytest.approx(0.25 * 8760)
    assert weather["rain_mm"][59 * 24 : 60 * 24].tolist() == [0.0] * 24
    day = weather["temperature_c"].reshape(-1, 24)
    assert day[59].tolist() == day[58].tolist()
    assert day[60, 0] == (59 * 24) % 50
    assert weather["pressure_hpa"][0] == pytest.approx(1013.0)
    io.write_table(
        tmp_path / "2020_rain.csv",
        {"time": [time.isoformat(timespec="minutes") for time in every], "rain_mm": [0.25] * 8784},
    )
    weather = weather_files.read([tmp_path / "2020.epw", tmp_path / "2020_rain.csv"], 2020)
    assert weather["rain_mm"].sum() == pytest.approx(0.25 * 8784)


# --- the scripts on a tiny region ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("air")
    grid = Grid("EPSG:32651", 300000.0, 3200000.0, CELL_M, *SHAPE, land())
    import rasterio

    profile = {"driver": "GTiff", "height": SHAPE[0], "width": SHAPE[1], "count": 1, "dtype": "uint8"}
    with rasterio.open(folder / "mask.tif", "w", **profile, crs=grid.crs, transform=grid.transform) as target:
        target.write(land().astype(np.uint8), 1)
    write_weather(folder / "2018.csv")
    io.write_table(
        folder / "station.csv",
        {
            "station_id": ["s"],
            "longitude_deg": [121.0],
            "latitude_deg": [28.8],
            "elevation_m": [5.0],
            "anemometer_height_m": [10.0],
            "utc_offset_h": [8.0],
        },
    )
    io.write_table(
        folder / "sources.csv",
        {
            "source_id": ["plant", "outside"],
            "sector": ["smelter_copper", "coal_power"],
            "x_m": [311000.0, 295000.0],
            "y_m": [3189000.0, 3190000.0],
            "stack_height_m": [80.0, 180.0],
            "stack_diameter_m": [2.0, 6.0],
            "exit_temperature_k": [353.0, 330.0],
            "exit_velocity_m_s": [12.0, 18.0],
        },
    )
    io.write_table(
        folder / "area_sources.csv",
        {"source_id": ["roads"], "sector": ["traffic"], "surrogate": ["roads"], "release_height_m": [1.0]},
    )
    weights = np.where(land(), 1.0 / land().sum(), np.nan)
    slope = np.where(land(), 40.0 * np.arange(SHAPE[1])[None, :], np.nan)
    io.write_raster(folder / "elevation.tif", slope, "elevation", grid)
    io.write_bands(folder / "surrogates.tif", {"roads": weights}, "weight", grid)
    bands = {name: np.where(land(), 0.1, np.nan) for name in CLASSES}
    bands["impervious"] = np.where(land(), 0.08, np.nan)
    io.write_bands(folder / "landuse.tif", bands, "fraction", grid)
    zone = np.where(land(), 0, 255).astype(np.uint8)
    io.write_bands(folder / "zones.tif", {"soil_class": zone, "climate_zone": zone, "water_table": zone}, "class", grid)
    numbers = np.arange(30.0, 101.0)
    io.write_netcdf(
        folder / "runoff.nc",
        {
            "runoff": (
                ("rain_factor", "curve_number", "climate"),
                np.broadcast_to(numbers[None, :, None] * 9, (3, 71, 1)),
                "water",
            )
        },
        {"rain_factor": [0.9, 1.0, 1.1], "curve_number": numbers, "climate": [0]},
    )
    operator_in(folder)
    return folder


def operator_in(folder, name="operator.nc"):
    """Run the operator's script on a folder of inputs."""
    names = {name: folder / f"{name}.csv" for name in compute_operator.FILES}
    compute_operator.main(
        files=names | {name: folder / f"{name}.tif" for name in ("mask", "elevation", "surrogates")},
        weather=[folder / "2018.csv"],
        operator=folder / name,
        boundary_layer=folder / "meteorology.csv",
        year=2018,
        dispersion={
            "engine": "metalbudget",
            "max_distance_m": 50000,
            "bearings": 72,
            "terrain": "hills",
            "hours": "all",
            "rural_surface_roughness_m": 0.15,
        },
        coefficients={
            name: settings.coefficients(name)
            for name in ("boundary_layer", "dispersion", "particle_class", "gas_deposition")
        }
        | {"method_2": {metal: settings.coefficients("method_2", metal) for metal in ("cd", "hg", "xx")}},
        threads=1,
    )


def test_rings_are_ours_whoever_computes_the_operator(study, monkeypatch):
    """With a foreign engine, here one whose tables are empty, the rings are those of our own engine."""
    from metalbudget.dispersion import polar
    from metalbudget.dispersion.network import node_distances

    class Foreign:
        def table(self, release, around=None):
            distances = node_distances(50.0, 50000.0, 4.0)
            return polar.Polar(distances, np.zeros((36, distances.size, 6, 2)))

    monkeypatch.setattr(compute_operator.engine, "tables", lambda *_: Foreign())
    operator_in(study, "foreign.nc")
    ours, foreign = (io.read_netcdf(study / name) for name in ("operator.nc", "foreign.nc"))
    assert not foreign["dry"].any()
    for name in ("ring_class", "ring_method_2"):
        np.testing.assert_array_equal(foreign[name], ours[name])


def test_operator_file(study):
    content = io.read_netcdf(study / "operator.nc")
    assert content["source"] == ["plant", "outside", "roads"]
    assert content["class"] == ["p0.5", "p1.5", "p3.5", "p7", "p15", "hg2"]
    assert content["dry"].shape == (3, 6, *SHAPE)
    inside = (content["dry"].astype(float) + content["wet"]).sum(axis=(-1, -2)) * CELL_M**2
    assert content["inside"] == pytest.approx(inside, rel=1e-9)
    assert np.all(content["inside"] > 0.0)
    assert np.all(content["inside"] < 1.0)
    assert np.all(content["inside"][2] > content["inside"][1])  # roads deposit nearer than a tall stack outside
    assert content["metal"] == ["cd", "hg"]  # a metal without rows has no pair
    assert content["kind"] == ["dry", "wet"]
    assert content["ring"].tolist() == [1000.0, 10000.0, 50000.0]
    assert content["gas"].tolist() == [0, 0, 0, 0, 0, 1]
    assert content["ring_class"].shape == (3, 6, 2, 3)
    assert content["ring_method_2"].shape == (3, 2, 2, 3)
    whole = content["ring_class"].sum(axis=(-1, -2))
    assert np.all(whole[:2] > content["inside"][:2])  # rings go on where the grid ends
    assert np.all(whole < 1.0)
    table = io.read_table(study / "meteorology.csv")
    assert len(table["hour"]) == 8760
    used = table["used"] == 1.0
    assert np.all(table["friction_velocity_m_s"][used] > 0.0)
    assert np.isnan(table["convective_height_m"][used & (table["obukhov_length_m"] > 0.0)]).all()
    assert np.all(table["convective_height_m"][used & (table["obukhov_length_m"] < 0.0)] > 0.0)
    assert 0.9 * 8760 < used.sum() < 8760  # the weather has calm hours


def test_kernels_are_compiled_for_the_types_of_the_job(study):
    """`make setup` compiles ahead: another type would be compiled again in the job."""
    from metalbudget import compile as ahead
    from metalbudget.dispersion import model, operator, polar, rings

    kernels = (model._integrals, polar.add_polar_hours, operator._sample, rings.add_line_hours)
    of_the_job = [set(kernel.signatures) for kernel in kernels]
    ahead.compile_kernels()
    assert [set(kernel.signatures) for kernel in kernels] == of_the_job


@pytest.mark.parametrize("with_background", [True, False])
def test_deposition_files_close(study, tmp_path, with_background):
    kinds = ["p1.5", "p15", "hg2", "hg0", "p7"]
    io.write_table(
        tmp_path / "emissions.csv",
        {
            "source_id": ["plant", "plant", "outside", "outside", "roads"],
            "sector": ["smelter_copper", "smelter_copper", "coal_power", "coal_power", "traffic"],
            "kind": ["point"] * 4 + ["area"],
            "year": [2010] * 5,
            "class": kinds,
            "kg": [100.0, 50.0, 20.0, 80.0, 5.0],
            "gsd": [1.5] * 5,
        },
    )
    io.write_table(
        tmp_path / "monitors.csv",
        {
            "station_id": ["m1", "m2"],
            "longitude_deg": [121.05, 121.05],
            "latitude_deg": [28.8, 28.85],
            "metal": ["hg", "hg"],
            "year": [2012, 2012],
            "deposition_mg_m2_yr": [40.0, 60.0],
            "role": ["background" if with_background else "validation", "validation"],
            "source": ["test", "test"],
        },
    )
    io.write_table(tmp_path / "crustal.csv", {"metal": ["hg"], "share": [0.25], "source": ["test"]})
    io.write_table(
        tmp_path / "trend.csv",
        {"metal": ["hg", "hg"], "year": [2000, 2020], "factor": [0.5, 1.5], "source": ["test", "test"]},
    )
    names = ("deposition", "background", "wash_off", "street_dust")
    compute_deposition.main(
        files={
            "mask": study / "mask.tif",
            "emissions": tmp_path / "emissions.csv",
            "zones": study / "zones.tif",
            "monitors": tmp_path / "monitors.csv",
            "crustal_share": tmp_path / "crustal.csv",
            "background_trend": tmp_path / "trend.csv",
        },
        operators=[study / "operator.nc", study / "operator.nc"],
        landuse={2000: study / "landuse.tif", 2020: study / "landuse.tif"},
        runoff_responses=[study / "runoff.nc"],
        outputs={
            **{name: tmp_path / f"{name}.tif" for name in names},
            "air": tmp_path / "air.json",
            "monitor_table": tmp_path / "monitors_out.csv",
        },
        metal="hg",
        year=2010,
        settings={"trend": "table", "wash_off": True, "closure_tolerance": 1e-9},
        event_concentration_ug_l=2.0,
    )
    budget = io.read_json(tmp_path / "air.json")
    assert budget["emission"] == pytest.approx(255.0)
    assert budget["outside_air"] > 80.0  # elemental mercury and what passes the edge
    found = budget["rings"]
    assert found["outer_edge_km"] == [1.0, 10.0, 50.0]
    content = io.read_netcdf(study / "operator.nc")
    by_class, by_pair = content["ring_class"], content["ring_method_2"][:, 1]
    first = 100.0 * by_class[0, 1] + 50.0 * by_class[0, 4] + 5.0 * by_class[2, 3]
    gas = 20.0 * by_class[1, 5]  # mercury's gas falls alike in both, its vapour in neither
    for row, kind in enumerate(("dry", "wet")):
        assert found["method_1"][kind] == pytest.approx((first + gas)[row])
        assert found["method_2"][kind] == pytest.approx((150.0 * by_pair[0] + 5.0 * by_pair[2] + gas)[row])
    spent = sum(budget[name] for name in (*names, "sea", "outside_air"))
    assert spent == pytest.approx(budget["emission"] + budget["background_total"], rel=1e-9)
    grid = io.read_grid(study / "mask.tif")
    for name in names:
        raster = io.read_raster(tmp_path / f"{name}.tif", grid)
        assert np.nansum(raster) * grid.cell_area_m2 * 1e-6 == pytest.approx(budget[name], rel=1e-5)
        assert np.isnan(raster[~grid.land]).all()
    monitors = io.read_table(tmp_path / "monitors_out.csv")
    # By hand: the trend is 1.1 in the monitor's year 2012 and 1 in 2010.
    expected = (40.0 * 0.75 - monitors["plume_in_monitor_year"][0]) / 1.1 if with_background else 0.0
    assert monitors["background"][0] == pytest.approx(expected)
    assert monitors["modelled"] == pytest.approx(monitors["plume"] + monitors["background"])


def test_monitors_of_different_years_are_brought_to_one_level():
    """By hand: 12 at factor 1.2 and 10 at factor 1.0, both without soil and plume, are the same level of 10."""
    assert airborne.background_deposition([12.0, 10.0], [0.0, 0.0], 0.0, [1.2, 1.0]) == pytest.approx(10.0)


def rings_of(share_1, share_2):
    """An operator file of two sources, two classes of particles and a gas, two rings; shares by hand."""
    by_class = np.broadcast_to(np.array(share_1)[None, :, None, None], (2, 3, 2, 2))
    return {
        "metal": ["cd", "hg"],
        "kind": ["dry", "wet"],
        "ring": np.array([1000.0, 20000.0]),
        "gas": np.array([0, 0, 1], dtype=np.int8),
        "ring_class": by_class,
        "ring_method_2": np.broadcast_to(np.array(share_2)[None, :, None, None], (2, 2, 2, 2)),
    }


def test_rings_of_two_methods_by_hand():
    """4 kg and 6 kg of particles, 10 kg of gas, 7 kg of vapour; two weather years, whose mean counts."""
    files = [rings_of([0.1, 0.2, 0.01], [0.3, 0.4]), rings_of([0.3, 0.4, 0.03], [0.5, 0.6])]
    emission = np.array([[4.0, 0.0, 10.0, 7.0], [0.0, 6.0, 0.0, 0.0]])
    found = airborne.deposited_by_ring(files, "hg", emission)
    assert found["outer_edge_km"] == [1.0, 20.0]
    assert found["method_1"]["dry"] == pytest.approx([4.0 * 0.2 + 6.0 * 0.3 + 10.0 * 0.02] * 2)
    assert found["method_2"]["wet"] == pytest.approx([10.0 * 0.5 + 10.0 * 0.02] * 2)
    assert airborne.deposited_by_ring(files, "zn", emission) == {}
    assert airborne.deposited_by_ring([{"class": ["p15"]}], "cd", emission) == {}
