"""`simulator sandbox`: test the sandbox of this machine, and run one program in it by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from grading.errors import SandboxError
from grading.model import RunLimits
from grading.sandbox import BACKENDS, RunJob, RunResult, make_backend, open_sandbox, selftest as run_selftest
from grading.sandbox.collect import ALL
from simulator.commands.options import runtimes_dir

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
    reports = [_report(name, runtimes_dir) for name in ([backend] if backend else BACKENDS)]
    if as_json:
        click.echo(json.dumps({"backends": reports}, ensure_ascii=False, indent=2))
    else:
        _print_reports(reports)
    if not any(report["ok"] for report in reports):
        raise SystemExit(1)


def _report(name: str, runtimes: Path) -> dict[str, Any]:
    try:
        checks = run_selftest(make_backend(name, runtimes))
    except SandboxError as error:
        return {"name": name, "ok": False, "error": str(error), "checks": []}
    shown = [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks]
    return {"name": name, "ok": all(check.ok for check in checks), "error": "", "checks": shown}


def _print_reports(reports: list[dict[str, Any]]) -> None:
    for report in reports:
        click.echo(f"{report['name']}：{'可用' if report['ok'] else '不可用'}{report['error'] and '，' + report['error']}")
        for check in report["checks"]:
            verdict = "✓ 守住" if check["ok"] else "✗ 失守"
            click.echo(f"  {verdict}  {check['name']}" + ("" if check["ok"] else f"：{check['detail']}"))


@sandbox.command()
@click.argument("script", type=_INPUT)
@click.option("--backend", type=click.Choice(list(BACKENDS)), help="沙箱后端，默认选第一个通过自检的。")
@click.option("--runtime", default="python", show_default=True, help="运行环境；bare 是不带任何软件包的解释器。")
@click.option("--wall", type=float, default=_DEFAULTS.wall_s, show_default=True, help="时间上限（秒）。")
@click.option("--cpu", default=_DEFAULTS.cpu_s, show_default=True, help="处理器时间上限（秒）。")
@click.option("--memory-mb", default=_DEFAULTS.memory_mb, show_default=True, help="内存上限（MB）。")
@click.option("--output-kb", default=_DEFAULTS.output_kb, show_default=True, help="标准输出、标准错误各自的上限（KB）。")
@click.option("--processes", default=_DEFAULTS.processes, show_default=True, help="进程与线程总数上限。")
@click.option("--file", "files", type=_INPUT, multiple=True, help="复制到工作目录的文件，可多次给出。")
@click.option("--stdin", type=_INPUT, help="作为标准输入的文件。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@runtimes_dir
def run(script: Path, as_json: bool, runtimes_dir: Path, backend: str | None, **options: Any) -> None:
    """在沙箱里运行 SCRIPT。程序正常结束时退出码为 0，否则为 1；沙箱本身不可用时为 2。"""
    try:
        job = _job(script, options)
        result = open_sandbox(runtimes_dir, backend=backend).run(job)
    except SandboxError as error:
        result = RunResult("sandbox_error", message=str(error))
    _print_result(result, as_json)
    raise SystemExit({"ok": 0, "sandbox_error": 2}.get(result.status, 1))


def _job(script: Path, options: dict[str, Any]) -> RunJob:
    try:
        limits = RunLimits(
            wall_s=options["wall"], cpu_s=options["cpu"], memory_mb=options["memory_mb"], output_kb=options["output_kb"],
            processes=options["processes"],
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors()[0]
        raise click.UsageError(f"{first['loc'][0]} 的值 {first['input']} 不在允许的范围内。") from None
    files = {path.name: path.read_bytes() for path in (*options["files"], script)}
    stdin = options["stdin"].read_bytes() if options["stdin"] else b""
    return RunJob(options["runtime"], script.name, files, limits, (ALL,), stdin)


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
