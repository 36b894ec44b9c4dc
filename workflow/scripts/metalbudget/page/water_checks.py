"""The table of runoff by the way that does not decide it: curve number beside columns."""

import numpy as np
from numpy.typing import NDArray

from metalbudget.outcome.files import Outcome
from metalbudget.page.render import Block, table

NAMES = {"curve_number": "curve number", "columns": "columns"}


def runoff(outcome: Outcome) -> list[Block]:
    """One row a land-use class at the station's rain; no table where an engine has no such check."""
    files = [file for file in outcome.column_responses() if "runoff_check" in file]
    if not files:
        return []
    decided = np.mean([at_station(file) for file in files], axis=0)
    other = np.mean([of_classes(file["runoff_check"]) for file in files], axis=0)
    own = str(outcome.study["runoff_by"])
    left = next(name for name in NAMES if name != own)
    rows = [
        [name.replace("_", " "), float(above), float(below)]
        for name, above, below in zip(files[0]["landuse"], decided, other, strict=True)
        if np.isfinite(above) and np.isfinite(below)
    ]
    years = ", ".join(str(year) for year in outcome.study["weather_years"])
    note = (
        f"Open soil at the station's rain, mean over soils, water tables and the weather of {years}. The {NAMES[own]} "
        f"decides in this study; {NAMES[left]} is the check. Columns of texture classes without cracks and crusts shed "
        "little; a curve number knows no soil water. What lies between them is an uncertainty of the water balance."
    )
    head = ("land use", f"{NAMES[own]} (decides), mm/yr", f"{NAMES[left]}, mm/yr")
    return [table("Runoff by the way that does not decide it", head, rows, text=(0,), note=note)]


def at_station(response: dict) -> NDArray[np.float64]:
    """Runoff of each class at the station's rain, between climate zones if none has it, shape (k,). [mm yr⁻¹]"""
    factor = int(np.argmin(np.abs(np.asarray(response["rain_factor"]) - 1.0)))
    climate, values = np.asarray(response["climate"], dtype=float), response["runoff"][factor]
    order = np.argsort(climate)
    climate, values = climate[order], values[:, :, order]
    # linear between the zones on both sides; beyond the last one the nearest
    upper = int(np.clip(np.searchsorted(climate, 1.0), 0, climate.size - 1))
    lower = max(upper - 1, 0)
    share = 1.0 if upper == lower else float(np.clip((1.0 - climate[lower]) / (climate[upper] - climate[lower]), 0, 1))
    return of_classes((1.0 - share) * values[:, :, lower] + share * values[:, :, upper])


def of_classes(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the soils and water tables that occur, shape (k, s, w) to (k,)."""
    flat = values.reshape(values.shape[0], -1)
    count = np.isfinite(flat).sum(axis=1)
    return np.divide(np.nansum(flat, axis=1), count, out=np.full(count.size, np.nan), where=count > 0)
