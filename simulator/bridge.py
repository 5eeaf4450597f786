"""ASGI → WSGI: a request is taken in whole, without holding a thread; then a thread answers it.

Candidates with a slow line, or one that stops in the middle of an upload, cost a file on the disk and no thread: the others
go on saving. (Servers that let a WSGI thread read from the line stop when as many uploads hang as there are threads.)
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from werkzeug.wrappers import Response

from simulator.threads import GrowingPool

Headers = Iterable[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
WsgiApp = Callable[..., Iterable[bytes]]

MIB = 1024 * 1024
# Up to here a body is read to its end, so that the browser stays to read our sentence; nobody sends more by mistake.
MAX_BODY = 256 * MIB
IN_MEMORY = 256 * 1024
PAUSE_S = 60.0
# One request may have several headers of these names only by mistake; they are joined as HTTP says.
_JOINED_BY = {"HTTP_COOKIE": "; "}


class Gone(Exception):
    """The client has left before its request was complete."""


class Bridge:
    """Serves a WSGI application as an ASGI application, with up to `threads` threads.

    keep : bytes of a body that are stored; of a longer one the application sees only the length, and refuses it;
    pause_s : seconds after which a client that sends nothing is given up.
    """

    def __init__(self, app: WsgiApp, threads: int, keep: int, *, max_body: int = MAX_BODY, pause_s: float = PAUSE_S) -> None:
        self._app, self._keep, self._max_body, self._pause_s = app, keep, max_body, pause_s
        self._threads = GrowingPool(threads, "page")

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request (HTTP only: the server is told to offer nothing else)."""
        with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            try:
                size, complete = await self._take_in(scope["headers"], receive, body)
            except Gone:
                return
            except TimeoutError:
                await _send(send, 408, [(b"connection", b"close")], b"")
                return
            body.seek(0)
            environ = make_environ(scope, body, size)
            response = await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, environ)
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        if not complete:
            headers.append((b"connection", b"close"))
        await _send(send, response.status_code, headers, response.get_data())

    def _answer(self, environ: dict[str, Any]) -> Response:
        return Response.from_app(self._app, environ, buffered=True)

    async def _take_in(self, headers: Headers, receive: Receive, body: IO[bytes]) -> tuple[int, bool]:
        """Store the body; return its length and whether all of it was read. TimeoutError if the client stops sending."""
        given = dict(headers)
        declared = given.get(b"content-length", b"0")
        size = int(declared) if declared.isdigit() else 0
        if size > self._max_body:
            return size, False
        if not size and b"transfer-encoding" not in given:
            return 0, True
        loop, size = asyncio.get_running_loop(), 0
        async with asyncio.timeout(self._pause_s) as patience:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                part = message.get("body", b"")
                size += len(part)
                if size <= self._keep:
                    body.write(part)
                if size > self._max_body or not message.get("more_body"):
                    return size, size <= self._max_body
                patience.reschedule(loop.time() + self._pause_s)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def make_environ(scope: MutableMapping[str, Any], body: IO[bytes], size: int) -> dict[str, Any]:
    """Return the WSGI environment of an ASGI request whose body of `size` bytes has been read."""
    path = unquote_to_bytes(scope.get("raw_path") or scope["path"]).decode("latin-1")
    host, port = scope.get("server") or ("localhost", 80)
    environ = {
        "REQUEST_METHOD": scope["method"], "SCRIPT_NAME": "", "PATH_INFO": path,
        "QUERY_STRING": scope["query_string"].decode("latin-1"), "SERVER_NAME": host, "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}", "REMOTE_ADDR": (scope.get("client") or ("", 0))[0],
        "wsgi.version": (1, 0), "wsgi.url_scheme": scope["scheme"], "wsgi.input": body, "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": True, "wsgi.run_once": False,
    }
    for name, value in _headers(scope["headers"]):
        environ[name] = f"{environ[name]}{_JOINED_BY.get(name, ',')}{value}" if name in environ else value
    if size:
        environ["CONTENT_LENGTH"] = str(size)
    return environ


def _headers(headers: Headers) -> Iterable[tuple[str, str]]:
    for name, value in headers:
        # With an underscore a client could pass for a proxy: X_Forwarded_For would become the same name.
        if b"_" in name or name in (b"content-length", b"transfer-encoding", b"connection"):
            continue
        upper = name.decode("latin-1").upper().replace("-", "_")
        yield (upper if upper == "CONTENT_TYPE" else f"HTTP_{upper}"), value.decode("latin-1")
