"""Hours × sources × receptors: concentration and deposition of a whole run.

The Python way in: sources, receptors, weather and options as arrays; see `case` and `meteorology.hours`.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from metalbudget.dispersion import profiles
from metalbudget.dispersion.air import running_integral, value_at
from metalbudget.dispersion.answers import add_answer, air_of, wet_rates
from metalbudget.dispersion.area import add_area_answer
from metalbudget.dispersion.case import Options, Receptors, Source, Substance
from metalbudget.dispersion.depletion import plume_depth
from metalbudget.dispersion.gaussian import Place
from metalbudget.dispersion.launch import LEAST_EXIT_M_S, launch, steering_height
from metalbudget.dispersion.receptor_levels import layout
from metalbudget.dispersion.removal import removal
from metalbudget.dispersion.tables import add_tabled_hours
from metalbudget.dispersion.terrain_tables import add_terrain_hours
from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours

MICROGRAMS, SECONDS = 1.0e6, 3600.0  # per gram; of an hour
ENOUGH_FOR_TABLES = 1000  # receptors from which tables by distance are cheaper than the full calculation
RATES = ("dry_velocity_m_s", "settling_m_s", "scavenging_s", "washout_m_s", "washout_limit_s", "flux_limit_s")
SIDEWAYS_M_S = 0.001  # upward speed out of a capped or horizontal stack (AERMOD Implementation Guide)
CHUNKS = 32  # of hours, each with sums of its own, so that the answer does not depend on the number of threads


@dataclass(frozen=True, eq=False)
class Answer:
    """What a run found.

    Parameters
    ----------
    concentration_ug_m3, dry_g_m2, wet_g_m2 : ndarray
        Shape (groups, receptors): mean over the valid hours, and sums; or by hour, shape (groups, hours, receptors).
    valid : ndarray of bool, shape (hours,)
        Hours used that are neither calm nor missing.
    calm_hours, missing_hours : int
        Among the hours used.
    """

    concentration_ug_m3: NDArray[np.float64]
    dry_g_m2: NDArray[np.float64]
    wet_g_m2: NDArray[np.float64]
    valid: NDArray[np.bool_]
    calm_hours: int
    missing_hours: int


@dataclass(frozen=True, eq=False)
class Atmosphere:
    """A year's hours as the plumes need them.

    Parameters
    ----------
    hours : SurfaceHours
    shape : Profiles
    scalars : ndarray, shape (hours, 13)
        Upward heat flux (1 or 0), mixing height, convective and mechanical height, friction velocity, convective
        velocity, Obukhov length, wind and vertical turbulence averaged over the mixed layer, gradient above it,
        mechanical height of the country, urban night (1 or 0), potential temperature at the top.
        [m], [m s⁻¹], [K m⁻¹], [K]
    values, sums : ndarray, shape (hours, 5, levels)
        Wind, turbulence, gradient and temperature by level; their integrals from the ground.
    """

    hours: SurfaceHours
    shape: profiles.Profiles
    scalars: NDArray[np.float64]
    values: NDArray[np.float64]
    sums: NDArray[np.float64]


@njit(cache=True)
def _integrals(levels, values, depth, sums, layer):
    """Running integrals of all profiles; mean wind and vertical turbulence below a depth into `layer` (hours, 2)."""
    for hour in range(values.shape[0]):
        for shape in range(values.shape[1]):
            sums[hour, shape] = running_integral(levels, values[hour, shape])
        top = min(depth[hour], levels[levels.size - 1])
        below = 0
        while below < levels.size - 2 and levels[below + 1] <= top:
            below += 1
        step = top - levels[below]
        for column, shape in ((0, 0), (1, 2)):
            v = values[hour, shape]
            slope = (v[below + 1] - v[below]) / (levels[below + 1] - levels[below])
            layer[hour, column] = (sums[hour, shape, below] + step * (v[below] + 0.5 * slope * step)) / top


def _depth(hours: SurfaceHours) -> NDArray[np.float64]:
    """Mixing height: by day the greater of both, shape (hours,). [m]"""
    height = np.where(hours.valid & (hours.obukhov_length_m < 0.0), np.nan_to_num(hours.convective_height_m), 0.0)
    mechanical = np.where(hours.valid, np.nan_to_num(hours.mechanical_height_m), 1.0)
    return np.maximum(np.maximum(height, mechanical), 1.0)


def atmosphere(
    hours: SurfaceHours,
    shape: profiles.Profiles,
    outside: Atmosphere | None = None,
    night: NDArray[np.bool_] | None = None,
) -> Atmosphere:
    """Arrange a year's hours for the compiled kernels.

    Parameters
    ----------
    hours : SurfaceHours
    shape : Profiles
    outside : Atmosphere, optional
        The same hours outside the town, if these are a town's.
    night : ndarray of bool, shape (hours,), optional
        Where the urban night layer is in force.
    """
    n = hours.friction_velocity_m_s.size
    good = hours.valid
    convective = good & (hours.obukhov_length_m < 0.0)
    height = np.where(convective, np.nan_to_num(hours.convective_height_m), 0.0)
    mechanical = np.where(good, np.nan_to_num(hours.mechanical_height_m), 1.0)
    depth = _depth(hours)
    values = np.ascontiguousarray(
        np.stack(
            [
                np.where(good[:, None], array, 1.0)
                for array in (
                    shape.wind_m_s,
                    shape.sigma_v_m_s,
                    shape.sigma_w_m_s,
                    shape.gradient_k_m,
                    shape.potential_temperature_k,
                )
            ],
            axis=1,
        )
    )
    sums, layer = np.empty_like(values), np.empty((n, 2))
    _integrals(profiles.LEVELS_M, values, depth, sums, layer)
    rural = mechanical if outside is None else outside.scalars[:, 3]
    top = np.array([value_at(profiles.LEVELS_M, values[hour, 4], depth[hour]) for hour in range(n)])
    scalars = np.column_stack(
        [
            convective,
            depth,
            height,
            mechanical,
            np.where(good, hours.friction_velocity_m_s, 1.0),
            np.where(convective, np.nan_to_num(hours.convective_velocity_m_s), 0.0),
            np.where(good, hours.obukhov_length_m, 1.0),
            layer[:, 0],
            layer[:, 1],
            np.maximum(np.nan_to_num(hours.lapse_above_k_m, nan=0.005), 0.005),
            rural,
            np.zeros(n) if night is None else night,
            top,
        ]
    ).astype(np.float64)
    if outside is not None:
        left = np.zeros(n, dtype=bool) if night is None else np.asarray(night, dtype=bool)
        for column in (7, 8, 12):  # what the town's nights take from the country around
            scalars[left, column] = outside.scalars[left, column]
    return Atmosphere(hours, shape, np.ascontiguousarray(scalars), values, sums)


@njit(nogil=True, cache=True)
def _hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, x, y, place, by_hour, out,
):  # fmt: skip
    """Full calculation of some hours: adds to `out` (receptors, 3), or to the hour's row (hours, receptors, 3)."""
    downwash, terrain, dry_depletion, wet_depletion, romberg = flags
    wet = np.empty((2, fraction.size))
    found, amounts = np.empty(3), np.empty(fraction.size)
    flat = Place(0.0, 0.0, 0.0, 0.0)
    for index in range(rows.size):
        hour = rows[index]
        weight = factor[hour]
        if weight == 0.0:
            continue
        air = air_of(hour, scalars, levels, values, sums)
        source = launch(
            air, stack[0], stack[1], stack[2], stack[3], stack[4], downwash, stack[5], stack[6], stack[8]
        )  # fmt: skip
        depth = plume_depth(air, source)
        wet_rates(scavenging[hour], washout[hour], limit[hour], flux_limit[hour], depth, wet)
        for j in range(x.size):
            downwind = -(x[j] * sine[hour] + y[j] * cosine[hour])
            crosswind = x[j] * cosine[hour] - y[j] * sine[hour]
            distance = np.hypot(x[j], y[j])
            found[:] = 0.0
            here = Place(place[j, 0], place[j, 1], place[j, 2], stack[7]) if terrain else flat
            if not terrain and place[j, 1] > 0.0:
                here = Place(place[j, 1], place[j, 1], 0.0, 0.0)
            add_answer(
                air, source, distance, downwind, crosswind, here, fraction, dry[hour], settling[hour], wet,
                reference[hour], dry_depletion, wet_depletion, romberg, amounts, found,
            )  # fmt: skip
            target = out[index, j] if by_hour else out[0, j]
            for column in range(3):
                target[column] += weight * found[column]


@njit(nogil=True, cache=True)
def _area_hours(
    rows, scalars, levels, values, sums, sine, cosine, stack, flags, fraction, dry, settling, scavenging, washout,
    limit, flux_limit, reference, factor, x, y, place, corner_x, corner_y, by_hour, out,
):  # fmt: skip
    """As `_hours` for a polygon, which has no meander; per unit of emission density."""
    downwash, terrain, dry_depletion, wet_depletion, romberg = flags
    wet, found = np.empty((2, fraction.size)), np.empty(3)
    for index in range(rows.size):
        hour = rows[index]
        weight = factor[hour]
        if weight == 0.0:
            continue
        air = air_of(hour, scalars, levels, values, sums)
        source = launch(
            air, stack[0], stack[1], stack[2], stack[3], stack[4], downwash, stack[5], stack[6], stack[8]
        )  # fmt: skip
        depth = plume_depth(air, source)
        wet_rates(scavenging[hour], washout[hour], limit[hour], flux_limit[hour], depth, wet)
        for j in range(x.size):
            here = Place(place[j, 1], place[j, 1], 0.0, 0.0)
            if terrain:
                here = Place(place[j, 0], place[j, 1], place[j, 2], stack[7])
            found[:] = 0.0
            add_area_answer(
                air, source, corner_x, corner_y, x[j], y[j], sine[hour], cosine[hour], here, fraction, dry[hour],
                settling[hour], wet, reference[hour], dry_depletion, wet_depletion, romberg, False, found,
            )  # fmt: skip
            target = out[index, j] if by_hour else out[0, j]
            for column in range(3):
                target[column] += weight * found[column]


@njit(cache=True)
def _steering_heights(scalars, levels, values, sums, valid, stack, downwash):
    """Height whose wind the plume of a stack follows, shape (hours,). [m]"""
    found = np.zeros(scalars.shape[0])
    for hour in range(found.size):
        if valid[hour]:
            air = air_of(hour, scalars, levels, values, sums)
            source = launch(
                air, stack[0], stack[1], stack[2], stack[3], stack[4], downwash, stack[5], stack[6], stack[8]
            )  # fmt: skip
            found[hour] = steering_height(source)
    return found


def _steered(air: Atmosphere, stack: NDArray[np.float64], downwash: float) -> NDArray[np.float64]:
    """Direction the wind comes from where it steers the plume, shape (hours,). [°]"""
    if _one_direction(air):
        return air.shape.direction_deg[:, 0]
    valid = np.asarray(air.hours.valid)
    height = _steering_heights(air.scalars, profiles.LEVELS_M, air.values, air.sums, valid, stack, downwash)
    return _direction(air, height, float(stack[8]))


def _one_direction(air: Atmosphere) -> bool:
    """Whether the wind blows from one direction at all heights, in every hour."""
    direction = np.nan_to_num(air.shape.direction_deg)
    return np.array_equal(direction[:, 0], direction[:, -1]) and not np.ptp(direction, axis=1).any()


def _direction(air: Atmosphere, height: NDArray[np.float64], nominal_m: float) -> NDArray[np.float64]:
    """Direction the wind comes from at a height of each hour, shape (hours,). [°]

    `nominal_m`, if not below zero, is the height along whose piece of the profile the direction is found.
    """
    direction = air.shape.direction_deg
    nominal = height if nominal_m < 0.0 else np.full(height.size, nominal_m)
    upper = np.clip(np.searchsorted(profiles.LEVELS_M, nominal, side="right"), 1, profiles.LEVELS_M.size - 1)
    part = (height - profiles.LEVELS_M[upper - 1]) / (profiles.LEVELS_M[upper] - profiles.LEVELS_M[upper - 1])
    part = np.clip(part, 0.0, 1.0) if nominal_m < 0.0 else part
    row = np.arange(height.size)
    low, high = direction[row, upper - 1], direction[row, upper]
    turn = np.mod(high - low + 180.0, 360.0) - 180.0  # the short way round
    return np.mod(low + part * turn, 360.0)


def run(
    sources: Sequence[Source],
    receptors: Receptors,
    hours: SurfaceHours,
    observations: ProfileObservations,
    options: Options,
    groups: Sequence[Sequence[int]] | None = None,
    hourly: bool = False,
    hours_used: NDArray[np.bool_] | None = None,
    threads: int = 1,
    exact: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Answer:
    """Concentration and deposition of sources at receptors, hour by hour or over the period.

    Parameters
    ----------
    sources : sequence of Source
    receptors : Receptors
    hours : SurfaceHours
    observations : ProfileObservations
    options : Options
    groups : sequence of sequence of int, optional
        Positions of the sources of each group; by default one group of all.
    hourly : bool
        Whether to keep every hour.
    hours_used : ndarray of bool, shape (hours,), optional
    threads : int
        At most this many at once; the answer does not depend on it.
    exact : bool, optional
        True calculates every receptor of its own; False takes tables by distance, and in terrain by level, where
        receptors allow it: all at one height above flat ground, or all on the ground in terrain. By default tables from
        `ENOUGH_FOR_TABLES` receptors on.
    progress : callable, optional
        Called with steps done and steps in all.

    Returns
    -------
    Answer
    """
    groups = [list(range(len(sources)))] if groups is None else [list(group) for group in groups]
    used = np.ones(hours.size, dtype=bool) if hours_used is None else np.asarray(hours_used, dtype=bool)
    valid = used & hours.valid
    airs = {False: atmosphere(hours, profiles.grid(hours, observations, options.base_elevation_m))}
    if any(source.urban for source in sources):
        from metalbudget.dispersion.urban import night, urban

        town = urban(hours, observations, options.urban_population, options.urban_roughness_m, options.base_elevation_m)
        airs[True] = atmosphere(*town, airs[False], night(hours, options.urban_population))
    count = receptors.x_m.size
    shape = (len(groups), hours.size, count, 3) if hourly else (len(groups), 1, count, 3)
    totals = np.zeros(shape)
    many = count >= ENOUGH_FOR_TABLES if exact is None else not exact
    rows = np.flatnonzero(valid)
    chunks = [chunk for chunk in np.array_split(rows, _chunks(count)) if chunk.size]
    steps, done = len(sources) * len(chunks), 0
    with ThreadPoolExecutor(max_workers=max(threads, 1)) as pool:
        for position, source in enumerate(sources):
            members = [index for index, group in enumerate(groups) if position in group]
            if not members or source.emission == 0.0:
                done += len(chunks)
                continue
            job = _prepared(source, airs[source.urban], receptors, options, many and not hourly)
            found = np.zeros((hours.size if hourly else 1, count, 3))
            for part, chunk in zip(pool.map(job, chunks, [hourly] * len(chunks)), chunks, strict=True):
                if hourly:
                    found[chunk] = part
                else:
                    found += part
                done += 1
                if progress is not None:
                    progress(done, steps)
            for index in members:
                totals[index] += source.emission * found
    totals[..., 0] *= MICROGRAMS
    totals[..., 1:] *= SECONDS
    if not hourly:
        totals = totals[:, 0]
        totals[..., 0] /= max(int(valid.sum()), 1)
    return Answer(
        totals[..., 0],
        totals[..., 1],
        totals[..., 2],
        valid,
        int((used & hours.calm).sum()),
        int((used & hours.missing).sum()),
    )


def _chunks(receptors: int) -> int:
    """How many chunks of hours: fewer for very many receptors, whose sums would not fit into memory."""
    return max(4, min(CHUNKS, int(2.0e7 / max(receptors, 1))))


def outflow(source: Source, stack_tip_downwash: bool) -> tuple[float, float, float]:
    """Diameter and speed of what a source lets out, and the part of the diameter that stack-tip downwash goes by.

    Parameters
    ----------
    source : Source
    stack_tip_downwash : bool

    Returns
    -------
    diameter_m, velocity_m_s, tip : float
        No diameter where nothing rises. [m], [m s⁻¹], [1]

    Notes
    -----
    A cap or a bend leaves no speed upward: `SIDEWAYS_M_S` through a mouth so wide that the volume, and with it the
    buoyancy, stays. A capped stack is always drawn down by the cap's own diameter, a horizontal one never (US EPA,
    AERMOD Implementation Guide, section on capped and horizontal stacks, without building downwash).
    """
    if source.kind != "point":
        return 0.0, source.exit_velocity_m_s, 0.0
    if source.mouth == "open":
        return source.diameter_m, source.exit_velocity_m_s, float(stack_tip_downwash)
    widening = math.sqrt(max(source.exit_velocity_m_s, LEAST_EXIT_M_S) / SIDEWAYS_M_S)
    return source.diameter_m * widening, SIDEWAYS_M_S, 1.0 / widening if source.mouth == "capped" else 0.0


def arrays_of(
    source: Source, air: Atmosphere, options: Options, apart: Sequence[Substance] | None = None
) -> tuple[Any, ...]:
    """What the compiled kernels take of a source and a year's hours.

    Parameters
    ----------
    source : Source
    air : Atmosphere
    options : Options
    apart : sequence of Substance, optional
        Substances to follow side by side, each as if it were all that is emitted, instead of the source's own.

    Returns
    -------
    tuple
        Scalars, levels, values, sums of the atmosphere; sine and cosine of the wind direction; stack; flags; fraction,
        dry velocity, settling, scavenging, washout and its limits in loss and flux; reference height; emission factor.
    """
    hours = air.hours
    diameter, velocity, tip = outflow(source, options.stack_tip_downwash)
    stack = np.array(
        [
            source.height_m,
            diameter,
            velocity,
            source.exit_temperature_k,
            options.base_elevation_m,
            source.initial_lateral_m,
            source.initial_vertical_m,
            source.base_elevation_m,
            -1.0 if source.nominal_height_m is None else source.nominal_height_m,
        ],
        dtype=float,
    )
    direction = np.deg2rad(np.nan_to_num(_steered(air, stack, tip)))
    n = hours.size
    substances = list(apart) if apart is not None else [source.substance] if source.substance is not None else []
    if substances and options.deposition:
        temperature = profiles.air_temperature_k(
            air.shape, source.height_m, options.base_elevation_m, source.nominal_height_m
        )
        # a gas meets the ground that lies where the wind at release blows to (found by experiment)
        release = np.full(n, source.height_m)
        blows_from = air.shape.direction_deg[:, 0] if _one_direction(air) else _direction(air, release, float(stack[8]))
        flow = np.mod(np.nan_to_num(blows_from) + 180.0, 360.0)
        losses = [removal(one, hours, temperature, options.gas_surface, flow) for one in substances]
        rates = tuple(
            np.ascontiguousarray(
                np.concatenate([np.nan_to_num(getattr(loss, name), posinf=np.inf) for loss in losses], 1)
            )
            for name in RATES
        )
        fraction = np.concatenate([loss.fraction for loss in losses])
        reference = np.nan_to_num(losses[0].reference_height_m, nan=1.0)
    else:
        rates = tuple(np.zeros((n, 1)) for _ in RATES)
        fraction, reference = np.ones(1), np.ones(n)
    factor = np.ones(n) if source.emission_factor is None else np.ascontiguousarray(source.emission_factor, dtype=float)
    flags = (
        tip,
        options.terrain,
        options.dry_depletion,
        options.wet_depletion,
        options.romberg,
    )
    weather = (air.scalars, profiles.LEVELS_M, air.values, air.sums, np.sin(direction), np.cos(direction))
    return (*weather, stack, flags, fraction, *rates, reference, factor)


def _prepared(source: Source, air: Atmosphere, receptors: Receptors, options: Options, tabled: bool) -> Callable:
    """The calculation of one source as a function of the hours' rows."""
    arrays = arrays_of(source, air, options)
    x = np.ascontiguousarray(receptors.x_m - source.x_m)
    y = np.ascontiguousarray(receptors.y_m - source.y_m)
    place = np.ascontiguousarray(
        np.column_stack(
            [
                receptors.elevation_m - source.base_elevation_m + receptors.flagpole_m,
                receptors.flagpole_m,
                receptors.hill_height_m - source.base_elevation_m,
            ]
        ).astype(float)
    )

    if source.vertices_m is not None:
        around = np.asarray(source.vertices_m, dtype=float) - (source.x_m, source.y_m)
        corners = (np.ascontiguousarray(around[:, 0]), np.ascontiguousarray(around[:, 1]))

    tabled = tabled and source.kind != "area" and not options.romberg and bool(np.all(place[:, 1] == place[0, 1]))
    standing = tabled and options.terrain and not place[:, 1].any()  # on the ground, as tables in terrain need them
    if standing:
        height, hill = np.ascontiguousarray(place[:, 0]), np.ascontiguousarray(place[:, 2])
        among = [layout(height, hill, stable, source.height_m) for stable in (False, True)]
        orders = [tuple(np.ascontiguousarray(getattr(one, field.name)) for field in fields(one)) for one in among]

    def job(chunk: NDArray[np.int_], hourly: bool) -> NDArray[np.float64]:
        out = np.zeros((chunk.size if hourly else 1, x.size, 3))
        if source.kind == "area":
            _area_hours(chunk, *arrays, x, y, place, *corners, hourly, out)  # type: ignore[call-arg]
        elif standing:
            stable = arrays[0][chunk, 0] == 0.0
            for hours, order in ((chunk[~stable], orders[0]), (chunk[stable], orders[1])):
                add_terrain_hours(hours, *arrays, x, y, height, hill, *order, out[0])  # type: ignore[call-arg]
        elif tabled and not options.terrain:
            add_tabled_hours(chunk, *arrays, x, y, place, out[0])  # type: ignore[call-arg]
        else:
            _hours(chunk, *arrays, x, y, place, hourly, out)  # type: ignore[call-arg]
        return out

    return job
