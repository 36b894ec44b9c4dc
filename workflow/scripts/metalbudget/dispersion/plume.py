"""Steady plumes in flat terrain: rise, spread, and what a year of hours leaves on the ground by distance.

Plume rise after Briggs, spread from turbulence as in AERMOD (Cimorelli et al. 2005, doi:10.1175/JAM2227.1; US EPA
2004, EPA-454/R-03-004), source depletion ring by ring. All compiled functions stand in this one file, because
numba's cache notices a change only in the file of the caller.
"""

import math

import numpy as np
from numba import njit

GRAVITY = 9.80665  # m s⁻²
MEANDER_TIME_S = 86400.0  # memory of the wind direction, 24 h (Cimorelli et al. 2005)
NO_LID = 1.0e9  # m, stands for no lid


@njit(cache=True)
def buoyancy_flux(diameter_m, exit_velocity_m_s, exit_temperature_k, air_temperature_k):
    """Buoyancy flux g v (d/2)² (T_s − T_a)/T_s, zero for plumes colder than air. [m⁴ s⁻³]"""
    if exit_temperature_k <= air_temperature_k:
        return 0.0
    share = (exit_temperature_k - air_temperature_k) / exit_temperature_k
    return GRAVITY * exit_velocity_m_s * (0.5 * diameter_m) ** 2 * share


@njit(cache=True)
def momentum_flux(diameter_m, exit_velocity_m_s, exit_temperature_k, air_temperature_k):
    """Momentum flux v² (d/2)² T_a/T_s. [m⁴ s⁻²]"""
    warm = max(exit_temperature_k, air_temperature_k)
    return (exit_velocity_m_s * 0.5 * diameter_m) ** 2 * air_temperature_k / warm


@njit(cache=True)
def rise_distance(buoyancy, momentum, diameter_m, exit_velocity_m_s, wind_m_s):
    """Distance to final rise in neutral and unstable air (Briggs 1975). [m]

    49 F^(5/8) below 55 m⁴ s⁻³, 119 F^(2/5) above; without buoyancy 4 d (v + 3 u)²/(v u).
    """
    if buoyancy >= 55.0:
        return 119.0 * buoyancy**0.4
    if buoyancy > 0.0:
        return 49.0 * buoyancy**0.625
    if momentum > 0.0:
        return 4.0 * diameter_m * (exit_velocity_m_s + 3.0 * wind_m_s) ** 2 / (exit_velocity_m_s * wind_m_s)
    return 0.0


@njit(cache=True)
def transitional_rise(distance_m, buoyancy, momentum, wind_m_s):
    """Rise of a bent-over plume by distance, two-thirds law with momentum, β = 0.6 (Briggs 1984). [m]"""
    entrainment = 0.36
    from_momentum = 3.0 * momentum * distance_m / (entrainment * wind_m_s**2)
    from_buoyancy = 1.5 * buoyancy * distance_m**2 / (entrainment * wind_m_s**3)
    return (from_momentum + from_buoyancy) ** (1.0 / 3.0)


@njit(cache=True)
def stable_rise(buoyancy, momentum, wind_m_s, frequency_s):
    """Final rise in stable air (Briggs 1975; EPA-454/R-03-004). [m]

    2.66 (F/(u N²))^(1/3), at most 4 F^(1/4) N^(−3/4) of calm air; 1.5 (F_m/(u N))^(1/3) if momentum carries it higher.
    """
    bent = 2.66 * (buoyancy / (wind_m_s * frequency_s**2)) ** (1.0 / 3.0)
    calm = 4.0 * buoyancy**0.25 * frequency_s**-0.75
    jet = 1.5 * (momentum / (wind_m_s * frequency_s)) ** (1.0 / 3.0)
    return max(min(bent, calm), jet)


@njit(cache=True)
def stack_tip_height(height_m, diameter_m, exit_velocity_m_s, wind_m_s):
    """Release height lowered in the lee of the stack where v < 1.5 u (Briggs 1974). [m]"""
    if diameter_m > 0.0 and exit_velocity_m_s < 1.5 * wind_m_s:
        return max(height_m + 2.0 * diameter_m * (exit_velocity_m_s / wind_m_s - 1.5), 0.0)
    return height_m


@njit(cache=True)
def penetrated_share(buoyancy, wind_m_s, lid_above_release_m, lapse_k_m, temperature_k):
    """Share of a plume that rises through the top of the convective layer (Weil et al. 1997). [1]

    P = 1.5 − Δh_lid/Δh_eq between 0 and 1, with Δh_eq = 2.6 (F/(u N²))^(1/3) in the stable air above.
    """
    if lid_above_release_m <= 0.0:
        return 1.0
    if buoyancy <= 0.0:
        return 0.0
    frequency_squared = GRAVITY * lapse_k_m / temperature_k
    rise = 2.6 * (buoyancy / (wind_m_s * frequency_squared)) ** (1.0 / 3.0)
    return min(max(1.5 - lid_above_release_m / rise, 0.0), 1.0)


@njit(cache=True)
def stable_gradient(height_m, obukhov_length_m, friction_velocity_m_s, temperature_k, mixing_height_m):
    """Potential temperature gradient of the stable boundary layer. [K m⁻¹]

    θ*/(k z) (1 + 5 z/L) to 100 m, then falling with the scale 0.44 max(100 m, z_i); at least 0.002
    (Cimorelli et al. 2005, eqs. 10-12).
    """
    scale = temperature_k * friction_velocity_m_s**2 / (0.4 * GRAVITY * obukhov_length_m)
    z = min(max(height_m, 2.0), 100.0)
    gradient = scale / (0.4 * z) * (1.0 + 5.0 * z / obukhov_length_m)
    if height_m > 100.0:
        gradient *= math.exp(-(height_m - 100.0) / (0.44 * max(100.0, mixing_height_m)))
    return max(gradient, 0.002)


@njit(cache=True)
def lateral_spread(distance_m, lateral_turbulence_m_s, wind_m_s, height_m, mixing_height_m):
    """Crosswind standard deviation of a plume. [m]

    σ_y = (σ_v x/u)/(1 + α X)^0.3, X = σ_v x/(u z_i), α = 78 (0.46 m/max(z, 0.46 m)); Cimorelli et al. (2005), eqs.
    42-43, fitted to the Prairie Grass experiment.
    """
    linear = lateral_turbulence_m_s * distance_m / wind_m_s
    scaled = 78.0 * 0.46 / max(height_m, 0.46) * linear / mixing_height_m
    return linear / (1.0 + scaled) ** 0.3


@njit(cache=True)
def stable_vertical_spread(
    distance_m,
    vertical_turbulence_m_s,
    wind_m_s,
    height_m,
    mixing_height_m,
    obukhov_length_m,
    friction_velocity_m_s,
    frequency_s,
):
    """Vertical standard deviation in stable air, between surface and elevated form by height. [m]

    Cimorelli et al. (2005), eqs. 44-49: σ_zg = √(2/π) (u* x/u) (1 + 0.7 x/L)^(−1/3);
    σ_ze = σ_w t (1 + σ_w t (1/(0.72 h) + N/(0.54 σ_w)))^(−1/2).
    """
    time = distance_m / wind_m_s
    travelled = vertical_turbulence_m_s * time
    height = max(height_m, 1.0)
    elevated = travelled / math.sqrt(
        1.0 + travelled * (1.0 / (0.72 * height) + frequency_s / (0.54 * vertical_turbulence_m_s))
    )
    if height_m >= mixing_height_m:
        return elevated
    surface = (
        math.sqrt(2.0 / math.pi)
        * friction_velocity_m_s
        * time
        * (1.0 + 0.7 * distance_m / obukhov_length_m) ** (-1.0 / 3.0)
    )
    share = height_m / mixing_height_m
    return (1.0 - share) * surface + share * elevated


@njit(cache=True)
def convective_vertical_spread(
    distance_m,
    vertical_turbulence_m_s,
    wind_m_s,
    height_m,
    mixing_height_m,
    obukhov_length_m,
    friction_velocity_m_s,
):
    """Vertical standard deviation in convective air. [m]

    EPA-454/R-03-004, eqs. 85-87: σ_ze = α_b σ_w x/u with α_b = min(0.6 + 4 h/z_i, 1), and below 0.1 z_i also
    σ_zg = 0.5 (1 − 10 h/z_i) (u*/u)² x²/|L|. ASSUME updraughts and downdraughts alike: one Gaussian of the layer's σ_w
    instead of two (annual deposition changes by about 1 %).
    """
    relative = height_m / mixing_height_m
    elevated = min(0.6 + 4.0 * relative, 1.0) * vertical_turbulence_m_s * distance_m / wind_m_s
    if relative >= 0.1:
        return elevated
    slope = friction_velocity_m_s / wind_m_s * distance_m
    surface = 0.5 * (1.0 - 10.0 * relative) * slope * slope / abs(obukhov_length_m)
    return math.sqrt(elevated * elevated + surface * surface)


@njit(cache=True)
def vertical_density(height_m, spread_m, lid_m, reference_m):
    """Vertical share of a plume per metre at a reference height, reflected at the ground and at a lid. [m⁻¹]

    Gaussian with image sources; uniform in the layer once the spread reaches the lid.
    """
    if spread_m >= lid_m:
        return 1.0 / lid_m
    inverse = 0.5 / (spread_m * spread_m)
    total = 0.0
    a = (reference_m - height_m) * (reference_m - height_m) * inverse
    b = (reference_m + height_m) * (reference_m + height_m) * inverse
    if a < 40.0:
        total += math.exp(-a)
    if b < 40.0:
        total += math.exp(-b)
    if lid_m < NO_LID:
        for image in range(1, 3):
            shift = 2.0 * image * lid_m
            near = (shift - height_m - reference_m) ** 2 * inverse
            if near > 40.0:
                break
            total += math.exp(-near)
            total += math.exp(-((shift - height_m + reference_m) ** 2) * inverse)
            total += math.exp(-((shift + height_m - reference_m) ** 2) * inverse)
            total += math.exp(-((shift + height_m + reference_m) ** 2) * inverse)
    return total / (math.sqrt(2.0 * math.pi) * spread_m)


@njit(cache=True)
def meander_share(lateral_turbulence_m_s, wind_m_s, time_s):
    """Share of a plume that has lost its direction. [1]

    f = (2 σ_v² + ū² (1 − exp(−t/T)))/u² with ū² = u² − 2 σ_v² and T = 24 h (Cimorelli et al. 2005, eq. 22).
    """
    random = 2.0 * lateral_turbulence_m_s**2
    total = wind_m_s**2
    if random >= total:
        return 1.0
    return (random + (total - random) * -math.expm1(-time_s / MEANDER_TIME_S)) / total


@njit(cache=True)
def layer_mean(integral, hour, levels, height_m):
    """Mean of a profile from the ground to a height, from its integral by level."""
    n = levels.size
    if height_m >= levels[n - 1]:
        return integral[hour, n - 1] / levels[n - 1]
    low, high = 0, n - 1
    while high - low > 1:
        middle = (low + high) // 2
        if levels[middle] <= height_m:
            low = middle
        else:
            high = middle
    share = (height_m - levels[low]) / (levels[high] - levels[low])
    return (integral[hour, low] + share * (integral[hour, high] - integral[hour, low])) / height_m


@njit(cache=True)
def level_value(integral, hour, levels, height_m):
    """Value of a profile at a height, from the slope of its integral."""
    n = levels.size
    low = n - 2
    for level in range(1, n):
        if levels[level] > height_m:
            low = level - 1
            break
    return (integral[hour, low + 1] - integral[hour, low]) / (levels[low + 1] - levels[low])


@njit(cache=True)
def accumulate(
    source,
    hours,
    azimuth,
    temperature_k,
    friction_velocity,
    obukhov_length,
    mixing_height,
    levels,
    wind_integral,
    lateral_integral,
    vertical_integral,
    dry_velocity,
    settling,
    scavenging,
    edges,
    spreads,
    reference_m,
    lapse_above_k_m,
    directed,
    undirected,
    aloft,
):
    """Add one source's deposition in every valid hour to its tables; returns nothing.

    Parameters
    ----------
    source : ndarray, shape (5,)
        Release height, stack diameter, exit temperature, exit velocity, initial vertical spread.
        [m], [m], [K], [m s⁻¹], [m]
    hours : ndarray of int
        The valid hours.
    azimuth : ndarray, shape (hours,)
        Direction the plume goes to, in steps of the table, 0..n. [step]
    temperature_k, friction_velocity, obukhov_length, mixing_height : ndarray, shape (hours,)
        [K], [m s⁻¹], [m], [m]
    levels : ndarray, shape (levels,)
        [m]
    wind_integral, lateral_integral, vertical_integral : ndarray, shape (hours, levels)
        Integrated profiles. [m² s⁻¹]
    dry_velocity, settling, scavenging : ndarray, shape (hours, classes)
        [m s⁻¹], [m s⁻¹], [s⁻¹]
    edges : ndarray, shape (rings + 1,)
        Ring edges, the first zero. [m]
    spreads : ndarray, shape (spreads,)
        Angular standard deviations of the table, ascending. [rad]
    reference_m : ndarray, shape (hours,)
        Height of the dry deposition velocity, z0 + 1 m. [m]
    lapse_above_k_m : float
        Potential temperature gradient above a convective layer. [K m⁻¹]
    directed : ndarray, shape (azimuths, spreads, rings, classes, 2)
        Deposited share of an hour's emission (dry, wet) by plume direction and angular spread; added to.
    undirected : ndarray, shape (rings, classes, 2)
        The part that has lost its direction; added to.
    aloft : ndarray, shape (classes,)
        Share still airborne behind the last ring; added to.

    Notes
    -----
    Ring by ring the plume loses 1 − exp(−a), a = (V_d F_z/u + Λ/u) Δr, to dry and wet deposition in proportion to their
    parts of a: what is emitted equals what is deposited plus what is aloft to rounding, whatever the number of rings.
    Wind and turbulence are means from the ground to 2.15 σ_z above the plume centre.
    """
    n_azimuth = directed.shape[0]
    n_spread = spreads.size
    n_ring = edges.size - 1
    n_class = settling.shape[1]
    in_layer = np.empty(n_class)
    above = np.empty(n_class)
    release, diameter, exit_temperature, exit_velocity, initial = source
    for hour in hours:
        convective = obukhov_length[hour] < 0.0
        mixing = mixing_height[hour]
        friction = friction_velocity[hour]
        length = obukhov_length[hour]
        temperature = temperature_k[hour]
        wind_at_top = level_value(wind_integral, hour, levels, release)
        base = stack_tip_height(release, diameter, exit_velocity, wind_at_top)
        buoyancy = buoyancy_flux(diameter, exit_velocity, exit_temperature, temperature)
        momentum = momentum_flux(diameter, exit_velocity, exit_temperature, temperature)
        distance = rise_distance(buoyancy, momentum, diameter, exit_velocity, wind_at_top)
        final = transitional_rise(distance, buoyancy, momentum, wind_at_top)
        frequency = 0.0
        penetrated = 0.0
        if convective:
            if diameter > 0.0 or base > mixing:
                penetrated = penetrated_share(buoyancy, wind_at_top, mixing - base, lapse_above_k_m, temperature)
        else:
            gradient = stable_gradient(base, length, friction, temperature, mixing)
            frequency = math.sqrt(GRAVITY * gradient / temperature)
            if diameter > 0.0:
                final = min(final, stable_rise(buoyancy, momentum, wind_at_top, frequency))
                gradient = stable_gradient(base + 0.5 * final, length, friction, temperature, mixing)
                frequency = math.sqrt(GRAVITY * gradient / temperature)
                final = min(final, stable_rise(buoyancy, momentum, wind_at_top, frequency))
        for c in range(n_class):
            in_layer[c] = 1.0 - penetrated
            above[c] = penetrated
        position = azimuth[hour]
        first = int(position)
        part = position - first
        first = first % n_azimuth
        second = (first + 1) % n_azimuth
        spread_z = max(initial, 1.0)
        for ring in range(n_ring):
            width = edges[ring + 1] - edges[ring]
            x = math.sqrt(edges[ring] * edges[ring + 1]) if ring else 0.5 * edges[1]
            rise = min(transitional_rise(x, buoyancy, momentum, wind_at_top), final)
            height = base + rise
            if convective:
                height = min(height, mixing)
                top = min(height + 2.15 * spread_z, mixing)
            else:
                top = height + 2.15 * spread_z
            wind = layer_mean(wind_integral, hour, levels, top)
            lateral = layer_mean(lateral_integral, hour, levels, top)
            vertical = layer_mean(vertical_integral, hour, levels, top)
            if convective:
                ambient = convective_vertical_spread(x, vertical, wind, height, mixing, length, friction)
                lid = mixing
            else:
                ambient = stable_vertical_spread(x, vertical, wind, height, mixing, length, friction, frequency)
                lid = NO_LID
            entrained = 0.4 * rise / math.sqrt(2.0)  # spread of the rising plume itself
            spread_z = math.sqrt(ambient * ambient + entrained * entrained + initial * initial)
            spread_y = lateral_spread(x, lateral, wind, height, mixing)
            angle = math.sqrt(spread_y * spread_y + entrained * entrained) / x
            lost = meander_share(lateral, wind, x / wind)

            # linear in the variance between two tabled spreads, so that the variance is kept
            low = 0
            for k in range(n_spread - 1):
                if spreads[k] <= angle:
                    low = k
            low = min(low, n_spread - 2)
            upper_share = (angle * angle - spreads[low] ** 2) / (spreads[low + 1] ** 2 - spreads[low] ** 2)
            upper_share = min(max(upper_share, 0.0), 1.0)
            kept = 1.0 - lost
            w00 = kept * (1.0 - part) * (1.0 - upper_share)
            w01 = kept * (1.0 - part) * upper_share
            w10 = kept * part * (1.0 - upper_share)
            w11 = kept * part * upper_share
            for c in range(n_class):
                centre = max(height - settling[hour, c] * x / wind, 0.0)
                wet = scavenging[hour, c] / wind * width
                density = vertical_density(centre, spread_z, lid, reference_m[hour])
                dry = dry_velocity[hour, c] * density / wind * width
                loss = dry + wet
                if loss <= 0.0:
                    continue
                fallen = in_layer[c] * -math.expm1(-loss)
                dry_fallen = fallen * dry / loss
                wet_fallen = fallen - dry_fallen
                in_layer[c] -= fallen
                if wet > 0.0:
                    washed = above[c] * -math.expm1(-wet)
                    above[c] -= washed
                    wet_fallen += washed
                directed[first, low, ring, c, 0] += w00 * dry_fallen
                directed[first, low + 1, ring, c, 0] += w01 * dry_fallen
                directed[second, low, ring, c, 0] += w10 * dry_fallen
                directed[second, low + 1, ring, c, 0] += w11 * dry_fallen
                undirected[ring, c, 0] += lost * dry_fallen
                if wet > 0.0:
                    directed[first, low, ring, c, 1] += w00 * wet_fallen
                    directed[first, low + 1, ring, c, 1] += w01 * wet_fallen
                    directed[second, low, ring, c, 1] += w10 * wet_fallen
                    directed[second, low + 1, ring, c, 1] += w11 * wet_fallen
                    undirected[ring, c, 1] += lost * wet_fallen
        for c in range(n_class):
            aloft[c] += in_layer[c] + above[c]
