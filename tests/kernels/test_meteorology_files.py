"""Surface and profile files: round trips, AERMET's missing codes, AERMOD's calm and missing hours, and clear errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget import settings
from metalbudget.errors import InputError, InputErrors
from metalbudget.meteorology import aermet, aermet_files
from metalbudget.meteorology.surface import SurfaceCharacteristics

HEADER = "   30.500S  121.250W          UA_ID: 1  SF_ID: 2  OS_ID:              VERSION: 24142{}"
DAY = (
    "23  1  1   1 {:2d}  120.3  0.207  1.219  0.008  862.  216.     -6.5  0.3000   0.60   0.18    2.04  261.6   10.0"
    "  299.7    2.0    11   1.25    92.  1001.     1 NAD-SFC NoSubs"
)
NIGHT = (
    "23  1  1   1 {:2d}  -20.8  0.264 -9.000 -9.000 -999.  311.     79.4  0.3500   0.80   1.00    2.60   18.0   10.0"
    "  274.1    2.0     0   0.00    74.  1011.     8 NAD-SFC NoSubs"
)
LEVEL = "23  1  1 {:2d}    10.0 1   261.6     2.04    26.55    99.00     0.41"


PLAIN = HEADER.format("")


def written(folder, rows, header=PLAIN):
    path = folder / "hours.SFC"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="ascii")
    return path


def changed(row, **values):
    """A row with other values; the names are those of `aermet_files.COLUMNS`."""
    fields = row.split()
    for name, value in values.items():
        fields[5 + list(aermet_files.COLUMNS).index(name)] = str(value)
    return " ".join(fields)


def two_days(first=DAY, **values):
    return [changed(first.format(hour), **values) for hour in range(1, 25)]


def test_surface_row_by_hand(tmp_path):
    hours = aermet_files.read_surface(written(tmp_path, [DAY.format(1), NIGHT.format(2)]))
    assert (hours.latitude_deg, hours.longitude_deg) == (-30.5, -121.25)
    assert not hours.adjusted_friction_velocity
    assert (hours.year[0], hours.month[0], hours.day[0], hours.hour.tolist()) == (2023, 1, 1, [1, 2])
    assert hours.pressure_pa.tolist() == [100100.0, 101100.0]
    assert hours.precipitation_mm_h[0] == 1.25
    assert hours.precipitation_code.tolist() == [11, 0]
    assert hours.cloud_tenths.tolist() == [1.0, 8.0]
    assert np.isnan(hours.convective_height_m[1])
    assert np.isnan(hours.convective_velocity_m_s[1])
    assert np.isnan(hours.lapse_above_k_m[1])
    assert hours.mixing_height_m.tolist() == [862.0, 311.0]
    assert hours.valid.all()
    assert hours.take([1]).hour.tolist() == [2]


def test_adjusted_friction_velocity_and_the_last_century(tmp_path):
    path = written(tmp_path, ["88" + DAY.format(1)[2:]], HEADER.format(" ADJ_U*  CCVR_Sub"))
    hours = aermet_files.read_surface(path)
    assert hours.adjusted_friction_velocity
    assert hours.year[0] == 1988


def test_a_file_without_the_columns_of_deposition(tmp_path):
    short = " ".join(NIGHT.format(1).split()[:20])
    hours = aermet_files.read_surface(written(tmp_path, [short]))
    assert np.isnan(hours.pressure_pa[0])
    assert hours.precipitation_code[0] == 99
    assert hours.valid[0]


# Each was tried with AERMOD 23132 by changing one value of one hour and reading its count of calm and missing hours.
COUNTED = [
    (DAY, "friction_velocity_m_s", -9.0, "missing"),
    (DAY, "convective_velocity_m_s", -9.0, "missing"),
    (NIGHT, "convective_velocity_m_s", -9.0, "valid"),
    (DAY, "lapse_above_k_m", -9.0, "valid"),
    (DAY, "convective_height_m", -999.0, "missing"),
    (NIGHT, "convective_height_m", -999.0, "valid"),
    (DAY, "mechanical_height_m", -999.0, "missing"),
    (NIGHT, "mechanical_height_m", -999.0, "missing"),
    (NIGHT, "obukhov_length_m", -99999.0, "missing"),
    (NIGHT, "bowen_ratio", -9.0, "valid"),
    (NIGHT, "albedo", -9.0, "valid"),
    (NIGHT, "heat_flux_w_m2", -999.0, "valid"),
    (DAY, "wind_speed_m_s", 999.0, "missing"),
    (DAY, "wind_speed_m_s", 99.0, "missing"),
    (DAY, "wind_speed_m_s", 0.0, "calm"),
    (DAY, "wind_direction_deg", 999.0, "missing"),
    (DAY, "wind_direction_deg", 0.0, "valid"),
    (NIGHT, "temperature_k", 999.0, "missing"),
    (NIGHT, "relative_humidity_pct", 999.0, "valid"),
    (NIGHT, "pressure_pa", 99999.0, "valid"),
    (NIGHT, "cloud_tenths", 99, "valid"),
]


@pytest.mark.parametrize(("row", "name", "value", "counted"), COUNTED)
def test_calm_and_missing_hours_are_those_of_aermod(tmp_path, row, name, value, counted):
    hours = aermet_files.read_surface(written(tmp_path, [changed(row.format(1), **{name: value})]))
    found = "calm" if hours.calm[0] else "missing" if hours.missing[0] else "valid"
    assert found == counted


def test_a_calm_hour_is_not_missing_too(tmp_path):
    row = changed(DAY.format(1), wind_speed_m_s=0.0, friction_velocity_m_s=-9.0, temperature_k=999.0)
    hours = aermet_files.read_surface(written(tmp_path, [row]))
    assert hours.calm[0]
    assert not hours.missing[0]


def test_profile_by_hand(tmp_path):
    hours = aermet_files.read_surface(written(tmp_path, [DAY.format(1), NIGHT.format(2)]))
    path = tmp_path / "hours.PFL"
    path.write_text(
        "23 1 1 1   10.0 0  261.6   2.04  26.55  49.86  0.56\n23 1 1 1   40.0 1  999.0  99.00  99.00  12.00  99.00\n"
        "23 1 1 2   10.0 1   18.0   2.60  -0.95  99.00  99.00\n",
        encoding="ascii",
    )
    profile = aermet_files.read_profile(path, hours)
    np.testing.assert_array_equal(profile.height_m, [[10.0, 40.0], [10.0, np.nan]])
    np.testing.assert_allclose(profile.temperature_k, [[299.7, np.nan], [272.2, np.nan]])
    np.testing.assert_array_equal(profile.sigma_theta_deg, [[49.86, 12.0], [np.nan, np.nan]])
    np.testing.assert_array_equal(profile.wind_speed_m_s, [[2.04, np.nan], [2.6, np.nan]])
    np.testing.assert_array_equal(profile.sigma_w_m_s, [[0.56, np.nan], [np.nan, np.nan]])
    again = tmp_path / "again.PFL"
    aermet_files.write_profile(again, hours, profile)
    for name in ("height_m", "temperature_k", "sigma_theta_deg", "wind_speed_m_s", "sigma_w_m_s"):
        np.testing.assert_allclose(getattr(aermet_files.read_profile(again, hours), name), getattr(profile, name))


def same(one, other, tolerances):
    for name in one.__dataclass_fields__:
        np.testing.assert_allclose(
            getattr(one, name), getattr(other, name), rtol=0.0, atol=tolerances.get(name, 1e-9), err_msg=name
        )


@pytest.mark.parametrize("stem", ["aermet/LOVETT", "_met/year_dev", "_met/prof_dev"])
def test_reference_files_survive_writing(cases, tmp_path, stem):
    folder = cases / ("data" if stem.startswith("aermet") else "dispersion")
    if not (folder / f"{stem}.SFC").exists():
        pytest.skip("the file is not among the reference cases")
    hours = aermet_files.read_surface(folder / f"{stem}.SFC")
    profile = aermet_files.read_profile(folder / f"{stem}.PFL", hours)
    aermet_files.write_surface(tmp_path / "x.SFC", hours)
    aermet_files.write_profile(tmp_path / "x.PFL", hours, profile)
    again = aermet_files.read_surface(tmp_path / "x.SFC")
    same(again, hours, {})
    same(aermet_files.read_profile(tmp_path / "x.PFL", again), profile, {})


@given(seed=st.integers(0, 10**6))
@examples(max_examples=10, deadline=None)
def test_what_the_scheme_makes_can_be_written_and_read(tmp_path_factory, seed):
    rng = np.random.default_rng(seed)
    number = np.arange(48)
    weather = {
        "year": np.full(48, 2024),
        "month": np.full(48, 2),
        "day": 28 + number // 24,
        "day_of_year": 59 + number // 24,
        "hour": number % 24 + 1,
        "temperature_c": rng.uniform(-5.0, 15.0, 48),
        "relative_humidity_pct": rng.uniform(20.0, 100.0, 48),
        "pressure_hpa": rng.uniform(980.0, 1030.0, 48),
        "wind_speed_m_s": np.where(rng.random(48) < 0.1, np.nan, rng.uniform(0.0, 12.0, 48)),
        "wind_direction_deg": rng.uniform(0.0, 360.0, 48),
        "cloud_cover_tenths": rng.integers(0, 11, 48).astype(float),
        "global_radiation_w_m2": np.full(48, np.nan),
        "rain_mm": rng.uniform(0.0, 5.0, 48),
    }
    station = {"latitude_deg": 51.0, "longitude_deg": -7.0, "utc_offset_h": 0.0, "anemometer_height_m": 10.0}
    hours, profile = aermet.surface_hours(
        weather, station, SurfaceCharacteristics.monthly(0.2, 0.8, 0.05), settings.coefficients("boundary_layer")
    )
    folder = tmp_path_factory.mktemp("files")
    aermet_files.write_surface(folder / "x.SFC", hours)
    aermet_files.write_profile(folder / "x.PFL", hours, profile)
    again = aermet_files.read_surface(folder / "x.SFC", wet_deposition=True)
    digits = {
        "friction_velocity_m_s": 0.0005,
        "convective_velocity_m_s": 0.0005,
        "lapse_above_k_m": 0.0005,
        "roughness_m": 0.00005,
        "pressure_pa": 50.0,
        **dict.fromkeys(("convective_height_m", "mechanical_height_m", "relative_humidity_pct", "cloud_tenths"), 0.5),
        **dict.fromkeys(("heat_flux_w_m2", "obukhov_length_m", "wind_direction_deg", "temperature_k"), 0.05),
        **dict.fromkeys(("albedo", "bowen_ratio", "wind_speed_m_s", "precipitation_mm_h"), 0.005),
    }
    same(again, hours, {name: 1.001 * digit for name, digit in digits.items()})
    same(
        aermet_files.read_profile(folder / "x.PFL", again),
        profile,
        {"temperature_k": 0.00501, "wind_speed_m_s": 0.00501, "wind_direction_deg": 0.0501},
    )


def refused(path, *words, **options):
    with pytest.raises(InputError) as caught:
        aermet_files.read_surface(path, **options)
    text = str(caught.value)
    for word in (str(path), *words):
        assert word in text, text
    return caught.value


def test_hours_that_are_absent_twice_or_out_of_order(tmp_path):
    rows = two_days()
    refused(written(tmp_path, rows[:10] + rows[11:]), "1 hour(s) are missing", "row 12", "2023-01-01 hour 11")
    refused(written(tmp_path, [*rows[:10], rows[9], *rows[10:]]), "an hour stands twice", "row 12")
    refused(written(tmp_path, [rows[1], rows[0], *rows[2:]]), "not in order", "row 3")
    refused(written(tmp_path, rows), "whole year 2023", "8760 hours", year=2023)


def test_rows_that_cannot_be_read(tmp_path):
    refused(written(tmp_path, [DAY.format(1), "23 1 1 1 2 5.0"]), "columns are missing", "row 3")
    refused(written(tmp_path, [DAY.format(1), changed(DAY.format(2), albedo="x")]), "not a number", "row 3")
    refused(written(tmp_path, ["23 13" + DAY.format(1)[5:]]), "not a date", "row 2")
    refused(written(tmp_path, [DAY.format(25)]), "not a date", "row 2")
    refused(written(tmp_path, ["23  1  1   2" + DAY.format(1)[12:]]), "day of the year", "row 2")
    refused(written(tmp_path, []), "no hours")
    refused(written(tmp_path, [DAY.format(1)], header="year month"), "header", "row 1")
    refused(tmp_path / "absent.SFC", "cannot be read")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"temperature_k": 26.5}, ("temperature_k, row 2 and 23 more", "273.15")),
        ({"wind_speed_m_s": 72.0}, ("wind_speed_m_s", "knots")),
        ({"wind_speed_m_s": 18.0}, ("mean wind speed", "km/h")),
        ({"pressure_pa": 100100.0}, ("pressure_pa", "divide pascal by 100")),
        ({"pressure_pa": 100.1}, ("pressure_pa", "kilopascal")),
        ({"mechanical_height_m": 0.216}, ("too low for metres", "multiply kilometres by 1000")),
        ({"convective_height_m": 0.862}, ("too low for metres", "convective_height_m")),
        ({"roughness_m": -9.0}, ("roughness_m, row 2", "height above zero")),
        ({"anemometer_height_m": -9.0}, ("anemometer_height_m, row 2",)),
        ({"obukhov_length_m": 0.0}, ("Obukhov length is zero",)),
        ({"relative_humidity_pct": 9200.0}, ("relative_humidity_pct",)),
    ],
)
def test_wrong_units_are_told(tmp_path, values, words):
    refused(written(tmp_path, two_days(**values)), *words)


def test_a_storm_is_no_mistaken_unit(tmp_path):
    """18 m/s at 10 m over 0.1 m of roughness are the neutral wind of 1.56 m/s: 0.4 · 18/ln(100)."""
    rows = two_days(wind_speed_m_s=18.0, friction_velocity_m_s=1.56, roughness_m=0.1, anemometer_height_m=10.0)
    assert np.all(aermet_files.read_surface(written(tmp_path, rows)).wind_speed_m_s == 18.0)


def test_all_problems_of_the_values_come_together(tmp_path):
    error = refused(written(tmp_path, two_days(temperature_k=26.5, pressure_pa=100100.0)), "2 problem(s)")
    assert isinstance(error, InputErrors)


def test_wet_deposition_needs_rain(tmp_path):
    path = written(tmp_path, two_days(precipitation_mm_h=-9.0))
    assert aermet_files.read_surface(path).size == 24
    refused(path, "wet deposition", wet_deposition=True)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([LEVEL.format(1), LEVEL.format(3)], ("differ from those of the surface file", "row 2", "hour 3", "hour 2")),
        ([LEVEL.format(1)], ("1 hours", "end of the file", "2023-01-01 hour 2")),
        (
            [LEVEL.format(1).replace(" 1   261", " 0   261"), LEVEL.format(1), LEVEL.format(2)],
            ("do not ascend", "row 2"),
        ),
        ([LEVEL.format(1), LEVEL.format(2).replace(" 26.55", "299.70")], ("degrees Celsius", "temperature_k, row 2")),
        ([LEVEL.format(1), "23 1 1 2 10.0"], ("columns are missing", "row 2")),
        ([], ("holds no hours",)),
    ],
)
def test_profiles_that_do_not_belong_or_cannot_be(tmp_path, rows, words):
    hours = aermet_files.read_surface(written(tmp_path, [DAY.format(1), NIGHT.format(2)]))
    path = tmp_path / "hours.PFL"
    path.write_text("\n".join(rows), encoding="ascii")
    with pytest.raises(InputError) as caught:
        aermet_files.read_profile(path, hours)
    for word in words:
        assert word in str(caught.value), str(caught.value)
