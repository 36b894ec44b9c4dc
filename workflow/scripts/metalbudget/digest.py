"""Digest of the code a script runs: its syntax tree and those of the local modules it imports.

Comments, layout and docstrings do not count, so only a change of what the code does changes the digest.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1]


def code_of(script: str) -> str:
    """Digest of a script in ``workflow/scripts`` and of every local module it reaches."""
    reached: dict[str, str] = {}
    waiting = [SCRIPTS / script]
    while waiting:
        path = waiting.pop()
        name = path.relative_to(SCRIPTS).as_posix()
        if name in reached:
            continue
        tree_digest, imported = _read(path)
        reached[name] = tree_digest
        waiting.extend(imported)
    joined = "\n".join(f"{name} {tree}" for name, tree in sorted(reached.items()))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def modules_of(script: str) -> list[str]:
    """Local modules that a script reaches, as paths relative to ``workflow/scripts``."""
    reached: set[Path] = set()
    waiting = [SCRIPTS / script]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting.extend(_read(path)[1])
    return sorted(path.relative_to(SCRIPTS).as_posix() for path in reached)


@cache
def _read(path: Path) -> tuple[str, tuple[Path, ...]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported: set[Path] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                imported.update(_files(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, path)
            imported.update(_files(base))
            for alias in node.names:
                imported.update(_files(f"{base}.{alias.name}"))
        _drop_docstring(node)
    text = ast.dump(tree)
    return hashlib.sha256(text.encode()).hexdigest(), tuple(sorted(imported))


def _drop_docstring(node: ast.AST) -> None:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:]


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = path.parent
    for _ in range(node.level - 1):
        package = package.parent
    parts = list(package.relative_to(SCRIPTS).parts)
    return ".".join([*parts, node.module] if node.module else parts)


def _files(module: str) -> list[Path]:
    """Files of a local module and of the packages around it; none for a library."""
    parts = module.split(".")
    if not parts[0] or not (SCRIPTS / parts[0]).exists():
        return []
    found = []
    for depth in range(1, len(parts) + 1):
        base = SCRIPTS.joinpath(*parts[:depth])
        if (base / "__init__.py").exists():
            found.append(base / "__init__.py")
        elif base.with_suffix(".py").exists():
            found.append(base.with_suffix(".py"))
    return found
