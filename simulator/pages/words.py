"""Lists in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _


def listed(names: Iterable[str]) -> str:
    """Return the names as one text: 甲、乙 or A, B."""
    separator: str = _("、")
    return separator.join(names)
