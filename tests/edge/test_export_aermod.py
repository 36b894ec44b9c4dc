"""A source of a study as AERMOD's folder, and AERMOD's own executable where there is one."""

import os
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
import yaml
from metalbudget import cli, io, settings
from metalbudget.dispersion import executable, runstream, study_source
from metalbudget.dispersion.case import Gas, SizeClasses
from metalbudget.dispersion.reading import gas_surface
from metalbudget.errors import InputError


@pytest.fixture(scope="module")
def study(tmp_path_factory, request) -> Path:
    """The parts of a study that an export reads: two stacks, a gridded source, a year of plain weather."""
    from metalbudget.grid import Grid

    folder = tmp_path_factory.mktemp("study")
    grid = Grid("EPSG:32651", 300000.0, 3200000.0, 500.0, 12, 10, np.ones((12, 10), dtype=bool))
    harmonised = folder / "resources" / "harmonised"
    io.write_raster(harmonised / "mask.tif", grid.land.astype(np.uint8), "class", grid)
    rows, columns = np.mgrid[0:12, 0:10]
    io.write_raster(harmonised / "elevation.tif", (10.0 * columns + rows).astype(np.float32), "elevation", grid)
    weights = np.zeros((12, 10), dtype=np.float32)
    weights[2:4, 3:5] = 0.25
    io.write_bands(harmonised / "surrogates.tif", {"traffic": weights}, "share", grid)
    (harmonised / "sources.csv").write_text(
        "source_id,sector,x_m,y_m,stack_height_m,stack_diameter_m,exit_temperature_k,exit_velocity_m_s\n"
        "F1,smelter,302250,3197750,85,2.1,354,11.9\nF2,boiler,303250,3196750,40,1.2,400,10.5\n"
    )
    weather = folder / "raw" / "weather"
    weather.mkdir(parents=True)
    (folder / "raw" / "area_sources.csv").write_text(
        "source_id,sector,surrogate,release_height_m\ntraffic,traffic,roads,1\n"
    )
    (weather / "station.csv").write_text(
        "station_id,longitude_deg,latitude_deg,elevation_m,anemometer_height_m,utc_offset_h\nS,121,28.9,3,10,8\n"
    )
    times = np.datetime64("2018-01-01T00:00") + np.arange(1, 8761).astype("timedelta64[h]")
    lines = ["time,temperature_c,relative_humidity_pct,pressure_hpa,wind_speed_m_s,wind_direction_deg,"
             "cloud_cover_tenths,global_radiation_w_m2,rain_mm"]  # fmt: skip
    lines += [
        f"{time},15,70,1013,{1.5 + i % 4},{i * 7 % 360},{i % 11},,{0.5 * (i % 50 == 0)}" for i, time in enumerate(times)
    ]
    (weather / "2018.csv").write_text("\n".join(lines) + "\n")
    emissions = folder / "results" / "emissions"
    emissions.mkdir(parents=True)
    (emissions / "cd.csv").write_text(
        "source_id,sector,kind,year,class,kg,gsd\n"
        "F1,smelter,point,2010,p0.5,6.0,1.5\nF1,smelter,point,2010,p7,2.0,1.5\nF1,smelter,point,2010,p15,0,1.5\n"
        "F1,smelter,point,2010,hg0,1.0,1.5\n"
    )
    (emissions / "hg.csv").write_text(
        "source_id,sector,kind,year,class,kg,gsd\nF1,smelter,point,2010,hg0,3.0,1.5\nF1,smelter,point,2010,hg2,2.0,1.5\n"
    )
    config = settings.load(settings.REPOSITORY / "config" / "config.yaml")
    config["region"] = {"source": "folder", "folder": "raw"}
    config["weather"] = {"years": [2018], "of_year": {2010: [2018]}}
    (folder / "results" / "run_config.yaml").write_text(yaml.safe_dump(config))
    return folder


def export(study: Path, out: Path, *more: str, source: str = "F1", year: str = "2010") -> int:
    """Run the command."""
    return cli.main(["export-aermod", str(study), "--source", source, "--year", year, "--out", str(out), *more])


def test_a_metal_of_a_stack(study, tmp_path, capsys):
    assert export(study, tmp_path / "x", "--metal", "cd") == 0
    deck = runstream.read(tmp_path / "x" / "F1.inp")
    (source,) = deck.sources
    assert source.substance == SizeClasses((0.5, 7.0), (0.75, 0.25), (1.0, 1.0))
    assert source.emission == pytest.approx(8.0 * 1000.0 / (8760 * 3600))  # 8 kg in a year of 8760 hours
    assert (source.x_m, source.height_m, source.diameter_m) == (302250.0, 85.0, 2.1)
    assert deck.averaging == ("MONTH", "PERIOD")
    distance = np.hypot(deck.receptors.x_m - 302250.0, deck.receptors.y_m - 3197750.0)
    assert np.unique(np.round(distance)).tolist() == list(study_source.RINGS_M)
    through = runstream.weather(deck)
    assert through.hours.size == 8760
    assert int(through.hours.missing.sum()) == 0
    readme = (tmp_path / "x" / "README.txt").read_text()
    assert "8 kg of cd" in readme
    assert "1 kg more do not deposit" in readme
    assert "8760 hours of 2018" in capsys.readouterr().out


def test_a_gas_meets_the_ground_of_the_study(study, tmp_path):
    assert export(study, tmp_path / "x", "--metal", "hg") == 0
    deck = runstream.read(tmp_path / "x" / "F1.inp")
    (source,) = deck.sources
    assert isinstance(source.substance, Gas)
    assert source.substance.reactivity == 1.0
    assert source.emission == pytest.approx(2.0 * 1000.0 / (8760 * 3600))
    surface = gas_surface(settings.coefficients("dispersion"))
    assert deck.options.gas_surface.season_of_month == surface.season_of_month
    assert deck.options.gas_surface.landuse_of_sector == surface.landuse_of_sector


def test_unit_emission_has_a_group_for_each_class(study, tmp_path):
    assert export(study, tmp_path / "x", "--hourly", source="F2") == 0
    deck = runstream.read(tmp_path / "x" / "F2.inp")
    assert [source.emission for source in deck.sources] == [1.0] * 5
    assert list(deck.groups) == ["ALL", "P0_5", "P1_5", "P3_5", "P7", "P15"]
    assert deck.groups["P7"] == [3]
    assert deck.sources[3].substance == SizeClasses((0.5, 1.5, 3.5, 7.0, 15.0), (0.0, 0.0, 0.0, 1.0, 0.0), (1.0,) * 5)
    assert deck.averaging == ("1", "PERIOD")


def test_cells_in_terrain(study, tmp_path):
    assert (
        export(study, tmp_path / "x", "--receptors", "cells", "--within-m", "1600", "--terrain", "--metal", "cd") == 0
    )
    deck = runstream.read(tmp_path / "x" / "F1.inp")
    assert deck.options.terrain
    assert deck.options.base_elevation_m == 3.0
    assert deck.sources[0].base_elevation_m == pytest.approx(10.0 * 4 + 4)  # of its own cell
    row = np.flatnonzero((deck.receptors.x_m == 303250.0) & (deck.receptors.y_m == 3197750.0))
    assert deck.receptors.elevation_m[row] == pytest.approx([64.0], abs=0.01)
    assert np.all(deck.receptors.hill_height_m >= deck.receptors.elevation_m)


def test_a_gridded_source_keeps_its_emission(study, tmp_path):
    assert export(study, tmp_path / "x", source="traffic") == 0
    deck = runstream.read(tmp_path / "x" / "traffic.inp")
    assert len(deck.sources) == 4 * 5
    area = 500.0**2
    assert sum(source.emission * area for source in deck.sources) == pytest.approx(5.0, rel=1e-6)


def test_coarser_squares_keep_emission(study):
    grid = io.read_grid(study / "resources" / "harmonised" / "mask.tif")
    weights = np.arange(120.0).reshape(12, 10)
    squares = study_source.cells(weights, grid, 2.0, 1.0, most=9)
    assert len(squares) <= 9
    side = squares[0].vertices_m[2, 0] - squares[0].vertices_m[0, 0]
    assert sum(square.emission * side**2 for square in squares) == pytest.approx(weights.sum())


@pytest.mark.parametrize(
    ("more", "source", "year", "message"),
    [
        ((), "F9", "2010", "the study has no such source"),
        ((), "F1", "1999", "the study has no weather for 1999"),
        (("--metal", "xx"), "F1", "2010", "the study has no emissions of this metal"),
        (("--metal", "cd"), "F2", "2010", "F2 emits nothing in 2010"),
        (("--within-m", "-5"), "F1", "2010", "the farthest receptor is too near"),
    ],
)
def test_what_cannot_be_exported(study, tmp_path, capsys, more, source, year, message):
    assert export(study, tmp_path / "x", *more, source=source, year=year) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_full_folder_is_left_alone(study, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert export(study, tmp_path) == 2
    assert "the folder is not empty" in capsys.readouterr().err
    assert (
        cli.main(["export-aermod", str(tmp_path), "--source", "F1", "--year", "2010", "--out", str(tmp_path / "y")])
        == 2
    )
    assert "no study that has been run" in capsys.readouterr().err


# --- the executable -----------------------------------------------------------------------------------


def aermod() -> str:
    """The user's own executable, by METALBUDGET_AERMOD or on the path."""
    found = os.environ.get("METALBUDGET_AERMOD") or shutil.which("aermod")
    if not found:
        pytest.skip("there is no AERMOD executable; METALBUDGET_AERMOD names one")
    return found


def script(folder: Path, body: str) -> Path:
    """A program that answers as told."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def small_deck(tmp_path) -> Path:
    from deck_factory import deck_text, write_weather

    write_weather(tmp_path)
    path = tmp_path / "deck.inp"
    path.write_text(deck_text(receptors="   DISCCART -500 0\n   DISCCART -900 0"))
    return path


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo hello", "does not answer as AERMOD does"),
        ("echo ' *** AERMOD - VERSION  23132 ***' > deck.log", "no summary of messages"),
        (
            "printf ' *** AERMOD - VERSION  23132 ***\\n A Total of            2 Fatal Error Message(s)\\n"
            " CO E100       2       COCARD: Wrong\\n' > deck.log",
            "stopped on 2 fatal error",
        ),
        (
            "printf ' *** AERMOD - VERSION  23132 ***\\n A Total of            0 Fatal Error Message(s)\\n' > deck.log",
            "AERMOD wrote no output",
        ),
    ],
)
def test_a_program_that_is_not_aermod_or_fails(small_deck, tmp_path, body, message):
    with pytest.raises(InputError) as caught:
        executable.run_aermod(script(tmp_path, body), small_deck)
    assert message in str(caught.value)


def test_an_absent_executable(small_deck, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        executable.run_aermod(tmp_path / "none", small_deck)


def test_the_users_executable_runs_a_deck(small_deck):
    table, version = executable.run_aermod(aermod(), small_deck)
    assert version.isdigit()
    assert table.labels[0] == "23010101"
    assert table.values["conc"].shape == (1, 48, 2)
    assert np.all(table.values["conc"] > 0.0)  # both lie under an east wind


def test_the_users_executable_runs_an_export(study, tmp_path):
    program = aermod()
    assert export(study, tmp_path / "x", "--metal", "cd", "--within-m", "400") == 0
    table, _ = executable.run_aermod(program, tmp_path / "x", "PERIOD")
    assert table.values["total"].shape == (1, 1, 32)
    assert np.all(table.values["total"] > 0.0)
    assert (table.hours, table.missing_hours) == (8760, 0)
