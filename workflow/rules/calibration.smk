"""From the first survey to the last: the simulated history, and what it misses, learned and added where it has skill.

One job a metal does both, because learning reads the history at once.

REQUIRED INPUTS:
    <raw folder>/agriculture.csv
    resources/harmonised/*.tif, sources.csv, districts.csv; resources/forcing/{zones.tif,column_response,rkls}
    results/concentration/{metal}/{epoch.tif,points.csv,background.tif}
    results/fluxes/{metal}/{process}/{year}.tif and air/{year}.json, results/net/{metal}/{year}.tif
OUTPUTS:
    results/history/{metal}.nc, {metal}.csv             yearly concentration, ledger
    results/calibrated/{metal}/correction.tif           signed, per open soil
    results/calibrated/{metal}/correction_metrics.json  out of fold, with the reason if it stands aside
    results/calibrated/{metal}/points.csv               blocks
    results/calibrated/{metal}/{year}.tif               net flux with the correction
"""


rule calibrate_history:
    """History of one metal, and the correction of its net flux with the evidence out of fold."""
    input:
        mask="resources/harmonised/mask.tif",
        elevation="resources/harmonised/elevation.tif",
        soil="resources/harmonised/soil.tif",
        parent_material="resources/harmonised/parent_material.tif",
        population="resources/harmonised/population.tif",
        rain_factor="resources/harmonised/rain_factor.tif",
        landuse=expand("resources/harmonised/landuse/{date}.tif", date=LANDUSE_DATES),
        sources="resources/harmonised/sources.csv",
        zones="resources/forcing/zones.tif",
        rkls=expand("resources/forcing/rkls/{year}.tif", year=WEATHER_YEARS),
        column_response=expand("resources/forcing/column_response/{year}.nc", year=WEATHER_YEARS),
        agriculture=f"{RAW}/agriculture.csv",
        districts="resources/harmonised/districts.csv",
        district="resources/harmonised/district.tif",
        concentration=f"results/concentration/{{metal}}/{EPOCHS[0]}.tif",
        background="results/concentration/{metal}/background.tif",
        points="results/concentration/{metal}/points.csv",
        fluxes=expand(
            "results/fluxes/{{metal}}/{process}/{year}.tif",
            process=["deposition", "background", "fertiliser", "manure", "irrigation", "pesticide"],
            year=YEARS,
        ),
        air=expand("results/fluxes/{{metal}}/air/{year}.json", year=YEARS),
        net=expand("results/net/{{metal}}/{year}.tif", year=YEARS),
    output:
        history="results/history/{metal}.nc",
        ledger="results/history/{metal}.csv",
        correction="results/calibrated/{metal}/correction.tif",
        metrics="results/calibrated/{metal}/correction_metrics.json",
        blocks="results/calibrated/{metal}/points.csv",
        calibrated=expand("results/calibrated/{{metal}}/{year}.tif", year=YEARS),
    params:
        study={
            "years": YEARS,
            "weather_years": WEATHER_YEARS,
            "weather_of_year": {int(year): sorted(seen) for year, seen in config["weather"]["of_year"].items()},
            "landuse_dates": LANDUSE_DATES,
            "survey_years": SURVEYS,
            "legal_depth_m": config["landuse"]["legal_depth_m"],
            "seed": config["study"]["seed"],
        },
        calibration={
            name: value
            for name, value in config["calibrator"].items()
            if name not in ("roll_forward", "decay_half_life_yr")  # the forecast's
        },
        parameters=coefficients("calibrator"),
        layer=layer_settings(),
        budget=budget_settings(),
        chemistry=chemistry_settings,
        tables=metal_tables("kd", "crop_uptake", "hg_evasion", "budget"),
        common={"enrichment": coefficients("enrichment"), "rusle_cp": coefficients("rusle_cp")},
        code=code_of("calibrate_history.py"),
    log:
        "logs/calibrate_history/{metal}.log",
    benchmark:
        "logs/benchmarks/calibrate_history/{metal}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
    script:
        "../scripts/calibrate_history.py"
