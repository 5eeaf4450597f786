"""Sample contexts for the live monitor, one candidate, and the administrators' pages about people."""

from datetime import timedelta

from simulator.rosters import ClassChange
from tests.exam_samples import EXAM, NOW

GROUPS = [(1, "人工智能 2401 班"), (2, "人工智能 2402 班")]


def monitor(**more):
    """Context of desk/monitor.html."""
    row = {
        "id": 1, "name": "王子涵", "username": "s2401", "number": "A0107", "group": GROUPS[0][1], "state": "running", "connected": True,
        "quiet": False, "paused": False, "asked": 0, "moved": 0, "queued": 0, "save": NOW, "answered": 23, "total": 42,
        "parts": "20/40 · 3/2", "module": "业务数据处理", "deadline": NOW + timedelta(hours=1), "extra": 10, "ended": None,
        "url": "/desk/exams/3/candidates/1",
    }
    rows = [
        row, {**row, "id": 2, "name": "李雨桐", "connected": False, "quiet": True, "asked": 1, "moved": 2},
        {**row, "id": 3, "paused": True},
        {**row, "id": 4, "state": "closed", "queued": 3, "deadline": None, "ended": NOW},
        {**row, "id": 5, "state": "not_started", "number": "", "save": None, "deadline": None, "parts": "", "module": "", "extra": 0},
    ]
    proposal = {
        "id": 9, "kind": "outage", "state": "proposed", "seconds": 312, "since": NOW, "until": NOW + timedelta(seconds=312), "note": "",
        "at": NOW, "name": "李雨桐", "username": "s2402", "running": True, "decide_url": "/desk/exams/3/credits",
    }
    base = {
        "exam": {**EXAM, "opens": NOW, "closes": NOW + timedelta(hours=2), "state": "open", "state_text": "进行中", "url": "/desk/exams/3",
                 "rows_url": "/desk/exams/3/monitor/rows"},
        "rows": rows, "count": 5, "version": "0123456789abcdef", "queue": 3, "workers": 2, "free": 41.3, "warnings": ["没有评分进程在线。"],
        "facts": {"connected": 2, "sitting": 3, "paused": 1, "closed": 1, "not_started": 1, "asking": 1, "quiet": 1},
        "proposals": [proposal, {**proposal, "id": 10, "running": False}], "groups": GROUPS, "max_text": 500,
        "form": {"q": "", "show": "", "sort": "", "group": ""}, "given": {}, "shows": [("", "全部"), ("offline", "未连接")],
        "sorts": [("", "考号"), ("save", "最后保存")],
    }
    return {**base, **more}


def candidate(**more):
    """Context of desk/candidate.html."""
    credit = {"id": 9, "kind": "outage", "state": "proposed", "seconds": 312, "since": NOW, "until": NOW, "note": "", "at": NOW,
              "kind_text": "中断", "state_text": "待处理", "who": ""}
    attempt = {
        "id": 7, "number": 1, "running": True, "paused": False, "started": NOW, "deadline": NOW + timedelta(hours=1), "ended": None,
        "save": NOW, "seen": NOW, "connected": True, "address": "192.168.1.57", "why_not_reopen": "", "left": 0, "result_url": None,
        **more.pop("attempt", {}),
    }
    base = {
        "exam": {**EXAM, "url": "/desk/exams/3"}, "given": {"show": "offline"}, "max_text": 500,
        "person": {"id": 1, "name": "王子涵", "username": "s2401", "group": "人工智能 2401 班"}, "attempt": attempt,
        "credits": [credit, {**credit, "id": 8, "kind": "extension", "kind_text": "加时", "state": "granted", "state_text": "已给",
                    "who": "林监考", "note": "三号机房停电"}],
        "events": [{"at": NOW, "who": "王子涵", "what": "开始作答", "detail": "number: 1"}],
        "messages": [{"at": NOW, "text": "第 3 题的文件名应为 orders.csv。", "all": True}, {"at": NOW, "text": "请举手。", "all": False}],
    }
    return {**base, **more}


def people(**more):
    """Context of admin/people.html."""
    person = {
        "id": 1, "username": "s2401", "name": "王子涵", "role": "student", "group": "人工智能 2401 班", "active": True, "archived": False,
        "last_login": NOW, "must_change": False,
    }
    base = {
        "people": [person, {**person, "id": 2, "active": False, "group": "", "last_login": None, "must_change": True},
                   {**person, "id": 3, "role": "admin", "archived": True}],
        "form": {"q": "", "role": "", "group": ""}, "count": 203, "page": 2, "pages": 3, "prev_url": "/admin/people?page=1",
        "next_url": "/admin/people?page=3", "roles": [("", "全部"), ("student", "考生")], "groups": GROUPS, "error": "", "new": {},
    }
    return {**base, **more}


def preview(**more):
    """Context of admin/preview.html."""
    row = {"number": 2, "username": "240101", "name": "王小明", "group": GROUPS[0][1], "division": "学生组", "state": "new", "text": ""}
    base = {
        "rows": [row, {**row, "number": 3, "state": "moved", "text": "人工智能 2402 班"}, {**row, "number": 4, "state": "same"},
                 {**row, "number": 5, "username": "", "name": "", "group": "", "division": "", "state": "error",
                  "text": "姓名应为 1 到 40 字。"}],
        "classes": [ClassChange("人工智能 2401 班", "", "学生组", True), ClassChange("教师班", "", "职工组", False)], "ignored": ["性别"],
        "error": "", "counts": {"new": 1, "moved": 1, "same": 1, "error": 1}, "work": 4, "sealed": "x.y",
    }
    return {**base, **more}


CLASS = {"id": 1, "name": "人工智能 2401 班", "division": "学生组", "archived": None, "size": 32}
CLASSES = {"classes": [{**CLASS, "url": "/admin/classes/1"}], "archived": [{**CLASS, "id": 2, "archived": NOW, "url": "/admin/classes/2"}],
           "loose": 3}
ONE_CLASS = {"group": CLASS, "others": GROUPS[1:], "divisions": ["学生组"], "people_url": "/admin/people?group=1"}
PASSWORDS = {"rows": [["人工智能 2401 班", "赵诗琪", "s2409", "abcdefghjk"], ["", "周老师", "t9", "kjhgfedcba"]], "sealed": "x.y",
             "back_url": "/admin/people"}

SAMPLES = [
    ("monitor", "desk/monitor.html", monitor()),
    ("monitor-empty", "desk/monitor.html", monitor(rows=[], count=0, proposals=[], warnings=[], groups=[])),
    ("candidate", "desk/candidate.html", candidate()),
    ("candidate-closed", "desk/candidate.html", candidate(attempt={"running": False, "result_url": "/attempts/7/result", "left": 12})),
    ("candidate-released", "desk/candidate.html", candidate(attempt={"running": False, "why_not_reopen": "成绩可以看到。"}, credits=[])),
    ("candidate-absent", "desk/candidate.html", {**candidate(), "attempt": None, "credits": [], "events": [], "messages": []}),
    ("people", "admin/people.html", people()),
    ("people-none", "admin/people.html", people(people=[], error="账号“s2401”已经存在。", pages=1)),
    ("import", "admin/import.html", {"error": "没有找到列名。"}),
    ("preview", "admin/preview.html", preview()),
    ("preview-nothing", "admin/preview.html", preview(work=0, classes=(), ignored=(), error="有了变动。")),
    ("passwords", "admin/passwords.html", PASSWORDS),
    ("passwords-none", "admin/passwords.html", {**PASSWORDS, "rows": []}),
    ("classes", "admin/classes.html", CLASSES),
    ("classes-none", "admin/classes.html", {"classes": [], "archived": [], "loose": 0}),
    ("class", "admin/class.html", ONE_CLASS),
    ("class-archived", "admin/class.html", {**ONE_CLASS, "group": {**CLASS, "archived": NOW, "size": 0}}),
]
