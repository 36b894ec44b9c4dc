"""Flue-gas cleaning: device configurations, their mixes, and the drift of technology without devices."""

import math
from collections.abc import Iterable, Mapping

from metalbudget.errors import InputError

DEVICES = ("washing", "cyclone", "wet_scrubber", "esp", "fabric_filter", "wfgd", "scr", "carbon_injection")
# The device that decides the size of the dust behind it, from the most to the least effective.
DUST_DEVICES = ("fabric_filter", "esp", "wet_scrubber", "cyclone")
SHARE_TOLERANCE = 1.0e-3

Configuration = tuple[str, ...]
Mix = tuple[tuple[Configuration, float], ...]


def parse_configuration(text: str, *, file: object = None, where: object = None) -> Configuration:
    """Devices in series from text such as ``scr+esp+wfgd``; ``none`` is the empty series.

    Parameters
    ----------
    text : str
        Device names joined by ``+``.
    file, where : optional
        Place of the text, for the message.

    Returns
    -------
    tuple of str
        The devices in alphabetical order: in series their order does not matter.

    Raises
    ------
    InputError
        If a device is unknown, stands twice, or ``none`` stands beside a device.
    """
    devices = [part.strip() for part in text.split("+")]
    if devices == ["none"]:
        return ()
    unknown = [device for device in devices if device not in DEVICES]
    if unknown:
        raise InputError(
            "unknown device in a control configuration",
            file=file,
            where=where,
            found=text,
            expected=f"none, or devices joined by '+' from {', '.join(DEVICES)}",
        )
    if len(set(devices)) != len(devices):
        raise InputError(
            "a device stands twice in a control configuration",
            file=file,
            where=where,
            found=text,
            expected="each device once",
        )
    return tuple(sorted(devices))


def removal_efficiency(device: str, sector: str, removal: Mapping[str, float]) -> float:
    """Share of a metal that one device takes out of the flue gas.

    Parameters
    ----------
    device, sector : str
    removal : mapping of ``device/sector`` to float
        Rows of table ``device_removal`` for one metal; ``device/all`` where a sector has no own row. [1]

    Returns
    -------
    float
        Removal efficiency, 0..1. [1]
    """
    own = removal.get(f"{device}/{sector}")
    return float(removal[f"{device}/all"] if own is None else own)


def penetration(devices: Iterable[str], sector: str, metal: str, removal: Mapping[str, float]) -> float:
    r"""Share of a metal that passes devices in series, :math:`\prod_k (1 - \eta_k)`.

    Parameters
    ----------
    devices : iterable of str
        Devices of one configuration; coal washing acts before the boiler and counts in `coal`.
    sector, metal : str
    removal : mapping
        See `removal_efficiency`.

    Returns
    -------
    float
        Penetration, 0..1. [1]

    Notes
    -----
    ASSUME devices act independently: fair for metals on particles, biased for mercury. SCR only oxidises
    Hg⁰, which counts where a wet scrubber for SO2 (wfgd) follows (Zhang L. et al. 2016,
    Atmos. Chem. Phys.); without it SCR removes nothing.
    """
    series = set(devices) - {"washing"}
    if metal == "hg" and "wfgd" not in series:
        series.discard("scr")
    return math.prod(1.0 - removal_efficiency(device, sector, removal) for device in sorted(series))


def mixed_penetration(mix: Mix, sector: str, metal: str, removal: Mapping[str, float]) -> float:
    r"""Penetration of exclusive configurations, :math:`\sum_c s_c \prod_{k \in c} (1 - \eta_k)`.

    70 % of a plant behind one filter and 30 % behind another are a sum, not a product: as a product of
    application rates the emission would come out several times too large.

    Parameters
    ----------
    mix : tuple of (configuration, share)
        Shares sum to one. [1]
    sector, metal : str
    removal : mapping

    Returns
    -------
    float
        Mean penetration, 0..1. [1]
    """
    check_shares(mix)
    return sum(share * penetration(devices, sector, metal, removal) for devices, share in mix)


def check_shares(mix: Mix, *, file: object = None, where: object = None) -> None:
    """Raise an InputError if the shares of exclusive configurations do not sum to one."""
    total = sum(share for _, share in mix)
    if abs(total - 1.0) > SHARE_TOLERANCE or any(share < 0.0 for _, share in mix):
        raise InputError(
            "the shares of exclusive control configurations do not sum to 1",
            file=file,
            where=where,
            found=f"{total:g}",
            expected="1 (shares of capacity, none negative)",
        )


def technology_factor(year: float, before: float, after: float, onset: float, width: float) -> float:
    r"""Emission factor that drifts from `before` to `after` along an S-curve.

    .. math:: EF(t) = (a - b) \exp\left(-\frac{(t - t_0)^2}{2 s^2}\right) + b, \quad EF(t \le t_0) = a

    Parameters
    ----------
    year : float
        [yr]
    before, after : float
        Factors before controls and with the best achievable ones; same unit. ≥ 0
    onset : float
        Year when controls begin, t0. [yr]
    width : float
        Pace of the change, s. [yr], > 0

    Returns
    -------
    float
        Factor in the unit of `before`.

    Notes
    -----
    Source: Tian et al. 2015, 10.5194/acp-15-10127-2015, after Bond et al. 2007. The Gaussian alone falls
    again before t0, so earlier years keep `before`.
    """
    if width <= 0.0:
        raise ValueError(f"width must be positive, got {width}")
    elapsed = max(0.0, year - onset)
    return (before - after) * math.exp(-(elapsed**2) / (2.0 * width**2)) + after


def mix_of_year(states: Mapping[int, Mix], year: int, source: str) -> Mix | None:
    """Control configurations valid in a year; None for a source that has no device rows at all.

    Parameters
    ----------
    states : mapping of first year to mix
        The rows of one source in ``controls.csv``.
    year : int
    source : str
        Name for the message.

    Raises
    ------
    InputError
        If rows exist but none is valid yet: the source would follow devices in some years and the
        technology curve in others.
    """
    if not states:
        return None
    valid = [first for first in states if first <= year]
    if not valid:
        raise InputError(
            "a source uses devices or a technology curve, never both",
            file="controls.csv",
            where=f"facility {source}, year {year}",
            found=f"first configuration from {min(states)}",
            expected=f"a configuration valid in {year}, or no rows for this facility",
            mend=f"add a row for {source} with year_from {year} or earlier (configuration 'none' if uncontrolled)",
        )
    return states[max(valid)]


def dust_device(devices: Iterable[str]) -> str:
    """The device that decides the particle size behind it; ``none`` without one."""
    present = set(devices)
    return next((device for device in DUST_DEVICES if device in present), "none")
