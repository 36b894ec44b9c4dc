"""Towns, roads, land use, sealing, population and districts of the generated region."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.demo.fields import between, block_mean, fractal, stream, upsample
from metalbudget.demo.landscape import Landscape

# Codes of landuse/{date}.tif: name and the model class each stands for.
LANDUSE_CLASSES = {
    11: ("paddy field", "paddy"),
    12: ("dry cropland and vegetables", "dryland"),
    21: ("orchard and tea", "orchard"),
    31: ("evergreen forest", "forest"),
    32: ("bamboo and shrub", "forest"),
    41: ("grassland", "grass"),
    51: ("urban residential", "residential"),
    52: ("rural settlement", "residential"),
    53: ("industrial and transport land", "industrial"),
    61: ("tidal flat and reed", "wetland"),
    71: ("river and canal", "water"),
    72: ("reservoir", "water"),
    73: ("sea inlet", "water"),
    81: ("bare land and quarry", "bare"),
}
# Share of built ground that is sealed, by code.
SEALED = {51: 0.78, 52: 0.52, 53: 0.86}
# Built land as a share of all land. Zhejiang's built-up land roughly tripled from 2000 to 2020; later dates
# are a slowing growth.
URBAN_SHARE = {1990: 0.016, 2000: 0.026, 2010: 0.049, 2020: 0.072, 2045: 0.105, 2070: 0.122}
VILLAGE_SHARE = {1990: 0.020, 2000: 0.024, 2020: 0.029, 2070: 0.026}
INDUSTRIAL_SHARE = {1990: 0.003, 2000: 0.007, 2010: 0.019, 2020: 0.030, 2045: 0.038, 2070: 0.041}
PERSONS_PER_KM2 = 640.0  # Zhejiang coast, 2020 census order of magnitude
TOWN_NAMES = (
    "Estuary City",
    "South Harbour",
    "North Bay",
    "Old Market",
    "Salt Marsh",
    "Nine Bridges",
    "Tea Hill",
    "Red Cliff",
    "Stone Gate",
    "Upper Ford",
    "Bamboo Creek",
    "West Pass",
    "Lotus Lake",
    "Sand Point",
    "Mill Valley",
    "Outer Island",
)


@dataclass(frozen=True)
class Settlement:
    """Where people live and how they travel.

    Parameters
    ----------
    town_rows, town_columns : ndarray of int, shape (k,)
        Town centres on the study grid, largest first.
    town_persons : ndarray, shape (k,)
        Inhabitants. [1]
    roads : list of tuple
        Lines as (rows, columns, vehicles per day), cell indices of the study grid.
    road_distance_m : ndarray, shape (h, w)
        Distance to a road. [m]
    road_traffic : ndarray, shape (h, w)
        Vehicles per day summed over the road cells. [1 d-1]
    districts : ndarray of int, shape (h, w)
        1..k on land, 0 at sea.
    """

    town_rows: NDArray[np.int64]
    town_columns: NDArray[np.int64]
    town_persons: NDArray[np.float64]
    roads: list[tuple[list[int], list[int], float]]
    road_distance_m: NDArray[np.float64]
    road_traffic: NDArray[np.float64]
    districts: NDArray[np.int32]


def settle(land: Landscape, seed: int) -> Settlement:
    """Place towns on the plain, join them by roads and divide the land into districts.

    Parameters
    ----------
    land : Landscape
    seed : int

    Returns
    -------
    Settlement
    """
    rows, columns = _place_towns(land, seed)
    rank = np.arange(1, rows.size + 1)
    persons = rank**-0.85
    area_km2 = land.land.sum() * land.cell_m**2 / 1.0e6
    persons *= 0.42 * PERSONS_PER_KM2 * area_km2 / persons.sum()
    roads, traffic = _roads(land, rows, columns, persons, seed)
    from scipy import ndimage

    distance = ndimage.distance_transform_edt(traffic == 0.0) * land.cell_m
    return Settlement(rows, columns, persons, roads, distance, traffic, _districts(land, rows, columns, seed))


def _place_towns(land: Landscape, seed: int):
    rng = stream(seed, "towns")
    height, width = land.land.shape
    scale = min(1.0, width * land.cell_m / 1.0e5)
    attraction = (
        1.2 * np.exp(-land.upland / 0.04)
        + 0.8 * np.exp(-land.river_distance_m / (2500.0 * scale))
        + 0.5 * np.exp(-(((land.coast_distance_m - 9000.0 * scale) / (9000.0 * scale)) ** 2))
        + 0.35 * fractal((height, width), rng, 0.1 * width + 2.0, 1.5)
    )
    attraction[(land.upland > 0.2) | ~land.land | (land.coast_distance_m < 1500.0 * scale)] = -np.inf
    rows, columns = [], []
    gap = 0.135 * width
    row_of, column_of = np.indices((height, width))
    for _ in range(len(TOWN_NAMES)):
        if not np.isfinite(attraction).any():
            break
        row, column = np.unravel_index(int(np.argmax(attraction)), attraction.shape)
        rows.append(int(row))
        columns.append(int(column))
        attraction[np.hypot(row_of - row, column_of - column) < max(gap, 2.0)] = -np.inf
    # Land left without a town, such as the mountains and islands, gets small centres.
    while len(rows) < 13:
        distance = np.full((height, width), 1.0e9)
        for r, c in zip(rows, columns, strict=True):
            distance = np.minimum(distance, np.hypot(row_of - r, column_of - c))
        distance[~land.land] = -1.0
        row, column = np.unravel_index(int(np.argmax(distance)), distance.shape)
        rows.append(int(row))
        columns.append(int(column))
    return np.array(rows), np.array(columns)


def _roads(land: Landscape, rows, columns, persons, seed: int):
    """Least-cost paths between neighbouring towns and from villages, with the traffic they gather."""
    from scipy import sparse
    from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree

    height, width = land.land.shape
    relief = np.hypot(*np.gradient(land.elevation, land.cell_m))
    river = block_mean(land.fine_river | land.fine_lake, land.factor)
    cost = 1.0 + 14.0 * np.minimum(relief, 0.5) + 2.5 * river
    cost *= np.exp(0.25 * fractal((height, width), stream(seed, "road"), 12.0, 1.2))
    cost = np.where(land.land, cost, 40.0)  # bridges to islands are long
    index = np.arange(height * width).reshape(height, width)
    starts, ends, lengths = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = index[: height - down, max(0, -right) : width - max(0, right)].ravel()
        b = index[down:, max(0, right) : width - max(0, -right)].ravel()
        starts.append(a)
        ends.append(b)
        lengths.append(0.5 * (cost.ravel()[a] + cost.ravel()[b]) * np.hypot(down, right))
    graph = sparse.csr_matrix(
        (np.concatenate(lengths), (np.concatenate(starts), np.concatenate(ends))), shape=(cost.size, cost.size)
    )
    nodes = index[rows, columns]
    distance, parent = dijkstra(graph, directed=False, indices=nodes, return_predecessors=True)
    between_towns = distance[:, nodes]
    tree = minimum_spanning_tree(sparse.csr_matrix(between_towns)).tocoo()
    pairs = {tuple(sorted(pair)) for pair in zip(tree.row.tolist(), tree.col.tolist(), strict=True)}
    for town in range(nodes.size):  # a ring or two, as real networks have
        for other in np.argsort(between_towns[town])[1:3].tolist():
            pairs.add(tuple(sorted((town, other))))
    volumes: dict[tuple[int, int], float] = {}
    paths = []
    gravity = np.sqrt(persons[:, None] * persons[None, :])
    for a, b in sorted(pairs):
        paths.append(_walk(parent[a], int(nodes[b])))
        _load(volumes, paths[-1], 3500.0 + 26000.0 * (gravity[a, b] / gravity.max()) ** 0.6)
    for village in _villages(land, seed, max(6, int(0.006 * land.land.sum()))):
        near = int(np.argmin(distance[:, village]))
        paths.append(_walk(parent[near], int(village)))
        _load(volumes, paths[-1], 900.0)
    return _lines(paths, volumes, width), _traffic(volumes, (height, width))


def _villages(land: Landscape, seed: int, count: int) -> NDArray[np.int64]:
    weight = np.where(land.land, np.exp(-land.upland / 0.15), 0.0).ravel()
    count = min(count, int((weight > 0).sum()))
    return stream(seed, "villages").choice(weight.size, size=count, replace=False, p=weight / weight.sum())


def _walk(parent, target: int) -> list[int]:
    path = [target]
    while parent[path[-1]] >= 0:
        path.append(int(parent[path[-1]]))
    return path


def _load(volumes, path: list[int], vehicles: float) -> None:
    for a, b in itertools.pairwise(path):
        key = (min(a, b), max(a, b))
        volumes[key] = volumes.get(key, 0.0) + vehicles


def _lines(paths, volumes, width: int):
    """Chains of segments with the same traffic, each segment once."""
    done: set[tuple[int, int]] = set()
    lines = []
    for path in paths:
        chain: list[int] = []
        volume = -1.0
        for a, b in itertools.pairwise(path):
            key = (min(a, b), max(a, b))
            fresh = key not in done
            if chain and (not fresh or volumes[key] != volume):
                lines.append((chain, volume))
                chain = []
            if fresh:
                done.add(key)
                volume = volumes[key]
                chain = chain or [a]
                chain.append(b)
        if chain:
            lines.append((chain, volume))
    return [
        ([cell // width for cell in chain], [cell % width for cell in chain], round(volume, -1))
        for chain, volume in lines
    ]


def _traffic(volumes, shape) -> NDArray[np.float64]:
    total = np.zeros(shape[0] * shape[1])
    for (a, b), volume in volumes.items():
        total[a] += 0.5 * volume
        total[b] += 0.5 * volume
    return total.reshape(shape)


def _districts(land: Landscape, rows, columns, seed: int) -> NDArray[np.int32]:
    """Nearest town in distorted coordinates, so that borders wander like real ones."""
    height, width = land.land.shape
    row_of, column_of = np.indices((height, width)).astype(float)
    amplitude = 0.025 * width
    row_of += amplitude * fractal((height, width), stream(seed, "border rows"), 0.1 * width + 2.0, 1.8)
    column_of += amplitude * fractal((height, width), stream(seed, "border columns"), 0.1 * width + 2.0, 1.8)
    distance = [np.hypot(row_of - r, column_of - c) for r, c in zip(rows, columns, strict=True)]
    nearest = np.argmin(distance, axis=0) + 1
    nearest[rows, columns] = np.arange(1, rows.size + 1)
    return np.where(land.land, nearest, 0).astype(np.int32)


def industrial_zones(land: Landscape, towns: Settlement, seed: int) -> NDArray[np.int64]:
    """Centres of industrial zones, oldest first: at the edge of the larger towns and along the coast.

    Parameters
    ----------
    land : Landscape
    towns : Settlement
    seed : int

    Returns
    -------
    ndarray of int, shape (zones, 2)
        Row and column on the study grid.
    """
    rng = stream(seed, "zones")
    height, width = land.land.shape
    row_of, column_of = np.indices((height, width))
    flat = land.land & (land.upland < 0.08) & (towns.road_distance_m < 2500.0)
    zones: list[tuple[int, int]] = []
    for round_ in range(3):
        for row, column in zip(towns.town_rows[:11], towns.town_columns[:11], strict=True):
            distance = np.hypot(row_of - row, column_of - column) * land.cell_m
            low, high = ((1200.0, 3500.0), (3000.0, 6500.0), (5000.0, 10000.0))[round_]
            choice = np.flatnonzero(flat & (distance > low) & (distance < high))
            if choice.size:
                zones.append(divmod(int(rng.choice(choice)), width))
    if not zones:
        zones = [(int(towns.town_rows[0]), int(towns.town_columns[0]))]
    return np.array(zones)


def landuse_maps(
    land: Landscape, towns: Settlement, zones: NDArray[np.int64], dates: list[int], seed: int
) -> dict[int, NDArray[np.uint8]]:
    """Land-use codes on the fine grid at each date; built land only grows.

    Parameters
    ----------
    land : Landscape
    towns : Settlement
    zones : ndarray of int, shape (k, 2)
        Industrial zones, oldest first.
    dates : list of int
        Calendar years.
    seed : int

    Returns
    -------
    dict of int to ndarray of uint8, shape (h*f, w*f)
        Codes of `LANDUSE_CLASSES`; 0 where the study grid has sea.
    """
    from scipy import ndimage

    factor = land.factor
    shape = land.fine_land.shape
    fine_m = land.cell_m / factor
    grain = fractal(shape, stream(seed, "grain"), 1500.0 / fine_m, 1.3)
    parcels = fractal(shape, stream(seed, "parcels"), 4000.0 / fine_m, 1.2)
    inside = np.kron(land.land, np.ones((factor, factor), dtype=bool))
    buildable = land.fine_land & ~land.fine_river & ~land.fine_lake & (land.fine_slope_deg < 14.0)
    total = int((land.fine_land & inside).sum())
    row_of, column_of = np.indices(land.land.shape)
    radius = 0.5 * np.sqrt(towns.town_persons / 4500.0) * 1000.0 / land.cell_m
    reach = np.min(
        [
            np.hypot(row_of - r, column_of - c) / (size + 0.5)
            for r, c, size in zip(towns.town_rows, towns.town_columns, radius, strict=True)
        ],
        axis=0,
    )
    road = np.minimum(towns.road_distance_m / 1500.0, 3.0)
    urban = upsample(-np.log(reach + 0.15) - 0.22 * road, factor) + 0.26 * grain - 0.05 * land.fine_slope_deg
    age = np.arange(len(zones)) / len(zones)
    industry = np.max(
        [
            -np.hypot(row_of - r, column_of - c) * land.cell_m / 1000.0 - 2.4 * old
            for (r, c), old in zip(zones, age, strict=True)
        ],
        axis=0,
    )
    industry = upsample(industry, factor) + 0.35 * parcels - 0.12 * land.fine_slope_deg
    seeds = np.ones(shape, dtype=bool)
    places = _village_places(land, buildable, seed)
    seeds[places] = False
    village_size = upsample(fractal(land.land.shape, stream(seed, "village size"), 8.0, 1.2), factor)
    village = -ndimage.distance_transform_edt(seeds) * fine_m / 100.0 + 0.8 * village_size + 0.7 * grain

    maps = {}
    built = np.zeros(shape, dtype=np.uint8)
    for date in sorted(set(dates)):
        for score, shares, code in (
            (urban, URBAN_SHARE, 51),
            (industry, INDUSTRIAL_SHARE, 53),
            (village, VILLAGE_SHARE, 52),
        ):
            wanted = int(between(date, shares) * total) - int((built == code).sum())
            free = buildable & (built == 0)
            count = min(max(wanted, 0), int(free.sum()))
            if count:
                threshold = np.partition(score[free], -count)[-count]
                built[free & (score >= threshold)] = code
        cover = _open_land(land, parcels, grain, date, fine_m)
        maps[date] = np.where(inside, np.where(built > 0, built, cover), 0).astype(np.uint8)
    return maps


def _village_places(land: Landscape, buildable, seed: int):
    weight = np.where(buildable, np.exp(-land.fine_upland / 0.12), 0.0).ravel()
    area_km2 = buildable.sum() * (land.cell_m / land.factor) ** 2 / 1.0e6
    count = max(4, min(int(0.6 * area_km2), int((weight > 0).sum())))
    cells = stream(seed, "hamlets").choice(weight.size, size=count, replace=True, p=weight / weight.sum())
    return np.unravel_index(cells, buildable.shape)


def _open_land(land: Landscape, parcels, grain, date: float, fine_m: float) -> NDArray[np.uint8]:
    """What grows on land without buildings: fields on flat ground, orchards on footslopes, forest above."""
    from scipy import ndimage

    slope, upland, elevation = land.fine_slope_deg, land.fine_upland, land.fine_elevation
    drift = (date - 2000) / 20.0  # paddies give way to vegetables and orchards
    sea = ~land.fine_land
    shore_m = ndimage.distance_transform_edt(land.fine_land) * fine_m
    cover = np.where(grain + 0.4 * parcels > 1.25, 32, 31).astype(np.uint8)
    cover[(upland > 0.1) & (parcels > 1.9)] = 41
    foot = (slope >= 2.5) & (slope < 13.0) & (elevation < 260.0) & (upland < 0.55)
    cover[foot & (parcels > 0.55 - 0.12 * drift)] = 21
    cover[foot & (parcels < -1.25)] = 12
    flat = (slope < 2.5) & ((upland < 0.2) | (elevation < 350.0))
    cover[flat] = 11
    cover[flat & (parcels + 0.9 * np.exp(-shore_m / 2500.0) > 1.05 - 0.18 * drift)] = 12
    cover[flat & (parcels < -1.45 + 0.15 * drift)] = 21
    cover[flat & (parcels > 2.45)] = 41
    cover[(grain > 3.15) & (upland > 0.03)] = 81
    cover[(shore_m < 450.0 + 320.0 * grain) & (upland < 0.02) & (elevation < 4.0)] = 61
    cover[land.fine_lake] = 72
    cover[land.fine_river] = 71
    cover[sea] = 73
    return cover


def imperviousness(
    land: Landscape, towns: Settlement, codes: NDArray[np.uint8], date: float, seed: int
) -> NDArray[np.float64]:
    """Sealed share of each cell, a part of its built classes.

    Parameters
    ----------
    land : Landscape
    towns : Settlement
    codes : ndarray of uint8, shape (h*f, w*f)
        Land-use codes.
    date : float
        Calendar year; towns are sealed more densely with time.
    seed : int

    Returns
    -------
    ndarray, shape (h, w)
        0-1 of the cell area; NaN at sea. [1]
    """
    sealed = np.zeros(land.land.shape)
    density = np.clip(0.9 + 0.004 * (date - 2000), 0.9, 1.08)
    noise = 1.0 + 0.08 * fractal(land.land.shape, stream(seed, "sealed"), 10.0, 1.2)
    for code, share in SEALED.items():
        sealed += block_mean(codes == code, land.factor) * np.clip(share * density * noise, 0.0, 0.97)
    return np.where(land.land, np.clip(sealed, 0.0, 1.0), np.nan)


def population(land: Landscape, towns: Settlement, codes: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Inhabitants of each cell, in proportion to its built land and denser in large towns.

    Parameters
    ----------
    land : Landscape
    towns : Settlement
    codes : ndarray of uint8, shape (h*f, w*f)
        Land-use codes.

    Returns
    -------
    ndarray, shape (h, w)
        Persons in the cell; NaN at sea. [1]
    """
    row_of, column_of = np.indices(land.land.shape)
    core = np.zeros(land.land.shape)
    for r, c, persons in zip(towns.town_rows, towns.town_columns, towns.town_persons, strict=True):
        distance = np.hypot(row_of - r, column_of - c) * land.cell_m
        core += np.exp(-distance / (700.0 * (persons / 1.0e5) ** 0.4)) * (persons / 1.0e5) ** 0.2
    weight = (
        block_mean(codes == 51, land.factor) * (0.5 + 1.1 * np.minimum(core, 1.6))
        + block_mean(codes == 52, land.factor) * 0.55
        + block_mean(codes == 53, land.factor) * 0.12
        + block_mean(np.isin(codes, (11, 12, 21)), land.factor) * 0.004
    )
    weight = np.where(land.land, weight, 0.0)
    total = PERSONS_PER_KM2 * land.land.sum() * land.cell_m**2 / 1.0e6
    return np.where(land.land, np.round(weight / weight.sum() * total, 1), np.nan)
