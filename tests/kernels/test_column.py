"""Soil columns. Expected values: FAO-56 worked examples, hand calculations, closed forms and balances."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import hydraulics, runoff
from metalbudget.column import classes, evapotranspiration, response, water_balance
from metalbudget.hydraulics import TEXTURES, VanGenuchten
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.settings import coefficients

SETTINGS = coefficients("soil_column")
PROFILE = water_balance.Profile(
    plough_depth_m=0.20,
    column_depth_m=1.00,
    field_capacity_suction_cm=330.0,
    wilting_suction_cm=15000.0,
    drained_suction_cm=SETTINGS["drained_suction_cm"],
)
TABLES = response.landuse_tables(SOIL_CLASSES, coefficients("crop_coefficient"), PROFILE)
SOIL = hydraulics.class_parameters(
    [TEXTURES.index(name) for name in ("sandy_loam", "loam", "clay_loam")], coefficients("vg_classes")
)
MONTH, DATES = evapotranspiration.calendar(2009, 365)
WATER_TABLES = np.array([np.inf, SETTINGS["water_table_depth_m"]])
PADDY, FOREST, BARE = (SOIL_CLASSES.index(name) for name in ("paddy", "forest", "bare"))


def weather(seed=0, annual=1500.0):
    """A year like that of the Zhejiang coast: plum rains in June, typhoons in August; ET0 about 1000 mm."""
    rng = np.random.default_rng(seed)
    normal = np.array([75, 90, 150, 130, 145, 220, 140, 190, 160, 85, 75, 60])
    rain = np.where(rng.random(365) < 0.38, rng.gamma(0.7, 1.0, 365), 0.0)
    for month in range(1, 13):
        rain[month == MONTH] *= normal[month - 1] / max(rain[month == MONTH].sum(), 1e-9)
    rain *= annual / rain.sum()
    reference = np.interp(
        np.arange(365), np.arange(12) * 30.4 + 15, [1.1, 1.5, 2.0, 2.9, 3.6, 3.8, 4.9, 4.5, 3.4, 2.5, 1.7, 1.2]
    )
    return rain, reference


def solved(rain, reference, rain_factors=(1.0,), irrigation=(500, 100, 60, 0, 0, 0, 0, 0, 0), soil=SOIL, **changes):
    groups = hydraulics.hydrologic_group(soil.ks, coefficients("hydrologic_group"))
    numbers = runoff.curve_numbers(SOIL_CLASSES, groups, coefficients("curve_number"))
    arguments = {
        "rain": rain,
        "evapotranspiration": reference,
        "month": MONTH[: len(rain)],
        "rain_factors": rain_factors,
        "climate_factors": [0.9, 1.2],
        "soil": soil,
        "curve_number": numbers[:, :, None, None],
        "water_table_m": WATER_TABLES,
        "irrigation": np.array(irrigation, dtype=float),
        "tables": TABLES,
        "profile": PROFILE,
        "initial_abstraction_ratio": 0.2,
        "dry_day_rain": 1.0,
        "tolerance_mm": 1.0,
        "cycles": 12,
    }
    return response.column_response(**(arguments | changes))


@pytest.fixture(scope="module")
def year():
    rain, reference = weather()
    return solved(rain, reference, rain_factors=(0.9, 1.0, 1.1))


# --- evapotranspiration


def test_fao56_example_18():
    """Brussels, 6 July: 3.9 mm/d (3.88), Allen et al. 1998, example 18; wind 10 km/h at 10 m is 2.078 m/s at 2 m."""
    wind = evapotranspiration.wind_at_two_metres([10 / 3.6], 10.0)
    assert wind[0] == pytest.approx(2.078, abs=0.001)
    daily = {
        "tmin": [12.3],
        "tmax": [21.5],
        "tmean": [16.9],
        "wind": wind,
        "radiation": [22.07],
        "vapour_pressure": [1.409],
        "pressure": [100.1],
    }
    reference = evapotranspiration.reference_evapotranspiration(
        daily, ["2009-07-06"], latitude_deg=50.8, elevation_m=100.0
    )
    assert reference[0] == pytest.approx(3.88, abs=0.03)


def test_daily_weather():
    """Sums, means and unit conversions by hand; the vapour pressure of 20 °C is 2.338 kPa (FAO-56 annex 2)."""
    hours = 48
    hourly = {
        "temperature_c": np.repeat([20.0, 25.0], 24),
        "relative_humidity_pct": np.full(hours, 50.0),
        "pressure_hpa": np.full(hours, 1013.0),
        "wind_speed_m_s": np.full(hours, 3.0),
        "global_radiation_w_m2": np.full(hours, 100.0),
        "rain_mm": np.r_[np.full(24, 0.5), np.zeros(24)],
    }
    daily = evapotranspiration.daily_weather(hourly, 2.0)
    np.testing.assert_allclose(daily["rain"], [12.0, 0.0])
    np.testing.assert_allclose(daily["radiation"], 8.64)
    np.testing.assert_allclose(daily["pressure"], 101.3)
    np.testing.assert_allclose(daily["wind"], 3.0, rtol=0.001)
    assert daily["vapour_pressure"][0] == pytest.approx(2.338 / 2, abs=0.001)
    with pytest.raises(ValueError, match="whole days"):
        evapotranspiration.daily_weather({**hourly, "rain_mm": np.zeros(47)}, 2.0)
    with pytest.raises(ValueError, match="gap at hour 4"):
        evapotranspiration.daily_weather({**hourly, "rain_mm": np.r_[np.zeros(3), np.nan, np.zeros(44)]}, 2.0)


def test_calendar():
    assert DATES[0] == "2009-01-01"
    assert DATES[-1] == "2009-12-31"
    assert MONTH[31] == 2
    month, dates = evapotranspiration.calendar(2012, 366)
    assert (dates[59], month[59]) == ("2012-02-29", 2)
    assert evapotranspiration.calendar(2012, 365)[1][59] == "2012-03-01"
    with pytest.raises(ValueError, match="365 days"):
        evapotranspiration.calendar(2009, 366)


# --- classes


def test_rare_soils_join_their_neighbour():
    """One cell of sandy clay loam among loam and clay stands nearer to loam in sand and clay."""
    sand = np.r_[np.full(60, 40.0), np.full(60, 20.0), 55.0]
    clay = np.r_[np.full(60, 20.0), np.full(60, 60.0), 27.0]
    soils = classes.soil_classes(sand, 100 - sand - clay, clay, np.full(121, 1300.0), 0.02)
    assert soils.names == ("loam", "clay")
    assert soils.index[-1] == 0
    assert soils.sand[0] == pytest.approx((60 * 40 + 55) / 61)
    assert np.bincount(soils.index).tolist() == [61, 60]


@given(seed=st.integers(0, 200), zones=st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_climate_zones_keep_the_mean(seed, zones):
    factor = np.random.default_rng(seed).normal(1.0, 0.1, 300).round(2)
    index, means = classes.climate_zones(factor, zones)
    assert means[index].mean() == pytest.approx(factor.mean())
    assert np.all(np.diff(means) > 0)
    assert 1 <= means.size <= zones
    assert np.bincount(index).min() > 0
    if zones == 4:
        assert np.bincount(index).max() < 110


def test_uniform_rain_is_one_zone():
    index, means = classes.climate_zones(np.ones(9), 4)
    assert index.tolist() == [0] * 9
    assert means.tolist() == [1.0]


def test_means_by_zone():
    means = classes.mean_by_zone([1.0, 3.0, 8.0], [0, 0, 1], [0, 0, 0], [0, 0, 1], (2, 1, 2))
    np.testing.assert_allclose(means.ravel(), [2.0, 4.0, 4.0, 8.0])
    assert classes.water_table_classes([5.9, 6.0, -1.0], 6.0).tolist() == [1, 0, 1]


# --- water balance


def test_no_millimetre_twice(year):
    """rain + irrigation = runoff + infiltration = runoff + ET + drainage + storage change, to 1e-9 mm."""
    shape = year["runoff"].shape
    rain = np.broadcast_to(year["rain"][:, None, None, :, None], shape)
    irrigation = np.broadcast_to(year["irrigation"][None, :, None, None, None], shape)
    np.testing.assert_allclose(rain + irrigation, year["runoff"] + year["infiltration"], rtol=0, atol=1e-9)
    spent = year["evapotranspiration"] + year["drainage_100cm"] + year["storage_change"]
    np.testing.assert_allclose(year["infiltration"], spent, rtol=0, atol=1e-9)
    np.testing.assert_allclose(year["irrigation"][:3], [500, 100, 60])
    assert np.abs(year["storage_change"]).max() < 1.0


@given(
    seed=st.integers(0, 1000),
    annual=st.floats(50.0, 4000.0),
    water=st.floats(0.0, 1500.0),
    ratio=st.sampled_from([0.2, 0.05]),
    days=st.integers(1, 60),
)
@settings(max_examples=20, deadline=None)
def test_balance_closes_for_any_weather(seed, annual, water, ratio, days):
    """From any state, with ponds, bunds that open, pans and capillary rise."""
    rng = np.random.default_rng(seed)
    count = 12
    columns = water_balance.Columns(
        soil=VanGenuchten(*(getattr(SOIL, name)[rng.integers(0, 3, count)] for name in VanGenuchten.__annotations__)),
        landuse=rng.integers(0, 9, count),
        curve_number=rng.uniform(30, 98, count),
        rain_factor=rng.uniform(0.5, 2.0, count),
        water_table_m=WATER_TABLES[rng.integers(0, 2, count)],
    )
    first = rng.integers(0, 365 - days)
    rain, reference = weather(seed, annual)
    chosen = slice(first, first + days)
    by_day = MONTH[chosen] - 1
    forcing = water_balance.Forcing(
        rain=rain[chosen],
        evapotranspiration=reference[chosen],
        crop_coefficient=TABLES.crop_coefficient[:, by_day].T,
        irrigation=np.full((days, 9), water / days),
        bund_height=TABLES.bund_height[:, by_day].T * (rng.random((days, 1)) < 0.7),
        percolation_limit=TABLES.percolation_limit[:, by_day].T,
    )
    theta = rng.uniform(0.6, 1.0, count) * columns.soil.theta_s
    start = water_balance.State(plough=theta * 200, subsoil=theta * 800, pond=rng.uniform(0, 100, count))
    terms, end = water_balance.run(columns, forcing, TABLES.cover, PROFILE, start, ratio)
    supply = terms["rain"] + terms["irrigation"]
    np.testing.assert_allclose(supply, terms["runoff"] + terms["infiltration"], rtol=0, atol=1e-9)
    spent = terms["evapotranspiration"] + terms["drainage_100cm"] + end.total - start.total
    np.testing.assert_allclose(terms["infiltration"], spent, rtol=0, atol=1e-9)
    assert np.all(end.pond >= 0.0)
    assert np.all(end.plough <= columns.soil.theta_s * 200 + 1e-9)
    assert np.all(end.subsoil <= columns.soil.theta_s * 800 + 1e-9)
    assert np.all(end.plough >= columns.soil.theta_r * 200)
    for name in ("runoff", "evapotranspiration", "drainage_20cm"):
        assert np.all(terms[name] >= 0.0)
    potential = (forcing.crop_coefficient * forcing.evapotranspiration[:, None]).sum(axis=0)[columns.landuse]
    assert np.all(terms["evapotranspiration"] <= potential + 1e-9)


def test_two_halves_are_the_year():
    """A year equals its first part followed by its second from the state that the first left."""
    columns = water_balance.Columns(
        SOIL, np.array([0, 3, 1]), np.array([81.0, 60.0, 75.0]), np.ones(3), np.array([np.inf, np.inf, 1.2])
    )
    rain, reference = weather()

    def forcing(chosen):
        by_day = MONTH[chosen] - 1
        return water_balance.Forcing(
            rain[chosen],
            reference[chosen],
            TABLES.crop_coefficient[:, by_day].T,
            np.zeros((by_day.size, 9)),
            TABLES.bund_height[:, by_day].T,
            TABLES.percolation_limit[:, by_day].T,
        )

    start = water_balance.initial_state(columns, PROFILE)
    whole, end = water_balance.run(columns, forcing(slice(0, 365)), TABLES.cover, PROFILE, start)
    first, middle = water_balance.run(columns, forcing(slice(0, 170)), TABLES.cover, PROFILE, start)
    second, last = water_balance.run(columns, forcing(slice(170, 365)), TABLES.cover, PROFILE, middle)
    np.testing.assert_array_equal(end.total, last.total)
    for name in ("runoff", "evapotranspiration", "drainage_20cm", "drainage_100cm"):
        np.testing.assert_allclose(whole[name], first[name] + second[name], rtol=1e-12)


def test_columns_are_independent(year):
    """One soil solved alone has the same numbers as among others."""
    rain, reference = weather()
    one = VanGenuchten(*(getattr(SOIL, name)[1:2] for name in VanGenuchten.__annotations__))
    alone = solved(rain, reference, soil=one)
    np.testing.assert_array_equal(alone["runoff"][0, :, 0], year["runoff"][1, :, 1])
    np.testing.assert_array_equal(alone["drainage_20cm"][0, :, 0], year["drainage_20cm"][1, :, 1])


def test_without_rain_drainage_dies_out():
    """Nothing runs off; drainage falls year by year, in the sixth it is below 2 mm (a power law has a long tail)."""
    columns = water_balance.Columns(SOIL, np.full(3, BARE), np.full(3, 86.0), np.ones(3), np.full(3, np.inf))
    forcing = water_balance.Forcing(
        rain=np.zeros(365),
        evapotranspiration=np.full(365, 3.0),
        crop_coefficient=np.ones((365, 9)),
        irrigation=np.zeros((365, 9)),
        bund_height=np.zeros((365, 9)),
        percolation_limit=np.full((365, 9), np.inf),
    )
    state = water_balance.initial_state(columns, PROFILE)
    yearly = []
    for _ in range(6):
        terms, state = water_balance.run(columns, forcing, TABLES.cover, PROFILE, state)
        yearly.append(terms)
    assert all(np.all(terms["runoff"] == 0.0) for terms in yearly)
    assert np.all(yearly[-1]["drainage_20cm"] < 0.05)
    drainage = np.array([terms["drainage_100cm"] for terms in yearly])
    assert np.all(np.diff(drainage, axis=0) < 0)
    assert np.all(drainage[-1] < 2.0)


def test_gravity_drainage_against_small_steps():
    """The closed form of a day against 20 000 explicit steps of dS/dt = -speed S^exponent."""
    columns = water_balance.Columns(SOIL, np.zeros(3, int), np.full(3, 75.0), np.ones(3), np.full(3, np.inf))
    layer = water_balance._layer(columns, PROFILE, 0.0, 0.2)
    store = layer.capacity + 0.6 * (layer.drained - layer.capacity)
    pores = layer.saturated - layer.residual
    saturation = (store - layer.residual) / pores
    steps = 20000
    for _ in range(steps):
        saturation = saturation - layer.speed * saturation**layer.exponent / steps
    expected = store - layer.residual - saturation * pores
    np.testing.assert_allclose(water_balance._gravity_drainage(store, layer), expected, rtol=2e-4)


def test_conductivity_fit_meets_mualem_at_its_ends():
    columns = water_balance.Columns(SOIL, np.zeros(3, int), np.full(3, 75.0), np.ones(3), np.full(3, np.inf))
    layer = water_balance._layer(columns, PROFILE, 0.0, 0.2)
    pores = layer.saturated - layer.residual
    for store in (layer.drained, layer.capacity):
        fitted = layer.speed * ((store - layer.residual) / pores) ** layer.exponent * pores
        np.testing.assert_allclose(fitted, 10 * hydraulics.conductivity(store / 200, SOIL), rtol=1e-9)


def test_more_rain_drains_and_sheds_more(year):
    for name in ("runoff", "drainage_20cm", "drainage_100cm"):
        assert np.all(np.diff(year[name], axis=0) > -1e-9), name


def test_plausible_water():
    """Bars for 1500 mm of rain [mm/yr]: paddies 600-1200 below the plough pan, ET 700-1000, forests 500-800.

    The forest bar holds on soils of groups B and C, where the region's forests stand; sand drains more.
    """
    rain, reference = weather()
    terms = solved(rain, reference, climate_factors=[1.0])
    at = {name: terms[name][0] for name in ("drainage_20cm", "evapotranspiration", "runoff")}
    assert np.all((at["drainage_20cm"][PADDY] > 600) & (at["drainage_20cm"][PADDY] < 1200))
    assert np.all((at["drainage_20cm"][FOREST, 1:] > 500) & (at["drainage_20cm"][FOREST, 1:] < 800))
    assert np.all(
        (at["evapotranspiration"][[PADDY, FOREST]] > 700) & (at["evapotranspiration"][[PADDY, FOREST]] < 1000)
    )
    assert np.all(at["runoff"][BARE] > at["runoff"][FOREST])


def test_bunds_hold_water_and_pans_limit_it():
    """Ten days of 50 mm on a paddy in June: the pan lets 4 mm/d through, the bund keeps 80 mm, the rest runs off."""
    days = 10
    columns = water_balance.Columns(SOIL, np.full(3, PADDY), np.full(3, 81.0), np.ones(3), np.full(3, np.inf))
    forcing = water_balance.Forcing(
        rain=np.full(days, 50.0),
        evapotranspiration=np.zeros(days),
        crop_coefficient=np.ones((days, 9)),
        irrigation=np.zeros((days, 9)),
        bund_height=np.full((days, 9), 80.0),
        percolation_limit=np.full((days, 9), 4.0),
    )
    start = water_balance.initial_state(columns, PROFILE)
    free = SOIL.theta_s * 200 - start.plough
    terms, end = water_balance.run(columns, forcing, TABLES.cover, PROFILE, start)
    np.testing.assert_allclose(end.pond, 80.0)
    np.testing.assert_allclose(terms["drainage_20cm"], 40.0)
    end_free = SOIL.theta_s * 200 - end.plough
    np.testing.assert_allclose(terms["runoff"], 500.0 - 80.0 - 40.0 - (free - end_free), atol=1e-9)


def test_capillary_rise_stops_at_equilibrium():
    """A dry subsoil above a water table fills up to hydrostatic equilibrium, from below."""
    columns = water_balance.Columns(SOIL, np.zeros(3, int), np.full(3, 75.0), np.ones(3), np.full(3, 1.2))
    still = np.zeros((4000, 9))
    forcing = water_balance.Forcing(still[:, 0], still[:, 0], still, still, still, still + np.inf)
    equilibrium = hydraulics.water_content(60.0, SOIL) * 800
    start = water_balance.State(SOIL.theta_r * 200 + 5, equilibrium - 40.0, np.zeros(3))
    terms, end = water_balance.run(columns, forcing, TABLES.cover, PROFILE, start)
    assert np.all(terms["drainage_100cm"] < 0)
    assert np.all(end.subsoil <= equilibrium + 1e-9)
    assert np.all(end.subsoil > start.subsoil + 20.0)


@pytest.mark.data
@pytest.mark.parametrize("case", ["w04_atm_sand_dev", "w05_atm_loam_dev", "w06_atm_clay_loam_dev"])
def test_drainage_against_hydrus(cases, case):
    """Annual drainage of a bare metre of soil within 12 % of HYDRUS-1D: what a daily two-layer balance can do."""

    def columns_of(path):
        with open(path, newline="") as source:
            rows = list(csv.reader(source))
        return rows[0], rows[1:]

    folder = cases / "column" / case
    material = json.loads((folder / "case.json").read_text())["materials"][0]
    keys = ("theta_r", "theta_s", "alpha_1_cm", "n", "Ks_cm_d")
    soil = VanGenuchten(*(np.array([float(material[key])]) for key in keys))
    names, rows = columns_of(folder / "met.csv")
    met = {name: 10.0 * np.array([float(row[place]) for row in rows]) for place, name in enumerate(names)}
    names, rows = columns_of(folder / "profile_initial.csv")
    suction = -np.array([float(row[names.index("h")]) for row in rows])
    theta = np.array([hydraulics.water_content(value, soil)[0] for value in suction])
    upper = np.array([float(row[names.index("depth")]) for row in rows]) <= 20.0
    _, rows = columns_of(folder / "expected" / "summary_end.csv")
    expected = 10.0 * float(next(row[1] for row in rows if row[0] == "bottom_drainage_cum_cm"))

    still = np.zeros((met["rain_cm_d"].size, 1))
    forcing = water_balance.Forcing(met["rain_cm_d"], met["pot_evap_cm_d"], still + 1.0, still, still, still + np.inf)
    never_sheds = np.array([1.0])
    columns = water_balance.Columns(soil, np.array([0]), never_sheds, np.ones(1), np.array([np.inf]))
    cover = water_balance.Cover(np.zeros(1), np.ones(1), np.array([0.5]))
    start = water_balance.State(
        theta[upper].mean(keepdims=True) * 200, theta[~upper].mean(keepdims=True) * 800, still[0]
    )
    terms, _ = water_balance.run(columns, forcing, cover, PROFILE, start)
    assert terms["drainage_100cm"][0] == pytest.approx(expected, rel=0.12)


# --- response


def test_leaching_fixture():
    """I 0.6 m, d 0.2 m, theta 0.35, rho 1.3, Kd 576: k 0.0040 per year."""
    rate = response.leaching_rate(600.0, 0.35, 1300.0, 576.0, 0.20)
    assert float(rate) == pytest.approx(0.0040, abs=5e-5)
    assert float(response.leaching_rate(600.0, 0.35, 1300.0, 0.0, 0.20)) == pytest.approx(0.6 / (0.2 * 0.35))


@given(low=st.floats(1.0, 1e6), high=st.floats(1.0, 1e6), drainage=st.floats(0.0, 2000.0))
@settings(max_examples=30, deadline=None)
def test_leaching_falls_with_sorption(low, high, drainage):
    first, second = response.leaching_rate(drainage, 0.3, 1250.0, np.sort([low, high]), 0.2)
    assert 0.0 <= second <= first


def test_irrigation_falls_on_dry_days_of_the_season():
    rain, _ = weather()
    schedule = response.irrigation_schedule([500, 80, 0], rain, MONTH, TABLES.irrigation_month[:3], 1.0)
    np.testing.assert_allclose(schedule.sum(axis=0), [500, 80, 0])
    assert np.all(schedule[rain >= 1.0] == 0.0)
    assert np.all(schedule[(MONTH < 5) | (MONTH > 9), 0] == 0.0)
    wet = response.irrigation_schedule([500], np.full(365, 9.0), MONTH, TABLES.irrigation_month[:1], 1.0)
    assert wet.sum() == pytest.approx(500)
    with pytest.raises(ValueError, match="growing month"):
        response.irrigation_schedule([10], rain, MONTH, np.zeros((1, 12), dtype=bool), 1.0)


def test_mean_irrigation_is_weighted():
    """(3 x 6000 + 1 x 2000) / 4 m3/ha = 5000 m3/ha = 500 mm."""
    mean = response.mean_irrigation(["paddy", "forest"], ["paddy", "paddy"], [6000.0, 2000.0], [3.0, 1.0])
    np.testing.assert_allclose(mean, [500.0, 0.0])


def test_root_share():
    """Jackson et al.: 1 - 0.943^20 = 0.691 of all grass roots above 20 cm; all of them where roots end at 20 cm."""
    share = response.root_share([0.943, 0.943], [1000.0, 0.2], 0.2, 1000.0)
    np.testing.assert_allclose(share, [1 - 0.943**20, 1.0], rtol=1e-9)


def test_tables_cover_every_class():
    assert TABLES.crop_coefficient.shape == (9, 12)
    assert np.all(TABLES.crop_coefficient > 0)
    assert np.all((TABLES.cover.plough_share > 0) & (TABLES.cover.plough_share <= 1))
    with pytest.raises(ValueError, match="no crop_coefficient"):
        response.landuse_tables(
            ["tundra"], {f"tundra/{k}/all": 0.5 for k in ("root_beta", "root_depth_m", "evaporation_share")}, PROFILE
        )


def test_profile_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROFILE.plough_depth_m = 0.3  # type: ignore[misc]
