"""Attacks: each test is one, run inside the sandbox; the assertion says what the attacker saw.

System calls are given by their x86-64 numbers; elsewhere those tests would mean other calls.
"""

# ruff: noqa: E501  (attackers write long lines)

from __future__ import annotations

import os
import platform
import socket
from pathlib import Path

import pytest

from grading.sandbox import BARE, Sandbox
from tests.grading.sandbox.helpers import PRELUDE, attack, run

pytestmark = pytest.mark.sandbox

x86_64 = pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of system calls are those of x86-64")


# ---- the host's files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/hostname", "/root", "/home", "/var", "/sys", "/boot", "/run", "/bin",
                                  "/usr/bin/su", "/work/../../../../etc/shadow", "/proc/1/root/etc/shadow", "/opt/python/../../root"])  # fmt: skip
def test_host_files_are_not_there(sandbox: Sandbox, path: str) -> None:
    seen = attack(sandbox, f"tell(attempt(lambda: os.listdir({path!r}) if os.path.isdir({path!r}) else open({path!r}).read(60)))")
    assert seen in ("ENOENT", "EACCES", "EPERM"), seen


def test_planted_host_file_is_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("planted")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and "pytest" in folder.name:
            folder.chmod(folder.stat().st_mode | 0o055)
    assert attack(sandbox, f"tell(attempt(lambda: open({str(secret)!r}).read()))") == "ENOENT"


def test_the_repository_is_not_there(sandbox: Sandbox) -> None:
    here = str(Path(__file__).parent)
    assert attack(sandbox, f"tell(attempt(lambda: os.listdir({here!r})))") == "ENOENT"


def test_root_holds_only_what_is_needed(sandbox: Sandbox) -> None:
    assert set(attack(sandbox, "tell(os.listdir('/'))")) <= {"dev", "etc", "lib", "lib64", "opt", "proc", "tmp", "usr", "work"}
    assert set(attack(sandbox, "tell(os.listdir('/etc'))")) == {"passwd", "group", "nsswitch.conf"}
    devices = {"null", "zero", "full", "random", "urandom", "shm", "fd", "stdin", "stdout", "stderr"}
    assert set(attack(sandbox, "tell(os.listdir('/dev'))")) == devices


@pytest.mark.parametrize("path", ["/x", "/usr/lib/x", "/etc/x", "/dev/x", "/opt/x", "/opt/runtime/x", "/opt/python/lib/x",
                                  "/opt/inside.py", "/opt/python/bin/python3", "/proc/x", "/proc/sys/kernel/core_pattern",
                                  "/proc/1/oom_score_adj", "/proc/1/mem"])  # fmt: skip
def test_writing_outside_is_refused(sandbox: Sandbox, path: str) -> None:
    assert attack(sandbox, f"tell(attempt(lambda: open({path!r}, 'w').write('1')))") in ("EROFS", "EACCES", "ENOENT", "EPERM")


def test_own_place_can_be_written(sandbox: Sandbox) -> None:
    """So that the refusals above mean something."""
    paths = ["/work/x", "/tmp/x", "/dev/shm/x"]
    assert attack(sandbox, f"tell([attempt(lambda: open(p, 'w').write('1')) for p in {paths!r}])") == ["1"] * 3


def test_other_runs_leave_nothing(sandbox: Sandbox) -> None:
    paths = ["/work/left", "/tmp/left", "/dev/shm/left"]
    attack(sandbox, f"tell([attempt(lambda: open(p, 'w').write('secret')) for p in {paths!r}])")
    assert attack(sandbox, f"tell([p for p in {paths!r} if os.path.exists(p)])") == []


def test_device_nodes_cannot_be_made(sandbox: Sandbox) -> None:
    assert attack(sandbox, "import stat\ntell(attempt(lambda: os.mknod('/work/disk', stat.S_IFBLK | 0o600, os.makedev(8, 0))))") == "EPERM"


def test_set_uid_files_give_nothing(sandbox: Sandbox) -> None:
    program = """
import shutil
shutil.copy('/opt/runtime/bin/python', '/work/py'); os.chmod('/work/py', 0o6755)
import subprocess
tell(subprocess.run(['/work/py', '-S', '-c', 'import os; print(os.getuid(), os.geteuid(), os.getegid())'], capture_output=True, text=True).stdout.split())
"""
    assert set(attack(sandbox, program)) <= {"60001"}


# ---- the network -----------------------------------------------------------------------------------------------------


def test_host_listener_is_not_reached(sandbox: Sandbox) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.2)
        address = f"('127.0.0.1', {listener.getsockname()[1]})"
        assert attack(sandbox, f"tell(attempt(lambda: socket.create_connection({address}, 1)))") == "EACCES"
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, 40, 38])
def test_sockets_are_refused(sandbox: Sandbox, family: int) -> None:
    kinds = "[socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET]"
    seen = attack(sandbox, f"tell([attempt(lambda: socket.socket({int(family)}, kind)) for kind in {kinds}])")
    assert set(seen) <= {"EACCES", "EPERM"}


def test_abstract_unix_socket_of_the_host_is_not_reached(sandbox: Sandbox) -> None:
    name = f"\0simulator-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        assert attack(sandbox, f"tell(attempt(lambda: socket.socket(socket.AF_UNIX).connect({name!r})))") == "ECONNREFUSED"


def test_only_interface_is_a_dead_loopback(sandbox: Sandbox) -> None:
    assert set(attack(sandbox, "tell([name for _, name in socket.if_nameindex()] if False else os.listdir('/proc/sys/net/ipv4/conf'))")) <= {
        "all", "default", "lo"}  # fmt: skip


# ---- other processes -------------------------------------------------------------------------------------------------


def test_only_own_processes_are_seen(sandbox: Sandbox) -> None:
    seen = attack(sandbox, "tell([[p for p in os.listdir('/proc') if p.isdigit()], str(os.getpid())])")
    assert set(seen[0]) <= {"1", seen[1]}


def test_host_process_cannot_be_signalled(sandbox: Sandbox) -> None:
    assert attack(sandbox, f"tell(attempt(lambda: os.kill({os.getpid()}, 0)))") == "ESRCH"


def test_process_1_survives_every_signal(sandbox: Sandbox) -> None:
    """If it died, the candidate's failure would look like ours."""
    program = "for n in range(1, 65):\n  attempt(lambda: os.kill(1, n))\ntime.sleep(.1)\ntell(os.getppid())\nos._exit(5)"
    result = run(sandbox, PRELUDE + program)
    assert (result.status, result.exit_code, result.stdout) == ("runtime_error", 5, "1\n")


def test_killing_everything_kills_only_the_program(sandbox: Sandbox) -> None:
    result = run(sandbox, "import os\nif os.fork() == 0: os.kill(-1, 9)\nimport time; time.sleep(5)")
    assert (result.status, result.signal) == ("runtime_error", 9)


@pytest.mark.parametrize("name", ["mem", "environ", "fd", "maps", "auxv", "cwd", "root", "map_files"])
def test_process_1_cannot_be_read(sandbox: Sandbox, name: str) -> None:
    program = f"p = '/proc/1/{name}'\ntell(attempt(lambda: os.listdir(p) if {name!r} in ('fd', 'cwd', 'root', 'map_files') else open(p, 'rb').read(9)))"
    assert attack(sandbox, program) in ("EACCES", "EPERM", "ENOENT")


def test_limits_of_process_1_cannot_be_lowered(sandbox: Sandbox) -> None:
    program = "import resource\ntell(attempt(lambda: resource.prlimit(1, resource.RLIMIT_CPU, (0, 0))))"
    assert attack(sandbox, program) in ("EPERM", "PermissionError")


def test_own_limits_cannot_be_raised(sandbox: Sandbox) -> None:
    program = "import resource\ntell([attempt(lambda: resource.setrlimit(k, (v, v))) for k, v in ((resource.RLIMIT_NPROC, 9999), (resource.RLIMIT_FSIZE, 1 << 40))])"
    assert set(attack(sandbox, program)) <= {"ValueError", "EPERM"}


def test_priority_cannot_be_raised(sandbox: Sandbox) -> None:
    assert attack(sandbox, "tell(attempt(lambda: os.setpriority(os.PRIO_PROCESS, 0, 0)))") in ("EACCES", "EPERM")


def test_daemon_ends_with_the_program(sandbox: Sandbox) -> None:
    program = "if os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    time.sleep(.5); open('late', 'w').write('x')\n  os._exit(0)\ntell('done')"
    result = run(sandbox, PRELUDE + program, collect=("late",))
    assert (result.status, dict(result.files)) == ("ok", {})
    assert result.wall_s < 0.45


# ---- what is inherited -----------------------------------------------------------------------------------------------


def test_only_three_descriptors(sandbox: Sandbox) -> None:
    assert attack(sandbox, "tell([n for n in range(1024) if attempt(lambda: os.fstat(n)) != 'EBADF'])") == [0, 1, 2]


def test_environment_is_ours_alone(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "SECRETENV-1")
    program = """
libc.getenv.restype = ctypes.c_char_p
tell([attempt(lambda: os.environ['DB_PASSWORD']), libc.getenv(b'DB_PASSWORD') is None,
      b'SECRET' in open('/proc/self/environ', 'rb').read()])
"""
    assert attack(sandbox, program) == ["KeyError", True, False]


def test_environment_block_on_the_stack(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clearing os.environ would leave the block that was given to exec; so nothing secret may ever be in it."""
    monkeypatch.setenv("DB_PASSWORD", "SECRETENV-1")
    program = """
libc.getauxval.restype = ctypes.c_ulong
r, w = os.pipe()
start = libc.getauxval(25) & ~4095
stack = b''
for page in range(64):
    if libc.write(w, ctypes.c_void_p(start + page * 4096), 4096) != 4096: break
    stack += os.read(r, 4096)
tell([len(stack) > 0, b'HOME=/work' in stack, (b'DB_PASS' + b'WORD=') in stack, (b'SECRET' + b'ENV-') in stack])
"""
    assert attack(sandbox, program) == [True, True, False, False]


FRAMES = """
def text(value, depth=4):
    if isinstance(value, dict):
        return ' '.join(text(item, depth - 1) for pair in list(value.items()) for item in pair) if depth else ''
    if isinstance(value, (list, tuple, set, frozenset)):
        return ' '.join(text(item, depth - 1) for item in list(value)) if depth else ''
    return repr(value)[:9999] + (text(vars(value), depth - 1) if depth and hasattr(value, '__dict__') and not isinstance(value, (type, type(os))) else '')
frame, names, found = sys._getframe(), [], ''
while frame.f_back:
    frame = frame.f_back
    names.append([frame.f_code.co_filename, frame.f_code.co_name, sorted(frame.f_locals) if frame.f_code.co_name != '<module>' else []])
    found += text(frame.f_locals) + text({k: v for k, v in frame.f_globals.items() if k != '__builtins__'})
tell([names, found.count('EARLIER' + '-WORK'), found.count(HERE), len(found)])
"""


@pytest.mark.parametrize("runtime", [BARE, pytest.param("python", marks=pytest.mark.slow)])
def test_frames_above_the_program_hold_nothing(sandbox: Sandbox, runtime: str, request: pytest.FixtureRequest) -> None:
    if runtime != BARE:
        request.getfixturevalue("python_runtime")
    earlier = "EARLIER-WORK " * 99
    run(sandbox, f"# {earlier}\nprint({earlier!r})", runtime=runtime, stdin=earlier.encode(), files={"EARLIER-WORK": earlier.encode()})
    names, work, paths, size = attack(sandbox, f"HERE = {str(Path(__file__).parents[3] / 'grading')!r}\n" + FRAMES, runtime=runtime)
    assert all(file.startswith("/opt/") and name in ("<module>", "main", "play") for file, name, _ in names)
    ours = {"script", "seed", "figures", "warm", "path", "main", "importer", "streams", "stream", "code", "loaded"}
    ours |= {"child", "gate", "prepared", "report", "rlimits", "tell", "wait"}
    assert {local for _, _, local_names in names for local in local_names} <= ours
    assert (work, paths) == (0, 0)
    assert size > 100  # it did look


def test_no_host_path_is_shown(sandbox: Sandbox) -> None:
    program = "tell(open('/proc/self/mountinfo').read() + open('/proc/self/maps').read() + open('/proc/self/cmdline').read() + repr(sys.path))"
    seen = attack(sandbox, program)
    paths = [line.split()[4] for line in seen.splitlines() if " - " in line]
    assert all(path.split("/")[1] in ("", "dev", "etc", "lib", "lib64", "opt", "proc", "tmp", "usr", "work") for path in paths)


def test_host_name_is_hidden(sandbox: Sandbox) -> None:
    assert attack(sandbox, "tell(socket.gethostname())") == "sandbox"


# ---- privileges ------------------------------------------------------------------------------------------------------


def test_identity(sandbox: Sandbox) -> None:
    program = """
status = dict(line.split(':', 1) for line in open('/proc/self/status').read().splitlines())
keys = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp']
tell([os.getuid(), os.getgid(), *(int(status[k], 16) for k in keys)])
"""
    assert attack(sandbox, program) == [60001, 60001, 0, 0, 0, 0, 0, 1, 2]


def test_host_user_is_not_root(sandbox: Sandbox) -> None:
    """Also outside of its user namespace the program is nobody important."""
    outside = attack(sandbox, "tell(open('/proc/self/uid_map').read().split())")
    assert outside[0] == "60001"
    assert outside[2] == "1"
    assert attack(sandbox, "tell(os.stat('/proc/sys/kernel/core_pattern').st_uid)") == 65534  # root is not mapped


@pytest.mark.parametrize("call", ["setuid", "setgid", "seteuid"])
def test_root_cannot_be_regained(sandbox: Sandbox, call: str) -> None:
    assert attack(sandbox, f"tell(attempt(lambda: os.{call}(0)))") in ("EPERM", "EINVAL")


CALLS = {
    "ptrace": (101, "16, 1, 0, 0"), "process_vm_readv": (310, "1, 0, 0, 0, 0, 0"), "process_vm_writev": (311, "1, 0, 0, 0, 0, 0"),
    "mount": (165, "b'tmpfs', b'/work', b'tmpfs', 0, 0"), "umount2": (166, "b'/work', 2"), "pivot_root": (155, "b'.', b'.'"),
    "chroot": (161, "b'/'"), "unshare user": (272, "0x10000000"), "unshare net": (272, "0x40000000"), "setns": (308, "0, 0"),
    "clone newuser": (56, "0x10000011, 0, 0, 0, 0"), "clone newpid": (56, "0x20000011, 0, 0, 0, 0"),
    "keyctl": (250, "0, 0, 0"), "add_key": (248, "0, 0, 0, 0, 0"), "bpf": (321, "0, 0, 0"), "perf_event_open": (298, "0, 0, 0, 0, 0"),
    "userfaultfd": (323, "0"), "io_uring_setup": (425, "4, 0"), "io_setup": (206, "1, 0"), "personality": (135, "0x40000"),
    "open_by_handle_at": (304, "0, 0, 0"), "name_to_handle_at": (303, "0, 0, 0, 0, 0"), "kexec_load": (246, "0, 0, 0, 0"),
    "init_module": (175, "0, 0, 0"), "swapon": (167, "0, 0"), "reboot": (169, "0, 0, 0, 0"), "sethostname": (170, "b'x', 1"),
    "settimeofday": (164, "0, 0"), "syslog": (103, "3, 0, 0"), "fsopen": (430, "b'tmpfs', 0"), "move_mount": (429, "0, 0, 0, 0, 0"),
    "open_tree": (428, "0, 0, 0"), "mount_setattr": (442, "0, 0, 0, 0, 0"), "pidfd_getfd": (438, "0, 0, 0"),
    "memfd_create": (319, "b'x', 0"), "shmget": (29, "0, 4096, 0o1600"), "msgget": (68, "0, 0o1600"), "semget": (64, "0, 1, 0o1600"),
    "fanotify_init": (300, "0, 0"), "process_madvise": (440, "0, 0, 0, 0, 0"), "move_pages": (279, "1, 0, 0, 0, 0, 0"),
    "prlimit64 of process 1": (302, "1, 0, 0, 0"), "ioctl TIOCSTI": (16, "0, 0x5412, b'x'"), "ioctl TIOCLINUX": (16, "0, 0x541c, b'x'"),
    "io_uring_enter": (426, "0, 0, 0, 0, 0"), "io_uring_register": (427, "0, 0, 0, 0"), "request_key": (249, "0, 0, 0, 0"),
    "kcmp": (312, "1, 2, 0, 0, 0"), "fsmount": (432, "0, 0, 0"), "umount": (166, "b'/proc', 0"), "quotactl": (179, "0, 0, 0, 0"),
    "acct": (163, "0"), "vhangup": (153, ""), "iopl": (172, "3"), "ioperm": (173, "0, 1, 1"), "modify_ldt": (154, "0, 0, 0"),
    "finit_module": (313, "0, 0, 0"), "delete_module": (176, "b'x', 0"), "kexec_file_load": (320, "0, 0, 0, 0, 0"),
    "clock_settime": (227, "0, 0"), "adjtimex": (159, "0"), "setdomainname": (171, "b'x', 1"), "vmsplice": (278, "0, 0, 0, 0"),
    "migrate_pages": (256, "1, 0, 0, 0"), "seccomp": (317, "1, 0, 0"), "prctl PR_SET_SECCOMP": (157, "22, 2, 0, 0, 0"),
    "memfd_secret": (447, "0"), "mq_open": (240, "b'x', 0o102, 0o600, 0"), "shmat": (30, "0, 0, 0"), "sync": (162, ""),
    "setuid": (105, "0"), "setresuid": (117, "0, 0, 0"), "setgroups": (116, "0, 0"), "capset": (126, "0, 0"),
    "landlock_restrict_self": (446, "0, 0"), "fspick": (433, "0, 0, 0"), "statmount": (457, "0, 0, 0, 0"), "listmount": (458, "0, 0, 0, 0"),
}  # fmt: skip


@x86_64
@pytest.mark.parametrize("name", CALLS)
def test_system_call_is_refused(sandbox: Sandbox, name: str) -> None:
    number, arguments = CALLS[name]
    assert attack(sandbox, f"tell(syscall({number}, {arguments}))") == "EPERM"


@x86_64
@pytest.mark.parametrize("number", [470, 500, 1000])
def test_calls_of_later_kernels_are_unknown(sandbox: Sandbox, number: int) -> None:
    assert attack(sandbox, f"tell(syscall({number}, 0, 0))") == "ENOSYS"


@x86_64
def test_clone3_is_unknown(sandbox: Sandbox) -> None:
    assert attack(sandbox, "tell(syscall(435, 0, 0))") == "ENOSYS"


@x86_64
def test_calls_of_another_architecture_are_fatal(sandbox: Sandbox) -> None:
    """The x32 numbers of the same calls must not be a way round the filter."""
    result = run(sandbox, PRELUDE + "tell(syscall(0x40000000 + 165, b'tmpfs', b'/work', b'tmpfs', 0, 0))")
    assert result.stdout.strip() in ("", '"ENOSYS"', '"EPERM"')


# ---- outputs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/etc/passwd", "/etc/shadow", "/proc/self/environ", "/work/main.py"])
def test_link_as_output_is_not_followed(sandbox: Sandbox, target: str) -> None:
    assert run(sandbox, f"import os; os.symlink({target!r}, 'out.csv')", collect=("out.csv",)).files == {}


def test_pipe_as_output_does_not_block(sandbox: Sandbox) -> None:
    result = run(sandbox, "import os; os.mkfifo('out.csv')", collect=("out.csv",))
    assert (result.status, dict(result.files)) == ("ok", {})


@pytest.mark.parametrize("make", ["import socket; socket.socket(socket.AF_UNIX).bind('out.csv')", "import os; os.mkdir('out.csv')"])
def test_socket_or_folder_as_output_is_missing(sandbox: Sandbox, make: str) -> None:
    result = run(sandbox, make, collect=("out.csv",))
    assert (result.status, dict(result.files)) == ("ok", {})


def test_unreadable_output_does_not_break_collecting(sandbox: Sandbox) -> None:
    result = run(sandbox, "import os\nopen('a','w').write('1'); os.chmod('a', 0); open('b','w').write('2')", collect=("a", "b"))
    assert result.status == "ok"
    assert result.files["b"] == b"2"


def test_work_directory_swapped_for_a_link(sandbox: Sandbox) -> None:
    program = "import os\nos.chdir('/tmp'); os.mkdir('/tmp/x')\ntry: os.rename('/work', '/tmp/y')\nexcept OSError as e: print(e.errno)"
    result = run(sandbox, program, collect=("passwd",))
    assert result.files == {}
    assert result.stdout.strip()


def test_report_cannot_be_forged(sandbox: Sandbox) -> None:
    """Writing what process 1 would write, to every descriptor there is, changes nothing."""
    program = "import os\nfor n in range(3, 1024):\n  try: os.write(n, b'end 0 0.0 0\\n')\n  except OSError: pass\nprint('end 0 0.0 0')\nos._exit(9)"
    result = run(sandbox, program)
    assert (result.status, result.exit_code) == ("runtime_error", 9)


def test_program_cannot_pose_as_a_broken_sandbox(sandbox: Sandbox) -> None:
    result = run(sandbox, "import os, sys\nsys.stderr.write('bwrap: setting up uid map: Permission denied\\n')\nos._exit(1)")
    assert result.status == "runtime_error"
