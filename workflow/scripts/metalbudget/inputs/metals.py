"""Whether the parameter tables know every metal of the run, before any job asks them."""

from collections.abc import Mapping
from typing import Any

from metalbudget import settings
from metalbudget.errors import InputError
from metalbudget.partition import available

# Tables without which a job would stop, whichever sources the region has, and the key that each must have.
NEEDED: dict[str, str | None] = {
    "crop_uptake": None,
    "budget": "natural_deposition",
    "emc": None,
    "fine_enrichment": None,
    "limits_ecological": "total_pnec",
}
# Tables that make the generated region; they are asked for every metal that the study knows.
GENERATED = ("demo_metal", "demo_content", "demo_emission", "demo_parent_material", "demo_background_trend")
GUIDE = "docs/adding-a-metal.md lists the tables and rows"


def problems(config: Mapping[str, Any]) -> list[InputError]:
    """Metals without a sorption relation of the configured name, or without rows in a table that a job needs.

    Parameters
    ----------
    config : mapping
        Merged configuration, valid by its schema; metals of the run are keys of its ``metals``.

    Returns
    -------
    list of InputError
    """
    found = [problem for metal in config["run"]["metals"] for problem in _of_metal(metal, config)]
    if config["region"]["source"] == "generated":
        found += [
            _without_rows(table, metal)
            for metal in config["metals"]
            for table in GENERATED
            if not _own_rows(table, metal)
        ]
    return found


def _of_metal(metal: str, config: Mapping[str, Any]) -> list[InputError]:
    found = []
    relation, known = config["metals"][metal]["kd"], available(settings.coefficients("kd", metal))
    if relation not in known:
        found.append(
            InputError(
                f"no sorption relation {relation!r} for the total content of {metal}",
                file="configuration",
                where=f"metals.{metal}.kd",
                found=relation,
                expected=f"one of {', '.join(known)}"
                if known
                else "a relation tabulated for this metal: there is none",
                mend="choose one of these, or add its rows to resources/parameters/kd.csv" if known else GUIDE,
            )
        )
    for table, key in NEEDED.items():
        rows = _own_rows(table, metal)
        if not rows or (key is not None and key not in rows):
            found.append(_without_rows(table, metal, key))
    return found


def _own_rows(table: str, metal: str) -> dict[str, Any]:
    """Rows of a table that a job of the metal reads: its own and those of all metals."""
    return settings.coefficients(table, metal)


def _without_rows(table: str, metal: str, key: str | None = None) -> InputError:
    return InputError(
        f"the parameter table has no row of {metal}",
        file=f"resources/parameters/{table}.csv",
        where="column metal",
        found=f"no row of {metal}" + (f" named {key}" if key else ""),
        expected="a row for each metal of the study",
        mend=f"{GUIDE}; or take the metal out of run.metals and metals",
    )
