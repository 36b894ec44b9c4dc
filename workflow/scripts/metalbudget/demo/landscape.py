"""Coast, islands, estuary, hills, valleys and parent material of the generated region.

Relief is the distance to the sea measured with a cost equal to the slope that a stream of the cell's
catchment keeps (slope falls with catchment as a power, Flint 1974, doi:10.1029/WR010i005p00969). Each cell
therefore drains to a lower one, valleys branch, and neighbours never differ by more than a slope allows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.demo.fields import block_mean, fractal, stream

LAND_SHARE = 0.705  # of the rectangle; the default region then has more than 25,000 land cells
PLAIN_SLOPE = 2.2e-4  # [1] gradient of a coastal plain
HILL_SLOPE = 0.27  # [1] gradient of a hillslope without a catchment
CHANNEL_AREA_M2 = 2.0e4  # catchment at which slopes begin to fall
CONCAVITY = 0.42  # usual range 0.4-0.6

# Codes of soil/parent_material.tif, as listed in demo_parent_material.csv.
PARENT_MATERIALS = {
    1: "volcanic_tuff",
    2: "granite",
    3: "red_clay",
    4: "river_alluvium",
    5: "lagoon_plain",
    6: "marine_clay",
    7: "saline_silt",
}


@dataclass(frozen=True)
class Landscape:
    """Shape of the land, on the study grid (h, w) and on the nested fine grid (h*f, w*f).

    Parameters
    ----------
    factor : int
        Fine cells along a cell of the study grid.
    cell_m : float
        Side of a cell of the study grid. [m]
    land : ndarray of bool, shape (h, w)
        Land cells of the study grid.
    elevation : ndarray, shape (h, w)
        Mean elevation above sea level. [m]
    upland : ndarray, shape (h, w)
        0 on the plain to 1 in the mountains. [1]
    coast_distance_m, river_distance_m : ndarray, shape (h, w)
        Distance to the sea and to a river. [m]
    parent_material : ndarray of uint8, shape (h, w)
        Codes of `PARENT_MATERIALS`; 0 at sea.
    fine_land : ndarray of bool, shape (h*f, w*f)
        Land, rivers and lakes included.
    fine_elevation : ndarray, shape (h*f, w*f)
        Elevation; 0 at sea. [m]
    fine_slope_deg : ndarray, shape (h*f, w*f)
        Slope. [degree]
    fine_upland : ndarray, shape (h*f, w*f)
        As `upland`. [1]
    fine_river, fine_lake : ndarray of bool, shape (h*f, w*f)
        Inland water.
    """

    factor: int
    cell_m: float
    land: NDArray[np.bool_]
    elevation: NDArray[np.float64]
    upland: NDArray[np.float64]
    coast_distance_m: NDArray[np.float64]
    river_distance_m: NDArray[np.float64]
    parent_material: NDArray[np.uint8]
    fine_land: NDArray[np.bool_]
    fine_elevation: NDArray[np.float64]
    fine_slope_deg: NDArray[np.float64]
    fine_upland: NDArray[np.float64]
    fine_river: NDArray[np.bool_]
    fine_lake: NDArray[np.bool_]


def make_landscape(height: int, width: int, cell_m: float, factor: int, seed: int) -> Landscape:
    """Draw the land of a region of any size.

    Parameters
    ----------
    height, width : int
        Rows and columns of the study grid, ≥ 8.
    cell_m : float
        Side of a cell. [m]
    factor : int
        Nested fine cells along a cell, ≥ 1.
    seed : int

    Returns
    -------
    Landscape
    """
    from scipy import ndimage

    shape = (height * factor, width * factor)
    fine_m = cell_m / factor
    span = shape[1]  # lengths below are shares of the region's width
    v, u = np.meshgrid((np.arange(shape[0]) + 0.5) / span, (np.arange(shape[1]) + 0.5) / span, indexing="ij")
    north_south = shape[0] / span
    river_v = _river(u, north_south, seed)
    fine_land = _land(u, v, river_v, north_south, seed)
    land = _clean_mask(block_mean(fine_land, factor) > 0.5)
    fine_land &= np.kron(land, np.ones((factor, factor), dtype=bool))

    coast_fine = ndimage.distance_transform_edt(fine_land) / span
    upland = _upland(u, v, river_v, coast_fine, fine_land, seed)
    elevation, catchment = _relief(upland, fine_land, fine_m, river_v, seed)
    river = _rivers(catchment, fine_land, shape[1] * fine_m)
    lake = _reservoirs(elevation, catchment, upland, river, fine_m, seed)
    smooth = ndimage.gaussian_filter(elevation, 0.8)
    slope = np.degrees(np.arctan(np.hypot(*np.gradient(smooth, fine_m))))

    coarse_upland = block_mean(upland, factor)
    coast_m = ndimage.distance_transform_edt(land) * cell_m
    main_river = block_mean(river & (catchment > 4.0 * _river_area(shape[1] * fine_m)), factor) > 0
    river_m = _distance(main_river, cell_m)
    material = _parent_material(
        coarse_upland, block_mean(elevation, factor), coast_m, river_m, land, width * cell_m, seed
    )
    return Landscape(
        factor=factor,
        cell_m=cell_m,
        land=land,
        elevation=np.where(land, block_mean(elevation, factor), 0.0),
        upland=coarse_upland,
        coast_distance_m=coast_m,
        river_distance_m=river_m,
        parent_material=material,
        fine_land=fine_land,
        fine_elevation=elevation,
        fine_slope_deg=slope,
        fine_upland=upland,
        fine_river=river,
        fine_lake=lake,
    )


def _distance(mask: NDArray[np.bool_], cell_m: float) -> NDArray[np.float64]:
    from scipy import ndimage

    if not mask.any():
        return np.full(mask.shape, max(mask.shape) * cell_m)
    return ndimage.distance_transform_edt(~mask) * cell_m


def _river(u, north_south: float, seed: int):
    """Line of the main valley, as v of every u; it meanders and reaches the coast near the middle."""
    phase = stream(seed, "river").uniform(0.0, 2.0 * np.pi)
    middle = 0.47 * north_south
    bend = 0.055 * np.sin(2.0 * np.pi * 1.7 * u + phase) + 0.02 * np.sin(2.0 * np.pi * 4.3 * u + 2.0 * phase)
    return middle + bend * np.clip((0.85 - u) / 0.4, 0.0, 1.0) + 0.10 * (0.5 - u)


def _coast_line(v, north_south: float):
    """Mean position of the coast: it runs from north-north-east to south-south-west, with one large bay."""
    along = v / north_south
    return 0.80 - 0.14 * along - 0.10 * np.exp(-(((along - 0.80) / 0.10) ** 2))


def _land(u, v, river_v, north_south: float, seed: int) -> NDArray[np.bool_]:
    from scipy import ndimage

    shape = u.shape
    span = shape[1]
    coast = _coast_line(v, north_south)
    seaward = u - coast
    shore = -seaward + 0.050 * fractal(shape, stream(seed, "coast"), 0.30 * span, 1.75)
    islands = 0.030 * (fractal(shape, stream(seed, "islands"), 0.07 * span, 1.8) - 0.85)
    offshore = np.where(seaward > 0.0, islands - 0.25 * np.clip(seaward - 0.09, 0.0, None), -1.0)
    shore = np.maximum(shore, offshore)
    half_width = np.clip(0.030 * np.exp(seaward / 0.095), 0.0, 0.075)
    funnel = (half_width - np.abs(v - river_v)) / 0.06
    estuary = (half_width > 0.0022) & (funnel > 0.0)
    shore = np.where(estuary, np.minimum(shore, -0.5 * funnel), shore)
    fine = shore > np.quantile(shore, 1.0 - LAND_SHARE)

    labels, _ = ndimage.label(~fine)
    open_sea = np.unique(labels[:, -1])
    fine = ~np.isin(labels, open_sea[open_sea > 0])
    labels, count = ndimage.label(fine)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    kept = sizes > max(30, 6e-5 * fine.size)
    kept[0] = False
    return kept[labels]


def _clean_mask(land: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Drop islands of one or two cells."""
    from scipy import ndimage

    labels, count = ndimage.label(land)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    kept = sizes > 2
    kept[0] = False
    return kept[labels]


def _upland(u, v, river_v, coast, land, seed: int) -> NDArray[np.float64]:
    """How much of a mountain a place is: rises from the coast, low along the main valley, with outliers."""
    from scipy import ndimage

    shape = u.shape
    span = shape[1]
    rough = fractal(shape, stream(seed, "upland"), 0.22 * span, 1.9)
    outlier = fractal(shape, stream(seed, "outliers"), 0.05 * span, 2.0)
    inland = np.clip(coast, 0.0, 0.6)
    valley_width = 0.022 + 0.16 * np.exp(-inland / 0.16)
    valley = np.exp(-(((v - river_v) / valley_width) ** 2))
    raw = (inland - 0.155) / 0.20 + 0.52 * rough - 1.5 * valley
    hills = np.clip(outlier - 1.15, 0.0, 1.2) * 0.75
    labels, count = ndimage.label(land)
    if count > 1:
        sizes = np.bincount(labels.ravel())
        sizes[0] = 0
        island = land & (labels != sizes.argmax())
        hills = np.where(island, np.clip(0.42 + 0.25 * outlier, 0.0, 0.7), hills)
        raw = np.where(island, 0.0, raw)
    shore = np.clip(coast / 0.006, 0.0, 1.0)
    value = np.clip(np.maximum(np.clip(raw, 0.0, 1.0), hills * shore), 0.0, 1.0)
    return np.where(land, ndimage.gaussian_filter(value, 0.0015 * span), 0.0)


def _relief(upland, land, fine_m: float, river_v, seed: int):
    """Elevation [m] and catchment [m²] on the fine grid."""
    from scipy import ndimage

    shape = upland.shape
    span = shape[1]
    texture = fractal(shape, stream(seed, "texture"), 0.012 * span + 6.0, 1.3)
    meander = fractal(shape, stream(seed, "meander"), 0.05 * span + 6.0, 1.5)
    roughness = np.exp(0.45 * texture + 0.5 * meander)
    catchment = np.full(shape, fine_m**2)
    entry = (int(np.clip(river_v[0, 0] * span, 0, shape[0] - 1)), 0)
    inflow = 0.15 * (span * fine_m) ** 2
    elevation = np.zeros(shape)
    for step in range(3):
        area = np.maximum(catchment, fine_m**2)
        hill = HILL_SLOPE * upland**1.25 * (1.0 + area / CHANNEL_AREA_M2) ** -CONCAVITY
        plain = PLAIN_SLOPE * (1.0 + area / 1.0e6) ** -0.25
        cost = (hill + plain) * roughness
        elevation, catchment = _drain(cost, land, fine_m, entry, inflow)
        if step < 2:
            # A valley attracts its neighbours in the next pass: streams join instead of running in parallel.
            catchment = np.exp(ndimage.gaussian_filter(np.log(np.maximum(catchment, fine_m**2)), 1.0))
    return np.where(land, elevation + 1.2, 0.0), np.where(land, catchment, 0.0)


def _drain(cost, land, fine_m: float, entry: tuple[int, int], inflow_m2: float):
    """Least-cost distance to the sea, and the catchment that its tree of paths gathers."""
    from scipy import sparse
    from scipy.sparse.csgraph import dijkstra

    height, width = cost.shape
    index = np.arange(height * width).reshape(height, width)
    flat = cost.ravel()
    starts, ends, lengths = [], [], []
    for rows, columns in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = index[: height - rows, max(0, -columns) : width - max(0, columns)].ravel()
        b = index[rows:, max(0, columns) : width - max(0, -columns)].ravel()
        starts.append(a)
        ends.append(b)
        lengths.append(0.5 * (flat[a] + flat[b]) * fine_m * np.hypot(rows, columns))
    graph = sparse.csr_matrix(
        (np.concatenate(lengths), (np.concatenate(starts), np.concatenate(ends))), shape=(flat.size, flat.size)
    )
    sea = np.flatnonzero(~land.ravel())
    distance, parent, _ = dijkstra(graph, directed=False, indices=sea, min_only=True, return_predecessors=True)
    order = np.argsort(-distance, kind="stable")
    order = order[land.ravel()[order]].tolist()
    area = np.full(flat.size, fine_m**2)
    area[index[entry]] += inflow_m2 if land[entry] else 0.0
    area = area.tolist()
    parents = parent.tolist()
    for cell in order:  # from the ridges down: parents are always lower
        area[parents[cell]] += area[cell]
    return distance.reshape(height, width), np.array(area).reshape(height, width)


def _river_area(width_m: float) -> float:
    """Catchment from which a stream is drawn as water; smaller regions show smaller streams. [m²]"""
    return 2.5e7 * min(1.0, (width_m / 1.0e5) ** 2)


def _rivers(catchment, land, width_m: float) -> NDArray[np.bool_]:
    from scipy import ndimage

    least = _river_area(width_m)
    water = catchment > least
    wide = ndimage.binary_dilation(catchment > 8.0 * least, iterations=1)
    wider = ndimage.binary_dilation(catchment > 40.0 * least, iterations=2)
    return (water | wide | wider) & land


def _reservoirs(elevation, catchment, upland, river, fine_m: float, seed: int) -> NDArray[np.bool_]:
    """A few dammed valleys in the hills; a lake that would leave the search window is no valley."""
    from scipy import ndimage

    rng = stream(seed, "reservoirs")
    lake = np.zeros(river.shape, dtype=bool)
    scale = min(1.0, (river.shape[1] * fine_m / 1.0e5) ** 2)
    sites = np.flatnonzero((upland > 0.45) & (catchment > 6.0e6 * scale) & (catchment < 6.0e7 * scale))
    if not sites.size:
        return lake
    reach = int(4000 / fine_m * max(np.sqrt(scale), 0.1)) + 2
    taken: list[tuple[int, int]] = []
    for site in rng.permutation(sites)[:400]:
        row, column = divmod(int(site), river.shape[1])
        if any(np.hypot(row - r, column - c) < 5 * reach for r, c in taken):
            continue
        rows = slice(max(0, row - reach), row + reach + 1)
        columns = slice(max(0, column - reach), column + reach + 1)
        height = elevation[rows, columns] - elevation[row, column]
        labels, _ = ndimage.label((height >= 0.0) & (height < 28.0))
        here = labels == labels[row - rows.start, column - columns.start]
        cut_off = here[0].any() or here[-1].any() or here[:, 0].any() or here[:, -1].any()
        if cut_off or here.sum() * fine_m**2 < 4.0e5 * scale:
            continue
        lake[rows, columns] |= here
        taken.append((row, column))
        if len(taken) >= 7:
            break
    return lake


def _parent_material(upland, elevation, coast_m, river_m, land, width_m, seed: int) -> NDArray[np.uint8]:
    shape = upland.shape
    scale = min(1.0, width_m / 1.0e5)
    patch = fractal(shape, stream(seed, "granite"), 0.15 * shape[1] + 4.0, 1.9)
    fray = fractal(shape, stream(seed, "strata"), 0.05 * shape[1] + 3.0, 1.4)
    material = np.full(shape, 5, dtype=np.uint8)
    material[coast_m < (9000.0 + 2500.0 * fray) * scale] = 6
    material[coast_m < (3200.0 + 1200.0 * fray) * scale] = 7
    inland = coast_m > 24000.0 * scale
    material[(river_m < (1500.0 + 500.0 * fray) * scale) & (coast_m > 5000.0 * scale) | inland] = 4
    material[upland > 0.06] = 3
    hill = upland > 0.19 + 0.04 * fray
    material[hill] = 1
    material[hill & (patch > 0.95)] = 2
    # Young valley floors inside the hills.
    material[(upland > 0.06) & (upland < 0.25) & (river_m < 700.0 * scale)] = 4
    return np.where(land, material, 0).astype(np.uint8)
