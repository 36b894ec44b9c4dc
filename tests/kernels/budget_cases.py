"""Small settings and chemistries for tests of the budget: round numbers, no response tables."""

import numpy as np
from metalbudget.budget.rates import Chemistry
from metalbudget.budget.setting import Ladder, Setting
from metalbudget.budget.simulate import Options
from metalbudget.landuse import SOIL_CLASSES

RUNGS = np.logspace(0.0, 6.0, 25)
DENSITY = 1300.0  # kg m-3
WATER_CONTENT = 0.35
DEPTH = 0.20


def setting(shares: dict[str, np.ndarray], *, drainage=0.6, soil_loss=0.0, runoff=0.0, yields=0.0, depth=DEPTH):
    """A setting whose leaching follows k = q/(d(theta + rho Kd)) with q in metres.

    ``shares`` are open shares by class; ``soil_loss`` [kg m-2 yr-1], ``runoff`` [mm] and ``yields`` are per square
    metre of open soil; ``depth`` is one depth, or one by class. [m]
    """
    first = next(iter(shares.values()))
    stacked = np.zeros((len(SOIL_CLASSES), len(first)))
    for name, values in shares.items():
        stacked[SOIL_CLASSES.index(name)] = values
    depths = depth if isinstance(depth, dict) else dict.fromkeys(SOIL_CLASSES, depth)
    by_class = np.array([depths[name] for name in SOIL_CLASSES])
    open_share = stacked.sum(axis=0)
    flooded = stacked[SOIL_CLASSES.index("paddy")]
    rate = drainage / (DEPTH * (WATER_CONTENT + DENSITY / 1000.0 * RUNGS))
    table = rate * DENSITY * DEPTH
    ones = np.ones(len(first))
    return Setting(
        shares=stacked,
        layer_mass=by_class @ stacked * DENSITY,
        column_mass=ones * DENSITY * max(0.20, *depths.values()),
        legal_mass=open_share * DENSITY * 0.20,
        soil_loss=open_share * soil_loss,
        runoff_water=(open_share - flooded) * runoff,
        runoff_water_flooded=flooded * runoff,
        leaching=Ladder(((1.0, (open_share - flooded)[:, None] * table),), 0.0, 0.25),
        leaching_flooded=Ladder(((1.0, flooded[:, None] * table),), 0.0, 0.25),
        density_ratio=ones,
        cropping=[("crop", open_share * yields, 0.0 * open_share)],
    )


def chemistry(**changes) -> Chemistry:
    """A metal with a constant sorption coefficient of 576 L/kg and uptake in proportion to the soil."""
    kd = changes.pop("kd_value", 576.0)
    uptake = changes.pop("uptake", 0.1)
    values = {
        "metal": "cd",
        "kd": lambda concentration, soil: (np.full(concentration.shape, kd), 0),
        "harvest": lambda concentration, soil, cropping: cropping[0][1] * uptake * concentration,
        "flooded_kd_factor": 1.0,
        "porewater_mixing_factor": 0.3,
        "enrichment_ratio": 1.5,
        "evasion_rate": 0.0,
        "reemitted_share": dict.fromkeys(SOIL_CLASSES, 0.0),
        "natural_deposition": 0.0,
        "inert_pool": False,
    }
    return Chemistry(**(values | changes))


def options(**changes) -> Options:
    """Closure on, subsoil replacement, tolerance 1e-9."""
    values = {"weathering_closure": True, "erosion_mode": "subsoil_replacement", "closure_tolerance": 1.0e-9}
    return Options(**(values | changes))
