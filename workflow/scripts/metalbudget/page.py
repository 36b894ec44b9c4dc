"""The report: one HTML file that holds its figures and tables and needs no network."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parents[2] / "report" / "page.html"


def render(content: Mapping[str, Any]) -> str:
    """Fill the page's template.

    Parameters
    ----------
    content : mapping
        What the template names: title, labels, sections, tables.

    Returns
    -------
    str
        HTML without any reference to another file.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATE.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["figures"] = significant
    return environment.get_template(TEMPLATE.name).render(**content)


def embedded(path: str | Path) -> str:
    """A PNG as a data address."""
    return "data:image/png;base64," + base64.b64encode(Path(path).read_bytes()).decode("ascii")


def significant(value: object, digits: int = 3) -> str:
    """A number in `digits` significant figures; text as it is, missing as a dash."""
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return str(value)
    number = float(value)  # type: ignore[arg-type]
    if number != number:
        return "–"
    if number == 0:
        return "0"
    if abs(number) >= 10 ** (digits - 1):
        return f"{number:,.0f}"
    return f"{number:.{digits}g}"


def rows_of(columns: Mapping[str, Sequence]) -> list[dict[str, Any]]:
    """Columns of a table as rows."""
    names = list(columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]
