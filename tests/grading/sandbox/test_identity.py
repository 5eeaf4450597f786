"""Who a fork server is: a range of users for root, a subordinate range for others, else only oneself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grading.sandbox import identity


def test_root_gets_a_range_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 0)
    users = identity.map_for_server()
    assert users.uid_map == users.gid_map == [(0, identity.ROOT_BASE, identity.RANGE)]
    assert 1000 <= users.first_slot < identity.RANGE - 64
    assert users.helpers == {}


@pytest.mark.parametrize(("line", "first"), [
    ("anna:100000:65536\n", 100000), ("# x\nother:1:65536\nanna:200000:65535", 200000), ("1234:300000:65536", 300000),
    ("anna:100000:1000", None), ("anna:x:65536", None), ("", None),
])  # fmt: skip
def test_subordinate_ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, first: int | None) -> None:
    (tmp_path / "subuid").write_text(line)
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    monkeypatch.setattr("pwd.getpwuid", lambda _uid: type("P", (), {"pw_name": "anna"}))
    assert identity._subordinate(str(tmp_path / "subuid")) == first


def test_an_ordinary_user_with_a_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    monkeypatch.setattr(os, "getgid", lambda: 1235)
    monkeypatch.setattr(identity, "_subordinate", lambda path: 100000)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    users = identity.map_for_server()
    assert users.uid_map == [(0, 1234, 1), (1, 100000, identity.RANGE - 1)]
    assert users.gid_map == [(0, 1235, 1), (1, 100000, identity.RANGE - 1)]
    assert users.helpers == {"uid": "/usr/bin/newuidmap", "gid": "/usr/bin/newgidmap"}


def test_an_ordinary_user_without_one_is_only_oneself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1234)
    monkeypatch.setattr(os, "getgid", lambda: 1235)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert identity.map_for_server() == identity.Users([(0, 1234, 1)], [(0, 1235, 1)], {}, 0)
