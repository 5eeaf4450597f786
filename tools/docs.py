"""Write the generated parts of the documentation: whatever stands between `<!-- name -->` and `<!-- /name -->`.

`python tools/docs.py` rewrites them in place; `--check` changes nothing and exits 1 with the names of stale files.
A part is a function below; `PARTS` says which file holds which parts.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click

from grading.errors import GradingError
from grading.fields import all_kinds
from grading.library import Library, load_library
from grading.model import FieldSpec, RunLimits, Task
from grading.registry import all_graders
from grading.runners import accepts, arguments, get_runner, names as runner_names, outputs
from simulator import config
from simulator.cli import main as simulator

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ("docs/example", "docs/example/answer")
HELP_WIDTH = 100
LIMITS = {
    "wall_s": "经过的秒数", "cpu_s": "所有进程合计占用处理器的秒数", "memory_mb": "所有进程合计的内存，MiB",
    "output_kb": "标准输出、标准错误各自的 KiB", "processes": "进程和线程的总数", "disk_mb": "工作目录的 MiB",
}


@cache
def library() -> Library:
    """Return the shipped tasks."""
    return load_library(ROOT / "tasks")


def counts() -> dict[str, int]:
    """Return what is counted: papers, practical tasks, their scoring points and samples, theory items, graders, kinds."""
    practical = [task for task in library().tasks.values() if task.root is not None]
    return {
        "papers": len(library().papers), "tasks": len(practical), "points": sum(len(task.points) for task in practical),
        "samples": sum(_samples(task) for task in practical), "items": len(library().tasks) - len(practical),
        "graders": len(all_graders()), "kinds": len(all_kinds()),
    }


def _samples(task: Task) -> int:
    assert task.root is not None
    return sum(path.is_dir() for path in (task.root / "samples").iterdir())


def numbers() -> str:
    """Return the counts as Chinese bullets."""
    return """\
- 试卷 {papers} 份：实操试题 {tasks} 道，共 {points} 个评分点；理论题 {items} 道，每题有答案解析。
- 作答项 {kinds} 种，评分器 {graders} 种；每个评分点都给出规定值、实际值、得分和理由。
- 实操试题带 {samples} 份样例作答，每份样例该得几分都写明，由 `simulator tasks check` 逐份核对。""".format(**counts())


def numbers_en() -> str:
    """Return the counts as English bullets."""
    return """\
- {papers} papers: {tasks} practical tasks with {points} scoring points; {items} theory items, each with an explanation.
- {kinds} kinds of fields and {graders} graders; every scoring point shows expected value, actual value, marks and reason.
- {samples} sample responses to the practical tasks, each with the marks that it must earn; \
`simulator tasks check` verifies them all.""".format(**counts())


def example() -> str:
    """Return the example task, a response to it, and how `python -m grading mark` marks it."""
    task, answer = (ROOT / path for path in EXAMPLE)
    command = [sys.executable, "-m", "grading", "mark", *EXAMPLE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    return "\n".join([
        *_code("yaml", (task / "task.yaml").read_text("utf-8")), "", *_code("yaml", (answer / "response.yaml").read_text("utf-8")), "",
        *_code("console", f"$ .venv/bin/python -m grading mark {' '.join(EXAMPLE)}\n{done.stdout}"),
    ])


def _code(language: str, text: str) -> list[str]:
    return [f"```{language}", text.rstrip("\n"), "```"]


def graders() -> str:
    """Return every grader by module: what it looks at, its arguments, and the first line of its docstring."""
    modules: dict[str, list[str]] = defaultdict(list)
    for grader in all_graders().values():
        summary = (inspect.getdoc(grader.function) or "").splitlines()[0]
        modules[grader.function.__module__] += [f"- `{_signature(grader)}`<br>", f"  {summary}"]
    return "\n\n".join(f"`{module}`\n\n" + "\n".join(lines) for module, lines in sorted(modules.items()))


def _signature(grader: Any) -> str:
    """Return e.g. ``number(found: number; equals, abs_tol=0.0)``: values before the semicolon, args after it."""
    kinds = iter(grader.accepts)
    values, arguments = [], []
    for parameter in inspect.signature(grader.function).parameters.values():
        optional = parameter.default is not inspect.Parameter.empty
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            arguments.append(f"{parameter.name}={parameter.default!r}" if optional else parameter.name)
        else:
            values.append(f"{parameter.name}{'?' if optional else ''}: {next(kinds)}")
    return f"{grader.name}({', '.join(values)}; {', '.join(arguments)})"


def fields() -> str:
    """Return every field kind with its own keys and what a grader receives from it."""
    lines = ["| kind | 自己的键（默认值） | 交给评分器的值 | 说明 |", "|---|---|---|---|"]
    for kind in all_kinds().values():
        shared = FieldSpec.model_fields.keys()
        own = {name: info for name, info in kind.spec.model_fields.items() if name not in shared}
        keys = ", ".join(f"`{name}` ({info.get_default(call_default_factory=True)!r})" for name, info in own.items())
        summary = (inspect.getdoc(kind.spec) or "").splitlines()[0]
        lines.append(f"| `{kind.name}` | {keys} | {kind.value} | {summary} |")
    return "\n".join(lines)


def runners() -> str:
    """Return every runner with what it executes, its own outputs and arguments."""
    lines = ["| 运行器 | 执行 | 自己的产物（类型） | `args`（默认值） | 说明 |", "|---|---|---|---|---|"]
    for name in runner_names():
        own = ", ".join(f"`{output}` ({kind})" for output, kind in outputs(name).items()) or "—"
        keys = ", ".join(
            f"`{key}`" if info.is_required() else f"`{key}` ({info.get_default(call_default_factory=True)!r})"
            for key, info in arguments(name).model_fields.items()
        )
        summary = (inspect.getdoc(get_runner(name)) or "").splitlines()[0]
        lines.append(f"| `{name}` | {', '.join(accepts(name))} | {own} | {keys or '—'} | {summary} |")
    return "\n".join(lines)


def limits() -> str:
    """Return the limits of a run with their defaults and bounds."""
    lines = ["| 上限 | 默认 | 最大 | 含义 |", "|---|---|---|---|"]
    for name, info in RunLimits.model_fields.items():
        most = next(bound.le for bound in info.metadata if hasattr(bound, "le"))
        lines.append(f"| `{name}` | {info.default} | {most} | {LIMITS[name]} |")
    return "\n".join(lines)


def settings() -> str:
    """Return every setting with its environment variable, type, default and the comment in `simulator/config.py`."""
    lines = ["| 设置 | 环境变量 | 类型 | 默认值 | 含义 |", "|---|---|---|---|---|"]
    for name, kind, default, comment in _settings():
        lines.append(f"| `{name}` | `{config.PREFIX}{name.upper()}` | {kind} | `{default}` | {comment} |")
    return "\n".join(lines)


def _settings() -> Iterator[tuple[str, str, str, str]]:
    source = Path(config.__file__).read_text("utf-8")
    lines = source.splitlines()
    model = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    for node in model.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or not isinstance(node.value, ast.Constant):
            continue
        comment: list[str] = []
        number = node.lineno - 2
        while lines[number].strip().startswith("#"):
            comment.insert(0, lines[number].strip(" #"))
            number -= 1
        if not comment:
            sys.exit(f"simulator/config.py: the setting {node.target.id} has no comment")
        yield node.target.id, ast.unparse(node.annotation), _toml(node.value.value), " ".join(comment)


def _toml(value: Any) -> str:
    """Return a default as it is written in config.toml."""
    return json.dumps(value, ensure_ascii=False)


def commands() -> str:
    """Return the help text of every command."""
    contexts = _contexts("simulator", simulator, None)
    return "\n\n".join("\n".join([f"### {c.command_path}", "", *_code("text", c.get_help())]) for c in contexts)


def _contexts(name: str, command: click.Command, parent: click.Context | None) -> Iterator[click.Context]:
    context = click.Context(command, parent, name, terminal_width=HELP_WIDTH, max_content_width=HELP_WIDTH)
    yield context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            yield from _contexts(child, command.commands[child], context)


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"numbers": numbers, "example": example},
    "README.en.md": {"numbers": numbers_en, "example": example},
    "tasks/README.md": {"fields": fields, "runners": runners, "limits": limits, "graders": graders},
    "docs/settings.md": {"settings": settings},
    "docs/commands.md": {"commands": commands},
}


def renewed(file: str) -> str:
    """Return the text of `file` with every part written anew; exits with a sentence if its markers are not there once."""
    text = (ROOT / file).read_text("utf-8")
    for name, part in PARTS[file].items():
        head, found, rest = text.partition(f"<!-- {name} -->")
        old, closed, tail = rest.partition(f"<!-- /{name} -->")
        if not closed or found in tail:
            sys.exit(f"{file}: <!-- {name} --> … <!-- /{name} --> should stand there once")
        content = f"\n{part()}\n" if old.startswith("\n") else part()
        text = head + found + content + closed + tail
    return text


def main() -> None:
    """Rewrite or check every file of `PARTS`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 with the names of stale files")
    check = parser.parse_args().check
    try:
        texts = {file: renewed(file) for file in PARTS}
    except GradingError as error:
        sys.exit(f"the tasks cannot be read: {error}")
    stale = [file for file, text in texts.items() if text != (ROOT / file).read_text("utf-8")]
    for file in stale:
        print(file)
        if not check:
            (ROOT / file).write_text(texts[file], "utf-8")
    if check and stale:
        sys.exit(1)


if __name__ == "__main__":
    main()
