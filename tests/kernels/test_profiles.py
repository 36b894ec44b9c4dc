"""Vertical profiles: AERMOD's own grids, hand calculations, laws."""

import csv
import gzip
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from metalbudget.dispersion import profiles, urban
from metalbudget.dispersion.profiles import LEVELS_M, Profiles
from metalbudget.meteorology.aermet_files import read_profile, read_surface
from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours

STABLE = {
    "heat_flux_w_m2": -20.0,
    "friction_velocity_m_s": 0.2,
    "convective_velocity_m_s": np.nan,
    "lapse_above_k_m": np.nan,
    "convective_height_m": np.nan,
    "mechanical_height_m": 200.0,
    "obukhov_length_m": 50.0,
    "roughness_m": 0.1,
    "bowen_ratio": 1.0,
    "albedo": 0.2,
    "wind_speed_m_s": 3.0,
    "wind_direction_deg": 270.0,
    "anemometer_height_m": 10.0,
    "temperature_k": 290.0,
    "temperature_height_m": 2.0,
    "precipitation_mm_h": 0.0,
    "relative_humidity_pct": 70.0,
    "pressure_pa": 1.0e5,
    "cloud_tenths": 3.0,
}
CONVECTIVE = STABLE | {
    "heat_flux_w_m2": 100.0,
    "friction_velocity_m_s": 0.4,
    "convective_velocity_m_s": 1.5,
    "lapse_above_k_m": 0.01,
    "convective_height_m": 1000.0,
    "mechanical_height_m": 600.0,
    "obukhov_length_m": -50.0,
}
COLUMNS = {
    "wd": ("direction_deg", 0.05),
    "ws": ("wind_m_s", 0.005),
    "sigv": ("sigma_v_m_s", 0.005),
    "sigw": ("sigma_w_m_s", 0.005),
    "theta": ("potential_temperature_k", 0.005),
    "vptg": ("gradient_k_m", 5e-7),
}


def one_hour(base: dict[str, float], **changes: float) -> SurfaceHours:
    values = {name: np.array([value], dtype=float) for name, value in (base | changes).items()}
    whole = {name: np.array([value]) for name, value in (("year", 2023), ("month", 1), ("day", 1), ("hour", 1))}
    none = np.zeros(1, dtype=bool)
    return SurfaceHours(**whole, **values, precipitation_code=np.zeros(1, dtype=int), calm=none, missing=none)


def observed(height: list[float], **values: list[float]) -> ProfileObservations:
    names = ("wind_direction_deg", "wind_speed_m_s", "temperature_k", "sigma_theta_deg", "sigma_w_m_s")
    empty = [np.nan] * len(height)
    return ProfileObservations(
        height_m=np.array([height]), **{name: np.array([values.get(name, empty)], dtype=float) for name in names}
    )


def anemometer(hours: SurfaceHours) -> ProfileObservations:
    return observed(
        list(hours.anemometer_height_m),
        wind_speed_m_s=list(hours.wind_speed_m_s),
        wind_direction_deg=list(hours.wind_direction_deg),
    )


def alone(hours: SurfaceHours) -> Profiles:
    return profiles.grid(hours, anemometer(hours))


def at(array: np.ndarray, height: float) -> float:
    return float(array[0, np.flatnonzero(height == LEVELS_M)[0]])


def reference_grid(path: Path) -> dict[str, np.ndarray]:
    """AERMOD's profiles (hours, levels) by column; the first 87 rows of an hour, from the top down."""
    by_hour: dict[str, list[dict[str, str]]] = {}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            by_hour.setdefault(row["date"], []).append(row)
    return {
        name: np.array([[float(row[name]) for row in rows[86::-1]] for rows in by_hour.values()])
        for name in ("z", *COLUMNS)
    }


def read(cases: Path, name: str) -> tuple[SurfaceHours, ProfileObservations]:
    folder = cases / "dispersion" / "_met"
    hours = read_surface(folder / f"{name}.SFC")
    return hours, read_profile(folder / f"{name}.PFL", hours)


@pytest.mark.parametrize("name", ["hours_dev", "prof_dev"])
def test_grids_agree_with_the_reference_to_its_last_digit(cases: Path, name: str) -> None:
    hours, observations = read(cases, name)
    mine = profiles.grid(hours, observations)
    theirs = reference_grid(cases / "dispersion" / "_met" / f"{name}_profiles.csv.gz")
    np.testing.assert_array_equal(theirs["z"][0], LEVELS_M)
    for column, (attribute, half_digit) in COLUMNS.items():
        np.testing.assert_allclose(
            getattr(mine, attribute), theirs[column], rtol=0, atol=half_digit * 1.0001, err_msg=column
        )


def test_urban_grids_agree_with_the_reference_to_its_last_digit(cases: Path) -> None:
    hours, observations = read(cases, "hours_dev")
    _, mine = urban.urban(hours, observations, 1.5e6, 1.0)
    theirs = reference_grid(cases / "dispersion" / "h10_urban_dev" / "urban_profiles.csv.gz")
    for column, (attribute, half_digit) in COLUMNS.items():
        np.testing.assert_allclose(
            getattr(mine, attribute), theirs[column], rtol=0, atol=half_digit * 1.0001, err_msg=column
        )


def test_temperature_at_stack_height_agrees_with_the_reference_to_all_digits(cases: Path) -> None:
    hours, observations = read(cases, "hours_dev")
    mine = profiles.air_temperature_k(profiles.grid(hours, observations), 60.0)
    with (cases / "dispersion" / "h12_m2_dev" / "scavenging.csv").open() as file:
        theirs = [float(row["ta_K"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-9)


def test_stable_hour_by_hand() -> None:
    # printed by AERMOD 23132 for this hour: u 2.78, 5.66, 10.41; dθ/dz 0.088720, 0.017744, 0.005221, 0.002; θ 289.84
    hour = alone(one_hour(STABLE))
    assert at(hour.wind_m_s, 8.0) == pytest.approx(2.78, abs=0.005)
    assert at(hour.wind_m_s, 50.0) == pytest.approx(5.66, abs=0.005)
    assert at(hour.wind_m_s, 5000.0) == pytest.approx(10.41, abs=0.005)
    # θ* = 290 · 0.2²/(0.4 · 9.80616 · 50) = 0.059147 K
    assert at(hour.gradient_k_m, 0.0) == pytest.approx(0.059147 / 0.4 * (1 / 2 + 5 / 50), rel=1e-4)
    assert at(hour.gradient_k_m, 50.0) == pytest.approx(0.059147 / 0.4 * (1 / 50 + 5 / 50), rel=1e-4)
    at_100 = 0.059147 / 0.4 * (1 / 100 + 5 / 50)
    assert at(hour.gradient_k_m, 200.0) == pytest.approx(at_100 * math.exp(-100 / (0.44 * 200)), rel=1e-4)
    assert at(hour.gradient_k_m, 5000.0) == 0.002
    assert at(hour.potential_temperature_k, 0.0) == pytest.approx(289.84, abs=0.005)
    assert at(hour.potential_temperature_k, 2.0) == pytest.approx(290.0 + 0.00977 * 2.0, abs=1e-9)
    assert at(hour.sigma_v_m_s, 0.0) == pytest.approx(math.sqrt(3.6) * 0.2)
    assert at(hour.sigma_w_m_s, 0.0) == pytest.approx(1.3 * 0.2)
    assert at(hour.sigma_w_m_s, 500.0) == pytest.approx(0.02 * at(hour.wind_m_s, 200.0))


def test_convective_hour_by_hand() -> None:
    hour = alone(one_hour(CONVECTIVE))
    assert at(hour.gradient_k_m, 1000.0) == 0.0
    assert at(hour.gradient_k_m, 1050.0) == 0.01
    assert at(hour.gradient_k_m, 1500.0) == 0.01
    assert at(hour.gradient_k_m, 1550.0) == 0.005
    mechanical = 3.6 * 0.16 + (0.25 - 3.6 * 0.16) * 300 / 600
    assert at(hour.sigma_v_m_s, 300.0) == pytest.approx(math.sqrt(mechanical + 0.35 * 2.25))
    assert at(hour.sigma_v_m_s, 1200.0) == pytest.approx(math.sqrt(0.25 + 0.25))
    mechanical = 1.69 * 0.16 * (1 - 0.05) + (0.02 * at(hour.wind_m_s, 1000.0) * 0.05) ** 2
    assert at(hour.sigma_w_m_s, 50.0) == pytest.approx(math.sqrt(mechanical + 1.6 * 0.05 ** (2 / 3) * 2.25))


def test_adjusted_friction_velocity_has_its_own_gradient() -> None:
    # AERMOD 23132 prints 0.0928 at 2 m and 0.0558 at 4 m: θ* = 0.08 K, 0.74/z + 4.7/L
    hours = replace(one_hour(STABLE), adjusted_friction_velocity=True)
    gradient = alone(hours).gradient_k_m
    assert at(gradient, 2.0) == pytest.approx(0.0928, abs=5e-7)
    assert at(gradient, 4.0) == pytest.approx(0.0558, abs=5e-7)


@pytest.mark.parametrize(
    ("lapse", "expected"), [(np.nan, 0.005), (0.001, 0.005), (0.03, 0.03)], ids=["missing", "weak", "strong"]
)
def test_inversion_over_the_mixed_layer_has_a_least_strength(lapse: float, expected: float) -> None:
    assert at(alone(one_hour(CONVECTIVE, lapse_above_k_m=lapse)).gradient_k_m, 1100.0) == expected


def test_unusual_anemometers() -> None:
    # AERMOD 23132: stable, u* 2, L 50, 49 m/s; anemometer at 5 m in 7 z0 = 7 m; and at 10 m above z_im = 9 m
    low = alone(
        one_hour(STABLE, friction_velocity_m_s=2.0, wind_speed_m_s=49.0, roughness_m=1.0, anemometer_height_m=5)
    )
    assert at(low.wind_m_s, 4.0) == pytest.approx(49.0 * 4 / 5)
    assert at(low.wind_m_s, 8.0) == pytest.approx(13.76, abs=0.005)
    assert at(low.wind_m_s, 200.0) == pytest.approx(84.35, abs=0.005)
    high = alone(one_hour(STABLE, mechanical_height_m=9.0))
    raw = 0.2 / 0.4 * (math.log(8 / 0.1) + 17 * (1 - math.exp(-0.29 * 8 / 50)) - 17 * (1 - math.exp(-0.29 * 0.1 / 50)))
    assert at(high.wind_m_s, 8.0) == pytest.approx(raw)
    assert at(high.wind_m_s, 14.0) == 3.0


def test_calm_and_missing_hours_have_no_profile() -> None:
    hours = one_hour(STABLE)
    for name in ("calm", "missing"):
        assert np.isnan(alone(replace(hours, **{name: np.array([True])})).wind_m_s).all()


def test_profiles_pass_through_their_observations() -> None:
    hours = one_hour(STABLE)
    height = [20.0, 60.0, 140.0]
    values = {
        "wind_speed_m_s": [4.0, 7.0, 6.0],
        "wind_direction_deg": [340.0, 20.0, 30.0],
        "sigma_w_m_s": [0.4, 0.01, 0.2],
        "temperature_k": [290.0, 290.4, 291.6],
    }
    grid = profiles.grid(hours, observed(height, **values))
    for position, z in enumerate(height):
        assert at(grid.wind_m_s, z) == pytest.approx(values["wind_speed_m_s"][position])
        assert at(grid.direction_deg, z) == pytest.approx(values["wind_direction_deg"][position])
        assert at(grid.sigma_w_m_s, z) == pytest.approx(max(values["sigma_w_m_s"][position], 0.02))
    assert at(grid.direction_deg, 40.0) == pytest.approx(360.0)
    # gradients stand half way between thermometers: 0.4 K in 40 m, 1.2 K in 80 m
    assert at(grid.gradient_k_m, 40.0) == pytest.approx(0.4 / 40 + 0.00977)
    assert at(grid.gradient_k_m, 100.0) == pytest.approx(1.2 / 80 + 0.00977)


@pytest.mark.parametrize(("sigma_theta", "expected"), [(10.0, 8.43), (40.0, 27.12), (80.0, 32.08), (98.0, 42.03)])
def test_lateral_turbulence_from_wind_direction(sigma_theta: float, expected: float) -> None:
    # AERMOD 23132, 49 m/s measured at 20 m
    hours = one_hour(STABLE, obukhov_length_m=8000.0, friction_velocity_m_s=1.0, mechanical_height_m=3900.0)
    grid = profiles.grid(
        hours, observed([20.0], wind_speed_m_s=[49.0], wind_direction_deg=[270.0], sigma_theta_deg=[sigma_theta])
    )
    assert at(grid.sigma_v_m_s, 20.0) == pytest.approx(expected, abs=0.005)


def test_residual_turbulence_is_the_mean_of_what_was_measured_above_the_mixed_layer() -> None:
    # AERMOD 23132: u* 4, z_im 49 m, σ_w 50 at 10 and 80 m gives 23.20 at the ground and 74.91 at 50 m
    hours = one_hour(
        STABLE, friction_velocity_m_s=4.0, obukhov_length_m=8000.0, mechanical_height_m=49.0, wind_speed_m_s=10.0
    )
    grid = profiles.grid(
        hours,
        observed([10.0, 80.0], wind_speed_m_s=[10.0, 12.0], wind_direction_deg=[270.0] * 2, sigma_w_m_s=[50.0] * 2),
    )
    assert at(grid.sigma_w_m_s, 0.0) == pytest.approx(23.20, abs=0.005)
    assert at(grid.sigma_w_m_s, 50.0) == pytest.approx(74.91, abs=0.005)


@pytest.mark.parametrize(
    ("base", "changes", "population", "roughness", "ustar", "length", "top"),
    [
        # as AERMOD 23132 prints them
        (STABLE, {}, 1.5e6, 1.0, 0.250, 50.0, 372.2),
        (STABLE, {"friction_velocity_m_s": 0.05, "obukhov_length_m": 5.0}, 1.5e6, 1.0, 0.158, 16.6, 372.2),
        (STABLE, {"friction_velocity_m_s": 0.05, "obukhov_length_m": 5.0}, 1.0e5, 0.5, 0.112, 8.3, 200.0),
        (CONVECTIVE, {"convective_height_m": 300.0, "mechanical_height_m": 150.0}, 1.5e6, 1.0, 0.4, -33.8, 372.2),
        (CONVECTIVE, {"convective_height_m": 373.0}, 1.5e6, 1.0, 0.4, -50.0, 600.0),
    ],
)
def test_urban_scales(
    base: dict[str, float],
    changes: dict[str, float],
    population: float,
    roughness: float,
    ustar: float,
    length: float,
    top: float,
) -> None:
    hours = one_hour(base, **changes)
    city, _ = urban.urban(hours, anemometer(hours), population, roughness)
    assert city.friction_velocity_m_s[0] == pytest.approx(ustar, abs=0.0005)
    assert city.obukhov_length_m[0] == pytest.approx(length, abs=0.05)
    assert city.mechanical_height_m[0] == pytest.approx(top, abs=0.05)


def test_urban_night_is_mixed_and_more_turbulent_and_the_day_is_not_touched() -> None:
    hours = one_hour(STABLE)
    _, night = urban.urban(hours, anemometer(hours), 1.5e6)
    country = alone(hours)
    inside = LEVELS_M <= 372.2
    assert (night.gradient_k_m[0, inside] == 1.0e-5).all()
    np.testing.assert_array_equal(night.gradient_k_m[0, ~inside], country.gradient_k_m[0, ~inside])
    assert (night.sigma_v_m_s > country.sigma_v_m_s).all()
    assert (night.sigma_w_m_s >= country.sigma_w_m_s).all()
    np.testing.assert_array_equal(night.wind_m_s, country.wind_m_s)
    hours = one_hour(CONVECTIVE)
    city, day = urban.urban(hours, anemometer(hours), 1.5e6)
    np.testing.assert_array_equal(day.sigma_w_m_s, alone(hours).sigma_w_m_s)
    np.testing.assert_array_equal(day.potential_temperature_k, alone(hours).potential_temperature_k)
    assert city.friction_velocity_m_s[0] == 0.4


hour_values = st.fixed_dictionaries(
    {
        "friction_velocity_m_s": st.floats(0.02, 1.5),
        "mechanical_height_m": st.floats(5.0, 3500.0),
        "roughness_m": st.floats(1e-3, 1.0),
        "wind_speed_m_s": st.floats(0.3, 15.0),
        "temperature_k": st.floats(250.0, 310.0),
    }
)


@settings(max_examples=30, deadline=None)
@given(hour_values, st.booleans(), st.floats(0.2, 5.0))
def test_wind_scales_with_the_anemometer(values: dict[str, float], stable: bool, factor: float) -> None:
    hours = one_hour(STABLE if stable else CONVECTIVE, **values | {"mechanical_height_m": 50.0})
    faster = replace(hours, wind_speed_m_s=hours.wind_speed_m_s * factor)
    slow, fast = alone(hours).wind_m_s, alone(faster).wind_m_s
    over = (np.minimum(slow, fast) > 0.01) & (7.0 * hours.roughness_m[0] < 10.0)
    np.testing.assert_allclose(fast[over], factor * slow[over], rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(hour_values, st.booleans(), st.floats(-100.0, 3000.0))
def test_profiles_are_positive_and_temperature_is_the_integral_of_its_gradient(
    values: dict[str, float], stable: bool, elevation: float
) -> None:
    hours = one_hour(STABLE if stable else CONVECTIVE, **values)
    grid = profiles.grid(hours, anemometer(hours), elevation)
    for name in ("wind_m_s", "sigma_v_m_s", "sigma_w_m_s", "potential_temperature_k"):
        array = getattr(grid, name)
        assert np.isfinite(array).all()
        assert (array > 0.0).all()
        assert array.shape == (1, 87)
        assert array.flags.c_contiguous
    assert (grid.gradient_k_m >= 0.0).all()
    steps = 0.5 * (grid.gradient_k_m[0, 1:] + grid.gradient_k_m[0, :-1]) * np.diff(LEVELS_M)
    np.testing.assert_allclose(np.diff(grid.potential_temperature_k[0]), steps, atol=1e-9)
    # the thermometer reads what it read, at any elevation
    assert profiles.air_temperature_k(grid, 2.0, elevation)[0] == pytest.approx(values["temperature_k"], abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(hour_values, st.floats(20.0, 3500.0), st.floats(0.1, 3.0))
def test_turbulence_is_continuous_at_the_mixing_heights(
    values: dict[str, float], convective_height: float, wstar: float
) -> None:
    ustar, mechanical = values["friction_velocity_m_s"], values["mechanical_height_m"]
    depth = max(convective_height, mechanical)
    for height in (convective_height, 1.2 * convective_height, mechanical):
        below, above = height * (1.0 - 1e-12), height * (1.0 + 1e-12)
        assert profiles.similarity_sigma_v(below, ustar, wstar, convective_height, mechanical) == pytest.approx(
            profiles.similarity_sigma_v(above, ustar, wstar, convective_height, mechanical), rel=1e-9
        )
        assert profiles.similarity_sigma_w(below, ustar, wstar, convective_height, depth, 0.1) == pytest.approx(
            profiles.similarity_sigma_w(above, ustar, wstar, convective_height, depth, 0.1), rel=1e-5
        )


@settings(max_examples=30, deadline=None)
@given(hour_values, st.booleans())
def test_an_observation_of_the_expected_value_changes_nothing(values: dict[str, float], stable: bool) -> None:
    hours = one_hour(STABLE if stable else CONVECTIVE, **values | {"mechanical_height_m": 300.0, "roughness_m": 0.1})
    plain = alone(hours)
    height = [10.0, 100.0, 200.0]
    speeds = [at(plain.wind_m_s, z) if z > 10.0 else values["wind_speed_m_s"] for z in height]
    turbulence = [at(plain.sigma_w_m_s, z) for z in height[1:]]
    assume(min(turbulence) > 0.02)
    grid = profiles.grid(
        hours,
        observed(height, wind_speed_m_s=speeds, wind_direction_deg=[270.0] * 3, sigma_w_m_s=[np.nan, *turbulence]),
    )
    levels = LEVELS_M >= 200.0
    np.testing.assert_allclose(grid.wind_m_s[0, levels], plain.wind_m_s[0, levels], rtol=1e-9)
    np.testing.assert_allclose(grid.sigma_w_m_s[0, levels], plain.sigma_w_m_s[0, levels], rtol=1e-9)
