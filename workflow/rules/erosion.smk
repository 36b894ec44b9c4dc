"""How much soil rain can move before plants and farmers hold it: R, K and LS of RUSLE.

REQUIRED INPUTS: the raw folder's dem.tif; resources/harmonised/{mask,soil,rain_factor}.tif;
resources/forcing/weather_daily/{year}.csv.
OUTPUTS: resources/forcing/rkls/{year}.tif for every weather year.
"""


rule compute_rkls:
    """Erosivity times erodibility times topography, all weather years in one job."""
    input:
        mask="resources/harmonised/mask.tif",
        dem=f"{RAW}/dem.tif",
        soil="resources/harmonised/soil.tif",
        rain_factor="resources/harmonised/rain_factor.tif",
        weather_daily=expand("resources/forcing/weather_daily/{year}.csv", year=WEATHER_YEARS),
    output:
        rkls=expand("resources/forcing/rkls/{year}.tif", year=WEATHER_YEARS),
    params:
        years=WEATHER_YEARS,
        terrain={name: config["erosion"][name] for name in ("slope_length_maximum_m", "reference_dem_cell_m")},
        tables={name: coefficients(name) for name in ("erosivity", "erodibility", "topography")},
        code=code_of("compute_rkls.py"),
    log:
        "logs/compute_rkls.log",
    benchmark:
        "logs/benchmarks/compute_rkls.tsv"
    threads: 1
    resources:
        mem_mb=2000,
    script:
        "../scripts/compute_rkls.py"
