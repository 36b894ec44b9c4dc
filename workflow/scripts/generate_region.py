"""Write the generated default region and, beside it, the truth that the workflow never reads."""

from typing import TYPE_CHECKING

from metalbudget.demo.region import make_region
from metalbudget.demo.write import refuse_foreign_files, write_region
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(*, folder, truth_folder, size, seed, metals, years, surveys, scenario_landuse, tables):
    """Generate and write a region.

    `size` holds rows, columns, cell_m, facilities and survey_points; `years` the lists weather, modelled and
    landuse; `surveys` maps a year to its file.
    """
    for target in (folder, truth_folder):
        refuse_foreign_files(target)
    surveys = {int(year): file for year, file in surveys.items()}
    region = make_region(
        **size,
        seed=seed,
        metals=metals,
        weather_years=years["weather"],
        modelled_years=years["modelled"],
        landuse_dates=years["landuse"],
        scenario_dates=sorted({int(name.split("/")[1]) for name in scenario_landuse}),
        survey_years=sorted(surveys),
        tables=tables,
    )
    logger.info(
        "generated %d land cells, %.0f inhabitants, %d plants, %d roads",
        region.land.land.sum(),
        region.inhabitants,
        len(region.plants),
        len(region.settlement.roads),
    )
    write_region(
        region,
        folder,
        truth_folder,
        seed=seed,
        metals=metals,
        modelled_years=years["modelled"],
        landuse_dates=years["landuse"],
        scenario_landuse=scenario_landuse,
        survey_files=surveys,
        tables=tables,
    )


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(**snakemake.params.region, tables=snakemake.params.tables)
