"""A task as one content-addressed file."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from grading.errors import TaskError
from grading.loader import load_task
from grading.package import content_hash, pack, unpack
from tests.grading.trees import FILES, SAMPLES, TASK, changed, make_task, write_samples, write_task, write_yaml


def names(package: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return archive.namelist()


def zipped(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_equal_content_gives_equal_bytes_wherever_and_whenever_it_stands(tmp_path):
    first = make_task(tmp_path / "a")
    second = make_task(tmp_path / "b" / "c", files=dict(reversed(FILES.items())))
    for path in (tmp_path / "b").rglob("*"):
        path.chmod(0o700)
    assert pack(first) == pack(second)
    assert content_hash(first) == content_hash(second)


def test_package_holds_what_is_needed_and_no_samples(tmp_path):
    root = write_task(tmp_path / "mini", files={"make_data.py": "x = 1\n", "notes.txt": "…", "variants/x.txt": "y"})
    write_samples(root, SAMPLES)
    assert names(pack(load_task(root))) == [
        "files/sales.csv", "files/starter.py", "key/more.csv", "key/rules.yaml", "statement.md", "task.yaml",
    ]


@pytest.mark.parametrize("name", ["statement.md", "files/sales.csv", "files/starter.py", "key/more.csv", "key/rules.yaml"])
def test_hash_changes_with_every_file(tmp_path, name):
    before = make_task(tmp_path / "a")
    after = make_task(tmp_path / "b", files={name: FILES[name] + "\n"})
    assert content_hash(before) != content_hash(after)
    assert pack(before) != pack(after)


@pytest.mark.parametrize("files", [{"files/new.csv": ""}, {"key/new.csv": ""}])
def test_hash_changes_with_a_new_file_even_an_empty_one(tmp_path, files):
    assert content_hash(make_task(tmp_path / "a")) != content_hash(make_task(tmp_path / "b", files=files))


def test_hash_changes_with_task_file_name_and_id_but_not_with_samples(tmp_path):
    root = write_task(tmp_path / "mini")
    before = content_hash(load_task(root, task_id="data/mini"))
    assert content_hash(load_task(root, task_id="data/other")) != before
    write_samples(root, SAMPLES)
    assert content_hash(load_task(root, task_id="data/mini")) == before
    write_yaml(root / "task.yaml", changed(TASK, {"points.0.args.equals": 4}))
    assert content_hash(load_task(root, task_id="data/mini")) != before


def test_content_moved_from_one_file_to_its_neighbour_changes_the_hash(tmp_path):
    one = make_task(tmp_path / "a", files={"files/x1": "ab", "files/x2": "c"})
    two = make_task(tmp_path / "b", files={"files/x1": "a", "files/x2": "bc"})
    assert content_hash(one) != content_hash(two)


def test_unpacked_task_is_the_task(task, tmp_path):
    again = unpack(pack(task), task.id, tmp_path / "store" / "abc")
    assert (again.id, again.root) == (task.id, tmp_path / "store" / "abc")
    assert (again.fields, again.runs, again.points, again.files, again.statement) == (
        task.fields, task.runs, task.points, task.files, task.statement)
    assert content_hash(again) == content_hash(task)
    assert again.bound["M3"]["key"].text() == FILES["key/rules.yaml"]


def test_unpacking_twice_reads_the_first_copy(task, tmp_path):
    package, folder = pack(task), tmp_path / "store" / "abc"
    unpack(package, task.id, folder)
    stamp = (folder / "task.yaml").stat().st_mtime_ns
    assert unpack(package, task.id, folder).points == task.points
    assert (folder / "task.yaml").stat().st_mtime_ns == stamp
    assert [path.name for path in folder.parent.iterdir()] == ["abc"]


def test_unpacking_from_many_threads_leaves_one_whole_copy(task, tmp_path):
    package, folder, start = pack(task), tmp_path / "store" / "abc", Barrier(8)

    def work(_: int):
        start.wait()
        return unpack(package, task.id, folder)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(work, range(8)))
    assert all(again.points == task.points and content_hash(again) == content_hash(task) for again in found)
    assert [path.name for path in folder.parent.iterdir()] == ["abc"]


@pytest.mark.parametrize("name", [
    "../x", "files/../../x", "/etc/x", "files/..", "samples/full/response.yaml", "make_data.py", "..", "files\\..\\..\\x/../../y",
    "./../x", "item.json",
])
def test_name_that_does_not_belong_is_refused_and_nothing_is_left(task, tmp_path, name):
    good = dict.fromkeys(names(pack(task)), b"")
    with pytest.raises(TaskError, match="不该有的文件"):
        unpack(zipped({**good, name: "x"}), "t", tmp_path / "store" / "abc")
    assert list((tmp_path / "store").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("mini", "store")] == []


def test_package_of_a_broken_item_names_the_task():
    with pytest.raises(TaskError, match=r"theory/1\.1/x.*缺少"):
        unpack(zipped({"item.json": '{"id": "xx"}'}), "theory/1.1/x", None)  # type: ignore[arg-type]
