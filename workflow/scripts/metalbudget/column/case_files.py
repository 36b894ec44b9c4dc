"""The files of a column case as they stand: a mapping and tables of numbers, every problem of a file together."""

import csv
import difflib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metalbudget.errors import InputError, InputErrors

_ALIKE = 0.8  # of difflib's ratio: the other name is meant
_MOST_TOLD = 20  # problems of one file
LARGEST = 1.0e9  # no amount of anything in a case


@dataclass(eq=False)
class Problems:
    """What is wrong, gathered until all of it is known."""

    found: list[InputError] = field(default_factory=list)

    def add(self, message: str, **details: Any) -> None:
        """One more; `details` as `InputError` has them."""
        self.found.append(InputError(message, **details))

    def finish(self) -> None:
        """Raise what there is, the first of them if they are many."""
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            more = len(self.found) - _MOST_TOLD
            rest = [InputError(f"{more} more problems", mend="mend those above first")] if more > 0 else []
            raise InputErrors([*self.found[:_MOST_TOLD], *rest])


@dataclass(frozen=True, eq=False)
class Section:
    """A mapping of a case and where it stands, whose values are checked as they are taken.

    Parameters
    ----------
    values : mapping
    file : Path
    where : str
        For messages.
    problems : Problems
        Joined by what is wrong here.
    """

    values: Mapping[str, Any]
    file: Path
    where: str
    problems: Problems

    def complain(self, message: str, key: str | None = None, **details: Any) -> None:
        """A problem of this mapping, or of one key of it."""
        place = ", ".join(part for part in (self.where, key) if part)
        self.problems.add(message, file=self.file, where=place or None, **details)

    def has(self, key: str) -> bool:
        """Whether a key is there and not null."""
        return self.values.get(key) is not None

    def number(
        self,
        key: str,
        default: float | None = None,
        *,
        least: float = -math.inf,
        most: float = math.inf,
        mend: str | None = None,
    ) -> float:
        """A finite number within its limits; NaN where there is none, with a problem."""
        return self.checked(self.values.get(key, default), key, least, most, mend)

    def numbers(
        self, key: str, sizes: Iterable[int], default: float | None = None, *, least: float = -math.inf,
        most: float = math.inf, mend: str | None = None,
    ) -> NDArray[np.float64]:  # fmt: skip
        """One number, or a list of as many as `sizes` allow; NaN where there is none, with a problem."""
        value = self.values.get(key, default)
        listed = value if isinstance(value, list) else [value]
        if len(listed) not in (allowed := sorted({1, *sizes})):
            self.complain(
                f"{key} has another number of values than there are materials", key, found=value,
                expected=" or ".join(str(size) for size in allowed),
                mend="one number, or one for each material in their order",
            )  # fmt: skip
            return np.array([math.nan])
        return np.array([self.checked(one, key, least, most, mend) for one in listed])

    def checked(self, value: Any, key: str, least: float, most: float, mend: str | None = None) -> float:
        """A value as `number` has it."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.complain(
                "a number is missing", key, found="nothing" if value is None else _short(value),
                mend=self._meant(key) or mend or "a number without quotes and unit",
            )  # fmt: skip
            return math.nan
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            self.complain("a number is missing", key, found=value, mend=mend or "a number that is finite")
            return math.nan
        if not least <= number <= most:
            self.complain(f"{key} is out of range", key, found=f"{number:g}", expected=within(least, most), mend=mend)
            return math.nan
        return number

    def section(self, key: str, required: bool = True) -> "Section":
        """A mapping within this one; empty where it is missing, with a problem if it is required."""
        value = self.values.get(key)
        where = ", ".join(part for part in (self.where, key) if part)
        if value is None and not required:
            return Section({}, self.file, where, self.problems)
        if not isinstance(value, dict) or (required and not value):
            if value is None or value == {}:
                self.complain(f"{key} is missing", key, mend=self._meant(key) or f'add "{key}": {{...}}')
            else:
                self.complain(
                    f"{key} is not a mapping of names to values", key, found=_short(value),
                    mend=f'write "{key}": {{"name": value, ...}}',
                )  # fmt: skip
            value = {}
        return Section(value, self.file, where, self.problems)

    def sections(self, key: str, label: str, required: bool = True) -> list["Section"]:
        """Mappings of a list within this one, each named by `label` and its name or number."""
        value = self.values.get(key)
        if value is None or value in ([], {}):
            if required:
                self.complain(f"{key} is missing", key, mend=self._meant(key) or f'add "{key}": [{{...}}]')
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.complain(
                f"{key} is not a list of mappings", key, found=_short(value), mend=f'write "{key}": [{{...}}, {{...}}]'
            )
            return []
        return [
            Section(
                one, self.file, ", ".join(part for part in (self.where, f"{label} {number}") if part), self.problems
            )
            for number, one in enumerate(value, 1)
        ]  # fmt: skip

    def refuse_misspelt(self, known: Sequence[str]) -> None:
        """A problem for each key that is not known and looks like a known one that is not there."""
        for key in self.values:
            if key not in known and (meant := alike(key, [name for name in known if name not in self.values])):
                self.complain(
                    "unknown key", key, expected=meant, mend=f"write {meant}, or another word for something else"
                )

    def _meant(self, key: str) -> str | None:
        for other in self.values:
            if other != key and alike(other, [key]):
                return f"{other} stands there: write {key}"
        return None


def within(least: float, most: float) -> str:
    """Limits in words."""
    if math.isinf(most):
        return f"at least {least:g}"
    return f"at most {most:g}" if math.isinf(least) else f"{least:g} to {most:g}"


def alike(name: str, known: Sequence[str]) -> str | None:
    """The known name that is spelt nearly so, if there is one."""
    lower = {one.lower(): one for one in known}
    close = difflib.get_close_matches(str(name).lower(), list(lower), 1, _ALIKE)
    return lower[close[0]] if close else None


def read_mapping(file: Path) -> dict[str, Any]:
    """A JSON object.

    Raises
    ------
    InputError
        If the file is not readable, not JSON, names a key twice, or holds NaN or infinity.
    """
    text = _text(file, "the case")
    try:
        content = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        ends = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        raise InputError(
            "the case is not JSON", file=file, where=f"line {error.lineno}, column {error.colno}", found=error.msg,
            mend="the file ends too early" if ends else "look at that line and the one above it",
        ) from error  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise InputError("the case is not JSON", file=file, found=error) from error
    if not isinstance(content, dict):
        raise InputError(
            "the case is not a mapping", file=file, found=type(content).__name__, expected='{"materials": ..., ...}'
        )
    return content


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)} stands twice")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _text(file: Path, what: str) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{what} cannot be read",
            file=file,
            found=error.strerror or error,
            mend="correct the folder, or put the file there",
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{what} is not UTF-8 text", file=file, found=f"byte {error.start}", mend="save the file as UTF-8"
        ) from error
    if not text.strip():
        raise InputError(f"{what} is empty", file=file, mend="write the file again")
    if "\0" in text:
        raise InputError(f"{what} is not text", file=file, found="a byte of zero", mend="save the file as UTF-8")
    return text


@dataclass(frozen=True, eq=False)
class Table:
    """Numbers of a table's columns.

    Parameters
    ----------
    file : Path
    columns : mapping of title to ndarray, shape (n,)
    rows : ndarray of int, shape (n,)
        Where each stands in the file; the header is row 1.
    """

    file: Path
    columns: Mapping[str, NDArray[np.float64]]
    rows: NDArray[np.int64]


def read_table(file: Path, needed: Sequence[str], optional: Sequence[str] = (), prefixes: Sequence[str] = ()) -> Table:
    """A table of numbers, separated by commas, with titles in its first row.

    Parameters
    ----------
    file : Path
    needed, optional : sequence of str
        Titles that must and that may be there. Others are left alone, unless they are spelt nearly like one of these.
    prefixes : sequence of str
        Titles that begin so are read, too.

    Raises
    ------
    InputError
        Every problem with its row and title.
    """
    text = _text(file, "the table")
    try:
        listed = list(csv.reader(text.splitlines()))
    except csv.Error as error:
        raise InputError("the table cannot be read", file=file, found=error) from error
    start = next(number for number, row in enumerate(listed) if any(cell.strip() for cell in row))
    header = [cell.strip() for cell in listed[start]]
    rows = [(number + 1, row) for number, row in enumerate(listed) if number > start and any(c.strip() for c in row)]
    _check_header(file, header, rows, needed, optional)
    titles = [
        title for title in header if title in (*needed, *optional) or title.startswith(tuple(prefixes) or ("\0",))
    ]
    problems = Problems()
    values = np.full((len(rows), len(titles)), np.nan)
    place_of = {title: header.index(title) for title in titles}
    for i, (number, row) in enumerate(rows):
        if len(row) > len(header) and any(cell.strip() for cell in row[len(header) :]):
            problems.add(
                "a row has more values than there are titles", file=file, where=f"row {number}", found=len(row),
                expected=len(header), mend="write numbers with a point, and no comma after the last",
            )  # fmt: skip
            continue
        for j, title in enumerate(titles):
            cell = row[place_of[title]].strip() if place_of[title] < len(row) else ""
            values[i, j] = _number(cell)
            if not math.isfinite(values[i, j]):
                message = "not a number" if cell else "a value is missing"
                problems.add(
                    message, file=file, where=f"row {number}, {title}", found=cell or "nothing",
                    expected="a number such as 0.25",
                )  # fmt: skip
    problems.finish()
    columns = {title: values[:, j].copy() for j, title in enumerate(titles)}
    return Table(file, columns, np.array([number for number, _ in rows], dtype=np.int64))


def _number(cell: str) -> float:
    try:
        return math.nan if "_" in cell else float(cell)
    except ValueError:
        return math.nan


def _check_header(
    file: Path, header: Sequence[str], rows: Sequence[Any], needed: Sequence[str], optional: Sequence[str]
) -> None:
    missing = [name for name in needed if name not in header]
    told = ", ".join(header)
    if missing and len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        raise InputError(
            "the table is not separated by commas", file=file, found=told[:120],
            mend="commas between values, and points in numbers",
        )  # fmt: skip
    problems = Problems()
    if missing:
        problems.add(
            "the table lacks columns", file=file, where="row 1", found=told[:200], expected=", ".join(missing),
            mend="the first row holds the titles",
        )  # fmt: skip
    for title in sorted({title for title in header if title and header.count(title) > 1}):
        problems.add("a title stands twice", file=file, where="row 1", found=title, mend="remove one of the columns")
    absent = [name for name in optional if name not in header]
    for title in header:
        if title not in needed and title not in optional and (meant := alike(title, absent)):
            problems.add("unknown title", file=file, where="row 1", found=title, expected=meant, mend=f"write {meant}")
    if not rows:
        problems.add("the table has no rows", file=file, found=told[:200], expected="rows of numbers below the titles")
    problems.finish()


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
