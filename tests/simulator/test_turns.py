"""Trials with input: what a candidate says to their agent is checked, stored with the trial, and handed to the runner."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from grading.model import RunSpec, Spec
from grading.runners import RunOutcome
from simulator import trials, turns
from simulator.errors import Refused
from simulator.models import Trial
from tests.simulator.test_trials import OK, Sitting

CHAT = RunSpec(id="chat", runner="talker", of="flow", purpose="trial", produces={"talk": {"output": "talk"}}, hidden=("secret.yaml",))
SCRIPTED = CHAT.model_copy(update={"args": {"scenario": "public.yaml"}})


class Talker(Spec):
    """Arguments of a runner that takes input."""

    scenario: str = ""
    input: tuple[str, ...] | None = None


class Mute(Spec):
    """Arguments of a runner that takes none."""


@pytest.fixture
def talker(monkeypatch):
    monkeypatch.setattr(turns, "arguments", lambda _name: Talker)


@pytest.fixture
def mute(monkeypatch):
    monkeypatch.setattr(turns, "arguments", lambda _name: Mute)


@pytest.mark.parametrize("body, expected", [
    ({"input": ["你好"]}, ["你好"]), ({"input": ["  你好\n", "查 AB1234"]}, ["你好", "查 AB1234"]), ({"input": ["a\0b\ud800"]}, ["ab?"]),
    ({"input": ["x" * 1000] * 20}, ["x" * 1000] * 20),
])
def test_turns_are_read(talker, body, expected):
    assert turns.read(CHAT, body) == expected
    assert turns.read(SCRIPTED, body) == expected


@pytest.mark.parametrize("body", [
    {"input": []}, {"input": [""]}, {"input": ["好", " \n"]}, {"input": ["x"] * 21}, {"input": ["x" * 1001]}, {"input": "你好"},
    {"input": [1]}, {"input": {"0": "x"}}, {"input": [["x"]]}, {"input": 0},
])
def test_what_is_no_conversation_is_refused(talker, body):
    with pytest.raises(Refused) as refused:
        turns.read(CHAT, body)
    assert refused.value.status == 422
    assert refused.value.message.endswith("。")
    assert refused.value.hint


def test_a_run_with_a_script_needs_no_input_and_a_chat_does(talker):
    for nothing in (None, {}, {"input": None}, [], "x"):
        assert turns.read(SCRIPTED, nothing) is None
        with pytest.raises(Refused):
            turns.read(CHAT, nothing)


def test_a_runner_that_takes_no_input_refuses_it(mute):
    assert turns.read(CHAT, None) is None
    with pytest.raises(Refused):
        turns.read(CHAT, {"input": ["你好"]})


def test_a_chat_is_a_trial_that_takes_input_and_has_no_script(talker):
    assert turns.is_chat(CHAT)
    assert not turns.is_chat(SCRIPTED)
    assert not turns.is_chat(CHAT.model_copy(update={"purpose": "both"}))
    assert not turns.is_chat(CHAT.model_copy(update={"purpose": "marking"}))


def test_runs_without_input_are_no_chats(mute):
    assert not turns.is_chat(CHAT)


def test_a_trial_plays_the_turns_and_never_hidden_files():
    assert turns.apply(SCRIPTED, None).args == {"scenario": "public.yaml"}
    played = turns.apply(SCRIPTED, ["你好"])
    assert played.args == {"scenario": "public.yaml", "input": ["你好"]}
    assert played.hidden == turns.apply(CHAT, None).hidden == ()
    assert SCRIPTED.hidden == ("secret.yaml",)


# Over HTTP, with the program task: its runner is made to take input ------------------------------------------------------


@pytest.fixture
def sitting(db, services, clock, log_in):
    return Sitting(db, services, clock, log_in)


def say(sitting, *words):
    return sitting.client.post(f"/attempts/{sitting.attempt_id}/trial/7/main", json={"input": list(words)})


def test_the_conversation_is_stored_and_reaches_the_runner(sitting, talker, monkeypatch):
    seen = []

    def runner(run, _task, _value, _sandbox):
        seen.append(run.args)
        return RunOutcome(OK, {}, {}, {"kind": "too-large"})

    monkeypatch.setattr(trials, "get_runner", lambda _name: runner)
    assert say(sitting, "你好", "查 AB1234").status_code == 201
    assert sitting.row().input == ["你好", "查 AB1234"]
    trials.execute(sitting.marker, sitting.claim())
    assert seen == [{"input": ["你好", "查 AB1234"]}]
    assert sitting.row().state == "done"


def test_without_input_nothing_is_stored(sitting):
    assert sitting.ask().status_code == 201
    assert sitting.row().input is None


def test_refused_input_queues_nothing(sitting, talker):
    assert say(sitting, *["x"] * 21).status_code == 422
    assert say(sitting, "x" * 1001).status_code == 422
    assert sitting.row() is None


def test_a_program_takes_no_conversation(sitting):
    answer = say(sitting, "你好")
    assert answer.status_code == 422
    assert "不接受对话" in answer.json["error"]


def test_a_finished_trial_can_be_forgotten_and_a_running_one_cannot(sitting, log_in, db):
    sitting.ask()
    assert sitting.client.delete(sitting.url()).status_code == 409
    url = sitting.url()
    sitting.client.post(f"{url}/cancel")
    assert log_in("s2").delete(url).status_code == 404
    assert sitting.client.delete(url).status_code == 204
    with db.read() as session:
        assert session.scalars(select(Trial)).all() == []
    assert sitting.client.delete(url).status_code == 404
