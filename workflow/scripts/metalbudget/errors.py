"""Errors that a user can cause and mend."""

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """One problem in the user's input: what, where, found, expected and how to mend it.

    Parameters
    ----------
    message : str
        The problem in one sentence.
    file, where, found, expected, mend : str, optional
        File; row, layer or key; what stands there; what should stand there; how to mend it.
    """

    def __init__(
        self,
        message: str,
        *,
        file: object = None,
        where: object = None,
        found: object = None,
        expected: object = None,
        mend: object = None,
    ) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.where = None if where is None else str(where)
        self.found = None if found is None else str(found)
        self.expected = None if expected is None else str(expected)
        self.mend = None if mend is None else str(mend)
        super().__init__(message)

    def __reduce__(self):
        details = {name: getattr(self, name) for name in ("file", "where", "found", "expected", "mend")}
        return (_rebuild, (self.message, details))

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.where) if part)
        lines = [f"{place}: {self.message}" if place else self.message]
        for name in ("found", "expected"):
            if getattr(self, name) is not None:
                lines.append(f"    {name}: {getattr(self, name)}")
        if self.mend is not None:
            lines.append(f"    how to mend: {self.mend}")
        return "\n".join(lines)


def _rebuild(message: str, details: dict[str, str | None]) -> InputError:
    return InputError(message, **details)


class InputErrors(InputError):
    """Several input problems, reported together."""

    def __init__(self, problems: Iterable[InputError]) -> None:
        self.problems = list(problems)
        super().__init__(f"{len(self.problems)} problem(s) in the input")

    def __reduce__(self):
        return (InputErrors, (self.problems,))

    def __str__(self) -> str:
        listed = "\n".join(f"{number}. {problem}" for number, problem in enumerate(self.problems, 1))
        return f"{self.message}\n{listed}"


def nearest(name: object, known: Iterable[object]) -> str | None:
    """'did you mean ...?' for a name that is close to a known one, else None."""
    found = nearest_name(name, known)
    return f"did you mean {found!r}?" if found else None


def nearest_name(name: object, known: Iterable[object]) -> str | None:
    """The known name that is closest to a name, in any case of letters, or None if none is close."""
    by_folded = {str(entry).lower(): str(entry) for entry in known}
    close = difflib.get_close_matches(str(name).strip().lower(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None
