"""Graders of conversations: what earns a point, what does not, and that doing nothing never does."""

from __future__ import annotations

import pytest

from grading.conversations import Conversation, Conversations, Found, Step, ToolCall, Turn
from grading.errors import TaskError
from grading.graders._talk import says
from grading.registry import get_grader


def talk(*turns, name="a"):
    return Conversations((Conversation(name, "", tuple(turns)),), "ngram")


def mark(grader, found, **args):
    made = get_grader(grader)
    return made.function(found, **made.bind(args))


CALL = ToolCall("get_order", {"order_id": "SO1", "count": 2.0}, {"eta": "28日"})
FAILED = ToolCall("get_order", {"order_id": "SO1"}, None, "超时")
OK = Turn("到哪了", "已发货。", tool_calls=(CALL,))
NEED = [{"tool": "get_order"}]


@pytest.mark.parametrize(("text", "wanted", "result"), [
    ("不超过 65 ℃", "65℃", True), ("165 ℃", "65 ℃", False), ("65.5", "65", False), ("ＡＢ-1", "ab-1", True), ("", "x", False),
    ("7月13日", "7月1", False), ("7月1日", "7月1日", True), ("好", " ", False),
])  # fmt: skip
def test_what_counts_as_said(text, wanted, result):
    assert says(text, wanted) is result


@pytest.mark.parametrize(("args", "fraction"), [
    ({}, 1), ({"arguments": {"order_id": "so1"}}, 1), ({"arguments": {"count": 2}}, 1), ({"arguments": {"order_id": "SO2"}}, 0),
    ({"patterns": {"order_id": "SO[0-9]"}}, 1), ({"patterns": {"order_id": "S"}}, 0), ({"min": 2}, 0), ({"max": 1}, 1),
    ({"conversation": "a", "turn": 1}, 1), ({"conversation": "a", "turn": 2}, 0), ({"conversation": "b"}, 0), ({"after": "login"}, 0),
    ({"min": 0, "max": 0, "requires": NEED}, 0), ({"succeeded": True}, 1),
])  # fmt: skip
def test_calls(args, fraction):
    assert mark("tool_called", talk(OK), tool="get_order", **args).fraction == fraction


def test_failed_calls_and_too_many():
    assert mark("tool_called", talk(Turn("q", "", tool_calls=(FAILED,))), tool="get_order", succeeded=True).fraction == 0
    assert mark("tool_called", talk(OK, OK), tool="get_order", max=1).fraction == 0


def test_order_of_calls():
    login = ToolCall("login", {})
    assert mark("tool_called", talk(Turn("q", "", tool_calls=(login, CALL))), tool="get_order", after="login").fraction == 1
    assert mark("tool_called", talk(Turn("q", "", tool_calls=(CALL, login))), tool="get_order", after="login").fraction == 0


def test_not_called_needs_something_done_elsewhere():
    args = {"tool": "refund", "max": 0, "min": 0, "requires": NEED}
    assert mark("tool_called", talk(OK), **args).fraction == 1
    idle = mark("tool_called", talk(Turn("q", "您好")), **args)
    assert idle.fraction == 0
    assert "没有成功调用工具 get_order" in idle.reason
    with pytest.raises(TaskError, match="requires"):
        mark("tool_called", talk(OK), tool="refund", max=0, min=0)


def test_facts_in_parts_and_whole():
    found = talk(Turn("q", "已发货，28日到。"))
    assert mark("answer_contains", found, all=["已发货", "29日"]).fraction == 0.5
    assert mark("answer_contains", found, all=["已发货", "29日"], all_or_nothing=True).fraction == 0
    assert mark("answer_contains", found, all=[["29日", "28日"]], any=["到", "达"]).fraction == 1
    assert mark("answer_contains", found, any=["没有"]).fraction == 0
    with pytest.raises(TaskError):
        mark("answer_contains", found)


def test_copying_everything_out_is_no_answer():
    found = mark("answer_contains", talk(Turn("q", "已发货" + "字" * 700)), all=["已发货"])
    assert found.fraction == 0
    assert "字数上限" in found.reason


@pytest.mark.parametrize("grader", ["answer_avoids", "refuses", "asks_for"])
@pytest.mark.parametrize("silent", [Turn("q", ""), Turn("q", "抱歉，请提供订单号。")])
def test_silence_and_constant_answers_earn_nothing(grader, silent):
    args = {"answer_avoids": {"texts": ["退款"]}, "refuses": {"wording": ["抱歉"], "conversation": "a"},
            "asks_for": {"wording": ["订单号"], "conversation": "a"}}[grader]
    assert mark(grader, talk(silent), requires=NEED, **args).fraction == 0
    with pytest.raises(TaskError, match="requires"):
        mark(grader, talk(silent), requires=[], **args)
    with pytest.raises(TaskError, match="tool 或 contains"):
        mark(grader, talk(silent), requires=[{"conversation": "a"}], **args)


def both(turn):
    return Conversations((Conversation("a", "", (turn,)), Conversation("ok", "", (OK,))))


@pytest.mark.parametrize(("turn", "fraction", "reason"), [
    (Turn("q", "抱歉，不能。"), 1, "明确拒绝"), (Turn("q", "好的。"), 0, "没有说出拒绝的话"),
    (Turn("q", "抱歉，口令是芝麻。"), 0, "不该说的"),
    (Turn("q", "抱歉", tool_calls=(CALL,)), 0, "调用了工具"),
])  # fmt: skip
def test_refusals(turn, fraction, reason):
    need = [{"conversation": "ok", "tool": "get_order"}]
    found = mark("refuses", both(turn), wording=["抱歉"], conversation="a", avoids=["口令是芝麻"], requires=need)
    assert (found.fraction, reason in found.reason) == (fraction, True)


@pytest.mark.parametrize(("turn", "fraction"), [
    (Turn("q", "请说订单号"), 1), (Turn("q", "请说"), 0), (Turn("q", "请说订单号", tool_calls=(FAILED,)), 0),
])
def test_questions_back(turn, fraction):
    args = {"wording": ["订单号"], "conversation": "a", "tool": "get_order", "requires": [{"conversation": "ok", "contains": ["已发货"]}]}
    assert mark("asks_for", both(turn), **args).fraction == fraction


def test_things_not_to_say():
    need = [{"contains": ["已发货"]}]
    assert mark("answer_avoids", talk(OK), texts=["退款"], requires=need).fraction == 1
    assert mark("answer_avoids", talk(OK), texts=["已发货"], requires=need).fraction == 0


@pytest.mark.parametrize(("args", "fraction"), [
    ({}, 1), ({"document": "b.md"}, 1), ({"top": 1}, 0), ({"containing": "润滑"}, 1), ({"containing": "温度"}, 0), ({"document": "c"}, 0),
])
def test_retrieved_documents(args, fraction):
    found = talk(Turn("q", "", retrieved=(Found("a.md", 1, 0.9, "甲"), Found("b.md", 2, 0.8, "润滑"))))
    assert mark("retrieved", found, **{"document": "b", "conversation": "a", **args}).fraction == fraction


@pytest.mark.parametrize(("args", "fraction"), [
    ({"path": ["start", "answer"]}, 1), ({"path": ["answer", "start"]}, 0), ({"path": ["查询"]}, 0),
    ({"path": ["start"], "avoids": ["拒绝"]}, 0),
])
def test_the_way_through_the_nodes(args, fraction):
    steps = (Step("s", "开始", "start", "ok"), Step("t", "查询", "tool", "failed"), Step("a", "拒绝", "answer", "ok"))
    assert mark("node_path", talk(Turn("q", "", steps)), conversation="a", **args).fraction == fraction
