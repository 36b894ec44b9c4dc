"""A generated region's truth beside what the study made of it; only the page reads it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from metalbudget import io
from metalbudget.outcome import numbers
from metalbudget.outcome.files import Outcome
from metalbudget.page.process_tables import symbol
from metalbudget.page.render import Block, cell, percent, signed, table
from metalbudget.quantities import PROCESSES_IN, PROCESSES_OUT

G_PER_KG = 1.0e3
M2_PER_HA = 1.0e4
# An estimate within this factor of the truth is marked as good.
GOOD_FACTOR = 2.0
HONEST_COVERAGE = (0.8, 0.97)


class Truth:
    """What the generator wrote beside the raw folder.

    Parameters
    ----------
    outcome : Outcome
    record : path
        ``truth.json``.
    maps : mapping of metal to path
        True concentration: bands background and the survey years.
    """

    def __init__(self, outcome: Outcome, record: str | Path, maps: Mapping[str, str | Path]) -> None:
        self.record = io.read_json(record)
        self.years = (int(self.record["first_year"]), int(self.record["last_year"]))
        self.maps = {metal: io.read_bands(path, outcome.grid) for metal, path in maps.items()}


def concentrations(outcome: Outcome, truth: Truth) -> Block:
    """Mapped against true concentration, a row each metal and map."""
    grid, rows = outcome.grid, []
    for metal in outcome.metals:
        mapped = [(epoch, outcome.concentration(metal, epoch), epoch) for epoch in outcome.study["epochs"]]
        natural = outcome.background(metal)
        mapped.append(
            (
                "background",
                {"mean_mg_kg": natural["mean_mg_kg"], "log_standard_error": natural["log_standard_deviation"]},
                "background",
            )
        )
        for name, bands, true in mapped:
            if true not in truth.maps[metal]:
                continue
            mean, error = (grid.compress(bands[band]) for band in ("mean_mg_kg", "log_standard_error"))
            found = numbers.map_against_truth(mean, error, grid.compress(truth.maps[metal][true]))
            honest = HONEST_COVERAGE[0] <= found["coverage_90"] <= HONEST_COVERAGE[1]
            rows.append(
                [
                    symbol(metal),
                    name,
                    found["mean"],
                    found["truth"],
                    signed(found["bias"]),
                    found["rmse"],
                    found["correlation"],
                    cell(percent(found["coverage_90"]), "pass" if honest else "warn"),
                ]
            )
    head = ("metal", "map", "mean, mg/kg", "truth, mg/kg", "bias, mg/kg", "RMSE, mg/kg", "correlation (log)")
    return table(
        "Maps against the truth, over all land cells",
        (*head, "truth in the 90 % interval, %"),
        rows,
        text=(0, 1),
        note="The background's interval is the spread within its stratum, the truth that of each cell.",
    )


def changes(outcome: Outcome, truth: Truth) -> Block:
    """Change of concentration over the history: simulated from the first map on, against the truth."""
    grid, rows = outcome.grid, []
    first, last = truth.years
    for metal in outcome.metals:
        history = outcome.history(metal)
        years = [int(year) for year in history["year"]]
        if first not in years or last not in years:
            continue
        cube = grid.compress(np.asarray(history["concentration"], dtype=float))
        simulated = cube[years.index(last)] - cube[years.index(first)]
        true = grid.compress(truth.maps[metal][str(last)] - truth.maps[metal][str(first)])
        end = grid.compress(truth.maps[metal][str(last)])
        error = cube[years.index(last)] - end
        correlated = simulated.std() > 0 and true.std() > 0
        rows.append(
            [
                symbol(metal),
                signed(float(simulated.mean())),
                signed(float(true.mean())),
                float(np.sqrt(np.mean(np.square(simulated - true)))),
                float(np.corrcoef(simulated, true)[0, 1]) if correlated else float("nan"),
                signed(float(error.mean())),
                float(np.sqrt(np.mean(np.square(error)))),
            ]
        )
    head = ("metal", "simulated change, mg/kg", "true change, mg/kg", "RMSE of the change", "correlation of the change")
    return table(
        f"Change of concentration {first}-{last}, process model without correction or later survey",
        (*head, f"bias in {last}, mg/kg", f"RMSE in {last}, mg/kg"),
        rows,
    )


def flux_pairs(outcome: Outcome, truth: Truth, ledger: Mapping[str, Any]) -> dict[str, dict[str, tuple[float, float]]]:
    """Mean flux of the history and of the truth by metal and process. [g ha⁻¹ yr⁻¹ of land]"""
    per_hectare = G_PER_KG / (outcome.grid.n * outcome.grid.cell_area_m2 / M2_PER_HA)
    pairs: dict[str, dict[str, tuple[float, float]]] = {}
    for metal in outcome.metals:
        terms = numbers.history_terms(ledger, metal)
        true = truth.record["mean_flux_kg_yr"].get(metal, {})
        pairs[metal] = {
            name: (terms.get(name, 0.0) * per_hectare, abs(true[name]) * per_hectare)
            for name in (*PROCESSES_IN, *PROCESSES_OUT)
            if name in true and (terms.get(name, 0.0) or true[name])
        }
    return pairs


def fluxes(pairs: Mapping[str, Mapping[str, tuple[float, float]]]) -> Block:
    """Regional fluxes against the truth: a row each process, a column each metal."""
    names = [name for name in (*PROCESSES_IN, *PROCESSES_OUT) if any(name in series for series in pairs.values())]
    rows = []
    for name in names:
        row: list[Any] = [name]
        for series in pairs.values():
            if name not in series:
                row.append("")
                continue
            study, true = series[name]
            good = true > 0 and 1.0 / GOOD_FACTOR <= study / true <= GOOD_FACTOR
            made = cell(study, "pass" if good else "warn")
            made["note"] = "truth " + cell(true)["text"]
            row.append(made)
        rows.append(row)
    return table(
        "Regional fluxes against the truth, g/ha/yr of land, mean of the history",
        ["flux", *map(symbol, pairs)],
        rows,
        note=f"Green: within a factor of {GOOD_FACTOR:g}. The truth has another structure and other parameters than "
        "the study's models, and the study never reads it.",
    )
