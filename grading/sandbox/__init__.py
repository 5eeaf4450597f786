"""The sandbox: where programs of candidates run, and the only place that knows Linux (DESIGN §7).

`open_sandbox` returns a backend that has just shown that it holds; without one, nothing of a candidate's is ever run.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path

from grading.errors import SandboxError
from grading.sandbox.contract import RunJob, RunResult, RunStatus, Sandbox
from grading.sandbox.interpreter import BARE
from grading.sandbox.selftest import Check, selftest

__all__ = [
    "BACKENDS", "BARE", "Check", "RunJob", "RunResult", "RunStatus", "Sandbox", "SandboxError", "make_backend",
    "open_sandbox", "selftest",
]  # fmt: skip

BACKENDS: Mapping[str, str] = {"bwrap": "BwrapSandbox"}
"""Backends, best first: module of this package → its class, called with the folder of the runtimes.

They are imported late: the rest of the library also works where there is no Linux.
"""

ADVICE = (
    "本机没有可用的沙箱，因此不会运行考生的程序。请检查："
    "(1) 是否允许非特权用户命名空间：sysctl -w kernel.unprivileged_userns_clone=1，且 user.max_user_namespaces 大于 0；"
    "(2) Ubuntu 24.04 及以后：sysctl -w kernel.apparmor_restrict_unprivileged_userns=0；"
    "(3) 在容器里：docker run 加 --security-opt seccomp=unconfined --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined。随后运行 simulator sandbox selftest 查看结果。"
)


def open_sandbox(runtimes: Path, *, backend: str | None = None) -> Sandbox:
    """Return the first backend that passes its self-test (a few seconds); SandboxError says what was tried and what to do.

    runtimes : folder of the built runtimes; backend : take this one or none.
    """
    failures: list[str] = []
    for name in [backend] if backend else BACKENDS:
        try:
            sandbox = make_backend(name, runtimes)
        except SandboxError as error:
            failures.append(f"{name}：{error}")
            continue
        failed = [check for check in selftest(sandbox) if not check.ok]
        if not failed:
            return sandbox
        failures.append(f"{name}：" + "；".join(f"{check.name}（{check.detail}）" for check in failed[:3]))
    raise SandboxError(f"{ADVICE}（{'；'.join(failures)}）")


def make_backend(name: str, runtimes: Path) -> Sandbox:
    """Return backend `name` untested; SandboxError if there is none of this name or it cannot work here."""
    if name not in BACKENDS:
        raise SandboxError(f"没有名为 {name!r} 的沙箱后端；可用：{', '.join(BACKENDS)}。")
    if sys.platform != "linux":
        raise SandboxError("沙箱只能在 Linux 上运行。")
    module = importlib.import_module(f"grading.sandbox.{name}")
    sandbox: Sandbox = getattr(module, BACKENDS[name])(runtimes)
    return sandbox
