"""Retention and conductivity of soils (van Genuchten–Mualem), exact and as tables for the water kernel. Compiled.

The kernel knows a node by its effective saturation S. Head and conductivity are tabulated against S below one half and
against 1 − S above it. A table has equal segments within each power of two, so that the segment is read off the binary
form of the number, and a cubic in each segment that meets the exact values and slopes at both ends.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

# Segments within a power of two: head and conductivity are then within 0.1 % of the exact functions for n = 1.09, where
# they are steepest, and within 0.002 % for a loam (checked in tests/kernels/test_column_water.py).
SEGMENT_BITS = 4
SEGMENTS = 1 << SEGMENT_BITS
# Powers of two that the tables reach down to: saturations of 2^-60, pores filled but for 2^-44.
DRY_OCTAVES, WET_OCTAVES = 60, 44
DRY_ROWS, WET_ROWS = (DRY_OCTAVES - 1) * SEGMENTS, (WET_OCTAVES - 1) * SEGMENTS
ROWS = DRY_ROWS + WET_ROWS
LEAST_SATURATION = 2.0**-DRY_OCTAVES
FULL = 1.0 - 2.0**-WET_OCTAVES  # a node is saturated from here on
# Closer to saturation than this the conductivity rises in a straight line to Ks. The exact function of soils with n < 2
# is a cusp there (a clay loam loses a quarter of Ks in the first millimetre), which no mean over a centimetre of soil
# can follow; nodes then swing about saturation. Halving or doubling it changes a year's drainage by less than 0.1 %.
SMOOTH_CM = 0.2
DRIEST_CM = -1.0e7  # tables end here; a node drier than that is an error
# Columns of a table: cubics of head [cm] and conductivity [cm d⁻¹] in the share of the segment, and its 1/width.
COLUMNS = 9
_MANTISSA_BITS, _BIAS = 52, 1023
_SHARE_BITS = _MANTISSA_BITS - SEGMENT_BITS
_SHARE_MASK = (1 << _SHARE_BITS) - 1
_SHARE = 2.0**-_SHARE_BITS
_DRY_START = (_BIAS - DRY_OCTAVES) << SEGMENT_BITS
_WET_START = (_BIAS - WET_OCTAVES) << SEGMENT_BITS


@njit(cache=True)
def saturation_of(head_cm, alpha_1_cm, n):
    """Effective saturation at a head (van Genuchten 1980, equation 3, m = 1 − 1/n). [1]"""
    if head_cm >= 0.0:
        return 1.0
    return (1.0 + (-alpha_1_cm * head_cm) ** n) ** (1.0 / n - 1.0)


@njit(cache=True)
def conductivity_of(head_cm, alpha_1_cm, n, ks_cm_d, connectivity):
    """Conductivity at a head (van Genuchten 1980, equation 9, with Mualem's pore connectivity free). [cm d⁻¹]"""
    if head_cm >= 0.0:
        return ks_cm_d
    m = 1.0 - 1.0 / n
    power = (-alpha_1_cm * head_cm) ** n
    # 1 − (1 − S^(1/m))^m with S^(1/m) = 1/(1 + p) and 1 − S^(1/m) = p/(1 + p), which keeps its digits in dry soil
    inner = -math.expm1(-m * math.log1p(1.0 / power)) if power > 0.0 else 1.0
    return ks_cm_d * (1.0 + power) ** (-m * connectivity) * inner * inner


@njit(cache=True)
def _exact(saturation, empty, alpha, n, ks, connectivity):
    """Head, conductivity and their slopes against S, of S and 1 − S, each in full precision."""
    m = 1.0 - 1.0 / n
    log_s = math.log(saturation) if saturation < 0.5 else math.log1p(-empty)
    power = math.expm1(-log_s / m)  # (α|h|)^n = S^(-1/m) − 1
    head = -(power ** (1.0 / n)) / alpha
    slope_power = -(power + 1.0) / (m * saturation)
    slope_head = head / (n * power) * slope_power
    root = math.exp(log_s / m)  # S^(1/m)
    # (1 − S^(1/m))^m, and one minus it
    log_rest = math.log1p(-root) if root < 0.5 else math.log(power) + log_s / m
    inner = -math.expm1(m * log_rest)
    slope_inner = root / saturation * math.exp((m - 1.0) * log_rest)
    front = ks * math.exp(connectivity * log_s)
    conductivity = front * inner * inner
    slope = connectivity / saturation * conductivity + 2.0 * front * inner * slope_inner
    return head, slope_head, conductivity, slope


@njit(cache=True)
def _knot(row):
    """S and 1 − S at the start of a row."""
    if row < DRY_ROWS:
        octave, share = row // SEGMENTS, row % SEGMENTS
        s = 2.0 ** (octave - DRY_OCTAVES) * (1.0 + share / SEGMENTS)
        return s, 1.0 - s
    wet = row - DRY_ROWS
    octave, share = wet // SEGMENTS, wet % SEGMENTS
    empty = 2.0 ** (octave - WET_OCTAVES) * (1.0 + share / SEGMENTS)
    return 1.0 - empty, empty


@njit(cache=True, nogil=True, error_model="numpy")
def fill_table(table, alpha, n, ks, connectivity):
    """Tabulate one soil.

    Parameters
    ----------
    table : ndarray, shape (ROWS, COLUMNS)
        Filled; NaN beyond the driest head.
    alpha, n, ks, connectivity : float
        [cm⁻¹], [1], [cm d⁻¹], [1]
    """
    straight = (ks - conductivity_of(-SMOOTH_CM, alpha, n, ks, connectivity)) / SMOOTH_CM
    driest = math.log2(saturation_of(DRIEST_CM, alpha, n))
    first = max(math.floor(driest) + DRY_OCTAVES, 0) * SEGMENTS
    table[: min(first, DRY_ROWS)] = math.nan
    for start, end in ((min(first, DRY_ROWS - SEGMENTS), DRY_ROWS), (DRY_ROWS, ROWS)):
        for row in range(start, end):
            s0, e0 = _knot(row)
            if row + 1 < end:
                s1, e1 = _knot(row + 1)
            else:
                s1, e1 = 0.5, 0.5
            width = s1 - s0
            if row >= DRY_ROWS:
                width = e0 - e1  # the same, without loss of digits
            h0, dh0, k0, dk0 = _exact(s0, e0, alpha, n, ks, connectivity)
            h1, dh1, k1, dk1 = _exact(s1, e1, alpha, n, ks, connectivity)
            if h0 > -SMOOTH_CM:
                k0, dk0 = ks + straight * h0, straight * dh0
            if h1 > -SMOOTH_CM:
                k1, dk1 = ks + straight * h1, straight * dh1
            for column, f0, f1, d0, d1 in (
                (0, h0, h1, dh0 * width, dh1 * width),
                (4, k0, k1, dk0 * width, dk1 * width),
            ):
                table[row, column] = f0
                table[row, column + 1] = d0
                table[row, column + 2] = 3.0 * (f1 - f0) - 2.0 * d0 - d1
                table[row, column + 3] = 2.0 * (f0 - f1) + d0 + d1
            table[row, 8] = 1.0 / width


@njit(cache=True, error_model="numpy")
def look_up(table, saturation):
    """Head [cm], conductivity [cm d⁻¹] and their slopes against S, for S from LEAST_SATURATION to FULL."""
    start = 0
    if saturation < 0.5:
        bits = np.float64(saturation).view(np.int64)
        row = (bits >> _SHARE_BITS) - _DRY_START
    else:
        bits = np.float64(1.0 - saturation).view(np.int64)
        row = (bits >> _SHARE_BITS) - _WET_START
        start = DRY_ROWS
        if row >= WET_ROWS:  # exactly one half: the end of the last segment
            row = row * 0 + (WET_ROWS - 1)
            bits |= _SHARE_MASK
    t = (bits & _SHARE_MASK) * _SHARE
    c = table[start + row]
    head = c[0] + t * (c[1] + t * (c[2] + t * c[3]))
    conductivity = c[4] + t * (c[5] + t * (c[6] + t * c[7]))
    slope_head = (c[1] + t * (2.0 * c[2] + t * 3.0 * c[3])) * c[8]
    slope_conductivity = (c[5] + t * (2.0 * c[6] + t * 3.0 * c[7])) * c[8]
    return head, slope_head, conductivity, slope_conductivity


def tables(alpha_1_cm: ArrayLike, n: ArrayLike, ks_cm_d: ArrayLike, connectivity: ArrayLike) -> NDArray[np.float64]:
    """Tables of soils.

    Parameters
    ----------
    alpha_1_cm, n, ks_cm_d, connectivity : array_like, shape (s,)
        Inverse of the air-entry suction [cm⁻¹], pore-size exponent above 1 [1], saturated conductivity [cm d⁻¹] and
        Mualem's pore connectivity [1].

    Returns
    -------
    ndarray, shape (s, ROWS, COLUMNS)
    """
    parameters = [np.atleast_1d(np.asarray(values, dtype=float)) for values in (alpha_1_cm, n, ks_cm_d, connectivity)]
    result = np.empty((parameters[0].size, ROWS, COLUMNS))
    for table, *soil in zip(result, *parameters, strict=True):
        fill_table(table, *soil)
    return result
