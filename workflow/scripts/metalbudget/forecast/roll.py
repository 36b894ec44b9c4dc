"""The roll-forward of one run: snapshots, tracers, overload years and the ledger."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget import capacity
from metalbudget.budget.setting import Setting
from metalbudget.budget.simulate import YearStep
from metalbudget.budget.step import responses
from metalbudget.quantities import GEOGENIC_INPUTS

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """State at the start of a calendar year; arrays of shape (n,).

    Parameters
    ----------
    year : int
    layer, legal : ndarray
        Concentration of the modelled layer and down to the legal depth. [mg kg⁻¹]
    kept : ndarray
        exp(−Σk) since the start: what is left of the layer's starting stock. [1]
    legal_kept : ndarray
        The same of the stock down to the legal depth, of which only the layer loses. [1]
    counted : ndarray
        Part of ``layer`` that came in since the start with all but geogenic inputs. [mg kg⁻¹]
    corrected : ndarray
        Part of ``layer`` that positive corrections brought since the start. [mg kg⁻¹]
    response : ndarray
        Rise of ``layer`` per unit of steady input on open soil since the start. [mg kg⁻¹ per mg m⁻² yr⁻¹]
    """

    year: int
    layer: Vector
    legal: Vector
    kept: Vector
    legal_kept: Vector
    counted: Vector
    corrected: Vector
    response: Vector


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run leaves behind.

    Parameters
    ----------
    snapshots : tuple of Snapshot
    overload_year : ndarray of int, shape (n,)
        First calendar year at whose start the concentration lies above the limit of the cell's dominant class;
        `capacity.NEVER` where it does not within the run.
    ledger : dict of year to {term: kg}
    closure : float
        Largest relative residual of any cell and year. [1]
    clamped : dict of str to int
        Cell-years moved into a relation's valid range, by relation.
    """

    snapshots: tuple[Snapshot, ...]
    overload_year: NDArray[np.int64]
    ledger: dict[int, dict[str, float]]
    closure: float
    clamped: dict[str, int]


def layer_share(setting: Setting) -> Vector:
    """Share of the soil down to the legal depth that lies in the modelled layer, shape (n,); 1 without soil. [1]"""
    legal = np.where(setting.legal_mass > 0.0, setting.legal_mass, 1.0)
    return np.where(setting.legal_mass > 0.0, np.minimum(setting.layer_mass / legal, 1.0), 1.0)


def run(
    steps: Iterable[YearStep],
    initial: Vector,
    start_year: int,
    snapshots_yr: Sequence[int],
    setting_at: Callable[[int], Setting],
    limit_at: Callable[[int], Vector] | None = None,
) -> Outcome:
    """Follow a simulation: snapshots, tracers, overload years and the ledger.

    Parameters
    ----------
    steps : iterable of YearStep
        From `budget.simulate`, starting with ``start_year``.
    initial : ndarray, shape (n,)
        Concentration at the start. [mg kg⁻¹]
    start_year : int
    snapshots_yr : sequence of int
        Years after the start; 0 is the start itself.
    setting_at : callable
        That of the simulation.
    limit_at : callable, optional
        ``limit_at(year) -> ndarray (n,)``: limit of the cell's dominant class. [mg kg⁻¹] No overload year without it.

    Returns
    -------
    Outcome

    Notes
    -----
    Tracers share the cell's total rate k, so they add exactly: each is multiplied by exp(−k) and gains φ₁ F/M.
    ASSUME soil that moves between stores when ground is sealed or opened carries the tracers of the layer.
    """
    wanted = set(snapshots_yr)
    zeros = np.zeros_like(initial)
    kept, counted, corrected, response = np.ones_like(initial), zeros, zeros, zeros
    state = Snapshot(start_year, initial, initial, kept, kept, counted, corrected, response)
    snapshots = [state] if 0 in wanted else []
    overload: NDArray[np.int64] = np.full(initial.shape, capacity.NEVER, dtype=np.int64)
    if limit_at is not None:
        overload = capacity.overload_year(overload, initial, limit_at(start_year), start_year)
    ledger: dict[int, dict[str, float]] = {}
    closure, clamped = 0.0, dict[str, int]()
    for step in steps:
        setting = setting_at(step.year)
        mass = setting.safe_layer_mass
        rate = np.sum(list(step.rates.values()), axis=0)
        remains, gained, _ = responses(rate)
        learned = np.maximum(step.correction, 0.0)
        human = learned + sum(values for name, values in step.inputs.items() if name not in GEOGENIC_INPUTS)
        kept = kept * remains
        counted = counted * remains + human * gained / mass
        corrected = corrected * remains + learned * gained / mass
        response = response * remains + setting.open_share * gained / mass
        now = step.year + 1
        if limit_at is not None:
            overload = capacity.overload_year(overload, step.legal_end, limit_at(now), now)
        if now - start_year in wanted:
            share = layer_share(setting)
            legal_kept = share * kept + (1.0 - share)
            snapshots.append(
                Snapshot(now, step.layer_end, step.legal_end, kept, legal_kept, counted, corrected, response)
            )
        ledger[step.year] = step.ledger
        closure = max(closure, step.closure)
        for name, count in step.clamped.items():
            clamped[name] = clamped.get(name, 0) + count
    return Outcome(tuple(snapshots), overload, ledger, closure, clamped)
