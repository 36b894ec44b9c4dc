"""Write environment.yml for conda users: Python 3.12 and the lock's own versions for it."""

import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def main() -> None:
    """Print the environment file."""
    from packaging.markers import Marker

    wanted = {"python_version": "3.12", "python_full_version": "3.12.12", "platform_system": "Linux"}
    wanted |= {"sys_platform": "linux", "platform_machine": "x86_64", "implementation_name": "cpython"}
    wanted |= {"platform_python_implementation": "CPython", "os_name": "posix", "extra": ""}
    lines = ["# Written by workflow/write_environment.py from requirements.lock (make lock)."]
    lines += ["name: metalbudget", "channels:", "  - conda-forge", "dependencies:", "  - python=3.12", "  - pip"]
    lines += ["  - libexpat", "  - pip:"]
    for line in (REPOSITORY / "requirements.lock").read_text(encoding="utf-8").splitlines():
        match = re.match(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)\s*(?:;\s*([^\\]+))?", line)
        if match and (not match[3] or Marker(match[3].strip()).evaluate(wanted)):
            lines.append(f"      - {match[1]}=={match[2]}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
