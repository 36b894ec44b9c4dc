"""Raw tables: read as columns and checked against their schema, with every problem reported."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError, nearest, nearest_name
from metalbudget.inputs.schema import nearest_file, table_names, table_schema

SHOWN = 5  # rows named in one message; the rest are counted


@dataclass(eq=False)
class Table:
    """Columns of a raw table.

    Parameters
    ----------
    file : str
        Path inside the raw folder.
    schema : dict
    text : dict of str to ndarray of str, shape (n,)
        Every column as written, stripped.
    number : dict of str to ndarray of float64, shape (n,)
        Numeric columns; NaN where blank or refused.
    row : ndarray of int, shape (n,)
        Line of the file.
    """

    file: str
    schema: dict[str, Any]
    text: dict[str, NDArray[np.str_]] = field(default_factory=dict)
    number: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    row: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.row.size

    def has(self, *names: str) -> bool:
        """Whether the columns are there."""
        return all(name in self.text for name in names)

    def rows(self, bad: NDArray[np.bool_]) -> str:
        """The lines of some rows, in words."""
        return named_rows(self.row[bad])


def named_rows(rows: NDArray[np.int64]) -> str:
    """'row 7' or 'rows 7, 9, 12 and 30 more'."""
    shown = ", ".join(str(row) for row in rows[:SHOWN])
    more = f" and {rows.size - SHOWN} more" if rows.size > SHOWN else ""
    return f"row{'s' if rows.size > 1 else ''} {shown}{more}"


def shown_values(values: Iterable[object]) -> str:
    """The first few distinct values, in words."""
    distinct = list(dict.fromkeys(str(value) for value in values))
    more = f" and {len(distinct) - SHOWN} more" if len(distinct) > SHOWN else ""
    return ", ".join(distinct[:SHOWN]) + more


def report_rows(
    table: Table,
    bad: NDArray[np.bool_],
    message: str,
    problems: list[InputError],
    *,
    expected: str,
    column: str | None = None,
    found: Iterable[object] | None = None,
    mend: str | None = None,
) -> None:
    """Report rows of a table, if there are any.

    Parameters
    ----------
    table : Table
    bad : ndarray of bool, shape (n,)
    message : str
    problems : list of InputError
        The problem is appended.
    expected : str
    column : str, optional
        Where the mistake stands; its values are what was found, unless `found` tells it.
    found : iterable, optional
        What was found in the bad rows.
    mend : str, optional
    """
    if not bad.any():
        return
    values = found if found is not None else table.text[column][bad] if column else ()
    problems.append(
        InputError(
            message,
            file=table.file,
            where=table.rows(bad) + (f", column {column}" if column else ""),
            found=shown_values(values) or None,
            expected=expected,
            mend=mend,
        )
    )


def pairs(table: Table, first: str, second: str, bad: NDArray[np.bool_]) -> list[tuple[str, str]]:
    """Two columns of the bad rows, as written."""
    return list(zip(table.text[first][bad].tolist(), table.text[second][bad].tolist(), strict=True))


def read(folder: Path, file: str, name: str, problems: list[InputError]) -> Table | None:
    """Read one raw table and check it against its own schema.

    Parameters
    ----------
    folder : Path
        The raw folder.
    file : str
        Path inside it.
    name : str
        Schema of the table.
    problems : list of InputError
        Problems are appended.

    Returns
    -------
    Table or None
        None if nothing could be read; else what could be read, so that later checks find more problems.
    """
    schema = table_schema(name)
    rows = _rows(folder / file, file, schema, problems)
    if rows is None:
        return None
    header, body, lines = rows
    table = Table(file, schema, row=lines)
    _check_header(table, header, problems)
    columns = list(zip(*body, strict=True)) if body else [()] * len(header)
    for position, column in enumerate(header):
        if column in schema["properties"] and column not in table.text:
            table.text[column] = np.array([value.strip() for value in columns[position]], dtype=np.str_)
    if not body and not schema.get("may_be_empty"):
        problems.append(
            InputError("the table has no rows", file=file, found="a header only", expected=schema["description"])
        )
    for column, values in table.text.items():
        _check_column(table, column, values, schema["properties"][column], problems)
    _check_key(table, problems)
    return table


def _rows(path: Path, file: str, schema: Mapping[str, Any], problems: list[InputError]):
    """Header, rows and their line numbers; None if the file is not a table."""
    purpose = schema["description"]
    if not path.is_file():
        problems.append(
            InputError(
                "the file is missing",
                file=file,
                found=_similar_file(path),
                expected=purpose,
                mend=f"add a CSV table with the columns {', '.join(schema['required'])}; see docs/inputs.md",
            )
        )
        return None
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problems.append(
            InputError(
                "the file is not encoded in UTF-8",
                file=file,
                where=f"row {line}",
                found=f"byte 0x{content[error.start]:02x}",
                expected="UTF-8",
                mend="save the table as 'CSV UTF-8' or convert it, for instance iconv -f GB18030 -t UTF-8",
            )
        )
        return None
    if "\x00" in text:
        problems.append(
            InputError("the file is not a text table", file=file, found="NUL bytes", expected="a CSV table in UTF-8")
        )
        return None
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, lines = [], []
    for row in reader:
        rows.append(row)
        lines.append(reader.line_num)
    if not rows or not any(rows[0]):
        problems.append(
            InputError("the table is empty", file=file, found="no header", expected=", ".join(schema["required"]))
        )
        return None
    header = rows[0]
    if len(header) == 1 and len(re.split("[;\t]", header[0])) > 1:
        problems.append(
            InputError(
                "the columns are not separated by commas",
                file=file,
                where="header",
                found=header[0][:80],
                expected="commas",
                mend="save the table with commas between the columns and points as decimal signs",
            )
        )
        return None
    blank = [line for line, row in zip(lines[1:], rows[1:], strict=True) if not any(value.strip() for value in row)]
    if blank:
        problems.append(
            InputError(
                "a row is blank",
                file=file,
                where=named_rows(np.array(blank)),
                found="no value in any column",
                expected="one row after the other",
                mend="remove the row; spreadsheets leave such rows below a table",
            )
        )
        filled = [(row, line) for row, line in zip(rows, lines, strict=True) if line not in set(blank)]
        rows, lines = [row for row, _ in filled], [line for _, line in filled]
    uneven = [line for line, row in zip(lines[1:], rows[1:], strict=True) if len(row) != len(header)]
    if uneven:
        first = rows[lines.index(uneven[0])]
        problems.append(
            InputError(
                "a row has another number of fields than the header",
                file=file,
                where=named_rows(np.array(uneven)),
                found=f"{len(first)} fields",
                expected=f"{len(header)} fields",
                mend="quote texts that hold a comma, close quotes, write points as decimal signs",
            )
        )
    kept = [(row, line) for row, line in zip(rows[1:], lines[1:], strict=True) if len(row) == len(header)]
    return header, [row for row, _ in kept], np.array([line for _, line in kept], dtype=np.int64)


def _similar_file(path: Path) -> str:
    parent = path.parent
    if not parent.is_dir():
        return f"no folder {parent.name}/"
    taken = [f"{name}.csv" for name in [*table_names(), "station"]]
    hint = nearest_file(path.name, sorted(entry.name for entry in parent.iterdir()), taken)
    return f"nothing; {hint}" if hint else "nothing"


def _check_header(table: Table, header: Sequence[str], problems: list[InputError]) -> None:
    schema = table.schema
    known = schema["properties"]
    missing = [name for name in schema["required"] if name not in header]
    unknown = [name for name in header if name not in known]
    for name in unknown:
        meant = nearest_name(name, missing)
        if meant:
            missing.remove(meant)  # a misspelt column is one mistake, not two
        problems.append(
            InputError(
                f"unknown column {name!r}",
                file=table.file,
                where="header",
                found=name,
                expected=", ".join(known),
                mend=f"did you mean {meant!r}?" if meant else nearest(name, known) or "remove the column",
            )
        )
    for name in missing:
        unit = known[name].get("unit")
        problems.append(
            InputError(
                f"the column {name!r} is missing",
                file=table.file,
                where="header",
                found=", ".join(header),
                expected=f"{name}{f' [{unit}]' if unit else ''}: {known[name]['description']}",
            )
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        problems.append(
            InputError(
                "a column stands twice",
                file=table.file,
                where="header",
                found=", ".join(twice),
                expected="each column once",
            )
        )


def _kinds(column: Mapping[str, Any]) -> list[str]:
    return [column["type"]] if isinstance(column["type"], str) else list(column["type"])


def _check_column(
    table: Table, name: str, values: NDArray[np.str_], column: Mapping[str, Any], problems: list[InputError]
) -> None:
    kinds = _kinds(column)
    blank = values == ""
    if "null" not in kinds:
        report_rows(
            table,
            blank,
            "a value is blank",
            problems,
            column=name,
            found=["nothing"],
            expected=_expected(column),
            mend="fill the value in; what is assumed is labelled in provenance.csv",
        )
    if "string" in kinds:
        _check_text(table, name, values, blank, column, problems)
    else:
        table.number[name] = _check_numbers(table, name, values, blank, column, problems)


def _expected(column: Mapping[str, Any]) -> str:
    if "enum" in column:
        return "one of " + ", ".join(str(choice) for choice in column["enum"])
    unit = f" {column['unit']}" if column.get("unit", "1") not in ("1", "year") else ""
    if "minimum" in column:
        return f"{column['minimum']:g} to {column['maximum']:g}{unit}: {column['description']}"
    return str(column["description"])


def _check_text(table, name, values, blank, column, problems) -> None:
    if "enum" in column:
        report_unknown(table, name, column["enum"], problems)
    elif "pattern" in column:
        form = re.compile(column["pattern"])
        fits = {value: form.search(value) is not None for value in np.unique(values)}
        bad = ~blank & np.array([not fits[value] for value in values], dtype=bool)
        expected = f"{column['description']} Form: {column['pattern']}"
        report_rows(table, bad, f"the {name} has the wrong form", problems, column=name, expected=expected)


def report_unknown(table: Table, name: str, known: Sequence[str], problems: list[InputError], what: str = "") -> None:
    """Report each value of a text column that is not among the known ones; blanks are not reported here."""
    values = table.text[name]
    for value in np.setdiff1d(np.unique(values), np.array(["", *known], dtype=np.str_)):
        report_rows(
            table,
            values == value,
            f"unknown {what or name} {str(value)!r}",
            problems,
            column=name,
            expected=f"one of {shown_many(known)}",
            mend=nearest(value, known),
        )


def shown_many(known: Sequence[object], limit: int = 25) -> str:
    """Known names, all if they are few."""
    names = [str(name) for name in known]
    return ", ".join(names[:limit]) + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _check_numbers(table, name, values, blank, column, problems) -> NDArray[np.float64]:
    numbers = np.full(values.shape, np.nan)
    filled = ~blank
    grouped = np.char.find(values, "_") >= 0  # Python reads 1_000 as a number; no other program does
    try:
        numbers[filled] = values[filled].astype(np.float64)
    except ValueError:
        for position in np.flatnonzero(filled):
            numbers[position] = _number(values[position])
    bad = filled & (~np.isfinite(numbers) | grouped)
    whole = "integer" in _kinds(column)
    if bad.any():
        first = values[bad][0]
        problems.append(
            InputError(
                "wrong type: not a number",
                file=table.file,
                where=f"{table.rows(bad)}, column {name}",
                found=shown_values(repr(str(value)) for value in values[bad]),
                expected=f"{'a whole number' if whole else 'a number'}, {_expected(column)}",
                mend=_number_hint(str(first)),
            )
        )
        numbers[bad] = np.nan
    if whole:
        with np.errstate(invalid="ignore"):
            broken = np.isfinite(numbers) & (numbers != np.round(numbers))
        expected = f"a whole number, {_expected(column)}"
        report_rows(table, broken, "wrong type: not a whole number", problems, column=name, expected=expected)
        numbers[broken] = np.nan
    outside = (numbers < column["minimum"]) | (numbers > column["maximum"])
    if outside.any():
        problems.append(
            InputError(
                _range_message(numbers[outside], column),
                file=table.file,
                where=f"{table.rows(outside)}, column {name}",
                found=shown_values(f"{value:g}" for value in numbers[outside]),
                expected=_expected(column),
                mend=slip_hint(numbers[outside], column) or column.get("mend"),
            )
        )
        numbers = np.where(outside, np.nan, numbers)
    return numbers


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan


def _number_hint(text: str) -> str | None:
    if re.fullmatch(r"[+-]?\d{1,3}([ ,'_]\d{3})+(\.\d*)?", text) and text.count(",") != 1:
        return "write the number without marks between the thousands"
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return "write a point as decimal sign, and no marks between the thousands"
    if text.startswith(("<", ">")):
        return "write the number alone; below a detection limit: the limit, and 1 in the column censored"
    if re.fullmatch(r"[+-]?\d+(\.\d+)?\s*[A-Za-z/]+.*", text):
        return "write the number alone; the unit stands in the column's name or in a column of its own"
    if text.endswith("%"):
        return "write a number without the sign, as the unit says"
    if text.lower() in ("na", "nan", "null", "none", "-", "inf"):
        return "no placeholder is understood here"
    return None


def _range_message(values: NDArray[np.float64], column: Mapping[str, Any]) -> str:
    if column["minimum"] == 0 and (values < 0).all():
        return "a value is negative"
    return "a value is out of range"


def slip_hint(values: NDArray[np.float64], column: Mapping[str, Any]) -> str | None:
    """Name the unit in which the refused values would be plausible, if the schema knows one."""
    for slip in column.get("slips", ()):
        converted = values * slip["factor"] + slip.get("offset", 0.0)
        if ((converted >= column["minimum"]) & (converted <= column["maximum"])).all():
            return f"the values look like {slip['unit']}; convert them to {column.get('unit', 'the unit')}" + (
                " (a share between 0 and 1)" if slip["unit"] == "percent" and column["maximum"] == 1 else ""
            )
    return None


def _check_key(table: Table, problems: list[InputError]) -> None:
    key = table.schema.get("key")
    if not key or not table.has(*key) or not table.n:
        return
    repeated = duplicates([table.text[name] for name in key])
    if repeated.any():
        first = np.flatnonzero(repeated)[0]
        named = len(key) == 1 and key[0].endswith("_id")
        problems.append(
            InputError(
                f"duplicate {key[0]}" if named else f"duplicate row for the same {', '.join(key)}",
                file=table.file,
                where=table.rows(repeated),
                found="/".join(str(table.text[name][first]) for name in key),
                expected=f"each {', '.join(key)} once",
                mend="remove the repeated rows, or give them names of their own" if named else None,
            )
        )


def duplicates(columns: Sequence[NDArray[Any]]) -> NDArray[np.bool_]:
    """Which rows repeat an earlier row in all of the columns, shape (n,)."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        levels, level = np.unique(column, return_inverse=True)
        codes = np.unique(codes * levels.size + level, return_inverse=True)[1]
    repeated = np.ones(codes.size, dtype=bool)
    repeated[np.unique(codes, return_index=True)[1]] = False
    return repeated


def report_gaps(
    table: Table,
    names: Sequence[str],
    expected: Iterable[tuple[object, ...]],
    problems: list[InputError],
    *,
    message: str = "rows are missing",
    mend: str | None = None,
    describe: Callable[[tuple[object, ...]], str] | None = None,
) -> None:
    """Report the combinations of columns that should each have a row and have none."""
    if not table.has(*names):
        return
    columns = [
        [str(int(value)) if np.isfinite(value) else "" for value in table.number[name]]
        if name in table.number
        else table.text[name].tolist()
        for name in names
    ]
    present = set(zip(*columns, strict=True))
    missing = [entry for entry in expected if tuple(str(part) for part in entry) not in present]
    if missing:
        shown = [describe(entry) if describe else "/".join(str(part) for part in entry) for entry in missing]
        problems.append(
            InputError(
                message,
                file=table.file,
                where=", ".join(names),
                found=f"no row for {shown_values(shown)}",
                expected="a row for each combination",
                mend=mend,
            )
        )
