"""Small flows, written short, for the tests of the agent module."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from grading.flow import Flow, read_flow

TASKS = Path(__file__).parents[2] / "tasks" / "agent"
START = {"id": "s", "type": "start", "title": "开始"}


def dsl(nodes: list[dict[str, Any]], edges: list[tuple[str, ...]], **more: Any) -> str:
    """Return a flow as Dify DSL. nodes : settings with an `id`; edges : (source, target) or (source, handle, target);
    more : further keys of `workflow`."""
    made = [{"id": n["id"], "type": "custom", "data": {k: v for k, v in n.items() if k != "id"}} for n in nodes]
    joined = [{"source": e[0], "sourceHandle": e[1] if len(e) == 3 else "source", "target": e[-1]} for e in edges]
    document = {"kind": "app", "version": "0.6.0", "app": {"name": "测试", "mode": "advanced-chat"},
                "workflow": {**more, "graph": {"nodes": made, "edges": joined}}}
    return json.dumps(document, ensure_ascii=False)


def line(*nodes: dict[str, Any], **more: Any) -> str:
    """Return the flow that goes from the start through `nodes` in a row."""
    row = [START, *nodes]
    return dsl(row, [(a["id"], b["id"]) for a, b in pairwise(row)], **more)


def answer(text: str, node_id: str = "a") -> dict[str, Any]:
    return {"id": node_id, "type": "answer", "title": f"回复{node_id}", "answer": text}


def code(program: str, output: str = "r", kind: str = "string", **more: Any) -> dict[str, Any]:
    return {"id": "c", "type": "code", "title": "代码", "code_language": "python3", "code": program,
            "variables": [{"variable": "q", "value_selector": ["sys", "query"]}], "outputs": {output: {"type": kind}}, **more}


def guarded_code(program: str) -> str:
    """Return a flow that calls a tool with a secret, runs `program`, and says what it gave or why it gave nothing."""
    nodes = [START, {"id": "t", "type": "tool", "title": "工具", "tool_name": "get", "tool_parameters": {}},
             code(program, error_strategy="fail-branch"), answer("R={{#c.r#}}"), answer("FAIL={{#c.error_message#}}", "b")]
    return dsl(nodes, [("s", "t"), ("t", "c"), ("c", "a"), ("c", "fail-branch", "b")])


def sample(task: str, name: str = "full") -> str:
    """Return the flow of a shipped task's sample."""
    return (TASKS / task / "samples" / name / "flow.yml").read_text("utf-8")


def flow(text: str) -> Flow:
    return read_flow(text)
