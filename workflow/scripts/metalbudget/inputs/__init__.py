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


def signature(folder: str | Path, config: Mapping[str, Any], scenarios: Mapping[str, Any] | None = None) -> str:
    """Digest of all that the check depends on: sizes and dates of the raw files, settings, and the check itself.

    Parameters
    ----------
    folder : path
        The raw folder; it may be absent.
    config : mapping
        Merged configuration; only the parts that the check reads count.
    scenarios : mapping, optional
        Content of the scenarios file.

    Returns
    -------
    str
        Hexadecimal SHA-256.
    """
    import hashlib
    import json

    parts = ("region", "metals", "run", "weather", "landuse", "surveys", "mapping", "background")
    relevant = {name: config.get(name) for name in parts}
    relevant["max_distance_m"] = config.get("dispersion", {}).get("max_distance_m")
    relevant["landuse_scenarios"] = {
        name: (settings or {}).get("landuse") for name, settings in (scenarios or {}).items()
    }
    digest = hashlib.sha256(json.dumps(_text_keys(relevant), sort_keys=True, default=str).encode())
    own = Path(__file__).resolve().parent
    schemas = own.parents[2] / "schemas"
    folder = Path(folder)
    listed = [(path, path.relative_to(folder).as_posix()) for path in folder.rglob("*")]
    listed += [(path, f"check/{path.name}") for path in [*own.rglob("*.py"), *schemas.rglob("*.json")]]
    for path, name in sorted(listed, key=lambda pair: pair[1]):
        if path.is_file():
            state = path.stat()
            digest.update(f"{name}|{state.st_size}|{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _text_keys(value: Any) -> Any:
    """Mappings with text keys, so that years sort whether YAML or JSON delivered them."""
    if isinstance(value, Mapping):
        return {str(key): _text_keys(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_text_keys(entry) for entry in value]
    return value
