"""Between modelled years: inputs, settings and the air's ledger, linear in time."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from metalbudget.budget.setting import Setting, Vector, interpolate
from metalbudget.landuse import bracket


def period(survey_years: Sequence[int], modelled_years: Sequence[int]) -> tuple[int, int]:
    """First and last year of history.

    Parameters
    ----------
    survey_years, modelled_years : sequence of int

    Returns
    -------
    start, end : int
        From the first survey (or modelled year) to the last survey; to the last modelled year with fewer than two.
    """
    start = min(survey_years) if survey_years else min(modelled_years)
    end = max(survey_years) if len(survey_years) > 1 else max(modelled_years)
    return int(start), int(end)


def needed_years(modelled_years: Sequence[int], start: int, end: int) -> list[int]:
    """Modelled years that bracket the period, ascending."""
    first, last = around(modelled_years, start)[0], around(modelled_years, end)[1]
    return sorted(year for year in modelled_years if first <= year <= last)


def around(years: Iterable[int], year: int) -> tuple[int, int, float]:
    """Known years around a year and the weight of the later one; the year itself, twice, where it is known."""
    known = list(years)
    return (year, year, 0.0) if year in known else bracket(known, year)


class InputSeries:
    """Inputs of any year from those of modelled years, linear per square metre of OPEN soil.

    What falls on, or is spread over, a square metre of soil changes smoothly while the soil itself may be sealed in
    between; so the intensity is interpolated, not the cell's total.

    Parameters
    ----------
    fluxes : mapping of year to {process: ndarray (n,)}
        Per square metre of cell. [mg m⁻² yr⁻¹]
    open_shares : mapping of year to ndarray, shape (n,)
        Open soil in these years. [1] Where none was open, the other year's intensity stands in.
    """

    def __init__(self, fluxes: Mapping[int, Mapping[str, Vector]], open_shares: Mapping[int, Vector]) -> None:
        self._years = sorted(fluxes)
        self._intensity: dict[int, dict[str, Vector]] = {}
        for year in self._years:
            share = open_shares[year]
            with np.errstate(divide="ignore", invalid="ignore"):
                self._intensity[year] = {
                    name: np.where(share > 0.0, values / share, np.nan) for name, values in fluxes[year].items()
                }

    def at(self, year: int, open_share: Vector) -> dict[str, Vector]:
        """Inputs of a year on the soil that is open then, per square metre of cell. [mg m⁻² yr⁻¹]"""
        first, second, weight = around(self._years, year)
        result = {}
        for name, early in self._intensity[first].items():
            late = self._intensity[second][name]
            mixed = (1.0 - weight) * early + weight * late
            known = np.where(np.isnan(early), late, np.where(np.isnan(late), early, mixed))
            result[name] = np.nan_to_num(known) * open_share
        return result


def setting_series(
    nodes: Iterable[int], modelled_years: Sequence[int], build: Callable[[int, int], Setting]
) -> Callable[[int], Setting]:
    """Setting of any year, linear between nodes.

    Parameters
    ----------
    nodes : iterable of int
        Modelled years and dates of land use.
    modelled_years : sequence of int
        Years whose weather and farming are known.
    build : callable
        ``build(landuse_year, modelled_year) -> Setting``: land use of one year, weather and farming of another.

    Returns
    -------
    callable
        ``setting_at(year)``; the same object while nothing changes.
    """
    known = sorted(set(nodes))
    states: dict[int, Setting] = {}

    def node(year: int) -> Setting:
        if year not in states:
            first, second, weight = around(modelled_years, year)
            early = build(year, first)
            states[year] = early if weight == 0.0 else interpolate(early, build(year, second), weight)
        return states[year]

    def setting_at(year: int) -> Setting:
        first, second, weight = around(known, year)
        return interpolate(node(first), node(second), weight) if weight > 0.0 else node(first)

    return setting_at


def between_years(records: Mapping[int, Mapping[str, float]], year: int) -> dict[str, float]:
    """Regional sums of a year, linear between the years that are known. [kg yr⁻¹]"""
    first, second, weight = around(records, year)
    return {name: (1.0 - weight) * value + weight * records[second][name] for name, value in records[first].items()}
