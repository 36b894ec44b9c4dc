"""The check of everything a user supplies: raw files against their schemas, and against each other.

Importing this package costs nothing: libraries are loaded by the check itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from metalbudget.errors import InputError

MEND_SETTING = "change the key; config/README.md explains it"
MEND_RAW = "correct it in the file; docs/inputs.md describes every column and layer"


def check(folder: str | Path, config: Mapping[str, Any], scenarios: Mapping[str, Any]) -> list[InputError]:
    """All problems of all raw files.

    Parameters
    ----------
    folder : path
        The raw folder.
    config : mapping
        Merged configuration, valid by its schema.
    scenarios : mapping
        Content of the scenarios file, valid by its schema.

    Returns
    -------
    list of InputError
        Empty if the study can start.
    """
    from metalbudget.inputs.region import examine

    return examine(folder, config, scenarios).problems


def schema_problems(document: Mapping[str, Any], schema_path: str | Path) -> list[InputError]:
    """All problems of a configuration or scenarios mapping under a closed JSON schema."""
    from metalbudget.inputs.schema import document_problems

    return with_mend(document_problems(document, schema_path))


def setting_problems(config: Mapping[str, Any], study: str | Path) -> tuple[list[InputError], dict[str, Any] | None]:
    """All problems of the configuration and the scenarios, by schema, then against each other and the tables.

    Parameters
    ----------
    config : mapping
        The merged configuration.
    study : path
        The study folder.

    Returns
    -------
    list of InputError
        Empty if the raw files can be checked.
    dict or None
        Content of the scenarios file; None if the configuration does not say which.
    """
    from metalbudget import settings
    from metalbudget.inputs import metals

    schemas = settings.WORKFLOW / "schemas"
    problems = schema_problems(config, schemas / "config.schema.json")
    if problems:
        return problems, None
    scenarios = settings.load(settings.scenarios_path(config, study))
    problems = schema_problems(scenarios, schemas / "scenarios.schema.json")
    problems = problems or with_mend(settings.check(config, scenarios, study))
    problems += with_mend(settings.table_problems())
    if not problems and config["region"]["source"] == "generated":
        from metalbudget.demo import ANEMOMETER_HEIGHT_M
        from metalbudget.inputs.agreement.stations import anemometer_problem

        low = anemometer_problem(ANEMOMETER_HEIGHT_M, config["dispersion"], "the generated region's weather station")
        problems = [low] if low else []
    return problems + with_mend(metals.problems(config) if not problems else []), scenarios


def with_mend(problems: Iterable[InputError]) -> list[InputError]:
    """The same problems in their order; those without advice get where to correct them."""
    from metalbudget.errors import InputError

    result = []
    for problem in problems:
        if problem.mend is None:
            settings = problem.file in ("configuration", "scenarios")
            details = {name: getattr(problem, name) for name in ("file", "where", "found", "expected")}
            problem = InputError(problem.message, **details, mend=MEND_SETTING if settings else MEND_RAW)
        result.append(problem)
    return result
