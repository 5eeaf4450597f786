"""The live monitor of an exam: rows that can be searched, filtered and sorted, the numbers above them, what waits for a decision."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy.orm import Session

from grading.paper import PaperSpec
from simulator import catalog, messages, monitor, proctoring, queueing, workers
from simulator.models import Credit, Exam
from simulator.monitor import Seat
from simulator.pages.board import STATES
from simulator.pages.naming import hidden
from simulator.phases import exam_phase

MAX_QUERY = 40
LOW_DISK = 1024**3
LONG_AGO, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
SHOWS: Mapping[str, Callable[[Seat], bool]] = {
    "": lambda _seat: True, "offline": lambda seat: seat.state == "running" and not seat.connected, "quiet": lambda seat: seat.quiet,
    "asking": lambda seat: seat.asked > 0, "moved": lambda seat: seat.moved > 0,
    "paused": lambda seat: seat.paused, "running": lambda seat: seat.state == "running",
    "closed": lambda seat: seat.state == "closed", "not_started": lambda seat: seat.state == "not_started",
}
SHOW_TEXTS = {
    "": _l("全部"), "running": _l("作答中"), "offline": _l("未连接"), "quiet": _l("久未保存"), "asking": _l("有申请"),
    "moved": _l("换过地址"), "paused": _l("已暂停"), "closed": _l("已交卷"), "not_started": _l("未开始"),
}
SORTS: Mapping[str, Callable[[Seat], Any]] = {
    "": lambda _seat: 0, "name": lambda seat: seat.name, "state": lambda seat: (seat.state, seat.connected),
    "save": lambda seat: (seat.attempt is None, seat.saved or LONG_AGO), "progress": lambda seat: sum(seat.answered),
    "deadline": lambda seat: seat.deadline or NEVER,
}
SORT_TEXTS = {
    "": _l("考号"), "name": _l("姓名"), "state": _l("状态"), "save": _l("最后保存（早的在前）"), "progress": _l("进度（少的在前）"),
    "deadline": _l("截止（早的在前）"),
}


def monitor_view(session: Session, exam: Exam, args: Mapping[str, str], now: datetime, folder: Path) -> dict[str, Any]:
    """Return the whole page. folder : whose disk is watched."""
    phase = exam_phase(exam.opens_at, exam.closes_at, now)
    return {
        **live_view(session, exam, args, now, folder), "form": read_form(args), "given": given_form(args),
        "shows": [(key, str(text)) for key, text in SHOW_TEXTS.items()],
        "sorts": [(key, str(text)) for key, text in SORT_TEXTS.items()],
        "groups": [(group.id, group.name) for group in exam.groups], "max_text": messages.MAX_TEXT,
        "exam": {
            "id": exam.id, "title": exam.title, "mode": exam.mode, "opens": exam.opens_at, "closes": exam.closes_at, "state": phase,
            "state_text": str(STATES[phase]), "url": url_for("desk.exam", exam_id=exam.id),
            "rows_url": url_for("monitor.rows", exam_id=exam.id),
        },
    }


def read_form(args: Mapping[str, str]) -> dict[str, str]:
    """Return the search, filter and order that a query string asks for; what makes no sense is left open."""
    group = args.get("group", "")
    return {
        "q": args.get("q", "").strip()[:MAX_QUERY], "show": args.get("show", "") if args.get("show", "") in SHOWS else "",
        "sort": args.get("sort", "") if args.get("sort", "") in SORTS else "", "group": group[:80],
    }


def given_form(args: Mapping[str, str]) -> dict[str, Any]:
    """Return what of the form is not empty, for addresses."""
    return {name: value for name, value in read_form(args).items() if value}


def live_view(session: Session, exam: Exam, args: Mapping[str, str], now: datetime, folder: Path) -> dict[str, Any]:
    """Return what changes while one looks, with `version`: the same as long as nothing has."""
    paper = catalog.paper_spec(exam.paper)
    sizes = catalog.module_sizes(paper)
    found = _seats(session, exam, len(sizes), now)
    form = read_form(args)
    # Of candidate 0: made once, not for each of five hundred rows.
    url = url_for("monitor.candidate", exam_id=exam.id, user_id=0, **given_form(args))
    shown = sorted((seat for seat in found if _fits(seat, form)), key=SORTS[form["sort"]])
    at_work = workers.summary(session, now)
    view: dict[str, Any] = {
        "rows": [_row(seat, paper, sizes, url) for seat in shown], "facts": vars(monitor.totals(found)),
        "proposals": _proposals(session, exam, found), "warnings": _warnings(at_work, folder), "queue": queueing.waiting(session),
        "workers": at_work.alive, "free": _free(folder), "count": len(found),
    }
    return {**view, "version": hashlib.sha256(repr((_("考生"), view)).encode()).hexdigest()[:16]}


def _seats(session: Session, exam: Exam, modules: int, now: datetime) -> list[Seat]:
    """Return the seats; in a blind exam without 考号, not even in their order: beside a name they would tell whose row of the board
    it is."""
    found = monitor.seats(session, exam, modules, now)
    if not hidden(exam):
        return found
    return sorted((replace(seat, number="") for seat in found), key=lambda seat: seat.username)


def _fits(seat: Seat, form: Mapping[str, str]) -> bool:
    wanted = form["q"].casefold()
    said = (seat.name, seat.username, seat.number, seat.group)
    return SHOWS[form["show"]](seat) and form["group"] in ("", seat.group) and any(wanted in text.casefold() for text in said)


def _row(seat: Seat, paper: PaperSpec, sizes: Sequence[int], url: str) -> dict[str, Any]:
    attempt = seat.attempt
    done = seat.state == "closed"
    return {
        "id": seat.user_id, "name": seat.name, "username": seat.username, "number": seat.number, "group": seat.group, "state": seat.state,
        "connected": seat.connected, "quiet": seat.quiet, "paused": seat.paused, "asked": seat.asked, "moved": seat.moved,
        "queued": seat.queued,
        "save": seat.saved, "answered": sum(seat.answered), "total": sum(sizes),
        "parts": " · ".join(f"{n}/{size}" for n, size in zip(seat.answered, sizes, strict=True)) if len(sizes) > 1 and attempt else "",
        "module": paper.modules[seat.module].title if seat.module is not None else "", "deadline": seat.deadline,
        "extra": round(attempt.extra_s / 60) if attempt else 0, "ended": attempt.ended_at if attempt and done else None,
        "url": url.replace("/candidates/0", f"/candidates/{seat.user_id}"),
    }


def _proposals(session: Session, exam: Exam, found: list[Seat]) -> list[dict[str, Any]]:
    names = {seat.attempt.id: seat for seat in found if seat.attempt is not None}
    return [
        {**credit_view(credit), "name": names[credit.attempt_id].name, "username": names[credit.attempt_id].username,
         "running": names[credit.attempt_id].state == "running", "decide_url": url_for("monitor.decide", exam_id=exam.id)}
        for credit in proctoring.proposals(session, exam) if credit.attempt_id in names
    ]


def credit_view(credit: Credit) -> dict[str, Any]:
    """Return one credit as pages show it."""
    return {
        "id": credit.id, "kind": credit.kind, "state": credit.state, "seconds": credit.seconds, "since": credit.since,
        "until": credit.until, "note": credit.note, "at": credit.asked_at,
    }


def _free(folder: Path) -> float:
    """Return the free space in GB, in tenths: what changes with every save would never be unchanged."""
    return round(shutil.disk_usage(folder).free / 1024**3, 1)


def _warnings(found: workers.Summary, folder: Path) -> list[str]:
    texts = []
    if shutil.disk_usage(folder).free < LOW_DISK:
        texts.append(str(_("服务器磁盘空间不到 1 GB：请尽快清理，否则作答可能保存不了。")))
    if not found.alive:
        texts.append(str(_("没有评分进程在线：作答照常保存，交卷后要等它启动才会评分。请告诉管理员。")))
    elif not found.able:
        texts.append(str(_("评分进程没有可用的沙箱：程序题不能试运行，交卷后排队等候。请告诉管理员。")))
    return texts
