"""`simulator sandbox`: test the sandbox of this machine, and run one program in it by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from grading.errors import SandboxError
from grading.model import RunLimits
from grading.sandbox import BACKENDS, BackendReport, RunJob, RunResult, open_sandbox, probe, shebang
from grading.sandbox.collect import ALL
from simulator.commands.options import runtimes_dir

FOREIGN_BACKEND = "bwrap"
_DEFAULTS = RunLimits()
_INPUT = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def sandbox() -> None:
    """考生程序的沙箱：自检与手动运行。"""


@sandbox.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.option("--backend", type=click.Choice(list(BACKENDS)), help="只检查这个后端。")
@runtimes_dir
def selftest(as_json: bool, backend: str | None, runtimes_dir: Path) -> None:
    """真实地攻击每个沙箱后端；有一个后端全部守住时退出码为 0。"""
    reports = probe(runtimes_dir, (backend,) if backend else ())
    if as_json:
        click.echo(json.dumps({"backends": [_as_json(report) for report in reports]}, ensure_ascii=False, indent=2))
    else:
        _print_reports(reports)
    if not any(report.ok for report in reports):
        raise SystemExit(1)


def _as_json(report: BackendReport) -> dict[str, Any]:
    return {
        "name": report.name, "ok": report.ok, "error": report.error, "seconds": round(report.seconds, 2),
        "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in report.checks],
    }  # fmt: skip


def _print_reports(reports: tuple[BackendReport, ...]) -> None:
    chosen = next((report for report in reports if report.ok), None)
    for report in reports:
        state = "可用" + ("，考试时用它" if report is chosen else "") if report.ok else "不可用"
        click.echo(f"{report.name}：{state}（{report.seconds:.1f} 秒）{report.error and '：' + report.error}")
        for check in report.checks:
            verdict = "✓ 守住" if check.ok else "✗ 失守"
            click.echo(f"  {verdict}  {check.name}" + ("" if check.ok else f"：{check.detail}"))


@sandbox.command()
@click.argument("script", type=_INPUT)
@click.option("--backend", type=click.Choice(list(BACKENDS)), help="沙箱后端，默认选第一个通过自检的。")
@click.option("--runtime", default="python", show_default=True, help="运行环境；bare 是不带任何软件包的解释器。")
@click.option("--wall", type=float, default=_DEFAULTS.wall_s, show_default=True, help="时间上限（秒）。")
@click.option("--cpu", type=float, default=_DEFAULTS.cpu_s, show_default=True, help="处理器时间上限（秒）。")
@click.option("--memory-mb", type=int, default=_DEFAULTS.memory_mb, show_default=True, help="内存上限（MB）。")
@click.option("--output-kb", type=int, default=_DEFAULTS.output_kb, show_default=True, help="标准输出、标准错误各自的上限（KB）。")
@click.option("--processes", type=int, default=_DEFAULTS.processes, show_default=True, help="进程与线程总数上限。")
@click.option("--file", "files", type=_INPUT, multiple=True, help="复制到工作目录的文件，可多次给出。")
@click.option("--stdin", type=_INPUT, help="作为标准输入的文件。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@runtimes_dir
def run(script: Path, as_json: bool, runtimes_dir: Path, backend: str | None, **options: Any) -> None:
    """在沙箱里运行 SCRIPT。

    SCRIPT 是 Python 程序；第一行（#!）是别的解释器的脚本和编译好的程序由后端 bwrap 运行。
    程序正常结束时退出码为 0，否则为 1；沙箱本身不可用时为 2。
    """
    job = _job(script, options)
    try:
        result = _run(job, runtimes_dir, backend)
    except SandboxError as error:
        result = RunResult("sandbox_error", message=str(error))
    _print_result(result, as_json)
    raise SystemExit({"ok": 0, "sandbox_error": 2}.get(result.status, 1))


def _run(job: RunJob, runtimes: Path, backend: str | None) -> RunResult:
    if job.interpreter == "shebang":
        unfit = shebang.missing(job.files[job.script])
        if backend not in (None, FOREIGN_BACKEND):
            unfit = f"后端 {backend} 只运行 Python 程序；由别的解释器运行的程序要用后端 {FOREIGN_BACKEND}。"
        if unfit:
            return RunResult("refused", message=unfit)
        backend = FOREIGN_BACKEND
    sandbox = open_sandbox(runtimes, backend=backend, remember=True)
    try:
        return sandbox.run(job)
    finally:
        sandbox.close()


def _job(script: Path, options: dict[str, Any]) -> RunJob:
    try:
        limits = RunLimits(
            wall_s=options["wall"], cpu_s=options["cpu"], memory_mb=options["memory_mb"], output_kb=options["output_kb"],
            processes=options["processes"],
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors()[0]
        raise click.UsageError(f"{first['loc'][0]} 的值 {first['input']} 不在允许的范围内。") from None
    names = [path.name for path in (*options["files"], script)]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise click.UsageError(f"有两个文件都叫 {twice}：它们在工作目录里不能同名。")
    files = {path.name: path.read_bytes() for path in (*options["files"], script)}
    stdin = options["stdin"].read_bytes() if options["stdin"] else b""
    kind = shebang.interpreter(files[script.name])
    return RunJob(options["runtime"], script.name, files, limits, (ALL,), stdin, interpreter=kind)


def _print_result(result: RunResult, as_json: bool) -> None:
    if not as_json:
        click.echo(result.stdout, nl=False)
        click.echo(result.stderr, nl=False, err=True)
        click.echo(f"[{result.status}] {result.message} {result.wall_s:.2f} s, {result.memory_mb:.0f} MB", err=True)
        return
    shown = {
        "status": result.status, "exit_code": result.exit_code, "signal": result.signal, "wall_s": result.wall_s,
        "cpu_s": result.cpu_s, "memory_mb": result.memory_mb, "stdout": result.stdout, "stderr": result.stderr,
        "files": [{"name": name, "size": len(data)} for name, data in result.files.items()], "message": result.message,
    }  # fmt: skip
    click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
