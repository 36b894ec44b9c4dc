"""One year of one cell's soil: stores that move when land use changes, then the exact update."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

# Below this rate the mean of the response is taken from its series: the closed form loses digits to cancellation.
SERIES_BELOW = 1.0e-3


class Step(NamedTuple):
    """Result of one year in the modelled layer; arrays of shape (n,)."""

    concentration: Vector
    mean_concentration: Vector
    losses: dict[str, Vector]


class Stores(NamedTuple):
    """Concentration of the three stores of a cell, each of shape (n,). [mg kg⁻¹]

    ``layer`` is the modelled layer of open soil, ``subsoil`` the open soil between it and the foot of the column,
    ``frozen`` the column under sealed ground and water.
    """

    layer: Vector
    subsoil: Vector
    frozen: Vector


class Rearrangement(NamedTuple):
    """Stores after a change of land use, and what the layer gained on the way (signed). [mg m⁻² of cell]"""

    stores: Stores
    sealing: Vector
    layer_exchange: Vector


def responses(rate: Vector) -> tuple[Vector, Vector, Vector]:
    r"""Factors of the exact solution of ``dC/dt = G − k C`` over one year.

    Parameters
    ----------
    rate : ndarray, shape (n,)
        Sum k of the first-order losses. [yr⁻¹], ≥ 0

    Returns
    -------
    kept, gained, mean_gained : ndarray, shape (n,)
        ``exp(−k)``, ``φ₁ = (1 − exp(−k))/k`` and ``φ₂ = (1 − φ₁)/k``; 1, 1 and 1/2 in the limit k → 0. [1]

    Notes
    -----
    With these, C(1) = C(0) exp(−k) + G φ₁ and the year's mean is C̄ = C(0) φ₁ + G φ₂, which is
    C* + (C − C*) exp(−k) with C* = G/k, written so that it holds for k = 0 as well.
    """
    small = rate < SERIES_BELOW
    safe = np.where(small, 1.0, rate)
    lost = np.expm1(-rate)
    series = 1.0 - rate / 2.0 * (1.0 - rate / 3.0 * (1.0 - rate / 4.0 * (1.0 - rate / 5.0)))
    gained = np.where(small, series, -lost / safe)
    series = 0.5 - rate / 6.0 * (1.0 - rate / 4.0 * (1.0 - rate / 5.0 * (1.0 - rate / 6.0)))
    mean_gained = np.where(small, series, (1.0 - gained) / safe)
    return 1.0 + lost, gained, mean_gained


def advance(
    concentration: Vector, layer_mass: Vector, inputs: Mapping[str, Vector], rates: Mapping[str, Vector]
) -> Step:
    r"""Concentration after one year of steady input and first-order losses, exactly.

    Parameters
    ----------
    concentration : ndarray, shape (n,)
        At the start of the year. [mg kg⁻¹], ≥ 0
    layer_mass : ndarray, shape (n,)
        Soil mass M of the modelled layer. [kg m⁻²], > 0
    inputs : mapping of process to ndarray, shape (n,)
        [mg m⁻² yr⁻¹], ≥ 0, per the same square metre as ``layer_mass``.
    rates : mapping of process to ndarray, shape (n,)
        Loss divided by stock. [yr⁻¹], ≥ 0

    Returns
    -------
    Step
        Concentration after the year [mg kg⁻¹], mean of the year [mg kg⁻¹], and each loss
        ``k_i M C̄`` [mg m⁻² yr⁻¹]. NaN in an input gives NaN in that cell, nowhere else.

    Notes
    -----
    Solves M dC/dt = ΣF − k M C with k = Σk_i, so C(1) = C* + (C − C*) exp(−k), C* = ΣF/(k M). Taking the loss
    from C(0) instead of the mean misses 8 % at k = 0.2. Valid for any k ≥ 0; rates are constant within the year.
    ASSUME inputs are spread evenly over the year.
    """
    gain = _total(inputs, concentration.shape) / layer_mass
    kept, gained, mean_gained = responses(_total(rates, concentration.shape))
    mean = concentration * gained + gain * mean_gained
    mean_stock = mean * layer_mass
    return Step(concentration * kept + gain * gained, mean, {name: rate * mean_stock for name, rate in rates.items()})


def _total(terms: Mapping[str, Vector], shape: tuple[int, ...]) -> Vector:
    total = np.zeros(shape)
    for values in terms.values():
        total += values
    return total


def rearrange(
    stores: Stores,
    open_share: tuple[Vector, Vector],
    layer_mass: tuple[Vector, Vector],
    column_mass: Vector,
) -> Rearrangement:
    """Move soil between the stores of a cell when its open share or its mixing depth changes.

    Parameters
    ----------
    stores : Stores
        Concentrations before the change. [mg kg⁻¹]
    open_share : pair of ndarray, shape (n,)
        Open soil before and after. [m² m⁻² of cell]
    layer_mass : pair of ndarray, shape (n,)
        Mass of the modelled layer before and after. [kg m⁻² of cell]
    column_mass : ndarray, shape (n,)
        Mass of the soil column that is tracked, per square metre of ground of any kind. [kg m⁻²]

    Returns
    -------
    Rearrangement

    Notes
    -----
    First ground is sealed (or flooded): its column, layer and subsoil, moves to the frozen store; or ground is
    opened: a column of the frozen store's mixture joins the layer and the subsoil. Then the layer takes soil from the
    subsoil, or leaves soil to it, until it has its new mass. The three stores together keep soil and metal exactly.
    ASSUME net changes only: where one part of a cell is sealed while another is opened, the two cancel.
    A store of no mass keeps its last concentration as a label; it weighs nothing.
    """
    before, after = open_share
    layer, subsoil, frozen = stores
    change = after - before
    sealed = np.maximum(-change, 0.0)
    opened = np.maximum(change, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        lost_fraction = np.where(before > 0.0, sealed / before, 0.0)
        of_new_ground = np.where(after > 0.0, layer_mass[1] / after, 0.0)
        layer_depth_mass = np.where(before > 0.0, layer_mass[0] / before, of_new_ground)
    subsoil_mass = np.maximum(before * column_mass - layer_mass[0], 0.0)
    frozen_mass = np.maximum((1.0 - before) * column_mass, 0.0)

    frozen_layer = lost_fraction * layer_mass[0]
    frozen_subsoil = lost_fraction * subsoil_mass
    opened_layer = opened * layer_depth_mass
    opened_subsoil = np.maximum(opened * (column_mass - layer_depth_mass), 0.0)
    sealing = opened_layer * frozen - frozen_layer * layer
    new_frozen = _mixed((frozen_mass, frozen), (frozen_layer, layer), (frozen_subsoil, subsoil))
    kept_layer = layer_mass[0] - frozen_layer
    kept_subsoil = subsoil_mass - frozen_subsoil
    layer = _mixed((kept_layer, layer), (opened_layer, frozen))
    subsoil = _mixed((kept_subsoil, subsoil), (opened_subsoil, frozen))
    open_layer, open_subsoil = kept_layer + opened_layer, kept_subsoil + opened_subsoil

    taken = np.maximum(layer_mass[1] - open_layer, 0.0)
    left = np.maximum(open_layer - layer_mass[1], 0.0)
    layer_exchange = taken * subsoil - left * layer
    new_layer = _mixed((open_layer - left, layer), (taken, subsoil))
    new_subsoil = _mixed((np.maximum(open_subsoil - taken, 0.0), subsoil), (left, layer))
    return Rearrangement(Stores(new_layer, new_subsoil, new_frozen), sealing, layer_exchange)


def _mixed(*parts: tuple[Vector, Vector]) -> Vector:
    """Concentration of a mixture of (mass, concentration); the first part's where there is no mass."""
    mass = parts[0][0]
    metal = parts[0][0] * parts[0][1]
    for part_mass, concentration in parts[1:]:
        mass = mass + part_mass
        metal = metal + part_mass * concentration
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(mass > 0.0, metal / mass, parts[0][1])


def at_depth(stores: Stores, layer_mass: Vector, depth_mass: Vector) -> Vector:
    """Concentration of open soil down to a sampled or legal depth.

    Parameters
    ----------
    stores : Stores
        [mg kg⁻¹]
    layer_mass, depth_mass : ndarray, shape (n,)
        Mass of the modelled layer and of the soil down to the depth. [kg m⁻² of cell]

    Returns
    -------
    ndarray, shape (n,)
        [mg kg⁻¹] The layer's own where it reaches as deep; the frozen soil's where no soil is open.

    Notes
    -----
    Looking deeper is not a flux: the mixture is reported, the stores stay apart.
    """
    below = np.maximum(depth_mass - layer_mass, 0.0)
    mixture = _mixed((layer_mass, stores.layer), (below, stores.subsoil))
    return np.where(layer_mass > 0.0, mixture, stores.frozen)
