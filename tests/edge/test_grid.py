"""Points and the cells they lie in."""

import numpy as np


def test_a_point_just_off_the_coast_belongs_to_the_nearest_land_cell(small_grid):
    """The fixture's sea is rows from 9 and columns from 7; its corner in the north-west is (300000, 3200000)."""
    x = np.array([303250.0, 303550.0, 304750.0, 303250.0])
    y = np.array([3196250.0, 3195400.0, 3194250.0, 3195250.0])
    # Hand: on land in row 7, column 6; at sea in row 9, column 7, 335 m from the centre of column 6 and 403 m from
    # that of row 8; far at sea; on land in row 9, column 6.
    number = small_grid.expand(np.arange(small_grid.n), fill=-1)
    assert small_grid.cell_of(x, y).tolist() == [number[7, 6], -1, -1, number[9, 6]]
    assert small_grid.nearest_land(x, y).tolist() == [number[7, 6], number[9, 6], -1, number[9, 6]]
    assert small_grid.nearest_land(x, y, reach_cells=0.5).tolist() == [number[7, 6], -1, -1, number[9, 6]]


def test_no_points_have_no_cells(small_grid):
    assert small_grid.nearest_land([], []).size == 0
