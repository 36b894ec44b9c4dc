"""Figures, the paper's findings as claims, and the page that holds all of it.

REQUIRED INPUTS: what every other stage writes into resources/harmonised/ and results/, the dispersion operators of the
last modelled year, the raw folder's provenance.csv; resources/raw/truth/ where the region is generated (the page only).
OUTPUTS: results/figures/*.png, results/claims.csv, results/report/index.html.
"""

from metalbudget.outcome.evidence import verified_counts

CLAIMS_SCENARIO = config["claims"]["scenario"]
WEATHER_OF_LAST_YEAR = sorted({int(year): years for year, years in config["weather"]["of_year"].items()}[YEARS[-1]])
# Truth exists for a generated region only.
TRUE_METALS = METALS if config["region"]["source"] == "generated" else []
OUTCOME = {
    "title": config["study"]["title"],
    "source": config["region"]["source"],
    "assumptions": config["region"]["assumptions"],
    "metals": METALS,
    "years": YEARS,
    "scenarios": SCENARIOS,
    "landuse_dates": LANDUSE_DATES,
    "epochs": EPOCHS,
    "claims": config["claims"],
    "max_distance_m": config["dispersion"]["max_distance_m"],
    "weather_of_last_year": WEATHER_OF_LAST_YEAR,
    "weather_years": WEATHER_YEARS,
    "runoff_by": config["water"]["runoff"],
}


rule draw_figures:
    """Maps and charts of the whole study."""
    input:
        region=expand("resources/harmonised/{name}.tif", name=["mask", "elevation"]),
        landuse=expand("resources/harmonised/landuse/{date}.tif", date=LANDUSE_DATES),
        sources="resources/harmonised/sources.csv",
        operators=expand("resources/forcing/operator/{year}.nc", year=WEATHER_OF_LAST_YEAR),
        emissions=expand("results/emissions/{metal}.csv", metal=METALS),
        air=expand("results/fluxes/{metal}/air/{year}.json", metal=METALS, year=YEARS),
        series=expand(
            "results/fluxes/{metal}/{process}/{year}.tif",
            metal=METALS,
            process=["deposition", "fertiliser", "manure", "irrigation", "pesticide", "runoff", "wash_off"],
            year=YEARS,
        ),
        losses=expand(
            "results/fluxes/{metal}/{process}/{year}.tif",
            metal=METALS,
            process=["leaching", "erosion", "harvest", "evasion"],
            year=YEARS[-1],
        ),
        ledger="results/ledger.csv",
        concentration=expand("results/concentration/{metal}/{epoch}.tif", metal=METALS, epoch=EPOCHS[-1]),
        samples=f"results/concentration/{METALS[0]}/points.csv",
        calibration=expand(
            "results/calibrated/{metal}/{name}", metal=METALS, name=["points.csv", "correction_metrics.json"]
        ),
        forecasts=expand("results/forecast/{scenario}/{metal}.nc", scenario=CLAIMS_SCENARIO, metal=METALS),
        capacity=expand(
            "results/capacity/{scenario}/{metal}/{name}.tif",
            scenario=CLAIMS_SCENARIO,
            metal=METALS,
            name=["zones", "now", "end", "overload_year"],
        ),
        summaries=expand("results/capacity/{scenario}/{metal}/summary.csv", scenario=SCENARIOS, metal=METALS),
    output:
        study_area="results/figures/study_area.png",
        emissions_by_sector="results/figures/emissions_by_sector.png",
        deposition_trend="results/figures/deposition_trend.png",
        deposition_maps="results/figures/deposition_maps.png",
        deposition_decay="results/figures/deposition_decay.png",
        deposition_reach="results/figures/deposition_reach.png",
        agricultural_inputs="results/figures/agricultural_inputs.png",
        output_pathways="results/figures/output_pathways.png",
        runoff_and_sealing="results/figures/runoff_and_sealing.png",
        mass_balance="results/figures/mass_balance.png",
        observed_and_modelled="results/figures/observed_and_modelled.png",
        concentration_maps="results/figures/concentration_maps.png",
        concentration_change="results/figures/concentration_change.png",
        capacity_classes="results/figures/capacity_classes.png",
        capacity_by_landuse="results/figures/capacity_by_landuse.png",
        overload_zones="results/figures/overload_zones.png",
        overload_probability="results/figures/overload_probability.png",
        overload_through_time="results/figures/overload_through_time.png",
    params:
        study=OUTCOME,
        classes=coefficients("capacity_classes"),
        code=code_of("draw_figures.py"),
    log:
        "logs/draw_figures.log",
    benchmark:
        "logs/benchmarks/draw_figures.tsv"
    threads: 1
    resources:
        mem_mb=2000,
    script:
        "../scripts/draw_figures.py"


rule write_claims:
    """Every finding of the paper with what this study gives, and whether it holds."""
    input:
        mask="resources/harmonised/mask.tif",
        landuse=expand("resources/harmonised/landuse/{date}.tif", date=LANDUSE_DATES),
        sources="resources/harmonised/sources.csv",
        operators=expand("resources/forcing/operator/{year}.nc", year=WEATHER_OF_LAST_YEAR),
        emissions=expand("results/emissions/{metal}.csv", metal=METALS),
        air=expand("results/fluxes/{metal}/air/{year}.json", metal=METALS, year=YEARS),
        series=expand(
            "results/fluxes/{metal}/{process}/{year}.tif",
            metal=METALS,
            process=["deposition", "fertiliser", "manure", "irrigation", "pesticide", "runoff", "wash_off"],
            year=YEARS,
        ),
        losses=expand(
            "results/fluxes/{metal}/{process}/{year}.tif",
            metal=METALS,
            process=["leaching", "erosion", "harvest", "evasion"],
            year=YEARS[-1],
        ),
        capacity=expand(
            "results/capacity/{scenario}/{metal}/{name}.csv",
            scenario=CLAIMS_SCENARIO,
            metal=METALS,
            name=["summary", "change", "sensitivity"],
        ),
    output:
        table="results/claims.csv",
    params:
        study=OUTCOME,
        code=code_of("write_claims.py"),
    log:
        "logs/write_claims.log",
    benchmark:
        "logs/benchmarks/write_claims.tsv"
    threads: 1
    resources:
        mem_mb=1500,
    script:
        "../scripts/write_claims.py"


rule write_report:
    """The report: one self-contained page with every figure and table."""
    input:
        template=f"{workflow.basedir}/workflow/report/page.html",
        captions=f"{workflow.basedir}/workflow/report/captions.yaml",
        figures=rules.draw_figures.output,
        claims="results/claims.csv",
        ledger="results/ledger.csv",
        checks="results/checks.json",
        provenance=f"{RAW}/provenance.csv",
        mask="resources/harmonised/mask.tif",
        landuse=expand("resources/harmonised/landuse/{date}.tif", date=LANDUSE_DATES),
        sources="resources/harmonised/sources.csv",
        emissions=expand("results/emissions/{metal}.csv", metal=METALS),
        published=expand("results/emissions/{metal}_check.csv", metal=METALS),
        air=expand("results/fluxes/{metal}/air/{year}.json", metal=METALS, year=YEARS),
        columns=expand("resources/forcing/column_response/{year}.nc", year=WEATHER_YEARS),
        monitors=expand("results/fluxes/{metal}/air/{year}_monitors.csv", metal=METALS, year=YEARS),
        flux_summaries=expand("results/fluxes/{metal}/summary/{year}.json", metal=METALS, year=YEARS),
        fluxes=expand(
            "results/fluxes/{metal}/{process}/{year}.tif",
            metal=METALS,
            process=[
                "deposition",
                "fertiliser",
                "manure",
                "irrigation",
                "pesticide",
                "leaching",
                "runoff",
                "erosion",
                "harvest",
                "evasion",
                "wash_off",
            ],
            year=[YEARS[0], YEARS[-1]],
        ),
        maps=expand("results/concentration/{metal}/{name}.tif", metal=METALS, name=[*EPOCHS, "background"]),
        map_validation=expand("results/concentration/{metal}/validation.csv", metal=METALS),
        history=expand("results/history/{metal}.nc", metal=METALS),
        calibration=expand("results/calibrated/{metal}/correction_metrics.json", metal=METALS),
        summaries=expand("results/capacity/{scenario}/{metal}/summary.csv", scenario=SCENARIOS, metal=METALS),
        zones=expand("results/capacity/{scenario}/{metal}/zones.tif", scenario=CLAIMS_SCENARIO, metal=METALS),
        sensitivity=expand(
            "results/capacity/{scenario}/{metal}/sensitivity.csv", scenario=CLAIMS_SCENARIO, metal=METALS
        ),
        truth=expand("resources/raw/truth/{name}.json", name=["truth"] if TRUE_METALS else []),
        true_concentration=expand("resources/raw/truth/concentration/{metal}.tif", metal=TRUE_METALS),
    output:
        page="results/report/index.html",
    params:
        study=OUTCOME,
        classes=coefficients("capacity_classes"),
        bars={bound: coefficients("plausibility", field=bound) for bound in ("low", "high")},
        evidence=verified_counts(METALS),
        code=code_of("write_report.py"),
    log:
        "logs/write_report.log",
    benchmark:
        "logs/benchmarks/write_report.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    script:
        "../scripts/write_report.py"
