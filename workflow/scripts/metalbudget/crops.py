"""Metals that leave the field with the harvest: plant concentrations and net removal."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.agriculture import class_columns
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.quantities import MG_M2_PER_G_HA

# Crop, harvested part [t ha⁻¹ of cell], removed straw [t ha⁻¹ of cell]
Cropping = list[tuple[str, NDArray[np.float64], NDArray[np.float64]]]


def dry_yield(fresh: NDArray[np.float64], dry_matter: float) -> NDArray[np.float64]:
    """Dry harvest from a fresh one.

    Parameters
    ----------
    fresh : array_like, shape (...)
        [t ha⁻¹ yr⁻¹]
    dry_matter : float
        Dry share of the fresh mass (table ``crop_traits``). [1], 0..1

    Returns
    -------
    ndarray, shape (...)
        [t ha⁻¹ yr⁻¹]
    """
    if not 0.0 < dry_matter <= 1.0:
        raise ValueError(f"dry_matter must lie in 0..1, got {dry_matter:g}")
    return np.asarray(fresh, dtype=float) * dry_matter


def plant_concentration(
    crop: str,
    part: str,
    metal: str,
    soil_concentration: NDArray[np.float64],
    ph_water: NDArray[np.float64],
    organic_carbon_pct: NDArray[np.float64],
    clay_pct: NDArray[np.float64],
    coefficients: Mapping[str, float],
) -> NDArray[np.float64]:
    r"""Metal in a plant part, dry weight.

    One of these forms, whichever the table holds for crop, part and metal:

    .. math::
        \log_{10} C_p &= a + b \log_{10} C_s + c \log_{10} OC + d \log_{10} clay + e \, pH \\
        \log_{10} (C_p / C_s) &= a + b \log_{10} C_s \\
        C_p &= BCF \cdot C_s \quad\text{or, for straw,}\quad C_p = r \cdot C_{grain}

    Parameters
    ----------
    crop : str
        rice, wheat, rape, vegetables or tea_citrus.
    part : {"grain", "straw"}
        Harvested part (grain, seed, leaf, fruit) or residue.
    metal : str
    soil_concentration : array_like, shape (n,)
        Total metal in the topsoil, Cs. [mg kg⁻¹], ≥ 0
    ph_water, organic_carbon_pct, clay_pct : array_like, shape (n,)
        [1], [%], [%]
    coefficients : mapping of ``crop/part/name`` to float
        Rows of table ``crop_uptake`` for the metal.

    Returns
    -------
    ndarray, shape (n,)
        [mg kg⁻¹ dry weight], within the plausible range of plants; 0 where the soil holds none.

    Notes
    -----
    Sources: Cd in rice, refit of the open data of Xu et al. 2025 (n = 111, R² 0.54, s 0.44; example pH 6,
    Cd 0.2, OC 1.74 %, clay 25 % → 0.07 mg/kg); Cd, Zn, Ni in cereals, kwb.fcr; other factors as the table
    says. Valid for rice pH 4.0-7.9, Cd 0.15-0.94 mg/kg, OC 0.28-3.2 %, clay 3.7-46 %: pH, carbon and clay
    outside count as the nearest value inside. The rice data come from contaminated land and may
    over-predict elsewhere.
    """
    soil = np.asarray(soil_concentration, dtype=float)

    if f"{crop}/{part}/ratio_to_grain" in coefficients:
        plant = coefficients[f"{crop}/{part}/ratio_to_grain"] * plant_concentration(
            crop, "grain", metal, soil, ph_water, organic_carbon_pct, clay_pct, coefficients
        )
    elif f"{crop}/{part}/bcf" in coefficients:
        plant = coefficients[f"{crop}/{part}/bcf"] * soil
    else:
        plant = _regression(crop, part, metal, soil, ph_water, organic_carbon_pct, clay_pct, coefficients)
    low, high = (
        coefficients.get(f"{crop}/{part}/{name}", coefficients[f"all/{part}/{name}"]) for name in ("minimum", "maximum")
    )
    return np.where(soil > 0.0, np.clip(plant, low, high), np.where(soil == 0.0, 0.0, np.nan))


def _regression(
    crop: str,
    part: str,
    metal: str,
    soil: NDArray[np.float64],
    ph_water: NDArray[np.float64],
    organic_carbon_pct: NDArray[np.float64],
    clay_pct: NDArray[np.float64],
    coefficients: Mapping[str, float],
) -> NDArray[np.float64]:
    place = f"{crop}/{part}"
    log_soil = np.log10(np.maximum(soil, 1.0e-12))  # soils without metal are set to 0 by the caller
    if f"{place}/bcf_intercept" in coefficients:
        slope = 1.0 + coefficients[f"{place}/bcf_soil"]
        return 10.0 ** (coefficients[f"{place}/bcf_intercept"] + slope * log_soil)
    if f"{place}/intercept" not in coefficients:
        raise ValueError(f"table crop_uptake has no relation for {metal} in {crop}, {part}")
    exponent = coefficients[f"{place}/intercept"] + coefficients[f"{place}/soil"] * log_soil
    for name, values, logarithmic in (
        ("ph", ph_water, False),
        ("organic_carbon", organic_carbon_pct, True),
        ("clay", clay_pct, True),
    ):
        if f"{place}/{name}" not in coefficients:
            continue
        low = coefficients.get(f"{place}/{name}_low", 1.0e-3 if logarithmic else -np.inf)
        inside = np.clip(np.asarray(values, dtype=float), low, coefficients.get(f"{place}/{name}_high", np.inf))
        exponent = exponent + coefficients[f"{place}/{name}"] * (np.log10(inside) if logarithmic else inside)
    return 10.0**exponent


def harvest_per_class(
    grain_t_ha: NDArray[np.float64],
    straw_t_ha: NDArray[np.float64],
    straw_return: NDArray[np.float64] | float,
    grain_concentration: NDArray[np.float64],
    straw_concentration: NDArray[np.float64],
) -> NDArray[np.float64]:
    r"""Net removal with a harvest, :math:`F = Y_g C_g + Y_s C_s (1 - f_{return})`.

    Parameters
    ----------
    grain_t_ha, straw_t_ha : array_like, shape (...)
        Dry harvested part and straw. [t ha⁻¹ yr⁻¹ of class land], ≥ 0
    straw_return : array_like
        Share of the straw that stays on the field. [1], 0..1
    grain_concentration, straw_concentration : array_like
        [mg kg⁻¹ dry weight]

    Returns
    -------
    ndarray, shape (...)
        [mg m⁻² yr⁻¹ of class land]

    Notes
    -----
    1 t ha⁻¹ with 1 mg kg⁻¹ is 1 g ha⁻¹, exactly. Returned straw is recycling, not an input.
    """
    removed = grain_t_ha * grain_concentration + straw_t_ha * (1.0 - straw_return) * straw_concentration
    return removed * MG_M2_PER_G_HA


def cropping_on_cells(
    table: Mapping[str, Any],
    year: int,
    district_index: NDArray[np.integer],
    shares: NDArray[np.float64],
    districts: Sequence[str],
) -> Cropping:
    """Harvest of each crop per area of cell. Linear in the shares.

    Parameters
    ----------
    table : mapping of columns
        ``agriculture.csv``.
    year : int
        A modelled year. [yr]
    district_index : ndarray of int, shape (n,)
        1..k in the order of `districts`; 0 or less where a cell belongs to no district.
    shares : ndarray, shape (9, n)
        Open soil by class as shares of the cell. [1]
    districts : sequence of str, length k

    Returns
    -------
    list of (crop, grain, straw)
        For each crop the sum over the classes that bear it of share times harvested part, and share times
        removed straw (straw less what returns), shape (n,). [t ha⁻¹ yr⁻¹ of CELL area]

    Notes
    -----
    The list holds the same crops in the same order whatever the shares, so between two dates of land use
    each array may be interpolated linearly. Divided by the cell's open share the values are per open soil.
    """
    columns = class_columns(table, year, districts, ("yield_t_ha", "straw_t_ha", "straw_return_fraction"))
    grown = _crops(table, year, districts)
    straw_removed = columns["straw_t_ha"] * (1.0 - columns["straw_return_fraction"])
    index = np.maximum(np.asarray(district_index), 0)
    result: Cropping = []
    for crop in sorted(set(grown.ravel()) - {""}):
        totals = []
        for values in (columns["yield_t_ha"], straw_removed):
            of_crop = np.where(grown == crop, values, 0.0)
            padded = np.vstack([np.zeros(len(SOIL_CLASSES)), of_crop])
            total = np.zeros(index.shape)
            for number in np.flatnonzero((grown == crop).any(axis=0)):
                total += shares[number] * padded[index, number]
            totals.append(total)
        result.append((str(crop), totals[0], totals[1]))
    return result


def _crops(table: Mapping[str, Any], year: int, districts: Sequence[str]) -> NDArray:
    """Crop of each district and class, shape (k, 9); empty where nothing is grown."""
    number = {str(name): position for position, name in enumerate(districts)}
    grown = np.full((len(districts), len(SOIL_CLASSES)), "", dtype=object)
    for row in np.flatnonzero(np.asarray(table["year"]) == year):
        district = str(table["district_id"][row])
        if district in number:
            kind = SOIL_CLASSES.index(str(table["landuse_class"][row]))
            grown[number[district], kind] = str(table["crop"][row])
    return grown


def harvest(
    metal: str,
    concentration: NDArray[np.float64],
    ph: NDArray[np.float64],
    organic_carbon: NDArray[np.float64],
    clay: NDArray[np.float64],
    cropping: Cropping,
    coefficients: Mapping[str, float],
) -> NDArray[np.float64]:
    """Removal of a metal with all crops of each cell.

    Parameters
    ----------
    metal : str
    concentration : ndarray, shape (n,)
        Total metal in open soil. [mg kg⁻¹], ≥ 0
    ph, organic_carbon, clay : ndarray, shape (n,)
        pH in water [1], organic carbon [%], clay [%].
    cropping : list of (crop, grain, removed straw), each shape (n,)
        Of `cropping_on_cells`. [t ha⁻¹ yr⁻¹]
    coefficients : mapping
        Rows of table ``crop_uptake`` for the metal.

    Returns
    -------
    ndarray, shape (n,)
        [mg m⁻² yr⁻¹], per the same area as `cropping`: per cell with the shares of the cell, per open soil
        if the shares were divided by the open share. Linear in the yields, so also in the shares.
    """
    total = np.zeros(np.shape(concentration))
    for crop, grain, straw in cropping:
        of_part = [
            plant_concentration(crop, part, metal, concentration, ph, organic_carbon, clay, coefficients)
            for part in ("grain", "straw")
        ]
        total += harvest_per_class(grain, straw, 0.0, of_part[0], of_part[1])
    return total
