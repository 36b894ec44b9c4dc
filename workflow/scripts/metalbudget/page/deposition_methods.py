"""The table of METHOD_2 beside METHOD_1: what one choice of the deposition scheme is worth."""

from typing import Any

import numpy as np

from metalbudget.outcome.files import Outcome
from metalbudget.page.process_tables import symbol
from metalbudget.page.render import DASH, Block, cell, percent, significant, table


def tables(outcome: Outcome, year: int) -> list[Block]:
    """One row a metal that METHOD_2 has a pair for and that is emitted; no table without any."""
    rows: list[list[Any]] = []
    edges: list[float] = []
    for metal in outcome.metals:
        air = outcome.air(metal, year)
        if "rings" not in air or air["emission"] <= 0.0:
            continue
        edges = air["rings"]["outer_edge_km"]
        rows.append([symbol(metal), *compared(air["rings"], air["emission"])])
    if not rows:
        return []
    names = [f"{significant(low)}–{significant(high)} km" for low, high in zip([0.0, *edges[:-1]], edges, strict=True)]
    head = (
        "metal",
        "METHOD_1, % of emission",
        "METHOD_2, % of emission",
        *(f"ratio, {name}" for name in names),
        "ratio in all",
        "ratio of dry",
        "ratio of wet",
    )
    note = (
        "Ratio of METHOD_2 to METHOD_1: what the same emission leaves to "
        f"{significant(edges[-1])} km from its sources, on the map and beyond its edge, as one fine fraction and mean "
        "diameter a metal (METHOD_2) and in size classes (METHOD_1, which this study uses); a ratio far from one is an "
        "uncertainty of the own sources that no other number here carries. Small print: dry share. Flat ground, a "
        "sample of the dry hours (about 1 %). Gaseous mercury counts the same in both."
    )
    return [table(f"METHOD_2 beside METHOD_1 in {year}", head, rows, text=(0,), note=note)]


def compared(rings: dict[str, Any], emission_kg: float) -> list[Any]:
    """Cells of one metal: both methods as shares of the emission with their dry share, ratios by ring, in all, by kind.

    Parameters
    ----------
    rings : mapping
        Of `airborne.deposited_by_ring`.
    emission_kg : float
        [kg yr⁻¹]
    """
    first, second = (np.array([rings[name]["dry"], rings[name]["wet"]]) for name in ("method_1", "method_2"))
    cells: list[Any] = [share(found, emission_kg) for found in (first, second)]
    cells += [ratio(*pair) for pair in zip(second.sum(axis=0), first.sum(axis=0), strict=True)]
    cells.append(ratio(second.sum(), first.sum()))
    cells += [ratio(*pair) for pair in zip(second.sum(axis=1), first.sum(axis=1), strict=True)]
    return cells


def share(found_kg: np.ndarray, emission_kg: float) -> dict[str, str]:
    """What a method deposits of the emission, and below it the dry share of that."""
    total = found_kg.sum()
    dry = f"{percent(found_kg[0].sum() / total, 2)} % dry" if total > 0.0 else ""
    return cell(percent(total / emission_kg), note=dry)


def ratio(above: float, below: float) -> float | str:
    """A ratio; a dash where nothing falls by METHOD_1."""
    return float(above / below) if below > 0.0 else DASH
