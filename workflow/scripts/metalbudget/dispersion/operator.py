"""The source-receptor operator: deposition in every cell per unit emitted, for stacks and for gridded sources."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metalbudget.dispersion.polar import Polar
from metalbudget.grid import Grid


@njit(cache=True)
def _sample(density, log_mids, edges, x_offset, y_offset, cell_m, reach, between_sources, samples, result):
    """Fill `result` (fields, rows, columns) with cell means of a polar density around an offset point.

    Cells near the source are sampled more finely. With `between_sources` the source too is spread over its cell, which
    weights displacements by a triangle.
    """
    n_azimuth, n_ring, n_field = density.shape
    side = result.shape[1]
    half = side // 2
    spacing = log_mids[1] - log_mids[0]
    outer = edges[n_ring]
    values = np.empty(n_field)
    for row in range(side):
        for column in range(side):
            east = (column - half) * cell_m + x_offset
            north = (half - row) * cell_m + y_offset
            nearest = math.hypot(east, north)
            if nearest > outer + reach * cell_m:
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
                    px = east + u * range_m
                    py = north + v * range_m
                    r = math.hypot(px, py)
                    if r >= outer or weight == 0.0:
                        continue
                    if r <= edges[1]:
                        ring, ring_part = 0, 0.0
                    else:
                        place = (np.log(r) - log_mids[0]) / spacing + 1.0  # ring 1 is the first log-spaced one
                        if place < 1.0:  # between the disc and the first ring's middle
                            ring, ring_part = 1, 0.0
                        else:
                            ring = int(place)
                            ring_part = place - ring
                            if ring >= n_ring - 1:
                                ring, ring_part = n_ring - 1, 0.0
                    turn = np.arctan2(px, py) / (2.0 * np.pi) * n_azimuth
                    if turn < 0.0:
                        turn += n_azimuth
                    first = int(turn)
                    azimuth_part = turn - first
                    first = first % n_azimuth
                    second = (first + 1) % n_azimuth
                    next_ring = min(ring + 1, n_ring - 1)
                    a = weight * (1.0 - azimuth_part) * (1.0 - ring_part)
                    b = weight * azimuth_part * (1.0 - ring_part)
                    c = weight * (1.0 - azimuth_part) * ring_part
                    d = weight * azimuth_part * ring_part
                    for f in range(n_field):
                        values[f] += (
                            a * density[first, ring, f]
                            + b * density[second, ring, f]
                            + c * density[first, next_ring, f]
                            + d * density[second, next_ring, f]
                        )
            for f in range(n_field):
                result[f, row, column] = values[f] / weight_sum


def lattice(
    table: Polar,
    cell_m: float,
    x_offset_m: float = 0.0,
    y_offset_m: float = 0.0,
    spread_source: bool = False,
    samples: tuple[int, int, int, int] = (32, 8, 2, 1),
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cell means of a polar table on a square of cells around a source.

    Parameters
    ----------
    table : Polar
    cell_m : float
        [m]
    x_offset_m, y_offset_m : float
        Position of the middle cell's centre relative to the source, east and north. [m]
    spread_source : bool
        True if the source is spread evenly over the middle cell (gridded sources).
    samples : tuple of 4 int
        Sub-cell samples a side below 2.5, 6.5, 20.5 cells from the source and beyond.

    Returns
    -------
    values : ndarray, shape (classes, 2, side, side)
        Deposition per unit emitted, rows from north to south; zero beyond the table. [m⁻²]
    factors : ndarray, shape (classes, 2)
        What sampling was off by: every field is scaled so that it sums to the table's mass. [1]
    """
    n_azimuth, n_ring, n_class, n_kind = table.mass.shape
    edges = table.edges_m
    area = np.pi * np.diff(edges**2) / n_azimuth
    density = (table.mass / area[None, :, None, None]).reshape(n_azimuth, n_ring, n_class * n_kind)
    log_mids = 0.5 * (np.log(edges[1:-1]) + np.log(edges[2:]))
    half = int(np.ceil(edges[-1] / cell_m)) + 2
    side = 2 * half + 1
    values = np.zeros((n_class * n_kind, side, side))
    counts = np.array(samples, dtype=np.int64)
    if spread_source:
        counts = np.array([2 * samples[0], 2 * samples[1], 2 * samples[2], 2 * samples[3]], dtype=np.int64)
    reach = 1.5 if spread_source else 0.75
    _sample(
        np.ascontiguousarray(density),
        log_mids,
        edges,
        float(x_offset_m),
        float(y_offset_m),
        float(cell_m),
        reach,
        spread_source,
        counts,
        values,
    )
    wanted = table.mass.sum(axis=(0, 1))
    found = values.reshape(n_class, n_kind, -1).sum(axis=-1) * cell_m**2
    factors = np.divide(wanted, found, out=np.ones_like(wanted), where=found > 0.0)
    return values.reshape(n_class, n_kind, side, side) * factors[..., None, None], factors


def point_deposition(
    table: Polar, x_m: float, y_m: float, grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Deposition of a stack on the grid; the stack may stand outside it.

    Parameters
    ----------
    table : Polar
    x_m, y_m : float
        Position in the grid's CRS. [m]
    grid : Grid

    Returns
    -------
    values : ndarray, shape (classes, 2, height, width)
        Dry and wet deposition per unit emitted. [m⁻²]
    factors : ndarray, shape (classes, 2)
        See `lattice`.
    """
    row, column = (int(value) for value in grid.index_of(x_m, y_m))
    centre_x = grid.x_min + (column + 0.5) * grid.cell_m
    centre_y = grid.y_max - (row + 0.5) * grid.cell_m
    values, factors = lattice(table, grid.cell_m, centre_x - x_m, centre_y - y_m)
    half = values.shape[-1] // 2
    result = np.zeros((*values.shape[:2], grid.height, grid.width))
    top, bottom = max(row - half, 0), min(row + half + 1, grid.height)
    left, right = max(column - half, 0), min(column + half + 1, grid.width)
    if top < bottom and left < right:
        result[..., top:bottom, left:right] = values[
            ..., top - row + half : bottom - row + half, left - column + half : right - column + half
        ]
    return result, factors


def area_deposition(
    table: Polar, weights: NDArray[np.float64], grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Deposition of a gridded source: its weights convolved with the ground-level kernel, own cell included.

    Parameters
    ----------
    table : Polar
    weights : ndarray, shape (height, width)
        Share of the emission in each cell; NaN counts as none. [1]
    grid : Grid

    Returns
    -------
    values : ndarray, shape (classes, 2, height, width)
        Dry and wet deposition per unit emitted. [m⁻²]
    factors : ndarray, shape (classes, 2)
        See `lattice`.
    """
    from scipy import fft

    kernel, factors = lattice(table, grid.cell_m, spread_source=True)
    side = kernel.shape[-1]
    half = side // 2
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
    return result, factors


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
