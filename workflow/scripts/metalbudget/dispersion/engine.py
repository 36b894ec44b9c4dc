"""The operator's annual tables by the program a study names: our own formulation, or the user's EPA AERMOD."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget import settings
from metalbudget.dispersion import executable, export, polar, release, relief, study_source
from metalbudget.dispersion.case import GasSurface, Options, Source, Substance
from metalbudget.dispersion.network import node_distances
from metalbudget.errors import InputError
from metalbudget.meteorology import aermet_files
from metalbudget.meteorology.hours import ProfileObservations, SurfaceHours

SECONDS_PER_HOUR = 3600.0
# AERMOD calculates every receptor by itself, so its network is coarser than our own table.
BEARINGS = 72
NODES_PER_E_FOLD = 4.0


class Aermod:
    """A year's hours given to AERMOD: a run folder for each source, and a table of what it answers.

    Each class has a run of its own, of 1 g/s: as METHOD_1 particles of one size, or as a gas. Several gases would share
    one reactivity, and where a run has several sources of particles AERMOD 23132 corrects the slip of all by the sizes
    of the last, which puts 0.5 µm beside 15 µm 12 % too low; found by asking.

    Parameters
    ----------
    hours, observations, classes, dispersion, coefficients, gas_surface
        As of `release.Weather`, and ``executable`` in `dispersion`. AERMOD sees the hours as AERMET's files round them.
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
    The operator is sampled from this network by the same cubics as from our own tables. In cells of 500 m with at least
    a hundredth of the greatest deposition, 72 bearings and 4 rings an e-fold differ from 360 and 12 by at most 4 % rms,
    and by at most 0.2 % in all (36 and 3: 9 % and 1.5 %); found with our own engine on a generated year, for a stack of
    80 m and a source at 2 m. A year of six classes takes AERMOD some ten minutes of one core a source.
    """

    def __init__(
        self,
        hours: SurfaceHours,
        observations: ProfileObservations,
        classes: Sequence[str],
        dispersion: Mapping[str, Any],
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
        self._distances_m = node_distances(
            float(numbers["first_radius_m"]), float(dispersion["max_distance_m"]), nodes_per_e_fold
        )
        self._bearings = bearings

    def table(self, source: release.Release, around: relief.Relief | None = None) -> polar.Polar:
        """Annual deposition around a source on flat ground, every class as if it were all that is emitted.

        Raises
        ------
        InputError
            If AERMOD refuses the run, see `executable.run_aermod`, or is asked for terrain.
        """
        if around is not None:
            raise InputError(
                "the engine aermod computes a study's operator on flat ground",
                file="configuration",
                found="dispersion.terrain: hills",
                mend="set dispersion.terrain to flat, or dispersion.engine to metalbudget",
            )
        base = release.source_of(source, self._spread_per_height)
        with tempfile.TemporaryDirectory(prefix="metalbudget_aermod_") as folder:
            decks = [
                self.write(Path(folder) / f"run{number}", base, name) for number, name in enumerate(self._substances)
            ]
            density = np.stack([self._answer(deck) for deck in decks], axis=2)
        return polar.Polar(self._distances_m, density)

    def write(self, folder: Path, base: Source, name: str) -> Path:
        """Write a run folder: runstream and AERMET's two files.

        Parameters
        ----------
        folder : path
            Is made.
        base : Source
            Emitting one; its place is not used, the receptors lie around the origin.
        name : str
            Class.

        Returns
        -------
        path
            The runstream.
        """
        folder.mkdir(parents=True)
        aermet_files.write_surface(folder / "weather.sfc", self._hours)
        aermet_files.write_profile(folder / "weather.pfl", self._hours, self._observations)
        angle = 2.0 * np.pi * np.arange(self._bearings) / self._bearings
        lines = export.runstream(
            [replace(base, name="S1", substance=self._substances[name])],
            study_source.flat_receptors(
                np.outer(np.sin(angle), self._distances_m).ravel(), np.outer(np.cos(angle), self._distances_m).ravel()
            ),
            self._options,
            title="Deposition per unit emitted",
            surface_file="weather.sfc",
            profile_file="weather.pfl",
            surface_year=int(self._hours.year[0]),
            outputs=("ddep", "wdep"),
        )
        deck = folder / "deck.inp"
        deck.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return deck

    def _answer(self, deck: Path) -> NDArray[np.float64]:
        """Shape (bearings, distances, 2). [m⁻²]"""
        table, _ = executable.run_aermod(self._program, deck, "PERIOD")
        emitted_g = SECONDS_PER_HOUR * (table.hours - table.calm_hours - table.missing_hours)
        both = np.stack([table.values[kind][0, 0] for kind in ("ddep", "wdep")], axis=-1) / emitted_g
        return both.reshape(self._bearings, self._distances_m.size, 2)


def tables(
    hours: SurfaceHours,
    observations: ProfileObservations,
    classes: Sequence[str],
    dispersion: Mapping[str, Any],
    coefficients: Mapping[str, Mapping],
    gas_surface: GasSurface,
) -> release.Tables:
    """The year's tables by ``dispersion.engine``; parameters as of `release.Weather`."""
    engine = Aermod if dispersion["engine"] == "aermod" else release.Weather
    return engine(hours, observations, classes, dispersion, coefficients, gas_surface)
