"""What the house holds itself to, held by a machine: sizes, names, imports, mocks."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BOT = ROOT / "bot"
FILE_LINES, FUNCTION_MEDIAN, FUNCTION_P90, FUNCTION_MAX = 300, 10, 30, 60
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "core", "misc"}
LOOP_EDGES = {"loop.py", "intake.py"}
MOCKS = re.compile(r"MagicMock|AsyncMock|Mock\(|monkeypatch\.setattr|mocker\.|patch\(")
SLEEP = re.compile(r"(?:asyncio|time)\.sleep\(\s*(?!0(?:\.0\d*)?\s*\))")


def sources(root: Path = BOT) -> Iterator[Path]:
    """The files that the budgets are for: migrations aside."""
    for path in sorted(root.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function from its name to its end, its docstring aside."""
    whole = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    return whole - ((first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0)


def imports_inside(tree: ast.AST) -> list[int]:
    return [node.lineno for function in functions(tree) for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]


def broad_excepts(tree: ast.AST) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
        and not (node.body and isinstance(node.body[-1], ast.Raise))
    ]


def imported(tree: ast.Module, package: str) -> set[str]:
    names = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("bot"):
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return trail[trail.index(name) :]
        if name in done:
            return []
        for following in sorted(graph[name]):
            if found := visit(following, [*trail, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := visit(name, []))), [])


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_no_file_is_longer_than_its_budget() -> None:
    long = {str(path.relative_to(ROOT)): count for path in sources() if (count := len(path.read_text().splitlines())) > FILE_LINES}
    assert not long, f"more than {FILE_LINES} lines, each asking to be two rooms: {long}"


def test_functions_are_short() -> None:
    sized = {f"{path.name}:{f.lineno} {f.name}": lines_of(f) for path in sources() for f in functions(parse(path))}
    sizes = sorted(sized.values())
    assert statistics.median(sizes) <= FUNCTION_MEDIAN
    assert sizes[int(len(sizes) * 0.9)] <= FUNCTION_P90
    assert not {name: size for name, size in sized.items() if size > FUNCTION_MAX}


def test_nothing_is_imported_inside_a_function() -> None:
    assert not {str(path): found for path in sources() if (found := imports_inside(parse(path)))}


def test_every_error_is_caught_by_name_but_at_the_edges_of_loops() -> None:
    found = {str(path.relative_to(BOT)): lines for path in sources() if (lines := broad_excepts(parse(path)))}
    assert {name for name in found if Path(name).name not in LOOP_EDGES} == set(), found


def test_imports_run_without_cycles() -> None:
    trees = {module_name(path): parse(path) for path in sources()}
    graph = {name: {other for other in imported(tree, name) if other in trees and other != name} for name, tree in trees.items()}
    packages = {module_name(path) for path in sources() if path.name == "__init__.py"}
    graph = {name: {other for other in others if other not in packages} for name, others in graph.items()}
    assert not cycle_in(graph)


def test_files_are_named_for_what_they_hold() -> None:
    assert not [path for path in BOT.rglob("*.py") if path.stem in BANNED_NAMES]


def test_mocks_are_the_last_resort() -> None:
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path.name != Path(__file__).name]
    tests = sum(len(re.findall(r"^\s*(?:async )?def test_", text, re.MULTILINE)) for text in texts)
    mocks = sum(len(MOCKS.findall(text)) for text in texts)
    assert mocks <= 0.2 * tests


def test_no_test_sleeps_to_wait_for_time() -> None:
    places = [path for path in (ROOT / "tests").rglob("*.py") if "faults" not in path.parts and path.name != Path(__file__).name]
    assert not [str(path) for path in places if SLEEP.search(path.read_text())]


@pytest.mark.parametrize(
    ("code", "check"),
    [
        ("def f():\n    import os\n", imports_inside),
        ("try:\n    pass\nexcept Exception:\n    pass\n", broad_excepts),
        ("try:\n    pass\nexcept:\n    pass\n", broad_excepts),
    ],
)
def test_the_checks_notice_what_they_are_for(code: str, check: object) -> None:
    assert callable(check)
    assert check(ast.parse(code))


def test_the_cycle_check_notices_a_cycle() -> None:
    assert cycle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c"]
    assert cycle_in({"a": {"b"}, "b": set()}) == []
