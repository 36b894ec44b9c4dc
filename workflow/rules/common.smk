"""What the stage files share: the checked configuration, wildcards, and the inputs that depend on a year.

REQUIRED INPUTS: the configuration, the scenarios file, the user's raw folder.
OUTPUTS: results/run_config.yaml (for the record; no rule reads it).
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, f"{workflow.basedir}/workflow/scripts")

from snakemake.exceptions import WorkflowError

from metalbudget import kernel_cache, preflight, settings
from metalbudget.budget.chemistry import settings_of
from metalbudget.digest import code_of
from metalbudget.settings import coefficients

# Jobs of every study use the kernels that set-up compiled.
kernel_cache.use()

SCENARIO_SETTINGS = preflight.run(
    config, study=os.getcwd(), used=list(workflow.overwrite_configfiles), main=workflow.is_main_process
)

METALS = list(config["run"]["metals"])
YEARS = sorted(config["run"]["years"])
SCENARIOS = list(config["run"]["scenarios"])
WEATHER_YEARS = sorted(config["weather"]["years"])
LANDUSE_DATES = sorted(config["landuse"]["dates"])
SURVEYS = [survey["year"] for survey in config["surveys"]]
EPOCHS = [str(year) for year in SURVEYS] or ["prior"]
RAW = settings.raw_folder(config)
# Every modelled year there is weather for has its own row in the raw tables, whichever years this run builds.
# An empty list drops a default year from a study, since mappings merge.
ACTIVITY_YEARS = sorted(int(year) for year, seen in config["weather"]["of_year"].items() if seen)
SCENARIO_DATES = settings.scenario_landuse(SCENARIO_SETTINGS, SCENARIOS)
SCENARIO_LANDUSE = sorted({name for dated in SCENARIO_DATES.values() for name in dated.values()})


wildcard_constraints:
    metal="|".join(config["metals"]),
    year="|".join(str(year) for year in sorted({*ACTIVITY_YEARS, *WEATHER_YEARS})),
    scenario="|".join(SCENARIOS),


def metal_tables(*names):
    """Coefficients of a rule's own metal, by table; a changed row reruns its metal alone."""

    def tables(wildcards):
        return {name: coefficients(name, wildcards.metal) for name in names}

    return tables


def weather_files(year):
    """Hourly weather of a year: our own table, or an EPW file with its rain series."""
    table = Path(RAW, "weather", f"{year}.csv")
    epw = table.with_suffix(".epw")
    if epw.exists() and not table.exists():
        return [str(epw), str(table.with_name(f"{year}_rain.csv"))]
    return [str(table)]


def weather_files_of(wildcards):
    """Hourly weather of a weather year."""
    return weather_files(wildcards.year)


def weather_years_of(wildcards):
    """Weather years whose mean a modelled year sees."""
    of_year = {int(year): years for year, years in config["weather"]["of_year"].items()}
    seen = of_year.get(int(wildcards.year))
    if not seen:
        raise WorkflowError(
            f"{wildcards.year} is no modelled year of this study: weather.of_year has no weather for it."
        )
    return sorted(seen)


def operators_of(wildcards):
    """Dispersion operators of a modelled year."""
    return expand("resources/forcing/operator/{year}.nc", year=weather_years_of(wildcards))


def column_responses_of(wildcards):
    """Column responses of a modelled year."""
    return expand("resources/forcing/column_response/{year}.nc", year=weather_years_of(wildcards))


def runoff_responses_of(wildcards):
    """Curve-number runoff of a modelled year."""
    return expand("resources/forcing/runoff_response/{year}.nc", year=weather_years_of(wildcards))


def rkls_of(wildcards):
    """Erosion responses of a modelled year."""
    return expand("resources/forcing/rkls/{year}.tif", year=weather_years_of(wildcards))


def scenario_landuse_of(wildcards):
    """Dated land-use rasters of a scenario, beside those of the start."""
    names = SCENARIO_DATES.get(wildcards.scenario, {}).values()
    return expand("resources/harmonised/landuse_scenarios/{name}.tif", name=sorted(names))


def layer_settings():
    """Depths of the modelled and the legal layer."""
    return {
        "mixing_depth_m": dict(config["landuse"]["mixing_depth_m"]),
        "legal_depth_m": config["landuse"]["legal_depth_m"],
    }


def budget_settings():
    """Switches of the budget."""
    return {
        "weathering_closure": config["budget"]["weathering_closure"],
        "closure_tolerance": config["budget"]["closure_tolerance"],
        "erosion_mode": config["erosion"]["mode"],
        "soil_loss_maximum_t_ha": config["erosion"]["soil_loss_maximum_t_ha"],
        "sediment_delivery_ratio": config["erosion"]["sediment_delivery_ratio"],
    }


def chemistry_settings(wildcards):
    """The configuration's choices about one metal."""
    return settings_of(config, wildcards.metal)
