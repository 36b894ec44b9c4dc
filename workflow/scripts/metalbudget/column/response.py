"""Response tables: water terms and leaching rates for every column a cell can be, now or in a scenario."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.column import water_balance
from metalbudget.column.columns import PASTURE
from metalbudget.hydraulics import VanGenuchten

WATER_TERMS = (
    "runoff",
    "infiltration",
    "evapotranspiration",
    "drainage_20cm",
    "drainage_100cm",
    "storage_change",
)
UPTAKE_HEADS = ("anaerobic", "optimum", "limit_high", "limit_low", "wilting")
CM_PER_M = 100.0
MM_PER_M = 1000.0
KG_M3_PER_KG_L = 1000.0


@dataclass(frozen=True, eq=False)
class LandUseTables:
    """What land-use classes do with water, one row a class.

    Parameters
    ----------
    classes : tuple of str, length k
    crop_coefficient : ndarray, shape (k, 12)
        By month. [1]
    bund_height : ndarray, shape (k, 12)
        [mm]
    percolation_limit : ndarray, shape (k, 12)
        Infinite without a plough pan. [mm d⁻¹]
    irrigation_month : ndarray of bool, shape (k, 12)
    cover : Cover
    root_beta, root_depth_m : ndarray, shape (k,)
        Extinction per centimetre, and the lowest roots. [1], [m]
    evaporation_share : ndarray, shape (k,)
        Of the soil in what the canopy leaves of the demand. [1]
    uptake_heads : ndarray, shape (k, 5)
        Heads at which uptake begins, is highest, falls under a high and a low demand, and ends. [cm]
    uptake_rates_cm_d : tuple of float
        Those two demands. [cm d⁻¹]
    """

    classes: tuple[str, ...]
    crop_coefficient: NDArray[np.float64]
    bund_height: NDArray[np.float64]
    percolation_limit: NDArray[np.float64]
    irrigation_month: NDArray[np.bool_]
    cover: water_balance.Cover
    root_beta: NDArray[np.float64]
    root_depth_m: NDArray[np.float64]
    evaporation_share: NDArray[np.float64]
    uptake_heads: NDArray[np.float64]
    uptake_rates_cm_d: tuple[float, float]


def landuse_tables(
    classes: Sequence[str], coefficients: Mapping[str, float], profile: water_balance.Profile
) -> LandUseTables:
    """Tables by class and month from the rows of ``crop_coefficient.csv``.

    Parameters
    ----------
    classes : sequence of str
    coefficients : mapping
        Rows ``class/parameter/month``; month ``all`` stands for every month.
    profile : Profile

    Returns
    -------
    LandUseTables
        Without a row there is no bund, no plough pan and no irrigation.
    """

    def monthly(parameter: str, default: float | None) -> NDArray[np.float64]:
        table = np.empty((len(classes), 12))
        for row, name in enumerate(classes):
            for month in range(1, 13):
                value = coefficients.get(
                    f"{name}/{parameter}/{month}", coefficients.get(f"{name}/{parameter}/all", default)
                )
                if value is None:
                    raise ValueError(f"crop_coefficient.csv has no {parameter} of {name} for month {month}")
                table[row, month - 1] = float(value)
        return table

    beta, depth = monthly("root_beta", None)[:, 0], monthly("root_depth_m", None)[:, 0]
    roots = root_share(beta, depth, profile.plough_depth_m, profile.column_depth_m)
    evaporation = monthly("evaporation_share", None)[:, 0]
    return LandUseTables(
        classes=tuple(classes),
        crop_coefficient=monthly("crop_coefficient", None),
        bund_height=monthly("bund_height_mm", 0.0),
        percolation_limit=monthly("percolation_mm_d", np.inf),
        irrigation_month=monthly("irrigation_month", 0.0) > 0.0,
        cover=water_balance.Cover(
            interception_capacity=monthly("interception_mm", None)[:, 0],
            plough_share=evaporation + (1.0 - evaporation) * roots,
            depletion_fraction=monthly("depletion_fraction", None)[:, 0],
        ),
        root_beta=beta,
        root_depth_m=depth,
        evaporation_share=evaporation,
        uptake_heads=np.stack([monthly(f"uptake_{head}_cm", None)[:, 0] for head in UPTAKE_HEADS], axis=-1),
        uptake_rates_cm_d=PASTURE[5:],
    )


def root_share(
    beta: ArrayLike, root_depth_m: ArrayLike, plough_depth_m: float, column_depth_m: float
) -> NDArray[np.float64]:
    """Share of the roots that stands in the plough layer.

    Parameters
    ----------
    beta : array_like, shape (k,)
        Extinction per centimetre, between 0 and 1. [1]
    root_depth_m : array_like, shape (k,)
        Lowest roots; those below the column count in the column. [m]
    plough_depth_m, column_depth_m : float
        [m]

    Returns
    -------
    ndarray, shape (k,)
        [1]

    Notes
    -----
    Jackson et al. (1996), doi:10.1007/BF00333714: the share above depth z [cm] is 1 - β^z.
    """
    beta = np.asarray(beta, dtype=float)
    if np.any((beta <= 0.0) | (beta >= 1.0)):
        raise ValueError("root extinction must lie between 0 and 1")
    deepest = np.minimum(np.asarray(root_depth_m, dtype=float), column_depth_m) * CM_PER_M
    upper = np.minimum(plough_depth_m * CM_PER_M, deepest)
    return (1.0 - beta**upper) / (1.0 - beta**deepest)


def irrigation_schedule(
    annual: ArrayLike, rain: ArrayLike, month: ArrayLike, irrigation_month: ArrayLike, dry_day_rain: float
) -> NDArray[np.float64]:
    """Spread the year's irrigation evenly over the dry days of the growing months.

    Parameters
    ----------
    annual : array_like, shape (k,)
        [mm yr⁻¹]
    rain : array_like, shape (d,)
        [mm d⁻¹]
    month : array_like of int, shape (d,)
        1..12.
    irrigation_month : array_like of bool, shape (k, 12)
    dry_day_rain : float
        A day with less rain is dry. [mm d⁻¹]

    Returns
    -------
    ndarray, shape (d, k)
        Its sum over the days is `annual`; every day of the growing months counts where none is dry. [mm d⁻¹]

    Raises
    ------
    ValueError
        If a class is irrigated and has no growing month among the days.
    """
    annual = np.asarray(annual, dtype=float)
    growing = np.asarray(irrigation_month, dtype=bool)[:, np.asarray(month) - 1].T
    dry = growing & (np.asarray(rain, dtype=float) < dry_day_rain)[:, None]
    days = np.where(dry.any(axis=0), dry, growing).astype(float)
    count = days.sum(axis=0)
    if np.any((count == 0.0) & (annual > 0.0)):
        raise ValueError("an irrigated land-use class has no growing month")
    return days * annual / np.maximum(count, 1.0)


def mean_irrigation(
    classes: Sequence[str], row_class: Sequence[str], volume: ArrayLike, area: ArrayLike
) -> NDArray[np.float64]:
    """Area-weighted mean irrigation depth by class.

    Parameters
    ----------
    classes : sequence of str, length k
    row_class : sequence of str, length r
        Class of each row of the agricultural statistics (districts and years).
    volume : array_like, shape (r,)
        [m³ ha⁻¹ yr⁻¹]
    area : array_like, shape (r,)
        Weight of the row's district. [any unit]

    Returns
    -------
    ndarray, shape (k,)
        0 for classes without rows. [mm yr⁻¹]
    """
    mm_per_m3_ha = 0.1  # exact: 10 m³ over 1 ha stand 1 mm high
    names = np.asarray(row_class, dtype=object)
    volume, area = np.asarray(volume, dtype=float), np.asarray(area, dtype=float)
    result = np.zeros(len(classes))
    for position, name in enumerate(classes):
        own = (names == name) & np.isfinite(volume)
        if np.any(area[own] > 0.0):
            result[position] = np.average(volume[own], weights=area[own]) * mm_per_m3_ha
    return result


def column_response(
    *,
    rain: ArrayLike,
    evapotranspiration: ArrayLike,
    month: ArrayLike,
    rain_factors: ArrayLike,
    climate_factors: ArrayLike,
    soil: VanGenuchten,
    curve_number: ArrayLike,
    water_table_m: ArrayLike,
    irrigation: ArrayLike,
    tables: LandUseTables,
    profile: water_balance.Profile,
    initial_abstraction_ratio: float,
    dry_day_rain: float,
    tolerance_mm: float,
    cycles: int,
) -> dict[str, NDArray[np.float64]]:
    """Water terms of every combination of rain factor, land use, soil, climate zone and water table.

    Parameters
    ----------
    rain, evapotranspiration : array_like, shape (d,)
        Station rain and reference evapotranspiration. [mm d⁻¹]
    month : array_like of int, shape (d,)
        1..12.
    rain_factors : array_like, shape (r,)
        Multipliers of a scenario. [1]
    climate_factors : array_like, shape (z,)
        Multipliers of a climate zone. [1]
    soil : VanGenuchten
        s soils.
    curve_number : array_like, shape (k, s, z, w)
        [1]
    water_table_m : array_like, shape (w,)
        Infinite where the column drains freely. [m]
    irrigation : array_like, shape (k,)
        [mm yr⁻¹]
    tables : LandUseTables
        k classes.
    profile : Profile
    initial_abstraction_ratio : float
        0.2 or 0.05. [1]
    dry_day_rain : float
        [mm d⁻¹]
    tolerance_mm : float
        Largest storage change over the year. [mm]
    cycles : int
        Most passes of the year.

    Returns
    -------
    dict of ndarray
        ``rain`` (r, z) and ``irrigation`` (k,), ``WATER_TERMS`` and ``theta`` (r, k, s, z, w). [mm yr⁻¹], [1]
    """
    rain = np.asarray(rain, dtype=float)
    rain_factors, climate_factors = (np.asarray(a, dtype=float) for a in (rain_factors, climate_factors))
    water_table_m = np.asarray(water_table_m, dtype=float)
    shape = (rain_factors.size, len(tables.classes), soil.ks.size, climate_factors.size, water_table_m.size)
    r, k, s, z, w = (axis.ravel() for axis in np.indices(shape))
    columns = water_balance.Columns(
        soil=VanGenuchten(soil.theta_r[s], soil.theta_s[s], soil.alpha[s], soil.n[s], soil.ks[s]),
        landuse=k,
        curve_number=np.broadcast_to(np.asarray(curve_number, dtype=float), shape[1:])[k, s, z, w],
        rain_factor=rain_factors[r] * climate_factors[z],
        water_table_m=water_table_m[w],
    )
    by_day = np.asarray(month) - 1
    forcing = water_balance.Forcing(
        rain=rain,
        evapotranspiration=np.asarray(evapotranspiration, dtype=float),
        crop_coefficient=tables.crop_coefficient[:, by_day].T,
        irrigation=irrigation_schedule(irrigation, rain, month, tables.irrigation_month, dry_day_rain),
        bund_height=tables.bund_height[:, by_day].T,
        percolation_limit=tables.percolation_limit[:, by_day].T,
    )
    terms = water_balance.run_to_cycle(
        columns,
        forcing,
        tables.cover,
        profile,
        initial_abstraction_ratio=initial_abstraction_ratio,
        tolerance_mm=tolerance_mm,
        cycles=cycles,
    )
    result = {name: terms[name].reshape(shape) for name in (*WATER_TERMS, "theta")}
    result["rain"] = terms["rain"].reshape(shape)[:, 0, 0, :, 0]
    result["irrigation"] = terms["irrigation"].reshape(shape)[0, :, 0, 0, 0]
    return result


def sorption_ladder(lowest: float, highest: float, rungs: int) -> NDArray[np.float64]:
    """Partition coefficients in equal ratios, both ends included, shape (rungs,). [L kg⁻¹]"""
    return np.geomspace(lowest, highest, int(rungs))


def leaching_rate(
    drainage: ArrayLike, theta: ArrayLike, bulk_density: ArrayLike, partition: ArrayLike, depth_m: float
) -> NDArray[np.float64]:
    """Share of the stock that leaves a mixed layer with its drainage in a year.

    Parameters
    ----------
    drainage : array_like
        Downward flux at the layer's lower edge, at least 0. [mm yr⁻¹]
    theta : array_like
        Mean water content. [m³ m⁻³]
    bulk_density : array_like
        [kg m⁻³]
    partition : array_like
        Linear partition coefficient. [L kg⁻¹]
    depth_m : float
        Thickness of the layer. [m]

    Returns
    -------
    ndarray
        Broadcast shape of the arguments. [yr⁻¹]

    Notes
    -----
    First-order solution of linear equilibrium sorption, k = I/(d (θ + ρ Kd)). Within 1–3 % of the full
    transient solution for Kd of 50 L kg⁻¹ and more; below that the layer's gradients matter.
    """
    drainage, theta, density, partition = (
        np.asarray(a, dtype=float) for a in (drainage, theta, bulk_density, partition)
    )
    if np.any(drainage < 0.0) or np.any(partition < 0.0):
        raise ValueError("drainage and partition coefficients must be at least zero")
    return drainage / MM_PER_M / (depth_m * (theta + density / KG_M3_PER_KG_L * partition))
