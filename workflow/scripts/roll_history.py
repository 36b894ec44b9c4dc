"""Roll one metal from the first survey to the last: yearly concentration maps and the ledger of history."""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from metalbudget import io, ledger
from metalbudget.budget import history
from metalbudget.budget.chemistry import chemistry_of
from metalbudget.budget.reading import build_setting, land_values, mean_raster, read_farming, read_ground
from metalbudget.budget.simulate import Options, simulate
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

GIVEN = ("deposition", "background", "fertiliser", "manure", "irrigation", "pesticide")


def main(
    *,
    files,
    fluxes,
    air,
    landuse,
    responses,
    rkls,
    outputs,
    metal,
    period,
    weather_of_year,
    layer,
    budget,
    chemistry,
    tables,
):
    ground = read_ground(files["mask"], files["soil"], files["zones"], files["rain_factor"])
    grid = ground.grid
    farming = read_farming(files["agriculture"], files["districts"], files["district"], grid)
    start, end = history.period(period["surveys"], period["years"])
    years = history.needed_years(period["years"], start, end)
    settings = layer | budget | {"rusle_cp": tables["rusle_cp"]}
    landuse_at = cache(lambda year: io.read_landuse(landuse, year, grid))
    responses_of = cache(lambda weather: io.mean_responses([responses[year] for year in weather]))
    rkls_of = cache(lambda weather: mean_raster([rkls[year] for year in weather], grid))

    def build(landuse_year, modelled_year):
        land = landuse_at(landuse_year)
        weather = tuple(weather_of_year[modelled_year])
        cropping = farming.cropping(modelled_year, land)
        return build_setting(ground, land, responses_of(weather), rkls_of(weather), cropping, settings)

    nodes = {*years, *(date for date in landuse if years[0] < date < years[-1])}
    setting_at = history.setting_series(nodes, years, build)
    series = history.InputSeries(
        {year: {name: land_values(fluxes[name][year], grid) for name in GIVEN} for year in years},
        {year: landuse_at(year).open_share for year in years},
    )
    air_of = {year: {name: io.read_json(air[year])[name] for name in ledger.AIR} for year in years}
    initial = land_values(files["concentration"], grid, "mean_mg_kg")
    setting_of = cache(setting_at)
    steps = simulate(
        initial,
        range(start, end),
        setting_of,
        lambda year: series.at(year, setting_of(year).open_share),
        lambda _: ground.soil,
        chemistry=chemistry_of(chemistry, tables),
        background=land_values(files["background"], grid, "mean_mg_kg"),
        options=Options(
            weathering_closure=budget["weathering_closure"],
            erosion_mode=budget["erosion_mode"],
            closure_tolerance=budget["closure_tolerance"],
        ),
        cell_area_m2=grid.cell_area_m2,
    )
    concentration = np.full((end - start + 1, grid.height, grid.width), np.nan, dtype=np.float32)
    concentration[0] = grid.expand(initial)
    rows, closure = [], 0.0
    for number, step in enumerate(steps, 1):
        concentration[number] = grid.expand(step.legal_end)
        closure = max(closure, step.closure)
        known = history.between_years(air_of, step.year)
        rows += ledger.rows(metal, "history", step.year, step.ledger, known, budget["sediment_delivery_ratio"])
    io.write_netcdf(
        outputs["cube"],
        {"concentration": (("year", "y", "x"), concentration, "concentration")},
        {"year": np.arange(start, end + 1)},
        grid,
        metal=metal,
        closure=closure,
    )
    io.write_table(outputs["ledger"], ledger.columns(rows))
    change = np.nanmean(concentration[-1]) - np.nanmean(concentration[0])
    logger.info("%s %d-%d: mean change %.4g mg/kg, residual %.2g of the gross flux", metal, start, end, change, closure)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            files={
                name: snakemake.input[name]
                for name in (
                    "mask",
                    "soil",
                    "zones",
                    "rain_factor",
                    "agriculture",
                    "districts",
                    "district",
                    "concentration",
                    "background",
                )
            },
            fluxes={
                name: dict(zip(snakemake.params.period["years"], snakemake.input[f"{name}_flux"], strict=True))
                for name in GIVEN
            },
            air=dict(zip(snakemake.params.period["years"], snakemake.input.air, strict=True)),
            landuse=dict(zip(snakemake.params.landuse_dates, snakemake.input.landuse, strict=True)),
            responses=dict(zip(snakemake.params.weather_years, snakemake.input.responses, strict=True)),
            rkls=dict(zip(snakemake.params.weather_years, snakemake.input.rkls, strict=True)),
            outputs={"cube": snakemake.output.cube, "ledger": snakemake.output.ledger},
            metal=snakemake.wildcards.metal,
            period=snakemake.params.period,
            weather_of_year={int(year): years for year, years in snakemake.params.weather_of_year.items()},
            layer=snakemake.params.layer,
            budget=snakemake.params.budget,
            chemistry=snakemake.params.chemistry,
            tables=snakemake.params.tables | snakemake.params.common,
        )
