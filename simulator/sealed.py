"""Data that a page carries from one step to the next: signed, so that nobody changes them, for one person, for a while.

Nothing is kept on the server meanwhile; what the page shows anyway may go in, and nothing else.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from simulator.errors import Refused

KEEPS = timedelta(minutes=30)


def seal(key: str, purpose: str, content: Any, now: datetime, *, who: int) -> str:
    """Return `content` (plain data) as a text that only `unseal` with the same purpose opens, for KEEPS, by `who`."""
    return str(_serializer(key, purpose).dumps([who, int((now + KEEPS).timestamp()), content]))


def unseal(key: str, purpose: str, text: str, now: datetime, *, who: int) -> Any:
    """Return what was sealed; Refused if it was changed, belongs to somebody else, or is too old."""
    try:
        owner, until, content = _serializer(key, purpose).loads(text)
    except (BadData, ValueError, TypeError):
        raise Refused("页面里的数据不完整。", "请从头再做一次。", status=400) from None
    if owner != who or now.timestamp() >= until:
        raise Refused("这一页已过期。", "请从头再做一次。", status=410)
    return content


def _serializer(key: str, purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(key, salt=f"simulator:{purpose}")
