"""`simulator runtimes`: build and list the environments in which candidates' programs run."""

from __future__ import annotations

from pathlib import Path

import click

from grading import runtimes as rt
from grading.errors import SandboxError
from simulator.commands.options import runtimes_dir

_STATES = {"ready": "可用", "outdated": "需要更新", "missing": "未安装"}


@click.group()
def runtimes() -> None:
    """考生程序的运行环境：安装与查看。"""


@runtimes.command()
@click.argument("names", nargs=-1)
@runtimes_dir
def build(names: tuple[str, ...], runtimes_dir: Path) -> None:
    """安装运行环境（默认全部）；已是最新的跳过。"""
    for name in names or rt.names():
        click.echo(f"{name}：正在安装，可能需要几分钟……")
        try:
            built = rt.build(name, runtimes_dir)
        except SandboxError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"{name}：{'安装完成' if built else '已是最新'}（{runtimes_dir / name}）")


@runtimes.command(name="list")
@runtimes_dir
def list_(runtimes_dir: Path) -> None:
    """列出运行环境及其状态。"""
    for name in rt.names():
        status = rt.status(name, runtimes_dir)
        click.echo(f"{name}\t{_STATES[status.state]}\t{status.title}\t{status.path}")
