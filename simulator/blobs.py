"""Content-addressed store of uploads: a file is known by its SHA-256, written once and durably, and checked when read.

A folder by default; any fsspec URL (object storage, a share) where several machines mark. Names are the same in all of them:
``<first two characters>/<hash>``.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import tempfile
import threading
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import fsspec

from simulator.config import ConfigError
from simulator.errors import Refused

log = logging.getLogger(__name__)

HASH = re.compile(r"[0-9a-f]{64}")
MIB = 1024 * 1024


class BlobStore(Protocol):
    """Where uploads are kept."""

    def put(self, data: bytes) -> str:
        """Store `data` and return its hash. It is stored durably when this returns."""
        ...

    def get(self, digest: str) -> bytes:
        """Return the bytes of `digest`; Refused if there is no such blob, or if it is damaged."""
        ...

    def has(self, digest: str) -> bool:
        """Return whether `digest` is stored."""
        ...


def open_store(place: str | Path, cache: Path | None = None, cache_mb: int = 1024) -> BlobStore:
    """Return the store at `place`, a folder or an fsspec URL. ConfigError if its driver is not installed.

    cache : folder of this machine for copies of what was read from a URL, at most `cache_mb` MiB of them.
    """
    if isinstance(place, Path) or "://" not in place:
        return FolderStore(Path(place))
    if urlsplit(place).scheme == "file":
        return FolderStore(Path(unquote(urlsplit(place).path)))
    store = UrlStore(place)
    return CachedStore(store, cache, cache_mb * MIB) if cache and cache_mb > 0 else store


class FolderStore:
    """Blobs below one folder, two characters of the hash per sub-folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Store `data` and return its hash. It is on the disk when this returns, file and name."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._folder / _name(digest)
        if path.is_file() and path.read_bytes() == data:
            return digest
        _write_whole(path, data, durable=True)
        for folder in (path.parent, self._folder):
            _sync(folder)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of `digest`; Refused if there is no such blob, or if it is damaged."""
        try:
            return _checked(digest, (self._folder / _name(digest)).read_bytes())
        except FileNotFoundError:
            raise _missing() from None

    def has(self, digest: str) -> bool:
        """Return whether `digest` is stored."""
        return HASH.fullmatch(digest) is not None and (self._folder / _name(digest)).is_file()


class UrlStore:
    """Blobs below an fsspec URL such as ``s3://bucket/prefix``."""

    def __init__(self, url: str) -> None:
        try:
            self._fs, self._root = fsspec.url_to_fs(url)
        except (ImportError, ValueError) as error:
            scheme = url.partition("://")[0]
            raise ConfigError(f"设置 blobs_url 不能用：{scheme}:// 打不开（{error}）。请安装它的驱动，或换一个地址。") from None

    def put(self, data: bytes) -> str:
        """Store `data` and return its hash. The store has confirmed it when this returns."""
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        try:
            # A writer that died may have left a part of it; where writing is all or nothing this is one question more.
            if not self._fs.exists(path) or self._fs.size(path) != len(data):
                self._write(path, data)
        except Exception as error:
            raise _out_of_reach(error) from error
        return digest

    def _write(self, path: str, data: bytes) -> None:
        try:
            self._fs.pipe_file(path, data)
        except FileNotFoundError:  # a store with real folders
            self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(path, data)

    def get(self, digest: str) -> bytes:
        """Return the bytes of `digest`; Refused if there is no such blob, if it is damaged, or the store out of reach."""
        path = self._path(digest)
        try:
            data: bytes = self._fs.cat_file(path)
        except FileNotFoundError:
            raise _missing() from None
        except Exception as error:
            raise _out_of_reach(error) from error
        return _checked(digest, data)

    def has(self, digest: str) -> bool:
        """Return whether `digest` is stored."""
        try:
            return HASH.fullmatch(digest) is not None and bool(self._fs.exists(self._path(digest)))
        except Exception as error:
            raise _out_of_reach(error) from error

    def _path(self, digest: str) -> str:
        return f"{self._root.rstrip('/')}/{_name(digest)}"


class CachedStore:
    """A store and, on this machine, copies of what went through it. Blobs never change: a copy is as good as the blob."""

    def __init__(self, store: BlobStore, folder: Path, limit: int) -> None:
        self._store, self._folder, self._limit = store, folder, limit
        self._lock = threading.Lock()
        self._size: int | None = None

    def put(self, data: bytes) -> str:
        """Store `data` and return its hash. It is in the store when this returns."""
        digest = self._store.put(data)
        self._keep(digest, data)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of `digest`, from the copy if it is whole."""
        path = self._folder / _name(digest)
        try:
            data = path.read_bytes()
            os.utime(path)  # used now: the last to be thrown away
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != digest:
            data = self._store.get(digest)
            self._keep(digest, data)
        return data

    def has(self, digest: str) -> bool:
        """Return whether `digest` is stored."""
        return HASH.fullmatch(digest) is not None and ((self._folder / _name(digest)).is_file() or self._store.has(digest))

    def _keep(self, digest: str, data: bytes) -> None:
        path = self._folder / _name(digest)
        try:
            _write_whole(path, data, durable=False)
            self._make_room(len(data))
        except OSError:  # a full disk must not keep anybody from working
            log.exception("cannot keep a copy of blob %s", digest)

    def _make_room(self, added: int) -> None:
        """Throw away the copies that were used longest ago, down to four fifths of the limit, when there are too many."""
        with self._lock:
            self._size = None if self._size is None else self._size + added
            if self._size is not None and self._size <= self._limit:
                return
            copies = sorted(self._copies())
            self._size = sum(size for _used, size, _path in copies)
            allowed = self._limit if self._size <= self._limit else self._limit * 0.8
            for _used, size, path in copies:
                if self._size <= allowed:
                    return
                path.unlink(missing_ok=True)
                self._size -= size

    def _copies(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self._folder.glob("??/*"):
            try:
                state = path.stat()
            except FileNotFoundError:  # another process makes room as well
                continue
            found.append((state.st_mtime, state.st_size, path))
        return found


def _name(digest: str) -> str:
    if not HASH.fullmatch(digest):
        raise Refused("文件编号不对。", "请重新上传。", status=404)
    return f"{digest[:2]}/{digest}"


def _checked(digest: str, data: bytes) -> bytes:
    if hashlib.sha256(data).hexdigest() != digest:
        log.error("blob %s is damaged", digest)
        raise Refused("这个上传的文件已损坏。", "请重新上传；交卷后才发现的，请告诉管理员从备份恢复。", status=500)
    return data


def _missing() -> Refused:
    return Refused("找不到这个上传的文件。", "请重新上传。", status=404)


def _out_of_reach(error: Exception) -> Refused:
    """Drivers raise what they like; the log has it, people get a sentence."""
    if isinstance(error, Refused):
        return error
    log.exception("the store of uploads is out of reach")
    return Refused("上传文件的存储现在不能访问。", "请过一会儿再试；作答已保存在本机，不会丢失。", status=503)


def _write_whole(path: Path, data: bytes, *, durable: bool) -> None:
    """Write a file that is there with all of its bytes or not at all; durable : also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _sync(folder: Path) -> None:
    """Put a folder's new names on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
