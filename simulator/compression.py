"""Answers that are text are sent compressed, if the browser takes that; files of the program are compressed once."""

from __future__ import annotations

import gzip
import io
import secrets
from collections import OrderedDict
from threading import Lock

from flask import Flask, Response, request

TEXT = frozenset({
    "text/html", "text/css", "text/javascript", "text/plain", "text/csv", "application/javascript", "application/json",
    "image/svg+xml",
})
MIN_SIZE = 600
PAGE_LEVEL, FILE_LEVEL = 4, 9
MAX_FILES = 500


class _Files:
    """Compressed files by their ETag, the most recently used ones."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: OrderedDict[str, bytes] = OrderedDict()

    def get(self, etag: str, response: Response) -> bytes:
        with self._lock:
            if etag in self._found:
                self._found.move_to_end(etag)
                return self._found[etag]
        response.direct_passthrough = False
        data = gzip.compress(response.get_data(), FILE_LEVEL, mtime=0)
        with self._lock:
            self._found[etag] = data
            if len(self._found) > MAX_FILES:
                self._found.popitem(last=False)
        return data


_files = _Files()


def init_app(app: Flask) -> None:
    """Compress the answers of `app`. Call it first: what is registered first runs last."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    worth_it = _worth_it(response)
    if worth_it or request.endpoint == "static":
        response.vary.add("Accept-Encoding")
    if not worth_it or not request.accept_encodings["gzip"]:
        return response
    etag, _weak = response.get_etag()
    if request.endpoint == "static" and etag:
        data, opened = _files.get(etag, response), response.response
        if hasattr(opened, "close"):
            opened.close()
        response.direct_passthrough = False
        response.set_data(data)
    else:
        response.set_data(_zip_page(response.get_data()))
    if etag:  # weak: the same content in other bytes; it is still found again by If-None-Match
        response.set_etag(etag, weak=True)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)
    return response


def _worth_it(response: Response) -> bool:
    if response.status_code in (204, 206, 304) or response.mimetype not in TEXT or "Content-Encoding" in response.headers:
        return False
    if request.endpoint != "static" and response.direct_passthrough:
        return False  # an attachment: a candidate's upload, handed out byte by byte
    return (response.content_length or 0) >= MIN_SIZE


def _zip_page(data: bytes) -> bytes:
    """Return `data` as gzip with a name of random length in front: the size must not betray what a page has in common with
    what somebody sent (BREACH)."""
    out = io.BytesIO()
    with gzip.GzipFile(secrets.token_hex(secrets.randbelow(50) + 1), "wb", PAGE_LEVEL, out, mtime=0) as file:
        file.write(data)
    return out.getvalue()
