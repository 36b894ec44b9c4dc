"""Tables on capacity, overload, the paper's findings and what the answer hangs on."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from metalbudget import plausibility
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.outcome import numbers
from metalbudget.outcome.files import Outcome, Table, only, pick
from metalbudget.page.process_tables import arrow, symbol
from metalbudget.page.render import DASH, Block, Cell, cell, readable, signed, significant, table

MEASURES = {"map_mean": "mean map", "probability": "probability"}
CORRECTIONS = ("with", "without")
# Limit regimes of the sensitivity table in the order of its columns: level of the standards, rule for natural land.
REGIMES = {
    ("screening", "added_risk"): "screening, added risk",
    ("screening", "total_pnec"): "screening, total PNEC",
    ("intervention", "added_risk"): "intervention, added risk",
}
DEPTHS = {"legal": "0 to the legal depth", "layer": "the modelled layer"}
HIGHLIGHT_POINTS = 1.0


def overload(outcome: Outcome) -> Block:
    """Overloaded share at the start and the end by scenario, measure and correction."""
    rows = []
    for metal, scenario in product(outcome.metals, outcome.scenarios):
        summary = outcome.summary(scenario, metal)
        row: list[Any] = [symbol(metal), scenario.replace("_", " ")]
        for measure, correction in product(MEASURES, CORRECTIONS):
            _, shares = numbers.overload_shares(summary, measure, correction)
            row.append(
                cell(
                    arrow(100 * shares[0], 100 * shares[-1]),
                    note=f"{signed(100 * (shares[-1] - shares[0]), 2)} points",
                )
            )
        first = pick(summary, landuse_class="all", measure="map_mean", correction="with")
        row.append(float(first["overload_km2"][np.argmax(first["year"])]))
        row.append(float(first["geogenic_km2"][np.argmin(first["year"])]))
        rows.append(row)
    head = ["metal", "scenario"]
    head += [f"{name}, {correction} correction" for name, correction in product(MEASURES.values(), CORRECTIONS)]
    return table(
        "Overloaded open soil, % (start → end of the forecast)",
        [*head, "overloaded at the end, km²", "background reaches the limit, km²"],
        rows,
        text=(0, 1),
        note="By mean map: land whose mean concentration lies above its limit. By probability: the sum over land "
        "of the probability that it does, given the map's standard error; the better estimate of an area.",
    )


def overload_by_landuse(outcome: Outcome) -> Block:
    """Overloaded share of each land use, by probability, at the start and the end."""
    scenario = outcome.study["claims"]["scenario"]
    rows = []
    for metal in outcome.metals:
        summary = outcome.summary(scenario, metal)
        row: list[Any] = [symbol(metal)]
        for name in SOIL_CLASSES:
            known = pick(summary, landuse_class=name, measure="probability", correction="with")
            order = np.argsort(known["year"])
            shares = known["overload_share"][order]
            limited = known["limited_km2"][order]
            if not known["area_km2"].max(initial=0.0) > 0.0 or not np.isfinite(shares[[0, -1]]).all():
                row.append(DASH)
            elif limited.max() == 0.0:
                row.append("no limit")
            else:
                row.append(arrow(100 * shares[0], 100 * shares[-1]))
        rows.append(row)
    title = f"Overloaded share of each land use by probability, %, scenario {scenario}"
    return table(title, ["metal", *SOIL_CLASSES], rows, folded=True)


def classes(outcome: Outcome, coefficients: Mapping[str, float | str]) -> Block:
    """Share of land cells in each capacity class by metal, at the start and the end."""
    scenario = outcome.study["claims"]["scenario"]
    order = numbers.class_order(coefficients)
    order = [*order[2:], *order[:2]]
    names = {int(v): k.removesuffix("/code") for k, v in coefficients.items() if k.endswith("/code")}
    rows = []
    for metal in outcome.metals:
        zones = outcome.zones(scenario, metal)
        land = outcome.grid.land
        row: list[Any] = [symbol(metal)]
        for code in order:
            start, end = (100.0 * float(np.mean(zones[f"class_{when}"][land] == code)) for when in ("now", "end"))
            row.append(arrow(start, end) if start or end else DASH)
        rows.append(row)
    title = "Land cells by capacity class, %"
    return table(title, ["metal", *(names[code].replace("_", " ") for code in order)], rows, folded=True)


def claims(found: Table) -> tuple[Block, Block]:
    """The paper's findings: verdicts in short, and every row."""
    marks = {"yes": "yes", "no": "no", "not judged": "other"}
    short = []
    for finding in dict.fromkeys(found["finding"]):
        own = pick(found, finding=finding)
        judged = np.isin(own["holds"], ("yes", "no"))
        row: list[Any] = [str(finding)]
        for verdict in ("yes", "no"):
            metals = sorted({str(m).capitalize() for m in own["metal"][own["holds"] == verdict]})
            count = int((own["holds"] == verdict).sum())
            row.append(cell(f"{count}", marks[verdict] if count else "other", ", ".join(metals)))
        row.append(int(judged.sum()))
        short.append(row)
    first = table(
        "Findings of the paper: on how many metals and measures they hold here",
        ("finding", "holds", "does not hold", "judged"),
        short,
        note="A metal stands on both sides where its measures differ, such as two decades or two ways to count.",
    )
    rows = [
        [
            str(found["finding"][row]),
            str(found["metal"][row]).capitalize(),
            str(found["measure"][row]),
            readable(found["paper"][row]),
            readable(found["study"][row]),
            str(found["unit"][row]),
            cell(str(found["holds"][row]), marks[str(found["holds"][row])]),
            str(found["rule"][row]),
        ]
        for row in range(found["finding"].size)
    ]
    head = ("finding", "metal", "measure", "paper", "this study", "unit", "holds", "rule")
    return first, table("Every row of claims.csv", head, rows, text=(0, 1, 2, 3, 5, 6, 7), folded=True)


def sensitivity(outcome: Outcome, metal: str) -> list[Block]:
    """Expansion of overload over depth, erosion mode, closure, limits and measure: a table each for land and depth."""
    found = outcome.sensitivity(outcome.study["claims"]["scenario"], metal)
    if not (found["assumptions"] == "varied").any():
        return []
    blocks = []
    for landuse_class, depth in (("all", "legal"), ("all", "layer"), ("forest", "legal")):
        own = pick(found, landuse_class=landuse_class, judged_depth=depth)
        rows = [_variant("as in this study", pick(own, assumptions="study"), own=True)]
        varied = pick(own, assumptions="varied")
        for thickness, mode, closure in product(
            sorted(set(varied["untilled_mixing_depth_m"])),
            sorted(set(varied["erosion_mode"])),
            sorted(set(varied["weathering_closure"]), reverse=True),
        ):
            chosen = pick(varied, untilled_mixing_depth_m=thickness, erosion_mode=mode, weathering_closure=closure)
            if chosen["measure"].size:
                label = (
                    f"{100 * thickness:g} cm, {mode.replace('_', ' ')}, closure {'on' if closure == 'true' else 'off'}"
                )
                rows.append(_variant(label, chosen))
        head = ["untilled mixing depth, erosion, closure"]
        head += [f"{name}: {regime}" for name, regime in product(MEASURES.values(), REGIMES.values())]
        where = "all open soil" if landuse_class == "all" else landuse_class
        title = f"{symbol(metal)}: change of the overloaded share, percentage points, {where}, over {DEPTHS[depth]}"
        blocks.append(table(title, head, rows))
    return blocks


def _variant(label: str, rows: Table, own: bool = False) -> list[Cell]:
    """One row of the sensitivity table; a change of a point or more stands out."""
    cells = [cell(label, "own" if own else "")]
    for measure, (level, ecological) in product(MEASURES, REGIMES):
        fitting = {"measure": measure, "level": level, "ecological": ecological}
        points = (
            only(rows, "change_points", **fitting)
            if pick(rows, **fitting)["measure"].size == 1
            else _first(rows, fitting)
        )
        start, end = _ends(rows, fitting)
        mark = "own" if own else "warn" if points >= HIGHLIGHT_POINTS else "pass" if points <= -HIGHLIGHT_POINTS else ""
        cells.append(cell(signed(points, 2), mark, f"{significant(start, 2)} → {significant(end, 2)} %"))
    return cells


def _first(rows: Table, fitting: Mapping[str, str]) -> float:
    values = pick(rows, **fitting)["change_points"]
    return float(values[0]) if values.size else float("nan")


def _ends(rows: Table, fitting: Mapping[str, str]) -> tuple[float, float]:
    chosen = pick(rows, **fitting)
    if chosen["measure"].size == 0:
        return float("nan"), float("nan")
    return float(chosen["start_share_pct"][0]), float(chosen["end_share_pct"][0])


def checks(record: Mapping[str, Any]) -> tuple[Block, Block | None]:
    """How many checks passed, and those that did not."""
    counts = [[cell(name, name), int(record["counts"].get(name, 0))] for name in plausibility.STATES]
    first = table("Checks of the outputs", ("state", "checks"), counts)
    rest = [entry for entry in record["checks"] if entry["state"] != "pass"]
    if not rest:
        return first, None
    rows = [
        [
            cell(entry["state"], entry["state"]),
            entry["name"],
            found_text(entry["found"]),
            found_text(entry["expected"]),
        ]
        for entry in sorted(rest, key=lambda one: one["state"])
    ]
    return first, table("Checks that did not pass", ("state", "check", "found", "expected"), rows, (0, 1, 2, 3), True)


def found_text(value: object) -> str:
    """What a check found or expected, as text."""
    if isinstance(value, Mapping):
        low, high = (significant(value[name]) for name in ("low", "high"))
        return f"mean {significant(value['mean'])}, 5-95 % {low} to {high} g/ha/yr"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " to ".join(significant(one) for one in value)
    return significant(value)
