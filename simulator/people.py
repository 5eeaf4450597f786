"""People: create an account, passwords (argon2id), log in, lock and unlock. Lists of them: `rosters`; classes: `classes`."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from simulator import events
from simulator.errors import Refused
from simulator.models import Group, User

ROLES = {"student": _l("考生"), "teacher": _l("教师"), "instructor": _l("监考"), "admin": _l("管理员")}
USERNAME = re.compile(r"[A-Za-z0-9_.@-]{2,40}")
MIN_PASSWORD = 8
MAX_NAME = 40
MAX_GROUP = 80
# Letters and digits that cannot be mistaken for each other when read from a slip of paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

# argon2id; 19 MiB, 2 passes, 1 lane: the first choice of the OWASP password storage guide for servers with little memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Checked when the name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _HASHER.hash(secrets.token_hex(16))
# For the one-time passwords of a whole roster: they have 50 random bits and live until the first log-in, which hashes again at full cost.
_QUICK = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


@dataclass(frozen=True)
class Created:
    """A new account with its password, shown once."""

    username: str
    name: str
    password: str
    group: str = ""


@dataclass(frozen=True)
class OneTime:
    """A random password that has to be changed at the first log-in, with its hash."""

    password: str
    hashed: str


def hash_password(password: str) -> str:
    """Return the argon2id hash; Refused if the password is too short or long."""
    if not MIN_PASSWORD <= len(password) <= 128:
        raise Refused(_("密码应为 %(min)s 到 128 个字符。", min=MIN_PASSWORD), "请换一个密码。", status=422)
    return _HASHER.hash(password)


def new_password() -> str:
    """Return a random password of ten readable characters (about 50 bits)."""
    return "".join(secrets.choice(ALPHABET) for _place in range(10))


def one_time(count: int) -> list[OneTime]:
    """Return `count` new one-time passwords. It takes a millisecond each: call it while no transaction is open."""
    return [OneTime(password, _QUICK.hash(password)) for password in (new_password() for _place in range(count))]


def log_in(session: Session, username: str, password: str, now: datetime) -> User | None:
    """Return the user with this name and password who may log in, else None; takes equally long either way."""
    user = session.scalar(select(User).where(User.username == username.strip()))
    known = user.password_hash if user else _NOBODY
    if not _fits(known, password):
        if _HASHER.check_needs_rehash(known):  # a quick one: an unknown name must not be told from it by its time
            _fits(_NOBODY, password)
        return None
    if user is None or not may_log_in(user):
        return None
    if _HASHER.check_needs_rehash(user.password_hash):
        user.password_hash = _HASHER.hash(password)
    user.last_login_at = now
    events.record(session, "person.logged-in", now, who=user.id)
    return user


def _fits(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password[:128])
    except (VerificationError, InvalidHashError):
        return False


def may_log_in(user: User) -> bool:
    """Return whether an account is open: not locked, and not that of a student whose class is archived."""
    return user.active and (user.role != "student" or user.group is None or user.group.archived_at is None)


OPEN = User.active & or_(User.role != "student", Group.archived_at.is_(None))
"""`may_log_in` as a condition, of users outer-joined to their group."""

IDENTITY = (
    select(User.id, User.session_epoch, User.username, User.name, User.role, User.must_change)
    .outerjoin(User.group).where(User.id == bindparam("user_id"), OPEN)
)
"""Who somebody is, if they may still log in."""


def change_password(session: Session, user: User, old: str, new: str, now: datetime) -> None:
    """Change one's own password; other sessions of the account end, and a one-time password has done its duty."""
    if not _fits(user.password_hash, old):
        raise Refused("原密码不对。", "请重新输入；忘记了请找管理员重置。", status=422)
    if new == old:
        raise Refused("新密码和原密码一样。", "请换一个密码。", status=422)
    user.password_hash = hash_password(new)
    user.must_change = False
    user.session_epoch += 1
    events.record(session, "person.password-changed", now, who=user.id)


def create(
    session: Session, username: str, name: str, role: str, group: str, now: datetime, *, who: int | None, password: str = "",
    must_change: bool | None = None,
) -> Created:
    """Create an account; Refused with a sentence if the data are not acceptable.

    must_change : whether the password is good for one log-in only; by default if it was drawn here.
    """
    username, name, group = username.strip(), name.strip(), group.strip()
    check(username, name)
    if role not in ROLES:
        raise Refused(_("角色应为：%(roles)s。", roles=_("、").join(map(str, ROLES.values()))), "请改正后再试。", status=422)
    if session.scalar(select(User.id).where(User.username == username)) is not None:
        raise Refused(_("账号“%(username)s”已经存在。", username=username), "请换一个账号，或重置它的密码。", status=422)
    drawn = not password
    password = password or new_password()
    user = User(
        username=username, name=name, role=role, password_hash=hash_password(password), created_at=now,
        must_change=drawn if must_change is None else must_change, group=enter_group(session, group, now, who=who) if group else None,
    )
    session.add(user)
    session.flush()
    events.record(session, "person.created", now, who=who, user=user.id, role=role)
    return Created(username, name, password, group)


def check(username: str, name: str) -> None:
    """Raise Refused unless both may stand in an account."""
    if not USERNAME.fullmatch(username):
        sentence = _("账号“%(username)s”应为 2 到 40 位字母、数字或 _ . @ -。", username=username[:40])
        raise Refused(sentence, "请改正后再试。", status=422)
    if not 1 <= len(name) <= MAX_NAME:
        raise Refused("姓名应为 1 到 40 字。", "请改正后再试。", status=422)


def get_group(session: Session, name: str) -> Group:
    """Return the class called `name`, creating it if new; Refused if it is archived."""
    if len(name) > MAX_GROUP:
        raise Refused("班级名称不能超过 80 字。", "请改短后再试。", status=422)
    group = session.scalar(select(Group).where(Group.name == name))
    if group is not None and group.archived_at is not None:
        raise Refused(_("班级“%(name)s”已经归档。", name=name), "请在班级页恢复它，或换一个班级。", status=422)
    if group is None:
        group = Group(name=name)
        session.add(group)
        session.flush()
    return group


def enter_group(session: Session, name: str, now: datetime, *, who: int | None) -> Group:
    """Return the class called `name` as `get_group` does; a new one is in the event log."""
    known = session.scalar(select(Group.id).where(Group.name == name))
    group = get_group(session, name)
    if known is None:
        events.record(session, "group.created", now, who=who, group=group.id, name=name)
    return group


def get(session: Session, user_id: int) -> User:
    """Return the user; Refused (404) if there is none."""
    user = session.get(User, user_id)
    if user is None:
        raise Refused("找不到这个账号。", "请刷新名单。", status=404)
    return user


def reset_password(session: Session, user_id: int, now: datetime, who: int) -> Created:
    """Give an account a new one-time password; its sessions end."""
    return give(session, get(session, user_id), one_time(1)[0], now, who)


def give(session: Session, user: User, new: OneTime, now: datetime, who: int) -> Created:
    """Make `new` the password of `user`; their sessions end."""
    user.password_hash, user.must_change = new.hashed, True
    user.session_epoch += 1
    events.record(session, "person.password-reset", now, who=who, user=user.id)
    return Created(user.username, user.name, new.password, user.group.name if user.group else "")


def set_active(session: Session, user_id: int, active: bool, now: datetime, who: int) -> User:
    """Lock or unlock an account; nobody can lock themselves out."""
    user = get(session, user_id)
    if user.id == who:
        raise Refused("不能停用自己的账号。", "请让另一位管理员操作。")
    user.active = active
    user.session_epoch += 1
    events.record(session, "person.activated" if active else "person.locked", now, who=who, user=user.id)
    return user
