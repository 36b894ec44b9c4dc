"""Raw layers brought onto the study grid: exact block means, class shares, line lengths and area shares.

Nothing is resampled by nearest neighbour or interpolation, so totals are kept. Row 0 is the northern row.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# --- nested rasters -------------------------------------------------------------------------------------


def _blocks(values: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """View of a nested raster as (height, width, k, k); a ValueError if it does not nest."""
    height, width = shape
    k = values.shape[0] // height if height else 0
    if k < 1 or values.shape != (height * k, width * k):
        raise ValueError(f"a raster of {values.shape} cells does not nest in {shape} cells")
    return values.reshape(height, k, width, k).swapaxes(1, 2)


def block_mean(values: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Mean of the fine cells in each study cell.

    Parameters
    ----------
    values : array_like, shape (height * k, width * k)
        Nested finer raster, NaN where missing. [any]
    shape : (int, int)
        Height and width of the study grid.

    Returns
    -------
    ndarray, shape (height, width)
        Mean over the fine cells that have a value; NaN where none has. [as `values`]

    Raises
    ------
    ValueError
        If the raster does not nest.

    Notes
    -----
    Where no value is missing, the mean of the result is the mean of the input (all blocks are of equal
    area), so areal totals are kept.
    """
    blocks = _blocks(np.asarray(values, dtype=np.float64), shape)
    if blocks.shape[2] == 1:
        return blocks[:, :, 0, 0].copy()
    valid = np.isfinite(blocks)
    count = valid.sum(axis=(2, 3))
    total = np.where(valid, blocks, 0.0).sum(axis=(2, 3))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def block_sum(values: ArrayLike, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Sum of the fine cells in each study cell, for counts such as persons.

    Parameters
    ----------
    values : array_like, shape (height * k, width * k)
        Nested finer raster, NaN where missing (counted as zero). [count]
    shape : (int, int)
        Height and width of the study grid.

    Returns
    -------
    ndarray, shape (height, width)
        NaN where every fine cell is missing. [count]
    """
    blocks = _blocks(np.asarray(values, dtype=np.float64), shape)
    valid = np.isfinite(blocks)
    total = np.where(valid, blocks, 0.0).sum(axis=(2, 3))
    return np.where(valid.any(axis=(2, 3)), total, np.nan)


def class_fractions(
    codes: ArrayLike, shape: tuple[int, int], class_of_code: dict[int, int], classes: int, missing: int | None = None
) -> NDArray[np.float64]:
    """Share of each study cell that belongs to each class.

    Parameters
    ----------
    codes : array_like of int, shape (height * k, width * k)
        Nested finer raster of codes. [1]
    shape : (int, int)
        Height and width of the study grid.
    class_of_code : dict of int to int
        Class index (0..classes-1) of each code.
    classes : int
        Number of classes.
    missing : int, optional
        Code that means 'no value'; such fine cells are left out of the count.

    Returns
    -------
    ndarray, shape (classes, height, width)
        Fractions that sum to one; NaN where no fine cell has a value. [1]

    Raises
    ------
    ValueError
        If a code is not in `class_of_code`.
    """
    blocks = _blocks(np.asarray(codes), shape)
    present, index = np.unique(blocks, return_inverse=True)
    unknown = [int(code) for code in present if int(code) != missing and int(code) not in class_of_code]
    if unknown:
        raise ValueError(f"codes without a class: {unknown}")
    lookup = np.array([classes if int(code) == missing else class_of_code[int(code)] for code in present])
    cells = shape[0] * shape[1]
    per_cell = blocks.shape[2] * blocks.shape[3]
    kind = lookup[index].reshape(cells, per_cell)
    flat = np.arange(cells)[:, None] * (classes + 1) + kind
    count = np.bincount(flat.ravel(), minlength=cells * (classes + 1)).reshape(cells, classes + 1)[:, :classes]
    valid = count.sum(axis=1)
    fractions = np.where(valid[:, None] > 0, count / np.maximum(valid, 1)[:, None], np.nan)
    return fractions.T.reshape(classes, *shape)


def majority(codes: ArrayLike, shape: tuple[int, int], missing: int | None = None) -> NDArray[np.int64]:
    """Most frequent code in each study cell; the lowest of equals.

    Parameters
    ----------
    codes : array_like of int, shape (height * k, width * k)
        Nested finer raster of codes. [1]
    shape : (int, int)
        Height and width of the study grid.
    missing : int, optional
        Code that means 'no value'.

    Returns
    -------
    ndarray of int, shape (height, width)
        `missing` where no fine cell has a value. [1]
    """
    codes = np.asarray(codes)
    present = [int(code) for code in np.unique(codes) if int(code) != missing]
    if not present:
        if missing is None:
            raise ValueError("the raster holds no code")
        return np.full(shape, missing, dtype=np.int64)
    position = {code: number for number, code in enumerate(present)}
    share = class_fractions(codes, shape, position, len(present), missing)
    empty = np.isnan(share[0])
    best = np.asarray(present)[np.where(np.isnan(share), -1.0, share).argmax(axis=0)]
    return np.where(empty, missing if missing is not None else best, best).astype(np.int64)


def fill_nearest(values: ArrayLike, missing: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> NDArray[Any]:
    """Fill missing cells with the value of the nearest cell that has one.

    Parameters
    ----------
    values : array_like, shape (height, width)
    missing : ndarray of bool, shape (height, width)
        Where there is no value.
    wanted : ndarray of bool, shape (height, width)
        Where one is needed.

    Returns
    -------
    ndarray, shape (height, width)
        Distances are between cell centres; of equals the first in row order counts.

    Raises
    ------
    ValueError
        If a value is wanted and there is none at all.
    """
    values = np.array(values)
    target = missing & wanted
    if not target.any():
        return values
    source = np.argwhere(~missing)
    if not source.size:
        raise ValueError("there is no value to fill from")
    # Only cells at the border of what is known can be nearest to a cell without a value.
    padded = np.pad(~missing, 1, constant_values=True)
    rows, columns = missing.shape
    inner = np.all(
        [padded[1 + i : 1 + i + rows, 1 + j : 1 + j + columns] for i, j in ((0, 1), (0, -1), (1, 0), (-1, 0))],
        axis=0,
    )
    source = np.argwhere(~missing & ~inner)
    targets = np.argwhere(target)
    for start in range(0, len(targets), 512):
        part = targets[start : start + 512]
        distance = ((part[:, None, :] - source[None, :, :]) ** 2).sum(axis=2)
        nearest = source[distance.argmin(axis=1)]
        values[part[:, 0], part[:, 1]] = values[nearest[:, 0], nearest[:, 1]]
    return values


# --- vectors --------------------------------------------------------------------------------------------


def line_lengths(
    starts: ArrayLike,
    ends: ArrayLike,
    weights: ArrayLike,
    x_min: float,
    y_max: float,
    cell_m: float,
    shape: tuple[int, int],
) -> NDArray[np.float64]:
    """Weighted length of straight segments inside each cell, exactly.

    Each segment is cut where it crosses a line of the grid; a piece belongs to the cell of its middle.

    Parameters
    ----------
    starts, ends : array_like, shape (m, 2)
        x and y of the segments' ends. [m]
    weights : array_like, shape (m,)
        Weight of each segment, such as vehicles per day. [any]
    x_min, y_max : float
        North-western corner of the grid. [m]
    cell_m : float
        Side of a cell. [m]
    shape : (int, int)
        Height and width of the grid.

    Returns
    -------
    ndarray, shape (height, width)
        Sum of length times weight. [m times the weight's unit] Pieces off the grid are left out, so the
        sum over the grid is that of the segments where they lie inside it.
    """
    height, width = shape
    starts = np.asarray(starts, dtype=np.float64).reshape(-1, 2)
    ends = np.asarray(ends, dtype=np.float64).reshape(-1, 2)
    weights = np.asarray(weights, dtype=np.float64)
    # In units of cells, with rows counted southwards.
    first = np.column_stack([(starts[:, 0] - x_min), (y_max - starts[:, 1])]) / cell_m
    last = np.column_stack([(ends[:, 0] - x_min), (y_max - ends[:, 1])]) / cell_m
    segment = [np.arange(len(first)), np.arange(len(first))]
    position = [np.zeros(len(first)), np.ones(len(first))]
    for axis, size in ((0, width), (1, height)):
        low = np.minimum(first[:, axis], last[:, axis])
        high = np.maximum(first[:, axis], last[:, axis])
        # Grid lines strictly inside the segment; those off the grid cut nothing that counts.
        line = np.clip(np.floor(low) + 1.0, 0.0, size + 1.0).astype(np.int64)
        stop = np.clip(np.ceil(high) - 1.0, -1.0, size).astype(np.int64)
        count = np.maximum(stop - line + 1, 0)
        owner = np.repeat(np.arange(len(first)), count)
        step = np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
        crossed = line[owner] + step
        segment.append(owner)
        position.append((crossed - first[owner, axis]) / (last[owner, axis] - first[owner, axis]))
    owners = np.concatenate(segment)
    positions = np.clip(np.concatenate(position), 0.0, 1.0)
    order = np.lexsort((positions, owners))
    owners, positions = owners[order], positions[order]
    same = owners[1:] == owners[:-1]
    owner = owners[1:][same]
    share = (positions[1:] - positions[:-1])[same]
    middle = 0.5 * (positions[1:] + positions[:-1])[same]
    place = first[owner] + middle[:, None] * (last[owner] - first[owner])
    column, row = np.floor(place).astype(np.int64).T
    length = np.hypot(*(last - first).T) * cell_m * weights
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    total = np.bincount(
        row[inside] * width + column[inside], weights=(share * length[owner])[inside], minlength=height * width
    )
    return np.asarray(total, dtype=np.float64).reshape(shape)


def covered_share(
    polygon: Any, x_min: float, y_max: float, cell_m: float, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Share of each cell that a polygon covers, exactly.

    Parameters
    ----------
    polygon : shapely Polygon or MultiPolygon
        In the grid's coordinates. [m]
    x_min, y_max : float
        North-western corner of the grid. [m]
    cell_m : float
        Side of a cell. [m]
    shape : (int, int)
        Height and width of the grid.

    Returns
    -------
    ndarray, shape (height, width)
        Covered area divided by the cell's. [1], 0..1
    """
    import shapely

    height, width = shape
    share = np.zeros(shape)
    if polygon is None or shapely.is_empty(polygon):
        return share
    west, south, east, north = shapely.bounds(polygon)
    columns = np.arange(max(0, int((west - x_min) // cell_m)), min(width, int((east - x_min) // cell_m) + 1))
    rows = np.arange(max(0, int((y_max - north) // cell_m)), min(height, int((y_max - south) // cell_m) + 1))
    if not columns.size or not rows.size:
        return share
    row, column = (index.ravel() for index in np.meshgrid(rows, columns, indexing="ij"))
    left, top = x_min + column * cell_m, y_max - row * cell_m
    boxes = shapely.box(left, top - cell_m, left + cell_m, top)
    shapely.prepare(polygon)
    inside = shapely.contains_properly(polygon, boxes)
    border = shapely.intersects(polygon, boxes) & ~inside
    share[row[inside], column[inside]] = 1.0
    area = shapely.area(shapely.intersection(boxes[border], polygon))
    share[row[border], column[border]] = np.minimum(area / cell_m**2, 1.0)
    return share


def zones(polygons: Any, transform: Any, land: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number of the polygon that holds each land cell's centre; slivers take the nearest one.

    Parameters
    ----------
    polygons : sequence of shapely geometries, length k
    transform : affine.Affine
        From column and row to x and y.
    land : ndarray of bool, shape (height, width)

    Returns
    -------
    ndarray of int32, shape (height, width)
        1..k on land in the order of the polygons (of two that overlap the first), -1 at sea.
    """
    from rasterio.features import rasterize

    # The last one burnt wins, so the first polygon is burnt last.
    shapes = [(shape, number) for number, shape in enumerate(polygons, 1)][::-1]
    burnt = rasterize(shapes, out_shape=land.shape, transform=transform, fill=0, dtype="int32")
    filled = fill_nearest(burnt, burnt == 0, land)
    return np.where(land, filled, -1).astype(np.int32)


def to_weights(amount: ArrayLike, land: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Share of each land cell in the total, for spreading a source over the map.

    Parameters
    ----------
    amount : array_like, shape (height, width)
        What the source is spread by: vehicle-kilometres, persons, covered area; NaN counts as zero.
    land : ndarray of bool, shape (height, width)
        Amounts at sea (bridges, rounded coasts) are left out, so that no emission is lost.

    Returns
    -------
    ndarray, shape (height, width)
        Weights that sum to one on land, zero at sea. [1]

    Raises
    ------
    ValueError
        If an amount is negative, or there is none on land.
    """
    values = np.where(land, np.nan_to_num(np.asarray(amount, dtype=np.float64), nan=0.0), 0.0)
    if (values < 0.0).any():
        raise ValueError("an amount is negative")
    total = values.sum()
    if not total > 0.0:
        raise ValueError("there is nothing on land to spread by")
    return values / total


def segments_of(lines: Any) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Straight segments of (multi-)lines.

    Parameters
    ----------
    lines : ndarray of shapely LineString or MultiLineString, shape (n,)

    Returns
    -------
    starts, ends : ndarray, shape (m, 2)
        Ends of the segments. [m]
    owner : ndarray of int, shape (m,)
        Index of the line that each segment belongs to.
    """
    import shapely

    parts, line_of_part = shapely.get_parts(np.asarray(lines, dtype=object), return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    joined = part[1:] == part[:-1]
    return points[:-1][joined], points[1:][joined], line_of_part[part[:-1][joined]]


def project(
    longitude_deg: ArrayLike, latitude_deg: ArrayLike, crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points in the study CRS.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like, shape (n,)
        WGS84. [degree]
    crs : str
        The study's CRS.

    Returns
    -------
    x, y : ndarray, shape (n,)
        [m]
    """
    from pyproj import Transformer

    transformer = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    x, y = transformer.transform(np.asarray(longitude_deg, dtype=float), np.asarray(latitude_deg, dtype=float))
    return np.asarray(x), np.asarray(y)
