"""Roll one metal forward under one scenario: concentrations, ledger, and where and when capacity ends."""

from typing import TYPE_CHECKING

import numpy as np
from metalbudget import capacity, io, ledger
from metalbudget.forecast import tables as rows
from metalbudget.forecast.reading import Case
from metalbudget.forecast.scenario import Memory
from metalbudget.forecast.zones import BANDS, CLASS_BANDS, landuse_legend, state_of, zone_maps
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(*, files, series, outputs, metal, scenario_name, scenario, study, chemistry, tables, rules, claims):
    """Run with and without the correction, judge both against the limits, and write all of it."""
    case = Case(files, series, scenario, metal, study, chemistry, tables)
    names = {"metal": metal, "scenario": scenario_name}
    regime = (rules["value"], rules["ecological"])
    limit_at = Memory(lambda year: case.receptors_at(year, *regime).dominant_limit)
    runs = {"without": case.run(case.options, study["snapshots_yr"], limit_at=limit_at)}
    runs["with"] = runs["without"]
    if np.any(case.correction):
        runs["with"] = case.run(case.options, study["snapshots_yr"], corrected=True, limit_at=limit_at)
    for name, run in runs.items():
        logger.info(
            "%s %s, %s correction: largest residual %.2g of the gross flux; clamped cell-years: %s",
            metal,
            scenario_name,
            name,
            run.closure,
            run.clamped,
        )

    write_cube(outputs["cube"], case, runs, names)
    write_ledger(outputs["ledger"], case, runs, **names)
    write_zones(outputs, case, runs["with"], regime, names)
    years = {
        f"{name}_correction": case.grid.expand(run.overload_year.astype(np.int16), fill=-1)
        for name, run in sorted(runs.items())
    }
    io.write_bands(outputs["overload_year"], years, "calendar_year", case.grid, never=capacity.NEVER, **names)
    summary = rows.summary(case, runs, regime)
    io.write_table(outputs["summary"], rows.columns(summary, **names))
    io.write_table(outputs["change"], rows.columns(rows.change(case, runs, regime), **names))
    depths_m = claims["mixing_depths_m"] if scenario_name == claims["scenario"] else ()
    varied = rows.sensitivity(case, runs["without"], regime, depths_m)
    io.write_table(outputs["sensitivity"], rows.columns(varied, **names))
    for row in summary:
        if row["landuse_class"] == "all" and row["year"] in (case.start, case.start + case.years):
            logger.info(
                "%d, %s, %s correction: %.2f %% of open soil overloaded, capacity index %.3f",
                *(row[name] for name in ("year", "measure", "correction")),
                100.0 * row["overload_share"],
                row["mean_capacity_index"],
            )


def write_cube(path, case, runs, names):
    """Concentration at the snapshots, down to the legal depth, and the error the starting map leaves in it."""
    states = [state_of(snapshot, case.initial, case.log_error, case.anchor) for snapshot in runs["with"].snapshots]
    variables = {
        "concentration": ([state.mean for state in states], "concentration"),
        "concentration_without_correction": (
            [snapshot.legal for snapshot in runs["without"].snapshots],
            "concentration",
        ),
        "log_standard_error": ([state.log_standard_error for state in states], "log_standard_error"),
    }
    years = np.array([snapshot.year for snapshot in runs["with"].snapshots], dtype=np.int32)
    io.write_netcdf(
        path,
        {
            name: (("year", "y", "x"), case.grid.expand(np.stack(values)), kind)
            for name, (values, kind) in variables.items()
        },
        {"year": years},
        case.grid,
        **names,
    )


def write_ledger(path, case, runs, metal, scenario):
    """Ledger rows of every year; a run without the correction stands under its own name."""
    labels = {"with": scenario}
    if runs["with"] is not runs["without"]:
        labels["without"] = f"{scenario}_without_correction"
    entries = []
    for name, label in labels.items():
        for year, sums in runs[name].ledger.items():
            air, delivered = case.air_at(year), case.study["sediment_delivery_ratio"]
            entries += ledger.rows(metal, label, year, sums, air, delivered)
    io.write_table(path, ledger.columns(entries))


def write_zones(outputs, case, run, regime, names):
    """Maps by the limit of each cell's dominant class, at the start and at the end."""
    expand = case.grid.expand
    tags = names | {"limits": ", ".join(regime)}
    maps, codes = zone_maps(case, run, regime)
    for name, (bands, bounded) in maps.items():
        if bounded:
            logger.info("%s: the capacity index of %d cells is shown at its bound", name, bounded)
        continuous = {band: expand(values) for band, values in bands.items()}
        io.write_bands(outputs[name], continuous, BANDS, case.grid, **tags)
    classes = {band: expand(codes[band], fill=255) for band in CLASS_BANDS}
    io.write_bands(outputs["zones"], classes, "class", case.grid, landuse=landuse_legend(), **tags)


FILES = (
    "mask",
    "soil",
    "rain_factor",
    "zones",
    "agriculture",
    "irrigation_water",
    "districts",
    "district",
    "emissions",
    "air",
    "concentration",
    "background",
    "correction",
)
SERIES = ("operators", "column_responses", "runoff_responses", "rkls", "landuse", "scenario_landuse")


def listed(inputs, name):
    """A named input as a list: Snakemake may give a single file as text."""
    value = inputs.get(name, [])
    return [value] if isinstance(value, str) else list(value)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            files={name: snakemake.input[name] for name in FILES},
            series={name: listed(snakemake.input, name) for name in SERIES},
            outputs=dict(snakemake.output.items()),
            metal=snakemake.wildcards.metal,
            scenario_name=snakemake.wildcards.scenario,
            scenario=snakemake.params.scenario,
            study=snakemake.params.study | snakemake.params.budget,
            chemistry=snakemake.params.chemistry,
            tables=snakemake.params.tables | snakemake.params.common,
            rules=snakemake.params.rules,
            claims=snakemake.params.claims,
        )
