"""A plausible context for every page template, in the shape that `simulator/pages/` makes: for rendering them without a database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from markupsafe import Markup

NOW = datetime(2026, 11, 23, 2, 32, 5, tzinfo=UTC)
D = Decimal
EXAM = {"id": 3, "title": "人工智能训练师三级 模拟考试（第 2 次）", "mode": "mock"}
ATTEMPT = {"id": 7, "number": 1}
CLOCK = {"remaining_ms": 2_537_000, "total_ms": 3_600_000, "server_time": NOW, "state": "running"}
STATES = ("answered", "answered", "partial", "blank", "answered", "blank")

JUDGE = [{"id": "T", "label": "", "html": Markup("正确")}, {"id": "F", "label": "", "html": Markup("错误")}]
SINGLE = [
    {"id": "b", "label": "A", "html": Markup("在划分训练集和测试集之前，用全部数据计算标准化参数")},
    {"id": "a", "label": "B", "html": Markup("只用训练集计算标准化参数，再转换测试集")},
    {"id": "d", "label": "C", "html": Markup("用测试集计算参数")},
    {"id": "c", "label": "D", "html": Markup("不需要标准化")},
]
STEMS = {
    "judge": "模型在训练集上准确率 99%，在验证集上只有 72%，这通常是过拟合的迹象。",
    "single": "对数值特征做标准化时，为避免数据泄漏，正确的做法是（　　）。",
    "multiple": "下列哪些做法可以缓解类别不平衡带来的影响？",
}
STATEMENT = Markup(
    "<h2>背景</h2><p>青禾鲜站导出的订单 <code>orders.csv</code> 很脏：编码、日期、城市的写法都不统一，还有重复、缺失和占位值。</p>"
    "<h2>数据说明</h2><table><thead><tr><th>原列名</th><th>新列名</th><th>已知问题</th></tr></thead><tbody>"
    "<tr><td>订单号</td><td><code>order_id</code></td><td>有完全重复的行</td></tr>"
    "<tr><td>下单日期</td><td><code>date</code></td><td>四种写法：<code>2025-07-03</code>、<code>2025/7/3</code>、<code>2025年7月3日</code></td></tr></tbody></table>"
    "<h2>要求</h2><ol><li>读入，改成新列名，行数存入 <code>n_raw</code>。</li><li>删除完全重复的行。</li><li>日期统一成 <code>YYYY-MM-DD</code>。</li></ol>"
    + "<p>9999 和 -1 是收银系统在“没有录入”时写入的占位值，等同于缺失，不算越界。填补用同品类的中位数。</p>" * 4
)
STARTER = 'import pandas as pd\n\nCOLUMNS = {"订单号": "order_id", "下单日期": "date"}\n\n\ndef clean(path: str) -> pd.DataFrame:\n    """读入并清洗订单。"""\n    orders = pd.read_csv(path, encoding="gbk")\n    return orders.rename(columns=COLUMNS)\n\n\nclean("orders.csv").to_csv("cleaned.csv", index=False)\n'


def field(position, kind, label="", value=None, **more):
    """One FieldView."""
    spec = {"placeholder": "", "unit": "", "rows": 1, "max_length": 2000, "max_mb": 5, "accept": [".png", ".jpg"], **more.pop("spec", {})}
    base = {"id": kind, "kind": kind, "label": label, "help": "", "value": value, "spec": spec, "input_name": f"f-{position}-{kind}",
            "options": [], "multiple": False, "starter": "", "upload_url": f"/attempts/7/uploads/{position}/{kind}", "download_url": None}
    return {**base, **more}


def task(position, label, form="", fields=(), **more):
    """One TaskView."""
    base = {
        "position": position, "label": label, "title": "零售订单数据清洗", "statement_html": Markup(STEMS.get(form, STATEMENT)), "marks": D(1),
        "minutes": 20, "form": form, "fields": list(fields), "runs": [], "files": [], "flagged": position == 3, "rev": 0,
        "save_url": f"/attempts/7/drafts/{position}", "flag_url": f"/attempts/7/flags/{position}", "check_url": None, "feedback": None,
        "saved_at": None, "state": "blank",
    }
    return {**base, **more}


def theory_tasks():
    """Judge, single and multiple items, some answered."""
    tasks = []
    for position in range(1, 41):
        form = "judge" if position <= 10 else "single" if position <= 35 else "multiple"
        options = JUDGE if form == "judge" else SINGLE
        value = [options[0]["id"]] if position % 3 == 1 else None
        choice = field(position, "choice", value=value, options=options, multiple=form == "multiple")
        tasks.append(task(position, str(position), form, [choice], marks=D(2 if form == "multiple" else 1), rev=1 if value else 0))
    return tasks


def practical_task(**more):
    """One practical task with every kind of field."""
    fields = [
        field(41, "code", "清洗程序", starter=STARTER, help="读入 orders.csv，写出 cleaned.csv。", spec={"language": "python"}),
        field(41, "number", "删除的重复行数", "29", spec={"unit": "行"}, help="第 2 步删除的完全重复的行数。"),
        field(41, "choice", "应删除的列", ["b"], options=SINGLE, multiple=True),
        field(41, "table", "清洗后的表", {"blob": "ab" * 32, "name": "cleaned.csv", "size": 38912}, download_url="/attempts/7/uploads/41/table"),
        field(41, "file", "散点图"),
        field(41, "text", "数据处理规范", "一、先去重再填补。\n二、占位值视为缺失。", spec={"rows": 6}),
    ]
    runs = [{"id": "clean", "title": "清洗程序的试运行", "url": "/attempts/7/trial/41/clean"}]
    files = [{"name": "orders.csv", "size": 38912, "url": "/attempts/7/files/41/orders.csv"}]
    return task(41, "1", "", fields, marks=D(25), runs=runs, files=files, rev=4, saved_at=NOW, state="partial", **more)


def nav(current):
    """Navigation of the whole paper; `current` is the module in view."""
    def item(position, label, module):
        url = f"/attempts/7/{1 if module == 0 else module + 1}#t{position}"
        return {"position": position, "label": label, "url": url, "state": STATES[position % 6], "flagged": position in (3, 17),
                "current": module == current, "title": "零售订单数据清洗"}
    return [
        {"title": "理论知识", "items": [item(n, str(n), 0) for n in range(1, 41)]},
        {"title": "数据处理", "items": [item(41, "1", 1)]}, {"title": "模型调试", "items": [item(42, "1", 2)]},
    ]


def screen(module, **more):
    """Context of exam/screen.html."""
    title = ("理论知识", "数据处理")[module]
    base = {
        "exam": EXAM, "attempt": ATTEMPT, "clock": CLOCK, "screen": module + 1, "screens": 3, "nav": nav(module),
        "module": {"title": title, "number": module + 1, "count": 3, "answered": 14, "total": 40 if module == 0 else 1},
        "tasks": theory_tasks() if module == 0 else [practical_task()], "prev_url": "/attempts/7/1" if module else None,
        "next_url": "/attempts/7/2" if module == 0 else None, "review_url": "/attempts/7/hand-in", "feedback_mode": "after", "demo": True,
    }
    return {**base, **more}


def point(number, title, status, earned, marks, expected="", found="", reason=""):
    """One row of a score sheet."""
    return {"id": f"M{number}", "title": title, "status": status, "earned": D(earned), "marks": D(marks), "expected": expected,
            "found": found, "reason": reason}


POINTS = [
    point(1, "以正确的编码读入", "correct", "1", "1", "encoding=\"gbk\"", "encoding=\"gbk\"", "程序以 GBK 读入。"),
    point(2, "删除的重复行数正确", "incorrect", "0", "1", "29 行", "31 行", "多删了 2 行：比较前去掉了首尾空格。"),
    point(3, "清洗结果与标准一致", "partial", "2.5", "4", "480 行 × 8 列", "480 行 × 8 列", "3840 格中 2400 格一致；city 列有 61 格仍带“市”字。"),
    point(4, "规范要点（每点 1 分，至多 4 分）", "blank", "0", "4", "4 个要点", "", "没有作答。"),
    point(5, "金额列无缺失", "pending", "0", "2", "", "", "正在排队评分。"),
    point(6, "金额合计", "error", "0", "2", "", "", "评分程序异常，已记录，等待人工复核。"),
]


def result(position, state, form="", **more):
    """One TaskResult."""
    base = {
        "position": position, "label": str(position), "title": "零售订单数据清洗", "form": form, "earned": D("3.5"), "marks": D(25), "state": state,
        "points": POINTS, "stem_html": Markup(STEMS["single"]) if form else None, "explanation_html": Markup("用全部数据计算参数会把测试集的信息带进训练。"),
        "own_answer": "A", "key_text": "B" if form else "", "run_log": "Traceback …\nKeyError: 'amount'", "tags": ["S3-2.1.1"],
    }
    return {**base, **more}


def sheet(**more):
    """SheetView."""
    states = ("correct", "correct", "incorrect", "correct", "partial", "blank", "correct", "pending")
    theory = [result(n, states[n % 8], "single", earned=D(states[n % 8] == "correct"), marks=D(1)) for n in range(1, 41)]
    base = {
        "pending": 0, "queue": 0, "earned": D("71.5"), "marks": D(100), "percent": D("71.5"), "passed": True, "errors": 0,
        "parts": [{"title": "理论知识", "earned": D(38), "marks": D(50), "pass_marks": D(30), "passed": True},
                  {"title": "操作技能", "earned": D("33.5"), "marks": D(50), "pass_marks": D(30), "passed": True}],
        "modules": [{"title": "理论知识", "earned": D(38), "marks": D(50), "tasks": theory, "layout": "list"},
                    {"title": "数据处理", "earned": D("3.5"), "marks": D(25), "tasks": [result(41, "partial")], "layout": "single"}],
        "sheet_url": "/attempts/7/result/sheet",
    }
    return {**base, **more}


def shown(**more):
    """Context of results/show.html."""
    attempt = {"id": 7, "number": 1, "candidate": "王子涵", "group": "人工智能 2401 班", "started": NOW, "ended": NOW + timedelta(minutes=58),
               "duration": timedelta(minutes=58, seconds=12), "handed_in_by": "candidate"}
    return {"exam": EXAM, "attempt": attempt, "sheet": sheet(), "staff": False, "board_url": "/exams/3/board", "held": False, **more}


def board(rows=9):
    """Context of board/show.html."""
    def row(n):
        cells = [{"earned": D(40 - n), "marks": D(50), "percent": D(80 - 2 * n), "pending": 0},
                 {"earned": D("18.5"), "marks": D(25), "percent": D(74), "pending": 0},
                 {"earned": D(20 - n), "marks": D(25), "percent": D(80 - 4 * n), "pending": int(n == 4)}]
        return {"rank": max(n, 2) if n > 1 else 1, "number": f"s{2400 + n}", "name": "王李张刘陈杨赵黄周"[n - 1] + "子涵", "group": "人工智能 2401 班", "me": n == 3,
                "cells": cells, "total": sum(c["earned"] for c in cells), "marks": D(100), "duration": 3200 + 41 * n, "ended": NOW, "pending": int(n == 4)}
    return {
        "exam": {**EXAM, "mode": "contest", "state_text": "已结束"}, "rows": [row(n) for n in range(1, rows + 1)], "rows_url": "/exams/3/board/rows",
        "modules": [{"title": "理论知识", "marks": D(50)}, {"title": "数据处理", "marks": D(25)}, {"title": "模型调试", "marks": D(25)}],
        "export_url": "/exams/3/board.csv", "updated": NOW, "tie_break_text": "总分相同时，实操得分高者在前。", "total_candidates": rows,
    }


def card(state="open", mode="mock", left=1):
    """One exam on the home page."""
    return {"id": 3, "title": "人工智能训练师三级 模拟考试", "mode": mode, "paper_title": "三级模拟卷（精简）", "minutes": 60, "marks": D(100),
            "opens": NOW, "closes": None if mode == "practice" else NOW + timedelta(hours=3), "attempts_left": left, "state": state}


def home():
    """Context of home/index.html."""
    running = {"exam_id": 3, "attempt_id": 7, "title": EXAM["title"], "mode": "mock", "module_title": "", "remaining_ms": 2_537_000, "url": "/attempts/7/1"}
    done = {"attempt_id": 5, "title": "三级理论练习", "mode": "practice", "started": NOW, "ended": NOW, "earned": D("71.5"), "marks": D(100),
            "passed": True, "state": "done", "board_url": None}
    history = [done, {**done, "passed": False, "mode": "contest", "board_url": "/exams/3/board"}, {**done, "state": "marking", "passed": None}, {**done, "state": "held"}]
    return {"running": [running], "open_exams": [card(), card("soon")], "practice": [card(mode="practice", left=None)], "history": history}


def lobby(**more):
    """Context of exam/lobby.html."""
    exam = {**EXAM, "opens": NOW, "closes": NOW + timedelta(hours=3), "minutes": 60, "marks": D(100), "rules": ["全卷 100 分，60 分钟。", "多选题须全部选对才得分。"],
            "pass_text": "理论知识达到 60%，且操作技能达到 60%，即为合格。", "tie_break_text": "总分相同者名次并列。", "group": "人工智能 2401 班", "notice": "请关闭其他程序。"}
    modules = [{"title": "理论知识", "tasks": 40, "marks": D(50), "minutes": 20}, {"title": "数据处理", "tasks": 1, "marks": D(25), "minutes": 20}]
    return {"exam": exam, "modules": modules, "attempt": None, "can_start": True, "why_not": "", "attempts_used": 0, "attempts_allowed": 1,
            "sandbox_note": "", "blocked_note": "", **more}


def review():
    """Context of exam/review.html."""
    items = [{**item, "module": module["title"]} for module in nav(None) for item in module["items"]]
    pick = {state: [item for item in items if item["state"] == state] for state in set(STATES)}
    return {"exam": EXAM, "attempt": ATTEMPT, "clock": CLOCK, "blanks": pick["blank"], "partials": pick["partial"], "total": len(items),
            "flagged": [item for item in items if item["flagged"]], "answered": len(pick["answered"]), "submit_url": "/attempts/7/submit", "back_url": "/attempts/7/1"}
