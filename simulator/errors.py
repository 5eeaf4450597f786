"""The one exception that becomes a page: a use case refuses with a sentence for the person who asked."""

from __future__ import annotations


class Refused(Exception):
    """A request that cannot be granted.

    message : what is wrong; hint : what to do next; status : HTTP status; extra : further keys of the JSON answer.
    """

    def __init__(self, message: str, hint: str = "", *, status: int = 400, **extra: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status
        self.extra = extra
