"""Where a finished study's outputs stand, and how they are read."""

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget import io
from metalbudget.grid import Grid
from metalbudget.landuse import LandUse
from metalbudget.quantities import MG_M2_PER_G_HA, MG_PER_KG, PROCESSES_OUT

Table = dict[str, NDArray]
Raster = NDArray[np.float64]

AGRICULTURE = ("fertiliser", "manure", "irrigation", "pesticide")
# Cells with less open soil than this share say nothing about what falls on a square metre of it.
SMALLEST_OPEN_SHARE = 1.0e-3


class Outcome:
    """A finished study.

    Parameters
    ----------
    study : mapping
        ``metals years scenarios landuse_dates epochs`` as configured, and what else a reader asks for by name.
    root : path
        The study folder.
    """

    def __init__(self, study: Mapping[str, Any], root: str | Path = ".") -> None:
        self.study = study
        self.root = Path(root)
        self.metals: list[str] = list(study["metals"])
        self.years: list[int] = sorted(int(year) for year in study["years"])
        self.scenarios: list[str] = list(study.get("scenarios", []))
        self.flux = cache(self._flux)
        self.emissions = cache(self._emissions)
        self.landuse = cache(self._landuse)
        self.summary = cache(self._summary)

    # --- the region -----------------------------------------------------------------------------------

    @cached_property
    def grid(self) -> Grid:
        """The study grid."""
        return io.read_grid(self.root / "resources/harmonised/mask.tif")

    @cached_property
    def elevation(self) -> Raster:
        """Elevation. [m]"""
        return io.read_raster(self.root / "resources/harmonised/elevation.tif", self.grid)

    @cached_property
    def sources(self) -> Table:
        """Point sources: source_id, sector, x_m, y_m and stacks."""
        return io.read_table(self.root / "resources/harmonised/sources.csv", text=("sector",))

    def _landuse(self, year: float) -> LandUse:
        files = {date: self.root / f"resources/harmonised/landuse/{date}.tif" for date in self.study["landuse_dates"]}
        return io.read_landuse(files, year, self.grid)

    def open_share(self, year: float) -> Raster:
        """Open soil of each cell. [1]"""
        return self.grid.expand(self.landuse(year).open_share)

    def land_classes(self) -> dict[str, Raster]:
        """Class fractions of the last dated land use. [1]"""
        return io.read_bands(
            self.root / f"resources/harmonised/landuse/{max(self.study['landuse_dates'])}.tif", self.grid
        )

    def survey_points(self) -> tuple[NDArray, NDArray, NDArray] | None:
        """Easting, northing [m] and year of every site sampled for the first metal; None without a survey."""
        table = io.read_table(self.root / f"results/concentration/{self.metals[0]}/points.csv")
        if table["x_m"].size == 0:
            return None
        return table["x_m"], table["y_m"], table["survey"]

    # --- emissions and fluxes -------------------------------------------------------------------------

    def _emissions(self, metal: str) -> Table:
        return io.read_table(self.root / f"results/emissions/{metal}.csv", text=("sector", "kind", "class"))

    def point_sources(self, metal: str, year: int) -> tuple[NDArray, NDArray]:
        """Easting and northing of the point sources that emit a metal in a year. [m]"""
        table = self.emissions(metal)
        chosen = (table["year"] == year) & (table["kind"] == "point") & (table["kg"] > 0)
        active = np.isin(self.sources["source_id"].astype(str), sorted(set(table["source_id"][chosen])))
        return self.sources["x_m"][active].astype(float), self.sources["y_m"][active].astype(float)

    def _flux(self, metal: str, process: str, year: int) -> Raster:
        """A flux per square metre of cell. [mg m⁻² yr⁻¹]"""
        return io.read_raster(self.root / f"results/fluxes/{metal}/{process}/{year}.tif", self.grid)

    def total(self, metal: str, process: str, year: int) -> float:
        """Regional sum of a flux. [kg yr⁻¹]"""
        return float(np.nansum(self.flux(metal, process, year)) * self.grid.cell_area_m2 / MG_PER_KG)

    def series(self, metal: str, *processes: str) -> list[float]:
        """Regional sum of fluxes, a modelled year each. [kg yr⁻¹]"""
        return [sum(self.total(metal, process, year) for process in processes) for year in self.years]

    def losses(self, metal: str, year: int) -> dict[str, float]:
        """Losses of soil metal. [kg yr⁻¹]"""
        return {process: self.total(metal, process, year) for process in PROCESSES_OUT}

    def on_open_soil(self, metal: str, process: str, year: int) -> Raster:
        """A flux per hectare of open soil; NaN where there is next to none. [g ha⁻¹ yr⁻¹]"""
        share = self.open_share(year)
        with np.errstate(invalid="ignore"):
            known = share > SMALLEST_OPEN_SHARE
        flux = np.full(share.shape, np.nan)
        flux[known] = self.flux(metal, process, year)[known] / share[known] / MG_M2_PER_G_HA
        return flux

    def air(self, metal: str, year: int) -> dict[str, Any]:
        """What became of a year's emission and background [kg yr⁻¹]; `rings` of METHOD_2 beside METHOD_1."""
        return io.read_json(self.root / f"results/fluxes/{metal}/air/{year}.json")

    def background_g_ha(self, metal: str, year: int) -> float:
        """Regional background deposition. [g ha⁻¹ yr⁻¹]"""
        falling = self.air(metal, year)["background_total"] * MG_PER_KG
        return falling / (self.grid.n * self.grid.cell_area_m2) / MG_M2_PER_G_HA

    def monitors(self, metal: str, year: int) -> Table:
        """Modelled beside monitored deposition."""
        return io.read_table(self.root / f"results/fluxes/{metal}/air/{year}_monitors.csv", text=("role",))

    def flux_summary(self, metal: str, year: int) -> dict[str, Any]:
        """Mean and 5-95 % range of each flux [g ha⁻¹ yr⁻¹] and what compute_losses noted."""
        return io.read_json(self.root / f"results/fluxes/{metal}/summary/{year}.json")

    def operator_files(self, weather_years: list[int]) -> list[dict[str, Any]]:
        """Content of the dispersion operators of weather years."""
        return [io.read_netcdf(self.root / f"resources/forcing/operator/{year}.nc") for year in weather_years]

    def column_responses(self) -> list[dict[str, Any]]:
        """Water and leaching of the columns in each weather year."""
        years = self.study.get("weather_years", [])
        return [io.read_netcdf(self.root / f"resources/forcing/column_response/{year}.nc") for year in years]

    # --- soil -----------------------------------------------------------------------------------------

    def concentration(self, metal: str, epoch: str | None = None) -> dict[str, Raster]:
        """Map of an epoch, the last one when left out: mean_mg_kg, log_standard_error."""
        epoch = epoch or self.study["epochs"][-1]
        return io.read_bands(self.root / f"results/concentration/{metal}/{epoch}.tif", self.grid)

    def background(self, metal: str) -> dict[str, Raster]:
        """Natural background: mean_mg_kg, log_standard_deviation, p90_mg_kg."""
        return io.read_bands(self.root / f"results/concentration/{metal}/background.tif", self.grid)

    def map_validation(self, metal: str) -> Table:
        """Scores of the maps at samples held out in spatial folds."""
        return io.read_table(self.root / f"results/concentration/{metal}/validation.csv", text=("fold",))

    def history(self, metal: str) -> dict[str, Any]:
        """Yearly concentration from the first survey on: concentration (year, y, x), year."""
        return io.read_netcdf(self.root / f"results/history/{metal}.nc", ("concentration", "year"))

    def ledger(self) -> Table:
        """The mass ledger."""
        return io.read_table(self.root / "results/ledger.csv", text=("metal", "scenario", "term"))

    def calibration(self, metal: str) -> dict[str, Any]:
        """The calibrator's evidence."""
        return io.read_json(self.root / f"results/calibrated/{metal}/correction_metrics.json")

    def blocks(self, metal: str) -> Table:
        """Blocks that the calibrator was judged on."""
        return io.read_table(self.root / f"results/calibrated/{metal}/points.csv")

    # --- forecast -------------------------------------------------------------------------------------

    def _summary(self, scenario: str, metal: str) -> Table:
        """Area, overload, capacity and concentration by year, land use, measure and correction."""
        return self._capacity(
            scenario, metal, "summary", ("metal", "scenario", "landuse_class", "measure", "correction")
        )

    def change(self, scenario: str, metal: str) -> Table:
        """Change of the overloaded share, split into concentration and limit."""
        return self._capacity(
            scenario, metal, "change", ("metal", "scenario", "landuse_class", "measure", "correction")
        )

    def sensitivity(self, scenario: str, metal: str) -> Table:
        """Change of the overloaded share under other assumptions."""
        text = ("assumptions", "erosion_mode", "level", "ecological", "judged_depth", "measure", "landuse_class")
        return self._capacity(scenario, metal, "sensitivity", (*text, "weathering_closure", "own_limits"))

    def _capacity(self, scenario: str, metal: str, name: str, text: tuple[str, ...]) -> Table:
        return io.read_table(self.root / f"results/capacity/{scenario}/{metal}/{name}.csv", text=text)

    def zones(self, scenario: str, metal: str) -> dict[str, NDArray]:
        """Capacity class and dominant land use at the start and the end, as codes."""
        return io.read_bands(self.root / f"results/capacity/{scenario}/{metal}/zones.tif", self.grid)

    def capacity_maps(self, scenario: str, metal: str, when: str) -> dict[str, Raster]:
        """Limit, concentration, capacity and overload probability at the start (``now``) or the ``end``."""
        return io.read_bands(self.root / f"results/capacity/{scenario}/{metal}/{when}.tif", self.grid)

    def overload_year(self, scenario: str, metal: str) -> NDArray:
        """First calendar year above the limit, with the correction."""
        return io.read_bands(self.root / f"results/capacity/{scenario}/{metal}/overload_year.tif", self.grid)[
            "with_correction"
        ]

    def forecast(self, scenario: str, metal: str) -> dict[str, Any]:
        """Snapshots: concentration (year, y, x), without the correction, and year."""
        names = ("concentration", "concentration_without_correction", "year")
        return io.read_netcdf(self.root / f"results/forecast/{scenario}/{metal}.nc", names)


def pick(table: Mapping[str, NDArray], **conditions: Any) -> Table:
    """Rows of a table whose columns have the given values."""
    chosen = np.ones(len(next(iter(table.values()))), dtype=bool)
    for name, value in conditions.items():
        chosen &= np.asarray(table[name] == value)
    return {name: values[chosen] for name, values in table.items()}


def only(table: Mapping[str, NDArray], column: str, **conditions: Any) -> float:
    """One number of a table: the single row with the given values; NaN if there is none.

    Raises
    ------
    ValueError
        If several rows fit.
    """
    found = pick(table, **conditions)[column]
    if found.size > 1:
        raise ValueError(f"{found.size} rows with {conditions}")
    return float(found[0]) if found.size else float("nan")
