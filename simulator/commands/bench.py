"""`simulator bench …`: measurements on this machine, as ratios of medians. Commands, never timed tests."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from simulator.commands.options import runtimes_dir
from simulator.config import load_settings


@click.group()
def bench() -> None:
    """测速：本机实测，报告比值。"""


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.option("--quick", is_flag=True, help="一分钟以内：轮数少；nbgrader 和 otter 只在已经安装时比较。")
@click.option("--rounds", type=click.IntRange(1), help="典型程序测多少轮。")
@runtimes_dir
def grading(as_json: bool, quick: bool, rounds: int | None, runtimes_dir: Path) -> None:
    """评分：沙箱 ÷ 直接运行 python，评一份 ÷ nbgrader、otter；另测吞吐量、内存和到时终止。十分钟以内。"""
    from simulator.commands.benches import report
    from simulator.commands.benches.grading import QUICK, GradingBench, Plan
    from simulator.commands.benches.measure import NotCounted

    machine = report.Machine.here()
    plan = QUICK if quick else Plan()
    plan = replace(plan, typical=rounds) if rounds else plan
    with tempfile.TemporaryDirectory(prefix="simulator-bench-") as folder, ExitStack() as stack:
        try:
            measured = GradingBench(stack, runtimes_dir, Path(folder), load_settings().instance / "bench" / "peers", plan)
        except NotCounted as reason:
            raise click.ClickException(str(reason)) from None
        measured.measure()
    report.print_report(measured.goals, as_json, machine=machine, facts=measured.facts)


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.option("--quick", is_flag=True, help="一分钟以内：轮数少。")
@runtimes_dir
def modules(as_json: bool, quick: bool, runtimes_dir: Path) -> None:
    """竞赛模块：智能家居、智能体、标注、声音、图片各评一次的时间，以及与冷启动的比值。十分钟以内。"""
    from simulator.commands.benches import report
    from simulator.commands.benches.modules import QUICK, ModulesBench, Plan

    machine = report.Machine.here()
    with tempfile.TemporaryDirectory(prefix="simulator-bench-") as folder, ExitStack() as stack:
        measured = ModulesBench(stack, runtimes_dir, load_settings().tasks, Path(folder), QUICK if quick else Plan())
        measured.measure()
    report.print_report(measured.goals, as_json, machine=machine)


@bench.command()
@click.option("--students", type=click.IntRange(50, 20_000), default=2000, show_default=True, help="考生人数。")
@click.option(
    "--postgresql", envvar="SIMULATOR_TEST_POSTGRESQL", metavar="URL", default="",
    help="PostgreSQL 地址：在那里建一个临时数据库，测完删除；不给就只测 SQLite。",
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.option("--quick", is_flag=True, help="一分钟以内：时间短，只测 SQLite。")
@runtimes_dir
def web(students: int, postgresql: str, as_json: bool, quick: bool, runtimes_dir: Path) -> None:
    """网页：自动保存的延迟和 CPU、交卷高峰、榜单和考试页面，与同一个服务器下的空路由和只写 SQL 的保存比。十分钟以内。"""
    from simulator.commands.benches import report
    from simulator.commands.benches.measure import NotCounted
    from simulator.commands.benches.web.bench import QUICK, Plan, WebBench, new_database, without_postgresql

    machine, goals, facts = report.Machine.here(), [], []
    databases = {"sqlite": "", **({"postgresql": postgresql} if postgresql and not quick else {})}
    for kind, address in databases.items():
        with tempfile.TemporaryDirectory(prefix="simulator-bench-") as folder, ExitStack() as stack:
            url = stack.enter_context(new_database(address)) if address else ""
            measured = WebBench(kind, url, students, Path(folder), runtimes_dir, QUICK if quick else Plan())
            try:
                measured.measure()
            except NotCounted as reason:
                raise click.ClickException(str(reason)) from None
            goals += measured.goals
            facts += measured.facts
    goals += [] if "postgresql" in databases else without_postgresql()
    report.print_report(goals, as_json, machine=machine, facts=facts)
