"""Every table in resources/parameters: complete, ordered, with unit, source and flag, without duplicates."""

import csv
import math

import numpy as np
import pytest
from metalbudget.inventory import controls, size
from metalbudget.settings import EVIDENCE, PARAMETERS, coefficients

TABLES = sorted(PARAMETERS.glob("*.csv"))
METALS = ("as", "cd", "cr", "cu", "hg", "ni", "pb", "zn")


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as source:
        reader = csv.DictReader(source)
        return list(reader.fieldnames), list(reader)


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def test_there_are_tables():
    assert len(TABLES) > 15


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_table_is_well_formed(path):
    header, rows = rows_of(path)
    assert header[-len(EVIDENCE) :] == list(EVIDENCE), "index columns first, then the evidence"
    index = header[: -len(EVIDENCE)]
    assert index
    assert rows
    keys = [tuple(row[name] for name in index) for row in rows]
    assert len(set(keys)) == len(keys), f"duplicates: {sorted({key for key in keys if keys.count(key) > 1})}"
    for row, key in zip(rows, keys, strict=True):
        assert None not in row, f"{key}: too many fields"
        assert all(value is not None and value == value.strip() for value in row.values()), key
        assert row["value"], key
        assert row["unit"], key
        assert row["source"], key
        assert row["verified"] in ("true", "false"), key
        if "not re-read" in row["source"] or "low confidence" in row["source"]:
            assert row["verified"] == "false", f"{key}: from memory, so not verified"
        value, low, high = (number(row[name]) for name in ("value", "low", "high"))
        if value is None:
            assert not row["low"], f"{key}: a text value has no range"
            assert not row["high"], f"{key}: a text value has no range"
            continue
        assert math.isfinite(value), key
        for bound in ("low", "high"):
            assert not row[bound] or number(row[bound]) is not None, f"{key}: {bound} is not a number"
        assert low is None or low <= value, f"{key}: low {low} above {value}"
        assert high is None or value <= high, f"{key}: high {high} below {value}"
        if "metal" in row:
            assert row["metal"] in (*METALS, "all", ""), key


def test_particle_sizes_follow_from_the_measured_fractions():
    shares, fractions = coefficients("particle_size"), coefficients("particle_fractions")
    types = sorted({key.split("/")[0] for key in fractions})
    assert types == sorted({key.split("/")[0] for key in shares})
    for name in types:
        table = [shares[f"{name}/{label}"] for label in size.PARTICLE_CLASSES]
        made = size.lognormal_shares(fractions[f"{name}/pm2.5_share"], fractions[f"{name}/pm10_share"])
        np.testing.assert_allclose(table, made, atol=2e-6)  # six digits in the table
        assert sum(table) == pytest.approx(1.0, abs=1e-9)


def test_mercury_species_sum_to_one():
    species = coefficients("hg_species", "hg")
    for name in sorted({key.split("/")[0] for key in species}):
        assert sum(species[f"{name}/{part}"] for part in ("hg0", "hg2", "hgp")) == pytest.approx(1.0)


def test_products_are_complete():
    traits = coefficients("product")
    types = {key.split("/")[0] for key in coefficients("particle_size")}
    mercury = {key.split("/")[0] for key in coefficients("hg_species", "hg")}
    boilers = {key.split("/")[0] for key in coefficients("boiler_release", "cd")}
    _, factors = rows_of(PARAMETERS / "ef_process.csv")
    units = {row["product"]: row["unit"] for row in factors}
    for product in sorted({key.split("/")[0] for key in traits}):
        own = {key.split("/")[1]: value for key, value in traits.items() if key.startswith(f"{product}/")}
        assert "activity_unit" in own
        if "vehicle" in own:
            continue
        assert own["particle_type"] in types
        assert own["mercury_type"] in mercury
        if "boiler" in own:
            assert own["boiler"] in boilers
        elif product != "legacy_metal":
            assert units[product] == own["factor_unit"]
            assert own["factor_unit"].endswith(f" {own['activity_unit']}-1")
            controls.parse_configuration(own["reference_control"])


def test_curves_end_at_the_modern_factors():
    """A plant that follows the curve to its end emits what the table of modern factors says."""
    traits = coefficients("product")
    for metal in METALS:
        curve, factors = coefficients("technology_curve", metal), coefficients("ef_process", metal)
        for product, factor in factors.items():
            if f"{product}/ef_b" in curve and traits[f"{product}/reference_control"] != "none":
                assert curve[f"{product}/ef_b"] == pytest.approx(factor, rel=1e-5)
            if f"{product}/ef_a" in curve:
                assert curve[f"{product}/ef_a"] >= curve[f"{product}/ef_b"]


@pytest.mark.parametrize(
    ("product", "before", "after"),
    [
        ("coal_pulverised", ("esp",), ("scr", "esp", "wfgd")),
        ("coal_fluidised_bed", ("esp",), ("fabric_filter", "wfgd")),
        ("coal_stoker", ("cyclone",), ("fabric_filter", "wfgd")),
    ],
)
def test_coal_curves_are_penetrations_of_devices(product, before, after):
    for metal in METALS:
        curve, removal = coefficients("technology_curve", metal), coefficients("device_removal", metal)
        for name, devices in (("ef_a", before), ("ef_b", after)):
            expected = controls.penetration(devices, "all", metal, removal)
            assert curve[f"{product}/{name}"] == pytest.approx(expected, rel=1e-5)
