"""Areas the way AERMOD goes round their outline: where a side is cut, when its integral ends, what comes before what.

Expected values are what EPA AERMOD 24142 (gfortran -O2) answers on the same deck and weather, unless said. Each deck
was chosen because a more accurate integral, or the same steps in another order, is off by more than the tolerance.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget.dispersion.outline import _there_less_back
from test_found_details import CONVECTIVE, STABLE, WET, answer, hour

NIGHT = hour(STABLE, friction=0.89, length=292.2, mechanical=2463, wind=6.66)
CALM_NIGHT = hour(STABLE, friction=0.05, length=2.0, mechanical=27, wind=1.5)
DAY = hour(
    CONVECTIVE, flux=60.0, friction=0.3, convective=1.2, top=800, mechanical=300, length=-40.0, wind=3.0, rain=WET
)
METHOD_1 = "\n   PARTDIAM S1 1.0 12.0\n   MASSFRAX S1 0.6 0.4\n   PARTDENS S1 1.0 1.0"
LINE = "   LOCATION S1 LINE 0 0 -2300 1000 0\n   SRCPARAM S1 1 2.0 25 0"
BESIDE_THE_LINE = [(14, -2), (30, 3), (60, -10), (200, -60), (900, -300)]
POLYGON = (
    "   LOCATION S1 AREAPOLY 119.8 70.7 0\n   SRCPARAM S1 1 16.5 7 0\n"
    "   AREAVERT S1 119.8 70.7 38.5 143.4 25.1 265.7 -100.0 314.6 -161.4 103.8 -97.7 64.3 26.5 -78.5"
)
SQUARE = "   LOCATION S1 AREA -20 -10 0\n   SRCPARAM S1 1 4.6 20 20 0 0"


DEPOSITION = "CONC DDEP WDEP FLAT"


@pytest.mark.parametrize(
    ("weather", "substance", "options", "expected"),
    [
        (
            NIGHT,
            "\n   METHOD_2 S1 0.2 9.4",
            DEPOSITION + " ALPHA",
            {
                "conc": [1205440.0, 808077.0, 389531.0, 113949.0, 22407.3],
                "ddep": [27.5802, 13.2906, 5.50172, 1.38331, 0.270644],
            },
        ),
        (
            DAY,
            METHOD_1,
            DEPOSITION,
            {
                "conc": [2221870.0, 1415970.0, 584811.0, 80187.7, 1547.71],
                "ddep": [139.067, 65.0288, 39.4399, 4.41978, 0.075424],
                "wdep": [14.2291, 12.0615, 6.89867, 2.07481, 0.14782],
            },
        ),
        (
            DAY,
            METHOD_1,
            DEPOSITION + " ROMBERG",
            {
                "conc": [2225280.0, 1413460.0, 582168.0, 78173.0, 1459.81],
                "ddep": [139.625, 64.0561, 39.008, 4.05436, 0.0607393],
                "wdep": [14.2215, 11.776, 6.68993, 1.87529, 0.118025],
            },
        ),
    ],
    ids=["strong wind, coarse METHOD_2", "day, METHOD_1", "day, METHOD_1, Romberg"],
)
def test_beside_a_narrow_line(tmp_path, weather, substance, options, expected):
    found = answer(tmp_path, weather, BESIDE_THE_LINE, source=LINE + substance, options=options)
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=5e-4), name


def test_a_polygon_whose_way_along_the_edge_goes_there_and_back(tmp_path):
    weather = hour(STABLE, friction=0.38, length=177.3, mechanical=571, wind=4.44)
    found = answer(tmp_path, weather, [(0, 0), (0, 20), (40, 0), (-30, 30)], source=POLYGON)
    assert found["conc"] == pytest.approx([21.7029, 424.553, 4056.57, 18.9449], rel=5e-4)


def test_an_area_five_spreads_aside_is_left_out(tmp_path):
    found = answer(tmp_path, DAY, [(1000, 625), (1000, 675), (1000, 700), (1000, 800)], source=SQUARE)
    assert found["conc"] == pytest.approx([1.87584, 1.51663, 0.0, 0.0], rel=1e-3)


def test_what_arrives_by_day_begins_with_the_air_of_the_last_plume_on_its_way(tmp_path):
    # a small area seen from beside on a pole, in the plume's flank: 7 % without
    source = "   LOCATION S1 AREA -15 -10 0\n   SRCPARAM S1 1 38.1 15.4 23.0 20.6 8.1" + METHOD_1
    found = answer(
        tmp_path,
        DAY,
        [(20, 5, 0, 0, 9.5), (60, 8, 0, 0, 9.5)],
        source=source,
        options=DEPOSITION,
        control="   FLAGPOLE 0.0",
    )
    assert found["conc"] == pytest.approx([732.356, 3509.82], rel=1e-4)
    assert found["ddep"] == pytest.approx([0.00183521, 0.0451075], rel=1e-4)


def test_nothing_at_both_ends_of_a_side_is_nothing(tmp_path):
    # fifteen metres above the receptor, on a night when a plume is decimetres deep
    source = "   LOCATION S1 AREA -20 -10 0\n   SRCPARAM S1 1 15.0 20 20 0 0"
    assert answer(tmp_path, CALM_NIGHT, [(3, 1), (-5, 2), (8, -3)], source=source)["conc"].tolist() == [0.0, 0.0, 0.0]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=5), st.floats(0.05, 8.95))
@settings(deadline=None)
def test_what_is_left_of_there_and_back_passes_every_place_as_often(pieces, place):
    """A law: forward less backward passages of any place stay as they were, and none of what is left overlaps."""
    ways = np.array(pieces, float).reshape(-1, 2)
    left, number = _there_less_back(ways)

    def passages(some):
        return sum(np.sign(end - start) for start, end in some if min(start, end) < place < max(start, end))

    if place != round(place):
        assert passages(left[:number]) == passages(ways)
        assert sum(min(a, b) < place < max(a, b) for a, b in left[:number]) == abs(passages(ways))
