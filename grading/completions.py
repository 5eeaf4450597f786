"""What a run would like to ask a language model, for practice only: plain data. Who asks it is no affair of this library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grading.sandbox.contract import RunResult

MAX_ASKED = 60
"""Prompts that one run may send to a language model."""
TOO_MANY = f"这次运行要问大模型的次数超过 {MAX_ASKED} 次，已停止。请减少对话的轮数，或流程里的大模型、问题分类、参数提取节点。"

Completions = Mapping[str, str]
"""Digest of a prompt → what the model answered."""


@dataclass(frozen=True)
class Prompt:
    """One question to a language model. digest : names it; title : the node that asks; messages : (role, text); temperature : 0 to 2,
    None if its author wrote none."""

    digest: str
    title: str
    messages: tuple[tuple[str, str], ...]
    temperature: float | None = None


Ask = Callable[[Prompt], str]


@dataclass(frozen=True)
class Unfinished:
    """A run that goes on once its prompts are answered: it is to be done again, with the answers. result : how it ended."""

    result: RunResult
    prompts: tuple[Prompt, ...]
