"""Functions for whole rows against the standard library's and SciPy's."""

import math

import numpy as np
import pytest
from metalbudget.dispersion.vector import error_complement, exponential, logarithm, power
from numba import njit
from scipy import special


@njit
def each(values, kind):
    """One of the functions for every value."""
    out = np.empty(values.size)
    for i in range(values.size):
        if kind == 0:
            out[i] = exponential(values[i])
        elif kind == 1:
            out[i] = logarithm(values[i])
        else:
            out[i] = error_complement(values[i])
    return out


def test_the_exponential_is_the_library_s_to_3e_10():
    x = np.concatenate([np.linspace(-700.0, 700.0, 200001), np.linspace(-2.0, 2.0, 10001)])
    np.testing.assert_allclose(each(x, 0), np.exp(x), rtol=3e-10)


def test_the_exponential_ends_at_its_least_exponent():
    assert each(np.array([-700.0, -701.0, -1.0e9, -np.inf]), 0) == pytest.approx(np.full(4, math.exp(-700.0)), rel=1e-9)


def test_the_logarithm_is_the_library_s_to_1e_10():
    x = np.exp(np.linspace(-700.0, 700.0, 200001))
    np.testing.assert_allclose(each(x, 1), np.log(x), rtol=1e-10, atol=1e-10)


def test_logarithms_of_powers_of_two_and_of_their_neighbours():
    x = np.ldexp(1.0, np.arange(-1022, 1024))
    for beside in (np.nextafter(x, 0.0)[1:], x, np.nextafter(x, np.inf)):
        np.testing.assert_allclose(each(beside, 1), np.log(beside), rtol=1e-10, atol=1e-10)


def test_exponential_and_logarithm_undo_each_other():
    x = np.linspace(-600.0, 600.0, 5001)
    np.testing.assert_allclose(each(each(x, 0), 1), x, rtol=1e-9, atol=1e-9)


def test_the_error_function_s_complement_is_scipy_s_to_9e_8():
    x = np.linspace(0.0, 26.0, 100001)
    np.testing.assert_allclose(each(x, 2), special.erfc(x), rtol=9e-8, atol=1e-300)
    np.testing.assert_allclose(each(-x, 2), special.erfc(-x), rtol=9e-8)


def test_both_sides_of_the_error_function_make_two():
    x = np.linspace(1.0e-3, 10.0, 1001)
    np.testing.assert_allclose(each(x, 2) + each(-x, 2), np.full(x.size, 2.0), rtol=1e-15)


@njit
def powers(values, exponent):
    """Every value to a power."""
    out = np.empty(values.size)
    for i in range(values.size):
        out[i] = power(values[i], exponent)
    return out


@pytest.mark.parametrize("exponent", [1.0 / 3.0, 0.4, 0.6])
def test_powers_are_the_library_s_to_1e_9(exponent):
    x = np.exp(np.linspace(-600.0, 600.0, 20001))
    np.testing.assert_allclose(powers(x, exponent), x**exponent, rtol=1e-9)
    assert np.array_equal(powers(np.array([0.0, -1.0]), exponent), [0.0, 0.0])
