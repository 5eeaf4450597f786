"""What looks wrong in a flow before it is run: structure, connections, references, and the settings of each kind of node."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grading.errors import ResponseError
from grading.flow import KNOWN_TYPES, REFERENCE, Flow, Node, read_flow
from grading.flownodes import check_node, handles, outputs
from grading.flowpaths import cycle, dead_ends, reachable, upstream
from grading.text import listing, shorten

VERSIONS = re.compile(r"0\.[3-7](\.|$)")
SYSTEM = frozenset({"query", "conversation_id", "dialogue_count", "user_id", "files", "app_id", "workflow_id", "workflow_run_id"})


@dataclass(frozen=True)
class Finding:
    """One thing that looks wrong; place : id of the node, "" for the whole flow."""

    severity: str
    place: str
    message: str


def lint_text(
    text: str, *, documents: Collection[str] | None = None, tools: Mapping[str, Collection[str]] | None = None
) -> list[dict[str, Any]]:
    """Return the findings for a flow as text, errors first: `{severity, place, line, message}`.

    documents : names in the knowledge base (None: not known); tools : name → its required parameters (None: not known).
    """
    try:
        flow = read_flow(text)
    except ResponseError as error:
        return [{"severity": "error", "place": "", "line": None, "message": str(error)}]
    found = sorted(lint_flow(flow, documents=documents, tools=tools), key=lambda finding: finding.severity)
    lines = text.splitlines()
    return [
        {"severity": f.severity, "place": f.place, "line": _line(lines, f.place), "message": f.message}
        for f in dict.fromkeys(found)
    ]


def lint_flow(
    flow: Flow, *, documents: Collection[str] | None = None, tools: Mapping[str, Collection[str]] | None = None
) -> Iterator[Finding]:
    """Yield the findings for a flow; see `lint_text`."""
    yield from _structure(flow)
    yield from _connections(flow)
    for node in flow.nodes:
        if node.id in flow.unknown:
            known = "、".join(dict.fromkeys(KNOWN_TYPES.values()))
            yield Finding("error", node.id, f"节点类型 {shorten(node.type, 30)} 不能在这里执行；可用：{known}。")
        for severity, message in check_node(node, documents, tools):
            yield Finding(severity, node.id, message)
        yield from _references(flow, node)


def _structure(flow: Flow) -> Iterator[Finding]:
    if flow.version and not VERSIONS.match(flow.version):
        yield Finding("warning", "", f"DSL 版本 {flow.version} 没有试过，这里按 0.3–0.7 读取。")
    starts = [node.id for node in flow.nodes if node.type == "start"]
    if not starts:
        yield Finding("error", "", "缺少“开始”节点。")
    for extra in starts[1:]:
        yield Finding("error", extra, "只能有一个“开始”节点。")
    if not any(node.type in ("answer", "end") for node in flow.nodes):
        yield Finding("error", "", "缺少“直接回复”或“结束”节点，用户收不到任何回复。")
    loop = cycle(flow)
    if loop:
        names = " → ".join(_title(flow, node) for node in loop)
        yield Finding("error", loop[0], f"连线成环：{shorten(names, 120)}。流程只能往前走；多轮追问靠下一轮对话再次进入流程。")


def _connections(flow: Flow) -> Iterator[Finding]:
    ids = {node.id for node in flow.nodes}
    for edge in flow.edges:
        for end in (edge.source, edge.target):
            if end not in ids:
                yield Finding("error", edge.source if edge.source in ids else "", f"连线指向不存在的节点 {shorten(end, 30)}。")
    for node in flow.nodes:
        known = handles(node)
        used = {edge.handle for edge in flow.edges if edge.source == node.id}
        for handle in sorted(used - set(known)):
            yield Finding("error", node.id, f"“{node.title}”没有分支 {shorten(handle, 30)}，这条连线不会走到。")
        if node.type in ("question-classifier", "if-else"):
            for handle, name in known.items():
                if handle not in used:
                    yield Finding("warning", node.id, f"“{node.title}”的分支“{shorten(name, 30)}”没有连到任何节点。")
    reached = reachable(flow)
    for node in flow.nodes:
        if node.id not in reached and node.type != "start":
            yield Finding("warning", node.id, f"从“开始”走不到“{node.title}”。")
    for node_id in dead_ends(flow):
        if node_id in reached:
            yield Finding("warning", node_id, f"“{_title(flow, node_id)}”之后没有节点，走到这里用户收不到回复。")


def _references(flow: Flow, node: Node) -> Iterator[Finding]:
    before = upstream(flow, node.id)
    for path in dict.fromkeys(referenced(node)):
        head, name = path[0], path[1] if len(path) > 1 else ""
        shown = shorten(".".join(path), 60)
        if head in ("sys", "conversation", "env"):
            pool = {"sys": SYSTEM, "conversation": flow.conversation or {}, "env": flow.environment or {}}[head]
            if name not in pool:
                yield Finding("error", node.id, f"引用了不存在的变量 {shown}；可用：{listing(sorted(pool), 8) or '（无）'}。")
            continue
        source = flow.node(head)
        if source is None:
            yield Finding("error", node.id, f"引用了不存在的节点 {shown}。")
        elif head not in before:
            yield Finding("error", node.id, f"引用了“{source.title}”的 {shown}，但它不在“{node.title}”之前。")
        elif (names := outputs(source)) is not None and name not in names:
            known = listing(sorted(names), 8) or "（无）"
            yield Finding("error", node.id, f"“{source.title}”没有输出 {shorten(name, 30)}；可用：{known}。")


def referenced(node: Node) -> Iterator[tuple[str, ...]]:
    """Yield every variable that a node's settings refer to: `{{#a.b#}}` in texts, and selectors `[a, b]`."""
    stack: list[tuple[str, Any]] = [("", node.data)]
    while stack:
        key, value = stack.pop()
        if isinstance(value, str):
            yield from (tuple(match.group(1).split(".")) for match in REFERENCE.finditer(value) if match.group(1) != "context")
        elif isinstance(value, dict):
            if node.type == "tool" and value.get("type") == "variable" and _is_path(value.get("value")):
                yield tuple(map(str, value["value"]))
            stack += [(str(name), item) for name, item in value.items()]
        elif isinstance(value, list):
            selector = key.endswith("selector") or (node.type == "parameter-extractor" and key == "query")
            if selector and _is_path(value):
                yield tuple(map(str, value))
            elif key == "variables" and node.type in ("variable-aggregator", "variable-assigner"):
                yield from (tuple(map(str, item)) for item in value if _is_path(item))
            elif key != "groups" or node.type in ("variable-aggregator", "variable-assigner"):
                stack += [("", item) for item in value]


def _is_path(value: Any) -> bool:
    return isinstance(value, list) and len(value) >= 2 and all(isinstance(part, (str, int)) for part in value)


def _title(flow: Flow, node_id: str) -> str:
    node = flow.node(node_id)
    return node.title if node else node_id


def _line(lines: list[str], place: str) -> int | None:
    """Return the line (from 1) on which a node's id is written."""
    if not place:
        return None
    wanted = re.compile(rf"(?:^|[\s{{,-])[\"']?id[\"']?:\s*[\"']?{re.escape(place)}[\"']?\s*(?:[,}}#]|$)")
    return next((number for number, line in enumerate(lines, start=1) if wanted.search(line)), None)
