"""Sample contexts for boards: the page, the wall, settings, the staged release. In the shape that `simulator/pages/board*.py` make."""

from __future__ import annotations

from tests.exam_samples import EXAM, NOW, D

NOTES = {
    "ties": "总分相同时，实操得分高者在前。",
    "staff": False, "freeze_at": None, "frozen": False, "held": False, "blind": False, "split": "",
}


def row(n, **more):
    """One row as `boardrow.row` makes it."""
    cells = [
        (str(40 - n), "50", 7, 0, False), ("18.5", "25", 7, 0, False), (str(20 - n), "25", 6, int(n == 4), n == 5),
    ]
    base = {
        "rank": max(n, 2) if n > 1 else 1, "name": "王李张刘陈杨赵黄周"[(n - 1) % 9] + "子涵", "about": f"s{2400 + n} · 人工智能 2401 班",
        "total": str(78 - n), "pending": int(n == 4), "penalty": "3" if n == 6 else "", "cells": cells, "seconds": None if n == 5 else 3200,
        "ended": None if n == 5 else NOW, "award": "一等奖" if n == 1 else "", "me": n == 3, "live": n == 3, "closed": n == 5,
        "latest": n == 7, "url": "/attempts/7/result" if n == 2 else "",
    }
    return {**base, **more}


def board(rows=9, **more):
    """Context of board/show.html, board/projector.html and partials/_board.html; the rows themselves are on the page of the release."""
    base = {
        "exam": {**EXAM, "mode": "contest", "state_text": "已结束"}, "rows": [""] * rows,
        "rows_url": "/exams/3/board/rows?v=1.a", "refresh_s": 15, "total_candidates": rows, "updated": NOW, "prizes": False,
        "modules": [{"title": "理论知识", "marks": D(50)}, {"title": "数据处理", "marks": D(25)}, {"title": "模型调试", "marks": D(25)}],
        "notes": NOTES, "tabs": [], "steps": 0, "revealed": 0, "links": None,
    }
    return {**base, **more}


LINKS = {"csv": "/exams/3/board.csv", "xlsx": "/exams/3/board.xlsx", "projector": "/exams/3/board/projector", "as_public": False,
         "other": "/exams/3/board?as=public", "settings": "/desk/exams/3/board-settings"}  # fmt: skip
TABS = [{"text": "全部", "on": True, "url": "/exams/3/board"}, {"text": "学生组", "on": False, "url": "/exams/3/board?division=学生组"}]
FROZEN = {**NOTES, "freeze_at": NOW, "frozen": True, "blind": True, "split": "public"}
HELD = {**NOTES, "held": True, "staff": True, "split": "final"}


def settings(**more):
    """Context of board/settings.html."""
    return {
        "exam": {**EXAM, "mode": "contest", "opens": NOW, "closes": NOW, "release": "held", "final": False},
        "form": {"freeze": "2026-03-02T10:00", "blind": "1", "awards": "一等奖 10%\n优胜奖 3 人"}, "errors": {}, "address": "", "hours": 24,
        "numbers": 16, "divisions": ["学生组", "职工组"], "ties": NOTES["ties"], "board_url": "/exams/3/board",
        "reveal_url": "/desk/exams/3/reveal", **more,
    }


def reveal(**more):
    """Context of board/reveal.html."""
    return {
        "exam": {**EXAM, "mode": "contest", "final": False, "freeze_at": NOW}, "modules": ["理论知识", "数据处理", "模型调试"],
        "rows": [row(n) for n in (5, 7, 8)], "steps": 9, "revealed": 3, "running": 0, "pending": 1, "board_url": "/exams/3/board",
        "projector_url": "/exams/3/board/projector", "settings_url": "/desk/exams/3/board-settings", **more,
    }


WRONG = {"freeze": "封榜时间应在考试开放之后、结束之前。", "awards": "看不懂这一行。"}


SAMPLES = [
    ("board-settings", "board/settings.html", settings()),
    ("board-settings-wrong", "board/settings.html", settings(errors=WRONG, address="http://exam/exams/3/board/projector?token=x")),
    ("board-settings-final", "board/settings.html", settings(exam={**settings()["exam"], "final": True})),
    ("reveal", "board/reveal.html", reveal()),
    ("reveal-running", "board/reveal.html", reveal(running=2, rows=[])),
    ("reveal-done", "board/reveal.html", reveal(exam={**reveal()["exam"], "final": True})),
    ("reveal-all", "board/reveal.html", reveal(revealed=9, pending=0)),
    ("wall", "board/projector.html", board(notes=FROZEN, steps=9, revealed=3, tabs=TABS, refresh_s=2)),
    ("board", "board/show.html", board(links=LINKS, notes=HELD, tabs=TABS, prizes=True)),
    ("board-empty", "board/show.html", board(0)),
]
FRAGMENTS = [("board", "partials/_board.html", board(notes=FROZEN))]
