"""Boundary layer: hand calculations of each published equation, and laws over many hours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget import settings
from metalbudget.meteorology import boundary_layer, mixing_height, radiation, similarity
from metalbudget.meteorology.directions import spread_directions

PARAMETERS = settings.coefficients("boundary_layer")
STATION = {"latitude_deg": 29.0, "longitude_deg": 120.0, "utc_offset_h": 8.0, "anemometer_height_m": 10.0}
LINES = {
    name: (PARAMETERS[f"golder_a_{name}"], PARAMETERS[f"golder_b_{name}"]) for name in boundary_layer.STABILITY_CLASSES
}


def hourly(hours=48, wind=4.0, cloud=3.0, **changes):
    number = np.arange(hours)
    weather = {
        "day_of_year": number // 24 + 150,
        "month": np.full(hours, 6),
        "hour": number % 24 + 1,
        "temperature_c": np.full(hours, 24.0),
        "pressure_hpa": np.full(hours, 1010.0),
        "wind_speed_m_s": np.full(hours, wind),
        "wind_direction_deg": np.full(hours, 90.0),
        "cloud_cover_tenths": np.full(hours, cloud),
        "global_radiation_w_m2": np.full(hours, np.nan),
        "rain_mm": np.zeros(hours),
    }
    return weather | changes


def layer_of(weather):
    return boundary_layer.boundary_layer(weather, STATION, 0.15, PARAMETERS)


def test_noon_sun_at_the_solstice():
    # elevation = 90 - latitude + declination = 90 - 29 + 23.44; the middle of the hour ending 12.5 is noon
    sine = radiation.sine_solar_elevation(172, 12.5, 29.0, 120.0, 8.0)
    assert np.degrees(np.arcsin(sine)) == pytest.approx(84.44, abs=0.4)  # equation of time: 1.5 min
    assert radiation.sine_solar_elevation(172, 1, 29.0, 120.0, 8.0) < 0.0


def test_net_radiation_and_heat_flux_by_hand():
    # 0.8*500 + 5.31e-13*293.15^6 (337.0) - 5.670374e-8*293.15^4 (418.8) + 60*0.5, over 1.12
    net = radiation.net_radiation(500.0, 293.15, 0.5, 0.2)
    assert net == pytest.approx(310.9, abs=0.2)
    # 0.9 * 310.9 / (1 + 1/0.5)
    assert radiation.sensible_heat_by_day(310.9, 0.5, 0.1) == pytest.approx(93.27, abs=0.01)


def test_clear_sky_radiation_by_hand():
    # 990*0.5 - 30 = 465; times 1 - 0.75*0.5^3.4 = 1 - 0.75*0.09473
    assert radiation.global_radiation_from_clouds(0.5, 0.5) == pytest.approx(465.0 * 0.92895, rel=1e-4)
    assert radiation.global_radiation_from_clouds(-0.2, 0.5) == 0.0


def test_stable_scales_by_hand():
    # C_D = 0.4/ln 100 = 0.08686; theta* = 0.09*0.875 = 0.07875; u0^2 = 5*10*9.80665*0.07875/290 = 0.13315;
    # u_crit = 2 sqrt(0.13315/0.08686) = 2.4763; u* = 0.08686*5/2*(1 + sqrt(1 - (2.4763/5)^2)) = 0.40581
    velocity, length, scale = similarity.stable_scales(5.0, 0.5, 290.0, 0.1, 10.0)
    assert velocity == pytest.approx(0.40581, rel=1e-3)
    assert scale == pytest.approx(0.07875)
    assert length == pytest.approx(290.0 * 0.40581**2 / (0.4 * 9.80665 * 0.07875), rel=1e-3)


def test_stable_scales_fall_with_the_wind_below_the_critical_wind():
    velocity, _, scale = similarity.stable_scales(np.array([1.0, 0.5]), 0.5, 290.0, 0.1, 10.0)
    assert velocity[1] == pytest.approx(0.5 * velocity[0])
    assert scale[1] == pytest.approx(0.5 * scale[0])


@given(wind=st.floats(0.5, 15.0), heat=st.floats(1.0, 500.0))
@examples(max_examples=30, deadline=None)
def test_convective_scales_solve_both_equations(wind, heat):
    velocity, length = similarity.convective_scales(wind, heat, 300.0, 1.18, 0.15, 10.0)
    profile = (
        np.log(10.0 / 0.15)
        - similarity.stability_function_momentum(10.0, length)
        + similarity.stability_function_momentum(0.15, length)
    )
    assert velocity == pytest.approx(0.4 * wind / profile, rel=1e-5)
    assert length == pytest.approx(-1.18 * 1004.0 * 300.0 * velocity**3 / (0.4 * 9.80665 * heat), rel=1e-12)


def test_carson_growth_by_hand():
    # six hours of 200 W/m2: 2*1.4*(200*21600/(1.2*1004))/0.005 = 2.0080e6, root 1417 m
    heat = np.concatenate([np.zeros(6), np.full(6, 200.0), np.zeros(12), np.full(1, 200.0)])
    height = mixing_height.convective_mixing_height(heat, np.full(25, 1.2), np.arange(25) // 24, 0.005, 0.2, 4000.0)
    assert height[5] == 0.0
    assert height[11] == pytest.approx(1417.0, abs=0.5)
    assert height[24] == pytest.approx(1417.0 / np.sqrt(6.0), abs=0.5)  # the next day starts anew


def test_mechanical_height_of_steady_wind():
    # 2300 * 0.3^1.5 = 377.9 m
    height = mixing_height.mechanical_mixing_height(np.full(5, 0.3), 2300.0, 2.0)
    assert height == pytest.approx(np.full(5, 377.93), abs=0.01)
    # after a change it moves toward the new value and never past it
    moving = mixing_height.mechanical_mixing_height(np.array([0.3, 0.6, 0.6, 0.6]), 2300.0, 2.0)
    assert np.all(np.diff(moving) >= 0.0)
    assert moving[-1] <= 2300.0 * 0.6**1.5


def test_stability_classes():
    # z0 = 0.1 m: A -0.125, B -0.066, C -0.020, D 0, E 0.022, F 0.071 per metre
    number = boundary_layer.stability_class(np.array([-8.0, -16.0, -50.0, 1.0e5, 45.0, 12.0]), 0.1, LINES)
    assert [boundary_layer.STABILITY_CLASSES[value] for value in number] == ["A", "B", "C", "D", "E", "F"]


def test_day_is_convective_and_night_stable():
    layer = layer_of(hourly())
    noon, midnight = 12, 23
    assert layer.obukhov_length_m[noon] < 0.0 < layer.sensible_heat_w_m2[noon]
    assert layer.obukhov_length_m[midnight] > 0.0 > layer.sensible_heat_w_m2[midnight]
    assert layer.convective_velocity_m_s[noon] > 0.5
    assert layer.convective_velocity_m_s[midnight] == 0.0
    assert layer.mixing_height_m[16] > layer.mixing_height_m[8]


def test_calm_and_missing_hours_are_counted_not_invented():
    weather = hourly()
    weather["wind_speed_m_s"][3] = 0.0
    weather["wind_direction_deg"][5] = np.nan
    weather["cloud_cover_tenths"][7] = np.nan
    layer = layer_of(weather)
    assert np.flatnonzero(layer.calm).tolist() == [3]
    assert np.flatnonzero(layer.missing).tolist() == [5, 7]
    assert layer.valid.sum() == 45


def test_neutral_wind_is_logarithmic():
    layer = layer_of(hourly(wind=12.0, cloud=10.0))
    neutral = int(np.argmax(np.abs(layer.obukhov_length_m)))
    wind = boundary_layer.wind_profile(layer, np.array([10.0, 50.0]))[neutral]
    assert wind[0] == pytest.approx(12.0)
    assert wind[1] / wind[0] == pytest.approx(np.log(50.0 / 0.15) / np.log(10.0 / 0.15), rel=0.03)  # |L| > 400 m


@given(wind=st.floats(0.6, 20.0), cloud=st.floats(0.0, 10.0))
@examples(max_examples=20, deadline=None)
def test_turbulence_is_positive_and_wind_grows_upward(wind, cloud):
    layer = layer_of(hourly(24, wind, cloud))
    height = np.array([0.0, 1.0, 5.0, 20.0, 100.0, 500.0, 3000.0])
    speed = boundary_layer.wind_profile(layer, height)
    lateral, vertical = boundary_layer.turbulence_profiles(layer, height, speed)
    assert np.all(np.diff(speed, axis=1) >= -1e-12)
    assert lateral.min() >= 0.2
    assert vertical.min() >= 0.02
    integral = boundary_layer.profiles(layer, height)
    assert np.all(np.diff(integral.wind, axis=1) > 0.0)


def test_low_anemometer_is_refused():
    with pytest.raises(ValueError, match="roughness"):
        boundary_layer.boundary_layer(hourly(), STATION | {"anemometer_height_m": 0.5}, 0.15, PARAMETERS)


def test_directions_reported_by_sector_are_spread_over_their_sectors():
    """Sixteen bearings without their decimals, as typical-year files write them, become an even rose; by hand."""
    bearings = np.array([0, 22, 45, 67, 90, 112, 135, 157, 180, 202, 225, 247, 270, 292, 315, 337], float)
    year = np.resize(bearings, 8760)
    spread = spread_directions(year)
    counts, _ = np.histogram(spread, bins=72, range=(0.0, 360.0))
    assert counts.min() > 0.8 * 8760 / 72
    away = np.abs((spread - year + 180.0) % 360.0 - 180.0)
    assert away.max() <= 11.25 + 0.5 + 1e-9
    np.testing.assert_array_equal(spread, spread_directions(year))


@pytest.mark.parametrize("directions", [np.arange(0.0, 360.0), np.array([270.0]), np.array([np.nan, 33.0, 271.0])])
def test_other_directions_stay_as_they_are(directions):
    np.testing.assert_array_equal(spread_directions(directions), directions)
