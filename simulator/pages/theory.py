"""A screen of theory items, rendered once for all who have the same items in the same order, and filled for each candidate.

In a contest that is everybody; elsewhere it is one attempt, whose page is asked for again and again. What is kept knows no candidate:
its holes are their number, name, token, answers, marks and time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple

from flask import current_app, render_template, request
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.orm import Session

from grading.fields import get_kind
from simulator.catalog import TaskCache
from simulator.clocks import own_clocks, phase
from simulator.models import Attempt, AttemptTask, Draft
from simulator.pages.exam import checked, clock, nav_row, pressed
from simulator.pages.holes import Holed, hole
from simulator.pages.screen import screen_view
from simulator.rendering import language
from simulator.seen import Seen
from simulator.web import hms

KEPT = 400
FORMS = frozenset({"judge", "single", "multiple"})


@dataclass(frozen=True)
class Place:
    """One task of the paper in the navigation panel. fields : id and blank test of each field of the task."""

    position: int
    label: str
    screen: int
    alone: bool
    fields: tuple[tuple[str, Callable[[Any], bool]], ...]


@dataclass(frozen=True)
class Item:
    """One task on the screen. rev, saved_at, flagged : names of its holes; options : hole of each option → field and option."""

    position: int
    rev: str
    saved_at: str
    flagged: str
    options: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Theory:
    """A kept screen. groups : of the navigation panel; module : index of the group that this screen is part of."""

    page: Holed
    items: tuple[Item, ...]
    groups: tuple[tuple[Place, ...], ...]
    module: int


class Screens:
    """The screens of this process that were asked for last. Thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Theory | None] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...], make: Callable[[], Theory | None]) -> Theory | None:
        """Return the screen, made if it is not there; None if it cannot be kept (that is remembered, too)."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = make()
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


class Row(NamedTuple):
    """One task of the attempt, with its draft."""

    position: int
    module: int
    version: int
    flagged: bool
    rev: int
    response: Mapping[str, Any]
    saved_at: datetime | None


_ROWS = (
    select(AttemptTask.position, AttemptTask.module, AttemptTask.task_version_id, AttemptTask.flagged, Draft.rev, Draft.response,
           Draft.saved_at)
    .outerjoin(Draft, (Draft.attempt_id == AttemptTask.attempt_id) & (Draft.position == AttemptTask.position))
    .where(AttemptTask.attempt_id == bindparam("attempt_id")).order_by(AttemptTask.position)
)


def page(
    connection: Connection, session: Callable[[], Session], cache: TaskCache, seen: Seen, screen: int, now: datetime
) -> str | None:
    """Return the page of one screen; None if it is not one of theory items alone, or is not open.

    session : opens a session, for a screen that is not kept yet.
    """
    if phase(seen, now) == "over" or own_clocks(seen):
        return None
    found = connection.execute(_ROWS, {"attempt_id": seen.id}).all()  # at once: row by row, threads would change turns for each
    rows = [Row(p, m, v, flagged, rev or 0, response or {}, saved) for p, m, v, flagged, rev, response, saved in found]
    shuffle = seen.seed if seen.paper.shuffle_options else 0
    key = (
        language(), request.script_root, seen.exam_id, seen.exam.title, seen.exam.mode, seen.number, screen, shuffle,
        tuple(row.version for row in rows),
    )
    screens: Screens = current_app.extensions.setdefault("theory", Screens())
    kept = screens.get(key, lambda: _make(session(), cache, seen.id, screen, now))
    return None if kept is None else kept.page.filled(_values(kept, seen, {row.position: row for row in rows}, now))


def _make(session: Session, cache: TaskCache, attempt_id: int, screen: int, now: datetime) -> Theory | None:
    """Render the screen with holes, from one candidate's attempt."""
    attempt = session.get_one(Attempt, attempt_id)
    view = screen_view(session, cache, attempt, screen, now)
    if view is None or not all(task["form"] in FORMS for task in view["tasks"]):
        return None
    items = tuple(_item(task) for task in view["tasks"])
    here = {item.position for item in items}
    versions = {item.position: item.version for item in attempt.tasks}
    groups = tuple(
        tuple(_place(session, cache, place, versions, alone=place["current"] and group["here"] == 1) for place in group["items"])
        for group in view["nav"]
    )
    for number, group in enumerate(view["nav"]):
        group |= {"rows": Markup(hole(f"rows-{number}")), "done": hole(f"done-{number}")}  # noqa: S704  a name of ours
    module = next(number for number, group in enumerate(groups) if here & {place.position for place in group})
    view["module"]["answered"] = hole(f"done-{module}")
    view["clock"] = {name: hole(f"clock-{name}") for name in view["clock"]}
    rendered = render_template("exam/screen.html", **view, user=hole("user"))
    return Theory(Holed.of(_anonymous(rendered, attempt_id)), items, groups, module)


def _item(task: dict[str, Any]) -> Item:
    """Put holes into the view of a task; return what fills them."""
    position, options = task["position"], {}
    names = {name: f"{name}-{position}" for name in ("rev", "saved_at", "flagged")}
    task.update({name: hole(own) for name, own in names.items()})
    for field in task["fields"]:
        for option in field["options"]:
            name = f"chosen-{position}-{field['id']}-{option['id']}"
            option["checked"] = hole(name)
            options[name] = (field["id"], option["id"])
    return Item(position, **names, options=options)


def _place(session: Session, cache: TaskCache, place: dict[str, Any], versions: Mapping[int, Any], *, alone: bool) -> Place:
    fields = cache.get(session, versions[place["position"]]).fields
    return Place(place["position"], place["label"], place["screen"], alone, tuple((f.id, get_kind(f.kind).is_blank) for f in fields))


def _anonymous(rendered: str, attempt_id: int) -> str:
    """Return the page with holes where the attempt's number and the form's token stand."""
    rendered = rendered.replace(generate_csrf(), hole("token")).replace(f'data-attempt="{attempt_id}"', f'data-attempt="{hole("attempt")}"')
    for begin, slash in (("/attempts/", "/"), ("%2Fattempts%2F", "%2F")):
        rendered = rendered.replace(f"{begin}{attempt_id}{slash}", f"{begin}{hole('attempt')}{slash}")
    return rendered


def _values(kept: Theory, seen: Seen, rows: Mapping[int, Row], now: datetime) -> dict[str, str]:
    time = clock(seen, now)
    found = {f"clock-{name}": str(value) for name, value in time.items()}
    found |= {"attempt": str(seen.id), "token": generate_csrf(), "user": str(escape(seen.username))}
    spoken = language()
    for number, group in enumerate(kept.groups):
        states = [_state(place, rows[place.position]) for place in group]
        found[f"done-{number}"] = str(states.count("answered"))
        found[f"rows-{number}"] = "".join(
            nav_row(spoken, place.label, place.position, place.screen, state, rows[place.position].flagged, place.alone)
            for place, state in zip(group, states, strict=True)
        )
    for item in kept.items:
        row = rows[item.position]
        found[item.rev], found[item.flagged] = str(row.rev), pressed(row.flagged)
        found[item.saved_at] = hms(row.saved_at) if row.saved_at else ""
        for name, (field, option) in item.options.items():
            found[name] = checked(option, row.response.get(field))
    return found


def _state(place: Place, row: Row) -> str:
    """Return blank, partial or answered, as `pages.exam.answer_state` does."""
    if row.saved_at is None:
        return "blank"
    filled = [not is_blank(row.response.get(name)) for name, is_blank in place.fields]
    return "answered" if all(filled) else "partial" if any(filled) else "blank"
