"""The history of one metal, from flux maps to yearly concentration and ledger; this edge reads and writes."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from metalbudget import io, ledger
from metalbudget.budget import history
from metalbudget.budget.chemistry import chemistry_of
from metalbudget.budget.reading import build_setting, land_values, mean_raster, read_farming, read_ground
from metalbudget.budget.simulate import Options, simulate
from metalbudget.quantities import HUMAN_INPUTS
from metalbudget.runlog import logger

Paths = Mapping[int, str]


def roll_history(
    *,
    files: Mapping[str, str],
    fluxes: Mapping[str, Paths],
    air: Paths,
    landuse: Paths,
    responses: Paths,
    rkls: Paths,
    outputs: Mapping[str, str],
    metal: str,
    period: Mapping[str, Any],
    weather_of_year: Mapping[int, list[int]],
    layer: Mapping[str, Any],
    budget: Mapping[str, Any],
    chemistry: Mapping[str, Any],
    tables: Mapping[str, Any],
) -> None:
    """Roll one metal from the first survey to the last and write its maps and its ledger.

    Parameters
    ----------
    files : mapping of str to path
        Ground, farming, first concentration map and background (`reading.FILES`).
    fluxes : mapping of process to {year: path}
        The human inputs of the modelled years.
    air, landuse, responses, rkls : mapping of year to path
        Air budgets of modelled years, dated land use, water and erosion responses of weather years.
    outputs : mapping
        ``cube`` and ``ledger``.
    metal : str
    period : mapping
        ``surveys`` and ``years``.
    weather_of_year : mapping of modelled year to weather years
    layer, budget, chemistry, tables : mapping
        Depths, switches, the metal's choices and its coefficients.
    """
    ground = read_ground(files["mask"], files["soil"], files["zones"], files["rain_factor"])
    grid = ground.grid
    farming = read_farming(files["agriculture"], files["districts"], files["district"], grid)
    start, end = history.period(period["surveys"], period["years"])
    years = history.needed_years(period["years"], start, end)
    settings = {**layer, **budget, "rusle_cp": tables["rusle_cp"]}
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
        {year: {name: land_values(fluxes[name][year], grid) for name in HUMAN_INPUTS} for year in years},
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
        options=Options.of(budget),
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
