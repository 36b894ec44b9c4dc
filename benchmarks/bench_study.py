"""The default study against pieces of itself: the whole, one metal again, nothing to do; prints ratios.

Runs in a temporary folder (about five minutes on two cores).
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
METAL = "cd"


def seconds(study: Path, *arguments: str) -> float:
    """Wall time of one snakemake call. [s]"""
    command = [sys.executable, "-m", "snakemake", "-s", str(REPOSITORY / "Snakefile"), "--directory", str(study)]
    start = time.perf_counter()
    subprocess.run([*command, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Time the three calls and print the ratios."""
    cores = ("--cores", str(os.cpu_count() or 1))
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder)
        whole = seconds(study, *cores)
        nothing = seconds(study, "-n")
        results = study / "results"
        pieces = [path for path in results.glob(f"*/{METAL}*") if path.parent.name != "figures"]
        pieces += list(results.glob(f"*/*/{METAL}*"))
        targets = [str(path.relative_to(study)) for path in results.glob(f"capacity/*/{METAL}/summary.csv")]
        for path in pieces:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        metal = seconds(study, *cores, *targets)
    print(f"whole study {whole:.1f} s; one metal again {metal:.1f} s, ratio {metal / whole:.3f} (goal at most 0.2)")
    print(f"dry run with nothing to do {nothing:.1f} s, ratio {nothing / whole:.3f}")


if __name__ == "__main__":
    main()
