"""House rules that no linter knows."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from surveys.base import Base

ROOT = Path(__file__).parent.parent
LIBRARIES = ["surveys", "engage"]
LIBRARY_FILES = sorted(path for name in LIBRARIES for path in (ROOT / name).rglob("*.py"))
TEMPLATES = sorted((ROOT / "webapp" / "templates").rglob("*.html"))
OURS = sorted(
    path for path in (ROOT / "webapp" / "static").rglob("*")
    if path.suffix in {".js", ".css", ".svg", ".webmanifest"} and "vendor" not in path.parts
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def offences(path: Path, pattern: str) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [f"line {text.count(chr(10), 0, hit.start()) + 1}: {hit[0]}" for hit in re.finditer(pattern, text, re.IGNORECASE)]


@pytest.mark.parametrize("package", LIBRARIES)
def test_the_door_exports_what_it_says(package):
    door = importlib.import_module(package)
    public = {
        name for name, value in vars(door).items()
        if not name.startswith("_") and getattr(value, "__module__", package).startswith(tuple(LIBRARIES))
        and not isinstance(value, type(ast))  # submodules are attributes of a package too
    }
    assert len(door.__all__) == len(set(door.__all__))  # the linter keeps their order
    assert public <= set(door.__all__)
    assert [name for name in door.__all__ if not hasattr(door, name)] == []


def answer_of_a_new_process(code: str) -> list[str]:
    """Importing leaves its traces in a process, so what an import alone does is asked of a new one."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


def test_every_table_is_known_once_the_doors_are_open():
    known = answer_of_a_new_process("import engage, surveys; print(*surveys.base.Base.metadata.tables)")
    for package in LIBRARIES:
        for module in pkgutil.iter_modules([str(ROOT / package)], f"{package}."):
            importlib.import_module(module.name)
    assert set(known) == set(Base.metadata.tables)


def test_opening_the_doors_loads_nothing_heavy():
    loaded = answer_of_a_new_process("import sys, engage, surveys; print(*sys.modules)")
    assert {"pandas", "numpy", "openpyxl", "docx", "xlsxwriter", "sklearn"} & set(loaded) == set()


@pytest.mark.parametrize("path", LIBRARY_FILES, ids=name_of)
def test_a_library_module_holds_one_noun(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 500


def commits(path: Path) -> list[int]:
    """The lines that call something's `commit`; a docstring may show how a caller does."""
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "commit"]


@pytest.mark.parametrize("path", LIBRARY_FILES, ids=name_of)
def test_the_libraries_never_commit(path):
    assert commits(path) == []


def test_only_wiring_commits_in_the_web():
    found = {name_of(path): lines for path in (ROOT / "webapp").rglob("*.py") if (lines := commits(path))}
    assert list(found) == ["webapp/wiring.py"]


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_keeps_to_the_content_security_policy(path):
    inline = r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(ld\+)?json\")[^>]*>|<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:"
    assert offences(path, inline) == []


@pytest.mark.parametrize("path", [*TEMPLATES, *OURS], ids=name_of)
def test_nothing_is_loaded_from_outside(path):
    # A namespace is a name, not an address; schema.org is the vocabulary of structured data.
    outside = r"(?:https?:)?//(?!www\.w3\.org/|schema\.org)[a-z0-9-]+\.[a-z]{2,}[^\s\"'<)]*"
    assert offences(path, outside) == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_packages_and_hashes_only(lock):
    assert offences(ROOT / lock, r"https?:|file:|^--(?!hash)|@ ") == []


def test_the_locks_hold_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = {
        "requirements.lock": [*project["project"]["dependencies"], *groups["build"]],
        "requirements-dev.lock": [*project["project"]["dependencies"], *(line for line in groups["dev"] if isinstance(line, str))],
    }
    locked = {lock: set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)) for lock in wanted}
    missing = {
        lock: names for lock, lines in wanted.items()
        if (names := {re.sub(r"[-_.]+", "-", Requirement(line).name).lower() for line in lines} - locked[lock])
    }
    assert missing == {}


def test_every_exception_to_a_linter_rule_has_its_reason():
    bare = {}
    for path in [*LIBRARY_FILES, *(ROOT / "webapp").rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        # A reason follows on the line, after `--` or in brackets.
        found = [line for line in lines if re.search(r"# (noqa|type: ignore|pyright: ignore)(:? ?[\w, \[\]]+)?$", line)]
        if found:
            bare[name_of(path)] = found
    assert bare == {}
