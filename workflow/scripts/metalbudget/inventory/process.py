"""Metals from industrial processes, oil, gas and plating: emission factors per unit of product."""

from collections.abc import Mapping

from metalbudget.inventory.controls import Configuration, penetration

KG_PER_UNIT = {"kg": 1.0, "g": 1.0e-3, "mg": 1.0e-6, "ug": 1.0e-9}


def factor_in_kg(value: float, unit: str, activity_unit: str) -> float:
    """Emission factor in kg per unit of activity.

    Parameters
    ----------
    value : float
        Emission factor. [unit]
    unit : str
        Mass per activity, such as ``g t-1``, ``mg GJ-1``, ``mg ampere_hour-1`` or ``ug km-1``.
    activity_unit : str
        Unit of the activity it is multiplied with.

    Returns
    -------
    float
        [kg per unit of activity]

    Raises
    ------
    ValueError
        If the mass unit is unknown or the factor is per another unit of activity.
    """
    mass, _, per = unit.partition(" ")
    if mass not in KG_PER_UNIT:
        raise ValueError(f"unknown mass unit in {unit!r}; known are {', '.join(KG_PER_UNIT)}")
    if per != f"{activity_unit}-1":
        raise ValueError(f"a factor in {unit!r} does not apply to activity in {activity_unit!r}")
    return value * KG_PER_UNIT[mass]


def uncontrolled_factor(
    factor: float,
    reference: Configuration,
    *,
    sector: str,
    metal: str,
    removal: Mapping[str, float],
) -> float:
    """Emission factor without cleaning, from one that was measured behind reference devices.

    Parameters
    ----------
    factor : float
        Factor behind the reference devices. Any unit, ≥ 0
    reference : tuple of str
        Devices that the factor already contains (empty: it is uncontrolled).
    sector, metal : str
    removal : mapping
        Rows of table ``device_removal``. [1]

    Returns
    -------
    float
        Factor in the unit of `factor`; times a configuration's penetration it is that plant's factor, and
        with the reference devices themselves the published factor comes back.

    Notes
    -----
    Process factors of the guidebooks are measured at plants with filters. Multiplying them with the
    penetration of a plant's filters would count the filters twice.
    """
    passed = penetration(reference, sector, metal, removal)
    if passed <= 0.0:
        raise ValueError(f"the reference devices {reference} let nothing pass")
    return factor / passed
