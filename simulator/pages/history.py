"""How the marks of a submission came about: every marking that counted, with what it changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from grading import totals
from simulator.models import Marking, Remarking, TaskVersion, User, VerdictRow
from simulator.pages.words import listed

ORIGINS = {"auto": _l("重新评分"), "strict": _l("严格复评"), "remark": _l("按新版试题重评"), "override": _l("人工改判")}


def histories(session: Session, submission_ids: Iterable[int], *, staff: bool, final: bool) -> dict[int, list[dict[str, Any]]]:
    """Return submission id → its markings, oldest first, for those that were marked more than once.

    staff : with who and by which version, and with what was taken back; final : with the private halves of metric tasks.
    """
    undone = Marking.remarking_id.in_(select(Remarking.id).where(Remarking.state == "undone"))
    shown = (Marking.state == "done", or_(Marking.counts, undone) if staff else Marking.counts)
    several = select(Marking.submission_id).where(Marking.submission_id.in_(list(submission_ids)), *shown)
    several = several.group_by(Marking.submission_id).having(func.count() > 1)
    rows = session.scalars(
        select(Marking).options(selectinload(Marking.verdicts)).where(Marking.submission_id.in_(several), *shown).order_by(Marking.id)
    )
    found: dict[int, list[Marking]] = defaultdict(list)
    for marking in rows:
        found[marking.submission_id].append(marking)
    return {key: _entries(session, markings, staff=staff, final=final) for key, markings in found.items()}


def _entries(session: Session, markings: list[Marking], *, staff: bool, final: bool) -> list[dict[str, Any]]:
    entries = []
    standing: Marking | None = None
    for marking, following in zip_longest(markings, markings[1:]):
        if following is not None and _carried(following):
            continue  # both are one step: marked again, with the decisions of people
        entries.append({
            "at": marking.done_at, "what": _what(marking, standing), "points": _changed(standing, marking, final=final) if standing else "",
            "earned": sum(v.earned for v in _counting(marking, final=final) if v.status not in totals.UNSETTLED),
            "marks": sum(v.marks for v in _counting(marking, final=final)), "first": standing is None,
            "who": _who(session, marking) if staff else "", "version": _version(session, marking) if staff else "",
            "undone": not marking.counts,
        })
        standing = marking if marking.counts else standing
    return entries


def _carried(marking: Marking) -> bool:
    """Return whether a marking was made by no person and no worker: a copy in which decisions stand."""
    return marking.asked_by is None and marking.origin in ("override", "remark")


def _what(marking: Marking, before: Marking | None) -> str:
    if before is None:
        return str(_("自动评分"))
    if marking.origin == "override" and _carried(marking):
        return str(_("按新版试题重评，人工改判保留") if marking.remarking_id else _("重新评分，人工改判保留"))
    return str(ORIGINS[marking.origin])


def _counting(marking: Marking, *, final: bool) -> list[VerdictRow]:
    return [verdict for verdict in marking.verdicts if totals.counts(verdict.board, final=final)]


def _changed(before: Marking, after: Marking, *, final: bool) -> str:
    """Return the points whose marks changed, as far as they may be seen: M3 0 → 2."""
    was, becomes = (
        {v.point_id: v.earned for v in marking.verdicts if final or v.board != "private"} for marking in (before, after)
    )
    names = [name for name in dict.fromkeys([*becomes, *was]) if was.get(name) != becomes.get(name)]
    return listed(f"{name} {_number(was.get(name))} → {_number(becomes.get(name))}" for name in names) or str(_("得分不变"))


def _number(earned: Any) -> str:
    return "—" if earned is None else f"{earned.normalize():f}"


def _who(session: Session, marking: Marking) -> str:
    person = session.get(User, marking.asked_by) if marking.asked_by else None
    return person.name if person else ""


def _version(session: Session, marking: Marking) -> str:
    version = session.get(TaskVersion, marking.task_version_id) if marking.task_version_id else None
    return version.hash[:8] if version else ""
