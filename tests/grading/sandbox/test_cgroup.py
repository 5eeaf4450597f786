"""Memory cgroups: version 2 on a folder that looks like one, and the real one where this machine lets us make it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grading.model import RunLimits
from grading.sandbox import BARE, RunJob, cgroup
from grading.sandbox.cgroup import MemoryGroup, make_group
from grading.sandbox.zygote import ZygoteSandbox


def group_folder(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_version_2_bounds_memory_and_swap_and_counts_what_the_kernel_killed(tmp_path: Path) -> None:
    folder = group_folder(tmp_path, memory__max="max", memory__swap__max="max", memory__events="low 0\noom 3\noom_kill 2\n")
    group = MemoryGroup(folder, 2)
    group.begin(100 << 20)
    assert (folder / "memory.max").read_text() == str(100 << 20)
    assert (folder / "memory.swap.max").read_text()[0] == "0"
    assert group.failures() == 0
    (folder / "memory.events").write_text("oom_kill 5\noom_group_kill 0\n")
    assert group.failures() == 3


def test_version_1_lifts_the_limit_of_swap_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")
    folder = group_folder(tmp_path, memory__oom_control="oom_kill_disable 0\nunder_oom 0\noom_kill 0\n")
    written: list[tuple[str, str]] = []
    monkeypatch.setattr(MemoryGroup, "_write", lambda _self, name, text: written.append((name, text)))
    MemoryGroup(folder, 1).begin(5)
    assert written == [(names[1], "-1"), (names[0], "5"), (names[1], "5")]


def test_without_accounting_of_swap_the_rest_still_counts(tmp_path: Path) -> None:
    folder = group_folder(tmp_path, memory__max="max", memory__events="oom_kill 0\n")
    MemoryGroup(folder, 2).begin(7)
    assert (folder / "memory.max").read_text().startswith("7")


def test_a_service_moves_one_level_down_to_delegate_memory(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/system.slice/simulator.service\n")
    parent = group_folder(
        tmp_path / "system.slice" / "simulator.service", cgroup__controllers="cpu memory pids", cgroup__subtree_control="",
        cgroup__procs=f"{os.getpid()}\n",
    )  # fmt: skip
    assert make_group("1", tmp_path, own) is None  # the folder does not turn into a cgroup by itself
    assert (parent / "simulator-worker" / "cgroup.procs").read_text() == str(os.getpid())
    assert (parent / "cgroup.subtree_control").read_text() == "+memory"
    assert not list(parent.glob("simulator-[0-9]*"))


def test_the_next_worker_of_the_service_begins_where_the_first_has_moved_it(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/system.slice/simulator.service/simulator-worker\n")
    parent = group_folder(tmp_path / "system.slice" / "simulator.service", cgroup__subtree_control="memory")
    group_folder(parent / "simulator-worker", cgroup__controllers="memory")
    assert cgroup._parents(tmp_path, own) == [(2, parent)]


def test_a_session_of_somebody_is_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/user.slice/session-3.scope\n")
    parent = group_folder(
        tmp_path / "user.slice" / "session-3.scope", cgroup__controllers="memory", cgroup__subtree_control="", cgroup__procs="1\n",
    )  # fmt: skip
    assert make_group("1", tmp_path, own) is None
    assert sorted(path.name for path in parent.iterdir()) == ["cgroup.controllers", "cgroup.procs", "cgroup.subtree_control"]


def test_no_cgroups_at_all(tmp_path: Path) -> None:
    assert make_group("1", tmp_path, tmp_path / "missing") is None


@pytest.mark.sandbox
def test_the_kernel_ends_what_the_watcher_would_see_too_late(runtimes_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    probe = make_group("probe")
    if probe is None:
        pytest.skip("this machine lets nobody make a memory cgroup")
    probe.remove()
    monkeypatch.setattr("grading.sandbox.supervise.SAMPLE_S", 1000.0)
    before = set(cgroup.MOUNT.glob(f"memory/**/simulator-{os.getpid()}-*"))  # of other tests
    sandbox = ZygoteSandbox(runtimes_dir)
    try:
        program = b"import os, time\nfor n in range(6):\n if os.fork() == 0: x = bytearray(b'1') * (60 << 20); time.sleep(1); os._exit(0)\ntime.sleep(2)"  # noqa: E501
        limits = RunLimits(memory_mb=100, disk_mb=16)
        assert sandbox.run(RunJob(BARE, "m.py", {"m.py": program}, limits)).status == "memory_limit"
        assert sandbox.run(RunJob(BARE, "m.py", {"m.py": b"print(1)"}, limits)).status == "ok"
    finally:
        sandbox.close()
    assert set(cgroup.MOUNT.glob(f"memory/**/simulator-{os.getpid()}-*")) <= before
