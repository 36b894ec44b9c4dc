"""From the configuration and the parameter tables to a metal's `Chemistry`."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from metalbudget import crops, erosion, partition
from metalbudget.budget.rates import Chemistry, Soil, Vector
from metalbudget.budget.setting import Cropping
from metalbudget.landuse import SOIL_CLASSES

TABLES = ("kd", "crop_uptake", "hg_evasion", "budget")  # rows of one metal
REDUCED = "as"  # the metal that flooding mobilises


def settings_of(config: Mapping[str, Any], metal: str) -> dict[str, Any]:
    """The configuration's choices that decide how one metal behaves, in builtins (for rule parameters).

    Parameters
    ----------
    config : mapping
        The study's configuration.
    metal : str

    Returns
    -------
    dict
    """
    leaching = config["leaching"]
    return {
        "metal": metal,
        "kd": config["metals"][metal]["kd"],
        "enrichment": config["metals"][metal]["enrichment"],
        "kd_minimum_l_kg": float(leaching["kd_minimum_l_kg"][metal]),
        "kd_maximum_l_kg": float(leaching["kd_maximum_l_kg"][metal]),
        "ph_offsets": {
            "cacl2": float(leaching["ph_cacl2_minus_water"]),
            "kcl": float(leaching["ph_kcl_minus_water"]),
        },
        "flooded_kd_factor": float(leaching["flooded_redox_factor_as"]) if metal == REDUCED else 1.0,
        "porewater_mixing_factor": float(config["runoff"]["porewater_mixing_factor"]),
    }


def chemistry_of(settings: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]) -> Chemistry:
    """A metal's behaviour in soil.

    Parameters
    ----------
    settings : mapping
        As `settings_of` gives it.
    tables : mapping of table to rows
        Rows of the metal in ``kd``, ``crop_uptake``, ``hg_evasion`` and ``budget``, and ``enrichment``.

    Returns
    -------
    Chemistry
    """
    metal, relation = settings["metal"], settings["kd"]
    kd_rows, uptake, evasion = tables["kd"], tables["crop_uptake"], tables["hg_evasion"]

    def kd(concentration: Vector, soil: Soil) -> tuple[Vector, int]:
        return partition.effective_kd(
            relation,
            metal,
            concentration,
            soil,
            kd_rows,
            settings["ph_offsets"],
            settings["kd_minimum_l_kg"],
            settings["kd_maximum_l_kg"],
        )

    def harvest(concentration: Vector, soil: Soil, cropping: Cropping) -> Vector:
        removed = np.zeros(concentration.shape)
        for crop, grain, straw in cropping:  # only where it grows: most crops grow in few cells
            cells = np.flatnonzero((grain > 0.0) | (straw > 0.0))
            removed[cells] += crops.harvest(
                metal,
                concentration[cells],
                soil["ph_water"][cells],
                soil["organic_carbon_pct"][cells],
                soil["clay_pct"][cells],
                [(crop, grain[cells], straw[cells])],
                uptake,
            )
        return removed

    return Chemistry(
        metal=metal,
        kd=kd,
        harvest=harvest,
        flooded_kd_factor=settings["flooded_kd_factor"],
        porewater_mixing_factor=settings["porewater_mixing_factor"],
        enrichment_ratio=erosion.enrichment_ratio(settings["enrichment"], tables["enrichment"]),
        evasion_rate=float(evasion.get("stock_rate/all", 0.0)),
        reemitted_share={name: float(evasion.get(f"reemitted_share/{name}", 0.0)) for name in SOIL_CLASSES},
        natural_deposition=float(tables["budget"]["natural_deposition"]),
        inert_pool=kd_rows.get(f"{relation}/basis", "total") != "total",
    )
