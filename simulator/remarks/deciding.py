"""A re-marking is applied as a whole, or taken back as a whole: one transaction, after which boards are right and people know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from simulator import events, notices, overrides, results, sentences
from simulator.errors import Refused
from simulator.models import Attempt, Exam, Marking, Remarking, Submission
from simulator.remarks import boards, shadow
from simulator.remarks.effects import Effect, TaskEffect, effects
from simulator.remarks.shadow import decide


def apply(session: Session, remarking: Remarking, now: datetime, who: int, *, keep: bool = False) -> int:
    """Let the markings of a re-marking count, all at once; return how many attempts change.

    keep : where marking failed for our fault, the old marks stay; without it, apply is refused while there are such.
    Decisions of people stand: where there is one, or anything newer than the try, a copy of the verdicts is added as the newest.
    """
    shadow.check_open(remarking)
    exam = session.get_one(Exam, remarking.exam_id, with_for_update=True)
    _check_ready(session, remarking, keep=keep)
    found = effects(session, exam, remarking)
    for task in (task for effect in found for task in effect.tasks if task.rows is not None):
        task.tried.counts = True
        _stand(session, task, now)
    decide(remarking, "applied", now, who)
    boards.refresh(session, [effect.attempt.id for effect in found])
    changed = [effect for effect in found if effect.changed]
    told = _tell(session, exam, changed, now, sentences.REMARKED)
    events.record(
        session, "remark.applied", now, who=who, exam_id=exam.id, remarking=remarking.id, attempts=len(found), changed=len(changed),
        kept=sum(task.rows is None for effect in found for task in effect.tasks), told=told,
    )
    return len(changed)


def _check_ready(session: Session, remarking: Remarking, *, keep: bool) -> None:
    progress = shadow.progress(session, remarking)
    if progress.waiting:
        raise Refused(_("还有 %(n)s 份没有重评完。", n=progress.waiting), _("请等评完再应用。"), status=409)
    if progress.missing:
        message = _("重评开始后又有 %(n)s 份新的提交或评分。", n=progress.missing)
        raise Refused(message, _("几秒钟后会自动补评，请等评完再应用。"), status=409)
    if progress.errors and not keep:
        message = _("有 %(n)s 份评分异常，不能直接应用。", n=progress.errors)
        raise Refused(message, _("请重试，或勾选保留原来的分数。"), status=409)
    if not progress.done:
        raise Refused(_("没有可以应用的重评结果。"), _("请放弃这次重评。"), status=409)


def _stand(session: Session, task: TaskEffect, now: datetime) -> None:
    """Make what the table shows count: the try, or a copy of it with the decisions of people."""
    kept = any(point.note == "kept" for point in task.points)
    newer = task.old is not None and task.old.id > task.tried.id
    if kept or newer:
        origin = "override" if kept else "remark"
        overrides.store(session, task.tried, task.rows or (), now, who=None, origin=origin, remarking_id=task.tried.remarking_id)


def _tell(session: Session, exam: Exam, changed: Iterable[Effect], now: datetime, what: str) -> int:
    told, final = 0, results.final(exam)
    for effect in changed:
        points = [p for task in effect.tasks for p in task.points if p.changed and (final or p.board != "private")]
        if not final and points:  # the total is not to be told yet, with its private halves
            text = sentences.changed(exam.title, what)
        elif final and effect.before != effect.after:
            text = sentences.total_changed(exam.title, what, effect.before, effect.after)
        elif points:
            text = sentences.points_changed(exam.title, what)
        else:
            continue  # only their rank: that is on the board
        told += notices.tell(session, effect.attempt, text, now)
    return told


def why_not_undo(session: Session, remarking: Remarking) -> str:
    """Return why an applied re-marking cannot be taken back cleanly, "" if it can."""
    if remarking.state != "applied":
        return str(_("这次重评没有应用。"))
    if shadow.open_one(session, remarking.exam_id) is not None:
        return str(_("有一次重评还没有结束，请先应用或放弃它。"))
    later = select(Remarking.id).where(
        Remarking.exam_id == remarking.exam_id, Remarking.state == "applied", Remarking.id > remarking.id
    )
    if session.scalar(later.limit(1)) is not None:
        return str(_("之后又应用过别的重评，请先撤销后一次。"))
    others = session.scalar(_since(remarking)) or 0
    if others:
        return str(_("应用之后又有 %(n)s 次按新版的评分或人工改判，不能原样恢复。请把试题改回去，重新读取，再做一次重评。", n=others))
    return ""


def _since(remarking: Remarking) -> Select[Any]:
    """Select how many markings build on an applied re-marking: by its versions, or a person's decision after it."""
    return (
        select(func.count()).select_from(Marking).join(Submission, Marking.submission_id == Submission.id)
        .join(Attempt, Submission.attempt_id == Attempt.id).where(
            Attempt.exam_id == remarking.exam_id, Marking.counts, Marking.remarking_id.is_(None),
            Marking.task_version_id.in_(list(remarking.versions.values())), Marking.queued_at >= remarking.decided_at,
        )
    )


def undo(session: Session, remarking: Remarking, now: datetime, who: int) -> int:
    """Take an applied re-marking back: what counted before counts again; return how many attempts change."""
    exam = session.get_one(Exam, remarking.exam_id, with_for_update=True)
    if reason := why_not_undo(session, remarking):
        raise Refused(_("不能撤销：%(reason)s", reason=reason), status=409)
    found = effects(session, exam, remarking)
    session.execute(update(Marking).where(Marking.remarking_id == remarking.id).values(counts=False))
    decide(remarking, "undone", now, who)
    boards.refresh(session, [effect.attempt.id for effect in found])
    back = [replace(effect, before=effect.after, after=effect.before) for effect in found if effect.changed]
    told = _tell(session, exam, back, now, sentences.UNDONE)
    events.record(session, "remark.undone", now, who=who, exam_id=exam.id, remarking=remarking.id, changed=len(back), told=told)
    return len(back)
