"""Sample contexts of re-marking, appeals and notices. In the shape that `simulator/pages/` makes."""

from datetime import timedelta

from tests.exam_samples import NOW, D
from tests.page_samples import POINTS, result

EXAM = {"id": 3, "title": "三级模拟考试（第二场）", "mode": "mock", "url": "/desk/exams/3", "release": "released"}
LINES = ["M1 的 equals：37 → 38", "M3 配分 8 → 6", "新增评分点 M5 写出原因（2 分）", "答案文件有改动：key/cleaned.parquet"]
TASK = {
    "held": 11, "title": "零售订单数据清洗", "id": "data/retail-orders", "attempts": 42, "lines": LINES,
    "warnings": ["题面有改动，考生当时看到的是旧题面"], "refusal": "", "read": NOW,
}
REMARKING = {
    "id": 2, "state": "ready", "state_text": "等待决定", "tasks": 1, "note": "M1 的答案数错了一行", "asked_at": NOW, "asked_by": "李老师",
    "decided_at": None, "decided_by": "", "url": "/desk/remarkings/2",
}
DECIDED = {**REMARKING, "state": "applied", "state_text": "已应用", "decided_at": NOW + timedelta(hours=1), "decided_by": "李老师"}
PROGRESS = {
    "total": 84, "done": 84, "waiting": 0, "errors": 0, "missing": 0, "ready": True, "percent": 100, "estimate": "",
    "url": "/desk/remarkings/2/progress",
}
RUNNING = {**PROGRESS, "done": 30, "waiting": 52, "errors": 2, "missing": 1, "ready": False, "percent": 38,
           "estimate": "考生的评分优先；没有别的评分时，最多还要约 3 分钟。"}
CHANGE = {
    "task": "零售订单数据清洗", "id": "M1", "title": "重复行数正确", "before": D(0), "after": D(1), "marks": D(1), "note": "",
    "marks_before": D(1), "status_before": "不正确", "status_after": "正确",
}
GONE = {**CHANGE, "id": "M2", "after": None, "marks": D(2), "marks_before": D(2), "note": "评分点已不存在，人工改判不再有效"}
FRESH = {**CHANGE, "id": "M5", "before": None, "marks_before": None}
ROW = {
    "candidate": "欧阳雨桐 s2417", "number": 1, "before": D("58.5"), "after": D("61"), "delta": "+2.5", "rank_before": 17, "rank_after": 14,
    "passed_before": False, "passed_after": True, "flips": True, "changed": True, "url": "/attempts/7/result",
    "points": [CHANGE, GONE, FRESH], "stays": [],
}
STILL = {
    **ROW, "delta": "0", "rank_after": 17, "flips": False, "passed_after": False, "points": [], "stays": ["零售订单数据清洗"], "number": 2,
}
SUMMARY = {
    "attempts": 42, "changed": 12, "up": 10, "down": 2, "ranks": 14, "gains": 1, "loses": 0, "kept": 1, "lost": 1, "mean_before": "61.20",
    "mean_after": "61.85",
}
FAULT = {"candidate": "钱浩然 s2402", "task": "零售订单数据清洗", "reason": "评分程序异常。", "log": "Traceback …"}


def index(**more):
    """Context of remark/index.html."""
    refused = {**TASK, "held": 12, "lines": [], "warnings": [], "refusal": "作答项变了，原来的作答不能按新版评分。"}
    return {"exam": EXAM, "open": None, "tasks": [TASK, refused, {**TASK, "held": 13, "lines": []}], "past": [DECIDED], **more}


def show(**more):
    """Context of remark/show.html."""
    return {
        "exam": EXAM, "remarking": {**REMARKING, "open": True}, "progress": PROGRESS, "tasks": [TASK, {**TASK, "lines": []}], "errors": [],
        "summary": SUMMARY, "rows": [ROW, STILL], "everybody": False, "why_not_undo": "", "export_url": "/x.csv", **more,
    }


APPEAL = {
    "id": 4, "title": "零售订单数据清洗", "point": "M2", "text": "我删掉的两行确实是重复的：\n订单号和时间都一样。", "asked_at": NOW,
    "state": "open", "state_text": "等待答复", "url": "/desk/appeals/4", "label": "1", "answer": "", "answered_at": None,
    "withdraw_url": "/appeals/4/withdraw",
}
ANSWERED = {
    **APPEAL, "id": 5, "state": "overridden", "state_text": "已改判", "answer": "同意。", "answered_at": NOW, "withdraw_url": None,
    "answered_by": "李老师",
}
QUEUED = {**APPEAL, "candidate": "欧阳雨桐 s2417", "exam": EXAM["title"]}
HISTORY = [
    {"at": NOW, "what": "自动评分", "points": "", "earned": D(1), "marks": D(12), "first": True, "who": "", "version": "", "undone": False},
    {"at": NOW, "what": "按新版试题重评", "points": "M3 0 → 2", "earned": D(3), "marks": D(12), "first": False, "who": "李老师",
     "version": "ab12cd34", "undone": True},
]


def point_context(**more):
    """What the pages about one scoring point share."""
    return {
        "result": result(41, "partial", acts=False, history=HISTORY), "point": POINTS[1], "position": 41, "exam": EXAM,
        "candidate": "欧阳雨桐 s2417", "result_url": "/attempts/7/result", "attempt_id": 7, **more,
    }


def decide(**more):
    """Context of appeals/decide.html and, with the appeal, of appeals/show.html."""
    others = [{"earned": D(1), "count": 30, "percent": 71, "own": False}, {"earned": D(0), "count": 12, "percent": 29, "own": True}]
    return point_context(form={"earned": "", "text": ""}, others=others, mean="0.71", people=42, error="", **more)


NOTICE = {"id": 1, "text": "《三级模拟考试（第二场）》按新版试题重评，你的总分 58.5 → 61。", "at": NOW, "url": "/notices/1/read"}
SAMPLES = [
    ("remark", "remark/index.html", index()),
    ("remark-open", "remark/index.html", index(open=REMARKING)),
    ("remark-none", "remark/index.html", index(tasks=[], past=[])),
    ("remark-ready", "remark/show.html", show()),
    ("remark-running", "remark/show.html", show(progress=RUNNING, errors=[FAULT], rows=[])),
    ("remark-errors", "remark/show.html", show(progress={**PROGRESS, "errors": 1, "done": 83}, errors=[FAULT], everybody=True)),
    ("remark-applied", "remark/show.html", show(remarking={**DECIDED, "open": False})),
    ("remark-fixed", "remark/show.html", show(remarking={**DECIDED, "open": False}, why_not_undo="之后又应用过别的重评，请先撤销后一次。")),
    ("appeal-new", "appeals/new.html", point_context(why_not="", text="", error="")),
    ("appeal-wrong", "appeals/new.html", point_context(why_not="", text="短", error="文字应为 5 到 500 字，现在是 1 字。")),
    ("appeal-not", "appeals/new.html", point_context(why_not="成绩还没有公布，公布后可以提出疑问。", text="", error="")),
    ("appeals", "appeals/index.html", {"waiting": [QUEUED], "closed": [{**QUEUED, "state": "answered", "state_text": "已答复"}],
                                      "exams": [("", "全部"), (3, "甲"), (2, "乙")], "exam_id": 3}),
    ("appeals-none", "appeals/index.html", {"waiting": [], "closed": [], "exams": [("", "全部")], "exam_id": ""}),
    ("appeal", "appeals/show.html", decide(appeal={**APPEAL, "answered_by": ""})),
    ("appeal-answered", "appeals/show.html", decide(appeal=ANSWERED)),
    ("decide", "appeals/decide.html", {**decide(), "error": "得分应在 0 和 1 之间，最多两位小数。"}),
]
FRAGMENTS = [
    ("remark-progress", "partials/_remark_progress.html", {"progress": RUNNING}),
    ("history", "partials/_history.html", {"result": result(41, "partial", history=HISTORY)}),
    ("appeals-own", "partials/_appeals.html", {"appeals": [APPEAL, ANSWERED]}),
]
