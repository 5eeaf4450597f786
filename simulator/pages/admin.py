"""Administrator's pages: people, and the state of this installation."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from simulator.config import Settings
from simulator.models import Group, TaskVersion, User

SECRET = ("secret_key",)
PASSWORD = re.compile(r"(?<=://)([^/@:]*:)[^/@]*@")  # in addresses of databases, brokers and stores


def people_view(session: Session, query: str) -> dict[str, Any]:
    """Return accounts whose name, account or group contains `query` (at most 500), and all groups."""
    people = select(User).outerjoin(Group, User.group_id == Group.id).order_by(User.role, User.username).limit(500)
    if query:
        pattern = f"%{query.replace('%', '').replace('_', '')}%"
        people = people.where(or_(User.username.like(pattern), User.name.like(pattern), Group.name.like(pattern)))
    return {
        "people": [
            {"id": u.id, "username": u.username, "name": u.name, "role": u.role, "group": u.group.name if u.group else "",
             "active": u.active, "last_login": u.last_login_at} for u in session.scalars(people)
        ],
        "groups": [{"id": g.id, "name": g.name} for g in session.scalars(select(Group).order_by(Group.name))],
        "query": query,
    }


def settings_view(settings: Settings) -> list[dict[str, str]]:
    """Return every setting with its origin; secrets are not shown."""
    rows = []
    for name, value in vars(settings).items():
        if name != "origins":
            shown = _("（已设置，不显示）") if name in SECRET else PASSWORD.sub(r"\1***@", str(value))
            rows.append({"key": name, "value": shown, "origin": settings.origins.get(name, _("默认"))})
    return rows


def counts(session: Session) -> dict[str, int]:
    """Return how many practical tasks and bank items the catalogue holds."""
    forms = list(session.scalars(select(TaskVersion.form).where(TaskVersion.current)))
    return {"tasks": sum(not form for form in forms), "items": sum(bool(form) for form in forms)}
