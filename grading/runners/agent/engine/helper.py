"""The process that runs candidates' code and templates: a fresh interpreter that never saw the scenario or the tools.

Started by `isolate.py`; reads requests as lines of JSON and answers each with one line. Every request runs in a fork of its own,
with a pipe of its own, limits of its own, and no standard streams.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any

LONGEST = 200_000


def serve(packages: list[str]) -> None:
    """Answer requests until the input ends. packages : where Jinja lies; code finds the standard library only."""
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        if request["kind"] == "template" and "jinja2" not in sys.modules:
            sys.path += packages
            import jinja2.sandbox  # noqa: F401  once, for all forks

            del sys.path[-len(packages) :]
        sys.stdout.write(json.dumps(attempt(request), ensure_ascii=True) + "\n")
        sys.stdout.flush()


def attempt(request: dict[str, Any]) -> dict[str, Any]:
    """Run one request in a fork; return `{"value": …}` or `{"error": …}`."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _child(request, write)
    os.close(write)
    data = _collect(read, request["seconds"])
    os.close(read)
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if data is None:
        return {"error": f"超过 {request['seconds']} 秒没有结束，或输出太多，已停止"}
    try:
        found = json.loads(data)
    except ValueError:
        return {"error": "没有返回结果就结束了"}
    return found if isinstance(found, dict) else {"error": "没有返回结果就结束了"}


def _collect(read: int, seconds: float) -> bytes | None:
    """Return what comes out of the pipe until it is closed; None if that takes too long or is too much."""
    data, until = b"", time.monotonic() + seconds
    while len(data) <= LONGEST:
        left = until - time.monotonic()
        if left <= 0 or not select.select([read], [], [], left)[0]:
            return None
        part = os.read(read, 65536)
        if not part:
            return data
        data += part
    return None


def _child(request: dict[str, Any], write: int) -> None:
    """Do the work and leave; never returns."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    pipe = os.dup2(write, 3)
    os.closerange(4, 256)
    resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
    try:
        answer: dict[str, Any] = {"value": _template(request) if request["kind"] == "template" else _code(request)}
        text = json.dumps(answer, ensure_ascii=True, allow_nan=False)
    except BaseException as error:
        text = json.dumps({"error": _sentence(error)})
    data = text.encode()[: LONGEST + 1]
    while data:
        data = data[os.write(pipe, data) :]
    os._exit(0)


def _code(request: dict[str, Any]) -> Any:
    import random

    random.seed(0)
    names: dict[str, Any] = {"__name__": "code_node"}
    exec(compile(request["text"], "<code>", "exec", dont_inherit=True), names)
    main = names.get("main")
    if not callable(main):
        raise TypeError("代码里没有函数 main")
    return main(**request["variables"])


def _template(request: dict[str, Any]) -> str:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment().from_string(request["text"]).render(**request["variables"])


def _sentence(error: BaseException) -> str:
    line, trace = 0, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<code>":
            line = trace.tb_lineno
        trace = trace.tb_next
    where = f"第 {line} 行：" if line else ""
    return f"{where}{type(error).__name__}: {str(error)[:200]}"
