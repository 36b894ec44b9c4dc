"""Tables on what enters and leaves the soil, and how well it is known."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from metalbudget import plausibility
from metalbudget.outcome import numbers
from metalbudget.outcome.files import AGRICULTURE, Outcome, pick
from metalbudget.page.render import DASH, Block, cell, percent, signed, significant, table
from metalbudget.quantities import MG_M2_PER_G_HA, PROCESSES_OUT

STATE_WORD = {"pass": "inside", "warn": "partly outside", "fail": "far outside"}
NEAR_SMELTER_KM = 2.0
NEAR_SMELTER_SECTORS = ("smelter_copper", "smelter_lead", "smelter_zinc", "steel")
Bars = Mapping[str, Mapping[str, float]]


def symbol(metal: str) -> str:
    """Chemical symbol."""
    return metal.capitalize()


def spread_text(found: Mapping[str, float]) -> str:
    """5-95 % range of a flux."""
    return f"{significant(found['low'], 2)} to {significant(found['high'], 2)}"


def headline(outcome: Outcome) -> Block:
    """One row a metal: what comes in, what goes out, what becomes of the soil."""
    year, scenario = outcome.years[-1], outcome.study["claims"]["scenario"]
    hectares = outcome.grid.n * outcome.grid.cell_area_m2 / 1.0e4
    rows = []
    for metal in outcome.metals:
        own = float(np.nanmean(outcome.on_open_soil(metal, "deposition", year)))
        farming = sum(outcome.total(metal, process, year) for process in AGRICULTURE)
        losses = sum(outcome.losses(metal, year).values())
        summary = outcome.summary(scenario, metal)
        whole = pick(summary, landuse_class="all", measure="map_mean", correction="with")
        order = np.argsort(whole["year"])
        content = whole["mean_concentration_mg_kg"][order]
        start, end, _ = numbers.index_by_landuse(summary)["all"]
        _, mean = numbers.overload_shares(summary, "map_mean")
        _, chance = numbers.overload_shares(summary, "probability")
        rows.append(
            [
                symbol(metal),
                outcome.air(metal, year)["emission"],
                own,
                outcome.background_g_ha(metal, year),
                1.0e3 * farming / hectares,
                1.0e3 * losses / hectares,
                arrow(content[0], content[-1]),
                arrow(start, end),
                arrow(100 * mean[0], 100 * mean[-1]),
                arrow(100 * chance[0], 100 * chance[-1]),
            ]
        )
    head = (
        "metal",
        f"emission {year}, kg/yr",
        "deposition, own sources, g/ha/yr",
        "deposition, background, g/ha/yr",
        "farming inputs, g/ha/yr of land",
        "losses, g/ha/yr of land",
        "mean concentration, mg/kg",
        "mean capacity index",
        "overloaded by mean map, % of open soil",
        "overloaded by probability, % of open soil",
    )
    note = f"Arrows run from the start of the forecast to its end, scenario {scenario}, with the learned correction."
    return table("", head, rows, note=note)


def arrow(start: float, end: float) -> str:
    """A change as text."""
    return f"{significant(start)} → {significant(end)}"


def deposition(outcome: Outcome, bars: Bars) -> Block:
    """Inventory, background and total deposition apart; only the total is held to the bar."""
    first, last = outcome.years[0], outcome.years[-1]
    rows = []
    for metal in outcome.metals:
        for year in (first, last):
            air = outcome.air(metal, year)
            own = float(np.nanmean(outcome.on_open_soil(metal, "deposition", year)))
            regional = outcome.background_g_ha(metal, year)
            total = outcome.flux_summary(metal, year)["fluxes_g_ha"]["deposition"]
            emission = air["emission"]
            rows.append(
                [
                    symbol(metal),
                    str(year),
                    emission,
                    percent(1.0 - air["outside_air"] / emission) if emission > 0 else DASH,
                    own,
                    regional,
                    held(total, f"deposition/{metal}", bars),
                    bar_text(f"deposition/{metal}", bars),
                    *near_smelters(outcome, metal, year, bars),
                ]
            )
    head = (
        "metal",
        "year",
        "emission, kg/yr",
        "deposited on the map, % of emission",
        "own sources, g/ha/yr",
        "background, g/ha/yr",
        "total, g/ha/yr (5-95 %)",
        "bar of published totals",
        f"total within {NEAR_SMELTER_KM:g} km of smelters and steel works, 95 % of cells below",
        "bar there",
    )
    note = "Deposition on a hectare of open soil; on the map means on its land, sealed ground and sea. "
    note += "Bars are 5-95 % ranges of published maps; the own sources alone are not held to them, because a regional "
    note += "inventory is never all of the air's metal."
    return table("Deposition: own sources, background and total", head, rows, text=(0, 1), note=note)


def near_smelters(outcome: Outcome, metal: str, year: int, bars: Bars) -> list[Any]:
    """High end of deposition close to smelters and steel works that emit the metal, with its bar."""
    key = f"deposition_near_source/{metal}"
    emitted = outcome.emissions(metal)
    chosen = np.isin(emitted["sector"], NEAR_SMELTER_SECTORS) & (emitted["year"] == year) & (emitted["kg"] > 0)
    names = set(emitted["source_id"][chosen])
    here = np.array([name in names for name in outcome.sources["source_id"]], dtype=bool)
    if not here.any() or key not in bars["low"]:
        return [DASH, DASH]
    grid = outcome.grid
    places = [outcome.sources[axis][here].astype(float) for axis in ("x_m", "y_m")]
    near = numbers.distance_to_sources_km(grid.land_x, grid.land_y, *places) <= NEAR_SMELTER_KM
    falling = grid.compress(outcome.on_open_soil(metal, "deposition", year)) + outcome.background_g_ha(metal, year)
    falling = falling[near & np.isfinite(falling)]
    if falling.size == 0:
        return [DASH, DASH]
    found = float(np.quantile(falling, 0.95))
    inside = bars["low"][key] <= found <= bars["high"][key]
    return [cell(found, "pass" if inside else "warn"), bar_text(key, bars)]


def held(found: Mapping[str, float], key: str, bars: Bars) -> dict[str, str]:
    """A flux with its range, marked by how it stands to its bar."""
    if key not in bars["low"]:
        return cell(found["mean"], note=spread_text(found))
    state = plausibility.judge(found, bars["low"][key], bars["high"][key])
    return cell(found["mean"], state, spread_text(found))


def bar_text(key: str, bars: Bars) -> str:
    """A bar as text."""
    return f"{significant(bars['low'][key])} to {significant(bars['high'][key])}" if key in bars["low"] else DASH


def fluxes(outcome: Outcome, bars: Bars, year: int) -> Block:
    """Regional fluxes against the bars: a row each process, a column each metal."""
    records = {metal: outcome.flux_summary(metal, year)["fluxes_g_ha"] for metal in outcome.metals}
    names = ["deposition", *AGRICULTURE, *(name for name in PROCESSES_OUT), "weathering", "subsoil", "net"]
    rows = []
    for name in names:
        row: list[Any] = ["deposition with background" if name == "deposition" else name]
        for metal, found in records.items():
            if name not in found or not any(found[name][end] for end in ("mean", "low", "high")):
                row.append(DASH)
                continue
            made = held(found[name], f"{name}/{metal}", bars)
            bar = bar_text(f"{name}/{metal}", bars)
            made["note"] += f"\nbar {bar}" if bar != DASH else ""
            row.append(made)
        rows.append(row)
    note = (
        "Mean, and 5-95 % range of the map, per hectare of the land it happens on (farmed land for what farming does). "
    )
    note += "Green: mean and range inside the bar; amber: partly outside; red: outside by a factor of ten. "
    note += "Every year's losses are taken at the first map's content, so years differ by their processes alone; the "
    note += "ledger follows the soil's own answer."
    return table(f"Fluxes in {year}, g/ha/yr", ["flux", *map(symbol, outcome.metals)], rows, note=note)


def weathering(outcome: Outcome, year: int) -> Block:
    """The geogenic input that the closure needs, against what rock can supply."""
    rows = []
    for metal in outcome.metals:
        record = outcome.flux_summary(metal, year)
        ratio, most = (float(record[f"weathering_{name}"]) for name in ("over_field_rate", "warning_ratio"))
        mean = record["fluxes_g_ha"].get("weathering", {"mean": 0.0})["mean"]
        rows.append([symbol(metal), mean, cell(ratio, "pass" if ratio <= most else "warn")])
    note = (
        "The weathering closure adds what keeps each cell's background in balance. Where it is many times the rate at "
        "which rock weathers, the sorption relation lets too much leave, and the forecast of that metal rests on the "
        "closure: read its overload beside the rows without it in the sensitivity table. 0: no closure for this metal."
    )
    head = ("metal", "closure, g/ha/yr", "times the field weathering rate")
    return table(f"Weathering closure in {year}", head, rows, text=(0,), note=note)


def pathways(outcome: Outcome) -> Block:
    """Losses of soil metal in the first and the last modelled year, in the order of size."""
    rows = []
    for metal in outcome.metals:
        for year in (outcome.years[0], outcome.years[-1]):
            losses = outcome.losses(metal, year)
            total = sum(losses.values())
            shares = [percent(losses[name] / total, 2) if total > 0 else DASH for name in PROCESSES_OUT]
            rows.append([symbol(metal), str(year), total, *shares, outcome.total(metal, "wash_off", year)])
    head = ("metal", "year", "losses, kg/yr", *(f"{name}, %" for name in PROCESSES_OUT), "wash-off, kg/yr")
    note = "Wash-off from sealed ground never entered the soil: it is not one of its losses."
    return table("Losses of soil metal", head, rows, text=(0, 1), note=note, folded=True)


def monitors(outcome: Outcome) -> tuple[Block, Block]:
    """Modelled against monitored deposition: the stations kept for validation in short, and every station."""
    short, full = [], []
    factor = 1.0 / MG_M2_PER_G_HA
    for metal in outcome.metals:
        any_year = outcome.monitors(metal, outcome.years[-1])
        wanted = [numbers.monitor_year(outcome, year) for year in any_year["monitor_year"]]
        measured, modelled = [], []
        for row, year in enumerate(wanted):
            at = outcome.monitors(metal, year)
            without_soil, own = factor * at["monitored_without_soil"][row], factor * at["plume"][row]
            total = factor * at["modelled"][row]
            full.append(
                [
                    symbol(metal),
                    str(at["station_id"][row]),
                    str(at["role"][row]),
                    str(int(at["monitor_year"][row])),
                    str(year),
                    factor * at["monitored"][row],
                    without_soil,
                    own,
                    factor * at["background"][row],
                    total,
                    total / without_soil if without_soil > 0 else float("nan"),
                ]
            )
            if at["role"][row] == "validation" and without_soil > 0:
                measured.append(without_soil)
                modelled.append(total)
        short.append([symbol(metal), str(len(measured)), *comparison(np.array(measured), np.array(modelled))])
    head = ("metal", "stations", "monitored, g/ha/yr", "modelled, g/ha/yr", "ratio of means", "within a factor of 2, %")
    first = table(
        "Modelled against monitored deposition at the stations kept for validation",
        (*head, "lowest to highest ratio"),
        short,
        text=(0, 1),
        note="Monitored bulk deposition without its share of resuspended local soil, in the modelled year nearest "
        "to the measurement. Stations with the role background set the background itself and are left out here.",
    )
    names = ("metal", "station", "role", "measured", "modelled year", "monitored, g/ha/yr", "without soil")
    second = table(
        "Every station",
        (*names, "own sources", "background", "modelled", "ratio"),
        full,
        text=(0, 1, 2, 3, 4),
        folded=True,
    )
    return first, second


def comparison(measured: np.ndarray, modelled: np.ndarray) -> list[Any]:
    """Means, ratio, share within a factor of two and the range of ratios."""
    if measured.size == 0:
        return [DASH] * 5
    ratio = modelled / measured
    return [
        measured.mean(),
        modelled.mean(),
        modelled.mean() / measured.mean(),
        percent(float(np.mean((ratio >= 0.5) & (ratio <= 2.0)))),
        f"{significant(ratio.min(), 2)} to {significant(ratio.max(), 2)}",
    ]


def map_validation(outcome: Outcome) -> Block | None:
    """Maps against samples held out in spatial folds; None without a survey."""
    rows = []
    for metal in outcome.metals:
        scores = outcome.map_validation(metal)
        for row in np.flatnonzero(scores["fold"] == "total"):
            found = {name: float(scores[name][row]) for name in scores if name not in ("fold", "survey")}
            rows.append(
                [
                    symbol(metal),
                    str(int(scores["survey"][row])),
                    f"{found['points']:.0f}",
                    f"{found['censored']:.0f}",
                    found["r2_log"],
                    found["rmse_log"],
                    signed(found["bias_log"]),
                    found["rmse_mg_kg"],
                    signed(found["bias_mg_kg"]),
                    percent(found["coverage_90"]),
                ]
            )
    if not rows:
        return None
    head = ("metal", "survey", "samples", "below detection limit", "R² (log)", "RMSE (log)", "bias (log)")
    return table(
        "Concentration maps at samples they have not seen",
        (*head, "RMSE, mg/kg", "bias, mg/kg", "in the 90 % interval, %"),
        rows,
        text=(0, 1),
        note="Samples are held out in whole squares, and the trend, the variogram and the censored values are fitted "
        "without them. An honest interval holds 90 %.",
    )


def calibration(outcome: Outcome) -> Block:
    """The calibrator's evidence and, where it stands aside, why."""
    rows = []
    for metal in outcome.metals:
        record = outcome.calibration(metal)
        scores = record.get("out_of_fold", {})
        before, after = (scores.get(name, {}).get("r2") for name in ("process_model", "learned_without_shrinkage"))
        skill = record.get("skill_over_process_model", {})
        interval = f"{significant(skill['low'], 2)} to {significant(skill['high'], 2)}" if skill else ""
        rows.append(
            [
                symbol(metal),
                record["target"].replace("_", " "),
                str(record.get("blocks", DASH)),
                before,
                after,
                record.get("noise_ceiling_r2"),
                cell(skill.get("value"), note=interval),
                record["shrinkage"],
                record["correction"]["mean"] / MG_M2_PER_G_HA,
                cell(
                    "stands aside" if record["stands_aside"] else "applied",
                    "other" if record["stands_aside"] else "yes",
                ),
                record["reason"],
            ]
        )
    head = ("metal", "target", "blocks", "R², process model", "R², with what was learned", "noise ceiling of R²")
    return table(
        "The calibrator, judged on blocks it has not seen",
        (*head, "skill over the process model", "weight given", "mean correction, g/ha/yr", "verdict", "why"),
        rows,
        text=(0, 1, 9, 10),
        note="Skill is one minus the ratio of squared errors, with its interval over resampled squares of land. No "
        "correction is applied unless the interval lies above zero.",
    )


def published_totals(outcome: Outcome, checks: Sequence[Mapping[str, np.ndarray]]) -> Block:
    """Emission per hectare of land against published totals of the province."""
    rows = []
    for metal, found in zip(outcome.metals, checks, strict=True):
        for row in range(found["year"].size):
            if int(found["year"][row]) in (outcome.years[0], outcome.years[-1]):
                rows.append(
                    [
                        symbol(metal),
                        str(int(found["year"][row])),
                        found["kg"][row],
                        found["intensity_g_ha"][row],
                        found["published_g_ha"][row],
                        found["ratio"][row],
                        str(found["status"][row]).replace("_", " "),
                    ]
                )
    head = ("metal", "year", "emission, kg/yr", "g/ha/yr of land", "published, g/ha/yr", "ratio", "verdict")
    return table("Emission against published totals", head, rows, text=(0, 1, 6), folded=True)
