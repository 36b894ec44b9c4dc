"""Write a calculation as an AERMOD runstream, so that the program itself can check it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from metalbudget.dispersion.case import FineFraction, Gas, Options, Receptors, SizeClasses, Source

_VALUES_A_LINE = 12  # AERMOD reads lines of 512 characters
_LONGEST_NAME = 12  # of a source, AERMOD User's Guide, SO LOCATION
_LONGEST_TITLE = 68
_OUTPUT_OPTIONS = {"conc": "CONC", "ddep": "DDEP", "wdep": "WDEP"}


def runstream(
    sources: Sequence[Source],
    receptors: Receptors,
    options: Options,
    *,
    title: str,
    surface_file: str,
    profile_file: str,
    surface_year: int,
    averaging: Sequence[str] = ("PERIOD",),
    outputs: Sequence[str] = ("conc", "ddep", "wdep"),
    groups: Mapping[str, Sequence[int]] | None = None,
) -> Iterator[str]:
    """A deck for a calculation.

    Parameters
    ----------
    sources : sequence of Source
        Of constant emission.
    receptors : Receptors
    options : Options
    title : str
    surface_file, profile_file : str
        As they shall stand in the deck.
    surface_year : int
        First year of the weather.
    averaging : sequence of str
        "1" to "24", "MONTH", "PERIOD", "ANNUAL".
    outputs : sequence of str
        Of "conc", "ddep", "wdep".
    groups : mapping of str to sequence of int, optional
        Positions of the sources of each group beside ALL.

    Yields
    ------
    str
        Lines of the deck.

    Raises
    ------
    ValueError
        If a source cannot be written: a name that is too long, or an emission that changes in time.
    """
    for source in sources:
        if len(source.name) > _LONGEST_NAME or not source.name.replace("_", "").isalnum():
            raise ValueError(f"AERMOD's names have at most {_LONGEST_NAME} letters and digits, not {source.name!r}")
        if source.emission_factor is not None:
            raise ValueError(f"the emission of {source.name} changes in time, which is not written")
    names = {name: [f"   SRCGROUP {name}"] for name in ("ALL",)}
    for name, members in (groups or {}).items():
        names.setdefault(name, [f"   SRCGROUP {name} {sources[member].name}" for member in members])
    yield "CO STARTING"
    yield f"   TITLEONE {title[:_LONGEST_TITLE]}"
    yield f"   MODELOPT {' '.join(_model_options(sources, options, outputs))}"
    yield f"   AVERTIME {' '.join(averaging)}"
    yield "   POLLUTID OTHER"
    if np.any(receptors.flagpole_m != 0.0):
        yield "   FLAGPOLE 0.0"
    if options.urban_population > 0.0:
        yield f"   URBANOPT {options.urban_population:.0f} CITY {options.urban_roughness_m:g}"
    if any(isinstance(source.substance, Gas) for source in sources):
        yield from _gas_surface(sources, options)
    yield "   RUNORNOT RUN"
    yield "CO FINISHED"
    yield "SO STARTING"
    for source in sources:
        yield from _source(source)
    if any(source.urban for source in sources):
        yield from _lines("URBANSRC", [source.name for source in sources if source.urban])
    for group in names.values():
        yield from group
    yield "SO FINISHED"
    yield "RE STARTING"
    yield from _receptors(receptors, options)
    yield "RE FINISHED"
    yield "ME STARTING"
    yield f"   SURFFILE {_quoted(surface_file)}"
    yield f"   PROFFILE {_quoted(profile_file)}"
    yield f"   SURFDATA 99999 {surface_year}"
    yield f"   UAIRDATA 99999 {surface_year}"
    yield f"   PROFBASE {options.base_elevation_m:.4f}"
    yield "ME FINISHED"
    yield from outputs_of(list(names), averaging)


def outputs_of(groups: Iterable[str], averaging: Sequence[str]) -> Iterator[str]:
    """The output pathway: one file for each group and average, `<average>_<group>.out`."""
    yield "OU STARTING"
    yield "   FILEFORM EXP"
    for group in groups:
        for interval in averaging:
            keyword = "PLOTFILE" if interval in ("PERIOD", "ANNUAL") else "POSTFILE"
            shape = "" if keyword == "PLOTFILE" else " PLOT"
            yield f"   {keyword} {interval} {group}{shape} {output_file(interval, group)}"
    yield "OU FINISHED"


def output_file(interval: str, group: str) -> str:
    """Name of the file that AERMOD writes for a group and average."""
    return f"{interval}_{group}.out"


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


_MOUTHS = {"open": "POINT", "capped": "POINTCAP", "horizontal": "POINTHOR"}


def _model_options(sources: Sequence[Source], options: Options, outputs: Sequence[str]) -> Iterator[str]:
    """Words of MODELOPT; METHOD_2 and gases stand under ALPHA."""
    yield from (_OUTPUT_OPTIONS[name] for name in outputs if name in _OUTPUT_OPTIONS)
    yield "ELEV" if options.terrain else "FLAT"
    if any(isinstance(source.substance, FineFraction | Gas) for source in sources):
        yield "ALPHA"
    if any(source.substance is not None for source in sources):
        if not options.dry_depletion:
            yield "NODRYDPLT"
        if not options.wet_depletion:
            yield "NOWETDPLT"
    if options.romberg:
        yield "ROMBERG"
    if not options.stack_tip_downwash:
        yield "NOSTD"


def _gas_surface(sources: Sequence[Source], options: Options) -> Iterator[str]:
    surface = options.gas_surface
    if surface.user_velocity_m_s is not None:
        yield f"   GASDEPVD {surface.user_velocity_m_s:g}"
        return
    yield f"   GDSEASON {' '.join(str(season) for season in surface.season_of_month)}"
    yield f"   GDLANUSE {' '.join(str(use) for use in surface.landuse_of_sector)}"
    reactivities = {source.substance.reactivity for source in sources if isinstance(source.substance, Gas)}
    if len(reactivities) > 1:
        raise ValueError("AERMOD has one reactivity for all gases of a run")
    yield f"   GASDEPDF {reactivities.pop():g} {surface.autumn_leaf_factor:g} {surface.spring_leaf_factor:g}"


def _source(source: Source) -> Iterator[str]:
    """Lines of one source."""
    name, place = source.name, f"{source.x_m:.4f} {source.y_m:.4f} {source.base_elevation_m:.4f}"
    emission, height = f"{source.emission:.8E}", f"{source.height_m:.3f}"
    if source.kind == "point":
        yield f"   LOCATION {name} {_MOUTHS[source.mouth]} {place}"
        yield (
            f"   SRCPARAM {name} {emission} {height} {source.exit_temperature_k:.2f} {source.exit_velocity_m_s:.4f} "
            f"{source.diameter_m:.4f}"
        )
    elif source.kind == "volume":
        yield f"   LOCATION {name} VOLUME {place}"
        yield f"   SRCPARAM {name} {emission} {height} {source.initial_lateral_m:.4f} {source.initial_vertical_m:.4f}"
    else:
        if source.vertices_m is None:
            raise ValueError(f"the area source {name} has no vertices")
        first = source.vertices_m[0]
        yield f"   LOCATION {name} AREAPOLY {first[0]:.4f} {first[1]:.4f} {source.base_elevation_m:.4f}"
        yield f"   SRCPARAM {name} {emission} {height} {len(source.vertices_m)} {source.initial_vertical_m:.4f}"
        yield from _lines(f"AREAVERT {name}", [f"{value:.4f}" for value in source.vertices_m.ravel()])
    if isinstance(source.substance, SizeClasses):
        yield from _lines(f"PARTDIAM {name}", [f"{value:g}" for value in source.substance.diameter_um])
        yield from _lines(f"MASSFRAX {name}", [f"{value:.6f}" for value in source.substance.mass_fraction])
        yield from _lines(f"PARTDENS {name}", [f"{value:g}" for value in source.substance.density_g_cm3])
    elif isinstance(source.substance, FineFraction):
        yield f"   METHOD_2 {name} {source.substance.fine_fraction:g} {source.substance.mean_diameter_um:g}"
    elif isinstance(source.substance, Gas):
        gas = source.substance
        yield (
            f"   GASDEPOS {name} {gas.diffusivity_air_cm2_s:.6E} {gas.diffusivity_water_cm2_s:.6E} "
            f"{gas.cuticular_resistance_s_cm:.6E} {gas.henry_pa_m3_mol:.6E}"
        )


def _lines(keyword: str, words: Sequence[str]) -> Iterator[str]:
    """As many lines of a keyword as its words need."""
    for start in range(0, len(words), _VALUES_A_LINE):
        yield f"   {keyword} {' '.join(words[start : start + _VALUES_A_LINE])}"


def _receptors(receptors: Receptors, options: Options) -> Iterator[str]:
    """One DISCCART each."""
    poles = bool(np.any(receptors.flagpole_m != 0.0))
    table = zip(
        receptors.x_m, receptors.y_m, receptors.elevation_m, receptors.hill_height_m, receptors.flagpole_m, strict=True
    )
    for x, y, ground, hill, pole in table:
        heights = f" {ground:.4f} {hill:.4f}" if options.terrain else ""
        yield f"   DISCCART {x:.4f} {y:.4f}{heights}" + (f" {pole:.4f}" if poles else "")
