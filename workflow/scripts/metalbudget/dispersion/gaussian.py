"""Spread and vertical distribution of plumes in stable and convective air. Compiled.

Cimorelli et al. (2005, doi:10.1175/JAM2227.1) section 3; US EPA (2004), EPA-454/R-03-004, section 5; the two-Gaussian
vertical velocity distribution of Weil et al. (1997).
"""

import math
from collections import namedtuple

from metalbudget.borrowing import njit_borrowing
from metalbudget.dispersion.air import GRAVITY_M_S2, Mean, at, mean
from metalbudget.dispersion.hill import dividing_height
from metalbudget.dispersion.images import half_sum
from metalbudget.dispersion.launch import centroid_at, rise_at
from metalbudget.dispersion.rise import unstable_rise

LAYER_SPREADS = 2.15  # a plume's air reaches this many spreads from its centre, where the density is a tenth
HIGHEST_SHEAR_M = 0.46 * 78.0 / 0.7  # α is 0.7 above this height in convective air
LOFT_DEPTH = 0.4  # β2, LOFT_ENTRAINMENT α_r of a plume that lofts at the layer's top (EPA-454/R-03-004, eq. 67)
LOFT_ENTRAINMENT = 1.4
LOFT_GROWTH = 0.1 * 2.3**1.5 / 4.0  # a_e λ_y^(3/2)/4 of its growth with w* (same)
NO_LID_M = 1.0e9
LOWEST_M = 0.5  # effective values are means above the lowest level of the profiles
SHALLOWEST_M = 5.0  # and reach up to this height at least
LEAST_LATERAL_M_S = 0.2
LEAST_WIND_M_S = 0.2 * math.sqrt(2.0)
LEAST_LATERAL_SHARE = 0.05
LEAST_VERTICAL_M_S = 0.02
ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
SKEW_RATIO = 2.0  # R = σ_w/|w| of up- and downdraughts (Weil et al. 1997)
SKEW_FIRST = (1.0 + SKEW_RATIO**2) / (1.0 + 3.0 * SKEW_RATIO**2)  # γ1
SKEW_SECOND = 1.0 + SKEW_RATIO**2  # γ2
FARTHEST_ERF = 4.0  # erf is one from here on, as in EPA's AERMOD (found from where Romberg's method stops)
ERF_SERIES = (0.0705230784, 0.0422820123, 0.0092705272, 0.0001520143, 0.0002765672, 0.0000430638)

Place = namedtuple("Place", "height ground hill base")
Place.__doc__ = """A receptor as a plume sees it.

`height` above the plume's base if the plume keeps its level; `ground`: height above the ground there; `hill`: height of
the terrain that steers the flow above the plume's base; `base`: elevation of that base, which depletion in stable air
over hills asks for. [m]
"""

Plume = namedtuple(
    "Plume",
    "share wind lateral_turbulence spread_y centre convective up_height up_spread down_height down_spread up_share "
    "lofting lid level_share penetrated",
)
Plume.__doc__ = """One plume at one distance.

`share` of the emission; effective `wind` and lateral turbulence [m s⁻¹]; `spread_y` and height of its `centre` [m];
heights and spreads of the parts in up- and downdraughts with the share of the first (a plume in stable air has one
part), how far the `lofting` part lags, the `lid` above [m]; `level_share`: how much of it passes a hill at its level
instead of following the ground; whether it has `penetrated` the mixed layer's top.
"""


@njit_borrowing()
def lateral_spread(distance_m, lateral_m_s, wind_m_s, height_m, mixing_height_m):
    """Crosswind spread (σ_v x/u)/(1 + α X)^0.3, X = σ_v x/(u z_i), α = 78 (0.46 m/max(h, 0.46 m)). [m]

    Cimorelli et al. (2005), eqs. 42-43, from the Prairie Grass experiment.
    """
    linear = lateral_m_s * distance_m / wind_m_s
    scaled = 78.0 * 0.46 / max(height_m, 0.46) * linear / mixing_height_m
    return linear / (1.0 + scaled) ** 0.3


@njit_borrowing()
def convective_lateral(distance_m, lateral_m_s, wind_m_s, release_m, mixing_height_m):
    """Crosswind spread in convective air: α of the release height, at least 0.7, and the mixed layer's depth. [m]"""
    return lateral_spread(distance_m, lateral_m_s, wind_m_s, min(release_m, HIGHEST_SHEAR_M), mixing_height_m)


@njit_borrowing()
def stable_spread(air, source, distance_m, effective, gradient_k_m, temperature_k, height_m):
    """Vertical spread in stable air, between surface and elevated form by height within the mixed layer. [m]

    Cimorelli et al. (2005), eqs. 44-49: √(2/π) (u* x/u) (1 + 0.7 x/L)^(−1/3) at the ground,
    σ_w t [1 + σ_w t (1/(0.72 h) + N/(0.54 σ_w))]^(−1/2) aloft, h not below the release.
    """
    time = distance_m / effective.wind
    travelled = effective.vertical * time
    frequency = math.sqrt(GRAVITY_M_S2 * max(gradient_k_m, 0.0) / temperature_k)
    eddy = 1.0 / (0.72 * max(height_m, source.release, 1.0e-3)) + frequency / (0.54 * effective.vertical)
    elevated = travelled / math.sqrt(1.0 + travelled * eddy)
    if height_m >= air.mixing_height:
        return elevated
    surface = 0.0
    if not air.convective:
        growth = (1.0 + 0.7 * distance_m / air.obukhov) ** (-1.0 / 3.0)
        surface = math.sqrt(2.0 / math.pi) * air.friction * time * growth
    part = height_m / air.mixing_height
    return (1.0 - part) * surface + part * elevated


@njit_borrowing()
def draughts(turbulence_m_s, convective_velocity_m_s, height_m, mixing_height_m):
    """Mean velocities of up- and downdraughts and the share of updraughts (Weil et al. 1997). [m s⁻¹], [m s⁻¹], [1]

    Third moment 0.125 w*³ from 0.1 z_i up, 1.25 (h/z_i) w*³ below.
    """
    third = 0.125 * min(height_m / (0.1 * mixing_height_m), 1.0)
    skewness = third * (convective_velocity_m_s / turbulence_m_s) ** 3
    half = 0.5 * SKEW_FIRST * skewness
    root = 0.5 * math.sqrt((SKEW_FIRST * skewness) ** 2 + 4.0 / SKEW_SECOND)
    up, down = turbulence_m_s * (half + root), turbulence_m_s * (half - root)
    return up, down, -down / (up - down)


@njit_borrowing()
def image_sum(receptor_m, centre_m, spread_m, lid_m, sunk_m):
    """Gaussian with ground and lid images until they add nothing; above the lid with the ground's alone. [m⁻¹]

    `sunk_m` is how far the ground lies below the plume's base: the mirror then stands that much lower.
    """
    below = receptor_m + centre_m + 2.0 * sunk_m  # distance from the mirror image
    if receptor_m > lid_m:
        inverse = 0.5 / (spread_m * spread_m)
        total = math.exp(-((receptor_m - centre_m) ** 2) * inverse) + math.exp(-(below**2) * inverse)
    else:
        period = 2.0 * (lid_m + sunk_m)
        total = half_sum(below, period, spread_m) + half_sum(period - below, period, spread_m)
        if receptor_m == 0.0 and sunk_m == 0.0:
            total *= 2.0
        else:
            total += half_sum(centre_m - receptor_m, period, spread_m)
            total += half_sum(period - centre_m + receptor_m, period, spread_m)
    return total / (ROOT_TWO_PI * spread_m)


@njit_borrowing()
def layer(air, receptor_m, centre_m, spread_m, top_m):
    """Effective air: mean from the plume's centre towards the receptor, at most 2.15 spreads."""
    if receptor_m < centre_m:
        low, high = max(receptor_m, centre_m - LAYER_SPREADS * spread_m), centre_m
    else:
        low, high = centre_m, max(min(receptor_m, centre_m + LAYER_SPREADS * spread_m, top_m), centre_m)
    if (
        max(receptor_m, centre_m) <= SHALLOWEST_M
    ):  # both near the ground: the whole of its lowest metres (by experiment)
        low, high = 0.0, min(SHALLOWEST_M, air.mixing_height)
    low = max(low, LOWEST_M)
    return at_least(mean(air, low, max(high, low)))


@njit_borrowing()
def at_least(found):
    """Effective values with their least: σ_v 0.2 m/s or 0.05 u, σ_w 0.02 m/s (EPA-454/R-03-004, section 4.1.5)."""
    return Mean(
        max(found.wind, LEAST_WIND_M_S),
        max(found.lateral, LEAST_LATERAL_M_S, LEAST_LATERAL_SHARE * found.wind),
        max(found.vertical, LEAST_VERTICAL_M_S),
        found.gradient,
        found.temperature,
    )


@njit_borrowing()
def convective_spread(distance_m, turbulence_m_s, wind_m_s, height_m, air):
    """Vertical spread of one draught's plume: α_b σ x/u, α_b = min(0.6 + 4 h/z_i, 1), with the surface's part. [m], [m]

    Surface 0.5 (1 − 10 h/z_i) (u* x/u)²/|L| below 0.1 z_i (EPA-454/R-03-004, eqs. 85-87).
    """
    relative = height_m / air.mixing_height
    elevated = min(0.6 + 4.0 * relative, 1.0) * turbulence_m_s * distance_m / wind_m_s
    if relative >= 0.1:
        return elevated, 0.0
    return elevated, 0.5 * (1.0 - 10.0 * relative) * (air.friction / wind_m_s * distance_m) ** 2 / abs(air.obukhov)


@njit_borrowing()
def direct(receptor_m, centre_m, spread_m, top_m, sunk_m):
    """Material on its way down from the stack: images at ψ + 2 m z_i, m = 0, 1, 2 … [m⁻¹]"""
    period = 2.0 * (top_m + sunk_m)
    total = half_sum(centre_m + receptor_m + 2.0 * sunk_m, period, spread_m)
    if receptor_m == 0.0 and sunk_m == 0.0:
        total *= 2.0
    else:
        total += half_sum(centre_m - receptor_m, period, spread_m)
    return total / (ROOT_TWO_PI * spread_m)


@njit_borrowing()
def indirect(receptor_m, centre_m, spread_m, top_m, sunk_m):
    """Material that has lofted at the layer's top: images at ψ − 2 m z_i, m = 1, 2 … [m⁻¹]"""
    period = 2.0 * (top_m + sunk_m)
    total = half_sum(period - centre_m - receptor_m - 2.0 * sunk_m, period, spread_m)
    if receptor_m == 0.0 and sunk_m == 0.0:
        total *= 2.0
    else:
        total += half_sum(period - centre_m + receptor_m, period, spread_m)
    return total / (ROOT_TWO_PI * spread_m)


@njit_borrowing()
def stable_plume(air, source, distance_m, place, share, centre_m, buoyant_m, stratified, bare):
    """Plume in stable air or above the mixed layer.

    Parameters
    ----------
    air : Air
    source : Launch
    distance_m : float
        Downwind. [m]
    place : Place
    share : float
        Of the emission. [1]
    centre_m, buoyant_m : float
        Height of the plume, and the spread its own rise has given it. [m]
    stratified : float
        1 if the air's stratification holds the plume's growth back, 0 not: the air above a mixed layer entrains. In
        the urban night it does not either.
    bare : bool
        Whether the spread leaves out the source's own, as the depletion integral does.

    Returns
    -------
    Plume
    """
    initial = at_least(at(air, centre_m))
    own = buoyant_m * buoyant_m
    own_vertical = own + source.initial_vertical**2
    held = 0.0 if air.urban else stratified
    gradient = held * initial.gradient
    first = stable_spread(air, source, distance_m, initial, gradient, initial.temperature, centre_m)
    estimate = math.sqrt(first * first + own_vertical)
    effective = layer(air, place.height, centre_m, estimate, NO_LID_M)
    gradient = held * effective.gradient
    ambient = stable_spread(air, source, distance_m, effective, gradient, initial.temperature, centre_m)
    spread = math.sqrt(ambient * ambient + (own if bare else own_vertical))
    depth = air.rural_height if air.urban else air.mechanical_height
    lateral = lateral_spread(distance_m, effective.lateral, effective.wind, centre_m, depth)
    lateral = math.sqrt(lateral * lateral + own + source.initial_lateral**2)
    under = own if bare else own_vertical  # the lid leaves out what the spread does
    lid = max(air.mixing_height, centre_m + LAYER_SPREADS * math.sqrt(first * first + under))
    if held == 0.0:
        lid = held_lid(air, source, distance_m, centre_m, under)
    level = 0.5
    if not air.convective and place.hill > 0.0:
        level = 0.5 * (1.0 + share_below(air, place, centre_m, spread, lid))
    return Plume(
        share, effective.wind, effective.lateral, lateral, centre_m, False, centre_m, spread, centre_m, spread, 1.0,
        0.0, lid, level, stratified == 0.0,
    )  # fmt: skip


@njit_borrowing()
def held_lid(air, source, distance_m, centre_m, own_vertical):
    """Lid of a plume above the mixed layer: where the stratified air lets it grow to. [m]"""
    here = at_least(at(air, centre_m))
    held = stable_spread(air, source, distance_m, here, here.gradient, here.temperature, centre_m)
    return max(air.mixing_height, centre_m + LAYER_SPREADS * math.sqrt(held * held + own_vertical))


@njit_borrowing()
def settled(plume, air, source, distance_m, place, fall_m):
    """The plume of particles that have fallen some way: lower, under the lid of its new height, with its own share
    below the height that divides the flow round a hill."""
    if fall_m == 0.0:
        return plume
    up, down, lid, level = plume.up_height - fall_m, plume.down_height - fall_m, plume.lid, plume.level_share
    if not plume.convective:
        up = max(up, 0.0)
        down = up
        rise = plume.centre - source.height
        if plume.penetrated:
            rise *= source.penetrated
        lid = held_lid(air, source, distance_m, up, (0.4 * rise) ** 2 / 2.0 + source.initial_vertical**2)
        if not air.convective and place.hill > 0.0:
            level = 0.5 * (1.0 + share_below(air, place, up, plume.up_spread, lid))
    return Plume(
        plume.share, plume.wind, plume.lateral_turbulence, plume.spread_y, plume.centre, plume.convective, up,
        plume.up_spread, down, plume.down_spread, plume.up_share, plume.lofting, lid, level, plume.penetrated,
    )  # fmt: skip


@njit_borrowing()
def with_level_share(plume, level_share):
    """The same plume with another share that keeps its level."""
    return Plume(
        plume.share, plume.wind, plume.lateral_turbulence, plume.spread_y, plume.centre, plume.convective,
        plume.up_height, plume.up_spread, plume.down_height, plume.down_spread, plume.up_share, plume.lofting,
        plume.lid, level_share, plume.penetrated,
    )  # fmt: skip


@njit_borrowing()
def share_below(air, place, centre_m, spread_m, lid_m):
    """Share of a plume below the height under which the flow goes round a hill, by its density under the lid. [1]"""
    critical = dividing_height(air, min(place.hill, place.height - place.ground + centre_m))
    return share_under(critical, centre_m, spread_m, lid_m)


@njit_borrowing()
def printed_erf(x):
    """Error function by Abramowitz & Stegun (1964), 7.1.28, to 3e-7; one from `FARTHEST_ERF` on. [1]

    Its tail, some per cent off, is what EPA's AERMOD lets pass over a hill in very stable air (found by experiment).
    """
    size = abs(x)
    if size >= FARTHEST_ERF:
        return math.copysign(1.0, x)
    series = ERF_SERIES[5]
    for power in range(4, -1, -1):
        series = ERF_SERIES[power] + series * size
    return math.copysign(1.0 - (1.0 + series * size) ** -16, x)


@njit_borrowing()
def share_under(critical, centre_m, spread_m, lid_m):
    """Share of a Gaussian plume between ground and lid that lies below a height. [1]"""
    if critical <= 0.0:
        return 0.0
    if critical >= lid_m:
        return 1.0
    scale = 1.0 / (math.sqrt(2.0) * spread_m)
    total = printed_erf((critical - centre_m) * scale) + printed_erf((critical + centre_m) * scale)
    for image in range(1, 1000):
        shift = 2.0 * image * lid_m
        if (shift - centre_m - critical) * scale > FARTHEST_ERF:
            break
        total += (
            printed_erf((shift - centre_m + critical) * scale)
            - printed_erf((shift - centre_m - critical) * scale)
            + printed_erf((shift + centre_m + critical) * scale)
            - printed_erf((shift + centre_m - critical) * scale)
        )
    return min(0.5 * total, 1.0)


@njit_borrowing()
def convective_air(air, source, distance_m, place, centre_m, own_vertical, turbulence_m_s):
    """Effective air of a plume in the mixed layer, whose spread is first estimated with a vertical turbulence."""
    initial = at_least(at(air, centre_m))
    up, down, _ = draughts(turbulence_m_s, air.convective_velocity, centre_m, air.mixing_height)
    e1, s1 = convective_spread(distance_m, SKEW_RATIO * up, initial.wind, centre_m, air)
    e2, s2 = convective_spread(distance_m, -SKEW_RATIO * down, initial.wind, centre_m, air)
    estimate = 0.5 * (math.sqrt(e1 * e1 + s1 * s1 + own_vertical) + math.sqrt(e2 * e2 + s2 * s2 + own_vertical))
    if place.height == centre_m:  # no layer between them: the mixed layer's top stands for it, as in EPA's AERMOD
        return at_least(at(air, air.mixing_height))
    return layer(air, place.height, centre_m, estimate, air.mixing_height)


@njit_borrowing()
def convective_plume(air, source, distance_m, place, share, bare):
    """Direct and indirect plume in the mixed layer; parameters and result as `stable_plume`."""
    gradual = unstable_rise(distance_m, source.buoyancy, source.momentum, source.wind)
    top = air.mixing_height
    height = source.height + gradual
    centre = centroid_at(air, source, distance_m, gradual)
    own = (0.4 * gradual) ** 2 / 2.0
    own_vertical = own + source.initial_vertical**2
    effective = convective_air(air, source, distance_m, place, centre, own_vertical, at_least(source.here).vertical)
    up, down, share_up = draughts(effective.vertical, air.convective_velocity, centre, top)
    time = distance_m / effective.wind
    e1, s1 = convective_spread(distance_m, SKEW_RATIO * up, effective.wind, centre, air)
    e2, s2 = convective_spread(distance_m, -SKEW_RATIO * down, effective.wind, centre, air)
    final = own if bare else own_vertical
    spread_up = math.sqrt(e1 * e1 + s1 * s1 + final)
    spread_down = math.sqrt(e2 * e2 + s2 * s2 + final)
    lateral = convective_lateral(distance_m, effective.lateral, effective.wind, source.release, top)
    lateral = math.sqrt(lateral * lateral + own + source.initial_lateral**2)
    lofting = 0.0
    if source.buoyancy > 0.0:
        reached = distance_m / source.wind
        size = (LOFT_DEPTH * (top - source.height)) ** 2 + LOFT_GROWTH * (air.convective_velocity * reached) ** 2
        lofting = math.sqrt(2.0 * source.buoyancy * top / (LOFT_ENTRAINMENT * source.wind * size)) * reached
    return Plume(
        share, effective.wind, effective.lateral, lateral, centre, True, height + up * time, spread_up,
        height + down * time, spread_down, share_up, lofting, top, 0.5, False,
    )  # fmt: skip


@njit_borrowing()
def density(plume, height_m, sunk_m):
    """Share of a plume per metre of height; `sunk_m` is how far the ground lies below the plume's base. [m⁻¹]"""
    if not plume.convective:
        return image_sum(height_m, plume.up_height, plume.up_spread, plume.lid, sunk_m)
    if height_m > plume.lid:
        return 0.0
    up, down, top = plume.up_height, plume.down_height, plume.lid
    rising = direct(height_m, up, plume.up_spread, top, sunk_m) + indirect(
        height_m, up - plume.lofting, plume.up_spread, top, sunk_m
    )
    sinking = direct(height_m, down, plume.down_spread, top, sunk_m) + indirect(
        height_m, down - plume.lofting, plume.down_spread, top, sunk_m
    )
    return plume.up_share * rising + (1.0 - plume.up_share) * sinking


@njit_borrowing()
def at_receptor(plume, place, above_m):
    """Density at a height above the receptor: what keeps its level and what follows the ground together. [m⁻¹]

    C = φ' C(z_r) + (1 − φ') C(z_p), φ' = (1 + φ_p)/2 (Cimorelli et al. 2005, eqs. 18-20).
    """
    follows = density(plume, place.ground + above_m, 0.0)
    if place.height == place.ground:
        return follows
    height = place.height + above_m
    keeps = density(plume, max(height, 0.0), max(-height, 0.0))
    return plume.level_share * keeps + (1.0 - plume.level_share) * follows


@njit_borrowing()
def at_reference(plume, place, reference_m):
    """Density at the reference height of dry deposition above the ground below a receptor on its pole. [m⁻¹]"""
    return at_receptor(plume, Place(place.height - place.ground, 0.0, place.hill, place.base), reference_m)


@njit_borrowing()
def main_plume(air, source, distance_m, place, bare):
    """The plume that did not penetrate: Gaussian in stable air, up- and downdraughts in convective air."""
    if source.stable:
        rise = rise_at(air, source, distance_m)
        own = 0.4 * rise / math.sqrt(2.0)
        return stable_plume(air, source, distance_m, place, 1.0, source.height + rise, own, 1.0, bare)
    return convective_plume(air, source, distance_m, place, 1.0 - source.penetrated, bare)


@njit_borrowing()
def penetrated_plume(air, source, distance_m, place, bare):
    """The plume above the mixed layer."""
    rise = source.penetrated * (source.penetrated_height - source.height)
    own = 0.4 * rise / math.sqrt(2.0)
    return stable_plume(air, source, distance_m, place, source.penetrated, source.penetrated_height, own, 0.0, bare)
