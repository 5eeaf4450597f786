"""A small HTTP client with a log-in: what a program at the other end of the wire can do."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import secrets
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests import factories


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Client:
    """One logged-in candidate. Redirects are not followed."""

    def __init__(self, port: int, username: str) -> None:
        self._port, self._cookies, self._token = port, {}, ""
        self._fetch_token("/login")
        form = {"csrf_token": self._token, "username": username, "password": factories.PASSWORD}
        answer = self.send("POST", "/login", urllib.parse.urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status == 302, answer.text
        self._fetch_token("/account")

    def _fetch_token(self, path: str) -> None:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.send("GET", path).text)
        assert found is not None
        self._token = found.group(1)

    def send(self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Send one request. The answer is read even if the server stops listening before the whole body is sent."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=120)
        own = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()), "X-CSRFToken": self._token}
        given = {**own, **(headers or {})}
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, given, encode_chunked="Transfer-Encoding" in given)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        connection.close()
        return Answer(answer.status, answer.headers, text)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str) -> Answer:
        return self.send("POST", path)

    def save(self, attempt: int, position: int, response: dict[str, Any], rev: int = 0) -> Answer:
        body = json.dumps({"rev": rev, "response": response}).encode()
        return self.send("PUT", f"/attempts/{attempt}/drafts/{position}", body, {"Content-Type": "application/json"})

    def upload(self, attempt: int, position: int, field: str, name: str, parts: list[bytes], *, chunked: bool = False) -> Answer:
        """Upload a file given in pieces, so that a large one never stands in the memory of the test."""
        line = secrets.token_hex(16)
        head = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        whole = [head, *parts, f"\r\n--{line}--\r\n".encode()]
        headers = {"Content-Type": f"multipart/form-data; boundary={line}", "Accept": "application/json"}
        headers |= {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(sum(map(len, whole)))}
        return self.send("POST", f"/attempts/{attempt}/uploads/{position}/{field}", iter(whole), headers)
