"""The air of one hour as a plume meets it: profiles at a height, and their means over a layer.

Compiled. Profiles are linear between levels (EPA-454/R-03-004, section 4.1), so the mean over a layer is exact from
running integrals: a plume asks for some ten means a receptor, and none costs more than two look-ups.
"""

from collections import namedtuple

import numpy as np
from numba import njit

from metalbudget.borrowing import njit_borrowing

GRAVITY_M_S2 = 9.80616  # at 45° latitude and sea level (Smithsonian tables), what AERMOD's stack parameters follow

Air = namedtuple(
    "Air",
    "convective mixing_height convective_height mechanical_height friction convective_velocity obukhov mixing_wind "
    "mixing_vertical lapse_above levels wind lateral vertical gradient temperature wind_sum lateral_sum vertical_sum "
    "gradient_sum temperature_sum rural_height urban top_temperature",
)
Air.__doc__ = """One hour's air.

`convective` whether the heat flux is upward; `mixing_height` the greater of the convective and mechanical heights by
day, the mechanical one by night [m]; `temperature` at the reference height [K]; profiles on `levels` (levels,) and
their integrals from the ground. `urban`: whether the urban night layer is in force. What EPA's AERMOD then still takes
from the country around (found by experiment): `rural_height`, the mechanical height by which plumes spread across the
wind [m]; `top_temperature`, the potential temperature at its mixing height, for penetration [K]; the means over its
mixed layer `mixing_wind` and `mixing_vertical`, for the distance to the well mixed state [m s⁻¹].
"""

Mean = namedtuple("Mean", "wind lateral vertical gradient temperature")


@njit(cache=True)
def running_integral(levels, values):
    """Integral of a piecewise linear profile from the lowest level; shapes (levels,), (levels,) -> (levels,)."""
    total = np.empty_like(values)
    total[0] = 0.0
    for i in range(1, levels.size):
        total[i] = total[i - 1] + 0.5 * (values[i] + values[i - 1]) * (levels[i] - levels[i - 1])
    return total


@njit_borrowing()
def below(levels, height_m):
    """Index of the highest level that is not above a height, at most the last but one."""
    low, high = 0, levels.size - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if levels[middle] <= height_m:
            low = middle
        else:
            high = middle
    return low


@njit_borrowing()
def value_at(levels, values, height_m):
    """Profile at a height; constant above the highest level."""
    if height_m >= levels[levels.size - 1]:
        return values[levels.size - 1]
    return along(levels, values, below(levels, height_m), height_m)


@njit_borrowing()
def along(levels, values, i, height_m):
    """Profile at a height by the straight line between a level and the next."""
    return values[i] + (values[i + 1] - values[i]) * (height_m - levels[i]) / (levels[i + 1] - levels[i])


@njit_borrowing()
def at(air, height_m):
    """Wind, turbulence and temperature gradient at a height."""
    levels = air.levels
    if height_m >= levels[levels.size - 1]:
        top = levels.size - 1
        return Mean(air.wind[top], air.lateral[top], air.vertical[top], air.gradient[top], air.temperature[top])
    return along_piece(air, below(levels, height_m), height_m)


@njit_borrowing()
def along_piece(air, i, height_m):
    """Wind, turbulence and temperature gradient at a height by the straight lines between a level and the next."""
    levels = air.levels
    part = (height_m - levels[i]) / (levels[i + 1] - levels[i])
    return Mean(
        air.wind[i] + part * (air.wind[i + 1] - air.wind[i]),
        air.lateral[i] + part * (air.lateral[i + 1] - air.lateral[i]),
        air.vertical[i] + part * (air.vertical[i + 1] - air.vertical[i]),
        air.gradient[i] + part * (air.gradient[i + 1] - air.gradient[i]),
        air.temperature[i] + part * (air.temperature[i + 1] - air.temperature[i]),
    )


@njit_borrowing()
def _integral_to(levels, values, sums, i, part, step):
    return sums[i] + step * part * (values[i] + 0.5 * part * (values[i + 1] - values[i]))


@njit_borrowing()
def mean(air, low_m, high_m):
    """Means over a layer; of no depth, the values there."""
    levels = air.levels
    top = levels[levels.size - 1]
    low_m, high_m = min(low_m, top), min(high_m, top)
    if high_m - low_m < 1.0e-6:
        return at(air, high_m)
    i, j = below(levels, low_m), below(levels, high_m)
    width_low, width_high = levels[i + 1] - levels[i], levels[j + 1] - levels[j]
    p, q = (low_m - levels[i]) / width_low, (high_m - levels[j]) / width_high
    depth = high_m - low_m
    return Mean(
        (
            _integral_to(levels, air.wind, air.wind_sum, j, q, width_high)
            - _integral_to(levels, air.wind, air.wind_sum, i, p, width_low)
        )
        / depth,
        (
            _integral_to(levels, air.lateral, air.lateral_sum, j, q, width_high)
            - _integral_to(levels, air.lateral, air.lateral_sum, i, p, width_low)
        )
        / depth,
        (
            _integral_to(levels, air.vertical, air.vertical_sum, j, q, width_high)
            - _integral_to(levels, air.vertical, air.vertical_sum, i, p, width_low)
        )
        / depth,
        (
            _integral_to(levels, air.gradient, air.gradient_sum, j, q, width_high)
            - _integral_to(levels, air.gradient, air.gradient_sum, i, p, width_low)
        )
        / depth,
        (
            _integral_to(levels, air.temperature, air.temperature_sum, j, q, width_high)
            - _integral_to(levels, air.temperature, air.temperature_sum, i, p, width_low)
        )
        / depth,
    )
