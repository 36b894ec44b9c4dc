"""Check the configuration and all raw inputs of a study, before any job runs."""

import argparse
import sys
from pathlib import Path
from typing import Any

from metalbudget import inputs, settings
from metalbudget.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `metalbudget check`."""
    parser.add_argument("--directory", "-d", default=".", metavar="STUDY", help="the study folder (default: here)")
    parser.add_argument(
        "--configfile",
        nargs="+",
        default=[],
        metavar="FILE",
        help="settings over the default ones, in the order given (default: config.yaml of the study, if it has one)",
    )
    parser.add_argument(
        "--atlas", metavar="HTML", help="write an input atlas: a map of each layer, ranges of each table"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check, print one list, and return 0 or 2."""
    study = Path(arguments.directory)
    if not study.is_dir():
        raise InputError(
            "the study folder does not exist",
            file=study,
            found="a file" if study.exists() else "nothing",
            expected="the folder that holds the study's config.yaml",
            mend="correct --directory; it is relative to where you type",
        )
    own = study / "config.yaml"
    if not arguments.configfile and not own.exists():
        print(f"{study} has no config.yaml and no --configfile was given: this checks the default study.")
    overlays = arguments.configfile or ([own] if own.exists() else [])
    config = settings.load(settings.REPOSITORY / "config" / "config.yaml", *overlays)
    problems, examination = _examine(config, study)
    _print(problems, config, examination)
    if arguments.atlas:
        print(_write_atlas(arguments.atlas, examination, config, problems))
    return 2 if problems else 0


def _write_atlas(path: str, examination: Any, config: dict[str, Any], problems: list[InputError]) -> str:
    """Write the atlas if there is anything to draw, and say what was done."""
    if examination is None or not examination.folder.is_dir():
        if config.get("region", {}).get("source") == "generated" and not problems:
            reason = "the generated region has no files yet; run `snakemake ... generate_region` first"
        else:
            reason = "no raw file was read; mend the problems above first"
        return f"atlas: not written: {reason}"
    from metalbudget.inputs import atlas

    try:
        atlas.write(path, examination, config)
    except OSError as error:
        raise InputError(
            "the atlas cannot be written", file=path, found=error, mend="name a file in a folder that you may write to"
        ) from error
    return f"atlas: {path}"


def _examine(config: dict[str, Any], study: Path) -> tuple[list[InputError], Any]:
    """Problems of the settings, and the region's examination if the settings allow one."""
    schemas = settings.WORKFLOW / "schemas"
    problems = inputs.schema_problems(config, schemas / "config.schema.json")
    if problems:
        return problems, None
    scenarios = settings.load(settings.scenarios_path(config, study))
    problems = inputs.schema_problems(scenarios, schemas / "scenarios.schema.json")
    problems = problems or inputs.with_mend(settings.check(config, scenarios, study))
    problems += inputs.with_mend(settings.table_problems())
    folder = study / settings.raw_folder(config)
    if config["region"]["source"] == "generated" and not folder.is_dir():
        return problems, None  # the first job of the workflow makes it
    if problems:
        return problems, None
    from metalbudget.inputs.region import examine

    examination = examine(folder, config, scenarios)
    return examination.problems, examination


def _print(problems: list[InputError], config: dict[str, Any], examination: Any) -> None:
    """One table on a terminal, plain text elsewhere."""
    if not problems:
        print(f"{config['study']['title']}: no problems. {_summary(examination)}")
        return
    headline = f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in the input of: {config['study']['title']}"
    if not sys.stdout.isatty():
        print(headline)
        for number, problem in enumerate(problems, 1):
            print(f"{number}. {problem}")
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=headline, show_lines=True, title_justify="left")
    table.add_column("#", justify="right", no_wrap=True)
    for heading in ("where", "problem", "found", "expected", "how to mend"):
        table.add_column(heading, overflow="fold")
    for number, problem in enumerate(problems, 1):
        place = "\n".join(part for part in (problem.file, problem.where) if part)
        cells = (place, problem.message, problem.found or "", problem.expected or "", problem.mend or "")
        table.add_row(str(number), *(escape(cell) for cell in cells))
    Console().print(table)


def _summary(examination: Any) -> str:
    if examination is None:
        return "The default region is generated by the first job; its files do not exist yet."
    grid = examination.grid
    return (
        f"{len(examination.tables)} tables, {len(examination.rasters) + 1} rasters, {len(examination.layers)} layers; "
        f"{grid.width} x {grid.height} cells of {grid.cell_m:g} m, {grid.n} on land."
    )
