"""From hourly weather and stacks to what falls on the ground.

REQUIRED INPUTS: the raw folder's weather, area_sources.csv, deposition_monitors.csv, crustal_share.csv and
background_trend.csv; resources/harmonised/{mask,elevation,surrogates}.tif, sources.csv and landuse/{date}.tif;
resources/forcing/zones.tif and runoff_response/{year}.nc; results/emissions/{metal}.csv.
OUTPUTS: resources/forcing/{operator/{year}.nc,meteorology/{year}.csv} for every weather year;
results/fluxes/{metal}/{deposition,background,wash_off,street_dust}/{year}.tif, air/{year}.json and
air/{year}_monitors.csv for every modelled year.
"""


rule compute_operator:
    """Deposition in every cell per unit emitted, by source and class, for one weather year."""
    input:
        weather=weather_files_of,
        station=f"{RAW}/weather/station.csv",
        area_sources=f"{RAW}/area_sources.csv",
        mask="resources/harmonised/mask.tif",
        elevation="resources/harmonised/elevation.tif",
        sources="resources/harmonised/sources.csv",
        surrogates="resources/harmonised/surrogates.tif",
    output:
        operator="resources/forcing/operator/{year}.nc",
        boundary_layer="resources/forcing/meteorology/{year}.csv",
    params:
        dispersion=config["dispersion"],
        coefficients={
            name: coefficients(name)
            for name in (
                "boundary_layer",
                "dispersion",
                "particle_class",
                "gas_deposition",
            )
        }
        # of every metal the study knows: another choice of run.metals leaves the operator as it is
        | {"method_2": {metal: coefficients("method_2", metal) for metal in config["metals"]}},
        code=code_of("compute_operator.py"),
    log:
        "logs/compute_operator/{year}.log",
    benchmark:
        "logs/benchmarks/compute_operator/{year}.tsv"
    threads: 2
    resources:
        mem_mb=1000,
    script:
        "../scripts/compute_operator.py"


rule compute_deposition:
    """Deposition of one metal and year on open soil, sealed ground, water and sea."""
    input:
        mask="resources/harmonised/mask.tif",
        operators=operators_of,
        emissions="results/emissions/{metal}.csv",
        landuse=expand("resources/harmonised/landuse/{date}.tif", date=LANDUSE_DATES),
        zones="resources/forcing/zones.tif",
        runoff_responses=runoff_responses_of,
        monitors=f"{RAW}/deposition_monitors.csv",
        crustal_share=f"{RAW}/crustal_share.csv",
        background_trend=f"{RAW}/background_trend.csv",
    output:
        deposition="results/fluxes/{metal}/deposition/{year}.tif",
        background="results/fluxes/{metal}/background/{year}.tif",
        wash_off="results/fluxes/{metal}/wash_off/{year}.tif",
        street_dust="results/fluxes/{metal}/street_dust/{year}.tif",
        air="results/fluxes/{metal}/air/{year}.json",
        monitor_table="results/fluxes/{metal}/air/{year}_monitors.csv",
    params:
        landuse_dates=LANDUSE_DATES,
        settings={
            "trend": config["background"]["trend"],
            "wash_off": config["runoff"]["wash_off"],
            "closure_tolerance": config["budget"]["closure_tolerance"],
        },
        tables=metal_tables("emc"),
        code=code_of("compute_deposition.py"),
    log:
        "logs/compute_deposition/{metal}_{year}.log",
    benchmark:
        "logs/benchmarks/compute_deposition/{metal}_{year}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    script:
        "../scripts/compute_deposition.py"
