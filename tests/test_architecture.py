"""The law of the house, read from the source: who may import whom, and how long things may be (DESIGN §2)."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FUNCTION_LINES = 40
MODULE_LINES = 300
VIEW_LINES = 15
ENGINE = re.compile(r"^grading\.runners\.\w+\.engine\b")
WEB = {"flask", "flask_babel", "flask_limiter", "flask_login", "flask_wtf", "sqlalchemy", "alembic", "jinja2", "markupsafe",
       "werkzeug", "apscheduler", "granian", "celery", "fsspec", "click", "urllib3", "simulator"}
USE_CASES = ["appeals", "asking", "attempts", "blobs", "catalog", "classes", "classreport", "db", "drawing", "endpoint",
             "eventlog", "events", "exams", "feed", "findings", "itemreport", "linting", "marking", "messages", "metrics",
             "models", "monitor", "notices", "overrides", "people", "phases", "proctoring", "products", "queueing", "redo",
             "remarking", "remarks", "reopening", "reports", "rereading", "responses", "results", "rosters", "schema",
             "sealed", "sentences", "standings", "statement", "terminal", "trials", "turns", "workers"]

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("grading", "simulator") for path in sorted((ROOT / package).rglob("*.py"))
    if not {"versions", "static"} & set(path.relative_to(ROOT).parts)
}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in MODULES.items()}


def imports(name: str, tree: ast.Module, *, top_level: bool = False) -> Iterator[str]:
    """Yield the dotted names that module `name` imports: everywhere in it, or only those that run when it is imported."""
    package = name if MODULES.get(name, Path()).name == "__init__.py" else name.rpartition(".")[0]
    for node in _when_imported(tree) if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) + 1 - node.level]) if node.level else ""
            source = ".".join(part for part in (base, node.module) if part)
            for alias in node.names:
                dotted = f"{source}.{alias.name}"
                yield dotted if dotted in MODULES else source


def _when_imported(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        is_type_checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and not is_type_checking:
            yield node
            yield from _when_imported(node)


def breaches(within: str, forbidden: set[str]) -> list[str]:
    """Return `importer → imported` for modules below `within` that import one of `forbidden` or what is below it."""
    return [
        f"{name} → {imported}" for name, tree in TREES.items() if name == within or name.startswith(within + ".")
        for imported in imports(name, tree) if any(imported == f or imported.startswith(f + ".") for f in forbidden)
    ]


def test_the_source_is_seen():
    """Every other test here would pass on nothing."""
    assert {"grading", "grading.engine", "grading.fields.choice", "simulator.views.exam", "simulator.pages.exam"} <= set(MODULES)
    assert "simulator.attempts" in set(imports("simulator.views.exam", TREES["simulator.views.exam"]))
    assert "grading.totals" in set(imports("grading.engine", TREES["grading.engine"]))


def test_grading_knows_no_web_no_database_and_no_template():
    # Candidates write Jinja templates in agent flows; they are rendered inside the sandbox.
    inside = "grading.runners.agent.engine.helper → jinja2.sandbox"
    assert [breach for breach in breaches("grading", WEB) if breach != inside] == []


def test_marking_knows_no_clock():
    """Outside the sandbox, which has to watch its runs, nothing in grading asks what time it is; engines run inside it."""
    pure = {
        name: tree for name, tree in TREES.items()
        if name.startswith("grading") and not name.startswith("grading.sandbox") and not ENGINE.search(name)
    }
    assert [name for name, tree in pure.items() if "time" in set(imports(name, tree))] == []
    asking = re.compile(r"\b(now|utcnow|today)$")
    calls = ((name, ast.unparse(node.func)) for name, tree in pure.items() for node in ast.walk(tree) if isinstance(node, ast.Call))
    assert [f"{name}: {call}" for name, call in calls if asking.search(call)] == []


def test_engines_are_never_imported_outside_the_sandbox():
    ours = {name: tree for name, tree in TREES.items() if not ENGINE.search(name)}
    assert [f"{name} → {i}" for name, tree in ours.items() for i in imports(name, tree) if ENGINE.search(i)] == []


def test_engines_know_nothing_of_ours():
    """They go into the sandbox alone."""
    known = re.compile(r"^(grading|simulator)\b")
    inside = {name: tree for name, tree in TREES.items() if ENGINE.search(name)}
    assert [f"{name} → {i}" for name, tree in inside.items() for i in imports(name, tree) if known.search(i) and not ENGINE.search(i)] == []


def test_pages_never_import_views():
    assert breaches("simulator.pages", {"simulator.views"}) == []


def test_views_do_not_mark():
    assert breaches("simulator.views", {"grading.engine", "grading.runners", "grading.sandbox", "grading.graders"}) == []


@pytest.mark.parametrize("name", [f"simulator.{name}" for name in USE_CASES])
def test_use_cases_know_no_request_and_no_page(name):
    assert name in MODULES
    assert breaches(name, {"flask", "simulator.views", "simulator.pages", "simulator.web"}) == []


def test_modules_of_grading_form_no_cycle_when_imported():
    graph = {
        name: {i for i in imports(name, tree, top_level=True) if i in MODULES and i != name}
        for name, tree in TREES.items() if name.startswith("grading")
    }
    assert _cycle(graph) == []


def test_cycles_would_be_found():
    assert _cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c", "a"]
    assert _cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return the names along one cycle, [] if there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name):], name]
        if name in done:
            return []
        found = next((cycle for n in sorted(graph.get(name, ())) if (cycle := walk(n, [*path, name]))), [])
        done.add(name)
        return found

    return next((cycle for name in sorted(graph) if (cycle := walk(name, []))), [])


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its decorators and its docstring (graders carry a manual there)."""
    first = function.body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    docstring = first.end_lineno - first.lineno + 1 if is_text else 0
    return function.end_lineno - function.lineno + 1 - docstring


def test_functions_are_at_most_40_lines():
    long = [f"{name}.{f.name}: {length(f)}" for name, tree in TREES.items() for f in functions(tree) if length(f) > FUNCTION_LINES]
    assert long == []


def test_modules_are_at_most_300_lines():
    lines = {name: len(path.read_text("utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > MODULE_LINES} == {}


def test_views_are_at_most_15_lines():
    """Counted from the docstring to the end."""
    views = [
        (name, f) for name, tree in TREES.items() if name.startswith("simulator.views") for f in functions(tree)
        if any(ast.unparse(decorator).startswith("blueprint.") for decorator in f.decorator_list)
    ]
    assert len(views) > 20
    assert [f"{name}.{f.name}" for name, f in views if f.end_lineno - f.body[0].lineno + 1 > VIEW_LINES] == []


def test_every_package_is_in_the_wheel():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", "utf-8")
    listed = set(setup["options"]["packages"].split())
    found = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    assert found <= listed
    assert listed - found == {"simulator.templates", "simulator.tasks"}  # folders of data beside the code
    assert (ROOT / "templates").is_dir()
    assert (ROOT / "tasks").is_dir()


def test_nothing_is_ignored_without_saying_what():
    """`type: ignore` and `noqa` name their code."""
    bare = re.compile(r"#\s*type:\s*ignore(?!\[)|#\s*noqa(?!:)")
    files = [*MODULES.values(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "tasks").rglob("*.py")]
    found = [
        f"{path.relative_to(ROOT)}:{number}" for path in files if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1) if bare.search(line)
    ]
    assert found == []
