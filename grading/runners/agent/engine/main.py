"""Plays scripted conversations with a flow. Request and answer are plain JSON data.

request : flow (see `grading.flow.Flow.plain`), tools, documents (name → text), mocks, and conversations: id, title, turns (what the
user says), failures (tool → kinds), responses (tool → cases that come first); completions : None, or what a language model has
answered so far (see `asking.py`).
answer  : engine, and conversations with every turn's answer, steps, calls of tools and retrieved chunks; or, while the language
model has not answered all, engine and `wanted`: one prompt of each conversation that waits for it.
"""

from __future__ import annotations

from typing import Any

from .asking import Model, Wanted
from .graph import Graph
from .isolate import Isolation
from .knowledge import Knowledge
from .pool import Pool
from .semantics import Semantics
from .tools import ToolBox
from .turn import Turn
from .words import clean, cut


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Play every conversation of `request`; nothing but this process is left running when it returns."""
    semantics, isolation = Semantics(), Isolation()
    knowledge = Knowledge(request["documents"], semantics)
    graph = Graph(request["flow"])
    model = None if request.get("completions") is None else Model(request["completions"])
    conversations: list[dict[str, Any]] = []
    wanted: list[dict[str, Any]] = []
    try:
        for one in request["conversations"]:
            try:
                conversations.append(_converse(request, one, graph, knowledge, isolation, model))
            except Wanted as prompt:
                wanted.append(prompt.prompt)
    finally:
        isolation.end()
    return {"engine": semantics.name, "wanted": wanted} if wanted else {"engine": semantics.name, "conversations": conversations}


def _converse(
    request: dict[str, Any], script: dict[str, Any], graph: Graph, knowledge: Knowledge, isolation: Isolation, model: Model | None
) -> dict[str, Any]:
    flow = request["flow"]
    tools = ToolBox(request["tools"], script["failures"], script["responses"])
    memory = dict(flow["conversation"])
    said: list[str] = []
    turns: list[dict[str, Any]] = []
    for number, query in enumerate(script["turns"], start=1):
        system = {
            "query": query, "conversation_id": script["id"], "dialogue_count": number, "user_id": "candidate", "files": [],
            "app_id": "app", "workflow_id": "workflow", "workflow_run_id": f"{script['id']}-{number}",
        }
        pool = Pool({"sys": system, "conversation": memory, "env": dict(flow["environment"])})
        turn = Turn(
            query, pool, list(said), tools, knowledge, knowledge.semantics, isolation, request["mocks"], graph.start,
            flow["mode"] == "workflow", replies=[turn["answer"] for turn in turns], model=model,
        )
        before = len(tools.calls)
        played = graph.play(turn)
        said.append(query)
        turns.append({
            "user": query, "answer": clean(cut(played["answer"], 4000)), "steps": played["steps"], "error": cut(played["error"], 400),
            "tool_calls": tools.calls[before:], "outputs": played["outputs"],
            "retrieved": [{**chunk, "text": cut(chunk["text"], 600)} for chunk in turn.retrieved[:40]],
        })
    error = next((turn["error"] for turn in turns if turn["error"]), "")
    return {"id": script["id"], "title": script["title"], "turns": turns, "error": error}
