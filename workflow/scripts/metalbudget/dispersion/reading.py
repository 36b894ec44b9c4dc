"""The dispersion's edge: stacks and gridded sources."""

from collections.abc import Mapping
from pathlib import Path

from metalbudget import io, settings
from metalbudget.dispersion.case import FineFraction, GasSurface
from metalbudget.dispersion.release import Release
from metalbudget.errors import InputError, InputErrors
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


def method_2_pairs(rows: Mapping[str, Mapping[str, float]]) -> dict[str, FineFraction]:
    """What METHOD_2 knows of each metal's particles; metals without rows are left out.

    Parameters
    ----------
    rows : mapping of metal to rows
        ``fine_fraction`` and ``mean_diameter_um`` of method_2.csv.

    Raises
    ------
    InputError
        If a metal has one row and not the other, or a value cannot be.
    """
    pairs, problems = {}, []
    for metal, found in rows.items():
        if not found:
            continue
        fine, diameter = (found.get(name, float("nan")) for name in ("fine_fraction", "mean_diameter_um"))
        if 0.0 <= fine <= 1.0 and diameter > 0.0:
            pairs[metal] = FineFraction(float(fine), float(diameter))
            continue
        problems.append(
            InputError(
                "the metal's rows do not make a pair for METHOD_2",
                file=settings.PARAMETERS / "method_2.csv",
                where=f"metal {metal}",
                found=", ".join(f"{name} {value:g}" for name, value in found.items()),
                expected="fine_fraction between 0 and 1 and mean_diameter_um above 0",
                mend="give both rows, or neither to leave METHOD_2 out",
            )
        )
    if problems:
        raise InputErrors(problems)
    return pairs
