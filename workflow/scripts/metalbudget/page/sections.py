"""The sections of the page: texts, figures and tables in their order."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from metalbudget.outcome import numbers
from metalbudget.outcome.files import Outcome, Table, pick
from metalbudget.page import deposition_methods, outlook_tables, process_tables, water_checks
from metalbudget.page.render import DASH, Block, significant, table

Content = Mapping[str, Any]
OVERLOAD_CLASS = "overload/code"
ROUNDING_KG = 1.0e-6


def values_of(outcome: Outcome) -> dict[str, str]:
    """What the texts of the report may name."""
    scenario = outcome.study["claims"]["scenario"]
    years, _ = numbers.overload_shares(outcome.summary(scenario, outcome.metals[0]), "map_mean")
    return {
        "title": str(outcome.study["title"]),
        "metals": ", ".join(metal.capitalize() for metal in outcome.metals),
        "metal": outcome.metals[0],
        "first": str(outcome.years[0]),
        "last": str(outcome.years[-1]),
        "start": str(years[0]),
        "end": str(years[-1]),
        "scenario": scenario,
        "near_km": significant(outcome.study["claims"]["near_source_km"]),
        "reach_km": significant(outcome.study["max_distance_m"] / 1.0e3),
        "snapshot": {"prior": "the prior of each stratum"}.get(
            outcome.study["epochs"][-1], outcome.study["epochs"][-1]
        ),
    }


def headline_numbers(outcome: Outcome, content: Content) -> list[dict[str, str]]:
    """Large figures at the top of the page."""
    grid = outcome.grid
    area = grid.n * grid.cell_area_m2 / 1.0e6
    ledger: Table = content["ledger"]
    worst = max((c["found"] for c in content["checks"]["checks"] if "ledger closes" in c["name"]), default=float("nan"))
    claims: Table = content["claims"]
    judged = {name: int((claims["holds"] == name).sum()) for name in ("yes", "no")}
    start, end = (overloaded_cells(outcome, content["classes"], when) for when in ("now", "end"))
    values = values_of(outcome)
    aside = [m.capitalize() for m in outcome.metals if outcome.calibration(m)["stands_aside"]]
    corrected = len(outcome.metals) - len(aside)
    counts = content["checks"]["counts"]
    tiles = [
        (f"{area:,.0f} km²", f"of land in {grid.n:,} cells of {grid.cell_m:g} m"),
        (f"{len(outcome.metals)} metals", f"{len(outcome.years)} modelled years, {len(outcome.scenarios)} scenarios"),
        (
            f"{100 * start:.1f} → {100 * end:.1f} %",
            f"of land cells above the limit of at least one metal, {values['start']} to {values['end']}, "
            f"scenario {values['scenario']}",
        ),
        (f"{judged['yes']} of {judged['yes'] + judged['no']}", "judged rows of the paper's findings hold"),
        (f"{corrected} of {len(outcome.metals)}", "metals to which the learned correction is applied"),
        (f"{worst:.1e}", f"largest gap of the ledger, as a share of gross flux, in {len(ledger['kg']):,} rows"),
        (
            f"{counts.get('pass', 0)} / {counts.get('warn', 0)} / {counts.get('fail', 0)}",
            "checks passed / warned / failed",
        ),
    ]
    return [{"value": value, "name": name} for value, name in tiles]


def overloaded_cells(outcome: Outcome, coefficients: Mapping[str, float | str], when: str) -> float:
    """Share of land cells where the mean of at least one metal lies above the limit. [1]"""
    scenario = outcome.study["claims"]["scenario"]
    code = int(coefficients[OVERLOAD_CLASS])
    above = np.zeros((outcome.grid.height, outcome.grid.width), dtype=bool)
    for metal in outcome.metals:
        above |= outcome.zones(scenario, metal)[f"class_{when}"] == code
    return float(above[outcome.grid.land].mean())


def tables_of(outcome: Outcome, content: Content) -> dict[str, list[Block]]:
    """Tables of each section, by its key."""
    bars = content["bars"]
    maps = process_tables.map_validation(outcome)
    first, rest = outlook_tables.checks(content["checks"])
    return {
        "summary": [process_tables.headline(outcome)],
        "emissions": [process_tables.published_totals(outcome, content["published"])],
        "deposition": [
            process_tables.deposition(outcome, bars),
            *deposition_methods.tables(outcome, outcome.years[-1]),
            *process_tables.monitors(outcome),
        ],
        "losses": [process_tables.pathways(outcome), *water_checks.runoff(outcome)],
        "balance": [
            process_tables.fluxes(outcome, bars, outcome.years[-1]),
            process_tables.weathering(outcome, outcome.years[-1]),
            ledger_table(outcome, content["ledger"]),
        ],
        "soil": [] if maps is None else [maps],
        "calibration": [process_tables.calibration(outcome)],
        "outlook": [
            outlook_tables.overload(outcome),
            outlook_tables.overload_by_landuse(outcome),
            outlook_tables.classes(outcome, content["classes"]),
        ],
        "claims": list(outlook_tables.claims(content["claims"])),
        "truth": content["truth_tables"],
        "checks": [first] if rest is None else [first, rest],
        "provenance": provenance(outcome, content),
    }


def groups_of(outcome: Outcome) -> dict[str, list[Block]]:
    """Folded groups of tables of each section, by its key."""
    groups = []
    for metal in outcome.metals:
        tables = outlook_tables.sensitivity(outcome, metal)
        if tables:
            groups.append({"title": f"What the overload of {metal.capitalize()} hangs on", "tables": tables})
    return {"claims": groups}


def ledger_table(outcome: Outcome, ledger: Table) -> Block:
    """Yearly means of the history's ledger, a row each term."""
    terms = {metal: numbers.history_terms(ledger, metal) for metal in outcome.metals}
    names = list(dict.fromkeys(pick(ledger, scenario="history")["term"]))
    rows = [
        [name.replace("_", " "), *(_above_rounding(terms[metal].get(name, float("nan"))) for metal in terms)]
        for name in names
    ]
    note = (
        "Inputs − losses + sealing + layer exchange + correction + clipping = stock change; stock is its mean level. "
    )
    note += (
        "Emission and background end as deposition on open soil, wash off, street dust, sea (all water) or outside air."
    )
    return table(
        "Ledger of the history, yearly means, kg",
        ["term", *(metal.capitalize() for metal in terms)],
        rows,
        folded=True,
        note=note,
    )


def _above_rounding(kg: float) -> float:
    """What rounding left of an exact zero is zero to a reader."""
    return 0.0 if abs(kg) < ROUNDING_KG else kg


def provenance(outcome: Outcome, content: Content) -> list[Block]:
    """Layers, assumptions and coefficients."""
    layers = content["provenance"]
    names = ("layer", "status", "source", "note")
    blocks = []
    assumptions = [
        [str(entry.get(name, "")) for name in ("layer", "value", "unit", "reason")]
        for entry in outcome.study["assumptions"]
    ]
    if assumptions:
        blocks.append(
            table("Assumptions in place of data", ("layer", "value", "unit", "reason"), assumptions, text=(0, 1, 2, 3))
        )
    status = [str(value) for value in layers["status"]]
    counts = [[value, status.count(value)] for value in dict.fromkeys(status)]
    blocks.append(table("Raw layers by status", ("status", "layers"), counts))
    rows = [[str(layers[name][row]) for name in names] for row in range(len(status))]
    blocks.append(table("Every raw layer", names, rows, text=(0, 1, 2, 3), folded=True))
    evidence = content["evidence"]
    rows = [[name, total, checked, f"{100 * checked / total:.0f}"] for name, (total, checked) in evidence.items()]
    total, checked = (sum(entry[position] for entry in evidence.values()) for position in (0, 1))
    rows.append(["all", total, checked, f"{100 * checked / total:.0f}" if total else DASH])
    blocks.append(table("Coefficients by table", ("table", "rows", "verified", "%"), rows, folded=True))
    return blocks


def assemble(
    outcome: Outcome, content: Content, texts: Mapping[str, Any], image: Callable[[str], str]
) -> dict[str, Any]:
    """Everything the template needs.

    Parameters
    ----------
    outcome : Outcome
    content : mapping
        ``ledger claims checks provenance published bars classes evidence truth_tables figures``: tables, records, and
        the names of the figures there are.
    texts : mapping
        ``report/captions.yaml``.
    image : callable
        Data address of a figure by its name.
    """
    values = values_of(outcome)
    tables, groups = tables_of(outcome, content), groups_of(outcome)
    sections = []
    for entry in texts["sections"]:
        figures = [name for name in entry.get("figures", []) if name in content["figures"]]
        made = {
            "key": entry["key"],
            "title": entry["title"],
            "text": [fill(text, values) for text in entry.get("text", [])],
            "commands": [fill(text, values).rstrip() for text in entry.get("commands", [])],
            "figures": [
                {
                    "title": fill(texts["figures"][name]["title"], values),
                    "caption": fill(texts["figures"][name]["caption"], values),
                    "image": image(name),
                }
                for name in figures
            ],
            "tables": tables.get(entry["key"], []),
            "groups": groups.get(entry["key"], []),
        }
        if entry["key"] == "truth" and not made["tables"]:
            continue
        sections.append(made)
    return {
        "title": outcome.study["title"],
        "generated": outcome.study["source"] == "generated",
        "lead": fill(texts["lead"], values),
        "numbers": headline_numbers(outcome, content),
        "sections": sections,
    }


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with the study's values in its braces."""
    return text.format(**values).strip()
