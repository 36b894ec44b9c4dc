"""Fill the page's template; numbers and cells as the template wants them."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).resolve().parents[3] / "report" / "page.html"
DASH = "–"

Cell = dict[str, str]
Block = dict[str, Any]


def render(content: Mapping[str, Any], template: str | Path = TEMPLATE) -> str:
    """Fill the page's template.

    Parameters
    ----------
    content : mapping
        What the template names: title, labels, numbers, sections with texts, figures, tables and groups.
    template : path

    Returns
    -------
    str
        HTML without any reference to another file; everything that comes from data is escaped.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    template = Path(template)
    environment = Environment(
        loader=FileSystemLoader(template.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(**content)


def embedded(image: str | Path | bytes) -> str:
    """A PNG, from a file or its bytes, as a data address."""
    content = image if isinstance(image, bytes) else Path(image).read_bytes()
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


def significant(value: object, digits: int = 3) -> str:
    """A number in `digits` significant figures; text as it is, missing as a dash."""
    if value is None or value == "":
        return DASH
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    if number != number:
        return DASH
    if number == 0:
        return "0"
    if abs(number) >= 10 ** (digits - 1):
        return f"{number:,.0f}".replace("-", "−")
    if abs(number) < 1.0e-4:
        return f"{number:.{digits}g}".replace("-", "−")
    text = f"{number:.{digits}g}"
    return (f"{float(text):f}".rstrip("0").rstrip(".") if "e" in text else text).replace("-", "−")


def readable(text: object) -> str:
    """Text of a table's field; a number in it as `significant` writes it."""
    try:
        return significant(float(str(text)))
    except ValueError:
        return significant(str(text))


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign."""
    text = significant(value, digits)
    return f"+{text}" if isinstance(value, float | int) and value > 0 and text != DASH else text


def percent(share: float, digits: int = 3) -> str:
    """A share as a percentage."""
    return significant(100.0 * share, digits)


def cell(value: object, mark: str = "", note: str = "") -> Cell:
    """A table cell: its text, a mark for its look (pass, warn, fail, yes, no, other, own), small lines below."""
    return {"text": significant(value), "mark": mark, "note": note}


def table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    text: Sequence[int] = (0,),
    folded: bool = False,
    note: str = "",
) -> Block:
    """A table of the page.

    Parameters
    ----------
    title : str
    head : sequence of str
    rows : sequence of rows
        Values, or cells made by `cell`.
    text : sequence of int
        Columns that hold text and stand left.
    folded : bool
        Shown on request.
    note : str
        A line below the table.
    """
    made = [[value if isinstance(value, dict) else cell(value) for value in row] for row in rows]
    for row in made:
        if len(row) != len(head):
            raise ValueError(f"{title}: a row of {len(row)} cells under {len(head)} heads")
    return {"title": title, "head": list(head), "rows": made, "text": list(text), "folded": folded, "note": note}
