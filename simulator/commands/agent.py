"""`simulator agent`: run an agent's flow (Dify DSL) against a scenario, and look for mistakes in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from grading.errors import ResponseError, TaskError
from grading.flow import Flow, read_flow
from grading.flowlint import lint_text
from grading.model import RunLimits
from grading.runners import Problem, agent as runner
from grading.runners.agent.scenario import read_tools
from grading.sandbox import open_sandbox
from simulator.commands.options import runtimes_dir
from simulator.config import load_settings
from simulator.endpoint import Endpoint, EndpointError, endpoint_of
from simulator.errors import Refused

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PATH = click.Path(exists=True, path_type=Path)
_MARKS = {"ok": "✓", "failed": "✗", "skipped": "–"}


@click.group()
def agent() -> None:
    """智能体流程：按剧本试运行，检查写法。"""


@agent.command()
@click.argument("flow", type=_FILE)
@click.argument("more", type=_PATH, nargs=-1)
@click.option("--scenario", type=_FILE, required=True, help="剧本（YAML）：用户依次说的话，以及工具故障。")
@click.option("--tools", type=_FILE, help="模拟工具（YAML 或 JSON）。")
@click.option("--documents", type=_PATH, multiple=True, help="知识库：.md、.txt 文件或放着它们的文件夹；可写多个。")
@click.option("--mock", "mocks", multiple=True, metavar="NODE=TEXT", help="让大模型节点（id 或标题）固定输出 TEXT；可写多次。")
@click.option("--endpoint", "by_endpoint", is_flag=True, help="由设置 llm_url 的大模型回答大模型、问题分类、参数提取节点。")
@click.option("--wall", type=float, default=60, show_default=True, help="时间上限（秒）。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@runtimes_dir
def run(
    flow: Path, more: tuple[Path, ...], scenario: Path, tools: Path | None, documents: tuple[Path, ...], mocks: tuple[str, ...],
    by_endpoint: bool, wall: float, as_json: bool, runtimes_dir: Path,
) -> None:
    """在沙箱里让 FLOW 与剧本里的用户对话。

    FLOW 是 Dify DSL 文件。没有得到对话记录时退出码为 1。
    """
    if more and not documents:
        raise click.UsageError(f"多余的参数 {more[0]}")
    given, endpoint = _flow(flow), _endpoint() if by_endpoint else None
    args, files = _inputs(scenario, tools, (*documents, *more))
    sandbox = open_sandbox(runtimes_dir, remember=True)
    try:
        result, talk = runner.converse(
            given, runner.prepare(args, files), sandbox, RunLimits(wall_s=wall, cpu_s=wall), mocks=_mocks(mocks, given),
            ask=endpoint.ask if endpoint else None,
        )
    except EndpointError as error:
        raise Refused(str(error)) from None
    finally:
        sandbox.close()
    if isinstance(talk, Problem):
        click.echo(talk.sentence, err=True)
        raise SystemExit(1)
    if as_json:
        click.echo(json.dumps(_as_json(talk), ensure_ascii=False, indent=2))
    else:
        _print(talk)
        click.echo(f"引擎 {talk.engine}{f'，大模型 {endpoint.model}' if endpoint else ''}，{result.wall_s:.2f} s", err=True)


@agent.command()
@click.argument("flow", type=_FILE)
@click.option("--tools", type=_FILE, help="模拟工具（YAML 或 JSON）：同时检查工具名和必填参数。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def lint(flow: Path, tools: Path | None, as_json: bool) -> None:
    """检查 FLOW 的写法；有错误时退出码为 1。"""
    known = None
    if tools is not None:
        known = {tool.name: tool.required for tool in read_tools(tools.name, tools.read_bytes()).tools}
    findings = lint_text(_text(flow), tools=known)
    bad = any(finding["severity"] == "error" for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": not bad, "findings": findings}, ensure_ascii=False, indent=2))
    else:
        for finding in findings:
            place = f"第 {finding['line']} 行 " if finding["line"] else ""
            node = f"[{finding['place']}] " if finding["place"] else ""
            click.echo(f"{'错误' if finding['severity'] == 'error' else '提醒'}  {place}{node}{finding['message']}")
        click.echo("有错误，需要改正。" if bad else "没有错误。")
    raise SystemExit(1 if bad else 0)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ResponseError(f"{path.name} 不是 UTF-8 编码。") from None


def _endpoint() -> Endpoint:
    endpoint = endpoint_of(load_settings())
    if endpoint is None:
        raise click.UsageError("没有接入大模型：请先填写设置 llm_url 和 llm_model，见 docs/settings.md。")
    return endpoint


def _flow(path: Path) -> Flow:
    return read_flow(_text(path))


def _inputs(scenario: Path, tools: Path | None, documents: tuple[Path, ...]) -> tuple[runner.Args, dict[str, bytes]]:
    """Return the run's arguments and the files that they name (each role has names of its own)."""
    found = [file for path in documents for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    kept = [file for file in found if file.is_file() and (file in documents or file.suffix.lower() in (".md", ".txt"))]
    names = [file.name for file in kept]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise TaskError(f"有两个文档都叫 {twice}")
    files = {file.name: file.read_bytes() for file in kept}
    files["scenario:"] = scenario.read_bytes()
    if tools is not None:
        files["tools:"] = tools.read_bytes()
    return runner.Args(scenario="scenario:", tools="tools:" if tools else None, documents=tuple(names)), files


def _mocks(mocks: tuple[str, ...], flow: Flow) -> dict[str, str]:
    """Return node → text; a node that does not exist is a mistake of the caller's."""
    found = {}
    for mock in mocks:
        node, sign, text = mock.partition("=")
        if not sign or not any(node in (n.id, n.title) for n in flow.nodes if n.type == "llm"):
            raise click.UsageError(f"--mock 应写成 NODE=TEXT，NODE 是大模型节点的 id 或标题：{mock[:80]}")
        found[node] = text
    return found


def _as_json(talk: Any) -> dict[str, Any]:
    """Return everything that happened, in one list for each kind of thing."""
    found: dict[str, Any] = {"engine": talk.engine, "transcript": [], "tool_calls": [], "retrievals": [], "trace": [], "outputs": []}
    for conversation in talk.conversations:
        for number, turn in enumerate(conversation.turns, start=1):
            place = {"conversation": conversation.id, "turn": number}
            found["transcript"].append({**place, "user": turn.user, "answer": turn.answer, "error": turn.error})
            found["tool_calls"] += [{**place, **vars(call)} for call in turn.tool_calls]
            found["retrievals"] += [{**place, **vars(chunk)} for chunk in turn.retrieved]
            found["trace"] += [{**place, **vars(step)} for step in turn.steps]
            found["outputs"].append({**place, "outputs": dict(turn.outputs or {})})
    return found


def _print(talk: Any) -> None:
    for conversation in talk.conversations:
        click.echo(f"== {conversation.title or conversation.id}")
        for turn in conversation.turns:
            click.echo(f"用户：{turn.user}")
            for step in turn.steps:
                branch = f" → {step.branch}" if step.branch else ""
                click.echo(f"  {_MARKS[step.status]} {step.title}（{step.type}）{branch}  {step.note}")
            for call in turn.tool_calls:
                given = json.dumps(dict(call.arguments), ensure_ascii=False)
                click.echo(f"  工具 {call.tool}{given} ⇒ {call.error or json.dumps(call.result, ensure_ascii=False)}")
            click.echo(f"客服：{turn.answer or '（没有回复）'}" + (f"  [{turn.error}]" if turn.error else ""))
