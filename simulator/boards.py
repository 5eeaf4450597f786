"""What is done to a board: its settings (freeze, numbers instead of names, awards), its staged release, a link for the projector."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import Connection, Row, bindparam, func, select
from sqlalchemy.orm import Session

from simulator import awards, candidates, catalog, cells, events, exams, results
from simulator.db import lock
from simulator.errors import Refused
from simulator.freezing import Frozen, frozen
from simulator.models import Attempt, Board, Exam
from simulator.standings import Entry, with_cells

LINK_LASTS = timedelta(hours=24)
BEGINNING = datetime.min.replace(tzinfo=UTC)


def since(exam: Exam | Row[Any]) -> datetime | None:
    """Return from when on nothing may be told to candidates and the room; None if all may. Marks that are held are told from never."""
    if results.final(exam):
        return None
    return exam.freeze_at or (BEGINNING if exam.release == "held" else None)


def version(session: Session, exam: Exam, now: datetime) -> str:
    """Return what changes whenever the board may look different; costs one row."""
    return version_of(exam, cells.version(session, exam.id), now)


def newest(connection: Connection, exam_id: int, now: datetime) -> str:
    """Return the same, with one small question; "" if there is no such exam."""
    row = connection.execute(_STATE, {"exam_id": exam_id}).one_or_none()
    return "" if row is None else version_of(row, row.version or 0, now)


SETTINGS = (Exam.release, Exam.revealed, Exam.freeze_at, Exam.blind, Exam.awards, Exam.title)
"""What of an exam decides how its board looks."""

_STATE = select(*SETTINGS, Board.version).outerjoin(Board, Board.exam_id == Exam.id).where(Exam.id == bindparam("exam_id"))


def version_of(exam: Any, changes: int, now: datetime) -> str:
    """Return the version of a board whose cells have changed so often. exam : a row with SETTINGS."""
    state = [exam.release, exam.revealed, str(exam.freeze_at), exam.freeze_at is not None and now >= exam.freeze_at, exam.blind,
             exam.awards, exam.title]
    digest = hashlib.sha256(json.dumps(state, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    return f"{changes}.{digest[:12]}"


def public(session: Session, exam: Exam, entries: list[Entry] | None = None) -> Frozen:
    """Return the board as candidates and the room may see it: public marks, frozen, as far as the staged release has come."""
    told = results.entries(session, exam) if entries is None else entries
    final = results.final(exam)
    return frozen([with_cells(entry, final=final) for entry in told], since(exam), exam.revealed, _tie_break(exam))


def everything(session: Session, exam: Exam, entries: list[Entry] | None = None) -> Frozen:
    """Return the board as staff see it: final marks, nothing frozen. entries : as they are, if they are known."""
    return frozen(results.entries(session, exam) if entries is None else entries, None, 0, _tie_break(exam))


def _tie_break(exam: Exam) -> tuple[str, ...]:
    return catalog.paper_spec(exam.paper).tie_break


def save(session: Session, exam: Exam, form: Mapping[str, str], zone: ZoneInfo, now: datetime, who: int) -> dict[str, str]:
    """Set freeze, blind and awards as the form says; nothing, and one sentence for each field that is wrong, otherwise."""
    errors: dict[str, str] = {}
    typed = form.get("freeze", "").strip()
    # The form knows no seconds: what is not changed there keeps its own.
    freeze_at = exam.freeze_at if exam.freeze_at and typed == minutes(exam.freeze_at, zone) else _moment(typed, zone, errors)
    if freeze_at is not None and (freeze_at <= exam.opens_at or (exam.closes_at is not None and freeze_at > exam.closes_at)):
        errors["freeze"] = _("封榜时间应在考试开放之后、结束之前。")
    given = exam.awards
    try:
        given = awards.parse(form.get("awards", "")[:2000])
    except ValueError as error:
        line = str(error)[:60]
        errors["awards"] = _("看不懂这一行：“%(line)s”。每行一个奖项，例如：一等奖 %(share)s，或：优胜奖 3 人。", line=line, share="10%")
    if errors:
        return errors
    blind = form.get("blind") == "1"
    if blind:
        candidates.ensure(session, exam)
    if freeze_at != exam.freeze_at:
        exam.revealed = 0  # the rows that were opened are others now
    exam.freeze_at, exam.blind, exam.awards = freeze_at, blind, given
    frozen_at = freeze_at.isoformat(timespec="minutes") if freeze_at else ""
    events.record(session, "exam.board-set", now, who=who, exam_id=exam.id, freeze=frozen_at, blind=blind, awards=len(given["rows"]))
    return {}


def minutes(moment: datetime, zone: ZoneInfo) -> str:
    """Return a moment as a form's field for date and time holds it."""
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _moment(text: str, zone: ZoneInfo, errors: dict[str, str]) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        errors["freeze"] = _("时间格式应为 2026-01-31T09:00。")
        return None


def reveal(session: Session, exam: Exam, step: int, now: datetime, who: int) -> bool:
    """Open the next row of a frozen board; False if that was done already (a key pressed twice). step : rows opened so far."""
    _check_frozen(session, exam)
    board = public(session, exam)
    if step != exam.revealed:
        return False
    if exam.revealed >= board.steps:
        raise Refused("已经全部揭晓。", "请点“全部公布”，让考生看到最终成绩和奖项。", status=409)
    exam.revealed += 1
    events.record(session, "exam.board-revealed", now, who=who, exam_id=exam.id, step=exam.revealed, of=board.steps)
    return True


def undo(session: Session, exam: Exam, step: int, now: datetime, who: int) -> bool:
    """Close the row again that was opened last; False if that was done already, or none is open."""
    _check_frozen(session, exam)
    if step != exam.revealed or exam.revealed == 0:
        return False
    exam.revealed -= 1
    events.record(session, "exam.board-undone", now, who=who, exam_id=exam.id, step=exam.revealed)
    return True


def finish(session: Session, exam: Exam, now: datetime, who: int) -> None:
    """End the staged release: everything is told, under names, with final marks and awards."""
    _check_frozen(session, exam)
    exams.release(session, exam, now, who)


def running(session: Session, exam: Exam) -> int:
    """Return how many still sit the exam."""
    return session.scalar(select(func.count()).where(Attempt.exam_id == exam.id, Attempt.state == "running")) or 0


def _check_frozen(session: Session, exam: Exam) -> None:
    lock(session, exam)
    if results.final(exam):
        raise Refused("成绩已经公布，不用再揭晓。", "请刷新页面。", status=409)
    if running(session, exam):
        raise Refused("还有人在作答，不能揭晓成绩。", "请等全部交卷，或先结束考试。", status=409)


def make_link(secret: str, exam_id: int, now: datetime) -> str:
    """Return a token that opens the projector's page of one exam without a log-in, for `LINK_LASTS`."""
    return str(_signer(secret).dumps([exam_id, int((now + LINK_LASTS).timestamp())]))


def link_opens(secret: str, token: str, exam_id: int, now: datetime) -> bool:
    """Return whether `token` is one of ours, for this exam, and not too old."""
    try:
        found, until = _signer(secret).loads(token)
    except (BadData, TypeError, ValueError):
        return False
    return bool(found == exam_id and now.timestamp() < until)


def _signer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt="board projector")
