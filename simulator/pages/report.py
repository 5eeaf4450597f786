"""What the report pages share: whose report it is, their tabs, figures and causes in words, and the filter of attempts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy.orm import Session

from grading.ability import Figure
from simulator.errors import Refused
from simulator.models import Attempt, User

LEVELS = {
    "mastered": _l("掌握"), "fair": _l("基本掌握"), "weak": _l("薄弱"), "few": _l("题数不足"), "untested": _l("未测"),
}
CAUSES = {
    "wrong": _l("答案不对"), "blank": _l("未答"), "unreadable": _l("内容无法读取"), "time_limit": _l("运行超时"),
    "memory_limit": _l("内存超限"), "output_limit": _l("输出超限"), "process_limit": _l("进程超限"), "crash": _l("程序报错"),
    "fault": _l("系统原因"), "person": _l("人工改判"),
}
FORMS = {"judge": _l("判断题"), "single": _l("单选题"), "multiple": _l("多选题")}
MODES = {"": _l("全部"), "practice": _l("练习"), "mock": _l("模拟考试"), "contest": _l("竞赛")}


def candidate(session: Session, user_id: int) -> User:
    """Return the student whose report a teacher asks for; Refused (404) if there is none."""
    user = session.get(User, user_id)
    if user is None or user.role != "student":
        raise Refused("找不到这名考生。", "请从场次的班级报告进入。", status=404)
    return user


def who(user: User, viewer: User) -> dict[str, Any]:
    """Return whose page it is and the tabs of the reports; others have no 错题本 to look at."""
    mine = user.id == viewer.id
    where: dict[str, Any] = {} if mine else {"user_id": user.id}
    tabs = [
        {"name": name, "text": str(text), "url": url_for(f"reports.my_{name}" if mine else f"reports.{name}", **where)}
        for name, text in (("ability", _l("能力报告")), ("progress", _l("进步")))
    ]
    if mine:
        tabs.append({"name": "mistakes", "text": _("错题本"), "url": url_for("mistakes.show")})
    return {"mine": mine, "name": user.name, "group": user.group.name if user.group else "", "tabs": tabs}


def figure_view(figure: Figure) -> dict[str, Any]:
    """Return a figure with its shares in percent and its statement in words."""
    percent = [None if part is None else 100 * part for part in (figure.share, figure.low, figure.high)]
    return {
        "n": figure.n, "right": figure.right, "earned": figure.earned, "marks": figure.marks, "share": percent[0], "low": percent[1],
        "high": percent[2], "level": figure.level, "text": str(LEVELS[figure.level]),
    }


@dataclass(frozen=True)
class Chosen:
    """Which attempts a report looks at. mode "" : all; since, until : from, and before; first : only what was answered first."""

    mode: str = ""
    since: datetime | None = None
    until: datetime | None = None
    first: bool = False

    def of(self, attempts: Iterable[Attempt]) -> list[Attempt]:
        """Return the attempts that fit."""
        return [attempt for attempt in attempts if self.mode in ("", attempt.exam.mode) and self._in_time(attempt)]

    def _in_time(self, attempt: Attempt) -> bool:
        end = attempt.ended_at or attempt.started_at
        return (self.since is None or end >= self.since) and (self.until is None or end < self.until)


def chosen(args: Mapping[str, str], zone: ZoneInfo) -> Chosen:
    """Return the filter that a query string asks for; what makes no sense is left open. Dates are whole days of the school."""
    mode, until = args.get("mode", ""), _day(args.get("until", ""), zone)
    return Chosen(
        mode if mode in MODES else "", _day(args.get("since", ""), zone), until + timedelta(days=1) if until else None,
        args.get("answers") == "first",
    )


def chosen_form(args: Mapping[str, str], wanted: Chosen) -> dict[str, Any]:
    """Return what the filter's controls show."""
    return {
        "mode": wanted.mode, "since": args.get("since", "") if wanted.since else "", "until": args.get("until", "") if wanted.until else "",
        "answers": "first" if wanted.first else "",
        "modes": [(key, str(text)) for key, text in MODES.items()], "kinds": [("", _("全部作答")), ("first", _("只算首次作答"))],
    }


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError:
        return None
