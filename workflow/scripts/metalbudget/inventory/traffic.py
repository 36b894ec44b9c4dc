"""Metals from road traffic: tyre and brake wear, and lead from petrol."""

from collections.abc import Mapping

WEAR = ("tyre", "brake")


def brake_scale(metal: str, year: float, change_year: float, copper_scale: float) -> float:
    """Scale of brake-wear metal in a year: pads hold less copper after `change_year`.

    Parameters
    ----------
    metal : str
    year, change_year : float
        [yr]
    copper_scale : float
        Copper in later pads relative to earlier ones. [1], ≥ 0

    Returns
    -------
    float
        [1]
    """
    return copper_scale if metal == "cu" and year > change_year else 1.0


def wear_factors(
    vehicle: str,
    metal: str,
    year: float,
    factors: Mapping[str, float],
    *,
    copper_change_year: float,
    copper_scale: float,
) -> dict[str, float]:
    """Wear emission per vehicle-kilometre by kind of wear.

    Parameters
    ----------
    vehicle : str
        car, light or heavy.
    metal : str
    year : float
        [yr]
    factors : mapping of ``wear/vehicle`` to float
        Rows of table ``ef_vehicle`` for the metal. [ug km⁻¹]
    copper_change_year : float
        Last year of the older brake pads. [yr]
    copper_scale : float
        See `brake_scale`. [1]

    Returns
    -------
    dict
        ``tyre`` and ``brake``. [ug km⁻¹]

    Notes
    -----
    Source: German Informative Inventory Report 2022/2023, 1.A.3.b.vi. More than 90 % settles within 100 m
    of the kerb, so that it is spread over the cells of the roads.
    """
    scale = brake_scale(metal, year, copper_change_year, copper_scale)
    return {wear: factors[f"{wear}/{vehicle}"] * (scale if wear == "brake" else 1.0) for wear in WEAR}


def petrol_lead_factor(vehicle: str, year: float, petrol: Mapping[str, float]) -> float:
    """Lead from petrol per vehicle-kilometre.

    Parameters
    ----------
    vehicle : str
    year : float
        Years before the phase-out have leaded petrol. [yr]
    petrol : mapping
        Rows of table ``petrol_lead``: ``fuel_use/<vehicle>`` [L km⁻¹], ``leaded/all`` and ``unleaded/all``
        [g L⁻¹], ``phase_out_year/all`` [yr]; empty for other metals.

    Returns
    -------
    float
        [ug km⁻¹]; 0 for a metal without rows.
    """
    if not petrol:
        return 0.0
    content = petrol["leaded/all" if year < petrol["phase_out_year/all"] else "unleaded/all"]
    return petrol[f"fuel_use/{vehicle}"] * content * 1.0e6
