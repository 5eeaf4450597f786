"""More attacks: on other runs, on what stays behind, on the machine's memory, on the collecting of outputs."""

# ruff: noqa: E501  (attackers write long lines)

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest

from grading.model import RunLimits
from grading.sandbox import BARE, RunJob, RunResult, Sandbox, attacks
from tests.grading.sandbox.helpers import PRELUDE, attack, run

pytestmark = pytest.mark.sandbox


class Company:
    """An observer of a run that goes on until it is told to end."""

    def __init__(self) -> None:
        self.ready, self.enough = threading.Event(), threading.Event()

    def output(self, stream: Literal["stdout", "stderr"], data: bytes) -> None:
        self.ready.set()

    def figure(self, data: bytes) -> None:
        pass

    def cancelled(self) -> bool:
        return self.enough.is_set()


@pytest.fixture
def victim(sandbox: Sandbox) -> Iterator[None]:
    """Another run with a secret in its files, memory, environment and arguments, that must not notice anything."""
    program = """
import os, sys, time
for place in ('/work', '/tmp', '/dev/shm'): open(place + '/secret', 'w').write('VICTIM-SECRET')
os.environ['SECRET'] = 'VICTIM-SECRET'
if os.fork() == 0: os.execv(sys.executable, ['VICTIM-SECRET', '-c', 'import time; time.sleep(60)'])
print('ready', flush=True); time.sleep(60)
"""
    company = Company()
    with ThreadPoolExecutor(1) as pool:
        job = RunJob(BARE, "main.py", {"main.py": program.encode()}, RunLimits())
        future = pool.submit(sandbox.run, job, company)
        assert company.ready.wait(30)
        yield
        assert not future.done()
        company.enough.set()
        assert future.result().status == "cancelled"


# ---- other runs ------------------------------------------------------------------------------------------------------


def test_another_run_is_not_seen(sandbox: Sandbox, victim: None) -> None:
    program = """
import glob
found = [p for p in glob.glob('/proc/[0-9]*/*') + glob.glob('/work/*') + glob.glob('/tmp/*') + glob.glob('/dev/shm/*')
         if 'VICTIM' + '-SECRET' in attempt(lambda: open(p, errors='replace').read(9999))]
found += [p for p in glob.glob('/proc/[0-9]*/root/*/secret') + glob.glob('/proc/[0-9]*/cwd/secret')]
tell([found, sorted(set(p for p in os.listdir('/proc') if p.isdigit()) - {'1', str(os.getpid())})])
"""
    assert attack(sandbox, program) == [[], []]


@pytest.mark.parametrize("call", ["kill(pid, 9)", "kill(-pid, 9)", "pidfd_open(pid)", "setpriority(os.PRIO_PROCESS, pid, 19)",
                                  "sched_setaffinity(pid, {0})", "sched_getscheduler(pid)", "getpgid(pid)"])  # fmt: skip
def test_another_run_is_not_reached(sandbox: Sandbox, victim: None, call: str) -> None:
    """By any number that a process here could have; its own and process 1 aside."""
    program = f"""
seen = set()
for pid in [n for n in range(2, 2000) if n != os.getpid()] + [{os.getpid()}, {os.getppid()}]:
    seen.add(attempt(lambda: os.{call}))
tell(sorted(seen))
"""
    assert set(attack(sandbox, program)) <= {"ESRCH", "EINVAL"}


def test_ptrace_of_anybody_is_refused(sandbox: Sandbox, victim: None) -> None:
    program = "tell(sorted({str(libc.ptrace(n, pid, 0, 0)) for n in (16, 0x4206) for pid in range(0, 300)} | {str(libc.ptrace(0, 0, 0, 0))}))"
    assert attack(sandbox, program) == ["-1"]


def test_all_users_of_concurrent_runs_are_kept_apart(sandbox: Sandbox) -> None:
    """Runs at the same time do not share a count of processes: one that is full does not stop the other."""
    full = "import os, time\nfor n in range(14):\n if os.fork() == 0: time.sleep(1); os._exit(0)\ntime.sleep(1.2); print('full')"
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: run(sandbox, full, processes=16).stdout, range(4)))
    assert results == ["full\n"] * 4


# ---- what an earlier run leaves --------------------------------------------------------------------------------------


def scan(sandbox: Sandbox, runtime: str, secret: str) -> tuple[int, int, int]:
    """Let a run look for `secret` in all memory that it can read; return bytes scanned, control hits, hits."""
    half = len(secret) // 2
    program = f"{attacks.TRY}\nFIRST, SECOND = {secret[:half]!r}, {secret[half:]!r}\n{attacks.MEMORY}"
    result = run(sandbox, program, runtime=runtime)
    assert result.status == "ok", result.stderr
    scanned, control, hits = json.loads(result.stdout)
    return scanned, control, hits


@pytest.mark.parametrize("runtime", [BARE, pytest.param("python", marks=pytest.mark.slow)])
def test_text_of_an_earlier_run_is_not_in_memory(sandbox: Sandbox, runtime: str, request: pytest.FixtureRequest) -> None:
    """Neither on the heap nor in mapped arenas: the program, its inputs, its outputs and what it made of them."""
    if runtime != BARE:
        request.getfixturevalue("python_runtime")
    secret = os.urandom(20).hex()
    program = f"# {secret}\nimport sys\nkeep = [sys.stdin.read()] + [{secret!r} * n for n in range(99)]\nprint(keep[5]); open('out', 'w').write(keep[0])"
    for _ in range(3):
        result = run(sandbox, program, runtime=runtime, stdin=secret.encode() * 50_000, files={"in": secret.encode() * 9, secret: b""}, collect=("out",))
        assert result.status == "ok", result.stderr
    for _ in range(3):
        scanned, control, hits = scan(sandbox, runtime, secret)
        assert scanned > 2 << 20
        assert control > 0
        assert hits == 0


def test_a_scan_finds_what_is_there(sandbox: Sandbox) -> None:
    """So that the test above means something."""
    secret = os.urandom(20).hex()
    program = f"{attacks.TRY}\nFIRST, SECOND = {secret[:20]!r}, {secret[20:]!r}\nimport mmap; m = mmap.mmap(-1, 9999); m.write((FIRST + SECOND).encode())\n{attacks.MEMORY}"
    assert json.loads(run(sandbox, program).stdout)[2] >= 1


# ---- processes that would stay ---------------------------------------------------------------------------------------


def processes_named(name: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            found += [path.parent.name] if path.read_text().strip() == name else []
        except OSError:
            continue
    return found


NAMED = "import ctypes, os, time\nctypes.CDLL(None).prctl(15, {name!r}, 0, 0, 0)\n"


@pytest.mark.parametrize("body", [
    "while True:\n try: os.fork()\n except OSError: pass",
    "import threading\nfor n in range(2000): threading.Thread(target=time.sleep, args=(60,)).start()",
    "for n in range(12):\n if os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0: time.sleep(60)\n  os._exit(0)\ntime.sleep(.3); os._exit(0)",
    "import signal\nfor n in range(1, 65):\n try: signal.signal(n, signal.SIG_IGN)\n except (OSError, ValueError): pass\nfor n in range(5): os.fork()\nwhile True: pass",
    "import signal\nfor n in range(8):\n if os.fork() == 0: signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65)); time.sleep(60)\nos.kill(os.getpid(), signal.SIGSTOP)",
])  # fmt: skip
def test_no_process_is_left(sandbox: Sandbox, body: str) -> None:
    name = f"left{os.getpid() % 10**6}"
    result = run(sandbox, NAMED.format(name=name.encode()) + body, wall_s=1.5)
    assert result.wall_s < 3
    assert processes_named(name) == []


def test_stopped_program_is_ended_by_the_clock(sandbox: Sandbox) -> None:
    assert run(sandbox, "import os; os.kill(os.getpid(), 19)", wall_s=0.5).status == "time_limit"


def test_program_without_outputs_is_still_watched(sandbox: Sandbox) -> None:
    result = run(sandbox, "import os, time\nos.closerange(0, 256)\ntime.sleep(60)", wall_s=0.5)
    assert result.status == "time_limit"
    assert result.wall_s < 1.5


# ---- memory and disk of the machine ----------------------------------------------------------------------------------


def test_memory_of_ten_children(sandbox: Sandbox) -> None:
    """Rlimits do not add up: each child stays below the limit, and the program itself ends well."""
    program = """
import os, time
r, w = os.pipe()
for n in range(10):
    if os.fork() == 0: x = bytearray(b'1') * (300 << 20); os.write(w, b'1'); time.sleep(9); os._exit(0)
os.close(w); got = 0
while got < 10 and (chunk := os.read(r, 10)): got += len(chunk)
time.sleep(.3)
"""
    result = run(sandbox, program, memory_mb=1024, wall_s=30)
    assert result.status == "memory_limit"
    assert result.message.startswith("内存超过 1024 MB")


def test_memory_of_anonymous_maps_and_files_in_memory(sandbox: Sandbox) -> None:
    program = "import mmap, time\nm = mmap.mmap(-1, 400 << 20)\nfor n in range(0, len(m), 4096): m[n] = 1\ntime.sleep(5)"
    assert run(sandbox, program, memory_mb=128).status == "memory_limit"


def test_memory_cannot_be_locked(sandbox: Sandbox) -> None:
    program = "m = ctypes.create_string_buffer(8 << 20)\ntell([libc.mlock(m, 8 << 20), libc.mlockall(3)])"
    assert attack(sandbox, program) == [-1, -1]


def test_the_kernel_spares_nobody_for_it(sandbox: Sandbox) -> None:
    """It cannot make itself the last that the kernel kills when memory runs out."""
    assert attack(sandbox, "tell(attempt(lambda: open('/proc/self/oom_score_adj', 'wb', 0).write(b'-1000')))") in ("EACCES", "EPERM", "EROFS")


@pytest.mark.parametrize("path", ["/proc/kcore", "/proc/kmsg", "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches",
                                  "/proc/sys/kernel/hostname", "/proc/sys/user/max_user_namespaces", "/proc/irq/default_smp_affinity",
                                  "/proc/self/uid_map", "/proc/self/gid_map", "/proc/self/setgroups", "/proc/1/timerslack_ns",
                                  "/proc/1/attr/current", "/proc/1/clear_refs", "/proc/1/loginuid"])  # fmt: skip
def test_kernel_files_cannot_be_written(sandbox: Sandbox, path: str) -> None:
    seen = attack(sandbox, f"tell(attempt(lambda: open({path!r}, 'wb', 0).write(b'1')))")
    assert seen in ("EROFS", "EACCES", "EPERM", "ENOENT", "EINVAL"), seen


@pytest.mark.parametrize("path", ["/proc/kcore", "/proc/kmsg", "/proc/1/stack", "/proc/1/syscall", "/proc/1/io", "/proc/1/exe", "/proc/1/task/1/mem"])
def test_kernel_files_cannot_be_read(sandbox: Sandbox, path: str) -> None:
    assert attack(sandbox, f"tell(attempt(lambda: open({path!r}, 'rb').read(9)))") in ("EACCES", "EPERM", "ENOENT", "b''")


def test_kernel_addresses_are_hidden(sandbox: Sandbox) -> None:
    seen = attack(sandbox, "tell(attempt(lambda: sum(int(line.split()[0], 16) for line in open('/proc/kallsyms'))))")
    assert seen in ("0", "ENOENT", "EACCES", "EPERM")


# ---- the network -----------------------------------------------------------------------------------------------------


def test_no_family_of_sockets_but_unix(sandbox: Sandbox) -> None:
    program = "tell(sorted({attempt(lambda: socket.socket(family, kind)) for family in range(64) if family != 1 for kind in (1, 2, 3, 5)}))"
    assert set(attack(sandbox, program)) <= {"EACCES", "EPERM"}


def test_no_way_to_a_web_server(sandbox: Sandbox) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        program = f"import urllib.request\ntell(attempt(lambda: urllib.request.urlopen('http://127.0.0.1:{port}', timeout=2)))"
        assert attack(sandbox, program) == "URLError"


def test_sockets_of_the_host_below_shared_folders_are_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        assert attack(sandbox, f"tell(attempt(lambda: socket.socket(1).connect({str(tmp_path / 's')!r})))") == "ENOENT"


# ---- outputs ---------------------------------------------------------------------------------------------------------


def collected(sandbox: Sandbox, program: str, *names: str) -> RunResult:
    result = run(sandbox, program, collect=names or ("*",))
    assert result.status == "ok", (result.message, result.stderr)
    return result


def test_names_that_are_not_text(sandbox: Sandbox) -> None:
    program = "open(b'\\xff\\xfe', 'w'); open('line\\nbreak', 'w').write('1'); open(' ', 'w'); open('-rf', 'w'); open('good', 'w').write('2')"
    result = collected(sandbox, program)
    assert result.files["good"] == b"2"
    assert all("/" not in name for name in result.files)


def test_a_closed_work_directory(sandbox: Sandbox) -> None:
    assert set(collected(sandbox, "import os; open('a', 'w').write('1'); os.chmod('/work', 0)", "a").files) <= {"a"}


def test_an_emptied_work_directory(sandbox: Sandbox) -> None:
    assert dict(collected(sandbox, "import os; os.unlink('main.py'); os.mkdir('main.py')", "*", "main.py").files) == {}


def test_links_of_every_kind(sandbox: Sandbox) -> None:
    program = """
import os
os.symlink('/proc/self/mem', 'a'); os.symlink('/etc/passwd', 'b'); os.symlink('.', 'c'); os.symlink('d', 'd'); os.mkfifo('e')
os.symlink('/dev/zero', 'f'); os.mkdir('g'); os.symlink('../etc', 'h'); os.link('main.py', 'i')
"""
    assert set(collected(sandbox, program, *"abcdefgh").files) == set()
    assert set(collected(sandbox, program).files) <= {"i"}


def test_thousands_of_outputs(sandbox: Sandbox) -> None:
    result = collected(sandbox, "for n in range(3000): open(f'f{n}', 'w').write(str(n))")
    assert len(result.files) == 3000
    assert result.files["f2999"] == b"2999"


def test_folders_nested_deep(sandbox: Sandbox) -> None:
    begin = time.monotonic()
    collected(sandbox, "import os\ntry:\n while True: os.mkdir('d'); os.chdir('d')\nexcept OSError: pass")
    assert time.monotonic() - begin < 10


# ---- the sandbox's own code ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["program", "kernel", "keeper", "forkserver", "inside"])
def test_own_modules_are_out_of_reach(sandbox: Sandbox, name: str) -> None:
    assert attack(sandbox, f"tell(attempt(lambda: __import__({name!r})))") == "ModuleNotFoundError"
    assert run(sandbox, f"import {name}; print({name}.X)", files={f"{name}.py": b"X = 5\n"}).stdout == "5\n"


def test_no_key_of_a_task_is_in_the_repository_that_is_not_there(sandbox: Sandbox) -> None:
    """All folders that can be listed, four deep: none is named like a place where answers or settings are kept."""
    program = """
seen = []
for folder, names, files in os.walk('/'):
    if folder.count('/') > 4 or folder.startswith('/proc'): names.clear()
    seen += [n for n in names + files if n in ('key', 'tasks', 'instance', 'secret_key', 'config.toml', 'simulator.sqlite', '.git', '.ssh', 'id_rsa', 'shadow')]
tell(seen)
"""
    assert attack(sandbox, program) == []


def test_shared_memory_is_not_shared(sandbox: Sandbox) -> None:
    run(sandbox, PRELUDE + "from multiprocessing import shared_memory as s, resource_tracker\nb = s.SharedMemory('seen', True, 9); tell(1); os._exit(0)")
    assert attack(sandbox, "from multiprocessing import shared_memory as s\ntell(attempt(lambda: s.SharedMemory('seen')))") == "ENOENT"


def test_inputs_of_another_run_with_the_same_name(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda n: run(sandbox, "print(open('in').read())", files={"in": str(n).encode()}).stdout, range(12)))
    assert texts == [f"{n}\n" for n in range(12)]
