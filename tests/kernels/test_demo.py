"""The generated region: repeatable, valid as input, plausible, and true to its own mass balance."""

import filecmp
import itertools
from pathlib import Path

import generate_region
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import inputs
from metalbudget.demo import climate, economy, fields, region, towns, truth, write
from metalbudget.errors import InputError
from metalbudget.settings import REPOSITORY, coefficients, load

METALS = ["as", "cd", "cr", "cu", "hg", "ni", "pb", "zn"]
YEARS = [2000, 2005, 2010, 2015, 2020]
TABLES = {
    name: coefficients(f"demo_{table}")
    for name, table in {
        "parent_material": "parent_material",
        "metal": "metal",
        "emission": "emission",
        "content": "content",
        "trend": "background_trend",
    }.items()
}
SIZE = {"rows": 20, "columns": 24, "cell_m": 500, "facilities": 6, "survey_points": 40}


def generate(folder: Path, seed: int = 7) -> Path:
    """Run the rule's script on a tiny region."""
    generate_region.main(
        folder=folder / "generated",
        truth_folder=folder / "truth",
        size=SIZE,
        seed=seed,
        metals=METALS,
        years={"weather": [2018], "modelled": YEARS, "landuse": [2000, 2010, 2020]},
        surveys={"2000": "surveys/survey_2000.csv", "2020": "surveys/survey_2020.csv"},
        scenario_landuse=["urban_growth/2045"],
        tables=TABLES,
    )
    return folder


@pytest.fixture(scope="module")
def made() -> region.Region:
    """A region of 30 by 32 km."""
    return region.make_region(
        rows=60,
        columns=64,
        cell_m=500.0,
        facilities=14,
        survey_points=300,
        seed=20260216,
        metals=METALS,
        weather_years=[2009, 2018],
        modelled_years=YEARS,
        landuse_dates=[2000, 2010, 2020],
        scenario_dates=[2045, 2070],
        survey_years=[2000, 2020],
        tables=TABLES,
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    return generate(tmp_path_factory.mktemp("demo"))


def test_same_seed_gives_the_same_bytes(written, tmp_path):
    again = generate(tmp_path)
    files = [path for path in written.rglob("*") if path.is_file()]
    assert len(files) > 50
    different = [p for p in files if not filecmp.cmp(p, again / p.relative_to(written), shallow=False)]
    assert different == []


def test_raw_folder_passes_the_input_check(written):
    config = load(REPOSITORY / "config" / "config.yaml", REPOSITORY / "config" / "quick.yaml")
    scenarios = load(REPOSITORY / "config" / "scenarios.yaml")
    assert [str(problem) for problem in inputs.check(written / "generated", config, scenarios)] == []


def test_foreign_files_are_refused(tmp_path):
    (tmp_path / "generated").mkdir()
    (tmp_path / "generated" / "mask.tif").write_bytes(b"somebody's data")
    with pytest.raises(InputError, match="overwrite"):
        generate(tmp_path)
    assert (tmp_path / "generated" / "mask.tif").read_bytes() == b"somebody's data"
    assert not (tmp_path / "truth").exists()


def test_own_folder_may_be_written_again(written):
    write.refuse_foreign_files(written / "generated")
    write.refuse_foreign_files(written / "truth")
    write.refuse_foreign_files(written / "absent")


def test_provenance_names_every_file_and_calls_it_generated(written):
    folder = written / "generated"
    rows = (folder / "provenance.csv").read_text().splitlines()[1:]
    layers = {row.split(",")[0] for row in rows}
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files - {"provenance.csv", write.MARKER} == layers
    assert all(",generated," in row for row in rows)


def test_relief_is_almost_free_of_pits(made):
    # A cell is a pit if no neighbour is lower; the relief is built as a tree towards the sea, so none is.
    z = np.pad(made.land.fine_elevation, 1, constant_values=0.0)
    neighbours = [
        z[1 + r : z.shape[0] - 1 + r, 1 + c : z.shape[1] - 1 + c]
        for r in (-1, 0, 1)
        for c in (-1, 0, 1)
        if (r, c) != (0, 0)
    ]
    pit = made.land.fine_land & (np.min(neighbours, axis=0) >= made.land.fine_elevation)
    assert pit.sum() <= 1.0e-3 * made.land.fine_land.sum()


def test_hills_rise_inland_and_the_sea_is_in_the_east(made):
    land = made.land
    assert land.elevation[:, :20][land.land[:, :20]].mean() > 3.0 * land.elevation[:, -30:][land.land[:, -30:]].mean()
    assert not land.land[:, -1].all()


def test_built_land_only_grows_and_seals_no_more_than_is_built(made):
    built = {date: np.isin(codes, list(towns.SEALED)) for date, codes in made.landuse.items()}
    dates = sorted(built)
    for before, after in itertools.pairwise(dates):
        assert not (built[before] & ~built[after]).any()
        assert built[after].sum() > built[before].sum()
    for date in dates:
        share = fields.block_mean(built[date], made.land.factor)[made.land.land]
        assert (made.impervious[date][made.land.land] <= share + 1.0e-9).all()


def test_districts_cover_the_land(made):
    districts = made.settlement.districts
    assert ((districts > 0) == made.land.land).all()
    assert np.unique(districts[districts > 0]).size >= 12


def test_parent_material_follows_the_published_trend(made):
    # Wenzhou survey: contents rise from the hills to the coastal plain.
    assert (
        TABLES["parent_material"]["volcanic_tuff/background/cd"]
        < TABLES["parent_material"]["marine_clay/background/cd"]
    )
    ph = made.soils["ph_water"]
    hill = np.isin(made.land.parent_material, (1, 2))
    shore = made.land.parent_material == 7
    assert 4.3 < np.nanmean(ph[hill]) < 5.4
    assert np.nanmean(ph[shore]) > 7.3


@pytest.mark.parametrize(("year", "hours"), [(2009, 8760), (2018, 8760), (2020, 8784)])
def test_weather_of_the_coast(year, hours):
    series = climate.hourly_weather(year, 121.3, 28.7, 5.0, 20260216)
    assert {values.size for values in series.values()} == {hours}
    assert series["time"][0] == f"{year}-01-01T01:00"
    assert series["time"][-1] == f"{year + 1}-01-01T00:00"
    # The station stands low on the coast; the hills lift the region's mean to about 1,460 mm (climatology 1,510 mm).
    assert 1330.0 < series["rain_mm"].sum() < 1520.0
    hour = np.arange(hours) % 24
    assert series["global_radiation_w_m2"][(hour < 3) | (hour > 21)].max() == 0.0
    # Typical year of Hongjia (WMO 58665): mean of 17.9 degC and 146 W m-2, 15 % calms at whole metres.
    assert series["temperature_c"].mean() == pytest.approx(17.9, abs=1.0)
    assert series["global_radiation_w_m2"].mean() == pytest.approx(146.0, rel=0.15)
    calm = series["wind_speed_m_s"] == 0.0
    assert 0.02 < calm.mean() < 0.16
    month = np.array([int(text[5:7]) for text in series["time"]])
    direction = series["wind_direction_deg"]
    summer = np.isin(month, (6, 7, 8)) & ~calm
    onshore = (direction > 65.0) & (direction < 200.0)
    assert onshore[summer & (hour >= 12) & (hour < 18)].mean() > onshore[summer & (hour < 6)].mean() + 0.3
    winter = np.isin(month, (12, 1, 2)) & ~calm
    northerly = (direction > 290.0) | (direction < 40.0)
    assert northerly[winter].mean() > 0.5
    assert ((direction == 0.0) == calm).all()


def test_rain_factor_stays_in_range(made):
    factor = made.rain_factor[made.land.land]
    assert factor.min() >= 0.8
    assert factor.max() <= 1.4
    assert made.rain_factor[made.station] == pytest.approx(1.0)


def test_economy_tells_the_published_history():
    def sum_of(year, product):
        return sum(row[3] for row in economy.area_activity(4.0e6, year, METALS) if row[1] == product)

    assert sum_of(2020, "vehicle_km_car") > 10.0 * sum_of(2000, "vehicle_km_car")
    assert sum_of(2020, "coal_residential") < 0.1 * sum_of(2000, "coal_residential")
    boilers = [sum_of(year, "coal_stoker") for year in YEARS]
    assert max(boilers) in boilers[1:3]
    assert boilers[-1] < 0.2 * max(boilers)
    urea = [economy.farming(1, 0.1, "paddy", year, 7)[1]["urea_kg_ha"] for year in YEARS]
    # Chemical fertiliser of Zhejiang peaked about 2005-2013 and fell by 25-30 % to 2020.
    assert 0.65 < urea[-1] / max(urea) < 0.78
    for year in YEARS:
        assert 6000.0 <= economy.farming(1, 0.1, "paddy", year, 7)[1]["irrigation_m3_ha"] <= 9000.0


def test_every_running_plant_has_an_activity_and_shares_sum_to_one(made):
    for plant in made.plants:
        for year in YEARS:
            assert (plant.activity(year) > 0.0) == plant.active(year)
    shares: dict[tuple[str, int], float] = {}
    for facility, year, _, share in economy.controls(made.plants):
        shares[facility, year] = shares.get((facility, year), 0.0) + share
    assert np.allclose(list(shares.values()), 1.0)


def test_truth_loses_no_metal(made):
    # Where the open share never changes, the stock's change is what came in less what went out.
    true, land = made.truth, made.land
    shares = {date: region._class_shares(land, made.landuse[date]).sum(axis=0) for date in (2000, 2010, 2020)}
    open_share = {date: shares[date] - made.impervious[date][land.land] for date in shares}
    steady = (np.ptp(list(open_share.values()), axis=0) < 1.0e-12) & (open_share[2000] > 0.2)
    assert steady.sum() > 100
    mass = made.soils["bulk_density_kg_m3"][land.land] * truth.DEPTH_M
    gain = sum((1.0 if name in truth.INPUTS else -1.0) * flux for name, flux in true.fluxes.items())
    change = (true.last - true.first) * mass * open_share[2000] / (true.last_year - true.first_year)
    gross = sum(np.abs(flux) for flux in true.fluxes.values())
    assert (np.abs(gain - change)[:, steady] <= 1.0e-9 * gross[:, steady]).all()


def test_true_deposition_is_plausible(made):
    low, high = (coefficients("plausibility", process="deposition", field=field) for field in ("low", "high"))
    share = region._class_shares(made.land, made.landuse[2010]).sum(axis=0) - made.impervious[2010][made.land.land]
    rural = share > 0.9
    for index, metal in enumerate(METALS):
        total = 10.0 * (made.truth.fluxes["deposition"] + made.truth.fluxes["background"])[index, rural] / share[rural]
        assert low[metal] < np.median(total) < high[metal]  # rural bars of the published synthesis


def test_surveys_see_the_truth_with_noise(made):
    points, columns = made.surveys[2000]
    late, _ = made.surveys[2020]
    kept = len(set(points.point_id) & set(late.point_id)) / len(late.point_id)
    assert kept == pytest.approx(0.85, abs=0.01)
    metal = np.array(columns["metal"])
    value = np.array(columns["value_mg_kg"])
    censored = np.array(columns["censored"]) == 1
    limit = np.array(columns["detection_limit_mg_kg"])
    assert (value[censored] == limit[censored]).all()
    assert (value[~censored] >= limit[~censored]).all()
    assert censored[metal == "cd"].any()
    ratio = value[metal == "zn"] / made.truth.first[METALS.index("zn"), points.cell]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.03)
    # 10 % of sampling and laboratory and 11 % within the cell.
    assert np.std(np.log(ratio)) == pytest.approx(np.hypot(0.10, 0.11), rel=0.15)


def test_monitors_have_both_roles(made):
    assert {role for _, _, role, _ in made.monitors} == {"background", "validation"}


@given(st.integers(2, 9), st.integers(1, 5), st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_block_mean_undoes_refinement(size, factor, seed):
    values = np.random.default_rng(seed).random((size, size + 1))
    assert np.allclose(fields.block_mean(np.kron(values, np.ones((factor, factor))), factor), values)


@given(st.integers(0, 2**31))
@settings(max_examples=10, deadline=None)
def test_fractal_is_standardised(seed):
    field = fields.fractal((40, 33), fields.stream(seed, "x"), 10.0)
    assert field.mean() == pytest.approx(0.0, abs=1e-9)
    assert field.std() == pytest.approx(1.0)


def test_too_small_a_region_is_refused():
    with pytest.raises(ValueError, match="8 x 8"):
        region.make_region(
            rows=4,
            columns=30,
            cell_m=500.0,
            facilities=1,
            survey_points=1,
            seed=1,
            metals=METALS,
            weather_years=[],
            modelled_years=YEARS,
            landuse_dates=[2000],
            scenario_dates=[],
            survey_years=[],
            tables=TABLES,
        )
