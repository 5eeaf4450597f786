"""From what was seen of a run to a `RunResult`, with one Chinese sentence that says what happened."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Mapping

from grading.model import RunLimits
from grading.sandbox.contract import RunResult, RunStatus
from grading.sandbox.limits import MIB
from grading.sandbox.supervise import Cut, Trace

_CUT_STATUS: Mapping[Cut, RunStatus] = {
    "wall": "time_limit", "cpu": "time_limit", "memory": "memory_limit", "output": "output_limit", "tasks": "process_limit",
    "cancel": "cancelled",
}
_ERROR = re.compile(r"^(?:[A-Za-z_][\w.]*\.)?([A-Za-z_]\w*(?:Error|Exception|Interrupt|Warning|Exit|Iteration))(?::\s*(.*))?$")
_OUT_OF_MEMORY = re.compile(r"^(MemoryError|[\w.]*_ArrayMemoryError)\b")
_OUT_OF_TASKS = re.compile(r"^(BlockingIOError: \[Errno 11\]|RuntimeError: can't start new thread)")


def result(trace: Trace, limits: RunLimits, files: Mapping[str, bytes]) -> RunResult:
    """Return the result of a run. Text of the program is decoded as UTF-8, with a mark for what is not.

    A warm program that adds hardly a page to what it shares with the others is said to use 0.1 MiB, and
    one whose beginning and end are seen at the same moment to take 0.1 ms.
    """
    stdout, stderr = (trace.output[name].decode("utf-8", "replace") for name in ("stdout", "stderr"))
    status, message = _judge(trace, limits, stderr)
    code = None if trace.cut or trace.waitstatus is None else os.waitstatus_to_exitcode(trace.waitstatus)
    return RunResult(
        status=status, exit_code=code if code is not None and code >= 0 else None,
        signal=-code if code is not None and code < 0 else None,
        wall_s=max(round(trace.wall_s, 4), 0.0001), cpu_s=max(round(trace.cpu_s, 4), 0.0001),
        memory_mb=max(round(trace.memory / MIB, 1), 0.1),
        stdout=stdout, stderr=stderr, files=files, message=message,
    )


def failed(message: str) -> RunResult:
    """Return the result of a run that the sandbox could not do."""
    return RunResult("sandbox_error", message=message)


def _judge(trace: Trace, limits: RunLimits, stderr: str) -> tuple[RunStatus, str]:
    if trace.cut:
        return _CUT_STATUS[trace.cut], _limit_sentence(trace.cut, limits)
    if trace.waitstatus is None:
        return "sandbox_error", f"沙箱未能运行程序：{_last_line(stderr) or '没有任何报告'}。"
    code = os.waitstatus_to_exitcode(trace.waitstatus)
    if code == 0:
        return "ok", "程序正常结束。"
    if code == -signal.SIGXCPU:
        return "time_limit", _limit_sentence("cpu", limits)
    if code < 0:
        return "runtime_error", f"程序被信号 {-code}（{_signal_name(-code)}）终止。"
    return _judge_error(code, limits, stderr)


def _judge_error(code: int, limits: RunLimits, stderr: str) -> tuple[RunStatus, str]:
    last = _last_line(stderr)
    if _OUT_OF_MEMORY.match(last):
        return "memory_limit", _limit_sentence("memory", limits)
    if _OUT_OF_TASKS.match(last):
        return "process_limit", _limit_sentence("tasks", limits)
    error = _ERROR.match(last)
    if not error:
        return "runtime_error", f"程序以退出码 {code} 结束。"
    name, detail = error.group(1), (error.group(2) or "").strip()[:200]
    lines = re.findall(r'File "/work/[^"\n]+", line (\d+)', stderr)
    where = f"（第 {lines[-1]} 行）" if lines else ""
    return "runtime_error", f"程序以错误结束：{name}{'：' + detail if detail else ''}{where}。"


def _limit_sentence(cut: Cut, limits: RunLimits) -> str:
    return {
        "wall": f"运行超过 {limits.wall_s:g} 秒，程序被终止。",
        "cpu": f"占用处理器超过 {limits.cpu_s:g} 秒，程序被终止。",
        "memory": f"内存超过 {limits.memory_mb} MB，程序被终止。",
        "output": f"输出超过 {limits.output_kb} KB，程序被终止。",
        "tasks": f"进程和线程超过 {limits.processes} 个，程序被终止。",
        "cancel": "程序被停止。",
    }[cut]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "未知"


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")[:300]
