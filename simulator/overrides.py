"""A person decides one scoring point. Nothing is edited: the verdicts are copied into a new marking in which that point is changed.

Such a decision stands when the submission is marked again, for as long as the point exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading import totals
from grading.model import Task
from simulator import events, results, sentences
from simulator.catalog import TaskCache
from simulator.errors import Refused
from simulator.models import Attempt, AttemptTask, Marking, Submission, TaskVersion, User, VerdictRow

PERSON = "person"
REASON = (2, 1000)
"""Fewest and most characters of a reason."""
COLUMNS = ("point_id", "title", "status", "earned", "marks", "expected", "found", "reason", "cause", "board", "evidence")

Row = dict[str, Any]
"""A verdict as plain columns."""


def plain(verdict: VerdictRow) -> Row:
    """Return a verdict as a row that can be changed and stored again."""
    return {name: getattr(verdict, name) for name in COLUMNS}


def decided(rows: Iterable[Row]) -> dict[str, Row]:
    """Return point id → row of the points that a person has decided."""
    return {row["point_id"]: row for row in rows if row["cause"] == PERSON}


def keep(decisions: Mapping[str, Row], rows: Iterable[Row]) -> list[Row]:
    """Return `rows` with the decisions in the places of their points; where a point's marks have changed, the same share of them."""
    return [_kept(decisions[row["point_id"]], row) if row["point_id"] in decisions else row for row in rows]


def _kept(decision: Row, row: Row) -> Row:
    share = totals.round_marks(decision["earned"] * row["marks"] / decision["marks"])
    return {**row, "earned": share, "status": decision["status"], "reason": decision["reason"], "cause": PERSON}


def decisions(session: Session, submission_ids: Iterable[int]) -> dict[int, dict[str, Row]]:
    """Return submission id → point id → row, of the newest markings that carry decisions and count."""
    wanted = (Marking.submission_id.in_(list(submission_ids)), Marking.origin == "override", Marking.counts)
    newest = {m.submission_id: m for m in session.scalars(select(Marking).where(*wanted).order_by(Marking.id))}
    return {submission_id: decided(plain(v) for v in marking.verdicts) for submission_id, marking in newest.items()}


def store(
    session: Session, like: Marking, rows: Iterable[Row], now: datetime, *, who: int | None, origin: str = "override",
    remarking_id: int | None = None,
) -> Marking:
    """Add a finished marking of the submission of `like` with these verdicts; what was run and seen stays as in `like`."""
    found = list(rows)
    marking = Marking(
        submission_id=like.submission_id, queued_at=now, started_at=now, done_at=now, runs=like.runs, evidence=like.evidence,
        state="error" if any(row["status"] in totals.UNSETTLED for row in found) else "done", graders=like.graders, log=like.log,
        task_version_id=like.task_version_id, remarking_id=remarking_id, origin=origin, asked_by=who, strict=like.strict,
    )
    session.add(marking)
    session.flush()
    session.add_all(VerdictRow(marking_id=marking.id, ordinal=n, **row) for n, row in enumerate(found))
    session.flush()
    return marking


def carry(session: Session, marking: Marking, now: datetime) -> Marking | None:
    """Let the decisions on a submission stand after it was marked again; None if there are none, or if it is outdated already."""
    later = (Marking.submission_id == marking.submission_id, Marking.id > marking.id, Marking.counts, Marking.origin != "override")
    if session.scalar(select(Marking.id).where(*later).limit(1)) is not None:
        return None
    standing = decisions(session, [marking.submission_id]).get(marking.submission_id, {})
    session.flush()
    rows = [plain(verdict) for verdict in session.scalars(
        select(VerdictRow).where(VerdictRow.marking_id == marking.id).order_by(VerdictRow.ordinal)
    )]
    if not standing.keys() & {row["point_id"] for row in rows}:
        return None
    return store(session, marking, keep(standing, rows), now, who=None)


def override(
    session: Session, cache: TaskCache, attempt: Attempt, position: int, point_id: str, earned: str, reason: str, now: datetime,
    *, who: User, zone: ZoneInfo,
) -> tuple[Marking, Decimal]:
    """Give one point of a closed attempt the marks that a person decides; return the new marking and the marks before.

    earned : as typed, 0 to the point's marks; reason : 2 to 1000 characters, for the candidate; zone : of the time in it.
    """
    current = standing(session, attempt, position)
    rows = [plain(verdict) for verdict in current.verdicts] or _undecided(session, cache, attempt, position, current)
    row = next((row for row in rows if row["point_id"] == point_id), None)
    if row is None:
        raise Refused("这道题没有这个评分点。", "请刷新成绩单，从评分点旁的链接进入。", status=404)
    given, text = _number(earned, row["marks"]), check_text(reason, *REASON)
    before = row["earned"]
    row.update(
        earned=given, status="correct" if given == row["marks"] else "partial" if given else "incorrect", cause=PERSON,
        reason=sentences.decided(text, who.name, now.astimezone(zone)),
    )
    marking = store(session, current, rows, now, who=who.id)
    events.record(
        session, "marking.overridden", now, who=who.id, attempt=attempt, position=position, point=point_id, before=str(before),
        after=str(given), marking=marking.id,
    )
    return marking, before


def standing(session: Session, attempt: Attempt, position: int) -> Marking:
    """Return the marking that counts of one task, ready for a decision; Refused while it is being marked."""
    submission = results.submission(session, attempt, position) if attempt.state == "closed" else None
    if submission is None:
        raise Refused("这道题没有可以改判的提交。", "请等考生交卷后再改判。", status=409)
    session.execute(select(Submission.id).where(Submission.id == submission.id).with_for_update())  # one person at a time
    busy = select(Marking.id).where(Marking.submission_id == submission.id, Marking.counts, Marking.state.in_(("queued", "leased")))
    current = session.scalar(select(Marking).where(Marking.id.in_(results.counting([submission.id]))))
    if current is None or session.scalar(busy.limit(1)) is not None:
        raise Refused("这道题正在评分，暂时不能改判。", "请等评完后再试。", status=409)
    return current


def _undecided(session: Session, cache: TaskCache, attempt: Attempt, position: int, current: Marking) -> list[Row]:
    """Return a row for each point of a marking that failed before it had verdicts."""
    item = session.get_one(AttemptTask, (attempt.id, position))
    version = session.get_one(TaskVersion, current.task_version_id or item.task_version_id)
    task: Task = totals.with_marks(cache.get(session, version), item.marks)
    return [
        {"point_id": p.id, "title": p.title, "status": "error", "earned": Decimal("0.00"), "marks": p.marks, "expected": "", "found": "",
         "reason": sentences.NOT_MARKED, "cause": "fault", "board": "", "evidence": None} for p in task.points
    ]


def _number(text: str, most: Decimal) -> Decimal:
    try:
        given = Decimal(text.strip())
    except InvalidOperation:
        given = Decimal("NaN")
    if not given.is_finite() or not 0 <= given <= most or given != totals.round_marks(given):
        raise Refused(_("得分应在 0 和 %(most)s 之间，最多两位小数。", most=f"{most.normalize():f}"), _("请改正后再提交。"), status=422)
    return totals.round_marks(given)


def check_text(text: str, fewest: int, most: int) -> str:
    """Return a stripped text that people typed; Refused (422) if it is too short or too long."""
    stripped = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not fewest <= len(stripped) <= most:
        message = _("文字应为 %(fewest)s 到 %(most)s 字，现在是 %(n)s 字。", fewest=fewest, most=most, n=len(stripped))
        raise Refused(message, _("请修改后再提交。"), status=422)
    return stripped
