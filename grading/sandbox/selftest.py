"""Attack a backend before trusting it: every check runs a hostile program and looks from outside at what it achieved.

A check passes only if its program ran (it prints what it saw) *and* the attack failed; a sandbox that cannot run anything
passes none. The attacks stand in `attacks.py`.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grading.errors import SandboxError
from grading.sandbox import attacks
from grading.sandbox.attacks import Attack, Bait, Evidence
from grading.sandbox.contract import RunJob, RunResult, Sandbox
from grading.sandbox.interpreter import BARE

AT_ONCE = 3
"""Attacks at a time: much of the time they wait, and a backend has to stand concurrent runs anyway."""


@dataclass(frozen=True)
class Check:
    """One attack: its name in words, whether the backend held, and what was seen."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Trial:
    """The backend under attack, the bait, and the runtime whose interpreter the attacks use."""

    sandbox: Sandbox
    bait: Bait
    runtime: str = BARE

    def run(self, attack: Attack, *, stdin: bytes = b"", observer: Any = None) -> RunResult:
        """Run the program of `attack`."""
        job = RunJob(self.runtime, "attack.py", {"attack.py": attack.text(self.bait).encode()}, attack.limits, attack.collect, stdin)
        return self.sandbox.run(job, observer)

    def check(self, attack: Attack) -> Check:
        """Run `attack` and judge it."""
        return self.judge(attack, lambda: self.run(attack))

    def judge(self, attack: Attack, run: Callable[[], RunResult]) -> Check:
        """Judge what `run` brings as `attack` says."""
        try:
            result = run()
        except SandboxError as error:
            return Check(attack.name, False, str(error))
        if result.status in ("sandbox_error", "refused"):
            return Check(attack.name, False, result.message)
        seen = _seen(result.stdout)
        try:
            ok = attack.held(Evidence(result, seen, self.bait))
        except (TypeError, AttributeError, KeyError, IndexError, ValueError):
            return Check(attack.name, False, f"程序没有说出它看到了什么：{result.message}{result.stderr[-200:]}")
        return Check(attack.name, ok, f"{result.message}看到：{json.dumps(seen, ensure_ascii=False)[:200]}")


def selftest(sandbox: Sandbox, warm: tuple[str, ...] = ()) -> list[Check]:
    """Return one check for each attack on `sandbox`; it may be used only if all are ok.

    warm : built runtimes whose interpreters, which a backend may keep loaded between runs, are searched as well.
    """
    with _bait() as bait, ThreadPoolExecutor(AT_ONCE) as pool:
        trial = Trial(sandbox, bait)
        company = pool.submit(_company, trial)
        checks = [*pool.map(trial.check, attacks.ATTACKS), company.result()]
        for runtime in (BARE, *warm):  # alone, so that the process that is searched was made after the run it is searched for
            checks += _aftermath(Trial(sandbox, bait, runtime))
    return checks


def _aftermath(trial: Trial) -> Iterator[Check]:
    """What one run leaves must not be there for the next: no file, nothing in memory, nothing in the frames above it."""
    where = "" if trial.runtime == BARE else f"（运行环境 {trial.runtime}）"
    secret = trial.bait.secret.encode()
    plant = Attack(f"留下文字{where}", attacks.PLANT, lambda evidence: evidence.seen == [len(secret) * 99])
    left = Attack(f"看到前一次运行的文件{where}", attacks.LEFT, lambda evidence: evidence.seen == [[]])
    memory = Attack(f"在内存里找到前一次运行的文字{where}", attacks.MEMORY, attacks.empty_memory)
    frames = Attack(f"从调用栈看到沙箱的数据{where}", attacks.FRAMES, attacks.empty_frames)
    stack = Attack(f"启动时的栈{where}", attacks.STACK, attacks.hidden_environment)
    planted = trial.judge(plant, lambda: trial.run(plant, stdin=secret * 99))
    for attack in (left, memory, frames) if trial.runtime == BARE else (memory, frames, stack):
        check = trial.check(attack)
        yield check if planted.ok else Check(attack.name, False, planted.detail)


class _Watcher:
    """Observes a run that goes on until it is told to end."""

    def __init__(self) -> None:
        self.ready, self.enough = threading.Event(), threading.Event()

    def output(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        """Note that the program has begun."""
        if stream == "stdout" and data:
            self.ready.set()

    def figure(self, data: bytes) -> None:
        """Ignore pictures."""

    def cancelled(self) -> bool:
        """Return whether the run may end."""
        return self.enough.is_set()


def _company(trial: Trial) -> Check:
    """Run two at a time: one has a secret in all places, the other looks for it. Neither may notice the other."""
    victim = Attack("另一个运行", attacks.VICTIM, lambda _evidence: True)
    spy = Attack("看到同时进行的另一个运行", attacks.SPY, lambda evidence: evidence.seen == [[], []])
    watcher, ended = _Watcher(), threading.Event()

    def live() -> RunResult:
        try:
            return trial.run(victim, observer=watcher)
        finally:
            ended.set()
            watcher.ready.set()

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(live)
        watcher.ready.wait()
        check = trial.check(spy)
        survived = not ended.is_set()
        watcher.enough.set()
        try:
            result = other.result()
        except SandboxError as error:
            return Check(spy.name, False, str(error))
    if check.ok and not (survived and result.status == "cancelled"):
        return Check(spy.name, False, f"另一个运行没有照常进行：{result.message}{result.stderr[-200:]}")
    return check


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
