"""Classes: rename, division, archive, move students, new passwords for all.

A student is in one class at most. An archived class stands in no form, and its students cannot log in until they are moved to
another one or the class is restored; staff are never locked out by a class.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from simulator import events, people
from simulator.errors import Refused
from simulator.models import Attempt, Group, User
from simulator.people import Created, OneTime
from simulator.rosters import MAX_DIVISION

DIVISIONS = ("学生组", "职工组")
"""Usual ones, offered where a division is typed; any other word of up to 20 characters is as good."""


def get(session: Session, group_id: int) -> Group:
    """Return the class; Refused (404) if there is none."""
    group = session.get(Group, group_id)
    if group is None:
        raise Refused("找不到这个班级。", "请从班级页进入。", status=404)
    return group


def current(session: Session) -> list[Group]:
    """Return the classes that forms offer, by name."""
    return list(session.scalars(select(Group).where(Group.archived_at.is_(None)).order_by(Group.name)))


def students(session: Session, group: Group) -> list[User]:
    """Return the students of a class by account."""
    return list(session.scalars(select(User).where(User.group_id == group.id, User.role == "student").order_by(User.username)))


def change(session: Session, group: Group, name: str, division: str, now: datetime, *, who: int) -> None:
    """Rename a class, or rank it in another division; Refused if the name is taken."""
    name, division = name.strip(), division.strip()
    if not 1 <= len(name) <= people.MAX_GROUP:
        raise Refused("班级名称应为 1 到 80 字。", "请改正后再试。", status=422)
    if len(division) > MAX_DIVISION:
        raise Refused("组别不能超过 20 字。", "请改短后再试。", status=422)
    if name != group.name:
        if session.scalar(select(Group.id).where(Group.name == name)) is not None:
            raise Refused(_("班级“%(name)s”已经存在。", name=name), "请换一个名称；要合并两个班，请移动学生。", status=422)
        events.record(session, "group.renamed", now, who=who, group=group.id, before=group.name, after=name)
        group.name = name
    if division != group.division:
        group.division = division
        events.record(session, "group.division", now, who=who, group=group.id, division=division)


def archive(session: Session, group: Group, now: datetime, *, who: int) -> None:
    """Put a class away; its students are logged out. Refused while one of them sits an exam."""
    sitting = session.scalar(
        select(func.count()).select_from(Attempt).join(User, Attempt.user_id == User.id)
        .where(User.group_id == group.id, Attempt.state == "running")
    )
    if sitting:
        raise Refused(_("这个班还有 %(n)s 人正在作答，不能归档。", n=sitting), "请等他们交卷。", status=409)
    if group.archived_at is not None:
        return
    group.archived_at = now
    for user in students(session, group):
        user.session_epoch += 1
    events.record(session, "group.archived", now, who=who, group=group.id, name=group.name)


def restore(session: Session, group: Group, now: datetime, *, who: int) -> None:
    """Bring an archived class back."""
    if group.archived_at is not None:
        group.archived_at = None
        events.record(session, "group.restored", now, who=who, group=group.id, name=group.name)


def move(session: Session, users: Sequence[User], group: Group, now: datetime, *, who: int) -> int:
    """Move students to `group`; return how many were elsewhere. Refused for staff, and into an archived class."""
    if group.archived_at is not None:
        raise Refused(_("班级“%(name)s”已经归档。", name=group.name), "请先恢复它，或换一个班级。", status=409)
    if any(user.role != "student" for user in users):
        raise Refused("只有考生属于班级。", "请只选考生。", status=422)
    moved = [user for user in users if user.group_id != group.id]
    for user in moved:
        events.record(session, "person.moved", now, who=who, user=user.id, before=user.group_id, after=group.id)
        user.group = group
    return len(moved)


def picked(session: Session, ids: Sequence[int]) -> list[User]:
    """Return the chosen accounts; Refused if none was chosen or one is gone."""
    users = list(session.scalars(select(User).where(User.id.in_(ids))))
    if not users or len(users) != len(set(ids)):
        raise Refused("没有选中任何人，或选中的账号已不存在。", "请在名单里勾选后再试。", status=422)
    return users


def reset_passwords(session: Session, group: Group, passwords: Sequence[OneTime], now: datetime, *, who: int) -> list[Created]:
    """Give every student of a class a one-time password; their sessions end.

    passwords : as many as the class has students, or more. Refused (409) if there are too few, or while one of them sits an exam:
    they would be thrown out of it.
    """
    members = students(session, group)
    if len(members) > len(passwords):
        raise Refused("班级的人数刚刚有了变动。", "请再试一次。", status=409)
    ids = [user.id for user in members]
    if session.scalar(select(Attempt.id).where(Attempt.user_id.in_(ids), Attempt.state == "running").limit(1)) is not None:
        raise Refused("这个班有人正在作答，重置密码会使他们退出登录。", "请等他们交卷，或只重置个别人的密码。", status=409)
    return [people.give(session, user, new, now, who) for user, new in zip(members, passwords, strict=False)]
