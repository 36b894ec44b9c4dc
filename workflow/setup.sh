#!/usr/bin/env bash
# Makes .venv from requirements.lock; names what is missing on the machine instead of failing later.
set -euo pipefail
python=${1:-python3}

supported() { "$1" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }
if ! supported "$python"; then
    for candidate in python3.12 python3.11 python3.13; do
        if supported "$candidate"; then python=$candidate; break; fi
    done
fi
if ! supported "$python"; then
    echo "metalbudget needs Python 3.11, 3.12 or 3.13; $python is $("$python" --version 2>&1 || echo missing)." >&2
    echo "Name one with: make setup PYTHON=/path/to/python3.12" >&2
    exit 2
fi

"$python" - <<'PY' || exit 2
import ctypes, sys
missing = []
for library, package in (("libgomp.so.1", "libgomp1"), ("libexpat.so.1", "libexpat1")):
    if sys.platform.startswith("linux"):
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
if missing:
    print(f"The system lacks {' and '.join(missing)}; on Debian or Ubuntu: apt-get install {' '.join(missing)}",
          file=sys.stderr)
    raise SystemExit(2)
PY

if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "$python cannot make a virtual environment; on Debian or Ubuntu: apt-get install python3-venv" >&2
    exit 2
fi

rm -rf .venv
"$python" -m venv .venv
echo "Installing the locked packages into .venv (about 1.2 GB) ..."
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
echo "Compiling the kernels ..."
env -u NUMBA_CACHE_DIR .venv/bin/python -m metalbudget.compile
echo "Ready: $(.venv/bin/python --version), .venv"
