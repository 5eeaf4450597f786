"""The school's own models: seen by the jobs that ask for them, in the runtime that uses them, and never written to."""

from __future__ import annotations

import json

import pytest

from grading import runtimes
from grading.sandbox import BACKENDS, RunJob, make_backend
from grading.sandbox.contract import MODELS

LOOK = f"""\
import json, os
found = [os.path.join(at, name).removeprefix("{MODELS}/") for at, _, names in os.walk("{MODELS}") for name in names]
wrote = []
for path in ("{MODELS}/x", "{MODELS}/clip/weights.onnx", "{MODELS}/clip/x"):
    try:
        open(path, "w").write("mine")
        wrote.append(path)
    except OSError:
        pass
print(json.dumps([sorted(found), wrote]))
"""


@pytest.fixture(params=list(BACKENDS))
def box(request, runtimes_dir, tmp_path):
    """Every backend in turn, on runtimes beside which the test puts models."""
    if runtimes.status("media", runtimes_dir).state != "ready":
        pytest.fail(f"运行环境 media 不在 {runtimes_dir} 或不是最新：请先运行 simulator runtimes build media。")
    (tmp_path / "runtimes").symlink_to(runtimes_dir.resolve())
    backend = make_backend(request.param, tmp_path / "runtimes")
    yield backend
    backend.close()


def put(folder, text="weights"):
    (folder / "clip").mkdir(parents=True)
    (folder / "clip" / "weights.onnx").write_text(text)
    for path in (folder, folder / "clip", folder / "clip" / "weights.onnx"):
        path.chmod(0o644 if path.is_file() else 0o755)


def look(box, *, models, runtime="media", script=LOOK):
    result = box.run(RunJob(runtime, "look.py", {"look.py": script.encode()}, models=models))
    assert result.status == "ok", result.stderr or result.message
    return json.loads(result.stdout)


@pytest.mark.sandbox
def test_only_jobs_that_ask_see_them_and_nobody_writes(box):
    put(box.models)
    assert look(box, models=True) == [["clip/weights.onnx"], []]
    assert look(box, models=False) == [[], []]
    assert look(box, models=True, runtime="python") == [[], []]
    assert look(box, models=True) == [["clip/weights.onnx"], []]


@pytest.mark.sandbox
def test_what_is_put_there_later_is_seen_without_a_restart(box):
    assert look(box, models=True) == [[], []]
    put(box.models)
    assert look(box, models=True) == [["clip/weights.onnx"], []]
    box.models.rename(box.models.with_name("retired"))
    put(box.models, "other")
    assert look(box, models=True, script=f"print(repr(open('{MODELS}/clip/weights.onnx').read()).replace(chr(39), chr(34)))") == "other"


@pytest.mark.sandbox
def test_a_program_cannot_uncover_what_is_hidden_from_it(box):
    put(box.models)
    script = f"""\
import ctypes, json, os
libc = ctypes.CDLL(None, use_errno=True)
done = [libc.umount2(b"{MODELS}", 2), libc.unshare(0x00020000), libc.mount(b"none", b"{MODELS}", b"tmpfs", 0, None)]
print(json.dumps([done, os.path.exists("{MODELS}/clip")]))
"""
    assert look(box, models=False, script=script) == [[-1, -1, -1], False]


def test_models_lie_beside_the_runtimes(tmp_path):
    assert runtimes.models_folder(tmp_path / "instance" / "runtimes") == tmp_path / "instance" / "models"
    assert [name for name in runtimes.names() if runtimes.spec(name).models] == ["media"]
