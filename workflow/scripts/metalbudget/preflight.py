"""The check before any job: configuration, scenarios and the user's raw files, once a change.

Runs while the Snakefile is parsed, in the main process only. One message, last, exit code 2, and no job
has started.
"""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from metalbudget import io, settings
from metalbudget.errors import InputError, InputErrors

CACHE = Path(".metalbudget") / "checked.json"
# Where the generated region and its truth stand, and the file by which they are known as generated.
GENERATED = ("resources/raw/generated", "resources/raw/truth")
MARKER = "GENERATED.json"


def run(
    config: Mapping[str, Any], study: str | Path, used: Sequence[str | Path] = (), main: bool = True
) -> dict[str, Any]:
    """Check everything and return the scenarios; end the process with exit code 2 on a problem.

    Parameters
    ----------
    config : mapping
        The merged configuration.
    study : path
        The study folder.
    used : sequence of path
        Configuration files given on the command line.
    main : bool
        False in a job's own process, where nothing is checked again.

    Returns
    -------
    dict
        The scenarios file's content.
    """
    study = Path(study)
    try:
        scenarios = settings.load(settings.scenarios_path(config, study)) if "scenarios_file" in config else {}
        if main:
            settings.load(*used)  # strictly: a key that stands twice is an error, not a choice
            notice(study, used)
            protect(config, study)
            problems = examine(config, scenarios, study)
            if problems:
                raise problems[0] if len(problems) == 1 else InputErrors(problems)
            write_record(config, study)
        return scenarios
    except InputError as error:
        print(f"\nInput error\n{error}\n", file=sys.stderr, flush=True)
        sys.exit(2)


def examine(config: Mapping[str, Any], scenarios: Mapping[str, Any], study: Path) -> list[InputError]:
    """Problems of the configuration, else of the scenarios, else of the raw files (cached by size and date)."""
    signature = _signature(config, scenarios, study)
    if _remembered(study) == signature:
        return []
    from metalbudget import inputs

    schemas = settings.WORKFLOW / "schemas"
    problems = inputs.schema_problems(config, schemas / "config.schema.json")
    problems += inputs.schema_problems(scenarios, schemas / "scenarios.schema.json")
    problems = problems or inputs.with_mend(settings.check(config, scenarios, study))
    problems += inputs.with_mend(settings.table_problems())
    if not problems and config["region"]["source"] == "folder":
        problems = inputs.check(study / settings.raw_folder(config), config, scenarios)
    if not problems:
        io.write_json(study / CACHE, {"signature": signature})
    return problems


def notice(study: Path, used: Sequence[str | Path]) -> None:
    """Refuse to run the default study in a folder that has a configuration of its own."""
    own = study / "config.yaml"
    if own.exists() and not any(Path(path).exists() and Path(path).samefile(own) for path in used):
        raise InputError(
            "the study folder has a configuration that this run does not use",
            file=own,
            found=", ".join(map(str, used)) or "no --configfile",
            expected=f"--configfile {own}",
            mend="add it, or rename the file if it is not meant",
        )


def protect(config: Mapping[str, Any], study: Path) -> None:
    """Refuse to generate a region over files of somebody else.

    Snakemake deletes a rule's declared outputs before its job starts, so the refusal must come before any job.
    """
    if config.get("region", {}).get("source") != "generated":
        return
    for folder in GENERATED:
        held = sorted(path for path in (study / folder).rglob("*") if path.is_file() and path.name[0] != ".")
        if held and not (study / folder / MARKER).exists():
            raise InputError(
                "the generated region would overwrite files it did not write",
                file=study / folder,
                found=held[0].relative_to(study / folder).as_posix(),
                expected=f"an empty folder, or one with {MARKER}",
                mend="set region.source to folder to use these files, or move them",
            )


def write_record(config: Mapping[str, Any], study: Path) -> None:
    """Write the merged configuration for the record, if it changed."""
    import yaml

    text = yaml.safe_dump(_plain(config), sort_keys=True, allow_unicode=True)
    path = study / "results" / "run_config.yaml"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        io.write_text(path, text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list | tuple) else value


def _remembered(study: Path) -> str | None:
    try:
        return json.loads((study / CACHE).read_text(encoding="utf-8"))["signature"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _signature(config: Mapping[str, Any], scenarios: Mapping[str, Any], study: Path) -> str:
    """Digest of configuration, schemas and the size and date of every raw file."""
    digest = hashlib.sha256()
    digest.update(json.dumps([_plain(config), _plain(scenarios)], sort_keys=True, default=str).encode())
    files = sorted((settings.WORKFLOW / "schemas").rglob("*.json"))
    package = Path(__file__).parent
    files += sorted(settings.PARAMETERS.glob("*.csv")) + sorted(package.glob("inputs/*.py"))
    files += [package / name for name in ("harmonise.py", "vectors.py", "io.py", "settings.py")]
    if config.get("region", {}).get("source") == "folder":
        folder = study / str(config["region"].get("folder", ""))
        files += sorted(path for path in folder.rglob("*") if path.is_file())
    if config.get("dispersion", {}).get("engine") == "aermod":
        files += [path for path in [study / str(config["dispersion"].get("executable", ""))] if path.is_file()]
    for path in files:
        state = path.stat()
        digest.update(f"{path}|{state.st_size}|{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
