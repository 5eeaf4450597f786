"""The board as a whole class looks at it in the same minute: one question, and a page whose parts are rendered already.

For candidates who may see a board on which nothing is held back. All others, and whoever comes first, take the long way (`pages.board`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any

from flask import current_app, render_template, request
from flask_wtf.csrf import generate_csrf
from markupsafe import escape
from sqlalchemy import Connection, bindparam, exists, select
from sqlalchemy.orm import Session

from simulator import boards
from simulator.models import Attempt, Board, Exam, Group, User
from simulator.pages.board import may_see, own_row, show_view
from simulator.pages.boardtable import Table, kept
from simulator.pages.holes import Holed, hole
from simulator.people import OPEN
from simulator.rendering import language

KEPT = 16

_DONE = exists().where(Attempt.exam_id == Exam.id, Attempt.user_id == User.id, Attempt.state == "closed")
_QUESTION = (
    select(*boards.SETTINGS, Board.version, Exam.id, Exam.mode, User.id.label("user_id"), User.username, User.name, _DONE.label("done"))
    .select_from(User).outerjoin(Group, Group.id == User.group_id).join(Exam, Exam.id == bindparam("exam_id"))
    .outerjoin(Board, Board.exam_id == Exam.id)
    .where(User.id == bindparam("user_id"), User.session_epoch == bindparam("epoch"), User.must_change.is_(False), OPEN)
    .where(User.role == "student")
)


class Frames:
    """What stands around the rows, with holes for name and token, as of one second. Thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], tuple[Holed, Holed]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...]) -> tuple[Holed, Holed] | None:
        """Return what stands before and after the rows, None if it is not kept."""
        return self._kept.get(key)

    def put(self, key: tuple[Any, ...], frame: tuple[Holed, Holed]) -> None:
        """Keep a frame; the oldest ones go."""
        with self._lock:
            self._kept[key] = frame
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def page(connection: Connection, session: Callable[[], Session], who: tuple[int, int], exam_id: int, now: datetime) -> bytes | None:
    """Return the whole page for one candidate; None if it takes the long way.

    who : user id and session epoch; session : opens a session, for what is not kept yet.
    """
    row = connection.execute(_QUESTION, {"exam_id": exam_id, "user_id": who[0], "epoch": who[1]}).one_or_none()
    if row is None or not row.done or not may_see(row) or boards.since(row) is not None:
        return None
    shown = kept(exam_id, "public", "", boards.version_of(row, row.version or 0, now))
    if shown is None:
        return None
    frames: Frames = current_app.extensions.setdefault("board-frames", Frames())
    key = (exam_id, language(), request.script_root, shown.version, now.replace(microsecond=0))
    frame = frames.get(key)
    if frame is None:
        frame = _frame(session(), exam_id, row.user_id, now)
        frames.put(key, frame)
    values = {"token": generate_csrf(), "who": str(escape(row.name or row.username))}
    return b"".join((frame[0].filled(values).encode(), _rows(shown, row), frame[1].filled(values).encode()))


def _rows(shown: Table, row: Any) -> bytes:
    place = shown.place.get(row.user_id)
    return shown.text if place is None else shown.with_row(place, own_row(row, shown, shown.standings[place], live=False))


def _frame(session: Session, exam_id: int, user_id: int, now: datetime) -> tuple[Holed, Holed]:
    view = show_view(session, session.get_one(Exam, exam_id), session.get_one(User, user_id), now)
    rendered = render_template("board/show.html", **{**view, "rows": hole("rows")}, who=hole("who")).replace(generate_csrf(), hole("token"))
    before, _, after = rendered.partition(hole("rows"))
    return Holed.of(before), Holed.of(after)
