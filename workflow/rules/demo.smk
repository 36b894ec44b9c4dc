"""The default study's raw inputs, generated from the seed; included only when region.source is generated.

REQUIRED INPUTS: none.
OUTPUTS: resources/raw/generated/: every file of a raw folder (docs/inputs.md); resources/raw/truth/: what
really happened, read by tests and the report's validation page only.
"""


rule generate_region:
    """A coast with hills, towns, plants, farms, weather and two soil surveys."""
    output:
        rasters=expand("resources/raw/generated/{name}.tif", name=["mask", "dem", "population", "rain_factor"]),
        soil=expand(
            "resources/raw/generated/soil/{name}.tif",
            name=[
                "sand_pct",
                "silt_pct",
                "clay_pct",
                "bulk_density_kg_m3",
                "organic_carbon_pct",
                "ph_water",
                "parent_material",
            ],
        ),
        landuse=expand("resources/raw/generated/landuse/{date}.tif", date=LANDUSE_DATES),
        imperviousness=expand("resources/raw/generated/imperviousness/{date}.tif", date=LANDUSE_DATES),
        scenario_landuse=expand("resources/raw/generated/landuse_scenarios/{name}.tif", name=SCENARIO_LANDUSE),
        scenario_imperviousness=expand(
            "resources/raw/generated/landuse_scenarios/{name}.tif",
            name=[name.replace("/", "/imperviousness_") for name in SCENARIO_LANDUSE],
        ),
        vectors=expand("resources/raw/generated/{name}.gpkg", name=["districts", "roads", "legacy_areas"]),
        tables=expand(
            "resources/raw/generated/{name}.csv",
            name=[
                "landuse_classes",
                "facilities",
                "activity",
                "controls",
                "area_sources",
                "area_activity",
                "agriculture",
                "irrigation_water",
                "parent_materials",
                "deposition_monitors",
                "crustal_share",
                "background_trend",
                "provenance",
            ],
        ),
        station="resources/raw/generated/weather/station.csv",
        weather=expand("resources/raw/generated/weather/{year}.csv", year=WEATHER_YEARS),
        surveys=expand("resources/raw/generated/{file}", file=[survey["file"] for survey in config["surveys"]]),
        true_concentration=expand("resources/raw/truth/concentration/{metal}.tif", metal=config["metals"]),
        true_fluxes=expand("resources/raw/truth/fluxes/{metal}.tif", metal=config["metals"]),
        truth="resources/raw/truth/truth.json",
    params:
        region={
            "folder": "resources/raw/generated",
            "truth_folder": "resources/raw/truth",
            "size": dict(config["region"]["generated"]),
            "seed": config["study"]["seed"],
            "metals": list(config["metals"]),
            "years": {"weather": WEATHER_YEARS, "modelled": ACTIVITY_YEARS, "landuse": LANDUSE_DATES},
            "surveys": {str(survey["year"]): survey["file"] for survey in config["surveys"]},
            "scenario_landuse": SCENARIO_LANDUSE,
        },
        tables={
            "parent_material": coefficients("demo_parent_material"),
            "metal": coefficients("demo_metal"),
            "emission": coefficients("demo_emission"),
            "content": coefficients("demo_content"),
            "trend": coefficients("demo_background_trend"),
        },
        code=code_of("generate_region.py"),
    log:
        "logs/generate_region.log",
    benchmark:
        "logs/benchmarks/generate_region.tsv"
    threads: 1
    resources:
        mem_mb=2000,
    script:
        "../scripts/generate_region.py"
