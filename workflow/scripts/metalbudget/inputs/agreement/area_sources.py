"""Area sources: what spreads them, their products and years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError, nearest
from metalbudget.inputs import tables
from metalbudget.inputs.agreement.years import report_pauses
from metalbudget.inputs.tables import Table, shown_values

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination

METRES_PER_KM = 1000.0
DAYS_PER_YEAR = 365.0
# Roads hold one year's traffic and seldom the small streets, activity 20 years of growth: wide, and still below 1000.
WRONG_UNIT_FACTOR = 300.0
DOMESTIC_COAL_T_PERSON = 20.0  # a coal-heated house in the coldest places burns some 5 t a person


def check_area_sources(result: Examination, years: list[int]) -> None:
    """Report names shared with facilities, metals out of place, surrogates of nothing, and missing years."""
    problems = result.problems
    sources = result.table("area_sources")
    if sources is not None and sources.has("source_id", "surrogate"):
        _check_surrogates(result, sources)
        facilities = result.table("facilities")
        if facilities is not None and facilities.has("facility_id"):
            shared = np.isin(sources.text["source_id"], facilities.text["facility_id"]) & (
                sources.text["source_id"] != ""
            )
            tables.report_rows(
                sources,
                shared,
                "a source_id is also a facility_id",
                problems,
                column="source_id",
                expected="names that differ from every facility_id",
            )
    activity = result.table("area_activity")
    if activity is None or not activity.has("source_id", "year", "product", "metal"):
        return
    legacy = activity.text["product"] == "legacy_metal"
    for bad, message, expected in (
        (legacy & (activity.text["metal"] == ""), "a legacy_metal row names no metal", "the metal's symbol"),
        (
            ~legacy & (activity.text["metal"] != ""),
            "a metal is named for a product that is not legacy_metal",
            "a blank metal; emission factors give the metals",
        ),
    ):
        found = (repr(str(value)) for value in activity.text["metal"][bad])
        tables.report_rows(activity, bad, message, problems, column="metal", found=found, expected=expected)
    if sources is None or not sources.has("source_id"):
        return
    needed = [(str(name), year) for name in dict.fromkeys(sources.text["source_id"].tolist()) for year in years]
    tables.report_gaps(
        activity,
        ("source_id", "year"),
        needed,
        problems,
        message="year gap: an area source has no activity in a modelled year",
        mend="add the rows; amount 0 where there was none",
    )
    report_pauses(activity, ("source_id", "product", "metal"), years, set(needed), problems)
    if sources.has("surrogate") and "amount" in activity.number and "year" in activity.number:
        _check_traffic(result, sources, activity)
        _check_domestic_coal(result, sources, activity)


def _spread_by(surrogate: str, sources: Table, activity: Table) -> NDArray[np.bool_]:
    """Rows of the sources that one surrogate spreads, shape (n,)."""
    return np.isin(activity.text["source_id"], sources.text["source_id"][sources.text["surrogate"] == surrogate])


def _yearly(activity: Table, own: NDArray[np.bool_]) -> dict[int, float]:
    """Sums of the amount by year, of rows whose amount and year could be read."""
    amount, year = activity.number["amount"], activity.number["year"]
    own = own & np.isfinite(amount) & np.isfinite(year)
    return {int(one): float(amount[own & (year == one)].sum()) for one in np.unique(year[own])}


def _check_traffic(result: Examination, sources: Table, activity: Table) -> None:
    """Report years whose vehicle kilometres the roads cannot carry, or come nowhere near: another unit."""
    roads = result.layers.get("roads.gpkg")
    if roads is None or "vehicles_per_day" not in roads.columns:
        return
    import shapely

    try:
        vehicles = roads.columns["vehicles_per_day"].astype(float)
    except (ValueError, TypeError):
        return
    carried = float(np.nansum(shapely.length(roads.geometry) / METRES_PER_KM * vehicles)) * DAYS_PER_YEAR
    own = _spread_by("roads", sources, activity) & np.char.startswith(activity.text["product"], "vehicle_km")
    wrong = {
        year: driven
        for year, driven in _yearly(activity, own).items()
        if carried > 0.0 and driven > 0.0 and not 1.0 / WRONG_UNIT_FACTOR <= driven / carried <= WRONG_UNIT_FACTOR
    }
    if wrong:
        much = max(wrong.values()) > carried
        result.problems.append(
            InputError(
                "the vehicle kilometres do not fit the roads",
                file=activity.file,
                where=f"{activity.rows(own & np.isin(activity.number['year'], list(wrong)))}, column amount",
                found=shown_values(f"{driven:.3g} km in {year}" for year, driven in wrong.items()),
                expected=f"within a factor of {WRONG_UNIT_FACTOR:g} of {carried:.3g} km a year, "
                "the length of roads.gpkg times vehicles_per_day times 365",
                mend=f"the values look like {'m' if much else '10^4 km'}; convert them to km, "
                "or correct vehicles_per_day",
            )
        )


def _check_domestic_coal(result: Examination, sources: Table, activity: Table) -> None:
    """Report years in which people would burn more coal than a household can: another unit."""
    people = result.rasters.get("population.tif")
    persons = float(np.nansum(people)) if people is not None else 0.0
    own = _spread_by("population", sources, activity) & (activity.text["product"] == "coal_residential")
    wrong = {
        year: burned
        for year, burned in _yearly(activity, own).items()
        if persons > 0.0 and burned > persons * DOMESTIC_COAL_T_PERSON
    }
    if wrong:
        result.problems.append(
            InputError(
                "more coal is burned at home than people can burn",
                file=activity.file,
                where=f"{activity.rows(own & np.isin(activity.number['year'], list(wrong)))}, column amount",
                found=shown_values(f"{burned / persons:.3g} t a person in {year}" for year, burned in wrong.items()),
                expected=f"at most {DOMESTIC_COAL_T_PERSON:g} t a person and year "
                f"({persons:.4g} persons in population.tif)",
                mend="the values look like kg; convert them to t",
            )
        )


def _check_surrogates(result: Examination, sources: Table) -> None:
    surrogate = sources.text["surrogate"]
    areas = result.layers.get("legacy_areas.gpkg")
    known = [str(name) for name in areas.columns["area_id"]] if areas and "area_id" in areas.columns else None
    for text in np.unique(surrogate[np.char.startswith(surrogate, "legacy:")]):
        area = str(text).removeprefix("legacy:")
        if known is not None and area not in known:
            result.problems.append(
                InputError(
                    f"unknown legacy area {area!r}",
                    file=sources.file,
                    where=f"{sources.rows(surrogate == text)}, column surrogate",
                    found=text,
                    expected=f"legacy: with an area_id of legacy_areas.gpkg: {tables.shown_many(known) or 'none'}",
                    mend=nearest(area, known),
                )
            )
    roads = result.layers.get("roads.gpkg")
    if roads is not None and (surrogate == "roads").any() and "vehicles_per_day" in roads.columns:
        try:
            driven = float(np.nansum(roads.columns["vehicles_per_day"].astype(float)))
        except (ValueError, TypeError):
            return
        if roads.n == 0 or driven <= 0.0:
            result.problems.append(
                InputError(
                    "a source is spread by roads, and there is no traffic",
                    file="roads.gpkg",
                    found=f"{roads.n} roads with {driven:g} vehicles",
                    expected="at least one road with vehicles_per_day above 0",
                )
            )
    people = result.rasters.get("population.tif")
    if people is not None and (surrogate == "population").any() and not np.nansum(people) > 0.0:
        result.problems.append(
            InputError(
                "a source is spread by population, and nobody lives in the region",
                file="population.tif",
                found="a sum of 0",
                expected="persons per cell",
            )
        )
