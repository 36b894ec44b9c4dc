"""Draw every figure of the report from the study's outputs."""

import logging
from typing import TYPE_CHECKING

from metalbudget.figures import style
from metalbudget.figures.study import DRAWN
from metalbudget.outcome.files import Outcome
from metalbudget.runlog import logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

logger = logging.getLogger("metalbudget.draw_figures")


def main(*, figures, study, classes, root="."):
    """Draw each figure that has an output path, a name each."""
    outcome = Outcome(study, root)
    for name, path in figures.items():
        figure = DRAWN[name](outcome, classes)
        style.save(figure, path)
        logger.info("%s: %.1f x %.1f inches", path, *figure.get_size_inches())


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            figures=dict(snakemake.output.items()),
            study=snakemake.params.study,
            classes=snakemake.params.classes,
        )
