"""The scripts of the inventory and of agriculture, on the tiny raw folder and a small grid."""

import logging

import compute_agriculture
import compute_emissions
import numpy as np
import pytest
import raw_factory
from inventory_tables import METAL_TABLES, SHARED_TABLES
from metalbudget import agriculture, io
from metalbudget.landuse import CLASSES, open_shares
from metalbudget.settings import coefficients


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return raw_factory.make_raw(tmp_path_factory.mktemp("inventory") / "raw")


def emissions_of(raw, folder, metal):
    folder.mkdir(exist_ok=True)
    outputs = {name: folder / f"{name}.csv" for name in ("emissions", "sectors", "check")}
    compute_emissions.main(
        tables={name: raw / f"{name}.csv" for name in compute_emissions.TABLES},
        mask=raw / "mask.tif",
        **outputs,
        metal=metal,
        years=list(raw_factory.YEARS),
        coefficients={name: coefficients(name, metal) for name in METAL_TABLES}
        | {name: coefficients(name) for name in SHARED_TABLES},
        published=coefficients("published_totals", metal),
    )
    return {name: io.read_table(path) for name, path in outputs.items()}


def test_compute_emissions(raw, tmp_path):
    for metal in raw_factory.METALS:
        tables = emissions_of(raw, tmp_path / metal, metal)
        emitted = tables["emissions"]
        assert list(emitted) == ["source_id", "sector", "kind", "year", "class", "kg", "gsd"]
        facilities = io.read_table(raw / "facilities.csv")["facility_id"]
        areas = io.read_table(raw / "area_sources.csv")["source_id"]
        assert set(emitted["source_id"]) == {*facilities, *areas}
        assert len(emitted["kg"]) == (len(facilities) + len(areas)) * len(raw_factory.YEARS) * 5
        assert emitted["kg"].sum() > 0.0
        assert (emitted["kg"] >= 0.0).all()
        assert (emitted["gsd"] > 1.0).all()
        assert tables["sectors"]["kg"].sum() == pytest.approx(emitted["kg"].sum(), rel=1e-12)
        assert tables["check"]["kg"].sum() == pytest.approx(emitted["kg"].sum(), rel=1e-12)


def test_same_bytes_again(raw, tmp_path):
    for name in ("first", "second"):
        emissions_of(raw, tmp_path / name, "cd")
    for name in ("emissions", "sectors", "check"):
        assert (tmp_path / "first" / f"{name}.csv").read_bytes() == (tmp_path / "second" / f"{name}.csv").read_bytes()


def test_compute_agriculture(raw, tmp_path, small_grid, caplog):
    grid = small_grid
    paddy = np.where(np.arange(grid.width) < 5, 0.8, 0.0) * np.ones((grid.height, 1))
    bands = {name: np.zeros((grid.height, grid.width)) for name in CLASSES}
    bands["paddy"], bands["forest"] = paddy, 1.0 - paddy
    bands["impervious"] = np.full((grid.height, grid.width), 0.1)
    mask, landuse = tmp_path / "mask.tif", {2000: tmp_path / "2000.tif", 2020: tmp_path / "2020.tif"}
    io.write_raster(mask, grid.land.astype(np.uint8), "class", grid)
    for path in landuse.values():
        io.write_bands(path, bands, "fraction", grid)
    district = np.where(np.arange(grid.width) < 3, 1, 2) * np.ones((grid.height, 1), dtype=int)
    district[0, 0] = 0
    io.write_raster(tmp_path / "district.tif", district.astype(np.int32), "identifier", grid)
    names = list(raw_factory.DISTRICTS)
    io.write_table(tmp_path / "districts.csv", {"index": [1, 2], "district_id": names, "name": names})
    outputs = {process: tmp_path / f"{process}.tif" for process in agriculture.PROCESSES}
    contents = {name: coefficients(name, "cd") for name in ("agri_content", "agri_content_trend")}
    with caplog.at_level(logging.WARNING, logger="metalbudget"):
        compute_agriculture.main(
            agriculture_table=raw / "agriculture.csv",
            irrigation_water=raw / "irrigation_water.csv",
            districts=tmp_path / "districts.csv",
            district=tmp_path / "district.tif",
            mask=mask,
            landuse=landuse,
            outputs=outputs,
            metal="cd",
            year=2020,
            contents=contents,
        )
    assert "1 land cells belong to no district" in caplog.text
    table = io.read_table(raw / "agriculture.csv", text=("landuse_class", "crop"))
    water = io.read_table(raw / "irrigation_water.csv", text=("metal",))
    expected = agriculture.rates(table, water, 2020, "cd", contents, names)
    fractions = np.array([[bands[name][5, column] for column in (4, 8)] for name in CLASSES])
    shares = open_shares(fractions, np.array([0.1, 0.1])).shares
    for process, path in outputs.items():
        values = io.read_raster(path, grid)
        assert np.isnan(values[~grid.land]).all()
        assert values[0, 0] == 0.0
        assert values[5, 8] == 0.0, "forest is not farmed"
        assert values[5, 4] == pytest.approx(shares[0, 0] * expected[process][1, 0], rel=1e-6)
