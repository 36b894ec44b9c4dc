"""Compiled code is found again only for the very sources that it was compiled from."""

import ast
import os
from pathlib import Path

import pytest
from metalbudget import kernel_cache


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two kernels, one of them in a folder, and a module without."""
    folder = tmp_path / "package"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.py").write_text("@njit\ndef a(): return 1\n")
    (folder / "inner" / "b.py").write_text("@njit\ndef b(): return 2\n")
    (folder / "plain.py").write_text("X = 1\n")
    monkeypatch.setattr(kernel_cache, "PACKAGE", folder)
    monkeypatch.setattr(kernel_cache, "ROOT", tmp_path / "venv" / "numba_cache")
    return folder


@pytest.mark.parametrize("name", ["a.py", "inner/b.py"])
def test_another_state_of_any_kernel_is_another_folder(package, name):
    before = kernel_cache.directory()
    file = package / name
    content = file.read_text()
    file.write_text(content.replace("return ", "return 7 + "))
    changed = kernel_cache.directory()
    assert changed != before
    assert changed.parent == before.parent
    file.write_text(content)
    assert kernel_cache.directory() == before


def test_modules_without_kernels_do_not_count(package):
    before = kernel_cache.directory()
    (package / "plain.py").write_text("X = 2\n")
    assert kernel_cache.directory() == before


def test_numba_is_pointed_there_unless_the_user_has_said_where(package, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "mine")
    kernel_cache.ROOT.parent.mkdir()
    kernel_cache.use()
    assert os.environ["NUMBA_CACHE_DIR"] == "mine"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    kernel_cache.use()
    assert os.environ["NUMBA_CACHE_DIR"] == str(kernel_cache.directory())


def test_without_an_environment_beside_the_sources_numba_decides(package, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    kernel_cache.use()
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_kernels_take_numbers_only_from_modules_that_count():
    """A constant is compiled in: a module it is imported from must change the folder's name too."""
    package = Path(kernel_cache.PACKAGE)
    counted = {path for path in package.rglob("*.py") if b"njit" in path.read_bytes()}
    for path in sorted(counted):
        tree = ast.parse(path.read_text("utf-8"))
        used = {
            node.id
            for function in tree.body
            if isinstance(function, ast.FunctionDef)
            and any("njit" in ast.unparse(decorator) for decorator in function.decorator_list)
            for node in ast.walk(function)
            if isinstance(node, ast.Name)
        }
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("metalbudget."):
                place = package.joinpath(*node.module.split(".")[1:])
                for alias in node.names:
                    if (alias.asname or alias.name) not in used:
                        continue
                    within = place / f"{alias.name}.py"  # a module of a room, or a name of a module
                    origin = within if within.exists() else place.with_suffix(".py")
                    assert origin in counted, f"{path.name} takes {alias.name} from {origin.name}"
