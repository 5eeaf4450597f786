"""Sample contexts for what candidates see outside the exam: home, lobby, score sheet. In the shape that `simulator/pages/` makes."""

from datetime import timedelta

from markupsafe import Markup

from tests.exam_samples import EXAM, LINKS, NOW, STEMS, D


def point(number, title, status, earned, marks, expected="", found="", reason=""):
    """One row of a score sheet."""
    return {
        "id": f"M{number}",
        "title": title,
        "status": status,
        "earned": D(earned),
        "marks": D(marks),
        "expected": expected,
        "found": found,
        "reason": reason,
        "board": "",
        "decided": False,
    }


POINTS = [
    point(1, "以正确的编码读入", "correct", "1", "1", 'encoding="gbk"', 'encoding="gbk"', "程序以 GBK 读入。"),
    point(2, "删除的重复行数正确", "incorrect", "0", "1", "29 行", "31 行", "多删了 2 行：比较前去掉了首尾空格。"),
    point(
        3,
        "清洗结果与标准一致",
        "partial",
        "2.5",
        "4",
        "480 行 × 8 列",
        "480 行 × 8 列",
        "3840 格中 2400 格一致；city 列有 61 格仍带“市”字。",
    ),
    point(4, "规范要点（每点 1 分，至多 4 分）", "blank", "0", "4", "4 个要点", "", "没有作答。"),
    point(5, "金额列无缺失", "pending", "0", "2", "", "", "正在排队评分。"),
    point(6, "金额合计", "error", "0", "2", "", "", "评分程序异常，已记录，等待人工复核。"),
]


def result(position, state, form="", **more):
    """One TaskResult."""
    base = {
        "position": position,
        "label": str(position),
        "title": "零售订单数据清洗",
        "form": form,
        "earned": D("3.5"),
        "marks": D(25),
        "state": state,
        "points": POINTS,
        "stem_html": Markup(STEMS["single"]) if form else None,
        "explanation_html": Markup("用全部数据计算参数会把测试集的信息带进训练。"),
        "own_answer": "A",
        "key_text": "B" if form else "",
        "run_log": "Traceback …\nKeyError: 'amount'",
        "tags": ["S3-2.1.1"],
        "strict_url": None,
        "seconds": 754,
        "minutes": 20,
        "acts": True,
        "history": [],
        "attempt_id": 7,
        "evidence": [],
        "links": LINKS,
    }
    return {**base, **more}


def feedback(position, state, form="", **more):
    """One TaskResult in practice, perhaps waiting for a worker."""
    return {**result(position, state, form), "wait": "", "again_url": None, **more}


def sheet(**more):
    """SheetView."""
    states = ("correct", "correct", "incorrect", "correct", "partial", "blank", "correct", "pending")
    theory = [result(n, states[n % 8], "single", earned=D(states[n % 8] == "correct"), marks=D(1)) for n in range(1, 41)]
    base = {
        "pending": 0,
        "wait": "",
        "earned": D("71.5"),
        "marks": D(100),
        "penalty": D(0),
        "half": "",
        "percent": D("71.5"),
        "passed": True,
        "errors": 0,
        "parts": [
            {"title": "理论知识", "earned": D(38), "marks": D(50), "pass_marks": D(30), "passed": True},
            {"title": "操作技能", "earned": D("33.5"), "marks": D(50), "pass_marks": D(30), "passed": True},
        ],
        "modules": [
            {"title": "理论知识", "earned": D(38), "marks": D(50), "tasks": theory, "layout": "list", "seconds": 0, "minutes": 20},
            {"title": "数据处理", "earned": D("3.5"), "marks": D(25), "tasks": [result(41, "partial")], "layout": "single",
             "seconds": 754, "minutes": 20},
        ],
        "sheet_url": "/attempts/7/result/sheet",
    }
    return {**base, **more}


def strict_sheet():
    """SheetView of staff: the practical task may be marked strictly."""
    task = result(41, "partial", strict_url="/desk/markings/5/strict")
    module = {"title": "数据处理", "earned": D("3.5"), "marks": D(25), "tasks": [task], "layout": "single", "seconds": 0, "minutes": 20}
    return sheet(modules=[module])


def shown(**more):
    """Context of results/show.html."""
    attempt = {
        "id": 7,
        "number": 1,
        "candidate": "王子涵",
        "group": "人工智能 2401 班",
        "started": NOW,
        "ended": NOW + timedelta(minutes=58),
        "duration": timedelta(minutes=58, seconds=12),
        "handed_in_by": "candidate",
    }
    return {
        "exam": EXAM, "attempt": attempt, "sheet": sheet(), "staff": False, "board_url": "/exams/3/board", "held": False,
        "appeals": [], **more,
    }


def card(state="open", mode="mock", left=1):
    """One exam on the home page."""
    return {
        "id": 3,
        "title": "人工智能训练师三级 模拟考试",
        "mode": mode,
        "paper_title": "三级模拟卷（精简）",
        "minutes": 60,
        "marks": D(100),
        "opens": NOW,
        "closes": None if mode == "practice" else NOW + timedelta(hours=3),
        "attempts_left": left,
        "state": state,
    }


def home():
    """Context of home/index.html."""
    running = {
        "exam_id": 3,
        "attempt_id": 7,
        "title": EXAM["title"],
        "mode": "mock",
        "module_title": "",
        "remaining_ms": 2_537_000,
        "url": "/attempts/7/1",
    }
    done = {
        "attempt_id": 5,
        "title": "三级理论练习",
        "mode": "practice",
        "started": NOW,
        "ended": NOW,
        "earned": D("71.5"),
        "marks": D(100),
        "passed": True,
        "state": "done",
        "board_url": None,
    }
    history = [
        done,
        {**done, "passed": False, "mode": "contest", "board_url": "/exams/3/board"},
        {**done, "state": "marking", "passed": None},
        {**done, "state": "error", "passed": None},
        {**done, "state": "held"},
    ]
    return {"running": [running], "open_exams": [card(), card("soon")], "practice": [card(mode="practice", left=None)], "history": history,
            "notices": [{"id": 1, "text": "你的总分 58.5 → 61。", "at": NOW, "url": "/notices/1/read"}]}


def lobby(**more):
    """Context of exam/lobby.html."""
    exam = {
        **EXAM,
        "opens": NOW,
        "closes": NOW + timedelta(hours=3),
        "minutes": 60,
        "marks": D(100),
        "rules": ["全卷 100 分，60 分钟。", "多选题须全部选对才得分。"],
        "pass_text": "理论知识达到 60%，且操作技能达到 60%，即为合格。",
        "tie_break_text": "总分相同者名次并列。",
        "group": "人工智能 2401 班",
        "notice": "请关闭其他程序。",
    }
    modules = [
        {"title": "理论知识", "tasks": 40, "marks": D(50), "minutes": 20},
        {"title": "数据处理", "tasks": 1, "marks": D(25), "minutes": 20},
    ]
    return {
        "exam": exam,
        "modules": modules,
        "attempt": None,
        "can_start": True,
        "why_not": "",
        "attempts_used": 0,
        "attempts_allowed": 1,
        "sandbox_note": "",
        "blocked_note": "",
        **more,
    }
