"""The programs with which the self-test attacks a backend, and how it is seen that they failed.

Each prints one line of JSON: what it saw. Signals are only asked about (number 0), and nothing is attached to that could
be hurt, so that a backend that holds nothing is found out without harm.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grading.model import RunLimits
from grading.sandbox.contract import RunResult, RunStatus

LIMITS = RunLimits(wall_s=60, cpu_s=60, memory_mb=128, output_kb=64, processes=24, disk_mb=16)


@dataclass(frozen=True)
class Bait:
    """What a program must not reach: a readable file outside, its content, and a listening port of this machine."""

    file: Path
    secret: str
    port: int


@dataclass(frozen=True)
class Evidence:
    """What an attack brought: the run's result, the JSON that the program printed first (or None), and the bait."""

    result: RunResult
    seen: Any
    bait: Bait


@dataclass(frozen=True)
class Attack:
    """A program and how to see that it failed. Names in it are filled in: `FILE`, `PORT`, `FIRST` and `SECOND` (halves of the
    secret) from the bait; `HOST` is the process that runs the self-test, `HERE` the folder that it was loaded from.

    held(evidence) : True if the backend held.
    """

    name: str
    program: str
    held: Callable[[Evidence], bool]
    limits: RunLimits = LIMITS
    collect: tuple[str, ...] = ()

    def text(self, bait: Bait) -> str:
        """Return the program, filled in."""
        half = len(bait.secret) // 2
        values = {"FILE": str(bait.file), "PORT": bait.port, "FIRST": bait.secret[:half], "SECOND": bait.secret[half:],
                  "HOST": os.getpid(), "HERE": str(Path(__file__).parent)}  # fmt: skip
        return TRY + "".join(f"{name} = {value!r}\n" for name, value in values.items()) + self.program


TRY = """
import json, os, sys
def attempt(action):
    try:
        return str(action())[:200]
    except BaseException as error:
        return type(error).__name__
def tell(*seen):
    print(json.dumps(seen), flush=True)
"""

_WRITE = """
places = ['/', '/usr/lib', '/etc', '/dev', '/opt', '/opt/runtime', os.path.dirname(os.__file__), '/proc/sys/kernel', '/proc/1']
tell([p for p in places if not attempt(lambda: open(p + '/planted', 'w')).endswith('Error')])
"""

_IDENTITY = """
status = dict(line.split(':', 1) for line in open('/proc/self/status').read().splitlines())
wanted = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp']
tell(os.getuid(), os.getgid(), [int(status[key], 16) for key in wanted])
"""

_CALLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def refused(call, *arguments):
    return call(*arguments) == -1 and ctypes.get_errno() == 1
tell(refused(libc.unshare, 0x10000000), refused(libc.unshare, 0x40000000), refused(libc.mount, b'x', b'/tmp', b'tmpfs', 0, None),
     refused(libc.setns, 0, 0), refused(libc.chroot, b'/'), refused(libc.memfd_create, b'x', 0), refused(libc.personality, 0x40000))
"""

# PTRACE_SEIZE: it does not stop what it gets hold of.
_PTRACE = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if child == 0:
    import time; time.sleep(50); os._exit(0)
tell([libc.ptrace(0x4206, pid, None, None) for pid in (1, child)], libc.process_vm_readv(1, None, 0, None, 0, 0),
     [attempt(lambda: open(f'/proc/1/{name}', 'rb').read(9)) for name in ('mem', 'environ', 'maps', 'auxv')]
     + [attempt(lambda: os.listdir('/proc/1/fd')), attempt(lambda: open('/proc/1/oom_score_adj', 'wb', 0).write(b'0'))])
"""

_PROCESSES = """
mine = {'1', str(os.getpid())}
def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return str(pid) not in mine
tell(os.getppid(), sorted({name for name in os.listdir('/proc') if name.isdigit()} - mine),
     [pid for pid in (HOST, *range(1, 300)) if alive(pid)])
"""

# Says that it runs before it attacks: on a busy machine the watcher may end it in the middle of its loop.
_FORK = """
tell(0)
for number in range(200):
    try:
        pid = os.fork()
    except OSError:
        break
    if pid == 0:
        import time; time.sleep(50); os._exit(0)
import time; time.sleep(40)
"""

_SHARE = """
import time
tell(0)
for number in range(6):
    if os.fork() == 0:
        block = bytearray(b'1') * (60 << 20); time.sleep(50); os._exit(0)
time.sleep(40)
"""

_NETWORK = """
import socket
tell(attempt(lambda: socket.create_connection(('127.0.0.1', PORT), 1)), attempt(lambda: socket.socket()),
     attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)))
"""

READ_MEMORY = """
import ctypes
libc = ctypes.CDLL(None)
r, w = os.pipe()
def read(address, size):
    "The readable bytes at an address: the kernel stops where they end, nothing crashes."
    got = libc.write(w, ctypes.c_void_p(address), ctypes.c_size_t(min(size, 65536)))
    return os.read(r, got) if got > 0 else b''
"""

# The block that was handed to exec stays on the stack, whatever becomes of os.environ.
STACK = READ_MEMORY + """
import re
libc.getauxval.restype = ctypes.c_ulong
address, block = libc.getauxval(25) & ~4095, b''
while got := read(address, 4096):
    block, address = block + got, address + len(got)
names = sorted({name.decode() for name in re.findall(rb'(?:^|\\0)([A-Za-z_]\\w*)=', block)})
tell(len(block), names, sorted(os.environ), open('/proc/self/environ').read().count(FIRST + SECOND))
"""

# Whatever stands above the program's own frame may hold nothing of anybody else's. Looks into containers, three deep.
FRAMES = """
def hits(value, depth=3):
    if isinstance(value, bytes):
        value = value.decode('latin-1')
    if isinstance(value, str):
        return FIRST + SECOND in value or FILE in value or HERE in value
    if depth and isinstance(value, dict):
        return any(hits(item, depth - 1) for pair in list(value.items()) for item in pair)
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return any(hits(item, depth - 1) for item in list(value))
    return bool(depth) and hasattr(value, '__dict__') and not isinstance(value, type(os)) and hits(vars(value), depth - 1)
frame, above, found = sys._getframe(), [], []
while frame.f_back:
    frame = frame.f_back
    above.append([frame.f_code.co_filename, frame.f_code.co_name])
    found += [name for space in (frame.f_locals, frame.f_globals) for name, value in list(space.items()) if hits(value)]
tell(above, found)
"""

# All that is readable and could have been written to, also what was mapped and is not on the heap. Finds what it has itself
# just made, so it does look.
MEMORY = READ_MEMORY + """
own = bytes(reversed(range(32)))
first, second = FIRST.encode(), SECOND.encode()
scanned, earlier, control = 0, 0, 0
for line in open('/proc/self/maps').read().splitlines():
    span, rights, _, _, _, *path = line.split(None, 5)
    if rights[0] != 'r' or (path and path[0].startswith('/') and rights[1] != 'w') or (path and path[0].startswith('[v')):
        continue
    address, end = (int(number, 16) for number in span.split('-'))
    while address < end and (page := read(address, end - address)):
        scanned += len(page)
        control += own in page
        at = page.find(first)
        while at >= 0:
            earlier += page.startswith(second, at + len(first))
            at = page.find(first, at + 1)
        address += max(len(page) - 64, 4096 if len(page) > 4096 else len(page))
tell(scanned, control, earlier)
"""

HARMLESS = frozenset({"PATH", "HOME", "LANG", "TZ", "TMPDIR", "PWD", "MPLBACKEND", "MPLCONFIGDIR", "OMP_NUM_THREADS",
                      "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE",
                      "PYTHONHASHSEED", "LD_LIBRARY_PATH", "LC_CTYPE", "JOBLIB_MULTIPROCESSING",
                      "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK"})  # fmt: skip
"""Names that the sandbox itself sets, or scikit-learn wherever it is imported; any other name that is also set outside has leaked."""


def _limited(status: RunStatus) -> Callable[[Evidence], bool]:
    """The program got as far as its attack (it printed something) and was ended by the limit `status`."""
    return lambda evidence: evidence.seen is not None and evidence.result.status == status


def _failed(answer: str) -> bool:
    return answer.endswith("Error")


def hidden_environment(evidence: Evidence) -> bool:
    """No variable of this process is in the program's environment, nor in the block that was given to exec."""
    size, block, variables, _ = evidence.seen
    return size > 0 and len(variables) > 0 and not {*block, *variables} & (set(os.environ) - HARMLESS)


def empty_frames(evidence: Evidence) -> bool:
    """Above the program are no frames but of the sandbox's own files, and they hold nothing."""
    above, found = evidence.seen
    return all(str(file).startswith("/opt/") for file, _ in above) and not found


def empty_memory(evidence: Evidence) -> bool:
    """The scan saw megabytes, found what it had made itself, and nothing of an earlier run."""
    scanned, control, earlier = evidence.seen
    return bool(scanned > 1 << 20 and control > 0 and earlier == 0)


ATTACKS = (
    Attack("读取本机文件", "tell(attempt(lambda: open(FILE).read()))",
           lambda evidence: evidence.seen == ["FileNotFoundError"] and evidence.bait.secret not in evidence.result.stdout),
    Attack("连接网络", _NETWORK, lambda evidence: len(evidence.seen) == 3 and all(map(_failed, evidence.seen))),
    Attack("写到工作目录之外", _WRITE, lambda evidence: evidence.seen == [[]]),
    Attack("身份与权限", _IDENTITY, lambda evidence: 0 not in evidence.seen[:2] and evidence.seen[2] == [0, 0, 0, 0, 0, 1, 2]),
    Attack("危险的系统调用", _CALLS, lambda evidence: evidence.seen == [True] * 7),
    Attack("追踪和读取别的进程", _PTRACE, lambda evidence: evidence.seen[:2] == [[-1, -1], -1] and all(map(_failed, evidence.seen[2]))),
    Attack("看到或终止本机的进程", _PROCESSES, lambda evidence: evidence.seen == [1, [], []]),
    Attack("环境变量和启动时的栈", STACK, hidden_environment),
    Attack("大量创建进程", _FORK, _limited("process_limit")),
    Attack("单个进程占用内存", "tell(0)\nblocks = []\nwhile True: blocks.append(bytearray(b'1') * (4 << 20))", _limited("memory_limit")),
    Attack("多个进程合计占用内存", _SHARE, _limited("memory_limit")),
    Attack("超时不退出", "import signal\nsignal.signal(15, signal.SIG_IGN)\ntell(0)\nwhile True: pass",
           _limited("time_limit"), LIMITS.model_copy(update={"wall_s": 0.5})),
    Attack("输出泛滥", "tell(0)\nwhile True: print('x' * 4000)", _limited("output_limit")),
    Attack("占满磁盘", "tell(attempt(lambda: open('big', 'wb').write(b'x' * (40 << 20))))", lambda evidence: evidence.seen == ["OSError"]),
    Attack("以链接冒充产物", "os.symlink(FILE, 'out.txt'); os.mkfifo('pipe.txt'); tell(0)",
           lambda evidence: evidence.seen == [0] and not evidence.result.files, collect=("out.txt", "pipe.txt")),
)  # fmt: skip

# Two runs: what the first plants, the second looks for.
PLANT = """
text = FIRST + SECOND
for place in ('/work', '/tmp', '/dev/shm'):
    open(place + '/left', 'w').write(text * 99)
keep = [text + str(n) for n in range(999)]; import sys; given = sys.stdin.read()
tell(len(given))
"""

LEFT = "tell([p for p in ('/work', '/tmp', '/dev/shm') if os.path.exists(p + '/left')])"

# A run that goes on while another looks for it.
VICTIM = """
import socket, time
text = FIRST + SECOND
for place in ('/work', '/tmp', '/dev/shm'):
    open(place + '/left', 'w').write(text)
os.environ['LEFT'] = text
one, two = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
one.bind('\\0left'); two.bind('/tmp/socket'); one.listen(); two.listen()
tell('ready')
time.sleep(50)
"""

SPY = """
import socket
found = []
places = ['/work', '/tmp', '/dev/shm']
for pid in [name for name in os.listdir('/proc') if name.isdigit()]:
    places += [f'/proc/{pid}/{name}' for name in ('cwd', 'root/work', 'root/tmp', 'root/dev/shm')]
    for name in ('environ', 'cmdline'):
        if (FIRST + SECOND) in attempt(lambda: open(f'/proc/{pid}/{name}', errors='replace').read()): found.append(f'{pid}/{name}')
found += [place for place in places if 'left' in attempt(lambda: os.listdir(place)) or os.path.exists(place + '/left')]
for name in ('\\0left', '/tmp/socket'):
    if not attempt(lambda: socket.socket(socket.AF_UNIX).connect(name)).endswith('Error'): found.append(name)
tell(found, sorted({name for name in os.listdir('/proc') if name.isdigit()} - {'1', str(os.getpid())}))
"""
