"""Write the dispersion operator of one weather year, and the boundary layer it was computed in."""

import logging
from typing import TYPE_CHECKING

import numpy as np
from metalbudget import io, meteorology, weather_files
from metalbudget.dispersion import operator as operators
from metalbudget.dispersion import polar
from metalbudget.runlog import logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

logger = logging.getLogger("metalbudget.compute_operator")


def main(
    *,
    weather,
    station,
    mask,
    sources,
    area_sources,
    surrogates,
    operator,
    boundary_layer,
    year,
    dispersion,
    coefficients,
):
    """Hourly weather and source geometry to deposition per unit emitted."""
    grid = io.read_grid(mask)
    place = weather_files.read_station(station)
    hourly = weather_files.read(weather, int(year))
    layer = meteorology.boundary_layer(
        hourly, place, dispersion["rural_surface_roughness_m"], coefficients["boundary_layer"]
    )
    _write_boundary_layer(boundary_layer, hourly, layer, coefficients["boundary_layer"])
    logger.info(
        "%s: %d hours, %d calm and %d missing left out, %.0f mm rain",
        year,
        layer.valid.size,
        layer.calm.sum(),
        layer.missing.sum(),
        layer.rain_mm.sum(),
    )

    numbers = coefficients["dispersion"]
    classes = list(dict.fromkeys(key.split("/")[0] for key in coefficients["particle_class"]))
    loss = polar.removal(
        layer,
        classes,
        coefficients["particle_class"],
        coefficients["gas_deposition"],
        numbers["phoretic_velocity_m_s"],
    )
    shape = polar.plume_profiles(layer, numbers)
    edges = polar.ring_edges(numbers["first_radius_m"], dispersion["max_distance_m"], int(numbers["rings"]))
    azimuths = int(dispersion["azimuths"] * numbers["azimuth_oversampling"])

    points = io.read_table(sources)
    areas = io.read_table(area_sources)
    weights = io.read_bands(surrogates, grid)
    names = [str(name) for name in points["source_id"]] + [str(name) for name in areas["source_id"]]
    fields = np.zeros((2, len(names), len(classes), grid.height, grid.width), dtype=np.float32)
    bits = int(numbers["mantissa_bits"])

    def keep(position, values, factors, table):
        fields[:, position] = operators.round_mantissa(np.moveaxis(values, 1, 0).astype(np.float32), bits)
        logger.info(
            "%s: deposited within %.0f m %s; sampling factors %.4f..%.4f",
            names[position],
            edges[-1],
            " ".join(f"{name} {1.0 - aloft:.3f}" for name, aloft in zip(classes, table.aloft, strict=True)),
            factors.min(),
            factors.max(),
        )

    for position in range(len(points["source_id"])):
        table = polar.annual_table(
            {
                "height_m": points["stack_height_m"][position],
                "diameter_m": points["stack_diameter_m"][position],
                "exit_temperature_k": points["exit_temperature_k"][position],
                "exit_velocity_m_s": points["exit_velocity_m_s"][position],
                "initial_spread_m": 0.0,
            },
            layer,
            shape,
            loss,
            edges,
            azimuths,
            numbers,
        )
        values, factors = operators.point_deposition(table, points["x_m"][position], points["y_m"][position], grid)
        keep(position, values, factors, table)

    tables = {}
    for number in range(len(areas["source_id"])):
        height = float(areas["release_height_m"][number])
        if height not in tables:
            tables[height] = polar.annual_table(
                {
                    "height_m": height,
                    "diameter_m": 0.0,
                    "exit_temperature_k": 0.0,
                    "exit_velocity_m_s": 0.0,
                    "initial_spread_m": numbers["area_spread_per_height"] * height,
                },
                layer,
                shape,
                loss,
                edges,
                azimuths,
                numbers,
            )
        name = str(areas["source_id"][number])
        values, factors = operators.area_deposition(tables[height], weights[name], grid)
        keep(len(points["source_id"]) + number, values, factors, tables[height])

    inside = fields.sum(axis=(0, 3, 4), dtype=np.float64) * grid.cell_area_m2
    io.write_netcdf(
        operator,
        {
            "dry": (("source", "class", "y", "x"), fields[0], "operator"),
            "wet": (("source", "class", "y", "x"), fields[1], "operator"),
            "inside": (("source", "class"), inside, "share"),
        },
        {"source": names, "class": classes},
        grid,
        weather_year=int(year),
        hours=int(layer.valid.size),
        calm_hours=int(layer.calm.sum()),
        missing_hours=int(layer.missing.sum()),
        max_distance_m=float(dispersion["max_distance_m"]),
        source_rule="compute_operator",
    )


def _write_boundary_layer(path, hourly, layer, parameters):
    lines = {
        name: (parameters[f"golder_a_{name}"], parameters[f"golder_b_{name}"]) for name in meteorology.STABILITY_CLASSES
    }
    known = ~layer.missing
    number = meteorology.stability_class(np.where(known, layer.obukhov_length_m, 1.0), layer.roughness_m[0], lines)
    letters = [meteorology.STABILITY_CLASSES[value] if ok else "" for value, ok in zip(number, known, strict=True)]
    io.write_table(
        path,
        {
            "day_of_year": hourly["day_of_year"],
            "hour": hourly["hour"],
            "friction_velocity_m_s": np.round(layer.friction_velocity_m_s, 4),
            "obukhov_length_m": np.round(layer.obukhov_length_m, 2),
            "mixing_height_m": np.round(np.where(known, layer.mixing_height_m, np.nan), 1),
            "convective_velocity_m_s": np.round(np.where(known, layer.convective_velocity_m_s, np.nan), 4),
            "sensible_heat_w_m2": np.round(layer.sensible_heat_w_m2, 2),
            "stability_class": letters,
            "wind_speed_m_s": layer.wind_speed_m_s,
            "wind_direction_deg": layer.wind_direction_deg,
            "rain_mm": layer.rain_mm,
            "used": [int(value) for value in layer.valid],
        },
    )


def _listed(files):
    return [files] if isinstance(files, str) else list(files)


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            **{name: snakemake.input[name] for name in ("station", "mask", "sources", "area_sources", "surrogates")},
            # one CSV, or an EPW with its rain series
            weather=_listed(snakemake.input.weather),
            operator=snakemake.output.operator,
            boundary_layer=snakemake.output.boundary_layer,
            year=snakemake.wildcards.year,
            dispersion=snakemake.params.dispersion,
            coefficients=snakemake.params.coefficients,
        )
