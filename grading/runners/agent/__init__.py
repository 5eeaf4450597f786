"""Runner `agent`: talks to the candidate's flow as the scripted users of a scenario do, and brings back the conversations.

The flow is executed in the sandbox runtime `agent` (see `engine/`): knowledge base, simulated tools and the semantic engine are
there; expected answers are not. Candidates' code and templates run in a process apart from the one that writes the transcript.

Marks come from the embedded engine only. For practice a language model may answer instead (`practise`): the run says what it would
ask, somebody who has a network asks, and the run is done again with the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field as Key

from grading.completions import MAX_ASKED, TOO_MANY, Ask, Completions, Prompt, Unfinished
from grading.conversations import Conversations
from grading.errors import TaskError
from grading.flow import Flow
from grading.model import FileName, RunLimits, RunSpec, Spec, Task
from grading.runners import Problem, RunOutcome
from grading.runners._engine import given_files, play
from grading.runners.agent.evidence import evidence_of
from grading.runners.agent.reading import UNREADABLE, read_answer, read_prompts
from grading.runners.agent.scenario import Scenario, ToolsFile, Utterance, plain, preview, read_scenario, read_tools, script_plain
from grading.sandbox.contract import RunResult, Sandbox

RUNTIME = "agent"
ACCEPTS = ("flow",)
OUTPUTS = {"talk": "conversations"}
ENGINE = Path(__file__).parent / "engine"
MAX_DOCUMENTS = 30_000
OWN_CODE = frozenset({"code", "template-transform"})


class Args(Spec):
    """What a task may write: names of files that the run gets (`files` or `hidden`).

    scenario : the scripted users; tools : the simulated tools; documents : the knowledge base (md or txt); input : what one
    user says, turn by turn, instead of a scenario (the preview of a chat).
    """

    scenario: FileName | None = None
    tools: FileName | None = None
    documents: tuple[FileName, ...] = ()
    input: Annotated[tuple[Utterance, ...], Key(max_length=20)] | None = None


def check(run: RunSpec, task: Task) -> None:
    """Raise TaskError unless the files that `args` names are given to the run and can be read."""
    args = Args.model_validate(run.args)
    if args.scenario is None and args.input is None:
        raise TaskError("scenario（剧本文件）和 input 要写一个", key="args")
    named = [name for name in (args.scenario, args.tools, *args.documents) if name]
    for name in named:
        if name not in (*run.files, *run.hidden):
            raise TaskError(f"{name!r} 要同时写在 files 或 hidden 里", key="args")
    prepare(args, given_files(run, task))


def run(run: RunSpec, task: Task, flow: Flow, sandbox: Sandbox) -> RunOutcome:
    """Let `flow` talk; `talk` is either an artifact or has a problem."""
    inputs = prepare(Args.model_validate(run.args), given_files(run, task))
    result, talk = converse(flow, inputs, sandbox, run.limits, seed=run.seed)
    if isinstance(talk, Problem):
        return RunOutcome(result, {}, dict.fromkeys(run.produces, talk))
    return RunOutcome(result, dict.fromkeys(run.produces, talk), {}, evidence_of(talk))


def practise(
    run: RunSpec, task: Task, flow: Flow, sandbox: Sandbox, completions: Completions, model: str
) -> RunOutcome | Unfinished:
    """Let `flow` talk while `model` answers in its llm, classifier and extractor nodes; Unfinished says what is to be asked next."""
    inputs = prepare(Args.model_validate(run.args), given_files(run, task))
    result, talk = _play(flow, inputs, sandbox, run.limits, completions=completions, seed=run.seed)
    if isinstance(talk, Conversations):
        return RunOutcome(result, dict.fromkeys(run.produces, talk), {}, evidence_of(talk, model))
    return RunOutcome(result, {}, dict.fromkeys(run.produces, talk)) if isinstance(talk, Problem) else Unfinished(result, talk)


def converse(
    flow: Flow, inputs: Mapping[str, Any], sandbox: Sandbox, limits: RunLimits, *,
    mocks: Mapping[str, str] | None = None, ask: Ask | None = None, seed: int = 0,
) -> tuple[RunResult, Conversations | Problem]:
    """Let `flow` talk to the scripted users of `inputs` (see `prepare`).

    mocks : node id or title → text that an llm node gives; ask : answers the prompts of all other nodes that ask a language model
    (None: the embedded engine does), MAX_ASKED at most.
    """
    completions: dict[str, str] | None = None if ask is None else {}
    while True:
        result, talk = _play(flow, inputs, sandbox, limits, mocks=mocks, completions=completions, seed=seed)
        if isinstance(talk, (Conversations, Problem)):
            return result, talk
        assert ask is not None
        assert completions is not None
        if len(completions) + len(talk) > MAX_ASKED:
            return result, Problem(TOO_MANY, "output_limit")
        completions |= {prompt.digest: ask(prompt) for prompt in talk}


def _play(
    flow: Flow, inputs: Mapping[str, Any], sandbox: Sandbox, limits: RunLimits, *,
    mocks: Mapping[str, str] | None = None, completions: Completions | None = None, seed: int = 0,
) -> tuple[RunResult, Conversations | Problem | tuple[Prompt, ...]]:
    """Run once; what is not there yet comes as prompts, none of which is in `completions`."""
    known = None if completions is None else dict(completions)
    request = {"flow": flow.plain(), "mocks": dict(mocks or {}), "completions": known, **inputs}
    spec = RunSpec(id="agent", runner="agent", of="flow", produces={}, limits=limits, seed=seed)
    result, answer = play(ENGINE, RUNTIME, request, {}, spec, sandbox)
    if not isinstance(answer, Problem):
        answer = _prompts(answer, completions) or read_answer(answer, request["conversations"])
    return result, _whose(answer, result, flow) if isinstance(answer, Problem) else answer


def _prompts(answer: Any, completions: Completions | None) -> tuple[Prompt, ...] | Problem:
    """Return what the engine would like to ask; one that asks although there is nobody, or again, is out of order."""
    prompts = () if completions is None else read_prompts(answer)
    again = isinstance(prompts, tuple) and any(prompt.digest in (completions or {}) for prompt in prompts)
    return UNREADABLE if again else prompts


def prepare(args: Args, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return tools, documents and conversations as the engine wants them; TaskError for what cannot be read."""
    tools = read_tools(args.tools, files[args.tools]) if args.tools else ToolsFile()
    if args.input is not None:
        scenario: Scenario = preview(args.input)
    else:
        assert args.scenario is not None  # see check
        scenario = read_scenario(args.scenario, files[args.scenario])
    if (scenario.tools and args.tools) or (scenario.documents and args.documents):
        raise TaskError("工具、文档写在剧本里，就不再另给文件", file=args.scenario or "")
    tools = ToolsFile(tools=scenario.tools) if scenario.tools else tools
    _known_tools(scenario, tools, args)
    texts = {name: text.encode() for name, text in scenario.documents.items()}
    return {
        "tools": plain(tools)["tools"], "documents": documents((*args.documents, *texts), {**files, **texts}),
        "conversations": [script_plain(script) for script in scenario.conversations],
    }


def _known_tools(scenario: Scenario, tools: ToolsFile, args: Args) -> None:
    known = {tool.name for tool in tools.tools}
    for script in scenario.conversations:
        for name in (*script.failures, *script.responses):
            if name not in known:
                words = f"对话 {script.id} 提到的工具 {name!r} 不存在；可用：{', '.join(sorted(known)) or '（无）'}"
                raise TaskError(words, file=args.scenario or "")


def documents(names: tuple[str, ...], files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the knowledge base, name → text; TaskError for another kind of file, or too much of it."""
    found = {}
    for name in names:
        if not name.lower().endswith((".md", ".txt")):
            raise TaskError("知识库文档应是 .md 或 .txt", file=name)
        try:
            found[name] = files[name].decode("utf-8-sig")
        except UnicodeDecodeError:
            raise TaskError("文件不是 UTF-8 编码", file=name) from None
    total = sum(map(len, found.values()))
    if total > MAX_DOCUMENTS:
        raise TaskError(f"知识库共 {total} 字，超过 {MAX_DOCUMENTS} 字")
    return found


def _whose(problem: Problem, result: RunResult, flow: Flow) -> Problem:
    """An engine that was killed while it ran a candidate's code was killed by that code: nothing else in there kills."""
    killed = result.status == "runtime_error" and result.signal is not None
    if problem.cause == "fault" and killed and any(node.type in OWN_CODE for node in flow.nodes):
        return Problem("流程里的代码破坏了评测进程，没有得到对话记录。", "crash")
    return problem
