"""Fifty years ahead: one metal under one scenario, judged against the limits of every receptor.

REQUIRED INPUTS: the raw folder's agriculture.csv and irrigation_water.csv; resources/harmonised/{mask,soil,rain_factor,
district}.tif, districts.csv, landuse/{date}.tif and landuse_scenarios/{set}/{date}.tif; resources/forcing/zones.tif,
operator/{year}.nc, column_response/{year}.nc, runoff_response/{year}.nc and rkls/{year}.tif of the reference years;
results/emissions/{metal}.csv, results/fluxes/{metal}/air/{year}.json of the start year,
results/concentration/{metal}/{epoch}.tif and background.tif, results/calibrated/{metal}/correction.tif.
OUTPUTS: results/forecast/{scenario}/{metal}.{nc,csv} and, in results/capacity/{scenario}/{metal}/, zones.tif, now.tif,
end.tif, overload_year.tif, summary.csv, change.csv and sensitivity.csv.
"""

# Inputs of the start year are those of the last modelled year that is not later.
INPUT_YEAR = max(
    (year for year in YEARS if year <= config["forecast"]["start_year"]),
    default=YEARS[0],
)


rule forecast_metal:
    """Concentration, ledger, capacity and overload of one metal under one scenario."""
    input:
        mask="resources/harmonised/mask.tif",
        soil="resources/harmonised/soil.tif",
        rain_factor="resources/harmonised/rain_factor.tif",
        zones="resources/forcing/zones.tif",
        agriculture=f"{RAW}/agriculture.csv",
        irrigation_water=f"{RAW}/irrigation_water.csv",
        districts="resources/harmonised/districts.csv",
        district="resources/harmonised/district.tif",
        landuse=expand("resources/harmonised/landuse/{date}.tif", date=LANDUSE_DATES),
        scenario_landuse=scenario_landuse_of,
        operators=expand(
            "resources/forcing/operator/{year}.nc",
            year=config["forecast"]["reference_years"],
        ),
        column_responses=expand(
            "resources/forcing/column_response/{year}.nc",
            year=config["forecast"]["reference_years"],
        ),
        runoff_responses=expand(
            "resources/forcing/runoff_response/{year}.nc",
            year=config["forecast"]["reference_years"],
        ),
        rkls=expand(
            "resources/forcing/rkls/{year}.tif",
            year=config["forecast"]["reference_years"],
        ),
        emissions="results/emissions/{metal}.csv",
        air=f"results/fluxes/{{metal}}/air/{INPUT_YEAR}.json",
        concentration=f"results/concentration/{{metal}}/{EPOCHS[-1]}.tif",
        background="results/concentration/{metal}/background.tif",
        correction="results/calibrated/{metal}/correction.tif",
    output:
        cube="results/forecast/{scenario}/{metal}.nc",
        ledger="results/forecast/{scenario}/{metal}.csv",
        zones="results/capacity/{scenario}/{metal}/zones.tif",
        now="results/capacity/{scenario}/{metal}/now.tif",
        end="results/capacity/{scenario}/{metal}/end.tif",
        overload_year="results/capacity/{scenario}/{metal}/overload_year.tif",
        summary="results/capacity/{scenario}/{metal}/summary.csv",
        change="results/capacity/{scenario}/{metal}/change.csv",
        sensitivity="results/capacity/{scenario}/{metal}/sensitivity.csv",
    params:
        scenario=lookup(dpath="{scenario}", within=SCENARIO_SETTINGS),
        study={
            "input_year": INPUT_YEAR,
            "landuse_dates": LANDUSE_DATES,
            "layer": layer_settings(),
            "wash_off": config["runoff"]["wash_off"],
            "sediment_delivery_ratio": config["erosion"]["sediment_delivery_ratio"],
            "correction": {name: config["calibrator"][name] for name in ("roll_forward", "decay_half_life_yr")},
            **{name: config["forecast"][name] for name in ("start_year", "years", "snapshots_yr")},
        },
        budget=budget_settings(),
        chemistry=chemistry_settings,
        rules={name: config["capacity"][name] for name in ("value", "ecological")},
        claims=config["claims"],
        tables=metal_tables(
            "kd",
            "crop_uptake",
            "hg_evasion",
            "budget",
            "agri_content",
            "agri_content_trend",
            "emc",
            "limits_gb15618",
            "limits_gb36600",
            "limits_ecological",
        ),
        common={name: coefficients(name) for name in ("enrichment", "rusle_cp", "erosivity", "capacity_classes")},
        code=code_of("forecast_metal.py"),
    log:
        "logs/forecast_metal/{scenario}_{metal}.log",
    benchmark:
        "logs/benchmarks/forecast_metal/{scenario}_{metal}.tsv"
    threads: 1
    resources:
        mem_mb=1500,
    script:
        "../scripts/forecast_metal.py"
