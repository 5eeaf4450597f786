"""Administrator's pages: the settings and the catalogue of this installation."""

from __future__ import annotations

import re

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from simulator.config import Settings
from simulator.models import TaskVersion

SECRET = ("secret_key",)
PASSWORD = re.compile(r"(?<=://)([^/@:]*:)[^/@]*@")  # in addresses of databases, brokers and stores


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
