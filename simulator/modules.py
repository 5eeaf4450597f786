"""Modules with clocks of their own: enter one, hand it in, close it when its time is up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from simulator import attempts, events, phases
from simulator.clocks import current, module_timing, own_clocks, paper, phase, timing
from simulator.db import lock
from simulator.errors import Refused
from simulator.models import Attempt, AttemptModule


def entered(attempt: Attempt) -> dict[int, AttemptModule]:
    """Return module → its row, for those that were entered."""
    return {row.module: row for row in attempt.modules}


def may_enter(attempt: Attempt, module: int) -> bool:
    """Return whether `module` is one that may be entered next."""
    spec, rows = paper(attempt), entered(attempt)
    if module in rows or current(attempt) is not None or not 0 <= module < len(spec.modules):
        return False
    return spec.order == "free" or all(earlier in rows for earlier in range(module))


def enter(session: Session, attempt: Attempt, module: int, now: datetime) -> None:
    """Start the clock of `module`. Entering the one that is open changes nothing; Refused if it is not its turn or time."""
    session.flush()
    lock(session, attempt)
    _check(attempt, now)
    open_one = current(attempt)
    if open_one is not None and open_one.module == module:
        return
    if not may_enter(attempt, module):
        raise Refused("现在不能进入这个模块。", "请先交上正在作答的模块；按顺序作答的试卷要从前往后。", status=409)
    attempt.modules.append(AttemptModule(attempt_id=attempt.id, module=module, entered_at=now))
    events.record(session, "attempt.module-entered", now, who=attempt.user_id, attempt=attempt, module=module + 1)


def leave(session: Session, attempt: Attempt, module: int, now: datetime) -> bool:
    """Hand in `module` for good; with the last one the whole attempt. Returns whether the attempt is closed with it.

    A module that was handed in already changes nothing. The caller commits and has it marked.
    """
    session.flush()
    lock(session, attempt)
    row = entered(attempt).get(module)
    if row is None:
        raise Refused("这个模块还没有进入。", "请从模块列表进入。", status=409)
    if attempt.state != "running":
        return True
    if row.left_at is None:
        _check(attempt, now)
        _close(session, attempt, row, now, by="candidate")
    return _close_if_done(session, attempt, by="candidate")


def close_expired(session: Session, attempt: Attempt, now: datetime) -> bool:
    """Hand in the module whose time is up, as of its deadline, and with the last one the attempt. Returns whether anything was done."""
    session.flush()
    lock(session, attempt)
    row = current(attempt)
    if attempt.state != "running" or row is None or phases.module_phase(timing(attempt), module_timing(attempt, row), now) != "over":
        return False
    _close(session, attempt, row, now, by="deadline")
    _close_if_done(session, attempt, by="deadline")
    return True


def _check(attempt: Attempt, now: datetime) -> None:
    if not own_clocks(attempt):
        raise Refused("这份试卷的各模块共用一个计时，可以随时切换。", status=409)
    found = phase(attempt, now)
    if found == "paused":
        raise Refused("考试已暂停。", "恢复后再继续。", status=423)
    if found not in ("running", "grace"):
        raise Refused("考试已结束，不能再修改作答。", "已保存的内容会按时交卷。", status=410)


def _close(session: Session, attempt: Attempt, row: AttemptModule, now: datetime, *, by: str) -> None:
    """Hand in the module's tasks as of the moment at which it was left; that is its deadline if `now` is later."""
    end = phases.module_end(timing(attempt), module_timing(attempt, row), now)
    row.left_at = end
    attempts.hand_in(session, attempt, [item for item in attempt.tasks if item.module == row.module], end, now)
    events.record(session, "attempt.module-left", now, attempt=attempt, module=row.module + 1, by=by)


def _close_if_done(session: Session, attempt: Attempt, *, by: str) -> bool:
    """Close the attempt if no module is left to sit; its end is that of the last module."""
    if len(attempt.modules) < len(paper(attempt).modules) or current(attempt) is not None:
        return False
    last = max(row.left_at for row in attempt.modules if row.left_at is not None)
    attempts.submit(session, attempt, last, by=by, who=attempt.user_id if by == "candidate" else None)
    return True
