"""Rosters: read a CSV or XLSX of students, say row by row what it would change, and carry that out once somebody has agreed.

::

    bytes ──read──▶ Roster ──plan──▶ Plan (shown) ──agreed──▶ carry_out: plan again, refuse if it is not what was shown
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.errors import ResponseError
from grading.spreadsheet import read_numbered
from simulator import events, people
from simulator.errors import Refused
from simulator.models import Group, User
from simulator.people import Created, OneTime

MAX_ROWS = 5000
MAX_BYTES = 1_000_000
MAX_COLUMNS = 50
MAX_DIVISION = 20
MAX_CELL = 200  # characters that are kept of a cell: what is longer is wrong anyway
HEADER_WITHIN = 10  # rows; rosters often begin with a title
COLUMNS: Mapping[str, frozenset[str]] = {
    "username": frozenset({"账号", "帐号", "用户名", "学号", "考号", "工号", "account", "username", "user", "login", "studentid", "id"}),
    "name": frozenset({"姓名", "名字", "学生姓名", "考生姓名", "name", "fullname", "studentname"}),
    "group": frozenset({"班级", "班", "行政班", "班级名称", "class", "group", "classname"}),
    "division": frozenset({"组别", "组", "参赛组别", "division", "category"}),
}
"""Which names a column may have, without spaces, marks and capitals."""

State = Literal["new", "same", "moved", "error"]


@dataclass(frozen=True)
class Line:
    """One student as the file has them. number : the row in the file, from 1."""

    number: int
    username: str
    name: str
    group: str
    division: str


@dataclass(frozen=True)
class Roster:
    """What a file says. ignored : names of columns that mean nothing here."""

    lines: tuple[Line, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """What becomes of one line. text : the class that is left, or why nothing can be done."""

    line: Line
    state: State
    text: str = ""


@dataclass(frozen=True)
class ClassChange:
    """A class that is made, or ranked in another division. before, after : divisions; new : it does not exist yet."""

    name: str
    before: str
    after: str
    new: bool


@dataclass(frozen=True)
class Plan:
    """What a roster would do now."""

    rows: tuple[Row, ...]
    classes: tuple[ClassChange, ...]

    def count(self, state: State) -> int:
        """Return how many rows are in `state`."""
        return sum(row.state == state for row in self.rows)

    @property
    def fingerprint(self) -> str:
        """The same for plans that do the same."""
        told = repr([(row.line, row.state) for row in self.rows] + [self.classes])
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def read(data: bytes) -> Roster:
    """Return what a CSV (UTF-8 or GBK) or an XLSX says; Refused with a sentence if it is not a list of students."""
    if len(data) > MAX_BYTES:
        raise Refused("名单文件超过 1 MB。", "请分几次导入。", status=413)
    table = _xlsx(data) if data[:2] == b"PK" else _csv(data)
    for place, (_number, cells) in enumerate(table[:HEADER_WITHIN]):
        found = _columns(cells)
        if {"username", "name"} <= set(found):
            return _roster(found, cells, table[place + 1:])
    raise Refused("没有找到列名：名单里应有一行写着“账号”和“姓名”，可以再有“班级”“组别”。", "请按页面上的例子改好后再上传。", status=422)


def _xlsx(data: bytes) -> list[tuple[int, list[str]]]:
    try:
        rows = read_numbered(data, max_rows=MAX_ROWS + HEADER_WITHIN, max_columns=MAX_COLUMNS)
    except ResponseError as error:
        raise Refused(str(error), "请改正后重新上传。", status=422) from None
    return [(number, [_text(cell) for cell in cells]) for number, cells in rows]


def _text(cell: Any) -> str:
    """A spreadsheet's cell as text; accounts that are numbers come as 240101.0."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return "" if cell is None else str(cell).strip()[:MAX_CELL]


def _csv(data: bytes) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(_decode(data), newline=""))
    try:
        rows = [(reader.line_num, [cell.strip()[:MAX_CELL] for cell in cells]) for cells in reader]
    except csv.Error:
        raise Refused("名单文件不是可以读取的 CSV。", "请在 Excel 里另存为“CSV UTF-8”或 .xlsx。", status=422) from None
    return [(number, cells) for number, cells in rows if any(cells)]


def _decode(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Refused("名单文件不是 UTF-8 或 GBK 编码的 CSV，也不是 .xlsx。", "请在 Excel 里另存为“CSV UTF-8”或 .xlsx。", status=422)


def _columns(cells: Sequence[str]) -> dict[str, int]:
    """Return column → place, of a row that may be the one with the names; the first of two columns of one name."""
    found: dict[str, int] = {}
    for place, cell in enumerate(cells[:MAX_COLUMNS]):
        name = "".join(letter for letter in cell.lower() if letter.isalnum())
        for column, names in COLUMNS.items():
            if name in names:
                found.setdefault(column, place)
    return found


def _roster(found: Mapping[str, int], head: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> Roster:
    if not 1 <= len(rows) <= MAX_ROWS:
        many = _("超过 %(max)s 人", max=MAX_ROWS) if len(rows) > MAX_ROWS else _("没有人")
        raise Refused(_("一次可以导入 1 到 %(max)s 人，这个文件里%(many)s。", max=MAX_ROWS, many=many), "请分几次导入。", status=422)
    ignored = tuple(name for place, name in enumerate(head) if name and place not in found.values())

    def cell(cells: Sequence[str], column: str) -> str:
        place = found.get(column)
        return cells[place] if place is not None and place < len(cells) else ""

    return Roster(tuple(Line(number, *(cell(cells, column) for column in COLUMNS)) for number, cells in rows), ignored)


def plan(session: Session, roster: Roster) -> Plan:
    """Return what `roster` would do to the accounts and classes as they are now; nothing is changed."""
    groups = {group.name: group for group in session.scalars(select(Group))}
    known = {user.username: user for user in session.scalars(select(User))}
    divisions = _divisions(roster.lines)
    rows, first = [], dict[str, int]()
    for line in roster.lines:
        try:
            _check(line, groups, divisions, first)
            rows.append(_row(line, known.get(line.username)))
        except Refused as refusal:
            rows.append(Row(line, "error", _(refusal.message)))
        first.setdefault(line.username, line.number)
    return Plan(tuple(rows), _class_changes((row.line for row in rows if row.state != "error"), groups))


def _divisions(lines: Iterable[Line]) -> dict[str, str]:
    """Return class → the division that its first line with one names."""
    found: dict[str, str] = {}
    for line in lines:
        if line.division:
            found.setdefault(line.group, line.division)
    return found


def _check(line: Line, groups: Mapping[str, Group], divisions: Mapping[str, str], first: Mapping[str, int]) -> None:
    people.check(line.username, line.name)
    if line.username in first:
        raise Refused(_("账号与第 %(n)s 行重复。", n=first[line.username]))
    if len(line.group) > people.MAX_GROUP:
        raise Refused("班级名称不能超过 80 字。")
    if len(line.division) > MAX_DIVISION:
        raise Refused("组别不能超过 20 字。")
    if line.division and not line.group:
        raise Refused("写了组别，没有写班级：组别属于班级。")
    if line.division and divisions[line.group] != line.division:
        sentence = _("班级“%(name)s”在前面的行里是“%(division)s”。", name=line.group, division=divisions[line.group])
        raise Refused(sentence)
    if line.group in groups and groups[line.group].archived_at is not None:
        raise Refused(_("班级“%(name)s”已经归档。", name=line.group))


def _row(line: Line, user: User | None) -> Row:
    if user is None:
        return Row(line, "new")
    if user.role != "student":
        raise Refused(_("账号属于%(role)s“%(name)s”，不是考生。", role=people.ROLES[user.role], name=user.name))
    if user.name != line.name:
        raise Refused(_("账号已属于“%(name)s”，与名单上的姓名不同。", name=user.name))
    if not user.active:
        raise Refused("账号已停用，要先在人员页启用。")
    before = user.group.name if user.group else ""
    if line.group and line.group != before:
        return Row(line, "moved", before)
    return Row(line, "same")


def _class_changes(lines: Iterable[Line], groups: Mapping[str, Group]) -> tuple[ClassChange, ...]:
    wanted: dict[str, str] = {}
    for line in lines:
        if line.group:
            wanted[line.group] = wanted.get(line.group) or line.division
    changes = []
    for name, division in wanted.items():
        group = groups.get(name)
        if group is None or (division and division != group.division):
            changes.append(ClassChange(name, group.division if group else "", division, group is None))
    return tuple(changes)


def carry_out(
    session: Session, roster: Roster, agreed: str, passwords: Sequence[OneTime], now: datetime, who: int
) -> list[Created]:
    """Create and move the students of the rows without error, and return the new accounts; the caller commits.

    agreed : the fingerprint of the plan that was shown; passwords : one for each new account, from `people.one_time`.
    Refused (409) if the plan is another one by now.
    """
    current = plan(session, roster)
    if current.fingerprint != agreed:
        raise Refused("预览之后，账号或班级有了变动，还没有导入任何人。", "请核对新的预览，再确认一次。", status=409)
    groups = {group.name: group for group in session.scalars(select(Group))}
    for change in current.classes:
        group = groups[change.name] = people.enter_group(session, change.name, now, who=who)
        if change.after and change.after != group.division:
            group.division = change.after
            events.record(session, "group.division", now, who=who, group=group.id, division=change.after)
    fresh = [row.line for row in current.rows if row.state == "new"]
    made = _create(session, fresh, groups, passwords, now, who)
    moved = {row.line.username: groups[row.line.group] for row in current.rows if row.state == "moved"}
    for user in session.scalars(select(User).where(User.username.in_(moved))):
        events.record(session, "person.moved", now, who=who, user=user.id, before=user.group_id, after=moved[user.username].id)
        user.group = moved[user.username]
    events.record(session, "person.imported", now, who=who, new=len(made), moved=len(moved), left_out=current.count("error"))
    return made


def _create(
    session: Session, lines: Sequence[Line], groups: Mapping[str, Group], passwords: Sequence[OneTime], now: datetime, who: int
) -> list[Created]:
    users = [
        User(username=line.username, name=line.name, role="student", password_hash=new.hashed, must_change=True, created_at=now,
             group=groups.get(line.group)) for line, new in zip(lines, passwords, strict=True)
    ]
    session.add_all(users)
    session.flush()
    for user in users:
        events.record(session, "person.created", now, who=who, user=user.id, role="student")
    return [Created(line.username, line.name, new.password, line.group) for line, new in zip(lines, passwords, strict=True)]
