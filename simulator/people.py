"""People: create one or a CSV of many, passwords (argon2id), groups, lock and unlock."""

from __future__ import annotations

import csv
import io
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _, lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator import events
from simulator.errors import Refused
from simulator.models import Group, User

ROLES = {"student": _l("考生"), "teacher": _l("教师"), "instructor": _l("监考"), "admin": _l("管理员")}
USERNAME = re.compile(r"[A-Za-z0-9_.@-]{2,40}")
MIN_PASSWORD = 8
MAX_IMPORT = 2000
MAX_CSV_BYTES = 1_000_000
HEADERS = (["账号", "姓名", "班级"], ["account", "name", "class"])
# Letters and digits that cannot be mistaken for each other when read from a slip of paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

# argon2id; 19 MiB, 2 passes, 1 lane: the first choice of the OWASP password storage guide for servers with little memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Checked when the name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _HASHER.hash(secrets.token_hex(16))


@dataclass(frozen=True)
class Created:
    """A new account with its password, shown once."""

    username: str
    name: str
    password: str


def hash_password(password: str) -> str:
    """Return the argon2id hash; Refused if the password is too short or long."""
    if not MIN_PASSWORD <= len(password) <= 128:
        raise Refused(_("密码应为 %(min)s 到 128 个字符。", min=MIN_PASSWORD), "请换一个密码。", status=422)
    return _HASHER.hash(password)


def new_password() -> str:
    """Return a random password of ten readable characters (about 50 bits)."""
    return "".join(secrets.choice(ALPHABET) for _place in range(10))


def log_in(session: Session, username: str, password: str, now: datetime) -> User | None:
    """Return the active user with this name and password, else None; takes equally long either way."""
    user = session.scalar(select(User).where(User.username == username.strip()))
    try:
        _HASHER.verify(user.password_hash if user else _NOBODY, password[:128])
    except (VerificationError, InvalidHashError):
        return None
    if user is None or not user.active:
        return None
    if _HASHER.check_needs_rehash(user.password_hash):
        user.password_hash = _HASHER.hash(password)
    user.last_login_at = now
    events.record(session, "person.logged-in", now, who=user.id)
    return user


def change_password(session: Session, user: User, old: str, new: str, now: datetime) -> None:
    """Change one's own password; other sessions of the account end."""
    try:
        _HASHER.verify(user.password_hash, old[:128])
    except (VerificationError, InvalidHashError):
        raise Refused("原密码不对。", "请重新输入；忘记了请找管理员重置。", status=422) from None
    user.password_hash = hash_password(new)
    user.session_epoch += 1
    events.record(session, "person.password-changed", now, who=user.id)


def create(
    session: Session, username: str, name: str, role: str, group: str, now: datetime, *, who: int | None, password: str = ""
) -> Created:
    """Create an account; Refused with a sentence if the data are not acceptable."""
    username, name, group = username.strip(), name.strip(), group.strip()
    if not USERNAME.fullmatch(username):
        sentence = _("账号“%(username)s”应为 2 到 40 位字母、数字或 _ . @ -。", username=username[:40])
        raise Refused(sentence, "请改正后再试。", status=422)
    if not 1 <= len(name) <= 40:
        raise Refused("姓名应为 1 到 40 字。", "请改正后再试。", status=422)
    if role not in ROLES:
        raise Refused(_("角色应为：%(roles)s。", roles=_("、").join(map(str, ROLES.values()))), "请改正后再试。", status=422)
    if session.scalar(select(User.id).where(User.username == username)) is not None:
        raise Refused(_("账号“%(username)s”已经存在。", username=username), "请换一个账号，或重置它的密码。", status=422)
    password = password or new_password()
    user = User(
        username=username, name=name, role=role, password_hash=hash_password(password), created_at=now,
        group=get_group(session, group) if group else None,
    )
    session.add(user)
    session.flush()
    events.record(session, "person.created", now, who=who, user=user.id, role=role)
    return Created(username, name, password)


def get_group(session: Session, name: str) -> Group:
    """Return the group called `name`, creating it if new."""
    if len(name) > 80:
        raise Refused("班级名称不能超过 80 字。", "请改短后再试。", status=422)
    group = session.scalar(select(Group).where(Group.name == name))
    if group is None:
        group = Group(name=name)
        session.add(group)
        session.flush()
    return group


def import_csv(session: Session, data: bytes, now: datetime, who: int) -> list[Created]:
    """Create accounts from a CSV whose first row is one of HEADERS (UTF-8 or GBK); all of them or none."""
    rows = list(csv.reader(io.StringIO(_decode(data))))
    if not rows or [cell.strip().lower() for cell in rows[0][:3]] not in HEADERS:
        raise Refused("第一行应是：账号,姓名,班级，或者 account,name,class。", "请按页面上写的格式改好后再上传。", status=422)
    people = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    if not 1 <= len(people) <= MAX_IMPORT:
        sentence = _("一次可以导入 1 到 %(max)s 人，这个文件有 %(count)s 人。", max=MAX_IMPORT, count=len(people))
        raise Refused(sentence, "请分几次导入。", status=422)
    created = []
    for number, row in enumerate(people, 2):
        try:
            username, name, group = (*row, "", "", "")[:3]
            created.append(create(session, username, name, "student", group, now, who=who))
        except Refused as error:
            sentence = _("第 %(number)s 行：%(message)s", number=number, message=_(error.message))
            raise Refused(sentence, "没有导入任何人；请改正后重新上传。", status=422) from None
    return created


def _decode(data: bytes) -> str:
    if len(data) > MAX_CSV_BYTES:
        raise Refused("名单文件超过 1 MB。", "请分几次导入。", status=413)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("名单文件不是 UTF-8 或 GBK 编码的 CSV。", "请在 Excel 里另存为“CSV UTF-8”。", status=422)


def get(session: Session, user_id: int) -> User:
    """Return the user; Refused (404) if there is none."""
    user = session.get(User, user_id)
    if user is None:
        raise Refused("找不到这个账号。", "请刷新名单。", status=404)
    return user


def reset_password(session: Session, user_id: int, now: datetime, who: int) -> Created:
    """Give an account a new random password; its sessions end."""
    user = get(session, user_id)
    password = new_password()
    user.password_hash = hash_password(password)
    user.session_epoch += 1
    events.record(session, "person.password-reset", now, who=who, user=user.id)
    return Created(user.username, user.name, password)


def set_active(session: Session, user_id: int, active: bool, now: datetime, who: int) -> User:
    """Lock or unlock an account; nobody can lock themselves out."""
    user = get(session, user_id)
    if user.id == who:
        raise Refused("不能停用自己的账号。", "请让另一位管理员操作。")
    user.active = active
    user.session_epoch += 1
    events.record(session, "person.activated" if active else "person.locked", now, who=who, user=user.id)
    return user
