"""Shared fixtures: a small grid with sea in a corner, and the folder of reference cases."""

from pathlib import Path

from metalbudget import kernel_cache

kernel_cache.use()

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from metalbudget.grid import Grid  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[1]
CASES = REPOSITORY.parent / "shared" / "cases"


@pytest.fixture
def small_grid() -> Grid:
    """A 12 x 10 grid of 500 m cells with sea in the south-east corner."""
    land = np.ones((12, 10), dtype=bool)
    land[9:, 7:] = False
    return Grid(crs="EPSG:32651", x_min=300000.0, y_max=3200000.0, cell_m=500.0, height=12, width=10, land=land)


@pytest.fixture(scope="session")
def cases() -> Path:
    """Reference cases beside the checkout; the test is skipped, visibly, where they are absent."""
    if not CASES.exists():
        pytest.skip("the reference cases are not beside this checkout")
    return CASES
