"""The forecast's edge: the files of one metal and scenario become a `Case` that can be run under any assumptions."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget import agriculture, airborne, erosion, io, limits, runoff
from metalbudget.budget.chemistry import chemistry_of
from metalbudget.budget.reading import build_setting, land_values, mean_raster, read_farming, read_ground
from metalbudget.budget.setting import Setting, interpolate
from metalbudget.budget.simulate import Options, simulate
from metalbudget.forecast.roll import Outcome, run
from metalbudget.forecast.scenario import (
    Memory,
    Scenario,
    ScenarioInputs,
    Timeline,
    correction_factor,
    correction_of_year,
    factor_at,
)
from metalbudget.forecast.zones import Receptors, State
from metalbudget.landuse import LandUse

Vector = NDArray[np.float64]
FilePath = str | Path


class Case:
    """Everything that runs of one metal under one scenario need, read once.

    Parameters
    ----------
    files : mapping of str to path
        ``mask soil rain_factor zones agriculture irrigation_water districts district emissions air concentration
        background correction``
    series : mapping of str to list of paths
        ``operators column_responses runoff_responses rkls`` of the reference years, ``landuse`` of the dates in
        ``study``, ``scenario_landuse``
    scenario : mapping
        The scenario as the scenarios file has it.
    metal : str
    study : mapping
        Leaves of the configuration; see rule ``forecast_metal``.
    chemistry : mapping
        As `budget.chemistry.settings_of` gives it.
    tables : mapping of table to rows
        Parameter tables of the metal, and common ones.

    Attributes
    ----------
    initial, log_error : ndarray, shape (n,)
        The map that the forecast starts from. [mg kg⁻¹], [1]
    background, background_p90 : ndarray, shape (n,)
        [mg kg⁻¹]
    correction : ndarray, shape (n,)
        As learned. [mg m⁻² yr⁻¹ of open soil]
    setting_at, landuse_at, inputs_at : callable
        Of a year.
    """

    def __init__(
        self,
        files: Mapping[str, FilePath],
        series: Mapping[str, Sequence[FilePath]],
        scenario: Mapping[str, Any],
        metal: str,
        study: Mapping[str, Any],
        chemistry: Mapping[str, Any],
        tables: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.metal, self.study, self.tables = metal, study, tables
        self.start, self.years = int(study["start_year"]), int(study["years"])
        self.scenario = Scenario.of(scenario)
        self.ground = read_ground(files["mask"], files["soil"], files["zones"], files["rain_factor"])
        self.grid = grid = self.ground.grid
        self.initial = land_values(files["concentration"], grid, "mean_mg_kg")
        self.log_error = land_values(files["concentration"], grid, "log_standard_error")
        self.background = land_values(files["background"], grid, "mean_mg_kg")
        self.background_p90 = land_values(files["background"], grid, "p90_mg_kg")
        self.correction = land_values(files["correction"], grid)
        self.chemistry = chemistry_of(chemistry, tables)

        self.farming = read_farming(files["agriculture"], files["districts"], files["district"], grid)
        self._responses = io.mean_responses(series["column_responses"])
        self._rkls = mean_raster(series["rkls"], grid)
        states = self._dated_landuse(series, scenario["landuse"])
        self.landuse_at = Timeline(sorted(states), states.__getitem__, LandUse.between)
        nodes = self.scenario.nodes(self.start, self.start + self.years)
        self.setting_at = Timeline(nodes, self._setting, interpolate)
        self._read_inputs(files, series)
        self._limits: dict[tuple[float, str, str], Vector] = {}

    @property
    def options(self) -> Options:
        """The study's own switches of the budget."""
        return Options.of(self.study)

    @property
    def layer(self) -> Mapping[str, Any]:
        """``mixing_depth_m`` by class and ``legal_depth_m``."""
        return self.study["layer"]

    @property
    def bulk_density(self) -> Vector:
        """Shape (n,). [kg m⁻³]"""
        return self.ground.soil["bulk_density_kg_m3"]

    @property
    def anchor(self) -> Vector | float:
        """Concentration that geogenic input keeps in balance; 0 without the closure. [mg kg⁻¹]"""
        return self.anchor_under(self.study["weathering_closure"])

    def anchor_under(self, closure: bool) -> Vector | float:
        """The anchor with the closure on or off. [mg kg⁻¹]"""
        closed = closure and not self.chemistry.inert_pool
        return np.minimum(self.background, self.initial) if closed else 0.0

    @property
    def start_state(self) -> State:
        """The starting map."""
        return State(self.initial, self.log_error)

    def _dated_landuse(self, series: Mapping[str, Sequence[FilePath]], dated: Mapping) -> dict[int, LandUse]:
        """Land use of the start year and of the scenario's dates."""
        dates = dict(zip(self.study["landuse_dates"], series["landuse"], strict=True))
        held = min(max(self.start, min(dates)), max(dates))
        states = {self.start: io.read_landuse(dates, held, self.grid)}
        by_name = {_set_and_date(path): path for path in series["scenario_landuse"]}
        for date, file in dated.items():
            states[int(date)] = io.read_landuse_state(by_name[_set_and_date(file)], self.grid)
        return states

    def _setting(self, year: int) -> Setting:
        rain = factor_at(self.scenario.rain, year)
        landuse = self.landuse_at(year)
        settings = {
            **self.layer,
            "soil_loss_maximum_t_ha": self.study["soil_loss_maximum_t_ha"],
            "rusle_cp": self.tables["rusle_cp"],
        }
        return build_setting(
            self.ground,
            landuse,
            self._responses,
            self._rkls * erosion.erosivity_scaling(rain, self.tables["erosivity"]),
            self.farming.cropping(self.study["input_year"], landuse),
            settings,
            rain,
        )

    def _read_inputs(self, files: Mapping[str, FilePath], series: Mapping[str, Sequence[FilePath]]) -> None:
        """Inputs of the start year by sector and process, and what the ledger of the air needs."""
        year, grid = self.study["input_year"], self.grid
        self._operator = airborne.operator_from([io.read_netcdf(path) for path in series["operators"]])
        emitted = io.read_table(files["emissions"], text=("sector", "kind", "class"))
        sectors = sorted(set(emitted["sector"]))
        self._amounts = np.stack([airborne.emission_matrix(emitted, year, self._operator, [name]) for name in sectors])
        self._plume = airborne.sector_deposition(self._operator, emitted, year, sectors)
        # The background is the same everywhere, so its total gives it in full precision.
        total_mg = io.read_json(files["air"])["background_total"] * airborne.MG_PER_KG
        contents = {name: self.tables[name] for name in ("agri_content", "agri_content_trend")}
        water = io.read_table(files["irrigation_water"], text=("metal",))
        farm_rates = agriculture.rates(self.farming.table, water, year, self.metal, contents, self.farming.names)
        self.inputs_at = ScenarioInputs(
            self.scenario,
            sectors,
            grid.compress(self._plume),
            total_mg / (grid.n * grid.cell_area_m2),
            lambda shares: agriculture.on_cells(farm_rates, self.farming.district, shares),
            self.setting_at,
            self.start,
        )
        self._runoff_response = io.mean_responses(series["runoff_responses"])
        self._air = Memory(self._air_of)

    def air_at(self, year: int) -> dict[str, float]:
        """Where the year's emission and background go, as `airborne.air_budget` gives it. [kg]"""
        factors = tuple(self.inputs_at.emission_factors(year))
        rain = factor_at(self.scenario.rain, year)
        return self._air(self.landuse_at(year), factors, self.inputs_at.background_at(year), rain)

    def _air_of(self, landuse: LandUse, factors: tuple[float, ...], background: float, rain: float) -> dict[str, float]:
        _, totals = airborne.split(
            np.tensordot(factors, self._plume, axes=1),
            background,
            self.grid.land,
            landuse,
            runoff.sealed_runoff(self._runoff_response, self.ground.zones["climate_zone"], rain),
            self.tables["emc"][""],
            self.grid.cell_area_m2,
            self.study["wash_off"],
        )
        return airborne.air_budget(np.tensordot(factors, self._amounts, axes=1), self._operator, totals)

    def soil_at(self, year: int) -> dict[str, Vector]:
        """Soil properties of a year; the same object while pH stays."""
        shift = self.scenario.ph_shift(year - self.start)
        if shift == 0.0:
            return self.ground.soil
        return self.ground.soil | {"ph_water": self.ground.soil["ph_water"] + shift}

    def receptors_at(self, year: int, level: str, ecological: str) -> Receptors:
        """Land and limits of a year; see `limits.by_class`."""
        shift = self.scenario.ph_shift(year - self.start)
        key = (shift, level, ecological)
        if key not in self._limits:
            self._limits[key] = limits.by_class(
                limits.LimitTables(*(self.tables[name] for name in limits.TABLES)),
                self.ground.soil["ph_water"] + shift,
                self.ground.soil["organic_carbon_pct"],
                self.background,
                self.background_p90,
                level=level,
                ecological=ecological,
            )
        return Receptors(self.setting_at(year).shares, self._limits[key])

    def correction_at(self, year: int) -> Vector:
        """Learned correction that acts in a year, shape (n,). [mg m⁻² yr⁻¹ of open soil]"""
        settings = self.study["correction"]
        factor = correction_factor(settings["roll_forward"], year - self.start, settings["decay_half_life_yr"])
        return correction_of_year(self.correction, factor, self.inputs_at.ratio(year))

    def run(
        self,
        options: Options,
        snapshots_yr: Sequence[int],
        *,
        corrected: bool = False,
        setting_at: Callable[[int], Setting] | None = None,
        limit_at: Callable[[int], Vector] | None = None,
    ) -> Outcome:
        """One run of the budget over all forecast years.

        Parameters
        ----------
        options : Options
        snapshots_yr : sequence of int
            Years after the start. [yr]
        corrected : bool
            With the learned correction.
        setting_at : callable, optional
            The case's own when left out.
        limit_at : callable, optional
            Limit of the dominant class in a year, for the overload year. [mg kg⁻¹]

        Returns
        -------
        Outcome
        """
        settings = setting_at or self.setting_at
        steps = simulate(
            self.initial,
            range(self.start, self.start + self.years),
            settings,
            self.inputs_at,
            self.soil_at,
            chemistry=self.chemistry,
            background=self.background,
            options=options,
            cell_area_m2=self.grid.cell_area_m2,
            correction_at=self.correction_at if corrected else None,
        )
        return run(steps, self.initial, self.start, snapshots_yr, settings, limit_at)


def _set_and_date(path: FilePath) -> str:
    """Last folder and stem of a land-use raster: raw and harmonised files share them."""
    return "/".join(Path(path).with_suffix("").parts[-2:])
