"""What a person does with a marking on the desk: try again what failed for our fault, mark strictly what is in dispute."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import events, marking
from simulator.errors import Refused
from simulator.models import Attempt, Marking


def retry(session: Session, marking_id: int, now: datetime, who: int) -> Marking:
    """Queue a new marking for a submission whose last one is `error`."""
    old = session.get(Marking, marking_id)
    if old is None or old.state != "error" or not old.counts:
        raise Refused("这次评分不需要重试。", "请刷新页面查看最新状态。", status=409)
    _check_newest(session, old)
    events.record(session, "marking.retried", now, who=who, attempt=_attempt(session, old), marking=marking_id)
    return marking.queue(session, old.submission, now, asked_by=who, strict=old.strict)


def strictly(session: Session, marking_id: int, now: datetime, who: int) -> Marking:
    """Queue a strict re-run (a fresh interpreter) of a finished marking; until it is done, the old one counts."""
    old = session.get(Marking, marking_id)
    if old is None or old.state != "done" or not old.counts:
        raise Refused("这份提交还没有评完，不能复评。", "请等评分完成后再试。", status=409)
    _check_newest(session, old)
    events.record(session, "marking.strict", now, who=who, attempt=_attempt(session, old), marking=marking_id)
    return marking.queue(session, old.submission, now, asked_by=who, strict=True)


def _check_newest(session: Session, old: Marking) -> None:
    newer = session.scalar(select(Marking.id).where(Marking.submission_id == old.submission_id, Marking.id > old.id, Marking.counts))
    if newer is not None:
        raise Refused("这份提交已经重新排队评分。", "请刷新页面查看最新状态。", status=409)


def _attempt(session: Session, old: Marking) -> Attempt:
    return session.get_one(Attempt, old.submission.attempt_id)
