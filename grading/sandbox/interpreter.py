"""Find the interpreter and packages of a sandbox runtime on the host."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from grading.errors import SandboxError
from grading.runtimes import WARM, models_folder, names, spec

BARE = "bare"
"""Name of the runtime that is always there: this process's interpreter without any package (for self-tests)."""


@dataclass(frozen=True)
class Interpreter:
    """Where a runtime lies on the host.

    prefix : the real installation, not a virtual environment; binary : the executable, links resolved; version : e.g.
    ``3.11``; packages : the environment's `lib` folder, or None; warm : folder of ready-made caches, or None; models : folder of
    the school's own models, or None if there is none or the runtime does not use them.
    """

    prefix: Path
    binary: Path
    version: str
    packages: Path | None = None
    warm: Path | None = None
    models: Path | None = None

    @property
    def is_system(self) -> bool:
        """True if it belongs to the operating system: its library is then part of /usr/lib."""
        return self.prefix == Path("/usr")

    @property
    def shared(self) -> bool:
        """True if the executable needs the prefix's own libpython, which the loader would look for at its old place."""
        return not self.is_system and any((self.prefix / "lib").glob("libpython3*.so*"))


def locate(runtimes: Path, name: str) -> Interpreter:
    """Return the interpreter of runtime `name`; SandboxError says how to build a missing one."""
    if name == BARE:
        return _describe(Path(sys.executable).resolve())
    folder = runtimes.absolute() / name
    try:
        binary = (folder / "bin" / "python").resolve(strict=True)
    except OSError:
        raise SandboxError(f"运行环境 {name} 尚未安装；请先运行 simulator runtimes build {name}。") from None
    warm, models = folder / WARM, models_folder(runtimes)
    return _describe(
        binary, packages=folder / "lib", warm=warm if warm.is_dir() else None,
        models=models if _sees_models(name) and models.is_dir() else None,
    )


@cache
def _sees_models(name: str) -> bool:
    return name in names() and spec(name).models


def _describe(binary: Path, *, packages: Path | None = None, warm: Path | None = None, models: Path | None = None) -> Interpreter:
    prefix = binary.parent.parent
    libraries = sorted((prefix / "lib").glob("python3.*/os.py"))
    versions = [path.parent.name.removeprefix("python") for path in libraries]
    version = next((v for v in versions if binary.name.endswith(v)), versions[0] if len(versions) == 1 else "")
    if not version:
        raise SandboxError(f"{binary} 不像一个完整的 Python 安装：找不到它的标准库。")
    return Interpreter(prefix, binary, version, packages, warm, models)
