"""Flow: an agent built of nodes. Raw value: Dify DSL as YAML text; parsed: grading.flow.Flow."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field as Key

from grading.errors import ResponseError
from grading.fields import FieldKind
from grading.flow import Flow, read_flow
from grading.flowlint import lint_text
from grading.model import FieldSpec, FileName


class FlowSpec(FieldSpec):
    """A flow field.

    file : the starter in `files/`; tools : a file of `files/` with the simulated tools that candidates may call; documents :
    the md and txt files of `files/` that make up the knowledge base; max_length counts characters.
    """

    kind: Literal["flow"] = "flow"
    file: FileName | None = None
    tools: FileName | None = None
    documents: tuple[FileName, ...] = ()
    max_length: int = Key(100_000, ge=1, le=120_000)


def is_blank(raw: Any) -> bool:
    """Return True for nothing or only white space."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def parse(raw: Any, spec: FlowSpec) -> Flow:
    """Return the flow; ResponseError if it is no text, too long, or not Dify DSL."""
    if not isinstance(raw, str):
        raise ResponseError("这里应是智能体流程（Dify DSL 文本）。")
    if len(raw) > spec.max_length:
        raise ResponseError(f"流程超过 {spec.max_length} 个字符，请删减后再提交。")
    return read_flow(raw)


def describe(raw: Any) -> str:
    """Return how many nodes the flow has."""
    try:
        return f"{len(read_flow(raw).nodes)} 个节点" if isinstance(raw, str) else "不是流程"
    except ResponseError:
        return "不能识别的流程"


def lint(raw: Any, spec: FlowSpec) -> list[dict[str, Any]]:
    """Return what is wrong with the flow: `{severity, place, line, message}`, errors first; place is the id of a node or ""."""
    try:
        parse(raw, spec)
    except ResponseError as error:
        return [{"severity": "error", "place": "", "line": None, "message": str(error)}]
    return lint_text(raw, documents=spec.documents)


KIND = FieldKind("flow", FlowSpec, "flow", False, is_blank, parse, describe=describe, lint=lint)
