"""Runner `home`: the candidate's automations live through a scenario in a home, on Home Assistant's automation engine.

The engine (`engine/`) runs in the sandbox runtime `home`; templates are only ever rendered there. It answers with plain data,
which is checked here before it becomes a `HomeLog`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grading.errors import TaskError
from grading.fields.home import Automations
from grading.model import Evidence, FileName, RunSpec, Spec, Task
from grading.runners import Problem, RunOutcome
from grading.runners._engine import given_files, play
from grading.runners.home.answer import Answer, read_answer
from grading.runners.home.spec import Home, Scenario, read_home, read_scenario
from grading.sandbox.contract import RunResult, Sandbox

RUNTIME = "home"
ACCEPTS = ("home",)
OUTPUTS = {"log": "home_log"}
ENGINE = Path(__file__).with_name("engine")
KEPT_CALLS, KEPT_CHANGES, KEPT_MESSAGES = 400, 120, 40
"""What evidence keeps of calls, of changes of one entity, and of messages."""


class Args(Spec):
    """home, scenario : names of files that the run lists in `files` or `hidden`."""

    home: FileName
    scenario: FileName


def check(run: RunSpec, task: Task) -> None:
    """Raise TaskError if the home or the scenario cannot be used."""
    _setting(run, task)


def run(run: RunSpec, task: Task, automations: Automations, sandbox: Sandbox) -> RunOutcome:
    """Let `automations` live through the scenario; the log is the only artifact."""
    home, scenario = _setting(run, task)
    result, answer = simulate(automations, home, scenario, run, sandbox)
    if isinstance(answer, Problem):
        return RunOutcome(result, {}, dict.fromkeys(run.produces, answer))
    return RunOutcome(result, dict.fromkeys(run.produces, answer.log), {}, evidence(answer, home, scenario))


def simulate(
    automations: Automations, home: Home, scenario: Scenario, run: RunSpec, sandbox: Sandbox
) -> tuple[RunResult, Answer | Problem]:
    """Return how the run ended, and what happened in the home or why that is not known."""
    request = {"text": automations.text, "home": home.request(), "scenario": scenario.request()}
    result, found = play(ENGINE, RUNTIME, request, {}, run, sandbox)
    if isinstance(found, Problem):
        return result, found
    answer = read_answer(found, scenario)
    return result, answer if answer else Problem("评测引擎的结果不完整。", "fault")


def evidence(answer: Answer, home: Home, scenario: Scenario) -> Evidence:
    """Return what a person needs to see the day again: the home, its states over time, the calls."""
    log = answer.log
    devices = [
        {"id": d.id, "name": d.name, "kind": d.kind, "room": d.room, "at": d.at, "unit": d.unit} for d in home.entities
    ]
    shown = {device.id for device in home.entities}
    return {
        "kind": "home", "title": scenario.title, "start": log.start, "end": log.end, "duration": scenario.duration, "stopped": log.stopped,
        "home": {"title": home.title, "rooms": [room.model_dump(mode="json") for room in home.rooms], "entities": devices},
        "automations": [{"id": a.id, "alias": a.alias, "valid": a.valid, "error": a.error} for a in log.automations],
        "states": {
            entity: [[change.t, change.state, change.n] for change in track[:KEPT_CHANGES]]
            for entity, track in log.states.items() if entity in shown
        },
        "calls": [
            {"t": c.t, "n": c.n, "service": c.service, "entities": list(c.entities), "data": _short(c.data), "automation": c.automation}
            for c in log.calls[:KEPT_CALLS]
        ],
        "left_out": max(0, len(log.calls) - KEPT_CALLS),
        "events": [{"t": t, "say": event.say} for t, event in scenario.moments() if event.say],
        "messages": list(answer.messages[:KEPT_MESSAGES]),
    }


def _short(data: Mapping[str, Any]) -> str:
    return "，".join(f"{key}: {value}" for key, value in data.items())[:160]


def _setting(run: RunSpec, task: Task) -> tuple[Home, Scenario]:
    args = Args(**run.args)
    files = given_files(run, task)
    for name in (args.home, args.scenario):
        if name not in files:
            raise TaskError(f"{name!r} 没有写进 files 或 hidden", key="args")
    home = read_home(files[args.home], args.home)
    return home, read_scenario(files[args.scenario], args.scenario, home)
