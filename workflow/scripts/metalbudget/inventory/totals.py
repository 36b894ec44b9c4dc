"""Sector totals with their uncertainty, and the check against published regional totals."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError

Z90 = 1.6448536269514722  # standard normal quantile: 5 to 95 %
G_PER_KG = 1.0e3
M2_PER_HA = 1.0e4
ALLOWED_FACTOR = 10.0  # a regional intensity outside this factor of the published one is reported


def sum_log_sd(amounts: NDArray[np.float64], common: float, plant: float) -> float:
    r"""Standard deviation of ln(total) of sources that share one lognormal factor and have their own.

    With a common factor of log standard deviation :math:`\sigma_c` and independent plant factors
    :math:`\sigma_p`, the sum has :math:`\sigma^2 = \sigma_c^2 + \ln(1 + (e^{\sigma_p^2} - 1) \sum E^2 /
    (\sum E)^2)`: plants average out, the common factor does not.

    Parameters
    ----------
    amounts : ndarray, shape (n,)
        Emissions of the sources. [kg], ≥ 0
    common, plant : float
        Log standard deviations. [1], ≥ 0

    Returns
    -------
    float
        [1]; the common one alone if nothing is emitted.

    Notes
    -----
    Variance of a sum of independent lognormals, matched by one lognormal (Fenton 1960,
    10.1109/TCOM.1960.1097606). Independent errors alone would understate a region's uncertainty by the
    square root of the number of plants.
    """
    total = float(np.sum(amounts))
    if total <= 0.0:
        return common
    concentration = float(np.sum(np.square(amounts))) / total**2
    return math.sqrt(common**2 + math.log1p(math.expm1(plant**2) * concentration))


def spreads(sector: str, uncertainty: Mapping[str, float]) -> tuple[float, float, float]:
    """Total, common and plant log standard deviation of a sector's emissions.

    Parameters
    ----------
    sector : str
    uncertainty : mapping
        Rows of table ``emission_uncertainty``: ``sector/total`` and ``sector/common`` geometric standard
        deviations. [1], ≥ 1

    Returns
    -------
    tuple of float
        [1]
    """
    if f"{sector}/total" not in uncertainty:
        known = sorted({key.split("/")[0] for key in uncertainty})
        raise InputError("unknown sector", found=sector, expected=", ".join(known))
    total = math.log(uncertainty[f"{sector}/total"])
    common = math.log(uncertainty[f"{sector}/common"])
    return total, common, math.sqrt(max(0.0, total**2 - common**2))


def sector_totals(
    emissions: Mapping[str, Sequence], uncertainty: Mapping[str, float]
) -> dict[str, list[str] | NDArray]:
    """Emission by sector and year with its 90 % interval.

    Parameters
    ----------
    emissions : mapping of columns
        source_id, sector, year, kg (one row per source, year and class).
    uncertainty : mapping
        See `spreads`.

    Returns
    -------
    dict of columns
        sector, year, kg, low_kg, high_kg; sectors in alphabetical order. [kg]

    Notes
    -----
    ASSUME the inventory value is the median; the interval is kg times exp(±1.645 sigma).
    """
    sums: dict[tuple[str, int], dict[str, float]] = {}
    for source, sector, year, kg in zip(
        emissions["source_id"], emissions["sector"], emissions["year"], emissions["kg"], strict=True
    ):
        by_source = sums.setdefault((str(sector), int(year)), {})
        by_source[source] = by_source.get(source, 0.0) + float(kg)
    names, years, totals, lows, highs = [], [], [], [], []
    for (sector, year), by_source in sorted(sums.items()):
        _, common, plant = spreads(sector, uncertainty)
        amounts = np.array(list(by_source.values()))
        half_width = math.exp(Z90 * sum_log_sd(amounts, common, plant))
        total = math.fsum(amounts)
        names.append(sector)
        years.append(year)
        totals.append(total)
        lows.append(total / half_width)
        highs.append(total * half_width)
    return {
        "sector": names,
        "year": np.array(years, dtype=int),
        "kg": np.array(totals),
        "low_kg": np.array(lows),
        "high_kg": np.array(highs),
    }


def check_totals(sectors: Mapping[str, Sequence], area_m2: float, published: Mapping[str, float]) -> dict[str, list]:
    """Regional emission intensity per year beside the published one.

    Parameters
    ----------
    sectors : mapping of columns
        year and kg of `sector_totals`. [kg]
    area_m2 : float
        Land area of the study region. [m²]
    published : mapping of ``region/year_from/year_to`` to float
        Rows of table ``published_totals`` for the metal. [g ha⁻¹ yr⁻¹]

    Returns
    -------
    dict of columns
        year, kg, intensity_g_ha, region, published_g_ha, ratio, status. Status is ``agrees`` within a
        factor of 10, ``too_low`` or ``too_high`` outside it, ``no_published_total`` where none covers the
        year (then the published columns are blank).

    Notes
    -----
    The published totals are those of a whole province spread over its area; a study region around
    industry is expected above them, and sources outside the grid count in the sum, so this finds unit
    slips, not errors of a factor two.
    """
    columns: dict[str, list] = {
        name: [] for name in ("year", "kg", "intensity_g_ha", "region", "published_g_ha", "ratio", "status")
    }
    years = np.asarray(sectors["year"])
    kg = np.asarray(sectors["kg"], dtype=float)
    for year in sorted({int(entry) for entry in years}):
        total = float(kg[years == year].sum())
        intensity = total * G_PER_KG / (area_m2 / M2_PER_HA)
        covering = []
        for key, value in published.items():
            region, first, last = key.split("/")
            if int(first) <= year <= int(last):
                covering.append((region, float(value)))
        for region, value in covering or [("", float("nan"))]:
            ratio = intensity / value
            if math.isnan(ratio):
                status = "no_published_total"
            elif ratio > ALLOWED_FACTOR:
                status = "too_high"
            elif ratio < 1.0 / ALLOWED_FACTOR:
                status = "too_low"
            else:
                status = "agrees"
            for name, entry in zip(columns, (year, total, intensity, region, value, ratio, status), strict=True):
                columns[name].append(entry)
    return columns
