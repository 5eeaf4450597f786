"""Uploads in a folder and in object storage: written once, checked when read, shared by machines with copies of their own."""

from __future__ import annotations

import hashlib
import os
import sys
import threading
import uuid
from pathlib import Path
from types import SimpleNamespace

import fsspec
import pytest

from simulator.blobs import CachedStore, FolderStore, UrlStore, open_store
from simulator.config import ConfigError, load_settings
from simulator.errors import Refused
from simulator.services import Services

DATA = "订单,金额\n1,2\n".encode()
DIGEST = hashlib.sha256(DATA).hexdigest()
KB = 1024


@pytest.fixture
def url() -> str:
    return f"memory://{uuid.uuid4().hex}/uploads"


@pytest.fixture(params=["folder", "file", "memory"])
def place(request, tmp_path, url) -> str | Path:
    return {"folder": tmp_path / "blobs", "file": f"file://{tmp_path}/a%20share", "memory": url}[request.param]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_was_put_is_got_back_under_its_hash(place):
    store = open_store(place)
    assert not store.has(DIGEST)
    assert store.put(DATA) == store.put(DATA) == DIGEST
    assert store.has(DIGEST)
    assert open_store(place).get(DIGEST) == DATA


def test_an_unknown_blob_and_a_bad_name_are_refused(place):
    store = open_store(place)
    for name in (DIGEST, "../../etc/passwd", "", DIGEST.upper()):
        assert not store.has(name)
        with pytest.raises(Refused) as refused:
            store.get(name)
        assert refused.value.status == 404


def test_names_are_the_same_everywhere(tmp_path, url):
    FolderStore(tmp_path).put(DATA)
    open_store(url).put(DATA)
    assert (tmp_path / DIGEST[:2] / DIGEST).read_bytes() == DATA
    assert fsspec.filesystem("memory").cat_file(f"{url.removeprefix('memory:/')}/{DIGEST[:2]}/{DIGEST}") == DATA


def test_a_share_named_by_url_is_a_durable_folder(tmp_path):
    assert isinstance(open_store(f"file://{tmp_path}/a%20share"), FolderStore)
    open_store(f"file://{tmp_path}/a%20share").put(DATA)
    assert (tmp_path / "a share" / DIGEST[:2] / DIGEST).is_file()


def test_a_folder_has_file_and_name_on_the_disk_before_put_returns(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    FolderStore(tmp_path).put(DATA)
    assert Path(synced[0]).parent == tmp_path / DIGEST[:2]
    assert synced[1:] == [str(tmp_path / DIGEST[:2]), str(tmp_path)]
    assert names(tmp_path) == [DIGEST]


@pytest.mark.parametrize("left", [b"", DATA[:5], b"x" * len(DATA)], ids=["nothing", "a part", "other bytes"])
def test_damage_in_a_folder_is_noticed_and_mended_by_the_next_upload(tmp_path, left):
    store = FolderStore(tmp_path)
    store.put(DATA)
    (tmp_path / DIGEST[:2] / DIGEST).write_bytes(left)
    with pytest.raises(Refused, match="已损坏"):
        store.get(DIGEST)
    store.put(DATA)
    assert store.get(DIGEST) == DATA


def test_a_part_left_in_object_storage_is_noticed_and_mended(url):
    store = open_store(url)
    path = f"{url.removeprefix('memory:/')}/{DIGEST[:2]}/{DIGEST}"
    fsspec.filesystem("memory").pipe_file(path, DATA[:5])
    with pytest.raises(Refused, match="已损坏"):
        store.get(DIGEST)
    store.put(DATA)
    assert store.get(DIGEST) == DATA


def test_many_writers_of_one_file_leave_one_whole_copy(tmp_path):
    threads = [threading.Thread(target=FolderStore(tmp_path).put, args=(DATA,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names(tmp_path) == [DIGEST]


class Broken:
    def __getattr__(self, name: str):
        def fail(*_args: object, **_kwargs: object) -> None:
            raise PermissionError("no route to storage")

        return fail


def test_a_store_out_of_reach_is_a_sentence_to_try_again(url):
    store = UrlStore(url)
    store._fs = Broken()
    for action in (lambda: store.put(DATA), lambda: store.get(DIGEST), lambda: store.has(DIGEST)):
        with pytest.raises(Refused) as refused:
            action()
        assert (refused.value.status, "存储现在不能访问" in refused.value.message) == (503, True)


@pytest.mark.parametrize("bad", ["nonsense://x/y", "s3://bucket/prefix"])
def test_a_store_without_a_driver_is_a_sentence_at_the_start(bad, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(ConfigError, match="blobs_url 不能用"):
        open_store(bad)


# Two machines ------------------------------------------------------------------------------------------------------------


def node(tmp_path: Path, name: str, url: str) -> SimpleNamespace:
    """Return services as two machines would have them: nothing in common but the address of the store."""
    return SimpleNamespace(cache=tmp_path / name / "cache" / "blobs", blobs=open_store(url, tmp_path / name / "cache" / "blobs"))


def test_what_one_machine_writes_another_reads_and_keeps(tmp_path, url):
    one, two = node(tmp_path, "one", url), node(tmp_path, "two", url)
    one.blobs.put(DATA)
    assert two.blobs.has(DIGEST)
    assert two.blobs.get(DIGEST) == DATA
    assert names(one.cache) == names(two.cache) == [DIGEST]
    fsspec.filesystem("memory").store.clear()
    assert two.blobs.has(DIGEST)
    assert two.blobs.get(DIGEST) == DATA  # from its copy


@pytest.mark.parametrize("left", [b"", DATA[:5], b"x" * len(DATA)], ids=["nothing", "a part", "other bytes"])
def test_a_damaged_copy_is_fetched_again(tmp_path, url, left):
    two = node(tmp_path, "two", url)
    two.blobs.put(DATA)
    copy = two.cache / DIGEST[:2] / DIGEST
    copy.write_bytes(left)
    assert two.blobs.get(DIGEST) == DATA
    assert copy.read_bytes() == DATA


def test_the_copies_used_longest_ago_are_thrown_away(tmp_path, url):
    store = CachedStore(UrlStore(url), tmp_path, 10 * KB)
    made = []
    for number in range(12):
        made.append(store.put(bytes([number]) * KB))
        os.utime(tmp_path / made[-1][:2] / made[-1], (number, number))
        if number > 0:
            store.get(made[0])  # used all the time
    left = names(tmp_path)
    assert 7 <= len(left) <= 10
    assert made[0] in left
    assert made[1] not in left
    assert all(store.get(digest) == bytes([number]) * KB for number, digest in enumerate(made))


def test_a_full_disk_stops_nobody(tmp_path, url, monkeypatch, caplog):
    store = open_store(url, tmp_path / "cache")
    monkeypatch.setattr(os, "replace", lambda *_args: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert store.get(store.put(DATA)) == DATA
    assert "cannot keep a copy" in caplog.text
    assert names(tmp_path / "cache") == []


def test_settings_choose_the_store(tmp_path, url):
    plain = Services(load_settings(tmp_path / "a"))
    plain.blobs.put(DATA)
    assert names(tmp_path / "a" / "blobs") == [DIGEST]
    shared = Services(load_settings(tmp_path / "b", blobs_url=url))
    shared.blobs.put(DATA)
    assert names(tmp_path / "b" / "cache" / "blobs") == [DIGEST]
    uncached = Services(load_settings(tmp_path / "c", blobs_url=url, blobs_cache_mb=0))
    assert uncached.blobs.get(DIGEST) == DATA
    assert not (tmp_path / "c" / "cache").exists()
    for services in (plain, shared, uncached):
        services.db.engine.dispose()
