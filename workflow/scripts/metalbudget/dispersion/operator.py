"""The source-receptor operator: deposition in every cell per unit emitted, for stacks and for gridded sources."""

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.nodes import cubic
from metalbudget.dispersion.polar import Polar, Terrain
from metalbudget.dispersion.relief import Ground, blend
from metalbudget.grid import Grid

SAMPLES = (32, 8, 2, 1)  # sub-cell samples a side below 2.5, 6.5, 20.5 cells from the source and beyond
TERRAIN_SAMPLES = (8, 3)  # sub-cell samples a side in terrain, below 2.5 and 6.5 cells from the source
CELLS_AT_ONCE = 100_000  # whose levels are looked up together; what a cell gets does not depend on it
FAINTEST = 1.0e-30  # deposition per unit emitted that stands for none in logarithms [m⁻²]
LEAST_LEVEL, MOST_LEVEL = 1.0e-3, 1.25  # of the greatest of the levels that a cell is interpolated from
MOST_MISFIT = 2.0  # by which the finer network may raise or lower what the coarser one finds


@njit_borrowing()
def _bearing_weight(tap, t):
    """Weight of one of four bearings around a direction that lies a part `t` beyond the second. [1]"""
    if tap == 0:
        return -t * (t - 1.0) * (t - 2.0) / 6.0
    if tap == 1:
        return 0.5 * (t + 1.0) * (t - 1.0) * (t - 2.0)
    if tap == 2:
        return -0.5 * (t + 1.0) * t * (t - 2.0)
    return (t + 1.0) * t * (t - 1.0) / 6.0


@njit_borrowing()
def _add_place(density, squares, index, start, step, x, y, r, weight, values):
    """Add densities at a place to `values` (taps, fields), interpolated between four bearings and four distances.

    What is interpolated of `density` (bearings, distances, tables, fields) is its product with the squared distance,
    `squares` (distances,), which is nearly straight in the logarithm of distance. `index` (taps,) says of which table,
    `r` is the place's distance or the table's first.
    """
    bearings, count, _, fields = density.shape
    first, r0, r1, r2, r3 = cubic(max((math.log(r) - start) / step, 0.0), count)
    r0, r1, r2, r3 = (
        r0 * squares[first], r1 * squares[first + 1], r2 * squares[first + 2], r3 * squares[first + 3]
    )  # fmt: skip
    turn = math.atan2(x, y) / (2.0 * math.pi) * bearings
    whole = math.floor(turn)
    for tap in range(4):
        side = weight / (r * r) * _bearing_weight(tap, turn - whole)
        line = density[(whole + tap - 1) % bearings]
        for m in range(index.size):
            k = index[m]
            for f in range(fields):
                values[m, f] += side * (
                    r0 * line[first, k, f] + r1 * line[first + 1, k, f] + r2 * line[first + 2, k, f]
                    + r3 * line[first + 3, k, f]
                )  # fmt: skip


@njit(cache=True, nogil=True)
def _sample(density, squares, start, step, outer, east, north, cell_m, between_sources, samples, index, result):
    """Cell means of polar densities into `result` (taps, fields, rows, columns).

    `index` (rows, columns, taps) says of which table; `density` (bearings, distances, tables, fields) and `squares`
    (distances,) as of `_add_place`; `east` (columns,) and `north` (rows,) are cell centres from the source. Cells near
    it are sampled more finely. With `between_sources` the source too is spread over its cell, which weights
    displacements by a triangle.
    """
    fields = density.shape[3]
    taps = index.shape[2]
    values = np.empty((taps, fields))
    first_m = math.exp(start)
    for row in range(north.size):
        for column in range(east.size):
            nearest = math.hypot(east[column], north[row])
            if nearest > outer + 1.5 * cell_m:
                continue
            distance = nearest / cell_m
            if distance < 2.5:
                n = samples[0]
            elif distance < 6.5:
                n = samples[1]
            elif distance < 20.5 or nearest > outer - 2.0 * cell_m:
                n = samples[2]
            else:
                n = samples[3]
            range_m = 2.0 * cell_m if between_sources else cell_m
            weight_sum = 0.0
            values[:] = 0.0
            for i in range(n):
                v = (i + 0.5) / n - 0.5
                for j in range(n):
                    u = (j + 0.5) / n - 0.5
                    weight = 1.0
                    if between_sources:
                        weight = (1.0 - 2.0 * abs(u)) * (1.0 - 2.0 * abs(v))
                    weight_sum += weight
                    x, y = east[column] + u * range_m, north[row] + v * range_m
                    r = math.hypot(x, y)
                    if r >= outer or weight == 0.0:
                        continue
                    _add_place(density, squares, index[row, column], start, step, x, y, max(r, first_m), weight, values)
            for m in range(taps):
                for f in range(fields):
                    result[m, f, row, column] = max(values[m, f], 0.0) / weight_sum


@njit(cache=True)
def _blended(found, f, weights, start, stop):
    """Levels and hills mixed in logarithms; no level counts for less than a part of the greatest, and the mix is not
    much more than that: a cubic through levels of which one has hardly anything would be anything."""
    most = FAINTEST
    for m in range(start, stop):
        most = max(most, found[m, f])
    mixed = 0.0
    for m in range(start, stop):
        mixed += weights[m] * math.log(max(found[m, f], LEAST_LEVEL * most))
    return min(math.exp(mixed), MOST_LEVEL * most)


@njit(cache=True, nogil=True)
def _sample_terrain(
    density, squares, start, step, outer, east, north, cell_m, samples, index, weights, groups, by_day, by_night, result
):  # fmt: skip
    """Deposition at the cells' levels into `result` (fields, rows, columns); other parameters as `_sample`.

    Parameters
    ----------
    density : ndarray, shape (bearings, distances, blends, fields)
    index, weights : ndarray, shape (rows, columns, taps)
        How each cell mixes the blends' logarithms.
    groups : tuple of 2 int
        Number of taps up to which they are of convective hours' levels, and of stable hours' levels and hills; two are
        left, the base by day and by night.
    by_day, by_night : ndarray, shape (1, fields, rows, columns)
        Of the hours with convective air, and of all others, at the base's level, on the finer network. [m⁻²]
    """
    fields = density.shape[3]
    taps = index.shape[2]
    day, night = groups
    found, sums = np.empty((taps, fields)), np.empty((4, fields))
    first_m = math.exp(start)
    for row in range(north.size):
        for column in range(east.size):
            nearest = math.hypot(east[column], north[row])
            if nearest > outer + 1.5 * cell_m:
                continue
            distance = nearest / cell_m
            n = samples[0] if distance < 2.5 else samples[1] if distance < 6.5 else 1
            mix = weights[row, column]
            sums[:] = 0.0
            for i in range(n):
                for j in range(n):
                    x = east[column] + ((j + 0.5) / n - 0.5) * cell_m
                    y = north[row] + ((i + 0.5) / n - 0.5) * cell_m
                    r = math.hypot(x, y)
                    if r >= outer:
                        continue
                    found[:] = 0.0
                    _add_place(density, squares, index[row, column], start, step, x, y, max(r, first_m), 1.0, found)
                    for f in range(fields):
                        sums[0, f] += _blended(found, f, mix, 0, day)
                        sums[1, f] += _blended(found, f, mix, day, night)
                        sums[2, f] += found[night, f]
                        sums[3, f] += found[night + 1, f]
            for f in range(fields):
                its, part = by_day[0, f, row, column], 1.0 / (n * n)
                result[f, row, column] = _corrected(part * sums[0, f], part * sums[2, f], its)
                its = by_night[0, f, row, column]
                result[f, row, column] += _corrected(part * sums[1, f], part * sums[3, f], its)


@njit_borrowing()
def _corrected(value, reference, better):
    """A value by what is better known of its reference: in proportion where it is the smaller, else by the difference.

    On the coarser network both err alike, and so do hours that stand for others.
    """
    scale = 1.0
    if reference > value:
        scale = min(max(better / reference, 1.0 / MOST_MISFIT), MOST_MISFIT)
    return max(better + scale * (value - reference), 0.0)


def _cell_means(
    density: NDArray[np.float64],
    distances_m: NDArray[np.float64],
    index: NDArray[np.int_],
    east_m: NDArray[np.float64],
    north_m: NDArray[np.float64],
    cell_m: float,
    spread_source: bool = False,
    samples: tuple[int, int, int, int] = SAMPLES,
) -> NDArray[np.float64]:
    """Mean of several tables in the cells of a lattice, shape (taps, classes · 2, rows, columns); see `cell_means`.

    `density` has shape (bearings, distances, tables, classes, 2), `index` (rows, columns, taps).
    """
    bearings, count, tables = density.shape[:3]
    r = distances_m
    fields = np.ascontiguousarray(density).reshape(bearings, count, tables, -1)
    result = np.zeros((index.shape[2], fields.shape[3], north_m.size, east_m.size))
    _sample(
        fields,
        r**2,
        float(np.log(r[0])),
        float(np.log(r[1] / r[0])),
        float(r[-1]),
        east_m,
        north_m,
        float(cell_m),
        spread_source,
        np.array(samples, dtype=np.int64) * (2 if spread_source else 1),
        index,
        result,
    )
    return result


def cell_means(
    table: Polar,
    east_m: ArrayLike,
    north_m: ArrayLike,
    cell_m: float,
    spread_source: bool = False,
    samples: tuple[int, int, int, int] = SAMPLES,
) -> NDArray[np.float64]:
    """Mean deposition in the cells of a lattice around a source on flat ground.

    Parameters
    ----------
    table : Polar
    east_m, north_m : ndarray, shapes (columns,) and (rows,)
        Cell centres from the source. [m]
    cell_m : float
        [m]
    spread_source : bool
        True if the source is spread evenly over a cell of its own (gridded sources).
    samples : tuple of 4 int
        Sub-cell samples a side below 2.5, 6.5, 20.5 cells from the source and beyond.

    Returns
    -------
    ndarray, shape (classes, 2, rows, columns)
        Deposition per unit emitted; zero beyond the table. [m⁻²]
    """
    east, north = np.ascontiguousarray(east_m, dtype=float), np.ascontiguousarray(north_m, dtype=float)
    only = np.zeros((north.size, east.size, 1), dtype=np.int64)
    density = table.density[:, :, None]
    found = _cell_means(density, table.distances_m, only, east, north, cell_m, spread_source, samples)
    return found.reshape(*density.shape[3:], north.size, east.size)


def deposition_at_levels(
    table: Polar, terrain: Terrain, x_m: float, y_m: float, grid: Grid, ground: Ground
) -> NDArray[np.float64]:
    """Deposition of a stack in cells at their own levels.

    Parameters
    ----------
    table : Polar
    terrain : Terrain
        The table's.
    x_m, y_m : float
        Of the stack. [m]
    grid : Grid
    ground : Ground

    Returns
    -------
    ndarray, shape (classes, 2, height, width)
        [m⁻²]
    """
    reach_m = terrain.distances_m[-1] + 2.0 * grid.cell_m
    rows, columns = _within(grid.y - y_m, reach_m), _within(grid.x - x_m, reach_m)
    result = np.zeros((*terrain.density.shape[3:], grid.height, grid.width))
    step = max(CELLS_AT_ONCE // max(columns.stop - columns.start, 1), 1)
    for start in range(rows.start, rows.stop, step):
        some = slice(start, min(start + step, rows.stop))
        level, hill = ground.elevation_m[some, columns], ground.hill_m[some, columns]
        result[:, :, some, columns] = _at_levels(
            table, terrain, grid.x[columns] - x_m, grid.y[some] - y_m, grid.cell_m, level, hill
        )
    return result


def _at_levels(table: Polar, terrain: Terrain, east, north, cell_m: float, level_m, hill_m) -> NDArray[np.float64]:
    """Deposition in cells (classes, 2, rows, columns) whose centres lie so far from the stack, at their own levels."""
    bearings, count, blends, classes, kinds = terrain.density.shape
    r, relief, shape = terrain.distances_m, terrain.relief, (north.size, east.size, -1)
    index, weights, day = blend(relief, terrain.hill_steps_m, level_m.ravel(), hill_m.ravel())
    at_night = relief.convective_m.size + np.flatnonzero(relief.stable_m == 0.0)[0] * terrain.hill_steps_m.size
    bases = np.tile([np.flatnonzero(relief.convective_m == 0.0)[0], at_night], (index.shape[0], 1))

    only = np.zeros((north.size, east.size, 1), dtype=np.int64)
    by_day, by_night = (
        _cell_means(base[:, :, None], table.distances_m, only, east, north, cell_m)
        for base in (terrain.by_day, terrain.by_night)
    )
    found = np.zeros((classes * kinds, north.size, east.size))
    _sample_terrain(
        terrain.density.reshape(bearings, count, blends, -1),
        r**2,
        float(np.log(r[0])),
        float(np.log(r[1] / r[0])),
        float(r[-1]),
        east,
        north,
        float(cell_m),
        np.array(TERRAIN_SAMPLES),
        np.ascontiguousarray(np.concatenate([index, bases], axis=1).reshape(shape)),
        weights.reshape(shape),
        (day, index.shape[1]),
        by_day,
        by_night,
        found,
    )
    return found.reshape(classes, kinds, north.size, east.size)


def _within(distance_m: NDArray[np.float64], reach_m: float) -> slice:
    """Where along a side of the grid cells lie within reach; the work is that of these, however large the grid."""
    some = np.flatnonzero(np.abs(distance_m) < reach_m)
    return slice(int(some[0]), int(some[-1]) + 1) if some.size else slice(0, 0)


def point_deposition(
    table: Polar, x_m: float, y_m: float, grid: Grid, ground: Ground | None = None
) -> NDArray[np.float64]:
    """Deposition of a stack on the grid; the stack may stand outside it.

    Parameters
    ----------
    table : Polar
    x_m, y_m : float
        Position in the grid's CRS. [m]
    grid : Grid
    ground : Ground, optional
        Needed where the table knows terrain.

    Returns
    -------
    ndarray, shape (classes, 2, height, width)
        Dry and wet deposition per unit emitted. [m⁻²]
    """
    if table.terrain is not None and ground is not None:
        return deposition_at_levels(table, table.terrain, x_m, y_m, grid, ground)
    return cell_means(table, grid.x - x_m, grid.y - y_m, grid.cell_m)


def area_deposition(table: Polar, weights: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Deposition of a gridded source: its weights convolved with the kernel of one cell, own cell included.

    Parameters
    ----------
    table : Polar
    weights : ndarray, shape (height, width)
        Share of the emission in each cell; NaN counts as none. [1]
    grid : Grid

    Returns
    -------
    ndarray, shape (classes, 2, height, width)
        Dry and wet deposition per unit emitted. [m⁻²]
    """
    from scipy import fft

    half = int(np.ceil(table.distances_m[-1] / grid.cell_m)) + 2
    side = 2 * half + 1
    offsets = (np.arange(side) - half) * grid.cell_m
    kernel = cell_means(table, offsets, -offsets, grid.cell_m, spread_source=True)
    shape = tuple(fft.next_fast_len(size + side - 1, real=True) for size in (grid.height, grid.width))
    window = (slice(half, half + grid.height), slice(half, half + grid.width))
    weights = np.nan_to_num(np.asarray(weights, float))

    # beyond the reach of every cell with a weight, rounding of the transform would leave values of -1e-20
    reach = (kernel.sum(axis=(0, 1)) > 0.0).astype(float)
    touched = fft.irfft2(fft.rfft2((weights > 0.0).astype(float), shape) * fft.rfft2(reach, shape), shape)
    reached = touched[window] > 0.5
    spectrum = fft.rfft2(weights, shape)
    result = np.empty((*kernel.shape[:2], grid.height, grid.width))
    for index in np.ndindex(*kernel.shape[:2]):
        values = fft.irfft2(spectrum * fft.rfft2(kernel[index], shape), shape)[window]
        result[index] = np.where(reached, np.maximum(values, 0.0), 0.0)
    return result


def round_mantissa(values: NDArray[np.float32], bits: int) -> NDArray[np.float32]:
    """Round single-precision values to `bits` bits of mantissa, so that they compress well.

    Parameters
    ----------
    values : ndarray of float32
        Finite, at least zero.
    bits : int
        1..23 bits kept; the relative error is at most 2^−(bits+1).

    Returns
    -------
    ndarray of float32
    """
    if not 1 <= bits <= 23:
        raise ValueError(f"bits must lie in 1..23, got {bits}")
    if bits == 23:
        return values
    drop = np.uint32(23 - bits)
    raw = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    half = np.uint32(1) << (drop - np.uint32(1))
    return (((raw + half) >> drop) << drop).view(np.float32)
