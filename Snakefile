"""Where do the heavy metals in a region's soil come from, where do they go, and when is the soil full?"""

from snakemake.utils import min_version

min_version("9.27")


configfile: f"{workflow.basedir}/config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/region.smk"
include: "workflow/rules/mapping.smk"
include: "workflow/rules/emissions.smk"
include: "workflow/rules/deposition.smk"
include: "workflow/rules/agriculture.smk"
include: "workflow/rules/water.smk"
include: "workflow/rules/erosion.smk"
include: "workflow/rules/losses.smk"
include: "workflow/rules/calibration.smk"
include: "workflow/rules/forecast.smk"
include: "workflow/rules/report.smk"


if config["region"]["source"] == "generated":

    include: "workflow/rules/demo.smk"


rule all:
    """The whole study, to the report."""
    default_target: True
    input:
        "results/report/index.html",
        "results/ledger.csv",
        "results/checks.json",
        "results/claims.csv",


rule forcing:
    """Weather, water, terrain and dispersion responses; no metal in them."""
    input:
        expand("resources/forcing/operator/{year}.nc", year=WEATHER_YEARS),
        expand("resources/forcing/column_response/{year}.nc", year=WEATHER_YEARS),
        expand("resources/forcing/rkls/{year}.tif", year=WEATHER_YEARS),


rule fluxes:
    """Every process flux and the net flux, for all metals and years."""
    input:
        expand("results/net/{metal}/{year}.tif", metal=METALS, year=YEARS),


rule zones:
    """Forecasts and overload zones of all metals and scenarios."""
    input:
        expand("results/capacity/{scenario}/{metal}/summary.csv", scenario=SCENARIOS, metal=METALS),


onsuccess:
    report_page = Path("results/report/index.html").resolve()
    if report_page.exists():
        print(f"Report: {report_page}")
