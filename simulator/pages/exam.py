"""The exam screen: modules, navigation, tasks with their fields and drafts, the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from flask import get_template_attribute, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.bank import JUDGE_OPTIONS
from grading.baselines import starter_text
from grading.drawing import option_order
from grading.fields import get_kind
from grading.model import FieldSpec, Task
from grading.paper import ModuleSpec, PaperSpec
from simulator import asking, attempts, catalog, clocks, phases, trials, turns
from simulator.catalog import TaskCache
from simulator.clocks import Sitting
from simulator.models import Attempt, AttemptTask, Draft
from simulator.pages.trial import panel_view
from simulator.rendering import language
from simulator.services import services
from simulator.statement import render, render_inline
from simulator.web import clock_text, hms


@dataclass(frozen=True)
class Sheet:
    """One attempt laid out: its paper, tasks, drafts, and which positions each screen shows."""

    attempt: Attempt
    paper: PaperSpec
    drafts: Mapping[int, Draft]
    screens: tuple[tuple[int, ...], ...]

    def screen_of(self, position: int) -> int:
        """Return the number of the screen (from 1) that shows `position`."""
        return next(n for n, positions in enumerate(self.screens, 1) if position in positions)

    def is_open(self, module: int) -> bool:
        """Return whether the tasks of `module` are there to be looked at and answered."""
        if self.paper.clock == "common":
            return True
        row = clocks.current(self.attempt)
        return row is not None and row.module == module

    def module_of(self, position: int) -> ModuleSpec:
        """Return the module of the task at `position`."""
        return self.paper.modules[self.attempt.tasks[position - 1].module]

    def label(self, position: int) -> str:
        """Return the task's number within its module."""
        item = self.attempt.tasks[position - 1]
        first = next(other.position for other in self.attempt.tasks if other.module == item.module)
        return str(position - first + 1)


def load_sheet(session: Session, attempt: Attempt) -> Sheet:
    """Return the layout of `attempt`: a `list` module is one screen, other tasks are a screen each."""
    paper = catalog.paper_spec(attempt.exam.paper)
    drafts = {d.position: d for d in session.scalars(select(Draft).where(Draft.attempt_id == attempt.id))}
    screens: list[tuple[int, ...]] = []
    for number, module in enumerate(paper.modules):
        positions = [item.position for item in attempt.tasks if item.module == number]
        screens += [tuple(positions)] if module.layout == "list" else [(position,) for position in positions]
    return Sheet(attempt, paper, drafts, tuple(screens))


def answer_state(task_fields: list[FieldSpec], draft: Draft | None) -> str:
    """Return blank, partial or answered, from the draft alone (nothing is judged)."""
    if draft is None:
        return "blank"
    filled = [not get_kind(field.kind).is_blank(draft.response.get(field.id)) for field in task_fields]
    return "answered" if all(filled) else "partial" if any(filled) else "blank"


def state_of(session: Session, cache: TaskCache, sheet: Sheet, item: AttemptTask) -> str:
    """Return the answer state of one task; an item with one field needs no package to be opened."""
    draft = sheet.drafts.get(item.position)
    if draft is None:
        return "blank"
    return answer_state(list(cache.get(session, item.version).fields), draft)


def navigation(session: Session, cache: TaskCache, sheet: Sheet, screen: int | None) -> list[dict[str, Any]]:
    """Return modules with their numbered items for the navigation panel; if modules have clocks of their own, the open one."""
    modules: list[dict[str, Any]] = [{"title": module.title, "items": []} for module in sheet.paper.modules]
    for item in sheet.attempt.tasks:
        if not sheet.is_open(item.module):
            continue
        number = sheet.screen_of(item.position)
        modules[item.module]["items"].append({
            "position": item.position, "label": sheet.label(item.position), "flagged": item.flagged,
            "title": item.version.title, "state": state_of(session, cache, sheet, item), "current": number == screen, "screen": number,
            "url": url_for("exam.screen", attempt_id=sheet.attempt.id, screen=number) + f"#t{item.position}",
        })
    return [with_rows(module) for module in modules if module["items"]]


def with_rows(group: dict[str, Any]) -> dict[str, Any]:
    """Return a module of the navigation panel with its links, and how many of its tasks are answered and on this screen."""
    items = group["items"]
    here = sum(item["current"] for item in items)
    rows = Markup().join(
        nav_row(language(), i["label"], i["position"], i["screen"], i["state"], i["flagged"], i["current"] and here == 1) for i in items
    )
    return {**group, "rows": rows, "here": here, "done": sum(item["state"] == "answered" for item in items)}


@lru_cache(maxsize=8192)
def nav_row(_language: str, label: str, position: int, screen: int, state: str, flagged: bool, alone: bool) -> Markup:
    """Return one link of the navigation panel, in the language of this request."""
    macro = get_template_attribute("macros/nav.html", "nav_row")
    return Markup(macro(label, position, screen, state, flagged, alone))  # noqa: S704  rendered, so escaped


def clock(attempt: Sitting, now: datetime, module: int | None = None) -> dict[str, Any]:
    """Return the time left in milliseconds (differences only: the two machines' clocks are never compared).

    module : of the page, if modules have clocks of their own; then it is its time. overtime_ms : how long one may go on after the end;
    state : running, paused, left (the module is handed in or over) or closed.
    """
    timing, left = attempts.timing(attempt), time_left(attempt, now, module)
    row = next((row for row in attempt.modules if row.module == module), None)
    total = (
        phases.effective_deadline(timing) - attempt.started_at if row is None
        else phases.module_deadline(timing, clocks.module_timing(attempt, row)) - row.entered_at
    )
    found = clocks.phase(attempt, now, module)
    state = "closed" if attempt.state == "closed" else "paused" if found == "paused" else "left" if found == "over" and row else "running"
    return {
        "remaining_ms": _ms(left), "total_ms": _ms(total), "server_time": now, "state": state, "overtime_ms": _ms(timing.overtime),
        "text": clock_text(left),
    }


def time_left(attempt: Sitting, now: datetime, module: int | None) -> timedelta:
    """Return the time left in `module`, if it has a clock of its own and was entered, else in the attempt."""
    timing = attempts.timing(attempt)
    row = next((row for row in attempt.modules if row.module == module), None)
    return phases.remaining(timing, now) if row is None else phases.module_remaining(timing, clocks.module_timing(attempt, row), now)


def beat_view(attempt: Sitting, now: datetime, module: int | None, notice_id: int) -> dict[str, Any]:
    """Return what a page hears each time it tells that it is there. notice_id : of the newest message, 0 for none."""
    view = clock(attempt, now, module)
    return {name: view[name] for name in ("remaining_ms", "overtime_ms", "state")} | {"server_time": hms(now), "notice_id": notice_id}


def saved_view(attempt: Sitting, module: int | None, rev: int, saved_at: datetime, now: datetime) -> dict[str, Any]:
    """Return the answer to a save. module : of the task, whose clock the page shows if modules have their own."""
    return {"rev": rev, "saved_at": hms(saved_at), "remaining_ms": _ms(time_left(attempt, now, module))}


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


def task_view(session: Session, cache: TaskCache, sheet: Sheet, position: int, now: datetime) -> dict[str, Any]:
    """Return one task as the exam page shows it."""
    item = sheet.attempt.tasks[position - 1]
    task = cache.get(session, item.version)
    draft = sheet.drafts.get(position)
    where: dict[str, Any] = {"attempt_id": sheet.attempt.id, "position": position}
    practice = sheet.attempt.exam.mode == "practice"
    return {
        "position": position, "label": sheet.label(position), "title": task.title, "marks": item.marks, "minutes": task.minutes,
        "statement_html": render_inline(task.statement) if task.form else render(task.statement), "form": task.form,
        "fields": [field_view(sheet, task, field, position, draft) for field in task.fields],
        "runs": runs_view(session, task, where, now, sheet.attempt.exam.mode) if task.runs else [],
        "files": [{"name": n, "size": file_size(task, n), "url": url_for("exam.file", name=n, **where)} for n in task.files],
        "flagged": pressed(item.flagged), "rev": draft.rev if draft else 0, "saved_at": hms(draft.saved_at) if draft else "",
        "save_url": url_for("exam.save", **where), "flag_url": url_for("exam.flag", **where),
        "check_url": url_for("exam.check", **where) if practice else None, "feedback": None,
        "state": answer_state(list(task.fields), draft),
    }


def pressed(flagged: bool) -> str:
    """Return the state of the button with which a candidate marks a task."""
    return "true" if flagged else "false"


def runs_view(session: Session, task: Task, where: dict[str, Any], now: datetime, mode: str) -> list[dict[str, Any]]:
    """Return the task's trial runs, each with its last one as it stands now. mode : of the exam; model : the language model that may
    answer ("": none); by_model : it did the last time."""
    last = trials.latest(session, where["attempt_id"], where["position"])
    return [
        {
            "id": run.id, "of": run.of, "title": run.title or _("试运行"), "url": url_for("trials.ask", run_id=run.id, **where),
            "trial": panel_view(session, last[run.id], now) if run.id in last else None,
            "model": asking.offered(run, mode, services().model), "by_model": run.id in last and bool(last[run.id].model),
            "chat": turns.is_chat(run), "turns": (last[run.id].input if run.id in last else None) or [],
        }
        for run in task.runs if run.purpose != "marking"
    ]


def file_size(task: Task, name: str) -> int:
    """Return the size in bytes of one of the task's given files."""
    assert task.root is not None
    return (task.root / "files" / name).stat().st_size


def field_view(sheet: Sheet, task: Task, field: FieldSpec, position: int, draft: Draft | None) -> dict[str, Any]:
    """Return one field as its widget needs it."""
    kind = get_kind(field.kind)
    where: dict[str, Any] = {"attempt_id": sheet.attempt.id, "position": position, "field_id": field.id}
    value = draft.response.get(field.id) if draft else None
    return {
        "id": field.id, "kind": field.kind, "label": field.label, "help": field.help, "value": value,
        "spec": field.model_dump(mode="json"), "input_name": f"f-{position}-{field.id}",
        "options": options_view(sheet, task, field, value), "multiple": getattr(field, "form", "") == "multiple",
        "starter": starter_text(task, field) or "", "upload_url": url_for("exam.upload", **where) if kind.takes_file else None,
        "download_url": url_for("exam.blob", **where) if kind.takes_file and value else None,
        "lint_url": url_for("linting.lint", **where) if kind.lint else None,
    }


def options_view(sheet: Sheet, task: Task, field: Any, value: Any = None) -> list[dict[str, Any]]:
    """Return a choice field's options in this candidate's order; `label` is the letter they see, `id` the stored one."""
    if field.kind != "choice":
        return []
    texts = JUDGE_OPTIONS if field.form == "judge" else field.options
    order = list(texts)
    if field.form != "judge" and task.form and sheet.paper.shuffle_options:
        order = option_order(order, seed=sheet.attempt.seed, task_id=task.id)
    labels = [""] * len(order) if field.form == "judge" else "ABCDEFGHIJ"
    return [{"id": i, "label": labels[n], "html": render_inline(texts[i]), "checked": checked(i, value)} for n, i in enumerate(order)]


def checked(option: str, value: Any) -> str:
    """Return the attribute of an option that is chosen."""
    return " checked" if option in (value or ()) else ""
