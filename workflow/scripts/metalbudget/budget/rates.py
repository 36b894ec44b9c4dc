"""First-order loss rates of a metal, and the geogenic input that balances them at the background.

One kernel for history and every scenario year: a `Setting` says how much water and soil leave a cell, a `Chemistry` how
much of the metal goes with them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from metalbudget.budget.setting import Cropping, Setting
from metalbudget.landuse import SOIL_CLASSES

Vector = NDArray[np.float64]
Soil = Mapping[str, Vector]

# Uptake relations are logarithmic; a soil without metal is given this content to keep them finite.
SMALLEST_CONTENT_MG_KG = 1.0e-6


@dataclass(frozen=True, eq=False)
class Chemistry:
    """How one metal behaves in soil.

    Parameters
    ----------
    metal : str
        Symbol, lower case; for messages.
    kd : callable
        ``kd(concentration, soil) -> (coefficient (n) [L kg⁻¹], clamped cells)``: effective sorption coefficient of the
        total metal.
    harvest : callable
        ``harvest(concentration, soil, cropping) -> removal (n)`` per square metre of cell. [mg m⁻² yr⁻¹]
    flooded_kd_factor : float
        Multiplies the sorption coefficient in paddies (arsenic: reduction mobilises it); 1 for other metals. [1]
    porewater_mixing_factor : float
        Concentration in surface runoff as a share of that in pore water. [1]
    enrichment_ratio : float
        Concentration in eroded soil over that in the topsoil. [1]
    evasion_rate : float
        Volatilisation of the stock (mercury). [yr⁻¹]
    reemitted_share : mapping of class to float
        Share of deposited metal that returns to the air at once (mercury). [1]
    natural_deposition : float
        Deposition without any human emission. [mg m⁻² yr⁻¹ of open soil]
    inert_pool : bool
        Whether the sorption relation already leaves a lithogenic pool out; the weathering closure is then off.
    """

    metal: str
    kd: Callable[[Vector, Soil], tuple[Vector, int]]
    harvest: Callable[[Vector, Soil, Cropping], Vector]
    flooded_kd_factor: float
    porewater_mixing_factor: float
    enrichment_ratio: float
    evasion_rate: float
    reemitted_share: Mapping[str, float]
    natural_deposition: float
    inert_pool: bool


def rates(
    setting: Setting, concentration: Vector, soil: Soil, chemistry: Chemistry, deposited: Vector | float = 0.0
) -> tuple[dict[str, Vector], dict[str, int]]:
    r"""Loss rates at the present concentration.

    Parameters
    ----------
    setting : Setting
        n cells.
    concentration : ndarray, shape (n,)
        Total content of the modelled layer. [mg kg⁻¹], ≥ 0
    soil : mapping of ndarray, shape (n,)
        Properties the sorption and uptake relations need.
    chemistry : Chemistry
    deposited : ndarray, shape (n,), or float
        Deposition of the year on open soil, per square metre of cell. [mg m⁻² yr⁻¹], ≥ 0

    Returns
    -------
    rates : dict of process to ndarray, shape (n,)
        ``leaching runoff erosion harvest evasion``, loss divided by stock, ≥ 0; zero where no soil is open. [yr⁻¹]
    clamped : dict of str to int
        Cells of open soil moved into a relation's range: ``kd``.

    Notes
    -----
    With layer mass M [kg m⁻²], sorption coefficient Kd [L kg⁻¹] and pore water C/Kd [mg L⁻¹]:

    - leaching: share-weighted rate of the response tables at Kd
    - runoff: f_mix Q / (Kd M), Q in mm = L m⁻²
    - erosion: A ER / M
    - harvest: removal at C divided by the stock C M
    - evasion: k_v + φ D / (M C + D): the stock's own, plus the share φ of the year's deposition D that returns at once,
      referred to the stock it joins (Hg; Zhou et al. 2020 review of field fluxes in the text of `hg_evasion.csv`).
      ASSUME deposited mercury is oxidised, gaseous or on particles.

    Rates depend on the concentration because sorption and uptake do; they are re-evaluated every year.
    """
    mass = setting.safe_layer_mass
    stock = mass * concentration
    is_open = setting.open_share > 0.0
    kd, clamped = chemistry.kd(concentration, soil)
    looked_up = kd * setting.density_ratio
    if chemistry.flooded_kd_factor == 1.0:
        leached = setting.leaching_everywhere.at(looked_up)
        water = setting.runoff_water + setting.runoff_water_flooded
    else:
        leached = setting.leaching.at(looked_up)
        leached += setting.leaching_flooded.at(looked_up * chemistry.flooded_kd_factor)
        water = setting.runoff_water + setting.runoff_water_flooded / chemistry.flooded_kd_factor
    content = np.maximum(concentration, SMALLEST_CONTENT_MG_KG)
    removed = chemistry.harvest(content, soil, setting.cropping)
    evasion = np.full(mass.shape, chemistry.evasion_rate)
    returned = reemitted(setting, chemistry) * deposited
    if np.any(returned):
        with np.errstate(divide="ignore", invalid="ignore"):
            evasion = evasion + np.where(returned > 0.0, returned / (stock + deposited), 0.0)
    result = {
        "leaching": leached / mass,
        "runoff": chemistry.porewater_mixing_factor * water / (kd * mass),
        "erosion": setting.soil_loss * chemistry.enrichment_ratio / mass,
        "harvest": removed / (mass * content),
        "evasion": np.where(is_open, evasion, 0.0),
    }
    return result, {"kd": clamped}


def reemitted(setting: Setting, chemistry: Chemistry) -> Vector | float:
    """Share of deposited metal that returns to the air at once, mean over the open soil of a cell, shape (n,). [1]"""
    if not any(chemistry.reemitted_share.values()):
        return 0.0
    by_class = np.array([chemistry.reemitted_share[name] for name in SOIL_CLASSES])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(setting.open_share > 0.0, by_class @ setting.shares / setting.open_share, 0.0)


def subsoil_input(setting: Setting, background: Vector) -> Vector:
    """Metal that comes up with the subsoil which replaces eroded soil.

    Parameters
    ----------
    setting : Setting
    background : ndarray, shape (n,)
        Concentration C_sub of the layer that is incorporated. [mg kg⁻¹]

    Returns
    -------
    ndarray, shape (n,)
        A C_sub, per square metre of cell. [mg m⁻² yr⁻¹]
    """
    return setting.soil_loss * background


def natural_deposition(setting: Setting, background_deposition: Vector | None, chemistry: Chemistry) -> Vector:
    """Net natural share of the background deposition, per square metre of cell, shape (n,). [mg m⁻² yr⁻¹]

    Never more than the background deposition of the run: a run without it has no natural part either. What evades at
    once is left out.
    """
    if background_deposition is None:
        return np.zeros(setting.open_share.shape)
    natural = np.minimum(chemistry.natural_deposition * setting.open_share, background_deposition)
    return natural * (1.0 - reemitted(setting, chemistry))


def weathering(
    setting: Setting, anchor: Vector, background: Vector, soil: Soil, chemistry: Chemistry, erosion_mode: str
) -> Vector:
    r"""Gain that the soil of a cell needs to stay at its geogenic content without human input.

    Parameters
    ----------
    setting : Setting
    anchor : ndarray, shape (n,)
        C_a = min(C_bg, C_0) of the cell itself. [mg kg⁻¹]
    background : ndarray, shape (n,)
        Concentration of replaced subsoil. [mg kg⁻¹]
    soil : mapping
    chemistry : Chemistry
    erosion_mode : {'naive', 'subsoil_replacement'}

    Returns
    -------
    ndarray, shape (n,)
        k(C_a) C_a M + [A (ER C_a − C_sub) in subsoil mode], per square metre of cell, may be negative where enriched
        subsoil comes up. [mg m⁻² yr⁻¹] The caller subtracts natural deposition and takes nothing below zero.

    Notes
    -----
    k is leaching, runoff, harvest and evasion without erosion, at the anchor. A regional balance needs a
    calibrated flux of this kind (Cagnarini et al. 2021, IDMM in Switzerland). An anchor of the cell itself, not of its
    stratum, or all cells would be driven to one value.
    """
    if erosion_mode not in ("naive", "subsoil_replacement"):
        raise ValueError(f"unknown erosion mode {erosion_mode!r}")
    at_anchor, _ = rates(setting, anchor, soil, chemistry)
    geogenic = sum(at_anchor[name] for name in ("leaching", "runoff", "harvest", "evasion"))
    gain = geogenic * anchor * setting.layer_mass
    if erosion_mode == "subsoil_replacement":
        gain = gain + setting.soil_loss * (chemistry.enrichment_ratio * anchor - background)
    return gain
