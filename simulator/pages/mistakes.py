"""The 错题本: what stands in it, one item to redo, and practical tasks that lost marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.bank import JUDGE_OPTIONS
from grading.model import Task
from grading.syllabus import names
from simulator import redo, reports
from simulator.catalog import TaskCache
from simulator.classreport import cause
from simulator.models import Attempt, Exam, Redo, TaskVersion, User
from simulator.pages.exam import checked
from simulator.pages.home import visible_exams
from simulator.pages.report import CAUSES, FORMS, who
from simulator.pages.words import listed
from simulator.phases import exam_phase
from simulator.redo import Mistake, Progress, Round, Wanted
from simulator.reports import Answer
from simulator.statement import render_inline

FEW = 10
LETTERS = "ABCDEFGHIJ"
POSITION = 1
"""The redo page has one item; its widget names its inputs by this position."""


def wanted(args: Mapping[str, str]) -> Wanted:
    """Return the part of the book that a query string asks for; what makes no sense is left open."""
    form = args.get("form", "")
    return Wanted(args.get("code", "")[:40], form if form in FORMS else "", number(args, "exam"))


def number(args: Mapping[str, str], name: str) -> int:
    """Return a whole number of a query string, 0 if it is none."""
    text = args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def read_round(args: Mapping[str, str]) -> Round:
    """Return the round of redos that a query string describes."""
    return Round(number(args, "since"), number(args, "count"), wanted(args))


def round_args(a_round: Round) -> dict[str, Any]:
    """Return the query string that describes a round; what is open is left out."""
    part = a_round.wanted
    found = {"since": a_round.since, "count": a_round.count, "code": part.code, "form": part.form, "exam": part.exam_id}
    return {name: value for name, value in found.items() if value or name == "since"}


def mistakes_view(session: Session, cache: TaskCache, user: User, args: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """Return the book of `user`."""
    mistakes, part = redo.book(session, cache, user, now), wanted(args)
    told = reports.attempts_of(session, user, now)
    named = names(reports.standards(session, told))
    titles = {attempt.exam_id: attempt.exam.title for attempt in told}
    own = [mistake for mistake in mistakes if part.fits(mistake)]
    inside = [mistake for mistake in own if mistake.inside]
    given = {name: value for name, value in round_args(Round(0, 0, part)).items() if name != "since"}
    return {
        "person": who(user, user), "all": len(mistakes), "items": [_row(session, cache, m, named, titles) for m in inside],
        "left": [_row(session, cache, m, named, titles) for m in own if not m.inside],
        "form": {"code": part.code, "form": part.form, "exam": part.exam_id or "", **_choices(mistakes, named, titles)},
        "all_url": url_for("mistakes.start", **given),
        "few_url": url_for("mistakes.start", count=FEW, **given) if len(inside) > FEW else None, "few": FEW,
        "practical": _practical(session, cache, user, told, now), "leave": redo.LEAVE,
    }


def _choices(mistakes: Iterable[Mistake], named: Mapping[str, str], titles: Mapping[int, str]) -> dict[str, Any]:
    found = list(mistakes)
    places = dict.fromkeys(place for mistake in found for place in mistake.places if place.code)
    codes: dict[str, str] = {}
    for place in places:
        if place.content:
            codes.setdefault(place.content, f"{place.content.partition('/')[2]} {named.get(place.content, '')}")
        codes[place.code] = f"\u00a0\u00a0{place.code} {named.get(place.code, '')}"
    exams = sorted({exam_id for mistake in found for exam_id in mistake.exams}, reverse=True)
    return {
        "codes": [("", _("全部")), *codes.items()], "forms": [("", _("全部")), *((key, str(text)) for key, text in FORMS.items())],
        "exams": [("", _("全部")), *((exam_id, titles[exam_id]) for exam_id in exams)],
    }


def _row(session: Session, cache: TaskCache, mistake: Mistake, named: Mapping[str, str], titles: Mapping[int, str]) -> dict[str, Any]:
    task = _task(session, cache, mistake)
    place = mistake.places[0]
    return {
        "stem_html": render_inline(task.statement), "form": str(FORMS[mistake.form]), "code": place.code,
        "name": named.get(place.code, ""), "wrong": mistake.wrong, "at": mistake.at, "streak": mistake.streak,
        "exams": listed(titles[exam_id] for exam_id in sorted(mistake.exams)),
        "redo_url": url_for("mistakes.item", version_id=mistake.version_id),
        "back_url": url_for("mistakes.back", version_id=mistake.version_id),
    }


def _task(session: Session, cache: TaskCache, mistake: Mistake) -> Task:
    return cache.get(session, session.get_one(TaskVersion, mistake.version_id))


def item_view(
    session: Session, cache: TaskCache, user: User, mistake: Mistake, a_round: Round | None, where: Progress | None, error: str = ""
) -> dict[str, Any]:
    """Return one item to be answered: without its key, its explanation, or the answers given before."""
    task = _task(session, cache, mistake)
    given = round_args(a_round) if a_round else {}
    return {
        **_item(task, redo.options(task, user.id, mistake.last), []), "result": None, "where": where, "error": error,
        "last": mistake.last, "answer_url": url_for("mistakes.answer", version_id=mistake.version_id, **given),
        "next_url": None, "end_url": url_for("mistakes.show"),
    }


def result_view(session: Session, cache: TaskCache, user: User, found: Redo, mistake: Mistake, a_round: Round | None) -> dict[str, Any]:
    """Return an answered item with its key and explanation, and where to go on."""
    task = cache.get(session, session.get_one(TaskVersion, found.task_version_id))
    order = redo.options(task, user.id, redo.before(session, found))
    given = round_args(a_round) if a_round else {}
    again = url_for("mistakes.item", version_id=mistake.version_id)
    return {
        **_item(task, order, found.response[task.fields[0].id]), "where": None, "error": "", "last": found.id, "answer_url": "",
        "result": {
            "right": found.correct, "key": _letters(task, order, task.bound[task.points[0].id]["key"]),
            "own": _letters(task, order, found.response[task.fields[0].id]), "explanation_html": render_inline(task.explanation),
            "streak": mistake.streak, "inside": mistake.inside, "needed": redo.LEAVE,
        },
        "next_url": url_for("mistakes.following", **given) if a_round else again if mistake.inside else None,
        "end_url": url_for("mistakes.show"),
    }


def _item(task: Task, order: Sequence[str], value: Sequence[str]) -> dict[str, Any]:
    """Return a theory item in the shape that its widget knows from the exam."""
    texts = JUDGE_OPTIONS if task.form == "judge" else getattr(task.fields[0], "options", {})
    letters = [""] * len(order) if task.form == "judge" else LETTERS
    field = {
        "id": task.fields[0].id, "kind": "choice", "label": "", "help": "", "value": list(value), "input_name": "answer",
        "multiple": task.form == "multiple",
        "options": [
            {"id": option, "label": letters[n], "html": render_inline(texts[option]), "checked": checked(option, value)}
            for n, option in enumerate(order)
        ],
    }
    statement = render_inline(task.statement)
    return {"task": {"position": POSITION, "form": task.form, "title": str(FORMS[task.form]), "statement_html": statement}, "field": field}


def _letters(task: Task, order: Sequence[str], ids: Iterable[str]) -> str:
    chosen = set(ids)
    if task.form == "judge":
        return listed(JUDGE_OPTIONS[option] for option in order if option in chosen)
    return listed(LETTERS[n] for n, option in enumerate(order) if option in chosen)


def _practical(session: Session, cache: TaskCache, user: User, told: Sequence[Attempt], now: datetime) -> list[dict[str, Any]]:
    """Return the practical tasks whose latest attempt lost marks: for what, where to read more, where to practise."""
    latest: dict[str, list[Answer]] = {}
    for answer in reports.answers(session, cache, told):
        if not answer.form:
            same = [a for a in latest.get(answer.task_id, []) if (a.attempt_id, a.position) == (answer.attempt_id, answer.position)]
            latest[answer.task_id] = [*same, answer]
    drills = [e for e in visible_exams(session, user) if e.mode == "practice" and exam_phase(e.opens_at, e.closes_at, now) == "open"]
    ids = [own[0].version_id for own in latest.values()]
    titles = {v.id: v.title for v in session.scalars(select(TaskVersion).where(TaskVersion.id.in_(ids)))}
    exams = {attempt.exam_id: attempt.exam.title for attempt in told}
    return [
        _lost(task_id, own, titles[own[0].version_id], exams[own[0].exam_id], drills) for task_id, own in latest.items()
        if any(answer.earned < answer.marks for answer in own)
    ]


def _lost(task_id: str, own: Sequence[Answer], title: str, exam: str, drills: Iterable[Exam]) -> dict[str, Any]:
    return {
        "title": title, "exam": exam, "earned": sum(a.earned for a in own), "marks": sum(a.marks for a in own), "at": own[0].at,
        "points": [
            {"id": a.point, "title": a.title, "lost": a.marks - a.earned, "cause": str(CAUSES[cause(a)]), "reason": a.reason}
            for a in own if a.earned < a.marks
        ],
        "url": url_for("results.show", attempt_id=own[0].attempt_id, _anchor=f"r{own[0].position}"),
        "drills": [
            {"title": exam.title, "url": url_for("exam.lobby", exam_id=exam.id)} for exam in drills if task_id in exam.paper.spec["tasks"]
        ],
    }
