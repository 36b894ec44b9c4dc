"""Plumes in rows against the plume kernel, receptor by receptor: `gaussian` is what they must repeat."""

import numpy as np
import pytest
from dispersion_cases import even_air, weather
from metalbudget.dispersion import gaussian, hill, model, nodes, rows
from metalbudget.dispersion.answers import air_of
from metalbudget.dispersion.case import Options, Source
from metalbudget.dispersion.depletion import GAUSS_NODE, gauss_integral, terrain_on_the_way
from metalbudget.dispersion.gaussian import Place
from metalbudget.dispersion.launch import launch
from metalbudget.dispersion.profiles import LEVELS_M
from metalbudget.dispersion.profiles import grid as profile_grid

DISTANCES = np.exp(np.linspace(np.log(20.0), np.log(40000.0), 48))
LEVELS = np.array([-60.0, -3.0, 0.0, 0.3, 4.0, 33.0, 120.0, 410.0])
SETTLING = np.array([0.0, 1.0e-4, 0.002, 0.03])
SOURCES = {
    "stack": (50.0, 2.0, 10.0, 400.0, 0.0, True, 0.0, 0.0),
    "tall": (150.0, 5.0, 20.0, 400.0, 0.0, True, 0.0, 0.0),
    "cold": (12.0, 0.4, 8.0, 0.0, 0.0, True, 0.0, 0.0),
    "vent": (10.0, 0.0, 0.0, 0.0, 0.0, True, 5.0, 5.0),
}
HOURS, OBSERVATIONS = weather(6, seed=4)
TOLERANCE = 3.0e-6


def hours_of_air():
    """Air of measured hours of both kinds, of an urban night, and of profiles that do not change with height."""
    atmosphere = model.atmosphere(HOURS, profile_grid(HOURS, OBSERVATIONS))
    valid = np.flatnonzero(HOURS.valid)
    stable = valid[HOURS.obukhov_length_m[valid] > 0.0][::9]
    convective = valid[HOURS.obukhov_length_m[valid] < 0.0][::9]
    for hour in (*stable, *convective):
        yield air_of(hour, atmosphere.scalars, LEVELS_M, atmosphere.values, atmosphere.sums)
    for hour in stable[:2]:
        air = air_of(hour, atmosphere.scalars, LEVELS_M, atmosphere.values, atmosphere.sums)
        yield air._replace(urban=True, rural_height=0.5 * air.mechanical_height)
    yield even_air(False, 4.0, 0.6, 0.5, 0.01, 200.0, 40.0)
    yield even_air(True, 4.0, 0.6, 0.5, 0.0, 800.0, 40.0, 1.5)


AIRS = list(hours_of_air())


def level_of(air, source, settling=SETTLING, bare=False, number=0, follow_m=0.0, keep_m=0.0, levels=LEVELS):
    """Plumes, lids and densities of one level as the tables get them."""
    n, classes = DISTANCES.size, settling.size
    marks, core = np.zeros((4, levels.size + 3)), np.zeros((2, rows.CORE_ROWS, n))
    plume, means, work = np.zeros((2, rows.PLUME_ROWS, n)), np.zeros((4, n)), np.zeros((4, n))
    lids, starts = np.zeros((2, 2, classes, n)), np.zeros((2, classes), dtype=np.int64)
    follow, keep = np.zeros((2, classes, n)), np.zeros((2, classes, n))
    nodes.start_hour(air, source, DISTANCES, levels, settling, False, marks, core, plume, means, lids, starts)
    nodes.fill_level(
        air, source, DISTANCES, levels, number, marks, core, means, lids, starts, settling, bare, follow_m, keep_m,
        work, plume, follow, keep,
    )  # fmt: skip
    return core, plume, lids, starts, follow, keep


def kinds(source):
    """Plumes there are, with the functions that make them one by one."""
    if source.penetrated < 1.0:
        yield 0, gaussian.main_plume
    if source.penetrated > 0.0:
        yield 1, gaussian.penetrated_plume


def test_all_kinds_of_plumes_are_met():
    met = set()
    for air in AIRS:
        for stack in SOURCES.values():
            source = launch(air, *stack)
            for component, _ in kinds(source):
                met.add((component, bool(source.stable), bool(air.convective), bool(air.urban)))
    assert {(0, True, False, False), (0, True, False, True), (0, False, True, False), (1, False, True, False)} <= met


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("bare", [False, True])
def test_plumes_at_a_level_are_those_of_the_kernel(name, bare):
    for air in AIRS:
        source = launch(air, *SOURCES[name])
        for number, z in enumerate(LEVELS):
            core, plume, *_ = level_of(air, source, bare=bare, number=number)
            for component, make in kinds(source):
                ones = [make(air, source, x, Place(z, 0.0, 0.0, 0.0), bare) for x in DISTANCES]
                names = ["wind", "lateral_turbulence", "spread_y", "up_height", "down_height", "up_spread"]
                names += ["down_spread", "up_share"]
                expected = np.array([[getattr(p, name) for p in ones] for name in names])
                np.testing.assert_allclose(plume[component][: rows.RANDOM], expected, rtol=TOLERANCE, atol=1e-9)
                lid = core[component][rows.BARE_LID if bare else rows.LID]
                np.testing.assert_allclose(lid, [p.lid for p in ones], rtol=TOLERANCE)


def fallen(plume, air, source, x, settling):
    """A plume of the kernel after its particles have settled."""
    fall = settling * x / source.wind
    return gaussian.settled(plume, air, source, x, Place(0.0, 0.0, 0.0, 0.0), fall)


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("above_m", [0.0, 1.5])
def test_densities_are_those_of_the_kernel(name, above_m):
    """In both states, at every level and for particles of every fall that count as fallen; to 3e-5 of the greatest."""
    for air in AIRS:
        source = launch(air, *SOURCES[name])
        for number, z in enumerate(LEVELS):
            _, _, _, starts, follow, keep = level_of(air, source, number=number, follow_m=above_m, keep_m=z + above_m)
            for component, make in kinds(source):
                ones = [make(air, source, x, Place(z, 0.0, 0.0, 0.0), False) for x in DISTANCES]
                for k, settling in enumerate(SETTLING):
                    height = z + above_m
                    # up to here a class shares the density of the first that has not settled
                    first = int(starts[component, k]) if k > 0 else 0
                    some = range(first, DISTANCES.size, 5)
                    down = [fallen(ones[i], air, source, DISTANCES[i], settling) for i in some]
                    expected = np.array([gaussian.density(p, above_m, 0.0) for p in down])
                    whole = max(follow[component, k].max(), keep[component, k].max())
                    found = follow[component, k][list(some)]
                    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=3e-5 * whole)
                    expected = np.array([gaussian.density(p, max(height, 0.0), max(-height, 0.0)) for p in down])
                    found = keep[component, k][list(some)]
                    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=3e-5 * whole)


def test_a_class_starts_to_settle_where_it_has_fallen_three_thousandths_of_a_spread():
    for air in AIRS:
        source = launch(air, *SOURCES["stack"])
        _, plume, _, starts, _, _ = level_of(air, source)
        for component, _ in kinds(source):
            spread = np.minimum(plume[component][rows.SPREAD_UP], plume[component][rows.SPREAD_DOWN])
            for k, settling in enumerate(SETTLING):
                start = starts[component, k]
                assert start % rows.BLOCK == 0
                fall = settling / source.wind * DISTANCES
                later = np.arange(DISTANCES.size) >= start + rows.BLOCK
                assert np.all(fall[later] >= nodes.UNSETTLED * spread[later] * 0.999)
    assert starts[0, 0] == DISTANCES.size


def test_dividing_heights_are_those_of_the_kernel():
    for air in AIRS:
        if air.convective:
            continue
        out = np.zeros(30)
        nodes.dividing_heights(air, 7.0, out)
        assert out == pytest.approx([hill.dividing_height(air, 7.0 * j) for j in range(30)])


@pytest.mark.parametrize("part", [1.0, 0.5 - GAUSS_NODE, 0.5 + GAUSS_NODE])
@pytest.mark.parametrize("ground_m", [10.0, 120.0])
def test_shares_that_pass_a_hill_are_those_of_the_kernel(part, ground_m):
    """Dividing heights are tabled every 2 m: to 0.01."""
    hill_m, base_m = 150.0, 40.0
    levels = np.array([ground_m])
    for air in AIRS:
        if air.convective:
            continue
        source = launch(air, *SOURCES["stack"])
        core, plume, *_ = level_of(air, source, levels=levels)
        heights = np.zeros(102)
        nodes.dividing_heights(air, 2.0, heights)
        out, critical = np.zeros(DISTANCES.size), np.zeros(DISTANCES.size)
        nodes.level_shares(
            source, DISTANCES, plume[0], core[0][rows.LID], 0.0, part, ground_m, hill_m, base_m, heights, 2.0,
            critical, out,
        )  # fmt: skip
        for i in range(0, DISTANCES.size, 5):
            receptor = Place(ground_m, 0.0, hill_m, base_m)
            place = receptor if part == 1.0 else terrain_on_the_way(source, receptor, part)
            one = gaussian.main_plume(air, source, DISTANCES[i], Place(ground_m, 0.0, 0.0, base_m), False)
            below = gaussian.share_below(air, place, one.up_height, one.up_spread, one.lid)
            assert out[i] == pytest.approx(0.5 * (1.0 + below), abs=0.01)


def test_a_path_s_integral_is_that_of_two_gauss_points():
    """Of a density over wind that falls with a power of the distance, by hand."""
    first, weights = nodes.gauss_taps(DISTANCES)
    row, out, work = -1.3 * np.log(DISTANCES), np.zeros(DISTANCES.size), np.zeros((2, DISTANCES.size))
    nodes.path_integrals(row, row, DISTANCES, first, weights, work, out)
    length = DISTANCES - 1.0
    points = [1.0 + (0.5 + sign * GAUSS_NODE) * length for sign in (-1.0, 1.0)]
    expected = 0.5 * length * sum(point**-1.3 for point in points)
    inside = points[0] >= DISTANCES[0]  # before the first node its own value stands
    np.testing.assert_allclose(out[inside], expected[inside], rtol=1e-9)


@pytest.mark.parametrize("name", ["stack", "vent"])
def test_the_path_s_integral_in_flat_terrain_is_the_kernel_s(name):
    """Interpolated in the logarithm of density between nodes 15 % apart: to 1 %."""
    for air in AIRS[::3]:
        source = launch(air, *SOURCES[name])
        levels = np.zeros(1)
        _, plume, _, _, follow, _ = level_of(air, source, levels=levels, bare=True, follow_m=1.0, keep_m=1.0)
        row = np.zeros(DISTANCES.size)
        for component, _ in kinds(source):
            part = source.penetrated if component == 1 else 1.0 - source.penetrated
            row += part / plume[component][rows.WIND] * follow[component, 0]
        rows.logarithms(row, row)
        first, weights = nodes.gauss_taps(DISTANCES)
        out, work = np.zeros(DISTANCES.size), np.zeros((2, DISTANCES.size))
        nodes.path_integrals(row, row, DISTANCES, first, weights, work, out)
        some = range(20, DISTANCES.size, 6)
        expected = [gauss_integral(air, source, DISTANCES[i], Place(0.0, 0.0, 0.0, 0.0), 1.0, 0.0) for i in some]
        assert out[list(some)] == pytest.approx(expected, rel=0.01, abs=1e-3 * max(expected))


def test_sources_of_a_run_are_those_tested():
    """The stack's numbers stand in the order of `model.arrays_of`."""
    source = Source("s", "point", 1.0, 0.0, 0.0, 50.0, 0.0, 400.0, 10.0, 2.0)
    air = model.atmosphere(HOURS, profile_grid(HOURS, OBSERVATIONS))
    stack = model.arrays_of(source, air, Options())[6]
    assert stack[:5].tolist() == [50.0, 2.0, 10.0, 400.0, 0.0]
