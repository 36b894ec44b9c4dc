"""The hours that a deck names, and what its sources emit in each of them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from metalbudget.dispersion.case import Source
from metalbudget.dispersion.runstream.control import Selection
from metalbudget.dispersion.runstream.deck import Deck
from metalbudget.dispersion.runstream.emission_factors import HourlyEmission, factor, read_hourly
from metalbudget.dispersion.runstream.lines import Problems
from metalbudget.errors import InputError, InputErrors
from metalbudget.meteorology import aermet_files
from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours

_LOWEST_MIXING_M, _HIGHEST_MIXING_M, _SHORTEST_OBUKHOV_M = 1.0, 4000.0, 1.0
_WIDEST_SIGMA_DEG = 99.0
_MISSING_PRESSURE_PA = 99999.0e2  # the surface file's code, which AERMOD's deposition takes at its word
# Each state of a stack is a source of its own while it is calculated.
_MOST_STATES = 2000


@dataclass(frozen=True, eq=False)
class Weather:
    """The hours of a deck.

    Parameters
    ----------
    hours : SurfaceHours
    observations : ProfileObservations
    used : ndarray of bool, shape (hours,)
        Inside STARTEND and DAYRANGE.
    notes : tuple of str
        What the user should know of them.
    """

    hours: SurfaceHours
    observations: ProfileObservations
    used: NDArray[np.bool_]
    notes: tuple[str, ...] = ()


def weather(deck: Deck) -> Weather:
    """Read the weather files of a deck, turn the wind as it asks, and choose its days."""
    hours = aermet_files.read_surface(
        deck.surface_file,
        deposition=deck.options.deposition,
        wet_deposition=bool({"wdep", "total"} & set(deck.outputs)),
    )
    notes = []
    if deck.options.deposition and (absent := int((hours.valid & np.isnan(hours.pressure_pa)).sum())):
        notes.append(
            f"the pressure is missing in {absent} hour(s): its code, 99999 mb, is taken at its word, as AERMOD does"
        )
    observations = aermet_files.read_profile(deck.profile_file, hours)
    if deck.wind_rotation_deg:
        hours = replace(hours, wind_direction_deg=_turned(hours.wind_direction_deg, deck.wind_rotation_deg))
        observations = replace(
            observations, wind_direction_deg=_turned(observations.wind_direction_deg, deck.wind_rotation_deg)
        )
    hours = _within_limits(hours)
    wide = observations.sigma_theta_deg >= _WIDEST_SIGMA_DEG  # AERMOD takes these for missing
    observations = replace(observations, sigma_theta_deg=np.where(wide, np.nan, observations.sigma_theta_deg))
    observations = _without_turbulence(observations, hours, deck.without_turbulence)
    _check_span(deck, hours)
    used = selected(hours, deck.selection)
    if not used.any():
        raise InputError(
            "no hour of the weather file is used",
            file=deck.path,
            found=f"{deck.surface_file} from {_text(hours, 0)} to {_text(hours, -1)}",
            expected="hours inside STARTEND and DAYRANGE",
        )
    _check_any_valid(deck, hours, used)
    return Weather(hours, observations, used, tuple(notes))


def _check_any_valid(deck: Deck, hours: SurfaceHours, used: NDArray[np.bool_]) -> None:
    """Where a column is missing all through, no hour is left to calculate."""
    if hours.valid[used].any() or not hours.missing[used].any():
        return
    columns = [name for name in aermet_files.NEEDED_COLUMNS if np.isnan(getattr(hours, name)[used]).all()]
    raise InputError(
        "every hour of the run is missing",
        file=deck.surface_file,
        found="no value in any hour of " + ", ".join(columns) if columns else "a missing code in every hour",
        expected="hours with all of " + ", ".join(aermet_files.NEEDED_COLUMNS),
        mend="see that the columns stand in AERMET's order, and that their codes for missing values are meant so",
    )


def _within_limits(hours: SurfaceHours) -> SurfaceHours:
    """What AERMOD makes of mixing heights, Obukhov lengths and pressures beyond what it uses (found by asking)."""
    length = hours.obukhov_length_m
    short = np.abs(length) < _SHORTEST_OBUKHOV_M
    return replace(
        hours,
        mechanical_height_m=np.clip(hours.mechanical_height_m, _LOWEST_MIXING_M, _HIGHEST_MIXING_M),
        convective_height_m=np.clip(hours.convective_height_m, _LOWEST_MIXING_M, _HIGHEST_MIXING_M),
        obukhov_length_m=np.where(short, np.where(length < 0.0, -1.0, 1.0) * _SHORTEST_OBUKHOV_M, length),
        pressure_pa=np.where(np.isfinite(hours.pressure_pa), hours.pressure_pa, _MISSING_PRESSURE_PA),
    )


def _check_span(deck: Deck, hours: SurfaceHours) -> None:
    """STARTEND may not ask for days that the weather files do not have."""
    moments = [(hours.year[row], hours.month[row], hours.day[row], hours.hour[row]) for row in (0, -1)]
    start, end = deck.selection.start, deck.selection.end
    if (start is not None and start < moments[0]) or (end is not None and end > moments[1]):
        raise InputError(
            "STARTEND asks for hours that the weather files do not have",
            file=deck.path,
            found=f"{deck.surface_file} from {_text(hours, 0)} to {_text(hours, -1)}",
            expected=" to ".join(f"{y}-{m:02d}-{d:02d} hour {h}" for y, m, d, h in filter(None, (start, end))),
            mend="give weather of these days, or correct STARTEND",
        )


def _without_turbulence(
    observations: ProfileObservations, hours: SurfaceHours, left_out: frozenset[str]
) -> ProfileObservations:
    """Observations without the turbulence that the deck leaves out (NOTURB and its kin)."""
    if not left_out:
        return observations
    columns = {}
    for measured, name in (("lateral", "sigma_theta_deg"), ("vertical", "sigma_w_m_s")):
        gone = np.zeros(hours.size, dtype=bool)
        if f"{measured} stable" in left_out:
            gone |= ~hours.convective
        if f"{measured} convective" in left_out:
            gone |= hours.convective
        columns[name] = np.where(gone[:, None], np.nan, getattr(observations, name))
    return replace(observations, **columns)


def _text(hours: SurfaceHours, row: int) -> str:
    return f"{hours.year[row]}-{hours.month[row]:02d}-{hours.day[row]:02d} hour {hours.hour[row]}"


def _turned(direction_deg: NDArray[np.float64], rotation_deg: float) -> NDArray[np.float64]:
    """Directions less a rotation, in 0..360; WDROTATE corrects a vane that points too far clockwise."""
    turned = np.mod(direction_deg - rotation_deg, 360.0)
    return np.where(turned == 0.0, 360.0, turned)


def selected(hours: SurfaceHours, selection: Selection) -> NDArray[np.bool_]:
    """Hours inside the period and on the days asked for, shape (hours,)."""
    used = np.ones(hours.size, dtype=bool)
    moment = ((hours.year * 100 + hours.month) * 100 + hours.day) * 100 + hours.hour
    for limit, within in ((selection.start, np.greater_equal), (selection.end, np.less_equal)):
        if limit is not None:
            year, month, day, hour = limit
            used &= within(moment, ((year * 100 + month) * 100 + day) * 100 + hour)
    if selection.days is not None:
        days = {month * 100 + day for month, day in selection.days}
        used &= np.isin(hours.month * 100 + hours.day, sorted(days))
    return used


def emitting(deck: Deck, through: Weather) -> tuple[list[Source], dict[str, list[int]]]:
    """The deck's sources with what they emit hour by hour, and the groups of them.

    A source whose stack changes by the hour stands as one source for each state, which emits only then.
    """
    problems = Problems()
    hourly: dict[str, HourlyEmission] = {}
    kinds = {source.name: source.kind for source in deck.sources}
    for path in dict.fromkeys(deck.hourly_files.values()):
        own = {name: kinds[name] for name, file in deck.hourly_files.items() if file == path}
        hourly |= read_hourly(path, own, through.hours, through.used, problems)
    result: list[Source] = []
    places: list[list[int]] = []
    for source in deck.sources:
        if source.name in deck.variations:
            variation = deck.variations[source.name]
            factors = factor(variation, through.hours, deck.wind_categories_m_s)
            own_sources = [replace(source, emission_factor=factors)]
        elif source.name in hourly:
            own_sources = _states(source, hourly[source.name], deck, through, problems)
        else:
            own_sources = [source]
        places.append(list(range(len(result), len(result) + len(own_sources))))
        result.extend(own_sources)
    if problems.found:
        raise InputErrors(problems.found)
    groups = {name: [place for member in members for place in places[member]] for name, members in deck.groups.items()}
    return result, groups


def _states(source: Source, given: HourlyEmission, deck: Deck, through: Weather, problems: Problems) -> list[Source]:
    """A source for each state that an hourly file gives it."""
    fields = (
        ("exit_temperature_k", "exit_velocity_m_s")
        if source.kind == "point"
        else ("height_m", "initial_lateral_m", "initial_vertical_m")
    )
    if source.kind == "area":
        fields = ("height_m", "initial_vertical_m")
    usual = np.array([getattr(source, name) for name in fields])
    state = given.state[:, : len(fields)]
    state = np.where(np.isnan(state), usual, state)
    active = through.used & (given.emission > 0.0)
    emission = given.emission * deck.emission_scale
    states = np.unique(state[active], axis=0)
    if len(states) > _MOST_STATES:
        problems.add(
            InputError(
                f"the source {source.name} changes its state too often",
                file=deck.hourly_files[source.name],
                found=f"{len(states)} different states",
                expected=f"at most {_MOST_STATES}",
                mend="round temperatures and velocities",
            )
        )
        return [source]
    if len(states) == 0:
        return [replace(source, emission=1.0, emission_factor=np.where(active, emission, 0.0))]
    return [
        replace(
            source,
            emission=1.0,
            emission_factor=np.where(active & (state == values).all(axis=1), emission, 0.0),
            nominal_height_m=source.height_m if "height_m" in fields else None,
            **dict(zip(fields, values.tolist(), strict=True)),
        )
        for values in states
    ]
