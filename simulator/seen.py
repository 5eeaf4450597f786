"""A sitting as one question to the database sees it: the few facts that decide about time, under the names of the rows they come from.

Named tuples, because some hundred are made a second.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from grading.paper import PaperSpec


class SeenExam(NamedTuple):
    """What decides about time of `models.Exam`, and what it is called."""

    title: str
    opens_at: datetime
    closes_at: datetime | None
    late_s: int | None
    start_rule: str
    mode: str


class SeenCandidate(NamedTuple):
    """What decides about time of `models.Candidate`."""

    delay_s: int
    extra_s: int
    percent: int


class SeenModule(NamedTuple):
    """One module with a clock of its own, as `models.AttemptModule`."""

    module: int
    entered_at: datetime
    left_at: datetime | None
    extra_s: int


class SeenVersion(NamedTuple):
    """Which version of a task it is, as `models.TaskVersion`."""

    id: int
    hash: str
    task_id: str


class SeenDraft(NamedTuple):
    """What is stored of one task, as `models.Draft`."""

    rev: int
    response: dict[str, Any]
    saved_at: datetime


class Seen(NamedTuple):
    """One attempt, as `models.Attempt`, and the one task that the question was about.

    modules : at most the one asked for, or that of the task; position, module, version, draft : of the task, None without one;
    notice_id : the newest message to the candidate, 0 for none.
    """

    id: int
    exam_id: int
    user_id: int
    username: str
    number: int
    seed: int
    state: str
    started_at: datetime
    extra_s: int
    ended_at: datetime | None
    paused_at: datetime | None
    seen_at: datetime | None
    address: str
    seat: str
    exam: SeenExam
    candidate: SeenCandidate | None
    paper: PaperSpec
    modules: tuple[SeenModule, ...]
    position: int | None
    module: int | None
    version: SeenVersion | None
    draft: SeenDraft | None
    notice_id: int
