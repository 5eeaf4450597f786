"""试运行: run a candidate's draft on the task's public files, in the sandbox, for their eyes only. Nothing is marked.

::

    queued ──claim──▶ leased ──execute──▶ done | cancelled | error
      ▲ │                │
      │ └─ cancel ───────┼──────────────▶ cancelled
      └── lease expired ─┘  (once; the second time: error)

The page that asked and the process that runs it share nothing but the Trial row (`feed.py` keeps it up to date). With a language
model there is one more state, `asking`, between two runs: see `asking.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, defer

from grading.errors import ResponseError, SandboxError
from grading.fields import get_kind
from grading.model import RunSpec, Task
from grading.runners import get_runner
from simulator import asking, attempts, events, products, turns, workers
from simulator.db import LOST, lock, patiently
from simulator.errors import Refused
from simulator.feed import Feed, News, Observed, store
from simulator.marking import Marker
from simulator.models import Attempt, Trial, TrialFigure
from simulator.responses import to_response

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
MAX_TRIES = 2
KEEP = timedelta(days=7)
UNFINISHED = ("queued", "leased", "asking")
INTERRUPTED = "运行程序的进程两次中断。"
NOT_RUN = "程序未能运行，已记录。"
FAULTS = ("sandbox_error", "refused")

# What a page that asks for news needs not load each time.
LIGHT = (defer(Trial.response), defer(Trial.asked), defer(Trial.stdout), defer(Trial.stderr), defer(Trial.result))


class Busy(Refused):
    """Another trial of this attempt has not ended; carries which."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(_("上一次试运行还没有结束。"), _("可以停止它，再运行这一次。"), status=409)
        self.trial = trial


# What a candidate does -------------------------------------------------------------------------------------------------


def ask(
    session: Session, task: Task, attempt: Attempt, position: int, run_id: str, draft: Mapping[str, Any], now: datetime,
    body: Any = None, *, model: str = "",
) -> Trial:
    """Queue a trial of `draft`; the caller commits and wakes the workers. body : JSON of the request (see `turns.read`, `asking.read`);
    model : the language model that the school has connected, "" for none.

    Refused says why not; Busy if another trial of the attempt has not ended. Earlier trials of the same run are dropped.
    """
    attempts.check_open(attempt, now, position)
    spec = next((r for r in task.runs if r.id == run_id), None)
    if spec is None or spec.purpose == "marking":
        raise Refused("这道题没有这个试运行。", "请刷新页面。", status=404)
    _check_program(task, spec, draft)
    said, model = turns.read(spec, body), asking.read(spec, attempt.exam.mode, model, body)
    if not workers.summary(session, now).able:
        raise Refused("现在没有可以运行程序的评分进程。", "请告诉监考教师；作答已保存，不受影响。", status=503)
    lock(session, attempt)  # two presses at once: one after the other
    running = session.scalars(select(Trial).where(Trial.attempt_id == attempt.id, Trial.state.in_(UNFINISHED))).first()
    if running is not None:
        raise Busy(running)
    trial = Trial(attempt_id=attempt.id, position=position, run_id=run_id, response=dict(draft), input=said, queued_at=now, model=model)
    session.add(trial)
    session.flush()  # first the new one: SQLite gives the highest number again once it is free
    trial.asked = asking.kept(session, trial, spec)
    if model:
        events.record(session, "attempt.model", now, who=attempt.user_id, attempt=attempt, task=task.id, run=run_id, model=model)
    same = (Trial.attempt_id == attempt.id, Trial.position == position, Trial.run_id == run_id)
    session.execute(delete(Trial).where(*same, Trial.id != trial.id))
    return trial


def _check_program(task: Task, spec: RunSpec, draft: Mapping[str, Any]) -> None:
    field, raw = task.field(spec.of), draft.get(spec.of)
    kind = get_kind(field.kind)
    if kind.is_blank(raw):
        raise Refused("还没有可以运行的内容。", "请先作答，保存后再试运行。", status=422)
    try:
        if not kind.takes_file:  # a file has been read when it was uploaded
            kind.parse(raw, field)
    except ResponseError as error:
        raise Refused(str(error), "请修改后再试运行。", status=422) from None


def cancel(session: Session, trial: Trial, now: datetime) -> None:
    """Take the trial out of the queue, or ask its worker to stop it; nothing if it has ended."""
    mine = Trial.id == trial.id
    session.execute(update(Trial).where(mine, Trial.state.in_(("queued", "asking"))).values(state="cancelled", done_at=now))
    session.execute(update(Trial).where(mine, Trial.state == "leased").values(cancel=True, version=Trial.version + 1))
    session.refresh(trial)


def forget(session: Session, trial: Trial) -> None:
    """Remove a trial that has ended; Refused (409) while it runs."""
    if trial.state in UNFINISHED:
        raise Refused("试运行还没有结束。", "请先停止它。", status=409)
    session.delete(trial)


def get(session: Session, attempt: Attempt, trial_id: int) -> Trial:
    """Return a trial of `attempt` without its large columns; Refused (404) if it has none of this number (any more)."""
    trial = session.get(Trial, trial_id, options=LIGHT)
    if trial is None or trial.attempt_id != attempt.id:
        raise Refused("这次试运行已被新的一次取代。", "请刷新页面。", status=404)
    return trial


def latest(session: Session, attempt_id: int, position: int) -> dict[str, Trial]:
    """Return run id → its last trial, for one task of an attempt."""
    rows = session.scalars(
        select(Trial).where(Trial.attempt_id == attempt_id, Trial.position == position).options(*LIGHT[:2]).order_by(Trial.id)
    )
    return {trial.run_id: trial for trial in rows}


def ahead(session: Session, trial: Trial) -> int:
    """Return how many trials wait before this one (0 if it does not wait)."""
    if trial.state != "queued":
        return 0
    return session.scalar(select(func.count()).where(Trial.state == "queued", Trial.id < trial.id)) or 0


def figure(session: Session, trial: Trial, number: int) -> bytes:
    """Return a picture that the trial's program showed; Refused (404) if it showed no such picture."""
    found = session.get(TrialFigure, (trial.id, number))
    if found is None:
        raise Refused("没有这张图。", "请重新运行程序。", status=404)
    return found.png


# What a worker does ----------------------------------------------------------------------------------------------------


def claim(session: Session, worker: str, now: datetime) -> int | None:
    """Lease the oldest queued trial to `worker`; return its id, None if none waits."""
    oldest = select(Trial.id).where(Trial.state == "queued").order_by(Trial.id).limit(1)
    if session.get_bind().dialect.name == "postgresql":
        oldest = oldest.with_for_update(skip_locked=True)
    trial_id = session.scalar(oldest)
    if trial_id is None:
        return None
    result = session.execute(
        update(Trial).where(Trial.id == trial_id, Trial.state == "queued").values(
            state="leased", leased_by=worker, leased_until=now + LEASE, started_at=func.coalesce(Trial.started_at, now),
            tries=Trial.tries + 1, version=Trial.version + 1,
        )
    )
    return trial_id if result.rowcount == 1 else None  # type: ignore[attr-defined]


def renew(session: Session, trial_id: int, worker: str, now: datetime) -> bool:
    """Keep the lease while the program runs; False if it is no longer `worker`'s."""
    held = (Trial.id == trial_id, Trial.state == "leased", Trial.leased_by == worker)
    result = session.execute(update(Trial).where(*held).values(leased_until=now + LEASE))
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class _Work:
    """One trial as it is handed to its runner. program : the parsed field; problem : why there is nothing to run."""

    task: Task
    spec: RunSpec
    program: Any = None
    problem: str = ""
    model: str = ""
    asked: asking.Asked = field(default_factory=list)


def execute(marker: Marker, trial_id: int) -> bool:
    """Run one trial that this worker has leased, in no transaction, and settle it; True if it now waits for a language model."""
    with Feed(marker.db, trial_id, marker.name) as feed:
        state, found = _try(marker, trial_id, feed)
    try:
        patiently(lambda: _settle(marker, trial_id, state, found, feed.rest()))
    except LOST:
        raise
    except Exception:  # what it made cannot be stored
        log.exception("trial %s cannot be stored", trial_id)
        patiently(lambda: _settle(marker, trial_id, "error", _fault(NOT_RUN), News({}, {}, [])))
    return state == "asking"


def _try(marker: Marker, trial_id: int, feed: Feed) -> tuple[str, dict[str, Any]]:
    """Return the trial's state and what its page shows; only a lost connection to the database is raised."""
    try:
        work = patiently(lambda: _load(marker, trial_id))
        if work.problem:
            return "done", {"status": "runtime_error", "message": work.problem}
        return _run(marker, work, feed)
    except LOST:
        raise
    except SandboxError as error:
        return "error", _fault(str(error))
    except Exception:
        log.exception("trial %s failed", trial_id)
        return "error", _fault(NOT_RUN)


def _fault(message: str) -> dict[str, Any]:
    return {"status": "sandbox_error", "message": message}


def _load(marker: Marker, trial_id: int) -> _Work:
    with marker.db.read() as session:
        trial = session.get_one(Trial, trial_id)
        item = attempts.task(session, session.get_one(Attempt, trial.attempt_id), trial.position)
        task = marker.tasks.get(session, item.version)
        spec = turns.apply(next(r for r in task.runs if r.id == trial.run_id), trial.input)
        of = task.field(spec.of)
        try:
            raw = to_response(task, trial.response, marker.blobs)[spec.of]
            return _Work(task, spec, get_kind(of.kind).parse(raw, of), "", trial.model, trial.asked)
        except ResponseError as error:
            return _Work(task, spec, problem=str(error))


def _run(marker: Marker, work: _Work, feed: Feed) -> tuple[str, dict[str, Any]]:
    sandbox = marker.sandbox()
    if sandbox is None:
        raise SandboxError("这个评分进程没有可用的沙箱。")
    given = work.spec, work.task, work.program, Observed(sandbox, feed)
    outcome = asking.play(*given, work.model, work.asked) if work.model else get_runner(work.spec.runner)(*given)
    if isinstance(outcome, asking.Waiting):
        return "asking", {"asked": outcome.asked, "answers": asking.count(outcome.asked)}
    if isinstance(outcome, str):
        return "done", asking.no_answer(outcome)
    status = outcome.result.status
    return "cancelled" if status == "cancelled" else "error" if status in FAULTS else "done", products.view(outcome)


def _settle(marker: Marker, trial_id: int, state: str, found: dict[str, Any], news: News) -> None:
    with marker.db.write() as session:
        values: dict[str, Any] = {"state": state, "leased_until": None, "result": {**news.page, **found}}
        if state == "asking":
            values |= {"asked": values["result"].pop("asked"), "leased_by": "", "tries": 0}
        else:
            values["done_at"] = marker.clock()
        store(session, trial_id, marker.name, news, **values)


# What the scheduler does -----------------------------------------------------------------------------------------------


def sweep(session: Session, now: datetime) -> int:
    """End the trials of closed attempts, and queue once more those whose worker has died; return how many were touched."""
    over = Trial.attempt_id.in_(select(Attempt.id).where(Attempt.state == "closed"))
    expired = select(Trial).where(Trial.state.in_(("leased", "asking")), Trial.leased_until < now).options(*LIGHT)
    touched = asking.sweep(session, now)
    for trial in session.scalars(expired.with_for_update(skip_locked=True)):
        _sweep_one(session, trial, now)
        touched += 1
    session.flush()
    for found, values in (
        ((over, Trial.state.in_(("queued", "asking"))), {"state": "cancelled", "done_at": now}),
        ((over, Trial.state == "leased", Trial.cancel.is_(False)), {"cancel": True}),
    ):
        result = session.execute(update(Trial).where(*found).values(version=Trial.version + 1, **values))
        touched += result.rowcount  # type: ignore[attr-defined]
    return touched


def _sweep_one(session: Session, trial: Trial, now: datetime) -> None:
    trial.leased_by, trial.leased_until, trial.version = "", None, trial.version + 1
    if trial.cancel:
        trial.state, trial.done_at = "cancelled", now
    elif trial.tries >= MAX_TRIES:
        trial.state, trial.done_at = "error", now
        trial.result = {**trial.result, "status": "sandbox_error", "message": INTERRUPTED}
    elif trial.state == "leased":  # else the question is asked again
        trial.state, trial.started_at, trial.stdout, trial.stderr, trial.result = "queued", None, "", "", {}
        session.execute(delete(TrialFigure).where(TrialFigure.trial_id == trial.id))


def prune(session: Session, now: datetime) -> int:
    """Remove trials that were asked for more than a week ago; return how many."""
    result = session.execute(delete(Trial).where(Trial.queued_at < now - KEEP, Trial.state.not_in(UNFINISHED)))
    return int(result.rowcount)  # type: ignore[attr-defined]
