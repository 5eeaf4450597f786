"""The documentation says what the program does: generated parts are current, names are complete, links lead somewhere."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from grading.bank import BankFile, BankItem
from grading.model import FieldSpec, Produce, RunLimits, RunSpec, ScoringPoint
from grading.paper import DrawSlot, ModuleSpec, PaperSpec, TaskSlot
from grading.registry import all_graders
from grading.specs import TaskHead
from simulator.cli import main
from simulator.config import Settings

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.en.md")
PAGES = (*READMES, "CHANGELOG.md", "CONTRIBUTING.md", "tasks/README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = re.findall(r"^([a-z][a-z0-9-]*):", MAKEFILE, re.MULTILINE)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def command_tree(command: click.Command, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    children = command.commands.items() if isinstance(command, click.Group) else ()
    return [path, *(found for name, child in children for found in command_tree(child, (*path, name)))]


COMMANDS = command_tree(main, ("simulator",))


def slug(heading: str) -> str:
    """The anchor that the usual Markdown renderers give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_generated_parts_are_current():
    done = subprocess.run([sys.executable, "tools/docs.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"run `make docs`: {done.stdout}{done.stderr}"


@pytest.mark.slow
def test_check_names_a_stale_file_and_docs_renews_it(tmp_path):
    for folder in ("tools", "tasks", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for page in READMES:
        shutil.copy(ROOT / page, tmp_path)
    settings = tmp_path / "docs/settings.md"
    settings.write_text(settings.read_text("utf-8").replace("`SIMULATOR_PORT`", "`SIMULATOR_PROT`"), "utf-8")
    check = [sys.executable, "tools/docs.py", "--check"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()) == (1, ["docs/settings.md"]), done.stderr
    subprocess.run([sys.executable, "tools/docs.py"], cwd=tmp_path, check=True, capture_output=True)
    assert settings.read_text("utf-8") == read("docs/settings.md")


@pytest.mark.parametrize("name", all_graders())
def test_grader_explains_its_parameters(name):
    function = all_graders()[name].function
    doc = inspect.getdoc(function) or ""
    parts = dict(re.findall(r"^(\w+)\n-{3,}\n(.*?)(?=^\w+\n-{3,}\n|\Z)", doc, re.DOTALL | re.MULTILINE))
    assert doc.splitlines()[0].endswith("."), "the first line is a sentence"
    assert parts.get("Returns", "").strip().startswith("Mark")
    explained = [n.strip() for line in re.findall(r"^(\w[\w, ]*?) : ", parts["Parameters"], re.MULTILINE) for n in line.split(",")]
    assert explained == list(inspect.signature(function).parameters)
    assert f"`{name}(" in read("tasks/README.md")


@pytest.mark.parametrize(
    "model", [TaskHead, FieldSpec, RunSpec, RunLimits, Produce, ScoringPoint, BankFile, BankItem, PaperSpec, ModuleSpec, DrawSlot, TaskSlot]
)
def test_every_key_of_the_task_format_is_described(model: type[BaseModel]):
    keys = [info.alias or name for name, info in model.model_fields.items()]
    text = read("tasks/README.md")
    assert [key for key in keys if not re.search(rf"`{key}(: \w+)?`", text)] == []


@pytest.mark.parametrize("name", [field.name for field in fields(Settings) if field.name not in ("instance", "origins")])
def test_setting_is_described_in_words_and_in_the_table(name):
    text = read("docs/settings.md")
    assert re.search(rf"^- `{name}`：", text, re.MULTILINE)
    assert f"| `{name}` |" in text


@pytest.mark.parametrize("command", [" ".join(path) for path in COMMANDS])
def test_command_is_described(command):
    assert f"### {command}\n" in read("docs/commands.md")


@pytest.mark.parametrize("page", PAGES)
def test_commands_that_a_page_names_exist(page):
    known = {path[: length + 1] for path in COMMANDS for length in range(len(path))}
    groups = {path[:-1] for path in COMMANDS}
    for named in re.findall(r"(?<![\w./-])(?:\.venv/bin/)?(simulator(?: [a-z][a-z-]*)+)", read(page)):
        path = tuple(named.split())
        while path not in known and path[:-1] not in groups:
            path = path[:-1]  # what follows a command is its arguments
        assert path in known, named
    for target in re.findall(r"(?:^|`)make ([a-z0-9]+)", read(page), re.MULTILINE):
        assert target in TARGETS, f"make {target}"


@pytest.mark.parametrize("target", TARGETS)
def test_make_target_has_a_help_text(target):
    assert re.search(rf"^{target}:.* ## \S", MAKEFILE, re.MULTILINE)
    assert re.search(rf"^\.PHONY:.*\b{target}\b", MAKEFILE, re.MULTILINE)


def test_make_runs_only_what_exists():
    for named in re.findall(r"\$\(BIN\)/(simulator(?: [a-z][a-z-]*)+)", MAKEFILE):
        assert tuple(named.split()) in COMMANDS, named
    for script in re.findall(r"(?<![\w/])tools/[\w.-]+", MAKEFILE):
        assert (ROOT / script).is_file(), script


@pytest.mark.parametrize("page", [*READMES, "docs/exam-day.md"])
def test_system_packages_are_those_of_preflight(page):
    line = re.search(r"^line='(.+)'$", read("tools/preflight"), re.MULTILINE).group(1)
    assert f"\n{line}\n" in read(page)


@pytest.mark.parametrize("page", READMES)
def test_readme_has_the_two_commands_and_a_picture(page):
    text = read(page)
    assert re.search(r"^make demo\b", text, re.MULTILINE)
    assert re.search(r"^make test\b", text, re.MULTILINE)
    assert "](docs/img/exam.png)" in text


def test_the_readmes_have_the_same_structure():
    shapes = [re.findall(r"^(#+ |```\w*|<!-- /?\w+ -->|\|---|- \[|!\[)", read(page), re.MULTILINE) for page in READMES]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("page", PAGES)
def test_relative_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (ROOT / page).parent / name if name else ROOT / page
        assert file.exists(), target
        if anchor:
            assert anchor in [slug(heading) for heading in re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)], target


@pytest.mark.parametrize("page", PAGES)
def test_no_machine_path_and_no_registry(page):
    text = read(page)
    assert re.findall(r"(?<![\w.}])/(?:home|root|Users|work|mnt|srv|opt)/\S*", text) == []
    assert re.findall(r"https?://(?!<|127\.0\.0\.1|simulator;)\S+", text) == []
