"""Sums over the images of a plume at the ground and under a lid. Compiled."""

import math

from metalbudget.borrowing import njit_borrowing

DENSE = 0.9  # period over spread below which the sum is taken as an integral with its corrections
REACH = 10.0  # spreads beyond which a term is nothing (exp(−50))
MOST_IMAGES = 1000  # after the first, as in EPA's AERMOD (found by experiment)


@njit_borrowing()
def half_sum(first, period, spread):
    """Σ exp(−(first + m period)²/(2 spread²)) over m = 0, 1, 2 … `MOST_IMAGES`. [1]

    A plume far wider than its layer would have more images; AERMOD then counts no further, and so do we.
    """
    total = endless_sum(first, period, spread)
    beyond = first + (MOST_IMAGES + 1) * period
    if beyond < REACH * spread:
        total -= endless_sum(beyond, period, spread)
    return total


@njit_borrowing()
def endless_sum(first, period, spread):
    """Σ exp(−(first + m period)²/(2 spread²)) over m = 0, 1, 2 … [1]

    Term by term; where the terms lie densely by the Euler-Maclaurin formula to the fifth derivative (Abramowitz &
    Stegun 1964, 23.1.30), whose error is below 1e-4 of the sum up to t = 2.5
    spreads and below 1e-6 of the whole series everywhere.
    """
    step = period / spread
    t = first / spread
    if step >= DENSE:
        if t < -REACH:
            t += math.ceil((-REACH - t) / step) * step
        total = 0.0
        while t < REACH:
            total += math.exp(-0.5 * t * t)
            t += step
        return total
    if t > REACH:
        return 0.0
    integral = math.sqrt(0.5 * math.pi) / step * math.erfc(t / math.sqrt(2.0))
    if t < -REACH:
        return integral
    square = t * t
    third = t * (3.0 - square)
    fifth = t * (15.0 - 10.0 * square + square * square)
    edge = 0.5 + step * t / 12.0 + step**3 * third / 720.0 + step**5 * fifth / 30240.0
    return integral + math.exp(-0.5 * square) * edge
