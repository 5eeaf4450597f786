"""One browser at a time: an attempt of a mock exam or a contest stays where it was begun, unless the invigilator gives a code.

Only a random token in a cookie tells browsers apart; nothing about the machine is looked at.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import events
from simulator.errors import Refused
from simulator.models import Attempt
from simulator.seen import Seen

COOKIE = "seat"
CODE_LASTS = timedelta(minutes=10)
CODE_DIGITS = 6


class Elsewhere(Refused):
    """The attempt is sat in another browser; carries which attempt."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(
            _("这份试卷正在另一台电脑（或另一个浏览器）上作答。"), _("要在这里继续，请向监考教师要一个接续码。"), status=423
        )
        self.attempt = attempt
        self.extra = {"elsewhere": True}


def new_token() -> str:
    """Return a token for one browser."""
    return secrets.token_urlsafe(24)


def is_bound(attempt: Attempt) -> bool:
    """Return whether the attempt stays in one browser: practice may be done anywhere."""
    return attempt.exam.mode != "practice" and attempt.state == "running"


def check(attempt: Attempt, token: str) -> None:
    """Raise Elsewhere if another browser sits the attempt."""
    if is_bound(attempt) and attempt.seat and not hmac.compare_digest(attempt.seat, digest(token)):
        raise Elsewhere(attempt)


def fits(attempt: Seen, token: str) -> bool:
    """Return whether this browser sits the attempt, or may, as `check` does."""
    bound = attempt.exam.mode != "practice" and attempt.state == "running" and attempt.seat
    return not bound or hmac.compare_digest(attempt.seat, digest(token))


def bind(attempt: Attempt, token: str) -> None:
    """Let the browser with `token` sit the attempt."""
    attempt.seat = digest(token)


def sat_elsewhere(session: Session, user_id: int, token: str, now: datetime) -> Attempt | None:
    """Return the attempt that this person sits in another browser, if there is one, and note that they logged in here as well."""
    running = select(Attempt).where(Attempt.user_id == user_id, Attempt.state == "running", Attempt.seat != "")
    for attempt in session.scalars(running):
        if is_bound(attempt) and attempt.seat != digest(token):
            events.record(session, "attempt.second-login", now, who=user_id, attempt=attempt)
            return attempt
    return None


def new_code(session: Session, attempt: Attempt, now: datetime, who: int) -> str:
    """Return a code with which the attempt can be taken on in another browser: six digits, once, within CODE_LASTS."""
    if not is_bound(attempt):
        raise Refused("这份试卷不需要接续码。", "练习可以在任何电脑上继续；已交卷的不能再进入。", status=409)
    code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
    attempt.code_hash, attempt.code_until = digest(f"{attempt.id}:{code}"), now + CODE_LASTS
    events.record(session, "attempt.code-made", now, who=who, attempt=attempt)
    return code


def use_code(session: Session, attempt: Attempt, code: str, now: datetime) -> None:
    """Use up the code with which the attempt may be taken on elsewhere; Refused if it is wrong or too old."""
    expected, given = attempt.code_hash, digest(f"{attempt.id}:{code.strip()}")
    if not expected or attempt.code_until is None or now >= attempt.code_until or not hmac.compare_digest(expected, given):
        events.record(session, "attempt.code-refused", now, who=attempt.user_id, attempt=attempt)
        raise Refused("接续码不对，或已经过期。", "请核对数字；十分钟内有效，过期请再要一个。", status=422)
    attempt.code_hash, attempt.code_until = "", None
    events.record(session, "attempt.taken-over", now, who=attempt.user_id, attempt=attempt)


def digest(text: str) -> str:
    """Return what is stored of a token or code."""
    return hashlib.sha256(text.encode()).hexdigest()
