"""Write the report: one HTML file with every figure and table in it."""

import io as memory
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from metalbudget import io, settings
from metalbudget.outcome.files import Outcome
from metalbudget.page import render, sections, truth
from metalbudget.runlog import logging_to

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

logger = logging.getLogger("metalbudget.write_report")

CLAIM_TEXT = ("finding", "metal", "measure", "paper", "study", "unit", "holds", "rule")


def main(*, page, template, captions, figures, tables, checks, truth_files, study, classes, bars, evidence, root="."):
    """Gather, assemble, render."""
    outcome = Outcome(study, root)
    ledger = io.read_table(tables["ledger"], text=("metal", "scenario", "term"))
    images = dict(figures)
    truth_tables = []
    if truth_files["record"]:
        known = truth.Truth(outcome, truth_files["record"], truth_files["maps"])
        pairs = truth.flux_pairs(outcome, known, ledger)
        truth_tables = [truth.concentrations(outcome, known), truth.changes(outcome, known), truth.fluxes(pairs)]
        images["agreement"] = agreement(pairs)
    content = {
        "ledger": ledger,
        "claims": io.read_table(tables["claims"], text=CLAIM_TEXT),
        "checks": io.read_json(checks),
        "provenance": io.read_table(tables["provenance"], text=("layer", "status", "source", "note")),
        "published": [io.read_table(path, text=("region", "status")) for path in tables["published"]],
        "bars": bars,
        "classes": classes,
        "evidence": evidence,
        "truth_tables": truth_tables,
        "figures": list(images),
    }
    filled = sections.assemble(outcome, content, settings.load(captions), partial(image_of, images))
    html = render.render(filled, template)
    with io.replacing(page) as temporary:
        Path(temporary).write_text(html, encoding="utf-8")
    logger.info("%s: %.1f MB, %d sections, %d figures", page, len(html) / 1e6, len(filled["sections"]), len(images))


def image_of(images, name):
    """Data address of a figure."""
    return render.embedded(images[name])


def agreement(pairs):
    """The chart of fluxes against the truth, as PNG bytes: truth is read here and by no other rule."""
    from metalbudget.figures import outlook

    target = memory.BytesIO()
    outlook.agreement(pairs).savefig(target, format="png", metadata={"Software": None})
    return target.getvalue()


if __name__ == "__main__":
    with logging_to(snakemake.log[0]):
        main(
            page=snakemake.output.page,
            template=snakemake.input.template,
            captions=snakemake.input.captions,
            figures={Path(path).stem: path for path in snakemake.input.figures},
            tables={
                "ledger": snakemake.input.ledger,
                "claims": snakemake.input.claims,
                "provenance": snakemake.input.provenance,
                "published": list(snakemake.input.published),
            },
            checks=snakemake.input.checks,
            truth_files={
                "record": next(iter(snakemake.input.truth), None),
                "maps": dict(zip(snakemake.params.study["metals"], snakemake.input.true_concentration, strict=False)),
            },
            study=snakemake.params.study,
            classes=snakemake.params.classes,
            bars=snakemake.params.bars,
            evidence=snakemake.params.evidence,
        )
