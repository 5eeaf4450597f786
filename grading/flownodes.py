"""What each kind of node needs and gives: its branches, its output variables, and what is wrong with its settings."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from grading.flow import Node
from grading.text import listing, shorten

Message = tuple[str, str]
"""severity and Chinese sentence."""

ERROR_OUTPUTS = frozenset({"error_message", "error_type"})
OPERATORS = frozenset({
    "contains", "not contains", "start with", "end with", "is", "is not", "empty", "not empty", "in", "not in", "all of",
    "=", "≠", ">", "<", "≥", "≤", "null", "not null", "exists", "not exists",
})  # fmt: skip
SEARCHES = ("semantic_search", "full_text_search", "hybrid_search")
SPLITS = ("heading", "paragraph", "size")


def handles(node: Node) -> dict[str, str]:
    """Return the branches of a node: handle → its name for people."""
    data = node.data
    if node.type == "question-classifier":
        return {str(c.get("id", "")): str(c.get("name", "")) for c in _dicts(data.get("classes"))}
    if node.type == "if-else":
        cases = [str(case.get("case_id") or case.get("id") or "") for case in _dicts(data.get("cases"))] or ["true"]
        return {case: "满足条件" if len(cases) == 1 else f"条件 {place}" for place, case in enumerate(cases, 1)} | {"false": "否则"}
    found = {"source": "下一步"}
    if data.get("error_strategy") == "fail-branch":
        found |= {"success-branch": "成功", "fail-branch": "失败"}
    return found


def outputs(node: Node) -> frozenset[str] | None:
    """Return the names of a node's output variables, None if any name is possible (results of tools)."""
    data, kind = node.data, node.type
    names = set(_FIXED.get(kind, ()))
    if kind == "start":
        names = {str(v.get("variable", "")) for v in _dicts(data.get("variables"))}
    elif kind == "parameter-extractor":
        names = {str(p.get("name", "")) for p in _dicts(data.get("parameters"))} | {"__is_success", "__reason"}
    elif kind == "code":
        names = set(_mapping(data.get("outputs")))
    elif kind in ("variable-aggregator", "variable-assigner"):
        settings = _mapping(data.get("advanced_settings"))
        grouped = [str(g.get("group_name", "")) for g in _dicts(settings.get("groups"))] if settings.get("group_enabled") else []
        names = {"output", *grouped}
    elif kind not in _FIXED:
        return None
    if data.get("error_strategy") == "fail-branch":
        names |= ERROR_OUTPUTS
    return frozenset(names)


_FIXED: Mapping[str, tuple[str, ...]] = {
    "llm": ("text",), "question-classifier": ("class_name", "class_id"), "knowledge-retrieval": ("result",), "if-else": (),
    "template-transform": ("output",), "http-request": ("body", "status_code", "headers"), "answer": ("answer",), "end": (),
    "assigner": (), "start": (), "parameter-extractor": (), "code": (), "variable-aggregator": (), "variable-assigner": (),
}


def check_node(
    node: Node, documents: Collection[str] | None, tools: Mapping[str, Collection[str]] | None
) -> Iterator[Message]:
    """Yield what is wrong with the settings of one node."""
    check = _CHECKS.get(node.type)
    if check is not None:
        yield from check(node)
    if node.type == "knowledge-retrieval":
        yield from _knowledge(node, documents)
    if node.type == "tool":
        yield from _tool(node, tools)


def _llm(node: Node) -> Iterator[Message]:
    template = node.data.get("prompt_template")
    parts = _dicts(template) if isinstance(template, list) else [_mapping(template)]
    if not any(str(part.get("text", "")).strip() for part in parts):
        yield "error", f"“{node.title}”没有写提示词。"


def _classifier(node: Node) -> Iterator[Message]:
    classes = _dicts(node.data.get("classes"))
    if len(classes) < 2:
        yield "error", f"“{node.title}”至少要有两个类别。"
    if any(not str(c.get("name", "")).strip() for c in classes):
        yield "error", f"“{node.title}”有类别没有写名称，无法按意思分类。"
    if not isinstance(node.data.get("query_variable_selector"), list):
        yield "error", f"“{node.title}”没有选要分类的变量（一般是 sys.query）。"


def _extractor(node: Node) -> Iterator[Message]:
    parameters = _dicts(node.data.get("parameters"))
    if not parameters or any(not str(p.get("name", "")).strip() for p in parameters):
        yield "error", f"“{node.title}”没有写要提取的参数，或参数没有名称。"
    for parameter in parameters:
        if not str(parameter.get("description", "")).strip():
            yield "warning", f"参数 {shorten(str(parameter.get('name', '')), 30)} 没有说明；写上格式和例子才提取得准。"
    if not isinstance(node.data.get("query"), list):
        yield "error", f"“{node.title}”没有选从哪个变量提取（一般是 sys.query）。"


def _branch(node: Node) -> Iterator[Message]:
    cases = _dicts(node.data.get("cases")) or [dict(node.data)]
    for case in cases:
        conditions = _dicts(case.get("conditions"))
        if not conditions:
            yield "error", f"“{node.title}”有分支没有写条件。"
        for condition in conditions:
            operator = str(condition.get("comparison_operator", ""))
            if operator not in OPERATORS:
                yield "error", f"“{node.title}”的比较方式 {shorten(operator, 20)} 不认识；可用：{'、'.join(sorted(OPERATORS))}。"


def _code(node: Node) -> Iterator[Message]:
    if str(node.data.get("code_language", "python3")) not in ("python3", "python"):
        yield "error", f"“{node.title}”的代码不是 Python；这里只执行 python3。"
        return
    try:
        tree = ast.parse(str(node.data.get("code", "")))
    except SyntaxError as error:
        yield "error", f"“{node.title}”第 {error.lineno or 1} 行有语法错误。"
        return
    except (ValueError, RecursionError, MemoryError):
        yield "error", f"“{node.title}”的代码不能读取。"
        return
    if not any(isinstance(part, ast.FunctionDef) and part.name == "main" for part in tree.body):
        yield "error", f"“{node.title}”的代码里没有函数 main。"
    if not _mapping(node.data.get("outputs")):
        yield "warning", f"“{node.title}”没有声明输出变量，后面的节点拿不到结果。"


def _answer(node: Node) -> Iterator[Message]:
    if not str(node.data.get("answer", "")).strip():
        yield "error", f"“{node.title}”没有写回复内容。"


def _request(node: Node) -> Iterator[Message]:
    if not str(node.data.get("url", "")).strip():
        yield "error", f"“{node.title}”没有写网址。"


def _knowledge(node: Node, documents: Collection[str] | None) -> Iterator[Message]:
    if not isinstance(node.data.get("query_variable_selector"), list):
        yield "error", f"“{node.title}”没有选要检索的变量（一般是 sys.query）。"
    own = _mapping(node.data.get("retrieval"))
    if own.get("search_method", SEARCHES[0]) not in SEARCHES:
        yield "error", f"“{node.title}”的检索方式应是 {'、'.join(SEARCHES)} 之一。"
    if _mapping(own.get("chunk")).get("mode", SPLITS[0]) not in SPLITS:
        yield "error", f"“{node.title}”的分段方式应是 {'、'.join(SPLITS)} 之一。"
    wanted = [str(name) for name in node.data.get("dataset_ids") or []] if isinstance(node.data.get("dataset_ids"), list) else []
    if documents is not None:
        known = {name for full in documents for name in (full, full.rpartition(".")[0])}
        if not documents:
            yield "error", f"“{node.title}”：本题没有知识库文档。"
        unknown = [name for name in wanted if name not in known]
        if unknown:
            yield "warning", f"知识库里没有 {listing(unknown)}；现有：{listing(sorted(documents), 8)}。都对不上时检索全部文档。"


def _tool(node: Node, tools: Mapping[str, Collection[str]] | None) -> Iterator[Message]:
    name = str(node.data.get("tool_name", ""))
    if not name:
        yield "error", f"“{node.title}”没有选工具。"
    elif tools is not None and name not in tools:
        yield "error", f"没有名为 {shorten(name, 30)} 的工具；可用：{listing(sorted(tools), 8) or '（无）'}。"
    elif tools is not None:
        given = {key for key, value in _mapping(node.data.get("tool_parameters")).items() if not _is_empty(value)}
        missing = [parameter for parameter in tools[name] if parameter not in given]
        if missing:
            yield "error", f"工具 {name} 缺少必填参数 {listing(missing)}。"


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and value.get("value") in (None, "", []))


_CHECKS: Mapping[str, Callable[[Node], Iterator[Message]]] = {
    "llm": _llm, "question-classifier": _classifier, "parameter-extractor": _extractor, "if-else": _branch, "code": _code,
    "answer": _answer, "http-request": _request,
}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
