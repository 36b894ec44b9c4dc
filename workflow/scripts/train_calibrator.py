"""Learn what the process model misses in one metal's net flux, and add it to the net-flux maps."""

import logging
from typing import TYPE_CHECKING

import numpy as np
from metalbudget import calibrator, io
from metalbudget.landuse import BUILT, SOIL_CLASSES
from metalbudget.runlog import logging_to
from threadpoolctl import threadpool_limits

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

logger = logging.getLogger("metalbudget")

INPUTS = ("deposition", "background", "fertiliser", "manure", "irrigation", "pesticide")
RASTERS = ("mask", "elevation", "soil", "parent_material", "population", "rain_factor", "zones", "background")
BLOCK_COLUMNS = (
    "block_id",
    "x_m",
    "y_m",
    "points",
    "observed",
    "process",
    "predicted",
    "fold",
    "weight",
    "noise",
)
DEPTH_NOTE = "per square metre of open soil, of the legal depth"


# One thread of linear algebra: sums keep their order, so maps do not depend on the cores of a machine.
@threadpool_limits.wrap(limits=1, user_api="blas")
def main(
    *,
    rasters,
    landuse,
    sources,
    points,
    history,
    rkls,
    column_response,
    fluxes,
    net,
    correction,
    metrics,
    blocks_table,
    calibrated,
    metal,
    years,
    landuse_dates,
    survey_years,
    legal_depth_m,
    seed,
    calibration,
    parameters,
    cover_practice,
):
    """Build target and features, calibrate, and write the correction with its evidence."""
    grid = io.read_grid(rasters["mask"])
    files = dict(zip(landuse_dates, landuse, strict=True))
    states = {year: io.read_landuse(files, year, grid) for year in years}
    net_maps = {year: grid.compress(io.read_raster(path, grid)) for year, path in zip(years, net, strict=True)}
    table = io.read_table(points, text=("pair_id",))
    soil_mass = grid.compress(io.read_bands(rasters["soil"], grid)["bulk_density_kg_m3"]) * legal_depth_m
    options = {**calibration, **parameters}

    target, reason = None, None
    if not calibration["enabled"]:
        reason = "calibrator.enabled is false"
    elif len(survey_years) == 0:
        reason = "there is no survey to learn from"
    elif len(survey_years) == 1:
        target = enrichment_target(grid, table, rasters, states, net_maps, soil_mass, parameters)
    else:
        target = paired_target(grid, table, history, survey_years, soil_mass, parameters)
    values = np.zeros(grid.n)
    record = {
        "metal": metal,
        "unit": "mg m-2 yr-1",
        "support": DEPTH_NOTE,
        "target": "none" if target is None else target["kind"],
        "shrinkage": 0.0,
    }
    columns = {name: [] for name in BLOCK_COLUMNS}
    if target is not None:
        record |= target["record"]
        window = [year for year in years if target["first"] <= year <= target["last"]] or list(years)
        features = read_features(
            grid, rasters, sources, rkls, column_response, fluxes, states, window, cover_practice, calibration
        )
        names = list(features)
        matrix = np.column_stack([features[name] for name in names])
        cell = target["cell"]
        blocks = None
        if cell.size:
            blocks = calibrator.aggregate(
                x_m=target["x_m"],
                y_m=target["y_m"],
                observed=target["observed"],
                process=target["process"],
                noise=target["noise"],
                shift=target["shift"],
                features=matrix[cell],
                block_m=calibration["block_m"],
            )
        count = 0 if blocks is None else blocks.points.size
        if count < parameters["minimum_blocks"]:
            reason = f"{cell.size} sites in {count} blocks; at least {parameters['minimum_blocks']:g} blocks are needed"
            record |= {"points": int(cell.size), "blocks": int(count)}
        else:
            result = calibrator.calibrate(
                blocks,
                matrix,
                names,
                options=options,
                fold_size_m=calibration["fold_size_m"],
                folds=calibration["folds"],
                shift_sd=target["shift_sd"],
                most_weight=target["most_weight"],
                seed=seed,
            )
            record |= result.metrics
            mean_state_open = np.mean([states[year].open_share for year in window], axis=0)
            values = np.where(mean_state_open > 1.0e-6, result.correction, 0.0)
            if result.metrics["shrinkage"] == 0.0:
                interval = result.metrics["skill_over_process_model"]
                reason = (
                    f"no skill out of fold: {interval['value']:.3f}, "
                    f"{100 * interval['level']:.0f} % interval {interval['low']:.3f} to {interval['high']:.3f}"
                )
            columns = block_columns(blocks, result)
    open_now = states[years[-1]].open_share
    record |= {
        "stands_aside": bool(not np.any(values)),
        "reason": reason if reason is not None else "the correction has skill out of fold and is applied",
        "correction": {
            "mean": float(np.average(values, weights=np.maximum(open_now, 1.0e-12))),
            "p05": float(np.quantile(values, 0.05)),
            "p95": float(np.quantile(values, 0.95)),
            "regional_kg_yr": float((values * open_now).sum() * grid.cell_area_m2 / 1.0e6),
        },
    }
    logger.info(
        "%s: %s; shrinkage %.3f; correction %s",
        metal,
        record["reason"],
        record["shrinkage"],
        record["correction"],
    )
    io.write_json(metrics, record)
    io.write_table(blocks_table, columns)
    io.write_raster(correction, grid.expand(values), "correction", grid, metal=metal)
    for year, path in zip(years, calibrated, strict=True):
        total = net_maps[year] + values * states[year].open_share
        io.write_raster(path, grid.expand(total), "net", grid, metal=metal, year=year)


def paired_target(grid, table, history, survey_years, soil_mass, parameters):
    """Observed and simulated mean net flux at the sites that both surveys visited."""
    rows = {
        year: {table["pair_id"][row]: row for row in np.flatnonzero((table["survey"] == year) & (table["paired"] == 1))}
        for year in (survey_years[0], survey_years[-1])
    }
    first_rows, last_rows = rows.values()
    shared = [name for name in first_rows if name in last_rows]
    first = np.array([first_rows[name] for name in shared], dtype=np.int64)
    last = np.array([last_rows[name] for name in shared], dtype=np.int64)
    cell = land_cell(grid, table["x_m"][first], table["y_m"][first])
    # A pair of two censored samples says nothing about a change.
    known = (cell >= 0) & ~((table["censored"][first] == 1) & (table["censored"][last] == 1))
    first, last, cell = first[known], last[known], cell[known]
    start, end = table["date"][first], table["date"][last]

    simulation = io.read_netcdf(history, ("concentration", "year"))
    years = np.asarray(simulation["year"], dtype=float)
    cube = grid.compress(np.asarray(simulation["concentration"], dtype=float))[:, cell]
    seen_start, seen_end = np.clip(start, years[0], years[-1]), np.clip(end, years[0], years[-1])
    before, after = calibrator.at_dates(cube, years, seen_start), calibrator.at_dates(cube, years, seen_end)
    mass = soil_mass[cell]
    kept = np.isfinite(before) & np.isfinite(after) & (end > start) & (seen_end > seen_start)
    expected = 0.5 * (before + after)
    # With one method its unknown recovery is the same in both surveys and leaves the change alone.
    methods = np.hypot(table["systematic_log_sd"][first], table["systematic_log_sd"][last])
    same = np.isclose(table["systematic_log_sd"][first], table["systematic_log_sd"][last])
    shift_sd = float(
        np.hypot(
            parameters["between_survey_log_sd"],
            np.where(same, 0.0, methods)[kept].mean() if kept.any() else 0.0,
        )
    )

    def take(values):
        return values[kept]

    first, last, cell, mass, expected = map(take, (first, last, cell, mass, expected))
    start, end, before, after = map(take, (start, end, before, after))
    span = end - start
    return {
        "kind": "paired_surveys",
        "cell": cell,
        "x_m": table["x_m"][first],
        "y_m": table["y_m"][first],
        "observed": calibrator.mean_flux(table["value_mg_kg"][first], table["value_mg_kg"][last], mass, span),
        "process": calibrator.mean_flux(before, after, mass, take(seen_end - seen_start)),
        "noise": calibrator.flux_noise(expected, table["log_sd"][first], table["log_sd"][last], mass, span),
        "shift": mass * expected / span,
        "shift_sd": shift_sd,
        "most_weight": 1.0,
        "first": survey_years[0],
        "last": survey_years[-1],
        "record": {"window_yr": float(span.mean()) if span.size else 0.0, "pairs": int(cell.size)},
    }


def enrichment_target(grid, table, rasters, states, net_maps, soil_mass, parameters):
    """One survey: its excess over the background, spread over the years of exposure."""
    cell = land_cell(grid, table["x_m"], table["y_m"])
    rows = np.flatnonzero(cell >= 0)
    cell = cell[rows]
    layers = io.read_bands(rasters["background"], grid)
    natural = grid.compress(layers["mean_mg_kg"])[cell]
    spread = grid.compress(layers["log_standard_deviation"])[cell]
    span = np.full(cell.size, parameters["exposure_yr"])
    mass = soil_mass[cell]
    rates = np.mean(
        [np.divide(net, np.maximum(states[year].open_share, 0.05)) for year, net in net_maps.items()], axis=0
    )
    return {
        "kind": "enrichment_over_background",
        "cell": cell,
        "x_m": table["x_m"][rows],
        "y_m": table["y_m"][rows],
        "observed": calibrator.mean_flux(natural, table["value_mg_kg"][rows], mass, span),
        "process": rates[cell],
        # The natural content of a site is known no better than its stratum's spread.
        "noise": calibrator.flux_noise(natural, spread, table["log_sd"][rows], mass, span),
        "shift": mass * natural / span,
        "shift_sd": float(
            np.hypot(parameters["between_survey_log_sd"], table["systematic_log_sd"][rows].mean()) if rows.size else 0.0
        ),
        "most_weight": parameters["enrichment_weight"],
        "first": min(states),
        "last": max(states),
        "record": {
            "window_yr": float(parameters["exposure_yr"]),
            "pairs": 0,
            "caution": "one survey: the background and the years of exposure are assumed, so the weight is bounded",
        },
    }


def land_cell(grid, x, y):
    """Land cell of points; one at sea by less than a cell and a half belongs to the nearest land cell."""
    cell = grid.cell_of(x, y)
    for position in np.flatnonzero(cell < 0):
        gap = np.hypot(grid.land_x - x[position], grid.land_y - y[position])
        if gap.min() <= 1.5 * grid.cell_m:
            cell[position] = int(gap.argmin())
    return cell


def read_features(grid, rasters, sources, rkls, column_response, fluxes, states, window, cover_practice, calibration):
    """Rates and inputs of the land cells, without anything that holds a measured content."""
    features = {}
    for process in INPUTS:
        layers = []
        for year in window:
            flux = grid.compress(io.read_raster(fluxes[process][year], grid))
            layers.append(flux / np.maximum(states[year].open_share, 0.05))
        features[process] = np.mean(layers, axis=0)
    shares = np.mean([states[year].shares for year in window], axis=0)
    for name in ("paddy", "dryland", "orchard", "forest", "grass"):
        features[f"share_{name}"] = shares[SOIL_CLASSES.index(name)]
    features["share_built"] = shares[list(BUILT)].sum(axis=0)
    features["sealed"] = np.mean([states[year].sealed for year in window], axis=0)
    features["sealed_change"] = states[window[-1]].sealed - states[window[0]].sealed

    factor = np.array([cover_practice[f"{name}/cover"] * cover_practice[f"{name}/practice"] for name in SOIL_CLASSES])
    open_share = np.maximum(shares.sum(axis=0), 1.0e-6)
    potential = np.mean([grid.compress(io.read_raster(path, grid)) for path in rkls], axis=0)
    features["soil_loss"] = np.log1p(potential * (factor @ shares) / open_share)
    zones = {
        name: grid.compress(layer).astype(np.int64) for name, layer in io.read_bands(rasters["zones"], grid).items()
    }
    drainage, ladder = [], None
    for path in column_response:
        response = io.read_netcdf(path, ("drainage_20cm", "rain_factor"))
        drainage.append(np.asarray(response["drainage_20cm"], dtype=float))
        ladder = response["rain_factor"]
    features["drainage"] = calibrator.column_water(
        np.mean(drainage, axis=0),
        ladder,
        grid.compress(io.read_raster(rasters["rain_factor"], grid)),
        zones["soil_class"],
        zones["climate_zone"],
        zones["water_table"],
        shares,
    )

    height = np.nan_to_num(io.read_raster(rasters["elevation"], grid), nan=0.0)
    features["elevation"] = grid.compress(height)
    features["slope"] = grid.compress(np.hypot(*np.gradient(height, grid.cell_m)))
    layers = io.read_bands(rasters["soil"], grid)
    features["ph"] = grid.compress(layers["ph_water"])
    features["organic_carbon"] = grid.compress(layers["organic_carbon_pct"])
    features["clay"] = grid.compress(layers["clay_pct"])
    features["population"] = np.log1p(grid.compress(io.read_raster(rasters["population"], grid)))
    strata = grid.compress(io.read_raster(rasters["parent_material"], grid))
    for code in np.unique(strata):
        features[f"parent_material_{code}"] = (strata == code).astype(float)
    table = io.read_table(sources, text=("sector",))
    for kind, sectors in calibrator.SOURCE_KINDS.items():
        chosen = np.isin(table["sector"].astype(str), sectors)
        if chosen.any():
            places = np.column_stack([table["x_m"][chosen], table["y_m"][chosen]])
            features[f"distance_{kind}"] = calibrator.log_distance(grid.land_x, grid.land_y, places, 0.5 * grid.cell_m)
    return {
        name: np.nan_to_num(values, nan=float(np.nanmedian(values)) if np.isfinite(values).any() else 0.0)
        for name, values in features.items()
    }


def block_columns(blocks, result):
    """The blocks' table: what was observed, simulated and predicted out of fold."""
    return {
        "block_id": [f"b{number:05d}" for number in range(blocks.points.size)],
        "x_m": blocks.x_m,
        "y_m": blocks.y_m,
        "points": blocks.points,
        "observed": blocks.observed,
        "process": blocks.process,
        "predicted": blocks.process + result.metrics["shrinkage"] * result.predicted,
        "fold": result.fold,
        "weight": result.weight,
        "noise": blocks.noise,
    }


def by_process(paths, years):
    """Flux files, in the order process then year, as a mapping."""
    ordered = iter(paths)
    return {process: {year: next(ordered) for year in years} for process in INPUTS}


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            rasters={name: snakemake.input[name] for name in RASTERS},
            **{name: snakemake.input[name] for name in ("sources", "points", "history")},
            **{name: list(snakemake.input[name]) for name in ("landuse", "rkls", "column_response", "net")},
            fluxes=by_process(snakemake.input.fluxes, snakemake.params.study["years"]),
            correction=snakemake.output.correction,
            metrics=snakemake.output.metrics,
            blocks_table=snakemake.output.blocks,
            calibrated=list(snakemake.output.calibrated),
            metal=snakemake.wildcards.metal,
            **snakemake.params.study,
            calibration=snakemake.params.calibration,
            parameters=snakemake.params.parameters,
            cover_practice=snakemake.params.cover_practice,
        )
