"""The budget's kernels against hand calculations and the published worked numbers."""

from dataclasses import replace

import numpy as np
import pytest
from budget_cases import DENSITY, RUNGS, WATER_CONTENT, chemistry, options, setting
from metalbudget.budget.rates import natural_deposition, rates, subsoil_input, weathering
from metalbudget.budget.setting import Ladder, collapse, interpolate
from metalbudget.budget.simulate import correction_terms, simulate
from metalbudget.budget.step import SERIES_BELOW, Stores, advance, at_depth, rearrange, responses
from metalbudget.landuse import SOIL_CLASSES, LandUse
from metalbudget.quantities import KG_M2_PER_T_HA, MG_M2_PER_G_HA

ONE = np.ones(1)
SOIL = {"ph_water": ONE * 6.0}


# --- the exact year -----------------------------------------------------------------------------------


def test_advance_matches_the_closed_form():
    # By hand: C* = F/(k M) = 26/(0.2*260) = 0.5; C(1) = 0.5 + (1 - 0.5) exp(-0.2) = 0.909365...
    step = advance(ONE, 260.0 * ONE, {"deposition": 26.0 * ONE}, {"leaching": 0.15 * ONE, "erosion": 0.05 * ONE})
    expected = 0.5 + 0.5 * np.exp(-0.2)
    mean = 0.5 + 0.5 * (1.0 - np.exp(-0.2)) / 0.2
    assert step.concentration == pytest.approx(expected, rel=1e-14)
    assert step.mean_concentration == pytest.approx(mean, rel=1e-13)
    assert step.losses["leaching"] == pytest.approx(0.15 * 260.0 * mean, rel=1e-13)
    assert step.losses["leaching"] == pytest.approx(3.0 * step.losses["erosion"], rel=1e-13)


def test_advance_without_losses_is_a_straight_line():
    step = advance(ONE, 260.0 * ONE, {"deposition": 26.0 * ONE}, {"leaching": 0.0 * ONE})
    assert step.concentration == pytest.approx(1.1, rel=1e-15)
    assert step.mean_concentration == pytest.approx(1.05, rel=1e-15)


@pytest.mark.parametrize("rate", [0.0, 1e-300, 1e-12, 1e-5, 0.999 * SERIES_BELOW, SERIES_BELOW, 0.1, 5.0, 700.0])
def test_responses_hold_at_any_rate(rate):
    # Independent: the same functions from 60-digit arithmetic.
    from decimal import Decimal, getcontext

    getcontext().prec = 60
    k = Decimal(rate)
    kept, gained, mean_gained = responses(np.array([rate]))
    if rate < 1e-40:
        expected = (1.0, 1.0, 0.5)
    else:
        phi1 = (1 - (-k).exp()) / k
        expected = (float((-k).exp()), float(phi1), float((1 - phi1) / k))
    assert kept[0] == pytest.approx(expected[0], rel=1e-13, abs=1e-16)
    assert gained[0] == pytest.approx(expected[1], rel=1e-13)
    assert mean_gained[0] == pytest.approx(expected[2], rel=3e-13)


def test_taking_the_loss_at_the_start_of_the_year_misses_eight_percent():
    # By hand: the first-order loss of the year at k = 0.2 on the starting stock would be 8-10 % too much.
    step = advance(ONE, ONE, {}, {"leaching": 0.2 * ONE})
    assert 0.2 / step.losses["leaching"][0] - 1.0 == pytest.approx(0.2 / (1 - np.exp(-0.2)) - 1.0)
    assert 0.08 < 0.2 / step.losses["leaching"][0] - 1.0 < 0.11


def test_nan_stays_in_its_cell():
    concentration = np.array([1.0, np.nan, 1.0])
    step = advance(concentration, np.full(3, 260.0), {"deposition": np.ones(3)}, {"leaching": np.full(3, 0.1)})
    assert np.isnan(step.concentration).tolist() == [False, True, False]


# --- rates --------------------------------------------------------------------------------------------


def test_leaching_rate_of_the_worked_example():
    # Fixture: I 0.6 m, d 0.2, theta 0.35, rho 1.3, Kd 576 gives k = 0.0040 per year.
    here = setting({"dryland": ONE})
    found, _ = rates(here, ONE * 0.18, SOIL, chemistry())
    assert found["leaching"][0] == pytest.approx(0.0040, abs=5e-5)
    assert found["leaching"][0] == pytest.approx(0.6 / (0.2 * (0.35 + 1.3 * 576.0)), rel=2e-4)  # between two rungs


def test_erosion_of_zinc_is_the_worked_example():
    # Fixture: A 2 t/ha, Zn 95 mg/kg, ER 1.5 gives 285 g/ha/yr.
    here = setting({"dryland": ONE}, soil_loss=2.0 * KG_M2_PER_T_HA)
    found, _ = rates(here, ONE * 95.0, SOIL, chemistry(enrichment_ratio=1.5))
    flux = found["erosion"] * here.layer_mass * 95.0 / MG_M2_PER_G_HA
    assert flux[0] == pytest.approx(285.0, rel=1e-12)


def test_runoff_is_pore_water_times_runoff_water():
    # By hand: 0.01 * Q[mm] * c[ug/L] g/ha; Q 300 mm, c = 0.3 * 1000 * 0.18/576 ug/L.
    here = setting({"dryland": ONE}, runoff=300.0)
    found, _ = rates(here, ONE * 0.18, SOIL, chemistry(porewater_mixing_factor=0.3))
    flux = found["runoff"] * here.layer_mass * 0.18 / MG_M2_PER_G_HA
    assert flux[0] == pytest.approx(0.01 * 300.0 * 0.3 * 1000.0 * 0.18 / 576.0, rel=1e-12)


def test_harvest_rate_times_stock_is_the_removal():
    here = setting({"dryland": ONE * 0.5}, yields=0.7)
    found, _ = rates(here, ONE * 0.2, SOIL, chemistry(uptake=0.3))
    assert (found["harvest"] * here.layer_mass * 0.2)[0] == pytest.approx(0.5 * 0.7 * 0.3 * 0.2, rel=1e-12)


def test_mercury_evades_from_the_stock_and_from_the_deposit():
    # By hand: k_v 7.0e-4 per year at 0.12 mg/kg gives 0.22 g/ha/yr; 20 % of a 0.05 mg/m2 deposit returns.
    here = setting({"dryland": ONE})
    share = dict.fromkeys(SOIL_CLASSES, 0.2)
    metal = chemistry(evasion_rate=7.0e-4, reemitted_share=share)
    from_stock, _ = rates(here, ONE * 0.12, SOIL, metal)
    both, _ = rates(here, ONE * 0.12, SOIL, metal, deposited=ONE * 0.05)
    stock = here.layer_mass * 0.12
    assert (from_stock["evasion"] * stock / MG_M2_PER_G_HA)[0] == pytest.approx(0.218, abs=0.001)
    assert ((both["evasion"] - from_stock["evasion"]) * (stock + 0.05))[0] == pytest.approx(0.01, rel=1e-9)


def test_evasion_of_a_deposit_is_finite_on_metal_free_soil():
    here = setting({"dryland": ONE})
    metal = chemistry(reemitted_share=dict.fromkeys(SOIL_CLASSES, 0.2))
    found, _ = rates(here, ONE * 0.0, SOIL, metal, deposited=ONE * 0.05)
    assert found["evasion"][0] == pytest.approx(0.2)


def test_flooding_mobilises_arsenic_in_paddies_only():
    plain, mobile = chemistry(), chemistry(flooded_kd_factor=0.25)
    paddy, field = setting({"paddy": ONE}, runoff=100.0), setting({"dryland": ONE}, runoff=100.0)
    for process in ("leaching", "runoff"):
        in_paddy = rates(paddy, ONE, SOIL, mobile)[0][process] / rates(paddy, ONE, SOIL, plain)[0][process]
        in_field = rates(field, ONE, SOIL, mobile)[0][process] / rates(field, ONE, SOIL, plain)[0][process]
        assert in_paddy[0] == pytest.approx(4.0, rel=2e-3)
        assert in_field[0] == pytest.approx(1.0, rel=1e-12)


def test_nothing_leaves_a_cell_without_open_soil():
    here = setting({"dryland": np.array([0.0, 1.0])}, soil_loss=0.2, runoff=300.0, yields=1.0)
    found, _ = rates(here, np.ones(2), {}, chemistry(evasion_rate=0.1))
    assert all(values[0] == 0.0 and np.isfinite(values).all() for values in found.values())


def test_weathering_is_the_loss_at_the_anchor():
    # By hand: leaching k C M with k = 0.6/(0.2 (0.35 + 1.3 Kd)), plus A (ER C_a - C_sub).
    here = setting({"dryland": ONE}, soil_loss=0.2)
    anchor, background = ONE * 0.15, ONE * 0.16
    metal = chemistry(kd_value=RUNGS[10])  # on a rung: the ladder is exact there
    leached = 0.6 / (0.2 * (WATER_CONTENT + DENSITY / 1000.0 * RUNGS[10])) * 0.15 * 260.0
    naive = weathering(here, anchor, background, SOIL, metal, "naive")
    replaced = weathering(here, anchor, background, SOIL, metal, "subsoil_replacement")
    assert naive[0] == pytest.approx(leached, rel=1e-12)
    assert replaced[0] == pytest.approx(leached + 0.2 * (1.5 * 0.15 - 0.16), rel=1e-12)
    assert subsoil_input(here, background)[0] == pytest.approx(0.032)
    with pytest.raises(ValueError, match="erosion mode"):
        weathering(here, anchor, background, SOIL, metal, "other")


def test_natural_deposition_never_exceeds_the_background():
    here = setting({"dryland": np.array([1.0, 0.5])})
    metal = chemistry(natural_deposition=0.1)
    assert natural_deposition(here, np.array([1.0, 0.02]), metal) == pytest.approx([0.1, 0.02])
    assert natural_deposition(here, None, metal).tolist() == [0.0, 0.0]


# --- settings -----------------------------------------------------------------------------------------


def test_ladder_is_exact_on_rungs_and_for_power_laws():
    table = 3.0 / RUNGS[None, :] * np.ones((4, 1))
    ladder = Ladder(((1.0, table),), 0.0, 0.25)
    kd = np.array([1.0, 37.0, 576.0, 2.0e6])  # the last one beyond the ladder: continued
    assert ladder.at(kd) == pytest.approx(3.0 / kd, rel=1e-12)
    assert Ladder(((0.5, table), (0.5, 0.0 * table)), 0.0, 0.25).at(kd) == pytest.approx(1.5 / kd, rel=1e-12)
    assert Ladder(((1.0, 0.0 * table),), 0.0, 0.25).at(kd).tolist() == [0.0] * 4


def _tables(rng, soils=2, climates=2, tables=2, rain=(0.9, 1.0, 1.1)):
    shape = (len(rain), len(SOIL_CLASSES), soils, climates, tables)
    drained = rng.uniform(200.0, 900.0, shape)
    return {
        "rain_factor": np.array(rain),
        "landuse": list(SOIL_CLASSES),
        "ladder": RUNGS,
        "bulk_density": np.array([1200.0, 1400.0])[:soils],
        "runoff": rng.uniform(50.0, 400.0, shape),
        "leaching_rate": drained[..., None] / 1000.0 / (0.2 * (0.35 + 1.3 * RUNGS)),
    }


def _collapse(landuse, tables, n, **changes):
    values = {
        "rain_factor": np.full(n, 1.05),
        "rkls": np.linspace(0.0, 900.0, n),
        "bulk_density": np.full(n, 1300.0),
        "cover_practice": dict.fromkeys(SOIL_CLASSES, 0.2) | {"forest": 0.01},
        "soil_loss_maximum": 100.0,
        "cropping": [("rice", landuse.shares[0], 0.5 * landuse.shares[0])],
        "mixing_depth": dict.fromkeys(SOIL_CLASSES, 0.20) | {"forest": 0.10},
        "legal_depth": 0.20,
    }
    zones = {"soil_class": np.arange(n) % 2, "climate_zone": np.arange(n) % 2, "water_table": np.zeros(n, int)}
    return collapse(landuse, zones, tables, **(values | changes))


def _landuse(rng, n):
    parts = rng.dirichlet(np.ones(11), n).T
    return LandUse(shares=parts[:9], sealed=parts[9], water=parts[10])


def test_collapse_looks_up_the_cell_s_own_column():
    # By hand for one cell: half paddy, a quarter forest, a quarter sealed; rain half-way between two rungs.
    rng = np.random.default_rng(3)
    tables = _tables(rng)
    shares = np.zeros((9, 2))
    shares[SOIL_CLASSES.index("paddy")] = 0.5
    shares[SOIL_CLASSES.index("forest")] = 0.25
    landuse = LandUse(shares=shares, sealed=np.full(2, 0.25), water=np.zeros(2))
    found = _collapse(landuse, tables, 2, rkls=np.array([100.0, 900.0]))
    cell, zone = 1, (1, 1, 0)  # soil class 1, climate zone 1
    paddy, forest = SOIL_CLASSES.index("paddy"), SOIL_CLASSES.index("forest")

    def table(name, row):
        return (tables[name][1, row][zone] + tables[name][2, row][zone]) / 2.0

    assert found.layer_mass[cell] == pytest.approx(0.5 * 260.0 + 0.25 * 130.0)
    assert found.column_mass[cell] == pytest.approx(260.0)
    assert found.legal_mass[cell] == pytest.approx(0.75 * 260.0)
    assert found.runoff_water_flooded[cell] == pytest.approx(0.5 * table("runoff", paddy))
    assert found.runoff_water[cell] == pytest.approx(0.25 * table("runoff", forest))
    # The layer depth cancels: what leaches at a given content is the same from 10 cm as from 20 cm.
    rung = found.leaching.parts[0][1][cell]
    assert rung == pytest.approx(0.25 * 260.0 * table("leaching_rate", forest))
    # 900 * 0.2 = 180 t/ha is capped at 100; 900 * 0.01 = 9 t/ha is not.
    assert found.soil_loss[cell] == pytest.approx(0.5 * 10.0 + 0.25 * 0.9)
    assert found.density_ratio[cell] == pytest.approx(1300.0 / 1400.0)


def test_interpolated_settings_equal_the_interpolated_land_use():
    rng = np.random.default_rng(4)
    tables, n = _tables(rng), 12
    first, second = _landuse(rng, n), _landuse(rng, n)
    between = LandUse.between(first, second, 0.3)
    direct = _collapse(between, tables, n)
    mixed = interpolate(_collapse(first, tables, n), _collapse(second, tables, n), 0.3)
    for name in ("layer_mass", "column_mass", "legal_mass", "soil_loss", "runoff_water", "runoff_water_flooded"):
        assert getattr(mixed, name) == pytest.approx(getattr(direct, name), rel=1e-12), name
    kd = 10.0 ** rng.uniform(1.0, 5.0, n)
    assert mixed.leaching.at(kd) == pytest.approx(direct.leaching.at(kd), rel=1e-12)
    for found, expected in zip(mixed.cropping, direct.cropping, strict=True):
        assert found[0] == expected[0]
        assert found[1] == pytest.approx(expected[1], rel=1e-12)
    assert interpolate(mixed, direct, 0.0) is mixed
    assert interpolate(mixed, direct, 1.0) is direct


def test_a_crop_that_one_date_lacks_fades_in():
    first = replace(setting({"dryland": ONE}), cropping=[("rice", ONE, ONE)])
    second = replace(setting({"dryland": ONE}), cropping=[("wheat", ONE * 2.0, ONE)])
    found = {crop: (grain[0], straw[0]) for crop, grain, straw in interpolate(first, second, 0.25).cropping}
    assert found == {"rice": (0.75, 0.75), "wheat": (0.5, 0.25)}


def test_rain_beyond_the_ladder_is_held_at_its_end():
    rng = np.random.default_rng(5)
    tables, n = _tables(rng), 4
    landuse = _landuse(rng, n)
    beyond = _collapse(landuse, tables, n, rain_factor=np.full(n, 3.0))
    last = _collapse(landuse, tables, n, rain_factor=np.full(n, 1.1))
    assert beyond.runoff_water == pytest.approx(last.runoff_water)


def test_collapse_refuses_tables_that_do_not_fit():
    rng = np.random.default_rng(6)
    tables, n = _tables(rng), 4
    landuse = _landuse(rng, n)
    with pytest.raises(ValueError, match="lack the classes"):
        _collapse(landuse, tables | {"landuse": [f"other {name}" for name in SOIL_CLASSES]}, n)
    with pytest.raises(ValueError, match="logarithmic"):
        _collapse(landuse, tables | {"ladder": np.linspace(1.0, 1e6, 25)}, n)
    zones = {"soil_class": np.array([0, 1, 5, 0]), "climate_zone": np.zeros(n, int), "water_table": np.zeros(n, int)}
    with pytest.raises(ValueError, match="soil_class"):
        collapse(
            landuse,
            zones,
            tables,
            rain_factor=np.ones(n),
            rkls=np.ones(n),
            bulk_density=np.full(n, 1300.0),
            cover_practice=dict.fromkeys(SOIL_CLASSES, 0.2),
            soil_loss_maximum=100.0,
            cropping=[],
            mixing_depth=dict.fromkeys(SOIL_CLASSES, 0.2),
            legal_depth=0.2,
        )


# --- land use that changes ----------------------------------------------------------------------------


def test_sealing_freezes_the_stock_of_the_ground_it_covers():
    # By hand: of 0.8 open, 0.2 are sealed; the layer of 260 kg/m2 at 2 mg/kg loses 0.2*260*2 = 104 mg per m2 of cell.
    stores = Stores(ONE * 2.0, ONE * 1.0, ONE * 1.0)
    moved = rearrange(stores, (ONE * 0.8, ONE * 0.6), (ONE * 208.0, ONE * 156.0), ONE * 260.0)
    assert moved.sealing[0] == pytest.approx(-104.0)
    assert moved.layer_exchange[0] == pytest.approx(0.0, abs=1e-9)
    assert moved.stores.layer[0] == pytest.approx(2.0)
    assert moved.stores.frozen[0] == pytest.approx((0.2 * 1.0 + 0.2 * 2.0) / 0.4)


def test_a_deeper_layer_takes_in_the_subsoil():
    # By hand: 5 cm at 4 mg/kg ploughed to 20 cm over 15 cm at 1 mg/kg: (65*4 + 195*1)/260 = 1.75 mg/kg.
    stores = Stores(ONE * 4.0, ONE * 1.0, ONE * 9.0)
    moved = rearrange(stores, (ONE, ONE), (ONE * 65.0, ONE * 260.0), ONE * 260.0)
    assert moved.stores.layer[0] == pytest.approx(1.75)
    assert moved.layer_exchange[0] == pytest.approx(195.0)
    assert at_depth(stores, ONE * 65.0, ONE * 260.0)[0] == pytest.approx(1.75)
    assert at_depth(stores, ONE * 260.0, ONE * 130.0)[0] == pytest.approx(4.0)
    assert at_depth(stores, ONE * 0.0, ONE * 0.0)[0] == pytest.approx(9.0)


def test_sealed_ground_keeps_its_stock_until_it_is_opened():
    # Sealed at 2 mg/kg, then opened again beside soil that has meanwhile reached another content.
    open_field, built = setting({"dryland": ONE}), setting({"dryland": ONE * 0.25})
    states = {2000: open_field, 2001: built, 2002: built, 2003: open_field}
    metal = chemistry(kd_value=1.0e6)
    steps = list(
        simulate(
            ONE * 2.0,
            range(2000, 2004),
            states.get,
            lambda year: {"deposition": 26.0 * states[year].open_share},
            lambda year: SOIL,
            chemistry=metal,
            background=ONE * 1.0,
            options=options(weathering_closure=False),
            cell_area_m2=1.0e6,
        )
    )
    assert [step.sealing[0] < 0 for step in steps] == [False, True, False, False]
    assert steps[3].sealing[0] == pytest.approx(0.75 * 260.0 * 2.1, rel=1e-3)  # frozen in 2001, after one year's rise
    assert steps[3].layer_start[0] == pytest.approx(2.3, rel=1e-3)
    assert steps[3].layer_end[0] == pytest.approx(0.75 * 2.1 + 0.25 * 2.3 + 0.1, rel=1e-3)


# --- the loop -----------------------------------------------------------------------------------------


def _run(here, start, years=range(2000, 2005), inputs=None, **changes):
    values = {
        "chemistry": chemistry(),
        "background": ONE * 0.15,
        "options": options(),
        "cell_area_m2": 250_000.0,
    }
    return list(
        simulate(
            np.asarray(start, dtype=float),
            years,
            lambda year: here,
            lambda year: inputs or {},
            lambda year: SOIL,
            **(values | changes),
        )
    )


def test_fifty_years_approach_the_steady_state():
    # Analytic: C* = F/(k M); with one constant rate C(50) = C* + (C0 - C*) exp(-50 k).
    here = setting({"dryland": ONE})
    metal = chemistry(kd_value=RUNGS[8])  # 100 L/kg, on a rung
    k = 0.6 / (0.2 * (0.35 + 1.3 * RUNGS[8]))
    steps = _run(
        here,
        [0.18],
        years=range(2020, 2070),
        inputs={"deposition": ONE * 0.5},
        chemistry=metal,
        options=options(weathering_closure=False, erosion_mode="naive"),
    )
    limit = 0.5 / (k * 260.0)
    assert steps[-1].layer_end[0] == pytest.approx(limit + (0.18 - limit) * np.exp(-50 * k), rel=1e-11)
    assert len(steps) == 50
    assert steps[-1].year == 2069


def test_a_correction_is_an_input_or_a_loss_in_proportion():
    signed, reference = np.array([0.3, -0.3, -0.3]), np.array([0.2, 0.2, 0.0])
    gain, rate = correction_terms(signed, reference, np.full(3, 0.5), np.full(3, 130.0))
    assert gain.tolist() == [0.15, 0.0, 0.0]
    assert rate == pytest.approx([0.0, 0.15 / (130.0 * 0.2), 0.0])
    here = setting({"dryland": ONE})
    plain = _run(here, [0.18], years=range(1))[0]
    lower = _run(here, [0.18], years=range(1), correction_at=lambda year: ONE * -0.1)[0]
    higher = _run(here, [0.18], years=range(1), correction_at=lambda year: ONE * 0.1)[0]
    assert lower.correction[0] == pytest.approx(-0.1, rel=5e-3)
    assert higher.correction[0] == pytest.approx(0.1, rel=1e-12)
    assert lower.layer_end[0] < plain.layer_end[0] < higher.layer_end[0]
    assert lower.ledger["correction"] == pytest.approx(lower.correction[0] * 0.25)


def test_weathering_closure_is_off_where_the_sorption_leaves_a_pool_out():
    here = setting({"dryland": ONE})
    steps = _run(here, [0.18], chemistry=chemistry(inert_pool=True))
    assert all("weathering" not in step.inputs for step in steps)
    assert steps[0].ledger["weathering"] == 0.0


def test_a_thinner_layer_reacts_faster_and_keeps_the_same_fluxes():
    here = setting({"forest": ONE}, soil_loss=0.1, runoff=200.0)
    inputs = {"deposition": ONE * 0.5}
    full = _run(here, [0.18], inputs=inputs, years=range(1))[0]
    thin = _run(here, [0.18], inputs=inputs, years=range(1), options=options(mixing_depth_scale=0.25))[0]
    assert thin.rates["leaching"][0] == pytest.approx(4.0 * full.rates["leaching"][0], rel=1e-12)
    assert (thin.layer_end - 0.18)[0] == pytest.approx(4.0 * (full.layer_end - 0.18)[0], rel=0.05)
    assert (thin.legal_end - 0.18)[0] == pytest.approx((full.legal_end - 0.18)[0], rel=0.05)


def test_inputs_that_cannot_be_are_refused():
    here = setting({"dryland": np.array([1.0, 0.0])})
    both = {"background": np.full(2, 0.15)}
    with pytest.raises(ValueError, match="negative"):
        _run(here, [0.1, 0.1], inputs={"manure": np.array([-1.0, 0.0])}, **both)
    with pytest.raises(ValueError, match="without open soil"):
        _run(here, [0.1, 0.1], inputs={"manure": np.array([1.0, 1.0])}, **both)
    with pytest.raises(ValueError, match="computed by the budget"):
        _run(here, [0.1, 0.1], inputs={"subsoil": np.array([1.0, 0.0])}, **both)
