"""The hidden truth: how the metals in the soils of the generated region really changed.

It shares the region's land, economy and farming statistics with the study, but neither its structure nor
its parameters: months instead of years, a labile and an aged pool instead of one, emission totals of its
own with a factor of each plant, deposition that falls as a power of distance along the wind rose instead
of plumes, sorption of the labile pool only, a slope law of its own for erosion. The workflow never reads
what is written from here.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.demo import economy
from metalbudget.demo.climate import MONTHLY_EVAPORATION_MM, MONTHLY_RAIN_MM
from metalbudget.demo.fields import between, fractal, stream
from metalbudget.demo.landscape import PARENT_MATERIALS, Landscape

PROCESSES = (
    "deposition",
    "background",
    "fertiliser",
    "manure",
    "irrigation",
    "pesticide",
    "weathering",
    "subsoil",
    "leaching",
    "runoff",
    "erosion",
    "harvest",
    "evasion",
)
INPUTS = PROCESSES[:8]
DEPTH_M = 0.20
OPEN_CLASSES = ("paddy", "dryland", "orchard", "forest", "grass", "residential", "industrial", "wetland", "bare")
_COVER = (0.05, 0.35, 0.30, 0.02, 0.05, 0.20, 0.30, 0.01, 1.0)  # soil loss relative to bare ground
_CROP_FACTOR = (1.05, 0.85, 0.85, 1.0, 0.8, 0.6, 0.4, 1.1, 0.3)  # evapotranspiration
_RUNOFF_SHARE = (0.15, 0.22, 0.20, 0.14, 0.18, 0.35, 0.40, 0.30, 0.40)
_STORE_MM = 70.0
# Shape of the distance decay (r + r0)^-p.
_DECAY_POWER = 2.8
_REACH_M = 50000.0
# Abatement after 2000: (year of steepest fall, years, share that remains), particle-borne metals and Hg.
_ABATEMENT = {
    "coal": ((2010.5, 2.4, 0.06), (2011.5, 2.6, 0.34)),
    "smelter": ((2008.5, 2.8, 0.18), (2008.0, 2.8, 0.20)),
    "waste": ((2013.0, 2.0, 0.40), (2013.0, 2.0, 0.45)),
    "other": ((2011.0, 3.5, 0.50), (2011.0, 3.5, 0.70)),
}
_GROUP = {
    "coal_power": "coal",
    "coal_boiler": "coal",
    "smelter_copper": "smelter",
    "smelter_lead": "smelter",
    "smelter_zinc": "smelter",
    "battery": "smelter",
    "waste_incineration": "waste",
}
_TRAFFIC_WEIGHT = {"vehicle_km_car": 1.0, "vehicle_km_light": 1.6, "vehicle_km_heavy": 4.0}
_MATERIALS = ("urea", "phosphate", "potash", "compound")
Table = Mapping[str, float]


@dataclass(frozen=True)
class Truth:
    """What really happened, per metal.

    Parameters
    ----------
    metals : list of str
    first_year, last_year : int
        Years of the first and the last survey.
    background : ndarray, shape (m, n)
        Concentration before any human input. [mg kg-1]
    first, last : ndarray, shape (m, n)
        Concentration of open soil in both years, 0-20 cm. [mg kg-1]
    fluxes : dict of str to ndarray, shape (m, n)
        Mean flux over the years by process, per m² of cell. [mg m-2 yr-1]
    emissions : dict of str to dict
        kg per year by ``source/metal/year``.
    sources : list of str
    parameters : dict
        Draws that the truth used, for the record.
    """

    metals: list[str]
    first_year: int
    last_year: int
    background: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    fluxes: dict[str, NDArray[np.float64]]
    emissions: dict[str, float]
    sources: list[str]
    parameters: dict[str, object]


def initial_soil(
    land: Landscape,
    plants: list[economy.Plant],
    persons: NDArray[np.float64],
    legacy: NDArray[np.float64],
    metals: list[str],
    strata: Table,
    properties: Table,
    emission: Table,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw background and first-survey concentrations of the land cells.

    Parameters
    ----------
    land : Landscape
    plants : list of Plant
    persons : ndarray, shape (h, w)
        Inhabitants of each cell; NaN at sea.
    legacy : ndarray, shape (h, w)
        Intensity of the old dismantling area, 0-1.
    metals : list of str
    strata : mapping
        ``stratum/property/metal`` of demo_parent_material.csv.
    properties : mapping
        ``property/metal`` of demo_metal.csv.
    emission : mapping
        ``sector/metal`` of demo_emission.csv.
    seed : int

    Returns
    -------
    background, first : ndarray, shape (m, n)
        [mg kg-1]
    """
    from scipy import ndimage

    shape = land.land.shape
    material = land.parent_material[land.land]
    rows, columns = np.nonzero(land.land)

    def field(name: str, range_m: float) -> NDArray[np.float64]:
        return fractal(shape, stream(seed, name), range_m / land.cell_m + 2.0, 1.5)[land.land]

    shared = field("geology", 9000.0)
    dense = np.nan_to_num(persons) / (land.cell_m / 1000.0) ** 2
    dense = ndimage.gaussian_filter(dense, max(1.0, 1500.0 / land.cell_m))[land.land]
    town = dense / (dense + 2500.0)
    backgrounds, firsts = [], []
    for metal in metals:
        median = np.zeros(material.shape)
        spread = np.zeros(material.shape)
        for code, name in PARENT_MATERIALS.items():
            median[material == code] = strata[f"{name}/background/{metal}"]
            spread[material == code] = np.log(strata[f"{name}/geometric_standard_deviation/{metal}"])
        own = field(f"geology {metal}", 5000.0)
        background = median * np.exp(spread * (0.65 * shared + 0.76 * own))
        excess = properties[f"urban_enrichment/{metal}"] * town * np.exp(0.35 * field(f"town {metal}", 2500.0))
        peak = properties[f"hotspot_enrichment/{metal}"]
        strongest = max(emission.get(f"{plant.sector}/{metal}", 0.0) * plant.activity(2000) for plant in plants)
        for plant in plants:
            if plant.opened >= 2000:
                continue
            emitted = emission.get(f"{plant.sector}/{metal}", 0.0) * plant.activity(2000)
            strength = (emitted / strongest) ** 0.5 if strongest > 0.0 else 0.0
            distance = np.hypot(rows - plant.row, columns - plant.column) * land.cell_m
            age = min(1.0, (2000 - plant.opened) / 20.0)
            excess += peak * strength * age / (1.0 + (distance / 1300.0) ** 2)
        excess += 1.6 * peak * legacy[land.land]
        backgrounds.append(background)
        firsts.append(background + excess)
    return np.array(backgrounds), np.array(firsts)


def simulate(
    land: Landscape,
    soils: Mapping[str, NDArray[np.float64]],
    rain_factor: NDArray[np.float64],
    wind_rose: NDArray[np.float64],
    plants: list[economy.Plant],
    surrogates: Mapping[str, NDArray[np.float64]],
    inhabitants: float,
    districts: NDArray[np.int32],
    hilly: NDArray[np.float64],
    fractions: Mapping[int, NDArray[np.float64]],
    sealed: Mapping[int, NDArray[np.float64]],
    background: NDArray[np.float64],
    first: NDArray[np.float64],
    metals: list[str],
    years: tuple[int, int],
    tables: Mapping[str, Table],
    seed: int,
) -> Truth:
    """Run the two pools month by month from the first survey to the last.

    Parameters
    ----------
    land : Landscape
    soils : mapping of str to ndarray, shape (h, w)
        Layers of `soil.make_soils`.
    rain_factor : ndarray, shape (h, w)
        Rain relative to the station. [1]
    wind_rose : ndarray, shape (16,)
        Frequency of wind from each of 16 directions, from north clockwise. [1]
    plants : list of Plant
    surrogates : mapping of str to ndarray, shape (h, w)
        Weights of the area sources, each summing to 1.
    inhabitants : float
        Inhabitants of the region.
    districts : ndarray of int, shape (h, w)
    hilly : ndarray, shape (k,)
        Mean upland index of each district.
    fractions : mapping of int to ndarray, shape (9, n)
        Share of the cell area by class of `OPEN_CLASSES`, by date.
    sealed : mapping of int to ndarray, shape (n,)
        Sealed share of the cell area, by date.
    background, first : ndarray, shape (m, n)
        Concentrations before human input and at the first survey. [mg kg-1]
    metals : list of str
    years : tuple of int
        First and last survey.
    tables : mapping
        ``metal``, ``emission``, ``content``, ``trend`` tables.
    seed : int

    Returns
    -------
    Truth
    """
    draws = stream(seed, "truth")
    inside = land.land
    prop = {
        name: np.array([tables["metal"][f"{name}/{metal}"] for metal in metals])[:, None]
        for name in sorted({key.split("/")[0] for key in tables["metal"]})
    }
    mass = soils["bulk_density_kg_m3"][inside] * DEPTH_M  # kg m-2 of open soil
    ph = soils["ph_water"][inside]
    kd = 10.0 ** (
        prop["kd_log10"]
        + prop["kd_ph_slope"] * (ph - 6.0)
        + prop["kd_carbon_slope"] * np.log10(soils["organic_carbon_pct"][inside] / 1.5)
        + prop["kd_clay_slope"] * np.log10(soils["clay_pct"][inside] / 20.0)
    )
    kd *= np.exp(0.2 * fractal(inside.shape, stream(seed, "sorption"), 8000.0 / land.cell_m + 2.0, 1.4)[inside])
    share = prop["labile_share"]
    ageing = prop["ageing_rate"] / 12.0
    release = ageing * share / (1.0 - share)
    labile = share * background + 0.5 * (first - background)
    aged = first - labile
    native = share * background

    kernels, plant_factor, near = _deposition_kernels(land, plants, surrogates, wind_rose, metals, prop, draws)
    spatial_background = _background_pattern(land, rain_factor, seed)
    farm_noise = np.exp(
        0.22 * draws.standard_normal((len(metals), len(hilly), 6))
    )  # batches differ by district, metal and material
    slope = _cell_slope(land)
    rain_noise = draws.lognormal(-0.02, 0.25, (years[1] - years[0], 12))
    store = np.full(mass.shape, 0.5 * _STORE_MM)
    totals = {name: np.zeros(first.shape) for name in PROCESSES}
    emissions: dict[str, float] = {}
    weathering = None
    span = years[1] - years[0]
    for step in range(span):
        year = years[0] + step + 0.5
        cover = _dated(fractions, year)
        open_share = np.maximum(cover.sum(axis=0) - _dated(sealed, year), 0.0)
        weight = cover / np.maximum(cover.sum(axis=0), 1.0e-9)
        emitted = _emissions(plants, plant_factor, inhabitants, metals, tables["emission"], year)
        for (source, metal), kg in emitted.items():
            emissions[f"{source}/{metal}/{int(year)}"] = round(kg, 4)
        deposition = _deposit(kernels, near, emitted, metals)
        trend = np.array([_trend(tables["trend"], metal, year) for metal in metals])[:, None]
        rain_down = prop["background_deposition"] * trend * spatial_background
        farm, water_mm, uptake_mass = _farm_inputs(
            cover, open_share, districts[inside], hilly, metals, tables, year, farm_noise, seed
        )
        erodible = 0.9 * (slope / 8.0) ** 1.25 * (weight * np.array(_COVER)[:, None]).sum(axis=0) / 0.05
        erodible = np.minimum(erodible, 40.0) * 0.1  # kg m-2 yr-1
        evaporation = (weight * np.array(_CROP_FACTOR)[:, None]).sum(axis=0)
        running = (weight * np.array(_RUNOFF_SHARE)[:, None]).sum(axis=0)
        year_total = {name: np.zeros(first.shape) for name in PROCESSES}
        native_year = np.zeros(first.shape)
        for month in range(12):
            rain = MONTHLY_RAIN_MM[month] * rain_noise[step, month] * rain_factor[inside]
            season = _GROWING[month]
            irrigation = water_mm * season
            runoff = running * rain
            store = store + rain + irrigation - runoff
            store = store - np.minimum(store, MONTHLY_EVAPORATION_MM[month] * evaporation)
            drainage = np.maximum(store - _STORE_MM, 0.0)
            store = store - drainage
            pore = labile / kd  # mg per litre
            leaching = np.minimum(pore * drainage, 0.2 * labile * mass)
            washed = np.minimum(0.25 * pore * runoff, 0.05 * labile * mass)
            lost = erodible * rain / (rain_factor[inside] * sum(MONTHLY_RAIN_MM))
            total = labile + aged
            loose = labile / total
            erosion = lost * total * 1.1
            subsoil = lost * 0.92 * background
            harvest = np.minimum(uptake_mass * season * prop["crop_uptake"] * labile**0.8, 0.02 * labile * mass)
            evasion = prop["evasion_rate"] / 12.0 * total * mass * (0.4 + 0.1 * month if month < 7 else 1.0)
            native_loss = native / kd * (drainage + 0.25 * runoff)
            native_year += native_loss
            geogenic = 0.8 * native_loss if weathering is None else weathering
            gained = (deposition + rain_down) / 12.0
            inputs = {name: value * season for name, value in farm.items()}
            fresh = gained + sum(inputs.values())
            labile = labile + (
                fresh + 0.5 * geogenic + share * subsoil
                - leaching - washed - harvest - (erosion + evasion) * loose
            ) / mass  # fmt: skip
            aged = aged + (0.5 * geogenic + (1.0 - share) * subsoil - (erosion + evasion) * (1.0 - loose)) / mass
            labile = np.maximum(labile, 1.0e-6)
            fixed = ageing * labile - release * aged
            labile = labile - fixed
            aged = aged + fixed
            for name, value in (
                ("deposition", deposition / 12.0),
                ("background", rain_down / 12.0),
                *inputs.items(),
                ("weathering", geogenic),
                ("subsoil", subsoil),
                ("leaching", leaching),
                ("runoff", washed),
                ("erosion", erosion),
                ("harvest", harvest),
                ("evasion", evasion),
            ):
                year_total[name] += value
        if step == 0:
            weathering = 0.8 / 12.0 * native_year  # four fifths of what the native pool loses in solution
        for name in PROCESSES:
            totals[name] += year_total[name] * open_share / span
    return Truth(
        metals=list(metals),
        first_year=years[0],
        last_year=years[1],
        background=background,
        first=first,
        last=labile + aged,
        fluxes=totals,
        emissions=emissions,
        sources=list(kernels),
        parameters={
            "plant_factor": {f"{s}/{m}": round(v, 4) for (s, m), v in plant_factor.items()},
            "decay_power": _DECAY_POWER,
            "reach_m": _REACH_M,
        },
    )


# Share of the growing season and of irrigation in each month; sums to 1.
_GROWING = np.array([0.0, 0.01, 0.03, 0.08, 0.13, 0.16, 0.19, 0.17, 0.13, 0.07, 0.03, 0.0])


def _dated(maps: Mapping[int, NDArray], year: float) -> NDArray:
    dates = sorted(maps)
    if year <= dates[0]:
        return maps[dates[0]]
    for a, b in itertools.pairwise(dates):
        if year <= b:
            weight = (year - a) / (b - a)
            return (1.0 - weight) * maps[a] + weight * maps[b]
    return maps[dates[-1]]


def _trend(table: Table, metal: str, year: float) -> float:
    return between(year, {int(key.split("/")[1]): value for key, value in table.items() if key.split("/")[0] == metal})


def _cell_slope(land: Landscape) -> NDArray[np.float64]:
    from metalbudget.demo.fields import block_mean

    return block_mean(np.minimum(land.fine_slope_deg, 45.0), land.factor)[land.land]


def _background_pattern(land: Landscape, rain_factor, seed: int) -> NDArray[np.float64]:
    """More where it rains more and towards the continent, with a smooth random part. [1]"""
    height, width = land.land.shape
    westward = np.broadcast_to(np.linspace(0.06, -0.06, width), (height, width))
    smooth = fractal((height, width), stream(seed, "background"), 0.4 * width, 2.2)
    pattern = (1.0 + 0.5 * (np.nan_to_num(rain_factor, nan=1.0) - 1.0) + westward) * np.exp(0.06 * smooth)
    return pattern[land.land]


def _deposition_kernels(land, plants, surrogates, wind_rose, metals, prop, draws):
    """Deposition per unit emitted over every land cell [m-2], and each plant's factor on its sector."""
    from scipy import ndimage

    rows, columns = np.nonzero(land.land)
    kernels: dict[str, NDArray[np.float64]] = {}
    radius = np.linspace(0.0, _REACH_M, 20001)
    centre = np.arange(16) * 22.5
    for plant in plants:
        east = (columns - plant.column) * land.cell_m
        south = (rows - plant.row) * land.cell_m
        distance = np.hypot(east, south)
        distance = np.maximum(distance, 0.38 * land.cell_m)
        # Wind from a direction carries to the opposite one.
        bearing = np.mod(np.degrees(np.arctan2(east, -south)), 360.0)
        rose = np.interp(np.mod(bearing + 180.0, 360.0), np.append(centre, 360.0), np.append(wind_rose, wind_rose[0]))
        start = 14.0 * plant.stack[0] + 150.0
        profile = radius * (radius + start) ** -_DECAY_POWER * (1.0 - np.exp(-radius / (0.25 * start)))
        norm = 2.0 * np.pi * np.trapezoid(profile, radius)
        shape = (distance + start) ** -_DECAY_POWER * (1.0 - np.exp(-distance / (0.25 * start)))
        kernels[plant.facility_id] = np.where(distance < _REACH_M, 16.0 * rose * shape / norm, 0.0)
    for source, weights in surrogates.items():
        sigma = {"traffic": 0.6, "ewaste": 0.8}.get(source, 2.5) * 500.0 / land.cell_m
        spread = ndimage.gaussian_filter(np.nan_to_num(weights), sigma)
        kernels[source] = spread[land.land] / land.cell_m**2
    plant_factor = {
        (plant.facility_id, metal): float(np.exp(0.5 * draws.standard_normal())) for plant in plants for metal in metals
    }
    return kernels, plant_factor, prop["deposited_nearby"][:, 0]


def _deposit(kernels, near, emitted, metals) -> NDArray[np.float64]:
    """Deposition of the region's own emissions. [mg m-2 yr-1]"""
    result = np.zeros((len(metals), next(iter(kernels.values())).size))
    for position, metal in enumerate(metals):
        for source, kernel in kernels.items():
            kg = emitted.get((source, metal), 0.0)
            if kg:
                local = 0.85 if source in ("traffic", "ewaste") else near[position]
                result[position] += kg * 1.0e6 * local * kernel
    return result


def _abatement(sector: str, metal: str, year: float) -> float:
    group = _GROUP.get(sector, "other")
    middle, pace, rest = _ABATEMENT[group][1 if metal == "hg" else 0]

    def course(when: float) -> float:
        return rest + (1.0 - rest) / (1.0 + np.exp((when - middle) / pace))

    return float(course(year) / course(2000.0))


def _emissions(plants, plant_factor, inhabitants: float, metals, table: Table, year: float):
    """Emission of every source, kg per year."""
    result = {}
    for plant in plants:
        amount = plant.activity(int(year))
        for metal in metals:
            base = table.get(f"{plant.sector}/{metal}", 0.0) * amount / 1000.0
            factor = plant_factor[(plant.facility_id, metal)] * _abatement(plant.sector, metal, year)
            result[(plant.facility_id, metal)] = base * factor
    rows = economy.area_activity(inhabitants, year, list(metals))
    for metal in metals:
        km = sum(_TRAFFIC_WEIGHT[product] * amount for source, product, _, amount, _ in rows if source == "traffic")
        low_copper = 1.0 - 0.015 * max(0.0, year - 2008.0) if metal == "cu" else 1.0
        result[("traffic", metal)] = km * table.get(f"traffic/{metal}", 0.0) / 1000.0 * low_copper
        for source in ("residential", "small_boilers"):
            tonnes = sum(amount for name, _, _, amount, _ in rows if name == source)
            result[(source, metal)] = tonnes * table.get(f"{source}/{metal}", 0.0) / 1000.0
        result[("ewaste", metal)] = 1.4 * sum(
            amount for name, _, which, amount, _ in rows if name == "ewaste" and which == metal
        )
    return result


def _farm_inputs(cover, open_share, district, hilly, metals, tables, year: float, noise, seed: int):
    """Inputs of farming per m² of open soil [mg m-2 yr-1], irrigation [mm yr-1], crop mass removed [kg m-2]."""
    n = district.size
    names = ("fertiliser", "manure", "irrigation", "pesticide")
    farm = {name: np.zeros((len(metals), n)) for name in names}
    water = np.zeros(n)
    crop_mass = np.zeros(n)
    typical = tables["metal"]
    content = tables["content"]
    soil_share = np.maximum(open_share, 0.02)
    for number in range(1, len(hilly) + 1):
        here = district == number
        if not here.any():
            continue
        for position, name in enumerate(OPEN_CLASSES[:3]):
            part = cover[position, here] / soil_share[here]
            part = np.minimum(part, 1.0)
            _, value = economy.farming(number, float(hilly[number - 1]), name, year, seed)
            water[here] += part * value["irrigation_m3_ha"] / 10.0
            removed = value["yield_t_ha"] + 0.8 * value["straw_t_ha"] * (1.0 - value["straw_return_fraction"])
            crop_mass[here] += part * 0.1 * removed
            for index, metal in enumerate(metals):
                draw = noise[index, number - 1]
                # kg product × mg/kg = mg/ha = 1e-4 mg m-2
                mineral = sum(
                    value[f"{material}_kg_ha"] * content[f"{material}/{metal}"] * draw[place]
                    for place, material in enumerate(_MATERIALS)
                )
                manure = value["manure_t_ha"] * 1000.0 * content[f"manure/{metal}"] * draw[4]
                if metal in ("as", "cu", "zn"):
                    manure *= between(year, {2000: 0.8, 2008: 1.1, 2016: 1.0, 2019: 0.55})
                organic = value["organic_fertiliser_kg_ha"] * content[f"organic/{metal}"] * draw[4]
                farm["fertiliser"][index, here] += part * 1.0e-4 * mineral
                farm["manure"][index, here] += part * 1.0e-4 * (manure + organic)
                dissolved = economy.irrigation_water(typical[f"irrigation_water/{metal}"], number, metal, year, seed)
                farm["irrigation"][index, here] += part * 1.0e-4 * value["irrigation_m3_ha"] * dissolved * draw[5]
                if metal == "cu":
                    farm["pesticide"][index, here] += part * 100.0 * value["copper_fungicide_kg_ha"]
                if metal == "zn":
                    farm["pesticide"][index, here] += part * 100.0 * 0.025 * value["mancozeb_kg_ha"]
    return farm, water, crop_mass
