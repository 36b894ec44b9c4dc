"""Write the losses, the geogenic inputs and the net flux of one metal and year, at the first survey's concentration."""

from typing import TYPE_CHECKING

import numpy as np
from metalbudget import io, plausibility
from metalbudget.budget.chemistry import chemistry_of
from metalbudget.budget.reading import FILES, build_setting, land_values, mean_raster, read_farming, read_ground
from metalbudget.budget.simulate import Options, simulate
from metalbudget.quantities import (
    GEOGENIC_INPUTS,
    HUMAN_INPUTS,
    KG_M2_PER_T_HA,
    MG_M2_PER_G_HA,
    PROCESSES_IN,
    PROCESSES_OUT,
)
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

COMPUTED = (*GEOGENIC_INPUTS, *PROCESSES_OUT)


def main(*, files, fluxes, landuse, responses, rkls, outputs, metal, year, layer, budget, chemistry, tables):
    ground = read_ground(files["mask"], files["soil"], files["zones"], files["rain_factor"])
    grid = ground.grid
    farming = read_farming(files["agriculture"], files["districts"], files["district"], grid)
    land = io.read_landuse(landuse, year, grid)
    setting = build_setting(
        ground,
        land,
        io.mean_responses(responses),
        mean_raster(rkls, grid),
        farming.cropping(year, land),
        layer | budget | {"rusle_cp": tables["rusle_cp"]},
    )
    initial = land_values(files["concentration"], grid, "mean_mg_kg")
    background = land_values(files["background"], grid, "mean_mg_kg")
    inputs = {process: land_values(fluxes[process], grid) for process in HUMAN_INPUTS}
    step = next(
        simulate(
            initial,
            [year],
            lambda _: setting,
            lambda _: inputs,
            lambda _: ground.soil,
            chemistry=chemistry_of(chemistry, tables),
            background=background,
            options=Options.of(budget),
            cell_area_m2=grid.cell_area_m2,
        )
    )
    zeros = np.zeros(grid.n)
    terms = {name: step.inputs.get(name, zeros) for name in PROCESSES_IN}
    terms |= {name: step.losses[name] for name in PROCESSES_OUT}
    net = sum(terms[name] for name in PROCESSES_IN) - sum(terms[name] for name in PROCESSES_OUT)
    for process in COMPUTED:
        io.write_raster(outputs[process], grid.expand(terms[process]), process, grid, metal=metal, year=year)
    rates = {name: grid.expand(step.rates[name]) for name in PROCESSES_OUT}
    io.write_bands(outputs["rates"], rates, "rate", grid, metal=metal, year=year)
    io.write_raster(outputs["net"], grid.expand(net), "net", grid, metal=metal, year=year)

    shown = terms | {"deposition": terms["deposition"] + terms["background"], "net": net}
    summary = {
        name: plausibility.spread(values, plausibility.reference_share(name, land.shares))._asdict()
        | {"minimum": float(values.min() / MG_M2_PER_G_HA)}
        for name, values in shown.items()
        if name != "background"
    }
    rock = tables["budget"]["weathered_rock"] * KG_M2_PER_T_HA
    field = float((rock * background * setting.open_share).sum())
    ratio = float(terms["weathering"].sum()) / field if field > 0.0 else 0.0
    record = {
        "metal": metal,
        "year": year,
        "closure": step.closure,
        "clamped": step.clamped,
        "unsolved_cells": ground.unsolved,
        "fluxes_g_ha": summary,
        "weathering_over_field_rate": ratio,
        "weathering_warning_ratio": tables["budget"]["weathering_warning_ratio"],
    }
    io.write_json(outputs["summary"], record)
    for name, values in summary.items():
        logger.info("%s %s %d: mean %.4g, 5-95 %% %.4g..%.4g g/ha/yr", name, metal, year, *list(values.values())[:3])
    logger.info("clamped cells: %s of %d; largest residual %.2g of the gross flux", step.clamped, grid.n, step.closure)
    if ground.unsolved:
        logger.warning("%d land cells have no water balance and are left out of all fluxes", ground.unsolved)
    if ratio > tables["budget"]["weathering_warning_ratio"]:
        logger.warning(
            "the weathering closure of %s is %.1f times the field weathering rate: the sorption coefficient is too low",
            metal,
            ratio,
        )


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            files={name: snakemake.input[name] for name in FILES},
            fluxes={name: snakemake.input[f"{name}_flux"] for name in HUMAN_INPUTS},
            landuse=dict(zip(snakemake.params.landuse_dates, snakemake.input.landuse, strict=True)),
            responses=list(snakemake.input.responses),
            rkls=list(snakemake.input.rkls),
            outputs={name: snakemake.output[name] for name in (*COMPUTED, "rates", "net", "summary")},
            metal=snakemake.wildcards.metal,
            year=int(snakemake.wildcards.year),
            layer=snakemake.params.layer,
            budget=snakemake.params.budget,
            chemistry=snakemake.params.chemistry,
            tables=snakemake.params.tables | snakemake.params.common,
        )
