"""The region on one grid: every raw layer harmonised once, with no choice of ours in it.

REQUIRED INPUTS: the rasters, vectors and class tables of the raw folder (docs/inputs.md).
OUTPUTS: resources/harmonised/: mask, elevation, soil, parent_material, district, rain_factor, population,
surrogates, landuse/{date}, landuse_scenarios/{set}/{date} (all .tif), districts.csv and sources.csv.
"""


rule harmonise_region:
    """All raw layers as cell means, class shares and weights on the study grid."""
    input:
        mask=f"{RAW}/mask.tif",
        dem=f"{RAW}/dem.tif",
        rain_factor=f"{RAW}/rain_factor.tif",
        population=f"{RAW}/population.tif",
        sand_pct=f"{RAW}/soil/sand_pct.tif",
        silt_pct=f"{RAW}/soil/silt_pct.tif",
        clay_pct=f"{RAW}/soil/clay_pct.tif",
        bulk_density_kg_m3=f"{RAW}/soil/bulk_density_kg_m3.tif",
        organic_carbon_pct=f"{RAW}/soil/organic_carbon_pct.tif",
        ph_water=f"{RAW}/soil/ph_water.tif",
        parent_material=f"{RAW}/soil/parent_material.tif",
        landuse_classes=f"{RAW}/landuse_classes.csv",
        landuse=expand("{raw}/landuse/{date}.tif", raw=RAW, date=LANDUSE_DATES),
        imperviousness=expand("{raw}/imperviousness/{date}.tif", raw=RAW, date=LANDUSE_DATES),
        scenario_landuse=expand("{raw}/landuse_scenarios/{name}.tif", raw=RAW, name=SCENARIO_LANDUSE),
        scenario_imperviousness=expand(
            "{raw}/landuse_scenarios/{name}.tif",
            raw=RAW,
            name=[name.replace("/", "/imperviousness_") for name in SCENARIO_LANDUSE],
        ),
        districts=f"{RAW}/districts.gpkg",
        roads=f"{RAW}/roads.gpkg",
        legacy_areas=f"{RAW}/legacy_areas.gpkg",
        area_sources=f"{RAW}/area_sources.csv",
        facilities=f"{RAW}/facilities.csv",
    output:
        mask="resources/harmonised/mask.tif",
        elevation="resources/harmonised/elevation.tif",
        rain_factor="resources/harmonised/rain_factor.tif",
        soil="resources/harmonised/soil.tif",
        parent_material="resources/harmonised/parent_material.tif",
        population="resources/harmonised/population.tif",
        landuse=expand("resources/harmonised/landuse/{date}.tif", date=LANDUSE_DATES),
        scenario_landuse=expand("resources/harmonised/landuse_scenarios/{name}.tif", name=SCENARIO_LANDUSE),
        district="resources/harmonised/district.tif",
        districts="resources/harmonised/districts.csv",
        surrogates="resources/harmonised/surrogates.tif",
        sources="resources/harmonised/sources.csv",
    params:
        code=code_of("harmonise_region.py"),
    log:
        "logs/harmonise_region.log",
    benchmark:
        "logs/benchmarks/harmonise_region.tsv"
    threads: 1
    resources:
        mem_mb=2000,
    script:
        "../scripts/harmonise_region.py"
