"""Write the agricultural inputs of one metal and year per square metre of cell."""

from typing import TYPE_CHECKING

from metalbudget import agriculture, io
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(*, agriculture_table, irrigation_water, districts, district, mask, landuse, outputs, metal, year, contents):
    grid = io.read_grid(mask)
    table = io.read_table(agriculture_table, text=("landuse_class", "crop"))
    water = io.read_table(irrigation_water, text=("metal",))
    order = io.read_table(districts, text=("name",))
    index = grid.compress(io.read_raster(district, grid))
    without = int((index < 1).sum())
    if without:
        logger.warning("%d land cells belong to no district and get no agricultural input", without)
    land = io.read_landuse(landuse, year, grid)
    names = [name for _, name in sorted(zip(order["index"], order["district_id"], strict=True))]
    rates = agriculture.rates(table, water, year, metal, contents, names)
    for process, values in agriculture.on_cells(rates, index, land.shares).items():
        io.write_raster(outputs[process], grid.expand(values), process, grid, metal=metal, year=year)
        logger.info("%s %s %d: mean %.4g mg m-2 yr-1 of land", process, metal, year, values.mean())


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            agriculture_table=snakemake.input.agriculture,
            **{name: snakemake.input[name] for name in ("irrigation_water", "districts", "district", "mask")},
            landuse=dict(zip(snakemake.params.landuse_dates, snakemake.input.landuse, strict=True)),
            outputs={process: snakemake.output[process] for process in agriculture.PROCESSES},
            metal=snakemake.wildcards.metal,
            year=int(snakemake.wildcards.year),
            contents=snakemake.params.contents,
        )
