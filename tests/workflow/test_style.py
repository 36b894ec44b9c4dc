"""The workflow keeps its own conventions."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
RULES = sorted((REPOSITORY / "workflow" / "rules").glob("*.smk"))
SCRIPTS = sorted((REPOSITORY / "workflow" / "scripts").glob("*.py"))
PACKAGE = sorted((REPOSITORY / "workflow" / "scripts" / "metalbudget").rglob("*.py"))
BLOCK = re.compile(r"^rule (\w+):\n((?:    .*\n|\n)+)", re.M)


def rules():
    return [(path, name, body) for path in RULES for name, body in BLOCK.findall(path.read_text("utf-8"))]


@pytest.mark.parametrize(("path", "name", "body"), rules(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_rule_has_docstring_log_digest_and_its_script(path, name, body):
    assert body.lstrip().startswith('"""'), f"{name} has no docstring"
    assert "\n    log:" in body, f"{name} has no log"
    assert f'code=code_of("{name}.py")' in body, f"{name} does not digest its code"
    assert f'"../scripts/{name}.py"' in body, f"{name} does not run its own script"
    assert "\n    run:" not in body
    assert "lambda" not in body


def test_every_script_belongs_to_a_rule():
    assert {path.stem for path in SCRIPTS} == {name for _, name, _ in rules()}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_are_thin_and_importable(path):
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    assert "snakemake.config" not in text
    assert any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body)
    assert 'if __name__ == "__main__":' in text
    assert len(text.splitlines()) <= 160, "a script this long holds science that belongs to a kernel"


@pytest.mark.parametrize("path", PACKAGE, ids=lambda path: path.stem)
def test_modules_say_what_they_are_and_public_functions_are_documented(path):
    tree = ast.parse(path.read_text("utf-8"))
    if tree.body:
        assert ast.get_docstring(tree), f"{path.name} has no docstring"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}: {node.name} has no docstring"


def test_the_package_has_no_import_cycle_at_module_level():
    from metalbudget import digest

    scripts = REPOSITORY / "workflow" / "scripts"
    graph = {}
    for path in PACKAGE:
        found = set()
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found.update(digest._files(alias.name))
            elif isinstance(node, ast.ImportFrom):
                base = digest._absolute(node, path)
                for alias in node.names:
                    found.update(digest._files(f"{base}.{alias.name}"))
        graph[path] = {target for target in found if target != path and target.name != "__init__.py"}
    state: dict[Path, int] = {}

    def visit(path, trail):
        assert state.get(path) != 1, " -> ".join(str(p.relative_to(scripts)) for p in [*trail, path])
        if state.get(path) == 2:
            return
        state[path] = 1
        for target in sorted(graph.get(path, ())):
            visit(target, [*trail, path])
        state[path] = 2

    for path in graph:
        visit(path, [])


def test_nothing_names_the_machine_or_a_registry():
    hosts = re.compile("py" + r"pi\.org|python" + "hosted|npm" + r"js\.|/ro" + "ot/|/wo" + "rk/")
    for path in [*PACKAGE, *SCRIPTS, *RULES, REPOSITORY / "requirements.lock", REPOSITORY / "README.md"]:
        assert not hosts.search(path.read_text("utf-8")), path


def test_environment_yml_is_written_from_the_lock():
    import subprocess
    import sys

    script = REPOSITORY / "workflow" / "write_environment.py"
    written = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    assert written == (REPOSITORY / "environment.yml").read_text("utf-8"), "run make lock"
