"""The declarative base of all tables."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import DeclarativeBase

from simulator.db import MarksColumn, UtcDateTime

NAMING = {
    "ix": "ix_%(column_0_label)s", "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s", "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Declarative base with stable constraint names (migrations need them)."""

    type_annotation_map = {datetime: UtcDateTime, Decimal: MarksColumn, dict[str, Any]: JSON, list[str]: JSON}


Base.metadata.naming_convention = NAMING
