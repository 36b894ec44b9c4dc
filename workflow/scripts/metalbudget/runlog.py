"""Logs of jobs: a file and the terminal, warnings captured, input errors without a traceback."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from metalbudget.errors import InputError

logger = logging.getLogger("metalbudget")


@contextmanager
def logging_to(path: str | Path) -> Iterator[logging.Logger]:
    """Send the package's log to `path`, and errors to the terminal too.

    An `InputError` is a message, not a traceback; both end the job with exit code 1.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    to_file = logging.FileHandler(target, mode="w", encoding="utf-8")
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setLevel(logging.ERROR)
    form = logging.Formatter("%(levelname)s %(message)s")
    previous = warnings.showwarning

    def show(message, category, filename, lineno, file=None, line=None):
        logger.warning("%s: %s (%s:%s)", category.__name__, message, Path(filename).name, lineno)

    logger.setLevel(logging.INFO)
    logger.propagate = False
    for handler in (to_file, to_terminal):
        handler.setFormatter(form)
        logger.addHandler(handler)
    warnings.showwarning = show
    try:
        yield logger
    except InputError as error:
        logger.error("%s", error)
        sys.exit(1)
    except Exception:
        logger.exception("the job failed; this is a fault of the program, not of the input")
        sys.exit(1)
    finally:
        warnings.showwarning = previous
        for handler in (to_file, to_terminal):
            logger.removeHandler(handler)
            handler.close()
