"""What farming adds to the soil: fertilisers, manure, irrigation water, pesticides.

REQUIRED INPUTS: the raw folder's agriculture.csv and irrigation_water.csv;
resources/harmonised/{mask,district}.tif, districts.csv and landuse/{date}.tif.
OUTPUTS: results/fluxes/{metal}/{fertiliser,manure,irrigation,pesticide}/{year}.tif.
"""


rule compute_agriculture:
    """Agricultural inputs of one metal and year per square metre of cell."""
    input:
        agriculture=f"{RAW}/agriculture.csv",
        irrigation_water=f"{RAW}/irrigation_water.csv",
        districts="resources/harmonised/districts.csv",
        district="resources/harmonised/district.tif",
        mask="resources/harmonised/mask.tif",
        landuse=expand("resources/harmonised/landuse/{date}.tif", date=LANDUSE_DATES),
    output:
        fertiliser="results/fluxes/{metal}/fertiliser/{year}.tif",
        manure="results/fluxes/{metal}/manure/{year}.tif",
        irrigation="results/fluxes/{metal}/irrigation/{year}.tif",
        pesticide="results/fluxes/{metal}/pesticide/{year}.tif",
    params:
        landuse_dates=LANDUSE_DATES,
        contents=metal_tables("agri_content", "agri_content_trend"),
        code=code_of("compute_agriculture.py"),
    log:
        "logs/compute_agriculture/{metal}_{year}.log",
    benchmark:
        "logs/benchmarks/compute_agriculture/{metal}_{year}.tsv"
    resources:
        mem_mb=500,
    script:
        "../scripts/compute_agriculture.py"
