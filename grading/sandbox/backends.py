"""Which backends there are, and which of them may be used here: only what has withstood its self-test."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grading.errors import SandboxError
from grading.sandbox import stamp
from grading.sandbox.contract import Sandbox
from grading.sandbox.selftest import Check, selftest

BACKENDS: Mapping[str, str] = {"zygote": "ZygoteSandbox", "bwrap": "BwrapSandbox"}
"""Backends, best first: module of this package → its class, called with the folder of the runtimes.

They are imported late: the rest of the library also works where there is no Linux.
"""

WARM = "python"
"""The runtime whose loaded interpreter the self-test searches as well, where it is built."""

ADVICE = (
    "本机没有可用的沙箱，因此不会运行考生的程序。请检查："
    "(1) 是否允许非特权用户命名空间：sysctl -w kernel.unprivileged_userns_clone=1，且 user.max_user_namespaces 大于 0；"
    "(2) Ubuntu 24.04 及以后：sysctl -w kernel.apparmor_restrict_unprivileged_userns=0；"
    "(3) 在容器里：docker run 加 --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined。随后运行 simulator sandbox selftest 查看结果。"
)


@dataclass(frozen=True)
class BackendReport:
    """What trying one backend brought.

    ok : it may be used; error : why it does not even start, or ""; checks : its self-test (empty if an earlier one was
    trusted); seconds : how long it took.
    """

    name: str
    ok: bool
    error: str = ""
    checks: tuple[Check, ...] = ()
    seconds: float = 0.0

    @property
    def reason(self) -> str:
        """Why it may not be used (at most three failed checks), or ""."""
        failed = [f"{check.name}（{check.detail}）" for check in self.checks if not check.ok]
        return self.error or "；".join(failed[:3])


def make_backend(name: str, runtimes: Path) -> Sandbox:
    """Return backend `name` untested; SandboxError if there is none of this name or it cannot work here."""
    if name not in BACKENDS:
        raise SandboxError(f"没有名为 {name!r} 的沙箱后端；可用：{', '.join(BACKENDS)}。")
    if sys.platform != "linux":
        raise SandboxError("沙箱只能在 Linux 上运行。")
    module = importlib.import_module(f"grading.sandbox.{name}")
    sandbox: Sandbox = getattr(module, BACKENDS[name])(runtimes)
    return sandbox


def try_backend(name: str, runtimes: Path, *, remember: bool = False) -> tuple[Sandbox | None, BackendReport]:
    """Attack backend `name` (a few seconds); return it if it holds, else None, and what was seen.

    remember : trust a self-test that has passed as everything still is, and note a new one: for commands that run once.
    """
    begin = time.monotonic()
    try:
        sandbox = make_backend(name, runtimes)
    except SandboxError as error:
        return None, BackendReport(name, False, str(error), seconds=time.monotonic() - begin)
    warm = (WARM,) if (runtimes / WARM / "bin" / "python").exists() else ()
    parts = _parts(runtimes)
    if remember and stamp.is_fresh(runtimes, name, parts):
        return sandbox, BackendReport(name, True, seconds=time.monotonic() - begin)
    checks: tuple[Check, ...] = ()
    problem = ""
    try:
        checks = tuple(selftest(sandbox, warm))
    except OSError as error:  # no room for the bait, say
        problem = f"自检不能进行：{error}。"
    report = BackendReport(name, not problem and all(check.ok for check in checks), problem, checks, time.monotonic() - begin)
    if report.ok:
        if remember:
            stamp.keep(runtimes, name, parts)
        return sandbox, report
    stamp.forget(runtimes, name)
    sandbox.close()
    return None, report


def open_sandbox(runtimes: Path, *, backend: str | None = None, remember: bool = False) -> Sandbox:
    """Return the first backend that passes its self-test (a few seconds); SandboxError says what was tried and what to do.

    runtimes : folder of the built runtimes; backend : take this one or none; remember : as in `try_backend`.
    """
    failures: list[str] = []
    for name in [backend] if backend else BACKENDS:
        sandbox, report = try_backend(name, runtimes, remember=remember)
        if sandbox is not None:
            return sandbox
        failures.append(f"{name}：{report.reason}")
    raise SandboxError(f"{ADVICE}（{'；'.join(failures)}）")


def probe(runtimes: Path, names: tuple[str, ...] = ()) -> tuple[BackendReport, ...]:
    """Try every backend (or those of `names`), keep none open: what runs here, and why another does not."""
    reports = []
    for name in names or BACKENDS:
        sandbox, report = try_backend(name, runtimes)
        if sandbox is not None:
            sandbox.close()
        reports.append(report)
    return tuple(reports)


def _parts(runtimes: Path) -> tuple[Path, ...]:
    """Return what the backends consist of besides this package."""
    parts = [Path(sys.executable).resolve(), runtimes / WARM / ".stamp", runtimes / WARM / "lib"]
    with suppress(SandboxError, ImportError):
        from grading.sandbox.bwrap import find_bwrap

        parts.append(find_bwrap())
    return tuple(parts)
