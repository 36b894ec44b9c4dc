"""Each figure of the report, drawn from a finished study."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from metalbudget import airborne
from metalbudget.figures import charts, maps, outlook, style
from metalbudget.ledger import SIGNED
from metalbudget.outcome import numbers
from metalbudget.outcome.files import AGRICULTURE, Outcome
from metalbudget.quantities import MG_M2_PER_G_HA, PROCESSES_IN, PROCESSES_OUT

SCORES = ("process_model", "calibrated")


def study_area(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Region, sources and survey points."""
    points = outcome.survey_points()
    survey = None if points is None else points[:2]
    return maps.study_area(outcome.grid, outcome.land_classes(), outcome.elevation, outcome.sources, survey)


def emissions_by_sector(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Emissions through time."""
    years = outcome.years
    sectors = {metal: numbers.emissions_by_sector(outcome.emissions(metal), years) for metal in outcome.metals}
    return charts.stacked(years, charts.gathered(sectors))


def own_deposition(outcome: Outcome) -> dict[str, np.ndarray]:
    """Deposition of the region's own sources on soil in the last modelled year. [g ha⁻¹ yr⁻¹]"""
    return {metal: outcome.on_open_soil(metal, "deposition", outcome.years[-1]) for metal in outcome.metals}


def deposition_maps(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """What the region's own sources drop, in the last modelled year."""
    points = {metal: outcome.point_sources(metal, outcome.years[-1]) for metal in outcome.metals}
    return maps.metal_maps(outcome.grid, own_deposition(outcome), style.PER_HECTARE, "lajolla_r", points=points)


def deposition_trend(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Mean deposition through time, own sources and background."""
    own, background = {}, {}
    for metal in outcome.metals:
        fluxes = [outcome.on_open_soil(metal, "deposition", year) for year in outcome.years]
        own[metal] = [float(np.nanmean(flux)) for flux in fluxes]
        background[metal] = [outcome.background_g_ha(metal, year) for year in outcome.years]
    return charts.deposition_trend(outcome.years, own, background)


def deposition_decay(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Deposition against distance to the nearest source."""
    grid, year = outcome.grid, outcome.years[-1]
    deposition = {metal: grid.compress(values) for metal, values in own_deposition(outcome).items()}
    distance = {
        metal: numbers.distance_to_sources_km(grid.land_x, grid.land_y, *outcome.point_sources(metal, year))
        for metal in outcome.metals
    }
    background = {metal: outcome.background_g_ha(metal, year) for metal in outcome.metals}
    return charts.decay(distance, deposition, background, outcome.study["claims"]["near_source_km"])


def deposition_reach(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """How far the deposited mass lies from its source."""
    grid, sources = outcome.grid, outcome.sources
    operator = airborne.operator_from(outcome.operator_files(outcome.study["weather_of_last_year"]))
    mass = numbers.mass_by_distance(
        operator,
        {m: airborne.emission_matrix(outcome.emissions(m), outcome.years[-1], operator) for m in outcome.metals},
        grid.x,
        grid.y,
        grid.cell_area_m2,
        {name: (x, y) for name, x, y in zip(sources["source_id"], sources["x_m"], sources["y_m"], strict=True)},
    )
    shares = {metal: mass.cumulative(metal) for metal in outcome.metals}
    even = [mass.cumulative(metal, even=True) for metal in outcome.metals]
    known = [share for share in even if np.isfinite(share).all()]
    mean = np.mean(known, axis=0) if known else np.full(mass.edges_km.shape, np.nan)
    return charts.reach(mass.edges_km, shares, mean, outcome.study["claims"]["near_source_km"])


def agricultural_inputs(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Inputs with farming through time."""
    inputs = {metal: {name: outcome.series(metal, name) for name in AGRICULTURE} for metal in outcome.metals}
    return charts.stacked(outcome.years, inputs, style.PROCESS_COLOUR)


def output_pathways(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """How metal leaves the soil, in the last modelled year."""
    return charts.pathways({metal: outcome.losses(metal, outcome.years[-1]) for metal in outcome.metals})


def runoff_and_sealing(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Metal in runoff as ground is sealed."""
    sealed = [float(outcome.landuse(year).sealed.mean()) for year in outcome.years]
    series = [{m: outcome.series(m, process) for m in outcome.metals} for process in ("runoff", "wash_off")]
    return charts.runoff_against_sealed(sealed, outcome.years, *series)


def mass_balance(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Gains and losses of the soil over the history."""
    ledger = outcome.ledger()
    terms = {metal: numbers.history_terms(ledger, metal) for metal in outcome.metals}
    kept = (*PROCESSES_IN, *PROCESSES_OUT, *SIGNED)
    shown = {metal: {name: values[name] for name in kept if name in values} for metal, values in terms.items()}
    return charts.balance(shown, PROCESSES_OUT)


def observed_and_modelled(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Net flux of blocks, surveyed against modelled."""
    points, remarks = {}, {}
    for metal in outcome.metals:
        blocks, record = outcome.blocks(metal), outcome.calibration(metal)
        names = ("observed", "process", "predicted", "noise")
        points[metal] = {name: np.asarray(blocks[name], dtype=float) / MG_M2_PER_G_HA for name in names}
        if "out_of_fold" in record:
            before, after = (record["out_of_fold"][score]["r2"] for score in SCORES)
            ceiling = record["noise_ceiling_r2"]
            found = f"{before:.2f}, stands aside" if record["stands_aside"] else f"{before:.2f} → {after:.2f}"
            remarks[metal] = f"R² {found}; noise ceiling {ceiling:.2f}"
    return outlook.fit(points, remarks)


def concentration_maps(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Concentration at the start of the forecast."""
    rasters = {metal: outcome.concentration(metal)["mean_mg_kg"] for metal in outcome.metals}
    return maps.metal_maps(outcome.grid, rasters, "mg kg$^{-1}$", "lapaz_r", scale="log")


def concentration_change(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Change of concentration over the forecast."""
    rasters = {}
    for metal in outcome.metals:
        cube = outcome.forecast(outcome.study["claims"]["scenario"], metal)["concentration"]
        with np.errstate(divide="ignore", invalid="ignore"):
            rasters[metal] = 100.0 * (cube[-1] / cube[0] - 1.0)
    return maps.metal_maps(outcome.grid, rasters, "% of the start", "vik", scale="symmetric")


def capacity_classes(outcome: Outcome, classes: Mapping[str, Any]) -> Figure:
    """Capacity class of the metal with the least left, at the start and the end."""
    scenario = outcome.study["claims"]["scenario"]
    zones = {metal: outcome.zones(scenario, metal) for metal in outcome.metals}
    codes = [numbers.worst_class([z[f"class_{when}"] for z in zones.values()], classes) for when in ("now", "end")]
    names = {int(v): style.plain(k.removesuffix("/code")) for k, v in classes.items() if k.endswith("/code")}
    outside, graded = numbers.class_order(classes)[:2], numbers.class_order(classes)[2:]
    return maps.capacity_maps(outcome.grid, codes, {code: names[code] for code in (*graded, *outside)}, ends(outcome))


def capacity_by_landuse(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Mean capacity index by land use, at the start and the end."""
    scenario = outcome.study["claims"]["scenario"]
    indices = {metal: numbers.index_by_landuse(outcome.summary(scenario, metal)) for metal in outcome.metals}
    return outlook.capacity_by_landuse(indices, ends(outcome))


def overload_zones(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Where and when each metal passes its limit."""
    scenario = outcome.study["claims"]["scenario"]
    first, last = ends(outcome)
    soon = (first + last) // 2
    status = {}
    for metal in outcome.metals:
        now, end = (
            (bands["concentration_mg_kg"], bands["limit_mg_kg"])
            for bands in (outcome.capacity_maps(scenario, metal, when) for when in ("now", "end"))
        )
        codes = numbers.overload_status(now, end, outcome.overload_year(scenario, metal), soon)
        status[metal] = np.where(outcome.grid.land, codes, np.nan)
    names = (
        f"within capacity in {last}",
        f"overloaded after {soon}",
        f"overloaded by {soon}",
        f"overloaded in {first} and {last}",
        f"overloaded in {first}, no longer in {last}",
        "no limit",
    )
    return maps.overload_maps(outcome.grid, status, names)


def overload_probability(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Probability that each cell lies above its limit at the end."""
    scenario = outcome.study["claims"]["scenario"]
    rasters = {metal: outcome.capacity_maps(scenario, metal, "end")["overload_probability"] for metal in outcome.metals}
    return maps.probability_maps(outcome.grid, rasters)


def overload_through_time(outcome: Outcome, _: Mapping[str, Any]) -> Figure:
    """Overloaded share by scenario."""
    shares: dict[str, dict[tuple[str, str], list[float]]] = {}
    years: list[int] = []
    for metal in outcome.metals:
        shares[metal] = {}
        for scenario in outcome.scenarios:
            for measure in ("probability", "map_mean"):
                years, values = numbers.overload_shares(outcome.summary(scenario, metal), measure)
                shares[metal][(scenario, measure)] = values
    return outlook.overload_through_time(years, shares)


def ends(outcome: Outcome) -> tuple[int, int]:
    """First and last year of the forecast."""
    years, _ = numbers.overload_shares(
        outcome.summary(outcome.study["claims"]["scenario"], outcome.metals[0]), "map_mean"
    )
    return years[0], years[-1]


DRAWN: dict[str, Callable[[Outcome, Mapping[str, Any]], Figure]] = {
    function.__name__: function
    for function in (
        study_area,
        emissions_by_sector,
        deposition_maps,
        deposition_trend,
        deposition_decay,
        deposition_reach,
        agricultural_inputs,
        output_pathways,
        runoff_and_sealing,
        mass_balance,
        observed_and_modelled,
        concentration_maps,
        concentration_change,
        capacity_classes,
        capacity_by_landuse,
        overload_zones,
        overload_probability,
        overload_through_time,
    )
}
