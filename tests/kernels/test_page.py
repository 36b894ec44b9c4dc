"""The page: numbers as text, cells, escaping, nothing from outside (the whole page: test_report_scripts)."""

import re

import pytest
from metalbudget.page import render, sections
from metalbudget.settings import load

NAMES = ("title", "metals", "metal", "first", "last", "start", "end", "scenario", "near_km", "reach_km", "snapshot")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        ("", "–"),
        (float("nan"), "–"),
        (0.0, "0"),
        (0.012345, "0.0123"),
        (0.00012345, "0.000123"),
        (12.345, "12.3"),
        (123.45, "123"),
        (1234567.0, "1,234,567"),
        (-0.5, "−0.5"),
        ("2000", "2000"),
    ],
)
def test_numbers_as_text(value, text):
    assert render.significant(value) == text


def test_fields_of_a_table_are_readable():
    assert render.readable("12.3456") == "12.3"
    assert render.readable("leaching first") == "leaching first"
    assert render.readable("") == "–"
    assert render.signed(0.5) == "+0.5"
    assert render.signed(-0.5) == "−0.5"
    assert render.percent(0.125) == "12.5"


def test_a_table_refuses_a_row_of_another_length():
    with pytest.raises(ValueError, match="2 cells under 3 heads"):
        render.table("losses", ("a", "b", "c"), [[1, 2]])


def page(**changes):
    image = render.embedded(b"not really a png")
    section = {
        "key": "one",
        "title": "A <b>section</b>",
        "text": ["text & more"],
        "commands": ["snakemake -n < file"],
        "figures": [{"title": "A figure", "caption": "with <i>caption</i>", "image": image}],
        "tables": [render.table("T", ("x", "y"), [["<td>", 1.0], [render.cell(2.0, "pass", "low\nhigh"), None]])],
        "groups": [{"title": "folded", "tables": [render.table("U", ("x",), [[1]], folded=True)]}],
    }
    content = {"title": "Title <script>", "generated": True, "lead": "a lead", "numbers": [{"value": "1", "name": "n"}]}
    return render.render(content | {"sections": [section]} | changes)


def test_data_is_escaped():
    html = page()
    for text in ("<script>", "<b>section", "<i>caption", "<td>&lt;td&gt;</td><td>"):
        assert text not in html.replace("<td class", "<td")
    assert "Title &lt;script&gt;" in html
    assert "text &amp; more" in html


def test_nothing_comes_from_outside():
    html = page()
    for address in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert address.startswith(("data:image/png;base64,", "#"))
    assert "//" not in html.replace("</", "")
    assert not re.search(r"@import|url\(|<link|<script", html)


def test_generated_data_is_labelled_and_measured_data_is_not():
    assert page().count("generated") == 2  # the label, and beside the figure's title
    assert "generated" not in page(generated=False)


def test_cells_show_marks_and_small_lines():
    html = page()
    assert '<td class="text pass">2<small>low</small><small>high</small></td>' in html


def test_texts_name_only_what_there_is():
    texts = load(render.TEMPLATE.with_name("captions.yaml"))
    values = dict.fromkeys(NAMES, "VALUE")
    sections.fill(texts["lead"], values)
    for section in texts["sections"]:
        for text in [*section.get("text", []), *section.get("commands", [])]:
            sections.fill(text, values)
        assert set(section.get("figures", [])) <= set(texts["figures"])
    for figure in texts["figures"].values():
        assert sections.fill(figure["caption"], values)


def test_every_figure_has_its_place_and_words():
    from metalbudget.figures.study import DRAWN

    texts = load(render.TEMPLATE.with_name("captions.yaml"))
    placed = [name for section in texts["sections"] for name in section.get("figures", [])]
    assert sorted(placed) == sorted([*DRAWN, "agreement"])
    rules = (render.TEMPLATE.parents[1] / "rules" / "report.smk").read_text("utf-8")
    assert set(re.findall(r'"results/figures/(\w+)\.png"', rules)) == set(DRAWN)
