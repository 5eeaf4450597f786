"""Ability report: function → content → code, theory and practical apart, what was not tested kept apart from 0 %."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading import ability
from grading.syllabus import Place, names, place
from simulator import redo, reports
from simulator.catalog import TaskCache
from simulator.models import Attempt, TaskVersion, User
from simulator.pages.report import chosen, chosen_form, figure_view, who
from simulator.reports import Answer

Tree = dict[str, dict[str, dict[Place, list[Answer]]]]


def ability_view(
    session: Session, cache: TaskCache, user: User, viewer: User, args: Mapping[str, str], zone: ZoneInfo, now: datetime
) -> dict[str, Any]:
    """Return the ability report of `user`."""
    wanted = chosen(args, zone)
    told = reports.attempts_of(session, user, now)
    sat = wanted.of(told)
    found = reports.answers(session, cache, sat)
    shown = reports.first_only(found) if wanted.first else found
    named = names(reports.standards(session, told)) | dict(reports.contest_names(told))
    drills = _drills(session, cache, user, now) if user.id == viewer.id else {}
    functions = [_function(code, contents, named, drills) for code, contents in _tree(shown, named).items()]
    return {
        "person": who(user, viewer), "form": chosen_form(args, wanted), "attempts": len(sat), "functions": functions,
        "tested": sum(row["tested"] for function in functions for content in function["contents"] for row in content["rows"]),
        "codes": sum(len(content["rows"]) for function in functions for content in function["contents"]),
        "times": _times(session, sat, found),
    }


def _tree(found: Iterable[Answer], named: Mapping[str, str]) -> Tree:
    """Return function → content → code → answers, in the standard's order, with every code of the standard."""
    by_place: dict[Place, list[Answer]] = {place(code): [] for code in named if code[:1] in "TSP"}
    for answer in found:
        for where in answer.places:
            by_place.setdefault(where, []).append(answer)
    tree: Tree = {}
    for where in sorted(by_place, key=lambda one: one.order):
        tree.setdefault(where.function, {}).setdefault(where.content, {})[where] = by_place[where]
    return tree


def _function(
    code: str, contents: dict[str, dict[Place, list[Answer]]], named: Mapping[str, str], drills: Mapping[str, int]
) -> dict[str, Any]:
    titles = {"": _("没有标注代码"), "C": _("竞赛模块")}
    return {
        "title": titles.get(code) or named.get(code, code.partition("/")[2]), "number": code.partition("/")[2],
        **_figures(answer for rows in contents.values() for own in rows.values() for answer in own),
        "contents": [_content(content, rows, named, drills) for content, rows in contents.items()],
    }


def _content(code: str, rows: dict[Place, list[Answer]], named: Mapping[str, str], drills: Mapping[str, int]) -> dict[str, Any]:
    return {
        "title": named.get(code, ""), "number": code.partition("/")[2], **_figures(answer for own in rows.values() for answer in own),
        "rows": [row for where, own in rows.items() for row in _rows(where, own, named, drills)],
    }


def _figures(found: Iterable[Answer]) -> dict[str, Any]:
    """Return theory and practical apart; a point with two codes counts once."""
    once = {(a.attempt_id, a.position, a.point): a for a in found}.values()
    return {
        "theory": figure_view(ability.theory([a.observation for a in once if a.form])),
        "practical": figure_view(ability.practical([a.observation for a in once if not a.form])),
    }


def _rows(where: Place, own: Sequence[Answer], named: Mapping[str, str], drills: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return a code's row; two if it was asked both in theory and in practice."""
    kinds = sorted({bool(answer.form) for answer in own}, reverse=True) or [where.code.startswith("T")]
    return [_row(where, [a for a in own if bool(a.form) is theory], named, drills if theory else {}, theory=theory) for theory in kinds]


def _row(where: Place, own: Sequence[Answer], named: Mapping[str, str], drills: Mapping[str, int], *, theory: bool) -> dict[str, Any]:
    figure = (ability.theory if theory else ability.practical)([answer.observation for answer in own])
    again = drills.get(where.code, 0)
    return {
        "code": where.code, "name": named.get(where.code, ""), "theory": theory, "figure": figure_view(figure), "tested": figure.n > 0,
        "drill": again, "drill_url": url_for("mistakes.start", code=where.code) if again else None,
    }


def _drills(session: Session, cache: TaskCache, user: User, now: datetime) -> Mapping[str, int]:
    """Return how many items of each code stand in the 错题本."""
    counts: dict[str, int] = defaultdict(int)
    for mistake in redo.book(session, cache, user, now):
        for where in mistake.places:
            counts[where.code] += mistake.inside
    return counts


def _times(session: Session, attempts: Sequence[Attempt], found: Iterable[Answer]) -> list[dict[str, Any]]:
    """Return the practical tasks with the time spent on them in the latest attempt and on average, against the sheet's minutes."""
    measured = reports.seconds(session, [attempt.id for attempt in attempts])
    used: dict[str, list[int]] = defaultdict(list)
    latest: dict[str, Answer] = {}
    for answer in {(a.attempt_id, a.position): a for a in found if not a.form}.values():
        used[answer.task_id] += [measured[answer.attempt_id, answer.position]] if (answer.attempt_id, answer.position) in measured else []
        latest[answer.task_id] = answer
    ids = [answer.version_id for answer in latest.values()]
    versions = {version.id: version for version in session.scalars(select(TaskVersion).where(TaskVersion.id.in_(ids)))}
    return [
        {
            "title": versions[answer.version_id].title, "minutes": versions[answer.version_id].minutes,
            "seconds": measured.get((answer.attempt_id, answer.position)), "times": len(used[task_id]),
            "mean": sum(used[task_id]) // len(used[task_id]) if used[task_id] else None,
            "url": url_for("results.show", attempt_id=answer.attempt_id, _anchor=f"r{answer.position}"),
        } for task_id, answer in latest.items()
    ]
