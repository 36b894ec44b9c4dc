"""Gather the ledger of history and scenarios, and check what came out; stop the study if the ledger does not close."""

from typing import TYPE_CHECKING

import numpy as np
from metalbudget import io, ledger, plausibility
from metalbudget.ledger import LedgerError
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

AIR_SPENT = ("deposition", "background", "wash_off", "street_dust", "sea", "outside_air")
TEXT = ("metal", "scenario", "term")


def main(*, ledgers, summaries, air, outputs, tolerance, bars):
    tables = [io.read_table(path, text=TEXT) for path in ledgers]
    gathered = {name: np.concatenate([table[name] for table in tables]) for name in ledger.COLUMNS}
    gathered["year"] = gathered["year"].astype(int)
    checks = [
        closure_check(gathered, tolerance),
        stock_check(gathered),
        magnitude_check(gathered),
        *air_checks([io.read_json(path) | {"file": str(path)} for path in air], tolerance),
    ]
    records = [io.read_json(path) for path in summaries]
    checks.append(solved_check(records))
    for record in records:
        checks += flux_checks(record, bars)
        checks.append(cell_closure_check(record, tolerance))
    io.write_table(outputs["ledger"], gathered)
    io.write_json(outputs["checks"], {"checks": checks, "counts": counts(checks)})
    for check in checks:
        if check["state"] != "pass":
            logger.warning("%s: %s (%s)", check["state"], check["name"], check["found"])
    broken = next((check for check in checks if check["state"] == "fail" and check["stops"]), None)
    if broken is not None:
        raise LedgerError(*broken["place"], broken["found"], 1.0, tolerance)


def check(name, state, found, expected, *, stops=False, place=None):
    """One line of checks.json."""
    return {"name": name, "state": state, "found": found, "expected": expected, "stops": stops, "place": place}


def counts(checks):
    """How many checks ended in each state."""
    return {state: sum(one["state"] == state for one in checks) for state in plausibility.STATES}


def closure_check(table, tolerance):
    """Every metal, year and scenario: stock change against the sum of terms."""
    worst, place = 0.0, None
    for key, sums in by_year(table).items():
        residual = ledger.imbalance(sums)
        if place is None or residual > worst:
            worst, place = residual, [key[0], key[2], -1]
    state = "pass" if worst <= tolerance else "fail"
    return check("the ledger closes in every year", state, worst, f"at most {tolerance:g}", stops=True, place=place)


def by_year(table):
    """Terms of each metal, scenario and year."""
    result = {}
    rows = zip(table["metal"], table["scenario"], table["year"], table["term"], table["kg"], strict=True)
    for metal, scenario, year, term, kg in rows:
        result.setdefault((str(metal), str(scenario), int(year)), {})[str(term)] = float(kg)
    return result


def stock_check(table):
    """Stocks are positive."""
    stocks = table["kg"][table["term"] == "stock"]
    lowest = float(stocks.min()) if stocks.size else 0.0
    return check("stocks are positive", "pass" if lowest >= 0.0 else "fail", lowest, "at least 0 kg")


def magnitude_check(table):
    """Fluxes are magnitudes; nothing had to be clipped."""
    unsigned = ~np.isin(table["term"].astype(str), [*ledger.SIGNED, "stock_change"])
    lowest = float(table["kg"][unsigned].min(initial=0.0))
    clipped = float(np.abs(table["kg"][table["term"] == "clipping"]).max(initial=0.0))
    state = "fail" if lowest < 0.0 else "warn" if clipped > 0.0 else "pass"
    return check("fluxes are at least zero and nothing is clipped", state, min(lowest, -clipped), "0 kg")


def air_checks(records, tolerance):
    """What is emitted, and the background, is what falls or leaves."""
    result = []
    for record in records:
        gained = record["emission"] + record["background_total"]
        residual = abs(gained - sum(record[name] for name in AIR_SPENT))
        relative = residual / gained if gained > 0.0 else residual
        # Operators are float32 files: their own rounding is the bound, not the budget's.
        bound = max(tolerance, 1.0e-6)
        state = "pass" if relative <= bound else "fail"
        result.append(check(f"the air balance closes: {record['file']}", state, relative, f"at most {bound:g}"))
    return result


def solved_check(records):
    """Every land cell has a water balance, or was left out on demand (`leaching.mask_unsolved`)."""
    left_out = max((record.get("unsolved_cells", 0) for record in records), default=0)
    return check(
        "every land cell has a soil column with a solution", "warn" if left_out else "pass", left_out, "0 cells"
    )


def flux_checks(record, bars):
    """Regional fluxes against the bars of published ones, and their sign."""
    metal, result = record["metal"], []
    for process, found in sorted(record["fluxes_g_ha"].items()):
        signed = process in ("net",)
        name = f"{process} of {metal} in {record['year']}"
        if not signed and found["minimum"] < 0.0:
            result.append(check(f"{name} is at least zero", "fail", found["minimum"], "at least 0 g/ha/yr"))
        key = f"{process}/{metal}"
        if key in bars["low"]:
            low, high = bars["low"][key], bars["high"][key]
            result.append(check(f"{name} is plausible", plausibility.judge(found, low, high), found, [low, high]))
    return result


def cell_closure_check(record, tolerance):
    """The historical year closes in every cell."""
    name = f"the year {record['year']} of {record['metal']} closes in every cell"
    state = "pass" if record["closure"] <= tolerance else "fail"
    place = [record["metal"], record["year"], -1]
    return check(name, state, record["closure"], f"at most {tolerance:g}", stops=True, place=place)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            ledgers=[*snakemake.input.history, *snakemake.input.forecasts],
            summaries=list(snakemake.input.summaries),
            air=list(snakemake.input.air),
            outputs={"ledger": snakemake.output.ledger, "checks": snakemake.output.checks},
            tolerance=snakemake.params.tolerance,
            bars=snakemake.params.bars,
        )
