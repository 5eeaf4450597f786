"""The command line: `simulator …`."""

from __future__ import annotations

import sys
from typing import Any

import click

from grading.errors import GradingError
from simulator.commands import agent, analysis, bench, doctor, home, jobs, runtimes as runtimes_command, sandbox, tasks
from simulator.config import ConfigError, default_instance, load_settings
from simulator.errors import Refused


class SentenceGroup(click.Group):
    """Turns the errors meant for people into one sentence and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (GradingError, ConfigError, Refused) as error:
            click.echo(str(error), err=True)
            sys.exit(2)


@click.group(cls=SentenceGroup)
def main() -> None:
    """人工智能训练师模拟考场。"""


@main.command()
@click.option("--host", help="地址；默认只监听本机，机房使用时写 0.0.0.0")
@click.option("--port", type=int)
@click.option("--web-only", is_flag=True, help="只提供页面；评分和到时收卷由别的机器做")
def serve(host: str | None, port: int | None, web_only: bool) -> None:
    """Serve the exam hall: pages, marking and the clock."""
    from simulator import serving
    from simulator.services import Services

    given: dict[str, Any] = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    services = Services(load_settings(**given))
    click.echo(f"试题目录同步：{serving.prepare(services)} 个新版本")
    serving.serve(services, web_only=web_only)


@main.command()
@click.option("--port", type=int, default=8000, show_default=True)
@click.option("--build-only", is_flag=True, help="只建立演示学校，不启动服务")
def demo(port: int, build_only: bool) -> None:
    """Build the demo school (once) and serve it on this machine only."""
    from simulator import demo as school, serving
    from simulator.services import Services

    base = default_instance()
    settings = load_settings(base / "demo", host="127.0.0.1", port=port, demo=True, runtimes_dir=str(base / "runtimes"))
    services = Services(settings)
    serving.prepare(services)
    click.echo("正在建立演示学校（会真正评出一场竞赛，约一分钟）……")
    school.build(services)
    click.echo(f"\n演示学校：http://127.0.0.1:{port}\n")
    for account in school.demo_accounts(settings):
        click.echo(f"  {account['username']:<10} {account['password']:<14} {account['name']}")
    click.echo("\n按 Ctrl+C 停止。\n")
    if not build_only:
        serving.serve(services)


@main.command()
def config() -> None:
    """Print every setting with its origin."""
    from simulator.pages.admin import settings_view

    for row in settings_view(load_settings()):
        click.echo(f"{row['key']:<16} {row['value']:<40} {row['origin']}")


@main.group()
def db() -> None:
    """Database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to the newest revision."""
    from simulator import cells, schema
    from simulator.services import Services

    database = Services(load_settings()).db
    schema.upgrade(database)
    with database.write() as session:
        cells.fill(session)
    click.echo("数据库已是最新版本。")


@db.command("refresh-cells")
def db_refresh_cells() -> None:
    """Build the boards' cached cells again from the verdicts (after `simulator doctor` found some that differ)."""
    from simulator import cells
    from simulator.services import Services

    with Services(load_settings()).db.write() as session:
        wrong, count = cells.check(session), cells.rebuild(session)
    click.echo(f"已重算 {count} 份作答的成绩缓存，原有 {len(wrong)} 格不符。")


@db.command("revision")
@click.argument("message")
def db_revision(message: str) -> None:
    """Write a migration from models to database (developers)."""
    from simulator import schema
    from simulator.services import Services

    schema.new_revision(Services(load_settings()).db, message)


@main.group("people")
def people_group() -> None:
    """Accounts."""


@people_group.command("add")
@click.argument("username")
@click.argument("name")
@click.option("--role", type=click.Choice(["student", "teacher", "instructor", "admin"]), default="admin", show_default=True)
@click.option("--group", default="")
def people_add(username: str, name: str, role: str, group: str) -> None:
    """Create an account and print its password (needed for the first administrator)."""
    from simulator import people, schema
    from simulator.services import Services

    services = Services(load_settings())
    schema.upgrade(services.db)
    with services.db.write() as session:
        made = people.create(session, username, name, role, group, services.clock(), who=None)
    click.echo(f"账号 {made.username}，密码 {made.password}（只显示这一次）")


main.add_command(tasks.tasks)
main.add_command(bench.bench)
main.add_command(runtimes_command.runtimes)
main.add_command(sandbox.sandbox)
main.add_command(home.home)
main.add_command(doctor.doctor)
main.add_command(analysis.item_analysis)
main.add_command(agent.agent)
main.add_command(jobs.worker)
main.add_command(jobs.scheduler)


if __name__ == "__main__":
    main()
