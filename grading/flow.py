"""Flow: an agent's node graph, read from Dify DSL (YAML, `kind: app`, versions 0.3 to 0.7) into plain data.

Only the shape is read here (nodes, edges, variables of the conversation); what a node means is the engine's affair, which
runs in the sandbox (`grading/runners/agent/engine`). Format: https://docs.dify.ai, file `*.yml` of an exported app.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from grading.errors import ResponseError, TaskError
from grading.text import shorten
from grading.yamlfile import parse_yaml

MAX_NODES, MAX_EDGES, MAX_VARIABLES, MAX_DEPTH = 100, 300, 50, 20
MODES = ("advanced-chat", "workflow")
KNOWN_TYPES: Mapping[str, str] = {
    "start": "开始", "llm": "大模型", "question-classifier": "问题分类", "parameter-extractor": "参数提取",
    "knowledge-retrieval": "知识检索", "if-else": "条件分支", "code": "代码", "template-transform": "模板转换",
    "variable-aggregator": "变量聚合", "variable-assigner": "变量聚合", "assigner": "变量赋值", "tool": "工具",
    "http-request": "HTTP 请求", "answer": "直接回复", "end": "结束",
}
"""Node types that the engine executes, with their names in Chinese."""
IGNORED_TYPES = frozenset({"", "custom-note"})
"""Things on the canvas that are no nodes: notes."""
REFERENCE = re.compile(r"\{\{#([\w-]{1,64}(?:\.[\w-]{1,64}){0,10})#\}\}")
"""`{{#node.variable#}}`; group 1 is the dotted path."""
_NODE_ID = re.compile(r"[\w-]{1,64}$")


@dataclass(frozen=True)
class Node:
    """One node: data is its settings as written."""

    id: str
    type: str
    title: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Edge:
    """A connection; handle is the branch of the source (`source`, a class id, `true`, `false`, a case id, `fail-branch`)."""

    source: str
    handle: str
    target: str


@dataclass(frozen=True)
class Flow:
    """A whole app; conversation, environment : variables by name with their first value; unknown : ids of nodes of a type that
    is not executed; opening : what the app says first."""

    VALUE_KIND: ClassVar[str] = "flow"

    name: str
    mode: str
    version: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    unknown: tuple[str, ...] = ()
    conversation: Mapping[str, Any] | None = None
    environment: Mapping[str, Any] | None = None
    opening: str = ""

    def node(self, node_id: str) -> Node | None:
        """Return the node with this id, None if there is none."""
        return next((node for node in self.nodes if node.id == node_id), None)

    def plain(self) -> dict[str, Any]:
        """Return the flow as JSON data for the engine."""
        return {
            "name": self.name, "mode": self.mode,
            "nodes": [{"id": n.id, "type": n.type, "title": n.title, "data": n.data} for n in self.nodes],
            "edges": [{"source": e.source, "handle": e.handle, "target": e.target} for e in self.edges],
            "conversation": dict(self.conversation or {}), "environment": dict(self.environment or {}), "opening": self.opening,
        }


def read_flow(text: str) -> Flow:
    """Return the flow in `text`; ResponseError says what is wrong and what to do.

    >>> read_flow("kind: app\\napp: {name: 客服}\\nworkflow: {graph: {nodes: [{id: s, data: {type: start}}], edges: []}}").name
    '客服'
    """
    data = _plain(_document(text))
    if not isinstance(data, dict) or data.get("kind", "app") != "app" or not isinstance(data.get("workflow"), dict):
        raise ResponseError("这不是 Dify 应用：应有 kind: app 和 workflow。请导入 Dify 导出的 DSL 文件。")
    app, workflow = _mapping(data.get("app")), data["workflow"]
    mode = _text(app.get("mode")) or "advanced-chat"
    if mode not in MODES:
        raise ResponseError(f"应用类型 {shorten(mode, 20)} 不能运行；请用工作流应用（advanced-chat 或 workflow）。")
    graph = workflow.get("graph")
    if not isinstance(graph, dict):
        raise ResponseError("workflow 里缺少 graph（节点和连线）。")
    nodes = tuple(_nodes(graph.get("nodes")))
    edges = tuple(_edges(graph.get("edges")))
    return Flow(
        shorten(_text(app.get("name")), 60), mode, _text(data.get("version"))[:20], nodes, edges,
        tuple(node.id for node in nodes if node.type not in KNOWN_TYPES), _variables(workflow.get("conversation_variables")),
        _variables(workflow.get("environment_variables")), _text(_mapping(workflow.get("features")).get("opening_statement"))[:2000],
    )


def _document(text: str) -> Any:
    try:
        return parse_yaml(text, file="")
    except TaskError as error:
        place = f"（{error.key}）" if error.key else ""
        raise ResponseError(f"流程不是正确的 YAML{place}：{shorten(error.message, 160)}。") from None


def _plain(value: Any, depth: int = 0) -> Any:
    """Return `value` with text keys; ResponseError for what JSON cannot say."""
    if depth > MAX_DEPTH:
        raise ResponseError(f"流程的嵌套超过 {MAX_DEPTH} 层，请简化。")
    if isinstance(value, dict):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, str):
        if any("\ud800" <= c <= "\udfff" for c in value):
            raise ResponseError("流程里有不能保存的字符，请删除。")
        return value
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ResponseError(f"流程里的值 {shorten(str(value), 30)} 不是文字、数字、列表或键值。")


def _key(key: Any) -> str:
    if isinstance(key, str) and not any("\ud800" <= c <= "\udfff" for c in key):
        return key
    if isinstance(key, (int, float, bool)) or key is None:
        return str(key)
    raise ResponseError("流程里的键应是文字。")


def _nodes(found: Any) -> Iterator[Node]:
    if not isinstance(found, list) or not found:
        raise ResponseError("流程里没有节点。")
    if len(found) > MAX_NODES:
        raise ResponseError(f"节点有 {len(found)} 个，超过上限 {MAX_NODES}。")
    seen: set[str] = set()
    for place, entry in enumerate(found, start=1):
        data = _mapping(_mapping(entry).get("data"))
        kind, node_id = _text(data.get("type")), _text(_mapping(entry).get("id"))
        if kind in IGNORED_TYPES and _mapping(entry).get("type") == "custom-note":
            continue
        if not _NODE_ID.match(node_id):
            raise ResponseError(f"第 {place} 个节点的 id 应由字母、数字、下划线或连字符组成，最多 64 个字符。")
        if node_id in seen:
            raise ResponseError(f"有两个节点的 id 都是 {node_id}，请改一个。")
        if not kind:
            raise ResponseError(f"节点 {node_id} 没有写 data.type。")
        seen.add(node_id)
        yield Node(node_id, kind[:60], shorten(_text(data.get("title")), 60) or KNOWN_TYPES.get(kind, kind[:60]), data)


def _edges(found: Any) -> Iterator[Edge]:
    if found is None:
        return
    if not isinstance(found, list):
        raise ResponseError("graph.edges 应是连线的列表。")
    if len(found) > MAX_EDGES:
        raise ResponseError(f"连线有 {len(found)} 条，超过上限 {MAX_EDGES}。")
    for place, entry in enumerate(found, start=1):
        edge = _mapping(entry)
        source, target = _text(edge.get("source")), _text(edge.get("target"))
        if not source or not target:
            raise ResponseError(f"第 {place} 条连线缺少 source 或 target。")
        yield Edge(source[:64], (_text(edge.get("sourceHandle")) or "source")[:64], target[:64])


def _variables(found: Any) -> dict[str, Any]:
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    if len(entries) > MAX_VARIABLES:
        raise ResponseError(f"会话变量和环境变量各不超过 {MAX_VARIABLES} 个。")
    empty: Mapping[str, Any] = {"number": 0, "object": {}, "boolean": False}
    variables = {}
    for entry in entries:
        name, kind = _text(entry.get("name"))[:64], _text(entry.get("value_type"))
        first = [] if kind.startswith("array") else empty.get(kind, "")
        value = entry.get("value")
        if name:
            variables[name] = first if value is None or (value == "" and kind != "string") else value
    return variables


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """Return an id or a name; YAML reads those made of digits as numbers."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() if isinstance(value, (str, int, float)) else ""
