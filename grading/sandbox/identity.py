"""Which users of this machine a fork server and its runs may be."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

RANGE = 65536
ROOT_BASE = 1_878_982_656
"""First of the users that a server started by root is mapped to: the last range of those kept for containers, with no name,
no file and no process of anybody."""


@dataclass(frozen=True)
class Users:
    """The user map of a server.

    uid_map, gid_map : (inside, outside, count); helpers : program that must write the map, by kind ("uid", "gid");
    first_slot : user inside the server's range from which the runs' users are counted; 0 if there is only one user.
    """

    uid_map: list[tuple[int, int, int]]
    gid_map: list[tuple[int, int, int]]
    helpers: dict[str, str]
    first_slot: int


def map_for_server() -> Users:
    """Return the map for a server started by this process: a range of users if there is one, else only this user."""
    # Servers that run at the same time begin at different users, so that two runs hardly ever share one.
    first_slot = 1000 + secrets.randbelow(900) * 64
    if os.getuid() == 0:
        whole = [(0, ROOT_BASE, RANGE)]
        return Users(whole, whole, {}, first_slot)
    uid_range, gid_range = _subordinate("/etc/subuid"), _subordinate("/etc/subgid")
    uid_helper, gid_helper = shutil.which("newuidmap"), shutil.which("newgidmap")
    if uid_range and gid_range and uid_helper and gid_helper:
        return Users(
            [(0, os.getuid(), 1), (1, uid_range, RANGE - 1)], [(0, os.getgid(), 1), (1, gid_range, RANGE - 1)],
            {"uid": uid_helper, "gid": gid_helper}, first_slot,
        )  # fmt: skip
    return Users([(0, os.getuid(), 1)], [(0, os.getgid(), 1)], {}, 0)


def _subordinate(path: str) -> int | None:
    """Return the first id of a large enough range that `path` (subuid(5)) gives to this user, None if there is none."""
    try:
        names = {pwd.getpwuid(os.getuid()).pw_name, str(os.getuid())}
        lines = Path(path).read_text("utf-8").splitlines()
    except (KeyError, OSError):
        return None
    for line in lines:
        name, _, rest = line.partition(":")
        first, _, count = rest.partition(":")
        if name in names and first.isdecimal() and count.isdecimal() and int(count) >= RANGE - 1:
            return int(first)
    return None
