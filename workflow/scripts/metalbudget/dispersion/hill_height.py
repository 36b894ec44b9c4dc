"""Receptor elevation and hill-height scale from a terrain model, by AERMAP's definition.

The hill height of a receptor is the highest terrain whose top stands on or above a line rising from the receptor at
10 %: the largest z of any node with z − z_r ≥ 0.1 d, or the receptor's own elevation where there is none.
"""

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from metalbudget.errors import InputError, InputErrors

REACH = 10.0
"""Distance at which terrain still counts, for each metre it rises above the receptor: the inverse of the 10 % slope of
EPA-454/B-03-003 (AERMAP user's guide), section 4.1. As a distance it compares whole metres without rounding. [m m⁻¹]"""

LISTED = 5  # choice: so many refused receptors are named one by one, the rest counted


def hill_heights(
    dem_m: ArrayLike,
    x_min_m: float,
    y_max_m: float,
    cell_m: float,
    x_m: ArrayLike,
    y_m: ArrayLike,
    *,
    sea_level_m: float | None = None,
    domain_m: tuple[float, float, float, float] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Elevation and hill height of receptors.

    Parameters
    ----------
    dem_m : array_like, shape (h, w)
        Elevation at cell centres, row 0 in the north. NaN where unknown or sea. [m]
    x_min_m, y_max_m : float
        Outer corner in the north-west, in a projected coordinate system. [m]
    cell_m : float
        Side of a cell. [m]
    x_m, y_m : array_like, shape (receptors,)
        Anywhere within the outer edges of the DEM, in the same coordinate system. [m]
    sea_level_m : float, optional
        Elevation put where the DEM has none. Without it a receptor beside a NaN is refused, and NaN elsewhere
        is no terrain. [m]
    domain_m : tuple of 4 float, optional
        West, south, east and north limit of the search for hills, as DOMAINXY is for AERMAP; receptors must lie in it,
        their elevation is still interpolated from the whole DEM. The whole DEM if not given. [m]

    Returns
    -------
    elevation_m : ndarray, shape (receptors,)
        Bilinear between the four nearest cell centres; within half a cell of the edge, where only two or one are
        left, as on the line of outermost centres. [m]
    hill_height_m : ndarray, shape (receptors,)
        Never below `elevation_m`. [m]

    Raises
    ------
    InputErrors
        A receptor off the DEM or the domain, not finite, or beside missing terrain; everything wrong at once.

    Notes
    -----
    EPA-454/B-03-003, sections 4.1 (hill height scale) and 4.4 (elevation). As in AERMAP the answer knows only the
    terrain it is given: the DEM should reach so far that nothing outside stands above a 10 % line from any receptor,
    that is, ten times the rise to the highest summit of the surroundings.

    Nodes are searched by branch and bound over tiles of doubling size that know their highest node: a tile is left out
    when that is no higher than the hill already found, or too low to be reached from the tile's nearest corner. Both
    comparisons are monotone in floating point too, so the result is that of the search through all nodes, to the bit.
    Needs four thirds of the DEM's memory beside it.
    """
    dem = np.asarray(dem_m)
    if dem.dtype != np.float32:
        dem = dem.astype(np.float64, copy=False)
    x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
    _check_terrain(dem, cell_m)
    if x.ndim != 1 or x.shape != y.shape:
        raise InputError("eastings and northings are not two lists of one length", found=f"{x.shape} and {y.shape}")
    if sea_level_m is not None and np.isnan(dem).any():
        dem = np.where(np.isnan(dem), dem.dtype.type(sea_level_m), dem)

    rows, columns = dem.shape
    edges = (x_min_m, y_max_m - rows * cell_m, x_min_m + columns * cell_m, y_max_m)
    problems = _outside(x, y, edges, "terrain model")
    if domain_m is not None:
        problems += _outside(x, y, domain_m, "domain")
    if problems:
        raise InputErrors(problems)

    # Positions in cells from the centre of the north-western cell.
    column, row = (x - x_min_m) / cell_m - 0.5, (y_max_m - y) / cell_m - 0.5
    elevation = interpolate(np.ascontiguousarray(dem), row, column)
    unknown = np.flatnonzero(np.isnan(elevation))
    if unknown.size:
        mend = "give the elevation of the sea if that is what is missing, or fill the gaps of the terrain model"
        raise InputErrors(_named(unknown, x, y, "the terrain model has no elevation beside the receptor", mend))

    first_row, first_column, searched = 0, 0, dem
    if domain_m is not None:
        west, south, east, north = domain_m
        first_column = max(0, int(np.ceil((west - x_min_m) / cell_m - 0.5)))
        first_row = max(0, int(np.ceil((y_max_m - north) / cell_m - 0.5)))
        past_column = int(np.floor((east - x_min_m) / cell_m - 0.5)) + 1
        past_row = int(np.floor((y_max_m - south) / cell_m - 0.5)) + 1
        searched = dem[first_row : max(past_row, first_row), first_column : max(past_column, first_column)]
    if searched.size == 0:
        return elevation, elevation.copy()
    tiles, starts, shapes = highest_of_tiles(np.ascontiguousarray(searched))
    hill = search(tiles, starts, shapes, row - first_row, column - first_column, elevation, float(cell_m), REACH)
    return elevation, hill


def _check_terrain(dem: NDArray, cell_m: float) -> None:
    if dem.ndim != 2 or dem.size == 0:
        raise InputError("the terrain model is not a raster", found=f"shape {dem.shape}", expected="rows and columns")
    if not (np.isfinite(cell_m) and cell_m > 0.0):
        raise InputError("the cell size of the terrain model is not a length", found=cell_m, expected="metres above 0")
    if np.isinf(dem).any():
        raise InputError("the terrain model has infinite elevations", mend="put NaN where there is no elevation")


def _outside(
    x: NDArray[np.float64], y: NDArray[np.float64], limits: tuple[float, float, float, float], name: str
) -> list[InputError]:
    west, south, east, north = limits
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    extent = f"x {west:g} to {east:g}, y {south:g} to {north:g}"
    mend = f"use a {name} around all receptors, in metres and in their coordinate system"
    return _named(np.flatnonzero(~inside), x, y, f"the receptor lies outside the {name}", mend, extent)


def _named(
    numbers: NDArray[np.intp],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    message: str,
    mend: str,
    expected: str | None = None,
) -> list[InputError]:
    problems = [
        InputError(
            message,
            where=f"receptor {number + 1}",
            found=f"x {x[number]:.10g}, y {y[number]:.10g}",
            expected=expected,
            mend=mend,
        )
        for number in numbers[:LISTED]
    ]
    if numbers.size > LISTED:
        problems.append(InputError(f"{message}: {numbers.size - LISTED} receptors more", mend=mend))
    return problems


@njit(cache=True, nogil=True)
def interpolate(dem, row, column):
    """Bilinear between nodes, constant beyond the outermost.

    Parameters
    ----------
    dem : ndarray, shape (h, w)
        [m]
    row, column : ndarray, shape (receptors,)
        Position in nodes from the first. [1]

    Returns
    -------
    ndarray, shape (receptors,)
        NaN where a node that carries weight is NaN. [m]
    """
    rows, columns = dem.shape
    result = np.empty(row.size)
    for receptor in range(row.size):
        down = min(max(row[receptor], 0.0), rows - 1.0)
        right = min(max(column[receptor], 0.0), columns - 1.0)
        north, west = min(int(down), max(rows - 2, 0)), min(int(right), max(columns - 2, 0))
        south_share, east_share = down - north, right - west
        total = 0.0
        for step_down in range(2):
            for step_right in range(2):
                weight = (south_share if step_down else 1.0 - south_share) * (
                    east_share if step_right else 1.0 - east_share
                )
                if weight > 0.0:  # a node without weight may be missing or lie past the edge
                    total += weight * dem[north + step_down, west + step_right]
        result[receptor] = total
    return result


@njit(cache=True, nogil=True)
def highest_of_tiles(dem):
    """Pyramid of maxima: each level halves the rows and columns of the one below.

    Parameters
    ----------
    dem : ndarray, shape (h, w)
        NaN where there is no terrain. [m]

    Returns
    -------
    tiles : ndarray, shape (tiles,)
        Levels one after another, the DEM first, one tile last; −inf for a tile without terrain. [m]
    starts : ndarray, shape (levels,)
        Where each level begins.
    shapes : ndarray, shape (levels, 2)
        Its rows and columns.
    """
    rows, columns = dem.shape
    levels, total = 1, rows * columns
    while rows > 1 or columns > 1:
        rows, columns = (rows + 1) // 2, (columns + 1) // 2
        total += rows * columns
        levels += 1
    tiles = np.full(total, -np.inf, dem.dtype)
    starts, shapes = np.zeros(levels, np.int64), np.zeros((levels, 2), np.int64)
    rows, columns = dem.shape
    shapes[0, 0], shapes[0, 1] = rows, columns
    for row in range(rows):
        for column in range(columns):
            if dem[row, column] > -np.inf:  # false for NaN
                tiles[row * columns + column] = dem[row, column]
    for level in range(1, levels):
        below, below_columns = starts[level - 1], shapes[level - 1, 1]
        starts[level] = below + shapes[level - 1, 0] * below_columns
        shapes[level, 0], shapes[level, 1] = (shapes[level - 1, 0] + 1) // 2, (below_columns + 1) // 2
        for row in range(shapes[level - 1, 0]):
            for column in range(below_columns):
                tile = starts[level] + (row // 2) * shapes[level, 1] + column // 2
                tiles[tile] = max(tiles[tile], tiles[below + row * below_columns + column])
    return tiles, starts, shapes


@njit(cache=True, nogil=True)
def _away(position, first, last):
    """Distance in nodes from a position to the nearest node of a range, 0 within it."""
    if position < first:
        return first - position
    if position > last:
        return position - last
    return 0.0


@njit(cache=True, nogil=True)
def _reaches(highest, elevation, down, right, cell_m, reach):
    """Whether terrain so high, at such a distance in rows and columns, is steep enough above the receptor."""
    rise = highest - elevation
    far = reach * rise
    down_m, right_m = down * cell_m, right * cell_m
    return rise >= 0.0 and down_m * down_m + right_m * right_m <= far * far


@njit(cache=True, nogil=True)
def search(tiles, starts, shapes, row, column, elevation, cell_m, reach):
    """Highest node within reach of each receptor.

    Parameters
    ----------
    tiles, starts, shapes : ndarray
        As from `highest_of_tiles`.
    row, column : ndarray, shape (receptors,)
        Position in nodes from the first. [1]
    elevation : ndarray, shape (receptors,)
        [m]
    cell_m : float
        Distance between nodes. [m]
    reach : float
        Distance at which a node still counts for each metre above the receptor. [m m⁻¹]

    Returns
    -------
    ndarray, shape (receptors,)
        The receptor's elevation where no node is within reach. [m]
    """
    result = np.empty(row.size)
    top = starts.size - 1
    rows, columns = shapes[0, 0], shapes[0, 1]
    # A stack holds at most the three brothers left at each level and the four of the last.
    waiting_level = np.empty(3 * top + 4, np.int64)
    waiting_row, waiting_column = np.empty_like(waiting_level), np.empty_like(waiting_level)
    brother_row, brother_column = np.empty(4, np.int64), np.empty(4, np.int64)
    brother_height = np.empty(4)
    hill_row, hill_column = 0, 0
    for receptor in range(row.size):
        here_row, here_column, ground = row[receptor], column[receptor], elevation[receptor]
        highest = ground
        # The hill of the receptor before is often this one's too; a good first guess leaves most tiles out.
        guess = np.float64(tiles[hill_row * columns + hill_column])
        if guess > highest and _reaches(
            guess, ground, abs(hill_row - here_row), abs(hill_column - here_column), cell_m, reach
        ):
            highest = guess
        waiting_level[0], waiting_row[0], waiting_column[0] = top, 0, 0
        waiting = 1
        while waiting > 0:
            waiting -= 1
            level, tile_row, tile_column = waiting_level[waiting], waiting_row[waiting], waiting_column[waiting]
            height = np.float64(tiles[starts[level] + tile_row * shapes[level, 1] + tile_column])
            if height <= highest:  # a brother has been higher since this tile was put aside
                continue
            if level == 0:
                if _reaches(height, ground, abs(tile_row - here_row), abs(tile_column - here_column), cell_m, reach):
                    highest, hill_row, hill_column = height, tile_row, tile_column
                continue
            below, size = level - 1, 1 << (level - 1)
            brothers = 0
            for next_row in range(2 * tile_row, min(2 * tile_row + 2, shapes[below, 0])):
                down = _away(here_row, next_row * size, min((next_row + 1) * size, rows) - 1)
                for next_column in range(2 * tile_column, min(2 * tile_column + 2, shapes[below, 1])):
                    height = np.float64(tiles[starts[below] + next_row * shapes[below, 1] + next_column])
                    if height <= highest:
                        continue
                    right = _away(here_column, next_column * size, min((next_column + 1) * size, columns) - 1)
                    if not _reaches(height, ground, down, right, cell_m, reach):
                        continue
                    # Lowest first: the highest is then taken from the stack first.
                    place = brothers
                    while place > 0 and brother_height[place - 1] > height:
                        brother_height[place] = brother_height[place - 1]
                        brother_row[place], brother_column[place] = brother_row[place - 1], brother_column[place - 1]
                        place -= 1
                    brother_height[place], brother_row[place], brother_column[place] = height, next_row, next_column
                    brothers += 1
            for brother in range(brothers):
                waiting_level[waiting] = below
                waiting_row[waiting], waiting_column[waiting] = brother_row[brother], brother_column[brother]
                waiting += 1
        result[receptor] = highest
    return result
