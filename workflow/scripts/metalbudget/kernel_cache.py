"""Where compiled kernels are kept: a folder of their own for every state of the sources.

numba notices a change in the file of a compiled function, not in those of the functions it calls. A folder named after
all sources that hold kernels cannot serve what an older state compiled.
"""

import hashlib
import os
from pathlib import Path

PACKAGE = Path(__file__).parent
ROOT = PACKAGE.parents[2] / ".venv" / "numba_cache"


def directory() -> Path:
    """Folder for the sources as they are now."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        content = path.read_bytes()
        if b"njit" in content:
            digest.update(content)
    return ROOT / digest.hexdigest()[:12]


def use() -> None:
    """Point numba there, unless the user has said where; before numba is imported."""
    if "NUMBA_CACHE_DIR" not in os.environ and ROOT.parent.is_dir():
        os.environ["NUMBA_CACHE_DIR"] = str(directory())
