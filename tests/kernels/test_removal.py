"""Dry deposition, settling and scavenging: hand calculations, laws, and AERMOD's own tables where at hand."""

import csv
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget.dispersion import gases, particles, rain
from metalbudget.dispersion.case import FineFraction, Gas, GasSurface, SizeClasses
from metalbudget.dispersion.removal import removal, sector_of, surface_tables
from metalbudget.meteorology.hours import SurfaceHours

ELEMENTAL = Gas(0.055, 6.4e-6, 1.0e5, 719.0, 0.0)
DIVALENT = Gas(0.0453, 5.25e-6, 1.0e5, 6.0e-6, 1.0)
MONTHS = (4, 4, 5, 5, 1, 1, 1, 1, 1, 2, 3, 3)
FOREST = (4,) * 36
COLUMNS = [
    "year",
    "month",
    "day",
    "day_of_year",
    "hour",
    "heat_flux_w_m2",
    "friction_velocity_m_s",
    "convective_velocity_m_s",
    "lapse_above_k_m",
    "convective_height_m",
    "mechanical_height_m",
    "obukhov_length_m",
    "roughness_m",
    "bowen_ratio",
    "albedo",
    "wind_speed_m_s",
    "wind_direction_deg",
    "anemometer_height_m",
    "temperature_k",
    "temperature_height_m",
    "precipitation_code",
    "precipitation_mm_h",
    "relative_humidity_pct",
    "pressure_hpa",
    "cloud_tenths",
]
WHOLE = ("year", "month", "day", "hour", "precipitation_code")


def weather(count=1, **given_values):
    """Hours of fair weather, or what a test says."""
    values = {
        "year": 2023,
        "month": 7,
        "day": 1,
        "hour": 12,
        "heat_flux_w_m2": 100.0,
        "friction_velocity_m_s": 0.4,
        "convective_velocity_m_s": 1.5,
        "lapse_above_k_m": 0.005,
        "convective_height_m": 1000.0,
        "mechanical_height_m": 600.0,
        "obukhov_length_m": -50.0,
        "roughness_m": 0.1,
        "bowen_ratio": 0.6,
        "albedo": 0.18,
        "wind_speed_m_s": 4.0,
        "wind_direction_deg": 270.0,
        "anemometer_height_m": 10.0,
        "temperature_k": 290.0,
        "temperature_height_m": 2.0,
        "precipitation_code": 0,
        "precipitation_mm_h": 0.0,
        "relative_humidity_pct": 40.0,
        "pressure_pa": 101300.0,
        "cloud_tenths": 5.0,
        "calm": False,
        "missing": False,
        **given_values,
    }
    return SurfaceHours(**{name: np.broadcast_to(np.asarray(value), (count,)) for name, value in values.items()})


def surface_file(path):
    """The columns of a surface file, read here so that these tests need no other room."""
    lines = path.read_text(encoding="ascii").splitlines()[1:]
    table = np.array([[float(item) for item in line.split()[: len(COLUMNS)]] for line in lines])
    columns = dict(zip(COLUMNS, table.T, strict=True))
    columns["year"] += 2000
    columns["pressure_pa"] = 100.0 * columns.pop("pressure_hpa")
    del columns["day_of_year"]
    for name in WHOLE:
        columns[name] = columns[name].astype(int)
    for name, code in {"convective_velocity_m_s": -9.0, "precipitation_mm_h": -9.0}.items():
        columns[name] = np.where(columns[name] == code, np.nan, columns[name])
    calm = columns["wind_speed_m_s"] == 0.0
    return SurfaceHours(**columns, calm=calm, missing=columns["wind_speed_m_s"] > 900.0)


def table(path):
    with open(path, newline="", encoding="utf-8") as source:
        return list(csv.DictReader(source))


def column(rows, name, classes=1):
    return np.array([float(row[name]) for row in rows]).reshape(-1, classes)


# hand calculations


def test_settling_of_ten_micrometres():
    # slip 1 + 0.13 · 1.257/10 = 1.016341; (1000 − 1.2) · 9.80616 · 1e-10 · 1.016341/(18 · 1.81e-5) = 3.0554e-3 m/s
    assert particles.settling_velocity(10.0, 1.0) == pytest.approx(3.0554e-3, rel=1e-4)


def test_slip_of_a_tenth_of_a_micrometre():
    # 1 + 1.3 (1.257 + 0.4 exp(−0.84615)) = 1 + 1.3 (1.257 + 0.171624)
    assert particles.slip_correction(0.1) == pytest.approx(2.857211, rel=1e-6)


def test_aerodynamic_resistance_by_hand():
    # stable: (ln 11 + 5 · 1.1/60)/(0.4 · 0.25) = (2.397895 + 0.091667)/0.1
    assert particles.aerodynamic_resistance(0.25, 60.0, 0.1) == pytest.approx(24.89562, rel=1e-6)
    # neutral limit from both sides: ln 11/(0.4 · 0.4)
    for length in (-1.0e7, 1.0e7):
        assert particles.aerodynamic_resistance(0.4, length, 0.1) == pytest.approx(14.98684, rel=1e-4)


def test_fine_layer_resistance_by_hand():
    np.testing.assert_allclose(
        particles.fine_layer_resistance(0.4, [50.0, -50.0, -0.2]), [1250.0, 1250 / 7, 1250 / 301]
    )


def test_fine_fraction_velocity_by_hand():
    # all fine: 1/(20 + 1230); all coarse: 1/(20 + 1230 + 0.002 · 24600) + 0.002 = 1/1299.2 + 0.002
    assert particles.fine_fraction_velocity(20.0, 1230.0, 1.0) == pytest.approx(8.0e-4, rel=1e-12)
    assert particles.fine_fraction_velocity(20.0, 1230.0, 0.0) == pytest.approx(2.769704e-3, rel=1e-6)


def test_washout_by_hand():
    # W = 1e5 · 0.6 · 0.7 + 6e5 · 0.3 = 2.22e5; 1 mm/h over 500 m: 2.22e5 · 2.7778e-7/500 = 1.2333e-4 1/s
    ratio = rain.washout_ratio(0.7, 0.6)
    assert ratio == pytest.approx(2.22e5)
    assert rain.particle_washout(1.0, ratio) / 500.0 == pytest.approx(1.23333e-4, rel=1e-5)


def test_scavenging_of_all_in_the_way_by_hand():
    # r = 1 cm/18.11; 1.5 · 0.1 cm/h/3600/(2 r) = 1.5 · 2.7778e-5 · 18.11/2
    assert rain.scavenging_rate(1.0, 1.0) == pytest.approx(3.772917e-4, rel=1e-6)


def test_gas_in_equilibrium_with_rain_by_hand():
    # elemental mercury holds hardly to water: R T/H = 8.3145 · 290/719 = 3.353554, times 2.7778e-7 m/s
    assert rain.gas_washout(1.0, 290.0, 719.0) == pytest.approx(9.31543e-7, rel=1e-5)


def test_transfer_of_a_soluble_gas_by_hand():
    # r = 0.05521811 cm, V = 3.75 m/s; 1/K = 0.008 + 1/(0.1 · 98.11) = 0.1099264 s/cm; 3 · 2.77778e-7 · 0.0909701/(r V)
    rate = rain.gas_transfer_rate(1.0, 290.0, 0.1, 1.0e-5, 1.0e-12)
    assert rate == pytest.approx(3 * 2.777778e-7 * 0.0909701 / (5.521811e-4 * 3.75), rel=1e-5)


def test_drops_too_small_to_stir_take_up_less():
    # radii just below and above 0.05 cm; the resistance inside the drop is 1/0.13 times as large below
    rate = rain.gas_transfer_rate([0.64, 0.66], 290.0, 0.1, 1.0e-6, 0.1)
    radius, fall = rain.raindrop([0.64, 0.66])
    inside = 0.0085 * 100.0 * radius * 0.1 / 2411.205 / 1.0e-6 / np.array([0.13, 1.0])
    air = 0.008 + 1.0 / (0.1 * (0.01 / radius + 80.0))
    np.testing.assert_allclose(
        rate, 0.03 * np.array([0.64, 0.66]) / 3.6e6 / (radius * fall * (air + inside)), rtol=1e-6
    )
    assert rate[0] < 0.6 * rate[1]


def test_insolation_by_hand():
    # 2.12 · 100 (1 + 1/0.6)/0.9 − 5.31e-13 · 290⁶ + 5.67e-8 · 290⁴ − 60 · 0.5
    # = 628.148 − 315.851 + 401.027 − 30 = 683.32
    shine = gases.insolation(100.0, 0.6, [0.0, 0.18, 1.0], 290.0, 5.0, [-50.0, -50.0, 20.0])
    np.testing.assert_allclose(shine, [683.32, 683.32 / 0.82, 0.0], rtol=1e-4)


def test_soil_without_an_observed_hour():
    """As AERMOD: nothing changes in an hour without precipitation observed, and the rain before it is lost."""
    water = gases.soil_water([290.0] * 5, [0.0, 15.0, np.nan, 0.0, 0.0])
    dry = gases.soil_water([290.0] * 5, [0.0, 0.0, np.nan, 0.0, 0.0])
    np.testing.assert_array_equal(water, dry)
    assert water[1] == water[2] > water[3]
    # 999 K empties the soil for long, and below nothing it loses no more
    emptied = gases.soil_water([290.0, np.nan, 290.0, 290.0], [0.0, 0.0, 8.0, 0.0])
    assert emptied[1] < -1.0e5
    np.testing.assert_allclose(np.diff(emptied[1:]), [0.0, 8.0], atol=1e-9)


def test_humidity_without_an_observed_hour():
    found = gases.humid_temperature([280.0, 290.0, 300.0, 285.0], [np.nan, 0.0, np.nan, 1.0])
    np.testing.assert_array_equal(found, [280.0, 290.0, 290.0, 285.0])


def test_soil_water_by_hand():
    loss = gases.EVAPORATION_MM_H_KPA * gases.saturation_pressure(290.0)
    np.testing.assert_allclose(gases.soil_water([290.0], [5.0]), 180.0 - 0.9 * loss)
    second = (180.0 - 0.9 * loss) * (1.0 - loss / 200.0) + 5.0
    np.testing.assert_allclose(gases.soil_water([290.0, 290.0], [5.0, 0.0])[1], second)


def test_saturation_pressure_near_the_tables():
    # Smithsonian tables, water: 1.2272 kPa at 10 °C, 2.3373 kPa at 20 °C, 4.2430 kPa at 30 °C
    np.testing.assert_allclose(gases.saturation_pressure([283.15, 293.15, 303.15]), [1.2272, 2.3373, 4.243], rtol=0.025)


def test_dew_needs_night_moisture_and_still_air():
    # q_s − q at 290 K, 1013 hPa, 98 %: about 0.622 · 1.929 · 0.02/101.3 (1 + 2 · 0.0072) = 2.40e-4,
    # and 4.5e-4/2.40e-4 = 1.87
    assert gases.dew([1, 1, 12], [1.8, 1.95, 0.1], 290.0, 98.0, 101300.0, 0.0).tolist() == [True, False, False]
    assert gases.dew(22, [1.8, 1.2, 0.6], 290.0, 98.0, 101300.0, [5.0, 5.0, 9.0]).tolist() == [False, True, True]


def test_surfaces_stay_wet_two_hours():
    assert gases.recently_wet([0, 1.0, 0, 0, 0, np.nan]).tolist() == [False, True, True, True, False, False]


def test_snow_does_not_wet_snow():
    # EPA's program counts the code without any amount as well
    expected = [True, False, False, False]
    assert gases.snowing([22, 11, 22, 22], [270, 270, 274, 270], [4, 4, 4, 3]).tolist() == expected


def test_leaf_share_of_forests_is_the_factor_and_its_root_elsewhere():
    np.testing.assert_allclose(
        gases.leaf_share([4, 2, 6, 9, 2], [2, 2, 5, 5, 1], 0.49, 0.25), [0.49, 0.7, 0.25, 0.5, 1]
    )


def test_sectors_are_centred_on_tens():
    assert sector_of([10.0, 5.1, 15.0, 15.1, 100.0, 105.0, 360.0, 355.1, 5.0, 0.0]).tolist() == [
        0, 0, 0, 1, 9, 9, 35, 35, 35, 35,
    ]  # fmt: skip


def test_surface_tables_are_whole():
    for name, values in surface_tables().items():
        assert np.isfinite(values[1:, 1:]).all(), name
        assert (values[1:, 1:] >= 0.0).all(), name


def test_elemental_mercury_over_water_by_hand():
    # nothing but the ground counts: a lake at 289.43 K has 1000 exp(−20.2333) s/m to what dissolves like SO2
    hours = weather()
    surface = GasSurface((1,) * 12, (7,) * 36)
    resistance = removal(ELEMENTAL, hours, [289.43334], surface).surface_s_m[0, 0]
    assert resistance == pytest.approx(719.0 / 1.0e-3 * 1000.0 * np.exp(-20.23334), rel=1e-4)


def test_users_velocity_stands():
    surface = GasSurface((1,) * 12, FOREST, user_velocity_m_s=0.0123)
    result = removal(DIVALENT, weather(3, precipitation_mm_h=1.0), np.full(3, 290.0), surface)
    np.testing.assert_allclose(result.dry_velocity_m_s, 0.0123)
    assert (result.washout_m_s == 0.0).all(), "who gives a velocity gives nothing to wash out by"


def test_gas_without_surface_is_refused():
    with pytest.raises(ValueError, match="gas_surface"):
        removal(DIVALENT, weather(), [290.0])


def test_hours_without_a_plume_hold_zeros():
    nothing = {"friction_velocity_m_s": np.nan, "obukhov_length_m": np.nan, "temperature_k": np.nan}
    hours = weather(2, calm=[True, False], missing=[False, True], precipitation_mm_h=1.0, **nothing)
    for substance in (SizeClasses((1.0, 10.0), (0.5, 0.5), (2.0, 2.0)), FineFraction(0.7, 0.6), DIVALENT):
        result = removal(substance, hours, np.full(2, np.nan), GasSurface(MONTHS, FOREST))
        for name in ("dry_velocity_m_s", "settling_m_s", "scavenging_s", "washout_m_s", "aerodynamic_s_m"):
            assert (getattr(result, name) == 0.0).all(), name


# laws

STATES = {
    "friction_velocity_m_s": st.floats(0.02, 2.0),
    "obukhov_length_m": st.one_of(st.floats(-5000.0, -0.5), st.floats(0.5, 5000.0)),
    "roughness_m": st.floats(0.001, 2.0),
    "temperature_k": st.floats(255.0, 315.0),
    "relative_humidity_pct": st.floats(0.0, 100.0),
    "precipitation_mm_h": st.floats(0.0, 100.0),
    "hour": st.integers(1, 24),
}


@settings(max_examples=30, deadline=None)
@given(
    state=st.fixed_dictionaries(STATES), fine=st.floats(0.0, 1.0), land_use=st.integers(1, 9), season=st.integers(1, 5)
)
def test_rates_are_sound_whatever_the_weather(state, fine, land_use, season):
    hours = weather(**state)
    surface = GasSurface((season,) * 12, (land_use,) * 36)
    classes = SizeClasses((0.1, 1.0, 10.0, 40.0), (0.25,) * 4, (1.5,) * 4)
    for substance in (classes, FineFraction(fine, 0.6), ELEMENTAL, DIVALENT):
        result = removal(substance, hours, hours.temperature_k, surface)
        assert result.fraction.sum() == pytest.approx(1.0)
        for values in (result.dry_velocity_m_s, result.scavenging_s, result.washout_m_s, result.washout_limit_s):
            assert (values >= 0.0).all()
            assert not np.isnan(values).any()
        assert (result.dry_velocity_m_s >= result.settling_m_s).all() or isinstance(substance, FineFraction)
        if state["precipitation_mm_h"] == 0.0:
            assert (result.scavenging_s == 0.0).all()
            assert (result.washout_m_s == 0.0).all()


@settings(max_examples=30, deadline=None)
@given(rate=st.floats(0.01, 50.0), factor=st.floats(1.0, 5.0))
def test_washout_is_linear_in_rain_and_collection_at_most_whole(rate, factor):
    np.testing.assert_allclose(rain.particle_washout(factor * rate, 2e5), factor * rain.particle_washout(rate, 2e5))
    sizes = np.geomspace(0.01, 100.0, 40)
    efficiency = rain.collection_efficiency(rate, sizes, 1.0, particles.settling_velocity(sizes, 1.0), 288.0, 101325.0)
    assert (efficiency > 0.0).all()
    assert (efficiency <= 1.0).all()


def test_large_particles_fall_and_nothing_else():
    settling = particles.settling_velocity(100.0, 2.6)
    layer = particles.layer_resistance(100.0, settling, 0.3, 0.0, 288.0, 101325.0)
    velocity = particles.size_class_velocity(particles.aerodynamic_resistance(0.3, 50.0, 0.1), layer, settling)
    # of the resistances 1/(Ra + Rd + Ra Rd Vg) is left, at most 1/Ra
    assert settling < velocity < settling + 1.0 / 20.0
    assert particles.size_class_velocity(1.0e9, 1.0e9, settling) == pytest.approx(settling + 1.0e-4)


def test_greenfield_gap():
    sizes = np.array([0.01, 0.8, 20.0])
    low, gap, high = rain.collection_efficiency(
        1.0, sizes, 1.0, particles.settling_velocity(sizes, 1.0), 288.0, 101325.0
    )
    assert gap < low < high


def test_frozen_or_not_scavenges_alike():
    for code in (0, 11, 22):
        result = removal(FineFraction(0.7, 0.6), weather(precipitation_code=code, precipitation_mm_h=1.0), [265.0])
        assert result.washout_m_s[0, 0] == pytest.approx(2.22e5 / 3.6e6)


# AERMOD's own tables


def test_size_classes_as_aermod(cases):
    folder = cases / "dispersion" / "h11_m1_dev"
    hours = surface_file(cases / "dispersion" / "_met" / "hours_dev.SFC")
    substance = SizeClasses((0.3, 0.8, 2, 5, 12, 30), (0.15, 0.25, 0.2, 0.2, 0.12, 0.08), (2, 2, 2.2, 2.5, 2.5, 2.6))
    dry, wet = table(folder / "deposition_velocity.csv"), table(folder / "scavenging.csv")
    result = removal(substance, hours, column(wet, "ta_K", 6)[:, 0])
    # six digits are printed
    np.testing.assert_allclose(np.repeat(result.aerodynamic_s_m, 6).reshape(-1, 6), column(dry, "ra", 6), rtol=6e-6)
    np.testing.assert_allclose(result.layer_s_m, column(dry, "rd_or_rp", 6), rtol=6e-6)
    np.testing.assert_allclose(result.settling_m_s, column(dry, "vg", 6), rtol=6e-6)
    np.testing.assert_allclose(result.dry_velocity_m_s, column(dry, "vd", 6), rtol=6e-6)
    np.testing.assert_allclose(result.scavenging_s, column(wet, "scav_rate_1_s", 6), rtol=1e-9, atol=1e-20)


def test_fine_fraction_as_aermod(cases):
    folder = cases / "dispersion" / "h12_m2_dev"
    hours = surface_file(cases / "dispersion" / "_met" / "hours_dev.SFC")
    dry, wet = table(folder / "deposition_velocity.csv"), table(folder / "scavenging.csv")
    result = removal(FineFraction(0.7, 0.6), hours, column(wet, "ta_K")[:, 0])
    np.testing.assert_allclose(result.layer_s_m, column(dry, "rd_or_rp"), rtol=6e-6)
    np.testing.assert_allclose(result.settling_m_s, column(dry, "vg"), rtol=6e-6)
    np.testing.assert_allclose(result.dry_velocity_m_s, column(dry, "vd"), rtol=6e-6)
    within_depths(result, column(wet, "scav_rate_1_s"))


@pytest.mark.parametrize(("name", "gas"), [("h13_gasHg0_dev", ELEMENTAL), ("h14_gasHgII_dev", DIVALENT)])
def test_gases_as_aermod(cases, name, gas):
    folder = cases / "dispersion" / name
    hours = surface_file(cases / "dispersion" / "_met" / "hours_dev.SFC")
    dry, wet = table(folder / "deposition_velocity.csv"), table(folder / "scavenging.csv")
    result = removal(gas, hours, column(wet, "ta_K")[:, 0], GasSurface(MONTHS, FOREST))
    np.testing.assert_allclose(result.aerodynamic_s_m, column(dry, "ra")[:, 0], rtol=6e-6)
    np.testing.assert_allclose(result.layer_s_m, column(dry, "rb"), rtol=6e-6)
    np.testing.assert_allclose(result.surface_s_m, column(dry, "rc"), rtol=1e-5)
    np.testing.assert_allclose(result.dry_velocity_m_s, column(dry, "vd"), rtol=1e-5)
    within_depths(result, column(wet, "scav_rate_1_s"))


def within_depths(result, expected):
    """AERMOD's rate lies between those of the shallowest and the deepest plume it allows, 500 and 10,000 m."""
    deep, shallow = (np.minimum(result.washout_m_s / depth, result.washout_limit_s) for depth in (1.0e4, 500.0))
    assert (expected >= deep * (1.0 - 1e-9)).all()
    assert (expected <= shallow * (1.0 + 1e-9)).all()
    assert ((expected > 0.0) == (deep > 0.0)).all()


def test_every_surface_and_season_differs_somewhere():
    """Each column of the table reaches the result: no season or land use is mistaken for another's."""
    values = {}
    for land_use, season in itertools.product((1, 2, 3, 4, 5, 6, 7, 9), (1, 4)):
        surface = GasSurface((season,) * 12, (land_use,) * 36)
        result = removal(Gas(0.1, 1e-5, 100.0, 1.0, 0.1), weather(), [289.4], surface)
        values[land_use, season] = float(result.surface_s_m[0, 0])
    assert len(set(values.values())) == len(values) - 1, "water alone knows no season"
