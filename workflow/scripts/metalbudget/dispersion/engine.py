"""The operator's annual tables by the program a study names: our own formulation, or the user's EPA AERMOD."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from metalbudget import settings
from metalbudget.dispersion import executable, export, polar, release, study_source
from metalbudget.dispersion.case import Gas, GasSurface, Options, Source, Substance
from metalbudget.meteorology import aermet_files
from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours

SECONDS_PER_HOUR = 3600.0
# AERMOD calculates every receptor by itself, so its network is coarser than our own table.
BEARINGS = 72
NODES_PER_E_FOLD = 4.0


class Aermod:
    """A year's hours given to AERMOD: a run folder for each source, and a table of what it answers.

    Each class is a source of its own and of 1 g/s at the place of the release: the particles together in one
    runstream (METHOD_1, one size each), every gas in one of its own, because a run has one reactivity.

    Parameters
    ----------
    hours, observations, classes, dispersion, coefficients, gas_surface
        As of `release.Weather`; `dispersion` with ``executable`` too. AERMOD sees the hours as rounded in AERMET's files.
    bearings : int
        Receptors on each ring.
    nodes_per_e_fold : float
        Rings each time the distance grows by e.

    Raises
    ------
    InputError
        If the executable does not exist.

    Notes
    -----
    The operator is sampled from this network by the same cubics as from our own. ACCURACY
    """

    def __init__(
        self,
        hours: SurfaceHours,
        observations: ProfileObservations,
        classes: Sequence[str],
        dispersion: Mapping[str, float | str],
        coefficients: Mapping[str, Mapping],
        gas_surface: GasSurface,
        bearings: int = BEARINGS,
        nodes_per_e_fold: float = NODES_PER_E_FOLD,
    ) -> None:
        self._program = settings.aermod_executable(dispersion)
        self._hours, self._observations = hours, observations
        numbers = coefficients["dispersion"]
        self._spread_per_height = float(numbers["area_spread_per_height"])
        found = release.substances(classes, coefficients["particle_class"], coefficients["gas_deposition"])
        self._substances: dict[str, Substance] = dict(zip(classes, found, strict=True))
        self._options = Options(deposition=True, gas_surface=gas_surface)
        self._distances_m = polar.node_distances(
            float(numbers["first_radius_m"]), float(dispersion["max_distance_m"]), nodes_per_e_fold
        )
        self._bearings = bearings

    def table(self, source: release.Release) -> polar.Polar:
        """Annual deposition around a source, every class as if it were all that is emitted.

        Raises
        ------
        InputError
            If AERMOD refuses the run; see `executable.run_aermod`.
        """
        base = release.source_of(source, self._spread_per_height)
        density = np.empty((self._bearings, self._distances_m.size, len(self._substances), 2))
        names = list(self._substances)
        with tempfile.TemporaryDirectory(prefix="metalbudget_aermod_") as folder:
            for number, members in enumerate(_runs(self._substances)):
                deck = self.write(Path(folder) / f"run{number}", base, members)
                found = self._answer(deck, len(members))
                density[:, :, [names.index(name) for name in members]] = found
        return polar.Polar(self._distances_m, density)

    def write(self, folder: Path, base: Source, classes: Sequence[str]) -> Path:
        """Write a run folder: runstream and AERMET's two files.

        Parameters
        ----------
        folder : path
            Is made.
        base : Source
            Emitting one; its place is not used, the receptors lie around the origin.
        classes : sequence of str

        Returns
        -------
        path
            The runstream.
        """
        folder.mkdir(parents=True)
        aermet_files.write_surface(folder / "weather.sfc", self._hours)
        aermet_files.write_profile(folder / "weather.pfl", self._hours, self._observations)
        sources = study_source.unit_emissions([base], {name: self._substances[name] for name in classes})
        angle = 2.0 * np.pi * np.arange(self._bearings) / self._bearings
        lines = export.runstream(
            sources,
            study_source.flat_receptors(
                np.outer(np.sin(angle), self._distances_m).ravel(), np.outer(np.cos(angle), self._distances_m).ravel()
            ),
            self._options,
            title="Deposition per unit emitted",
            surface_file="weather.sfc",
            profile_file="weather.pfl",
            surface_year=int(self._hours.year[0]),
            outputs=("ddep", "wdep"),
            groups={source.name: [position] for position, source in enumerate(sources)},
        )
        deck = folder / "deck.inp"
        deck.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return deck

    def _answer(self, deck: Path, classes: int) -> NDArray[np.float64]:
        """Shape (bearings, distances, classes, 2). [m⁻²]"""
        table, _ = executable.run_aermod(self._program, deck, "PERIOD")
        emitted_g = SECONDS_PER_HOUR * (table.hours - table.calm_hours - table.missing_hours)
        rows = [table.groups.index(f"C{number}") for number in range(1, classes + 1)]
        both = np.stack([table.values[kind][rows, 0] for kind in ("ddep", "wdep")], axis=-1) / emitted_g
        return np.moveaxis(both.reshape(classes, self._bearings, self._distances_m.size, 2), 0, 2)


def _runs(substances: Mapping[str, Substance]) -> list[list[str]]:
    """Classes that go into one runstream together."""
    particles = [name for name, substance in substances.items() if not isinstance(substance, Gas)]
    gases = [[name] for name, substance in substances.items() if isinstance(substance, Gas)]
    return [particles, *gases] if particles else gases


def tables(
    hours: SurfaceHours,
    observations: ProfileObservations,
    classes: Sequence[str],
    dispersion: Mapping[str, float | str],
    coefficients: Mapping[str, Mapping],
    gas_surface: GasSurface,
) -> release.Tables:
    """The year's tables by ``dispersion.engine``; parameters as of `release.Weather`."""
    engine = Aermod if dispersion["engine"] == "aermod" else release.Weather
    return engine(hours, observations, classes, dispersion, coefficients, gas_surface)  # type: ignore[return-value]
