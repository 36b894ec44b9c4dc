"""The registry of quantities: unit, name, sign and plausible range; enforced on every write and read.

Each flux raster is a magnitude of at least zero, except `net`, `weathering` and `correction`, which are
signed (positive = the soil gains). Fluxes in rasters are per square metre of cell.
"""

from dataclasses import dataclass

MG_M2_PER_G_HA = 0.1  # exact: 1 g ha⁻¹ = 0.1 mg m⁻²
KG_M2_PER_T_HA = 0.1  # exact: 1 t ha⁻¹ = 0.1 kg m⁻²
MG_PER_KG = 1.0e6
INF = float("inf")


@dataclass(frozen=True)
class Quantity:
    """What a raster or variable holds.

    Parameters
    ----------
    unit : str
        CF unit.
    long_name : str
    low, high : float
        Plausible range; a finite value outside it is refused.
    kind : str
        ``continuous`` (float32, NaN is missing) or ``class`` (integer with a nodata value).
    nodata : int
        Missing value of a class raster.
    """

    unit: str
    long_name: str
    low: float = -INF
    high: float = INF
    kind: str = "continuous"
    nodata: int = 255


def _flux(name: str, low: float = 0.0) -> Quantity:
    return Quantity("mg m-2 yr-1", name, low, 1.0e7)


REGISTRY: dict[str, Quantity] = {
    "deposition": _flux("deposition of the region's own emissions onto open soil"),
    "background": _flux("regional background deposition onto open soil"),
    "fertiliser": _flux("input with mineral fertiliser"),
    "manure": _flux("input with manure and organic fertiliser"),
    "irrigation": _flux("input with irrigation water"),
    "pesticide": _flux("input with pesticides"),
    "weathering": _flux("geogenic input that keeps the background in balance", -1.0e7),
    "subsoil": _flux("input with subsoil that replaces eroded soil"),
    "leaching": _flux("leaching out of the modelled layer"),
    "runoff": _flux("dissolved loss with surface runoff from open soil"),
    "erosion": _flux("loss with eroded soil"),
    "harvest": _flux("removal with harvested crops"),
    "evasion": _flux("volatilisation to air"),
    "wash_off": _flux("deposition on sealed ground washed off by runoff"),
    "street_dust": _flux("deposition on sealed ground that is not washed off"),
    "net": _flux("net flux into open soil", -1.0e7),
    "correction": _flux("learned correction of the net flux, per open soil", -1.0e7),
    "rate": Quantity("yr-1", "loss divided by stock", 0.0, 1.0e4),
    "concentration": Quantity("mg kg-1", "concentration in soil", 0.0, 1.0e6),
    "log_standard_error": Quantity("1", "standard error of the natural logarithm", 0.0, 10.0),
    "fraction": Quantity("1", "fraction of the cell area", -1.0e-6, 1.0 + 1.0e-6),
    "probability": Quantity("1", "probability", 0.0, 1.0),
    "capacity_index": Quantity("1", "share of the capacity that is left", -1.0e6, 1.0e3),
    "capacity": Quantity("g ha-1", "remaining capacity", -1.0e12, 1.0e12),
    "annual_capacity": Quantity("g ha-1 yr-1", "dynamic annual capacity", -1.0e12, 1.0e12),
    "limit": Quantity("mg kg-1", "limit of the receptor", 0.0, 1.0e6),
    "class": Quantity("1", "class", 0, 254, "class", 255),
    "identifier": Quantity("1", "identifier", -(2**31) + 1, 2**31 - 1, "class", -1),
    "calendar_year": Quantity("1", "calendar year", 0, 9999, "class", -1),
    "water": Quantity("mm yr-1", "water", -1.0e4, 1.0e5),
    "water_depth": Quantity("mm", "water in the soil column", 0.0, 1.0e5),
    "soil_loss": Quantity("t ha-1 yr-1", "soil loss", 0.0, 1.0e9),
    "elevation": Quantity("m", "elevation above sea level", -500.0, 9000.0),
    "percentage": Quantity("%", "percentage", 0.0, 100.0 + 1.0e-3),
    "bulk_density": Quantity("kg m-3", "bulk density of dry soil", 100.0, 2700.0),
    "ph": Quantity("1", "pH in water", 2.0, 12.0),
    "ratio": Quantity("1", "ratio", 0.0, 1.0e3),
    "weight": Quantity("1", "weight", 0.0, 1.0 + 1.0e-6),
    "persons": Quantity("1", "persons in the cell", 0.0, 1.0e8),
    "operator": Quantity("m-2", "deposition per unit emitted", 0.0, 1.0),
    "share": Quantity("1", "share", 0.0, 1.0 + 1.0e-6),
    "curve_number": Quantity("1", "curve number", 0.0, 100.0),
    "sorption": Quantity("L kg-1", "partition coefficient", 0.0, 1.0e9),
    "number": Quantity("1", "dimensionless number"),
}

HUMAN_INPUTS = ("deposition", "background", "fertiliser", "manure", "irrigation", "pesticide")
GEOGENIC_INPUTS = ("weathering", "subsoil")
PROCESSES_IN = (*HUMAN_INPUTS, *GEOGENIC_INPUTS)
PROCESSES_OUT = ("leaching", "runoff", "erosion", "harvest", "evasion")


def quantity(name: str) -> Quantity:
    """Return the registry's entry, or a ValueError that names what there is."""
    if name not in REGISTRY:
        raise ValueError(f"unknown quantity {name!r}; the registry has {', '.join(sorted(REGISTRY))}")
    return REGISTRY[name]
