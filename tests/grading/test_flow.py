"""Flows as Dify DSL: what is read, what is refused, what lint finds."""

from __future__ import annotations

import json

import pytest

from grading.errors import ResponseError
from grading.fields import get_kind
from grading.flow import MAX_NODES, read_flow
from grading.flowlint import lint_text
from grading.flowpaths import cycle, dead_ends, reachable, upstream
from tests.grading.agent_flows import START, answer, code, dsl, line, sample

KIND = get_kind("flow")
CLASSIFIER = {"id": "k", "type": "question-classifier", "title": "分类", "query_variable_selector": ["sys", "query"],
              "classes": [{"id": "1", "name": "订单"}, {"id": "2", "name": "其他"}]}


def messages(text, severity="error", **known):
    return [f["message"] for f in lint_text(text, **known) if f["severity"] == severity]


@pytest.mark.parametrize("task", ["order-service", "inspection-assistant"])
@pytest.mark.parametrize("name", ["full", "full-other-way"])
def test_the_shipped_flows_have_nothing_wrong(task, name):
    documents = ["lathe.md", "compressor.md", "conveyor.md", "safety.md"]
    assert messages(sample(task, name), documents=documents, tools={"get_order": ["order_id"], "apply_refund": ["order_id"]}) == []


def test_a_flow_goes_to_the_engine_as_plain_data():
    found = read_flow(line(answer("好"), conversation_variables=[{"name": "n", "value_type": "number", "value": ""}])).plain()
    assert json.loads(json.dumps(found)) == found
    assert found["conversation"] == {"n": 0}
    assert found["edges"] == [{"source": "s", "handle": "source", "target": "a"}]


def test_notes_on_the_canvas_are_no_nodes():
    document = json.loads(line(answer("好")))
    document["workflow"]["graph"]["nodes"].append({"id": "n", "type": "custom-note", "data": {"type": "", "text": "备忘"}})
    assert len(read_flow(json.dumps(document)).nodes) == 2


@pytest.mark.parametrize("version", ["0.3.0", "0.4.0", "0.5.0", "0.6.0", "0.7.0"])
def test_these_versions_are_known(version):
    assert messages(line(answer("好")).replace("0.6.0", version), "warning") == []


def test_another_version_is_only_a_warning():
    assert messages(line(answer("好")).replace("0.6.0", "0.9.1"), "warning") == ["DSL 版本 0.9.1 没有试过，这里按 0.3–0.7 读取。"]


@pytest.mark.parametrize("text", [
    "", "[]", "kind: other\nworkflow: {}", "kind: app\nworkflow: {graph: []}", "kind: app\nworkflow: {graph: {nodes: x}}",
    "kind: app\napp: {mode: agent-chat}\nworkflow: {graph: {nodes: [{id: s, data: {type: start}}]}}",
    "kind: app\nworkflow: {graph: {nodes: [{id: 'a b', data: {type: start}}]}}",
    "kind: app\nworkflow: {graph: {nodes: [{id: s, data: {}}]}}",
    "kind: app\nworkflow: {graph: {nodes: [{id: s, data: {type: start}}, {id: s, data: {type: start}}]}}",
    "kind: app\nworkflow: {graph: {nodes: [{id: s, data: {type: start}}], edges: [{source: s}]}}",
    "kind: app\nworkflow: {graph: {nodes: [{id: s, data: {type: start, x: !!python/object:os.system {}}}]}}",
    "kind: app\nworkflow: {graph: {nodes: [{id: s, data: {type: start, x: !!binary aGk=}}]}}",
    "kind: app\nworkflow: {graph: {nodes: [{id: s, data: {type: start, x: .nan}}]}}",
    "kind: app\nworkflow: {graph: {nodes: [{id: s, data: {type: start, x: " + "[" * 60 + "]" * 60 + "}}]}}",
    "[" * 50_000, "a: " * 3000, "%TAG ! x", "- &a [*a]", "\x07",
    dsl([{"id": f"n{n}", "type": "start"} for n in range(MAX_NODES + 1)], []),
    dsl([START], [("s", "s")] * 400),
])  # fmt: skip
def test_what_is_no_flow_is_refused_with_a_sentence(text):
    with pytest.raises(ResponseError) as caught:
        read_flow(text)
    assert str(caught.value).endswith(("。", "…。"))
    assert KIND.lint(text, KIND.spec(id="f"))[0]["severity"] == "error"


@pytest.mark.parametrize(("text", "wanted"), [
    (dsl([answer("好")], []), "缺少“开始”节点"),
    (dsl([START, {**START, "id": "z"}, answer("好")], [("s", "a")]), "只能有一个“开始”节点"),
    (dsl([START], []), "用户收不到任何回复"),
    (line({"id": "x", "type": "iteration", "title": "迭代"}, answer("好")), "节点类型 iteration 不能在这里执行"),
    (dsl([START, answer("好")], [("s", "zz")]), "不存在的节点 zz"),
    (dsl([START, answer("1"), answer("2", "b")], [("s", "a"), ("a", "b"), ("b", "a")]), "连线成环"),
    (line(CLASSIFIER | {"classes": []}, answer("好")), "至少要有两个类别"),
    (dsl([START, CLASSIFIER, answer("好")], [("s", "k"), ("k", "9", "a")]), "没有分支 9"),
    (line(answer("{{#sys.nothing#}}")), "不存在的变量 sys.nothing"),
    (line(answer("{{#q.text#}}")), "不存在的节点 q.text"),
    (line(answer("{{#conversation.x#}}")), "不存在的变量 conversation.x"),
    (dsl([START, answer("{{#c.r#}}"), code("def main(q): return {}")], [("s", "a"), ("a", "c")]), "不在“回复a”之前"),
    (line(code("def main(q): return {}"), answer("{{#c.other#}}")), "没有输出 other"),
    (line(code("def main(:"), answer("好")), "第 1 行有语法错误"),
    (line(code("x = 1"), answer("好")), "没有函数 main"),
    (line(code("main()") | {"code_language": "javascript"}, answer("好")), "不是 Python"),
    (line({"id": "l", "type": "llm", "title": "大模型", "prompt_template": []}, answer("好")), "没有写提示词"),
    (line({"id": "e", "type": "parameter-extractor", "title": "提取", "parameters": []}, answer("好")), "没有写要提取的参数"),
    (line({"id": "i", "type": "if-else", "title": "分支", "cases": [{"case_id": "1", "conditions": [
        {"variable_selector": ["sys", "query"], "comparison_operator": "like", "value": "x"}]}]}), "比较方式 like 不认识"),
    (line(answer(" ")), "没有写回复内容"),
    (line({"id": "t", "type": "tool", "title": "工具", "tool_name": "gone"}, answer("好")), "没有名为 gone 的工具"),
    (line({"id": "t", "type": "tool", "title": "工具", "tool_name": "get"}, answer("好")), "缺少必填参数 id"),
])  # fmt: skip
def test_errors_are_found(text, wanted):
    assert any(wanted in message for message in messages(text, tools={"get": ["id"]}))


@pytest.mark.parametrize(("text", "wanted"), [
    (dsl([START, answer("1"), answer("2", "b")], [("s", "a")]), "走不到“回复b”"),
    (line(code("def main(q): return {}")), "之后没有节点"),
    (dsl([START, CLASSIFIER, answer("好")], [("s", "k"), ("k", "1", "a")]), "分支“其他”没有连到任何节点"),
])
def test_warnings_are_found(text, wanted):
    assert any(wanted in message for message in messages(text, "warning"))


def test_a_finding_names_the_node_and_the_line():
    head = "kind: app\nworkflow:\n  graph:\n    nodes:\n      - {id: s, data: {type: start}}\n"
    text = head + "      - id: 'a'\n        data: {type: answer}\n"
    found = next(f for f in lint_text(text) if "没有写回复内容" in f["message"])
    assert (found["place"], found["line"], found["severity"]) == ("a", 6, "error")


def test_the_field_knows_its_documents():
    spec = KIND.spec(id="f", documents=["a.md"])
    text = line({"id": "k", "type": "knowledge-retrieval", "title": "检索", "query_variable_selector": ["sys", "query"],
                 "dataset_ids": ["gone"]}, answer("{{#k.result#}}"))
    assert any("知识库里没有 gone" in finding["message"] for finding in KIND.lint(text, spec))
    assert any("没有知识库文档" in finding["message"] for finding in KIND.lint(text, KIND.spec(id="f")))


def test_paths():
    flow = read_flow(dsl([START, answer("1"), code("x"), {**code("x"), "id": "d"}], [("s", "a"), ("s", "c"), ("a", "d")]))
    assert reachable(flow) == {"s", "a", "c", "d"}
    assert upstream(flow, "d") == {"s", "a"}
    assert dead_ends(flow) == ("c",)  # after an answer a node may remember something and stop
    assert cycle(flow) == ()


def test_a_field_is_described_by_its_nodes():
    assert KIND.describe(line(answer("好"))) == "2 个节点"
    assert KIND.describe("{") == "不能识别的流程"
    assert KIND.describe(None) == "不是流程"
