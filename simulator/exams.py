"""Schedule exams: create from a paper, release results, close by hand."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import attempts, candidates, events
from simulator.errors import Refused
from simulator.models import Attempt, Exam, Group, PaperVersion

MODES = ("practice", "mock", "contest")
EMPTY_FORM: dict[str, Any] = {
    "title": "", "paper": "", "mode": "mock", "group": [], "opens": "", "closes": "", "attempts": "", "feedback": "auto", "notice": "",
    "start_rule": "own", "late": "",
}


@dataclass
class ExamForm:
    """The create form: raw texts in, checked values or one sentence per field out."""

    raw: dict[str, Any]
    errors: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """Return a stripped text."""
        return str(self.raw.get(name) or default).strip()


def create(
    session: Session, form: ExamForm, zone: ZoneInfo, now: datetime, who: int, lacking: Callable[[PaperVersion], str] = lambda _: ""
) -> Exam | None:
    """Create an exam from the form; None with `form.errors` filled if something is wrong.

    lacking : why a task of a paper cannot be marked here, "" if all can.
    """
    paper = _paper(session, form, lacking)
    title = form.text("title") or (paper.title if paper else "")
    if not 1 <= len(title) <= 120:
        form.errors["title"] = _("场次名称应为 1 到 120 字。")
    mode = form.text("mode")
    if mode not in MODES:
        form.errors["mode"] = _("请选择练习、模拟考试或竞赛。")
    opens, closes = _moment(form, "opens", zone) or now, _moment(form, "closes", zone)
    if closes is None and mode != "practice" and "closes" not in form.errors:
        form.errors["closes"] = _("模拟考试和竞赛需要结束时间。")
    if closes is not None and closes <= opens:
        form.errors["closes"] = _("结束时间应晚于开始时间。")
    allowed = _attempts_allowed(form, mode)
    groups, late = _groups(session, form), _late(form)
    if form.errors or paper is None:
        return None
    release = "held" if form.text("feedback") == "held" else "auto"
    exam = Exam(
        title=title, paper=paper, mode=mode, opens_at=opens, closes_at=closes, attempts_allowed=allowed, release=release,
        notice=form.text("notice")[:2000], seed=secrets.randbelow(2**31), created_by=who, created_at=now, groups=groups,
        start_rule="fixed" if form.text("start_rule") == "fixed" and mode != "practice" else "own", late_s=late,
    )
    session.add(exam)
    session.flush()
    candidates.ensure(session, exam)
    events.record(session, "exam.created", now, who=who, exam_id=exam.id, title=title, mode=mode)
    return exam


def _paper(session: Session, form: ExamForm, lacking: Callable[[PaperVersion], str]) -> PaperVersion | None:
    paper = session.get(PaperVersion, _number(form, "paper") or 0)
    problem = lacking(paper) if paper else _("请选择一份试卷。")
    if problem:
        form.errors["paper"] = problem
    return paper


def _attempts_allowed(form: ExamForm, mode: str) -> int | None:
    if mode == "contest":
        return 1
    text = form.text("attempts")
    if not text:
        return None if mode == "practice" else 1
    if text.isdecimal() and 1 <= int(text) <= 100:
        return int(text)
    form.errors["attempts"] = _("次数应为 1 到 100 的整数；练习可以留空表示不限。")
    return None


def _late(form: ExamForm) -> int | None:
    """Return the seconds after the beginning within which one may start; None if it is left open."""
    text = form.text("late")
    if not text:
        return None
    if text.isdecimal() and 1 <= int(text) <= 600:
        return int(text) * 60
    form.errors["late"] = _("应为 1 到 600 分钟；留空表示开放期间都可以进入。")
    return None


def _groups(session: Session, form: ExamForm) -> list[Group]:
    ids = [int(value) for value in form.raw.get("group") or [] if str(value).isdecimal()]
    groups = list(session.scalars(select(Group).where(Group.id.in_(ids))))
    if len(groups) != len(set(ids)):
        form.errors["group"] = _("所选班级不存在，请刷新页面重选。")
    return groups


def _number(form: ExamForm, name: str) -> int | None:
    text = form.text(name)
    return int(text) if text.isdecimal() else None


def _moment(form: ExamForm, name: str, zone: ZoneInfo) -> datetime | None:
    """Return the typed local time as an aware moment; "" is None."""
    text = form.text(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        form.errors[name] = _("时间格式应为 2026-01-31T09:00。")
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def get(session: Session, exam_id: int) -> Exam:
    """Return the exam; Refused (404) if there is none."""
    exam = session.get(Exam, exam_id)
    if exam is None:
        raise Refused("找不到这场考试。", "请从首页进入。", status=404)
    return exam


def release(session: Session, exam: Exam, now: datetime, who: int) -> None:
    """Let the candidates see their marks."""
    exam.release = "released"
    events.record(session, "exam.released", now, who=who, exam_id=exam.id)


def close(session: Session, exam: Exam, now: datetime, who: int) -> int:
    """End the exam now: nobody may start, running attempts are handed in. Returns how many were."""
    if exam.closes_at is None or exam.closes_at > now:
        exam.closes_at = now
    running = session.scalars(select(Attempt).where(Attempt.exam_id == exam.id, Attempt.state == "running"))
    closed = sum(attempts.submit(session, attempt, now, by="instructor", who=who) for attempt in running)
    events.record(session, "exam.closed", now, who=who, exam_id=exam.id, attempts=closed)
    return closed
