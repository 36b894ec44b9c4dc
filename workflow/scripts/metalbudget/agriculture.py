"""Metal inputs with fertilisers, manure, irrigation and pesticides, per class land and per cell."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError, InputErrors
from metalbudget.landuse import SOIL_CLASSES
from metalbudget.quantities import MG_M2_PER_G_HA

PROCESSES = ("fertiliser", "manure", "irrigation", "pesticide")

# Column of agriculture.csv, material of table agri_content, and kg of product per unit of the column.
MATERIALS: dict[str, tuple[tuple[str, str, float], ...]] = {
    "fertiliser": (
        ("urea_kg_ha", "urea", 1.0),
        ("phosphate_kg_ha", "phosphate", 1.0),
        ("potash_kg_ha", "potash", 1.0),
        ("compound_kg_ha", "compound", 1.0),
    ),
    "manure": (
        ("organic_fertiliser_kg_ha", "organic_fertiliser", 1.0),
        ("manure_t_ha", "manure", 1000.0),
    ),
    "pesticide": (
        ("copper_fungicide_kg_ha", "copper_fungicide", 1.0),
        ("mancozeb_kg_ha", "mancozeb", 1.0),
    ),
}
G_PER_MG = 1.0e-3

Table = Mapping[str, Any]


def material_input(amount: NDArray[np.float64], content: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Metal input with a material, F = R c.

    Parameters
    ----------
    amount : array_like, shape (...)
        Product mass applied, R. [kg ha⁻¹ yr⁻¹], ≥ 0
    content : array_like, shape broadcastable to ``amount``
        Metal in the product, c. [mg kg⁻¹], ≥ 0

    Returns
    -------
    ndarray, shape (...)
        [mg m⁻² yr⁻¹]

    Notes
    -----
    1 kg ha⁻¹ of product with 1 mg kg⁻¹ is 1e-3 g ha⁻¹, exactly.
    """
    return np.asarray(amount, dtype=float) * content * G_PER_MG * MG_M2_PER_G_HA


def irrigation_input(water: NDArray[np.float64], concentration: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metal input with irrigation water, F = I c.

    Parameters
    ----------
    water : array_like, shape (...)
        Irrigation, I. [m³ ha⁻¹ yr⁻¹], ≥ 0
    concentration : array_like, shape broadcastable to ``water``
        Metal in the water, c. [ug L⁻¹], ≥ 0

    Returns
    -------
    ndarray, shape (...)
        [mg m⁻² yr⁻¹]

    Notes
    -----
    1 ug L⁻¹ is 1 mg m⁻³. Check: Cd 0.1 ug/L with 7500 m³/ha is 0.75 g/ha.
    """
    return np.asarray(water, dtype=float) * concentration * G_PER_MG * MG_M2_PER_G_HA


def contents_of_year(content: Mapping[str, float], trend: Mapping[str, float], year: float) -> dict[str, float]:
    """Metal contents of materials in a year.

    Parameters
    ----------
    content : mapping of material to float
        Rows of table ``agri_content`` for one metal. [mg kg⁻¹]
    trend : mapping of ``material/year`` to float
        Rows of table ``agri_content_trend``: factors of dated years, linear between them and constant
        outside; a material without rows does not change. [1]
    year : float
        [yr]

    Returns
    -------
    dict
        [mg kg⁻¹]
    """
    dated: dict[str, list[tuple[float, float]]] = {}
    for key, factor in trend.items():
        material, at = key.split("/")
        dated.setdefault(material, []).append((float(at), float(factor)))
    result = {}
    for material, value in content.items():
        points = sorted(dated.get(material, [(year, 1.0)]))
        at_years, factors = [point[0] for point in points], [point[1] for point in points]
        result[material] = float(value) * float(np.interp(year, at_years, factors))
    return result


def class_columns(
    table: Table, year: int, districts: Sequence[str], names: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Columns of the farm statistics of a year by district and class.

    Parameters
    ----------
    table : mapping of columns
        ``agriculture.csv``.
    year : int
        [yr]
    districts : sequence of str, length k
        District names in the order of the district raster (its value 1 is the first).
    names : sequence of str
        Columns wanted.

    Returns
    -------
    dict of ndarray, shape (k, 9)
        In the units of the columns; zero for classes that are not farmed.

    Raises
    ------
    InputErrors
        If a district of the raster has no row in this year, or a class stands twice or is unknown.
    """
    number = {str(name): position for position, name in enumerate(districts)}
    result = {name: np.zeros((len(districts), len(SOIL_CLASSES))) for name in names}
    problems: list[InputError] = []
    seen: set[tuple[int, int]] = set()
    for row in np.flatnonzero(np.asarray(table["year"]) == year):
        district, kind = str(table["district_id"][row]), str(table["landuse_class"][row])
        where = f"row {row + 2}"
        if district not in number:
            continue  # a district outside the grid
        if kind not in SOIL_CLASSES:
            problems.append(
                InputError(
                    "unknown land-use class",
                    file="agriculture.csv",
                    where=where,
                    found=kind,
                    expected=", ".join(SOIL_CLASSES),
                )
            )
            continue
        place = number[district], SOIL_CLASSES.index(kind)
        if place in seen:
            problems.append(
                InputError(
                    "a district has two rows for one class and year",
                    file="agriculture.csv",
                    where=where,
                    found=f"{district}, {year}, {kind}",
                    expected="one row",
                )
            )
        seen.add(place)
        for name in names:
            result[name][place] = table[name][row]
    without = sorted(set(range(len(districts))) - {district for district, _ in seen})
    if without:
        problems.append(
            InputError(
                "districts have no farm statistics",
                file="agriculture.csv",
                where=f"year {year}",
                found=", ".join(str(districts[position]) for position in without[:5]),
                expected="one row for every district, modelled year and farmed class",
            )
        )
    if problems:
        raise InputErrors(problems)
    return result


def water_concentration(water: Table, year: int, metal: str, districts: Sequence[str]) -> NDArray[np.float64]:
    """Metal in irrigation water by district.

    Parameters
    ----------
    water : mapping of columns
        ``irrigation_water.csv``.
    year : int
        [yr]
    metal : str
    districts : sequence of str, length k

    Returns
    -------
    ndarray, shape (k,)
        [ug L⁻¹]

    Raises
    ------
    InputError
        If a district has no value.
    """
    chosen = (np.asarray(water["year"]) == year) & (np.asarray(water["metal"]) == metal)
    of_district = {
        str(water["district_id"][row]): float(water["concentration_ug_l"][row]) for row in np.flatnonzero(chosen)
    }
    missing = [str(name) for name in districts if str(name) not in of_district]
    if missing:
        raise InputError(
            "districts have no irrigation-water concentration",
            file="irrigation_water.csv",
            where=f"year {year}, metal {metal}",
            found=", ".join(missing[:5]),
            expected="one row for every district, modelled year and metal",
        )
    return np.array([of_district[str(name)] for name in districts])


def rates(
    table: Table,
    water: Table,
    year: int,
    metal: str,
    contents: Mapping[str, Mapping[str, float]],
    districts: Sequence[str],
) -> dict[str, NDArray[np.float64]]:
    """Agricultural inputs per square metre of class land.

    Parameters
    ----------
    table, water : mapping of columns
        ``agriculture.csv`` and ``irrigation_water.csv``.
    year : int
        A modelled year. [yr]
    metal : str
    contents : mapping
        ``agri_content`` and ``agri_content_trend``: rows of these tables for the metal.
    districts : sequence of str, length k
        District names in the order of the district raster.

    Returns
    -------
    dict of ndarray, shape (k, 9)
        Process to input per open soil of the class, in the order of `SOIL_CLASSES`. [mg m⁻² yr⁻¹]

    Notes
    -----
    Straw that stays on the field is no input: it is left out of the harvest instead (`crops`).
    Pesticides of the past (As, Hg) have no column in the statistics; enter them as legacy area sources.
    """
    of_year = contents_of_year(contents["agri_content"], contents["agri_content_trend"], year)
    names = [column for rows in MATERIALS.values() for column, _, _ in rows]
    columns = class_columns(table, year, districts, [*names, "irrigation_m3_ha"])
    result: dict[str, NDArray[np.float64]] = {}
    for process in PROCESSES:
        if process == "irrigation":
            concentration = water_concentration(water, year, metal, districts)
            result[process] = irrigation_input(columns["irrigation_m3_ha"], concentration[:, None])
            continue
        total = np.zeros((len(districts), len(SOIL_CLASSES)))
        for column, material, kg in MATERIALS[process]:
            total += material_input(columns[column] * kg, of_year.get(material, 0.0))
        result[process] = total
    return result


def on_cells(
    rates: Mapping[str, NDArray[np.float64]],
    district_index: NDArray[np.integer],
    shares: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """Inputs per square metre of cell: sum over classes of share times rate. Linear in the shares.

    Parameters
    ----------
    rates : mapping of process to ndarray, shape (k, 9)
        Of `rates`. [mg m⁻² yr⁻¹ of class land]
    district_index : ndarray of int, shape (n,)
        1..k; 0 or less where a cell belongs to no district (it gets nothing).
    shares : ndarray, shape (9, n)
        Open soil by class as shares of the cell. [1]

    Returns
    -------
    dict of ndarray, shape (n,)
        [mg m⁻² yr⁻¹ of cell]
    """
    index = np.asarray(district_index)
    result = {}
    for process, rate in rates.items():
        if index.size and index.max() > len(rate):
            raise ValueError(f"district {index.max()} lies beyond the {len(rate)} districts of the table")
        padded = np.vstack([np.zeros(rate.shape[1]), rate])
        total = np.zeros(index.shape)
        for number in np.flatnonzero(rate.any(axis=0)):
            total += shares[number] * padded[np.maximum(index, 0), number]
        result[process] = total
    return result
