"""What a node finds when it is executed: the variables of the turn, and what belongs to the conversation and the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .isolate import Isolation
from .knowledge import Knowledge
from .pool import Pool
from .semantics import Semantics
from .tools import ToolBox

if TYPE_CHECKING:
    from .asking import Model


@dataclass
class Turn:
    """One turn of a conversation. history : what the user said before, oldest first; mocks : node id or title → text that an
    llm node gives; start : id of the start node; form : the app asks with a form (mode `workflow`), so that what the user says is
    its first input; retrieved : chunks found in this turn; replies : what was answered to
    `history`; model : the language model of a practice, None (the embedded engine answers) everywhere else."""

    query: str
    pool: Pool
    history: list[str]
    tools: ToolBox
    knowledge: Knowledge
    semantics: Semantics
    isolation: Isolation
    mocks: dict[str, str]
    start: str = ""
    form: bool = False
    retrieved: list[dict[str, Any]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    model: Model | None = None


@dataclass(frozen=True)
class Done:
    """What a node did. handle : the branch to go on; shown : what it was given; note : how it decided; prompt, reply : what a
    language model was asked and what it said."""

    outputs: dict[str, Any]
    handle: str = "source"
    shown: str = ""
    note: str = ""
    prompt: str = ""
    reply: str = ""


def remembers(data: dict[str, Any]) -> bool:
    """Return whether a node's memory of the conversation is on."""
    memory = data.get("memory")
    if not isinstance(memory, dict):
        return False
    window = memory.get("window")
    return not (isinstance(window, dict) and window.get("enabled") is False)
