"""Answers that theory gives for soil columns, computed here without the project's kernels.

Vanderborght et al. (2005, doi:10.2136/vzj2004.0143) put such solutions together as a benchmark for programs that
compute flow and transport in soils: three of flow (steady through layers, infiltration as a travelling wave,
evaporation) and three of transport (dispersion, layers, sites that are not at equilibrium).
"""

import numpy as np
from scipy.integrate import cumulative_trapezoid, quad


def van_genuchten(soil, head):
    """Water content and conductivity (van Genuchten 1980, equations 3 and 9, pore connectivity 0.5); arrays."""
    theta_r, theta_s, alpha, n, ks = soil
    m = 1.0 - 1.0 / n
    power = (alpha * np.maximum(-np.asarray(head, dtype=float), 1.0e-300)) ** n
    saturation = (1.0 + power) ** -m
    inner = -np.expm1(-m * np.log1p(1.0 / power))
    return theta_r + (theta_s - theta_r) * saturation, ks * np.sqrt(saturation) * inner**2


def exact_sorptivity(functions, surface, initial, points=6000):
    r"""Sorptivity or desorptivity without gravity: what passes the surface is S √t. [cm d^-1/2]

    Parameters
    ----------
    functions : callable
        Water content [1] and conductivity [cm d⁻¹] of an array of heads.
    surface, initial : float
        Head held at the surface from t = 0, and of the soil before. [cm]
    points : int

    Notes
    -----
    Philip & Knight (1974, Soil Science 117:1-13), the quasi-analytical solution, exact in the limit. With
    x = λ(θ) √t the flux at θ is F(θ) of that at the surface, S F = ∫ λ dθ from the initial water content on,
    and dλ/dθ = 2 D/(S F), so that S² = 2 ∫ |θ − θᵢ| D dθ / F. Begun with F = |θ − θᵢ|/|θ₀ − θᵢ| and done again with
    the F that follows until it no longer changes. D dθ is K dh, which has no poles.
    """
    # dense at both ends: towards the initial head F vanishes, towards the surface λ does
    share = 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, points)))
    low, high = np.log(max(-max(surface, initial), 1.0e-4)), np.log(-min(surface, initial))
    head = -np.exp(low + share * (high - low))
    head = head if initial > surface else head[::-1]  # from the initial head to that of the surface
    theta, conductivity = functions(head)
    away = np.abs(theta - theta[0])
    potential = np.abs(cumulative_trapezoid(conductivity, head, initial=0.0))
    flux = away / away[-1]
    for _ in range(100):
        ratio = np.r_[away[1] / flux[1], away[1:] / flux[1:]]
        squared = 2.0 * np.trapezoid(ratio, potential)
        # λ dθ' summed from the initial side: (θ − θᵢ) λ + ∫ (θ' − θᵢ) dλ, with S² F = 2 ∫ ...
        gained = 2.0 * cumulative_trapezoid(ratio, potential, initial=0.0)
        steps = 2.0 * np.diff(potential) / np.sqrt(flux[1:] * np.maximum(flux[:-1], 0.25 * flux[1:]))
        left = np.r_[np.cumsum(steps[::-1])[::-1], 0.0]
        following = (away * left + gained) / squared
        following[0] = 0.0
        change = np.max(np.abs(following - flux))
        flux = following
        if change < 1.0e-9:
            break
    return np.sqrt(squared)


def travelling_wave(soil, initial, flux, heads):
    """Depths between heads of the front of infiltration that no longer changes its shape, from the first one. [cm]

    Philip (1969), as in Vanderborght et al. (2005): seen from a front of the speed c = (q − K₀)/(θ(q) − θ₀) the flow is
    steady, K − K dh/dz − c θ is constant, so that dz = K dh / (K − K₀ − c (θ − θ₀)).
    """
    wet = head_of_flux(soil, flux)
    (theta_0, k_0), (theta_1, _) = van_genuchten(soil, initial), van_genuchten(soil, wet)
    speed = (flux - k_0) / (theta_1 - theta_0)

    def slope(head):
        theta, k = van_genuchten(soil, head)
        return k / (k - k_0 - speed * (theta - theta_0))

    return np.array([quad(slope, heads[0], head, limit=500)[0] for head in heads]), float(speed)


def head_of_flux(soil, flux):
    """Head at which K is a flux. [cm]"""
    low, high = -1.0e7, -1.0e-9
    for _ in range(200):
        middle = -np.sqrt(low * high)
        low, high = (middle, high) if van_genuchten(soil, middle)[1] < flux else (low, middle)
    return middle


def layered_transport(depth, time, flux, layers, edge=np.inf):
    r"""Resident concentration under a steady flux that brings concentration 1, from clean soil, at one time.

    Parameters
    ----------
    depth : array_like
        [cm]
    time, flux : float
        [d], [cm d⁻¹]
    layers : sequence of mapping
        One or two: ``theta`` [1], ``dispersion`` [cm² d⁻¹], and for sorption ``density`` [g cm⁻³], ``kd`` [L kg⁻¹],
        ``fraction`` (of the sites at equilibrium) and ``rate`` (of the others) [d⁻¹]. The lower one has no end.
    edge : float
        Lower edge of the upper one. [cm]

    Notes
    -----
    Laplace transform in time: (θ + ρ f Kd + ρ (1 − f) Kd α/(s + α)) s c = θ D c'' − q c' in each layer, so that c is
    A exp(r₊ z) + B exp(r₋ z). The flux q c − θ D c' is q/s at the surface (third type); at the edge it and c are
    continuous (Leij, Dane & van Genuchten 1991, doi:10.2136/sssaj1991.03615995005500040002x). Two sites after van
    Genuchten & Wagenet (1989), doi:10.2136/sssaj1989.03615995005300050001x. Taken back along Talbot's fixed contour
    (Abate & Valko 2004, doi:10.1002/nme.995).
    """
    depth = np.atleast_1d(np.asarray(depth, dtype=float))
    terms = 40
    k = np.arange(1, terms)
    angle = k * np.pi / terms
    scale = 2.0 * terms / (5.0 * time)
    s = np.r_[scale, scale * angle * (1.0 / np.tan(angle) + 1j)]
    slant = angle + (angle / np.tan(angle) - 1.0) / np.tan(angle)
    weight = np.r_[0.5 * np.exp(scale * time), np.exp(time * s[1:]) * (1.0 + 1j * slant)]
    values = np.array([_transformed(depth, one, flux, layers, edge) for one in s])
    return scale / terms * np.real(weight[:, None] * values).sum(axis=0)


def _transformed(depth, s, flux, layers, edge):
    roots = []
    for layer in layers:
        bound = layer.get("density", 0.0) * layer.get("kd", 0.0)
        share, rate = layer.get("fraction", 1.0), layer.get("rate", 0.0)
        capacity = layer["theta"] + bound * share + (bound * (1.0 - share) * rate / (s + rate) if rate else 0.0)
        spread = layer["theta"] * layer["dispersion"]
        root = np.sqrt(flux * flux + 4.0 * spread * capacity * s)
        roots.append(((flux + root) / (2.0 * spread), (flux - root) / (2.0 * spread), spread))
    (up, down, spread), last = roots[0], roots[-1]
    if len(layers) == 1:
        return flux / s / (flux - spread * down) * np.exp(down * depth)
    # A exp(up (z − edge)) + B exp(down z) above, C exp(down₂ (z − edge)) below
    fall, rise = np.exp(down * edge), np.exp(-up * edge)
    matrix = np.array(
        [
            [(flux - spread * up) * rise, flux - spread * down, 0.0],
            [1.0, fall, -1.0],
            [flux - spread * up, (flux - spread * down) * fall, -(flux - last[2] * last[1])],
        ]
    )
    a, b, c = np.linalg.solve(matrix, np.array([flux / s, 0.0, 0.0]))
    above = a * np.exp(up * np.minimum(depth - edge, 0.0)) + b * np.exp(down * depth)
    return np.where(depth <= edge, above, c * np.exp(last[1] * np.maximum(depth - edge, 0.0)))
