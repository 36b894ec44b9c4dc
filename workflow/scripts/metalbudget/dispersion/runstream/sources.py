"""The source pathway of a runstream: places, parameters, particles and gases, groups, factors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from metalbudget.dispersion.case import Substance
from metalbudget.dispersion.runstream import keywords
from metalbudget.dispersion.runstream.emission_factors import FACTORS, Variation
from metalbudget.dispersion.runstream.lines import (
    Problems,
    Statement,
    beside,
    chosen,
    metres_per_unit,
)
from metalbudget.errors import InputError

AREA_KINDS = ("AREA", "AREAPOLY", "AREACIRC", "LINE")
# Keywords that say what deposits.
SUBSTANCE = {"PARTDIAM", "MASSFRAX", "PARTDENS", "METHOD_2", "GASDEPOS"}
# What a stack's mouth is like.
MOUTHS = {"POINT": "open", "POINTCAP": "capped", "POINTHOR": "horizontal"}
KINDS = (*MOUTHS, "VOLUME", *AREA_KINDS)

_LONGEST_NAME = 12  # AERMOD refuses longer ones
# Default factor from emission to µg m-3 and to g m-2 in an hour, AERMOD User's Guide, SO EMISUNIT.
_CONCENTRATION_FACTOR, _DEPOSITION_FACTOR = 1.0e6, 3600.0
# µg m-3 in one of the output's unit.
_OUTPUT_UG = {"GRAMS": 1.0e6, "MILLIGRAMS": 1.0e3, "MICROGRAMS": 1.0, "NANOGRAMS": 1.0e-3}
_OUTPUT_SHORT = {"G": "GRAMS", "MG": "MILLIGRAMS", "UG": "MICROGRAMS", "NG": "NANOGRAMS"}


@dataclass
class Draft:
    """A source while it is being read."""

    name: str
    kind: str
    located: Statement
    x_m: float
    y_m: float
    base_elevation: float
    end: tuple[float, float] | None = None
    parameters: tuple[float, ...] = ()
    parameters_at: Statement | None = None
    corners: list[float] = field(default_factory=list)
    corners_at: Statement | None = None
    diameter_um: list[float] = field(default_factory=list)
    mass_fraction: list[float] = field(default_factory=list)
    density_g_cm3: list[float] = field(default_factory=list)
    classes_at: Statement | None = None
    fine: tuple[float, float] | None = None
    gas: tuple[float, ...] | None = None
    substance: Substance | None = None
    urban: bool = False
    variation_kind: str = ""
    factors: list[float] = field(default_factory=list)
    factors_at: Statement | None = None
    hourly: Path | None = None
    unreadable: bool = False  # whether a line about it was refused
    refused: set[str] = field(default_factory=set)  # the keywords of such lines

    def variation(self) -> Variation | None:
        """The tabled factors, if any."""
        return Variation(self.variation_kind, tuple(self.factors)) if self.variation_kind else None


@dataclass
class Yard:
    """What SO has said so far."""

    problems: Problems
    unit_m: float = 1.0
    emission_scale: float = 1.0
    drafts: dict[str, Draft] = field(default_factory=dict)
    groups: dict[str, list[str] | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    conc: bool = True
    refused: set[str] = field(default_factory=set)  # names whose LOCATION was refused, in capitals
    refused_keywords: set[str] = field(default_factory=set)
    grouped_at: Statement | None = None

    def of(self, statement: Statement, word: str) -> Iterator[Draft]:
        """Sources that a name or range stands for."""
        try:
            names = chosen(statement, word, list(self.drafts), self.refused)
        except InputError:
            self.refused.add(word.upper())  # told once
            raise
        for name in names:
            yield self.drafts[name]


def _location(yard: Yard, statement: Statement) -> None:
    statement.need(4, "source, kind, x, y [elevation]")
    name, kind = statement.words[0], statement.words[1].upper()
    if len(name) > _LONGEST_NAME:
        raise statement.error(
            f"the name of a source has more than {_LONGEST_NAME} characters", found=name, mend="shorten it"
        )
    if name.upper() in (known.upper() for known in yard.drafts):
        raise statement.error(f"the source {name} is located twice")
    if kind in keywords.UNSUPPORTED_KINDS:
        raise statement.error(
            f"sources of kind {kind} are not supported: {keywords.UNSUPPORTED_KINDS[kind]}", expected=", ".join(KINDS)
        )
    if kind not in KINDS:
        raise statement.error("unknown kind of source", found=statement.words[1], expected=", ".join(KINDS))
    count = 4 if kind == "LINE" else 2
    statement.need(2 + count, "source, LINE, x1, y1, x2, y2 [elevation]" if kind == "LINE" else "source, kind, x, y")
    place = [statement.coordinate(word) for word in statement.words[2 : 2 + count]]
    rest = statement.words[2 + count :]
    if len(rest) > 1:
        raise statement.error("a location has too many values", found=" ".join(statement.words))
    if rest and rest[0].upper() == "FLAT":
        raise statement.error("FLAT and ELEV sources in one run are not supported", mend="give an elevation")
    base = statement.number(rest[0], "the base elevation") if rest else 0.0
    end = (place[2], place[3]) if kind == "LINE" else None
    yard.drafts[name] = Draft(name, kind, statement, place[0], place[1], base * yard.unit_m, end)


def _parameters(yard: Yard, statement: Statement) -> None:
    statement.need(2, "source and its parameters")
    values = tuple(statement.number(word, "a source parameter") for word in statement.words[1:])
    for draft in yard.of(statement, statement.words[0]):
        if draft.parameters_at is not None:
            raise statement.error(f"the source {draft.name} has parameters already")
        draft.parameters, draft.parameters_at = values, statement


def _corners(yard: Yard, statement: Statement) -> None:
    statement.need(3, "source, x1, y1, x2, y2, ...")
    for draft in yard.of(statement, statement.words[0]):
        if draft.kind != "AREAPOLY":
            raise statement.error(f"the source {draft.name} is no AREAPOLY", found=draft.kind)
        draft.corners.extend(statement.numbers(statement.words[1:], "a vertex"))
        draft.corners_at = statement


def _particles(yard: Yard, statement: Statement) -> None:
    """PARTDIAM, MASSFRAX and PARTDENS; a line may continue the one before."""
    statement.need(2, "source and one value a size class")
    values = statement.numbers(statement.words[1:], "a value of a size class")
    for draft in yard.of(statement, statement.words[0]):
        {
            "PARTDIAM": draft.diameter_um,
            "MASSFRAX": draft.mass_fraction,
            "PARTDENS": draft.density_g_cm3,
        }[statement.keyword].extend(values)
        draft.classes_at = statement


def _method_2(yard: Yard, statement: Statement) -> None:
    meaning = "source, fine mass fraction, mean diameter in µm"
    statement.need(3, meaning)
    statement.at_most(3, meaning)
    fine, diameter = (statement.number(word, meaning) for word in statement.words[1:3])
    if not 0.0 <= fine <= 1.0 or diameter <= 0.0:
        raise statement.error("METHOD_2 is out of range", found=f"{fine:g} and {diameter:g} µm", expected=meaning)
    for draft in yard.of(statement, statement.words[0]):
        if draft.fine is not None:
            raise statement.error(f"the source {draft.name} has METHOD_2 already")
        draft.fine, draft.classes_at = (fine, diameter), statement


def _gas(yard: Yard, statement: Statement) -> None:
    meaning = (
        "source, diffusivity in air and in water [cm2/s], cuticular resistance [s/cm], Henry's constant [Pa m3/mol]"
    )
    statement.need(5, meaning)
    statement.at_most(5, meaning)
    values = tuple(statement.number(word, meaning) for word in statement.words[1:5])
    if min(values) <= 0.0:
        raise statement.error("a property of the gas is not positive", found=values, expected=meaning)
    for draft in yard.of(statement, statement.words[0]):
        if draft.gas is not None:
            raise statement.error(f"the source {draft.name} has GASDEPOS already")
        draft.gas, draft.classes_at = values, statement


def _urban(yard: Yard, statement: Statement) -> None:
    statement.need(1, "sources, or ALL")
    for word in statement.words:
        for draft in yard.drafts.values() if word.upper() == "ALL" else yard.of(statement, word):
            draft.urban = True


def _group(yard: Yard, statement: Statement) -> None:
    statement.need(1, "a name and its sources")
    name = statement.words[0].upper()
    if name == "ALL":
        extra = [word for word in statement.words[1:] if word.upper() != "NOBACKGROUND"]
        if extra:
            raise statement.error("the group ALL holds every source and takes no list", found=" ".join(extra))
        yard.groups["ALL"] = None
        return
    if len(name) > 8:
        raise statement.error("the name of a group has more than eight characters", found=name)
    statement.need(2, "a name and its sources")
    members = yard.groups.setdefault(name, [])
    for word in statement.words[1:]:
        if word.upper() in ("BACKGROUND", "NOBACKGROUND"):
            raise statement.error("background concentrations are not added by this engine", found=word)
        for draft in yard.of(statement, word):
            if members is not None and draft.name not in members:
                members.append(draft.name)


def _factors(yard: Yard, statement: Statement) -> None:
    statement.need(3, "source, variation, factors")
    kind = statement.words[1].upper()
    if kind not in FACTORS:
        raise statement.error("unknown variation", found=statement.words[1], expected=", ".join(FACTORS))
    values = statement.numbers(statement.words[2:], "an emission factor")
    if min(values) < 0.0:
        raise statement.error("an emission factor is negative", found=min(values))
    for draft in yard.of(statement, statement.words[0]):
        if draft.variation_kind not in ("", kind):
            raise statement.error(
                f"the source {draft.name} has two variations", found=f"{draft.variation_kind} and {kind}"
            )
        draft.variation_kind, draft.factors_at = kind, statement
        draft.factors.extend(values)


def _hourly(yard: Yard, statement: Statement) -> None:
    statement.need(2, "file and sources")
    path = beside(statement, statement.words[0])
    for word in statement.words[1:]:
        for draft in yard.of(statement, word):
            draft.hourly, draft.factors_at = path, draft.factors_at or statement


def _emission_unit(yard: Yard, statement: Statement) -> None:
    """The emission in g/s follows from the factor and the unit of the output."""
    statement.need(3, "factor, unit of the emission, unit of the output")
    factor = statement.number(statement.words[0], "the factor")
    if factor <= 0.0:
        raise statement.error("the factor is not positive", found=factor)
    if not yard.conc:
        if statement.words[2].upper() not in ("GRAMS/M**2", "G/M**2"):
            raise statement.error(
                "depositions are written in g m⁻² only", found=statement.words[2], expected="GRAMS/M**2"
            )
        yard.emission_scale = factor / _DEPOSITION_FACTOR
        return
    unit, _, per = statement.words[2].upper().partition("/")
    unit = _OUTPUT_SHORT.get(unit, unit)
    if unit not in _OUTPUT_UG or per not in ("M**3", "M3", "M^3", "CUBIC-METER"):
        raise statement.error(
            "the unit of the output is not understood, so the emission in g/s cannot be known",
            found=statement.words[2],
            expected="one of " + ", ".join(f"{name}/M**3" for name in _OUTPUT_UG),
        )
    yard.emission_scale = factor * _OUTPUT_UG[unit] / _CONCENTRATION_FACTOR


def _unit(yard: Yard, statement: Statement) -> None:
    if yard.drafts:
        raise statement.error("ELEVUNIT must stand before the first source")
    yard.unit_m = metres_per_unit(statement)


SOURCES: dict[str, Callable[[Yard, Statement], None]] = {
    "LOCATION": _location,
    "SRCPARAM": _parameters,
    "AREAVERT": _corners,
    "PARTDIAM": _particles,
    "MASSFRAX": _particles,
    "PARTDENS": _particles,
    "METHOD_2": _method_2,
    "GASDEPOS": _gas,
    "URBANSRC": _urban,
    "SRCGROUP": _group,
    "EMISFACT": _factors,
    "HOUREMIS": _hourly,
    "EMISUNIT": _emission_unit,
    "ELEVUNIT": _unit,
}


def read_one(yard: Yard, statement: Statement) -> None:
    """Take in a line, or add its problem."""
    try:
        SOURCES[statement.keyword](yard, statement)
        if statement.keyword == "SRCGROUP":
            yard.grouped_at = yard.grouped_at or statement
        elif yard.grouped_at is not None:
            raise statement.error(
                f"{statement.keyword} stands behind SRCGROUP",
                found=f"the first SRCGROUP in line {yard.grouped_at.line}",
                mend="put the groups at the end of the SO pathway: they hold the sources known so far",
            )
    except InputError as problem:
        for word in statement.words[:1]:
            if word in yard.drafts:
                yard.drafts[word].unreadable = True
                yard.drafts[word].refused.add(statement.keyword)
            elif statement.keyword == "LOCATION":
                yard.refused.add(word.upper())
        yard.refused_keywords.add(statement.keyword)
        yard.problems.add(problem)


def group_members(yard: Yard) -> dict[str, list[int]]:
    """Positions of the sources of each group."""
    position = {name: index for index, name in enumerate(yard.drafts)}
    return {
        group: list(range(len(position))) if members is None else sorted(position[name] for name in members)
        for group, members in yard.groups.items()
    }


def check_factors(draft: Draft) -> InputError | None:
    """What is wrong with a source's factors."""
    if not draft.variation_kind or draft.factors_at is None:
        return None
    if draft.hourly is not None:
        return draft.factors_at.error(f"the source {draft.name} has both EMISFACT and HOUREMIS")
    wanted = FACTORS[draft.variation_kind]
    if len(draft.factors) != wanted:
        return draft.factors_at.error(
            f"the factors of source {draft.name} do not fit {draft.variation_kind}",
            found=f"{len(draft.factors)} factors",
            expected=f"{wanted} factors",
        )
    return None


def vertices(draft: Draft) -> np.ndarray:
    """Corners of an AREAPOLY as given, not closed."""
    return np.array(draft.corners[: len(draft.corners) // 2 * 2], dtype=np.float64).reshape(-1, 2)
