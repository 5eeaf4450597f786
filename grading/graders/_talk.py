"""What the graders of conversations share: which turns they look at, what counts as said, and what must be there first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field as Key

from grading.conversations import Conversations, ToolCall, Turn
from grading.errors import TaskError
from grading.model import Id, Mark, Spec
from grading.text import fold, shorten

Text = Annotated[str, Key(min_length=1, max_length=200)]
Fact = Text | Annotated[tuple[Text, ...], Key(min_length=1)]
"""A text, or several of which one is enough."""
Place = Annotated[int, Key(ge=-20, le=20)]
"""Number of a turn, from 1; -1 is the last."""


class Need(Spec):
    """Something that must have happened before a point for *not* doing something is given: a tool was called with success, or
    an answer says one of some texts."""

    conversation: Id | None = None
    turn: Place | None = None
    tool: Id | None = None
    contains: tuple[Text, ...] = ()


Needs = tuple[Need, ...]


def check_needs(requires: Needs) -> None:
    """Raise TaskError unless something is required, and every need says what."""
    if not requires:
        raise TaskError("要写 requires：不做任何事的流程不能得这一点的分", key="args.requires")
    for need in requires:
        if need.tool is None and not need.contains:
            raise TaskError("requires 的每一条要写 tool 或 contains", key="args.requires")


def unmet(talk: Conversations, requires: Needs) -> str:
    """Return what is missing of `requires`, "" if nothing is."""
    for need in requires:
        turns = list(talk.turns(need.conversation, need.turn))
        where = f"对话 {need.conversation} 中" if need.conversation else ""
        if need.tool is not None and not any(call.tool == need.tool and not call.error for turn in turns for call in turn.tool_calls):
            return f"{where}没有成功调用工具 {need.tool}"
        if need.contains and not any(says(turn.answer, text) for turn in turns for text in need.contains):
            return f"{where}没有正常回答（应提到 {' 或 '.join(need.contains[:3])}）"
    return ""


def says(text: str, wanted: str) -> bool:
    """Return whether `wanted` stands in `text`, whatever the width, case and spaces; numbers must stand alone.

    >>> says("温度上限８０ ℃。", "80℃"), says("180℃", "80℃")
    (True, False)
    """
    text, wanted = ("".join(fold(part).split()) for part in (text, wanted))
    if not wanted:
        return False
    left = r"(?<![0-9.])" if wanted[0].isdigit() else ""
    right = r"(?![0-9]|\.[0-9])" if wanted[-1].isdigit() else ""
    return re.search(left + re.escape(wanted) + right, text) is not None


def said(text: str, fact: Fact) -> bool:
    """Return whether a fact (one of its wordings) stands in `text`."""
    return any(says(text, one) for one in ((fact,) if isinstance(fact, str) else fact))


def name_of(fact: Fact) -> str:
    """Return a fact for a sentence."""
    return fact if isinstance(fact, str) else "/".join(fact)


def names_of(facts: Iterable[Fact], limit: int = 120) -> str:
    """Return facts for the score sheet."""
    return shorten("、".join(f"“{name_of(fact)}”" for fact in facts), limit)


def quoted(turns: Iterable[Turn], limit: int = 110) -> str:
    """Return what was said, for the score sheet."""
    answers = [turn.answer.strip() for turn in turns]
    return shorten(" / ".join(answer or "（没有回复）" for answer in answers), limit) or "（没有回复）"


def where(conversation: str | None, turn: int | None) -> str:
    """Return the place in words."""
    place = f"对话 {conversation}" if conversation else "各段对话"
    return place + ("" if turn is None else " 最后一轮" if turn == -1 else f" 第 {turn} 轮" if turn > 0 else f" 倒数第 {-turn} 轮")


def absent(turns: list[Turn], expected: str, conversation: str | None, turn: int | None) -> Mark | None:
    """Return the mark of conversations that have no such turn; None if there are turns to judge."""
    if turns:
        return None
    return Mark(0.0, shorten(expected, 200), "（没有这段对话）", f"没有{where(conversation, turn)}的记录，不得分。")


def fits(call: ToolCall, arguments: Mapping[str, Any], patterns: Mapping[str, str]) -> bool:
    """Return whether a call has these arguments (others may be there too) and others of these forms."""
    same = all(name in call.arguments and fold(_text(call.arguments[name])) == fold(_text(value)) for name, value in arguments.items())
    return same and all(re.fullmatch(form, _text(call.arguments.get(name, ""))[:200]) for name, form in patterns.items())


def shown_call(call: ToolCall) -> str:
    """Return a call in a few words."""
    given = "，".join(f"{name}={shorten(_text(value), 30)}" for name, value in list(call.arguments.items())[:4])
    return f"{call.tool}({given})" + (f" 失败：{shorten(call.error, 30)}" if call.error else "")


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
