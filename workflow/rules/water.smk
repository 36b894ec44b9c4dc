"""Where the rain goes: water and leaching of every soil column and land-use class, and runoff by curve number.

REQUIRED INPUTS: the raw folder's weather and agriculture.csv; resources/harmonised/{mask,soil,elevation,
rain_factor,district}.tif and districts.csv.
OUTPUTS: resources/forcing/zones.tif, column_response/{year}.nc, runoff_response/{year}.nc and
weather_daily/{year}.csv, for every weather year.
"""


rule compute_water:
    """Water terms and leaching rates of every distinct column, all weather years in one job."""
    input:
        mask="resources/harmonised/mask.tif",
        soil="resources/harmonised/soil.tif",
        elevation="resources/harmonised/elevation.tif",
        rain_factor="resources/harmonised/rain_factor.tif",
        district="resources/harmonised/district.tif",
        districts="resources/harmonised/districts.csv",
        agriculture=f"{RAW}/agriculture.csv",
        station=f"{RAW}/weather/station.csv",
        weather=[file for year in WEATHER_YEARS for file in weather_files(year)],
    output:
        zones="resources/forcing/zones.tif",
        column_response=expand("resources/forcing/column_response/{year}.nc", year=WEATHER_YEARS),
        runoff_response=expand("resources/forcing/runoff_response/{year}.nc", year=WEATHER_YEARS),
        weather_daily=expand("resources/forcing/weather_daily/{year}.csv", year=WEATHER_YEARS),
    params:
        years=WEATHER_YEARS,
        water=config["water"],
        leaching={key: config["leaching"][key] for key in ("engine", "executable", "outflow", "mask_unsolved")},
        tables={
            name: coefficients(name)
            for name in (
                "soil_column",
                "crop_coefficient",
                "curve_number",
                "hydrologic_group",
                "storm_duration",
            )
        },
        code=code_of("compute_water.py"),
    log:
        "logs/compute_water.log",
    benchmark:
        "logs/benchmarks/compute_water.tsv"
    threads: 2
    resources:
        mem_mb=1500,
    script:
        "../scripts/compute_water.py"
