"""Judge the paper's findings by what this study computed: one row a finding, metal and measure."""

import logging
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from metalbudget import airborne, claims, io
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.outcome import numbers
from metalbudget.outcome.files import AGRICULTURE, Outcome, only, pick
from metalbudget.plausibility import FARMED
from metalbudget.runlog import logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

logger = logging.getLogger("metalbudget.write_claims")

M2_PER_HA = 1.0e4
MEASURES = {"map_mean": "mean map", "probability": "sum of probabilities"}
CORRECTIONS = ("with", "without")


def main(*, table, study, root="."):
    """Gather the numbers behind each finding and write the table."""
    outcome = Outcome(study, root)
    rows = []
    for metal in outcome.metals:
        rows += claims.deposition_trend(metal, outcome.years, *deposition(outcome, metal))
    farmed = [farmed_ha(outcome, year) for year in outcome.years]
    for metal in outcome.metals:
        rows += claims.agricultural_trend(metal, outcome.years, outcome.series(metal, *AGRICULTURE), farmed)
    rows += near_sources(outcome)
    last = outcome.years[-1]
    rows += [claims.output_ranking(metal, outcome.losses(metal, last)) for metal in outcome.metals]
    sealed = [float(outcome.landuse(year).sealed.mean()) for year in outcome.years]
    for metal in outcome.metals:
        series = outcome.series(metal, "runoff"), outcome.series(metal, "wash_off")
        rows += claims.runoff_trend(metal, outcome.years, *series, sealed)
    rows += forecast_rows(outcome, study["claims"]["scenario"])
    io.write_table(table, {name: [row[name] for row in rows] for name in claims.COLUMNS})
    verdicts = [row["holds"] for row in rows]
    logger.info("%s", {verdict: verdicts.count(verdict) for verdict in ("yes", "no", "not judged")})


def deposition(outcome, metal):
    """Mean deposition on soil by year: own sources, and with the background. [g ha-1 yr-1]"""
    own = [float(np.nanmean(outcome.on_open_soil(metal, "deposition", year))) for year in outcome.years]
    total = [value + outcome.background_g_ha(metal, year) for value, year in zip(own, outcome.years, strict=True)]
    return own, total


def farmed_ha(outcome, year):
    """Farmed open soil. [ha]"""
    shares = outcome.landuse(year).shares[[SOIL_CLASSES.index(name) for name in FARMED]]
    return float(shares.sum()) * outcome.grid.cell_area_m2 / M2_PER_HA


def near_sources(outcome):
    """Where the highest deposition of the last modelled year lies."""
    year, grid = outcome.years[-1], outcome.grid
    near_km = outcome.study["claims"]["near_source_km"]
    operator = airborne.operator_from(outcome.operator_files(outcome.study["weather_of_last_year"]))
    amounts = {metal: airborne.emission_matrix(outcome.emissions(metal), year, operator) for metal in outcome.metals}
    mass = numbers.mass_by_distance(operator, amounts, grid.x, grid.y, grid.cell_area_m2, places(outcome.sources))
    rows = []
    for metal in outcome.metals:
        falling = grid.compress(outcome.on_open_soil(metal, "deposition", year))
        known = np.isfinite(falling)
        source_x, source_y = outcome.point_sources(metal, year)
        distance = numbers.distance_to_sources_km(grid.land_x[known], grid.land_y[known], source_x, source_y)
        land_km2 = grid.n * grid.cell_area_m2 / 1.0e6
        held = mass.holding_km(metal)
        rows += claims.near_sources(metal, falling[known], distance, near_km, source_x.size, land_km2, held)
    return rows


def places(sources):
    """Easting and northing of each point source. [m]"""
    return {
        str(name): (float(x), float(y))
        for name, x, y in zip(sources["source_id"], sources["x_m"], sources["y_m"], strict=True)
    }


def forecast_rows(outcome, scenario):
    """Capacity, overload and risk by the end of the forecast."""
    rows = []
    for metal, correction in product(outcome.metals, CORRECTIONS):
        start, end, _ = numbers.index_by_landuse(outcome.summary(scenario, metal), correction)["all"]
        rows.append(claims.capacity_decline(metal, correction, start, end))
    for metal in outcome.metals:
        rows += overload_rows(outcome, scenario, metal)
    for measure, name in MEASURES.items():
        shares = {
            metal: numbers.overload_shares(outcome.summary(scenario, metal), measure, landuse_class="forest")[1][-1]
            for metal in outcome.metals
        }
        rows.append(claims.forest_risk(name, {metal: share for metal, share in shares.items() if np.isfinite(share)}))
    for metal in outcome.metals:
        indices = numbers.index_by_landuse(outcome.summary(scenario, metal))
        change = {name: end - start for name, (start, end, _) in indices.items() if name != "all"}
        rows.append(claims.capacity_by_landuse(metal, change))
    return rows


def overload_rows(outcome, scenario, metal):
    """Overload of one metal, by both measures, with and without the correction, and its range."""
    rows = []
    change = outcome.change(scenario, metal)
    for measure, correction in product(MEASURES, CORRECTIONS):
        _, shares = numbers.overload_shares(outcome.summary(scenario, metal), measure, correction)
        rows += claims.overload_expansion(metal, f"{MEASURES[measure]}, {correction} correction", shares[0], shares[-1])
        if correction == "with":
            where = {"measure": measure, "correction": correction, "landuse_class": "all"}
            parts = [only(change, f"by_{cause}_points", **where) for cause in ("concentration", "limit")]
            rows += claims.overload_split(metal, MEASURES[measure], *parts)
    variants = pick(outcome.sensitivity(scenario, metal), assumptions="varied", landuse_class="all")
    for measure, name in MEASURES.items():
        rows.append(claims.overload_range(metal, name, pick(variants, measure=measure)["change_points"].tolist()))
    return rows


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(table=snakemake.output.table, study=snakemake.params.study)
