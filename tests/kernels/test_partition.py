"""Sorption relations. Expected values: hand calculations from the published equations."""

import csv
from math import log10

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget.errors import InputError
from metalbudget.partition import available, effective_kd, freundlich_intercept
from metalbudget.settings import PARAMETERS, coefficients

OFFSETS = {"cacl2": -0.5, "kcl": -0.8}
WIDE = {"minimum": 1e-6, "maximum": 1e12}
TYPICAL = {"as": 8, "cd": 0.18, "cr": 65, "cu": 28, "hg": 0.12, "ni": 25, "pb": 36, "zn": 95}


def soil(ph=6.2, carbon=1.8, clay=25.0):
    return {
        "ph_water": np.array([ph], dtype=float),
        "organic_carbon_pct": np.array([carbon], dtype=float),
        "clay_pct": np.array([clay], dtype=float),
    }


def kd(choice, metal, content=None, properties=None, **bounds):
    content = TYPICAL[metal] if content is None else content
    values, clamped = effective_kd(
        choice,
        metal,
        np.array([content], dtype=float),
        properties or soil(),
        coefficients("kd", metal),
        OFFSETS,
        **(WIDE | bounds),
    )
    return values[0], clamped


def test_sauve_cadmium_fixture():
    """By hand: c 0.313 ug/L, Kd 576 L/kg, 1.88 g/ha/yr at 600 mm."""
    value, clamped = kd("sauve_2000", "cd")
    concentration = 1000.0 * 0.18 / value
    assert concentration == pytest.approx(0.313, abs=0.0005)
    assert value == pytest.approx(576.0, abs=0.5)
    assert 0.01 * 600.0 * concentration == pytest.approx(1.88, abs=0.005)
    assert clamped == 0


@pytest.mark.parametrize(
    ("ph", "carbon", "drainage", "expected"),
    [
        (6.2, 1.8, 600, {"as": 30, "cd": 1.9, "cr": 45, "cu": 138, "hg": 0.18, "ni": 643, "pb": 15, "zn": 661}),
        (5.3, 1.4, 450, {"as": 23, "cd": 4.6, "cr": 52, "cu": 168, "hg": 0.14, "ni": 4880, "pb": 24, "zn": 1690}),
        (4.7, 2.5, 500, {"as": 25, "cd": 6.1, "cr": 77, "cu": 221, "hg": 0.15, "ni": 13900, "pb": 44, "zn": 3290}),
    ],
)
def test_leaching_of_typical_soils(ph, carbon, drainage, expected):
    """The sanity table of section 3.1 [g/ha/yr]; its zinc column is the Sauvé relation, As and Hg the constants."""
    for metal, flux in expected.items():
        choice = {"as": "constant", "hg": "constant", "cr": "allison_ph"}.get(metal, "sauve_2000")
        value, _ = kd(choice, metal, properties=soil(ph, carbon))
        assert 0.01 * drainage * 1000.0 * TYPICAL[metal] / value == pytest.approx(flux, rel=0.035), metal


@pytest.mark.parametrize(
    ("metal", "mol", "mass", "exponent", "expected"),
    [
        ("cd", -4.85, 112.41, 0.54, -0.91),
        ("pb", -2.96, 207.2, 0.68, 0.78),
        ("cu", -3.55, 63.55, 0.47, 0.41),
        ("zn", -4.51, 65.38, 0.74, -1.04),
    ],
)
def test_freundlich_unit_systems_reconcile(metal, mol, mass, exponent, expected):
    """Both published intercept columns agree to 0.01, and the table ships the one in mg/kg and mg/L."""
    assert freundlich_intercept(mol, mass, exponent) == pytest.approx(expected, abs=0.011)
    assert coefficients("kd", metal)["reactive_freundlich/freundlich_intercept"] == expected


def test_two_step_zinc_by_hand():
    """Reactive zinc, Kf at pH_CaCl2 = pH_water - 0.5, then c = (M/Kf)^(1/n), step by step."""
    matter = 1.724 * 1.8
    reactive = 10 ** ((log10(95) - 0.614 + 0.107 * log10(matter) - 0.275 * log10(25)) / 0.753)
    isotherm = 10 ** (-1.04 + 0.39 * log10(matter) + 0.35 * log10(25) + 0.45 * (6.2 - 0.5))
    value, clamped = kd("reactive_freundlich", "zn")
    assert value == pytest.approx(95 / (reactive / isotherm) ** (1 / 0.74), rel=1e-9)
    assert reactive < 95
    assert clamped == 0


def test_two_step_ph_is_linear_not_logarithmic():
    """A published library codes 0.45 log(pH); one pH unit must change zinc's Kd by 10^(0.45/0.74)."""
    low, _ = kd("reactive_freundlich", "zn", properties=soil(5.5))
    high, _ = kd("reactive_freundlich", "zn", properties=soil(6.5))
    assert log10(high / low) == pytest.approx(0.45 / 0.74, rel=1e-9)


def test_labile_relation_is_divided_by_the_labile_fraction():
    """Degryse 2009: c = 1000 T E / Kd, so the total metal's coefficient is Kd/E; E of cadmium is 0.5 in the table."""
    value, _ = kd("degryse_2009", "cd")
    assert value == pytest.approx(10 ** (-0.55 + 0.45 * 5.7 + 0.70 * log10(1.8)) / 0.5, rel=1e-9)


def test_ph_scale_slip_has_the_published_size():
    """A slip of 0.7 pH units changes cadmium 2.2-fold and zinc 2.7-fold (section 3.1, relation D has 0.45 and 0.55)."""
    for metal, slope, size in (("cd", 0.47, 2.2), ("zn", 0.55, 2.5)):
        a, _ = kd("sauve_2000", metal, properties=soil(5.0))
        b, _ = kd("sauve_2000", metal, properties=soil(5.7))
        assert b / a == pytest.approx(10 ** (0.7 * slope), rel=1e-9)
        assert b / a == pytest.approx(size, rel=0.05)


def test_tabulated_relation_hits_its_points_and_interpolates_in_the_logarithm():
    """EPA 1996 cadmium 15/75/4300 at pH 4.9/6.8/8.0; the midpoint of the first interval is sqrt(15*75)."""
    for ph, expected in ((4.9, 15.0), (6.8, 75.0), (8.0, 4300.0), (5.85, (15 * 75) ** 0.5)):
        value, clamped = kd("epa_ssg_1996", "cd", properties=soil(ph))
        assert value == pytest.approx(expected, rel=1e-9)
        assert clamped == 0


def test_carlon_and_arsenic():
    """log Kd = 1.99 + 0.42 pH; arsenic falls by 10^-0.15 a unit above pH 7 and not below."""
    assert kd("carlon_2004", "pb")[0] == pytest.approx(10 ** (1.99 + 0.42 * 6.2), rel=1e-9)
    neutral, alkaline = kd("constant", "as")[0], kd("constant", "as", properties=soil(8.0))[0]
    assert neutral == pytest.approx(1585.0, rel=1e-3)
    assert alkaline / neutral == pytest.approx(10**-0.15, rel=1e-9)


def test_clamps_are_counted_not_silent():
    values, clamped = effective_kd(
        "sauve_2000",
        "cd",
        np.full(4, 0.18),
        {
            "ph_water": np.array([3.0, 6.2, 9.0, 6.2]),
            "organic_carbon_pct": np.full(4, 1.8),
            "clay_pct": np.full(4, 20.0),
        },
        coefficients("kd", "cd"),
        OFFSETS,
        **WIDE,
    )
    assert clamped == 2
    assert values[0] == pytest.approx(kd("sauve_2000", "cd", properties=soil(3.5))[0])
    value, clamped = kd("sauve_2000", "ni", properties=soil(4.7), minimum=1000.0)
    assert (value, clamped) == (1000.0, 1)


def test_nan_stays_in_its_cell():
    values, clamped = effective_kd(
        "constant",
        "as",
        np.array([np.nan, 8.0]),
        {name: np.repeat(value, 2) for name, value in soil().items()},
        coefficients("kd", "as"),
        OFFSETS,
        **WIDE,
    )
    assert np.isnan(values).tolist() == [True, False]
    assert clamped == 0


def test_unknown_choice_lists_what_exists_and_species_rows_stay_out():
    with pytest.raises(InputError, match="no sorption relation") as caught:
        kd("sauve_2000", "as")
    assert "constant" in str(caught.value)
    names = available(coefficients("kd", "cr"))
    assert "allison_ph" in names
    assert not [name for name in names if "hexavalent" in name]
    with pytest.raises(InputError):
        kd("epa_ssg_1996_hexavalent", "cr")


def test_hexavalent_chromium_sorbs_less_at_high_ph():
    rows = coefficients("kd", "cr")
    assert rows["epa_ssg_1996_hexavalent/kd_ph_4.9"] > rows["epa_ssg_1996_hexavalent/kd_ph_8.0"]


def test_every_relation_declares_basis_and_ph_scale():
    with open(PARAMETERS / "kd.csv", encoding="utf-8") as source:
        rows = list(csv.DictReader(source))
    relations = {(row["metal"], row["choice"]) for row in rows}
    for metal, choice in relations:
        own = {row["coefficient"]: row["value"] for row in rows if (row["metal"], row["choice"]) == (metal, choice)}
        assert own["basis"] in ("total", "reactive", "labile", "hexavalent", "methyl")
        assert own["ph_basis"] in ("water", "cacl2", "kcl")
    assert all(row["source"] and row["verified"] in ("true", "false") for row in rows)


@settings(max_examples=30, deadline=None)
@given(
    metal=st.sampled_from(["cd", "cu", "zn", "pb"]),
    ph=st.floats(3.5, 8.0),
    carbon=st.floats(0.3, 20.0),
    clay=st.floats(1.0, 60.0),
    factor=st.floats(1.1, 10.0),
)
def test_more_metal_gives_more_in_solution(metal, ph, carbon, clay, factor):
    """c rises with T in every relation of these metals (their exponents on T, or 1/n, are positive)."""
    properties = soil(ph, carbon, clay)
    for choice in available(coefficients("kd", metal)):
        low, high = TYPICAL[metal], TYPICAL[metal] * factor
        assert high / kd(choice, metal, high, properties)[0] > low / kd(choice, metal, low, properties)[0]
