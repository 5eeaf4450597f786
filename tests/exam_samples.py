"""A plausible context for the exam screen and its hand-in page, in the shape that `simulator/pages/` makes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from markupsafe import Markup

from simulator.pages.links import Links

NOW = datetime(2026, 11, 23, 2, 32, 5, tzinfo=UTC)
D = Decimal
EXAM = {"id": 3, "title": "人工智能训练师三级 模拟考试（第 2 次）", "mode": "mock"}
ATTEMPT = {"id": 7, "number": 1, "own": None}
CLOCK = {"text": "0:42:17", "remaining_ms": 2_537_000, "total_ms": 3_600_000, "server_time": NOW, "state": "running", "overtime_ms": 0}
URLS = {"clock_url": "/attempts/7/clock", "hand_in_url": "/attempts/7/submit"}
LINKS = Links(lambda name: f"/attempts/7/files/41/{name}", lambda field_id, number=0: f"/attempts/7/uploads/41/{field_id}?n={number}")
STATES = ("answered", "answered", "partial", "blank", "answered", "blank")

JUDGE = [{"id": "T", "label": "", "html": Markup("正确"), "checked": ""}, {"id": "F", "label": "", "html": Markup("错误"), "checked": ""}]
SINGLE = [
    {"id": "b", "label": "A", "html": Markup("在划分训练集和测试集之前，用全部数据计算标准化参数"), "checked": ""},
    {"id": "a", "label": "B", "html": Markup("只用训练集计算标准化参数，再转换测试集"), "checked": ""},
    {"id": "d", "label": "C", "html": Markup("用测试集计算参数"), "checked": ""},
    {"id": "c", "label": "D", "html": Markup("不需要标准化"), "checked": ""},
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
    "<h2>要求</h2><ol><li>读入，改成新列名，行数存入 <code>n_raw</code>。</li><li>删除完全重复的行。</li>"
    "<li>日期统一成 <code>YYYY-MM-DD</code>。</li></ol>"
    + "<p>9999 和 -1 是收银系统在“没有录入”时写入的占位值，等同于缺失，不算越界。填补用同品类的中位数。</p>"
    * 4
)
STARTER = '''\
import pandas as pd

COLUMNS = {"订单号": "order_id", "下单日期": "date"}


def clean(path: str) -> pd.DataFrame:
    """读入并清洗订单。"""
    orders = pd.read_csv(path, encoding="gbk")
    return orders.rename(columns=COLUMNS)


clean("orders.csv").to_csv("cleaned.csv", index=False)
'''


def field(position, kind, label="", value=None, **more):
    """One FieldView."""
    spec = {"placeholder": "", "unit": "", "rows": 1, "max_length": 2000, "max_mb": 5, "accept": [".png", ".jpg"], **more.pop("spec", {})}
    base = {
        "id": kind,
        "kind": kind,
        "label": label,
        "help": "",
        "value": value,
        "spec": spec,
        "input_name": f"f-{position}-{kind}",
        "options": [],
        "multiple": False,
        "starter": "",
        "upload_url": f"/attempts/7/uploads/{position}/{kind}",
        "download_url": None,
        "lint_url": None,
    }
    return {**base, **more}


def task(position, label, form="", fields=(), **more):
    """One TaskView."""
    base = {
        "position": position,
        "label": label,
        "title": "零售订单数据清洗",
        "statement_html": Markup(STEMS.get(form, STATEMENT)),
        "marks": D(1),
        "minutes": 20,
        "form": form,
        "fields": list(fields),
        "runs": [],
        "files": [],
        "flagged": "true" if position == 3 else "false",
        "rev": 0,
        "save_url": f"/attempts/7/drafts/{position}",
        "flag_url": f"/attempts/7/flags/{position}",
        "check_url": None,
        "feedback": None,
        "saved_at": "",
        "state": "blank",
    }
    return {**base, **more}


def theory_tasks():
    """Judge, single and multiple items, some answered."""
    tasks = []
    for position in range(1, 41):
        form = "judge" if position <= 10 else "single" if position <= 35 else "multiple"
        options = [dict(option) for option in (JUDGE if form == "judge" else SINGLE)]
        value = [options[0]["id"]] if position % 3 == 1 else None
        options[0]["checked"] = " checked" if value else ""
        choice = field(position, "choice", value=value, options=options, multiple=form == "multiple")
        tasks.append(task(position, str(position), form, [choice], marks=D(2 if form == "multiple" else 1), rev=1 if value else 0))
    return tasks


TABLE = {"name": "cleaned", "kind": "table", "columns": ["order_id", "city"], "rows": [["QH001", "杭州"], ["QH002", ""]], "count": 480}
TRIAL = {
    "state": "done",
    "live": False,
    "stopping": False,
    "title": "运行完成",
    "tone": "ok",
    "message": "程序正常结束。",
    "elapsed_ms": 2100,
    "model": "",
    "wall_s": 1.84,
    "memory_mb": 121,
    "seen": "done-3",
    "url": "/attempts/7/trials/5",
    "cancel_url": "/attempts/7/trials/5/cancel",
    "streams": [
        {"name": "stdout", "begin": 0, "keep": 9, "cut": 0, "settled": "480 rows\n", "open": ""},
        {"name": "stderr", "begin": 0, "keep": 0, "cut": 0, "settled": "", "open": ""},
    ],
    "figures": [{"number": 1, "url": "/attempts/7/trials/5/figures/1?v=1"}],
    "evidence": None,
    "links": LINKS,
    "artifacts": [TABLE, {"name": "n_raw", "kind": "text", "text": "609"}],
    "problems": [],
    "left_out": 0,
    "failed": False,
}


def practical_task(**more):
    """One practical task with every kind of field."""
    fields = [
        field(41, "code", "清洗程序", starter=STARTER, help="读入 orders.csv，写出 cleaned.csv。", spec={"language": "python"}),
        field(41, "number", "删除的重复行数", "29", spec={"unit": "行"}, help="第 2 步删除的完全重复的行数。"),
        field(41, "choice", "应删除的列", ["b"], options=SINGLE, multiple=True),
        field(
            41,
            "table",
            "清洗后的表",
            {"blob": "ab" * 32, "name": "cleaned.csv", "size": 38912},
            download_url="/attempts/7/uploads/41/table",
        ),
        field(41, "file", "散点图"),
        field(41, "text", "数据处理规范", "一、先去重再填补。\n二、占位值视为缺失。", spec={"rows": 6}),
    ]
    run = {"id": "clean", "of": "code", "title": "清洗程序的试运行", "url": "/attempts/7/trial/41/clean", "trial": TRIAL}
    runs = [{**run, "chat": False, "turns": [], "model": "", "by_model": False}]
    files = [{"name": "orders.csv", "size": 38912, "url": "/attempts/7/files/41/orders.csv"}]
    return task(41, "1", "", fields, marks=D(25), runs=runs, files=files, rev=4, saved_at="10:32:05", state="partial", **more)


def nav(current):
    """Navigation of the whole paper; `current` is the module in view."""

    def item(position, label, module):
        url = f"/attempts/7/{1 if module == 0 else module + 1}#t{position}"
        return {
            "position": position,
            "label": label,
            "url": url,
            "state": STATES[position % 6],
            "flagged": position in (3, 17),
            "current": module == current,
            "screen": module + 1,
            "title": "零售订单数据清洗",
        }

    def group(title, items):
        rows = Markup("").join(Markup('<li><a class="num" href="{}">{}</a></li>').format(i["url"], i["label"]) for i in items)
        return {"title": title, "items": items, "rows": rows, "here": 0, "done": 1}

    return [
        group("理论知识", [item(n, str(n), 0) for n in range(1, 41)]),
        group("数据处理", [item(41, "1", 1)]),
        group("模型调试", [item(42, "1", 2)]),
    ]


def screen(module, **more):
    """Context of exam/screen.html."""
    title = ("理论知识", "数据处理")[module]
    base = {
        "exam": EXAM,
        "attempt": ATTEMPT,
        "clock": CLOCK,
        **URLS,
        "screen": module + 1,
        "screens": 3,
        "nav": nav(module),
        "module": {"title": title, "number": module + 1, "count": 3, "answered": 14, "total": 40 if module == 0 else 1},
        "tasks": theory_tasks() if module == 0 else [practical_task()],
        "prev_url": "/attempts/7/1" if module else None,
        "next_url": "/attempts/7/2" if module == 0 else None,
        "review_url": "/attempts/7/hand-in",
        "feedback_mode": "after",
        "demo": True,
    }
    return {**base, **more}


def review():
    """Context of exam/review.html."""
    items = [{**item, "module": module["title"]} for module in nav(None) for item in module["items"]]
    pick = {state: [item for item in items if item["state"] == state] for state in set(STATES)}
    return {
        "exam": EXAM,
        "attempt": ATTEMPT,
        "clock": CLOCK,
        **URLS,
        "blanks": pick["blank"],
        "partials": pick["partial"],
        "total": len(items),
        "flagged": [item for item in items if item["flagged"]],
        "answered": len(pick["answered"]),
        "back_url": "/attempts/7/1",
    }


def modules_page():
    """Context of exam/modules.html."""
    row = {
        "number": 1, "title": "理论知识", "minutes": 90, "marks": D(20), "tasks": 40, "state": "left", "state_text": "已交卷",
        "left": None, "handed_in": NOW, "may_enter": False, "enter_url": "/attempts/7/modules/0/enter",
    }
    open_one = {"state": "open", "state_text": "进行中", "left": timedelta(minutes=20), "handed_in": None}
    second = {**row, **open_one, "number": 2, "title": "智能家居搭建"}
    third = {**row, "number": 3, "title": "数据信息处理", "state": "ahead", "state_text": "未开始", "handed_in": None, "may_enter": True}
    return {
        "exam": EXAM, "attempt": ATTEMPT, "clock": CLOCK, **URLS, "modules": [row, second, third], "linear": True, "breaks": 10,
        "text": "每个模块单独计时：进入后开始，交上或到时后不能再进入。", "open_one": True,
    }


def elsewhere_page():
    """Context of exam/elsewhere.html."""
    return {"attempt_id": 7, "title": EXAM["title"], "error": "接续码不对，或已经过期。"}
