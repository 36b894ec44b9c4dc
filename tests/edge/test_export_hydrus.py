"""A column of a study as HYDRUS-1D's folder."""

from pathlib import Path

import numpy as np
import pytest
import raw_factory
import yaml
from metalbudget import cli, io, settings
from metalbudget.grid import Grid

YEAR = raw_factory.WEATHER_YEAR


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """What an export reads: loam in the west, silty clay in the low east, and the tiny raw folder's weather."""
    folder = tmp_path_factory.mktemp("study")
    raw = raw_factory.make_raw(folder / "raw")
    harmonised = folder / "resources" / "harmonised"
    grid = Grid("EPSG:32651", 300000.0, 3200000.0, 500.0, 6, 8, np.ones((6, 8), dtype=bool))
    io.write_raster(harmonised / "mask.tif", grid.land.astype(np.uint8), "class", grid)
    east = np.arange(8)[None, :] >= 5
    full = np.ones((6, 8))
    bands = {
        "sand_pct": (np.where(east, 8.0, 40.0) * full, "percentage"),
        "silt_pct": (np.where(east, 47.0, 40.0) * full, "percentage"),
        "clay_pct": (np.where(east, 45.0, 20.0) * full, "percentage"),
        "bulk_density_kg_m3": (1300.0 * full, "bulk_density"),
    }
    values, kinds = ({name: pair[i] for name, pair in bands.items()} for i in (0, 1))
    io.write_bands(harmonised / "soil.tif", values, kinds, grid)
    io.write_raster(harmonised / "elevation.tif", np.where(east, 3.0, 30.0) * full, "elevation", grid)
    io.write_raster(harmonised / "rain_factor.tif", np.linspace(0.9, 1.1, 48).reshape(6, 8), "ratio", grid)
    io.write_raster(harmonised / "district.tif", np.ones((6, 8), dtype=np.int32), "identifier", grid)
    name = io.read_table(raw / "agriculture.csv", text=("landuse_class", "crop"))["district_id"][0]
    io.write_table(harmonised / "districts.csv", {"index": [1], "district_id": [name], "name": ["one"]})
    config = settings.load(settings.REPOSITORY / "config" / "config.yaml")
    config["region"] = {"source": "folder", "folder": "raw"}
    config["weather"] = {"years": [YEAR], "of_year": {2000: [YEAR]}}
    config["water"]["climate_zones"] = 2
    (folder / "results").mkdir()
    (folder / "results" / "run_config.yaml").write_text(yaml.safe_dump(config))
    return folder


def export(study: Path, *words: str) -> int:
    """Run the command."""
    return cli.main(["export-hydrus", "--directory", str(study), *words])


def test_what_there_is_is_listed(study, capsys):
    assert export(study, "--list") == 0
    said = capsys.readouterr().out
    assert "loam               30, 0" in said  # 6 rows of 5 columns, all high
    assert "silty_clay         0, 18" in said
    assert "paddy, dryland, orchard" in said
    assert f"year                 {YEAR}" in said


def test_a_column_of_a_forest(study, tmp_path, capsys):
    words = ["--soil", "loam", "--landuse", "forest", "--climate", "2", "--year", "2000", "--out", str(tmp_path / "x")]
    assert export(study, *words, "--kd", "20", "500") == 0
    assert f"forest on loam, deep water table, climate zone 2, {YEAR}, months 1 to 12" in capsys.readouterr().out
    names = sorted(path.name for path in (tmp_path / "x").iterdir())
    assert names == ["ATMOSPH.IN", "PROFILE.DAT", "README.txt", "SELECTOR.IN"]
    readme = (tmp_path / "x" / "README.txt").read_text()
    assert "Kd 20, 500 L kg-1" in readme
    records = [line.split() for line in (tmp_path / "x" / "ATMOSPH.IN").read_text().splitlines()[9:-1]]
    ends, rain = (np.array([float(row[column]) for row in records]) for column in (0, 1))
    assert ends[-1] == 365.0
    # the readme's rain is what the records hold
    said = float(readme.split("months 1 to 12: rain ")[1].split(",")[0])
    assert rain @ np.diff(ends, prepend=0.0) == pytest.approx(said, abs=6e-4)
    selector = (tmp_path / "x" / "SELECTOR.IN").read_text().splitlines()
    assert selector[selector.index("BotInf qGWLF FreeD SeepF KodBot DrainF hSeep") + 1] == "f f t f -1 f 0"
    # 1 mg/kg in the plough layer: c = ρ / (θ + ρ Kd), within the water contents that there are
    nodes = [line.split() for line in (tmp_path / "x" / "PROFILE.DAT").read_text().splitlines()[3:-2]]
    assert 1.3 / (0.5 + 1.3 * 20.0) < float(nodes[0][10]) < 1.3 / (0.05 + 1.3 * 20.0)
    assert float(nodes[-1][11]) < 1e-6


def test_a_paddy_has_a_folder_for_each_season(study, tmp_path):
    words = ["--soil", "silty_clay", "--landuse", "paddy", "--year", str(YEAR), "--out", str(tmp_path / "x")]
    assert export(study, *words) == 0
    folders = sorted(path.name for path in (tmp_path / "x").iterdir() if path.is_dir())
    assert len(folders) > 1
    days, ponds = 0.0, []
    for folder in folders:
        lines = (tmp_path / "x" / folder / "ATMOSPH.IN").read_text().splitlines()
        days += float(lines[-2].split()[0])
        ponds.append(float(lines[7]))
        selector = (tmp_path / "x" / folder / "SELECTOR.IN").read_text().splitlines()
        assert selector[selector.index("TopInf WLayer KodTop InitCond") + 1] == "t t -1 f"
        # shallow groundwater: a head is given at the lower end
        assert selector[selector.index("BotInf qGWLF FreeD SeepF KodBot DrainF hSeep") + 1] == "f f f f 1 f 0"
    assert days == 365.0
    bund_cm = [float(value) / 10.0 for key, value in settings.coefficients("crop_coefficient").items()
               if key.startswith("paddy/bund_height_mm")]  # fmt: skip
    assert max(bund_cm) in ponds


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--soil", "peat"], "--soil"),
        (["--landuse", "sea"], "--landuse"),
        (["--climate", "3"], "--climate"),
        (["--year", "1950"], "no weather for this year"),
        (["--water-table", "shallow"], "no cell of the study"),
        (["--rain-factor", "0"], "--rain-factor"),
        (["--kd", "-1"], "--kd"),
        (["--kd", "inf"], "--kd"),
        (["--kd", "nan"], "--kd"),
        (["--configfile", "nowhere.yaml"], "--configfile"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(study, tmp_path, capsys, words, message):
    usual = ["--soil", "loam", "--landuse", "forest", "--year", str(YEAR), "--out", str(tmp_path / "x")]
    assert export(study, *usual, *words) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_folder_with_files_and_a_study_without_are_refused(study, tmp_path, capsys):
    (tmp_path / "there").write_text("")
    usual = ["--soil", "loam", "--landuse", "forest", "--year", str(YEAR)]
    assert export(study, *usual, "--out", str(tmp_path)) == 2
    assert export(study, *usual) == 2
    assert export(tmp_path, *usual, "--out", str(tmp_path / "x")) == 2
    said = capsys.readouterr().err
    assert "not empty" in said
    assert "--out" in said
    assert "no study whose inputs are ready" in said


def test_a_configuration_that_no_study_could_have_is_refused(study, tmp_path, capsys):
    """Settings are held against their schema, as they are before a study runs."""
    (tmp_path / "own.yaml").write_text("water: {climate_zones: many, runoff: rivers}\n", encoding="utf-8")
    usual = ["--soil", "loam", "--landuse", "forest", "--year", str(YEAR), "--out", str(tmp_path / "x")]
    assert export(study, *usual, "--configfile", str(tmp_path / "own.yaml")) == 2
    said = capsys.readouterr().err
    assert "climate_zones" in said
    assert "runoff" in said


def test_a_folder_that_cannot_be_made_is_named(study, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    usual = ["--soil", "loam", "--landuse", "forest", "--year", str(YEAR), "--out", str(tmp_path / "file" / "x")]
    assert export(study, *usual) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_tables_that_are_no_text_are_named(study, tmp_path, capsys):
    import shutil

    broken = tmp_path / "study"
    shutil.copytree(study, broken)
    usual = ["--soil", "loam", "--landuse", "forest", "--year", str(YEAR), "--out", str(tmp_path / "x")]
    (broken / "raw" / "agriculture.csv").write_bytes("district_id".encode("utf-16"))
    assert export(broken, *usual) == 2
    assert "agriculture.csv" in capsys.readouterr().err
