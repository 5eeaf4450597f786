"""Sample contexts for the staff's pages and the small ones, and the list of all samples: (name, template, context)."""

from datetime import timedelta
from decimal import Decimal

from grading.itemanalysis import ItemStatistics, TestStatistics
from tests import (
    agent_samples as agent,
    audio_samples,
    board_samples,
    box_samples,
    desk_samples,
    exam_samples as exams,
    home_samples,
    model_samples as models,
    page_samples as pages,
    remark_samples,
    report_samples,
)
from tests.exam_samples import EXAM, NOW, STATEMENT, TRIAL

D = Decimal


def desk_index():
    """Context of desk/index.html."""
    exam = {
        **EXAM,
        "paper": "三级模拟卷（精简）",
        "group": "人工智能 2401 班",
        "opens": NOW,
        "closes": NOW + timedelta(hours=2),
        "state": "open",
        "state_text": "进行中",
        "running": 31,
        "handed_in": 12,
        "errors": 1,
        "url": "/desk/exams/3",
        "monitor_url": "/desk/exams/3/monitor",
    }
    return {
        "appeals": 2,
        "exams": [
            exam,
            {**exam, "state": "before", "running": 0, "errors": 0},
            {**exam, "mode": "contest", "state": "after", "closes": None},
        ]
    }


def desk_new(errors=None):
    """Context of desk/new.html."""
    form = {
        "title": "",
        "paper": "1",
        "mode": "mock",
        "group": ["1"],
        "opens": "2026-11-23T09:00",
        "closes": "",
        "attempts": "",
        "feedback": "auto",
        "notice": "", "nameless": False,
        "start_rule": "own",
        "late": "",
        "errors": errors or {},
    }
    return {
        "form": form,
        "papers": [{"id": 1, "title": "三级模拟卷（精简）", "minutes": 60, "marks": D(100)}],
        "groups": [{"id": 1, "name": "人工智能 2401 班", "size": 32}, {"id": 2, "name": "人工智能 2402 班", "size": 30}],
    }


def desk_exam():
    """Context of desk/exam.html."""
    exam = {
        **EXAM,
        "paper": "三级模拟卷（精简）",
        "opens": NOW,
        "closes": NOW + timedelta(hours=2),
        "state": "open",
        "state_text": "进行中",
        "release": "held",
        "notice": "", "nameless": False,
        "group": "人工智能 2401 班",
        "board_url": "/exams/3/board",
        "monitor_url": "/desk/exams/3/monitor",
    }
    row = {
        "attempt_id": 7,
        "name": "王子涵",
        "username": "s2401",
        "group": "人工智能 2401 班",
        "state": "running",
        "started": NOW,
        "deadline": NOW + timedelta(hours=1),
        "last_save": NOW,
        "answered": 23,
        "total": 42,
        "earned": None,
        "marks": None,
        "url": None,
    }
    done = {**row, "attempt_id": 8, "name": "李雨桐", "state": "done", "earned": D("71.5"), "marks": D(100), "url": "/attempts/8/result"}
    absent = {
        **row,
        "attempt_id": None,
        "name": "张浩然",
        "state": "not_started",
        "started": None,
        "deadline": None,
        "last_save": None,
        "answered": 0,
    }
    error = {"marking_id": 5, "task": "零售订单数据清洗", "candidate": "刘思远", "reason": "评分程序异常。", "log": "Traceback …"}
    rerun = {
        "candidate": "李雨桐",
        "task": "零售订单数据清洗",
        "marks": D(25),
        "asked_at": NOW,
        "state": "done",
        "state_text": "",
        "before": D("18.5"),
        "after": D(20),
        "points": ["M3"],
        "url": "/attempts/8/result",
    }
    return {
        "exam": exam,
        "rows": [row, done, {**done, "state": "marking", "earned": None}, {**done, "state": "error"}, absent],
        "queue": 2,
        "errors": [error],
        "reruns": [rerun, {**rerun, "after": None, "state": "queued", "state_text": "排队中", "points": []}],
        "counts": {"not_started": 1, "running": 1, "done": 2, "errors": 1},
    }


def desk_items():
    """Context of desk/items.html."""
    figures = ItemStatistics("data/sheet/M1", 30, 0.62, 0.41, 0.25, 0.1, 0.12, -0.08, None)
    options = [{"name": name, "right": name == "B", "all": 8, "upper": 3, "lower": 2} for name in "ABCD"]
    row = {"title": "行数正确", "name": "data/sheet · M1", "marks": D(2), "figures": figures, "blank": 0.1, "errors": 0.0, "options": [],
           "warnings": ["区分度为负：检查答案"]}
    return {
        "exam": {**EXAM, "url": "/desk/exams/3"}, "candidates": 30, "few": False,
        "test": TestStatistics(30, 0.61, 0.14, -0.3, 0.2, 0.81, 0.44, 0.06),
        "points": [row, {**row, "title": "对数值特征做标准化时……", "options": options, "warnings": []}], "tasks": [row], "codes": [row],
    }


def event_log(**more):
    """Context of admin/events.html."""
    event = {"id": 5, "at": NOW, "who": "林监考（proctor）", "what": "加时", "code": "attempt.extended", "candidate": "王子涵（s2401）",
             "exam": EXAM["title"], "detail": "minutes: 10"}
    base = {
        "events": [event, {**event, "who": "系统", "candidate": "", "exam": ""}], "areas": [("", "全部"), ("attempt", "作答")],
        "form": {"area": "attempt", "person": "", "exam": 3, "since": "2026-11-01", "until": ""},
        "exams": [("", "全部"), (3, EXAM["title"])],
        "more_url": "/admin/events?before=5", "export_url": "/admin/events/export.csv?area=attempt", "paged": True,
    }
    return {**base, **more}


NO_CLIP = {"state": "none", "folder": "/srv/simulator/instance/models/clip", "files": []}
CLIP = {
    "state": "ok", "folder": "/srv/simulator/instance/models/clip", "problem": "", "fingerprint": "0123456789abcdef" * 4,
    "language": "认识中文", "memory_mb": 1802, "files": [
        {"role": "图片编码器", "name": "onnx/vision_model.onnx", "size": 351_684_923, "sha256": "0a" * 32},
        {"role": "文字编码器", "name": "onnx/text_model.onnx", "size": 254_000_000, "sha256": "1b" * 32},
    ],
}


def system(clip=NO_CLIP, **more):
    """Context of admin/system.html."""
    worker = {"name": "exam-pc:4711/1", "backend": "zygote", "problem": "", "started": NOW, "seen": NOW, "marked": 31}
    marking = {
        "task": "零售订单数据清洗",
        "exam_id": 3,
        "at": NOW,
        "seconds": 0.31,
        "backend": "zygote",
        "tries": 1,
        "state": "done",
        "state_text": "已评分",
    }
    return {
        "workers": [worker, {**worker, "name": "exam-pc:4712/2", "backend": "", "problem": "没有沙箱。"}],
        "problems": ["zygote：没有权限建立命名空间。"],
        "queue": 3,
        "oldest": "20 秒",
        "errors": 1,
        "markings": [marking, {**marking, "state": "error", "state_text": "评分异常", "seconds": None, "tries": 3}],
        "database": "sqlite:///simulator.sqlite",
        "runtimes": [
            {"name": "python", "title": "Python", "ready": True, "state_text": "可用", "packages": ["pandas==2.3.3", "scikit-learn==1.9.1"]}
        ],
        "clip": clip,
        "tasks": {"tasks": 2, "items": 150},
        "model": None,
        "settings": [{"key": "port", "value": "8000", "origin": "默认"}],
        **more,
    }


def catalog():
    """Context of catalog/index.html."""
    return {
        "papers": [{"id": "level3-mini", "title": "三级模拟卷（精简）", "minutes": 60, "marks": D(100), "modules": "理论知识、数据处理"}],
        "tasks": [
            {
                "id": "data/retail-orders",
                "title": "零售订单数据清洗",
                "level": 3,
                "marks": D(25),
                "points": 14,
                "form": "",
                "tags": ["S3-2.1.1"],
                "minutes": 20,
            }
        ],
        "banks": [{"section": "1.1", "title": "业务数据采集", "judge": 5, "single": 8, "multiple": 2}],
    }


def catalog_task():
    """Context of catalog/task.html."""
    return {
        "task": {
            "id": "data/retail-orders",
            "title": "零售订单数据清洗",
            "level": 3,
            "marks": D(25),
            "minutes": 20,
            "tags": ["S3-2.1.1"],
            "form": "",
            "licence": "CC0",
        },
        "statement_html": STATEMENT,
        "fields": [{"id": "program", "kind": "code", "label": "清洗程序"}],
        "points": [{"id": "M1", "title": "原始行数正确", "marks": D(1), "grader": "number", "of": "n_raw", "args_text": "equals、unit"}],
        "runs": [{"id": "clean", "runner": "python", "of": "program", "files": ["orders.csv"], "limits": {}, "produces": ["cleaned"]}],
    }


ERRORS = {"name": "stderr", "begin": 180, "keep": 200, "cut": 180, "settled": "KeyError: 'amount'\n", "open": ""}
FAILED = {
    **TRIAL,
    "tone": "bad",
    "title": "程序出错",
    "message": "程序以错误结束：KeyError：'amount'（第 3 行）。",
    "streams": [TRIAL["streams"][0], ERRORS],
    "artifacts": [],
    "problems": [{"name": "cleaned", "reason": "没有写出 cleaned.csv。"}],
    "left_out": 3,
    "failed": True,
}
RUNNING = {
    **TRIAL,
    "state": "leased",
    "live": True,
    "tone": "live",
    "title": "运行中",
    "message": "",
    "wall_s": None,
    "memory_mb": None,
    "streams": [{**TRIAL["streams"][0], "open": " 50%|█████     |"}, TRIAL["streams"][1]],
    "artifacts": [],
}
QUEUED = {**RUNNING, "state": "queued", "title": "排队中", "message": "前面还有 2 个试运行。", "figures": []}
ACCOUNTS = [
    {"username": "s2401", "password": "maple-27", "role": "student", "name": "王子涵"},
    {"username": "proctor", "password": "cedar-91", "role": "instructor", "name": "林监考"},
]
ERROR = {"status": 404, "title": "没有这个页面。", "message": "没有这个页面。", "hint": "请检查地址，或从首页进入。", "back_url": "/"}

PENDING = pages.sheet(pending=3, errors=1, wait="前面还有 4 份，约 20 秒。", passed=None)
PRACTICAL = exams.practical_task(check_url="/attempts/7/check/41", feedback=pages.feedback(41, "partial"))

SAMPLES = [
    ("login", "auth/login.html", {"error": None, "next": "", "accounts": ACCOUNTS, "username": ""}),
    ("login-wrong", "auth/login.html", {"error": "账号或密码不对。", "next": "/", "accounts": [], "username": "s2401"}),
    ("account", "auth/account.html", {"error": "两次输入的新密码不一致。"}),
    ("home", "home/index.html", pages.home()),
    ("home-empty", "home/index.html", {"running": [], "open_exams": [], "practice": [], "history": [], "notices": []}),
    ("lobby", "exam/lobby.html", pages.lobby()),
    (
        "lobby-shut",
        "exam/lobby.html",
        pages.lobby(can_start=False, why_not="考试还没有开放。", sandbox_note="沙箱不可用，编程题暂不能作答。", attempts_allowed=None),
    ),
    ("theory", "exam/screen.html", exams.screen(0)),
    ("practical", "exam/screen.html", exams.screen(1)),
    (
        "practice",
        "exam/screen.html",
        exams.screen(1, feedback_mode="at_once", tasks=[PRACTICAL]),
    ),
    ("review", "exam/review.html", exams.review()),
    ("modules", "exam/modules.html", exams.modules_page()),
    ("elsewhere", "exam/elsewhere.html", exams.elsewhere_page()),
    ("result", "results/show.html", pages.shown()),
    ("result-pending", "results/show.html", pages.shown(sheet=PENDING)),
    ("result-strict", "results/show.html", pages.shown(sheet=pages.strict_sheet(), staff=True)),
    ("result-errors", "results/show.html", pages.shown(sheet=pages.sheet(pending=2, errors=2, passed=None))),
    ("result-held", "results/show.html", pages.shown(sheet=None, held=True, board_url=None)),
    *board_samples.SAMPLES,
    ("desk", "desk/index.html", desk_index()),
    ("desk-empty", "desk/index.html", {"exams": [], "appeals": 0}),
    ("desk-new", "desk/new.html", desk_new()),
    ("desk-new-wrong", "desk/new.html", desk_new({"closes": "结束时间应晚于开始时间。", "group": "所选班级不存在。"})),
    ("desk-exam", "desk/exam.html", desk_exam()),
    ("desk-items", "desk/items.html", desk_items()),
    ("desk-items-empty", "desk/items.html", {**desk_items(), "candidates": 0}),
    ("system", "admin/system.html", system()),
    ("system-model", "admin/system.html", system(model={"name": "qwen3:8b", "url": "http://127.0.0.1:11434/v1", "key": True})),
    ("system-clip", "admin/system.html", system(CLIP)),
    ("system-clip-bad", "admin/system.html", system({**CLIP, "state": "bad", "problem": "vision_model.onnx 不是 ONNX 文件。"})),
    ("events", "admin/events.html", event_log()),
    ("events-none", "admin/events.html", event_log(events=[], more_url=None, paged=False)),
    ("catalog", "catalog/index.html", catalog()),
    ("catalog-task", "catalog/task.html", catalog_task()),
    ("error", "errors/error.html", ERROR),
    ("styleguide", "styleguide.html", {}),
    *agent.SAMPLES,
    *desk_samples.SAMPLES,
    *report_samples.SAMPLES,
    *remark_samples.SAMPLES,
]

WAITING = pages.feedback(41, "pending", again_url="/attempts/7/check/41", wait="前面还有 3 份，约 20 秒。")
IMAGES = {"accept": ["png", "jpeg", "webp"], "min_files": 4, "max_files": 4, "max_mb": 8}
UPLOADED = [{"blob": f"{n}a" * 32, "name": f"海报 {n}.png", "size": 40_960} for n in range(1, 4)]
NOT_COMPARED = {"state": "none", "reason": "本机没有 CLIP 模型。", "marked": False, "model": "", "fits": []}
SPRING = "海报：山里的清泉和一只水壶"
FIT = {"number": 0, "prompt": SPRING, "cosine": 0.312, "rank": 1, "share": 0.93, "nearest": SPRING, "count": 10}
COMPARED = {
    "state": "shown", "reason": "", "marked": False, "model": "0123456789ab",
    "fits": [FIT, {**FIT, "number": 1, "rank": 3, "share": 0.08, "nearest": "一张白纸"}],
}
MARKED = {**COMPARED, "marked": True}
MEASURED = {
    "kind": "images",
    "field": "posters",
    "pictures": [
        {"number": 0, "name": "海报 1.png", "size": 40_960, "digest": "0" * 12, "problem": "", "hollow": "", "measures": {
            "format": "PNG", "width": 768, "height": 1024, "sharpness": 540.8, "noise": 0.3, "detail": 0.31, "variety": 1.1,
            "brisque": 18.1,
            "colours": {"brightness": 0.7, "saturation": 0.4, "colourfulness": 65.6, "hues": [0.0] * 18 + [0.48] + [0.0] * 17, "dark": 0.0,
                        "light": 0.1, "palette": [["#148c8c", 0.6], ["#f4e8ce", 0.4]]},
            "lines": [{"text": "<b>一壶山泉</b>", "confidence": 0.99, "x": 0.1, "y": 0.1, "width": 0.5, "height": 0.1, "size": 0.09}] * 14,
            "label": {"place": "PNG AIGC", "label": "1", "producer": "工位 1", "produce_id": "P-1"}, "software": "",
            "metadata": [["PNG AIGC", "{}"], ["PNG Software", "Some Tool"]], "notes": ["按 EXIF 方向转正后测量"],
        }},
        {"number": 1, "name": "坏.png", "size": 90, "digest": "1" * 12, "problem": "文件不完整。", "hollow": "", "measures": None},
    ],
    "pairs": [{"first": 0, "second": 2, "distance": 3, "mirrored": True, "same": True}],
}
FRAGMENTS = [
    *audio_samples.FRAGMENTS,
    ("sheet", "partials/_sheet.html", {"sheet": pages.sheet(), "staff": False}),
    *board_samples.FRAGMENTS,
    ("feedback", "partials/_feedback.html", {"feedback": pages.feedback(41, "partial")}),
    ("feedback-theory", "partials/_feedback.html", {"feedback": pages.feedback(2, "incorrect", "single")}),
    ("feedback-waiting", "partials/_feedback.html", {"feedback": WAITING}),
    ("trial", "partials/_trial.html", {"trial": TRIAL}),
    ("trial-failed", "partials/_trial.html", {"trial": FAILED}),
    ("trial-running", "partials/_trial.html", {"trial": RUNNING}),
    ("trial-queued", "partials/_trial.html", {"trial": QUEUED}),
    *agent.FRAGMENTS,
    *remark_samples.FRAGMENTS,
    *box_samples.FRAGMENTS,
    ("evidence-model", "evidence/model.html", {"evidence": models.RUN}),
    ("evidence-model-broken", "evidence/model.html", {"evidence": models.BROKEN}),
    ("evidence-model-mark", "evidence/model.html", {"evidence": models.MARK}),
    ("evidence-digits", "evidence/digits.html", {"evidence": models.SHEET}),
    ("evidence-digits-problem", "evidence/digits.html", {"evidence": models.UNSHOWN}),
    ("evidence-digits-copies", "evidence/digits.html", {"evidence": models.COPIES}),
    *home_samples.fragments(),
    ("images-blank", "widgets/images.html", {"field": exams.field(41, "images", "四张海报", spec=IMAGES)}),
    ("images", "widgets/images.html", {"field": exams.field(41, "images", "四张海报", UPLOADED, help="按顺序。", spec=IMAGES)}),
    ("images-evidence", "evidence/images.html", {"evidence": MEASURED, "links": exams.LINKS}),
    ("images-no-clip", "evidence/images.html", {"evidence": {**MEASURED, "prompts": NOT_COMPARED}, "links": exams.LINKS}),
    ("images-clip", "evidence/images.html", {"evidence": {**MEASURED, "prompts": COMPARED}, "links": exams.LINKS}),
    ("images-clip-marked", "evidence/images.html", {"evidence": {**MEASURED, "prompts": MARKED}, "links": exams.LINKS}),
]
