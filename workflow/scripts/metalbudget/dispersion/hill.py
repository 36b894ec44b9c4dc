"""The height that divides stable flow round a hill from flow over it. Compiled.

Sheppard's energy argument as in Snyder et al. (1985) and Cimorelli et al. (2005), eq. 21.
"""

import math

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.air import GRAVITY_M_S2, below, value_at


@njit_borrowing()
def dividing_height(air, hill_m):
    """Lowest height from which the flow's energy lifts it over a hill: ½ u²(H_c) = ∫_Hc^h N² (h − z) dz. [m]

    Parameters
    ----------
    air : Air
    hill_m : float
        Height of the hill. [m]

    Returns
    -------
    float
        Zero if the flow at the ground gets over. Within a layer of the profiles the wind is linear and N² constant.
        Under a jet the flow may get over from its height, not from above it: the lowest such height counts.
    """
    if hill_m <= 0.0:
        return 0.0
    levels = air.levels
    needed = 0.0
    top_m = min(hill_m, levels[levels.size - 1])
    layer = below(levels, top_m)
    if levels[layer] >= top_m:
        layer -= 1
    high, high_wind = top_m, value_at(levels, air.wind, top_m)
    high_gradient, high_temperature = value_at(levels, air.gradient, top_m), value_at(levels, air.temperature, top_m)
    lowest, over = 0.0, True  # over: whether the flow at `high` gets over
    while layer >= 0:
        low, low_wind = levels[layer], air.wind[layer]
        gradient = 0.5 * (air.gradient[layer] + high_gradient)
        squared = GRAVITY_M_S2 * gradient / (0.5 * (air.temperature[layer] + high_temperature))
        lift = 0.5 * squared * ((hill_m - low) ** 2 - (hill_m - high) ** 2)
        c = 0.5 * low_wind**2 - needed - lift
        if over and c < 0.0:
            slope = (high_wind - low_wind) / (high - low)
            a = 0.5 * (slope * slope - squared)
            b = low_wind * slope + squared * (hill_m - low)
            if abs(a) < 1.0e-14:
                lowest = low - c / b
            else:
                lowest = low + (-b + math.sqrt(max(b * b - 4.0 * a * c, 0.0))) / (2.0 * a)
        over = c >= 0.0
        needed += lift
        high, high_wind = low, low_wind
        high_gradient, high_temperature = air.gradient[layer], air.temperature[layer]
        layer -= 1
    return 0.0 if over else lowest
