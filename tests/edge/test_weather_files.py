"""A user's hourly weather that is wrong: one clear error with file and row."""

import datetime
import math

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
        ({"temperature_c": ""}, ("temperature_c", "missing in every hour")),
        ({"wind_direction_deg": ""}, ("wind_direction_deg", "missing in every hour")),
        ({"cloud_cover_tenths": ""}, ("neither clouds nor radiation",)),
        ({"temperature_c": "inf"}, ("temperature_c, row 2",)),
        ({"wind_speed_m_s": "-999"}, ("wind_speed_m_s, row 2",)),
        ({"relative_humidity_pct": "0.7"}, ("relative_humidity_pct", "fraction by 100")),
        ({"cloud_cover_tenths": "0.5"}, ("cloud_cover_tenths", "fraction by 10")),
        ({"global_radiation_w_m2": "2.1"}, ("global_radiation_w_m2", "MJ")),
        ({"rain_mm": "0.002"}, ("rain_mm", "metres by 1000")),
        ({"wind_direction_deg": "3.1"}, ("wind_direction_deg", "radians")),
    ],
)
def test_wrong_units_and_absent_rain(tmp_path, values, words):
    refused(tmp_path, table(**values), *words)


def test_hours_absent_twice_or_out_of_order(tmp_path):
    lines = table()
    refused(tmp_path, lines[:100] + lines[101:], "8759 rows", "8760", "1 hour(s) are missing", "row 101")
    refused(tmp_path, lines[:-10], "8750 rows", "8760", "row 8751")
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


def test_times_of_a_zone_are_refused(tmp_path):
    lines = table()
    refused(tmp_path, [lines[0], lines[1].replace("01:00,", "01:00Z,"), *lines[2:]], "row 2", "a time has a zone")


STATION = {
    "longitude_deg": 121.0,
    "latitude_deg": 29.0,
    "elevation_m": 5.0,
    "anemometer_height_m": 10.0,
    "utc_offset_h": 8.0,
}


def sunny(noon: float) -> list[str]:
    """A table whose sun stands highest at an hour of its clock."""
    lines = table()
    for row in range(1, len(lines)):
        hour = (row - 1) % 24 + 0.5
        fields = lines[row].split(",")
        fields[7] = f"{max(0.0, 900.0 * math.cos((hour - noon) * math.pi / 12.0)):.0f}"
        lines[row] = ",".join(fields)
    return lines


@pytest.mark.parametrize(("noon", "right"), [(12.0, True), (13.5, True), (4.0, False), (20.0, False), (15.0, False)])
def test_the_clock_of_the_sun_is_the_stations(tmp_path, noon, right):
    # at 121 degrees east and UTC+8 the sun's noon is at 11.93 h; a table in UTC has it at 3.93 h
    path = tmp_path / f"{YEAR}.csv"
    path.write_text("\n".join(sunny(noon)) + "\n", encoding="utf-8")
    if right:
        weather_files.read([path], YEAR, STATION)
    else:
        with pytest.raises(InputError, match="does not stand where its clock says"):
            weather_files.read([path], YEAR, STATION)


def epw() -> list[str]:
    """An EPW file of constant weather."""
    header = [
        "LOCATION,Place,-,CHN,SYN,584770,30.0,121.0,8.0,5.0",
        "DESIGN CONDITIONS,0",
        "TYPICAL/EXTREME PERIODS,0",
        "GROUND TEMPERATURES,0",
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
        "COMMENTS 1,-",
        "COMMENTS 2,-",
        "DATA PERIODS,1,1,Data,Sunday,1/1,12/31",
    ]
    start = datetime.datetime(YEAR, 1, 1)
    rows = []
    for number in range(8760):
        day = start + datetime.timedelta(hours=number)
        rows.append(
            f"{YEAR},{day.month},{day.day},{day.hour + 1},0,?,12.5,6.0,70,101200,0,0,300,100,0,100,0,0,0,0,210,3.4,5,5,"
            "9999,99999,9,999999999,0,0,0,88,0.2,0,0"
        )
    return header + rows


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: lines[:2000], ("does not have all its hours",)),
        (lambda lines: [], ("cannot be read as EPW",)),
        (lambda lines: ["hello"], ("cannot be read as EPW",)),
        (lambda lines: [*lines[:500], lines[500].replace(",12.5,", ",abc,"), *lines[501:]], ("row 501", "abc")),
        (lambda lines: [*lines[:500], lines[500][:20], *lines[501:]], ("row 501",)),
        (lambda lines: [*lines[:500], lines[501], lines[500], *lines[502:]], ("not in order", "row 501")),
        (lambda lines: [*lines[:500], *lines[501:]], ("does not have all its hours",)),
    ],
    ids=["cut", "empty", "text", "word", "short row", "swapped", "gap"],
)
def test_damaged_epw_files(tmp_path, change, words):
    rain = [line.split(",")[0] + "," + line.split(",")[-1] for line in table()]
    (tmp_path / f"{YEAR}_rain.csv").write_text("\n".join(rain) + "\n", encoding="utf-8")
    path = tmp_path / f"{YEAR}.epw"
    path.write_text("\n".join(epw()) + "\n", encoding="utf-8")
    files = [path, tmp_path / f"{YEAR}_rain.csv"]
    assert weather_files.read(files, YEAR)["temperature_c"][-1] == 12.5
    path.write_text("\n".join(change(epw())) + "\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        weather_files.read(files, YEAR)
    for word in (*words, str(path)):
        assert word in str(caught.value)
