"""Run the workflow as a user does, in a study folder of its own."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def snakemake(
    study: Path,
    *arguments: str,
    config: Path | None = None,
    checkout: Path = REPOSITORY,
    timeout: int = 900,
):
    """Run snakemake on a study folder with the workflow of a checkout."""
    command = [sys.executable, "-m", "snakemake", "-s", str(checkout / "Snakefile"), "--directory", str(study)]
    if config is not None:
        command += ["--configfile", str(config)]
    # The copy's own package comes first, whatever is installed.
    environment = os.environ | {"PYTHONPATH": str(checkout / "workflow" / "scripts"), "COLUMNS": "200"}
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=timeout, env=environment, check=False
    )


def planned(result) -> dict[str, int]:
    """Jobs by rule of a dry run, from its job table."""
    counts: dict[str, int] = {}
    lines = iter(result.stdout.splitlines())
    for line in lines:
        if line.startswith("job ") and line.split() == ["job", "count"]:
            next(lines)
            for row in lines:
                parts = row.split()
                if len(parts) != 2 or parts[0] == "total":
                    break
                counts[parts[0]] = int(parts[1])
            break
    return counts
