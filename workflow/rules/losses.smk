"""What leaves the soil and what stays: losses, geogenic inputs, net flux, history and the ledger.

REQUIRED INPUTS: the raw folder's agriculture.csv; resources/harmonised/{mask,soil,rain_factor,district}.tif, districts.csv
and landuse/{date}.tif; resources/forcing/zones.tif, column_response/{year}.nc and rkls/{year}.tif;
results/concentration/{metal}/{epoch}.tif and background.tif; the inputs in results/fluxes/{metal};
results/forecast/{scenario}/{metal}.csv for the ledger.
OUTPUTS: results/fluxes/{metal}/{leaching,runoff,erosion,harvest,evasion,weathering,subsoil}/{year}.tif and summary/{year}.json,
results/rates/{metal}/{year}.tif, results/net/{metal}/{year}.tif, results/ledger.csv and results/checks.json.
"""


rule compute_losses:
    """Losses, geogenic inputs, rates and net flux of one metal and year."""
    input:
        mask="resources/harmonised/mask.tif",
        soil="resources/harmonised/soil.tif",
        rain_factor="resources/harmonised/rain_factor.tif",
        zones="resources/forcing/zones.tif",
        agriculture=f"{RAW}/agriculture.csv",
        districts="resources/harmonised/districts.csv",
        district="resources/harmonised/district.tif",
        landuse=expand("resources/harmonised/landuse/{date}.tif", date=LANDUSE_DATES),
        responses=column_responses_of,
        rkls=rkls_of,
        concentration=f"results/concentration/{{metal}}/{EPOCHS[0]}.tif",
        background="results/concentration/{metal}/background.tif",
        deposition_flux="results/fluxes/{metal}/deposition/{year}.tif",
        background_flux="results/fluxes/{metal}/background/{year}.tif",
        fertiliser_flux="results/fluxes/{metal}/fertiliser/{year}.tif",
        manure_flux="results/fluxes/{metal}/manure/{year}.tif",
        irrigation_flux="results/fluxes/{metal}/irrigation/{year}.tif",
        pesticide_flux="results/fluxes/{metal}/pesticide/{year}.tif",
    output:
        leaching="results/fluxes/{metal}/leaching/{year}.tif",
        runoff="results/fluxes/{metal}/runoff/{year}.tif",
        erosion="results/fluxes/{metal}/erosion/{year}.tif",
        harvest="results/fluxes/{metal}/harvest/{year}.tif",
        evasion="results/fluxes/{metal}/evasion/{year}.tif",
        weathering="results/fluxes/{metal}/weathering/{year}.tif",
        subsoil="results/fluxes/{metal}/subsoil/{year}.tif",
        rates="results/rates/{metal}/{year}.tif",
        net="results/net/{metal}/{year}.tif",
        summary="results/fluxes/{metal}/summary/{year}.json",
    params:
        landuse_dates=LANDUSE_DATES,
        layer=layer_settings(),
        budget=budget_settings(),
        chemistry=chemistry_settings,
        tables=metal_tables("kd", "crop_uptake", "hg_evasion", "budget"),
        common={
            "enrichment": coefficients("enrichment"),
            "rusle_cp": coefficients("rusle_cp"),
        },
        code=code_of("compute_losses.py"),
    log:
        "logs/compute_losses/{metal}_{year}.log",
    benchmark:
        "logs/benchmarks/compute_losses/{metal}_{year}.tsv"
    threads: 1
    resources:
        mem_mb=800,
    script:
        "../scripts/compute_losses.py"


rule write_ledger:
    """The ledger of history and scenarios in one table, with the checks of what came out."""
    input:
        history=expand("results/history/{metal}.csv", metal=METALS),
        forecasts=expand("results/forecast/{scenario}/{metal}.csv", scenario=SCENARIOS, metal=METALS),
        summaries=expand("results/fluxes/{metal}/summary/{year}.json", metal=METALS, year=YEARS),
        air=expand("results/fluxes/{metal}/air/{year}.json", metal=METALS, year=YEARS),
    output:
        ledger="results/ledger.csv",
        checks="results/checks.json",
    params:
        tolerance=config["budget"]["closure_tolerance"],
        bars={bound: coefficients("plausibility", field=bound) for bound in ("low", "high")},
        code=code_of("write_ledger.py"),
    log:
        "logs/write_ledger/all.log",
    benchmark:
        "logs/benchmarks/write_ledger/all.tsv"
    threads: 1
    resources:
        mem_mb=500,
    script:
        "../scripts/write_ledger.py"
