"""From what a runstream says of a source to the source itself, with all that cannot be."""

import math
from collections.abc import Iterator

import numpy as np

from metalbudget.dispersion.case import FineFraction, Gas, SizeClasses, Source, Substance
from metalbudget.dispersion.runstream.geometry import (
    crosses_itself,
    doubled_area,
    rectangle,
    regular_polygon,
    strip,
)
from metalbudget.dispersion.runstream.lines import Statement
from metalbudget.dispersion.runstream.sources import AREA_KINDS, MOUTHS, SUBSTANCE, Draft, vertices
from metalbudget.errors import InputError, InputErrors

# Parameters of SRCPARAM by kind: how many must be there, and what they are.
PARAMETERS = {
    **dict.fromkeys(MOUTHS, (5, ("emission", "height", "exit temperature", "exit velocity", "diameter"))),
    "VOLUME": (4, ("emission", "height", "initial lateral spread", "initial vertical spread")),
    "AREA": (3, ("emission", "height", "width", "length", "angle", "initial vertical spread")),
    "AREAPOLY": (3, ("emission", "height", "number of vertices", "initial vertical spread")),
    "AREACIRC": (3, ("emission", "height", "radius", "number of vertices", "initial vertical spread")),
    "LINE": (3, ("emission", "height", "width", "initial vertical spread")),
}
# An exit temperature of a chimney given in degrees Celsius lies below this, and no air let off is so cold. [K]
_COLDEST_K = 250.0
# Beyond these a number is in another unit: hotter than any flame, faster than sound, wider than any chimney.
_HOTTEST_K, _FASTEST_M_S, _WIDEST_M = 3500.0, 340.0, 100.0
# Particles that stay airborne, and what they are made of (aerogel to osmium). [µm], [g cm⁻³]
_DIAMETERS_UM, _DENSITIES_G_CM3 = (1.0e-3, 1.0e3), (1.0e-2, 23.0)
# AERMOD User's Guide: mass fractions whose sum is off by more than this are questioned.
_FRACTION_TOLERANCE = 0.02
_CIRCLE_VERTICES = 20  # AERMOD User's Guide, SO SRCPARAM for AREACIRC
_SMALLEST_RADIUS_M = 0.9  # AERMOD refuses 0.5 m and takes 0.9 m
_NARROWEST_LINE_M = 1.0  # AERMOD User's Guide, SO SRCPARAM for LINE
# The tallest structures on Earth are lower; a taller release is a mistaken unit. [m]
_TALLEST_M = 3000.0


def source(draft: Draft, gas_reactivity: float, user_gas: bool, emission_scale: float) -> Source:
    """The source of a draft.

    Parameters
    ----------
    draft : Draft
    gas_reactivity : float
        Of GASDEPDF. [1]
    user_gas : bool
        Whether a deposition velocity was given for gases (GASDEPVD).
    emission_scale : float
        From the unit of the deck to g s⁻¹.

    Raises
    ------
    InputErrors
        All that is wrong with it.
    """
    problems: list[InputError] = []
    substance = None
    try:
        substance = _substance(draft, gas_reactivity, user_gas)
    except InputError as problem:
        if not draft.refused & SUBSTANCE:  # else a consequence of the line that was refused
            problems.extend(getattr(problem, "problems", [problem]))
    at = draft.parameters_at
    if at is None:
        if not draft.unreadable:
            problems.append(draft.located.error(f"the source {draft.name} has no SRCPARAM"))
        raise InputErrors(problems)
    least, names = PARAMETERS[draft.kind]
    if not least <= len(draft.parameters) <= len(names):
        problems.append(
            at.error(
                f"the source {draft.name} has {len(draft.parameters)} parameters", expected=f"{draft.kind}: {names}"
            )
        )
        raise InputErrors(problems)
    values = dict(zip(names, draft.parameters, strict=False))
    problems.extend(_out_of_range(draft, at, values))
    if problems:
        raise InputErrors(problems)
    shape = _shape(draft, at, values) if draft.kind in AREA_KINDS else None
    return Source(
        name=draft.name,
        kind="area" if draft.kind in AREA_KINDS else "point" if draft.kind in MOUTHS else draft.kind.lower(),
        emission=values["emission"] * emission_scale,
        x_m=draft.x_m if shape is None else float(shape[0, 0]),
        y_m=draft.y_m if shape is None else float(shape[0, 1]),
        height_m=values["height"],
        base_elevation_m=draft.base_elevation,
        exit_temperature_k=values.get("exit temperature", 0.0),
        exit_velocity_m_s=values.get("exit velocity", 0.0),
        diameter_m=values.get("diameter", 0.0),
        initial_lateral_m=values.get("initial lateral spread", 0.0),
        initial_vertical_m=values.get("initial vertical spread", 0.0),
        vertices_m=shape,
        substance=substance,
        urban=draft.urban,
        mouth=MOUTHS.get(draft.kind, "open"),
    )


def _out_of_range(draft: Draft, at: Statement, values: dict[str, float]) -> Iterator[InputError]:
    """Parameters that no source can have, and such as betray a mistaken unit."""
    for name, value in values.items():
        if value < 0.0 and name not in ("exit temperature", "angle"):
            yield at.error(f"the {name} of source {draft.name} is negative", found=value, expected="zero or more")
    if values["height"] > _TALLEST_M:
        yield at.error(
            f"the height of source {draft.name} is out of range", found=f"{values['height']:g} m", expected="metres"
        )
    if draft.kind in MOUTHS:
        if values["diameter"] == 0.0:
            yield at.error(f"the diameter of source {draft.name} is zero", expected="the stack's inner diameter in m")
        if 0.0 < values["exit temperature"] < _COLDEST_K:
            yield at.error(
                f"the exit temperature of source {draft.name} is too low",
                found=f"{values['exit temperature']:g} K",
                expected="kelvin; 0 for the air's own temperature, negative for an excess over it",
                mend="add 273.15 to degrees Celsius",
            )
        for name, most, unit in (
            ("exit temperature", _HOTTEST_K, "kelvin"),
            ("exit velocity", _FASTEST_M_S, "m/s"),
            ("diameter", _WIDEST_M, "metres"),
        ):
            if values[name] > most:
                yield at.error(
                    f"the {name} of source {draft.name} is out of range",
                    found=f"{values[name]:g}",
                    expected=f"{unit}, at most {most:g}",
                )
        if 0.0 < values["height"] < min(1.0, values["diameter"]):
            yield at.error(
                f"the stack of source {draft.name} is lower than wide",
                found=f"height {values['height']:g} m, diameter {values['diameter']:g} m",
                expected="metres",
                mend="multiply kilometres by 1000; give 0 for a release at the ground",
            )
    if 0.0 < values.get("radius", 1.0) < _SMALLEST_RADIUS_M:
        yield at.error(
            f"the radius of source {draft.name} is too small", found=f"{values['radius']:g} m", expected="metres"
        )
    for name in ("width", "length", "radius"):
        if values.get(name) == 0.0:
            yield at.error(f"the {name} of source {draft.name} is zero", expected="metres")
    if draft.kind == "LINE" and 0.0 < values["width"] < _NARROWEST_LINE_M:
        yield at.error(f"the line {draft.name} is too narrow", found=f"{values['width']:g} m", expected="1 m or more")


def _shape(draft: Draft, at: Statement, values: dict[str, float]) -> np.ndarray:
    """Vertices of an area source."""
    if draft.kind == "AREA":
        width = values["width"]
        return rectangle(draft.x_m, draft.y_m, width, values.get("length", width), values.get("angle", 0.0))
    if draft.kind == "LINE":
        assert draft.end is not None  # a LINE is located by two points
        if draft.end == (draft.x_m, draft.y_m):
            raise draft.located.error(f"the line {draft.name} has no length")
        return strip(draft.x_m, draft.y_m, *draft.end, values["width"])
    count = values.get("number of vertices", _CIRCLE_VERTICES)
    if count != int(count) or count < 3:
        raise at.error(f"the number of vertices of {draft.name} is no whole number above 2", found=count)
    if draft.kind == "AREACIRC":
        return regular_polygon(draft.x_m, draft.y_m, values["radius"], int(count))
    return _polygon(draft, at, int(count))


def _polygon(draft: Draft, at: Statement, count: int) -> np.ndarray:
    if draft.corners_at is None:
        if "AREAVERT" in draft.refused:
            raise InputErrors([])
        raise at.error(f"the source {draft.name} has no AREAVERT")
    here = draft.corners_at
    outline = vertices(draft)
    if len(outline) == count + 1 and np.array_equal(outline[0], outline[-1]):
        outline = outline[:-1]
    if len(draft.corners) % 2 or len(outline) != count:
        raise here.error(
            f"the vertices of {draft.name} do not fit its SRCPARAM",
            found=f"{len(draft.corners) / 2:g} vertices",
            expected=f"{count} vertices",
        )
    if math.hypot(outline[0, 0] - draft.x_m, outline[0, 1] - draft.y_m) > 0.1:
        raise here.error(
            f"the first vertex of {draft.name} is not its LOCATION",
            found=f"{outline[0, 0]:g} {outline[0, 1]:g}",
            expected=f"{draft.x_m:g} {draft.y_m:g}",
        )
    if crosses_itself(outline):
        raise here.error(f"the outline of {draft.name} crosses itself", mend="give the vertices in order around it")
    if doubled_area(outline) == 0.0:
        raise here.error(f"the vertices of {draft.name} enclose no area")
    return outline


def _substance(draft: Draft, gas_reactivity: float, user_gas: bool) -> Substance | None:
    """What deposits from a source; None if the deck says nothing of it."""
    by_class = (draft.diameter_um, draft.mass_fraction, draft.density_g_cm3)
    ways = [any(by_class), draft.fine is not None, draft.gas is not None]
    at = draft.classes_at
    if at is None or not any(ways):
        # with a velocity given by the user nothing else acts: insoluble, so that rain takes up none of it
        return Gas(1.0, 1.0, 1.0, math.inf) if user_gas else None
    if sum(ways) > 1:
        raise at.error(
            f"the source {draft.name} deposits in more than one way",
            expected="PARTDIAM with MASSFRAX and PARTDENS, or METHOD_2, or GASDEPOS",
            mend="split it into one source for each",
        )
    if draft.fine is not None:
        return FineFraction(*draft.fine)
    if draft.gas is not None:
        if user_gas:
            raise at.error("GASDEPOS and GASDEPVD exclude each other", mend="take one of the two out")
        in_air, in_water, cuticular, henry = draft.gas
        return Gas(in_air, in_water, cuticular, henry, gas_reactivity)
    sizes = [len(values) for values in by_class]
    problems = []
    if len(set(sizes)) > 1:
        problems.append(
            at.error(
                f"the size classes of source {draft.name} do not agree",
                found="{} diameters, {} mass fractions, {} densities".format(*sizes),
            )
        )
    if min((min(values) for values in by_class if values), default=1.0) < 0.0 or 0.0 in (
        *draft.diameter_um,
        *draft.density_g_cm3,
    ):
        problems.append(at.error(f"a size class of source {draft.name} is not positive"))
    for values, (least, most), what in (
        (draft.diameter_um, _DIAMETERS_UM, "diameter in µm"),
        (draft.density_g_cm3, _DENSITIES_G_CM3, "density in g/cm³"),
    ):
        strange = [value for value in values if value > 0.0 and not least <= value <= most]
        if strange:
            problems.append(
                at.error(
                    f"a size class of source {draft.name} is out of range",
                    found=f"{strange[0]:g}",
                    expected=f"{what}, {least:g} to {most:g}",
                )
            )
    total = math.fsum(draft.mass_fraction)
    if draft.mass_fraction and abs(total - 1.0) > _FRACTION_TOLERANCE:
        problems.append(
            at.error(f"the mass fractions of source {draft.name} do not sum to one", found=f"{total:g}", expected=1)
        )
    if problems:
        raise InputErrors(problems)
    return SizeClasses(*(tuple(values) for values in by_class))
