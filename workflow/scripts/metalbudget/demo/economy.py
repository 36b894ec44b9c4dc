"""Plants, fuels, traffic and farming of the generated region, for any year.

Quantities are functions of the calendar year, so that every modelled year, and every year of the hidden
truth, sees the same economy. Their course follows the published one of the Zhejiang coast: coal and
fertiliser peak between 2005 and 2013 and fall, ultra-low emission comes after 2012, residential coal fades,
traffic and waste incineration multiply, feed additives are cut in 2018.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.demo.fields import between, stream
from metalbudget.demo.landscape import Landscape
from metalbudget.demo.towns import Settlement

# Default stacks: height [m], diameter [m], temperature [K], velocity [m/s]; inventory literature values.
STACKS = {
    "coal_power": (180.0, 6.0, 338.0, 18.0),
    "coal_boiler": (45.0, 1.2, 403.0, 10.0),
    "smelter_copper": (80.0, 2.0, 353.0, 12.0),
    "smelter_lead": (80.0, 2.0, 353.0, 12.0),
    "smelter_zinc": (80.0, 2.0, 353.0, 12.0),
    "steel": (120.0, 5.0, 403.0, 15.0),
    "cement": (90.0, 3.0, 383.0, 14.0),
    "battery": (25.0, 1.0, 308.0, 10.0),
    "plating": (20.0, 0.6, 298.0, 10.0),
    "waste_incineration": (80.0, 2.0, 413.0, 15.0),
    "glass": (60.0, 1.8, 453.0, 12.0),
    "oil_power": (60.0, 2.2, 423.0, 15.0),
}
LABELS = {
    "coal_power": "Coal power station",
    "coal_boiler": "Industrial boiler house",
    "smelter_copper": "Copper smelter",
    "smelter_lead": "Lead smelter",
    "smelter_zinc": "Secondary zinc works",
    "steel": "Steel works",
    "cement": "Cement works",
    "battery": "Lead battery works",
    "plating": "Hard chrome platers",
    "waste_incineration": "Waste incinerator",
    "glass": "Glass works",
    "oil_power": "Peaking power station",
}
# One plant a line: sector, opening, closing (0: still open), product, amount by year. The first thirty make
# the default region; a smaller one takes the first lines, a larger one begins again.
_PLANTS: tuple[tuple[str, int, int, str, dict[int, float]], ...] = (
    ("coal_power", 1988, 0, "coal_pulverised", {2000: 2.2e6, 2008: 3.8e6, 2013: 4.1e6, 2020: 3.2e6}),
    ("smelter_copper", 1986, 0, "copper", {2000: 3.0e3, 2008: 7.0e3, 2014: 1.1e4, 2020: 1.3e4}),
    ("coal_boiler", 1984, 2016, "coal_stoker", {2000: 1.3e5, 2008: 1.6e5, 2014: 1.1e5}),
    ("cement", 1982, 2015, "cement_clinker", {2000: 7.0e5, 2010: 8.5e5, 2015: 6.0e5}),
    ("battery", 1993, 0, "battery", {2000: 1.2e4, 2010: 9.0e4, 2015: 1.9e5, 2020: 2.7e5}),
    ("waste_incineration", 2003, 0, "waste_incinerated", {2003: 1.5e5, 2010: 3.0e5, 2020: 4.5e5}),
    ("plating", 1990, 0, "plating_hard_chrome", {2000: 2.5e8, 2008: 5.0e8, 2015: 4.2e8, 2020: 3.6e8}),
    ("steel", 1978, 0, "steel_electric", {2000: 1.5e5, 2010: 4.5e5, 2020: 6.5e5}),
    ("smelter_zinc", 1996, 0, "zinc_secondary", {2000: 1.2e4, 2010: 3.0e4, 2020: 3.6e4}),
    ("smelter_lead", 1985, 2013, "lead", {2000: 1.6e4, 2008: 2.4e4, 2013: 1.0e4}),
    ("coal_boiler", 1991, 0, "coal_stoker", {2000: 1.1e5, 2009: 2.1e5, 2020: 1.2e5}),
    ("coal_power", 2005, 0, "coal_pulverised", {2005: 1.9e6, 2010: 4.4e6, 2020: 4.7e6}),
    ("glass", 1995, 0, "glass", {2000: 9.0e4, 2010: 2.0e5, 2020: 2.2e5}),
    ("oil_power", 1992, 2014, "heavy_fuel_oil", {2000: 4.2e6, 2006: 5.5e6, 2014: 1.0e6}),
    ("plating", 1996, 0, "plating_hard_chrome", {2000: 1.6e8, 2010: 4.4e8, 2020: 3.4e8}),
    ("battery", 1999, 2012, "battery", {2000: 1.8e4, 2008: 5.5e4, 2012: 3.0e4}),
    ("coal_boiler", 1988, 2018, "coal_fluidised_bed", {2000: 1.4e5, 2010: 2.6e5, 2018: 2.0e5}),
    ("cement", 1998, 0, "cement_clinker", {2000: 6.0e5, 2008: 1.5e6, 2020: 1.4e6}),
    ("waste_incineration", 2009, 0, "waste_incinerated", {2009: 2.2e5, 2020: 4.0e5}),
    ("smelter_copper", 2004, 0, "copper", {2004: 2.5e3, 2010: 7.0e3, 2020: 1.2e4}),
    ("steel", 1992, 0, "steel_integrated", {2000: 2.5e5, 2010: 8.0e5, 2016: 7.0e5, 2020: 7.5e5}),
    ("plating", 1988, 2010, "plating_hard_chrome", {2000: 2.0e8, 2010: 1.8e8}),
    ("coal_boiler", 2001, 0, "coal_fluidised_bed", {2001: 1.5e5, 2012: 3.2e5, 2020: 2.8e5}),
    ("coal_power", 1975, 2009, "coal_stoker", {2000: 3.2e5, 2009: 2.0e5}),
    ("battery", 2004, 0, "battery", {2004: 2.0e4, 2012: 1.1e5, 2020: 2.3e5}),
    ("cement", 2003, 0, "cement_clinker", {2003: 1.2e6, 2012: 1.7e6, 2020: 1.6e6}),
    ("coal_boiler", 1995, 2014, "coal_stoker", {2000: 9.0e4, 2010: 1.3e5, 2014: 7.0e4}),
    ("waste_incineration", 2015, 0, "waste_incinerated", {2015: 2.4e5, 2020: 4.4e5}),
    ("plating", 2002, 0, "plating_hard_chrome", {2002: 1.5e8, 2012: 3.6e8, 2020: 3.8e8}),
    ("coal_boiler", 1998, 0, "coal_stoker", {2000: 1.2e5, 2010: 1.9e5, 2020: 6.0e4}),
)
_UNITS = {
    "plating_hard_chrome": "ampere_hour",
    "heavy_fuel_oil": "GJ",
    "natural_gas": "GJ",
    "electricity_coal": "kWh",
}
# Cleaning devices in series and their share of a plant's capacity, by the year they begin. Wet
# desulphurisation spread after 2006, denitrification after 2010, ultra-low emission after 2014.
_CONTROLS = {
    "coal_power": (
        (1970, (("esp", 1.0),)),
        (2006, (("esp", 0.4), ("esp+wfgd", 0.6))),
        (2009, (("esp+wfgd", 1.0),)),
        (2012, (("scr+esp+wfgd", 0.8), ("esp+wfgd", 0.2))),
        (2015, (("scr+esp+wfgd", 0.5), ("scr+fabric_filter+wfgd", 0.5))),
        (2018, (("scr+fabric_filter+wfgd", 1.0),)),
    ),
    "coal_boiler": (
        (1970, (("cyclone", 0.7), ("wet_scrubber", 0.3))),
        (2004, (("cyclone", 0.3), ("wet_scrubber", 0.7))),
        (2010, (("wet_scrubber", 0.7), ("fabric_filter", 0.3))),
        (2013, (("wet_scrubber", 0.3), ("fabric_filter+wfgd", 0.7))),
        (2017, (("fabric_filter+wfgd", 1.0),)),
    ),
    "plating": (
        (1970, (("none", 0.5), ("wet_scrubber", 0.5))),
        (2008, (("wet_scrubber", 1.0),)),
    ),
}
_OLD_POWER = ((1970, (("cyclone", 0.4), ("wet_scrubber", 0.6))),)

# Vehicle-km per inhabitant and year: a fleet that grew twentyfold.
_TRAFFIC = {
    "vehicle_km_car": {1990: 40.0, 2000: 210.0, 2005: 640.0, 2010: 1650.0, 2015: 3000.0, 2020: 4000.0},
    "vehicle_km_light": {1990: 30.0, 2000: 130.0, 2005: 230.0, 2010: 360.0, 2015: 470.0, 2020: 540.0},
    "vehicle_km_heavy": {1990: 45.0, 2000: 150.0, 2005: 240.0, 2010: 350.0, 2015: 420.0, 2020: 470.0},
}
# Tonnes of coal per inhabitant and year.
_RESIDENTIAL_COAL = {1990: 0.13, 2000: 0.080, 2005: 0.065, 2010: 0.045, 2015: 0.020, 2020: 0.004}
_SMALL_BOILER_COAL = {1990: 0.06, 2000: 0.105, 2005: 0.165, 2010: 0.190, 2013: 0.175, 2015: 0.100, 2020: 0.012}
# Air emission of open dismantling of electric waste, relative to its peak.
_LEGACY_COURSE = {1985: 0.0, 1995: 0.8, 2002: 1.0, 2008: 0.55, 2013: 0.15, 2017: 0.02, 2030: 0.0}
_LEGACY_KG = {"as": 18.0, "cd": 60.0, "cr": 210.0, "cu": 5200.0, "hg": 14.0, "ni": 240.0, "pb": 3100.0, "zn": 3900.0}

# Farming, kg of product per hectare and year unless stated, as an index of the year times a level by class.
_FERTILISER_COURSE = {1990: 0.80, 2000: 1.00, 2005: 1.12, 2010: 1.12, 2013: 1.08, 2015: 1.00, 2020: 0.80}
_MANURE_COURSE = {1990: 1.10, 2000: 1.00, 2005: 1.05, 2010: 1.10, 2015: 0.90, 2020: 0.72}
_ORGANIC_COURSE = {1990: 0.0, 2000: 0.25, 2010: 0.7, 2020: 1.3}
_PESTICIDE_COURSE = {1990: 0.8, 2000: 1.0, 2010: 1.05, 2014: 1.0, 2020: 0.70}
_RETURN_COURSE = {1990: 0.25, 2000: 0.42, 2010: 0.58, 2020: 0.72}
_WATER_COURSE = {1990: 0.85, 2000: 1.00, 2008: 1.20, 2015: 0.95, 2020: 0.80}
_FARMING = {
    # urea, phosphate (12-18 % P2O5), potash, compound, organic, manure t, irrigation m3, Cu, mancozeb,
    # yield t dry, straw t dry
    "rice": (300.0, 280.0, 95.0, 260.0, 350.0, 0.9, 7600.0, 0.10, 0.25, 10.2, 9.8),
    "wheat": (260.0, 260.0, 80.0, 280.0, 300.0, 1.2, 1500.0, 0.10, 0.40, 6.2, 6.8),
    "rape": (240.0, 300.0, 85.0, 250.0, 300.0, 1.2, 1300.0, 0.12, 0.40, 4.4, 6.5),
    "vegetables": (330.0, 340.0, 150.0, 620.0, 1200.0, 3.4, 3600.0, 0.35, 2.20, 5.2, 1.8),
    "tea_citrus": (260.0, 190.0, 110.0, 480.0, 700.0, 1.7, 700.0, 0.95, 3.20, 3.0, 0.8),
}
_RICE_YIELD = {1990: 1.05, 2000: 1.0, 2010: 0.88, 2020: 0.82}  # from two crops towards one


@dataclass(frozen=True)
class Plant:
    """One point source.

    Parameters
    ----------
    facility_id, name, sector, product, unit : str
        Identity and what it makes or burns.
    row, column : int
        Cell of the study grid.
    opened, closed : int
        Calendar years; closed is 0 while open.
    stack : tuple of float
        Height [m], diameter [m], exit temperature [K], exit velocity [m/s].
    amounts : dict of int to float
        Activity by year.
    """

    facility_id: str
    name: str
    sector: str
    product: str
    unit: str
    row: int
    column: int
    opened: int
    closed: int
    stack: tuple[float, float, float, float]
    amounts: dict[int, float]

    def active(self, year: float) -> bool:
        """Whether it runs in a year; a plant still runs in its closing year."""
        return self.opened <= year and (self.closed == 0 or year <= self.closed)

    def activity(self, year: float) -> float:
        """Activity of a year; zero before opening and after closing. [unit / yr]"""
        if not self.active(year):
            return 0.0
        first = min(self.amounts)
        rising = min(1.0, 0.7 + 0.3 * (year - self.opened) / 10.0) if year < first else 1.0
        return round(between(year, self.amounts) * rising, 0)


def place_plants(land: Landscape, towns: Settlement, zones: NDArray[np.int64], count: int, seed: int) -> list[Plant]:
    """Put the plants into industrial zones, power stations at the water, cement works at the hills.

    Parameters
    ----------
    land : Landscape
    towns : Settlement
    zones : ndarray of int, shape (k, 2)
        Row and column of the industrial zones, oldest first.
    count : int
        How many plants, ≥ 1.
    seed : int

    Returns
    -------
    list of Plant
    """
    rng = stream(seed, "plants")
    scale = min(1.0, (land.land.sum() * land.cell_m**2 / 6.7e9))
    taken: set[tuple[int, int]] = set()
    plants = []
    numbers: dict[str, int] = {}
    for position in range(count):
        sector, opened, closed, product, amounts = _PLANTS[position % len(_PLANTS)]
        numbers[sector] = numbers.get(sector, 0) + 1
        row, column = _site(land, towns, zones, sector, opened, taken, rng)
        taken.add((row, column))
        # Small regions hold small plants, or their own sources would dwarf everything else.
        size = rng.uniform(0.85, 1.15) * max(scale, 0.05) ** 0.5
        height, diameter, temperature, velocity = STACKS[sector]
        if product == "coal_stoker" and sector == "coal_power":
            height, diameter = 90.0, 3.5
        plants.append(
            Plant(
                facility_id=f"F{position + 1:02d}",
                name=f"{LABELS[sector]} {numbers[sector]}",
                sector=sector,
                product=product,
                unit=_UNITS.get(product, "t"),
                row=row,
                column=column,
                opened=opened,
                closed=closed,
                stack=(
                    float(round(height * rng.uniform(0.85, 1.15))),
                    round(diameter * rng.uniform(0.9, 1.1), 1),
                    float(round(temperature + rng.uniform(-8.0, 8.0))),
                    round(velocity * rng.uniform(0.85, 1.15), 1),
                ),
                amounts={year: amount * size for year, amount in amounts.items()},
            )
        )
    return plants


def _site(land, towns, zones, sector, opened, taken, rng) -> tuple[int, int]:
    height, width = land.land.shape
    row_of, column_of = np.indices((height, width))
    scale = min(1.0, width * land.cell_m / 1.0e5)
    ok = land.land.copy()
    for row, column in taken:
        ok[row, column] = False
    flat = ok & (land.upland < 0.15)
    if sector in ("coal_power", "oil_power"):
        good = flat & (land.coast_distance_m < 2500.0 * scale + land.cell_m)
        good &= towns.road_distance_m < 12000.0 * scale + 2.0 * land.cell_m
    elif sector == "cement":
        good = ok & (land.upland > 0.12) & (land.upland < 0.5) & (towns.road_distance_m < 3000.0)
    elif sector == "waste_incineration":
        near = np.min(
            [
                np.hypot(row_of - r, column_of - c)
                for r, c in zip(towns.town_rows[:6], towns.town_columns[:6], strict=True)
            ],
            axis=0,
        )
        good = flat & (near * land.cell_m > 5000.0 * scale) & (near * land.cell_m < 11000.0 * scale)
    else:
        zone = zones[int(rng.integers(0, max(1, len(zones) // (2 if opened < 1995 else 1))))]
        distance = np.hypot(row_of - zone[0], column_of - zone[1])
        good = flat & (distance * land.cell_m < 1600.0)
        if not good.any():
            good = flat & (distance == np.where(flat, distance, np.inf).min())
    choice = np.flatnonzero(good if good.any() else (flat if flat.any() else land.land))
    row, column = divmod(int(rng.choice(choice)), width)
    return row, column


def controls(plants: list[Plant]) -> list[tuple[str, int, str, float]]:
    """Device configurations by plant: (facility, first year, configuration, share).

    Parameters
    ----------
    plants : list of Plant

    Returns
    -------
    list of tuple
        Only sectors whose devices are known; the others follow their technology curve.
    """
    rows = []
    for plant in plants:
        steps = _CONTROLS.get(plant.sector, ())
        if plant.sector == "coal_power" and plant.product == "coal_stoker":
            steps = _OLD_POWER
        rows += [(plant.facility_id, year, name, share) for year, mix in steps for name, share in mix]
    return rows


AREA_SOURCES = {
    "traffic": ("traffic", "roads", 1.0),
    "residential": ("residential", "population", 8.0),
    "small_boilers": ("small_boilers", "population", 30.0),
    "ewaste": ("legacy", "legacy:ewaste", 3.0),
}


def area_activity(persons: float, year: float, metals: list[str]) -> list[tuple[str, str, str, float, str]]:
    """Yearly activity of the area sources: (source, product, metal, amount, unit).

    Parameters
    ----------
    persons : float
        Inhabitants of the region.
    year : float
        Calendar year.
    metals : list of str

    Returns
    -------
    list of tuple
    """
    rows = [
        ("traffic", product, "", float(round(persons * between(year, course), -3)), "km")
        for product, course in _TRAFFIC.items()
    ]
    rows.append(("residential", "coal_residential", "", float(round(persons * between(year, _RESIDENTIAL_COAL))), "t"))
    rows.append(("small_boilers", "coal_stoker", "", float(round(persons * between(year, _SMALL_BOILER_COAL))), "t"))
    course = between(year, _LEGACY_COURSE) * min(1.0, persons / 4.0e6)
    rows += [
        ("ewaste", "legacy_metal", metal, round(_LEGACY_KG[metal] * course, 4), "kg")
        for metal in metals
        if metal in _LEGACY_KG
    ]
    return rows


FARM_COLUMNS = (
    "urea_kg_ha",
    "phosphate_kg_ha",
    "potash_kg_ha",
    "compound_kg_ha",
    "organic_fertiliser_kg_ha",
    "manure_t_ha",
    "irrigation_m3_ha",
    "copper_fungicide_kg_ha",
    "mancozeb_kg_ha",
    "yield_t_ha",
    "straw_t_ha",
)


def farming(district: int, hilly: float, landuse_class: str, year: float, seed: int) -> tuple[str, dict[str, float]]:
    """What the farms of a district do in a year on one class of land.

    Parameters
    ----------
    district : int
        Number of the district, from 1.
    hilly : float
        Mean upland index of the district, 0-1. [1]
    landuse_class : str
        ``paddy``, ``dryland`` or ``orchard``.
    year : float
    seed : int

    Returns
    -------
    crop : str
    values : dict of str to float
        `FARM_COLUMNS` and ``straw_return_fraction``, in the units their names end in.
    """
    crop = {"paddy": "rice", "orchard": "tea_citrus"}.get(landuse_class)
    if crop is None:
        crop = "rape" if hilly > 0.35 else ("wheat" if district % 4 == 0 else "vegetables")
    rng = stream(seed, f"farm {district} {landuse_class}")
    level = np.exp(0.16 * rng.standard_normal(len(FARM_COLUMNS))) * (1.08 - 0.25 * hilly)
    course = dict.fromkeys(FARM_COLUMNS[:4], between(year, _FERTILISER_COURSE))
    course["compound_kg_ha"] *= 0.8 + 0.02 * (min(year, 2020) - 2000)
    course["organic_fertiliser_kg_ha"] = between(year, _ORGANIC_COURSE)
    course["manure_t_ha"] = between(year, _MANURE_COURSE)
    course["copper_fungicide_kg_ha"] = course["mancozeb_kg_ha"] = between(year, _PESTICIDE_COURSE)
    growth = between(year, _RICE_YIELD) if crop == "rice" else 1.0 + 0.006 * (year - 2000)
    course["yield_t_ha"] = course["straw_t_ha"] = growth
    if crop == "rice":
        course["irrigation_m3_ha"] = 0.75 + 0.25 * growth
    values = {
        name: round(float(base * scale * course.get(name, 1.0)), 3)
        for name, base, scale in zip(FARM_COLUMNS, _FARMING[crop], level, strict=True)
    }
    if crop == "rice":
        values["irrigation_m3_ha"] = float(np.clip(values["irrigation_m3_ha"], 6000.0, 9000.0))
    values["straw_return_fraction"] = round(min(0.95, between(year, _RETURN_COURSE) * (0.9 + 0.2 * rng.random())), 3)
    return crop, values


def irrigation_water(typical_ug_l: float, district: int, metal: str, year: float, seed: int) -> float:
    """Metal in a district's irrigation water.

    Parameters
    ----------
    typical_ug_l : float
        Typical river water of the region. [µg L⁻¹]
    district : int
    metal : str
    year : float
    seed : int

    Returns
    -------
    float
        [µg L⁻¹]
    """
    spread = np.exp(0.3 * stream(seed, f"water {district} {metal}").standard_normal())
    return float(f"{typical_ug_l * spread * between(year, _WATER_COURSE):.4g}")
