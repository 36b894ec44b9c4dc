"""HYDRUS-1D's answers: what is read, what is refused, and (where there is the program) the same numbers as our own.

METALBUDGET_HYDRUS names a HYDRUS-1D executable. Without it a stand-in is run (`hydrus_stand_in`).
"""

import os
from pathlib import Path

import numpy as np
import pytest
from hydrus_stand_in import stand_in
from metalbudget import settings
from metalbudget.column import column_case, leaching, richards, simulate, sorption
from metalbudget.column.columns import Columns, Weather
from metalbudget.column.hydrus import engine, executable, read, write
from metalbudget.errors import InputError


def columns(count: int = 1, nodes: int = 11, **more) -> Columns:
    """Loam (Carsel & Parrish 1988) on nodes 10 cm apart."""
    values = {"theta_r": 0.078, "theta_s": 0.43, "alpha_1_cm": 0.036, "n": 1.56, "ks_cm_d": 24.96}
    return Columns(
        np.linspace(0.0, 100.0, nodes), np.zeros((count, nodes), dtype=np.int64),
        **{key: np.full((count, 1), value) for key, value in values.items()}, **more,
    )  # fmt: skip


DAYS = np.array([0.5, 0.5, 1.0, 1.0, 1.0])
RAIN = np.array([[2.0, 0.0, 1.0, 0.5, 0.0], [0.0, 0.0, 0.0, 3.0, 1.0]])
WEATHER = Weather(DAYS, RAIN, np.zeros((2, 5)), np.zeros((2, 5)))
INTERVAL = [0, 0, 0, 1, 1]


def run(program: Path, **more):
    """Two columns, each with its own weather, in two intervals."""
    many = columns(2, names=("a", "b"))
    state = simulate.initial_state(many, -100.0)
    return engine.run(many, WEATHER, state, INTERVAL, program=program, weather_of=[0, 1], depths_cm=[25.0], **more)


def test_rain_that_passes_through(tmp_path):
    flow = run(stand_in(tmp_path), period=[0, 1])
    fallen = np.array([[2.0, 0.5], [0.0, 4.0]])  # 2 * 0.5 + 1; 0.5; none; 3 + 1
    assert flow.rain_cm == pytest.approx(fallen)
    assert flow.flux_cm == pytest.approx(np.repeat(fallen[:, :, None], 12, axis=2), abs=1e-4)
    assert flow.absolute_flux_cm == pytest.approx(flow.flux_cm)
    assert flow.passed_cm[:, :, 0] == pytest.approx(fallen, abs=1e-4)
    for term in (richards.DRAINAGE, richards.TOP_INFLOW):
        assert flow.sums_cm[:, :, term] == pytest.approx(fallen, abs=1e-4)
    assert flow.storage_cm == pytest.approx(30.0)
    assert flow.days.tolist() == [2.0, 2.0]
    assert flow.water_cm[0, 0] == pytest.approx([1.5, *[3.0] * 9, 1.5])
    assert not flow.uptake_cm.any()


def test_the_plough_layer_leaches_with_it(tmp_path):
    # Kd 50, density 1.3, dispersivity 0: plug flow carries a share near q / (d (θ + ρ Kd)) of an even layer away
    flow = run(stand_in(tmp_path))
    share = leaching.plough_layer(columns(2), flow, [50.0], 1.3, 0.0, depth_cm=25.0)
    assert share[0, :, 0] == pytest.approx(np.array([2.5, 4.0]) / (25.0 * (0.30 + 1.3 * 50.0)), rel=2e-3)


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("silent", "no such file"),
        ("early", "stopped before the end"),
        ("soil", "balance of the soil does not close"),
        ("surface", "balance of the surface does not close"),
        ("nan", "what is no number"),
        ("cut", "did not finish this table"),
        ("shed", "would take by Darcy's law"),  # one centimetre runs off though no rain comes near Ks
    ],
)
def test_a_run_that_is_not_whole_is_refused_by_its_name(tmp_path, mode, message):
    program = stand_in(tmp_path, mode)
    with pytest.raises(InputError) as refused:
        run(program)
    problems = getattr(refused.value, "problems", [refused.value])
    assert [problem.where.split(",")[0] for problem in problems] == ["column a", "column b"]
    assert all(message in problem.message for problem in problems)
    flow = run(program, return_failed=True)
    assert flow.failed.tolist() == [True, True]


def test_a_run_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "LADDER", engine.LADDER[:1])
    with pytest.raises(InputError, match="did not finish in time"):
        run(stand_in(tmp_path, "hang"), timeout_s=0.5)


@pytest.mark.parametrize("program", ["nowhere", "plain"])
def test_a_program_that_does_not_run_is_refused_at_once(tmp_path, program):
    (tmp_path / "plain").write_text("no program")
    with pytest.raises(InputError, match="executable"):
        run(tmp_path / program, return_failed=True)


def test_settings_name_the_program(tmp_path):
    config = settings.load(settings.REPOSITORY / "config" / "config.yaml")
    scenarios = settings.load(settings.REPOSITORY / "config" / "scenarios.yaml")
    config["leaching"] |= {"engine": "hydrus1d", "outflow": "interior_edge"}
    assert [problem.where for problem in settings.check(config, scenarios)] == [
        "leaching.executable",
        "leaching.outflow",
    ]
    (tmp_path / "hydrus").write_text("")
    config["leaching"] |= {"executable": "hydrus", "outflow": "plough_layer"}
    assert settings.check(config, scenarios, tmp_path) == []
    assert settings.hydrus_executable(config["leaching"], tmp_path) == tmp_path / "hydrus"


def test_print_days_are_no_more_than_a_day_apart():
    ends = np.array([0.25, 0.5, 1.0, 1.5, 3.0, 3.5, 4.0])
    # a record of a day and a half cannot be cut
    assert engine.print_days(ends, np.array([0.5, 4.0])).tolist() == [0.5, 1.5, 3.0, 4.0]


@pytest.fixture
def hydrus() -> str:
    """HYDRUS-1D, where there is one."""
    program = os.environ.get("METALBUDGET_HYDRUS", "")
    if not program:
        pytest.skip("there is no HYDRUS-1D executable; METALBUDGET_HYDRUS names one")
    return program


@pytest.mark.parametrize("name", ["w05_atm_loam_dev", "w09_roots_dev"])
def test_hydrus_answers_as_the_reference_and_as_our_own(cases, hydrus, name):
    case = column_case.read(cases / "column" / name)
    start = simulate.initial_state(case.columns, case.head_cm[None])
    flow = engine.run(case.columns, case.weather, start, case.interval, program=hydrus, depths_cm=[20.0])
    own, _ = simulate.run(case.columns, case.weather, start, case.interval, depths_cm=[20.0], keep=True)
    file = cases / "column" / name / "expected" / "summary_end.csv"
    lines = (line.split(",") for line in file.read_text().splitlines())
    expected = {words[0]: words[1] for words in lines}
    sums = flow.sums_cm[0, 0]
    # printed sums have five digits, water contents four
    assert sums[richards.EVAPORATION] == pytest.approx(float(expected["evap_act_cum_cm"]), rel=1e-4)
    assert sums[richards.DRAINAGE] == pytest.approx(float(expected["bottom_drainage_cum_cm"]), abs=0.01)
    # the marks of the reference cases: 2 % of annual drainage or 1 cm, 3 % of what is leached
    assert own.sums_cm[0, 0, richards.DRAINAGE] == pytest.approx(sums[richards.DRAINAGE], rel=0.02, abs=1.0)
    assert own.passed_cm == pytest.approx(flow.passed_cm, rel=0.02)
    theirs, ours = (leaching.plough_layer(case.columns, one, [10, 200], 1.35, 5.0) for one in (flow, own))
    assert ours == pytest.approx(theirs, rel=0.03)


@pytest.mark.parametrize(
    "more",
    [
        {"bottom": "zero_flux"},
        {"bottom": "seepage_face"},
        {"bottom": "head", "bottom_head_cm": -20.0},
        {"pond_cm": np.array([5.0])},
    ],
)
def test_other_ends_and_bunds(hydrus, more):
    one = columns(nodes=101, root_density=np.linspace(1.0, 0.0, 101)[None], **more)
    rain = np.zeros((1, 30))
    rain[0, [3, 4, 12]] = 4.0, 8.0, 15.0
    weather = Weather(np.ones(30), rain, np.full((1, 30), 0.15), np.full((1, 30), 0.2))
    start = simulate.initial_state(one, -100.0 if more.get("bottom") != "head" else -20.0)
    interval = np.zeros(30, dtype=np.int64)
    theirs = engine.run(one, weather, start, interval, program=hydrus)
    ours, _ = simulate.run(one, weather, start, interval)
    terms = [richards.RUNOFF, richards.EVAPORATION, richards.TRANSPIRATION, richards.DRAINAGE, richards.TOP_INFLOW]
    assert ours.sums_cm[0, 0, terms] == pytest.approx(theirs.sums_cm[0, 0, terms], rel=0.02, abs=0.1)


def test_two_metals_of_a_folder(hydrus):
    one = columns(nodes=101)
    nodes = np.ones(101)
    metals = sorption.metals(np.stack([10.0 * nodes, 3.0 * nodes]), [1.0, 0.8], 0.0, [0.75, 0.5])
    # the second has something to start from, too: the number of metals stands where version 4.08 reads it
    start = np.stack([np.where(one.depth_cm < 20.0, 0.1, 0.0)[None], 0.05 * np.exp(-one.depth_cm / 20.0)[None]])
    rain_mg_l = np.stack([np.zeros((1, 30)), np.full((1, 30), 0.02)])
    load = simulate.Load(metals, 1.35 * nodes[None], 5.0 * nodes[None], start, rain_mg_l)
    rain = np.where(np.arange(30) % 4 == 0, 2.0, 0.0)[None]
    weather = Weather(np.ones(30), rain, np.full((1, 30), 0.15), np.zeros((1, 30)))
    head = np.full(101, -100.0)
    files = write.files(write.Run("two metals", one, 0, head, weather, 0, np.arange(1.0, 31.0), load))
    answer = executable.run_hydrus(hydrus, files, one.depth_cm, 30.0, float(rain.sum()), solutes=2)
    _, ours = simulate.run(one, weather, simulate.initial_state(one, -100.0), np.arange(30), load=load)
    assert answer.nodes.concentration_mg_l[0, :2] == pytest.approx(start[:, 0], rel=1.0e-3)
    found = answer.nodes.concentration_mg_l[-1, :2]
    for i in range(2):
        # daily intervals; the surface, where evaporation leaves it, within 3 %
        assert ours.concentration_mg_l[i, 0] == pytest.approx(found[i], abs=0.03 * found[i].max())


def test_heads_that_fill_their_columns_are_told_apart(tmp_path):
    (tmp_path / "A_LEVEL.OUT").write_text(
        "   Time  sum(rTop)  hTop  hRoot  A-level\n [T]\n\n   1.0  0.522E-01-100000.000  -105.547  1\nend\n"
    )
    table = read.table(tmp_path / "A_LEVEL.OUT")
    assert table["sum(rTop)"].tolist() == [0.0522]
    assert table["hTop"].tolist() == [-100000.0]
    assert table["ALevel"].tolist() == [1.0]
