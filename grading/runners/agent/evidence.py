"""The evidence of a run of `agent`: the conversations as plain data, cut to what a page can show."""

from __future__ import annotations

import json
from typing import Any

from grading.conversations import Conversations, Turn
from grading.text import shorten

MAX_BYTES = 280_000
# (characters of a step's input and output, of a chunk, of a prompt), tried in this order until the whole is small enough.
_CUTS = ((240, 300, 4000), (240, 300, 800), (80, 120, 300), (30, 40, 100), (0, 0, 0))


def evidence_of(talk: Conversations, model: str = "") -> dict[str, Any]:
    """Return `{"kind": "agent", "conversations": […], "engine": …}` of at most MAX_BYTES bytes of JSON. model : the language model
    that answered, if one did; it is named then, and its steps have `prompt` and `reply`."""
    for cuts in _CUTS:
        found = _evidence(talk, *cuts)
        if model:
            found["model"] = model
        if len(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")) <= MAX_BYTES:
            break
    return found


def _evidence(talk: Conversations, step: int, chunk: int, prompt: int) -> dict[str, Any]:
    return {
        "kind": "agent", "engine": talk.engine,
        "conversations": [
            {"id": c.id, "title": c.title, "error": c.error, "turns": [_turn(turn, step, chunk, prompt) for turn in c.turns]}
            for c in talk.conversations
        ],
    }


def _turn(turn: Turn, step: int, chunk: int, prompt: int) -> dict[str, Any]:
    return {
        "user": turn.user[:1000], "answer": turn.answer[:1500],
        "steps": [
            {"node": s.node, "title": s.title, "type": s.type, "status": s.status, "branch": s.branch,
             "note": _cut(s.note, max(step, 40)), "input": _cut(s.input, step), "output": _cut(s.output, step),
             **({"prompt": _whole(s.prompt, prompt), "reply": _whole(s.reply, prompt)} if s.prompt and prompt else {})}
            for s in turn.steps
        ],
        "tool_calls": [
            {"tool": c.tool, "arguments": {str(k): _cut(_shown(v), 120) for k, v in list(c.arguments.items())[:20]},
             "result": _cut(_shown(c.result), 300), "error": c.error[:200]} for c in turn.tool_calls[:20]
        ],
        "retrieved": [
            {"document": f.document, "chunk": f.chunk, "score": round(f.score, 4), "text": _cut(f.text, chunk)} for f in turn.retrieved
        ],
    }


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _whole(text: str, limit: int) -> str:
    """Return a text with its lines, cut at the end."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def _cut(text: str, limit: int) -> str:
    return shorten(text, limit) if limit else ""
