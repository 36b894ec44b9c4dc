"""Agricultural inputs: conversions by hand, contents through time, district tables, cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget import agriculture
from metalbudget.errors import InputError
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.settings import coefficients

PADDY, DRYLAND, ORCHARD = (SOIL_CLASSES.index(name) for name in ("paddy", "dryland", "orchard"))


def farm(**changes):
    """Two districts; the first has two classes in 2010."""
    names = [name for rows in agriculture.MATERIALS.values() for name, _, _ in rows]
    names += ["irrigation_m3_ha"]
    values = np.array(
        [
            [400, 300, 100, 200, 150, 2.0, 0.1, 0.2, 7500],
            [350, 400, 120, 300, 500, 4.0, 0.0, 1.0, 2000],
            [300, 200, 100, 400, 800, 1.0, 2.0, 4.0, 1000],
        ]
    )
    table = {
        "district_id": np.array(["d1", "d1", "d2"], dtype=object),
        "year": np.array([2010.0, 2010.0, 2010.0]),
        "landuse_class": np.array(["paddy", "dryland", "orchard"], dtype=object),
        "crop": np.array(["rice", "vegetables", "tea_citrus"], dtype=object),
    }
    return table | {name: values[:, number] for number, name in enumerate(names)} | changes


def water(metal="cd", values=(0.1, 0.2)):
    return {
        "district_id": np.array(["d1", "d2"], dtype=object),
        "year": np.array([2010.0, 2010.0]),
        "metal": np.array([metal, metal], dtype=object),
        "concentration_ug_l": np.array(values),
    }


def contents(metal):
    return {name: coefficients(name, metal) for name in ("agri_content", "agri_content_trend")}


def test_irrigation_example():
    """By hand: Cd 0.1 ug/L with 7500 m3/ha is 0.75 g/ha."""
    assert agriculture.irrigation_input(7500.0, 0.1) == pytest.approx(0.075)  # mg m-2


def test_fertiliser_and_manure_by_hand():
    # Cd, 2010, district 1 paddy: urea 400*0.03 + phosphate 300*0.75 + potash 100*0.05 + compound 200*0.3
    # = 302 mg/ha = 0.302 g/ha = 0.0302 mg/m2; manure 2 t * 0.72 + organic 150 kg * 0.6 = 1440 + 90 mg/ha.
    rates = agriculture.rates(farm(), water(), 2010, "cd", contents("cd"), ["d1", "d2"])
    assert rates["fertiliser"][0, PADDY] == pytest.approx(0.0302)
    assert rates["manure"][0, PADDY] == pytest.approx(0.153)
    assert rates["irrigation"][0, PADDY] == pytest.approx(0.075)
    assert rates["irrigation"][1, ORCHARD] == pytest.approx(1000 * 0.2 * 1e-4)
    assert rates["pesticide"].sum() == 0.0
    for values in rates.values():
        assert values.shape == (2, len(SOIL_CLASSES))
        assert values[1, PADDY] == 0.0


def test_pesticides():
    # 2 kg of copper in fungicides are 200 mg/m2; 4 kg of mancozeb with 2.5 % zinc are 10 mg/m2.
    copper = agriculture.rates(farm(), water("cu"), 2010, "cu", contents("cu"), ["d1", "d2"])
    assert copper["pesticide"][1, ORCHARD] == pytest.approx(200.0)
    zinc = agriculture.rates(farm(), water("zn"), 2010, "zn", contents("zn"), ["d1", "d2"])
    assert zinc["pesticide"][1, ORCHARD] == pytest.approx(10.0)


def test_contents_decline_after_the_feed_rules():
    rows = contents("cu")
    years = (2000, 2018, 2019, 2020, 2040)
    manure = [agriculture.contents_of_year(*rows.values(), year)["manure"] for year in years]
    assert manure[0] == manure[1] == 377.5  # Jia et al. 2016
    assert manure[2] == pytest.approx(377.5 * 0.8)  # halfway to 0.6
    assert manure[1] > manure[2] > manure[3] > manure[4]
    urea = [agriculture.contents_of_year(*rows.values(), year)["urea"] for year in years]
    assert len(set(urea)) == 1


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 5000), st.floats(0, 100), st.floats(0, 10))
def test_material_input_is_linear(amount, content, factor):
    once = agriculture.material_input(amount, content)
    assert agriculture.material_input(amount * factor, content) == pytest.approx(once * factor)
    assert once == pytest.approx(amount * content / 1e4)  # mg ha-1 over 1e4 m2
    assert once >= 0.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 1))
def test_cells_are_linear_in_shares(seed, weight):
    generator = np.random.default_rng(seed)
    rates = agriculture.rates(farm(), water(), 2010, "cd", contents("cd"), ["d1", "d2"])
    first, second = generator.dirichlet(np.ones(11), size=(2, 20))[:, :, :9].transpose(0, 2, 1)
    index = generator.integers(0, 3, 20)
    mixed = agriculture.on_cells(rates, index, (1 - weight) * first + weight * second)
    parts = [agriculture.on_cells(rates, index, shares) for shares in (first, second)]
    for process, values in mixed.items():
        np.testing.assert_allclose(values, (1 - weight) * parts[0][process] + weight * parts[1][process], atol=1e-12)
        assert (values[index == 0] == 0.0).all(), "no district, no farming"


def test_cells_by_hand():
    rates = {"manure": np.zeros((2, 9))}
    rates["manure"][0, PADDY], rates["manure"][0, DRYLAND] = 10.0, 4.0
    rates["manure"][1, ORCHARD] = 7.0
    shares = np.zeros((9, 2))
    shares[PADDY], shares[DRYLAND], shares[ORCHARD] = 0.5, 0.25, 0.1
    cells = agriculture.on_cells(rates, np.array([1, 2]), shares)["manure"]
    np.testing.assert_allclose(cells, [0.5 * 10 + 0.25 * 4, 0.7])
    with pytest.raises(ValueError, match="district 3"):
        agriculture.on_cells(rates, np.array([3, 1]), shares)


@pytest.mark.parametrize(
    ("table", "irrigation", "message"),
    [
        (farm(), water("zn"), "no irrigation-water concentration"),
        (farm(year=np.array([2010.0, 2010.0, 2005.0])), water(), "no farm statistics"),
        (farm(landuse_class=np.array(["paddy", "paddy", "orchard"], object)), water(), "two rows"),
        (farm(landuse_class=np.array(["paddy", "meadow", "orchard"], object)), water(), "unknown land-use class"),
    ],
)
def test_input_errors(table, irrigation, message):
    with pytest.raises(InputError) as caught:
        agriculture.rates(table, irrigation, 2010, "cd", contents("cd"), ["d1", "d2"])
    assert message in str(caught.value)


@pytest.mark.parametrize("metal", ["as", "cd", "cr", "cu", "hg", "ni", "pb", "zn"])
def test_inputs_of_a_typical_field_lie_inside_the_published_bars(metal):
    """Rates usual in Zhejiang give fluxes inside the bars of plausibility.csv, g/ha."""
    fertiliser = {
        "as": (1, 15),
        "cd": (0.1, 2),
        "cr": (2, 30),
        "cu": (3, 40),
        "hg": (0.01, 0.2),
        "ni": (2, 20),
        "pb": (2, 30),
        "zn": (20, 300),
    }
    manure = {
        "as": (1, 40),
        "cd": (0.3, 10),
        "cr": (5, 100),
        "cu": (30, 2000),
        "hg": (0.05, 0.5),
        "ni": (5, 60),
        "pb": (3, 60),
        "zn": (100, 6000),
    }
    rates = agriculture.rates(farm(), water(metal), 2010, metal, contents(metal), ["d1", "d2"])
    for process, bars in (("fertiliser", fertiliser), ("manure", manure)):
        low, high = bars[metal]
        assert low <= rates[process][0, PADDY] * 10 <= high
