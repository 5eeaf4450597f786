"""Graders of what an agent did: calls of tools, retrieved documents, its way through the nodes, and the graph itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field as Key

from grading.conversations import Conversations
from grading.errors import TaskError
from grading.flow import KNOWN_TYPES, Flow
from grading.flowpaths import cycle, dead_ends, reachable
from grading.graders._talk import Needs, Place, Text, absent, check_needs, fits, shown_call, unmet, where
from grading.model import Id, Mark
from grading.registry import grader
from grading.text import listing, shorten

Times = Annotated[int, Key(ge=0, le=100)]


def _check_call(*, min: int, max: int | None, patterns: Mapping[str, str], requires: Needs, **_: Any) -> None:
    if max is not None and max < min:
        raise TaskError("max 小于 min")
    if max == 0 or requires:
        check_needs(requires)
    for name, form in patterns.items():
        try:
            re.compile(form)
        except re.error as error:
            raise TaskError(f"{name} 的正则表达式有误：{error}", key="args.patterns") from None


@grader(validate=_check_call)
def tool_called(
    found: Conversations, *, tool: Id, arguments: Mapping[str, Any] = {}, patterns: Mapping[str, str] = {},
    min: Times = 1, max: Times | None = None, conversation: Id | None = None, turn: Place | None = None, after: Id | None = None,
    succeeded: bool = False, requires: Needs = (),
) -> Mark:
    """Mark the calls of a tool: that they were made, how often, and with which arguments.

    Parameters
    ----------
    found : the conversations
    tool : name of the tool
    arguments : arguments that a call must have, and their values; it may have others too
    patterns : arguments whose whole value must match a regular expression
    min, max : how many such calls there must be at least and may be at most; `max: 0` (with `min: 0`) is "not called"
    conversation, turn : where to look (turns from 1; -1 is the last); default: everywhere
    after : a tool that must have been called earlier in the same conversation
    succeeded : count only calls that gave a result
    requires : for `max: 0`, what must have happened elsewhere (see `answer_avoids`), so that doing nothing earns nothing

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> from grading.conversations import Conversation, ToolCall, Turn
    >>> turn = Turn("到哪了", "已发货", tool_calls=(ToolCall("get_order", {"order_id": "SO1"}),))
    >>> tool_called(Conversations((Conversation("a", "", (turn,)),)), tool="get_order", arguments={"order_id": "SO1"}).fraction
    1.0
    """
    if max == 0:
        min = 0
    wanted = f"{tool}({'，'.join(f'{k}={v}' for k, v in {**arguments, **patterns}.items())})"
    times = "不调用" if max == 0 else f"调用 {min} 次" if min == max else f"至少调用 {min} 次" + (f"、至多 {max} 次" if max else "")
    expected = shorten(f"{where(conversation, turn)}{times} {wanted}", 200)
    turns = list(found.turns(conversation, turn))
    missing = absent(turns, expected, conversation, turn)
    if missing is not None:
        return missing
    calls = [call for t in turns for call in t.tool_calls]
    hits = [c for c in calls if c.tool == tool and fits(c, arguments, patterns) and not (succeeded and c.error)]
    shown = shorten("；".join(shown_call(call) for call in calls[:4]), 160) or "没有调用工具"
    reason = _wrong_count(len(hits), min, max, [c for c in calls if c.tool == tool], tool)
    if not reason and after is not None and not _in_order(found, conversation, after, tool):
        reason = f"调用 {tool} 之前应先调用 {after}"
    reason = reason or unmet(found, requires)
    return Mark(float(not reason), expected, shown, f"{reason}，不得分。" if reason else "工具调用符合要求。")


def _wrong_count(hits: int, least: int, most: int | None, calls: list[Any], tool: str) -> str:
    if hits < least and calls and not hits:
        return f"调用了 {tool}，但参数不对或没有成功：{shorten(shown_call(calls[0]), 80)}"
    if hits < least:
        return f"符合要求的 {tool} 调用有 {hits} 次，应至少 {least} 次"
    if most is not None and hits > most:
        return f"{tool} 被调用了 {hits} 次，至多应 {most} 次"
    return ""


def _in_order(found: Conversations, conversation: str | None, first: str, then: str) -> bool:
    for one in found.conversations:
        if conversation is None or one.id == conversation:
            called = [call.tool for turn in one.turns for call in turn.tool_calls]
            if then in called and first not in called[: called.index(then)]:
                return False
    return True


@grader
def retrieved(
    found: Conversations, *, document: Id | Annotated[str, Key(min_length=1, max_length=120)], conversation: Id,
    turn: Place | None = None, top: Annotated[int, Key(ge=1, le=20)] = 3, containing: Text | None = None,
) -> Mark:
    """Mark that a document is among the first chunks that were retrieved.

    Parameters
    ----------
    found : the conversations
    document : name of the file, with or without its extension
    conversation, turn : where to look (turns from 1; -1 is the last)
    top : among how many of the best chunks of a turn
    containing : a text that the chunk must hold

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> from grading.conversations import Conversation, Found, Turn
    >>> turn = Turn("怎么润滑", "每周一次", retrieved=(Found("lathe.md", 2, 0.7, "每周润滑一次"),))
    >>> retrieved(Conversations((Conversation("a", "", (turn,)),)), document="lathe", conversation="a").fraction
    1.0
    """
    expected = shorten(f"{where(conversation, turn)}检索结果前 {top} 段有 {document}", 200)
    turns = list(found.turns(conversation, turn))
    missing = absent(turns, expected, conversation, turn)
    if missing is not None:
        return missing
    chunks = [chunk for t in turns for chunk in t.retrieved[:top]]
    hits = [c for c in chunks if document in (c.document, c.document.rpartition(".")[0]) and (containing is None or containing in c.text)]
    shown = listing([f"{c.document}#{c.chunk}" for c in chunks], 5) or "没有检索"
    if hits:
        return Mark(1.0, expected, shown, f"检索到了 {document}。")
    reason = f"前 {top} 段里没有 {document} 的相关内容。" if chunks else "没有做知识检索。"
    return Mark(0.0, expected, shorten(shown, 160), reason)


@grader
def node_path(
    found: Conversations, *, path: Annotated[tuple[Text, ...], Key(min_length=1)], conversation: Id, turn: Place = 1,
    avoids: tuple[Text, ...] = (),
) -> Mark:
    """Mark the way through the nodes in one turn.

    Parameters
    ----------
    found : the conversations
    path : types or titles of nodes that must have been executed with success in this order; others may lie between them
    conversation, turn : where to look (turns from 1; -1 is the last)
    avoids : types or titles of nodes that may not have been executed there

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> from grading.conversations import Conversation, Step, Turn
    >>> steps = tuple(Step(kind, kind, kind, "ok") for kind in ("start", "llm", "answer"))
    >>> talk = Conversations((Conversation("a", "", (Turn("你好", "你好", steps),)),))
    >>> node_path(talk, path=["llm", "answer"], conversation="a").fraction
    1.0
    """
    expected = shorten(f"{where(conversation, turn)}依次经过 {'、'.join(map(_kind, path))}", 200)
    turns = list(found.turns(conversation, turn))
    missing = absent(turns, expected, conversation, turn)
    if missing is not None:
        return missing
    steps = [step for t in turns for step in t.steps if step.status == "ok"]
    names = iter(steps)
    lacking = [wanted for wanted in path if not next((True for step in names if wanted in (step.type, step.title)), False)]
    wrong = [step.title for step in steps if step.type in avoids or step.title in avoids]
    shown = shorten(" → ".join(step.title for step in steps), 160) or "没有执行任何节点"
    if lacking:
        return Mark(0.0, expected, shown, f"没有按顺序经过“{shorten(_kind(lacking[0]), 30)}”。")
    if wrong:
        return Mark(0.0, expected, shown, f"不应经过“{shorten(wrong[0], 30)}”。")
    return Mark(1.0, expected, shown, "经过的节点和顺序符合要求。")


def _check_graph(*, kinds: Mapping[str, int], **_: Any) -> None:
    unknown = [name for kind in kinds for name in kind.split("|") if name not in KNOWN_TYPES]
    if unknown:
        raise TaskError(f"没有节点类型 {unknown[0]!r}；可用：{', '.join(KNOWN_TYPES)}", key="args.kinds")


@grader(validate=_check_graph)
def graph(
    found: Flow, *, kinds: Annotated[Mapping[str, Annotated[int, Key(ge=1, le=50)]], Key(min_length=1)],
    min_nodes: Annotated[int, Key(ge=1, le=100)] = 3,
) -> Mark:
    """Mark the graph as it was built: the kinds of nodes in use, and no loose ends.

    A node counts if a path leads to it from the start. Circles, dead ends (a way that ends without an answer) and nodes of a
    type that cannot be executed cost the mark.

    Parameters
    ----------
    found : the flow
    kinds : node type → how many of it at least; `if-else|question-classifier` is either of the two
    min_nodes : how many nodes at least

    Returns
    -------
    Mark with fraction 1 or 0

    Examples
    --------
    >>> from grading.flow import Edge, Node
    >>> nodes = tuple(Node(kind, kind, kind, {}) for kind in ("start", "llm", "answer"))
    >>> graph(Flow("", "", "", nodes, (Edge("start", "source", "llm"), Edge("llm", "source", "answer"))), kinds={"llm": 1}).fraction
    1.0
    """
    reached = reachable(found)
    used = [node for node in found.nodes if node.id in reached]
    expected = shorten(f"至少 {min_nodes} 个连通的节点，含 {'、'.join(f'{_kind(kind)}×{count}' for kind, count in kinds.items())}", 200)
    shown = shorten(f"{len(used)} 个连通的节点：{'、'.join(node.title for node in used)}", 160)
    titles = {node.id: node.title for node in found.nodes}
    lacking = [kind for kind, count in kinds.items() if sum(node.type in kind.split("|") for node in used) < count]
    ends = [name for name in dead_ends(found) if name in reached]
    loose = [name for name in found.unknown if name in reached]
    reason = ""
    if len(used) < min_nodes:
        reason = f"从开始节点连通的节点有 {len(used)} 个，少于 {min_nodes} 个"
    elif lacking:
        reason = f"缺少在用的“{_kind(lacking[0])}”节点"
    elif cycle(found):
        reason = "连线成环"
    elif ends or loose:
        reason = f"“{shorten(titles[(ends or loose)[0]], 30)}”" + ("之后没有回复，是死路" if ends else "的类型不能执行")
    return Mark(float(not reason), expected, shown, f"{reason}，不得分。" if reason else "流程结构完整。")


def _kind(name: str) -> str:
    return "或".join(KNOWN_TYPES.get(part, part) for part in name.split("|"))
