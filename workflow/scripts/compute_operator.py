"""Write the dispersion operator of one weather year, and the boundary layer it was computed in."""

from typing import TYPE_CHECKING

import numpy as np
from metalbudget import io, weather_files
from metalbudget.dispersion.reading import read_releases
from metalbudget.dispersion.release import Weather, fields
from metalbudget.meteorology.boundary_layer import boundary_layer as boundary_layer_of
from metalbudget.meteorology.boundary_layer import hourly_table
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

FILES = ("station", "mask", "sources", "area_sources", "surrogates")


def main(*, files, weather, operator, boundary_layer, year, dispersion, coefficients):
    """Hourly weather and source geometry to deposition per unit emitted."""
    grid = io.read_grid(files["mask"])
    hourly = weather_files.read(weather, year)
    layer = boundary_layer_of(
        hourly,
        weather_files.read_station(files["station"]),
        dispersion["rural_surface_roughness_m"],
        coefficients["boundary_layer"],
    )
    io.write_table(boundary_layer, hourly_table(hourly, layer, coefficients["boundary_layer"]))
    hours, calm, missing = layer.valid.size, int(layer.calm.sum()), int(layer.missing.sum())
    logger.info(
        "%s: %d hours, %d calm and %d missing left out, %.0f mm rain", year, hours, calm, missing, layer.rain_mm.sum()
    )

    classes = list(dict.fromkeys(key.split("/")[0] for key in coefficients["particle_class"]))
    releases = read_releases(files["sources"], files["area_sources"], files["surrogates"], grid)
    through = Weather(layer, classes, dispersion, coefficients)
    deposited = np.zeros((2, len(releases), len(classes), grid.height, grid.width), dtype=np.float32)
    bits = int(coefficients["dispersion"]["mantissa_bits"])
    for position, field in enumerate(fields(releases, through, grid, bits)):
        deposited[:, position] = field.values
        logger.info(
            "%s: deposited within %.0f m %s; sampling factors %.4f..%.4f",
            releases[position].name,
            through.edges_m[-1],
            " ".join(f"{name} {1.0 - aloft:.3f}" for name, aloft in zip(classes, field.aloft, strict=True)),
            field.factors.min(),
            field.factors.max(),
        )
    inside = deposited.sum(axis=(0, 3, 4), dtype=np.float64) * grid.cell_area_m2
    io.write_netcdf(
        operator,
        {
            "dry": (("source", "class", "y", "x"), deposited[0], "operator"),
            "wet": (("source", "class", "y", "x"), deposited[1], "operator"),
            "inside": (("source", "class"), inside, "share"),
        },
        {"source": [release.name for release in releases], "class": classes},
        grid,
        weather_year=year,
        hours=hours,
        calm_hours=calm,
        missing_hours=missing,
        max_distance_m=float(dispersion["max_distance_m"]),
        source_rule="compute_operator",
    )


def listed(files):
    """One path or several, as a list."""
    return [files] if isinstance(files, str) else list(files)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            files={name: snakemake.input[name] for name in FILES},
            weather=listed(snakemake.input.weather),  # one CSV, or an EPW with its rain series
            operator=snakemake.output.operator,
            boundary_layer=snakemake.output.boundary_layer,
            year=int(snakemake.wildcards.year),
            dispersion=snakemake.params.dispersion,
            coefficients=snakemake.params.coefficients,
        )
