"""Texture, density, carbon and pH of the generated region's soils."""

import numpy as np
from numpy.typing import NDArray

from metalbudget.demo.fields import block_mean, fractal, stream
from metalbudget.demo.landscape import PARENT_MATERIALS, Landscape

# Clay %, sand %, pH in water under cropland, by parent material: acid red and yellow soils on hills,
# near-neutral paddy soils on the plain, calcareous saline silt at the shore.
_CLAY = {1: 21.0, 2: 16.0, 3: 34.0, 4: 19.0, 5: 31.0, 6: 36.0, 7: 16.0}
_SAND = {1: 38.0, 2: 52.0, 3: 25.0, 4: 39.0, 5: 17.0, 6: 12.0, 7: 24.0}
_PH = {1: 5.05, 2: 5.10, 3: 5.15, 4: 5.75, 5: 6.0, 6: 6.7, 7: 7.95}


def make_soils(land: Landscape, codes: NDArray[np.uint8], seed: int) -> dict[str, NDArray[np.float64]]:
    """Draw the soil maps.

    Parameters
    ----------
    land : Landscape
    codes : ndarray of uint8, shape (h*f, w*f)
        Land-use codes of the first date.
    seed : int

    Returns
    -------
    dict of str to ndarray, shape (h, w)
        ``sand_pct silt_pct clay_pct`` [%], ``bulk_density_kg_m3`` [kg m-3], ``organic_carbon_pct`` [%] and
        ``ph_water`` [1]; NaN at sea.

    Notes
    -----
    Bulk density falls with organic carbon as in Adams (1973), doi:10.1111/j.1365-2389.1973.tb00738.x.
    """
    shape = land.land.shape

    def noise(name: str) -> NDArray[np.float64]:
        return fractal(shape, stream(seed, name), 12000.0 / land.cell_m + 3.0, 1.3)

    def by_material(values: dict[int, float]) -> NDArray[np.float64]:
        table = np.zeros(max(PARENT_MATERIALS) + 1)
        for code, value in values.items():
            table[code] = value
        return table[land.parent_material]

    clay = np.clip(by_material(_CLAY) * np.exp(0.17 * noise("clay")), 5.0, 60.0)
    sand = np.clip(by_material(_SAND) * np.exp(0.22 * noise("sand")), 3.0, 80.0)
    excess = np.maximum((clay + sand) / 92.0, 1.0)
    clay, sand = clay / excess, sand / excess
    share = {
        name: block_mean(np.isin(codes, members), land.factor)
        for name, members in {"forest": (31, 32, 41), "paddy": (11,), "orchard": (21,), "town": (51, 52, 53)}.items()
    }
    carbon = (1.25 + 1.15 * share["forest"] + 0.65 * share["paddy"] - 0.15 * share["town"]) * np.exp(
        0.22 * noise("carbon") + 0.25 * land.upland
    )
    carbon = np.where(land.parent_material == 7, 0.62 * carbon, carbon)
    ph = by_material(_PH) - 0.32 * share["forest"] - 0.35 * share["orchard"] + 0.35 * share["town"]
    ph = np.clip(ph + 0.28 * noise("ph"), 4.1, 8.6)
    mineral = 1.40 + 0.0012 * sand + 0.06 * share["town"] - 0.06 * share["paddy"]
    organic = np.minimum(1.724 * carbon, 12.0) / 100.0
    density = 1000.0 / (organic / 0.224 + (1.0 - organic) / mineral)
    layers = {
        "sand_pct": sand,
        "silt_pct": 100.0 - clay - sand,
        "clay_pct": clay,
        "bulk_density_kg_m3": density,
        "organic_carbon_pct": np.clip(carbon, 0.2, 9.0),
        "ph_water": ph,
    }
    return {name: np.where(land.land, values, np.nan) for name, values in layers.items()}
