"""First half of a bwrap run, outside of the sandbox: prepare the mounts, hand back the work directory, become bwrap.

Run as a script (`python -I -S stage.py FD`) by `grading.sandbox.bwrap`, with an empty environment, so it imports nothing
but the standard library. It exists because bwrap alone cannot
* limit the number of files of a tmpfs (a million empty files fill the machine's memory),
* reach an interpreter below a folder such as /root once it runs as an unprivileged user,
* give the outputs back: the work directory is a tmpfs in a mount namespace of its own, so nothing of a run is ever on
  disk. This process opens it and sends the descriptor to the parent, which keeps the tmpfs alive and reads the outputs
  after every process of the sandbox is gone. Nothing inside the sandbox takes part in collecting.

As root it mounts with root's rights, then becomes an unprivileged user for good; as an ordinary user it mounts inside a
user namespace of its own. Either way bwrap starts as an unprivileged user.
"""

from __future__ import annotations

import _socket  # the C part alone: importing socket takes longer than all that is done here
import ctypes
import marshal
import os
import sys
from typing import Any

STAGING = "/tmp"  # hidden by a tmpfs in our own mount namespace; any folder that exists everywhere will do
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
F_ADD_SEALS, SEAL_ALL = 1033, 15

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raise OSError from errno if a libc call failed."""
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount as mount(2) does; OSError says where."""
    check(libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode()), f"mount {target}")


def own_mounts(as_root: bool) -> None:
    """Enter a mount namespace of our own, in which nothing we mount is seen by others."""
    uid, gid = os.getuid(), os.getgid()
    check(libc.unshare(CLONE_NEWNS if as_root else CLONE_NEWNS | CLONE_NEWUSER), "unshare")
    if not as_root:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    mount("none", "/", "", MS_REC | MS_PRIVATE)


def lay_out(order: dict[str, Any], owner: int, group: int) -> None:
    """Make the staging folder: bound folders, small text files, one tmpfs for each writable place."""
    # Sources are opened first: they may themselves lie below the staging folder.
    sources = {name: os.open(path, os.O_PATH | os.O_DIRECTORY) for name, path in order["binds"].items()}
    mount("tmpfs", STAGING, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,nr_inodes=128,mode=755")
    for name, descriptor in sources.items():
        os.mkdir(f"{STAGING}/{name}")
        mount(f"/proc/self/fd/{descriptor}", f"{STAGING}/{name}", "", MS_BIND | MS_REC)
        os.close(descriptor)
    for name, text in order["texts"].items():
        os.makedirs(os.path.dirname(f"{STAGING}/{name}"), exist_ok=True)
        with open(f"{STAGING}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    for name, (size, inodes) in order["writable"].items():
        os.mkdir(f"{STAGING}/{name}")
        options = f"size={size},nr_inodes={inodes},mode=700,uid={owner},gid={group}"
        mount("tmpfs", f"{STAGING}/{name}", "tmpfs", MS_NOSUID | MS_NODEV, options)


def drop_root(uid: int) -> None:
    """Become the unprivileged user `uid` for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def read(control: _socket.socket, count: int) -> bytes:
    """Return exactly `count` bytes; EOFError if the parent is gone."""
    buffer = bytearray()
    while len(buffer) < count:
        chunk = control.recv(min(count - len(buffer), 1 << 20))
        if not chunk:
            raise EOFError("the parent closed the control socket")
        buffer += chunk
    return bytes(buffer)


def fill(control: _socket.socket, order: dict[str, Any]) -> int:
    """Write the input files and standard input as they arrive; return a descriptor of the work directory."""
    folder = os.open(f"{STAGING}/work", os.O_RDONLY | os.O_DIRECTORY)
    for name, size in order["files"]:
        target = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder)
        with os.fdopen(target, "wb") as file:
            file.write(read(control, size))
    # A sealed memfd: standard input that the program can neither change nor grow.
    stdin = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(stdin, "wb") as file:
        file.write(read(control, order["stdin"]))
        file.flush()
        check(libc.fcntl(stdin, F_ADD_SEALS, SEAL_ALL), "seal stdin")
        os.lseek(stdin, 0, os.SEEK_SET)
        os.dup2(stdin, 0)
    return folder


def main() -> None:
    """Take the order from the control socket, carry it out, become bwrap."""
    control = _socket.socket(fileno=int(sys.argv[1]))
    try:
        order = marshal.loads(read(control, int.from_bytes(read(control, 4), "big")))
        as_root = os.getuid() == 0
        owner, group = (order["uid"], order["uid"]) if as_root else (os.getuid(), os.getgid())
        own_mounts(as_root)
        lay_out(order, owner, group)
        if as_root:
            drop_root(owner)
        folder = fill(control, order)
        os.nice(19)
    except (OSError, EOFError) as error:
        control.sendall(f"failed {error}".encode())
        os._exit(70)
    rights = folder.to_bytes(4, sys.byteorder)
    control.sendmsg([b"ready"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    control.close()
    os.close(folder)
    os.execve(order["argv"][0], order["argv"], {})


if __name__ == "__main__":
    main()
