"""Limits of each receptor as data: agricultural and development standards, ecological thresholds.

Every land-use class has its own receptor, so a mixed cell has several limits at once; they are returned by class
and never averaged.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metalbudget.landuse import SOIL_CLASSES

Vector = NDArray[np.float64]
Rows = Mapping[str, float | str]

TABLES = ("limits_gb15618", "limits_gb36600", "limits_ecological")  # in the order of LimitTables
LEVELS = ("screening", "intervention")
ECOLOGICAL_RULES = ("added_risk", "total_pnec")
# Rows of GB 15618 that apply to a class, the most special first: its tables name paddy and orchard only where
# they differ from other farmland.
AGRICULTURAL_LAND = {
    "paddy": ("paddy", "other", "all"),
    "dryland": ("other", "all"),
    "orchard": ("orchard", "other", "all"),
}
DEVELOPMENT_LAND = {"residential": "first", "industrial": "second"}
ECOLOGICAL_LAND = ("forest", "grass", "wetland", "bare")


class LimitTables(NamedTuple):
    """Rows of the three limit tables for one metal.

    Parameters
    ----------
    agricultural : mapping
        ``limits_gb15618.csv``, keyed ``level/land/ph_upper``. [mg kg⁻¹]
    development : mapping
        ``limits_gb36600.csv``, keyed ``level/land_class/species``. [mg kg⁻¹]
    ecological : mapping
        ``limits_ecological.csv``, keyed ``coefficient``.
    """

    agricultural: Rows
    development: Rows
    ecological: Rows


def by_class(
    tables: LimitTables,
    ph_water: Vector,
    organic_carbon_pct: Vector,
    background: Vector,
    background_p90: Vector,
    *,
    level: str = "screening",
    ecological: str = "added_risk",
) -> Vector:
    """Limit of every soil class in every cell.

    Parameters
    ----------
    tables : LimitTables
    ph_water : ndarray, shape (n,)
        pH in water, the scale of the standards. [1]
    organic_carbon_pct : ndarray, shape (n,)
        [%]
    background, background_p90 : ndarray, shape (n,)
        Mean and 90 % quantile of the natural background. [mg kg⁻¹]
    level : str
        ``screening`` or ``intervention`` (control) values of the standards.
    ecological : str
        ``added_risk`` or ``total_pnec`` for natural land.

    Returns
    -------
    ndarray, shape (9, n)
        [mg kg⁻¹], in the order of ``SOIL_CLASSES``; NaN where the standards set no limit for this metal.

    Raises
    ------
    ValueError
        If ``level`` or ``ecological`` is unknown.

    Notes
    -----
    Paddy, dryland and orchard: GB 15618-2018 by pH. Residential and industrial: GB 36600-2018 land class 1 and 2; the
    standard limits Cr(VI) alone, which must never be compared with total chromium, and has no value for zinc, so both
    have no limit there. Forest, grass, wetland and bare ground: ecological threshold (``ecological_limit``), the same
    at either level because no control value exists for them.
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {LEVELS}, got {level!r}")
    if ecological not in ECOLOGICAL_RULES:
        raise ValueError(f"ecological must be one of {ECOLOGICAL_RULES}, got {ecological!r}")
    ph_water = np.asarray(ph_water, dtype=float)
    natural = ecological_limit(
        tables.ecological, ph_water, organic_carbon_pct, background, background_p90, rule=ecological
    )
    result = np.full((len(SOIL_CLASSES), ph_water.size), np.nan)
    for row, name in enumerate(SOIL_CLASSES):
        if name in AGRICULTURAL_LAND:
            result[row] = agricultural_limit(tables.agricultural, name, ph_water, level)
        elif name in DEVELOPMENT_LAND:
            result[row] = development_limit(tables.development, name, level)
        else:
            result[row] = natural
    return result


def agricultural_limit(rows: Rows, landuse_class: str, ph_water: Vector, level: str) -> Vector:
    """GB 15618-2018 value of a farmland class by pH, a step function as written.

    Parameters
    ----------
    rows : mapping
        Keyed ``level/land/ph_upper``. [mg kg⁻¹]
    landuse_class : str
        paddy, dryland or orchard.
    ph_water : ndarray, shape (n,)
        [1]
    level : str
        ``screening`` or ``intervention``.

    Returns
    -------
    ndarray, shape (n,)
        [mg kg⁻¹], NaN where the standard has no value (control values of Cu, Ni and Zn) or pH is NaN.

    Notes
    -----
    The bins are closed on the right: pH ≤ 5.5, 5.5 < pH ≤ 6.5, 6.5 < pH ≤ 7.5, pH > 7.5 (GB 15618-2018 tables 1, 3).
    """
    ph_water = np.asarray(ph_water, dtype=float)
    for land in AGRICULTURAL_LAND[landuse_class]:
        prefix = f"{level}/{land}/"
        bins = sorted(
            (float(key.removeprefix(prefix)), float(value)) for key, value in rows.items() if key.startswith(prefix)
        )
        if bins:
            upper = np.array([edge for edge, _ in bins])
            values = np.array([value for _, value in bins])
            position = np.minimum(np.searchsorted(upper, ph_water, side="left"), upper.size - 1)
            return np.where(np.isnan(ph_water), np.nan, values[position])
    return np.full(ph_water.shape, np.nan)


def development_limit(rows: Rows, landuse_class: str, level: str) -> float:
    """GB 36600-2018 value of total metal for a built class, NaN where the standard has none.

    Parameters
    ----------
    rows : mapping
        Keyed ``level/land_class/species``. [mg kg⁻¹]
    landuse_class : str
        residential (land class 1) or industrial (land class 2).
    level : str
        ``screening`` or ``intervention``.

    Returns
    -------
    float
        [mg kg⁻¹] Rows of another species (Cr(VI)) are data for those who track it, and never used here.
    """
    return float(rows.get(f"{level}/{DEVELOPMENT_LAND[landuse_class]}/total", np.nan))


def ecological_limit(
    rows: Rows,
    ph_water: Vector,
    organic_carbon_pct: Vector,
    background: Vector,
    background_p90: Vector,
    *,
    rule: str,
) -> Vector:
    """Threshold for natural land.

    Parameters
    ----------
    rows : mapping
        Keyed by coefficient of ``limits_ecological.csv``.
    ph_water, organic_carbon_pct, background, background_p90 : ndarray, shape (n,)
        [1], [%], [mg kg⁻¹], [mg kg⁻¹]
    rule : str
        ``added_risk`` or ``total_pnec``.

    Returns
    -------
    ndarray, shape (n,)
        [mg kg⁻¹]

    Notes
    -----
    ``added_risk``: background + ageing factor × PNEC of added metal where toxicity data are for added metal; else
    max(total PNEC, 90 % quantile of the background), because generic total PNECs lie below the natural background of
    As, Hg and Cr (EU REACH PNECs, ECHA 2022/06). ``total_pnec``: the generic PNEC as it stands.
    """
    background = np.asarray(background, dtype=float)
    total = float(rows["total_pnec"])
    if rule == "total_pnec":
        return np.full(background.shape, total)
    if "added_form" not in rows:
        return np.maximum(total, background_p90)
    return background + float(rows["ageing_factor"]) * added_threshold(rows, ph_water, organic_carbon_pct)


def added_threshold(rows: Rows, ph_water: Vector, organic_carbon_pct: Vector) -> Vector:
    """PNEC of added metal in fresh laboratory soils.

    Parameters
    ----------
    rows : mapping
        With ``added_form`` = ``ph_range``: value at an acid and a calcareous pH, log-linear between and constant
        beyond; or ``regression``: log10 HC5 = intercept + a pH + b OC.
    ph_water, organic_carbon_pct : ndarray, shape (n,)
        [1], [%]

    Returns
    -------
    ndarray, shape (n,)
        [mg kg⁻¹]
    """
    if rows["added_form"] == "ph_range":
        acid, calcareous = float(rows["acid_ph"]), float(rows["calcareous_ph"])
        weight = np.clip((np.asarray(ph_water, dtype=float) - acid) / (calcareous - acid), 0.0, 1.0)
        low, high = np.log(float(rows["added_acid"])), np.log(float(rows["added_calcareous"]))
        return np.exp(low + weight * (high - low))
    return 10.0 ** (
        float(rows["added_intercept"])
        + float(rows["added_ph"]) * np.asarray(ph_water, dtype=float)
        + float(rows["added_organic_carbon_pct"]) * np.asarray(organic_carbon_pct, dtype=float)
    )


def of_dominant_class(limits: Vector, shares: Vector) -> tuple[Vector, NDArray[np.int64]]:
    """Limit of the class that covers most of a cell's open soil.

    Parameters
    ----------
    limits, shares : ndarray, shape (9, n)
        [mg kg⁻¹], [1]

    Returns
    -------
    limit : ndarray, shape (n,)
        [mg kg⁻¹], NaN where that class has no limit or no soil is open.
    dominant : ndarray of int, shape (n,)
        Row of the class in ``SOIL_CLASSES``, -1 where no soil is open.
    """
    dominant = np.argmax(shares, axis=0)
    limit = np.take_along_axis(limits, dominant[None], axis=0)[0]
    open_soil = shares.max(axis=0) > 0.0
    return np.where(open_soil, limit, np.nan), np.where(open_soil, dominant, -1)
