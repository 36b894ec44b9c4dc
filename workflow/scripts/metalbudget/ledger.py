"""The mass ledger: regional sums of every term, and the check that they close in every cell."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from metalbudget.quantities import MG_PER_KG, PROCESSES_IN, PROCESSES_OUT

Vector = NDArray[np.float64]

SIGNED = ("sealing", "layer_exchange", "correction", "clipping")
AIR = ("emission", "wash_off", "street_dust", "sea", "outside_air")
TERMS = (*PROCESSES_IN, *PROCESSES_OUT, *SIGNED, "stock_change", "stock", *AIR, "outside_stream", "redeposition")
COLUMNS = ("metal", "year", "scenario", "term", "kg")
# Rounding of a difference of two stocks: a few units in the last place of the stock itself.
STOCK_ROUNDING = 8.0 * np.finfo(float).eps


class LedgerError(Exception):
    """The terms of a balance do not add up to the change of the stock; the study must stop.

    Parameters
    ----------
    metal : str
    year : int
    cell : int
        Index among the land cells of the worst cell, -1 for the region.
    residual, gross : float
        Size of the gap and of the flux it is held against, in the same unit.
    tolerance : float
        Allowed share of the gross flux. [1]
    """

    def __init__(self, metal: str, year: int, cell: int, residual: float, gross: float, tolerance: float) -> None:
        self.metal, self.year, self.cell = metal, year, cell
        self.residual, self.gross, self.tolerance = residual, gross, tolerance
        super().__init__(metal, year, cell, residual, gross, tolerance)

    def __str__(self) -> str:
        place = "the region" if self.cell < 0 else f"land cell {self.cell}"
        return (
            f"the ledger does not close for {self.metal} in {self.year}, {place}\n"
            f"    found: stock change and terms differ by {self.residual:.6g} at a gross flux of {self.gross:.6g}\n"
            f"    expected: at most {self.tolerance:g} of the gross flux\n"
            "    how to mend: this is a fault of the program, not of the input; report it with this message"
        )


def check_closure(
    stock_start: Vector,
    stock_end: Vector,
    inputs: Mapping[str, Vector],
    losses: Mapping[str, Vector],
    signed: Mapping[str, Vector],
    tolerance: float,
    metal: str,
    year: int,
) -> float:
    """Hold the change of the stock against the sum of the terms, cell by cell.

    Parameters
    ----------
    stock_start, stock_end : ndarray, shape (n,)
        Metal in the modelled layer; the end from the exact exponential update. [mg m⁻²]
    inputs, losses, signed : mapping of str to ndarray, shape (n,)
        Gains, magnitudes of losses, and signed gains of the year. [mg m⁻² yr⁻¹]
    tolerance : float
        Allowed residual as a share of the gross flux. [1]
    metal : str
    year : int
        For the message.

    Returns
    -------
    float
        The largest residual of any cell over its gross flux. [1] The gross flux counts the stocks with their own
        rounding: no sum of 64-bit terms can follow a difference of two stocks closer than that.

    Raises
    ------
    LedgerError
        If the largest residual is above the tolerance, or not a number.
    """
    terms = np.zeros(stock_start.shape)
    gross = np.zeros(stock_start.shape)
    for values in inputs.values():
        terms += values
        gross += np.abs(values)
    for values in losses.values():
        terms -= values
        gross += np.abs(values)
    for values in signed.values():
        terms += values
        gross += np.abs(values)
    residual = np.abs(stock_end - stock_start - terms)
    allowed_for = gross + (STOCK_ROUNDING / tolerance) * (np.abs(stock_start) + np.abs(stock_end))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(residual > 0.0, residual / allowed_for, residual)
    if relative.size == 0:
        return 0.0
    worst = int(np.argmax(np.where(np.isnan(relative), np.inf, relative)))
    if not relative[worst] <= tolerance:
        raise LedgerError(metal, year, worst, float(residual[worst]), float(gross[worst]), tolerance)
    return float(relative[worst])


def regional_sums(
    inputs: Mapping[str, Vector],
    losses: Mapping[str, Vector],
    signed: Mapping[str, Vector],
    stock_start: Vector,
    stock_end: Vector,
    cell_area_m2: float,
) -> dict[str, float]:
    """Regional sum of every term of a year.

    Parameters
    ----------
    inputs, losses, signed : mapping of str to ndarray, shape (n,)
        Per square metre of cell. [mg m⁻² yr⁻¹]
    stock_start, stock_end : ndarray, shape (n,)
        Metal in the modelled layer, per square metre of cell. [mg m⁻²]
    cell_area_m2 : float
        [m²]

    Returns
    -------
    dict of str to float
        Every input and loss process, the signed terms, ``stock_change`` and, at the end of the year, ``stock``;
        a process that is not given is 0. [kg]
    """
    to_kg = cell_area_m2 / MG_PER_KG
    sums = dict.fromkeys((*PROCESSES_IN, *PROCESSES_OUT), 0.0)
    for terms in (inputs, losses, signed):
        sums |= {name: float(values.sum()) * to_kg for name, values in terms.items()}
    sums["stock_change"] = float((stock_end - stock_start).sum()) * to_kg
    sums["stock"] = float(stock_end.sum()) * to_kg
    return sums


def rows(
    metal: str,
    scenario: str,
    year: int,
    sums: Mapping[str, float],
    air: Mapping[str, float],
    sediment_delivery_ratio: float,
) -> list[tuple[str, int, str, str, float]]:
    """Ledger rows of one year, in the order of `TERMS`.

    Parameters
    ----------
    metal, scenario : str
    year : int
    sums : mapping
        As `regional_sums` gives it. [kg]
    air : mapping
        ``emission wash_off street_dust sea outside_air``. [kg yr⁻¹]
    sediment_delivery_ratio : float
        Share of eroded soil that reaches a stream. [1], 0..1

    Returns
    -------
    list of (metal, year, scenario, term, kg)

    Notes
    -----
    The layer's balance is Σ inputs − Σ losses + sealing + layer_exchange + correction + clipping = stock_change.
    The other rows say where the rest went. Erosion splits into ``outside_stream`` and ``redeposition``: ASSUME soil
    that comes to rest inside the region is credited to no cell. Air: emission and background reach open soil, sealed
    ground (``wash_off``, ``street_dust``), water (``sea``) or leave the region (``outside_air``).
    """
    values = dict(sums)
    values |= {name: air.get(name, 0.0) for name in AIR}
    values["outside_stream"] = sums["erosion"] * sediment_delivery_ratio
    values["redeposition"] = sums["erosion"] - values["outside_stream"]
    return [(metal, year, scenario, term, values[term]) for term in TERMS]


def columns(entries: list[tuple[str, int, str, str, float]]) -> dict[str, list]:
    """Ledger rows as columns of a table."""
    return {name: [entry[position] for entry in entries] for position, name in enumerate(COLUMNS)}


def imbalance(sums: Mapping[str, float]) -> float:
    """Residual of a region's ledger year as a share of its gross flux. [1]

    Parameters
    ----------
    sums : mapping
        Terms of one metal, year and scenario. [kg yr⁻¹]

    Notes
    -----
    Sums of many cells, so a check of the file that was written; the strict one is `check_closure`, cell by cell.
    """
    gains = sum(sums[name] for name in PROCESSES_IN)
    losses = sum(sums[name] for name in PROCESSES_OUT)
    signed = sum(sums[name] for name in SIGNED)
    gross = gains + losses + sum(abs(sums[name]) for name in SIGNED)
    rounding = (STOCK_ROUNDING / 1.0e-9) * abs(sums.get("stock", 0.0))
    residual = abs(sums["stock_change"] - (gains - losses + signed))
    return residual / (gross + rounding) if residual > 0.0 else 0.0
