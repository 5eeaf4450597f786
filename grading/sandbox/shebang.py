"""What runs a script: our Python, or by its first line another program of the system."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Literal

SEARCH = "/usr/local/bin:/usr/bin:/bin"
SHOWN = ("/usr/", "/bin/", "/lib/", "/lib64/")
"""Where an interpreter must lie to be there inside (`rootfs.FOREIGN`)."""

_PYTHON = re.compile(r"python[\d.]*")
_ELF = b"\x7fELF"


def interpreter(script: bytes) -> Literal["python", "shebang"]:
    """Return how `script` is run: `python` also if it has no first line that says otherwise.

    >>> interpreter(b"print(1)"), interpreter(b"#!/usr/bin/env python3\\n"), interpreter(b"#!/bin/sh\\n")
    ('python', 'python', 'shebang')
    """
    if script.startswith(_ELF):
        return "shebang"
    name = _words(script)[-1:]
    return "python" if not name or _PYTHON.fullmatch(Path(name[0]).name) else "shebang"


def missing(script: bytes) -> str:
    """Return why the interpreter that `script` names would not be found inside (a Chinese sentence), or ""."""
    words = _words(script)
    for word in words:
        found = shutil.which(word, path=SEARCH)
        if found is None:
            return f"第一行要求的解释器 {word[:200]} 不在本机，或者不能执行。"
        if not str(Path(found).resolve()).startswith(SHOWN):
            return f"解释器 {word[:200]} 不在 /usr 之下，沙箱里看不到它；请安装系统的软件包。"
    return ""


def _words(script: bytes) -> list[str]:
    """Return the programs that the first line names: the interpreter, and with env also what env starts."""
    if not script.startswith(b"#!"):
        return []
    words = script[2:].partition(b"\n")[0].decode("utf-8", "replace").split()
    if not words or Path(words[0]).name != "env":
        return words[:1]
    return words[:1] + [word for word in words[1:] if not word.startswith("-") and "=" not in word][:1]
