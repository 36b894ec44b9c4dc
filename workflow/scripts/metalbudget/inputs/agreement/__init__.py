"""Raw inputs against each other and against the configuration: names, years, places, shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from metalbudget.inputs.agreement.area_sources import check_area_sources
from metalbudget.inputs.agreement.facilities import check_activity, check_controls, check_facilities
from metalbudget.inputs.agreement.land import check_agriculture, check_open_land, check_parent_materials
from metalbudget.inputs.agreement.names import check_references
from metalbudget.inputs.agreement.provenance import check_provenance
from metalbudget.inputs.agreement.stations import check_background, check_station
from metalbudget.inputs.agreement.survey import check_survey
from metalbudget.inputs.agreement.years import modelled_years

if TYPE_CHECKING:
    from metalbudget.inputs.region import Examination


def check(result: Examination, config: Mapping[str, Any]) -> None:
    """Append every disagreement to the examination's problems."""
    years = modelled_years(config)
    metals = list(config["run"]["metals"])
    check_references(result, config)
    check_facilities(result, config)
    check_activity(result, years)
    check_controls(result, years)
    check_area_sources(result, years)
    check_open_land(result)
    check_agriculture(result, years, metals)
    check_parent_materials(result, metals)
    check_station(result, config)
    for survey in config["surveys"]:
        table = result.tables.get(survey["file"])
        if table is not None:
            check_survey(result, table, int(survey["year"]), config)
    check_background(result, config, years, metals)
    check_provenance(result, config)
