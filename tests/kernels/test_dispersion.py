"""Plumes, deposition and the operator: hand calculations, published values, laws, and AERMOD where at hand."""

import csv
import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from metalbudget import settings
from metalbudget.dispersion import deposition, operator, plume, polar
from metalbudget.grid import Grid
from metalbudget.meteorology import boundary_layer

NUMBERS = settings.coefficients("dispersion")
PARTICLES = settings.coefficients("particle_class")
GASES = settings.coefficients("gas_deposition")
CLASSES = ["p0.5", "p1.5", "p3.5", "p7", "p15", "hg2"]
STATION = {"latitude_deg": 29.0, "longitude_deg": 121.0, "utc_offset_h": 8.0, "anemometer_height_m": 10.0}
STACK = {
    "height_m": 60.0,
    "diameter_m": 2.0,
    "exit_temperature_k": 400.0,
    "exit_velocity_m_s": 12.0,
    "initial_spread_m": 0.0,
}
GROUND = {
    "height_m": 2.0,
    "diameter_m": 0.0,
    "exit_temperature_k": 0.0,
    "exit_velocity_m_s": 0.0,
    "initial_spread_m": 1.0,
}


def hourly(hours, direction, rain=0.0, seed=3):
    rng = np.random.default_rng(seed)
    number = np.arange(hours)
    return {
        "day_of_year": number // 24 + 120,
        "month": np.full(hours, 5),
        "hour": number % 24 + 1,
        "temperature_c": rng.uniform(5.0, 30.0, hours),
        "pressure_hpa": np.full(hours, 1013.0),
        "wind_speed_m_s": rng.uniform(0.8, 8.0, hours),
        "wind_direction_deg": np.broadcast_to(np.asarray(direction, float), (hours,)),
        "cloud_cover_tenths": rng.uniform(0.0, 10.0, hours),
        "global_radiation_w_m2": np.full(hours, np.nan),
        "rain_mm": np.broadcast_to(np.asarray(rain, float), (hours,)),
    }


def table_of(weather, source=STACK, azimuths=72, maximum_m=20000.0, rings=40, classes=CLASSES):
    layer = boundary_layer.boundary_layer(weather, STATION, 0.15, settings.coefficients("boundary_layer"))
    loss = polar.removal(layer, classes, PARTICLES, GASES, NUMBERS["phoretic_velocity_m_s"])
    edges = polar.ring_edges(20.0, maximum_m, rings)
    return polar.annual_table(source, layer, polar.plume_profiles(layer, NUMBERS), loss, edges, azimuths, NUMBERS)


@functools.cache
def varied_table():
    rng = np.random.default_rng(8)
    rain = np.where(rng.random(240) < 0.2, 2.0, 0.0)
    return table_of(hourly(240, rng.uniform(0.0, 360.0, 240), rain))


# --- particles and gas --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("diameter_um", "velocity"),
    [(0.1, 8.82e-7), (1.0, 3.48e-5), (10.0, 3.06e-3), (20.0, 1.21e-2)],
)
def test_settling_velocity_of_unit_spheres(diameter_um, velocity):
    # Hinds (1999), Aerosol Technology, table of particle properties at 293 K and 101 kPa
    value = deposition.settling_velocity(diameter_um * 1e-6, 1000.0, 293.15, 101325.0)
    assert value == pytest.approx(velocity, rel=0.03)  # another mean free path: 64.5, not 66 nm


def test_slip_correction_of_a_small_sphere():
    # Hinds (1999): 2.89 at 0.1 um, 1.155 at 1 um
    assert deposition.slip_correction(1.0e-7, 293.15, 101325.0) == pytest.approx(2.89, rel=0.02)
    assert deposition.slip_correction(1.0e-6, 293.15, 101325.0) == pytest.approx(1.155, rel=0.02)


def test_aerodynamic_resistance_by_hand():
    # z = 1.3 m, z0 = 0.3 m, L = -3.2 m: roots sqrt(7.5) and sqrt(2.5); ln(1.7386*2.5811/(3.7386*0.5811)) = 0.7258
    value = deposition.aerodynamic_resistance(0.207, -3.2, 0.3)
    assert value == pytest.approx(0.7258 / (0.4 * 0.207), rel=1e-3)
    # stable, L = 20 m: ln(1.3/0.3) + 5*1.3/20
    value = deposition.aerodynamic_resistance(0.2, 20.0, 0.3)
    assert value == pytest.approx((np.log(1.3 / 0.3) + 0.325) / 0.08, rel=1e-9)


def test_dry_velocity_of_big_particles_is_above_settling_and_of_fine_ones_small():
    diameter = np.array([0.5e-6, 15.0e-6])
    fall = deposition.settling_velocity(diameter, 1000.0, 293.15, 101325.0)
    air = deposition.aerodynamic_resistance(0.3, -50.0, 0.15)
    velocity = deposition.particle_velocity(fall, diameter, air, 0.3, 1.0, 293.15, 101325.0, 1.0e-4)
    assert velocity[0] < 1.0e-3
    assert velocity[1] > fall[1]


def test_gas_velocity_by_hand():
    # nu = 1.814e-5/1.2041 = 1.506e-5, Sc = 2.510; R_b = 2/(0.4*0.3)*(2.510/0.72)^(2/3) = 38.3; 1/(20 + 38.3 + 10)
    assert deposition.gas_velocity(20.0, 0.3, 293.15, 101325.0, 6.0e-6, 10.0) == pytest.approx(1 / 68.3, rel=0.005)


def test_raindrops_and_scavenging_by_hand():
    radius, fall = deposition.raindrop(1.0)
    assert radius == pytest.approx(5.522e-4, rel=1e-3)  # 1/18.11 cm
    assert fall == 3.75
    # 1.5 * 1 * (1e-3/3600)/(2*5.522e-4) = 3.773e-4
    assert deposition.particle_scavenging(1.0, 1.0) == pytest.approx(3.773e-4, rel=1e-3)
    assert deposition.particle_scavenging(0.0, 1.0) == 0.0
    # D = 1.104e-3 m, Re = 274.9, Sc = 2.510: Sh = 2 + 0.6*16.58*1.359 = 15.52; K = 6e-6/1.104e-3*15.52 = 0.0843;
    # 6*0.0843*2.778e-7/(1.104e-3*3.75) = 3.39e-5
    assert deposition.gas_scavenging(1.0, 293.15, 101325.0, 6.0e-6) == pytest.approx(3.39e-5, rel=0.005)
    assert deposition.gas_scavenging(0.0, 293.15, 101325.0, 6.0e-6) == 0.0


def test_collection_has_a_gap_near_one_micrometre():
    diameter = np.array([0.01, 0.8, 15.0]) * 1e-6
    fall = deposition.settling_velocity(diameter, 1000.0, 293.15, 101325.0)
    efficiency = deposition.collection_efficiency(2.0, diameter, fall, 293.15, 101325.0, 1000.0)
    assert efficiency[1] < 0.1 * efficiency[0]
    assert efficiency[1] < 0.01 * efficiency[2]
    assert np.all(efficiency <= 1.0)


# --- plumes -------------------------------------------------------------------------------------------


def test_buoyancy_flux_by_hand():
    # 9.80665 * 12 * 1 * (400 - 300)/400
    assert plume.buoyancy_flux(2.0, 12.0, 400.0, 300.0) == pytest.approx(29.42, abs=0.01)
    assert plume.buoyancy_flux(2.0, 12.0, 280.0, 300.0) == 0.0


@pytest.mark.parametrize(("flux", "rise"), [(50.0, 21.425 * 50.0**0.75 / 5.0), (100.0, 38.71 * 100.0**0.6 / 5.0)])
def test_final_rise_in_neutral_air(flux, rise):
    # Briggs: 21.425 F^(3/4)/u below 55 m4/s3, 38.71 F^(3/5)/u above (as in ISC3, EPA-454/B-95-003b)
    distance = plume.rise_distance(flux, 0.0, 2.0, 12.0, 5.0)
    assert plume.transitional_rise(distance, flux, 0.0, 5.0) == pytest.approx(rise, rel=0.01)


def test_stable_rise_by_hand():
    # 2.66*(100/(5*0.0004))^(1/3) = 2.66*36.84 = 98.0; calm limit 4*100^0.25*0.02^-0.75 = 237.8
    assert plume.stable_rise(100.0, 0.0, 5.0, 0.02) == pytest.approx(98.0, abs=0.1)
    assert plume.stable_rise(100.0, 0.0, 0.01, 0.02) == pytest.approx(237.8, abs=0.2)


def test_stack_tip_downwash_by_hand():
    # 40 + 2*2*(6/6 - 1.5)
    assert plume.stack_tip_height(40.0, 2.0, 6.0, 6.0) == pytest.approx(38.0)
    assert plume.stack_tip_height(40.0, 2.0, 12.0, 6.0) == 40.0


def test_spreads_by_hand():
    # sigma_y: 0.5*1000/5 = 100; 78*0.46/50*100/1000 = 0.07176; 100/1.07176^0.3 = 97.94
    assert plume.lateral_spread(1000.0, 0.5, 5.0, 50.0, 1000.0) == pytest.approx(97.94, abs=0.01)
    # stable, at the ground: sqrt(2/pi)*0.3*200*(1 + 0.7*1000/50)^(-1/3) = 47.87*0.4055 = 19.41
    value = plume.stable_vertical_spread(1000.0, 0.3, 5.0, 0.0, 200.0, 50.0, 0.3, 0.02)
    assert value == pytest.approx(19.41, abs=0.01)
    # stable, above the layer: 60/sqrt(1 + 60*(1/(0.72*300) + 0.02/(0.54*0.3))) = 60/sqrt(8.685) = 20.36
    value = plume.stable_vertical_spread(1000.0, 0.3, 5.0, 300.0, 200.0, 50.0, 0.3, 0.02)
    assert value == pytest.approx(20.36, abs=0.01)
    # convective, h/zi = 0.5: sigma_w x/u = 0.8*1000/5; at the ground: 0.6 of it and 0.5*(0.3/5*1000)^2/100 = 18
    assert plume.convective_vertical_spread(1000.0, 0.8, 5.0, 500.0, 1000.0, -100.0, 0.3) == pytest.approx(160.0)
    value = plume.convective_vertical_spread(1000.0, 0.8, 5.0, 0.0, 1000.0, -100.0, 0.3)
    assert value == pytest.approx(np.hypot(96.0, 18.0))


def test_ground_level_density_by_hand():
    # 2/(sqrt(2 pi)*30)*exp(-(50/30)^2/2) = 0.026596*0.249352; times Q/(u sigma_y sqrt(2 pi)) it is Turner's (1970)
    assert plume.vertical_density(50.0, 30.0, plume.NO_LID, 0.0) == pytest.approx(0.0066318, rel=1e-4)


@pytest.mark.parametrize("spread", [50.0, 300.0, 700.0, 990.0, 2000.0])
def test_a_plume_under_a_lid_keeps_its_mass(spread):
    height = (np.arange(4000) + 0.5) * 0.25
    density = [plume.vertical_density(400.0, spread, 1000.0, z) for z in height]
    assert np.sum(density) * 0.25 == pytest.approx(1.0, abs=0.003)  # two pairs of images


def test_meander_goes_from_little_to_all():
    assert plume.meander_share(0.2, 10.0, 0.0) == pytest.approx(0.0008)  # 2*0.04/100
    assert plume.meander_share(1.0, 1.0, 100.0) == 1.0


# --- laws of the table --------------------------------------------------------------------------------


def test_emitted_is_deposited_or_still_aloft():
    table = varied_table()
    assert table.mass.sum(axis=(0, 1, 3)) + table.aloft == pytest.approx(np.ones(6), abs=1e-12)
    assert table.mass.min() >= 0.0


def test_no_rain_no_wet_deposition():
    table = table_of(hourly(48, 200.0))
    assert table.mass[..., 1].max() == 0.0
    assert table.mass[..., 0].sum() > 0.0


def test_more_rain_more_wet_deposition():
    # not near 3.5 um, where bigger drops of heavier rain collect less efficiently
    wet = [
        table_of(hourly(24, 200.0, rain), classes=["p7", "p15", "hg2"]).mass[..., 1].sum(axis=(0, 1))
        for rain in (0.5, 5.0)
    ]
    assert np.all(wet[1] > wet[0])


def test_wind_and_table_rotate_together():
    direction = np.random.default_rng(5).uniform(0.0, 360.0, 72)
    first = table_of(hourly(72, direction, 1.0))
    turned = table_of(hourly(72, direction + 90.0, 1.0))
    assert np.roll(first.mass, 18, axis=0) == pytest.approx(turned.mass, rel=1e-9, abs=1e-15)


def test_plume_goes_where_the_wind_blows():
    table = table_of(hourly(48, 270.0))  # from the west to the east
    by_azimuth = table.mass.sum(axis=(1, 2, 3))
    assert int(np.argmax(by_azimuth)) == 18  # 90 degrees of 72 steps


def test_even_wind_rose_gives_rings():
    weather = hourly(72, np.arange(72) * 5.0)
    for name in ("temperature_c", "wind_speed_m_s", "cloud_cover_tenths"):
        weather[name] = np.full(72, weather[name].mean())
    weather["hour"] = np.full(72, 12)
    weather["day_of_year"] = np.arange(72) + 100  # each hour its own day, so that all are alike but the date
    weather["global_radiation_w_m2"] = np.full(72, 500.0)
    table = table_of(weather)
    by_azimuth = table.mass.sum(axis=(1, 2, 3))
    assert by_azimuth == pytest.approx(np.full(72, by_azimuth.mean()), rel=0.02)  # the sun's height differs by date


def test_bigger_particles_deposit_more_and_higher_stacks_less():
    low = table_of(hourly(240, 45.0), GROUND)
    high = table_of(hourly(240, 45.0), STACK | {"height_m": 150.0})
    fallen = low.mass.sum(axis=(0, 1, 3))
    assert np.all(np.diff(fallen[1:5]) > 0.0)
    assert np.all(high.mass.sum(axis=(0, 1, 3)) < fallen)


def test_calm_hours_do_not_change_the_rest():
    weather = hourly(48, 45.0)
    longer = {name: np.concatenate([values, values[-24:]]) for name, values in weather.items()}
    longer["day_of_year"] = np.arange(72) // 24 + 120
    longer["wind_speed_m_s"][48:] = 0.0
    assert table_of(longer).mass == pytest.approx(table_of(weather).mass, rel=1e-9)


def test_no_valid_hour_is_refused():
    weather = hourly(24, 45.0)
    weather["wind_speed_m_s"] = np.zeros(24)
    with pytest.raises(ValueError, match="no hour"):
        table_of(weather)


# --- the operator -------------------------------------------------------------------------------------


def grid_of(side=90, cell_m=500.0):
    return Grid("EPSG:32651", 0.0, side * cell_m, cell_m, side, side, np.ones((side, side), dtype=bool))


@given(x=st.floats(22000.0, 23000.0), y=st.floats(22000.0, 23000.0))
@examples(max_examples=5, deadline=None)
def test_cells_hold_the_table_s_mass_wherever_the_stack_stands(x, y):
    grid = grid_of()
    values, factors = operator.point_deposition(varied_table(), x, y, grid)
    assert values.sum(axis=(-1, -2)) * grid.cell_area_m2 == pytest.approx(
        varied_table().mass.sum(axis=(0, 1)), rel=1e-9
    )
    assert factors == pytest.approx(np.ones((6, 2)), abs=0.03)  # what sampling alone is off by


def test_finer_cells_average_to_coarser_ones():
    coarse, _ = operator.point_deposition(varied_table(), 22500.0, 22500.0, grid_of(45, 1000.0))
    fine, _ = operator.point_deposition(varied_table(), 22500.0, 22500.0, grid_of(90, 500.0))
    mean = fine.reshape(6, 2, 45, 2, 45, 2).mean(axis=(3, 5))
    largest = coarse.max(axis=(-1, -2), keepdims=True)
    assert np.abs(mean - coarse).max(axis=(-1, -2), keepdims=True) == pytest.approx(
        np.zeros_like(largest), abs=0.03 * float(largest.max())
    )


def test_cells_lie_where_the_azimuth_says():
    table = table_of(hourly(48, 270.0))
    values, _ = operator.point_deposition(table, 22500.0, 22500.0, grid_of())
    total = values.sum(axis=(0, 1))
    assert total[:, 46:].sum() > 5.0 * total[:, :44].sum()  # east of the stack
    north = operator.point_deposition(table_of(hourly(48, 180.0)), 22500.0, 22500.0, grid_of())[0].sum(axis=(0, 1))
    assert north[:44].sum() > 5.0 * north[46:].sum()  # row 0 is in the north


def test_a_stack_outside_the_region_reaches_into_it():
    grid = grid_of()
    values, _ = operator.point_deposition(varied_table(), -3000.0, 20000.0, grid)
    inside = values.sum(axis=(-1, -2)) * grid.cell_area_m2
    assert np.all(inside[:, 0] > 0.0)
    assert np.all(inside < varied_table().mass.sum(axis=(0, 1)))
    far, _ = operator.point_deposition(varied_table(), -30000.0, 20000.0, grid)
    assert far.max() == 0.0


def test_gridded_sources_add_up():
    grid = grid_of()
    table = table_of(hourly(120, np.random.default_rng(2).uniform(0, 360, 120)), GROUND, rings=30)
    weights = np.zeros((90, 90))
    weights[45, 45], weights[50, 30] = 0.75, 0.25
    both, _ = operator.area_deposition(table, weights, grid)
    parts = []
    for row, column, weight in ((45, 45, 0.75), (50, 30, 0.25)):
        single = np.zeros((90, 90))
        single[row, column] = 1.0
        parts.append(weight * operator.area_deposition(table, single, grid)[0])
    assert both == pytest.approx(parts[0] + parts[1], rel=1e-6, abs=1e-18)
    assert np.unravel_index(np.argmax(both[4, 0]), (90, 90)) == (45, 45)  # the own cell holds most
    assert both.sum(axis=(-1, -2)) * grid.cell_area_m2 == pytest.approx(table.mass.sum(axis=(0, 1)), rel=0.02)


def test_rounding_keeps_the_asked_precision():
    values = np.random.default_rng(1).uniform(1e-12, 1e-6, 1000).astype(np.float32)
    assert operator.round_mantissa(values, 14) == pytest.approx(values, rel=2.0**-15)
    assert operator.round_mantissa(np.zeros(3, dtype=np.float32), 14).tolist() == [0.0, 0.0, 0.0]


# --- AERMOD, where its reference cases are at hand ----------------------------------------------------


def surface_file(path):
    """Boundary layer of an AERMET surface file."""
    rows = [line.split() for line in path.read_text().splitlines()[1:]]
    column = np.array([[float(value) for value in row[5:24]] for row in rows]).T
    heat, friction, convection, _, convective, mechanical, length, roughness = column[:8]
    wind, direction, _, temperature, _, _, rain, _, pressure = column[10:19]
    calm = (wind <= 0.0) & (direction <= 0.0)
    bad = calm | (wind > 900.0) | (direction > 900.0) | (length < -99990.0)

    def known(values):
        return np.where(bad, np.nan, values)

    return boundary_layer.BoundaryLayer(
        valid=~bad,
        calm=calm,
        missing=bad & ~calm,
        wind_speed_m_s=known(wind),
        wind_direction_deg=known(direction),
        temperature_k=temperature,
        pressure_pa=pressure * 100.0,
        rain_mm=np.where((rain < 0.0) | (rain > 900.0), 0.0, rain),
        friction_velocity_m_s=known(friction),
        obukhov_length_m=known(length),
        sensible_heat_w_m2=known(heat),
        convective_velocity_m_s=np.where(bad, 0.0, np.maximum(convection, 0.0)),
        convective_height_m=np.where(bad, 0.0, np.maximum(convective, 0.0)),
        mechanical_height_m=known(np.maximum(mechanical, 20.0)),
        roughness_m=roughness,
        anemometer_height_m=10.0,
    )


def rows_of(path):
    with open(path, newline="") as source:
        return list(csv.DictReader(source))


def size_bins(row):
    diameters, shares, densities = (
        [float(value) for value in row[name].split(";")] for name in ("diam_um", "massfrac", "dens_gcc")
    )
    classes = [f"bin{number}" for number in range(len(diameters))]
    particles = {}
    for name, diameter, density in zip(classes, diameters, densities, strict=True):
        particles |= {
            f"{name}/kind": "particle",
            f"{name}/diameter_um": diameter,
            f"{name}/density_kg_m3": 1000.0 * density,
        }
    return classes, particles, np.array(shares)


@pytest.mark.data
def test_deposition_velocity_and_scavenging_are_aermods(cases):
    folder = cases / "dispersion"
    layer = surface_file(folder / "_met" / "hours_dev.SFC")
    classes, particles, _ = size_bins(rows_of(folder / "h11_m1_dev" / "sources.csv")[0])
    loss = polar.removal(layer, classes, particles, {}, NUMBERS["phoretic_velocity_m_s"])
    expected = rows_of(folder / "h11_m1_dev" / "deposition_velocity.csv")
    velocity = np.array([float(row["vd"]) for row in expected]).reshape(-1, len(classes))
    settling = np.array([float(row["vg"]) for row in expected]).reshape(-1, len(classes))
    assert loss.settling == pytest.approx(settling, rel=0.03)
    assert np.median(loss.dry_velocity / velocity, axis=0) == pytest.approx(np.ones(len(classes)), abs=0.05)
    rate = np.array([float(row["scav_rate_1_s"]) for row in rows_of(folder / "h11_m1_dev" / "scavenging.csv")]).reshape(
        -1, len(classes)
    )
    assert loss.scavenging == pytest.approx(rate, rel=0.03)


@pytest.mark.data
@pytest.mark.parametrize(
    ("case", "source"),
    [
        (
            "y02_m1_35_dev",
            {
                "height_m": 35.0,
                "diameter_m": 2.4,
                "exit_temperature_k": 432.0,
                "exit_velocity_m_s": 11.7,
                "initial_spread_m": 0.0,
            },
        ),
        ("y06_vol_m1_dev", GROUND | {"height_m": 8.0, "initial_spread_m": 4.0}),
    ],
)
def test_annual_deposition_is_near_aermods(cases, case, source):
    """First version: domain sum within a factor 3 of a METHOD_1 year (measured: within 5 and 35 %)."""
    folder = cases / "dispersion"
    layer = surface_file(folder / "_met" / "year_dev.SFC")
    row = rows_of(folder / case / "sources.csv")[0]
    classes, particles, shares = size_bins(row)
    loss = polar.removal(layer, classes, particles, {}, NUMBERS["phoretic_velocity_m_s"])
    edges = polar.ring_edges(20.0, 53000.0, 66)
    table = polar.annual_table(source, layer, polar.plume_profiles(layer, NUMBERS), loss, edges, 360, NUMBERS)
    emitted_g = float(row["q"]) * 3600.0 * layer.valid.sum()
    density = (table.mass * shares[None, None, :, None]).sum(axis=2) * emitted_g
    density /= (np.pi * np.diff(edges**2) / 360)[None, :, None]
    receptors = rows_of(folder / case / "receptors.csv")
    east, north = (np.array([float(entry[name]) for entry in receptors]) for name in ("x", "y"))
    ring = np.searchsorted(edges, np.hypot(east, north)) - 1
    azimuth = np.round(np.degrees(np.arctan2(east, north))).astype(int) % 360
    modelled = density[azimuth, ring]
    expected = rows_of(folder / case / "expected.csv")
    for kind, name in enumerate(("ddep_gm2", "wdep_gm2")):
        sum_expected = sum(float(entry[name]) for entry in expected)
        assert 1 / 3 < modelled[:, kind].sum() / sum_expected < 3
