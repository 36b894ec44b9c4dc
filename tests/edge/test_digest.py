"""The digest behind reruns: equations count, comments and docstrings do not."""

import pytest
from metalbudget import digest


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "scripts"
    (folder / "metalbudget").mkdir(parents=True)
    (folder / "metalbudget" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "metalbudget" / "deep.py").write_text("def f(x):\n    return x + 1\n", encoding="utf-8")
    (folder / "metalbudget" / "kernel.py").write_text("from metalbudget import deep\n", encoding="utf-8")
    (folder / "other.py").write_text("import json\n", encoding="utf-8")
    (folder / "job.py").write_text("from metalbudget.kernel import deep\n", encoding="utf-8")
    monkeypatch.setattr(digest, "SCRIPTS", folder)
    digest._read.cache_clear()
    yield folder
    digest._read.cache_clear()


def after(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    digest._read.cache_clear()
    return digest.code_of("job.py")


def test_a_kernel_reached_through_another_changes_the_digest(package):
    before = digest.code_of("job.py")
    assert after(package, "metalbudget/deep.py", "def f(x):\n    return x + 2\n") != before


def test_comments_and_docstrings_do_not(package):
    before = digest.code_of("job.py")
    assert after(package, "metalbudget/deep.py", 'def f(x):\n    """Doc."""\n    return x + 1  # why\n') == before


def test_what_is_not_imported_does_not(package):
    before = digest.code_of("job.py")
    assert after(package, "other.py", "import json, csv\n") == before
    assert digest.modules_of("job.py") == [
        "job.py",
        "metalbudget/__init__.py",
        "metalbudget/deep.py",
        "metalbudget/kernel.py",
    ]
