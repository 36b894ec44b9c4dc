"""The scripts of the report stage on a miniature study, whole and with as little in it as the configuration allows."""

import csv
import re

import draw_figures
import matplotlib as mpl
import numpy as np
import outcome_factory
import pytest
import write_claims
import write_report
from metalbudget import settings
from metalbudget.figures.study import DRAWN
from metalbudget.grid import Grid
from metalbudget.outcome.evidence import verified_counts
from metalbudget.page.render import TEMPLATE

CLASSES = settings.coefficients("capacity_classes")
BARS = {bound: settings.coefficients("plausibility", field=bound) for bound in ("low", "high")}

CASES = {
    "whole": {},
    "one metal, two years, one scenario, one survey": {
        "metals": ("cd",),
        "years": (2000, 2020),
        "scenarios": ("baseline",),
        "surveys": (2020,),
    },
    "no survey": {"metals": ("cd", "hg"), "years": (2000, 2020), "scenarios": ("baseline",), "surveys": ()},
    "no point source": {"metals": ("zn",), "years": (2000, 2020), "scenarios": ("baseline",)},
}


# What a case draws: everything once, else what the case could break.
DRAWS = {
    "whole": list(DRAWN),
    "one metal, two years, one scenario, one survey": [
        "emissions_by_sector",
        "overload_zones",
        "overload_through_time",
    ],
    "no survey": ["study_area", "observed_and_modelled", "concentration_maps"],
    "no point source": ["study_area", "deposition_maps", "deposition_decay", "deposition_reach"],
}


@pytest.fixture(params=list(CASES), ids=list(CASES), scope="module")
def report(request, tmp_path_factory):
    """Run the three scripts and return what they wrote."""
    tmp_path = tmp_path_factory.mktemp("study")
    land = np.ones((12, 10), dtype=bool)
    land[9:, 7:] = False
    small_grid = Grid(crs="EPSG:32651", x_min=3e5, y_max=3.2e6, cell_m=500.0, height=12, width=10, land=land)
    chosen = outcome_factory.study(**CASES[request.param])
    surveyed = chosen["epochs"] != ["prior"]
    outcome_factory.write(tmp_path, small_grid, chosen, sources=request.param != "no point source", evidence=surveyed)
    truth = outcome_factory.write_truth(tmp_path, small_grid, chosen) if surveyed else {"record": None, "maps": {}}
    figures = {name: tmp_path / f"results/figures/{name}.png" for name in DRAWS[request.param]}
    claims = tmp_path / "results/claims.csv"
    page = tmp_path / "results/report/index.html"
    with mpl.rc_context({"savefig.dpi": 40}):
        draw_figures.main(figures=figures, study=chosen, classes=CLASSES, root=tmp_path)
    write_claims.main(table=claims, study=chosen, root=tmp_path)
    write_report.main(
        page=page,
        template=TEMPLATE,
        captions=TEMPLATE.with_name("captions.yaml"),
        figures=figures,
        tables={
            "ledger": tmp_path / "results/ledger.csv",
            "claims": claims,
            "provenance": tmp_path / "raw/provenance.csv",
            "published": [tmp_path / f"results/emissions/{metal}_check.csv" for metal in chosen["metals"]],
        },
        checks=tmp_path / "results/checks.json",
        truth_files=truth,
        study=chosen,
        classes=CLASSES,
        bars=BARS,
        evidence=verified_counts(chosen["metals"]),
        root=tmp_path,
    )
    with open(claims, newline="", encoding="utf-8") as source:
        rows = list(csv.DictReader(source))
    return request.param, chosen, figures, rows, page.read_text("utf-8")


def test_page_is_complete_and_needs_no_network(report):
    _, chosen, figures, _, html = report
    expected = len(figures) + (chosen["epochs"] != ["prior"])
    assert html.count('src="data:image/png;base64,') == expected
    addresses = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?([^"\')>\s]+)', html)
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert not re.search(r"https?://|//cdn|@import", re.sub(r"base64,[^\"]+", "", html))
    assert "A &lt;small&gt; study" in html
    assert "<small> study" not in html
    assert "no &lt;map&gt;" in html
    assert "&lt;b&gt;none&lt;/b&gt;" in html
    assert "{" + "metal}" not in html
    assert ("Held against the truth" in html) == (chosen["epochs"] != ["prior"])


def test_runoff_of_the_way_not_chosen_stands_beside(report):
    """Half-way between the factory's zones, by hand: 120 and 220 mm, beside 5 and 7.5 mm."""
    *_, html = report
    after = html.split("Runoff by the way that does not decide it")[1]
    body = re.search(r"<tbody>(.*?)</tbody>", after, re.S)[1]
    cells = [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text)).strip() for text in re.findall(r"<td[^>]*>(.*?)</td>", body)
    ]
    assert cells == ["forest", "120", "5", "bare", "220", "7.5"]


def test_claims_are_judged_or_say_that_they_cannot(report):
    name, chosen, _, rows, _ = report
    assert {row["holds"] for row in rows} <= {"yes", "no", "not judged"}
    forest = [row["holds"] for row in rows if row["finding"].startswith("forest")]
    assert set(forest) <= {"not judged"} or {"as", "cu"} <= set(chosen["metals"])
    near = [row for row in rows if "point sources" in row["finding"]]
    if name == "no point source":
        assert [row["holds"] for row in near] == ["not judged"]
    spans = {re.search(r"\d{4}-\d{4}", row["measure"])[0] for row in rows if row["finding"].startswith("deposition")}
    assert len(spans) == (2 if len(chosen["years"]) > 2 else 1)


def test_method_2_stands_beside_method_1(report):
    """The factory lets METHOD_1 leave 3 + 0 and 1 + 1 kg of 66 in two rings, METHOD_2 6 + 1 and 1 + 2 kg."""
    name, chosen, *_, html = report
    title = f"METHOD_2 beside METHOD_1 in {chosen['years'][-1]}"
    if name == "no point source":  # zinc alone, which has no pair there
        assert title not in html
        return
    after = html.split(title)[1]
    row = re.search(r"<tbody>\s*<tr>(.*?)</tr>", after, re.S)[1]
    cells = [re.sub(r"<small>.*", "", text) for text in re.findall(r"<td[^>]*>(.*?)</td>", row)]
    assert cells[1:] == ["7.58", "15.2", "2.33", "1.5", "2", "1.75", "3"]
    assert "<small>80 % dry</small>" in row
    assert "0–1 km" in after
    assert "1–50 km" in after


@pytest.mark.parametrize("report", ["whole"], indirect=True)
def test_claims_of_the_miniature(report):
    *_, rows, _ = report
    found = {(row["finding"], row["metal"], row["measure"]): row for row in rows}

    def of(finding, metal, measure):
        return next(
            row for key, row in found.items() if key[0].startswith(finding) and key[1] == metal and measure in key[2]
        )

    # The factory lets deposition fall from year to year and farming halve, and 10 grow to 30 % overload.
    assert of("deposition", "as", "own sources, 2010-2020")["holds"] == "no"
    assert of("agricultural", "as", "pesticides")["holds"] == "yes"
    assert of("leaching and erosion", "as", "")["holds"] == "yes"
    points = of("overload", "as", "mean map, with correction, points of area")
    assert float(points["study"]) == pytest.approx(20.0)
    assert points["holds"] == "no"  # 30.82 is the paper's figure, 10.82 away
    assert of("overload", "hg", "mean map, with correction, relative growth")["holds"] == "no"  # 200 percent
    assert float(of("overload", "as", "by change of concentration")["study"]) == 15.0
    assert of("carrying", "as", "with correction")["holds"] == "yes"  # falls by 0.2
    assert of("capacity declines sharply", "as", "")["holds"] == "yes"  # forest stays
