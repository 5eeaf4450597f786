"""Content-addressed store of uploads: a file is known by its SHA-256 and written once, durably."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from simulator.errors import Refused

HASH = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """Blobs below one folder, two characters of the hash per sub-folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Store `data` and return its hash. It is on the disk when this returns."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        if path.is_file():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of `digest`; Refused if there is no such blob."""
        try:
            return self._path(digest).read_bytes()
        except FileNotFoundError:
            raise Refused("找不到这个上传的文件。", "请重新上传。", status=404) from None

    def has(self, digest: str) -> bool:
        """Return whether `digest` is stored."""
        return HASH.fullmatch(digest) is not None and self._path(digest).is_file()

    def _path(self, digest: str) -> Path:
        if not HASH.fullmatch(digest):
            raise Refused("文件编号不对。", "请重新上传。", status=404)
        return self._folder / digest[:2] / digest
