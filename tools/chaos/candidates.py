"""Candidates at their browsers: what fails is sent again, as page and person would; what the server confirmed is remembered."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlencode

from grading.model import Response, Upload
from tools.chaos.school import PASSWORD, School, stored, username

TIMEOUT_S = 30
PAUSES_S = (0.3, 0.6, 1.0, 2.0)
AT_ONCE = 24
"""Candidates at a time; when all of these are busy the next one comes a little later."""

THINKS_S = 1.5
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class GaveUp(Exception):
    """The time for this check is over, or the server said something that sending again does not mend."""


@dataclass(frozen=True)
class HandIn:
    """An accepted hand-in. responses : position → what the server has confirmed, as the database must hold it."""

    number: int
    attempt_id: int
    responses: Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True)
class Answer:
    """One answer of a server."""

    status: int
    location: str
    text: str


@dataclass
class Browser:
    """One log-in. `ask` sends until there is an answer that means something, to any of `ports`.

    again : counts why something was sent again; until : monotonic time at which to give up.
    """

    ports: list[int]
    random: Random
    again: Counter[str]
    until: float
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer; connection errors and 5xx are tried again, after growing pauses."""
        tries = 0
        while True:
            reason = ""
            try:
                answer = self._send(method, path, body, headers or {})
                reason = str(answer.status) if answer.status >= 500 or answer.status == 429 else ""
            except (OSError, http.client.HTTPException) as error:
                reason = type(error).__name__
            if not reason:
                return answer
            self.again[reason] += 1
            if time.monotonic() > self.until:
                raise GaveUp(f"{method} {path}: {reason}")
            time.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)] * (0.7 + 0.6 * self.random.random()))
            tries += 1

    def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.random.choice(self.ports), timeout=TIMEOUT_S)
        own = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "X-CSRFToken": self.token}
        try:
            connection.request(method, path, body, {**own, **headers})
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(answer.status, answer.headers.get("Location", ""), text)

    def expect(self, status: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer; GaveUp if it has another status."""
        answer = self.ask(method, path, body, headers)
        if answer.status != status:
            raise GaveUp(f"{method} {path}: {answer.status} {answer.location} {answer.text[:200]}")
        return answer

    def log_in(self, name: str) -> None:
        """Log in."""
        self._take_token("/login")
        self.expect(302, "POST", "/login", urlencode({"csrf_token": self.token, "username": name, "password": PASSWORD}).encode(), FORM)
        self._take_token("/account")

    def _take_token(self, path: str) -> None:
        found = TOKEN.search(self.expect(200, "GET", path).text)
        if found is None:
            raise GaveUp(f"{path}: no token")
        self.token = found.group(1)


@dataclass(frozen=True)
class Candidate:
    """One candidate's sitting."""

    number: int
    responses: Mapping[int, Response]
    school: School
    browser: Browser

    def sit(self) -> HandIn:
        """Log in, start, answer every task, hand in."""
        browser = self.browser
        browser.log_in(username(self.number))
        browser.expect(200, "GET", f"/exams/{self.school.exam_id}")
        started = browser.expect(302, "POST", f"/exams/{self.school.exam_id}/start")
        attempt_id = int(started.location.split("/")[2])
        browser.expect(200, "GET", f"/attempts/{attempt_id}/1")
        for position, response in self.responses.items():
            time.sleep(browser.random.random() * THINKS_S)
            self._answer(attempt_id, position, response)
        time.sleep(browser.random.random() * THINKS_S)
        browser.expect(303, "POST", f"/attempts/{attempt_id}/submit")
        return HandIn(self.number, attempt_id, {position: stored(response) for position, response in self.responses.items()})

    def _answer(self, attempt_id: int, position: int, response: Response) -> None:
        """Upload files, then save the draft; the server must confirm each."""
        value = {name: self._upload(attempt_id, position, name, v) if isinstance(v, Upload) else v for name, v in response.items()}
        if value:
            body = json.dumps({"rev": 0, "response": value}).encode()
            self.browser.expect(200, "PUT", f"/attempts/{attempt_id}/drafts/{position}", body, {"Content-Type": "application/json"})

    def _upload(self, attempt_id: int, position: int, field_id: str, file: Upload) -> dict[str, Any]:
        line = f"{self.browser.random.getrandbits(64):016x}"
        head = f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'.encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={line}", "Accept": "application/json"}
        path = f"/attempts/{attempt_id}/uploads/{position}/{field_id}"
        answer = self.browser.expect(200, "POST", path, head + file.data + f"\r\n--{line}--\r\n".encode(), headers)
        found: dict[str, Any] = json.loads(answer.text)
        return {key: found[key] for key in ("blob", "name", "size")}


class Crowd(threading.Thread):
    """All candidates: they come spread over `seconds`, whether earlier ones have been answered or not."""

    def __init__(self, candidates: list[Candidate], seconds: float) -> None:
        super().__init__(name="crowd", daemon=True)
        self.hand_ins: list[HandIn] = []
        self.problems: list[str] = []
        self._candidates, self._seconds = candidates, seconds
        self._ending = threading.Event()

    def stop(self) -> None:
        """Let nobody come any more, and those who sit give up."""
        self._ending.set()
        for candidate in self._candidates:
            candidate.browser.until = 0.0

    def run(self) -> None:
        """Let them come."""
        started, step = time.monotonic(), self._seconds / max(len(self._candidates), 1)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="candidate") as pool:
            for place, candidate in enumerate(self._candidates):
                if self._ending.wait(max(started + place * step - time.monotonic(), 0)):
                    break
                pool.submit(candidate.sit).add_done_callback(self._came)

    def _came(self, future: Future[HandIn]) -> None:
        error = future.exception()
        if error is None:
            self.hand_ins.append(future.result())
        else:
            self.problems.append(f"{type(error).__name__}: {error}")
