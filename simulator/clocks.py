"""From rows to `phases`: the timing of an attempt and of its modules, and the gates that everything a candidate does passes."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from flask_babel import gettext as _
from sqlalchemy.orm import object_session

from grading.paper import PaperSpec
from simulator import catalog, phases
from simulator.errors import Refused
from simulator.models import Attempt, AttemptModule, AttemptTask, Candidate, Exam
from simulator.phases import ModuleTiming, Timing, Window
from simulator.seen import Seen, SeenCandidate, SeenExam, SeenModule

Sitting = Attempt | Seen
"""An attempt as its rows, or as one question sees it."""

TAKING = ("running", "overtime", "grace")
"""Phases in which what was typed is stored."""


def paper(attempt: Sitting) -> PaperSpec:
    """Return the paper that the attempt sits."""
    return attempt.paper if isinstance(attempt, Seen) else catalog.paper_spec(attempt.exam.paper)


def own_clocks(attempt: Sitting) -> bool:
    """Return whether each module has a clock of its own."""
    return paper(attempt).clock == "module"


def window(exam: Exam | SeenExam, candidate: Candidate | SeenCandidate | None) -> Window:
    """Return the exam's window as one candidate has it."""
    late = None if exam.late_s is None else timedelta(seconds=exam.late_s)
    return Window(exam.opens_at, exam.closes_at, late, timedelta(seconds=candidate.delay_s if candidate else 0))


def timing(attempt: Sitting) -> Timing:
    """Return what decides the attempt's time."""
    exam, own, spec = attempt.exam, attempt.candidate, paper(attempt)
    return Timing(
        window=window(exam, own), length=timedelta(minutes=spec.length), started=attempt.started_at, fixed=exam.start_rule == "fixed",
        extra=timedelta(seconds=attempt.extra_s + (own.extra_s if own else 0)), percent=own.percent if own else 100,
        overtime=phases.NONE if spec.overtime == "hard" else phases.OVERTIME, paused=attempt.paused_at, ended=attempt.ended_at,
    )


def module_timing(attempt: Sitting, row: AttemptModule | SeenModule) -> ModuleTiming:
    """Return what decides the time of one module that has been entered."""
    minutes = paper(attempt).modules[row.module].minutes
    return ModuleTiming(row.entered_at, timedelta(minutes=minutes), timedelta(seconds=row.extra_s), row.left_at)


def deadline(attempt: Attempt) -> datetime:
    """Return the attempt's effective deadline."""
    return phases.effective_deadline(timing(attempt))


def penalty(attempt: Attempt) -> Decimal:
    """Return the marks that overtime has cost a closed attempt; 0 unless its paper has overtime and it was used."""
    return phases.penalty(timing(attempt)) if paper(attempt).overtime != "hard" else Decimal(0)


def current(attempt: Attempt) -> AttemptModule | None:
    """Return the module with its own clock that is entered and not left; None between two modules, or if there is one common clock."""
    return next((row for row in attempt.modules if row.left_at is None), None)


def between_modules(attempt: Attempt) -> bool:
    """Return whether the candidate has to enter a module before anything else can be done."""
    return own_clocks(attempt) and current(attempt) is None


def own_module(seen: Seen) -> int | None:
    """Return the module of the task that was looked at, if it has a clock of its own."""
    return seen.module if own_clocks(seen) else None


def phase(attempt: Sitting, now: datetime, module: int | None = None) -> phases.AttemptPhase:
    """Return the phase of the attempt at `now`, or, if its modules have clocks of their own, of `module`.

    A module that was not entered is over for all that could be done in it.
    """
    whole = "over" if attempt.state != "running" else phases.attempt_phase(timing(attempt), now)
    if module is None or whole == "over" or not own_clocks(attempt):
        return whole
    row = next((row for row in attempt.modules if row.module == module), None)
    return "over" if row is None else phases.module_phase(timing(attempt), module_timing(attempt, row), now)


def check_open(attempt: Attempt, now: datetime, position: int | None = None) -> None:
    """Raise Refused unless the attempt, and the module of the task at `position`, take what was typed in time.

    410 when the time is up, 423 while the attempt is paused.
    """
    found = phase(attempt, now, own_module_of(attempt, position))
    if found == "paused":
        raise Refused("考试已暂停，暂时不能作答。", "已保存的内容都在；恢复后可以继续，暂停的时间会补给你。", status=423)
    if found in TAKING:
        return
    if phase(attempt, now) in TAKING:
        raise Refused("这个模块已经交卷或到时，不能再修改。", "请回到模块列表，继续其他模块。", status=410)
    raise Refused("考试已结束，不能再修改作答。", "已保存的内容会按时交卷。", status=410)


def own_module_of(attempt: Attempt, position: int | None) -> int | None:
    """Return the module of the task at `position`, if it has a clock of its own."""
    session = object_session(attempt) if position is not None and own_clocks(attempt) else None
    item = session.get(AttemptTask, (attempt.id, position)) if session is not None else None
    return None if item is None else item.module


def why_not_open(exam: Exam, candidate: Candidate | None, now: datetime) -> str:
    """Return why nobody with this candidate's window may start at `now`, "" if they may."""
    own = window(exam, candidate)
    found = phases.window_phase(own, now)
    if found == "before":
        return str(_("考试还没有开放。"))
    if found == "after":
        return str(_("考试已经结束。"))
    if phases.too_late(own, now):
        return str(_("已经超过允许进入的时间（开考后 %(n)s 分钟内）。", n=(exam.late_s or 0) // 60))
    return ""
