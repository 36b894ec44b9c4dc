"""The dispersion's edge: stacks and gridded sources."""

from collections.abc import Mapping
from pathlib import Path

from metalbudget import io
from metalbudget.dispersion.case import GasSurface
from metalbudget.dispersion.release import Release
from metalbudget.grid import Grid

FilePath = str | Path


def read_releases(sources: FilePath, area_sources: FilePath, surrogates: FilePath, grid: Grid) -> list[Release]:
    """Point sources, then area sources with their weights on the grid."""
    points, areas = io.read_table(sources), io.read_table(area_sources)
    weights = io.read_bands(surrogates, grid)
    stacks = [
        Release(
            name=str(name),
            height_m=float(points["stack_height_m"][row]),
            diameter_m=float(points["stack_diameter_m"][row]),
            exit_temperature_k=float(points["exit_temperature_k"][row]),
            exit_velocity_m_s=float(points["exit_velocity_m_s"][row]),
            x_m=float(points["x_m"][row]),
            y_m=float(points["y_m"][row]),
        )
        for row, name in enumerate(points["source_id"])
    ]
    spread = [
        Release(name=str(name), height_m=float(height), weights=weights[str(name)])
        for name, height in zip(areas["source_id"], areas["release_height_m"], strict=True)
    ]
    return stacks + spread


def gas_surface(numbers: Mapping[str, float]) -> GasSurface:
    """The ground that gases meet, from the rows ``gas_season_MM`` and ``gas_landuse`` of dispersion.csv."""
    seasons = tuple(int(numbers[f"gas_season_{month:02d}"]) for month in range(1, 13))
    return GasSurface(seasons, (int(numbers["gas_landuse"]),) * 36)
