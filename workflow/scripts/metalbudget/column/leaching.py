"""What leaves the plough layer, from stored water: a ladder of sorption coefficients.

Water that rises into the layer brings back what the last that left it carried: below a sharp front of strongly sorbed
metal it passes through the soil just reached, so what leaves goes with the net flux.

Two definitions of "leaching at 20 cm" differ by more than any solver does where the profile has a concentration edge
at that depth: the outflow of the layer by itself, with no gradient at its lower edge (here), and the flux through that
depth of the whole profile (`simulate.run`, `leached_ug_cm2`), which adds dispersion over the edge.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from metalbudget.column import solute
from metalbudget.column.columns import Columns
from metalbudget.column.simulate import CHUNK, Flow, edge_of
from metalbudget.errors import InputError


def plough_layer(
    columns: Columns,
    flow: Flow,
    kd_l_kg: ArrayLike,
    density_g_cm3: ArrayLike,
    dispersivity_cm: ArrayLike,
    *,
    depth_cm: float = 20.0,
    diffusion_cm2_d: float = 0.0,
    periods: ArrayLike | None = None,
    years: int = 1,
    threads: int = 1,
) -> NDArray[np.float64]:
    """Share of an evenly contaminated layer's metal that has left it.

    Parameters
    ----------
    columns : Columns
    flow : Flow
        Kept with its intervals (`simulate.run` with ``keep``): a month each for Kd of 50 L kg⁻¹ and more, days below.
    kd_l_kg : array_like, shape (r,)
        Linear sorption. [L kg⁻¹]
    density_g_cm3, dispersivity_cm : array_like, shape (c, k) or broadcastable to it
        [g cm⁻³], [cm]
    depth_cm : float
        Lower edge of the layer. [cm]
    diffusion_cm2_d : float
        [cm² d⁻¹]
    periods : array_like of int, shape (n,), optional
        Period of each interval of `flow`; all in one unless given.
    years : int
        How often the same water goes through.
    threads : int
        The answer has the same bytes for any number.

    Returns
    -------
    ndarray, shape (r, c, years × periods)
        Share of what the layer held at the start that leaves in each period. [1]

    Raises
    ------
    ValueError
        If `flow` was not kept.
    InputError
        If a column finds no solution, with its name.
    """
    if flow.flux_cm is None or flow.water_cm is None or flow.absolute_flux_cm is None or flow.uptake_cm is None:
        raise ValueError("the water must be kept with its intervals")
    shape = columns.layer.shape
    kd = np.atleast_1d(np.asarray(kd_l_kg, dtype=float))
    if not np.all(kd >= 0.0):
        raise ValueError("Kd must not be negative")
    n = flow.days.size
    period = np.zeros(n, dtype=np.int64) if periods is None else np.ascontiguousarray(periods, dtype=np.int64)
    node, below = edge_of(columns.depth_cm, depth_cm)
    ground = [
        np.ascontiguousarray(np.broadcast_to(np.asarray(values, dtype=float), shape))
        for values in (density_g_cm3, dispersivity_cm, columns.of_layers(columns.theta_s))
    ]
    count = int(period[-1]) + 1
    result = np.zeros((kd.size, shape[0], years * count))
    status = np.zeros(shape[0], dtype=np.int64)

    def chunk(first: int) -> None:
        kernel: Any = _leach
        kernel(
            first, min(first + CHUNK, shape[0]), node, below, columns.thickness_cm, np.diff(columns.depth_cm), *ground,
            flow.days, flow.before_cm, flow.water_cm, flow.flux_cm, flow.absolute_flux_cm, flow.uptake_cm, kd,
            float(diffusion_cm2_d), period, years, result, status,
        )  # fmt: skip

    with ThreadPoolExecutor(max_workers=max(threads, 1)) as pool:
        list(pool.map(chunk, range(0, shape[0], CHUNK)))
    if np.any(status):
        raise InputError("the metal of a column found no solution", where=columns.name(int(np.argmax(status != 0))))
    return result


@njit(cache=True, nogil=True, error_model="numpy")
def _leach(
    first, last, node, below, thickness, spacing, density, dispersivity, saturated, days, before, water, flux,
    absolute, uptake, kd, diffusion, period, years, result, status,
):  # fmt: skip
    """`plough_layer` of columns `first` to `last`: the nodes down to the layer's edge as a column of their own."""
    k, n = node + 1, days.size
    count = period[n - 1] + 1
    own = thickness[:k].copy()
    own[node] *= 1.0 - below
    held, q, q_absolute, taken = np.empty((n, k)), np.empty((n, k + 1)), np.empty((n, k + 1)), np.empty((n, k))
    start, coefficient = np.empty(k), np.empty(k)
    nothing, unmixed, passed = np.zeros(n), np.zeros(n, dtype=np.int64), np.empty(n)
    mass, kinetic, concentration = np.empty(k), np.zeros(k), np.empty(k)
    outcome = np.empty((n, solute.RESULTS))
    for c in range(first, last):
        start[:] = before[c, :k]
        start[node] *= 1.0 - below
        for i in range(n):
            held[i], taken[i] = water[c, i, :k], uptake[c, i, :k]
            q[i], q_absolute[i] = flux[c, i, : k + 1], absolute[c, i, : k + 1]
            old = before[c, node] if i == 0 else water[c, i - 1, node]
            q[i, k] += below * (water[c, i, node] - old + uptake[c, i, node])
            held[i, node] *= 1.0 - below
            taken[i, node] *= 1.0 - below
        ground = solute.Ground(
            own, spacing[: k - 1], density[c, :k].copy(), dispersivity[c, :k].copy(), saturated[c, :k].copy()
        )
        for r in range(kd.size):
            coefficient[:] = kd[r]
            substance = solute.Substance(coefficient, 1.0, 0.0, diffusion, 1.0, 0.0, 0.0)
            total = 0.0
            for i in range(k):
                # one unit per soil and water in equilibrium
                mass[i] = start[i] + density[c, i] * own[i] * kd[r]
                total += mass[i]
            for year in range(years):
                # water of the same year again, its start taken as it is
                stored = solute.Stored(days, start, held, q, q_absolute, taken)
                outcome[:] = 0.0
                status[c] = solute.transport(
                    ground, stored, substance, nothing, np.nan, unmixed, mass, kinetic, concentration, outcome, passed,
                    (node, 0.0),
                )  # fmt: skip
                if status[c] != solute.DONE:
                    break
                for i in range(n):
                    result[r, c, year * count + period[i]] += outcome[i, solute.OUTFLOW] / total
