"""The systemd units: what runs candidates' programs can open its sandbox, what does not is shut in."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli import main

FOLDER = Path(__file__).resolve().parent.parent / "deploy" / "systemd"
UNITS = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.service"))}
RUNS_PROGRAMS = ("simulator.service", "simulator-worker.service")
PROGRAM = "/usr/local/bin/simulator"

# For a service of an ordinary user each of these means NoNewPrivileges, and newuidmap is a set-uid program; or it covers a part
# of /proc, and then the kernel lets no namespace mount a /proc of its own.
CLOSES_THE_SANDBOX = {
    "NoNewPrivileges", "RestrictNamespaces", "SystemCallFilter", "SystemCallArchitectures", "RestrictAddressFamilies", "PrivateDevices",
    "PrivateUsers", "MemoryDenyWriteExecute", "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "ProtectKernelTunables",
    "ProtectKernelModules", "ProtectKernelLogs", "ProtectClock", "ProtectHostname", "ProtectProc", "ProcSubset", "DynamicUser",
    "ProtectControlGroups",
}


def service(name: str) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNITS[name])
    assert parser.sections() == ["Unit", "Service", "Install"]
    assert parser["Unit"]["StartLimitIntervalSec"] == "0", "it is started again however often it fails"
    return dict(parser["Service"])


def test_there_is_a_unit_for_each_part():
    assert set(UNITS) == {"simulator.service", "simulator-web.service", "simulator-worker.service", "simulator-scheduler.service"}


@pytest.mark.parametrize("name", UNITS)
def test_every_unit_runs_a_command_that_exists_and_comes_back(name):
    found = service(name)
    program, command, *options = found["ExecStart"].split()
    assert program == PROGRAM
    known = {option for parameter in main.commands[command].params for option in parameter.opts}
    assert set(options) <= known
    assert (found["Restart"], found["KillMode"], found["User"]) == ("always", "mixed", "simulator")
    assert found["Environment"] == f"SIMULATOR_INSTANCE=%S/{found['StateDirectory']}"


@pytest.mark.parametrize("name", RUNS_PROGRAMS)
def test_what_runs_programs_can_open_its_sandbox(name):
    found = service(name)
    assert not CLOSES_THE_SANDBOX & set(found)
    assert {"CAP_SETUID", "CAP_SETGID", "CAP_DAC_OVERRIDE", "CAP_SYS_ADMIN"} == set(found["CapabilityBoundingSet"].split())
    assert (found["Delegate"], found["OOMPolicy"]) == ("yes", "continue")


@pytest.mark.parametrize("name", sorted(set(UNITS) - set(RUNS_PROGRAMS)))
def test_what_runs_no_programs_is_shut_in(name):
    found = service(name)
    for key in ("NoNewPrivileges", "RestrictNamespaces", "PrivateDevices", "ProtectKernelTunables"):
        assert found[key] == "yes"
    assert (found["CapabilityBoundingSet"], found["ProtectSystem"]) == ("", "strict")


def test_marking_leaves_the_machine_to_pages():
    assert service("simulator-worker.service")["Nice"] == "19"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_understands_every_line(tmp_path):
    for name, text in UNITS.items():
        (tmp_path / name).write_text(text.replace(PROGRAM, sys.executable), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", *sorted(map(str, tmp_path.iterdir()))], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
