"""Parameter tables that the inventory reads, as rule `compute_emissions` passes them."""

METAL_TABLES = (
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
)
SHARED_TABLES = ("product", "inventory_options", "particle_size", "emission_uncertainty")
