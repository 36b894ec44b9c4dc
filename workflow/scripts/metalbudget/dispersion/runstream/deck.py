"""Read a runstream: everything it asks for, or every reason why it cannot be done."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from metalbudget.dispersion.case import Options, Receptors, Source
from metalbudget.dispersion.runstream import building, keywords, receptors, sources
from metalbudget.dispersion.runstream.control import CONTROL, METEOROLOGY, Control, Selection
from metalbudget.dispersion.runstream.emission_factors import Variation
from metalbudget.dispersion.runstream.lines import Problems, Statement, statements
from metalbudget.errors import InputError, InputErrors

# AERMOD returns nothing for a receptor closer than this to a point source. [m]
_ON_THE_STACK_M = 1.0

KNOWN = {
    "CO": set(CONTROL) | keywords.NOTED["CO"] | set(keywords.UNSUPPORTED["CO"]),
    "SO": set(sources.SOURCES) | set(keywords.UNSUPPORTED["SO"]) | {"INCLUDED"},
    "RE": set(receptors.RECEPTORS) | set(keywords.UNSUPPORTED["RE"]) | {"INCLUDED"},
    "ME": set(METEOROLOGY) | keywords.NOTED["ME"] | set(keywords.UNSUPPORTED["ME"]),
    "OU": keywords.NOTED["OU"],
    "EV": {"EVENTPER", "EVENTLOC", "INCLUDED"},
}


@dataclass(frozen=True, eq=False)
class Deck:
    """What a runstream asks for.

    Parameters
    ----------
    path : Path
    title : str
    sources : list of Source
        Without factors of time; `emitting` adds them.
    receptors : Receptors
        In the order of the deck.
    options : Options
    groups : dict of str to list of int
        Positions of the sources of each group.
    averaging : tuple of str
        Of "1", "2", "3", "4", "6", "8", "12", "24", "MONTH", "PERIOD", "ANNUAL", in the order of the deck.
    outputs : tuple of str
        Of "conc", "ddep", "wdep", "total".
    surface_file, profile_file : Path
    selection : Selection
        Which hours are used.
    wind_rotation_deg : float
        Taken off every wind direction.
    wind_categories_m_s : tuple of 5 float
        Upper bounds of the wind speed categories of EMISFACT. [m s⁻¹]
    without_turbulence : frozenset of str
        Measured turbulence that is left out: "lateral" or "vertical", then "stable" or "convective".
    variations : dict of str to Variation
        Factors by source.
    hourly_files : dict of str to Path
        Files of hourly emissions by source.
    emission_scale : float
        From the deck's unit of emission to g s⁻¹; already in `sources`.
    notes : list of str
        What was accepted and changes no number.
    files : frozenset of Path
        Every file of the deck.
    """

    path: Path
    title: str
    sources: list[Source]
    receptors: Receptors
    options: Options
    groups: dict[str, list[int]]
    averaging: tuple[str, ...]
    outputs: tuple[str, ...]
    surface_file: Path
    profile_file: Path
    selection: Selection
    wind_rotation_deg: float = 0.0
    wind_categories_m_s: tuple[float, ...] = ()
    without_turbulence: frozenset[str] = frozenset()
    variations: dict[str, Variation] = field(default_factory=dict)
    hourly_files: dict[str, Path] = field(default_factory=dict)
    emission_scale: float = 1.0
    notes: list[str] = field(default_factory=list)
    files: frozenset[Path] = frozenset()


def read(path: str | Path) -> Deck:
    """Read an AERMOD runstream.

    Parameters
    ----------
    path : path
        File names inside are relative to its folder.

    Returns
    -------
    Deck

    Raises
    ------
    InputErrors
        All problems of the deck together: what cannot be read, what makes no sense, and every keyword or option
        that this engine does not have, by name and line.
    """
    path = Path(path)
    problems = Problems()
    seen: dict[tuple[str, str], Statement] = {}
    control, yard = Control(), sources.Yard(problems)
    area: receptors.Field | None = None
    files = {path.resolve()}
    for statement in statements(path, KNOWN, problems):  # raises what is wrong with a file as a whole
        files.add(statement.file.resolve())
        before = seen.setdefault((statement.pathway, statement.keyword), statement)
        reason = keywords.UNSUPPORTED.get(statement.pathway, {}).get(statement.keyword)
        if before is not statement and statement.keyword in keywords.ONCE.get(statement.pathway, ()):
            problems.add(
                statement.error(
                    f"{statement.keyword} stands twice",
                    found=f"the first one in line {before.line}: {' '.join(before.words)}",
                    mend="keep one of the two",
                )
            )
        elif reason is not None:
            problems.add(statement.error(f"{statement.keyword} is not supported: {reason}", mend="take the line out"))
        elif statement.pathway == "EV":
            problems.add(statement.error("runs of single events are not supported", mend="take the EV pathway out"))
        elif statement.pathway == "SO":
            yard.conc = "CONC" in control.options or not control.options & {"DDEP", "WDEP", "DEPOS"}
            sources.read_one(yard, statement)
        elif statement.pathway == "RE":
            if area is None:
                places = {name: (draft.x_m, draft.y_m) for name, draft in yard.drafts.items()}
                # where MODELOPT could not be read, whether elevations are needed is not known
                terrain = (
                    "FLAT" not in control.options
                    and control.options_at is not None
                    and "MODELOPT" not in control.refused
                )
                area = receptors.Field(terrain, control.flagpole_m, places, yard.refused, problems)
            receptors.read_one(area, statement)
        else:
            _take(control, statement, problems)
    for pathway, names in keywords.NEEDED.items():
        for name in names:
            started = any(opened == pathway for opened, _ in seen)
            if (pathway, name) not in seen and started and pathway not in problems.broken:
                problems.add(InputError(f"the deck has no {pathway} {name}", file=path, mend="add the line"))
    found = area.finished() if area is not None else Receptors(*(np.zeros(0) for _ in range(5)))
    built = _sources(yard, control, problems)
    outputs = _outputs(control)
    _check(path, control, yard, found, area, problems, outputs, built)
    if problems.found:
        raise InputErrors(problems.found)
    assert control.surface_file is not None  # checked above
    assert control.profile_file is not None
    return Deck(
        path=path,
        title=control.title,
        sources=built,
        receptors=found,
        options=_options(control, built),
        groups=sources.group_members(yard),
        averaging=tuple(control.averaging),
        outputs=outputs,
        surface_file=control.surface_file,
        profile_file=control.profile_file,
        selection=control.selection(),
        wind_rotation_deg=control.wind_rotation_deg,
        wind_categories_m_s=control.wind_categories_m_s,
        without_turbulence=frozenset(control.without_turbulence),
        variations={
            name: variation for name, draft in yard.drafts.items() if (variation := draft.variation()) is not None
        },
        hourly_files={name: draft.hourly for name, draft in yard.drafts.items() if draft.hourly is not None},
        emission_scale=yard.emission_scale,
        notes=control.notes,
        files=frozenset(files),
    )


def _take(control: Control, statement: Statement, problems: Problems) -> None:
    """Take in a line of CO, ME or OU."""
    keyword = statement.keyword
    handler = {"CO": CONTROL, "ME": METEOROLOGY}.get(statement.pathway, {}).get(keyword)
    if keyword in keywords.NOTED[statement.pathway] and keyword not in control.notes:
        control.notes.append(keyword)
    if handler is None:
        return
    try:
        handler(control, statement)
    except InputError as problem:
        control.refused.add(keyword)
        problems.add(problem)


def _outputs(control: Control) -> tuple[str, ...]:
    """Columns of the answer: the total stands beside dry and wet."""
    asked = control.options
    dry, wet, total = ("DDEP" in asked, "WDEP" in asked, "DEPOS" in asked)
    result = ["conc"] if "CONC" in asked or not (dry or wet or total) else []
    result += ["ddep"] * dry + ["wdep"] * wet + ["total"] * (total or (dry and wet))
    return tuple(result)


def _options(control: Control, built: list[Source]) -> Options:
    """Options of the calculation.

    Particles and gases are removed from the plume whether or not deposition is asked for, as AERMOD does.
    """
    asked = control.options
    return Options(
        terrain="FLAT" not in asked,
        deposition=any(source.substance is not None for source in built),
        dry_depletion="NODRYDPLT" not in asked,
        wet_depletion="NOWETDPLT" not in asked,
        romberg="ROMBERG" in asked,
        stack_tip_downwash="NOSTD" not in asked,
        urban_population=control.urban_population,
        urban_roughness_m=control.urban_roughness_m,
        base_elevation_m=control.base_elevation_m or 0.0,
        gas_surface=control.gas_surface(),
    )


def _sources(yard: sources.Yard, control: Control, problems: Problems) -> list[Source]:
    """All sources that can be built."""
    built = []
    user_gas = control.gas_velocity_m_s is not None
    told = set(sources.SOURCES) if "SO" in problems.broken else yard.refused_keywords
    for draft in yard.drafts.values():
        draft.refused |= told
        if draft.parameters_at is None and "SRCPARAM" in told:
            continue  # one of the refused lines may be its own
        factors = None if "EMISFACT" in draft.refused else sources.check_factors(draft)
        if factors is not None:
            problems.add(factors)
        try:
            source = building.source(draft, control.reactivity, user_gas, yard.emission_scale)
        except InputError as problem:
            problems.add(problem)
            continue
        if draft.unreadable:  # its problem is told already
            continue
        built.append(source if "FLAT" not in control.options else replace(source, base_elevation_m=0.0))
    return built


def _check(
    path: Path,
    control: Control,
    yard: sources.Yard,
    found: Receptors,
    area: receptors.Field | None,
    problems: Problems,
    outputs: tuple[str, ...],
    built: list[Source],
) -> None:
    """What only the whole deck can show."""

    def absent(pathway: str, message: str, **details: object) -> None:
        if pathway not in problems.broken:
            problems.add(InputError(message, file=path, **details))

    if control.options_at is None:
        absent("CO", "the deck has no CO MODELOPT", expected="for example MODELOPT CONC FLAT")
    if not control.averaging and "AVERTIME" not in control.refused:
        absent("CO", "the deck has no CO AVERTIME", expected="for example AVERTIME 1, or AVERTIME PERIOD")
    if not yard.drafts:
        if not yard.refused:
            absent("SO", "the deck locates no source", expected="SO LOCATION")
    elif not yard.groups and "SRCGROUP" not in yard.refused_keywords:
        absent("SO", "the deck has no SO SRCGROUP", expected="for example SRCGROUP ALL")
    if found.x_m.size == 0 and not (area is not None and area.unreadable):
        absent("RE", "the deck has no receptors", expected="RE DISCCART, DISCPOLR, GRIDCART or GRIDPOLR")
    for keyword, value in (
        ("SURFFILE", control.surface_file),
        ("PROFFILE", control.profile_file),
        ("PROFBASE", control.base_elevation_m),
    ):
        if value is None and keyword not in control.refused:
            absent("ME", f"the deck has no ME {keyword}", mend="add the line")
    urban = any(draft.urban for draft in yard.drafts.values())
    if control.urban_at is None and "URBANOPT" not in control.refused and urban:
        absent("CO", "sources are urban, but there is no urban area", expected="CO URBANOPT with a population")
    if control.urban_at is not None and not urban and not {"SO"} & problems.broken and not yard.refused_keywords:
        problems.add(control.urban_at.error("there is an urban area, but no urban source", expected="SO URBANSRC"))
    if control.pollutant == "SO2" and control.urban_at is not None and control.regulatory:
        problems.add(
            control.urban_at.error(
                "urban SO2 under DFAULT decays with a half-life of four hours, which is not supported",
                mend="take DFAULT out, or give another POLLUTID",
            )
        )
    _check_deposition(path, control, yard, problems, outputs, built)
    fine = next((draft for draft in yard.drafts.values() if draft.fine is not None or draft.gas is not None), None)
    if fine is not None and fine.classes_at is not None and control.regulatory:
        problems.add(
            fine.classes_at.error(
                f"DFAULT excludes {fine.classes_at.keyword}: AERMOD refuses the deck",
                mend="put ALPHA in place of DFAULT",
            )
        )
    if area is not None:
        _check_distance(found, area, built)


def _check_deposition(
    path: Path,
    control: Control,
    yard: sources.Yard,
    problems: Problems,
    outputs: tuple[str, ...],
    built: list[Source],
) -> None:
    """Deposition needs a substance, and gases need to know the ground."""
    said_wrong = "SO" in problems.broken or yard.refused_keywords & sources.SUBSTANCE
    if outputs != ("conc",) and not said_wrong:
        for source in built:
            if source.substance is None:
                problems.add(
                    yard.drafts[source.name].located.error(
                        f"the deposition of source {source.name} is asked for, but not what deposits",
                        expected="PARTDIAM with MASSFRAX and PARTDENS, or METHOD_2, or GASDEPOS",
                    )
                )
    gases = [draft for draft in yard.drafts.values() if draft.gas is not None]
    if control.gas_velocity_at is not None:
        if "wdep" in outputs or "total" in outputs:
            problems.add(
                control.gas_velocity_at.error(
                    "GASDEPVD gives a dry velocity only; wet deposition cannot be computed with it",
                    mend="give GASDEPOS, or ask for CONC and DDEP only",
                )
            )
    elif (
        gases
        and not (control.season_of_month and control.landuse_of_sector)
        and not control.refused & {"GDSEASON", "GDLANUSE"}
        and "CO" not in problems.broken
    ):
        problems.add(
            InputError(
                "the deposition of gases needs the season of each month and the land use of each sector",
                file=path,
                expected="CO GDSEASON with 12 and CO GDLANUSE with 36 values",
            )
        )


def _check_distance(found: Receptors, area: receptors.Field, built: list[Source]) -> None:
    """No plume is defined on the stack itself."""
    for source in built:
        if source.kind != "point":
            continue
        distance = np.hypot(found.x_m - source.x_m, found.y_m - source.y_m)
        for row in np.flatnonzero(distance < _ON_THE_STACK_M):
            area.problems.add(
                area.origins[row].error(
                    "a receptor stands on a stack",
                    found=f"receptor {row + 1} lies {distance[row]:g} m from source {source.name}",
                    expected=f"{_ON_THE_STACK_M:g} m or more",
                    mend="move or remove it; coordinates are in metres, not kilometres",
                )
            )
