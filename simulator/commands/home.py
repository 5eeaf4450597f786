"""`simulator home`: let automations live through a scenario by hand, as a task's run would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from grading.errors import ResponseError, SandboxError, TaskError
from grading.fields.home import read
from grading.model import Produce, RunLimits, RunSpec
from grading.runners import Problem
from grading.runners.home import simulate
from grading.runners.home.answer import Answer
from grading.runners.home.spec import read_home, read_scenario
from grading.sandbox import open_sandbox
from simulator.commands.options import runtimes_dir

_INPUT = click.Path(exists=True, dir_okay=False, path_type=Path)
MAX_BYTES = 2 * 1024 * 1024
LIMITS = RunLimits(wall_s=60, cpu_s=30, memory_mb=512)


@click.group()
def home() -> None:
    """智能家居：在沙箱里用 Home Assistant 的自动化引擎过一天。"""


@home.command()
@click.option("--automations", type=_INPUT, required=True, help="自动化的 YAML。")
@click.option("--home", "home_file", type=_INPUT, required=True, help="家的描述 home.yaml。")
@click.option("--scenario", "scenario_file", type=_INPUT, required=True, help="情景 scenario.yaml。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@runtimes_dir
def run(automations: Path, home_file: Path, scenario_file: Path, as_json: bool, runtimes_dir: Path) -> None:
    """运行自动化，列出有效性、服务调用和状态变化。文件有误时退出码为 2。"""
    try:
        text = _bytes(automations).decode("utf-8-sig")
        given = read(text)
    except (UnicodeDecodeError, ResponseError) as error:
        why = "文件不是 UTF-8 编码。" if isinstance(error, UnicodeDecodeError) else str(error)
        raise TaskError(why, file=automations) from None
    setting = read_home(_bytes(home_file), home_file.name)
    scenario = read_scenario(_bytes(scenario_file), scenario_file.name, setting)
    spec = RunSpec(id="run", runner="home", of="automations", limits=LIMITS, produces={"log": Produce(output="log")})
    sandbox = open_sandbox(runtimes_dir, remember=True)
    try:
        _, answer = simulate(given, setting, scenario, spec, sandbox)
    finally:
        sandbox.close()
    if isinstance(answer, Problem):
        raise SandboxError(answer.sentence)
    if as_json:
        click.echo(json.dumps(as_data(answer), ensure_ascii=False, indent=2))
    else:
        _print(answer)


def as_data(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON data; t : seconds since the scenario's start."""
    log = answer.log
    return {
        "start": log.start, "end": log.end, "stopped": log.stopped,
        "automations": [{"id": a.id, "alias": a.alias, "valid": a.valid, "error": a.error} for a in log.automations],
        "calls": [
            {"t": call.t, "service": call.service, "entities": list(call.entities), "data": dict(call.data), "automation": call.automation}
            for call in log.calls
        ],
        "states": {entity: [{"t": change.t, "state": change.state} for change in track] for entity, track in log.states.items()},
        "messages": list(answer.messages),
    }  # fmt: skip


def _print(answer: Answer) -> None:
    log = answer.log
    for one in log.automations:
        click.echo(f"{'✓ 有效' if one.valid else '✗ 无效'}  {one.alias}" + (f"：{one.error}" if one.error else ""))
    rows = [(call.t, call.n, f"调用 {call.service}", "、".join(call.entities), call.automation) for call in log.calls]
    rows += [(change.t, change.n, f"变为 {change.state}", entity, "") for entity, track in log.states.items() for change in track[1:]]
    for t, _, what, entities, automation in sorted(rows):
        click.echo(f"{log.clock(t)}  {what:<28} {entities}" + (f"  ← {automation}" if automation else ""))
    for message in answer.messages:
        click.echo(f"提醒：{message['automation']} {message['text']}")
    click.echo(f"运行被停止：{log.stopped}。" if log.stopped else f"到 {log.clock(log.end)} 结束。")


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise TaskError(f"文件超过 {MAX_BYTES // 1024} KB，不予读取", file=path)
    return path.read_bytes()
