"""What the process model misses: observed minus simulated net flux, learned and added where it has skill.

REQUIRED INPUTS:
    resources/harmonised/*.tif, sources.csv; resources/forcing/{zones.tif,column_response,rkls}
    results/concentration/{metal}/{points.csv,background.tif}
    results/history/{metal}.nc
    results/fluxes/{metal}/{process}/{year}.tif, results/net/{metal}/{year}.tif
OUTPUTS:
    results/calibrated/{metal}/correction.tif           signed, per open soil
    results/calibrated/{metal}/correction_metrics.json  out of fold, with the reason if it stands aside
    results/calibrated/{metal}/points.csv               blocks
    results/calibrated/{metal}/{year}.tif               net flux with the correction
"""


rule train_calibrator:
    """Correction of one metal's net flux, with its evidence out of fold."""
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
        background="results/concentration/{metal}/background.tif",
        points="results/concentration/{metal}/points.csv",
        history="results/history/{metal}.nc",
        fluxes=expand(
            "results/fluxes/{{metal}}/{process}/{year}.tif",
            process=["deposition", "background", "fertiliser", "manure", "irrigation", "pesticide"],
            year=YEARS,
        ),
        net=expand("results/net/{{metal}}/{year}.tif", year=YEARS),
    output:
        correction="results/calibrated/{metal}/correction.tif",
        metrics="results/calibrated/{metal}/correction_metrics.json",
        blocks="results/calibrated/{metal}/points.csv",
        calibrated=expand("results/calibrated/{{metal}}/{year}.tif", year=YEARS),
    params:
        study={
            "years": YEARS,
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
        cover_practice=coefficients("rusle_cp"),
        code=code_of("train_calibrator.py"),
    log:
        "logs/train_calibrator/{metal}.log",
    benchmark:
        "logs/benchmarks/train_calibrator/{metal}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
    script:
        "../scripts/train_calibrator.py"
