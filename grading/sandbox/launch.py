"""Start a fork server in a world of its own: namespaces, an unprivileged user range, a small read-only root.

Run as a script (`python -I -S launch.py FD`) by `grading.sandbox.zygote`, with an empty environment.

::

    launch ── child ── process 1 of new namespaces = forkserver.py
       └ writes the child's user map

As root the mounts are made with root's rights first (the interpreter may lie below /root), and then a range of users that
nobody on this machine has is mapped. As an ordinary user the range comes from /etc/subuid by newuidmap; without one only
the user itself is mapped. In each case what runs in there is root of nothing outside.
"""

from __future__ import annotations

import _socket
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grading.sandbox import kernel
else:
    sys.path.insert(0, os.path.dirname(__file__))
    import kernel

STAGING = "/tmp"
SPACES = (kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC
          | kernel.CLONE_NEWUTS | kernel.CLONE_NEWCGROUP)  # fmt: skip


def build(order: dict[str, Any]) -> None:
    """Build the root at STAGING: `binds` (target → host path), `links`, `texts`, `folders`, and a few devices."""
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    # Sources are opened first: they may themselves lie below the staging folder.
    sources = {target: os.open(path, os.O_PATH) for target, path in {**order["binds"], **order["devices"]}.items()}
    kernel.mount("tmpfs", STAGING, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=2m,nr_inodes=256,mode=755")
    for folder in order["folders"]:
        os.makedirs(STAGING + folder, exist_ok=True)
    for target, text in order["texts"].items():
        os.makedirs(os.path.dirname(STAGING + target), exist_ok=True)
        with open(STAGING + target, "w", encoding="utf-8") as file:
            file.write(text)
    for target, descriptor in sources.items():
        bind(descriptor, STAGING + target)
        if target not in order["devices"]:
            kernel.make_read_only(STAGING + target)
        os.close(descriptor)
    for link, target in order["links"].items():
        os.makedirs(os.path.dirname(STAGING + link), exist_ok=True)
        os.symlink(target, STAGING + link)


def bind(descriptor: int, target: str) -> None:
    """Bind what is open as `descriptor` to `target`, which is made."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    source = f"/proc/self/fd/{descriptor}"
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    kernel.mount(source, target, flags=kernel.MS_BIND | kernel.MS_REC)


def map_users(pid: int, order: dict[str, Any]) -> None:
    """Write the user and group maps of `pid`: lists of (inside, outside, count)."""
    for kind in ("uid", "gid"):
        ranges, helper = order[f"{kind}_map"], order["helpers"].get(kind)
        if helper:
            words = [str(number) for part in ranges for number in part]
            done = subprocess.run([helper, str(pid), *words], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise OSError(f"{os.path.basename(helper)}: {done.stderr.strip()}")
            continue
        if kind == "gid" and len(ranges) == 1 and ranges[0][2] == 1 and os.getuid() != 0:
            with open(f"/proc/{pid}/setgroups", "w") as file:
                file.write("deny")
        with open(f"/proc/{pid}/{kind}_map", "w") as file:
            file.write("".join(f"{a} {b} {c}\n" for a, b, c in ranges))


def become_server(order: dict[str, Any], mapped: int, tell: int) -> None:
    """In the child: enter the namespaces, wait for the user map, and let process 1 become the fork server."""
    as_root = os.getuid() == 0
    if as_root:
        kernel.unshare(kernel.CLONE_NEWNS)
        build(order)
    kernel.unshare(SPACES)
    os.write(tell, b"!")
    if os.read(mapped, 1) != b"!":
        os._exit(70)
    os.close(mapped)
    if order["many_users"]:
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
    if not as_root:
        build(order)
    pid = os.fork()
    if pid:
        # Stays outside of the new pid namespace, to end when its process 1 ends.
        os.closerange(3, 1024)
        os.waitpid(pid, 0)
        os._exit(0)
    os.close(tell)
    kernel.set_hostname("sandbox")
    kernel.mount("proc", f"{STAGING}/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    # A root copied from a more privileged namespace is locked; bound onto itself it is ours to enter.
    kernel.mount(STAGING, STAGING, flags=kernel.MS_BIND | kernel.MS_REC)
    kernel.enter_root(STAGING)
    kernel.mount("none", "/", flags=kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV)
    os.execve(order["argv"][0], order["argv"], order["environment"])


def main() -> None:
    """Take the order from the control socket and carry it out; failures go back through it."""
    control = _socket.socket(fileno=int(sys.argv[1]))
    order = json.loads(control.recv(1 << 20))
    (wait, tell), (mapped, go) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(wait)
            os.close(go)
            become_server(order, mapped, tell)
        except OSError as error:
            control.send(f"failed {error}".encode())
        os._exit(70)
    os.close(tell)
    os.close(mapped)
    try:
        if os.read(wait, 1) == b"!":
            map_users(child, order)
            os.write(go, b"!")
    except OSError as error:
        control.send(f"failed {error}".encode())
    os.close(go)
    control.close()
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
