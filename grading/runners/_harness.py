"""Runs inside the sandbox around the candidate's program: afterwards it writes the asked-for variables as plain data.

The runner appends a call of `play` to this text and makes it the job's script. Standard library only. Nothing here is
trusted: whatever a program does to this code, only a file of plain data leaves the sandbox.
"""

from __future__ import annotations

import os
import sys
import types
from typing import Any

OUTPUT = "/work/_variables.json"


def plain(value: Any) -> Any:
    """Return `value` as what JSON can say; TypeError names a type that has no such form."""
    kind = type(value)
    if value is None or kind in (bool, int, float):
        return value
    if kind is str:
        return value.encode("utf-8", "replace").decode("utf-8")  # half of a surrogate pair is no text
    if kind in (list, tuple):
        return [plain(item) for item in value]
    if kind in (set, frozenset):
        return sorted((plain(item) for item in value), key=str)
    if kind is dict:
        return {key if type(key) is str else str(plain(key)): plain(item) for key, item in value.items()}
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if hasattr(value, "tolist"):  # scalars and arrays of numpy, series of pandas
        return plain(value.tolist())
    raise TypeError(kind.__name__)


def table(value: Any) -> str:
    """Return a pandas table as CSV; an index is kept only if it has a name."""
    if not hasattr(value, "to_csv"):
        raise TypeError(type(value).__name__)
    return str(value.to_csv(index=any(name is not None for name in value.index.names)))


def save(names: dict[str, str], found: dict[str, Any]) -> None:
    """Write `{name: {"value": …} | {"type": what it is instead}}` for each of `names` (name → kind) that was found."""
    import json

    entries = []
    for name, kind in names.items():
        if name not in found:
            continue
        try:
            entry = json.dumps({"value": table(found[name]) if kind == "table" else plain(found[name])})
        except Exception as error:  # whatever one variable does, the others are saved
            entry = json.dumps({"type": str(error)[:100] if type(error) is TypeError else type(error).__name__})
        entries.append(f"{json.dumps(name)}: {entry}")
    with open(OUTPUT, "w", encoding="utf-8") as file:
        file.write("{" + ", ".join(entries) + "}")


def play(program: str, names: dict[str, str]) -> None:
    """Run `program` as `__main__`, and save its variables also when it fails; its errors show no frame of ours."""
    path = f"/work/{program}"
    os.unlink(__file__)
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=__builtins__, __loader__=None, __cached__=None)
    sys.modules["__main__"] = main
    sys.argv[:] = [path]
    show, ours = sys.excepthook, set()
    frame: types.FrameType | None = sys._getframe()
    while frame is not None:  # whatever stands below the program, in any backend
        ours.add(frame.f_code.co_filename)
        frame = frame.f_back

    def show_error(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
        while trace is not None and trace.tb_frame.f_code.co_filename in ours:
            trace = trace.tb_next
        show(kind, error.with_traceback(trace), trace)

    sys.excepthook = show_error
    with open(path, encoding="utf-8-sig") as file:
        source = file.read()
    try:
        exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)
    finally:
        if names:
            save(names, main.__dict__)
