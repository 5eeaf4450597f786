"""The leaderboard of an exam: ranked rows with a cell per module, as candidates and the room may see it, or as staff do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _, lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from simulator import boards, catalog, results
from simulator.errors import Refused
from simulator.models import Attempt, Exam, User
from simulator.pages.boardrow import row
from simulator.pages.boardtable import Audience, Table, naming_of, rendered, table
from simulator.pages.holes import hole
from simulator.phases import exam_phase
from simulator.standings import Standing, best_per_candidate, tie_rules, with_cells

STATES = {"before": _l("未开始"), "open": _l("进行中"), "after": _l("已结束")}
MAX_DIVISION = 20
REFRESH_S, WALL_REFRESH_S = 15, 2


def check_visible(session: Session, exam: Exam, user: User) -> None:
    """Raise Refused unless `user` may see the board: staff always, candidates after their hand-in and the release."""
    if user.role != "student":
        return
    if exam.mode == "practice":
        raise Refused("练习没有排行榜。", "请在首页查看自己的练习记录。", status=404)
    done = session.scalar(
        select(Attempt.id).where(Attempt.exam_id == exam.id, Attempt.user_id == user.id, Attempt.state == "closed").limit(1)
    )
    if done is None:
        raise Refused("交卷后才能查看这场考试的排行榜。", "请先参加考试。", status=403)
    if exam.release == "held":
        raise Refused("成绩还没有公布。", "公布后可以在这里看到排行榜。", status=403)


def may_see(exam: Row[Any]) -> bool:
    """Return whether candidates who have handed in may see the board, as `check_visible` does."""
    return bool(exam.mode != "practice" and exam.release != "held")


def audience(exam: Exam, user: User, *, public: bool = False) -> Audience:
    """Return what `user` sees: while candidates stand under numbers, administrators alone see names.

    public : staff look at what candidates see.
    """
    if user.role == "student" or public:
        return "public"
    return "named" if user.role == "admin" or results.final(exam) or not exam.blind else "staff"


def show_view(session: Session, exam: Exam, user: User, now: datetime, *, division: str = "", public: bool = False) -> dict[str, Any]:
    """Return the board's page with what staff can do there."""
    staff, seen = user.role != "student", audience(exam, user, public=public)
    view: dict[str, Any] = {"as": "public"} if public and staff else {}
    address: dict[str, Any] = {**view, **({"division": division[:MAX_DIVISION]} if division else {})}
    shown = table(session, exam, seen, division[:MAX_DIVISION], now)
    other: dict[str, Any] = {} if view else {"as": "public"}
    links = {
        "csv": url_for("board.export_csv", exam_id=exam.id), "xlsx": url_for("board.export_xlsx", exam_id=exam.id),
        "projector": url_for("board.projector", exam_id=exam.id), "as_public": bool(view),
        "other": url_for("board.show", exam_id=exam.id, **other),
        "settings": url_for("boarddesk.settings", exam_id=exam.id) if user.role in ("instructor", "admin") else None,
    }
    return {
        **_view(session, exam, shown, seen, now), "refresh_s": REFRESH_S, "links": links if staff else None,
        "rows": _with_own(session, exam, shown, user) if not staff else shown.text,
        "tabs": _tabs(shown, division, lambda name: url_for("board.show", exam_id=exam.id, **view, **name)),
        "rows_url": url_for("board.rows", exam_id=exam.id, v=shown.version, **address),
    }


def projector_view(session: Session, exam: Exam, now: datetime, *, division: str = "", token: str = "") -> dict[str, Any]:
    """Return the board for the wall: what candidates may see, without controls. token : what opens it without a log-in."""
    given: dict[str, Any] = {"token": token} if token else {}
    division = division[:MAX_DIVISION]
    shown = table(session, exam, "public", division, now)
    address: dict[str, Any] = {**given, **({"division": division} if division else {})}
    return {
        **_view(session, exam, shown, "public", now), "refresh_s": WALL_REFRESH_S, "links": None, "rows": shown.text,
        "tabs": _tabs(shown, division, lambda name: url_for("board.projector", exam_id=exam.id, **given, **name)),
        "rows_url": url_for("board.projector_rows", exam_id=exam.id, v=shown.version, **address),
    }


def _view(session: Session, exam: Exam, shown: Table, seen: Audience, now: datetime) -> dict[str, Any]:
    marks = catalog.module_marks(session, exam.paper)
    modules = catalog.paper_spec(exam.paper).modules
    return {
        "exam": {"id": exam.id, "title": exam.title, "mode": exam.mode,
                 "state_text": str(STATES[exam_phase(exam.opens_at, exam.closes_at, now)])},
        "modules": [{"title": m.title, "marks": marks[n]} for n, m in enumerate(modules)], "total_candidates": len(shown.ends),
        "updated": now, "prizes": shown.prizes, "notes": _notes(exam, shown, seen, now), "steps": shown.steps,
        "revealed": min(exam.revealed, shown.steps),
    }


def _notes(exam: Exam, shown: Table, seen: Audience, now: datetime) -> dict[str, Any]:
    """Return what the board says of itself: how ties are decided, the freeze, numbers for names, halves of metric tasks."""
    paper, final = catalog.paper_spec(exam.paper), results.final(exam)
    return {
        "ties": tie_text(paper.tie_break, {m.id: m.title for m in paper.modules}), "staff": seen != "public",
        "freeze_at": None if final else exam.freeze_at, "frozen": not final and exam.freeze_at is not None and now >= exam.freeze_at,
        "held": not final and exam.release == "held" and exam.freeze_at is None, "blind": exam.blind and not final,
        "split": "" if not shown.split else "public" if not final and seen == "public" else "final",
    }


def _tabs(shown: Table, division: str, address: Any) -> list[dict[str, Any]]:
    names = ["", *shown.divisions] if shown.divisions else []
    return [{"text": n or _("全部"), "on": n == division, "url": address({"division": n} if n else {})} for n in names]


def _with_own(session: Session, exam: Exam, shown: Table, user: User) -> bytes:
    """Return the rows with the candidate's own: at the rank that the board shows, with their own marks as they are."""
    if user.id not in shown.place:
        return shown.text
    place, live = shown.place[user.id], boards.since(exam) is not None
    standing = shown.standings[place]
    if live:  # the board may show less than they themselves may see
        final = results.final(exam)
        [entry] = best_per_candidate(with_cells(e, final=final) for e in results.entries(session, exam, user.id))
        standing = Standing(standing.rank, entry)
    return shown.with_row(place, own_row(exam, shown, standing, live=live))


def own_row(exam: Exam | Row[Any], shown: Table, standing: Standing, *, live: bool) -> Markup:
    """Return the row of the candidate who looks. live : with their marks as they are, not as the board shows them."""
    naming = naming_of(exam, "public", divided=bool(shown.divisions))
    own = row(standing, naming, award=shown.won.get(standing.entry.user_id, ""), me=True, live=live)
    return rendered(own, prizes=shown.prizes)


def page(template: str, view: dict[str, Any]) -> bytes:
    """Return the rendered page around the rows of `view`, which are many and rendered already."""
    rows, here = view["rows"], hole("rows")
    before, _, after = render_template(template, **{**view, "rows": here if rows else ""}).partition(here)
    return b"".join((before.encode(), rows, after.encode()))


def unchanged(session: Session, exam: Exam, version: str, now: datetime) -> bool:
    """Return whether who has seen `version` has seen the newest board."""
    return version == boards.version(session, exam, now)


def tie_text(tie_break: Sequence[str], modules: Mapping[str, str] | None = None) -> str:
    """Return the paper's tie-break rule as a sentence. modules : id → title."""
    rules = [_(rule, module=(modules or {}).get(module, module)) if module else _(rule) for rule, module in tie_rules(tie_break)]
    text: str = _("总分相同时，%(rules)s。", rules=_("；再相同时，").join(rules)) if rules else _("总分相同者名次并列。")
    return text
