"""The documentation keeps up: links resolve, every configuration key and every parameter table is named."""

import re
from pathlib import Path

import pytest
import yaml
from metalbudget.settings import PARAMETERS

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    REPOSITORY / "config" / "README.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE_SPAN = re.compile(r"`([^`]+)`")
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
# Mappings whose keys are data (years, metals, classes), not names of settings.
DATA_KEYS = (
    "metals",
    "weather.of_year",
    "landuse.mixing_depth_m",
    "leaching.kd_minimum_l_kg",
    "leaching.kd_maximum_l_kg",
)


def prose(page):
    """A page without its code blocks."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """Fragments that headings of a page make, in the manner of GitHub."""
    headings = re.findall(r"^#+ +(.+?) *$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_relative_links_resolve(page):
    broken = []
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (fragment and fragment not in anchors(target)):
            broken.append(link)
    assert broken == []


def config_keys(node, prefix=""):
    """Dotted names of all settings; below a mapping keyed by data, those of its first entry."""
    for key, value in node.items():
        name = f"{prefix}.{key}" if prefix else str(key)
        if name in DATA_KEYS and isinstance(value, dict):
            yield name
            entry = next(iter(value.values()))
            if isinstance(entry, dict):
                yield from config_keys(entry, f"{name}.{{{name.rstrip('s')}}}")
        elif isinstance(value, dict):
            yield from config_keys(value, name)
        else:
            yield name
            if isinstance(value, list) and value and isinstance(value[0], dict):
                yield from (f"{name}.{entry}" for entry in value[0])


def named_keys(page):
    """Settings that the tables of a page name: `section.key`, and `key` behind it in the same row."""
    named = set()
    for row in page.read_text(encoding="utf-8").splitlines():
        if not row.startswith("|"):
            continue
        spans = CODE_SPAN.findall(row)
        sections = [span.rpartition(".")[0] for span in spans[:1]]
        named.update(spans)
        for section in sections:
            named.update(f"{section}.{span}" if section else f"{spans[0]}.{span}" for span in spans[1:])
    return named


def test_every_configuration_key_is_explained():
    config = yaml.safe_load((REPOSITORY / "config" / "config.yaml").read_text(encoding="utf-8"))
    named = named_keys(REPOSITORY / "config" / "README.md")
    keys = [key for key in config_keys(config) if key != "metals"]
    assert {key.split(".")[0] for key in keys} == set(config)
    assert [key for key in keys if key not in named] == []


def test_every_parameter_table_stands_in_the_methods():
    spans = set(CODE_SPAN.findall(prose(REPOSITORY / "docs" / "methods.md")))
    assert [path.stem for path in sorted(PARAMETERS.glob("*.csv")) if path.stem not in spans] == []


def test_tables_named_in_the_methods_exist():
    text = prose(REPOSITORY / "docs" / "methods.md").partition("\n## Parameter tables\n")[2]
    rows = [row for row in text.splitlines() if row.startswith("| `")]
    listed = {name for row in rows for name in CODE_SPAN.findall(row.split("|")[1])}
    assert listed == {path.stem for path in PARAMETERS.glob("*.csv")}
