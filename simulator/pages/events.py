"""The event log as administrators read it: in words, filtered, and as a file for Excel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import eventlog
from simulator.eventlog import PAGE, Entry, Filter
from simulator.models import Exam
from simulator.pages.csvfile import excel_csv

AREAS = {
    "": _l("全部"), "person": _l("账号"), "exam": _l("场次"), "attempt": _l("作答"), "marking": _l("评分"), "remark": _l("重评"),
    "appeal": _l("评分疑问"), "group": _l("班级"), "catalog": _l("试题"), "system": _l("系统"),
}
WORDS = {
    "person.logged-in": _l("登录"), "person.created": _l("建立账号"), "person.locked": _l("停用账号"),
    "person.activated": _l("启用账号"), "person.password-changed": _l("修改密码"), "person.password-reset": _l("重置密码"),
    "person.imported": _l("导入名单"), "person.moved": _l("换班级"), "group.created": _l("建立班级"),
    "group.renamed": _l("班级改名"), "group.division": _l("设组别"), "group.archived": _l("班级归档"),
    "group.restored": _l("恢复班级"), "system.model-tested": _l("测试大模型接口"), "exam.created": _l("建立场次"),
    "exam.closed": _l("结束考试"), "exam.released": _l("公布成绩"), "exam.board-set": _l("设置排行榜"),
    "exam.board-link": _l("生成投影链接"), "exam.board-revealed": _l("揭晓一名"), "exam.board-undone": _l("撤回揭晓"),
    "exam.message": _l("发消息"), "attempt.started": _l("开始作答"), "attempt.handed-in": _l("交卷"),
    "attempt.extended": _l("加时"), "attempt.paused": _l("暂停"), "attempt.resumed": _l("恢复作答"),
    "attempt.module-entered": _l("进入模块"), "attempt.module-left": _l("交上模块"), "attempt.moved": _l("换了网络地址"),
    "attempt.code-made": _l("生成接续码"), "attempt.code-refused": _l("接续码不对"), "attempt.taken-over": _l("换电脑继续"),
    "attempt.model": _l("试运行用大模型"), "attempt.second-login": _l("另一处登录"), "attempt.outage": _l("测得中断"),
    "attempt.outage-granted": _l("中断补时"), "attempt.outage-refused": _l("不予补时"), "attempt.reopened": _l("重新开放"),
    "marking.error": _l("评分异常"), "marking.retried": _l("重新评分"), "marking.strict": _l("申请严格复评"),
    "marking.redone": _l("复评完成"), "marking.overridden": _l("人工改判"), "appeal.asked": _l("提出疑问"),
    "appeal.withdrawn": _l("撤回疑问"), "appeal.answered": _l("答复疑问"), "appeal.overridden": _l("答复疑问并改判"),
    "remark.started": _l("开始重评"), "remark.ready": _l("重评试评完成"), "remark.marking": _l("重评补评"),
    "remark.retried": _l("重评重试"), "remark.applied": _l("应用重评"), "remark.dropped": _l("放弃重评"),
    "remark.undone": _l("撤销重评"), "catalog.read": _l("重新读取试题"),
}
MAX_PERSON = 40
EXPORT = ("编号", "时间", "谁", "事件", "代码", "考生", "场次", "内容")
EXPORT_KEYS = ("who", "what", "code", "candidate", "exam", "detail")


def read_filter(args: Mapping[str, str], zone: ZoneInfo) -> Filter:
    """Return the filter that a query string asks for; what makes no sense is left open. Dates are whole days of the school."""
    area, exam_id = args.get("area", ""), args.get("exam", "")
    until = _day(args.get("until", ""), zone)
    return Filter(
        area=area if area in AREAS else "", person=args.get("person", "").strip()[:MAX_PERSON],
        exam_id=int(exam_id) if exam_id.isdecimal() and len(exam_id) < 10 else None, since=_day(args.get("since", ""), zone),
        until=until + timedelta(days=1) if until else None,
    )


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError:
        return None


def events_view(session: Session, args: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """Return one page of the log, the filter as it was understood, and where the next page is."""
    wanted, before = read_filter(args, zone), args.get("before", "")
    entries = eventlog.find(session, wanted, before=int(before) if before.isdecimal() and len(before) < 12 else None)
    form = {
        "area": wanted.area, "person": wanted.person, "exam": wanted.exam_id or "", "since": args.get("since", "") if wanted.since else "",
        "until": args.get("until", "") if wanted.until else "",
    }
    given: dict[str, Any] = {name: value for name, value in form.items() if value}
    exams = session.execute(select(Exam.id, Exam.title).order_by(Exam.id.desc()).limit(200))
    more = len(entries) == PAGE
    return {
        "events": [_row(entry) for entry in entries], "form": form, "areas": [(key, str(text)) for key, text in AREAS.items()],
        "exams": [("", _("全部")), *((exam_id, title) for exam_id, title in exams)],
        "more_url": url_for("events.show", before=entries[-1].event.id, **given) if more else None,
        "export_url": url_for("events.export", **given), "paged": bool(before),
    }


def _row(entry: Entry) -> dict[str, Any]:
    event = entry.event
    return {
        "id": event.id, "at": event.at, "who": entry.who or _("系统"), "what": str(WORDS.get(event.what, event.what)), "code": event.what,
        "candidate": entry.candidate, "exam": entry.exam, "detail": details(event.detail),
    }


def details(detail: Mapping[str, Any]) -> str:
    """Return what an event says of itself, in one line."""
    separator: str = _("；")
    return separator.join(f"{name}: {_plain(value)}" for name, value in detail.items())


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def export_csv(session: Session, args: Mapping[str, str], zone: ZoneInfo) -> bytes:
    """Return the events that fit as CSV with a BOM (Excel), times with zone; at most `eventlog.MOST` rows."""
    rows = ((row, row["at"].astimezone(zone).isoformat(sep=" ", timespec="seconds")) for row in map(
        _row, eventlog.everything(session, read_filter(args, zone))
    ))
    return excel_csv(EXPORT, ([row["id"], at, *(row[key] for key in EXPORT_KEYS)] for row, at in rows))
