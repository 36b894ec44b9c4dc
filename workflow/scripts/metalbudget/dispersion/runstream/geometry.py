"""The outlines of area sources, as AERMOD's keywords give them."""

import math

import numpy as np
from numpy.typing import NDArray


def rectangle(x_m: float, y_m: float, width_m: float, length_m: float, angle_deg: float) -> NDArray[np.float64]:
    """Corners of an AREA source.

    Parameters
    ----------
    x_m, y_m : float
        Its south-west corner before it is turned. [m]
    width_m, length_m : float
        East–west and north–south side before it is turned. [m]
    angle_deg : float
        Turned clockwise about that corner. [degrees]

    Returns
    -------
    ndarray, shape (4, 2)
        [m]
    """
    sine, cosine = math.sin(math.radians(angle_deg)), math.cos(math.radians(angle_deg))
    side, front = np.array([cosine, -sine]) * width_m, np.array([sine, cosine]) * length_m
    corner = np.array([x_m, y_m])
    return np.array([corner, corner + front, corner + front + side, corner + side])


def regular_polygon(x_m: float, y_m: float, radius_m: float, vertices: int) -> NDArray[np.float64]:
    """Vertices of an AREACIRC source: a regular polygon of the circle's area, the first vertex north of the centre.

    Returns
    -------
    ndarray, shape (vertices, 2)
        Clockwise. [m]
    """
    # area of a regular polygon: n/2 R² sin(2π/n)
    reach = radius_m * math.sqrt(2.0 * math.pi / (vertices * math.sin(2.0 * math.pi / vertices)))
    angle = 2.0 * math.pi * np.arange(vertices) / vertices
    return np.column_stack([x_m + reach * np.sin(angle), y_m + reach * np.cos(angle)])


def strip(x1_m: float, y1_m: float, x2_m: float, y2_m: float, width_m: float) -> NDArray[np.float64]:
    """Corners of a LINE source: a rectangle of its width about the line between two points.

    Returns
    -------
    ndarray, shape (4, 2)
        [m]
    """
    along = np.array([x2_m - x1_m, y2_m - y1_m])
    across = np.array([-along[1], along[0]]) / math.hypot(*along) * width_m / 2.0
    start, end = np.array([x1_m, y1_m]), np.array([x2_m, y2_m])
    return np.array([start + across, end + across, end - across, start - across])


def doubled_area(vertices_m: NDArray[np.float64]) -> float:
    """Twice the area of a polygon, by the shoelace formula; zero of a line. [m²]"""
    x, y = vertices_m.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))


def crosses_itself(vertices_m: NDArray[np.float64]) -> bool:
    """Whether two sides of a polygon cross."""
    n = len(vertices_m)
    sides = [(vertices_m[i], vertices_m[(i + 1) % n]) for i in range(n)]
    for i in range(n):
        for j in range(i + 2, n - (i == 0)):
            (a, b), (c, d) = sides[i], sides[j]
            if _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0:
                return True
    return False


def _turn(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
