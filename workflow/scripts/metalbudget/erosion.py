"""Soil loss by water (RUSLE): erosivity, erodibility, topography from a routed DEM, cover and practice."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metalbudget.landuse import SOIL_CLASSES
from metalbudget.quantities import KG_M2_PER_T_HA
from metalbudget.terrain import slope_gradient

KG_PER_T = 1000.0
ENRICHMENT_LOWEST = 1.0
# Rows down and columns right, in the order of the eight bits of a direction.
NEIGHBOURS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))


# --- rain: R ------------------------------------------------------------------------------------------


def daily_erosivity(
    rain: ArrayLike, month: ArrayLike, rain_factors: ArrayLike, coefficients: Mapping[str, float]
) -> NDArray[np.float64]:
    """Annual rainfall erosivity from daily rain, for multiples of the series.

    Parameters
    ----------
    rain : array_like, shape (d,)
        Daily rain of one year. [mm]
    month : array_like of int, shape (d,)
        1..12.
    rain_factors : array_like, shape (r,)
        Multipliers of every day's rain. [1]
    coefficients : mapping
        Rows ``daily/...`` of ``erosivity.csv``.

    Returns
    -------
    ndarray, shape (r,)
        [MJ mm ha⁻¹ h⁻¹ yr⁻¹]

    Raises
    ------
    ValueError
        If rain is negative or missing.

    Notes
    -----
    Xie et al. (2016), J. Hydrology 535:547–558: R_day = α P^1.7265 for P >= 10 mm, α 0.3937 from May to September
    and 0.3101 else. The threshold makes the sum no exact power of the multiplier, hence the ladder.
    """
    rain, month = np.asarray(rain, dtype=float), np.asarray(month)
    if not np.all(rain >= 0.0):
        raise ValueError("daily rain must be at least zero")
    warm = (month >= coefficients["daily/warm_first_month"]) & (month <= coefficients["daily/warm_last_month"])
    alpha = np.where(warm, coefficients["daily/warm_coefficient"], coefficients["daily/cool_coefficient"])
    scaled = rain * np.atleast_1d(np.asarray(rain_factors, dtype=float))[:, None]
    erosive = np.where(scaled >= coefficients["daily/threshold_mm"], scaled, 0.0)
    return (alpha * erosive ** coefficients["daily/exponent"]).sum(axis=1)


def erosivity_on_cells(
    rain: ArrayLike,
    month: ArrayLike,
    rain_factor: ArrayLike,
    coefficients: Mapping[str, float],
    rungs: int = 65,
) -> NDArray[np.float64]:
    """Annual erosivity of cells whose daily rain is a multiple of one series.

    Parameters
    ----------
    rain : array_like, shape (d,)
        [mm]
    month : array_like of int, shape (d,)
        1..12.
    rain_factor : array_like, shape (n,)
        [1]
    coefficients : mapping
        Rows ``daily/...`` of ``erosivity.csv``.
    rungs : int
        Multipliers at which the sum is evaluated; linear between them.

    Returns
    -------
    ndarray, shape (n,)
        [MJ mm ha⁻¹ h⁻¹ yr⁻¹]
    """
    rain_factor = np.asarray(rain_factor, dtype=float)
    ladder = np.linspace(rain_factor.min(), rain_factor.max(), rungs)
    return np.interp(rain_factor, ladder, daily_erosivity(rain, month, ladder, coefficients))


def erosivity_scaling(rain_factor: ArrayLike, coefficients: Mapping[str, float]) -> NDArray[np.float64]:
    """Erosivity of a scenario relative to today's, when all rain is multiplied by a factor. [1]

    Notes
    -----
    The power law of daily erosivity; days that cross its threshold of 10 mm are left out, which is below 2 % of
    the sum for factors of 0.9 to 1.1 in a monsoon climate.
    """
    return np.asarray(rain_factor, dtype=float) ** coefficients["daily/exponent"]


def monthly_erosivity(monthly_rain: ArrayLike, coefficients: Mapping[str, float]) -> NDArray[np.float64]:
    """Annual rainfall erosivity from monthly sums, for use where daily rain is missing.

    Parameters
    ----------
    monthly_rain : array_like, shape (12, ...)
        Positive at least in one month. [mm]
    coefficients : mapping
        Rows ``monthly/...`` of ``erosivity.csv``.

    Returns
    -------
    ndarray, shape (...)
        In the formula's own units; multiply by ``monthly/to_si`` for [MJ mm ha⁻¹ h⁻¹ yr⁻¹].

    Notes
    -----
    Wischmeier & Smith (1978), R = Σ 1.735 · 10^(1.5 log10(Pi²/Pa) - 0.8188). The literature has both -0.8188 and
    -0.08188; for a Zhejiang year of 1470 mm they give 157 and 855.
    """
    monthly_rain = np.asarray(monthly_rain, dtype=float)
    if monthly_rain.shape[0] != 12 or np.any(monthly_rain < 0.0):
        raise ValueError("twelve monthly sums of at least zero are needed")
    annual = monthly_rain.sum(axis=0)
    ratio = monthly_rain**2 / np.where(annual > 0.0, annual, 1.0)
    power = 10.0 ** coefficients["monthly/intercept"] * ratio ** coefficients["monthly/slope"]
    return (coefficients["monthly/factor"] * power).sum(axis=0)


# --- soil: K ------------------------------------------------------------------------------------------


def epic_erodibility(
    sand: ArrayLike, silt: ArrayLike, clay: ArrayLike, organic_carbon: ArrayLike
) -> NDArray[np.float64]:
    """Erodibility of the EPIC model.

    Parameters
    ----------
    sand, silt, clay, organic_carbon : array_like, same shape
        Mass shares, at least 0; silt and clay not both 0. [%]

    Returns
    -------
    ndarray
        In US customary units; times 0.1317 for [t ha h ha⁻¹ MJ⁻¹ mm⁻¹].

    Notes
    -----
    Williams (1990), doi:10.1098/rstb.1990.0184; Sharpley & Williams (1990), EPIC model documentation.
    """
    sand, silt, clay, carbon = (np.asarray(a, dtype=float) for a in (sand, silt, clay, organic_carbon))
    not_sand = 1.0 - sand / 100.0
    coarse = 0.2 + 0.3 * np.exp(-0.0256 * sand * (1.0 - silt / 100.0))
    fine = (silt / np.maximum(clay + silt, 1.0e-9)) ** 0.3
    organic = 1.0 - 0.25 * carbon / (carbon + np.exp(3.72 - 2.95 * carbon))
    very_sandy = 1.0 - 0.7 * not_sand / (not_sand + np.exp(-5.51 + 22.9 * not_sand))
    return coarse * fine * organic * very_sandy


def erodibility(
    sand: ArrayLike,
    silt: ArrayLike,
    clay: ArrayLike,
    organic_carbon: ArrayLike,
    coefficients: Mapping[str, float],
) -> NDArray[np.float64]:
    """Erodibility of Chinese soils: EPIC corrected with field plots.

    Parameters
    ----------
    sand, silt, clay, organic_carbon : array_like, same shape
        [%]
    coefficients : mapping
        Rows of ``erodibility.csv``.

    Returns
    -------
    ndarray
        Limited to the table's lowest and highest value. [t ha h ha⁻¹ MJ⁻¹ mm⁻¹]

    Notes
    -----
    Zhang et al. (2008), Pedosphere 18:581–591: K = (-0.01383 + 0.51575 K_EPIC) · 0.1317.
    """
    us = coefficients["chinese_intercept"] + coefficients["chinese_slope"] * epic_erodibility(
        sand, silt, clay, organic_carbon
    )
    return np.clip(us * coefficients["to_si"], coefficients["lowest"], coefficients["highest"])


# --- terrain: LS --------------------------------------------------------------------------------------


def scale_slope(
    slope: ArrayLike, cell_m: float, reference_cell_m: float, coefficients: Mapping[str, float]
) -> NDArray[np.float64]:
    """Slope that a finer DEM would show.

    Parameters
    ----------
    slope : array_like
        Slope of the DEM. [m m⁻¹]
    cell_m, reference_cell_m : float
        Cell of the DEM and of the DEM asked for; a finer DEM than that is left alone. [m]
    coefficients : mapping
        Rows of ``topography.csv``.

    Returns
    -------
    ndarray
        [m m⁻¹]

    Notes
    -----
    ASSUME one fractal dimension for the region: slope goes with the cell to the power 1 - D (Zhang et al. 1999,
    Earth Surf. Process. Landf. 24:763–779).
    """
    ratio = max(cell_m / reference_cell_m, 1.0)
    return np.asarray(slope, dtype=float) * ratio ** coefficients["slope_scaling_exponent"]


def length_exponent(angle_deg: ArrayLike, coefficients: Mapping[str, float]) -> NDArray[np.float64]:
    """Exponent of the slope length: 0.2 up to 1°, 0.3 up to 3°, 0.4 up to 5°, 0.5 above. [1]"""
    return np.asarray(
        np.select(
            [np.asarray(angle_deg) <= limit for limit in (1.0, 3.0, 5.0)],
            [
                coefficients["exponent_below_1_degree"],
                coefficients["exponent_1_to_3_degrees"],
                coefficients["exponent_3_to_5_degrees"],
            ],
            default=coefficients["exponent_above_5_degrees"],
        ),
        dtype=float,
    )


def steepness_factor(angle_deg: ArrayLike) -> NDArray[np.float64]:
    """Slope steepness factor S of RUSLE. [1]

    Notes
    -----
    10.8 sin θ + 0.03 below 5° and 16.8 sin θ - 0.5 from 5° to 10° (McCool et al. 1987, doi:10.13031/2013.30576);
    21.91 sin θ - 0.96 from 10° (Liu et al. 1994, doi:10.13031/2013.28273, plots up to 55 %).
    """
    angle_deg = np.asarray(angle_deg, dtype=float)
    sine = np.sin(np.deg2rad(angle_deg))
    return np.where(
        angle_deg < 5.0,
        10.8 * sine + 0.03,
        np.where(angle_deg < 10.0, 16.8 * sine - 0.5, 21.91 * sine - 0.96),
    )


def slope_length_factor(
    length_m: ArrayLike, angle_deg: ArrayLike, coefficients: Mapping[str, float]
) -> NDArray[np.float64]:
    """Length times steepness factor of a uniform plane slope.

    Parameters
    ----------
    length_m : array_like
        Horizontal length from the divide. [m]
    angle_deg : array_like
        [°]
    coefficients : mapping
        Rows of ``topography.csv``.

    Returns
    -------
    ndarray
        (λ/22.13)^m S. [1]

    Notes
    -----
    Wischmeier & Smith (1978), USDA Agriculture Handbook 537.
    """
    exponent = length_exponent(angle_deg, coefficients)
    length = np.asarray(length_m, dtype=float) / coefficients["unit_plot_length_m"]
    return length**exponent * steepness_factor(angle_deg)


def segment_length_factor(
    inlet_area: ArrayLike,
    cell_m: float,
    exponent: ArrayLike,
    contour: ArrayLike,
    longest_m: float,
    unit_plot_m: float,
) -> NDArray[np.float64]:
    """Slope length factor of a grid cell from the area that drains into it.

    Parameters
    ----------
    inlet_area : array_like, shape (...)
        Area upslope of the cell, without the cell. [m²]
    cell_m : float
        [m]
    exponent : array_like, shape (...)
        [1]
    contour : array_like, shape (...)
        Length of the contour in the cell over the cell's side, |sin| + |cos| of the aspect, 1..√2. [1]
    longest_m : float
        Longest slope; water runs in channels beyond. [m]
    unit_plot_m : float
        22.13. [m]

    Returns
    -------
    ndarray, shape (...)
        [1]

    Notes
    -----
    Desmet & Govers (1996), J. Soil Water Conserv. 51:427–433, equation 13, written with the unit area λ = A/D:
    L = ((λ + D)^(m+1) - λ^(m+1))/(D x^m 22.13^m). The cap counts the last `longest_m` at most: a cell wider than
    that holds several slopes, each with the mean factor (longest/22.13)^m.
    """
    exponent = np.asarray(exponent, dtype=float)
    run = min(cell_m, longest_m)
    above = np.minimum(np.asarray(inlet_area, dtype=float) / cell_m, longest_m - run)
    power = exponent + 1.0
    return ((above + run) ** power - above**power) / (
        run * np.asarray(contour, dtype=float) ** exponent * unit_plot_m**exponent
    )


def flow_directions(elevation: ArrayLike) -> NDArray[np.uint8]:
    """Direction of the steepest descent to one of eight neighbours.

    Parameters
    ----------
    elevation : array_like, shape (h, w)
        NaN where there is no land; water leaves the land at its edge. Below 16 000 m. [m]

    Returns
    -------
    ndarray of uint8, shape (h, w)
        1, 2, 4 ... 128 for east, south-east, south ... north-east; 0 where water leaves; 247 where `elevation` is NaN.

    Notes
    -----
    O'Callaghan & Mark (1984), doi:10.1016/S0734-189X(84)80011-0. Depressions are filled, and flats routed, by the
    priority flood of Wang & Liu (2006), doi:10.1080/13658810500433453, from the library pyflwdir. Its own directions
    point to the lowest neighbour whatever the distance, so they serve on flats alone. Elevations are whole
    millimetres, exact in its single precision, so that no rounding closes a loop.
    """
    from pyflwdir.dem import fill_depressions

    nodata = np.float32(-1.0e7)
    elevation = np.asarray(elevation, dtype=float)
    land = np.isfinite(elevation)
    whole = np.where(land, np.round(np.where(land, elevation, 0.0) * 1000.0), nodata).astype(np.float32)
    filled, directions = fill_depressions(whole, nodata=nodata)
    height, width = elevation.shape
    padded = np.pad(np.where(land, filled, np.inf), 1, constant_values=np.inf)
    steepest = np.zeros(elevation.shape)
    for position, (down, right) in enumerate(NEIGHBOURS):
        there = padded[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        drop = np.where(land & np.isfinite(there), filled - there, 0.0) / np.hypot(down, right)
        steeper = drop > steepest
        directions[steeper] = np.uint8(1 << position)
        steepest = np.where(steeper, drop, steepest)
    # The flood would lead water along a flat coast from one outlet to the next.
    at_edge = np.zeros(land.shape, dtype=bool)
    for down, right in NEIGHBOURS:
        at_edge |= ~np.isfinite(padded[1 + down : 1 + down + height, 1 + right : 1 + right + width])
    directions[land & at_edge & (steepest == 0.0)] = 0
    return directions


def upslope_cells(elevation: ArrayLike) -> NDArray[np.int64]:
    """Number of cells that drain through each cell, without the cell itself.

    Parameters
    ----------
    elevation : array_like, shape (h, w)
        NaN where there is no land; water leaves the land at its edge. [m]

    Returns
    -------
    ndarray of int, shape (h, w)
        0 where `elevation` is NaN.
    """
    import pyflwdir

    directions = flow_directions(elevation)
    area = pyflwdir.from_array(directions, ftype="d8", check_ftype=False).upstream_area("cell")
    return np.maximum(area, 1).astype(np.int64) - 1


def topographic_factor(
    elevation: ArrayLike,
    cell_m: float,
    *,
    longest_m: float,
    reference_cell_m: float,
    coefficients: Mapping[str, float],
) -> NDArray[np.float64]:
    """LS of every cell of a DEM.

    Parameters
    ----------
    elevation : array_like, shape (h, w)
        NaN where there is no land. [m]
    cell_m : float
        [m]
    longest_m : float
        Longest slope. [m]
    reference_cell_m : float
        Slopes of a coarser DEM are scaled to this cell. [m]
    coefficients : mapping
        Rows of ``topography.csv``.

    Returns
    -------
    ndarray, shape (h, w)
        NaN where `elevation` is. [1]
    """
    elevation = np.asarray(elevation, dtype=float)
    east, south = slope_gradient(elevation, cell_m)
    slope = np.hypot(east, south)
    with np.errstate(divide="ignore", invalid="ignore"):
        contour = np.where(slope > 0.0, (np.abs(east) + np.abs(south)) / slope, 1.0)
    slope = np.minimum(scale_slope(slope, cell_m, reference_cell_m, coefficients), coefficients["steepest_slope"])
    angle = np.rad2deg(np.arctan(slope))
    length = segment_length_factor(
        upslope_cells(elevation) * cell_m**2,
        cell_m,
        length_exponent(angle, coefficients),
        contour,
        longest_m,
        coefficients["unit_plot_length_m"],
    )
    return np.where(np.isfinite(elevation), length * steepness_factor(angle), np.nan)


# --- land use: C and P, soil loss ---------------------------------------------------------------------


def cover_practice(coefficients: Mapping[str, float], classes: Sequence[str] = SOIL_CLASSES) -> dict[str, float]:
    """C times P of each land-use class from the rows ``class/cover`` and ``class/practice`` of ``rusle_cp.csv``. [1]"""
    return {name: float(coefficients[f"{name}/cover"]) * float(coefficients[f"{name}/practice"]) for name in classes}


def cover_factor(cover_pct: ArrayLike) -> NDArray[np.float64]:
    """Cover factor C from the share of ground that plants cover.

    Parameters
    ----------
    cover_pct : array_like
        0..100. [%]

    Returns
    -------
    ndarray
        1 on bare ground, 0 above 78.3 %. [1]

    Notes
    -----
    Cai et al. (2000): C = 0.6508 - 0.3436 log10 c, limited to 0..1.
    """
    cover_pct = np.asarray(cover_pct, dtype=float)
    with np.errstate(divide="ignore"):
        factor = 0.6508 - 0.3436 * np.log10(cover_pct)
    return np.where(cover_pct > 78.3, 0.0, np.clip(factor, 0.0, 1.0))


def soil_loss(
    rkls: ArrayLike, shares: ArrayLike, coefficients: Mapping[str, float], maximum: float
) -> dict[str, NDArray[np.float64]]:
    """Soil loss of cells with several land-use classes.

    Parameters
    ----------
    rkls : array_like, shape (n,)
        R K LS, at least 0. [t ha⁻¹ yr⁻¹]
    shares : array_like, shape (9, n)
        Open soil by class as a share of the cell, in the order of `landuse.SOIL_CLASSES`. [1]
    coefficients : mapping
        Rows ``class/cover`` and ``class/practice`` of ``rusle_cp.csv``.
    maximum : float
        Cap of the soil loss of one class. [t ha⁻¹ yr⁻¹]

    Returns
    -------
    dict of ndarray, shape (n,)
        ``cell``: per area of cell, linear in `shares`; ``open_soil``: the same per area of open soil, 0 where there
        is none. [kg m⁻² yr⁻¹]

    Notes
    -----
    A = R K LS C P (Renard et al. 1997, USDA Agriculture Handbook 703). The cap acts on each class before the
    shares do, so that the sum over parts of a cell is the cell.
    """
    rkls, shares = np.asarray(rkls, dtype=float), np.asarray(shares, dtype=float)
    if shares.shape[0] != len(SOIL_CLASSES):
        raise ValueError(f"expected {len(SOIL_CLASSES)} classes, got {shares.shape[0]}")
    if np.any(rkls < 0.0):
        raise ValueError("R K LS must be at least zero")
    factors = cover_practice(coefficients)
    cell = np.zeros(np.broadcast_shapes(rkls.shape, shares.shape[1:]))
    for share, name in zip(shares, SOIL_CLASSES, strict=True):
        cell = cell + share * np.minimum(rkls * factors[name], maximum) * KG_M2_PER_T_HA
    open_share = shares.sum(axis=0)
    return {
        "cell": cell,
        "open_soil": np.where(open_share > 0.0, cell / np.where(open_share > 0.0, open_share, 1.0), 0.0),
    }


def enrichment_ratio(kind: str, coefficients: Mapping[str, float]) -> float:
    """Concentration in eroded soil over that in the soil it came from.

    Parameters
    ----------
    kind : str
        ``fine`` for metals held by the fine fraction, ``matrix`` for those of the mineral lattice.
    coefficients : mapping
        Rows ``kind/ratio`` of ``enrichment.csv``.

    Returns
    -------
    float
        [1]
    """
    key = f"{kind}/ratio"
    if key not in coefficients:
        raise ValueError(f"unknown kind of enrichment {kind!r}; enrichment.csv has {', '.join(sorted(coefficients))}")
    return float(coefficients[key])


def menzel_enrichment(soil_loss_kg_m2: ArrayLike, coefficients: Mapping[str, float]) -> NDArray[np.float64]:
    """Enrichment that falls with the soil loss.

    Parameters
    ----------
    soil_loss_kg_m2 : array_like
        [kg m⁻² yr⁻¹]
    coefficients : mapping
        Rows ``menzel/...`` of ``enrichment.csv``.

    Returns
    -------
    ndarray
        At least 1. [1]

    Notes
    -----
    Menzel (1980): ln ER = 2.0 - 0.2 ln(sediment [kg ha⁻¹]).
    """
    sediment = np.asarray(soil_loss_kg_m2, dtype=float) / KG_M2_PER_T_HA * KG_PER_T
    with np.errstate(divide="ignore"):
        logarithm = coefficients["menzel/intercept"] + coefficients["menzel/slope"] * np.log(np.maximum(sediment, 1.0))
    return np.maximum(np.exp(logarithm), ENRICHMENT_LOWEST)


def particulate_flux(
    soil_loss_kg_m2: ArrayLike, concentration: ArrayLike, enrichment: ArrayLike
) -> NDArray[np.float64]:
    """Metal that leaves with eroded soil.

    Parameters
    ----------
    soil_loss_kg_m2 : array_like
        [kg m⁻² yr⁻¹]
    concentration : array_like
        In the soil. [mg kg⁻¹]
    enrichment : array_like
        [1]

    Returns
    -------
    ndarray
        [mg m⁻² yr⁻¹]
    """
    return np.asarray(soil_loss_kg_m2, dtype=float) * np.asarray(concentration) * np.asarray(enrichment)
