"""Particle size and mercury species of emissions, as shares over the operator's classes."""

import math
from collections.abc import Iterable, Mapping
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from metalbudget.inventory.controls import dust_device

PARTICLE_CLASSES = ("p0.5", "p1.5", "p3.5", "p7", "p15")
CLASS_EDGES_UM = (1.0, 2.5, 5.0, 10.0)  # upper edges of all classes but the last, which is open
N_FINE = 2  # classes below 2.5 um
MERCURY_CLASSES = ("hg0", "hg2", *PARTICLE_CLASSES)
LARGEST_FINE_SHARE = 0.95
LARGEST_PM10_SHARE = 0.995  # a lognormal through 1.0 would have no width


def classes_of(metal: str) -> tuple[str, ...]:
    """Classes in which a metal is emitted: five particle sizes, and two gases for mercury."""
    return MERCURY_CLASSES if metal == "hg" else PARTICLE_CLASSES


def lognormal_shares(fine_share: float, pm10_share: float) -> NDArray[np.float64]:
    r"""Mass shares over the size classes from the PM2.5 and PM10 shares of total dust.

    The lognormal through both points has :math:`s = \ln 4 / (z_{10} - z_{2.5})` and
    :math:`\mu = \ln 2.5 - s z_{2.5}` with standard normal quantiles z of the two shares.

    Parameters
    ----------
    fine_share : float
        PM2.5/TSP. [1], 0 < fine_share < pm10_share
    pm10_share : float
        PM10/TSP. [1], at most 1; taken as 0.995 where larger.

    Returns
    -------
    ndarray, shape (5,)
        Mass shares of 0-1, 1-2.5, 2.5-5, 5-10 and above 10 um aerodynamic diameter; sum 1. [1]

    Notes
    -----
    ASSUME one lognormal. Check: cement kilns (PM2.5 0.49, PM10 0.88) give PM1 0.21 against 0.15 measured
    (Gupta et al. 2012); medians of coal (1.3 um), zinc smelting (5 um) and fugitive dust (10 um) agree
    with the mass-mean diameters usual for these sources. Used to make table ``particle_size``.
    """
    pm10_share = min(pm10_share, LARGEST_PM10_SHARE)
    if not 0.0 < fine_share < pm10_share:
        raise ValueError(f"need 0 < PM2.5 share < PM10 share, got {fine_share:g} and {pm10_share:g}")
    normal = NormalDist()
    at_fine, at_coarse = normal.inv_cdf(fine_share), normal.inv_cdf(pm10_share)
    width = math.log(10.0 / 2.5) / (at_coarse - at_fine)
    centre = math.log(2.5) - width * at_fine
    below = [normal.cdf((math.log(edge) - centre) / width) for edge in CLASS_EDGES_UM]
    return np.diff([0.0, *below, 1.0])


def enrich_fine(dust: NDArray[np.float64], enrichment: float) -> NDArray[np.float64]:
    r"""Mass shares of a metal from those of its dust: :math:`f_m = \min(0.95, k f)`.

    The shares below 2.5 um grow by one factor and those above shrink by another, so the metal is a
    mixture of the fine and the coarse part of the dust.

    Parameters
    ----------
    dust : ndarray, shape (5,)
        Mass shares of the dust, sum 1. [1]
    enrichment : float
        k: 1.3 (As, Cd, Pb, Hg), 1.1 (Zn, Cu), 1.0 (Cr, Ni). [1], ≥ 1

    Returns
    -------
    ndarray, shape (5,)
        Mass shares of the metal, sum 1. [1]

    Notes
    -----
    Volatile metals condense on fine particles (Nelson et al. 2010); the size of k is an
    assumption (table ``fine_enrichment``). Dust that is finer than 0.95 already stays as it is.
    """
    if enrichment < 1.0:
        raise ValueError(f"enrichment must be at least 1, got {enrichment:g}")
    dust = np.asarray(dust, dtype=float)
    fine = dust[:N_FINE].sum()
    if fine <= 0.0 or fine >= LARGEST_FINE_SHARE:
        return dust.copy()
    wanted = min(LARGEST_FINE_SHARE, enrichment * fine)
    shares = dust.copy()
    shares[:N_FINE] *= wanted / fine
    shares[N_FINE:] *= (1.0 - wanted) / (1.0 - fine)
    return shares


def coal_particle_type(devices: Iterable[str]) -> str:
    """Particle type of coal dust behind devices: what the best dust filter lets through."""
    device = dust_device(devices)
    return "coal_cyclone" if device == "none" else f"coal_{device}"


def coal_mercury_type(devices: Iterable[str]) -> str:
    """Species type of coal mercury behind devices: scrubbing decides, then the filter."""
    present = set(devices)
    if "wfgd" in present:
        return "coal_scr_esp_wfgd" if "scr" in present else "coal_esp_wfgd"
    device = dust_device(present)
    return "coal_none" if device in ("none", "cyclone") else f"coal_{device}"


def class_shares(
    metal: str,
    particle_type: str,
    mercury_type: str | None,
    *,
    particle_size: Mapping[str, float],
    fine_enrichment: Mapping[str, float],
    hg_species: Mapping[str, float],
) -> NDArray[np.float64]:
    """Shares of an emission over the metal's classes.

    Parameters
    ----------
    metal : str
    particle_type : str
        Row group of table ``particle_size``.
    mercury_type : str or None
        Row group of table ``hg_species``; None where mercury does not occur.
    particle_size : mapping of ``type/class`` to float
        Dust mass shares. [1]
    fine_enrichment : mapping of type (or ``all``) to float
        Rows of table ``fine_enrichment`` for the metal. [1]
    hg_species : mapping of ``type/species`` to float
        Shares of hg0, hg2 and hgp; only used for mercury. [1]

    Returns
    -------
    ndarray, shape (len(classes_of(metal)),)
        Shares in the order of `classes_of`; sum 1. [1]

    Notes
    -----
    ASSUME particulate mercury sits on the fine classes only.
    """
    dust = np.array([particle_size[f"{particle_type}/{name}"] for name in PARTICLE_CLASSES])
    dust /= dust.sum()
    enrichment = fine_enrichment.get(particle_type, fine_enrichment["all"])
    if metal != "hg":
        return enrich_fine(dust, enrichment)
    if mercury_type is None:
        raise ValueError(f"no mercury species type for particles of type {particle_type!r}")
    species = np.array([hg_species[f"{mercury_type}/{name}"] for name in ("hg0", "hg2", "hgp")])
    species /= species.sum()
    fine = np.where(np.arange(dust.size) < N_FINE, dust, 0.0)
    return np.concatenate([species[:2], species[2] * fine / fine.sum()])
