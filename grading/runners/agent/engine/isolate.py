"""Keeps candidates' code and templates away from the engine, which holds the scenario and writes the transcript.

They run in another process (`helper.py`) that was started fresh, so that there is nothing of the scenario in its memory; this
process cannot be read or traced by it (not dumpable), takes only text from it, and before the answer is written everything else
is killed and whatever lies in the work directory is removed.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

from .pool import NodeError

SECONDS = 2.0
TOTAL = 12.0
LONGEST = 400_000
PR_SET_DUMPABLE = 4
_START = "import sys; sys.path[:0] = {first!r}; from engine.helper import serve; serve({last!r})"


def inside() -> bool:
    """Return whether this module runs in the sandbox: packed in the bundle, beside the sandbox's own starter. Anywhere else killing
    everything would kill the machine's other processes (a checkout may well lie below /work)."""
    return __file__.startswith("/work/_engine.zip/") and os.path.isfile("/opt/program.py")


class Isolation:
    """The helper process of a run, started when it is first needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._used = False
        self._spent = 0.0

    def run(self, kind: str, text: str, variables: dict[str, Any]) -> Any:
        """Return what the code's `main` or the template gives for `variables`; NodeError says why there is nothing."""
        if self._spent > TOTAL:
            raise NodeError(f"代码和模板节点用时合计超过 {TOTAL:.0f} 秒，不再执行")
        begun = time.monotonic()
        try:
            answer = self._ask({"kind": kind, "text": text, "variables": variables, "seconds": SECONDS})
        finally:
            self._spent += time.monotonic() - begun
        if self._strays():
            self._kill_all()
            raise NodeError("代码留下了后台进程，已终止，这一步作废")
        if "value" not in answer:
            raise NodeError(str(answer.get("error", "没有结果"))[:300])
        return answer["value"]

    def end(self) -> None:
        """Kill whatever is left and empty the work directory, so that nobody but this process can write the answer."""
        if not self._used:
            return
        self._kill_all()
        for folder in ("/work", "/tmp"):
            with suppress(OSError):
                os.chmod(folder, 0o700)
                for entry in list(os.scandir(folder)):
                    _remove(entry)

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request, ensure_ascii=True).encode() + b"\n")
            process.stdin.flush()
            found = json.loads(_line(process.stdout.fileno(), SECONDS + 2))
        except (OSError, ValueError):
            self._kill_all()
            return {"error": "执行代码的进程被终止或没有回应"}
        return found if isinstance(found, dict) else {"error": "没有返回结果"}

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            if not inside():
                raise NodeError("只在沙箱里执行代码")
            if not self._used and ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
                raise NodeError("本机不能隔离代码节点，没有执行")
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._used = True
            last = [path for path in sys.path if "site-packages" in path]
            first = [path for path in sys.path if path.endswith(".zip") and path.startswith("/work")]
            environment = {"PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "TZ": "CST-8"}
            environment |= {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-S", "-s", "-B", "-c", _START.format(first=first, last=last)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, close_fds=True,
            )
        return self._process

    def _strays(self) -> bool:
        """Return whether a process lives that is neither process 1, nor this one, nor the helper."""
        ours = {1, os.getpid(), self._process.pid if self._process else 0}
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) not in ours:
                with suppress(OSError), open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                    if file.read().rpartition(")")[2].split()[0] not in "ZX":
                        return True
        return False

    def _kill_all(self) -> None:
        """Kill every process of this sandbox but this one and process 1, which the kernel protects."""
        assert inside()
        for _ in range(2):
            with suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    if pipe is not None:
                        pipe.close()
            self._process.wait()
            self._process = None


def _line(descriptor: int, seconds: float) -> bytes:
    """Return one line; ValueError if it is too long or does not come in time."""
    data, until = b"", time.monotonic() + seconds
    while not data.endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0 or len(data) > LONGEST or not select.select([descriptor], [], [], left)[0]:
            raise ValueError("no line")
        part = os.read(descriptor, 65536)
        if not part:
            raise ValueError("ended")
        data += part
    return data


def _remove(entry: os.DirEntry[str]) -> None:
    with suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            os.chmod(entry.path, 0o700)
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)
