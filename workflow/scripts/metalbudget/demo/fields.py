"""Random fields and resampling that the generated region is drawn from."""

import zlib

import numpy as np
from numpy.typing import NDArray


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream of one topic, so that topics do not disturb each other.

    Parameters
    ----------
    seed : int
        Seed of the region, ≥ 0.
    name : str
        Topic.

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def fractal(
    shape: tuple[int, int], rng: np.random.Generator, longest: float, exponent: float = 1.8
) -> NDArray[np.float64]:
    """Draw a random field with a power-law spectrum.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    rng : numpy.random.Generator
        Random stream.
    longest : float
        Wavelength above which amplitudes no longer grow. [cells], > 0
    exponent : float
        Slope of amplitude against wave number; larger is smoother. [1]

    Returns
    -------
    ndarray, shape `shape`
        Mean 0 and standard deviation 1. [1]

    Notes
    -----
    Spectral synthesis: white noise filtered with (k² + k0²)^(-exponent/2), k0 = 1/longest. The field is
    drawn on a larger torus and cropped, so that opposite edges do not match.
    """
    from scipy import fft

    rows, columns = (fft.next_fast_len(int(size * 1.25) + 2, real=True) for size in shape)
    white = rng.standard_normal((rows, columns))
    ky = fft.fftfreq(rows)[:, None]
    kx = fft.rfftfreq(columns)[None, :]
    gain = (ky**2 + kx**2 + 1.0 / longest**2) ** (-exponent / 2.0)
    gain[0, 0] = 0.0
    field = fft.irfft2(fft.rfft2(white) * gain, s=(rows, columns))[: shape[0], : shape[1]]
    return (field - field.mean()) / field.std()


def upsample(values: NDArray, factor: int, order: int = 1) -> NDArray[np.float64]:
    """Refine a raster by an integer factor with linear (order 1) or cubic (order 3) interpolation.

    Parameters
    ----------
    values : ndarray, shape (height, width)
    factor : int
        Fine cells along a coarse cell.
    order : int
        Spline order.

    Returns
    -------
    ndarray, shape (height * factor, width * factor)
    """
    from scipy import ndimage

    return ndimage.zoom(np.asarray(values, dtype=float), factor, order=order, mode="nearest", grid_mode=True)


def block_mean(values: NDArray, factor: int) -> NDArray[np.float64]:
    """Average a raster over blocks of factor by factor cells.

    Parameters
    ----------
    values : ndarray, shape (height * factor, width * factor)
    factor : int

    Returns
    -------
    ndarray, shape (height, width)
    """
    height, width = values.shape[0] // factor, values.shape[1] // factor
    return values.reshape(height, factor, width, factor).mean(axis=(1, 3), dtype=float)


def between(year: float, anchors: dict[int, float]) -> float:
    """Interpolate linearly between dated values; constant outside them.

    Parameters
    ----------
    year : float
    anchors : dict of year to value

    Returns
    -------
    float
    """
    years = sorted(anchors)
    return float(np.interp(year, years, [anchors[key] for key in years]))
