"""Which processes mark, by their own account: one row each, renewed by a heartbeat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from simulator.models import Attempt, Marking, Trial, Worker

ALIVE = timedelta(seconds=30)
FORGOTTEN = timedelta(minutes=10)


@dataclass(frozen=True)
class Summary:
    """The workers that are alive.

    alive : all; able : those with a sandbox; marking : those that take markings now (one on each machine is kept free for trial
    runs while a candidate sits); backends : sandbox → workers; problems : why there is no sandbox, or not the best one.
    """

    alive: int
    able: int
    marking: int
    backends: Mapping[str, int]
    problems: tuple[str, ...]


def seen(session: Session, name: str, now: datetime, *, backend: str = "", problem: str = "", marked: int = 0) -> None:
    """Write a worker's row: that it is alive, what it runs programs in, how much it has marked. name : ``host:pid/number``."""
    row = session.get(Worker, name)
    if row is None:
        row = Worker(name=name, host=name.rpartition(":")[0][:64], started_at=now)
        session.add(row)
    row.seen_at, row.backend, row.problem, row.marked = now, backend, problem, marked


def gone(session: Session, *names: str) -> None:
    """Remove the rows of workers that end or have ended."""
    session.execute(delete(Worker).where(Worker.name.in_(names)))


def ended(name: str, exists: Callable[[int], bool]) -> bool:
    """Return whether the process in the name of a worker of this machine is gone. exists(pid) : whether a process exists."""
    number = name.rpartition(":")[2].partition("/")[0]
    return number.isdecimal() and not exists(int(number))


def forget_ended(session: Session, host: str, exists: Callable[[int], bool]) -> None:
    """Remove the rows of this machine's workers whose process is gone: a server was killed."""
    names = session.scalars(select(Worker.name).where(Worker.host == host))
    gone(session, *[name for name in names if ended(name, exists)])


def expire_leases(session: Session, host: str, exists: Callable[[int], bool], now: datetime) -> int:
    """End the leases of this machine's processes that are gone, so that the next sweep need not wait for them.

    The lost try counts: a submission that kills its worker each time must reach the desk, not loop for ever.
    """
    found: list[Marking | Trial] = []
    found += session.scalars(select(Marking).where(Marking.state == "leased", Marking.leased_by.startswith(f"{host}:")))
    found += session.scalars(select(Trial).where(Trial.state.in_(("leased", "asking")), Trial.leased_by.startswith(f"{host}:")))
    lost = [item for item in found if ended(item.leased_by, exists)]
    for item in lost:
        item.leased_until = now - timedelta(seconds=1)
    return len(lost)


def alive(session: Session, now: datetime) -> list[Worker]:
    """Return the workers that have been seen lately, by name."""
    return list(session.scalars(select(Worker).where(Worker.seen_at >= now - ALIVE).order_by(Worker.host, Worker.name)))


def forget_dead(session: Session, now: datetime) -> int:
    """Remove rows of workers that have not been seen for ten minutes; return how many."""
    result = session.execute(delete(Worker).where(Worker.seen_at < now - FORGOTTEN))
    return int(result.rowcount)  # type: ignore[attr-defined]


def sitting(session: Session) -> bool:
    """Return whether any attempt is running: then one worker of each machine is kept free for trial runs."""
    return session.scalar(select(Attempt.id).where(Attempt.state == "running").limit(1)) is not None


def summary(session: Session, now: datetime) -> Summary:
    """Return what pages say about the workers."""
    rows = alive(session, now)
    able = [row for row in rows if row.backend]
    hosts = Counter(row.host for row in able)
    spare = sum(count > 1 for count in hosts.values()) if sitting(session) else 0
    problems = dict.fromkeys(row.problem for row in rows if row.problem)
    return Summary(len(rows), len(able), len(able) - spare, Counter(row.backend for row in able), tuple(problems))
