"""Is the house in order? The rules of CONTRIBUTING.md that no linter knows, each a test that names every offender."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from glassnic.spec import events

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "glassnic"
TESTS = ROOT / "tests"
DEVICE = SOURCE / "device"

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MIN_HEAD_WORDS = 5
MIN_NAME_WORDS = 3
ROOT_SUFFIXES = {"", ".md", ".toml"}

SECTION = re.compile(r"\d+(\.\d+)*")
SECTION_ODD = re.compile(r"§(?!\{|\d+(?:\.\d+)*(?!\w|\.[\w.]))")  # "§{" is filled in later
REGISTRY_HOST = re.compile(r"\b(pypi|pythonhosted|npmjs|debian)\.(org|com|net)\b")
DEVELOPER_PATH = re.compile(r"/work/(main|shared)|[.]library\b|[.]pyenv\b|/home/\w")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def text_files() -> Iterator[Path]:
    """Every file of the project that a person may read."""
    yield from (
        path for path in ROOT.iterdir() if path.is_file() and path.name != ".git" and path.suffix in ROOT_SUFFIXES
    )
    for folder in ("src", "tests", "docs", "examples", "requirements", ".ci"):
        for path in sorted((ROOT / folder).rglob("*")):
            if (
                path.is_file()
                and not {"__pycache__", ".hypothesis"} & set(path.parts)
                and b"\0" not in path.read_bytes()
            ):
                yield path


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), path.name)


def offenders(paths: list[Path], guilty: Callable[[ast.AST], bool]) -> list[str]:
    """`file:line` of each node of these files that is guilty."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in paths
        for node in ast.walk(tree(path))
        if guilty(node) and isinstance(node, ast.stmt | ast.expr | ast.excepthandler)
    ]


def lines_that_match(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in paths
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


def imported(path: Path) -> set[str]:
    """The modules that a file imports; of `from a import b` both `a` and `a.b`."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_no_file_is_longer_than_a_sitting_tables_excepted() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in python_files(SOURCE)}
    assert {str(path): n for path, n in lengths.items() if n > MAX_FILE_LINES and path.parent.name != "spec"} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    def long(node: ast.AST) -> bool:
        return isinstance(node, Function) and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES

    assert offenders(python_files(SOURCE, TESTS), long) == []


def test_every_file_opens_with_a_sentence_that_says_what_it_answers() -> None:
    def head(path: Path) -> str:
        return (ast.get_docstring(tree(path)) or "").partition("\n\n")[0]

    paths = python_files(SOURCE, TESTS)
    assert [
        str(path) for path in paths if len(head(path).split()) < MIN_HEAD_WORDS or not re.search(r"[.?!:]", head(path))
    ] == []


def test_every_section_mark_names_a_section_of_the_manual() -> None:
    assert lines_that_match(SECTION_ODD, [path for path in python_files(SOURCE, TESTS) if path != Path(__file__)]) == []


def test_the_device_asks_a_profile_for_its_traits_and_never_who_it_is() -> None:
    def named(node: ast.AST) -> str:
        return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""

    def asks_who(node: ast.AST) -> bool:
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
            return any(named(side) in {"profile", "is_profile"} for side in (node.left, *node.comparators))
        return isinstance(node, ast.Attribute) and node.attr == "name" and named(node.value) == "profile"

    assert offenders(python_files(DEVICE), asks_who) == []


def test_the_device_reaches_no_clock_no_socket_and_no_thread() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (contract,) = (one for one in contracts if "glassnic.device" in one.get("source_modules", []))
    forbidden, excepted = set(contract["forbidden_modules"]), set(contract["ignore_imports"])
    found = {
        f"glassnic.device.{path.stem} -> {module}"
        for path in python_files(DEVICE)
        for module in imported(path) & forbidden
    }
    assert found - excepted == set()


def test_a_second_opinion_never_imports_the_code_it_judges() -> None:
    judges = [path for path in python_files(SOURCE / "xray", SOURCE / "conformance") if "targets" not in path.parts]
    if not judges:
        pytest.skip("no x-ray and no conformance programs yet")
    assert [str(path) for path in judges if any(name.startswith("glassnic.device") for name in imported(path))] == []


def test_the_name_of_every_test_is_a_sentence() -> None:
    def terse(node: ast.AST) -> bool:
        return isinstance(node, Function) and node.name.startswith("test_") and node.name.count("_") < MIN_NAME_WORDS

    assert offenders(python_files(TESTS), terse) == []


def test_no_file_names_a_registry_or_a_developers_folder() -> None:
    paths = list(text_files())
    assert lines_that_match(REGISTRY_HOST, paths) + lines_that_match(DEVELOPER_PATH, paths) == []


def test_the_lock_names_packages_by_hash_and_no_place_to_get_them_from() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert lines_that_match(re.compile(r"://|--(extra-)?index-url|--find-links"), locks) == []
    entries = [entry for lock in locks for entry in re.split(r"\n(?! )", lock.read_text().strip())]
    assert entries
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_every_event_is_explained_in_a_sentence_with_its_section() -> None:
    def unexplained(event: events.Event) -> bool:
        named = set(re.findall(r"\{(\w+)", event.sentence))
        packed = {part for name in event.columns if name in events.PACKED for part in events.PACKED[name][:2]}
        return not event.sentence or not named <= {*event.columns, *packed} or not SECTION.fullmatch(event.section)

    assert [event.name for event in events.EVENTS if unexplained(event)] == []


def test_every_event_has_a_number_of_its_own_and_every_number_its_event() -> None:
    numbers = {name: value for name, value in vars(events).items() if name.isupper() and isinstance(value, int)}
    numbers.pop("KINDS", None)  # how many numbers there may be
    assert {event.name: event.number for event in events.EVENTS} == numbers
    assert len(set(numbers.values())) == len(events.EVENTS)


def test_every_event_is_emitted_somewhere() -> None:
    used = {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for path in python_files(SOURCE)
        if path != SOURCE / "spec" / "events.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute | ast.Name)
    }
    assert [event.name for event in events.EVENTS if event.name not in used] == []
