"""A trial with input of one's own: what a candidate says to their agent, turn by turn, for runners that take it."""

from __future__ import annotations

from typing import Any

from grading.model import RunSpec
from grading.runners import arguments
from simulator.errors import Refused

FIELD = "input"
MAX_TURNS = 20
MAX_CHARS = 1000


def takes_input(run: RunSpec) -> bool:
    """Return True if the runner of `run` can be told what the candidate says."""
    return FIELD in arguments(run.runner).model_fields


def is_chat(run: RunSpec) -> bool:
    """Return True if `run` is a conversation with the candidate: a trial that takes input and has no script of its own."""
    return run.purpose == "trial" and takes_input(run) and not run.args.get("scenario")


def read(run: RunSpec, body: Any) -> list[str] | None:
    """Return the turns of a request for a trial, None if it brings none; Refused says what is wrong with them.

    body : JSON of the request (None without any), ``{"input": [turn, …]}``.
    """
    given = body.get(FIELD) if isinstance(body, dict) else None
    if given is None:
        if is_chat(run):
            raise Refused("还没有可以发送的内容。", "请先写一句话，再点“发送”。", status=422)
        return None
    if not takes_input(run):
        raise Refused("这个试运行不接受对话内容。", "请刷新页面。", status=422)
    if not isinstance(given, list) or not all(isinstance(turn, str) for turn in given):
        raise Refused("对话内容的格式不对。", "请刷新页面。", status=422)
    turns = [_plain(turn) for turn in given]
    if not turns or not all(turns):
        raise Refused("还没有可以发送的内容。", "请先写一句话，再点“发送”。", status=422)
    if len(turns) > MAX_TURNS:
        raise Refused("这段对话已有 20 句，不能再加。", "请清空对话，重新开始。", status=422)
    if any(len(turn) > MAX_CHARS for turn in turns):
        raise Refused("一句话最多 1000 个字符。", "请缩短后再发送。", status=422)
    return turns


def apply(run: RunSpec, turns: list[str] | None) -> RunSpec:
    """Return `run` as a trial plays it: without hidden files, and with the candidate's turns if they gave any."""
    args = run.args if turns is None else {**run.args, FIELD: turns}
    return run.model_copy(update={"hidden": (), "args": args})


def _plain(turn: str) -> str:
    """Return `turn` without what databases refuse (NUL, lone surrogates) and without blanks around it."""
    return turn.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()
