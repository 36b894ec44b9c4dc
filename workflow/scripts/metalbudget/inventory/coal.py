"""Metals from burning coal: content, washing, release from the boiler, flue-gas cleaning."""

from collections.abc import Mapping

from metalbudget.inventory.controls import Configuration, penetration

KG_PER_G = 1.0e-3
T_PER_G = 1.0e-6


def coal_burnt(amount: float, unit: str, coal_per_kwh: float) -> float:
    """Coal burnt in a year, from coal mass or from electricity.

    Parameters
    ----------
    amount : float
        Coal in ``t`` or electricity in ``kWh``. [unit yr⁻¹]
    unit : {"t", "kWh"}
    coal_per_kwh : float
        Coal per unit of electricity, b (default 312). [g kWh⁻¹]

    Returns
    -------
    float
        [t yr⁻¹]
    """
    if unit == "t":
        return amount
    if unit == "kWh":
        return amount * coal_per_kwh * T_PER_G
    raise ValueError(f"coal is given in t or kWh, not in {unit!r}")


def released_factor(content: float, release: float, washed_share: float = 0.0, washing_removal: float = 0.0) -> float:
    """Metal in the flue gas before cleaning per mass of coal, C (1 - f_wash eta_wash) R.

    Parameters
    ----------
    content : float
        Metal in coal as consumed, C. [g t⁻¹], ≥ 0
    release : float
        Share released from the boiler to the flue gas, R. [1], 0..1
    washed_share, washing_removal : float
        Share of the coal that is washed and what washing removes. [1], 0..1

    Returns
    -------
    float
        [g t⁻¹]

    Notes
    -----
    The balance of Chinese inventories (Tian et al. 2012, Atmos. Environ.); contents and releases as in tables
    ``coal_content`` and ``boiler_release``.
    Release varies between single studies by about 0.1 (one standard deviation).
    """
    for name, value in {
        "release": release,
        "washed_share": washed_share,
        "washing_removal": washing_removal,
    }.items():
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{name} must lie in 0..1, got {value:g}")
    if content < 0.0:
        raise ValueError(f"content must not be negative, got {content:g}")
    return content * (1.0 - washed_share * washing_removal) * release


def stack_factor(
    content: float,
    release: float,
    devices: Configuration,
    *,
    sector: str,
    metal: str,
    removal: Mapping[str, float],
    washing_removal: float = 0.0,
    washed_share: float = 0.0,
) -> float:
    """Metal leaving the stack per mass of coal behind one configuration of devices. [g t⁻¹]

    Parameters
    ----------
    content, release : float
        See `released_factor`. [g t⁻¹], [1]
    devices : tuple of str
        Devices in series; with ``washing`` among them all coal of this configuration is washed.
    sector, metal : str
    removal : mapping
        Rows of table ``device_removal``; see `controls.penetration`. [1]
    washing_removal : float
        What washing removes. [1]
    washed_share : float
        Washed share of the coal where the configuration does not name washing. [1]

    Returns
    -------
    float
        [g t⁻¹]
    """
    washed = 1.0 if "washing" in devices else washed_share
    return released_factor(content, release, washed, washing_removal) * penetration(devices, sector, metal, removal)
