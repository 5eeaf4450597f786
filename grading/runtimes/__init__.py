"""Sandbox runtimes: virtual environments apart from the app's, in which candidates' programs run.

`<name>.toml` beside this file says what a runtime installs; `build` makes it below a folder (`instance/runtimes/<name>/`)
and `status` says whether it is there and up to date.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grading.errors import SandboxError

STAMP = ".stamp"
WARM = "warm"
"""Folder of a built runtime whose files are copied into `/tmp` of every run (caches)."""

MODELS = "models"
"""Folder beside that of the runtimes, in which a school puts models of its own."""

State = Literal["ready", "outdated", "missing"]

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class RuntimeSpec:
    """What `<name>.toml` says.

    packages : installed with what they need; bare : installed after them, alone (pip's `--no-deps`); finish : a script of
    this folder that the runtime's own Python runs after that, in the runtime's folder (unpacks weights, removes what is not
    needed), and whose output goes with the runtime; preload, prime : modules that a fork server imports, and lines that it
    runs, once, so that no run pays for them; models : engines in it may see the school's own models; stamp : changes with what
    is installed or the Python version, so that a build can be skipped.
    """

    name: str
    title: str
    packages: tuple[str, ...]
    bare: tuple[str, ...]
    finish: Path | None
    preload: tuple[str, ...]
    prime: str
    warm: str
    models: bool
    stamp: str


@dataclass(frozen=True)
class RuntimeStatus:
    """Whether a runtime is built in `path`; `outdated` means that its toml or the Python version changed since."""

    name: str
    title: str
    state: State
    path: Path


def names() -> tuple[str, ...]:
    """Return the names of all runtimes that can be built."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.toml")))


def models_folder(directory: Path) -> Path:
    """Return where a school's own models lie, which need not be there; directory : folder of the runtimes."""
    return directory.absolute().parent / MODELS


def spec(name: str) -> RuntimeSpec:
    """Return what the runtime called `name` consists of; SandboxError lists the valid names."""
    if name not in names():
        raise SandboxError(f"没有名为 {name!r} 的运行环境；可用：{', '.join(names())}。")
    data = tomllib.loads((_HERE / f"{name}.toml").read_text("utf-8"))
    packages, bare, warm = tuple(data["packages"]), tuple(data.get("bare", ())), data.get("warm", "")
    finish = _HERE / data["finish"] if "finish" in data else None
    more = (bare, finish.read_text("utf-8")) if finish else bare and (bare,)
    stamp = hashlib.sha256(repr((packages, warm, sys.version, *more)).encode()).hexdigest()
    preload, prime, models = tuple(data["preload"]), data.get("prime", ""), data.get("models", False)
    return RuntimeSpec(name, data["title"], packages, bare, finish, preload, prime, warm, models, stamp)


def status(name: str, directory: Path) -> RuntimeStatus:
    """Return the state of runtime `name` below `directory`."""
    wanted, path = spec(name), directory / name
    try:
        built = (path / STAMP).read_text("ascii")
    except OSError:
        return RuntimeStatus(name, wanted.title, "missing", path)
    return RuntimeStatus(name, wanted.title, "ready" if built == wanted.stamp else "outdated", path)


def build(name: str, directory: Path) -> bool:
    """Install runtime `name` below `directory`; return False if it was already there and up to date.

    It is built aside and then renamed, so that an interrupted build never looks finished. SandboxError says why it failed.
    """
    wanted, target = spec(name), directory / name
    with _locked(directory):
        if status(name, directory).state == "ready":
            return False
        fresh = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=directory))
        try:
            _install(wanted, fresh)
            _replace(fresh, target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return True


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Let one process build at a time."""
    import fcntl  # not everywhere; everything else here is

    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / ".lock").open("w")
    except OSError as error:
        raise SandboxError(f"不能写入运行环境目录 {directory}：{error.strerror}。") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(wanted: RuntimeSpec, folder: Path) -> None:
    _call([sys.executable, "-m", "venv", "--clear", str(folder)], "创建虚拟环境")
    python = str(folder / "bin" / "python")
    # No index or proxy is set here: pip reads the machine's own configuration, e.g. a school's mirror or wheel folder.
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--no-input", "--quiet", "--only-binary=:all:"]
    hint = "请检查网络，或用 PIP_INDEX_URL / PIP_FIND_LINKS 指定镜像或本地 wheel 目录"
    if wanted.packages:
        _call([*pip, *wanted.packages], "安装软件包", hint=hint)
    if wanted.bare:
        _call([*pip, "--no-deps", *wanted.bare], "安装软件包", hint=hint)
    if wanted.finish:
        _call([python, "-I", str(wanted.finish), str(folder)], "完成运行环境")
    if wanted.warm:
        cache = folder / WARM / "matplotlib"
        cache.mkdir(parents=True)
        _call([python, "-c", wanted.warm], "预热", extra={"MPLCONFIGDIR": str(cache)})
    folder.chmod(0o755)
    (folder / STAMP).write_text(wanted.stamp, "ascii")


def _replace(fresh: Path, target: Path) -> None:
    retired = fresh.with_name(fresh.name + ".old")
    if target.exists():
        target.rename(retired)
    fresh.rename(target)
    shutil.rmtree(retired, ignore_errors=True)


def _call(command: list[str], step: str, *, hint: str = "", extra: dict[str, str] | None = None) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")} | (extra or {})
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)
    if done.returncode != 0:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        last = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1] if lines else "")
        raise SandboxError(f"{step}失败：{last.strip()[:300]}" + (f"。{hint}。" if hint else ""))
