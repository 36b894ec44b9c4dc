"""The lines of a runstream: pathway, keyword and words, with continuation, comments and included files."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from metalbudget.dispersion.runstream.keywords import ORDER, PATHWAYS
from metalbudget.errors import InputError

_WORD = re.compile(r'"[^"]*"|\S+')
_REPEATED = re.compile(r"^(\d+)\*(.+)$")
_ID_PARTS = re.compile(r"^(\D*)(\d*)(.*)$")
# A keyword stands in columns 4 to 11; data of a line that continues the last keyword begin behind them.
_DATA_COLUMN = 12
MOST_VALUES = 10_000_000  # of one line or network; more is a slip of the pen
_FARTHEST_M = 1.0e8  # more than twice around the Earth
_FEET_M = 0.3048  # one international foot, exact by definition

# Words that open a line of a receptor network without repeating the keyword.
NETWORK_WORDS = frozenset(
    ("STA", "XYINC", "XPNTS", "YPNTS", "ORIG", "DIST", "DDIR", "GDIR", "ELEV", "HILL", "FLAG", "END")
)


@dataclass(frozen=True)
class Statement:
    """One line: what it says and where it stands.

    Parameters
    ----------
    file : Path
    line : int
    pathway, keyword : str
        In capitals.
    words : tuple of str
        As written, without quotes.
    """

    file: Path
    line: int
    pathway: str
    keyword: str
    words: tuple[str, ...] = ()

    def error(self, message: str, **details: object) -> InputError:
        """The problem of this line."""
        return InputError(message, file=self.file, where=f"line {self.line}, {self.pathway} {self.keyword}", **details)

    def need(self, count: int, meaning: str) -> None:
        """Refuse a line of fewer than `count` words; `meaning` names all that are expected."""
        if len(self.words) < count:
            raise self.error(
                f"{self.keyword} has too few values", found=" ".join(self.words) or "none", expected=meaning
            )

    def at_most(self, count: int, meaning: str) -> None:
        """Refuse a line of more than `count` words."""
        if len(self.words) > count:
            raise self.error(f"{self.keyword} has too many values", found=" ".join(self.words), expected=meaning)

    def number(self, word: str, name: str) -> float:
        """A finite number."""
        try:
            value = float(word.upper().replace("D", "E"))  # 1.0D3 is a number in Fortran
        except ValueError:
            value = float("nan")
        if value != value or value in (float("inf"), float("-inf")):
            raise self.error(f"{name} is not a number", found=word, expected="a number")
        return value

    def coordinate(self, word: str) -> float:
        """A position that can lie on Earth. [m]"""
        value = self.number(word, "a coordinate")
        if abs(value) > _FARTHEST_M:
            raise self.error("a coordinate is out of range", found=word, expected=f"metres, at most {_FARTHEST_M:g}")
        return value

    def whole(self, word: str, name: str) -> int:
        """A whole number."""
        value = self.number(word, name)
        if value != int(value) or abs(value) > MOST_VALUES:
            raise self.error(f"{name} is not a whole number", found=word, expected=f"at most {MOST_VALUES}")
        return int(value)

    def numbers(self, words: Sequence[str], name: str) -> list[float]:
        """Numbers, with repeat counts such as 36*4."""
        result: list[float] = []
        for word in words:
            repeated = _REPEATED.match(word)
            count, word = (int(repeated[1]), repeated[2]) if repeated else (1, word)
            if count > MOST_VALUES:
                raise self.error(f"{name} is repeated too often", found=count, expected=f"at most {MOST_VALUES}")
            result.extend([self.number(word, name)] * count)
        return result


# A deck of ten thousand receptors with one mistake shall not give ten thousand messages.
_SHOWN_OF_A_KIND = 10


@dataclass
class Problems:
    """Everything wrong with a deck; of problems of one kind the first ten, and how many there are.

    `broken` are the pathways of which a line could not be told: that something is missing from them is no news.
    """

    broken: set[str] = field(default_factory=set)
    _kept: list[InputError] = field(default_factory=list)
    _kinds: dict[str, int] = field(default_factory=dict)

    def add(self, problem: InputError) -> None:
        """Keep a problem, or all of several."""
        for single in getattr(problem, "problems", [problem]):
            self._kinds[single.message] = self._kinds.get(single.message, 0) + 1
            if self._kinds[single.message] <= _SHOWN_OF_A_KIND:
                self._kept.append(single)

    @property
    def found(self) -> list[InputError]:
        """All problems to report."""
        more = [
            InputError(f"and {count - _SHOWN_OF_A_KIND} more of this kind: {message}")
            for message, count in self._kinds.items()
            if count > _SHOWN_OF_A_KIND
        ]
        return self._kept + more


def statements(path: Path, known: dict[str, set[str]], problems: Problems) -> Iterator[Statement]:
    """All statements of a deck in order; STARTING and FINISHED are checked and left out.

    Parameters
    ----------
    path : Path
    known : dict
        Keywords by pathway.
    problems : Problems
        Unknown pathways and keywords are added here.
    """
    opened: list[str] = []
    current: str | None = None
    for statement in _lines(path, "", "", known, problems, depth=0):
        pathway, keyword = statement.pathway, statement.keyword
        if keyword == "STARTING":
            if current is not None and current != pathway:
                problems.add(statement.error(f"{pathway} starts before {current} is finished"))
            if pathway in opened:
                problems.add(statement.error(f"{pathway} is started twice"))
            else:
                opened.append(pathway)
            current = pathway
        elif keyword == "FINISHED":
            if current != pathway and pathway not in problems.broken:
                problems.add(statement.error(f"{pathway} is finished but was not started"))
            current = None
        elif current != pathway:
            problems.broken.add(pathway)
            problems.add(statement.error(f"{keyword} stands outside {pathway} STARTING and {pathway} FINISHED"))
        else:
            yield statement
    if current is not None:
        problems.add(InputError(f"{current} is never finished", file=path, mend=f"add the line {current} FINISHED"))
    if not opened and not problems.found:
        problems.broken.update(ORDER)
        problems.add(
            InputError("the deck is empty", file=path, expected="a runstream, from CO STARTING to OU FINISHED")
        )
    for pathway in ORDER:
        if pathway not in opened and pathway not in problems.broken:
            problems.broken.add(pathway)
            problems.add(
                InputError(
                    f"the deck has no {pathway} pathway",
                    file=path,
                    expected=f"lines from {pathway} STARTING to {pathway} FINISHED",
                    mend="write it; if the deck had one, the file is cut short",
                )
            )
    if [pathway for pathway in opened if pathway in ORDER] != [pathway for pathway in ORDER if pathway in opened]:
        problems.add(
            InputError("the pathways are out of order", file=path, found=" ".join(opened), expected=" ".join(ORDER))
        )


def _lines(
    path: Path, pathway: str, keyword: str, known: dict[str, set[str]], problems: Problems, depth: int
) -> Iterator[Statement]:
    """Statements of one file and of the files that it includes."""
    lost = False  # whether the lines are of a pathway that has not been started: told once
    for number, raw in enumerate(_text(path, pathway).splitlines(), 1):
        line = raw.expandtabs(8).rstrip()
        spans = [(found.start(), found.group()) for found in _WORD.finditer(line)]
        if not spans or spans[0][1].startswith("**"):
            continue
        first = spans[0][1].upper()
        if first in PATHWAYS and len(spans) > 1 and spans[0][0] < _DATA_COLUMN:
            if first != pathway:
                pathway, keyword, lost = first, "", False
            spans = spans[1:]
        if not pathway:
            if not lost:
                problems.add(
                    InputError(
                        "a line before the first pathway",
                        file=path,
                        where=f"line {number}",
                        found=line.strip()[:60],
                        expected="CO STARTING",
                        mend="a runstream is plain text that begins with CO STARTING; comments begin with **",
                    )
                )
            lost = True
            problems.broken.add(ORDER[0])
            continue
        start, word = spans[0]
        upper = word.upper()
        if upper in known[pathway] or upper in ("STARTING", "FINISHED"):
            keyword, spans = upper, spans[1:]
        elif not _continues(keyword, [text for _, text in spans], start):
            others = [other for other in ORDER if upper in known[other]]
            problems.broken.update((pathway, *others))
            if not (lost and others):
                problems.add(_unknown(Statement(path, number, pathway, upper), others))
            keyword, lost = "", lost or bool(others)
            continue
        statement = Statement(path, number, pathway, keyword, tuple(text.strip('"') for _, text in spans))
        if keyword == "INCLUDED":
            yield from _included(statement, known, problems, depth)
        else:
            yield statement


def _unknown(statement: Statement, others: Sequence[str]) -> InputError:
    """A keyword that the pathway does not have; perhaps it is another pathway's."""
    pathway, keyword = statement.pathway, statement.keyword
    if others:
        return statement.error(
            f"{keyword} is no keyword of {pathway}, but of {' and '.join(others)}",
            mend=f"see that {pathway} FINISHED and {others[0]} STARTING stand before it",
        )
    return statement.error(
        f"{pathway} {keyword} is not a keyword that is known here",
        mend="correct the keyword, or take the line out if the result should not depend on it",
    )


def _continues(keyword: str, words: list[str], start: int) -> bool:
    """Whether a line without keyword continues the last one."""
    if not keyword:
        return False
    network = keyword in ("GRIDCART", "GRIDPOLR") and any(word.upper() in NETWORK_WORDS for word in words[:2])
    return network or start >= _DATA_COLUMN


def _included(statement: Statement, known: dict[str, set[str]], problems: Problems, depth: int) -> Iterator[Statement]:
    """Statements of an included file."""
    try:
        statement.need(1, "the name of a file")
        statement.at_most(1, "the name of a file; quotes where it has blanks")
        if depth > 0:
            raise statement.error("an included file includes another")
        path = beside(statement, statement.words[0])
        for inner in _lines(path, statement.pathway, "", known, problems, depth + 1):
            if inner.pathway != statement.pathway or inner.keyword in ("STARTING", "FINISHED"):
                problems.add(inner.error(f"an included file holds lines of {statement.pathway} only"))
            else:
                yield inner
    except InputError as problem:
        problems.add(problem)


def beside(statement: Statement, name: str) -> Path:
    """A file named in a deck: relative to the deck's folder."""
    path = Path(name)
    path = path if path.is_absolute() else statement.file.parent / path
    if not path.is_file():
        raise statement.error(
            f"the file {name} does not exist", found=path, mend="names are relative to the folder of the deck"
        )
    return path


def _text(path: Path, pathway: str) -> str:
    """What a file says; runstreams are ASCII but comments hold anything."""
    try:
        content = path.read_bytes()
        if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content[:200]:
            raise InputError(
                "the file is not plain text",
                file=path,
                found="bytes of UTF-16, or of a program's own format",
                expected="a runstream in ASCII or UTF-8",
                mend="save it as plain text",
            )
        return content.decode("utf-8-sig", errors="replace")
    except OSError as error:
        what = "the included file" if pathway else "the deck"
        raise InputError(f"{what} cannot be read", file=path, found=error.strerror or error) from error


def metres_per_unit(statement: Statement) -> float:
    """What ELEVUNIT says: length of its unit. [m]"""
    statement.need(1, "METERS or FEET")
    units = {"METERS": 1.0, "METRES": 1.0, "FEET": _FEET_M}
    word = statement.words[0].upper()
    if word not in units:
        raise statement.error("the unit of elevations is unknown", found=word, expected="METERS or FEET")
    return units[word]


def _id_parts(name: str) -> tuple[str, int, str]:
    head, digits, tail = _ID_PARTS.match(name.upper()).groups()  # type: ignore[union-attr]
    return head, int(digits) if digits else -1, tail


def chosen(statement: Statement, word: str, names: Sequence[str], refused: Collection[str] = ()) -> list[str]:
    """Sources that a name or a range such as S1-S5 stands for.

    A range compares the letters before, the number, and what follows it, each by itself. A source whose LOCATION was
    refused is nobody's mistake a second time.
    """
    by_name = {name.upper(): name for name in names}
    if word.upper() in by_name:
        return [by_name[word.upper()]]
    if "-" in word:
        low, high = (_id_parts(part) for part in word.split("-", 1))
        found = [
            name
            for name in names
            if all(a <= b <= c for a, b, c in zip(low, _id_parts(name), high, strict=True))  # type: ignore[operator]
        ]
        if found:
            return found
    if word.upper() in refused:
        return []
    raise statement.error(f"no source {word} has been located", expected="a source of an earlier LOCATION, or a range")
