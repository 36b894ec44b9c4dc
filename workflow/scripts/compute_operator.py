"""Write the dispersion operator of one weather year, and the boundary layer it was computed in."""

from typing import TYPE_CHECKING

import numpy as np
from metalbudget import io, weather_files
from metalbudget.dispersion import engine, rings
from metalbudget.dispersion.reading import gas_surface, method_2_pairs, read_releases
from metalbudget.dispersion.release import Weather, fields
from metalbudget.dispersion.relief import ground_of
from metalbudget.meteorology.station import hourly_table, study_hours
from metalbudget.runlog import logger, logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

FILES = ("station", "mask", "elevation", "sources", "area_sources", "surrogates")


def main(*, files, weather, operator, boundary_layer, year, dispersion, coefficients, threads):
    """Hourly weather and source geometry to deposition per unit emitted."""
    grid = io.read_grid(files["mask"])
    station = weather_files.read_station(files["station"])
    hours, observations = study_hours(
        weather_files.read(weather, year, station),
        station,
        year,
        dispersion["rural_surface_roughness_m"],
        coefficients["boundary_layer"],
    )
    io.write_table(boundary_layer, hourly_table(hours))
    calm, missing = int(hours.calm.sum()), int(hours.missing.sum())
    rain = float(np.nansum(hours.precipitation_mm_h))
    logger.info("%s: %d hours, %d calm and %d missing left out, %.0f mm rain", year, hours.size, calm, missing, rain)

    classes = list(dict.fromkeys(key.split("/")[0] for key in coefficients["particle_class"]))
    releases = read_releases(files["sources"], files["area_sources"], files["surrogates"], grid)
    surface = gas_surface(coefficients["dispersion"])
    through = engine.tables(hours, observations, classes, dispersion, coefficients, surface)
    bits = int(coefficients["dispersion"]["mantissa_bits"])
    ground = None
    if dispersion["terrain"] == "hills":
        ground = ground_of(io.read_raster(files["elevation"], grid), grid)
    within_m = float(dispersion["max_distance_m"])
    own = through
    if not isinstance(through, Weather):
        own = Weather(hours, observations, classes, dispersion, coefficients, surface)
    beside = ring_variables(own, releases, classes, coefficients, threads)
    coords = {"source": [release.name for release in releases], "class": classes, **beside["coords"]}
    attributes = {
        "weather_year": year,
        "hours": hours.size,
        "calm_hours": calm,
        "missing_hours": missing,
        "max_distance_m": within_m,
        "engine": dispersion["engine"],
        "terrain": dispersion["terrain"],
        "source_rule": "compute_operator",
    }
    inside = np.zeros((len(releases), len(classes)))
    with io.writing_netcdf(operator, coords, grid, **attributes) as cube:
        for kind in ("dry", "wet"):
            cube.create(kind, ("source", "class", "y", "x"), np.float32, "operator")
        for position, field in enumerate(fields(releases, through, grid, bits, threads, ground, within_m)):
            for number, kind in enumerate(("dry", "wet")):
                cube.put(kind, field.values[number], position)
            inside[position] = field.values.sum(axis=(0, 2, 3), dtype=np.float64) * grid.cell_area_m2
            logger.info(
                "%s: deposited within %.0f m %s",
                releases[position].name,
                within_m,
                " ".join(f"{name} {share:.3f}" for name, share in zip(classes, field.within, strict=True)),
            )
        cube.write("inside", ("source", "class"), inside, "share")
        for name, variable in beside["variables"].items():
            cube.write(name, *variable)


def ring_variables(weather, releases, classes, coefficients, threads):
    """Ring shares of the classes and of METHOD_2's pairs; always by our own engine, on and off the grid."""
    pairs = method_2_pairs(coefficients["method_2"])
    if not pairs:
        return {"variables": {}, "coords": {}}
    shares = rings.of_releases(lambda release: weather.rings(release, list(pairs.values())), releases, threads)
    gas = np.array([coefficients["particle_class"][f"{name}/kind"] == "gas" for name in classes], dtype=np.int8)
    return {
        "variables": {
            "ring_class": (("source", "class", "kind", "ring"), shares[:, : len(classes)], "share"),
            "ring_method_2": (("source", "metal", "kind", "ring"), shares[:, len(classes) :], "share"),
            "gas": (("class",), gas, "number"),
        },
        "coords": {"metal": list(pairs), "kind": list(rings.KINDS), "ring": np.array(rings.edges_m(weather.last_m))},
    }


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
            threads=snakemake.threads,
        )
