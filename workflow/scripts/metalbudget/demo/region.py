"""The whole generated region, in memory: land, people, economy, weather, truth and surveys."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.demo import climate, economy, soil, survey, towns, truth
from metalbudget.demo.fields import between, block_mean, stream
from metalbudget.demo.landscape import Landscape, make_landscape
from metalbudget.demo.survey import Points

CRS = "EPSG:32651"
CENTRE_X_M, CENTRE_Y_M = 334000.0, 3176000.0  # near 121.3 E 28.7 N, the Zhejiang coast
FINE_FACTOR = 5  # elevation and land use at a fifth of the cell


@dataclass(frozen=True)
class Region:
    """Everything that is written; arrays on the study grid are (h, w), fine ones (h*f, w*f).

    Parameters
    ----------
    x_min, y_max, cell_m : float
        North-western corner and cell side in `CRS`. [m]
    land : Landscape
    settlement : towns.Settlement
    landuse, impervious : dict of int to ndarray
        Land-use codes (fine) and sealed share (study grid) at every date, scenario dates included.
    persons : ndarray, shape (h, w)
    soils : dict of str to ndarray, shape (h, w)
    rain_factor : ndarray, shape (h, w)
    station : tuple of int
        Cell of the weather station.
    weather : dict of int to dict
        Hourly series by weather year.
    plants : list of Plant
    legacy_cells : ndarray of bool, shape (h, w)
    hilly : ndarray, shape (k,)
        Mean upland index by district.
    truth : Truth or None
        None when fewer than two surveys are asked for and nothing has to be simulated.
    surveys : dict of int to (Points, columns)
    monitors : list of tuple
        (row, column, role, {metal: mg m-2 yr-1}).
    monitor_year : int
    """

    x_min: float
    y_max: float
    cell_m: float
    land: Landscape
    settlement: towns.Settlement
    landuse: dict[int, NDArray[np.uint8]]
    impervious: dict[int, NDArray[np.float64]]
    persons: NDArray[np.float64]
    soils: dict[str, NDArray[np.float64]]
    rain_factor: NDArray[np.float64]
    station: tuple[int, int]
    weather: dict[int, dict[str, NDArray]]
    plants: list[economy.Plant]
    legacy_cells: NDArray[np.bool_]
    hilly: NDArray[np.float64]
    truth: truth.Truth
    surveys: dict[int, tuple[Points, dict[str, list]]]
    monitors: list[tuple[int, int, str, dict[str, float]]]
    monitor_year: int

    @property
    def inhabitants(self) -> float:
        """Inhabitants of the region. [1]"""
        return float(np.nansum(self.persons))


def make_region(
    *,
    rows: int,
    columns: int,
    cell_m: float,
    facilities: int,
    survey_points: int,
    seed: int,
    metals: list[str],
    weather_years: list[int],
    modelled_years: list[int],
    landuse_dates: list[int],
    scenario_dates: list[int],
    survey_years: list[int],
    tables: Mapping[str, Mapping[str, float]],
    fine_factor: int = FINE_FACTOR,
) -> Region:
    """Generate a region of any size.

    Parameters
    ----------
    rows, columns : int
        Size of the study grid, ≥ 8.
    cell_m : float
        Side of a cell. [m]
    facilities, survey_points : int
        Numbers of plants and of sampling points.
    seed : int
    metals : list of str
    weather_years, modelled_years, landuse_dates, scenario_dates, survey_years : list of int
        Calendar years.
    tables : mapping
        ``parent_material metal emission content trend``: the demo tables of resources/parameters.
    fine_factor : int
        Nested fine cells along a cell.

    Returns
    -------
    Region
    """
    if min(rows, columns) < 8:
        raise ValueError(f"a region needs at least 8 x 8 cells, got {rows} x {columns}")
    land = make_landscape(rows, columns, cell_m, fine_factor, seed)
    settlement = towns.settle(land, seed)
    zones = towns.industrial_zones(land, settlement, seed)
    years = sorted(survey_years) or [min(landuse_dates), max(landuse_dates)]
    landuse = towns.landuse_maps(land, settlement, zones, [*landuse_dates, *scenario_dates], seed)
    impervious = {date: towns.imperviousness(land, settlement, codes, date, seed) for date, codes in landuse.items()}
    last_date = max(landuse_dates)
    persons = towns.population(land, settlement, landuse[last_date])
    soils = soil.make_soils(land, landuse[min(landuse_dates)], seed)
    x_min = CENTRE_X_M - 0.5 * columns * cell_m
    y_max = CENTRE_Y_M + 0.5 * rows * cell_m

    station = _station(land, settlement)
    longitude, latitude = lon_lat(*centre(x_min, y_max, cell_m, *station))
    elevation = float(land.elevation[station])
    weather = {
        year: climate.hourly_weather(year, float(longitude), float(latitude), elevation, seed) for year in weather_years
    }
    rain_factor = climate.rain_factor(land, station)
    plants = economy.place_plants(land, settlement, zones, facilities, seed)
    legacy = _legacy(land, settlement, seed)
    district = settlement.districts
    hilly = np.array([float(land.upland[district == number].mean()) for number in range(1, int(district.max()) + 1)])

    background, first = truth.initial_soil(
        land, plants, persons, legacy, metals, tables["parent_material"], tables["metal"], tables["emission"], seed
    )
    fractions = {date: _class_shares(land, landuse[date]) for date in landuse_dates}
    sealed = {date: impervious[date][land.land] for date in landuse_dates}
    surrogates = {
        "traffic": settlement.road_traffic * land.land,
        "residential": np.nan_to_num(persons),
        "small_boilers": np.nan_to_num(persons),
        "ewaste": legacy * land.land,
    }
    surrogates = {name: weight / max(weight.sum(), 1.0e-12) for name, weight in surrogates.items()}
    true = truth.simulate(
        land,
        soils,
        rain_factor,
        _wind_rose(seed, float(longitude), float(latitude), elevation),
        plants,
        surrogates,
        float(np.nansum(persons)),
        district,
        hilly,
        fractions,
        sealed,
        background,
        first,
        metals,
        (years[0], years[-1] if years[-1] > years[0] else years[0] + 1),
        tables,
        seed,
    )
    open_share = np.maximum(fractions[last_date].sum(axis=0) - sealed[last_date], 0.0)
    early, late = survey.place_points(land, open_share, survey_points, metals, seed)
    surveys = {}
    for position, year in enumerate(sorted(survey_years)):
        points, values = (early, true.first) if position == 0 else (late, true.last)
        laboratory = "first" if position == 0 else "last"
        surveys[year] = (
            points,
            survey.sample(points, values, metals, year, tables["metal"], laboratory, seed),
        )
    monitor_year = max((year for year in modelled_years if year <= 2015), default=min(modelled_years))
    monitors = _monitors(land, plants, persons, rain_factor, true, metals, monitor_year, tables, open_share, seed)
    return Region(
        x_min,
        y_max,
        cell_m,
        land,
        settlement,
        landuse,
        impervious,
        persons,
        soils,
        rain_factor,
        station,
        weather,
        plants,
        legacy > 0.5,
        hilly,
        true,
        surveys,
        monitors,
        monitor_year,
    )


def centre(x_min: float, y_max: float, cell_m: float, row, column):
    """Centre of a cell in the study CRS. [m]"""
    return x_min + (np.asarray(column) + 0.5) * cell_m, y_max - (np.asarray(row) + 0.5) * cell_m


def lon_lat(x, y):
    """Longitude and latitude [degree] of places in the study CRS, to a tenth of a metre."""
    from pyproj import Transformer

    longitude, latitude = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(x, y)
    return np.round(longitude, 6), np.round(latitude, 6)


def _station(land: Landscape, settlement: towns.Settlement) -> tuple[int, int]:
    """On the plain, some kilometres from the main town."""
    row_of, column_of = np.indices(land.land.shape)
    distance = np.hypot(row_of - settlement.town_rows[0], column_of - settlement.town_columns[0])
    wanted = min(14, 0.08 * land.land.shape[1])
    score = np.abs(distance - wanted) + 40.0 * land.upland + np.where(land.land, 0.0, 1.0e6)
    row, column = np.unravel_index(int(np.argmin(score)), score.shape)
    return int(row), int(column)


def _legacy(land: Landscape, settlement: towns.Settlement, seed: int) -> NDArray[np.float64]:
    """The old dismantling area around a plain town: 1 in its heart, fading over some kilometres."""
    index = min(3, settlement.town_rows.size - 1)
    row_of, column_of = np.indices(land.land.shape)
    row = settlement.town_rows[index] + 4000.0 / land.cell_m * np.cos(0.6)
    column = settlement.town_columns[index] + 4000.0 / land.cell_m * np.sin(0.6)
    if land.land.shape[1] * land.cell_m < 3.0e4:
        row, column = settlement.town_rows[index], settlement.town_columns[index]
    distance = np.hypot(row_of - row, column_of - column) * land.cell_m
    heart = np.exp(-((distance / 3000.0) ** 2) * (0.8 + 0.4 * stream(seed, "legacy").random()))
    heart = np.where(land.land, heart, 0.0)
    return heart if heart.max() > 0.5 else np.where(land.land & (distance <= distance[land.land].min()), 1.0, heart)


def _class_shares(land: Landscape, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Shares (9, n) of the cell area by open class of the truth."""
    members: dict[str, list[int]] = {}
    for code, (_, model_class) in towns.LANDUSE_CLASSES.items():
        members.setdefault(model_class, []).append(code)
    return np.array([block_mean(np.isin(codes, members[name]), land.factor)[land.land] for name in truth.OPEN_CLASSES])


def _wind_rose(seed: int, longitude: float, latitude: float, elevation_m: float) -> NDArray[np.float64]:
    """Sixteen-part rose of a year of its own, not one of the study's weather years."""
    series = climate.hourly_weather(1995, longitude, latitude, elevation_m, seed)
    blowing = series["wind_speed_m_s"] > 0.0
    sector = np.floor(np.mod(series["wind_direction_deg"][blowing] + 11.25, 360.0) / 22.5).astype(int)
    return np.bincount(sector, minlength=16) / blowing.sum()


def _monitors(land, plants, persons, rain_factor, true, metals, year, tables, open_share, seed):
    """Bulk deposition as a collector sees it: background, nearby sources and resuspended local soil."""
    row_of, column_of = np.indices(land.land.shape)
    nearest = np.min([np.hypot(row_of - p.row, column_of - p.column) for p in plants], axis=0) * land.cell_m
    rng = stream(seed, "monitor readings")
    cell_of = np.full(land.land.shape, -1)
    cell_of[land.land] = np.arange(int(land.land.sum()))
    span_years = range(true.first_year, true.last_year)
    rows = []
    for row, column, role in survey.place_monitors(land, persons, nearest, seed):
        cell = cell_of[row, column]
        share = max(float(open_share[cell]), 0.05)
        values = {}
        for index, metal in enumerate(metals):
            trend = {int(k.split("/")[1]): v for k, v in tables["trend"].items() if k.split("/")[0] == metal}
            mean_trend = np.mean([between(y + 0.5, trend) for y in span_years])
            falling = true.fluxes["background"][index, cell] / share * between(year, trend) / mean_trend
            total = sum(true.emissions.get(f"{p}/{metal}/{year}", 0.0) for p in true.sources)
            mean = sum(true.emissions[f"{p}/{metal}/{y}"] for p in true.sources for y in span_years) / len(span_years)
            nearby = true.fluxes["deposition"][index, cell] / share * (total / mean if mean > 0.0 and total else 1.0)
            crust = tables["metal"][f"crustal_share/{metal}"]
            reading = (falling + nearby) / (1.0 - crust) * np.exp(0.12 * rng.standard_normal())
            values[metal] = float(f"{reading:.4g}")
        rows.append((row, column, role, values))
    return rows
