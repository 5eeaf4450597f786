"""Executes the graph for one turn: a node runs when every connection to it is decided and at least one is taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from . import nodes, worknodes
from .asking import ASKING
from .pool import NodeError, dicts, shown, text_of
from .turn import Done, Turn
from .words import cut

HANDLERS: dict[str, Callable[[dict[str, Any], Turn], Done]] = {
    "start": nodes.start, "llm": nodes.llm, "question-classifier": nodes.question_classifier,
    "parameter-extractor": nodes.parameter_extractor, "knowledge-retrieval": nodes.knowledge_retrieval, "if-else": nodes.if_else,
    "answer": nodes.answer, "end": nodes.end, "code": worknodes.code, "template-transform": worknodes.template_transform,
    "variable-aggregator": worknodes.variable_aggregator, "variable-assigner": worknodes.variable_aggregator,
    "assigner": worknodes.assigner, "tool": worknodes.tool, "http-request": worknodes.http_request,
}
MAX_STEPS = 3000
SHOWN = 400
LONG = 4000
NOTHING = Done({})


class Graph:
    """A flow ready to be executed; steps : nodes that may still be executed in this run."""

    def __init__(self, flow: dict[str, Any]) -> None:
        self.nodes: dict[str, dict[str, Any]] = {node["id"]: node for node in flow["nodes"]}
        self.edges = [e for e in flow["edges"] if e["source"] in self.nodes and e["target"] in self.nodes]
        self.start = next((node["id"] for node in flow["nodes"] if node["type"] == "start"), "")
        self.steps = MAX_STEPS
        self._reached = self._reach()

    def _reach(self) -> set[str]:
        seen, waiting = {self.start}, [self.start]
        while waiting:
            name = waiting.pop()
            for edge in self.edges:
                if edge["source"] == name and edge["target"] not in seen:
                    seen.add(edge["target"])
                    waiting.append(edge["target"])
        return seen

    def play(self, turn: Turn) -> dict[str, Any]:
        """Return what happened: `{"answer", "steps", "error", "outputs"}`."""
        return _Play(self, turn).run()


class _Play:
    """One execution of the graph."""

    def __init__(self, graph: Graph, turn: Turn) -> None:
        self.graph, self.turn = graph, turn
        self.taken: dict[int, bool] = {n: False for n, e in enumerate(graph.edges) if e["source"] not in graph._reached}
        self.settled: set[str] = set()
        self.ready: deque[str] = deque([graph.start] if graph.start else [])
        self.steps: list[dict[str, Any]] = []
        self.said: list[str] = []
        self.outputs: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        """Go from node to node until there is none left or one fails for good."""
        error = "" if self.graph.start else "没有“开始”节点"
        while self.ready and not error:
            name = self.ready.popleft()
            self.settled.add(name)
            error = self._step(self.graph.nodes[name])
        for name in self.ready:
            self._trace(self.graph.nodes[name], "skipped", done=Done({}, note="前面的步骤失败，没有执行"))
        if not error and any(taken and self.graph.edges[n]["target"] not in self.settled for n, taken in self.taken.items()):
            error = "连线成环，走不下去"
        return {"answer": "".join(self.said), "steps": self.steps, "error": error, "outputs": self.outputs}

    def _step(self, node: dict[str, Any]) -> str:
        """Execute one node and decide the connections after it; return why the turn ends here, "" if it goes on."""
        data = node["data"]
        self.graph.steps -= 1
        try:
            if self.graph.steps < 0:
                raise NodeError(f"执行的步骤超过 {MAX_STEPS} 步")
            done = self._execute(node)
        except NodeError as failure:
            self._trace(node, "failed", done=Done({}, note=str(failure)))
            done_after = _after_failure(data, failure)
            if done_after is None:
                return f"“{node['title']}”失败：{failure}"
            done = done_after
        else:
            output = shown(done.outputs if len(done.outputs) != 1 else next(iter(done.outputs.values())))
            self._trace(node, "ok", output, done)
        self.turn.pool.put(node["id"], done.outputs)
        if node["type"] == "answer":
            self.said.append(done.outputs.get("answer", ""))
        if node["type"] == "end":
            self._finish(done.outputs)
        self._decide(node["id"], done.handle)
        return ""

    def _execute(self, node: dict[str, Any]) -> Done:
        mock = self.turn.mocks.get(node["id"], self.turn.mocks.get(node["title"]))
        if node["type"] == "llm" and mock is not None:
            return Done({"text": mock}, note="输出由 --mock 指定")
        asking = ASKING.get(node["type"])
        if self.turn.model is not None and asking is not None:
            return asking(node["data"], self.turn, self.turn.model)
        handler = HANDLERS.get(node["type"])
        if handler is None:
            raise NodeError(f"节点类型 {node['type']} 不能在这里执行")
        return handler(node["data"], self.turn)

    def _finish(self, outputs: dict[str, Any]) -> None:
        self.outputs.update(outputs)
        texts = [(name, shown(value)) for name, value in outputs.items()]
        self.said.append(texts[0][1] if len(texts) == 1 else "\n".join(f"{name}：{text}" for name, text in texts))

    def _decide(self, name: str, handle: str) -> None:
        handles = {handle, "success-branch"} if handle == "source" else {handle}
        for n, edge in enumerate(self.graph.edges):
            if edge["source"] == name:
                self.taken[n] = edge["handle"] in handles
        for edge in self.graph.edges:
            if edge["source"] == name:
                self._look_at(edge["target"])

    def _look_at(self, name: str) -> None:
        """Let a node run, or pass it over, once every connection to it is decided."""
        waiting = [name]
        while waiting:
            target = waiting.pop()
            coming = [self.taken.get(n) for n, e in enumerate(self.graph.edges) if e["target"] == target]
            if target in self.settled or target in self.ready or None in coming:
                continue
            if any(coming):
                self.ready.append(target)
                continue
            self.settled.add(target)
            for n, edge in enumerate(self.graph.edges):
                if edge["source"] == target:
                    self.taken[n] = False
                    waiting.append(edge["target"])

    def _trace(self, node: dict[str, Any], status: str, output: str = "", done: Done = NOTHING) -> None:
        self.steps.append({
            "node": node["id"], "title": node["title"], "type": node["type"], "status": status, "input": cut(done.shown, SHOWN),
            "output": cut(output, SHOWN), "branch": "" if done.handle == "source" else done.handle, "note": cut(done.note, SHOWN),
            "prompt": cut(done.prompt, LONG), "reply": cut(done.reply, LONG),
        })


def _after_failure(data: dict[str, Any], failure: NodeError) -> Done | None:
    """Return how a flow goes on after a failed node, as the node's error strategy says; None if it does not."""
    strategy = data.get("error_strategy")
    told = {"error_message": str(failure), "error_type": failure.kind}
    if strategy == "fail-branch":
        return Done(told, "fail-branch")
    if strategy == "default-value":
        defaults = {text_of(entry.get("key")): entry.get("value") for entry in dicts(data.get("default_value"))}
        return Done({**defaults, **told})
    return None
