"""Each figure function draws on a tiny grid, and draws the same bytes again."""

import io as memory

import matplotlib as mpl
import numpy as np
import pytest
from metalbudget.figures import charts, maps, outlook, style
from metalbudget.landuse import CLASSES

METALS = ("cd", "pb", "hg")
YEARS = [2000, 2010, 2020]


@pytest.fixture
def draws(small_grid):
    """Every figure with small arguments, as functions without arguments."""
    noise = np.random.default_rng(3)
    shape = (small_grid.height, small_grid.width)
    rasters = {metal: np.where(small_grid.land, noise.lognormal(size=shape), np.nan) for metal in METALS}
    series = {
        metal: {"traffic": [1.0, 2.0, 3.0], "steel": [3000.0, 10.0, 0.0], "glass": [0.0, 0.0, 0.1]} for metal in METALS
    }
    losses = {metal: {"leaching": 3.0, "erosion": 2e4, "harvest": 0.0} for metal in METALS}
    sources = {"sector": np.array(["steel", "cement"]), "x_m": small_grid.x[:2], "y_m": small_grid.y[:2]}
    codes = np.where(small_grid.land, 1, 255).astype(np.uint8)
    distance = {metal: noise.uniform(0, 30, 200) for metal in METALS}
    falling = {metal: np.exp(-distance[metal]) for metal in METALS}
    flat = {metal: [1.0, 1.0, 2.0] for metal in METALS}
    blocks = {name: noise.uniform(size=5) for name in ("observed", "process", "predicted", "noise")}
    none = dict.fromkeys(blocks, np.zeros(0))
    index = {"all": (0.8, 0.7, 9.0), "paddy": (0.8, 0.6, 3.0), "forest": (0.5, 0.6, 3.0), "bare": (np.nan, np.nan, 3.0)}
    even = np.linspace(0, 1, 5)
    positions = (small_grid.x[:2], small_grid.y[:2])
    cover = {name: np.where(small_grid.land, 1.0 if name == "paddy" else 0.0, np.nan) for name in CLASSES}
    names = ("within", "later", "soon", "throughout", "recovers", "no limit")
    status = {
        metal: np.where(small_grid.land, np.arange(120).reshape(shape) % 6, np.nan).astype(float) for metal in METALS
    }
    shares = {
        metal: {("baseline", "probability"): [0.1, 0.1, 0.2], ("clean", "map_mean"): [0.0, 0.0, 0.0]}
        for metal in METALS
    }
    return {
        "study_area": lambda: maps.study_area(small_grid, cover, rasters["cd"], sources, positions),
        "study_area_without_survey": lambda: maps.study_area(small_grid, cover, rasters["cd"], sources, None),
        "metal_maps": lambda: maps.metal_maps(
            small_grid, rasters, "mg", "batlow", points=dict.fromkeys(METALS, positions)
        ),
        "metal_maps_of_one_value": lambda: maps.metal_maps(
            small_grid, {"cd": np.ones(shape)}, "mg", "vik", "symmetric"
        ),
        "metal_maps_of_nothing": lambda: maps.metal_maps(small_grid, {"cd": np.zeros(shape)}, "mg", "batlow"),
        "capacity_maps": lambda: maps.capacity_maps(
            small_grid, [codes, codes], {1: "high", 5: "overload", 0: "no limit"}, YEARS[:2]
        ),
        "overload_maps": lambda: maps.overload_maps(small_grid, status, names),
        "probability_maps": lambda: maps.probability_maps(small_grid, {"cd": np.where(small_grid.land, 0.2, np.nan)}),
        "stacked": lambda: charts.stacked(YEARS, charts.gathered(series)),
        "deposition_trend": lambda: charts.deposition_trend(YEARS, flat, flat),
        "decay": lambda: charts.decay(distance, falling, dict.fromkeys(METALS, 0.1), 10.0),
        "decay_without_sources": lambda: charts.decay(
            {"cd": np.full(3, np.inf)}, {"cd": np.ones(3)}, {"cd": 0.0}, 10.0
        ),
        "reach": lambda: charts.reach(np.arange(5.0), {"cd": even, "pb": np.full(5, np.nan)}, even, 2.0),
        "pathways": lambda: charts.pathways(losses | {"zn": dict.fromkeys(losses["cd"], 0.0)}),
        "runoff_against_sealed": lambda: charts.runoff_against_sealed([0.1, 0.1, 0.2], YEARS, flat, flat),
        "balance": lambda: charts.balance({"cd": {"deposition": 5.0, "leaching": 2.0, "sealing": -9.0}}, ("leaching",)),
        "fit": lambda: outlook.fit({"cd": blocks, "pb": none}, {"cd": "R² 0.1"}),
        "fit_without_surveys": lambda: outlook.fit({"cd": none}, {}),
        "capacity_by_landuse": lambda: outlook.capacity_by_landuse(dict.fromkeys(METALS, index), (2020, 2070)),
        "overload_through_time": lambda: outlook.overload_through_time(YEARS, shares),
        "agreement": lambda: outlook.agreement({"cd": {"leaching": (1.0, 2.0), "runoff": (0.0, 1.0)}}),
    }


@pytest.mark.parametrize(("learned", "entries"), [(0.0, 2), (0.5, 3)])
def test_the_legend_of_the_fit_names_a_correction_only_where_one_was_learned(learned, entries):
    process = np.array([1.0, 2.0, 3.0])
    points = {"observed": process + 0.1, "process": process, "predicted": process + learned, "noise": 0.2 * process}
    (legend,) = outlook.fit({"cd": points}, {}).legends
    assert len(legend.get_texts()) == entries


def png(figure):
    target = memory.BytesIO()
    with mpl.rc_context({"savefig.dpi": 40}):
        figure.savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()


def test_each_figure_draws_the_same_bytes_twice(draws):
    for name, draw in draws.items():
        first = png(draw())
        assert first.startswith(b"\x89PNG"), name
        assert len(first) > 1000, name
        assert first == png(draw()), name


def test_saved_files_hold_no_time_of_day(tmp_path, draws):
    with mpl.rc_context({"savefig.dpi": 40}):
        style.save(draws["pathways"](), tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    assert b"tIME" not in content
    assert b"Software" not in content


def test_small_sectors_are_summed_up_and_nothing_is_lost():
    series = {"cd": {"steel": [99.0, 99.0], "glass": [1.0, 1.0]}, "pb": {"steel": [10.0, 0.0], "glass": [0.1, 0.0]}}
    gathered = charts.gathered(series)
    assert gathered["cd"] == {"steel": [99.0, 99.0], "other": [1.0, 1.0]}
    for metal in series:
        assert np.sum(list(gathered[metal].values())) == pytest.approx(np.sum(list(series[metal].values())))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(1.0, 9.0, [1.0, 2.0, 5.0]), (0.5, 40.0, [0.5, 1, 2, 5, 10, 20]), (0.01, 1e4, [0.01, 0.1, 1, 10, 100, 1e3, 1e4])],
)
def test_ticks_of_a_logarithmic_scale_are_round(low, high, expected):
    assert style.round_ticks(low, high) == pytest.approx(expected)


def test_a_short_scale_has_ticks_too():
    ticks = style.round_ticks(5.9, 7.4)
    assert 3 <= len(ticks) <= 7
    assert all(5.9 <= tick <= 7.4 for tick in ticks)


def test_relief_is_lit_from_the_north_west():
    east = np.broadcast_to(np.arange(6.0) * 100.0, (6, 6))  # rises to the east: faces west, lit
    assert maps.relief(east, 500.0).mean() > maps.relief(-east, 500.0).mean()
    south = east.T  # rises to the south (rows run southward): faces north, lit
    assert maps.relief(south, 500.0).mean() > maps.relief(-south, 500.0).mean()


def test_flat_land_is_evenly_lit():
    assert maps.relief(np.zeros((4, 4)), 500.0) == pytest.approx(np.sin(np.pi / 4))


def test_masses_read_well():
    assert style.mass_unit(1500.0)[0] == 1.0
    assert style.mass_unit(1.0e6)[0] == 1.0e-3
    assert style.short_number(1234.5) == "1,234"
    assert style.short_number(12.345) == "12.3"
