"""Every limit ends the program, with its own status and sentence."""

# ruff: noqa: E501  (attackers write long lines)

from __future__ import annotations

import resource
import time

import pytest

from grading.model import RunLimits
from grading.sandbox import Sandbox
from grading.sandbox.limits import rlimits
from tests.grading.sandbox.helpers import run

pytestmark = pytest.mark.sandbox


def test_wall(sandbox: Sandbox) -> None:
    result = run(sandbox, "import time; print('before', flush=True); open('half','w').write('x'); time.sleep(60)",
                 wall_s=0.5, collect=("half",))  # fmt: skip
    assert result.status == "time_limit"
    assert result.message == "运行超过 0.5 秒，程序被终止。"
    assert result.stdout == "before\n"
    assert result.files == {"half": b"x"}
    assert 0.5 <= result.wall_s < 1.0


def test_ignoring_all_signals_does_not_help(sandbox: Sandbox) -> None:
    program = ("import signal\nfor n in range(1, 32):\n try: signal.signal(n, signal.SIG_IGN)\n except (OSError, ValueError): pass\n"
               "while True: pass")  # fmt: skip
    assert run(sandbox, program, wall_s=0.5).status == "time_limit"


def test_cpu(sandbox: Sandbox) -> None:
    result = run(sandbox, "while True: pass", cpu_s=0.5, wall_s=20)
    assert result.status == "time_limit"
    assert result.message == "占用处理器超过 0.5 秒，程序被终止。"
    assert result.cpu_s < 2


def test_cpu_adds_up_over_processes(sandbox: Sandbox) -> None:
    begin = time.monotonic()
    result = run(sandbox, "import os\nfor n in range(3): os.fork()\nwhile True: pass", cpu_s=1, wall_s=30)
    assert result.status == "time_limit"
    assert "处理器" in result.message
    assert time.monotonic() - begin < 15


def test_memory_touched_slowly(sandbox: Sandbox) -> None:
    result = run(sandbox, "blocks = []\nwhile True: blocks.append(bytearray(b'1') * (4 << 20))", memory_mb=128)
    assert result.status == "memory_limit"
    assert result.message == "内存超过 128 MB，程序被终止。"
    assert result.memory_mb > 128


def test_memory_at_once(sandbox: Sandbox) -> None:
    result = run(sandbox, "x = bytearray(8 << 30)")
    assert result.status == "memory_limit"
    assert result.message == "内存超过 1024 MB，程序被终止。"


def test_memory_error_that_the_program_handles_is_its_own_affair(sandbox: Sandbox) -> None:
    assert run(sandbox, "try: x = bytearray(8 << 30)\nexcept MemoryError: print('smaller')").stdout == "smaller\n"


def test_memory_adds_up_over_processes(sandbox: Sandbox) -> None:
    program = ("import os, time\nfor n in range(10):\n if os.fork() == 0:\n  x = bytearray(b'1') * (30 << 20); time.sleep(20); os._exit(0)\n"
               "time.sleep(20)")  # fmt: skip
    result = run(sandbox, program, memory_mb=150)
    assert result.status == "memory_limit"
    assert result.wall_s < 5


def test_memory_shared_by_forks_counts_once(sandbox: Sandbox) -> None:
    program = "import os, time\nx = bytearray(b'1') * (80 << 20)\nfor n in range(4):\n if os.fork() == 0: time.sleep(.5); os._exit(0)\ntime.sleep(.6)"
    assert run(sandbox, program, memory_mb=200).status == "ok"


def test_memory_outside_of_processes_is_refused(sandbox: Sandbox) -> None:
    program = ("import os, ctypes\ntry: os.memfd_create('x')\nexcept PermissionError: print('memfd refused')\n"
               "libc = ctypes.CDLL(None, use_errno=True)\nprint(libc.shmget(0, 1 << 30, 0o1600), ctypes.get_errno())")  # fmt: skip
    assert run(sandbox, program).stdout == "memfd refused\n-1 1\n"


@pytest.mark.parametrize("stream", [1, 2])
def test_output(sandbox: Sandbox, stream: int) -> None:
    result = run(sandbox, f"import os\nwhile True: os.write({stream}, b'x' * 1000)", output_kb=10)
    assert result.status == "output_limit"
    assert result.message == "输出超过 10 KB，程序被终止。"
    assert (result.stdout, result.stderr)[stream - 1] == "x" * 10240
    assert result.wall_s < 2


def test_output_just_at_the_limit_is_fine(sandbox: Sandbox) -> None:
    assert run(sandbox, "import sys; sys.stdout.write('x' * 10240)", output_kb=10).status == "ok"


def test_output_above_the_limit_just_before_the_end(sandbox: Sandbox) -> None:
    result = run(sandbox, "import sys; sys.stdout.write('x' * 10241)", output_kb=10)
    assert result.status == "output_limit"
    assert len(result.stdout) == 10240


def test_processes(sandbox: Sandbox) -> None:
    result = run(sandbox, "import os, time\nfor n in range(40):\n if os.fork() == 0: time.sleep(20)\ntime.sleep(20)", processes=16)
    assert result.status == "process_limit"
    assert result.message == "进程和线程超过 16 个，程序被终止。"
    assert result.wall_s < 5


def test_processes_up_to_the_limit_are_fine(sandbox: Sandbox) -> None:
    program = "import os, time\nfor n in range(9):\n if os.fork() == 0: time.sleep(.3); os._exit(0)\ntime.sleep(.4); print('done')"
    assert run(sandbox, program, processes=10).stdout == "done\n"


def test_threads_count_too(sandbox: Sandbox) -> None:
    program = "import threading, time\nfor n in range(2000): threading.Thread(target=time.sleep, args=(20,), daemon=True).start()"
    assert run(sandbox, program).status == "process_limit"


def test_recursive_fork_bomb(sandbox: Sandbox) -> None:
    result = run(sandbox, "import os\nwhile True:\n try: os.fork()\n except OSError: pass", wall_s=5)
    assert result.status in ("process_limit", "time_limit", "memory_limit")
    assert result.wall_s < 5.5


@pytest.mark.parametrize("place", ["/work", "/tmp", "/dev/shm"])
def test_disk(sandbox: Sandbox, place: str) -> None:
    program = f"""
written = 0
try:
    for n in range(100):
        with open(f'{place}/f{{n}}', 'wb', buffering=0) as file:
            written += file.write(b'x' * (1 << 20))
except OSError as error:
    print(error.errno)
print(written >> 20)
"""
    lines = run(sandbox, program, disk_mb=16).stdout.split()
    assert lines[0] == "28"  # no space left
    assert int(lines[1]) <= 64


def test_number_of_files(sandbox: Sandbox) -> None:
    program = "n = 0\ntry:\n for n in range(100_000): open(f'i{n}', 'w').close()\nexcept OSError as e: print(e.errno, n)"
    error, count = run(sandbox, program).stdout.split()
    assert error == "28"
    assert int(count) <= 4096


def test_sparse_file(sandbox: Sandbox) -> None:
    assert "File too large" in run(sandbox, "open('big', 'wb').truncate(10 << 30)").message


def test_collected_files_are_bounded_in_sum(sandbox: Sandbox) -> None:
    program = "for n in range(8): open(f's{n}', 'wb').truncate(3 << 20)"  # sparse: no quota is used
    result = run(sandbox, program, disk_mb=4, collect=tuple(f"s{n}" for n in range(8)))
    assert list(result.files) == ["s0"]


def test_rlimits_follow_the_limits() -> None:
    values = rlimits(RunLimits(cpu_s=1.5, memory_mb=100, disk_mb=3, processes=5))
    assert values[resource.RLIMIT_CPU] == 3
    assert values[resource.RLIMIT_FSIZE] == 3 << 20
    assert values[resource.RLIMIT_NPROC] > 5
    assert values[resource.RLIMIT_DATA] > 100 << 20
    assert values[resource.RLIMIT_CORE] == 0
