"""A trial whose agent is answered by a language model, for practice only: who may have that, and how prompts and answers travel.

::

    queued ──claim──▶ leased ──plays as far as it gets──▶ done
      ▲                 └─ wants an answer ─▶ asking ──claim──▶ (asked by `jobs/asker.py`) ─▶ no answer: done
      └────────────────────── all answered ─────┘

The flow is played in the sandbox, which has no network, with the answers that are there; the prompt that has none stops it. No worker
waits for the model meanwhile, so marking never does. All answered, the flow is played again from the start, which is exact: nothing
but the answers comes from outside. Trial.asked is a list of `{"digest", "title", "messages", "temperature"}`, which become
`{"digest", "text"}` once answered; those of an earlier trial of the same conversation are also `old`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.completions import MAX_ASKED, TOO_MANY, Prompt, Unfinished
from grading.model import RunSpec, Task
from grading.runners import RunOutcome, get_practice
from grading.sandbox.contract import Sandbox
from simulator import turns
from simulator.errors import Refused
from simulator.models import Trial

FIELD, EMBEDDED, MODEL = "engine", "embedded", "model"
LONGEST = timedelta(minutes=10)
MAX_KEPT = 200
TOO_LONG = "十分钟里没有得到大模型的全部回答，已停止。请稍后再试，或减少对话的轮数；也可以改用内置引擎。"

Asked = list[dict[str, Any]]


def offered(run: RunSpec, mode: str, model: str) -> str:
    """Return the model that may answer in a trial of `run`: `model` for an agent in an exam of mode practice, "" otherwise."""
    return model if mode == "practice" and get_practice(run.runner) is not None else ""


def read(run: RunSpec, mode: str, model: str, body: Any) -> str:
    """Return the model that a request for a trial wants, "" for the embedded engine; Refused says why it cannot have it.

    body : JSON of the request (None without any), ``{"engine": "embedded" | "model"}``; model : the one that the school has, or "".
    """
    wished = body.get(FIELD, EMBEDDED) if isinstance(body, dict) else EMBEDDED
    if wished == EMBEDDED:
        return ""
    if wished != MODEL or get_practice(run.runner) is None:
        raise Refused("这个试运行没有这种引擎。", "请刷新页面。", status=422)
    if mode != "practice":
        raise Refused("考试和竞赛里只能用内置引擎。", "大模型只在练习里可以用；分数也只来自内置引擎。", status=403)
    if not model:
        raise Refused("这个考场没有接入大模型。", "请刷新页面，改用内置引擎。", status=422)
    return model


def kept(session: Session, trial: Trial, run: RunSpec) -> Asked:
    """Return the answers that `trial` need not ask for again: in a conversation, what was said stays said."""
    if not trial.model or not turns.is_chat(run):
        return []
    earlier = session.scalars(select(Trial.asked).where(
        Trial.attempt_id == trial.attempt_id, Trial.position == trial.position, Trial.run_id == trial.run_id,
        Trial.id != trial.id, Trial.model == trial.model,
    ))
    answers = {entry["digest"]: entry["text"] for asked in earlier for entry in asked if "text" in entry}
    return [{"digest": digest, "text": text, "old": True} for digest, text in answers.items()][-MAX_KEPT:]


def count(asked: Asked) -> int:
    """Return how many answers the model has given to this trial."""
    return sum("text" in entry and "old" not in entry for entry in asked)


# What a worker does ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Waiting:
    """The run has to wait for the model. asked : Trial.asked with the prompts that are to be answered."""

    asked: Asked


def play(
    run: RunSpec, task: Task, program: Any, sandbox: Sandbox, model: str, asked: Asked
) -> RunOutcome | Waiting | str:
    """Play `program` as far as the answers in `asked` go; a sentence says why it cannot go on."""
    practise = get_practice(run.runner)
    assert practise is not None  # see read
    found = practise(run, task, program, sandbox, {entry["digest"]: entry["text"] for entry in asked if "text" in entry}, model)
    if not isinstance(found, Unfinished):
        return found
    if count(asked) + len(found.prompts) > MAX_ASKED:
        return TOO_MANY
    return Waiting([*asked, *map(_entry, found.prompts)])


def _entry(prompt: Prompt) -> dict[str, Any]:
    messages = [[role, text.replace("\0", "")] for role, text in prompt.messages]
    return {"digest": prompt.digest, "title": prompt.title, "messages": messages, "temperature": prompt.temperature}


# What an asker does ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """One prompt of a trial that an asker has leased."""

    trial_id: int
    model: str
    prompt: Prompt


def waits(session: Session) -> bool:
    """Return whether a question waits for somebody to ask it."""
    return session.scalar(select(Trial.id).where(Trial.state == "asking", Trial.leased_until.is_(None)).limit(1)) is not None


def claim(session: Session, asker: str, lease: timedelta, now: datetime) -> Question | None:
    """Lease the oldest trial that waits for an answer; None if none does. lease : how long an answer may take at most."""
    oldest = select(Trial).where(Trial.state == "asking", Trial.leased_until.is_(None)).order_by(Trial.id).limit(1)
    trial = session.scalars(oldest.with_for_update(skip_locked=True)).first()
    if trial is None:
        return None
    trial.leased_by, trial.leased_until, trial.tries = asker, now + lease, trial.tries + 1
    entry = next(entry for entry in trial.asked if "text" not in entry)
    messages = tuple((role, text) for role, text in entry["messages"])
    return Question(trial.id, trial.model, Prompt(entry["digest"], entry["title"], messages, entry["temperature"]))


def answer(session: Session, question: Question, asker: str, text: str, now: datetime) -> None:
    """Write an answer down; once it has all, the trial is queued again. Nothing if the trial does not wait for it any more."""
    trial = _held(session, question, asker)
    if trial is None:
        return
    digest = question.prompt.digest
    trial.asked = [{"digest": digest, "text": text} if entry["digest"] == digest else entry for entry in trial.asked]
    trial.result = {**trial.result, "answers": count(trial.asked)}
    trial.leased_by, trial.leased_until, trial.tries, trial.version = "", None, 0, trial.version + 1
    if trial.started_at is not None and now - trial.started_at > LONGEST:
        _end(trial, TOO_LONG, now)
    elif all("text" in entry for entry in trial.asked):
        trial.state = "queued"


def fail(session: Session, question: Question, asker: str, sentence: str, now: datetime) -> None:
    """End a trial that got no answer; what it was answered before stays for the next one of its conversation."""
    trial = _held(session, question, asker)
    if trial is not None:
        _end(trial, f"节点“{question.prompt.title}”：{sentence}" if question.prompt.title else sentence, now)


def sweep(session: Session, now: datetime) -> int:
    """End the trials that have waited too long, whatever the reason; return how many."""
    late = select(Trial).where(Trial.state == "asking", Trial.started_at < now - LONGEST).with_for_update(skip_locked=True)
    found = list(session.scalars(late))
    for trial in found:
        _end(trial, TOO_LONG, now)
    return len(found)


def no_answer(sentence: str) -> dict[str, Any]:
    """Return what the page of a trial shows that got no answer."""
    return {"status": "no_answer", "message": sentence}


def _held(session: Session, question: Question, asker: str) -> Trial | None:
    trial = session.get(Trial, question.trial_id, with_for_update=True)
    return trial if trial is not None and (trial.state, trial.leased_by) == ("asking", asker) else None


def _end(trial: Trial, sentence: str, now: datetime) -> None:
    trial.state, trial.done_at, trial.leased_until, trial.version = "done", now, None, trial.version + 1
    trial.result = {**trial.result, **no_answer(sentence)}


def progress(result: Mapping[str, Any]) -> int | None:
    """Return how many answers a trial has, None if it has not waited for any yet. result : Trial.result."""
    return result.get("answers")
