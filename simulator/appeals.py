"""Questions of candidates about single scoring points: asked, withdrawn, answered, or answered with other marks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from simulator import events, notices, overrides, results, sentences
from simulator.catalog import TaskCache
from simulator.errors import Refused
from simulator.models import Appeal, Attempt, AttemptTask, Exam, Marking, Submission, User, VerdictRow
from simulator.overrides import check_text
from simulator.remarks import boards

TEXT = (5, 500)
ANSWER = (2, 1000)
MOST_OPEN = 10


def why_not_ask(session: Session, attempt: Attempt, position: int, point_id: str) -> str:
    """Return why the candidate cannot ask about this point now, "" if they can."""
    if not notices.visible(attempt):
        return str(_("成绩还没有公布，公布后可以提出疑问。"))
    verdict, marking = _verdict(session, attempt, position, point_id)
    if verdict is None or marking is None or not _seen(attempt, verdict):
        return str(_("这个评分点还没有评完，或者不存在。"))
    about = (Appeal.attempt_id == attempt.id, Appeal.position == position, Appeal.point_id == point_id, Appeal.state != "withdrawn")
    last = session.scalar(select(Appeal).where(*about).order_by(Appeal.id.desc()).limit(1))
    if last is not None and last.state == "open":
        return str(_("对这个评分点的疑问已经提交，请等待答复。"))
    if last is not None and marking.done_at is not None and last.answered_at is not None and marking.done_at <= last.answered_at:
        return str(_("这个评分点的疑问已经答复过。仍有不明白的，请当面问老师。"))
    if (session.scalar(_open_of(attempt.user_id)) or 0) >= MOST_OPEN:
        return str(_("等待答复的疑问最多 %(n)s 条，请等老师答复后再提。", n=MOST_OPEN))
    return ""


def _seen(attempt: Attempt, verdict: VerdictRow) -> bool:
    """Return whether a candidate may know of this point: of a private half nothing before the release."""
    return results.final(attempt.exam) or verdict.board != "private"


def _open_of(user_id: int) -> Select[Any]:
    return (
        select(func.count()).select_from(Appeal).join(Attempt, Appeal.attempt_id == Attempt.id)
        .where(Attempt.user_id == user_id, Appeal.state == "open")
    )


def _verdict(session: Session, attempt: Attempt, position: int, point_id: str) -> tuple[VerdictRow | None, Marking | None]:
    """Return the verdict that counts of one point, and its marking; None while it is not settled or if there is no such point."""
    submission = results.submission(session, attempt, position)
    counts = results.counting([submission.id] if submission else [])
    marking = session.scalar(select(Marking).where(Marking.id.in_(counts), Marking.state == "done"))
    return (next((v for v in marking.verdicts if v.point_id == point_id), None) if marking else None), marking


def ask(session: Session, attempt: Attempt, position: int, point_id: str, text: str, now: datetime) -> Appeal:
    """Open an appeal of the candidate about one point; Refused with the reason if that is not possible."""
    session.execute(select(User.id).where(User.id == attempt.user_id).with_for_update())  # two at once must not both be the tenth
    if reason := why_not_ask(session, attempt, position, point_id):
        raise Refused(reason, _("可以回到成绩单查看已提交的疑问。"), status=409)
    appeal = Appeal(attempt_id=attempt.id, position=position, point_id=point_id, text=check_text(text, *TEXT), asked_at=now)
    session.add(appeal)
    session.flush()
    events.record(session, "appeal.asked", now, who=attempt.user_id, attempt=attempt, appeal=appeal.id, position=position, point=point_id)
    return appeal


def get(session: Session, appeal_id: int, *, lock: bool = False) -> Appeal:
    """Return the appeal; Refused (404) if there is none."""
    appeal = session.get(Appeal, appeal_id, with_for_update=lock)
    if appeal is None:
        raise Refused("找不到这条疑问。", "请从成绩单或疑问列表进入。", status=404)
    return appeal


def withdraw(session: Session, appeal_id: int, now: datetime, user_id: int) -> Attempt:
    """Take one's own open appeal back; return its attempt. Another's is not found."""
    appeal = get(session, appeal_id, lock=True)
    attempt = session.get_one(Attempt, appeal.attempt_id)
    if attempt.user_id != user_id:
        raise Refused("找不到这条疑问。", "请从自己的成绩单进入。", status=404)
    _check_open(appeal)
    appeal.state = "withdrawn"
    events.record(session, "appeal.withdrawn", now, who=user_id, attempt=attempt, appeal=appeal.id)
    return attempt


def answer(
    session: Session, cache: TaskCache, appeal_id: int, text: str, earned: str, now: datetime, *, who: User, zone: ZoneInfo
) -> Appeal:
    """Answer an appeal, with other marks for the point if `earned` is given; the candidate gets a notice."""
    appeal = get(session, appeal_id, lock=True)
    _check_open(appeal)
    attempt = session.get_one(Attempt, appeal.attempt_id)
    appeal.answer, appeal.answered_at, appeal.answered_by = check_text(text, *ANSWER), now, who.id
    change: tuple[Decimal, Decimal] | None = None
    if earned.strip():
        marking, before = overrides.override(
            session, cache, attempt, appeal.position, appeal.point_id, earned, text, now, who=who, zone=zone
        )
        appeal.marking_id, change = marking.id, (before, _decided(session, marking, appeal.point_id).earned)
        boards.refresh(session, [attempt.id])
    appeal.state = "overridden" if change else "answered"
    title = session.get_one(AttemptTask, (attempt.id, appeal.position)).version.title
    notices.tell(session, attempt, sentences.answered(attempt.exam.title, title, appeal.point_id, change), now)
    events.record(session, f"appeal.{appeal.state}", now, who=who.id, attempt=attempt, appeal=appeal.id)
    return appeal


def decide(
    session: Session, cache: TaskCache, attempt: Attempt, position: int, point_id: str, earned: str, reason: str, now: datetime,
    *, who: User, zone: ZoneInfo,
) -> Decimal:
    """Override one point without an appeal; return its marks before. The candidate gets a notice once marks are released."""
    marking, before = overrides.override(session, cache, attempt, position, point_id, earned, reason, now, who=who, zone=zone)
    boards.refresh(session, [attempt.id])
    title, verdict = session.get_one(AttemptTask, (attempt.id, position)).version.title, _decided(session, marking, point_id)
    if _seen(attempt, verdict):
        notices.tell(session, attempt, sentences.overridden(attempt.exam.title, title, point_id, before, verdict.earned), now)
    return before


def _decided(session: Session, marking: Marking, point_id: str) -> VerdictRow:
    own = (VerdictRow.marking_id == marking.id, VerdictRow.point_id == point_id)
    return session.scalars(select(VerdictRow).where(*own)).one()


def _check_open(appeal: Appeal) -> None:
    if appeal.state != "open":
        raise Refused("这条疑问已经处理过，或已被撤回。", "请刷新页面查看。", status=409)


def of_attempt(session: Session, attempt_id: int) -> list[Appeal]:
    """Return the appeals about one attempt, newest first."""
    return list(session.scalars(select(Appeal).where(Appeal.attempt_id == attempt_id).order_by(Appeal.id.desc())))


def queue(session: Session, exam_id: int | None, *, waiting: bool, limit: int = 200) -> list[tuple[Appeal, Attempt]]:
    """Return appeals: those that wait, oldest first, or the last ones that do not."""
    rows = select(Appeal, Attempt).join(Attempt, Appeal.attempt_id == Attempt.id).limit(limit)
    rows = rows.where(Appeal.state == "open").order_by(Appeal.id) if waiting else (
        rows.where(Appeal.state != "open").order_by(Appeal.id.desc())
    )
    found = session.execute(rows.where(Attempt.exam_id == exam_id) if exam_id else rows)
    return [(appeal, attempt) for appeal, attempt in found]


def exams_with_appeals(session: Session) -> list[Exam]:
    """Return the exams that have appeals, newest first."""
    ids = select(Attempt.exam_id).join(Appeal, Appeal.attempt_id == Attempt.id)
    return list(session.scalars(select(Exam).where(Exam.id.in_(ids)).order_by(Exam.id.desc())))


def waiting(session: Session, exam_id: int | None = None) -> int:
    """Return how many appeals wait for an answer."""
    rows = select(func.count()).select_from(Appeal).join(Attempt, Appeal.attempt_id == Attempt.id).where(Appeal.state == "open")
    return session.scalar(rows.where(Attempt.exam_id == exam_id) if exam_id else rows) or 0


def others(session: Session, attempt: Attempt, position: int, point_id: str) -> dict[Decimal, int]:
    """Return marks → how many submissions of the same task in this exam have them for this point, most marks first."""
    held = session.get_one(AttemptTask, (attempt.id, position)).task_version_id
    closed = session.scalars(select(Attempt.id).where(Attempt.exam_id == attempt.exam_id, Attempt.state == "closed"))
    counts = results.counting(results.latest_submissions(closed))
    rows = session.execute(
        select(VerdictRow.earned, func.count()).join(Marking, VerdictRow.marking_id == Marking.id)
        .join(Submission, Marking.submission_id == Submission.id)
        .where(Marking.id.in_(counts), Marking.state == "done", Submission.task_version_id == held, VerdictRow.point_id == point_id)
        .group_by(VerdictRow.earned).order_by(VerdictRow.earned.desc())
    )
    return dict(iter(rows))
