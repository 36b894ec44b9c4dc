"""Write the emissions of one metal by source, year and class, their sector totals and a check of them."""

from typing import TYPE_CHECKING

from metalbudget import io
from metalbudget.inventory import sources, totals
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

TABLES = ("facilities", "activity", "controls", "area_sources", "area_activity")
TEXT = ("name", "sector", "product", "unit", "metal", "configuration", "surrogate")


def main(*, tables, mask, emissions, sectors, check, metal, years, coefficients, published):
    raw = {name: io.read_table(path, text=TEXT) for name, path in tables.items()}
    result = sources.emissions(metal, years, raw, coefficients)
    by_sector = totals.sector_totals(result, coefficients["emission_uncertainty"])
    grid = io.read_grid(mask)
    compared = totals.check_totals(by_sector, grid.n * grid.cell_area_m2, published)
    for year, kg, intensity, value, status in zip(
        *(compared[name] for name in ("year", "kg", "intensity_g_ha", "published_g_ha", "status")), strict=True
    ):
        logger.info("%s %s: %.4g kg, %.3g g/ha", metal, year, kg, intensity)
        if status.startswith("too_"):
            logger.warning("%s %s: %.3g g/ha is %s beside the published %.3g", metal, year, intensity, status, value)
    io.write_table(emissions, result)
    io.write_table(sectors, by_sector)
    io.write_table(check, compared)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            tables={name: snakemake.input[name] for name in TABLES},
            mask=snakemake.input.mask,
            **{name: snakemake.output[name] for name in ("emissions", "sectors", "check")},
            metal=snakemake.wildcards.metal,
            years=snakemake.params.years,
            coefficients={**snakemake.params.shared, **snakemake.params.coefficients},
            published=snakemake.params.published["published_totals"],
        )
