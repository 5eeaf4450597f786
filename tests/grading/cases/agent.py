"""Conversations and flows of agents."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from grading.conversations import Conversation, Conversations, Found, Step, ToolCall, Turn
from grading.flow import Edge, Flow, Node
from tests.grading.cases import Case

STEPS = tuple(Step(kind, kind, kind, "ok") for kind in ("start", "tool", "answer"))
TALK = Conversations((
    Conversation("order", "", (
        Turn("货到哪了", "请提供订单号。", STEPS[::2]),
        Turn("A1", "已发货，28日到。", STEPS, (ToolCall("get_order", {"id": "A1"}, {"eta": "28日"}),), (Found("rules.md", 1, 1, "规则"),)),
    )),
    Conversation("joke", "", (Turn("讲个笑话", "抱歉，只能查询订单。", STEPS[::2]),)),
), "ngram")
SHIPPED = [{"conversation": "order", "turn": 2, "tool": "get_order"}]
FLOW = Flow(
    "客服", "advanced-chat", "0.6.0", tuple(Node(kind, kind, kind, {"type": kind}) for kind in ("start", "tool", "answer")),
    (Edge("start", "source", "tool"), Edge("tool", "source", "answer")),
)


SAID = st.sampled_from(["", "抱歉", "已发货，28日到", "订单号", "已退款", "\n"])
TURNS = st.builds(
    Turn, st.just("问"), SAID, st.sampled_from([(), STEPS, STEPS[::-1]]),
    st.sampled_from([(), (ToolCall("get_order", {"id": "A1"}),), (ToolCall("get_order", {}, None, "超时"),)]),
    st.sampled_from([(), (Found("rules.md", 1, 0.0, ""),)]),
)

GRADERS = {
    "tool_called": Case({"tool": "get_order", "arguments": {"id": "A1"}, "max": 1, "conversation": "order"}, (TALK,)),
    "retrieved": Case({"document": "rules", "conversation": "order"}, (TALK,)),
    "node_path": Case({"path": ["start", "tool", "answer"], "conversation": "order", "turn": 2}, (TALK,)),
    "graph": Case({"kinds": {"tool": 1, "llm|answer": 1}}, (FLOW,)),
    "answer_contains": Case({"all": ["已发货", ["28日", "28号"]], "conversation": "order", "turn": -1}, (TALK,)),
    "answer_avoids": Case({"texts": ["已退款"], "requires": SHIPPED}, (TALK,)),
    "asks_for": Case({"wording": ["订单号"], "conversation": "order", "tool": "get_order", "requires": SHIPPED}, (TALK,)),
    "refuses": Case({"wording": ["抱歉"], "conversation": "joke", "avoids": ["已发货"], "requires": SHIPPED}, (TALK,)),
}

GARBAGE = {
    "conversations": [
        Conversations(()), Conversations((Conversation("order", "", ()), Conversation("joke", "", ()))),
        Conversations(tuple(Conversation(name, "", (Turn("\ud800", "抱歉" * 3000), Turn("", "\0\n")), "x") for name in ("order", "joke"))),
        Conversations((
            Conversation("order", "", (Turn("", "订单号", (), (ToolCall("get_order", {"id": [float("nan")]}, None, "坏了"),)),) * 2),
        )),
    ],
    "flow": [Flow("", "", "", (), ()), replace(FLOW, edges=()), replace(FLOW, edges=(*FLOW.edges, Edge("tool", "x", "start"))),
             replace(FLOW, unknown=("tool",)), replace(FLOW, nodes=FLOW.nodes[:2])],
}

VALUES = {
    "conversations": st.lists(st.tuples(st.sampled_from(["order", "joke", "x"]), st.lists(TURNS, max_size=3)), max_size=3).map(
        lambda found: Conversations(tuple(Conversation(name, "", tuple(turns)) for name, turns in found))),
    "flow": st.lists(st.tuples(st.sampled_from(["start", "tool", "answer", "x"]), st.sampled_from(["start", "tool"])), max_size=5).map(
        lambda found: replace(FLOW, edges=tuple(Edge(a, "source", b) for a, b in found))),
}
