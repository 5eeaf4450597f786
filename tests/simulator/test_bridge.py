"""The bridge takes a request in whole before the application sees it, and knows when to stop waiting."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from simulator.bridge import Bridge

KEEP = 1000


class Line:
    """The two ends of an ASGI connection: what the client sends, and what it gets."""

    def __init__(
        self, *parts: bytes, ends: bool = True, leaves: bool = False, headers: tuple[tuple[bytes, bytes], ...] = (), **scope: Any,
    ) -> None:
        self._messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        if self._messages and ends:
            self._messages[-1]["more_body"] = False
        if leaves:
            self._messages.append({"type": "http.disconnect"})
        self.asked = 0
        self.sent: list[Any] = []
        self.scope = {
            "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/x", "query_string": b"",
            "headers": headers, "client": ("10.1.2.3", "5000"), "server": ("127.0.0.1", "8000"), **scope,
        }

    async def receive(self) -> Any:
        self.asked += 1
        if not self._messages:
            await asyncio.sleep(60)
        return self._messages.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)


class Application:
    """Remembers the environment and the body that it was given."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}
        self.body = b""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.environ, self.body = environ, environ["wsgi.input"].read()
        start_response("201 Created", [("X-One", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        return [b"he", b"llo"]


def talk(line: Line, *, pause_s: float = 5, max_body: int = 3000) -> Application:
    application = Application()
    bridge = Bridge(application, 2, KEEP, pause_s=pause_s, max_body=max_body)
    asyncio.run(bridge(line.scope, line.receive, line.send))
    return application


def length(size: int) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"content-length", str(size).encode()),)


CHUNKED = ((b"transfer-encoding", b"chunked"),)


def test_an_answer_keeps_its_status_headers_and_body():
    line = Line(method="GET")
    talk(line)
    start, body = line.sent
    assert (start["status"], body["body"]) == (201, b"hello")
    assert start["headers"][:3] == [(b"x-one", b"1"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    assert line.asked == 0, "a request without a body is not waited for"


@pytest.mark.parametrize("headers", [length(6), CHUNKED], ids=["announced", "chunked"])
def test_the_application_gets_the_whole_body_and_its_length(headers):
    application = talk(Line(b"abc", b"", b"def", headers=headers))
    assert application.body == b"abcdef"
    assert application.environ["CONTENT_LENGTH"] == "6"
    assert "HTTP_TRANSFER_ENCODING" not in application.environ


@pytest.mark.parametrize("headers", [length(2000), CHUNKED], ids=["announced", "chunked"])
def test_of_a_long_body_the_application_gets_the_length_only(headers):
    line = Line(*[b"x" * 500] * 4, headers=headers)
    application = talk(line)
    assert application.environ["CONTENT_LENGTH"] == "2000"
    assert len(application.body) <= KEEP
    assert (b"connection", b"close") not in line.sent[0]["headers"], "it was read to its end"


@pytest.mark.parametrize("headers, asked", [(length(9000), 0), (CHUNKED, 7)], ids=["announced", "chunked"])
def test_an_endless_body_is_not_read_to_its_end(headers, asked):
    line = Line(*[b"x" * 500] * 18, headers=headers)
    application = talk(line)
    assert int(application.environ["CONTENT_LENGTH"]) > 3000
    assert line.asked == asked
    assert (b"connection", b"close") in line.sent[0]["headers"]


def test_a_client_that_stops_sending_is_given_up():
    line = Line(b"abc", ends=False, headers=length(6))
    application = talk(line, pause_s=0.1)
    assert line.sent[0]["status"] == 408
    assert application.environ == {}


def test_a_client_that_sends_slowly_is_waited_for():
    line = Line(b"abc", b"def", headers=length(6))
    receive = line.receive

    async def slowly() -> Any:
        await asyncio.sleep(0.15)
        return await receive()

    line.receive = slowly  # type: ignore[method-assign]
    assert talk(line, pause_s=0.2).body == b"abcdef"


def test_a_client_that_leaves_is_not_answered():
    line = Line(b"abc", ends=False, leaves=True, headers=length(6))
    application = talk(line)
    assert (line.sent, application.environ) == ([], {})


def test_names_and_values_reach_the_application_as_wsgi_says():
    headers = (
        (b"host", b"exam.local"), (b"cookie", b"a=1"), (b"cookie", b"b=2"), (b"x-forwarded-for", b"10.0.0.1"),
        (b"x-forwarded-for", b"10.0.0.2"), (b"x_forwarded_for", b"6.6.6.6"), (b"content-type", b"text/plain"), (b"x-name", "é".encode()),
    )
    raw = b"/a%2Fb/%E4%BD%A0"
    environ = talk(Line(method="GET", headers=headers, raw_path=raw, path="/a/b/你", query_string=b"q=%E4")).environ
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/a/b/你"
    assert (environ["QUERY_STRING"], environ["CONTENT_TYPE"], environ["HTTP_HOST"]) == ("q=%E4", "text/plain", "exam.local")
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_FORWARDED_FOR"] == "10.0.0.1,10.0.0.2"
    assert environ["HTTP_X_NAME"].encode("latin-1") == "é".encode()
    assert (environ["REMOTE_ADDR"], environ["SERVER_PORT"], environ["SERVER_PROTOCOL"]) == ("10.1.2.3", "8000", "HTTP/1.1")
    assert "CONTENT_LENGTH" not in environ


def test_as_many_requests_run_at_once_as_there_are_threads():
    both = threading.Barrier(2, timeout=5)

    def application(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        both.wait()
        start_response("200 OK", [])
        return [b"ok"]

    async def two() -> None:
        bridge = Bridge(application, 2, KEEP)
        await asyncio.gather(*(bridge(line.scope, line.receive, line.send) for line in lines))

    lines = [Line(method="GET"), Line(method="GET")]
    asyncio.run(two())
    assert [line.sent[0]["status"] for line in lines] == [200, 200]
