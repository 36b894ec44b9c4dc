"""The command `metalbudget`: single tools on a user's own files.

A subcommand is a module of `metalbudget.commands` with a one-line docstring, `add_arguments(parser)` and
`run(arguments) -> int`. It is imported only when it is called.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from metalbudget import kernel_cache
from metalbudget.errors import InputError

# Name of each subcommand and what it does; the module has the same name, with _ for -.
COMMANDS = {
    "check": "check the configuration and all raw inputs; write an input atlas",
    "column": "run a soil column: water and metals over depth and time",
    "disperse": "run an AERMOD runstream: concentration and deposition at its receptors",
    "export-aermod": "write a source and year of a study as a ready AERMOD folder",
    "export-hydrus": "write a soil column and year of a study as a ready HYDRUS-1D folder",
    "verify": "compare with reference cases and print how well they agree",
}


def parser() -> argparse.ArgumentParser:
    """The command's own parser; the arguments of a subcommand are added when it is known."""
    result = argparse.ArgumentParser(prog="metalbudget", description=__doc__.split("\n")[0])
    subparsers = result.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, purpose in COMMANDS.items():
        subparsers.add_parser(name, help=purpose, description=purpose, add_help=False)
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand.

    Returns
    -------
    int
        0 if all went well, 2 if the user's input has a problem.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    chosen, rest = parser().parse_known_args(words[:1])[0], words[1:]
    kernel_cache.use()
    command = importlib.import_module(f"metalbudget.commands.{chosen.command.replace('-', '_')}")
    own = argparse.ArgumentParser(prog=f"metalbudget {chosen.command}", description=command.__doc__)
    command.add_arguments(own)
    try:
        return command.run(own.parse_args(rest))
    except InputError as error:
        print(f"Input error\n{error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
