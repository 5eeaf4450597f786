"""Zip archives of unknown origin, of small text files: names without folders, nothing unpacked beyond its bounds."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping

from grading.errors import ResponseError
from grading.text import shorten

MAX_PARTS = 2000
MAX_UNPACKED = 10 * 1024 * 1024
TEXTS = (".json", ".xml", ".txt")
_DATE = (2026, 1, 1, 0, 0, 0)  # the same boxes give the same bytes


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the text files (json, xml, txt) of a zip by their bare names; ResponseError for bombs, tricks and damage."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS:
                raise ResponseError(f"压缩包里有 {len(parts)} 个文件，超过 {MAX_PARTS} 个的上限。")
            return _texts(archive, parts)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError):
        # RuntimeError: encrypted; NotImplementedError: packed in a way that we cannot unpack
        raise ResponseError("压缩包已损坏、加了密码或用了不支持的压缩方法，请重新打包成普通的 .zip。") from None


def _texts(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = MAX_UNPACKED
    for part in parts:
        path = part.filename.replace("\\", "/")
        if path.startswith("/") or ":" in path or ".." in path.split("/"):
            raise ResponseError(f"压缩包里的文件名“{shorten(path, 40)}”指向包外，已拒绝。")
        name = path.rpartition("/")[2]
        if not name.lower().endswith(TEXTS) or path.startswith("__MACOSX/"):
            continue
        if name in found:
            raise ResponseError(f"压缩包里有两个“{shorten(name, 40)}”，分不清用哪一个。")
        with archive.open(part) as stream:
            found[name] = stream.read(left + 1)  # the size that the archive declares may be a lie
        left -= len(found[name])
        if left < 0:
            raise ResponseError(f"压缩包展开后超过 {MAX_UNPACKED // 1024 // 1024} MB，已拒绝。")
    return found


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return `files` (path → content) as a zip; equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
