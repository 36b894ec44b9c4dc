"""Wind directions that are reported by sector."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def spread_directions(direction_deg: ArrayLike) -> NDArray[np.float64]:
    """Spread wind directions that are reported by sector evenly over their sectors.

    A year of hours on 16 bearings draws 16 rays around every stack, which no wind does. The regulatory preprocessor
    spreads directions reported to ten degrees in the same way, with random numbers; here the hour's place in a
    golden-ratio sequence decides, so that results repeat.

    Parameters
    ----------
    direction_deg : array_like, shape (hours,)
        Direction the wind comes from, NaN where missing. [degrees]

    Returns
    -------
    ndarray, shape (hours,)
        Unchanged unless 99 % of the hours hold a bearing of 8, 16 or 36 sectors. [degrees, 0-360]

    Notes
    -----
    Source: US EPA, AERMET user's guide, randomisation of wind directions reported to the nearest ten degrees.
    """
    direction = np.asarray(direction_deg, dtype=float) % 360.0
    known = direction[np.isfinite(direction)]
    if np.unique(known).size < 8:
        return direction
    for sectors in (8, 16, 36):
        width = 360.0 / sectors
        # Bearings such as 22.5 are often written without their decimals, and single hours carry something else.
        off = np.abs((known + 0.5 * width) % width - 0.5 * width)
        if np.mean(off < 0.5 + 1.0e-9) >= 0.99:
            golden = 0.6180339887498949  # (sqrt(5) - 1) / 2: the most even sequence there is
            offset = (np.arange(direction.size) * golden) % 1.0 - 0.5
            return (np.round(direction / width) * width + offset * width) % 360.0
    return direction
