"""How much of each metal every source emits, in which particle sizes and species.

REQUIRED INPUTS: the raw folder's facilities.csv, activity.csv, controls.csv, area_sources.csv,
area_activity.csv and mask.tif.
OUTPUTS: results/emissions/{metal}.csv, {metal}_sectors.csv and {metal}_check.csv.
"""


rule compute_emissions:
    """Emissions of one metal by source, year and class, with sector totals."""
    input:
        facilities=f"{RAW}/facilities.csv",
        activity=f"{RAW}/activity.csv",
        controls=f"{RAW}/controls.csv",
        area_sources=f"{RAW}/area_sources.csv",
        area_activity=f"{RAW}/area_activity.csv",
        mask=f"{RAW}/mask.tif",
    output:
        emissions="results/emissions/{metal}.csv",
        sectors="results/emissions/{metal}_sectors.csv",
        check="results/emissions/{metal}_check.csv",
    params:
        years=ACTIVITY_YEARS,
        coefficients=metal_tables(
            "coal_content",
            "boiler_release",
            "device_removal",
            "washing",
            "ef_process",
            "ef_vehicle",
            "petrol_lead",
            "technology_curve",
            "fine_enrichment",
            "hg_species",
        ),
        published=metal_tables("published_totals"),
        shared={
            name: coefficients(name)
            for name in ("product", "inventory_options", "particle_size", "emission_uncertainty")
        },
        code=code_of("compute_emissions.py"),
    log:
        "logs/compute_emissions/{metal}.log",
    benchmark:
        "logs/benchmarks/compute_emissions/{metal}.tsv"
    resources:
        mem_mb=500,
    script:
        "../scripts/compute_emissions.py"
