"""What a monitor reads: computed from the database at every look, so that it is right with any number of processes and machines."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from statistics import quantiles

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from simulator import queueing, workers
from simulator.config import ConfigError
from simulator.models import Attempt, Marking, Trial

RECENT = 500  # markings that ran a program, from which the seconds are taken
WINDOW = 5000  # how far back they are looked for
QUANTILES = {"0.5": 49, "0.9": 89, "0.99": 98}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(setting: str) -> list[Network]:
    """Return the networks of the setting metrics_from; ConfigError names a bad one."""
    try:
        return [ipaddress.ip_network(part.strip()) for part in setting.split(",") if part.strip()]
    except ValueError as error:
        raise ConfigError(f"设置 metrics_from 应是用逗号隔开的网段，例如 127.0.0.1/32,192.168.1.0/24：{error}") from None


def allowed(address: str | None, within: Iterable[Network]) -> bool:
    """Return whether a client at `address` may read the metrics."""
    try:
        client = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = client.ipv4_mapped if isinstance(client, ipaddress.IPv6Address) else None
    return any((mapped or client) in network for network in within)


def render(session: Session, now: datetime) -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Collector(session, now))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        session, now = self._session, self._now
        states = dict(iter(session.execute(select(Marking.state, func.count()).group_by(Marking.state))))
        yield GaugeMetricFamily("simulator_queue_length", "Markings that wait for a worker.", queueing.waiting(session))
        yield GaugeMetricFamily(
            "simulator_queue_oldest_seconds", "How long the oldest of them has waited.", queueing.oldest_wait(session, now) or 0.0
        )
        yield GaugeMetricFamily("simulator_markings_running", "Markings that are being done.", states.get("leased", 0))
        finished = CounterMetricFamily("simulator_markings", "Markings that have ended, done or with an error of ours.", labels=["state"])
        for state in ("done", "error"):
            finished.add_metric([state], states.get(state, 0))
        yield finished
        yield GaugeMetricFamily(
            "simulator_marking_errors", "Submissions whose last marking has failed: they wait on the desk.", queueing.failed(session)
        )
        yield from (_seconds(session), _workers(session, now), _trials(session))
        running = session.scalar(select(func.count()).where(Attempt.state == "running")) or 0
        yield GaugeMetricFamily("simulator_attempts_running", "Attempts that are being sat.", running)


def _seconds(session: Session) -> Metric:
    """How long the last markings took that ran a program, by sandbox."""
    metric = GaugeMetricFamily(
        "simulator_marking_seconds", f"Seconds of the last markings that ran a program (at most {RECENT}).", labels=["backend", "quantile"]
    )
    newest = session.scalar(select(func.max(Marking.id))) or 0
    rows = session.execute(
        select(Marking.backend, Marking.seconds)
        .where(Marking.id > newest - WINDOW, Marking.backend != "", Marking.state.in_(("done", "error")))
        .order_by(Marking.id.desc()).limit(RECENT)
    )
    measured: dict[str, list[float]] = defaultdict(list)
    for backend, seconds in rows:
        measured[backend].append(seconds or 0.0)
    for backend, values in sorted(measured.items()):
        cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else values * 99
        for name, place in QUANTILES.items():
            metric.add_metric([backend, name], cuts[place])
    return metric


def _workers(session: Session, now: datetime) -> Metric:
    metric = GaugeMetricFamily("simulator_workers", "Workers that are alive, by sandbox (none: they can run nothing).", labels=["backend"])
    found = workers.summary(session, now)
    for backend, count in sorted({**found.backends, "none": found.alive - found.able}.items()):
        metric.add_metric([backend], count)
    return metric


def _trials(session: Session) -> Metric:
    metric = GaugeMetricFamily("simulator_trials", "Trial runs that wait or run.", labels=["state"])
    states = dict(iter(session.execute(select(Trial.state, func.count()).group_by(Trial.state))))
    for state in ("queued", "leased", "asking"):
        metric.add_metric([state], states.get(state, 0))
    return metric
