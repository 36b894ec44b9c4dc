"""Concentration maps of the surveys, and the natural background.

REQUIRED INPUTS:
    resources/harmonised/{mask,elevation,soil,parent_material,population}.tif
    resources/harmonised/landuse/{date}.tif
    <raw folder>/parent_materials.csv, <raw folder>/surveys/*.csv (none, one or two)
OUTPUTS:
    results/concentration/{metal}/{epoch}.tif      epoch: survey year, or prior
    results/concentration/{metal}/background.tif
    results/concentration/{metal}/validation.csv   held-out samples by spatial fold
    results/concentration/{metal}/points.csv       harmonised samples, revisited sites marked
"""


rule map_concentration:
    """Concentration at each survey with its standard error, and the background, of one metal."""
    input:
        mask="resources/harmonised/mask.tif",
        elevation="resources/harmonised/elevation.tif",
        soil="resources/harmonised/soil.tif",
        parent_material="resources/harmonised/parent_material.tif",
        population="resources/harmonised/population.tif",
        landuse=expand("resources/harmonised/landuse/{date}.tif", date=LANDUSE_DATES),
        parent_materials=f"{RAW}/parent_materials.csv",
        surveys=[f"{RAW}/{survey['file']}" for survey in config["surveys"]],
    output:
        maps=expand("results/concentration/{{metal}}/{epoch}.tif", epoch=EPOCHS),
        background="results/concentration/{metal}/background.tif",
        validation="results/concentration/{metal}/validation.csv",
        points="results/concentration/{metal}/points.csv",
    params:
        study={
            "landuse_dates": LANDUSE_DATES,
            "survey_years": SURVEYS,
            "legal_depth_m": config["landuse"]["legal_depth_m"],
            "seed": config["study"]["seed"],
        },
        mapping=config["mapping"],
        coefficients=metal_tables("survey_method"),
        parameters=coefficients("mapping"),
        code=code_of("map_concentration.py"),
    log:
        "logs/map_concentration/{metal}.log",
    benchmark:
        "logs/benchmarks/map_concentration/{metal}.tsv"
    threads: 1
    resources:
        mem_mb=1000,
    script:
        "../scripts/map_concentration.py"
