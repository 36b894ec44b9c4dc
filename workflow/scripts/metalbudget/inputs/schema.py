"""Closed JSON schemas: those of the raw tables as Python mappings, and configuration checked against its own."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from metalbudget.errors import InputError, nearest

SUPPLY = "supply the file; docs/inputs.md describes it"
SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"


@cache
def table_schema(name: str) -> dict[str, Any]:
    """Schema of one raw table, such as ``facilities``."""
    return json.loads((SCHEMAS / "raw" / f"{name}.schema.json").read_text(encoding="utf-8"))


def table_names() -> list[str]:
    """Names of all raw tables that have a schema."""
    return sorted(path.name.removesuffix(".schema.json") for path in (SCHEMAS / "raw").glob("*.schema.json"))


def nearest_file(name: str, there: Iterable[str], taken: Iterable[str] = ()) -> str | None:
    """'did you mean ...?' among files that are no inputs of their own: neither `taken` nor of another year."""
    own = set(taken)
    bare = re.sub(r"\d+", "", name)
    return nearest(name, [entry for entry in there if entry not in own and re.sub(r"\d+", "", entry) != bare])


def document_problems(document: Mapping[str, Any], schema_path: str | Path) -> list[InputError]:
    """All problems of a mapping under a closed JSON schema.

    Parameters
    ----------
    document : mapping
        Configuration or scenarios; years may be numbers (YAML) or text (JSON) as keys.
    schema_path : path
        The schema; its title names the document in the messages.

    Returns
    -------
    list of InputError
        One for each key: the key's path, what was found, what is expected; unknown keys first.
    """
    import jsonschema

    schema = json.loads(Path(schema_path).read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    title = schema.get("title", Path(schema_path).stem)
    problems: list[InputError] = []
    for error in sorted(validator.iter_errors(_plain(document)), key=lambda entry: list(map(str, entry.path))):
        problems.extend(_described(error, title))
    once = list({str(problem): problem for problem in problems}.values())  # `required` comes once for each key
    return sorted(once, key=lambda problem: not problem.message.startswith("unknown key"))


def _plain(value: Any) -> Any:
    """Plain dictionaries with text keys and lists: what a JSON schema speaks about."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def _described(error: Any, title: str) -> Iterable[InputError]:
    where = ".".join(str(part) for part in error.absolute_path)
    purpose = error.schema.get("description") if isinstance(error.schema, dict) else None
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        patterns = error.schema.get("patternProperties", {})
        for key in error.instance:
            if key in known or any(_matches(pattern, key) for pattern in patterns):
                continue
            yield InputError(
                f"unknown key {key!r}",
                file=title,
                where=_join(where, key),
                found=key,
                expected=f"one of {', '.join(known)}" if known else purpose,
                mend=nearest(key, known)
                or next((f"did you mean {key.lower()!r}?" for form in patterns if _matches(form, key.lower())), None)
                or "remove the key, or look it up in config/README.md",
            )
    elif error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                described = error.schema.get("properties", {}).get(key, {}).get("description")
                yield InputError(
                    f"the key {key!r} is missing",
                    file=title,
                    where=_join(where, key),
                    found="nothing",
                    expected=described or "a value",
                    mend=f"add it; the default stands in {_default_file(title)}",
                )
    elif error.validator == "enum":
        yield InputError(
            "not one of the choices",
            file=title,
            where=where,
            found=repr(error.instance),
            expected=", ".join(str(choice) for choice in error.validator_value),
            mend=nearest(error.instance, error.validator_value),
        )
    elif error.validator == "type":
        yield InputError(
            "wrong type",
            file=title,
            where=where,
            found=f"{error.instance!r} ({_kind(error.instance)})",
            expected=_kinds(error.validator_value) + (f": {purpose}" if purpose else ""),
            mend=_type_hint(error.instance, error.validator_value),
        )
    elif error.validator in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"):
        yield InputError(
            "the value is out of range",
            file=title,
            where=where,
            found=error.instance,
            expected=_range(error.schema) + (f": {purpose}" if purpose else ""),
        )
    else:
        yield InputError(
            _SENTENCES.get(error.validator, error.message),
            file=title,
            where=where,
            found=repr(error.instance),
            expected=_limit(error.validator, error.validator_value) + (f": {_inner(purpose)}" if purpose else ""),
            mend=_case_hint(error.instance, error.validator_value) if error.validator == "pattern" else None,
        )


def _case_hint(text: str, pattern: str) -> str | None:
    """The text in small letters, if that has the form that is asked for."""
    return f"did you mean {text.lower()!r}?" if _matches(pattern, text.lower()) else None


_SENTENCES = {
    "minItems": "the list is too short",
    "maxItems": "the list is too long",
    "uniqueItems": "the list holds a value twice",
    "pattern": "the text has the wrong form",
    "minProperties": "the mapping is empty",
    "minLength": "the text is empty",
    "const": "not the expected value",
}
_COUNTED = {"Items": ("entry", "entries"), "Properties": ("key", "keys"), "Length": ("letter", "letters")}


def _limit(validator: str, value: Any) -> str:
    """A rule of a schema in plain words."""
    if validator == "uniqueItems":
        return "no entry twice"
    if validator == "pattern":
        ending = re.fullmatch(r"\\(\.\w+)\$", str(value))
        return f"text that ends in {ending[1]}" if ending else f"text of the form {value}"
    for name, (one, many) in _COUNTED.items():
        if validator in (f"min{name}", f"max{name}"):
            bound = "at least" if validator.startswith("min") else "at most"
            return f"{bound} {value} {one if value == 1 else many}"
    return str(value)


def _inner(sentence: str) -> str:
    """A sentence as it stands after a colon."""
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def _matches(pattern: str, key: str) -> bool:
    return re.search(pattern, key) is not None


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _default_file(title: str) -> str:
    return "config/scenarios.yaml" if title.startswith("scenario") else "config/config.yaml"


def _kind(value: Any) -> str:
    names = {bool: "true/false", int: "whole number", float: "number", str: "text", list: "list", dict: "mapping"}
    return names.get(type(value), "nothing" if value is None else type(value).__name__)


def _kinds(types: str | list[str]) -> str:
    names = {
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
        "string": "text",
        "array": "a list",
        "object": "a mapping",
        "null": "nothing",
    }
    return " or ".join(names[kind] for kind in ([types] if isinstance(types, str) else types))


def _type_hint(value: Any, types: str | list[str]) -> str | None:
    wanted = [types] if isinstance(types, str) else types
    if isinstance(value, str) and {"integer", "number"} & set(wanted):
        return "write the number without quotes; --config on the command line delivers text, use --configfile"
    if "array" in wanted and not isinstance(value, list | dict):
        return f"write [{value}]"
    return None


def _range(schema: Mapping[str, Any]) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None:
        return f"at most {high}"
    if high is None:
        return f"above {low}" if "exclusiveMinimum" in schema else f"at least {low}"
    return f"{low} to {high}"
