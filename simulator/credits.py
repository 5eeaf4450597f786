"""Time given to running attempts: extensions, pauses, outages. The only writer of `extra_s`; every credit is a row with who and why."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from simulator import events
from simulator.clocks import current
from simulator.errors import Refused
from simulator.models import Attempt, AttemptModule, Credit

MAX_S = 240 * 60
"""Seconds of one credit at most."""


def grant(
    session: Session, attempts: Iterable[Attempt], seconds: int, now: datetime, *, who: int, note: str = "",
) -> list[Credit]:
    """Give `seconds` (1 to MAX_S) to each running attempt, and to the module that is open if it has a clock of its own; those
    handed in get nothing. The caller commits. Refused if the time is out of range.
    """
    _check(seconds)
    given = []
    for attempt in attempts:
        if attempt.state != "running":
            continue
        credit = Credit(
            attempt=attempt, module=_open_module(attempt), kind="extension", seconds=seconds, state="granted", note=note[:200],
            asked_at=now, decided_at=now, decided_by=who,
        )
        session.add(credit)
        _add(session, credit)
        events.record(session, "attempt.extended", now, who=who, attempt=attempt, seconds=seconds, note=note[:200])
        given.append(credit)
    return given


def give_back(session: Session, attempt: Attempt, since: datetime, now: datetime, *, who: int) -> Credit:
    """Credit a pause that ends now, however long it was."""
    credit = Credit(
        attempt=attempt, module=_open_module(attempt), kind="pause", seconds=math.ceil((now - since).total_seconds()), state="granted",
        since=since, until=now, asked_at=now, decided_at=now, decided_by=who,
    )
    session.add(credit)
    _add(session, credit)
    return credit


def propose(session: Session, attempt: Attempt, since: datetime, until: datetime, now: datetime) -> Credit:
    """Note a measured gap as an outage that a person may grant or refuse."""
    seconds = min(int((until - since).total_seconds()), MAX_S)
    credit = Credit(
        attempt=attempt, module=_open_module(attempt), kind="outage", seconds=seconds, state="proposed", since=since, until=until,
        asked_at=now,
    )
    session.add(credit)
    events.record(session, "attempt.outage", now, attempt=attempt, seconds=seconds)
    return credit


def decide(session: Session, credit: Credit, granted: bool, now: datetime, *, who: int, seconds: int | None = None, note: str = "") -> None:
    """Grant a proposed credit (whole, or `seconds` of it), or refuse it. Refused if it was decided already or its attempt has ended."""
    if credit.state != "proposed":
        raise Refused("这条补时已经处理过了。", "请刷新页面查看。", status=409)
    if granted:
        _check(seconds if seconds is not None else credit.seconds)
        if credit.attempt.state != "running":
            raise Refused("这份试卷已经交卷，不能再补时。", "可以不予补时，或重新开放这份试卷。", status=409)
        credit.seconds = seconds if seconds is not None else credit.seconds
        credit.state = "granted"
        _add(session, credit)
    else:
        credit.state = "refused"
    credit.decided_at, credit.decided_by, credit.note = now, who, note[:200]
    what = "attempt.outage-granted" if granted else "attempt.outage-refused"
    events.record(session, what, now, who=who, attempt=credit.attempt, seconds=credit.seconds, note=note[:200])


def _check(seconds: int) -> None:
    if not 1 <= seconds <= MAX_S:
        raise Refused("加时应在 1 秒到 240 分钟之间。", "请重新填写。", status=422)


def _open_module(attempt: Attempt) -> int | None:
    row = current(attempt)
    return row.module if row else None


def _add(session: Session, credit: Credit) -> None:
    """Move the attempt's clock, and that of the module that the credit is for."""
    credit.attempt.extra_s += credit.seconds
    if credit.module is not None:
        session.get_one(AttemptModule, (credit.attempt.id, credit.module)).extra_s += credit.seconds
