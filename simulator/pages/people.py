"""Administrator's pages about people: the list with its pages, classes, the preview of a roster, one-time passwords."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from simulator import classes
from simulator.models import Group, User
from simulator.pages.csvfile import excel_csv
from simulator.people import ROLES, Created
from simulator.rosters import Line, Plan, Roster
from simulator.sealed import seal

PAGE = 100
MAX_QUERY = 40
SHEET = ("班级", "姓名", "账号", "一次性密码")
ROSTER, PASSWORDS = "roster", "passwords"
"""What the sealed data of the two steps are for."""


def people_view(session: Session, args: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of the accounts that fit: q (part of name, account or class), role, class, page from 1."""
    form = _form(args)
    fits = _fits(form)
    count = session.scalar(select(func.count()).select_from(User).outerjoin(Group, User.group_id == Group.id).where(*fits)) or 0
    pages = max(-(-count // PAGE), 1)
    page = min(_number(args, "page") or 1, pages)
    found = session.scalars(
        select(User).outerjoin(Group, User.group_id == Group.id).where(*fits).options(joinedload(User.group))
        .order_by(User.role, User.username).limit(PAGE).offset((page - 1) * PAGE)
    )
    given = {name: value for name, value in form.items() if value}
    return {
        "people": [
            {"id": u.id, "username": u.username, "name": u.name, "role": u.role, "group": u.group.name if u.group else "",
             "active": u.active, "archived": u.group is not None and u.group.archived_at is not None, "last_login": u.last_login_at,
             "must_change": u.must_change} for u in found
        ],
        "form": form, "count": count, "page": page, "pages": pages,
        "prev_url": url_for("admin.people", page=page - 1, **given) if page > 1 else None,
        "next_url": url_for("admin.people", page=page + 1, **given) if page < pages else None,
        "roles": [("", _("全部")), *((key, str(text)) for key, text in ROLES.items())],
        "groups": [(group.id, group.name) for group in classes.current(session)],
    }


def _form(args: Mapping[str, str]) -> dict[str, Any]:
    role = args.get("role", "")
    return {"q": args.get("q", "").strip()[:MAX_QUERY], "role": role if role in ROLES else "", "group": _number(args, "group") or ""}


def _number(args: Mapping[str, str], name: str) -> int | None:
    text = args.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _fits(form: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    fits: list[ColumnElement[bool]] = []
    if form["q"]:
        fits.append(or_(*(column.contains(form["q"], autoescape=True) for column in (User.username, User.name, Group.name))))
    if form["role"]:
        fits.append(User.role == form["role"])
    if form["group"]:
        fits.append(User.group_id == form["group"])
    return fits


def classes_view(session: Session) -> dict[str, Any]:
    """Return all classes with their sizes, archived ones apart."""
    sizes = dict(iter(session.execute(select(User.group_id, func.count()).where(User.role == "student").group_by(User.group_id))))
    rows = [
        {"id": g.id, "name": g.name, "division": g.division, "size": sizes.get(g.id, 0), "archived": g.archived_at,
         "url": url_for("classes.show", group_id=g.id)} for g in session.scalars(select(Group).order_by(Group.name))
    ]
    return {
        "classes": [row for row in rows if not row["archived"]], "archived": [row for row in rows if row["archived"]],
        "loose": sizes.get(None, 0),
    }


def class_view(session: Session, group: Group) -> dict[str, Any]:
    """Return one class with what can be done to it."""
    size = session.scalar(select(func.count()).where(User.group_id == group.id, User.role == "student")) or 0
    return {
        "group": {"id": group.id, "name": group.name, "division": group.division, "archived": group.archived_at, "size": size},
        "others": [(other.id, other.name) for other in classes.current(session) if other.id != group.id],
        "divisions": list(classes.DIVISIONS), "people_url": url_for("admin.people", group=group.id),
    }


def preview_view(plan: Plan, roster: Roster, key: str, now: datetime, *, who: int, error: str = "") -> dict[str, Any]:
    """Return what the roster would do, and the roster itself sealed for the confirmation."""
    content = [plan.fingerprint, plan.count("new"), [[*vars(line).values()] for line in roster.lines]]
    return {
        "rows": [{**vars(row.line), "state": row.state, "text": row.text} for row in plan.rows],
        "classes": plan.classes, "ignored": roster.ignored, "error": error,
        "counts": {state: plan.count(state) for state in ("new", "moved", "same", "error")},
        "work": plan.count("new") + plan.count("moved") + len(plan.classes), "sealed": seal(key, ROSTER, content, now, who=who),
    }


def opened(content: Any) -> tuple[Roster, str, int]:
    """Return what `preview_view` sealed: roster, fingerprint of the plan, and how many accounts are new."""
    fingerprint, new, lines = content
    return Roster(tuple(Line(*line) for line in lines)), str(fingerprint), int(new)


def passwords_view(created: Sequence[Created], key: str, now: datetime, *, who: int, back: str) -> dict[str, Any]:
    """Return the one-time passwords by class, to be shown once, and sealed for the download."""
    rows = [[c.group, c.name, c.username, c.password] for c in sorted(created, key=lambda c: (c.group, c.username))]
    return {"rows": rows, "sealed": seal(key, PASSWORDS, rows, now, who=who), "back_url": back}


def passwords_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """Return the one-time passwords for Excel."""
    return excel_csv(SHEET, rows)


def passwords_xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    """Return the one-time passwords as a workbook; every cell is text, whatever it begins with."""
    from openpyxl import Workbook  # takes 0.2 s
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("账号")
    for column, width in zip("ABCD", (24, 14, 18, 18), strict=True):
        sheet.column_dimensions[column].width = width
    for row in (SHEET, *rows):
        cells = [WriteOnlyCell(sheet, value=text) for text in row]
        for cell in cells:
            cell.data_type = "s"
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
