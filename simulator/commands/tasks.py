"""`simulator tasks new|check|show|schema`: for those who write tasks."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from grading.bank import load_bank
from grading.errors import GradingError, SandboxError, TaskError
from grading.library import load_library, task_folders
from grading.loader import id_of, load_task
from grading.model import Task
from grading.proof import Proof, prove
from grading.sandbox import open_sandbox
from grading.sandbox.contract import Sandbox
from grading.specs import task_schema
from simulator.config import load_settings
from simulator.scaffold import new_task


@click.group()
def tasks() -> None:
    """试题：新建、检查、查看。"""


@tasks.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Prove tasks: every sample earns what it should, trivial answers earn nothing. Without PATH: all, and the papers."""
    settings = load_settings()
    proofs, failures = [], []
    for task, failure in _loaded(paths or (settings.tasks,)):
        if task is None:
            failures.append(failure)
            continue
        proofs.append(prove(task, _sandbox(settings.runtimes) if task.runs else None))
    if not paths:
        failures += _library_failures(settings.tasks) if not failures else []
    _print_json(proofs, failures) if as_json else _print_table(proofs, failures)
    sys.exit(1 if failures or any(proof.problems for proof in proofs) else 0)


_opened: list[Sandbox] = []


def _sandbox(runtimes: Path) -> Sandbox:
    if not _opened:
        try:
            _opened.append(open_sandbox(runtimes))
        except SandboxError as error:
            raise click.ClickException(f"不能检查要运行程序的试题：{error}") from None
    return _opened[0]


def _loaded(paths: Iterable[Path]) -> Iterable[tuple[Task | None, str]]:
    """Yield every task below `paths`, or (None, what is wrong with it)."""
    for path in paths:
        banks = [path] if path.name == "bank.yaml" else sorted(path.rglob("bank.yaml"))
        folders = [] if path.name == "bank.yaml" else list(task_folders(path))
        if not banks and not folders:
            yield None, f"{path}：这里没有 task.yaml 或 bank.yaml"
        for bank in banks:
            try:
                yield from ((task, "") for task in load_bank(bank, prefix=id_of(bank.resolve().parent))[1])
            except GradingError as error:
                yield None, str(error)
        for folder in folders:
            try:
                yield load_task(folder), ""
            except GradingError as error:
                yield None, str(error)


def _library_failures(root: Path) -> list[str]:
    try:
        load_library(root)
    except TaskError as error:
        return [str(error)]
    return []


def _print_json(proofs: list[Proof], failures: list[str]) -> None:
    data = {
        "tasks": len(proofs), "samples": sum(len(proof.trials) for proof in proofs),
        "mismatches": sum(len(proof.problems) for proof in proofs) + len(failures), "failures": failures,
        "results": [_proof_json(proof) for proof in proofs],
    }
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def _proof_json(proof: Proof) -> dict[str, Any]:
    return {"task": proof.task, "trials": [
        {"name": t.name, "kind": t.kind, "earned": float(t.earned), "marks": float(t.marks), "problems": list(t.problems)}
        for t in proof.trials
    ]}


def _print_table(proofs: list[Proof], failures: list[str]) -> None:
    items = [proof for proof in proofs if proof.trials and proof.trials[0].kind == "item"]
    for proof in (proof for proof in proofs if proof not in items):
        click.secho(proof.task, bold=True)
        for trial in proof.trials:
            mark = click.style("✗", fg="red") if trial.problems else click.style("✓", fg="green")
            click.echo(f"  {mark} {_pad(trial.name, 34)} {trial.kind:<9} {_number(trial.earned):>7} / {_number(trial.marks)}")
    if items:
        click.secho(f"理论题 {len(items)} 道，{sum(len(proof.trials) for proof in items)} 次试评", bold=True)
    problems = [f"{proof.task}：{problem}" for proof in proofs for problem in proof.problems] + failures
    for problem in problems:
        click.secho(f"✗ {problem}", fg="red", err=True)
    click.echo(f"试题 {len(proofs)}，试评 {sum(len(p.trials) for p in proofs)}，不符 {len(problems)}")


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _pad(text: str, width: int) -> str:
    return text + " " * max(width - sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text), 0)


@tasks.command()
@click.argument("path", type=click.Path(path_type=Path))
def show(path: Path) -> None:
    """Print one task: fields, runs, scoring points."""
    task = load_task(path)
    click.secho(f"{task.id}  {task.title}  {_number(task.marks)} 分  {task.minutes} 分钟", bold=True)
    for field in task.fields:
        click.echo(f"  作答项 {field.id:<14} {field.kind:<8} {field.label}")
    for run in task.runs:
        click.echo(f"  运行   {run.id:<14} {run.runner:<8} 作答项 {run.of} → {', '.join(run.produces)}")
    for point in task.points:
        click.echo(f"  评分点 {point.id:<4} {_number(point.marks):>5} 分  {point.grader:<14} {', '.join(point.sources):<20} {point.title}")


@tasks.command()
@click.argument("path", type=click.Path(path_type=Path))
def new(path: Path) -> None:
    """Make a small task at PATH that passes `check`; change it into your own."""
    for file in new_task(path):
        click.echo(f"  {file}")
    click.echo(f"已建立。下一步：simulator tasks check {path}")


@tasks.command()
def sync() -> None:
    """Read the task folders into the database: a running hall uses them at once, exams that exist keep their versions."""
    from simulator import rereading, schema
    from simulator.services import Services

    services = Services(load_settings())
    schema.upgrade(services.db)
    library = rereading.load(services.settings.tasks)
    with services.db.write() as session:
        found = rereading.store(session, library, services.clock(), None)
    for title in [*found.tasks, *found.papers]:
        click.echo(f"  {title}")
    click.echo(f"试题 {len(found.tasks)} 道、试卷 {len(found.papers)} 份有新版本")


@tasks.command()
@click.option("--write", "target", type=click.Path(path_type=Path), help="write to this file instead of printing")
def schema(target: Path | None) -> None:
    """Print the JSON Schema of task.yaml (for editors)."""
    text = json.dumps(task_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    if target:
        target.write_text(text, "utf-8")
    else:
        click.echo(text, nl=False)
