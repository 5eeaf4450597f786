"""The requests that come by the hundred a second, answered by one or two questions to the database each: saves, signs of life, and
the screens that everybody opens in the same minute.

Only what is plainly in order is answered here. Everything else goes on to its view, which takes the long way: who must log in, what
comes too late or conflicts, is decided and put into words in one place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from flask import Flask, current_app, request, session as cookie

from simulator import boards, presence, responses, seats, sitting
from simulator.auth import of_token
from simulator.clocks import TAKING, own_module, phase
from simulator.pages import boardpage, theory
from simulator.pages.exam import beat_view, saved_view
from simulator.seen import Seen
from simulator.services import services
from simulator.web import now, session


def init_app(app: Flask) -> None:
    """Try the short way first: after the check for forgery (CSRF), before who is logged in is looked up."""
    app.config.setdefault("BOARD_LAG_S", 1.0)
    app.before_request(_try)


def _try() -> Any:
    way = WAYS.get(request.endpoint or "")
    return way(**(request.view_args or {})) if way is not None and "_user_id" in cookie else None


def save(attempt_id: int, position: int) -> dict[str, Any] | None:
    """Store the response to one task; None if anything is in the way. Refused (413, 422) if it is no response to this task."""
    body = _body()
    rev, moment = body.get("rev"), now()
    if type(rev) is not int:
        return None
    with services().db.writer() as connection:
        seen = sitting.look(connection, attempt_id, of_token(cookie["_user_id"]), position=position, lock=True)
        if seen is None or seen.version is None or not _is_mine(seen) or phase(seen, moment, own_module(seen)) not in TAKING:
            return None
        response = responses.clean(services().tasks.get(connection, seen.version), body.get("response"), services().blobs)
        draft = seen.draft
        if draft is not None and draft.response == response:
            return saved_view(seen, own_module(seen), draft.rev, draft.saved_at, moment)
        if draft is not None and rev < draft.rev:
            return None
        stored = sitting.store(connection, seen, response, moment)
        connection.commit()
    return saved_view(seen, own_module(seen), stored, moment, moment)


def beat(attempt_id: int) -> dict[str, Any] | None:
    """Take a sign of life of the page and tell the time left; None if it tells anything new."""
    position, address, moment = _body().get("position"), request.remote_addr or "", now()
    module = request.args.get("module", type=int)
    place = position if type(position) is int else None
    with services().db.reader() as connection:
        seen = sitting.look(connection, attempt_id, of_token(cookie["_user_id"]), position=place, module=module)
    if seen is None or seen.seen_at is None or not _is_mine(seen) or not presence.is_plain(seen, moment, address):
        return None
    if presence.is_due(seen.seen_at, moment):
        with services().db.writer() as connection:
            spent = 0 if seen.paused_at else round((moment - seen.seen_at).total_seconds())
            sitting.hear(connection, seen, spent, moment)
            connection.commit()
    return beat_view(seen, moment, module, seen.notice_id)


def screen(attempt_id: int, screen: int) -> str | None:
    """Show a screen of theory items; None if it is none, or anything is to be told besides."""
    if "_flashes" in cookie:
        return None
    with services().db.reader() as connection:
        seen = sitting.look(connection, attempt_id, of_token(cookie["_user_id"]))
        return None if seen is None or not _is_mine(seen) else theory.page(connection, session, services().tasks, seen, screen, now())


def board(exam_id: int) -> bytes | None:
    """Show a board on which nothing is held back to a candidate; None for all others, and if it has to be rendered first."""
    if request.args or "_flashes" in cookie:
        return None
    with services().db.reader() as connection:
        return boardpage.page(connection, session, of_token(cookie["_user_id"]), exam_id, now())


def board_rows(exam_id: int) -> tuple[str, int] | None:
    """Say that a board has not changed since the version that the page has; else None.

    Who asks is looked up only where there is something to be told: that nothing is new says nothing.
    """
    seen = request.args.get("v", "")
    return ("", 204) if seen and seen == _newest(exam_id) else None


def _newest(exam_id: int) -> str:
    """Return the version of a board, asked for again only after BOARD_LAG_S: a whole class looks at it."""
    known: dict[int, tuple[float, str]] = current_app.extensions.setdefault("board-versions", {})
    at, version = known.get(exam_id, (-inf, ""))
    if time.monotonic() - at >= current_app.config["BOARD_LAG_S"]:
        with services().db.reader() as connection:
            version = boards.newest(connection, exam_id, now())
        if version:  # numbers that are no exam's are not remembered: there is no end to them
            known[exam_id] = time.monotonic(), version
    return version


def _is_mine(seen: Seen) -> bool:
    return seen.state == "running" and seats.fits(seen, request.cookies.get(seats.COOKIE, ""))


def _body() -> Mapping[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


WAYS: dict[str, Callable[..., Any]] = {
    "exam.save": save, "exam.beat": beat, "exam.screen": screen, "board.rows": board_rows, "board.show": board,
}
