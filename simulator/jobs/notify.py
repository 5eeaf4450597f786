"""How "something was queued" reaches those who mark: chosen by the settings, in this one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.config import ConfigError, Settings
from simulator.jobs.bell import Bell

FOLDER = "run"


def make_bell(settings: Settings) -> Bell:
    """Return a bell of this installation on this machine."""
    return Bell(settings.instance / FOLDER)


def make_notify(settings: Settings) -> Callable[[], None]:
    """Return what is called after markings or trials have been queued and committed; it never fails and never waits."""
    ring = make_bell(settings).ring
    if not settings.broker_url:
        return ring
    send_ticket = _celery(settings).Tickets(settings).send_soon

    def notify() -> None:
        ring()
        send_ticket()

    return notify


def run_celery_worker(settings: Settings, processes: int) -> int:
    """Work for the broker of the settings until told to end; return the exit code."""
    return int(_celery(settings).run_worker(settings, processes))


def _celery(settings: Settings) -> Any:
    try:
        from simulator.jobs import celery

        if settings.broker_url.startswith("redis"):
            import redis  # noqa: F401  Celery would only stumble over it later
    except ImportError as error:
        hint = "请运行 pip install 'ai-trainer-simulator[cluster]'。"
        raise ConfigError(f"设置了 broker_url，但没有安装 Celery（{error}）。{hint}") from None
    return celery
