"""A user's hourly weather that is wrong: one clear error with file and row."""

import datetime

import pytest
from metalbudget import settings, weather_files
from metalbudget.errors import InputError
from metalbudget.meteorology import aermet, aermet_files
from metalbudget.meteorology.surface import SurfaceCharacteristics

YEAR = 2023
USUAL = {
    "temperature_c": "12.5",
    "relative_humidity_pct": "70",
    "pressure_hpa": "1012",
    "wind_speed_m_s": "3.4",
    "wind_direction_deg": "210",
    "cloud_cover_tenths": "5",
    "global_radiation_w_m2": "",
    "rain_mm": "0",
}


def table(**values):
    columns = USUAL | values
    start = datetime.datetime(YEAR, 1, 1)
    rows = [
        ",".join([(start + datetime.timedelta(hours=hour + 1)).isoformat(timespec="minutes"), *columns.values()])
        for hour in range(8760)
    ]
    return [",".join(["time", *columns]), *rows]


def refused(folder, lines, *words):
    path = folder / f"{YEAR}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        weather_files.read([path], YEAR)
    text = str(caught.value)
    for word in (str(path), *words):
        assert word in text, text


def test_dates_of_the_hours(tmp_path):
    lines = table()
    path = tmp_path / f"{YEAR}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    weather = weather_files.read([path], YEAR)
    march = 59 * 24
    assert [weather[name][march] for name in ("year", "month", "day", "day_of_year", "hour")] == [2023, 3, 1, 60, 1]
    assert [weather[name][-1] for name in ("year", "month", "day", "day_of_year", "hour")] == [2023, 12, 31, 365, 24]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"temperature_c": "285.6"}, ("temperature_c, row 2", "take 273.15 from kelvin")),
        ({"pressure_hpa": "101200"}, ("pressure_hpa, row 2", "divide pascal by 100")),
        ({"wind_speed_m_s": "19.4"}, ("mean wind speed", "km/h")),
        ({"wind_speed_m_s": "120"}, ("wind_speed_m_s, row 2", "knots")),
        ({"cloud_cover_tenths": "50"}, ("cloud_cover_tenths", "percent")),
        ({"rain_mm": ""}, ("rain is missing", "row 2")),
        ({"temperature_c": "warm"}, ("not numeric", "temperature_c")),
    ],
)
def test_wrong_units_and_absent_rain(tmp_path, values, words):
    refused(tmp_path, table(**values), *words)


def test_hours_absent_twice_or_out_of_order(tmp_path):
    lines = table()
    refused(tmp_path, lines[:100] + lines[101:], "8759 rows", "8760")
    refused(tmp_path, [*lines[:100], lines[99], *lines[101:]], "an hour stands twice", "row 101")
    refused(tmp_path, [*lines[:100], lines[101], lines[100], *lines[102:]], "not in order", "row 101")


def test_absent_column(tmp_path):
    lines = [",".join(line.split(",")[:-1]) for line in table()]
    refused(tmp_path, lines, "rain_mm", "a column is missing")


def test_a_table_becomes_files_of_aermet(tmp_path):
    """From the user's table through the boundary layer to a surface file of the whole year."""
    path = tmp_path / f"{YEAR}.csv"
    path.write_text("\n".join(table()) + "\n", encoding="utf-8")
    station = {"latitude_deg": 29.0, "longitude_deg": 121.0, "utc_offset_h": 8.0, "anemometer_height_m": 10.0}
    hours, profile = aermet.surface_hours(
        weather_files.read([path], YEAR),
        station,
        SurfaceCharacteristics.monthly(0.2, 0.8, 0.1),
        settings.coefficients("boundary_layer"),
    )
    aermet_files.write_surface(tmp_path / "x.SFC", hours)
    aermet_files.write_profile(tmp_path / "x.PFL", hours, profile)
    again = aermet_files.read_surface(tmp_path / "x.SFC", year=YEAR, wet_deposition=True)
    assert again.valid.all()
    assert 0.3 < again.convective.mean() < 0.5
    assert aermet_files.read_profile(tmp_path / "x.PFL", again).height_m.shape == (8760, 1)
