"""`simulator worker` and `simulator scheduler`: what `simulator serve` runs by itself, as processes of their own."""

from __future__ import annotations

import click

from simulator.config import load_settings


@click.command()
@click.option("--number", type=click.IntRange(1), default=1, show_default=True, help="这台机器上的第几个评分进程。")
@click.option(
    "--of", type=click.IntRange(1), default=1, show_default=True,
    help="这台机器上评分进程的总数；不止一个时，最后一个在考试期间只做试运行。",
)
@click.option("--all", "everything", is_flag=True, help="这台机器的全部评分进程（设置 markers）。")
@click.option("--child", is_flag=True, hidden=True)
def worker(number: int, of: int, everything: bool, child: bool) -> None:
    """评分进程：领取排队的评分和试运行，一次一份。可以在多台机器上启动任意多个。

    设置了 broker_url 时总是启动这台机器的全部评分进程，由 Celery 唤醒。
    """
    from simulator.jobs import notify, pool, process
    from simulator.services import Services

    process.log_to_stderr()
    settings = load_settings()
    if settings.broker_url and not child:
        raise SystemExit(notify.run_celery_worker(settings, pool.size(settings.markers)))
    services = Services(settings)
    if everything:
        process.run_pool(services)
    else:
        process.run_worker(services, number, of, child=child)


@click.command()
def scheduler() -> None:
    """计时进程：到时收卷，找回中断的评分。可以在多台机器上启动，同时只有一个在工作。"""
    from simulator.jobs import process
    from simulator.services import Services

    process.log_to_stderr()
    process.run_scheduler(Services(load_settings()))
