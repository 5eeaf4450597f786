"""`simulator doctor` finds what is wrong, says what to do, and its exit code can be relied on."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from grading import runtimes
from grading.errors import SandboxError
from grading.sandbox import BackendReport, Check
from simulator import schema
from simulator.cli import main
from simulator.commands import findings
from simulator.db import Database
from tests.fake_model import KEY, MODEL, fake_model

GOOD = (BackendReport("zygote", True, checks=(Check("读取本机文件", True, ""),)), BackendReport("bwrap", True))
BAD = (
    BackendReport("zygote", False, "不能启动预载解释器：unshare。"),
    BackendReport("bwrap", False, checks=(Check("连接网络", False, "连上了"),)),
)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine on which all is well: tests change one thing each."""
    monkeypatch.setenv("SIMULATOR_INSTANCE", str(tmp_path / "instance"))
    well = {
        "kernel": (6, 1), "seccomp_version": "2.5.4", "bwrap_version": "bubblewrap 0.11.0", "namespaces": "", "container": "",
        "sysctls": {"user.max_user_namespaces": "9999"}, "many_users": True, "memory_cgroup": 2, "is_root": False,
        "clock_is_synchronised": True,
    }  # fmt: skip
    change = {}
    for name, value in well.items():
        monkeypatch.setattr(f"grading.sandbox.facts.{name}", lambda name=name, value=value: change.get(name, value))
    change["probe"] = GOOD
    monkeypatch.setattr(findings, "probe", lambda _runtimes: change["probe"])
    monkeypatch.setattr(findings.rt, "status", lambda name, _: SimpleNamespace(name=name, state=change.get("runtime", "ready")))
    monkeypatch.setattr(findings, "_available_memory", lambda: 64 << 30)
    monkeypatch.setattr(findings.shutil, "disk_usage", lambda _: SimpleNamespace(free=change.get("disk", 99 << 30)))
    return change


@pytest.fixture
def doctor(machine):
    def doctor(**changes):
        """Return exit code and name → (level, found, advice)."""
        machine.update(changes)
        answer = CliRunner().invoke(main, ["doctor", "--json"])
        data = json.loads(answer.stdout)
        assert data["ok"] == (answer.exit_code == 0)
        return answer.exit_code, {f["name"]: (f["level"], f["found"], f["advice"]) for f in data["findings"]}

    return doctor


def bad(found):
    return {name for name, (level, _, _) in found.items() if level == "fail"}


def test_all_is_well(doctor, tmp_path):
    (tmp_path / "instance").mkdir()
    schema.upgrade(Database(f"sqlite:///{tmp_path / 'instance' / 'simulator.sqlite'}"))
    code, found = doctor()
    assert code == 0
    assert {level for level, _, _ in found.values()} == {"ok"}
    assert all(advice == "" for _, _, advice in found.values())


def test_every_finding_that_is_not_well_says_what_to_do(doctor):
    _, found = doctor(
        kernel=(4, 19), seccomp_version="", namespaces="EPERM", is_root=True, memory_cgroup=0, clock_is_synchronised=False,
        runtime="missing", disk=1 << 20, probe=BAD,
    )  # fmt: skip
    assert all(advice for level, _, advice in found.values() if level != "ok")
    built = {f"运行环境 {name}" for name in runtimes.names()}
    assert bad(found) == {"内核", "libseccomp", "用户命名空间", "数据目录", "沙箱 zygote", "沙箱 bwrap"} | built


@pytest.mark.parametrize(("sysctls", "container", "advice"), [
    ({"user.max_user_namespaces": "0"}, "", "user.max_user_namespaces="),
    ({"kernel.unprivileged_userns_clone": "0"}, "", "unprivileged_userns_clone=1"),
    ({"kernel.apparmor_restrict_unprivileged_userns": "1"}, "", "apparmor_restrict_unprivileged_userns=0"),
    ({}, "Docker", "--security-opt seccomp=unconfined"),
    ({}, "", "docs/sandbox.md"),
])  # fmt: skip
def test_refused_namespaces(doctor, sysctls, container, advice):
    code, found = doctor(namespaces="EPERM", sysctls=sysctls, container=container)
    assert code == 1
    assert advice in found["用户命名空间"][2]


def test_one_backend_is_enough(doctor):
    code, found = doctor(probe=(BAD[0], GOOD[1]))
    assert code == 0
    assert found["沙箱 zygote"][:2] == ("warn", "不能启动预载解释器：unshare。")
    assert "考试时用它" in found["沙箱 bwrap"][1]
    code, found = doctor(probe=(GOOD[0], BAD[1]))
    assert code == 0
    assert "严格复评" in found["沙箱 bwrap"][2]
    assert "连接网络" in found["沙箱 bwrap"][1]


def test_no_bwrap_is_only_a_warning(doctor, monkeypatch):
    def refuse():
        raise SandboxError("找不到 bwrap")

    monkeypatch.setattr("grading.sandbox.facts.bwrap_version", refuse)
    code, found = doctor()
    assert (code, found["bwrap"][0]) == (0, "warn")


@pytest.mark.parametrize(("state", "code"), [("ready", 0), ("outdated", 0), ("missing", 1)])
def test_runtimes(doctor, state, code):
    assert doctor(runtime=state)[0] == code


def test_database_that_is_not_there_yet(doctor):
    code, found = doctor()
    assert (code, found["数据库"][0]) == (0, "warn")
    assert "还没有建立" in found["数据库"][1]


def test_database_of_an_older_program(doctor, tmp_path):
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "simulator.sqlite").write_bytes(b"")
    code, found = doctor()
    assert (code, found["数据库"][0]) == (1, "fail")
    assert "simulator db upgrade" in found["数据库"][2]


def test_database_that_cannot_be_reached(doctor, monkeypatch):
    monkeypatch.setenv("SIMULATOR_DATABASE_URL", "postgresql+psycopg://me:hidden@127.0.0.1:1/none")
    code, found = doctor()
    assert (code, found["数据库"][0]) == (1, "fail")
    assert "hidden" not in json.dumps(found, ensure_ascii=False)


@pytest.mark.parametrize(("disk", "level"), [(99 << 30, "ok"), (2 << 30, "warn"), (1 << 20, "fail")])
def test_disk(doctor, disk, level):
    assert doctor(disk=disk)[1]["数据目录"][0] == level


def test_time_zone_and_clock(doctor, monkeypatch):
    assert "Asia/Shanghai" in doctor()[1]["时间"][1]
    assert doctor(clock_is_synchronised=False)[1]["时间"][0] == "warn"
    monkeypatch.setattr(findings, "datetime", SimpleNamespace(now=lambda _: datetime(1970, 1, 2, tzinfo=UTC)))
    assert doctor()[1]["时间"][0] == "fail"
    monkeypatch.setenv("SIMULATOR_TIMEZONE", "Nowhere/Land")
    assert doctor()[1]["时间"][0] == "fail"


class TestLanguageModel:
    NAME = "大模型（练习用，可选）"

    @pytest.fixture
    def model(self, machine, monkeypatch):
        with fake_model() as fake:
            monkeypatch.setenv("SIMULATOR_LLM_URL", fake.url)
            monkeypatch.setenv("SIMULATOR_LLM_MODEL", MODEL)
            monkeypatch.setenv("SIMULATOR_LLM_KEY", KEY)
            yield fake

    def test_none_is_fine(self, doctor):
        assert doctor()[1][self.NAME] == ("ok", "没有接入，练习也用内置引擎", "")

    def test_what_is_set_is_named_and_nobody_is_asked(self, model, doctor):
        level, found, _ = doctor()[1][self.NAME]
        assert (level, MODEL in found, "密钥已设置" in found, KEY in found) == ("ok", True, True, False)
        assert model.asked == []

    @pytest.mark.parametrize(("reply", "level", "words"), [("你好", "ok", "秒内回答：你好"), ((401, {"error": KEY}), "warn", "没有回答")])
    def test_asked_for_it_asks(self, model, reply, level, words):
        model.reply = lambda _: reply
        answer = CliRunner().invoke(main, ["doctor", "--json", "--ask-model"])
        found = next(f for f in json.loads(answer.stdout)["findings"] if f["name"] == self.NAME)
        assert (answer.exit_code, found["level"], words in found["found"]) == (0, level, True)
        assert KEY not in answer.output

    def test_mistakes(self, doctor, monkeypatch, tmp_path):
        monkeypatch.setenv("SIMULATOR_LLM_URL", "http://127.0.0.1:1/v1")
        code, found = doctor()
        assert (code, found[self.NAME][0], "llm_model" in found[self.NAME][1]) == (1, "fail", True)
        monkeypatch.setenv("SIMULATOR_LLM_MODEL", MODEL)
        (tmp_path / "instance" / "llm_key").write_text(KEY)
        (tmp_path / "instance" / "llm_key").chmod(0o644)
        level, _, advice = doctor()[1][self.NAME]
        assert (level, "chmod 600" in advice) == ("warn", True)


def test_the_page(machine):
    answer = CliRunner().invoke(main, ["doctor"])
    assert answer.exit_code == 0
    assert "这台机器可以考试和评分。" in answer.stdout
    machine["seccomp_version"] = ""
    answer = CliRunner().invoke(main, ["doctor"])
    assert answer.exit_code == 1
    assert "✗ libseccomp：没有找到\n    → 请安装系统包 libseccomp2。\n" in answer.stdout
    assert len(answer.stdout.splitlines()) < 45


@pytest.mark.sandbox
def test_the_facts_of_this_machine():
    """Asked, not guessed: whatever they are, they are of the right kind."""
    from grading.sandbox import facts

    assert facts.kernel() > (4, 0)
    assert facts.seccomp_version().count(".") == 2
    assert "bubblewrap" in facts.bwrap_version()
    assert facts.namespaces() == ""
    assert all(value.lstrip("-").isdigit() for value in facts.sysctls().values())
    assert facts.memory_cgroup() in (0, 1, 2)
    assert facts.clock_is_synchronised() in (True, False, None)
    assert isinstance(facts.many_users(), bool)
    assert not list(Path("/sys/fs/cgroup").glob("**/simulator-*-doctor"))
