"""A client that costs little: raw HTTP/1.1 over kept connections, as fast as it can (closed loop) or by the clock (open loop)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Ask:
    """One request, ready to be sent; statuses : which answers count."""

    data: bytes
    statuses: frozenset[int] = frozenset({200})


@dataclass
class Outcome:
    """What a run of requests gave. seconds : of each answer that counts, from its scheduled time in an open loop; failed : status or
    error → how often; lasted_s : of the whole run; size : bytes of the last body."""

    seconds: list[float] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)
    lasted_s: float = 0.0
    size: int = 0

    @property
    def rate(self) -> float:
        """Answers that count, a second."""
        return len(self.seconds) / self.lasted_s if self.lasted_s else 0.0

    def quantile(self, share: float) -> float:
        """Return the latency in seconds below which `share` of the answers stay (nearest rank)."""
        ordered = sorted(self.seconds)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")


def ask(method: str, path: str, cookie: str, *, headers: Sequence[str] = (), body: bytes = b"", ok: Sequence[int] = (200,)) -> Ask:
    """Return a request; `cookie` is the session cookie's value, "" for none."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers]
    if cookie:
        lines.append(f"Cookie: session={cookie}")
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    return Ask("\r\n".join([*lines, "", ""]).encode() + body, frozenset(ok))


class Connection:
    """One kept connection; made anew when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, data: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer."""
        async with asyncio.timeout(PATIENCE_S):
            if self._streams is None:
                self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
            reader, writer = self._streams
            try:
                writer.write(data)
                return await self._answer(reader)
            except (OSError, asyncio.IncompleteReadError):
                self.close()
                raise

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head[9:12])
        _, _, rest = head.partition("content-length:")
        if rest:
            body = await reader.readexactly(int(rest.partition("\r\n")[0]))
        elif "transfer-encoding: chunked" in head:
            body = await self._chunks(reader)
        else:
            body = b""
        if "connection: close" in head:
            self.close()
        return status, body

    async def _chunks(self, reader: asyncio.StreamReader) -> bytes:
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return b"".join(parts)

    def close(self) -> None:
        """Give the connection up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _one(connection: Connection, request: Ask, begin: float, outcome: Outcome) -> None:
    try:
        status, body = await connection.send(request.data)
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        outcome.failed[type(error).__name__] = outcome.failed.get(type(error).__name__, 0) + 1
        return
    if status in request.statuses:
        outcome.seconds.append(time.perf_counter() - begin)
        outcome.size = len(body)
    else:
        outcome.failed[str(status)] = outcome.failed.get(str(status), 0) + 1


def _alone(run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run in a thread of its own: whoever calls may have an event loop already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(run())).result()


def closed_loop(port: int, request: Callable[[int], Ask], *, seconds: float, connections: int) -> Outcome:
    """Ask as fast as the server answers, on `connections` connections, for `seconds`. request : number → what to ask."""
    outcome = Outcome()

    async def lane(until: float, number: int) -> None:
        connection = Connection(port)
        while time.perf_counter() < until:
            await _one(connection, request(number), time.perf_counter(), outcome)
            number += connections
        connection.close()

    async def run() -> None:
        begin = time.perf_counter()
        await asyncio.gather(*(lane(begin + seconds, number) for number in range(connections)))
        outcome.lasted_s = time.perf_counter() - begin

    _alone(run)
    return outcome


def open_loop(port: int, request: Callable[[int], Ask], *, rate: float, count: int, connections: int = 64) -> Outcome:
    """Send `count` requests, `rate` a second, whether or not earlier ones were answered; latency counts from the scheduled time."""
    outcome = Outcome()

    async def run() -> None:
        free: asyncio.Queue[Connection] = asyncio.Queue()
        for _ in range(connections):
            free.put_nowait(Connection(port))
        tasks = []
        begin = time.perf_counter()
        for number in range(count):
            due = begin + number / rate
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            tasks.append(asyncio.create_task(lane(free, number, due)))
        await asyncio.gather(*tasks)
        outcome.lasted_s = time.perf_counter() - begin
        while not free.empty():
            free.get_nowait().close()

    async def lane(free: asyncio.Queue[Connection], number: int, due: float) -> None:
        connection = await free.get()
        await _one(connection, request(number), due, outcome)
        free.put_nowait(connection)

    _alone(run)
    return outcome
