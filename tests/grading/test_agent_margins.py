"""What the agent tasks' hidden conversations ask is no close call: the classifier's best class leads clearly, in every sample."""

from __future__ import annotations

import re

import pytest

from grading import runtimes
from grading.conversations import Conversations
from grading.loader import load_task
from grading.runners import agent
from tests.grading.agent_flows import TASKS, flow

LEAST = 0.003
"""Of the cosine. A turn with nothing but an order number was once decided by 0.0002, and a flow without memory earned its point."""
LEADS = re.compile(r"领先 ([0-9.]+)$")

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module", autouse=True)
def agent_runtime(runtimes_dir):
    if runtimes.status("agent", runtimes_dir).state != "ready":
        pytest.fail("运行环境 agent 没有装好：请先运行 simulator runtimes build agent。")


def leads(talk: Conversations) -> dict[str, float]:
    """Return by how much the best class leads, for every sentence that a question classifier saw."""
    found = [(step.input, LEADS.search(step.note)) for turn in talk.turns() for step in turn.steps if step.type == "question-classifier"]
    return {text: float(match[1]) for text, match in found if match}


@pytest.mark.parametrize("sandbox", ["zygote"], indirect=True)  # what a turn is decided by does not depend on the walls around it
@pytest.mark.parametrize("name", ["order-service", "inspection-assistant"])
def test_no_sample_is_decided_by_a_hair(name, sandbox):
    task = load_task(TASKS / name)
    run = next(run for run in task.runs if run.purpose == "marking")
    classified = 0
    for path in sorted((TASKS / name / "samples").glob("*/flow.yml")):
        found = leads(agent.run(run, task, flow(path.read_text("utf-8")), sandbox).artifacts["talk"])
        classified += len(found)
        assert {text: lead for text, lead in found.items() if lead < LEAST} == {}, path.parent.name
    assert classified > 0
