"""Area sources: AERMOD's own answers, hand calculations, laws of the integral."""

import csv
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget.dispersion import area, outline, profiles
from metalbudget.dispersion.answers import air_of
from metalbudget.dispersion.gaussian import Place
from metalbudget.dispersion.launch import launch
from metalbudget.dispersion.model import atmosphere
from metalbudget.meteorology.aermet_files import read_profile, read_surface

RECTANGLE = np.array([[0.0, 0.0], [200.0, 0.0], [200.0, 100.0], [0.0, 100.0]])
LEVEL = Place(*[0.0] * len(Place._fields))


def amount(vertices, receptor, wind_deg=270.0):
    """Integral of a plume of density 1/d and spread 0.1 d."""
    wind = math.radians(wind_deg)
    x, y = np.ascontiguousarray(vertices[:, 0]), np.ascontiguousarray(vertices[:, 1])
    upwind, across = area.seen_from(x, y, *receptor, math.sin(wind), math.cos(wind))
    where = area.distances(upwind)
    return area.strips(upwind, across, 0.1 * where, (1.0 / where)[:, :, None])[0]


def turned(points, degrees):
    """Points turned clockwise about the origin."""
    angle = math.radians(degrees)
    east, north = np.asarray(points, dtype=float).T
    return np.column_stack(
        [east * math.cos(angle) + north * math.sin(angle), north * math.cos(angle) - east * math.sin(angle)]
    )


def test_an_area_wider_than_the_plume_gives_the_plain_integral_along_the_wind():
    """By hand: the integral of dx/x from 100 to 300 m is ln 3."""
    wide = np.array([[0.0, -5000.0], [200.0, -5000.0], [200.0, 5000.0], [0.0, 5000.0]])
    assert math.isclose(amount(wide, (300.0, 0.0)), math.log(3.0), rel_tol=1e-6)


def test_a_receptor_inside_sees_what_lies_a_metre_or_more_upwind():
    """By hand: the integral of dx/x from 1.01 to 100 m."""
    wide = np.array([[0.0, -5000.0], [200.0, -5000.0], [200.0, 5000.0], [0.0, 5000.0]])
    assert math.isclose(amount(wide, (100.0, 0.0)), math.log(100.0 / 1.01), rel_tol=1e-5)


def test_a_small_area_far_away_is_a_point():
    """Gaussian by hand: area/(d sqrt(2 pi) 0.1 d) exp(-(y/0.1 d)^2/2)."""
    small = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    for offset in (0.0, 80.0, 250.0):
        spread = 100.0
        point = 4.0 / 1000.0 * math.exp(-0.5 * (offset / spread) ** 2) / (math.sqrt(2.0 * math.pi) * spread)
        assert math.isclose(amount(small, (1000.0, offset)), point, rel_tol=1e-3)


def test_the_table_is_the_printed_one():
    """Abramowitz and Stegun, table 26.1, to four decimals."""
    table = outline.normal_table() + 0.5
    for entry, value in ((0, 0.5), (10, 0.8413), (15, 0.9332), (25, 0.9938), (30, 0.9987), (39, 1.0)):
        assert math.isclose(table[entry], value, abs_tol=1e-12)
    assert np.all(np.diff(table) >= 0.0)


@given(st.floats(-100.0, 600.0), st.floats(-300.0, 300.0), st.floats(20.0, 180.0), st.floats(0.0, 359.0))
@settings(max_examples=30, deadline=None)
def test_two_parts_make_the_whole(x, y, cut, wind):
    left, right = RECTANGLE.copy(), RECTANGLE.copy()
    left[1:3, 0] = cut
    right[[0, 3], 0] = cut
    whole = amount(RECTANGLE, (x, y), wind)
    parts = amount(left, (x, y), wind) + amount(right, (x, y), wind)
    assert math.isclose(whole, parts, rel_tol=2e-3, abs_tol=1e-6)


@given(st.floats(-100.0, 600.0), st.floats(-300.0, 300.0), st.floats(0.0, 359.0))
@settings(max_examples=30, deadline=None)
def test_turning_wind_and_place_together_changes_nothing(x, y, degrees):
    before = amount(RECTANGLE, (x, y), 270.0)
    after = amount(turned(RECTANGLE, degrees), tuple(turned([(x, y)], degrees)[0]), 270.0 + degrees)
    assert math.isclose(before, after, rel_tol=1e-4, abs_tol=1e-7)


@given(st.floats(-100.0, 600.0), st.floats(-300.0, 300.0), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_direction_and_first_vertex_do_not_matter(x, y, first):
    other = np.roll(RECTANGLE, first, axis=0)[::-1]
    assert math.isclose(amount(RECTANGLE, (x, y), 250.0), amount(other, (x, y), 250.0), rel_tol=1e-6, abs_tol=1e-7)


def test_nothing_comes_from_downwind():
    assert amount(RECTANGLE, (-50.0, 50.0)) == 0.0


def test_concentrations_of_a_turned_rectangle_are_aermods(cases):
    """Case h08: a turned rectangle, every fourth hour; AERMOD's own answers."""
    folder = cases / "dispersion"
    hours = read_surface(folder / "_met" / "hours_dev.SFC")
    air = atmosphere(hours, profiles.grid(hours, read_profile(folder / "_met" / "hours_dev.PFL", hours)))
    with (folder / "h08_area_dev" / "receptors.csv").open() as file:
        receptors = [(float(row["x"]), float(row["y"])) for row in csv.DictReader(file)]
    with (folder / "h08_area_dev" / "expected.csv").open() as file:
        expected = np.array([float(row["conc_ugm3"]) for row in csv.DictReader(file)]).reshape(-1, len(receptors))
    corners = turned(RECTANGLE, 30.0) + np.array([-100.0, -50.0])
    x, y = np.ascontiguousarray(corners[:, 0]), np.ascontiguousarray(corners[:, 1])
    errors = []
    for hour in range(0, hours.size, 4):
        here = air_of(hour, air.scalars, profiles.LEVELS_M, air.values, air.sums)
        source = launch(here, 3.0, 0.0, 0.0, 0.0, 0.0, True, 0.0, 2.0)
        wind = math.radians(hours.wind_direction_deg[hour])
        found = np.array(
            [
                area.area_concentration(here, source, x, y, *receptor, math.sin(wind), math.cos(wind), LEVEL, False)
                for receptor in receptors
            ]
        )
        counted = expected[hour] > 1e-4 * expected[hour].max()
        errors.append(np.abs(found * 1e4 / expected[hour].clip(1e-30) - 1.0)[counted])
    errors = np.concatenate(errors)
    assert np.mean(errors <= 0.01) >= 0.995
    assert errors.max() <= 0.05
