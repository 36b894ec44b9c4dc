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
    """

    hours: SurfaceHours
    observations: ProfileObservations
    used: NDArray[np.bool_]


def weather(deck: Deck) -> Weather:
    """Read the weather files of a deck, turn the wind as it asks, and choose its days."""
    hours = aermet_files.read_surface(deck.surface_file, wet_deposition=bool({"wdep", "total"} & set(deck.outputs)))
    observations = aermet_files.read_profile(deck.profile_file, hours)
    if deck.wind_rotation_deg:
        hours = replace(hours, wind_direction_deg=_turned(hours.wind_direction_deg, deck.wind_rotation_deg))
        observations = replace(
            observations, wind_direction_deg=_turned(observations.wind_direction_deg, deck.wind_rotation_deg)
        )
    used = selected(hours, deck.selection)
    if not used.any():
        raise InputError(
            "no hour of the weather file is used",
            file=deck.path,
            found=f"{deck.surface_file} from {_text(hours, 0)} to {_text(hours, -1)}",
            expected="hours inside STARTEND and DAYRANGE",
        )
    return Weather(hours, observations, used)


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
