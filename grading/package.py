"""A task as one content-addressed file: a zip of its folder without samples, the same bytes for the same content."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from grading.bank import BankItem, item_task
from grading.errors import TaskError
from grading.loader import load_task
from grading.model import Task
from grading.specs import parse

EPOCH = (1980, 1, 1, 0, 0, 0)
ITEM = "item.json"
PARTS = ("task.yaml", "statement.md", "files", "key")


def pack(task: Task) -> bytes:
    """Return `task` as a zip; bank items are stored as JSON. Equal tasks give equal bytes."""
    content = members(task)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(content):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o444 << 16
            archive.writestr(info, content[name])
    return buffer.getvalue()


def members(task: Task) -> dict[str, bytes]:
    """Return what `task` consists of: path in its folder → bytes; a bank item is one member of JSON."""
    return _folder_members(task.root) if task.root else {ITEM: _item_json(task)}


def content_hash(task: Task) -> str:
    """Return the SHA-256 over the task's id and members (not over the zip: zlib versions differ between machines)."""
    content = members(task)
    digest = hashlib.sha256(task.id.encode())
    for name in sorted(content):
        digest.update(f"\0{name}\0{len(content[name])}\0".encode())
        digest.update(content[name])
    return digest.hexdigest()


def unpack(package: bytes, task_id: str, folder: Path) -> Task:
    """Return the task in `package`; one with files is unpacked to `folder` (once, atomically).

    Packages come from our own database; names are checked all the same.
    """
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        if archive.namelist() == [ITEM]:
            item = parse(BankItem, json.loads(archive.read(ITEM)), file=task_id)
            return item_task(item, task_id, Path(task_id))
        if not folder.is_dir():
            _extract(archive, folder)
    return load_task(folder, task_id=task_id)


def _extract(archive: zipfile.ZipFile, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".unpacking-"))
    try:
        for name in archive.namelist():
            parts = Path(name).parts
            if not parts or ".." in parts or parts[0] not in PARTS:
                raise TaskError(f"试题包里有不该有的文件 {name!r}", file=folder)
            target = temporary / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))
        os.rename(temporary, folder)
    except OSError:
        if not folder.is_dir():  # else another process was first; its copy is the same
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _folder_members(root: Path) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    for part in PARTS:
        path = root / part
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else []
        members.update({file.relative_to(root).as_posix(): file.read_bytes() for file in files if "__pycache__" not in file.parts})
    return members


def _item_json(task: Task) -> bytes:
    field: Any = task.fields[0]
    key = task.bound[task.points[0].id]["key"]
    item = {
        "id": task.id.rpartition("/")[2], "kind": task.form, "stem": task.statement, "options": dict(field.options),
        "key": {"judge": key[0] == "T", "single": key[0], "multiple": list(key)}[task.form],
        "explanation": task.explanation, "tags": list(task.tags), "difficulty": task.difficulty,
    }
    return json.dumps(item, ensure_ascii=False, sort_keys=True).encode()
