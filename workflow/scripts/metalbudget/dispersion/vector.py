"""Exponential, logarithm and complementary error function that a compiler can apply to many numbers at once. Compiled.

The mathematics library is called number by number; these are sums, products and shifts, so a loop over the nodes of a
table runs at the width of the processor's registers.
"""

import math
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

ROUNDING = 6755399441055744.0  # 1.5 · 2^52: adding it leaves the nearest whole number in the lowest bits
LOG2_E = 1.0 / math.log(2.0)
LN_2_HIGH, LN_2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # ln 2 in two parts (IEEE 754, fdlibm's split)
LEAST_EXPONENT = -700.0
MANTISSA, ONE = (1 << 52) - 1, 1023 << 52
WHOLE_BITS, WHOLE = 0x4330000000000000, 4503599627370496.0  # 2^52, in whose lowest bits a whole number can be put
# erfc(z) = t exp(−z² + P(t)), t = 2/(2 + z): coefficients of a Chebyshev fit of P against scipy.special.erfcx, z ≤ 40;
# relative error 9e-8 (tests/kernels/test_vector.py). The form is that of Press et al. (1992), section 6.2.
ERFC = (
    -1.26551342131, 1.00007543506, 0.373314742295, 0.10245383432, -0.209428927852, 0.33536084077, -1.2194831376,
    1.56377759762, -0.85908993339, 0.17853305441,
)  # fmt: skip


def _bits_as_float(typing_context, bits):
    def code(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), code


def _float_as_bits(typing_context, value):
    def code(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), code


_as_float: Any = intrinsic(_bits_as_float)
_as_whole: Any = intrinsic(_float_as_bits)


@njit(inline="always")
def exponential(x):
    """e^x to 3e-10, for x ≤ 700; below −700 as there. [1]

    Taylor's series to the eighth power of what is left of x after whole powers of two.
    """
    x = max(x, LEAST_EXPONENT)
    shifted = x * LOG2_E + ROUNDING
    whole = shifted - ROUNDING
    r = x - whole * LN_2_HIGH - whole * LN_2_LOW
    series = 1.0 + r * (
        1.0
        + r
        * (
            1.0 / 2.0
            + r
            * (
                1.0 / 6.0
                + r
                * (
                    1.0 / 24.0
                    + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0 + r * (1.0 / 40320.0))))
                )
            )
        )
    )  # fmt: skip
    return series * _as_float((_as_whole(shifted) + 1023) << 52)


@njit(inline="always")
def logarithm(x):
    """ln x to 1e-10, for normal x > 0. [1]

    2 artanh s, s = (m − 1)/(m + 1), of the mantissa m between √½ and √2.
    """
    bits = _as_whole(x)
    exponent = _as_float((bits >> 52) | WHOLE_BITS) - WHOLE - 1023.0
    mantissa = _as_float((bits & MANTISSA) | ONE)
    large = mantissa > 1.4142135623730951
    mantissa = 0.5 * mantissa if large else mantissa
    exponent = exponent + 1.0 if large else exponent
    s = (mantissa - 1.0) / (mantissa + 1.0)
    q = s * s
    series = 1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0)))))
    return exponent * LN_2_HIGH + (exponent * LN_2_LOW + 2.0 * s * series)


@njit(inline="always")
def power(x, exponent):
    """x to the power of an exponent above zero, to some 1e-9 for normal x; nothing of what is not above zero. [1]"""
    return exponential(exponent * logarithm(x)) if x > 1.0e-300 else 0.0


@njit(inline="always")
def error_complement(x):
    """erfc x to 9e-8 of its value for x ≥ 0, of 2 for x < 0. [1]"""
    z = abs(x)
    t = 2.0 / (2.0 + z)
    p = ERFC[9]
    p = ERFC[8] + t * p
    p = ERFC[7] + t * p
    p = ERFC[6] + t * p
    p = ERFC[5] + t * p
    p = ERFC[4] + t * p
    p = ERFC[3] + t * p
    p = ERFC[2] + t * p
    p = ERFC[1] + t * p
    p = ERFC[0] + t * p
    value = t * exponential(p - z * z)
    return value if x >= 0.0 else 2.0 - value
