"""Compare with reference cases and print how well they agree; exit 1 if a mark is missed."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from metalbudget.errors import InputError, InputErrors

if TYPE_CHECKING:
    from metalbudget.column import verification as column_verification
    from metalbudget.dispersion.verification import Verified

KINDS = ("dispersion", "column")

HEADER = ("case", "quantity", "rows", "within 1 %", "median", "99 %", "largest", "sum", "pass")
COLUMN_HEADER = ("case", "quantity", "from", "to", "found", "error", "mark", "pass")
FIELD_HEADER = ("case", "quantity", "pairs", "within a factor of 2", "mean ratio", "ratio of highest")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `metalbudget verify`."""
    parser.add_argument("kind", metavar="KIND", help=f"what is verified: {', '.join(KINDS)}")
    parser.add_argument("cases", metavar="CASES_DIR", help="a folder of cases, or one case")
    parser.add_argument("--only", metavar="PATTERN", help="cases whose folder matches, for example 'h1*'")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads to use (default: 1)")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables as Markdown, too")


def run(arguments: argparse.Namespace) -> int:
    """Run the cases; 0 if every mark is met, 1 if one is missed; a case that cannot be run is an input error."""
    if arguments.kind not in KINDS:
        raise InputError(
            "nothing of this kind can be verified",
            where="verify KIND",
            found=arguments.kind,
            expected=" or ".join(KINDS),
            mend="write the kind first and the folder behind it",
        )
    if arguments.threads < 1:
        raise InputError(
            "the number of threads is not positive", where="--threads", found=arguments.threads, mend="give 1 or more"
        )
    if arguments.kind == "column":
        return _run_columns(arguments)
    from metalbudget.commands.disperse import Told
    from metalbudget.dispersion import verification

    results: list[Verified] = []
    refused: list[InputError] = []
    for folder in verification.find_cases(Path(arguments.cases), arguments.only):
        try:
            with Told() as told:
                results.append(verification.verify(folder, arguments.threads, told))
        except InputError as problem:
            refused.extend(getattr(problem, "problems", [problem]))
    rows = agreement_rows(results)
    fields = field_rows(results)
    if rows:
        show(HEADER, rows)
    if fields:
        show(FIELD_HEADER, fields)
    for line in closing_lines(results):
        print(line)
    if arguments.markdown:
        from metalbudget.commands.disperse import write

        write(Path(arguments.markdown), markdown(results, rows, fields))
    if refused:
        raise InputErrors(refused)
    return 0 if all(result.passed for result in results) else 1


def _run_columns(arguments: argparse.Namespace) -> int:
    """Soil columns: as `run`, with a table of their own."""
    from concurrent.futures import ThreadPoolExecutor

    from metalbudget.column import verification

    def one(folder: Path) -> "column_verification.Verified | InputError":
        try:
            return verification.verify(folder)
        except InputError as problem:
            return problem

    with ThreadPoolExecutor(max_workers=arguments.threads) as pool:
        outcomes = list(pool.map(one, verification.find_cases(Path(arguments.cases), arguments.only)))
    results = [outcome for outcome in outcomes if not isinstance(outcome, InputError)]
    refused = [
        problem
        for outcome in outcomes
        if isinstance(outcome, InputError)
        for problem in getattr(outcome, "problems", [outcome])
    ]
    rows = [
        (
            row.case,
            row.quantity,
            *(f"{value:.5g}" for value in (row.low, row.high, row.found)),
            f"{row.error:.1e}" if "balance" in row.quantity else _percent(row.error, 2),
            row.mark,
            "pass" if row.passed else "MISS",
        )
        for result in results
        for row in result.agreements
    ]
    if rows:
        show(COLUMN_HEADER, rows)
    judged = [row for result in results for row in result.agreements]
    closing = (
        f"{sum(row.passed for row in judged)} of {len(judged)} quantities of {len(results)} cases meet their marks"
    )
    print(closing)
    if arguments.markdown:
        from metalbudget.commands.disperse import write

        table = [_bar(COLUMN_HEADER), _bar(["---"] * 2 + ["---:"] * (len(COLUMN_HEADER) - 2)), *map(_bar, rows)]
        write(Path(arguments.markdown), [*table, "", closing])
    if refused:
        raise InputErrors(refused)
    return 0 if all(result.passed for result in results) else 1


def _percent(value: float, digits: int = 3) -> str:
    return "no match" if value == float("inf") else f"{100.0 * value:.{digits}f} %"


def agreement_rows(results: "Sequence[Verified]") -> list[tuple[str, ...]]:
    """The table of reference cases as text."""
    return [
        (
            row.case,
            row.quantity,
            str(row.rows),
            _percent(row.within, 2),
            _percent(row.median, 4),
            _percent(row.p99),
            _percent(row.largest, 2),
            _percent(row.sum_error, 4),
            "pass" if row.passed else "MISS",
        )
        for result in results
        for row in result.agreements
    ]


def field_rows(results: "Sequence[Verified]") -> list[tuple[str, ...]]:
    """The table of field experiments as text."""
    return [
        (
            row.case,
            row.quantity,
            str(row.pairs),
            _percent(row.fac2, 1),
            f"{row.geometric_mean_ratio:.2f}",
            f"{row.highest_ratio:.2f}",
        )
        for result in results
        for row in result.scores
    ]


def closing_lines(results: "Sequence[Verified]") -> list[str]:
    """Hours left out, and how many marks are met."""
    lines = [
        f"{result.case}: {result.calm_hours} calm and {result.missing_hours} missing of {result.hours} hours left out"
        for result in results
        if result.calm_hours or result.missing_hours
    ]
    judged = [row for result in results for row in result.agreements]
    if judged:
        met = sum(row.passed for row in judged)
        lines.append(f"{met} of {len(judged)} quantities of {len({row.case for row in judged})} cases meet their marks")
    return lines


def show(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table: with rich on a terminal, plain text elsewhere."""
    try:
        if not sys.stdout.isatty():
            raise ImportError
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        for line in plain(header, rows):
            print(line)
        return
    table = Table()
    for number, name in enumerate(header):
        table.add_column(name, justify="left" if number < 2 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row, style="red" if "MISS" in row else None)
    Console().print(table)


def plain(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in columns of equal width."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    return [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [header, *rows]
    ]


def markdown(
    results: "Sequence[Verified]", rows: Sequence[Sequence[str]], fields: Sequence[Sequence[str]]
) -> list[str]:
    """The tables and closing lines as Markdown."""
    lines: list[str] = []
    for header, body in ((HEADER, rows), (FIELD_HEADER, fields)):
        if body:
            lines += [_bar(header), _bar(["---"] * 2 + ["---:"] * (len(header) - 2)), *map(_bar, body), ""]
    return lines + [f"{line}  " for line in closing_lines(results)]


def _bar(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
