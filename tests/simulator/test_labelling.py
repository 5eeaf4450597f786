"""Import and export of boxes over HTTP: converted on the server, stored nowhere, refused with a sentence, nobody else's."""

from __future__ import annotations

import io
import json

import pytest

from grading.boxformats import WRITERS
from grading.boxformats.archive import pack, unpack
from grading.boxformats.coco import read_coco
from grading.library import load_library
from simulator import catalog
from simulator.config import ROOT
from tests import box_tree, factories as f

KEY = ROOT / "tasks" / "data" / "steel-defects" / "key" / "truth.json"


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return load_library(box_tree.write_tree(tmp_path_factory.mktemp("boxes") / "tasks"))


@pytest.fixture
def sitting(db, library, clock, log_in):
    """A running attempt at the annotation tasks: (client, address of the field's routes)."""
    with db.write() as session:
        catalog.sync(session, library, clock())
        paper = next(paper for paper in catalog.latest_papers(session) if paper.paper_id == "boxes")
        attempt = f.make_attempt(session, clock(), "s1", f.make_exam(session, clock(), paper=paper)).id
    return log_in("s1"), f"/attempts/{attempt}/boxes/1/boxes"


def send(client, where, name, data):
    return client.post(f"{where}/import", data={"file": (io.BytesIO(data), name)}, headers={"Accept": "application/json"})


def export(client, where, form, value):
    return client.post(f"{where}/export/{form}", json={"value": value}, headers={"Accept": "application/json"})


def test_a_coco_file_becomes_the_answer(sitting):
    client, where = sitting
    answer = send(client, where, "boxes.json", KEY.read_bytes())
    assert answer.status_code == 200
    assert answer.json["count"] == 23
    assert json.loads(answer.json["value"])["steel-01.png"][0]["attributes"] == {"程度": "轻微"}


@pytest.mark.parametrize("form", list(WRITERS))
def test_what_was_exported_can_be_imported(sitting, form):
    client, where = sitting
    value = box_tree.sample("steel-defects", "full")
    file = export(client, where, form, value)
    assert file.status_code == 200
    ending = WRITERS[form][0]
    assert f"filename=boxes-{form}.{ending}" in file.headers["Content-Disposition"]
    back = json.loads(send(client, where, f"x.{ending}", file.data).json["value"])
    bare = {n: [{"label": e["label"], "box": e["box"]} for e in entries] for n, entries in json.loads(value).items() if entries}
    assert {n: [{"label": e["label"], "box": e["box"]} for e in entries] for n, entries in back.items()} == bare


def test_the_files_are_what_other_tools_read(sitting):
    client, where = sitting
    value = box_tree.sample("steel-defects", "full")
    assert read_coco(export(client, where, "coco", value).data).count == 23
    voc = unpack(export(client, where, "voc", value).data)
    assert len(voc) == 10
    assert b"<xmin>" in voc["steel-01.xml"]
    yolo = unpack(export(client, where, "yolo", value).data)
    assert yolo["classes.txt"] == b"scratch\npit\ninclusion\ncrazing\n"
    assert yolo["steel-04.txt"] == b""


def test_nothing_drawn_is_exported_as_nothing(sitting):
    client, where = sitting
    assert read_coco(export(client, where, "coco", "").data).count == 0


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("x.json", b"{", "不是合法的 JSON"),
        ("x.zip", pack({"../a.txt": b""}), "指向包外"),
        ("x.csv", b"a,b", "认不出标注文件"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence_and_a_hint(sitting, name, data, sentence):
    client, where = sitting
    answer = send(client, where, name, data)
    assert answer.status_code == 422
    assert sentence in answer.json["error"]
    assert "现有的标注没有改变" in answer.json["hint"]


@pytest.mark.parametrize(
    ("form", "value", "sentence"),
    [
        ("labelme", "{}", "不支持这种格式"),
        ("coco", 3, "格式不对"),
        ("coco", '{"x.png": []}', "没有名为“x.png”的图片"),
    ],
)
def test_a_wrong_export_is_refused(sitting, form, value, sentence):
    client, where = sitting
    answer = export(client, where, form, value)
    assert answer.status_code == 422
    assert sentence in answer.json["error"]


def test_without_a_file_or_at_another_field(sitting):
    client, where = sitting
    assert client.post(f"{where}/import", headers={"Accept": "application/json"}).status_code == 422
    assert send(client, where.replace("/1/boxes", "/1/other"), "x.json", b"{}").status_code == 404


def test_nobody_else_and_nobody_after_the_end(sitting, log_in, clock):
    client, where = sitting
    assert send(log_in("s2"), where, "x.json", KEY.read_bytes()).status_code == 404
    clock.forward(hours=3)
    assert send(client, where, "x.json", KEY.read_bytes()).status_code == 410


def test_the_exam_page_gives_the_widget_its_pictures_and_starter(sitting):
    client, where = sitting
    page = client.get(where.replace("/boxes/1/boxes", "/1")).text
    assert page.count("data-image=") == 10
    assert 'data-url="/attempts/' in page
    review = client.get(where.replace("/boxes/1/boxes", "/2")).text
    assert "plate-01.png" in review.partition("data-starter")[2]
