"""AERMOD runstreams: what decks ask for, in the program's own reading, and what is refused.

Positions, order of receptors, outlines of area sources, categories of emission factors and the sense of WDROTATE were
found by running decks through EPA's AERMOD 23132; numbers quoted from its output files stand beside the tests.
"""

import csv
import math

import numpy as np
import pytest
from deck_factory import deck_text, write_weather
from hypothesis import given, settings
from hypothesis import strategies as st
from metalbudget.dispersion import export, runstream
from metalbudget.dispersion.case import FineFraction, Gas, GasSurface, Options, Receptors, SizeClasses, Source
from metalbudget.dispersion.runstream import emission_factors, geometry
from metalbudget.errors import InputError


@pytest.fixture
def read(tmp_path):
    """Read a deck given as text."""
    write_weather(tmp_path)

    def _read(**parts: str) -> runstream.Deck:
        path = tmp_path / "deck.inp"
        path.write_text(deck_text(**parts))
        return runstream.read(path)

    return _read


def problems_of(action) -> str:
    """The whole message of what an action refuses."""
    with pytest.raises(InputError) as caught:
        action()
    return str(caught.value)


# --- the reference cases ------------------------------------------------------------------------------


@pytest.mark.data
def test_every_reference_deck_says_what_its_tables_say(cases):
    decks = sorted((cases / "dispersion").glob("*/*.inp"))
    assert decks
    for path in decks:
        deck = runstream.read(path)
        with (path.parent / "receptors.csv").open() as stream:
            places = np.array([[float(row[k]) for k in ("x", "y", "zelev", "zhill")] for row in csv.DictReader(stream)])
        assert np.array_equal(places[:, 0], deck.receptors.x_m)
        assert np.array_equal(places[:, 1], deck.receptors.y_m)
        if deck.options.terrain:
            assert np.array_equal(places[:, 2], deck.receptors.elevation_m)
            assert np.array_equal(places[:, 3], deck.receptors.hill_height_m)
        with (path.parent / "sources.csv").open() as stream:
            rows = list(csv.DictReader(stream))
        assert [row["id"] for row in rows] == [source.name for source in deck.sources]
        for row, source in zip(rows, deck.sources, strict=True):
            assert source.kind == row["type"].lower()
            assert source.emission == float(row["q"])
            assert source.height_m == float(row["hs"])
            if source.kind == "point":
                assert source.exit_temperature_k == float(row["ts"])
                assert source.diameter_m == float(row["ds"])
            else:
                assert source.initial_vertical_m == float(row["szi"])
            assert (source.substance is None) == (row["dep"] == "")
        with (path.parent / "expected.csv").open() as stream:
            header = next(csv.reader(stream))
        columns = {"conc": "conc_ugm3", "ddep": "ddep_gm2", "wdep": "wdep_gm2", "total": "total_gm2"}
        assert [columns[name] for name in deck.outputs] == [name for name in header if name in columns.values()]
        assert ("1" in deck.averaging) == ("date" in header)
        assert (len(deck.groups) > 1) == ("group" in header)


# --- receptors ----------------------------------------------------------------------------------------


def test_networks_and_single_receptors_stand_in_the_order_of_the_deck(read):
    deck = read(
        receptors="""   DISCCART 1 200
   GRIDCART G1 STA
                 XPNTS 100. 200. 300.
                 YPNTS 10. 20.
   GRIDCART G1 END
   GRIDPOLR P1 STA
            P1 ORIG 0. 0.
            P1 DIST 500. 600.
            P1 GDIR 3 10. 20.
   GRIDPOLR P1 END
   DISCPOLR S1 700. 90."""
    )
    # x and y as AERMOD's POSTFILE prints them
    expected = [
        (1.0, 200.0),
        *[(x, y) for y in (10.0, 20.0) for x in (100.0, 200.0, 300.0)],
        (86.82409, 492.40388),
        (104.18891, 590.88465),
        (250.0, 433.01270),
        (300.0, 519.61524),
        (383.02222, 321.39380),
        (459.62667, 385.67257),
        (700.0, 0.0),
    ]
    found = np.column_stack([deck.receptors.x_m, deck.receptors.y_m])
    assert found == pytest.approx(np.array(expected), abs=1e-5)


def test_elevations_hills_and_flagpoles_of_networks(read):
    deck = read(
        options="CONC ELEV",
        control="   FLAGPOLE",
        receptors="""   GRIDCART G1 STA
                 XYINC 100. 2 100. 10. 2 10.
                 ELEV 1 2*5.
                 ELEV 2 6 7.
                 HILL 1 2*50.
                 HILL 2 60 70.
                 FLAG 1 1 2
                 FLAG 2 3 4
   GRIDCART G1 END
   GRIDPOLR P1 STA
            P1 ORIG S1
            P1 DIST 500. 600.
            P1 DDIR 10. 20.
            P1 ELEV 1 1 2
            P1 ELEV 2 3 4
            P1 HILL 10 11 12
            P1 HILL 20 13 14
   GRIDPOLR P1 END""",
    )
    assert deck.receptors.elevation_m.tolist() == [5, 5, 6, 7, 1, 2, 3, 4]
    assert deck.receptors.hill_height_m.tolist() == [50, 50, 60, 70, 11, 12, 13, 14]
    assert deck.receptors.flagpole_m.tolist() == [1, 2, 3, 4, 0, 0, 0, 0]


def test_flagpoles_of_single_receptors_as_aermod_takes_them(read):
    deck = read(
        control="   FLAGPOLE 3.",
        receptors="   DISCCART 300 0 10\n   DISCCART 300 10 10 10 20.\n   DISCCART 300 20\n   DISCCART 300 30 10 10",
    )
    assert deck.receptors.flagpole_m.tolist() == [10.0, 20.0, 3.0, 3.0]


def test_feet_become_metres(read):
    deck = read(
        options="CONC ELEV",
        source="   ELEVUNIT FEET\n   LOCATION S1 POINT 0 0 100\n   SRCPARAM S1 100 35 432 11.7 2.4",
        receptors="   ELEVUNIT FEET\n   DISCCART 500 0 10 1000",
    )
    assert deck.sources[0].base_elevation_m == pytest.approx(30.48)
    assert deck.receptors.elevation_m[0] == pytest.approx(3.048)
    assert deck.receptors.hill_height_m[0] == pytest.approx(304.8)


def test_a_receptor_on_a_stack_below_its_hill_or_without_height_is_refused(read):
    text = problems_of(lambda: read(options="CONC ELEV", receptors="   DISCCART 0.5 0 50 40\n   DISCCART 500 0 50"))
    assert "a receptor stands on a stack" in text
    assert "hill 40 m, ground 50 m" in text
    assert "has no hill height" in text


def test_many_mistakes_of_one_kind_are_counted(read):
    text = problems_of(lambda: read(options="CONC ELEV", receptors="   DISCCART 500 0 50 40\n" * 30))
    assert text.count("the hill height lies below the receptor") == 11
    assert "and 20 more of this kind" in text


# --- sources ------------------------------------------------------------------------------------------


def test_a_rectangle_turns_clockwise_about_its_corner():
    corners = geometry.rectangle(10.0, 20.0, 100.0, 60.0, 90.0)
    # its north side now lies east, its east side south
    assert corners == pytest.approx(np.array([[10, 20], [70, 20], [70, -80], [10, -80]]), abs=1e-9)


@given(radius=st.floats(1.0, 5000.0), vertices=st.integers(3, 40))
@settings(max_examples=30, deadline=None)
def test_a_circle_keeps_its_area_and_starts_in_the_north(radius, vertices):
    outline = geometry.regular_polygon(100.0, -50.0, radius, vertices)
    assert geometry.doubled_area(outline) / 2.0 == pytest.approx(math.pi * radius**2, rel=1e-9)
    assert outline[0, 0] == pytest.approx(100.0)
    assert outline[0, 1] > -50.0 + radius
    assert outline[1, 0] > 100.0  # clockwise


def test_a_line_is_a_strip_of_its_width():
    corners = geometry.strip(0.0, 0.0, 300.0, 400.0, 10.0)
    assert geometry.doubled_area(corners) / 2.0 == pytest.approx(5000.0)
    assert corners.mean(axis=0) == pytest.approx([150.0, 200.0])


def test_kinds_of_sources(read):
    deck = read(
        source="""   LOCATION V1 VOLUME 1 2 3
   SRCPARAM V1 10 8 12 4
   LOCATION A1 AREA 10 20 0
   SRCPARAM A1 0.01 2 100
   LOCATION P1 AREAPOLY 0 0 0
   SRCPARAM P1 0.01 2 4 1.5
   AREAVERT P1 0 0 0 100
   AREAVERT P1 100 100 100 0
   LOCATION C1 AREACIRC 0 0 0
   SRCPARAM C1 0.01 2 50
   LOCATION L1 LINE 0 0 100 0 7
   SRCPARAM L1 0.01 2 12 1.5"""
    )
    volume, square, polygon, circle, line = deck.sources
    assert (volume.initial_lateral_m, volume.initial_vertical_m, volume.base_elevation_m) == (12.0, 4.0, 0.0)
    assert geometry.doubled_area(square.vertices_m) == pytest.approx(2.0e4)
    assert (polygon.initial_vertical_m, polygon.vertices_m.shape) == (1.5, (4, 2))
    assert circle.vertices_m.shape == (20, 2)
    assert line.vertices_m == pytest.approx(np.array([[0, 6], [100, 6], [100, -6], [0, -6]]))


def test_ranges_compare_letters_and_numbers_apart(read):
    source = "\n".join(
        f"   LOCATION {name} POINT 0 0\n   SRCPARAM {name} 1 35 400 10 2" for name in ("S1", "S2", "S10", "T2")
    )
    deck = read(source=source, groups="   SRCGROUP ALL\n   SRCGROUP LOW S1-S5\n   SRCGROUP HIGH S2-T9")
    assert deck.groups == {"ALL": [0, 1, 2, 3], "LOW": [0, 1], "HIGH": [1, 3]}


def test_substances(read):
    deck = read(
        options="CONC DDEP WDEP FLAT ALPHA",
        control="   GDSEASON 4 4 5 5 1 1 1 1 1 2 3 3\n   GDLANUSE 36*4\n   GASDEPDF 1.0 0.5 0.25",
        source="""   LOCATION S1 POINT 0 0
   LOCATION S2 POINT 0 0
   LOCATION S3 POINT 0 0
   SRCPARAM S1-S3 100 35 432 11.7 2.4
   PARTDIAM S1 0.3 2*5.0
   MASSFRAX S1 0.5 0.3 0.2
   PARTDENS S1 3*2.0
   METHOD_2 S2 0.7 0.6
   GASDEPOS S3 0.0453 5.25e-6 1.0D5 6e-6""",
    )
    assert [source.substance for source in deck.sources] == [
        SizeClasses((0.3, 5.0, 5.0), (0.5, 0.3, 0.2), (2.0, 2.0, 2.0)),
        FineFraction(0.7, 0.6),
        Gas(0.0453, 5.25e-6, 1.0e5, 6.0e-6, 1.0),
    ]
    assert deck.outputs == ("conc", "ddep", "wdep", "total")
    assert deck.options.gas_surface.season_of_month == (4, 4, 5, 5, 1, 1, 1, 1, 1, 2, 3, 3)
    assert deck.options.gas_surface.landuse_of_sector == (4,) * 36


def test_particles_deplete_the_plume_even_if_only_concentration_is_asked_for(read):
    # AERMOD gives 4036 with and without DDEP WDEP, and 2335 without particle data, for the sum over a test run
    deck = read(
        source="   LOCATION S1 POINT 0 0\n   SRCPARAM S1 1 35 400 10 2\n"
        "   PARTDIAM S1 2\n   MASSFRAX S1 1\n   PARTDENS S1 1"
    )
    assert deck.outputs == ("conc",)
    assert deck.options.deposition


def test_a_gas_of_given_velocity_needs_no_properties_and_does_not_rain_out(read):
    deck = read(options="CONC DDEP FLAT ALPHA", control="   GASDEPVD 0.01")
    assert deck.options.gas_surface.user_velocity_m_s == 0.01
    assert deck.sources[0].substance.henry_pa_m3_mol == math.inf
    text = problems_of(lambda: read(options="CONC DDEP WDEP FLAT ALPHA", control="   GASDEPVD 0.01"))
    assert "wet deposition cannot be computed with it" in text


@pytest.mark.parametrize(
    ("unit", "grams"),
    [
        ("EMISUNIT 1.0E6 GRAMS/SEC MICROGRAMS/M**3", 100.0),
        ("EMISUNIT 1.0E3 GRAMS/SEC MILLIGRAMS/M**3", 100.0),
        ("EMISUNIT 2.7777778E5 KILOGRAMS/HOUR UG/M3", 27.777778),
    ],
)
def test_units_of_emission(read, unit, grams):
    source = f"   {unit}\n   LOCATION S1 POINT 0 0 5\n   SRCPARAM S1 100 35 432 11.7 2.4"
    assert read(source=source).sources[0].emission == pytest.approx(grams)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("100 -35 432 11.7 2.4", "the height of source S1 is negative"),
        ("100 35 432 11.7 0", "the diameter of source S1 is zero"),
        ("100 35 159 11.7 2.4", "the exit temperature of source S1 is too low"),
        ("100 35 245 11.7 2.4", "the exit temperature of source S1 is too low"),
        ("100 35 4320 11.7 2.4", "the exit temperature of source S1 is out of range"),
        ("100 35 432 1170 2.4", "the exit velocity of source S1 is out of range"),
        ("100 35 432 11.7 240", "the diameter of source S1 is out of range"),
        ("100 35 432 -1 2.4", "the exit velocity of source S1 is negative"),
        ("-1 35 432 11.7 2.4", "the emission of source S1 is negative"),
        ("100 0.08 432 11.7 2.4", "the stack of source S1 is lower than wide"),
        ("100 35 432 11.7", "the source S1 has 4 parameters"),
        ("100 35 432 x 2.4", "a source parameter is not a number"),
    ],
)
def test_impossible_stacks(read, parameters, message):
    text = problems_of(lambda: read(source=f"   LOCATION S1 POINT 0 0 5\n   SRCPARAM S1 {parameters}"))
    assert message in text
    assert "line 11" in text


@pytest.mark.parametrize(
    "parts",
    [
        {"source": "   LOCATION S1 POINT 0 0 5\n   SRCPARAM S1 100 x 432 11.7 2.4"},
        {
            "source": "   LOCATION S1 POINT 0 0 5\n   SRCPARAM S1 100 35 432 11.7 2.4\n   METHOD_2 S1 70 0.5",
            "options": "CONC DDEP FLAT ALPHA",
        },
        {"receptors": "   DISCCART 500 0", "options": "CONC ELEV"},
        {
            "source": "   LOCATION S1 POINT 0 0 5\n   SRCPARAM S1 100 35 432 11.7 2.4\n   PARTDIAM S1 1 2"
            "\n   MASSFRAX S1 0.5 0.5\n   PARTDENS S1 1000 1000",
            "options": "CONC DDEP FLAT",
        },
        {
            "source": "   LOCATION S1 POINT 0 0 5\n   SRCPARAM S1 100 35 432 11.7 2.4\n   PARTDIAM S1 1e-6 2e-6"
            "\n   MASSFRAX S1 0.5 0.5\n   PARTDENS S1 1 1",
            "options": "CONC DDEP FLAT",
        },
    ],
)
def test_one_mistake_is_one_problem(read, parts):
    assert "1 problem(s)" in problems_of(lambda: read(**parts))


def test_impossible_particles_and_polygons(read):
    text = problems_of(
        lambda: read(
            options="CONC DDEP FLAT",
            source="""   LOCATION S1 POINT 0 0
   SRCPARAM S1 100 35 432 11.7 2.4
   PARTDIAM S1 0.3 5.0
   MASSFRAX S1 0.5 0.3
   PARTDENS S1 2.0
   LOCATION S2 AREAPOLY 0 0
   SRCPARAM S2 0.1 2 4
   AREAVERT S2 0 0 100 100 100 0 0 100
   METHOD_2 S2 0.7 0.6
   LOCATION S3 POINT 0 0
   SRCPARAM S3 100 35 432 11.7 2.4""",
        )
    )
    assert "2 diameters, 2 mass fractions, 1 densities" in text
    assert "the mass fractions of source S1 do not sum to one" in text
    assert "the outline of S2 crosses itself" in text
    assert "the deposition of source S3 is asked for, but not what deposits" in text


# --- everything that is not there ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "line", "named"),
    [
        ("control", "   OZONEVAL 40 PPB", "OZONEVAL is not supported"),
        ("control", "   HALFLIFE 14400", "HALFLIFE is not supported"),
        ("control", "   FOOBAR 1", "CO FOOBAR is not a keyword"),
        ("groups", "   BUILDHGT S1 36*50.", "building downwash is out of this engine's scope"),
        ("groups", "   LOCATION S9 OPENPIT 0 0", "sources of kind OPENPIT are not supported"),
        ("groups", "   BACKGRND ANNUAL 5", "BACKGRND is not supported"),
        ("meteorology", "   SCIMBYHR 1 25", "SCIMBYHR is not supported"),
        ("options", "CONC FLAT FASTALL", "the option FASTALL is not supported"),
        ("options", "CONC FLAT NONSENSE", "the option NONSENSE is not known here"),
        ("options", "CONC FLAT OLM", "the conversion of nitrogen oxides"),
        ("average", "1 5", "an averaging time is unknown"),
    ],
)
def test_what_is_not_supported_is_named(read, part, line, named):
    text = problems_of(lambda: read(**{part: line}))
    assert named in text
    assert "deck.inp, line" in text


def test_several_urban_areas_are_refused(read):
    text = problems_of(
        lambda: read(control="   URBANOPT A 100000 NAME 1.0\n   URBANOPT B 200000 NAME 1.0", groups="   URBANSRC ALL")
    )
    assert "several urban areas" in text


def test_all_problems_stand_in_one_message(read):
    text = problems_of(
        lambda: read(options="CONC FLAT GRSM", average="7", control="   WRONG", receptors="   DISCCART 0 0")
    )
    for part in ("GRSM", "averaging time", "WRONG", "stands on a stack"):
        assert part in text


def test_missing_pieces(tmp_path):
    path = tmp_path / "deck.inp"
    path.write_text("CO STARTING\n   TITLEONE x\nSO STARTING\nSO FINISHED\n")
    text = problems_of(lambda: runstream.read(path))
    for part in ("SO starts before CO is finished", "no ME pathway", "no CO MODELOPT", "locates no source"):
        assert part in text
    assert "cannot be read" in problems_of(lambda: runstream.read(tmp_path / "absent.inp"))


def test_missing_weather_file(read, tmp_path):
    (tmp_path / "a.pfl").unlink()
    assert "the file a.pfl does not exist" in problems_of(read)


# --- the form of the lines ----------------------------------------------------------------------------


def test_pathway_on_every_line_comments_quotes_and_small_letters(tmp_path):
    write_weather(tmp_path)
    (tmp_path / "a.sfc").rename(tmp_path / "the surface.sfc")
    text = deck_text().replace("a.sfc", '"the surface.sfc"').replace("   ", "CO ", 1)
    text = text.replace("   LOCATION S1 POINT", "** a comment\nso location s1 point").replace(
        "\nOU STARTING", "\n\nOU STARTING"
    )
    path = tmp_path / "deck.inp"
    path.write_text(text)
    deck = runstream.read(path)
    assert deck.sources[0].name == "s1"
    assert deck.surface_file.name == "the surface.sfc"
    assert deck.title == "a test"


def test_included_files(read, tmp_path):
    (tmp_path / "more.src").write_text("   LOCATION S2 POINT 10 0\nSO SRCPARAM S2 1 35 400 10 2\n** end\n")
    (tmp_path / "more.rec").write_text("   DISCCART 1000 0\n   DISCCART 2000 0\n")
    deck = read(groups="   INCLUDED more.src\n   SRCGROUP ALL", receptors="   INCLUDED more.rec")
    assert [source.name for source in deck.sources] == ["S1", "S2"]
    assert deck.receptors.x_m.tolist() == [1000.0, 2000.0]
    assert {path.name for path in deck.files} == {"deck.inp", "more.src", "more.rec"}
    (tmp_path / "more.rec").write_text("   DISCCART 1000 y\n")
    assert "more.rec, line 1" in problems_of(
        lambda: read(groups="   INCLUDED more.src\n   SRCGROUP ALL", receptors="   INCLUDED more.rec")
    )


# --- weather and time ---------------------------------------------------------------------------------


def test_selection_of_hours(read):
    deck = read(meteorology="   STARTEND 2023 1 1 20 23 1 2 5")
    assert np.flatnonzero(runstream.weather(deck).used).tolist() == list(range(19, 29))
    deck = read(meteorology="   DAYRANGE 2 3/1-3/5")
    assert np.flatnonzero(runstream.weather(deck).used).tolist() == list(range(24, 48))
    deck = read(meteorology="   STARTEND 2023 2 1 2023 2 3")
    assert "hours that the weather files do not have" in problems_of(lambda: runstream.weather(deck))
    deck = read(meteorology="   DAYRANGE 3/1-3/5")
    assert "no hour of the weather file is used" in problems_of(lambda: runstream.weather(deck))


def test_wind_rotation_is_taken_off(read):
    through = runstream.weather(read(meteorology="   WDROTATE 100"))
    assert np.unique(through.hours.wind_direction_deg).tolist() == [350.0]
    assert np.unique(through.observations.wind_direction_deg[:, 0]).tolist() == [350.0]


def hours_of_2023():
    """Every hour of 2023 as the factors see them."""
    start = np.datetime64("2023-01-01T00")
    times = start + np.arange(8760).astype("timedelta64[h]")
    days = times.astype("datetime64[D]")

    class Hours:
        year = np.full(8760, 2023)
        month = times.astype("datetime64[M]").astype(int) % 12 + 1
        day = (days - times.astype("datetime64[M]")).astype(int) + 1
        hour = np.arange(8760) % 24 + 1
        wind_speed_m_s = np.tile([1.0, 1.54, 1.55, 4.0, np.nan, 20.0], 1460)

    return Hours


@pytest.mark.parametrize(
    ("kind", "month", "day", "hour", "position"),
    [
        # 2023-01-07 was a Saturday, 2023-07-12 a Wednesday, 2023-12-31 a Sunday; positions counted from 1 as AERMOD
        ("SEASON", 12, 31, 5, 1),
        ("SEASON", 3, 1, 5, 2),
        ("MONTH", 7, 12, 3, 7),
        ("HROFDY", 7, 12, 24, 24),
        ("SEASHR", 7, 12, 3, 2 * 24 + 3),
        ("HRDOW", 1, 7, 3, 24 + 3),
        ("HRDOW7", 7, 12, 3, 2 * 24 + 3),
        ("SHRDOW", 12, 31, 3, 2 * 96 + 3),
        ("SHRDOW7", 7, 12, 3, 2 * 96 + 2 * 24 + 3),
        ("MHRDOW", 1, 7, 3, 288 + 3),
        ("MHRDOW7", 12, 31, 3, 6 * 288 + 11 * 24 + 3),
    ],
)
def test_emission_factors_stand_where_aermod_looks_for_them(kind, month, day, hour, position):
    hours = hours_of_2023()
    count = emission_factors.FACTORS[kind]
    variation = emission_factors.Variation(kind, tuple(range(1, count + 1)))
    row = np.flatnonzero((hours.month == month) & (hours.day == day) & (hours.hour == hour))[0]
    found = emission_factors.factor(variation, hours, (1.54, 3.09, 5.14, 8.23, 10.8))
    assert found[row] == position
    assert set(np.unique(found)) == set(range(1, count + 1))


def test_wind_speed_categories_hold_their_upper_bound():
    variation = emission_factors.Variation("WSPEED", (1, 2, 3, 4, 5, 6))
    found = emission_factors.factor(variation, hours_of_2023(), (1.54, 3.09, 5.14, 8.23, 10.8))
    assert found[:6].tolist() == [1, 1, 2, 3, 1, 6]


def test_emission_factors_of_a_deck(read):
    factors = " ".join(str(number) for number in range(24))
    deck = read(groups=f"   EMISFACT S1 HROFDY {factors}\n   SRCGROUP ALL")
    sources, groups = runstream.emitting(deck, runstream.weather(deck))
    assert sources[0].emission_factor.tolist() == list(range(24)) * 2
    assert groups == {"ALL": [0]}
    text = problems_of(lambda: read(groups="   EMISFACT S1 HROFDY 1 2 3\n   SRCGROUP ALL"))
    assert "3 factors" in text


def hourly_lines(velocity=lambda row: 10.0):
    """Lines of hourly emission of S1: row g/s at 400 K."""
    rows = [(day, hour) for day in (1, 2) for hour in range(1, 25)]
    return [f"SO HOUREMIS 23 1 {d} {h} S1 {i} 400 {velocity(i)}" for i, (d, h) in enumerate(rows)]


def test_hourly_emissions(read, tmp_path):
    (tmp_path / "e.dat").write_text("\n".join(hourly_lines()))
    deck = read(groups="   HOUREMIS e.dat S1\n   SRCGROUP ALL")
    (source,), _ = runstream.emitting(deck, runstream.weather(deck))
    assert (source.emission * source.emission_factor).tolist() == list(range(48))
    assert (source.exit_temperature_k, source.exit_velocity_m_s) == (400.0, 10.0)


def test_a_stack_that_changes_stands_as_one_source_for_each_state(read, tmp_path):
    (tmp_path / "e.dat").write_text("\n".join(hourly_lines(lambda row: 5.0 + row % 2)))
    deck = read(groups="   HOUREMIS e.dat S1\n   SRCGROUP ALL")
    sources, groups = runstream.emitting(deck, runstream.weather(deck))
    assert [source.exit_velocity_m_s for source in sources] == [5.0, 6.0]
    assert groups == {"ALL": [0, 1]}
    assert sum(source.emission * source.emission_factor for source in sources).tolist() == list(range(48))


def test_wrong_hourly_emissions(read, tmp_path):
    lines = hourly_lines()
    lines[3] = "SO HOUREMIS 23 1 1 4 S1 -5 400 10"
    lines[5] = "SO HOUREMIS 23 1 1 6 S1 5 400"
    lines[7] = "SO HOUREMIS 23 1 1 8 S1 x 400 10"
    (tmp_path / "e.dat").write_text("\n".join(lines[:-2]))
    deck = read(groups="   HOUREMIS e.dat S1\n   SRCGROUP ALL")
    text = problems_of(lambda: runstream.emitting(deck, runstream.weather(deck)))
    for part in ("negative", "an hourly emission of a point source has 2 values", "cannot be read"):
        assert part in text
    assert "e.dat, line 4" in text


# --- there and back -----------------------------------------------------------------------------------


@given(
    emission=st.floats(1e-3, 1e4),
    height=st.floats(5.0, 300.0),
    x=st.floats(-5e4, 5e4),
    fine=st.floats(0.0, 1.0),
    terrain=st.booleans(),
    pole=st.sampled_from([0.0, 1.5]),
)
@settings(max_examples=30, deadline=None)
def test_a_written_deck_is_read_as_it_was(tmp_path_factory, emission, height, x, fine, terrain, pole):
    folder = tmp_path_factory.mktemp("deck")
    write_weather(folder, days=1)
    base = 12.0 if terrain else 0.0
    sources = [
        Source(
            "S1",
            "point",
            emission,
            round(x, 2),
            7.0,
            round(height, 3),
            base,
            400.0,
            10.0,
            2.0,
            substance=FineFraction(float(f"{fine:g}"), 0.6),
        ),
        Source("V1", "volume", emission, 5.0, 7.0, 3.0, base, initial_lateral_m=4.0, initial_vertical_m=2.0, urban=True,
               substance=Gas(0.0453, 5.25e-6, 1.0e5, 6.0e-6, 1.0)),
        Source("A1", "area", emission / 1e4, 0.0, 0.0, 2.0, base, initial_vertical_m=1.5,
               vertices_m=np.array([[0.0, 0.0], [0.0, 100.0], [100.0, 100.0]]),
               substance=SizeClasses((0.5, 7.0), (0.25, 0.75), (1.0, 2.5))),
    ]  # fmt: skip
    receptors = Receptors(
        np.array([60000.0, -60000.0]),
        np.array([1.25, 2.5]),
        np.array([10.0, 20.0]) * terrain,
        np.array([30.0, 20.0]) * terrain,
        np.full(2, pole),
    )
    options = Options(
        terrain=terrain,
        deposition=True,
        wet_depletion=False,
        romberg=True,
        stack_tip_downwash=False,
        urban_population=1.5e6,
        base_elevation_m=3.25,
        gas_surface=GasSurface((1,) * 12, (4,) * 36, 1.0),
    )
    path = folder / "deck.inp"
    lines = export.runstream(
        sources,
        receptors,
        options,
        title="there and back",
        surface_file="a.sfc",
        profile_file="a.pfl",
        surface_year=2023,
        groups={"G1": [0, 2]},
    )
    path.write_text("\n".join(lines))
    deck = runstream.read(path)
    assert deck.options == options
    assert deck.groups == {"ALL": [0, 1, 2], "G1": [0, 2]}
    for name in ("x_m", "y_m", "elevation_m", "hill_height_m", "flagpole_m"):
        assert getattr(deck.receptors, name).tolist() == getattr(receptors, name).tolist()
    for written, read_back in zip(sources, deck.sources, strict=True):
        assert read_back.emission == pytest.approx(written.emission, rel=1e-8)
        for name in ("name", "kind", "x_m", "height_m", "base_elevation_m", "substance", "urban", "diameter_m"):
            assert getattr(read_back, name) == getattr(written, name), name
    assert np.array_equal(deck.sources[2].vertices_m, sources[2].vertices_m)
