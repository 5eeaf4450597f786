"""`simulator doctor`: one page that says whether exams can be held and marked on this machine, and what to do if not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from simulator.commands.findings import MARKS, Finding
from simulator.commands.options import runtimes_dir


@click.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.option("--ask-model", is_flag=True, help="接入了大模型时，真的问它一句话。")
@runtimes_dir
def doctor(as_json: bool, ask_model: bool, runtimes_dir: Path) -> None:
    """检查这台机器能不能考试和评分，说明每一项该怎么办。能评分时退出码为 0，否则为 1。"""
    findings = []
    for finding in _examine(runtimes_dir, ask_model):
        findings.append(finding)
        if not as_json:
            _print(finding)
    bad = [finding for finding in findings if finding.level == "fail"]
    if as_json:
        shown = {"ok": not bad, "findings": [finding.as_json() for finding in findings]}
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        click.echo("\n这台机器可以考试和评分。" if not bad else f"\n还不能评分：先解决上面 {len(bad)} 个 ✗。")
    raise SystemExit(1 if bad else 0)


def _examine(runtimes: Path, ask_model: bool) -> Iterator[Finding]:
    """Yield the findings, quick ones first."""
    from simulator.commands import findings
    from simulator.config import load_settings

    settings = load_settings()
    yield from findings.machine()
    yield from findings.runtimes(runtimes)
    yield from findings.clip_model(runtimes)
    yield from findings.installation(settings)
    yield findings.language_model(settings, ask=ask_model)
    yield from findings.sandboxes(runtimes)
    yield from findings.clip_trial(runtimes)


def _print(finding: Finding) -> None:
    click.echo(f"{MARKS[finding.level]} {finding.name}：{finding.found}")
    if finding.advice:
        click.echo(f"    → {finding.advice}")
