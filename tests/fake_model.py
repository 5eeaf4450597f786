"""An OpenAI-compatible server on the loopback for tests: it answers as it is told to, well or badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-test-0123456789-very-secret"
MODEL = "qwen-test"


def completion(text: Any, finish: str = "stop") -> dict[str, Any]:
    """A chat completion as such servers write it."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": {"total_tokens": 3}}


class FakeModel:
    """reply(body) returns the text of an answer, or (status, JSON or bytes); asked : bodies of the requests; keys : what they sent as
    `Authorization`; most : requests that were under way at once."""

    def __init__(self) -> None:
        self.reply: Callable[[dict[str, Any]], Any] = lambda body: f"收到：{body['messages'][-1]['content']}"
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.release = threading.Event()
        self.now = self.most = 0
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with fake.lock:
                    fake.asked.append(body)
                    fake.keys.append(self.headers["Authorization"])
                    fake.paths.append(self.path)
                    fake.now += 1
                    fake.most = max(fake.most, fake.now)
                try:
                    fake.answer(self, body)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                finally:
                    with fake.lock:
                        fake.now -= 1

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        """Send what `reply` wants."""
        found = self.reply(body)
        status, data = found if isinstance(found, tuple) else (200, completion(found))
        if callable(data):
            data(handler)
            return
        raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
        handler.send_response(status)
        if status in (301, 307):
            handler.send_header("Location", f"{self.url}/elsewhere")
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    def wait(self, _body: dict[str, Any]) -> str:
        """Answer only once `release` is set: a slow model."""
        self.release.wait(30)
        return "慢慢答"


@contextmanager
def fake_model() -> Iterator[FakeModel]:
    """Serve a model while the context lasts."""
    fake = FakeModel()
    thread = threading.Thread(target=fake.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.release.set()
        fake.server.shutdown()
        fake.server.server_close()
        thread.join(5)
