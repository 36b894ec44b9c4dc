"""Emission inventory: published factors, laws of mixing and drift, sizes, totals, input errors."""

import csv
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inventory_tables import METAL_TABLES, SHARED_TABLES
from metalbudget.errors import InputError, InputErrors
from metalbudget.inventory import coal, controls, process, size, sources, totals, traffic
from metalbudget.settings import coefficients

METALS = ("as", "cd", "cr", "cu", "hg", "ni", "pb", "zn")
DEVICE = st.sampled_from([device for device in controls.DEVICES if device != "washing"])


def all_coefficients(metal):
    return {name: coefficients(name, metal) for name in METAL_TABLES} | {
        name: coefficients(name) for name in SHARED_TABLES
    }


def stack(metal, boiler, configuration, washed_share=0.0):
    return coal.stack_factor(
        coefficients("coal_content", metal)["zhejiang"],
        coefficients("boiler_release", metal)[boiler],
        controls.parse_configuration(configuration),
        sector="coal_power",
        metal=metal,
        removal=coefficients("device_removal", metal),
        washing_removal=coefficients("washing", metal)["removal/all"],
        washed_share=washed_share,
    )


# --- published values -----------------------------------------------------------------------------------

# Stack factors of Zhejiang coal, unwashed, g per t: computed apart, by hand, from published contents,
# releases and removals by hand. Its three printed digits set the tolerance.
STACK_FACTORS = [
    ("pulverised", "esp", (0.549, 1.34, 0.0256, 0.941, 0.133)),
    ("pulverised", "esp+wfgd", (0.108, 0.289, 0.00500, 0.132, 0.0581)),
    ("pulverised", "scr+esp+wfgd", (0.1076, 0.2888, 0.00500, 0.1317, 0.0395)),
    ("pulverised", "scr+fabric_filter+wfgd", (0.0078, 0.0578, 0.00267, 0.143, 0.0190)),
    ("stoker", "cyclone", (1.78, 8.27, 0.197, 6.25, 0.156)),
    ("stoker", "wet_scrubber", (0.115, 2.81, 0.0638, 4.63, 0.141)),
    ("stoker", "fabric_filter+wfgd", (0.0061, 0.0203, 0.0012, 0.0612, 0.0233)),
]


@pytest.mark.parametrize(("boiler", "configuration", "expected"), STACK_FACTORS)
def test_stack_factors_of_zhejiang_coal(boiler, configuration, expected):
    for metal, value in zip(("as", "pb", "cd", "cr", "hg"), expected, strict=True):
        digits = len(f"{value:g}".replace("0.", "").lstrip("0").replace(".", ""))
        tolerance = 0.006 if digits >= 3 else 0.03
        assert stack(metal, boiler, configuration) == pytest.approx(value, rel=tolerance), metal


def test_washing_takes_its_share_before_the_boiler():
    # By hand: Cd 0.6 g/t, washing removes 32.2 %, release 0.9494.
    assert stack("cd", "pulverised", "washing") == pytest.approx(0.6 * (1 - 0.322) * 0.9494)
    assert stack("cd", "pulverised", "none", washed_share=0.02) == pytest.approx(0.6 * (1 - 0.02 * 0.322) * 0.9494)


def test_electricity_burns_312_g_a_kwh():
    assert coal.coal_burnt(1.0e9, "kWh", 312.0) == pytest.approx(312_000.0)
    with pytest.raises(ValueError, match="kWh"):
        coal.coal_burnt(1.0, "GJ", 312.0)


def test_factor_units():
    # By hand: 1 g/t * 1 t = 1e-3 kg; 255 mg/GJ = 2.55e-4 kg/GJ; 383 ug/km = 3.83e-7 kg/km.
    assert process.factor_in_kg(1.0, "g t-1", "t") == 1.0e-3
    assert process.factor_in_kg(255.0, "mg GJ-1", "GJ") == pytest.approx(2.55e-4)
    assert process.factor_in_kg(383.0, "ug km-1", "km") == pytest.approx(3.83e-7)
    with pytest.raises(ValueError, match="does not apply"):
        process.factor_in_kg(1.0, "g t-1", "GJ")


def test_scr_counts_only_for_mercury_before_a_scrubber():
    removal = coefficients("device_removal", "hg")
    alone = controls.penetration(("esp",), "coal_power", "hg", removal)
    assert controls.penetration(("scr", "esp"), "coal_power", "hg", removal) == alone
    scrubbed = controls.penetration(("esp", "wfgd"), "coal_power", "hg", removal)
    both = controls.penetration(("scr", "esp", "wfgd"), "coal_power", "hg", removal)
    assert both == pytest.approx(scrubbed * (1 - 0.32))
    lead = coefficients("device_removal", "pb")
    assert controls.penetration(("scr",), "coal_power", "pb", lead) == 1.0


def test_brake_copper_falls_after_its_year_and_nothing_else_does():
    options = {"copper_change_year": 2015.0, "copper_scale": 0.5}
    for metal, ratio in (("cu", 0.5), ("zn", 1.0)):
        factors = coefficients("ef_vehicle", metal)
        before = traffic.wear_factors("car", metal, 2015, factors, **options)
        after = traffic.wear_factors("car", metal, 2016, factors, **options)
        assert after["brake"] == pytest.approx(ratio * before["brake"])
        assert after["tyre"] == before["tyre"]
    # German IIR 1.A.3.b.vi: tyre 1.86 and brake 383 ug Cu per km of a car.
    assert traffic.wear_factors("car", "cu", 2000, coefficients("ef_vehicle", "cu"), **options) == {
        "tyre": 1.86,
        "brake": 383.0,
    }


def test_leaded_petrol_ends():
    petrol = coefficients("petrol_lead", "pb")
    before, after = (traffic.petrol_lead_factor("car", year, petrol) for year in (1999, 2000))
    assert before == pytest.approx(0.09 * 0.35 * 1e6)  # L/km * g/L in ug/km
    assert after < before / 100
    assert traffic.petrol_lead_factor("car", 1999, coefficients("petrol_lead", "cd")) == 0.0


# --- laws -----------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.lists(DEVICE, unique=True, min_size=1, max_size=5), st.randoms(), st.sampled_from(METALS))
def test_devices_in_series_commute(devices, random, metal):
    removal = coefficients("device_removal", metal)
    shuffled = list(devices)
    random.shuffle(shuffled)
    first = controls.penetration(devices, "coal_boiler", metal, removal)
    assert controls.penetration(shuffled, "coal_boiler", metal, removal) == first
    assert 0.0 <= first <= 1.0
    one = controls.parse_configuration("+".join(devices))
    assert controls.parse_configuration("+".join(shuffled)) == one


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.sampled_from(METALS))
def test_exclusive_configurations_mix_linearly(share, metal):
    removal = coefficients("device_removal", metal)
    mix = ((("esp",), share), (("fabric_filter",), 1.0 - share))
    parts = [controls.penetration(devices, "steel", metal, removal) for devices, _ in mix]
    mixed = controls.mixed_penetration(mix, "steel", metal, removal)
    assert mixed == pytest.approx(share * parts[0] + (1 - share) * parts[1])


def test_seventy_thirty_is_a_sum_and_not_a_product():
    # The product over application rates gives about five times too much. Pb by hand:
    # sum 0.7*0.05 + 0.3*0.01 = 0.038; the product (1-0.7*0.95)*(1-0.3*0.99) = 0.2355 is 6 times that.
    removal = coefficients("device_removal", "pb")
    mix = ((("esp",), 0.7), (("fabric_filter",), 0.3))
    assert controls.mixed_penetration(mix, "coal_boiler", "pb", removal) == pytest.approx(0.038)


@settings(max_examples=30, deadline=None)
@given(st.floats(1950, 2050), st.floats(0, 60), st.floats(1, 20), st.floats(0, 10), st.floats(10, 1000))
def test_technology_curve_is_monotone(onset, step, width, after, before):
    years = onset + np.array([-60.0, -1.0, 0.0, step, 2 * step])
    values = [controls.technology_factor(year, before, after, onset, width) for year in years]
    assert values[0] == values[1] == values[2] == pytest.approx(before)
    assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(values))
    assert min(values) >= after - 1e-9


def test_technology_curve_by_hand():
    # One width after the onset exp(-1/2) of the way is left: (100 - 10) * 0.60653 + 10 = 64.588.
    assert controls.technology_factor(2008, 100.0, 10.0, 2000, 8.0) == pytest.approx(64.588, abs=1e-3)


def test_reference_devices_give_the_published_factor_back():
    removal = coefficients("device_removal", "cd")
    reference = controls.parse_configuration("esp+wet_scrubber")
    bare = process.uncontrolled_factor(15.0, reference, sector="smelter_copper", metal="cd", removal=removal)
    passed = controls.penetration(reference, "smelter_copper", "cd", removal)
    assert bare * passed == pytest.approx(15.0)
    # By hand: 15 / ((1 - 0.955) * (1 - 0.75)) = 1333 g/t uncontrolled.
    assert bare == pytest.approx(1333.3, rel=1e-3)


# --- sizes and species ----------------------------------------------------------------------------------


def test_lognormal_passes_through_its_points():
    shares = size.lognormal_shares(0.49, 0.88)  # cement kiln, Gupta et al. 2012
    assert shares[:2].sum() == pytest.approx(0.49)
    assert shares[:4].sum() == pytest.approx(0.88)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0] == pytest.approx(0.15, abs=0.07)  # PM1 measured 15 %, not used in the fit


def test_lognormal_medians_match_the_suggested_diameters():
    """Medians of 1.3, 5 and 10 um (usual for these sources: 1-1.5, 4-6, 10-15)."""
    for fine, coarse, low, high in ((0.70, 0.95, 1.0, 1.5), (0.385, 0.613, 4.0, 6.0), (0.2, 0.5, 9.99, 15.0)):
        shares = np.cumsum(size.lognormal_shares(fine, coarse))
        median = np.exp(np.interp(0.5, shares[:4], np.log(size.CLASS_EDGES_UM)))
        assert low * 0.9 <= median <= high * 1.1


@settings(max_examples=30, deadline=None)
@given(st.floats(0.02, 0.9), st.floats(0.01, 0.09), st.floats(1.0, 2.0))
def test_enrichment_moves_mass_to_the_fine_classes(fine, more, enrichment):
    dust = size.lognormal_shares(fine, fine + more)
    metal = size.enrich_fine(dust, enrichment)
    assert metal.sum() == pytest.approx(1.0)
    assert (metal >= 0).all()
    assert metal[:2].sum() == pytest.approx(min(0.95, enrichment * fine))


@pytest.mark.parametrize("metal", METALS)
def test_class_shares_sum_to_one(metal):
    tables = all_coefficients(metal)
    for particles in sorted({key.split("/")[0] for key in tables["particle_size"]}):
        shares = size.class_shares(
            metal,
            particles,
            "coal_esp",
            particle_size=tables["particle_size"],
            fine_enrichment=tables["fine_enrichment"],
            hg_species=tables["hg_species"],
        )
        assert shares.sum() == pytest.approx(1.0)
        assert len(shares) == len(size.classes_of(metal)) == (7 if metal == "hg" else 5)
        if metal == "hg":
            np.testing.assert_allclose(shares[:2], [0.58, 0.41])  # table hg_species, ESP
            assert shares[4:].sum() == 0.0, "particulate mercury is fine"


def test_types_behind_devices():
    assert size.coal_particle_type(("esp", "wfgd")) == "coal_esp"
    assert size.coal_particle_type(()) == "coal_cyclone"
    assert size.coal_mercury_type(("scr", "fabric_filter", "wfgd")) == "coal_scr_esp_wfgd"
    assert size.coal_mercury_type(("fabric_filter",)) == "coal_fabric_filter"
    assert size.coal_mercury_type(("cyclone",)) == "coal_none"


# --- the whole inventory ---------------------------------------------------------------------------------


def raw(**changes):
    """Two facilities and two area sources, 2000 and 2010."""

    def text(*values):
        return np.array(values, dtype=object)

    tables = {
        "facilities": {
            "facility_id": text("power", "zinc"),
            "sector": text("coal_power", "smelter_zinc"),
            "opened_year": np.array([1990.0, 2005.0]),
            "closed_year": np.array([np.nan, np.nan]),
        },
        "activity": {
            "facility_id": text("power", "power", "zinc"),
            "year": np.array([2000.0, 2010.0, 2010.0]),
            "product": text("coal_pulverised", "coal_pulverised", "zinc_secondary"),
            "amount": np.array([1.0e6, 2.0e6, 1.0e4]),
            "unit": text("t", "t", "t"),
        },
        "controls": {
            "facility_id": text("power", "power", "power"),
            "year_from": np.array([1990.0, 2008.0, 2008.0]),
            "configuration": text("esp", "scr+esp+wfgd", "esp+wfgd"),
            "share": np.array([1.0, 0.7, 0.3]),
        },
        "area_sources": {"source_id": text("roads", "old"), "sector": text("traffic", "legacy")},
        "area_activity": {
            "source_id": text("roads", "roads", "old", "old", "old", "old"),
            "year": np.array([2000.0, 2010.0, 2000.0, 2010.0, 2000.0, 2010.0]),
            "product": text(*["vehicle_km_car"] * 2, *["legacy_metal"] * 4),
            "metal": text("", "", "cd", "cd", "hg", "hg"),
            "amount": np.array([1.0e9, 2.0e9, 5.0, 2.0, 1.0, 1.0]),
            "unit": text("km", "km", *["kg"] * 4),
        },
    }
    for key, value in changes.items():
        table, column = key.split("__")
        tables[table][column] = value
    return tables


def by_source_year(result):
    sums = {}
    for source, year, kg in zip(result["source_id"], result["year"], result["kg"], strict=True):
        sums[source, int(year)] = sums.get((source, int(year)), 0.0) + kg
    return sums


def test_inventory_by_hand():
    result = sources.emissions("cd", [2000, 2010], raw(), all_coefficients("cd"))
    sums = by_source_year(result)
    # Coal by hand, washed share of power coal 2 %: 0.6 * (1-0.02*0.322) * 0.9494 * penetration * t / 1000.
    washed = 0.6 * (1 - 0.02 * 0.322) * 0.9494
    assert sums["power", 2000] == pytest.approx(1.0e6 * washed * 0.045 / 1000)
    assert sums["power", 2010] == pytest.approx(2.0e6 * washed * 0.045 * 0.195 / 1000)  # SCR does nothing to Cd
    assert sums["zinc", 2000] == 0.0  # not yet open
    # The smelter follows its curve: 0.23 * (29 exp(-100/128) + 1) g/t.
    assert sums["zinc", 2010] == pytest.approx(10 * 0.23 * (29 * math.exp(-100 / 128) + 1), rel=1e-4)
    assert sums["roads", 2010] == pytest.approx(2 * (0.05 + 0.17))  # 1e9 km of ug/km are kg
    assert sums["old", 2000] == pytest.approx(5.0)
    assert len(result["kg"]) == 4 * 2 * 5
    assert {"point", "area"} == set(result["kind"])


def test_mercury_mixes_species_by_configuration():
    result = sources.emissions("hg", [2010], raw(), all_coefficients("hg"))
    picked = [
        (name, kg)
        for source, name, kg in zip(result["source_id"], result["class"], result["kg"], strict=True)
        if source == "power"
    ]
    amounts = dict(picked)
    # 70 % with SCR pass 0.68 of what the other 30 % pass; reactive shares 0.26 and 0.21 (table hg_species).
    reactive = (0.7 * 0.68 * 0.26 + 0.3 * 0.21) / (0.7 * 0.68 + 0.3)
    assert amounts["hg2"] / sum(amounts.values()) == pytest.approx(reactive)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.1, 100), st.sampled_from(("cd", "hg", "cu")))
def test_linear_in_activity(factor, metal):
    tables = all_coefficients(metal)
    once = sources.emissions(metal, [2000, 2010], raw(), tables)
    base = raw()
    scaled = raw(
        activity__amount=base["activity"]["amount"] * factor,
        area_activity__amount=base["area_activity"]["amount"] * factor,
    )
    more = sources.emissions(metal, [2000, 2010], scaled, tables)
    np.testing.assert_allclose(more["kg"], once["kg"] * factor, rtol=1e-12)


def test_closed_facilities_emit_nothing():
    tables = raw(facilities__closed_year=np.array([2005.0, np.nan]))
    sums = by_source_year(sources.emissions("pb", [2000, 2010], tables, all_coefficients("pb")))
    assert sums["power", 2000] > 0.0
    assert sums["power", 2010] == 0.0


def test_electricity_equals_its_coal():
    base = raw()
    in_kwh = raw(
        activity__product=np.array(["electricity_coal", "electricity_coal", "zinc_secondary"], dtype=object),
        activity__unit=np.array(["kWh", "kWh", "t"], dtype=object),
        activity__amount=base["activity"]["amount"] / np.array([312e-6, 312e-6, 1.0]),
    )
    tables = all_coefficients("as")
    first, second = (sources.emissions("as", [2000, 2010], one, tables) for one in (base, in_kwh))
    np.testing.assert_allclose(first["kg"], second["kg"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activity__product": np.array(["coal", "coal_pulverised", "zinc_secondary"], object)}, "unknown product"),
        ({"activity__unit": np.array(["kg", "t", "t"], object)}, "another unit"),
        ({"activity__amount": np.array([-1.0, 1.0, 1.0])}, "negative"),
        ({"activity__year": np.array([2000.0, 2000.0, 2010.0])}, "stands twice"),
        ({"activity__year": np.array([2000.0, 2001.0, 2010.0])}, "no activity for a year"),
        ({"controls__share": np.array([1.0, 0.7, 0.7])}, "do not sum to 1"),
        ({"controls__year_from": np.array([2005.0, 2008.0, 2008.0])}, "never both"),
        ({"controls__configuration": np.array(["esp", "filter", "esp"], object)}, "unknown device"),
        ({"controls__configuration": np.array(["esp+esp", "esp", "none"], object)}, "stands twice"),
        ({"facilities__sector": np.array(["coal_power", "zinc"], object)}, "unknown sector"),
    ],
)
def test_input_errors_name_the_problem(change, message):
    with pytest.raises(InputError) as caught:
        sources.emissions("cd", [2000, 2010], raw(**change), all_coefficients("cd"))
    assert message in str(caught.value)


def test_all_problems_are_reported_together():
    change = {
        "activity__unit": np.array(["kg", "t", "g"], object),
        "controls__share": np.array([0.5, 0.7, 0.3]),
    }
    with pytest.raises(InputErrors) as caught:
        sources.emissions("cd", [2000, 2010], raw(**change), all_coefficients("cd"))
    assert len(caught.value.problems) >= 3


# --- totals ----------------------------------------------------------------------------------------------


def test_plants_average_out_but_the_common_factor_stays():
    # Many equal plants with independent factors only: sigma falls as 1/sqrt(n); the common one does not.
    many = np.ones(10_000)
    assert totals.sum_log_sd(many, 0.0, 0.5) == pytest.approx(math.sqrt(math.expm1(0.25) / 10_000), rel=1e-3)
    assert totals.sum_log_sd(many, 0.4, 0.5) == pytest.approx(0.4, rel=1e-3)
    assert totals.sum_log_sd(np.array([7.0]), 0.3, 0.4) == pytest.approx(0.5)  # one plant: 3-4-5


def test_sum_of_lognormals_agrees_with_sampling():
    generator = np.random.default_rng(1)
    amounts = np.array([1.0, 2.0, 5.0, 10.0])
    draws = np.exp(0.3 * generator.standard_normal(200_000))[:, None] * np.exp(
        0.4 * generator.standard_normal((200_000, 4))
    )
    sampled = np.log((draws * amounts).sum(axis=1)).std()
    assert totals.sum_log_sd(amounts, 0.3, 0.4) == pytest.approx(sampled, rel=0.03)


def test_sector_totals_keep_every_kilogram():
    tables = all_coefficients("pb")
    result = sources.emissions("pb", [2000, 2010], raw(), tables)
    sectors = totals.sector_totals(result, tables["emission_uncertainty"])
    assert sectors["kg"].sum() == pytest.approx(result["kg"].sum(), rel=1e-12)
    assert (sectors["low_kg"] <= sectors["kg"]).all()
    assert (sectors["kg"] <= sectors["high_kg"]).all()
    legacy = sectors["sector"].index("legacy")
    assert sectors["kg"][legacy] == 0.0


def test_check_totals():
    # By hand: 2 g/ha over 1e4 km2 = 1e6 ha are 2000 kg.
    published = coefficients("published_totals", "cd")
    sectors = {"year": np.array([2000, 2010, 2010, 2015]), "kg": np.array([2000.0, 1500.0, 500.0, 1.0e6])}
    table = totals.check_totals(sectors, 1.0e10, published)
    assert table["year"] == [2000, 2010, 2015]
    assert table["intensity_g_ha"] == pytest.approx([2.0, 2.0, 1000.0])
    assert table["status"] == ["no_published_total", "agrees", "too_high"]
    assert math.isnan(table["published_g_ha"][0])
    low = totals.check_totals({"year": [2010], "kg": [10.0]}, 1.0e10, published)
    assert low["status"] == ["too_low"]


def test_published_intensities():
    # Li Na et al. 2021: Cd 140 t/yr, 15 % to air over 1.055e7 ha = 2.0 g/ha; Pb 35 000 t/yr, 2 % = 66 g/ha.
    cadmium, lead = (coefficients("published_totals", metal) for metal in ("cd", "pb"))
    assert cadmium["zhejiang/2007/2020"] == pytest.approx(140e6 * 0.15 / 1.055e7, rel=0.01)
    assert lead["zhejiang/2014/2020"] == pytest.approx(35e9 * 0.02 / 1.055e7, rel=0.01)


def test_independent_coal_factors_agree_within_a_factor_five():
    """AP-42 1.1-18 and EMEP/EEA Tier 1 (24 GJ/t) beside ours behind ESP and scrubber, g/t."""
    others = {
        "as": (0.205, 0.170),
        "cd": (0.026, 0.022),
        "cr": (0.130, 0.108),
        "pb": (0.210, 0.175),
        "hg": (0.042, 0.034),
    }
    for metal, values in others.items():
        ours = stack(metal, "pulverised", "esp+wfgd")
        for value in values:
            assert 1 / 5.5 < ours / value < 5.5, metal


@pytest.mark.data
def test_power_plants_of_the_zhejiang_case(cases):
    """The case's own emissions per unit, computed elsewhere from coal mass, release and devices, kg/yr."""
    path = cases / "zhejiang_coast" / "facilities" / "coal_power_units_emissions.csv"
    with open(path, newline="", encoding="utf-8") as source:
        rows = [row for row in csv.DictReader(source) if row["raw_coal_t"]]
    assert len(rows) > 20
    for metal, name in (("as", "As"), ("pb", "Pb"), ("cd", "Cd"), ("cr", "Cr"), ("hg", "Hg")):
        ours, theirs = [], []
        for row in rows:
            devices = ["esp", *(["wfgd"] if row["FGD"] == "True" else []), *(["scr"] if row["SCR"] == "True" else [])]
            ours.append(float(row["raw_coal_t"]) / 1000 * stack(metal, "pulverised", "+".join(devices)))
            theirs.append(float(row[f"air_{name}_kg_yr"]))
        # Theirs are rounded to grams, and their mercury release is 0.994 instead of 0.995.
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-3)
