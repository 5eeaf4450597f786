"""Attack a backend before trusting it: every check runs a hostile program and looks from outside at what it achieved.

A check passes only if its program ran (it prints what it saw) *and* the attack failed; a sandbox that cannot run anything
passes none.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.errors import SandboxError
from grading.model import RunLimits
from grading.sandbox.contract import RunJob, RunResult, RunStatus, Sandbox
from grading.sandbox.interpreter import BARE

LIMITS = RunLimits(wall_s=10, cpu_s=10, memory_mb=128, output_kb=64, processes=24, disk_mb=16)


@dataclass(frozen=True)
class Check:
    """One attack: its name in words, whether the backend held, and what was seen."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Bait:
    """What a program must not reach: a readable file outside, its content, and a listening port of this machine."""

    file: Path
    secret: str
    port: int


@dataclass(frozen=True)
class Evidence:
    """What an attack brought: the run's result, the JSON that the program printed first (or None), and the bait."""

    result: RunResult
    seen: Any
    bait: Bait


@dataclass(frozen=True)
class Attack:
    """A program and how to see that it failed. `{file!r}` and `{port}` in it are filled in from the bait.

    held(evidence) : True if the backend held.
    """

    name: str
    program: str
    held: Callable[[Evidence], bool]
    limits: RunLimits = LIMITS
    collect: tuple[str, ...] = ()


TRY = """
import json, os, sys
def attempt(action):
    try:
        return str(action())[:200]
    except BaseException as error:
        return type(error).__name__
"""

_WRITE = """
places = ['/', '/usr/lib', '/etc', '/dev', '/opt', '/opt/runtime', os.path.dirname(os.__file__), '/proc/sys/kernel', '/proc/1']
print(json.dumps([p for p in places if not attempt(lambda: open(p + '/planted', 'w')).endswith('Error')]))
"""

_IDENTITY = """
status = dict(line.split(':', 1) for line in open('/proc/self/status').read().splitlines())
wanted = ['CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp']
print(json.dumps([os.getuid(), {key: status[key].strip() for key in wanted}]))
"""

_CALLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def refused(call, *arguments):
    return call(*arguments) == -1 and ctypes.get_errno() == 1
print(json.dumps([refused(libc.unshare, 0x10000000), refused(libc.ptrace, 0, 0, 0, 0),
                  refused(libc.mount, b'x', b'/tmp', b'tmpfs', 0, None), refused(libc.setns, 0, 0)]))
"""

# Says that it runs before it attacks: on a busy machine the watcher may end it in the middle of its loop.
_FORK = """
print('0', flush=True)
for number in range(200):
    try:
        pid = os.fork()
    except OSError:
        break
    if pid == 0:
        import time; time.sleep(30); os._exit(0)
import time; time.sleep(5)
"""

_SHARE = """
import time
print('0', flush=True)
for number in range(6):
    if os.fork() == 0:
        block = bytearray(b'1') * (60 << 20); time.sleep(9); os._exit(0)
time.sleep(8)
"""

_NETWORK = """
import socket
print(json.dumps([attempt(lambda: socket.create_connection(('127.0.0.1', {port}), 1)), attempt(lambda: socket.socket())]))
"""


HARMLESS = frozenset({"PATH", "HOME", "LANG", "TZ", "TMPDIR", "PWD", "MPLBACKEND", "MPLCONFIGDIR", "OMP_NUM_THREADS",
                      "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE",
                      "PYTHONHASHSEED", "LD_LIBRARY_PATH", "LC_CTYPE"})  # fmt: skip
"""Names that the sandbox itself sets; any other name that is also set outside has leaked."""


def _limited(status: RunStatus) -> Callable[[Evidence], bool]:
    """The program got as far as its attack (it printed something) and was ended by the limit `status`."""
    return lambda evidence: evidence.seen is not None and evidence.result.status == status


ATTACKS = (
    Attack("读取本机文件", "print(json.dumps(attempt(lambda: open({file!r}).read())))",
           lambda evidence: evidence.seen == "FileNotFoundError" and evidence.bait.secret not in evidence.result.stdout),
    Attack("连接网络", _NETWORK, lambda evidence: all(answer.endswith("Error") for answer in evidence.seen)),
    Attack("写到工作目录之外", _WRITE, lambda evidence: evidence.seen == []),
    Attack("身份与权限", _IDENTITY, lambda evidence: evidence.seen[0] != 0 and evidence.seen[1] == {
        "CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}),
    Attack("危险的系统调用", _CALLS, lambda evidence: evidence.seen == [True] * 4),
    Attack("环境变量", "print(json.dumps(sorted(os.environ)))",
           lambda evidence: not set(evidence.seen) & (set(os.environ) - HARMLESS)),
    Attack("大量创建进程", _FORK, _limited("process_limit")),
    Attack("单个进程占用内存", "print(0, flush=True)\nblocks = []\nwhile True: blocks.append(bytearray(b'1') * (4 << 20))",
           _limited("memory_limit")),
    Attack("多个进程合计占用内存", _SHARE, _limited("memory_limit")),
    Attack("超时不退出", "import signal\nsignal.signal(15, signal.SIG_IGN)\nprint(0, flush=True)\nwhile True: pass",
           _limited("time_limit"), LIMITS.model_copy(update={"wall_s": 0.5})),
    Attack("输出泛滥", "print(0, flush=True)\nwhile True: print('x' * 4000)", _limited("output_limit")),
    Attack("占满磁盘", "print(json.dumps(attempt(lambda: open('big', 'wb').write(b'x' * (40 << 20)))))",
           lambda evidence: evidence.seen == "OSError"),
    Attack("以链接冒充产物", "os.symlink({file!r}, 'out.txt'); os.mkfifo('pipe.txt'); print(0)",
           lambda evidence: evidence.seen == 0 and not evidence.result.files, collect=("out.txt", "pipe.txt")),
)  # fmt: skip


def selftest(sandbox: Sandbox) -> list[Check]:
    """Return one check for each attack on `sandbox`; it may be used only if all are ok."""
    # Two at a time: half the wait, and a backend has to stand concurrent runs anyway.
    with _bait() as bait, ThreadPoolExecutor(2) as pool:
        other = pool.submit(_other_run, sandbox, bait)
        return [*pool.map(lambda attack: _try(sandbox, attack, bait), ATTACKS), other.result()]


def _try(sandbox: Sandbox, attack: Attack, bait: Bait) -> Check:
    program = attack.program.replace("{file!r}", repr(str(bait.file))).replace("{port}", str(bait.port))
    return _judge(attack, lambda: _run(sandbox, program, attack.limits, attack.collect), bait)


def _other_run(sandbox: Sandbox, bait: Bait) -> Check:
    """What one run leaves must not be there in the next."""
    places = [f"{folder}/left" for folder in ("/work", "/tmp", "/dev/shm")]  # noqa: S108  inside the sandbox
    look = f"print(json.dumps([p for p in {places!r} if os.path.exists(p)]))"

    def run() -> RunResult:
        _run(sandbox, "\n".join(f"open({place!r}, 'w').write('x')" for place in places), LIMITS, ())
        return _run(sandbox, look, LIMITS, ())

    return _judge(Attack("看到别的运行留下的文件", look, lambda evidence: evidence.seen == []), run, bait)


def _run(sandbox: Sandbox, program: str, limits: RunLimits, collect: tuple[str, ...]) -> RunResult:
    return sandbox.run(RunJob(BARE, "attack.py", {"attack.py": (TRY + program).encode()}, limits, collect))


def _judge(attack: Attack, run: Callable[[], RunResult], bait: Bait) -> Check:
    try:
        result = run()
    except SandboxError as error:
        return Check(attack.name, False, str(error))
    if result.status in ("sandbox_error", "refused"):
        return Check(attack.name, False, result.message)
    seen = _seen(result.stdout)
    try:
        ok = attack.held(Evidence(result, seen, bait))
    except (TypeError, AttributeError, KeyError, IndexError):
        return Check(attack.name, False, f"程序没有说出它看到了什么：{result.message}{result.stderr[-200:]}")
    return Check(attack.name, ok, f"{result.message}看到：{json.dumps(seen, ensure_ascii=False)[:200]}")


def _seen(stdout: str) -> Any:
    first = stdout.partition("\n")[0]
    try:
        return json.loads(first)
    except ValueError:
        return None


@contextmanager
def _bait() -> Iterator[Bait]:
    """Plant a file that everybody on this machine may read, and listen on a port."""
    secret = os.urandom(16).hex()
    with tempfile.NamedTemporaryFile("w", prefix="bait-", suffix=".txt") as file, socket.socket() as listener:
        file.write(secret)
        file.flush()
        Path(file.name).chmod(0o644)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield Bait(Path(file.name), secret, listener.getsockname()[1])
