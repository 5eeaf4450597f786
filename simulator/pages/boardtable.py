"""The rows of a board, rendered once for everybody who may see the same, and kept until something changes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from threading import Lock
from typing import Any, Literal

from flask import current_app, get_template_attribute
from markupsafe import Markup
from sqlalchemy import Row
from sqlalchemy.orm import Session

from simulator import awards, boards, catalog, results
from simulator.models import Exam
from simulator.pages.boardrow import Naming, row
from simulator.rendering import language
from simulator.services import services
from simulator.standings import Standing, rank

Audience = Literal["public", "staff", "named"]
"""Candidates and the room; staff; staff who see names although the candidates stand under numbers."""

KEPT = 64
REST = 20  # a board that is slow to render rests for so many times as long, while markings settle one after the other
LASTS_S = 60.0  # names and groups may change without a new version


@dataclass(frozen=True)
class Table:
    """A rendered board. text : its rows, one after the other, in UTF-8; ends : where each row ends in it; place : user id → index of
    their row; standings : of the rows; won : user id → award; hidden : rows that keep something back.

    split : there are metric tasks of two halves; prizes : the exam has awards; steps, latest : see `freezing.Frozen`.
    """

    version: str
    text: bytes
    ends: tuple[int, ...]
    place: dict[int, int]
    standings: tuple[Standing, ...]
    won: dict[int, str]
    divisions: tuple[str, ...]
    steps: int
    hidden: int
    split: bool
    prizes: bool

    def with_row(self, place: int, own: str) -> bytes:
        """Return the rows with the one at `place` replaced by `own`."""
        begin = self.ends[place - 1] if place else 0
        return b"".join((self.text[:begin], own.encode(), self.text[self.ends[place]:]))


class Tables:
    """The newest table of each board, audience, division and language. Thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], tuple[Table, float, float]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...], version: str, make: Callable[[], Table]) -> Table:
        """Return the table of `version`; for a moment still an older one whose settings are the same, if it took long to make."""
        found = self._kept.get(key)
        if found is not None and self._good(found, version, time.monotonic()):
            return found[0]
        with self._lock:  # whoever waits here for the same board need not make it again
            found = self._kept.get(key)
            if found is None or not self._good(found, version, time.monotonic()):
                started = time.monotonic()
                found = make(), started, time.monotonic() - started
                self._kept[key] = found
                self._kept.move_to_end(key)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return found[0]

    def peek(self, key: tuple[Any, ...], version: str) -> Table | None:
        """Return what `get` would give without making anything."""
        found = self._kept.get(key)
        return found[0] if found is not None and self._good(found, version, time.monotonic()) else None

    @staticmethod
    def _good(found: tuple[Table, float, float], version: str, now: float) -> bool:
        table, made, took = found
        if table.version == version:
            return now - made < LASTS_S
        return _settings(table.version) == _settings(version) and took > 0.1 and now - made < REST * took


def _settings(version: str) -> str:
    return version.partition(".")[2]


def kept(exam_id: int, seen: Audience, division: str, version: str) -> Table | None:
    """Return a table that need not be rendered, None if there is none."""
    tables: Tables = current_app.extensions.setdefault("boards", Tables())
    return tables.peek((exam_id, seen, division, language()), version)


def table(session: Session, exam: Exam, seen: Audience, division: str, now: datetime) -> Table:
    """Return the rendered rows of one division ("": of all)."""
    version = boards.version(session, exam, now)
    tables: Tables = current_app.extensions.setdefault("boards", Tables())
    key = (exam.id, seen, division, language())
    return tables.get(key, version, lambda: _render(session, exam, seen, division, version))


def _render(session: Session, exam: Exam, seen: Audience, division: str, version: str) -> Table:
    board = boards.public(session, exam) if seen == "public" else boards.everything(session, exam)
    divisions = tuple(sorted({s.entry.division for s in board.standings} - {""}))
    won = awarded(board.standings, exam) if seen != "public" or results.final(exam) else {}
    standings = in_division(board.standings, exam, division)
    prizes = bool(awards.stored(exam.awards)) and (seen != "public" or results.final(exam))
    naming = naming_of(exam, seen, divided=bool(divisions))
    rows = [
        rendered(row(
            s, naming, award=won.get(s.entry.user_id, ""), closed=s.entry.user_id in board.hidden, latest=s.entry.user_id == board.latest,
        ), prizes=prizes).encode() for s in standings
    ]
    return Table(
        version=version, text=b"".join(rows), ends=tuple(accumulate(map(len, rows))),
        place={s.entry.user_id: n for n, s in enumerate(standings)}, standings=tuple(standings), won=won,
        divisions=divisions, steps=board.steps, hidden=len(board.hidden),
        split=catalog.is_split(session, services().tasks, exam.paper), prizes=prizes,
    )


def rendered(context: dict[str, Any], *, prizes: bool) -> Markup:
    """Return one row as HTML. prizes : with a column for the award."""
    return Markup(get_template_attribute("macros/board.html", "board_row")(context, prizes))  # noqa: S704  rendered, so escaped


def in_division(standings: Sequence[Standing], exam: Exam, division: str) -> list[Standing]:
    """Return the rows of one division, with ranks of their own; "" is everybody."""
    tie_break = catalog.paper_spec(exam.paper).tie_break
    return list(standings) if not division else rank([s.entry for s in standings if s.entry.division == division], tie_break)


def awarded(standings: Sequence[Standing], exam: Exam) -> dict[int, str]:
    """Return user id → award, each division for itself."""
    given = awards.stored(exam.awards)
    divisions = {s.entry.division for s in standings} if given else set()
    tie_break = catalog.paper_spec(exam.paper).tie_break
    found: dict[int, str] = {}
    for division in divisions:
        found.update(awards.winners(rank([s.entry for s in standings if s.entry.division == division], tie_break), given))
    return found


def naming_of(exam: Exam | Row[Any], seen: Audience, *, divided: bool) -> Naming:
    """Return how candidates are called before this audience."""
    blind = exam.blind and not results.final(exam) and seen != "named"
    return Naming(blind=blind, codes=exam.blind, divisions=divided, links=seen != "public" and not blind)
